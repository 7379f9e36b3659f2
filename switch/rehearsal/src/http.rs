//! Asking a running switch over HTTP: one request, one answer, over a socket of its own. A client for one server on this machine
//! needs no more of HTTP than that.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Longer than the switch takes for any answer.
const WITHIN: Duration = Duration::from_secs(20);
/// The longest answer that is read, bytes.
const ANSWER_MAX: u64 = 16 * 1024 * 1024;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status, 200 where all is well.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// Asks `at`, written as `http://127.0.0.1:8580`, for a path; a body is JSON.
///
/// # Errors
/// Where nobody answers, in words.
pub fn ask(at: &str, method: &str, path: &str, body: Option<&str>) -> Result<Answer, String> {
    let host = at.strip_prefix("http://").unwrap_or(at).trim_end_matches('/');
    let nobody = |error: io::Error| format!("{at}: {error}; is the switch running there?");
    let answer = exchange(host, method, path, body).map_err(nobody)?;
    let no_http = || format!("{at}: no HTTP is spoken there");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(no_http)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(no_http)?;
    Ok(Answer { status, body: body.to_owned() })
}

fn exchange(host: &str, method: &str, path: &str, body: Option<&str>) -> io::Result<String> {
    let mut stream = connect(host)?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    let content =
        body.map_or_else(String::new, |body| format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{content}\r\n");
    stream.write_all((head + body.unwrap_or("")).as_bytes())?;
    let mut answer = String::new();
    stream.take(ANSWER_MAX).read_to_string(&mut answer)?;
    Ok(answer)
}

/// Connects to a host and port, whichever of its addresses answers.
pub(crate) fn connect(host: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::other("no such address; write it as 127.0.0.1:8580");
    for address in host.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, WITHIN) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
