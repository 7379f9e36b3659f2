//! Plays one scenario at a venue, step by step, and says what came of it.
//!
//! Knows: what each step means. Does not know: where it is played (`venue`), how it is told (`report`).

mod asserts;
mod expects;
mod log;
mod payroll;
mod sends;
#[cfg(test)]
mod tests;
mod titles;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use bank_adapters::Cast;
use model::{Pan, Timestamp};

use super::drafting::Words;
use super::{
    Compared, Failure, FaultKind, FaultSpec, LegSpec, Order, OrderSpec, Ordered, Outcome, Party, Seen, Speech, StepOutcome,
    Venue, VenueError, Verdict,
};
use crate::Till;
use crate::scenario::{
    Action, Check, Clock, Command, CommandWord, Error, ExpectAt, Part, Person, Scenario, Step, Subject, Template,
};
use expects::Sent;
use log::Log;

/// How long "rest" is waited for.
const REST_MAX: Duration = Duration::from_secs(7 * 86_400);
/// How often what is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Plays a scenario. It is never an error: whatever happens is in the outcome.
#[must_use]
pub fn play(scenario: &Scenario, cast: &Cast, venue: &mut dyn Venue) -> Outcome {
    let begun = Instant::now();
    let mut runner = Runner::new(scenario, cast, venue);
    let start = runner.venue.now();
    let mut steps = Vec::new();
    let verdict = log::masked(runner.all(&mut steps));
    let now = runner.venue.now();
    Outcome {
        path: scenario.path.clone(),
        title: scenario.title.clone(),
        rule: scenario.rule.clone(),
        tags: scenario.tags.clone(),
        verdict,
        took: begun.elapsed(),
        lasted: now.since(start),
        parties: runner.log.parties(scenario),
        passed: runner.log.passed(),
        steps,
    }
}

/// The venue's time, for those who make messages.
#[derive(Clone, Debug, Default)]
struct Told(Arc<AtomicI64>);

impl bank_adapters::Clock for Told {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// A terminal that was opened.
struct Hand {
    till: Till,
    speech: Speech,
    open: bool,
}

struct Runner<'a> {
    scenario: &'a Scenario,
    cast: &'a Cast,
    venue: &'a mut dyn Venue,
    clock: Told,
    hands: HashMap<String, Hand>,
    /// What was sent, by the place of its step.
    sent: HashMap<usize, Sent>,
    /// Fields of messages, by the names of the steps that sent or got them.
    named: HashMap<String, BTreeMap<&'static str, String>>,
    captured: HashMap<String, String>,
    /// The batches that were made, by the places of the steps that submitted them.
    batches: HashMap<usize, u32>,
    /// Of whom the registry says something else by now.
    people: HashMap<String, Person>,
    log: Log,
    /// What stood on the accounts of which a change is asserted, when the scenario began.
    opening: HashMap<asserts::Account, i64>,
    line: usize,
}

/// Why a scenario goes no further.
enum Stop {
    Failed(Box<Failure>),
    Venue(VenueError),
}

impl From<VenueError> for Stop {
    fn from(error: VenueError) -> Self {
        Self::Venue(error)
    }
}

impl<'a> Runner<'a> {
    fn new(scenario: &'a Scenario, cast: &'a Cast, venue: &'a mut dyn Venue) -> Self {
        Self {
            scenario,
            cast,
            venue,
            clock: Told::default(),
            hands: HashMap::new(),
            sent: HashMap::new(),
            named: HashMap::new(),
            captured: HashMap::new(),
            batches: HashMap::new(),
            people: HashMap::new(),
            log: Log::default(),
            opening: HashMap::new(),
            line: 0,
        }
    }

    fn all(&mut self, done: &mut Vec<StepOutcome>) -> Verdict {
        let scenario = self.scenario;
        if let Some((step, why)) = self.out_of_sight() {
            return self.verdict(VenueError::Cannot(why.to_owned()).into(), Some(step));
        }
        if let Err(stop) = self.note_openings() {
            return self.verdict(stop, scenario.steps.first());
        }
        for (place, step) in scenario.steps.iter().enumerate() {
            let began = self.now();
            self.line = step.line;
            let came = self.step(place, step);
            let waited = self.now().since(began);
            let title = titles::of(scenario, step);
            done.push(StepOutcome { line: step.line, title, began, waited, passed: came.is_ok() });
            if let Err(stop) = came {
                return self.verdict(stop, Some(step));
            }
        }
        Verdict::Passed
    }

    /// The first step that looks at what is not seen at this place. It is known before anything is sent, so that what is skipped leaves
    /// no trace there.
    fn out_of_sight(&self) -> Option<(&'a Step, &'static str)> {
        if self.venue.sees_banks() {
            return None;
        }
        self.scenario.steps.iter().find_map(|step| match &step.action {
            Action::Expect(expect) if matches!(expect.place, ExpectAt::Bank(_)) => {
                Some((step, "what a bank is sent cannot be seen here"))
            }
            Action::Command(command) if command.by_bank.is_some() => Some((step, "no bank there is in the scenario's hands")),
            Action::Assert(assert) if matches!(assert.subject, Subject::Ledger { .. }) => {
                Some((step, "what stands in a bank's books cannot be seen here"))
            }
            _ => None,
        })
    }

    fn verdict(&self, stop: Stop, step: Option<&Step>) -> Verdict {
        match stop {
            Stop::Failed(failure) => Verdict::Failed(failure),
            Stop::Venue(VenueError::Cannot(why)) => Verdict::Skipped(match step {
                Some(step) => format!("line {}: {why}", step.line),
                None => why,
            }),
            Stop::Venue(VenueError::NoConnection(why)) => Verdict::NoConnection(why),
            Stop::Venue(VenueError::NotNow(why)) => {
                let title = step.map(|step| titles::of(self.scenario, step)).unwrap_or_default();
                let failure = Failure { line: self.line, step: title, problem: why, fields: Vec::new(), nearest: None };
                Verdict::Failed(Box::new(failure))
            }
            Stop::Venue(VenueError::Wrong(why)) => {
                let span = step.map_or(0..0, |step| step.span.clone());
                Verdict::Bad(Error::at(&self.scenario.path, &self.scenario.source, &span, why, "").to_string())
            }
        }
    }

    fn step(&mut self, place: usize, step: &Step) -> Result<(), Stop> {
        match &step.action {
            Action::Send(send) => self.send(place, step, send),
            Action::Expect(expect) => self.expect(step, expect),
            Action::Command(command) => self.command(command),
            Action::Payroll(payroll) => self.payroll(place, payroll),
            Action::Fault(fault) => self.disturb(&fault.spec),
            Action::Clock(clock) => self.wait(*clock),
            Action::Assert(assert) => self.assert(assert),
        }
    }

    fn disturb(&mut self, fault: &FaultSpec) -> Result<(), Stop> {
        // Only a line that is there can be cut, and a terminal connects when it first sends.
        if let (FaultKind::Down | FaultKind::Up, Some(Party::Terminal(name))) = (fault.kind, &fault.on)
            && !self.hands.contains_key(name)
        {
            self.open(name)?;
        }
        Ok(self.venue.disturb(fault)?)
    }

    /// The moment it is, told to all who make messages.
    fn now(&mut self) -> Timestamp {
        let now = self.venue.now();
        self.clock.0.store(now.micros(), Ordering::Relaxed);
        now
    }

    /// Lets time pass until something is seen. `false`: `until` has come.
    fn next(&mut self, until: Timestamp) -> Result<bool, Stop> {
        match self.venue.next(until)? {
            Some(seen) => {
                self.notice(seen);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn notice(&mut self, seen: Seen) {
        if let (true, Party::Terminal(name)) = (seen.body.is_empty(), &seen.to)
            && let Some(hand) = self.hands.get_mut(name)
        {
            hand.open = false;
        }
        self.log.add(seen, self.cast);
    }

    fn wait_until(&mut self, until: Timestamp) -> Result<(), Stop> {
        while self.next(until)? {}
        Ok(())
    }

    fn wait_whole(&mut self, until: Timestamp) -> Result<(), Stop> {
        self.venue.can_wait(until)?;
        self.wait_until(until)
    }

    fn wait(&mut self, clock: Clock) -> Result<(), Stop> {
        let now = self.now();
        match clock {
            Clock::By(time) => self.wait_whole(now + time),
            Clock::Until(moment) if moment < now => {
                Err(self.failed(&format!("the clock does not go back: it is {now} already, and the step says {moment}")))
            }
            Clock::Until(moment) => self.wait_whole(moment),
            Clock::Cutover => {
                // A second more, so that the date has changed for whoever looks.
                let at = self.venue.next_cutover()?;
                self.wait_until(at + LOOK_EVERY)
            }
            Clock::Rest => {
                while !self.venue.is_at_rest()? {
                    let later = self.now();
                    if later.since(now) > REST_MAX {
                        return Err(self.failed("something is still under way after seven days"));
                    }
                    self.wait_until(later + LOOK_EVERY)?;
                }
                Ok(())
            }
        }
    }

    fn command(&mut self, command: &Command) -> Result<(), Stop> {
        let what = match &command.order.value {
            CommandWord::Cutover => Order::Cutover,
            CommandWord::SignOff(bank) => Order::SignOff(bank.clone()),
            CommandWord::SignOn(bank) => Order::SignOn(bank.clone()),
            CommandWord::Retry(of, leg) => Order::Retry(self.leg(*of, *leg)?),
            CommandWord::Discard(of, leg) => Order::Discard(self.leg(*of, *leg)?),
            CommandWord::Block(card, list) => Order::Block(self.card(card)?, list.clone()),
            CommandWord::Unblock(card) => Order::Unblock(self.card(card)?),
            CommandWord::Replace { old, new, list } => {
                Order::Replace { old: self.card(old)?, new: self.card(new)?, list: list.clone() }
            }
        };
        let (operator, reason) = (self.fill(&command.operator)?, self.fill(&command.reason)?);
        let came = self.venue.order(&OrderSpec { what, operator, reason, by_bank: command.by_bank.clone() })?;
        match (came, &command.refused) {
            (Ordered::Done, None) => Ok(()),
            (Ordered::Refused(why), None) => Err(self.failed(&format!("the order was refused: {why}"))),
            (Ordered::Done, Some(check)) => self.all_agree("the order was carried out", &[(check, None, None)]),
            (Ordered::Refused(why), Some(check)) => {
                self.all_agree("the order was refused in other words", &[(check, Some(why), None)])
            }
        }
    }

    fn leg(&self, of: usize, leg: u8) -> Result<LegSpec, Stop> {
        let rrn = self.sent.get(&of).and_then(|sent| sent.rrn);
        let rrn = rrn.ok_or_else(|| self.failed("what it is about has no retrieval reference number"))?;
        Ok(LegSpec { rrn, leg })
    }

    /// The text of a template, now.
    fn fill(&self, template: &Template) -> Result<String, Stop> {
        self.filled(template).map_err(|problem| self.failed(&problem))
    }

    fn card(&self, template: &Template) -> Result<Pan, Stop> {
        Words::card(self, template).map_err(|problem| self.failed(&problem))
    }

    /// Compares values with what is expected of each; where one differs the scenario has failed.
    fn all_agree(&self, problem: &str, values: &[(&Check, Option<String>, Option<String>)]) -> Result<(), Stop> {
        let fields = values.iter().map(|(check, actual, asked)| self.compared(check, actual.as_deref(), asked.as_deref()));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        if fields.iter().all(|field| field.agrees) {
            return Ok(());
        }
        Err(self.failed_with(problem, fields, None))
    }

    fn compared(&self, check: &Check, actual: Option<&str>, asked: Option<&str>) -> Result<Compared, Stop> {
        let fill = |template: &Template| check.shape.normal(&self.filled(template)?, self.cast);
        let judged = check.judge(actual, asked, fill, |template| self.filled(template));
        let judged = judged.map_err(|problem| self.failed(&format!("{}: {problem}", check.name)))?;
        Ok(Compared {
            field: check.name.clone(),
            number: check.number,
            line: self.scenario.line(&check.span),
            expected: meaning(check, judged.expected),
            actual: actual.map(|it| meaning(check, it.to_owned())),
            agrees: judged.agrees,
        })
    }

    fn failed(&self, problem: &str) -> Stop {
        self.failed_with(problem, Vec::new(), None)
    }

    fn failed_with(&self, problem: &str, mut fields: Vec<Compared>, nearest: Option<String>) -> Stop {
        fields.sort_by_key(|field| field.agrees);
        let step = self.scenario.steps.iter().find(|step| step.line == self.line);
        let step = step.map(|step| titles::of(self.scenario, step)).unwrap_or_default();
        Stop::Failed(Box::new(Failure { line: self.line, step, problem: problem.to_owned(), fields, nearest }))
    }
}

impl Words for Runner<'_> {
    fn cast(&self) -> &Cast {
        self.cast
    }

    fn filled(&self, template: &Template) -> Result<String, String> {
        template.fill(|part| match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Name(name) => {
                let var = || self.scenario.vars.get(name).map(|it| it.value.clone());
                self.captured.get(name).cloned().or_else(var).ok_or_else(|| format!("{{{{{name}}}}} has no value"))
            }
            Part::Field { step, field } => {
                let found = self.named.get(step).and_then(|fields| fields.get(field.as_str()));
                found.cloned().ok_or_else(|| format!("{{{{{step}.{field}}}}} has no value: the message has no such field"))
            }
        })
    }

    fn seen(&self, masked: &str) -> Option<Pan> {
        self.log.card(masked)
    }
}

/// A response code with what it means.
fn meaning(check: &Check, text: String) -> String {
    let code = text.as_bytes().try_into().ok().filter(|_| check.number == Some(39)).and_then(model::ResponseCode::new);
    match code.and_then(model::ResponseCode::meaning) {
        Some(meaning) => format!("{text} ({meaning})"),
        None => text,
    }
}
