//! What operators write about payrolls: the registry, who may pay and from where, how fast and when.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use engine::{BankRules, PayrollRules};
use model::{Kind, Text};
use payroll::{Bics, Payer};
use serde::Deserialize;

use super::checked::Checker;
use super::{BankSection, ConfigError};

/// `[payroll]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayrollSection {
    /// The registry's file, by the configuration's own folder.
    pub registry: PathBuf,
    /// Salaries open at one bank at once.
    #[serde(default = "default_window")]
    pub window: usize,
    /// The local time of day at which a payroll begins on its date.
    #[serde(default = "default_pays_at")]
    pub pays_at: String,
    /// For how many half-months it is remembered who was paid what.
    #[serde(default = "default_kept")]
    pub kept: u32,
    /// How many half-months ahead a document may be.
    #[serde(default = "default_ahead")]
    pub ahead: u32,
    /// The longest document that is taken, bytes.
    #[serde(default = "default_document_max_bytes")]
    pub document_max_bytes: u64,
    /// Who may pay.
    pub payer: Vec<PayerSection>,
}

/// `[[payroll.payer]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayerSection {
    /// As documents name it.
    pub id: String,
    /// Its institution.
    pub institution: String,
    /// The bank of its accounts, by name or institution number.
    pub bank: String,
    /// Its accounts, by currency.
    pub accounts: BTreeMap<String, String>,
}

fn default_window() -> usize {
    256
}

fn default_pays_at() -> String {
    "06:00".into()
}

fn default_kept() -> u32 {
    4
}

fn default_ahead() -> u32 {
    2
}

fn default_document_max_bytes() -> u64 {
    8 * 1024 * 1024 * 1024
}

/// What the payroll office is told.
#[derive(Clone, Debug)]
pub struct PayrollPlan {
    /// The registry's file.
    pub registry: PathBuf,
    /// The longest document that is taken, bytes.
    pub document_max_bytes: u64,
    /// Who may pay.
    pub payers: Vec<Payer>,
    /// By which BICs documents may name banks.
    pub bics: Bics,
}

impl Checker<'_> {
    /// The BICs of banks that have one.
    pub(super) fn bics(&self, sections: &[BankSection], banks: &[BankRules]) -> Result<Bics, ConfigError> {
        let mut bics = Bics::default();
        for (it, rules) in sections.iter().zip(banks) {
            let Some(text) = &it.bic else { continue };
            let place = || format!("bank.{}.bic", it.name);
            match bics.add(text, rules.id) {
                Ok(true) => {}
                Ok(false) => return Err(self.error(place(), "another bank has this BIC already")),
                Err(problem) => return Err(self.error(place(), problem.to_string())),
            }
        }
        Ok(bics)
    }

    pub(super) fn payroll(
        &self,
        it: &PayrollSection,
        banks: &[BankRules],
        bics: Bics,
    ) -> Result<(PayrollPlan, PayrollRules), ConfigError> {
        let at_least_one = |number: u64, key: &str| {
            self.want((number > 0).then_some(()), &format!("payroll.{key}"), || "must be 1 or more".into())
        };
        at_least_one(it.window as u64, "window")?;
        at_least_one(it.kept.into(), "kept")?;
        at_least_one(it.document_max_bytes, "document_max_bytes")?;
        let mut payers: Vec<Payer> = Vec::new();
        for section in &it.payer {
            let payer = self.payer(section, banks)?;
            if payers.iter().any(|other| other.id == payer.id) {
                return Err(self.error(format!("payroll.payer.{}.id", section.id), "another payer has this id already"));
            }
            payers.push(payer);
        }
        let plan = PayrollPlan { registry: self.beside(&it.registry), document_max_bytes: it.document_max_bytes, payers, bics };
        let pays_at: Duration = self.time_of_day(&it.pays_at, "payroll.pays_at")?;
        Ok((plan, PayrollRules { window: it.window, pays_at, kept: it.kept, ahead: it.ahead, ..PayrollRules::default() }))
    }

    fn payer(&self, it: &PayerSection, banks: &[BankRules]) -> Result<Payer, ConfigError> {
        let place = |key: &str| format!("payroll.payer.{}.{key}", it.id);
        let fits = (1..=35).contains(&it.id.len()) && it.id.bytes().all(|byte| byte.is_ascii_graphic());
        self.want(fits.then_some(()), "payroll.payer.id", || "must be 1 to 35 letters, digits or signs, without spaces".into())?;
        let found = banks.iter().find(|bank| bank.name == it.bank || bank.id.to_string() == it.bank);
        let bank = self.want(found, &place("bank"), || {
            let known: Vec<_> = banks.iter().map(|bank| bank.name.as_str()).collect();
            format!("there is no bank {:?}; known: {}", it.bank, known.join(", "))
        })?;
        if !bank.kinds.contains(&Kind::Funding) {
            let problem = format!("{} does no funding; add \"funding\" to its kinds, or name another bank", bank.name);
            return Err(self.error(place("bank"), problem));
        }
        let mut accounts = Vec::new();
        for (code, account) in &it.accounts {
            let place = place(&format!("accounts.{code}"));
            let currency = self.currency(code, &place)?;
            if !bank.currencies.contains(&currency) {
                return Err(self.error(place, format!("{} does nothing in {currency}; name another bank", bank.name)));
            }
            accounts.push((currency, self.account(account, &place)?));
        }
        if accounts.is_empty() {
            return Err(self.error(place("accounts"), "at least one account is needed, as accounts.KHR = \"001900000116\""));
        }
        let institution = self.institution(&it.institution, &place("institution"))?;
        Ok(Payer { id: it.id.clone(), institution, bank: bank.id, accounts })
    }

    fn account(&self, text: &str, place: &str) -> Result<Text<28>, ConfigError> {
        let fits = (6..=28).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let account = Text::new(text.as_bytes()).filter(|_| fits);
        self.want(account, place, || "is no account; write 6 to 28 digits or letters".into())
    }
}
