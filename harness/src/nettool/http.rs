//! What is said in an HTTP exchange, byte by byte: as long as what curl and a small web server say.

use std::net::SocketAddrV4;

use chrono::{DateTime, Utc};

use crate::name::Token;

/// The name of the header that carries the token. A request is as long as that of a curl whose version has six characters: 64 bytes and
/// what the `Host:` header says.
const TOKEN_HEADER: &str = "Id";

/// The end of a head (RFC 9112 section 2.1).
const END: &[u8] = b"\r\n\r\n";

/// Asks for `/`, with the token in hexadecimal digits.
pub(super) fn request(to: SocketAddrV4, token: Token) -> Vec<u8> {
    // RFC 9110 section 7.2: the port is left out if it is that of the scheme.
    let host = if to.port() == 80 { to.ip().to_string() } else { to.to_string() };
    format!("GET / HTTP/1.1\r\nHost: {host}\r\n{TOKEN_HEADER}: {}\r\n\r\n", token.hex()).into_bytes()
}

/// How long the request to `to` is, in bytes.
pub fn request_length(to: SocketAddrV4) -> usize {
    request(to, Token([0; 16])).len()
}

/// How long the head and the body of an answer with this `body` are, in bytes.
pub fn answer_lengths(body: &str) -> (usize, usize) {
    let (head, body) = answer(body, DateTime::UNIX_EPOCH);
    (head.len(), body.len())
}

/// What the pod `called` answers at whose device `eth0` is `address`: 10.244.1.2/24.
pub fn page(called: &str, address: &str) -> String {
    page_of(called, "eth0", address)
}

/// What the pod `called` answers whose `device` has `address`.
pub(super) fn page_of(called: &str, device: &str, address: &str) -> String {
    format!("PodName: {called} | PodIP: {device} {address}\n")
}

/// Whether a head is whole.
pub(super) fn is_whole(head: &[u8]) -> bool {
    head.ends_with(END)
}

/// The head and the body of an answer given at `time`. The head has the lines, in order and in length, that nginx gives a small file: 236 bytes
/// for a body of 47, as in the document flannel-udp.
pub(super) fn answer(body: &str, time: DateTime<Utc>) -> (Vec<u8>, Vec<u8>) {
    // An IMF-fixdate (RFC 9110 section 5.6.7).
    let date = time.format("%a, %d %b %Y %H:%M:%S GMT");
    let head = format!(
        "HTTP/1.1 200 OK\r\nServer: nettool-http\r\nDate: {date}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
         Last-Modified: {date}\r\nConnection: keep-alive\r\nETag: \"{since:08x}-{length:x}\"\r\nAccept-Ranges: bytes\r\n\r\n",
        length = body.len(),
        since = time.timestamp()
    );
    (head.into_bytes(), body.as_bytes().to_vec())
}

/// What has come of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// Not all of it.
    More,
    /// Its body.
    Whole(String),
    /// It is no answer to a GET, or one that does not say how long it is: why.
    Odd(String),
}

/// Reads an answer as far as it has come.
pub(super) fn read(bytes: &[u8]) -> Read {
    let Some(head) = bytes.windows(END.len()).position(|window| window == END) else { return Read::More };
    let body = &bytes[head + END.len()..];
    let text = String::from_utf8_lossy(&bytes[..head]);
    let mut lines = text.lines();
    let status = lines.next().unwrap_or_default();
    if !(status.starts_with("HTTP/1.") && status.contains(" 200")) {
        return Read::Odd(format!("it answers `{status}`"));
    }
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    match length {
        None => Read::Odd("its answer does not say how long it is".to_owned()),
        Some(length) if body.len() < length => Read::More,
        Some(length) => Read::Whole(String::from_utf8_lossy(&body[..length]).trim_end().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_as_long_as_curls() {
        let token = Token::derive("run", "scenario");
        let asked = request("172.18.0.3:32000".parse().unwrap(), token);
        assert_eq!(asked.len(), 80);
        assert!(is_whole(&asked) && !is_whole(&asked[..79]));
        let curl = "GET / HTTP/1.1\r\nHost: 10.96.0.9\r\nUser-Agent: curl/7.87.0\r\nAccept: */*\r\n\r\n";
        assert_eq!(request("10.96.0.9:80".parse().unwrap(), token).len(), curl.len());
    }

    #[test]
    fn an_answer_is_as_long_as_the_documents() {
        let (head, body) =
            answer("PodName: cni-qqj89 | PodIP: eth0 10.244.1.2/24\n", DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000));
        assert_eq!((head.len(), body.len()), (236, 47));
        assert!(
            std::str::from_utf8(&head).unwrap().contains("Date: Fri, 04 Oct 2024 00:00:00 GMT\r\n"),
            "{}",
            String::from_utf8_lossy(&head)
        );
        let whole = [head, body].concat();
        assert_eq!(read(&whole), Read::Whole("PodName: cni-qqj89 | PodIP: eth0 10.244.1.2/24".into()));
        (0..whole.len()).for_each(|length| assert_eq!(read(&whole[..length]), Read::More, "{length} bytes"));
    }

    #[test]
    fn what_is_no_answer_is_told() {
        assert_eq!(read(b"HTTP/1.1 404 Not Found\r\n\r\n"), Read::Odd("it answers `HTTP/1.1 404 Not Found`".into()));
        assert!(matches!(read(b"HTTP/1.1 200 OK\r\n\r\nhello"), Read::Odd(_)));
    }
}
