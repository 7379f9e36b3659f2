//! What a statement tells, as its rows say it.

use model::{Currency, Kind, Money, Timestamp};
use rusqlite::Row;

use crate::{AccountStatus, Form};

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// A card holder's.
    Customer,
    /// What the bank owes the switch, or is owed by it.
    Settlement,
    /// Where opening balances come from.
    Opening,
}

/// An account and what is on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountTotal {
    /// Its number.
    pub number: String,
    /// The alias of its holder's card, at an operator the phone's number; of a customer's account only.
    pub holder: Option<String>,
    /// What it is for.
    pub kind: AccountKind,
    /// Its currency.
    pub currency: Currency,
    /// The sum of its entries in minor units, positive where it is the holder's.
    pub balance: i64,
    /// What is held of it, in minor units, as far as the bank has noticed that holds are over; see
    /// [`Statement::held`](super::Statement::held).
    pub held: i64,
    /// Whether it takes money.
    pub status: AccountStatus,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationState {
    /// Posted, or held.
    Approved,
    /// Refused.
    Declined,
    /// Undone down to what stands; of what was declined there was nothing to undo.
    Reversed,
    /// Never seen: its reversal, or the advice that completes it, came first.
    Tombstone,
}

/// A request as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The text of its [`Reference`](crate::Reference).
    pub reference: String,
    /// In which message it came; of a tombstone none did.
    pub form: Option<Form>,
    /// What it was; of a tombstone what the message said that named it.
    pub kind: Option<Kind>,
    /// The card's alias, where the bank knows the card; `dara-v1` is the bank's first virtual card, funded by `dara`.
    pub card: Option<String>,
    /// The card's number, masked.
    pub pan_masked: Option<String>,
    /// The customer's account.
    pub account: Option<String>,
    /// What was asked for.
    pub amount: Option<Money>,
    /// What the holder is charged beside it, in minor units.
    pub fee: i64,
    /// DE39 of its answer.
    pub code: String,
    /// DE38 of its answer.
    pub authorization: Option<String>,
    /// What became of it.
    pub state: OperationState,
    /// What is in force of the amount, in minor units. Of an authorization this is what was approved; what became of it, its
    /// [`Hold`] says.
    pub stands: i64,
    /// What is in force of the fee, in minor units.
    pub fee_stands: i64,
    /// DE37.
    pub rrn: Option<String>,
    /// When it was posted.
    pub booked_at: Timestamp,
}

/// One side of a posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The text of the [`Reference`](crate::Reference) it was booked for.
    pub reference: String,
    /// Whose account.
    pub account: String,
    /// Minor units of `currency`; positive is the holder's gain.
    pub amount: i64,
    /// The account's currency.
    pub currency: String,
    /// `fee`, `reversal`, `fee-reversal`, `opening`, or the name of a [`Kind`].
    pub what: String,
    /// What the holder is told beside it: whom a transfer pays, which phone a top-up is for.
    pub detail: Option<String>,
    /// MMDD.
    pub business_date: Option<String>,
    /// DE37.
    pub rrn: Option<String>,
}

/// A posting whose entries do not sum to zero: the ledger is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbalanced {
    /// Which.
    pub reference: String,
    /// What it was.
    pub what: String,
    /// In which currency.
    pub currency: String,
    /// By how much, in minor units.
    pub sum: i64,
}

/// What became of a hold. All but the first are ends, and a hold has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldState {
    /// The amount cannot be spent otherwise, unless its time is over and nobody has asked since.
    Held,
    /// An advice completed it.
    Taken,
    /// A reversal gave it back.
    Freed,
    /// Its time was over.
    Expired,
}

/// An amount that an authorization holds, or held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The text of its authorization's [`Reference`](crate::Reference).
    pub reference: String,
    /// Whose.
    pub account: String,
    /// Amount and fee in minor units of the account's currency; less where a part was reversed.
    pub amount: i64,
    /// When it is over by itself.
    pub expires_at: Timestamp,
    /// What became of it.
    pub state: HoldState,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Where it was taken: the text of the advice's [`Reference`](crate::Reference).
    pub ended_by: Option<String>,
}

/// A virtual card that the bank issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// How many the bank had issued with it.
    pub serial: i64,
    /// Alias of the card that funds it.
    pub card: String,
    /// Its number, masked.
    pub pan_masked: String,
    /// Whether its issue was reversed.
    pub withdrawn: bool,
}

impl AccountTotal {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            holder: row.get(1)?,
            kind: match row.get_ref(2)?.as_str()? {
                "customer" => AccountKind::Customer,
                "settlement" => AccountKind::Settlement,
                _ => AccountKind::Opening,
            },
            currency: currency(row, 3)?,
            balance: row.get(4)?,
            held: row.get(5)?,
            status: AccountStatus::from_name(row.get_ref(6)?.as_str()?).unwrap_or_default(),
        })
    }
}

fn currency(row: &Row<'_>, column: usize) -> rusqlite::Result<Currency> {
    Currency::from_alpha(row.get_ref(column)?.as_str()?).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, 0))
}

impl Operation {
    pub(super) const SELECT: &str = "SELECT reference, form, kind, card, pan_masked, account, amount, fee, currency, code,
        authorization, state, stands, fee_stands, rrn, booked_at FROM operations";

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (form, kind): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
        let (minor, code): (i64, Option<String>) = (row.get(6)?, row.get(8)?);
        let currency = code.and_then(|code| Currency::from_alpha(&code));
        Ok(Self {
            reference: row.get(0)?,
            form: form.and_then(|name| Form::from_name(&name)),
            kind: kind.and_then(|name| Kind::from_name(&name)),
            card: row.get(3)?,
            pan_masked: row.get(4)?,
            account: row.get(5)?,
            amount: currency.map(|currency| Money::from_minor(minor.unsigned_abs(), currency)),
            fee: row.get(7)?,
            code: row.get(9)?,
            authorization: row.get(10)?,
            state: match row.get_ref(11)?.as_str()? {
                "approved" => OperationState::Approved,
                "declined" => OperationState::Declined,
                "reversed" => OperationState::Reversed,
                _ => OperationState::Tombstone,
            },
            stands: row.get(12)?,
            fee_stands: row.get(13)?,
            rrn: row.get(14)?,
            booked_at: Timestamp::from_micros(row.get(15)?),
        })
    }
}

impl Entry {
    pub(super) const SELECT: &str = "SELECT reference, number, amount, currency, what, detail, business_date, rrn
        FROM entries JOIN accounts ON accounts.id = account";

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            reference: row.get(0)?,
            account: row.get(1)?,
            amount: row.get(2)?,
            currency: row.get(3)?,
            what: row.get(4)?,
            detail: row.get(5)?,
            business_date: row.get(6)?,
            rrn: row.get(7)?,
        })
    }
}

impl Unbalanced {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { reference: row.get(0)?, what: row.get(1)?, currency: row.get(2)?, sum: row.get(3)? })
    }
}

impl Hold {
    pub(super) const SELECT: &str = "SELECT reference, number, amount, expires_at, state, ended_at, ended_by
        FROM holds JOIN accounts ON accounts.id = account";

    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let ended_at: Option<i64> = row.get(5)?;
        Ok(Self {
            reference: row.get(0)?,
            account: row.get(1)?,
            amount: row.get(2)?,
            expires_at: Timestamp::from_micros(row.get(3)?),
            state: match row.get_ref(4)?.as_str()? {
                "held" => HoldState::Held,
                "taken" => HoldState::Taken,
                "freed" => HoldState::Freed,
                _ => HoldState::Expired,
            },
            ended_at: ended_at.map(Timestamp::from_micros),
            ended_by: row.get(6)?,
        })
    }
}

impl Issued {
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { serial: row.get(0)?, card: row.get(1)?, pan_masked: row.get(2)?, withdrawn: row.get(3)? })
    }
}
