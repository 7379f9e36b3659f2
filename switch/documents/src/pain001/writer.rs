//! pain.001, written as a stream: each item on a line of its own.
//!
//! Knows: the elements in the order of the schema, which for all that is written is the same in the three editions but for two. Does not
//! know: where the bytes go.

use std::io::Write;

use model::Currency;

use super::Edition;
use crate::entry::{Block, Header, Item};
use crate::error::Error;
use crate::tally::Tally;
use crate::words::{Identifier, Name};
use crate::xml::Xml;

/// Writes one pain.001: header, then blocks with their items. What it keeps does not grow with the items.
pub struct Writer<W> {
    xml: Xml<W>,
    edition: Edition,
    header: Header,
    block: Option<Block>,
    in_block: Tally,
    whole: Tally,
}

impl<W: Write> Writer<W> {
    /// Begins the document. Number and sum are those that will be written.
    ///
    /// # Errors
    /// Where the stream fails.
    pub fn new(out: W, edition: Edition, header: &Header) -> Result<Self, Error> {
        let mut xml = Xml::new(out, edition.message(), 3)?;
        xml.open("CstmrCdtTrfInitn")?;
        xml.within("GrpHdr", |xml| {
            xml.leaf("MsgId", header.message_id.as_str())?;
            xml.leaf("CreDtTm", header.created.as_str())?;
            xml.leaf("NbOfTxs", &header.count.to_string())?;
            xml.optional("CtrlSum", header.control_sum.map(|sum| sum.to_string()).as_deref())?;
            xml.within("InitgPty", |xml| {
                xml.optional("Nm", header.initiator_name.as_ref().map(Name::as_str))?;
                header.initiator_id.as_ref().map_or(Ok(()), |id| xml.nested(["Id", "OrgId", "Othr", "Id"], id.as_str()))
            })
        })?;
        let (in_block, whole) = (Tally::default(), Tally::default());
        Ok(Self { xml, edition, header: header.clone(), block: None, in_block, whole })
    }

    /// Begins a block. Its line is not written: it is where it stands.
    ///
    /// # Errors
    /// Where the stream fails, or other items were written in the block before than that says.
    pub fn block(&mut self, block: &Block) -> Result<(), Error> {
        self.end_block()?;
        let (xml, bic) = (&mut self.xml, self.edition.bic());
        xml.open("PmtInf")?;
        xml.leaf("PmtInfId", block.id.as_str())?;
        xml.leaf("PmtMtd", "TRF")?;
        xml.optional("NbOfTxs", block.count.map(|count| count.to_string()).as_deref())?;
        xml.optional("CtrlSum", block.control_sum.map(|sum| sum.to_string()).as_deref())?;
        if let Some(purpose) = &block.purpose {
            xml.nested(["PmtTpInf", "CtgyPurp", "Cd"], purpose.as_str())?;
        }
        match self.edition {
            Edition::V03 => xml.leaf("ReqdExctnDt", &block.execution_date.to_string())?,
            Edition::V09 | Edition::V11 => xml.nested(["ReqdExctnDt", "Dt"], &block.execution_date.to_string())?,
        }
        xml.within("Dbtr", |xml| {
            xml.optional("Nm", block.payer_name.as_ref().map(Name::as_str))?;
            xml.nested(["Id", "OrgId", "Othr", "Id"], block.payer_id.as_str())
        })?;
        xml.within("DbtrAcct", |xml| {
            xml.account(&block.account)?;
            xml.optional("Ccy", block.currency.map(Currency::alpha))
        })?;
        xml.agent("DbtrAgt", &block.agent, bic)?;
        self.block = Some(block.clone());
        Ok(())
    }

    /// Writes one item. Its line, column and index are not written: they are where it stands.
    ///
    /// # Errors
    /// Where the stream fails, no block was begun, or the item is in another currency than its block.
    pub fn item(&mut self, item: &Item) -> Result<(), Error> {
        let Some(block) = &mut self.block else { return Err(Error::OutOfOrder("an item")) };
        if *block.currency.get_or_insert(item.amount.currency()) != item.amount.currency() {
            return Err(Error::NotCarried("an item in another currency than its block"));
        }
        self.in_block.add(Some(item.amount));
        self.whole.add(Some(item.amount));
        let bic = self.edition.bic();
        self.xml.within("CdtTrfTxInf", |xml| {
            xml.within("PmtId", |xml| {
                xml.optional("InstrId", item.instruction_id.as_ref().map(Identifier::as_str))?;
                xml.leaf("EndToEndId", item.end_to_end_id.as_str())
            })?;
            xml.within("Amt", |xml| xml.amount("InstdAmt", item.amount))?;
            xml.agent("CdtrAgt", &item.agent, bic)?;
            xml.within("Cdtr", |xml| {
                xml.optional("Nm", item.name.as_ref().map(Name::as_str))?;
                xml.nested(["Id", "PrvtId", "Othr", "Id"], item.employee.as_str())
            })?;
            xml.within("CdtrAcct", |xml| xml.account(&item.account))?;
            item.purpose.as_ref().map_or(Ok(()), |purpose| xml.nested(["Purp", "Cd"], purpose.as_str()))?;
            item.remittance.as_ref().map_or(Ok(()), |text| xml.nested(["RmtInf", "Ustrd"], text.as_str()))
        })
    }

    /// Ends the document.
    ///
    /// # Errors
    /// Where the stream fails, or other items were written than the header and the last block say.
    pub fn finish(mut self) -> Result<W, Error> {
        self.end_block()?;
        self.whole.agrees(u64::from(self.header.count), self.header.control_sum)?;
        self.xml.finish()
    }

    fn end_block(&mut self) -> Result<(), Error> {
        let tally = std::mem::take(&mut self.in_block);
        let Some(block) = self.block.take() else { return Ok(()) };
        // A block without items is none for the schema.
        let count = block.count.map_or(tally.count, u64::from);
        tally.agrees(count.max(1), block.control_sum)?;
        self.xml.close()
    }
}
