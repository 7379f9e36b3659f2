//! Which bank a request goes to: by its card's longest prefix, or by the institution it names, and by what that bank does.

use model::{Kind, ResponseCode};

use crate::config::{BankRules, Rules};
use crate::state::Asked;

/// The bank for `asked`.
///
/// # Errors
/// The code to refuse it with: 15 where no bank owns the card or the institution, 92 where the bank does not do this kind in
/// this currency.
pub(crate) fn bank<'r>(rules: &'r Rules, asked: &Asked, kind: Kind) -> Result<&'r BankRules, ResponseCode> {
    let by_card = |pan| {
        let fitting = rules.banks.iter().flat_map(|bank| bank.prefixes.iter().map(move |prefix| (prefix, bank)));
        fitting.filter(|(prefix, _)| prefix.fits(pan)).max_by_key(|(prefix, _)| prefix.digits()).map(|(_, bank)| bank)
    };
    let by_receiver = |number| rules.banks.iter().find(|bank| u64::from(bank.id.0) == number);
    let bank = match (asked.receiver, asked.pan) {
        (Some(receiver), _) => by_receiver(receiver.number()),
        (None, Some(pan)) => by_card(pan),
        (None, None) => None,
    };
    let bank = bank.ok_or(ResponseCode::NO_SUCH_ISSUER)?;
    if bank.kinds.contains(&kind) && bank.currencies.contains(&asked.currency) { Ok(bank) } else { Err(ResponseCode::NO_ROUTE) }
}
