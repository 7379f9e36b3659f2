//! Asking a running switch over HTTP: one request, one answer, over a socket of its own. A client for one server on this machine
//! needs no more of HTTP than that.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use clap::Args;
use serde::de::DeserializeOwned;

use super::Failure;

/// Longer than the switch takes for any answer.
const WITHIN: Duration = Duration::from_secs(20);
/// The longest answer that is read, bytes.
const ANSWER_MAX: u64 = 16 * 1024 * 1024;

/// Which switch, and how its answer is shown.
#[derive(Args)]
pub(super) struct At {
    /// The switch's HTTP port.
    #[arg(long, value_name = "ADDRESS", default_value = "http://127.0.0.1:8580")]
    at: String,
    /// JSON, as the switch says it.
    #[arg(long)]
    pub(super) json: bool,
}

impl At {
    /// Asks for a page, and shows it by `text` or as it came.
    pub(super) fn show<T: DeserializeOwned>(&self, path: &str, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        self.print(&self.ask("GET", path, None)?, text)
    }

    /// Gives an order, and shows the answer likewise.
    pub(super) fn order<T: DeserializeOwned>(
        &self,
        body: &serde_json::Value,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        self.print(&self.send("/orders", body)?, text)
    }

    /// Sends JSON to a page, and gives the answer as it came.
    pub(super) fn send(&self, path: &str, body: &serde_json::Value) -> Result<String, Failure> {
        self.ask("POST", path, Some(&body.to_string()))
    }

    /// Deletes what is at this path, and gives the answer as it came.
    pub(super) fn delete(&self, path: &str) -> Result<String, Failure> {
        self.ask("DELETE", path, None)
    }

    /// Shows an answer by `text` or as it came.
    pub(super) fn print<T: DeserializeOwned>(&self, answer: &str, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        let shown = if self.json { answer.to_owned() } else { text(&serde_json::from_str(answer)?) };
        super::quiet_on_closed_pipe(writeln!(std::io::stdout(), "{}", shown.trim_end()))?;
        Ok(())
    }

    fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Result<String, Failure> {
        let host = self.at.strip_prefix("http://").unwrap_or(&self.at).trim_end_matches('/');
        let nobody = |error: std::io::Error| format!("{}: {error}; is the switch running there?", self.at);
        let mut stream = connect(host).map_err(nobody)?;
        stream.set_read_timeout(Some(WITHIN))?;
        stream.set_write_timeout(Some(WITHIN))?;
        let content =
            body.map_or_else(String::new, |body| format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{content}\r\n");
        let mut answer = String::new();
        let said = stream.write_all((head + body.unwrap_or("")).as_bytes());
        said.and_then(|()| stream.take(ANSWER_MAX).read_to_string(&mut answer)).map_err(nobody)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("{}: no HTTP is spoken there", self.at))?;
        match head.split(' ').nth(1) {
            Some("200") => Ok(body.to_owned()),
            status => Err(refusal(status.unwrap_or("?"), body)),
        }
    }
}

fn connect(host: &str) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::other("no such address; write it as http://127.0.0.1:8580");
    for address in host.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, WITHIN) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// What the switch says is wrong.
fn refusal(status: &str, body: &str) -> Failure {
    match serde_json::from_str::<admin::Problem>(body) {
        Ok(admin::Problem { field: Some(field), problem }) => format!("{field}: {problem}").into(),
        Ok(admin::Problem { field: None, problem }) => problem.into(),
        Err(_) => format!("the switch answered {status}: {}", body.trim()).into(),
    }
}
