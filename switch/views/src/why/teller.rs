//! Records in plain words, with the domain's names.

use engine::{
    Answer, Asked, BankId, Entry, HoldEnd, ItemOutcome, LegId, LossReason, OnTimeout, Part, Participant, Purpose, Record,
    ReversalReason, StandInReason, Subject,
};
use model::{Currency, Money, ResponseCode, Stan, Timestamp, TransactionId};

use super::{Event, Story};
use crate::{TransactionRow, mask};

/// Follows one transaction through the records and tells what each means to it.
pub(super) struct Teller {
    id: TransactionId,
    story: Story,
    came: Option<Timestamp>,
    currency: Option<Currency>,
    legs: Vec<Leg>,
    told: bool,
    /// The switch had stopped, so nobody is connected to be told.
    stopped: bool,
}

/// What a leg's later records do not repeat.
#[derive(Clone, Copy)]
struct Leg {
    bank: BankId,
    /// The request's DE11 there.
    stan: Stan,
    /// The advice's DE11 there, once there is one.
    advice: Option<Stan>,
    /// Whether its request is itself an advice.
    advises: bool,
    tries: u32,
}

impl Teller {
    pub(super) fn new(transaction: TransactionRow, original: Option<TransactionRow>) -> Self {
        Self {
            id: TransactionId(transaction.id),
            story: Story { transaction, original, events: Vec::new() },
            came: None,
            currency: None,
            legs: Vec::new(),
            told: false,
            stopped: false,
        }
    }

    pub(super) fn story(self) -> Story {
        self.story
    }

    /// Takes a record in, if it concerns this transaction.
    pub(super) fn hear(&mut self, block: u64, entry: &Entry<'_>) {
        let concerned = match entry.record.subject() {
            Subject::Transaction(id) => id == self.id,
            Subject::Both(reversal, original) => reversal == self.id || original == self.id,
            Subject::Switch => false,
        };
        if !concerned {
            return;
        }
        let came = *self.came.get_or_insert(entry.at);
        if let Some((leg, what)) = self.tell(&entry.record) {
            self.story.events.push(Event {
                at: entry.at.to_string(),
                after_us: u64::try_from(entry.at.since(came).as_micros()).unwrap_or(u64::MAX),
                block,
                record: entry.record.name(),
                leg: leg.map(|leg| leg.index),
                what,
            });
        }
    }

    /// The words for a record; none for those that are about no transaction.
    fn tell(&mut self, record: &Record<'_>) -> Option<(Option<LegId>, String)> {
        let of_leg = |leg: LegId, what: String| Some((Some(leg), what));
        match *record {
            Record::Created { .. }
            | Record::Adopted { .. }
            | Record::DayOpened { .. }
            | Record::BankLinked { .. }
            | Record::BankSigned { .. }
            | Record::NetworkAnswered { .. }
            | Record::DayClosed { .. }
            | Record::CardListed { .. }
            | Record::CardReplaced { .. }
            | Record::Operated { .. }
            | Record::BatchOpened { .. }
            | Record::BatchDropped { .. }
            | Record::BatchSubmitted { .. }
            | Record::BatchApproved { .. }
            | Record::BatchFunded { .. }
            | Record::BatchUnfunded { .. }
            | Record::BatchBegun { .. }
            | Record::BatchCancelled { .. }
            | Record::CreditBackRetried { .. }
            | Record::PayrollForgotten { .. }
            | Record::LateReply { leg: None, .. } => None,
            Record::ItemTaken { .. }
            | Record::PartFunded { .. }
            | Record::ItemEnded { .. }
            | Record::ItemPutBack { .. }
            | Record::RecallStarted { .. }
            | Record::ItemReturned { .. }
            | Record::RecallRefused { .. }
            | Record::CreditBackStarted { .. }
            | Record::CreditedBack { .. }
            | Record::CreditBackRefused { .. }
            | Record::ItemSettled { .. } => self.payroll(record).map(|what| (None, what)),
            Record::Accepted { asked, .. } => {
                // A payroll's item that was put back begins anew.
                self.legs.clear();
                self.currency = Some(asked.currency);
                Some((None, format!("accepted from {}", sender(&asked))))
            }
            Record::Refused { asked, code, .. } => {
                self.currency = Some(asked.currency);
                Some((
                    None,
                    format!("came from {}; the switch itself answered {}, no bank was asked", sender(&asked), said(code)),
                ))
            }
            Record::Joined { link, transmitted, .. } => Some((
                None,
                format!(
                    "the same request came again on connection {} (DE7 {transmitted}) and joined this one: nothing goes to a bank \
                     twice, the answer goes there",
                    link.0
                ),
            )),
            Record::AdviceAccepted { transaction, asked, original } => {
                let completes = match original {
                    Some(original) if transaction == self.id => format!(", which completes transaction {original}"),
                    _ => String::new(),
                };
                if transaction != self.id {
                    let name = format!("transaction {transaction}, {} under DE11 {}", asked.mti, asked.stan);
                    return Some((None, format!("completed by {name}")));
                }
                self.currency = Some(asked.currency);
                Some((None, format!("advice from {}{completes}: it has happened, and is owed to its bank", sender(&asked))))
            }
            Record::AdviceOwed { leg } => {
                let bank = self.bank(leg);
                of_leg(leg, format!("bank {bank} is told of it until it answers"))
            }
            Record::StoodIn { leg, reason, .. } => {
                let bank = self.bank(leg);
                let why = match reason {
                    StandInReason::SignedOff => "has signed off",
                    StandInReason::Down => "cannot be reached",
                    StandInReason::Queued => "has yet to hear of earlier debits of this card",
                };
                of_leg(leg, format!("approved in the stead of bank {bank}, which {why}"))
            }
            Record::Posted { leg, part, date, from, to, amount, .. } => {
                of_leg(leg, format!("{} posted for {date}: {}", part_of(part), self.moved(amount, from, to)))
            }
            Record::PostedBack { leg, part, date, from, to, amount, .. } => {
                of_leg(leg, format!("{} taken back for {date}: {}", part_of(part), self.moved(amount, to, from)))
            }
            Record::HoldPlaced { leg, amount, expires } => of_leg(leg, format!("{} is held until {expires}", self.money(amount))),
            Record::HoldEnded { leg, how } => {
                let how = match how {
                    HoldEnd::Completed => "completed",
                    HoldEnd::Reversed => "freed by a reversal",
                    HoldEnd::Expired => "free again, its time is over",
                };
                of_leg(leg, format!("the hold is {how}"))
            }
            Record::ReversalOverruled { .. } => {
                Some((None, "a reversal was asked, but the money has arrived: it stands, and an operator must know".to_owned()))
            }
            Record::DeadRetried { leg, operator, reason } => {
                self.with(leg, |it| it.tries = 0);
                of_leg(leg, format!("operator {operator} has it tried again: {reason}"))
            }
            Record::DeadDiscarded { leg, operator, reason } => {
                of_leg(leg, format!("operator {operator} took it off the dead-letter list: {reason}"))
            }
            Record::LegStarted { leg, bank, identity, due, on_timeout, fee, .. } => {
                let advises = on_timeout == OnTimeout::Advise;
                self.legs.push(Leg { bank, stan: identity.stan, advice: None, advises, tries: 0 });
                if advises {
                    return of_leg(leg, format!("an advice for bank {bank} under DE11 {}", identity.stan));
                }
                let fee = if fee > 0 { format!(" with a fee of {}", self.money(fee)) } else { String::new() };
                let awaited = format!("answer awaited until {}, {}", clock(due), or_else(on_timeout));
                of_leg(leg, format!("sent to bank {bank} under DE11 {}{fee}; {awaited}", identity.stan))
            }
            Record::LegAnswered { leg, answer } => {
                of_leg(leg, format!("bank {} answered {}", self.bank(leg), self.answer(answer)))
            }
            Record::LegLost { leg, reason } => of_leg(leg, self.lost(leg, reason)),
            Record::Answered { answer, .. } => Some((None, self.told(answer))),
            Record::Repeated { link, .. } => {
                Some((None, format!("the same request came again on connection {} and was told the same", link.0)))
            }
            Record::AnswerUndelivered { .. } => {
                Some((None, "the answer did not leave: no byte of it reached the terminal's connection".to_owned()))
            }
            Record::ReversalStarted { leg, reason, identity, stands } => {
                let bank = self.bank(leg);
                self.with(leg, |it| {
                    it.advice = Some(identity.stan);
                    it.tries = 0;
                });
                let why = match reason {
                    ReversalReason::Unknown => "its outcome stayed unknown",
                    ReversalReason::Asked => "the acquirer asked for it",
                    ReversalReason::Undelivered => "the approval could not be delivered",
                    ReversalReason::LaterLegRefused => "a later leg was refused",
                };
                let advice = format!("an advice under DE11 {} is owed to bank {bank}", identity.stan);
                of_leg(leg, format!("reversal started because {why}: {}; {advice}", self.stands(stands)))
            }
            Record::RepeatStarted { leg } => {
                let (bank, stan) = (self.bank(leg), self.leg(leg).map(|it| it.stan).unwrap_or_default());
                self.with(leg, |it| it.tries = 0);
                of_leg(leg, format!("the same request, under the same DE11 {stan}, is owed to bank {bank} until it answers"))
            }
            Record::UndoNoted { leg, stands } => {
                let until = format!("bank {} must first say what became of it", self.bank(leg));
                of_leg(leg, format!("reversal noted: {}, but {until}", self.stands(stands)))
            }
            Record::ForwardTried { leg, sent, due } => of_leg(leg, self.tried(leg, sent, due)),
            Record::ForwardEnded { leg, code, dead } => of_leg(leg, self.ended(leg, code, dead)),
            Record::LateReply { bank, stan, code, leg: Some(leg) } => {
                let named = stan.map(|it| format!(" under DE11 {it}")).unwrap_or_default();
                let code = code.map_or_else(|| "without a code".to_owned(), said);
                of_leg(leg, format!("bank {bank} answered {code}{named}, which nobody waits for: it changes nothing"))
            }
            Record::ReversalAnswered { transaction, asked, original, awaited, code } => {
                self.currency = Some(asked.currency);
                let what = if transaction == self.id {
                    let about = match (original, awaited) {
                        (Some(original), _) => format!("it undoes transaction {original}"),
                        (None, Some(it)) => format!(
                            "its original (DE11 {}, DE7 {}) is not known here, and will be refused if it comes",
                            it.stan, it.transmitted
                        ),
                        (None, None) => "its original is not known here".to_owned(),
                    };
                    format!("reversal from {}: {about}, {}; told {}", sender(&asked), self.stands(asked.stands), said(code))
                } else {
                    let name = format!("transaction {transaction}, {} under DE11 {}", asked.mti, asked.stan);
                    let acquirer = asked.acquirer.number();
                    format!(
                        "acquirer {acquirer} asked to reverse it ({name}): {}; told {}",
                        self.stands(asked.stands),
                        said(code)
                    )
                };
                Some((None, what))
            }
        }
    }

    /// The words for a payroll's own record.
    fn payroll(&self, record: &Record<'_>) -> Option<String> {
        Some(match *record {
            Record::ItemTaken { item, .. } => format!("item {} of payroll batch {}", item.number, item.batch),
            Record::PartFunded { batch, amount, .. } => {
                format!("payroll batch {batch} has {} of its payer's money by it", self.money(amount))
            }
            Record::ItemEnded { outcome: ItemOutcome::Paid { short: 0 }, .. } => "its batch counts it as paid".to_owned(),
            Record::ItemEnded { outcome: ItemOutcome::Paid { short }, .. } => {
                format!("its batch counts it as paid, but for {}, which the payer gets back", self.money(short))
            }
            Record::ItemEnded { outcome: ItemOutcome::Rejected(code), .. } => {
                format!("its batch counts it as rejected with {}; the payer gets it back", said(code))
            }
            Record::ItemPutBack { until, .. } => {
                format!("it waits for its bank again, at the latest until {}", clock(until))
            }
            Record::RecallStarted { amount, why, operator, reason, .. } => {
                format!("operator {operator} has {} asked back ({}): {reason}", self.money(amount), why.escape_ascii())
            }
            Record::ItemReturned { amount, .. } => format!("{} of it came back", self.money(amount)),
            Record::RecallRefused { code, .. } => format!("nothing of it came back: {}", said(code)),
            Record::CreditBackStarted { amount, .. } => format!("the payer is to get back {}", self.money(amount)),
            Record::CreditedBack { amount, .. } => format!("the payer has got back {}", self.money(amount)),
            Record::CreditBackRefused { code: Some(code), .. } => {
                format!("the payer has not got it back: {}; an operator must order it anew", said(code))
            }
            Record::CreditBackRefused { code: None, until, .. } => {
                format!("it did not leave and is tried again, at the latest after {}", clock(until))
            }
            Record::ItemSettled { paid, operator, reason, .. } => {
                let what = if paid { "was paid" } else { "was not paid" };
                format!("operator {operator} says that it {what}: {reason}")
            }
            _ => return None,
        })
    }

    fn lost(&mut self, leg: LegId, reason: LossReason) -> String {
        let bank = self.bank(leg);
        match reason {
            LossReason::Timeout => format!("timer fired: bank {bank} did not answer in time, the outcome is unknown"),
            LossReason::BadReply => {
                format!("the answer of bank {bank} could not be read or breaks its profile: the outcome is unknown")
            }
            LossReason::Stopped => {
                self.stopped = true;
                format!(
                    "the switch had stopped, and started again now: the request may or may not have reached bank {bank}, the outcome \
                     is unknown"
                )
            }
            LossReason::Undelivered => {
                format!("no byte of the request left: bank {bank} knows nothing of it, and nothing is owed")
            }
        }
    }

    fn told(&mut self, answer: Answer) -> String {
        let answer = self.answer(answer);
        let again = std::mem::replace(&mut self.told, true);
        match (again, self.stopped) {
            (true, _) => format!("from now on a repeat is told {answer}"),
            (false, true) => format!("answer decided while nobody was connected, for a repeat to be told: {answer}"),
            (false, false) if Purpose::of(self.id).is_some() => format!("its batch is told {answer}"),
            (false, false) => format!("terminal told {answer}"),
        }
    }

    fn tried(&mut self, leg: LegId, sent: bool, due: Timestamp) -> String {
        let (what, tries, bank) = self.with(leg, |it| {
            it.tries += u32::from(sent);
            let what = it.advice.map_or_else(
                || if it.advises { "advice" } else { "request" }.to_owned(),
                |stan| format!("advice under DE11 {stan}"),
            );
            (what, it.tries, it.bank.to_string())
        });
        if sent {
            format!("{what} sent to bank {bank}, attempt {tries}; next try {}", clock(due))
        } else {
            format!("{what} waits for bank {bank} or for its turn, at the latest until {}", clock(due))
        }
    }

    fn ended(&self, leg: LegId, code: Option<ResponseCode>, dead: bool) -> String {
        let bank = self.bank(leg);
        let owed = match self.leg(leg) {
            Some(Leg { advice: Some(_), .. }) => "the reversal",
            Some(Leg { advises: true, .. }) => "the advice",
            _ => "the request",
        };
        match (dead, code) {
            (true, Some(code)) => {
                format!("dead letter: bank {bank} refused {owed} with {}; an operator must look", said(code))
            }
            (true, None) => format!("dead letter: bank {bank} did not answer {owed} for too long; an operator must look"),
            (false, Some(ResponseCode::ORIGINAL_NOT_FOUND)) => {
                format!(
                    "bank {bank} answered {}: it never saw the request, so nothing is to be undone",
                    said(ResponseCode::ORIGINAL_NOT_FOUND)
                )
            }
            (false, Some(code)) => format!("bank {bank} confirmed {owed}: {}", said(code)),
            (false, None) => format!("nothing is owed to bank {bank} any more"),
        }
    }

    /// A code with its meaning, and what came with it.
    fn answer(&self, answer: Answer) -> String {
        let authorization = answer.authorization.map(|it| format!(", authorization {it}")).unwrap_or_default();
        let amount = answer.amount.map(|it| format!(", {} of it", self.money(it))).unwrap_or_default();
        format!("{}{amount}{authorization}", said(answer.code))
    }

    fn stands(&self, minor: u64) -> String {
        if minor == 0 { "nothing is to stand".to_owned() } else { format!("{} is to stand", self.money(minor)) }
    }

    fn money(&self, minor: u64) -> String {
        self.currency.map_or_else(|| format!("{minor} minor units"), |it| Money::from_minor(minor, it).to_string())
    }

    fn moved(&self, amount: u64, from: Participant, to: Participant) -> String {
        let name = |it| match it {
            Participant::Clearing => "clearing".to_owned(),
            Participant::Institution(number) => number.to_string(),
        };
        format!("{} from {} to {}", self.money(amount), name(from), name(to))
    }

    fn leg(&self, leg: LegId) -> Option<&Leg> {
        self.legs.get(usize::from(leg.index))
    }

    fn bank(&self, leg: LegId) -> String {
        self.leg(leg).map_or_else(|| "?".to_owned(), |it| it.bank.to_string())
    }

    /// Changes what is known of a leg; one that never started, which no journal holds, is a blank that is forgotten.
    fn with<T>(&mut self, leg: LegId, change: impl FnOnce(&mut Leg) -> T) -> T {
        let mut blank = Leg { bank: BankId::default(), stan: Stan::default(), advice: None, advises: false, tries: 0 };
        change(self.legs.get_mut(usize::from(leg.index)).unwrap_or(&mut blank))
    }
}

/// A code with its meaning: `51 not sufficient funds`.
pub(super) fn said(code: ResponseCode) -> String {
    match code.meaning() {
        Some(meaning) => format!("{code} {meaning}"),
        None => format!("{code} (a code unknown here)"),
    }
}

fn sender(asked: &Asked) -> String {
    let account = asked.to_account.map(|it| format!(", for account {}", mask::account(&it))).unwrap_or_default();
    format!("acquirer {}, terminal {}, DE11 {}{account}", asked.acquirer.number(), asked.terminal, asked.stan)
}

fn part_of(part: Part) -> &'static str {
    match part {
        Part::Principal => "amount",
        Part::Fee => "fee",
        Part::Interchange => "interchange",
    }
}

fn or_else(on_timeout: OnTimeout) -> &'static str {
    match on_timeout {
        OnTimeout::Reverse => "or it is reversed",
        OnTimeout::Repeat => "or it is asked again",
        OnTimeout::Nothing | OnTimeout::Advise => "and nothing is owed after that",
    }
}

/// The time of day of a moment, UTC, to the millisecond.
fn clock(at: Timestamp) -> String {
    at.to_string().get(11..23).unwrap_or_default().to_owned()
}
