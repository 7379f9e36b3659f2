//! What a recorded answer is expected to be: what a replay repeats is literal, what it makes anew is a matcher.

use model::{Class, Message};

use super::harmless::is_harmless;
use crate::scenario::draft::{DraftStep, Value};
use crate::scenario::fields::{FIELDS, Field};

/// The step that expects `answer` to `request`.
pub(super) fn expected(request: &Message<'_>, answer: &Message<'_>) -> DraftStep {
    let mut step = DraftStep::new("expect", &answer.mti.to_string());
    for field in FIELDS {
        if let Some(value) = wanted(field, request, answer) {
            step.set(field.name, value);
        }
    }
    step
}

fn wanted(field: &Field, request: &Message<'_>, answer: &Message<'_>) -> Option<Value> {
    let (asked, told) = (field.text(request), field.text(answer));
    match field.number {
        // Without it an approval is no approval; with it a refusal is none.
        38 if told.is_none() => decides(answer).then(|| Value::said("absent")),
        // Made anew by whoever replays it.
        7 | 11 | 37 => told.map(|told| Value::said(if asked.is_some_and(|it| it == told) { "echo" } else { "present" })),
        // Made anew by the bank or the day.
        12 | 13 if asked.is_none() => told.map(|_| Value::said("present")),
        15 | 34 | 38 | 48 | 60..=63 => told.map(|_| Value::said("present")),
        2 if request.pan != answer.pan => told.map(|_| Value::said("present")),
        // Secrets are not there in answers, and never shown; DE54 is told by its balances.
        2 | 35 | 52 | 54 | 55 | 90 if !field.part => None,
        // An amount in no currency has no text.
        4 | 28 | 95 if answer.currency.is_none() => told.map(|_| Value::said("present")),
        // What came of it.
        4 | 28 | 39 | 44 | 54 | 70 | 95 => told.filter(|it| is_harmless(it)).map(Value::Text),
        // What was asked, said again; or something else instead.
        _ if asked == told => None,
        _ => told.filter(|it| is_harmless(it)).map(Value::Text),
    }
}

/// Whether it is an answer that carries an authorization where it approves.
fn decides(answer: &Message<'_>) -> bool {
    matches!(answer.mti.class(), Some(Class::Authorization | Class::Financial)) && !answer.mti.is_advice()
}
