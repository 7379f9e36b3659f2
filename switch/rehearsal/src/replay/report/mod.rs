//! Reports of a replay, for people at a terminal and in a browser, for CI servers and for scripts.
//!
//! Knows: what came of a replay ([`super::Report`]) and how each reader likes it. Does not know: how scenarios are played, files,
//! arguments, whether the terminal has colours. Nothing is masked here: what arrives is fit to be shown.

pub mod html;
pub mod json;
pub mod junit;
mod markup;
#[cfg(test)]
mod sample;
mod sequence;
pub mod text;

use std::path::Path;
use std::time::Duration;

use model::Timestamp;

use super::{Outcome, Report, Verdict};

/// How many scenarios ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As expected.
    pub passed: usize,
    /// Something was not as expected.
    pub failed: usize,
    /// Files that are no scenarios.
    pub bad: usize,
    /// Nobody was there to play them with.
    pub unconnected: usize,
    /// Not played, for they ask for what this switch cannot give.
    pub skipped: usize,
}

impl Tally {
    /// Counts them.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        Self::over(&report.scenarios)
    }

    fn over<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            let count = match outcome.verdict {
                Verdict::Passed => &mut tally.passed,
                Verdict::Failed(_) => &mut tally.failed,
                Verdict::Bad(_) => &mut tally.bad,
                Verdict::NoConnection(_) => &mut tally.unconnected,
                Verdict::Skipped(_) => &mut tally.skipped,
            };
            *count += 1;
        }
        tally
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> usize {
        self.parts().iter().map(|(_, count)| count).sum()
    }

    /// Each verdict's word and its count, what needs attention first.
    fn parts(&self) -> [(&'static str, usize); 5] {
        [
            ("failed", self.failed),
            ("bad file", self.bad),
            ("no connection", self.unconnected),
            ("skipped", self.skipped),
            ("passed", self.passed),
        ]
    }
}

/// A verdict in one word, or two.
fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed(_) => "failed",
        Verdict::Bad(_) => "bad file",
        Verdict::NoConnection(_) => "no connection",
        Verdict::Skipped(_) => "skipped",
    }
}

/// Where to look first: the file, and the line where one is known.
fn place(outcome: &Outcome) -> String {
    match &outcome.verdict {
        Verdict::Failed(failure) => format!("{}:{}", outcome.path.display(), failure.line),
        Verdict::Passed | Verdict::Bad(_) | Verdict::NoConnection(_) | Verdict::Skipped(_) => outcome.path.display().to_string(),
    }
}

/// The folder of a scenario, as a report names it.
fn folder(path: &Path) -> String {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.display().to_string(),
        _ => ".".to_owned(),
    }
}

/// Scenarios by folder, in the order in which the folders appear first.
fn by_folder(report: &Report) -> Vec<(String, Vec<&Outcome>)> {
    let mut folders: Vec<(String, Vec<&Outcome>)> = Vec::new();
    for outcome in &report.scenarios {
        let name = folder(&outcome.path);
        match folders.iter_mut().find(|(known, _)| *known == name) {
            Some((_, outcomes)) => outcomes.push(outcome),
            None => folders.push((name, vec![outcome])),
        }
    }
    folders
}

/// When a scenario began, in its world's time; `None` where nothing happened in it.
fn began(outcome: &Outcome) -> Option<Timestamp> {
    let step = outcome.steps.iter().map(|step| step.began).min();
    let message = outcome.passed.iter().map(|passed| passed.at).min();
    step.into_iter().chain(message).min()
}

/// A length of time in the two units that matter: `0.4 ms`, `12 ms`, `1.25 s`, `2 min 5 s`, `3 h 12 min`, `31 d 4 h`.
fn spoken(time: Duration) -> String {
    let seconds = time.as_secs();
    let two = |big: u64, big_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{big} {big_unit}"),
        _ => format!("{big} {big_unit} {small} {small_unit}"),
    };
    let decimal =
        |text: String| if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text };
    match seconds {
        0 if time.as_micros() < 10_000 => format!("{} ms", decimal(format!("{:.1}", time.as_secs_f64() * 1e3))),
        0 => format!("{:.0} ms", time.as_secs_f64() * 1e3),
        1..10 => format!("{} s", decimal(format!("{:.2}", time.as_secs_f64()))),
        10..60 => format!("{} s", decimal(format!("{:.1}", time.as_secs_f64()))),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
    }
}

/// A moment since the scenario began, for a column: `+0.012 s`, `+2:05.120`, `+1:02:05.120`, `+30d 01:02:05`.
fn offset(since: Duration) -> String {
    let (seconds, millis) = (since.as_secs(), since.subsec_millis());
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match seconds {
        0..100 => format!("+{seconds}.{millis:03} s"),
        100..3600 => format!("+{minutes}:{:02}.{millis:03}", seconds % 60),
        3600..86_400 => format!("+{hours}:{minutes:02}:{:02}.{millis:03}", seconds % 60),
        _ => format!("+{days}d {hours:02}:{minutes:02}:{:02}", seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_told_in_the_units_that_matter() {
        let told = |micros| spoken(Duration::from_micros(micros));
        let second = 1_000_000;
        assert_eq!([told(0), told(430), told(3000), told(12_400)], ["0 ms", "0.4 ms", "3 ms", "12 ms"]);
        assert_eq!([told(second), told(1_250_000), told(24_997_000)], ["1 s", "1.25 s", "25 s"]);
        assert_eq!([told(125 * second), told(120 * second), told(11_520 * second)], ["2 min 5 s", "2 min", "3 h 12 min"]);
        assert_eq!(told(31 * 86_400 * second + 4 * 3600 * second), "31 d 4 h");
    }

    #[test]
    fn moments_stand_in_a_column_of_twelve() {
        let told = |millis| offset(Duration::from_millis(millis));
        assert_eq!([told(12), told(99_999), told(125_120)], ["+0.012 s", "+99.999 s", "+2:05.120"]);
        assert_eq!([told(3_725_120), told(30 * 86_400_000 + 3_725_000)], ["+1:02:05.120", "+30d 01:02:05"]);
    }

    #[test]
    fn no_report_shows_a_card_number() {
        let all = |report: &Report| {
            let look = text::Look::default();
            let lines: String = report.scenarios.iter().map(|outcome| text::line(outcome, look)).collect();
            let told = text::failures(report, look) + &text::summary(report, look) + &lines;
            told + &junit::xml(report) + &json::of(report).to_string() + &html::page(report)
        };
        let mut report = sample::report();
        assert_eq!(sample::card_numbers(&all(&report)), Vec::<&str>::new());
        // Reports mask nothing themselves, so what should have been masked before would be found: in the page twice, for pointing at it too.
        report.scenarios[1].passed[0].label = "5105105105105100".into();
        assert!(sample::card_numbers(&all(&report)).len() >= 4);
    }

    #[test]
    fn every_verdict_is_counted_once_and_folders_keep_their_order() {
        let report = sample::report();
        assert_eq!(Tally::of(&report), Tally { passed: 3, failed: 3, bad: 1, unconnected: 1, skipped: 1 });
        assert_eq!(Tally::of(&report).total(), report.scenarios.len());
        let folders: Vec<_> = by_folder(&report).into_iter().map(|(name, outcomes)| (name, outcomes.len())).collect();
        assert_eq!(folders, [("scenarios/cash".to_owned(), 4), ("scenarios/rules".to_owned(), 4), (".".to_owned(), 1)]);
    }
}
