//! What is promised of a nation.

use std::collections::{HashMap, HashSet};

use model::Currency;
use proptest::prelude::*;

use super::*;
use crate::csv::Table;

fn file(table: Table, people: impl Iterator<Item = Person>) -> String {
    let mut out = table.header().as_bytes().to_vec();
    people.for_each(|person| table.write(&person, &mut out).unwrap());
    String::from_utf8(out).unwrap()
}

/// FNV-1a, so that a digest needs nobody's code.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

const TABLES: [Table; 4] = [Table::Registrations, Table::Registry, Table::Cards, Table::Accounts];

proptest! {
    #[test]
    fn a_small_nation_is_the_beginning_of_a_large_one(seed: u64, small in 0u32..50, more in 0u32..50) {
        let nation = Nation::new(seed);
        for table in TABLES {
            let (few, many) = (file(table, nation.people(small)), file(table, Nation::new(seed).people(small + more)));
            prop_assert!(many.starts_with(&few));
        }
    }

    #[test]
    fn everybody_is_sound(seed: u64, index in 0..COUNT_MAX) {
        let person = Nation::new(seed).person(index);
        prop_assert_eq!(person.id.to_string().len(), 9);
        prop_assert!(model::Pan::from_parts(person.id.number().into(), 9).unwrap().luhn_holds());
        let paid_into = person.paid_into().unwrap();
        prop_assert_eq!(paid_into.currency(), person.salary.currency());
        prop_assert!(!model::shows_card_number(&paid_into.to_string()), "{}", paid_into);
        prop_assert!(!model::shows_card_number(&person.customer.to_string()), "{}", person.customer);
        prop_assert_eq!(person.card.is_none(), person.card_state == CardState::Registered);
        if let Some(card) = person.card {
            prop_assert!(card.pan.luhn_holds());
            prop_assert_eq!(card.pan.prefix(6), Some(u64::from(person.bank.prefix())));
            prop_assert!((1..=12).contains(&(card.expiry % 100)), "{}", card.expiry);
        }
    }
}

#[test]
fn a_seed_means_the_same_bytes_for_ever() {
    let nation = Nation::new(7);
    let digests = TABLES.map(|table| digest(&file(table, nation.people(1000))));
    assert_eq!(digests, DIGESTS, "the same seed gave other people: a throw was moved, or a list changed");
}

const DIGESTS: [u64; 4] =
    [4_986_973_760_892_690_999, 11_496_958_623_466_023_189, 14_069_208_595_346_283_270, 14_322_969_761_678_722_831];

#[test]
fn another_seed_means_other_people() {
    let ids = |seed| Nation::new(seed).people(1000).map(|it| it.id).collect::<HashSet<_>>();
    assert!(ids(7).intersection(&ids(8)).count() < 5);
}

#[test]
fn nobody_shares_an_id_an_account_a_customer_number_or_a_card() {
    let nation = Nation::new(7);
    let (mut ids, mut accounts, mut customers, mut cards) = (HashSet::new(), HashSet::new(), HashSet::new(), HashSet::new());
    for person in nation.people(200_000) {
        assert!(ids.insert(person.id), "{}", person.index);
        assert!(customers.insert(person.customer), "{}", person.index);
        assert!([person.khr, person.usd].into_iter().flatten().all(|it| accounts.insert(it.number())), "{}", person.index);
        assert!(person.card.is_none_or(|card| cards.insert(card.pan)), "{}", person.index);
    }
}

#[test]
fn a_nation_has_something_of_everything_and_most_of_what_is_ordinary() {
    let nation = Nation::new(7);
    let mut seen: HashMap<&str, u32> = HashMap::new();
    for person in nation.people(100_000) {
        for word in [person.agency.name(), person.status.name(), person.account_status.name(), person.card_state.name()] {
            *seen.entry(word).or_default() += 1;
        }
        *seen.entry(person.bank.name()).or_default() += 1;
        *seen.entry(person.salary.currency().alpha()).or_default() += 1;
    }
    let within = |word, low, high| {
        let count = seen.get(word).copied().unwrap_or(0);
        assert!((low..=high).contains(&count), "{word}: {count}");
    };
    Agency::all().for_each(|agency| within(agency.name(), 600, 48_500));
    ["retired", "resigned", "unpaid-leave", "deceased"].into_iter().for_each(|word| within(word, 40, 300));
    within("closed", 100, 300);
    within("blocked", 300, 600);
    within("open", 99_500, 99_900);
    within("acleda", 51_000, 53_000);
    within("canadia", 26_000, 28_000);
    within("wing", 20_000, 22_000);
    within("USD", 3_500, 4_500);
}

#[test]
fn the_launch_day_has_the_figures_that_were_reported() {
    let day = launch_day();
    let agencies: Vec<_> = day.agencies().collect();
    assert_eq!(agencies.len(), 17);
    assert_eq!(agencies.iter().map(|it| it.registered).sum::<u32>(), 1859);
    assert_eq!(agencies.iter().map(|it| it.printed).sum::<u32>(), 497);
    assert_eq!(agencies.iter().filter(|it| it.printed > 0).count(), 11);

    let people: Vec<_> = day.people().collect();
    assert_eq!((people.len(), people.iter().filter(|it| it.printed).count()), (1859, 497));
    for figures in agencies {
        let of: Vec<_> = people.iter().filter(|it| it.person.agency == figures.agency).collect();
        assert_eq!(of.len(), usize::try_from(figures.registered).unwrap());
        assert_eq!(of.iter().filter(|it| it.person.card.is_some()).count(), usize::try_from(figures.printed).unwrap());
    }
    let banks = [Bank::Acleda, Bank::Canadia, Bank::Wing].map(|bank| day.figures_of(bank));
    assert_eq!(banks, [(966, 272), (497, 116), (396, 109)]);
    assert!(people.iter().all(|it| it.person.is_paid() && it.person.card.is_none_or(|card| card.expiry == 3212)));
    assert_eq!(people.iter().map(|it| it.person.id).collect::<HashSet<_>>().len(), 1859);
    assert_eq!(day.date().to_string(), "2022-12-28");
}

#[test]
fn only_those_are_paid_who_must_be_unless_faults_are_asked_for() {
    let nation = Nation::new(7);
    let must = |currency| {
        let paid = nation.people(20_000).filter(move |it| it.is_paid() && it.salary.currency() == currency);
        paid.map(|it| it.id).collect::<HashSet<_>>()
    };
    for currency in [Currency::KHR, Currency::USD] {
        let sound: Vec<_> = items(&nation, 20_000, currency, false).collect();
        assert_eq!(sound.iter().map(|it| it.employee).collect::<HashSet<_>>(), must(currency));
        assert_eq!(sound.len(), must(currency).len());
        assert!(
            sound.iter().all(|it| it.fault.is_none() && it.amount.currency() == currency && it.account.currency() == currency)
        );
        let total = Total::of(sound.iter().copied());
        assert_eq!(usize::try_from(total.count).unwrap(), sound.len());
        assert_eq!(total.minor, sound.iter().map(|it| it.amount.minor()).sum::<u64>());
    }
    let ids: HashSet<_> = nation.people(60_000).map(|it| it.id).collect();
    let (mut accounts, mut seen, mut kinds) = (HashMap::new(), HashSet::new(), HashSet::new());
    for item in items(&nation, 60_000, Currency::KHR, true) {
        let again = !seen.insert(item.employee);
        let shared = accounts.insert(item.account.number(), item.employee).is_some_and(|other| other != item.employee);
        assert_eq!(again, item.fault == Some(Fault::Twice), "{:?}", item.reference);
        assert_eq!(shared, item.fault == Some(Fault::SharedAccount), "{:?}", item.reference);
        assert_eq!(!ids.contains(&item.employee), item.fault == Some(Fault::UnknownPayee), "{:?}", item.reference);
        kinds.extend(item.fault);
    }
    assert_eq!(kinds.len(), 9, "{kinds:?}");
}

#[test]
fn files_are_quoted_where_they_must_be_and_tell_one_line_each() {
    let text = file(Table::Registrations, Nation::new(7).people(300));
    let line = text.lines().find(|line| line.contains("Education")).unwrap();
    assert!(line.contains(",\"Ministry of Education, Youth and Sport\","), "{line}");
    assert_eq!(text.lines().count(), 301);
    assert!(text.ends_with('\n') && !text.contains('\r'));
}

#[test]
fn names_are_not_told_by_debug() {
    let person = Nation::new(7).person(3);
    let told = format!("{person:?}");
    for secret in [person.name.latin().to_string(), person.name.khmer().to_string(), person.id.to_string()] {
        assert!(!told.contains(&secret), "{told}");
    }
    assert!(person.card.is_none_or(|card| !told.contains(str::from_utf8(card.pan.digits().as_ref()).unwrap())), "{told}");
}

#[test]
fn people_are_written_without_an_allocation() {
    let nation = Nation::new(7);
    let used = allocation_counter::measure(|| {
        let mut out = std::io::sink();
        for person in nation.people(100_000) {
            TABLES.into_iter().for_each(|table| table.write(&person, &mut out).unwrap());
        }
    });
    assert_eq!(used.bytes_max, 0);
}
