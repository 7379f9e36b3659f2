//! Accounts by the hundred thousand, from a file: CSV, UTF-8, a line each, in the columns
//! `bank,account,currency,opening,holder,status`.
//!
//! A bank reads it as a stream when its ledger is opened and takes the lines that are its own; none of it stays in memory.

use std::fs::File;
use std::path::{Path, PathBuf};

use csv::StringRecord;
use model::{Currency, Money, Text};

use crate::cast::{digits, opening_balance};
use crate::{AccountStatus, Cast, Error, near};

const COLUMNS: [&str; 6] = ["bank", "account", "currency", "opening", "holder", "status"];
/// The longest name of a customer; a bank's own word, never a person's.
const HOLDER_MAX: usize = 40;

/// The file, being read.
pub(crate) struct AccountsFile<'c> {
    path: PathBuf,
    cast: &'c Cast,
    lines: csv::Reader<File>,
    record: StringRecord,
}

/// A line of the file.
pub(crate) struct AccountLine {
    /// Name of the bank that keeps the account.
    pub bank: String,
    pub number: Text<28>,
    /// What is on it on the first day.
    pub opening: Money,
    pub holder: String,
    pub status: AccountStatus,
}

impl<'c> AccountsFile<'c> {
    /// Opens the file and checks its header line.
    pub(crate) fn open(path: &Path, cast: &'c Cast) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| Error::AccountsFile { path: path.to_owned(), source })?;
        let lines = csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 16).from_reader(file);
        let mut opened = Self { path: path.to_owned(), cast, lines, record: StringRecord::new() };
        let header = opened.lines.headers().cloned().map_err(|error| opened.unreadable(error))?;
        if !header.iter().eq(COLUMNS) {
            return Err(opened.wrong(1, "header", format!("the first line is {}", COLUMNS.join(","))));
        }
        Ok(opened)
    }

    /// The next account, `None` at the end.
    pub(crate) fn next_line(&mut self) -> Result<Option<AccountLine>, Error> {
        match self.lines.read_record(&mut self.record) {
            Ok(true) => self.checked().map(Some),
            Ok(false) => Ok(None),
            Err(error) => Err(self.unreadable(error)),
        }
    }

    /// The line that was read last is wrong.
    pub(crate) fn wrong_here(&self, field: &'static str, rule: impl Into<String>) -> Error {
        self.wrong(self.record.position().map_or(0, csv::Position::line), field, rule)
    }

    fn checked(&self) -> Result<AccountLine, Error> {
        if self.record.len() != COLUMNS.len() {
            let found = self.record.len();
            return Err(self.wrong_here("line", format!("a line has {} fields, this one {found}", COLUMNS.len())));
        }
        let field = |place| self.record.get(place).unwrap_or_default();
        let [bank, number, currency, opening, holder, status] = std::array::from_fn(field);
        if !self.cast.banks().iter().any(|known| known.name == bank) {
            let names = near(bank, self.cast.banks().iter().map(|it| it.name.as_str()));
            let hint = if names.is_empty() { String::new() } else { format!("; did you mean {}?", names.join(" or ")) };
            return Err(self.wrong_here("bank", format!("no bank of the cast has this name{hint}")));
        }
        let is_number = (6..=28).contains(&number.len()) && digits(number);
        let number = Text::new(number.as_bytes()).filter(|_| is_number);
        let number = number.ok_or_else(|| self.wrong_here("account", "an account number has 6 to 28 digits"))?;
        let currency = Currency::from_alpha(currency);
        let currency =
            currency.ok_or_else(|| self.wrong_here("currency", "write a currency of ISO 4217 in capitals: KHR or USD"))?;
        let opening = opening_balance(opening, currency).map_err(|error| self.wrong_here("opening", error.to_string()))?;
        if holder.is_empty() || holder.len() > HOLDER_MAX || !holder.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(self.wrong_here("holder", "a holder is a word of 1 to 40 letters, digits and signs"));
        }
        let status = AccountStatus::from_name(status);
        let status = status.ok_or_else(|| self.wrong_here("status", "write open, blocked or closed"))?;
        Ok(AccountLine { bank: bank.to_owned(), number, opening, holder: holder.to_owned(), status })
    }

    fn wrong(&self, line: u64, field: &'static str, rule: impl Into<String>) -> Error {
        Error::AccountsLine { path: self.path.clone(), line, field, rule: rule.into() }
    }

    fn unreadable(&self, error: csv::Error) -> Error {
        let line = error.position().map_or(0, csv::Position::line);
        match error.into_kind() {
            csv::ErrorKind::Io(source) => Error::AccountsFile { path: self.path.clone(), source },
            _ => self.wrong(line, "line", "the file is UTF-8 text; save it as such"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "bank,account,currency,opening,holder,status\n";

    /// What comes of a file: the accounts, or the first mistake.
    fn read(text: &[u8]) -> Result<Vec<String>, String> {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("accounts.csv");
        std::fs::write(&path, text).unwrap();
        let cast = Cast::builtin();
        let told = |error: Error| error.to_string().replace(path.to_str().unwrap(), "F");
        let mut file = AccountsFile::open(&path, &cast).map_err(told)?;
        let mut lines = Vec::new();
        while let Some(line) = file.next_line().map_err(told)? {
            let AccountLine { bank, number, opening, holder, status } = line;
            lines.push(format!("{bank} {number} {opening} {holder} {}", status.name()));
        }
        Ok(lines)
    }

    #[test]
    fn a_file_is_read_as_spreadsheets_write_it() {
        let told = ["acleda 00112345678116 50.25 KHR c012345678 open", "wing 00312345678840 0.00 USD c1 closed"];
        let lines = "acleda,00112345678116,KHR,50.25,c012345678,open\nwing,00312345678840,USD,0,\"c1\",closed\n";
        for text in [format!("{HEADER}{lines}"), format!("\u{FEFF}{HEADER}{lines}").replace('\n', "\r\n")] {
            assert_eq!(read(text.as_bytes()).unwrap(), told);
        }
        assert_eq!(read(HEADER.as_bytes()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_is_wrong_is_told_with_line_field_and_remedy() {
        let good = "acleda,00112345678116,KHR,50.25,c012345678,open\n";
        for (line, told) in [
            ("acelda,00112345678116,KHR,1,c1,open", "bank: no bank of the cast has this name; did you mean acleda?"),
            ("smart,00112345678116,KHR,1,c1,open", "bank: no bank of the cast has this name"),
            ("acleda,12345,KHR,1,c1,open", "account: an account number has 6 to 28 digits"),
            ("acleda,1234567A,KHR,1,c1,open", "account: an account number has 6 to 28 digits"),
            ("acleda,12345678901234567890123456789,KHR,1,c1,open", "account: an account number has 6 to 28 digits"),
            ("acleda,00112345678116,khr,1,c1,open", "currency: write a currency of ISO 4217 in capitals: KHR or USD"),
            ("acleda,00112345678116,KHR,-1,c1,open", "opening: \"-1\" is no amount; write it as 50000 or 50000.25"),
            ("acleda,00112345678116,KHR,,c1,open", "opening: \"\" is no amount; write it as 50000 or 50000.25"),
            ("acleda,00112345678116,KHR,0.001,c1,open", "opening: KHR has 2 decimals, \"0.001\" has more"),
            ("acleda,00112345678116,KHR,1,,open", "holder: a holder is a word of 1 to 40 letters, digits and signs"),
            ("acleda,00112345678116,KHR,1,two words,open", "holder: a holder is a word of 1 to 40 letters, digits and signs"),
            ("acleda,00112345678116,KHR,1,c1,shut", "status: write open, blocked or closed"),
            ("acleda,00112345678116,KHR,1,c1", "line: a line has 6 fields, this one 5"),
        ] {
            let text = format!("{HEADER}{good}{line}\n");
            assert_eq!(read(text.as_bytes()).unwrap_err(), format!("F, line 3, {told}"));
        }
        let not_text = [HEADER.as_bytes(), b"acleda,00112345678116,KHR,1,\xFF,open\n"].concat();
        assert_eq!(read(&not_text).unwrap_err(), "F, line 2, line: the file is UTF-8 text; save it as such");
        let header = "F, line 1, header: the first line is bank,account,currency,opening,holder,status";
        assert_eq!(read(b"bank,account\n").unwrap_err(), header);
        assert_eq!(read(b"").unwrap_err(), header);
    }
}
