//! 1. Money is conserved: per transaction, and per bank and currency against the switch.
//!
//! What a terminal gave and took is the measure. What stands at the banks must be the same, and what the journal says must stand
//! there too; what goes across leaves one account and arrives in the other, whole or not at all. Only what lies on the dead-letter
//! list is for an operator to find out.

use super::{Booked, Checker, Evidence};
use crate::bank::ledger::Side;
use crate::terminal::kinds::Way;
use crate::world::World;

impl World {
    pub(super) fn check_money(&mut self, evidence: &Evidence) {
        for number in 0..self.transactions.len() {
            let (Some(story), Some(booked)) = (evidence.journal.stories.get(number), evidence.booked.get(number)) else {
                continue;
            };
            // What must stand by the first leg, and by the second.
            let mut journal = [0; 2];
            let mut dead = false;
            for id in &story.legs {
                match evidence.journal.legs.get(id).map(super::journal::Leg::stands) {
                    Some(Some(stands)) => journal[usize::from(id.index > 0)] += stands,
                    Some(None) => dead = true,
                    None => {}
                }
            }
            self.check_sides(number, *booked, journal, dead, story.overruled);
        }
        self.check_settlement();
    }

    fn check_sides(&mut self, number: usize, booked: Booked, journal: [u64; 2], dead: bool, overruled: bool) {
        let it = &self.transactions[number];
        let (way, value, issued, undone) = (it.row.way, it.value, it.told.and_then(|told| told.issued), it.undo.is_some());
        let Booked { debit, credit, .. } = booked;
        let (there, elsewhere) = match way {
            Way::Out => (debit, credit),
            Way::Back | Way::In | Way::Account => (credit, debit),
            Way::Across => (debit, 0),
            Way::Ask | Way::Issue | Way::Hold => (0, debit + credit),
        };
        let moves = !matches!(way, Way::Ask | Way::Issue | Way::Hold);
        let name = u32::try_from(number).ok();
        if elsewhere > 0 {
            self.violation(Checker::Money, name, "money to go one way", &format!("{elsewhere} has gone the other way"));
        }
        if issued.is_some() && issued != booked.issued {
            let expected = format!("the virtual card that the bank has issued, {:?}", booked.issued);
            self.violation(Checker::Money, name, &expected, &format!("{issued:?}"));
        }
        if dead {
            return;
        }
        let journal = if moves { journal } else { [0; 2] };
        if way == Way::Across && debit != credit {
            self.violation(Checker::Money, name, &format!("the {debit} that were taken to arrive"), &format!("{credit} arrived"));
        } else if journal[0] != there || (way == Way::Across && journal[1] != credit) {
            let expected = format!("{journal:?} to stand at the bank, as the journal has it");
            self.violation(Checker::Money, name, &expected, &format!("{there}"));
        } else if overruled && !(undone && there > 0) {
            let stood = format!("{there} stands, undone: {undone}");
            self.violation(Checker::Money, name, "a reversal overruled only where money has arrived", &stood);
        } else if value != there && !overruled {
            let expected = format!("{value} to stand at the bank, as at the terminal");
            self.violation(Checker::Money, name, &expected, &format!("{there}, as in the journal"));
        }
    }

    /// What the bank and the switch owe each other is what its operations say.
    fn check_settlement(&mut self) {
        for bank in 0..self.banks.len() {
            let ledger = &self.banks[bank].ledger;
            let mut due = [0i64; 2];
            for it in &ledger.operations {
                let (Some(account), Ok(stands), Ok(fee)) = (it.account, i64::try_from(it.stands), i64::try_from(it.fee_stands))
                else {
                    continue;
                };
                due[account % 2] += match it.side {
                    Side::Debit => stands,
                    Side::Credit => -stands,
                    Side::Neither => 0,
                } + fee;
            }
            let stands = ledger.settlement;
            if stands != due {
                let expected = format!("{due:?} between {} and the switch", self.banks[bank].name);
                self.violation(Checker::Money, None, &expected, &format!("{stands:?}"));
            }
        }
    }
}
