//! Funding, credit back, recall: what the payer pays and gets back.

use super::*;
use crate::{LegStatus, Purpose};

const TWO: [Salary; 2] = [(1, CANADIA, 100), (2, CANADIA, 200)];

#[test]
fn nothing_goes_out_before_the_payers_bank_has_paid() {
    let mut world = World::new();
    let batch = world.submit(header(b'1', &TWO), &TWO).unwrap();
    world.payroll("dara", &PayrollOrder::Approve(batch)).unwrap();
    let funding = world.leg_at(ACLEDA);
    assert_eq!((funding.processing, funding.amount), (Some(ProcessingCode::of(Kind::Funding)), Some(300)));
    assert_eq!((funding.from_account, funding.receiver), (Text::new(b"001900000116"), InstitutionId::new(116_001)));
    assert_eq!(funding.rrn, Rrn::new(b"00001F000001"));
    assert_eq!(world.at_bank(CANADIA), []);
    world.bank_says(ACLEDA, &funding, ResponseCode::NOT_SUFFICIENT_FUNDS);
    assert_eq!(world.batch_state(batch), BatchState::Unfunded(ResponseCode::NOT_SUFFICIENT_FUNDS));
    assert_eq!((world.at_bank(CANADIA), world.positions()), (vec![], vec![]));
    world.payroll("dara", &PayrollOrder::Approve(batch)).unwrap();
    let again = world.leg_at(ACLEDA);
    assert_eq!(again.rrn, Rrn::new(b"00001F000002"));
    world.bank_says(ACLEDA, &again, APPROVED);
    assert_eq!(world.at_bank(CANADIA).len(), 2);
    assert_eq!(world.positions(), [(116_001, -300), (116_900, 300)], "the treasury is owed what it will pay");
}

#[test]
fn a_funding_whose_outcome_is_unknown_is_reversed_and_may_be_asked_again() {
    let mut world = World::new();
    let batch = world.submit(header(b'1', &TWO), &TWO).unwrap();
    world.payroll("dara", &PayrollOrder::Approve(batch)).unwrap();
    let funding = world.leg_at(ACLEDA);
    world.wait(seconds(25));
    assert_eq!(world.batch_state(batch), BatchState::Unfunded(ResponseCode::BANK_UNAVAILABLE));
    let reversal = world.at_bank(ACLEDA).pop().unwrap();
    assert_eq!((reversal.mti, reversal.original.unwrap().stan), (Mti::REVERSAL_ADVICE, funding.stan.unwrap()));
    world.bank_says(ACLEDA, &funding, APPROVED);
    assert_eq!(world.batch_state(batch), BatchState::Unfunded(ResponseCode::BANK_UNAVAILABLE), "too late");
    world.bank_says(ACLEDA, &reversal, APPROVED);
    assert!(world.state().transaction(Purpose::Funding(batch, 1).transaction()).is_none(), "nothing is open of it");
    world.payroll("dara", &PayrollOrder::Approve(batch)).unwrap();
    world.crash();
    assert_eq!(world.batch_state(batch), BatchState::Unfunded(ResponseCode::BANK_UNAVAILABLE), "a stop leaves it unknown too");
}

#[test]
fn a_payers_bank_that_is_down_is_not_asked() {
    let mut world = World::new();
    let batch = world.submit(header(b'1', &TWO), &TWO).unwrap();
    world.input(Input::Bank(ACLEDA, BankEvent::Down));
    assert_eq!(world.payroll("dara", &PayrollOrder::Approve(batch)), Err(PayrollDisallowed::BankUnavailable(ACLEDA)));
    assert_eq!(world.batch_state(batch), BatchState::Submitted);
}

#[test]
fn what_was_rejected_is_credited_back_once_nothing_moves() {
    let mut world = World::new();
    let batch = world.funded(&TWO);
    let [one, two] = world.at_bank(CANADIA)[..] else { panic!("two were sent") };
    world.bank_says(CANADIA, &one, ResponseCode::UNKNOWN_CARD);
    assert_eq!((world.at_bank(ACLEDA), world.tallies(batch)), (vec![], [0, 0, 100, 200, 0]));
    world.bank_says(CANADIA, &two, APPROVED);
    let credit = world.leg_at(ACLEDA);
    assert_eq!((credit.processing, credit.amount), (Some(ProcessingCode::of(Kind::Salary)), Some(100)));
    assert_eq!((credit.to_account, credit.rrn), (Text::new(b"001900000116"), Rrn::new(b"00001C000001")));
    assert_eq!(world.batch_state(batch), BatchState::Running);
    world.bank_says(ACLEDA, &credit, APPROVED);
    assert_eq!((world.batch_state(batch), world.tallies(batch)), (BatchState::Done, [200, 0, 100, 0, 100]));
    assert_eq!(world.positions(), [(116_001, -200), (116_002, 200)], "the treasury has paid what was paid");
}

#[test]
fn a_credit_that_the_payers_bank_refuses_waits_for_an_operator() {
    let mut world = World::new();
    let batch = world.funded(&[(1, CANADIA, 100)]);
    let sent = world.leg_at(CANADIA);
    world.bank_says(CANADIA, &sent, ResponseCode::DO_NOT_HONOUR);
    let credit = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &credit, ResponseCode::NOT_PERMITTED_TO_CARD);
    world.wait(seconds(3600));
    assert_eq!(world.at_bank(ACLEDA), []);
    assert_eq!(world.state().batch(batch).unwrap().credit_refused(), Some(ResponseCode::NOT_PERMITTED_TO_CARD));
    assert_eq!(world.batch_state(batch), BatchState::Part);
    world.crash();
    world.bank_up(ACLEDA);
    assert_eq!(world.at_bank(ACLEDA), []);
    world.office(&PayrollOrder::CreditBack(batch)).unwrap();
    let credit = world.leg_at(ACLEDA);
    assert_eq!(credit.rrn, Rrn::new(b"00001C000002"));
    world.bank_says(ACLEDA, &credit, APPROVED);
    assert_eq!(world.batch_state(batch), BatchState::Done);
    assert!(matches!(world.office(&PayrollOrder::CreditBack(batch)), Err(PayrollDisallowed::NotNow { .. })));
}

#[test]
fn a_credit_in_part_is_paid_in_part_and_the_rest_goes_back() {
    let mut world = World::new();
    let batch = world.funded(&[(1, CANADIA, 100)]);
    let sent = world.leg_at(CANADIA);
    let reply = Message { mti: sent.mti.response(), code: Some(ResponseCode::PARTIALLY_APPROVED), amount: Some(60), ..sent };
    world.input(Input::Reply { bank: CANADIA, message: &reply, sound: true });
    assert_eq!((world.item_state(item(1)), world.tallies(batch)), (ItemState::Returned(40), [60, 40, 0, 0, 0]));
    let credit = world.leg_at(ACLEDA);
    assert_eq!(credit.amount, Some(40));
}

#[test]
fn an_overpayment_comes_back_up_to_what_the_account_holds() {
    let mut world = World::new();
    let batch = world.funded(&TWO);
    for sent in world.at_bank(CANADIA) {
        world.bank_says(CANADIA, &sent, APPROVED);
    }
    let recall = |amount| PayrollOrder::Recall { item: item(2), amount, why: *b"MD07" };
    assert_eq!(world.office(&recall(201)), Err(PayrollDisallowed::TooMuch { item: item(2), stands: 200 }));
    assert_eq!(world.office(&recall(150)), Ok(batch));
    assert_eq!(world.office(&recall(50)), Err(PayrollDisallowed::RecallOpen(item(2))));
    let asked = world.leg_at(CANADIA);
    assert_eq!((asked.processing, asked.amount), (Some(ProcessingCode::of(Kind::Recall)), Some(150)));
    assert_eq!((asked.from_account, asked.rrn), (Text::new(b"000000000002"), Rrn::new(b"00001R000001")));
    assert_eq!(world.at_bank(ACLEDA), [], "nothing goes back before it has come");
    let reply = Message { mti: asked.mti.response(), code: Some(ResponseCode::PARTIALLY_APPROVED), amount: Some(120), ..asked };
    world.input(Input::Reply { bank: CANADIA, message: &reply, sound: true });
    assert_eq!((world.item_state(item(2)), world.tallies(batch)), (ItemState::Returned(120), [180, 120, 0, 0, 0]));
    let credit = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &credit, APPROVED);
    assert_eq!((world.batch_state(batch), world.tallies(batch)), (BatchState::Done, [180, 120, 0, 0, 120]));
    assert_eq!(world.office(&recall(81)), Err(PayrollDisallowed::TooMuch { item: item(2), stands: 80 }));
}

#[test]
fn a_recall_that_is_refused_or_unknown_returns_nothing() {
    let mut world = World::new();
    let batch = world.funded(&[(1, CANADIA, 100)]);
    let sent = world.leg_at(CANADIA);
    world.bank_says(CANADIA, &sent, APPROVED);
    let recall = PayrollOrder::Recall { item: item(1), amount: 100, why: *b"MD07" };
    world.office(&recall).unwrap();
    let asked = world.leg_at(CANADIA);
    world.bank_says(CANADIA, &asked, ResponseCode::NOT_SUFFICIENT_FUNDS);
    world.office(&recall).unwrap();
    world.leg_at(CANADIA);
    world.wait(seconds(25));
    let reversal = world.at_bank(CANADIA).pop().unwrap();
    assert_eq!(reversal.mti, Mti::REVERSAL_ADVICE);
    world.bank_says(CANADIA, &reversal, APPROVED);
    assert_eq!((world.item_state(item(1)), world.batch_state(batch)), (ItemState::Paid, BatchState::Done));
    assert_eq!(world.positions(), [(116_001, -100), (116_002, 100)]);
    assert_eq!((world.at_bank(ACLEDA), world.state().remembered()), (vec![], 0));
}

#[test]
fn what_was_never_paid_is_not_recalled() {
    let mut world = World::new();
    world.funded(&TWO);
    let recall = PayrollOrder::Recall { item: item(1), amount: 1, why: *b"MD07" };
    assert_eq!(world.office(&recall), Err(PayrollDisallowed::NotPaid { item: item(1), state: ItemState::Sent }));
    let nobody = PayrollOrder::Recall { item: item(9), amount: 1, why: *b"MD07" };
    assert_eq!(world.office(&nobody), Err(PayrollDisallowed::NoSuchItem(item(9))));
}

#[test]
fn a_batch_cancelled_before_its_funding_moves_nothing_and_after_it_all_goes_back() {
    let mut world = World::new();
    let batch = world.submit(header(b'1', &TWO), &TWO).unwrap();
    world.office(&PayrollOrder::Cancel(batch)).unwrap();
    assert_eq!((world.batch_state(batch), world.tallies(batch)), (BatchState::Cancelled, [0, 0, 300, 0, 0]));
    assert_eq!(world.at_bank(ACLEDA), []);
    let tomorrow = BatchHeader { pays_on: date(2022, 12, 29), ..header(b'2', &TWO) };
    let batch = world.submit(tomorrow, &TWO).unwrap();
    world.payroll("dara", &PayrollOrder::Approve(batch)).unwrap();
    assert!(
        matches!(world.office(&PayrollOrder::Cancel(batch)), Err(PayrollDisallowed::NotNow { .. })),
        "its funding is asked for"
    );
    let funding = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &funding, APPROVED);
    assert_eq!(world.batch_state(batch), BatchState::Approved);
    world.office(&PayrollOrder::Cancel(batch)).unwrap();
    let credit = world.leg_at(ACLEDA);
    assert_eq!(credit.amount, Some(300));
    world.bank_says(ACLEDA, &credit, APPROVED);
    assert_eq!((world.batch_state(batch), world.tallies(batch)), (BatchState::Done, [0, 0, 300, 0, 300]));
    assert_eq!(world.item_state(ItemId { batch, number: 1 }), ItemState::Cancelled);
}

#[test]
fn an_item_that_comes_back_unsent_after_a_cancellation_is_not_sent_again() {
    let mut world = World::new();
    let salaries: Vec<Salary> = (1..=6).map(|who| (who, CANADIA, 100)).collect();
    let batch = world.funded(&salaries);
    let mut sent = world.taken(Peer::Bank(CANADIA));
    world.office(&PayrollOrder::Cancel(batch)).unwrap();
    assert_eq!(world.tallies(batch), [0, 0, 200, 400, 0]);
    let (_, unsent) = sent.remove(0);
    world.input(Input::Undelivered(unsent));
    sent.iter().for_each(|(it, _)| world.bank_says(CANADIA, it, APPROVED));
    world.wait(seconds(5));
    assert_eq!((world.at_bank(CANADIA), world.item_state(item(1))), (vec![], ItemState::Cancelled));
    let credit = world.leg_at(ACLEDA);
    assert_eq!((credit.amount, world.tallies(batch)), (Some(300), [300, 0, 300, 0, 0]));
    assert!(matches!(world.office(&PayrollOrder::Cancel(batch)), Err(PayrollDisallowed::NotNow { .. })), "nothing is left of it");
}

#[test]
fn a_payer_who_can_pay_a_part_only_pays_nothing() {
    let mut world = World::new();
    let batch = world.submit(header(b'1', &TWO), &TWO).unwrap();
    world.payroll("dara", &PayrollOrder::Approve(batch)).unwrap();
    let asked = world.leg_at(ACLEDA);
    let reply = Message { mti: asked.mti.response(), code: Some(ResponseCode::PARTIALLY_APPROVED), amount: Some(120), ..asked };
    world.input(Input::Reply { bank: ACLEDA, message: &reply, sound: true });
    assert_eq!(world.batch_state(batch), BatchState::Unfunded(ResponseCode::PARTIALLY_APPROVED));
    let reversal = world.leg_at(ACLEDA);
    assert_eq!(reversal.mti, Mti::REVERSAL_ADVICE);
    world.bank_says(ACLEDA, &reversal, APPROVED);
    assert_eq!((world.positions(), world.at_bank(CANADIA), world.state().remembered()), (vec![], vec![], 0));
}

#[test]
fn a_credit_to_the_payer_in_part_is_followed_by_the_rest_and_one_of_nothing_is_refused() {
    let mut world = World::new();
    let batch = world.funded(&[(1, CANADIA, 100)]);
    let sent = world.leg_at(CANADIA);
    world.bank_says(CANADIA, &sent, ResponseCode::DO_NOT_HONOUR);
    for (asked, taken) in [(100, 30), (70, 0)] {
        let credit = world.leg_at(ACLEDA);
        assert_eq!(credit.amount, Some(asked));
        let code = Some(ResponseCode::PARTIALLY_APPROVED);
        let reply = Message { mti: credit.mti.response(), code, amount: Some(taken), ..credit };
        world.input(Input::Reply { bank: ACLEDA, message: &reply, sound: true });
    }
    assert_eq!((world.at_bank(ACLEDA), world.tallies(batch)[4]), (vec![], 30));
    assert_eq!(world.state().batch(batch).unwrap().credit_refused(), Some(ResponseCode::PARTIALLY_APPROVED));
}

#[test]
fn a_credit_to_the_payer_of_which_no_byte_left_is_tried_again() {
    let mut world = World::new();
    let batch = world.funded(&[(1, CANADIA, 100)]);
    let sent = world.leg_at(CANADIA);
    world.bank_says(CANADIA, &sent, ResponseCode::DO_NOT_HONOUR);
    let (_, about) = world.taken(Peer::Bank(ACLEDA)).pop().unwrap();
    world.input(Input::Undelivered(about));
    assert_eq!((world.at_bank(ACLEDA), world.batch_state(batch)), (vec![], BatchState::Part));
    world.wait(seconds(1));
    let credit = world.leg_at(ACLEDA);
    world.wait(seconds(25));
    let again = world.at_bank(ACLEDA).pop().unwrap();
    assert_eq!(
        (again.mti, again.rrn),
        (Mti::FINANCIAL_REPEAT, credit.rrn),
        "one whose answer is lost is asked again, not made anew"
    );
    world.bank_says(ACLEDA, &again, APPROVED);
    assert_eq!((world.batch_state(batch), world.tallies(batch)), (BatchState::Done, [0, 0, 100, 0, 100]));
}

#[test]
fn an_item_on_the_dead_letter_list_is_settled_not_discarded() {
    for paid in [true, false] {
        let mut world = World::new();
        let batch = world.funded(&TWO);
        let [_, two] = world.at_bank(CANADIA)[..] else { panic!("two were sent") };
        world.bank_says(CANADIA, &two, APPROVED);
        assert_eq!(world.office(&PayrollOrder::Settle { item: item(1), paid }), Err(PayrollDisallowed::NotDead(item(1))));
        world.wait(seconds(25 * 3600));
        world.at_bank(CANADIA);
        let dead = world.state().dead_letters().next().unwrap();
        assert_eq!(dead, Purpose::Item(item(1)).leg());
        assert_eq!((world.item_state(item(1)), world.batch_state(batch)), (ItemState::Unknown, BatchState::Part));
        assert_eq!(world.order(Command::Discard(dead)), Err(Disallowed::OfPayroll(dead)));
        world.crash();
        world.bank_up(ACLEDA);
        world.office(&PayrollOrder::Settle { item: item(1), paid }).unwrap();
        assert_eq!(world.state().dead_letters().count(), 0);
        if paid {
            assert_eq!((world.batch_state(batch), world.tallies(batch)), (BatchState::Done, [300, 0, 0, 0, 0]));
            let canadia = Participant::Institution(116_002);
            let owed = world.state().positions().filter(|(_, _, who, _)| *who == canadia).map(|(.., net)| net);
            assert_eq!(owed.sum::<i64>(), 300, "what was settled as paid is owed to the bank");
        } else {
            let credit = world.leg_at(ACLEDA);
            world.bank_says(ACLEDA, &credit, APPROVED);
            assert_eq!((world.batch_state(batch), world.tallies(batch)), (BatchState::Done, [200, 0, 100, 0, 100]));
        }
        assert_eq!(world.state().remembered(), 0);
    }
}

#[test]
fn a_dead_item_that_is_tried_again_finds_its_outcome() {
    let mut world = World::new();
    let batch = world.funded(&[(1, CANADIA, 100)]);
    let sent = world.leg_at(CANADIA);
    world.wait(seconds(25 * 3600));
    world.at_bank(CANADIA);
    let dead = world.state().dead_letters().next().unwrap();
    world.order(Command::Retry(dead)).unwrap();
    let again = world.leg_at(CANADIA);
    assert_eq!((again.mti, again.stan, again.rrn), (Mti::FINANCIAL_REPEAT, sent.stan, sent.rrn));
    assert_eq!(world.state().leg(dead).unwrap().status, LegStatus::Repeating);
    world.bank_says(CANADIA, &again, APPROVED);
    assert_eq!((world.batch_state(batch), world.item_state(item(1))), (BatchState::Done, ItemState::Paid));
}
