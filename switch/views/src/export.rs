//! Records as JSON, one object on a line: what `payswitch journal export` writes. Card and account numbers are masked.

mod payroll;

use std::fmt::Display;

use engine::{
    Answer, Asked, Entry, HoldEnd, Identity, LossReason, Named, OnTimeout, Part, Participant, Record, ReversalReason,
    StandInReason,
};
use serde_json::{Map, Value, json};

use crate::mask;

/// A record of block `number` as one JSON object, without a line end. Keys of every line: `block`, `at` (RFC 3339, UTC, microseconds),
/// `record` (its name), then the record's fields. Amounts are in minor units.
#[must_use]
pub fn json_line(number: u64, entry: &Entry<'_>) -> String {
    let head = [
        format!("\"block\":{number}"),
        format!("\"at\":{}", text(entry.at)),
        format!("\"record\":{}", text(entry.record.name())),
    ];
    let fields = fields(&entry.record).into_iter().map(|(name, value)| format!("{}:{value}", text(name)));
    format!("{{{}}}", head.into_iter().chain(fields).collect::<Vec<_>>().join(","))
}

fn text(value: impl Display) -> Value {
    Value::String(value.to_string())
}

fn maybe(value: Option<impl Display>) -> Value {
    value.map_or(Value::Null, text)
}

/// A record's fields, in its own order.
fn fields(record: &Record<'_>) -> Vec<(&'static str, Value)> {
    match *record {
        Record::Created { seed } => vec![("seed", json!(seed))],
        Record::Adopted { rules } => vec![("rules", json!(rules))],
        Record::DayOpened { date } => vec![("date", text(date))],
        Record::BankLinked { bank, up } => vec![("bank", json!(bank.0)), ("up", json!(up))],
        Record::BankSigned { bank, on } => vec![("bank", json!(bank.0)), ("on", json!(on))],
        Record::NetworkAnswered { link, institution, code, answer } => {
            vec![("link", json!(link.0)), ("institution", json!(institution)), ("code", json!(code)), ("answer", text(answer))]
        }
        Record::Accepted { transaction, asked: it } => vec![("transaction", json!(transaction.0)), ("asked", asked(&it))],
        Record::LegStarted { leg, bank, identity: it, due, on_timeout, fee, interchange, used } => vec![
            ("leg", text(leg)),
            ("bank", json!(bank.0)),
            ("identity", identity(it)),
            ("due", text(due)),
            ("on_timeout", json!(after_timeout(on_timeout))),
            ("fee", json!(fee)),
            ("interchange", json!(interchange)),
            ("used", used.map_or(Value::Null, |it| json!({ "limit": it.class, "amount": it.amount }))),
        ],
        Record::Refused { transaction, asked: it, code } => {
            vec![("transaction", json!(transaction.0)), ("asked", asked(&it)), ("code", text(code))]
        }
        Record::Repeated { transaction, link } => vec![("transaction", json!(transaction.0)), ("link", json!(link.0))],
        Record::Joined { transaction, link, transmitted } => {
            vec![("transaction", json!(transaction.0)), ("link", json!(link.0)), ("transmitted", text(transmitted))]
        }
        Record::LegAnswered { leg, answer: it } => vec![("leg", text(leg)), ("answer", answer(it))],
        Record::LegLost { leg, reason } => vec![("leg", text(leg)), ("reason", json!(loss(reason)))],
        Record::Answered { transaction, answer: it } => vec![("transaction", json!(transaction.0)), ("answer", answer(it))],
        Record::ReversalStarted { leg, reason, identity: it, stands } => {
            vec![("leg", text(leg)), ("reason", json!(reversal(reason))), ("identity", identity(it)), ("stands", json!(stands))]
        }
        Record::RepeatStarted { leg } => vec![("leg", text(leg))],
        Record::ForwardTried { leg, sent, due } => vec![("leg", text(leg)), ("sent", json!(sent)), ("due", text(due))],
        Record::ForwardEnded { leg, code, dead } => vec![("leg", text(leg)), ("code", maybe(code)), ("dead", json!(dead))],
        Record::LateReply { bank, stan, code, leg } => {
            vec![("bank", json!(bank.0)), ("stan", maybe(stan)), ("code", maybe(code)), ("leg", maybe(leg))]
        }
        Record::ReversalAnswered { transaction, asked: it, original, awaited, code } => vec![
            ("transaction", json!(transaction.0)),
            ("asked", asked(&it)),
            ("original", json!(original.map(|it| it.0))),
            ("awaited", awaited.map_or(Value::Null, named)),
            ("code", text(code)),
        ],
        Record::UndoNoted { leg, stands } => vec![("leg", text(leg)), ("stands", json!(stands))],
        Record::AnswerUndelivered { transaction } | Record::ReversalOverruled { transaction } => {
            vec![("transaction", json!(transaction.0))]
        }
        Record::Posted { leg, part, date, currency, from, to, amount }
        | Record::PostedBack { leg, part, date, currency, from, to, amount } => vec![
            ("leg", text(leg)),
            ("part", json!(part_of_posting(part))),
            ("date", text(date)),
            ("currency", text(currency)),
            ("from", participant(from)),
            ("to", participant(to)),
            ("amount", json!(amount)),
        ],
        Record::HoldPlaced { leg, amount, expires } => {
            vec![("leg", text(leg)), ("amount", json!(amount)), ("expires", text(expires))]
        }
        Record::HoldEnded { leg, how } => vec![("leg", text(leg)), ("how", json!(hold_end(how)))],
        Record::AdviceAccepted { transaction, asked: it, original } => {
            vec![("transaction", json!(transaction.0)), ("asked", asked(&it)), ("original", json!(original.map(|it| it.0)))]
        }
        Record::AdviceOwed { leg } => vec![("leg", text(leg))],
        Record::StoodIn { leg, reason, counted } => {
            vec![("leg", text(leg)), ("reason", json!(stand_in(reason))), ("counted", json!(counted))]
        }
        Record::DayClosed { date } => vec![("date", text(date))],
        Record::DeadRetried { leg, operator, reason } | Record::DeadDiscarded { leg, operator, reason } => {
            vec![("leg", text(leg)), ("operator", json!(operator)), ("reason", json!(reason))]
        }
        Record::CardListed { pan, code, by, reason } => {
            vec![("pan", text(pan)), ("code", maybe(code)), ("by", json!(by)), ("reason", json!(reason))]
        }
        Record::CardReplaced { pan, by_card, code, by_bank, by, reason } => {
            let told = [("pan", text(pan)), ("by_card", text(by_card)), ("code", text(code))];
            told.into_iter().chain([("by_bank", json!(by_bank)), ("by", json!(by)), ("reason", json!(reason))]).collect()
        }
        Record::Operated { operator, order, reason } => {
            vec![("operator", json!(operator)), ("order", json!(order)), ("reason", json!(reason))]
        }
        Record::BatchOpened { .. }
        | Record::ItemTaken { .. }
        | Record::BatchDropped { .. }
        | Record::BatchSubmitted { .. }
        | Record::BatchApproved { .. }
        | Record::BatchFunded { .. }
        | Record::PartFunded { .. }
        | Record::BatchUnfunded { .. }
        | Record::BatchBegun { .. }
        | Record::BatchCancelled { .. }
        | Record::ItemEnded { .. }
        | Record::ItemPutBack { .. }
        | Record::RecallStarted { .. }
        | Record::ItemReturned { .. }
        | Record::RecallRefused { .. }
        | Record::CreditBackStarted { .. }
        | Record::CreditedBack { .. }
        | Record::CreditBackRefused { .. }
        | Record::CreditBackRetried { .. }
        | Record::ItemSettled { .. }
        | Record::PayrollForgotten { .. } => payroll::fields(record),
    }
}

/// Who owes or is owed: an institution's number, or `clearing`.
fn participant(it: Participant) -> Value {
    match it {
        Participant::Clearing => json!("clearing"),
        Participant::Institution(number) => json!(number),
    }
}

fn part_of_posting(it: Part) -> &'static str {
    match it {
        Part::Principal => "principal",
        Part::Fee => "fee",
        Part::Interchange => "interchange",
    }
}

fn hold_end(it: HoldEnd) -> &'static str {
    match it {
        HoldEnd::Completed => "completed",
        HoldEnd::Reversed => "reversed",
        HoldEnd::Expired => "expired",
    }
}

fn stand_in(it: StandInReason) -> &'static str {
    match it {
        StandInReason::SignedOff => "signed off",
        StandInReason::Down => "down",
        StandInReason::Queued => "queued",
    }
}

/// A request; fields that it did not have are left out.
fn asked(it: &Asked) -> Value {
    let Asked { link, mti, pan, processing, amount, currency, transmitted, stan, local_time, local_date, .. } = *it;
    let Asked { merchant_type, entry_mode, condition, acquirer, rrn, terminal, merchant, stands, receiver, .. } = *it;
    let fields = [
        ("link", json!(link.0)),
        ("mti", text(mti)),
        ("pan", maybe(pan)),
        ("processing", text(processing)),
        ("amount", json!(amount)),
        ("currency", text(currency)),
        ("transmitted", text(transmitted)),
        ("stan", text(stan)),
        ("local_time", text(local_time)),
        ("local_date", text(local_date)),
        ("merchant_type", json!(merchant_type)),
        ("entry_mode", json!(entry_mode)),
        ("condition", json!(condition)),
        ("acquirer", text(acquirer)),
        ("rrn", text(rrn)),
        ("terminal", text(terminal)),
        ("merchant", maybe(merchant)),
        ("stands", json!(stands)),
        ("receiver", maybe(receiver)),
        ("from_account", maybe(it.from_account.map(|it| mask::account(&it)))),
        ("to_account", maybe(it.to_account.map(|it| mask::account(&it)))),
    ];
    let present = fields.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(present.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

fn identity(it: Identity) -> Value {
    json!({ "stan": it.stan.to_string(), "transmitted": it.transmitted.to_string() })
}

fn named(it: Named) -> Value {
    json!({ "mti": it.mti.to_string(), "stan": it.stan.to_string(), "transmitted": it.transmitted.to_string() })
}

fn answer(it: Answer) -> Value {
    json!({
        "code": it.code.to_string(),
        "authorization": it.authorization.map(|it| it.to_string()),
        "amount": it.amount,
        "issued": it.issued.map(|it| it.to_string()),
    })
}

fn after_timeout(it: OnTimeout) -> &'static str {
    match it {
        OnTimeout::Reverse => "reverse",
        OnTimeout::Repeat => "repeat",
        OnTimeout::Nothing => "nothing",
        OnTimeout::Advise => "advise",
    }
}

fn loss(it: LossReason) -> &'static str {
    match it {
        LossReason::Timeout => "timeout",
        LossReason::BadReply => "bad reply",
        LossReason::Stopped => "stopped",
        LossReason::Undelivered => "undelivered",
    }
}

fn reversal(it: ReversalReason) -> &'static str {
    match it {
        ReversalReason::Unknown => "unknown",
        ReversalReason::Asked => "asked",
        ReversalReason::Undelivered => "undelivered",
        ReversalReason::LaterLegRefused => "later leg refused",
    }
}
