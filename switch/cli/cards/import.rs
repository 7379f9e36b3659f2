//! `payswitch cards import`: each line that is refused is told with its field and why; the others are taken.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use ::cards::import::{Outcome, Refused};
use clap::Args;
use serde_json::json;

use super::{DataFolder, Failure, cards, now, store};

/// `payswitch cards import`
#[derive(Args)]
pub(super) struct Import {
    /// CSV files; docs/cards.md has their columns.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The agency that the files are of; a line of another is refused.
    #[arg(long, value_name = "NAME")]
    agency: Option<String>,
    /// Tell what would be taken and what refused, and change nothing.
    #[arg(long)]
    check: bool,
    /// Who imports.
    #[arg(long, value_name = "NAME")]
    operator: String,
    /// One JSON object: the lines that were refused, and the counts.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folder: DataFolder,
}

impl Import {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let opened = server::check_words(&self.operator, "").map_err(|error| format!("--operator {error}").into());
        let mut store = match opened.and_then(|()| store(&self.folder, true)) {
            Ok(store) => store,
            Err(error) => {
                if self.json {
                    let whole = format!("{{\"refused\":[{}", self.broken(&error.to_string()));
                    super::super::quiet_on_closed_pipe(std::io::stdout().write_all(whole.as_bytes()))?;
                }
                return Err(error);
            }
        };
        let (at, check) = (now(), self.check);
        let import = ::cards::import::Import { at, by: &self.operator, agency: self.agency.as_deref(), check };
        let mut out = BufWriter::new(std::io::stdout().lock());
        let (mut told, mut written) = (0_u64, if self.json { out.write_all(b"{\"refused\":[") } else { Ok(()) });
        let mut report = |it: &Refused<'_>| {
            let line = if self.json {
                let comma = if told > 0 { "," } else { "" };
                let (field, problem) = (it.why.field, &it.why.problem);
                format!(
                    "{comma}{}",
                    json!({ "file": it.file.to_string_lossy(), "line": it.line, "field": field, "problem": problem })
                )
            } else {
                format!("{}:{}: {}\n", it.file.display(), it.line, it.why)
            };
            told += 1;
            // Who has stopped reading gets no report; the import goes on.
            if written.is_ok() {
                written = out.write_all(line.as_bytes());
            }
        };
        let outcome = store.import(&self.files, &import, &mut report);
        let end = match &outcome {
            Ok(outcome) => self.summary(*outcome),
            Err(error) if self.json => self.broken(&error.to_string()),
            Err(_) => String::new(),
        };
        super::super::quiet_on_closed_pipe(written.and_then(|()| out.write_all(end.as_bytes())).and_then(|()| out.flush()))?;
        Ok(if outcome?.refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }

    /// The end of the object where the import could not go on.
    fn broken(&self, error: &str) -> String {
        format!("],\"error\":{},\"check\":{}}}\n", json!(error), self.check)
    }

    fn summary(&self, outcome: Outcome) -> String {
        let Outcome { taken, known, refused } = outcome;
        if self.json {
            return format!(
                "],\"taken\":{taken},\"already_there\":{known},\"lines_refused\":{refused},\"check\":{}}}\n",
                self.check
            );
        }
        let (verb, end) = if self.check { ("would be taken", "; nothing was changed") } else { ("taken", "") };
        format!("{} {verb}, {known} already there, {refused} refused{end}\n", cards(taken))
    }
}
