//! The report for scripts. Names in it are stable: a new one may come, none goes and none changes its meaning.
//!
//! | name | is |
//! |---|---|
//! | `passed`, `failed`, `skipped`, `bad`, `no_connection` | how many scenarios ended so |
//! | `took_us` | real time of all, in microseconds |
//! | `scenarios` | one object each, in the order of the files |
//!
//! A scenario:
//!
//! | name | is |
//! |---|---|
//! | `path`, `title`, `rule`, `tags` | as its file has them; `rule` may be null |
//! | `verdict` | `passed`, `failed`, `skipped`, `bad` or `no_connection` |
//! | `reason` | why it is `skipped`, `bad` or `no_connection`, in words; else null |
//! | `failure` | null unless `failed`: `line`, `step`, `problem`, `nearest` (may be null), and `fields`, each with `field`, `number` (DE, may be null), `line`, `expected`, `actual` (null where nothing stood), `agrees` |
//! | `took_us`, `lasted_us` | real time, and time that passed in its world |
//! | `parties` | who sent or received something |
//! | `steps` | `line`, `title`, `began` (RFC 3339, UTC), `waited_us`, `passed` |
//! | `messages` | `at` (RFC 3339, UTC), `from`, `to`, `mti` (null where it is no message), `label`, `detail` (every field, masked), `fault`, `line` (may be null) |

use std::time::Duration;

use serde_json::{Value, json};

use super::{Outcome, Report, Tally, Verdict};
use crate::replay::{Compared, Failure, Passed, StepOutcome};

/// The report as one JSON object.
#[must_use]
pub fn of(report: &Report) -> Value {
    let tally = Tally::of(report);
    json!({
        "passed": tally.passed,
        "failed": tally.failed,
        "skipped": tally.skipped,
        "bad": tally.bad,
        "no_connection": tally.unconnected,
        "took_us": micros(report.took),
        "scenarios": report.scenarios.iter().map(scenario).collect::<Vec<_>>(),
    })
}

fn scenario(outcome: &Outcome) -> Value {
    let (verdict, reason, failed) = match &outcome.verdict {
        Verdict::Passed => ("passed", None, None),
        Verdict::Failed(failed) => ("failed", None, Some(failure(failed))),
        Verdict::Bad(why) => ("bad", Some(why), None),
        Verdict::Skipped(why) => ("skipped", Some(why), None),
        Verdict::NoConnection(why) => ("no_connection", Some(why), None),
    };
    json!({
        "path": outcome.path.display().to_string(),
        "title": outcome.title,
        "rule": outcome.rule,
        "tags": outcome.tags,
        "verdict": verdict,
        "reason": reason,
        "failure": failed,
        "took_us": micros(outcome.took),
        "lasted_us": micros(outcome.lasted),
        "parties": outcome.parties,
        "steps": outcome.steps.iter().map(step).collect::<Vec<_>>(),
        "messages": outcome.passed.iter().map(message).collect::<Vec<_>>(),
    })
}

fn failure(it: &Failure) -> Value {
    json!({
        "line": it.line,
        "step": it.step,
        "problem": it.problem,
        "nearest": it.nearest,
        "fields": it.fields.iter().map(field).collect::<Vec<_>>(),
    })
}

fn field(it: &Compared) -> Value {
    json!({
        "field": it.field,
        "number": it.number,
        "line": it.line,
        "expected": it.expected,
        "actual": it.actual,
        "agrees": it.agrees,
    })
}

fn step(it: &StepOutcome) -> Value {
    json!({
        "line": it.line,
        "title": it.title,
        "began": it.began.to_string(),
        "waited_us": micros(it.waited),
        "passed": it.passed,
    })
}

fn message(it: &Passed) -> Value {
    json!({
        "at": it.at.to_string(),
        "from": it.from,
        "to": it.to,
        "mti": Some(&it.mti).filter(|mti| !mti.is_empty()),
        "label": it.label,
        "detail": it.detail,
        "fault": it.fault,
        "line": it.line,
    })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn scripts_find_counts_verdicts_and_what_differed() {
        let report = of(&sample::report());
        assert_eq!([&report["passed"], &report["failed"], &report["skipped"]], [&json!(3), &json!(3), &json!(1)]);
        assert_eq!([&report["bad"], &report["no_connection"], &report["took_us"]], [&json!(1), &json!(1), &json!(1_834_000)]);
        let failed = &report["scenarios"][1];
        assert_eq!([&failed["verdict"], &failed["lasted_us"]], [&json!("failed"), &json!(25_002_000)]);
        let fields = &failed["failure"]["fields"];
        assert_eq!([&fields[0]["number"], &fields[0]["agrees"]], [&json!(39), &json!(false)]);
        assert_eq!([&fields[2]["number"], &fields[2]["actual"]], [&json!(null), &json!(null)]);
        assert_eq!(report["scenarios"][7]["reason"], "line 14: what reaches a bank cannot be seen with --connect");
    }

    #[test]
    fn moments_are_rfc_3339_and_lengths_of_time_are_microseconds() {
        let report = of(&sample::report());
        let failed = &report["scenarios"][1];
        assert_eq!([&failed["messages"][3]["at"], &failed["messages"][2]["fault"]], ["2023-01-15T02:00:25.000000Z", "dropped"]);
        assert_eq!(
            [&failed["steps"][2]["began"], &failed["steps"][2]["waited_us"]],
            [&json!("2023-01-15T02:00:00.000000Z"), &json!(25_001_000)]
        );
    }

    #[test]
    fn what_is_no_message_has_no_type() {
        assert_eq!(of(&sample::report())["scenarios"][4]["messages"][0]["mti"], Value::Null);
    }
}
