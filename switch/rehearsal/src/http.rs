//! Asking a running switch over HTTP: one request, one answer, over a socket of its own; documents and reports of any length. A client for one server on this machine
//! needs no more of HTTP than that.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Longer than the switch takes for any answer.
const WITHIN: Duration = Duration::from_secs(20);
/// The longest answer that is read, bytes.
const ANSWER_MAX: u64 = 16 * 1024 * 1024;

/// The longest line of an answer's head, bytes.
const LINE_MAX: u64 = 8 * 1024;

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
    let nobody = |error: io::Error| format!("{at}: {error}; is the switch running there?");
    let answer = exchange(host(at), method, path, body).map_err(nobody)?;
    let no_http = || format!("{at}: no HTTP is spoken there");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(no_http)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(no_http)?;
    Ok(Answer { status, body: body.to_owned() })
}

/// Sends a document of any length to `at`, and gives the answer, however long it takes. `head` is further lines of the request's
/// head, each a name and a value; what a value holds in another script goes as it is.
///
/// # Errors
/// Where nobody answers, or the document cannot be read, in words.
pub fn upload(at: &str, path: &str, head: &[(&str, &str)], document: &mut impl Read, length: u64) -> Result<Answer, String> {
    let nobody = |error: io::Error| format!("{at}: {error}; is the switch running there?");
    if let Some((name, _)) = head.iter().find(|(_, value)| value.chars().any(char::is_control)) {
        return Err(format!("{name}: must be one line, without control characters"));
    }
    let mut stream = connect(host(at)).map_err(nobody)?;
    let lines: String = head.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let host = host(at);
    let request = format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{lines}\r\n");
    stream.set_write_timeout(Some(WITHIN)).and_then(|()| stream.write_all(request.as_bytes())).map_err(nobody)?;
    let mut piece = vec![0; 64 * 1024];
    let mut left = length;
    while left > 0 {
        let count = document.read(&mut piece).map_err(|error| format!("the document cannot be read: {error}"))?;
        let bytes = piece.get(..count).filter(|bytes| !bytes.is_empty() && bytes.len() as u64 <= left);
        let bytes = bytes.ok_or("the document changed while it was read; send it again")?;
        left -= bytes.len() as u64;
        // Who refuses a document need not read the rest of it; what he said is read below.
        if stream.write_all(bytes).is_err() {
            break;
        }
    }
    let mut reply = Reply::read(stream).map_err(|problem| format!("{at}: {problem}"))?;
    let mut body = String::new();
    reply.body.by_ref().take(ANSWER_MAX).read_to_string(&mut body).map_err(nobody)?;
    Ok(Answer { status: reply.status, body })
}

/// Asks `at` for a page of any length and passes it to `out` as it comes. An answer other than 200 is given back whole.
///
/// # Errors
/// Where nobody answers, the page ends too early, or `out` fails, in words.
pub fn download(at: &str, path: &str, out: &mut impl Write) -> Result<Answer, String> {
    let nobody = |error: io::Error| format!("{at}: {error}; is the switch running there?");
    let mut stream = connect(host(at)).map_err(nobody)?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", host(at));
    stream.set_read_timeout(Some(WITHIN)).and_then(|()| stream.write_all(request.as_bytes())).map_err(nobody)?;
    let mut reply = Reply::read(stream).map_err(|problem| format!("{at}: {problem}"))?;
    let mut body = String::new();
    if reply.status == 200 {
        io::copy(&mut reply.body, out).map_err(|error| format!("{at}: the page is not whole: {error}"))?;
    } else {
        reply.body.by_ref().take(ANSWER_MAX).read_to_string(&mut body).map_err(nobody)?;
    }
    Ok(Answer { status: reply.status, body })
}

fn host(at: &str) -> &str {
    at.strip_prefix("http://").unwrap_or(at).trim_end_matches('/')
}

/// An answer whose body is read as it comes.
struct Reply {
    status: u16,
    body: BodyReader,
}

impl Reply {
    fn read(stream: TcpStream) -> Result<Self, String> {
        let mut stream = BufReader::new(stream);
        let mut line = || {
            let mut line = String::new();
            let read = stream.by_ref().take(LINE_MAX).read_line(&mut line);
            read.ok()
                .filter(|count| *count > 0)
                .map(|_| line.trim_end().to_owned())
                .ok_or("the connection ended without an answer")
        };
        let first = line()?;
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or("no HTTP is spoken there")?;
        let (mut length, mut chunked) = (None, false);
        loop {
            let line = line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
            chunked |= name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked");
        }
        let left = if chunked { 0 } else { length.ok_or("the answer does not say how long it is")? };
        Ok(Self { status, body: BodyReader { stream, left, chunked, began: false } })
    }
}

/// A body of a known length, or in chunks (RFC 9112, section 7.1). One that ends too early is an error.
struct BodyReader {
    stream: BufReader<TcpStream>,
    /// Bytes of the body, or of the chunk.
    left: u64,
    chunked: bool,
    began: bool,
}

impl BodyReader {
    fn next_chunk(&mut self) -> io::Result<()> {
        let mut line = String::new();
        if std::mem::replace(&mut self.began, true) {
            self.stream.by_ref().take(LINE_MAX).read_line(&mut line)?;
        }
        line.clear();
        self.stream.by_ref().take(LINE_MAX).read_line(&mut line)?;
        let size = line.trim_end().split(';').next().unwrap_or("");
        self.left = u64::from_str_radix(size, 16).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        self.chunked = self.left > 0;
        Ok(())
    }
}

impl Read for BodyReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && self.chunked {
            self.next_chunk()?;
        }
        if self.left == 0 || into.is_empty() {
            return Ok(0);
        }
        let count = self.stream.by_ref().take(self.left).read(into)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
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
