//! `payswitch status`: how a running switch is.

use std::process::ExitCode;

use clap::Args;

use super::Failure;
use super::ask::At;
use super::table::table;

/// `payswitch status`
#[derive(Args)]
pub(super) struct Status {
    #[command(flatten)]
    at: At,
}

impl Status {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        self.at.show("/status", text)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn text(it: &admin::Status) -> String {
    let mut days: Vec<String> = Vec::new();
    if it.days_not_closed.is_empty() {
        days.push("every day before it is closed".to_owned());
    }
    for day in &it.days_not_closed {
        days.push(format!("{} waits for {} answers", day.business_date, day.unanswered));
    }
    let banks = it.banks.iter().map(|bank| {
        let is = match (bank.up, bank.signed_off) {
            (true, false) => "up",
            (true, true) => "signed off",
            (false, false) => "down",
            (false, true) => "down, signed off",
        };
        [
            bank.name.clone(),
            bank.institution.to_string(),
            is.to_owned(),
            bank.in_flight.to_string(),
            bank.forward_depth.to_string(),
        ]
    });
    format!(
        "{}\n{}\n{}",
        it.problem.as_ref().map_or_else(|| "takes requests".to_owned(), |problem| format!("takes no requests: {problem}")),
        table(
            ["business date", it.business_date.as_str()],
            [
                ["earlier days".to_owned(), days.join("; ")],
                ["owed to banks".to_owned(), it.forward_depth.to_string()],
                ["dead letters".to_owned(), it.dead_letters.to_string()],
                ["holds".to_owned(), it.holds.to_string()],
                ["hot cards".to_owned(), it.hot_cards.to_string()],
                ["overruled".to_owned(), it.overruled.to_string()],
            ]
        ),
        table(["bank", "institution", "is", ">open there", ">owed to it"], banks)
    )
}
