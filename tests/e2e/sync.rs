//! What SIGKILL cannot show, because the page cache survives it: that a block is on the disk before anything leaves that rests
//! on it. The switch runs under `strace`, and the trace is checked: between the receipt that caused a frame and the send of that
//! frame lies a write to the journal's log, and behind that write a sync that was over before the send began.

mod trace;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use model::{Currency, Kind, Money};
use rehearsal::Terminal;
use tokio::task::JoinSet;

use crate::harness::{self, Banks, PATIENCE, PAYSWITCH, Process, Setup, Switch, eventually};
use crate::left_out::left_out;
use trace::{Ports, Strictness, Verdict};

/// One after the other: the strict proof.
const SEQUENTIAL: usize = 24;
/// At once: connections, and requests on each.
const CONNECTIONS: usize = 6;
const EACH: usize = 24;

/// Every system call by which bytes reach a socket or a file, or leave it, or a file is made durable.
const CALLS: &str = "trace=fsync,fdatasync,sync_file_range,msync,sync,syncfs,write,pwrite64,writev,pwritev,pwritev2,read,readv,\
                     sendto,sendmsg,sendmmsg,sendfile,splice,recvfrom,recvmsg,recvmmsg,io_uring_enter";

/// A switch under `strace`. The tracer ends with the switch, never before it.
struct Traced {
    switch: Switch,
    id: String,
    trace: PathBuf,
}

impl Traced {
    fn start(more: &str) -> Self {
        let setup = Setup::new(Banks::OverTcp, "iso87-ascii").with(more);
        let banks: Vec<_> = ["acleda", "canadia", "wing"].iter().map(|name| setup.spawn_bank(name, "127.0.0.1:0")).collect();
        let [config, trace] = ["payswitch.toml", "trace"].map(|name| setup.folder.path().join(name));
        std::fs::write(&config, setup.config(&banks)).expect("is written");
        let mut command = Command::new("strace");
        command.args(["-f", "-ttt", "-yy", "-s", "65536", "-e", "signal=none", "-e", CALLS, "-o"]).arg(&trace);
        command.args([PAYSWITCH, "run", "--config"]).arg(config).arg("--data").arg(setup.data());
        let process = Process::start(&mut command, "the switch runs");
        let children = format!("/proc/{0}/task/{0}/children", process.id());
        let id = std::fs::read_to_string(children).expect("the tracer has a child").trim().to_owned();
        let switch = Switch { process, banks, setup };
        let traced = Self { switch, id, trace };
        traced.switch.wait_for_banks();
        traced
    }

    /// Lets the switch end and judges what it did.
    fn verdict(mut self, strictness: Strictness) -> Verdict {
        self.signal("-TERM");
        eventually("the switch has ended", || !self.switch.process.is_running());
        let port = |process: &Process, link: &str| process.addresses[link].port();
        let banks = ["acleda", "canadia", "wing"].iter().zip(&self.switch.banks).map(|(name, bank)| port(bank, name));
        let ports = Ports { terminals: port(&self.switch.process, "terminals"), banks: banks.collect() };
        let text = std::fs::read_to_string(&self.trace).expect("there is a trace");
        trace::judge(&text, &ports, &self.switch.dialect(), strictness)
    }

    fn signal(&self, signal: &str) {
        let _ = Command::new("kill").args([signal, &self.id]).stderr(Stdio::null()).status();
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        // A tracer that is killed leaves its child alive.
        if self.switch.process.is_running() {
            self.signal("-KILL");
        }
    }
}

/// Whether there is a tracer that may trace. Where everything must be tested its lack is a failure, else it is said.
fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).stderr(Stdio::piped()).output();
    let problem = match tried {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    left_out("that blocks are synced before anything leaves", &format!("strace cannot be used: {problem}"));
    false
}

/// Asks for withdrawals on one connection, each when the one before is answered.
async fn withdraws(terminal: &Terminal, count: usize) {
    let (cast, riel) = (harness::cast(), Currency::from_alpha("KHR").expect("is one"));
    for alias in ["dara", "bopha", "vanna"].iter().cycle().take(count) {
        let card = cast.card(alias).expect("is there");
        let request = terminal.request(Kind::Withdrawal, card, Money::from_minor(10_000, riel));
        let exchange = terminal.ask(&request, PATIENCE).await.expect("is answered");
        assert_eq!(exchange.reply.code.to_string(), "00");
    }
}

fn one_after_the_other(more: &str) -> Verdict {
    let traced = Traced::start(more);
    harness::run(async {
        let terminal = traced.switch.terminal("SYNC0001").await;
        withdraws(&terminal, SEQUENTIAL).await;
    });
    traced.verdict(Strictness::OneAtATime)
}

#[test]
fn nothing_leaves_before_its_block_is_synced() {
    if !can_trace() {
        return;
    }
    let verdict = one_after_the_other("");
    // Of each withdrawal one frame goes to a bank and one to the terminal.
    assert_eq!(verdict.checked, 2 * SEQUENTIAL);
    assert_eq!(verdict.too_early, Vec::<String>::new());
}

#[test]
fn nothing_leaves_before_its_block_is_synced_when_many_ask_at_once() {
    if !can_trace() {
        return;
    }
    let traced = Traced::start("");
    harness::run(async {
        let mut asking = JoinSet::new();
        for number in 0..CONNECTIONS {
            let terminal = Arc::new(traced.switch.terminal(&format!("SYNC{number:04}")).await);
            for _ in 0..EACH {
                let terminal = Arc::clone(&terminal);
                asking.spawn(async move { withdraws(&terminal, 1).await });
            }
        }
        asking.join_all().await;
    });
    let verdict = traced.verdict(Strictness::ManyAtOnce);
    assert_eq!(verdict.checked, 2 * CONNECTIONS * EACH);
    assert_eq!(verdict.too_early, Vec::<String>::new());
}

#[test]
fn where_the_journal_is_not_synced_the_trace_shows_it() {
    if !can_trace() {
        return;
    }
    let verdict = one_after_the_other("[journal]\nsynchronous = \"off\"");
    assert_eq!((verdict.checked, verdict.too_early.len()), (2 * SEQUENTIAL, 2 * SEQUENTIAL), "{verdict:?}");
}
