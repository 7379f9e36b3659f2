//! The checker is checked: a true story passes, and every way to falsify it is seen.

use bank_adapters::Card;
use model::{Currency, Kind, Money};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::audit::{Evidence, Finding, Sent};
use super::journal::{Journal, Told};
use super::ledger::Ledger;
use super::load::{self, Asked};
use super::{BANKS, World};
use crate::harness::{self, Banks};

/// What happened, and the papers about it to be falsified.
struct Story {
    world: World,
    lines: Vec<Value>,
}

impl Story {
    /// A purchase (the first), one beyond the balance, a salary, a deposit, and a withdrawal that is reversed (the last).
    fn tell() -> Self {
        let mut world = World::begin(Banks::InProcess, 7);
        let card = world.cast.card("acleda-000003").unwrap().clone();
        let khr = |minor| Money::from_minor(minor, Currency::from_alpha("KHR").unwrap());
        let (links, bank) = (world.links(), world.cast.bank("acleda").unwrap().institution);
        let requests = harness::run(async {
            let terminals = load::connect(&links, &mut world.dice).await;
            let desk = &terminals[0];
            let account = card.account(khr(1).currency()).unwrap().number;
            let ask = |kind, minor| (kind, minor, desk.request(kind, &card, khr(minor)));
            [
                ask(Kind::Purchase, 500),
                ask(Kind::Purchase, 900_000_000_000),
                (Kind::Salary, 700, desk.salary(bank, account, khr(700))),
                ask(Kind::Deposit, 300),
                ask(Kind::Withdrawal, 200),
            ]
        });
        let requests = requests.map(|(kind, minor, message)| {
            let asked = Asked { terminal: 0, message: world.numbers.put_on(message) };
            world.evidence.sent.insert(asked.name().rrn, sent(kind, minor, &card));
            (asked, false)
        });
        let undone = requests[4].0.clone();
        for requests in [requests.into(), vec![(undone, true)]] {
            for (asked, seen) in world.ask_all(requests) {
                world.evidence.seen.push(seen);
                world.answered.push(asked);
            }
        }
        world.comes_to_rest();
        world.repeats(&world.answered.clone());
        let (_, text) = world.switch.command(&["journal", "export"]);
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        world.switch.process.terminate();
        Self { world, lines }
    }

    /// The true evidence with another journal.
    fn with_journal(&self, falsify: impl FnOnce(&mut Vec<Value>)) -> Evidence {
        let mut lines = self.lines.clone();
        falsify(&mut lines);
        let mut journal = Journal::default();
        lines.iter().for_each(|line| journal.fold(line));
        Evidence { journal, ..self.world.evidence.clone() }
    }

    /// The true evidence with ACLEDA's ledger rewritten.
    fn with_ledger(&self, sql: &str) -> Evidence {
        let folder = tempfile::tempdir().unwrap();
        for bank in BANKS {
            let name = format!("{bank}.db");
            std::fs::copy(self.world.switch.setup.ledgers().join(&name), folder.path().join(&name)).unwrap();
        }
        let ledger = Connection::open(folder.path().join("acleda.db")).unwrap();
        ledger.execute_batch(sql).unwrap();
        assert!(ledger.total_changes() > 0, "changes nothing: {sql}");
        drop(ledger);
        let ledgers = BANKS.iter().map(|bank| Ledger::read(folder.path(), bank)).collect();
        Evidence { ledgers, ..self.world.evidence.clone() }
    }

    /// The true evidence with other memories.
    fn with(&self, falsify: impl FnOnce(&mut Evidence)) -> Evidence {
        let mut evidence = self.world.evidence.clone();
        falsify(&mut evidence);
        evidence
    }
}

fn sent(kind: Kind, amount: u64, card: &Card) -> Sent {
    let account = card.account(Currency::from_alpha("KHR").unwrap()).unwrap();
    Sent {
        kind: load::digits(kind),
        amount,
        currency: "KHR",
        bank: card.bank.clone(),
        account: account.number.to_string(),
        escrow: false,
    }
}

fn place(lines: &[Value], record: &str) -> usize {
    lines.iter().position(|line| line["record"] == record).unwrap_or_else(|| panic!("no {record}"))
}

/// Asserts that a finding of this kind is made.
fn is_seen(evidence: &Evidence, as_what: fn(String) -> Finding) {
    let found = evidence.audit();
    let wanted = std::mem::discriminant(&as_what(String::new()));
    assert!(found.iter().any(|it| std::mem::discriminant(it) == wanted), "no {:?} in {found:#?}", as_what(String::new()));
}

#[test]
fn the_checker_passes_a_true_story_and_sees_every_false_one() {
    let story = Story::tell();
    let codes: Vec<_> = story.world.evidence.repeated.iter().map(|it| it.told.code.as_str()).collect();
    assert_eq!(codes.iter().filter(|code| **code == "94").count(), 1, "{codes:?}");
    assert!(codes.contains(&"51"), "{codes:?}");
    assert_eq!(story.world.evidence.audit(), []);
    assert_eq!(story.with_journal(|_| {}).audit(), []);
    terminals_remember_otherwise(&story);
    the_journal_is_falsified(&story);
    the_ledger_is_falsified(&story);
}

fn terminals_remember_otherwise(story: &Story) {
    let other = |told: &mut Told| told.authorization = Some("FORGED".to_owned());
    is_seen(&story.with(|it| it.seen[0].name.stan = "000000".to_owned()), Finding::Missing);
    is_seen(&story.with(|it| other(&mut it.seen[0].told)), Finding::OtherAnswer);
    is_seen(&story.with(|it| it.seen[0].told.code = "94".to_owned()), Finding::OtherAnswer);
    is_seen(&story.with(|it| other(&mut it.repeated[0].told)), Finding::OtherRepeat);
    let approved_again = |it: &mut Evidence| {
        let undone = it.repeated.iter_mut().find(|it| it.told.code == "94").unwrap();
        undone.told.code = "00".to_owned();
    };
    is_seen(&story.with(approved_again), Finding::OtherRepeat);
    is_seen(&story.with(|it| it.sent.clear()), Finding::NeverSent);
}

fn the_journal_is_falsified(story: &Story) {
    // The first transaction never was: its answer is missing, and its money stands at the bank for no reason.
    let without_the_first = |lines: &mut Vec<Value>| {
        let first = lines[place(lines, "Accepted")]["transaction"].clone();
        let leg = format!("{first}.0");
        lines.retain(|line| line["transaction"] != first && line["leg"] != leg.as_str());
    };
    is_seen(&story.with_journal(without_the_first), Finding::Missing);
    is_seen(&story.with_journal(without_the_first), Finding::OtherOperation);
    is_seen(&story.with_journal(without_the_first), Finding::OtherMoney);

    let without = |record: &'static str| move |lines: &mut Vec<Value>| drop(lines.remove(place(lines, record)));
    is_seen(&story.with_journal(without("ForwardEnded")), Finding::Stuck);
    is_seen(&story.with_journal(without("LegAnswered")), Finding::Stuck);
    is_seen(&story.with_journal(without("Answered")), Finding::Stuck);

    let with = |record: &'static str, pointer: &'static str, value: Value| {
        move |lines: &mut Vec<Value>| {
            let place = place(lines, record);
            *lines[place].pointer_mut(pointer).unwrap() = value;
        }
    };
    is_seen(&story.with_journal(with("ForwardEnded", "/dead", json!(true))), Finding::DeadLetter);
    is_seen(&story.with_journal(with("ForwardEnded", "/code", json!("25"))), Finding::AgainstRule);
    is_seen(&story.with_journal(with("ReversalStarted", "/reason", json!("unknown"))), Finding::AgainstRule);
    is_seen(&story.with_journal(with("ReversalStarted", "/stands", json!(1))), Finding::OtherOperation);
    is_seen(&story.with_journal(with("LegStarted", "/on_timeout", json!("repeat"))), Finding::AgainstRule);
    is_seen(&story.with_journal(with("LegAnswered", "/answer/authorization", json!("FORGED"))), Finding::AgainstRule);
    is_seen(&story.with_journal(with("Accepted", "/asked/amount", json!(499))), Finding::NeverSent);

    let taken_twice = |lines: &mut Vec<Value>| {
        let mut again = lines[place(lines, "Accepted")].clone();
        again["transaction"] = json!(999_999);
        lines.push(again);
    };
    is_seen(&story.with_journal(taken_twice), Finding::TakenTwice);

    // Cut off by a death: a purchase of which nothing was heard again, and one that was repeated instead of reversed.
    let cut_off = |follows: Vec<Value>| {
        move |lines: &mut Vec<Value>| {
            let leg = lines[place(lines, "LegAnswered")]["leg"].clone();
            let at = place(lines, "LegAnswered");
            let steps = follows.into_iter().map(|mut step| {
                step["block"] = lines[at]["block"].clone();
                step["leg"] = leg.clone();
                step
            });
            let steps: Vec<_> = steps.collect();
            lines.splice(at..=at, steps);
        }
    };
    let lost = || json!({ "record": "LegLost", "reason": "stopped" });
    let repeat = json!({ "record": "RepeatStarted" });
    let answered = json!({ "record": "LegAnswered", "answer": { "code": "00" } });
    is_seen(&story.with_journal(cut_off(vec![lost()])), Finding::Stuck);
    is_seen(&story.with_journal(cut_off(vec![lost(), repeat, answered])), Finding::AgainstRule);
}

fn the_ledger_is_falsified(story: &Story) {
    let purchase = "(SELECT reference FROM operations WHERE kind = 'purchase' AND state = 'approved')";
    let columns = "reference, account, amount, booked_at, business_date, rrn, what";
    let posted_twice = format!("INSERT INTO entries ({columns}) SELECT {columns} FROM entries WHERE reference = {purchase}");
    is_seen(&story.with_ledger(&posted_twice), Finding::Doubled);
    is_seen(&story.with_ledger(&posted_twice), Finding::OtherMoney);
    let under_another_name = format!(
        "CREATE TEMP TABLE other AS SELECT * FROM operations WHERE reference = {purchase};
         UPDATE other SET reference = 'another'; INSERT INTO operations SELECT * FROM other"
    );
    is_seen(&story.with_ledger(&under_another_name), Finding::OtherOperation);
    is_seen(&story.with_ledger("DELETE FROM operations WHERE kind = 'salary'"), Finding::OtherOperation);
    is_seen(&story.with_ledger("UPDATE operations SET stands = 701 WHERE kind = 'salary'"), Finding::OtherOperation);
    is_seen(&story.with_ledger("UPDATE operations SET state = 'approved' WHERE kind = 'withdrawal'"), Finding::OtherOperation);
    let one_riel_more = "UPDATE entries SET amount = amount + sign(amount) WHERE what = 'deposit'";
    is_seen(&story.with_ledger(one_riel_more), Finding::OtherMoney);
    is_seen(&story.with_ledger("UPDATE entries SET amount = 301 WHERE what = 'deposit' AND amount > 0"), Finding::Unbalanced);
    is_seen(&story.with_ledger("DELETE FROM entries WHERE what = 'reversal'"), Finding::OtherMoney);
    let to_somebody_else = "UPDATE entries SET account = (SELECT id FROM accounts WHERE currency = 'KHR' AND kind = 'customer'
         LIMIT 1) WHERE what = 'salary' AND amount > 0";
    is_seen(&story.with_ledger(to_somebody_else), Finding::OtherMoney);
}
