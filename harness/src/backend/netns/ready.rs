//! Waiting until packets can cross what was built.

use std::time::Duration;

use futures_util::future::try_join_all;

use super::live::{Link, link, links};
use super::namespace::Namespace;
use crate::backend::UpError;
use crate::wait::{Look, until};

/// How long between two looks. On Linux 6.8 and later the first one is enough, see [`link`].
const INTERVAL: Duration = Duration::from_millis(1);

/// Waits until packets can cross every device that is `wanted`, and tells of all devices: a list per namespace, in order.
pub(super) async fn await_links(
    namespaces: &[&Namespace],
    wanted: fn(&Link) -> bool,
    deadline: Duration,
) -> Result<Vec<Vec<Link>>, UpError> {
    let mut found: Vec<Option<Vec<Link>>> = vec![None; namespaces.len()];
    let mut refused = None;
    let ready = until("devices that packets can cross", deadline, INTERVAL, async || match look(namespaces, wanted, &mut found).await {
        Ok(None) => Look::Done(()),
        Ok(Some(state)) => Look::NotYet(state),
        Err(error) => {
            refused = Some(error);
            Look::Never("the kernel does not tell".to_owned())
        }
    })
    .await;
    match refused {
        Some(error) => Err(error),
        None => ready.map(|()| found.into_iter().flatten().collect()).map_err(UpError::NotReady),
    }
}

/// Looks at the namespaces that were not ready so far; tells of one device that is not.
async fn look(namespaces: &[&Namespace], wanted: fn(&Link) -> bool, found: &mut [Option<Vec<Link>>]) -> Result<Option<String>, UpError> {
    let open: Vec<usize> = (0..namespaces.len()).filter(|number| found[*number].is_none()).collect();
    let lists = try_join_all(open.iter().map(|number| look_at(namespaces[*number], wanted))).await?;
    let mut state = None;
    for (number, list) in open.into_iter().zip(lists) {
        match list.iter().filter(|link| wanted(link)).find_map(|link| Some((link, link.blocked.as_ref()?))) {
            Some((link, why)) => state = Some(format!("{} of {} {why}", link.name, namespaces[number].netlink.place())),
            None => found[number] = Some(list),
        }
    }
    Ok(state)
}

/// The devices of a namespace; a second look is taken at those that are not ready.
async fn look_at(namespace: &Namespace, wanted: fn(&Link) -> bool) -> Result<Vec<Link>, UpError> {
    let mut list = links(&namespace.netlink).await?;
    for device in list.iter_mut().filter(|device| device.blocked.is_some() && wanted(device)) {
        if let Some(now) = link(&namespace.netlink, device.index).await? {
            *device = now;
        }
    }
    Ok(list)
}
