//! What one message costs: parsing and building, deciding, keeping, simulating. The machine's noise is in every figure; compare within one run.
//!
//! `cargo bench --bench micro`; a word behind `--` picks by name, `codec` the table of codecs. `iso8583_rs` reads its specification
//! from the file that an environment variable names at first use, so this program starts itself again with that variable set.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a measuring program may fail loudly, and is read")]

mod codec;
mod deciding;
mod journaling;
mod simulating;
mod withdrawal;

use std::process::{Command, ExitCode};
use std::time::Duration;

use criterion::Criterion;

const SPEC_VARIABLE: &str = "SPEC_FILE";
const SPEC_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/micro/withdrawal.yaml");

fn main() -> ExitCode {
    if std::env::var_os(SPEC_VARIABLE).is_none() {
        let program = std::env::current_exe().expect("has a path");
        let status = Command::new(program).args(std::env::args_os().skip(1)).env(SPEC_VARIABLE, SPEC_FILE).status();
        return if status.expect("starts").success() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    // Without this word cargo only tries whether it runs.
    let measuring = std::env::args().any(|word| word == "--bench");
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if chosen.is_empty() || chosen.iter().any(|word| "codec".contains(word.as_str())) {
        codec::compare(if measuring { 3000 } else { 1 });
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(1500))
        .sample_size(30)
        .configure_from_args();
    deciding::bench(&mut criterion);
    journaling::bench(&mut criterion);
    simulating::bench(&mut criterion);
    criterion.final_summary();
    ExitCode::SUCCESS
}
