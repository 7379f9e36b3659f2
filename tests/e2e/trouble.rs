//! A disk that is full, busy, slow to answer or broken: what is not durable has never happened, for terminals and banks alike.

use std::collections::{BTreeSet, HashMap};
use std::process::Command;
use std::sync::{Arc, Mutex};

use bank_adapters::Card;
use engine::{Block, Record};
use journal::testing::{Fault, Faults, Faulty};
use journal::{FIRST, Fatal, MasterKey, Reader};
use model::{Currency, Kind, Message, Money, Mti, NetworkCode, ResponseCode};
use rehearsal::{Terminal, TerminalConfig};
use server::{Config, Error, Paths, Running, STREAM, StoreHook};
use tokio::task::JoinHandle;

use crate::fake_bank::{FakeBank, Says, approval, says};
use crate::harness::{Banks, PATIENCE, PAYSWITCH, Process, Setup, cast, eventually, http, run, until};

const APPROVED: ResponseCode = ResponseCode::APPROVED;
const STANDS_STILL: Option<&str> = Some("the journal stands still");

fn card(alias: &str) -> Card {
    cast().card(alias).unwrap().clone()
}

fn riel(minor: u64) -> Money {
    Money::from_minor(minor, Currency::from_alpha("KHR").unwrap())
}

fn rrn(message: &Message<'_>) -> String {
    message.rrn.unwrap().to_string()
}

/// What the journal holds, by DE37.
#[derive(Debug, Default)]
struct Kept {
    sent: BTreeSet<String>,
    approved: BTreeSet<String>,
}

/// Reads the journal as anybody could at this moment.
fn kept(paths: &Paths) -> Kept {
    let reader = Reader::open(paths.journal(), STREAM, &MasterKey::load(paths.master_key()).unwrap()).unwrap();
    let (mut kept, mut names) = (Kept::default(), HashMap::new());
    for block in reader.from(FIRST).map(Result::unwrap).filter(|block| !block.payload.is_empty()) {
        for entry in Block::read(&block.payload).unwrap().entries() {
            match entry.unwrap().record {
                Record::Accepted { transaction, asked } => drop(names.insert(transaction, asked.rrn.to_string())),
                Record::LegStarted { leg, .. } => drop(kept.sent.insert(names[&leg.transaction].clone())),
                Record::Answered { transaction, answer } if answer.code.approves() => {
                    kept.approved.insert(names[&transaction].clone());
                }
                _ => {}
            }
        }
    }
    kept
}

/// A switch in this process on a store that fails on demand, a bank that sees what leaves, a terminal.
struct Scene {
    setup: Setup,
    running: Running,
    faults: Faults,
    bank: Arc<FakeBank>,
    terminal: Arc<Terminal>,
    /// What reached somebody and was not in the journal at that moment.
    unsaved: Arc<Mutex<Vec<String>>>,
}

impl Scene {
    async fn open() -> Self {
        let bank = Arc::new(FakeBank::silent("iso87-ascii"));
        let setup = Setup::new(Banks::InProcess, "iso87-ascii").dialling("canadia", bank.address());
        let (faults, unsaved) = (Faults::default(), Arc::default());
        bank.now_does(watchful(Paths::new(&setup.data()), Arc::clone(&unsaved)));
        let (running, terminal) = start(&setup, Some(&faults)).await;
        Self { setup, running, faults, bank, terminal, unsaved }
    }

    fn paths(&self) -> Paths {
        Paths::new(&self.setup.data())
    }

    fn withdrawal(&self, alias: &str) -> Message<'static> {
        self.terminal.request(Kind::Withdrawal, &card(alias), riel(100))
    }

    async fn withdraws(&self, alias: &str) -> ResponseCode {
        asks(&self.terminal, &self.paths(), &self.unsaved, &self.withdrawal(alias)).await
    }

    /// Asks without waiting for the answer here.
    fn asking(&self, message: Message<'static>) -> JoinHandle<ResponseCode> {
        let (terminal, paths, unsaved) = (Arc::clone(&self.terminal), self.paths(), Arc::clone(&self.unsaved));
        tokio::spawn(async move { asks(&terminal, &paths, &unsaved, &message).await })
    }

    async fn is_ready_again(&self) {
        until("the switch can serve", || self.running.readiness().problem().is_none()).await;
    }

    /// Stops it, and checks that all that anybody ever saw is there to be read.
    async fn everything_seen_is_kept(mut self) {
        self.running.stop();
        self.running.ended().await.unwrap();
        let kept = kept(&self.paths());
        for request in self.bank.seen(Mti::FINANCIAL_REQUEST) {
            assert!(kept.sent.contains(&rrn(&request)), "{} reached the bank", rrn(&request));
        }
        assert_eq!(*self.unsaved.lock().unwrap(), Vec::<String>::new(), "left before it was durable");
    }
}

/// A bank that looks into the journal whenever something reaches it, and approves; `rithy` it lets wait.
fn watchful(paths: Paths, unsaved: Arc<Mutex<Vec<String>>>) -> impl FnMut(&Message<'static>) -> Vec<Says> + Send {
    let waits = card("rithy").pan;
    move |asked| {
        if !kept(&paths).sent.contains(&rrn(asked)) {
            unsaved.lock().unwrap().push(rrn(asked));
        }
        if asked.mti == Mti::FINANCIAL_REQUEST && asked.pan == Some(waits) { Vec::new() } else { vec![says(approval(asked))] }
    }
}

/// Asks, and looks into the journal as soon as an approval has come.
async fn asks(terminal: &Terminal, paths: &Paths, unsaved: &Mutex<Vec<String>>, message: &Message<'static>) -> ResponseCode {
    let code = terminal.ask(message, PATIENCE).await.unwrap().reply.code;
    let is_kept = || kept(paths).approved.contains(&rrn(message));
    if code == APPROVED && message.mti == Mti::FINANCIAL_REQUEST && !is_kept() {
        unsaved.lock().unwrap().push(rrn(message));
    }
    code
}

async fn start(setup: &Setup, faults: Option<&Faults>) -> (Running, Arc<Terminal>) {
    let path = setup.folder.path().join("payswitch.toml");
    let plan = Config::parse(&path, &setup.config(&[])).unwrap().check(&path).unwrap();
    let hook = faults.cloned().map(|faults| -> StoreHook { Box::new(move |store| Faulty::new(store, faults)) });
    let running = server::start(plan, &Paths::new(&setup.data()), hook).unwrap();
    running.readiness().banks_up(3).await;
    let address = running.addresses().acquirers[0].1;
    let terminal = Terminal::connect(address, TerminalConfig::named("ATM00001")).await.unwrap();
    (running, Arc::new(terminal))
}

/// A store that takes nothing for a while: nothing leaves meanwhile, and then everything.
async fn stands_still_and_goes_on(fault: Fault) {
    let scene = Scene::open().await;
    let first = scene.withdrawal("bopha");
    assert_eq!(scene.asking(first).await.unwrap(), APPROVED);
    let open = scene.asking(scene.withdrawal("rithy"));
    until("it is open at the bank", || scene.bank.seen(Mti::FINANCIAL_REQUEST).len() == 2).await;
    let at_bank = scene.bank.seen(Mti::FINANCIAL_REQUEST)[1];

    scene.faults.set(fault);
    scene.bank.say(&approval(&at_bank));
    until("the journal stands still", || scene.running.readiness().problem() == STANDS_STILL).await;
    assert_eq!(scene.withdraws("bopha").await, ResponseCode::MALFUNCTION, "nothing new is admitted");
    let reversal = scene.asking(scene.terminal.reversal(&first, Mti::REVERSAL_ADVICE, None));

    // Echoes go around the gate: once they are back, whatever else had left would be there too.
    for _ in 0..3 {
        let echo = scene.terminal.network(NetworkCode::Echo, PATIENCE).await.unwrap();
        assert_eq!(echo.reply.code, APPROVED);
        scene.bank.echo();
    }
    assert!(!open.is_finished() && !reversal.is_finished(), "no answer without its record");
    assert_eq!((scene.bank.seen(Mti::FINANCIAL_REQUEST).len(), scene.bank.seen(Mti::REVERSAL_ADVICE).len()), (2, 0));
    let stuck = scene.faults.tries().last().copied();
    until("the same block is tried again", || scene.faults.tries().iter().filter(|it| Some(**it) == stuck).count() > 3).await;

    scene.faults.clear();
    assert_eq!((open.await.unwrap(), reversal.await.unwrap()), (APPROVED, APPROVED));
    until("the bank is told of the reversal", || scene.bank.seen(Mti::REVERSAL_ADVICE).len() == 1).await;
    scene.is_ready_again().await;
    assert_eq!(scene.withdraws("bopha").await, APPROVED);
    scene.everything_seen_is_kept().await;
}

#[test]
fn a_full_disk_stops_the_switch_from_saying_anything_new_until_there_is_room() {
    run(stands_still_and_goes_on(Fault::Full));
}

#[test]
fn a_busy_store_is_waited_for() {
    run(stands_still_and_goes_on(Fault::Busy));
}

#[test]
fn a_block_lost_on_its_way_to_the_store_is_written_again() {
    run(stands_still_and_goes_on(Fault::RequestLost));
}

#[test]
fn a_store_that_cannot_be_reached_is_waited_for() {
    run(stands_still_and_goes_on(Fault::Unreachable));
}

#[test]
fn a_block_whose_confirmation_was_lost_is_found_and_not_written_twice() {
    run(async {
        let scene = Scene::open().await;
        scene.faults.set(Fault::AnswerLost);
        for _ in 0..5 {
            assert_eq!(scene.withdraws("bopha").await, APPROVED);
        }
        let numbers: Vec<u64> = scene.faults.tries().iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len(), "each block once: {numbers:?}");
        scene.everything_seen_is_kept().await;
    });
}

#[test]
fn a_failed_sync_ends_the_switch_with_nothing_unsaved_said_and_a_new_start_recovers() {
    run(async {
        let mut scene = Scene::open().await;
        assert_eq!(scene.withdraws("bopha").await, APPROVED);
        let open = scene.withdrawal("rithy");
        scene.terminal.send(&open).await.unwrap();
        until("it is open at the bank", || scene.bank.seen(Mti::FINANCIAL_REQUEST).len() == 2).await;

        scene.faults.set(Fault::SyncFailed);
        let unsaved = scene.withdrawal("bopha");
        scene.terminal.send(&unsaved).await.unwrap();
        let ended = scene.running.ended().await;
        assert!(matches!(ended, Err(Error::Fatal(Fatal::SyncFailed(_)))), "{ended:?}");
        assert!(scene.terminal.next_unmatched().await.is_none(), "the link is gone, and no answer came before");
        assert_eq!(scene.bank.seen(Mti::FINANCIAL_REQUEST).len(), 2, "the bank was asked nothing that was not kept");

        let (running, terminal) = start(&scene.setup, None).await;
        (scene.running, scene.terminal) = (running, terminal);
        let told = async |message| scene.terminal.ask(&message, PATIENCE).await.unwrap().reply.code;
        assert_eq!(told(scene.terminal.repeat(&open)).await, ResponseCode::BANK_UNAVAILABLE, "open when it stopped");
        // Whether the first to arrive is marked as a repeat is of no matter: it is the same advice.
        let advices = || [Mti::REVERSAL_ADVICE, Mti::REVERSAL_ADVICE_REPEAT].map(|mti| scene.bank.seen(mti)).concat();
        until("and undone", || advices().iter().any(|advice| advice.rrn == open.rrn)).await;
        assert_eq!(told(scene.terminal.repeat(&unsaved)).await, APPROVED, "unheard of, so it is done now");
        let asked = scene.bank.seen(Mti::FINANCIAL_REQUEST);
        assert_eq!(asked.iter().filter(|it| it.rrn == unsaved.rrn).count(), 1, "once");
        scene.everything_seen_is_kept().await;
    });
}

/// The same with nothing made up: a file system of a few megabytes, and a file that fills it.
#[test]
fn a_really_full_disk_is_survived() {
    let bank = FakeBank::approving("iso87-ascii");
    let setup = Setup::new(Banks::InProcess, "iso87-ascii").dialling("canadia", bank.address());
    let (data, config) = (setup.data(), setup.folder.path().join("payswitch.toml"));
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(&config, setup.config(&[])).unwrap();
    let small = |then: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", "mount -t tmpfs -o size=6m none \"$0\" && exec \"$@\""]).arg(&data).args(then);
        command
    };
    if !small(&["true"]).output().is_ok_and(|it| it.status.success()) {
        println!(
            "LEFT OUT: a really full disk. Mounting a small file system in a namespace of its own needs to be root on Linux."
        );
        return;
    }
    let arguments = [PAYSWITCH, "run", "--config", config.to_str().unwrap(), "--data", data.to_str().unwrap()];
    let process = Process::start(&mut small(&arguments), "the switch runs");
    let ready = || http(process.addresses["http"], "/ready");
    run(async {
        let up = || http(process.addresses["http"], "/metrics").1.contains("payswitch_bank_up{bank=\"canadia\"} 1");
        until("canadia is up", up).await;
        let terminal = Terminal::connect(process.addresses["terminals"], TerminalConfig::named("ATM00001")).await.unwrap();
        let withdrawal = || terminal.request(Kind::Withdrawal, &card("bopha"), riel(100));
        assert_eq!(terminal.ask(&withdrawal(), PATIENCE).await.unwrap().reply.code, APPROVED);

        let ballast = format!("/proc/{}/root{}/ballast", process.id(), data.display());
        let mut file = std::fs::File::create(&ballast).unwrap();
        while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}

        // There may be room for a few in what the journal's file holds already.
        let mut waiting = Vec::new();
        while ready().0 == 200 {
            let request = withdrawal();
            match terminal.ask(&request, std::time::Duration::from_millis(500)).await {
                Ok(answered) => assert_eq!(answered.reply.code, APPROVED),
                Err(rehearsal::Error::Silent { .. }) => waiting.push(request),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(ready(), (503, "not ready: the journal stands still\n".to_owned()));
        let refused = terminal.ask(&withdrawal(), PATIENCE).await.unwrap().reply.code;
        assert_eq!(refused, ResponseCode::MALFUNCTION);
        let seen = bank.seen(Mti::FINANCIAL_REQUEST);
        assert!(waiting.iter().all(|it| seen.iter().all(|seen| seen.rrn != it.rrn)), "what is not durable is asked of nobody");

        std::fs::remove_file(&ballast).unwrap();
        drop(file);
        until("there is room again", || ready().0 == 200).await;
        for _ in &waiting {
            let late = terminal.next_unmatched().await.unwrap().reply.unwrap();
            assert_eq!(late.code, APPROVED, "what waited is done");
        }
        assert_eq!(terminal.ask(&withdrawal(), PATIENCE).await.unwrap().reply.code, APPROVED);
        let lag = || {
            let (_, page) = http(process.addresses["http"], "/metrics");
            let value = |name: &str| page.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok()).unwrap();
            value("payswitch_journal_block ") - value("payswitch_follower_block ")
        };
        eventually("the views have caught up", || lag() == 0);
    });
}

#[test]
fn an_order_is_answered_when_the_block_that_holds_it_is_durable_and_not_before() {
    run(async {
        let scene = Scene::open().await;
        let orders = scene.running.orders().clone();
        let cutover = |reason: &str| server::Order {
            operator: "sovann".to_owned(),
            reason: reason.to_owned(),
            command: engine::Command::Cutover,
        };
        scene.faults.set(Fault::Full);
        let (giving, order) = (orders.clone(), cutover("early close"));
        let given = tokio::spawn(async move { giving.give(order).await });
        until("the journal stands still", || scene.running.readiness().problem() == STANDS_STILL).await;
        assert_eq!(orders.give(cutover("again")).await, Err(server::Unfulfilled::NotNow));
        let date = |state: &engine::State, _: &engine::Rules| state.date();
        let looked = orders.look(date).await.unwrap();
        assert!(!given.is_finished(), "it is decided, and not durable");

        scene.faults.clear();
        let block = given.await.unwrap().unwrap();
        let reader =
            Reader::open(scene.paths().journal(), STREAM, &MasterKey::load(scene.paths().master_key()).unwrap()).unwrap();
        let held = reader.from(block).next().unwrap().unwrap();
        let records: Vec<String> =
            Block::read(&held.payload).unwrap().entries().map(|entry| format!("{:?}", entry.unwrap().record)).collect();
        let is_there = |record: &&String| record.starts_with("Operated") && record.contains("early close");
        assert_eq!(records.iter().filter(is_there).count(), 1, "{records:?}");
        assert!(records.iter().any(|record| *record == format!("DayOpened {{ date: {looked:?} }}")), "{records:?}");
        scene.is_ready_again().await;
        scene.everything_seen_is_kept().await;
    });
}
