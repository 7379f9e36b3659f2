//! `payswitch dead-letters`: what is owed to banks and was given up. Each is tried again or discarded by an order.

use std::process::ExitCode;

use admin::{DeadLetter, List};
use clap::Args;

use super::Failure;
use super::ask::At;
use super::table::listed;

/// `payswitch dead-letters`
#[derive(Args)]
pub(super) struct DeadLetters {
    #[command(flatten)]
    at: At,
}

impl DeadLetters {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        self.at.show("/dead-letters", |all: &List<DeadLetter>| {
            let head = ["leg", "bank", "owed", "kind", ">amount", "card", "RRN", ">sent", "owed since", "why"];
            let row = |it: &DeadLetter| {
                let [card, since] = [&it.card, &it.since].map(|it| it.as_deref().unwrap_or("-").to_owned());
                let of = [&it.leg, &it.bank, &it.owed, &it.kind, &it.amount].map(String::clone);
                let [leg, bank, owed, kind, amount] = of;
                let sent = format!("{} times", it.attempts);
                [leg, bank, owed, kind, amount, card, it.rrn.clone(), sent, since, it.reason.clone()]
            };
            listed(all, head, row, "nothing was given up")
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
