//! What a bank keeps of a message while it thinks: what its books and its answer need, nothing borrowed.

use model::{
    Currency, InstitutionId, Kind, LocalDate, LocalTime, Message, Mti, OriginalData, Pan, ProcessingCode, ResponseCode, Rrn,
    Stan, TerminalId, TransmissionTime,
};
use wire::Envelope;

use super::ledger::Identity;
use crate::host::number_of;

/// A message of the switch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) mti: Mti,
    pub(crate) identity: Identity,
    pub(crate) number: Option<u32>,
    pub(crate) kind: Option<Kind>,
    pub(crate) pan: Option<Pan>,
    /// The account in DE103, by its place.
    pub(crate) account: Option<usize>,
    /// The account in DE102, by its place.
    pub(crate) from_account: Option<usize>,
    /// DE15.
    pub(crate) date: Option<LocalDate>,
    pub(crate) amount: u64,
    pub(crate) fee: u64,
    pub(crate) currency: Option<Currency>,
    pub(crate) original: Option<OriginalData>,
    pub(crate) stands: u64,
    // What is only echoed.
    pub(crate) processing: Option<ProcessingCode>,
    pub(crate) transmitted: Option<TransmissionTime>,
    pub(crate) stan: Option<Stan>,
    pub(crate) local_time: Option<LocalTime>,
    pub(crate) local_date: Option<LocalDate>,
    pub(crate) acquirer: Option<InstitutionId>,
    pub(crate) rrn: Option<Rrn>,
    pub(crate) terminal: Option<TerminalId>,
    pub(crate) envelope: Option<Envelope>,
}

impl Wanted {
    pub(crate) fn of(message: &Message<'_>, envelope: Option<Envelope>) -> Self {
        Self {
            mti: message.mti,
            identity: Identity {
                transmitted: message.transmitted.map_or(0, TransmissionTime::number),
                stan: message.stan.map_or(0, Stan::number),
                acquirer: message.acquirer.map_or(0, InstitutionId::number),
            },
            number: message.rrn.as_ref().and_then(number_of),
            kind: message.processing.and_then(ProcessingCode::kind),
            pan: message.pan,
            account: message.to_account.and_then(|text| account_place(text.trimmed())),
            from_account: message.from_account.and_then(|text| account_place(text.trimmed())),
            date: message.business_date,
            amount: message.amount.unwrap_or(0),
            fee: message.fee.unwrap_or(0),
            currency: message.currency,
            original: message.original,
            stands: message.replacement.unwrap_or(0),
            processing: message.processing,
            transmitted: message.transmitted,
            stan: message.stan,
            local_time: message.local_time,
            local_date: message.local_date,
            acquirer: message.acquirer,
            rrn: message.rrn,
            terminal: message.terminal,
            envelope,
        }
    }

    /// Whether a payroll of the switch asks, and no terminal.
    pub(crate) fn is_of_payroll(&self) -> bool {
        self.terminal.is_some_and(|it| it.trimmed() == b"PAYROLL")
    }

    /// The answer with this code: what a response echoes.
    pub(crate) fn reply(&self, code: ResponseCode) -> Message<'static> {
        Message {
            pan: self.pan,
            processing: self.processing,
            amount: Some(self.amount),
            transmitted: self.transmitted,
            stan: self.stan,
            local_time: self.local_time,
            local_date: self.local_date,
            acquirer: self.acquirer,
            rrn: self.rrn,
            terminal: self.terminal,
            currency: self.currency,
            code: Some(code),
            ..Message::new(self.mti.response())
        }
    }
}

/// Accounts are numbered behind a 7, which no card number begins with here.
pub(crate) fn account_number(place: usize) -> [u8; 12] {
    let mut digits = *b"700000000000";
    let mut rest = place;
    for digit in digits.iter_mut().rev().take(11) {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    digits
}

fn account_place(text: &[u8]) -> Option<usize> {
    let digits = text.strip_prefix(b"7")?;
    digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0')))
}
