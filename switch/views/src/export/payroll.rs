//! Payroll's own records as JSON. An account is masked, and a salary's identity is left out: it stands for a person.

use engine::{DropReason, ItemOutcome, Record};
use serde_json::{Value, json};

use super::{maybe, text};
use crate::mask;

/// A record's fields, in its own order; none for those of other rooms.
pub(super) fn fields(record: &Record<'_>) -> Vec<(&'static str, Value)> {
    let by = |operator: &str, reason: &str| [("operator", json!(operator)), ("reason", json!(reason))];
    let code = |why: [u8; 4]| text(why.escape_ascii());
    match *record {
        Record::BatchOpened { batch, header: it, operator, reason } => [
            ("batch", json!(batch.0)),
            ("payer", text(it.payer)),
            ("message", text(it.message)),
            ("period", text(it.period)),
            ("pays_on", text(it.pays_on)),
            ("currency", text(it.currency)),
            ("count", json!(it.count)),
            ("total", json!(it.total)),
            ("acquirer", text(it.acquirer)),
            ("funding_bank", json!(it.funding_bank.0)),
            ("funding_account", text(mask::account(&it.funding_account))),
        ]
        .into_iter()
        .chain(by(operator, reason))
        .collect(),
        Record::ItemTaken { item, attempt, asked: it } => vec![
            ("item", text(item)),
            ("attempt", json!(attempt)),
            ("bank", json!(it.bank.0)),
            ("account", text(mask::account(&it.account))),
            ("amount", json!(it.amount)),
        ],
        Record::BatchDropped { batch, why } => vec![("batch", json!(batch.0)), ("why", json!(dropped(why)))],
        Record::BatchSubmitted { batch, operator, reason }
        | Record::BatchCancelled { batch, operator, reason }
        | Record::CreditBackRetried { batch, operator, reason } => {
            [("batch", json!(batch.0))].into_iter().chain(by(operator, reason)).collect()
        }
        Record::BatchApproved { batch, submitted, operator, reason } => {
            let named = [("batch", json!(batch.0)), ("submitted", json!(submitted))];
            named.into_iter().chain(by(operator, reason)).collect()
        }
        Record::BatchFunded { batch } | Record::BatchBegun { batch } => vec![("batch", json!(batch.0))],
        Record::BatchUnfunded { batch, code } => vec![("batch", json!(batch.0)), ("code", text(code))],
        Record::ItemEnded { item, outcome: ItemOutcome::Paid { short } } => {
            vec![("item", text(item)), ("outcome", json!("paid")), ("short", json!(short))]
        }
        Record::ItemEnded { item, outcome: ItemOutcome::Rejected(code) } => {
            vec![("item", text(item)), ("outcome", json!("rejected")), ("code", text(code))]
        }
        Record::ItemPutBack { item, until } => vec![("item", text(item)), ("until", text(until))],
        Record::RecallStarted { item, number, amount, why, operator, reason } => {
            let named = [("item", text(item)), ("number", json!(number)), ("amount", json!(amount)), ("why", code(why))];
            named.into_iter().chain(by(operator, reason)).collect()
        }
        Record::ItemReturned { item, number, amount, why } => {
            vec![("item", text(item)), ("number", json!(number)), ("amount", json!(amount)), ("why", code(why))]
        }
        Record::RecallRefused { item, number, code } => {
            vec![("item", text(item)), ("number", json!(number)), ("code", text(code))]
        }
        Record::PartFunded { batch, number, amount }
        | Record::CreditBackStarted { batch, number, amount }
        | Record::CreditedBack { batch, number, amount } => {
            vec![("batch", json!(batch.0)), ("number", json!(number)), ("amount", json!(amount))]
        }
        Record::CreditBackRefused { batch, number, code, until } => {
            vec![("batch", json!(batch.0)), ("number", json!(number)), ("code", maybe(code)), ("until", text(until))]
        }
        Record::ItemSettled { item, paid, operator, reason } => {
            [("item", text(item)), ("paid", json!(paid))].into_iter().chain(by(operator, reason)).collect()
        }
        Record::PayrollForgotten { before } => vec![("before", text(before))],
        _ => Vec::new(),
    }
}

fn dropped(it: DropReason) -> &'static str {
    match it {
        DropReason::Duplicate => "duplicate",
        DropReason::Bank => "bank",
        DropReason::Amount => "amount",
        DropReason::Totals => "totals",
        DropReason::Stopped => "stopped",
    }
}
