//! A fault: what is done to which messages of which link.

use std::fmt;
use std::str::FromStr;

use model::{Mti, span};

use crate::{Action, FaultError};

/// Which way a message goes, seen from the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the peer into the switch.
    In,
    /// Out of the switch to the peer.
    Out,
}

/// Which ways a fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Way {
    /// What comes from the peer.
    In,
    /// What goes to the peer.
    Out,
    /// Both.
    #[default]
    Both,
}

/// A fault on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is done to a message.
    pub action: Action,
    /// The bank's or acquirer's name.
    pub link: String,
    /// Which way the message goes.
    pub way: Way,
    /// Only messages of this type, in the numbers of 1987 whatever the link speaks; `None` strikes any message.
    pub only: Option<Mti>,
    /// How many messages it strikes, over all connections of the link; `None` strikes until it is removed.
    pub times: Option<u32>,
}

/// A fault as files, requests and command lines tell it: a word each, all but `action` and `link` optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// `delay`, `drop` …
    pub action: String,
    /// The bank's or acquirer's name.
    pub link: String,
    /// `in`, `out` or `both`, which is meant where nothing is told.
    pub way: Option<String>,
    /// A message type: `0210`.
    pub only: Option<String>,
    /// How many messages.
    pub times: Option<u32>,
    /// How long: `26s`.
    pub by: Option<String>,
    /// Bytes a second.
    pub rate: Option<u32>,
    /// What a choice by chance depends on.
    pub seed: Option<u64>,
}

impl Way {
    /// Whether a fault in these ways strikes what goes that way.
    #[must_use]
    pub fn covers(self, direction: Direction) -> bool {
        match self {
            Self::In => direction == Direction::In,
            Self::Out => direction == Direction::Out,
            Self::Both => true,
        }
    }

    /// `in`, `out` or `both`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Both => "both",
        }
    }
}

impl FromStr for Way {
    type Err = FaultError;
    fn from_str(word: &str) -> Result<Self, FaultError> {
        [Self::In, Self::Out, Self::Both].into_iter().find(|way| way.word() == word).ok_or_else(|| {
            FaultError::unfit(
                "way",
                format!("{word:?} is no way; write in (from the peer into the switch), out (to the peer) or both"),
            )
        })
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Words {
    /// The fault that they name. Whether there is such a link is for the caller to say.
    ///
    /// # Errors
    /// The first word that is missing or says nothing, by its field's name.
    pub fn fault(&self) -> Result<Fault, FaultError> {
        let by = self.by.as_deref().map(span::parse).transpose().map_err(|problem| FaultError::unfit("by", problem))?;
        let action = Action::new(self.action.parse()?, by, self.rate, self.seed)?;
        if self.link.is_empty() {
            return Err(FaultError::unfit("link", "it is missing: the name of a bank or an acquirer"));
        }
        if self.times == Some(0) {
            return Err(FaultError::unfit("times", "a fault that never strikes is none; write 1 or more, or leave it out"));
        }
        Ok(Fault {
            action,
            link: self.link.clone(),
            way: self.way.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
            only: self.only.as_deref().map(mti).transpose()?,
            times: self.times,
        })
    }
}

impl From<&Fault> for Words {
    fn from(fault: &Fault) -> Self {
        let (by, rate, seed) = match fault.action {
            Action::Delay(by) | Action::Reorder(by) => (Some(span::show(by)), None, None),
            Action::Throttle(rate) => (None, Some(rate.get()), None),
            Action::Corrupt(seed) | Action::Garbage(seed) => (None, None, Some(seed)),
            Action::Drop | Action::Duplicate | Action::Truncate | Action::Reset | Action::HalfOpen => (None, None, None),
        };
        Self {
            action: fault.action.name().word().to_owned(),
            link: fault.link.clone(),
            way: Some(fault.way.word().to_owned()),
            only: fault.only.map(|mti| mti.to_string()),
            times: fault.times,
            by,
            rate,
            seed,
        }
    }
}

fn mti(digits: &str) -> Result<Mti, FaultError> {
    let four = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit());
    four.then(|| digits.parse().ok().and_then(Mti::new)).flatten().ok_or_else(|| {
        FaultError::unfit("only", format!("{digits:?} is no message type; write four digits of the 1987 edition, like 0210"))
    })
}

impl fmt::Display for Fault {
    /// For logs: `delay 26s on acleda, in, only 0210, 1 times`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}, {}", self.action, self.link, self.way)?;
        if let Some(only) = self.only {
            write!(f, ", only {only}")?;
        }
        match self.times {
            Some(1) => f.write_str(", once"),
            Some(times) => write!(f, ", {times} times"),
            None => Ok(()),
        }
    }
}
