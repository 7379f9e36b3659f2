//! Kept files: a document as it came, sealed, for as long as reports are made of it. Nothing readable lies on the disk, not even
//! while a document is still coming in.
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 8 | `PSWPAY01` |
//! | 8 | 32 | salt, random |
//! | 40 | | pieces: each 65,536 bytes of the document, the last one fewer, and 16 of its tag |
//!
//! AES-256-GCM. Key: HMAC-SHA256 of the salt under the office's key. Nonce: the piece's number, 11 bytes, then 1 for the last
//! piece and 0 for others, so that pieces can be neither changed, moved, left out nor cut off.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::{Error, Keys};

const MAGIC: &[u8; 8] = b"PSWPAY01";
const SALT: usize = 32;
const PIECE: usize = 64 * 1024;
const TAG: usize = 16;

/// The folder of kept files.
#[derive(Clone, Debug)]
pub struct Kept {
    folder: PathBuf,
    keys: Keys,
}

impl Kept {
    /// The folder, which is made where it is not there.
    ///
    /// # Errors
    /// [`Error::Kept`]
    pub fn open(folder: impl Into<PathBuf>, keys: Keys) -> Result<Self, Error> {
        let folder = folder.into();
        std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
        Ok(Self { folder, keys })
    }

    /// Begins to keep a document of which no batch is known yet.
    ///
    /// # Errors
    /// [`Error::Kept`], [`Error::Random`]
    pub fn incoming(&self) -> Result<KeptWriter, Error> {
        let random = SystemRandom::new();
        let (mut salt, mut name) = ([0; SALT], [0; 8]);
        random.fill(&mut salt).and_then(|()| random.fill(&mut name)).map_err(|_| Error::Random)?;
        let path = self.folder.join(format!("incoming-{:016x}", u64::from_be_bytes(name)));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = file.and_then(|mut file| file.write_all(MAGIC).and_then(|()| file.write_all(&salt)).map(|()| file));
        let file = file.map_err(failed(&path))?;
        let held = Held { path };
        Ok(KeptWriter { file, held, key: key(&self.keys, &salt), number: 0, piece: Zeroizing::new(Vec::new()), length: 0 })
    }

    /// Reads the kept document of a batch.
    ///
    /// # Errors
    /// [`Error::Kept`] where there is none, or none of ours.
    pub fn read(&self, batch: u32) -> Result<KeptReader, Error> {
        KeptReader::open(&self.path(batch), &self.keys)
    }

    /// Reads an incoming document.
    ///
    /// # Errors
    /// [`Error::Kept`]
    pub fn read_incoming(&self, incoming: &Incoming) -> Result<KeptReader, Error> {
        KeptReader::open(&incoming.0.path, &self.keys)
    }

    /// Whether the document of this batch is kept.
    #[must_use]
    pub fn has(&self, batch: u32) -> bool {
        self.path(batch).exists()
    }

    /// Gives an incoming document its batch: durable when this returns. It can be read by both names until `incoming` is dropped.
    ///
    /// # Errors
    /// [`Error::Kept`]
    pub fn name(&self, incoming: &Incoming, batch: u32) -> Result<(), Error> {
        let path = self.path(batch);
        std::fs::hard_link(&incoming.0.path, &path).map_err(failed(&path))?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed(&self.folder))
    }

    /// Removes the document of a batch that is not to be.
    ///
    /// # Errors
    /// [`Error::Kept`]; not where it is gone already.
    pub fn remove(&self, batch: u32) -> Result<(), Error> {
        let path = self.path(batch);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&path)(error)),
            _ => Ok(()),
        }
    }

    /// Removes what a stop has left behind: documents that were coming in, and those of batches that `stays` does not know.
    /// How many.
    ///
    /// # Errors
    /// [`Error::Kept`]
    pub fn tidy(&self, stays: impl Fn(u32) -> bool) -> Result<usize, Error> {
        let mut removed = 0;
        for entry in std::fs::read_dir(&self.folder).map_err(failed(&self.folder))? {
            let entry = entry.map_err(failed(&self.folder))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let batch = name.strip_prefix("batch-").and_then(|number| number.parse().ok());
            let leftover = name.starts_with("incoming-") || batch.is_some_and(|batch| !stays(batch));
            if leftover {
                std::fs::remove_file(entry.path()).map_err(failed(&entry.path()))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn path(&self, batch: u32) -> PathBuf {
        self.folder.join(format!("batch-{batch:05}"))
    }
}

/// A file that goes when nobody holds it.
#[derive(Debug)]
struct Held {
    path: PathBuf,
}

impl Drop for Held {
    fn drop(&mut self) {
        // What stays behind is removed at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A document that came in whole. Dropped, it is gone, unless it was given a batch's name.
#[derive(Debug)]
pub struct Incoming(Held);

/// Seals what is written to it.
pub struct KeptWriter {
    file: File,
    held: Held,
    key: LessSafeKey,
    number: u64,
    piece: Zeroizing<Vec<u8>>,
    length: u64,
}

impl KeptWriter {
    /// How many bytes were written so far.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The document is whole: it is durable when this returns.
    ///
    /// # Errors
    /// [`Error::Kept`]
    pub fn finish(mut self) -> Result<Incoming, Error> {
        self.seal(true).and_then(|()| self.file.sync_all()).map_err(failed(&self.held.path))?;
        Ok(Incoming(self.held))
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        let mut piece = std::mem::take(&mut *self.piece);
        let sealed = self.key.seal_in_place_append_tag(nonce(self.number, last), Aad::empty(), &mut piece);
        sealed.map_err(|_| io::Error::other("a piece cannot be sealed"))?;
        self.number += 1;
        self.file.write_all(&piece)?;
        piece.clear();
        *self.piece = piece;
        Ok(())
    }
}

impl Write for KeptWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full piece waits until more comes, for the last one is marked.
        if self.piece.len() == PIECE {
            self.seal(false)?;
        }
        let taken = bytes.get(..PIECE - self.piece.len()).unwrap_or(bytes);
        let room = PIECE + TAG - self.piece.len();
        self.piece.reserve_exact(room);
        self.piece.extend_from_slice(taken);
        self.length += taken.len() as u64;
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a sealed document piece by piece. What was changed in any way ends in an error of kind `InvalidData`.
pub struct KeptReader {
    file: File,
    key: LessSafeKey,
    number: u64,
    /// What was read of the file and not opened.
    sealed: Vec<u8>,
    piece: Zeroizing<Vec<u8>>,
    taken: usize,
    ended: bool,
}

impl KeptReader {
    fn open(path: &Path, keys: &Keys) -> Result<Self, Error> {
        let mut head = [0; MAGIC.len() + SALT];
        let file = File::open(path).and_then(|mut file| file.read_exact(&mut head).map(|()| file)).map_err(failed(path))?;
        let (magic, salt) = head.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(failed(path)(io::Error::new(io::ErrorKind::InvalidData, "is no kept document")));
        }
        let piece = Zeroizing::new(Vec::new());
        Ok(Self { file, key: key(keys, salt), number: 0, sealed: Vec::new(), piece, taken: 0, ended: false })
    }

    fn next_piece(&mut self) -> io::Result<()> {
        // One byte more than a piece tells whether another follows.
        let wanted = PIECE + TAG + 1 - self.sealed.len();
        Read::by_ref(&mut self.file).take(wanted as u64).read_to_end(&mut self.sealed)?;
        let last = self.sealed.len() <= PIECE + TAG;
        let rest = if last { Vec::new() } else { self.sealed.split_off(PIECE + TAG) };
        let changed = |_| io::Error::new(io::ErrorKind::InvalidData, "the kept document was changed, or sealed with another key");
        let length = self.key.open_in_place(nonce(self.number, last), Aad::empty(), &mut self.sealed).map_err(changed)?.len();
        self.sealed.truncate(length);
        *self.piece = std::mem::replace(&mut self.sealed, rest);
        (self.number, self.taken, self.ended) = (self.number + 1, 0, last);
        Ok(())
    }
}

impl Read for KeptReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.piece.len() && !self.ended {
            self.next_piece()?;
        }
        let rest = self.piece.get(self.taken..).unwrap_or(&[]);
        let count = rest.len().min(into.len());
        for (to, from) in into.iter_mut().zip(rest) {
            *to = *from;
        }
        self.taken += count;
        Ok(count)
    }
}

fn key(keys: &Keys, salt: &[u8]) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, &*Zeroizing::new(keys.seal(salt)));
    LessSafeKey::new(key.expect("a key of AES-256 has 32 bytes"))
}

fn nonce(number: u64, last: bool) -> Nonce {
    let mut nonce = [0; 12];
    for (to, from) in nonce.iter_mut().skip(3).zip(number.to_be_bytes()) {
        *to = from;
    }
    let [.., mark] = &mut nonce;
    *mark = u8::from(last);
    Nonce::assume_unique_for_key(nonce)
}

fn failed(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Kept { path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> (tempfile::TempDir, Kept) {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path(), Keys::new([1; 32])).unwrap();
        (folder, kept)
    }

    fn keep(kept: &Kept, bytes: &[u8], batch: u32) {
        let mut writer = kept.incoming().unwrap();
        writer.write_all(bytes).unwrap();
        assert_eq!(writer.length(), bytes.len() as u64);
        kept.name(&writer.finish().unwrap(), batch).unwrap();
    }

    fn read(kept: &Kept, batch: u32) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        kept.read(batch).unwrap().read_to_end(&mut bytes).map(|_| bytes)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_document_comes_back_as_it_was_and_nobody_reads_it_on_the_disk() {
        let (folder, kept) = kept();
        for (batch, length) in [(1, 0), (2, 1), (3, PIECE - 1), (4, PIECE), (5, PIECE + 1), (6, 3 * PIECE)] {
            let document: Vec<u8> = b"SOK Dara 001000001116 ".iter().copied().cycle().take(length).collect();
            keep(&kept, &document, batch);
            assert_eq!(read(&kept, batch).unwrap(), document);
            let bytes = std::fs::read(folder.path().join(format!("batch-{batch:05}"))).unwrap();
            assert!(!bytes.windows(4).any(|it| it == b"Dara"));
        }
    }

    #[test]
    fn whatever_is_changed_of_a_kept_document_is_noticed() {
        let (folder, kept) = kept();
        let document: Vec<u8> = (0..=255).cycle().take(2 * PIECE + 100).collect();
        keep(&kept, &document, 1);
        let path = folder.path().join("batch-00001");
        let whole = std::fs::read(&path).unwrap();
        let head = MAGIC.len() + SALT;
        let piece = PIECE + TAG;
        let mut swapped = whole.clone();
        swapped[head..head + 2 * piece].rotate_left(piece);
        let mut flipped = whole.clone();
        flipped[head + piece + 5] ^= 1;
        let mut salted = whole.clone();
        salted[head - 1] ^= 1;
        let cuts = [whole[..head + piece].to_vec(), whole[..head + 2 * piece].to_vec(), whole[..whole.len() - 1].to_vec()];
        for spoiled in cuts.into_iter().chain([swapped, flipped, salted, [&whole[..], b"x"].concat()]) {
            std::fs::write(&path, &spoiled).unwrap();
            assert_eq!(read(&kept, 1).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
        std::fs::write(&path, &whole).unwrap();
        let other = Kept::open(folder.path(), Keys::new([2; 32])).unwrap();
        assert!(read(&other, 1).is_err(), "another key");
    }

    #[test]
    fn what_no_batch_wants_is_gone() {
        let (folder, kept) = kept();
        drop(kept.incoming().unwrap());
        drop(kept.incoming().unwrap().finish().unwrap());
        assert!(names(folder.path()).is_empty());
        keep(&kept, b"one", 1);
        keep(&kept, b"two", 2);
        std::mem::forget(kept.incoming().unwrap());
        assert_eq!(names(folder.path()).len(), 3);
        assert_eq!(kept.tidy(|batch| batch == 2).unwrap(), 2);
        assert_eq!(names(folder.path()), ["batch-00002"]);
        assert!(kept.has(2) && !kept.has(1));
        kept.remove(2).unwrap();
        kept.remove(2).unwrap();
    }
}
