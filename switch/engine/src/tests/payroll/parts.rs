//! A batch whose money one message does not carry: funded in parts, and credited back in parts.

use super::*;
use crate::Purpose;

const THREE: [Salary; 3] = [(1, CANADIA, 100), (2, CANADIA, 150), (3, CANADIA, 50)];
const REFUSED: ResponseCode = ResponseCode::DO_NOT_HONOUR;

/// A message carries 120 at most: the 300 are three parts.
fn world() -> World {
    World::with(|rules| rules.payroll.part_max = 120)
}

impl World {
    fn approve(&mut self, batch: BatchId) {
        self.payroll("dara", &PayrollOrder::Approve(batch)).unwrap();
    }

    /// What the payer's bank is asked for now, which it answers so.
    fn part(&mut self, code: ResponseCode) -> (Option<u64>, Option<Rrn>) {
        let part = self.leg_at(ACLEDA);
        self.bank_says(ACLEDA, &part, code);
        (part.amount, part.rrn)
    }

    fn parted(&mut self, parts: usize) -> BatchId {
        let batch = self.submit(header(b'1', &THREE), &THREE).unwrap();
        self.approve(batch);
        (0..parts).for_each(|_| _ = self.part(APPROVED));
        batch
    }

    fn funded_of(&self, batch: BatchId) -> u64 {
        self.state().batch(batch).unwrap().progress().funded
    }
}

fn rrn(text: &[u8; 12]) -> Option<Rrn> {
    Rrn::new(text)
}

#[test]
fn a_batch_is_asked_for_part_by_part_and_begins_when_all_are_there() {
    let mut world = world();
    let batch = world.parted(0);
    assert_eq!(world.part(APPROVED), (Some(120), rrn(b"00001F000001")));
    assert_eq!((world.batch_state(batch), world.funded_of(batch)), (BatchState::Funding, 120));
    assert_eq!(world.part(APPROVED), (Some(120), rrn(b"00001F000002")));
    assert_eq!((world.at_bank(CANADIA), world.funded_of(batch)), (vec![], 240));
    assert_eq!(world.positions(), [(116_001, -240), (116_900, 240)]);
    assert_eq!(world.part(APPROVED), (Some(60), rrn(b"00001F000003")));
    assert_eq!((world.batch_state(batch), world.funded_of(batch)), (BatchState::Running, 300));
    assert_eq!((world.at_bank(CANADIA).len(), world.at_bank(ACLEDA)), (3, vec![]));
}

#[test]
fn what_a_message_carries_is_never_more_than_its_field_holds() {
    let mut world = World::with(|rules| rules.payroll.part_max = u64::MAX);
    let (max, rest) = (model::Money::MINOR_MAX, 7);
    let salaries = [(1, CANADIA, max), (2, CANADIA, rest)];
    let batch = world.submit(header(b'1', &salaries), &salaries).unwrap();
    world.approve(batch);
    assert_eq!([world.part(APPROVED).0, world.part(APPROVED).0], [Some(max), Some(rest)]);
    let nothing = BatchHeader { total: max * crate::PARTS_MAX + 1, ..header(b'2', &salaries) };
    assert_eq!(world.office(&PayrollOrder::Open(nothing)), Err(PayrollDisallowed::Size));
}

#[test]
fn a_part_that_is_refused_leaves_what_was_paid_and_only_the_rest_is_asked_for_again() {
    let mut world = world();
    let batch = world.parted(2);
    world.part(ResponseCode::NOT_SUFFICIENT_FUNDS);
    assert_eq!(world.batch_state(batch), BatchState::Unfunded(ResponseCode::NOT_SUFFICIENT_FUNDS));
    assert_eq!((world.funded_of(batch), world.at_bank(CANADIA)), (240, vec![]));
    world.wait(seconds(3600));
    assert_eq!(world.at_bank(ACLEDA), [], "it is asked again by order only");
    world.approve(batch);
    assert_eq!(world.part(APPROVED), (Some(60), rrn(b"00001F000004")));
    assert_eq!((world.funded_of(batch), world.at_bank(CANADIA).len()), (300, 3));
}

#[test]
fn a_part_whose_outcome_is_unknown_is_reversed_and_the_others_stay() {
    let mut world = world();
    let batch = world.parted(1);
    world.leg_at(ACLEDA);
    world.wait(seconds(25));
    assert_eq!(world.batch_state(batch), BatchState::Unfunded(ResponseCode::BANK_UNAVAILABLE));
    let reversal = world.at_bank(ACLEDA).pop().unwrap();
    assert_eq!((reversal.mti, reversal.rrn), (Mti::REVERSAL_ADVICE, rrn(b"00001F000002")));
    world.bank_says(ACLEDA, &reversal, APPROVED);
    assert_eq!((world.funded_of(batch), world.positions()), (120, vec![(116_001, -120), (116_900, 120)]));
    world.approve(batch);
    assert_eq!([world.part(APPROVED).0, world.part(APPROVED).0], [Some(120), Some(60)]);
    assert_eq!(world.at_bank(CANADIA).len(), 3);
}

#[test]
fn a_batch_cancelled_when_a_part_was_there_gives_back_what_was_taken_and_no_more() {
    let mut world = world();
    let batch = world.parted(2);
    assert!(matches!(world.office(&PayrollOrder::Cancel(batch)), Err(PayrollDisallowed::NotNow { .. })), "a part is asked for");
    world.part(REFUSED);
    world.office(&PayrollOrder::Cancel(batch)).unwrap();
    assert_eq!((world.batch_state(batch), world.tallies(batch)), (BatchState::Running, [0, 0, 300, 0, 0]));
    assert_eq!(world.part(APPROVED), (Some(120), rrn(b"00001C000001")));
    assert_eq!(world.part(APPROVED), (Some(120), rrn(b"00001C000002")));
    assert_eq!((world.batch_state(batch), world.tallies(batch)), (BatchState::Done, [0, 0, 300, 0, 240]));
    assert_eq!((world.at_bank(ACLEDA), world.at_bank(CANADIA)), (vec![], vec![]));
    assert_eq!((world.positions(), world.state().remembered()), (vec![], 0));
    let again = world.submit(header(b'2', &THREE), &THREE).unwrap();
    assert_eq!(world.batch_state(again), BatchState::Submitted, "the salaries are free");
}

#[test]
fn what_was_not_paid_goes_back_in_parts_one_at_a_time() {
    let mut world = world();
    let batch = world.parted(3);
    world.at_bank(CANADIA).iter().for_each(|it| world.bank_says(CANADIA, it, ResponseCode::UNKNOWN_CARD));
    for (amount, back) in [(120, 120), (120, 240), (60, 300)] {
        assert_eq!((world.batch_state(batch), world.part(APPROVED).0), (BatchState::Running, Some(amount)));
        assert_eq!(world.tallies(batch), [0, 0, 300, 0, back]);
    }
    assert_eq!((world.batch_state(batch), world.at_bank(ACLEDA)), (BatchState::Done, vec![]));
}

#[test]
fn after_a_stop_between_two_parts_the_next_is_asked_for_by_itself() {
    let mut world = world();
    let batch = world.parted(0);
    // What the answer makes the switch ask for next does not happen: the bank signs off in the same moment.
    let part = world.leg_at(ACLEDA);
    world.order(Command::SignOff(ACLEDA)).unwrap();
    world.at_bank(ACLEDA);
    world.bank_says(ACLEDA, &part, APPROVED);
    assert_eq!((world.batch_state(batch), world.funded_of(batch)), (BatchState::Funding, 120));
    assert_eq!(world.at_bank(ACLEDA), []);
    world.crash();
    world.order(Command::SignOn(ACLEDA)).unwrap();
    assert_eq!(world.batch_state(batch), BatchState::Funding, "its money is still on its way");
    world.bank_up(ACLEDA);
    let asked = world.at_bank(ACLEDA).into_iter().find(|it| it.mti == Mti::FINANCIAL_REQUEST).unwrap();
    assert_eq!((asked.amount, asked.rrn), (Some(120), rrn(b"00001F000002")));
    world.bank_says(ACLEDA, &asked, APPROVED);
    assert_eq!(world.part(APPROVED).0, Some(60));
    assert_eq!(world.batch_state(batch), BatchState::Part, "Canadia is away");
}

#[test]
fn a_batch_whose_next_part_cannot_be_asked_for_can_be_cancelled() {
    let mut world = world();
    let batch = world.parted(0);
    let part = world.leg_at(ACLEDA);
    world.order(Command::SignOff(ACLEDA)).unwrap();
    world.at_bank(ACLEDA);
    world.bank_says(ACLEDA, &part, APPROVED);
    world.office(&PayrollOrder::Cancel(batch)).unwrap();
    assert_eq!(world.tallies(batch), [0, 0, 300, 0, 0]);
    world.order(Command::SignOn(ACLEDA)).unwrap();
    assert_eq!(world.deadline(), NOON, "at once");
    world.input(Input::Tick);
    let sent = world.at_bank(ACLEDA).into_iter().find(|it| it.mti == Mti::FINANCIAL_REQUEST).unwrap();
    assert_eq!((sent.amount, sent.rrn), (Some(120), rrn(b"00001C000001")));
    world.bank_says(ACLEDA, &sent, APPROVED);
    assert_eq!((world.batch_state(batch), world.positions()), (BatchState::Done, vec![]));
}

#[test]
fn a_part_that_was_on_its_way_at_a_stop_is_reversed_and_the_rest_is_asked_for_by_order() {
    let mut world = world();
    let batch = world.parted(1);
    let open = world.leg_at(ACLEDA);
    world.crash();
    assert_eq!(world.batch_state(batch), BatchState::Unfunded(ResponseCode::BANK_UNAVAILABLE));
    world.bank_up(ACLEDA);
    let reversal = world.leg_at(ACLEDA);
    assert_eq!((reversal.mti, reversal.rrn), (Mti::REVERSAL_ADVICE, open.rrn));
    world.bank_says(ACLEDA, &reversal, APPROVED);
    assert!(world.state().transaction(Purpose::Funding(batch, 2).transaction()).is_none(), "nothing is open of it");
    world.approve(batch);
    assert_eq!([world.part(APPROVED), world.part(APPROVED)].map(|it| it.0), [Some(120), Some(60)]);
    assert_eq!(world.funded_of(batch), 300);
}
