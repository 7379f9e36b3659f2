//! The heart of the socket thread: the shard, the journal's handle, and who must be woken when something may leave.
//!
//! Whatever is read before the next write becomes one block: connections read all that their sockets have and hand it to the
//! shard; then, once all that were ready had their turn, the open block goes to the journal. While that one is being made
//! durable the next fills.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use engine::{Batch, BatchId, BatchState, LinkId, PayrollOrder};
use journal::{Event, Events, Fatal, Journal};
use model::Timestamp;
use shard::{CloseReason, LinkConfig, PayrollRefused, Refused, Shard};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::advance::{Moving, advance};
use crate::clock::Clock;
use crate::faulty::Gate;
use crate::metrics::{Counting, Metrics, OrderOutcome, Queue};
use crate::orders::{ClockShown, Move, Order, PayrollOrdered, Unfulfilled, Wanted};
use crate::switch::Readiness;

/// How often timers and bounds are looked at. Far below the shortest timer, far above what a wake-up costs.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How far a clock that stands is moved by one order: ten years.
const FURTHEST: Duration = Duration::from_secs(3_653 * 86_400);

/// Why a connection is to end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Ended {
    /// The peer closed it.
    #[error("the peer closed the connection")]
    Peer,
    /// The socket failed.
    #[error("{0}")]
    Socket(String),
    /// The shard gives it up.
    #[error(transparent)]
    Session(#[from] CloseReason),
    /// No byte for too long.
    #[error("no byte for {0:?}")]
    Idle(Duration),
    /// A message that was begun is not whole.
    #[error("a message that was begun was not whole after {0:?}")]
    Dribble(Duration),
    /// The peer does not take what is sent.
    #[error("the peer took nothing for {0:?}")]
    SlowReader(Duration),
    /// The switch stops.
    #[error("the switch stops")]
    Stopping,
}

impl Ended {
    /// A short word for the metric's label.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Socket(_) => "socket",
            Self::Session(CloseReason::Frame(_)) => "framing",
            Self::Session(CloseReason::Garbage(..)) => "garbage",
            Self::Session(CloseReason::SignOnRefused(_)) => "sign_on_refused",
            Self::Session(CloseReason::Silent) => "silent",
            Self::Idle(_) => "idle",
            Self::Dribble(_) => "dribble",
            Self::SlowReader(_) => "slow_reader",
            Self::Stopping => "stopping",
        }
    }
}

/// Since when something is awaited of a connection's peer.
#[derive(Debug, Default)]
pub(crate) struct Since {
    pub(crate) last_byte: Option<Instant>,
    pub(crate) partial: Option<Instant>,
    pub(crate) blocked: Option<Instant>,
}

/// What the core knows of a connection.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) waker: Option<Waker>,
    pub(crate) ended: Option<Ended>,
    pub(crate) since: Since,
    /// Whether reading waits until less is waiting inside.
    pub(crate) paused: bool,
    /// Whether silence for long is an end; a bank's link is kept by echoes instead.
    pub(crate) may_idle_out: bool,
}

/// Shared by all tasks of the socket thread. Borrowed only between two awaits.
pub(crate) struct Core {
    pub(crate) shard: Shard<Counting>,
    pub(crate) clock: Clock,
    pub(crate) limits: crate::config::LimitsSection,
    pub(crate) metrics: Metrics,
    pub(crate) slots: BTreeMap<LinkId, Slot>,
    /// Between streams and their connections.
    pub(crate) gate: Rc<Gate>,
    /// Rises with whatever happens: who waits for quiet looks at it.
    pub(crate) activity: u64,
    /// Whether somebody moves a clock that stands.
    pub(crate) moving: bool,
    journal: Journal,
    commit: Rc<Notify>,
    committing: bool,
    finished: bool,
    follower: mpsc::Sender<u64>,
    readiness: Readiness,
    /// Told the day, by which cards expire.
    cards: Arc<crate::cards::Shared>,
    /// Orders that were carried out and wait for their block, oldest first: whoever gave them is told when it is durable.
    ordered: VecDeque<(u64, Ordered)>,
    /// Since when batches of salaries are at rest in part.
    resting: BTreeMap<BatchId, Timestamp>,
}

/// Who is told that an order is durable, and what.
enum Ordered {
    Block(oneshot::Sender<Result<u64, Unfulfilled>>),
    Batch(BatchId, oneshot::Sender<Result<BatchId, Unfulfilled>>),
}

pub(crate) type Shared = Rc<RefCell<Core>>;

impl Core {
    pub(crate) fn new(
        shard: Shard<Counting>,
        gate: Rc<Gate>,
        limits: crate::config::LimitsSection,
        journal: Journal,
        follower: mpsc::Sender<u64>,
        readiness: Readiness,
        cards: Arc<crate::cards::Shared>,
    ) -> Self {
        let commit = Rc::new(Notify::new());
        Self {
            shard,
            clock: gate.clock.clone(),
            limits,
            metrics: gate.metrics.clone(),
            gate,
            activity: 0,
            moving: false,
            slots: BTreeMap::new(),
            journal,
            commit,
            committing: false,
            finished: false,
            follower,
            readiness,
            cards,
            ordered: VecDeque::new(),
            resting: BTreeMap::new(),
        }
    }

    /// A connection begins.
    pub(crate) fn open(&mut self, config: LinkConfig) -> LinkId {
        let may_idle_out = matches!(config.side, shard::Side::Acquirer { .. });
        let id = self.shard.open_link(self.clock.now(), config);
        self.slots.insert(id, Slot { may_idle_out, ..Slot::default() });
        self.something_happened();
        id
    }

    /// A connection has ended.
    pub(crate) fn close(&mut self, id: LinkId) {
        self.slots.remove(&id);
        self.shard.close_link(self.clock.now(), id);
        self.something_happened();
    }

    /// Bytes came in on a connection.
    pub(crate) fn received(&mut self, id: LinkId, input: &mut BytesMut) -> Result<(), CloseReason> {
        let result = self.shard.received(self.clock.now(), id, input);
        self.something_happened();
        result
    }

    /// Carries out an order. `told` hears of it when its block is durable, or at once why it was not carried out.
    fn order(&mut self, order: Order, told: oneshot::Sender<Result<u64, Unfulfilled>>) {
        let Order { operator, reason, command } = order;
        let done = self.shard.command(self.clock.now(), &operator, &reason, command);
        let (name, outcome) = (command.name(), OrderOutcome::of(&done));
        self.metrics.order(name, outcome);
        tracing::info!(order = name, operator, outcome = outcome.label(), "an operator's order");
        match done {
            Ok(()) => {
                self.ordered.push_back((self.shard.newest_block(), Ordered::Block(told)));
                self.something_happened();
            }
            // Whoever asked may have gone.
            Err(Refused::NotNow) => drop(told.send(Err(Unfulfilled::NotNow))),
            Err(Refused::Disallowed(why)) => drop(told.send(Err(Unfulfilled::Disallowed(why)))),
        }
    }

    /// Carries out an order about a payroll, likewise. What is refused may have left a record: a batch that was dropped.
    fn payroll(&mut self, ordered: &PayrollOrdered, told: oneshot::Sender<Result<BatchId, Unfulfilled>>) {
        let PayrollOrdered { operator, reason, order } = ordered;
        let done = self.shard.payroll(self.clock.now(), operator, reason, order);
        let (name, outcome) = (order.name(), OrderOutcome::of_payroll(&done));
        self.metrics.order(name, outcome);
        if !matches!(order, PayrollOrder::Items { .. }) {
            tracing::info!(order = name, operator, outcome = outcome.label(), "an operator's order about a payroll");
        }
        self.something_happened();
        match done {
            Ok(batch) => self.ordered.push_back((self.shard.newest_block(), Ordered::Batch(batch, told))),
            Err(PayrollRefused::NotNow) => drop(told.send(Err(Unfulfilled::NotNow))),
            Err(PayrollRefused::Disallowed(why)) => drop(told.send(Err(Unfulfilled::Payroll(why)))),
        }
    }

    fn tell_ordered(&mut self, durable: u64) {
        while self.ordered.front().is_some_and(|(block, _)| *block <= durable) {
            // Whoever asked may have gone.
            match self.ordered.pop_front() {
                Some((block, Ordered::Block(told))) => drop(told.send(Ok(block))),
                Some((_, Ordered::Batch(batch, told))) => drop(told.send(Ok(batch))),
                None => {}
            }
        }
    }

    /// Records may wait for a block, frames may be free to leave.
    fn something_happened(&mut self) {
        self.activity += 1;
        self.wake_ready();
        if !self.committing {
            self.committing = true;
            self.commit.notify_one();
        }
    }

    fn wake_ready(&mut self) {
        for id in self.shard.take_ready() {
            if let Some(waker) = self.slots.get(&id).and_then(|slot| slot.waker.as_ref()) {
                waker.wake_by_ref();
            }
        }
    }

    /// Hands the open block to the journal if it takes one; else it goes with the next event. Once the journal was told to finish,
    /// what is still decided (links that go down) is not kept: a start says it again.
    fn submit(&mut self) {
        if !self.finished
            && self.journal.free() > 0
            && let Some((number, bytes)) = self.shard.take_block()
            && self.journal.submit(number, bytes).is_err()
        {
            // Only a journal that has ended refuses a block it had room for; its last event says why, and nothing leaves.
            tracing::error!(number, "the journal has ended and takes no block");
        }
    }

    fn on_event(&mut self, event: Event) -> Result<(), Fatal> {
        self.activity += 1;
        match event {
            Event::Durable { number, bytes, took, retries, spent } => {
                // The next block first: the disk works while what has become free is written out.
                self.shard.give_back(spent);
                self.submit();
                self.shard.durable(number);
                self.tell_ordered(number);
                self.metrics.append_seconds.observe(took.as_secs_f64());
                self.metrics.journal_bytes.inc_by(bytes as u64);
                self.metrics.journal_retries.inc_by(u64::from(retries));
                self.metrics.journal_block.set(i64::try_from(number).unwrap_or(i64::MAX));
                // The follower may lag; it asks for the newest number when it is done with the one before.
                let _ = self.follower.try_send(number);
                self.wake_ready();
                self.wake_paused();
            }
            Event::Stalled { number, why, text } => {
                tracing::error!(
                    number,
                    ?why,
                    text,
                    "the journal stands still: nothing new is admitted, the block is tried again"
                );
                self.set_stalled(true);
            }
            Event::Resumed => {
                tracing::info!("the journal goes on");
                self.set_stalled(false);
            }
            Event::Fatal(fatal) => return Err(fatal),
        }
        Ok(())
    }

    fn set_stalled(&mut self, stalled: bool) {
        self.shard.set_stalled(stalled);
        self.metrics.journal_stalled.set(i64::from(stalled));
        self.readiness.set_journal(!stalled);
    }

    fn wake_paused(&mut self) {
        for slot in self.slots.values_mut().filter(|slot| slot.paused) {
            if let Some(waker) = &slot.waker {
                waker.wake_by_ref();
            }
        }
    }

    /// Timers of the switch's clock that are due.
    pub(crate) fn timers(&mut self) {
        if self.shard.deadline() <= self.clock.now() {
            self.tick();
        }
    }

    /// Decides what follows from the time alone.
    pub(crate) fn tick(&mut self) {
        for (id, reason) in self.shard.tick(self.clock.now()) {
            self.end(id, Ended::Session(reason));
        }
        self.something_happened();
    }

    /// Timers, what faults hold back, and bounds on what peers owe, which are of real time whatever the switch's clock is.
    fn look(&mut self, now: Instant) {
        self.timers();
        self.gate.look();
        let [idle, frame, write] =
            [self.limits.idle_ms, self.limits.frame_within_ms, self.limits.write_within_ms].map(Duration::from_millis);
        let over = |since: Option<Instant>, bound: Duration| since.is_some_and(|since| now.duration_since(since) > bound);
        for slot in self.slots.values_mut().filter(|slot| slot.ended.is_none()) {
            let ended = if over(slot.since.blocked, write) {
                Some(Ended::SlowReader(write))
            } else if over(slot.since.partial, frame) && !slot.paused {
                Some(Ended::Dribble(frame))
            } else if slot.may_idle_out && over(slot.since.last_byte, idle) {
                Some(Ended::Idle(idle))
            } else {
                None
            };
            if let (Some(_), Some(waker)) = (&ended, &slot.waker) {
                waker.wake_by_ref();
            }
            slot.ended = ended;
        }
    }

    fn gauges(&mut self) {
        let (outboxes, block) = self.shard.waiting();
        let state = self.shard.state();
        let limits = &self.limits;
        self.metrics.set_queue(Queue::Outbox, outboxes, limits.outbox_max_bytes * self.slots.len().max(1));
        self.metrics.set_queue(Queue::Block, block, limits.block_max_bytes);
        self.metrics.set_queue(Queue::Forward, state.forward_depth(), limits.owed_max);
        self.metrics.set_queue(Queue::Connections, self.slots.len(), limits.connections_max);
        self.metrics.set_state(state, self.shard.rules());
        let in_part = |id: &BatchId| state.batch_state(*id) == Some(BatchState::Part);
        let now = self.clock.now();
        self.resting.retain(|id, _| in_part(id));
        for id in state.batches().map(Batch::id).filter(in_part) {
            self.resting.entry(id).or_insert(now);
        }
        let longest = self.resting.values().map(|since| now.since(*since)).max().unwrap_or_default();
        self.metrics.set_payroll(state, longest);
        self.gate.gauge();
        self.cards.set_day(self.shard.rules().offset.date(self.clock.now()));
    }

    /// The moment to which a clock that stands is to be moved.
    fn target(&self, by: Move) -> Result<Timestamp, Unfulfilled> {
        let now = self.clock.now();
        if !self.clock.is_manual() {
            return Err(Unfulfilled::ClockRuns);
        }
        let to = match by {
            Move::By(span) => now + span,
            Move::To(to) => to,
        };
        let can_be_written = Timestamp::parse(&to.to_string()) == Some(to);
        if to < now {
            Err(Unfulfilled::Backwards { now, to })
        } else if to.since(now) > FURTHEST || !can_be_written {
            Err(Unfulfilled::TooFar { now })
        } else {
            Ok(to)
        }
    }

    fn shown(&self, wanted: Option<Timestamp>) -> ClockShown {
        let now = self.clock.now();
        let offset = self.shard.rules().offset;
        ClockShown { now, offset, manual: self.clock.is_manual(), wanted: wanted.filter(|to| *to > now) }
    }

    /// Asks a connection to end.
    pub(crate) fn end(&mut self, id: LinkId, why: Ended) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.ended = Some(why);
            if let Some(waker) = &slot.waker {
                waker.wake_by_ref();
            }
        }
    }

    pub(crate) fn end_all(&mut self) {
        let ids: Vec<LinkId> = self.slots.keys().copied().collect();
        for id in ids {
            self.end(id, Ended::Stopping);
        }
    }

    /// Everything submitted becomes durable, then the thread of the journal ends.
    pub(crate) fn finish(&mut self) {
        self.submit();
        self.journal.finish();
        self.finished = true;
    }
}

/// Closes blocks: once all connections that were ready had their turn.
pub(crate) async fn commit(core: Shared) {
    let commit = Rc::clone(&core.borrow().commit);
    loop {
        commit.notified().await;
        tokio::task::yield_now().await;
        let mut core = core.borrow_mut();
        core.committing = false;
        core.submit();
        core.shard.release();
        core.wake_ready();
    }
}

/// Takes the journal's events until it ends.
///
/// # Errors
/// Why it ended by itself.
pub(crate) async fn events(core: Shared, mut events: Events) -> Result<(), Fatal> {
    while let Some(event) = events.next().await {
        core.borrow_mut().on_event(event)?;
        // Several may have come while this thread was busy.
        while let Some(event) = events.try_next() {
            core.borrow_mut().on_event(event)?;
        }
    }
    Ok(())
}

/// Takes what operators want, until nobody can want anything any more.
pub(crate) async fn orders(core: Shared, mut wanted: mpsc::Receiver<Wanted>) {
    while let Some(wanted) = wanted.recv().await {
        match wanted {
            Wanted::Order(order, told) => core.borrow_mut().order(order, told),
            Wanted::Payroll(ordered, told) => core.borrow_mut().payroll(&ordered, told),
            Wanted::Look(look) => {
                let core = core.borrow();
                look(core.shard.state(), core.shard.rules());
            }
            Wanted::Clock(told) => drop(told.send(core.borrow().shown(None))),
            Wanted::Move(by, told) => {
                // A task of its own, for it takes as long as what falls due; other orders are taken meanwhile.
                let core = Rc::clone(&core);
                tokio::task::spawn_local(async move { drop(told.send(moved(&core, by).await)) });
            }
        }
    }
}

/// Moves a clock that stands.
async fn moved(core: &Shared, by: Move) -> Result<ClockShown, Unfulfilled> {
    let to = core.borrow().target(by)?;
    let _moving = Moving::begin(core).ok_or(Unfulfilled::Moving)?;
    tracing::info!(%to, "the clock is moved");
    advance(core, to).await.map_err(|_| Unfulfilled::Unknown)?;
    Ok(core.borrow().shown(Some(to)))
}

/// Looks at the clock.
pub(crate) async fn look(core: Shared) {
    let mut interval = tokio::time::interval(LOOK_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for count in 0_u32.. {
        let now = interval.tick().await;
        let mut core = core.borrow_mut();
        core.look(now.into_std());
        if count.is_multiple_of(25) {
            core.gauges();
        }
    }
}
