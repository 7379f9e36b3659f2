//! What several targets have in common: the built-in dialects, the way there and back, and the card number that nobody may see.

use std::sync::{Arc, LazyLock};

use bytes::BytesMut;
use wire::tlv::{self, Tag};
use wire::{Dialect, json};

/// The built-in dialects in the order of their names, read once. An input's first byte picks one of them by its place.
pub static DIALECTS: LazyLock<Vec<Arc<Dialect>>> =
    LazyLock::new(|| Dialect::builtin_names().iter().filter_map(|name| Dialect::builtin(name)).collect());

/// The dialect that an input's first byte picks, and another (or the same) to go on to.
#[must_use]
pub fn picked(choice: u8) -> (&'static Dialect, &'static Dialect) {
    let count = DIALECTS.len();
    (&DIALECTS[usize::from(choice) % count], &DIALECTS[usize::from(choice) / count % count])
}

/// A message that `dialect` has parsed, built again field by field: it parses to the same fields, and is the same bytes but for
/// what two writers may do differently, the case of hexadecimal digits and a secondary bitmap without a bit.
pub fn there_and_back(dialect: &Dialect, body: &[u8], fields: wire::FieldSet) {
    let line = json::decode(dialect, body, true).to_string();
    let mut again = BytesMut::new();
    json::encode(dialect, &line, &mut again).expect("what decodes encodes");
    if again != body {
        let empty_secondary = fields.contains(1) && fields.iter().all(|number| number <= 64);
        assert!(empty_secondary || again.eq_ignore_ascii_case(body), "other bytes");
        assert_eq!(json::decode(dialect, &again, true).to_string(), line, "other fields");
    }
}

/// The card number that the seeds carry, as it may be seen: its digits (packed ones in hexadecimal too), and its characters in
/// hexadecimal, ASCII and EBCDIC.
const SECRETS: [&str; 3] = ["9116018273645014", "39313136303138323733363435303134", "F9F1F1F6F0F1F8F2F7F3F6F4F5F0F1F4"];

/// Whether what is told shows the card number.
#[must_use]
pub fn shows_secret(told: &str) -> bool {
    SECRETS.iter().any(|secret| told.contains(secret))
}

/// Whether a sound message carries the card number where anything may stand and be shown, such as private data. What is not
/// sound may be out of step, so there it must not be shown wherever it stands.
#[must_use]
pub fn is_open(dialect: &Dialect, body: &[u8]) -> bool {
    /// What every built-in dialect masks or withholds.
    const SENSITIVE: [u8; 9] = [2, 34, 35, 36, 45, 52, 53, 55, 96];
    let Ok(parsed) = dialect.parse(body) else { return false };
    let mut open = parsed.fields().iter().filter(|number| !SENSITIVE.contains(number));
    open.any(|number| parsed.bytes(dialect, number).is_some_and(holds_secret))
        || parsed.bytes(dialect, 55).is_some_and(is_open_chip)
        || dialect.version() == wire::Version::Iso1987 && parsed.bytes(dialect, 53).is_some_and(holds_secret)
        || dialect.version() == wire::Version::Iso1987 && parsed.bytes(dialect, 96).is_some_and(holds_secret)
}

/// Whether chip data carries it under a tag that is shown.
fn is_open_chip(chip: &[u8]) -> bool {
    const SENSITIVE: [&[u8]; 7] = [&[0x56], &[0x57], &[0x5A], &[0x5F, 0x20], &[0x9F, 0x1F], &[0x9F, 0x20], &[0x9F, 0x6B]];
    let mut open = false;
    let end = tlv::walk(chip, |_, object| {
        let sensitive = SENSITIVE.iter().any(|tag| Tag::of(tag) == Some(object.tag));
        open |= !sensitive && !object.tag.is_constructed() && holds_secret(object.value);
    });
    end.is_ok() && open
}

/// Whether bytes hold the card number: as characters, or packed from either nibble.
fn holds_secret(bytes: &[u8]) -> bool {
    const PACKED: [u8; 8] = [0x91, 0x16, 0x01, 0x82, 0x73, 0x64, 0x50, 0x14];
    /// The same from the second nibble, without its first and last digit.
    const SHIFTED: [u8; 7] = [0x11, 0x60, 0x18, 0x27, 0x36, 0x45, 0x01];
    const EBCDIC: [u8; 16] = [0xF9, 0xF1, 0xF1, 0xF6, 0xF0, 0xF1, 0xF8, 0xF2, 0xF7, 0xF3, 0xF6, 0xF4, 0xF5, 0xF0, 0xF1, 0xF4];
    let forms: [&[u8]; 4] = [SECRETS[0].as_bytes(), &PACKED, &SHIFTED, &EBCDIC];
    let spelt = SECRETS.iter().any(|secret| bytes.windows(secret.len()).any(|it| it.eq_ignore_ascii_case(secret.as_bytes())));
    spelt || forms.iter().any(|form| bytes.windows(form.len()).any(|it| it == *form))
}
