//! Measures how many transactions a second are folded on one core: `cargo run --release -p payswitch-views --example fold_rate`.
//!
//! Each transaction is four records over two blocks: accepted and sent in one, answered by its bank and told in the next, as it is
//! when banks answer within a moment.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool that prints a table, run by hand")]

use std::time::{Duration, Instant};

use engine::{Answer, Asked, BankId, BlockWriter, Identity, LegId, LinkId, OnTimeout, Record};
use model::{
    BusinessDate, Currency, InstitutionId, Kind, LocalDate, LocalTime, Mti, Pan, ProcessingCode, ResponseCode, Rrn, Stan,
    TerminalId, Text, Timestamp, TransactionId, TransmissionTime,
};
use views::Views;

const IN_BLOCK: u64 = 300;
const BLOCKS: u64 = 2_000;

fn main() {
    let blocks: Vec<Vec<u8>> = (0..=BLOCKS).map(block).collect();
    for at_once in [1, 4, 16, 64] {
        let folder = tempfile::TempDir::new().unwrap();
        let mut views = Views::open(&folder.path().join("views.db"), [7; 32]).unwrap();
        let mut numbered = (1..).zip(blocks.iter().map(Vec::as_slice)).peekable();
        let (begun, spent) = (Instant::now(), on_core());
        while numbered.peek().is_some() {
            views.fold(numbered.by_ref().take(at_once)).unwrap();
        }
        let (took, spent) = (begun.elapsed(), on_core() - spent);
        let transactions = BLOCKS * IN_BLOCK;
        println!(
            "{transactions} transactions, blocks of {IN_BLOCK}, {at_once:>2} blocks a fold: {:>7} for each second on a core, {:>7} for \
             each second of the clock",
            rate(transactions, spent),
            rate(transactions, took)
        );
    }
}

fn rate(transactions: u64, took: Duration) -> u128 {
    u128::from(transactions) * 1_000_000 / took.as_micros()
}

/// What this thread has had of a core so far. The clock alone also counts what the machine did meanwhile.
fn on_core() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// The answers to the transactions of the block before, then new ones.
fn block(number: u64) -> Vec<u8> {
    let mut block = BlockWriter::default();
    let at = Timestamp::from_micros(1_672_203_600_000_000) + Duration::from_millis(number);
    if number == 0 {
        block.append(at, &Record::DayOpened { date: BusinessDate::from_days(19_354) });
    }
    for transaction in ids(number.wrapping_sub(1)) {
        let leg = LegId { transaction, index: 0 };
        let answer = Answer { authorization: Text::new(b"A00001"), ..Answer::of(ResponseCode::APPROVED) };
        block.append(at, &Record::LegAnswered { leg, answer });
        block.append(at, &Record::Answered { transaction, answer });
    }
    for transaction in ids(number) {
        let identity = Identity { stan: stan(transaction), transmitted: TransmissionTime::of(at) };
        let due = at + Duration::from_secs(25);
        block.append(at, &Record::Accepted { transaction, asked: asked(transaction, at) });
        let leg = LegId { transaction, index: 0 };
        let (bank, on_timeout) = (BankId(116_001), OnTimeout::Reverse);
        let started = Record::LegStarted { leg, bank, identity, due, on_timeout, fee: 0, interchange: 0, used: None };
        block.append(at, &started);
    }
    block.finish(0)
}

/// The transactions that come in a block; none in the last.
fn ids(block: u64) -> impl Iterator<Item = TransactionId> {
    let first = if block < BLOCKS { block * IN_BLOCK + 1 } else { 0 };
    let count = if block < BLOCKS { IN_BLOCK } else { 0 };
    (first..first + count).map(TransactionId)
}

fn stan(transaction: TransactionId) -> Stan {
    Stan::new(u32::try_from(transaction.0 % 1_000_000).unwrap()).unwrap()
}

fn asked(transaction: TransactionId, at: Timestamp) -> Asked {
    Asked {
        link: LinkId(7),
        mti: Mti::FINANCIAL_REQUEST,
        pan: Pan::from_parts(9_116_010_000_000_000 + transaction.0 * 7_919 % 1_000_000, 16).ok(),
        processing: ProcessingCode::of(Kind::Withdrawal),
        amount: 5_000_000,
        currency: Currency::from_alpha("KHR").unwrap(),
        transmitted: TransmissionTime::of(at),
        stan: stan(transaction),
        local_time: LocalTime::new(120_000).unwrap(),
        local_date: LocalDate::new(1228).unwrap(),
        merchant_type: Some(6011),
        entry_mode: Some(51),
        condition: Some(2),
        acquirer: InstitutionId::new(116_900).unwrap(),
        // References of sixteen acquirers that count each for itself.
        rrn: Rrn::new(format!("{:02}{:010}", transaction.0 % 16, transaction.0 / 16).as_bytes()).unwrap(),
        terminal: TerminalId::new(b"ATM00001").unwrap(),
        merchant: None,
        stands: 0,
        receiver: None,
        from_account: None,
        to_account: None,
    }
}
