//! What a fault does to a message, and its words.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use model::span;

use crate::FaultError;

/// What is done to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It comes that much later. Others that the fault does not strike overtake it, as they do where a host is slow with one
    /// transaction; those that it strikes keep their order.
    Delay(Duration),
    /// It never comes.
    Drop,
    /// It comes twice.
    Duplicate,
    /// It changes places with the next message on the connection; alone it comes after this bound.
    Reorder(Duration),
    /// Bytes of its body are changed, so that it can no longer be read or says something else. The seed says which, and to what.
    Corrupt(u64),
    /// Its frame announces all of it and holds the first half of its body: the receiver waits, and takes what follows for the rest.
    Truncate,
    /// The connection breaks where it would have come.
    Reset,
    /// A frame whose body is no message comes before it. The seed says which bytes.
    Garbage(u64),
    /// It, and whatever is behind it, goes at this many bytes a second.
    Throttle(NonZeroU32),
    /// From it on nothing comes any more on its connection, the end of the connection neither, and nobody is told.
    HalfOpen,
}

/// An action's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "told at `Action`")]
pub enum Name {
    Delay,
    Drop,
    Duplicate,
    Reorder,
    Corrupt,
    Truncate,
    Reset,
    Garbage,
    Throttle,
    HalfOpen,
}

/// How long a reordered message waits for another, where nobody says.
pub(crate) const REORDER_WITHIN: Duration = Duration::from_secs(1);

impl Name {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::Delay,
        Self::Drop,
        Self::Duplicate,
        Self::Reorder,
        Self::Corrupt,
        Self::Truncate,
        Self::Reset,
        Self::Garbage,
        Self::Throttle,
        Self::HalfOpen,
    ];

    /// Its word in files, requests, metrics and on command lines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Delay => "delay",
            Self::Drop => "drop",
            Self::Duplicate => "duplicate",
            Self::Reorder => "reorder",
            Self::Corrupt => "corrupt",
            Self::Truncate => "truncate",
            Self::Reset => "reset",
            Self::Garbage => "garbage",
            Self::Throttle => "throttle",
            Self::HalfOpen => "half-open",
        }
    }
}

impl FromStr for Name {
    type Err = FaultError;
    fn from_str(word: &str) -> Result<Self, FaultError> {
        Self::ALL.into_iter().find(|name| name.word() == word).ok_or_else(|| {
            let known = Self::ALL.map(Self::word).join(", ");
            FaultError::unfit("action", format!("there is no fault called {word:?}; known: {known}"))
        })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Action {
    /// Its word.
    #[must_use]
    pub fn name(&self) -> Name {
        match self {
            Self::Delay(_) => Name::Delay,
            Self::Drop => Name::Drop,
            Self::Duplicate => Name::Duplicate,
            Self::Reorder(_) => Name::Reorder,
            Self::Corrupt(_) => Name::Corrupt,
            Self::Truncate => Name::Truncate,
            Self::Reset => Name::Reset,
            Self::Garbage(_) => Name::Garbage,
            Self::Throttle(_) => Name::Throttle,
            Self::HalfOpen => Name::HalfOpen,
        }
    }

    /// An action from its name and what may be told beside it: `by` for delay (needed) and reorder, `rate` in bytes a second for
    /// throttle (needed), `seed` for corrupt and garbage.
    ///
    /// # Errors
    /// What is missing, or told to an action that has no use for it.
    pub fn new(name: Name, by: Option<Duration>, rate: Option<u32>, seed: Option<u64>) -> Result<Self, FaultError> {
        let unused = |field: &'static str, told: bool| match told {
            true => Err(FaultError::unfit(field, format!("{name} has no use for it; leave it out"))),
            false => Ok(()),
        };
        unused("by", by.is_some() && !matches!(name, Name::Delay | Name::Reorder))?;
        unused("rate", rate.is_some() && name != Name::Throttle)?;
        unused("seed", seed.is_some() && !matches!(name, Name::Corrupt | Name::Garbage))?;
        let seed = seed.unwrap_or(0);
        Ok(match name {
            Name::Delay => Self::Delay(by.ok_or_else(|| FaultError::unfit("by", "a delay needs to know how long, like 26s"))?),
            Name::Drop => Self::Drop,
            Name::Duplicate => Self::Duplicate,
            Name::Reorder => Self::Reorder(by.unwrap_or(REORDER_WITHIN)),
            Name::Corrupt => Self::Corrupt(seed),
            Name::Truncate => Self::Truncate,
            Name::Reset => Self::Reset,
            Name::Garbage => Self::Garbage(seed),
            Name::Throttle => {
                let rate = rate.and_then(NonZeroU32::new);
                Self::Throttle(rate.ok_or_else(|| FaultError::unfit("rate", "throttle needs bytes per second, at least 1"))?)
            }
            Name::HalfOpen => Self::HalfOpen,
        })
    }
}

impl FromStr for Action {
    type Err = FaultError;
    /// Reads `delay 26s`, `reorder`, `reorder 2s`, `corrupt 7`, `throttle 300`: a name, and what it needs.
    fn from_str(text: &str) -> Result<Self, FaultError> {
        let mut words = text.split_ascii_whitespace();
        let name: Name = words.next().unwrap_or("").parse()?;
        let told = words.next();
        if let Some(more) = words.next() {
            return Err(FaultError::unfit("action", format!("nothing is expected behind {name} and one word, found {more:?}")));
        }
        let number =
            |field, word: &str| word.parse::<u64>().map_err(|_| FaultError::unfit(field, format!("{word:?} is no whole number")));
        let (mut by, mut rate, mut seed) = (None, None, None);
        match (told, name) {
            (None, _) => {}
            (Some(word), Name::Corrupt | Name::Garbage) => seed = Some(number("seed", word)?),
            (Some(word), Name::Throttle) => rate = Some(u32::try_from(number("rate", word)?).unwrap_or(u32::MAX)),
            (Some(word), _) => by = Some(span::parse(word).map_err(|problem| FaultError::unfit("by", problem))?),
        }
        Self::new(name, by, rate, seed)
    }
}

impl fmt::Display for Action {
    /// In the words that [`Action::from_str`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name().word())?;
        match self {
            Self::Delay(by) | Self::Reorder(by) => write!(f, " {}", span::show(*by)),
            Self::Corrupt(seed) | Self::Garbage(seed) => write!(f, " {seed}"),
            Self::Throttle(rate) => write!(f, " {rate}"),
            Self::Drop | Self::Duplicate | Self::Truncate | Self::Reset | Self::HalfOpen => Ok(()),
        }
    }
}
