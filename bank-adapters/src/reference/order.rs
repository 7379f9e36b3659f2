//! What a ledger is asked, whatever message it came in: one view of requests, authorizations and advices.

use model::{Kind, Money};

use crate::request::moves_amount;
use crate::{Advice, Authorization, Customers, Financial, Form, Reference};

/// A request to post or hold.
pub(super) struct Order<'a> {
    pub form: Form,
    pub asked: &'a Financial,
    /// The authorization whose hold it ends.
    pub completes: Option<Reference>,
}

impl<'a> Order<'a> {
    pub(super) fn of_request(asked: &'a Financial) -> Self {
        Self { form: Form::Financial, asked, completes: None }
    }

    pub(super) fn of_authorization(authorization: &'a Authorization) -> Self {
        Self { form: authorization.form(), asked: &authorization.asked, completes: None }
    }

    pub(super) fn of_advice(advice: &'a Advice) -> Self {
        // One that names itself completes nothing.
        let completes = advice.completes.filter(|original| *original != advice.told.reference);
        Self { form: Form::FinancialAdvice, asked: &advice.told, completes }
    }

    /// DE4 as it is kept; nothing where the kind moves no amount.
    pub(super) fn amount(&self) -> i64 {
        if moves_amount(self.asked.kind) { i64::try_from(self.asked.amount.minor()).unwrap_or(i64::MAX) } else { 0 }
    }

    /// DE28 as it is kept.
    pub(super) fn fee(&self) -> i64 {
        i64::try_from(self.asked.fee).unwrap_or(i64::MAX)
    }

    /// Whether amount and fee are some that messages can carry. An amount of zero is one only where a completion takes nothing, or
    /// the kind moves none.
    pub(super) fn amounts_are_sound(&self) -> bool {
        let carried = |minor: i64| minor.unsigned_abs() <= Money::MINOR_MAX;
        let may_be_zero = !moves_amount(self.asked.kind) || self.form == Form::FinancialAdvice;
        carried(self.amount()) && carried(self.fee()) && (self.amount() > 0 || may_be_zero)
    }

    /// Whether it changes anything, so that it must be done once and remembered. An inquiry without a fee may be asked again, and a
    /// PIN is kept nowhere.
    pub(super) fn is_kept(&self) -> bool {
        moves_amount(self.asked.kind) || self.asked.kind == Kind::VirtualCard || self.asked.fee > 0
    }

    pub(super) fn currency(&self) -> &'static str {
        self.asked.amount.currency().alpha()
    }

    /// The card's number as it may be written down.
    pub(super) fn pan_masked(&self) -> Option<String> {
        self.asked.pan.map(|pan| pan.to_string())
    }

    /// What its entries tell the holder beside the kind: whom a transfer pays, which phone a top-up is for.
    pub(super) fn detail(&self) -> Option<String> {
        matches!(self.asked.kind, Kind::Transfer | Kind::TopUp).then_some(())?;
        let to = self.asked.to_account?;
        Some(self.asked.receiver.map_or_else(|| format!("to {to}"), |bank| format!("to {to} at {bank}")))
    }
}

/// Which way DE4 goes on the customer's account: 1 in, -1 out, 0 nowhere.
pub(super) fn sign(kind: Kind, customers: &Customers) -> i64 {
    match kind {
        Kind::Purchase | Kind::Withdrawal | Kind::CashBack | Kind::Transfer | Kind::Funding | Kind::Recall => -1,
        Kind::Refund | Kind::Deposit | Kind::Salary => 1,
        Kind::TopUp if matches!(customers, Customers::Phones { .. }) => 1,
        Kind::TopUp => -1,
        Kind::Balance | Kind::MiniStatement | Kind::VirtualCard | Kind::PinChange => 0,
    }
}
