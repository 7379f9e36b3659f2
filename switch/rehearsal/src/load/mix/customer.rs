//! A customer: somebody who plays a scenario of sends and answers, one after the other, as often as a load wants.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bank_adapters::{Cast, SystemClock};
use model::{Pan, ResponseCode};

use crate::replay::{Words, draft};
use crate::scenario::{Action, Check, Draft, Error, ExpectAt, Part, Scenario, Send, Sent, Step, Template, Wanted};
use crate::{TerminalConfig, Till};

/// What a customer does.
#[derive(Debug)]
pub(in crate::load) struct Story {
    scenario: Scenario,
    cast: Cast,
    turns: Vec<Turn>,
}

/// One message, and what is expected of its answer.
#[derive(Debug)]
struct Turn {
    /// The place of its step.
    step: usize,
    /// What DE39 is to be.
    codes: Vec<Check>,
}

/// Somebody who is at some turn of a story.
#[derive(Clone, Debug)]
pub(in crate::load) struct Customer {
    story: Arc<Story>,
    /// Turns that were taken.
    taken: usize,
    /// What was sent, by the place of its step.
    sent: BTreeMap<usize, Draft>,
}

impl Story {
    /// Reads a scenario and makes sure that every message of it can be made.
    pub(super) fn load(path: &Path, cast: &Cast) -> Result<Arc<Self>, Error> {
        let mut story = Self { scenario: Scenario::load(path, cast)?, cast: cast.clone(), turns: Vec::new() };
        story.turns = story.turns()?;
        let till = Till::new(TerminalConfig::default(), Arc::new(SystemClock::start()));
        let story = Arc::new(story);
        let mut customer = Customer::of(&story);
        while let Some(turn) = story.turns.get(customer.taken) {
            let made = customer.makes(&till).unwrap_or_else(|| Err("there is nothing to send".to_owned()));
            if let (Err(problem), Some(step)) = (made, story.scenario.steps.get(turn.step)) {
                return Err(story.wrong(step, &problem));
            }
        }
        Ok(story)
    }

    fn turns(&self) -> Result<Vec<Turn>, Error> {
        let mut turns: Vec<Turn> = Vec::new();
        for (place, step) in self.scenario.steps.iter().enumerate() {
            match &step.action {
                Action::Send(send) if !matches!(send.what, Sent::Bytes { .. }) => {
                    turns.push(Turn { step: place, codes: Vec::new() });
                }
                Action::Expect(expect)
                    if matches!(expect.place, ExpectAt::Terminal(_))
                        && expect.wanted.value != Wanted::Nothing
                        && expect.captures.is_empty() =>
                {
                    let codes = expect.checks.iter().filter(|check| check.number == Some(39)).cloned();
                    let turn = turns.iter_mut().find(|turn| Some(turn.step) == expect.of);
                    turn.ok_or_else(|| self.wrong(step, "nothing was sent that it answers"))?.codes.extend(codes);
                }
                _ => {
                    return Err(self.wrong(step, "a load plays what terminals send and what they are answered, and nothing else"));
                }
            }
        }
        Ok(turns)
    }

    fn wrong(&self, step: &Step, problem: &str) -> Error {
        let remedy = "make a scenario for the load: send and expect at terminals, without captures";
        Error::at(&self.scenario.path, &self.scenario.source, &step.span, problem, remedy)
    }

    fn send(&self, turn: &Turn) -> Option<&Send> {
        match &self.scenario.steps.get(turn.step)?.action {
            Action::Send(send) => Some(send),
            _ => None,
        }
    }
}

impl Words for Story {
    fn cast(&self) -> &Cast {
        &self.cast
    }

    fn filled(&self, template: &Template) -> Result<String, String> {
        template.fill(|part| match part {
            Part::Text(text) => Ok(text.clone()),
            Part::Name(name) => {
                let var = self.scenario.vars.get(name).map(|it| it.value.clone());
                var.ok_or_else(|| format!("{{{{{name}}}}} has no value"))
            }
            Part::Field { step, field } => Err(format!("{{{{{step}.{field}}}}}: a load keeps no fields of messages")),
        })
    }

    fn seen(&self, _: &str) -> Option<Pan> {
        None
    }
}

impl Customer {
    pub(super) fn of(story: &Arc<Story>) -> Self {
        Self { story: Arc::clone(story), taken: 0, sent: BTreeMap::new() }
    }

    /// The next message; `None` after the last.
    pub(in crate::load) fn makes(&mut self, till: &Till) -> Option<Result<Draft, String>> {
        let turn = self.story.turns.get(self.taken)?;
        let send = self.story.send(turn)?;
        let made = draft(send, send.of.and_then(|of| self.sent.get(&of)), till, self.story.as_ref());
        self.taken += 1;
        if let Ok(draft) = &made {
            self.sent.insert(turn.step, draft.clone());
        }
        Some(made)
    }

    /// Whether there is more to send.
    pub(in crate::load) fn goes_on(&self) -> bool {
        self.taken < self.story.turns.len()
    }

    /// Whether the last message was answered as it is expected; `None` where any answer will do.
    pub(in crate::load) fn expects(&self, code: ResponseCode) -> Option<bool> {
        let turn = self.story.turns.get(self.taken.checked_sub(1)?)?;
        let code = code.to_string();
        let filled = |template: &Template| self.story.filled(template);
        let agrees = |check: &Check| check.judge(Some(&code), None, filled, filled).is_ok_and(|judged| judged.agrees);
        (!turn.codes.is_empty()).then(|| turn.codes.iter().all(agrees))
    }
}
