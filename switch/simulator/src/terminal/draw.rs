//! What a customer comes for: drawn, with now and then a mistake in it.

use model::{Currency, InstitutionId, Pan, ProcessingCode, Text, TransmissionTime};

use super::kinds::{ROWS, Row, Way};
use super::transaction::{Audit, Stage, Transaction};
use super::{reference, terminal_name};
use crate::bank::ledger::card_number;
use crate::bank::wanted::account_number;
use crate::queue::{MILLI, SECOND};
use crate::world::World;

impl World {
    pub(super) fn draw(&mut self, number: u32) -> Transaction {
        let row = self.kind();
        let acquirer = self.random.place(self.acquirers.len());
        let terminal = self.random.place(self.acquirers[acquirer].stans.len());
        let stan = self.next_stan(acquirer, terminal);
        let mut bank = self.random.place(self.issuers);
        let mut card = self.random.place(self.banks[bank].cards);
        let (time, local) = (self.time(), self.offset());
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
    pub(super) fn payee(&mut self, row: &Row) -> (usize, usize) {
        let bank = if row.kind == model::Kind::TopUp {
            self.issuers + self.random.place(self.banks.len() - self.issuers)
        } else {
            self.random.place(self.issuers)
        };
        let stranger = self.random.chance(30_000);
        (bank, if stranger { 999_999 } else { self.random.place(self.banks[bank].cards) })
    }

    pub(super) fn kind(&mut self) -> &'static Row {
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

    pub(super) fn amount(&mut self) -> u64 {
        match self.random.below(10) {
            0 => self.random.between(1, 99),
            1 => self.random.between(1_000_000, 90_000_000),
            _ => self.random.between(100, 200_000),
        }
    }

    /// Something that cannot be done.
    pub(super) fn mistake(&mut self, it: &mut Transaction) {
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
}
