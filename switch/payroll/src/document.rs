//! A document of either form, read with its digest taken, and what its fields are called in that form.

use std::cell::RefCell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use documents::{Entry, Reader};
use ring::digest::{Context, SHA256};

use crate::Error;
use crate::fault::{Fault, Problem};

/// How much is read at once, bytes.
const PIECE: usize = 64 * 1024;

type Digest = Rc<RefCell<Context>>;

/// A reader that takes the digest of what goes through it.
pub(crate) struct Digested<R> {
    inner: R,
    digest: Digest,
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.digest.borrow_mut().update(into.get(..count).unwrap_or(&[]));
        Ok(count)
    }
}

type Input<R> = BufReader<Digested<R>>;

/// A document that is read from its first byte to its last.
pub(crate) struct Document<R> {
    /// Nothing where it is of neither form.
    reader: Result<Reader<Input<R>>, Option<documents::Fault>>,
    digest: Digest,
}

impl<R: Read> Document<R> {
    /// Finds out its form.
    pub(crate) fn open(input: R) -> Self {
        let digest = Rc::new(RefCell::new(Context::new(&SHA256)));
        let input = BufReader::with_capacity(PIECE, Digested { inner: input, digest: Rc::clone(&digest) });
        Self { reader: documents::read(input).map_err(Some), digest }
    }

    /// The next piece, or what is wrong with it.
    ///
    /// # Errors
    /// [`Error::Document`] where the bytes themselves cannot be had.
    pub(crate) fn next(&mut self) -> Result<Option<Result<Entry, Fault>>, Error> {
        let next = match &mut self.reader {
            Ok(reader) => reader.next(),
            Err(fault) => fault.take().map(Err),
        };
        match next {
            Some(Err(documents::Fault { problem: documents::Problem::Unreadable(kind), .. })) => {
                Err(Error::Document(kind.into()))
            }
            Some(Err(documents::Fault { line, column, field, problem })) => {
                Ok(Some(Err(Fault { line, column, field, problem: Problem::Form(problem) })))
            }
            Some(Ok(entry)) => Ok(Some(Ok(entry))),
            None => Ok(None),
        }
    }

    /// The name of its message, as answers repeat it.
    pub(crate) fn message(&self) -> Option<&'static str> {
        self.reader.as_ref().ok()?.message()
    }

    /// The edition of a pain.001.
    pub(crate) fn edition(&self) -> Option<documents::pain001::Edition> {
        match &self.reader {
            Ok(Reader::Pain001(reader)) => reader.edition(),
            Ok(Reader::Csv(_)) | Err(_) => None,
        }
    }

    /// SHA-256 of what was read: of the whole document, once that was read to its end.
    pub(crate) fn digest(&self) -> ring::digest::Digest {
        self.digest.borrow().clone().finish()
    }

    /// What its fields are called.
    pub(crate) fn names(&self) -> &'static Names {
        match self.reader {
            Ok(Reader::Csv(_)) => &CSV,
            Ok(Reader::Pain001(_)) | Err(_) => &PAIN001,
        }
    }
}

/// What the fields are called in which something can be wrong beyond their form.
pub(crate) struct Names {
    /// Whether the document names itself where its payment block begins.
    pub(crate) header_is_block: bool,
    pub(crate) message: &'static str,
    pub(crate) count: &'static str,
    pub(crate) sum: &'static str,
    pub(crate) payer: &'static str,
    pub(crate) account: &'static str,
    pub(crate) agent: &'static str,
    pub(crate) date: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) employee: &'static str,
    pub(crate) amount: &'static str,
    pub(crate) item_account: &'static str,
    pub(crate) item_agent: &'static str,
    /// Where a bank's institution number belongs.
    pub(crate) bank_number: &'static str,
}

static PAIN001: Names = Names {
    header_is_block: false,
    message: "CstmrCdtTrfInitn/GrpHdr/MsgId",
    count: "CstmrCdtTrfInitn/GrpHdr/NbOfTxs",
    sum: "CstmrCdtTrfInitn/GrpHdr/CtrlSum",
    payer: "CstmrCdtTrfInitn/PmtInf/Dbtr/Id/OrgId/Othr/Id",
    account: "CstmrCdtTrfInitn/PmtInf/DbtrAcct/Id",
    agent: "CstmrCdtTrfInitn/PmtInf/DbtrAgt/FinInstnId",
    date: "CstmrCdtTrfInitn/PmtInf/ReqdExctnDt",
    currency: "CstmrCdtTrfInitn/PmtInf/DbtrAcct/Ccy",
    employee: "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Cdtr/Id/PrvtId/Othr/Id",
    amount: "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Amt/InstdAmt",
    item_account: "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/CdtrAcct/Id",
    item_agent: "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/CdtrAgt/FinInstnId",
    bank_number: "ClrSysMmbId/MmbId",
};

static CSV: Names = Names {
    header_is_block: true,
    message: "id",
    count: "count",
    sum: "amount",
    payer: "party",
    account: "account",
    agent: "bank",
    date: "date",
    currency: "currency",
    employee: "party",
    amount: "amount",
    item_account: "account",
    item_agent: "bank",
    bank_number: "the column bank",
};
