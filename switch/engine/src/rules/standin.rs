//! What may be approved in a bank's stead while it cannot be asked.

use model::{BusinessDate, Kind, Message, Money};

use super::rates;
use crate::config::{BankRules, Rules};
use crate::sabotage;
use crate::state::{Asked, Usage};

/// What an approval counts against the card's bound, in the bound's minor units; `None` where the bank must be asked.
///
/// A PIN or a chip's cryptogram would have to be verified, which only the bank can; a request that shows one is not approved here.
pub(crate) fn counted(
    rules: &Rules,
    bank: &BankRules,
    usage: &Usage,
    asked: &Asked,
    kind: Kind,
    message: &Message<'_>,
    date: BusinessDate,
) -> Option<u64> {
    let bounds = bank.stand_in.as_ref().filter(|it| it.kinds.contains(&kind))?;
    let unverified = message.pin_block.is_some() || message.chip.is_some();
    if unverified && !sabotage::is(sabotage::Fault::StandInUnverified) {
        return None;
    }
    let wanted = Money::from_minor(asked.amount, asked.currency);
    let in_currency_of = |bound: Money| rates::convert(&rules.rates, wanted, bound.currency(), date);
    let (amount, count) = usage.of(asked.pan?, Usage::STAND_IN);
    let counted = in_currency_of(bounds.amount)?;
    let within = in_currency_of(bounds.floor)? <= bounds.floor.minor()
        && amount.saturating_add(counted) <= bounds.amount.minor()
        && count < bounds.count;
    (within || sabotage::is(sabotage::Fault::StandInUnbounded)).then_some(counted)
}
