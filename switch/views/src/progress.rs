//! What a transaction has come to, record by record: the part of its row that changes.

use engine::{Answer, BankId, HoldEnd, LossReason};
use model::{ResponseCode, Text, Timestamp};

use crate::TransactionState;

#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) accepted: Timestamp,
    pub(crate) bank: Option<BankId>,
    pub(crate) answered: Option<Timestamp>,
    pub(crate) code: Option<ResponseCode>,
    pub(crate) authorization: Option<Text<6>>,
    pub(crate) approved: Option<u64>,
    pub(crate) state: TransactionState,
    pub(crate) stands: Option<u64>,
    pub(crate) blocks: String,
    /// The last of `blocks` that was added here; 0 before.
    pub(crate) last_block: u64,
}

impl Progress {
    pub(crate) fn begun(accepted: Timestamp) -> Self {
        Self {
            accepted,
            bank: None,
            answered: None,
            code: None,
            authorization: None,
            approved: None,
            state: TransactionState::Open,
            stands: None,
            // Room for two numbers, as a transaction has that is answered at once.
            blocks: String::with_capacity(24),
            last_block: 0,
        }
    }

    /// It appears in this block. Blocks come in ascending order, and one that was folded never comes again.
    pub(crate) fn seen_in(&mut self, block: u64) {
        if self.last_block != block {
            if !self.blocks.is_empty() {
                self.blocks.push(' ');
            }
            push_number(&mut self.blocks, block);
            self.last_block = block;
        }
    }

    pub(crate) fn asks(&mut self, bank: BankId) {
        self.bank.get_or_insert(bank);
    }

    /// The bank's answer. What it means to the acquirer follows in a record of its own; where it was to be undone as soon as its
    /// outcome was known, a decline is the end.
    pub(crate) fn bank_answered(&mut self, code: ResponseCode) {
        if self.state == TransactionState::ReversalPending && !code.approves() {
            self.state = TransactionState::Declined;
        }
    }

    pub(crate) fn lost(&mut self, reason: LossReason) {
        if self.state == TransactionState::Open {
            self.state = match reason {
                LossReason::Undelivered => TransactionState::Declined,
                LossReason::Timeout | LossReason::BadReply | LossReason::Stopped => TransactionState::Unanswered,
            };
        }
    }

    pub(crate) fn told(&mut self, at: Timestamp, answer: Answer) {
        self.answered.get_or_insert(at);
        self.code = Some(answer.code);
        self.authorization = answer.authorization;
        self.approved = answer.amount;
        self.state = match self.state {
            TransactionState::Open | TransactionState::InProgress | TransactionState::Unanswered if answer.code.approves() => {
                TransactionState::Approved
            }
            TransactionState::Open | TransactionState::InProgress => TransactionState::Declined,
            // 91 and 09 say no more than that; what is owed to the bank follows.
            other => other,
        };
    }

    pub(crate) fn repeats(&mut self) {
        if matches!(self.state, TransactionState::Open | TransactionState::Unanswered) {
            self.state = TransactionState::InProgress;
        }
    }

    pub(crate) fn must_be_undone(&mut self, stands: u64) {
        self.state = TransactionState::ReversalPending;
        self.stands = Some(stands);
    }

    pub(crate) fn settled(&mut self, code: Option<ResponseCode>, dead: bool) {
        if !dead && self.has_held() {
            return;
        }
        let reversing = self.state == TransactionState::ReversalPending;
        let approves = code.is_some_and(ResponseCode::approves);
        self.state = match (dead, reversing) {
            (true, _) => TransactionState::Dead,
            (false, true) if self.stands.unwrap_or(0) > 0 => TransactionState::PartiallyReversed,
            (false, true) => TransactionState::Reversed,
            (false, false) if approves => TransactionState::Approved,
            (false, false) => TransactionState::Declined,
        };
    }

    pub(crate) fn holds(&mut self) {
        self.state = TransactionState::Held;
    }

    pub(crate) fn hold_ended(&mut self, how: HoldEnd) {
        self.state = match how {
            HoldEnd::Completed => TransactionState::Completed,
            HoldEnd::Expired => TransactionState::Expired,
            // The reversal that freed it follows.
            HoldEnd::Reversed => TransactionState::ReversalPending,
        };
    }

    /// A bank that confirms a hold made in its stead does not change what became of the hold.
    fn has_held(&self) -> bool {
        matches!(self.state, TransactionState::Held | TransactionState::Completed | TransactionState::Expired)
    }

    pub(crate) fn overruled(&mut self) {
        self.state = TransactionState::Overruled;
    }

    pub(crate) fn retried(&mut self) {
        self.state = if self.stands.is_some() { TransactionState::ReversalPending } else { TransactionState::InProgress };
    }

    /// No byte of a payroll's item left, and it waits again.
    pub(crate) fn put_back(&mut self) {
        self.state = TransactionState::Open;
        (self.answered, self.code) = (None, None);
    }

    /// An operator has said what became of it.
    pub(crate) fn cleared_up(&mut self, paid: bool) {
        self.state = if paid { TransactionState::Approved } else { TransactionState::Declined };
    }

    pub(crate) fn discarded(&mut self) {
        self.state = TransactionState::Discarded;
    }

    pub(crate) fn took_us(&self) -> Option<u64> {
        self.answered.map(|it| u64::try_from(it.since(self.accepted).as_micros()).unwrap_or(u64::MAX))
    }
}

/// Appends a number in decimal digits, without the formatter, which costs more than all else that is done for a record here.
fn push_number(text: &mut String, number: u64) {
    let mut digits = [b'0'; 20];
    let (mut rest, mut first) = (number, digits.len() - 1);
    while let Some(place) = digits.get_mut(first) {
        *place += u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
        first -= 1;
    }
    text.push_str(digits.get(first..).and_then(|it| str::from_utf8(it).ok()).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_whole() {
        for number in [0, 7, 10, 1_234_567_890, u64::MAX] {
            let mut text = String::from("3 ");
            push_number(&mut text, number);
            assert_eq!(text, format!("3 {number}"));
        }
    }
}
