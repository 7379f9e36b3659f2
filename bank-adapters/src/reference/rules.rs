//! Decides what a request does, by the rules that the module `reference` lists. Reads the books and changes nothing.

use model::{BusinessDate, Kind, ResponseCode, Timestamp, UtcOffset};

use super::books::{Books, CardFound, Customer};
use super::order::{Order, sign};
use crate::request::moves_amount;
use crate::{AccountStatus, Capabilities, CardStatus, Customers};

/// Phnom Penh: a card's last month, and the date in a mini-statement, go by the clock there.
const LOCAL_MINUTES: i16 = 7 * 60;
/// No request takes a balance beyond this, on either side, so that a reversal, which is never declined, has room left.
const BALANCE_MAX: i64 = i64::MAX / 2;

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing, for this reason.
    Decline(ResponseCode),
    /// Changes the customer's balance by `change` and charges `fee`; either may be nothing. Where `change` is less than the amount
    /// that was asked, the rest is not done.
    Post { change: i64, fee: i64 },
    /// Holds so much.
    Hold(i64),
}

pub(super) fn decide(books: &Books, order: &Order<'_>, customer: &Customer, now: Timestamp) -> Decision {
    decided(books, order, customer, now).unwrap_or_else(Decision::Decline)
}

fn decided(books: &Books, order: &Order<'_>, customer: &Customer, now: Timestamp) -> Result<Decision, ResponseCode> {
    let (form, kind) = (order.form, order.asked.kind);
    let done_here = if form.holds() { &books.capabilities().holds } else { &books.capabilities().kinds };
    if !done_here.contains(&kind) {
        return Err(ResponseCode::NOT_SUPPORTED);
    }
    if form.is_advice() && !moves_amount(kind) {
        return Err(ResponseCode::INVALID_TRANSACTION);
    }
    if !order.amounts_are_sound() {
        return Err(ResponseCode::INVALID_AMOUNT);
    }
    check_card(books, order, now)?;
    let (balance, available) = funds(books, order, customer).ok_or(ResponseCode::NO_SUCH_ACCOUNT)?;
    check_account(books, order, customer)?;
    let (amount, fee) = (order.amount(), order.fee());
    let asks = !form.is_advice();
    if form.holds() {
        let short = asks && available < amount + fee;
        return if short { Err(ResponseCode::NOT_SUFFICIENT_FUNDS) } else { Ok(Decision::Hold(amount + fee)) };
    }
    let in_part = asks && (customer.partial || kind == Kind::Recall);
    let amount = if in_part { part(kind, amount, available.saturating_sub(fee)) } else { amount };
    let change = sign(kind, books.customers()) * amount;
    let net = change - fee;
    if asks && net < 0 && available.saturating_add(net) < 0 {
        return Err(ResponseCode::NOT_SUFFICIENT_FUNDS);
    }
    let settlement = books.settlement(order.asked.amount.currency());
    let settlement = settlement.and_then(|place| books.balance(place)).unwrap_or(0);
    let fits = |balance: i64, change: i64| balance.checked_add(change).is_some_and(|sum| sum.abs() <= BALANCE_MAX);
    if !fits(balance, net) || !fits(settlement, -net) || (kind == Kind::VirtualCard && books.next_issued().is_none()) {
        return Err(ResponseCode::MALFUNCTION);
    }
    Ok(Decision::Post { change, fee })
}

/// What is done of an amount in part where it cannot be done whole, with so much to spend beside the fee: of a recall always, of other
/// kinds by a bank that answers for the account so. Where there is nothing to spend it stays the whole, which is refused then.
fn part(kind: Kind, amount: i64, spendable: i64) -> i64 {
    match kind {
        Kind::Purchase | Kind::Withdrawal | Kind::CashBack | Kind::Transfer | Kind::Recall if spendable > 0 => {
            amount.min(spendable)
        }
        Kind::Salary => amount - amount / 2,
        _ => amount,
    }
}

/// Whether the account may be used for this. An advice is of what has happened.
fn check_account(books: &Books, order: &Order<'_>, customer: &Customer) -> Result<(), ResponseCode> {
    let kind = order.asked.kind;
    let moves = moves_amount(kind) && kind != Kind::Recall;
    match customer.place.and_then(|place| books.account(place)).map(|account| account.status) {
        _ if order.form.is_advice() => Ok(()),
        Some(AccountStatus::Closed) => Err(ResponseCode::ACCOUNT_CLOSED),
        Some(AccountStatus::Blocked) if moves => Err(ResponseCode::ACCOUNT_BLOCKED),
        Some(AccountStatus::Open | AccountStatus::Blocked) | None => Ok(()),
    }
}

/// Whether the card may be used for this. A salary pays the account whatever became of the card, a funding and a recall debit one that
/// has none, and an advice is of what has happened: of these only a card that is all there is must exist.
fn check_card(books: &Books, order: &Order<'_>, now: Timestamp) -> Result<(), ResponseCode> {
    if matches!(books.customers(), Customers::Phones { .. }) {
        return Ok(());
    }
    let asked = order.asked;
    if asked.kind.is_of_switch() || (asked.kind == Kind::Salary && asked.to_account.is_some()) {
        return Ok(());
    }
    let found = books.card(asked.pan).ok_or(ResponseCode::UNKNOWN_CARD)?;
    if asked.kind == Kind::Salary || order.form.is_advice() { Ok(()) } else { may_be_used(&found, asked.kind, local_date(now)) }
}

/// Which card may be used for what (DE39). A virtual card is what its funding card is, but has neither plastic nor PIN.
fn may_be_used(found: &CardFound<'_>, kind: Kind, today: BusinessDate) -> Result<(), ResponseCode> {
    match found.virtual_card {
        Some(it) if it.withdrawn => return Err(ResponseCode::UNKNOWN_CARD),
        Some(_) if needs_plastic(kind) => return Err(ResponseCode::NOT_PERMITTED_TO_CARD),
        Some(_) | None => {}
    }
    match found.card.status {
        CardStatus::Lost => Err(ResponseCode::LOST_CARD),
        CardStatus::Stolen => Err(ResponseCode::STOLEN_CARD),
        CardStatus::Restricted => Err(ResponseCode::RESTRICTED_CARD),
        CardStatus::Normal if found.card.is_expired(today) => Err(ResponseCode::EXPIRED_CARD),
        CardStatus::Normal => Ok(()),
    }
}

fn needs_plastic(kind: Kind) -> bool {
    matches!(kind, Kind::Withdrawal | Kind::CashBack | Kind::Deposit | Kind::PinChange | Kind::VirtualCard)
}

/// What is on the customer's account, and what of it may be spent. `None` where there is no such account in the currency.
fn funds(books: &Books, order: &Order<'_>, customer: &Customer) -> Option<(i64, i64)> {
    if customer.opens.is_some() && order.asked.kind == Kind::TopUp {
        return Some((0, 0));
    }
    let place = customer.place?;
    let account = books.account(place)?;
    (account.is_customers && account.currency == order.asked.amount.currency()).then_some(())?;
    books.balance(place).zip(books.available(place))
}

/// The calendar date at the bank.
pub(super) fn local_date(now: Timestamp) -> BusinessDate {
    UtcOffset::from_minutes(LOCAL_MINUTES).map_or(BusinessDate::default(), |local| local.date(now))
}

/// What a bank can do, by whose accounts it keeps.
pub(super) fn capabilities(customers: &Customers) -> Capabilities {
    match customers {
        Customers::Cards { virtual_prefix: Some(_), .. } => Capabilities::all(),
        Customers::Cards { virtual_prefix: None, .. } => {
            let kinds = Kind::ALL.into_iter().filter(|kind| *kind != Kind::VirtualCard).collect();
            Capabilities { kinds, ..Capabilities::all() }
        }
        Customers::Phones { .. } => Capabilities { kinds: vec![Kind::TopUp], holds: Vec::new() },
    }
}
