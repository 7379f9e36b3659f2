//! pain.001, the order of a customer to pay: read as a stream, and written as one.
//!
//! Knows: three editions of the message, as far as a payroll needs them (docs/payroll.md has the list of elements). Does not know: files,
//! banks, people.

mod draft;
mod grammar;
mod tokens;
mod walk;
mod writer;

use std::io::BufRead;

use crate::entry::Entry;
use crate::fault::{Fault, Problem, Severity};
use crate::source::Place;
use tokens::{Token, Tokens};
use walk::Walk;

pub use writer::Writer;

/// An edition of the message. The namespace of the root element says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edition {
    /// pain.001.001.03, of 2009.
    V03,
    /// pain.001.001.09, of 2019.
    V09,
    /// pain.001.001.11, of 2021.
    V11,
}

impl Edition {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::V03, Self::V09, Self::V11];

    /// The name of the message, as answers repeat it.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::V03 => "pain.001.001.03",
            Self::V09 => "pain.001.001.09",
            Self::V11 => "pain.001.001.11",
        }
    }

    /// The edition with this namespace.
    fn of(namespace: &str) -> Option<Self> {
        let message = namespace.strip_prefix(crate::NAMESPACE)?;
        Self::ALL.into_iter().find(|edition| edition.message() == message)
    }

    /// What the element with a BIC is called.
    const fn bic(self) -> &'static str {
        match self {
            Self::V03 => "BIC",
            Self::V09 | Self::V11 => "BICFI",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::V03 => 1,
            Self::V09 => 2,
            Self::V11 => 4,
        }
    }
}

/// Reads a pain.001 piece by piece. What it keeps does not grow with the document.
///
/// What is wrong comes in place of what it stands in; after a fault that ends reading nothing more comes. A document without a fault ends
/// with [`Entry::End`].
pub struct Reader<R> {
    tokens: Tokens<R>,
    walk: Walk,
    over: bool,
}

impl<R: BufRead> Reader<R> {
    /// A reader of one document, from its first byte.
    pub fn new(input: R) -> Self {
        Self { tokens: Tokens::new(input), walk: Walk::default(), over: false }
    }

    /// The edition, once the root element was read.
    #[must_use]
    pub fn edition(&self) -> Option<Edition> {
        self.walk.edition()
    }

    /// Reads one token; whether more may follow.
    fn step(&mut self) -> Result<bool, (Place, Problem)> {
        match self.tokens.next() {
            Ok((place, Token::Open { name, namespace, attributes })) => {
                self.walk.open(place, name, namespace, attributes).map_err(|problem| (place, problem))?;
            }
            Ok((place, Token::Text(text))) => self.walk.text(place, text),
            Ok((place, Token::Character(character))) => self.walk.text(place, character.encode_utf8(&mut [0; 4])),
            Ok((_, Token::Close)) => self.walk.close(),
            Ok((_, Token::End)) => {
                self.walk.end();
                return Ok(false);
            }
            // Where it ends too early, the end is the place.
            Err(Problem::CutOff) => return Err((self.tokens.end(), Problem::CutOff)),
            Err(problem) => return Err((self.tokens.place(), problem)),
        }
        Ok(true)
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Entry, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.walk.found() {
                return Some(found);
            }
            if self.over {
                return None;
            }
            match self.step() {
                Ok(more) => self.over = !more,
                Err((place, problem)) => {
                    debug_assert_eq!(problem.severity(), Severity::EndsReading, "{problem}");
                    self.over = true;
                    return Some(Err(self.walk.fault(place, problem)));
                }
            }
        }
    }
}
