//! The embedded place for scenarios: the real switch on a virtual clock in one thread, with the reference banks behind their links.
//!
//! Configuration is read and checked as `payswitch run` does it, messages pass the same lines, frames, gate and sealed blocks as in
//! `payswitch simulate`, banks are the reference ledgers. The clock jumps from event to event, so idle time costs nothing. Bounds
//! that the server sets in real time (idle peers, slow readers) are not here; nor are banks that the configuration dials or waits for.
//!
//! Knows: links and who is at their far ends. Does not know: scenarios, what is expected.

mod bank;
mod cards;
mod far;
mod looks;
mod maker;
mod payroll;
mod place;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bank_adapters::{Cast, Clock};
use faults::Faults;
use model::Timestamp;
use server::config::{Plan, Reach};
use server::{Metrics, config};
use simulator::{LineId, StagePlan, Staged, What};

use crate::replay::{Seen, VenueError};
use bank::StageBank;
use cards::StageCards;
use far::{Far, Role};
use payroll::People;

pub use maker::Embedded;

/// How long before its start the world is made, so that banks have signed on when it begins.
const PRELUDE: Duration = Duration::from_secs(1);

/// The world's clock, as banks read it.
#[derive(Debug)]
struct StageClock(AtomicI64);

impl Clock for StageClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// A place in memory: one switch, its banks, and whichever terminals connect.
pub struct Stage {
    world: Staged,
    clock: Arc<StageClock>,
    plan: Plan,
    metrics: Metrics,
    faults: Faults,
    /// By the name of the configuration.
    banks: BTreeMap<String, StageBank>,
    fars: BTreeMap<LineId, Far>,
    /// Lines on which a fault holds something back.
    held: BTreeSet<LineId>,
    /// Lines that a fault has cut, until they connect again.
    cut: BTreeSet<LineId>,
    /// What was seen and not asked for yet.
    seen: VecDeque<Seen>,
    /// Who is on the payroll.
    people: People,
    /// The card store, where the scenario has one.
    cards: Option<Rc<StageCards>>,
    /// How often a bank has said something of a card.
    told: u32,
}

impl Stage {
    /// A switch with this configuration, and the banks of the cast that it has in its process, signed on. It is `start` there.
    ///
    /// # Errors
    /// Where the cast lacks a bank of the configuration, or one does not sign on.
    pub fn open(plan: Plan, cast: &Cast, start: Timestamp, seed: u64) -> Result<Self, VenueError> {
        let wrong = |error: &dyn std::fmt::Display| VenueError::Wrong(error.to_string());
        let metrics = Metrics::new().map_err(|error| wrong(&error))?;
        let begun = Timestamp::from_micros(start.micros() - i64::try_from(PRELUDE.as_micros()).unwrap_or(0));
        let world = Staged::new(StagePlan {
            rules: plan.rules.clone(),
            limits: shard::Limits { outbox_max: plan.limits.outbox_max_bytes, block_max: plan.limits.block_max_bytes },
            start: begun,
            seed,
            watch: Some(metrics.watch(&plan.rules)),
        });
        let clock = Arc::new(StageClock(AtomicI64::new(begun.micros())));
        let (banks, fars, held, cut) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let (faults, seen) = (Faults::new(), VecDeque::new());
        let mut stage = Self {
            world,
            clock,
            plan,
            metrics,
            faults,
            banks,
            fars,
            held,
            cut,
            seen,
            people: People::default(),
            cards: None,
            told: 0,
        };
        let within = stage.plan.banks.iter().filter(|bank| bank.reach == Reach::InProcess).cloned();
        for bank in within.collect::<Vec<_>>() {
            stage.seat(&bank, cast).map_err(|error| wrong(&error))?;
        }
        while stage.advance(start) {}
        if let Some((name, _)) = stage.banks.iter().find(|(_, bank)| !stage.is_linked(bank)) {
            return Err(VenueError::Wrong(format!("bank {name} did not sign on to the switch; do both speak the same dialect?")));
        }
        stage.seen.clear();
        Ok(stage)
    }

    /// From now on these people, and no others, are on the payroll.
    pub fn know_people(&mut self, people: &[crate::scenario::Person]) {
        self.people = People::of(people);
    }

    /// From now on the switch knows these cards of the cast, by alias with how each stands, and no others.
    ///
    /// # Errors
    /// Where there is no such card or standing.
    pub fn know_cards(&mut self, known: &[(String, String)], cast: &Cast) -> Result<(), VenueError> {
        let cards = StageCards::of(known, cast)?;
        self.world.set_cards(cards.clone());
        self.cards = Some(cards);
        Ok(())
    }

    /// A bank of the cast takes its place and connects.
    fn seat(&mut self, plan: &config::BankPlan, cast: &Cast) -> Result<(), bank_adapters::Error> {
        let bank = StageBank::open(plan, cast, self.clock.clone())?;
        let name = plan.bank.name.to_string();
        self.connect(Role::Bank(name.clone()), plan.link.clone());
        self.banks.insert(name, bank);
        Ok(())
    }

    /// A new line, whose far end wants a connection from now on.
    fn connect(&mut self, role: Role, config: shard::LinkConfig) -> LineId {
        let far = Far::new(role, &config, &self.faults);
        let line = self.world.line(config);
        self.fars.insert(line, far);
        self.world.up(line);
        line
    }

    fn is_linked(&self, bank: &StageBank) -> bool {
        self.world.state().is_some_and(|state| state.is_linked(bank.id))
    }

    fn line_of(&self, role: &Role) -> Option<LineId> {
        self.fars.iter().find(|(_, far)| far.role == *role).map(|(line, _)| *line)
    }

    /// Time goes on to the next thing that happens outside the switch, or until then; whether anything did.
    fn advance(&mut self, until: Timestamp) -> bool {
        let due = self.held.iter().filter_map(|line| Some((self.fars.get(line)?.due()?, *line))).min();
        let event = self.world.next(due.map_or(until, |(due, _)| due.min(until)));
        self.tell_time();
        match (event, due) {
            (Some(event), _) => {
                self.happened(event.line, event.what);
                true
            }
            (None, Some((due, line))) if due <= self.world.now() => {
                self.pump(line);
                true
            }
            (None, _) => false,
        }
    }

    /// Banks read the world's clock.
    fn tell_time(&self) {
        self.clock.0.store(self.world.now().micros(), Ordering::Relaxed);
    }

    /// A far end has noticed something.
    fn happened(&mut self, line: LineId, what: What) {
        let now = self.world.now();
        let Some(far) = self.fars.get_mut(&line) else { return };
        match what {
            What::Connected => {
                self.cut.remove(&line);
                far.connected(&self.faults);
                if let Some(bank) = bank_at(&mut self.banks, &far.role) {
                    bank.connected();
                }
            }
            What::Closed => self.seen.push_back(far.closed(now)),
            What::Bytes(bytes) => {
                self.seen.extend(far.arrives(now, &bytes));
                self.pump(line);
            }
        }
    }

    /// What may come out of a line's pipes comes out: at its far end, which may answer, and towards the switch.
    fn pump(&mut self, line: LineId) {
        let now = self.world.now();
        let Some(far) = self.fars.get_mut(&line) else { return };
        let mut goes_on = true;
        while let Some((frame, fate)) = far.next_frame(now) {
            let Some(bank) = bank_at(&mut self.banks, &far.role) else {
                self.seen.push_back(far.seen(now, true, far.body(&frame), fate));
                continue;
            };
            let hidden = bank::is_echo(&far.dialect, far.body(&frame));
            if !hidden {
                self.seen.push_back(far.seen(now, true, far.body(&frame), fate));
            }
            let (answers, sound) = bank.asked(&frame);
            goes_on &= sound;
            for answer in far.frames_of(&answers) {
                if let (Some(cards), Ok(message)) = (&self.cards, wire::read(&far.dialect, far.body(answer))) {
                    cards.answered(&message);
                }
                let fate = far.leaves(now, answer);
                if !hidden || fate.lost {
                    self.seen.push_back(far.seen(now, false, far.body(answer), fate));
                }
            }
        }
        let bytes = far.take_output(now);
        goes_on &= far.is_sound();
        if !bytes.is_empty() {
            self.world.send(line, &bytes);
        }
        if far.due().is_none() {
            self.held.remove(&line);
        } else {
            self.held.insert(line);
        }
        if !goes_on {
            self.world.close(line);
        }
    }
}

/// The bank whose end that is.
fn bank_at<'b>(banks: &'b mut BTreeMap<String, StageBank>, role: &Role) -> Option<&'b mut StageBank> {
    match role {
        Role::Bank(name) => banks.get_mut(name),
        Role::Terminal(_) => None,
    }
}
