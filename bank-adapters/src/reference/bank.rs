//! The thread that a ledger lives on, and the queue before it.

use std::fmt;
use std::path::Path;
use std::thread::JoinHandle;

use model::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::ledger::{Answer, IN_DOUBT, Ledger};
use crate::{Bank, BankProfile, BankReply, BankRequest, Call, Capabilities, Cast, Error, Outcome};

/// Calls that may wait for the ledger; further ones wait outside, in the host's bounded number in flight.
const QUEUE_MAX: usize = 4096;
/// Calls that one transaction posts at most, so that none waits long for its neighbours.
const BATCH_MAX: usize = 1024;

/// One of the reference banks or operators, at work. Dropping it posts what is queued and closes the ledger.
pub struct ReferenceBank {
    profile: BankProfile,
    capabilities: Capabilities,
    queue: Option<mpsc::Sender<Waiting>>,
    thread: Option<JoinHandle<()>>,
}

struct Waiting {
    request: BankRequest,
    at: Timestamp,
    answer: oneshot::Sender<Answer>,
}

impl ReferenceBank {
    /// Opens the bank or operator with this name, its ledger being `<name>.db` in `directory`. Accounts of the cast that the ledger does not
    /// have yet are opened with their balances.
    ///
    /// # Errors
    /// Where the cast has no such bank, or for a reason of [`Ledger::open`].
    pub fn open(name: &str, directory: &Path, cast: &Cast) -> Result<Self, Error> {
        let profile = cast.bank(name)?.clone();
        let ledger = Ledger::open(&profile, directory, cast)?;
        let capabilities = ledger.capabilities();
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let thread = std::thread::Builder::new().name(format!("ledger-{name}")).spawn(move || work(ledger, waiting));
        Ok(Self { profile, capabilities, queue: Some(queue), thread: Some(thread.map_err(Error::Thread)?) })
    }

    /// Who it is.
    #[must_use]
    pub fn profile(&self) -> &BankProfile {
        &self.profile
    }
}

impl Bank for ReferenceBank {
    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    async fn call(&self, request: BankRequest, cx: Call) -> Outcome<BankReply> {
        let place = match &self.queue {
            Some(queue) => queue.reserve().await.ok(),
            None => None,
        };
        let Some(place) = place else { return Outcome::NotDelivered(cx.unsent().refuse("the ledger is closed")) };
        let (answer, answered) = oneshot::channel();
        place.send(Waiting { request, at: cx.now(), answer });
        let sending = cx.sending();
        match answered.await {
            Ok(answer) => answer.outcome(sending),
            Err(_) => Outcome::Unknown(sending.lost(IN_DOUBT)),
        }
    }
}

impl Drop for ReferenceBank {
    fn drop(&mut self) {
        self.queue = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(bank = self.profile.name, "the ledger's thread broke");
        }
    }
}

impl fmt::Debug for ReferenceBank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReferenceBank({})", self.profile.name)
    }
}

/// Posts what waits, a batch at a time, until nobody can ask any more. When a batch fails its callers hear nothing, for whether
/// it was committed is not known then; their askers ask again or reverse.
fn work(mut ledger: Ledger, mut waiting: mpsc::Receiver<Waiting>) {
    let mut batch = Vec::new();
    let mut requests = Vec::new();
    while let Some(first) = waiting.blocking_recv() {
        let mut next = Some(first);
        while let Some(Waiting { request, at, answer }) = next {
            requests.push((request, at));
            batch.push(answer);
            next = if batch.len() < BATCH_MAX { waiting.try_recv().ok() } else { None };
        }
        match ledger.post(&requests) {
            Ok(answers) => {
                for (asker, answer) in batch.drain(..).zip(answers) {
                    // An asker that went away is no error: what it asked is booked, and a repeat is answered the same.
                    let _ = asker.send(answer);
                }
            }
            Err(error) => {
                tracing::error!(calls = batch.len(), %error, "a batch could not be posted");
                batch.clear();
            }
        }
        requests.clear();
    }
}
