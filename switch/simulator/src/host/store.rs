//! A store in memory that can be cut anywhere: one block at a time on its way, and what a crash makes of it.

use crate::faults::Fault;
use crate::queue::Moment;
use crate::random::Random;

/// What is wrong with a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Busy or full: not written.
    Refuses,
    /// Written, but the answer is lost.
    AnswerLost,
    /// Not written, and no answer.
    RequestLost,
}

/// Sealed blocks, the first under number 1.
#[derive(Debug, Default)]
pub(crate) struct Store {
    blocks: Vec<Vec<u8>>,
    writing: Option<(u64, Vec<u8>)>,
    /// The block that is being written is there, and nobody knows.
    written: bool,
    refuses_until: Moment,
    lost: Option<Trouble>,
    stalled: bool,
}

impl Store {
    /// The newest number that is durable and known to be.
    pub(crate) fn durable(&self) -> u64 {
        self.blocks.len() as u64
    }

    pub(crate) fn blocks(&self) -> &[Vec<u8>] {
        &self.blocks
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.writing.is_none()
    }

    pub(crate) fn begin(&mut self, number: u64, sealed: Vec<u8>) {
        debug_assert_eq!(number, self.durable() + 1, "numbers have no holes");
        self.writing = Some((number, sealed));
        self.written = false;
    }

    /// Takes nothing until then.
    pub(crate) fn refuse_until(&mut self, until: Moment) {
        self.refuses_until = until;
    }

    /// Nothing is wrong with it any more.
    pub(crate) fn mend(&mut self) {
        (self.refuses_until, self.lost) = (0, None);
    }

    /// The answer to the next try is lost.
    pub(crate) fn lose_answer(&mut self, trouble: Trouble) {
        self.lost = Some(trouble);
    }

    /// What is wrong with this try.
    pub(crate) fn trouble(&mut self, now: Moment) -> Option<Trouble> {
        if now < self.refuses_until { Some(Trouble::Refuses) } else { self.lost.take() }
    }

    /// The block gets there, and nobody is told.
    pub(crate) fn write(&mut self) {
        self.written = true;
    }

    /// The block is durable.
    pub(crate) fn finish(&mut self) -> Option<u64> {
        let (number, sealed) = self.writing.take()?;
        self.blocks.push(sealed);
        Some(number)
    }

    /// Puts a block there at once, as a start does with its opening block.
    pub(crate) fn put(&mut self, number: u64, sealed: Vec<u8>) {
        debug_assert_eq!(number, self.durable() + 1, "numbers have no holes");
        self.blocks.push(sealed);
    }

    /// A try failed. Says whether it is the first in a row.
    pub(crate) fn stalls(&mut self) -> bool {
        !std::mem::replace(&mut self.stalled, true)
    }

    /// A try succeeded. Says whether one had failed before.
    pub(crate) fn resumed(&mut self) -> bool {
        std::mem::take(&mut self.stalled)
    }

    /// The process dies; what becomes of the block on its way is open, unless it is there already.
    pub(crate) fn crash(&mut self, random: &mut Random) -> Option<Fault> {
        self.stalled = false;
        let (_, mut sealed) = self.writing.take()?;
        match random.below(3) {
            _ if self.written => self.blocks.push(sealed),
            0 => return Some(Fault::BlockLost),
            1 => {
                // Cut short, or the second half never written.
                if random.chance(500_000) {
                    sealed.truncate(random.place(sealed.len()));
                } else {
                    let half = sealed.len() / 2;
                    sealed[half..].fill(0);
                }
                self.blocks.push(sealed);
                return Some(Fault::BlockTorn);
            }
            _ => self.blocks.push(sealed),
        }
        Some(Fault::BlockKept)
    }

    /// The last block is none, as a store finds out when it is opened.
    pub(crate) fn drop_last(&mut self) {
        self.blocks.pop();
    }

    /// Forgets a block that it said was durable.
    pub(crate) fn forget(&mut self) {
        if self.blocks.len() > 3 {
            self.blocks.pop();
        }
    }
}
