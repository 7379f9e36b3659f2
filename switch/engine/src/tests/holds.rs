//! Authorizations, completions and other advices.

use super::*;
use crate::HoldEnd;

const APPROVED: ResponseCode = ResponseCode::APPROVED;

/// An approved authorization of 500 riel: what was asked, and what the bank saw.
fn held(world: &mut World) -> (Message<'static>, Message<'static>) {
    let request = Message { mti: Mti::AUTHORIZATION_REQUEST, ..world.ask(Kind::Purchase, 50_000) };
    world.send(&request);
    let leg = world.leg_at(ACLEDA);
    assert_eq!(leg.mti, Mti::AUTHORIZATION_REQUEST);
    world.bank_says(ACLEDA, &leg, APPROVED);
    assert_eq!(world.told(), [APPROVED]);
    (request, leg)
}

fn completion(world: &mut World, of: &Message<'static>, amount: u64) -> Message<'static> {
    let reversal = world.reversal(Mti::REVERSAL_ADVICE, of);
    Message { mti: Mti::FINANCIAL_ADVICE, amount: Some(amount), ..reversal }
}

fn ends(world: &World) -> Vec<String> {
    world.records().into_iter().filter(|name| name.starts_with("Hold")).collect()
}

#[test]
fn a_hold_moves_no_money_and_a_completion_takes_what_it_says() {
    let mut world = World::new();
    let (request, leg) = held(&mut world);
    assert_eq!((world.positions(), world.state().holding()), (vec![], 1));
    let taken = completion(&mut world, &request, 30_000);
    world.send(&taken);
    assert_eq!(world.state().holding(), 0);
    assert_eq!(world.told(), [APPROVED], "answered by the switch, before the bank");
    let advice = world.leg_at(ACLEDA);
    let original = advice.original.unwrap();
    assert_eq!((advice.mti, advice.amount), (Mti::FINANCIAL_ADVICE, Some(30_000)));
    assert_eq!((original.mti, Some(original.stan)), (Mti::AUTHORIZATION_REQUEST, leg.stan));
    assert_eq!(world.positions(), [(116_001, -30_000), (116_900, 30_000)]);
    world.wait(seconds(1));
    let repeat = world.leg_at(ACLEDA);
    assert_eq!((repeat.mti.number(), repeat.stan), (221, advice.stan));
    world.bank_says(ACLEDA, &repeat, APPROVED);
    assert_eq!(world.state().forward_depth(), 0);
    world.send(&taken);
    assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![APPROVED], vec![]));
    assert_eq!(ends(&world), ["HoldPlaced", "HoldEnded"]);
}

#[test]
fn a_hold_ends_once_however_many_want_to_end_it() {
    let mut world = World::new();
    let (request, _) = held(&mut world);
    let taken = completion(&mut world, &request, 50_000);
    world.send(&taken);
    let reversal = world.reversal(Mti::REVERSAL_ADVICE, &request);
    world.send(&reversal);
    world.wait(seconds(8 * 24 * 3600));
    assert_eq!((ends(&world), world.state().holding()), (vec!["HoldPlaced".to_owned(), "HoldEnded".to_owned()], 0));
    assert_eq!(world.told(), [APPROVED; 2]);
}

#[test]
fn a_reversal_frees_a_hold_at_its_bank() {
    let mut world = World::new();
    let (request, leg) = held(&mut world);
    let reversal = world.reversal(Mti::REVERSAL_REQUEST, &request);
    world.send(&reversal);
    let advice = world.leg_at(ACLEDA);
    let original = advice.original.unwrap();
    assert_eq!((advice.mti, original.mti, Some(original.stan)), (Mti::REVERSAL_ADVICE, Mti::AUTHORIZATION_REQUEST, leg.stan));
    assert_eq!(ends(&world), ["HoldPlaced", "HoldEnded"]);
    let part = Message { replacement: Some(1), ..world.reversal(Mti::REVERSAL_REQUEST, &request) };
    world.send(&part);
    assert_eq!(world.told(), [APPROVED, ResponseCode::NOT_SUPPORTED], "a hold is freed whole or not at all");
}

#[test]
fn a_hold_expires_and_what_comes_after_is_posted_all_the_same() {
    let mut world = World::new();
    let (request, _) = held(&mut world);
    world.wait(seconds(7 * 24 * 3600 - 1));
    assert_eq!(ends(&world), ["HoldPlaced"], "kept over many days");
    world.wait(seconds(1));
    assert_eq!(ends(&world), ["HoldPlaced", "HoldEnded"]);
    let it = world.state().transaction(model::TransactionId(1)).unwrap();
    assert_eq!(it.legs[0].hold.unwrap().ended, Some(HoldEnd::Expired));
    world.at_bank(ACLEDA);
    let late = completion(&mut world, &request, 50_000);
    world.send(&late);
    assert_eq!((world.told(), world.leg_at(ACLEDA).mti), (vec![APPROVED], Mti::FINANCIAL_ADVICE));
    assert_eq!(world.positions(), [(116_001, -50_000), (116_900, 50_000)]);
}

#[test]
fn an_authorization_of_unknown_outcome_is_reversed() {
    let mut world = World::new();
    let request = Message { mti: Mti::AUTHORIZATION_REQUEST, ..world.ask(Kind::Purchase, 50_000) };
    world.send(&request);
    world.leg_at(ACLEDA);
    world.wait(seconds(10));
    assert_eq!(world.told(), [ResponseCode::BANK_UNAVAILABLE]);
    assert_eq!(world.leg_at(ACLEDA).original.unwrap().mti, Mti::AUTHORIZATION_REQUEST);
}

#[test]
fn an_advice_is_taken_though_its_bank_is_away_or_its_card_hot_and_reaches_it_later() {
    let mut world = World::new();
    let pan = card("911601000000001").unwrap();
    world.order(Command::List(pan, ResponseCode::LOST_CARD)).unwrap();
    world.input(Input::Bank(ACLEDA, BankEvent::Down));
    let advice = Message { mti: Mti::FINANCIAL_ADVICE, ..world.ask(Kind::Purchase, 700) };
    world.send(&advice);
    assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![APPROVED], vec![]));
    world.crash();
    world.bank_up(ACLEDA);
    world.wait(seconds(0));
    assert_eq!(world.leg_at(ACLEDA).mti, Mti::FINANCIAL_ADVICE);
}

#[test]
fn an_advice_that_its_bank_refuses_is_left_to_an_operator() {
    let mut world = World::new();
    let advice = Message { mti: Mti::FINANCIAL_ADVICE, ..world.ask(Kind::Purchase, 700) };
    world.send(&advice);
    let leg = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &leg, ResponseCode::UNKNOWN_CARD);
    assert_eq!(world.state().dead_letters().count(), 1);
}

#[test]
fn an_advice_is_reversed_by_its_own_name_even_before_its_bank_has_heard_of_it() {
    let mut world = World::new();
    let advice = Message { mti: Mti::FINANCIAL_ADVICE, ..world.ask(Kind::Purchase, 700) };
    world.send(&advice);
    let leg = world.leg_at(ACLEDA);
    let reversal = world.reversal(Mti::REVERSAL_ADVICE, &advice);
    world.send(&reversal);
    let undone = world.leg_at(ACLEDA);
    assert_eq!((undone.mti, undone.original.unwrap().mti), (Mti::REVERSAL_ADVICE, Mti::FINANCIAL_ADVICE));
    world.bank_says(ACLEDA, &leg, APPROVED);
    world.bank_says(ACLEDA, &undone, APPROVED);
    assert_eq!((world.positions(), world.state().forward_depth()), (vec![], 0));
}

#[test]
fn an_advice_and_a_request_under_one_number_are_two_things() {
    let mut world = World::new();
    let request = world.approved(Kind::Purchase);
    world.send(&Message { mti: Mti::FINANCIAL_ADVICE, ..request });
    assert_eq!((world.told(), world.at_bank(ACLEDA).len()), (vec![APPROVED], 1));
}

#[test]
fn an_advice_that_was_undone_while_it_was_dead_is_undone_when_it_is_tried_again() {
    let mut world = World::new();
    let advice = Message { mti: Mti::FINANCIAL_ADVICE, ..world.ask(Kind::Purchase, 700) };
    world.send(&advice);
    let refused = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &refused, ResponseCode::INVALID_TRANSACTION);
    let reversal = world.reversal(Mti::REVERSAL_ADVICE, &advice);
    world.send(&reversal);
    assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![APPROVED; 2], vec![]));

    let dead = world.state().dead_letters().next().unwrap();
    world.order(Command::Retry(dead)).unwrap();
    let told = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &told, APPROVED);
    let undone = world.leg_at(ACLEDA);
    assert_eq!((undone.mti, undone.replacement), (Mti::REVERSAL_ADVICE, None));
    world.bank_says(ACLEDA, &undone, APPROVED);
    assert_eq!(world.positions(), []);
}

#[test]
fn a_part_of_an_advice_that_its_bank_has_not_heard_of_stands_when_it_has() {
    let mut world = World::new();
    world.input(Input::Bank(ACLEDA, BankEvent::Down));
    let advice = Message { mti: Mti::FINANCIAL_ADVICE, ..world.ask(Kind::Purchase, 700) };
    world.send(&advice);
    let part = Message { replacement: Some(200), ..world.reversal(Mti::REVERSAL_ADVICE, &advice) };
    world.send(&part);
    assert_eq!(world.told(), [ResponseCode::APPROVED; 2]);

    world.bank_up(ACLEDA);
    world.wait(seconds(0));
    let told = world.leg_at(ACLEDA);
    assert_eq!(
        (told.mti, told.amount),
        (Mti::FINANCIAL_ADVICE, Some(700)),
        "a reversal first would find nothing to leave standing"
    );
    world.bank_says(ACLEDA, &told, ResponseCode::APPROVED);
    let reversal = world.leg_at(ACLEDA);
    assert_eq!((reversal.mti, reversal.replacement), (Mti::REVERSAL_ADVICE, Some(200)));
    world.bank_says(ACLEDA, &reversal, ResponseCode::APPROVED);
    assert_eq!(world.positions(), [(116_001, -200), (116_900, 200)]);
}
