//! 5. Nothing has an effect twice: one request of a terminal moves money at most once on each side.

use super::{Checker, Evidence};
use crate::world::World;

impl World {
    pub(super) fn check_twice(&mut self, evidence: &Evidence) {
        for (number, booked) in evidence.booked.iter().enumerate() {
            let name = u32::try_from(number).ok();
            if booked.debits > 1 || booked.credits > 1 {
                let stood = format!("{} debits and {} credits", booked.debits, booked.credits);
                self.violation(Checker::Twice, name, "money to move once", &stood);
            }
            let accepted = evidence.journal.stories.get(number).map_or(0, |story| story.accepted.len());
            if accepted > 1 && self.transactions[number].moves_money() {
                self.violation(Checker::Twice, name, "one request taken once", &format!("{accepted} times in the journal"));
            }
        }
    }
}
