//! Who must be paid what, read from the documents by the test's own lights, and which accounts their banks will not credit.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use model::{BusinessDate, HalfMonth};

use crate::harness;

/// Where the treasury's riel are: the account that pays, and gets back what was not paid.
pub(super) const FUNDING: &str = "001900000116";

/// One salary of the document.
#[derive(Clone, Debug)]
pub(super) struct Salary {
    pub(super) bank: &'static str,
    pub(super) account: String,
    pub(super) minor: i64,
    /// Whether its bank refuses it, though the registry takes the account to be open.
    pub(super) refused: bool,
}

/// All salaries, in the document's order.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) salaries: Vec<Salary>,
    by_account: HashMap<(&'static str, String), usize>,
}

/// The files that make a payroll.
pub(super) struct Files {
    pub(super) registry: PathBuf,
    pub(super) accounts: PathBuf,
    /// pain.001
    pub(super) document: Vec<u8>,
}

impl Plan {
    /// Makes a nation and its payroll, and lets some of its accounts be shut, or missing, at their banks alone.
    pub(super) fn make(folder: &Path, people: usize, seed: u64) -> (Self, Files) {
        let half = half_month();
        let out = folder.join("nation");
        let (count, seed) = (people.to_string(), seed.to_string());
        let mut arguments = vec!["generate", "--civil-servants", &count, "--seed", &seed, "--half-month", &half];
        let place = out.display().to_string();
        arguments.extend(["--what", "registry,accounts,payroll", "--out", &place]);
        let (made, text) = harness::command(&arguments, None);
        assert!(made, "{text}");
        let table = std::fs::read_to_string(out.join(format!("payroll-{half}.csv"))).expect("was made");
        let plan = Self::read(&table);
        let accounts = out.join("accounts.csv");
        let spoilt = plan.spoil(&std::fs::read_to_string(&accounts).expect("was made"));
        std::fs::write(&accounts, spoilt).expect("is written");
        let document = std::fs::read(out.join(format!("payroll-{half}.xml"))).expect("was made");
        (plan, Files { registry: out.join("registry.csv"), accounts, document })
    }

    fn read(table: &str) -> Self {
        let items = table.lines().map(|line| line.split(',').collect::<Vec<_>>()).filter(|fields| fields[0] == "item");
        let salaries = items.enumerate().map(|(place, fields)| Salary {
            bank: bank(fields[4]),
            account: fields[5].to_owned(),
            minor: fields[7].replace('.', "").parse().expect("an amount with two decimals"),
            refused: place % 61 == 30 || place % 61 == 50,
        });
        let salaries: Vec<_> = salaries.collect();
        let by_account = (0..).zip(&salaries).map(|(place, it)| ((it.bank, it.account.clone()), place)).collect();
        Self { salaries, by_account }
    }

    /// The accounts as the banks have them: of those that will be refused every other is closed, and every other is not there.
    fn spoil(&self, table: &str) -> String {
        let mut spoilt = String::new();
        for line in table.lines() {
            let fields: Vec<_> = line.split(',').collect();
            let place = ["acleda", "canadia", "wing"].iter().find(|bank| **bank == fields[0]);
            let place = place.and_then(|bank| self.by_account.get(&(*bank, fields[1].to_owned())));
            match place {
                Some(place) if self.salaries[*place].refused && place % 2 == 0 => {
                    let rest = line.strip_suffix("open").expect("is open in the registry");
                    spoilt += &format!("{rest}closed\n");
                }
                Some(place) if self.salaries[*place].refused => {}
                _ => spoilt += &format!("{line}\n"),
            }
        }
        spoilt
    }

    /// The salary that is paid into this account.
    pub(super) fn of(&self, bank: &str, account: &str) -> Option<&Salary> {
        let bank = ["acleda", "canadia", "wing"].into_iter().find(|it| *it == bank)?;
        self.by_account.get(&(bank, account.to_owned())).map(|place| &self.salaries[*place])
    }

    /// The salary with this number, from 1.
    pub(super) fn numbered(&self, number: usize) -> Option<&Salary> {
        self.salaries.get(number.checked_sub(1)?)
    }

    pub(super) fn total(&self) -> i64 {
        self.salaries.iter().map(|it| it.minor).sum()
    }

    /// What the banks refuse.
    pub(super) fn refused(&self) -> i64 {
        self.salaries.iter().filter(|it| it.refused).map(|it| it.minor).sum()
    }
}

/// The half-month before this one: what it pays is due.
fn half_month() -> String {
    let days = i64::try_from(UNIX_EPOCH.elapsed().expect("after 1970").as_secs() / 86_400).expect("fits");
    let half = HalfMonth::of(BusinessDate::from_days(days)).earlier(1);
    format!("{}-{:02}-{}", half.year(), half.month(), 1 + u8::from(half.is_second()))
}

fn bank(institution: &str) -> &'static str {
    match institution {
        "116001" => "acleda",
        "116002" => "canadia",
        "116003" => "wing",
        other => panic!("there is no bank {other}"),
    }
}
