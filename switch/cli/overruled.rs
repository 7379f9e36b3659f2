//! `payswitch overruled`: what stands although its acquirer reversed it, because the money had arrived elsewhere. To be settled by
//! people.

use std::process::ExitCode;

use admin::List;
use clap::Args;

use super::Failure;
use super::ask::At;
use super::table::listed;

/// `payswitch overruled`
#[derive(Args)]
pub(super) struct Overruled {
    #[command(flatten)]
    at: At,
}

impl Overruled {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        self.at.show("/overruled", |all: &List<admin::Overruled>| {
            let head = ["RRN", "kind", ">amount", "business date", "acquirer"];
            let row = |it: &admin::Overruled| [&it.rrn, &it.kind, &it.amount, &it.business_date, &it.acquirer].map(String::clone);
            listed(all, head, row, "every reversal was carried out")
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
