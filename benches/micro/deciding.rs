//! The engine alone: a whole withdrawal (request and reply) on a state that grows with each, and a request that comes again.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use engine::{
    About, Acquirer, BankEvent, BankId, BankRules, BlockWriter, Engine, Input, LinkId, Out, Peer, Prefix, Record, Rules, State,
    Timers,
};
use model::{Currency, InstitutionId, Kind, Message, Mti, ResponseCode, Stan, TerminalId, Text, Timestamp, UtcOffset};

use crate::withdrawal::withdrawal;

const BANK: BankId = BankId(116_001);
const NOON: Timestamp = Timestamp::from_micros(1_672_203_600_000_000);
/// Records are kept as the shard keeps them, in blocks of about this many bytes.
const BLOCK_BYTES: usize = 25 * 1024;

pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(1));
    let mut switch = Switch::new();
    group.bench_function("withdrawal", |b| b.iter(|| switch.withdrawal()));
    let mut switch = Switch::new();
    switch.withdrawal();
    let again = switch.last;
    group.bench_function("duplicate", |b| b.iter(|| switch.ask(black_box(&again))));
    group.finish();
}

/// An engine with one bank.
struct Switch {
    engine: Engine,
    shell: Shell,
    count: u32,
    last: Message<'static>,
}

/// Keeps records and the name under which the bank was asked.
#[derive(Default)]
struct Shell {
    now: Timestamp,
    block: BlockWriter,
    asked: Message<'static>,
    answers: u64,
}

impl Out for Shell {
    fn append(&mut self, _: &State, record: &Record<'_>) {
        self.block.append(self.now, record);
        if self.block.len() > BLOCK_BYTES {
            self.block = BlockWriter::reusing(std::mem::take(&mut self.block).finish(0));
        }
    }

    fn send(&mut self, to: Peer, message: &Message<'_>, _: About) {
        match to {
            Peer::Bank(_) => {
                let Message { stan, transmitted, rrn, terminal, acquirer, .. } = *message;
                self.asked = Message { stan, transmitted, rrn, terminal, acquirer, ..Message::new(Mti::FINANCIAL_RESPONSE) };
            }
            Peer::Link(_) => self.answers += u64::from(message.code == Some(ResponseCode::APPROVED)),
        }
    }
}

impl Switch {
    fn new() -> Self {
        let engine = Engine::new(rules(), State::default(), 42);
        let mut switch = Self { engine, shell: Shell { now: NOON, ..Shell::default() }, count: 0, last: withdrawal() };
        switch.input(Input::Recovered);
        switch.input(Input::Bank(BANK, BankEvent::Up));
        switch
    }

    fn input(&mut self, input: Input<'_>) {
        self.shell.now = self.shell.now + Duration::from_micros(1);
        self.engine.handle(self.shell.now, input, &mut self.shell);
    }

    fn ask(&mut self, message: &Message<'_>) {
        let acquirer = Acquirer { institution: message.acquirer.unwrap(), escrow: false };
        self.input(Input::Request { link: LinkId(7), acquirer, message, card: None });
    }

    /// A new request, and the bank's approval.
    fn withdrawal(&mut self) {
        self.count += 1;
        let (lap, number) = (self.count / Stan::MAX, self.count % Stan::MAX + 1);
        if number == 1 {
            self.last.terminal = TerminalId::new(format!("ATM{lap:05}").as_bytes());
        }
        self.last.stan = Stan::new(number);
        let message = self.last;
        self.ask(&message);
        let reply = Message { code: Some(ResponseCode::APPROVED), authorization: Text::new(b"BENCH0"), ..self.shell.asked };
        let before = self.shell.answers;
        self.input(Input::Reply { bank: BANK, message: &reply, sound: true });
        assert_eq!(self.shell.answers, before + 1, "approved");
    }
}

fn rules() -> Rules {
    Rules {
        institution: InstitutionId::new(116_000).unwrap(),
        offset: UtcOffset::from_minutes(420).unwrap(),
        timers: Timers::default(),
        banks: vec![BankRules {
            id: BANK,
            name: "acleda".into(),
            prefixes: vec![Prefix::parse("911601").unwrap()],
            kinds: Kind::ALL.to_vec(),
            currencies: vec![Currency::from_alpha("KHR").unwrap()],
            in_flight_max: 65_536,
            ..BankRules::default()
        }],
        ..Rules::default()
    }
}
