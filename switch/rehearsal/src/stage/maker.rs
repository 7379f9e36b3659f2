//! A stage for each scenario.

use bank_adapters::{CardlessAccount, Cast};
use model::{Currency, Money, Text};

use super::Stage;
use crate::replay::{Venue, VenueError, VenueMaker};
use crate::scenario::Scenario;

/// Makes a [`Stage`] of each scenario's own: the shipped configuration with the scenario's `[switch]` laid over it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Embedded;

impl VenueMaker for Embedded {
    fn make(&self, scenario: &Scenario, cast: &Cast) -> Result<Box<dyn Venue>, VenueError> {
        let plan = scenario.plan().map_err(|error| VenueError::Wrong(error.to_string()))?;
        let cast = with_accounts(cast, scenario)?;
        let mut stage = Stage::open(plan, &cast, scenario.start, scenario.seed)?;
        stage.know_people(&scenario.people);
        if let Some(cards) = &scenario.cards {
            stage.know_cards(cards, &cast)?;
        }
        Ok(Box::new(stage))
    }
}

/// The cast with the accounts of the scenario's people that are no card's.
fn with_accounts(cast: &Cast, scenario: &Scenario) -> Result<Cast, VenueError> {
    let mut cast = cast.clone();
    for person in &scenario.people {
        let Some(status) = person.at_bank else { continue };
        for (number, currency) in [(&person.khr, Currency::KHR), (&person.usd, Currency::USD)] {
            let Some(number) = number.as_ref().and_then(|number| Text::new(number.as_bytes())) else { continue };
            let of_a_card = |card: &bank_adapters::Card| card.accounts.iter().any(|account| account.number == number);
            let known = cast.accounts_of(&person.bank).any(|account| account.number == number);
            if known || cast.cards().iter().any(of_a_card) {
                continue;
            }
            let opening = Money::from_minor(0, currency);
            let account = CardlessAccount { bank: person.bank.clone(), holder: person.employee.clone(), number, opening, status };
            cast = cast.with_account(account).map_err(|error| VenueError::Wrong(error.to_string()))?;
        }
    }
    Ok(cast)
}
