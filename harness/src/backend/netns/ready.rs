//! Waiting until packets can cross what was built.

use std::time::Duration;

use futures_util::future::try_join_all;

use super::live::{Link, links};
use super::namespace::Namespace;
use super::netlink::Netlink;
use crate::backend::UpError;
use crate::wait::{Look, until};

/// How long between two looks. Since Linux 6.8 the first one is enough: listing a device makes the kernel catch up with its carrier
/// (`linkwatch_sync_dev`).
const INTERVAL: Duration = Duration::from_millis(1);

/// Waits until every device that `wanted` tells of its namespace's is up, and tells them all. One list per namespace, in order.
pub(super) async fn await_links(
    namespaces: &[&Namespace],
    wanted: impl Fn(usize, &Link) -> bool,
    deadline: Duration,
) -> Result<Vec<Vec<Link>>, UpError> {
    let mut found: Vec<Option<Vec<Link>>> = vec![None; namespaces.len()];
    let mut failed = None;
    let waited = until("devices that packets can cross", deadline, INTERVAL, async || match look(namespaces, &wanted, &mut found).await {
        Ok(None) => Look::Done(()),
        Ok(Some(state)) => Look::NotYet(state),
        Err(error) => {
            failed = Some(error);
            Look::Never("the kernel does not tell".to_owned())
        }
    });
    let waited = waited.await;
    match failed {
        Some(error) => Err(error),
        None => waited.map(|()| found.into_iter().flatten().collect()).map_err(UpError::NotReady),
    }
}

/// Looks at the namespaces that were not ready so far; tells of one device that is not.
async fn look(
    namespaces: &[&Namespace],
    wanted: &impl Fn(usize, &Link) -> bool,
    found: &mut [Option<Vec<Link>>],
) -> Result<Option<String>, UpError> {
    let open: Vec<usize> = (0..namespaces.len()).filter(|index| found[*index].is_none()).collect();
    let lists = try_join_all(open.iter().map(|index| links(&namespaces[*index].netlink))).await?;
    let mut state = None;
    for (index, list) in open.into_iter().zip(lists) {
        match list.iter().find(|link| link.blocked.is_some() && wanted(index, link)) {
            Some(link) => state = Some(describe(&namespaces[index].netlink, link)),
            None => found[index] = Some(list),
        }
    }
    Ok(state)
}

fn describe(netlink: &Netlink, link: &Link) -> String {
    format!("{} of {} {}", link.name, netlink.place(), link.blocked.as_deref().unwrap_or("is up"))
}
