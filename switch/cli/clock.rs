//! `payswitch clock`: the clock of a running switch, and moving one that was started with `--clock manual`.

use std::process::ExitCode;
use std::time::Duration;

use admin::Clock;
use clap::{Args, Subcommand};
use model::Timestamp;
use serde_json::json;

use super::Failure;
use super::ask::At;

/// `payswitch clock`
#[derive(Args)]
pub(super) struct ClockCommand {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    at: At,
}

#[derive(Subcommand)]
enum What {
    /// Move it on. Done when everything that falls due on the way has been decided and is durable.
    Advance {
        /// How far: 25s, 1h30m, 7d.
        #[arg(value_parser = model::span::parse)]
        span: Duration,
    },
    /// Move it to a moment. Likewise.
    To {
        /// Which, with its offset: 2023-01-15T09:00:00+07:00.
        #[arg(value_parser = moment)]
        moment: Timestamp,
    },
}

impl ClockCommand {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self.what {
            None => self.at.show("/clock", text)?,
            Some(What::Advance { span }) => {
                let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
                moves(&self.at, &json!({ "advance_ms": millis }))?;
            }
            Some(What::To { moment }) => moves(&self.at, &json!({ "to": moment.to_string() }))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks until the clock has come to where it is wanted: the switch answers after some seconds of work in any case.
fn moves(at: &At, first: &serde_json::Value) -> Result<(), Failure> {
    let mut answer = at.send("/clock", first)?;
    let mut last = String::new();
    while let Clock { reached: false, to: Some(to), now, .. } = serde_json::from_str(&answer)? {
        if now == last {
            return Err(format!("the clock does not get beyond {now}; the switch's log may say why").into());
        }
        last = now;
        answer = at.send("/clock", &json!({ "to": to }))?;
    }
    at.print(&answer, text)
}

fn text(it: &Clock) -> String {
    let how = if it.manual { "stands until it is moved" } else { "the machine's" };
    format!("{} local, {} ({how})", it.local, it.now)
}

/// A moment with its offset, for command lines.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "it is no moment; write it with its offset, like 2022-12-28T09:00:00+07:00".to_owned())
}
