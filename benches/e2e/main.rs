//! End to end: a client, the switch and three banks as processes of their own on this machine, everything over TCP, the switch
//! in its default configuration (journal synced before anything leaves, views and follower on).
//!
//! `cargo bench --bench e2e` runs every row; `-- --quick` one short row; `-- --only 16x16` that row; `--seconds N` sets its
//! length; `--keep` leaves the data folder behind; `--switch PROGRAM` measures another build. It says how fast things are and judges nothing by it, for that is the
//! machine's business too; but it fails when one answer is missing or is not the approval that was asked for.
//!
//! The model is closed: C connections with W requests in flight each, a new one for each answer. So latencies are those at
//! full load, and a stall delays the requests that would have come meanwhile instead of showing them late.
//!
//! Knows: which processes run, and what is printed. Does not know: what a client sends (`client`), what a bank answers (`bank`).

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a measuring program: it prints, it may fail loudly, and its numbers are far below what a cast could cut"
)]

mod arguments;
mod bank;
mod client;
mod machine;
mod process;
mod report;
mod traffic;

use std::process::ExitCode;

use arguments::{Arguments, Role};
use process::Parties;
use report::Row;

fn main() -> ExitCode {
    let arguments = Arguments::read();
    match &arguments.role {
        Some(Role::Bank) => bank::run(),
        Some(Role::Client(load)) => client::run(load),
        None if !arguments.bench => println!("end-to-end bench: run it with `cargo bench --bench e2e`"),
        None => return measure(&arguments),
    }
    ExitCode::SUCCESS
}

fn measure(arguments: &Arguments) -> ExitCode {
    let program = arguments.switch.as_deref().unwrap_or(env!("CARGO_BIN_EXE_payswitch").as_ref());
    let folder = tempfile::Builder::new().prefix("e2e-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder for data");
    println!("a 4 KB write with its sync takes {:.0} µs here (median of 200)", machine::sync_micros(folder.path()));
    report::heading();
    let mut sound = true;
    for load in arguments.loads() {
        let parties = Parties::start(program, &folder.path().join(load.name()));
        let row = Row::measure(&parties, &load);
        row.print(&load);
        sound &= row.is_sound();
    }
    if arguments.keep {
        println!("data kept in {}", folder.keep().display());
    }
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
