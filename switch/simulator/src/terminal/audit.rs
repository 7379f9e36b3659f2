//! When all is at rest some terminals ask once more: what they are told must be what they were told.

use model::ResponseCode;

use super::transaction::{Audit, Stage, Told};
use crate::check::Checker;
use crate::world::World;

impl World {
    /// At the end some are asked once more: what was told still is.
    pub(crate) fn audit(&mut self) {
        for number in 0..self.transactions.len() {
            let it = &self.transactions[number];
            if it.moves_money() && it.told.is_some() && it.stage == Stage::Done && self.random.chance(30_000) {
                self.transactions[number].audit = Audit::Asked;
            }
        }
        self.audit_again();
    }

    /// Asks for what is not answered; a connection may have been dead.
    pub(crate) fn audit_again(&mut self) {
        for number in 0..self.transactions.len() {
            let it = &self.transactions[number];
            if it.audit == Audit::Asked {
                let (message, acquirer) = (it.request(it.row.mti.repeat()), it.acquirer);
                if let Some(line) = self.some_line(acquirer) {
                    self.far_sends(line, &message, None);
                }
            }
        }
    }

    pub(super) fn audited(&mut self, number: u32, now: Told) {
        let code = now.code;
        let it = &mut self.transactions[number as usize];
        it.audit = Audit::Answered;
        let undone = it.undo.is_some_and(|undo| undo.answered == Some(ResponseCode::APPROVED));
        let fits = match it.told {
            // The money had arrived, or the hold was over: it stands as it was.
            Some(told) if undone && it.row.is_indivisible() && now == told => true,
            Some(told) if undone && told.code.approves() => code == ResponseCode::DUPLICATE,
            Some(told) if undone => code == told.code || code == ResponseCode::DUPLICATE,
            Some(told) => now == told,
            None => !code.approves(),
        };
        if !fits {
            let expected = format!("a repeat told the same: {:?}, undone: {undone}", it.told);
            self.violation(Checker::Answers, Some(number), &expected, &format!("{now:?}"));
        }
    }
}
