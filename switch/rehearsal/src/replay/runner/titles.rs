//! A step in a few words: `expect 0210 of cash`.

use crate::scenario::{Action, Clock, CommandWord, ExpectAt, PayrollWord, Scenario, Sent, Step, Subject, Wanted};

/// The step's title.
pub(super) fn of(scenario: &Scenario, step: &Step) -> String {
    let named = |place: usize| match scenario.steps.get(place) {
        Some(Step { name: Some(name), .. }) => name.value.clone(),
        Some(step) => format!("line {}", step.line),
        None => String::new(),
    };
    match &step.action {
        Action::Send(send) => {
            let of = send.of.map(|of| format!(" of {}", named(of))).unwrap_or_default();
            let name = step.name.as_ref().map(|name| format!(" ({})", name.value)).unwrap_or_default();
            format!("send {}{of}{name}", sent(&send.what))
        }
        Action::Expect(expect) => {
            let what = match expect.wanted.value {
                Wanted::Type(mti) => mti.to_string(),
                Wanted::Answer => "an answer".to_owned(),
                Wanted::Nothing => "nothing".to_owned(),
            };
            let of = expect.of.map(|of| format!(" of {}", named(of))).unwrap_or_default();
            let at = match &expect.place {
                ExpectAt::Bank(bank) => format!(" at {bank}"),
                ExpectAt::Terminal(_) => String::new(),
            };
            format!("expect {what}{of}{at}")
        }
        Action::Command(command) => format!("command {}", word(&command.order.value)),
        Action::Payroll(payroll) => {
            let name = step.name.as_ref().map(|name| format!(" ({})", name.value)).unwrap_or_default();
            match &payroll.order.value {
                PayrollWord::Submit(_) => format!("payroll submit{name}"),
                PayrollWord::Approve(of) => format!("payroll approve of {}", named(*of)),
                PayrollWord::Cancel(of) => format!("payroll cancel of {}", named(*of)),
                PayrollWord::Register(person) => format!("payroll register {}", person.name),
                PayrollWord::CreditBack(of) => format!("payroll credit-back of {}", named(*of)),
                PayrollWord::Recall(of, item, ..) => format!("payroll recall of {}, item {item}", named(*of)),
                PayrollWord::Settle(of, item, _) => format!("payroll settle of {}, item {item}", named(*of)),
            }
        }
        Action::Fault(fault) => {
            let on = fault.spec.on.as_ref().map(|on| format!(" on {on}")).unwrap_or_default();
            format!("fault {}{on}", fault.spec.kind.word())
        }
        Action::Clock(Clock::By(time)) => format!("clock +{}", model::span::show(*time)),
        Action::Clock(Clock::Until(at)) => format!("clock {at}"),
        Action::Clock(Clock::Rest) => "clock rest".to_owned(),
        Action::Clock(Clock::Cutover) => "clock cutover".to_owned(),
        Action::Assert(assert) => match &assert.subject {
            Subject::Batch(of) => format!("assert batch of {}", named(*of)),
            Subject::Item(of, item) => format!("assert item {item} of {}", named(*of)),
            other => format!("assert {}", subject(other)),
        },
    }
}

fn sent(what: &Sent) -> &'static str {
    match what {
        Sent::Request(kind) => kind.name(),
        Sent::Authorization => "authorization",
        Sent::Completion => "completion",
        Sent::Advice => "advice",
        Sent::Repeat => "repeat",
        Sent::Reversal => "reversal",
        Sent::ReversalAdvice => "reversal-advice",
        Sent::SignOn => "sign-on",
        Sent::SignOff => "sign-off",
        Sent::Echo => "echo",
        Sent::Bytes { .. } => "bytes",
    }
}

fn word(order: &CommandWord) -> String {
    match order {
        CommandWord::Cutover => "cutover".to_owned(),
        CommandWord::SignOff(bank) => format!("sign-off {bank}"),
        CommandWord::SignOn(bank) => format!("sign-on {bank}"),
        CommandWord::Retry(..) => "retry".to_owned(),
        CommandWord::Discard(..) => "discard".to_owned(),
        CommandWord::Block(..) => "block".to_owned(),
        CommandWord::Unblock(_) => "unblock".to_owned(),
        CommandWord::Replace { .. } => "replace".to_owned(),
    }
}

fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Ledger { bank, card, .. } => match card.as_ref().and_then(|card| card.as_plain()) {
            Some(card) => format!("ledger of {card} at {bank}"),
            None => format!("ledger at {bank}"),
        },
        Subject::Positions { participant, currency, .. } => format!("position of {participant} in {currency}"),
        Subject::Owed(None) => "what is owed".to_owned(),
        Subject::Owed(Some(bank)) => format!("what is owed to {bank}"),
        Subject::DeadLetters => "dead letters".to_owned(),
        Subject::HotCards => "hot cards".to_owned(),
        Subject::Overruled => "overruled".to_owned(),
        Subject::Holding => "amounts held".to_owned(),
        Subject::Status(bank) => format!("status of {bank}"),
        Subject::BusinessDate => "business date".to_owned(),
        Subject::Metric { name, .. } => format!("metric {name}"),
        Subject::Batch(_) => "batch".to_owned(),
        Subject::Item(_, item) => format!("item {item}"),
    }
}
