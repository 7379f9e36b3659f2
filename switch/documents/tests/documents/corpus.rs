//! The files of `fixtures/payroll`: good ones are read whole, each bad one is refused as its table says.

use std::collections::BTreeMap;

use documents::{Account, AgentKind, Entry, Format, Item, pain001, payroll_csv};

use super::{fixtures, read, sorted};

fn files(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(fixtures(folder)).unwrap().map(|file| file.unwrap().path());
    let documents = files.filter(|path| path.extension().is_some_and(|ending| ending == "xml" || ending == "csv"));
    documents.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())).collect()
}

/// The items of a good document.
fn items(name: &str) -> Vec<Item> {
    let (entries, faults) = read(&files("good")[name]);
    assert!(faults.is_empty(), "{name}: {faults:#?}");
    entries.into_iter().filter_map(|entry| if let Entry::Item(item) = entry { Some(item) } else { None }).collect()
}

#[test]
fn each_bad_file_is_refused_at_its_line_with_its_field_and_code() {
    let (files, mut wrong) = (files("bad"), Vec::new());
    let table: toml::Table = std::fs::read_to_string(fixtures("bad/expected.toml")).unwrap().parse().unwrap();
    assert_eq!(files.keys().collect::<Vec<_>>(), table.keys().collect::<Vec<_>>(), "each file stands in the table once");
    assert!(files.len() >= 40, "{}", files.len());
    for (name, bytes) in &files {
        let expected = &table[name];
        let number = |key: &str| u64::try_from(expected[key].as_integer().unwrap()).unwrap();
        let text = |key: &str| expected[key].as_str().unwrap().to_owned();
        let expected = (number("line"), number("column"), text("field"), text("code"));
        // By the reader of its own format, which has to refuse also what the first bytes tell.
        let (entries, faults) = match name.ends_with(".csv") {
            true => sorted(payroll_csv::Reader::new(&bytes[..])),
            false => sorted(pain001::Reader::new(&bytes[..])),
        };
        let place = |fault: &documents::Fault| (fault.line, fault.column, fault.field.clone(), fault.code().to_string());
        let found: Vec<_> = faults.iter().map(place).collect();
        if found != [expected.clone()] {
            wrong.push(format!("{name}\n  expected {expected:?}\n  found    {faults:#?}"));
        }
        // The lines, ids and amounts of what is sound are told all the same; the end only where it was reached.
        let ended = matches!(entries.last(), Some(Entry::End(_)));
        let ends_reading = faults.iter().any(|fault| fault.severity() == documents::Severity::EndsReading);
        assert_eq!(ended, !ends_reading, "{name}");
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}

#[test]
fn good_files_say_the_same_whatever_their_edition() {
    let strip = |items: Vec<Item>| -> Vec<_> { items.into_iter().map(|item| Item { line: 0, column: 0, ..item }).collect() };
    let first = strip(items("pain.001.001.03.xml"));
    assert_eq!(first.len(), 3);
    assert_eq!(first[1].name.as_ref().unwrap().as_str(), "Chan & Sons Bopha");
    assert_eq!((first[2].index, first[2].amount.to_string().as_str()), (3, "1234567.89 KHR"));
    assert_eq!(first[2].remittance.as_ref().unwrap().as_str(), "<bonus>");
    assert_eq!(strip(items("pain.001.001.09.xml")), first);
    assert_eq!(strip(items("pain.001.001.11.xml")), first);
    let lines: Vec<_> = items("pain.001.001.09.xml").iter().map(|item| (item.line, item.column)).collect();
    assert_eq!(lines, [(59, 7), (98, 7), (134, 7)]);
}

#[test]
fn xml_is_read_in_the_ways_in_which_it_can_be_written() {
    let bytes = &files("good")["pain.001.001.09-rich.xml"];
    let (entries, faults) = read(bytes);
    assert!(faults.is_empty(), "{faults:#?}");
    let kinds: Vec<_> = entries.iter().map(|entry| format!("{entry:?}").chars().take(4).collect::<String>()).collect();
    assert_eq!(kinds, ["Head", "Bloc", "Item", "Item", "Bloc", "Item", "End("]);
    let items = items("pain.001.001.09-rich.xml");
    assert_eq!(items[0].end_to_end_id.as_str(), "B<1>");
    assert_eq!(items[0].name.as_ref().unwrap().as_str(), "Keo Pisey");
    assert_eq!((items[0].agent.kind(), items[0].agent.as_str()), (AgentKind::Member, "116002"));
    assert_eq!(items[1].account, Account::iban("GB82WEST12345698765432").unwrap());
    assert_eq!(items[1].remittance.as_ref().unwrap().as_str(), "one");
    // Byte by byte it is the same.
    let slowly = std::io::BufReader::with_capacity(1, &bytes[..]);
    assert_eq!(sorted(documents::read(slowly).unwrap()), (entries, faults));
}

#[test]
fn csv_is_read_with_either_line_end_and_with_a_byte_order_mark() {
    let first = items("payroll.csv");
    assert_eq!(first.len(), 3);
    assert_eq!(first[0].remittance.as_ref().unwrap().as_str(), "Salary, first half of December 2022");
    assert_eq!(first[1].name.as_ref().unwrap().as_str(), "Chan \"Bopha\"");
    let kinds: Vec<_> = first.iter().map(|item| item.agent.kind()).collect();
    assert_eq!(kinds, [AgentKind::Member, AgentKind::Bic, AgentKind::Other]);
    assert_eq!(items("payroll-crlf-bom.csv"), first);
}

/// A byte order mark is no text, however the bytes come.
#[test]
fn xml_may_begin_with_a_byte_order_mark() {
    for (name, bytes) in files("good").into_iter().filter(|(name, _)| name.ends_with(".xml")) {
        let marked = [b"\xEF\xBB\xBF", &bytes[..]].concat();
        let expected = read(&bytes);
        assert_eq!(read(&marked), expected, "{name}");
        assert_eq!(sorted(pain001::Reader::new(std::io::BufReader::with_capacity(1, &marked[..]))), expected, "{name}");
    }
}

/// What the fuzzer begins with is sound, or it would begin nowhere.
#[test]
fn each_seed_of_the_fuzzer_is_a_sound_document() {
    let seeds = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/document")).unwrap();
    let seeds: Vec<_> = seeds.map(|seed| seed.unwrap().path()).collect();
    assert!(seeds.len() >= 3);
    for seed in seeds {
        let (entries, faults) = read(&std::fs::read(&seed).unwrap());
        assert!(faults.is_empty() && matches!(entries.last(), Some(Entry::End(_))), "{seed:?}: {faults:?}");
    }
}

#[test]
fn each_good_file_is_told_by_its_content() {
    for (name, bytes) in files("good") {
        let format = if name.ends_with(".csv") { Format::Csv } else { Format::Pain001 };
        assert_eq!(Format::of(&bytes[..Format::BYTES]), Ok(format), "{name}");
    }
}

/// Every beginning of a good file is refused, and refused as one that ends too early or has lost something.
#[test]
fn a_file_cut_at_any_byte_is_refused() {
    for (name, bytes) in files("good") {
        // Behind the end tag, or behind a CSV's last line end, nothing is lost any more.
        let end = bytes.windows(2).rposition(|pair| pair == b"t>").map_or(bytes.len(), |at| at + 2);
        let whole = if name.ends_with(".csv") { bytes.len() } else { end };
        for cut in 0..whole {
            let (entries, faults) = read(&bytes[..cut]);
            assert!(!faults.is_empty(), "{name} cut at {cut} was taken: {:?}", entries.last());
            let worst = faults.iter().any(|fault| fault.severity() == documents::Severity::EndsReading);
            assert!(worst || matches!(entries.last(), Some(Entry::End(_))), "{name} cut at {cut}");
        }
        assert!(read(&bytes[..whole]).1.is_empty(), "{name}");
    }
}

/// What is told of a good file, to whoever writes it to a log, shows nobody's name, number or account.
#[test]
fn nothing_of_a_person_is_shown_by_debug() {
    for (name, bytes) in files("good") {
        let told = format!("{:?}", read(&bytes));
        for secret in ["Dara", "Bopha", "សុភា", "Pisey", "100000017", "100000041", "001000001116", "GB82WEST", "first half"]
        {
            assert!(!told.contains(secret), "{name} shows {secret}: {told}");
        }
    }
}

/// Nor do faults, which are shown to people and kept.
#[test]
fn no_fault_repeats_a_value_of_a_person() {
    for (name, bytes) in files("bad") {
        let (_, faults) = read(&bytes);
        for fault in faults {
            let told = format!("{fault} {fault:?}");
            for secret in ["Dara", "Bopha", "សុភា", "100000017", "100000025", "002000002116", "002-000", "acledabank", "98765"]
            {
                assert!(!told.contains(secret), "{name} shows {secret}: {told}");
            }
            assert!(told.contains(';'), "{name}: no remedy in {told}");
        }
    }
}
