//! camt.054, the notification of what was credited and debited: one for each bank and batch; written as a stream.
//!
//! Knows: the elements of camt.054.001.08 in the order of its schema. Does not know: ledgers.

use std::io::Write;

use model::{BusinessDate, Currency, Money};

use crate::error::Error;
use crate::fault::ReasonCode;
use crate::sum::Sum;
use crate::tally::Tally;
use crate::words::{Account, Agent, Identifier, Moment, Name, Purpose};
use crate::xml::Xml;

/// The name of the message.
pub const MESSAGE: &str = "camt.054.001.08";

/// The head of the notification of one bank about one batch.
#[derive(Clone, Copy, Debug)]
pub struct Notification<'a> {
    /// What it is called, unlike any other.
    pub id: &'a Identifier,
    /// When it was made.
    pub created: &'a Moment,
    /// The account over which the bank settles the batch.
    pub account: &'a Account,
    /// Its currency. All entries have it.
    pub currency: Currency,
    /// Who keeps that account.
    pub servicer: &'a Agent,
    /// Number and sum of credits that follow.
    pub credits: (u64, Sum),
    /// Number and sum of debits that follow.
    pub debits: (u64, Sum),
}

/// Which way an entry goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A payee was credited.
    Credit,
    /// A credit was taken back, or returned.
    Return(ReasonCode),
}

/// One entry: one item, there or back.
#[derive(Clone, Copy, Debug)]
pub struct Booking<'a> {
    /// What the bank calls the entry: the reference that was booked.
    pub reference: &'a Identifier,
    /// How much.
    pub amount: Money,
    /// Which way.
    pub side: Side,
    /// The business date on which it was booked.
    pub date: BusinessDate,
    /// `MsgId` of the order.
    pub message_id: &'a Identifier,
    /// `PmtInfId` of its batch.
    pub batch_id: &'a Identifier,
    /// `InstrId` of the item.
    pub instruction_id: Option<&'a Identifier>,
    /// `EndToEndId` of the item.
    pub end_to_end_id: &'a Identifier,
    /// The payee's name, where the bank is told.
    pub name: Option<&'a Name>,
    /// The payee's account.
    pub account: &'a Account,
    /// What the payment is for.
    pub purpose: Option<Purpose>,
}

/// What is still open of a notification.
struct Open {
    currency: Currency,
    stated: [(u64, Sum); 2],
    written: [Tally; 2],
}

/// Writes one camt.054: its head, then notifications with their entries. What it keeps does not grow with the entries.
pub struct Writer<W> {
    xml: Xml<W>,
    open: Option<Open>,
}

impl<W: Write> Writer<W> {
    /// Begins the document.
    ///
    /// # Errors
    /// Where the stream fails.
    pub fn new(out: W, message_id: &Identifier, created: &Moment) -> Result<Self, Error> {
        let mut xml = Xml::new(out, MESSAGE, 3)?;
        xml.open("BkToCstmrDbtCdtNtfctn")?;
        xml.within("GrpHdr", |xml| {
            xml.leaf("MsgId", message_id.as_str())?;
            xml.leaf("CreDtTm", created.as_str())
        })?;
        Ok(Self { xml, open: None })
    }

    /// Begins a notification.
    ///
    /// # Errors
    /// Where the stream fails, or other entries were written in the one before than it says.
    pub fn notification(&mut self, head: &Notification<'_>) -> Result<(), Error> {
        self.end_notification()?;
        let xml = &mut self.xml;
        xml.open("Ntfctn")?;
        xml.leaf("Id", head.id.as_str())?;
        xml.leaf("CreDtTm", head.created.as_str())?;
        xml.within("Acct", |xml| {
            xml.account(head.account)?;
            xml.leaf("Ccy", head.currency.alpha())?;
            xml.agent("Svcr", head.servicer, "BICFI")
        })?;
        xml.within("TxsSummry", |xml| {
            for (tag, (count, sum)) in [("TtlCdtNtries", head.credits), ("TtlDbtNtries", head.debits)] {
                xml.within(tag, |xml| {
                    xml.leaf("NbOfNtries", &count.to_string())?;
                    xml.leaf("Sum", &sum.to_string())
                })?;
            }
            Ok(())
        })?;
        self.open = Some(Open { currency: head.currency, stated: [head.credits, head.debits], written: Default::default() });
        Ok(())
    }

    /// Writes one entry of the notification.
    ///
    /// # Errors
    /// Where the stream fails, no notification was begun, or the entry is in another currency.
    pub fn entry(&mut self, booking: &Booking<'_>) -> Result<(), Error> {
        let Some(open) = &mut self.open else { return Err(Error::OutOfOrder("an entry")) };
        if booking.amount.currency() != open.currency {
            return Err(Error::NotCarried("an entry in another currency than the account"));
        }
        let [credits, debits] = &mut open.written;
        let (side, family, reason) = match booking.side {
            Side::Credit => ("CRDT", "SALA", None),
            Side::Return(reason) => ("DBIT", "RRTN", Some(reason)),
        };
        if reason.is_some() { debits } else { credits }.add(Some(booking.amount));
        self.xml.within("Ntry", |xml| {
            xml.leaf("NtryRef", booking.reference.as_str())?;
            xml.amount("Amt", booking.amount)?;
            xml.leaf("CdtDbtInd", side)?;
            xml.optional("RvslInd", reason.map(|_| "true"))?;
            xml.nested(["Sts", "Cd"], "BOOK")?;
            xml.nested(["BookgDt", "Dt"], &booking.date.to_string())?;
            xml.nested(["ValDt", "Dt"], &booking.date.to_string())?;
            xml.within("BkTxCd", |xml| {
                xml.within("Domn", |xml| {
                    xml.leaf("Cd", "PMNT")?;
                    xml.within("Fmly", |xml| {
                        xml.leaf("Cd", "RCDT")?;
                        xml.leaf("SubFmlyCd", family)
                    })
                })
            })?;
            xml.within("NtryDtls", |xml| xml.within("TxDtls", |xml| details(xml, booking, side, reason)))
        })
    }

    /// Ends the document.
    ///
    /// # Errors
    /// Where the stream fails, or other entries were written than the last notification says.
    pub fn finish(mut self) -> Result<W, Error> {
        self.end_notification()?;
        self.xml.finish()
    }

    fn end_notification(&mut self) -> Result<(), Error> {
        let Some(open) = self.open.take() else { return Ok(()) };
        for ((count, sum), written) in open.stated.into_iter().zip(open.written) {
            written.agrees(count, Some(sum))?;
        }
        self.xml.close()
    }
}

fn details<W: Write>(xml: &mut Xml<W>, booking: &Booking<'_>, side: &str, reason: Option<ReasonCode>) -> Result<(), Error> {
    xml.within("Refs", |xml| {
        xml.leaf("MsgId", booking.message_id.as_str())?;
        xml.leaf("AcctSvcrRef", booking.reference.as_str())?;
        xml.leaf("PmtInfId", booking.batch_id.as_str())?;
        xml.optional("InstrId", booking.instruction_id.map(Identifier::as_str))?;
        xml.leaf("EndToEndId", booking.end_to_end_id.as_str())
    })?;
    xml.amount("Amt", booking.amount)?;
    xml.leaf("CdtDbtInd", side)?;
    xml.within("RltdPties", |xml| {
        booking.name.map_or(Ok(()), |name| xml.nested(["Cdtr", "Pty", "Nm"], name.as_str()))?;
        xml.within("CdtrAcct", |xml| xml.account(booking.account))
    })?;
    booking.purpose.map_or(Ok(()), |purpose| xml.nested(["Purp", "Cd"], purpose.as_str()))?;
    reason.map_or(Ok(()), |reason| xml.nested(["RtrInf", "Rsn", "Cd"], reason.text()))
}
