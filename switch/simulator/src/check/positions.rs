//! 12. Every participant is owed what it must be.
//!
//! Banks' books, the fee table and nothing else say how much; the journal's entries and the state's positions must say the same.
//! Their sum is zero, always.

use std::collections::BTreeMap;

use engine::{Participant, State};
use hashbrown::HashMap;
use model::Kind;

use super::order::{Nets, Order};
use super::{Checker, Evidence};
use crate::bank::SWITCH;
use crate::bank::ledger::{self, Side};
use crate::terminal::kinds::Way;
use crate::world::World;

impl World {
    pub(super) fn check_positions(&mut self, evidence: &Evidence, order: &Order<'_>) {
        let mut due: HashMap<u32, Nets, foldhash::fast::FixedState> = HashMap::default();
        let mut wrong = Vec::new();
        for bank in &self.banks {
            for it in &bank.ledger.operations {
                let Some(number) = it.number.filter(|number| (*number as usize) < self.transactions.len()) else { continue };
                let across = self.transactions[number as usize].row.way == Way::Across;
                let nets = due.entry(number).or_default();
                if let Err(problem) = self.owe(nets, u64::from(bank.id), it, across) {
                    wrong.push((number, problem));
                }
            }
        }
        for (number, problem) in wrong {
            self.violation(Checker::Positions, Some(number), "the fee that the table has", &problem);
        }
        for number in 0..self.transactions.len() {
            let Some(story) = evidence.journal.stories.get(number) else { continue };
            let legs = story.legs.iter().filter_map(|leg| evidence.journal.legs.get(leg));
            // What an operator must find out, or has settled by other means.
            if legs.clone().any(|leg| leg.stands().is_none()) {
                continue;
            }
            let name = u32::try_from(number).unwrap_or(u32::MAX);
            let without_zeros = |nets: Option<&Nets>| -> Nets {
                nets.into_iter().flatten().filter(|(_, net)| **net != 0).map(|(who, net)| (*who, *net)).collect()
            };
            let (due, stood) = (without_zeros(due.get(&name)), without_zeros(order.nets.get(&name)));
            if due != stood {
                self.violation(Checker::Positions, Some(name), &format!("{due:?}"), &format!("{stood:?}"));
            }
        }
        self.check_state_positions(order);
    }

    /// What one operation at a bank makes participants owe each other.
    fn owe(&self, nets: &mut Nets, bank: u64, it: &ledger::Operation, across: bool) -> Result<(), String> {
        let (bank, acquirer) = (Participant::Institution(bank), Participant::Institution(it.acquirer));
        let other = if across { Participant::Clearing } else { acquirer };
        let mut pay = |from, to, amount: u64| {
            *nets.entry(from).or_default() -= amount.cast_signed();
            *nets.entry(to).or_default() += amount.cast_signed();
        };
        match it.side {
            Side::Debit => pay(bank, other, it.stands),
            Side::Credit => pay(other, bank, it.stands),
            Side::Neither => {}
        }
        pay(bank, Participant::Institution(SWITCH), it.fee_stands);
        let (Some(kind), Some(currency), Some(date)) = (it.kind, it.account.map(|account| account % 2), it.date) else {
            return Ok(());
        };
        let is_second = across && it.side == Side::Credit;
        let free = is_second || bank == acquirer || it.state == ledger::State::Held || it.held;
        let (fee, interchange) = if free { (0, 0) } else { self.tariff.charge(kind, currency, date) };
        let charged = it.state == ledger::State::Approved || it.stands > 0;
        // An inquiry that was answered before is answered again for nothing.
        let again = is_inquiry(kind) && it.fee == 0;
        if charged && interchange > 0 && !again {
            pay(bank, acquirer, interchange);
        }
        let approved = matches!(it.state, ledger::State::Approved | ledger::State::Reversed);
        if approved && it.fee != fee && !again {
            return Err(format!("{} for {kind} at {bank:?}, not {fee}", it.fee));
        }
        Ok(())
    }

    /// The state keeps the last dates; of those it must have what the journal's entries come to.
    fn check_state_positions(&mut self, order: &Order<'_>) {
        let Some(state) = self.host.state() else { return };
        let kept: BTreeMap<_, _> = state.positions().map(|(date, currency, who, net)| ((date, currency, who), net)).collect();
        let oldest = model::BusinessDate::from_days(state.date().days() - 3);
        let due: BTreeMap<_, _> = order
            .positions
            .iter()
            .filter(|((date, ..), net)| *date >= oldest && **net != 0)
            .map(|(key, net)| (*key, *net))
            .collect();
        if kept != due {
            self.violation(Checker::Positions, None, &format!("{due:?}, as the journal has it"), &format!("{kept:?}"));
        }
    }
}

/// Whether positions sum to zero, per date and currency.
pub(super) fn balance(state: &State) -> bool {
    let mut sums = BTreeMap::<_, i64>::new();
    for (date, currency, _, net) in state.positions() {
        *sums.entry((date, currency)).or_default() += net;
    }
    sums.values().all(|sum| *sum == 0)
}

/// Kinds whose answer is not kept.
fn is_inquiry(kind: Kind) -> bool {
    matches!(kind, Kind::Balance | Kind::MiniStatement | Kind::PinChange)
}
