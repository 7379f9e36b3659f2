//! `payswitch demo`: placeholder until the story is there.
use std::process::ExitCode;

use clap::Args;

use super::Failure;

/// `payswitch demo`
#[derive(Args)]
pub(super) struct Demo {}

impl Demo {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        Ok(ExitCode::SUCCESS)
    }
}
