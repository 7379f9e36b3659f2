//! `payswitch generate`: the files of a made-up nation, for tests.

mod output;
mod payroll;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use model::HalfMonth;
use nation::csv::Table;
use nation::{COUNT_MAX, Nation};

use super::Failure;
use output::{Output, Progress};
use payroll::Payroll;

/// `payswitch generate`
#[derive(Args)]
pub(super) struct Generate {
    /// How many people, up to 16,000,000.
    #[arg(long, value_name = "COUNT", value_parser = count)]
    civil_servants: u32,
    /// The same seed gives the same people, and a larger count the same and more.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the files; made where it is missing.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Which files: registry.csv (who is on the payroll), cards.csv, accounts.csv (for `payswitch bank --accounts`), payroll.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [What::Registry, What::Cards, What::Accounts, What::Payroll])]
    what: Vec<What>,
    /// The half-month that the payrolls are for: 2023-01/1 is paid on the 10th of January, 2023-01/2 on the 25th.
    #[arg(long, value_name = "YYYY-MM/1|2", default_value = "2023-01/1", value_parser = half_month)]
    half_month: HalfMonth,
    /// Payrolls with items that must be refused: people twice, retired or unknown, accounts closed or shared.
    #[arg(long)]
    with_faults: bool,
    /// Write into a folder that is not empty, over files of the same names.
    #[arg(long)]
    force: bool,
}

/// A file, or several that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Who is on the payroll.
    Registry,
    /// People with their cards.
    Cards,
    /// The banks' accounts.
    Accounts,
    /// Salaries of a half-month, as pain.001 and CSV.
    Payroll,
}

fn count(text: &str) -> Result<u32, String> {
    let count = text.replace('_', "").parse::<u32>().ok().filter(|count| (1..=COUNT_MAX).contains(count));
    count.ok_or_else(|| format!("a nation has 1 to {COUNT_MAX} people; write it in digits"))
}

fn half_month(text: &str) -> Result<HalfMonth, String> {
    // As in the files' names too.
    let named = || text.rsplit_once('-').and_then(|(month, half)| HalfMonth::parse(&format!("{month}/{half}")));
    HalfMonth::parse(text).or_else(named).ok_or_else(|| "write year, month and half: 2023-01/1 or 2023-01/2".into())
}

impl Generate {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        prepare(&self.out, self.force)?;
        let nation = Nation::new(self.seed);
        self.write_tables(&nation)?;
        if self.what.contains(&What::Payroll) {
            let Self { seed, civil_servants: count, half_month, with_faults, .. } = self;
            Payroll { nation: &nation, seed, count, half_month, with_faults }.write(&self.out)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// The files that have lines of people, all in one pass.
    fn write_tables(&self, nation: &Nation) -> Result<(), Failure> {
        let tables = [
            (What::Registry, Table::Registry, "registry.csv"),
            (What::Cards, Table::Cards, "cards.csv"),
            (What::Accounts, Table::Accounts, "accounts.csv"),
        ];
        let mut files = Vec::new();
        for (_, table, name) in tables.into_iter().filter(|(what, ..)| self.what.contains(what)) {
            let mut file = Output::create(self.out.join(name))?;
            file.write(|out| Ok(out.write_all(table.header().as_bytes())?))?;
            files.push((table, file));
        }
        if files.is_empty() {
            return Ok(());
        }
        let mut progress = Progress::of("people", self.civil_servants);
        for person in nation.people(self.civil_servants) {
            for (table, file) in &mut files {
                file.write(|out| Ok(table.write(&person, out)?))?;
            }
            progress.at(person.index);
        }
        progress.done();
        files.into_iter().try_for_each(|(_, file)| file.finish())
    }
}

/// Sees to it that the folder is there, and holds nothing that somebody may want.
fn prepare(folder: &Path, force: bool) -> Result<(), Failure> {
    let failed = |error| format!("{}: {error}; check the path", folder.display());
    std::fs::create_dir_all(folder).map_err(failed)?;
    let is_empty = std::fs::read_dir(folder).map_err(failed)?.next().is_none();
    if is_empty || force {
        return Ok(());
    }
    Err(format!("{} is not empty; choose another folder, or --force to write over files there", folder.display()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_month_is_written_as_everywhere_or_as_in_names_of_files() {
        for text in ["2022-12/2", "2022-12-2"] {
            assert_eq!(half_month(text).unwrap().to_string(), "2022-12/2");
        }
        for wrong in ["", "2022-12", "2022-12-3", "2022-13/1", "2022/12/2"] {
            assert!(half_month(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_nation_has_somebody_and_at_most_sixteen_million() {
        assert_eq!(["1", "220000", "16_000_000"].map(count), [Ok(1), Ok(220_000), Ok(16_000_000)]);
        for wrong in ["0", "16000001", "-1", "many", "4294967297", ""] {
            assert!(count(wrong).is_err(), "{wrong}");
        }
    }
}
