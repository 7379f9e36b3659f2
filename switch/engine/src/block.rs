//! A block's plain bytes: all records between two writes.
//!
//! ```text
//! 0      version, 2
//! 1..9   base: microseconds since the epoch, little-endian
//! 9..17  the state's digest behind the last record, little-endian
//! 17..   entries: microseconds since base (zigzag LEB128), the record's number (1 byte), its fields
//! ```

use model::Timestamp;

use crate::bytes::{Bytes, Damaged, Source};
use crate::record::Record;

const VERSION: u8 = 2;
const HEADER: usize = 17;

/// A record with its moment, as it stands in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// When it was decided.
    pub at: Timestamp,
    /// What.
    pub record: Record<'a>,
}

/// A block that is being filled.
#[derive(Clone, Debug, Default)]
pub struct BlockWriter {
    base: Timestamp,
    bytes: Vec<u8>,
}

impl BlockWriter {
    /// An empty block that fills `spent`, a buffer that is not needed any more.
    #[must_use]
    pub fn reusing(mut spent: Vec<u8>) -> Self {
        spent.clear();
        Self { base: Timestamp::default(), bytes: spent }
    }

    /// Whether it holds no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Its size so far, in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends a record that was decided at `at`.
    pub fn append(&mut self, at: Timestamp, record: &Record<'_>) {
        if self.bytes.is_empty() {
            self.base = at;
            self.bytes.push(VERSION);
            self.bytes.extend_from_slice(&at.micros().to_le_bytes());
            self.bytes.extend_from_slice(&[0; 8]);
        }
        Bytes::put(&(at.micros() - self.base.micros()), &mut self.bytes);
        record.put(&mut self.bytes);
    }

    /// The block's bytes; `digest` is the state's, its records applied.
    #[must_use]
    pub fn finish(mut self, digest: u64) -> Vec<u8> {
        if let Some(place) = self.bytes.get_mut(9..HEADER) {
            place.copy_from_slice(&digest.to_le_bytes());
        }
        self.bytes
    }
}

/// A block read back.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    base: Timestamp,
    digest: u64,
    entries: &'a [u8],
}

impl<'a> Block<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// Where the bytes are too few or of another version.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Damaged> {
        let mut from = Source(bytes);
        if from.bytes(1)? != [VERSION] {
            return Err(Damaged("a block of another version"));
        }
        let mut eight = || from.bytes(8)?.try_into().map_err(|_| Damaged("cut short"));
        let (base, digest) = (i64::from_le_bytes(eight()?), u64::from_le_bytes(eight()?));
        Ok(Self { base: Timestamp::from_micros(base), digest, entries: from.0 })
    }

    /// What the state's digest must be when all entries are applied.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// Its records in order. Ends after the first error.
    pub fn entries(&self) -> impl Iterator<Item = Result<Entry<'a>, Damaged>> + use<'a> {
        let base = self.base.micros();
        let mut source = Source(self.entries);
        let mut failed = false;
        std::iter::from_fn(move || {
            if failed || source.is_empty() {
                return None;
            }
            let entry = <i64 as Bytes>::take(&mut source).and_then(|micros| {
                let at = base.checked_add(micros).ok_or(Damaged("a moment beyond all time"))?;
                Ok(Entry { at: Timestamp::from_micros(at), record: Record::take(&mut source)? })
            });
            failed = entry.is_err();
            Some(entry)
        })
    }
}
