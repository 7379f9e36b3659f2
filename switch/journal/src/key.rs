//! The master key: one secret per installation, in a file that only its owner can read. Every other key is derived from it.
//!
//! Derivation is HKDF-SHA256 (RFC 5869). Each use has its own label, so no two uses ever share a key.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use ring::{
    aead, hkdf,
    rand::{SecureRandom, SystemRandom},
};
use zeroize::Zeroizing;

use crate::Error;

/// Length of the master key and of everything random beside it, bytes.
pub(crate) const KEY_LENGTH: usize = 32;

/// The secret from which all keys of the journal come. Wiped from memory when dropped; never shown.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_LENGTH]>);

impl MasterKey {
    /// Reads the key from `path`, or makes a new random one there when the file does not exist.
    ///
    /// A new file has mode 0600, appears whole or not at all, and is on disk when this returns. Of two processes that create it at
    /// the same time both get the same key.
    ///
    /// # Errors
    /// [`Error::KeyExposed`] when group or others have any right to the file, [`Error::KeyLength`] when it does not hold 32 bytes,
    /// [`Error::KeyFile`] when it cannot be read or written, [`Error::Random`] when the system has no random bytes.
    pub fn load_or_create(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        match Self::load(path) {
            Err(Error::KeyFile { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                create(path)?;
                Self::load(path)
            }
            loaded => loaded,
        }
    }

    /// Reads the key from `path`, which must exist. For those who only read: a fresh key would open nothing.
    ///
    /// # Errors
    /// As [`load_or_create`](Self::load_or_create).
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let failed = |source| Error::KeyFile { path: path.into(), source };
        let mut file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        let mode = about.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::KeyExposed { path: path.into(), mode });
        }
        if about.len() != KEY_LENGTH as u64 {
            return Err(Error::KeyLength { path: path.into(), found: about.len() });
        }
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        file.read_exact(&mut *key).map_err(failed)?;
        Ok(Self(key))
    }

    /// A random key that lives only in memory, for simulators and tests.
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn ephemeral() -> Result<Self, Error> {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        fill_random(&mut *key)?;
        Ok(Self(key))
    }

    /// A key that everybody knows, so that a simulation is the same each time.
    #[cfg(feature = "simulation")]
    #[must_use]
    pub fn known(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// A key for a use outside the journal, such as the HMAC of card tokens. The same label gives the same key, always; different
    /// labels give unrelated ones, and none of them tells anything about the journal's own keys. The caller wipes it.
    #[must_use]
    pub fn derive(&self, label: &[u8]) -> [u8; KEY_LENGTH] {
        self.expand(&[], &[b"payswitch derived key 1:", label])
    }

    /// The AES-256 key of one segment. `purpose` keeps blocks and snapshots apart, `stream` keeps streams apart.
    pub(crate) fn segment_key(&self, salt: &[u8; KEY_LENGTH], purpose: &[u8], stream: &str) -> aead::LessSafeKey {
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&*self.0);
        let info = [b"payswitch data key 1:" as &[u8], purpose, b":", stream.as_bytes()];
        let key = secret.expand(&info, &aead::AES_256_GCM).expect("an AES-256 key is far below what HKDF can give");
        aead::LessSafeKey::new(aead::UnboundKey::from(key))
    }

    /// Eight bytes that tell one master key from another without telling anything about either.
    pub(crate) fn mark(&self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = self.expand(&[], &[b"payswitch key mark 1"]);
        [a, b, c, d, e, f, g, h]
    }

    fn expand(&self, salt: &[u8], info: &[&[u8]]) -> [u8; KEY_LENGTH] {
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(&*self.0);
        let mut out = [0; KEY_LENGTH];
        secret
            .expand(info, hkdf::HKDF_SHA256)
            .and_then(|key| key.fill(&mut out))
            .expect("32 bytes are far below what HKDF can give");
        out
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(hidden)")
    }
}

/// Fills `out` from the operating system's random source.
pub(crate) fn fill_random(out: &mut [u8]) -> Result<(), Error> {
    SystemRandom::new().fill(out).map_err(|_| Error::Random)
}

/// Makes the file under another name and links it into place, so that nobody ever sees half a key.
fn create(path: &Path) -> Result<(), Error> {
    let failed = |source| Error::KeyFile { path: path.into(), source };
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    fill_random(&mut *key)?;
    let mut unique = [0; 8];
    fill_random(&mut unique)?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{:016x}.new", u64::from_be_bytes(unique)));
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).and_then(|mut file| {
        file.write_all(&*key)?;
        file.sync_all()?;
        match fs::hard_link(&draft, path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()), // somebody was faster; theirs is the key
            linked => linked,
        }
    });
    let removed = fs::remove_file(&draft);
    written.and(removed).and_then(|()| sync_folder_of(path)).map_err(failed)
}

/// Makes the names in the folder of `path` durable.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
