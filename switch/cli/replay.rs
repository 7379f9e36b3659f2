//! `payswitch replay`: plays scenario files and says what came of each.

use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use bank_adapters::Cast;
use clap::Args;
use model::UtcOffset;
use rehearsal::replay::report::{Tally, html, json, junit, text};
use rehearsal::replay::{self, Connected, Report, VenueMaker};
use rehearsal::scenario::Scenario;
use rehearsal::stage::Embedded;
use server::config::dialect;
use wire::Framing;

use super::{Failure, asked_to_stop, block_on, quiet_on_closed_pipe};

/// A file is no scenario.
const BAD_FILE: u8 = 3;
/// Nobody is there to play with.
const NO_CONNECTION: u8 = 4;
/// Not one scenario was played.
const NOTHING_EXECUTED: u8 = 5;

/// `payswitch replay`
#[derive(Args)]
#[command(
    after_help = "Exit codes:\n  0  every scenario that was played passed\n  1  something was not as a scenario expects\n  \
                        2  the command line is wrong\n  3  a file is no scenario\n  4  no connection to the switch\n  \
                        5  nothing was played: no file, none that --filter wants, or all were skipped\n\
                        Where several are true the first of 3, 1, 4, 5 is given.\n\n\
                        Ctrl-C ends it when what is being played has ended, with all reports and never with 0. Twice: at once."
)]
pub(super) struct Replay {
    /// Scenario files, or folders to be searched through for them (*.toml).
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Play with a running switch: where it listens for terminals. Without it each scenario has a switch of its own in this
    /// process, on a virtual clock.
    #[arg(long, value_name = "ADDRESS")]
    connect: Option<String>,
    /// The HTTP port of that switch, for orders, faults, what is looked at, and its clock.
    #[arg(long, value_name = "URL", requires = "connect")]
    at: Option<String>,
    /// How that link's messages are laid out.
    #[arg(long, default_value = "iso87-ascii", requires = "connect")]
    dialect: String,
    /// How they are cut from the stream: 2-byte, 4-digit, "2-byte tpdu", …
    #[arg(long, default_value = "2-byte", requires = "connect")]
    framing: Framing,
    /// That link's name in the switch's configuration: a fault on a terminal strikes every terminal of it.
    #[arg(long, value_name = "NAME", default_value = Connected::LINK, requires = "connect")]
    link: String,
    /// Local time at that switch, such as +07:00; with --at what its clock shows where this is left out, else +07:00.
    #[arg(long, value_name = "OFFSET", requires = "connect", allow_hyphen_values = true, value_parser = offset)]
    utc_offset: Option<UtcOffset>,
    /// Scenarios at once; as many as there are processors where this is not given, one with --connect.
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    jobs: Option<usize>,
    /// Play only scenarios whose path, title, rule or tags contain this text.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Cards and accounts; the built-in cast where left out.
    #[arg(long, value_name = "FILE")]
    cast: Option<PathBuf>,
    /// Write a JUnit report for a CI server.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a report for a browser: one page, with a diagram of every scenario.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

impl Replay {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let cast = self.cast.as_deref().map_or_else(|| Ok(Cast::builtin()), Cast::load)?;
        let files = match replay::files(&self.paths) {
            Ok(files) => files,
            Err((path, error)) => {
                say!("payswitch: {}: {error}; name a scenario file, or a folder of them", path.display());
                return Ok(ExitCode::from(BAD_FILE));
            }
        };
        if self.connect.is_some() && self.at.is_none() && self.utc_offset.is_none() {
            say!("payswitch: local time there is taken to be +07:00; say --utc-offset, or --at");
        }
        let (report, left_out) = self.play(&files, &cast)?;
        self.write(&report)?;
        let shown = if self.json { format!("{}\n", json::of(&report)) } else { people(&report) };
        quiet_on_closed_pipe(std::io::stdout().write_all(shown.as_bytes()))?;
        let tally = Tally::of(&report);
        if left_out > 0 {
            let noun = if left_out == 1 { "scenario was" } else { "scenarios were" };
            say!("payswitch: stopped; {left_out} {noun} not played");
        } else if tally.total() == 0 {
            say!("payswitch: {}", self.why_nothing(files.len()));
        }
        Ok(exit_code(tally, left_out))
    }

    /// Why not one scenario was found, and what to do about it.
    fn why_nothing(&self, files: usize) -> String {
        match &self.filter {
            Some(text) if files > 0 => {
                let none = if files == 1 {
                    "the scenario file does not have".to_owned()
                } else {
                    format!("none of {files} scenario files has")
                };
                format!("{none} {text:?} in its path, title, rule or tags; ask for less with --filter")
            }
            _ => "there is no scenario file (*.toml) in what was named; name a file, or another folder".to_owned(),
        }
    }

    /// What came of it, and how many scenarios were not played because it was stopped.
    fn play(&self, files: &[PathBuf], cast: &Cast) -> Result<(Report, usize), Failure> {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        let jobs = self.jobs.unwrap_or_else(|| if self.connect.is_some() { 1 } else { processors() });
        let (stopped, left_out) = (stopped_when_asked(), AtomicUsize::new(0));
        let wanted = |scenario: &Scenario| {
            let is_asked_for = self.filter.as_deref().is_none_or(|text| has(scenario, text));
            let is_too_late = is_asked_for && stopped.load(Ordering::Relaxed);
            left_out.fetch_add(usize::from(is_too_late), Ordering::Relaxed);
            is_asked_for && !is_too_late
        };
        let on_screen = std::io::stderr().is_terminal() && !self.json;
        let progress = |it: replay::Progress| {
            if on_screen {
                shown(&format!("\r  {} {} of {}, {} not passed ", bar(it.done, it.of), it.done, it.of, it.failed));
            }
        };
        let report = replay::replay(files, jobs, cast, self.maker()?.as_ref(), wanted, progress);
        if on_screen {
            shown(&format!("\r{:70}\r", ""));
        }
        Ok((report, left_out.into_inner()))
    }

    fn maker(&self) -> Result<Box<dyn VenueMaker>, Failure> {
        match &self.connect {
            None => Ok(Box::new(Embedded)),
            Some(address) => Ok(Box::new(Connected {
                address: address.clone(),
                at: self.at.clone(),
                dialect: dialect(&self.dialect)?,
                framing: self.framing,
                link: self.link.clone(),
                offset: self.utc_offset,
            })),
        }
    }

    fn write(&self, report: &Report) -> Result<(), Failure> {
        let file = |path: &Path, text: String| {
            std::fs::write(path, text).map_err(|error| format!("{}: {error}; the report was not written", path.display()))
        };
        if let Some(path) = &self.junit {
            file(path, junit::xml(report))?;
        }
        if let Some(path) = &self.html {
            file(path, html::page(report))?;
        }
        Ok(())
    }
}

/// Progress, for who looks.
fn shown(text: &str) {
    let _ = write!(std::io::stderr(), "{text}");
}

/// Becomes true when the process is asked to stop. Asked again, it stops at once.
fn stopped_when_asked() -> Arc<AtomicBool> {
    let stopped = Arc::new(AtomicBool::new(false));
    let (tell, (listens, is_listening)) = (Arc::clone(&stopped), mpsc::channel::<()>());
    std::thread::spawn(move || {
        let asked_twice = block_on(async {
            let first = asked_to_stop();
            tokio::pin!(first);
            tokio::select! {
                biased;
                asked = &mut first => asked?,
                () = async { drop(listens) } => first.await?,
            }
            tell.store(true, Ordering::Relaxed);
            say!("payswitch: stops when what is being played has ended; ask again to stop at once, without a report");
            Ok(asked_to_stop().await?)
        });
        // Who cannot be asked to stop plays to the end.
        if asked_twice.is_ok() {
            std::process::exit(1);
        }
    });
    // Nothing is played before a signal would be heard.
    let _ = is_listening.recv();
    stopped
}

fn offset(text: &str) -> Result<UtcOffset, String> {
    UtcOffset::parse(text).ok_or_else(|| "write it as +07:00".to_owned())
}

/// Whether a scenario has this text in what names it.
fn has(scenario: &Scenario, text: &str) -> bool {
    let text = text.to_lowercase();
    let path = scenario.path.display().to_string();
    let names = [&path, &scenario.title].into_iter().chain(&scenario.rule).chain(&scenario.tags);
    names.map(|name| name.to_lowercase()).any(|name| name.contains(&text))
}

fn people(report: &Report) -> String {
    let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
    let look = text::Look { colour, ..text::Look::default() };
    let lines: String =
        report.scenarios.iter().map(|it| text::line(it, look)).map(|line| line.trim_end().to_owned() + "\n").collect();
    let failures = text::failures(report, look);
    let parts = [lines, failures, text::summary(report, look).trim_end().to_owned() + "\n"];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn bar(done: usize, of: usize) -> String {
    const WIDTH: usize = 24;
    let full = (done * WIDTH).checked_div(of).unwrap_or(0).min(WIDTH);
    format!("[{}{}]", "#".repeat(full), ".".repeat(WIDTH - full))
}

/// Of what was played, and of how many were not because it was stopped.
fn exit_code(tally: Tally, left_out: usize) -> ExitCode {
    match tally {
        Tally { bad: 1.., .. } => ExitCode::from(BAD_FILE),
        Tally { failed: 1.., .. } => ExitCode::FAILURE,
        Tally { unconnected: 1.., .. } => ExitCode::from(NO_CONNECTION),
        Tally { passed: 0, .. } => ExitCode::from(NOTHING_EXECUTED),
        _ if left_out > 0 => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_tells_what_went_wrong_and_a_replay_of_nothing_is_no_success() {
        let none = Tally::default();
        let code = |tally| format!("{:?}", exit_code(tally, 0));
        let is = |number: u8| format!("{:?}", ExitCode::from(number));
        assert_eq!(code(none), is(5));
        assert_eq!(code(Tally { skipped: 3, ..none }), is(5));
        assert_eq!(code(Tally { passed: 1, skipped: 3, ..none }), is(0));
        assert_eq!(code(Tally { passed: 1, unconnected: 1, ..none }), is(4));
        assert_eq!(code(Tally { failed: 1, unconnected: 1, ..none }), is(1));
        assert_eq!(code(Tally { failed: 1, bad: 1, ..none }), is(3));
        assert_eq!(format!("{:?}", exit_code(Tally { passed: 1, ..none }, 1)), is(1), "stopped is not passed");
    }
}
