//! One transaction: what was asked, what its legs have come to, what its acquirer was told.

use model::{
    BusinessDate, Currency, InstitutionId, Kind, LocalDate, LocalTime, Message, Mti, Pan, ProcessingCode, ResponseCode, Rrn,
    Stan, TerminalId, Text, Timestamp, TransactionId, TransmissionTime,
};

use super::{Legs, Usage};
use crate::bytes::{bytes_of_enum, bytes_of_struct};
use crate::kinds::OnTimeout;
use crate::{BankId, LinkId};

/// A request as it is kept when its frame is gone: enough to answer it, to reverse it, and to send it again. Never a PIN block,
/// track or chip data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The connection it came on, to be answered there.
    pub link: LinkId,
    /// Its type.
    pub mti: Mti,
    /// DE2.
    pub pan: Option<Pan>,
    /// DE3.
    pub processing: ProcessingCode,
    /// DE4, minor units; zero for an inquiry.
    pub amount: u64,
    /// DE49.
    pub currency: Currency,
    /// DE7.
    pub transmitted: TransmissionTime,
    /// DE11.
    pub stan: Stan,
    /// DE12.
    pub local_time: LocalTime,
    /// DE13.
    pub local_date: LocalDate,
    /// DE18.
    pub merchant_type: Option<u16>,
    /// DE22.
    pub entry_mode: Option<u16>,
    /// DE25.
    pub condition: Option<u8>,
    /// DE32, or the link's institution where the message has none.
    pub acquirer: InstitutionId,
    /// DE37, or one that the switch made where the message has none.
    pub rrn: Rrn,
    /// DE41.
    pub terminal: TerminalId,
    /// DE42.
    pub merchant: Option<Text<15>>,
    /// DE95: for a reversal what stands of the original.
    pub stands: u64,
    /// DE100.
    pub receiver: Option<InstitutionId>,
    /// DE102.
    pub from_account: Option<Text<28>>,
    /// DE103.
    pub to_account: Option<Text<28>>,
}

bytes_of_struct!(Asked {
    link,
    mti,
    pan,
    processing,
    amount,
    currency,
    transmitted,
    stan,
    local_time,
    local_date,
    merchant_type,
    entry_mode,
    condition,
    acquirer,
    rrn,
    terminal,
    merchant,
    stands,
    receiver,
    from_account,
    to_account,
});

impl Asked {
    /// What it wants; `None` only for a reversal of something this switch does not know.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.processing.kind()
    }

    /// Whether `other`, with the same key, is this same request and not another under a used number. Compared whole, field
    /// by field, which no fingerprint can do better.
    pub(crate) fn is_repeated_by(&self, other: &Self) -> bool {
        let essence =
            |it: &Self| (it.pan, it.processing, it.amount, it.currency, it.stands, it.receiver, it.from_account, it.to_account);
        essence(self) == essence(other)
    }

    /// The fields that a message about this request carries whoever it goes to.
    pub(crate) fn message(&self, mti: Mti) -> Message<'static> {
        Message {
            pan: self.pan,
            processing: Some(self.processing),
            amount: Some(self.amount),
            local_time: Some(self.local_time),
            local_date: Some(self.local_date),
            acquirer: Some(self.acquirer),
            rrn: Some(self.rrn),
            terminal: Some(self.terminal),
            merchant: self.merchant,
            currency: Some(self.currency),
            ..Message::new(mti)
        }
    }
}

/// What an acquirer was, or is to be, told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// DE39.
    pub code: ResponseCode,
    /// DE38, where the bank gave one.
    pub authorization: Option<Text<6>>,
    /// DE4 where the bank approved less than was asked.
    pub amount: Option<u64>,
    /// DE34: the card that was issued.
    pub issued: Option<Pan>,
}

bytes_of_struct!(Answer { code, authorization, amount, issued });

impl Answer {
    /// An answer of the switch itself.
    #[must_use]
    pub fn of(code: ResponseCode) -> Self {
        Self { code, authorization: None, amount: None, issued: None }
    }
}

/// What a leg has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegStatus {
    /// The bank was asked; its timer runs.
    Sent,
    /// The bank approved.
    Approved,
    /// The bank declined, or never got it.
    Declined,
    /// Its outcome is unknown and nothing is owed: an inquiry.
    Lost,
    /// Being reversed: an advice is sent until it is answered.
    Reversing,
    /// The bank has confirmed the reversal, or that it knows of nothing to reverse.
    Reversed,
    /// Its outcome is unknown and the same request is sent until it is answered.
    Repeating,
    /// Nobody answered for too long, or the bank refused the advice: an operator must look.
    Dead,
    /// The bank is told of what has happened, until it answers.
    Advising,
    /// An operator has taken it off the dead-letter list.
    Discarded,
}

bytes_of_enum!(LegStatus {
    Sent = 1,
    Approved = 2,
    Declined = 3,
    Lost = 4,
    Reversing = 5,
    Reversed = 6,
    Repeating = 7,
    Dead = 8,
    Advising = 9,
    Discarded = 10,
});

impl LegStatus {
    /// Whether the leg waits for something: its number at the bank stays taken, and it has a timer.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Sent | Self::Reversing | Self::Repeating | Self::Advising)
    }
}

/// How a message is named between the switch and a bank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// DE11, of the switch's own counting for that bank.
    pub stan: Stan,
    /// DE7.
    pub transmitted: TransmissionTime,
}

bytes_of_struct!(Identity { stan, transmitted });

/// A message that has not come, by the name that its reversal gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its type, as first sent.
    pub mti: Mti,
    /// DE11.
    pub stan: Stan,
    /// DE7.
    pub transmitted: TransmissionTime,
}

bytes_of_struct!(Named { mti, stan, transmitted });

/// What a request took of its card's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// Which limit, by its place in the configuration.
    pub class: u8,
    /// How much, minor units of the limit's currency.
    pub amount: u64,
}

bytes_of_struct!(Used { class, amount });

/// How a hold came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldEnd {
    /// A completion took what was held, or a part of it.
    Completed,
    /// A reversal freed it.
    Reversed,
    /// Its time was over.
    Expired,
}

bytes_of_enum!(HoldEnd { Completed = 1, Reversed = 2, Expired = 3 });

/// An amount that a bank holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// How much, minor units.
    pub amount: u64,
    /// Until when, if nothing ends it before.
    pub expires: Timestamp,
    /// How it ended; `None` while it is in force.
    pub ended: Option<HoldEnd>,
}

bytes_of_struct!(Hold { amount, expires, ended });

/// One step of a transaction at one bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Where.
    pub bank: BankId,
    /// The request's name there. Its retries keep it.
    pub identity: Identity,
    /// When it was started.
    pub started: Timestamp,
    /// What follows if its outcome stays unknown.
    pub on_timeout: OnTimeout,
    /// What it has come to.
    pub status: LegStatus,
    /// The bank's answer to the request, once there is one.
    pub answer: Option<Answer>,
    /// When something must happen next; set while the leg is open.
    pub due: Option<Timestamp>,
    /// The advice that reverses it.
    pub reversal: Option<Reversal>,
    /// How often what is owed to the bank was sent (advice or repeat).
    pub attempts: u16,
    /// What the bank said last to what was owed; `None` where it never answered.
    pub last_word: Option<ResponseCode>,
    /// When the first such sending was owed, from which its life is counted.
    pub owed_since: Option<Timestamp>,
    /// A reversal that was asked for while the outcome was unknown and a repeat must find it first: what will stand.
    pub undo: Option<u64>,
    /// What the holder is asked to pay beside the amount, and what the bank pays the acquirer, minor units.
    pub fee: u64,
    /// What the bank pays the acquirer.
    pub interchange: u64,
    /// What of the amount is posted and stands, minor units.
    pub posted: u64,
    /// Whether fee and interchange are posted and stand.
    pub charged: bool,
    /// What it takes of the card's limit, until that is given back.
    pub used: Option<Used>,
    /// What it counts of what may be approved in the bank's stead.
    pub stood_in: Option<u64>,
    /// What it made the bank hold.
    pub hold: Option<Hold>,
}

bytes_of_struct!(Leg {
    bank,
    identity,
    started,
    on_timeout,
    status,
    answer,
    due,
    reversal,
    attempts,
    last_word,
    owed_since,
    undo,
    fee,
    interchange,
    posted,
    charged,
    used,
    stood_in,
    hold,
});

impl Leg {
    /// What it took of its card's limits, stand-in's own among them.
    pub(super) fn taken(&self) -> impl Iterator<Item = Used> + use<> {
        let stood_in = self.stood_in.map(|amount| Used { class: Usage::STAND_IN, amount });
        self.used.into_iter().chain(stood_in)
    }

    pub(super) fn begun(bank: BankId, identity: Identity, started: Timestamp, due: Timestamp, on_timeout: OnTimeout) -> Self {
        Self {
            bank,
            identity,
            started,
            on_timeout,
            status: LegStatus::Sent,
            answer: None,
            due: Some(due),
            reversal: None,
            attempts: 0,
            last_word: None,
            owed_since: None,
            undo: None,
            fee: 0,
            interchange: 0,
            posted: 0,
            charged: false,
            used: None,
            stood_in: None,
            hold: None,
        }
    }

    /// The trace numbers at the bank under which an answer may still come: of the request while that has none, and of the reversal.
    pub(crate) fn stans(&self) -> [Option<Stan>; 2] {
        [self.answer.is_none().then_some(self.identity.stan), self.reversal.map(|it| it.identity.stan)]
    }

    /// What it owes the bank, or would if it were taken up again: it is reversed, told of, or asked again.
    #[must_use]
    pub fn owing(&self) -> LegStatus {
        match (self.reversal, self.on_timeout) {
            (Some(_), _) => LegStatus::Reversing,
            (None, OnTimeout::Advise) => LegStatus::Advising,
            (None, OnTimeout::Reverse | OnTimeout::Repeat | OnTimeout::Nothing) => LegStatus::Repeating,
        }
    }

    /// Whether it holds an amount now.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        self.hold.is_some_and(|hold| hold.ended.is_none())
    }
}

/// The advice that reverses a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// The advice's own name at the bank.
    pub identity: Identity,
    /// What stands of the amount, minor units; zero when nothing does.
    pub stands: u64,
}

bytes_of_struct!(Reversal { identity, stands });

/// What a transaction is to later requests with the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not answered yet: a repeat joins it.
    Open,
    /// Answered: a repeat gets that answer again.
    Answered,
    /// Undone since: a repeat gets 94, never the stored approval.
    Reversed,
    /// A reversal whose original had not come: the original gets 94 when it comes.
    Tombstone,
}

bytes_of_enum!(Standing { Open = 1, Answered = 2, Reversed = 3, Tombstone = 4 });

/// One transaction, from its request to two business dates later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// What was asked.
    pub asked: Asked,
    /// When it was accepted.
    pub accepted: Timestamp,
    /// The day of business it belongs to, fixed at acceptance.
    pub date: BusinessDate,
    /// What it is to repeats.
    pub standing: Standing,
    /// What the acquirer was told; for a salary in progress what it would be told now.
    pub answer: Option<Answer>,
    /// Whether the answer was given again to a repeat: one of them may have arrived.
    pub repeated: bool,
    /// Its steps at banks, in the order they were started; none where the switch itself answered.
    pub legs: Legs,
    /// For a reversal: the transaction it undoes, where that is known.
    pub original: Option<TransactionId>,
    /// The one before with the same acquirer, terminal, trace number and class.
    pub(crate) older: Option<TransactionId>,
}

bytes_of_struct!(Transaction { asked, accepted, date, standing, answer, repeated, legs, original, older });

impl Transaction {
    /// What the holder is charged beside the amount, where something is.
    #[must_use]
    pub fn fee(&self) -> Option<u64> {
        self.legs.iter().find(|leg| leg.charged).map(|leg| leg.fee).filter(|fee| *fee > 0)
    }

    /// Whether something may still become of it: an answer, something owed to a bank, a hold, an operator's decision.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let open = |leg: &Leg| leg.status.is_open() || leg.status == LegStatus::Dead || leg.is_holding();
        self.standing == Standing::Open || self.legs.iter().any(open)
    }

    /// A few numbers that differ when two copies of this transaction differ, for the state's digest.
    pub(crate) fn trace(&self) -> u64 {
        let code = |answer: Option<Answer>| answer.map_or(0, |it| u64::from(u16::from_be_bytes(it.code.bytes())));
        let leg = |leg: &Leg| {
            let reversal = leg.reversal.map_or(0, |it| u64::from(it.identity.stan.number()) + it.stands);
            (leg.status as u64)
                ^ u64::from(leg.identity.stan.number()) << 8
                ^ code(leg.answer) << 32
                ^ reversal << 20
                ^ u64::from(leg.attempts) << 48
                ^ leg.posted.rotate_left(13)
                ^ u64::from(leg.charged) << 57
                ^ leg.hold.map_or(0, |hold| hold.amount ^ hold.ended.map_or(1, |how| 2 + how as u64) << 52)
                ^ u64::from(leg.used.is_some()) << 58
        };
        let legs = self.legs.iter().fold(0, |sum: u64, it| sum.rotate_left(17) ^ leg(it));
        legs ^ code(self.answer) << 40 ^ (self.standing as u64) << 60 ^ self.asked.amount
    }
}
