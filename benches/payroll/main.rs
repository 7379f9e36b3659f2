//! Payrolls end to end: a document over HTTP, the switch in its default configuration (journal synced, views and follower on), and three
//! reference banks with their ledgers, in the switch's process or as processes of their own.
//!
//! `cargo bench --bench payroll` runs every row; `-- --quick` one of 5,000 salaries; `-- --only in-process:220000` that row, with
//! `tcp:` for banks as processes, and `kills:` for a row in which switch and banks are killed twenty times; `--switch PROGRAM` measures
//! another build. What is paid is read from the banks' ledgers: where anybody is not paid once, it fails.
//!
//! Knows: which processes run, and what is printed. Does not know: how a payroll is paid.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a measuring program: it prints, it may fail loudly, and its numbers are far below what a cast could cut"
)]

mod books;
mod files;
#[path = "../e2e/machine.rs"]
mod machine;
mod parties;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use books::Books;
use files::Files;
use parties::{Parties, Progress};

/// How often somebody is killed in a row of kills.
const KILLS: i64 = 20;
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(900);
const ROWS: [&str; 6] =
    ["in-process:55000", "in-process:220000", "in-process:880000", "tcp:220000", "kills:220000", "tcp-kills:220000"];

/// What is measured in a row.
#[derive(Clone, Copy, Debug)]
struct Row {
    over_tcp: bool,
    kills: bool,
    salaries: u32,
}

impl Row {
    fn parse(text: &str) -> Self {
        let parts = text.split_once(':').and_then(|(how, salaries)| Some((how, salaries.parse().ok()?)));
        let (how, salaries) = parts.unwrap_or_else(|| panic!("{text:?} is no row; write in-process:220000"));
        Self { over_tcp: how.starts_with("tcp"), kills: how.ends_with("kills"), salaries }
    }
}

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let after = |name: &str| words.iter().skip_while(|word| *word != name).nth(1).cloned();
    if !words.iter().any(|word| word == "--bench") {
        println!("payroll bench: run it with `cargo bench --bench payroll`");
        return ExitCode::SUCCESS;
    }
    let program = after("--switch").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_payswitch")), PathBuf::from);
    let quick = words.iter().any(|word| word == "--quick").then(|| "in-process:5000".to_owned());
    let rows = after("--only").or(quick).map_or_else(|| ROWS.map(str::to_owned).to_vec(), |row| vec![row]);
    let folder = tempfile::Builder::new().prefix("payroll-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    println!("a 4 KB write with its sync takes {:.0} µs here (median of 200)", machine::sync_micros(folder.path()));
    println!(
        "{:>18} {:>9} {:>8} {:>9} {:>8} {:>9} {:>9} {:>8} {:>10} {:>9}",
        "row", "salaries", "check s", "submit s", "pay s", "items/s", "peak MB", "rest MB", "journal B", "B each"
    );
    for text in rows {
        let row = Row::parse(&text);
        let place = folder.path().join(text.replace(':', "-"));
        let files = Files::make(&program, &place, row.salaries);
        measure(&text, row, &program, &place, &files);
        std::fs::remove_dir_all(&place).expect("can be cleared");
    }
    ExitCode::SUCCESS
}

fn measure(name: &str, row: Row, program: &std::path::Path, place: &std::path::Path, files: &Files) {
    let mut parties = Parties::start(program, place, files, row.over_tcp);
    let begun = Instant::now();
    parties.check(files);
    let checked = begun.elapsed();
    let begun = Instant::now();
    let batch = parties.submit(files);
    let submitted = begun.elapsed();
    let (before, everybody, others_before) = (parties.threads(), machine::everybody(), parties.processor_time());
    let begun = Instant::now();
    parties.approve(batch);
    let killed = if row.kills { dies_again_and_again(&mut parties, batch, files) } else { 0 };
    let done = wait(&parties, batch, |told| {
        assert_ne!(told.state, "unfunded", "{told:?}");
        told.state == "done"
    });
    let paid = begun.elapsed();
    let everybody = machine::everybody().saturating_sub(everybody);
    let ours = parties.processor_time().saturating_sub(others_before);
    Books::read(&parties.ledgers()).assert_paid(files, &done);
    let (peak, resident) = parties.memory_mb();
    let bytes = parties.journal_bytes();
    println!(
        "{name:>18} {:>9} {:>8.2} {:>9.2} {:>8.2} {:>9.0} {peak:>9} {resident:>8} {bytes:>10} {:>9.0}",
        files.salaries,
        checked.as_secs_f64(),
        submitted.as_secs_f64(),
        paid.as_secs_f64(),
        f64::from(files.salaries) / paid.as_secs_f64(),
        bytes as f64 / f64::from(files.salaries),
    );
    if killed > 0 {
        return println!(
            "{:>18} {killed} kills; after each, and at the end, nobody was paid twice; at the end everybody once",
            ""
        );
    }
    let share = |time: &Duration| 100.0 * time.as_secs_f64() / paid.as_secs_f64();
    let mut threads: Vec<_> = machine::since(&before, &parties.threads()).into_iter().collect();
    threads.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    let told = threads.iter().filter(|(_, time)| share(time) >= 0.5).map(|(name, time)| {
        let each = time.as_secs_f64() * 1e6 / f64::from(files.salaries);
        format!("{name} {:.0} % ({each:.1} µs each)", share(time))
    });
    let told = told.collect::<Vec<_>>().join(", ");
    let others = share(&everybody.saturating_sub(ours));
    println!("{:>18} while it pays, of one processor: {told}; processes that do not belong here: {others:.0} %", "");
}

/// Waits until it is so.
fn wait(parties: &Parties, batch: u64, is_so: impl Fn(&Progress) -> bool) -> Progress {
    let begun = Instant::now();
    loop {
        let told = parties.progress(batch);
        if is_so(&told) {
            return told;
        }
        assert!(begun.elapsed() < PATIENCE, "it does not go on: {told:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Kills switch, banks, or both, each time a part of what is left has been paid, and reads the ledgers each time.
fn dies_again_and_again(parties: &mut Parties, batch: u64, files: &Files) -> i64 {
    let mut seed = files.seed;
    for left in (1..=KILLS).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let drawn = seed >> 33;
        let told = parties.progress(batch);
        let until = told.ended + drawn as i64 % (2 * (told.pending / left).max(1));
        wait(parties, batch, |told| told.pending == 0 || told.ended >= until);
        let before = parties.progress(batch);
        let dead_switch = parties.kill(drawn);
        Books::read(&parties.ledgers()).assert_nobody_is_paid_twice(files, &before);
        parties.revive(dead_switch);
        let after = parties.progress(batch);
        assert!(after.adds_up(), "{after:?}");
    }
    KILLS
}
