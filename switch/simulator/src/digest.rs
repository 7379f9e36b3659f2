//! One number for everything that happened, so that two runs can be compared.

/// Mixes bytes and numbers in their order. Not for security: for saying that two runs were the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest(u64);

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

impl Digest {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ MULTIPLIER)
    }

    #[inline]
    pub(crate) fn number(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(23) ^ number).wrapping_mul(MULTIPLIER);
    }

    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.number(u64::from_le_bytes(*word)));
        let last = rest.iter().fold(rest.len() as u64, |sum, byte| sum << 8 | u64::from(*byte));
        self.number(last);
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }
}
