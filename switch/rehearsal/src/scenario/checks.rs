//! What a file expects of a value: a plain value, or a table that is a matcher.

use regex_lite::Regex;

use super::parse::Reading;
use super::reader::{Entry, Item};
use super::{Check, Error, Matcher, Shape, fields, keys};

impl<'a> Reading<'a> {
    /// What is expected of a field of a message.
    pub(super) fn field_check(&self, entry: &Entry<'a>) -> Result<Check, Error> {
        let field = fields::named(entry.key).ok_or_else(|| entry.unknown(&keys::EXPECT.known()))?;
        self.check(entry, Some(field.number), field.shape, true)
    }

    /// What is expected of a value of this shape.
    pub(super) fn check(&self, entry: &Entry<'a>, number: Option<u8>, shape: Shape, can_echo: bool) -> Result<Check, Error> {
        let matcher = if entry.value.is_table() {
            self.matcher(&entry.value, shape, can_echo)?
        } else {
            Matcher::Exactly(self.value(&entry.value, shape)?.value)
        };
        Ok(Check { name: entry.key.to_owned(), number, shape, matcher, span: entry.value.span.clone() })
    }

    fn matcher(&self, item: &Item<'a>, shape: Shape, can_echo: bool) -> Result<Matcher, Error> {
        let mut table = item.table()?;
        let words = keys::names(keys::MATCHERS);
        let said: Vec<_> = words.iter().filter(|word| table.has(word)).copied().collect();
        let [word] = said.as_slice() else {
            return Err(item.error("a matcher says exactly one thing", format!("write one of {}", words.join(", "))));
        };
        let value = table.need(word, "")?;
        let ordered = || match shape.has_order() {
            true => Ok(()),
            false => Err(item.error(format!("{word} suits numbers, amounts and times only"), "write the value, `in` or `regex`")),
        };
        let plain = || match shape {
            Shape::Secret => Err(item.error("this is never shown", "write { present = true } or { absent = true }")),
            _ => Ok(()),
        };
        let matcher = match *word {
            "echo" if !can_echo => return Err(item.error("no request has this", "write the value")),
            "echo" => plain().and_then(|()| value.said()).map(|()| Matcher::Echo)?,
            "present" => value.said().map(|()| Matcher::Present)?,
            "absent" => value.said().map(|()| Matcher::Absent)?,
            "ignore" => value.said().map(|()| Matcher::Ignore)?,
            "optional" => Matcher::Optional(self.value(&value, shape)?.value),
            "regex" => {
                plain()?;
                let pattern = value.text()?;
                Matcher::Regex(
                    Regex::new(pattern).map_err(|error| value.error(format!("{error}"), "write a regular expression"))?,
                )
            }
            "in" => Matcher::In(value.list()?.iter().map(|it| self.value(it, shape)).collect::<Result<_, _>>()?),
            "range" => {
                ordered()?;
                let ends = value.list()?;
                let [from, to] = ends.as_slice() else {
                    return Err(value.error("a range has two ends", "write range = [\"from\", \"to\"]"));
                };
                Matcher::Range(self.value(from, shape)?, self.value(to, shape)?)
            }
            _ => {
                ordered()?;
                let by = table.need("by", "say how far: by = \"2s\", or an amount")?;
                let (value, reach) = (self.value(&value, shape)?, self.template(&by)?);
                let sound = match (value.value.as_plain(), reach.value.as_plain()) {
                    (Some(value), Some(reach)) => shape.reach(value, reach),
                    (None, Some(reach)) => shape.reach_alone(reach),
                    (_, None) => Ok(0.0),
                };
                sound.map_err(|problem| by.error(problem, ""))?;
                Matcher::Near(value, reach)
            }
        };
        table.finish(&words)?;
        Ok(matcher)
    }
}
