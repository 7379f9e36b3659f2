//! What hosting costs: `cargo test --release -p payswitch-bank-adapters -- --ignored --nocapture measure`.

use std::time::Instant;

use super::*;
use crate::EchoBank;

#[tokio::test]
#[ignore = "measures, asserts nothing about speed"]
async fn measure_an_echo_bank_over_a_pipe() {
    const ROUNDS: u32 = 4000;
    for dialect in DIALECTS {
        for in_flight in [1, 64] {
            let (mut switch, _served) = link(EchoBank, &host(dialect));
            let batch = switch.frame(&purchase("dara", 1250, 7)).repeat(in_flight);
            let started = Instant::now();
            for _ in 0..ROUNDS {
                switch.stream.write_all(&batch).await.unwrap();
                for _ in 0..in_flight {
                    switch.receive().await;
                }
            }
            let asked = f64::from(ROUNDS) * f64::from(u32::try_from(in_flight).unwrap());
            println!("{dialect}, {in_flight:>2} in flight: {:>8.0} requests/s", asked / started.elapsed().as_secs_f64());
        }
    }
}
