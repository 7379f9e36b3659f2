//! Faults on lines, and a switch that dies.

use super::*;

/// What a link does to messages, as it is written.
fn link(words: &str) -> FaultKind {
    FaultKind::Messages(words.parse().unwrap())
}

fn fault(scene: &mut Scene, kind: FaultKind, way: Way, only: Option<Mti>, times: Option<u32>) {
    scene.stage.disturb(&FaultSpec { kind, on: Some(acleda()), way, only, times }).unwrap();
}

#[test]
fn an_answer_that_is_lost_on_the_way_is_told_as_lost_and_the_withdrawal_is_reversed() {
    let mut scene = Scene::new();
    let before = scene.account("dara");
    fault(&mut scene, link("drop"), Way::In, Some(Mti::FINANCIAL_RESPONSE), Some(1));

    let request = scene.withdrawal("dara", 50_000);
    assert_eq!(scene.ask(&request), ResponseCode::BANK_UNAVAILABLE);
    let told: Vec<_> = scene.seen.iter().map(told).collect();
    assert!(told.contains(&"acleda > switch 0210 00 (drop, lost)".to_owned()), "{told:?}");

    scene.pass(MINUTE);
    assert_eq!(scene.account("dara"), before);
    let again = scene.withdrawal("dara", 50_000);
    assert_eq!(scene.ask(&again), ResponseCode::APPROVED, "it struck once");
}

#[test]
fn an_answer_beyond_the_timer_comes_late_and_one_that_comes_twice_is_taken_once() {
    let mut scene = Scene::new();
    fault(&mut scene, link("delay 26s"), Way::In, Some(Mti::FINANCIAL_RESPONSE), Some(1));
    let request = scene.withdrawal("dara", 50_000);
    assert_eq!(scene.ask(&request), ResponseCode::BANK_UNAVAILABLE);
    scene.pass(MINUTE);

    fault(&mut scene, link("duplicate"), Way::Out, Some(Mti::FINANCIAL_REQUEST), None);
    let before = scene.account("dara");
    let request = scene.withdrawal("dara", 50_000);
    scene.send(&request);
    let told = scene.pass(MINUTE);
    assert_eq!(told.iter().filter(|it| *it == "switch > acleda 0200 (duplicate)").count(), 2, "{told:?}");
    assert_eq!(told.iter().filter(|it| it.starts_with("switch > atm")).count(), 1, "{told:?}");
    assert_eq!(scene.account("dara").balance, before.balance - 5_180_000);
}

#[test]
fn every_fault_strikes_and_one_clear_ends_them() {
    let kinds = [
        link("reorder"),
        link("corrupt"),
        link("truncate"),
        link("reset"),
        link("garbage"),
        link("throttle 1"),
        link("half-open"),
        FaultKind::Down,
    ];
    for kind in kinds {
        for way in [Way::In, Way::Out] {
            let mut scene = Scene::new();
            fault(&mut scene, kind, way, None, None);
            let request = scene.withdrawal("dara", 50_000);
            let quick = scene.stage.now() + Duration::from_millis(100);
            let code = scene.ask(&request);
            let delayed = scene.stage.now() > quick;
            assert!(delayed || code != ResponseCode::APPROVED || kind == link("garbage"), "{kind:?} {way:?}: {code}");

            scene.stage.disturb(&FaultSpec { kind: FaultKind::Clear, on: None, way, only: None, times: None }).unwrap();
            scene.pass(2 * MINUTE);
            assert!(scene.stage.is_at_rest().unwrap(), "{kind:?} {way:?}");
            let request = scene.withdrawal("dara", 50_000);
            assert_eq!(scene.ask(&request), ResponseCode::APPROVED, "{kind:?} {way:?}, cleared");
            assert!(scene.positions_sum_to_zero());
        }
    }
}

#[test]
fn a_bank_whose_line_is_down_is_told_what_it_is_owed_when_it_is_back() {
    let mut scene = Scene::new();
    let before = scene.account("mute");
    let request = scene.withdrawal("mute", 50_000);
    scene.send(&request);
    scene.pass(Duration::from_secs(1));
    scene.disturb(FaultKind::Down, acleda());
    assert_eq!(scene.next(MINUTE).as_deref(), Some("switch > acleda (closed)"));
    scene.pass(MINUTE);
    assert!(scene.account("mute").balance < before.balance);
    assert_eq!(scene.stage.status().unwrap().owed, 1);
    assert!(scene.stage.is_at_rest().unwrap(), "nothing is owed to a bank that is there");

    scene.disturb(FaultKind::Up, acleda());
    scene.pass(Duration::from_secs(5));
    assert_eq!((scene.account("mute"), scene.stage.status().unwrap().owed), (before, 0));
}

#[test]
fn a_terminal_is_cut_off_and_connects_again() {
    let mut scene = Scene::new();
    scene.disturb(FaultKind::Down, Party::Terminal("atm".into()));
    scene.pass(MINUTE);
    assert!(scene.stage.send("atm", b"1").is_err() && scene.stage.open(&atm()).is_err());
    scene.disturb(FaultKind::Up, Party::Terminal("atm".into()));
    scene.stage.open(&atm()).unwrap();
    let request = scene.withdrawal("dara", 50_000);
    assert_eq!(scene.ask(&request), ResponseCode::APPROVED);
}

#[test]
fn a_switch_that_dies_while_a_bank_is_asked_finds_out_what_became_of_it() {
    let mut scene = Scene::new();
    let before = scene.account("mute");
    let request = scene.withdrawal("mute", 50_000);
    scene.send(&request);
    scene.pass(Duration::from_secs(1));

    scene.disturb(FaultKind::Crash(Duration::from_secs(3)), Party::Switch);
    assert!(scene.stage.status().is_err(), "it is down");
    let told = scene.pass(MINUTE);
    assert!(told.contains(&"switch > acleda 0420".to_owned()), "{told:?}");
    assert_eq!(scene.account("mute"), before);
    scene.stage.open(&atm()).unwrap();
    let repeat = scene.till.repeat(&request);
    assert_eq!(scene.ask(&repeat), ResponseCode::BANK_UNAVAILABLE, "decided once, told again");
    assert_eq!(scene.stage.world.examine(), []);
}

#[test]
fn what_is_to_strike_a_terminals_messages_may_be_set_before_it_connects() {
    let mut scene = Scene::new();
    let at_shop = |kind| FaultSpec { kind, on: Some(Party::Terminal("shop".into())), way: Way::In, only: None, times: Some(1) };
    scene.stage.disturb(&at_shop(link("drop"))).unwrap();
    assert!(scene.stage.disturb(&at_shop(FaultKind::Down)).is_err(), "there is no connection to cut yet");

    scene.stage.open(&TerminalSpec { name: "shop".into(), ..atm() }).unwrap();
    let mut frame = BytesMut::new();
    let start = scene.speech.framing.begin(&mut frame);
    let request = scene.withdrawal("dara", 50_000);
    wire::write(&scene.speech.dialect, &request, scene.stage.now(), &mut frame).unwrap();
    scene.speech.framing.finish(&mut frame, start).unwrap();
    scene.stage.send("shop", &frame).unwrap();
    assert_eq!(scene.pass(MINUTE), ["shop > switch 0200 (drop, lost)"]);
}
