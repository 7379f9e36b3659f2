//! Which bank a step goes to: by its card's longest prefix, or by the institution it names, and by what that bank does.

use model::{Pan, ResponseCode};

use crate::config::{BankRules, Rules};
use crate::kinds::{At, Step};
use crate::state::Asked;

/// The bank for a step of `asked`.
///
/// # Errors
/// The code to refuse it with: 15 where no bank owns the card or the institution, 92 where the bank does not do this kind in
/// this currency.
pub(crate) fn bank<'r>(rules: &'r Rules, asked: &Asked, step: &Step) -> Result<&'r BankRules, ResponseCode> {
    let card = || asked.pan.map(|pan| of_card(rules, pan));
    let receiver = || asked.receiver.map(|it| rules.banks.iter().find(|bank| u64::from(bank.id.0) == it.number()));
    let bank = match step.at {
        At::Card => card().or_else(receiver),
        At::Receiver => receiver().or_else(card),
    };
    let bank = bank.flatten().ok_or(ResponseCode::NO_SUCH_ISSUER)?;
    let does = bank.kinds.contains(&step.asks) && bank.currencies.contains(&asked.currency);
    if does { Ok(bank) } else { Err(ResponseCode::NO_ROUTE) }
}

/// The bank that issued a card.
pub(crate) fn of_card(rules: &Rules, pan: Pan) -> Option<&BankRules> {
    let fitting = rules.banks.iter().flat_map(|bank| bank.prefixes.iter().map(move |prefix| (prefix, bank)));
    fitting.filter(|(prefix, _)| prefix.fits(pan)).max_by_key(|(prefix, _)| prefix.digits()).map(|(_, bank)| bank)
}
