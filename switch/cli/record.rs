//! `payswitch record`: what acquirers and a switch say to each other, as a scenario file that replays.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ::journal::{FIRST, MasterKey, Reader};
use bank_adapters::{Cast, Clock, SystemClock};
use clap::Args;
use engine::Block;
use model::{BusinessDate, InstitutionId, Rrn, Timestamp, UtcOffset};
use rehearsal::record::{Chronicle, Overheard, Recorder, Scribe, Selection, Setting, Tally, Tell, difference, serve};
use rehearsal::scenario::Scenario;
use rehearsal::scenario::draft::{Pairs, Value};
use server::config::{AcquirerSection, DEFAULT, dialect};
use server::{Config, Paths, STREAM};
use tempfile::NamedTempFile;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wire::Framing;

use super::{Failure, asked_to_stop, block_on};

/// `payswitch record`
#[derive(Args)]
#[command(
    group(clap::ArgGroup::new("source").required(true).args(["listen", "journal"])),
    after_help = "Exit codes:\n  0  a scenario was written\n  1  nothing was recorded, or it could not be kept\n  2  the command line is wrong"
)]
pub(super) struct Record {
    /// Where acquirers dial instead of the switch. Bytes pass unchanged, both ways.
    #[arg(long, value_name = "ADDRESS", requires = "to")]
    listen: Option<String>,
    /// Where the switch listens for them.
    #[arg(long, value_name = "ADDRESS", requires = "listen")]
    to: Option<String>,
    /// Read the journal in this data folder instead. It knows no balances, expiry dates and private fields.
    #[arg(long, value_name = "DIR")]
    journal: Option<PathBuf>,
    /// The scenario's file, or a folder for a file that is named by the time.
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
    /// How messages are laid out; as --config says, else iso87-ascii.
    #[arg(long, conflicts_with = "journal")]
    dialect: Option<String>,
    /// How messages are cut from the stream; as --config says, else 2-byte.
    #[arg(long, conflicts_with = "journal")]
    framing: Option<Framing>,
    /// The cards that become aliases; others are left out and counted. The built-in ones where left out.
    #[arg(long, value_name = "FILE")]
    cast: Option<PathBuf>,
    /// The configuration of the recorded switch: what of it is not as shipped goes into the scenario.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The acquirer of that configuration whose link is recorded; the first where left out.
    #[arg(long, value_name = "NAME", requires = "config")]
    link: Option<String>,
    /// Stop after this time: 30s, 5m, 1h30m.
    #[arg(long = "for", value_name = "TIME", value_parser = model::span::parse, conflicts_with = "journal")]
    lasting: Option<Duration>,
    /// Stop when the acquirer has closed its connection.
    #[arg(long, conflicts_with = "journal")]
    once: bool,
    /// Begin with this block of the journal.
    #[arg(long, value_name = "NUMBER", requires = "journal", default_value_t = FIRST)]
    from: u64,
    /// Only the transaction with this reference (DE37), with its repeats and reversals.
    #[arg(long, value_name = "RRN", requires = "journal", value_parser = rrn)]
    rrn: Option<Rrn>,
    /// Only what came while this business date was open: 2022-12-28.
    #[arg(long, value_name = "DATE", requires = "journal", value_parser = date)]
    date: Option<BusinessDate>,
}

/// Says what cannot be recorded.
fn tell() -> Tell {
    Box::new(|what| say!("payswitch: {what}"))
}

fn rrn(text: &str) -> Result<Rrn, String> {
    Rrn::new(text.as_bytes()).ok_or_else(|| "a reference has at most 12 characters".into())
}

fn date(text: &str) -> Result<BusinessDate, String> {
    let mut parts = text.splitn(3, '-').map(str::parse);
    let date = (|| Some((parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?)))();
    date.and_then(|(year, month, day)| BusinessDate::from_civil(year, month, day)).ok_or_else(|| "write 2022-12-28".into())
}

impl Record {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let cast = self.cast.as_deref().map_or_else(|| Ok(Cast::builtin()), Cast::load)?;
        let now = SystemClock::start().now();
        let known = Known::of(self.config.as_deref(), self.link.as_deref())?;
        // Before anything is recorded: who has listened for an hour wants a place to keep it.
        let sheet = Sheet::at(&self.out, self.force, known.offset, now)?;
        match &self.journal {
            Some(folder) => self.by_journal(folder, &known, &cast, sheet),
            None => block_on(self.by_wire(known, cast, sheet)),
        }
    }

    async fn by_wire(&self, known: Known, cast: Cast, sheet: Sheet) -> Result<ExitCode, Failure> {
        let (Some(listen), Some(to)) = (&self.listen, &self.to) else { return Err("give --listen and --to".into()) };
        let speech = known.speech(self.dialect.as_deref(), self.framing)?;
        let mut setting = known.setting(cast.clone(), &format!("Recorded between acquirers and {to}"));
        setting.switch.extend(speech.over);
        let recorder = Arc::new(Recorder::new(Scribe::new(setting), dialect(&speech.dialect)?, speech.framing, tell()));
        let listener = TcpListener::bind(listen).await.map_err(|error| format!("cannot listen on {listen}: {error}"))?;
        let asked = asked_to_stop();
        say!("recording: {} → {to}; Ctrl-C ends it and writes {}", listener.local_addr()?, sheet.path.display());
        let lasting = self.lasting;
        let stop = async move {
            let over = async {
                match lasting {
                    Some(lasting) => tokio::time::sleep(lasting).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = over => {}
                // A signal that cannot be waited for ends the recording as the signal would.
                _ = asked => {}
            }
        };
        serve(listener, to.clone(), Arc::clone(&recorder), self.once, stop).await;
        sheet.keep(&recorder.scribe(), &cast)
    }

    fn by_journal(&self, folder: &Path, known: &Known, cast: &Cast, sheet: Sheet) -> Result<ExitCode, Failure> {
        let paths = Paths::new(folder);
        let reader = Reader::open(paths.journal(), STREAM, &MasterKey::load(paths.master_key())?)?;
        let mut setting = known.setting(cast.clone(), "Recorded from a journal");
        setting.institution = Some(known.institution);
        let wanted = Selection { from: self.from, rrn: self.rrn, date: self.date };
        let mut chronicle = Chronicle::new(Scribe::new(setting), wanted);
        let mut epoch = None;
        for block in reader.from(FIRST) {
            let block = block?;
            if epoch.replace(block.epoch) != Some(block.epoch) {
                chronicle.started(block.number);
            }
            if block.payload.is_empty() {
                continue;
            }
            let damaged = |source| format!("block {}: {source}", block.number);
            for entry in Block::read(&block.payload).map_err(damaged)?.entries() {
                chronicle.read(block.number, &entry.map_err(damaged)?);
            }
        }
        sheet.keep(&chronicle.into_scribe(), cast)
    }
}

/// What is known of the recorded switch by its configuration; the shipped one's, where none was given.
struct Known {
    acquirer: AcquirerSection,
    link: Option<String>,
    offset: UtcOffset,
    institution: InstitutionId,
    switch: Pairs,
    remarks: Vec<String>,
}

/// How a link speaks, and what of that must be laid over the configuration.
struct Speech {
    dialect: String,
    framing: Framing,
    over: Pairs,
}

impl Known {
    fn of(config: Option<&Path>, link: Option<&str>) -> Result<Self, Failure> {
        let Some(path) = config else { return Self::by(Path::new("(built-in)"), DEFAULT, link) };
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::by(path, &text, link)
    }

    /// By the text of a configuration, which `path` names in errors.
    fn by(path: &Path, text: &str, link: Option<&str>) -> Result<Self, Failure> {
        let config = Config::parse(path, text)?;
        let offset = UtcOffset::parse(&config.switch.utc_offset).unwrap_or_default();
        let names = || config.acquirer.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ");
        let acquirer = config.acquirer.iter().find(|it| link.is_none_or(|link| it.name == link));
        let acquirer =
            acquirer.cloned().ok_or_else(|| format!("{}: has no such [[acquirer]]; it has: {}", path.display(), names()))?;
        let institution = acquirer.institution.parse().ok().and_then(InstitutionId::new);
        let institution = institution.ok_or_else(|| format!("{:?} is no institution", acquirer.institution))?;
        let shipped = DEFAULT.parse::<toml::Table>()?;
        let found = difference(&shipped, &text.parse()?);
        let first = shipped.get("acquirer").and_then(|it| it.get(0)).and_then(|it| it.get("name"));
        let link = Some(acquirer.name.clone()).filter(|name| first.and_then(toml::Value::as_str) != Some(name));
        Ok(Self { acquirer, link, offset, institution, switch: found.keys, remarks: found.remarks })
    }

    fn setting(&self, cast: Cast, title: &str) -> Setting {
        let mut about = vec![format!("{title} by payswitch {}.", env!("CARGO_PKG_VERSION"))];
        about.push("It replays on a fresh switch; figures of accounts are those of the cast when it was recorded on one.".into());
        about.extend(self.remarks.iter().cloned());
        Setting {
            cast,
            offset: self.offset,
            institution: None,
            link: self.link.clone(),
            switch: self.switch.clone(),
            title: title.into(),
            about,
        }
    }

    fn speech(&self, dialect: Option<&str>, framing: Option<Framing>) -> Result<Speech, Failure> {
        let configured: Framing = self.acquirer.framing.parse()?;
        let (speaks, framing) = (dialect.unwrap_or(&self.acquirer.dialect).to_owned(), framing.unwrap_or(configured));
        let mut over: Pairs = Vec::new();
        if speaks != self.acquirer.dialect || framing != configured {
            let name = Value::Text(self.acquirer.name.clone());
            let pairs = [("name", name), ("dialect", speaks.as_str().into()), ("framing", framing.to_string().into())];
            over.push(("acquirer".into(), Value::List(vec![Value::Table(pairs.map(|(key, it)| (key.to_owned(), it)).into())])));
        }
        Ok(Speech { dialect: speaks, framing, over })
    }
}

/// A recording of a switch in this process: its terminals dial `address`.
pub(super) struct Recording {
    pub(super) address: SocketAddr,
    recorder: Arc<Recorder>,
    sheet: Sheet,
    stop: CancellationToken,
    serving: JoinHandle<Overheard>,
}

impl Recording {
    /// Begins it. `over` is what lies over the shipped configuration.
    pub(super) async fn start(out: &Path, force: bool, cast: &Cast, over: &toml::Table, to: SocketAddr) -> Result<Self, Failure> {
        let mut known = Known::of(None, None)?;
        known.switch = flat(over);
        let sheet = Sheet::at(out, force, known.offset, SystemClock::start().now())?;
        let speech = known.speech(None, None)?;
        let scribe = Scribe::new(known.setting(cast.clone(), "The story of payswitch demo, recorded"));
        let recorder = Arc::new(Recorder::new(scribe, dialect(&speech.dialect)?, speech.framing, tell()));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, stop) = (listener.local_addr()?, CancellationToken::new());
        let serving = serve(listener, to.to_string(), Arc::clone(&recorder), false, stop.clone().cancelled_owned());
        Ok(Self { address, recorder, sheet, stop, serving: tokio::spawn(serving) })
    }

    /// Ends it and keeps what was said.
    pub(super) async fn stop(self, cast: &Cast) -> Result<(), Failure> {
        self.stop.cancel();
        self.serving.await?;
        self.sheet.keep(&self.recorder.scribe(), cast)?;
        Ok(())
    }
}

/// Keys with those of their tables dotted: `timers.atm_ms`.
fn flat(table: &toml::Table) -> Pairs {
    let keys = table.iter().flat_map(|(key, value)| match value {
        toml::Value::Table(inner) => flat(inner).into_iter().map(|(name, it)| (format!("{key}.{name}"), it)).collect(),
        other => vec![(key.clone(), Value::of(other))],
    });
    keys.collect()
}

/// The file that is to be written: whole, or not at all.
struct Sheet {
    path: PathBuf,
    file: NamedTempFile,
    force: bool,
}

impl Sheet {
    /// A place for it beside where it will stand, taken now.
    fn at(out: &Path, force: bool, offset: UtcOffset, now: Timestamp) -> Result<Self, Failure> {
        let path = match out.is_dir() {
            true => out.join(format!("recorded-{}-{}.toml", offset.date(now), offset.local_time(now))),
            false => out.to_owned(),
        };
        if path.exists() && !force {
            return Err(format!("{} is there already; --force writes over it, or name another file", path.display()).into());
        }
        // A link stays one: what it leads to is written.
        let path = path.canonicalize().unwrap_or(path);
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new().prefix(".recording-").tempfile_in(folder);
        let file =
            file.map_err(|error| format!("{}: {error}; name a folder that is there and may be written", folder.display()))?;
        Ok(Self { path, file, force })
    }

    /// Writes what was taken down and says what that is.
    fn keep(mut self, scribe: &Scribe, cast: &Cast) -> Result<ExitCode, Failure> {
        let tally = scribe.tally();
        let _ = writeln!(std::io::stdout(), "{}", told(&tally));
        let Some(text) = scribe.write() else {
            say!("payswitch: nothing was recorded, so nothing was written");
            return Ok(ExitCode::FAILURE);
        };
        // What a recorder writes a reader must understand, and none reads a card number: what is refused stands nowhere.
        Scenario::parse(&self.path, &text, cast)?;
        self.file.write_all(text.as_bytes())?;
        self.file.as_file().sync_all()?;
        let path = self.path.display();
        match self.force {
            true => self.file.persist(&self.path),
            // Nor over one that has come meanwhile.
            false => self.file.persist_noclobber(&self.path),
        }
        .map_err(|it| match it.file.keep() {
            Ok((_, kept)) => format!("{path}: {}; the recording stands in {}", it.error, kept.display()),
            Err(_) => format!("{path}: {}", it.error),
        })?;
        let _ = writeln!(std::io::stdout(), "{}", self.path.display());
        Ok(ExitCode::SUCCESS)
    }
}

fn told(tally: &Tally) -> String {
    let Tally { requests, answers, orders, strangers, left_out } = tally;
    let mut text = format!("{requests} requests and {answers} answers recorded");
    if *orders > 0 {
        text += &format!(", {orders} orders");
    }
    if *strangers > 0 {
        text += &format!("\n{strangers} left out, for their cards are not in the cast: name them in a file and give --cast FILE");
    }
    if *left_out > 0 {
        text += &format!("\n{left_out} left out otherwise; the file says in comments what and why");
    }
    text
}
