//! Dialects.
use std::sync::Arc;

use crate::{DialectError, ParseError, Parsed, Place, Problem};

/// How a network writes messages.
#[derive(Debug)]
pub struct Dialect {
    name: String,
}

impl Dialect {
    /// A dialect that ships with the switch.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Arc<Self>> {
        Self::builtin_names().contains(&name).then(|| Arc::new(Self { name: name.to_owned() }))
    }

    /// The names that [`Dialect::builtin`] knows.
    #[must_use]
    pub fn builtin_names() -> &'static [&'static str] {
        &["iso87-ascii", "iso87-bcd"]
    }

    /// Reads a description.
    ///
    /// # Errors
    /// Where it is none.
    pub fn from_toml(text: &str) -> Result<Self, DialectError> {
        Ok(Self { name: text.to_owned() })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Parses in place.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse<'a>(&self, body: &'a [u8]) -> Result<Parsed<'a>, ParseError> {
        let _ = body;
        Err(ParseError { place: Place::Frame, offset: 0, problem: Problem::Undefined })
    }
}
