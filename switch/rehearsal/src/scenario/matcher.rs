//! What is expected of a value: a plain value exactly, a table in words.
//!
//! Knows: values as text, and how the texts of a shape compare. Does not know: messages (`fields`), where values come from.

use regex_lite::Regex;

use super::{At, Span, Template};

/// Something that is checked: a field of a message, a figure of an assertion.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name in the file.
    pub name: String,
    /// Its number in ISO 8583, where it has one.
    pub number: Option<u8>,
    /// How its text is to be understood.
    pub shape: Shape,
    /// What is expected.
    pub matcher: Matcher,
    /// Where the expected value stands.
    pub span: Span,
}

/// What is expected.
#[derive(Clone, Debug)]
pub enum Matcher {
    /// Exactly this.
    Exactly(Template),
    /// `echo = true`: what the request had in the same field; absent where it was absent there.
    Echo,
    /// `present = true`: anything.
    Present,
    /// `absent = true`: nothing.
    Absent,
    /// `optional = V`: this, or nothing.
    Optional(Template),
    /// `regex = "…"`: a text in which this is found.
    Regex(Regex),
    /// `in = [..]`: one of these.
    In(Vec<At<Template>>),
    /// `range = [a, b]`: from a to b, both included.
    Range(At<Template>, At<Template>),
    /// `near = V, by = D`: at most so far from it.
    Near(At<Template>, At<Template>),
    /// `ignore = true`: not looked at.
    Ignore,
}

/// How the text of a value is to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Characters, at most so many.
    Text(usize),
    /// Characters of private data, at most so many; bytes that are no text as hexadecimal digits.
    Content(usize),
    /// Exactly so many digits, leading zeros told.
    Digits(usize),
    /// A number, signed.
    Number,
    /// An amount with its currency, signed: `-1800.00 KHR`.
    Amount,
    /// A currency: `KHR`.
    Currency,
    /// MMDDhhmmss, UTC.
    Transmission,
    /// hhmmss.
    Clock,
    /// MMDD.
    Day,
    /// A calendar date, `2022-12-28`.
    Date,
    /// An institution: its number, or the name of a bank or operator of the cast.
    Institution,
    /// A card: an alias of the cast, or a masked number.
    Card,
    /// Bytes that are never shown: set as hexadecimal digits, matched by their presence alone.
    Secret,
    /// `true` or `false`.
    Truth,
}

impl Shape {
    /// What a text of it looks like, to be put behind "is".
    #[must_use]
    pub fn wanted(self) -> String {
        match self {
            Self::Text(max) | Self::Content(max) => format!("text of at most {max} characters"),
            Self::Digits(count) => format!("a number of at most {count} digits"),
            Self::Number => "a number".to_owned(),
            Self::Amount => "an amount with its currency, such as 50000.00 KHR".to_owned(),
            Self::Currency => "a currency of ISO 4217, such as KHR".to_owned(),
            Self::Transmission => "a moment, MMDDhhmmss in UTC".to_owned(),
            Self::Clock => "a time of day, hhmmss".to_owned(),
            Self::Day => "a day, MMDD".to_owned(),
            Self::Date => "a date, such as 2022-12-28".to_owned(),
            Self::Institution => "an institution's number, or a bank's name".to_owned(),
            Self::Card => "a card's alias".to_owned(),
            Self::Secret => "never shown; it can only be present or absent".to_owned(),
            Self::Truth => "true or false".to_owned(),
        }
    }
}
