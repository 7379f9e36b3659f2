//! Snapshots: folded state at a block number, so that recovery need not read from the beginning. Only a shortcut: the journal is the
//! truth, and a folder of snapshots may be deleted at any time.
//!
//! One file per snapshot, sealed as a block is (see `seal.rs`) but with its own purpose and a salt of its own, so that it cannot be
//! taken for a block nor for the snapshot of another stream or number. The newest two are kept.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::{Error, MasterKey, NOTHING_BEFORE, Opener, Sealer, key::sync_folder_of, seal::Purpose};

/// How many snapshots are kept: the newest, and the one to fall back upon when that is damaged.
const KEPT: usize = 2;

/// State as it was when block `number` had been applied.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last block that it contains. Reading goes on with the next.
    pub number: u64,
    /// The state, as it was put.
    pub bytes: Vec<u8>,
}

/// The state may hold what no log should.
impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Snapshot({}, {} bytes)", self.number, self.bytes.len())
    }
}

/// The folder of one stream's snapshots.
pub struct Snapshots {
    folder: PathBuf,
    stream: String,
    master: MasterKey,
}

impl Snapshots {
    /// Opens the folder, or creates it.
    ///
    /// # Errors
    /// [`Error::Snapshot`].
    pub fn open(folder: impl AsRef<Path>, stream: &str, master: &MasterKey) -> Result<Self, Error> {
        let folder = folder.as_ref().to_owned();
        fs::create_dir_all(&folder).map_err(|source| Error::Snapshot { path: folder.clone(), source })?;
        Ok(Self { folder, stream: stream.to_owned(), master: master.clone() })
    }

    /// Keeps `bytes` as the state after block `number`, and drops all but the newest two. On disk when it returns; a crash at any point
    /// leaves the snapshots from before. Seals `bytes` where they lie.
    ///
    /// # Errors
    /// [`Error::Snapshot`], [`Error::Random`].
    pub fn put(&self, number: u64, mut bytes: Vec<u8>) -> Result<(), Error> {
        Sealer::with_purpose(Purpose::Snapshot, &self.master, &self.stream, 0, number, NOTHING_BEFORE)?.seal(&mut bytes);
        let path = self.folder.join(format!("{number:020}.snapshot"));
        let draft = path.with_extension("new");
        let failed = |source| Error::Snapshot { path: path.clone(), source };
        write_whole(&draft, &path, &bytes).map_err(failed)?;
        for (_, old) in self.kept()?.into_iter().skip(KEPT) {
            fs::remove_file(&old).map_err(|source| Error::Snapshot { path: old, source })?;
        }
        Ok(())
    }

    /// The newest snapshot that can be believed. A damaged one is passed over with a warning; `None` means to read the journal from
    /// its beginning. A number above the journal's last means that the journal was cut off.
    ///
    /// # Errors
    /// [`Error::Snapshot`] when the folder cannot be read.
    pub fn latest(&self) -> Result<Option<Snapshot>, Error> {
        let mut opener = Opener::with_purpose(Purpose::Snapshot, &self.master, &self.stream);
        for (number, path) in self.kept()? {
            let why = match fs::read(&path) {
                Ok(mut bytes) => match opener.open(number, &NOTHING_BEFORE, &mut bytes) {
                    Ok(_) => return Ok(Some(Snapshot { number, bytes })),
                    Err(damage) => damage.to_string(),
                },
                Err(unreadable) => unreadable.to_string(),
            };
            tracing::warn!(path = %path.display(), why, "snapshot passed over");
        }
        Ok(None)
    }

    /// Numbers and files, newest first.
    fn kept(&self) -> Result<Vec<(u64, PathBuf)>, Error> {
        let failed = |source| Error::Snapshot { path: self.folder.clone(), source };
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|e| e == "snapshot")
                && let Some(number) = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok())
            {
                kept.push((number, path));
            }
        }
        kept.sort_unstable_by(|a, b| b.cmp(a));
        Ok(kept)
    }
}

fn write_whole(draft: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(draft, path)?;
    sync_folder_of(path)
}
