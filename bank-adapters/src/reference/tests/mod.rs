//! The rules of the reference banks, told as stories.

mod durability;
mod measure;
mod model_bank;
mod reversals;
mod stories;

use std::path::PathBuf;

use model::{
    Currency, InstitutionId, Kind, LocalDate, Money, ProcessingCode, ResponseCode, Rrn, Stan, Text, Timestamp, TransmissionTime,
};

use super::{Answer, Ledger, Statement};
use crate::{BankReply, BankRequest, Cast, Financial, Reference, Reversal, Secret};

/// 15 January 2026, 00:00 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_768_435_200_000_000);

/// A bank with its ledger in a directory that goes with it.
struct Branch {
    name: &'static str,
    cast: Cast,
    directory: tempfile::TempDir,
    ledger: Option<Ledger>,
}

impl Branch {
    fn of(name: &'static str) -> Self {
        let mut branch = Self { name, cast: Cast::builtin(), directory: tempfile::tempdir().unwrap(), ledger: None };
        branch.reopen();
        branch
    }

    /// Closes the ledger, where it is open, and opens it again.
    fn reopen(&mut self) {
        self.ledger = None;
        self.ledger = Some(Ledger::open(self.cast.bank(self.name).unwrap(), self.directory.path(), &self.cast).unwrap());
    }

    fn answer(&mut self, request: &BankRequest) -> Answer {
        let posted = self.ledger.as_mut().unwrap().post(&[(request.clone(), NOW)]).unwrap();
        posted.into_iter().next().unwrap()
    }

    fn reply(&mut self, request: &BankRequest) -> BankReply {
        match self.answer(request) {
            Answer::Given(reply) => reply,
            Answer::Withheld => panic!("no answer to {request:?}"),
        }
    }

    /// What the bank answers, as DE39.
    fn code(&mut self, request: &BankRequest) -> String {
        self.reply(request).code.to_string()
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join(format!("{}.db", self.name))
    }

    fn statement(&self) -> Statement {
        Statement::open(&self.file()).unwrap()
    }

    fn account(&self, alias: &str, currency: Currency) -> String {
        self.cast.card(alias).unwrap().account(currency).unwrap().number.to_string()
    }

    /// What a card's account gained or lost since it was opened, in minor units; the same by heart and by the entries.
    fn change(&self, alias: &str, currency: Currency) -> i64 {
        let account = self.cast.card(alias).unwrap().account(currency).unwrap();
        let number = account.number.to_string();
        let balance = self.ledger.as_ref().unwrap().balance(&number).unwrap();
        assert_eq!(self.statement().balance(&number).unwrap(), balance, "{alias}: by heart and by the entries");
        balance - i64::try_from(account.opening.minor()).unwrap()
    }

    /// Every posting sums to zero, and what the bank knows by heart is what the entries say.
    fn assert_in_order(&self) {
        let statement = self.statement();
        assert_eq!(statement.unbalanced().unwrap(), []);
        for account in statement.accounts().unwrap() {
            assert_eq!(self.ledger.as_ref().unwrap().balance(&account.number), Some(account.balance), "{}", account.number);
        }
    }
}

fn usd() -> Currency {
    Currency::from_alpha("USD").unwrap()
}

fn khr() -> Currency {
    Currency::from_alpha("KHR").unwrap()
}

fn dollars(major: &str) -> Money {
    Money::from_major(major, usd()).unwrap()
}

fn riel(major: &str) -> Money {
    Money::from_major(major, khr()).unwrap()
}

pub(crate) fn reference(stan: u32) -> Reference {
    Reference {
        transmitted: TransmissionTime::new(115_000_000).unwrap(),
        stan: Stan::new(stan).unwrap(),
        acquirer: InstitutionId::new(116_002),
    }
}

/// A request by a card of the built-in cast.
pub(crate) fn request(kind: Kind, card: &str, amount: Money, stan: u32) -> Financial {
    let card = Cast::builtin().card(card).unwrap().clone();
    Financial {
        reference: reference(stan),
        repeat: false,
        kind,
        processing: ProcessingCode::of(kind),
        amount,
        fee: 0,
        parts: Vec::new(),
        pan: Some(card.pan),
        expiry: Some(card.expiry),
        from_account: None,
        to_account: None,
        rrn: Rrn::new(format!("RRN{stan:09}").as_bytes()),
        business_date: LocalDate::new(115),
        local_time: None,
        local_date: None,
        terminal: Text::new(b"ATM00001"),
        merchant: None,
        merchant_type: None,
        location: None,
        entry_mode: Some(51),
        condition: None,
        forwarder: None,
        receiver: None,
        track2: None,
        pin: Some(Secret::new(&[0x5A; 8])),
        new_pin: None,
        chip: None,
    }
}

fn ask(kind: Kind, card: &str, amount: Money, stan: u32) -> BankRequest {
    BankRequest::Financial(Box::new(request(kind, card, amount, stan)))
}

fn purchase(card: &str, amount: Money, stan: u32) -> BankRequest {
    ask(Kind::Purchase, card, amount, stan)
}

/// A salary to the account of this card's holder, with no card in it.
fn salary(card: &str, amount: Money, stan: u32) -> BankRequest {
    let to_account = Cast::builtin().card(card).unwrap().account(amount.currency()).map(|account| account.number);
    BankRequest::Financial(Box::new(Financial { to_account, pan: None, ..request(Kind::Salary, card, amount, stan) }))
}

/// A full reversal of the request with this number.
fn reversal(stan: u32) -> BankRequest {
    reversal_down_to(stan, None)
}

fn reversal_down_to(stan: u32, stands: Option<Money>) -> BankRequest {
    BankRequest::Reversal(Box::new(Reversal {
        original: reference(stan),
        repeat: false,
        advice: true,
        kind: None,
        amount: None,
        stands,
        pan: None,
        rrn: Rrn::new(format!("RRN{stan:09}").as_bytes()),
        business_date: LocalDate::new(116),
        terminal: None,
    }))
}

const APPROVED: ResponseCode = ResponseCode::APPROVED;
