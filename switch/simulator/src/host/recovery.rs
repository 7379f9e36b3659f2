//! Reading the blocks back after a stop: the chain is proved, a torn end is dropped, and the records lead where they led.

use engine::{Block, State};
use journal::{Hash, NOTHING_BEFORE, Opener, hash};
use model::Timestamp;

use super::STREAM;
use crate::world::World;

/// The stream, folded.
pub(crate) struct Folded {
    pub(crate) state: State,
    pub(crate) number: u64,
    pub(crate) epoch: u64,
    pub(crate) last: Timestamp,
    /// The hash of the last block's sealed bytes.
    pub(crate) previous: Hash,
}

/// All blocks in the open, each proved by its key and by the one before.
pub(crate) struct Opened {
    pub(crate) plain: Vec<Vec<u8>>,
    epoch: u64,
    previous: Hash,
    /// Whether the last block was torn, and is none.
    torn: bool,
}

/// Opens every block of a store.
///
/// # Errors
/// Where one that is not the last cannot be believed.
pub(crate) fn read_back(blocks: &[Vec<u8>], master: &journal::MasterKey) -> Result<Opened, String> {
    let mut opener = Opener::new(master, STREAM);
    let mut opened = Opened { plain: Vec::with_capacity(blocks.len()), epoch: 0, previous: NOTHING_BEFORE, torn: false };
    for (number, sealed) in (1..).zip(blocks) {
        let mut bytes = sealed.clone();
        match opener.open(number, &opened.previous, &mut bytes) {
            Ok(epoch) if epoch < opened.epoch => return Err(format!("block {number} has an older epoch than the one before")),
            Ok(epoch) => opened.epoch = epoch,
            Err(_) if number == blocks.len() as u64 => {
                opened.torn = true;
                break;
            }
            Err(damage) => return Err(format!("block {number}: {damage}")),
        }
        opened.previous = hash(sealed);
        opened.plain.push(bytes);
    }
    Ok(opened)
}

/// Applies a block's records.
///
/// # Errors
/// Where they are damaged or lead elsewhere than when they were written.
pub(crate) fn fold(state: &mut State, last: &mut Timestamp, number: u64, plain: &[u8]) -> Result<(), String> {
    if plain.is_empty() {
        return Ok(());
    }
    let damaged = |error| format!("block {number}: {error}");
    let block = Block::read(plain).map_err(damaged)?;
    for entry in block.entries() {
        let entry = entry.map_err(damaged)?;
        state.apply(entry.at, &entry.record);
        *last = (*last).max(entry.at);
    }
    if state.digest() == block.digest() { Ok(()) } else { Err(format!("block {number} leads to another state than it did")) }
}

impl World {
    pub(super) fn read_back_and_fold(&mut self) -> Result<Folded, String> {
        let host = &mut self.host;
        let opened = read_back(host.store.blocks(), &host.master)?;
        if opened.torn {
            host.store.drop_last();
        }
        let number = opened.plain.len() as u64;
        // Every other start uses the snapshot of the start before.
        let snapshot = host.snapshot.as_ref().filter(|(at, _)| *at <= number && self.random.chance(500_000));
        let (mut state, from) = match snapshot {
            Some((at, bytes)) => (State::restore(bytes).map_err(|error| error.to_string())?, *at),
            None => (State::default(), 0),
        };
        let mut last = Timestamp::default();
        for (number, plain) in (1..).zip(&opened.plain) {
            if number > from {
                fold(&mut state, &mut last, number, plain)?;
            } else if let Ok(block) = Block::read(plain) {
                last = block.entries().filter_map(Result::ok).last().map_or(last, |entry| entry.at.max(last));
            }
        }
        let mut bytes = Vec::new();
        state.snapshot(&mut bytes);
        self.host.snapshot = Some((number, bytes));
        Ok(Folded { state, number, epoch: opened.epoch, last, previous: opened.previous })
    }
}
