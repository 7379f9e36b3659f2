//! Bytes as a message of each dialect, on the road that the switch takes: parsed, read, built again, and passed on in another
//! dialect. No panic; what is read can be written, what is written can be read, and money, card and answer are the same after it.
#![no_main]

use bytes::BytesMut;
use fuzz::{picked, there_and_back};
use libfuzzer_sys::fuzz_target;
use model::{Message, Timestamp};
use wire::{Dialect, Version, profile};

/// 2022-12-28: which years are meant.
const NOW: Timestamp = Timestamp::from_micros(1_672_248_605_250_000);

fuzz_target!(|input: &[u8]| {
    let Some((choice, body)) = input.split_first() else { return };
    let (dialect, other) = picked(*choice);
    let parsed = match dialect.parse(body) {
        Ok(parsed) => parsed,
        Err(error) => {
            let refused = wire::read(dialect, body).expect_err("what does not parse cannot be read");
            assert!(error.offset <= body.len() && refused.error.offset <= body.len());
            if let Some(prefix) = dialect.parse_prefix(body) {
                assert!(prefix.fields().iter().all(|number| prefix.bytes(dialect, number).is_some()));
            }
            return;
        }
    };
    assert!(parsed.fields().iter().all(|number| number == 1 || parsed.bytes(dialect, number).is_some()));
    there_and_back(dialect, body, parsed.fields());
    match wire::read(dialect, body) {
        Ok(message) => {
            assert!(dialect.version() == Version::Iso1993 || message.mti.number() == parsed.mti());
            let _ = profile::check(&message);
            goes_out_as_it_came(dialect, &message);
            goes_on(dialect, other, &message);
        }
        Err(refused) => assert!(refused.error.offset <= body.len()),
    }
});

fn written(dialect: &Dialect, message: &Message<'_>) -> BytesMut {
    let mut out = BytesMut::new();
    wire::write(dialect, message, NOW, &mut out).expect("what was read can be written");
    out
}

/// Written as it came: the same message, but for what the edition of 1993 says and the model does not keep, which is lost once.
fn goes_out_as_it_came(dialect: &Dialect, message: &Message<'_>) {
    let out = written(dialect, message);
    let back = wire::read(dialect, &out).expect("what was written can be read");
    if dialect.version() == Version::Iso1987 {
        let kept = |message: &Message<'_>| format!("{:?}", Message { others: 0, pin_block: None, ..*message });
        assert_eq!(kept(message), kept(&back));
    }
    assert_eq!(message.pin_block.map(wire::pin_block), back.pin_block.map(wire::pin_block));
    assert_eq!(written(dialect, &back), out, "what is lost is lost once");
}

/// Written in another dialect: the receiver can read it, and what decides about money has not changed.
fn goes_on(dialect: &Dialect, other: &Dialect, message: &Message<'_>) {
    let mut out = BytesMut::new();
    if wire::write(other, message, NOW, &mut out).is_err() {
        // Type and length of content differ between the editions, not between dialects of the same.
        assert!(out.is_empty() && dialect.version() != other.version());
        return;
    }
    let there = wire::read(other, &out).expect("what was written can be read");
    let _ = profile::check(&there);
    let kept = |it: &Message<'_>| {
        let sent = (it.pan, it.processing, it.transmitted, it.stan, it.currency, it.expiry, it.track2);
        (sent, it.acquirer, it.forwarder, it.rrn, it.terminal, it.merchant, it.authorization, it.from_account, it.to_account)
    };
    assert_eq!(kept(message), kept(&there));
    assert_eq!(message.pin_block.map(wire::pin_block), there.pin_block.map(wire::pin_block));
    assert!(message.amount.is_none() || message.amount == there.amount, "another amount");
    let approves = |it: &Message<'_>| it.code.is_some_and(model::ResponseCode::approves);
    assert!(approves(message) || !approves(&there), "a refusal became an approval");
}
