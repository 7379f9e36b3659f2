//! What a payroll step orders, and what is looked at of a batch.

use model::Money;

use super::{Runner, Stop};
use crate::replay::paper::{self, Line, Paper};
use crate::replay::{BatchLook, PayrollCame, PayrollOrder, PayrollRefusal, PayrollSpec, VenueError};
use crate::scenario::values::amount;
use crate::scenario::{Check, Payroll, PayrollItem, PayrollSource, PayrollWord, Person, Submission, Template};

impl Runner<'_> {
    pub(super) fn payroll(&mut self, place: usize, payroll: &Payroll) -> Result<(), Stop> {
        let what = match &payroll.order.value {
            PayrollWord::Submit(submission) => self.submitted(submission)?,
            PayrollWord::Approve(of) => PayrollOrder::Approve(self.batch_of(*of)?),
            PayrollWord::Cancel(of) => PayrollOrder::Cancel(self.batch_of(*of)?),
            PayrollWord::CreditBack(of) => PayrollOrder::CreditBack(self.batch_of(*of)?),
            PayrollWord::Register(person) => {
                self.people.insert(person.name.clone(), Person::clone(person));
                PayrollOrder::Register(person.clone())
            }
            PayrollWord::Recall(of, item, amount, cause) => {
                PayrollOrder::Recall(self.batch_of(*of)?, *item, self.money(&amount.value)?, cause.clone())
            }
            PayrollWord::Settle(of, item, paid) => PayrollOrder::Settle(self.batch_of(*of)?, *item, *paid),
        };
        let (operator, reason) = (self.fill(&payroll.operator)?, self.fill(&payroll.reason)?);
        match self.venue.payroll(&PayrollSpec { what, operator, reason })? {
            PayrollCame::Done(batch) => {
                self.batches.insert(place, batch);
                let nothing = PayrollRefusal::default();
                match payroll.refusal.as_slice() {
                    [] => Ok(()),
                    checks => self.all_agree("it was carried out", &refusal(checks, &nothing, false)),
                }
            }
            PayrollCame::Noted => match payroll.refusal.as_slice() {
                [] => Ok(()),
                checks => self.all_agree("it was carried out", &refusal(checks, &PayrollRefusal::default(), false)),
            },
            PayrollCame::Refused(why) if payroll.refusal.is_empty() => Err(self.failed(&format!("it was refused: {}", why.text))),
            PayrollCame::Refused(why) => self.all_agree("it was refused otherwise", &refusal(&payroll.refusal, &why, true)),
        }
    }

    /// The document of a step.
    fn submitted(&mut self, submission: &Submission) -> Result<PayrollOrder, Stop> {
        let csv = submission.csv;
        let document = match &submission.source {
            PayrollSource::Document(path) => {
                std::fs::read(path).map_err(|error| self.failed(&format!("{}: {error}", path.display())))?
            }
            PayrollSource::Items(items) => {
                let paper = self.paper(submission, items)?;
                paper::write(&paper, csv).map_err(|problem| self.failed(&problem.to_string()))?
            }
        };
        Ok(PayrollOrder::Submit { document, csv })
    }

    fn paper(&mut self, submission: &Submission, items: &[PayrollItem]) -> Result<Paper, Stop> {
        let now = self.now();
        let today = self.scenario.offset.date(now);
        let message = match &submission.message {
            Some(message) => self.fill(message)?,
            // Where the switch remembers earlier plays, a name of this scenario alone would be known to it already.
            None => match self.venue.numbers_from(self.scenario.seed) {
                Some(seed) => format!("PAY-{seed}-{}", self.line),
                None => format!("PAY-{}-{}", now.micros(), self.line),
            },
        };
        let pays_on = match &submission.pays_on {
            Some(date) => {
                let text = self.fill(&date.value)?;
                let day = text.parse().ok().and_then(crate::scenario::times::day);
                day.ok_or_else(|| self.failed(&format!("{text:?} is no date")))?
            }
            None => today,
        };
        let lines = items.iter().enumerate().map(|(place, item)| self.paid(place, item));
        let lines = lines.collect::<Result<Vec<_>, _>>()?;
        let payer = self.fill(&submission.payer)?;
        let bank = self.cast.bank(&submission.bank).map_err(|error| self.failed(&error.to_string()))?.institution;
        let account = submission.account.as_ref().map(|it| self.fill(it)).transpose()?;
        Ok(Paper { message, payer, bank, account, made: now, offset: self.scenario.offset, pays_on, lines })
    }

    /// One payment, with what the registry says where the item does not.
    fn paid(&self, place: usize, item: &PayrollItem) -> Result<Line, Stop> {
        let amount = self.money(&item.amount.value)?;
        let person = item.person.as_ref().and_then(|name| self.people.get(name).or_else(|| self.scenario.person(name)));
        let currency = amount.currency();
        let unclear = || self.failed(&format!("item {}: there is no account in {currency}; write account = \"…\"", place + 1));
        let said = |template: &Option<Template>| template.as_ref().map(|it| self.fill(it)).transpose();
        let employee = said(&item.employee)?.or_else(|| person.map(|it| it.employee.clone())).unwrap_or_default();
        let account = said(&item.account)?.or_else(|| person.and_then(|it| it.account(currency)).map(str::to_owned));
        let bank = item.bank.as_ref().or(person.map(|it| &it.bank));
        let bank = bank.and_then(|name| self.cast.bank(name).ok()).ok_or_else(unclear)?;
        Ok(Line {
            employee,
            bank: bank.institution,
            account: account.ok_or_else(unclear)?,
            amount,
            id: said(&item.id)?.unwrap_or_else(|| format!("E{}", place + 1)),
            purpose: item.purpose.clone(),
        })
    }

    fn money(&self, template: &Template) -> Result<Money, Stop> {
        let text = self.fill(template)?;
        text.parse().map_err(|error: model::AmountError| self.failed(&error.to_string()))
    }

    /// The number of the batch that a step has made.
    fn batch_of(&self, of: usize) -> Result<u32, Stop> {
        let batch = self.batches.get(&of).copied();
        batch.ok_or_else(|| self.failed("what was submitted there was refused: there is no such batch"))
    }

    fn batch(&mut self, of: usize) -> Result<BatchLook, Stop> {
        let batch = self.batch_of(of)?;
        let look = self.venue.batch(batch)?;
        look.ok_or_else(|| VenueError::NotNow(format!("the switch has no batch {batch}")).into())
    }

    /// A figure of a batch, all of which must fit together whatever the step asks for.
    pub(super) fn batch_figure(&mut self, of: usize, figure: &str) -> Result<Option<String>, Stop> {
        let look = self.batch(of)?;
        look.balance().map_err(|problem| self.failed(&problem))?;
        let minor = |minor: u64| Some(amount(i64::try_from(minor).unwrap_or(i64::MAX), look.currency));
        Ok(match figure {
            "state" => Some(look.state.clone()),
            "code" => look.code.clone(),
            "credited_back" => minor(look.credited_back),
            _ => {
                let tally = match figure.split('_').next() {
                    Some("paid") => look.paid,
                    Some("returned") => look.returned,
                    Some("rejected") => look.rejected,
                    _ => look.pending,
                };
                if figure.ends_with("_items") { Some(tally.count.to_string()) } else { minor(tally.amount) }
            }
        })
    }

    /// A figure of an item.
    pub(super) fn item_figure(&mut self, of: usize, item: u32, figure: &str) -> Result<Option<String>, Stop> {
        let batch = self.batch_of(of)?;
        let look = self.venue.item(batch, item)?;
        let look = look.ok_or_else(|| self.failed(&format!("the batch has no item {item}")))?;
        Ok(match figure {
            "state" => Some(look.state),
            "code" => look.code,
            _ => Some(amount(i64::try_from(look.returned).unwrap_or(i64::MAX), look.currency)),
        })
    }
}

/// What came, beside what is expected of a refusal; of what was carried out there is nothing to compare.
fn refusal<'c>(checks: &'c [Check], why: &PayrollRefusal, refused: bool) -> Vec<(&'c Check, Option<String>, Option<String>)> {
    let value = |check: &Check| match check.name.as_str() {
        "refused" => Some(why.text.clone()),
        "code" => why.code.clone(),
        "line" => why.line.map(|it| it.to_string()),
        "field" => why.field.clone(),
        _ => Some(why.faults.to_string()),
    };
    checks.iter().map(|check| (check, value(check).filter(|_| refused), None)).collect()
}
