//! What is said over HTTP, as JSON: plain data, made by whoever has a switch, read by whoever asks it.

use serde::{Deserialize, Serialize};

/// `GET /status`: how the switch is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// Why it cannot serve now; `None` where it can.
    pub problem: Option<String>,
    /// The business date that new requests belong to, `2022-12-28`.
    pub business_date: String,
    /// At which time of the local day the next one opens, `00:00`.
    #[serde(default)]
    pub cutover: String,
    /// Whether the day before it is closed.
    pub day_before_closed: bool,
    /// Earlier dates that are not closed.
    pub days_not_closed: Vec<OpenDay>,
    /// Every bank of the configuration.
    pub banks: Vec<Bank>,
    /// Advices and repeats owed to banks.
    pub forward_depth: usize,
    /// What is owed to banks and was given up.
    pub dead_letters: usize,
    /// Authorized amounts that are held.
    pub holds: usize,
    /// Cards that are refused.
    pub hot_cards: usize,
    /// Transactions that stand although their acquirer reversed them.
    pub overruled: usize,
}

/// A business date that is over and not closed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenDay {
    /// The date.
    pub business_date: String,
    /// How many of its requests have no answer.
    pub unanswered: u64,
}

/// A bank, as the switch sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bank {
    /// Its name.
    pub name: String,
    /// Its institution number.
    pub institution: u32,
    /// Whether a link to it is up.
    pub up: bool,
    /// Whether it has signed off, or was by an operator.
    pub signed_off: bool,
    /// What is open there.
    pub in_flight: usize,
    /// What is owed to it.
    pub forward_depth: usize,
}

/// A line of `GET /faults`: a fault that a tester has set on a link.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// Its number.
    pub id: u64,
    /// `delay`, `drop` …
    pub action: String,
    /// The bank's or acquirer's name.
    pub link: String,
    /// `in`, `out` or `both`.
    pub way: String,
    /// The only message type that it strikes.
    pub only: Option<String>,
    /// How many messages it strikes.
    pub times: Option<u32>,
    /// How long.
    pub by: Option<String>,
    /// Bytes a second.
    pub rate: Option<u32>,
    /// What a choice by chance depends on.
    pub seed: Option<u64>,
    /// How many messages it has struck.
    pub struck: u64,
    /// Whether it may still strike.
    pub active: bool,
}

/// `DELETE /faults`: how many faults are gone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cleared {
    /// How many.
    pub cleared: usize,
}

/// `GET /clock`: the switch's clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Clock {
    /// What it shows, RFC 3339, UTC.
    pub now: String,
    /// The same in local time, `2022-12-28 09:00:00`.
    pub local: String,
    /// Whether it stands until it is told.
    pub manual: bool,
    /// Whether it has come to where it was to be moved; if not, ask again with `to` as here.
    pub reached: bool,
    /// Where it was to be moved and is not yet, RFC 3339, UTC.
    pub to: Option<String>,
}

/// A list, and how many there are where it was cut.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct List<T> {
    /// The lines shown.
    pub lines: Vec<T>,
    /// How many there are.
    pub total: usize,
}

/// A line of `GET /positions`: what somebody is owed or owes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Position {
    /// The date.
    pub business_date: String,
    /// Whether nothing more is posted in it.
    pub closed: bool,
    /// ISO 4217, three letters.
    pub currency: String,
    /// Who: a bank's name, `switch`, `clearing`, or an institution number.
    pub participant: String,
    /// Minor units; negative: owes.
    pub net: i64,
    /// The same for people, in major units.
    pub shown: String,
}

/// A line of `GET /dead-letters`: what is owed to a bank and was given up.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeadLetter {
    /// By which it is tried again or discarded.
    pub leg: String,
    /// DE37; `payswitch why` tells the rest.
    pub rrn: String,
    /// The kind's name.
    pub kind: String,
    /// What was asked for, in major units.
    pub amount: String,
    /// To whom it is owed.
    pub bank: String,
    /// What is owed: `reversal`, `advice` or `repeat`.
    pub owed: String,
    /// The card, masked.
    pub card: Option<String>,
    /// How often it was sent.
    pub attempts: u16,
    /// Since when it was owed, RFC 3339, UTC.
    pub since: Option<String>,
    /// Why it was given up.
    pub reason: String,
}

/// A line of `GET /hot-cards`: a card that is refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HotCard {
    /// The card, masked.
    pub card: String,
    /// The response code it is refused with.
    pub code: String,
    /// What that means.
    pub meaning: String,
}

/// A line of `GET /overruled`: a transaction that stands although its acquirer reversed it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Overruled {
    /// DE37; `payswitch why` tells the rest.
    pub rrn: String,
    /// The kind's name.
    pub kind: String,
    /// What was asked for, in major units.
    pub amount: String,
    /// The date it counts in.
    pub business_date: String,
    /// Who wanted it undone.
    pub acquirer: String,
}

/// The answer to an order that was carried out and is durable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Done {
    /// What was ordered.
    pub order: String,
    /// The journal's block that holds it.
    pub block: u64,
    /// The card concerned, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// The card that stands for it from now on, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_card: Option<String>,
}

/// `GET /cards/stats`: how many cards there are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardStats {
    /// The day by which cards are expired.
    pub day: String,
    /// Smart ID cards that were ever registered.
    pub registered: u64,
    /// From how many agencies.
    pub agencies: usize,
    /// How many of them were printed, whatever became of them.
    pub printed: u64,
    /// For how many agencies.
    pub agencies_printed: usize,
    /// All cards, virtual ones too.
    pub total: u64,
    /// By what they have in common.
    pub lines: Vec<CardCount>,
}

/// So many cards have this in common.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardCount {
    /// The agency of their holders.
    pub agency: String,
    /// Their bank.
    pub bank: String,
    /// `smart` or `virtual`.
    pub kind: String,
    /// What they are on the day.
    pub state: String,
    /// How many.
    pub cards: u64,
}

/// A number of items and what they come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// What they come to, minor units.
    pub amount: u64,
}

/// `GET /payroll/N`, and a line of `GET /payroll`: a batch of salaries.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// Its number.
    pub batch: u32,
    /// `submitted`, `running`, `part`, `done` …
    pub state: String,
    /// More about that, where there is more to say.
    pub detail: Option<String>,
    /// With which response code (DE39) the payer's bank has refused to fund it, or to take back what was not paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Who pays.
    pub payer: String,
    /// The document's own name.
    pub message: String,
    /// The half-month, `2022-12/2`.
    pub period: String,
    /// The first day on which items go out.
    pub pays_on: String,
    /// ISO 4217, three letters.
    pub currency: String,
    /// All its items.
    pub total: Tally,
    /// Credited, and it stands.
    pub paid: Tally,
    /// Credited, and came back.
    pub returned: Tally,
    /// Refused, or cancelled before they were sent.
    pub rejected: Tally,
    /// All others: paid + returned + rejected + pending = total.
    pub pending: Tally,
    /// What the payer has got back, minor units.
    pub credited_back: u64,
    /// Who submitted it.
    pub submitted_by: String,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// The same by bank; in the list left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub banks: Vec<BatchAtBank>,
    /// How many items a second came to their end lately; in the list left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items_per_second: Option<f64>,
}

/// A batch at one bank.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BatchAtBank {
    /// Its name.
    pub bank: String,
    /// Whether it can be asked now.
    pub up: bool,
    /// All items there.
    pub total: Tally,
    /// Not sent yet.
    pub waiting: Tally,
    /// Asked for, and not answered.
    pub sent: Tally,
    /// Whose outcome is being found out.
    pub unknown: Tally,
    /// Credited, and it stands.
    pub paid: Tally,
    /// Credited, and came back.
    pub returned: Tally,
    /// Refused, or cancelled.
    pub rejected: Tally,
}

/// A line of `GET /payroll/N/items`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    /// Its place in the file, from 1.
    pub item: u32,
    /// `waiting`, `sent`, `unknown`, `paid`, `returned`, `rejected` or `cancelled`.
    pub state: String,
    /// Its bank.
    pub bank: String,
    /// The last digits of its account.
    pub account: String,
    /// What is to be paid, minor units.
    pub amount: u64,
    /// What came back of it, minor units.
    pub returned: u64,
    /// With what its bank refused it.
    pub code: Option<String>,
    /// DE37; `payswitch why` tells the rest.
    pub rrn: String,
}

/// A line of `GET /payroll/office`: a document that the office works on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Work {
    /// `taking in`, `checking` or `handing over`.
    pub doing: String,
    /// How many bytes have come, while it is taken in.
    pub bytes: u64,
    /// How many items, in what it is doing.
    pub items: u64,
    /// How many items it has, where that is known.
    pub of: Option<u64>,
}

/// `POST /payroll/check`, and `POST /payroll`: what is wrong with a document, and the batch that it became where nothing is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Checked {
    /// The batch that was made of it.
    pub batch: Option<u32>,
    /// Its own name, where it could be read.
    pub message: Option<String>,
    /// Who pays.
    pub payer: Option<String>,
    /// The half-month.
    pub period: Option<String>,
    /// The day on which it is to be paid.
    pub pays_on: Option<String>,
    /// ISO 4217, three letters.
    pub currency: Option<String>,
    /// How many items there are.
    pub items: u64,
    /// What they come to, minor units.
    pub total: u64,
    /// What is wrong, the first thousand of it.
    pub faults: Vec<Wrong>,
    /// How many faults there are.
    pub faults_total: u64,
    /// What was not checked yet.
    pub still_to_come: Option<String>,
}

/// One thing that is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: u64,
    /// The element's path, or the CSV column.
    pub field: String,
    /// The reason by ISO 20022.
    pub code: String,
    /// What is wrong, and the remedy.
    pub problem: String,
}

/// The answer to an order about a batch that was carried out and is durable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ordered {
    /// What was ordered.
    pub order: String,
    /// The batch.
    pub batch: u32,
    /// What it has come to since.
    pub state: String,
    /// More about that, where there is more to say.
    pub detail: Option<String>,
}

/// The answer to an order or a look that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which part of the request is at fault; none where it is not the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong, and what to do.
    pub problem: String,
}
