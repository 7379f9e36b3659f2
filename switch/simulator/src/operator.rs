//! Operators of the switch: what they order, at bad moments and when everything is calm.

use engine::{BankId, Command, LegId};
use model::ResponseCode;

use crate::bank::ledger::card_number;
use crate::faults::Fault;
use crate::world::World;

impl World {
    /// An order that strikes like a fault.
    pub(crate) fn operator(&mut self, fault: Fault, bank: usize) {
        let id = BankId(self.banks[bank].id);
        let command = match fault {
            // Transactions older than two dates are forgotten, so a world that terminals still ask in sees one change of date.
            Fault::OrderedCutover if self.is_first_day() => Command::Cutover,
            Fault::OrderedOff => Command::SignOff(id),
            Fault::OrderedOn => Command::SignOn(id),
            Fault::CardListed => {
                let bank = bank % self.issuers;
                let card = self.random.place(self.banks[bank].cards);
                Command::List(card_number(self.banks[bank].prefix, card as u64), ResponseCode::RESTRICTED_CARD)
            }
            Fault::CardUnlisted => {
                let listed = self.host.state().and_then(|state| state.hot_cards().next());
                let Some((pan, _)) = listed else { return };
                Command::Unlist(pan)
            }
            Fault::DeadRetried | Fault::DeadDiscarded => {
                let Some(leg) = self.some_dead_letter() else { return };
                if fault == Fault::DeadRetried { Command::Retry(leg) } else { Command::Discard(leg) }
            }
            _ => return,
        };
        if !self.order(command) {
            return;
        }
        // An order that was taken may still die with the switch, so only calm makes sure that a bank is signed on again.
        if fault == Fault::OrderedOff {
            self.banks[bank].ordered_off = true;
        }
        self.coverage.fault(fault);
    }

    /// Whether no business date has changed yet.
    fn is_first_day(&self) -> bool {
        let first = self.offset().date(crate::line::timestamp(self.plan.start));
        let today = self.offset().date(self.time());
        today == first && self.host.state().is_some_and(|state| state.date() == first)
    }

    fn some_dead_letter(&mut self) -> Option<LegId> {
        let dead: Vec<_> = self.host.state()?.dead_letters().collect();
        (!dead.is_empty()).then(|| dead[self.random.place(dead.len())])
    }

    /// Carries an order to the switch; whether it was taken.
    pub(crate) fn order(&mut self, command: Command) -> bool {
        let time = self.host.time(self.now);
        let Some(shard) = self.host.shard.as_mut() else { return false };
        let done = shard.command(time, "sokha", "simulated", command).is_ok();
        self.story_event(|| format!("an operator orders {command:?}: {done}"));
        self.switch_did();
        done
    }

    /// When it is calm, operators look at the list: some is tried again, some discarded, some left.
    pub(crate) fn settle_dead_letters(&mut self) {
        let dead: Vec<_> = self.host.state().map(|state| state.dead_letters().collect()).unwrap_or_default();
        for leg in dead {
            let (fault, command) = match self.random.below(3) {
                0 => (Fault::DeadRetried, Command::Retry(leg)),
                1 => (Fault::DeadDiscarded, Command::Discard(leg)),
                _ => continue,
            };
            if self.order(command) {
                self.coverage.fault(fault);
            }
        }
    }

    /// No bank stays signed off by order for good.
    pub(crate) fn sign_on_again(&mut self) {
        for bank in 0..self.banks.len() {
            if self.banks[bank].ordered_off && self.order(Command::SignOn(BankId(self.banks[bank].id))) {
                self.banks[bank].ordered_off = false;
            }
        }
    }
}
