//! The registry as a file: CSV with a header line, RFC 4180 quoting, one line a civil servant.
//!
//! Read once into a table without names, some forty bytes a line, and again when the file has changed. A file with a wrong line is
//! not used at all: who stands below it would be unknown, and would not be paid.

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use csv::{ByteRecord, ReaderBuilder};
use model::Text;

use super::{AccountStatus, Payee, Registry, Status, is_number};
use crate::Error;

/// The columns, in this order.
const COLUMNS: [&str; 8] =
    ["civil_servant_id", "name_latin", "name_khmer", "status", "bank", "account_khr", "account_usd", "account_status"];
/// The longest line that is read, bytes.
const LINE_MAX: u64 = 4096;

/// A registry in a file.
#[derive(Debug)]
pub struct FileRegistry {
    path: PathBuf,
    read: Mutex<Option<(Stamp, Arc<Table>)>>,
}

/// By what a file is known to be as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    file: u64,
    length: u64,
    changed: (i64, i64),
}

impl FileRegistry {
    /// A registry in this file, which is read when it is first needed.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), read: Mutex::new(None) }
    }

    /// The file as it is now: what is asked of the answer stays the same however the file changes meanwhile.
    ///
    /// # Errors
    /// [`Error::Registry`] where it cannot be read, [`Error::RegistryLine`] with the first line that is wrong.
    pub fn current(&self) -> Result<Arc<Table>, Error> {
        let failed = |source| Error::Registry { path: self.path.clone(), source };
        let file = File::open(&self.path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        let stamp = Stamp { file: about.ino(), length: about.len(), changed: (about.mtime(), about.mtime_nsec()) };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        match &*read {
            Some((of, table)) if *of == stamp => Ok(Arc::clone(table)),
            _ => {
                let table = Arc::new(Table::read(&self.path, BufReader::new(file))?);
                *read = Some((stamp, Arc::clone(&table)));
                Ok(table)
            }
        }
    }
}

impl Registry for FileRegistry {
    fn payee(&self, employee: &str) -> Result<Option<Payee>, Error> {
        self.current()?.payee(employee)
    }
}

/// What a file said when it was read.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
    /// All accounts, one behind the other.
    digits: Vec<u8>,
    banks: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    number: u32,
    digits: u32,
    khr: u8,
    usd: u8,
    bank: u8,
    status: Status,
    account_status: AccountStatus,
}

impl Registry for Table {
    fn payee(&self, employee: &str) -> Result<Option<Payee>, Error> {
        let number = Some(employee).filter(|it| is_number(it)).and_then(|it| it.parse::<u32>().ok());
        let at = number.and_then(|number| self.rows.binary_search_by_key(&number, |row| row.number).ok());
        Ok(at.and_then(|at| self.rows.get(at)).map(|row| self.shown(*row)))
    }
}

impl Table {
    /// How many civil servants it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn shown(&self, row: Row) -> Payee {
        let from = row.digits as usize;
        let between = from + usize::from(row.khr);
        let account = |from: usize, to: usize| self.digits.get(from..to).filter(|it| !it.is_empty()).and_then(Text::new);
        Payee {
            status: row.status,
            bank: self.banks.get(usize::from(row.bank)).cloned().unwrap_or_default(),
            account_khr: account(from, between),
            account_usd: account(between, between + usize::from(row.usd)),
            account_status: row.account_status,
        }
    }

    fn read(path: &Path, input: impl Read) -> Result<Self, Error> {
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Bounded::new(input));
        let mut table = Self::default();
        let mut record = ByteRecord::new();
        let mut line = 1;
        let wrong = |line, column: &str, problem: String| {
            let (path, column) = (path.to_owned(), column.to_owned());
            Error::RegistryLine { path, line, column, problem }
        };
        let mut lines = 0;
        let mut places: Vec<(u32, u64)> = Vec::new();
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(broken(path, line, error)),
            }
            line = record.position().map_or(line, csv::Position::line);
            let expected = COLUMNS.join(",");
            if lines == 0 {
                let head = record.iter().enumerate().map(|(index, it)| match index {
                    0 => it.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(it),
                    _ => it,
                });
                if !head.eq(COLUMNS.iter().map(|it| it.as_bytes())) {
                    return Err(wrong(line, "header", format!("the first line must be {expected}")));
                }
            } else {
                let row = table.row(&record).map_err(|(column, problem)| wrong(line, column, problem))?;
                places.push((row.number, line));
                table.rows.push(row);
            }
            lines += 1;
        }
        if lines == 0 {
            return Err(wrong(1, "header", format!("the file is empty; the first line must be {}", COLUMNS.join(","))));
        }
        places.sort_unstable();
        if let Some([(_, first), (_, second)]) = places.windows(2).find(|pair| matches!(pair, [one, other] if one.0 == other.0)) {
            let problem = format!("line {first} has this number already; each civil servant has one line");
            return Err(wrong(*second, "civil_servant_id", problem));
        }
        table.rows.sort_unstable_by_key(|row| row.number);
        table.digits.shrink_to_fit();
        Ok(table)
    }

    fn row(&mut self, record: &ByteRecord) -> Result<Row, (&'static str, String)> {
        if record.len() != COLUMNS.len() {
            return Err(("line", format!("has {} columns; there must be {}", record.len(), COLUMNS.len())));
        }
        let cell = |column: usize| record.get(column).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let text = |column: usize| cell(column).ok_or((COLUMNS[column], "is not UTF-8".to_owned()));
        let number = text(0)?;
        if !is_number(number) {
            return Err((COLUMNS[0], "must be nine digits, the last of them the check digit".into()));
        }
        let one_of = |column: usize, names: &[&str]| {
            let given = text(column)?;
            let known = || (COLUMNS[column], format!("must be one of {}", names.join(", ")));
            names.iter().position(|name| *name == given).ok_or_else(known)
        };
        let status = one_of(3, &Status::ALL.map(|(name, _)| name))?;
        let account_status = one_of(7, &AccountStatus::ALL.map(|(name, _)| name))?;
        let bank = text(4)?;
        if bank.is_empty() {
            return Err((COLUMNS[4], "is missing; write the name of a bank".into()));
        }
        let (khr, usd) = (account(5, text(5)?)?, account(6, text(6)?)?);
        if khr.is_empty() && usd.is_empty() {
            return Err((COLUMNS[5], "is missing, and so is account_usd; one of them is needed".into()));
        }
        let full = |_| (COLUMNS[0], "the registry has more lines than can be kept".to_owned());
        let digits = u32::try_from(self.digits.len()).map_err(full)?;
        self.digits.extend_from_slice(khr.as_bytes());
        self.digits.extend_from_slice(usd.as_bytes());
        Ok(Row {
            number: number.parse().unwrap_or(0),
            digits,
            khr: u8::try_from(khr.len()).unwrap_or(0),
            usd: u8::try_from(usd.len()).unwrap_or(0),
            bank: self.bank(bank)?,
            status: Status::ALL[status].1,
            account_status: AccountStatus::ALL[account_status].1,
        })
    }

    fn bank(&mut self, name: &str) -> Result<u8, (&'static str, String)> {
        let found = self.banks.iter().position(|it| it == name);
        let at = found.unwrap_or(self.banks.len());
        let at = u8::try_from(at).map_err(|_| (COLUMNS[4], "is the 257th bank of this file; there can be 256".to_owned()))?;
        if found.is_none() {
            self.banks.push(name.to_owned());
        }
        Ok(at)
    }
}

/// An account's number, or nothing.
fn account(column: usize, text: &str) -> Result<&str, (&'static str, String)> {
    let fits = (text.is_empty() || (6..=28).contains(&text.len())) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { Ok(text) } else { Err((COLUMNS[column], "must be 6 to 28 digits, or empty".into())) }
}

fn broken(path: &Path, line: u64, error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(source) if source.kind() == std::io::ErrorKind::InvalidData => Error::RegistryLine {
            path: path.to_owned(),
            line: line + 1,
            column: "line".into(),
            problem: format!("has more than {LINE_MAX} bytes; is a quotation mark left open?"),
        },
        csv::ErrorKind::Io(source) => Error::Registry { path: path.to_owned(), source },
        _ => Error::RegistryLine { path: path.to_owned(), line, column: "line".into(), problem: "cannot be read".into() },
    }
}

/// Refuses a line that does not end: a reader of CSV would take as much memory as it has.
struct Bounded<R> {
    inner: R,
    since: u64,
}

impl<R> Bounded<R> {
    fn new(inner: R) -> Self {
        Self { inner, since: 0 }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(into)?;
        let mut since = self.since;
        for byte in into.iter().take(count) {
            since = if *byte == b'\n' { 0 } else { since + 1 };
            if since > LINE_MAX {
                return Err(std::io::ErrorKind::InvalidData.into());
            }
        }
        self.since = since;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use model::Currency;

    use super::*;

    const HEAD: &str = "civil_servant_id,name_latin,name_khmer,status,bank,account_khr,account_usd,account_status\n";

    fn read(text: &str) -> Result<Table, Error> {
        Table::read(Path::new("registry.csv"), text.as_bytes())
    }

    #[test]
    fn a_payee_is_found_by_number_with_what_a_payment_needs() {
        let lines = "000000018,\"SOK, Dara\",សុខ ដារ៉ា,active,acleda,001000001116,001000001840,open\r\n\
                     000000026,CHAN Bopha,ចាន់ បុប្ផា,unpaid-leave,wing,,003000002840,blocked\r\n";
        let table = read(&format!("\u{feff}{HEAD}{lines}")).unwrap();
        assert_eq!(table.len(), 2);
        let dara = table.payee("000000018").unwrap().unwrap();
        let khr = Currency::from_alpha("KHR").unwrap();
        assert_eq!((dara.status, dara.bank.as_str()), (Status::Active, "acleda"));
        assert_eq!(dara.account(khr).unwrap().as_bytes(), b"001000001116");
        let bopha = table.payee("000000026").unwrap().unwrap();
        assert_eq!((bopha.status, bopha.account(khr), bopha.account_status), (Status::UnpaidLeave, None, AccountStatus::Blocked));
        assert_eq!(bopha.account(Currency::from_alpha("USD").unwrap()).unwrap().as_bytes(), b"003000002840");
        for nobody in ["000000034", "18", "", "000000019", "0000000018", "00000001x"] {
            assert_eq!(table.payee(nobody).unwrap(), None, "{nobody}");
        }
    }

    #[test]
    fn a_wrong_line_is_named_with_its_column() {
        let good = "000000018,A,B,active,acleda,001000001116,,open\n";
        for (line, wrong) in [
            ("000000019,A,B,active,acleda,001000001116,,open", "civil_servant_id"),
            ("12345,A,B,active,acleda,001000001116,,open", "civil_servant_id"),
            ("000000018,A,B,active,acleda,001000001116,,open", "civil_servant_id"),
            ("000000026,A,B,busy,acleda,001000001116,,open", "status"),
            ("000000026,A,B,active,,001000001116,,open", "bank"),
            ("000000026,A,B,active,acleda,12345,,open", "account_khr"),
            ("000000026,A,B,active,acleda,,00100000184x,open", "account_usd"),
            ("000000026,A,B,active,acleda,,,open", "account_khr"),
            ("000000026,A,B,active,acleda,001000001116,,shut", "account_status"),
            ("000000026,A,B,active,acleda,001000001116,", "line"),
        ] {
            let refused = read(&format!("{HEAD}{good}{line}\n")).unwrap_err();
            assert!(matches!(&refused, Error::RegistryLine { line: 3, column, .. } if column == wrong), "{line}: {refused}");
            assert!(!refused.to_string().contains("001000001116"), "{refused}");
        }
        for text in ["", "civil_servant_id,name\n", "000000018,A,B,active,acleda,001000001116,,open\n"] {
            assert!(matches!(read(text), Err(Error::RegistryLine { line: 1, .. })), "{text}");
        }
        let endless = format!("{HEAD}{good}000000026,\"{}", "a".repeat(100_000));
        assert!(matches!(read(&endless), Err(Error::RegistryLine { .. })));
    }

    #[test]
    fn a_file_that_changes_is_read_again_and_one_that_is_away_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.csv");
        let registry = FileRegistry::new(&path);
        assert!(matches!(registry.payee("000000018"), Err(Error::Registry { .. })));
        std::fs::write(&path, format!("{HEAD}000000018,A,B,active,acleda,001000001116,,open\n")).unwrap();
        assert_eq!(registry.payee("000000018").unwrap().unwrap().status, Status::Active);
        let before = registry.current().unwrap();
        std::fs::write(&path, format!("{HEAD}000000018,A,B,retired,acleda,001000001116,,open\n")).unwrap();
        assert_eq!(registry.payee("000000018").unwrap().unwrap().status, Status::Retired);
        assert_eq!(
            before.payee("000000018").unwrap().unwrap().status,
            Status::Active,
            "who began with the old one goes on with it"
        );
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"nonsense\n").unwrap();
        assert!(matches!(registry.payee("000000018"), Err(Error::RegistryLine { line: 3, .. })));
    }
}
