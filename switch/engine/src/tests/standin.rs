//! Limits, and what the switch approves in a bank's stead.

use super::*;
use crate::{CardLimit, StandIn};
use model::Money;

const APPROVED: ResponseCode = ResponseCode::APPROVED;
const UNAVAILABLE: ResponseCode = ResponseCode::BANK_UNAVAILABLE;

fn riel(minor: u64) -> Money {
    Money::from_minor(minor, khr())
}

/// ACLEDA lets the switch approve up to 100 at once, 250 a day and three times.
fn with_stand_in() -> World {
    World::with(|rules| {
        let kinds = vec![Kind::Purchase, Kind::Withdrawal];
        rules.banks[0].stand_in = Some(StandIn { kinds, floor: riel(100), amount: riel(250), count: 3 });
    })
}

fn asked_while_away(world: &mut World, kind: Kind, amount: u64) -> ResponseCode {
    let request = world.ask(kind, amount);
    world.send(&request);
    world.told()[0]
}

#[test]
fn a_bank_that_is_away_is_stood_in_for_within_its_bounds_and_told_afterwards() {
    let mut world = with_stand_in();
    world.input(Input::Bank(ACLEDA, BankEvent::Down));
    assert_eq!(asked_while_away(&mut world, Kind::Purchase, 100), APPROVED);
    assert_eq!(asked_while_away(&mut world, Kind::Purchase, 101), UNAVAILABLE, "above the floor limit");
    assert_eq!(asked_while_away(&mut world, Kind::Deposit, 10), UNAVAILABLE, "not this kind");
    assert_eq!(asked_while_away(&mut world, Kind::Withdrawal, 100), APPROVED);
    assert_eq!(asked_while_away(&mut world, Kind::Purchase, 60), UNAVAILABLE, "above what a day allows");
    assert_eq!(asked_while_away(&mut world, Kind::Purchase, 20), APPROVED);
    assert_eq!(asked_while_away(&mut world, Kind::Purchase, 20), UNAVAILABLE, "three times a day");
    assert_eq!(world.positions(), [(116_001, -220), (116_900, 220)]);

    world.bank_up(ACLEDA);
    world.wait(seconds(0));
    let mut told = Vec::new();
    while let [advice] = world.at_bank(ACLEDA)[..] {
        assert_eq!((advice.mti, advice.code), (Mti::FINANCIAL_ADVICE, Some(APPROVED)));
        told.push(advice.amount.unwrap());
        world.bank_says(ACLEDA, &advice, APPROVED);
    }
    assert_eq!(told, [100, 100, 20], "in their order, each behind the one before");
}

#[test]
fn a_bank_that_signs_on_again_is_told_at_once_whoever_had_signed_it_off() {
    let mut world = with_stand_in();
    for by_order in [false, true] {
        match by_order {
            false => world.network(ACLEDA, NetworkCode::SignOff),
            true => world.order(Command::SignOff(ACLEDA)).unwrap(),
        }
        assert_eq!(asked_while_away(&mut world, Kind::Purchase, 100), APPROVED);
        assert!(world.at_bank(ACLEDA).is_empty());
        match by_order {
            false => world.network(ACLEDA, NetworkCode::SignOn),
            true => world.order(Command::SignOn(ACLEDA)).unwrap(),
        }
        world.wait(seconds(0));
        let told = world.at_bank(ACLEDA);
        let advice = told.iter().find(|message| message.mti == Mti::FINANCIAL_ADVICE).unwrap();
        world.bank_says(ACLEDA, advice, APPROVED);
        assert_eq!(world.state().forward_depth(), 0);
    }
}

#[test]
fn what_is_approved_in_a_banks_stead_counts_against_the_cards_own_limit() {
    let mut limited = World::with(|rules| {
        let kinds = vec![Kind::Purchase];
        rules.limits.push(CardLimit { kinds: kinds.clone(), amount: riel(150), count: 9 });
        rules.banks[0].stand_in = Some(StandIn { kinds, floor: riel(100), amount: riel(250), count: 3 });
    });
    limited.input(Input::Bank(ACLEDA, BankEvent::Down));
    assert_eq!(asked_while_away(&mut limited, Kind::Purchase, 100), APPROVED);
    assert_eq!(asked_while_away(&mut limited, Kind::Purchase, 100), ResponseCode::AMOUNT_LIMIT);
}

#[test]
fn a_pin_or_a_chip_is_verified_by_its_bank_or_nobody() {
    let mut world = with_stand_in();
    world.network(ACLEDA, NetworkCode::SignOff);
    let request = world.ask(Kind::Purchase, 100);
    world.send(&Message { pin_block: Some(model::Sensitive::raw(&[1; 8])), ..request });
    let request = world.ask(Kind::Purchase, 100);
    world.send(&Message { chip: Some(model::Sensitive::raw(&[1; 8])), ..request });
    assert_eq!(world.told(), [UNAVAILABLE; 2]);
}

#[test]
fn a_live_request_never_overtakes_a_debit_that_its_bank_has_yet_to_hear_of() {
    let mut world = with_stand_in();
    world.input(Input::Bank(ACLEDA, BankEvent::Down));
    assert_eq!(asked_while_away(&mut world, Kind::Purchase, 50), APPROVED);
    world.bank_up(ACLEDA);
    world.wait(seconds(0));
    let advice = world.leg_at(ACLEDA);
    assert_eq!(asked_while_away(&mut world, Kind::Purchase, 50), APPROVED, "in its stead again");
    assert_eq!(world.at_bank(ACLEDA), []);
    let other = Message { pan: card("911601000000002"), ..world.ask(Kind::Purchase, 50) };
    world.send(&other);
    assert_eq!(world.leg_at(ACLEDA).mti, Mti::FINANCIAL_REQUEST, "another card is not held up");
    world.bank_says(ACLEDA, &advice, APPROVED);
    let second = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &second, APPROVED);
    let live = world.ask(Kind::Purchase, 50);
    world.send(&live);
    assert_eq!(world.leg_at(ACLEDA).mti, Mti::FINANCIAL_REQUEST);
}

#[test]
fn a_live_request_may_overtake_a_queued_reversal() {
    let mut world = with_stand_in();
    let lost = world.ask(Kind::Purchase, 50);
    world.send(&lost);
    world.wait(seconds(10));
    world.at_bank(ACLEDA);
    let live = world.ask(Kind::Purchase, 50);
    world.send(&live);
    assert_eq!(world.leg_at(ACLEDA).mti, Mti::FINANCIAL_REQUEST);
}

#[test]
fn a_bank_that_was_asked_and_is_silent_is_not_stood_in_for() {
    let mut world = with_stand_in();
    let request = world.ask(Kind::Purchase, 50);
    world.send(&request);
    world.wait(seconds(10));
    assert_eq!(world.told(), [UNAVAILABLE]);
}

#[test]
fn an_authorization_in_a_banks_stead_holds_and_the_bank_is_told_by_0120() {
    let mut world = with_stand_in();
    world.input(Input::Bank(ACLEDA, BankEvent::Down));
    let request = Message { mti: Mti::AUTHORIZATION_REQUEST, ..world.ask(Kind::Purchase, 100) };
    world.send(&request);
    assert_eq!((world.told(), world.positions()), (vec![APPROVED], vec![]));
    world.bank_up(ACLEDA);
    world.wait(seconds(0));
    let advice = world.leg_at(ACLEDA);
    assert_eq!(advice.mti, Mti::AUTHORIZATION_ADVICE);
    world.bank_says(ACLEDA, &advice, APPROVED);
    world.wait(seconds(8 * 24 * 3600));
    let ended = world.records().into_iter().filter(|it| it == "HoldEnded").count();
    assert_eq!(ended, 1);
}

fn with_limits() -> World {
    World::with(|rules| {
        rules.limits.push(CardLimit { kinds: vec![Kind::Withdrawal], amount: riel(10_000_000), count: 3 });
    })
}

#[test]
fn a_card_has_so_much_a_day_and_gets_back_what_was_declined_or_undone() {
    let mut world = with_limits();
    let first = world.approved(Kind::Withdrawal);
    world.approved(Kind::Withdrawal);
    assert_eq!(asked_while_away(&mut world, Kind::Withdrawal, 1), ResponseCode::AMOUNT_LIMIT);
    let reversal = world.reversal(Mti::REVERSAL_ADVICE, &first);
    world.send(&reversal);
    assert_eq!(world.told(), [APPROVED]);
    world.at_bank(ACLEDA);
    let declined = world.ask(Kind::Withdrawal, 1);
    world.send(&declined);
    let leg = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &leg, ResponseCode::NOT_SUFFICIENT_FUNDS);
    world.told();
    world.approved(Kind::Withdrawal);
    world.wait(seconds(24 * 3600));
    world.at_bank(ACLEDA);
    world.approved(Kind::Withdrawal);
}

#[test]
fn a_card_is_used_so_many_times_a_day() {
    let mut world = with_limits();
    for _ in 0..3 {
        let request = world.ask(Kind::Withdrawal, 100);
        world.send(&request);
        let leg = world.leg_at(ACLEDA);
        world.bank_says(ACLEDA, &leg, APPROVED);
    }
    world.told();
    assert_eq!(asked_while_away(&mut world, Kind::Withdrawal, 1), ResponseCode::COUNT_LIMIT);
    let purchase = world.ask(Kind::Purchase, 1);
    world.send(&purchase);
    assert_eq!(world.at_bank(ACLEDA).len(), 1, "a purchase counts elsewhere");
}

#[test]
fn where_too_much_is_owed_nothing_new_is_admitted_but_what_has_happened_is_taken() {
    let mut world = World::with(|rules| rules.owed_max = 1);
    let first = world.approved(Kind::Withdrawal);
    let reversal = world.reversal(Mti::REVERSAL_ADVICE, &first);
    world.send(&reversal);
    let advice = world.leg_at(ACLEDA);
    let refused = world.ask(Kind::Withdrawal, 100);
    world.send(&refused);
    let offline = Message { mti: Mti::FINANCIAL_ADVICE, ..world.ask(Kind::Purchase, 700) };
    world.send(&offline);
    assert_eq!(world.told(), [APPROVED, ResponseCode::MALFUNCTION, APPROVED]);
    world.bank_says(ACLEDA, &advice, APPROVED);
    let other = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &other, APPROVED);
    world.send(&refused);
    assert_eq!(world.at_bank(ACLEDA).len(), 1, "it was not kept, so it may come again");
}
