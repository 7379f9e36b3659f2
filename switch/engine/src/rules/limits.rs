//! How much a card may still be used for today.

use model::{BusinessDate, Kind, Money, ResponseCode};

use super::rates;
use crate::config::Rules;
use crate::sabotage;
use crate::state::{Asked, Usage, Used};

/// What the request takes of its card's limit, in the limit's currency; `None` where none holds for it.
///
/// # Errors
/// 61 or 65 where it would go beyond.
pub(crate) fn take(
    rules: &Rules,
    usage: &Usage,
    asked: &Asked,
    kind: Kind,
    date: BusinessDate,
) -> Result<Option<Used>, ResponseCode> {
    let Some(pan) = asked.pan else { return Ok(None) };
    let Some((class, limit)) = (0u8..).zip(&rules.limits).find(|(_, it)| it.kinds.contains(&kind)) else { return Ok(None) };
    let wanted = Money::from_minor(asked.amount, asked.currency);
    let counted = rates::convert(&rules.rates, wanted, limit.amount.currency(), date).ok_or(ResponseCode::AMOUNT_LIMIT)?;
    let (amount, count) = usage.of(pan, class);
    if count >= limit.count && !sabotage::is(sabotage::Fault::CountLimitForgotten) {
        return Err(ResponseCode::COUNT_LIMIT);
    }
    if amount.saturating_add(counted) > limit.amount.minor() && !sabotage::is(sabotage::Fault::AmountLimitForgotten) {
        return Err(ResponseCode::AMOUNT_LIMIT);
    }
    Ok(Some(Used { class, amount: counted }))
}
