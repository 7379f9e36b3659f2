//! `payswitch cards`: the card store. What is personal is shown masked, here as everywhere.

mod import;
mod issue;
mod order;
mod show;

use std::process::ExitCode;

use ::cards::{CivilServantId, Of, Store};
use clap::{Args, Subcommand};
use journal::MasterKey;
use model::{BusinessDate, Pan, Timestamp, UtcOffset};
use server::Paths;

use super::{DataFolder, Failure};

/// `payswitch cards`
#[derive(Args)]
pub(super) struct CardsCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Take in files of an agency, line by line: people who applied, or cards with their numbers.
    Import(import::Import),
    /// Print cards, hand them over to their holders, or get a virtual one.
    Issue(issue::Issue),
    /// Refuse a card from its next transaction on: an order to the running switch, which the store follows. Needs a reason.
    Block(order::Block),
    /// Refuse a blocked card no longer. Needs a reason.
    Unblock(order::Unblock),
    /// Refuse a card, and register another in its place. Needs a reason.
    Replace(order::Replace),
    /// Show a card, or all of a person, with what became of it; what is personal masked.
    Show(show::Show),
    /// Count cards by agency, bank and state.
    Stats(show::Stats),
}

impl CardsCommand {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self.what {
            What::Import(import) => import.run(),
            What::Issue(issue) => issue.run(),
            What::Block(block) => block.run(),
            What::Unblock(unblock) => unblock.run(),
            What::Replace(replace) => replace.run(),
            What::Show(show) => show.run(),
            What::Stats(stats) => stats.run(),
        }
    }
}

/// One card, or the one of a person.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// Its holder's civil servant id, or `-` to read it from standard input, where no shell remembers it.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// The card's number, or `-` to read it from standard input; or an alias of the built-in cast.
    #[arg(long, value_name = "NUMBER")]
    card: Option<String>,
}

impl Whose {
    fn of(&self) -> Result<Of, Failure> {
        match (&self.person, &self.card) {
            (Some(id), _) => Ok(Of::Person(person(id)?)),
            (None, Some(card)) => Ok(Of::Card(card_number(card)?)),
            (None, None) => Err("name a person or a card".into()),
        }
    }
}

fn person(id: &str) -> Result<CivilServantId, Failure> {
    let mut line = id.to_owned();
    if id == "-" {
        line.clear();
        std::io::stdin().read_line(&mut line)?;
    }
    Ok(CivilServantId::parse(line.trim()).map_err(|unfit| format!("--person: {}", unfit.problem))?)
}

fn card_number(card: &str) -> Result<Pan, Failure> {
    let pan = Pan::from_digits(super::order::number(card)?.as_bytes()).map_err(|error| format!("--card: {error}"))?;
    if pan.luhn_holds() { Ok(pan) } else { Err("--card: the check digit is wrong: a digit was mistyped".into()) }
}

/// Opens the store. `make` is whether there may be none yet.
fn store(folder: &DataFolder, make: bool) -> Result<Store, Failure> {
    let paths = Paths::new(&folder.data);
    if make {
        std::fs::create_dir_all(paths.root()).map_err(|error| format!("{}: {error}", paths.root().display()))?;
        let key = MasterKey::load_or_create(paths.master_key())?;
        return Ok(Store::open(&paths.cards(), server::cards::keys(&key))?);
    }
    let missing = || ::cards::Error::Missing { place: paths.cards().display().to_string() };
    if !paths.cards().exists() {
        return Err(missing().into());
    }
    let key = MasterKey::load(paths.master_key())?;
    Ok(Store::open_existing(&paths.cards(), server::cards::keys(&key))?)
}

/// The machine's moment.
fn now() -> Timestamp {
    bank_adapters::Clock::now(&bank_adapters::SystemClock::start())
}

/// The day that is meant, or today by the local time of the built-in configuration.
fn day(on: Option<BusinessDate>) -> BusinessDate {
    on.unwrap_or_else(|| UtcOffset::from_minutes(7 * 60).unwrap_or_default().date(now()))
}

/// A day, as an argument.
fn calendar_day(text: &str) -> Result<BusinessDate, String> {
    let moment = Timestamp::parse(&format!("{text}T00:00:00Z")).filter(|_| text.len() == 10);
    moment.map(BusinessDate::utc).ok_or_else(|| "must be a day of the calendar, written like 2022-12-28".to_owned())
}

/// So many, in words.
fn cards(count: u64) -> String {
    if count == 1 { "1 card".to_owned() } else { format!("{count} cards") }
}
