//! Payroll CSV, written as a stream.
//!
//! Knows: how values become fields. Does not know: where the bytes go.

use std::io::Write;

use super::{BIC, Column, HEADER, IBAN, MEMBER, OTHER, bank};
use crate::amount::major;
use crate::entry::{Block, Header, Item};
use crate::error::Error;
use crate::tally::Tally;
use crate::words::{Account, AccountKind, Agent, AgentKind, Identifier, Name, Purpose, Remittance};

/// Writes one payroll CSV: batch, items, total. What it keeps does not grow with the items.
pub struct Writer<W> {
    out: W,
    header: Header,
    block: Block,
    tally: Tally,
}

/// The fields of a record that are not empty.
type Fields<'a> = [(Column, std::borrow::Cow<'a, str>)];

impl<W: Write> Writer<W> {
    /// Begins the document. The batch is header and block in one: they must agree in what they both say, and have a control sum.
    ///
    /// # Errors
    /// Where the stream fails, or header and block say what the CSV has no place for.
    pub fn new(out: W, header: &Header, block: &Block) -> Result<Self, Error> {
        if header.initiator_name.is_some() || header.initiator_id.is_some() {
            return Err(Error::NotCarried("an initiating party beside the payer"));
        }
        if block.id != header.message_id || block.count != Some(header.count) || block.control_sum != header.control_sum {
            return Err(Error::NotCarried("a block with another id, count or sum than the message"));
        }
        let Some(currency) = block.currency else { return Err(Error::NotCarried("a batch without its currency")) };
        let Some(sum) = header.control_sum else { return Err(Error::NotCarried("a batch without its control sum")) };
        let mut writer = Self { out, header: header.clone(), block: block.clone(), tally: Tally::default() };
        writer.out.write_all(HEADER.as_bytes())?;
        writer.out.write_all(b"\n")?;
        writer.record(
            "batch",
            &[
                (Column::Id, header.message_id.as_str().into()),
                (Column::Party, block.payer_id.as_str().into()),
                (Column::Name, block.payer_name.as_ref().map_or("", Name::as_str).into()),
                (Column::Bank, agent(&block.agent).into()),
                (Column::Account, account(&block.account).into()),
                (Column::Currency, currency.alpha().into()),
                (Column::Amount, sum.to_string().into()),
                (Column::Purpose, block.purpose.as_ref().map_or("", Purpose::as_str).into()),
                (Column::Date, block.execution_date.to_string().into()),
                (Column::Created, header.created.as_str().into()),
                (Column::Count, header.count.to_string().into()),
            ],
        )?;
        Ok(writer)
    }

    /// Writes one item. Its line, column and index are not written: they are where it stands.
    ///
    /// # Errors
    /// Where the stream fails, or the item is in another currency than the batch.
    pub fn item(&mut self, item: &Item) -> Result<(), Error> {
        if Some(item.amount.currency()) != self.block.currency {
            return Err(Error::NotCarried("an item in another currency than the batch"));
        }
        self.tally.add(Some(item.amount));
        self.record(
            "item",
            &[
                (Column::Id, item.end_to_end_id.as_str().into()),
                (Column::Party, item.employee.as_str().into()),
                (Column::Name, item.name.as_ref().map_or("", Name::as_str).into()),
                (Column::Bank, agent(&item.agent).into()),
                (Column::Account, account(&item.account).into()),
                (Column::Amount, major(item.amount).into()),
                (Column::Purpose, item.purpose.as_ref().map_or("", Purpose::as_str).into()),
                (Column::Reference, item.instruction_id.as_ref().map_or("", Identifier::as_str).into()),
                (Column::Text, item.remittance.as_ref().map_or("", Remittance::as_str).into()),
            ],
        )
    }

    /// Ends the document with its total.
    ///
    /// # Errors
    /// Where the stream fails, or other items were written than the batch says.
    pub fn finish(mut self) -> Result<W, Error> {
        self.tally.agrees(u64::from(self.header.count), self.header.control_sum)?;
        let totals = self.tally.totals();
        let sum = totals.sum.unwrap_or_default().to_string();
        self.record("total", &[(Column::Amount, sum.into()), (Column::Count, totals.count.to_string().into())])?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn record(&mut self, kind: &str, fields: &Fields<'_>) -> Result<(), Error> {
        self.out.write_all(kind.as_bytes())?;
        for column in Column::ALL.into_iter().skip(1) {
            self.out.write_all(b",")?;
            if let Some((_, text)) = fields.iter().find(|(other, _)| *other == column) {
                if text.contains([',', '"', '\r', '\n']) {
                    write!(self.out, "\"{}\"", text.replace('"', "\"\""))?;
                } else {
                    self.out.write_all(text.as_bytes())?;
                }
            }
        }
        self.out.write_all(b"\n")?;
        Ok(())
    }
}

/// A bank so that it is read back as it is: without a prefix where that will do.
fn agent(agent: &Agent) -> String {
    if bank(agent.as_str()).is_ok_and(|read| read == *agent) {
        return agent.as_str().to_owned();
    }
    let prefix = match agent.kind() {
        AgentKind::Bic => BIC,
        AgentKind::Member => MEMBER,
        AgentKind::Other => OTHER,
    };
    format!("{prefix}{}", agent.as_str())
}

fn account(account: &Account) -> String {
    let prefix = match account.kind() {
        AccountKind::Iban => IBAN,
        AccountKind::Own => "",
    };
    format!("{prefix}{}", account.as_str())
}
