//! How far batches have come, read from the state in looks that are short however long a batch is.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use engine::{BankId, BatchId, BatchState, ItemId, ItemStanding, ItemState, Rules, State, Tally};
use payroll::{Error, Hand, Standing};

use super::PayrollOffice;

/// How many items one look counts.
const AT_ONCE: u32 = 10_000;
/// How many items are listed.
const LINES_MAX: usize = 1_000;
/// How often items are counted, and rates reckoned, at most.
const COUNT_EVERY: Duration = Duration::from_millis(1_000);

/// A batch at one bank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtBank {
    /// The bank.
    pub bank: BankId,
    /// Whether it can be asked now.
    pub up: bool,
    /// All items there.
    pub total: Tally,
    /// Not sent yet.
    pub waiting: Tally,
    /// Asked for, and not answered.
    pub sent: Tally,
    /// Whose outcome is being found out.
    pub unknown: Tally,
    /// Credited, and it stands.
    pub paid: Tally,
    /// Credited, and came back.
    pub returned: Tally,
    /// Refused, or cancelled.
    pub rejected: Tally,
}

impl AtBank {
    fn count(&mut self, it: &ItemStanding) {
        let amount = it.item.amount;
        add(&mut self.total, 1, amount);
        match it.state {
            ItemState::Waiting => add(&mut self.waiting, 1, amount),
            ItemState::Sent => add(&mut self.sent, 1, amount),
            ItemState::Unknown => add(&mut self.unknown, 1, amount),
            ItemState::Paid => add(&mut self.paid, 1, amount),
            ItemState::Returned(back) => {
                // What is left of it counts as paid, in amount.
                add(&mut self.returned, 1, back);
                add(&mut self.paid, 0, amount.saturating_sub(back));
            }
            ItemState::Rejected(_) | ItemState::Cancelled => add(&mut self.rejected, 1, amount),
        }
    }
}

fn add(tally: &mut Tally, count: u64, amount: u64) {
    tally.count += count;
    tally.amount = tally.amount.saturating_add(amount);
}

/// What was counted of a batch when somebody asked last.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    at: Instant,
    ended: u64,
    per_second: f64,
    banks: Vec<AtBank>,
}

impl Counted {
    /// Whether it may be shown instead of counting anew: only while payments go out, and for a moment. What is at rest or over is counted
    /// whenever somebody asks: a recall may have changed it, and who has waited for the end does not look a second time.
    fn will_do(&self, of: BatchState, now: Instant) -> bool {
        of == BatchState::Running && now.saturating_duration_since(self.at) < COUNT_EVERY
    }

    /// How many items a second came to their end since; as it was where that is too short a while to tell.
    fn rate(&self, ended: u64, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.at);
        if since < COUNT_EVERY {
            return self.per_second;
        }
        #[expect(clippy::cast_precision_loss, reason = "as it is shown")]
        let more = ended.saturating_sub(self.ended) as f64;
        more / since.as_secs_f64()
    }
}

pub(super) type Rates = BTreeMap<BatchId, Counted>;

/// Which items are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only those whose state is called so.
    pub state: Option<String>,
    /// Only those behind this one.
    pub after: u32,
}

/// Items of a batch.
#[derive(Clone, Debug)]
pub struct ItemsShown {
    /// The first thousand of them.
    pub lines: Vec<ItemStanding>,
    /// How many there are.
    pub total: usize,
}

impl PayrollOffice {
    /// All batches, newest first.
    ///
    /// # Errors
    /// Where nobody can look now.
    pub fn batches(&self) -> Result<Vec<Standing>, Error> {
        self.hand()?.look(|state: &State, rules: &Rules| {
            let mut all: Vec<_> = state.batches().filter_map(|it| Standing::of(state, rules, it.id())).collect();
            all.reverse();
            all
        })
    }

    /// A batch; `None` where there is none.
    ///
    /// # Errors
    /// Where nobody can look now.
    pub fn batch(&self, batch: BatchId) -> Result<Option<Standing>, Error> {
        self.hand()?.look(move |state: &State, rules: &Rules| Standing::of(state, rules, batch))
    }

    /// A batch bank by bank, and how many items a second came to their end lately. While payments go out
    /// it is counted anew once a second at most.
    ///
    /// # Errors
    /// Where nobody can look now.
    pub fn at_banks(&self, of: &Standing) -> Result<(Vec<AtBank>, f64), Error> {
        let batch = of.batch;
        let ended = of.progress.total().count.saturating_sub(of.progress.pending.count);
        let before = self.rates().get(&batch).cloned();
        let now = Instant::now();
        if let Some(it) = before.as_ref().filter(|it| it.will_do(of.state, now)) {
            return Ok((it.banks.clone(), it.per_second));
        }
        let mut banks: BTreeMap<BankId, AtBank> = BTreeMap::new();
        self.each(batch, of.header.count, |item| banks.entry(item.item.bank).or_default().count(&item))?;
        let ids: Vec<BankId> = banks.keys().copied().collect();
        let up = self.hand()?.look(move |state: &State, _: &Rules| {
            let up = |id: &BankId| state.is_linked(*id) && !state.is_signed_off(*id);
            ids.iter().map(up).collect::<Vec<_>>()
        })?;
        let banks: Vec<AtBank> = banks.into_iter().zip(up).map(|((bank, it), up)| AtBank { bank, up, ..it }).collect();
        let per_second = before.as_ref().map_or(0.0, |it| it.rate(ended, now));
        // The rate is reckoned over a second at least, from where it was reckoned last.
        let (at, ended) = match before {
            Some(it) if now.saturating_duration_since(it.at) < COUNT_EVERY => (it.at, it.ended),
            _ => (now, ended),
        };
        self.rates().insert(batch, Counted { at, ended, per_second, banks: banks.clone() });
        Ok((banks, per_second))
    }

    /// Items of a batch; `None` where there is no such batch.
    ///
    /// # Errors
    /// Where nobody can look now, or the batch is forgotten but for its totals.
    pub fn items(&self, batch: BatchId, wanted: &Wanted) -> Result<Option<ItemsShown>, Error> {
        let Some(of) = self.batch(batch)? else { return Ok(None) };
        if of.forgotten {
            return Err(Error::Forgotten(batch));
        }
        let mut shown = ItemsShown { lines: Vec::new(), total: 0 };
        self.each(batch, of.header.count, |item| {
            let fits = wanted.state.as_deref().is_none_or(|name| name == item.state.name()) && item.id.number > wanted.after;
            if fits {
                shown.total += 1;
                if shown.lines.len() < LINES_MAX {
                    shown.lines.push(item);
                }
            }
        })?;
        Ok(Some(shown))
    }

    /// An item; `None` where there is none.
    ///
    /// # Errors
    /// Where nobody can look now.
    pub fn item(&self, id: ItemId) -> Result<Option<ItemStanding>, Error> {
        self.hand()?.look(move |state: &State, _: &Rules| state.item(id))
    }

    /// The name of a bank.
    #[must_use]
    pub fn bank_name(&self, id: BankId) -> String {
        self.banks.iter().find(|(bank, _)| *bank == id).map_or_else(|| id.to_string(), |(_, name)| name.clone())
    }

    /// The bank of this name or institution number.
    #[must_use]
    pub fn bank(&self, text: &str) -> Option<BankId> {
        self.banks.iter().find(|(id, name)| name == text || id.to_string() == text).map(|(id, _)| *id)
    }

    /// Looks at every item, in looks of some thousands each. They may change between two looks.
    fn each(&self, batch: BatchId, count: u32, mut tell: impl FnMut(ItemStanding)) -> Result<(), Error> {
        let mut hand = self.hand()?;
        let mut from = 1;
        while from <= count {
            let to = count.min(from.saturating_add(AT_ONCE - 1));
            let items = hand.look(move |state: &State, _: &Rules| {
                (from..=to).filter_map(|number| state.item(ItemId { batch, number })).collect::<Vec<_>>()
            })?;
            items.into_iter().for_each(&mut tell);
            from = to.saturating_add(1);
        }
        Ok(())
    }

    fn rates(&self) -> std::sync::MutexGuard<'_, Rates> {
        self.rates.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_shown_again_for_a_moment_and_while_payments_go_out_only() {
        let at = Instant::now();
        let counted = Counted { at, ended: 10, per_second: 3.0, banks: Vec::new() };
        let (soon, later) = (at + COUNT_EVERY / 2, at + COUNT_EVERY);
        assert!(counted.will_do(BatchState::Running, soon) && !counted.will_do(BatchState::Running, later));
        let refused = BatchState::Unfunded(model::ResponseCode::new(*b"51").unwrap());
        for over in [BatchState::Part, BatchState::Done, BatchState::Cancelled, BatchState::Approved, refused] {
            assert!(!counted.will_do(over, at), "{over:?}");
        }
        assert_eq!((counted.rate(1_000, soon), counted.rate(30, at + 2 * COUNT_EVERY)), (3.0, 10.0));
    }
}
