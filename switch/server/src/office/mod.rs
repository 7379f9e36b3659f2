//! The payroll office of a running switch: documents are checked and handed over on whatever thread asks for it, never on the
//! switch's, which gets orders of a thousand payments at most and looks that are short.
//!
//! All of it blocks, and is called where that is no harm. What comes of a batch is the engine's; the office goes at any moment.

mod hand;
mod look;
mod report;
mod work;

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use engine::{BankId, BatchId, PayrollOrder, Rules, State};
use journal::MasterKey;
use model::InstitutionId;
use payroll::{By, Checked, Error, FileRegistry, Hand, Kept, Keys, Office, Submitted};

use crate::config::PayrollPlan;
use crate::orders::Orders;
use crate::recovery::Paths;
use hand::OrdersHand;
use look::Rates;
use work::{Working, Works};

pub use look::{AtBank, ItemsShown, Wanted as WantedItems};
pub use report::Form;
pub use work::{Doing, Work};

/// From which secret all of the office's keys come.
const LABEL: &[u8] = b"payroll office";

/// The office of a switch that runs.
#[derive(Debug)]
pub struct PayrollOffice {
    office: Office,
    registry: FileRegistry,
    kept: Kept,
    orders: Orders,
    banks: Vec<(BankId, String)>,
    institution: InstitutionId,
    document_max: u64,
    works: Works,
    rates: Mutex<Rates>,
    /// Documents are submitted one after the other: of two with the same salary the later hears of the earlier from its check.
    submitting: Mutex<()>,
}

impl PayrollOffice {
    /// Opens its folder. Nothing is read of the registry yet, which may change and be away for a while.
    pub(crate) fn open(
        plan: &PayrollPlan,
        rules: &Rules,
        paths: &Paths,
        master: &MasterKey,
        orders: Orders,
    ) -> Result<Self, Error> {
        let keys = Keys::new(master.derive(LABEL));
        Ok(Self {
            registry: FileRegistry::new(&plan.registry),
            kept: Kept::open(paths.payroll(), keys.clone())?,
            office: Office::new(keys, plan.payers.clone()).with_bics(plan.bics.clone()),
            orders,
            banks: rules.banks.iter().map(|bank| (bank.id, bank.name.clone())).collect(),
            institution: rules.institution,
            document_max: plan.document_max_bytes,
            works: Works::default(),
            rates: Mutex::default(),
            submitting: Mutex::new(()),
        })
    }

    /// Removes the documents of batches that are no more, and those that a stop has cut off. Whoever starts the switch calls it
    /// before documents come in.
    pub(crate) fn tidy(&self) -> Result<(), Error> {
        let stays = self.hand()?.look(|state: &State, _: &Rules| {
            let known = state.batches().filter(|it| !it.is_forgotten());
            known.map(|it| it.id().0).collect::<Vec<_>>()
        })?;
        let removed = self.kept.tidy(|batch| stays.binary_search(&batch).is_ok())?;
        if removed > 0 {
            tracing::info!(removed, "documents of payrolls that never were, or are forgotten, are removed");
        }
        if let Err(error) = self.registry.current() {
            tracing::warn!(%error, "no payroll can be checked until the registry can be read");
        }
        Ok(())
    }

    /// Tells all that is wrong with a document as it comes.
    ///
    /// # Errors
    /// Where it cannot be read, or the registry or the engine fails.
    pub fn check(&self, document: impl Read) -> Result<Checked, Error> {
        let work = self.works.begin(Doing::Checking)?;
        let registry = self.registry.current()?;
        let document = Bounded { inner: document, left: self.document_max, work: &work };
        self.office.check(document, &*registry, &mut self.hand()?, &work.meter).map_err(|error| self.told(error))
    }

    /// Takes a document in, checks it, and makes a batch of it where nothing is wrong with it.
    ///
    /// # Errors
    /// Where it cannot be read or kept, or the registry or the engine fails.
    pub fn submit(&self, document: impl Read, by: By<'_>) -> Result<Submitted, Error> {
        let work = self.works.begin(Doing::TakingIn)?;
        let mut writer = self.kept.incoming()?;
        let mut document = Bounded { inner: document, left: self.document_max, work: &work };
        copy(&mut document, &mut writer).map_err(|error| self.told(error))?;
        let incoming = writer.finish()?;
        let _one = self.submitting.lock().unwrap_or_else(PoisonError::into_inner);
        work.set(Doing::Checking);
        let registry = self.registry.current()?;
        let mut hand = Watched { hand: self.hand()?, work: &work };
        let read = || self.kept.read_incoming(&incoming);
        let mut named = None;
        let keep = |batch: BatchId| {
            named = Some(batch);
            self.kept.name(&incoming, batch.0)
        };
        let submitted = self.office.submit(read, &*registry, &mut hand, by, &work.meter, keep);
        if let (Err(error), Some(batch)) = (&submitted, named) {
            tracing::warn!(%batch, %error, "a payroll could not be handed over");
            self.discard(batch);
        }
        submitted
    }

    /// Carries out an operator's order about a batch.
    ///
    /// # Errors
    /// Why not.
    pub fn order(&self, by: By<'_>, order: PayrollOrder) -> Result<BatchId, Error> {
        self.hand()?.order(by, order)
    }

    /// Removes the document of a batch that never was, where that is certain.
    fn discard(&self, batch: BatchId) {
        let gone = self.hand().and_then(|mut hand| hand.look(move |state: &State, _: &Rules| state.batch(batch).is_none()));
        if matches!(gone, Ok(true))
            && let Err(error) = self.kept.remove(batch.0)
        {
            tracing::warn!(%batch, %error, "its document stays until the next start");
        }
    }

    /// What the office works on.
    #[must_use]
    pub fn works(&self) -> Vec<Work> {
        self.works.shown()
    }

    fn hand(&self) -> Result<OrdersHand<'_>, Error> {
        OrdersHand::new(&self.orders)
    }

    fn told(&self, error: Error) -> Error {
        match error {
            Error::Document(source) if source.kind() == io::ErrorKind::FileTooLarge => Error::TooLong(self.document_max),
            error => error,
        }
    }
}

fn copy(document: &mut impl Read, writer: &mut impl Write) -> Result<(), Error> {
    let mut piece = vec![0; 64 * 1024];
    loop {
        let count = document.read(&mut piece).map_err(Error::Document)?;
        if count == 0 {
            return Ok(());
        }
        writer.write_all(piece.get(..count).unwrap_or(&[])).map_err(Error::Document)?;
    }
}

/// Reads no more than a document may have, and counts.
struct Bounded<'w, R> {
    inner: R,
    left: u64,
    work: &'w Arc<Working>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.left = self.left.checked_sub(count as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        self.work.read(count as u64);
        Ok(count)
    }
}

/// A hand that says when the check is over and the handing over begins.
struct Watched<'w, H> {
    hand: H,
    work: &'w Arc<Working>,
}

impl<H: Hand> Hand for Watched<'_, H> {
    fn look<T: Send + 'static>(&mut self, look: impl FnOnce(&State, &Rules) -> T + Send + 'static) -> Result<T, Error> {
        self.hand.look(look)
    }

    fn order(&mut self, by: By<'_>, order: PayrollOrder) -> Result<BatchId, Error> {
        if let PayrollOrder::Open(header) = &order {
            self.work.hand_over(header.count.into());
        }
        self.hand.order(by, order)
    }
}

/// An account as it is shown: its last three characters, of one that has more than six.
#[must_use]
pub fn shown_account(account: &str) -> String {
    let last = account.len().checked_sub(3).filter(|_| account.len() > 6).and_then(|from| account.get(from..));
    format!("*{}", last.unwrap_or(""))
}
