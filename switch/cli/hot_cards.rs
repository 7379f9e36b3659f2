//! `payswitch hot-cards`: which cards are refused, and with what.

use std::process::ExitCode;

use admin::{HotCard, List};
use clap::Args;

use super::Failure;
use super::ask::At;
use super::table::listed;

/// `payswitch hot-cards`
#[derive(Args)]
pub(super) struct HotCards {
    #[command(flatten)]
    at: At,
}

impl HotCards {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        self.at.show("/hot-cards", |all: &List<HotCard>| {
            let row = |it: &HotCard| [it.card.clone(), format!("{} {}", it.code, it.meaning)];
            listed(all, ["card", "refused with"], row, "no card is refused")
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
