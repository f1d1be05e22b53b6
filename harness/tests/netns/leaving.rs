//! What is there after a lab was taken down in good order.

use std::fs;
use std::time::Duration;

use cnilab::backend::netns::Netns;
use cnilab::backend::{Backend, Leftovers};
use cnilab::name::PlaceName;
use cnilab::place::Cmd;
use cnilab::wait::{Look, until};

use crate::expect_eq;
use crate::standing::up;

/// How many descriptors and threads this process has, and which devices its namespace has.
fn census() -> (usize, usize, String) {
    let count = |folder| fs::read_dir(folder).expect("/proc is mounted").count();
    (count("/proc/self/fd"), count("/proc/self/task"), fs::read_to_string("/proc/self/net/dev").expect("/proc is mounted"))
}

pub(crate) async fn nothing() -> Result<(), String> {
    let before = census();
    for _ in 0..3 {
        let site = up().await?;
        Netns::default().down(site).await.map_err(|error| error.to_string())?;
    }
    // Conversations with the kernel end on the runtime, as soon as it has time.
    let seen = until("as it was before", Duration::from_secs(1), Duration::from_millis(1), async || {
        let now = census();
        if now == before { Look::Done(()) } else { Look::NotYet(format!("{now:?}, not {before:?}")) }
    });
    seen.await.map_err(|error| error.to_string())
}

pub(crate) async fn process() -> Result<(), String> {
    let site = up().await?;
    // It has left its process group, with which it would be ended, by the time that it lets go of the output.
    let escape = "said=$(setsid sh -c 'exec sleep 60 >/dev/null 2>&1' &)";
    let command = Cmd { program: "sh".to_owned(), args: vec!["-c".to_owned(), escape.to_owned()] };
    site.places[&PlaceName::new("pod1")].run(&command).await.map_err(|error| error.to_string())?;
    match Netns::default().down(site).await {
        Err(Leftovers(left)) => {
            let names: Vec<_> = left.iter().map(|text| text.split_once(" (").map_or("", |(_, name)| name)).collect();
            expect_eq(&names, &vec!["sleep)"])
        }
        Ok(()) => Err("it told of nothing".to_owned()),
    }
}
