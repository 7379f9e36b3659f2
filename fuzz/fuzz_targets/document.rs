//! A payroll document: whatever the bytes, reading comes to an end, and that is the document's or a fault's; what is read is sound.
#![no_main]

use documents::{Entry, Fault, Header, Severity, Sum, pain001, payroll_csv};
use libfuzzer_sys::fuzz_target;

fn to_the_end(found: impl Iterator<Item = Result<Entry, Fault>>) {
    let (mut ended, mut faults, mut header): (_, _, Option<Header>) = (false, 0, None);
    let (mut count, mut sum) = (0, Sum::ZERO);
    let mut broken = false;
    for found in found {
        assert!(!ended && !broken, "something comes behind the end");
        assert!(!format!("{found:?}").is_empty());
        match found {
            Ok(Entry::Header(found)) => header = Some(found),
            Ok(Entry::Block(block)) => assert!(block.line > 0),
            Ok(Entry::Item(item)) => {
                assert!(item.amount.minor() > 0 && item.line > 0);
                (count, sum) = (count + 1, sum.plus(item.amount));
            }
            Ok(Entry::End(totals)) => {
                ended = true;
                assert!(faults > 0 || (totals.count, totals.sum) == (count, Some(sum)));
            }
            Err(fault) => {
                assert!(fault.line > 0 && fault.column > 0 && fault.to_string().contains(';'), "{fault}");
                broken = fault.severity() == Severity::EndsReading;
                faults += 1;
            }
        }
    }
    assert!(ended || broken, "no end");
    if faults == 0 {
        let header = header.expect("a sound document has a header");
        assert!(u64::from(header.count) == count && header.control_sum.is_none_or(|stated| stated == sum));
    }
}

fuzz_target!(|input: &[u8]| {
    to_the_end(pain001::Reader::new(input));
    to_the_end(payroll_csv::Reader::new(input));
    if let Ok(reader) = documents::read(input) {
        to_the_end(reader);
    }
});
