//! Application protocols that are lines of text, as tcpdump prints them.

use super::out::{Out, put};
use crate::packet::bytes::{Cut, u8};
use crate::packet::field::Field;

/// A protocol whose first line tcpdump shows.
pub(super) struct Protocol {
    /// As `[|…]` names it.
    name: &'static str,
    ports: &'static [u16],
    /// The words a request may start with; none: every line is shown.
    requests: &'static [&'static str],
}

/// In the order in which tcpdump looks at ports (`print-tcp.c`).
const PROTOCOLS: [Protocol; 5] = [
    Protocol { name: "smtp", ports: &[25], requests: &[] },
    Protocol { name: "whois", ports: &[43], requests: &[] },
    Protocol { name: "ftp", ports: &[21], requests: &[] },
    Protocol { name: "http", ports: &HTTP_PORTS, requests: &HTTP },
    Protocol { name: "rtsp", ports: &[554, 8554], requests: &RTSP },
];

const HTTP_PORTS: [u16; 2] = [80, 8080];

/// RFC 9110 section 9.3, RFC 4918 and what else tcpdump takes for a request.
const HTTP: [&str; 38] = [
    "GET",
    "PUT",
    "COPY",
    "HEAD",
    "LOCK",
    "MOVE",
    "POLL",
    "POST",
    "BCOPY",
    "BMOVE",
    "MKCOL",
    "TRACE",
    "LABEL",
    "MERGE",
    "DELETE",
    "SEARCH",
    "UNLOCK",
    "REPORT",
    "UPDATE",
    "NOTIFY",
    "BDELETE",
    "CONNECT",
    "OPTIONS",
    "CHECKIN",
    "PROPFIND",
    "CHECKOUT",
    "CCM_POST",
    "SUBSCRIBE",
    "PROPPATCH",
    "BPROPFIND",
    "BPROPPATCH",
    "UNCHECKOUT",
    "MKACTIVITY",
    "MKWORKSPACE",
    "UNSUBSCRIBE",
    "RPC_CONNECT",
    "VERSION-CONTROL",
    "BASELINE-CONTROL",
];

/// RFC 7826 section 13.
const RTSP: [&str; 11] =
    ["DESCRIBE", "ANNOUNCE", "GET_PARAMETER", "OPTIONS", "PAUSE", "PLAY", "RECORD", "REDIRECT", "SETUP", "SET_PARAMETER", "TEARDOWN"];

/// A token longer than this is none.
const TOKEN_MAX: usize = 127;

impl Protocol {
    /// The protocol that tcpdump expects between these ports.
    pub(super) fn on(ports: [u16; 2]) -> Option<&'static Self> {
        PROTOCOLS.iter().find(|protocol| ports.iter().any(|port| protocol.ports.contains(port)))
    }

    /// Prints the first line of `length` bytes of which `data` were captured; verbosely all lines.
    pub(super) fn print(&self, out: &mut Out, index: usize, data: &[u8], length: usize) -> Result<(), Cut> {
        out.protocol = self.name;
        out.put(&self.name.to_ascii_uppercase());
        if !self.requests.is_empty() && !starts_message(data, length, self.requests) {
            return Ok(());
        }
        if !out.verbose {
            let start = out.text.len() + ": ".len();
            print_line(out, ": ", data, 0, length)?;
            if out.text.len() > start && self.name == "http" && out.has_spans() {
                out.spans.push((index, Field::TcpHttp, start..out.text.len()));
            }
            return Ok(());
        }
        put!(out, ", length: {length}");
        let mut at = 0;
        while at < length {
            let Some(next) = print_line(out, "\n\t", data, at, length)? else { break };
            at = next;
        }
        Ok(())
    }
}

/// What is printed of a line.
enum Line {
    /// All of it, ended: up to here, the next one starts there.
    Ended(usize, usize),
    /// It goes on in the next segment.
    Unended,
    /// It is not text.
    Binary,
}

/// Finds the end of the line that starts at `start`, which may hold what is `printable`.
fn find_line(data: &[u8], start: usize, length: usize, printable: impl Fn(u8) -> bool) -> Result<Line, Cut> {
    for at in start..length {
        match u8(data, at)? {
            b'\n' => return Ok(Line::Ended(at, at + 1)),
            b'\r' if at + 1 >= length => return Ok(Line::Binary),
            b'\r' if u8(data, at + 1)? == b'\n' => return Ok(Line::Ended(at, at + 2)),
            byte if printable(byte) => {}
            _ => return Ok(Line::Binary),
        }
    }
    Ok(Line::Unended)
}

/// Prints the line that starts at `start` behind `prefix`; where the next one starts, `None` if this was not a whole line.
fn print_line(out: &mut Out, prefix: &str, data: &[u8], start: usize, length: usize) -> Result<Option<usize>, Cut> {
    let (end, next) = match find_line(data, start, length, printable_or_tab)? {
        Line::Ended(end, next) => (end, Some(next)),
        Line::Unended => (length, None),
        Line::Binary => return Ok(None),
    };
    out.put(prefix);
    ascii(out, &data[start..end]);
    if next.is_none() {
        out.cut();
    }
    Ok(next)
}

fn ascii(out: &mut Out, line: &[u8]) {
    out.put(&String::from_utf8_lossy(line));
}

fn printable(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}

fn printable_or_tab(byte: u8) -> bool {
    printable(byte) || byte == b'\t'
}

/// Whether this starts a request (by its first word) or a response (by a status code as its second).
fn starts_message(data: &[u8], length: usize, requests: &[&str]) -> bool {
    let Some((first, behind)) = token(data, 0, length) else { return false };
    if requests.iter().any(|request| first.eq_ignore_ascii_case(request.as_bytes())) {
        return true;
    }
    token(data, behind, length).is_some_and(|(second, _)| second.len() == 3 && second.iter().all(u8::is_ascii_digit))
}

/// The word that starts at `start`, and where the next one starts.
fn token(data: &[u8], start: usize, length: usize) -> Option<(&[u8], usize)> {
    let mut end = start;
    while end < length {
        match *data.get(end)? {
            b' ' | b'\t' | b'\r' | b'\n' => break,
            byte if printable(byte) => end += 1,
            _ => return None,
        }
    }
    let word = data.get(start..end).filter(|word| !word.is_empty() && word.len() <= TOKEN_MAX)?;
    // A tab is no printable character, so it ends the blanks; a line's end does too.
    let blanks = data.get(end..length.min(data.len())).unwrap_or_default().iter().take_while(|byte| **byte == b' ').count();
    Some((word, end + blanks))
}

/// The first line of an HTTP request or response, where tcpdump prints one, as it prints it: one that the segment does not end is said to be cut off.
pub(in crate::packet) fn http_line(ports: [u16; 2], data: &[u8], length: usize) -> Option<String> {
    if !ports.iter().any(|port| HTTP_PORTS.contains(port)) || !starts_message(data, length, &HTTP) {
        return None;
    }
    let (end, cut) = match find_line(data, 0, length, printable_or_tab).ok()? {
        Line::Ended(end, _) => (end, ""),
        Line::Unended => (length, " [|http]"),
        Line::Binary => return None,
    };
    Some(format!("{}{cut}", std::str::from_utf8(&data[..end]).ok()?))
}

/// Prints the version line of SSH (RFC 4253 section 4.2).
pub(super) fn ssh(out: &mut Out, data: &[u8], length: usize) -> Result<(), Cut> {
    out.protocol = "ssh";
    for (at, expected) in b"SSH-".iter().enumerate() {
        if u8(data, at)? != *expected {
            return Ok(());
        }
    }
    if let Line::Ended(end, _) = find_line(data, 4, length, printable)? {
        out.put(": SSH: ");
        ascii(out, &data[..end]);
    }
    Ok(())
}
