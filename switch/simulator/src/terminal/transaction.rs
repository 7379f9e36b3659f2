//! One transaction as its terminal knows it, from the first request to the last answer.

use model::{
    Content, Currency, InstitutionId, Kind, LocalDate, LocalTime, Message, Mti, OriginalData, Pan, ProcessingCode, ResponseCode,
    Rrn, Stan, TerminalId, Text, TransmissionTime,
};

use super::kinds::{Row, Way};
use crate::queue::Moment;

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The request is out, or will be.
    Asking,
    /// It is asked again until it is told.
    Polling,
    /// It is undone until that is answered.
    Undoing,
    /// Nothing more is wanted, unless something strange comes.
    Done,
}

/// The reversal of a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undo {
    pub(crate) mti: Mti,
    pub(crate) stan: Stan,
    pub(crate) transmitted: TransmissionTime,
    /// What is to stand.
    pub(crate) stands: u64,
    pub(crate) tries: u32,
    pub(crate) answered: Option<ResponseCode>,
}

/// What it was told, of that which counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) code: ResponseCode,
    pub(crate) amount: u64,
    /// The virtual card.
    pub(crate) issued: Option<Pan>,
}

/// What a transaction is asked once more at the end, to see whether what was told still is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audit {
    Not,
    Asked,
    Answered,
}

#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) row: &'static Row,
    pub(crate) acquirer: usize,
    pub(crate) terminal: TerminalId,
    /// The bank that is meant, where one is.
    pub(crate) bank: Option<usize>,
    /// The card's or account's place there.
    pub(crate) card: usize,
    pub(crate) pan: Option<Pan>,
    pub(crate) account: Option<Text<28>>,
    pub(crate) receiver: Option<InstitutionId>,
    pub(crate) processing: ProcessingCode,
    pub(crate) amount: u64,
    pub(crate) currency: Currency,
    pub(crate) stan: Stan,
    pub(crate) transmitted: TransmissionTime,
    pub(crate) local_time: LocalTime,
    pub(crate) local_date: LocalDate,
    pub(crate) institution: Option<InstitutionId>,
    pub(crate) rrn: Rrn,
    /// The authorization that it completes.
    pub(crate) original: Option<OriginalData>,
    pub(crate) with_pin: bool,
    pub(crate) with_track: bool,
    /// Whether its reversal goes first.
    pub(crate) early: bool,
    pub(crate) stage: Stage,
    /// Rises with each alarm that is set; older alarms are stale.
    pub(crate) turn: u16,
    pub(crate) asked_at: Moment,
    /// How often the request was sent.
    pub(crate) copies: u32,
    /// Asks again at that moment, before its timer ends.
    pub(crate) repeat_at: Option<Moment>,
    pub(crate) told: Option<Told>,
    pub(crate) in_progress: bool,
    pub(crate) undo: Option<Undo>,
    /// What stands at the terminal: cash given or taken, goods handed out, salary paid; minor units.
    pub(crate) value: u64,
    /// DE15 as first seen.
    pub(crate) date: Option<LocalDate>,
    pub(crate) audit: Audit,
}

impl Transaction {
    /// The request, or its repeat.
    pub(crate) fn request(&self, mti: Mti) -> Message<'static> {
        let with_cash = self.row.kind == Kind::CashBack && self.row.mti == Mti::FINANCIAL_REQUEST;
        Message {
            transmitted: Some(self.transmitted),
            stan: Some(self.stan),
            original: self.original,
            balances: with_cash.then_some(Content::ascii(b"0040116D000000000001")),
            ..self.message(mti)
        }
    }

    /// The reversal, or its repeat.
    pub(crate) fn reversal(&self, undo: &Undo) -> Message<'static> {
        Message {
            transmitted: Some(undo.transmitted),
            stan: Some(undo.stan),
            original: Some(self.name()),
            replacement: (undo.stands > 0).then_some(undo.stands),
            ..self.message(if undo.tries > 1 { undo.mti.repeat() } else { undo.mti })
        }
    }

    /// As DE90 names it.
    pub(crate) fn name(&self) -> OriginalData {
        OriginalData {
            mti: self.row.mti,
            stan: self.stan,
            transmitted: Some(self.transmitted),
            local: Some((self.local_date, self.local_time)),
            acquirer: self.institution,
            forwarder: None,
        }
    }

    fn message(&self, mti: Mti) -> Message<'static> {
        Message {
            pan: self.pan,
            processing: Some(self.processing),
            amount: Some(self.amount),
            local_time: Some(self.local_time),
            local_date: Some(self.local_date),
            merchant_type: Some(6011),
            entry_mode: Some(51),
            acquirer: self.institution,
            rrn: Some(self.rrn),
            terminal: Some(self.terminal),
            merchant: Text::new(b"SIMULATED SHOP1"),
            currency: Some(self.currency),
            receiver: self.receiver,
            to_account: self.account,
            ..Message::new(mti)
        }
    }

    /// Whether its terminal waits for nothing any more.
    pub(crate) fn is_settled(&self) -> bool {
        self.stage == Stage::Done && self.undo.is_none_or(|undo| undo.answered.is_some()) && (!self.early || self.copies > 0)
    }

    /// Whether nothing is left to be told at the end.
    pub(crate) fn is_audited(&self) -> bool {
        self.audit != Audit::Asked
    }

    /// Whether its answer is kept and given again: money can move by it, or something was issued or held.
    pub(crate) fn moves_money(&self) -> bool {
        self.row.way != Way::Ask
    }
}
