//! The rules of the reference banks, told as stories.

mod advices;
mod asking;
mod durability;
mod fees;
mod holds;
mod issued;
mod measure;
mod model_bank;
mod operators;
mod partial;
mod payroll;
mod reversals;
mod stories;

use std::path::PathBuf;
use std::time::Duration;

use model::{Currency, InstitutionId, Kind, Money, ResponseCode, Rrn, Text, Timestamp};

use super::{Answer, HoldState, Ledger, Statement};
use crate::{Advice, Authorization, BankReply, BankRequest, Cast, Financial, Secret};
use asking::*;

/// 15 January 2026, 00:00 UTC.
const NOW: Timestamp = Timestamp::from_micros(1_768_435_200_000_000);

const APPROVED: ResponseCode = ResponseCode::APPROVED;

/// A bank with its ledger in a directory that goes with it.
struct Branch {
    name: &'static str,
    cast: Cast,
    directory: tempfile::TempDir,
    ledger: Option<Ledger>,
    now: Timestamp,
}

impl Branch {
    fn of(name: &'static str) -> Self {
        let mut branch = Self { name, cast: Cast::builtin(), directory: tempfile::tempdir().unwrap(), ledger: None, now: NOW };
        branch.reopen();
        branch
    }

    /// Closes the ledger, where it is open, and opens it again.
    fn reopen(&mut self) {
        self.ledger = None;
        self.ledger = Some(Ledger::open(self.cast.bank(self.name).unwrap(), self.directory.path(), &self.cast).unwrap());
    }

    fn answer(&mut self, request: &BankRequest) -> Answer {
        let posted = self.ledger.as_mut().unwrap().post(&[(request.clone(), self.now)]).unwrap();
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

    fn days_pass(&mut self, days: u64) {
        self.now = self.now + Duration::from_secs(days * 86_400);
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

    /// What a card's holder may spend, in minor units; the same by heart and by the tables.
    fn available(&self, alias: &str, currency: Currency) -> i64 {
        let number = self.account(alias, currency);
        let (statement, ledger) = (self.statement(), self.ledger.as_ref().unwrap());
        let available = ledger.available(&number).unwrap();
        let held = statement.held(&number, self.now).unwrap();
        assert_eq!(statement.balance(&number).unwrap() - held, available, "{alias}: by heart and by the holds");
        available
    }

    /// What became of the hold of the authorization with this number.
    fn hold(&self, stan: u32) -> Option<HoldState> {
        self.statement().hold(&reference(stan)).unwrap().map(|hold| hold.state)
    }

    fn settlement(&self, currency: Currency) -> i64 {
        self.statement().settlement(currency).unwrap()
    }

    /// Every posting sums to zero and is there once, every hold has ended or goes on, and what the bank knows by heart is what the
    /// tables say.
    fn assert_in_order(&self) {
        let statement = self.statement();
        let ledger = self.ledger.as_ref().unwrap();
        assert_eq!(statement.unbalanced().unwrap(), []);
        let tables = rusqlite::Connection::open(self.file()).unwrap();
        let astray = tables.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get::<_, i64>(0));
        assert_eq!(astray.unwrap(), 0, "a row refers to another that is not there");
        let chained = "SELECT count(*) FROM entries AS it WHERE previous IS NOT
                       (SELECT max(id) FROM entries WHERE account = it.account AND id < it.id)";
        assert_eq!(tables.query_row(chained, [], |row| row.get::<_, i64>(0)).unwrap(), 0, "an entry's forerunner is another");
        for account in statement.accounts().unwrap() {
            let available = account.balance - account.held;
            let by_heart = (ledger.balance(&account.number), ledger.available(&account.number));
            assert_eq!(by_heart, (Some(account.balance), Some(available)), "{}", account.number);
            let mut postings = statement.entries_on(&account.number).unwrap();
            postings.retain(|entry| entry.what != "opening");
            let names: std::collections::HashSet<_> = postings.iter().map(|entry| (&entry.reference, &entry.what)).collect();
            assert_eq!(names.len(), postings.len(), "{}: a posting is there twice", account.number);
        }
        for hold in statement.holds().unwrap() {
            assert_eq!(hold.state == HoldState::Held, hold.ended_at.is_none(), "{hold:?}");
            assert_eq!(hold.state == HoldState::Taken, hold.ended_by.is_some(), "{hold:?}");
        }
    }
}
