//! A switch whose clock stands until it is told: timers, cutover and the end of holds without waiting for them.

use std::time::{Duration, Instant};

use bank_adapters::{Card, Statement};
use model::{Currency, Kind, Money, ResponseCode};
use serde_json::{Value, json};

use crate::harness::{Banks, PATIENCE, Setup, Switch, cast, eventually, run, until};
use crate::orders::told;

const APPROVED: ResponseCode = ResponseCode::APPROVED;
const START: &str = "2022-12-28T09:00:00+07:00";

pub(crate) fn standing() -> Switch {
    Setup::new(Banks::InProcess, "iso87-ascii").arguments(&["--clock", "manual", "--clock-start", START]).start()
}

fn riel(minor: u64) -> Money {
    Money::from_minor(minor, Currency::from_alpha("KHR").unwrap())
}

fn card(alias: &str) -> Card {
    cast().card(alias).unwrap().clone()
}

fn advance(switch: &Switch, by: Duration) -> Value {
    let (status, answer) = switch.send("POST", "/clock", &json!({ "advance_ms": by.as_millis() }));
    assert_eq!((status, &answer["reached"]), (200, &json!(true)), "{answer}");
    answer
}

#[test]
fn a_silent_bank_is_given_up_when_the_clock_says_so_and_not_before() {
    run(async {
        let switch = standing();
        let (terminal, mute) = (switch.terminal("ATM00001").await, card("mute"));
        let withdrawal = terminal.request(Kind::Withdrawal, &mute, riel(100_000));
        let begun = Instant::now();
        let (answered, ()) = tokio::join!(terminal.ask(&withdrawal, PATIENCE), async {
            until("the bank is asked", || switch.metric("payswitch_in_flight{bank=\"acleda\"}") == 1.0).await;
            advance(&switch, Duration::from_millis(24_999));
            assert_eq!(switch.metric("payswitch_in_flight{bank=\"acleda\"}"), 1.0);
            let told_91 = "payswitch_transactions_total{bank=\"acleda\",kind=\"withdrawal\",outcome=\"91\"}";
            assert_eq!(switch.metric(told_91), 0.0);
            let clock = advance(&switch, Duration::from_secs(1));
            assert_eq!(clock["local"], "2022-12-28 09:00:25");
            assert_eq!(switch.metric(told_91), 1.0, "decided when the order is answered");
        });
        assert_eq!(answered.unwrap().reply.code, ResponseCode::BANK_UNAVAILABLE);
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits 25 seconds");
        let ended = "payswitch_records_total{record=\"ForwardEnded\"}";
        eventually("the reversal is answered", || switch.metric(ended) == 1.0);
    });
}

#[test]
fn a_day_later_is_the_next_business_date_and_banks_are_still_there() {
    run(async {
        let switch = standing();
        let terminal = switch.terminal("ATM00001").await;
        assert_eq!(switch.look("/status")["business_date"], "2022-12-28");
        let (moved, said) = told(&switch, &["clock", "to", "2022-12-28T23:59:59+07:00"]);
        assert!(moved && said.contains("2022-12-28 23:59:59 local"), "{said}");
        assert_eq!(switch.look("/status")["business_date"], "2022-12-28");
        let (moved, said) = told(&switch, &["clock", "advance", "1s"]);
        assert!(moved, "{said}");
        assert_eq!(switch.look("/status")["business_date"], "2022-12-29");

        let begun = Instant::now();
        advance(&switch, Duration::from_secs(30 * 24 * 3600));
        assert!(begun.elapsed() < Duration::from_secs(15), "a month took {:?}", begun.elapsed());
        let status = switch.look("/status");
        assert_eq!(status["business_date"], "2023-01-28");
        assert!(status["banks"].as_array().unwrap().iter().all(|bank| bank["up"] == true), "{status}");
        let request = terminal.request(Kind::Withdrawal, &card("dara"), riel(100_000));
        assert_eq!(terminal.ask(&request, PATIENCE).await.unwrap().reply.code, APPROVED);
    });
}

#[test]
fn a_held_amount_is_free_again_after_seven_days_at_the_switch_and_at_the_bank() {
    run(async {
        let switch = standing();
        let (terminal, dara) = (switch.terminal("POS00001").await, card("dara"));
        let account = dara.account(riel(0).currency()).unwrap().number.to_string();
        let held = |at: &str| {
            let ledger = Statement::open(&switch.setup.ledgers().join("acleda.db")).unwrap();
            ledger.held(&account, model::Timestamp::parse(at).unwrap()).unwrap()
        };
        let hold = terminal.authorization(&dara, riel(100_000));
        assert_eq!(terminal.ask(&hold, PATIENCE).await.unwrap().reply.code, APPROVED);
        assert_eq!(switch.look("/status")["holds"], 1);
        assert_eq!(held(START), 100_000);

        advance(&switch, Duration::from_secs(7 * 24 * 3600 - 60));
        assert_eq!(switch.look("/status")["holds"], 1);
        let clock = advance(&switch, Duration::from_secs(120));
        assert_eq!(switch.look("/status")["holds"], 0);
        assert_eq!(held(clock["now"].as_str().unwrap()), 0, "the banks in this process go by the same clock");
    });
}

#[test]
fn what_a_fault_holds_back_goes_by_the_clock_that_stands() {
    run(async {
        let switch = standing();
        let terminal = switch.terminal("ATM00001").await;
        let delay = json!({ "action": "delay", "link": "acleda", "way": "in", "only": "0210", "by": "20s" });
        assert_eq!(switch.send("POST", "/faults", &delay).0, 200);
        let request = terminal.request(Kind::Withdrawal, &card("dara"), riel(100_000));
        let (answered, ()) = tokio::join!(terminal.ask(&request, PATIENCE), async {
            let struck = "payswitch_faults_struck_total{action=\"delay\",link=\"acleda\"}";
            until("the answer is held back", || switch.metric(struck) == 1.0).await;
            advance(&switch, Duration::from_secs(40));
        });
        assert_eq!(answered.unwrap().reply.code, APPROVED, "20 s come before the bank's timer of 25 s");
    });
}

#[test]
fn a_clock_goes_forward_only_and_only_where_it_was_started_so() {
    let mut switch = standing();
    let shown = switch.look("/clock");
    assert_eq!((&shown["now"], &shown["manual"]), (&json!("2022-12-28T02:00:00.000000Z"), &json!(true)));
    let (moved, said) = told(&switch, &["clock"]);
    assert!(moved && said.contains("stands until it is moved"), "{said}");
    let (status, answer) = switch.send("POST", "/clock", &json!({ "to": "2022-12-28T08:59:59+07:00" }));
    assert!(status == 409 && answer["problem"].as_str().unwrap().contains("never goes back"), "{answer}");
    let (status, answer) = switch.send("POST", "/clock", &json!({ "to": "tomorrow" }));
    assert_eq!((status, &answer["field"]), (400, &json!("to")), "{answer}");
    for far in [
        json!({ "advance_ms": u64::MAX }),
        json!({ "advance_ms": 3_654_u64 * 86_400_000 }),
        json!({ "to": "9999-01-01T00:00:00Z" }),
    ] {
        let (status, answer) = switch.send("POST", "/clock", &far);
        assert!(status == 409 && answer["problem"].as_str().unwrap().contains("ten years at once at most"), "{answer}");
        assert_eq!(switch.look("/clock")["now"], shown["now"], "nothing has moved");
    }
    let at = format!("http://{}", switch.process.addresses["http"]);
    for arguments in [["clock", "--at", &at, "advance", "0s"], ["clock", "advance", "0s", "--at", &at]] {
        let (moved, said) = crate::harness::command(&arguments, None);
        assert!(moved && said.contains("2022-12-28 09:00:00 local"), "{said}");
    }

    advance(&switch, Duration::from_secs(3600));
    switch.restart();
    assert!(switch.look("/clock")["now"].as_str() > Some("2022-12-28T02:00"), "it begins behind what the journal has seen");

    let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
    assert_eq!(switch.look("/clock")["manual"], false);
    let (status, answer) = switch.send("POST", "/clock", &json!({ "advance_ms": 1 }));
    assert!(status == 409 && answer["problem"].as_str().unwrap().contains("--clock manual"), "{answer}");
}
