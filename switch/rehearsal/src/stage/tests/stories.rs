//! A withdrawal, a silent bank, orders, looks.

use super::*;

#[test]
fn a_withdrawal_passes_from_the_terminal_to_the_ledger_and_back_in_four_messages() {
    let mut scene = Scene::new();
    assert_eq!(scene.stage.now(), MORNING + Duration::from_millis(1), "the banks signed on before it began");
    let before = scene.account("dara");

    let request = scene.withdrawal("dara", 50_000);
    scene.send(&request);

    let passed = ["atm > switch 0200", "switch > acleda 0200", "acleda > switch 0210 00", "switch > atm 0210 00"];
    assert_eq!(scene.pass(MINUTE), passed);
    let took = scene.seen[3].at.since(scene.seen[0].at);
    assert!(took < Duration::from_millis(5), "{took:?}");
    let fee = 180_000;
    assert_eq!(scene.account("dara"), AccountLook { balance: before.balance - 5_000_000 - fee, held: 0 });
    assert!(scene.stage.is_at_rest().unwrap() && scene.positions_sum_to_zero());
    assert_eq!(scene.stage.world.examine(), []);
}

#[test]
fn the_same_seed_and_the_same_steps_are_the_same_bytes() {
    let play = |seed| {
        let mut scene = Scene::with(seed, "");
        for (alias, riel) in [("dara", 50_000), ("mute", 10_000), ("bopha", 70_000)] {
            let request = scene.withdrawal(alias, riel);
            scene.send(&request);
            scene.pass(MINUTE);
        }
        let bytes: Vec<_> = scene.seen.into_iter().map(|it| (it.at, it.body)).collect();
        (scene.stage.world.digest(), bytes)
    };
    assert_eq!(play(7), play(7));
    assert_ne!(play(7).1, play(8).1, "another seed has other numbers");
}

#[test]
fn a_bank_whose_answer_is_lost_has_booked_and_takes_it_back_when_it_is_reversed() {
    let mut scene = Scene::new();
    let before = scene.account("mute");
    let request = scene.withdrawal("mute", 50_000);
    scene.send(&request);

    assert_eq!(scene.pass(Duration::from_secs(20)), ["atm > switch 0200", "switch > acleda 0200"]);
    assert!(scene.account("mute").balance < before.balance, "booked");
    assert!(!scene.stage.is_at_rest().unwrap(), "the bank is still waited for");

    let passed = scene.pass(Duration::from_secs(20));
    assert_eq!(passed.len(), 3, "{passed:?}");
    for part in ["switch > atm 0210 91", "switch > acleda 0420", "acleda > switch 0430 00"] {
        assert!(passed.iter().any(|it| it == part), "{part} in {passed:?}");
    }
    assert_eq!(scene.account("mute"), before, "reversed");
    assert!(scene.stage.is_at_rest().unwrap());
}

#[test]
fn a_held_amount_is_seen_and_is_free_again_after_seven_days() {
    let mut scene = Scene::new();
    let card = scene.card("dara");
    let request = scene.till.authorization(&card, khr(40_000));

    assert_eq!(scene.ask(&request), ResponseCode::APPROVED);
    assert_eq!((scene.account("dara").held, scene.stage.status().unwrap().holding), (4_000_000, 1));

    scene.pass(Duration::from_secs(8 * 24 * 3600));
    assert_eq!((scene.account("dara").held, scene.stage.status().unwrap().holding), (0, 0));
}

#[test]
fn operators_order_and_are_refused_in_the_switchs_own_words() {
    let mut scene = Scene::new();
    assert_eq!(scene.order(Order::SignOff("acleda".into())), Ordered::Done);
    let status = scene.stage.status().unwrap();
    assert!(status.banks.iter().any(|bank| bank.name == "acleda" && bank.linked && bank.signed_off));
    let request = scene.withdrawal("dara", 50_000);
    assert_eq!(scene.ask(&request), ResponseCode::BANK_UNAVAILABLE);
    assert_eq!(scene.order(Order::SignOn("acleda".into())), Ordered::Done);

    let dara = scene.card("dara").pan;
    assert_eq!(scene.order(Order::Block(dara, "lost".into())), Ordered::Done);
    let request = scene.withdrawal("dara", 50_000);
    assert_eq!(scene.ask(&request), ResponseCode::LOST_CARD);
    assert_eq!(scene.order(Order::Unblock(dara)), Ordered::Done);
    let Ordered::Refused(why) = scene.order(Order::Unblock(dara)) else { panic!("refused") };
    assert!(why.contains("is not on the list of hot cards"), "{why}");

    let nothing = LegSpec { rrn: Text::new(b"000000000001").unwrap(), leg: 0 };
    assert!(matches!(scene.order(Order::Retry(nothing)), Ordered::Refused(_)));
    assert_eq!(scene.metric("payswitch_orders_total", &[("outcome", "done")]), Some(4.0));
    assert_eq!(scene.metric("payswitch_orders_total", &[("outcome", "disallowed")]), Some(1.0));
}

#[test]
fn metrics_count_as_in_a_switch_with_sockets() {
    let mut scene = Scene::new();
    let request = scene.withdrawal("dara", 50_000);
    scene.ask(&request);

    let withdrawals = [("kind", "withdrawal"), ("bank", "acleda"), ("outcome", "00")];
    assert_eq!(scene.metric("payswitch_transactions_total", &withdrawals), Some(1.0));
    assert_eq!(scene.metric("payswitch_bank_up", &[]), Some(7.0), "the sum over all banks");
    assert_eq!(scene.metric("payswitch_answer_seconds_count", &[("kind", "withdrawal")]), Some(1.0));
    assert_eq!(scene.metric("payswitch_transactions_total", &[("kind", "salary")]), None);
    assert_eq!(scene.metric("payswitch_position", &[("participant", "acleda"), ("currency", "KHR")]), Some(-5_180_000.0));
}

#[test]
fn the_next_business_date_opens_when_it_is_said_and_banks_are_told() {
    for (over, hours) in [("", 15), ("switch.cutover = \"23:00\"", 14), ("switch.utc_offset = \"+09:00\"", 13)] {
        let mut scene = Scene::with(1, over);
        let cutover = scene.stage.next_cutover().unwrap();
        assert_eq!(cutover.since(MORNING), Duration::from_secs(hours * 3600), "{over}");
        let date = scene.stage.status().unwrap().date;

        scene.pass(cutover.since(MORNING) - Duration::from_secs(1));
        assert_eq!(scene.stage.status().unwrap().date, date, "{over}");
        let told = scene.pass(Duration::from_secs(1));
        assert!(
            told.contains(&"switch > acleda 0800".to_owned()) && told.contains(&"acleda > switch 0810 00".to_owned()),
            "{told:?}"
        );
        assert_eq!(scene.stage.status().unwrap().date.previous(), date, "{over}");
    }
}

#[test]
fn another_dialect_framing_and_a_bank_that_is_not_there_are_a_matter_of_configuration() {
    let over = r#"
        [[acquirer]]
        name = "terminals"
        dialect = "iso87-bcd"
        framing = "2-byte tpdu"
        [[bank]]
        name = "acleda"
        dialect = "iso93-ascii"
        framing = "4-digit header 49534F30"
        [[bank]]
        name = "canadia"
        in_process = false
        dial = "127.0.0.1:9"
    "#;
    let mut scene = Scene::with(1, over);
    let request = scene.withdrawal("dara", 50_000);
    assert_eq!(scene.ask(&request), ResponseCode::APPROVED);
    let request = scene.withdrawal("bopha", 50_000);
    assert_eq!(scene.ask(&request), ResponseCode::BANK_UNAVAILABLE);
}

#[test]
fn what_does_not_exist_is_said_with_what_does() {
    let mut scene = Scene::new();
    let spec = TerminalSpec { name: "shop".into(), link: Some("shops".into()), ..atm() };
    let error = scene.stage.open(&spec).unwrap_err();
    assert_eq!(error, VenueError::Wrong("the configuration has no [[acquirer]] \"shops\"; it has terminals".into()));
    assert!(matches!(scene.stage.send("shop", b"1"), Err(VenueError::NotNow(_))));

    let currency = khr(0).currency();
    let nobody = AccountSpec { number: Text::new(b"12").unwrap(), currency };
    assert_eq!(scene.stage.account("acleda", &nobody), Err(VenueError::Wrong("acleda has no account 12".into())));
    let phone = AccountSpec { number: Text::new(b"001234567").unwrap(), currency };
    assert_eq!(scene.stage.account("smart", &phone), Ok(AccountLook::default()), "a phone that nobody has topped up");
}
