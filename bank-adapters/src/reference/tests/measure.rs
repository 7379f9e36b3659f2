//! How fast a ledger is, on the machine at hand: `cargo test --release -p payswitch-bank-adapters -- --ignored --nocapture measure`.

use std::sync::Arc;
use std::time::Instant;

use futures_util::stream::{self, StreamExt};

use super::*;
use crate::{Bank, Call, Clock, ReferenceBank, SystemClock};

#[tokio::test]
#[ignore = "measures, asserts nothing about speed"]
async fn measure_durable_purchases() {
    const COUNT: u32 = 100_000;
    let cast = Cast::builtin().with_bulk(1000).unwrap();
    let cards: Vec<_> = cast.cards_of("acleda").filter(|card| card.alias.starts_with("acleda-")).cloned().collect();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    for in_flight in [1, 16, 256, 1024, 4096] {
        let place = tempfile::tempdir().unwrap();
        let bank = ReferenceBank::open("acleda", place.path(), &cast).unwrap();
        let count = if in_flight == 1 { COUNT / 50 } else { COUNT };
        let template = request(Kind::Purchase, "dara", dollars("1"), 1);
        let started = Instant::now();
        let calls = stream::iter(1..=count).map(|stan| {
            let pan = Some(cards[usize::try_from(stan).unwrap() % cards.len()].pan);
            let rrn = Rrn::new(format!("{stan:012}").as_bytes());
            let request =
                BankRequest::Financial(Box::new(Financial { pan, rrn, reference: reference(stan), ..template.clone() }));
            bank.call(request, Call::new(reference(stan), NOW, clock.clone()))
        });
        let approved = calls.buffer_unordered(in_flight).filter(|outcome| {
            let approves = matches!(outcome, crate::Outcome::Answered(reply) if reply.code.approves());
            std::future::ready(approves)
        });
        let approved = approved.count().await;
        let seconds = started.elapsed().as_secs_f64();
        println!("{in_flight:>5} in flight: {:>7.0} purchases/s ({approved} of {count} approved)", f64::from(count) / seconds);
        drop(bank);
        let started = Instant::now();
        let again = ReferenceBank::open("acleda", place.path(), &cast).unwrap();
        println!("      reopened with {count} operations in {:?}", started.elapsed());
        drop(again);
        let statement = Statement::open(&place.path().join("acleda.db")).unwrap();
        assert_eq!(statement.settlement(usd()).unwrap(), i64::from(count) * 100);
    }
}

/// Microseconds that this thread has had of a processor.
fn processor_time() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    told.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e3
}

/// Salaries of as many accounts as one of three banks has of 220,000, in batches as large as the bank's own, on the ledger alone.
#[test]
#[ignore = "measures, asserts nothing about speed"]
fn measure_durable_salaries() {
    const ACCOUNTS: u32 = 73_334;
    let cast = Cast::builtin().with_bulk(ACCOUNTS).unwrap();
    let accounts: Vec<_> = cast.cards_of("acleda").filter(|card| card.alias.starts_with("acleda-")).cloned().collect();
    let place = tempfile::tempdir().unwrap();
    let started = Instant::now();
    let mut ledger = Ledger::open(cast.bank("acleda").unwrap(), place.path(), &cast).unwrap();
    println!("opened with {} accounts in {:?}", accounts.len() * 2, started.elapsed());
    for (series, batch) in (0u32..).zip([1024, 64, 1]) {
        let count = if batch == 1 { 2_000 } else { ACCOUNTS };
        let template = request(Kind::Salary, "dara", riel("600000"), 1);
        // Scattered, as a payroll's accounts are, and each once.
        let requests: Vec<_> = (0..count)
            .map(|place| {
                let at = usize::try_from(u64::from(place) * 48_271 % u64::from(ACCOUNTS)).unwrap();
                let to_account = accounts[at].account(khr()).map(|account| account.number);
                let mut reference = reference(place % 1_000_000);
                reference.transmitted = model::TransmissionTime::new(reference.transmitted.number() + series).unwrap();
                let rrn = Rrn::new(format!("{:012}", series * 1_000_000 + place).as_bytes());
                let asked = Financial { pan: None, to_account, rrn, reference, ..template.clone() };
                (BankRequest::Financial(Box::new(asked)), NOW)
            })
            .collect();
        let (started, cpu) = (Instant::now(), processor_time());
        let approved: usize = requests
            .chunks(batch)
            .map(|batch| {
                ledger.post(batch).unwrap().iter().filter(|it| matches!(it, Answer::Given(it) if it.code == APPROVED)).count()
            })
            .sum();
        let took = started.elapsed();
        let each = took.as_secs_f64() * 1e6 / f64::from(count);
        let of_processor = (processor_time() - cpu) / f64::from(count);
        println!(
            "batches of {batch:>4}: {each:>6.2} µs a salary, {of_processor:>6.2} of them of the processor, {:>7.0}/s ({approved} approved)",
            1e6 / each
        );
    }
    drop(ledger);
    let size = std::fs::metadata(place.path().join("acleda.db")).unwrap().len();
    let started = Instant::now();
    let again = Ledger::open(cast.bank("acleda").unwrap(), place.path(), &cast).unwrap();
    println!("reopened in {:?}, {:.1} MB", started.elapsed(), size as f64 / 1e6);
    drop(again);
    let statement = Statement::open(&place.path().join("acleda.db")).unwrap();
    let started = Instant::now();
    assert_eq!(statement.unbalanced().unwrap(), []);
    println!("proved balanced in {:?}", started.elapsed());
}
