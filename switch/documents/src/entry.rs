//! What a payroll document says, piece by piece: the same for pain.001 and CSV.
//!
//! Knows: which pieces there are. Does not know: how they are written, nor whether a payee exists.

use model::{BusinessDate, Currency, Money};

use crate::sum::Sum;
use crate::words::{Account, Agent, EmployeeId, Identifier, Moment, Name, Purpose, Remittance};

/// One piece of a document, in the order in which they come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Once, first. Not given where something is wrong with it.
    Header(Header),
    /// Before its items; pain.001 may have several, CSV has one. Not given where something is wrong with it, and then its items are
    /// checked but not given either.
    Block(Block),
    /// One payment. Not given where something is wrong with it.
    Item(Item),
    /// Once, last: the document was read to its end. Where no fault came before it, its totals are those that it states.
    End(Totals),
}

/// What the message says of itself (`GrpHdr`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `MsgId`: what the sender calls it.
    pub message_id: Identifier,
    /// `CreDtTm`.
    pub created: Moment,
    /// `NbOfTxs`: how many items it says it has.
    pub count: u32,
    /// `CtrlSum`: the sum of their amounts, whatever their currencies.
    pub control_sum: Option<Sum>,
    /// `InitgPty/Nm`.
    pub initiator_name: Option<Name>,
    /// `InitgPty/Id/…/Othr/Id`.
    pub initiator_id: Option<Identifier>,
}

/// One payment order on one account (`PmtInf`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// `PmtInfId`. In CSV, which has one block, the message's own.
    pub id: Identifier,
    /// `Dbtr/Nm`.
    pub payer_name: Option<Name>,
    /// `Dbtr/Id/OrgId/Othr/Id`: who pays.
    pub payer_id: Identifier,
    /// `DbtrAcct/Id`: what it is paid from.
    pub account: Account,
    /// The currency of that account (`DbtrAcct/Ccy`). All items have it; where it is not told, that of the first.
    pub currency: Option<Currency>,
    /// `DbtrAgt`: at which bank that account is.
    pub agent: Agent,
    /// `ReqdExctnDt`: the payer's local day on which it is to be paid.
    pub execution_date: BusinessDate,
    /// `PmtTpInf/CtgyPurp/Cd`.
    pub purpose: Option<Purpose>,
    /// `NbOfTxs` of this block.
    pub count: Option<u32>,
    /// `CtrlSum` of this block.
    pub control_sum: Option<Sum>,
}

/// One payment to one person (`CdtTrfTxInf`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The column in characters on which it begins, from 1.
    pub column: u64,
    /// The how manieth of the document, from 1; those with faults are counted.
    pub index: u32,
    /// `PmtId/EndToEndId`.
    pub end_to_end_id: Identifier,
    /// `PmtId/InstrId`.
    pub instruction_id: Option<Identifier>,
    /// `Amt/InstdAmt`: above zero.
    pub amount: Money,
    /// `CdtrAgt`: the payee's bank.
    pub agent: Agent,
    /// `CdtrAcct/Id`: the account that is paid.
    pub account: Account,
    /// `Cdtr/Nm`.
    pub name: Option<Name>,
    /// `Cdtr/Id/PrvtId/Othr/Id`: whose salary it is.
    pub employee: EmployeeId,
    /// `Purp/Cd`: which element of the salary.
    pub purpose: Option<Purpose>,
    /// The first `RmtInf/Ustrd`.
    pub remittance: Option<Remittance>,
}

/// How many items there are, and what they come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Items, those with faults too.
    pub count: u64,
    /// The sum of their amounts; nothing where an amount could not be read.
    pub sum: Option<Sum>,
}
