//! TCP, as tcpdump prints it.

use super::conversation::{Ends, Numbers, Syn};
use super::mark::Cause;
use super::out::{Flow, Out, mark, put};
use super::printer::{At, Printer};
use super::tcp_options;
use super::text;
use super::upper::{self, Carrier};
use crate::packet::bytes::{Cut, be16, be32, u8};
use crate::packet::field::Field;
use crate::packet::tcp::{ACK, FIN, HEADER, RST, SYN, URG, flags};

/// TCP's number among the protocols.
const PROTOCOL: u8 = 6;

/// Prints a segment.
pub(super) fn print(printer: &mut Printer, out: &mut Out, at: &At<'_, '_>, carrier: Option<&Carrier<'_>>) -> Result<Flow, Cut> {
    out.protocol = "tcp";
    let Some(carrier) = carrier else { return Ok(Flow::End) };
    let (data, length) = (at.layer.data, at.layer.length);
    if be16(data, 2).is_err() {
        carrier.addresses(out)?;
        out.put(":");
        out.cut();
        return Ok(Flow::End);
    }
    ports(out, at.index, data, carrier, PROTOCOL, (Field::TcpSourcePort, Field::TcpDestinationPort))?;
    if data.len() < HEADER as usize {
        out.cut();
        return Ok(Flow::End);
    }
    let header = u32::from(data[12] >> 4) * 4;
    if header < HEADER {
        mark!(out, " tcp {} [bad hdr length {header} - too short, < {HEADER}]", length.wrapping_sub(header));
        return Ok(Flow::End);
    }
    out.told("Flags [", at.index, Field::TcpFlags, flags(data[13]));
    out.put("]");
    let numbers = numbers(printer, data, carrier)?;
    if header > length {
        mark!(out, " [bad hdr length {header} - too long, > {length}]");
        return Ok(Flow::End);
    }
    if out.verbose && !carrier.fragmented {
        checksum(out, carrier, data, length)?;
    }
    let payload = length - header;
    window(out, at.index, data, numbers, payload)?;
    if header > HEADER {
        out.put(", options [");
        let options = data.get(HEADER as usize..).unwrap_or_default();
        if tcp_options::print(out, at.index, options, (header - HEADER) as usize, numbers.sack)? == Flow::End {
            return Ok(Flow::End);
        }
    }
    out.told(", length ", at.index, Field::TcpLength, payload);
    if payload == 0 {
        return Ok(Flow::End);
    }
    let Some(bytes) = data.get(header as usize..) else {
        let start = out.text.len();
        put!(out, " [remaining caplen({}) < header length({header})]", data.len());
        out.marked(start, Cause::Cut);
        return Err(Cut);
    };
    carried(out, at.index, data, bytes, payload as usize)
}

/// Prints whether the checksum is right, if the whole segment was captured.
fn checksum(out: &mut Out, carrier: &Carrier<'_>, data: &[u8], length: u32) -> Result<(), Cut> {
    if let Some(segment) = data.get(..length as usize) {
        match upper::verdict(data, 16, carrier.checksum(PROTOCOL, segment))? {
            (found, None) => put!(out, ", cksum 0x{found:04x} (correct)"),
            (found, Some(should)) => put!(out, ", cksum 0x{found:04x} (incorrect -> 0x{should:04x})"),
        }
    }
    Ok(())
}

/// Prints `source.port > destination.port: `, or only the ports where the IP header announces something else before them.
pub(super) fn ports(
    out: &mut Out,
    index: usize,
    data: &[u8],
    carrier: &Carrier<'_>,
    protocol: u8,
    (source, destination): (Field, Field),
) -> Result<(), Cut> {
    let direct = carrier.announces() == protocol;
    if direct {
        carrier.address(out, Field::IpSource)?;
        out.put(".");
    }
    out.field(index, source, be16(data, 0)?);
    out.put(" > ");
    if direct {
        carrier.address(out, Field::IpDestination)?;
        out.put(".");
    }
    out.field(index, destination, be16(data, 2)?);
    out.put(": ");
    Ok(())
}

/// The numbers as they are printed: relative to the conversation where the segment acknowledges something.
fn numbers(printer: &mut Printer, data: &[u8], carrier: &Carrier<'_>) -> Result<Numbers, Cut> {
    let (sequence, acknowledgment, set) = (be32(data, 4)?, be32(data, 8)?, u8(data, 13)?);
    if set & ACK == 0 {
        return Ok(Numbers { sequence, acknowledgment, sack: 0 });
    }
    let (source, destination) = carrier.ends();
    let ends = Ends::of((source, be16(data, 0)?), (destination, be16(data, 2)?));
    let syn = if set & SYN == 0 { Syn::Clear } else { Syn::Set };
    Ok(printer.conversations.numbers(ends, syn, sequence, acknowledgment))
}

/// Prints sequence numbers, acknowledgment, window and urgent pointer.
fn window(out: &mut Out, index: usize, data: &[u8], numbers: Numbers, payload: u32) -> Result<(), Cut> {
    let set = u8(data, 13)?;
    if payload > 0 || set & (SYN | FIN | RST) != 0 {
        out.told(", seq ", index, Field::TcpSequence, numbers.sequence);
        if payload > 0 {
            out.told(":", index, Field::TcpSequenceEnd, numbers.sequence.wrapping_add(payload));
        }
    } else {
        out.untold(index, Field::TcpSequence, numbers.sequence);
    }
    if set & ACK != 0 {
        out.told(", ack ", index, Field::TcpAcknowledgment, numbers.acknowledgment);
    }
    out.told(", win ", index, Field::TcpWindow, be16(data, 14)?);
    if set & URG != 0 {
        out.told(", urg ", index, Field::TcpUrgent, be16(data, 18)?);
    }
    Ok(())
}

/// Prints what is said of the data, by the ports.
fn carried(out: &mut Out, index: usize, header: &[u8], bytes: &[u8], length: usize) -> Result<Flow, Cut> {
    if out.verbose && u8(header, 13)? & RST != 0 {
        reset_reason(out, bytes, length);
        return Ok(Flow::End);
    }
    let ports = [be16(header, 0)?, be16(header, 2)?];
    let any = |known: &[u16]| ports.iter().any(|port| known.contains(port));
    if any(&[179]) {
        out.put(": BGP");
    } else if any(&[22]) {
        text::ssh(out, bytes, length)?;
    } else if let Some(protocol) = text::Protocol::on(ports) {
        out.put(": ");
        protocol.print(out, index, bytes, length)?;
    }
    Ok(Flow::End)
}

/// Prints the text that some systems put into a reset (RFC 9293 section 3.5.3), thirty characters at most.
fn reset_reason(out: &mut Out, bytes: &[u8], length: usize) {
    const MOST: usize = 30;
    out.put(if bytes.len() >= length { " [RST" } else { " [!RST" });
    out.put(if length > MOST { "+ " } else { " " });
    for byte in bytes.iter().take(length.min(MOST)) {
        let low = byte & 0x7f;
        out.put(if *byte == low { "" } else { "M-" });
        if low.is_ascii_graphic() || low == b' ' {
            put!(out, "{}", char::from(low));
        } else {
            put!(out, "^{}", char::from(low ^ 0x40));
        }
    }
    out.put("]");
}
