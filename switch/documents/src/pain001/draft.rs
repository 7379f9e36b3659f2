//! Header, block and item while they are read: what is there already, and what is lacking.
//!
//! Knows: what a payroll cannot do without. Does not know: how it was read.

use model::{BusinessDate, Currency, Money};

use crate::entry::{Block, Header, Item};
use crate::fault::Problem;
use crate::source::Place;
use crate::sum::Sum;
use crate::tally::Tally;
use crate::words::{Account, Agent, EmployeeId, Identifier, Moment, Name, Purpose, Remittance};

/// Puts what was read into its field; what is wrong with it. A second value is one too many.
pub(super) fn put<T>(field: &mut Option<T>, read: Result<T, Problem>) -> Option<Problem> {
    match read {
        Ok(_) if field.is_some() => Some(Problem::Twice),
        Ok(value) => {
            *field = Some(value);
            None
        }
        Err(problem) => Some(problem),
    }
}

/// The paths of those that are not there.
fn lacking<const N: usize>(fields: [(bool, &'static str); N]) -> impl Iterator<Item = &'static str> {
    fields.into_iter().filter(|(there, _)| !there).map(|(_, path)| path)
}

#[derive(Default)]
pub(super) struct HeaderDraft {
    pub(super) message_id: Option<Identifier>,
    pub(super) created: Option<Moment>,
    pub(super) count: Option<(Place, u32)>,
    pub(super) control_sum: Option<(Place, Sum)>,
    pub(super) initiator_name: Option<Name>,
    pub(super) initiator_id: Option<Identifier>,
}

impl HeaderDraft {
    pub(super) fn lacking(&self) -> impl Iterator<Item = &'static str> + use<> {
        lacking([(self.message_id.is_some(), "MsgId"), (self.created.is_some(), "CreDtTm"), (self.count.is_some(), "NbOfTxs")])
    }

    pub(super) fn header(self) -> Option<Header> {
        Some(Header {
            message_id: self.message_id?,
            created: self.created?,
            count: self.count?.1,
            control_sum: self.control_sum.map(|(_, sum)| sum),
            initiator_name: self.initiator_name,
            initiator_id: self.initiator_id,
        })
    }
}

#[derive(Default)]
pub(super) struct BlockDraft {
    pub(super) place: Option<Place>,
    /// Whether it was given out, so that its items can be.
    pub(super) given: bool,
    pub(super) id: Option<Identifier>,
    pub(super) payer_name: Option<Name>,
    pub(super) payer_id: Option<Identifier>,
    pub(super) account: Option<Account>,
    pub(super) currency: Option<Currency>,
    pub(super) agent: Option<Agent>,
    pub(super) execution_date: Option<BusinessDate>,
    pub(super) purpose: Option<Purpose>,
    pub(super) count: Option<(Place, u32)>,
    pub(super) control_sum: Option<(Place, Sum)>,
    pub(super) tally: Tally,
}

impl BlockDraft {
    pub(super) fn lacking(&self) -> impl Iterator<Item = &'static str> + use<> {
        lacking([
            (self.id.is_some(), "PmtInfId"),
            (self.execution_date.is_some(), "ReqdExctnDt"),
            (self.payer_id.is_some(), "Dbtr/Id/OrgId/Othr/Id"),
            (self.account.is_some(), "DbtrAcct/Id"),
            (self.agent.is_some(), "DbtrAgt/FinInstnId"),
        ])
    }

    pub(super) fn block(&self) -> Option<Block> {
        Some(Block {
            line: self.place?.line,
            id: self.id.clone()?,
            payer_name: self.payer_name.clone(),
            payer_id: self.payer_id.clone()?,
            account: self.account.clone()?,
            currency: self.currency,
            agent: self.agent.clone()?,
            execution_date: self.execution_date?,
            purpose: self.purpose,
            count: self.count.map(|(_, count)| count),
            control_sum: self.control_sum.map(|(_, sum)| sum),
        })
    }
}

#[derive(Default)]
pub(super) struct ItemDraft {
    pub(super) place: Option<Place>,
    pub(super) end_to_end_id: Option<Identifier>,
    pub(super) instruction_id: Option<Identifier>,
    pub(super) amount: Option<Money>,
    pub(super) agent: Option<Agent>,
    pub(super) account: Option<Account>,
    pub(super) name: Option<Name>,
    pub(super) employee: Option<EmployeeId>,
    pub(super) purpose: Option<Purpose>,
    pub(super) remittance: Option<Remittance>,
}

impl ItemDraft {
    pub(super) fn lacking(&self) -> impl Iterator<Item = &'static str> + use<> {
        lacking([
            (self.end_to_end_id.is_some(), "PmtId/EndToEndId"),
            (self.amount.is_some(), "Amt/InstdAmt"),
            (self.agent.is_some(), "CdtrAgt/FinInstnId"),
            (self.employee.is_some(), "Cdtr/Id/PrvtId/Othr/Id"),
            (self.account.is_some(), "CdtrAcct/Id"),
        ])
    }

    pub(super) fn item(self, index: u32) -> Option<Item> {
        let place = self.place?;
        Some(Item {
            line: place.line,
            column: place.column,
            index,
            end_to_end_id: self.end_to_end_id?,
            instruction_id: self.instruction_id,
            amount: self.amount?,
            agent: self.agent?,
            account: self.account?,
            name: self.name,
            employee: self.employee?,
            purpose: self.purpose,
            remittance: self.remittance,
        })
    }
}
