//! The codec as its callers see it: hand-worked bytes, broken bytes, properties over random messages, and what must never be shown.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "helpers of tests may fail and tell as tests do"
)]

#[path = "../../../../tests/e2e/left_out.rs"]
mod left_out;
mod malformed;
mod mapping;
mod oracle;
mod properties;
mod random;
mod secrets;
mod vectors;

use std::sync::Arc;

use bytes::BytesMut;
use wire::Dialect;

fn dialect(name: &str) -> Arc<Dialect> {
    Dialect::builtin(name).unwrap()
}

fn ascii() -> Arc<Dialect> {
    dialect("iso87-ascii")
}

fn bcd() -> Arc<Dialect> {
    dialect("iso87-bcd")
}

/// 2022-12-28, the launch day: which years are meant.
const NOW: model::Timestamp = model::Timestamp::from_micros(1_672_248_605_250_000);

/// Bytes from hexadecimal digits; blanks between them are for the reader.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn written(dialect: &Dialect, message: &model::Message<'_>) -> BytesMut {
    let mut out = BytesMut::new();
    wire::write(dialect, message, NOW, &mut out).unwrap();
    out
}
