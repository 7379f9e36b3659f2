//! The whole state as bytes, and back. What can be found again from the transactions is not written.

use model::{Pan, ResponseCode};

use super::{Banks, Book, LegStatus, Payroll, Positions, Standing, State};
use crate::LegId;
use crate::bytes::{Bytes, Damaged, Source, bytes_of_struct};

struct HotCard {
    pan: Pan,
    code: ResponseCode,
}

bytes_of_struct!(HotCard { pan, code });

/// Rises with every change of the layout; a snapshot of another version is not read, and the journal is replayed instead.
const VERSION: u8 = 5;

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
        self.closed.put(out);
        self.banks.put(out);
        self.book.put(out);
        self.positions.put(out);
        self.payroll.put(out);
        self.hot_cards.iter().map(|(pan, code)| HotCard { pan: *pan, code: *code }).collect::<Vec<_>>().put(out);
        self.overruled.iter().copied().collect::<Vec<_>>().put(out);
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
        let closed = Bytes::take(from)?;
        let banks = Banks::take(seed, from)?;
        let book = Book::take(seed, from)?;
        let positions = Positions::take(from)?;
        let payroll = Payroll::take(from)?;
        let hot_cards = Vec::<HotCard>::take(from)?.into_iter().map(|it| (it.pan, it.code)).collect();
        let overruled = Vec::take(from)?.into_iter().collect();
        let owed = Vec::<LegId>::take(from)?;
        if !from.is_empty() {
            return Err(Damaged("a snapshot with something behind its end"));
        }
        let kept =
            Self { digest, date, closed, adopted, banks, book, positions, payroll, hot_cards, overruled, ..Self::seeded(seed) };
        let mut state = kept;
        state.find_again(&owed);
        Ok(state)
    }

    /// Fills what is derived: trace numbers in use, timers, lanes, the dead-letter list.
    fn find_again(&mut self, owed: &[LegId]) {
        let Self { banks, book, timers, forward, usage, unanswered, holding, date, closed, .. } = self;
        for (transaction, it) in book.all() {
            if it.standing == Standing::Open && it.date > *closed {
                *unanswered.entry(it.date).or_default() += 1;
            }
            for (index, leg) in (0..).zip(&it.legs) {
                let id = LegId { transaction, index };
                if leg.status == LegStatus::Dead {
                    forward.bury(id);
                }
                *holding += usize::from(leg.is_holding());
                if leg.status.is_open() {
                    for stan in leg.stans().into_iter().flatten() {
                        banks.retake_stan(leg.bank, stan, id);
                    }
                }
                if let (Some(pan), true) = (it.asked.pan, it.date == *date) {
                    for used in leg.taken() {
                        usage.take(pan, used.class, used.amount);
                    }
                }
                if let Some(due) = leg.due {
                    timers.set(id, due);
                }
            }
        }
        let payroll: Vec<LegId> = self.book.payroll().filter(|(_, leg)| leg.status.is_open()).map(|(id, _)| id).collect();
        for id in payroll {
            self.resume_payroll(id);
        }
        for id in owed {
            if let Some(lane) = self.lane(*id) {
                self.forward.join(lane, *id);
            }
        }
    }
}
