//! Bytes to message and back: this switch's two dialects, and the crate `iso8583_rs` with the same fields.

use model::Timestamp;
use std::hint::black_box;

use bytes::BytesMut;
use criterion::{Criterion, Throughput};
use iso8583_rs::iso8583::iso_spec;

use crate::withdrawal::{body, dialect, withdrawal};

pub(crate) fn bench(criterion: &mut Criterion) {
    for name in ["iso87-ascii", "iso87-bcd"] {
        ours(criterion, name);
    }
    theirs(criterion);
}

fn ours(criterion: &mut Criterion, name: &str) {
    let (dialect, message) = (dialect(name), withdrawal());
    let bytes = body(&dialect, &message);
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(1));
    group.bench_function("parse", |b| b.iter(|| black_box(dialect.parse(black_box(&bytes)).unwrap())));
    group.bench_function("read", |b| b.iter(|| black_box(wire::read(&dialect, black_box(&bytes)).unwrap())));
    let mut out = BytesMut::with_capacity(1024);
    group.bench_function("write", |b| {
        b.iter(|| {
            out.clear();
            wire::write(&dialect, black_box(&message), Timestamp::default(), &mut out).unwrap();
            black_box(out.len())
        });
    });
    group.finish();
}

/// The same values in the crate's own form: characters, a raw bitmap, a raw PIN block.
const VALUES: [(u32, &str); 17] = [
    (2, "9116010000000019"),
    (3, "010000"),
    (4, "000005000000"),
    (7, "1228103005"),
    (11, "000042"),
    (12, "173005"),
    (13, "1228"),
    (18, "6011"),
    (22, "051"),
    (32, "116000"),
    (35, "9116010000000019=32121010000012300000"),
    (37, "000000000042"),
    (41, "ATM00001"),
    (42, "BENCH0000000001"),
    (43, "STREET 51            PHNOM PENH       KH"),
    (49, "116"),
    (52, "123456789abcdef0"),
];

fn theirs(criterion: &mut Criterion) {
    let spec = iso_spec::spec("");
    let segment = spec.get_message("0200").unwrap();
    let build = || {
        let mut message = iso_spec::new_msg(spec, segment);
        message.set("message_type", "0200").unwrap();
        for (position, value) in VALUES {
            message.set_on(position, value).unwrap();
        }
        message.assemble().unwrap()
    };
    let mut bytes = build();
    let mut group = criterion.benchmark_group("iso8583_rs");
    group.throughput(Throughput::Elements(1));
    group.bench_function("parse", |b| b.iter(|| black_box(spec.parse(black_box(&mut bytes)).is_ok())));
    group.bench_function("write", |b| b.iter(|| black_box(build())));
    group.finish();
}
