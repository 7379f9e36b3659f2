//! `payswitch why RRN`: what became of a transaction, and why.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ::journal::{MasterKey, Reader};
use clap::Args;
use server::{Paths, STREAM};
use views::{Queries, why};

use super::{DataFolder, Failure, quiet_on_closed_pipe};

/// How long the views may need to fold what the journal held when the question was asked.
const CATCH_UP: Duration = Duration::from_secs(5);

/// `payswitch why`
#[derive(Args)]
pub(super) struct Why {
    /// The transaction's retrieval reference number (DE37), as `payswitch send` prints it.
    rrn: String,
    #[command(flatten)]
    folder: DataFolder,
    /// JSON, one transaction a line.
    #[arg(long)]
    json: bool,
}

impl Why {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let paths = Paths::new(&self.folder.data);
        let reader = Reader::open(paths.journal(), STREAM, &MasterKey::load(paths.master_key())?)?;
        let queries = Queries::open(&paths.views())?;
        wait_for_views(&queries, &reader)?;
        let stories = why::stories(&queries, &reader, &self.rrn)?;
        if stories.is_empty() {
            return Err(format!("no transaction has the reference {:?} in {}", self.rrn, self.folder.data.display()).into());
        }
        let mut out = std::io::stdout().lock();
        let mut print = || {
            for story in &stories {
                match self.json {
                    true => writeln!(out, "{}", serde_json::to_string(story)?)?,
                    false => writeln!(out, "{}", story.text())?,
                }
            }
            Ok(())
        };
        quiet_on_closed_pipe(print())
    }
}

/// Views lag by moments; what is asked for may be that new. A switch that does not run folds nothing more, and is not waited for.
fn wait_for_views(queries: &Queries, reader: &Reader) -> Result<(), Failure> {
    let newest = reader.last_number()?.unwrap_or(0);
    let until = Instant::now() + CATCH_UP;
    while queries.folded()? < newest && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
