//! Measures what a withdrawal costs the engine on one core: `cargo run --release -p payswitch-engine --example decide_rate`.
//!
//! Deciding (request and reply, made on the way, records written into blocks) and applying the same blocks to a second state, as a follower does.
//! The state grows with each, as it does in a running switch.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool that prints a table, run by hand")]

use std::time::Duration;

use engine::{
    About, Acquirer, BankEvent, BankId, BankRules, Block, BlockWriter, Engine, Input, LinkId, Out, Peer, Prefix, Record, Rules,
    State, Timers,
};
use model::{
    Currency, InstitutionId, Kind, LocalDate, LocalTime, Message, Mti, Pan, ProcessingCode, ResponseCode, Rrn, Stan, TerminalId,
    Text, Timestamp, TransmissionTime, UtcOffset,
};

const BANK: BankId = BankId(116_001);
const NOON: Timestamp = Timestamp::from_micros(1_672_203_600_000_000);
/// Requests that wait for their answers at a time.
const IN_FLIGHT: u32 = 128;
const ROUNDS: u32 = 4_000;

fn main() {
    for _ in 0..5 {
        // On a thread of its own, as in the switch: there memory is had at another price.
        std::thread::spawn(measure).join().unwrap();
    }
}

fn measure() {
    let mut engine = Engine::new(rules(), State::default(), 42);
    let mut shell = Shell { now: NOON, ..Shell::default() };
    engine.handle(shell.now, Input::Recovered, &mut shell);
    engine.handle(shell.now, Input::Bank(BANK, BankEvent::Up), &mut shell);
    let spent = on_core();
    let blocks: Vec<Vec<u8>> = (0..ROUNDS).map(|round| shell.round(&mut engine, round)).collect();
    let deciding = on_core() - spent;
    let mut follower = State::default();
    let spent = on_core();
    for block in &blocks {
        for entry in Block::read(block).unwrap().entries() {
            let entry = entry.unwrap();
            follower.apply(entry.at, &entry.record);
        }
    }
    let applying = on_core() - spent;
    assert_eq!(follower.digest(), engine.state().digest(), "the follower goes where the engine went");
    let count = u64::from(ROUNDS * IN_FLIGHT);
    assert_eq!(shell.approved, count, "approved");
    let nanos = |took: Duration| took.as_nanos() / u128::from(count);
    println!(
        "{count} withdrawals: deciding {} ns, applying what was decided {} ns, {} bytes of records each",
        nanos(deciding),
        nanos(applying),
        blocks.iter().map(Vec::len).sum::<usize>() as u64 / count
    );
}

/// What this thread has had of a core so far. The clock alone also counts what the machine did meanwhile.
fn on_core() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// Keeps records in a block, and what a bank's answer repeats of its request.
#[derive(Default)]
struct Shell {
    now: Timestamp,
    block: BlockWriter,
    asked: Vec<Message<'static>>,
    approved: u64,
}

impl Shell {
    /// Requests, then their answers, in one block.
    fn round(&mut self, engine: &mut Engine, round: u32) -> Vec<u8> {
        for number in round * IN_FLIGHT..(round + 1) * IN_FLIGHT {
            let message = &request(number);
            let acquirer = Acquirer { institution: message.acquirer.unwrap(), escrow: false };
            self.input(engine, Input::Request { link: LinkId(7), acquirer, message, card: None });
        }
        for asked in std::mem::take(&mut self.asked) {
            let message = Message { code: Some(ResponseCode::APPROVED), authorization: Text::new(b"BENCH0"), ..asked };
            self.input(engine, Input::Reply { bank: BANK, message: &message, sound: true });
        }
        std::mem::take(&mut self.block).finish(engine.state().digest())
    }

    fn input(&mut self, engine: &mut Engine, input: Input<'_>) {
        self.now = self.now + Duration::from_micros(1);
        engine.handle(self.now, input, self);
    }
}

impl Out for Shell {
    fn append(&mut self, _: &State, record: &Record<'_>) {
        self.block.append(self.now, record);
    }

    fn send(&mut self, to: Peer, message: &Message<'_>, _: About) {
        match to {
            Peer::Bank(_) => {
                let Message { stan, transmitted, rrn, terminal, acquirer, .. } = *message;
                self.asked.push(Message { stan, transmitted, rrn, terminal, acquirer, ..Message::new(Mti::FINANCIAL_RESPONSE) });
            }
            Peer::Link(_) => self.approved += u64::from(message.code == Some(ResponseCode::APPROVED)),
        }
    }
}

/// The withdrawal that an ATM asks for, under a number of its own.
fn request(number: u32) -> Message<'static> {
    let (terminal, stan) = (number / Stan::MAX, number % Stan::MAX + 1);
    let card =
        (0..10).filter_map(|check| Pan::from_parts(9_116_010_000_000_000 + u64::from(number % 50_000) * 10 + check, 16).ok());
    Message {
        pan: card.into_iter().find(|pan| pan.luhn_holds()),
        processing: Some(ProcessingCode::of(Kind::Withdrawal)),
        amount: Some(5_000_000),
        transmitted: Some(TransmissionTime::of(NOON)),
        stan: Stan::new(stan),
        local_time: LocalTime::new(120_000),
        local_date: LocalDate::new(1228),
        merchant_type: Some(6011),
        entry_mode: Some(51),
        acquirer: InstitutionId::new(116_900),
        rrn: Rrn::new(format!("{number:012}").as_bytes()),
        terminal: TerminalId::new(format!("ATM{terminal:05}").as_bytes()),
        merchant: Text::new(b"BENCH0000000001"),
        currency: Currency::from_alpha("KHR"),
        ..Message::new(Mti::FINANCIAL_REQUEST)
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
