//! The JSON of a request's body, and what stands behind the `?` of its path, taken field by field. Read by hand: what a reader of JSON says of a wrong value may repeat the
//! value, and that may be a card number.

use serde_json::{Map, Value};

use crate::Trouble;

/// An object's fields that are not taken yet.
pub(crate) struct Given {
    fields: Map<String, Value>,
    known: &'static [&'static str],
}

impl Given {
    /// Reads a body: an object of `what`, which has only `known` fields. Those that are null count as absent.
    pub(crate) fn read(body: &[u8], what: &str, known: &'static [&'static str], example: &str) -> Result<Self, Trouble> {
        let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else {
            return Err(Trouble::unfit("body", format!("must be a JSON object such as {example}")));
        };
        fields.retain(|_, value| !value.is_null());
        if fields.keys().any(|key| !known.contains(&key.as_str())) {
            return Err(Trouble::unfit("body", format!("has a field that no {what} has; known: {}", known.join(", "))));
        }
        Ok(Self { fields, known })
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<Option<String>, Trouble> {
        match self.fields.remove(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Trouble::unfit(field, "must be text in quotation marks")),
        }
    }

    pub(crate) fn needed(&mut self, field: &'static str) -> Result<String, Trouble> {
        let given = self.text(field)?.filter(|text| !text.trim().is_empty());
        given.ok_or_else(|| Trouble::unfit(field, "is missing"))
    }

    /// A whole number that is not negative.
    pub(crate) fn number<N: TryFrom<u64>>(&mut self, field: &'static str) -> Result<Option<N>, Trouble> {
        let Some(value) = self.fields.remove(field) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| N::try_from(number).ok());
        number.map(Some).ok_or_else(|| Trouble::unfit(field, "must be a whole number, not negative and not that large"))
    }

    pub(crate) fn yes_or_no(&mut self, field: &'static str) -> Result<Option<bool>, Trouble> {
        let Some(value) = self.fields.remove(field) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| Trouble::unfit(field, "must be true or false, without quotation marks"))
    }

    /// Refuses what was given and not taken, since it means nothing to `what`.
    pub(crate) fn nothing_more(self, what: &str) -> Result<(), Trouble> {
        match self.known.iter().find(|field| self.fields.contains_key(**field)) {
            Some(unused) => Err(Trouble::unfit(unused, format!("means nothing to {what}; leave it out"))),
            None => Ok(()),
        }
    }
}

/// What stands behind the `?` of a path: `form=camt.054&bank=wing`.
pub(crate) struct Asked(Vec<(String, String)>);

impl Asked {
    /// Reads it; only `known` names may stand there, each once.
    pub(crate) fn read(query: Option<&str>, known: &[&str]) -> Result<Self, Trouble> {
        let mut all: Vec<(String, String)> = Vec::new();
        for pair in query.unwrap_or("").split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !known.contains(&name) || all.iter().any(|(other, _)| other == name) {
                return Err(Trouble::unfit("query", format!("may hold each of these once: {}", known.join(", "))));
            }
            all.push((name.to_owned(), plain(value).ok_or_else(|| Trouble::unfit("query", "is not sound"))?));
        }
        Ok(Self(all))
    }

    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.swap_remove(at).1).filter(|value| !value.is_empty())
    }
}

/// Text without its percent signs (RFC 3986, section 2.1).
fn plain(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).and_then(|it| u8::try_from(it).ok());
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => digit(rest.next())? * 16 + digit(rest.next())?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_stands_behind_the_path() {
        let mut asked = Asked::read(Some("form=camt.054&bank=a%20b+c"), &["form", "bank"]).unwrap();
        assert_eq!(
            (asked.take("form"), asked.take("bank"), asked.take("bank")),
            (Some("camt.054".into()), Some("a b c".into()), None)
        );
        for query in ["form=a&form=b", "who=me", "form=%4", "form=%zz", "form=%ff"] {
            assert!(Asked::read(Some(query), &["form"]).is_err(), "{query}");
        }
        assert!(Asked::read(None, &[]).is_ok());
    }
}
