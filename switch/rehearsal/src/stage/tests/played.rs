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
    assert_eq!(why, "[switch]: a.toml: timers.atm_ms: must be more than 0");
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
