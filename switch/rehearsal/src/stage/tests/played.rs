//! Scenario files played on a stage, as `payswitch replay` does it.

use std::time::Instant;

use super::*;
use crate::replay::{Outcome, VenueMaker, Verdict, play};
use crate::scenario::Scenario;

fn played(text: &str) -> Result<Outcome, VenueError> {
    let cast = Cast::builtin();
    let scenario = Scenario::parse(Path::new("a.toml"), text, &cast).unwrap_or_else(|error| panic!("{error}"));
    let mut stage = Embedded.make(&scenario, &cast)?;
    Ok(play(&scenario, &cast, stage.as_mut()))
}

const LATE: &str = r#"
title = "An approval that comes too late is reversed"
[switch]
timers.atm_ms = 5000

[[step]]
fault = "delay"
on = "acleda"
way = "in"
only = "0210"
times = 1
by = "6s"

[[step]]
send = "withdrawal"
as = "cash"
card = "dara"
amount = "50000.00 KHR"

[[step]]
expect = "0210"
code = "91"

[[step]]
expect = "0420"
at = "acleda"

[[step]]
clock = "rest"

[[step]]
assert = "ledger"
bank = "acleda"
card = "dara"
currency = "KHR"
change = "0.00 KHR"
"#;

#[test]
fn a_scenario_passes_and_fails_when_what_it_expects_is_another() {
    let outcome = played(LATE).unwrap();
    assert!(matches!(outcome.verdict, Verdict::Passed), "{:?}", outcome.verdict);
    assert!(outcome.passed.iter().any(|it| it.fault.as_deref() == Some("delay")), "the delayed answer is marked");

    let outcome = played(&LATE.replace("code = \"91\"", "code = \"00\"")).unwrap();
    assert!(matches!(outcome.verdict, Verdict::Failed(_)), "{:?}", outcome.verdict);
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused_as_the_switch_refuses_it() {
    let refused = |from: &str, to: &str| match played(&LATE.replace(from, to)) {
        Err(VenueError::Wrong(why)) => why,
        other => panic!("{other:?}"),
    };
    let why = refused("timers.atm_ms = 5000", "timers.atm_ms = 0");
    assert!(why.starts_with("a.toml:4:8: timers.atm_ms: must be more than 0"), "{why}");
    let why = refused("timers.atm_ms = 5000", "timers.atm_seconds = 5");
    assert!(why.contains("unknown field `atm_seconds`"), "{why}");
    let why = refused("timers.atm_ms = 5000", "cast.bulk_per_bank = 1");
    assert!(why.contains("leave cast out"), "{why}");
}

#[test]
#[ignore = "measures, asserts nothing about speed"]
fn measure_opening_a_stage_for_each_scenario() {
    let (path, cast, begun) = (Path::new("scene.toml"), Cast::builtin(), Instant::now());
    for seed in 0..120 {
        let plan = Config::embedded().unwrap().check(path).unwrap();
        Stage::open(plan, &cast, MORNING, seed).unwrap();
    }
    println!("120 stages with 7 banks each: {:?}", begun.elapsed());
}

/// What comes of steps on a stage.
fn verdict(steps: &str) -> Verdict {
    played(&format!("title = \"t\"\n{steps}")).unwrap().verdict
}

const CASH: &str = "[[step]]\nsend = \"withdrawal\"\ncard = \"dara\"\namount = \"50000.00 KHR\"\n";

#[test]
fn a_link_is_cut_before_its_terminal_has_sent_anything() {
    let fault = |word: &str| format!("[[step]]\nfault = \"{word}\"\non = \"atm\"\n[[step]]\nclock = \"+10s\"\n");
    let steps = format!("{}{}{CASH}[[step]]\nexpect = \"0210\"\n", fault("down"), fault("up"));
    assert!(matches!(verdict(&steps), Verdict::Passed));
}

#[test]
fn what_is_sent_into_a_link_that_was_just_cut_is_drawn_as_lost() {
    let steps = format!(
        "title = \"t\"\n{CASH}[[step]]\nexpect = \"0210\"\n[[step]]\nfault = \"down\"\non = \"atm\"\n{CASH}[[step]]\n\
         expect = \"nothing\"\nwithin = \"100ms\"\n"
    );
    let outcome = played(&steps).unwrap();
    assert!(matches!(outcome.verdict, Verdict::Passed), "{:?}", outcome.verdict);
    let last = outcome.passed.iter().rfind(|it| it.mti == "0200" && it.from == "atm").unwrap();
    assert_eq!(last.fault.as_deref(), Some("down"));
}

#[test]
fn what_cannot_be_had_while_a_link_or_the_switch_is_down_fails_and_is_no_bad_file() {
    let failed = |steps: &str| match verdict(steps) {
        Verdict::Failed(failure) => failure.problem,
        other => panic!("{other:?}"),
    };
    let cut = "[[step]]\nfault = \"down\"\non = \"atm\"\n[[step]]\nclock = \"+10s\"\n";
    assert!(failed(&format!("{cut}{CASH}")).contains("terminal atm cannot connect"));
    let dead = "[[step]]\nfault = \"crash\"\nfor = \"5s\"\n[[step]]\nassert = \"owed\"\ncount = 0\n";
    assert!(failed(dead).contains("the switch is down"));
    assert!(matches!(verdict(&format!("{dead}eventually = \"10s\"\n")), Verdict::Passed));
}

#[test]
fn where_nothing_is_expected_at_a_bank_its_link_may_still_be_managed() {
    let quiet = |what: &str| {
        format!(
            "{CASH}[[step]]\nexpect = \"0210\"\n[[step]]\ncommand = \"cutover\"\n[[step]]\nexpect = \"{what}\"\nat = \"canadia\"\n"
        )
    };
    assert!(matches!(verdict(&quiet("nothing")), Verdict::Passed));
    assert!(matches!(verdict(&quiet("0800")), Verdict::Passed));
}

#[test]
fn the_change_of_an_account_that_was_not_known_at_the_beginning_is_not_made_up() {
    let steps = "[[step]]\nsend = \"withdrawal\"\ncard = \"dara\"\namount = \"50000.00 KHR\"\n[[step]]\nexpect = \"0210\"\n\
        capture = { whose = \"pan\" }\n[[step]]\nassert = \"ledger\"\nbank = \"acleda\"\ncard = \"{{whose}}\"\ncurrency = \"KHR\"\n";
    assert!(matches!(verdict(&format!("{steps}balance = {{ present = true }}\n")), Verdict::Passed));
    let Verdict::Failed(failure) = verdict(&format!("{steps}change = {{ present = true }}\n")) else { panic!() };
    assert!(failure.problem.contains("cannot be known"), "{failure:?}");
}
