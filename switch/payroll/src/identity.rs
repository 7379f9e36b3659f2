//! Keyed digests: by these a person, an account and a document are known again, and nobody can tell them back.

use std::fmt;

use ring::hmac;
use zeroize::Zeroize;

/// Which thing a digest is of, so that none can be taken for another.
#[derive(Clone, Copy)]
enum Of {
    Payee = 1,
    Message = 2,
    File = 3,
    Account = 4,
    Person = 5,
    Seal = 6,
}

/// The office's key: for digests and for the seals of kept files.
#[derive(Clone)]
pub struct Keys(hmac::Key);

impl Keys {
    /// From a secret that is derived from the master key for this use alone. The same secret gives the same digests, always.
    #[must_use]
    pub fn new(mut secret: [u8; 32]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        secret.zeroize();
        Self(key)
    }

    /// Whom, by whom, for what and when: payer, employee, element of pay and half-month. Never what changes when a payment is
    /// issued again (`EndToEndId`, file, run).
    #[must_use]
    pub fn payee(&self, payer: &str, employee: &str, element: &str, half_month: &str) -> [u8; 16] {
        self.digest(Of::Payee, &[payer.as_bytes(), employee.as_bytes(), element.as_bytes(), half_month.as_bytes()])
    }

    /// A document by its payer and the name that it gives itself.
    #[must_use]
    pub fn message(&self, payer: &str, message: &str) -> [u8; 16] {
        self.digest(Of::Message, &[payer.as_bytes(), message.as_bytes()])
    }

    /// A document by the SHA-256 of its bytes.
    #[must_use]
    pub fn file(&self, sha256: &[u8]) -> [u8; 16] {
        self.digest(Of::File, &[sha256])
    }

    /// An account at a bank, for finding it twice in one file.
    pub(crate) fn account(&self, bank: u32, account: &[u8]) -> u64 {
        first(self.digest(Of::Account, &[&bank.to_be_bytes(), account]))
    }

    /// A person, for finding an account that several have.
    pub(crate) fn person(&self, employee: &str) -> u64 {
        first(self.digest(Of::Person, &[employee.as_bytes()]))
    }

    /// The AES-256 key of one kept file.
    pub(crate) fn seal(&self, salt: &[u8]) -> [u8; 32] {
        let mut key = [0; 32];
        key.copy_from_slice(self.tag(Of::Seal, &[salt]).as_ref());
        key
    }

    fn digest(&self, of: Of, parts: &[&[u8]]) -> [u8; 16] {
        let mut digest = [0; 16];
        for (to, from) in digest.iter_mut().zip(self.tag(of, parts).as_ref()) {
            *to = *from;
        }
        digest
    }

    /// Each part goes with its length, so that no two lists of parts are the same bytes.
    fn tag(&self, of: Of, parts: &[&[u8]]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[of as u8]);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign()
    }
}

fn first(digest: [u8; 16]) -> u64 {
    digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payee_is_known_again_by_all_four_parts_and_by_nothing_else() {
        let keys = Keys::new([7; 32]);
        let one = keys.payee("MEF", "000000018", "SALA", "2022-12/2");
        assert_eq!(one, Keys::new([7; 32]).payee("MEF", "000000018", "SALA", "2022-12/2"));
        let others = [
            keys.payee("MEY", "000000018", "SALA", "2022-12/2"),
            keys.payee("MEF", "000000026", "SALA", "2022-12/2"),
            keys.payee("MEF", "000000018", "BONU", "2022-12/2"),
            keys.payee("MEF", "000000018", "SALA", "2022-12/1"),
            keys.payee("MEF0", "00000018", "SALA", "2022-12/2"),
            Keys::new([8; 32]).payee("MEF", "000000018", "SALA", "2022-12/2"),
        ];
        assert!(others.iter().all(|other| *other != one));
        assert_ne!(keys.message("MEF", "1"), keys.payee("MEF", "1", "", ""));
    }
}
