//! What is done in part where it cannot be done whole.

use super::*;
use crate::reference::OperationState;

const PARTIALLY: ResponseCode = ResponseCode::PARTIALLY_APPROVED;

#[test]
fn what_asks_more_than_there_is_takes_what_there_is_beside_its_fee() {
    for kind in [Kind::Purchase, Kind::Withdrawal, Kind::CashBack, Kind::Transfer] {
        let mut acleda = Branch::of("acleda");
        let reply = acleda.reply(&with_fee(ask(kind, "part", dollars("0.60"), 1), 5));
        assert_eq!((reply.code, reply.amount, reply.authorization.is_some()), (PARTIALLY, Some(dollars("0.45")), true), "{kind}");
        assert_eq!((acleda.change("part", usd()), acleda.settlement(usd())), (-50, 50), "{kind}");
        let operation = acleda.statement().operation(&reference(1)).unwrap().unwrap();
        assert_eq!((operation.state, operation.amount), (OperationState::Approved, Some(dollars("0.60"))));
        assert_eq!((operation.stands, operation.fee_stands), (45, 5), "{kind}");
        acleda.assert_in_order();
    }
}

#[test]
fn what_fits_is_done_whole_and_where_nothing_is_left_beside_the_fee_it_is_51() {
    let mut acleda = Branch::of("acleda");
    assert_eq!(acleda.code(&with_fee(purchase("part", dollars("0.01"), 1), 50)), "51");
    let whole = acleda.reply(&with_fee(purchase("part", dollars("0.45"), 2), 5));
    assert_eq!((whole.code, whole.amount), (APPROVED, None));
    assert_eq!(acleda.code(&purchase("part", dollars("0.01"), 3)), "51");
    assert_eq!(acleda.change("part", usd()), -50);
}

#[test]
fn what_is_held_is_not_there_to_be_taken_and_nothing_is_held_in_part() {
    let mut acleda = Branch::of("acleda");
    assert_eq!(acleda.code(&authorize("part", dollars("0.51"), 1)), "51");
    assert_eq!(acleda.code(&authorize("part", dollars("0.30"), 2)), "00");
    let reply = acleda.reply(&purchase("part", dollars("0.40"), 3));
    assert_eq!((reply.code, reply.amount), (PARTIALLY, Some(dollars("0.20"))));
    assert_eq!(acleda.change("part", usd()), -20);
    acleda.assert_in_order();
}

#[test]
fn what_has_happened_is_booked_whole() {
    let mut acleda = Branch::of("acleda");
    let reply = acleda.reply(&happened(Kind::Purchase, "part", dollars("0.60"), 1));
    assert_eq!((reply.code, reply.amount, acleda.change("part", usd())), (APPROVED, None, -60));
}

#[test]
fn a_top_up_is_done_whole_or_not_at_all() {
    let mut acleda = Branch::of("acleda");
    assert_eq!(acleda.code(&ask(Kind::TopUp, "part", dollars("0.51"), 1)), "51");
}

#[test]
fn half_of_what_is_paid_to_such_an_account_is_taken() {
    let mut acleda = Branch::of("acleda");
    let reply = acleda.reply(&salary("part", dollars("0.05"), 1));
    assert_eq!((reply.code, reply.amount), (PARTIALLY, Some(dollars("0.03"))));
    let smallest = acleda.reply(&salary("part", dollars("0.01"), 2));
    assert_eq!((smallest.code, smallest.amount), (APPROVED, None));
    assert_eq!(acleda.code(&ask(Kind::Deposit, "part", dollars("0.05"), 3)), "00", "a deposit by card is taken whole");
    assert_eq!((acleda.change("part", usd()), acleda.settlement(usd())), (9, -9));
    acleda.assert_in_order();
}

#[test]
fn who_pays_by_such_a_card_does_not_shorten_what_another_is_paid() {
    let mut acleda = Branch::of("acleda");
    let to_account = acleda.cast.card("dara").unwrap().account(usd()).map(|account| account.number);
    let paid = Financial { to_account, ..request(Kind::Salary, "part", dollars("0.05"), 1) };
    assert_eq!(acleda.code(&BankRequest::Financial(Box::new(paid))), "00");
    assert_eq!(acleda.change("dara", usd()), 5);
}

#[test]
fn asked_again_it_says_the_same_part_also_after_a_restart_and_takes_no_more() {
    let mut acleda = Branch::of("acleda");
    let (debit, credit) = (purchase("part", dollars("0.60"), 1), salary("part", dollars("0.40"), 2));
    let (taken, given) = (acleda.reply(&debit), acleda.reply(&credit));
    acleda.reopen();
    assert_eq!((acleda.reply(&debit), acleda.reply(&credit)), (taken, given));
    assert_eq!(acleda.code(&purchase("part", dollars("0.50"), 1)), "94", "the part is another request");
    assert_eq!(acleda.change("part", usd()), -50 + 20);
}

#[test]
fn a_reversal_gives_back_the_part_and_no_more() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&with_fee(purchase("part", dollars("0.60"), 1), 5));
    assert_eq!(acleda.code(&reversal(1)), "00");
    assert_eq!((acleda.change("part", usd()), acleda.settlement(usd())), (0, 0));
    acleda.code(&salary("part", dollars("0.40"), 2));
    acleda.code(&reversal(2));
    assert_eq!(acleda.change("part", usd()), 0);

    acleda.code(&with_fee(purchase("part", dollars("0.60"), 3), 5));
    assert_eq!(acleda.code(&reversal_down_to(3, Some(dollars("0.55")))), "00", "more than was taken: all of it stands");
    assert_eq!(acleda.change("part", usd()), -50);
    acleda.code(&ask(Kind::Deposit, "part", dollars("0.50"), 4));
    acleda.code(&with_fee(purchase("part", dollars("0.60"), 5), 5));
    assert_eq!(acleda.code(&reversal_down_to(5, Some(dollars("0.20")))), "00");
    assert_eq!(acleda.change("part", usd()), -25, "twenty cents and the fee");
    acleda.assert_in_order();
}
