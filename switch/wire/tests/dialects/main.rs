//! What a dialect's description can say, each word worked out by hand in bytes, and its page in the documentation.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

mod document;
mod forms;
mod properties;

use bytes::BytesMut;
use wire::{Dialect, Value};

const BCD: &str = include_str!("../../dialects/iso87-bcd.toml");

/// The packed dialect with some of its lines changed.
fn changed(changes: &[(&str, &str)]) -> Dialect {
    Dialect::from_toml(&text_with(changes)).unwrap()
}

fn text_with(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(BCD.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

/// What is wrong with a description with these changes.
fn refused(changes: &[(&str, &str)]) -> String {
    Dialect::from_toml(&text_with(changes)).unwrap_err().to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    wire::unhex(&hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<_>>()).unwrap()
}

fn built(dialect: &Dialect, mti: u16, fields: &[(u8, Value<'_>)]) -> BytesMut {
    let mut out = BytesMut::new();
    dialect.build(mti, fields, &mut out).unwrap();
    out
}

/// The message is written like that, and read back as what was written.
#[track_caller]
fn lies_as(dialect: &Dialect, mti: u16, fields: &[(u8, &str)], expected: &str) {
    let values: Vec<_> = fields.iter().map(|(number, text)| (*number, Value::Characters(text.as_bytes()))).collect();
    let out = built(dialect, mti, &values);
    assert_eq!(hex(&out), hex(&unhex(expected)));
    let told: serde_json::Value = serde_json::from_str(&wire::json::decode_line(dialect, &hex(&out), true)).unwrap();
    for (number, text) in fields {
        assert_eq!(told["fields"][number.to_string()], *text, "{told}");
    }
}

/// What is said of these bytes.
fn told(dialect: &Dialect, message: &str) -> String {
    dialect.parse(&unhex(message)).unwrap_err().to_string()
}
