//! A TOML document read key by key, so that every error names its place and every key that means nothing is found.
//!
//! Knows: tables, values, spans. Does not know: what a scenario is (`parse`).

use std::path::Path;
use std::time::Duration;

use bank_adapters::near;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use super::{At, Error, Span, Template};

/// The longest that a step may wait: a year and what overlaps it.
const LASTS_MAX: Duration = Duration::from_secs(400 * 86_400);

/// The file that is read.
#[derive(Clone, Copy)]
pub(super) struct File<'s> {
    pub(super) path: &'s Path,
    pub(super) source: &'s str,
}

impl<'s> File<'s> {
    pub(super) fn error(&self, span: &Span, problem: impl Into<String>, remedy: impl Into<String>) -> Error {
        Error::at(self.path, self.source, span, problem, remedy)
    }

    pub(super) fn document(self) -> Result<Spanned<DeTable<'s>>, Error> {
        DeTable::parse(self.source).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            self.error(&span, error.message().trim(), "")
        })
    }
}

/// A table of which keys are taken until none is left.
pub(super) struct Table<'a> {
    file: File<'a>,
    /// Where it stands.
    pub(super) span: Span,
    entries: Vec<Entry<'a>>,
}

/// A key with its value.
#[derive(Clone)]
pub(super) struct Entry<'a> {
    pub(super) key: &'a str,
    pub(super) key_span: Span,
    pub(super) value: Item<'a>,
}

/// A value.
#[derive(Clone)]
pub(super) struct Item<'a> {
    file: File<'a>,
    pub(super) span: Span,
    value: &'a DeValue<'a>,
}

impl<'a> Table<'a> {
    pub(super) fn of(file: File<'a>, span: Span, table: &'a DeTable<'a>) -> Self {
        let entry = |(key, value): (&'a Spanned<std::borrow::Cow<'a, str>>, &'a Spanned<DeValue<'a>>)| Entry {
            key: key.get_ref(),
            key_span: key.span(),
            value: Item { file, span: value.span(), value: value.get_ref() },
        };
        let mut entries: Vec<_> = table.iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.key_span.start);
        Self { file, span, entries }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|entry| entry.key == key)
    }

    /// The value of a key, once.
    pub(super) fn take(&mut self, key: &str) -> Option<Item<'a>> {
        Some(self.take_entry(key)?.value)
    }

    pub(super) fn take_entry(&mut self, key: &str) -> Option<Entry<'a>> {
        let place = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(place))
    }

    /// An entry whose key is nearly one of these.
    pub(super) fn resembling(&self, known: &[&str]) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| !near(entry.key, known.iter().copied()).is_empty())
    }

    /// Gives an entry back that was taken too early.
    pub(super) fn put_back(&mut self, entry: Entry<'a>) {
        self.entries.push(entry);
    }

    /// The value of a key that must be there.
    pub(super) fn need(&mut self, key: &str, remedy: &str) -> Result<Item<'a>, Error> {
        let span = self.span.clone();
        self.take(key).ok_or_else(|| self.file.error(&span, format!("`{key}` is missing"), remedy))
    }

    /// Whatever is left, in the order of the file.
    pub(super) fn rest(&mut self) -> Vec<Entry<'a>> {
        std::mem::take(&mut self.entries)
    }

    /// There may be nothing but these.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Error> {
        match self.entries.iter().find(|entry| !known.contains(&entry.key)) {
            Some(entry) => Err(entry.unknown(known)),
            None => Ok(()),
        }
    }

    /// Nothing may be left.
    pub(super) fn finish(mut self, known: &[&str]) -> Result<(), Error> {
        match self.rest().first() {
            Some(entry) => Err(entry.unknown(known)),
            None => Ok(()),
        }
    }
}

impl Entry<'_> {
    /// The key means nothing here.
    pub(super) fn unknown(&self, known: &[&str]) -> Error {
        let near = near(self.key, known.iter().copied());
        let remedy = match near.as_slice() {
            [] => format!("known here: {}", known.join(", ")),
            near => format!("did you mean {}?", near.join(" or ")),
        };
        self.value.file.error(&self.key_span, format!("`{}` means nothing here", self.key), remedy)
    }
}

impl<'a> Item<'a> {
    pub(super) fn error(&self, problem: impl Into<String>, remedy: impl Into<String>) -> Error {
        self.file.error(&self.span, problem, remedy)
    }

    fn wrong_type(&self, wanted: &str) -> Error {
        self.error(format!("{} is not what is wanted here", article(self.value.type_str())), format!("write {wanted}"))
    }

    pub(super) fn at<T>(&self, value: T) -> At<T> {
        At { value, span: self.span.clone() }
    }

    pub(super) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    pub(super) fn text(&self) -> Result<&'a str, Error> {
        self.value.as_str().ok_or_else(|| self.wrong_type("text in quotation marks"))
    }

    /// One of these words.
    pub(super) fn word(&self, known: &[&str]) -> Result<&'a str, Error> {
        let text = self.text()?;
        if known.contains(&text) {
            return Ok(text);
        }
        let near = near(text, known.iter().copied());
        let remedy = match near.as_slice() {
            [] => format!("known here: {}", known.join(", ")),
            near => format!("did you mean {}?", near.join(" or ")),
        };
        Err(self.error(format!("there is no {text:?} here"), remedy))
    }

    pub(super) fn truth(&self) -> Result<bool, Error> {
        self.value.as_bool().ok_or_else(|| self.wrong_type("true or false"))
    }

    /// A key that can only be said: `absent = true`.
    pub(super) fn said(&self) -> Result<(), Error> {
        match self.truth()? {
            true => Ok(()),
            false => Err(self.error("`false` says nothing here", "write true, or leave it out")),
        }
    }

    pub(super) fn number<T: std::str::FromStr>(&self, wanted: &str) -> Result<T, Error> {
        let number = self.value.as_integer().filter(|it| it.radix() == 10);
        number.and_then(|it| it.as_str().replace('_', "").parse().ok()).ok_or_else(|| self.wrong_type(wanted))
    }

    /// Text, or a number, a truth or a date as text.
    pub(super) fn scalar(&self) -> Result<String, Error> {
        Ok(match self.value {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', ""),
            DeValue::Float(number) => number.as_str().replace('_', ""),
            DeValue::Boolean(truth) => truth.to_string(),
            DeValue::Datetime(moment) => moment.to_string(),
            DeValue::Integer(_) | DeValue::Array(_) | DeValue::Table(_) => {
                return Err(self.wrong_type("a plain value, such as \"text\" or 42"));
            }
        })
    }

    /// The same, with `{{…}}` in it.
    pub(super) fn template(&self) -> Result<At<Template>, Error> {
        let template = Template::parse(&self.scalar()?).map_err(|problem| self.error(problem, ""))?;
        Ok(self.at(template))
    }

    pub(super) fn duration(&self) -> Result<Duration, Error> {
        let wanted = "a time with its unit, such as \"500ms\", \"40s\", \"2m\", \"1h30m\" or \"7d\"";
        let text = self.value.as_str().ok_or_else(|| self.wrong_type(wanted))?;
        let time = model::span::parse(text)
            .map_err(|_| self.error(format!("{text:?} is no length of time"), format!("write {wanted}")))?;
        self.bearable(time)
    }

    /// A length of time that a scenario may last: every event of it is played.
    pub(super) fn bearable(&self, time: Duration) -> Result<Duration, Error> {
        match time > LASTS_MAX {
            true => Err(self.error("nothing lasts that long here", "write at most 400 days")),
            false => Ok(time),
        }
    }

    pub(super) fn moment(&self) -> Result<Datetime, Error> {
        let parsed = match self.value {
            DeValue::Datetime(moment) => Some(*moment),
            DeValue::String(text) => text.parse().ok(),
            _ => None,
        };
        parsed.ok_or_else(|| self.wrong_type("a date and time, such as 2022-12-28T09:00:00"))
    }

    pub(super) fn list(&self) -> Result<Vec<Self>, Error> {
        let array = self.value.as_array().ok_or_else(|| self.wrong_type("a list in square brackets"))?;
        Ok(array.iter().map(|it| Item { file: self.file, span: it.span(), value: it.get_ref() }).collect())
    }

    pub(super) fn table(&self) -> Result<Table<'a>, Error> {
        let table = self.value.as_table().ok_or_else(|| self.wrong_type("a table"))?;
        Ok(Table::of(self.file, self.span.clone(), table))
    }
}

fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}
