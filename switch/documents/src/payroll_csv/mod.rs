//! Payroll as CSV: one table whose records are a batch, its items and a total, the same pieces as a pain.001 has.
//!
//! Knows: the columns (docs/payroll.md tells of them) and what each record fills. Does not know: files, banks, people.

mod records;
mod writer;

use std::collections::VecDeque;
use std::io::BufRead;

use model::Currency;

use crate::amount::amount;
use crate::entry::{Block, Entry, Header, Item};
use crate::fault::{Fault, Problem};
use crate::source::Place;
use crate::tally::{Stated, Tally, count, sum};
use crate::words::{Account, Agent, EmployeeId, Identifier, Moment, Name, Purpose, Remittance, date};
use records::{Record, Records};

pub use writer::Writer;

/// The first line of a payroll CSV.
pub const HEADER: &str = "record,id,party,name,bank,account,currency,amount,purpose,date,created,count,reference,text";

/// What answers call a document of this kind, where they repeat the name of the message.
pub const MESSAGE: &str = "payroll.csv";

/// A column, by its place in the header.
#[derive(Clone, Copy, PartialEq)]
enum Column {
    Record,
    Id,
    Party,
    Name,
    Bank,
    Account,
    Currency,
    Amount,
    Purpose,
    Date,
    Created,
    Count,
    Reference,
    Text,
}

impl Column {
    const ALL: [Self; 14] = [
        Self::Record,
        Self::Id,
        Self::Party,
        Self::Name,
        Self::Bank,
        Self::Account,
        Self::Currency,
        Self::Amount,
        Self::Purpose,
        Self::Date,
        Self::Created,
        Self::Count,
        Self::Reference,
        Self::Text,
    ];

    fn name(self) -> &'static str {
        HEADER.split(',').nth(self as usize).unwrap_or("record")
    }
}

/// What has been read, and so what may follow.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Header,
    Batch,
    Items,
    Total,
    Over,
}

/// Reads a payroll CSV piece by piece. What it keeps does not grow with the document.
///
/// What is wrong comes in place of what it stands in; after a fault that ends reading nothing more comes. A document without a fault ends
/// with [`Entry::End`].
pub struct Reader<R> {
    records: Records<R>,
    content: Content,
}

/// What was read so far.
struct Content {
    stage: Stage,
    currency: Option<Currency>,
    /// Whether the batch was given out, so that its items can be.
    given: bool,
    tally: Tally,
    faults: usize,
    found: VecDeque<Result<Entry, Fault>>,
}

impl<R: BufRead> Reader<R> {
    /// A reader of one document, from its first byte.
    pub fn new(input: R) -> Self {
        let (tally, found) = (Tally::default(), VecDeque::new());
        let content = Content { stage: Stage::Header, currency: None, given: false, tally, faults: 0, found };
        Self { records: Records::new(input), content }
    }

    fn step(&mut self) -> Result<(), (Place, Problem)> {
        match self.records.next()? {
            Some(record) => self.content.record(&record),
            None => {
                let place = self.records.place();
                self.content.end().map_err(|problem| (place, problem))
            }
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Entry, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.content.found.pop_front() {
                return Some(found);
            }
            if self.content.stage == Stage::Over {
                return None;
            }
            if let Err((place, problem)) = self.step() {
                self.content.stage = Stage::Over;
                self.content.fail(place, Column::Record, problem);
            }
        }
    }
}

impl Content {
    fn record(&mut self, record: &Record<'_>) -> Result<(), (Place, Problem)> {
        let kind = record.field(Column::Record as usize).1;
        let out_of_order = |kind| Err((record.place, Problem::RecordOutOfOrder(kind)));
        match (self.stage, kind) {
            (Stage::Header, _) => {
                let fits = record.len() == Column::ALL.len();
                let fits = fits && Column::ALL.iter().all(|column| record.field(*column as usize).1 == column.name());
                if !fits {
                    return Err((record.place, Problem::OtherHeader));
                }
                self.stage = Stage::Batch;
            }
            (Stage::Batch, "batch") => {
                self.stage = Stage::Items;
                self.batch(record);
            }
            (Stage::Items, "total") => {
                self.stage = Stage::Total;
                self.total(record);
            }
            (Stage::Total | Stage::Over, _) => return Err((record.place, Problem::BehindEnd)),
            (Stage::Items, "batch") => return out_of_order("batch"),
            (Stage::Batch, "item") => return out_of_order("item"),
            (Stage::Batch, "total") => return out_of_order("total"),
            (Stage::Batch, _) => return out_of_order("of another kind"),
            (Stage::Items, "item") => self.item(record),
            (Stage::Items, _) => {
                self.fail(record.place, Column::Record, Problem::OtherRecord);
                self.tally.add(None);
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Problem> {
        match self.stage {
            Stage::Header => return Err(Problem::Nothing),
            Stage::Batch | Stage::Items => return Err(Problem::CutOff),
            Stage::Total | Stage::Over => {}
        }
        self.stage = Stage::Over;
        self.found.push_back(Ok(Entry::End(self.tally.totals())));
        Ok(())
    }

    fn batch(&mut self, record: &Record<'_>) {
        let faults = self.faults;
        let mut row = Row { record, content: self };
        let sized = row.sized() && row.empty(&[Column::Reference, Column::Text]);
        let stated = row.stated();
        let made = (|| {
            let message_id = row.needed(Column::Id, Identifier::of_document);
            let payer_id = row.needed(Column::Party, Identifier::new);
            let payer_name = row.optional(Column::Name, Name::new);
            let (agent, account) = (row.needed(Column::Bank, bank), row.needed(Column::Account, account));
            let currency = row.needed(Column::Currency, currency);
            row.content.currency = currency;
            let purpose = row.optional(Column::Purpose, Purpose::new);
            let (execution_date, created) = (row.needed(Column::Date, date), row.needed(Column::Created, Moment::new));
            let (count, control_sum) = (stated.count.map(|(_, count)| count), stated.sum.map(|(_, sum)| sum));
            let id = message_id?;
            let (initiator_name, initiator_id) = (None, None);
            let header =
                Header { message_id: id.clone(), created: created?, count: count?, control_sum, initiator_name, initiator_id };
            let (line, payer_id, account, agent) = (record.place.line, payer_id?, account?, agent?);
            let (execution_date, currency) = (execution_date?, Some(currency?));
            let block =
                Block { line, id, payer_name, payer_id, account, currency, agent, execution_date, purpose, count, control_sum };
            Some([Entry::Header(header), Entry::Block(block)])
        })();
        self.tally.stated = stated;
        self.given = sized && self.faults == faults;
        let made = made.filter(|_| self.given);
        self.found.extend(made.into_iter().flatten().map(Ok));
    }

    fn item(&mut self, record: &Record<'_>) {
        let (faults, stated) = (self.faults, self.currency);
        let index = u32::try_from(self.tally.count + 1).unwrap_or(u32::MAX);
        let mut row = Row { record, content: self };
        if !row.sized() {
            self.tally.add(None);
            return;
        }
        row.empty(&[Column::Date, Column::Created, Column::Count]);
        let currency = row.optional(Column::Currency, currency).or(stated);
        if let (Some(expected), Some(found)) = (stated, currency)
            && expected != found
        {
            row.fail(Column::Currency, Problem::OtherCurrency { expected, found });
        }
        let amount = currency.and_then(|currency| row.needed(Column::Amount, |text| amount(text, currency)));
        let made = (|| {
            let end_to_end_id = row.needed(Column::Id, Identifier::new);
            let employee = row.needed(Column::Party, EmployeeId::new);
            let (agent, account) = (row.needed(Column::Bank, bank), row.needed(Column::Account, account));
            let (name, purpose) = (row.optional(Column::Name, Name::new), row.optional(Column::Purpose, Purpose::new));
            let instruction_id = row.optional(Column::Reference, Identifier::new);
            let remittance = row.optional(Column::Text, Remittance::new);
            let Place { line, column } = record.place;
            let (end_to_end_id, amount, agent, account, employee) = (end_to_end_id?, amount?, agent?, account?, employee?);
            Some(Item {
                line,
                column,
                index,
                end_to_end_id,
                instruction_id,
                amount,
                agent,
                account,
                name,
                employee,
                purpose,
                remittance,
            })
        })();
        self.tally.add(amount);
        let made = made.filter(|_| self.given && self.faults == faults);
        self.found.extend(made.map(|item| Ok(Entry::Item(item))));
    }

    fn total(&mut self, record: &Record<'_>) {
        let mut row = Row { record, content: self };
        if !row.sized() {
            return;
        }
        use Column as C;
        row.empty(&[
            C::Id,
            C::Party,
            C::Name,
            C::Bank,
            C::Account,
            C::Currency,
            C::Purpose,
            C::Date,
            C::Created,
            C::Reference,
            C::Text,
        ]);
        let stated = row.stated();
        // What the batch says, and then what the total says, is held against the items.
        for stated in [self.tally.stated, stated] {
            self.tally.stated = stated;
            for (place, what, problem) in self.tally.check() {
                let column = if what == "NbOfTxs" { Column::Count } else { Column::Amount };
                self.fail(place, column, problem);
            }
        }
    }

    fn fail(&mut self, place: Place, column: Column, problem: Problem) {
        self.faults += 1;
        let (line, field) = (place.line, column.name().to_owned());
        self.found.push_back(Err(Fault { line, column: place.column, field, problem }));
    }
}

/// A record while its fields are read.
struct Row<'a, 'r> {
    record: &'a Record<'r>,
    content: &'a mut Content,
}

impl Row<'_, '_> {
    fn fail(&mut self, column: Column, problem: Problem) {
        self.content.fail(self.record.field(column as usize).0, column, problem);
    }

    /// Whether it has as many fields as there are columns.
    fn sized(&mut self) -> bool {
        let (expected, found) = (Column::ALL.len(), self.record.len());
        if found != expected {
            self.fail(Column::Record, Problem::FieldCount { expected, found });
        }
        found == expected
    }

    /// Whether nothing stands in these.
    fn empty(&mut self, columns: &[Column]) -> bool {
        let faults = self.content.faults;
        for column in columns {
            if !self.record.field(*column as usize).1.is_empty() {
                self.fail(*column, Problem::NotEmpty);
            }
        }
        self.content.faults == faults
    }

    /// Number and sum of items, with their places.
    fn stated(&mut self) -> Stated {
        let place = |column| self.record.field(column as usize).0;
        let (of_count, of_sum) = (place(Column::Count), place(Column::Amount));
        let (count, sum) = (self.needed(Column::Count, count), self.needed(Column::Amount, sum));
        Stated { count: count.map(|count| (of_count, count)), sum: sum.map(|sum| (of_sum, sum)) }
    }

    fn needed<T>(&mut self, column: Column, read: impl FnOnce(&str) -> Result<T, Problem>) -> Option<T> {
        let text = self.record.field(column as usize).1;
        let read = if text.is_empty() { Err(Problem::Missing) } else { read(text) };
        read.map_err(|problem| self.fail(column, problem)).ok()
    }

    fn optional<T>(&mut self, column: Column, read: impl FnOnce(&str) -> Result<T, Problem>) -> Option<T> {
        let empty = self.record.field(column as usize).1.is_empty();
        if empty { None } else { self.needed(column, read) }
    }
}

/// Prefixes that say how a bank or an account is named, where that is not as most are.
const BIC: &str = "BIC:";
const MEMBER: &str = "MMB:";
const OTHER: &str = "ID:";
const IBAN: &str = "IBAN:";

/// Reads a bank: digits are its number as an institution, anything else a word, unless a prefix says otherwise.
fn bank(text: &str) -> Result<Agent, Problem> {
    let text = text.trim();
    if let Some(bic) = text.strip_prefix(BIC) {
        Agent::bic(bic)
    } else if let Some(member) = text.strip_prefix(MEMBER) {
        Agent::member(member)
    } else if let Some(other) = text.strip_prefix(OTHER) {
        Agent::other(other)
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        Agent::member(text)
    } else {
        Agent::other(text)
    }
}

fn account(text: &str) -> Result<Account, Problem> {
    text.trim().strip_prefix(IBAN).map_or_else(|| Account::own(text), Account::iban)
}

fn currency(text: &str) -> Result<Currency, Problem> {
    Currency::from_alpha(text.trim()).ok_or(Problem::UnknownCurrency)
}
