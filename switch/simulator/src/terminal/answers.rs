//! What a terminal is told, and what follows: money, another message, a second attempt.

use model::{Message, ProcessingCode, ResponseCode, TransmissionTime};

use super::kinds::{COMPLETION, InDoubt, Way};
use super::transaction::{Audit, Stage, Told, Transaction};
use super::{MALFORMED_STAN, reference, terminal_place};
use crate::bank::authorization;
use crate::check::Checker;
use crate::faults::signed;
use crate::host::{Class, number_of};
use crate::line::timestamp;
use crate::queue::{MILLI, SECOND};
use crate::world::World;

impl World {
    /// Something has come back.
    pub(crate) fn acquirer_got(&mut self, acquirer: usize, line: usize, message: &Message<'_>, durable: u64) {
        let rubbish = message.rrn.is_none() && message.code == Some(ResponseCode::FORMAT_ERROR);
        if rubbish || message.network.is_some() || message.stan.is_some_and(|stan| stan.number() == MALFORMED_STAN) {
            return;
        }
        let number = message.rrn.as_ref().and_then(number_of);
        let known = number.and_then(|number| self.transactions.get(number as usize));
        let Some((number, it)) = number.zip(known) else {
            let stood = format!("{} {:?} on connection {line}", message.mti, message.rrn);
            return self.violation(Checker::Delivery, None, "an answer to what was asked", &stood);
        };
        let reversal = message.mti.class() == Some(model::Class::Reversal);
        let stan = if reversal { it.undo.map(|undo| undo.stan) } else { Some(it.stan) };
        let same = it.acquirer == acquirer
            && message.stan == stan
            && message.terminal.is_none_or(|terminal| terminal.trimmed() == it.terminal.trimmed())
            && message.pan.is_none_or(|pan| Some(pan) == it.pan)
            && message.currency.is_none_or(|currency| currency == it.currency);
        let Some(code) = message.code.filter(|_| same) else {
            let stood = format!("{message:?} at acquirer {acquirer}");
            let expected = format!("an answer to terminal {} of acquirer {}", it.terminal, it.acquirer);
            return self.violation(Checker::Delivery, Some(number), &expected, &stood);
        };
        self.coverage.code(code);
        self.check_gate(number, reversal, code, durable);
        if reversal {
            self.undone(number, code);
        } else {
            if self.transactions[number as usize].moves_money() && message.business_date.is_some() {
                self.check_date(Some(number), message.business_date, "its terminal");
            }
            self.answered(number, code, message);
        }
    }

    pub(super) fn check_gate(&mut self, number: u32, reversal: bool, code: ResponseCode, durable: u64) {
        let class = Class::of(code);
        match self.host.block_telling(number, reversal, class) {
            Some(block) if block <= durable => {}
            Some(_) if class == Class::Other => {}
            Some(block) => {
                let expected = format!("no {code} before block {block}, which says so, is durable");
                self.violation(Checker::Gate, Some(number), &expected, &format!("it left when only block {durable} was"));
            }
            None if class == Class::Other => {}
            None => self.violation(Checker::Gate, Some(number), "no approval that no record tells", &format!("{code}")),
        }
    }

    pub(super) fn answered(&mut self, number: u32, code: ResponseCode, message: &Message<'_>) {
        let it = &self.transactions[number as usize];
        let amount = message.amount.unwrap_or(it.amount);
        if code.approves() {
            let stood_in = it.bank.is_some_and(|bank| self.banks[bank].is_stood_in_for)
                && message.authorization.is_some_and(|code| code.as_bytes().starts_with(b"S"));
            if message.authorization != authorization(Some(number)) && !it.row.mti.is_advice() && !stood_in {
                let stood = format!("{:?} instead of {:?}", message.authorization, authorization(Some(number)));
                self.violation(Checker::Delivery, Some(number), "the bank's approval of this very request", &stood);
            }
            self.check_owner(number, message);
        }
        let it = &self.transactions[number as usize];
        let part = code == ResponseCode::PARTIALLY_APPROVED;
        if code.approves() && (amount > it.amount || (amount != it.amount && !part)) {
            let stood = format!("{code} of {amount}");
            return self.violation(Checker::Answers, Some(number), &format!("at most {} approved", it.amount), &stood);
        }
        if it.audit != Audit::Not {
            return self.audited(number, Told { code, amount, issued: message.issued });
        }
        // What was admitted has its business date in the answer. What was not leaves no trace at the switch, so it says nothing of
        // what another copy may have done.
        let admitted = message.business_date.is_some();
        match code {
            ResponseCode::IN_PROGRESS => self.in_progress(number),
            _ if admitted => self.decided(number, Told { code, amount, issued: message.issued }),
            _ => self.turned_away(number, code),
        }
    }

    pub(super) fn in_progress(&mut self, number: u32) {
        let doubt = self.doubt(number);
        let it = &mut self.transactions[number as usize];
        let across = it.row.way == Way::Across;
        if doubt != InDoubt::AskAgain && !across {
            return self.violation(Checker::Answers, Some(number), "09 only where nothing can be given back", "09");
        }
        it.in_progress = true;
        if it.stage == Stage::Asking && across && self.random.chance(self.rates.undo) {
            // This customer does not want to wait.
            self.undo(number, 0, true);
        } else if it.stage == Stage::Asking {
            it.stage = Stage::Polling;
            let at = self.now + self.random.between(3 * SECOND, 20 * SECOND);
            self.wake(number, at);
        }
    }

    pub(super) fn turned_away(&mut self, number: u32, code: ResponseCode) {
        let doubt = self.doubt(number);
        let it = &mut self.transactions[number as usize];
        // Nobody does this: no copy of it was ever taken.
        if code == ResponseCode::NOT_SUPPORTED && matches!(it.stage, Stage::Asking | Stage::Polling) {
            it.stage = Stage::Done;
        }
        if it.stage != Stage::Asking {
            if it.stage == Stage::Polling && code == ResponseCode::DUPLICATE {
                self.violation(Checker::Answers, Some(number), "the outcome of what was never undone", "94");
            }
            return;
        }
        if it.copies < 2 {
            it.stage = Stage::Done;
            if code == ResponseCode::DUPLICATE {
                self.violation(Checker::Answers, Some(number), "a first request taken as one", "94");
            }
        } else if doubt != InDoubt::Forget {
            self.in_doubt(number);
        } else {
            it.stage = Stage::Done;
        }
    }

    /// The switch has said what became of it.
    pub(super) fn decided(&mut self, number: u32, told: Told) {
        let doubt = self.doubt(number);
        let it = &mut self.transactions[number as usize];
        if let Some(before) = it.told
            && before != told
            && it.moves_money()
        {
            let expected = format!("what was told before: {} of {}", before.code, before.amount);
            return self.violation(Checker::Answers, Some(number), &expected, &format!("{} of {}", told.code, told.amount));
        }
        let first = it.told.replace(told).is_none();
        let approved = told.code.approves();
        match it.stage {
            Stage::Asking | Stage::Polling => {
                it.stage = Stage::Done;
                let moves = it.moves_money() && it.row.way != Way::Hold;
                it.value = if approved && moves { told.amount } else { 0 };
                if let (true, Some(pan), Some(bank)) = (approved, told.issued, it.bank) {
                    let card = it.card;
                    self.issued.push((bank, card, pan));
                } else if approved {
                    self.go_on(number, told.amount);
                }
            }
            // It was turned away, and an earlier copy is approved after all: nobody is there to take it.
            Stage::Done if approved && first && it.undo.is_none() => match doubt {
                InDoubt::Undo => self.undo(number, 0, true),
                InDoubt::AskAgain => it.value = told.amount,
                InDoubt::Forget => {}
            },
            Stage::Done | Stage::Undoing => {}
        }
    }

    /// What follows an approval.
    pub(super) fn go_on(&mut self, number: u32, amount: u64) {
        let it = &self.transactions[number as usize];
        if !it.moves_money() {
            return;
        }
        if it.row.way == Way::Hold && self.random.chance(750_000) {
            for _ in 0..if self.random.chance(60_000) { 2 } else { 1 } {
                self.complete(number, amount);
            }
            if self.random.chance(950_000) {
                return;
            }
        }
        self.perhaps_undo(number, amount);
    }

    /// What an authorization holds will be taken: that, or less, or more; in time, or when the hold is over.
    pub(super) fn complete(&mut self, number: u32, held: u64) {
        let life = self.hold_life();
        let delay = if self.random.chance(150_000) { life + self.random.below(life) } else { self.random.below(life / 2) };
        let at = self.now + delay + 20 * MILLI;
        let amount = match self.random.below(4) {
            0 => held + self.random.below(held / 4 + 1),
            1 => self.random.between(1, held.max(1)),
            _ => held,
        };
        let completion = u32::try_from(self.transactions.len()).unwrap_or(u32::MAX);
        let place = terminal_place(&self.transactions[number as usize].terminal);
        let stan = self.next_stan(self.transactions[number as usize].acquirer, place);
        let time = timestamp(self.plan.start + signed(at));
        let of = &self.transactions[number as usize];
        let it = Transaction {
            row: &COMPLETION,
            processing: ProcessingCode::of(COMPLETION.kind),
            amount,
            stan,
            transmitted: TransmissionTime::of(time),
            local_time: self.offset().local_time(time),
            local_date: self.offset().local_date(time),
            rrn: reference(completion),
            original: Some(of.name()),
            with_pin: false,
            early: false,
            stage: Stage::Asking,
            turn: 0,
            asked_at: at,
            copies: 0,
            repeat_at: None,
            told: None,
            undo: None,
            value: 0,
            date: None,
            ..of.clone()
        };
        self.transactions.push(it);
        self.wake(completion, at);
    }

    /// A balance or a statement tells whose it is.
    pub(super) fn check_owner(&mut self, number: u32, message: &Message<'_>) {
        let it = &self.transactions[number as usize];
        let told = match it.row.kind {
            model::Kind::Balance => message.balances,
            model::Kind::MiniStatement => message.additional,
            _ => return,
        };
        let Some(text) = told.and_then(wire::octets) else { return };
        let owner =
            text.get(28..40).map(|digits| digits.iter().fold(0, |sum, digit| sum * 10 + usize::from(digit.wrapping_sub(b'0'))));
        if owner != Some(it.card) {
            let (expected, stood) = (format!("what is told of card {}", it.card), format!("that of card {owner:?}"));
            self.violation(Checker::Delivery, Some(number), &expected, &stood);
        }
    }
}
