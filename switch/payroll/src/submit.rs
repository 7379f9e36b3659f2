//! From a document to a batch: checked in a first pass, handed over in a second.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use documents::Entry;
use engine::{BatchId, ITEMS_AT_ONCE_MAX, PayrollItem, PayrollOrder};

use crate::check::{self, Checked};
use crate::document::Document;
use crate::{Bics, By, Error, Hand, Keys, Payer, Registry};

/// The office: what it needs besides a registry, a document and a hand.
#[derive(Clone, Debug)]
pub struct Office {
    keys: Keys,
    payers: Vec<Arc<Payer>>,
    bics: Bics,
}

/// How far the office has come with a document, for whoever waits.
#[derive(Debug, Default)]
pub struct Meter {
    /// Payments that were checked.
    pub checked: AtomicU64,
    /// Payments that were handed over.
    pub handed_over: AtomicU64,
}

/// What became of a document that was submitted.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// What the check has found.
    pub checked: Checked,
    /// The batch; `None` where something is wrong with the document, and nothing was moved.
    pub batch: Option<BatchId>,
}

impl Office {
    /// An office for these payers.
    #[must_use]
    pub fn new(keys: Keys, payers: Vec<Payer>) -> Self {
        Self { keys, payers: payers.into_iter().map(Arc::new).collect(), bics: Bics::default() }
    }

    /// The office where documents may name banks by these BICs.
    #[must_use]
    pub fn with_bics(self, bics: Bics) -> Self {
        Self { bics, ..self }
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Tells all that is wrong with a document. Nothing is changed.
    ///
    /// # Errors
    /// Where the document's reader, the registry or the engine fails; never because of what the document says.
    pub fn check<R: Read, H: Hand>(
        &self,
        document: R,
        registry: &impl Registry,
        hand: &mut H,
        meter: &Meter,
    ) -> Result<Checked, Error> {
        check::check(&self.keys, &self.payers, &self.bics, registry, document, hand, &meter.checked)
    }

    /// Checks a document and, where nothing is wrong with it, makes a batch of it, which then waits for approval. `read` gives the
    /// document twice, from its beginning; `keep` is told the batch's number before any payment is handed over, and must have the
    /// document durable when it returns, where it is to be kept.
    ///
    /// # Errors
    /// As [`Office::check`]; the batch is then cancelled, so far as anybody can be told.
    pub fn submit<R: Read, H: Hand>(
        &self,
        mut read: impl FnMut() -> Result<R, Error>,
        registry: &impl Registry,
        hand: &mut H,
        by: By<'_>,
        meter: &Meter,
        keep: impl FnOnce(BatchId) -> Result<(), Error>,
    ) -> Result<Submitted, Error> {
        let checked = self.check(read()?, registry, hand, meter)?;
        let Some(header) = checked.header else { return Ok(Submitted { checked, batch: None }) };
        let second = read()?;
        let batch = hand.order(by, PayrollOrder::Open(header))?;
        let done = keep(batch).and_then(|()| self.hand_over(second, &checked, batch, hand, by, meter));
        match done {
            Ok(()) => Ok(Submitted { checked, batch: Some(batch) }),
            Err(error) => {
                let by = By { reason: "the office could not hand it over whole", ..by };
                // Where nobody hears it the switch drops what is not complete when it starts again.
                let _ = hand.order(by, PayrollOrder::Cancel(batch));
                Err(error)
            }
        }
    }

    /// The second pass: every payment in the document's order, then that this was all.
    fn hand_over<R: Read, H: Hand>(
        &self,
        document: R,
        checked: &Checked,
        batch: BatchId,
        hand: &mut H,
        by: By<'_>,
        meter: &Meter,
    ) -> Result<(), Error> {
        let (Some(terms), Some(header)) = (&checked.terms, &checked.header) else { return Err(Error::Changed) };
        let mut document = Document::open(document);
        let mut items: Vec<PayrollItem> = Vec::with_capacity(ITEMS_AT_ONCE_MAX);
        let mut count = 0;
        while let Some(entry) = document.next()? {
            let Entry::Item(item) = entry.map_err(|_| Error::Changed)? else { continue };
            items.push(check::item(&self.keys, &checked.frame, terms, &item).ok_or(Error::Changed)?);
            count += 1;
            if items.len() == ITEMS_AT_ONCE_MAX {
                let items = std::mem::replace(&mut items, Vec::with_capacity(ITEMS_AT_ONCE_MAX));
                hand.order(by, PayrollOrder::Items { batch, items })?;
                meter.handed_over.store(count, Ordering::Relaxed);
            }
        }
        if !items.is_empty() {
            hand.order(by, PayrollOrder::Items { batch, items })?;
        }
        meter.handed_over.store(count, Ordering::Relaxed);
        if self.keys.file(document.digest().as_ref()) != header.file_key {
            return Err(Error::Changed);
        }
        hand.order(by, PayrollOrder::Complete(batch)).map(|_| ())
    }
}
