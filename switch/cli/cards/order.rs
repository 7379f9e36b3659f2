//! `payswitch cards block`, `unblock` and `replace`: orders to the running switch, where they are effective on the card's next
//! transaction and stand in the journal. The store follows the journal.

use std::process::ExitCode;

use admin::Done;
use clap::Args;
use serde_json::{Value, json};

use super::super::ask::At;
use super::{DataFolder, Failure, Of, Whose, store};

/// `payswitch cards block`
#[derive(Args)]
pub(super) struct Block {
    #[command(flatten)]
    whose: Whose,
    /// What is told: lost (41), stolen (43) or blocked (62).
    #[arg(long = "as", value_name = "LIST", default_value = "blocked")]
    list: String,
    #[command(flatten)]
    by: By,
}

/// `payswitch cards unblock`
#[derive(Args)]
pub(super) struct Unblock {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    by: By,
}

/// `payswitch cards replace`
#[derive(Args)]
pub(super) struct Replace {
    #[command(flatten)]
    whose: Whose,
    /// Why the old card is refused: lost (41), stolen (43) or blocked (62).
    #[arg(long = "as", value_name = "LIST", default_value = "blocked")]
    list: String,
    #[command(flatten)]
    by: By,
}

/// Who orders it, why, of whom.
#[derive(Args)]
struct By {
    /// Who orders it.
    #[arg(long, value_name = "NAME")]
    operator: String,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    folder: DataFolder,
}

impl Block {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        self.by.order(&self.whose, json!({ "order": "block", "list": self.list }))
    }
}

impl Unblock {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        self.by.order(&self.whose, json!({ "order": "unblock" }))
    }
}

impl Replace {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        self.by.order(&self.whose, json!({ "order": "replace", "list": self.list }))
    }
}

impl By {
    fn order(&self, whose: &Whose, mut body: Value) -> Result<ExitCode, Failure> {
        let pan = match whose.of()? {
            // A card that is named needs no store here.
            Of::Card(pan) => pan,
            of => store(&self.folder, false)?.card_of(&of)?.pan,
        };
        body["card"] = pan.digits().as_ref().iter().map(|digit| char::from(*digit)).collect::<String>().into();
        body["operator"] = self.operator.as_str().into();
        body["reason"] = self.reason.as_str().into();
        let done = self.at.order(&body, |done: &Done| {
            let card = done.card.as_deref().unwrap_or_default();
            let new = done.new_card.as_ref().map(|new| format!(", {new} stands for it and is to be printed")).unwrap_or_default();
            format!("done: {} {card}{new}; it stands in block {} of the journal, and the store follows", done.order, done.block)
        });
        done.map_err(|error| {
            format!("{error}\nnot done: it is the running switch that refuses a card, and the store follows its journal")
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
