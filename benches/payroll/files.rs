//! The files of a payroll, made by the program itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::UNIX_EPOCH;

use model::{BusinessDate, HalfMonth};

/// Of a nation so many are paid in riel, in thousandths, and a few fewer.
const IN_RIEL: u32 = 951;

/// A payroll with what belongs to it.
pub(crate) struct Files {
    pub(crate) registry: PathBuf,
    pub(crate) accounts: PathBuf,
    /// pain.001
    pub(crate) document: PathBuf,
    /// How many are paid.
    pub(crate) salaries: u32,
    /// What they are paid, minor units.
    pub(crate) total: i64,
    pub(crate) seed: u64,
}

impl Files {
    /// For so many salaries, or a few more.
    pub(crate) fn make(program: &Path, folder: &Path, salaries: u32) -> Self {
        let days = i64::try_from(UNIX_EPOCH.elapsed().expect("after 1970").as_secs() / 86_400).expect("fits");
        let half = HalfMonth::of(BusinessDate::from_days(days)).earlier(1);
        let half = format!("{}-{:02}-{}", half.year(), half.month(), 1 + u8::from(half.is_second()));
        let (out, seed) = (folder.join("nation"), 7);
        let people = u64::from(salaries) * 1000 / u64::from(IN_RIEL) + 1;
        let mut command = Command::new(program);
        command.args(["generate", "--civil-servants", &people.to_string(), "--seed", &seed.to_string(), "--half-month", &half]);
        command.args(["--what", "registry,accounts,payroll", "--out"]).arg(&out).stderr(Stdio::null()).stdout(Stdio::null());
        assert!(command.status().expect("starts").success(), "no nation was made");
        let table = fs::read_to_string(out.join(format!("payroll-{half}.csv"))).expect("was made");
        let amounts = table.lines().filter(|line| line.starts_with("item,")).filter_map(|line| line.split(',').nth(7));
        let document = out.join(format!("payroll-{half}.xml"));
        let amounts: Vec<i64> = amounts.map(|text| text.replace('.', "").parse::<i64>().expect("an amount")).collect();
        Self {
            registry: out.join("registry.csv"),
            accounts: out.join("accounts.csv"),
            document,
            salaries: amounts.len() as u32,
            total: amounts.iter().sum(),
            seed,
        }
    }
}
