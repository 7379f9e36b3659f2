//! Watching a batch: a bar at a terminal, else a line whenever something is new.

use std::io::{IsTerminal, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use admin::Batch;
use indicatif::ProgressBar;

use super::WAITS;
use super::text;
use super::upload::style;
use crate::cli::Failure;
use crate::cli::ask::At;

/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Until when.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Until nothing more can come of it but by a bank, a date or an operator.
    AtRest,
    /// Until nothing more can come of it at all.
    Done,
}

/// Watches a batch, and at the end tells how far it has come. The exit code says it too: 0 done, 1 not paid for or cancelled, 3 not
/// at its end.
pub(super) fn follow(at: &At, number: u32, until: Until) -> Result<ExitCode, Failure> {
    let path = format!("/payroll/{number}");
    let bar = (std::io::stderr().is_terminal() && !at.json).then(|| {
        let bar = ProgressBar::new(1);
        bar.set_style(style("{bar:30} {pos} of {len} {msg}"));
        bar
    });
    let mut told = None;
    loop {
        let batch: Batch = at.look(&path)?;
        let ended = batch.total.count.saturating_sub(batch.pending.count);
        match &bar {
            Some(bar) => {
                bar.set_length(batch.total.count.max(1));
                bar.set_position(ended);
                bar.set_message(message(&batch));
            }
            None if !at.json => {
                // At each tenth of the way, so that a long batch fills no log.
                let now = (batch.state.clone(), ended * 10 / batch.total.count.max(1));
                if told.as_ref() != Some(&now) {
                    say!("batch {number} is {}: {ended} of {} payments have come to their end", batch.state, batch.total.count);
                    told = Some(now);
                }
            }
            None => {}
        }
        if let Some(code) = over(&batch, until) {
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
            let shown = if at.json { serde_json::to_string(&batch)? } else { text::batch(&batch) };
            crate::cli::quiet_on_closed_pipe(writeln!(std::io::stdout(), "{}", shown.trim_end()))?;
            return Ok(code);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn message(it: &Batch) -> String {
    let rate = it.items_per_second.filter(|rate| *rate >= 0.5).map(|rate| format!(", {rate:.0} a second")).unwrap_or_default();
    let rejected = if it.rejected.count > 0 { format!(", {} rejected", it.rejected.count) } else { String::new() };
    format!("{}{rejected}{rate}", it.state)
}

/// Whether there is nothing more to wait for, and with which exit code.
fn over(it: &Batch, until: Until) -> Option<ExitCode> {
    match (it.state.as_str(), until) {
        ("done", _) => Some(ExitCode::SUCCESS),
        ("unfunded" | "cancelled", _) => Some(ExitCode::FAILURE),
        ("part" | "submitted", Until::AtRest) => Some(ExitCode::from(WAITS)),
        // What it waits for is told where it is not over in a moment.
        ("approved", Until::AtRest) if it.detail.is_some() => Some(ExitCode::from(WAITS)),
        _ => None,
    }
}
