//! A stage for each scenario.

use bank_adapters::Cast;
use server::Config;

use super::Stage;
use crate::replay::{Venue, VenueError, VenueMaker};
use crate::scenario::Scenario;

/// Makes a [`Stage`] of each scenario's own: the shipped configuration with the scenario's `[switch]` laid over it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Embedded;

impl VenueMaker for Embedded {
    fn make(&self, scenario: &Scenario, cast: &Cast) -> Result<Box<dyn Venue>, VenueError> {
        let wrong = |error: server::ConfigError| VenueError::Wrong(format!("[switch]: {error}"));
        let none = toml::Table::new();
        let over = scenario.switch.as_ref().map_or(&none, |over| &over.value);
        let config = Config::embedded_with(&scenario.path, over).map_err(wrong)?;
        let plan = config.check(&scenario.path).map_err(wrong)?;
        if plan.cast.is_some() || plan.bulk_per_bank > 0 {
            return Err(VenueError::Wrong("[switch]: the cast is named on the command line, --cast FILE; leave cast out".into()));
        }
        Ok(Box::new(Stage::open(plan, cast, scenario.start, scenario.seed)?))
    }
}
