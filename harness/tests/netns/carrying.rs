//! What packets look like on their way.

use std::net::Ipv4Addr;

use cnilab::name::PlaceName;
use cnilab::place::Place;
use cnilab::site::Site;

use crate::echo::{Answer, SILENCE, Tap, ping};
use crate::expect_eq;
use crate::standing::{say, up, up_with};
use crate::topology::with_node3;

const POD1: Ipv4Addr = Ipv4Addr::new(10, 244, 153, 204);
const POD2: Ipv4Addr = Ipv4Addr::new(10, 244, 153, 201);
const POD3: Ipv4Addr = Ipv4Addr::new(10, 244, 146, 205);

/// What `ping` sends.
const SIZE: usize = 56;

fn place<'a>(site: &'a Site, name: &str) -> &'a dyn Place {
    &*site.places[&PlaceName::new(name)]
}

fn address(bytes: &[u8]) -> Ipv4Addr {
    Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3])
}

/// The first ping of a lab that has just come up is answered: there is nothing left to wait for.
pub(crate) async fn pings() -> Result<(), String> {
    let site = up().await?;
    for (from, to, ttl, tap, source) in [
        ("pod1", POD3, 62, ("pod3", "eth0"), POD1),
        ("pod1", POD2, 63, ("pod2", "eth0"), POD1),
        ("node1", POD1, 64, ("pod1", "eth0"), Ipv4Addr::new(172, 18, 22, 111)),
        ("node1", POD3, 63, ("pod3", "eth0"), Ipv4Addr::new(10, 244, 153, 192)),
    ] {
        let listening = Tap::open(place(&site, tap.0), tap.1)?;
        let answer = ping(place(&site, from), to, SIZE).map_err(|error| format!("{from} to {to}: {error}"))?;
        expect_eq(&answer, &Answer { from: to, ttl })?;
        let frames = listening.ipv4();
        expect_eq(
            &frames.iter().map(|frame| (address(&frame[26..]), address(&frame[30..]))).collect::<Vec<_>>(),
            &vec![(source, to), (to, source)],
        )?;
    }
    Ok(())
}

/// As node to node in a recording of Calico's: TTL 63 in both headers, Don't Fragment copied, protocol 4, 118 bytes.
pub(crate) async fn outer_header() -> Result<(), String> {
    let site = up().await?;
    let tap = Tap::open(place(&site, "node1"), "ens10")?;
    let far = Tap::open(place(&site, "node2"), "ens10")?;
    for _ in 0..2 {
        ping(place(&site, "pod1"), POD3, SIZE)?;
    }
    let frames = tap.ipv4();
    expect_eq(&far.ipv4(), &frames)?;
    expect_eq(&frames.len(), &4)?;
    let mut ids = Vec::new();
    for (number, frame) in frames.iter().enumerate() {
        let request = number % 2 == 0;
        let (here, there) = (Ipv4Addr::new(192, 168, 100, 111), Ipv4Addr::new(192, 168, 100, 112));
        let (outer, inner) = (&frame[14..34], &frame[34..]);
        expect_eq(&frame.len(), &118)?;
        expect_eq(&outer[..4], &[0x45, 0, 0, 104][..])?;
        // Our request may not be fragmented; its answer, like any echo reply of Linux, may.
        expect_eq(&outer[6..8], if request { &[0x40, 0] } else { &[0, 0] })?;
        expect_eq(&inner[6..8], &outer[6..8])?;
        expect_eq(&(outer[8], outer[9], inner[8], inner[9]), &(63, 4, 63, 1))?;
        expect_eq(&(address(&outer[12..]), address(&outer[16..])), &if request { (here, there) } else { (there, here) })?;
        expect_eq(&(address(&inner[12..]), address(&inner[16..])), &if request { (POD1, POD3) } else { (POD3, POD1) })?;
        for header in [outer, &inner[..20]] {
            let sum: u32 = header.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
            expect_eq(&((sum & 0xffff) + (sum >> 16)), &0xffff)?;
        }
        ids.push((request, u16::from_be_bytes([outer[4], outer[5]])));
    }
    if ids[0] == ids[2] || ids[1] == ids[3] || ids.iter().any(|(_, id)| *id == 0) {
        return Err(format!("ids do not count: {ids:?}"));
    }
    Ok(())
}

/// The outer destination is the gateway of the route as it is now: here another node, which sends the packet on.
pub(crate) async fn changed_route() -> Result<(), String> {
    let site = up_with(&with_node3()).await?;
    let tap = Tap::open(place(&site, "node1"), "ens10")?;
    ping(place(&site, "pod1"), POD3, SIZE)?;
    say(&site, "node1", "ip route replace 10.244.146.192/26 via 192.168.100.113 dev tunl0 proto bird onlink").await?;
    expect_eq(&ping(place(&site, "pod1"), POD3, SIZE)?, &Answer { from: POD3, ttl: 62 })?;
    let outer: Vec<_> = tap.ipv4().iter().map(|frame| (frame[29], frame[33])).collect();
    expect_eq(&outer, &vec![(111, 112), (112, 111), (111, 113), (112, 111)])?;
    say(&site, "node1", "ip route replace 10.244.146.192/26 via 192.168.100.114 dev tunl0 proto bird onlink").await?;
    expect_eq(&ping(place(&site, "pod1"), POD3, SIZE), &Err(SILENCE.to_owned()))?;
    // And a device that is gone takes nothing else with it.
    say(&site, "node2", "ip link delete tunl0").await?;
    ping(place(&site, "pod1"), POD2, SIZE).map(|_| ())
}

/// 1,480 bytes are the MTU of a pod and of the tunnel: 20 for IP and 8 for ICMP leave 1,452; with the outer header it is Ethernet's 1,500.
pub(crate) async fn longest() -> Result<(), String> {
    let site = up().await?;
    let tap = Tap::open(place(&site, "node2"), "ens10")?;
    expect_eq(&ping(place(&site, "pod1"), POD3, 1452)?, &Answer { from: POD3, ttl: 62 })?;
    expect_eq(&tap.ipv4().iter().map(Vec::len).collect::<Vec<_>>(), &vec![1514, 1514])?;
    // 1,461 bytes of ICMP: 1,456, the most that fits in whole units of 8 (RFC 791 section 3.2), and the rest.
    ping(place(&site, "pod1"), POD3, 1453)?;
    let (first, rest) = (14 + 20 + 20 + 1456, 14 + 20 + 20 + 5);
    expect_eq(&tap.ipv4().iter().map(Vec::len).collect::<Vec<_>>(), &vec![first, rest, first, rest])
}
