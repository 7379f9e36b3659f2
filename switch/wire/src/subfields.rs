//! Positional subfields: a field whose characters are several values one after the other, as a dialect describes them.
//!
//! In a dialect's file, beside its `[fields]`:
//!
//! ```toml
//! [subfields.90]
//! parts = [["Original message type", "n 4"], ["Original trace number", "n 6"], ["Rest", "ans ..32"]]
//!
//! [subfields.54]
//! repeats = true   # the parts come again and again until the field ends
//! parts = [["Account type", "n 2"], ["Amount type", "n 2"], ["Currency", "n 3"], ["Amount", "x+n 12"]]
//! ```
//!
//! A part is its name, its format (class and length, as in `[fields]`), and, where it must not be shown, `"masked"` or
//! `"withheld"`. Only the last part may vary (`..`): it takes what is left. Lengths count characters whatever the field's encoding.
//!
//! Knows: characters of a field. Does not know: how the field lies in bytes, what a part means.

use serde::Deserialize;

use crate::chars::{Class, Kinds};
use crate::dialect::Shown;

/// How a field is divided.
#[derive(Clone, Debug)]
pub struct Subfields {
    parts: Vec<PartSpec>,
    repeats: bool,
}

#[derive(Clone, Debug)]
struct PartSpec {
    name: String,
    class: Class,
    max: usize,
    varies: bool,
    shown: Shown,
}

/// One part of a field's value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Part<'s, 'a> {
    /// Its name in the dialect.
    pub name: &'s str,
    /// Its characters. May be sensitive.
    pub value: &'a str,
    /// Where it begins, in characters of the field.
    pub at: usize,
    /// What is wrong with it, in words: what was expected.
    pub problem: Option<PartProblem>,
    pub(crate) shown: Shown,
}

/// What is wrong with a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartProblem {
    /// Characters that its class does not have.
    #[error("expected {0}")]
    Characters(&'static str),
    /// The field ends inside it.
    #[error("expected {needed} characters, found {left}")]
    Short {
        /// How many it has.
        needed: usize,
        /// How many there are.
        left: usize,
    },
    /// More characters than all parts have.
    #[error("expected the end, found {0} more characters")]
    LeftOver(usize),
}

/// `[subfields.N]` of a dialect's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SubfieldsRow {
    parts: Vec<Vec<String>>,
    #[serde(default)]
    repeats: bool,
}

impl SubfieldsRow {
    /// The description as the reader wants it, checked against the field's greatest length in characters.
    pub(crate) fn compile(&self, field_max: u16) -> Result<Subfields, String> {
        let parts = self.parts.iter().map(|row| PartSpec::of(row)).collect::<Result<Vec<_>, _>>()?;
        let total: usize = parts.iter().map(|part| part.max).sum();
        if parts.is_empty() {
            return Err("it has no parts".into());
        }
        if total > usize::from(field_max) {
            return Err(format!("its parts take {total} characters, the field has at most {field_max}"));
        }
        let varying = parts.iter().position(|part| part.varies);
        if varying.is_some_and(|place| place + 1 < parts.len() || self.repeats) {
            return Err("only the last part may vary in length, and none of those that repeat".into());
        }
        Ok(Subfields { parts, repeats: self.repeats })
    }
}

impl PartSpec {
    fn of(row: &[String]) -> Result<Self, String> {
        let (name, format, sensitive) = match row {
            [name, format] => (name, format, None),
            [name, format, sensitive] => (name, format, Some(sensitive.as_str())),
            _ => return Err("a part is [\"name\", \"format\"] or [\"name\", \"format\", \"masked\" or \"withheld\"]".into()),
        };
        let wrong =
            || format!("{format:?} is no format of a part; write a class (n, a, an, ans, x+n) and a length: n 6, ans ..40");
        let (class, length) = format.split_once(' ').ok_or_else(wrong)?;
        let (varies, length) = length.strip_prefix("..").map_or((false, length), |length| (true, length));
        let max = length.parse().ok().filter(|max| (1..=999).contains(max)).ok_or_else(wrong)?;
        let blank = Kinds::LETTER.and(Kinds::BLANK);
        let (class, max) = match class {
            "n" => (Class::Digits, max),
            "a" => (Class::Mixed(blank), max),
            "an" => (Class::Mixed(blank.and(Kinds::DIGIT)), max),
            "ans" => (Class::Mixed(blank.and(Kinds::DIGIT).and(Kinds::SPECIAL)), max),
            "x+n" => (Class::Signed, max + 1),
            _ => return Err(wrong()),
        };
        let shown = match sensitive {
            None => Shown::Whole,
            Some("masked") => Shown::Masked,
            Some("withheld") => Shown::Withheld,
            Some(other) => return Err(format!("{other:?}: what may be shown of a part is \"masked\" or \"withheld\"")),
        };
        Ok(Self { name: name.clone(), class, max, varies, shown })
    }
}

impl Subfields {
    /// Cuts a field's characters into its parts, in order; each is checked, and what does not fit is there with what is wrong.
    pub fn cut<'s, 'a>(&'s self, value: &'a str) -> impl Iterator<Item = Part<'s, 'a>> {
        let mut at = 0;
        let mut next = 0;
        std::iter::from_fn(move || {
            let rest = value.get(at..).filter(|rest| !rest.is_empty())?;
            if self.repeats && next == self.parts.len() {
                next = 0;
            }
            let (begins, spec) = (at, self.parts.get(next));
            next += 1;
            let Some(spec) = spec else {
                at = value.len();
                let problem = Some(PartProblem::LeftOver(rest.chars().count()));
                return Some(Part { name: "", value: rest, at: begins, problem, shown: Shown::Withheld });
            };
            let end = rest.char_indices().nth(spec.max).map_or(rest.len(), |(place, _)| place);
            let part = rest.get(..end)?;
            at += end;
            let left = part.chars().count();
            let problem = if left < spec.max && !spec.varies {
                Some(PartProblem::Short { needed: spec.max, left })
            } else if !spec.class.holds(part.as_bytes()) {
                Some(PartProblem::Characters(spec.class.words()))
            } else {
                None
            };
            Some(Part { name: &spec.name, value: part, at: begins, problem, shown: spec.shown })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subfields(toml: &str, field_max: u16) -> Result<Subfields, String> {
        toml::from_str::<SubfieldsRow>(toml).map_err(|error| error.to_string())?.compile(field_max)
    }

    fn told(subfields: &Subfields, value: &str) -> Vec<String> {
        let told = |part: Part<'_, '_>| match part.problem {
            None => format!("{}@{}={}", part.name, part.at, part.value),
            Some(problem) => format!("{}@{}: {problem}", part.name, part.at),
        };
        subfields.cut(value).map(told).collect()
    }

    #[test]
    fn parts_come_one_after_the_other_and_again_where_they_repeat() {
        let original = subfields(r#"parts = [["type", "n 4"], ["trace", "n 6"], ["rest", "ans ..32"]]"#, 42).unwrap();
        assert_eq!(told(&original, "0200000042more"), ["type@0=0200", "trace@4=000042", "rest@10=more"]);
        assert_eq!(told(&original, "0200000042"), ["type@0=0200", "trace@4=000042"]);
        let balances = subfields("repeats = true\nparts = [[\"kind\", \"n 2\"], [\"amount\", \"x+n 3\"]]", 120).unwrap();
        assert_eq!(told(&balances, "01C00102D002"), ["kind@0=01", "amount@2=C001", "kind@6=02", "amount@8=D002"]);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let parts = subfields(r#"parts = [["type", "n 4"], ["trace", "n 6"]]"#, 42).unwrap();
        assert_eq!(
            told(&parts, "02O0000042xx"),
            ["type@0: expected digits", "trace@4=000042", "@10: expected the end, found 2 more characters"]
        );
        assert_eq!(told(&parts, "020000"), ["type@0=0200", "trace@4: expected 6 characters, found 2"]);
        assert_eq!(told(&parts, "02é0"), ["type@0: expected digits"], "characters of more bytes do no harm");
    }

    #[test]
    fn a_description_that_makes_no_sense_is_refused() {
        let cases = [
            (r#"parts = [["type", "n 4"]]"#, 3, "take 4 characters, the field has at most 3"),
            (r#"parts = [["a", "n ..4"], ["b", "n 1"]]"#, 9, "only the last part may vary"),
            (r#"parts = [["a", "q 4"]]"#, 9, "\"q 4\" is no format"),
            (r#"parts = [["a"]]"#, 9, "a part is"),
            (r#"parts = [["a", "n 4", "hidden"]]"#, 9, "\"hidden\""),
            ("parts = []", 9, "no parts"),
            ("part = []", 9, "unknown field `part`"),
        ];
        for (text, max, problem) in cases {
            let told = subfields(text, max).unwrap_err();
            assert!(told.contains(problem), "{text}: {told}");
        }
    }
}
