//! A frame as a stack of layers, and why the stack ends where it does.

use std::fmt;

use arrayvec::ArrayVec;

use super::bytes::cap;
use super::field::{Field, LayerKind, Value};
use super::{arp, ethernet, icmp, icmpv6, ipv4, ipv6, tcp, udp, vlan, vxlan};

/// How many layers a stack holds at most.
pub(super) const DEPTH: usize = 16;

/// One layer of a frame: a view of its bytes, nothing is copied.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    pub(super) kind: LayerKind,
    /// Bytes of its header, options and extension headers included.
    pub(super) header: u32,
    /// Bytes on the wire that the layers around it leave to it, header included.
    pub(super) length: u32,
    /// From its first byte to the end of the IP packet around it, as far as it was captured.
    pub(super) data: &'a [u8],
}

impl<'a> Layer<'a> {
    /// Which layer it is.
    #[inline]
    pub fn kind(&self) -> LayerKind {
        self.kind
    }

    /// Its header's bytes, options and extension headers included.
    pub fn header(&self) -> &'a [u8] {
        cap(self.data, self.header)
    }

    /// How many bytes the layers around it leave to it on the wire, its header included.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// The value of `field`; `None` if this layer has no such field, or this packet does not say it (an `ack` without the ACK flag).
    ///
    /// Sequence and acknowledgment numbers are those of the header, not relative to a conversation.
    #[inline]
    pub fn get(&self, field: Field) -> Option<Value> {
        match self.kind {
            LayerKind::Ethernet => ethernet::get(self, field),
            LayerKind::Vlan => vlan::get(self, field),
            LayerKind::Arp => arp::get(self, field),
            LayerKind::Ipv4 => ipv4::get(self, field),
            LayerKind::Ipv6 => ipv6::get(self, field),
            LayerKind::Icmp => icmp::get(self, field),
            LayerKind::Icmpv6 => icmpv6::get(self, field),
            LayerKind::Tcp => tcp::get(self, field),
            LayerKind::Udp => udp::get(self, field),
            LayerKind::Vxlan => vxlan::get(self, field),
            LayerKind::Payload => None,
        }
    }

    /// Whether it is an IP header of a fragment, the first one or a later one (RFC 791 section 3.2, RFC 8200 section 4.5).
    pub fn is_fragment(&self) -> bool {
        match self.kind {
            LayerKind::Ipv4 => ipv4::is_fragment(self),
            LayerKind::Ipv6 => ipv6::is_fragment(self),
            _ => false,
        }
    }

    /// Whether its checksum is right; `None` where it has none that its own bytes alone decide (all but IPv4 and ICMP), or not
    /// all of them were captured.
    #[inline]
    pub fn checksum_holds(&self) -> Option<bool> {
        match self.kind {
            LayerKind::Ipv4 => Some(ipv4::checksum_holds(self)),
            LayerKind::Icmp => icmp::checksum_holds(self),
            _ => None,
        }
    }
}

/// A frame taken apart: its layers from the outermost, and what is left of it.
#[derive(Clone, Debug)]
pub struct Stack<'a> {
    pub(super) layers: ArrayVec<Layer<'a>, DEPTH>,
    /// The layer that `stop` speaks of, as far as there is anything of it.
    pub(super) broken: Option<Layer<'a>>,
    pub(super) stop: Option<Stop>,
    pub(super) payload: &'a [u8],
    /// How many bytes were captured.
    pub(super) captured: usize,
    /// How many bytes the frame had on the wire.
    pub(super) wire_length: u32,
}

impl<'a> Stack<'a> {
    /// The layers, outermost first.
    #[inline]
    pub fn layers(&self) -> &[Layer<'a>] {
        &self.layers
    }

    /// Why the walk ended before a layer that a header announces; `None`: everything announced is there.
    pub fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// The layers, and behind them the one that could not be read, if any.
    pub(super) fn all(&self) -> impl Iterator<Item = &Layer<'a>> {
        self.layers.iter().chain(self.broken.as_ref())
    }

    /// The innermost bytes that no layer claims, as far as they were captured.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

/// Why the walk ended early: a layer that cannot be read, and which header is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The layer that cannot be read.
    pub layer: LayerKind,
    /// How many bytes it needs; of [`Limit::Version`], the version it should have.
    pub needed: u32,
    /// How many there are; of [`Limit::Version`], the version it has.
    pub had: u32,
    /// What allows it no more than that.
    pub limit: Limit,
}

/// What allows a layer no more bytes than it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Fewer bytes were captured than the frame had.
    Snap,
    /// The frame itself ends there.
    Frame,
    /// A length field of this header around it.
    Header(LayerKind),
    /// A length field of its own header.
    Own,
    /// The layer's own version field, which belongs to another protocol.
    Version,
    /// More layers than a [`Stack`] holds.
    Depth,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, needed, had, limit } = self;
        match limit {
            Limit::Snap => write!(f, "{layer} needs {needed} bytes, {had} were captured"),
            Limit::Frame => write!(f, "{layer} needs {needed} bytes, the frame ends after {had}"),
            Limit::Own => write!(f, "{layer} needs {needed} bytes, its own header says {had}"),
            Limit::Header(said) => write!(f, "{layer} needs {needed} bytes, the {said} header leaves it {had}"),
            Limit::Version => write!(f, "{layer} has version {needed}, the header says {had}"),
            Limit::Depth => write!(f, "{layer} is layer {needed}, at most {had} are taken apart"),
        }
    }
}

/// What is left of a frame while it is taken apart.
#[derive(Clone, Copy)]
pub(super) struct Rest<'a> {
    /// What was captured of it, to the end of the IP packet around it.
    pub(super) data: &'a [u8],
    /// How many bytes it has on the wire, by the headers so far.
    pub(super) length: u32,
    /// Which header said so; `None`: the frame itself.
    pub(super) said_by: Option<LayerKind>,
}

impl<'a> Rest<'a> {
    /// The first `header` bytes, or why they cannot be had.
    #[inline]
    pub(super) fn need(&self, header: u32) -> Result<&'a [u8], Fault> {
        if self.length < header || (self.data.len() as u64) < u64::from(header) { Err(Fault::Short(header)) } else { Ok(self.data) }
    }

    /// Leaves `header` bytes behind.
    #[inline]
    pub(super) fn advance(&mut self, header: u32) {
        self.data = self.data.get(header as usize..).unwrap_or_default();
        self.length = self.length.saturating_sub(header);
    }

    /// Believes the layer of `kind` that no more than `length` bytes are left.
    #[inline]
    pub(super) fn limit(&mut self, kind: LayerKind, length: u32) {
        self.length = length;
        self.said_by = Some(kind);
    }
}

/// A header that was read, and what follows it.
#[derive(Clone, Copy)]
pub(super) struct Head {
    /// Its bytes.
    pub(super) header: u32,
    pub(super) next: Option<LayerKind>,
}

/// Why a layer cannot be read.
#[derive(Clone, Copy)]
pub(super) enum Fault {
    /// It needs this many bytes, and there are fewer.
    Short(u32),
    /// Its own header says that it has fewer bytes than it needs.
    Lie { needed: u32, had: u32 },
    /// Its version is not the one that the header before it announced.
    Version { wanted: u8, found: u8 },
}
