//! Reports in ISO 20022: pain.002 for the payer, camt.054 for one bank, pacs.004 for what came back.
//!
//! Numbers and sums stand before what they count, so each document is gone through twice; the snapshot holds both passes together.

use std::io::Write;

use documents::{
    Agent, Identifier, ItemStatus, Moment, Numbers, Original, Reason, ReasonCode, Status, Sum, camt054, pacs004, pain002,
};
use engine::{BankId, ItemState, Purpose};
use model::{Money, ResponseCode};
use payroll::{Came, Error, Outcome};

use super::{Kept, Report};

/// How many of some payments were paid, wait, and were refused, and what they come to.
#[derive(Clone, Copy, Default)]
struct Counts([(u64, Sum); 3]);

impl Counts {
    fn add(&mut self, status: ItemStatus, amount: Money) {
        let [settled, pending, rejected] = &mut self.0;
        let (count, sum) = match status {
            ItemStatus::Settled => settled,
            ItemStatus::Pending => pending,
            ItemStatus::Rejected => rejected,
        };
        *count += 1;
        *sum = sum.plus(amount);
    }

    fn status(&self) -> Status {
        let [(settled, _), (pending, _), (rejected, _)] = self.0;
        Status::of(settled, pending, rejected)
    }

    fn numbers(&self) -> Vec<Numbers> {
        use ItemStatus::{Pending, Rejected, Settled};
        let named = [Settled, Pending, Rejected].into_iter().zip(self.0);
        let some = named.filter(|(_, (count, _))| *count > 0);
        some.map(|(status, (count, sum))| Numbers { status, count, sum }).collect()
    }
}

/// What a document says of one payment: what is left of one that came back in part has been paid.
fn status(came: &Came, amount: Money) -> ItemStatus {
    match came.state {
        ItemState::Waiting | ItemState::Sent | ItemState::Unknown => ItemStatus::Pending,
        ItemState::Returned(back) if back >= amount.minor() => ItemStatus::Rejected,
        ItemState::Paid | ItemState::Returned(_) => ItemStatus::Settled,
        ItemState::Rejected(_) | ItemState::Cancelled => ItemStatus::Rejected,
    }
}

/// Why, in a code and in words.
fn reason(came: &Came, amount: Money) -> Option<Reason> {
    match came.state {
        ItemState::Rejected(code) => Some(refused(code)),
        ItemState::Returned(back) => {
            let back = Money::from_minor(back, amount.currency());
            Some(Reason { code: ReasonCode::FOCR, detail: Some(format!("{back} came back")) })
        }
        ItemState::Cancelled => {
            let detail = Some("cancelled before it was sent".to_owned());
            Some(Reason { code: ReasonCode::CUST, detail })
        }
        ItemState::Unknown => {
            let detail = Some("the bank has not said what became of it, and is asked on".to_owned());
            Some(Reason { code: ReasonCode::NARR, detail })
        }
        ItemState::Waiting | ItemState::Sent | ItemState::Paid => None,
    }
}

/// What a bank's response code means in ISO 20022. The code itself follows in words.
fn refused(code: ResponseCode) -> Reason {
    let reason = match code {
        ResponseCode::UNKNOWN_CARD | ResponseCode::NO_SUCH_ACCOUNT => ReasonCode::AC01,
        ResponseCode::ACCOUNT_CLOSED => ReasonCode::AC04,
        ResponseCode::ACCOUNT_BLOCKED | ResponseCode::RESTRICTED_CARD => ReasonCode::AC06,
        ResponseCode::NO_SUCH_ISSUER => ReasonCode::RC01,
        _ => ReasonCode::NARR,
    };
    let meaning = code.meaning().unwrap_or("a code this switch does not know");
    Reason { code: reason, detail: Some(format!("the bank answered {code} {meaning}")) }
}

impl Report<'_> {
    pub(super) fn pain002(&self, out: &mut impl Write) -> Result<(), Error> {
        let (mut all, mut blocks) = (Counts::default(), Vec::<Counts>::new());
        self.with(|outcomes| {
            for outcome in outcomes {
                let Outcome { block: (number, _), item, came } = outcome?;
                blocks.resize(blocks.len().max(number + 1), Counts::default());
                for counts in blocks.get_mut(number).into_iter().chain([&mut all]) {
                    counts.add(status(&came, item.amount), item.amount);
                }
            }
            Ok(())
        })?;
        let (id, created) = (self.name("S")?, self.moment());
        self.with(|outcomes| {
            let edition = outcomes.edition().map_or(pain002::Edition::V10, pain002::Edition::from);
            let header = outcomes.header().clone();
            let original = Original { control_sum: header.control_sum, ..original(&header, outcomes) };
            let answer = pain002::Answer {
                message_id: &id,
                created: &created,
                original,
                status: all.status(),
                reasons: &[],
                numbers: &all.numbers(),
            };
            let mut writer = pain002::Writer::new(out, edition, &answer).map_err(failed)?;
            let mut begun = None;
            for outcome in outcomes {
                let Outcome { block: (number, block), item, came } = outcome?;
                if begun != Some(number) {
                    begun = Some(number);
                    let counts = blocks.get(number).copied().unwrap_or_default();
                    let batch = pain002::Batch {
                        id: &block.id,
                        count: block.count,
                        control_sum: block.control_sum,
                        status: counts.status(),
                        reasons: &[],
                        numbers: &counts.numbers(),
                    };
                    writer.batch(&batch).map_err(failed)?;
                }
                let why = reason(&came, item.amount);
                let told = pain002::Item {
                    instruction_id: item.instruction_id.as_ref(),
                    end_to_end_id: &item.end_to_end_id,
                    amount: Some(item.amount),
                    status: status(&came, item.amount),
                    reason: why.as_ref(),
                };
                writer.item(&told).map_err(failed)?;
            }
            writer.finish().map_err(failed).map(|_| ())
        })
    }

    /// What a bank was credited and what it gave back. One that came back whole is there both ways.
    pub(super) fn camt054(&self, out: &mut impl Write) -> Result<(), Error> {
        let Some(bank) = self.bank else { return Ok(()) };
        let currency = self.of.header.currency;
        let money = |minor| Money::from_minor(minor, currency);
        let (mut credits, mut debits) = ((0, Sum::ZERO), (0, Sum::ZERO));
        self.with(|outcomes| {
            for outcome in outcomes {
                let outcome = outcome?;
                if let Some((paid, back)) = moved(&outcome).filter(|_| outcome.came.bank == bank) {
                    credits = (credits.0 + 1, credits.1.plus(money(paid)));
                    if back > 0 {
                        debits = (debits.0 + 1, debits.1.plus(money(back)));
                    }
                }
            }
            Ok(())
        })?;
        let (id, created) = (self.name(&format!("N-{bank}"))?, self.moment());
        let account = documents::Account::own(&format!("{bank}{}", currency.alpha())).map_err(|_| Error::Changed)?;
        let servicer = agent(bank)?;
        self.with(|outcomes| {
            let message_id = outcomes.header().message_id.clone();
            let head = camt054::Notification {
                id: &id,
                created: &created,
                account: &account,
                currency,
                servicer: &servicer,
                credits,
                debits,
            };
            let mut writer = camt054::Writer::new(out, &id, &created).map_err(failed)?;
            writer.notification(&head).map_err(failed)?;
            for outcome in outcomes {
                let outcome = outcome?;
                let Some((paid, back)) = moved(&outcome).filter(|_| outcome.came.bank == bank) else { continue };
                let Outcome { block: (_, block), item, came } = &outcome;
                let reference = identifier(&Purpose::Item(came.id).rrn().to_string())?;
                let credit = camt054::Booking {
                    reference: &reference,
                    amount: money(paid),
                    side: camt054::Side::Credit,
                    date: self.of.header.pays_on,
                    message_id: &message_id,
                    batch_id: &block.id,
                    instruction_id: item.instruction_id.as_ref(),
                    end_to_end_id: &item.end_to_end_id,
                    name: item.name.as_ref(),
                    account: &item.account,
                    purpose: item.purpose,
                };
                writer.entry(&credit).map_err(failed)?;
                if back > 0 {
                    let side = camt054::Side::Return(ReasonCode::FOCR);
                    writer.entry(&camt054::Booking { amount: money(back), side, ..credit }).map_err(failed)?;
                }
            }
            writer.finish().map_err(failed).map(|_| ())
        })
    }

    /// What came back to the payer of what had been paid.
    pub(super) fn pacs004(&self, out: &mut impl Write) -> Result<(), Error> {
        let currency = self.of.header.currency;
        let money = |minor| Money::from_minor(minor, currency);
        let returned = |came: &Came| match came.state {
            ItemState::Returned(back) if self.wants(came) => Some(back),
            _ => None,
        };
        let (mut count, mut control_sum) = (0_u32, Sum::ZERO);
        for back in self.snapshot.all().filter_map(|came| returned(&came)) {
            (count, control_sum) = (count + 1, control_sum.plus(money(back)));
        }
        let (id, created) = (self.name("R")?, self.moment());
        let from = Agent::member(&self.office.institution.to_string()).map_err(|_| Error::Changed)?;
        let to = agent(self.of.header.funding_bank)?;
        self.with(|outcomes| {
            let header = outcomes.header().clone();
            let head = pacs004::Head {
                message_id: &id,
                created: &created,
                count,
                control_sum,
                date: self.of.today,
                from: &from,
                to: &to,
                original: original(&header, outcomes),
            };
            let mut writer = pacs004::Writer::new(out, &head).map_err(failed)?;
            for outcome in outcomes {
                let outcome = outcome?;
                let Some(back) = returned(&outcome.came) else { continue };
                let paid_under = identifier(&Purpose::Item(outcome.came.id).rrn().to_string())?;
                let item = pacs004::Return {
                    id: &identifier(&format!("{}-R", paid_under.as_str()))?,
                    instruction_id: outcome.item.instruction_id.as_ref(),
                    end_to_end_id: &outcome.item.end_to_end_id,
                    transaction_id: Some(&paid_under),
                    paid: outcome.item.amount,
                    returned: money(back),
                    reason: &ReasonCode::FOCR.into(),
                };
                writer.item(&item).map_err(failed)?;
            }
            writer.finish().map_err(failed).map(|_| ())
        })
    }

    /// What a report calls itself, unlike any other: the batch, what it is, and the second of its making.
    fn name(&self, what: &str) -> Result<Identifier, Error> {
        identifier(&format!("PSW{:05}-{what}-{}", self.of.batch.0, self.clock.now.micros() / 1_000_000))
    }

    fn moment(&self) -> Moment {
        Moment::at(self.clock.now, self.clock.offset)
    }
}

/// What was credited of a payment, and what came back of it.
fn moved(outcome: &Outcome) -> Option<(u64, u64)> {
    match outcome.came.state {
        ItemState::Paid => Some((outcome.item.amount.minor(), 0)),
        ItemState::Returned(back) => Some((outcome.item.amount.minor(), back)),
        _ => None,
    }
}

fn original<'a>(header: &'a documents::Header, outcomes: &Kept<'_>) -> Original<'a> {
    Original {
        message_id: &header.message_id,
        message: outcomes.message(),
        created: Some(&header.created),
        count: Some(header.count),
        control_sum: None,
    }
}

fn identifier(text: &str) -> Result<Identifier, Error> {
    // All of ours are short, and in digits and Latin letters.
    Identifier::new(text).map_err(|_| Error::Changed)
}

fn agent(bank: BankId) -> Result<Agent, Error> {
    Agent::member(&bank.to_string()).map_err(|_| Error::Changed)
}

fn failed(error: documents::Error) -> Error {
    match error {
        documents::Error::Io(source) => Error::Report(source),
        error => Error::Report(std::io::Error::other(error)),
    }
}
