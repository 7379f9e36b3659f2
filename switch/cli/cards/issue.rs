//! `payswitch cards issue`: from registered to the holder's hand, and virtual cards.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use ::cards::{CivilServantId, Of, Store};
use clap::Args;
use model::BusinessDate;
use serde_json::json;

use super::super::send::Send;
use super::{DataFolder, Failure, calendar_day, card_number, cards, day, now, person, store};

/// `payswitch cards issue`
#[derive(Args)]
pub(super) struct Issue {
    #[command(flatten)]
    step: Step,
    #[command(flatten)]
    whose: Many,
    /// Who does it.
    #[arg(long, value_name = "NAME")]
    operator: String,
    /// Why, for the card's history.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// The day on which cards are printed, from which they are good for ten years; today where left out.
    #[arg(long, value_name = "DAY", value_parser = calendar_day)]
    on: Option<BusinessDate>,
    /// Where the switch listens for terminals; for --virtual.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8583")]
    connect: String,
    /// JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    folder: DataFolder,
}

/// What is done.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Step {
    /// Print cards that are registered.
    #[arg(long)]
    print: bool,
    /// Hand printed cards over: their holders can use them.
    #[arg(long)]
    hand_over: bool,
    /// Ask for a virtual card on a card, as its holder does at a machine of its bank. The running switch must reach that bank.
    #[arg(long = "virtual")]
    is_virtual: bool,
}

/// Whose cards.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct Many {
    /// Of everybody registered from this agency.
    #[arg(long, value_name = "NAME")]
    agency: Option<String>,
    /// Of the person with this civil servant id, or `-` to read it from standard input.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// Of the people whose civil servant ids stand in a file, one a line.
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    /// The card with this number, or `-` to read it from standard input.
    #[arg(long, value_name = "NUMBER")]
    card: Option<String>,
    /// Everybody's.
    #[arg(long)]
    all: bool,
}

impl Many {
    fn of(&self) -> Result<Of, Failure> {
        Ok(match self {
            Self { agency: Some(name), .. } => Of::Agency(name.clone()),
            Self { person: Some(id), .. } => Of::Person(person(id)?),
            Self { list: Some(file), .. } => Of::People(people(file)?),
            Self { card: Some(card), .. } => Of::Card(card_number(card)?),
            Self { .. } => Of::All,
        })
    }
}

/// The ids in a file.
fn people(file: &PathBuf) -> Result<Vec<CivilServantId>, Failure> {
    let failed = |error: std::io::Error| format!("{}: {error}", file.display());
    let lines = BufReader::new(std::fs::File::open(file).map_err(failed)?).lines();
    let mut people = Vec::new();
    for (number, line) in (1..).zip(lines) {
        let line = line.map_err(failed)?;
        let id = CivilServantId::parse(line.trim()).map_err(|unfit| format!("{}:{number}: {unfit}", file.display()));
        people.push(id?);
    }
    Ok(people)
}

impl Issue {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        server::check_words(&self.operator, "").map_err(|error| format!("--operator {error}"))?;
        server::check_words("", &self.reason).map_err(|error| format!("--reason {error}"))?;
        let of = self.whose.of()?;
        let mut store = store(&self.folder, false)?;
        if self.step.is_virtual {
            return self.asks_for_virtual(&mut store, &of);
        }
        let (done, what) = if self.step.print {
            (store.print(&of, day(self.on), now(), &self.operator, &self.reason)?, "printed")
        } else {
            (store.hand_over(&of, now(), &self.operator, &self.reason)?, "handed over")
        };
        match self.json {
            true => println!("{}", json!({ "step": what, "cards": done })),
            false => println!("{what}: {}", cards(done)),
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Only at machines of the bank that offers it, and only by its own word: the store has the card when the bank has issued it.
    fn asks_for_virtual(&self, store: &mut Store, of: &Of) -> Result<ExitCode, Failure> {
        if self.json {
            return Err("--virtual shows the exchange and has no JSON; `payswitch cards show --json` shows the card".into());
        }
        let card = store.card_of(of)?;
        let expiry = card.expiry.ok_or("the card was never printed")?;
        let institution = model::InstitutionId::new(card.institution).ok_or("its bank has no institution")?;
        Send::virtual_card(card.pan, expiry.yymm(), institution, self.connect.clone()).run()
    }
}
