//! A world that is not drawn from a seed but staged: the same switch, lines and clock, with somebody outside at the far ends.
//!
//! Nobody here sends a message, nothing goes wrong by itself, and all takes the same time every time. What arrives at a far end is
//! handed out as bytes; whoever stages the world reads them and sends others.
//!
//! Knows: the world's clock, lines and switch. Does not know: what the bytes mean, banks, terminals.

use std::rc::Rc;
use std::time::Duration;

use engine::{BatchId, Command, PayrollOrder, Rules, State};
use model::Timestamp;
use shard::{Cards, Limits, LinkConfig, PayrollRefused, Refused, Watch};

use crate::check::Violation;
use crate::faults::Plan;
use crate::host::{Host, KnownCards};
use crate::line::{Far, Line};
use crate::queue::{Event, Moment};
use crate::random::Random;
use crate::world::World;

/// What a staged world begins with.
pub struct StagePlan {
    /// For the engine.
    pub rules: Rules,
    /// Bounds on what waits inside the switch.
    pub limits: Limits,
    /// What time it is at the beginning.
    pub start: Timestamp,
    /// The same seed, and the same done to the world, is the same world to the byte.
    pub seed: u64,
    /// Who counts what goes by in the switch.
    pub watch: Option<Box<dyn Watch + Send>>,
}

/// One line between the switch and somebody outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineId(usize);

/// What the far end of a line has noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// At which line.
    pub line: LineId,
    /// What.
    pub what: What,
}

/// What a far end notices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The connection is there.
    Connected,
    /// Bytes came: whole messages, several, or parts.
    Bytes(Vec<u8>),
    /// The connection is gone.
    Closed,
}

/// The far end of a line, moved from outside.
pub(crate) struct Hand {
    pub(crate) config: LinkConfig,
    /// Whether it wants a connection.
    pub(crate) wants: bool,
}

impl World {
    /// Something is noticed at a far end.
    pub(crate) fn hand_got(&mut self, hand: usize, what: What) {
        self.seen.push_back(Seen { at: self.time(), line: LineId(hand), what });
    }
}

/// A staged world.
pub struct Staged {
    world: World,
}

impl Staged {
    /// A switch that has just started, with nobody around it.
    #[must_use]
    pub fn new(plan: StagePlan) -> Self {
        let StagePlan { rules, limits, start, seed, watch } = plan;
        let mut host = Host::new(rules, limits, seed);
        host.further = watch;
        let mut world = World::empty(Random::new(seed), Plan::even(start.micros()), host, seed);
        world.restart();
        Self { world }
    }

    /// What time it is, for everybody.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world.time()
    }

    /// A line that nobody is connected on yet; see [`Staged::up`].
    pub fn line(&mut self, config: LinkConfig) -> LineId {
        let world = &mut self.world;
        let place = world.lines.len();
        debug_assert_eq!(place, world.hands.len(), "there are no other far ends here");
        world.lines.push(Line::new(Far::Hand(place), config.dialect.clone(), config.framing));
        world.hands.push(Hand { config, wants: false });
        LineId(place)
    }

    /// From now on its far end wants a connection, and makes it again whenever it is gone.
    pub fn up(&mut self, line: LineId) {
        if let Some(hand) = self.world.hands.get_mut(line.0) {
            hand.wants = true;
            self.world.connect_later(line.0);
        }
    }

    /// The connection breaks, with what is on its way; its far end makes another, where it still wants one.
    pub fn cut(&mut self, line: LineId) {
        if self.world.lines.get(line.0).is_some_and(|line| line.far_up || line.link.is_some()) {
            self.world.cut(line.0);
        }
    }

    /// The connection breaks behind what is on its way; its far end makes another, where it still wants one.
    pub fn close(&mut self, line: LineId) {
        if self.is_up(line) {
            self.world.close(line.0);
        }
    }

    /// The connection breaks, and none is made until [`Staged::up`].
    pub fn down(&mut self, line: LineId) {
        if let Some(hand) = self.world.hands.get_mut(line.0) {
            hand.wants = false;
            self.cut(line);
        }
    }

    /// Whether the far end believes that it is connected.
    #[must_use]
    pub fn is_up(&self, line: LineId) -> bool {
        self.world.lines.get(line.0).is_some_and(|line| line.far_up)
    }

    /// The far end sends bytes. Says whether it believes that it could.
    pub fn send(&mut self, line: LineId, bytes: &[u8]) -> bool {
        line.0 < self.world.lines.len() && self.world.far_sends_bytes(line.0, bytes)
    }

    /// Time goes on until something is noticed at a far end, or until then.
    pub fn next(&mut self, until: Timestamp) -> Option<Seen> {
        let until = self.moment(until);
        loop {
            if let Some(seen) = self.world.seen.pop_front() {
                return Some(seen);
            }
            if self.world.queue.due().is_none_or(|due| due > until) {
                self.world.now = self.world.now.max(until);
                return None;
            }
            self.world.step();
        }
    }

    /// Carries out an operator's order; when it returns, the block that holds it is durable.
    ///
    /// # Errors
    /// Why not.
    pub fn command(&mut self, operator: &str, reason: &str, command: Command) -> Result<(), Refused> {
        let world = &mut self.world;
        let time = world.host.time(world.now);
        let shard = world.host.shard.as_mut().ok_or(Refused::NotNow)?;
        shard.command(time, operator, reason, command)?;
        world.switch_did();
        self.settle();
        Ok(())
    }

    /// Carries out an order about a payroll, and gives its batch; when it returns, the block that holds it is durable.
    ///
    /// # Errors
    /// Why not.
    pub fn payroll(&mut self, operator: &str, reason: &str, order: &PayrollOrder) -> Result<BatchId, PayrollRefused> {
        let world = &mut self.world;
        let time = world.host.time(world.now);
        let shard = world.host.shard.as_mut().ok_or(PayrollRefused::NotNow)?;
        let done = shard.payroll(time, operator, reason, order);
        // A batch may have been dropped over what was refused, and that is a record too.
        world.switch_did();
        self.settle();
        done
    }

    /// From now on every request with a card is looked up by `cards`, also after a crash.
    pub fn set_cards(&mut self, cards: Rc<dyn Cards>) {
        let cards = KnownCards(cards);
        if let Some(shard) = self.world.host.shard.as_mut() {
            shard.set_cards(Box::new(cards.clone()));
        }
        self.world.host.cards = Some(cards);
    }

    /// Time goes on until what is decided by now is durable; almost none.
    fn settle(&mut self) {
        let world = &mut self.world;
        let Some(newest) = world.host.shard.as_ref().map(shard::Shard::newest_block) else { return };
        while world.host.shard.is_some() && world.host.store.durable() < newest && world.step() {}
    }

    /// The switch dies with all that is not durable, and starts again from its blocks after so long. What had left it arrives.
    pub fn crash(&mut self, down: Duration) {
        if self.world.die() {
            let at = self.world.now + Moment::try_from(down.as_micros()).unwrap_or(Moment::MAX / 2);
            self.world.queue.at(at, Event::Restart);
        }
    }

    /// Everything that is remembered right now; `None` while the switch is down.
    #[must_use]
    pub fn state(&self) -> Option<&State> {
        self.world.host.state()
    }

    /// What was decided beforehand.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.world.host.rules
    }

    /// Whether nothing is on its way: no message on a line, none waiting inside the switch, no bank asked that has not answered.
    /// What is owed to banks may still wait for its time; [`Staged::state`] tells.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let world = &self.world;
        world.seen.is_empty() && world.host.is_quiet() && world.lines.iter().all(Line::is_quiet)
    }

    /// Looks at the journal as the simulator's checkers do: sealed, chained, without secrets, and leading to the state that the
    /// switch has, with positions that sum to zero behind every block. What is wrong; empty is good.
    pub fn examine(&mut self) -> Vec<Violation> {
        self.settle();
        if self.world.host.shard.is_some() {
            self.world.examine_journal();
        }
        std::mem::take(&mut self.world.violations)
    }

    /// One number for every byte that arrived and every block that was written.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.world.digest.value()
    }

    fn moment(&self, at: Timestamp) -> Moment {
        Moment::try_from(at.micros() - self.world.plan.start).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
