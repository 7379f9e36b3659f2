//! Recording: the demo, a proxy before a real switch, and its journal become scenarios, and these replay.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rehearsal::replay::{Report, Verdict, replay, report};
use rehearsal::stage::Embedded;
use rehearsal::{Story, StoryTimers};

use crate::harness::{Banks, PAYSWITCH, Setup, cast, run};

/// The switch's timers, so that nobody waits 25 s for the silent bank.
const TIMERS: &str = "[timers]\natm_ms = 1500\npos_ms = 1500";

/// Plays a recorded file on a stage of its own, and gives its text with the report on it.
fn replayed(file: &Path) -> (String, Report) {
    let played = replay(&[file.to_owned()], 1, &cast(), &Embedded, |_| true, |_| {});
    let verdict = &played.scenarios.first().expect("the file was played").verdict;
    assert!(matches!(verdict, Verdict::Passed), "{verdict:#?}\n{}", std::fs::read_to_string(file).unwrap());
    (std::fs::read_to_string(file).unwrap(), played)
}

/// Every run of 13 to 19 digits that may be a card number, and every card, track and account of the cast that stands there whole.
pub(crate) fn secrets(text: &str) -> Vec<String> {
    let luhn = |digits: &str| {
        let sum: u32 = digits.bytes().rev().zip([1, 2].into_iter().cycle()).fold(0, |sum, (digit, times)| {
            let product = u32::from(digit - b'0') * times;
            sum + product / 10 + product % 10
        });
        sum.is_multiple_of(10)
    };
    let runs = text.split(|it: char| !it.is_ascii_digit());
    // No card number begins with 0 (ISO/IEC 7812-1); the padded figures of DE54, which reports show as they stand, do.
    let may_be_a_card = |run: &&str| (13..=19).contains(&run.len()) && !run.starts_with('0') && luhn(run);
    let suspects = runs.filter(may_be_a_card).map(str::to_owned);
    let numbers =
        cast().cards().iter().map(|card| card.pan.number().to_string()).filter(|it| text.contains(it)).collect::<Vec<_>>();
    suspects.chain(numbers).collect()
}

/// Neither the file nor any report on it holds what nobody may read.
fn holds_no_secret((text, played): &(String, Report)) {
    for shown in [text.clone(), report::json::of(played).to_string(), report::html::page(played), report::junit::xml(played)] {
        assert_eq!(secrets(&shown), [] as [String; 0]);
    }
}

#[test]
fn a_recorded_demo_replays() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo.toml");
    let output = Command::new(PAYSWITCH).args(["demo", "--check", "--record"]).arg(&file).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("33 requests and 33 answers recorded"), "{told}");
    let replayed = replayed(&file);
    assert!(replayed.0.contains("timers.atm_ms = 1500"), "{}", replayed.0);
    holds_no_secret(&replayed);
}

/// `payswitch record` before a switch.
struct Proxy {
    child: Child,
    address: SocketAddr,
}

impl Proxy {
    fn before(to: SocketAddr, out: &Path, config: &Path) -> Self {
        let mut command = Command::new(PAYSWITCH);
        command
            .args(["record", "--listen", "127.0.0.1:0", "--to", &to.to_string(), "--out"])
            .arg(out)
            .arg("--config")
            .arg(config);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("{line}"));
        Self { child, address }
    }

    /// SIGTERM: what was recorded is not lost.
    fn stop(mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(asked.success() && self.child.wait().unwrap().success());
    }
}

fn from_journal(data: &Path, config: &Path, out: PathBuf) -> PathBuf {
    let mut command = Command::new(PAYSWITCH);
    let output =
        command.args(["record", "--journal"]).arg(data).arg("--config").arg(config).arg("--out").arg(&out).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    out
}

#[test]
fn what_passed_before_a_switch_replays_and_so_does_its_journal() {
    run(async {
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").with(TIMERS).start();
        let folder = switch.setup.folder.path().to_owned();
        let (config, wire) = (folder.join("payswitch.toml"), folder.join("wire.toml"));
        let proxy = Proxy::before(switch.terminals(), &wire, &config);
        let cast = cast();
        let timers = StoryTimers { bank: Duration::from_millis(1500), ..StoryTimers::default() };
        let told = Story { timers, ..Story::new(&cast) }.tell(proxy.address, |_| {}).await.unwrap();
        assert!(told.passed(), "{told:#?}");
        let order = serde_json::json!({ "order": "cutover", "operator": "sovann", "reason": "the day is over" });
        assert_eq!(switch.order(&order).0, 200);
        proxy.stop();
        assert!(!std::fs::read_dir(&folder).unwrap().any(|it| it.unwrap().file_name().to_string_lossy().contains("recording")));

        let from_wire = replayed(&wire);
        assert!(from_wire.0.contains("send = \"reversal-advice\"") && from_wire.0.contains("available = "), "{}", from_wire.0);
        holds_no_secret(&from_wire);
        let from_journal = replayed(&from_journal(&switch.setup.data(), &config, folder.join("journal.toml")));
        for step in [
            "command = \"cutover\"\noperator = \"sovann\"",
            "send = \"repeat\"",
            "replacement = \"15.00 USD\"",
            "send = \"sign-on\"",
        ] {
            assert!(from_journal.0.contains(step), "{step}\n{}", from_journal.0);
        }
        holds_no_secret(&from_journal);
    });
}

/// A proxy before a switch that is not there, and how it ends.
fn hung_up(out: &Path) -> std::process::ExitStatus {
    let config = out.with_file_name("payswitch.toml");
    std::fs::write(&config, server::config::DEFAULT).unwrap();
    let mut proxy = Proxy::before(SocketAddr::from(([127, 0, 0, 1], 1)), out, &config);
    assert!(Command::new("kill").args(["-HUP", &proxy.child.id().to_string()]).status().unwrap().success());
    proxy.child.wait().unwrap()
}

#[test]
fn a_recording_outlives_the_window_that_it_was_started_in() {
    let folder = tempfile::tempdir().unwrap();
    // Nothing was said, so it ends with 1; it is no signal that ends it.
    assert_eq!(hung_up(&folder.path().join("it.toml")).code(), Some(1));
}

#[test]
fn a_recording_is_not_written_over_a_file_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("it.toml");
    std::fs::write(&file, "precious").unwrap();
    let record = |more: &[&str]| {
        let mut command = Command::new(PAYSWITCH);
        command.args(["record", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "--for", "1ms", "--out"]).arg(&file);
        let output = command.args(more).output().unwrap();
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let told = record(&[]);
    assert!(told.contains("it.toml is there already; --force writes over it"), "{told}");
    let told = record(&["--force"]);
    assert!(told.contains("nothing was recorded"), "{told}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
}

#[test]
fn a_link_to_a_scenario_stays_a_link_when_it_is_formatted() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("it.toml"), folder.path().join("link.toml"));
    std::fs::write(&file, "title   =   \"t\"\n[[step]]\nsend =  \"echo\"\n").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let output = Command::new(PAYSWITCH).args(["scenario", "fmt"]).arg(&link).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(link.is_symlink());
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("title = \"t\"\n"));
}
