//! What a card holder pays beside the amount, and what the card's bank pays the acquirer. At a bank's own terminals neither is due.

use model::BusinessDate;

use super::rates;
use crate::config::{BankRules, Rules};
use crate::kinds::Step;
use crate::sabotage;
use crate::state::Asked;

/// Fee and interchange, minor units of the request's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) fee: u64,
    pub(crate) interchange: u64,
}

/// What a step at this bank costs. Holding an amount costs nothing; taking it does.
pub(crate) fn due(rules: &Rules, asked: &Asked, step: &Step, bank: &BankRules, date: BusinessDate) -> Due {
    if sabotage::is(sabotage::Fault::FeeForgotten) {
        return Due::default();
    }
    let own_terminal = asked.acquirer.number() == u64::from(bank.id.0);
    let Some(fee) = rules.fees.iter().find(|it| it.kind == step.asks && !step.holds && !own_terminal) else {
        return Due::default();
    };
    let here = |amount| rates::convert(&rules.rates, amount, asked.currency, date).unwrap_or(0);
    Due { fee: here(fee.amount), interchange: fee.interchange.map_or(0, here) }
}
