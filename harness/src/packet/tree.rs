//! A stack layer by layer, for people.

use std::fmt::Write;

use super::field::{Field, LayerKind};
use super::layer::Stack;

/// The layers, each indented under the one around it, every field on its own line; then the payload, and why the walk ended early
/// if it did. Ends with a line break.
///
/// ```
/// use cnilab::packet::{Hints, LinkType, dissect, tree};
///
/// let echo = [0x45, 0, 0, 28, 0, 1, 0, 0, 63, 1, 0x67, 0xde, 10, 0, 0, 1, 10, 0, 0, 2, 8, 0, 0xf7, 0xf7, 0, 7, 0, 1];
/// let text = tree(&dissect(&echo, 28, LinkType::Raw, &Hints::default()));
/// assert!(text.starts_with("IPv4, 20 bytes of 28\n  source 10.0.0.1\n"));
/// assert!(text.ends_with("\n    length 8\n"));
/// ```
pub fn tree(stack: &Stack<'_>) -> String {
    let mut text = String::new();
    let mut depth = 0;
    for layer in stack.layers() {
        let kind = layer.kind();
        let header = layer.header().len();
        line(&mut text, depth, format_args!("{kind}, {header} bytes of {}", layer.length()));
        depth += 1;
        for field in Field::ALL {
            if let Some(value) = layer.get(field) {
                line(&mut text, depth, format_args!("{} {value}", short_name(kind, field)));
            }
        }
        if layer.checksum_holds() == Some(false) {
            line(&mut text, depth, format_args!("checksum wrong"));
        }
    }
    if !stack.payload().is_empty() {
        line(&mut text, depth, format_args!("{}, {} bytes", LayerKind::Payload, stack.payload().len()));
    }
    if let Some(stop) = stack.stop() {
        line(&mut text, depth, format_args!("ends here: {stop}"));
    }
    text
}

fn line(text: &mut String, depth: usize, what: std::fmt::Arguments<'_>) {
    writeln!(text, "{:width$}{what}", "", width = depth * 2).expect("a String takes any text");
}

/// The field's name without the layer's, which stands above it.
fn short_name(kind: LayerKind, field: Field) -> &'static str {
    let name = field.name();
    // The fields that IPv4 shares with IPv6, and ICMP with ICMPv6, are named for the first.
    let prefix = match kind {
        LayerKind::Ethernet | LayerKind::Payload => "Ethernet ",
        LayerKind::Vlan => "VLAN ",
        LayerKind::Arp => "ARP ",
        LayerKind::Ipv4 | LayerKind::Ipv6 => "IPv4 ",
        LayerKind::Icmp | LayerKind::Icmpv6 => "ICMP ",
        LayerKind::Tcp => "TCP ",
        LayerKind::Udp => "UDP ",
        LayerKind::Vxlan => "VXLAN ",
    };
    name.strip_prefix(prefix).unwrap_or(name)
}
