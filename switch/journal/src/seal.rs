//! Sealing: what a block looks like in a store, and the proof that it is the block that was put there.
//!
//! AES-256-GCM (NIST SP 800-38D) under a key of the segment. Every start of an owner opens a new segment with a fresh random salt,
//! and a segment seals each number once, so a nonce never comes back under one key. The trailer carries the hash of the sealed bytes
//! before, and is authenticated together with the stream's name: nothing can be changed, moved, left out of the middle or brought
//! from elsewhere unseen. What no chain can show is that the *newest* blocks were cut off; a snapshot with a higher number shows it.
//!
//! # Sealed layout, version 1
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | n | ciphertext, as long as the payload |
//! | n | 16 | GCM tag |
//! | n+16 | 4 | `PSB` (block) or `PSS` (snapshot) and the layout version, 1 |
//! | n+20 | 4 | stream mark: first bytes of SHA-256 of the stream's name |
//! | n+24 | 8 | key mark: tells which master key, by HKDF with a label of its own |
//! | n+32 | 8 | epoch, big endian |
//! | n+40 | 8 | number, big endian |
//! | n+48 | 32 | salt of the segment |
//! | n+80 | 32 | SHA-256 of the sealed bytes before; zeros in the first block and in snapshots |
//!
//! Key: HKDF-SHA256 (RFC 5869) of master key and salt, info `payswitch data key 1:` purpose `:` stream. Nonce: four zero bytes, then
//! the number. AAD: the 96 bytes of the trailer, then the stream's name. The fixed part stands at the end so that a payload is sealed
//! where it lies and only grows. Marks, number and hash in the trailer are claims for a precise error; belief comes from the tag.

use ring::{aead, digest};

use crate::{
    Damage, Error,
    key::{KEY_LENGTH, MasterKey, fill_random},
};

/// SHA-256 of a block's sealed bytes.
pub type Hash = [u8; 32];

/// The hash that stands before the first block of a stream.
pub const NOTHING_BEFORE: Hash = [0; 32];

/// How much longer sealed bytes are than their payload. A payload with this much spare capacity is sealed without moving.
pub const OVERHEAD: usize = TAG + TRAILER;

const TAG: usize = 16;
const TRAILER: usize = 96;
const VERSION: u8 = 1;

/// SHA-256 of sealed bytes.
#[must_use]
pub fn hash(sealed: &[u8]) -> Hash {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, sealed).as_ref());
    out
}

/// What is sealed. The two have different keys and different marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Block,
    Snapshot,
}

impl Purpose {
    fn mark(self) -> [u8; 3] {
        match self {
            Self::Block => *b"PSB",
            Self::Snapshot => *b"PSS",
        }
    }
}

/// The fixed part at the end of sealed bytes.
#[derive(Clone, PartialEq, Eq)]
struct Trailer {
    purpose: [u8; 3],
    version: u8,
    stream: [u8; 4],
    key: [u8; 8],
    epoch: u64,
    number: u64,
    salt: [u8; KEY_LENGTH],
    previous: Hash,
}

impl Trailer {
    fn write(&self) -> [u8; TRAILER] {
        let mut out = [0; TRAILER];
        let mut at = 0;
        let (epoch, number) = (self.epoch.to_be_bytes(), self.number.to_be_bytes());
        for part in
            [&self.purpose as &[u8], &[self.version], &self.stream, &self.key, &epoch, &number, &self.salt, &self.previous]
        {
            out[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        debug_assert_eq!(at, TRAILER, "the parts fill the trailer");
        out
    }

    fn read(bytes: &[u8; TRAILER]) -> Self {
        fn part<const N: usize>(bytes: &[u8; TRAILER], at: usize) -> [u8; N] {
            let mut out = [0; N];
            out.copy_from_slice(&bytes[at..at + N]);
            out
        }
        Self {
            purpose: part(bytes, 0),
            version: bytes[3],
            stream: part(bytes, 4),
            key: part(bytes, 8),
            epoch: u64::from_be_bytes(part(bytes, 16)),
            number: u64::from_be_bytes(part(bytes, 24)),
            salt: part(bytes, 32),
            previous: part(bytes, 64),
        }
    }
}

/// The epoch that sealed bytes claim, without proof. Only for telling an operator who took over.
pub(crate) fn claimed_epoch(sealed: &[u8]) -> Option<u64> {
    sealed.last_chunk().map(|trailer| Trailer::read(trailer).epoch)
}

/// Seals the blocks of one segment, one after the other.
pub struct Sealer {
    stream: String,
    key: aead::LessSafeKey,
    /// The trailer of the next block.
    next: Trailer,
}

impl Sealer {
    /// Opens a segment with a fresh salt. Its first block will be `next`, standing after sealed bytes whose hash is `previous`
    /// ([`NOTHING_BEFORE`] for the first block of a stream).
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn new(master: &MasterKey, stream: &str, epoch: u64, next: u64, previous: Hash) -> Result<Self, Error> {
        Self::with_purpose(Purpose::Block, master, stream, epoch, next, previous)
    }

    pub(crate) fn with_purpose(
        purpose: Purpose,
        master: &MasterKey,
        stream: &str,
        epoch: u64,
        number: u64,
        previous: Hash,
    ) -> Result<Self, Error> {
        let mut salt = [0; KEY_LENGTH];
        fill_random(&mut salt)?;
        Ok(Self::salted(salt, purpose, master, stream, (epoch, number, previous)))
    }

    /// As [`Sealer::new`], with a salt that the caller chooses and never chooses again under the same key.
    #[cfg(feature = "simulation")]
    #[must_use]
    pub fn simulated(salt: [u8; 32], master: &MasterKey, stream: &str, epoch: u64, next: u64, previous: Hash) -> Self {
        Self::salted(salt, Purpose::Block, master, stream, (epoch, next, previous))
    }

    fn salted(
        salt: [u8; KEY_LENGTH],
        purpose: Purpose,
        master: &MasterKey,
        stream: &str,
        (epoch, number, previous): (u64, u64, Hash),
    ) -> Self {
        Self {
            stream: stream.to_owned(),
            key: master.segment_key(&salt, &purpose.mark(), stream),
            next: Trailer {
                purpose: purpose.mark(),
                version: VERSION,
                stream: stream_mark(stream),
                key: master.mark(),
                epoch,
                number,
                salt,
                previous,
            },
        }
    }

    /// Seals `payload` where it lies, as the next block, and returns that block's number. Afterwards it is [`OVERHEAD`] longer.
    ///
    /// # Panics
    /// Above 64 GiB, where AES-GCM ends.
    pub fn seal(&mut self, payload: &mut Vec<u8>) -> u64 {
        let number = self.next.number;
        let trailer = self.next.write();
        payload.reserve(OVERHEAD);
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce(number), aad(&trailer, &self.stream), payload)
            .expect("a block is far below the limit of AES-GCM");
        payload.extend_from_slice(tag.as_ref());
        payload.extend_from_slice(&trailer);
        self.next.previous = hash(payload);
        self.next.number += 1;
        number
    }
}

/// Opens sealed blocks of one stream. Keeps the key of the segment it read last.
pub struct Opener {
    master: MasterKey,
    stream: String,
    purpose: Purpose,
    marks: ([u8; 4], [u8; 8]),
    segment: Option<([u8; KEY_LENGTH], aead::LessSafeKey)>,
}

impl Opener {
    /// For the blocks of `stream`.
    #[must_use]
    pub fn new(master: &MasterKey, stream: &str) -> Self {
        Self::with_purpose(Purpose::Block, master, stream)
    }

    pub(crate) fn with_purpose(purpose: Purpose, master: &MasterKey, stream: &str) -> Self {
        let marks = (stream_mark(stream), master.mark());
        Self { master: master.clone(), stream: stream.to_owned(), purpose, marks, segment: None }
    }

    /// Opens `sealed` where it lies and returns its epoch; `sealed` then holds the payload. `previous` is the hash of the sealed
    /// bytes that stand before it.
    ///
    /// # Errors
    /// What is wrong with it; `sealed` is then useless.
    pub fn open(&mut self, number: u64, previous: &Hash, sealed: &mut Vec<u8>) -> Result<u64, Damage> {
        let length = sealed.len();
        let Some(body) = length.checked_sub(OVERHEAD) else { return Err(Damage::TooShort { length }) };
        let Some(claimed) = sealed.last_chunk().map(Trailer::read) else { return Err(Damage::TooShort { length }) };
        if claimed.purpose != self.purpose.mark() {
            return Err(Damage::Altered);
        }
        if claimed.version != VERSION {
            return Err(Damage::UnknownVersion { found: claimed.version });
        }
        let expected = Trailer { stream: self.marks.0, key: self.marks.1, number, previous: *previous, ..claimed.clone() };
        if claimed != expected {
            return Err(self.diagnose(&claimed, &expected, &sealed[..body + TAG]));
        }
        if !self.authentic(&claimed, &mut sealed[..body + TAG]) {
            return Err(Damage::Altered);
        }
        sealed.truncate(body);
        Ok(claimed.epoch)
    }

    /// Tells a genuine block at the wrong place from one whose trailer was changed. Slow, and only for blocks that are refused anyway.
    fn diagnose(&mut self, claimed: &Trailer, expected: &Trailer, bytes: &[u8]) -> Damage {
        if self.authentic(expected, &mut bytes.to_vec()) {
            return Damage::Altered; // the block is right, what its trailer claims was changed
        }
        if claimed.stream != expected.stream {
            return Damage::OtherStream;
        }
        if claimed.key != expected.key {
            return Damage::WrongKey;
        }
        if !self.authentic(claimed, &mut bytes.to_vec()) {
            return Damage::Altered;
        }
        if claimed.number != expected.number { Damage::Misplaced { found: claimed.number } } else { Damage::ChainBroken }
    }

    /// Decrypts ciphertext and tag in place if the tag proves them under `trailer`.
    fn authentic(&mut self, trailer: &Trailer, bytes: &mut [u8]) -> bool {
        let (_, key) = match self.segment.take().filter(|(salt, _)| *salt == trailer.salt) {
            Some(same) => self.segment.insert(same),
            None => {
                let key = self.master.segment_key(&trailer.salt, &self.purpose.mark(), &self.stream);
                self.segment.insert((trailer.salt, key))
            }
        };
        key.open_in_place(nonce(trailer.number), aad(&trailer.write(), &self.stream), bytes).is_ok()
    }
}

fn nonce(number: u64) -> aead::Nonce {
    let mut nonce = [0; aead::NONCE_LEN];
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    aead::Nonce::assume_unique_for_key(nonce)
}

fn aad(trailer: &[u8; TRAILER], stream: &str) -> aead::Aad<Vec<u8>> {
    aead::Aad::from([trailer, stream.as_bytes()].concat())
}

fn stream_mark(stream: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = hash(stream.as_bytes());
    [a, b, c, d]
}
