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
