//! What was decided, as it is kept. A record carries results (route, date, code, absolute deadline), so that applying it reads
//! no configuration. A published record and its `apply` are frozen; a new meaning gets a new number.

use model::{BusinessDate, Currency, HalfMonth, Message, Pan, ResponseCode, Stan, Timestamp, TransactionId, TransmissionTime};

use crate::bytes::{Bytes, Damaged, Source, bytes_of_enum, put_slice};
use crate::kinds::OnTimeout;
use crate::payroll::{BatchHeader, BatchId, DropReason, ItemId, ItemOutcome, PayrollItem, Purpose};
use crate::state::{Answer, Asked, HoldEnd, Identity, Named, Participant, Used};
use crate::{BankId, LegId, LinkId};

/// Why a leg's outcome is not known by an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossReason {
    /// The bank did not answer within its timer.
    Timeout,
    /// The bank's answer could not be read or breaks its profile.
    BadReply,
    /// The switch stopped while the leg was open, which may or may not have left.
    Stopped,
    /// No byte of the request left: the bank knows nothing of it.
    Undelivered,
}

bytes_of_enum!(LossReason { Timeout = 1, BadReply = 2, Stopped = 3, Undelivered = 4 });

/// Why a leg is reversed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReversalReason {
    /// Its outcome stayed unknown.
    Unknown,
    /// The acquirer asked for it.
    Asked,
    /// The approval could not be delivered: no byte of it left.
    Undelivered,
    /// A later leg of the same transaction was refused.
    LaterLegRefused,
}

bytes_of_enum!(ReversalReason { Unknown = 1, Asked = 2, Undelivered = 3, LaterLegRefused = 4 });

/// Which part of a posting an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The amount itself.
    Principal,
    /// What the card holder pays beside it.
    Fee,
    /// What the card's bank pays the acquirer.
    Interchange,
}

bytes_of_enum!(Part { Principal = 1, Fee = 2, Interchange = 3 });

/// Why a bank was not asked and the switch approved in its stead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandInReason {
    /// It has signed off.
    SignedOff,
    /// No link to it is up.
    Down,
    /// Debits of the same card, approved in its stead, have not reached it yet.
    Queued,
}

bytes_of_enum!(StandInReason { SignedOff = 1, Down = 2, Queued = 3 });

macro_rules! records {
    ($($(#[$about:meta])* $name:ident = $tag:literal { $($(#[$what:meta])* $field:ident: $kind:ty),* $(,)? })*) => {
        /// One decision.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Record<'a> {
            $($(#[$about])* $name { $($(#[$what])* $field: $kind),* },)*
        }

        impl Record<'_> {
            /// The names of all records.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// Its name, for people and exports.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name { .. } => stringify!($name)),* }
            }

            pub(crate) fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name { $($field),* } => { out.push($tag); $(Piece::put($field, out);)* })*
                }
            }
        }

        impl<'a> Record<'a> {
            pub(crate) fn take(from: &mut Source<'a>) -> Result<Self, Damaged> {
                Ok(match from.bytes(1)? {
                    $([$tag] => Self::$name { $($field: Piece::take(from)?),* },)*
                    _ => return Err(Damaged("a record of a later version")),
                })
            }
        }
    };
}

/// A record's field: any value with bytes, or text that borrows the block.
trait Piece<'a>: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Source<'a>) -> Result<Self, Damaged>;
}

impl<T: Bytes> Piece<'_> for T {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        Bytes::put(self, out);
    }
    #[inline]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        Bytes::take(from)
    }
}

impl<'a> Piece<'a> for &'a str {
    fn put(&self, out: &mut Vec<u8>) {
        put_slice(self.as_bytes(), out);
    }
    fn take(from: &mut Source<'a>) -> Result<Self, Damaged> {
        std::str::from_utf8(from.slice()?).map_err(|_| Damaged("text that is not UTF-8"))
    }
}

records! {
    /// The stream begins.
    Created = 1 {
        /// What hash tables are seeded with for as long as the stream lives.
        seed: u64,
    }
    /// The switch runs by this configuration from now on.
    Adopted = 2 {
        /// The configuration, in one line, without secrets.
        rules: &'a str,
    }
    /// A day of business opens; the one before the last is forgotten, but for what is still owed.
    DayOpened = 3 {
        /// The day.
        date: BusinessDate,
    }
    /// A bank's links came or went.
    BankLinked = 4 {
        /// The bank.
        bank: BankId,
        /// Whether one is up now.
        up: bool,
    }
    /// A bank signed itself on or off by 0800.
    BankSigned = 5 {
        /// The bank.
        bank: BankId,
        /// Whether it takes requests now.
        on: bool,
    }
    /// A network management request was answered.
    NetworkAnswered = 6 {
        /// The connection that asked.
        link: LinkId,
        /// The institution behind it.
        institution: u64,
        /// DE70.
        code: u16,
        /// The answer.
        answer: ResponseCode,
    }
    /// A request was accepted.
    Accepted = 7 {
        /// Its number here.
        transaction: TransactionId,
        /// The request.
        asked: Asked,
    }
    /// A step of it goes out to a bank.
    LegStarted = 21 {
        /// The leg; its index is the number of legs before it.
        leg: LegId,
        /// The bank asked.
        bank: BankId,
        /// The leg's name there.
        identity: Identity,
        /// When the leg is given up.
        due: Timestamp,
        /// What follows then.
        on_timeout: OnTimeout,
        /// What the holder pays beside the amount, minor units.
        fee: u64,
        /// What the bank pays the acquirer for it, minor units.
        interchange: u64,
        /// What it takes of the card's limit.
        used: Option<Used>,
    }
    /// A request was answered by the switch itself; no bank was asked.
    Refused = 8 {
        /// Its number here.
        transaction: TransactionId,
        /// The request.
        asked: Asked,
        /// The answer.
        code: ResponseCode,
    }
    /// The same request came again before it was answered; the answer goes to the newest connection.
    Joined = 9 {
        /// The first one's number.
        transaction: TransactionId,
        /// The newest connection.
        link: LinkId,
        /// The repeat's DE7, to be echoed.
        transmitted: TransmissionTime,
    }
    /// A bank answered a leg's request.
    LegAnswered = 10 {
        /// The leg.
        leg: LegId,
        /// The bank's answer.
        answer: Answer,
    }
    /// A leg's outcome is unknown, or it never left.
    LegLost = 11 {
        /// The leg.
        leg: LegId,
        /// Why.
        reason: LossReason,
    }
    /// The acquirer is told; repeats of a request that moves money get the same.
    Answered = 12 {
        /// The transaction.
        transaction: TransactionId,
        /// What it is told.
        answer: Answer,
    }
    /// A leg is reversed: an advice is owed to its bank until it is answered.
    ReversalStarted = 13 {
        /// The leg.
        leg: LegId,
        /// Why.
        reason: ReversalReason,
        /// The advice's name at the bank.
        identity: Identity,
        /// What stands, minor units.
        stands: u64,
    }
    /// A leg's request is owed to its bank again until it is answered.
    RepeatStarted = 14 {
        /// The leg.
        leg: LegId,
    }
    /// What is owed was sent; or it waits for its turn or its bank.
    ForwardTried = 15 {
        /// The leg.
        leg: LegId,
        /// Whether it was sent.
        sent: bool,
        /// When it is tried again at the latest.
        due: Timestamp,
    }
    /// What was owed is settled, or an operator must look.
    ForwardEnded = 16 {
        /// The leg.
        leg: LegId,
        /// The bank's last word; `None` where nobody answered for too long.
        code: Option<ResponseCode>,
        /// Whether it goes to the dead-letter list.
        dead: bool,
    }
    /// A bank's answer came that nobody waits for. It changes nothing.
    LateReply = 17 {
        /// The bank.
        bank: BankId,
        /// Its DE11.
        stan: Option<Stan>,
        /// Its DE39.
        code: Option<ResponseCode>,
        /// The leg it would have belonged to.
        leg: Option<LegId>,
    }
    /// An acquirer's reversal was answered.
    ReversalAnswered = 18 {
        /// The reversal's number here.
        transaction: TransactionId,
        /// The reversal.
        asked: Asked,
        /// What it undoes; `None` where that is unknown, and will be refused if it comes.
        original: Option<TransactionId>,
        /// The unknown original, as it will be known.
        awaited: Option<Named>,
        /// The answer.
        code: ResponseCode,
    }
    /// A reversal was asked while a repeat still has to find the outcome; it starts when that is known.
    UndoNoted = 19 {
        /// The leg.
        leg: LegId,
        /// What will stand.
        stands: u64,
    }
    /// An answer did not leave: no byte of it.
    AnswerUndelivered = 20 {
        /// The transaction.
        transaction: TransactionId,
    }
    /// One entry of what a leg moved between participants. The entries of a leg are one posting.
    Posted = 22 {
        /// The leg.
        leg: LegId,
        /// Which part of the posting.
        part: Part,
        /// The day of business it counts in.
        date: BusinessDate,
        /// Of the amount.
        currency: Currency,
        /// Who owes it.
        from: Participant,
        /// To whom.
        to: Participant,
        /// Minor units, more than zero.
        amount: u64,
    }
    /// An entry, or a part of it, is taken back; `from` and `to` are those of the first.
    PostedBack = 23 {
        /// The leg.
        leg: LegId,
        /// Which part of the posting.
        part: Part,
        /// The day of business it counts in, which may be later than the first's.
        date: BusinessDate,
        /// Of the amount.
        currency: Currency,
        /// Who owed it.
        from: Participant,
        /// To whom.
        to: Participant,
        /// Minor units, more than zero.
        amount: u64,
    }
    /// A bank holds an amount, or the switch has promised that it will.
    HoldPlaced = 24 {
        /// The leg that asked for it.
        leg: LegId,
        /// How much, minor units.
        amount: u64,
        /// Until when, if nothing ends it before.
        expires: Timestamp,
    }
    /// A hold is over. Each ends once.
    HoldEnded = 25 {
        /// The leg that had asked for it.
        leg: LegId,
        /// How.
        how: HoldEnd,
    }
    /// An advice was accepted: what it tells has happened.
    AdviceAccepted = 26 {
        /// Its number here.
        transaction: TransactionId,
        /// The advice.
        asked: Asked,
        /// The authorization that it completes, where that is known.
        original: Option<TransactionId>,
    }
    /// A leg's advice is owed to its bank until it is answered.
    AdviceOwed = 27 {
        /// The leg.
        leg: LegId,
    }
    /// The switch approves in a bank's stead.
    StoodIn = 28 {
        /// The leg by which the bank will be told.
        leg: LegId,
        /// Why the bank was not asked.
        reason: StandInReason,
        /// What it counts against the card's bound, minor units of the bound's currency.
        counted: u64,
    }
    /// Every request of that day has its answer: it is closed, and what is posted later counts in the open day.
    DayClosed = 29 {
        /// The day.
        date: BusinessDate,
    }
    /// A reversal was asked of a transaction whose money had already arrived elsewhere: it stands, and an operator must know.
    ReversalOverruled = 30 {
        /// The transaction that stands.
        transaction: TransactionId,
    }
    /// What is on the dead-letter list is tried again, by an operator's order.
    DeadRetried = 31 {
        /// The leg.
        leg: LegId,
        /// Who ordered it.
        operator: &'a str,
        /// Why.
        reason: &'a str,
    }
    /// What is on the dead-letter list was settled by other means, as an operator says.
    DeadDiscarded = 32 {
        /// The leg.
        leg: LegId,
        /// Who says so.
        operator: &'a str,
        /// Why.
        reason: &'a str,
    }
    /// A card was put on, or taken off, the list of cards that are refused.
    CardListed = 33 {
        /// The card.
        pan: Pan,
        /// With what it is refused; `None` where it no longer is.
        code: Option<ResponseCode>,
        /// Who wants it: an operator or a bank.
        by: &'a str,
        /// Why.
        reason: &'a str,
    }
    /// Another card stands for a card, which is refused from now on.
    CardReplaced = 56 {
        /// The old card.
        pan: Pan,
        /// The new one.
        by_card: Pan,
        /// With what the old one is refused.
        code: ResponseCode,
        /// Whether their bank says so, and not an operator.
        by_bank: bool,
        /// Who wants it: an operator or a bank.
        by: &'a str,
        /// Why.
        reason: &'a str,
    }
    /// The same request came again after it was answered, and was told the same.
    Repeated = 35 {
        /// The first one's number.
        transaction: TransactionId,
        /// The connection it came on.
        link: LinkId,
    }
    /// An operator's order that other records carry out.
    Operated = 34 {
        /// Who.
        operator: &'a str,
        /// What.
        order: &'a str,
        /// Why.
        reason: &'a str,
    }
    /// A batch of salaries begins.
    BatchOpened = 36 {
        /// Its number.
        batch: BatchId,
        /// What it says of itself.
        header: BatchHeader,
        /// Who submits it.
        operator: &'a str,
        /// Why.
        reason: &'a str,
    }
    /// The next item of a batch that is opening. From now on it stands for its salary.
    ItemTaken = 37 {
        /// Its number.
        item: ItemId,
        /// How often the same salary was refused before.
        attempt: u8,
        /// What is to be paid, and where.
        asked: PayrollItem,
    }
    /// A batch that was opening is no more, and nothing of it is remembered.
    BatchDropped = 38 {
        /// Its number, which no other gets.
        batch: BatchId,
        /// Why.
        why: DropReason,
    }
    /// All items of a batch are there: it waits for approval.
    BatchSubmitted = 39 {
        /// The batch.
        batch: BatchId,
        /// Who submits it.
        operator: &'a str,
        /// Why.
        reason: &'a str,
    }
    /// A batch is to be paid; its funding is asked for.
    BatchApproved = 40 {
        /// The batch.
        batch: BatchId,
        /// Who submitted it.
        submitted: &'a str,
        /// Who approves it.
        operator: &'a str,
        /// Why.
        reason: &'a str,
    }
    /// The payer's bank has paid all that a batch needs.
    BatchFunded = 41 {
        /// The batch.
        batch: BatchId,
    }
    /// The payer's bank has not paid a part of a batch, or nobody knows whether it has. What it has paid before stays the batch's.
    BatchUnfunded = 42 {
        /// The batch.
        batch: BatchId,
        /// What it said; 91 where it said nothing.
        code: ResponseCode,
    }
    /// A batch's date has come: its items go out.
    BatchBegun = 43 {
        /// The batch.
        batch: BatchId,
    }
    /// A batch, or what of it had not been sent, was cancelled.
    BatchCancelled = 44 {
        /// The batch.
        batch: BatchId,
        /// By whom.
        operator: &'a str,
        /// Why.
        reason: &'a str,
    }
    /// What became of an item is known.
    ItemEnded = 45 {
        /// The item.
        item: ItemId,
        /// How.
        outcome: ItemOutcome,
    }
    /// No byte of an item left: it waits again, and its bank gets nothing of payrolls for a while.
    ItemPutBack = 46 {
        /// The item.
        item: ItemId,
        /// Until when its bank gets nothing, if it does not come back before.
        until: Timestamp,
    }
    /// What was paid too much is asked back.
    RecallStarted = 47 {
        /// The item.
        item: ItemId,
        /// Which recall of its batch.
        number: u32,
        /// How much, minor units.
        amount: u64,
        /// Why: an ISO 20022 reason code.
        why: [u8; 4],
        /// Who ordered it.
        operator: &'a str,
        /// Why, in words.
        reason: &'a str,
    }
    /// A part of an item, or all of it, came back.
    ItemReturned = 48 {
        /// The item.
        item: ItemId,
        /// Which recall of its batch.
        number: u32,
        /// How much, minor units.
        amount: u64,
        /// Why: an ISO 20022 reason code.
        why: [u8; 4],
    }
    /// Nothing came back.
    RecallRefused = 49 {
        /// The item.
        item: ItemId,
        /// Which recall of its batch.
        number: u32,
        /// What the bank said; 91 where it said nothing.
        code: ResponseCode,
    }
    /// The payer is to get back what a batch did not pay.
    CreditBackStarted = 50 {
        /// The batch.
        batch: BatchId,
        /// Which credit of the batch.
        number: u32,
        /// How much, minor units.
        amount: u64,
    }
    /// The payer's account was credited.
    CreditedBack = 51 {
        /// The batch.
        batch: BatchId,
        /// Which credit of the batch.
        number: u32,
        /// How much, minor units.
        amount: u64,
    }
    /// The payer's account was not credited.
    CreditBackRefused = 52 {
        /// The batch.
        batch: BatchId,
        /// Which credit of the batch.
        number: u32,
        /// What the bank said; `None` where no byte left, and it is tried again.
        code: Option<ResponseCode>,
        /// Until when the bank gets nothing of payrolls, where no byte left.
        until: Timestamp,
    }
    /// A refused credit to the payer is tried again, by an operator's order.
    CreditBackRetried = 53 {
        /// The batch.
        batch: BatchId,
        /// Who ordered it.
        operator: &'a str,
        /// Why.
        reason: &'a str,
    }
    /// An item on the dead-letter list was cleared up by other means, as an operator says.
    ItemSettled = 54 {
        /// The item.
        item: ItemId,
        /// Whether its account was credited.
        paid: bool,
        /// Who says so.
        operator: &'a str,
        /// Why.
        reason: &'a str,
    }
    /// Of older batches that are over only headers and totals are remembered.
    PayrollForgotten = 55 {
        /// The first half-month that is remembered whole.
        before: HalfMonth,
    }
    /// The payer's bank has paid a part of a batch, which may be all of it.
    PartFunded = 57 {
        /// The batch.
        batch: BatchId,
        /// Which funding of the batch.
        number: u32,
        /// How much, minor units.
        amount: u64,
    }
}

/// Whom a record is about, for readers that follow one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One transaction.
    Transaction(TransactionId),
    /// A reversal and the transaction it undoes.
    Both(TransactionId, TransactionId),
    /// The switch as a whole, or a bank.
    Switch,
}

impl Record<'_> {
    /// Whom it is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        let of = |purpose: Purpose| Subject::Transaction(purpose.transaction());
        match *self {
            Self::ItemTaken { item, .. }
            | Self::ItemEnded { item, .. }
            | Self::ItemPutBack { item, .. }
            | Self::RecallStarted { item, .. }
            | Self::ItemReturned { item, .. }
            | Self::RecallRefused { item, .. }
            | Self::ItemSettled { item, .. } => of(Purpose::Item(item)),
            Self::CreditBackStarted { batch, number, .. }
            | Self::CreditedBack { batch, number, .. }
            | Self::CreditBackRefused { batch, number, .. } => of(Purpose::CreditBack(batch, number)),
            Self::PartFunded { batch, number, .. } => of(Purpose::Funding(batch, number)),
            Self::Accepted { transaction, .. }
            | Self::Refused { transaction, .. }
            | Self::Joined { transaction, .. }
            | Self::Answered { transaction, .. }
            | Self::ReversalOverruled { transaction }
            | Self::Repeated { transaction, .. }
            | Self::AnswerUndelivered { transaction } => Subject::Transaction(transaction),
            Self::ReversalAnswered { transaction, original, .. } | Self::AdviceAccepted { transaction, original, .. } => {
                original.map_or(Subject::Transaction(transaction), |original| Subject::Both(transaction, original))
            }
            Self::LegStarted { leg, .. }
            | Self::LegAnswered { leg, .. }
            | Self::LegLost { leg, .. }
            | Self::ReversalStarted { leg, .. }
            | Self::RepeatStarted { leg }
            | Self::ForwardTried { leg, .. }
            | Self::ForwardEnded { leg, .. }
            | Self::UndoNoted { leg, .. }
            | Self::Posted { leg, .. }
            | Self::PostedBack { leg, .. }
            | Self::HoldPlaced { leg, .. }
            | Self::HoldEnded { leg, .. }
            | Self::AdviceOwed { leg }
            | Self::StoodIn { leg, .. }
            | Self::DeadRetried { leg, .. }
            | Self::DeadDiscarded { leg, .. }
            | Self::LateReply { leg: Some(leg), .. } => Subject::Transaction(leg.transaction),
            Self::Created { .. }
            | Self::Adopted { .. }
            | Self::DayOpened { .. }
            | Self::BankLinked { .. }
            | Self::BankSigned { .. }
            | Self::NetworkAnswered { .. }
            | Self::DayClosed { .. }
            | Self::CardListed { .. }
            | Self::CardReplaced { .. }
            | Self::Operated { .. }
            | Self::BatchOpened { .. }
            | Self::BatchDropped { .. }
            | Self::BatchSubmitted { .. }
            | Self::BatchApproved { .. }
            | Self::BatchFunded { .. }
            | Self::BatchUnfunded { .. }
            | Self::BatchBegun { .. }
            | Self::BatchCancelled { .. }
            | Self::CreditBackRetried { .. }
            | Self::PayrollForgotten { .. }
            | Self::LateReply { leg: None, .. } => Subject::Switch,
        }
    }

    /// The batch of salaries that it changes, where it is one of payroll's own.
    #[must_use]
    pub fn batch(&self) -> Option<BatchId> {
        match *self {
            Self::BatchOpened { batch, .. }
            | Self::BatchDropped { batch, .. }
            | Self::BatchSubmitted { batch, .. }
            | Self::BatchApproved { batch, .. }
            | Self::BatchFunded { batch }
            | Self::PartFunded { batch, .. }
            | Self::BatchUnfunded { batch, .. }
            | Self::BatchBegun { batch }
            | Self::BatchCancelled { batch, .. }
            | Self::CreditBackStarted { batch, .. }
            | Self::CreditedBack { batch, .. }
            | Self::CreditBackRefused { batch, .. }
            | Self::CreditBackRetried { batch, .. } => Some(batch),
            Self::ItemTaken { item, .. }
            | Self::ItemEnded { item, .. }
            | Self::ItemPutBack { item, .. }
            | Self::RecallStarted { item, .. }
            | Self::ItemReturned { item, .. }
            | Self::RecallRefused { item, .. }
            | Self::ItemSettled { item, .. } => Some(item.batch),
            _ => None,
        }
    }

    pub(crate) fn late(bank: BankId, message: &Message<'_>, leg: Option<LegId>) -> Self {
        Self::LateReply { bank, stan: message.stan, code: message.code, leg }
    }
}
