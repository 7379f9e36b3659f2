//! The journal as a recording: what acquirers asked and were told, and what operators ordered.
//!
//! Knows: records. Does not know: where blocks are read. The journal keeps no expiry, no balances and no private fields, so steps
//! say nothing of them.

use std::collections::HashMap;

use engine::{Answer, Asked, Entry, LegId, Record};
use model::{
    BusinessDate, InstitutionId, Message, NetworkCode, OriginalData, ResponseCode, Rrn, Stan, Timestamp, TransactionId,
    TransmissionTime,
};

use super::Scribe;
use super::scribe::Ordered;

/// Which part of a journal is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// From this block on.
    pub from: u64,
    /// Only the transaction with this reference, and what is about it.
    pub rrn: Option<Rrn>,
    /// Only what came while this business date was open.
    pub date: Option<BusinessDate>,
}

/// Reads records in order into a [`Scribe`].
pub struct Chronicle {
    scribe: Scribe,
    wanted: Selection,
    date: Option<BusinessDate>,
    /// Who was asked, and whether an answer is awaited.
    open: HashMap<TransactionId, Heard>,
    starts: usize,
    /// Network messages carry no number in the journal; they are given one.
    network: u32,
    /// The record before was an order, which the next one carries out.
    signed_by_order: bool,
}

struct Heard {
    asked: Asked,
    answer: Option<Answer>,
    /// The DE7 of whoever is told.
    echoed: TransmissionTime,
    is_awaited: bool,
}

impl Chronicle {
    /// Begins with nothing read.
    #[must_use]
    pub fn new(scribe: Scribe, wanted: Selection) -> Self {
        let (open, date) = (HashMap::new(), None);
        Self { scribe, wanted, date, open, starts: 0, network: 0, signed_by_order: false }
    }

    /// What was taken down.
    #[must_use]
    pub fn into_scribe(self) -> Scribe {
        self.scribe
    }

    /// The next record, of block `block`. Records must come from the first block on, so that dates and transactions are known.
    pub fn read(&mut self, block: u64, entry: &Entry<'_>) {
        let at = entry.at;
        let signed_by_order = std::mem::take(&mut self.signed_by_order);
        match entry.record {
            Record::DayOpened { date } => self.date = Some(date),
            Record::Accepted { transaction, asked } => self.asked(block, at, transaction, asked, None),
            Record::AdviceAccepted { transaction, asked, original } => {
                self.asked(block, at, transaction, asked, original);
                self.told(at, transaction, Answer::of(ResponseCode::APPROVED));
            }
            Record::Refused { transaction, asked, code } => {
                self.asked(block, at, transaction, asked, None);
                self.told(at, transaction, Answer::of(code));
            }
            Record::ReversalAnswered { transaction, asked, original, code, .. } => {
                self.asked(block, at, transaction, asked, original);
                self.told(at, transaction, Answer::of(code));
            }
            Record::Joined { transaction, link, transmitted } => self.again(at, transaction, link.0, Some(transmitted)),
            Record::Repeated { transaction, link } => {
                self.again(at, transaction, link.0, None);
                let answer = self.open.get(&transaction).and_then(|it| it.answer);
                answer.into_iter().for_each(|answer| self.told(at, transaction, answer));
            }
            Record::Answered { transaction, answer } => self.told(at, transaction, answer),
            Record::NetworkAnswered { link, code, answer, .. } => self.network(block, at, link.0, code, answer),
            Record::Operated { operator, order, reason } => {
                self.signed_by_order = true;
                self.operated(block, at, order, operator, reason);
            }
            Record::BankSigned { bank, on: false } if !signed_by_order && self.is_wanted(block) => {
                let order = Ordered::SignOff(u64::from(bank.0));
                self.scribe.ordered(at, &order, "bank", "the bank signed off by itself");
            }
            Record::CardListed { pan, code, by, reason } if self.is_wanted(block) => {
                let order = code.map_or(Ordered::Unblock(pan), |code| Ordered::Block(pan, code));
                self.scribe.ordered(at, &order, by, reason);
            }
            // A scenario has no card that comes later: the old one is blocked.
            Record::CardReplaced { pan, code, by, reason, .. } if self.is_wanted(block) => {
                self.scribe.ordered(at, &Ordered::Block(pan, code), by, reason);
            }
            Record::DeadRetried { leg, operator, reason } => self.dead(block, at, leg, Ordered::Retry, operator, reason),
            Record::DeadDiscarded { leg, operator, reason } => self.dead(block, at, leg, Ordered::Discard, operator, reason),
            _ => {}
        }
    }

    /// The switch was started: connections of before are gone.
    pub fn started(&mut self, block: u64) {
        self.starts += 1;
        if self.starts > 1 && self.is_wanted(block) {
            self.scribe.remark("the switch was stopped and started again here; a replay goes on without");
        }
    }

    fn is_wanted(&self, block: u64) -> bool {
        let dated = self.wanted.date.is_none_or(|date| self.date == Some(date));
        block >= self.wanted.from && dated && self.wanted.rrn.is_none()
    }

    fn asked(&mut self, block: u64, at: Timestamp, transaction: TransactionId, asked: Asked, original: Option<TransactionId>) {
        let dated = self.wanted.date.is_none_or(|date| self.date == Some(date));
        if block < self.wanted.from || !dated || self.wanted.rrn.is_some_and(|rrn| rrn != asked.rrn) {
            return;
        }
        let original = original.and_then(|id| self.open.get(&id)).map(|it| original_data(&it.asked));
        self.scribe.moved(asked.terminal, asked.link.0);
        self.scribe.asked(at, asked.link.0, &Message { original, ..request(&asked, self.scribe.institution()) });
        self.open.insert(transaction, Heard { asked, answer: None, echoed: asked.transmitted, is_awaited: true });
    }

    /// The same request again.
    fn again(&mut self, at: Timestamp, transaction: TransactionId, link: u64, transmitted: Option<TransmissionTime>) {
        let Some(heard) = self.open.get_mut(&transaction) else { return };
        heard.is_awaited = true;
        heard.asked.link.0 = link;
        heard.echoed = transmitted.unwrap_or(heard.asked.transmitted);
        let message = request(&heard.asked, self.scribe.institution());
        let repeat = Message { mti: message.mti.repeat(), transmitted: Some(heard.echoed), ..message };
        self.scribe.moved(heard.asked.terminal, link);
        self.scribe.asked(at, link, &repeat);
    }

    /// What an acquirer is told; where it waits no longer, nobody is.
    fn told(&mut self, at: Timestamp, transaction: TransactionId, answer: Answer) {
        let Some(heard) = self.open.get_mut(&transaction) else { return };
        heard.answer = Some(answer);
        if !std::mem::take(&mut heard.is_awaited) {
            return;
        }
        let asked = &heard.asked;
        let message = Message {
            stan: Some(asked.stan),
            rrn: Some(asked.rrn),
            transmitted: Some(heard.echoed),
            terminal: Some(asked.terminal),
            currency: Some(asked.currency),
            amount: answer.amount,
            authorization: answer.authorization,
            issued: answer.issued,
            code: Some(answer.code),
            ..Message::new(asked.mti.response())
        };
        let link = asked.link.0;
        self.scribe.answered(at, link, &message);
    }

    fn network(&mut self, block: u64, at: Timestamp, link: u64, code: u16, answer: ResponseCode) {
        if !self.is_wanted(block) {
            return;
        }
        self.network = self.network % Stan::MAX + 1;
        let network = Some(NetworkCode::from_number(code));
        let transmitted = Some(TransmissionTime::of(at));
        let message =
            Message { stan: Stan::new(self.network), transmitted, network, ..Message::new(model::Mti::NETWORK_REQUEST) };
        self.scribe.asked(at, link, &message);
        self.scribe.answered(at, link, &Message { mti: message.mti.response(), code: Some(answer), ..message });
    }

    /// `cutover`, `sign-off 116001`.
    fn operated(&mut self, block: u64, at: Timestamp, order: &str, operator: &str, reason: &str) {
        if !self.is_wanted(block) {
            return;
        }
        let mut words = order.split(' ');
        let order = match (words.next(), words.next().and_then(|word| word.parse().ok())) {
            (Some("cutover"), None) => Ordered::Cutover,
            (Some("sign-off"), Some(bank)) => Ordered::SignOff(bank),
            (Some("sign-on"), Some(bank)) => Ordered::SignOn(bank),
            _ => return self.scribe.remark(format!("left out: the order {order:?}, which no step gives")),
        };
        self.scribe.ordered(at, &order, operator, reason);
    }

    fn dead(&mut self, block: u64, at: Timestamp, leg: LegId, order: fn(Rrn, u8) -> Ordered, operator: &str, reason: &str) {
        let Some(heard) = self.open.get(&leg.transaction) else { return };
        if self.is_wanted(block) {
            self.scribe.ordered(at, &order(heard.asked.rrn, leg.index), operator, reason);
        }
    }
}

/// How another message names this one.
fn original_data(asked: &Asked) -> OriginalData {
    let Asked { stan, transmitted, acquirer, .. } = *asked;
    OriginalData {
        mti: asked.mti.first(),
        stan,
        transmitted: Some(transmitted),
        local: None,
        acquirer: Some(acquirer),
        forwarder: None,
    }
}

/// What the acquirer sent, as far as the journal keeps it.
fn request(asked: &Asked, of_link: Option<InstitutionId>) -> Message<'static> {
    Message {
        pan: asked.pan,
        processing: Some(asked.processing),
        amount: Some(asked.amount).filter(|amount| *amount > 0),
        transmitted: Some(asked.transmitted),
        stan: Some(asked.stan),
        local_time: Some(asked.local_time),
        local_date: Some(asked.local_date),
        merchant_type: asked.merchant_type,
        entry_mode: asked.entry_mode,
        condition: asked.condition,
        // The link's stands for one that was left out; either way it is the same again.
        acquirer: Some(asked.acquirer).filter(|it| Some(*it) != of_link),
        rrn: Some(asked.rrn),
        terminal: Some(asked.terminal),
        merchant: asked.merchant,
        currency: Some(asked.currency),
        replacement: Some(asked.stands).filter(|stands| *stands > 0),
        receiver: asked.receiver,
        from_account: asked.from_account,
        to_account: asked.to_account,
        ..Message::new(asked.mti)
    }
}
