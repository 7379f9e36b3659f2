//! What cards and accounts may do.

use super::*;
use crate::reference::OperationState;
use crate::{AmountType, Balance};

#[test]
fn a_purchase_moves_money_from_the_customer_to_the_switch() {
    let mut acleda = Branch::of("acleda");
    let reply = acleda.reply(&purchase("dara", dollars("12.50"), 1));
    assert_eq!((reply.code, reply.authorization.unwrap().as_bytes().len()), (APPROVED, 6));
    assert_eq!((acleda.change("dara", usd()), acleda.change("dara", khr())), (-1250, 0));
    let statement = acleda.statement();
    assert_eq!(statement.settlement(usd()).unwrap(), 1250);
    let entries = statement.entries_of(&reference(1)).unwrap();
    let told: Vec<_> = entries.iter().map(|entry| (entry.account.as_str(), entry.amount, entry.what.as_str())).collect();
    assert_eq!(told, [("001000001840", -1250, "purchase"), ("settlement-USD", 1250, "purchase")]);
    assert_eq!(entries[0].business_date.as_deref(), Some("0115"));

    let operation = statement.operation(&reference(1)).unwrap().unwrap();
    assert_eq!((operation.state, operation.stands, operation.card.as_deref()), (OperationState::Approved, 1250, Some("dara")));
    assert_eq!(operation.amount, Some(dollars("12.50")));
    assert_eq!(statement.operations_of("RRN000000001").unwrap(), [operation]);
    acleda.assert_in_order();
}

#[test]
fn withdrawals_take_deposits_refunds_and_salaries_give() {
    let mut canadia = Branch::of("canadia");
    for (stan, (kind, change)) in
        (1..).zip([(Kind::Withdrawal, -500), (Kind::Deposit, 500), (Kind::Refund, 500), (Kind::Purchase, -500)])
    {
        let before = canadia.change("bopha", khr());
        assert_eq!(canadia.code(&ask(kind, "bopha", riel("5"), stan)), "00", "{kind}");
        assert_eq!(canadia.change("bopha", khr()) - before, change, "{kind}");
    }
    assert_eq!(canadia.code(&salary("bopha", riel("5"), 5)), "00");
    assert_eq!((canadia.change("bopha", khr()), canadia.statement().settlement(khr()).unwrap()), (500, -500));
    canadia.assert_in_order();
}

#[test]
fn approvals_have_names_of_their_own() {
    let mut wing = Branch::of("wing");
    let names: std::collections::BTreeSet<_> =
        (1..=50).map(|stan| wing.reply(&purchase("chan", riel("1"), stan)).authorization.unwrap()).collect();
    assert_eq!(names.len(), 50);
}

#[test]
fn a_card_is_refused_for_what_became_of_it() {
    for (bank, card, code) in
        [("acleda", "lost", "41"), ("canadia", "stolen", "43"), ("wing", "expired", "54"), ("acleda", "blocked", "62")]
    {
        let mut branch = Branch::of(bank);
        for (stan, kind) in (1..).zip([Kind::Purchase, Kind::Withdrawal, Kind::Refund, Kind::Deposit, Kind::Balance]) {
            assert_eq!(branch.code(&ask(kind, card, dollars("1"), stan)), code, "{card}, {kind}");
        }
        assert_eq!(branch.change(card, usd()), 0);
        assert_eq!(branch.statement().operation(&reference(1)).unwrap().unwrap().state, OperationState::Declined);
        assert_eq!(branch.statement().operation(&reference(5)).unwrap(), None, "an inquiry is not kept");
    }
}

#[test]
fn a_card_of_another_bank_is_unknown_here() {
    let mut acleda = Branch::of("acleda");
    assert_eq!(acleda.code(&purchase("bopha", dollars("1"), 1)), "14");
    let nobody = BankRequest::Financial(Box::new(Financial { pan: None, ..request(Kind::Purchase, "dara", dollars("1"), 2) }));
    assert_eq!(acleda.code(&nobody), "14");
}

#[test]
fn nobody_spends_more_than_there_is() {
    let mut acleda = Branch::of("acleda");
    assert_eq!(acleda.code(&purchase("thida", dollars("0.51"), 1)), "51");
    assert_eq!(acleda.code(&ask(Kind::Withdrawal, "thida", dollars("0.50"), 2)), "00");
    assert_eq!(acleda.code(&purchase("thida", dollars("0.01"), 3)), "51");
    assert_eq!(acleda.change("thida", usd()), -50);
    assert_eq!(acleda.code(&ask(Kind::Deposit, "thida", dollars("1"), 4)), "00");
}

#[test]
fn a_salary_reaches_an_account_whose_card_is_lost_or_expired() {
    for (bank, card) in [("acleda", "lost"), ("wing", "expired"), ("canadia", "stolen")] {
        let mut branch = Branch::of(bank);
        assert_eq!(branch.code(&salary(card, riel("1200000"), 1)), "00", "{card}");
        assert_eq!(branch.code(&ask(Kind::Salary, card, riel("1"), 2)), "00", "{card}, named by its card");
        assert_eq!(branch.change(card, khr()), 120_000_100);
    }
}

#[test]
fn an_account_that_is_not_there_is_76() {
    let mut acleda = Branch::of("acleda");
    let to = |number: &[u8], amount, stan| {
        let to_account = Text::new(number);
        BankRequest::Financial(Box::new(Financial { to_account, ..request(Kind::Salary, "dara", amount, stan) }))
    };
    assert_eq!(acleda.code(&to(b"999", riel("1"), 1)), "76");
    assert_eq!(acleda.code(&to(b"001000001840", riel("1"), 2)), "76", "a dollar account for riel");
    assert_eq!(acleda.code(&to(b"settlement-KHR", riel("1"), 3)), "76", "no customer's account");
    assert_eq!(acleda.code(&to(b"001000001116   ", riel("1"), 4)), "00", "padded");
    let euro = Money::from_minor(100, Currency::from_alpha("EUR").unwrap());
    assert_eq!(acleda.code(&purchase("dara", euro, 5)), "76");
}

#[test]
fn an_amount_is_above_zero_and_has_at_most_twelve_digits() {
    let mut acleda = Branch::of("acleda");
    for (stan, minor) in (1..).zip([0, Money::MINOR_MAX + 1, u64::MAX]) {
        for (series, kind) in (0..).zip([Kind::Purchase, Kind::Deposit]) {
            assert_eq!(acleda.code(&ask(kind, "dara", Money::from_minor(minor, usd()), stan + series * 100)), "13");
        }
    }
    assert_eq!((acleda.change("dara", usd()), acleda.statement().settlement(usd()).unwrap()), (0, 0));
}

#[test]
fn a_balance_tells_what_is_booked_and_what_may_be_spent_and_is_never_stored() {
    let mut acleda = Branch::of("acleda");
    let inquiry = ask(Kind::Balance, "thida", Money::from_minor(0, usd()), 1);
    assert_eq!(
        acleda.reply(&inquiry).balances,
        [AmountType::Ledger, AmountType::Available].map(|which| Balance::of(50, usd(), which))
    );
    acleda.code(&ask(Kind::Deposit, "thida", dollars("1"), 2));
    let again = acleda.reply(&inquiry);
    assert_eq!(Balance::render(&again.balances), "0001840C0000000001500002840C000000000150");
    assert_eq!(acleda.statement().operation(&reference(1)).unwrap(), None);
}

#[test]
fn a_silent_card_is_booked_and_not_answered_until_asked_again() {
    for (bank, card) in [("acleda", "mute"), ("canadia", "mime"), ("wing", "hush")] {
        let mut branch = Branch::of(bank);
        assert_eq!(branch.answer(&purchase(card, dollars("3"), 1)), Answer::Withheld);
        assert_eq!(branch.change(card, usd()), -300, "{card}");
        assert_eq!(branch.code(&purchase(card, dollars("3"), 1)), "00", "{card}, asked again");
        assert_eq!(branch.answer(&salary(card, dollars("3"), 2)), Answer::Withheld, "{card}, paid by account");
        assert_eq!((branch.code(&reversal(1)), branch.code(&reversal(2))), ("00".into(), "00".into()), "{card}");
        assert_eq!(branch.change(card, usd()), 0, "{card}");
    }
}
