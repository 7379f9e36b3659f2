//! `payswitch demo`: the real switch with its real journal in a temporary folder, a story told against it, then light traffic.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use bank_adapters::{Cast, Statement};
use clap::Args;
use rehearsal::{Counters, Outcome, Step, Story, StoryTimers, TerminalConfig, TrafficConfig, traffic};
use server::config::LogSection;
use server::{Config, Paths};
use toml::{Table, Value};

use super::record::Recording;
use super::run::Switch;
use super::{Failure, asked_to_stop, block_on, log};

/// The bank's timer in the demo, so that nobody waits 25 s for a silent bank.
const BANK_TIMER: Duration = Duration::from_millis(1500);

/// `payswitch demo`
#[derive(Args)]
pub(super) struct Demo {
    /// Exit after the story: 0 if all of it came out as told, 1 if not. Takes free ports.
    #[arg(long)]
    check: bool,
    /// Show every message of the story, decoded and masked.
    #[arg(long)]
    messages: bool,
    /// Record the story as a scenario file, for `payswitch replay`.
    #[arg(long, value_name = "PATH")]
    record: Option<PathBuf>,
    /// Write the recording over a file that is there.
    #[arg(long, requires = "record")]
    force: bool,
}

impl Demo {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        log(&LogSection { level: "error".into(), ..LogSection::default() })?;
        let folder = tempfile::Builder::new().prefix("payswitch-demo-").tempdir()?;
        block_on(self.perform(folder.path()))
    }

    async fn perform(self, folder: &Path) -> Result<ExitCode, Failure> {
        let paths = Paths::new(folder);
        let switch = self.start(&paths).await?;
        let terminals = switch.running.addresses().acquirers.first().map(|(_, address)| *address);
        let terminals = terminals.ok_or("the built-in configuration has no terminals")?;
        println!("A switch with three banks and four operators of mobile phones runs, its journal in {}.\n", folder.display());

        let cast = Cast::builtin();
        let outcome = self.recorded(&cast, &paths, terminals).await?;
        let told = outcome.steps.len();
        if outcome.passed() {
            println!("All {told} came out as they should, in {:.1} s.", outcome.took.as_secs_f64());
        } else {
            println!("{} of {told} did not come out as they should.", outcome.failed());
        }
        if self.check {
            switch.stop().await?;
            return Ok(if outcome.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        invite(&outcome, terminals, switch.http, folder);
        linger(&cast, terminals).await?;
        switch.stop().await?;
        Ok(ExitCode::SUCCESS)
    }

    /// The usual ports where they are free, so that the next commands need no addresses; else others.
    async fn start(&self, paths: &Paths) -> Result<Switch, Failure> {
        let builtin = Path::new("(built-in)");
        let usual = Config::embedded_with(builtin, &settings())?;
        let banks = usual.bank.len();
        let anywhere = |mut config: Config| {
            config.http.listen = "127.0.0.1:0".into();
            config.acquirer.iter_mut().for_each(|acquirer| acquirer.listen = "127.0.0.1:0".into());
            config
        };
        let free_ports = anywhere(usual.clone()).check(builtin)?;
        let started = if self.check {
            Switch::start(free_ports, paths).await?
        } else {
            match Switch::start(usual.check(builtin)?, paths).await {
                Ok(switch) => switch,
                Err(failure) => {
                    println!("({failure} Taking other ports.)");
                    Switch::start(free_ports, paths).await?
                }
            }
        };
        started.running.readiness().banks_up(banks).await;
        Ok(started)
    }

    /// Tells the story, and keeps what was said, where that is wanted.
    async fn recorded(&self, cast: &Cast, paths: &Paths, terminals: SocketAddr) -> Result<Outcome, Failure> {
        let Some(out) = &self.record else { return self.tell(cast, paths, terminals).await };
        let recording = Recording::start(out, self.force, cast, &settings(), terminals).await?;
        let outcome = self.tell(cast, paths, recording.address).await?;
        recording.stop(cast).await?;
        Ok(outcome)
    }

    async fn tell(&self, cast: &Cast, paths: &Paths, terminals: SocketAddr) -> Result<Outcome, Failure> {
        let ledgers = paths.banks();
        let balance = move |bank: &str, account: &str| {
            let ledger = Statement::open(&ledgers.join(bank).with_extension("db")).ok()?;
            ledger.balance(account).ok()
        };
        let story = Story {
            timers: StoryTimers { bank: BANK_TIMER, ..StoryTimers::default() },
            ledger: Some(&balance),
            ..Story::new(cast)
        };
        Ok(story.tell(terminals, |step| self.print(step)).await?)
    }

    fn print(&self, step: &Step) {
        println!("{}", step.text());
        if self.messages {
            let dialect = TerminalConfig::default().dialect;
            for exchange in &step.exchanges {
                println!("{}", exchange.text(&dialect));
            }
        }
    }
}

/// What the demo's switch does otherwise than the shipped one: its banks are not waited for as long; and a few cards make all of
/// the light traffic, by the limits of a day they would be done within a minute.
fn settings() -> Table {
    let millis = i64::try_from(BANK_TIMER.as_millis()).unwrap_or(1500);
    let timers = ["atm_ms", "pos_ms"].map(|key| (key.to_owned(), Value::Integer(millis)));
    let of = [("timers", Value::Table(timers.into_iter().collect())), ("card_limit", Value::Array(Vec::new()))];
    of.map(|(key, value)| (key.to_owned(), value)).into_iter().collect()
}

/// What to do next: three commands that work as they are printed.
fn invite(outcome: &Outcome, terminals: SocketAddr, http: SocketAddr, folder: &Path) {
    let silent = outcome.steps.iter().flat_map(|step| &step.exchanges);
    let rrn = silent.filter(|it| it.reply.code == model::ResponseCode::BANK_UNAVAILABLE).find_map(|it| it.reply.rrn);
    let rrn = rrn.map_or_else(|| "RRN".to_owned(), |rrn| rrn.to_string());
    let program = std::env::args().next().unwrap_or_else(|| "payswitch".into());
    println!("\n  terminals  {terminals} (ISO 8583, iso87-ascii, 2-byte length)");
    println!("  metrics    http://{http}/metrics");
    println!("  readiness  http://{http}/ready");
    println!("\nTry in another terminal:");
    println!("  {program} send withdraw --card dara --amount 50000 --currency KHR --connect {terminals}");
    println!("  {program} why {rrn} --data {}", folder.display());
    println!("  {program} journal verify --data {}", folder.display());
}

/// Light traffic and a line that counts it, until somebody stops it.
async fn linger(cast: &Cast, terminals: SocketAddr) -> Result<(), Failure> {
    println!("\nLight traffic goes on; Ctrl-C ends it.");
    let counters = Counters::default();
    let config = TrafficConfig { per_second: 20, ..TrafficConfig::default() };
    // A signal that cannot be waited for ends the traffic as the signal would.
    let stopped = async {
        let _ = asked_to_stop().await;
    };
    let running = traffic(terminals, cast, &config, stopped, &counters);
    let counting = async {
        let mut interval = tokio::time::interval(Duration::from_secs(1));
        loop {
            interval.tick().await;
            let counts = counters.snapshot();
            let codes: Vec<String> = counts.answered.iter().map(|(code, count)| format!("{code}: {count}")).collect();
            let _ = write!(std::io::stderr(), "\r  {} sent, answered {}  ", counts.sent, codes.join(", "));
        }
    };
    tokio::select! {
        ended = running => {
            say!("");
            ended?;
        }
        () = counting => {}
    }
    Ok(())
}
