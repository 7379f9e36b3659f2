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

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whether the value is as expected.
    pub agrees: bool,
    /// What is expected, in words.
    pub expected: String,
}

impl Check {
    /// Compares a value, in its normal text, with what is expected. `asked` is the request's value of the same field; `fill` gives
    /// the normal text of an expected value.
    ///
    /// # Errors
    /// What `fill` says.
    pub fn judge(
        &self,
        actual: Option<&str>,
        asked: Option<&str>,
        fill: impl Fn(&Template) -> Result<String, String>,
        fill_reach: impl Fn(&Template) -> Result<String, String>,
    ) -> Result<Judged, String> {
        let (agrees, expected) = match &self.matcher {
            Matcher::Exactly(value) => {
                let value = fill(value)?;
                (actual == Some(&value), value)
            }
            Matcher::Echo => (actual == asked, format!("{}, as in the request", asked.unwrap_or("nothing"))),
            Matcher::Present => (actual.is_some(), "anything".to_owned()),
            Matcher::Absent => (actual.is_none(), "nothing".to_owned()),
            Matcher::Optional(value) => {
                let value = fill(value)?;
                (actual.is_none_or(|actual| actual == value), format!("{value}, or nothing"))
            }
            Matcher::Regex(pattern) => {
                (actual.is_some_and(|it| pattern.is_match(it)), format!("text with /{}/", pattern.as_str()))
            }
            Matcher::In(values) => {
                let values = values.iter().map(|it| fill(&it.value)).collect::<Result<Vec<_>, _>>()?;
                let agrees = actual.is_some_and(|actual| values.iter().any(|value| value == actual));
                (agrees, format!("one of {}", values.join(", ")))
            }
            Matcher::Range(from, to) => {
                let (from, to) = (fill(&from.value)?, fill(&to.value)?);
                let above = |low: &str, high: &str| self.shape.distance(low, high).is_some_and(|it| it >= 0.0);
                (actual.is_some_and(|it| above(&from, it) && above(it, &to)), format!("{from} to {to}"))
            }
            Matcher::Near(value, by) => {
                let (value, by) = (fill(&value.value)?, fill_reach(&by.value)?);
                self.shape.reach(&value, &by)?;
                let agrees = actual.is_some_and(|it| self.shape.is_near(&value, it, &by) == Some(true));
                (agrees, format!("{value}, give or take {by}"))
            }
            Matcher::Ignore => (true, "not looked at".to_owned()),
        };
        Ok(Judged { agrees, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(shape: Shape, matcher: Matcher, actual: Option<&str>) -> bool {
        let check = Check { name: "x".into(), number: None, shape, matcher, span: 0..0 };
        let fill = |template: &Template| Ok(template.as_plain().unwrap().to_owned());
        check.judge(actual, Some("asked"), fill, fill).unwrap().agrees
    }

    fn value(text: &str) -> Template {
        Template::plain(text)
    }

    fn at(text: &str) -> At<Template> {
        At { value: value(text), span: 0..0 }
    }

    #[test]
    fn every_matcher_takes_what_it_means_and_nothing_else() {
        let text = Shape::Text(12);
        let amount = Shape::Amount;
        type Values = &'static [Option<&'static str>];
        let cases: Vec<(Shape, Matcher, Values, Values)> = vec![
            (text, Matcher::Exactly(value("00")), &[Some("00")], &[Some("0"), Some("000"), None]),
            (text, Matcher::Echo, &[Some("asked")], &[Some("other"), None]),
            (text, Matcher::Present, &[Some("x")], &[None]),
            (text, Matcher::Absent, &[None], &[Some("x"), Some("")]),
            (text, Matcher::Optional(value("a")), &[Some("a"), None], &[Some("b")]),
            (text, Matcher::Regex(Regex::new("^A[0-9]$").unwrap()), &[Some("A1")], &[Some("xA1"), None]),
            (text, Matcher::In(vec![at("a"), at("b")]), &[Some("a"), Some("b")], &[Some("c"), None]),
            (
                amount,
                Matcher::Range(at("-1.00 USD"), at("2.00 USD")),
                &[Some("-1.00 USD"), Some("2.00 USD")],
                &[Some("-1.01 USD"), Some("2.01 USD"), Some("1.00 KHR"), None],
            ),
            (
                amount,
                Matcher::Near(at("1.00 USD"), at("0.05 USD")),
                &[Some("0.95 USD"), Some("1.05 USD")],
                &[Some("1.06 USD"), Some("0.94 USD"), None],
            ),
            (text, Matcher::Ignore, &[Some("x"), None], &[]),
        ];
        for (shape, matcher, good, bad) in cases {
            for actual in good {
                assert!(judged(shape, matcher.clone(), *actual), "{matcher:?} takes {actual:?}");
            }
            for actual in bad {
                assert!(!judged(shape, matcher.clone(), *actual), "{matcher:?} refuses {actual:?}");
            }
        }
    }
}
