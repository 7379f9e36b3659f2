//! pain.002, the answer to an order: what became of the message, of its batches and of each item; written as a stream.
//!
//! Knows: the elements in the order of the schema, the same in the three editions for all that is written. Does not know: how the outcomes
//! came about.

use std::io::Write;

use model::Money;

use crate::error::Error;
use crate::outcome::{ItemStatus, Numbers, Original, Reason, Status};
use crate::pain001;
use crate::sum::Sum;
use crate::words::{Identifier, Moment};
use crate::xml::Xml;

/// An edition of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Edition {
    /// pain.002.001.03, which answers pain.001.001.03.
    V03,
    /// pain.002.001.10, which answers pain.001.001.09.
    V10,
    /// pain.002.001.12, which answers pain.001.001.11.
    V12,
}

impl Edition {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::V03, Self::V10, Self::V12];

    /// The name of the message.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::V03 => "pain.002.001.03",
            Self::V10 => "pain.002.001.10",
            Self::V12 => "pain.002.001.12",
        }
    }
}

impl From<pain001::Edition> for Edition {
    /// That which was published together with the order's.
    fn from(order: pain001::Edition) -> Self {
        match order {
            pain001::Edition::V03 => Self::V03,
            pain001::Edition::V09 => Self::V10,
            pain001::Edition::V11 => Self::V12,
        }
    }
}

/// What became of the message.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// `MsgId` of the answer.
    pub message_id: &'a Identifier,
    /// `CreDtTm` of the answer.
    pub created: &'a Moment,
    /// What it answers.
    pub original: Original<'a>,
    /// What became of it.
    pub status: Status,
    /// Why, where it was refused.
    pub reasons: &'a [Reason],
    /// How many items have which status.
    pub numbers: &'a [Numbers],
}

/// What became of one batch (`PmtInf`).
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Its `PmtInfId`.
    pub id: &'a Identifier,
    /// How many items it said it had.
    pub count: Option<u32>,
    /// What it said they come to.
    pub control_sum: Option<Sum>,
    /// What became of it.
    pub status: Status,
    /// Why, where it was refused.
    pub reasons: &'a [Reason],
    /// How many of its items have which status.
    pub numbers: &'a [Numbers],
}

/// What became of one item (`CdtTrfTxInf`).
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Its `InstrId`.
    pub instruction_id: Option<&'a Identifier>,
    /// Its `EndToEndId`.
    pub end_to_end_id: &'a Identifier,
    /// Its amount.
    pub amount: Option<Money>,
    /// What became of it.
    pub status: ItemStatus,
    /// Why.
    pub reason: Option<&'a Reason>,
}

/// Writes one pain.002: the message, then batches with their items. What it keeps does not grow with the items.
pub struct Writer<W> {
    xml: Xml<W>,
    in_batch: bool,
}

impl<W: Write> Writer<W> {
    /// Begins the document.
    ///
    /// # Errors
    /// Where the stream fails.
    pub fn new(out: W, edition: Edition, answer: &Answer<'_>) -> Result<Self, Error> {
        let mut xml = Xml::new(out, edition.message(), 3)?;
        xml.open("CstmrPmtStsRpt")?;
        xml.within("GrpHdr", |xml| {
            xml.leaf("MsgId", answer.message_id.as_str())?;
            xml.leaf("CreDtTm", answer.created.as_str())
        })?;
        xml.within("OrgnlGrpInfAndSts", |xml| {
            let original = &answer.original;
            xml.leaf("OrgnlMsgId", original.message_id.as_str())?;
            xml.leaf("OrgnlMsgNmId", original.message)?;
            xml.optional("OrgnlCreDtTm", original.created.map(Moment::as_str))?;
            totals(xml, original.count, original.control_sum)?;
            xml.leaf("GrpSts", answer.status.code())?;
            answer.reasons.iter().try_for_each(|reason| reason.write(xml, "StsRsnInf"))?;
            numbers(xml, answer.numbers)
        })?;
        Ok(Self { xml, in_batch: false })
    }

    /// Begins a batch.
    ///
    /// # Errors
    /// Where the stream fails.
    pub fn batch(&mut self, batch: &Batch<'_>) -> Result<(), Error> {
        if std::mem::replace(&mut self.in_batch, true) {
            self.xml.close()?;
        }
        let xml = &mut self.xml;
        xml.open("OrgnlPmtInfAndSts")?;
        xml.leaf("OrgnlPmtInfId", batch.id.as_str())?;
        totals(xml, batch.count, batch.control_sum)?;
        xml.leaf("PmtInfSts", batch.status.code())?;
        batch.reasons.iter().try_for_each(|reason| reason.write(xml, "StsRsnInf"))?;
        numbers(xml, batch.numbers)
    }

    /// Writes what became of one item of the batch.
    ///
    /// # Errors
    /// Where the stream fails, or no batch was begun.
    pub fn item(&mut self, item: &Item<'_>) -> Result<(), Error> {
        if !self.in_batch {
            return Err(Error::OutOfOrder("an item"));
        }
        self.xml.within("TxInfAndSts", |xml| {
            xml.optional("OrgnlInstrId", item.instruction_id.map(Identifier::as_str))?;
            xml.leaf("OrgnlEndToEndId", item.end_to_end_id.as_str())?;
            xml.leaf("TxSts", item.status.code())?;
            item.reason.map_or(Ok(()), |reason| reason.write(xml, "StsRsnInf"))?;
            item.amount
                .map_or(Ok(()), |amount| xml.within("OrgnlTxRef", |xml| xml.within("Amt", |xml| xml.amount("InstdAmt", amount))))
        })
    }

    /// Ends the document.
    ///
    /// # Errors
    /// Where the stream fails.
    pub fn finish(self) -> Result<W, Error> {
        self.xml.finish()
    }
}

fn totals<W: Write>(xml: &mut Xml<W>, count: Option<u32>, control_sum: Option<Sum>) -> Result<(), Error> {
    xml.optional("OrgnlNbOfTxs", count.map(|count| count.to_string()).as_deref())?;
    xml.optional("OrgnlCtrlSum", control_sum.map(|sum| sum.to_string()).as_deref())
}

fn numbers<W: Write>(xml: &mut Xml<W>, numbers: &[Numbers]) -> Result<(), Error> {
    numbers.iter().try_for_each(|numbers| {
        xml.within("NbOfTxsPerSts", |xml| {
            xml.leaf("DtldNbOfTxs", &numbers.count.to_string())?;
            xml.leaf("DtldSts", numbers.status.code())?;
            xml.leaf("DtldCtrlSum", &numbers.sum.to_string())
        })
    })
}
