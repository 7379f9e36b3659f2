//! Moving a clock that stands: from deadline to deadline, so that timers fire in order and what each of them sends, and what is
//! answered to it, comes before the next.
//!
//! Knows: deadlines of the shard and of what faults hold back, and when nothing is under way. Does not know: what is due.

use std::rc::Rc;
use std::time::{Duration, Instant};

use model::Timestamp;

use crate::core::Shared;

/// How long one order works; who wants to go further asks again. Below what an order may take.
const WORK: Duration = Duration::from_secs(7);
/// How long an answer is waited for that may come, in real time: a bank's, and shorter once many were waited for in vain.
const ANSWER_WITHIN: Duration = Duration::from_millis(50);
const ANSWER_WITHIN_LATER: Duration = Duration::from_millis(5);
/// After so many steps the shorter one counts.
const PATIENT_STEPS: u32 = 60;
/// How long an echo or a sign-on is waited for: without its answer a link is closed, so that no slow machine should look like it.
const ECHO_WITHIN: Duration = Duration::from_secs(2);
/// How long bytes are waited for that a peer does not take.
const TAKEN_WITHIN: Duration = Duration::from_secs(1);
/// How often within one order idle banks are asked for an echo. A far leap leaves out the rest, which would be most of its work.
const ECHOES_MAX: u32 = 20;

/// Moves the clock to `to`, or as far as there was time for. Everything due by then has been decided and is durable, if the journal
/// runs. `Err` where it does not.
pub(crate) async fn advance(core: &Shared, to: Timestamp) -> Result<(), StandsStill> {
    let moved = moves(core, to).await;
    let mut core = core.borrow_mut();
    let now = core.clock.now();
    core.shard.resume_echoes(now);
    moved
}

async fn moves(core: &Shared, to: Timestamp) -> Result<(), StandsStill> {
    let until = Instant::now() + WORK;
    // What was sent before the order comes before it, though the socket may not have been read yet.
    settle(core, until, Duration::from_millis(20), ANSWER_WITHIN).await?;
    let (mut echoes, mut steps) = (0, 0);
    while Instant::now() < until {
        let due = core.borrow().next_due();
        if due > to {
            core.borrow_mut().move_clock(to);
            break;
        }
        if core.borrow().shard.echoes_due(due) > 0 {
            echoes += 1;
            if echoes > ECHOES_MAX {
                core.borrow_mut().shard.put_off_echoes(to);
                continue;
            }
        }
        core.borrow_mut().move_clock(due);
        steps += 1;
        let patience = if steps > PATIENT_STEPS { ANSWER_WITHIN_LATER } else { ANSWER_WITHIN };
        settle(core, until, Duration::ZERO, patience).await?;
    }
    settle(core, Instant::now() + TAKEN_WITHIN, Duration::ZERO, ANSWER_WITHIN).await
}

/// The journal takes nothing, so what is due cannot be decided for good.
pub(crate) struct StandsStill;

/// Waits until everything decided is durable and has left, and what was asked is answered or will not be soon.
async fn settle(core: &Shared, until: Instant, at_least: Duration, answer_within: Duration) -> Result<(), StandsStill> {
    let begun = Instant::now();
    let (mut quiet, mut activity) = (begun, core.borrow().activity);
    loop {
        // Whoever was woken has his turn, and the block after them.
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        let patience = {
            let core = core.borrow();
            if core.activity != activity {
                (quiet, activity) = (Instant::now(), core.activity);
            }
            core.under_way(answer_within)
        };
        let now = Instant::now();
        let enough = match patience {
            None => true,
            Some(Patience::Durable) => false,
            Some(Patience::Quiet(patience)) => now.duration_since(quiet) >= patience,
        };
        if enough && now.duration_since(begun) >= at_least {
            return Ok(());
        }
        // Beyond the order's time only the journal is still waited for, a little.
        match patience {
            Some(Patience::Durable) if now >= until + TAKEN_WITHIN => return Err(StandsStill),
            Some(Patience::Durable) => {}
            None | Some(Patience::Quiet(_)) if now >= until => return Ok(()),
            None | Some(Patience::Quiet(_)) => {}
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// What is waited for, and how long without a sound.
pub(crate) enum Patience {
    /// The journal: as long as it takes.
    Durable,
    /// A peer.
    Quiet(Duration),
}

impl crate::core::Core {
    /// The next moment at which something is due.
    fn next_due(&self) -> Timestamp {
        let now = self.clock.now();
        let timers = self.shard.deadline().max(now);
        self.gate.due_after(now).map_or(timers, |due| due.min(timers))
    }

    fn move_clock(&mut self, to: Timestamp) {
        self.clock.move_to(to);
        self.tick();
        self.gate.look();
    }

    fn under_way(&self, answer_within: Duration) -> Option<Patience> {
        let shard = &self.shard;
        let open: usize = shard.rules().banks.iter().map(|bank| shard.state().in_flight(bank.id)).sum();
        if !shard.is_durable() {
            Some(Patience::Durable)
        } else if !shard.is_settled() {
            Some(Patience::Quiet(TAKEN_WITHIN))
        } else if shard.sessions_asking() > 0 {
            Some(Patience::Quiet(ECHO_WITHIN))
        } else if open > 0 {
            Some(Patience::Quiet(answer_within))
        } else {
            None
        }
    }
}

/// Whether the clock is being moved; a guard, so that whoever ends early leaves no trace.
pub(crate) struct Moving(Shared);

impl Moving {
    /// `None` where somebody moves it already.
    pub(crate) fn begin(core: &Shared) -> Option<Self> {
        let mut inside = core.borrow_mut();
        (!inside.moving).then(|| {
            inside.moving = true;
            Self(Rc::clone(core))
        })
    }
}

impl Drop for Moving {
    fn drop(&mut self) {
        self.0.borrow_mut().moving = false;
    }
}
