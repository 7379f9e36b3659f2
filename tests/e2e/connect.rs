//! `payswitch replay --connect` with a real switch whose clock stands: timers, faults, orders and positions over its sockets and pages,
//! what cannot be played there, the reports, and what the exit code says.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::clock::standing;
use crate::harness::{Banks, PAYSWITCH, Setup, Switch};
use crate::record::secrets;

const APPROVED: &str = r#"
title = "Cash from another bank's machine"
tags = ["withdrawal"]

[[step]]
send = "withdrawal"
card = "bopha"
amount = "50000.00 KHR"

[[step]]
expect = "0210"
stan = { echo = true }
code = "00"
"#;

/// Both banks that are silent here are given up after 25 s of the switch's clock.
const TROUBLE: &str = r#"
title = "Two silences, a fault, an order, and what it all came to"

[[step]]
send = "withdrawal"
card = "mute"
amount = "50000.00 KHR"

[[step]]
clock = "+25s"

[[step]]
expect = "0210"
code = "91"

[[step]]
clock = "rest"

[[step]]
assert = "owed"
count = 0

[[step]]
fault = "drop"
on = "acleda"
way = "in"
only = "0210"

[[step]]
send = "withdrawal"
card = "dara"
amount = "50000.00 KHR"

[[step]]
expect = "0210"
code = "91"

[[step]]
assert = "metric"
name = "payswitch_faults_struck_total"
labels = { link = "acleda", action = "drop" }
value = 1

[[step]]
command = "cutover"
reason = "the day is over"

[[step]]
send = "withdrawal"
card = "bopha"
amount = "50000.00 KHR"

[[step]]
expect = "0210"
business_date = "1229"
code = "00"

[[step]]
assert = "positions"
participant = "canadia"
currency = "KHR"
net = "-50000.00 KHR"
"#;

const BANKS_VIEW: &str = r#"
title = "What a bank is sent"

[[step]]
send = "withdrawal"
card = "dara"
amount = "50000.00 KHR"

[[step]]
expect = "0200"
at = "acleda"
"#;

const PAYROLL: &str = r#"
title = "A payroll by way of the pages"

[[step]]
payroll = "submit"
as = "december"
items = [{ person = "dara", amount = "1200000.00 KHR" }, { person = "bopha", amount = "980000.00 KHR" }]
pays_on = "2022-12-30"

[[step]]
payroll = "approve"
operator = "Clerk"
refused = { regex = "another operator" }

[[step]]
payroll = "approve"

[[step]]
assert = "batch"
state = "approved"
pending = "2180000.00 KHR"
eventually = "10s"

[[step]]
payroll = "submit"
items = [{ person = "sophea", amount = "1.00 KHR" }, { person = "dara", amount = "1.00 KHR", purpose = "SALA", id = "NEW" }]
form = "csv"
pays_on = "2022-12-31"
refused = { regex = "by item 1/1, which is waiting" }
code = "AM05"
line = 4
field = "party"
faults = 1

[[step]]
clock = "2022-12-30T06:01:00"

[[step]]
assert = "batch"
of = "december"
state = "done"
paid_items = 2
eventually = "60s"

[[step]]
payroll = "recall"
of = "december"
item = 2
amount = "80000.00 KHR"
cause = "MD07"
reason = "died on 12 December"

[[step]]
assert = "item"
of = "december"
item = 2
state = "returned"
returned = "80000.00 KHR"
eventually = "60s"

[[step]]
assert = "batch"
of = "december"
paid = "2100000.00 KHR"
returned = "80000.00 KHR"
credited_back = "80000.00 KHR"
eventually = "60s"

[[step]]
payroll = "settle"
of = "december"
paid = true
reason = "to see"
refused = { regex = "not on the dead-letter list" }
"#;

/// People who do not exist, of whom the cast has accounts.
const REGISTRY: &str = "civil_servant_id,name_latin,name_khmer,status,bank,account_khr,account_usd,account_status\n\
    000000018,DARA,,active,acleda,001000001116,001000001840,open\n\
    000000026,SOPHEA,,active,acleda,001000002116,001000002840,open\n\
    000000083,BOPHA,,active,canadia,002000001116,002000001840,open\n";

/// A folder with these scenario files.
fn files(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn replay(terminals: &str, http: &str, arguments: &[&str], path: &Path) -> Output {
    let at = format!("http://{http}");
    let mut command = Command::new(PAYSWITCH);
    command.args(["replay", "--connect", terminals, "--at", &at]).args(arguments).arg(path).output().expect("runs")
}

/// Plays what lies at `path` with this switch: exit code and all that was said.
fn played(switch: &Switch, arguments: &[&str], path: &Path) -> (Option<i32>, String) {
    let (terminals, http) = (switch.terminals().to_string(), switch.process.addresses["http"].to_string());
    told(&replay(&terminals, &http, arguments, path))
}

fn told(output: &Output) -> (Option<i32>, String) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

#[test]
fn silences_faults_orders_and_positions_are_played_with_a_switch_that_runs() {
    let switch = standing();
    let folder = files(&[("trouble.toml", TROUBLE)]);
    let (code, said) = played(&switch, &[], folder.path());
    assert_eq!(code, Some(0), "{said}");
    assert!(switch.look("/clock")["local"].as_str() >= Some("2022-12-28 09:00:50"), "its clock was moved past both timers");
    assert_eq!(switch.look("/faults")["lines"], json!([]), "what a scenario leaves set is cleared behind it");
}

#[test]
fn the_same_file_again_is_new_to_the_switch_and_no_repeat() {
    let switch = standing();
    let folder = files(&[("a.toml", APPROVED), ("b.toml", APPROVED)]);
    for _ in 0..2 {
        let (code, said) = played(&switch, &[], folder.path());
        assert_eq!(code, Some(0), "{said}");
    }
    let approved = "payswitch_transactions_total{bank=\"canadia\",kind=\"withdrawal\",outcome=\"00\"}";
    assert_eq!(switch.metric(approved), 4.0);
}

#[test]
fn a_payroll_is_submitted_refused_approved_paid_and_recalled_by_the_pages_of_a_switch() {
    let folder = files(&[("registry.csv", REGISTRY), ("payroll.toml", PAYROLL)]);
    let own = PAYROLL.replace("by way of the pages", "of its own people") + "\n[person.dara]\nstatus = \"retired\"\n";
    std::fs::write(folder.path().join("own.toml"), own).unwrap();
    let registry = folder.path().join("registry.csv");
    let payroll = format!(
        "[payroll]\nregistry = {:?}\npayer = [{{ id = \"MEF\", institution = \"116900\", bank = \"acleda\", \
         accounts = {{ KHR = \"001900000116\" }} }}]",
        registry.display().to_string()
    );
    let clock = ["--clock", "manual", "--clock-start", "2022-12-28T09:00:00+07:00"];
    let switch = Setup::new(Banks::InProcess, "iso87-ascii").arguments(&clock).with(&payroll).start();
    let (code, said) = played(&switch, &[], folder.path());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 skipped, 1 passed") && said.contains("it has people of its own"), "{said}");
    let batch = switch.look("/payroll/1");
    assert_eq!((&batch["state"], &batch["credited_back"]), (&json!("done"), &json!(8_000_000)), "{batch}");
}

#[test]
fn scenarios_that_are_played_at_once_share_the_clock() {
    let switch = standing();
    let silent = |card: &str| {
        let (send, expect) = (APPROVED.replace("bopha", card), ("code = \"00\"", "code = \"91\""));
        send.replace(expect.0, expect.1)
    };
    let folder = files(&[("a.toml", &silent("mute")), ("b.toml", &silent("mime"))]);
    let (code, said) = played(&switch, &["--jobs", "2"], folder.path());
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn what_only_a_bank_sees_is_skipped_and_nothing_but_skipping_is_no_success() {
    let switch = standing();
    let folder = files(&[("view.toml", BANKS_VIEW)]);
    let (code, said) = played(&switch, &[], folder.path());
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("1 scenario skipped: line 9: what a bank is sent cannot be seen here"), "{said}");
    let asked = "payswitch_transactions_total{bank=\"acleda\",kind=\"withdrawal\",outcome=\"00\"}";
    assert_eq!(switch.metric(asked), 0.0, "it is skipped before anything is sent");

    std::fs::write(folder.path().join("cash.toml"), APPROVED).unwrap();
    let (code, said) = played(&switch, &[], folder.path());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 skipped, 1 passed: 2 scenarios in "), "{said}");
}

#[test]
fn the_exit_code_says_what_went_wrong_and_the_words_say_what_to_do() {
    let switch = standing();
    let wrong = APPROVED.replace("code = \"00\"", "code = \"51\"");
    let folder = files(&[("wrong.toml", &wrong), ("right.toml", &APPROVED.replace("Cash from", "Notes from"))]);
    let (code, said) = played(&switch, &[], folder.path());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("line 10, expect 0210") && said.contains("51 (not sufficient funds)"), "{said}");
    assert_eq!(played(&switch, &["--filter", "NOTES"], folder.path()).0, Some(0));
    let (code, said) = played(&switch, &["--filter", "cheque"], folder.path());
    assert!(code == Some(5) && said.contains("none of 2 scenario files has \"cheque\""), "{code:?} {said}");

    std::fs::write(folder.path().join("bad.toml"), "title = \"x\"\n[[step]]\nsend = \"echo\"\ncrad = \"dara\"\n").unwrap();
    let (code, said) = played(&switch, &[], folder.path());
    assert!(code == Some(3) && said.contains("`crad` means nothing here"), "{code:?} {said}");
    let (code, said) = played(&switch, &[], &folder.path().join("missing.toml"));
    assert!(code == Some(3) && said.contains("name a scenario file"), "{code:?} {said}");
    let (code, said) = played(&switch, &[], tempfile::tempdir().unwrap().path());
    assert!(code == Some(5) && said.contains("there is no scenario file (*.toml)"), "{code:?} {said}");
}

#[test]
fn where_nobody_listens_the_exit_code_is_4_for_terminals_and_for_pages() {
    let switch = standing();
    let (terminals, http) = (switch.terminals().to_string(), switch.process.addresses["http"].to_string());
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let folder = files(&[("cash.toml", APPROVED)]);
    for (terminals, http) in [(&nobody, &http), (&terminals, &nobody)] {
        let (code, said) = told(&replay(terminals, http, &[], folder.path()));
        assert_eq!(code, Some(4), "{said}");
        assert!(said.contains(&nobody) && said.contains("is the switch running there?"), "{said}");
    }
}

#[test]
fn the_reports_tell_the_same_and_hold_no_card_number() {
    let switch = standing();
    let wrong = APPROVED.replace("code = \"00\"", "code = \"51\"");
    let folder = files(&[("right.toml", APPROVED), ("wrong.toml", &wrong)]);
    let (junit, html) = (folder.path().join("junit.xml"), folder.path().join("report.html"));
    let (terminals, http) = (switch.terminals().to_string(), switch.process.addresses["http"].to_string());
    let arguments = ["--json", "--junit", junit.to_str().unwrap(), "--html", html.to_str().unwrap()];
    let output = replay(&terminals, &http, &arguments, folder.path());

    assert_eq!(output.status.code(), Some(1));
    let json = String::from_utf8(output.stdout).unwrap();
    let report: Value = serde_json::from_str(&json).unwrap();
    let verdicts: Vec<_> = report["scenarios"].as_array().unwrap().iter().map(|it| it["verdict"].clone()).collect();
    assert_eq!(verdicts, ["passed", "failed"], "{report:#}");
    let (junit, html) = (std::fs::read_to_string(junit).unwrap(), std::fs::read_to_string(html).unwrap());
    assert!(junit.contains("tests=\"2\" failures=\"1\""), "{junit}");
    assert!(html.contains("<svg") && html.contains("Cash from another bank"), "{html}");
    for text in [json, junit, html] {
        assert_eq!(secrets(&text), [] as [String; 0]);
    }
}
