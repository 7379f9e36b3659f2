//! What has happened already is posted, whatever a bank would have said to it.

use super::*;
use crate::Form;
use crate::reference::OperationState;

#[test]
fn an_advice_is_posted_whatever_the_balance_and_the_card() {
    let cards = [("acleda", "thida"), ("acleda", "lost"), ("canadia", "stolen"), ("wing", "expired"), ("acleda", "blocked")];
    for (bank, card) in cards {
        let mut branch = Branch::of(bank);
        for (stan, kind) in (1..).zip([Kind::Purchase, Kind::Withdrawal, Kind::CashBack, Kind::Transfer, Kind::TopUp]) {
            assert_eq!(branch.code(&with_fee(happened(kind, card, dollars("5"), stan), 10)), "00", "{card}, {kind}");
        }
        assert_eq!((branch.change(card, usd()), branch.settlement(usd())), (-2550, 2550), "{card}");
        for (stan, kind) in (11..).zip([Kind::Refund, Kind::Deposit, Kind::Salary]) {
            assert_eq!(branch.code(&happened(kind, card, dollars("5"), stan)), "00", "{card}, {kind}");
        }
        assert_eq!(branch.change(card, usd()), -1050, "{card}");
        let operation = branch.statement().operation(&reference(1)).unwrap().unwrap();
        assert_eq!((operation.form, operation.state), (Some(Form::FinancialAdvice), OperationState::Approved));
        assert_eq!((operation.stands, operation.fee_stands, operation.authorization), (500, 10, None));
        branch.assert_in_order();
    }
}

#[test]
fn an_advice_told_again_is_posted_once_and_one_with_another_content_is_94() {
    let mut acleda = Branch::of("acleda");
    for _ in 0..3 {
        assert_eq!(acleda.code(&happened(Kind::Purchase, "thida", dollars("5"), 1)), "00");
    }
    acleda.reopen();
    assert_eq!(acleda.code(&happened(Kind::Purchase, "thida", dollars("5"), 1)), "00");
    assert_eq!(acleda.code(&happened(Kind::Purchase, "thida", dollars("6"), 1)), "94");
    assert_eq!(acleda.code(&with_fee(happened(Kind::Purchase, "thida", dollars("5"), 1), 1)), "94");
    assert_eq!(acleda.change("thida", usd()), -500);
}

#[test]
fn only_where_there_is_nobody_to_post_for_is_an_advice_refused() {
    let mut acleda = Branch::of("acleda");
    assert_eq!(acleda.code(&happened(Kind::Purchase, "bopha", dollars("5"), 1)), "14");
    let euro = Money::from_minor(100, Currency::from_alpha("EUR").unwrap());
    assert_eq!(acleda.code(&happened(Kind::Purchase, "dara", euro, 2)), "76");
    let unknown = Financial { to_account: Text::new(b"999"), pan: None, ..request(Kind::Salary, "dara", dollars("5"), 3) };
    assert_eq!(acleda.code(&BankRequest::Advice(Box::new(Advice { completes: None, told: unknown }))), "76");
    for (stan, kind) in (4..).zip([Kind::Balance, Kind::MiniStatement, Kind::VirtualCard, Kind::PinChange]) {
        assert_eq!(acleda.code(&happened(kind, "dara", dollars("0"), stan)), "12", "{kind}: there is nothing to post");
    }
    assert_eq!(acleda.code(&complete(50, "bopha", dollars("5"), 8)), "14");
    assert_eq!(acleda.statement().operation(&reference(50)).unwrap(), None, "what was refused leaves no trace");
}

#[test]
fn an_advice_that_names_what_is_no_authorization_is_posted_for_itself() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&purchase("dara", dollars("5"), 1));
    assert_eq!(acleda.code(&complete(1, "dara", dollars("2"), 2)), "00");
    assert_eq!(acleda.change("dara", usd()), -700);
    assert_eq!(acleda.code(&reversal(1)), "00", "the purchase is as it was");
    assert_eq!(acleda.change("dara", usd()), -200);
    for _ in 0..2 {
        assert_eq!(acleda.code(&complete(3, "dara", dollars("1"), 3)), "00", "one that names itself");
    }
    assert_eq!(acleda.change("dara", usd()), -300);
    acleda.assert_in_order();
}

#[test]
fn an_advice_is_reversed_whole_in_part_and_before_it_comes() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&with_fee(happened(Kind::Purchase, "dara", dollars("5"), 1), 25));
    assert_eq!((acleda.code(&reversal(1)), acleda.change("dara", usd())), ("00".into(), 0));
    acleda.code(&with_fee(happened(Kind::Purchase, "dara", dollars("5"), 2), 25));
    assert_eq!(acleda.code(&reversal_down_to(2, Some(dollars("2")))), "00");
    assert_eq!((acleda.change("dara", usd()), acleda.settlement(usd())), (-225, 225));
    assert_eq!(acleda.code(&reversal(3)), "25");
    assert_eq!(acleda.code(&happened(Kind::Purchase, "dara", dollars("5"), 3)), "94");
    acleda.assert_in_order();
}
