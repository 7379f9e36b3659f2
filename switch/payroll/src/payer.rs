//! Who pays, and from where; and which bank a BIC names.

use engine::BankId;
use model::{Currency, InstitutionId, Text};

/// A payer that the configuration knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// As documents name it, 1 to 35 signs.
    pub id: String,
    /// Its institution number: DE32 of what is asked for it.
    pub institution: InstitutionId,
    /// The bank of its accounts.
    pub bank: BankId,
    /// The accounts from which its payrolls are funded, one a currency.
    pub accounts: Vec<(Currency, Text<28>)>,
}

impl Payer {
    /// Its account in this currency.
    #[must_use]
    pub fn account(&self, currency: Currency) -> Option<Text<28>> {
        self.accounts.iter().find(|(of, _)| *of == currency).map(|(_, account)| *account)
    }
}

/// The BICs (ISO 9362) by which documents may name banks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bics(Vec<(String, BankId)>);

impl Bics {
    /// Adds a bank's BIC; whether no bank had it before.
    ///
    /// # Errors
    /// Where it is none by its form.
    pub fn add(&mut self, text: &str, bank: BankId) -> Result<bool, documents::Problem> {
        let bic = documents::Agent::bic(text)?;
        let new = self.bank(&bic).is_none();
        if new {
            self.0.push((head_office(bic.as_str()).to_owned(), bank));
        }
        Ok(new)
    }

    /// The bank that is named by its BIC; `None` where none has it, or it is named otherwise.
    pub(crate) fn bank(&self, agent: &documents::Agent) -> Option<BankId> {
        let wanted = head_office(agent.as_str());
        let mut known = self.0.iter().filter(|_| agent.kind() == documents::AgentKind::Bic);
        known.find(|(bic, _)| bic == wanted).map(|(_, bank)| *bank)
    }
}

/// Eleven characters that end with XXX name the same as the eight before them.
fn head_office(bic: &str) -> &str {
    bic.strip_suffix("XXX").filter(|rest| rest.len() == 8).unwrap_or(bic)
}
