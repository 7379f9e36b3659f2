//! A made-up nation: its files, from the command line, and banks that keep its accounts.

use std::fs;
use std::io::BufReader;
use std::path::Path;

use bank_adapters::Statement;
use model::{Currency, Money, ResponseCode, Text};
use nation::{AccountStatus, Nation};

use crate::harness::{Banks, PATIENCE, Setup, cast, command, run};

/// Makes a nation of this seed in a folder.
fn generate(folder: &Path, count: &str, more: &[&str]) -> (bool, String) {
    let folder = folder.to_str().unwrap();
    command(&[&["generate", "--civil-servants", count, "--seed", "7", "--out", folder], more].concat(), None)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Number and sum of a payroll, as its reader finds them; any fault is one too many.
fn read(path: &Path) -> (u64, String, Vec<documents::Item>) {
    let mut items = Vec::new();
    let mut head = None;
    for entry in documents::read(BufReader::new(fs::File::open(path).unwrap())).unwrap() {
        match entry.unwrap_or_else(|fault| panic!("{}: {fault}", path.display())) {
            documents::Entry::Header(header) => head = Some(header),
            documents::Entry::Block(_) | documents::Entry::End(_) => {}
            documents::Entry::Item(item) => items.push(item),
        }
    }
    let head = head.unwrap();
    (head.count.into(), head.control_sum.unwrap().to_string(), items)
}

#[test]
fn the_same_seed_writes_the_same_files_and_a_small_nation_begins_a_large_one() {
    let place = tempfile::tempdir().unwrap();
    let [one, again, small] = ["one", "again", "small"].map(|name| place.path().join(name));
    for (folder, count) in [(&one, "600"), (&again, "600"), (&small, "200")] {
        let (done, told) = generate(folder, count, &[]);
        assert!(done, "{told}");
    }
    let files = ["accounts.csv", "cards.csv", "payroll-2023-01-1-usd.csv", "payroll-2023-01-1-usd.xml", "payroll-2023-01-1.csv"];
    assert_eq!(names(&one), [&files[..], &["payroll-2023-01-1.xml", "registry.csv"]].concat());
    for name in names(&one) {
        let bytes = fs::read(one.join(&name)).unwrap();
        assert!(bytes == fs::read(again.join(&name)).unwrap(), "{name}");
        let is_table = !name.starts_with("payroll");
        assert!(!is_table || bytes.starts_with(&fs::read(small.join(&name)).unwrap()), "{name}");
    }
    assert_eq!(fs::read_to_string(one.join("registry.csv")).unwrap().lines().count(), 601);
}

#[test]
fn payrolls_are_sound_and_pay_those_who_must_be_paid() {
    let place = tempfile::tempdir().unwrap();
    let (done, told) = generate(place.path(), "3000", &["--what", "payroll", "--half-month", "2022-12/2"]);
    assert!(done, "{told}");
    let nation = Nation::new(7);
    for (currency, suffix) in [(Currency::KHR, ""), (Currency::USD, "-usd")] {
        let must: Vec<_> = nation.people(3000).filter(|it| it.is_paid() && it.salary.currency() == currency).collect();
        let sum: u64 = must.iter().map(|person| person.salary.minor()).sum();
        for form in ["xml", "csv"] {
            let (count, control_sum, items) = read(&place.path().join(format!("payroll-2022-12-2{suffix}.{form}")));
            assert_eq!(count, must.len() as u64);
            assert_eq!(control_sum, format!("{}.{:02}", sum / 100, sum % 100));
            for (item, person) in items.iter().zip(&must) {
                assert_eq!((item.employee.as_str(), item.amount), (person.id.to_string().as_str(), person.salary));
                assert_eq!(item.account.as_str(), person.paid_into().unwrap().to_string());
                assert_eq!(item.agent.as_str(), person.bank.institution().to_string());
            }
            assert_eq!(items.len(), must.len());
        }
    }
    let (done, told) =
        generate(place.path(), "3000", &["--what", "payroll", "--half-month", "2022-12/2", "--with-faults", "--force"]);
    assert!(done, "{told}");
    let (count, _, items) = read(&place.path().join("payroll-2022-12-2.xml"));
    let expected = nation::items(&nation, 3000, Currency::KHR, true);
    let faults = expected.filter(|item| item.fault.is_some()).count();
    assert!(faults > 15, "{faults}");
    assert_eq!(count, items.len() as u64, "still a file that is well written");
}

#[test]
fn what_cannot_be_made_is_refused_and_nothing_is_overwritten_unasked() {
    let place = tempfile::tempdir().unwrap();
    for count in ["0", "16000001", "some"] {
        let (done, told) = generate(&place.path().join("new"), count, &[]);
        assert!(!done && told.contains("a nation has 1 to 16000000 people"), "{told}");
    }
    assert!(!place.path().join("new").exists());
    fs::write(place.path().join("registry.csv"), "mine").unwrap();
    let (done, told) = generate(place.path(), "10", &[]);
    assert!(!done && told.contains("is not empty; choose another folder, or --force"), "{told}");
    assert_eq!(fs::read_to_string(place.path().join("registry.csv")).unwrap(), "mine");
    assert_eq!(names(place.path()), ["registry.csv"]);
    let (done, told) = generate(place.path(), "10", &["--force", "--what", "registry"]);
    assert!(done, "{told}");
    assert_eq!(fs::read_to_string(place.path().join("registry.csv")).unwrap().lines().count(), 11);
    let (done, told) = generate(place.path(), "10", &["--half-month", "2023-01/3"]);
    assert!(!done && told.contains("write year, month and half"), "{told}");
}

/// Salaries to people of the nation, whose accounts the banks have read from its file.
fn banks_pay_the_nation(banks: Banks) {
    let place = tempfile::tempdir().unwrap();
    let (done, told) = generate(place.path(), "3000", &["--what", "accounts"]);
    assert!(done, "{told}");
    let nation = Nation::new(7);
    let one = |status| nation.people(3000).find(|it| it.account_status == status && it.khr.is_some()).unwrap();
    let people = [AccountStatus::Open, AccountStatus::Closed, AccountStatus::Blocked].map(one);
    let setup = Setup::new(banks, "iso87-ascii").with_accounts(&place.path().join("accounts.csv"));
    run(async {
        let mut switch = setup.start();
        for round in 0..2 {
            let terminal = switch.terminal("ATM00001").await;
            for (person, (code, paid)) in people.iter().zip([("00", 500), ("78", 0), ("77", 0)]) {
                let account = person.khr.unwrap();
                let institution = cast().bank(person.bank.name()).unwrap().institution;
                let number = Text::new(account.to_string().as_bytes()).unwrap();
                let salary = terminal.salary(institution, number, Money::from_minor(500, Currency::KHR));
                let told = terminal.ask(&salary, PATIENCE).await.unwrap().reply.code;
                assert_eq!(told, ResponseCode::new(code.as_bytes().try_into().unwrap()).unwrap(), "{:?}", person.account_status);
                let ledger = Statement::open(&switch.setup.ledgers().join(format!("{}.db", person.bank.name()))).unwrap();
                let opening = i64::from(account.opening()) * 100;
                assert_eq!(ledger.balance(&account.to_string()).unwrap(), opening + paid * (round + 1));
                assert_eq!(ledger.unbalanced().unwrap(), []);
            }
            switch.restart();
        }
    });
}

#[test]
fn banks_in_process_keep_the_accounts_of_a_nation() {
    banks_pay_the_nation(Banks::InProcess);
}

#[test]
fn banks_of_their_own_keep_the_accounts_of_a_nation() {
    banks_pay_the_nation(Banks::OverTcp);
}
