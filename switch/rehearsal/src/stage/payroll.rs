//! The payroll office of a stage: the same that a running switch has, with the scenario's people for a registry.
//!
//! Knows: how an order reaches the world's switch. Does not know: documents, nor what is wrong with one (`payroll`).

use std::collections::HashMap;

use engine::{BatchId, BatchState, ItemId, ItemState, Rules, State, Tally};
use model::Text;
use payroll::{AccountStatus, By, Error, Fault, Hand, Keys, Meter, Office, Payee, Registry, Status};
use shard::PayrollRefused;
use simulator::Staged;

use super::Stage;
use crate::replay::{BatchLook, ItemLook, PayrollCame, PayrollOrder, PayrollRefusal, PayrollSpec, TallyLook, VenueError};
use crate::scenario::Person;

/// The office's key. It guards nobody: people here are made up.
const SECRET: [u8; 32] = *b"rehearsal of a payroll's secrets";

/// The scenario's people, by their numbers.
#[derive(Debug, Default)]
pub(super) struct People(HashMap<String, Payee>);

impl People {
    pub(super) fn of(people: &[Person]) -> Self {
        Self(people.iter().map(|person| (person.employee.clone(), payee(person))).collect())
    }

    /// This is said of a person from now on.
    fn register(&mut self, person: &Person) {
        self.0.insert(person.employee.clone(), payee(person));
    }
}

/// What the registry says of a person.
fn payee(person: &Person) -> Payee {
    Payee {
        status: match person.status {
            "retired" => Status::Retired,
            "resigned" => Status::Resigned,
            "unpaid-leave" => Status::UnpaidLeave,
            "deceased" => Status::Deceased,
            _ => Status::Active,
        },
        bank: person.bank.clone(),
        account_khr: person.khr.as_ref().and_then(|account| Text::new(account.as_bytes())),
        account_usd: person.usd.as_ref().and_then(|account| Text::new(account.as_bytes())),
        account_status: match person.account_status {
            "closed" => AccountStatus::Closed,
            "blocked" => AccountStatus::Blocked,
            _ => AccountStatus::Open,
        },
    }
}

impl Registry for People {
    fn payee(&self, employee: &str) -> Result<Option<Payee>, Error> {
        Ok(self.0.get(employee).cloned())
    }
}

/// The office reaches the world's switch directly: nothing happens between two of its orders.
struct StageHand<'w>(&'w mut Staged);

impl Hand for StageHand<'_> {
    fn look<T: Send + 'static>(&mut self, look: impl FnOnce(&State, &Rules) -> T + Send + 'static) -> Result<T, Error> {
        let rules = self.0.rules().clone();
        self.0.state().map(|state| look(state, &rules)).ok_or(Error::NotNow)
    }

    fn order(&mut self, by: By<'_>, order: engine::PayrollOrder) -> Result<BatchId, Error> {
        self.0.payroll(by.operator, by.reason, &order).map_err(|refused| match refused {
            PayrollRefused::NotNow => Error::NotNow,
            PayrollRefused::Disallowed(why) => Error::Disallowed(why),
        })
    }
}

impl Stage {
    /// Carries an order about a payroll out, as the office of a running switch does.
    pub(super) fn order_payroll(&mut self, spec: &PayrollSpec) -> Result<PayrollCame, VenueError> {
        let by = By { operator: &spec.operator, reason: &spec.reason };
        if let PayrollOrder::Submit { document, .. } = &spec.what {
            return self.submit(document, by);
        }
        if let PayrollOrder::Register(person) = &spec.what {
            self.people.register(person);
            return Ok(PayrollCame::Noted);
        }
        let order = match self.order_of(&spec.what) {
            Ok(order) => order,
            Err(text) => return Ok(PayrollCame::Refused(PayrollRefusal { text, ..PayrollRefusal::default() })),
        };
        let came = StageHand(&mut self.world).order(by, order);
        self.tell_time();
        match came {
            Ok(batch) => Ok(PayrollCame::Done(batch.0)),
            Err(error) => refused(error),
        }
    }

    fn submit(&mut self, document: &[u8], by: By<'_>) -> Result<PayrollCame, VenueError> {
        let payers = self.plan.payroll.as_ref().map(|it| it.payers.clone()).unwrap_or_default();
        let office = Office::new(Keys::new(SECRET), payers);
        let mut hand = StageHand(&mut self.world);
        let came = office.submit(|| Ok(document), &self.people, &mut hand, by, &Meter::default(), |_| Ok(()));
        self.tell_time();
        match came {
            Ok(submitted) => match (submitted.batch, submitted.checked.faults.listed().first()) {
                (Some(batch), _) => Ok(PayrollCame::Done(batch.0)),
                (None, Some(first)) => Ok(PayrollCame::Refused(told(first, submitted.checked.faults.total()))),
                (None, None) => {
                    let text = "the office refuses the document, and finds nothing wrong with it".to_owned();
                    Ok(PayrollCame::Refused(PayrollRefusal { text, ..PayrollRefusal::default() }))
                }
            },
            Err(error) => refused(error),
        }
    }

    fn order_of(&self, what: &PayrollOrder) -> Result<engine::PayrollOrder, String> {
        let item = |batch: u32, number: u32| ItemId { batch: BatchId(batch), number };
        Ok(match what {
            PayrollOrder::Submit { .. } | PayrollOrder::Register(_) => return Err("it is no order of the switch".to_owned()),
            PayrollOrder::Approve(batch) => engine::PayrollOrder::Approve(BatchId(*batch)),
            PayrollOrder::Cancel(batch) => engine::PayrollOrder::Cancel(BatchId(*batch)),
            PayrollOrder::CreditBack(batch) => engine::PayrollOrder::CreditBack(BatchId(*batch)),
            PayrollOrder::Recall(batch, number, amount, cause) => {
                let of = self.world.state().and_then(|state| state.batch(BatchId(*batch))).map(|it| it.header().currency);
                if let Some(of) = of.filter(|of| *of != amount.currency()) {
                    return Err(format!("the payroll is in {of}, not in {}", amount.currency()));
                }
                let why = cause.as_bytes().try_into().map_err(|_| format!("{cause:?} is no code of four signs"))?;
                engine::PayrollOrder::Recall { item: item(*batch, *number), amount: amount.minor(), why }
            }
            PayrollOrder::Settle(batch, number, paid) => {
                engine::PayrollOrder::Settle { item: item(*batch, *number), paid: *paid }
            }
        })
    }

    pub(super) fn look_at_batch(&self, batch: u32) -> Result<Option<BatchLook>, VenueError> {
        let state = self.state()?;
        let (Some(batch), Some(standing)) = (state.batch(BatchId(batch)), state.batch_state(BatchId(batch))) else {
            return Ok(None);
        };
        let (header, progress) = (batch.header(), batch.progress());
        let code = match standing {
            BatchState::Unfunded(code) => Some(code),
            _ => batch.credit_refused(),
        };
        Ok(Some(BatchLook {
            state: standing.name().to_owned(),
            code: code.map(|code| code.to_string()),
            currency: header.currency,
            whole: TallyLook { count: header.count.into(), amount: header.total },
            paid: tally(progress.paid),
            returned: tally(progress.returned),
            rejected: tally(progress.rejected),
            pending: tally(progress.pending),
            credited_back: progress.credited_back,
        }))
    }

    pub(super) fn look_at_item(&self, batch: u32, number: u32) -> Result<Option<ItemLook>, VenueError> {
        let state = self.state()?;
        let id = ItemId { batch: BatchId(batch), number };
        let found = state.item(id).zip(state.batch(id.batch));
        Ok(found.map(|(item, batch)| {
            let (code, returned) = match item.state {
                ItemState::Rejected(code) => (Some(code.to_string()), 0),
                ItemState::Returned(amount) => (None, amount),
                _ => (None, 0),
            };
            ItemLook { state: item.state.name().to_owned(), code, returned, currency: batch.header().currency }
        }))
    }
}

fn tally(it: Tally) -> TallyLook {
    TallyLook { count: it.count, amount: it.amount }
}

fn told(first: &Fault, faults: u64) -> PayrollRefusal {
    PayrollRefusal {
        text: first.to_string(),
        code: Some(first.problem.code().to_string()),
        line: Some(first.line),
        field: Some(first.field.clone()),
        faults,
    }
}

fn refused(error: Error) -> Result<PayrollCame, VenueError> {
    match error {
        Error::NotNow => Err(VenueError::NotNow(error.to_string())),
        other => Ok(PayrollCame::Refused(PayrollRefusal { text: other.to_string(), faults: 1, ..PayrollRefusal::default() })),
    }
}
