//! The salaries of a half-month as payrolls: one file of each form for each currency, since a payroll is in one.

use std::path::Path;

use documents::pain001::Edition;
use documents::{Account, Agent, Block, EmployeeId, Header, Identifier, Item, Moment, Name, Purpose, Sum, pain001, payroll_csv};
use model::{BusinessDate, Currency, HalfMonth, Money};
use nation::{Nation, Total};

use super::output::{Output, Progress};
use crate::cli::Failure;

/// Whose payroll it is, and where it is paid from: the treasury of the built-in cast.
const PAYER: (&str, &str) = ("MEF", "Ministry of Economy and Finance");
const PAYERS_BANK: &str = "116001";
const FUNDING: [(Currency, &str); 2] = [(Currency::KHR, "001900000116"), (Currency::USD, "001900000840")];

/// What is to be written.
pub(super) struct Payroll<'n> {
    pub nation: &'n Nation,
    pub seed: u64,
    pub count: u32,
    pub half_month: HalfMonth,
    pub with_faults: bool,
}

impl Payroll<'_> {
    /// Writes `payroll-2023-01-1.xml` and `.csv` in riel and, where anybody is paid in dollars, `payroll-2023-01-1-usd.xml` and `.csv`.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        for (currency, account) in FUNDING {
            // Number and sum stand at the beginning, so everybody is made twice.
            let total = Total::of(self.items(currency));
            if total.count > 0 {
                self.write_in(folder, currency, account, total)?;
            }
        }
        Ok(())
    }

    /// The half-month as it may stand in a file's name: `2023-01-1`.
    fn named(&self) -> String {
        self.half_month.to_string().replace('/', "-")
    }

    fn items(&self, currency: Currency) -> impl Iterator<Item = nation::Item> {
        nation::items(self.nation, self.count, currency, self.with_faults)
    }

    fn write_in(&self, folder: &Path, currency: Currency, account: &str, total: Total) -> Result<(), Failure> {
        let suffix = if currency == Currency::KHR { "" } else { "-usd" };
        let name = |form| folder.join(format!("payroll-{}{suffix}.{form}", self.named()));
        let failed = |form, error: documents::Error| format!("{}: {error}", name(form).display());
        let (mut xml, mut csv) = (Output::create(name("xml"))?, Output::create(name("csv"))?);
        let (header, block) = self.heads(currency, account, total)?;
        let pain = xml.write(|out| {
            let mut writer = pain001::Writer::new(out, Edition::V09, &header)?;
            writer.block(&block)?;
            Ok(writer)
        });
        let table = csv.write(|out| Ok(payroll_csv::Writer::new(out, &header, &block)?));
        let (mut pain, mut table) = (pain?, table?);
        let mut progress = Progress::of("salaries", total.count);
        for (place, item) in (0..).zip(self.items(currency)) {
            let item = self.told(&item)?;
            pain.item(&item).map_err(|error| failed("xml", error))?;
            table.item(&item).map_err(|error| failed("csv", error))?;
            progress.at(place);
        }
        pain.finish().map_err(|error| failed("xml", error))?;
        table.finish().map_err(|error| failed("csv", error))?;
        progress.done();
        xml.finish()?;
        csv.finish()
    }

    fn heads(&self, currency: Currency, account: &str, total: Total) -> Result<(Header, Block), Failure> {
        // The 10th or the 25th.
        let paid_on = BusinessDate::from_days(self.half_month.first_day().days() + 9);
        let id = Identifier::new(&format!("MEF-{}-{currency}-{}-{}", self.named(), self.count, self.seed % 1_000_000))?;
        let ordered_on = BusinessDate::from_days(paid_on.days() - 2);
        let sum = Sum::ZERO.plus(Money::from_minor(total.minor, currency));
        let header = Header {
            message_id: id.clone(),
            created: Moment::new(&format!("{ordered_on}T09:00:00+07:00"))?,
            count: total.count,
            control_sum: Some(sum),
            initiator_name: None,
            initiator_id: None,
        };
        let block = Block {
            line: 0,
            id,
            payer_name: Some(Name::new(PAYER.1)?),
            payer_id: Identifier::new(PAYER.0)?,
            account: Account::own(account)?,
            currency: Some(currency),
            agent: Agent::member(PAYERS_BANK)?,
            execution_date: paid_on,
            purpose: Some(Purpose::new("SALA")?),
            count: Some(total.count),
            control_sum: Some(sum),
        };
        Ok((header, block))
    }

    fn told(&self, item: &nation::Item) -> Result<Item, Failure> {
        let (person, again) = item.reference;
        Ok(Item {
            line: 0,
            column: 0,
            index: 0,
            end_to_end_id: Identifier::new(&format!("{}-{person:08}-{again}", self.named()))?,
            instruction_id: None,
            amount: item.amount,
            agent: Agent::member(&item.bank.institution().to_string())?,
            account: Account::own(&item.account.to_string())?,
            name: Some(Name::new(&item.name.latin().to_string())?),
            employee: EmployeeId::new(&item.employee.to_string())?,
            purpose: Some(Purpose::new("SALA")?),
            remittance: None,
        })
    }
}
