//! Taking back: what a terminal does that is in doubt, or whose customer has changed his mind.

use model::{Mti, ResponseCode, TransmissionTime};

use super::kinds::{InDoubt, Way};
use super::terminal_place;
use super::transaction::{Stage, Undo};
use crate::check::Checker;
use crate::faults::Fault;
use crate::queue::{MILLI, SECOND};
use crate::world::World;

impl World {
    /// Nobody says what became of it.
    pub(super) fn in_doubt(&mut self, number: u32) {
        match self.doubt(number) {
            InDoubt::Undo => self.undo(number, 0, true),
            InDoubt::AskAgain => {
                self.transactions[number as usize].stage = Stage::Polling;
                self.ask(number, true);
            }
            InDoubt::Forget => self.transactions[number as usize].stage = Stage::Done,
        }
    }

    /// Begins to undo it, down to what stands; at once or a little later.
    pub(super) fn undo(&mut self, number: u32, stands: u64, at_once: bool) {
        let it = &self.transactions[number as usize];
        if it.undo.is_some() {
            return;
        }
        let (acquirer, terminal, original) = (it.acquirer, it.terminal, it.stan);
        let place = terminal_place(&terminal);
        let keeps = self.acquirers[acquirer].keeps_stan;
        let stan = if keeps { original } else { self.next_stan(acquirer, place) };
        let mti = if self.random.chance(300_000) { Mti::REVERSAL_REQUEST } else { Mti::REVERSAL_ADVICE };
        let transmitted = TransmissionTime::of(self.time());
        let it = &mut self.transactions[number as usize];
        it.undo = Some(Undo { mti, stan, transmitted, stands, tries: 0, answered: None });
        // More than there is cannot stand, nor a part of what is indivisible; that is refused, and all of it does.
        if stands < it.amount && (stands == 0 || !it.row.is_indivisible()) {
            it.value = stands;
        }
        if at_once {
            it.stage = Stage::Undoing;
            self.send_undo(number);
        } else {
            let at = self.now + self.random.between(20 * MILLI, 20 * SECOND);
            self.wake(number, at);
        }
    }

    pub(super) fn send_undo(&mut self, number: u32) {
        let it = &mut self.transactions[number as usize];
        let Some(undo) = it.undo.as_mut().filter(|undo| undo.answered.is_none()) else { return };
        undo.tries += 1;
        let (tries, acquirer) = (undo.tries, it.acquirer);
        let undo = *undo;
        let message = it.reversal(&undo);
        let early = it.early && it.copies == 0;
        let mut sent = false;
        if let Some(line) = self.some_line(acquirer) {
            sent = self.far_sends(line, &message, None);
            if self.random.chance(self.rates.duplicate) {
                self.coverage.fault(Fault::Duplicate);
                self.far_sends(line, &message, None);
            }
        }
        if !sent && let Some(undo) = &mut self.transactions[number as usize].undo {
            undo.tries -= 1;
        }
        let next = if early {
            self.random.between(5 * MILLI, 4 * SECOND)
        } else {
            ((5 * SECOND) << tries.min(4)).min(if self.is_calm { 10 * SECOND } else { 60 * SECOND })
        };
        self.wake(number, self.now + next);
    }

    pub(super) fn undone(&mut self, number: u32, code: ResponseCode) {
        let it = &mut self.transactions[number as usize];
        let Some(undo) = it.undo.as_mut() else {
            return self.violation(
                Checker::Delivery,
                Some(number),
                "no answer to a reversal that was never sent",
                &code.to_string(),
            );
        };
        if undo.answered.is_some() {
            return;
        }
        let invalid = undo.stands >= it.amount && undo.stands > 0;
        match code {
            ResponseCode::APPROVED | ResponseCode::NO_ACTION | ResponseCode::ORIGINAL_NOT_FOUND => undo.answered = Some(code),
            ResponseCode::INVALID_AMOUNT if invalid => undo.answered = Some(code),
            ResponseCode::NOT_SUPPORTED if undo.stands > 0 && it.row.is_indivisible() => undo.answered = Some(code),
            ResponseCode::MALFUNCTION => return,
            other => {
                let stood = format!("{other} for {undo:?}");
                return self.violation(Checker::Answers, Some(number), "a reversal that is taken", &stood);
            }
        }
        let found = code != ResponseCode::ORIGINAL_NOT_FOUND;
        it.stage = Stage::Done;
        let approved = it.told.is_some_and(|told| told.code.approves());
        if !found && approved {
            self.violation(Checker::Answers, Some(number), "the original of a reversal found, for it was approved", "25");
        }
    }

    /// Some customers change their minds, and some machines jam.
    pub(super) fn perhaps_undo(&mut self, number: u32, amount: u64) {
        let way = self.transactions[number as usize].row.way;
        let rate = if matches!(way, Way::Out | Way::Hold) { self.rates.undo } else { self.rates.undo / 4 };
        if !self.random.chance(rate) {
            return;
        }
        let stands = match self.random.below(20) {
            0 => self.transactions[number as usize].amount + self.random.below(2),
            1..=9 if matches!(way, Way::Out | Way::Hold) && amount > 1 => self.random.between(1, amount - 1),
            _ => 0,
        };
        self.undo(number, stands, false);
    }
}
