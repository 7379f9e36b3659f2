//! `payswitch positions`: who owes whom.

use std::process::ExitCode;

use admin::{List, Position};
use clap::Args;

use super::Failure;
use super::ask::At;
use super::table::listed;

/// `payswitch positions`
#[derive(Args)]
pub(super) struct Positions {
    #[command(flatten)]
    at: At,
}

impl Positions {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        self.at.show("/positions", |all: &List<Position>| {
            let row = |it: &Position| {
                let day = if it.closed { "closed" } else { "not closed" };
                [it.business_date.clone(), day.to_owned(), it.participant.clone(), it.shown.clone()]
            };
            listed(all, ["business date", "day", "participant", ">net (negative: owes)"], row, "nobody owes anybody anything")
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
