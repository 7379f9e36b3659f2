//! Bytes as a message of each dialect: parse, read, describe, decode. What decodes encodes to bytes that decode alike; and no card
//! number is told of what is no message.
#![no_main]

use std::sync::LazyLock;

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use wire::describe::View;
use wire::{Dialect, describe, json};

static DIALECTS: LazyLock<Vec<std::sync::Arc<Dialect>>> =
    LazyLock::new(|| Dialect::builtin_names().iter().filter_map(|name| Dialect::builtin(name)).collect());

fuzz_target!(|input: &[u8]| {
    let Some((which, body)) = input.split_first() else { return };
    let dialect = &DIALECTS[usize::from(*which) % DIALECTS.len()];
    let parsed = dialect.parse(body);
    let read = wire::read(dialect, body);
    if parsed.is_err() {
        assert!(read.is_err(), "what does not parse cannot be read");
    }
    let offsets = View { unmasked: false, offsets: true };
    assert!(!describe::text_with(dialect, body, offsets).is_empty());
    let masked = json::decode(dialect, body, false);
    assert_eq!(masked.get("error").is_some(), parsed.is_err());
    let line = json::decode(dialect, body, true).to_string();
    if parsed.is_ok() {
        let mut again = BytesMut::new();
        json::encode(dialect, &line, &mut again).expect("what decodes encodes");
        assert_eq!(json::decode(dialect, &again, true).to_string(), line);
    }
});
