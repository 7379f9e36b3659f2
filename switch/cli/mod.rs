//! Commands, one file each. A command parses what was typed, calls the room that does the work, and prints.

/// Says something on standard error, in a line. Who has closed it is not told, which is no failure of ours: `eprintln!` would panic.
macro_rules! say {
    ($($told:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($told)*);
    }};
}

mod ask;
mod bank;
mod cards;
mod clock;
mod codec;
mod dead_letters;
mod demo;
mod desk;
mod doctor;
mod fault;
mod generate;
mod hot_cards;
mod journal;
mod load;
mod order;
mod overruled;
mod payroll;
mod positions;
mod record;
mod replay;
mod run;
mod scenario;
mod send;
mod simulate;
mod spec;
mod status;
mod table;
mod why;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use server::config::{LogFormat, LogSection};

/// What any command may fail with: said once, on standard error.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A payment switch simulator: ISO 8583 between terminals and banks, durable and fast.
#[derive(Parser)]
#[command(name = "payswitch", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the switch.
    Run(run::Run),
    /// See it work: a narrated list of transactions on the real switch, then light traffic.
    Demo(demo::Demo),
    /// Run one of the reference banks as a host of its own.
    Bank(bank::Bank),
    /// Send one transaction to a running switch and show the exchange.
    Send(send::Send),
    /// Load a running switch, at a rate or by windows, and tell how it stood it.
    Load(load::Load),
    /// Prove it: thousands of worlds on a virtual clock in which everything goes wrong, checked from outside.
    Simulate(simulate::Simulate),
    /// Play scenario files and tell what came of each.
    Replay(replay::Replay),
    /// Check, tidy and make scenario files.
    Scenario(scenario::ScenarioCommand),
    /// Tell the whole story of a transaction, leg by leg.
    Why(why::Why),
    /// Tell how a running switch is: business date, banks, what waits.
    Status(status::Status),
    /// Give a running switch an order.
    Order(order::OrderCommand),
    /// List who owes whom, by business date and currency.
    Positions(positions::Positions),
    /// List what is owed to banks and was given up.
    DeadLetters(dead_letters::DeadLetters),
    /// Keep the card store: import, issue, block, replace, show, count.
    Cards(cards::CardsCommand),
    /// List the cards that are refused.
    HotCards(hot_cards::HotCards),
    /// List what stands although its acquirer reversed it.
    Overruled(overruled::Overruled),
    /// Pay salaries: check, submit, approve, follow, report.
    Payroll(payroll::PayrollCommand),
    /// Take down what acquirers and a switch say to each other, as a scenario file.
    Record(record::Record),
    /// Set faults on a running switch's links: messages late, lost, doubled, spoiled; connections that break.
    Fault(fault::FaultCommand),
    /// Show a running switch's clock, or move one that stands.
    Clock(clock::ClockCommand),
    /// Look into the journal.
    Journal(journal::JournalCommand),
    /// Print the interface specification that a bank would sign.
    Spec(spec::Spec),
    /// Turn messages (hex lines on standard input) into JSON lines.
    Decode(codec::Decode),
    /// Find out the framing and dialect of bytes that nobody can read.
    Doctor(doctor::Doctor),
    /// Make a nation of made-up civil servants to test with: registry, cards, accounts, payrolls.
    Generate(generate::Generate),
    /// Turn JSON lines on standard input into messages (hex lines).
    Encode(codec::Encode),
}

/// Where a switch keeps what it must not forget.
#[derive(Args)]
struct DataFolder {
    /// The data folder: key, journal, views, ledgers of the banks in the same process.
    #[arg(long, value_name = "DIR", default_value = "payswitch-data")]
    data: PathBuf,
}

pub(crate) fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(run) => run.run(),
        Command::Demo(demo) => demo.run(),
        Command::Bank(bank) => bank.run(),
        Command::Send(send) => send.run(),
        Command::Load(load) => load.run(),
        Command::Simulate(simulate) => simulate.run(),
        Command::Replay(replay) => replay.run(),
        Command::Scenario(scenario) => scenario.run(),
        Command::Why(why) => why.run(),
        Command::Status(status) => status.run(),
        Command::Order(order) => order.run(),
        Command::Positions(positions) => positions.run(),
        Command::DeadLetters(letters) => letters.run(),
        Command::Cards(cards) => cards.run(),
        Command::HotCards(cards) => cards.run(),
        Command::Overruled(overruled) => overruled.run(),
        Command::Payroll(payroll) => payroll.run(),
        Command::Record(record) => record.run(),
        Command::Fault(fault) => fault.run(),
        Command::Clock(clock) => clock.run(),
        Command::Journal(journal) => journal.run(),
        Command::Spec(spec) => spec.run(),
        Command::Decode(decode) => decode.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Generate(generate) => generate.run(),
        Command::Encode(encode) => encode.run(),
    };
    result.unwrap_or_else(|failure| {
        say!("payswitch: {failure}");
        ExitCode::FAILURE
    })
}

/// Starts logging to standard error.
fn log(section: &LogSection) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_new(&section.level)
        .map_err(|error| format!("log.level: {:?}: {error}; write error, warn, info, debug or trace", section.level))?;
    let on_screen = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(on_screen);
    // Where standard error is closed it would say so there, and panic.
    let builder = builder.log_internal_errors(false);
    match section.format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Runs a command's asynchronous part on this thread.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// Resolves when the process is asked to stop: SIGTERM, Ctrl-C, or SIGHUP, as when its terminal is closed. It listens from the call
/// on, not from when it is first awaited, so that who reads that a command runs can ask it to stop at once.
fn asked_to_stop() -> impl Future<Output = std::io::Result<()>> {
    use tokio::signal::unix::{SignalKind, signal};
    // To listen for a signal ends its being ignored, and somebody may have wanted it ignored.
    let under_nohup = ignores_hang_up();
    let listening =
        signal(SignalKind::terminate()).and_then(|it| Ok((it, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?)));
    async move {
        let (mut terminate, mut interrupt, mut hang_up) = listening?;
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
            _ = hang_up.recv(), if !under_nohup => Ok(()),
        }
    }
}

/// Whether the process was started to outlive its terminal: `nohup`. Where that cannot be known, it was not.
fn ignores_hang_up() -> bool {
    static AT_START: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *AT_START.get_or_init(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).map(str::trim);
        // SIGHUP is number 1: the lowest bit.
        ignored.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask & 1 == 1)
    })
}

/// A closed pipe behind us (`| head`) is no failure of ours.
fn quiet_on_closed_pipe(result: std::io::Result<()>) -> Result<ExitCode, Failure> {
    match result {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
