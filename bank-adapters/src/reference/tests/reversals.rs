//! Repeats and reversals: what makes it safe to ask twice, and to take back.

use super::*;
use crate::reference::OperationState;

#[test]
fn the_same_reference_again_is_the_same_answer_and_one_posting() {
    let mut acleda = Branch::of("acleda");
    let first = acleda.reply(&purchase("dara", dollars("9"), 1));
    let mut repeat = request(Kind::Purchase, "dara", dollars("9"), 1);
    repeat.repeat = true;
    assert_eq!(acleda.reply(&BankRequest::Financial(Box::new(repeat))), first);
    assert_eq!(acleda.change("dara", usd()), -900);
    let declined = acleda.reply(&purchase("thida", dollars("9"), 2));
    acleda.code(&ask(Kind::Deposit, "thida", dollars("100"), 3));
    assert_eq!(acleda.reply(&purchase("thida", dollars("9"), 2)), declined, "a decline stays one");
    acleda.assert_in_order();
}

#[test]
fn both_in_one_batch_are_posted_once() {
    let mut acleda = Branch::of("acleda");
    let twice = [(purchase("dara", dollars("9"), 1), NOW), (purchase("dara", dollars("9"), 1), NOW), (reversal(1), NOW)];
    let answers = acleda.ledger.as_mut().unwrap().post(&twice).unwrap();
    assert_eq!(answers[0], answers[1]);
    assert_eq!((acleda.change("dara", usd()), acleda.statement().entries_of(&reference(1)).unwrap().len()), (0, 4));
}

#[test]
fn a_reference_with_another_request_is_94() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&purchase("dara", dollars("9"), 1));
    for other in [
        purchase("dara", dollars("8"), 1),
        purchase("dara", Money::from_minor(900, khr()), 1),
        purchase("sophea", dollars("9"), 1),
        ask(Kind::Withdrawal, "dara", dollars("9"), 1),
    ] {
        assert_eq!(acleda.code(&other), "94", "{other:?}");
    }
    acleda.code(&salary("dara", dollars("9"), 2));
    assert_eq!(acleda.code(&salary("sophea", dollars("9"), 2)), "94");
    assert_eq!((acleda.change("dara", usd()), acleda.change("sophea", usd())), (0, 0));
}

#[test]
fn a_reversal_posts_back_once_and_is_answered_the_same_ever_after() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&purchase("dara", dollars("9"), 1));
    for _ in 0..3 {
        assert_eq!(acleda.code(&reversal(1)), "00");
        assert_eq!((acleda.change("dara", usd()), acleda.statement().settlement(usd()).unwrap()), (0, 0));
    }
    let statement = acleda.statement();
    let entries = statement.entries_of(&reference(1)).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.amount).collect::<Vec<_>>(), [-900, 900, 900, -900]);
    assert_eq!((entries[2].what.as_str(), entries[2].business_date.as_deref()), ("reversal", Some("0116")));
    let operation = statement.operation(&reference(1)).unwrap().unwrap();
    assert_eq!((operation.state, operation.stands), (OperationState::Reversed, 0));
    assert_eq!(acleda.code(&purchase("dara", dollars("9"), 1)), "94", "what was taken back is not approved again");
    acleda.assert_in_order();
}

#[test]
fn a_partial_reversal_leaves_the_amount_that_stands() {
    let mut canadia = Branch::of("canadia");
    canadia.code(&ask(Kind::Withdrawal, "rithy", dollars("100"), 1));
    assert_eq!(canadia.code(&reversal_down_to(1, Some(dollars("40")))), "00");
    assert_eq!(canadia.change("rithy", usd()), -4000);
    assert_eq!(canadia.code(&reversal(1)), "00", "a second one is answered as the first");
    assert_eq!(canadia.change("rithy", usd()), -4000);
    assert_eq!(canadia.statement().operation(&reference(1)).unwrap().unwrap().stands, 4000);

    canadia.code(&ask(Kind::Withdrawal, "rithy", dollars("100"), 2));
    assert_eq!(canadia.code(&reversal_down_to(2, Some(riel("40")))), "30", "another currency");
    assert_eq!(canadia.code(&reversal_down_to(2, Some(dollars("0")))), "00", "zero stands for nothing");
    canadia.code(&ask(Kind::Withdrawal, "rithy", dollars("100"), 3));
    assert_eq!(canadia.code(&reversal_down_to(3, Some(dollars("500")))), "00", "no more than all can stand");
    assert_eq!(canadia.change("rithy", usd()), -14_000);
    canadia.assert_in_order();
}

#[test]
fn a_reversal_is_never_declined_for_want_of_money() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&ask(Kind::Deposit, "thida", dollars("10"), 1));
    acleda.code(&ask(Kind::Withdrawal, "thida", dollars("10.50"), 2));
    assert_eq!(acleda.code(&reversal(1)), "00");
    assert_eq!(acleda.change("thida", usd()), -1050, "overdrawn by what was given back");
    let balance = acleda.reply(&ask(Kind::Balance, "thida", dollars("0"), 3));
    assert_eq!(crate::Balance::render(&balance.balances[..1]), "0001840D000000001000");
}

#[test]
fn a_reversal_of_a_decline_does_nothing() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&purchase("thida", dollars("9"), 1));
    assert_eq!((acleda.code(&reversal(1)), acleda.code(&reversal(1))), ("00".into(), "00".into()));
    assert_eq!((acleda.change("thida", usd()), acleda.statement().entries_of(&reference(1)).unwrap()), (0, vec![]));
    let operation = acleda.statement().operation(&reference(1)).unwrap().unwrap();
    assert_eq!((operation.state, operation.stands, operation.code.as_str()), (OperationState::Reversed, 0, "51"));
}

#[test]
fn a_reversal_that_comes_first_refuses_the_request_that_comes_late() {
    let mut wing = Branch::of("wing");
    assert_eq!((wing.code(&reversal(1)), wing.code(&reversal(1))), ("25".into(), "25".into()));
    wing.reopen();
    assert_eq!(wing.code(&purchase("vanna", dollars("9"), 1)), "94");
    assert_eq!(wing.code(&ask(Kind::Balance, "vanna", dollars("0"), 1)), "94");
    assert_eq!(wing.change("vanna", usd()), 0);
    assert_eq!(wing.statement().operation(&reference(1)).unwrap().unwrap().state, OperationState::Tombstone);
}

#[test]
fn a_reversal_that_names_another_card_finds_nothing() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&purchase("dara", dollars("9"), 1));
    let BankRequest::Reversal(mut wrong) = reversal(1) else { panic!("no reversal") };
    wrong.pan = Some(acleda.cast.card("sophea").unwrap().pan);
    assert_eq!(acleda.code(&BankRequest::Reversal(wrong.clone())), "25");
    assert_eq!(acleda.change("dara", usd()), -900);
    wrong.pan = Some(acleda.cast.card("dara").unwrap().pan);
    assert_eq!(acleda.code(&BankRequest::Reversal(wrong)), "00");
}
