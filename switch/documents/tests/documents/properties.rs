//! What holds of every document: what is written is read back, and no bytes make a reader panic or go on for ever.

use documents::{Block, Entry, Error, Item, Severity, pain001, payroll_csv};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::made::{document, sheet};
use super::{fixtures, read, sorted};

/// What was read, without the places that a writer does not choose, and without the end.
fn placeless(entries: Vec<Entry>) -> Vec<Entry> {
    let strip = |entry| match entry {
        Entry::Item(item) => Some(Entry::Item(Item { line: 0, column: 0, ..item })),
        Entry::Block(block) => Some(Entry::Block(Block { line: 0, ..block })),
        Entry::End(_) => None,
        Entry::Header(_) => Some(entry),
    };
    entries.into_iter().filter_map(strip).collect()
}

fn editions() -> impl Strategy<Value = pain001::Edition> {
    prop::sample::select(pain001::Edition::ALL.to_vec())
}

/// A good file with a few pieces overwritten, taken out, doubled or moved.
fn spoilt() -> impl Strategy<Value = (String, Vec<u8>)> {
    let names = ["pain.001.001.03.xml", "pain.001.001.09.xml", "pain.001.001.09-rich.xml", "payroll.csv", "payroll-crlf-bom.csv"];
    let signs = prop::sample::select(b"<>&\"',;/!?-= \n\r\t\0\xFF0a[]#x".to_vec());
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0usize..60, 0..5, signs);
    (prop::sample::select(names.to_vec()), prop::collection::vec(change, 1..5)).prop_map(|(name, changes)| {
        let mut bytes = std::fs::read(fixtures("good").join(name)).unwrap();
        for (at, to, length, kind, sign) in changes {
            let at = at.index(bytes.len());
            let piece = bytes[at..(at + length).min(bytes.len())].to_vec();
            match kind {
                0 => bytes[at] = sign,
                1 => bytes.insert(at, sign),
                2 => drop(bytes.splice(at..at + piece.len(), [])),
                3 => drop(bytes.splice(at..at, piece)),
                _ => {
                    let to = to.index(bytes.len());
                    bytes.splice(to..to, piece);
                }
            }
        }
        (name.to_owned(), bytes)
    })
}

/// Reads to the end by both readers. Whatever the bytes, there is an end, and it is either the document's or a fault's.
fn read_to_the_end(bytes: &[u8]) {
    for (entries, faults) in [sorted(pain001::Reader::new(bytes)), sorted(payroll_csv::Reader::new(bytes)), read(bytes)] {
        let ended = matches!(entries.last(), Some(Entry::End(_)));
        let broken = faults.last().is_some_and(|fault| fault.severity() == Severity::EndsReading);
        assert_ne!(ended, broken, "{faults:?}");
        for fault in faults {
            assert!(fault.line >= 1 && fault.column >= 1 && !fault.field.is_empty(), "{fault:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pain_001_that_is_written_is_read_back(made in document(), edition in editions()) {
        let bytes = made.xml(edition);
        let (entries, faults) = read(&bytes);
        prop_assert!(faults.is_empty(), "{:#?}\n{}", faults, String::from_utf8_lossy(&bytes));
        prop_assert!(placeless(entries) == made.entries(), "{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_csv_that_is_written_is_read_back(made in sheet()) {
        let bytes = made.csv();
        let (entries, faults) = read(&bytes);
        prop_assert!(faults.is_empty(), "{:#?}\n{}", faults, String::from_utf8_lossy(&bytes));
        prop_assert!(placeless(entries) == made.entries(), "{}", String::from_utf8_lossy(&bytes));
        // Another reader of CSV sees the same table.
        let mut other = csv::ReaderBuilder::new().from_reader(&bytes[..]);
        let rows: Vec<csv::StringRecord> = other.records().map(Result::unwrap).collect();
        prop_assert_eq!(rows.len(), made.blocks[0].1.len() + 2);
        for (row, item) in rows.iter().skip(1).zip(&made.blocks[0].1) {
            prop_assert_eq!(row.get(1), Some(item.end_to_end_id.as_str()));
            prop_assert_eq!(row.get(3).unwrap(), item.name.as_ref().map_or("", |name| name.as_str()));
        }
    }

    /// A wrong number or sum in what is stated is seen, whatever the document: the property behind AM18 and AM10.
    #[test]
    fn an_item_that_is_lost_is_noticed(made in document(), edition in editions()) {
        let text = String::from_utf8(made.xml(edition)).unwrap();
        let (begin, end) = (text.rfind("<CdtTrfTxInf>").unwrap(), text.rfind("</CdtTrfTxInf>").unwrap() + "</CdtTrfTxInf>".len());
        let (_, faults) = read([&text[..begin], &text[end..]].concat().as_bytes());
        prop_assert!(faults.iter().any(|fault| fault.code().text() == "AM18"), "{faults:?}");
    }

    #[test]
    fn no_spoilt_file_makes_a_reader_panic_or_go_on_for_ever((_name, bytes) in spoilt()) {
        read_to_the_end(&bytes);
    }

    #[test]
    fn no_bytes_make_a_reader_panic_or_go_on_for_ever(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_to_the_end(&bytes);
        read_to_the_end(&[b"<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09\">", &bytes[..]].concat());
        read_to_the_end(&[payroll_csv::HEADER.as_bytes(), b"\nbatch,", &bytes].concat());
    }
}

/// The faults of one item do not hide the next, nor do they hide each other.
#[test]
fn a_check_tells_all_that_is_wrong() {
    let good = std::fs::read_to_string(fixtures("good/pain.001.001.09.xml")).unwrap();
    let bad = good.replace(">150000.00<", ">0<").replace("E2E-0002", "").replace("<MmbId>116003</MmbId>", "");
    let bad = bad.replace("2022-12-30", "2022-12-32").replace("<Nm>Sok Dara", "<Nm>Sok\tDara");
    let (entries, faults) = read(bad.as_bytes());
    let told: Vec<_> = faults.iter().map(|fault| (fault.field.rsplit('/').next().unwrap(), fault.code().text())).collect();
    let expected = [("Dt", "DT01"), ("InstdAmt", "AM01"), ("Nm", "FF01"), ("EndToEndId", "FF01"), ("FinInstnId", "FF01")];
    assert_eq!(told, expected);
    // What belongs to a block that is wrong is not given out, so that nobody pays it.
    assert!(!entries.iter().any(|entry| matches!(entry, Entry::Block(_) | Entry::Item(_))));
    assert!(matches!(entries.last(), Some(Entry::End(totals)) if totals.count == 3 && totals.sum.is_none()));
}

/// An item that is wrong only in what it need not have, and sound items of a batch that is wrong, are not given out either.
#[test]
fn nothing_is_given_out_that_stands_in_something_wrong() {
    let items = |text: &str| {
        let (entries, faults) = read(text.as_bytes());
        assert_eq!(faults.len(), 1, "{faults:?}");
        entries.iter().filter(|entry| matches!(entry, Entry::Item(_))).count()
    };
    let xml = std::fs::read_to_string(fixtures("good/pain.001.001.09.xml")).unwrap();
    let csv = std::fs::read_to_string(fixtures("good/payroll.csv")).unwrap();
    assert_eq!(items(&xml.replace("Sok Dara", "Sok\tDara")), 2);
    assert_eq!(items(&csv.replace("Sok Dara", "Sok\tDara")), 2);
    assert_eq!(items(&xml.replace("<Dt>2022-12-30", "<Dt>2022-12-32")), 0);
    assert_eq!(items(&csv.replace("2022-12-30", "2022-12-32")), 0);
}

/// A writer does not end a document that says of itself what is not so.
#[test]
fn a_writer_refuses_other_items_than_are_stated() {
    let made = document().new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let (block, items) = &made.blocks[0];
    let begun = |count| {
        let header = documents::Header { count, control_sum: None, ..made.header.clone() };
        pain001::Writer::new(Vec::new(), pain001::Edition::V09, &header).unwrap()
    };
    let stated = Block { count: Some(1), control_sum: None, ..block.clone() };
    let mut early = begun(1);
    assert!(matches!(early.item(&items[0]), Err(Error::OutOfOrder(_))));
    for (count, written, sound) in [(1, 1, true), (2, 1, false), (1, 0, false), (1, 2, false)] {
        let mut writer = begun(count);
        writer.block(&stated).unwrap();
        (0..written).for_each(|_| writer.item(&items[0]).unwrap());
        let ended = writer.finish();
        assert_eq!(ended.is_ok(), sound, "{count} stated, {written} written");
        assert!(sound || matches!(ended, Err(Error::Totals { .. })));
    }
    let (other, wrong) = (if items[0].amount.currency().alpha() == "KHR" { "1 USD" } else { "1 KHR" }, &items[0]);
    let mut writer = begun(1);
    writer.block(&Block { currency: Some(items[0].amount.currency()), ..stated }).unwrap();
    let foreign = Item { amount: other.parse().unwrap(), ..wrong.clone() };
    assert!(matches!(writer.item(&foreign), Err(Error::NotCarried(_))));
}
