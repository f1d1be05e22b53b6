//! ARP, as tcpdump prints it.

use super::address::{Link, v4};
use super::ethernet::ethertype_name;
use super::mark::Cause;
use super::out::{Flow, Out, put};
use super::printer::At;
use crate::packet::arp::FIXED;
use crate::packet::bytes::{Cut, be16, take, u8};
use crate::packet::field::Field;

/// The parts of a message.
struct Message<'a> {
    data: &'a [u8],
    index: usize,
    protocol: u16,
    hardware_length: usize,
    protocol_length: usize,
}

/// Prints a message.
pub(super) fn print(out: &mut Out, at: &At<'_, '_>) -> Result<Flow, Cut> {
    let data = at.layer.data;
    out.protocol = "arp";
    let hardware = be16(data, 0)?;
    let message = Message {
        data,
        index: at.index,
        protocol: be16(data, 2)?,
        hardware_length: u8(data, 4)?.into(),
        protocol_length: u8(data, 5)?.into(),
    };
    let operation = be16(data, 6)?;
    take(data, message.target_protocol(), message.protocol_length)?;
    let strange = !message.is_ip() || message.protocol_length != 4 || message.hardware_length == 0;
    let start = out.text.len();
    if strange || out.verbose {
        match hardware_name(hardware) {
            Some(name) => out.put(name),
            None => put!(out, "Unknown Hardware ({hardware})"),
        }
        put!(out, " (len {}), ", message.hardware_length);
        match ethertype_name(message.protocol) {
            "Unknown" => put!(out, "Unknown Protocol (0x{:04x})", message.protocol),
            name => out.put(name),
        }
        put!(out, " (len {})", message.protocol_length);
        if strange {
            out.marked(start, Cause::Packet);
        }
        out.put(if out.verbose { ", " } else { "" });
    }
    if (!strange || out.verbose) && message.operation(out, operation)? == Flow::End {
        return Ok(Flow::End);
    }
    out.told(", length ", at.index, Field::ArpLength, at.layer.length);
    Ok(Flow::End)
}

impl Message<'_> {
    fn sender_protocol(&self) -> usize {
        FIXED as usize + self.hardware_length
    }

    fn target_hardware(&self) -> usize {
        self.sender_protocol() + self.protocol_length
    }

    fn target_protocol(&self) -> usize {
        self.target_hardware() + self.hardware_length
    }

    /// IPv4, or IPv4 with trailers (RFC 893).
    fn is_ip(&self) -> bool {
        matches!(self.protocol, 0x0800 | 0x1000)
    }

    fn ip(&self, out: &mut Out, at: usize, field: Field) -> Result<(), Cut> {
        if !self.is_ip() {
            out.put("<wrong proto type>");
        } else if self.protocol_length != 4 {
            out.put("<wrong len>");
        } else {
            self.field(out, field, v4(self.data, at)?);
        }
        Ok(())
    }

    fn mac(&self, out: &mut Out, at: usize, field: Field) -> Result<(), Cut> {
        self.field(out, field, Link(take(self.data, at, self.hardware_length)?));
        Ok(())
    }

    /// An address; a field only where it is Ethernet's or IPv4's.
    fn field(&self, out: &mut Out, field: Field, value: impl std::fmt::Display) {
        if (self.protocol, self.hardware_length, self.protocol_length) == (0x0800, 6, 4) {
            out.field(self.index, field, value);
        } else {
            put!(out, "{value}");
        }
    }

    /// What the message says, by its operation (RFC 826, RFC 903, RFC 2390).
    fn operation(&self, out: &mut Out, operation: u16) -> Result<Flow, Cut> {
        let (sender_mac, sender_ip) = (FIXED as usize, self.sender_protocol());
        let (target_mac, target_ip) = (self.target_hardware(), self.target_protocol());
        match operation_name(operation) {
            Some(name) => out.field(self.index, Field::ArpOperation, name),
            None => put!(out, "Unknown ({operation})"),
        }
        out.put(" ");
        match operation {
            1 => {
                out.put("who-has ");
                self.ip(out, target_ip, Field::ArpTargetIp)?;
                if take(self.data, target_mac, self.hardware_length)?.iter().any(|byte| *byte != 0) {
                    out.put(" (");
                    self.mac(out, target_mac, Field::ArpTargetMac)?;
                    out.put(")");
                }
                out.put(" tell ");
                self.ip(out, sender_ip, Field::ArpSenderIp)?;
            }
            2 => {
                self.ip(out, sender_ip, Field::ArpSenderIp)?;
                out.put(" is-at ");
                self.mac(out, sender_mac, Field::ArpSenderMac)?;
            }
            3 | 8 => {
                out.put("who-is ");
                self.mac(out, target_mac, Field::ArpTargetMac)?;
                out.put(" tell ");
                self.mac(out, sender_mac, Field::ArpSenderMac)?;
            }
            4 => {
                self.mac(out, target_mac, Field::ArpTargetMac)?;
                out.put(" at ");
                self.ip(out, target_ip, Field::ArpTargetIp)?;
            }
            9 => {
                self.mac(out, sender_mac, Field::ArpSenderMac)?;
                out.put(" at ");
                self.ip(out, sender_ip, Field::ArpSenderIp)?;
            }
            _ => {
                out.hex_and_ascii(self.data);
                return Ok(Flow::End);
            }
        }
        Ok(Flow::On)
    }
}

/// Operations that tcpdump has names for (IANA ARP parameters).
fn operation_name(operation: u16) -> Option<&'static str> {
    Some(match operation {
        1 => "Request",
        2 => "Reply",
        3 => "Reverse Request",
        4 => "Reverse Reply",
        8 => "Inverse Request",
        9 => "Inverse Reply",
        10 => "NACK Reply",
        _ => return None,
    })
}

/// Hardware types that tcpdump has names for (IANA ARP parameters).
fn hardware_name(hardware: u16) -> Option<&'static str> {
    Some(match hardware {
        1 => "Ethernet",
        6 => "TokenRing",
        7 => "ArcNet",
        15 => "FrameRelay",
        19 => "ATM",
        23 => "Strip",
        24 => "IEEE 1394",
        32 => "InfiniBand",
        _ => return None,
    })
}
