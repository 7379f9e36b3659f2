//! What can be looked at on a stage: the same overview that operators have, and the same metrics.

use server::overview::{Position, Status};

use super::Stage;
use crate::replay::{BankLook, PositionLook, StatusLook, VenueError};

impl Stage {
    pub(super) fn state(&self) -> Result<&engine::State, VenueError> {
        self.world.state().ok_or_else(|| VenueError::NotNow("the switch is down; look when it has started again".into()))
    }

    pub(super) fn look_at_positions(&self) -> Result<Vec<PositionLook>, VenueError> {
        let look = |it: Position| PositionLook { date: it.date, currency: it.currency, participant: it.participant, net: it.net };
        Ok(Position::all(self.state()?, self.world.rules()).lines.into_iter().map(look).collect())
    }

    pub(super) fn look_at_status(&self) -> Result<StatusLook, VenueError> {
        let count = |many: usize| u64::try_from(many).unwrap_or(u64::MAX);
        let it = Status::of(self.state()?, self.world.rules());
        let bank = |bank: server::overview::BankStatus| BankLook {
            name: bank.name,
            linked: bank.linked,
            signed_off: bank.signed_off,
            owed: count(bank.forward),
        };
        Ok(StatusLook {
            date: it.date,
            banks: it.banks.into_iter().map(bank).collect(),
            owed: count(it.forward),
            dead_letters: count(it.dead_letters),
            holding: count(it.holding),
            hot_cards: count(it.hot_cards),
            overruled: count(it.overruled),
        })
    }

    pub(super) fn look_at_metric(&self, name: &str, labels: &[(String, String)]) -> Result<Option<f64>, VenueError> {
        self.metrics.set_state(self.state()?, self.world.rules());
        Ok(self.metrics.value(name, labels))
    }
}
