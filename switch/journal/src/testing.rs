//! Stores for tests: one in memory whose appends complete when the test says so, and one that fails on demand around any other.
//!
//! Both are steered from other threads through a handle that is cloned before the store moves to the journal thread.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use crate::{AppendError, Error, FIRST, Store};

/// Blocks in memory, shared by all clones: a clone opened again is the same "file" after a restart.
#[derive(Clone)]
pub struct MemoryStore {
    window: usize,
    shared: Arc<Memory>,
}

#[derive(Default)]
struct Memory {
    state: Mutex<MemoryState>,
    arrived: Condvar,
    permitted: Notify,
}

#[derive(Default)]
struct MemoryState {
    blocks: BTreeMap<u64, Vec<u8>>,
    held: bool,
    in_flight: BTreeSet<u64>,
    permitted: BTreeSet<u64>,
}

impl MemoryStore {
    /// An empty store that takes up to `window` appends at once.
    #[must_use]
    pub fn new(window: usize) -> Self {
        Self { window, shared: Arc::default() }
    }

    /// From now on an append completes only when [`complete`](Self::complete) names it.
    pub fn hold(&self) {
        self.shared.lock().held = true;
    }

    /// Lets the append of `number` complete.
    pub fn complete(&self, number: u64) {
        self.shared.lock().permitted.insert(number);
        self.shared.permitted.notify_waiters();
    }

    /// Waits until exactly these appends are held.
    ///
    /// # Panics
    /// When that has not come about within 20 s.
    pub fn wait_in_flight(&self, numbers: impl IntoIterator<Item = u64>) {
        let numbers: BTreeSet<u64> = numbers.into_iter().collect();
        let state = self.shared.lock();
        let waited = self.shared.arrived.wait_timeout_while(state, Duration::from_secs(20), |s| s.in_flight != numbers);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert_eq!(state.in_flight, numbers, "appends in flight");
    }

    /// What is stored under `number`.
    #[must_use]
    pub fn sealed(&self, number: u64) -> Option<Vec<u8>> {
        self.shared.lock().blocks.get(&number).cloned()
    }

    /// Puts bytes there behind the journal's back, as another owner would.
    pub fn put(&self, number: u64, sealed: Vec<u8>) {
        self.shared.lock().blocks.insert(number, sealed);
    }
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, MemoryState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn permission(&self, number: u64) {
        loop {
            let changed = self.permitted.notified();
            {
                let mut state = self.lock();
                if !state.held || state.permitted.remove(&number) {
                    state.in_flight.remove(&number);
                    self.arrived.notify_all();
                    return;
                }
                state.in_flight.insert(number);
                self.arrived.notify_all();
            }
            changed.await;
        }
    }
}

impl Store for MemoryStore {
    fn window(&self) -> usize {
        self.window
    }

    async fn append(&self, number: u64, sealed: &[u8]) -> Result<(), AppendError> {
        self.shared.permission(number).await;
        let mut state = self.shared.lock();
        if state.blocks.contains_key(&number) {
            return Err(AppendError::Fenced);
        }
        state.blocks.insert(number, sealed.to_vec());
        Ok(())
    }

    async fn read(&self, number: u64) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.sealed(number))
    }

    async fn last(&self) -> Result<Option<u64>, Error> {
        Ok((FIRST..).zip(self.shared.lock().blocks.keys()).take_while(|(n, key)| n == *key).last().map(|(n, _)| n))
    }
}

/// What a [`Faulty`] store does instead of appending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Somebody else holds the store; nothing is written.
    Busy,
    /// No room; nothing is written.
    Full,
    /// The sync fails; whether it was written stays open (here: it was not).
    SyncFailed,
    /// The store cannot take blocks at all.
    Rejected,
    /// Written, but the answer is lost.
    AnswerLost,
    /// Not written, and no answer.
    RequestLost,
    /// Not written, no answer, and reading fails too: the connection is down.
    Unreachable,
    /// A bug: the store panics.
    Panics,
}

/// The switch of a [`Faulty`] store. Clones steer the same store, from any thread.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<FaultState>>);

#[derive(Default)]
struct FaultState {
    now: Option<Fault>,
    tries: Vec<(u64, crate::Hash)>,
}

impl Faults {
    /// From now on every append fails like this.
    pub fn set(&self, fault: Fault) {
        self.lock().now = Some(fault);
    }

    /// The store works again.
    pub fn clear(&self) {
        self.lock().now = None;
    }

    /// All tries so far, failed ones too: number and hash of the bytes that came.
    #[must_use]
    pub fn tries(&self) -> Vec<(u64, crate::Hash)> {
        self.lock().tries.clone()
    }

    fn lock(&self) -> MutexGuard<'_, FaultState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store that fails as its [`Faults`] say, and else does what the store inside does.
pub struct Faulty<S> {
    inner: S,
    faults: Faults,
}

impl<S: Store> Faulty<S> {
    /// Puts `faults` before `inner`.
    pub fn new(inner: S, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

impl<S: Store> Store for Faulty<S> {
    fn window(&self) -> usize {
        self.inner.window()
    }

    async fn append(&self, number: u64, sealed: &[u8]) -> Result<(), AppendError> {
        let fault = {
            let mut state = self.faults.lock();
            state.tries.push((number, crate::hash(sealed)));
            state.now
        };
        match fault {
            None => self.inner.append(number, sealed).await,
            Some(Fault::Busy) => Err(AppendError::Busy("made busy by a test".into())),
            Some(Fault::Full) => Err(AppendError::Full("made full by a test".into())),
            Some(Fault::SyncFailed) => Err(AppendError::SyncFailed("sync made to fail by a test".into())),
            Some(Fault::Rejected) => Err(AppendError::Rejected("made read-only by a test".into())),
            Some(Fault::AnswerLost) => {
                self.inner.append(number, sealed).await?;
                Err(AppendError::Unknown("answer lost by a test".into()))
            }
            Some(Fault::RequestLost | Fault::Unreachable) => Err(AppendError::Unknown("request lost by a test".into())),
            #[expect(clippy::panic, reason = "a test asked for it")]
            Some(Fault::Panics) => panic!("store made to panic by a test"),
        }
    }

    async fn read(&self, number: u64) -> Result<Option<Vec<u8>>, Error> {
        if self.faults.lock().now == Some(Fault::Unreachable) {
            return Err(Error::Store {
                place: "test".into(),
                doing: "read a block",
                source: "made unreachable by a test".into(),
            });
        }
        self.inner.read(number).await
    }

    async fn last(&self) -> Result<Option<u64>, Error> {
        self.inner.last().await
    }

    async fn tidy(&self) -> Result<(), AppendError> {
        self.inner.tidy().await
    }
}
