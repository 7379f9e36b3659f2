//! What a place is asked about payrolls, and what it answers: in words that do not depend on where the switch is.
//!
//! Knows: orders about batches, how a batch and an item are looked at. Does not know: documents' inside, nor how a place does it.

use model::{Currency, Money};

use crate::scenario::Person;

/// An order about a payroll, with who gives it and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayrollSpec {
    /// What.
    pub what: PayrollOrder,
    /// Who.
    pub operator: String,
    /// Why.
    pub reason: String,
}

/// What can be ordered. Batches go by the switch's numbers, items by their place in the document, from 1.
#[derive(Clone, PartialEq, Eq)]
pub enum PayrollOrder {
    /// Checks a document and takes it for a batch.
    Submit {
        /// Its bytes.
        document: Vec<u8>,
        /// Whether it is CSV, not XML.
        csv: bool,
    },
    /// Has it funded, and paid when its date comes.
    Approve(u32),
    /// Stops it.
    Cancel(u32),
    /// Has the registry say this of a person from now on.
    Register(Box<Person>),
    /// Tries again what the payer's bank has refused to take back.
    CreditBack(u32),
    /// Takes so much back of an item, for this cause (a code of ISO 20022).
    Recall(u32, u32, Money, String),
    /// Says whether an item that was given up was paid.
    Settle(u32, u32, bool),
}

impl std::fmt::Debug for PayrollOrder {
    /// Without the document, for it names people and accounts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Submit { document, csv } => write!(f, "Submit({} bytes, csv {csv})", document.len()),
            Self::Approve(batch) => write!(f, "Approve({batch})"),
            Self::Cancel(batch) => write!(f, "Cancel({batch})"),
            Self::Register(person) => write!(f, "Register({})", person.name),
            Self::CreditBack(batch) => write!(f, "CreditBack({batch})"),
            Self::Recall(batch, item, amount, cause) => write!(f, "Recall({batch}, {item}, {amount}, {cause})"),
            Self::Settle(batch, item, paid) => write!(f, "Settle({batch}, {item}, {paid})"),
        }
    }
}

/// What became of an order about a payroll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayrollCame {
    /// It was carried out, on this batch.
    Done(u32),
    /// It was done, and no batch is concerned.
    Noted,
    /// It was refused.
    Refused(PayrollRefusal),
}

/// Why an order about a payroll was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PayrollRefusal {
    /// In words: the first fault, or why the order is not allowed.
    pub text: String,
    /// Its reason code (ISO 20022).
    pub code: Option<String>,
    /// The line of the document.
    pub line: Option<u64>,
    /// The field, as the document calls it.
    pub field: Option<String>,
    /// How many faults there are.
    pub faults: u64,
}

/// How many items, and how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TallyLook {
    /// Items.
    pub count: u64,
    /// Minor units.
    pub amount: u64,
}

/// How a payroll stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchLook {
    /// In a word: `submitted`, `part`, `done`.
    pub state: String,
    /// With which code its funding was refused.
    pub code: Option<String>,
    /// Of all its amounts.
    pub currency: Currency,
    /// All of it, as it was submitted.
    pub whole: TallyLook,
    /// What was paid and not taken back.
    pub paid: TallyLook,
    /// What was taken back.
    pub returned: TallyLook,
    /// What was refused or cancelled.
    pub rejected: TallyLook,
    /// Of what the outcome is open.
    pub pending: TallyLook,
    /// What the payer has got back, minor units.
    pub credited_back: u64,
}

impl BatchLook {
    /// What every batch holds at every moment: each part of it is paid, returned, rejected or pending, and nothing is twice. What
    /// is wrong where it does not.
    pub(crate) fn balance(&self) -> Result<(), String> {
        let Self { whole, paid, returned, rejected, pending, .. } = self;
        let sum = paid.amount + returned.amount + rejected.amount + pending.amount;
        let show = |minor| Money::from_minor(minor, self.currency);
        if sum != whole.amount {
            return Err(format!(
                "paid {} + returned {} + rejected {} + pending {} is {}, and the payroll is of {}",
                show(paid.amount),
                show(returned.amount),
                show(rejected.amount),
                show(pending.amount),
                show(sum),
                show(whole.amount)
            ));
        }
        if self.credited_back > returned.amount + rejected.amount {
            let back = show(self.credited_back);
            return Err(format!("the payer has got back {back}, more than was returned and rejected"));
        }
        Ok(())
    }
}

/// How an item of a payroll stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemLook {
    /// In a word: `waiting`, `paid`, `rejected`.
    pub state: String,
    /// With which response code it was refused.
    pub code: Option<String>,
    /// What was taken back of it, minor units.
    pub returned: u64,
    /// Of its amounts.
    pub currency: Currency,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_whose_parts_are_not_the_whole_is_told() {
        let tally = |amount| TallyLook { count: 1, amount };
        let sound = BatchLook {
            state: "done".to_owned(),
            code: None,
            currency: Currency::KHR,
            whole: tally(1000),
            paid: tally(400),
            returned: tally(300),
            rejected: tally(200),
            pending: tally(100),
            credited_back: 500,
        };
        assert_eq!(sound.balance(), Ok(()));
        let lost = BatchLook { pending: tally(0), ..sound.clone() };
        assert_eq!(
            lost.balance().unwrap_err(),
            "paid 4.00 KHR + returned 3.00 KHR + rejected 2.00 KHR + pending 0.00 KHR is 9.00 KHR, and the payroll is of 10.00 KHR"
        );
        assert!(BatchLook { paid: tally(500), ..sound.clone() }.balance().is_err());
        assert!(BatchLook { credited_back: 501, ..sound }.balance().unwrap_err().contains("has got back 5.01 KHR"));
    }
}
