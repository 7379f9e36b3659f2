//! What a scenario file says, read and checked, with the place of everything that may be spoken of later.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use model::{Kind, Mti, TerminalId, Text, Timestamp, UtcOffset};

use super::fields::Field;
use super::{Check, Matcher, Payroll, Person, Shape, Template};

/// Bytes of the source, from and to.
pub type Span = Range<usize>;

/// Something with its place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// What stands there.
    pub value: T,
    /// Where.
    pub span: Span,
}

/// One scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its file.
    pub path: PathBuf,
    /// The file's text.
    pub source: Arc<str>,
    /// What it shows, in a sentence.
    pub title: String,
    /// More of that.
    pub about: Option<String>,
    /// The rule that it shows.
    pub rule: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Where STANs and RRNs begin.
    pub seed: u64,
    /// Where its clock begins.
    pub start: Timestamp,
    /// Local time of `start`.
    pub offset: UtcOffset,
    /// Texts for `{{name}}`.
    pub vars: BTreeMap<String, At<String>>,
    /// Laid over the shipped configuration.
    pub switch: Option<At<toml::Table>>,
    /// The cards that the switch's store knows, by alias, each with how it stands there; `None` where no card is looked up.
    pub cards: Option<Vec<(String, String)>>,
    /// Everybody in the payroll registry: those of the cast first.
    pub people: Vec<Person>,
    /// Whether the scenario says itself how some of them are.
    pub own_people: bool,
    /// Its terminals in order; the first is the one that sends where nobody else is named.
    pub terminals: Vec<TerminalSection>,
    /// Whether the terminals are those that every scenario has that names none.
    pub default_terminals: bool,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// `[terminal.NAME]`
#[derive(Clone, Debug)]
pub struct TerminalSection {
    /// Its name here.
    pub name: String,
    /// DE41.
    pub id: TerminalId,
    /// DE32, as a number or a name of the cast; the link's where left out.
    pub institution: Option<At<Template>>,
    /// The acquirer's link that it dials; the first where left out.
    pub link: Option<At<String>>,
    /// DE18; as the kind is where left out.
    pub merchant_type: Option<u16>,
    /// DE22.
    pub entry_mode: u16,
    /// DE42.
    pub merchant: Text<15>,
}

/// `[[step]]`
#[derive(Clone, Debug)]
pub struct Step {
    /// Its line in the file, from 1.
    pub line: usize,
    /// The value that says what it is, such as `"withdrawal"` of `send = "withdrawal"`.
    pub span: Span,
    /// Its name for later steps.
    pub name: Option<At<String>>,
    /// What happens.
    pub action: Action,
}

/// What happens in a step.
#[derive(Clone, Debug)]
pub enum Action {
    /// A terminal sends something.
    Send(Box<Send>),
    /// Something is to arrive, or nothing.
    Expect(Box<Expect>),
    /// An operator orders something.
    Command(Box<Command>),
    /// Somebody orders something about a payroll.
    Payroll(Box<Payroll>),
    /// Something goes wrong.
    Fault(Fault),
    /// Time passes.
    Clock(Clock),
    /// Something is to be so.
    Assert(Box<Assert>),
}

/// `send`
#[derive(Clone, Debug)]
pub struct Send {
    /// What.
    pub what: Sent,
    /// The terminal, by name.
    pub from: String,
    /// A card, by alias.
    pub card: Option<At<Template>>,
    /// DE4 with DE49.
    pub amount: Option<At<Template>>,
    /// The kind of an advice or authorization.
    pub kind: Kind,
    /// Which sent message it is about: the place of its step.
    pub of: Option<usize>,
    /// Fields that are set or left out by name.
    pub fields: Vec<Setting>,
}

/// What can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A request of this kind (0200).
    Request(Kind),
    /// 0100.
    Authorization,
    /// 0220 of an authorization.
    Completion,
    /// 0220 of what has happened already.
    Advice,
    /// The same again, marked as such.
    Repeat,
    /// 0400.
    Reversal,
    /// 0420.
    ReversalAdvice,
    /// 0800, 001.
    SignOn,
    /// 0800, 002.
    SignOff,
    /// 0800, 301.
    Echo,
    /// These bytes; instead of the frame where `raw`, else within it.
    Bytes {
        /// The bytes.
        bytes: Vec<u8>,
        /// Without a frame.
        raw: bool,
    },
}

/// A field that a send step sets.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Which.
    pub field: &'static Field,
    /// To what.
    pub value: SettingValue,
    /// Where the value stands.
    pub span: Span,
}

/// What a field is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// This text, in the field's form.
    Text(Template),
    /// It is left out.
    Absent,
}

/// `expect`
#[derive(Clone, Debug)]
pub struct Expect {
    /// What.
    pub wanted: At<Wanted>,
    /// Which sent message it is about: the place of its step. `None` where nothing was sent before, as for what a bank is told
    /// without being asked.
    pub of: Option<usize>,
    /// Where it arrives.
    pub place: ExpectAt,
    /// How long to wait for it, in the world's time.
    pub within: Duration,
    /// Fields that are looked at.
    pub checks: Vec<Check>,
    /// Fields that are kept under a name: name, field.
    pub captures: Vec<(String, &'static Field)>,
}

/// Where a message is expected to arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectAt {
    /// At a terminal.
    Terminal(String),
    /// At a bank.
    Bank(String),
}

/// What is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A message of this type.
    Type(Mti),
    /// Whatever answers.
    Answer,
    /// Nothing, for all the time.
    Nothing,
}

/// `command`
#[derive(Clone, Debug)]
pub struct Command {
    /// The order's word.
    pub order: At<CommandWord>,
    /// Who gives it.
    pub operator: Template,
    /// Why.
    pub reason: Template,
    /// The bank that says it itself, by 0302; an operator orders it where `None`.
    pub by_bank: Option<String>,
    /// How it is to be refused; `None` where it is to be carried out.
    pub refused: Option<Check>,
}

/// What can be ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandWord {
    /// The next business date.
    Cutover,
    /// A bank is asked nothing more.
    SignOff(String),
    /// It is asked again.
    SignOn(String),
    /// A dead letter is tried again: the place of the step that sent its transaction, and the leg.
    Retry(usize, u8),
    /// It is taken off the list.
    Discard(usize, u8),
    /// A card is refused; on a list.
    Block(Template, String),
    /// It is refused no longer.
    Unblock(Template),
    /// A card is refused, on a list, for another stands for it.
    Replace {
        /// The card.
        old: Template,
        /// The other one.
        new: Template,
        /// The list.
        list: String,
    },
}

/// `fault`
#[derive(Clone, Debug)]
pub struct Fault {
    /// What, where and how often; parties are checked against terminals and the cast, not yet against the configuration.
    pub spec: crate::replay::FaultSpec,
}

/// `clock`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Goes on by.
    By(Duration),
    /// Goes on until.
    Until(Timestamp),
    /// Until nothing is under way.
    Rest,
    /// Until the next business date.
    Cutover,
}

/// `assert`
#[derive(Clone, Debug)]
pub struct Assert {
    /// What is looked at.
    pub subject: Subject,
    /// What is expected of it.
    pub checks: Vec<Check>,
    /// How long to wait for it, in the world's time; `None`: it must be so now.
    pub eventually: Option<Duration>,
}

/// What can be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An account at a bank's ledger: balance, held, change.
    Ledger {
        /// The bank's name.
        bank: String,
        /// Whose account: a card, by alias.
        card: Option<Template>,
        /// Or an account, or a phone, by number.
        account: Option<Template>,
        /// In which currency.
        currency: model::Currency,
    },
    /// What a participant is owed: net.
    Positions {
        /// By name or number.
        participant: String,
        /// In which currency.
        currency: model::Currency,
        /// Of which date; the open one where `None`.
        date: Option<model::BusinessDate>,
    },
    /// What is owed to a bank, or to all: count.
    Owed(Option<String>),
    /// What was given up: count.
    DeadLetters,
    /// Cards that are refused: count.
    HotCards,
    /// What stands although it was reversed: count.
    Overruled,
    /// Amounts held: count.
    Holding,
    /// How a bank is: linked, `signed_off`.
    Status(String),
    /// The open business date: is.
    BusinessDate,
    /// A metric: value.
    Metric {
        /// Its name.
        name: String,
        /// Labels that it must have.
        labels: Vec<(String, String)>,
    },
    /// A payroll, by the place of the step that submitted it.
    Batch(usize),
    /// One of its items, from 1.
    Item(usize, u32),
}

/// A value that a scenario expects, and where it stands: what a test changes to see the scenario fail.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// The step's place, from 0.
    pub step: usize,
    /// What is expected, in words: `code`, `count`, `type`.
    pub what: &'a str,
    /// The matcher; `None` for the type of an expected message.
    pub matcher: Option<&'a Matcher>,
    /// How its text is to be understood; `None` for the type of an expected message.
    pub shape: Option<Shape>,
    /// Where the value stands.
    pub span: Span,
}

impl Scenario {
    /// Every expected value, in the order of the file.
    pub fn expectations(&self) -> impl Iterator<Item = Expected<'_>> {
        self.steps.iter().enumerate().flat_map(|(step, it)| {
            let (kind, checks): (_, &[Check]) = match &it.action {
                Action::Expect(expect) => (Some(expect.wanted.span.clone()), &expect.checks),
                Action::Assert(assert) => (None, &assert.checks),
                Action::Command(command) => (None, command.refused.as_slice()),
                Action::Payroll(payroll) => (None, &payroll.refusal),
                Action::Send(_) | Action::Fault(_) | Action::Clock(_) => (None, &[]),
            };
            let kind = kind.map(|span| Expected { step, what: "type", matcher: None, shape: None, span });
            let of = move |it: &'_ Check| (it.span.clone(), step);
            let checks = checks.iter().map(move |check| {
                let (span, step) = of(check);
                Expected { step, what: &check.name, matcher: Some(&check.matcher), shape: Some(check.shape), span }
            });
            kind.into_iter().chain(checks)
        })
    }

    /// Somebody of the payroll registry, by name.
    #[must_use]
    pub fn person(&self, name: &str) -> Option<&Person> {
        self.people.iter().find(|it| it.name == name)
    }

    /// The line of a place in the source, from 1.
    #[must_use]
    pub fn line(&self, span: &Span) -> usize {
        self.source.get(..span.start).unwrap_or_default().matches('\n').count() + 1
    }

    /// The terminal with this name.
    #[must_use]
    pub fn terminal(&self, name: &str) -> Option<&TerminalSection> {
        self.terminals.iter().find(|it| it.name == name)
    }
}
