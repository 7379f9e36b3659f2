//! The banks that live in this process: a thread with a runtime of its own, and a pipe to each.
//!
//! To the switch they are links like any other: same bytes, same session, same gate.

use std::collections::HashMap;
use std::sync::Arc;

use bank_adapters::{Cast, IsoHost, ReferenceBank, in_process};
use tokio::io::DuplexStream;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::{BankPlan, Plan, Reach};
use crate::recovery::Paths;
use crate::switch::Error;

/// The banks in this process. Dropping it closes their ledgers once their links are over.
pub(crate) struct Banks {
    banks: HashMap<String, (Arc<ReferenceBank>, IsoHost)>,
    runtime: Handle,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// The ledgers of the banks in this process, held, so that nobody else can.
pub(crate) struct Ledgers(Vec<(BankPlan, ReferenceBank)>);

impl Ledgers {
    /// Opens them: one that another process holds is found before anything else is touched.
    pub(crate) fn open(plan: &Plan, paths: &Paths) -> Result<Self, Error> {
        let ours: Vec<&BankPlan> = plan.banks.iter().filter(|bank| bank.reach == Reach::InProcess).collect();
        if ours.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let cast = plan.cast.as_deref().map_or_else(|| Ok(Cast::builtin()), Cast::load)?.with_bulk(plan.bulk_per_bank)?;
        let cast = cast.with_accounts(plan.accounts.as_deref());
        let folder = paths.banks();
        std::fs::create_dir_all(&folder).map_err(|source| Error::Folder { path: folder.clone(), source })?;
        let open = |plan: &&BankPlan| Ok(((*plan).clone(), ReferenceBank::open(&plan.bank.name, &folder, &cast)?));
        Ok(Self(ours.iter().map(open).collect::<Result<_, Error>>()?))
    }
}

impl Banks {
    /// Starts the thread; `None` where no bank is in this process.
    pub(crate) fn start(ledgers: Ledgers, clock: &Clock) -> Result<Option<Self>, Error> {
        if ledgers.0.is_empty() {
            return Ok(None);
        }
        let banks = ledgers.0.into_iter().map(|(plan, bank)| {
            let host = IsoHost::new(plan.link.dialect.clone(), plan.link.framing, plan.bank.institution);
            let host = IsoHost { clock: Arc::new(clock.clone()), ..host };
            (plan.bank.name.to_string(), (Arc::new(bank), host))
        });
        let banks = banks.collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Thread)?;
        let (handle, stop) = (runtime.handle().clone(), CancellationToken::new());
        let until = stop.clone();
        let thread = std::thread::Builder::new().name("banks".into());
        let thread = thread.spawn(move || runtime.block_on(until.cancelled())).map_err(Error::Thread)?;
        Ok(Some(Self { banks, runtime: handle, stop, thread: Some(thread) }))
    }

    /// A new link to the bank of this name.
    pub(crate) fn connect(&self, name: &str) -> Option<DuplexStream> {
        let (bank, host) = self.banks.get(name)?;
        let _inside = self.runtime.enter();
        let (near, _served) = in_process(Arc::clone(bank), host.clone(), self.stop.child_token());
        Some(near)
    }
}

impl Drop for Banks {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            // A panic over there has been logged; there is nothing to add.
            let _ = thread.join();
        }
    }
}
