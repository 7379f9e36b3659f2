//! 11. A transaction's business date is the local date of the moment it was accepted, and every message of it says so.

use super::{Checker, Evidence};
use crate::world::World;

impl World {
    pub(super) fn check_dates(&mut self, evidence: &Evidence) {
        for number in 0..self.transactions.len() {
            let it = &self.transactions[number];
            let story = evidence.journal.stories.get(number);
            let due = story.and_then(|story| story.date).map(model::BusinessDate::month_day);
            if let (Some(seen), Some(due)) = (it.date, due)
                && seen != due
            {
                let stood = format!("{seen} in its messages");
                self.violation(Checker::Dates, u32::try_from(number).ok(), &format!("the business date {due}"), &stood);
            }
        }
    }
}
