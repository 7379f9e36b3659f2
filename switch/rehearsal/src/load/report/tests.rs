use bank_adapters::Cast;

use super::super::Verdict;
use super::super::tally::{Answer, End};
use super::*;

/// A second in which 100 requests were due: one answered after each of 1 to 96 ms, the last six declined, and four lost.
pub(in crate::load) fn report() -> Report {
    let second = Duration::from_secs(1);
    let config = LoadConfig { warm_up: Duration::ZERO, duration: second, ..LoadConfig::default() };
    let mix = Mix::parse("purchase=1", &Cast::builtin(), &[]).unwrap();
    let mut tally = Tally::new(Duration::ZERO, second, 1, Duration::from_millis(100));
    for number in 1..=100 {
        let (due, late) = (Duration::from_millis(number * 5), Duration::from_millis(number));
        let (end, code) = match number {
            97.. => (End::Lost, ResponseCode::APPROVED),
            91.. => (End::Declined, ResponseCode::UNKNOWN_CARD),
            _ => (End::Approved, ResponseCode::APPROVED),
        };
        tally.is_due(due);
        tally.is_sent(due, late / 2);
        match end {
            End::Lost => tally.has_ended(second, due, Some(0), end),
            _ => tally.is_answered(due + late, due, 0, Answer { end, code: Some(code), since_due: late, since_sent: late / 2 }),
        }
    }
    Report::of("127.0.0.1:8583", &config, &mix, 7, tally, second, second)
}

fn verdicts() -> Vec<Verdict> {
    ["lost>0", "p99>1s"].map(|it| it.parse::<crate::load::Threshold>().unwrap().judge(&report())).to_vec()
}

#[test]
fn the_text_tells_what_was_offered_achieved_and_lost() {
    assert_eq!(text(&report(), &verdicts()), TEXT);
}

#[test]
fn the_json_has_stable_names_in_microseconds() {
    let json = json(&report(), &verdicts());
    let at = |path: &str| json.pointer(path).unwrap_or_else(|| panic!("{path}: {json:#}")).clone();
    assert_eq!(at("/format"), 1);
    assert_eq!(at("/model/kind"), "open");
    assert_eq!((at("/counts/due"), at("/counts/approved"), at("/counts/lost")), (100.into(), 90.into(), 4.into()));
    assert_eq!((at("/codes/00"), at("/codes/14")), (90.into(), 6.into()));
    assert_eq!(at("/latency_us/corrected/p50"), 48_031);
    assert_eq!(at("/latency_us/uncorrected/p50"), 24_015);
    assert_eq!((at("/thresholds/0/broken"), at("/thresholds/1/broken")), (true.into(), false.into()));
    assert_eq!(at("/timeline/0/offered"), 19);
}

#[test]
fn the_page_stands_alone_and_its_tags_are_closed() {
    let mut told = report();
    told.address = "<script>&\"".to_owned();
    let page = html(&told, &verdicts());
    for outside in ["http://", "https://", "<script", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("&lt;script&gt;&amp;&quot;"));
    for tag in ["table", "tr", "td", "svg", "h2", "p", "section", "figure", "div", "main", "html"] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
}

#[test]
fn figures_are_written_for_people() {
    assert_eq!([0, 12, 999, 1_000, 1_234_567].map(thousands), ["0", "12", "999", "1,000", "1,234,567"]);
    assert_eq!([840, 8_400, 84_000, 8_400_000].map(time), ["840 us", "8.40 ms", "84.0 ms", "8.40 s"]);
}

const TEXT: &str = "\
load of 127.0.0.1:8583: open model, 100 a second at random over 4 connections, 1.0 s measured, seed 7

  offered        100.0 a second   100 requests
  achieved        96.0 a second   96.0 %

  latency             p50       p90       p99     p99.9       max
  corrected       48.0 ms   87.0 ms   96.1 ms   96.1 ms   96.1 ms   from when a request was due
  uncorrected     24.0 ms   43.5 ms   48.0 ms   48.0 ms   48.0 ms   from when it was sent
  sent late by    25.0 ms   45.0 ms   49.5 ms   50.0 ms   50.0 ms   what lies between the two

  approved             90   90.00 %   answered 00 or 10
  declined              6    6.00 %   answered with another code
  lost                  4    4.00 %   not answered in time
    DE39 00            90   90.00 %   approved
    DE39 14             6    6.00 %   no such card

  mix              weight    requests    approved       p50       p99
  purchase              1         100          90   48.0 ms   96.1 ms

  BROKEN  lost>0                   4
  kept    p99>1s                   96.1 ms

  ! 4 requests were never answered. Latencies do not know them.
";
