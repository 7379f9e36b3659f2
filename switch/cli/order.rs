//! `payswitch order`: an operator's order to a running switch. It stands in the journal with who gave it and why.

use std::process::ExitCode;

use admin::Done;
use bank_adapters::Cast;
use clap::{Args, Subcommand};
use serde_json::json;

use super::Failure;
use super::ask::At;

/// `payswitch order`
#[derive(Args)]
pub(super) struct OrderCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Open the next business date now.
    Cutover {
        #[command(flatten)]
        by: By,
    },
    /// Ask a bank nothing more, as if it had signed off itself.
    SignOff {
        /// Its name or institution number.
        bank: String,
        #[command(flatten)]
        by: By,
    },
    /// Ask a bank again.
    SignOn {
        /// Its name or institution number.
        bank: String,
        #[command(flatten)]
        by: By,
    },
    /// Try a dead letter again. Needs a reason.
    Retry {
        /// The leg, as `payswitch dead-letters` lists it: 1042.0.
        leg: String,
        #[command(flatten)]
        by: By,
    },
    /// Take a dead letter off the list, because it was settled by other means. Needs a reason.
    Discard {
        /// The leg, as `payswitch dead-letters` lists it: 1042.0.
        leg: String,
        #[command(flatten)]
        by: By,
    },
    /// Refuse a card from its next transaction on. Needs a reason.
    Block {
        /// Its alias in the built-in cast, its number, or `-` to read the number from standard input, where no shell remembers it.
        card: String,
        /// What is told: lost (41), stolen (43) or blocked (62).
        #[arg(long, default_value = "blocked")]
        list: String,
        #[command(flatten)]
        by: By,
    },
    /// Refuse a card no longer. Needs a reason.
    Unblock {
        /// Its alias in the built-in cast, its number, or `-` to read the number from standard input, where no shell remembers it.
        card: String,
        #[command(flatten)]
        by: By,
    },
}

/// Who gives it, why, and to whom.
#[derive(Args)]
struct By {
    /// Who orders it.
    #[arg(long, value_name = "NAME")]
    operator: String,
    /// Why.
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    #[command(flatten)]
    at: At,
}

impl OrderCommand {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let (by, mut body) = match self.what {
            What::Cutover { by } => (by, json!({ "order": "cutover" })),
            What::SignOff { bank, by } => (by, json!({ "order": "sign-off", "bank": bank })),
            What::SignOn { bank, by } => (by, json!({ "order": "sign-on", "bank": bank })),
            What::Retry { leg, by } => (by, json!({ "order": "retry", "leg": leg })),
            What::Discard { leg, by } => (by, json!({ "order": "discard", "leg": leg })),
            What::Block { card, list, by } => (by, json!({ "order": "block", "card": number(&card)?, "list": list })),
            What::Unblock { card, by } => (by, json!({ "order": "unblock", "card": number(&card)? })),
        };
        body["operator"] = by.operator.into();
        body["reason"] = by.reason.into();
        by.at.order(&body, |done: &Done| {
            let card = done.card.as_ref().map(|card| format!(" {card}")).unwrap_or_default();
            format!("done: {}{card}; it stands in block {} of the journal", done.order, done.block)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The number of a card that is given as `-`, by its number or by its alias.
pub(super) fn number(card: &str) -> Result<String, Failure> {
    if card == "-" {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        return Ok(line.trim().to_owned());
    }
    if card.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(card.to_owned());
    }
    let digits = Cast::builtin().card(card)?.pan.digits();
    Ok(digits.as_ref().iter().map(|digit| char::from(*digit)).collect())
}
