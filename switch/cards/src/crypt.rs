//! Keys of the store: one seals, the others make the hashes by which a card and a person are found.
//!
//! A row is sealed by AES-256-GCM under a random nonce. Its two hashes are authenticated with it, so that no row can be given
//! another's seal. A hash has 63 bits, which SQLite keeps as a number that is never negative; whoever finds a row by it opens the
//! seal and compares.

use model::Pan;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::details::{CivilServantId, Details};

/// The keys, made from the switch's master key. Never shown.
#[derive(Clone)]
pub struct Keys {
    seal: std::sync::Arc<LessSafeKey>,
    card: hmac::Key,
    person: hmac::Key,
    mark: [u8; 8],
    random: SystemRandom,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(hidden)")
    }
}

impl Keys {
    /// From whoever derives keys by label: `journal::MasterKey::derive`.
    #[must_use]
    pub fn derived(derive: impl Fn(&[u8]) -> [u8; 32]) -> Self {
        let key = |label: &[u8]| Zeroizing::new(derive(label));
        let hash = |label: &[u8]| hmac::Key::new(hmac::HMAC_SHA256, &*key(label));
        let seal = UnboundKey::new(&AES_256_GCM, &*key(b"cards seal")).expect("AES-256 takes 32 bytes");
        let (card, person) = (hash(b"cards number"), hash(b"cards person"));
        let mark = hmac::sign(&person, b"mark of the card store's keys");
        let mark = mark.as_ref().first_chunk().copied().unwrap_or_default();
        Self { seal: std::sync::Arc::new(LessSafeKey::new(seal)), card, person, mark, random: SystemRandom::new() }
    }

    /// Eight bytes that tell one store's keys from another's.
    pub(crate) fn mark(&self) -> [u8; 8] {
        self.mark
    }

    /// By which a card is found, in the file and in a [`crate::Directory`].
    #[must_use]
    pub fn of_card(&self, pan: Pan) -> u64 {
        hash(&self.card, pan.digits().as_ref())
    }

    /// By which a person is found.
    pub(crate) fn of_person(&self, person: CivilServantId) -> u64 {
        hash(&self.person, &person.number().to_le_bytes())
    }

    /// Seals a row under its two hashes; `None` where the system has no random bytes.
    pub(crate) fn seal(&self, card: u64, person: u64, details: &Details) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce).ok()?;
        let mut bytes = Vec::with_capacity(192);
        bytes.extend_from_slice(&nonce);
        let mut plain = Zeroizing::new(Vec::with_capacity(160));
        details.write(&mut plain);
        let tag =
            self.seal.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), row(card, person), &mut plain).ok()?;
        bytes.extend_from_slice(&plain);
        bytes.extend_from_slice(tag.as_ref());
        Some(bytes)
    }

    /// Opens what [`Keys::seal`] sealed; `None` where it is not that.
    pub(crate) fn open(&self, card: u64, person: u64, sealed: &[u8]) -> Option<Details> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut bytes = Zeroizing::new(rest.to_vec());
        let plain = self.seal.open_in_place(Nonce::assume_unique_for_key(*nonce), row(card, person), &mut bytes).ok()?;
        Details::read(plain)
    }
}

fn row(card: u64, person: u64) -> Aad<[u8; 16]> {
    Aad::from((u128::from(card) << 64 | u128::from(person)).to_le_bytes())
}

fn hash(key: &hmac::Key, bytes: &[u8]) -> u64 {
    let tag = hmac::sign(key, bytes);
    u64::from_le_bytes(tag.as_ref().first_chunk().copied().unwrap_or_default()) >> 1
}
