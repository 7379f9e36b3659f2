//! One row per kind that terminals ask for. A kind that the engine learns gets its weight here.

use model::Kind;

/// What a kind does for the person at the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The terminal gives: cash or goods, paid by the card's account.
    Out,
    /// The card's account is given something, and nothing tangible changes hands: a refund.
    Back,
    /// The terminal takes cash in.
    In,
    /// An account is paid, by no card.
    Account,
    /// Nothing moves.
    Ask,
}

/// A kind at the terminals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) way: Way,
    /// How often it is asked for, beside the others.
    pub(crate) weight: u64,
}

const fn row(kind: Kind, way: Way, weight: u64) -> Row {
    Row { kind, way, weight }
}

pub(crate) static ROWS: &[Row] = &[
    row(Kind::Purchase, Way::Out, 25),
    row(Kind::Withdrawal, Way::Out, 30),
    row(Kind::Refund, Way::Back, 6),
    row(Kind::Deposit, Way::In, 15),
    row(Kind::Salary, Way::Account, 14),
    row(Kind::Balance, Way::Ask, 10),
    // The engine does not do these as the domain wants them yet; the banks do.
    row(Kind::CashBack, Way::Out, 0),
    row(Kind::MiniStatement, Way::Ask, 0),
    row(Kind::PinChange, Way::Ask, 0),
];

/// What a terminal does where it does not know what became of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InDoubt {
    /// It undoes it by 0420 until that is answered.
    Undo,
    /// It asks again until it is told.
    AskAgain,
    /// Nothing.
    Forget,
}

impl Way {
    pub(crate) fn in_doubt(self, escrow: bool) -> InDoubt {
        match self {
            Self::Out | Self::Back => InDoubt::Undo,
            Self::In if escrow => InDoubt::Undo,
            Self::In | Self::Account => InDoubt::AskAgain,
            Self::Ask => InDoubt::Forget,
        }
    }
}
