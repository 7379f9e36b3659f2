//! What was decided, as it is kept. A record carries results (route, date, code, absolute deadline), so that applying it reads
//! no configuration. A published record and its `apply` are frozen; a new meaning gets a new number.

use model::{BusinessDate, Message, ResponseCode, Stan, Timestamp, TransactionId, TransmissionTime};

use crate::bytes::{Bytes, Damaged, Source, bytes_of_enum, put_slice};
use crate::kinds::OnTimeout;
use crate::state::{Answer, Asked, Identity};
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
}

bytes_of_enum!(ReversalReason { Unknown = 1, Asked = 2, Undelivered = 3 });

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
                    $(Self::$name { $($field),* } => { out.push($tag); $(Part::put($field, out);)* })*
                }
            }
        }

        impl<'a> Record<'a> {
            pub(crate) fn take(from: &mut Source<'a>) -> Result<Self, Damaged> {
                Ok(match from.bytes(1)? {
                    $([$tag] => Self::$name { $($field: Part::take(from)?),* },)*
                    _ => return Err(Damaged("a record of a later version")),
                })
            }
        }
    };
}

/// A record's field: any value with bytes, or text that borrows the block.
trait Part<'a>: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Source<'a>) -> Result<Self, Damaged>;
}

impl<T: Bytes> Part<'_> for T {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        Bytes::put(self, out);
    }
    #[inline]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        Bytes::take(from)
    }
}

impl<'a> Part<'a> for &'a str {
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
        /// The unknown original's DE11 and DE7, by which it will be known.
        awaited: Option<Identity>,
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
        match *self {
            Self::Accepted { transaction, .. }
            | Self::Refused { transaction, .. }
            | Self::Joined { transaction, .. }
            | Self::Answered { transaction, .. }
            | Self::AnswerUndelivered { transaction } => Subject::Transaction(transaction),
            Self::ReversalAnswered { transaction, original, .. } => {
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
            | Self::LateReply { leg: Some(leg), .. } => Subject::Transaction(leg.transaction),
            Self::Created { .. }
            | Self::Adopted { .. }
            | Self::DayOpened { .. }
            | Self::BankLinked { .. }
            | Self::BankSigned { .. }
            | Self::NetworkAnswered { .. }
            | Self::LateReply { leg: None, .. } => Subject::Switch,
        }
    }

    pub(crate) fn late(bank: BankId, message: &Message<'_>, leg: Option<LegId>) -> Self {
        Self::LateReply { bank, stan: message.stan, code: message.code, leg }
    }
}
