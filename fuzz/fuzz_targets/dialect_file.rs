//! A dialect's file: it reads, or says where it does not; and what it reads parses and describes anything without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::{Dialect, describe};

fuzz_target!(|input: &[u8]| {
    // A file, a zero, and bytes to be read with it.
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (Some(text), body) = (parts.next(), parts.next().unwrap_or(&[])) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match Dialect::from_toml(text) {
        Ok(dialect) => {
            let _ = wire::read(&dialect, body);
            assert!(!describe::text(&dialect, body, false).is_empty());
        }
        Err(error) => assert!(error.to_string().contains("line")),
    }
});
