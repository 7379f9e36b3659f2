//! A payer's account that funds a payroll, accounts that are paid, and what was paid too much taken back.

use super::*;
use crate::reference::OperationState;
use crate::{AccountStatus, Financial};

const PARTIALLY: ResponseCode = ResponseCode::PARTIALLY_APPROVED;
/// The treasury's, which no card reaches.
const TREASURY: &str = "001900000116";

/// A request that names an account and no card.
fn of_account(kind: Kind, from: &str, amount: Money, stan: u32) -> BankRequest {
    let from_account = Text::new(from.as_bytes());
    let asked = Financial { pan: None, pin: None, from_account, to_account: None, ..request(kind, "dara", amount, stan) };
    BankRequest::Financial(Box::new(asked))
}

fn paid_to(account: &str, amount: Money, stan: u32) -> BankRequest {
    let to_account = Text::new(account.as_bytes());
    let asked = Financial { pan: None, pin: None, to_account, ..request(Kind::Salary, "dara", amount, stan) };
    BankRequest::Financial(Box::new(asked))
}

/// A bank with further accounts: of `c1` open, `c2` closed, `c3` blocked, `c4` open with one riel.
fn with_accounts() -> Branch {
    let mut acleda = Branch::of("acleda");
    let file = acleda.directory.path().join("accounts.csv");
    let lines = "bank,account,currency,opening,holder,status\n\
                 acleda,00100000001116,KHR,1000,c1,open\nacleda,00100000002116,KHR,1000,c2,closed\n\
                 canadia,00200000001116,KHR,1000,c1,open\nacleda,00100000003116,KHR,1000,c3,blocked\n\
                 acleda,00100000004116,KHR,1,c4,open\n";
    std::fs::write(&file, lines).unwrap();
    acleda.cast = acleda.cast.with_accounts(Some(&file));
    acleda.reopen();
    acleda
}

fn gained(branch: &Branch, account: &str, opening: i64) -> i64 {
    let (by_heart, told) =
        (branch.ledger.as_ref().unwrap().balance(account).unwrap(), branch.statement().balance(account).unwrap());
    assert_eq!(by_heart, told, "{account}: by heart and by the entries");
    by_heart - opening
}

#[test]
fn a_payroll_is_funded_whole_or_not_at_all() {
    let mut acleda = Branch::of("acleda");
    let opening = acleda.statement().balance(TREASURY).unwrap();
    assert!(opening > i64::try_from(Money::MINOR_MAX).unwrap(), "more than a message can ask for");
    let funding = of_account(Kind::Funding, TREASURY, riel("9000000000"), 1);
    let reply = acleda.reply(&funding);
    assert_eq!((reply.code, reply.amount, reply.authorization.is_some()), (APPROVED, None, true));
    assert_eq!((gained(&acleda, TREASURY, opening), acleda.settlement(khr())), (-900_000_000_000, 900_000_000_000));

    let mut acleda = with_accounts();
    let short = of_account(Kind::Funding, "00100000001116", riel("1000.01"), 2);
    assert_eq!((acleda.code(&short), acleda.code(&short)), ("51".into(), "51".into()));
    assert_eq!(gained(&acleda, "00100000001116", 100_000), 0);
    assert_eq!(acleda.code(&of_account(Kind::Funding, "00100000001116", riel("1000"), 3)), "00", "all there is");
    // Whoever answers in part does not do so here.
    let part = acleda.account("part", khr());
    assert_eq!(acleda.code(&of_account(Kind::Funding, &part, riel("50000.01"), 4)), "51");
    acleda.assert_in_order();
}

#[test]
fn a_recall_takes_what_there_is_up_to_the_amount() {
    let mut acleda = with_accounts();
    let account = "00100000001116";
    let whole = acleda.reply(&of_account(Kind::Recall, account, riel("400"), 1));
    assert_eq!((whole.code, whole.amount, gained(&acleda, account, 100_000)), (APPROVED, None, -40_000));
    let recall = of_account(Kind::Recall, account, riel("1000"), 2);
    let reply = acleda.reply(&recall);
    assert_eq!((reply.code, reply.amount), (PARTIALLY, Some(riel("600"))));
    assert_eq!((gained(&acleda, account, 100_000), acleda.settlement(khr())), (-100_000, 100_000));
    assert_eq!(acleda.code(&of_account(Kind::Recall, account, riel("1"), 3)), "51", "nothing is left");
    let operation = acleda.statement().operation(&reference(2)).unwrap().unwrap();
    assert_eq!((operation.state, operation.stands, operation.pan_masked), (OperationState::Approved, 60_000, None));
    acleda.reopen();
    assert_eq!(acleda.reply(&recall), reply, "asked again it says the same and takes no more");
    assert_eq!(gained(&acleda, account, 100_000), -100_000);
    acleda.assert_in_order();
}

#[test]
fn what_is_held_is_not_taken_back() {
    let mut acleda = Branch::of("acleda");
    assert_eq!(acleda.code(&authorize("thida", dollars("0.20"), 1)), "00");
    let account = acleda.account("thida", usd());
    let reply = acleda.reply(&of_account(Kind::Recall, &account, dollars("5"), 2));
    assert_eq!((reply.code, reply.amount), (PARTIALLY, Some(dollars("0.30"))));
    acleda.assert_in_order();
}

#[test]
fn both_are_undone_by_a_reversal_once_and_repeated_by_their_reference() {
    let mut acleda = with_accounts();
    let (account, opening) = ("00100000001116", acleda.statement().balance(TREASURY).unwrap());
    let (funding, recall) =
        (of_account(Kind::Funding, TREASURY, riel("70"), 1), of_account(Kind::Recall, account, riel("1500"), 2));
    for _ in 0..2 {
        assert_eq!((acleda.code(&funding), acleda.code(&recall)), ("00".into(), "10".into()));
        assert_eq!((gained(&acleda, TREASURY, opening), gained(&acleda, account, 100_000)), (-7_000, -100_000));
    }
    let other = of_account(Kind::Funding, TREASURY, riel("71"), 1);
    assert_eq!(acleda.code(&other), "94", "another amount under the same reference");
    assert_eq!(acleda.code(&of_account(Kind::Funding, account, riel("70"), 1)), "94", "another account");
    for _ in 0..2 {
        assert_eq!((acleda.code(&reversal(1)), acleda.code(&reversal(2))), ("00".into(), "00".into()));
        assert_eq!((gained(&acleda, TREASURY, opening), gained(&acleda, account, 100_000)), (0, 0));
    }
    assert_eq!((acleda.code(&funding), acleda.code(&recall)), ("94".into(), "94".into()), "not after their reversal");
    assert_eq!(acleda.code(&reversal(9)), "25");
    assert_eq!(acleda.code(&of_account(Kind::Funding, TREASURY, riel("70"), 9)), "94", "its reversal came first");
    assert_eq!(acleda.settlement(khr()), 0);
    acleda.assert_in_order();
}

#[test]
fn an_account_that_is_not_there_or_not_named_is_76() {
    let mut acleda = with_accounts();
    for (stan, kind) in (1..).step_by(10).zip([Kind::Funding, Kind::Recall]) {
        assert_eq!(acleda.code(&of_account(kind, "00100000009116", riel("1"), stan)), "76", "{kind}");
        assert_eq!(acleda.code(&of_account(kind, "00200000001116", riel("1"), stan + 1)), "76", "{kind}: another bank's");
        assert_eq!(acleda.code(&of_account(kind, "00100000001116", dollars("1"), stan + 2)), "76", "{kind}: in dollars");
        assert_eq!(acleda.code(&of_account(kind, "settlement-KHR", riel("1"), stan + 3)), "76", "{kind}: the bank's own");
        assert_eq!(acleda.code(&of_account(kind, "opening-KHR", riel("1"), stan + 4)), "76", "{kind}: the bank's own");
        // A card opens no way to an account that is not named.
        assert_eq!(acleda.code(&ask(kind, "dara", riel("1"), stan + 5)), "76", "{kind}: no DE102");
        let zero = Money::from_minor(0, khr());
        assert_eq!(acleda.code(&of_account(kind, "00100000001116", zero, stan + 6)), "13", "{kind}: nothing");
    }
    assert_eq!(acleda.settlement(khr()), 0);
    acleda.assert_in_order();
}

#[test]
fn closed_accounts_are_78_and_blocked_ones_77_but_give_back_what_was_too_much() {
    let mut acleda = with_accounts();
    let (closed, blocked) = ("00100000002116", "00100000003116");
    assert_eq!(acleda.code(&paid_to(closed, riel("5"), 1)), "78");
    assert_eq!(acleda.code(&paid_to(blocked, riel("5"), 2)), "77");
    assert_eq!(acleda.code(&of_account(Kind::Funding, closed, riel("5"), 3)), "78");
    assert_eq!(acleda.code(&of_account(Kind::Funding, blocked, riel("5"), 4)), "77");
    assert_eq!(acleda.code(&of_account(Kind::Recall, closed, riel("5"), 5)), "78");
    assert_eq!(acleda.code(&paid_to(closed, riel("5"), 1)), "78", "asked again");
    assert_eq!((gained(&acleda, closed, 100_000), gained(&acleda, blocked, 100_000)), (0, 0));
    assert_eq!(acleda.code(&of_account(Kind::Recall, blocked, riel("5"), 6)), "00");
    assert_eq!(gained(&acleda, blocked, 100_000), -500);
    assert_eq!(acleda.code(&reversal(6)), "00", "a reversal is never refused");
    assert_eq!(gained(&acleda, blocked, 100_000), 0);
    acleda.assert_in_order();
}

#[test]
fn accounts_of_a_file_are_opened_once_with_what_they_hold() {
    let mut acleda = with_accounts();
    assert_eq!(acleda.code(&paid_to("00100000001116", riel("5"), 1)), "00");
    assert_eq!(acleda.code(&paid_to("00100000004116", riel("5"), 2)), "00");
    acleda.reopen();
    let file = acleda.directory.path().join("accounts.csv");
    let again = "bank,account,currency,opening,holder,status\nacleda,00100000001116,KHR,7,c9,closed\nacleda,00100000005116,KHR,3,c5,open\n";
    std::fs::write(&file, again).unwrap();
    acleda.reopen();
    let accounts = acleda.statement().accounts().unwrap();
    let told = |number| {
        let found = accounts.iter().find(|account| account.number == number).unwrap();
        (found.holder.as_deref().unwrap().to_owned(), found.balance, found.status)
    };
    assert_eq!(told("00100000001116"), ("c1".into(), 100_500, AccountStatus::Open), "it stays as it was");
    assert_eq!(told("00100000005116"), ("c5".into(), 300, AccountStatus::Open), "a new one is taken in");
    assert_eq!(told("00100000002116"), ("c2".into(), 100_000, AccountStatus::Closed), "one that is no longer told stays");
    assert!(!accounts.iter().any(|account| account.number == "00200000001116"), "another bank's");
    assert_eq!(accounts.iter().map(|account| account.balance).sum::<i64>(), 0);
    acleda.assert_in_order();
}

#[test]
fn an_account_twice_in_a_file_is_refused_with_its_line_and_nothing_is_opened() {
    let acleda = Branch::of("acleda");
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("accounts.csv");
    let header = "bank,account,currency,opening,holder,status\n";
    for second in ["acleda,00100000001116,KHR,2,c2,open\n", "acleda,001900000116,KHR,2,c2,open\n"] {
        std::fs::write(&file, format!("{header}acleda,00100000001116,KHR,1,c1,open\n{second}")).unwrap();
        let cast = Cast::builtin().with_accounts(Some(&file));
        let error =
            Ledger::open(acleda.cast.bank("acleda").unwrap(), &place.path().join("banks"), &cast).unwrap_err().to_string();
        assert!(error.contains("accounts.csv, line 3, account: this number stands in an earlier line"), "{error}");
        let ledger = Ledger::open(acleda.cast.bank("acleda").unwrap(), &place.path().join("banks"), &acleda.cast).unwrap();
        assert_eq!(ledger.balance("00100000001116"), None, "half a file");
        drop(ledger);
        std::fs::remove_dir_all(place.path().join("banks")).unwrap();
    }
}

#[test]
fn the_newest_postings_are_told_of_any_account_in_their_order_also_after_a_restart() {
    let mut acleda = Branch::of("acleda");
    for (stan, amount) in (1..).zip(["1", "2", "3", "4", "5", "6", "7"]) {
        assert_eq!(acleda.code(&salary("thida", dollars(amount), stan)), "00");
        assert_eq!(acleda.code(&salary("dara", dollars("9"), 50 + stan)), "00");
    }
    let inquiry = ask(Kind::MiniStatement, "thida", Money::from_minor(0, usd()), 20);
    let told = acleda.reply(&inquiry).text.unwrap();
    let salaries: Vec<_> = told.split("; ").map(|line| line.rsplit('+').next().unwrap()).collect();
    assert_eq!(salaries, ["7.00 USD", "6.00 USD", "5.00 USD", "4.00 USD", "3.00 USD"], "{told}");
    acleda.reopen();
    assert_eq!(acleda.reply(&inquiry).text.unwrap(), told);
}
