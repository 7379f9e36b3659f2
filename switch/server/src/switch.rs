//! Starting and stopping a whole switch.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use engine::Engine;
use faults::Faults;
use journal::{Events, Fatal, Journal, MasterKey, Options, SqliteOptions, SqliteStore};
use shard::{Limits, Shard};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{LocalSet, spawn_local};
use tokio_util::sync::CancellationToken;

use crate::banks::{Banks, Ledgers};
use crate::cards::{Lookup, Shared as Known};
use crate::clock::Clock;
use crate::config::{Plan, Reach, Synchronous};
use crate::core::{self, Core, Shared};
use crate::faulty::Gate;
use crate::follower::Follower;
use crate::link_faults::LinkFaults;
use crate::links;
use crate::metrics::{Counting, Metrics};
use crate::office::PayrollOffice;
use crate::orders::{Orders, Wanted};
use crate::recovery::{Folded, Paths, STREAM, recover};

/// Why a switch cannot start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A folder cannot be made, or a file in it not removed.
    #[error("{path}: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A port cannot be listened on.
    #[error("cannot listen on {address} ({link}): {source}; is another switch running there?")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// For which link.
        link: String,
        /// Why.
        source: std::io::Error,
    },
    /// The journal cannot be opened or read.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The records of a block cannot be read.
    #[error("block {number}: {source}")]
    Records {
        /// Which block.
        number: u64,
        /// Why.
        source: engine::Damaged,
    },
    /// A block leads to another state than when it was written: the program has changed the meaning of a record.
    #[error("block {number} leads to another state than when it was written; this program must not run on this journal")]
    Diverged {
        /// Which block.
        number: u64,
    },
    /// The journal's end is missing.
    #[error("the newest snapshot is of block {snapshot} but the journal ends at {journal}: its end is missing")]
    SnapshotAhead {
        /// Block of the snapshot.
        snapshot: u64,
        /// Last block of the journal.
        journal: u64,
    },
    /// A bank in this process cannot be opened.
    #[error(transparent)]
    Bank(#[from] bank_adapters::Error),
    /// The card store cannot be opened, read or written.
    #[error(transparent)]
    Cards(#[from] cards::Error),
    /// The views cannot be opened or written.
    #[error(transparent)]
    Views(#[from] views::Error),
    /// The payroll office cannot be opened.
    #[error(transparent)]
    Payroll(#[from] payroll::Error),
    /// A metric's name is taken twice.
    #[error(transparent)]
    Metrics(#[from] prometheus::Error),
    /// A thread or runtime cannot be had.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    /// The journal has ended by itself.
    #[error("the journal has ended: {0}")]
    Fatal(#[from] Fatal),
    /// A thread has panicked; the log says where.
    #[error("the switch's thread has died")]
    Died,
}

/// Whether the switch can serve, for `/ready`.
#[derive(Clone, Debug)]
pub struct Readiness(watch::Sender<Ready>);

#[derive(Clone, Copy, Debug, Default)]
struct Ready {
    started: bool,
    journal: bool,
    stopping: bool,
    banks_up: usize,
}

impl Readiness {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Ready { journal: true, ..Ready::default() }))
    }

    pub(crate) fn set_journal(&self, runs: bool) {
        self.0.send_modify(|ready| ready.journal = runs);
    }

    pub(crate) fn bank(&self, up: bool) {
        self.0.send_modify(|ready| ready.banks_up = if up { ready.banks_up + 1 } else { ready.banks_up.saturating_sub(1) });
    }

    /// Waits until so many banks have signed on.
    pub async fn banks_up(&self, count: usize) {
        // The sender lives as long as `self`, so waiting ends only when it is so.
        let _ = self.0.subscribe().wait_for(|ready| ready.banks_up >= count).await;
    }

    /// Why it cannot serve; `None` where it can.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        match *self.0.borrow() {
            Ready { stopping: true, .. } => Some("stopping"),
            Ready { started: false, .. } => Some("starting"),
            Ready { journal: false, .. } => Some("the journal stands still"),
            Ready { .. } => None,
        }
    }
}

/// Where a running switch is reached; ports that were given as 0 are the real ones here.
#[derive(Clone, Debug, Default)]
pub struct Addresses {
    /// Acquirers' ports, by link name.
    pub acquirers: Vec<(String, SocketAddr)>,
    /// Ports on which banks dial in, by bank name.
    pub banks: Vec<(String, SocketAddr)>,
}

/// A switch that runs on its own threads.
#[derive(Debug)]
pub struct Running {
    addresses: Addresses,
    metrics: Metrics,
    readiness: Readiness,
    orders: Orders,
    payroll: Option<Arc<PayrollOffice>>,
    faults: LinkFaults,
    stop: CancellationToken,
    ended: oneshot::Receiver<Result<(), Error>>,
}

impl Running {
    /// Where it is reached.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Its metrics.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether it can serve.
    #[must_use]
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// What operators order and look at.
    #[must_use]
    pub fn orders(&self) -> &Orders {
        &self.orders
    }

    /// Its payroll office; `None` where the configuration has none.
    #[must_use]
    pub fn payroll(&self) -> Option<&Arc<PayrollOffice>> {
        self.payroll.as_ref()
    }

    /// The faults that testers set on its links.
    #[must_use]
    pub fn faults(&self) -> &LinkFaults {
        &self.faults
    }

    /// Asks it to stop: nothing new is admitted, what is open runs to its end or to the drain's bound.
    pub fn stop(&self) {
        self.readiness.0.send_modify(|ready| ready.stopping = true);
        self.stop.cancel();
    }

    /// Waits until it has stopped.
    ///
    /// # Errors
    /// Why it had to stop by itself.
    pub async fn ended(&mut self) -> Result<(), Error> {
        (&mut self.ended).await.unwrap_or(Err(Error::Died))
    }
}

/// Wraps the store, in tests that put it out of order.
pub type StoreHook = Box<dyn FnOnce(SqliteStore) -> HookedStore + Send>;

#[cfg(feature = "testing")]
type HookedStore = journal::testing::Faulty<SqliteStore>;
#[cfg(not(feature = "testing"))]
type HookedStore = SqliteStore;

/// Starts a switch. Returns once everything is read back, all ports are open and requests are taken.
///
/// # Errors
/// See [`Error`]; nothing runs then.
pub fn start(plan: Plan, paths: &Paths, hook: Option<StoreHook>) -> Result<Running, Error> {
    let metrics = Metrics::new()?;
    let readiness = Readiness::new();
    std::fs::create_dir_all(paths.root()).map_err(|source| Error::Folder { path: paths.root().into(), source })?;
    let stop = CancellationToken::new();
    let (started, starts) = std::sync::mpsc::channel();
    let (ending, ended) = oneshot::channel();
    let (orders, wanted) = Orders::new(&plan.rules);
    let master = MasterKey::load_or_create(paths.master_key())?;
    let office = |plan_of: &_| PayrollOffice::open(plan_of, &plan.rules, paths, &master, orders.clone());
    let payroll = plan.payroll.as_ref().map(office).transpose()?.map(Arc::new);
    let links = plan.acquirers.iter().map(|it| it.link.side.name()).chain(plan.banks.iter().map(|it| &*it.bank.name));
    let set = Faults::new();
    let faults = LinkFaults::new(set.clone(), links.map(str::to_owned).collect(), metrics.clone());
    let hands = Hands { faults: set, metrics: metrics.clone(), readiness: readiness.clone(), stop: stop.clone(), wanted };
    let paths = paths.clone();
    let thread = std::thread::Builder::new().name("switch".into());
    let spawned = thread.spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Thread);
        let result = runtime.and_then(|runtime| {
            let local = LocalSet::new();
            local.block_on(&runtime, live(plan, paths, hook, hands, &started))
        });
        let _ = ending.send(result);
    });
    spawned.map_err(Error::Thread)?;
    match starts.recv() {
        Ok(addresses) => {
            if let Some(Err(error)) = payroll.as_ref().map(|office| office.tidy()) {
                stop.cancel();
                return Err(error.into());
            }
            Ok(Running { addresses, metrics, readiness, orders, payroll, faults, stop, ended })
        }
        // It ended before it began; the reason lies in the other channel.
        Err(_) => Err(ended.blocking_recv().unwrap_or(Err(Error::Died)).err().unwrap_or(Error::Died)),
    }
}

/// What the socket thread shares with those who hold [`Running`].
struct Hands {
    faults: Faults,
    metrics: Metrics,
    readiness: Readiness,
    stop: CancellationToken,
    wanted: mpsc::Receiver<Wanted>,
}

/// The socket thread's whole life.
async fn live(
    plan: Plan,
    paths: Paths,
    hook: Option<StoreHook>,
    hands: Hands,
    started: &std::sync::mpsc::Sender<Addresses>,
) -> Result<(), Error> {
    let Hands { faults, metrics, readiness, stop, wanted } = hands;
    let master = MasterKey::load_or_create(paths.master_key())?;
    // Taking the journal over ends whoever has it, so what else is needed must be there before.
    let (listeners, ledgers) = (listen(&plan).await?, Ledgers::open(&plan, &paths)?);
    let (journal, events) = open_journal(&plan, &paths, &master, hook)?;
    let folded = recover(&paths, &master, &journal)?;
    let clock = Clock::start(plan.time, folded.last);
    if clock.is_manual() {
        tracing::info!(now = %clock.now(), "the clock stands until it is told");
    }
    let banks = Banks::start(ledgers, &clock)?.map(Rc::new);
    let (durable, follows) = mpsc::channel(1);
    let card_keys = crate::cards::keys(&master);
    let known = Known::new(card_keys.clone(), plan.known_only);
    known.set_day(plan.rules.offset.date(clock.now()));
    let follower = Follower::open(&paths, &master, card_keys, plan.known_only, metrics.clone())?;
    let watching = crate::cards::watch(&paths, Arc::clone(&known), metrics.clone())?;
    let follower =
        std::thread::Builder::new().name("follower".into()).spawn(move || follower.run(follows)).map_err(Error::Thread)?;

    let addresses = listeners.addresses();
    let gate = Rc::new(Gate::new(faults, clock, metrics));
    let core = core(&plan, &master, folded, journal, durable, gate, readiness.clone(), known);
    let committer = spawn_local(core::commit(Rc::clone(&core)));
    let mut events = spawn_local(core::events(Rc::clone(&core), events));
    let looker = spawn_local(core::look(Rc::clone(&core)));
    let orders = spawn_local(core::orders(Rc::clone(&core), wanted));
    let opened = open_links(&core, &plan, listeners, banks.as_ref());
    readiness.0.send_modify(|ready| ready.started = true);
    let _ = started.send(addresses);

    let fatal = tokio::select! {
        () = stop.cancelled() => None,
        ended = &mut events => Some(ended),
    };
    for accepting in &opened.accepting {
        accepting.abort();
    }
    let result = match fatal {
        Some(ended) => Err(ended.unwrap_or(Ok(())).err().map_or(Error::Died, Error::Fatal)),
        None => drained(&core, Duration::from_millis(plan.limits.drain_ms), events).await,
    };
    core.borrow_mut().end_all();
    for task in opened.dialling.iter().chain([&committer, &looker, &orders]) {
        task.abort();
    }
    // The tasks that hold the core end with the runtime; the follower ends when the core's hand on its channel is gone.
    drop(core);
    tokio::task::yield_now().await;
    drop(opened);
    drop(banks);
    drop(watching);
    tokio::task::spawn_blocking(move || follower.join()).await.ok();
    result
}

fn open_journal(plan: &Plan, paths: &Paths, master: &MasterKey, hook: Option<StoreHook>) -> Result<(Journal, Events), Error> {
    let path = paths.journal();
    let synchronous = match plan.synchronous {
        Synchronous::Full => journal::Synchronous::Full,
        Synchronous::Off => journal::Synchronous::Off,
    };
    let options = SqliteOptions { synchronous, ..SqliteOptions::default() };
    let open = move || SqliteStore::open(path, STREAM, options);
    Ok(match hook {
        Some(hook) => Journal::start(async move || Ok(hook(open()?)), STREAM, master, Options::default())?,
        None => Journal::start(async move || open(), STREAM, master, Options::default())?,
    })
}

#[expect(clippy::too_many_arguments, reason = "all that a core is made of")]
fn core(
    plan: &Plan,
    master: &MasterKey,
    folded: Folded,
    journal: Journal,
    durable: mpsc::Sender<u64>,
    gate: Rc<Gate>,
    readiness: Readiness,
    known: Arc<Known>,
) -> Shared {
    let seed = master.derive(b"hash seed");
    let seed = seed.first_chunk().map_or(1, |bytes| u64::from_le_bytes(*bytes));
    let engine = Engine::new(plan.rules.clone(), folded.state, seed);
    let names: HashMap<_, Arc<str>> = plan.banks.iter().map(|it| (it.bank.bank, it.bank.name.clone())).collect();
    let limits = Limits { outbox_max: plan.limits.outbox_max_bytes, block_max: plan.limits.block_max_bytes };
    let counting = Counting::new(gate.metrics.clone(), readiness.clone(), names).telling(Arc::clone(&known));
    let mut shard = Shard::start(gate.clock.now(), engine, journal.next(), limits, counting);
    if plan.known_only {
        shard.set_cards(Box::new(Lookup(Arc::clone(&known))));
    }
    let core = Core::new(shard, gate, plan.limits.clone(), journal, durable, readiness, known);
    Rc::new(std::cell::RefCell::new(core))
}

/// Ports that are open already.
struct Listeners {
    acquirers: Vec<TcpListener>,
    banks: Vec<Option<TcpListener>>,
    names: Addresses,
}

impl Listeners {
    fn addresses(&self) -> Addresses {
        self.names.clone()
    }
}

async fn listen(plan: &Plan) -> Result<Listeners, Error> {
    let mut listeners = Listeners { acquirers: Vec::new(), banks: Vec::new(), names: Addresses::default() };
    for it in &plan.acquirers {
        let (listener, address) = bind(it.listen, it.link.side.name()).await?;
        listeners.names.acquirers.push((it.link.side.name().to_owned(), address));
        listeners.acquirers.push(listener);
    }
    for it in &plan.banks {
        let Reach::Listen(address) = it.reach else {
            listeners.banks.push(None);
            continue;
        };
        let (listener, address) = bind(address, &it.bank.name).await?;
        listeners.names.banks.push((it.bank.name.to_string(), address));
        listeners.banks.push(Some(listener));
    }
    Ok(listeners)
}

async fn bind(address: SocketAddr, link: &str) -> Result<(TcpListener, SocketAddr), Error> {
    let failed = |source| Error::Listen { address, link: link.to_owned(), source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// The tasks that make connections.
struct Opened {
    accepting: Vec<tokio::task::JoinHandle<()>>,
    dialling: Vec<tokio::task::JoinHandle<()>>,
}

fn open_links(core: &Shared, plan: &Plan, listeners: Listeners, banks: Option<&Rc<Banks>>) -> Opened {
    let connections_max = plan.limits.connections_max;
    let mut opened = Opened { accepting: Vec::new(), dialling: Vec::new() };
    for (it, listener) in plan.banks.iter().zip(listeners.banks) {
        let (core, link) = (Rc::clone(core), it.link.clone());
        match (&it.reach, listener, banks) {
            (_, Some(listener), _) => opened.accepting.push(spawn_local(links::listen(core, listener, link, connections_max))),
            (Reach::Dial(address), None, _) => opened.dialling.push(spawn_local(links::dial(core, address.clone(), link))),
            (_, None, Some(banks)) => opened.dialling.push(spawn_local(links::within(core, Rc::clone(banks), link))),
            (_, None, None) => {}
        }
    }
    for (it, listener) in plan.acquirers.iter().zip(listeners.acquirers) {
        let listening = links::listen(Rc::clone(core), listener, it.link.clone(), connections_max);
        opened.accepting.push(spawn_local(listening));
    }
    opened
}

/// Lets what is open run to its end, within a bound; then everything decided becomes durable.
async fn drained(core: &Shared, within: Duration, events: tokio::task::JoinHandle<Result<(), Fatal>>) -> Result<(), Error> {
    tracing::info!(?within, "stopping: nothing new is admitted, what is open runs to its end");
    core.borrow_mut().shard.drain();
    let deadline = tokio::time::Instant::now() + within;
    while !core.borrow().shard.is_drained() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let open = core.borrow().shard.state().open_legs().count();
    if open > 0 {
        tracing::warn!(open, "stopping with legs open; they are resolved by their rules at the next start");
    }
    core.borrow_mut().finish();
    match tokio::time::timeout_at(deadline.max(tokio::time::Instant::now() + Duration::from_secs(1)), events).await {
        Ok(Ok(result)) => result.map_err(Error::Fatal),
        Ok(Err(_)) => Err(Error::Died),
        Err(_) => {
            tracing::error!("stopping while the journal stands still; what was not durable has not left");
            Ok(())
        }
    }
}
