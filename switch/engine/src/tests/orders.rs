//! What operators and banks order.

use super::*;
use crate::LegId;

const APPROVED: ResponseCode = ResponseCode::APPROVED;

fn refused_advice(world: &mut World) -> LegId {
    let request = world.approved(Kind::Withdrawal);
    let reversal = world.reversal(Mti::REVERSAL_ADVICE, &request);
    world.send(&reversal);
    world.told();
    let advice = world.leg_at(ACLEDA);
    assert_eq!((world.state().forward_depth_of(ACLEDA), world.state().forward_depth_of(CANADIA)), (1, 0));
    world.bank_says(ACLEDA, &advice, ResponseCode::DO_NOT_HONOUR);
    assert_eq!(world.state().forward_depth_of(ACLEDA), 0);
    let leg = world.state().dead_letters().next().unwrap();
    let dead = world.state().leg(leg).unwrap();
    assert_eq!((dead.owing(), dead.last_word), (crate::LegStatus::Reversing, Some(ResponseCode::DO_NOT_HONOUR)));
    assert_eq!([LegId::parse(&leg.to_string()), LegId::parse("7"), LegId::parse("x.0")], [Some(leg), None, None]);
    leg
}

#[test]
fn a_dead_letter_is_tried_again_by_order_even_days_and_a_restart_later() {
    let mut world = World::new();
    let leg = refused_advice(&mut world);
    world.wait(seconds(5 * 24 * 3600));
    world.at_bank(ACLEDA);
    world.crash();
    world.bank_up(ACLEDA);
    world.order(Command::Retry(leg)).unwrap();
    let advice = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &advice, APPROVED);
    assert_eq!((world.state().dead_letters().count(), world.state().forward_depth()), (0, 0));
    assert_eq!(world.order(Command::Retry(leg)), Err(Disallowed::NotDead(leg)));
}

#[test]
fn a_dead_letter_is_discarded_with_a_reason_only() {
    let mut world = World::new();
    let leg = refused_advice(&mut world);
    assert_eq!(world.order_as("sovann", " ", Command::Discard(leg)), Err(Disallowed::NoReason));
    assert_eq!(world.order_as("", "settled", Command::Discard(leg)), Err(Disallowed::NoOperator));
    let before = world.records().len();
    world.order_as("sovann", "settled by letter", Command::Discard(leg)).unwrap();
    assert_eq!(world.records()[before..], ["DeadDiscarded"]);
    assert_eq!(world.state().dead_letters().count(), 0);
}

#[test]
fn a_discarded_advice_that_its_acquirer_undoes_is_not_told_approved_again() {
    let mut world = World::new();
    let advice = Message { mti: Mti::FINANCIAL_ADVICE, ..world.ask(Kind::Purchase, 700) };
    world.send(&advice);
    let leg = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &leg, ResponseCode::UNKNOWN_CARD);
    let dead = world.state().dead_letters().next().unwrap();
    world.order(Command::Discard(dead)).unwrap();
    let reversal = world.reversal(Mti::REVERSAL_ADVICE, &advice);
    world.send(&reversal);
    world.send(&advice);
    assert_eq!(world.told(), [APPROVED, APPROVED, ResponseCode::DUPLICATE]);
    assert_eq!(world.at_bank(ACLEDA), []);
}

#[test]
fn a_hot_card_is_refused_from_the_next_transaction_on_but_still_gets_its_salary() {
    let mut world = World::new();
    let pan = card("911601000000001").unwrap();
    let listed = |update: u8, file: &[u8]| Message {
        pan: Some(pan),
        stan: Stan::new(9),
        file_update: Some(update),
        file_name: Text::new(file),
        ..Message::new(Mti::FILE_UPDATE_REQUEST)
    };
    let told = |world: &mut World, bank, message: Message<'_>| {
        world.input(Input::FileUpdate { link: LinkId(1), bank, message: &message });
        world.told_on(LinkId(1))[0]
    };
    assert_eq!(told(&mut world, CANADIA, listed(b'1', b"STOLEN")), ResponseCode::UNKNOWN_CARD, "not that bank's card");
    assert_eq!(told(&mut world, ACLEDA, listed(b'1', b"FOUND")), ResponseCode::NOT_SUPPORTED);
    assert_eq!(told(&mut world, ACLEDA, listed(b'1', b"STOLEN")), APPROVED);
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    assert_eq!(world.told(), [ResponseCode::STOLEN_CARD]);
    let salary = Message { pan: Some(pan), ..world.salary(100) };
    world.send(&salary);
    assert_eq!(world.at_bank(ACLEDA).len(), 1);
    world.crash();
    world.bank_up(ACLEDA);
    assert_eq!(world.state().hot_card(pan), Some(ResponseCode::STOLEN_CARD));
    assert_eq!(told(&mut world, ACLEDA, listed(b'3', b"STOLEN")), APPROVED);
    world.order(Command::List(pan, ResponseCode::LOST_CARD)).unwrap();
    world.order(Command::Unlist(pan)).unwrap();
    assert_eq!(world.order(Command::Unlist(pan)), Err(Disallowed::NotListed(pan)));
    world.at_bank(ACLEDA);
    world.approved(Kind::Withdrawal);
}

#[test]
fn a_bank_is_signed_off_and_on_by_order() {
    let mut world = World::new();
    world.order(Command::SignOff(ACLEDA)).unwrap();
    assert!(world.state().is_linked(ACLEDA) && world.state().is_signed_off(ACLEDA));
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    assert_eq!(world.told(), [ResponseCode::BANK_UNAVAILABLE]);
    world.order(Command::SignOn(ACLEDA)).unwrap();
    world.approved(Kind::Withdrawal);
    assert_eq!(world.order(Command::SignOff(BankId(1))), Err(Disallowed::NoSuchBank(BankId(1))));
}

#[test]
fn what_is_known_against_a_card_is_told_and_stops_no_salary_and_no_advice() {
    let mut world = World::new();
    world.card_refused_with = Some(ResponseCode::EXPIRED_CARD);
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    assert_eq!(world.told(), [ResponseCode::EXPIRED_CARD]);
    world.send(&request);
    assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![ResponseCode::EXPIRED_CARD], vec![]), "a repeat is told the same");
    let salary = Message { pan: request.pan, ..world.salary(100) };
    world.send(&salary);
    assert_eq!(world.at_bank(ACLEDA).len(), 1);
    let advice = Message { mti: Mti::FINANCIAL_ADVICE, ..world.ask(Kind::Purchase, 700) };
    world.send(&advice);
    assert_eq!((world.told(), world.at_bank(ACLEDA).len()), (vec![APPROVED], 1));
    world.crash();
    world.card_refused_with = None;
    world.bank_up(ACLEDA);
    world.order(Command::List(request.pan.unwrap(), ResponseCode::LOST_CARD)).unwrap();
    world.card_refused_with = Some(ResponseCode::UNKNOWN_CARD);
    let hot = world.ask(Kind::Withdrawal, 100);
    world.send(&hot);
    assert_eq!(world.told(), [ResponseCode::LOST_CARD], "the list is what was said last");
}

#[test]
fn a_card_that_another_stands_for_is_refused_by_order_and_by_its_banks_word() {
    let mut world = World::new();
    let [pan, new, others] = ["911601000000001", "911601000000005", "911602000000005"].map(|digits| card(digits).unwrap());
    let code = ResponseCode::STOLEN_CARD;
    for wrong in [pan, others] {
        let refused = world.order(Command::Replace { old: pan, new: wrong, code });
        assert_eq!(refused, Err(Disallowed::NoReplacement(wrong)));
    }
    assert_eq!(world.order_as("sovann", "", Command::Replace { old: pan, new, code }), Err(Disallowed::NoReason));
    assert_eq!(world.state().hot_card(pan), None);
    world.order(Command::Replace { old: pan, new, code }).unwrap();
    assert_eq!(world.state().hot_card(pan), Some(code));
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    assert_eq!(world.told(), [code]);

    let told = |world: &mut World, new: Option<Pan>| {
        let message = Message {
            pan: Some(new.unwrap_or(pan)),
            issued: new.and(card("911601000000007")),
            stan: Stan::new(9),
            file_update: Some(b'2'),
            file_name: Text::new(b"LOST"),
            ..Message::new(Mti::FILE_UPDATE_REQUEST)
        };
        world.input(Input::FileUpdate { link: LinkId(1), bank: ACLEDA, message: &message });
        world.told_on(LinkId(1))[0]
    };
    assert_eq!(told(&mut world, None), ResponseCode::FORMAT_ERROR, "the new number is missing");
    assert_eq!(told(&mut world, Some(new)), APPROVED);
    assert_eq!(world.state().hot_card(new), Some(ResponseCode::LOST_CARD));
    world.crash();
    assert_eq!(world.state().hot_card(new), Some(ResponseCode::LOST_CARD));
}
