//! A stage for each scenario.

use bank_adapters::Cast;

use super::Stage;
use crate::replay::{Venue, VenueError, VenueMaker};
use crate::scenario::Scenario;

/// Makes a [`Stage`] of each scenario's own: the shipped configuration with the scenario's `[switch]` laid over it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Embedded;

impl VenueMaker for Embedded {
    fn make(&self, scenario: &Scenario, cast: &Cast) -> Result<Box<dyn Venue>, VenueError> {
        let plan = scenario.plan().map_err(|error| VenueError::Wrong(error.to_string()))?;
        let mut stage = Stage::open(plan, cast, scenario.start, scenario.seed)?;
        if let Some(cards) = &scenario.cards {
            stage.know_cards(cards, cast)?;
        }
        Ok(Box::new(stage))
    }
}
