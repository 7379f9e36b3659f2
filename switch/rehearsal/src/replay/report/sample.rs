//! A replay as it might have gone, with every verdict in it, for the tests of all reports.

use std::path::PathBuf;
use std::time::Duration;

use model::Timestamp;

use super::super::{Compared, Failure, Outcome, Passed, Report, StepOutcome, Verdict};

/// 2023-01-15 09:00:00 in Phnom Penh.
const NINE: Timestamp = Timestamp::from_micros(1_673_748_000_000_000);

/// Nine scenarios in three folders.
pub(super) fn report() -> Report {
    let scenarios = vec![
        paid(),
        silent_bank(),
        wrong_answer(),
        khmer(),
        markup(),
        month(),
        bad(),
        outcome("scenarios/rules/late-approval.toml", "An approval that comes late is reversed", skipped()),
        outcome("echo.toml", "An echo is answered", Verdict::NoConnection("127.0.0.1:8583 refuses the connection".into())),
    ];
    Report { scenarios, took: Duration::from_millis(1834) }
}

fn outcome(path: &str, title: &str, verdict: Verdict) -> Outcome {
    Outcome {
        path: PathBuf::from(path),
        title: title.to_owned(),
        rule: None,
        tags: Vec::new(),
        verdict,
        took: Duration::from_micros(11_700),
        lasted: Duration::ZERO,
        parties: ["atm", "switch", "acleda"].map(str::to_owned).to_vec(),
        passed: Vec::new(),
        steps: Vec::new(),
    }
}

fn skipped() -> Verdict {
    Verdict::Skipped("line 14: what reaches a bank cannot be seen with --connect".into())
}

fn step(line: usize, title: &str, after: u64, waited: u64, passed: bool) -> StepOutcome {
    let time = Duration::from_millis;
    StepOutcome { line, title: title.to_owned(), began: NINE + time(after), waited: time(waited), passed }
}

fn message(after: u64, way: [&str; 2], mti: &str, label: &str, line: Option<usize>) -> Passed {
    let [from, to] = way.map(str::to_owned);
    let detail = format!(
        "MTI {mti}\n  DE2   PAN                    510510******5100\n  DE3   processing             010000\n  \
         DE4   amount                 000005000000  50000.00 KHR\n  DE7   transmitted            0115020000\n  \
         DE11  STAN                   000017\n  DE32  acquirer               500001\n  DE37  RRN                    301509000017\n  \
         DE41  terminal               ATM00001\n  DE52  PIN block              (withheld)\n  DE102 account                100-<0017>&\n"
    );
    Passed { at: NINE + Duration::from_millis(after), from, to, mti: mti.into(), label: label.into(), detail, fault: None, line }
}

fn compared(field: &str, number: Option<u8>, line: usize, expected: &str, actual: Option<&str>, agrees: bool) -> Compared {
    let actual = actual.map(str::to_owned);
    Compared { field: field.into(), number, line, expected: expected.into(), actual, agrees }
}

fn paid() -> Outcome {
    let mut paid = outcome("scenarios/cash/paid.toml", "A withdrawal is paid and booked", Verdict::Passed);
    paid.rule = Some("An ATM debits the account once for each paid withdrawal".into());
    paid.tags = ["withdrawal", "ledger"].map(str::to_owned).to_vec();
    paid.lasted = Duration::from_millis(3);
    paid.passed = vec![
        message(0, ["atm", "switch"], "0200", "withdrawal 50000.00 KHR", Some(8)),
        message(1, ["switch", "acleda"], "0200", "withdrawal 50000.00 KHR", None),
        message(2, ["acleda", "switch"], "0210", "00 approved", None),
        message(3, ["switch", "atm"], "0210", "00 approved", Some(13)),
    ];
    let titles = ["send withdrawal (cash)", "expect 0210 of cash", "assert ledger of dara at acleda"];
    paid.steps = vec![step(8, titles[0], 0, 0, true), step(13, titles[1], 0, 3, true), step(20, titles[2], 3, 0, true)];
    paid
}

/// A bank's answer is lost, and the terminal is told something else than expected.
pub(super) fn silent_bank() -> Outcome {
    let fields = vec![
        compared("code", Some(39), 26, "\"91\"", Some("\"09\" (in progress)"), false),
        compared("authorization", Some(38), 27, "absent", Some("\"004711\""), false),
        compared("available", None, 28, "349948200.00 KHR", None, false),
        compared("amount", Some(4), 25, "50000.00 KHR", Some("50000.00 KHR"), true),
        compared("rrn", Some(37), 29, "echo of cash (\"301509000017\")", Some("\"301509000017\""), true),
    ];
    let failure = Failure {
        line: 24,
        step: "expect 0210 of cash".into(),
        problem: "an answer came, but not the one that is expected".into(),
        fields,
        nearest: None,
    };
    let mut silent = outcome(
        "scenarios/cash/silent-bank.toml",
        "A withdrawal whose bank stays silent is declined with 91 and reversed",
        Verdict::Failed(Box::new(failure)),
    );
    silent.rule = Some("After a bank's silence the terminal gets 91 and the bank a reversal".into());
    silent.tags = ["withdrawal", "timeout", "reversal"].map(str::to_owned).to_vec();
    silent.lasted = Duration::from_millis(25_002);
    let mut lost = message(3, ["acleda", "switch"], "0210", "00 approved", None);
    lost.fault = Some("dropped".into());
    silent.passed = vec![
        message(0, ["atm", "switch"], "0200", "withdrawal 50000.00 KHR", Some(16)),
        message(1, ["switch", "acleda"], "0200", "withdrawal 50000.00 KHR", None),
        lost,
        message(25_000, ["switch", "acleda"], "0420", "reversal of 50000.00 KHR", None),
        message(25_001, ["switch", "atm"], "0210", "09 in progress", Some(24)),
        message(25_002, ["acleda", "switch"], "0430", "00 approved", None),
    ];
    silent.steps = vec![
        step(9, "fault drop on acleda", 0, 0, true),
        step(16, "send withdrawal (cash)", 0, 0, true),
        step(24, "expect 0210 of cash", 0, 25_001, false),
    ];
    silent
}

/// Nothing comes that fits.
fn wrong_answer() -> Outcome {
    let failure = Failure {
        line: 19,
        step: "expect 0420 at acleda".into(),
        problem: "nothing of type 0420 reached acleda within 40 s".into(),
        fields: Vec::new(),
        nearest: Some("0200 withdrawal 50000.00 KHR at acleda, STAN 000017, line 12".into()),
    };
    let mut silent = outcome(
        "scenarios/cash/no-reversal.toml",
        "A machine that takes its request back has the bank's debit undone, whatever else is under way at the time on any link",
        Verdict::Failed(Box::new(failure)),
    );
    silent.lasted = Duration::from_secs(65);
    silent.tags = vec!["reversal".into()];
    silent.passed = vec![
        message(0, ["atm", "switch"], "0200", "withdrawal 50000.00 KHR", Some(12)),
        message(1, ["switch", "acleda"], "0200", "withdrawal 50000.00 KHR", None),
        Passed {
            fault: Some("delayed 26 s".into()),
            ..message(25_000, ["switch", "atm"], "0210", "91 issuer or switch is inoperative", None)
        },
    ];
    silent.steps = vec![
        step(12, "send withdrawal (cash)", 0, 0, true),
        step(16, "clock +25s", 0, 25_000, true),
        step(19, "expect 0420 at acleda", 25_000, 40_000, false),
    ];
    silent
}

/// Other letters, wide and stacked ones.
fn khmer() -> Outcome {
    let failure = Failure {
        line: 11,
        step: "expect 0210 of ដកប្រាក់".into(),
        problem: "an answer came, but not the one that is expected".into(),
        fields: vec![
            compared("text", Some(48), 14, "\"ប្រតិបត្តិការជោគជ័យ\"", Some("\"取引は完了しました\""), false),
            compared("code", Some(39), 13, "\"00\"", Some("\"00\" (approved)"), true),
        ],
        nearest: None,
    };
    let title = "ដកប្រាក់ ៥០០០០ រៀល ត្រូវបានអនុម័ត";
    let mut khmer = outcome("scenarios/cash/ដកប្រាក់.toml", title, Verdict::Failed(Box::new(failure)));
    khmer.tags = vec!["ភាសាខ្មែរ".into()];
    khmer.parties = ["ម៉ាស៊ីន", "switch", "銀行"].map(str::to_owned).to_vec();
    khmer.passed = vec![
        message(0, ["ម៉ាស៊ីន", "switch"], "0200", "ដកប្រាក់ 50000.00 KHR", Some(6)),
        message(1, ["switch", "銀行"], "0200", "ដកប្រាក់ 50000.00 KHR", None),
        message(2, ["銀行", "switch"], "0210", "00 取引は完了しました", None),
        message(3, ["switch", "ម៉ាស៊ីន"], "0210", "00 取引は完了しました", Some(11)),
    ];
    khmer.steps = vec![step(6, "send ដកប្រាក់", 0, 0, true), step(11, "expect 0210 of ដកប្រាក់", 0, 3, false)];
    khmer
}

/// Text that means something to a browser, to an XML reader and to a terminal.
fn markup() -> Outcome {
    let mut markup =
        outcome("scenarios/rules/markup.toml", "<script>alert('1 & 2')</script> ]]> \u{1b}[31m\u{7}", Verdict::Passed);
    markup.tags = vec!["\"quoted\"".into(), "a<b>&c".into()];
    markup.rule = Some("</details><b>bold</b>".into());
    let label = "</text><script>alert(2)</script>\u{0}";
    markup.passed = vec![Passed {
        mti: String::new(),
        fault: Some("<i>garbage</i>".into()),
        ..message(0, ["atm", "switch"], "", label, None)
    }];
    markup.steps = vec![step(4, "send bytes \"><img src=x onerror=alert(3)>", 0, 0, true)];
    markup
}

/// Many messages over a long time.
fn month() -> Outcome {
    let mut month = outcome("scenarios/rules/month.toml", "A month with two paydays and thirty cutovers", Verdict::Passed);
    month.tags = vec!["cutover".into(), "payroll".into()];
    month.parties = ["atm", "shop", "switch", "acleda", "wing"].map(str::to_owned).to_vec();
    for day in 0..30 {
        let after = day * 86_400_000;
        for (place, (terminal, bank)) in (0..).zip([("atm", "acleda"), ("shop", "wing"), ("atm", "wing")]) {
            let after = after + 10 * place;
            let line = usize::try_from(10 + day).ok();
            month.passed.push(message(after + 1, [terminal, "switch"], "0200", "salary 1200.00 USD", line));
            month.passed.push(message(after + 2, ["switch", bank], "0200", "salary 1200.00 USD", None));
            month.passed.push(message(after + 3, [bank, "switch"], "0210", "00 approved", None));
            month.passed.push(message(after + 4, ["switch", terminal], "0210", "00 approved", None));
        }
        month.steps.push(step(100, "clock cutover", after + 30, 86_399_000, true));
    }
    month.lasted = Duration::from_secs(30 * 86_400);
    month.took = Duration::from_millis(1490);
    month
}

fn bad() -> Outcome {
    let text = "scenarios/rules/typo.toml:7:1: `amout` is no field of a message\n  |\n7 | amout = \"50000.00 KHR\"\n  | ^^^^^\n  \
                = did you mean `amount` (DE4)?";
    outcome("scenarios/rules/typo.toml", "typo.toml", Verdict::Bad(text.into()))
}

/// Card numbers in a text: runs of 13 to 19 digits whose check digit holds.
pub(super) fn card_numbers(text: &str) -> Vec<&str> {
    let runs = text.split(|letter: char| !letter.is_ascii_digit()).filter(|run| run.len() >= 13);
    runs.filter(|run| model::Pan::from_digits(run.as_bytes()).is_ok_and(model::Pan::luhn_holds)).collect()
}
