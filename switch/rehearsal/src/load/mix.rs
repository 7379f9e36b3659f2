//! The mix: what is asked, how often, with whose cards, and what is expected of the answer.
//!
//! Written on the command line (`withdrawal=5,purchase=3`) or in a file (`file`).

mod customer;
mod file;

use std::path::PathBuf;
use std::sync::Arc;

use bank_adapters::{Cast, Customers};
use bytes::BytesMut;
use model::{InstitutionId, Kind, Message, Money, NetworkCode, ResponseCode, Text};

use crate::deal::{Deal, Hand};
use crate::dice::Dice;
use crate::scenario::{Draft, fields};
use crate::{Error, Till, scenario};
pub(super) use customer::Customer;
use customer::Story;

/// What is asked where nothing is said: what most terminals ask most, and nothing that changes a card.
const USUAL: &str = "withdrawal=4,purchase=3,balance=2,deposit=1";
/// A phone's number behind its operator's prefix (ours).
const PHONE: &str = "234567";

/// What one asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// 0200.
    Request(Kind),
    /// 0100 of a purchase.
    Authorization,
    /// 0220 of a purchase.
    Advice,
    /// 0800, 301.
    Echo,
}

impl Asks {
    /// By its name in mixes and scenarios.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "authorization" => Some(Self::Authorization),
            "advice" => Some(Self::Advice),
            "echo" => Some(Self::Echo),
            // A PIN is typed by people, and a load has none to show.
            _ => Kind::from_name(name).filter(|kind| *kind != Kind::PinChange && !kind.is_of_switch()).map(Self::Request),
        }
    }

    /// Every name, for who wrote another.
    pub(super) fn names() -> String {
        let names = Kind::ALL.iter().map(|kind| kind.name()).chain(["authorization", "advice", "echo"]);
        names.filter(|name| Self::from_name(name).is_some()).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Request(kind) => kind,
            Self::Authorization | Self::Advice | Self::Echo => Kind::Purchase,
        }
    }
}

/// Why something is no mix.
#[derive(Debug, thiserror::Error)]
pub enum MixError {
    /// Not `kind=weight`.
    #[error("{0:?} is no part of a mix; write kind=weight with a weight from 1, such as withdrawal=5,purchase=3,balance=1")]
    Part(String),
    /// Nothing of that name can be sent.
    #[error("{name:?} cannot be sent; what can: {}", Asks::names())]
    Unknown {
        /// What was written.
        name: String,
    },
    /// Cards that cannot be asked with.
    #[error(transparent)]
    Cast(#[from] bank_adapters::Error),
    /// A file that cannot be read.
    #[error("{}: {source}; check the path", path.display())]
    Unread {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that is no mix: where, what, and what to write instead.
    #[error("{0}")]
    File(Box<scenario::Error>),
}

/// One line of a mix.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) weight: u64,
    pub(super) plays: Plays,
}

/// What a line brings.
#[derive(Clone, Debug)]
pub(super) enum Plays {
    /// One request.
    Request(Request),
    /// A customer who plays a scenario.
    Story(Arc<Story>),
}

/// What is asked, and by whom.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) asks: Asks,
    pub(super) hand: Hand,
    pub(super) amount: Option<Money>,
    /// Who gets a transfer or a top-up: institution and account or phone. Any card of the mix's hand where nobody is named.
    pub(super) to: Option<(InstitutionId, Text<28>)>,
    pub(super) code: Option<ResponseCode>,
}

/// What is asked, and how often.
#[derive(Clone, Debug)]
pub struct Mix {
    pub(super) lines: Vec<Line>,
    /// Who may receive a transfer.
    pub(super) all: Hand,
}

/// One request, drawn.
pub(super) struct Drawn {
    /// The line it was drawn from.
    pub(super) line: usize,
    pub(super) message: Draft,
    /// DE39, where another would be unexpected.
    pub(super) code: Option<ResponseCode>,
    /// Who plays a story, and may go on.
    pub(super) customer: Option<Box<Customer>>,
}

impl Mix {
    /// Withdrawals, purchases, balances and deposits, with cards as [`Mix::parse`] takes them.
    ///
    /// # Errors
    /// Where no card is in good standing, or one is named that is not there.
    pub fn usual(cast: &Cast, cards: &[&str]) -> Result<Self, Error> {
        Self::parse(USUAL, cast, cards)
    }

    /// Reads `withdrawal=5,purchase=3,balance=1`. The cards are those named, or all of the cast in good standing.
    ///
    /// # Errors
    /// Where it is no mix, no card is in good standing, or one is named that is not there.
    pub fn parse(text: &str, cast: &Cast, cards: &[&str]) -> Result<Self, Error> {
        let all = hand(cast, cards)?;
        let part = |part: &str| {
            let malformed = || MixError::Part(part.to_owned());
            let (name, weight) = part.split_once('=').ok_or_else(malformed)?;
            let name = name.trim();
            let asks = Asks::from_name(name).ok_or_else(|| MixError::Unknown { name: name.to_owned() })?;
            let weight = weight.trim().parse::<u32>().ok().filter(|weight| *weight > 0).ok_or_else(malformed)?;
            let to = receiver(cast, asks, None, None)?;
            let hand = all.asking(asks.kind());
            let plays = Plays::Request(Request { asks, hand, amount: None, to, code: None });
            Ok(Line { name: name.to_owned(), weight: weight.into(), plays })
        };
        let lines = text.split(',').map(part).collect::<Result<_, MixError>>()?;
        Ok(Self { lines, all })
    }

    /// Names and weights of its lines, in order.
    pub fn lines(&self) -> impl Iterator<Item = (&str, u64)> {
        self.lines.iter().map(|line| (line.name.as_str(), line.weight))
    }

    /// Draws each line once and builds it, before anything is sent.
    pub(super) fn fits(&self, till: &Till) -> Result<(), Error> {
        let mut dice = Dice::new(0);
        for line in &self.lines {
            let nobody = "a line of the mix finds nobody to pay, or nobody who pays: name `card`, `to` or `at`";
            // Every message of a story was made when it was read.
            let Plays::Request(request) = &line.plays else { continue };
            let message = self.message(request, &mut dice, till).ok_or(Error::Unsuitable(nobody))?;
            till.frame(&message.message(), &mut BytesMut::new())?;
        }
        Ok(())
    }

    /// A request as this till makes it, its line as likely as its weight says.
    pub(super) fn draw(&self, dice: &mut Dice, till: &Till) -> Option<Drawn> {
        let mut left = dice.below(self.lines.iter().map(|line| line.weight).sum());
        let drawn = self.lines.iter().enumerate().find(|(_, line)| {
            let found = left < line.weight;
            left = left.saturating_sub(line.weight);
            found
        });
        let (place, line) = drawn?;
        match &line.plays {
            Plays::Request(request) => {
                let message = self.message(request, dice, till)?;
                Some(Drawn { line: place, message, code: request.code, customer: None })
            }
            Plays::Story(story) => {
                let mut customer = Box::new(Customer::of(story));
                let message = customer.makes(till)?.ok()?;
                Some(Drawn { line: place, message, code: None, customer: Some(customer) })
            }
        }
    }

    fn message(&self, line: &Request, dice: &mut Dice, till: &Till) -> Option<Draft> {
        if line.asks == Asks::Echo {
            return Some(till.network_request(NetworkCode::Echo).into());
        }
        let mut deal = line.hand.draw(dice)?;
        deal.amount = line.amount.unwrap_or(deal.amount);
        let Deal { card, amount, .. } = deal;
        let message = match line.asks {
            Asks::Authorization => till.authorization(card, amount),
            Asks::Advice => till.advice(Kind::Purchase, card, amount),
            Asks::Request(Kind::Transfer) => {
                let (bank, account) = line.to.or_else(|| self.somebody(amount, dice))?;
                till.transfer(card, bank, account, amount)
            }
            Asks::Request(Kind::TopUp) => {
                let (operator, phone) = line.to?;
                till.top_up(card, operator, phone, amount)
            }
            Asks::Request(Kind::CashBack) => return with_cash(deal.message(till), amount),
            Asks::Request(_) | Asks::Echo => deal.message(till),
        };
        Some(message.into())
    }

    /// An account in the amount's currency that is anybody's.
    fn somebody(&self, amount: Money, dice: &mut Dice) -> Option<(InstitutionId, Text<28>)> {
        let accounts: Vec<_> = (0..8).filter_map(|_| self.all.draw(dice)).collect();
        accounts.iter().find_map(|deal| Some((deal.bank, deal.card.account(amount.currency())?.number)))
    }
}

/// A purchase with cash-back, of which the least there is is cash (DE54, amount type 40).
fn with_cash(purchase: Message<'static>, amount: Money) -> Option<Draft> {
    let mut draft = Draft::from(purchase);
    let cash = format!("0040{:03}D{:012}", amount.currency().numeric(), 1);
    draft.set(fields::named("balances")?, &cash).ok()?;
    Some(draft)
}

/// The cards named, or all in good standing.
pub(super) fn hand(cast: &Cast, cards: &[&str]) -> Result<Hand, Error> {
    if cards.is_empty() { Hand::of(cast, &[], &[Kind::Balance]) } else { Hand::named(cast, cards, &[Kind::Balance]) }
}

/// Who gets a transfer (`to` is a card's alias) or a top-up (`at` is an operator, `to` a phone); of others nobody.
pub(super) fn receiver(
    cast: &Cast,
    asks: Asks,
    at: Option<&str>,
    to: Option<(&str, Option<Money>)>,
) -> Result<Option<(InstitutionId, Text<28>)>, bank_adapters::Error> {
    match (asks, to) {
        (Asks::Request(Kind::Transfer), Some((alias, amount))) => {
            let card = cast.card(alias)?;
            let account = match amount {
                Some(amount) => card.account(amount.currency()),
                None => card.accounts.first(),
            };
            Ok(Some(cast.bank(&card.bank)?.institution).zip(account.map(|account| account.number)))
        }
        (Asks::Request(Kind::TopUp), phone) => {
            let operator = match at {
                Some(name) => Some(cast.bank(name)?),
                None => cast.operators().first(),
            };
            let of = |customers: &Customers| match customers {
                Customers::Phones { prefixes } => prefixes.first().map(|prefix| format!("{prefix}{PHONE}")),
                Customers::Cards { .. } => None,
            };
            let phone = phone.map(|(phone, _)| phone.to_owned()).or_else(|| of(&operator?.customers));
            Ok(operator.map(|operator| operator.institution).zip(phone.and_then(|phone| Text::new(phone.as_bytes()))))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests;
