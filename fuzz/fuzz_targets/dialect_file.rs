//! A dialect's file: it reads, or says where it does not; and whatever dialect it is, what parses in it is built again alike.
#![no_main]

use fuzz::there_and_back;
use libfuzzer_sys::fuzz_target;
use wire::{Dialect, describe};

fuzz_target!(|input: &[u8]| {
    // A file, a zero, and bytes to be read with it.
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (Some(text), body) = (parts.next(), parts.next().unwrap_or(&[])) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match Dialect::from_toml(text) {
        Ok(dialect) => {
            match dialect.parse(body) {
                Ok(parsed) => there_and_back(&dialect, body, parsed.fields()),
                Err(error) => assert!(error.offset <= body.len()),
            }
            let _ = wire::read(&dialect, body);
            assert!(!describe::text(&dialect, body, false).is_empty());
        }
        Err(error) => assert!(error.to_string().contains("line")),
    }
});
