//! Items on their way: windows, banks that are down, crashes, dates.

use super::*;
use crate::Purpose;

fn many(count: u8, bank: BankId) -> Vec<Salary> {
    (1..=count).map(|who| (who, bank, 100)).collect()
}

#[test]
fn a_salary_is_an_ordinary_credit_that_nobody_outside_is_told_of() {
    let mut world = World::new();
    let batch = world.funded(&[(1, CANADIA, 100)]);
    let sent = world.leg_at(CANADIA);
    assert_eq!((sent.mti, sent.processing), (Mti::FINANCIAL_REQUEST, Some(ProcessingCode::of(Kind::Salary))));
    assert_eq!((sent.to_account, sent.pan, sent.from_account), (Text::new(b"000000000001"), None, None));
    assert_eq!((sent.acquirer, sent.receiver), (InstitutionId::new(116_900), InstitutionId::new(116_002)));
    assert_eq!((sent.rrn, sent.terminal), (Rrn::new(b"000010000001"), TerminalId::new(b"PAYROLL ")));
    assert_eq!(sent.business_date, Some(date(2022, 12, 28).month_day()));
    assert_eq!(Purpose::Item(item(1)).transaction().0, 1_000_000_000_100_000_001);
    assert_eq!(world.state().remembered(), 1);
    world.bank_says(CANADIA, &sent, APPROVED);
    assert_eq!((world.batch_state(batch), world.item_state(item(1))), (BatchState::Done, ItemState::Paid));
    assert_eq!((world.state().remembered(), world.told_on(LinkId(0))), (0, vec![]), "what has ended costs its row only");
    assert_eq!(world.positions(), [(116_001, -100), (116_002, 100)]);
}

#[test]
fn no_bank_gets_more_at_once_than_half_of_what_it_takes() {
    let mut world = World::new();
    let batch = world.funded(&many(10, CANADIA));
    for expected in [4, 4, 2] {
        let sent = world.at_bank(CANADIA);
        assert_eq!(sent.len(), expected);
        sent.iter().for_each(|it| world.bank_says(CANADIA, it, APPROVED));
    }
    assert_eq!(world.batch_state(batch), BatchState::Done);
    let mut narrow = World::with(|rules| rules.payroll.window = 1);
    narrow.funded(&many(3, CANADIA));
    assert_eq!(narrow.at_bank(CANADIA).len(), 1);
}

#[test]
fn one_turn_sends_a_few_and_the_clock_sends_the_rest() {
    let mut world = World::with(|rules| rules.banks.iter_mut().for_each(|bank| bank.in_flight_max = 1000));
    let salaries: Vec<Salary> = (1..=200).map(|who| (who, CANADIA, 100)).collect();
    world.funded(&salaries);
    assert_eq!(world.at_bank(CANADIA).len(), 64);
    assert_eq!(world.deadline(), NOON);
    world.input(Input::Tick);
    assert_eq!(world.at_bank(CANADIA).len(), 64);
    world.wait(Duration::ZERO);
    assert_eq!(world.at_bank(CANADIA).len(), 72);
    assert!(world.deadline() > NOON);
}

#[test]
fn a_bank_that_is_down_holds_up_its_own_items_only() {
    let mut world = World::new();
    let salaries = [(1, CANADIA, 100), (2, ACLEDA, 200), (3, CANADIA, 300)];
    let batch = world.submit(header(b'1', &salaries), &salaries).unwrap();
    world.input(Input::Bank(CANADIA, BankEvent::Down));
    world.payroll("dara", &PayrollOrder::Approve(batch)).unwrap();
    let funding = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &funding, APPROVED);
    let sent = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &sent, APPROVED);
    assert_eq!((world.batch_state(batch), world.tallies(batch)), (BatchState::Part, [200, 0, 0, 400, 0]));
    world.wait(seconds(3 * 24 * 3600));
    assert_eq!(world.item_state(item(1)), ItemState::Waiting, "what has not been sent never dies of age");
    world.bank_up(CANADIA);
    let sent = world.at_bank(CANADIA);
    assert_eq!(sent.iter().filter(|it| it.mti == Mti::FINANCIAL_REQUEST).count(), 2);
    sent.iter().for_each(|it| world.bank_says(CANADIA, it, APPROVED));
    assert_eq!(world.batch_state(batch), BatchState::Done);
}

#[test]
fn an_item_of_which_no_byte_left_waits_a_second_or_for_its_bank() {
    let mut world = World::new();
    let batch = world.funded(&many(1, CANADIA));
    let unsent = |world: &mut World| {
        let (_, about) = world.taken(Peer::Bank(CANADIA)).pop().unwrap();
        world.input(Input::Undelivered(about));
        assert_eq!(world.item_state(item(1)), ItemState::Waiting);
        assert_eq!(world.at_bank(CANADIA), [], "not again in the same breath");
    };
    unsent(&mut world);
    assert_eq!(world.deadline(), NOON + seconds(1));
    world.wait(seconds(1));
    unsent(&mut world);
    world.bank_up(CANADIA);
    let sent = world.leg_at(CANADIA);
    assert_eq!((sent.mti, sent.rrn), (Mti::FINANCIAL_REQUEST, Rrn::new(b"000010000001")));
    world.bank_says(CANADIA, &sent, APPROVED);
    assert_eq!((world.batch_state(batch), world.tallies(batch)), (BatchState::Done, [100, 0, 0, 0, 0]));
}

#[test]
fn an_item_whose_bank_is_silent_is_asked_again_under_the_same_name() {
    let mut world = World::new();
    let batch = world.funded(&many(1, CANADIA));
    let sent = world.leg_at(CANADIA);
    world.wait(seconds(25));
    assert_eq!((world.item_state(item(1)), world.batch_state(batch)), (ItemState::Unknown, BatchState::Part));
    let again = world.at_bank(CANADIA).pop().unwrap();
    assert_eq!((again.mti, again.stan, again.transmitted), (Mti::FINANCIAL_REPEAT, sent.stan, sent.transmitted));
    let elsewhere = [(1, ACLEDA, 100)];
    let refused = world.submit(header(b'2', &elsewhere), &elsewhere);
    assert!(
        matches!(refused, Err(PayrollDisallowed::Duplicate { state: ItemState::Unknown, .. })),
        "not to another bank meanwhile"
    );
    world.bank_says(CANADIA, &again, APPROVED);
    assert_eq!((world.item_state(item(1)), world.batch_state(batch)), (ItemState::Paid, BatchState::Done));
}

#[test]
fn a_refused_salary_may_be_handed_in_again_as_another_attempt() {
    let mut world = World::new();
    world.funded(&many(1, CANADIA));
    let sent = world.leg_at(CANADIA);
    world.bank_says(CANADIA, &sent, ResponseCode::DO_NOT_HONOUR);
    assert_eq!(world.item_state(item(1)), ItemState::Rejected(ResponseCode::DO_NOT_HONOUR));
    let corrected = [(1, ACLEDA, 100)];
    let second = world.submit(header(b'2', &corrected), &corrected).unwrap();
    let it = world.state().payee(&PayeeIdentity([1; 16])).unwrap();
    assert_eq!((it.id, it.attempt), (ItemId { batch: second, number: 1 }, 1));
    world.office(&PayrollOrder::Cancel(second)).unwrap();
    let third = world.submit(header(b'3', &corrected), &corrected).unwrap();
    assert_eq!(world.state().item(ItemId { batch: third, number: 1 }).unwrap().attempt, 1, "what was cancelled is no attempt");
    world.office(&PayrollOrder::Cancel(third)).unwrap();
    let bad = [(1, ACLEDA, 100), (1, ACLEDA, 100)];
    assert!(world.submit(header(b'4', &bad), &bad).is_err());
    assert_eq!(world.state().payee(&PayeeIdentity([1; 16])).unwrap().id.batch, third, "a dropped claim gives it back");
}

#[test]
fn a_crash_in_the_middle_pays_everybody_once() {
    let mut world = World::new();
    let batch = world.funded(&many(10, CANADIA));
    let sent = world.at_bank(CANADIA);
    world.bank_says(CANADIA, &sent[0], APPROVED);
    world.bank_says(CANADIA, &sent[1], ResponseCode::DO_NOT_HONOUR);
    let on_their_way: Vec<_> = world.at_bank(CANADIA).into_iter().chain(sent[2..].iter().copied()).collect();
    world.crash();
    assert_eq!(world.tallies(batch), [100, 0, 100, 800, 0]);
    assert_eq!(world.item_state(item(3)), ItemState::Unknown);
    world.bank_up(CANADIA);
    let after = world.at_bank(CANADIA);
    assert!(after.iter().all(|it| it.mti == Mti::FINANCIAL_REPEAT), "first what may have arrived");
    for it in &after {
        assert!(on_their_way.iter().any(|before| (before.stan, before.rrn) == (it.stan, it.rrn)));
        world.bank_says(CANADIA, it, APPROVED);
    }
    loop {
        let sent = world.at_bank(CANADIA);
        if sent.is_empty() {
            break;
        }
        sent.iter().for_each(|it| world.bank_says(CANADIA, it, APPROVED));
    }
    assert_eq!(world.tallies(batch), [900, 0, 100, 0, 0]);
    assert_eq!(world.batch_state(batch), BatchState::Part, "the payer's bank is still away");
    world.bank_up(ACLEDA);
    let credit = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &credit, APPROVED);
    assert_eq!(world.batch_state(batch), BatchState::Done);
}

#[test]
fn a_batch_waits_for_its_date_and_goes_on_across_a_cutover() {
    let mut world = World::with(|rules| rules.cutover = seconds(18 * 3600));
    let salaries = many(10, CANADIA);
    let tomorrow = BatchHeader { pays_on: date(2022, 12, 29), ..header(b'1', &salaries) };
    let batch = world.submit(tomorrow, &salaries).unwrap();
    world.payroll("dara", &PayrollOrder::Approve(batch)).unwrap();
    let funding = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &funding, APPROVED);
    world.wait(seconds(18 * 3600 - 1));
    assert_eq!(
        (world.batch_state(batch), world.at_bank(CANADIA).len()),
        (BatchState::Approved, 1),
        "a cutover was told, no more"
    );
    world.crash();
    for bank in [ACLEDA, CANADIA] {
        world.bank_up(bank);
    }
    world.wait(seconds(1));
    let sent = world.at_bank(CANADIA);
    assert_eq!((sent.len(), world.batch_state(batch)), (4, BatchState::Running));
    assert!(sent.iter().all(|it| it.business_date == Some(date(2022, 12, 29).month_day())));
    world.order(Command::Cutover).unwrap();
    world.at_bank(CANADIA);
    sent.iter().for_each(|it| world.bank_says(CANADIA, it, APPROVED));
    let later = world.at_bank(CANADIA);
    assert!(later.iter().all(|it| it.business_date == Some(date(2022, 12, 30).month_day())));
    assert_eq!(later.len(), 4);
}

#[test]
fn a_switch_that_stops_starts_nothing_more() {
    let mut world = World::new();
    let batch = world.funded(&many(6, CANADIA));
    world.engine.hold_payroll();
    let sent = world.at_bank(CANADIA);
    sent.iter().for_each(|it| world.bank_says(CANADIA, it, APPROVED));
    assert_eq!((world.at_bank(CANADIA), world.tallies(batch)), (vec![], [400, 0, 0, 200, 0]));
    assert!(world.deadline() > NOON);
    world.crash();
    world.bank_up(CANADIA);
    assert_eq!(world.at_bank(CANADIA).len(), 2);
}

#[test]
fn nothing_goes_out_while_banks_are_owed_nearly_too_much() {
    let mut world = World::with(|rules| rules.owed_max = 4);
    let withdrawals: Vec<_> = (0..3).map(|_| world.approved(Kind::Withdrawal)).collect();
    for it in &withdrawals {
        let reversal = world.reversal(Mti::REVERSAL_ADVICE, it);
        world.send(&reversal);
    }
    let owed = world.at_bank(ACLEDA);
    let batch = world.submit(header(b'1', &many(1, CANADIA)), &many(1, CANADIA)).unwrap();
    world.payroll("dara", &PayrollOrder::Approve(batch)).unwrap();
    let funding = world.leg_at(ACLEDA);
    world.bank_says(ACLEDA, &funding, APPROVED);
    assert_eq!((world.batch_state(batch), world.at_bank(CANADIA)), (BatchState::Part, vec![]));
    owed.iter().for_each(|it| world.bank_says(ACLEDA, it, APPROVED));
    assert_eq!(world.at_bank(CANADIA).len(), 1);
}
