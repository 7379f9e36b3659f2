//! Measures what a payroll costs in the engine alone: `cargo run --release -p payswitch-engine --example payroll_cost [ITEMS]`.
//!
//! A batch is handed over, funded and paid by four banks that answer 00 at once. Prints the time of an item and its bytes in the journal for
//! each part, then what of the process's memory the batch takes while its items wait and when all have ended.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool that prints figures, run by hand")]

use std::collections::VecDeque;
use std::time::Duration;

use engine::{
    About, BankEvent, BankId, BankRules, BatchHeader, BatchState, BlockWriter, Engine, Input, Out, PayeeIdentity, PayrollItem,
    PayrollOrder, Peer, Record, Rules, State,
};
use model::{Currency, HalfMonth, InstitutionId, Kind, Message, ResponseCode, Text, Timestamp, UtcOffset};

const NOON: Timestamp = Timestamp::from_micros(1_672_203_600_000_000);
const BANKS: [u32; 4] = [116_001, 116_002, 116_003, 116_004];

#[derive(Default)]
struct Shell {
    block: BlockWriter,
    bytes: usize,
    sent: VecDeque<(BankId, Message<'static>)>,
}

impl Out for Shell {
    fn append(&mut self, _before: &State, record: &Record<'_>) {
        self.block.append(NOON, record);
    }

    fn send(&mut self, to: Peer, message: &Message<'_>, _about: About) {
        let Peer::Bank(bank) = to else { return };
        let Message { mti, stan, transmitted, rrn, terminal, acquirer, .. } = *message;
        self.sent.push_back((bank, Message { stan, transmitted, rrn, terminal, acquirer, ..Message::new(mti) }));
    }
}

impl Shell {
    /// What was kept is written; its bytes are counted.
    fn write(&mut self) {
        let full = std::mem::take(&mut self.block);
        if !full.is_empty() {
            let bytes = full.finish(0);
            self.bytes += bytes.len();
            self.block = BlockWriter::reusing(bytes);
        }
    }
}

/// One part of the road: how long each item took, and how many bytes of the journal.
fn part(name: &str, items: u32, shell: &mut Shell, work: impl FnOnce(&mut Shell)) {
    let (before, begun) = (shell.bytes, on_core());
    work(shell);
    shell.write();
    let (took, bytes) = (on_core() - begun, shell.bytes - before);
    println!("{name:<12} {:>6.0} ns an item, {:>5} bytes of journal", nanos(took, items), bytes / items as usize);
}

/// What this thread has had of a core so far. The clock alone also counts what the machine did meanwhile.
fn on_core() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

fn nanos(took: Duration, items: u32) -> f64 {
    took.as_secs_f64() * 1e9 / f64::from(items)
}

fn main() {
    let items: u32 = std::env::args().nth(1).map_or(220_000, |text| text.parse().unwrap());
    let mut engine = Engine::new(rules(), State::default(), 1);
    let mut shell = Shell::default();
    engine.handle(NOON, Input::Recovered, &mut shell);
    for bank in BANKS {
        engine.handle(NOON, Input::Bank(BankId(bank), BankEvent::Up), &mut shell);
    }
    let before = resident();
    let batch = order(&mut engine, &mut shell, "a", &PayrollOrder::Open(header(items)));
    part("handed over", items, &mut shell, |shell| {
        for first in (0..items).step_by(1_000) {
            let items = (first..items.min(first + 1_000)).map(salary).collect();
            order(&mut engine, shell, "a", &PayrollOrder::Items { batch, items });
            shell.write();
        }
        order(&mut engine, shell, "a", &PayrollOrder::Complete(batch));
    });
    println!("waiting      {:>6} bytes of memory an item", resident().saturating_sub(before) / items as usize);
    part("paid", items, &mut shell, |shell| {
        order(&mut engine, shell, "b", &PayrollOrder::Approve(batch));
        while engine.state().batch_state(batch) != Some(BatchState::Done) {
            if let Some((bank, asked)) = shell.sent.pop_front() {
                let reply = Message { mti: asked.mti.response(), code: Some(ResponseCode::APPROVED), ..asked };
                engine.handle(NOON, Input::Reply { bank, message: &reply, sound: true }, shell);
            } else {
                engine.handle(NOON, Input::Tick, shell);
            }
            if shell.block.len() > 65_536 {
                shell.write();
            }
        }
    });
    println!("ended        {:>6} bytes of memory an item", resident().saturating_sub(before) / items as usize);
    let (mut snapshot, begun) = (Vec::new(), on_core());
    engine.state().snapshot(&mut snapshot);
    println!("snapshot     {:>6.0} ns an item, {:>5} bytes", nanos(on_core() - begun, items), snapshot.len() / items as usize);
}

fn order(engine: &mut Engine, shell: &mut Shell, operator: &str, order: &PayrollOrder) -> engine::BatchId {
    engine.payroll(NOON, operator, "measured", order, shell).unwrap()
}

fn header(items: u32) -> BatchHeader {
    let pays_on = UtcOffset::from_minutes(420).unwrap().date(NOON);
    BatchHeader {
        payer: Text::new(b"MEF").unwrap(),
        message: Text::new(b"MEF-2022-12-2").unwrap(),
        message_key: [1; 16],
        file_key: [2; 16],
        period: HalfMonth::of(pays_on),
        pays_on,
        currency: Currency::from_alpha("KHR").unwrap(),
        count: items,
        total: u64::from(items) * 120_000_000,
        acquirer: InstitutionId::new(116_900).unwrap(),
        funding_bank: BankId(BANKS[0]),
        funding_account: Text::new(b"001900000116").unwrap(),
    }
}

fn salary(place: u32) -> PayrollItem {
    // As scattered as a digest is.
    let mixed = u128::from(place).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    PayrollItem {
        identity: PayeeIdentity(mixed.to_be_bytes()),
        bank: BankId(BANKS[place as usize % BANKS.len()]),
        account: Text::new(format!("{place:012}").as_bytes()).unwrap(),
        amount: 120_000_000,
    }
}

/// Bytes of memory that this process has, as Linux tells; 0 elsewhere.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn rules() -> Rules {
    let bank = |id: u32| BankRules {
        id: BankId(id),
        kinds: Kind::ALL.to_vec(),
        currencies: Currency::from_alpha("KHR").into_iter().collect(),
        in_flight_max: 10_000,
        ..BankRules::default()
    };
    Rules {
        institution: InstitutionId::new(116_000).unwrap(),
        offset: UtcOffset::from_minutes(420).unwrap(),
        banks: BANKS.map(bank).to_vec(),
        ..Rules::default()
    }
}
