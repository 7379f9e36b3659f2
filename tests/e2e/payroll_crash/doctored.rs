//! The checker is checked: a true story passes, and every way to falsify it is seen.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::audit::{Evidence, Finding};
use super::journal::Journal;
use super::{BANKS, World};
use crate::crash::ledger::Ledger;
use crate::harness::Banks;

/// So few that it is told quickly, and yet some are refused.
const PEOPLE: usize = 130;

/// What happened, and the papers about it to be falsified.
struct Story {
    world: World,
    evidence: Evidence,
    lines: Vec<Value>,
}

impl Story {
    /// A payroll that nobody died over.
    fn tell() -> Self {
        let mut world = World::begin(Banks::InProcess, PEOPLE, 11);
        world.is_submitted(0);
        world.is_approved(0);
        world.is_given_back(0);
        let evidence = world.at_the_end();
        let (_, text) = world.switch.command(&["journal", "export"]);
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        world.switch.process.terminate();
        Self { world, evidence, lines }
    }

    fn with(&self, falsify: impl FnOnce(&mut Evidence)) -> Evidence {
        let mut evidence = self.evidence.clone();
        falsify(&mut evidence);
        evidence
    }

    fn with_journal(&self, falsify: impl FnOnce(&mut Vec<Value>)) -> Evidence {
        let mut lines = self.lines.clone();
        falsify(&mut lines);
        let mut journal = Journal::default();
        lines.iter().for_each(|line| journal.fold(line));
        Evidence { journal, ..self.evidence.clone() }
    }

    /// With ACLEDA's ledger rewritten: it keeps the treasury's account too.
    fn with_ledger(&self, sql: &str) -> Evidence {
        let folder = tempfile::tempdir().unwrap();
        for bank in BANKS {
            let name = format!("{bank}.db");
            std::fs::copy(self.world.switch.setup.ledgers().join(&name), folder.path().join(&name)).unwrap();
        }
        let ledger = Connection::open(folder.path().join("acleda.db")).unwrap();
        ledger.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
        assert!(ledger.total_changes() > 0, "changes nothing: {sql}");
        drop(ledger);
        let ledgers = BANKS.iter().map(|bank| Ledger::read(folder.path(), bank)).collect();
        Evidence { ledgers, ..self.evidence.clone() }
    }

    /// Asserts that a finding of this kind is made.
    fn is_seen(&self, evidence: &Evidence, as_what: fn(String) -> Finding) {
        let found = evidence.audit(&self.world.plan);
        let wanted = std::mem::discriminant(&as_what(String::new()));
        assert!(found.iter().any(|it| std::mem::discriminant(it) == wanted), "no {:?} in {found:#?}", as_what(String::new()));
    }
}

#[test]
fn the_payroll_checker_passes_a_true_story_and_sees_every_false_one() {
    let story = Story::tell();
    assert_eq!(story.evidence.audit(&story.world.plan), []);
    assert_eq!(story.with_journal(|_| {}).audit(&story.world.plan), []);
    the_switch_says_otherwise(&story);
    the_journal_is_falsified(&story);
    salaries_are_falsified(&story);
    the_payers_account_is_falsified(&story);
}

fn the_switch_says_otherwise(story: &Story) {
    let after = |falsify: fn(&mut super::Progress)| story.with(|it| falsify(it.after.as_mut().unwrap()));
    story.is_seen(&after(|it| it.paid.0 += 1), Finding::Tally);
    story.is_seen(&after(|it| it.paid.1 -= 1), Finding::Tally);
    story.is_seen(&after(|it| it.rejected.1 += 1), Finding::Tally);
    story.is_seen(&after(|it| (it.total.1, it.paid.1) = (it.total.1 + 1, it.paid.1 + 1)), Finding::Tally);
    // Sums that fit, and are not so.
    let one_fewer = |it: &mut super::Progress| {
        (it.paid.0, it.rejected.0) = (it.paid.0 - 1, it.rejected.0 + 1);
    };
    story.is_seen(&after(one_fewer), Finding::Tally);
    story.is_seen(&after(one_fewer), Finding::OutOfBounds);
    let one_more = |it: &mut Evidence| {
        let told = it.before.as_mut().unwrap();
        (told.paid.0, told.rejected.0) = (told.paid.0 + 1, told.rejected.0 - 1);
    };
    story.is_seen(&story.with(one_more), Finding::OutOfBounds);
    story.is_seen(&after(|it| it.state = "running".to_owned()), Finding::NotDone);
    story.is_seen(&after(|it| it.credited_back -= 1), Finding::NotDone);
    let owed = |it: &mut Evidence, who: &str, minor: i64| *it.positions.as_mut().unwrap().get_mut(who).unwrap() += minor;
    story.is_seen(&story.with(|it| owed(it, "wing", 1)), Finding::Positions);
    let shifted = |it: &mut Evidence| {
        owed(it, "wing", 1);
        owed(it, "acleda", -1);
    };
    story.is_seen(&story.with(shifted), Finding::Positions);
}

fn the_journal_is_falsified(story: &Story) {
    let place = |lines: &[Value], is: &dyn Fn(&Value) -> bool| lines.iter().position(is).expect("is there");
    let ended = |lines: &[Value], how: &'static str| place(lines, &|it| it["record"] == "ItemEnded" && it["outcome"] == how);
    let twice = |lines: &mut Vec<Value>| lines.push(lines[ended(lines, "paid")].clone());
    story.is_seen(&story.with_journal(twice), Finding::Ended);
    let rejected = |lines: &mut Vec<Value>| {
        let place = ended(lines, "paid");
        lines[place]["outcome"] = json!("rejected");
        lines[place]["code"] = json!("78");
    };
    story.is_seen(&story.with_journal(rejected), Finding::RejectedCredited);
    let paid = |lines: &mut Vec<Value>| {
        let place = ended(lines, "rejected");
        lines[place]["outcome"] = json!("paid");
    };
    story.is_seen(&story.with_journal(paid), Finding::NotCredited);
    story.is_seen(&story.with_journal(|lines| drop(lines.remove(ended(lines, "paid")))), Finding::NotDone);
    let record = |name: &'static str| move |lines: &[Value]| place(lines, &|it| it["record"] == name);
    let funded = record("BatchFunded");
    story.is_seen(&story.with_journal(|lines| lines.push(lines[funded(lines)].clone())), Finding::Funding);
    let back = record("CreditedBack");
    story.is_seen(&story.with_journal(|lines| lines.push(lines[back(lines)].clone())), Finding::CreditedBack);
    story.is_seen(&story.with_journal(|lines| drop(lines.remove(back(lines)))), Finding::CreditedBack);
    let started = record("CreditBackStarted");
    story.is_seen(&story.with_journal(|lines| drop(lines.remove(started(lines)))), Finding::CreditedBack);
    let opened = record("BatchOpened");
    let one_more = |lines: &mut Vec<Value>| {
        let place = opened(lines);
        lines[place]["total"] = json!(lines[place]["total"].as_i64().unwrap() + 1);
    };
    story.is_seen(&story.with_journal(one_more), Finding::Tally);
}

/// SQL that books what `entries` selects once more; `reference` and `rrn` as they stand in it.
fn booked_again(which: &str, reference: &str, rrn: &str) -> String {
    format!(
        "INSERT INTO entries (reference, account, amount, booked_at, business_date, rrn, what)
         SELECT {reference}, account, amount, booked_at, business_date, {rrn}, what FROM entries WHERE {which}"
    )
}

fn salaries_are_falsified(story: &Story) {
    let one = "reference = (SELECT reference FROM entries WHERE what = 'salary' AND rrn NOT LIKE '%C%' LIMIT 1)";
    // The same posting again, the same salary under another reference, and under that of another item.
    for (reference, rrn) in
        [("reference", "rrn"), ("'another'", "rrn"), ("'another'", "'000010000001'"), ("'another'", "'elsewhere'")]
    {
        story.is_seen(&story.with_ledger(&booked_again(one, reference, rrn)), Finding::CreditedTwice);
    }
    story.is_seen(&story.with_ledger(&format!("DELETE FROM entries WHERE {one}")), Finding::NotCredited);
    story.is_seen(&story.with_ledger(&format!("DELETE FROM entries WHERE {one}")), Finding::NotDone);
    let one_more = format!("UPDATE entries SET amount = amount + sign(amount) WHERE {one}");
    story.is_seen(&story.with_ledger(&one_more), Finding::OtherMoney);
    story.is_seen(
        &story.with_ledger(&format!("UPDATE entries SET amount = amount + 1 WHERE {one} AND amount > 0")),
        Finding::Unbalanced,
    );
    let somebody =
        "(SELECT id FROM accounts WHERE currency = 'KHR' AND kind = 'customer' AND id NOT IN (SELECT account FROM entries
         WHERE what = 'salary') LIMIT 1)";
    let to_somebody_else = format!("UPDATE entries SET account = {somebody} WHERE {one} AND amount > 0");
    story.is_seen(&story.with_ledger(&to_somebody_else), Finding::OtherMoney);
    story.is_seen(&story.with_ledger(&to_somebody_else), Finding::NotCredited);
}

fn the_payers_account_is_falsified(story: &Story) {
    let (funding, back) = ("rrn LIKE '_____F%'", "rrn LIKE '_____C%'");
    story.is_seen(&story.with_ledger(&booked_again(funding, "reference", "rrn")), Finding::Funding);
    story.is_seen(&story.with_ledger(&booked_again(funding, "'another'", "'00001F000002'")), Finding::Funding);
    story.is_seen(&story.with_ledger(&format!("DELETE FROM entries WHERE {funding}")), Finding::Funding);
    story.is_seen(&story.with_ledger(&booked_again(back, "reference", "rrn")), Finding::CreditedBack);
    story.is_seen(&story.with_ledger(&booked_again(back, "'another'", "'00001C000002'")), Finding::CreditedBack);
    story.is_seen(&story.with_ledger(&format!("DELETE FROM entries WHERE {back}")), Finding::CreditedBack);
    for change in ["amount / 2", "amount + sign(amount)"] {
        let changed = format!("UPDATE entries SET amount = {change} WHERE {back}");
        story.is_seen(&story.with_ledger(&changed), Finding::CreditedBack);
    }
}
