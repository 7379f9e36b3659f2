//! 1. Money is conserved: per transaction, and per bank and currency against the switch.
//!
//! What a terminal gave and took is the measure. What stands at its bank must be the same, and what the journal says must stand
//! there too. Only what lies on the dead-letter list is for an operator to find out.

use super::{Checker, Evidence};
use crate::terminal::kinds::Way;
use crate::world::World;

impl World {
    pub(super) fn check_money(&mut self, evidence: &Evidence) {
        let mut settlement = vec![[0i64; 2]; self.banks.len()];
        for number in 0..self.transactions.len() {
            let it = &self.transactions[number];
            let (way, value, bank) = (it.row.way, it.value, it.bank);
            let currency = self.currencies.iter().position(|known| *known == it.currency);
            let (Some(story), Some(booked)) = (evidence.journal.stories.get(number), evidence.booked.get(number)) else {
                continue;
            };
            let legs = story.legs.iter().filter_map(|leg| evidence.journal.legs.get(leg));
            let (mut journal, mut dead) = (0, false);
            for leg in legs {
                match leg.stands() {
                    Some(stands) if way != Way::Ask => journal += stands,
                    Some(_) => {}
                    None => dead = true,
                }
            }
            let (there, elsewhere) = match way {
                Way::Out => (booked.debit, booked.credit),
                Way::Back | Way::In | Way::Account => (booked.credit, booked.debit),
                Way::Ask => (0, booked.debit + booked.credit),
            };
            let name = u32::try_from(number).ok();
            if elsewhere > 0 {
                self.violation(Checker::Money, name, "money to go one way", &format!("{elsewhere} has gone the other way"));
            }
            if let (Some(bank), Some(currency)) = (bank, currency) {
                let there = i64::try_from(there).unwrap_or(0);
                settlement[bank][currency] += if way == Way::Out { there } else { -there };
            }
            if dead {
                continue;
            }
            if journal != there {
                let expected = format!("{journal} to stand at the bank, as the journal has it");
                self.violation(Checker::Money, name, &expected, &format!("{there}"));
            } else if value != there {
                let expected = format!("{value} to stand at the bank, as at the terminal");
                self.violation(Checker::Money, name, &expected, &format!("{there}, as in the journal"));
            }
        }
        for (bank, due) in settlement.into_iter().enumerate() {
            let stands = self.banks[bank].ledger.settlement;
            if stands != due {
                let expected = format!("{due:?} between {} and the switch", self.banks[bank].name);
                self.violation(Checker::Money, None, &expected, &format!("{stands:?}"));
            }
        }
    }
}
