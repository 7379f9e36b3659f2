//! Terminals and the acquirers that stand before them. They pay out only on an approval that reached them, undo what they are in
//! doubt about, and remember what they gave and took: what they know is what everything else is measured by.

pub(crate) mod kinds;
pub(crate) mod transaction;

use std::sync::Arc;

use engine::Acquirer as Known;
use model::{
    Content, Currency, InstitutionId, Message, Mti, Pan, ProcessingCode, ResponseCode, Rrn, Sensitive, Stan, Text, Track2,
    TransmissionTime,
};
use shard::Side;

use crate::bank::authorization;
use crate::bank::ledger::card_number;
use crate::bank::wanted::account_number;
use crate::check::{Checker, secrets};
use crate::faults::{Fault, signed};
use crate::host::{Class, number_of};
use crate::line::timestamp;
use crate::queue::{Event, MILLI, Moment, SECOND};
use crate::sabotage::Sabotage;
use crate::world::{OFFSET_MINUTES, World};
use kinds::{COMPLETION, InDoubt, ROWS, Row, Way};
use transaction::{Audit, Stage, Told, Transaction, Undo};

/// After which an acquirer gives up waiting.
const ACQUIRER_TIMER: Moment = 40 * SECOND;

/// Which link's messages carry this number, nobody asks for it: what is malformed on purpose.
pub(crate) const MALFORMED_STAN: u32 = 999_999;

/// An acquirer's host, or a concentrator of terminals.
#[derive(Debug)]
pub(crate) struct Acquirer {
    pub(crate) name: Arc<str>,
    pub(crate) institution: InstitutionId,
    /// Whether its machines can give deposited cash back.
    pub(crate) escrow: bool,
    pub(crate) lines: Vec<usize>,
    /// The last trace number of each of its terminals.
    pub(crate) stans: Vec<u32>,
    /// Whether its messages say who it is.
    pub(crate) names_itself: bool,
    /// Whether a reversal has its original's trace number.
    pub(crate) keeps_stan: bool,
}

impl Acquirer {
    pub(crate) fn side(&self) -> Side {
        Side::Acquirer { name: Arc::clone(&self.name), acquirer: Known { institution: self.institution, escrow: self.escrow } }
    }
}

impl World {
    /// A customer comes to some terminal.
    pub(crate) fn begin(&mut self) {
        let number = u32::try_from(self.transactions.len()).unwrap_or(u32::MAX);
        if number >= self.wanted {
            return;
        }
        let transaction = self.draw(number);
        let early = transaction.early;
        self.transactions.push(transaction);
        if early {
            self.undo(number, 0, true);
        } else {
            self.ask(number, false);
        }
        let gap = self.random.below(2 * self.plan.gap + 1);
        self.queue.at(self.now + gap, Event::Begin);
    }

    fn draw(&mut self, number: u32) -> Transaction {
        let row = self.kind();
        let acquirer = self.random.place(self.acquirers.len());
        let terminal = self.random.place(self.acquirers[acquirer].stans.len());
        let stan = self.next_stan(acquirer, terminal);
        let mut bank = self.random.place(self.issuers);
        let mut card = self.random.place(self.banks[bank].cards);
        let (time, local) = (self.time(), local());
        let by_account = row.way == Way::Account;
        let mut pan = (!by_account).then(|| card_number(self.banks[bank].prefix, card as u64));
        if !by_account && !self.issued.is_empty() && self.random.chance(50_000) {
            let virtual_card = self.issued[self.random.place(self.issued.len())];
            (bank, card, pan) = (virtual_card.0, virtual_card.1, Some(virtual_card.2));
        }
        let paid = match row.way {
            Way::Account => Some((bank, card)),
            Way::Across => Some(self.payee(row)),
            _ => None,
        };
        let mut it = Transaction {
            row,
            acquirer,
            terminal: terminal_name(acquirer, terminal),
            bank: Some(bank),
            card,
            pan,
            account: paid.and_then(|(_, account)| Text::new(&account_number(account))),
            receiver: paid.and_then(|(bank, _)| InstitutionId::new(self.banks[bank].id.into())),
            processing: ProcessingCode::of(row.kind),
            amount: if matches!(row.way, Way::Ask | Way::Issue) { 0 } else { self.amount() },
            currency: self.currencies[self.random.place(2)],
            stan,
            transmitted: TransmissionTime::of(time),
            local_time: local.local_time(time),
            local_date: local.local_date(time),
            institution: self.acquirers[acquirer].names_itself.then_some(self.acquirers[acquirer].institution),
            rrn: reference(number),
            original: None,
            with_pin: !row.mti.is_advice()
                && match row.kind {
                    model::Kind::PinChange => true,
                    model::Kind::Withdrawal | model::Kind::Balance => self.random.chance(700_000),
                    _ => false,
                },
            with_track: !by_account && self.random.chance(200_000),
            early: row.way != Way::Ask && !row.mti.is_advice() && self.random.chance(self.rates.early_undo),
            stage: Stage::Asking,
            turn: 0,
            asked_at: self.now,
            copies: 0,
            repeat_at: None,
            told: None,
            in_progress: false,
            undo: None,
            value: 0,
            date: None,
            audit: Audit::Not,
        };
        if self.random.chance(self.rates.repeat) {
            it.repeat_at = Some(self.now + self.random.between(10 * MILLI, 35 * SECOND));
        }
        if self.random.chance(self.rates.mistake) {
            self.mistake(&mut it);
        }
        it
    }

    /// Whom a transfer or a top-up is for: an account at some bank, a phone at some operator; now and then nobody.
    fn payee(&mut self, row: &Row) -> (usize, usize) {
        let bank = if row.kind == model::Kind::TopUp {
            self.issuers + self.random.place(self.banks.len() - self.issuers)
        } else {
            self.random.place(self.issuers)
        };
        let stranger = self.random.chance(30_000);
        (bank, if stranger { 999_999 } else { self.random.place(self.banks[bank].cards) })
    }

    fn kind(&mut self) -> &'static Row {
        let total: u64 = ROWS.iter().map(|row| row.weight).sum();
        let mut drawn = self.random.below(total);
        for row in ROWS {
            match drawn.checked_sub(row.weight) {
                Some(rest) => drawn = rest,
                None => return row,
            }
        }
        &ROWS[0]
    }

    fn amount(&mut self) -> u64 {
        match self.random.below(10) {
            0 => self.random.between(1, 99),
            1 => self.random.between(1_000_000, 90_000_000),
            _ => self.random.between(100, 200_000),
        }
    }

    /// Something that cannot be done.
    fn mistake(&mut self, it: &mut Transaction) {
        match self.random.below(6) {
            0 => it.amount = 0,
            1 => it.currency = Currency::from_numeric(978).unwrap_or(it.currency),
            2 if it.pan.is_some() => it.pan = Some(card_number(911_699, 5)),
            3 if it.pan.is_some() => {
                let wrong =
                    it.pan.and_then(|pan| Pan::from_parts(pan.number() / 10 * 10 + (pan.number() % 10 + 1) % 10, 16).ok());
                it.pan = wrong;
            }
            4 if it.pan.is_some() => it.pan = it.bank.map(|bank| card_number(self.banks[bank].prefix, 999_999)),
            4 => it.account = Text::new(&account_number(999_999)),
            5 => it.processing = ProcessingCode::new(550_000).unwrap_or(it.processing),
            _ => {}
        }
    }

    fn next_stan(&mut self, acquirer: usize, terminal: usize) -> Stan {
        let last = &mut self.acquirers[acquirer].stans[terminal];
        *last = *last % (MALFORMED_STAN - 1) + 1;
        Stan::new(*last).unwrap_or_default()
    }

    /// Sets the transaction's only alarm.
    fn wake(&mut self, number: u32, at: Moment) {
        let it = &mut self.transactions[number as usize];
        it.turn = it.turn.wrapping_add(1);
        let turn = it.turn;
        self.queue.at(at.max(self.now), Event::Customer { tx: number, turn });
    }

    fn doubt(&self, number: u32) -> InDoubt {
        let it = &self.transactions[number as usize];
        it.row.in_doubt(self.acquirers[it.acquirer].escrow)
    }

    /// The alarm of a transaction rings.
    pub(crate) fn customer(&mut self, number: u32, turn: u16) {
        let it = &self.transactions[number as usize];
        if it.turn != turn {
            return;
        }
        match it.stage {
            Stage::Asking if it.copies > 0 && self.now >= it.asked_at + ACQUIRER_TIMER => self.in_doubt(number),
            Stage::Asking if it.copies == 0 && self.now >= it.asked_at + ACQUIRER_TIMER => {
                // It could never be asked.
                self.transactions[number as usize].stage = Stage::Done;
            }
            Stage::Asking | Stage::Polling => self.ask(number, true),
            Stage::Undoing if it.early && it.copies == 0 => self.ask(number, false),
            Stage::Undoing => self.send_undo(number),
            Stage::Done if it.early && it.copies == 0 => self.ask(number, false),
            Stage::Done if it.undo.is_some() && it.undo.is_some_and(|undo| undo.tries == 0) => {
                self.transactions[number as usize].stage = Stage::Undoing;
                self.send_undo(number);
            }
            Stage::Done => {}
        }
    }

    /// The request goes out, or out again.
    fn ask(&mut self, number: u32, again: bool) {
        let time = self.time();
        let it = &mut self.transactions[number as usize];
        let again = again && it.copies > 0;
        // A completion will name an authorization by when it was sent.
        if again && it.repeat_at.take().is_some() && it.stan.number().is_multiple_of(2) && it.row.way != Way::Hold {
            // Some hosts say when the repeat was sent.
            it.transmitted = TransmissionTime::of(time);
        }
        let mti = if again { it.row.mti.repeat() } else { it.row.mti };
        let track = it.with_track.then(|| track(it.pan)).flatten();
        let pin = secrets::pin_block(number);
        let pin_block = it.with_pin.then_some(Sensitive::raw(&pin));
        let chip = it.with_track.then_some(Sensitive(Content::raw(secrets::CHIP)));
        let new_pin = secrets::in_hexadecimal(&pin);
        let additional = (it.row.kind == model::Kind::PinChange).then_some(Content::ascii(&new_pin));
        let mut message = Message { track2: track, pin_block, chip, additional, ..it.request(mti) };
        if self.sabotage == Some(Sabotage::PinBlockKept) && it.with_pin {
            message.merchant = Text::new(b"7EC355A91DE6");
        }
        let acquirer = it.acquirer;
        let copies = if self.random.chance(self.rates.duplicate) { 2 } else { 1 };
        for _ in 0..copies {
            if let Some(line) = self.some_line(acquirer)
                && self.far_sends(line, &message, None)
            {
                self.transactions[number as usize].copies += 1;
            }
        }
        if copies > 1 {
            self.coverage.fault(Fault::Duplicate);
        }
        let it = &self.transactions[number as usize];
        let next = match it.stage {
            Stage::Asking if it.copies == 0 => self.now + SECOND,
            Stage::Asking => {
                let end = it.asked_at + ACQUIRER_TIMER;
                it.repeat_at.filter(|at| *at > self.now).map_or(end, |at| at.min(end))
            }
            Stage::Polling => self.now + self.random.between(3 * SECOND, if self.is_calm { 10 * SECOND } else { 40 * SECOND }),
            Stage::Undoing => self.now + self.random.between(10 * MILLI, 5 * SECOND),
            Stage::Done if it.early && it.copies == 0 => self.now + SECOND,
            Stage::Done => return,
        };
        self.wake(number, next);
    }

    fn some_line(&mut self, acquirer: usize) -> Option<usize> {
        let lines = &self.acquirers[acquirer].lines;
        let first = self.random.place(lines.len());
        (0..lines.len()).map(|step| lines[(first + step) % lines.len()]).find(|line| self.lines[*line].far_up)
    }

    /// Nobody says what became of it.
    fn in_doubt(&mut self, number: u32) {
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
    fn undo(&mut self, number: u32, stands: u64, at_once: bool) {
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

    fn send_undo(&mut self, number: u32) {
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

    fn check_gate(&mut self, number: u32, reversal: bool, code: ResponseCode, durable: u64) {
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

    fn undone(&mut self, number: u32, code: ResponseCode) {
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

    fn answered(&mut self, number: u32, code: ResponseCode, message: &Message<'_>) {
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

    fn in_progress(&mut self, number: u32) {
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

    fn turned_away(&mut self, number: u32, code: ResponseCode) {
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
    fn decided(&mut self, number: u32, told: Told) {
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
    fn go_on(&mut self, number: u32, amount: u64) {
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
    fn complete(&mut self, number: u32, held: u64) {
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
            local_time: local().local_time(time),
            local_date: local().local_date(time),
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

    /// Some customers change their minds, and some machines jam.
    fn perhaps_undo(&mut self, number: u32, amount: u64) {
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

    /// A balance or a statement tells whose it is.
    fn check_owner(&mut self, number: u32, message: &Message<'_>) {
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

    /// At the end some are asked once more: what was told still is.
    pub(crate) fn audit(&mut self) {
        for number in 0..self.transactions.len() {
            let it = &self.transactions[number];
            if it.moves_money() && it.told.is_some() && it.stage == Stage::Done && self.random.chance(30_000) {
                self.transactions[number].audit = Audit::Asked;
            }
        }
        self.audit_again();
    }

    /// Asks for what is not answered; a connection may have been dead.
    pub(crate) fn audit_again(&mut self) {
        for number in 0..self.transactions.len() {
            let it = &self.transactions[number];
            if it.audit == Audit::Asked {
                let (message, acquirer) = (it.request(it.row.mti.repeat()), it.acquirer);
                if let Some(line) = self.some_line(acquirer) {
                    self.far_sends(line, &message, None);
                }
            }
        }
    }

    fn audited(&mut self, number: u32, now: Told) {
        let code = now.code;
        let it = &mut self.transactions[number as usize];
        it.audit = Audit::Answered;
        let undone = it.undo.is_some_and(|undo| undo.answered == Some(ResponseCode::APPROVED));
        let fits = match it.told {
            // The money had arrived, or the hold was over: it stands as it was.
            Some(told) if undone && it.row.is_indivisible() && now == told => true,
            Some(told) if undone && told.code.approves() => code == ResponseCode::DUPLICATE,
            Some(told) if undone => code == told.code || code == ResponseCode::DUPLICATE,
            Some(told) => now == told,
            None => !code.approves(),
        };
        if !fits {
            let expected = format!("a repeat told the same: {:?}, undone: {undone}", it.told);
            self.violation(Checker::Answers, Some(number), &expected, &format!("{now:?}"));
        }
    }
}

/// DE41: which terminal of which acquirer.
fn terminal_name(acquirer: usize, terminal: usize) -> model::TerminalId {
    let mut name = *b"SIM00000";
    let mut rest = acquirer % 10 * 10_000 + terminal;
    for digit in name.iter_mut().skip(3).rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    model::TerminalId::new(&name).unwrap_or_default()
}

fn terminal_place(name: &model::TerminalId) -> usize {
    name.as_bytes().iter().skip(4).fold(0, |sum, digit| sum * 10 + usize::from(digit.wrapping_sub(b'0')))
}

/// DE37: the number of the transaction.
fn reference(number: u32) -> Rrn {
    let mut digits = *b"000000000000";
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    Rrn::new(&digits).unwrap_or_default()
}

fn track(pan: Option<Pan>) -> Option<Track2> {
    let digits = pan?.digits();
    let mut text = [0; 37];
    let length = digits.as_ref().len();
    text[..length].copy_from_slice(digits.as_ref());
    let tail = secrets::TRACK;
    text[length..length + tail.len()].copy_from_slice(tail);
    Text::new(&text[..length + tail.len()]).map(Track2)
}

fn local() -> model::UtcOffset {
    model::UtcOffset::from_minutes(OFFSET_MINUTES).unwrap_or_else(|| unreachable!("an offset that exists"))
}
