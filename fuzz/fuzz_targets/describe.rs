//! Bytes as people are shown them: descriptions, JSON, errors and what a log would hold. No panic, and never a whole card number:
//! the seeds carry one in every dialect, and wherever mutation moves it in a message that is not sound, it is not told.
#![no_main]

use fuzz::{is_open, picked, shows_secret};
use libfuzzer_sys::fuzz_target;
use wire::describe::{self, View};
use wire::json;

fuzz_target!(|input: &[u8]| {
    let Some((choice, body)) = input.split_first() else { return };
    let (dialect, _) = picked(*choice);
    // One way to tell it for each input: which one is as easy to change as any byte, and an execution costs a third.
    let told = match choice >> 6 {
        0 => describe::text_with(dialect, body, View { unmasked: false, offsets: choice & 32 != 0 }),
        1 => {
            let line = json::decode(dialect, body, false);
            assert_eq!(line.get("error").is_some(), dialect.parse(body).is_err());
            line.to_string()
        }
        2 => format!("{:?} {:?}", wire::read(dialect, body), dialect.parse(body)),
        _ => {
            assert!(!describe::text_with(dialect, body, View { unmasked: true, offsets: true }).is_empty());
            return;
        }
    };
    assert!(!told.is_empty());
    assert!(!shows_secret(&told) || is_open(dialect, body), "the card number is shown: {told}");
});
