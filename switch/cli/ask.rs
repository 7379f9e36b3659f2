//! Asking a running switch over HTTP, for the commands that do it, and showing what it says.

use std::io::{Read, Write};

use clap::Args;
use rehearsal::http;
use serde::de::DeserializeOwned;

use super::Failure;

/// Which switch, and how its answer is shown.
#[derive(Args)]
pub(super) struct At {
    /// The switch's HTTP port.
    #[arg(long, value_name = "ADDRESS", default_value = "http://127.0.0.1:8580", global = true)]
    at: String,
    /// JSON, as the switch says it.
    #[arg(long, global = true)]
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

    /// Looks at a page without showing it.
    pub(super) fn look<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        Ok(serde_json::from_str(&self.ask("GET", path, None)?)?)
    }

    /// Sends a document. One that is refused with a report of what is wrong with it is no failure yet.
    pub(super) fn upload(
        &self,
        path: &str,
        head: &[(&str, &str)],
        document: &mut impl Read,
        length: u64,
    ) -> Result<Upload, Failure> {
        let answer = http::upload(&self.at, path, head, document, length)?;
        match answer.status {
            200 => Ok(Upload { answer: answer.body, refused: false }),
            422 => Ok(Upload { answer: answer.body, refused: true }),
            status => Err(refusal(status, &answer.body)),
        }
    }

    /// Writes a page of any length to `out`.
    pub(super) fn download(&self, path: &str, out: &mut impl Write) -> Result<(), Failure> {
        let answer = http::download(&self.at, path, out)?;
        if answer.status == 200 { Ok(()) } else { Err(refusal(answer.status, &answer.body)) }
    }

    fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Result<String, Failure> {
        let answer = http::ask(&self.at, method, path, body)?;
        if answer.status == 200 { Ok(answer.body) } else { Err(refusal(answer.status, &answer.body)) }
    }
}

/// What came of a document.
pub(super) struct Upload {
    /// What the switch said.
    pub(super) answer: String,
    /// Whether it was refused.
    pub(super) refused: bool,
}

/// What the switch says is wrong.
fn refusal(status: u16, body: &str) -> Failure {
    match serde_json::from_str::<admin::Problem>(body) {
        Ok(admin::Problem { field: Some(field), problem }) => format!("{field}: {problem}").into(),
        Ok(admin::Problem { field: None, problem }) => problem.into(),
        Err(_) => format!("the switch answered {status}: {}", body.trim()).into(),
    }
}
