//! `payswitch load` against a real switch: what it reports is what the switch says that it did, and its exit code says how it went.

use std::process::{Command, Output, Stdio};

use crate::harness::{Banks, PAYSWITCH, Setup, Switch, eventually};

fn load(address: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(PAYSWITCH);
    let short = ["load", "--warm-up", "0s", "--duration", "1s", "--connect", address, "--json", "-"];
    command.args(short).args(arguments).output().expect("runs")
}

fn on(switch: &Switch, arguments: &[&str]) -> (Option<i32>, serde_json::Value, String) {
    let output = load(&switch.terminals().to_string(), arguments);
    let told = String::from_utf8(output.stderr).unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    (output.status.code(), report, told)
}

#[test]
fn what_a_load_reports_is_what_the_switch_did() {
    let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("load.html");
    let html = page.to_str().unwrap();

    let kept = ["--rate", "60", "--seed", "7", "--mix", "balance=1,purchase=1", "--html", html, "--fail-if", "lost>0"];
    let (code, report, told) = on(&switch, &[&kept[..], &["--fail-if", "p99>30s"]].concat());

    assert_eq!(code, Some(0), "{told}");
    let count = |name: &str| report["counts"][name].as_u64().unwrap();
    assert!(count("due") > 30 && count("approved") == count("due"), "{report:#}");
    let links = "payswitch_answer_seconds_count";
    let seen: f64 = ["balance", "purchase"].iter().map(|kind| total(&switch, links, kind)).sum();
    assert_eq!(seen, f64::from(u32::try_from(count("due")).unwrap()));
    assert!(std::fs::read_to_string(page).unwrap().contains("Latency by percentile"));

    let broken = ["--connections", "2", "--window", "2", "--mix", "echo=1", "--fail-if", "max>0us"];
    let (code, report, told) = on(&switch, &broken);
    assert_eq!((code, &report["model"]["kind"]), (Some(1), &"closed".into()));
    assert!(told.contains("broken: max>0us (measured "), "{told}");
}

#[test]
fn without_a_switch_or_with_a_wrong_mix_the_exit_code_says_so() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (nobody, wrong) = (load(&free.to_string(), &[]), load(&free.to_string(), &["--mix", "cash=1"]));
    assert_eq!((nobody.status.code(), wrong.status.code()), (Some(4), Some(2)));
    let typo = load(&free.to_string(), &["--fail-if", "p98>1ms"]);
    assert_eq!(typo.status.code(), Some(2));
    for senseless in [["--fail-if", "lost<0"], ["--duration", "0s"]] {
        assert_eq!(load(&free.to_string(), &senseless).status.code(), Some(2), "{senseless:?}");
    }
}

#[test]
fn a_switch_that_dies_in_the_middle_fails_the_run() {
    let mut switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
    let address = switch.terminals().to_string();
    let short = ["load", "--warm-up", "0s", "--duration", "4s", "--answer-within", "1s", "--mix", "balance=1", "--json", "-"];
    let load =
        Command::new(PAYSWITCH).args(short).args(["--connect", &address]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    eventually("answers have come", || total(&switch, "payswitch_transactions_total", "balance") > 20.0);
    switch.process.kill();
    let output = load.unwrap().wait_with_output().unwrap();
    let (report, told) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(told.contains("payswitch: 4 of 4 connections down at the end"), "{told}");
    assert_eq!(output.status.code(), Some(1), "{report}");
}

#[test]
fn who_closes_its_standard_error_gets_the_exit_code_all_the_same() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = Command::new(PAYSWITCH);
    let mut child = command.args(["load", "--connect", &free.to_string()]).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(4));
}

/// A counter of the switch over all labels but the kind.
fn total(switch: &Switch, name: &str, kind: &str) -> f64 {
    let (_, page) = switch.http("/metrics");
    let ours = page.lines().filter(|line| line.starts_with(name) && line.contains(&format!("kind=\"{kind}\"")));
    ours.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}
