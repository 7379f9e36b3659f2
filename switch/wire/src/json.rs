//! Messages as JSON, one a line: for scripts, for people who compare, and for tests against other codecs.
//!
//! Knows: raw fields of a dialect, any of 2 to 128. Does not know: the model; a message that no profile allows decodes as well.
//!
//! A message is `{"mti":"0200","fields":{"2":"911601******0014","4":"000005000000"}}`. Digits and text are as they stand,
//! track 2 with `=`, an amount with a sign as `C00000000`, bytes of class b in upper-case hexadecimal. What is wrong is
//! `{"error":{"field":4,"offset":28,"message":"…"}}`, the offset in bytes of the message, the field `null` where it is none;
//! beside it stands what could be read before, as `"decoded"` in the form of a message, where type and bitmap could be.

use bytes::BytesMut;
use model::FieldNumber;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::build::message;
use crate::chars::{Class, hex, unhex};
use crate::describe::readable;
use crate::dialect::Shown;
use crate::parse::{Field, Parsed, salvage};
use crate::{BuildError, Dialect, FieldSet, ParseError};

/// Why a line of JSON is no message.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// No JSON of the form above; tells the column.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// The message type is not four digits.
    #[error("mti: expected four digits, found {0:?}")]
    Mti(String),
    /// A key that is no field number.
    #[error("field {0:?}: fields are 2 to 128")]
    Number(String),
    /// A field of class b whose value is not hexadecimal.
    #[error("field {field}: expected pairs of hexadecimal digits")]
    Hex {
        /// The field.
        field: FieldNumber,
    },
    /// A value that its field cannot hold.
    #[error("{0}")]
    Build(#[from] BuildError),
}

/// Decodes one message given in hexadecimal. Sensitive fields are masked or withheld unless `unmasked`. Never fails: what is wrong
/// is told in the JSON.
#[must_use]
pub fn decode_line(dialect: &Dialect, hex_line: &str, unmasked: bool) -> String {
    let Some(body) = unhex(hex_line.trim_ascii().as_bytes()) else {
        return json!({"error": {"field": null, "offset": null, "message": "expected pairs of hexadecimal digits"}}).to_string();
    };
    decode(dialect, &body, unmasked).to_string()
}

/// Decodes one message (without its frame) likewise.
#[must_use]
pub fn decode(dialect: &Dialect, body: &[u8], unmasked: bool) -> Value {
    let parsed = match dialect.parse(body) {
        Ok(parsed) => parsed,
        Err(error) => return refusal(dialect, body, &error, unmasked),
    };
    told(dialect, &parsed, None, unmasked)
}

fn told(dialect: &Dialect, parsed: &Parsed<'_>, error: Option<&ParseError>, unmasked: bool) -> Value {
    let fields = readable(dialect, parsed, error, unmasked).map(|(field, value, _)| (field.number.to_string(), value.into()));
    json!({"mti": format!("{:04}", parsed.mti()), "fields": fields.collect::<Map<String, Value>>()})
}

fn refusal(dialect: &Dialect, body: &[u8], error: &ParseError, unmasked: bool) -> Value {
    let mut refusal = json!({"error": {"field": error.place.field(), "offset": error.offset, "message": error.to_string()}});
    if let (Some(parsed), Some(refusal)) = (salvage(dialect, body), refusal.as_object_mut()) {
        refusal.insert("decoded".into(), told(dialect, &parsed, Some(error), unmasked));
    }
    refusal
}

/// A field's value for people: whole, masked, or only how long it is.
pub(crate) fn shown(field: &Field<'_, '_>, unmasked: bool) -> String {
    let shown = if unmasked { Shown::Whole } else { field.spec.shown };
    match shown {
        Shown::Whole => field.to_text(),
        Shown::Masked => masked(&field.to_text()),
        Shown::Withheld => withheld(field),
    }
}

/// Only how long a field's value is.
pub(crate) fn withheld(field: &Field<'_, '_>) -> String {
    format!("<{} withheld>", field.units)
}

/// The first six and the last four characters, the rest as stars; of short text only the last four, of very short text nothing.
pub(crate) fn masked(text: &str) -> String {
    let length = text.chars().count();
    let (first, last) = match length {
        13.. => (6, 4),
        8.. => (0, 4),
        _ => (0, 0),
    };
    text.chars().enumerate().map(|(place, shown)| if place < first || place + last >= length { shown } else { '*' }).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    mti: String,
    fields: Map<String, Value>,
}

/// Encodes one line of JSON and returns the message (without a frame) in upper-case hexadecimal.
///
/// # Errors
/// Where it is no JSON of that form, or a field cannot hold its value; names the field.
pub fn encode_line(dialect: &Dialect, json_line: &str) -> Result<String, JsonError> {
    let mut out = BytesMut::new();
    encode(dialect, json_line, &mut out)?;
    Ok(hex(&out))
}

/// Encodes one line of JSON and appends the message (without a frame) to `out`.
///
/// # Errors
/// As [`encode_line`]; `out` is then as it was.
pub fn encode(dialect: &Dialect, json_line: &str, out: &mut BytesMut) -> Result<(), JsonError> {
    build(dialect, serde_json::from_str(json_line)?, out)
}

fn build(dialect: &Dialect, line: Line, out: &mut BytesMut) -> Result<(), JsonError> {
    let four_digits = line.mti.len() == 4 && Class::Digits.holds(line.mti.as_bytes());
    let mti = line.mti.parse().ok().filter(|_| four_digits).ok_or(JsonError::Mti(line.mti))?;
    let mut fields = Vec::with_capacity(line.fields.len());
    for (key, value) in line.fields {
        let canonical = |number: &FieldNumber| (2..=128).contains(number) && number.to_string() == key;
        let number = key.parse().ok().filter(canonical);
        let value = match value {
            Value::String(text) => text,
            other => {
                // Not the value: it may be a card number without its quotes.
                let found = kind(&other);
                return Err(JsonError::Json(serde::de::Error::custom(format!("field {key}: expected text, found {found}"))));
            }
        };
        fields.push((number.ok_or(JsonError::Number(key))?, value));
    }
    fields.sort_unstable_by_key(|(number, _)| *number);
    let present: FieldSet = fields.iter().map(|(number, _)| *number).collect();
    message(dialect, mti, present, out, |writer| {
        for (field, value) in fields.iter().map(|(field, value)| (*field, value)) {
            let spec = dialect.spec(field).ok_or(BuildError::Undefined { field })?;
            if spec.class == Class::Bytes {
                writer.value(field, &unhex(value.as_bytes()).ok_or(JsonError::Hex { field })?)?;
            } else {
                writer.value(field, value.as_bytes())?;
            }
        }
        Ok(())
    })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascii() -> std::sync::Arc<Dialect> {
        Dialect::builtin("iso87-ascii").unwrap()
    }

    const ECHO: &str = r#"{"mti":"0800","fields":{"7":"1228103005","11":"000042","70":"301"}}"#;

    #[test]
    fn a_line_goes_to_bytes_and_back() {
        let hex = encode_line(&ascii(), ECHO).unwrap();
        assert_eq!(unhex(hex.as_bytes()).unwrap(), b"0800822000000000000004000000000000001228103005000042301");
        let decoded: Value = serde_json::from_str(&decode_line(&ascii(), &hex.to_lowercase(), false)).unwrap();
        assert_eq!(decoded, serde_json::from_str::<Value>(ECHO).unwrap());
    }

    #[test]
    fn what_is_wrong_with_bytes_is_told_with_field_and_offset() {
        let broken = hex(b"0800822000000000000004000000000000001228103005O00042301");
        let told: Value = serde_json::from_str(&decode_line(&ascii(), &broken, false)).unwrap();
        let message = "field 11 at byte 46: expected 6 digits, found \"O\"";
        let decoded = json!({"mti": "0800", "fields": {"7": "1228103005"}});
        assert_eq!(told, json!({"error": {"field": 11, "offset": 46, "message": message}, "decoded": decoded}));
        let told: Value = serde_json::from_str(&decode_line(&ascii(), "30x", false)).unwrap();
        assert_eq!(told["error"]["field"], Value::Null);
        let told: Value = serde_json::from_str(&decode_line(&ascii(), "3038", false)).unwrap();
        assert_eq!(told["error"]["offset"], json!(0));
    }

    #[test]
    fn what_is_wrong_with_json_is_told_with_its_field() {
        let error = |line: &str| encode_line(&ascii(), line).unwrap_err().to_string();
        let cases = [
            (r#"{"mti":"0800","fields":{"70":"3O1"}}"#, "field 70: expected digits, character 1 is none"),
            (r#"{"mti":"0800","fields":{"70":"31"}}"#, "field 70: 2 long, exactly 3 needed"),
            (r#"{"mti":"0800","fields":{"70":"3010"}}"#, "field 70: 4 long, at most 3 allowed"),
            (r#"{"mti":"0800","fields":{"52":"ABC"}}"#, "field 52: expected pairs of hexadecimal digits"),
            (r#"{"mti":"0800","fields":{"43":"é"}}"#, "field 43: expected printable characters, character 0 is none"),
            (r#"{"mti":"0800","fields":{"1":"31"}}"#, "field \"1\": fields are 2 to 128"),
            (r#"{"mti":"0800","fields":{"011":"31"}}"#, "field \"011\": fields are 2 to 128"),
            (r#"{"mti":"800","fields":{}}"#, "mti: expected four digits, found \"800\""),
            (r#"{"mti":"1800","fields":{}}"#, "the message type 1800 does not exist in the dialect's version"),
        ];
        for (line, expected) in cases {
            assert_eq!(error(line), expected, "{line}");
        }
        let unquoted = error(r#"{"mti":"0800","fields":{"2":9116018273645014}}"#);
        assert!(unquoted.contains("field 2: expected text, found a number") && !unquoted.contains("9116"), "{unquoted}");
        assert!(error(r#"{"mti":"0800"}"#).contains("missing field `fields`"));
        assert!(error(r#"{"mti":"0800","fields":{},"x":1}"#).contains("unknown field `x`"));
    }

    #[test]
    fn masks_show_the_first_six_and_the_last_four() {
        assert_eq!(masked("9116010000000014"), "911601******0014");
        assert_eq!((masked("12345678"), masked("1234")), ("****5678".to_owned(), "****".to_owned()));
    }
}
