//! The words of payroll: batches of salaries, who orders what, what has become of each.
//!
//! Knows: what a batch and an item are called, in numbers and states. Does not know: files, people or their names (an office
//! outside reads documents and hands over items), nor what follows an order (`flow::payroll`).

use std::fmt;

use model::{BusinessDate, Currency, HalfMonth, InstitutionId, ResponseCode, Rrn, Text, TransactionId};

use crate::bytes::{Bytes, Damaged, Source, bytes_of_enum, bytes_of_struct};
use crate::{BankId, LegId};

/// The most items that one order may bring.
pub const ITEMS_AT_ONCE_MAX: usize = 1_000;
/// The most items of a batch.
pub const ITEMS_MAX: u32 = 9_999_999;
/// The most parts in which a batch is funded: its reference counts parts and attempts in six digits.
pub const PARTS_MAX: u64 = 10_000;
/// The most batches of a stream.
pub const BATCHES_MAX: u32 = 99_999;

/// A batch of salaries, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchId(pub u32);

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One salary of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId {
    /// The batch.
    pub batch: BatchId,
    /// Its place in the file, from 1.
    pub number: u32,
}

impl ItemId {
    /// Reads what an item shows itself as: `12/3456`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (batch, number) = text.split_once('/')?;
        Some(Self { batch: BatchId(batch.parse().ok()?), number: number.parse().ok()? })
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.batch, self.number)
    }
}

/// Whom, for what and when: payer, employee, element and half-month, hashed by the office under a key of its own. The engine
/// never sees a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PayeeIdentity(pub [u8; 16]);

/// What a batch says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// Who pays, as the documents name it.
    pub payer: Text<35>,
    /// The document's own name (MsgId).
    pub message: Text<35>,
    /// A digest of payer and MsgId, by which the document is known again.
    pub message_key: [u8; 16],
    /// A digest of the file's bytes, by which it is known again under another name.
    pub file_key: [u8; 16],
    /// For which half-month.
    pub period: HalfMonth,
    /// The first day on which items go out.
    pub pays_on: BusinessDate,
    /// Of every amount.
    pub currency: Currency,
    /// How many items.
    pub count: u32,
    /// What they come to, minor units.
    pub total: u64,
    /// The payer's institution: DE32 of what banks are asked.
    pub acquirer: InstitutionId,
    /// The bank of the account that pays for the batch.
    pub funding_bank: BankId,
    /// That account (DE102).
    pub funding_account: Text<28>,
}

bytes_of_struct!(BatchHeader {
    payer,
    message,
    message_key,
    file_key,
    period,
    pays_on,
    currency,
    count,
    total,
    acquirer,
    funding_bank,
    funding_account,
});

/// One salary as the office hands it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayrollItem {
    /// Whom, for what and when.
    pub identity: PayeeIdentity,
    /// The bank of the account.
    pub bank: BankId,
    /// The account (DE103).
    pub account: Text<28>,
    /// Minor units of the batch's currency.
    pub amount: u64,
}

bytes_of_struct!(PayrollItem { identity, bank, account, amount });

/// What an office or an operator orders. It comes with who gives it and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayrollOrder {
    /// Begins a batch; it gets the next number.
    Open(BatchHeader),
    /// Items of it, in the file's order, at most [`ITEMS_AT_ONCE_MAX`]. What is wrong with one drops the batch.
    Items {
        /// The batch.
        batch: BatchId,
        /// The next ones.
        items: Vec<PayrollItem>,
    },
    /// All items are there: the batch waits for approval.
    Complete(BatchId),
    /// The batch is to be paid: its funding is asked for. By another operator than who submitted it.
    Approve(BatchId),
    /// Before funds were taken: all of it; after: what has not been sent. Needs a reason.
    Cancel(BatchId),
    /// What was paid too much goes back to the payer, up to what the account holds. Needs a reason.
    Recall {
        /// The item.
        item: ItemId,
        /// How much, minor units.
        amount: u64,
        /// Why: an ISO 20022 reason code such as `MD07`.
        why: [u8; 4],
    },
    /// An item on the dead-letter list was cleared up by other means. Needs a reason.
    Settle {
        /// The item.
        item: ItemId,
        /// Whether its account was credited.
        paid: bool,
    },
    /// Tries again what the payer's bank refused to take back. Needs a reason.
    CreditBack(BatchId),
}

impl PayrollOrder {
    /// Its name in messages and in metrics.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Items { .. } => "items",
            Self::Complete(_) => "complete",
            Self::Approve(_) => "approve",
            Self::Cancel(_) => "cancel",
            Self::Recall { .. } => "recall",
            Self::Settle { .. } => "settle",
            Self::CreditBack(_) => "credit-back",
        }
    }

    /// Whether it is taken only with a reason.
    #[must_use]
    pub fn needs_reason(&self) -> bool {
        matches!(self, Self::Cancel(_) | Self::Recall { .. } | Self::Settle { .. } | Self::CreditBack(_))
    }
}

/// What a batch has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Its items are coming in.
    Opening,
    /// It waits for approval.
    Submitted,
    /// The payer's bank is asked for the money, part by part.
    Funding,
    /// The payer's bank has said no to a part, or its word is unknown (91; that debit is reversed). What it has paid before stays the
    /// batch's: approved again, only the rest is asked for; cancelled, all of it goes back.
    Unfunded(ResponseCode),
    /// It waits for its date.
    Approved,
    /// Items are on their way.
    Running,
    /// Nothing is on its way, but items wait for a bank, or for their outcome.
    Part,
    /// Every item has come to its end, and the payer has back what was not paid.
    Done,
    /// It was cancelled before any money was taken.
    Cancelled,
}

impl BatchState {
    /// Its name on pages and in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Submitted => "submitted",
            Self::Funding => "funding",
            Self::Unfunded(_) => "unfunded",
            Self::Approved => "approved",
            Self::Running => "running",
            Self::Part => "part",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for BatchState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an item has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemState {
    /// It has not been sent.
    Waiting,
    /// Its bank was asked.
    Sent,
    /// Its bank has not said what became of it; it is asked on, or on the dead-letter list.
    Unknown,
    /// The account was credited.
    Paid,
    /// It was paid, and so much of it came back: in part or whole, minor units.
    Returned(u64),
    /// Its bank has refused it.
    Rejected(ResponseCode),
    /// It was cancelled before it was sent.
    Cancelled,
}

impl ItemState {
    /// Its name on pages and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Unknown => "unknown",
            Self::Paid => "paid",
            Self::Returned(_) => "returned",
            Self::Rejected(_) => "rejected",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for ItemState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An item with what has become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemStanding {
    /// Which.
    pub id: ItemId,
    /// What was asked for.
    pub item: PayrollItem,
    /// How often the same salary was definitely refused before.
    pub attempt: u8,
    /// What it has come to.
    pub state: ItemState,
}

/// A number of items and what they come to, minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// What they come to.
    pub amount: u64,
}

bytes_of_struct!(Tally { count, amount });

/// How far a batch has come. Each item counts once, and `paid + returned + rejected + pending` is the batch's total at every moment,
/// in number and in amount; what is left of an item that was returned in part counts as paid in amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Credited, and it stands.
    pub paid: Tally,
    /// Credited, and came back.
    pub returned: Tally,
    /// Refused, or cancelled before it was sent.
    pub rejected: Tally,
    /// All others.
    pub pending: Tally,
    /// What the payer has got back of what was rejected and returned, minor units.
    pub credited_back: u64,
    /// What the payer's account was debited for the batch, minor units. Less than the total until all parts are there; what then was
    /// not credited back is paid or pending.
    pub funded: u64,
}

bytes_of_struct!(Progress { paid, returned, rejected, pending, credited_back, funded });

impl Progress {
    /// All four together.
    #[must_use]
    pub fn total(&self) -> Tally {
        let all = [self.paid, self.returned, self.rejected, self.pending];
        all.into_iter().fold(Tally::default(), |sum, it| Tally {
            count: sum.count.wrapping_add(it.count),
            amount: sum.amount.wrapping_add(it.amount),
        })
    }
}

/// How an item ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemOutcome {
    /// Its account was credited.
    Paid {
        /// What the bank did not take of the amount, minor units; it counts as returned.
        short: u64,
    },
    /// Its bank has refused it.
    Rejected(ResponseCode),
}

impl Bytes for ItemOutcome {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Paid { short } => {
                out.push(1);
                short.put(out);
            }
            Self::Rejected(code) => {
                out.push(2);
                code.put(out);
            }
        }
    }
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        match from.bytes(1)? {
            [1] => Ok(Self::Paid { short: Bytes::take(from)? }),
            [2] => Ok(Self::Rejected(Bytes::take(from)?)),
            _ => Err(Damaged("ItemOutcome")),
        }
    }
}

/// Why a batch was dropped before it was complete. Nothing of it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// One of its salaries is paid, or being paid, by another item.
    Duplicate,
    /// A bank does not pay salaries in that currency, or there is no such bank.
    Bank,
    /// An item of nothing.
    Amount,
    /// Count or total are not what its header says.
    Totals,
    /// The switch stopped before it was complete.
    Stopped,
}

bytes_of_enum!(DropReason { Duplicate = 1, Bank = 2, Amount = 3, Totals = 4, Stopped = 5 });

bytes_of_struct!(ItemId { batch, number });

impl Bytes for BatchId {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        u32::take(from).map(Self)
    }
}

impl Bytes for PayeeIdentity {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        Bytes::take(from).map(Self)
    }
}

/// What a transaction of a payroll is for. Its number tells, and so does its reference (DE37).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// An item is paid.
    Item(ItemId),
    /// The payer's account is debited for a batch, for the so-manieth time; parts and attempts are counted together.
    Funding(BatchId, u32),
    /// The payer's account is credited with what a batch did not pay, for the so-manieth time.
    CreditBack(BatchId, u32),
    /// An item is taken back; the recalls of a batch are counted.
    Recall(BatchId, u32),
}

/// Numbers of payroll begin here.
const FIRST: u64 = 1_000_000_000_000_000_000;
/// Numbers of a batch.
const PER_BATCH: u64 = 100_000_000;
/// Numbers of a batch for one purpose other than items.
const PER_PURPOSE: u64 = 10_000_000;

impl Purpose {
    /// The number of the transaction: `1` and 18 digits, of which the last 8 say what it is for and those before them the batch.
    #[must_use]
    pub fn transaction(self) -> TransactionId {
        let (batch, purpose, number) = match self {
            Self::Item(ItemId { batch, number }) => (batch, 0, number),
            Self::Funding(batch, number) => (batch, 1, number),
            Self::CreditBack(batch, number) => (batch, 2, number),
            Self::Recall(batch, number) => (batch, 3, number),
        };
        TransactionId(FIRST + u64::from(batch.0) * PER_BATCH + purpose * PER_PURPOSE + u64::from(number))
    }

    /// What the transaction with this number is for; `None` for one that an acquirer asked.
    #[must_use]
    pub fn of(id: TransactionId) -> Option<Self> {
        let rest = id.0.checked_sub(FIRST)?;
        let batch = BatchId(u32::try_from(rest / PER_BATCH).ok()?);
        let number = u32::try_from(rest % PER_BATCH % PER_PURPOSE).ok()?;
        match rest % PER_BATCH / PER_PURPOSE {
            0 => Some(Self::Item(ItemId { batch, number })),
            1 => Some(Self::Funding(batch, number)),
            2 => Some(Self::CreditBack(batch, number)),
            3 => Some(Self::Recall(batch, number)),
            _ => None,
        }
    }

    /// The transactions of a batch lie between these two.
    pub(crate) fn range(batch: BatchId) -> std::ops::RangeInclusive<TransactionId> {
        let first = FIRST + u64::from(batch.0) * PER_BATCH;
        TransactionId(first)..=TransactionId(first + (PER_BATCH - 1))
    }

    /// The batch it belongs to.
    #[must_use]
    pub fn batch(self) -> BatchId {
        match self {
            Self::Item(ItemId { batch, .. }) | Self::Funding(batch, _) | Self::CreditBack(batch, _) | Self::Recall(batch, _) => {
                batch
            }
        }
    }

    /// DE37: the batch in five digits, then the item's number in seven, or `F`, `C` or `R` and a number in six.
    #[must_use]
    pub fn rrn(self) -> Rrn {
        let text = match self {
            Self::Item(ItemId { batch, number }) => format!("{:05}{number:07}", batch.0),
            Self::Funding(batch, number) => format!("{:05}F{number:06}", batch.0),
            Self::CreditBack(batch, number) => format!("{:05}C{number:06}", batch.0),
            Self::Recall(batch, number) => format!("{:05}R{number:06}", batch.0),
        };
        Rrn::new(text.as_bytes()).unwrap_or_default()
    }

    /// Its one leg.
    #[must_use]
    pub fn leg(self) -> LegId {
        LegId { transaction: self.transaction(), index: 0 }
    }
}

/// Why an order about a payroll is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayrollDisallowed {
    /// Nobody gave it.
    #[error("an order needs the name of the operator who gives it")]
    NoOperator,
    /// It is one that must be explained.
    #[error("this order needs a reason")]
    NoReason,
    /// There is no such batch.
    #[error("there is no batch {0}")]
    NoSuchBatch(BatchId),
    /// The batch has no such item, or has been forgotten but for its totals.
    #[error("there is no item {0}")]
    NoSuchItem(ItemId),
    /// All numbers are used.
    #[error("no batch can be opened: all numbers up to {BATCHES_MAX} are used; begin a new journal")]
    NoMoreBatches,
    /// The document was handed in before, under the same MsgId or with the same bytes.
    #[error("this document is batch {0} already (AM05)")]
    Seen(BatchId),
    /// Its half-month lies too far back: who was paid then is not known any more.
    #[error("half-month {period} is too old: payrolls are kept from {oldest} on")]
    TooOld {
        /// The batch's.
        period: HalfMonth,
        /// The first that is kept.
        oldest: HalfMonth,
    },
    /// Its half-month lies too far ahead.
    #[error("half-month {period} is too far ahead: payrolls are taken up to {newest}")]
    TooFarAhead {
        /// The batch's.
        period: HalfMonth,
        /// The last that is taken.
        newest: HalfMonth,
    },
    /// The payer's bank is unknown, or does not fund payrolls in that currency.
    #[error("bank {bank} does not fund payrolls in {currency}")]
    NoFunding {
        /// The bank.
        bank: BankId,
        /// The batch's.
        currency: Currency,
    },
    /// A batch of nothing, or of too much.
    #[error("a batch has 1 to {ITEMS_MAX} items, and a total above zero that {PARTS_MAX} debits of its payer can fund; split it")]
    Size,
    /// Too many items in one order; the batch goes on.
    #[error("{0} items at once are too many: hand over at most {ITEMS_AT_ONCE_MAX}")]
    TooManyAtOnce(usize),
    /// The batch was begun by somebody else.
    #[error("batch {0} was opened by another operator, who must complete it")]
    NotTheirs(BatchId),
    /// The salary is paid, or being paid, by another item. The batch was dropped.
    #[error("item {item} is the same salary as item {earlier}, which is {state} (AM05)")]
    Duplicate {
        /// Which.
        item: ItemId,
        /// The one that was first.
        earlier: ItemId,
        /// What that has come to.
        state: ItemState,
    },
    /// The item's bank is unknown, or pays no salaries in that currency. The batch was dropped.
    #[error("item {item}: bank {bank} does not pay salaries in {currency}")]
    NoRoute {
        /// Which.
        item: ItemId,
        /// The bank.
        bank: BankId,
        /// The batch's.
        currency: Currency,
    },
    /// The item pays nothing, or nobody. The batch was dropped.
    #[error("item {0} needs an amount above zero and an account")]
    Nothing(ItemId),
    /// Count or total are not what the header says. The batch was dropped.
    #[error("batch {batch} has {found_count} items of {found} minor units, its header says {count} of {total} (AM10, AM18)")]
    Totals {
        /// Which.
        batch: BatchId,
        /// Items that came.
        found_count: u64,
        /// What they come to.
        found: u64,
        /// What the header says.
        count: u32,
        /// What the header says.
        total: u64,
    },
    /// Not in this state.
    #[error("batch {batch} is {state}: the order {order} is not for it now")]
    NotNow {
        /// Which.
        batch: BatchId,
        /// What it has come to.
        state: BatchState,
        /// What was ordered.
        order: &'static str,
    },
    /// Who submits does not approve.
    #[error("batch {0} must be approved by another operator than who submitted it")]
    SameOperator(BatchId),
    /// The item was not paid, or came back already.
    #[error("item {item} is {state}: there is nothing to recall")]
    NotPaid {
        /// Which.
        item: ItemId,
        /// What it has come to.
        state: ItemState,
    },
    /// More than was paid.
    #[error("of item {item} {stands} minor units stand: recall at most that, and more than zero")]
    TooMuch {
        /// Which.
        item: ItemId,
        /// What stands.
        stands: u64,
    },
    /// One recall of an item at a time.
    #[error("item {0} is being recalled already")]
    RecallOpen(ItemId),
    /// The bank cannot be asked now.
    #[error("bank {0} cannot be asked now; try again when it is back")]
    BankUnavailable(BankId),
    /// The item is not on the dead-letter list.
    #[error("item {0} is not on the dead-letter list")]
    NotDead(ItemId),
}
