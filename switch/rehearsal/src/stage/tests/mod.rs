//! The stage about itself: what passes over it, who does what there, and that it is the same every time.

mod disturbed;
mod month;
mod played;
mod stories;

use std::path::Path;

use bank_adapters::Card;
use bytes::BytesMut;
use faults::Way;
use model::{Currency, Kind, Message, Money, Mti, ResponseCode, Text};
use server::Config;

use super::*;
use crate::replay::{
    AccountLook, AccountSpec, FaultKind, FaultSpec, LegSpec, Order, OrderSpec, Ordered, Party, Speech, TerminalSpec, Venue,
};
use crate::{TerminalConfig, Till};

/// 2022-12-28, 09:00 in Phnom Penh.
const MORNING: Timestamp = Timestamp::from_micros(1_672_192_800_000_000);

const MINUTE: Duration = Duration::from_secs(60);

/// A stage with one terminal, `atm`, connected.
struct Scene {
    stage: Stage,
    cast: Cast,
    till: Till,
    speech: Speech,
    /// Everything seen so far.
    seen: Vec<Seen>,
}

impl Scene {
    fn new() -> Self {
        Self::with(1, "")
    }

    /// With a seed and a few keys of the configuration.
    fn with(seed: u64, over: &str) -> Self {
        let (path, cast) = (Path::new("scene.toml"), Cast::builtin());
        let config = Config::embedded_with(path, &toml::from_str(over).unwrap()).unwrap();
        let mut stage = Stage::open(config.check(path).unwrap(), &cast, MORNING, seed).unwrap();
        let speech = stage.open(&atm()).unwrap();
        let config = TerminalConfig { seed: Some(seed), ..TerminalConfig::named("ATM00001") };
        let till = Till::new(config, stage.clock.clone());
        Self { stage, cast, till, speech, seen: Vec::new() }
    }

    fn card(&self, alias: &str) -> Card {
        self.cast.card(alias).unwrap().clone()
    }

    fn withdrawal(&self, alias: &str, riel: u64) -> Message<'static> {
        self.till.request(Kind::Withdrawal, &self.card(alias), khr(riel))
    }

    fn send(&mut self, message: &Message<'_>) {
        let mut frame = BytesMut::new();
        let start = self.speech.framing.begin(&mut frame);
        wire::write(&self.speech.dialect, message, self.stage.now(), &mut frame).unwrap();
        self.speech.framing.finish(&mut frame, start).unwrap();
        self.stage.send("atm", &frame).unwrap();
    }

    /// What is seen next within this time, kept and shown in a line.
    fn next(&mut self, within: Duration) -> Option<String> {
        let seen = self.stage.next(self.stage.now() + within).unwrap()?;
        let text = told(&seen);
        self.seen.push(seen);
        Some(text)
    }

    /// All that is seen within this time.
    fn pass(&mut self, time: Duration) -> Vec<String> {
        let until = self.stage.now() + time;
        let mut all = Vec::new();
        while let Some(seen) = self.stage.next(until).unwrap() {
            all.push(told(&seen));
            self.seen.push(seen);
        }
        all
    }

    /// Sends it, and gives the code of the answer that the terminal gets.
    fn ask(&mut self, message: &Message<'_>) -> ResponseCode {
        self.send(message);
        let until = self.stage.now() + MINUTE;
        loop {
            let seen = self.stage.next(until).unwrap().expect("an answer within a minute");
            let read = wire::read(&seen.dialect, &seen.body).ok().filter(|_| seen.to == Party::Terminal("atm".into()));
            let code = read.filter(|read| read.stan == message.stan).map(|read| read.code);
            self.seen.push(seen.clone());
            if let Some(code) = code {
                return code.expect("DE39");
            }
        }
    }

    fn account(&mut self, alias: &str) -> AccountLook {
        let card = self.card(alias);
        let number = card.account(khr(0).currency()).unwrap().number;
        self.stage.account(&card.bank, &AccountSpec { number, currency: khr(0).currency() }).unwrap()
    }

    fn disturb(&mut self, kind: FaultKind, on: Party) {
        self.stage.disturb(&FaultSpec { kind, on: Some(on), way: Way::Both, only: None, times: None }).unwrap();
    }

    fn order(&mut self, what: Order) -> Ordered {
        self.stage.order(&OrderSpec { what, operator: "sovann".into(), reason: "a rehearsal".into(), by_bank: None }).unwrap()
    }

    fn metric(&mut self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Vec<_> = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.stage.metric(name, &labels).unwrap()
    }

    fn positions_sum_to_zero(&mut self) -> bool {
        let mut sums = BTreeMap::new();
        for it in self.stage.positions().unwrap() {
            *sums.entry((it.date, it.currency.alpha())).or_insert(0) += it.net;
        }
        !sums.is_empty() && sums.values().all(|sum| *sum == 0)
    }
}

fn atm() -> TerminalSpec {
    TerminalSpec { name: "atm".into(), id: Text::new(b"ATM00001").unwrap(), link: None }
}

fn acleda() -> Party {
    Party::Bank("acleda".into())
}

fn khr(riel: u64) -> Money {
    Money::from_minor(riel * 100, Currency::from_alpha("KHR").unwrap())
}

/// `atm > switch 0200`, and what a fault did to it.
fn told(seen: &Seen) -> String {
    let message = wire::read(&seen.dialect, &seen.body).ok();
    let what = message.map_or_else(String::new, |it| {
        let code = it.code.map_or_else(String::new, |code| format!(" {code}"));
        format!(" {}{code}", it.mti)
    });
    let lost = if seen.arrived { "" } else { ", lost" };
    let fault = seen.fault.as_ref().map_or_else(String::new, |fault| format!(" ({fault}{lost})"));
    format!("{} > {}{what}{fault}", seen.from, seen.to)
}
