//! Faults that a tester sets on a running switch's links: what terminals and banks see, and what is listed and counted.

use std::time::{Duration, Instant};

use bank_adapters::{Card, Statement};
use model::{Currency, Kind, Message, Money, Mti, ResponseCode};
use rehearsal::{Error, Terminal};
use serde_json::{Value, json};

use crate::fake_bank::FakeBank;
use crate::harness::{Banks, PATIENCE, Setup, Switch, cast, eventually, run};
use crate::orders::told;

const APPROVED: ResponseCode = ResponseCode::APPROVED;
const UNAVAILABLE: ResponseCode = ResponseCode::BANK_UNAVAILABLE;

/// A bank's timer that a test can wait for.
const SHORT: &str = "[timers]\natm_ms = 300\npos_ms = 300\nforward_first_ms = 100\nforward_max_ms = 400";

fn riel(minor: u64) -> Money {
    Money::from_minor(minor, Currency::from_alpha("KHR").unwrap())
}

fn card(alias: &str) -> Card {
    cast().card(alias).unwrap().clone()
}

fn withdrawal(terminal: &Terminal, alias: &str) -> Message<'static> {
    terminal.request(Kind::Withdrawal, &card(alias), riel(100_000))
}

async fn code(terminal: &Terminal, request: &Message<'static>) -> ResponseCode {
    terminal.ask(request, PATIENCE).await.unwrap().reply.code
}

fn balance(switch: &Switch, card: &Card) -> i64 {
    let ledger = Statement::open(&switch.setup.ledgers().join(format!("{}.db", card.bank))).unwrap();
    assert_eq!(ledger.unbalanced().unwrap(), []);
    ledger.balance(&card.account(riel(0).currency()).unwrap().number.to_string()).unwrap()
}

/// Sets a fault, and gives its number.
fn set(switch: &Switch, fault: &Value) -> u64 {
    let (status, answer) = switch.send("POST", "/faults", fault);
    assert_eq!(status, 200, "{answer}");
    answer["id"].as_u64().unwrap()
}

fn struck(switch: &Switch, link: &str, action: &str) -> f64 {
    switch.metric(&format!("payswitch_faults_struck_total{{action=\"{action}\",link=\"{link}\"}}"))
}

/// How many 0210 have come from a bank.
fn answers(switch: &Switch, bank: &str) -> f64 {
    switch.metric(&format!("payswitch_messages_total{{direction=\"in\",link=\"{bank}\",mti=\"0210\"}}"))
}

fn recorded(switch: &Switch, record: &str) -> f64 {
    switch.metric(&format!("payswitch_records_total{{record=\"{record}\"}}"))
}

/// A switch whose bank canadia is `bank`.
fn with_canadia(bank: &FakeBank) -> Switch {
    Setup::new(Banks::InProcess, "iso87-ascii").dialling("canadia", bank.address()).start()
}

#[test]
fn an_answer_delayed_beyond_the_banks_timer_is_told_91_and_undone() {
    run(async {
        let switch = Setup::new(Banks::OverTcp, "iso87-ascii").with(SHORT).start();
        let (terminal, dara) = (switch.terminal("ATM00001").await, card("dara"));
        let before = balance(&switch, &dara);
        set(&switch, &json!({ "action": "delay", "link": "acleda", "way": "in", "only": "0210", "times": 1, "by": "1s" }));

        let asked_at = Instant::now();
        assert_eq!(code(&terminal, &withdrawal(&terminal, "dara")).await, UNAVAILABLE);
        assert!(asked_at.elapsed() >= Duration::from_millis(300));
        eventually("the bank has undone it", || recorded(&switch, "ForwardEnded") == 1.0 && balance(&switch, &dara) == before);
        eventually("the answer comes late", || answers(&switch, "acleda") == 1.0);
        assert!(asked_at.elapsed() >= Duration::from_secs(1), "and not before the delay was over");

        assert_eq!(struck(&switch, "acleda", "delay"), 1.0);
        assert_eq!(code(&terminal, &withdrawal(&terminal, "dara")).await, APPROVED, "once is once");
    });
}

#[test]
fn an_answer_that_is_dropped_never_comes_and_the_money_comes_back() {
    run(async {
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").with(SHORT).start();
        let (terminal, dara) = (switch.terminal("ATM00001").await, card("dara"));
        let before = balance(&switch, &dara);
        set(&switch, &json!({ "action": "drop", "link": "acleda", "way": "in", "only": "0210", "times": 1 }));

        assert_eq!(code(&terminal, &withdrawal(&terminal, "dara")).await, UNAVAILABLE);
        eventually("the bank has undone it", || recorded(&switch, "ForwardEnded") == 1.0 && balance(&switch, &dara) == before);
        assert_eq!((answers(&switch, "acleda"), struck(&switch, "acleda", "drop")), (0.0, 1.0));
    });
}

#[test]
fn a_request_that_comes_twice_is_answered_from_the_store_and_reaches_the_bank_once() {
    run(async {
        let bank = FakeBank::approving("iso87-ascii");
        let switch = with_canadia(&bank);
        let terminal = switch.terminal("ATM00001").await;
        let request = withdrawal(&terminal, "bopha");
        let first = terminal.ask(&request, PATIENCE).await.unwrap().reply;
        set(&switch, &json!({ "action": "duplicate", "link": "terminals", "way": "in", "only": "0201" }));

        let again = terminal.ask(&terminal.repeat(&request), PATIENCE).await.unwrap().reply;
        let once_more = tokio::time::timeout(PATIENCE, terminal.next_unmatched()).await.expect("comes twice");
        let once_more = once_more.unwrap().reply.unwrap();
        for reply in [&again, &once_more] {
            assert_eq!((reply.code, reply.authorization, reply.rrn), (APPROVED, first.authorization, first.rrn));
        }
        assert_eq!(bank.seen(Mti::FINANCIAL_REQUEST).len() + bank.seen(Mti::FINANCIAL_REPEAT).len(), 1);

        set(&switch, &json!({ "action": "duplicate", "link": "terminals", "way": "in", "only": "0200", "times": 1 }));
        assert_eq!(code(&terminal, &withdrawal(&terminal, "bopha")).await, APPROVED);
        assert_eq!(bank.seen(Mti::FINANCIAL_REQUEST).len(), 2, "two that come at once are one as well");
    });
}

#[test]
fn two_requests_to_a_bank_change_places() {
    run(async {
        let bank = FakeBank::approving("iso87-ascii");
        let switch = with_canadia(&bank);
        let terminal = switch.terminal("ATM00001").await;
        set(&switch, &json!({ "action": "reorder", "link": "canadia", "way": "out", "only": "0200", "times": 1, "by": "20s" }));
        let (first, second) = (withdrawal(&terminal, "bopha"), withdrawal(&terminal, "rithy"));

        terminal.send(&first).await.unwrap();
        eventually("the first is held back", || struck(&switch, "canadia", "reorder") == 1.0);
        assert_eq!(code(&terminal, &second).await, APPROVED);
        let seen: Vec<_> = bank.has_seen(Mti::FINANCIAL_REQUEST, 2).iter().map(|leg| leg.rrn).collect();
        assert_eq!(seen, [second.rrn, first.rrn]);
    });
}

#[test]
fn garbage_from_a_bank_disturbs_nobody() {
    run(async {
        let bank = FakeBank::approving("iso87-ascii");
        let switch = with_canadia(&bank);
        let terminal = switch.terminal("ATM00001").await;
        set(&switch, &json!({ "action": "garbage", "link": "canadia", "way": "in", "only": "0210", "times": 1, "seed": 3 }));
        assert_eq!(code(&terminal, &withdrawal(&terminal, "bopha")).await, APPROVED);
        assert_eq!(switch.metric("payswitch_unreadable_total{link=\"canadia\"}"), 1.0);
        assert_eq!(struck(&switch, "canadia", "garbage"), 1.0);
    });
}

#[test]
fn a_corrupt_answer_ends_in_a_sound_ledger() {
    run(async {
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").with(SHORT).start();
        let (terminal, dara) = (switch.terminal("ATM00001").await, card("dara"));
        let id = set(&switch, &json!({ "action": "corrupt", "link": "acleda", "way": "in", "only": "0210", "times": 5 }));
        let mut paid = 0;
        let before = balance(&switch, &dara);
        for _ in 0..5 {
            paid += i64::from(code(&terminal, &withdrawal(&terminal, "dara")).await == APPROVED) * 100_000;
        }
        assert_eq!(struck(&switch, "acleda", "corrupt"), 5.0);
        assert_eq!(switch.http(&format!("/faults/{id}")).0, 405, "a fault is listed with the others, or deleted");
        // What the terminal was told in the end is what the ledger says, unless a code was changed into another refusal.
        eventually("what was not paid out comes back", || before - balance(&switch, &dara) <= paid + 400_000);
        assert_eq!(code(&terminal, &withdrawal(&terminal, "dara")).await, APPROVED);
    });
}

#[test]
fn a_truncated_request_puts_its_own_connection_out_of_step_and_no_other() {
    run(async {
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
        let (struck_one, other) = (switch.terminal("ATM00001").await, switch.terminal("ATM00002").await);
        set(&switch, &json!({ "action": "truncate", "link": "terminals", "way": "in", "only": "0200", "times": 1 }));
        struck_one.send(&withdrawal(&struck_one, "dara")).await.unwrap();
        eventually("it is cut", || struck(&switch, "terminals", "truncate") == 1.0);
        assert_eq!(code(&other, &withdrawal(&other, "dara")).await, APPROVED);

        // The next one is taken for the rest, and what is left of it for a frame.
        let _ = struck_one.send(&withdrawal(&struck_one, "dara")).await;
        let closed = "payswitch_links_closed_total{link=\"terminals\",reason=\"framing\"}";
        eventually("the connection is given up", || switch.metric(closed) == 1.0);
        assert_eq!(code(&other, &withdrawal(&other, "dara")).await, APPROVED);
    });
}

#[test]
fn a_reset_breaks_the_connection_and_the_next_one_works() {
    run(async {
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
        let terminal = switch.terminal("ATM00001").await;
        set(&switch, &json!({ "action": "reset", "link": "terminals", "way": "out", "only": "0210", "times": 1 }));
        let request = withdrawal(&terminal, "dara");
        assert!(matches!(terminal.ask(&request, PATIENCE).await, Err(Error::Lost { .. })));
        let closed = "payswitch_links_closed_total{link=\"terminals\",reason=\"socket\"}";
        eventually("the link has ended", || switch.metric(closed) == 1.0);

        let terminal = switch.terminal("ATM00001").await;
        assert_eq!(code(&terminal, &terminal.repeat(&request)).await, APPROVED, "the answer that was lost");
    });
}

#[test]
fn a_half_open_connection_is_silent_and_nobody_is_told() {
    run(async {
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
        let terminal = switch.terminal("ATM00001").await;
        set(&switch, &json!({ "action": "half-open", "link": "terminals", "way": "out", "times": 1 }));
        let request = withdrawal(&terminal, "dara");
        assert!(matches!(terminal.ask(&request, Duration::from_millis(500)).await, Err(Error::Silent { .. })));
        assert!(matches!(terminal.ask(&request, Duration::from_millis(100)).await, Err(Error::Silent { .. })));
        assert!(terminal.is_open());

        let other = switch.terminal("ATM00001").await;
        assert_eq!(code(&other, &other.repeat(&request)).await, APPROVED);
        switch.send("DELETE", "/faults", &json!({}));
        assert_eq!(code(&terminal, &terminal.repeat(&request)).await, APPROVED, "what is sent after the end of the fault comes");
    });
}

#[test]
fn a_throttled_answer_trickles() {
    run(async {
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
        let terminal = switch.terminal("ATM00001").await;
        set(&switch, &json!({ "action": "throttle", "link": "terminals", "way": "out", "rate": 200, "times": 1 }));
        let asked_at = Instant::now();
        assert_eq!(code(&terminal, &withdrawal(&terminal, "dara")).await, APPROVED);
        assert!(asked_at.elapsed() >= Duration::from_millis(400), "more than a hundred bytes at 200 a second");
    });
}

#[test]
fn faults_are_set_listed_counted_and_cleared_from_the_command_line() {
    run(async {
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").with(SHORT).start();
        let terminal = switch.terminal("ATM00001").await;
        let (there, said) = told(&switch, &["fault", "list"]);
        assert!(there && said.contains("no fault is set"), "{said}");

        let delay = ["fault", "set", "delay", "--on", "acleda", "--way", "in", "--only", "0210", "--times", "1", "--by", "20s"];
        let (set_one, said) = told(&switch, &delay);
        assert!(set_one && said.trim() == "fault 1 is set", "{said}");
        let (set_two, said) = told(&switch, &["fault", "set", "drop", "--on", "acleda", "--json"]);
        assert!(set_two && serde_json::from_str::<Value>(&said).unwrap()["id"] == 2, "{said}");
        assert!(told(&switch, &["fault", "set", "half-open", "--on", "terminals", "--only", "0400"]).0);
        assert_eq!(switch.metric("payswitch_faults_active"), 3.0);

        assert_eq!(code(&terminal, &withdrawal(&terminal, "dara")).await, UNAVAILABLE);
        let (_, said) = told(&switch, &["fault", "list"]);
        let rows: Vec<Vec<&str>> = said.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[2], ["3", "terminals", "both", "half-open", "0400", "0", "any"], "{said}");
        let listed = switch.look("/faults");
        assert!(listed["lines"][1]["struck"].as_u64() >= Some(1), "the request was dropped on its way out: {listed}");
        assert!(struck(&switch, "acleda", "drop") >= 1.0);

        let (cleared, said) = told(&switch, &["fault", "clear", "3"]);
        assert!(cleared && said.trim() == "1 fault is cleared", "{said}");
        let (cleared, said) = told(&switch, &["fault", "clear", "3"]);
        assert!(!cleared && said.contains("there is no fault 3"), "{said}");
        let (cleared, said) = told(&switch, &["fault", "clear"]);
        assert!(cleared && said.trim() == "2 faults are cleared", "{said}");
        assert_eq!((switch.metric("payswitch_faults_active"), &switch.look("/faults")["total"]), (0.0, &json!(0)));
        eventually("the link works again", || switch.metric("payswitch_bank_up{bank=\"acleda\"}") == 1.0);
        assert_eq!(code(&terminal, &withdrawal(&terminal, "dara")).await, APPROVED);
        let log = switch.process.log_lines().join("\n");
        assert!(
            log.contains("a fault is set: delay 20s on acleda, in, only 0210, once") && log.contains("all faults are cleared")
        );
    });
}

#[test]
fn a_fault_that_cannot_be_is_refused_with_what_could() {
    let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
    for (fault, field, hint) in [
        (json!({ "action": "drop", "link": "aclida" }), "link", "terminals, escrow, acleda, canadia, wing"),
        (json!({ "action": "explode", "link": "acleda" }), "action", "half-open"),
        (json!({ "action": "delay", "link": "acleda" }), "by", "26s"),
        (json!({ "action": "delay", "link": "acleda", "by": "soon" }), "by", "26s"),
        (json!({ "action": "drop", "link": "acleda", "only": "21" }), "only", "0210"),
        (json!({ "action": "drop", "link": "acleda", "way": "up" }), "way", "both"),
        (json!({ "action": "drop", "link": "acleda", "times": 0 }), "times", "1 or more"),
        (json!({ "action": "drop", "link": "acleda", "by": "1s" }), "by", "leave it out"),
        (json!({ "action": "drop", "bank": "acleda" }), "body", "link"),
    ] {
        let (status, answer) = switch.send("POST", "/faults", &fault);
        assert_eq!((status, &answer["field"]), (400, &json!(field)), "{fault}: {answer}");
        assert!(answer["problem"].as_str().unwrap().contains(hint), "{fault}: {answer}");
    }
    assert_eq!(switch.send("DELETE", "/faults/7", &json!({})).0, 404);
    assert_eq!(switch.send("DELETE", "/faults/x", &json!({})).0, 400);
    assert_eq!(switch.look("/faults")["total"], 0);
}
