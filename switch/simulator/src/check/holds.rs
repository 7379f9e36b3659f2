//! 3. Each hold ends once, at its bank and in the journal; when its time is over nothing is held. And nothing at all is undone twice.

use super::{Checker, Evidence};
use crate::bank::ledger::State;
use crate::world::World;

impl World {
    pub(super) fn check_holds(&mut self, evidence: &Evidence) {
        let over = self.now + self.hold_life() + 1;
        for bank in 0..self.banks.len() {
            let ledger = &mut self.banks[bank].ledger;
            ledger.expire(over);
            let (held, name) = (ledger.held(), self.banks[bank].name.clone());
            if held != 0 {
                self.violation(Checker::Holds, None, &format!("nothing held at {name} any more"), &held.to_string());
            }
            let wrong = self.banks[bank].ledger.operations.iter().find(|it| {
                let due = u32::from(matches!(it.state, State::Reversed | State::Ended));
                it.endings != due || it.state == State::Held
            });
            if let Some(it) = wrong {
                let (number, stood) = (it.number, format!("{} times: {it:?}", it.endings));
                self.violation(Checker::Holds, number, "what is undone or held ended once", &stood);
            }
        }
        for (number, story) in evidence.journal.stories.iter().enumerate() {
            for leg in story.legs.iter().filter_map(|leg| evidence.journal.legs.get(leg)) {
                // On the dead-letter list it waits for an operator.
                if leg.holds > 1 || leg.hold_ends > leg.holds || (leg.hold_ends < leg.holds && !leg.dead) {
                    let stood = format!("{} placed, {} ended", leg.holds, leg.hold_ends);
                    self.violation(Checker::Holds, u32::try_from(number).ok(), "each hold in the journal ended once", &stood);
                }
            }
        }
    }
}
