//! Messages spoiled: the same seed spoils the same message in the same way.

use bytes::{Bytes, BytesMut};
use wire::{Cut, Dialect, Framing};

/// How often a change is tried that must make a difference.
const TRIES: u32 = 16;
/// How long the body of a frame of garbage is, bytes.
const GARBAGE_BYTES: usize = 32;

/// SplitMix64: all that is needed here is that a seed says everything.
pub(crate) struct Dice(u64);

impl Dice {
    /// For the strike of this number by a fault with this seed.
    pub(crate) fn new(seed: u64, strike: u64) -> Self {
        let mut dice = Self(seed);
        dice.0 = dice.next() ^ strike;
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn byte(&mut self) -> u8 {
        let [low, ..] = self.next().to_le_bytes();
        low
    }

    fn place(&mut self, length: usize) -> usize {
        let bound = u64::try_from(length).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }
}

/// A whole frame with a byte of its body changed so that it cannot be read, or does not say the same. Its length stays.
pub(crate) fn corrupt(dialect: &Dialect, framing: &Framing, frame: &Bytes, mut dice: Dice) -> Bytes {
    let Some(start) = body_of(framing, frame) else { return frame.clone() };
    let body = frame.get(start..).unwrap_or(&[]);
    let before = wire::read(dialect, body).ok();
    let mut changed = BytesMut::from(frame.as_ref());
    for _ in 0..TRIES {
        let place = start + dice.place(body.len());
        let Some(byte) = changed.get_mut(place) else { break };
        let old = *byte;
        *byte ^= dice.byte() | 1;
        let after = wire::read(dialect, changed.get(start..).unwrap_or(&[])).ok();
        if after.is_none() || after != before {
            return changed.freeze();
        }
        if let Some(byte) = changed.get_mut(place) {
            *byte = old;
        }
    }
    // No message type begins like that, in no encoding.
    if let Some(byte) = changed.get_mut(start) {
        *byte = 0xFF;
    }
    changed.freeze()
}

/// A whole frame without the second half of its body, and at least a byte short.
pub(crate) fn truncate(framing: &Framing, frame: &Bytes) -> Bytes {
    let start = body_of(framing, frame).unwrap_or(0);
    frame.slice(..start + frame.len().saturating_sub(start) / 2)
}

/// A frame whose body is no message in any dialect: it begins with bytes that no message type has.
pub(crate) fn garbage(framing: &Framing, mut dice: Dice) -> Bytes {
    let mut out = BytesMut::new();
    let start = framing.begin(&mut out);
    out.extend_from_slice(&[0xFF; 4]);
    out.extend((4..GARBAGE_BYTES).map(|_| dice.byte()));
    // So few bytes fit into every frame.
    let _ = framing.finish(&mut out, start);
    out.freeze()
}

/// Where the body of a whole frame begins.
pub(crate) fn body_of(framing: &Framing, frame: &[u8]) -> Option<usize> {
    match framing.cut(frame, frame.len()) {
        Ok(Cut::Frame { body, .. }) => Some(body.start),
        Ok(Cut::KeepAlive { .. } | Cut::Incomplete) | Err(_) => None,
    }
}
