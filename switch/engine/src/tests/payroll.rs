//! What becomes of payrolls.

mod money;
mod orders;
mod running;

use model::{BusinessDate, HalfMonth};

use super::*;
use crate::{
    BatchHeader, BatchId, BatchState, ItemId, ItemState, PayeeIdentity, PayrollDisallowed, PayrollItem, PayrollOrder, Tally,
};

pub(super) const APPROVED: ResponseCode = ResponseCode::APPROVED;
pub(super) const B1: BatchId = BatchId(1);

/// Who is paid, where, how much.
pub(super) type Salary = (u8, BankId, u64);

pub(super) fn item(number: u32) -> ItemId {
    ItemId { batch: B1, number }
}

pub(super) fn asked((who, bank, amount): Salary) -> PayrollItem {
    let account = Text::new(format!("{who:012}").as_bytes()).unwrap();
    PayrollItem { identity: PayeeIdentity([who; 16]), bank, account, amount }
}

pub(super) fn date(year: i64, month: i64, day: i64) -> BusinessDate {
    BusinessDate::from_civil(year, month, day).unwrap()
}

/// A document of these salaries, named by one digit.
pub(super) fn header(name: u8, salaries: &[Salary]) -> BatchHeader {
    let pays_on = date(2022, 12, 28);
    BatchHeader {
        payer: Text::new(b"MEF").unwrap(),
        message: Text::new(&[name]).unwrap(),
        message_key: [name; 16],
        file_key: [name ^ 0x80; 16],
        period: HalfMonth::of(pays_on),
        pays_on,
        currency: khr(),
        count: u32::try_from(salaries.len()).unwrap(),
        total: salaries.iter().map(|(_, _, amount)| amount).sum(),
        acquirer: InstitutionId::new(116_900).unwrap(),
        funding_bank: ACLEDA,
        funding_account: Text::new(b"001900000116").unwrap(),
    }
}

impl World {
    pub(super) fn payroll(&mut self, operator: &str, order: &PayrollOrder) -> Result<BatchId, PayrollDisallowed> {
        let done = self.engine.payroll(self.shell.now, operator, "for a test", order, &mut self.shell);
        self.assert_exact();
        done
    }

    pub(super) fn office(&mut self, order: &PayrollOrder) -> Result<BatchId, PayrollDisallowed> {
        self.payroll("sovann", order)
    }

    /// Hands a document in, whole.
    pub(super) fn submit(&mut self, header: BatchHeader, salaries: &[Salary]) -> Result<BatchId, PayrollDisallowed> {
        let batch = self.office(&PayrollOrder::Open(header))?;
        self.office(&PayrollOrder::Items { batch, items: salaries.iter().map(|it| asked(*it)).collect() })?;
        self.office(&PayrollOrder::Complete(batch))
    }

    /// Submitted, approved by another, and funded: its items go out.
    pub(super) fn funded(&mut self, salaries: &[Salary]) -> BatchId {
        let batch = self.submit(header(b'1', salaries), salaries).unwrap();
        self.payroll("dara", &PayrollOrder::Approve(batch)).unwrap();
        let funding = self.leg_at(ACLEDA);
        self.bank_says(ACLEDA, &funding, APPROVED);
        batch
    }

    pub(super) fn batch_state(&self, batch: BatchId) -> BatchState {
        self.state().batch_state(batch).unwrap()
    }

    pub(super) fn item_state(&self, id: ItemId) -> ItemState {
        self.state().item(id).unwrap().state
    }

    /// Paid, returned, rejected, pending and credited back, in amounts.
    pub(super) fn tallies(&self, batch: BatchId) -> [u64; 5] {
        let it = self.state().batch(batch).unwrap().progress();
        [it.paid.amount, it.returned.amount, it.rejected.amount, it.pending.amount, it.credited_back]
    }

    /// Every batch's tallies are those of its items, and its header's total once it is complete.
    fn assert_exact(&self) {
        for batch in self.state().batches().filter(|it| !it.is_forgotten()) {
            let (progress, header) = (batch.progress(), batch.header());
            let items: Vec<_> = self.state().items(batch.id()).collect();
            let amount = items.iter().map(|it| it.item.amount).sum();
            assert_eq!(progress.total(), Tally { count: items.len() as u64, amount });
            if self.batch_state(batch.id()) != BatchState::Opening {
                assert_eq!(progress.total(), Tally { count: header.count.into(), amount: header.total });
            }
            let paid = items.iter().map(|it| match it.state {
                ItemState::Paid => it.item.amount,
                ItemState::Returned(returned) => it.item.amount - returned,
                _ => 0,
            });
            assert_eq!(progress.paid.amount, paid.sum::<u64>());
        }
    }
}
