//! Who pays, and from where.

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
