//! What an acquirer is told, made from what was asked.

use model::{Content, Message, ResponseCode, TransactionId};

use super::{Turn, payroll};
use crate::LinkId;
use crate::out::{About, Out, Peer};
use crate::payroll::Purpose;
use crate::record::Record;
use crate::sabotage;
use crate::state::{Answer, Asked, Transaction};

/// What of a bank's answer passes through and is not kept: inquiries are asked again.
#[derive(Clone, Copy, Default)]
pub(super) struct Passed<'a> {
    /// DE54, balances.
    balances: Option<Content<'a>>,
    /// DE48, a mini-statement's lines.
    additional: Option<Content<'a>>,
}

impl<'a> Passed<'a> {
    pub(super) fn of(message: &Message<'a>) -> Self {
        Self { balances: message.balances, additional: message.additional }
    }
}

/// Who waits for what a transaction comes to.
enum Asker {
    /// An acquirer, on this connection.
    Link(LinkId),
    /// A payroll of the switch's own.
    Payroll(Purpose),
}

impl Asker {
    fn of(id: TransactionId, asked: &Asked) -> Self {
        Purpose::of(id).map_or(Self::Link(asked.link), Self::Payroll)
    }
}

/// Tells whoever asked for `transaction`, keeping what is told.
pub(super) fn tell<O: Out>(turn: &mut Turn<'_, O>, transaction: TransactionId, answer: Answer, passed: Passed<'_>) {
    turn.record(&Record::Answered { transaction, answer });
    let Some(it) = turn.state().transaction(transaction) else { return };
    let message = Message { balances: passed.balances, additional: passed.additional, ..message(it, answer) };
    match Asker::of(transaction, &it.asked) {
        Asker::Link(link) => turn.send(Peer::Link(link), &message, About::Answer(transaction)),
        Asker::Payroll(purpose) => payroll::told(turn, purpose),
    }
}

/// The outcome is known that could not be told at first: an acquirer's repeats are told it, a payroll is at once.
pub(super) fn correct<O: Out>(turn: &mut Turn<'_, O>, transaction: TransactionId, answer: Answer) {
    turn.record(&Record::Answered { transaction, answer });
    if let Some(purpose) = Purpose::of(transaction) {
        payroll::told(turn, purpose);
    }
}

/// Gives the stored answer to a repeat that came on `link`. From now on neither counts as undelivered: the other may have arrived.
pub(super) fn repeat<O: Out>(turn: &mut Turn<'_, O>, link: LinkId, repeat: &Asked, transaction: TransactionId) {
    turn.record(&Record::Repeated { transaction, link });
    give(turn, link, repeat, transaction);
}

/// Gives the stored answer on `link`. If it does not leave nothing follows.
pub(super) fn give<O: Out>(turn: &mut Turn<'_, O>, link: LinkId, repeat: &Asked, transaction: TransactionId) {
    let Some(it) = turn.state().transaction(transaction) else { return };
    let Some(answer) = it.answer else { return };
    let message = Message { transmitted: Some(repeat.transmitted), ..message(it, answer) };
    turn.send(Peer::Link(link), &message, About::Nothing);
}

/// Refuses a message that leaves no trace: nothing was admitted, so nothing is kept.
pub(super) fn refuse<O: Out>(turn: &mut Turn<'_, O>, link: LinkId, message: &Message<'_>, code: ResponseCode) {
    turn.send(Peer::Link(link), &refusal(message, code), About::Nothing);
}

/// The refusal of `message` with `code`: its own fields, as a response echoes them.
#[must_use]
pub fn refusal(message: &Message<'_>, code: ResponseCode) -> Message<'static> {
    Message {
        pan: message.pan,
        processing: message.processing,
        amount: message.amount,
        transmitted: message.transmitted,
        stan: message.stan,
        local_time: message.local_time,
        local_date: message.local_date,
        acquirer: message.acquirer,
        rrn: message.rrn,
        code: Some(if code == ResponseCode::APPROVED { code } else { sabotage::told(code) }),
        terminal: message.terminal,
        currency: message.currency,
        network: message.network,
        ..Message::new(message.mti.response())
    }
}

fn message(it: &Transaction, answer: Answer) -> Message<'static> {
    let asked = &it.asked;
    Message {
        amount: Some(answer.amount.unwrap_or(asked.amount)),
        transmitted: Some(asked.transmitted),
        stan: Some(asked.stan),
        business_date: Some(it.date.month_day()),
        authorization: answer.authorization,
        issued: answer.issued,
        fee: it.fee(),
        code: Some(sabotage::told(answer.code)),
        ..asked.message(asked.mti.response())
    }
}
