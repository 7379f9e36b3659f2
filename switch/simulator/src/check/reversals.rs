//! 4. Every reversal is ended or on the dead-letter list, at the switch and at the bank.

use super::{Checker, Evidence};
use crate::bank::ledger::State;
use crate::world::World;

impl World {
    pub(super) fn check_reversals(&mut self, evidence: &Evidence) {
        let listed: Vec<_> = self.host.state().map(|state| state.dead_letters().collect()).unwrap_or_default();
        for number in 0..self.transactions.len() {
            let Some(story) = evidence.journal.stories.get(number) else { continue };
            for id in &story.legs {
                let Some(leg) = evidence.journal.legs.get(id) else { continue };
                let name = u32::try_from(number).ok();
                if leg.dead != listed.contains(id) {
                    let expected = format!("leg {id} on the dead-letter list: {}", leg.dead);
                    self.violation(Checker::Reversals, name, &expected, &format!("{}", !leg.dead));
                }
                if leg.reversing.is_some() && (leg.declined || leg.undelivered) {
                    self.violation(
                        Checker::Reversals,
                        name,
                        &format!("nothing undone of leg {id}, which was declined"),
                        "it was",
                    );
                }
                if leg.reversing.is_some() && leg.ended.is_none() {
                    self.violation(Checker::Reversals, name, &format!("the reversal of leg {id} ended"), "it never was");
                }
            }
        }
        for bank in 0..self.banks.len() {
            let early = self.banks[bank].ledger.operations.iter().find(|it| it.state == State::Tombstone && it.stands > 0);
            if let Some(it) = early {
                let stood = format!("{it:?}");
                self.violation(Checker::Reversals, it.number, "nothing to stand of what was refused before it came", &stood);
            }
        }
    }
}
