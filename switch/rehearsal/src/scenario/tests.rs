//! Files that are scenarios, and files that are not, with what their writers are told.

use std::path::Path;

use bank_adapters::Cast;

use super::*;

fn read(text: &str) -> Result<Scenario, Error> {
    Scenario::parse(Path::new("a.toml"), text, &Cast::builtin())
}

/// The error of a file with these lines behind its title.
fn told(lines: &str) -> String {
    read(&format!("title = \"t\"\n{lines}")).unwrap_err().to_string()
}

const WITHDRAWAL: &str = r#"
title = "A withdrawal is approved once"
tags = ["withdrawal"]

[vars]
amount = "50000.00 KHR"

[[step]]
send = "withdrawal"
as = "cash"
card = "dara"
amount = "{{amount}}"
location = "PHNOM PENH"
expiry = { absent = true }

[[step]]
expect = "0210"
code = "00"
rrn = { echo = true }
available = { near = "349998200.00 KHR", by = "1.00 KHR" }
capture = { auth = "authorization" }

[[step]]
send = "purchase"
card = "dara"
merchant = "{{auth}} {{cash.rrn}}"

[[step]]
clock = "2023-01-15T09:00:00"

[[step]]
fault = "delay"
on = "acleda"
by = "26s"
only = "0210"

[[step]]
assert = "ledger"
card = "dara"
currency = "KHR"
change = "-51800 KHR"
eventually = "60s"
"#;

#[test]
fn a_file_is_read_with_what_it_leaves_out() {
    let scenario = read(WITHDRAWAL).unwrap();
    assert_eq!(scenario.start.to_string(), "2022-12-28T02:00:00.000000Z");
    let lines: Vec<_> = scenario.steps.iter().map(|step| step.line).collect();
    assert_eq!(lines, [8, 16, 23, 28, 31, 37]);
    let [Action::Send(cash), Action::Expect(answer), Action::Send(goods), Action::Clock(clock), ..] =
        &scenario.steps.iter().map(|step| step.action.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("{:?}", scenario.steps);
    };
    assert_eq!((cash.from.as_str(), goods.from.as_str()), ("atm", "shop"));
    assert_eq!((answer.of, answer.place.clone()), (Some(0), ExpectAt::Terminal("atm".into())));
    assert_eq!(*clock, Clock::Until(scenario.start + std::time::Duration::from_secs(18 * 86_400)));
    assert!(
        matches!(&scenario.steps[5].action, Action::Assert(it) if matches!(&it.subject, Subject::Ledger { bank, .. } if bank == "acleda"))
    );
}

#[test]
fn every_expected_value_is_found_where_it_stands() {
    let scenario = read(WITHDRAWAL).unwrap();
    let found: Vec<_> = scenario.expectations().map(|it| (it.step, it.what, &scenario.source[it.span.clone()])).collect();
    assert_eq!(found[0], (1, "type", "\"0210\""));
    assert_eq!(found[1], (1, "code", "\"00\""));
    assert_eq!(found[2], (1, "rrn", "{ echo = true }"));
    assert_eq!(found[4], (5, "change", "\"-51800 KHR\""));
    assert_eq!(found.len(), 5);
}

#[test]
fn a_key_that_means_nothing_is_shown_with_line_and_caret() {
    assert_eq!(
        told("[[step]]\nsend = \"withdrawal\"\namunt = \"1.00 KHR\""),
        "a.toml:4:1: `amunt` means nothing here\n  |\n4 | amunt = \"1.00 KHR\"\n  | ^^^^^\ndid you mean amount?"
    );
}

#[test]
fn what_is_no_toml_is_shown_with_line_and_caret() {
    let told = told("[[step]]\nsend = withdrawal");
    assert!(told.starts_with("a.toml:3:8: ") && told.contains("\n3 | send = withdrawal\n  |        ^"), "{told}");
}

#[test]
fn a_card_number_anywhere_is_refused_and_not_repeated() {
    let told = told("# of 9116010000000019\n[[step]]\nsend = \"echo\"");
    assert_eq!(
        told,
        "a.toml:2:6: this looks like a card number, which no scenario may hold\n  |\n2 | # of 911601******0019\n  |      ^^^^^^^^^^^^^^^^\n\
         name a card of the cast by its alias: card = \"dara\""
    );
}

#[test]
fn a_card_number_in_groups_within_longer_digits_or_as_hex_is_refused_too() {
    for line in [
        "# 9116 0100 0000 0019",
        "about = \"9116-0100-0000-0019\"",
        "[vars]\ncard = \"9116.0100.0000.0019\"",
        "[[step]]\nsend = \"purchase\"\nlocation = \"0000911601000000001900000000\"",
        "[[step]]\nsend = \"purchase\"\ntrack2 = \"393131363031303030303030303031393D33323132\"",
    ] {
        let error = read(&format!("title = \"t\"\n{line}")).unwrap_err();
        assert!(error.problem.contains("looks like a card number"), "{error}");
        let shown = error.to_string();
        assert!(!::model::shows_card_number(&shown), "{shown}");
    }
}

#[test]
fn every_mistake_is_told_with_its_place_and_its_remedy() {
    let cash = "[[step]]\nsend = \"withdrawal\"\nas = \"cash\"\n";
    let step = |lines: &str| format!("{cash}[[step]]\n{lines}");
    let pay = |lines: &str| format!("[[step]]\npayroll = \"submit\"\n{lines}");
    let paid = |lines: &str| pay("items = [{ person = \"dara\", amount = \"1 KHR\" }]\n[[step]]\n") + lines;
    let cases = [
        ("", "1:1", "write at least one [[step]]"),
        ("sede = 1\n[[step]]\nsend = \"echo\"", "2:1", "did you mean seed?"),
        ("[[step]]\nas = \"x\"", "2:1", "write one of send, expect"),
        ("[[step]]\nsend = \"echo\"\nclock = \"rest\"", "2:1", "make a [[step]] of each"),
        ("[[step]]\nsned = \"withdrawal\"", "3:1", "did you mean send?"),
        ("[[step]]\nsend = \"withdrawl\"", "3:8", "did you mean withdrawal?"),
        ("[[step]]\nsend = \"balance\"\ncard = \"darra\"", "4:8", "dara"),
        ("[[step]]\nsend = \"balance\"\nfrom = \"pos\"", "4:8", "its terminals are atm, shop"),
        ("[[step]]\nsend = \"withdrawal\"\namount = 50", "4:10", "1800.00 KHR"),
        ("[[step]]\nsend = \"withdrawal\"\nstan = \"1234567\"", "4:8", "at most 6 digits"),
        ("[[step]]\nsend = \"withdrawal\"\nreceiver = \"acledo\"", "4:12", "acleda"),
        ("[[step]]\nsend = \"withdrawal\"\navailable = \"1.00 KHR\"", "4:13", "cannot be set"),
        ("[[step]]\nsend = \"repeat\"", "3:8", "send what it is about first"),
        ("[[step]]\nsend = \"echo\"\nmerchant = \"{{who}}\"", "4:12", "put it into [vars]"),
        ("[[step]]\nexpect = \"0210\"", "3:10", "say where it arrives"),
        (&step("expect = \"0210\"\nof = \"csh\""), "7:6", "did you mean cash?"),
        (&step("send = \"echo\"\nas = \"cash\""), "7:6", "give it another name"),
        (&step("send = \"echo\"\nrrn = \"{{cash.rnr}}\""), "7:7", "did you mean rrn?"),
        (&step("send = \"echo\"\nrrn = \"{{csh.rrn}}\""), "7:7", "did you mean cash?"),
        (&step("expect = \"9210\""), "6:10", "such as \"0210\""),
        (&step("expect = \"0210\"\ncode = { ekho = true }"), "7:8", "write one of echo, present"),
        (&step("expect = \"0210\"\ncode = { echo = false }"), "7:17", "write true, or leave it out"),
        (&step("expect = \"0210\"\ncode = { regex = \"[\" }"), "7:18", "regular expression"),
        (&step("expect = \"0210\"\ncode = { range = [\"00\", \"10\"] }"), "7:8", "`in` or `regex`"),
        (&step("expect = \"0210\"\ntransmitted = { near = \"1228020000\", by = \"1\" }"), "7:43", "such as \"2s\""),
        (&step("expect = \"0210\"\npin_block = \"00\""), "7:13", "never shown"),
        (&step("expect = \"nothing\"\ncode = \"00\""), "6:10", "leave the fields out"),
        (&step("expect = \"0210\"\nwithin = 40"), "7:10", "\"40s\""),
        (&step("command = \"sign-off\""), "5:1", "bank = \"acleda\""),
        (&step("fault = \"delay\"\non = \"acleda\""), "5:1", "by = \"26s\""),
        (&step("fault = \"drop\"\non = \"pos\""), "7:6", "name of a terminal"),
        (&step("fault = \"drop\"\non = \"acleda\"\ntimes = 0"), "8:9", "1 or more"),
        (&step("fault = \"throttle\"\non = \"acleda\"\nrate = 0"), "8:8", "1 or more"),
        (&step("fault = \"clear\"\non = \"acleda\""), "7:1", "did you mean as?"),
        (&step("fault = \"crash\"\ntimes = 1"), "7:1", "known here: as, on, for"),
        (&step("fault = \"down\"\non = \"acleda\"\nonly = \"0200\""), "8:1", "did you mean on?"),
        (&step("command = \"unblock\"\ncard = \"dara\"\nrefused = { ignore = true }"), "8:11", "present"),
        (&step("command = \"unblock\"\ncard = \"dara\"\nrefused = { optional = \"\" }"), "8:11", "regex"),
        (&step("expect = \"0210\"\namount = { near = \"1 USD\", by = \"9 KHR\" }"), "7:33", "USD"),
        (&step("expect = \"0210\"\namount = { near = \"1 USD\", by = \"-9 USD\" }"), "7:33", "not negative"),
        (&step("assert = \"owed\"\ncount = { near = 1, by = \"inf\" }"), "7:26", "no number"),
        (&step("clock = \"+401d\""), "6:9", "at most 400 days"),
        (&step("clock = \"2024-12-28T09:00:00\""), "6:9", "at most 400 days"),
        (&step("expect = \"nothing\"\nwithin = \"99999999999d\""), "7:10", "at most 400 days"),
        (&step("clock = \"25s\""), "6:9", "write \"+25s\""),
        (&step("assert = \"owed\"\nnumber = 0"), "7:1", "known here: as, bank, count, eventually"),
        (
            &step("assert = \"metric\"\nname = \"payswitch_late_replys_total\"\nvalue = { absent = true }"),
            "7:8",
            "did you mean payswitch_late_replies_total?",
        ),
        ("[person.dara]\nstatus = \"dead\"\n[[step]]\nsend = \"echo\"", "3:10", "deceased"),
        ("[person.sok]\nkhr = \"1\"\n[[step]]\nsend = \"echo\"", "2:1", "say at which bank"),
        ("[person.dara]\nat_bank = \"closed\"\n[[step]]\nsend = \"echo\"", "3:11", "account of its own"),
        ("[cards]\ndarra = \"active\"\n[[step]]\nsend = \"echo\"", "3:1", "dara"),
        ("[cards]\ndara = \"new\"\n[[step]]\nsend = \"echo\"", "3:8", "registered"),
        (&pay("items = []"), "4:9", "person = \"dara\""),
        (&pay("items = [{ person = \"darra\", amount = \"1 KHR\" }]"), "4:21", "did you mean dara?"),
        (&pay("items = [{ person = \"dara\" }]"), "4:10", "say how much"),
        (&pay("items = [{ amount = \"1 KHR\" }]"), "4:10", "employee, bank and account"),
        (&pay("items = [{ person = \"dara\", amount = \"1 KHR\", purpose = \"pay\" }]"), "4:57", "four capitals"),
        (&pay("document = \"none.xml\""), "4:12", "beside the scenario's file"),
        (&pay("pays_on = \"2022-12-28\""), "2:1", "document = "),
        (&pay("items = [{ person = \"dara\", amount = \"1 KHR\" }]\ncode = { ignore = true }"), "5:8", "present"),
        (&pay("items = [{ person = \"dara\", amount = \"1 KHR\" }]\ncause = \"MD07\""), "5:1", "known here"),
        ("[[step]]\npayroll = \"approve\"", "3:11", "submit a payroll first"),
        (&step("payroll = \"approve\"\nof = \"cash\""), "7:6", "submits a payroll"),
        (&step("assert = \"batch\"\nstate = \"done\""), "6:10", "submit a payroll first"),
        (&paid("payroll = \"recall\""), "5:1", "say how much"),
        (&paid("payroll = \"recall\"\namount = \"1 KHR\"\ncause = \"dead\""), "8:9", "ISO 20022"),
        (&paid("payroll = \"settle\"\nitem = 0\npaid = true"), "7:8", "1 or more"),
        (&paid("assert = \"batch\"\nreturned = 5"), "7:12", "1800.00 KHR"),
        (&paid("assert = \"batch\"\nitem = 1\nstate = \"done\""), "7:1", "known here: as, of, state"),
        (&paid("assert = \"item\""), "6:10", "state or code or returned"),
        (&step("command = \"replace\"\ncard = \"dara\""), "5:1", "new = \"sophea\""),
        (&step("command = \"block\"\nbank = \"acleda\"\ncard = \"dara\"\nreason = \"x\""), "9:10", "leave `bank` out"),
        (&step("command = \"cutover\"\nbank = \"acleda\""), "7:1", "known here"),
        (&step("assert = \"owed\""), "6:10", "say what it is to be: count"),
        (&step("assert = \"ledger\"\ncurrency = \"KHR\"\nheld = \"0 KHR\""), "5:1", "card = \"dara\""),
    ];
    let wrong = cases.iter().filter_map(|(lines, place, remedy)| {
        let told = told(lines);
        let fits = told.starts_with(&format!("a.toml:{place}: ")) && told.contains(remedy);
        (!fits).then(|| format!("{lines}\n{told}\nwanted {place}, {remedy}\n\n"))
    });
    assert_eq!(wrong.collect::<String>(), "");
}

#[test]
fn a_payroll_is_read_with_what_it_leaves_out() {
    let scenario = read(
        r#"
title = "Two are paid"

[cards]
dara = "printed"

[person.bopha]
status = "deceased"

[person.sok]
bank = "wing"
khr = "003000009116"

[[step]]
payroll = "submit"
as = "salaries"
items = [{ person = "dara", amount = "1200000 KHR" }, { person = "sok", account = "003000008116", amount = "1 KHR" }]

[[step]]
payroll = "approve"

[[step]]
payroll = "recall"
item = 2
amount = "1 KHR"
refused = { regex = "paid" }

[[step]]
assert = "item"
of = "salaries"
item = 2
state = "waiting"
"#,
    )
    .unwrap();
    let person = |name: &str| scenario.person(name).unwrap();
    assert_eq!((person("dara").employee.as_str(), person("dara").bank.as_str()), ("000000018", "acleda"));
    assert_eq!((person("bopha").status, person("bopha").account_status), ("deceased", "open"));
    assert_eq!(person("sok").account(::model::Currency::KHR), Some("003000009116"));
    let last = format!("{:08}", scenario.people.len());
    assert!(person("sok").employee.starts_with(&last), "whoever is not in the cast comes after it");
    assert!(::model::Pan::from_digits(format!("0000{}", person("sok").employee).as_bytes()).is_ok_and(::model::Pan::luhn_holds));
    assert_eq!(scenario.cards, Some(vec![("dara".to_owned(), "printed".to_owned())]));
    let orders: Vec<_> =
        scenario.steps.iter().filter_map(|step| if let Action::Payroll(it) = &step.action { Some(it) } else { None }).collect();
    let [submit, approve, recall] = orders[..] else { panic!("{orders:?}") };
    assert!(matches!(&submit.order.value, PayrollWord::Submit(it) if !it.csv && it.payer.as_plain() == Some("MEF")));
    assert_eq!((submit.operator.as_plain(), approve.operator.as_plain()), (Some("clerk"), Some("director")));
    assert!(matches!(approve.order.value, PayrollWord::Approve(0)));
    assert!(matches!(&recall.order.value, PayrollWord::Recall(0, 2, _, cause) if cause == "AM09"));
    let found: Vec<_> = scenario.expectations().map(|it| (it.step, it.what)).collect();
    assert_eq!(found, [(2, "refused"), (3, "state")]);
}

#[test]
fn every_field_that_can_be_set_is_read_as_it_was_set() {
    let cast = Cast::builtin();
    for field in fields::FIELDS.iter().filter(|it| !it.part) {
        let text = match field.shape {
            Shape::Card => continue,
            Shape::Amount => "12.50 USD".to_owned(),
            Shape::Currency => "USD".to_owned(),
            Shape::Transmission => "1228020001".to_owned(),
            Shape::Clock => "090001".to_owned(),
            Shape::Day => "1228".to_owned(),
            Shape::Institution => "116001".to_owned(),
            Shape::Digits(42) => "020000004212280200010000011600100000116002".to_owned(),
            Shape::Digits(count) => "9".repeat(count),
            Shape::Secret => "3031".to_owned(),
            _ => "A1".chars().cycle().take(if field.number == 91 { 1 } else { 2 }).collect(),
        };
        let mut draft = Draft::default();
        draft.set(field, &text).unwrap();
        let read = field.text(&draft.message()).unwrap();
        match field.shape {
            Shape::Secret => assert_eq!(read, "<2 bytes withheld>"),
            shape => assert_eq!(Ok(read), shape.normal(&text, &cast), "{}", field.name),
        }
        draft.clear(field);
        assert_eq!(field.text(&draft.message()), None, "{}", field.name);
    }
}
