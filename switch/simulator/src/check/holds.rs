//! 3. Each hold ends once; and nothing at all is undone twice.

use super::Checker;
use crate::bank::ledger::State;
use crate::world::World;

impl World {
    pub(super) fn check_holds(&mut self) {
        for bank in 0..self.banks.len() {
            let wrong = self.banks[bank].ledger.operations.iter().find(|it| {
                let due = u32::from(matches!(it.state, State::Reversed | State::Ended));
                it.endings != due
            });
            if let Some(it) = wrong {
                let (number, stood) = (it.number, format!("{} times: {it:?}", it.endings));
                self.violation(Checker::Holds, number, "what is undone undone once", &stood);
            }
        }
    }
}
