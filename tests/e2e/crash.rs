//! SIGKILL under load, again and again over the same data: nothing that was answered is lost, nothing stays open, and the banks'
//! books agree to the riel.

mod audit;
mod doctored;
mod journal;
pub(crate) mod ledger;
pub(crate) mod load;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use bank_adapters::Cast;
use model::Mti;

use crate::harness::{self, Banks, PATIENCE, PAYSWITCH, Process, Setup, Switch, eventually};
use audit::{Evidence, Seen};
use journal::{Step, Transaction};
use ledger::Ledger;
use load::{Asked, Dice, Memory, Numbers};

/// How often the switch dies, unless `PAYSWITCH_CRASH_ROUNDS` says otherwise.
const ROUNDS: usize = 10;
/// It dies when its terminals have seen so many answers, and up to so many more.
const ANSWERS: (usize, usize) = (50, 400);
/// And up to so long after that.
const MOMENT_US: usize = 5_000;
/// Requests open at once on each connection.
const LANES: usize = 8;
/// Repeats of what was answered before earlier deaths, in each round but the last, in which all are repeated.
const OLD_REPEATS: usize = 50;
const BULK: u32 = 20;
const BANKS: [&str; 3] = ["acleda", "canadia", "wing"];
/// So short that what died with a bank is settled within the test.
const TIMERS: &str = "[timers]\natm_ms = 800\npos_ms = 600\nforward_first_ms = 30\nforward_max_ms = 200";

/// A switch that dies and comes back, and everybody who remembers.
struct World {
    switch: Switch,
    cast: Arc<Cast>,
    dice: Dice,
    numbers: Arc<Numbers>,
    evidence: Evidence,
    /// What was answered, with the message to repeat.
    answered: Vec<Asked>,
}

impl World {
    fn begin(banks: Banks, seed: u64) -> Self {
        let setup = Setup::new(banks, "iso87-ascii").with(TIMERS).with(&format!("[cast]\nbulk_per_bank = {BULK}"));
        let banks: Vec<_> = match banks {
            Banks::InProcess => Vec::new(),
            Banks::OverTcp => BANKS.iter().map(|name| spawn_bank(&setup, name)).collect(),
        };
        let process = setup.spawn_switch(&banks);
        let switch = Switch { process, banks, setup };
        switch.wait_for_banks();
        let cast = Arc::new(harness::cast().with_bulk(BULK).expect("has none yet"));
        Self { switch, cast, dice: Dice(seed), numbers: Arc::default(), evidence: Evidence::default(), answered: Vec::new() }
    }

    fn links(&self) -> HashMap<String, SocketAddr> {
        self.switch.process.addresses.clone()
    }

    /// Loads the switch until enough has been answered, then kills it, and before it perhaps a bank of its own process.
    fn dies(&mut self, bank: Option<usize>) -> Memory {
        let answers = ANSWERS.0 + self.dice.below(ANSWERS.1);
        let moment = Duration::from_micros(self.dice.below(MOMENT_US).try_into().expect("fits"));
        let (links, cast, dice) = (self.links(), Arc::clone(&self.cast), Dice(self.dice.roll()));
        let numbers = Arc::clone(&self.numbers);
        let (tell, told) = mpsc::channel();
        let terminals = std::thread::spawn(move || harness::run(load::run(links, cast, LANES, dice, numbers, tell)));
        let count = |count: usize| (0..count).for_each(|_| told.recv_timeout(PATIENCE).expect("answers go on"));
        count(answers / 2);
        if let Some(bank) = bank {
            self.switch.banks[bank].kill();
        }
        count(answers - answers / 2);
        // No event: the moment is to be any.
        std::thread::sleep(moment);
        self.switch.process.kill();
        let memory = terminals.join().expect("terminals do not panic");
        if let Some(bank) = bank {
            self.switch.banks[bank] = spawn_bank(&self.switch.setup, BANKS[bank]);
        }
        memory
    }

    /// What the terminals do about what was not answered: most repeat it, some reverse it, some do nothing.
    fn terminals_come_back(&mut self, memory: Memory) {
        self.evidence.sent.extend(memory.sent);
        for (asked, seen) in memory.answered {
            self.answered.push(asked);
            self.evidence.seen.push(seen);
        }
        let mut again = Vec::new();
        for asked in memory.unanswered {
            let may_be_undone = !asked.is_reversal() && !asked.is_inquiry();
            match self.dice.below(10) {
                0..5 => again.push((asked.repeated(), false)),
                5..8 if may_be_undone => again.push((asked, true)),
                _ => {}
            }
        }
        for (asked, seen) in self.ask_all(again) {
            self.answered.push(asked);
            self.evidence.seen.push(seen);
        }
    }

    /// Asks all of these at once, each on its own terminal's connection; instead of those that are marked their reversals. Gives
    /// what was asked, with what was answered.
    fn ask_all(&mut self, all: Vec<(Asked, bool)>) -> Vec<(Asked, Seen)> {
        let (links, mut dice) = (self.links(), Dice(self.dice.roll()));
        harness::run(async {
            let terminals = load::connect(&links, &mut dice).await;
            let mut asking = tokio::task::JoinSet::new();
            for (mut asked, undo) in all {
                let (terminal, numbers) = (Arc::clone(&terminals[asked.terminal]), Arc::clone(&self.numbers));
                asking.spawn(async move {
                    if undo {
                        asked.message = numbers.put_on(terminal.reversal(&asked.message, Mti::REVERSAL_ADVICE, None));
                    }
                    let exchange = terminal.ask(&asked.message, PATIENCE).await;
                    let reply = exchange.unwrap_or_else(|error| panic!("{}: {error}", asked.name())).reply;
                    let seen = Seen { name: asked.name(), told: load::told(&reply) };
                    (asked, seen)
                });
            }
            asking.join_all().await
        })
    }

    /// Waits until nothing is under way any more, and reads what is there.
    fn comes_to_rest(&mut self) {
        let switch = &self.switch;
        eventually("nothing is owed and nothing is in flight", || {
            let banks = BANKS.map(|name| switch.metric(&format!("payswitch_in_flight{{bank=\"{name}\"}}")));
            switch.metric("payswitch_queue_length{queue=\"forward\"}") == 0.0 && banks == [0.0; 3]
        });
        // Gauges lag by a moment, the journal does not.
        let journal = &mut self.evidence.journal;
        let by = Instant::now() + PATIENCE;
        loop {
            let from = (journal.last_block + 1).to_string();
            let (good, text) = switch.command(&["journal", "export", "--from", &from]);
            assert!(good, "{text}");
            text.lines().for_each(|line| journal.fold(&serde_json::from_str(line).expect("a line is an object")));
            if !journal.has_open_legs() || Instant::now() > by {
                break;
            }
        }
        assert_eq!(switch.metric("payswitch_dead_letters"), 0.0);
        let folder = switch.setup.ledgers();
        self.evidence.ledgers = BANKS.iter().map(|bank| Ledger::read(&folder, bank)).collect();
        let (whole, text) = switch.command(&["journal", "verify"]);
        assert!(whole && text.contains("whole"), "{text}");
    }

    /// Repeats what was answered, inquiries apart, for those are asked again.
    fn repeats(&mut self, which: &[Asked]) {
        let repeats = which.iter().filter(|it| !it.is_inquiry()).map(|it| (it.repeated(), false)).collect();
        self.evidence.repeated = self.ask_all(repeats).into_iter().map(|(_, seen)| seen).collect();
    }

    fn assert_all_is_told_alike(&self, when: &str) {
        let found = self.evidence.audit();
        assert!(found.is_empty(), "{when}: {} findings, the first: {:#?}", found.len(), &found[..found.len().min(5)]);
    }

    /// How many legs the deaths have cut off, by what became of them: reversed, repeated.
    fn cut_off(&self) -> (usize, usize) {
        let all = self.evidence.journal.transactions.values();
        let stopped = |it: &&Transaction| it.legs.iter().any(|leg| leg.steps.contains(&Step::Lost("stopped".to_owned())));
        let repeated = |it: &Transaction| it.legs.iter().any(|leg| leg.steps.contains(&Step::Repeated));
        let (again, back): (Vec<_>, Vec<_>) = all.filter(stopped).filter(|it| it.kind != "31").partition(|it| repeated(it));
        (back.len(), again.len())
    }
}

/// A bank as a process of its own, with cards for load.
fn spawn_bank(setup: &Setup, name: &str) -> Process {
    let mut command = Command::new(PAYSWITCH);
    command.args(["bank", name, "--listen", "127.0.0.1:0", "--log-format", "json", "--bulk", &BULK.to_string(), "--data"]);
    Process::start(command.arg(setup.ledgers()), "listening")
}

/// The seed: given from outside to try one again, else drawn.
pub(crate) fn seed() -> u64 {
    let drawn = || u64::try_from(std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_micros()).expect("fits");
    std::env::var("PAYSWITCH_CRASH_SEED").map_or_else(|_| drawn(), |text| text.parse().expect("a number"))
}

fn rounds() -> usize {
    std::env::var("PAYSWITCH_CRASH_ROUNDS").map_or(ROUNDS, |text| text.parse().expect("a number"))
}

fn ten_deaths(banks: Banks) {
    let (seed, rounds) = (seed(), rounds());
    println!("{banks:?}: PAYSWITCH_CRASH_SEED={seed}");
    let mut world = World::begin(banks, seed);
    for round in 1..=rounds {
        let old = world.answered.len();
        let bank = (banks == Banks::OverTcp && round % 3 == 0).then(|| world.dice.below(BANKS.len()));
        let memory = world.dies(bank);
        let (answered, unanswered) = (memory.answered.len(), memory.unanswered.len());
        world.switch.restart();
        world.terminals_come_back(memory);
        world.comes_to_rest();
        let mut again = world.answered.split_off(old);
        let all = round == rounds;
        let earlier = (0..if all { old } else { OLD_REPEATS.min(old) }).map(|place| {
            let place = if all { place } else { world.dice.below(old) };
            world.answered[place].clone()
        });
        let mut which: Vec<_> = earlier.collect();
        which.extend(again.iter().cloned());
        world.answered.append(&mut again);
        world.repeats(&which);
        println!("round {round}: {answered} answered, {unanswered} not, {} repeated, bank killed: {bank:?}", which.len());
        world.assert_all_is_told_alike(&format!("round {round} of seed {seed}"));
    }
    let (reversed, repeated) = world.cut_off();
    println!("cut off: {reversed} reversed, {repeated} repeated; {} transactions", world.evidence.journal.transactions.len());
    assert!(reversed > 0 && repeated > 0, "no death cut anything off: it is too late, or there is too little load");
}

#[test]
fn a_switch_that_dies_with_its_banks_ten_times_over_loses_nothing() {
    ten_deaths(Banks::InProcess);
}

#[test]
fn a_switch_that_dies_ten_times_over_loses_nothing_when_its_banks_live_on_or_die_before_it() {
    ten_deaths(Banks::OverTcp);
}
