//! What lies in the data folder, and reading it back after a stop.

use std::path::{Path, PathBuf};

use engine::{Block, State};
use journal::{Journal, MasterKey, Reader, Snapshots};
use model::Timestamp;

use crate::switch::Error;

/// The journal's one stream.
pub const STREAM: &str = "switch";

/// Where things lie in the data folder.
#[derive(Clone, Debug)]
pub struct Paths {
    root: PathBuf,
}

impl Paths {
    /// The folder, whether or not it exists.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The key that seals the journal; made with mode 0600 at the first start.
    #[must_use]
    pub fn master_key(&self) -> PathBuf {
        self.root.join("master.key")
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal.db")
    }

    /// The folder of snapshots.
    #[must_use]
    pub fn snapshots(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    /// The views, which can be deleted at any time and are made again.
    #[must_use]
    pub fn views(&self) -> PathBuf {
        self.root.join("views.db")
    }

    /// The folder of documents of payrolls, sealed.
    #[must_use]
    pub fn payroll(&self) -> PathBuf {
        self.root.join("payroll")
    }

    /// The card store: people's cards, sealed.
    #[must_use]
    pub fn cards(&self) -> PathBuf {
        self.root.join("cards.db")
    }

    /// The folder of the ledgers of the banks in this process.
    #[must_use]
    pub fn banks(&self) -> PathBuf {
        self.root.join("banks")
    }
}

/// A state folded up to a block.
pub(crate) struct Folded {
    pub(crate) state: State,
    pub(crate) number: u64,
    /// The newest moment in the journal.
    pub(crate) last: Timestamp,
}

impl Folded {
    /// From the newest snapshot, or from nothing.
    pub(crate) fn from_snapshot(snapshots: &Snapshots) -> Result<Self, Error> {
        let nothing = Self { state: State::default(), number: 0, last: Timestamp::default() };
        let Some(snapshot) = snapshots.latest()? else { return Ok(nothing) };
        match State::restore(&snapshot.bytes) {
            Ok(state) => Ok(Self { state, number: snapshot.number, last: Timestamp::default() }),
            Err(error) => {
                tracing::warn!(snapshot = snapshot.number, %error, "the snapshot cannot be used; the whole journal is read instead");
                Ok(nothing)
            }
        }
    }

    /// Applies the next block and checks that it leads where it led when it was written.
    pub(crate) fn fold(&mut self, number: u64, payload: &[u8]) -> Result<(), Error> {
        debug_assert_eq!(number, self.number + 1, "blocks come in order");
        self.number = number;
        if payload.is_empty() {
            return Ok(());
        }
        let damaged = |source| Error::Records { number, source };
        let block = Block::read(payload).map_err(damaged)?;
        for entry in block.entries() {
            let entry = entry.map_err(damaged)?;
            self.state.apply(entry.at, &entry.record);
            self.last = entry.at;
        }
        if self.state.digest() == block.digest() { Ok(()) } else { Err(Error::Diverged { number }) }
    }
}

/// Reads the state back: the newest snapshot, then every block behind it.
pub(crate) fn recover(paths: &Paths, master: &MasterKey, journal: &Journal) -> Result<Folded, Error> {
    let snapshots = Snapshots::open(paths.snapshots(), STREAM, master)?;
    let reader = Reader::open(paths.journal(), STREAM, master)?;
    let mut folded = Folded::from_snapshot(&snapshots)?;
    if folded.number + 1 > journal.next() {
        return Err(Error::SnapshotAhead { snapshot: folded.number, journal: journal.next() - 1 });
    }
    // The block of the snapshot tells its newest moment, which the state does not.
    let from = folded.number;
    for block in reader.from(from) {
        let block = block?;
        if block.number == from {
            folded.last = newest_moment(&block.payload).unwrap_or_default();
        } else if block.number < journal.next() {
            folded.fold(block.number, &block.payload)?;
        }
    }
    Ok(folded)
}

fn newest_moment(payload: &[u8]) -> Option<Timestamp> {
    Block::read(payload).ok()?.entries().filter_map(Result::ok).last().map(|entry| entry.at)
}
