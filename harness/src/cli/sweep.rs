//! `cnilab sweep`: what runs left behind that could not clean up after themselves.

use super::exit::Exit;
use super::output::{complain, data, say};
use crate::backend::kind::{KindError, Stray, Why, strays, sweep as take_away};

/// Lists clusters whose runs are gone and takes them away; those that were kept on purpose, or that nobody here made, are only listed.
pub(super) fn sweep(list: bool) -> Exit {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&error);
            return Exit::Fault;
        }
    };
    match runtime.block_on(all(list)) {
        Ok(exit) => exit,
        Err(error) => {
            complain(&error);
            let KindError::Lacks { remedy, .. } = &error else { return Exit::Fault };
            say(&format!("hint: {remedy}"));
            Exit::HostCannot
        }
    }
}

async fn all(list: bool) -> Result<Exit, KindError> {
    let mut exit = Exit::Held;
    let strays = strays().await?;
    if strays.is_empty() {
        say("no cluster of ours is left behind");
    }
    for stray in strays {
        let why = match &stray.why {
            Why::Abandoned => "its run is gone",
            Why::Kept => "kept on purpose",
            Why::Unknown => "not made by a run of this user",
            Why::Visited => "somebody else's, with pods of a run that is gone",
            Why::Unreadable(why) => why,
        };
        if let Err(failed) = data(&format!("{} ({why}): {}\n", stray.cluster, stray.containers.join(", "))) {
            exit = failed;
        }
        if !list && matches!(stray.why, Why::Abandoned | Why::Visited) {
            exit = take(&stray).await.unwrap_or(exit);
        }
        if matches!(stray.why, Why::Unreadable(_)) {
            exit = Exit::Fault;
        }
    }
    Ok(exit)
}

/// Takes a cluster away; says what became of it if that failed.
async fn take(stray: &Stray) -> Option<Exit> {
    match take_away(&stray.cluster).await {
        Ok(()) => {
            let taken = if stray.why == Why::Visited { "our pods taken out" } else { "taken away" };
            data(&format!("{}: {taken}\n", stray.cluster)).err()
        }
        Err(error) => {
            complain(&error);
            Some(Exit::Fault)
        }
    }
}
