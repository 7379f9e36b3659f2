//! Mobile operators: the same ledger, with phones for customers.

use std::sync::Arc;

use super::*;
use crate::reference::{AccountKind, OperationState, phone_account};
use crate::{Bank, Call, Outcome, ReferenceBank, SystemClock};

fn top_up(phone: &str, amount: Money, stan: u32) -> BankRequest {
    let told = Financial { to_account: Text::new(phone.as_bytes()), pan: None, ..request(Kind::TopUp, "dara", amount, stan) };
    BankRequest::Financial(Box::new(told))
}

fn credit(operator: &Branch, phone: &str, currency: Currency) -> Option<i64> {
    operator.ledger.as_ref().unwrap().balance(&phone_account(phone, currency))
}

#[test]
fn a_phone_is_credited_and_its_account_opened_by_the_first_credit() {
    for (name, phone) in [("smart", "001234567"), ("cellcard", "00412345"), ("metfone", "0051234567"), ("seatel", "007123456")] {
        let mut operator = Branch::of(name);
        assert_eq!(credit(&operator, phone, usd()), None);
        for stan in 1..=2 {
            let reply = operator.reply(&top_up(phone, dollars("5"), stan));
            assert_eq!((reply.code, reply.authorization.is_some()), (APPROVED, true), "{name}");
        }
        assert_eq!(operator.code(&top_up(phone, riel("100"), 3)), "00", "{name}");
        assert_eq!((credit(&operator, phone, usd()), credit(&operator, phone, khr())), (Some(1000), Some(10_000)));
        assert_eq!((operator.settlement(usd()), operator.settlement(khr())), (-1000, -10_000), "the switch owes it");
        operator.reopen();
        assert_eq!(credit(&operator, phone, usd()), Some(1000));
        let accounts = operator.statement().accounts().unwrap();
        let phones: Vec<_> = accounts.iter().filter(|it| it.kind == AccountKind::Customer).collect();
        assert_eq!((phones.len(), phones[0].holder.as_deref()), (2, Some(phone)));
        operator.assert_in_order();
    }
}

#[test]
fn a_number_that_is_none_of_its_phones_is_76_and_opens_nothing() {
    let mut smart = Branch::of("smart");
    for (stan, phone) in (1..).zip(["003123456", "0012345", "00123456789", "00123456a", "011234567", ""]) {
        assert_eq!(smart.code(&top_up(phone, dollars("5"), stan)), "76", "{phone:?}");
    }
    let nobody = Financial { to_account: None, pan: None, ..request(Kind::TopUp, "dara", dollars("5"), 9) };
    assert_eq!(smart.code(&BankRequest::Financial(Box::new(nobody))), "76");
    assert_eq!(smart.code(&top_up("001234567-USD", dollars("5"), 10)), "76", "an account is no phone");
    assert_eq!(smart.code(&top_up("settlement-USD", dollars("5"), 11)), "76");
    assert_eq!(smart.statement().accounts().unwrap(), []);
    assert_eq!(smart.code(&top_up("001234567   ", dollars("5"), 12)), "00", "padded");
}

#[test]
fn a_top_up_is_done_once_undone_once_and_refused_where_its_reversal_came_first() {
    let mut smart = Branch::of("smart");
    let first = smart.reply(&top_up("001234567", dollars("5"), 1));
    assert_eq!(smart.reply(&top_up("001234567", dollars("5"), 1)), first);
    assert_eq!(smart.code(&top_up("001234568", dollars("5"), 1)), "94", "another phone");
    for _ in 0..2 {
        assert_eq!(smart.code(&reversal(1)), "00");
        assert_eq!((credit(&smart, "001234567", usd()), smart.settlement(usd())), (Some(0), 0));
    }
    assert_eq!(smart.code(&top_up("001234567", dollars("5"), 1)), "94");
    smart.code(&top_up("001234567", dollars("5"), 2));
    assert_eq!(smart.code(&reversal_down_to(2, Some(dollars("2")))), "00");
    assert_eq!(credit(&smart, "001234567", usd()), Some(200));
    assert_eq!(smart.code(&reversal(3)), "25");
    smart.reopen();
    assert_eq!(smart.code(&top_up("001234567", dollars("5"), 3)), "94");
    assert_eq!(smart.statement().operation(&reference(3)).unwrap().unwrap().state, OperationState::Tombstone);
    assert_eq!(smart.code(&top_up("001234567", dollars("0"), 4)), "13");
    smart.assert_in_order();
}

#[test]
fn both_in_one_batch_open_one_account() {
    let mut smart = Branch::of("smart");
    let batch = [(top_up("001234567", dollars("5"), 1), NOW), (top_up("001234567", dollars("5"), 2), NOW), (reversal(1), NOW)];
    smart.ledger.as_mut().unwrap().post(&batch).unwrap();
    assert_eq!(credit(&smart, "001234567", usd()), Some(500));
    smart.assert_in_order();
}

#[tokio::test]
async fn an_operator_is_opened_by_its_name_like_a_bank_and_takes_top_ups_only() {
    let (place, cast) = (tempfile::tempdir().unwrap(), Cast::builtin());
    for name in ["smart", "cellcard", "metfone", "seatel"] {
        let operator = ReferenceBank::open(name, place.path(), &cast).unwrap();
        assert_eq!(operator.capabilities().kinds, [Kind::TopUp], "{name}");
        assert_eq!(operator.capabilities().holds, [], "{name}");
    }
    let smart = ReferenceBank::open("smart", place.path(), &cast).unwrap();
    assert_eq!(smart.profile().institution, InstitutionId::new(116_701).unwrap());
    let call =
        |request: BankRequest| smart.call(request.clone(), Call::new(request.reference(), NOW, Arc::new(SystemClock::start())));
    assert!(matches!(call(top_up("001234567", dollars("5"), 1)).await, Outcome::Answered(reply) if reply.code == APPROVED));
    for (stan, request) in
        (2..).zip([purchase("dara", dollars("5"), 2), salary("dara", dollars("5"), 3), authorize("dara", dollars("5"), 4)])
    {
        let answer = call(request).await;
        assert!(matches!(answer, Outcome::Answered(reply) if reply.code == ResponseCode::NOT_SUPPORTED), "{stan}");
    }
}
