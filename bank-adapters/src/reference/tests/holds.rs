//! Amounts that are held: how they begin, what they keep from being spent, and how each ends once.

use super::*;
use crate::reference::OperationState;
use crate::{AmountType, Balance, Form};

#[test]
fn a_hold_keeps_an_amount_from_being_spent_and_moves_nothing() {
    let mut acleda = Branch::of("acleda");
    let reply = acleda.reply(&authorize("thida", dollars("0.30"), 1));
    assert_eq!((reply.code, reply.authorization.unwrap().as_bytes().len()), (APPROVED, 6));
    assert_eq!((acleda.change("thida", usd()), acleda.available("thida", usd())), (0, 20));
    assert_eq!((acleda.settlement(usd()), acleda.statement().entries_of(&reference(1)).unwrap()), (0, vec![]));
    assert_eq!(acleda.code(&purchase("thida", dollars("0.21"), 2)), "51", "21 cents are not there any more");
    assert_eq!(acleda.code(&authorize("thida", dollars("0.21"), 3)), "51");
    assert_eq!(acleda.code(&purchase("thida", dollars("0.20"), 4)), "00");
    let told = acleda.reply(&ask(Kind::Balance, "thida", dollars("0"), 5)).balances;
    assert_eq!(told, [Balance::of(30, usd(), AmountType::Ledger), Balance::of(0, usd(), AmountType::Available)]);
    let operation = acleda.statement().operation(&reference(1)).unwrap().unwrap();
    assert_eq!((operation.form, operation.state, operation.stands), (Some(Form::Authorization), OperationState::Approved, 30));
    acleda.assert_in_order();
}

#[test]
fn a_fee_is_held_with_the_amount() {
    let mut acleda = Branch::of("acleda");
    assert_eq!(acleda.code(&with_fee(authorize("thida", dollars("0.45"), 1), 6)), "51", "51 cents of 50");
    assert_eq!(acleda.code(&with_fee(authorize("thida", dollars("0.45"), 2), 5)), "00");
    assert_eq!(acleda.available("thida", usd()), 0);
    assert_eq!(acleda.statement().hold(&reference(2)).unwrap().unwrap().amount, 50);
    assert_eq!(acleda.hold(1), None, "what was declined holds nothing");
}

#[test]
fn a_hold_asked_for_again_holds_once() {
    let mut acleda = Branch::of("acleda");
    let first = acleda.reply(&authorize("dara", dollars("9"), 1));
    assert_eq!(acleda.reply(&authorize("dara", dollars("9"), 1)), first);
    acleda.reopen();
    assert_eq!(acleda.reply(&authorize("dara", dollars("9"), 1)), first);
    assert_eq!(acleda.available("dara", usd()), 10_000_000 - 900);
    for other in [authorize("dara", dollars("8"), 1), purchase("dara", dollars("9"), 1), held_elsewhere("dara", dollars("9"), 1)]
    {
        assert_eq!(acleda.code(&other), "94", "{other:?}");
    }
    acleda.assert_in_order();
}

#[test]
fn a_completion_ends_the_hold_and_takes_its_own_amount_less_or_more() {
    for (stan, taken) in (1..).zip(["20", "30", "45"]) {
        let mut acleda = Branch::of("acleda");
        acleda.code(&authorize("dara", dollars("30"), 100));
        let reply = acleda.reply(&complete(100, "dara", dollars(taken), stan));
        assert_eq!((reply.code, reply.authorization), (APPROVED, None), "it has its name from the authorization");
        let minor = i64::try_from(dollars(taken).minor()).unwrap();
        assert_eq!((acleda.change("dara", usd()), acleda.available("dara", usd())), (-minor, 10_000_000 - minor));
        assert_eq!((acleda.settlement(usd()), acleda.hold(100)), (minor, Some(HoldState::Taken)));
        let hold = acleda.statement().hold(&reference(100)).unwrap().unwrap();
        assert_eq!((hold.ended_by, hold.ended_at), (Some(reference(stan).to_string()), Some(NOW)));
        assert_eq!(acleda.code(&complete(100, "dara", dollars(taken), stan)), "00", "told again");
        assert_eq!(acleda.change("dara", usd()), -minor);
        acleda.assert_in_order();
    }
}

#[test]
fn a_completion_may_overdraw_and_may_take_nothing() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&authorize("thida", dollars("0.50"), 1));
    assert_eq!(acleda.code(&with_fee(complete(1, "thida", dollars("2"), 2), 10)), "00");
    assert_eq!((acleda.change("thida", usd()), acleda.available("thida", usd())), (-210, -160));
    acleda.code(&authorize("dara", dollars("30"), 3));
    assert_eq!(acleda.code(&complete(3, "dara", dollars("0"), 4)), "00", "the pump gave nothing");
    assert_eq!((acleda.change("dara", usd()), acleda.hold(3)), (0, Some(HoldState::Taken)));
    acleda.assert_in_order();
}

#[test]
fn a_completion_whose_hold_is_over_is_posted_all_the_same() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&authorize("dara", dollars("30"), 1));
    acleda.code(&complete(1, "dara", dollars("10"), 2));
    assert_eq!(acleda.code(&complete(1, "dara", dollars("20"), 3)), "00", "taken already");
    acleda.code(&authorize("dara", dollars("30"), 4));
    acleda.code(&reversal(4));
    assert_eq!(acleda.code(&complete(4, "dara", dollars("5"), 5)), "00", "freed already");
    acleda.code(&authorize("dara", dollars("30"), 6));
    acleda.days_pass(7);
    assert_eq!(acleda.code(&complete(6, "dara", dollars("7"), 7)), "00", "expired already");
    assert_eq!(acleda.code(&complete(99, "dara", dollars("1"), 8)), "00", "never seen");
    assert_eq!((acleda.change("dara", usd()), acleda.available("dara", usd())), (-4300, 10_000_000 - 4300));
    let states = [1, 4, 6].map(|stan| acleda.hold(stan).unwrap());
    assert_eq!(states, [HoldState::Taken, HoldState::Freed, HoldState::Expired]);
    acleda.assert_in_order();
}

#[test]
fn an_authorization_that_comes_after_its_completion_holds_nothing() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&complete(1, "dara", dollars("10"), 2));
    assert_eq!(acleda.code(&authorize("dara", dollars("10"), 1)), "94");
    acleda.code(&complete(3, "dara", dollars("10"), 4));
    assert_eq!(acleda.code(&held_elsewhere("dara", dollars("10"), 3)), "94");
    assert_eq!(acleda.code(&reversal(1)), "25");
    assert_eq!(acleda.available("dara", usd()), 10_000_000 - 2000);
    acleda.assert_in_order();
}

#[test]
fn a_completion_ends_no_hold_of_another_account() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&authorize("dara", dollars("30"), 1));
    assert_eq!(acleda.code(&complete(1, "sophea", dollars("10"), 2)), "00");
    assert_eq!(acleda.code(&complete(1, "dara", riel("10"), 3)), "00");
    assert_eq!((acleda.hold(1), acleda.available("dara", usd())), (Some(HoldState::Held), 10_000_000 - 3000));
    assert_eq!((acleda.change("sophea", usd()), acleda.change("dara", khr())), (-1000, -1000));
}

#[test]
fn a_hold_is_over_when_its_time_is_and_not_a_moment_before() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&authorize("thida", dollars("0.50"), 1));
    acleda.now = NOW + Duration::from_micros(7 * 86_400_000_000 - 1);
    assert_eq!(acleda.code(&purchase("thida", dollars("0.01"), 2)), "51");
    acleda.now = NOW + Duration::from_micros(7 * 86_400_000_000);
    assert_eq!(acleda.code(&purchase("thida", dollars("0.50"), 3)), "00");
    let hold = acleda.statement().hold(&reference(1)).unwrap().unwrap();
    assert_eq!((hold.state, hold.ended_at, hold.expires_at), (HoldState::Expired, Some(acleda.now), acleda.now));
    assert_eq!(acleda.code(&reversal(1)), "00");
    assert_eq!((acleda.hold(1), acleda.available("thida", usd())), (Some(HoldState::Expired), 0), "it ended already");
    acleda.code(&authorize("dara", dollars("9"), 4));
    acleda.days_pass(7);
    assert_eq!(acleda.code(&reversal(4)), "00");
    assert_eq!(acleda.hold(4), Some(HoldState::Expired), "its time ended it before the reversal came");
    acleda.assert_in_order();
}

#[test]
fn a_bank_says_how_long_it_holds() {
    let mut acleda = Branch::of("acleda");
    let profile = crate::BankProfile { holds_last: Duration::from_secs(60), ..acleda.cast.bank("acleda").unwrap().clone() };
    acleda.ledger = None;
    acleda.ledger = Some(Ledger::open(&profile, acleda.directory.path(), &acleda.cast).unwrap());
    acleda.code(&authorize("thida", dollars("0.50"), 1));
    acleda.now = NOW + Duration::from_secs(61);
    assert_eq!(acleda.code(&purchase("thida", dollars("0.50"), 2)), "00");
}

#[test]
fn holds_that_nobody_asks_for_end_too_a_bounded_number_at_a_time() {
    let mut acleda = Branch::of("acleda");
    for stan in 1..=100 {
        acleda.code(&authorize("dara", dollars("1"), stan));
    }
    acleda.days_pass(8);
    let account = acleda.account("dara", usd());
    assert_eq!(acleda.statement().held(&account, acleda.now).unwrap(), 0, "by the clock they are over");
    let over = |acleda: &Branch| {
        let holds = acleda.statement().holds().unwrap();
        holds.iter().filter(|hold| hold.state == HoldState::Expired).count()
    };
    acleda.code(&purchase("sophea", dollars("1"), 101));
    assert_eq!(over(&acleda), 64);
    acleda.reopen();
    acleda.code(&purchase("sophea", dollars("1"), 102));
    assert_eq!((over(&acleda), acleda.available("dara", usd())), (100, 10_000_000));
    acleda.assert_in_order();
}

#[test]
fn a_reversal_frees_a_hold_whole_or_down_to_what_stands() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&authorize("dara", dollars("30"), 1));
    assert_eq!((acleda.code(&reversal(1)), acleda.code(&reversal(1))), ("00".into(), "00".into()));
    assert_eq!((acleda.hold(1), acleda.available("dara", usd())), (Some(HoldState::Freed), 10_000_000));
    acleda.code(&with_fee(authorize("dara", dollars("30"), 2), 50));
    assert_eq!(acleda.code(&reversal_down_to(2, Some(dollars("10")))), "00");
    assert_eq!((acleda.hold(2), acleda.available("dara", usd())), (Some(HoldState::Held), 10_000_000 - 1050));
    assert_eq!(acleda.code(&reversal_down_to(2, Some(dollars("1")))), "00", "a second time it says no more");
    assert_eq!(acleda.available("dara", usd()), 10_000_000 - 1050);
    assert_eq!(acleda.code(&authorize("dara", dollars("30"), 1)), "94");
    assert_eq!(acleda.code(&complete(2, "dara", dollars("10"), 3)), "00");
    assert_eq!((acleda.hold(2), acleda.available("dara", usd())), (Some(HoldState::Taken), 10_000_000 - 1000));
    acleda.assert_in_order();
}

#[test]
fn a_reversal_of_an_authorization_leaves_what_its_completion_took() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&authorize("dara", dollars("30"), 1));
    acleda.code(&complete(1, "dara", dollars("30"), 2));
    assert_eq!(acleda.code(&reversal(1)), "00");
    assert_eq!((acleda.change("dara", usd()), acleda.hold(1)), (-3000, Some(HoldState::Taken)));
    assert_eq!(acleda.code(&reversal(2)), "00", "the completion itself is given back");
    assert_eq!((acleda.change("dara", usd()), acleda.available("dara", usd())), (0, 10_000_000), "and holds nothing again");
    assert_eq!(acleda.hold(1), Some(HoldState::Taken));
    acleda.assert_in_order();
}

#[test]
fn a_reversal_that_comes_first_refuses_the_authorization() {
    let mut acleda = Branch::of("acleda");
    assert_eq!(acleda.code(&reversal(1)), "25");
    assert_eq!(acleda.code(&authorize("dara", dollars("30"), 1)), "94");
    assert_eq!(acleda.available("dara", usd()), 10_000_000);
}

#[test]
fn what_was_held_elsewhere_is_held_whatever_the_balance_and_the_card() {
    for (bank, card) in
        [("acleda", "thida"), ("acleda", "lost"), ("canadia", "stolen"), ("wing", "expired"), ("acleda", "blocked")]
    {
        let mut branch = Branch::of(bank);
        let before = branch.available(card, usd());
        assert_eq!(branch.code(&held_elsewhere(card, dollars("5"), 1)), "00", "{card}");
        assert_eq!(before - branch.available(card, usd()), 500, "{card}");
        assert_eq!(branch.code(&held_elsewhere(card, dollars("5"), 1)), "00");
        assert_eq!(branch.code(&complete(1, card, dollars("5"), 2)), "00");
        assert_eq!((branch.change(card, usd()), branch.hold(1)), (-500, Some(HoldState::Taken)));
        branch.assert_in_order();
    }
    let mut acleda = Branch::of("acleda");
    assert_eq!(acleda.code(&held_elsewhere("bopha", dollars("5"), 1)), "14");
    assert_eq!(acleda.code(&held_elsewhere("dara", Money::from_minor(5, Currency::from_alpha("EUR").unwrap()), 2)), "76");
}

#[test]
fn an_authorization_is_refused_for_what_became_of_the_card_and_for_what_nothing_is_held() {
    for (bank, card, code) in
        [("acleda", "lost", "41"), ("canadia", "stolen", "43"), ("wing", "expired", "54"), ("acleda", "bopha", "14")]
    {
        assert_eq!(Branch::of(bank).code(&authorize(card, dollars("1"), 1)), code, "{card}");
    }
    let mut acleda = Branch::of("acleda");
    let of = |kind, stan| {
        let asked = request(kind, "dara", dollars("1"), stan);
        BankRequest::Authorization(Box::new(Authorization { advice: false, asked }))
    };
    for (stan, kind) in (1..).zip(Kind::ALL) {
        let held = matches!(kind, Kind::Purchase | Kind::Withdrawal | Kind::CashBack);
        assert_eq!(acleda.code(&of(kind, stan)), if held { "00" } else { "40" }, "{kind}");
    }
    assert_eq!(acleda.code(&authorize("dara", dollars("0"), 50)), "13");
    assert_eq!(acleda.available("dara", usd()), 10_000_000 - 300);
}

#[test]
fn a_silent_card_is_held_and_not_answered_until_asked_again() {
    let mut acleda = Branch::of("acleda");
    assert_eq!(acleda.answer(&authorize("mute", dollars("3"), 1)), Answer::Withheld);
    assert_eq!(acleda.answer(&held_elsewhere("mute", dollars("3"), 2)), Answer::Withheld);
    assert_eq!(acleda.answer(&complete(1, "mute", dollars("2"), 3)), Answer::Withheld);
    assert_eq!(acleda.answer(&happened(Kind::Purchase, "mute", dollars("2"), 4)), Answer::Withheld);
    assert_eq!((acleda.change("mute", usd()), acleda.available("mute", usd())), (-400, 10_000_000 - 700));
    let again =
        [authorize("mute", dollars("3"), 1), held_elsewhere("mute", dollars("3"), 2), complete(1, "mute", dollars("2"), 3)];
    assert_eq!(again.map(|request| acleda.code(&request)), ["00", "00", "00"]);
    assert_eq!(acleda.code(&reversal(2)), "00");
    assert_eq!(acleda.available("mute", usd()), 10_000_000 - 400);
}
