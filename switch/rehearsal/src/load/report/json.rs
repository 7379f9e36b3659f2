//! The report for machines. Names stay; latencies are in microseconds, times in seconds, rates a second.

use serde_json::{Map, Value, json};

use super::{Latencies, Report};
use crate::load::{Counts, Interval, Model, Verdict};

/// The report as one JSON object.
#[must_use]
pub fn json(report: &Report, verdicts: &[Verdict]) -> Value {
    let config = &report.config;
    let model = match config.model {
        Model::Open { per_second, even, window } => json!({
            "kind": "open", "rate": per_second, "even": even, "window": window, "in_flight_max": config.in_flight_max,
        }),
        Model::Closed { window } => json!({ "kind": "closed", "window": window }),
    };
    let codes: Map<_, _> = report.codes.iter().map(|(code, count)| (code.to_string(), json!(count))).collect();
    let line = |line: &super::LineReport| {
        json!({
            "send": line.name,
            "weight": line.weight,
            "counts": counts(&line.counts),
            "latency_us": latencies(&line.latencies),
        })
    };
    let verdict = |it: &Verdict| json!({ "fail_if": it.threshold, "measured": it.measured, "broken": it.broken });
    json!({
        "format": 1,
        "address": report.address,
        "model": model,
        "connections": config.connections,
        "seed": report.seed,
        "ramp_seconds": config.ramp.as_secs_f64(),
        "warm_up_seconds": config.warm_up.as_secs_f64(),
        "answer_within_seconds": config.answer_within.as_secs_f64(),
        "measured_seconds": report.measured.as_secs_f64(),
        "took_seconds": report.took.as_secs_f64(),
        "offered_per_second": report.offered_per_second(),
        "achieved_per_second": report.achieved_per_second(),
        "achieved_percent": report.achieved_percent(),
        "error_percent": report.error_percent(),
        "counts": counts(&report.counts),
        "unmatched": report.counts.unmatched,
        "connections_broken": report.counts.broken,
        "reconnects": report.counts.reconnects,
        "connections_down": report.counts.down,
        "codes": codes,
        "latency_us": {
            // A closed model has no moment at which a request was due.
            "corrected": report.is_open().then(|| latencies(&report.corrected)),
            "uncorrected": latencies(&report.uncorrected),
            "sent_late_by": latencies(&report.lateness),
        },
        "mix": report.lines.iter().map(line).collect::<Vec<_>>(),
        "timeline": report.intervals.iter().map(interval).collect::<Vec<_>>(),
        "thresholds": verdicts.iter().map(verdict).collect::<Vec<_>>(),
    })
}

fn counts(counts: &Counts) -> Value {
    json!({
        "due": counts.due,
        "approved": counts.approved,
        "declined": counts.declined,
        "refused": counts.refused,
        "unexpected": counts.unexpected,
        "lost": counts.lost,
        "cut_off": counts.cut_off,
        "not_sent": counts.not_sent,
    })
}

/// `null` where nothing was measured, for zero would be a fine figure.
fn latencies(of: &Latencies) -> Value {
    if of.is_empty() {
        return Value::Null;
    }
    let at = |quantile| of.value_at_quantile(quantile);
    json!({
        "p50": at(0.5), "p90": at(0.9), "p95": at(0.95), "p99": at(0.99), "p999": at(0.999),
        "min": of.min(), "mean": of.mean(), "max": of.max(), "count": of.len(),
    })
}

fn interval(it: &Interval) -> Value {
    let at = |quantile| (!it.latencies.is_empty()).then(|| it.latencies.value_at_quantile(quantile));
    json!({
        "at_seconds": it.began.as_secs_f64(),
        "lasts_seconds": it.lasts.as_secs_f64(),
        "offered": it.offered,
        "answered": it.answered,
        "errors": it.errors,
        "latency_us": { "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": at(1.0) },
    })
}
