//! One row per kind of transaction. To add a kind, add its row here, its name in `model::Kind`, and its profile in `wire`.

use model::{Class, Kind};

use crate::bytes::bytes_of_enum;
use crate::state::Asked;

/// Which timer a kind's leg runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// A person stands before a machine.
    Atm,
    /// A person stands at a counter.
    Pos,
}

/// What follows when a leg's outcome is unknown: its timer fired, its reply was no sound message, or the switch stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnTimeout {
    /// The terminal is told 91; the leg is reversed by an advice that is repeated until it is answered.
    Reverse,
    /// The terminal is told 09; the same request goes out again, with the same reference, until it is answered.
    Repeat,
    /// The terminal is told 91; nothing is owed to the bank.
    #[default]
    Nothing,
    /// The leg is an advice from its beginning: what it tells has happened, and it is sent until it is answered.
    Advise,
}

bytes_of_enum!(OnTimeout { Reverse = 1, Repeat = 2, Nothing = 3, Advise = 4 });

/// Whose bank a step is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The card's; where no card is shown, the one that DE100 names.
    Card,
    /// The one that DE100 names; where none is named, the card's.
    Receiver,
}

/// What a step's approval does to the account at its bank, and so between that bank and the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// No amount moves; a fee may.
    Nothing,
    /// The account pays: the bank owes the other side.
    Takes,
    /// The account receives: the other side owes the bank.
    Gives,
}

/// One step of a kind, at one bank.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The kind that the bank is asked for.
    pub asks: Kind,
    /// Whose bank.
    pub at: At,
    /// The bank's timer.
    pub timer: Timer,
    /// What follows an unknown outcome.
    pub on_timeout: OnTimeout,
    /// What follows it where the terminal has taken cash in and cannot give it back (no escrow).
    pub on_timeout_cash_kept: OnTimeout,
    /// What an approval moves.
    pub moves: Moves,
    /// Whether an approval only holds the amount, until a completion takes it.
    pub holds: bool,
}

/// What a kind is.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its legs, in order: each starts when the one before is approved. Of several, the first takes and the last gives, and in
    /// between the money is in clearing.
    pub steps: &'static [Step],
    /// Whether its answer is stored and given again to a repeat; others are asked again.
    pub moves_money: bool,
}

const fn step(asks: Kind, timer: Timer, on_timeout: OnTimeout, moves: Moves) -> Step {
    Step { asks, at: At::Card, timer, on_timeout, on_timeout_cash_kept: on_timeout, moves, holds: false }
}

const fn pays_at_counter(asks: Kind) -> Step {
    step(asks, Timer::Pos, OnTimeout::Reverse, Moves::Takes)
}

const fn pays_at_machine(asks: Kind) -> Step {
    step(asks, Timer::Atm, OnTimeout::Reverse, Moves::Takes)
}

/// An account that is named, not a card's, pays.
const fn debits(asks: Kind) -> Step {
    Step { at: At::Receiver, ..step(asks, Timer::Atm, OnTimeout::Reverse, Moves::Takes) }
}

/// An account receives what cannot be taken back from where it came.
const fn credits(asks: Kind) -> Step {
    Step { at: At::Receiver, ..step(asks, Timer::Atm, OnTimeout::Repeat, Moves::Gives) }
}

const fn holds(asks: Kind) -> Step {
    Step { holds: true, moves: Moves::Nothing, ..pays_at_counter(asks) }
}

const REFUNDS: Step = step(Kind::Refund, Timer::Pos, OnTimeout::Reverse, Moves::Gives);
const TAKES_CASH_IN: Step =
    Step { on_timeout_cash_kept: OnTimeout::Repeat, ..step(Kind::Deposit, Timer::Atm, OnTimeout::Reverse, Moves::Gives) };

const fn moves(steps: &'static [Step]) -> Option<Row> {
    Some(Row { steps, moves_money: true })
}

/// The row of a kind asked for by 0200. The timers and what follows them: ARCHITECTURE.md, "When a bank does not answer".
const fn financial(kind: Kind) -> Option<Row> {
    const fn inquires(steps: &'static [Step]) -> Option<Row> {
        Some(Row { steps, moves_money: false })
    }
    match kind {
        Kind::Purchase => moves(const { &[pays_at_counter(Kind::Purchase)] }),
        Kind::CashBack => moves(const { &[pays_at_counter(Kind::CashBack)] }),
        Kind::Withdrawal => moves(const { &[pays_at_machine(Kind::Withdrawal)] }),
        Kind::Refund => moves(&[REFUNDS]),
        Kind::Deposit => moves(&[TAKES_CASH_IN]),
        Kind::Salary => moves(const { &[credits(Kind::Salary)] }),
        Kind::Funding => moves(const { &[debits(Kind::Funding)] }),
        Kind::Recall => moves(const { &[debits(Kind::Recall)] }),
        Kind::Transfer => moves(const { &[pays_at_machine(Kind::Transfer), credits(Kind::Salary)] }),
        Kind::TopUp => moves(const { &[pays_at_machine(Kind::TopUp), credits(Kind::TopUp)] }),
        Kind::VirtualCard => moves(const { &[step(Kind::VirtualCard, Timer::Atm, OnTimeout::Repeat, Moves::Nothing)] }),
        Kind::Balance => inquires(const { &[step(Kind::Balance, Timer::Atm, OnTimeout::Nothing, Moves::Nothing)] }),
        Kind::MiniStatement => inquires(const { &[step(Kind::MiniStatement, Timer::Atm, OnTimeout::Nothing, Moves::Nothing)] }),
        Kind::PinChange => inquires(const { &[step(Kind::PinChange, Timer::Atm, OnTimeout::Nothing, Moves::Nothing)] }),
    }
}

/// The row of a kind asked for by 0100: the amount is held.
const fn authorization(kind: Kind) -> Option<Row> {
    match kind {
        Kind::Purchase => moves(const { &[holds(Kind::Purchase)] }),
        Kind::CashBack => moves(const { &[holds(Kind::CashBack)] }),
        Kind::Withdrawal => moves(const { &[holds(Kind::Withdrawal)] }),
        Kind::Refund
        | Kind::Deposit
        | Kind::Salary
        | Kind::Balance
        | Kind::MiniStatement
        | Kind::Transfer
        | Kind::VirtualCard
        | Kind::PinChange
        | Kind::Funding
        | Kind::Recall
        | Kind::TopUp => None,
    }
}

/// The row of a kind in messages of a class; `None` where that class does not have it.
#[must_use]
pub const fn row(class: Class, kind: Kind) -> Option<Row> {
    match class {
        Class::Financial => financial(kind),
        Class::Authorization => authorization(kind),
        Class::FileUpdate | Class::Reversal | Class::Reconciliation | Class::Administrative | Class::Network => None,
    }
}

/// The row of what was asked. An advice has one only where a single step tells all of it.
pub(crate) fn row_of(asked: &Asked) -> Option<Row> {
    let row = row(asked.mti.class()?, asked.kind()?)?;
    let told = !asked.mti.is_advice() || (row.moves_money && row.steps.len() == 1);
    told.then_some(row)
}
