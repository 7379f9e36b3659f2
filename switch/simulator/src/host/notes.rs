//! What is noted of the shard's decisions as they are made: for coverage, and for the check that nothing leaves too early.

use engine::{HoldEnd, LegId, LegStatus, LinkId, LossReason, Record, ReversalReason, StandInReason, State};
use model::{Mti, ResponseCode, Rrn, Timestamp};
use shard::{Direction, Shard, Side, Watch};
use wire::BuildError;

/// What a code says, as far as editions of the standard agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Approved,
    InProgress,
    Other,
}

impl Class {
    pub(crate) fn of(code: ResponseCode) -> Self {
        match code {
            code if code.approves() => Self::Approved,
            ResponseCode::IN_PROGRESS => Self::InProgress,
            _ => Self::Other,
        }
    }
}

/// What later messages rest on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Note {
    /// A leg or an advice was given its name at a bank.
    Named { bank: u32, stan: u32, transmitted: u32 },
    /// What a request or a reversal is told was decided.
    Told { number: u32, reversal: bool, class: Class },
    /// A repeat came before the answer, which goes to its connection from now on.
    Joined { number: u32, link: LinkId },
    /// An answer did not leave.
    Undelivered { number: u32 },
}

/// A leg's way from one status to the next; from nothing when it begins.
pub(crate) type Transition = (Option<LegStatus>, LegStatus);

/// Counts and notes.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) fresh: Vec<Note>,
    pub(crate) records: Vec<(&'static str, u64)>,
    pub(crate) transitions: Vec<(Transition, u64)>,
    pub(crate) reasons: Vec<(ReversalReason, u64)>,
    /// Other things that were reached: what, and which.
    pub(crate) others: Vec<((&'static str, &'static str), u64)>,
    /// The leg that the last record was about, and its status before.
    pending: Option<(LegId, Option<LegStatus>)>,
    /// Records in words, where somebody wants to tell a story.
    pub(crate) told: Option<Vec<(u32, String)>>,
    pub(crate) unbuildable: Option<String>,
    /// Whether a record about a payroll was kept since somebody looked.
    pub(crate) payroll: bool,
    /// Who else counts.
    pub(crate) further: Option<Box<dyn Watch + Send>>,
}

/// The number of a transaction in this world, which its DE37 carries from end to end.
pub(crate) fn number_of(rrn: &Rrn) -> Option<u32> {
    let digits = rrn.as_bytes();
    let fits = digits.len() == 12 && digits.iter().all(u8::is_ascii_digit);
    fits.then(|| digits.iter().fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0'))).and_then(|it| it.try_into().ok())
}

impl Notes {
    pub(crate) fn new(telling: bool, further: Option<Box<dyn Watch + Send>>) -> Self {
        Self { told: telling.then(Vec::new), further, ..Self::default() }
    }

    fn settle(&mut self, state: &State) {
        if let Some((leg, before)) = self.pending.take()
            && let Some(after) = state.leg(leg).map(|leg| leg.status)
            && before != Some(after)
        {
            count(&mut self.transitions, (before, after));
        }
    }
}

fn count<T: PartialEq>(counts: &mut Vec<(T, u64)>, what: T) {
    match counts.iter_mut().find(|(known, _)| *known == what) {
        Some((_, count)) => *count += 1,
        None => counts.push((what, 1)),
    }
}

fn leg_of(record: &Record<'_>) -> Option<LegId> {
    match *record {
        Record::LegStarted { leg, .. }
        | Record::LegAnswered { leg, .. }
        | Record::LegLost { leg, .. }
        | Record::ReversalStarted { leg, .. }
        | Record::RepeatStarted { leg }
        | Record::ForwardTried { leg, .. }
        | Record::ForwardEnded { leg, .. }
        | Record::UndoNoted { leg, .. }
        | Record::AdviceOwed { leg }
        | Record::DeadRetried { leg, .. }
        | Record::DeadDiscarded { leg, .. } => Some(leg),
        _ => None,
    }
}

impl Watch for Notes {
    fn message(&mut self, direction: Direction, side: &Side, mti: Mti) {
        if let Some(further) = &mut self.further {
            further.message(direction, side, mti);
        }
    }

    fn unreadable(&mut self, side: &Side) {
        if let Some(further) = &mut self.further {
            further.unreadable(side);
        }
    }

    fn unbuildable(&mut self, side: &Side, mti: Mti, error: &BuildError) {
        self.unbuildable = Some(format!("{mti} to {}: {error}", side.name()));
        if let Some(further) = &mut self.further {
            further.unbuildable(side, mti, error);
        }
    }

    fn refused(&mut self) {
        if let Some(further) = &mut self.further {
            further.refused();
        }
    }

    fn record(&mut self, at: Timestamp, before: &State, record: &Record<'_>) {
        if let Some(further) = &mut self.further {
            further.record(at, before, record);
        }
        self.settle(before);
        self.payroll |= record.batch().is_some();
        let name = record.name();
        match self.records.iter_mut().find(|(known, _)| std::ptr::eq(known.as_ptr(), name.as_ptr()) && known.len() == name.len())
        {
            Some((_, count)) => *count += 1,
            None => self.records.push((name, 1)),
        }
        self.pending = leg_of(record).map(|leg| (leg, before.leg(leg).map(|it| it.status)));
        let mut told = |rrn: &Rrn, reversal, code| {
            if let Some(number) = number_of(rrn) {
                self.fresh.push(Note::Told { number, reversal, class: Class::of(code) });
            }
        };
        match record {
            Record::LegStarted { bank, identity, .. } => self.fresh.push(Note::Named {
                bank: bank.0,
                stan: identity.stan.number(),
                transmitted: identity.transmitted.number(),
            }),
            Record::ReversalStarted { leg, identity, reason, .. } => {
                if let Some(leg) = before.leg(*leg) {
                    let (stan, transmitted) = (identity.stan.number(), identity.transmitted.number());
                    self.fresh.push(Note::Named { bank: leg.bank.0, stan, transmitted });
                }
                count(&mut self.reasons, *reason);
            }
            Record::StoodIn { reason, .. } => {
                let why = match reason {
                    StandInReason::SignedOff => "signed off",
                    StandInReason::Down => "down",
                    StandInReason::Queued => "queued",
                };
                count(&mut self.others, ("stand-in", why));
            }
            Record::HoldEnded { how, .. } => {
                let how = match how {
                    HoldEnd::Completed => "completed",
                    HoldEnd::Reversed => "reversed",
                    HoldEnd::Expired => "expired",
                };
                count(&mut self.others, ("hold", how));
            }
            Record::LegLost { reason, .. } => {
                let why = match reason {
                    LossReason::Timeout => "timeout",
                    LossReason::BadReply => "bad reply",
                    LossReason::Stopped => "stopped",
                    LossReason::Undelivered => "undelivered",
                };
                count(&mut self.others, ("leg lost", why));
            }
            Record::Answered { transaction, answer } => {
                if let Some(it) = before.transaction(*transaction) {
                    told(&it.asked.rrn, false, answer.code);
                }
            }
            Record::Joined { transaction, link, .. } => {
                if let Some(number) = before.transaction(*transaction).and_then(|it| number_of(&it.asked.rrn)) {
                    self.fresh.push(Note::Joined { number, link: *link });
                }
            }
            Record::AnswerUndelivered { transaction } => {
                if let Some(number) = before.transaction(*transaction).and_then(|it| number_of(&it.asked.rrn)) {
                    self.fresh.push(Note::Undelivered { number });
                }
            }
            Record::Refused { asked, code, .. } => told(&asked.rrn, false, *code),
            Record::ReversalAnswered { asked, code, .. } => told(&asked.rrn, true, *code),
            _ => {}
        }
        if let Some(story) = &mut self.told {
            let asked = match record {
                Record::Accepted { asked, .. }
                | Record::AdviceAccepted { asked, .. }
                | Record::Refused { asked, .. }
                | Record::ReversalAnswered { asked, .. } => Some(asked),
                _ => None,
            };
            let id = match record.subject() {
                engine::Subject::Transaction(id) | engine::Subject::Both(id, _) => Some(id),
                engine::Subject::Switch => None,
            };
            let asked = asked.or_else(|| Some(&before.transaction(id?)?.asked));
            let number = asked.and_then(|asked| number_of(&asked.rrn)).unwrap_or(u32::MAX);
            story.push((number, format!("{} {}", at, words(record))));
        }
    }
}

/// A record without the long list of what was asked, which the message before it shows.
fn words(record: &Record<'_>) -> String {
    match record {
        Record::Accepted { transaction, .. } => format!("Accepted as {transaction}"),
        Record::AdviceAccepted { transaction, original, .. } => {
            format!("AdviceAccepted as {transaction}, completes {original:?}")
        }
        Record::Refused { transaction, code, .. } => format!("Refused as {transaction} with {code}"),
        Record::ReversalAnswered { transaction, original, awaited, code, .. } => {
            format!("ReversalAnswered as {transaction} with {code}, original {original:?}, awaited {awaited:?}")
        }
        Record::Adopted { .. } => "Adopted".into(),
        other => format!("{other:?}"),
    }
}

/// The last record's effect is known once no other follows.
pub(crate) trait SettleTransition {
    fn settle_transition(&mut self);
}

impl SettleTransition for Shard<Notes> {
    fn settle_transition(&mut self) {
        if let Some((leg, before)) = self.watch().pending.take()
            && let Some(after) = self.state().leg(leg).map(|leg| leg.status)
            && before != Some(after)
        {
            count(&mut self.watch().transitions, (before, after));
        }
    }
}
