//! A scenario played on a stage at which a scribe listens.

use std::collections::HashMap;

use super::*;
use crate::replay::{
    AccountLook, AccountSpec, BatchLook, FaultSpec, ItemLook, OrderSpec, Ordered as Outcome, Party, PayrollCame, PayrollSpec,
    PositionLook, Seen, Speech, StatusLook, TerminalSpec, Venue, VenueError,
};

/// The stage, with an ear at its terminals.
struct Heard<'s> {
    stage: Box<dyn Venue>,
    scribe: &'s mut Scribe,
    lines: HashMap<String, u64>,
    speech: Option<Speech>,
}

/// Plays it, and gives what was heard of it.
pub(super) fn recorded(source: &str) -> Scribe {
    let cast = Cast::builtin();
    let scenario = Scenario::parse(Path::new("everything.toml"), source, &cast).unwrap_or_else(|error| panic!("{error}"));
    let mut scribe = Scribe::new(setting());
    let stage = Embedded.make(&scenario, &cast).unwrap();
    let mut heard = Heard { stage, scribe: &mut scribe, lines: HashMap::new(), speech: None };
    let verdict = replay::play(&scenario, &cast, &mut heard).verdict;
    assert!(matches!(verdict, Verdict::Passed), "{verdict:#?}");
    scribe
}

impl Venue for Heard<'_> {
    fn now(&self) -> Timestamp {
        self.stage.now()
    }

    fn open(&mut self, terminal: &TerminalSpec) -> Result<Speech, VenueError> {
        let line = u64::try_from(self.lines.len()).unwrap() + 1;
        self.lines.insert(terminal.name.clone(), line);
        let speech = self.stage.open(terminal)?;
        self.speech = Some(speech.clone());
        Ok(speech)
    }

    fn send(&mut self, terminal: &str, frame: &[u8]) -> Result<(), VenueError> {
        self.stage.send(terminal, frame)
    }

    fn next(&mut self, until: Timestamp) -> Result<Option<Seen>, VenueError> {
        let seen = self.stage.next(until)?;
        if let Some(it) = &seen {
            match (&it.from, &it.to) {
                (Party::Terminal(name), _) => {
                    self.scribe.asked(it.at, self.lines[name], &wire::read(&it.dialect, &it.body).unwrap());
                }
                (_, Party::Terminal(name)) => {
                    self.scribe.answered(it.at, self.lines[name], &wire::read(&it.dialect, &it.body).unwrap());
                }
                _ => {}
            }
        }
        Ok(seen)
    }

    fn is_at_rest(&mut self) -> Result<bool, VenueError> {
        self.stage.is_at_rest()
    }

    fn next_cutover(&mut self) -> Result<Timestamp, VenueError> {
        self.stage.next_cutover()
    }

    fn order(&mut self, order: &OrderSpec) -> Result<Outcome, VenueError> {
        self.stage.order(order)
    }

    fn payroll(&mut self, order: &PayrollSpec) -> Result<PayrollCame, VenueError> {
        self.stage.payroll(order)
    }

    fn batch(&mut self, batch: u32) -> Result<Option<BatchLook>, VenueError> {
        self.stage.batch(batch)
    }

    fn item(&mut self, batch: u32, item: u32) -> Result<Option<ItemLook>, VenueError> {
        self.stage.item(batch, item)
    }

    fn disturb(&mut self, fault: &FaultSpec) -> Result<(), VenueError> {
        self.stage.disturb(fault)
    }

    fn account(&mut self, bank: &str, account: &AccountSpec) -> Result<AccountLook, VenueError> {
        self.stage.account(bank, account)
    }

    fn positions(&mut self) -> Result<Vec<PositionLook>, VenueError> {
        self.stage.positions()
    }

    fn status(&mut self) -> Result<StatusLook, VenueError> {
        self.stage.status()
    }

    fn metric(&mut self, name: &str, labels: &[(String, String)]) -> Result<Option<f64>, VenueError> {
        self.stage.metric(name, labels)
    }
}
