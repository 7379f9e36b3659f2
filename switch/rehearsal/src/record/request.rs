//! What a send step says of a recorded request: its word, its card, and every field that the runner would make otherwise.
//!
//! The runner makes messages by a [`Till`]; so does this, from the same terminal, and compares.

use std::collections::BTreeMap;
use std::sync::Arc;

use bank_adapters::{Account, Card, Cast, Clock};
use model::{Class, Currency, FieldNumber, InstitutionId, Kind, Message, Money, Mti, NetworkCode, Timestamp};

use super::harmless::is_harmless;
use crate::scenario::Shape;
use crate::scenario::draft::{DraftStep, Value};
use crate::scenario::fields::{FIELDS, Field};
use crate::{TerminalConfig, Till};

/// Private and additional content by field, as text.
pub(super) type Contents = BTreeMap<FieldNumber, String>;

/// What a request is, as a scenario sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Request(Kind),
    Authorization(Kind),
    Advice(Kind),
    Completion,
    Repeat,
    Reversal(Mti),
    Network(NetworkCode),
}

impl Word {
    /// `None` where no step sends such a message.
    pub(super) fn of(message: &Message<'_>) -> Option<Self> {
        let mti = message.mti;
        // A code that names no kind is set by name.
        let kind = message.processing.and_then(model::ProcessingCode::kind).unwrap_or(Kind::Purchase);
        Some(match (mti.class()?, mti.is_advice()) {
            _ if mti.is_response() => return None,
            (Class::Network, false) => match message.network? {
                code @ (NetworkCode::SignOn | NetworkCode::SignOff | NetworkCode::Echo) => Self::Network(code),
                NetworkCode::KeyChange | NetworkCode::Cutover | NetworkCode::Other(_) => return None,
            },
            _ if mti.is_repeat() => Self::Repeat,
            (Class::Financial, false) => Self::Request(kind),
            (Class::Authorization, false) => Self::Authorization(kind),
            (Class::Financial, true) if message.original.is_some() => Self::Completion,
            (Class::Financial, true) => Self::Advice(kind),
            (Class::Reversal, _) => Self::Reversal(mti),
            _ => return None,
        })
    }

    /// In a step.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Request(kind) => kind.name(),
            Self::Authorization(_) => "authorization",
            Self::Advice(_) => "advice",
            Self::Completion => "completion",
            Self::Repeat => "repeat",
            Self::Reversal(Mti::REVERSAL_REQUEST) => "reversal",
            Self::Reversal(_) => "reversal-advice",
            Self::Network(NetworkCode::SignOn) => "sign-on",
            Self::Network(NetworkCode::SignOff) => "sign-off",
            Self::Network(_) => "echo",
        }
    }

    /// Whether it is about a message that was sent before.
    pub(super) fn is_about_another(self) -> bool {
        matches!(self, Self::Completion | Self::Repeat | Self::Reversal(_))
    }

    /// The kind that its step must name.
    fn kind(self) -> Option<Kind> {
        match self {
            Self::Authorization(kind) | Self::Advice(kind) => Some(kind).filter(|kind| *kind != Kind::Purchase),
            _ => None,
        }
    }
}

/// What of a message can be kept: all fields but those that are secret, and content as text.
pub(super) fn kept(message: &Message<'_>) -> (Message<'static>, Contents) {
    let contents = FIELDS.iter().filter(|field| is_content(field) && !is_secret(field, message)).filter_map(|field| {
        let text = field.text(message)?;
        Some((field.number, text))
    });
    let Message { mti, pan, processing, amount, transmitted, stan, local_time, local_date, expiry, .. } = *message;
    let Message { business_date, merchant_type, entry_mode, condition, fee, acquirer, forwarder, issued, .. } = *message;
    let Message { rrn, authorization, code, terminal, merchant, remark, currency, network, original, .. } = *message;
    let Message { file_update, replacement, receiver, file_name, from_account, to_account, others, .. } = *message;
    let fixed = Message {
        pan,
        processing,
        amount,
        transmitted,
        stan,
        local_time,
        local_date,
        expiry,
        business_date,
        merchant_type,
        entry_mode,
        condition,
        fee,
        acquirer,
        forwarder,
        issued,
        rrn,
        authorization,
        code,
        terminal,
        merchant,
        remark,
        currency,
        network,
        original,
        file_update,
        replacement,
        receiver,
        file_name,
        from_account,
        to_account,
        others,
        ..Message::new(mti)
    };
    (fixed, contents.collect())
}

/// What is never written: tracks, PIN blocks, chip data; and DE48 of a PIN change, which holds the new PIN's block (ours).
fn is_secret(field: &Field, message: &Message<'_>) -> bool {
    let kind = message.processing.and_then(model::ProcessingCode::kind);
    field.shape == Shape::Secret || (field.number == 48 && kind == Some(Kind::PinChange))
}

fn is_content(field: &Field) -> bool {
    matches!(field.shape, Shape::Content(_))
}

/// A terminal's till whose clock stands at the moment of the recorded message.
pub(super) fn till(config: &TerminalConfig, at: Timestamp) -> Till {
    struct Standing(Timestamp);
    impl Clock for Standing {
        fn now(&self) -> Timestamp {
            self.0
        }
    }
    Till::new(TerminalConfig { seed: Some(1), ..config.clone() }, Arc::new(Standing(at)))
}

/// A request of this kind as a till makes it; without a card, all that a card brings is left out.
fn blank(till: &Till, kind: Kind, card: Option<&Card>, money: Money) -> Message<'static> {
    match card {
        Some(card) => till.request(kind, card, money),
        None => Message { amount: Some(money.minor()), ..till.fresh(kind, money.currency()) },
    }
}

/// A currency that somebody has an account in.
fn a_currency(cast: &Cast) -> Option<Currency> {
    cast.cards().iter().flat_map(|card| &card.accounts).map(Account::currency).next()
}

/// DE18 as a till that has none of its own gives it to a request of this kind.
pub(super) fn usual_merchant_type(config: &TerminalConfig, cast: &Cast, kind: Kind) -> Option<u16> {
    let nothing = Money::from_minor(0, a_currency(cast)?);
    blank(&till(config, Timestamp::default()), kind, None, nothing).merchant_type
}

/// A recorded request with what the step that sends it rests on.
pub(super) struct Recorded<'r> {
    pub(super) word: Word,
    pub(super) message: &'r Message<'r>,
    /// The card that it shows.
    pub(super) card: Option<&'r Card>,
    /// What it is about: its name, and the message.
    pub(super) of: Option<(&'r str, &'r Message<'static>, &'r Contents)>,
    /// A request under the same number, with its name: the same again without saying so, or another that must be taken for it.
    pub(super) namesake: Option<(&'r str, &'r Message<'static>)>,
}

impl Recorded<'_> {
    /// The step that sends it.
    pub(super) fn step(&self, till: &Till, cast: &Cast) -> DraftStep {
        let mut step = DraftStep::new("send", self.word.name());
        // An amount in no currency: one is written, and left out of the message again.
        let currency = self.message.currency.or_else(|| a_currency(cast));
        let amount = self.message.amount.zip(currency).map(|(minor, currency)| Money::from_minor(minor, currency));
        if let Some((name, ..)) = self.of {
            step.set("of", name);
        } else if let Some(card) = self.card {
            step.set("card", card.alias.as_str());
        }
        if let Some(kind) = self.word.kind() {
            step.set("kind", kind.name());
        }
        let made = self.made(till, cast, amount);
        if let Some(amount) = amount.filter(|_| made.amount != self.message.amount || self.of.is_none()) {
            step.set("amount", amount.to_string());
        }
        for field in FIELDS.iter().filter(|field| !field.part) {
            self.compare(&mut step, field, &made, amount.is_some(), cast);
        }
        step
    }

    /// What the runner makes of the step as it is so far.
    fn made(&self, till: &Till, cast: &Cast, amount: Option<Money>) -> Message<'static> {
        let asked = |kind| {
            let money = amount.or_else(|| Some(Money::from_minor(0, self.message.currency.or_else(|| a_currency(cast))?)));
            money.map_or_else(Message::default, |money| blank(till, kind, self.card, money))
        };
        match (self.word, self.of) {
            (Word::Request(kind), _) => asked(kind),
            (Word::Authorization(kind), _) => Message { mti: Mti::AUTHORIZATION_REQUEST, ..asked(kind) },
            (Word::Advice(kind), _) => Message { mti: Mti::FINANCIAL_ADVICE, ..asked(kind) },
            (Word::Completion, Some((_, of, _))) => {
                Message { amount: of.amount, ..till.reversal(of, Mti::FINANCIAL_ADVICE, None) }
            }
            (Word::Repeat, Some((_, of, _))) => till.repeat(of),
            (Word::Reversal(mti), Some((_, of, _))) => till.reversal(of, mti, None),
            (Word::Network(code), _) => till.network_request(code),
            (Word::Completion | Word::Repeat | Word::Reversal(_), None) => Message::default(),
        }
    }

    fn compare(&self, step: &mut DraftStep, field: &Field, made: &Message<'static>, has_amount: bool, cast: &Cast) {
        let is = field.text(self.message);
        let made_content = || self.of.and_then(|(_, _, contents)| contents.get(&field.number).cloned());
        let would = if is_content(field) { made_content() } else { field.text(made) };
        match field.number {
            _ if is_secret(field, self.message) => {
                if is.is_some() {
                    step.comments.push(format!("left out: {}", field.about));
                }
            }
            // The alias stands for it, also where only a track showed it.
            2 if is.is_none() && (would.is_none() || self.message.track2.is_some()) => {}
            2 if self.message.pan == made.pan => {}
            // Named by `of`.
            90 if is.is_some() == would.is_some() => {}
            // Of `amount`.
            4 if has_amount => {}
            49 if has_amount && is.is_some() => {}
            // Numbers and times are made anew, but where another message must be met by them.
            7 | 11..=13 | 37 if is.is_some() && self.word != Word::Repeat => {
                let same = self.namesake.filter(|(_, it)| field.text(it) == is);
                same.into_iter().for_each(|(name, _)| step.set(field.name, format!("{{{{{name}.{}}}}}", field.name)));
            }
            49 if !has_amount && self.of.is_none() && is.is_some() => step.set("currency", is.unwrap_or_default()),
            _ if is == would => {}
            _ => self.set(step, field, is, cast),
        }
    }

    fn set(&self, step: &mut DraftStep, field: &Field, text: Option<String>, cast: &Cast) {
        let text = match field.number {
            100 => self.message.receiver.map(|it| bank_name(cast, it).map_or_else(|| it.to_string(), ToOwned::to_owned)),
            32 => self.message.acquirer.map(|it| it.to_string()),
            33 => self.message.forwarder.map(|it| it.to_string()),
            _ => text,
        };
        match text {
            None => step.set(field.name, Value::said("absent")),
            Some(text) if is_harmless(&text) && is_settable(field, &text) => step.set(field.name, text),
            Some(_) => step
                .comments
                .push(format!("left out: {}, which may hold a card number or cannot be written as text", field.about)),
        }
    }
}

/// Whether the text of a field, set again, makes the same field.
fn is_settable(field: &Field, text: &str) -> bool {
    let mut draft = crate::scenario::Draft::default();
    // An institution may be a name; those are numbers to whoever reads the step.
    field.shape == Shape::Institution || draft.set(field, text).is_ok()
}

/// The name of a bank or operator of the cast.
pub(super) fn bank_name(cast: &Cast, institution: InstitutionId) -> Option<&str> {
    let mut all = cast.banks().iter().chain(cast.operators());
    all.find(|bank| bank.institution.number() == institution.number()).map(|bank| bank.name.as_str())
}
