//! One row per kind of transaction. To add a kind, add its row here, its name in `model::Kind`, and its profile in `wire`.

use model::Kind;

use crate::bytes::bytes_of_enum;

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
}

bytes_of_enum!(OnTimeout { Reverse = 1, Repeat = 2, Nothing = 3 });

/// One step of a kind, at one bank.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The bank's timer.
    pub timer: Timer,
    /// What follows an unknown outcome.
    pub on_timeout: OnTimeout,
    /// What follows it where the terminal has taken cash in and cannot give it back (no escrow).
    pub on_timeout_cash_kept: OnTimeout,
}

/// What a kind is.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its legs, in order: each starts when the one before is approved.
    pub steps: &'static [Step],
    /// Whether money can move by it. Such an answer is stored and given again to a repeat; others are asked again.
    pub moves_money: bool,
}

const fn step(timer: Timer, on_timeout: OnTimeout) -> Step {
    Step { timer, on_timeout, on_timeout_cash_kept: on_timeout }
}

const AT_COUNTER: Step = step(Timer::Pos, OnTimeout::Reverse);
const PAYS_CASH: Step = step(Timer::Atm, OnTimeout::Reverse);
const TAKES_CASH: Step = Step { on_timeout_cash_kept: OnTimeout::Repeat, ..PAYS_CASH };
const PAYS_ACCOUNT: Step = step(Timer::Atm, OnTimeout::Repeat);
const INQUIRES: Step = step(Timer::Atm, OnTimeout::Nothing);

/// The row of a kind. The timers and what follows them: ARCHITECTURE.md, "When a bank does not answer".
#[must_use]
pub fn row(kind: Kind) -> Row {
    match kind {
        Kind::Purchase | Kind::Refund => Row { steps: &[AT_COUNTER], moves_money: true },
        Kind::Withdrawal => Row { steps: &[PAYS_CASH], moves_money: true },
        Kind::Deposit => Row { steps: &[TAKES_CASH], moves_money: true },
        Kind::Salary => Row { steps: &[PAYS_ACCOUNT], moves_money: true },
        Kind::Balance | Kind::MiniStatement | Kind::PinChange => Row { steps: &[INQUIRES], moves_money: false },
        Kind::CashBack => Row { steps: &[AT_COUNTER], moves_money: true },
        Kind::Transfer | Kind::TopUp | Kind::VirtualCard => Row { steps: &[PAYS_CASH], moves_money: true },
    }
}
