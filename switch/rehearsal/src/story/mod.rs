//! The demo's story: ten things that happen at a terminal, told step by step against a running switch.
//!
//! Knows: what each step must lead to, relative to the balances it finds, so that the story can be told again over the same data.
//! Does not know: how a step is printed, nor how switch and banks are started.

mod stage;
mod steps;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bank_adapters::Cast;

use crate::{Error, Exchange, TerminalConfig};
use stage::Stage;
use steps::Part;

/// How long things take at the switch that is told about.
#[derive(Clone, Copy, Debug)]
pub struct StoryTimers {
    /// The switch's timer for a bank's answer to an ATM's request; as it is configured there. 25 s.
    pub bank: Duration,
    /// How long any answer may take beyond that. 5 s.
    pub answer: Duration,
    /// How long a reversal may take until its bank has booked it. 5 s.
    pub settle: Duration,
}

impl Default for StoryTimers {
    fn default() -> Self {
        Self { bank: Duration::from_secs(25), answer: Duration::from_secs(5), settle: Duration::from_secs(5) }
    }
}

/// Tells the balance of an account in minor units from the bank's own books: the bank's name, the account's number. `None` where
/// it cannot be told. Called a few times a second, and blocks the story while it runs.
pub type LedgerBalance<'a> = dyn Fn(&str, &str) -> Option<i64> + Send + Sync + 'a;

/// The story and what it needs.
pub struct Story<'a> {
    /// Who appears in it; [`Story::ALIASES`] must be there.
    pub cast: &'a Cast,
    /// How patient to be.
    pub timers: StoryTimers,
    /// How its terminals speak; their names are the story's own.
    pub terminal: TerminalConfig,
    /// The banks' books, for the one card whose bank is silent to inquiries too. `None`: that nothing is left of the withdrawal
    /// is then not looked at.
    pub ledger: Option<&'a LedgerBalance<'a>>,
}

/// One step, told.
#[derive(Clone, Debug)]
pub struct Step {
    /// From 1.
    pub number: usize,
    /// What happens, for somebody who never heard of switches.
    pub title: &'static str,
    /// What must come of it.
    pub expected: String,
    /// What came.
    pub came: String,
    /// Whether that is what was expected.
    pub passed: bool,
    /// How long all of it took.
    pub took: Duration,
    /// What was sent and received, in order; of repeated looks at a balance the last.
    pub exchanges: Vec<Exchange>,
}

/// The story, told to its end.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Every step.
    pub steps: Vec<Step>,
    /// How long all of it took.
    pub took: Duration,
}

impl<'a> Story<'a> {
    /// The cards that the story uses. Whoever else uses them at the same time spoils its sums.
    pub const ALIASES: [&'static str; 5] = ["dara", "thida", "mute", "bopha", "vanna"];

    /// With default timers and terminals, and without a look into the banks' books.
    #[must_use]
    pub fn new(cast: &'a Cast) -> Self {
        Self { cast, timers: StoryTimers::default(), terminal: TerminalConfig::default(), ledger: None }
    }

    /// The titles of the steps, in order.
    pub fn titles() -> impl ExactSizeIterator<Item = &'static str> {
        Part::ALL.iter().map(|part| part.title())
    }

    /// Tells the story to the switch at `addr` and each step, when it is over, to `on_step`. A step that fails does not end it.
    ///
    /// # Errors
    /// Where the story cannot begin: no connection, or a card is missing in the cast.
    pub async fn tell(&self, addr: SocketAddr, mut on_step: impl FnMut(&Step)) -> Result<Outcome, Error> {
        let began = Instant::now();
        let mut stage = Stage::set(self, addr).await?;
        let mut steps = Vec::with_capacity(Part::ALL.len());
        for (number, part) in (1..).zip(Part::ALL) {
            let began = Instant::now();
            let (came, passed) = match part.play(&mut stage).await {
                Ok(came) => (came, true),
                Err(trouble) => (trouble.to_string(), false),
            };
            let exchanges = stage.take_exchanges();
            let expected = part.expected(&self.timers);
            let step = Step { number, title: part.title(), expected, came, passed, took: began.elapsed(), exchanges };
            on_step(&step);
            steps.push(step);
        }
        Ok(Outcome { steps, took: began.elapsed() })
    }
}

impl fmt::Debug for Story<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Story").field("timers", &self.timers).field("ledger", &self.ledger.is_some()).finish_non_exhaustive()
    }
}

impl Step {
    /// Two lines: what happens, and what came of it; a third, where it failed, with what was expected.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { number, title, expected, came, passed, took, .. } = self;
        let mark = if *passed { '✓' } else { '✗' };
        let told = format!("{mark} {number:>2}  {title}\n      {came}, {}\n", shown(*took));
        if *passed { told } else { format!("{told}      expected: {expected}\n") }
    }
}

impl Outcome {
    /// Whether every step passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failed() == 0
    }

    /// How many steps did not pass.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.steps.iter().filter(|step| !step.passed).count()
    }
}

/// `3.1 ms`, `1.02 s`.
fn shown(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{:.1} ms", took.as_secs_f64() * 1000.0)
    } else {
        format!("{:.2} s", took.as_secs_f64())
    }
}
