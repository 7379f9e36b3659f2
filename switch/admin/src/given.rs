//! The JSON of a request's body, taken field by field. Read by hand: what a reader of JSON says of a wrong value may repeat the
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

    /// Refuses what was given and not taken, since it means nothing to `what`.
    pub(crate) fn nothing_more(self, what: &str) -> Result<(), Trouble> {
        match self.known.iter().find(|field| self.fields.contains_key(**field)) {
            Some(unused) => Err(Trouble::unfit(unused, format!("means nothing to {what}; leave it out"))),
            None => Ok(()),
        }
    }
}
