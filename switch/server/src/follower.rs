//! The follower: folds durable blocks into snapshots and views, and checks on the way that they lead where the engine went.
//!
//! It reads the journal as any other process could, so it may lag as far as it likes without holding anybody up.

use std::path::Path;
use std::time::{Duration, Instant};

use journal::{MasterKey, Reader, Snapshots};
use tokio::sync::mpsc;
use views::Views;

use crate::cards::Fold;
use crate::metrics::Metrics;
use crate::recovery::{Folded, Paths, STREAM};
use crate::switch::Error;

/// Blocks are folded into views in transactions of about this many bytes of records.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// A snapshot is written when as much was appended since the last one as that one was long, and at least this much: so recovery
/// reads a bounded tail, and all snapshots together cost no more than the journal itself.
const SNAPSHOT_AFTER_BYTES: usize = 64 * 1024 * 1024;

/// How long blocks gather before they are folded: a transaction that begins and ends within it costs one row written once. After
/// a long batch the follower rests as long as it worked, so that money goes before views: under a load that leaves it too little
/// it lags, which `payswitch_follower_block` shows, and catches up later.
const GATHER: Duration = Duration::from_millis(50);

/// How long the follower waits after a failure before it tries again.
const TRY_AGAIN: Duration = Duration::from_secs(1);

pub(crate) struct Follower {
    reader: Reader,
    snapshots: Snapshots,
    views: Views,
    folded: Folded,
    views_at: u64,
    cards: Fold,
    since_snapshot: usize,
    snapshot_bytes: usize,
    metrics: Metrics,
}

impl Follower {
    /// Opens what is folded into. With `known_only` the card store is made if there is none, and catches up before this returns, for
    /// the switch is about to ask it.
    pub(crate) fn open(
        paths: &Paths,
        master: &MasterKey,
        card_keys: cards::Keys,
        known_only: bool,
        metrics: Metrics,
    ) -> Result<Self, Error> {
        let snapshots = Snapshots::open(paths.snapshots(), STREAM, master)?;
        let folded = Folded::from_snapshot(&snapshots)?;
        let reader = Reader::open(paths.journal(), STREAM, master)?;
        let token_key = master.derive(b"views card token");
        let mut views = Views::open(&paths.views(), token_key)?;
        let newest = reader.last_number()?.unwrap_or(0);
        if views.folded()? > newest {
            tracing::warn!(folded = views.folded()?, newest, "the views are of another journal; they are made again");
            drop(views);
            forget(&paths.views())?;
            views = Views::open(&paths.views(), token_key)?;
        }
        let mut cards = Fold::open(paths, card_keys, known_only, newest)?;
        if known_only {
            cards.catch_up(&reader)?;
        }
        Ok(Self {
            reader,
            snapshots,
            cards,
            views_at: views.folded()?,
            views,
            folded,
            since_snapshot: 0,
            snapshot_bytes: SNAPSHOT_AFTER_BYTES,
            metrics,
        })
    }

    /// Folds what is durable, each time that somebody says so, until nobody can any more; then writes a last snapshot. A full disk
    /// or a locked file is tried again. The switch itself goes on meanwhile: no decision reads what the follower makes.
    pub(crate) fn run(mut self, mut durable: mpsc::Receiver<u64>) {
        loop {
            let began = Instant::now();
            let goes_on = match self.fold_batch() {
                Ok(true) => {
                    std::thread::sleep(GATHER.max(began.elapsed()));
                    true
                }
                Ok(false) => durable.blocking_recv().is_some(),
                Err(error @ (Error::Records { .. } | Error::Diverged { .. })) => {
                    return tracing::error!(%error, "the follower has stopped: views and snapshots are not kept up any more");
                }
                Err(error) => {
                    tracing::error!(%error, pause = ?TRY_AGAIN, "the follower is held up and tries again");
                    std::thread::sleep(TRY_AGAIN);
                    !durable.is_closed()
                }
            };
            if !goes_on {
                break;
            }
        }
        if let Err(error) = self.finish() {
            tracing::warn!(%error, "no last snapshot; the next start reads the journal from an older one");
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        while self.fold_batch()? {}
        self.snapshot()
    }

    /// Folds what is there, up to a batch. Says whether there was anything.
    fn fold_batch(&mut self) -> Result<bool, Error> {
        let cards_at = self.cards.wants_after(&self.reader)?;
        let from = self.folded.number.min(self.views_at).min(cards_at.unwrap_or(u64::MAX)) + 1;
        let mut batch = Vec::new();
        let mut bytes = 0;
        for block in self.reader.from(from) {
            let block = block?;
            bytes += block.payload.len();
            batch.push(block);
            if bytes >= BATCH_BYTES {
                break;
            }
        }
        let Some(last) = batch.last().map(|block| block.number) else { return Ok(false) };
        for block in &batch {
            if block.number > self.folded.number {
                self.folded.fold(block.number, &block.payload)?;
                self.since_snapshot += block.payload.len();
            }
        }
        let views_at = self.views_at;
        let unseen = batch.iter().filter(|block| block.number > views_at);
        self.views.fold(unseen.map(|block| (block.number, block.payload.as_slice())))?;
        self.views_at = self.views_at.max(last);
        self.cards.fold(batch.iter().map(|block| (block.number, block.payload.as_slice())))?;
        // Blocks that the cards alone were behind with are no step back.
        self.metrics.follower_block.set(i64::try_from(self.views_at).unwrap_or(i64::MAX));
        if self.since_snapshot >= self.snapshot_bytes {
            self.snapshot()?;
        }
        Ok(true)
    }

    fn snapshot(&mut self) -> Result<(), Error> {
        if self.since_snapshot == 0 {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(self.snapshot_bytes);
        self.folded.state.snapshot(&mut bytes);
        self.snapshot_bytes = bytes.len().max(SNAPSHOT_AFTER_BYTES);
        self.snapshots.put(self.folded.number, bytes)?;
        self.since_snapshot = 0;
        self.metrics.snapshot_block.set(i64::try_from(self.folded.number).unwrap_or(i64::MAX));
        Ok(())
    }
}

/// Removes a database with what SQLite keeps beside it; a log left behind would be read into the next one.
fn forget(database: &Path) -> Result<(), Error> {
    for suffix in ["", "-wal", "-shm"] {
        let mut path = database.as_os_str().to_owned();
        path.push(suffix);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::Folder { path: path.into(), source });
            }
            _ => {}
        }
    }
    Ok(())
}
