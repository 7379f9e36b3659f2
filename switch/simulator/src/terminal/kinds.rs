//! One row per kind that terminals ask for, tell, or have held. A kind that the engine learns gets its weight here.

use model::{Kind, Mti};

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
    /// The card's account pays, another account somewhere receives.
    Across,
    /// A virtual card is issued.
    Issue,
    /// An amount is held.
    Hold,
    /// Nothing moves.
    Ask,
}

/// A kind at the terminals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    pub(crate) way: Way,
    /// The type of its first message.
    pub(crate) mti: Mti,
    /// How often it is asked for, beside the others.
    pub(crate) weight: u64,
}

const fn row(kind: Kind, way: Way, weight: u64) -> Row {
    Row { kind, way, mti: Mti::FINANCIAL_REQUEST, weight }
}

const fn holds(kind: Kind, weight: u64) -> Row {
    Row { kind, way: Way::Hold, mti: Mti::AUTHORIZATION_REQUEST, weight }
}

const fn told(kind: Kind, way: Way, weight: u64) -> Row {
    Row { kind, way, mti: Mti::FINANCIAL_ADVICE, weight }
}

pub(crate) static ROWS: &[Row] = &[
    row(Kind::Purchase, Way::Out, 20),
    row(Kind::Withdrawal, Way::Out, 24),
    row(Kind::CashBack, Way::Out, 5),
    row(Kind::Refund, Way::Back, 5),
    row(Kind::Deposit, Way::In, 10),
    row(Kind::Salary, Way::Account, 9),
    row(Kind::Balance, Way::Ask, 7),
    row(Kind::MiniStatement, Way::Ask, 3),
    row(Kind::PinChange, Way::Ask, 3),
    row(Kind::Transfer, Way::Across, 14),
    row(Kind::TopUp, Way::Across, 9),
    row(Kind::VirtualCard, Way::Issue, 3),
    holds(Kind::Purchase, 7),
    holds(Kind::CashBack, 1),
    holds(Kind::Withdrawal, 1),
    told(Kind::Purchase, Way::Out, 2),
    told(Kind::Withdrawal, Way::Out, 1),
    told(Kind::Refund, Way::Back, 1),
    Row { kind: Kind::Purchase, way: Way::Hold, mti: Mti::AUTHORIZATION_ADVICE, weight: 1 },
];

/// A completion: what was held, or more or less of it, is taken.
pub(crate) static COMPLETION: Row = told(Kind::Purchase, Way::Out, 0);

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

impl Row {
    pub(crate) fn in_doubt(&self, escrow: bool) -> InDoubt {
        match self.way {
            // What has happened is told until somebody listens.
            _ if self.mti.is_advice() => InDoubt::AskAgain,
            Way::Out | Way::Back | Way::Across | Way::Hold => InDoubt::Undo,
            Way::In if escrow => InDoubt::Undo,
            Way::In | Way::Account | Way::Issue => InDoubt::AskAgain,
            Way::Ask => InDoubt::Forget,
        }
    }

    /// Whether it is undone whole or not at all.
    pub(crate) fn is_indivisible(&self) -> bool {
        matches!(self.way, Way::Across | Way::Hold)
    }
}
