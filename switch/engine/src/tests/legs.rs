//! Kinds of several legs: whole or nothing, whatever happens in between.

use super::*;

const APPROVED: ResponseCode = ResponseCode::APPROVED;
const ATM_BANK: u64 = 116_900;

/// A transfer of 100 riel from a card of ACLEDA to an account at Canadia.
fn transfer(world: &mut World) -> Message<'static> {
    let asked = world.ask(Kind::Transfer, 10_000);
    Message { receiver: InstitutionId::new(116_002), to_account: Text::new(b"200000000002"), ..asked }
}

/// The same, debited; what was asked and the credit that went out.
fn debited(world: &mut World) -> (Message<'static>, Message<'static>) {
    let request = transfer(world);
    world.send(&request);
    let debit = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &debit, APPROVED);
    (request, world.leg_at(CANADIA))
}

#[test]
fn a_transfer_takes_at_one_bank_and_gives_at_the_other_which_is_shown_no_card() {
    let mut world = World::new();
    let (request, credit) = debited(&mut world);
    assert_eq!((credit.pan, credit.processing), (None, Some(ProcessingCode::of(Kind::Salary))));
    assert_eq!((credit.amount, credit.to_account, credit.rrn), (request.amount, request.to_account, request.rrn));
    assert_eq!(world.told(), []);
    assert_eq!(world.positions(), [(0, 10_000), (116_001, -10_000)]);
    world.bank_says(CANADIA, &credit, APPROVED);
    assert_eq!(world.told(), [APPROVED]);
    assert_eq!(world.positions(), [(116_001, -10_000), (116_002, 10_000)]);
    world.send(&request);
    assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![APPROVED], vec![]));
}

#[test]
fn a_refused_credit_gives_the_debit_back() {
    let mut world = World::new();
    let (_, credit) = debited(&mut world);
    world.bank_says(CANADIA, &credit, ResponseCode::NO_SUCH_ACCOUNT);
    assert_eq!(world.told(), [ResponseCode::NO_SUCH_ACCOUNT]);
    let advice = world.leg_at(ACLEDA);
    assert_eq!(advice.mti, Mti::REVERSAL_ADVICE);
    world.bank_says(ACLEDA, &advice, APPROVED);
    assert_eq!((world.positions(), world.state().forward_depth()), (vec![], 0));
}

#[test]
fn a_credit_of_unknown_outcome_is_repeated_and_never_reversed_first() {
    let mut world = World::new();
    let (request, credit) = debited(&mut world);
    world.wait(seconds(26));
    assert_eq!(world.told(), [ResponseCode::IN_PROGRESS]);
    let repeats = world.at_bank(CANADIA);
    assert!(repeats.iter().all(|it| (it.mti, it.stan) == (Mti::FINANCIAL_REPEAT, credit.stan)), "{repeats:?}");
    assert_eq!(world.at_bank(ACLEDA), []);
    world.bank_says(CANADIA, &credit, APPROVED);
    world.send(&request);
    assert_eq!(world.told(), [APPROVED]);
    assert_eq!(world.positions(), [(116_001, -10_000), (116_002, 10_000)]);
}

#[test]
fn both_legs_share_thirty_five_seconds() {
    let mut world = World::new();
    let request = transfer(&mut world);
    world.send(&request);
    let debit = world.leg_at(ACLEDA);
    world.wait(seconds(24));
    world.bank_says(ACLEDA, &debit, APPROVED);
    world.wait(seconds(10));
    assert_eq!(world.told(), []);
    world.wait(seconds(1));
    assert_eq!(world.told(), [ResponseCode::IN_PROGRESS]);
}

/// A bank's approval of less than it was asked for.
fn partly(asked: &Message<'static>, amount: u64) -> Message<'static> {
    let code = Some(ResponseCode::PARTIALLY_APPROVED);
    Message { mti: asked.mti.response(), code, amount: Some(amount), ..*asked }
}

#[test]
fn what_was_debited_in_part_is_credited_in_part_and_a_credit_in_part_is_none() {
    let mut world = World::new();
    let request = transfer(&mut world);
    world.send(&request);
    let debit = world.leg_at(ACLEDA);
    world.input(Input::Reply { bank: ACLEDA, message: &partly(&debit, 4_000), sound: true });
    let credit = world.leg_at(CANADIA);
    assert_eq!(credit.amount, Some(4_000));
    world.bank_says(CANADIA, &credit, APPROVED);
    let [(told, _)] = world.taken(Peer::Link(ATM))[..] else { panic!("one answer") };
    assert_eq!((told.code, told.amount), (Some(ResponseCode::PARTIALLY_APPROVED), Some(4_000)));
    assert_eq!(world.positions(), [(116_001, -4_000), (116_002, 4_000)]);

    let mut world = World::new();
    let (_, credit) = debited(&mut world);
    world.input(Input::Reply { bank: CANADIA, message: &partly(&credit, 4_000), sound: true });
    assert_eq!(world.told(), [ResponseCode::DO_NOT_HONOUR]);
    let undone = [world.leg_at(ACLEDA).mti, world.leg_at(CANADIA).mti];
    assert_eq!((undone, world.positions()), ([Mti::REVERSAL_ADVICE; 2], vec![]));
}

#[test]
fn a_credit_in_part_whose_reversal_is_refused_has_not_arrived_and_overrules_nobody() {
    let mut world = World::new();
    let (request, credit) = debited(&mut world);
    world.input(Input::Reply { bank: CANADIA, message: &partly(&credit, 4_000), sound: true });
    let undone = world.leg_at(CANADIA);
    world.bank_says(CANADIA, &undone, ResponseCode::DO_NOT_HONOUR);
    assert_eq!(world.state().dead_letters().count(), 1);
    let reversal = world.reversal(Mti::REVERSAL_REQUEST, &request);
    world.send(&reversal);
    assert_eq!((world.told().last(), world.state().overruled().count()), (Some(&APPROVED), 0));
}

#[test]
fn after_a_stop_an_open_debit_is_reversed_and_an_open_credit_repeated() {
    let mut world = World::new();
    let request = transfer(&mut world);
    world.send(&request);
    world.leg_at(ACLEDA);
    let (other, credit) = debited(&mut world);
    world.crash();
    world.bank_up(ACLEDA);
    world.bank_up(CANADIA);
    world.wait(seconds(0));
    assert_eq!(world.leg_at(ACLEDA).mti, Mti::REVERSAL_ADVICE);
    let repeat = world.leg_at(CANADIA);
    assert_eq!((repeat.mti, repeat.stan), (Mti::FINANCIAL_REPEAT, credit.stan));
    world.send(&request);
    world.send(&other);
    assert_eq!(world.told(), [ResponseCode::BANK_UNAVAILABLE, ResponseCode::IN_PROGRESS]);
}

#[test]
fn a_credit_that_cannot_leave_is_no_credit() {
    let mut world = World::new();
    let request = transfer(&mut world);
    world.send(&request);
    let debit = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &debit, APPROVED);
    let (_, about) = world.taken(Peer::Bank(CANADIA)).pop().unwrap();
    world.input(Input::Undelivered(about));
    assert_eq!(world.told(), [ResponseCode::BANK_UNAVAILABLE]);
    assert_eq!(world.leg_at(ACLEDA).mti, Mti::REVERSAL_ADVICE);
}

#[test]
fn nothing_is_taken_for_a_receiver_that_is_unknown_or_away() {
    let mut world = World::new();
    let request = transfer(&mut world);
    world.send(&Message { receiver: InstitutionId::new(116_009), ..request });
    world.input(Input::Bank(CANADIA, BankEvent::Down));
    let request = transfer(&mut world);
    world.send(&request);
    assert_eq!(world.told(), [ResponseCode::NO_SUCH_ISSUER, ResponseCode::BANK_UNAVAILABLE]);
    assert_eq!(world.at_bank(ACLEDA), []);
}

#[test]
fn a_reversal_meanwhile_is_taken_and_waits_for_the_credits_outcome() {
    for (says, overruled, advices) in [(APPROVED, 1, 0), (ResponseCode::NO_SUCH_ACCOUNT, 0, 1)] {
        let mut world = World::new();
        let (request, credit) = debited(&mut world);
        let reversal = world.reversal(Mti::REVERSAL_ADVICE, &request);
        world.send(&reversal);
        assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![APPROVED], vec![]));
        world.bank_says(CANADIA, &credit, says);
        assert_eq!(world.state().overruled().count(), overruled);
        assert_eq!(world.at_bank(ACLEDA).len(), advices);
        assert_eq!(world.told(), [], "whoever reversed it is told nothing more");
    }
}

#[test]
fn money_that_has_arrived_stands_though_it_is_reversed() {
    let mut world = World::new();
    let (request, credit) = debited(&mut world);
    world.bank_says(CANADIA, &credit, APPROVED);
    let reversal = world.reversal(Mti::REVERSAL_ADVICE, &request);
    world.send(&reversal);
    assert_eq!(world.told(), [APPROVED; 2]);
    assert_eq!((world.at_bank(ACLEDA), world.at_bank(CANADIA)), (vec![], vec![]));
    assert_eq!(world.state().overruled().count(), 1);
    assert_eq!(world.positions(), [(116_001, -10_000), (116_002, 10_000)]);
}

#[test]
fn a_top_up_debits_the_card_and_credits_the_phone_at_its_operator() {
    let mut world = World::new();
    let asked = world.ask(Kind::TopUp, 2_000);
    world.send(&Message { receiver: InstitutionId::new(116_701), to_account: Text::new(b"010123456"), ..asked });
    let debit = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &debit, APPROVED);
    let credit = world.leg_at(SMART);
    assert_eq!((credit.pan, credit.processing), (None, asked.processing));
    world.bank_says(SMART, &credit, APPROVED);
    assert_eq!(world.told(), [APPROVED]);
    assert_eq!(world.positions(), [(116_001, -2_000), (116_701, 2_000)]);
}

#[test]
fn a_virtual_card_is_told_again_to_a_repeat_and_made_at_its_banks_machines_only() {
    let mut world = World::with(|rules| rules.banks[0].own_terminals_only = vec![Kind::VirtualCard]);
    let elsewhere = world.ask(Kind::VirtualCard, 0);
    world.send(&elsewhere);
    assert_eq!(world.told(), [ResponseCode::NOT_PERMITTED_TO_TERMINAL]);
    let request = Message { acquirer: InstitutionId::new(116_001), ..world.ask(Kind::VirtualCard, 0) };
    world.send(&request);
    let leg = world.leg_at(ACLEDA);
    let issued = card("911611000000001");
    let reply = Message { mti: Mti::FINANCIAL_RESPONSE, code: Some(APPROVED), issued, ..leg };
    world.input(Input::Reply { bank: ACLEDA, message: &reply, sound: true });
    world.send(&request);
    let told: Vec<_> = world.taken(Peer::Link(ATM)).into_iter().map(|(message, _)| message.issued).collect();
    assert_eq!(told, [issued; 2]);
}

#[test]
fn a_fee_goes_to_the_switch_by_the_days_rate_and_comes_back_with_a_full_reversal_only() {
    for (stands, left) in [(None, vec![]), (Some(4_000), vec![(116_000, 180_000), (116_001, -184_000), (ATM_BANK, 4_000)])] {
        let mut world = with_a_fee();
        let request = world.approved(Kind::Withdrawal);
        assert_eq!(world.positions(), [(116_000, 180_000), (116_001, -5_180_000), (ATM_BANK, 5_000_000)]);
        let reversal = world.reversal(Mti::REVERSAL_REQUEST, &request);
        world.send(&Message { replacement: stands, ..reversal });
        assert_eq!(world.leg_at(ACLEDA).fee, Some(180_000));
        assert_eq!(world.positions(), left);
    }
}

fn with_a_fee() -> World {
    World::with(|rules| {
        let amount = model::Money::from_minor(180_000, khr());
        rules.fees.push(crate::Fee { kind: Kind::Withdrawal, amount, interchange: None });
        rules.fees.push(crate::Fee { kind: Kind::Balance, amount, interchange: None });
    })
}

#[test]
fn at_its_own_banks_machine_a_card_pays_no_fee() {
    let mut world = with_a_fee();
    let request = world.ask(Kind::Withdrawal, 5_000);
    world.send(&Message { acquirer: InstitutionId::new(116_001), ..request });
    assert_eq!(world.leg_at(ACLEDA).fee, None);
}

#[test]
fn an_inquirys_fee_is_given_back_when_nobody_answers_and_charged_once_when_it_is_asked_again() {
    let mut world = with_a_fee();
    let lost = world.ask(Kind::Balance, 0);
    world.send(&lost);
    world.leg_at(ACLEDA);
    world.wait(seconds(25));
    let advice = world.leg_at(ACLEDA);
    assert_eq!((world.told(), advice.mti), (vec![ResponseCode::BANK_UNAVAILABLE], Mti::REVERSAL_ADVICE));
    world.bank_says(ACLEDA, &advice, APPROVED);

    let request = world.ask(Kind::Balance, 0);
    world.send(&request);
    let leg = world.leg_at(ACLEDA);
    assert_eq!(leg.fee, Some(180_000));
    world.bank_says(ACLEDA, &leg, APPROVED);
    world.send(&request);
    assert_eq!(world.leg_at(ACLEDA).fee, None);
}

#[test]
fn interchange_goes_from_the_cards_bank_to_the_acquirer() {
    let mut world = World::with(|rules| {
        let (amount, interchange) = (model::Money::from_minor(0, khr()), Some(model::Money::from_minor(700, khr())));
        rules.fees.push(crate::Fee { kind: Kind::Withdrawal, amount, interchange });
    });
    world.approved(Kind::Withdrawal);
    assert_eq!(world.positions(), [(116_001, -5_000_700), (ATM_BANK, 5_000_700)]);
}
