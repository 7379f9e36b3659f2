//! What operators order of a running switch, and what they look at.

use model::{Currency, Kind, Money, Mti, ResponseCode};
use rehearsal::Terminal;
use serde_json::{Value, json};

use crate::fake_bank::{FakeBank, answer, approval, says};
use crate::harness::{Banks, PATIENCE, Setup, Switch, cast, eventually, http_with, run, until};

const APPROVED: ResponseCode = ResponseCode::APPROVED;

fn riel(minor: u64) -> Money {
    Money::from_minor(minor, Currency::from_alpha("KHR").unwrap())
}

async fn asks(terminal: &Terminal, kind: Kind, alias: &str) -> ResponseCode {
    let request = terminal.request(kind, cast().card(alias).unwrap(), riel(10_000));
    terminal.ask(&request, PATIENCE).await.unwrap().reply.code
}

fn number_of(alias: &str) -> String {
    String::from_utf8(cast().card(alias).unwrap().pan.digits().as_ref().to_vec()).unwrap()
}

/// The records of one name in the journal, as they are exported.
fn exported(switch: &Switch, record: &str) -> Vec<Value> {
    let (whole, text) = switch.command(&["journal", "export"]);
    assert!(whole, "{text}");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["record"] == record).collect()
}

/// `payswitch` with the switch's address.
pub(crate) fn told(switch: &Switch, arguments: &[&str]) -> (bool, String) {
    let at = format!("http://{}", switch.process.addresses["http"]);
    crate::harness::command(&[arguments, &["--at", &at]].concat(), None)
}

#[test]
fn a_cutover_by_order_opens_the_next_day_for_the_next_withdrawal() {
    run(async {
        let bank = FakeBank::approving("iso87-ascii");
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").dialling("canadia", bank.address()).start();
        let terminal = switch.terminal("ATM00001").await;
        let day = |it: &Value| it["business_date"].as_str().unwrap()[5..].replace('-', "");

        assert_eq!(asks(&terminal, Kind::Withdrawal, "bopha").await, APPROVED);
        let before = switch.look("/status");
        let (status, done) = switch.order(&json!({ "operator": "sovann", "reason": "early close", "order": "cutover" }));
        assert_eq!((status, &done["order"]), (200, &json!("cutover")), "{done}");
        let after = switch.look("/status");
        assert!(before["business_date"].as_str() < after["business_date"].as_str());
        assert_eq!((&after["day_before_closed"], &after["days_not_closed"]), (&json!(true), &json!([])));
        assert_eq!(asks(&terminal, Kind::Withdrawal, "bopha").await, APPROVED);
        let dates: Vec<_> = bank.seen(Mti::FINANCIAL_REQUEST).iter().map(|leg| leg.business_date.unwrap().to_string()).collect();
        assert_eq!(dates, [day(&before), day(&after)]);

        let audited = exported(&switch, "Operated");
        assert_eq!(audited.len(), 1, "{audited:?}");
        assert_eq!((&audited[0]["operator"], &audited[0]["order"]), (&json!("sovann"), &json!("cutover")));
        assert_eq!((&audited[0]["reason"], &audited[0]["block"]), (&json!("early close"), &done["block"]));
        assert_eq!(switch.metric("payswitch_orders_total{order=\"cutover\",outcome=\"done\"}"), 1.0);
        let nets = |who: &str| switch.metric(&format!("payswitch_position{{currency=\"KHR\",participant=\"{who}\"}}"));
        eventually("positions are of the open day alone", || (nets("canadia"), nets("switch")) == (-10_000.0, 10_000.0));
        let positions = switch.look("/positions");
        let of = |date: &Value, closed: bool| {
            let lines = positions["lines"].as_array().unwrap().iter();
            let lines = lines.filter(|it| it["business_date"] == date["business_date"] && it["closed"] == closed);
            lines.map(|it| (it["participant"].as_str().unwrap(), it["net"].as_i64().unwrap())).collect::<Vec<_>>()
        };
        let both = [("switch", 10_000), ("canadia", -10_000)];
        assert_eq!((of(&before, true), of(&after, false)), (both.to_vec(), both.to_vec()), "{positions}");
        let (_, table) = told(&switch, &["positions"]);
        assert!(table.contains("canadia") && table.contains("-100.00 KHR") && table.contains("not closed"), "{table}");
        let (_, text) = told(&switch, &["status"]);
        assert!(text.contains("takes requests") && text.contains(after["business_date"].as_str().unwrap()), "{text}");
    });
}

#[test]
fn a_dead_letter_is_tried_again_by_order_and_settles() {
    run(async {
        let bank = FakeBank::start("iso87-ascii", |asked| {
            let refuses = asked.mti == Mti::REVERSAL_ADVICE;
            vec![says(if refuses { answer(asked, ResponseCode::DO_NOT_HONOUR) } else { approval(asked) })]
        });
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").dialling("canadia", bank.address()).start();
        let terminal = switch.terminal("ATM00001").await;
        let withdrawal = terminal.request(Kind::Withdrawal, cast().card("bopha").unwrap(), riel(10_000));
        assert_eq!(terminal.ask(&withdrawal, PATIENCE).await.unwrap().reply.code, APPROVED);
        let reversal = terminal.reversal(&withdrawal, Mti::REVERSAL_ADVICE, None);
        assert_eq!(terminal.ask(&reversal, PATIENCE).await.unwrap().reply.code, APPROVED);
        until("the bank has refused the reversal", || switch.look("/dead-letters")["total"] == 1).await;

        let letter = switch.look("/dead-letters")["lines"][0].clone();
        let told_of = ["bank", "owed", "kind", "amount", "card", "reason"].map(|key| letter[key].as_str().unwrap().to_owned());
        let wanted = ["canadia", "reversal", "withdrawal", "100.00 KHR", "911602******0018", "refused: 05 do not honour"];
        assert_eq!(told_of, wanted);
        assert_eq!(letter["rrn"], withdrawal.rrn.unwrap().to_string());
        let (_, table) = told(&switch, &["dead-letters"]);
        assert!(table.contains("refused: 05") && table.contains(letter["leg"].as_str().unwrap()), "{table}");

        let discard = json!({ "operator": "sovann", "order": "discard", "leg": letter["leg"] });
        let (status, refused) = switch.order(&discard);
        assert_eq!((status, &refused["field"]), (400, &json!("reason")), "{refused}");
        assert_eq!(switch.look("/dead-letters")["total"], 1, "it is still there");

        bank.now_does(|asked| vec![says(approval(asked))]);
        let leg = letter["leg"].as_str().unwrap();
        let retry = ["order", "retry", leg, "--operator", "sovann", "--reason", "the bank has mended it"];
        let (done, said) = told(&switch, &retry);
        assert!(done && said.starts_with("done: retry; it stands in block "), "{said}");
        assert_eq!(bank.has_seen(Mti::REVERSAL_ADVICE_REPEAT, 1).len(), 1);
        until("it is settled", || switch.look("/status")["forward_depth"] == 0).await;
        assert_eq!(switch.look("/dead-letters")["total"], 0);
        let (_, story) = switch.command(&["why", withdrawal.rrn.unwrap().to_string().as_str()]);
        assert!(story.contains("reversed"), "{story}");
        let (done, said) = told(&switch, &retry);
        assert!(!done && said.contains("is not on the dead-letter list"), "{said}");

        let audited = exported(&switch, "DeadRetried");
        assert_eq!(audited.len(), 1);
        assert_eq!((&audited[0]["operator"], &audited[0]["reason"]), (&json!("sovann"), &json!("the bank has mended it")));
        assert!(exported(&switch, "DeadDiscarded").is_empty());
        assert_eq!(switch.metric("payswitch_reversals_total{reason=\"asked\"}"), 1.0);
        assert_eq!(switch.metric("payswitch_orders_total{order=\"discard\",outcome=\"disallowed\"}"), 1.0);
    });
}

#[test]
fn a_blocked_card_is_refused_from_its_next_transaction_on_and_stays_so_after_a_crash() {
    run(async {
        let verbose = "level = \"trace\"";
        let mut switch = Setup::new(Banks::InProcess, "iso87-ascii").with(verbose).start();
        let terminal = switch.terminal("ATM00001").await;
        assert_eq!(asks(&terminal, Kind::Withdrawal, "dara").await, APPROVED);
        let block = json!({ "operator": "sovann", "reason": "skimmed", "order": "block", "card": number_of("dara") });
        let (status, done) = switch.order(&block);
        assert_eq!((status, &done["card"]), (200, &json!("911601******0019")), "{done}");
        assert_eq!(asks(&terminal, Kind::Withdrawal, "dara").await, ResponseCode::RESTRICTED_CARD);
        assert_eq!(asks(&terminal, Kind::Withdrawal, "bopha").await, APPROVED, "others are served");
        assert_eq!(switch.metric("payswitch_hot_card_refusals_total{code=\"62\"}"), 1.0);
        let log = switch.process.log_lines().join("\n");

        switch.restart();
        let terminal = switch.terminal("ATM00001").await;
        assert_eq!(asks(&terminal, Kind::Withdrawal, "dara").await, ResponseCode::RESTRICTED_CARD);
        let listed = switch.look("/hot-cards");
        assert_eq!(listed["lines"][0]["card"], "911601******0019");
        let (_, table) = told(&switch, &["hot-cards"]);
        assert!(table.contains("911601******0019  62 restricted card"), "{table}");

        let (done, said) = told(&switch, &["order", "unblock", "dara", "--operator", "sovann", "--reason", "a new card"]);
        assert!(done && said.contains("911601******0019"), "{said}");
        assert_eq!(asks(&terminal, Kind::Withdrawal, "dara").await, APPROVED);
        let (status, refused) = switch.order(&json!({
            "operator": "sovann", "reason": "twice", "order": "unblock", "card": number_of("dara"),
        }));
        assert_eq!(status, 409, "{refused}");
        let audited: Vec<_> =
            exported(&switch, "CardListed").iter().map(|it| (it["code"].clone(), it["reason"].clone())).collect();
        assert_eq!(audited, [(json!("62"), json!("skimmed")), (json!(null), json!("a new card"))]);
        let shown = [log, switch.process.log_lines().join("\n"), refused.to_string(), done.to_string(), listed.to_string()];
        assert!(shown.iter().all(|text| !text.contains(&number_of("dara"))), "the number stands nowhere");
    });
}

#[test]
fn a_bank_that_was_signed_off_is_stood_in_for_and_told_of_it_when_it_is_signed_on() {
    run(async {
        let bank = FakeBank::approving("iso87-ascii");
        let bounds = "kinds = [\"purchase\"]\nfloor = \"50.00 USD\"\namount = \"100.00 USD\"\ncount = 1";
        let rate = "[[rate]]\nfrom = 2022-12-01\ncurrency = \"USD\"\nworth = \"4100.00 KHR\"";
        let setup = Setup::new(Banks::InProcess, "iso87-ascii").with(rate).dialling("canadia", bank.address());
        let switch = setup.with_bank("canadia", &format!("[bank.stand_in]\n{bounds}")).start();
        let terminal = switch.terminal("SHOP0001").await;
        let (status, done) = switch.order(&json!({ "operator": "sovann", "order": "sign-off", "bank": "canadia" }));
        assert_eq!(status, 200, "{done}");
        assert!(told(&switch, &["status"]).1.contains("signed off"));
        assert_eq!(asks(&terminal, Kind::Withdrawal, "bopha").await, ResponseCode::BANK_UNAVAILABLE, "that is not bounded");
        assert_eq!(asks(&terminal, Kind::Purchase, "bopha").await, APPROVED);
        assert_eq!(asks(&terminal, Kind::Purchase, "bopha").await, ResponseCode::BANK_UNAVAILABLE, "one a day");
        assert!(bank.seen(Mti::FINANCIAL_REQUEST).is_empty() && bank.seen(Mti::FINANCIAL_ADVICE).is_empty());
        assert_eq!(switch.metric("payswitch_stand_in_total{bank=\"canadia\",reason=\"signed_off\"}"), 1.0);
        let depth = "payswitch_forward_depth{bank=\"canadia\"}";
        until("it is owed", || switch.metric(depth) == 1.0).await;

        let (status, done) = switch.order(&json!({ "operator": "sovann", "order": "sign-on", "bank": "116002" }));
        assert_eq!(status, 200, "{done}");
        assert_eq!(bank.has_seen(Mti::FINANCIAL_ADVICE, 1)[0].code, Some(APPROVED));
        until("it is told", || switch.metric(depth) == 0.0).await;
        assert_eq!(exported(&switch, "Operated").len(), 2);
    });
}

#[test]
fn what_is_no_order_is_refused_with_its_field_and_repeats_no_card_number() {
    let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
    let pan = number_of("dara");
    let by = |more: Value| {
        let mut order = json!({ "operator": "sovann", "reason": "because" });
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    for (order, field) in [
        (json!({ "order": "cutover" }), "operator"),
        (by(json!({ "order": "close" })), "order"),
        (by(json!({ "order": "sign-off", "bank": "aba" })), "bank"),
        (by(json!({ "order": "retry", "leg": "seven" })), "leg"),
        (by(json!({ "order": "block", "card": &pan[1..] })), "card"),
        (by(json!({ "order": "block", "card": "9116 0100" })), "card"),
        (by(json!({ "order": "block", "card": &pan, "list": "found" })), "list"),
        (json!({ "operator": "sovann", "order": "block", "card": &pan }), "reason"),
        (json!({ "operator": "sovann", "order": "block", "card": &pan, "reason": format!("it is {pan}") }), "reason"),
        (json!({ "operator": "s".repeat(65), "order": "cutover" }), "operator"),
    ] {
        let (status, refused) = switch.order(&order);
        assert_eq!((status, &refused["field"]), (400, &json!(field)), "{order}: {refused}");
        assert!(!refused.to_string().contains(&pan[6..12]), "{refused}");
    }
    assert_eq!(switch.order(&by(json!({ "order": "retry", "leg": "7.0" }))).0, 409);
    let long = "x".repeat(5000);
    let (status, refused) = switch.order(&by(json!({ "order": "cutover", "reason": long })));
    assert!(status == 400 && refused["problem"].as_str().unwrap().contains("4096 bytes"), "{refused}");
    let form = "POST /orders HTTP/1.1\r\nHost: switch\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
    let (status, refused) = http_with(switch.process.addresses["http"], form);
    assert!(status == 400 && refused.contains("application/json"), "{refused}");
    assert!(exported(&switch, "Operated").is_empty() && exported(&switch, "CardListed").is_empty());
    let (done, said) = told(&switch, &["order", "sign-off", "aba", "--operator", "sovann"]);
    assert!(!done && said.contains("bank: there is no such bank; known: acleda, canadia, wing"), "{said}");
}
