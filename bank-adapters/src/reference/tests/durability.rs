//! What outlives a close, a crash and a second opener; and what no file may hold.

use std::sync::Arc;

use rusqlite::Connection;

use super::*;
use crate::{Bank, Call, Error, Outcome, ReferenceBank, SystemClock};

async fn call(bank: &ReferenceBank, request: BankRequest) -> Outcome<BankReply> {
    let cx = Call::new(request.reference(), NOW, Arc::new(SystemClock::start()));
    bank.call(request, cx).await
}

#[test]
fn a_reopened_ledger_remembers_every_answer() {
    let mut acleda = Branch::of("acleda");
    let approved = acleda.reply(&purchase("dara", dollars("9"), 1));
    let declined = acleda.reply(&purchase("thida", dollars("9"), 2));
    acleda.code(&purchase("sophea", dollars("9"), 3));
    acleda.code(&reversal(3));
    acleda.reopen();
    assert_eq!(acleda.reply(&purchase("dara", dollars("9"), 1)), approved);
    assert_eq!(acleda.reply(&purchase("thida", dollars("9"), 2)), declined);
    assert_eq!(acleda.code(&reversal(3)), "00");
    assert_eq!((acleda.change("dara", usd()), acleda.change("sophea", usd())), (-900, 0));
    let later = acleda.reply(&purchase("dara", dollars("1"), 4));
    assert_ne!(later.authorization, approved.authorization, "names are not used again");
    acleda.assert_in_order();
}

#[test]
fn opening_balances_are_booked_once_and_new_cards_are_taken_in() {
    let mut acleda = Branch::of("acleda");
    acleda.reopen();
    assert_eq!(acleda.change("dara", khr()), 0);
    acleda.cast = Cast::builtin().with_bulk(2).unwrap();
    acleda.reopen();
    assert_eq!(acleda.change("acleda-000001", usd()), 0);
    let accounts = acleda.statement().accounts().unwrap();
    assert_eq!(accounts.iter().map(|account| account.balance).sum::<i64>(), 0);
    let named = accounts.iter().find(|account| account.number == acleda.account("dara", usd())).unwrap();
    assert_eq!((named.holder.as_deref(), named.balance), (Some("dara"), 10_000_000));
    acleda.assert_in_order();
}

/// A process that is killed leaves its files as they are. What was answered by then is in them.
#[tokio::test]
async fn what_was_answered_is_in_the_files_that_a_crash_leaves() {
    let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bank = ReferenceBank::open("acleda", before.path(), &Cast::builtin()).unwrap();
    for stan in 1..=20 {
        assert!(
            matches!(call(&bank, purchase("dara", dollars("2"), stan)).await, Outcome::Answered(reply) if reply.code == APPROVED)
        );
    }
    for file in ["acleda.db", "acleda.db-wal"] {
        std::fs::copy(before.path().join(file), after.path().join(file)).unwrap();
    }

    let revived = ReferenceBank::open("acleda", after.path(), &Cast::builtin()).unwrap();
    for stan in 1..=20 {
        assert!(
            matches!(call(&revived, purchase("dara", dollars("2"), stan)).await, Outcome::Answered(reply) if reply.code == APPROVED)
        );
    }
    let statement = Statement::open(&after.path().join("acleda.db")).unwrap();
    assert_eq!((statement.settlement(usd()).unwrap(), statement.operations().unwrap().len()), (4000, 20));
    assert_eq!(statement.unbalanced().unwrap(), []);
}

#[tokio::test]
async fn many_calls_at_once_are_each_answered_their_own() {
    let place = tempfile::tempdir().unwrap();
    let bank = Arc::new(ReferenceBank::open("wing", place.path(), &Cast::builtin()).unwrap());
    let calls = (1..=500).map(|stan| {
        let bank = bank.clone();
        let amount = Money::from_minor(u64::from(stan), usd());
        async move { call(&bank, purchase(if stan % 2 == 0 { "chan" } else { "expired" }, amount, stan)).await }
    });
    let outcomes = futures_util::future::join_all(calls).await;
    for (stan, outcome) in (1..).zip(outcomes) {
        let expected = if stan % 2 == 0 { APPROVED } else { ResponseCode::EXPIRED_CARD };
        assert!(matches!(outcome, Outcome::Answered(reply) if reply.code == expected), "{stan}");
    }
    drop(bank);
    let statement = Statement::open(&place.path().join("wing.db")).unwrap();
    assert_eq!(statement.settlement(usd()).unwrap(), (1..=500).filter(|stan| stan % 2 == 0).sum::<i64>());
}

#[tokio::test]
async fn a_silent_card_is_an_unknown_outcome() {
    let place = tempfile::tempdir().unwrap();
    let bank = ReferenceBank::open("acleda", place.path(), &Cast::builtin()).unwrap();
    assert!(matches!(call(&bank, purchase("mute", dollars("2"), 1)).await, Outcome::Unknown(_)));
    assert!(matches!(call(&bank, reversal(1)).await, Outcome::Answered(reply) if reply.code == APPROVED));
}

/// SQLite refuses to write here; nothing may be said about what was asked, and nothing may be booked.
#[tokio::test]
async fn a_batch_that_cannot_be_written_is_unknown_and_the_books_stay_right() {
    let place = tempfile::tempdir().unwrap();
    let bank = ReferenceBank::open("acleda", place.path(), &Cast::builtin()).unwrap();
    let saboteur = Connection::open(place.path().join("acleda.db")).unwrap();
    saboteur.execute_batch("CREATE TRIGGER no BEFORE INSERT ON entries BEGIN SELECT raise(ABORT, 'no'); END").unwrap();
    assert!(matches!(call(&bank, purchase("thida", dollars("0.40"), 1)).await, Outcome::Unknown(_)));
    saboteur.execute_batch("DROP TRIGGER no").unwrap();
    assert!(
        matches!(call(&bank, purchase("thida", dollars("0.50"), 2)).await, Outcome::Answered(reply) if reply.code == APPROVED)
    );
    assert!(matches!(call(&bank, reversal(1)).await, Outcome::Answered(reply) if reply.code == ResponseCode::ORIGINAL_NOT_FOUND));
}

/// The first of the batch could be written, the second cannot: neither is booked, and neither is known by heart.
#[test]
fn a_batch_is_posted_whole_or_not_at_all() {
    let mut acleda = Branch::of("acleda");
    let saboteur = Connection::open(acleda.file()).unwrap();
    let sophea = acleda.account("sophea", usd());
    let is_hers = format!("new.account = (SELECT id FROM accounts WHERE number = '{sophea}')");
    let trigger = format!("BEFORE INSERT ON entries WHEN {is_hers} BEGIN SELECT raise(ABORT, 'no'); END");
    saboteur.execute_batch(&format!("CREATE TRIGGER no {trigger}")).unwrap();
    let batch = [(purchase("thida", dollars("0.40"), 1), NOW), (purchase("sophea", dollars("1"), 2), NOW)];
    assert!(acleda.ledger.as_mut().unwrap().post(&batch).is_err());
    assert_eq!((acleda.change("thida", usd()), acleda.change("sophea", usd())), (0, 0));
    assert_eq!(acleda.code(&purchase("thida", dollars("0.50"), 3)), "00");
    assert_eq!(acleda.code(&purchase("thida", dollars("0.40"), 1)), "51");
    acleda.assert_in_order();
}

#[test]
fn a_ledger_has_one_bank_and_one_owner() {
    let acleda = Branch::of("acleda");
    let again = ReferenceBank::open("acleda", acleda.directory.path(), &acleda.cast);
    assert!(matches!(again, Err(Error::LedgerInUse(_))), "{again:?}");
    let file = acleda.file();
    let Branch { directory, cast, ledger, .. } = acleda;
    drop(ledger);
    std::fs::rename(&file, file.with_file_name("wing.db")).unwrap();
    assert!(matches!(ReferenceBank::open("wing", directory.path(), &cast), Err(Error::LedgerOwner { .. })));
    Connection::open(file.with_file_name("wing.db")).unwrap().pragma_update(None, "user_version", 7).unwrap();
    assert!(matches!(ReferenceBank::open("wing", directory.path(), &cast), Err(Error::LedgerVersion { found: 7, .. })));
    assert!(matches!(ReferenceBank::open("wingg", directory.path(), &cast), Err(Error::UnknownBank { .. })));
}

#[test]
fn no_file_holds_a_card_number() {
    let mut acleda = Branch::of("acleda");
    for (stan, card) in (1..).zip(["dara", "thida", "lost", "mute", "bopha"]) {
        acleda.answer(&purchase(card, dollars("9"), stan));
        acleda.answer(&reversal(stan));
    }
    acleda.statement().accounts().unwrap();
    let mut bytes = 0;
    for file in std::fs::read_dir(acleda.directory.path()).unwrap() {
        let content = std::fs::read(file.unwrap().path()).unwrap();
        bytes += content.len();
        for card in acleda.cast.cards() {
            let digits = card.pan.digits();
            assert!(!content.windows(16).any(|window| window == digits.as_ref()), "{}", card.alias);
            let number = card.pan.number().to_be_bytes();
            assert!(!content.windows(8).any(|window| window == number), "{} as a number", card.alias);
        }
    }
    assert!(bytes > 20_000, "the files were read");
    let shown = format!("{:?}", request(Kind::Purchase, "dara", dollars("1"), 1));
    assert!(shown.contains("911601******0019") && !shown.contains("9116010000000019") && !shown.contains("90, 90"), "{shown}");
}
