//! SIGKILL of the switch and of its banks while a payroll is submitted, approved, paid and given back, again and again over the same
//! data: everybody is paid once, and what no bank takes is back with the payer, once.
//!
//! `PAYSWITCH_CRASH_SEED` tries a run again, as far as its moments can be told; `PAYSWITCH_CRASH_ROUNDS` sets how many kills there are.

mod audit;
mod doctored;
mod journal;
mod plan;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::crash::ledger::Ledger;
use crate::crash::load::Dice;
use crate::crash::seed;
use crate::harness::{Banks, PATIENCE, PAYSWITCH, Process, Setup, Switch, eventually};
use audit::{Evidence, Progress};
use journal::Journal;
use plan::{FUNDING, Files, Plan};

const BANKS: [&str; 3] = ["acleda", "canadia", "wing"];
/// How often somebody dies, unless `PAYSWITCH_CRASH_ROUNDS` says otherwise: while it is submitted, approved, and given back, each a
/// few times, and else while it is paid.
const KILLS: usize = 24;
const SUBMITTING: usize = 3;
const APPROVING: usize = 2;
const GIVING_BACK: usize = 2;
/// Not all of them are paid in riel: the document has a little more than 5,000 lines.
const PEOPLE: usize = 5_300;
/// Up to so long after what was waited for.
const MOMENT_US: usize = 8_000;
/// What the office does when a submission is cut off; the last time it has answered.
const DOING: [&str; 3] = ["checking", "handing over", "nothing"];
/// So short that what died with a bank is settled within the test.
const TIMERS: &str = "[timers]\natm_ms = 800\npos_ms = 600\nforward_first_ms = 30\nforward_max_ms = 200";
/// One at a time at each bank, so that a payroll lasts longer than twenty deaths.
const WINDOW: usize = 1;

/// A switch that dies and comes back, with a payroll to be paid.
struct World {
    switch: Switch,
    plan: Plan,
    document: Vec<u8>,
    dice: Dice,
    batch: u32,
    journal: Journal,
    kills: usize,
    /// Kills while items were pending.
    in_the_midst: usize,
    accounts: String,
}

impl World {
    fn begin(banks: Banks, people: usize, seed: u64) -> Self {
        let setup = Setup::new(banks, "iso87-ascii");
        let (plan, Files { registry, accounts, document }) = Plan::make(setup.folder.path(), people, seed % 1_000_000);
        let accounts = accounts.display().to_string();
        let of_the_cast = if banks == Banks::InProcess { format!("[cast]\naccounts = {accounts:?}\n") } else { String::new() };
        let setup = setup.with(TIMERS).with(&of_the_cast).with(&format!(
            "[payroll]\nregistry = {registry:?}\nwindow = {WINDOW}\n[[payroll.payer]]\nid = \"MEF\"\ninstitution = \"116900\"\n\
             bank = \"acleda\"\naccounts.KHR = \"{FUNDING}\"\n"
        ));
        let banks: Vec<_> = match banks {
            Banks::InProcess => Vec::new(),
            Banks::OverTcp => BANKS.iter().map(|name| spawn_bank(&setup, name, "127.0.0.1:0", &accounts)).collect(),
        };
        let process = setup.spawn_switch(&banks);
        let switch = Switch { process, banks, setup };
        switch.wait_for_banks();
        let (batch, journal) = (0, Journal::default());
        Self { switch, plan, document, dice: Dice(seed), batch, journal, kills: 0, in_the_midst: 0, accounts }
    }

    fn http(&self) -> SocketAddr {
        self.switch.process.addresses["http"]
    }

    /// Sends the document on a thread of its own. The answer, where one came.
    fn submit(&self) -> JoinHandle<Option<(u16, Value)>> {
        let (address, document) = (self.http(), self.document.clone());
        let head = "POST /payroll HTTP/1.1\r\nContent-Type: application/xml\r\nOperator: dara\r\nReason: first half";
        std::thread::spawn(move || post(address, head, &document))
    }

    /// Approves it on a thread of its own.
    fn approve(&self) -> JoinHandle<Option<(u16, Value)>> {
        let (address, batch) = (self.http(), self.batch);
        let head = format!("POST /payroll/{batch}/approve HTTP/1.1\r\nContent-Type: application/json");
        let body = json!({ "operator": "sovann", "reason": "as agreed" }).to_string();
        std::thread::spawn(move || post(address, &head, body.as_bytes()))
    }

    /// The batch that was submitted, where one was.
    fn batches(&self) -> Vec<(u32, Progress)> {
        let page = self.switch.look("/payroll");
        let lines = page["lines"].as_array().expect("lines");
        lines
            .iter()
            .map(|it| (u32::try_from(it["batch"].as_u64().expect("a number")).expect("fits"), Progress::read(it)))
            .collect()
    }

    fn progress(&self) -> Progress {
        Progress::read(&self.switch.look(&format!("/payroll/{}", self.batch)))
    }

    /// A moment up to so long, of which no event tells: it is to be any.
    fn some_moment(&mut self, micros: usize) {
        let micros = self.dice.below(micros).try_into().expect("fits");
        std::thread::sleep(Duration::from_micros(micros));
    }

    /// The switch dies, looks are taken at what it leaves behind, and it comes back.
    fn switch_dies(&mut self, bank: Option<usize>) {
        if let Some(bank) = bank {
            self.switch.banks[bank].kill();
        }
        self.switch.process.kill();
        self.kills += 1;
        self.look_at_remains(&format!("after kill {} (switch, bank {bank:?})", self.kills));
        if let Some(bank) = bank {
            self.bank_comes_back(bank);
        }
        self.switch.restart();
        // A look takes as long as hundreds of salaries.
        if self.dice.below(3) == 0 {
            self.look("after its restart");
        }
    }

    /// A bank dies while the switch lives on.
    fn bank_dies(&mut self, bank: usize) {
        self.switch.banks[bank].kill();
        self.kills += 1;
        self.look(&format!("after kill {} (bank {bank})", self.kills));
        self.bank_comes_back(bank);
    }

    fn bank_comes_back(&mut self, bank: usize) {
        let address = self.switch.banks[bank].addresses[BANKS[bank]].to_string();
        self.switch.banks[bank] = spawn_bank(&self.switch.setup, BANKS[bank], &address, &self.accounts);
    }

    /// What is durable, with nobody there to tell more.
    fn look_at_remains(&mut self, when: &str) {
        let evidence = self.evidence(None, |_| None);
        self.assert_fits(&evidence, when);
        let (good, text) = self.switch.command(&["journal", "verify"]);
        assert!(good && text.contains("whole"), "{text}");
    }

    /// What the switch says, what its journal holds, what stands at the banks, and what it says then.
    fn look(&mut self, when: &str) {
        let told = |world: &Self| (world.batch > 0).then(|| world.progress());
        let evidence = self.evidence(told(self), told);
        self.assert_fits(&evidence, when);
    }

    fn evidence(&mut self, before: Option<Progress>, after: impl FnOnce(&Self) -> Option<Progress>) -> Evidence {
        let from = (self.journal.last_block + 1).to_string();
        let (good, text) = self.switch.command(&["journal", "export", "--from", &from]);
        assert!(good, "{text}");
        self.journal.fold_all(&text);
        let folder = self.switch.setup.ledgers();
        let ledgers = BANKS.iter().map(|bank| Ledger::read(&folder, bank)).collect();
        let after = after(self);
        Evidence { batch: self.batch, before, journal: self.journal.clone(), ledgers, after, positions: None }
    }

    fn assert_fits(&self, evidence: &Evidence, when: &str) {
        let found = evidence.audit(&self.plan);
        assert!(found.is_empty(), "{when}: {} findings, the first: {:#?}", found.len(), &found[..found.len().min(5)]);
    }

    /// Submits it, and lets the switch die over it; what was not submitted whole is submitted anew.
    fn is_submitted(&mut self, kills: usize) {
        for doing in DOING.into_iter().cycle().take(kills) {
            let answer = self.submit();
            eventually(doing, || answer.is_finished() || self.office_does(doing));
            self.some_moment(MOMENT_US);
            self.switch_dies(None);
            let answer = answer.join().expect("does not panic");
            self.take_submitted();
            println!("killed while {doing}: answer {:?}, batch {}", answer.as_ref().map(|(status, _)| status), self.batch);
            if let Some((status, page)) = answer {
                assert!(status == 503 || self.batch > 0, "what was answered is lost: {status} {page}");
            }
        }
        if self.batch == 0 {
            let (status, page) = self.submit().join().expect("does not panic").expect("is answered");
            assert_eq!(status, 200, "{page}");
            self.take_submitted();
        }
        assert!(self.batch > 0);
        // The same again is refused, whatever died.
        let (status, page) = self.submit().join().expect("does not panic").expect("is answered");
        assert_eq!((status, page["faults"][0]["code"].as_str()), (422, Some("AM05")), "{page}");
        self.look("submitted");
    }

    fn office_does(&self, doing: &str) -> bool {
        self.switch.look("/payroll/office")["lines"][0]["doing"] == doing
    }

    fn take_submitted(&mut self) {
        let all: Vec<_> = self.batches().into_iter().filter(|(_, it)| it.state == "submitted").collect();
        assert!(all.len() <= 1, "submitted twice: {all:?}");
        self.batch = all.first().map_or(self.batch, |(batch, _)| *batch);
    }

    /// Approves it, and lets the switch die over it; what was not funded is approved anew.
    fn is_approved(&mut self, kills: usize) {
        for kill in 0..kills {
            self.waits_for_the_payers_bank();
            let answer = self.approve();
            eventually("it is approved", || kill == 0 || answer.is_finished());
            self.some_moment(MOMENT_US);
            self.switch_dies(None);
            let answer = answer.join().expect("does not panic").map(|(status, _)| status);
            println!("approved, and killed: answer {answer:?}, now {}", self.progress().state);
        }
        self.waits_for_the_payers_bank();
        if ["submitted", "unfunded"].contains(&self.progress().state.as_str()) {
            let (status, page) = self.approve().join().expect("does not panic").expect("is answered");
            assert_eq!(status, 200, "{page}");
        }
    }

    /// Whether it is funded is known.
    fn waits_for_the_payers_bank(&self) {
        eventually("the payer's bank has answered", || self.progress().state != "funding");
    }

    /// Waits until so many items have ended, or all; whether some are pending.
    fn has_ended(&self, count: u64) -> bool {
        let by = Instant::now() + PATIENCE;
        loop {
            let all = self.batches();
            let told = &all.iter().find(|(batch, _)| *batch == self.batch).expect("is there").1;
            if told.pending.0 == 0 || told.paid.0 + told.rejected.0 >= count {
                return told.pending.0 > 0;
            }
            assert!(Instant::now() < by, "it does not go on: {told:?}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Somebody dies, again and again, while it is paid.
    fn is_paid(&mut self, kills: usize) {
        for left in (1..=kills).rev() {
            let told = self.progress();
            let share = usize::try_from(told.pending.0).expect("fits") / left;
            // Fewer than a fair share, for it goes on while somebody looks.
            let ended = told.paid.0 + told.rejected.0 + self.dice.below((3 * share / 2).max(1)) as u64;
            self.in_the_midst += usize::from(self.has_ended(ended));
            self.some_moment(MOMENT_US);
            let bank = self.dice.below(BANKS.len());
            match self.dice.below(4) {
                _ if self.switch.banks.is_empty() => self.switch_dies(None),
                0 => self.switch_dies(None),
                1 | 2 => self.switch_dies(Some(bank)),
                _ => self.bank_dies(bank),
            }
            println!("kill {}: {ended} items had ended, now {:?}", self.kills, self.progress().paid);
        }
    }

    /// The last item has ended, and what was refused goes back: somebody dies over that too.
    fn is_given_back(&mut self, kills: usize) {
        self.has_ended(u64::MAX);
        for _ in 0..kills {
            self.some_moment(MOMENT_US);
            self.switch_dies(None);
        }
        eventually("it is done", || self.progress().state == "done");
    }

    /// Everything at its end.
    fn at_the_end(&mut self) -> Evidence {
        let evidence = self.evidence(Some(self.progress()), |world| Some(world.progress()));
        let mut positions = BTreeMap::new();
        for line in self.switch.look("/positions")["lines"].as_array().expect("lines") {
            if line["currency"] == "KHR" {
                let who = line["participant"].as_str().expect("a name").to_owned();
                *positions.entry(who).or_default() += line["net"].as_i64().expect("an amount");
            }
        }
        Evidence { positions: Some(positions), ..evidence }
    }
}

/// A bank's process, with the accounts that are paid.
fn spawn_bank(setup: &Setup, name: &str, address: &str, accounts: &str) -> Process {
    let mut command = Command::new(PAYSWITCH);
    command.args(["bank", name, "--listen", address, "--log-format", "json", "--accounts", accounts, "--data"]);
    Process::start(command.arg(setup.ledgers()), "listening")
}

/// Sends a body with this head; status and page, or nothing where whoever should answer has died.
fn post(address: SocketAddr, head: &str, body: &[u8]) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let head = format!("{head}\r\nHost: switch\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?))
}

fn kills() -> usize {
    std::env::var("PAYSWITCH_CRASH_ROUNDS").map_or(KILLS, |text| text.parse().expect("a number"))
}

fn paid_once(banks: Banks) {
    let (seed, kills, begun) = (seed(), kills(), Instant::now());
    println!("{banks:?}: PAYSWITCH_CRASH_SEED={seed}");
    let mut world = World::begin(banks, PEOPLE, seed);
    assert!(world.plan.salaries.len() >= 5_000, "{}", world.plan.salaries.len());
    world.is_submitted(SUBMITTING.min(kills));
    world.is_approved(APPROVING.min(kills));
    world.is_paid(kills.saturating_sub(SUBMITTING + APPROVING + GIVING_BACK));
    world.is_given_back(GIVING_BACK.min(kills));
    let evidence = world.at_the_end();
    world.assert_fits(&evidence, &format!("at the end of seed {seed}"));
    let (kills, midst, took) = (world.kills, world.in_the_midst, begun.elapsed());
    println!("{} salaries, {kills} kills, {midst} of them while items were pending, {took:.1?}", world.plan.salaries.len());
    assert!(kills < KILLS || midst >= kills / 3, "it was paid before anybody died: {midst} of {kills}");
}

#[test]
fn everybody_is_paid_once_though_the_switch_dies_with_its_banks_twenty_times_over() {
    paid_once(Banks::InProcess);
}

#[test]
fn everybody_is_paid_once_though_switch_and_banks_die_twenty_times_over() {
    paid_once(Banks::OverTcp);
}
