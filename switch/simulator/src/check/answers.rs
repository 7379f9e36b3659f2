//! 2. No answer contradicts the journal: what a terminal was told is what stands there.

use model::ResponseCode;

use super::{Checker, Evidence};
use crate::world::World;

impl World {
    pub(super) fn check_answers(&mut self, evidence: &Evidence) {
        for number in 0..self.transactions.len() {
            let it = &self.transactions[number];
            let Some(told) = it.told.filter(|_| it.moves_money()) else { continue };
            let Some(story) = evidence.journal.stories.get(number) else { continue };
            // Editions of the standard do not agree on every refusal; they do on what approves.
            let code = told.code;
            let same =
                |kept: &ResponseCode| *kept == code || (*kept == ResponseCode::NO_SUCH_ISSUER && code == ResponseCode::NO_ROUTE);
            let stands = if code.approves() { story.told.as_ref().is_some_and(same) } else { story.ever_told.iter().any(same) };
            if !stands {
                let expected = format!("what the terminal was told, {code}, in the journal");
                let stood = format!("{:?}", story.ever_told);
                self.violation(Checker::Answers, u32::try_from(number).ok(), &expected, &stood);
            }
        }
    }
}
