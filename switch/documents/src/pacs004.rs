//! pacs.004, the return of payments: what comes back to the treasury, and why; written as a stream.
//!
//! Knows: the elements of pacs.004.001.09 in the order of its schema. Does not know: how the money moved.

use std::io::Write;

use model::{BusinessDate, Money};

use crate::error::Error;
use crate::outcome::{Original, Reason};
use crate::sum::Sum;
use crate::tally::Tally;
use crate::words::{Agent, Identifier, Moment};
use crate::xml::Xml;

/// The name of the message.
pub const MESSAGE: &str = "pacs.004.001.09";

/// What the message says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// `MsgId`.
    pub message_id: &'a Identifier,
    /// `CreDtTm`.
    pub created: &'a Moment,
    /// How many returns follow.
    pub count: u32,
    /// What they come to.
    pub control_sum: Sum,
    /// The business date on which they are settled.
    pub date: BusinessDate,
    /// Who sends them.
    pub from: &'a Agent,
    /// Who gets them: the payer's bank.
    pub to: &'a Agent,
    /// The order whose payments come back.
    pub original: Original<'a>,
}

/// One return.
#[derive(Clone, Copy, Debug)]
pub struct Return<'a> {
    /// What it is called, unlike any other: the reference under which the money came back.
    pub id: &'a Identifier,
    /// `InstrId` of the item.
    pub instruction_id: Option<&'a Identifier>,
    /// `EndToEndId` of the item.
    pub end_to_end_id: &'a Identifier,
    /// The reference under which it was paid.
    pub transaction_id: Option<&'a Identifier>,
    /// What was paid.
    pub paid: Money,
    /// What comes back: all of it, or as much as the account held.
    pub returned: Money,
    /// Why.
    pub reason: &'a Reason,
}

/// Writes one pacs.004: its head, then returns. What it keeps does not grow with them.
pub struct Writer<W> {
    xml: Xml<W>,
    stated: (u32, Sum),
    written: Tally,
}

impl<W: Write> Writer<W> {
    /// Begins the document.
    ///
    /// # Errors
    /// Where the stream fails.
    pub fn new(out: W, head: &Head<'_>) -> Result<Self, Error> {
        let mut xml = Xml::new(out, MESSAGE, 3)?;
        xml.open("PmtRtr")?;
        xml.within("GrpHdr", |xml| {
            xml.leaf("MsgId", head.message_id.as_str())?;
            xml.leaf("CreDtTm", head.created.as_str())?;
            xml.leaf("NbOfTxs", &head.count.to_string())?;
            xml.leaf("CtrlSum", &head.control_sum.to_string())?;
            xml.leaf("IntrBkSttlmDt", &head.date.to_string())?;
            // Settled over the positions that the switch keeps between its participants.
            xml.nested(["SttlmInf", "SttlmMtd"], "CLRG")?;
            xml.agent("InstgAgt", head.from, "BICFI")?;
            xml.agent("InstdAgt", head.to, "BICFI")
        })?;
        xml.within("OrgnlGrpInf", |xml| {
            xml.leaf("OrgnlMsgId", head.original.message_id.as_str())?;
            xml.leaf("OrgnlMsgNmId", head.original.message)?;
            xml.optional("OrgnlCreDtTm", head.original.created.map(Moment::as_str))
        })?;
        Ok(Self { xml, stated: (head.count, head.control_sum), written: Tally::default() })
    }

    /// Writes one return.
    ///
    /// # Errors
    /// Where the stream fails, or what comes back is more than was paid or in another currency.
    pub fn item(&mut self, item: &Return<'_>) -> Result<(), Error> {
        if item.returned.currency() != item.paid.currency() || item.returned.minor() > item.paid.minor() {
            return Err(Error::NotCarried("a return of more than was paid, or in another currency,"));
        }
        self.written.add(Some(item.returned));
        self.xml.within("TxInf", |xml| {
            xml.leaf("RtrId", item.id.as_str())?;
            xml.optional("OrgnlInstrId", item.instruction_id.map(Identifier::as_str))?;
            xml.leaf("OrgnlEndToEndId", item.end_to_end_id.as_str())?;
            xml.optional("OrgnlTxId", item.transaction_id.map(Identifier::as_str))?;
            xml.amount("OrgnlIntrBkSttlmAmt", item.paid)?;
            xml.amount("RtrdIntrBkSttlmAmt", item.returned)?;
            item.reason.write(xml, "RtrRsnInf")
        })
    }

    /// Ends the document.
    ///
    /// # Errors
    /// Where the stream fails, or other returns were written than the head says.
    pub fn finish(self) -> Result<W, Error> {
        self.written.agrees(u64::from(self.stated.0), Some(self.stated.1))?;
        self.xml.finish()
    }
}
