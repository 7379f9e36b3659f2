//! What the holder is charged beside the amount.

use super::*;
use crate::reference::OperationState;

#[test]
fn a_fee_goes_the_amounts_way_as_a_posting_of_its_own() {
    let mut acleda = Branch::of("acleda");
    for (stan, kind) in (1..).zip([Kind::Purchase, Kind::Withdrawal, Kind::CashBack, Kind::Transfer, Kind::TopUp]) {
        let (change, settlement) = (acleda.change("dara", usd()), acleda.settlement(usd()));
        assert_eq!(acleda.code(&with_fee(ask(kind, "dara", dollars("10"), stan), 25)), "00", "{kind}");
        assert_eq!((acleda.change("dara", usd()) - change, acleda.settlement(usd()) - settlement), (-1025, 1025), "{kind}");
    }
    let entries = acleda.statement().entries_of(&reference(1)).unwrap();
    let told: Vec<_> = entries.iter().map(|entry| (entry.account.as_str(), entry.amount, entry.what.as_str())).collect();
    let purchase = [("001000001840", -1000, "purchase"), ("settlement-USD", 1000, "purchase")];
    let fee = [("001000001840", -25, "fee"), ("settlement-USD", 25, "fee")];
    assert_eq!(told, [purchase, fee].concat());
    let operation = acleda.statement().operation(&reference(1)).unwrap().unwrap();
    assert_eq!((operation.stands, operation.fee, operation.fee_stands), (1000, 25, 25));
    acleda.assert_in_order();
}

#[test]
fn an_account_must_hold_amount_and_fee() {
    let mut acleda = Branch::of("acleda");
    for (stan, kind) in (1..).zip([Kind::Purchase, Kind::Withdrawal, Kind::CashBack, Kind::Transfer, Kind::TopUp]) {
        assert_eq!(acleda.code(&with_fee(ask(kind, "thida", dollars("0.46"), stan), 5)), "51", "{kind}");
    }
    assert_eq!(acleda.code(&with_fee(purchase("thida", dollars("0.45"), 10), 5)), "00");
    assert_eq!(acleda.change("thida", usd()), -50);
}

#[test]
fn who_is_given_money_pays_the_fee_out_of_it() {
    let mut acleda = Branch::of("acleda");
    for (stan, kind) in (1..).zip([Kind::Deposit, Kind::Refund, Kind::Salary]) {
        assert_eq!(acleda.code(&with_fee(ask(kind, "thida", dollars("1"), stan), 100)), "00", "{kind}");
    }
    assert_eq!(acleda.change("thida", usd()), 0);
    assert_eq!(acleda.code(&with_fee(ask(Kind::Deposit, "thida", dollars("1"), 4), 151)), "51", "more than came and was there");
    assert_eq!(acleda.code(&with_fee(ask(Kind::Deposit, "thida", dollars("1"), 5), 150)), "00");
    acleda.code(&happened(Kind::Purchase, "thida", dollars("9"), 6));
    assert_eq!(
        acleda.code(&with_fee(ask(Kind::Deposit, "thida", dollars("1"), 7), 10)),
        "00",
        "an overdrawn account may be paid"
    );
    assert_eq!(acleda.change("thida", usd()), -860);
}

#[test]
fn a_full_reversal_gives_the_fee_back_and_a_partial_one_keeps_it() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&with_fee(purchase("dara", dollars("10"), 1), 25));
    assert_eq!(acleda.code(&reversal(1)), "00");
    assert_eq!((acleda.change("dara", usd()), acleda.settlement(usd())), (0, 0));
    let whats: Vec<_> = acleda.statement().entries_of(&reference(1)).unwrap().into_iter().map(|entry| entry.what).collect();
    assert_eq!(whats, ["purchase", "purchase", "fee", "fee", "reversal", "reversal", "fee-reversal", "fee-reversal"]);

    acleda.code(&with_fee(purchase("dara", dollars("10"), 2), 25));
    assert_eq!(acleda.code(&reversal_down_to(2, Some(dollars("4")))), "00");
    assert_eq!((acleda.change("dara", usd()), acleda.settlement(usd())), (-425, 425));
    assert_eq!(acleda.code(&reversal(2)), "00", "what was reversed once stays as it is");
    assert_eq!(acleda.change("dara", usd()), -425);
    let operation = acleda.statement().operation(&reference(2)).unwrap().unwrap();
    assert_eq!((operation.state, operation.stands, operation.fee_stands), (OperationState::Reversed, 400, 25));

    acleda.code(&with_fee(ask(Kind::Deposit, "sophea", dollars("10"), 3), 25));
    acleda.code(&reversal(3));
    assert_eq!(acleda.change("sophea", usd()), 0);
    acleda.assert_in_order();
}

#[test]
fn an_inquiry_with_a_fee_is_charged_once_and_answered_the_same_again() {
    let mut acleda = Branch::of("acleda");
    for (stan, kind) in (1..).zip([Kind::Balance, Kind::MiniStatement]) {
        let inquiry = with_fee(ask(kind, "dara", dollars("0"), stan), 10);
        let (before, first) = (acleda.change("dara", usd()), acleda.reply(&inquiry));
        assert_eq!((first.code, acleda.change("dara", usd()) - before), (APPROVED, -10), "{kind}");
        acleda.code(&ask(Kind::Deposit, "dara", dollars("1"), stan + 50));
        acleda.reopen();
        assert_eq!(acleda.reply(&inquiry), first, "{kind}: what was told then");
        assert_eq!(acleda.change("dara", usd()) - before, 90, "{kind}");
        acleda.code(&reversal(stan));
        assert_eq!(acleda.change("dara", usd()) - before, 100, "{kind}: given back");
        assert_eq!(acleda.code(&inquiry), "94");
    }
    let told = acleda.reply(&with_fee(ask(Kind::Balance, "thida", dollars("0"), 10), 10)).balances;
    assert_eq!(told[0].amount.minor(), 40, "with its fee taken");
    assert_eq!(acleda.code(&with_fee(ask(Kind::Balance, "thida", dollars("0"), 11), 41)), "51");
    acleda.assert_in_order();
}

#[test]
fn a_fee_is_part_of_what_makes_a_request_the_same() {
    let mut acleda = Branch::of("acleda");
    acleda.code(&with_fee(purchase("dara", dollars("10"), 1), 25));
    assert_eq!(acleda.code(&purchase("dara", dollars("10"), 1)), "94");
    assert_eq!(acleda.code(&with_fee(purchase("dara", dollars("10"), 1), 25)), "00");
    assert_eq!(acleda.code(&with_fee(purchase("dara", dollars("10"), 2), u64::MAX)), "13");
    assert_eq!(acleda.change("dara", usd()), -1025);
}
