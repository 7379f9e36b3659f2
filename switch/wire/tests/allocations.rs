//! Reading and building a message asks the heap for nothing.

#![allow(clippy::unwrap_used, reason = "tests may fail")]

#[path = "../benches/shared/request.rs"]
mod request;

use bytes::BytesMut;
use request::{REQUEST, request};
use wire::Dialect;

#[test]
fn neither_reading_nor_building_allocates() {
    for name in Dialect::builtin_names().iter().filter(|name| name.starts_with("iso87")) {
        let dialect = Dialect::builtin(name).unwrap();
        let fields = request();
        let mut out = BytesMut::with_capacity(1024);
        let built = allocation_counter::measure(|| dialect.build(REQUEST, &fields, &mut out).unwrap());
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
