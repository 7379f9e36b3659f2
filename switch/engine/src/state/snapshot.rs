//! The whole state as bytes, and back. What can be found again from the transactions is not written.

use super::{Banks, Book, LegStatus, State};
use crate::LegId;
use crate::bytes::{Bytes, Damaged, Source};

/// Rises with every change of the layout; a snapshot of another version is not read, and the journal is replayed instead.
const VERSION: u8 = 1;

impl State {
    /// Writes everything.
    pub fn snapshot(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        self.seed.put(out);
        self.digest.put(out);
        self.date.put(out);
        self.adopted.is_some().put(out);
        if let Some(adopted) = &self.adopted {
            crate::bytes::put_slice(adopted.as_bytes(), out);
        }
        self.banks.put(out);
        self.book.put(out);
        // The order in which lanes were joined is the one thing that transactions do not tell.
        self.forward.lanes().collect::<Vec<LegId>>().put(out);
    }

    /// Reads what [`State::snapshot`] wrote.
    ///
    /// # Errors
    /// Where the bytes are damaged or of another version.
    pub fn restore(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut source = Source(bytes);
        let from = &mut source;
        if from.bytes(1)? != [VERSION] {
            return Err(Damaged("a snapshot of another version"));
        }
        let seed = u64::take(from)?;
        let digest = u64::take(from)?;
        let date = Bytes::take(from)?;
        let adopted = if bool::take(from)? { Some(String::from_utf8_lossy(from.slice()?).into_owned()) } else { None };
        let banks = Banks::take(seed, from)?;
        let book = Book::take(seed, from)?;
        let owed = Vec::<LegId>::take(from)?;
        if !from.is_empty() {
            return Err(Damaged("a snapshot with something behind its end"));
        }
        let mut state = Self { digest, date, adopted, banks, book, ..Self::seeded(seed) };
        state.find_again(&owed);
        Ok(state)
    }

    /// Fills what is derived: trace numbers in use, timers, lanes, the dead-letter list.
    fn find_again(&mut self, owed: &[LegId]) {
        let Self { banks, book, timers, forward, .. } = self;
        for (transaction, it) in book.all() {
            for (index, leg) in (0..).zip(&it.legs) {
                let id = LegId { transaction, index };
                if leg.status == LegStatus::Dead {
                    forward.bury(id);
                }
                if leg.status.is_open() {
                    // An answered request has given its number back; its reversal has one of its own.
                    let request = leg.answer.is_none().then_some(leg.identity.stan);
                    let advice = leg.reversal.map(|it| it.identity.stan);
                    for stan in [request, advice].into_iter().flatten() {
                        banks.retake_stan(leg.bank, stan, id);
                    }
                }
                if let Some(due) = leg.due {
                    timers.set(id, due);
                }
            }
        }
        for id in owed {
            if let Some(lane) = self.lane(*id) {
                self.forward.join(lane, *id);
            }
        }
    }
}
