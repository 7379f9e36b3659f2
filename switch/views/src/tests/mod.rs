//! Stories about what readers see, told by the real engine through a shell that keeps each input's records as a block.

mod folding;
mod payroll;
mod rows;
mod telling;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::{
    About, Acquirer, BankEvent, BankId, BankRules, BlockWriter, Engine, Input, LinkId, Out, Peer, Prefix, Record, Rules, State,
    Timers,
};
use journal::{Event, Journal, MasterKey, Options, Reader, SqliteOptions, SqliteStore, Synchronous};
use model::{
    Currency, InstitutionId, Kind, Message, Mti, OriginalData, Pan, ProcessingCode, ResponseCode, Rrn, Stan, TerminalId, Text,
    Timestamp, TransmissionTime, UtcOffset,
};
use tempfile::TempDir;

use crate::why::{Story, stories};
use crate::{Queries, TransactionRow, Views};

const APPROVED: ResponseCode = ResponseCode::APPROVED;
const ACLEDA: BankId = BankId(116_001);
const ATM: LinkId = LinkId(7);
/// 2022-12-28T05:00:00Z, noon in Phnom Penh.
const NOON: Timestamp = Timestamp::from_micros(1_672_203_600_000_000);
const CARD: &[u8] = b"9116010000000019";
const ACCOUNT: &[u8] = b"100000000001";
const KEY: [u8; 32] = [7; 32];

#[derive(Default)]
struct Shell {
    now: Timestamp,
    block: BlockWriter,
    sent: VecDeque<(Peer, Message<'static>, About)>,
}

impl Out for Shell {
    fn append(&mut self, _before: &State, record: &Record<'_>) {
        self.block.append(self.now, record);
    }

    fn send(&mut self, to: Peer, message: &Message<'_>, about: About) {
        // Nothing here lends bytes to a message, so all of it can be kept.
        let none = Message::<'static>::new(message.mti);
        let Message { pan, processing, amount, transmitted, stan, local_time, local_date, acquirer, rrn, code, .. } = *message;
        let Message { terminal, currency, original, replacement, authorization, to_account, .. } = *message;
        let kept = Message { pan, processing, amount, transmitted, stan, local_time, local_date, acquirer, rrn, code, ..none };
        let kept = Message { terminal, currency, original, replacement, authorization, to_account, ..kept };
        self.sent.push_back((to, kept, about));
    }
}

/// A switch with one bank, an ATM and a clock in the hand of the test, and the blocks that it has written.
struct World {
    engine: Engine,
    shell: Shell,
    /// Payloads of the blocks from number 1 on; an empty one opens each owner's.
    blocks: Vec<Vec<u8>>,
    stan: u32,
}

impl World {
    fn new() -> Self {
        let engine = Engine::new(rules(), State::default(), 42);
        let shell = Shell { now: NOON, ..Shell::default() };
        let mut world = Self { engine, shell, blocks: vec![Vec::new()], stan: 0 };
        world.input(Input::Recovered);
        world.bank(BankEvent::Up);
        world
    }

    fn input(&mut self, input: Input<'_>) {
        self.engine.handle(self.shell.now, input, &mut self.shell);
        if !self.shell.block.is_empty() {
            let block = std::mem::take(&mut self.shell.block);
            self.blocks.push(block.finish(self.engine.state().digest()));
        }
    }

    fn bank(&mut self, event: BankEvent) {
        self.input(Input::Bank(ACLEDA, event));
    }

    /// The process dies and starts again with what was kept.
    fn crash(&mut self) {
        self.engine = Engine::new(rules(), self.engine.state().clone(), 42);
        self.blocks.push(Vec::new());
        self.input(Input::Recovered);
        self.shell.sent.clear();
        self.bank(BankEvent::Up);
    }

    fn wait(&mut self, time: Duration) {
        let until = self.shell.now + time;
        while self.engine.deadline() <= until {
            self.shell.now = self.shell.now.max(self.engine.deadline());
            self.input(Input::Tick);
        }
        self.shell.now = until;
        self.input(Input::Tick);
    }

    fn ask(&mut self, kind: Kind, minor: u64) -> Message<'static> {
        self.stan += 1;
        let (now, local) = (self.shell.now, UtcOffset::from_minutes(420).unwrap());
        Message {
            pan: Pan::from_digits(CARD).ok(),
            processing: Some(ProcessingCode::of(kind)),
            amount: Some(minor),
            transmitted: Some(TransmissionTime::of(now)),
            stan: Stan::new(self.stan),
            local_time: Some(local.local_time(now)),
            local_date: Some(local.local_date(now)),
            rrn: Rrn::new(format!("{:012}", self.stan).as_bytes()),
            terminal: TerminalId::new(b"ATM00001"),
            currency: Currency::from_alpha("KHR"),
            ..Message::new(Mti::FINANCIAL_REQUEST)
        }
    }

    fn salary(&mut self, minor: u64) -> Message<'static> {
        let card = self.ask(Kind::Salary, minor);
        Message { pan: None, receiver: InstitutionId::new(116_001), to_account: Text::new(ACCOUNT), ..card }
    }

    fn reversal(&mut self, original: &Message<'static>, stands: u64) -> Message<'static> {
        let fresh = self.ask(Kind::Withdrawal, 0);
        let named = OriginalData {
            mti: original.mti,
            stan: original.stan.unwrap(),
            transmitted: original.transmitted,
            local: original.local_date.zip(original.local_time),
            acquirer: None,
            forwarder: None,
        };
        Message {
            mti: Mti::REVERSAL_ADVICE,
            stan: fresh.stan,
            transmitted: fresh.transmitted,
            original: Some(named),
            replacement: Some(stands).filter(|stands| *stands > 0),
            ..*original
        }
    }

    fn send(&mut self, message: &Message<'_>) {
        let acquirer = Acquirer { institution: InstitutionId::new(116_900).unwrap(), escrow: false };
        self.input(Input::Request { link: ATM, acquirer, message, card: None });
    }

    /// The last thing sent to the bank since the last look.
    fn at_bank(&mut self) -> Message<'static> {
        let (mut mine, others): (VecDeque<_>, _) = self.shell.sent.drain(..).partition(|(to, _, _)| *to == Peer::Bank(ACLEDA));
        self.shell.sent = others;
        mine.pop_back().unwrap().1
    }

    /// The bank answers after some time.
    fn bank_says(&mut self, to: &Message<'static>, code: ResponseCode, after: Duration) {
        self.wait(after);
        let authorization = Text::new(b"A00001").filter(|_| code.approves());
        let reply = Message { mti: to.mti.response(), code: Some(code), authorization, ..*to };
        self.input(Input::Reply { bank: ACLEDA, message: &reply, sound: true });
    }

    /// A request that the bank answers with `code` within 40 ms.
    fn answered(&mut self, kind: Kind, minor: u64, code: ResponseCode) -> Message<'static> {
        let request = self.ask(kind, minor);
        self.send(&request);
        let leg = self.at_bank();
        self.bank_says(&leg, code, ms(40));
        request
    }

    /// A withdrawal that the bank does not answer; its reversal is confirmed with `code`.
    fn timed_out(&mut self, minor: u64, code: ResponseCode) -> Message<'static> {
        let request = self.ask(Kind::Withdrawal, minor);
        self.send(&request);
        self.wait(ms(26_500));
        let advice = self.at_bank();
        self.bank_says(&advice, code, ms(12));
        request
    }

    fn numbered(&self) -> impl Iterator<Item = (u64, &[u8])> {
        (1..).zip(self.blocks.iter().map(Vec::as_slice))
    }

    /// The views of all blocks, in a folder of their own.
    fn house(&self) -> House {
        let house = House::empty();
        house.views().fold(self.numbered()).unwrap();
        house
    }

    /// The row of the transaction with this number.
    fn row(&self, id: u64) -> TransactionRow {
        self.house().queries().by_id(id).unwrap().unwrap()
    }

    /// The stories of the RRN that the request with this trace number has.
    fn stories(&self, stan: u32) -> Vec<Story> {
        let house = self.house();
        house.write_journal(&self.blocks);
        house.stories(&format!("{stan:012}"))
    }
}

/// A folder with a journal, its key and its views.
struct House {
    folder: TempDir,
    master: MasterKey,
}

impl House {
    fn empty() -> Self {
        Self { folder: TempDir::new().unwrap(), master: MasterKey::ephemeral().unwrap() }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn views(&self) -> Views {
        Views::open(&self.path("views.db"), KEY).unwrap()
    }

    fn queries(&self) -> Queries {
        Queries::open(&self.path("views.db")).unwrap()
    }

    fn write_journal(&self, blocks: &[Vec<u8>]) {
        for owner in blocks.chunk_by(|_, next| !next.is_empty()) {
            let path = self.path("journal.db");
            let open = async move || {
                SqliteStore::open(path, "test", SqliteOptions { synchronous: Synchronous::Off, ..SqliteOptions::default() })
            };
            let (mut journal, mut events) = Journal::start(open, "test", &self.master, Options::default()).unwrap();
            for block in &owner[1..] {
                journal.submit(journal.next(), block.clone()).unwrap();
                assert!(matches!(events.blocking_next(), Some(Event::Durable { .. })));
            }
            journal.close().unwrap();
        }
    }

    fn stories(&self, rrn: &str) -> Vec<Story> {
        let reader = Reader::open(self.path("journal.db"), "test", &self.master).unwrap();
        stories(&self.queries(), &reader, rrn).unwrap()
    }

    /// Every value of every table.
    fn dump(&self) -> Vec<String> {
        dump(&self.path("views.db"))
    }
}

fn dump(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut lines = Vec::new();
    for table in ["transactions", "meta"] {
        let mut select = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
        let columns = select.column_count();
        let line = |row: &rusqlite::Row<'_>| {
            let values = (0..columns).map(|column| row.get::<_, rusqlite::types::Value>(column));
            values.collect::<Result<Vec<_>, _>>().map(|values| format!("{table} {values:?}"))
        };
        lines.extend(select.query_map((), line).unwrap().map(Result::unwrap));
    }
    lines
}

/// Everything that may happen to a transaction, in one stream.
fn eventful_world() -> World {
    let mut world = World::new();
    world.answered(Kind::Withdrawal, 5_000_000, APPROVED);
    world.answered(Kind::Purchase, 700, ResponseCode::NOT_SUFFICIENT_FUNDS);
    let twice = world.ask(Kind::Withdrawal, 100);
    world.send(&twice);
    let leg = world.at_bank();
    world.send(&twice);
    world.bank_says(&leg, APPROVED, ms(90));
    world.timed_out(300, APPROVED);
    world.timed_out(301, ResponseCode::FORMAT_ERROR);

    let salary = world.salary(8_000);
    world.send(&salary);
    world.wait(ms(25_000));
    let repeat = world.at_bank();
    world.bank_says(&repeat, APPROVED, ms(5));
    let (undone, declined) = (world.salary(8_001), world.salary(8_002));
    for salary in [undone, declined] {
        world.send(&salary);
        world.wait(ms(25_000));
        let repeat = world.at_bank();
        let reversal = world.reversal(&salary, 0);
        world.send(&reversal);
        let code = if salary == undone { APPROVED } else { ResponseCode::NO_SUCH_ACCOUNT };
        world.bank_says(&repeat, code, ms(5));
        if salary == undone {
            let advice = world.at_bank();
            world.bank_says(&advice, APPROVED, ms(5));
        }
    }
    for stands in [0, 2_000_000] {
        let purchase = world.answered(Kind::Purchase, 5_000_000, APPROVED);
        let reversal = world.reversal(&purchase, stands);
        world.send(&reversal);
        let advice = world.at_bank();
        world.bank_says(&advice, APPROVED, ms(30));
    }
    let never_came = world.ask(Kind::Withdrawal, 400);
    let reversal = world.reversal(&never_came, 0);
    world.send(&reversal);
    let (open, inquiry) = (world.ask(Kind::Withdrawal, 500), world.ask(Kind::Balance, 0));
    world.send(&open);
    world.send(&inquiry);
    world.crash();
    world.bank(BankEvent::Down);
    let refused = world.ask(Kind::Withdrawal, 600);
    world.send(&refused);
    world.wait(hours(3));
    world.bank(BankEvent::Up);
    let unheard = world.answered(Kind::Withdrawal, 900, APPROVED);
    let about = world.shell.sent.back().unwrap().2;
    world.input(Input::Undelivered(about));
    assert_eq!(unheard.stan, Stan::new(world.stan));
    world
}

fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn rules() -> Rules {
    let bank = BankRules {
        id: ACLEDA,
        name: "acleda".to_owned(),
        prefixes: Prefix::parse("911601").into_iter().collect(),
        kinds: Kind::ALL.to_vec(),
        currencies: Currency::from_alpha("KHR").into_iter().collect(),
        in_flight_max: 8,
        ..BankRules::default()
    };
    Rules {
        institution: InstitutionId::new(116_000).unwrap(),
        offset: UtcOffset::from_minutes(420).unwrap(),
        timers: Timers { forward_life: hours(2), ..Timers::default() },
        banks: vec![bank],
        ..Rules::default()
    }
}
