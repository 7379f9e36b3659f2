//! `payswitch load`: load on a running switch, at a rate or by windows, with progress, a report and thresholds.

use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use bank_adapters::Cast;
use clap::Args;
use rehearsal::load::{LoadConfig, Mix, Model, Progress, Report, Threshold, Verdict, load, report};
use rehearsal::{Error, TerminalConfig};
use server::config::dialect;
use wire::Framing;

use super::{Failure, asked_to_stop, block_on, quiet_on_closed_pipe};

/// No connection could be made.
const NO_CONNECTION: u8 = 4;
/// Not one request was answered.
const NOTHING_ANSWERED: u8 = 5;
/// How often one is told how it goes where nobody looks at the screen.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// `payswitch load`
#[derive(Args)]
#[command(after_help = "Thresholds (--fail-if, as often as wanted; what is named breaks the run):\n  \
    p50, p90, p95, p99, p999, max   latency from when a request was due, in us, ms or s: 'p99>50ms'\n  \
    error-rate                      refused, unexpected, lost, cut off or not sent, of those due: 'error-rate>0.1%'\n  \
    achieved-rate                   answers that came, of requests that fell due: 'achieved-rate<95%'\n  \
    declined, refused, unexpected, lost, cut-off, not-sent   requests that ended so: 'lost>0'\n\n\
    Exit codes:\n  0  every threshold was kept\n  1  a threshold was broken; it is named, with what was measured. Or a connection was down at the end\n  \
    2  the command line, or the mix, is wrong\n  4  no connection\n  5  nothing was answered")]
pub(super) struct Load {
    /// Where the switch listens for terminals.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8583")]
    connect: String,
    /// How its messages are laid out: iso87-ascii, iso93-bcd, …, or a dialect's file.
    #[arg(long, default_value = "iso87-ascii")]
    dialect: String,
    /// How its messages are cut from the stream: 2-byte, 4-digit, "2-byte tpdu", …
    #[arg(long, default_value = "2-byte")]
    framing: Framing,
    /// Open model: requests a second over all connections, whatever is answered. 100 where neither this nor --connections with
    /// --window is given.
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<f64>,
    /// With --rate: requests come as a steady beat instead of at random (as a Poisson process).
    #[arg(long, requires = "rate")]
    even: bool,
    /// Connections, each with a terminal's name of its own.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1000))]
    connections: u32,
    /// Requests that a connection may have open. Without --rate this is the closed model: that many are always open. With --rate
    /// what is due above it waits, and is late; 1 is what a cash machine does.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    window: Option<u32>,
    /// Requests that may be due and not yet answered; what falls due above it is not sent, and counted so.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    in_flight_max: u64,
    /// What is asked, as withdrawal=5,purchase=3,balance=1 or a TOML file (docs/load.md).
    #[arg(long, value_name = "KIND=WEIGHT,… | FILE", default_value = "withdrawal=4,purchase=3,balance=2,deposit=1")]
    mix: String,
    /// Cards, by their aliases; all in good standing where left out.
    #[arg(long, value_name = "ALIAS,…", value_delimiter = ',')]
    cards: Vec<String>,
    /// Cards and accounts; the built-in cast where left out.
    #[arg(long, value_name = "FILE")]
    cast: Option<PathBuf>,
    /// So many bulk cards of each bank too: as many as the switch's `cast.bulk_per_bank`, or its banks' --bulk.
    #[arg(long, value_name = "N", default_value_t = 0)]
    bulk: u32,
    /// How long the rate, or the windows, rise from nothing; counts from the beginning.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time)]
    ramp: Duration,
    /// How long is sent without being measured, before anything is.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = time)]
    warm_up: Duration,
    /// How long is measured: 500ms, 60s, 10m, 2h. Ctrl-C ends it earlier, with a report.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = some_time)]
    duration: Duration,
    /// How long an answer is awaited before the request counts as lost. The switch's own longest timer is 35 s.
    #[arg(long, value_name = "TIME", default_value = "40s", value_parser = some_time)]
    answer_within: Duration,
    /// Fixes when requests are due and what is drawn from the mix. Trace numbers and references are new at each run all the same.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// What fails the run, such as 'p99>50ms'; see below.
    #[arg(long, value_name = "THRESHOLD")]
    fail_if: Vec<Threshold>,
    /// Write the report as JSON to this file, or to standard output for `-`.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the report as one page with plots to this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

fn rate(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|rate| (0.001..=1e7).contains(rate));
    number.ok_or_else(|| "write how many a second, such as 200 or 0.5".into())
}

/// `500ms`, `10s`, `5m`, `2h`.
fn time(text: &str) -> Result<Duration, String> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let number = |(unit, seconds): (&str, f64)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * seconds);
    let seconds = units.into_iter().find_map(number).filter(|seconds| *seconds <= 7.0 * 86_400.0);
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| "write a number and its unit, up to a week: 500ms, 10s, 5m, 2h".into())
}

/// The same, and more than nothing.
fn some_time(text: &str) -> Result<Duration, String> {
    let time = time(text)?;
    if time.is_zero() { Err("nothing happens in no time; write more than 0".into()) } else { Ok(time) }
}

impl Load {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let on_screen = std::io::stderr().is_terminal();
        let (config, mix) = match self.config(on_screen).and_then(|config| Ok((config, self.mix()?))) {
            Ok(both) => both,
            Err(failure) => {
                say!("payswitch: {failure}");
                return Ok(ExitCode::from(2));
            }
        };
        let loaded = block_on(async {
            let stop = async {
                // Who cannot be asked to stop runs to the end.
                if asked_to_stop().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            let again = async {
                asked_to_stop().await?;
                asked_to_stop().await?;
                Err::<Result<Report, Error>, Failure>("stopped at once, without a report".into())
            };
            let loading = load(&self.connect, &mix, &config, |progress| tell(progress, on_screen), stop);
            tokio::select! {
                loaded = loading => Ok(loaded),
                stopped = again => stopped,
            }
        })?;
        if on_screen {
            say!("");
        }
        match loaded {
            Ok(report) => self.report(&report),
            Err(error) => {
                say!("payswitch: {error}");
                let unreached = matches!(error, Error::Refused { .. } | Error::Connect { .. } | Error::ConnectTimeout { .. });
                Ok(ExitCode::from(if unreached { NO_CONNECTION } else { 2 }))
            }
        }
    }

    fn config(&self, on_screen: bool) -> Result<LoadConfig, Failure> {
        let model = match (self.rate, self.window) {
            (None, Some(window)) => Model::Closed { window },
            (rate, window) => Model::Open { per_second: rate.unwrap_or(100.0), even: self.even, window },
        };
        Ok(LoadConfig {
            model,
            connections: self.connections,
            in_flight_max: self.in_flight_max,
            ramp: self.ramp,
            warm_up: self.warm_up,
            duration: self.duration,
            answer_within: self.answer_within,
            seed: self.seed,
            terminal: TerminalConfig { dialect: dialect(&self.dialect)?, framing: self.framing, ..TerminalConfig::default() },
            look_every: if on_screen { Duration::from_secs(1) } else { TOLD_EVERY },
        })
    }

    fn mix(&self) -> Result<Mix, Failure> {
        let cast = self.cast.as_deref().map_or_else(|| Ok(Cast::builtin()), Cast::load)?.with_bulk(self.bulk)?;
        let cards: Vec<_> = self.cards.iter().map(String::as_str).collect();
        let path = Path::new(&self.mix);
        let is_file = path.extension().is_some() || path.exists();
        Ok(if is_file { Mix::load(path, &cast, &cards) } else { Mix::parse(&self.mix, &cast, &cards) }?)
    }

    fn report(&self, told: &Report) -> Result<ExitCode, Failure> {
        let verdicts: Vec<_> = self.fail_if.iter().map(|threshold| threshold.judge(told)).collect();
        if let Some(path) = &self.html {
            written(path, &report::html(told, &verdicts))?;
        }
        let json = || format!("{:#}\n", report::json(told, &verdicts));
        let mut text = report::text(told, &verdicts);
        match self.json.as_deref() {
            Some(path) if path == Path::new("-") => text = json(),
            Some(path) => written(path, &json())?,
            None => {}
        }
        quiet_on_closed_pipe(std::io::stdout().write_all(text.as_bytes()))?;
        Ok(judged(told, &verdicts))
    }
}

/// The exit code, with what is wrong said on standard error.
fn judged(told: &Report, verdicts: &[Verdict]) -> ExitCode {
    if told.counts.answered() == 0 {
        say!("payswitch: not one request was answered; do the switch and --dialect, --framing agree?");
        return ExitCode::from(NOTHING_ANSWERED);
    }
    let mut code = ExitCode::SUCCESS;
    if told.counts.down > 0 {
        let (down, of) = (told.counts.down, told.config.connections);
        say!("payswitch: {down} of {of} connections down at the end; did the switch stop?");
        code = ExitCode::FAILURE;
    }
    for verdict in verdicts.iter().filter(|verdict| verdict.broken) {
        say!("payswitch: broken: {} (measured {})", verdict.threshold, verdict.measured);
        code = ExitCode::FAILURE;
    }
    code
}

fn written(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}; check the path", path.display()).into())
}

/// One line: over itself where somebody looks, below the other where it goes into a file.
fn tell(progress: &Progress, on_screen: bool) {
    let lately = &progress.lately;
    let seconds = lately.lasts.as_secs_f64().max(1e-6);
    let at = |quantile| Duration::from_micros(lately.latencies.value_at_quantile(quantile));
    let what = if progress.draining { "waiting for the last answers" } else { "" };
    let not_sent = match progress.not_sent {
        0 => String::new(),
        count => format!("  NOT SENT {count}"),
    };
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let (offered, answered) = (lately.offered as f64 / seconds, lately.answered as f64 / seconds);
    let line = format!(
        "{:>5.0} s  offered {offered:.0}/s  achieved {answered:.0}/s  in flight {}  p50 {:.1?}  p99 {:.1?}  errors {}{not_sent}  {what}",
        progress.at.as_secs_f64(),
        progress.in_flight,
        at(0.5),
        at(0.99),
        progress.errors,
    );
    let (before, after) = if on_screen { ("\r\x1b[2K", "") } else { ("", "\n") };
    // Who does not listen any more need not be told.
    let _ = write!(std::io::stderr(), "{before}{line}{after}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        let millis = |text| time(text).map(|time| time.as_millis());
        assert_eq!(["250ms", "10s", "1.5m", "2h"].map(millis), [Ok(250), Ok(10_000), Ok(90_000), Ok(7_200_000)]);
        for wrong in ["10", "s", "-1s", "1d", "8000h", "nans"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_is_measured_in_no_time() {
        assert_eq!(some_time("1ms"), Ok(Duration::from_millis(1)));
        for wrong in ["0s", "0.0m", "0.0000001ms"] {
            assert!(some_time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rate_is_more_than_nothing() {
        assert_eq!(rate("0.5"), Ok(0.5));
        for wrong in ["0", "-1", "inf", "many"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
