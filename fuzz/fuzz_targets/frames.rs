//! A stream of bytes under a framing: no panic, progress with every cut, and what was cut can be framed again to the same bytes.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use wire::{Cut, Framing};

const LENGTHS: [&str; 8] = [
    "2-byte",
    "2-byte inclusive",
    "4-byte",
    "4-byte inclusive",
    "4-digit",
    "4-digit inclusive",
    "2-byte bcd",
    "2-byte bcd inclusive",
];
const EXTRAS: [&str; 4] = ["", " tpdu", " header echo 3", " tpdu header echo 12"];

fuzz_target!(|input: (u8, u8, Vec<u8>)| {
    let (length, extra, stream) = input;
    let words = format!("{}{}", LENGTHS[usize::from(length) % LENGTHS.len()], EXTRAS[usize::from(extra) % EXTRAS.len()]);
    let framing: Framing = words.parse().expect("these words are known");
    let mut rest = &stream[..];
    while let Ok(cut) = framing.cut(rest, 4096) {
        let consumed = match cut {
            Cut::Incomplete => break,
            Cut::KeepAlive { consumed } => consumed,
            Cut::Frame { body, consumed } => {
                assert!(!body.is_empty() && body.len() <= 4096 && body.end == consumed);
                let envelope = framing.envelope(rest);
                // An answer to an answer goes back where the first came from.
                let mut once = BytesMut::new();
                let start = framing.begin_reply(&mut once, &envelope);
                once.extend_from_slice(&rest[body.clone()]);
                framing.finish(&mut once, start).expect("it was one frame already");
                let mut twice = BytesMut::new();
                let start = framing.begin_reply(&mut twice, &framing.envelope(&once));
                twice.extend_from_slice(&rest[body]);
                framing.finish(&mut twice, start).expect("likewise");
                assert_eq!(&twice[..], &rest[..consumed]);
                consumed
            }
        };
        assert!(consumed > 0 && consumed <= rest.len());
        rest = &rest[consumed..];
    }
});
