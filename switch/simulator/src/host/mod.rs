//! What stands around the shard in place of the server: its clock, its blocks on their way to a store, its connections.
//!
//! Drives the shard as `server::core` does: whatever comes in before the next write becomes one block, the next block is
//! submitted before what waited for the last one leaves, and what cannot be kept is tried again.

mod notes;
mod recovery;
mod store;

use std::rc::Rc;

use engine::{Engine, LinkId, Rules, State};
use hashbrown::HashMap;
use journal::{MasterKey, Sealer};
use model::{BusinessDate, Pan, ResponseCode, Timestamp};
use shard::{Cards, Limits, LinkConfig, Shard, Watch};

use notes::SettleTransition;
pub(crate) use notes::{Class, Note, Notes, Transition, number_of};
pub(crate) use recovery::{fold, read_back};
pub(crate) use store::{Store, Trouble};

use crate::check::Checker;
use crate::faults::{Fault, signed};
use crate::line::{Far, small};
use crate::queue::{Event, Moment};
use crate::sabotage::Sabotage;
use crate::world::World;

/// How often the server looks at the clock.
const LOOK_EVERY: Moment = 10_000;

/// How long a peer may take nothing.
const WRITE_WITHIN: Moment = 30_000_000;

/// The name of the stream.
pub(crate) const STREAM: &str = "switch";

type Fast = foldhash::fast::FixedState;

/// Somebody who knows cards, and outlives the shard that asks.
#[derive(Clone, Debug)]
pub(crate) struct KnownCards(pub(crate) Rc<dyn Cards>);

impl Cards for KnownCards {
    fn objection(&self, pan: Pan, day: BusinessDate) -> Option<ResponseCode> {
        self.0.objection(pan, day)
    }
}

/// The process that the shard lives in.
pub(crate) struct Host {
    pub(crate) shard: Option<Shard<Notes>>,
    /// Rises with every start and stop.
    pub(crate) life: u32,
    pub(crate) epoch: u64,
    pub(crate) rules: Rules,
    limits: Limits,
    /// Who else counts what goes by; with the shard while there is one.
    pub(crate) further: Option<Box<dyn Watch + Send>>,
    /// Who knows cards, for every shard that starts here.
    pub(crate) cards: Option<KnownCards>,
    pub(crate) master: MasterKey,
    pub(crate) store: Store,
    sealer: Option<Sealer>,
    /// The block that waits for the one that is being written.
    waiting: Option<(u64, Vec<u8>)>,
    /// The number that the open block will have.
    open: u64,
    commit_planned: bool,
    look_at: Option<Moment>,
    /// When this process started, and what its clock said.
    started: Moment,
    at_start: i64,
    /// How far the wall clock is off.
    pub(crate) skew: i64,
    /// Up to which moment the date was seen.
    pub(crate) snapshot: Option<(u64, Vec<u8>)>,
    /// Names that legs and advices were given at banks, and the block that says so: bank, DE11, DE7.
    named: HashMap<(u32, u32, u32), u64, Fast>,
    /// What transactions were told, and the first block that says so: number, whether a reversal, class of the code.
    told: HashMap<(u32, bool, Class), u64, Fast>,
    /// Where answers go that a repeat has joined.
    joined: HashMap<u32, LinkId, Fast>,
    spare: Vec<Vec<u8>>,
}

impl Host {
    pub(crate) fn new(rules: Rules, limits: Limits, seed: u64) -> Self {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            shard: None,
            life: 0,
            epoch: 0,
            rules,
            limits,
            further: None,
            cards: None,
            master: MasterKey::known(secret),
            store: Store::default(),
            sealer: None,
            waiting: None,
            open: 1,
            commit_planned: false,
            look_at: None,
            started: 0,
            at_start: 0,
            skew: 0,
            snapshot: None,
            named: HashMap::with_hasher(Fast::with_seed(1)),
            told: HashMap::with_hasher(Fast::with_seed(2)),
            joined: HashMap::with_hasher(Fast::with_seed(5)),
            spare: Vec::new(),
        }
    }

    /// What this process believes the time to be.
    pub(crate) fn time(&self, now: Moment) -> Timestamp {
        Timestamp::from_micros(self.at_start + signed(now - self.started))
    }

    fn moment(&self, at: Timestamp) -> Moment {
        self.started + u64::try_from(at.micros() - self.at_start).unwrap_or(0)
    }

    /// A connection begins; `None` where the process is down.
    pub(crate) fn open_link(&mut self, now: Moment, config: LinkConfig) -> Option<LinkId> {
        let time = self.time(now);
        Some(self.shard.as_mut()?.open_link(time, config))
    }

    /// Everything that is remembered right now; `None` where the process is down.
    pub(crate) fn state(&self) -> Option<&State> {
        self.shard.as_ref().map(Shard::state)
    }

    /// The block that says the name of what a bank was sent; `None` where none does.
    pub(crate) fn block_naming(&self, bank: u32, stan: u32, transmitted: u32) -> Option<u64> {
        self.named.get(&(bank, stan, transmitted)).copied()
    }

    /// The block that says that this was told; `None` where none does.
    pub(crate) fn block_telling(&self, number: u32, reversal: bool, class: Class) -> Option<u64> {
        self.told.get(&(number, reversal, class)).copied()
    }

    /// Whether nothing is on its way inside.
    pub(crate) fn is_quiet(&self) -> bool {
        self.waiting.is_none() && self.store.is_idle() && self.shard.as_ref().is_some_and(Shard::is_drained)
    }

    /// Whether nothing is on its way inside, and nothing owed.
    pub(crate) fn is_drained(&self) -> bool {
        self.is_quiet() && self.state().is_some_and(|state| state.forward_depth() == 0 && state.open_legs().next().is_none())
    }

    fn note(&mut self, note: Note) {
        let block = self.open;
        match note {
            Note::Named { bank, stan, transmitted } => {
                self.named.insert((bank, stan, transmitted), block);
            }
            Note::Told { number, reversal, class } => {
                self.told.entry((number, reversal, class)).or_insert(block);
            }
            Note::Joined { number, link } => {
                self.joined.insert(number, link);
            }
            // Not about blocks.
            Note::Undelivered { .. } => {}
        }
    }
}

impl World {
    /// Something went into the shard: what it has decided is noted, what may leave leaves, what must be kept is kept soon.
    pub(crate) fn switch_did(&mut self) {
        let host = &mut self.host;
        let Some(shard) = host.shard.as_mut() else { return };
        shard.settle_transition();
        let mut fresh = std::mem::take(&mut shard.watch().fresh);
        for note in fresh.drain(..) {
            self.check_undelivered(note);
            self.host.note(note);
        }
        self.story_records();
        let Some(shard) = self.host.shard.as_mut() else { return };
        shard.watch().fresh = fresh;
        if std::mem::take(&mut shard.watch().payroll) {
            self.check_tallies();
        }
        let Some(shard) = self.host.shard.as_mut() else { return };
        for link in shard.take_ready() {
            if let Some(place) = self.lines.iter().position(|line| line.link == Some(link)) {
                self.flush(place);
            }
        }
        let host = &mut self.host;
        if !host.commit_planned {
            host.commit_planned = true;
            let at = self.now + self.random.below(40);
            self.queue.at(at, Event::Commit { life: host.life });
        }
        let due = host.shard.as_ref().map(Shard::deadline);
        if let Some(due) = due {
            let at = host.moment(due).max(self.now + 1).next_multiple_of(LOOK_EVERY);
            if host.look_at.is_none_or(|planned| at < planned) {
                host.look_at = Some(at);
                self.queue.at(at, Event::Look { life: host.life, at });
            }
        }
    }

    /// An answer that a repeat has joined goes to the repeat's connection, so it cannot fail to leave while that is there.
    fn check_undelivered(&mut self, note: Note) {
        let Note::Undelivered { number } = note else { return };
        let newest = self.host.joined.get(&number).copied();
        if let Some(place) = newest.and_then(|newest| self.lines.iter().position(|line| line.link == Some(newest))) {
            let expected = format!("the answer to go to the newest repeat, on connection {place}, which is there");
            self.violation(Checker::Delivery, Some(number), &expected, "it did not leave");
        }
    }

    /// Bytes have come for the switch.
    pub(crate) fn switch_reads(&mut self, place: usize) {
        let time = self.host.time(self.now);
        let line = &mut self.lines[place];
        let (Some(link), Some(shard)) = (line.link, self.host.shard.as_mut()) else { return };
        if !shard.may_read(link) {
            line.paused = true;
            return;
        }
        let result = shard.received(time, link, &mut line.at_switch);
        if let Err(reason) = result {
            self.story_event(|| format!("the switch closes connection {place}: {reason}"));
            self.coverage.closed(&reason);
            self.switch_gives_up(place);
        }
        self.switch_did();
    }

    /// The kernel takes what may leave, or a part of it.
    pub(crate) fn flush(&mut self, place: usize) {
        loop {
            let line = &self.lines[place];
            let (Some(link), Some(shard)) = (line.link, self.host.shard.as_mut()) else { return };
            let writable = shard.writable(link);
            if writable.is_empty() || line.slow_until > self.now {
                return;
            }
            let mut count = writable.len();
            let partly = count > 1 && self.random.chance(self.rates.partial_write);
            if partly {
                count = 1 + self.random.place(count - 1);
                self.coverage.fault(Fault::PartialWrite);
            }
            let mut bytes = std::mem::take(&mut self.scratch);
            bytes.clear();
            bytes.extend_from_slice(&writable[..count]);
            shard.taken(link, count);
            let durable = self.host.store.durable();
            let to = if self.sabotage == Some(Sabotage::AnswersCrossed) { self.crossed(place) } else { place };
            self.switch_sends(to, &bytes, durable);
            self.scratch = bytes;
            if partly {
                let (wire, life) = (small(place), self.lines[place].life);
                let at = self.now + self.random.between(1, 50_000);
                return self.queue.at(at, Event::Flush { wire, life });
            }
        }
    }

    /// Planted: now and then an answer goes out on another acquirer's connection.
    fn crossed(&mut self, place: usize) -> usize {
        let other = self.random.place(self.lines.len());
        let same = |line: &crate::line::Line| (line.dialect.name().to_owned(), line.framing);
        let fits = matches!(self.lines[place].far, Far::Acquirer(_))
            && matches!(self.lines[other].far, Far::Acquirer(_))
            && same(&self.lines[place]) == same(&self.lines[other])
            && self.random.chance(50_000);
        if fits { other } else { place }
    }

    /// The far end takes nothing until then.
    pub(crate) fn slow(&mut self, place: usize, time: Moment) {
        let line = &mut self.lines[place];
        line.slow_until = self.now + time;
        let (wire, life) = (small(place), line.life);
        self.queue.at(self.now + time.min(WRITE_WITHIN), Event::Flush { wire, life });
    }

    /// Whether it goes on, or was slow for too long.
    pub(crate) fn flush_again(&mut self, place: usize, life: u32) {
        let line = &self.lines[place];
        if line.life != life {
            return;
        }
        if line.slow_until > self.now
            && line.link.is_some_and(|link| self.host.shard.as_ref().is_some_and(|shard| !shard.writable(link).is_empty()))
        {
            self.story_event(|| format!("the switch closes connection {place}: the peer took nothing"));
            self.coverage.fault(Fault::SlowReaderClosed);
            self.switch_gives_up(place);
            return self.switch_did();
        }
        if line.slow_until > self.now {
            let (at, wire) = (line.slow_until, small(place));
            return self.queue.at(at, Event::Flush { wire, life });
        }
        self.flush(place);
    }

    /// The switch closes a connection of its own accord; the far end learns when what was sent has arrived.
    fn switch_gives_up(&mut self, place: usize) {
        let (wire, life) = (small(place), self.lines[place].life);
        let at = self.now + self.random.between(1, self.plan.noticed_within.min(500_000)) + self.plan.latency.1;
        self.queue.at(at, Event::Notice { wire, life, switch: false });
        self.switch_closes(place);
    }

    /// The switch's end of a connection is gone.
    pub(crate) fn switch_closes(&mut self, place: usize) {
        let time = self.host.time(self.now);
        let line = &mut self.lines[place];
        let Some(link) = line.link.take() else { return };
        line.at_switch.clear();
        line.to_switch.clear();
        line.broken = true;
        if let Some(shard) = self.host.shard.as_mut() {
            shard.close_link(time, link);
        }
        self.story_event(|| format!("connection {place} is gone at the switch"));
        self.switch_did();
        self.connect_later(place);
    }

    pub(crate) fn look(&mut self, life: u32, at: Moment) {
        let host = &mut self.host;
        if host.life != life || host.look_at != Some(at) {
            return;
        }
        host.look_at = None;
        let time = host.time(self.now);
        match host.shard.as_ref().map(Shard::deadline) {
            Some(due) if due <= time => self.tick(),
            Some(_) => self.switch_did(),
            None => {}
        }
    }

    /// The switch sees what time it is.
    pub(crate) fn tick(&mut self) {
        let time = self.host.time(self.now);
        let Some(shard) = self.host.shard.as_mut() else { return };
        let closed = shard.tick(time);
        for (link, reason) in closed {
            self.coverage.closed(&reason);
            if let Some(place) = self.lines.iter().position(|line| line.link == Some(link)) {
                self.story_event(|| format!("the switch closes connection {place}: {reason}"));
                self.switch_gives_up(place);
            }
        }
        self.switch_did();
    }

    /// The open block is closed and goes to the store, where that takes one.
    pub(crate) fn commit(&mut self, life: u32) {
        if self.host.life != life {
            return;
        }
        self.host.commit_planned = false;
        self.submit();
        if let Some(shard) = self.host.shard.as_mut() {
            shard.release();
            for link in shard.take_ready() {
                if let Some(place) = self.lines.iter().position(|line| line.link == Some(link)) {
                    self.flush(place);
                }
            }
        }
    }

    fn submit(&mut self) {
        self.write_next();
        let host = &mut self.host;
        let Some(shard) = host.shard.as_mut() else { return };
        if host.waiting.is_none()
            && let Some((number, plain)) = shard.take_block()
        {
            debug_assert_eq!(number, host.open, "blocks are numbered as they are taken");
            host.open = number + 1;
            host.waiting = Some((number, plain));
            if self.sabotage == Some(Sabotage::GateOpensEarly) {
                // Planted: the shell says durable before anything is.
                shard.durable(number);
            }
        }
        self.write_next();
    }

    /// The block that waits is sealed and written, where none is being written.
    fn write_next(&mut self) {
        let host = &mut self.host;
        if !host.store.is_idle() {
            return;
        }
        let (Some((number, mut bytes)), Some(sealer)) = (host.waiting.take(), host.sealer.as_mut()) else { return };
        self.digest.bytes(&bytes);
        let sealed = sealer.seal(&mut bytes);
        debug_assert_eq!(sealed, number, "blocks are sealed in order");
        if self.sabotage == Some(Sabotage::Unsealed) && number.is_multiple_of(100) {
            // Planted: a copy in the clear beside it.
            bytes.extend_from_slice(b"SIMULATED SHOP1");
        }
        host.store.begin(number, bytes);
        let at = self.now + self.random.between(self.plan.sync.0, self.plan.sync.1);
        self.queue.at(at, Event::Synced { life: host.life });
    }

    /// The store has had its time.
    pub(crate) fn synced(&mut self, life: u32) {
        if self.host.life != life {
            return;
        }
        let trouble = self.host.store.trouble(self.now);
        match trouble {
            Some(Trouble::AnswerLost) => {
                // The key is read back at the next try, and the block found there.
                self.coverage.fault(Fault::AnswerLost);
                self.host.store.write();
                return self.stall(life);
            }
            Some(Trouble::RequestLost) => {
                self.coverage.fault(Fault::RequestLost);
                return self.stall(life);
            }
            Some(Trouble::Refuses) => return self.stall(life),
            None => {}
        }
        let Some(number) = self.host.store.finish() else { return };
        let resumed = self.host.store.resumed();
        let spent = self.host.spare.pop().unwrap_or_default();
        if let Some(shard) = self.host.shard.as_mut() {
            shard.give_back(spent);
        }
        self.story_event(|| format!("block {number} is durable"));
        self.submit();
        let Some(shard) = self.host.shard.as_mut() else { return };
        shard.durable(number);
        if resumed {
            shard.set_stalled(false);
        }
        self.switch_did();
        for place in 0..self.lines.len() {
            if std::mem::take(&mut self.lines[place].paused) {
                self.switch_reads(place);
            }
        }
    }

    fn stall(&mut self, life: u32) {
        if self.host.store.stalls()
            && let Some(shard) = self.host.shard.as_mut()
        {
            shard.set_stalled(true);
            self.story_event(|| "the journal stands still".into());
        }
        let at = self.now + self.random.between(1_000, 100_000);
        self.queue.at(at, Event::Synced { life });
    }

    /// The process dies, and starts again some time later.
    pub(crate) fn crash(&mut self) {
        if self.die() {
            let long = if self.random.chance(150_000) { 90_000_000 } else { 5_000_000 };
            let at = self.now + self.random.between(50_000, long);
            self.queue.at(at, Event::Restart);
        }
    }

    /// The process dies, where it lives.
    pub(crate) fn die(&mut self) -> bool {
        let host = &mut self.host;
        let Some(mut shard) = host.shard.take() else { return false };
        self.coverage.take(shard.watch());
        host.further = shard.watch().further.take();
        drop(shard);
        host.life += 1;
        (host.waiting, host.sealer, host.commit_planned, host.look_at) = (None, None, false, None);
        self.coverage.fault(Fault::Crash);
        if let Some(what) = host.store.crash(&mut self.random) {
            self.coverage.fault(what);
        }
        if self.sabotage == Some(Sabotage::StoreForgetsABlock) {
            // Planted: what was told to be durable is not.
            host.store.forget();
        }
        let durable = host.store.durable();
        host.named.retain(|_, block| *block <= durable);
        host.told.retain(|_, block| *block <= durable);
        host.joined.clear();
        self.story_event(|| "the switch dies".into());
        for place in 0..self.lines.len() {
            let keep = self.random.chance(self.plan.left_arrives);
            let line = &mut self.lines[place];
            if line.link.take().is_none() {
                continue;
            }
            line.at_switch.clear();
            line.to_switch.clear();
            line.paused = false;
            line.broken = true;
            if !keep {
                line.to_far.clear();
            }
            let (wire, life) = (small(place), line.life);
            let at = self.now + self.plan.latency.1 + self.random.between(1, self.plan.noticed_within.min(2_000_000));
            self.queue.at(at, Event::Notice { wire, life, switch: false });
        }
        true
    }

    /// The process starts: what is durable is read back, and everything goes on from there.
    pub(crate) fn restart(&mut self) {
        if self.host.shard.is_some() {
            return;
        }
        let folded = match self.read_back_and_fold() {
            Ok(folded) => folded,
            Err(problem) => return self.violation(Checker::Replay, None, "a journal that can be read back", &problem),
        };
        let salt: [u8; 32] = std::array::from_fn(|_| self.random.below(256).to_le_bytes()[0]);
        let engine_seed = self.random.next();
        let host = &mut self.host;
        host.life += 1;
        host.epoch = folded.epoch + 1;
        let wall = self.plan.start + signed(self.now) + host.skew;
        (host.started, host.at_start) = (self.now, wall.max(folded.last.micros() + 1));
        let mut sealer = Sealer::simulated(salt, &host.master, STREAM, host.epoch, folded.number + 1, folded.previous);
        let mut opening = Vec::new();
        let number = sealer.seal(&mut opening);
        host.store.put(number, opening);
        host.open = number + 1;
        host.sealer = Some(sealer);
        let engine = Engine::new(host.rules.clone(), folded.state, engine_seed);
        let time = host.time(self.now);
        let notes = Notes::new(self.plan.told, host.further.take());
        let mut shard = Shard::start(time, engine, host.open, host.limits, notes);
        if let Some(cards) = &host.cards {
            shard.set_cards(Box::new(cards.clone()));
        }
        host.shard = Some(shard);
        self.story_event(|| format!("the switch starts behind block {number}"));
        self.switch_did();
        for place in 0..self.lines.len() {
            self.connect_later(place);
        }
    }

    /// How a connection is configured at the switch.
    pub(crate) fn link_config(&self, line: &crate::line::Line) -> LinkConfig {
        let side = match line.far {
            Far::Acquirer(acquirer) => self.acquirers[acquirer].side(),
            Far::Bank(bank) => self.banks[bank].side(),
            Far::Hand(hand) => return self.hands[hand].config.clone(),
        };
        LinkConfig { side, dialect: line.dialect.clone(), framing: line.framing, frame_max: 2048 }
    }
}
