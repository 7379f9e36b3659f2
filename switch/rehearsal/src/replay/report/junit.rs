//! The report as JUnit XML, in the form that Jenkins and GitLab read: a suite for each folder, a case for each scenario.
//!
//! A failed scenario is a `failure`; a bad file and a missing connection are an `error`, for there the test could not be made. Time is real
//! time in seconds, as those servers expect it.

use std::fmt::Write as _;
use std::time::Duration;

use super::markup::escaped;
use super::text::{self, Look};
use super::{Outcome, Report, Tally, Verdict, by_folder};

/// The report as one XML document.
#[must_use]
pub fn xml(report: &Report) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = counts(&Tally::of(report), report.took);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "<testsuites name=\"payswitch replay\" {counts}>");
    for (folder, outcomes) in by_folder(report) {
        let took = outcomes.iter().map(|outcome| outcome.took).sum();
        let counts = self::counts(&Tally::over(outcomes.iter().copied()), took);
        let _ = writeln!(out, "  <testsuite name=\"{}\" {counts}>", attribute(&folder));
        for outcome in outcomes {
            case(&mut out, outcome);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(tally: &Tally, took: Duration) -> String {
    format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"",
        tally.total(),
        tally.failed,
        tally.bad + tally.unconnected,
        tally.skipped,
        seconds(took)
    )
}

fn seconds(time: Duration) -> String {
    format!("{:.6}", time.as_secs_f64())
}

fn case(out: &mut String, outcome: &Outcome) {
    let path = outcome.path.display().to_string();
    // Jenkins takes what stands before the last point for a package, and so shows folders as packages.
    let class = outcome.path.with_extension("").display().to_string().replace(['/', '\\'], ".");
    let class = class.trim_start_matches('.');
    let _ = write!(
        out,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" time=\"{}\"",
        attribute(class),
        attribute(&outcome.title),
        attribute(&path),
        seconds(outcome.took)
    );
    let _ = match &outcome.verdict {
        Verdict::Passed => writeln!(out, "/>"),
        Verdict::Skipped(why) => writeln!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>", attribute(why)),
        Verdict::Failed(failure) => {
            let message = format!("{path}:{}: {}: {}", failure.line, failure.step, failure.problem);
            told(out, "failure", "expectation", &message, outcome)
        }
        Verdict::Bad(why) => told(out, "error", "bad file", why.lines().next().unwrap_or_default(), outcome),
        Verdict::NoConnection(why) => told(out, "error", "no connection", why, outcome),
    };
}

fn told(out: &mut String, element: &str, kind: &str, message: &str, outcome: &Outcome) -> std::fmt::Result {
    let text = escaped(&text::failure(outcome, Look::default()));
    writeln!(out, ">\n      <{element} type=\"{kind}\" message=\"{}\">{text}</{element}>\n    </testcase>", attribute(message))
}

/// The value of an attribute, in which a reader would take line ends and tabs for spaces.
fn attribute(text: &str) -> String {
    escaped(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    /// Every tag closed in order, every `&` the start of an entity, no control character.
    fn assert_well_formed(xml: &str) {
        let mut open = Vec::new();
        for piece in xml.split('<').skip(2) {
            let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("unclosed: {piece}"));
            assert!(!text.contains('>'), "{text}");
            match tag.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "{xml}"),
                None if tag.ends_with('/') => {}
                None => open.push(tag.split(' ').next().unwrap()),
            }
        }
        assert!(open.is_empty(), "{open:?}");
        for entity in xml.split('&').skip(1) {
            let name = entity.split_once(';').map_or("", |(name, _)| name);
            assert!(["amp", "lt", "gt", "quot", "#10", "#9", "#13"].contains(&name), "&{name}");
        }
        assert!(xml.chars().all(|letter| letter == '\n' || !letter.is_ascii_control()));
    }

    #[test]
    fn every_verdict_has_its_element_and_the_counts_say_the_same() {
        let xml = xml(&sample::report());
        assert_well_formed(&xml);
        assert!(xml.contains(
            "<testsuites name=\"payswitch replay\" tests=\"9\" failures=\"3\" errors=\"2\" skipped=\"1\" time=\"1.834000\">"
        ));
        assert!(
            xml.contains("<testsuite name=\"scenarios/cash\" tests=\"4\" failures=\"3\" errors=\"0\" skipped=\"0\""),
            "{xml}"
        );
        let count = |what: &str| xml.matches(what).count();
        assert_eq!([count("<testcase "), count("<failure "), count("<error "), count("<skipped ")], [9, 3, 2, 1]);
    }

    #[test]
    fn a_case_names_its_file_and_a_failure_tells_all() {
        let xml = xml(&sample::report());
        let case = "<testcase classname=\"scenarios.cash.silent-bank\" name=\"A withdrawal whose bank stays silent is declined with 91 and \
                    reversed\" file=\"scenarios/cash/silent-bank.toml\" time=\"0.011700\">";
        assert!(xml.contains(case), "{xml}");
        let message = "scenarios/cash/silent-bank.toml:24: expect 0210 of cash: an answer came, but not the one that is expected";
        assert!(xml.contains(&format!("<failure type=\"expectation\" message=\"{message}\">FAILED")), "{xml}");
    }

    #[test]
    fn what_xml_cannot_hold_is_replaced_and_line_ends_survive_in_attributes() {
        assert_eq!(escaped("a\u{1b}[31m\0<&>\u{ffff}"), "a\u{fffd}[31m\u{fffd}&lt;&amp;&gt;\u{fffd}");
        assert_eq!(attribute("one\n\"two\"\t"), "one&#10;&quot;two&quot;&#9;");
    }

    #[test]
    fn a_replay_of_nothing_is_an_empty_document() {
        let xml = xml(&Report::default());
        assert_well_formed(&xml);
        assert!(xml.ends_with("tests=\"0\" failures=\"0\" errors=\"0\" skipped=\"0\" time=\"0.000000\">\n</testsuites>\n"));
    }
}
