//! A client that asks once.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// No answer is longer.
const LONGEST: usize = 64 * 1024;

/// Asks the server at `to` for `/` and returns the body of its answer; closes first, as `curl` does.
///
/// The request is 80 bytes long for `172.18.0.3:32000`, as in the document flannel-udp.
///
/// # Errors
/// If it cannot be reached, does not answer within `patience`, or its answer is cut short or not a success.
pub fn get(to: SocketAddr, patience: Duration) -> io::Result<String> {
    let deadline = Instant::now() + patience;
    let mut stream = TcpStream::connect_timeout(&to, patience)?;
    stream.set_nodelay(true)?;
    stream.write_all(request(to).as_bytes())?;
    let mut answer = Vec::new();
    loop {
        if let Some(body) = body(&answer)? {
            return Ok(body);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk)?;
        if read == 0 || answer.len() + read > LONGEST {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the answer is cut short"));
        }
        answer.extend_from_slice(&chunk[..read]);
    }
}

fn request(to: SocketAddr) -> String {
    format!("GET / HTTP/1.1\r\nHost: {to}\r\nUser-Agent: nettool-get\r\nAccept: */*\r\n\r\n")
}

/// The body of an answer, once all of it is there.
fn body(answer: &[u8]) -> io::Result<Option<String>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let invalid = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let head = std::str::from_utf8(&answer[..end]).map_err(|_| invalid("the answer's head is not text"))?;
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        return Err(invalid(&format!("the answer is `{status}`")));
    }
    let length = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.and_then(|(_, value)| value.trim().parse().ok()).ok_or_else(|| invalid("the answer has no length"))?;
    let body = answer.get(end + 4..).filter(|rest| rest.len() >= length).map(|rest| &rest[..length]);
    Ok(body.map(|body| String::from_utf8_lossy(body).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_has_the_documented_length() {
        assert_eq!(request("172.18.0.3:32000".parse().expect("an address")).len(), 80);
    }

    #[test]
    fn an_answer_is_whole_or_an_error() {
        assert_eq!(body(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").expect("good").as_deref(), Some("abc"));
        assert_eq!(body(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab").expect("good"), None);
        assert_eq!(body(b"HTTP/1.1 200 OK\r\nContent-Le").expect("good"), None);
        for bad in ["HTTP/1.1 404 Not Found\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"] {
            assert!(body(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
