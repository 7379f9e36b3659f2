//! The journal's blocks as one story for each transaction: what was told, and what must stand at its bank.

use engine::{Block, LegId, LossReason, Record};
use hashbrown::HashMap;
use model::{BusinessDate, ResponseCode, TransactionId};

use super::order::Order;
use crate::host::number_of;

/// What the journal says of one leg.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Leg {
    /// What the bank approved, minor units.
    pub(crate) approved: Option<u64>,
    /// What an advice leaves standing.
    pub(crate) reversing: Option<u64>,
    /// How what was owed came to its end.
    pub(crate) ended: Option<Option<ResponseCode>>,
    pub(crate) dead: bool,
    pub(crate) undelivered: bool,
    /// Whether its bank has said no.
    pub(crate) declined: bool,
    /// What an advice tells has happened, minor units.
    pub(crate) promised: Option<u64>,
    /// Whether an operator has taken it off the dead-letter list.
    pub(crate) discarded: bool,
    /// How often an amount was held, and how often a hold ended.
    pub(crate) holds: u32,
    pub(crate) hold_ends: u32,
}

impl Leg {
    /// What must stand at the bank; `None` where an operator must find out.
    pub(crate) fn stands(&self) -> Option<u64> {
        match (self.dead || self.discarded, self.reversing) {
            (true, _) => None,
            (false, Some(stands)) => Some(if self.ended == Some(Some(ResponseCode::APPROVED)) { stands } else { 0 }),
            (false, None) => Some(self.approved.or(self.promised).unwrap_or(0)),
        }
    }
}

/// What the journal says of one transaction of this world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    /// The numbers it was accepted under: one for what moves money.
    pub(crate) accepted: Vec<TransactionId>,
    pub(crate) asked: u64,
    /// The last answer.
    pub(crate) told: Option<ResponseCode>,
    /// All answers.
    pub(crate) ever_told: Vec<ResponseCode>,
    /// Legs in order.
    pub(crate) legs: Vec<LegId>,
    /// Whether it stands although it was to be undone, for its money had arrived.
    pub(crate) overruled: bool,
    /// The business date at its acceptance.
    pub(crate) date: Option<BusinessDate>,
}

/// The whole journal.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) stories: Vec<Story>,
    pub(crate) legs: HashMap<LegId, Leg, foldhash::fast::FixedState>,
    numbers: Vec<Option<u32>>,
}

impl Journal {
    pub(crate) fn read(plain: &[Vec<u8>], transactions: usize, order: &mut Order<'_>) -> Self {
        let mut journal = Self { stories: vec![Story::default(); transactions], ..Self::default() };
        let mut date = BusinessDate::default();
        for block in plain.iter().filter(|plain| !plain.is_empty()).filter_map(|plain| Block::read(plain).ok()) {
            for entry in block.entries().filter_map(Result::ok) {
                // The checker of days holds it against the clock.
                if let Record::DayOpened { date: opened } = entry.record {
                    date = opened;
                }
                order.take(entry.at, &entry.record);
                journal.take(date, &entry.record);
            }
        }
        journal
    }

    fn number(&self, id: TransactionId) -> Option<u32> {
        self.numbers.get(usize::try_from(id.0).ok()?).copied().flatten()
    }

    fn set_number(&mut self, id: TransactionId, number: Option<u32>) {
        let place = usize::try_from(id.0).unwrap_or(0);
        if engine::Purpose::of(id).is_some() {
            // No terminal asked for it.
            return;
        }
        if self.numbers.len() <= place {
            self.numbers.resize(place + 1, None);
        }
        self.numbers[place] = number;
    }

    fn story(&mut self, id: TransactionId) -> Option<&mut Story> {
        let number = self.number(id)?;
        self.stories.get_mut(number as usize)
    }

    /// What a leg's bank is asked for: of a second leg what the first has approved.
    fn asked(&mut self, leg: LegId) -> u64 {
        let first = LegId { index: 0, ..leg };
        let approved = self.legs.get(&first).filter(|_| leg.index > 0).and_then(|first| first.approved);
        approved.or_else(|| Some(self.story(leg.transaction)?.asked)).unwrap_or(0)
    }

    fn with_leg(&mut self, id: LegId, change: impl FnOnce(&mut Leg)) {
        if let Some(leg) = self.legs.get_mut(&id) {
            change(leg);
        }
    }

    fn take(&mut self, date: BusinessDate, record: &Record<'_>) {
        match *record {
            Record::Accepted { transaction, asked }
            | Record::AdviceAccepted { transaction, asked, .. }
            | Record::Refused { transaction, asked, .. } => {
                self.set_number(transaction, number_of(&asked.rrn));
                if let Some(story) = self.story(transaction) {
                    story.accepted.push(transaction);
                    story.asked = asked.amount;
                    story.date = Some(date);
                    if let Record::Refused { code, .. } = *record {
                        story.told = Some(code);
                        story.ever_told.push(code);
                    }
                }
            }
            Record::LegStarted { leg, .. } => {
                self.legs.insert(leg, Leg::default());
                if let Some(story) = self.story(leg.transaction) {
                    story.legs.push(leg);
                }
            }
            Record::LegAnswered { leg, answer } => {
                let asked = self.asked(leg);
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.declined = !answer.code.approves();
                    leg.approved = answer.code.approves().then(|| answer.amount.unwrap_or(asked));
                }
            }
            Record::AdviceOwed { leg } => {
                let asked = self.story(leg.transaction).map_or(0, |story| story.asked);
                self.with_leg(leg, |leg| leg.promised = Some(asked));
            }
            Record::HoldPlaced { leg, .. } => self.with_leg(leg, |leg| leg.holds += 1),
            Record::HoldEnded { leg, .. } => self.with_leg(leg, |leg| leg.hold_ends += 1),
            Record::DeadRetried { leg, .. } => self.with_leg(leg, |leg| (leg.dead, leg.ended) = (false, None)),
            Record::DeadDiscarded { leg, .. } => self.with_leg(leg, |leg| (leg.dead, leg.discarded) = (false, true)),
            Record::ReversalOverruled { transaction } => {
                if let Some(story) = self.story(transaction) {
                    story.overruled = true;
                }
            }
            Record::LegLost { leg, reason: LossReason::Undelivered } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    leg.undelivered = true;
                }
            }
            Record::ReversalStarted { leg, stands, .. } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    (leg.reversing, leg.ended) = (Some(stands), None);
                }
            }
            Record::ForwardEnded { leg, code, dead } => {
                if let Some(leg) = self.legs.get_mut(&leg) {
                    (leg.ended, leg.dead) = (Some(code), dead);
                }
            }
            Record::Answered { transaction, answer } => {
                if let Some(story) = self.story(transaction) {
                    story.told = Some(answer.code);
                    story.ever_told.push(answer.code);
                }
            }
            _ => {}
        }
    }
}
