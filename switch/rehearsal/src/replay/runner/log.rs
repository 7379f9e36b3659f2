//! Everything that was seen, as it can be compared and as it is told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bank_adapters::Cast;
use model::{Message, Money, Mti, Pan, Rrn, mask_card_numbers};
use wire::{Dialect, Unreadable, describe};

use crate::Claim;
use crate::replay::{Compared, Failure, Party, Passed, Seen, Verdict};
use crate::scenario::{Scenario, Shape, fields};

/// A message, read: what it is known by, and its fields as text.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// `None` where it could not be read so far.
    pub(super) mti: Option<Mti>,
    pub(super) rrn: Option<Rrn>,
    /// Its type, and all by which requests and answers find each other.
    known_by: Message<'static>,
    /// Every field that is there, by name, in its normal text; a card by its alias.
    pub(super) fields: BTreeMap<&'static str, String>,
    /// Whether all of it could be read.
    pub(super) sound: bool,
    pub(super) label: String,
    cards: Vec<Pan>,
}

impl View {
    pub(super) fn of(dialect: &Dialect, body: &[u8], cast: &Cast) -> Self {
        match wire::read(dialect, body) {
            Ok(message) => Self { sound: true, ..Self::of_message(&message, cast) },
            Err(Unreadable { error, mti, echo }) => {
                let read = Self::of_message(&Message { mti: mti.unwrap_or_default(), ..echo }, cast);
                Self { mti, sound: false, label: format!("cannot be read: {error}"), ..read }
            }
        }
    }

    fn of_message(message: &Message<'_>, cast: &Cast) -> Self {
        let text = |field: &'static fields::Field| {
            let text = field.text(message)?;
            let normal = if field.shape == Shape::Secret { Ok(text.clone()) } else { field.shape.normal(&text, cast) };
            Some((field.name, normal.unwrap_or(text)))
        };
        Self {
            mti: Some(message.mti),
            rrn: message.rrn,
            known_by: Message {
                stan: message.stan,
                transmitted: message.transmitted,
                rrn: message.rrn,
                terminal: message.terminal,
                ..Message::new(message.mti)
            },
            fields: fields::FIELDS.iter().filter_map(text).collect(),
            sound: true,
            label: label(message),
            cards: message.pan.into_iter().chain(message.issued).collect(),
        }
    }

    /// What answers a request has its DE11 and agrees in all else that both carry. Where the request could not be read, anything
    /// may answer it.
    pub(super) fn is_answered_by(&self, answer: &Self) -> bool {
        let same = self.known_by.stan.zip(answer.known_by.stan).is_none_or(|(asked, answered)| asked == answered);
        same && Claim::of(&self.known_by).is_met_by(&answer.known_by)
    }

    /// Whether both are about the same transaction, as far as they say: DE37.
    pub(super) fn is_about(&self, other: &Self) -> bool {
        self.rrn.zip(other.rrn).is_none_or(|(one, other)| one.trimmed() == other.trimmed())
    }
}

/// In a few words: an answer's code, or what is asked for.
fn label(message: &Message<'_>) -> String {
    if let Some(code) = message.code {
        return format!("{code} {}", code.meaning().unwrap_or("(unknown code)"));
    }
    if let Some(network) = message.network {
        let name = match network {
            model::NetworkCode::SignOn => "sign-on",
            model::NetworkCode::SignOff => "sign-off",
            model::NetworkCode::KeyChange => "key change",
            model::NetworkCode::Cutover => "cutover",
            model::NetworkCode::Echo => "echo",
            model::NetworkCode::Other(_) => "network management",
        };
        return name.to_owned();
    }
    let kind = message.processing.and_then(model::ProcessingCode::kind).map_or("", model::Kind::name);
    let amount = message.amount.zip(message.currency).map(|(minor, currency)| Money::from_minor(minor, currency).to_string());
    let class = match message.mti.class() {
        Some(model::Class::Reversal) => "reversal of ",
        _ if message.mti.is_advice() => "advice of ",
        _ => "",
    };
    format!("{class}{kind} {}", amount.unwrap_or_default()).trim().to_owned()
}

/// A verdict as reports tell it: any text may hold what a terminal or a bank wrote where no card number belongs.
pub(super) fn masked(verdict: Verdict) -> Verdict {
    let hidden = |text: String| mask_card_numbers(&text);
    match verdict {
        Verdict::Passed => Verdict::Passed,
        Verdict::Failed(failure) => {
            let Failure { line, step, problem, fields, nearest } = *failure;
            let compared = |it: Compared| Compared { expected: hidden(it.expected), actual: it.actual.map(hidden), ..it };
            let fields = fields.into_iter().map(compared).collect();
            let (step, problem, nearest) = (hidden(step), hidden(problem), nearest.map(hidden));
            Verdict::Failed(Box::new(Failure { line, step, problem, fields, nearest }))
        }
        Verdict::Bad(told) => Verdict::Bad(hidden(told)),
        Verdict::Skipped(why) => Verdict::Skipped(hidden(why)),
        Verdict::NoConnection(why) => Verdict::NoConnection(hidden(why)),
    }
}

/// Something that was seen.
pub(super) struct Arrival {
    pub(super) seen: Seen,
    pub(super) view: View,
    /// Whether an expectation was met by it.
    pub(super) taken: bool,
    /// The line of the step that sent or expected it.
    line: Option<usize>,
}

/// All of it, oldest first.
#[derive(Default)]
pub(super) struct Log {
    pub(super) arrivals: Vec<Arrival>,
    /// What steps have sent and nobody has seen yet: terminal, bytes, line.
    expected: Vec<(String, Vec<u8>, usize)>,
    cards: HashMap<String, Pan>,
}

impl Log {
    /// A step sends this now.
    pub(super) fn sends(&mut self, terminal: &str, body: &[u8], line: usize) {
        self.expected.push((terminal.to_owned(), body.to_vec(), line));
    }

    pub(super) fn add(&mut self, seen: Seen, cast: &Cast) {
        let view = if seen.body.is_empty() { View::default() } else { View::of(&seen.dialect, &seen.body, cast) };
        self.cards.extend(view.cards.iter().map(|pan| (pan.to_string(), *pan)));
        let of = |(terminal, body, _): &(String, Vec<u8>, usize)| {
            matches!(&seen.from, Party::Terminal(name) if name == terminal) && *body == seen.body
        };
        let line = self.expected.iter().position(of).map(|place| self.expected.remove(place).2);
        self.arrivals.push(Arrival { seen, view, taken: false, line });
    }

    /// An expectation was met.
    pub(super) fn take(&mut self, place: usize, line: usize) {
        if let Some(arrival) = self.arrivals.get_mut(place) {
            (arrival.taken, arrival.line) = (true, Some(line));
        }
    }

    /// A card that was seen, by its masked number.
    pub(super) fn card(&self, masked: &str) -> Option<Pan> {
        self.cards.get(masked).copied()
    }

    /// Everybody who took part: terminals in the order of the file, the switch, banks.
    pub(super) fn parties(&self, scenario: &Scenario) -> Vec<String> {
        let all: BTreeSet<_> = self.arrivals.iter().flat_map(|it| [&it.seen.from, &it.seen.to]).collect();
        let is_there = |name: &String| all.contains(&Party::Terminal(name.clone()));
        let terminals = scenario.terminals.iter().map(|it| it.name.clone()).filter(is_there);
        let others = all.iter().filter(|it| !matches!(it, Party::Terminal(_))).map(ToString::to_string);
        terminals.chain(others).collect()
    }

    /// All messages as a report tells them: masked.
    pub(super) fn passed(&self) -> Vec<Passed> {
        let told = |it: &Arrival| Passed {
            at: it.seen.at,
            from: it.seen.from.to_string(),
            to: it.seen.to.to_string(),
            mti: it.view.mti.map(|mti| mti.to_string()).unwrap_or_default(),
            label: mask_card_numbers(&it.view.label),
            detail: match it.seen.body.as_slice() {
                [] => String::new(),
                body => mask_card_numbers(&describe::text(&it.seen.dialect, body, false)),
            },
            fault: it.seen.fault.clone(),
            line: it.line,
        };
        self.arrivals.iter().map(told).collect()
    }
}
