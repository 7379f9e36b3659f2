use super::super::sample;
use super::*;

const PLAIN: Look = Look { colour: false, width: 100 };

#[test]
fn a_failure_tells_where_what_differs_and_how_it_came() {
    let text = failure(&sample::silent_bank(), PLAIN);
    let expected = r#"
FAILED  scenarios/cash/silent-bank.toml:24
        A withdrawal whose bank stays silent is declined with 91 and reversed
        rule: After a bank's silence the terminal gets 91 and the bank a reversal

  line 24, expect 0210 of cash: an answer came, but not the one that is expected

    field           DE  expected                       actual              line
  x code            39  "91"                           "09" (in progress)  26
  x authorization   38  absent                         "004711"            27
  x available           349948200.00 KHR               (nothing)           28
    amount           4  50000.00 KHR                   50000.00 KHR        25
    rrn             37  echo of cash ("301509000017")  "301509000017"      29

                    atm            switch          acleda
      +0.000 s     9  |               |               |  * fault drop on acleda
      +0.000 s    16  |---- 0200 ---->|               |  withdrawal 50000.00 KHR
      +0.001 s        |               |---- 0200 ---->|  withdrawal 50000.00 KHR
      +0.003 s        |               |x~~~~ 0210 ~~~~|  00 approved [dropped]
                      :               :               :  25 s later
     +25.000 s        |               |---- 0420 ---->|  reversal of 50000.00 KHR
>    +25.001 s    24  |<---- 0210 ----|               |  09 in progress
     +25.002 s        |               |<---- 0430 ----|  00 approved
"#;
    assert_eq!(format!("\n{text}"), expected);
}

#[test]
fn nothing_is_wider_than_the_terminal_in_any_script() {
    let mut report = sample::report();
    // A bad file is quoted with a caret under the place, which stays where it is.
    report.scenarios.retain(|outcome| !matches!(outcome.verdict, Verdict::Bad(_)));
    for columns in [60, 72, 80, 100, 140] {
        let look = Look { colour: false, width: columns };
        let lines: String = report.scenarios.iter().map(|outcome| line(outcome, look)).collect();
        for told in failures(&report, look).lines().chain(lines.lines()) {
            assert!(width(told) <= columns, "{} of {columns}: {told}", width(told));
        }
    }
}

#[test]
fn lifelines_stand_under_each_other_in_any_script() {
    let outcome = sample::report().scenarios.remove(3);
    let text = failure(&outcome, PLAIN);
    let drawn: Vec<_> = text.lines().filter(|line| line.contains('|')).collect();
    assert_eq!(drawn.len(), 4, "{text}");
    for line in drawn {
        for lifeline in [22, 38, 54] {
            assert_eq!(line.as_bytes().get(lifeline), Some(&b'|'), "{line}");
        }
    }
}

#[test]
fn a_long_name_is_cut_above_its_lifeline() {
    let mut outcome = sample::silent_bank();
    for name in outcome.passed.iter_mut().flat_map(|passed| [&mut passed.from, &mut passed.to]) {
        *name = name.replace("atm", "atm-at-the-airport-of-siem-reap");
    }
    outcome.parties[0] = "atm-at-the-airport-of-siem-reap".into();
    let text = failure(&outcome, PLAIN);
    assert!(text.contains("\n              atm-at-the-ai..      switch          acleda\n"), "{text}");
}

#[test]
fn values_too_long_for_their_column_go_on_below() {
    let mut outcome = sample::silent_bank();
    let Verdict::Failed(failed) = &mut outcome.verdict else { panic!("it failed") };
    failed.fields.truncate(1);
    failed.fields[0].actual = Some("0123456789 ".repeat(12));
    let text = failure(&outcome, PLAIN);
    assert_eq!(text.matches("0123456789").count(), 12, "{text}");
    assert!(text.lines().all(|line| width(line) <= 100), "{text}");
}

#[test]
fn colour_adds_nothing_but_colour() {
    let report = sample::report();
    let look = Look { colour: true, ..PLAIN };
    let coloured = failures(&report, look) + &summary(&report, look);
    let mut plain = String::new();
    for piece in coloured.split("\x1b[") {
        plain.push_str(piece.split_once('m').filter(|(code, _)| code.parse::<u8>().is_ok()).map_or(piece, |(_, text)| text));
    }
    assert_eq!(plain, failures(&report, PLAIN) + &summary(&report, PLAIN));
    assert!(coloured.contains("\x1b[31m  x code"), "{coloured}");
}

#[test]
fn control_characters_reach_the_terminal_as_escapes() {
    let told = line(&sample::report().scenarios[4], Look { colour: false, width: 120 });
    assert!(told.ends_with("]]> \\u{1b}[31m\\u{7}\n"), "{told}");
}

#[test]
fn with_more_parties_than_columns_each_message_names_its_own() {
    let mut outcome = sample::silent_bank();
    let first = outcome.passed[0].clone();
    outcome.passed.extend((0..9).map(|bank| crate::replay::Passed { to: format!("bank-{bank}"), line: None, ..first.clone() }));
    let text = failure(&outcome, PLAIN);
    assert!(text.contains("      +0.000 s    16  atm -> switch  0200 withdrawal 50000.00 KHR\n"), "{text}");
    assert!(text.contains("\n>    +25.001 s    24  switch -> atm  0210 09 in progress\n"), "{text}");
}

#[test]
fn bad_files_are_told_as_they_are_and_what_passed_is_not_told_at_all() {
    let report = sample::report();
    let bad = failure(&report.scenarios[6], PLAIN);
    assert!(
        bad.starts_with("BAD     scenarios/rules/typo.toml\n") && bad.contains("\n  7 | amout = \"50000.00 KHR\"\n    | ^^^^^\n"),
        "{bad}"
    );
    assert_eq!([failure(&report.scenarios[0], PLAIN), failure(&report.scenarios[7], PLAIN)], ["", ""]);
}

#[test]
fn the_sum_names_each_reason_for_skipping_once() {
    let mut report = sample::report();
    report.scenarios.push(report.scenarios[7].clone());
    let expected = "2 scenarios skipped: line 14: what reaches a bank cannot be seen with --connect\n\
                    3 failed, 1 bad file, 1 no connection, 2 skipped, 3 passed: 10 scenarios in 1.83 s, 30 d on their clocks\n";
    assert_eq!(summary(&report, PLAIN), expected);
    assert_eq!(summary(&Report::default(), PLAIN), "nothing executed: 0 scenarios in 0 ms, 0 ms on their clocks\n");
}
