//! The network devices of a place, as `ip -json` tells them.

use ipnet::Ipv4Net;
use serde::Deserialize;

use super::error::KindError;
use super::machine::say;
use super::place::KindPlace;
use crate::packet::LinkType;
use crate::place::Cmd;

/// A network device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// Its number in its namespace.
    pub(super) index: u32,
    /// Its name.
    pub(super) name: String,
    /// Its hardware address, if it has a link layer.
    pub(super) mac: Option<String>,
    /// What its frames begin with.
    pub(super) framing: LinkType,
    /// The number of the device at its other end, in that one's namespace.
    pub(super) peer: Option<u32>,
    /// Its IPv4 addresses with their prefixes.
    pub(super) addresses: Vec<Ipv4Net>,
}

/// Every device of a place.
///
/// # Errors
/// If `ip` cannot be run there, or says what is no list of devices.
pub(super) async fn links(place: &KindPlace) -> Result<Vec<Link>, KindError> {
    let told = say(place, &Cmd::parse("ip -json address")).await?;
    read(&told).map_err(|error| KindError::Unfit(format!("`ip -json address` in {} says what is no list of devices: {error}", place.name)))
}

/// What `ip` tells of a device (`ip/ipaddress.c` of iproute2).
#[derive(Deserialize)]
struct Told {
    ifindex: u32,
    ifname: String,
    link_type: String,
    address: Option<String>,
    link_index: Option<u32>,
    #[serde(default)]
    addr_info: Vec<ToldAddress>,
}

#[derive(Deserialize)]
struct ToldAddress {
    family: String,
    local: Option<String>,
    prefixlen: Option<u8>,
}

fn read(text: &str) -> Result<Vec<Link>, serde_json::Error> {
    // Devices that have gone while it looked are empty.
    let all: Vec<serde_json::Value> = serde_json::from_str(text)?;
    let told = all.into_iter().filter(|one| one.get("ifindex").is_some()).map(serde_json::from_value);
    told.map(|told| told.map(link)).collect()
}

fn link(told: Told) -> Link {
    // A loopback's frames have an Ethernet header too (drivers/net/loopback.c).
    let ethernet = ["ether", "loopback"].contains(&told.link_type.as_str());
    let address = |address: &ToldAddress| {
        let local = address.local.as_ref().filter(|_| address.family == "inet")?;
        Ipv4Net::new(local.parse().ok()?, address.prefixlen?).ok()
    };
    Link {
        index: told.ifindex,
        name: told.ifname,
        mac: told.address.filter(|_| ethernet),
        framing: if ethernet { LinkType::Ethernet } else { LinkType::Raw },
        peer: told.link_index.filter(|peer| *peer != 0),
        addresses: told.addr_info.iter().filter_map(address).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_what_ip_tells() {
        let text = r#"[{"ifindex":2,"ifname":"flannel0","link_type":"none","addr_info":[{"family":"inet","local":"10.244.2.0","prefixlen":32}]},{},
            {"ifindex":5,"link_index":3,"ifname":"veth1","link_type":"ether","address":"be:65:c8:d4:8a:fa","link_netnsid":1,
             "addr_info":[{"family":"inet6","local":"fe80::1","prefixlen":64}]}]"#;
        let links = read(text).expect("good");
        let address = "10.244.2.0/32".parse().expect("an address");
        let tunnel =
            Link { index: 2, name: "flannel0".to_owned(), mac: None, framing: LinkType::Raw, peer: None, addresses: vec![address] };
        let mac = Some("be:65:c8:d4:8a:fa".to_owned());
        let veth = Link { index: 5, name: "veth1".to_owned(), mac, framing: LinkType::Ethernet, peer: Some(3), addresses: vec![] };
        assert_eq!(links, [tunnel, veth]);
        assert!(read("[{").is_err());
    }
}
