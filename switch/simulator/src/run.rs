//! Running seeds: one world each, several at a time, and what came of them.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::check::Violation;
use crate::coverage::Reached;
use crate::sabotage::Sabotage;
use crate::story::Story;
use crate::world::World;

/// What came of one seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// One number for everything that happened.
    pub digest: u64,
    /// Virtual time that passed.
    pub lasted: Duration,
    /// What must not be; empty is good.
    pub violations: Vec<Violation>,
    /// What was reached.
    pub reached: Reached,
}

/// A seed under which something went wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// Transactions it ran with.
    pub transactions: u32,
    /// What was found.
    pub violations: Vec<Violation>,
    /// The story of the first transaction that something is wrong with, message by message.
    pub story: Vec<String>,
}

impl Failure {
    /// The command that does it again.
    #[must_use]
    pub fn command(&self) -> String {
        format!("payswitch simulate --seeds {}..{} --transactions {}", self.seed, self.seed + 1, self.transactions)
    }
}

/// How far a run has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Seeds that are done.
    pub done: u64,
    /// Seeds in all.
    pub of: u64,
    /// Seeds under which something went wrong.
    pub failed: u64,
}

/// What came of many seeds.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Seeds that were run.
    pub seeds: u64,
    /// Transactions of each.
    pub transactions: u32,
    /// What went wrong, by seed; at most as many as were asked for.
    pub failures: Vec<Failure>,
    /// What was reached over all of them.
    pub reached: Reached,
    /// Real time that passed.
    pub took: Duration,
    /// Virtual time that passed, over all of them.
    pub lasted: Duration,
}

/// Runs one seed with so many transactions.
#[must_use]
pub fn run(seed: u64, transactions: u32, sabotage: Option<Sabotage>) -> Outcome {
    lived(World::new(seed, transactions, None, sabotage), seed).0
}

fn lived(mut world: World, seed: u64) -> (Outcome, Option<Story>) {
    engine::sabotage::plant(world.sabotage.and_then(Sabotage::in_engine));
    world.run();
    world.examine();
    if let Some(shard) = world.host.shard.as_mut() {
        world.coverage.take(shard.watch());
    }
    for it in &world.transactions {
        world.coverage.kind(it.row);
    }
    let mut reached = Reached::default();
    reached.add(&world.coverage);
    let outcome = Outcome {
        seed,
        digest: world.digest.value(),
        lasted: Duration::from_micros(world.now),
        violations: world.violations,
        reached,
    };
    (outcome, world.story)
}

/// Runs a seed again and tells the story of one transaction, or of what happened around where there is none.
fn tell(seed: u64, transactions: u32, about: Option<u32>, sabotage: Option<Sabotage>) -> Vec<String> {
    let (_, story) = lived(World::new(seed, transactions, Some(Story::of(about)), sabotage), seed);
    story.map(|story| story.text()).unwrap_or_default()
}

/// Runs the seeds on `jobs` threads and stops when `failures_max` of them went wrong. `progress` is told after each.
pub fn run_seeds(
    seeds: std::ops::Range<u64>,
    transactions: u32,
    jobs: usize,
    failures_max: usize,
    progress: impl Fn(Progress) + Sync,
) -> Report {
    let begun = Instant::now();
    let (next, done, failed) = (AtomicU64::new(seeds.start), AtomicU64::new(0), AtomicU64::new(0));
    let of = seeds.end.saturating_sub(seeds.start);
    let total = Mutex::new(Report { transactions, ..Report::default() });
    let work = || {
        let mut own = Report::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end || failed.load(Ordering::Relaxed) >= failures_max as u64 {
                break;
            }
            let outcome = run(seed, transactions, None);
            own.seeds += 1;
            own.lasted += outcome.lasted;
            own.reached.merge(&outcome.reached);
            if let Some(first) = outcome.violations.first() {
                failed.fetch_add(1, Ordering::Relaxed);
                let story = tell(seed, transactions, first.transaction, None);
                own.failures.push(Failure { seed, transactions, violations: outcome.violations, story });
            }
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            progress(Progress { done, of, failed: failed.load(Ordering::Relaxed) });
        }
        let mut total = total.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        total.seeds += own.seeds;
        total.lasted += own.lasted;
        total.reached.merge(&own.reached);
        total.failures.append(&mut own.failures);
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.max(1) {
            scope.spawn(work);
        }
        work();
    });
    let mut report = total.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    report.failures.sort_by_key(|failure| failure.seed);
    report.took = begun.elapsed();
    report
}
