//! The items of a batch, a row each: hundreds of thousands of them, so that a row is small and growth copies none.

use model::{ResponseCode, Text};

use crate::BankId;
use crate::bytes::{Bytes, bytes_of_enum, bytes_of_struct};
use crate::payroll::{ItemId, PayeeIdentity, PayrollItem};

/// Rows per piece, so that growth never copies the batch.
const PIECE: usize = 4096;

/// Where an item stands. What its bank has to say of one that was sent is at its leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Waiting,
    Sent,
    Paid,
    Rejected,
    Cancelled,
}

bytes_of_enum!(Place { Waiting = 1, Sent = 2, Paid = 3, Rejected = 4, Cancelled = 5 });

/// One item.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) identity: PayeeIdentity,
    pub(crate) amount: u64,
    /// What of the amount came back, or was never taken.
    pub(super) returned: u64,
    /// The item that claimed the salary before; number 0: none.
    before: ItemId,
    pub(crate) bank: BankId,
    pub(crate) account: Text<28>,
    pub(crate) attempt: u8,
    pub(super) place: Place,
    /// With what it was refused.
    pub(super) code: ResponseCode,
}

bytes_of_struct!(Item { identity, amount, returned, before, bank, account, attempt, place, code });

impl Item {
    pub(super) fn new(asked: PayrollItem, attempt: u8, before: Option<ItemId>) -> Self {
        let PayrollItem { identity, bank, account, amount } = asked;
        let (before, code) = (before.unwrap_or_default(), ResponseCode::APPROVED);
        Self { identity, amount, returned: 0, before, bank, account, attempt, place: Place::Waiting, code }
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// What came back of it, and with what it was refused.
    pub(crate) fn returned(&self) -> u64 {
        self.returned
    }

    pub(crate) fn code(&self) -> ResponseCode {
        self.code
    }

    pub(crate) fn asked(&self) -> PayrollItem {
        PayrollItem { identity: self.identity, bank: self.bank, account: self.account, amount: self.amount }
    }

    pub(super) fn before(&self) -> Option<ItemId> {
        (self.before.number > 0).then_some(self.before)
    }
}

/// The items of one batch, numbered from 1.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items(Vec<Vec<Item>>);

impl Items {
    pub(crate) fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * PIECE + last.len())
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Item> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.0.get(place / PIECE)?.get(place % PIECE)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Item> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        self.0.get_mut(place / PIECE)?.get_mut(place % PIECE)
    }

    pub(super) fn push(&mut self, item: Item) {
        match self.0.last_mut() {
            Some(piece) if piece.len() < PIECE => piece.push(item),
            _ => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(item);
                self.0.push(piece);
            }
        }
    }

    /// All, with their numbers.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = (u32, &Item)> {
        let numbers = 1..=u32::try_from(self.len()).unwrap_or(u32::MAX);
        numbers.filter_map(|number| Some((number, self.get(number)?)))
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = (u32, &mut Item)> {
        (1..).zip(self.0.iter_mut().flatten())
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        self.0.iter().flatten().for_each(|it| it.put(out));
    }
}
