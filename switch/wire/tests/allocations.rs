//! Reading and building a message asks the heap for nothing.

#![allow(clippy::unwrap_used, reason = "tests may fail")]

use bytes::BytesMut;
use wire::{Dialect, Value};

#[test]
fn neither_reading_nor_building_allocates() {
    for name in Dialect::builtin_names().iter().filter(|name| name.starts_with("iso87")) {
        let dialect = Dialect::builtin(name).unwrap();
        let fields = [
            (2, Value::Digits(9_116_010_000_000_014, 16)),
            (3, Value::Number(10_000)),
            (4, Value::Number(5_000_000)),
            (7, Value::Number(1_228_103_005)),
            (11, Value::Number(42)),
            (12, Value::Number(173_005)),
            (13, Value::Number(1228)),
            (18, Value::Number(6011)),
            (22, Value::Number(51)),
            (32, Value::Digits(116_001, 6)),
            (35, Value::Characters(b"9116010000000014=32122011234")),
            (37, Value::Characters(b"233612000042")),
            (41, Value::Characters(b"ATM00001")),
            (42, Value::Characters(b"MERCHANT0000001")),
            (43, Value::Characters(b"12 NORODOM BLVD        PHNOM PENH     KH")),
            (49, Value::Number(116)),
            (52, Value::Characters(&[0x04, 0x12, 0xAC, 0x89, 0xAB, 0xCD, 0xEF, 0x67])),
        ];
        let mut out = BytesMut::with_capacity(1024);
        let built = allocation_counter::measure(|| dialect.build(200, &fields, &mut out).unwrap());
        assert_eq!(built.count_total, 0, "{name}: building");
        let parsed = allocation_counter::measure(|| assert!(dialect.parse(&out).is_ok()));
        assert_eq!(parsed.count_total, 0, "{name}: parsing");
        let read = allocation_counter::measure(|| assert!(wire::read(&dialect, &out).is_ok()));
        assert_eq!(read.count_total, 0, "{name}: reading");
        let refused = allocation_counter::measure(|| assert!(wire::read(&dialect, &out[..out.len() - 1]).is_err()));
        assert_eq!(refused.count_total, 0, "{name}: refusing");
    }
    // The counter counts: an empty promise would pass as well.
    assert_eq!(allocation_counter::measure(|| drop(std::hint::black_box(vec![1u8]))).count_total, 1);
}
