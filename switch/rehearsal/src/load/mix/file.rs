//! A mix from a TOML file: `[[mix]]` tables, each with a weight and what is sent.

use std::path::Path;

use bank_adapters::Cast;
use model::{Money, ResponseCode};
use serde::Deserialize;
use toml::Spanned;

use super::customer::Story;
use super::{Asks, Line, Mix, MixError, Plays, Request, hand, receiver};
use crate::Error;
use crate::scenario::{self, Span};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    mix: Vec<Spanned<Entry>>,
}

/// `[[mix]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    weight: Option<Spanned<i64>>,
    send: Option<Spanned<String>>,
    scenario: Option<Spanned<String>>,
    card: Option<Spanned<OneOrMore>>,
    amount: Option<Spanned<String>>,
    to: Option<Spanned<String>>,
    at: Option<Spanned<String>>,
    code: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn all(&self) -> Vec<&str> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more.iter().map(String::as_str).collect(),
        }
    }
}

/// The file while it is read.
struct Reading<'f> {
    path: &'f Path,
    source: &'f str,
    cast: &'f Cast,
    cards: &'f [&'f str],
}

impl Mix {
    /// Reads a file. Where a line names no cards, they are those named here, or all of the cast in good standing.
    ///
    /// # Errors
    /// Where it cannot be read or is no mix: file, line, what is wrong and what to write.
    pub fn load(path: &Path, cast: &Cast, cards: &[&str]) -> Result<Self, Error> {
        let unread = |source| MixError::Unread { path: path.to_owned(), source };
        let source = std::fs::read_to_string(path).map_err(unread)?;
        Reading { path, source: &source, cast, cards }.mix()
    }
}

impl Reading<'_> {
    fn mix(&self) -> Result<Mix, Error> {
        let file: File = toml::from_str(self.source).map_err(|error| {
            let remedy = "a mix is [[mix]] tables of send or scenario, with weight, card, amount, to, at and code where wanted";
            self.wrong(&error.span().unwrap_or_default(), error.message(), remedy)
        })?;
        if file.mix.is_empty() {
            return Err(self.wrong(&(0..0), "nothing is to be asked", "add a [[mix]] table with send = \"withdrawal\"").into());
        }
        let lines = file.mix.iter().map(|entry| self.line(entry)).collect::<Result<_, Error>>()?;
        Ok(Mix { lines, all: hand(self.cast, self.cards)? })
    }

    fn line(&self, entry: &Spanned<Entry>) -> Result<Line, Error> {
        let (span, entry) = (entry.span(), entry.get_ref());
        let weight = self.weight(entry)?;
        match (&entry.send, &entry.scenario) {
            (Some(send), None) => {
                let plays = Plays::Request(self.request(entry, send)?);
                Ok(Line { name: send.get_ref().clone(), weight, plays })
            }
            (None, Some(scenario)) => {
                let path = self.path.parent().unwrap_or(Path::new("")).join(scenario.get_ref());
                let story = Story::load(&path, self.cast).map_err(|error| MixError::File(Box::new(error)))?;
                let others = [&entry.amount, &entry.to, &entry.at, &entry.code];
                if let Some(other) =
                    others.into_iter().flatten().map(Spanned::span).chain(entry.card.as_ref().map(Spanned::span)).next()
                {
                    return Err(self.wrong(&other, "the scenario says all of that itself", "leave it out").into());
                }
                Ok(Line { name: scenario.get_ref().clone(), weight, plays: Plays::Story(story) })
            }
            (Some(_), Some(scenario)) => {
                Err(self.wrong(&scenario.span(), "a line sends one thing or plays a scenario", "make two [[mix]] of it").into())
            }
            (None, None) => {
                Err(self.wrong(&span, "nothing is to be asked", "add send = \"withdrawal\" or scenario = \"path.toml\"").into())
            }
        }
    }

    fn request(&self, entry: &Entry, send: &Spanned<String>) -> Result<Request, Error> {
        let name = send.get_ref();
        let unknown = || self.wrong(&send.span(), format!("{name:?} cannot be sent"), format!("what can: {}", Asks::names()));
        let asks = Asks::from_name(name).ok_or_else(unknown)?;
        let amount = entry.amount.as_ref().map(|text| self.amount(text)).transpose()?;
        let named = |text: &Option<Spanned<String>>| text.as_ref().map(|text| text.get_ref().as_str().to_owned());
        let (at, to) = (named(&entry.at), named(&entry.to));
        let to = receiver(self.cast, asks, at.as_deref(), to.as_deref().map(|to| (to, amount))).map_err(|error| {
            let place = entry.at.as_ref().or(entry.to.as_ref()).map(Spanned::span).unwrap_or_default();
            self.wrong(&place, error.to_string(), "")
        })?;
        let hand = self.hand(entry, amount)?.asking(asks.kind());
        let code = entry.code.as_ref().map(|text| self.code(text)).transpose()?;
        Ok(Request { asks, hand, amount, to, code })
    }

    fn weight(&self, entry: &Entry) -> Result<u64, Error> {
        let Some(weight) = &entry.weight else { return Ok(1) };
        let number = u32::try_from(*weight.get_ref()).ok().filter(|number| *number > 0);
        let wrong = || self.wrong(&weight.span(), format!("{} is no weight", weight.get_ref()), "write a whole number from 1");
        Ok(number.ok_or_else(wrong)?.into())
    }

    fn hand(&self, entry: &Entry, amount: Option<Money>) -> Result<crate::deal::Hand, Error> {
        let Some(named) = &entry.card else {
            let all = hand(self.cast, self.cards)?;
            return amount.map_or(Ok(all.clone()), |amount| all.holding(amount.currency()));
        };
        let cards = named.get_ref().all();
        if cards.is_empty() {
            return Err(self.wrong(&named.span(), "nobody is named", "leave `card` out for all cards in good standing").into());
        }
        for alias in &cards {
            let card = self.cast.card(alias).map_err(|error| self.wrong(&named.span(), error.to_string(), ""))?;
            if let Some(currency) = amount.map(Money::currency).filter(|currency| card.account(*currency).is_none()) {
                let has: Vec<_> = card.accounts.iter().map(|account| account.currency().alpha()).collect();
                let problem = format!("{alias} has no account in {currency}");
                return Err(self.wrong(&named.span(), problem, format!("{alias} has {}", has.join(" and "))).into());
            }
        }
        hand(self.cast, &cards)
    }

    fn amount(&self, text: &Spanned<String>) -> Result<Money, Error> {
        let amount = text.get_ref().parse::<Money>();
        amount.map_err(|error| self.wrong(&text.span(), error.to_string(), "").into())
    }

    fn code(&self, text: &Spanned<String>) -> Result<ResponseCode, Error> {
        let code = <[u8; 2]>::try_from(text.get_ref().as_bytes()).ok().and_then(ResponseCode::new);
        let problem = || format!("{:?} is no response code", text.get_ref());
        code.ok_or_else(|| self.wrong(&text.span(), problem(), "write DE39 in two characters: \"00\"").into())
    }

    fn wrong(&self, span: &Span, problem: impl Into<String>, remedy: impl Into<String>) -> MixError {
        MixError::File(Box::new(scenario::Error::at(self.path, self.source, span, problem, remedy)))
    }
}
