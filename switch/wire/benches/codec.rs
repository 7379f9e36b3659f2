//! How long it takes to read and to build the 17-field request that every codec is measured by, in each dialect.
//!
//! `cargo bench -p payswitch-wire` prints the best and the median of many short batches: on a shared machine the best tells what the
//! code costs, the median what the neighbours cost. `-- iso87-bcd build` runs one of them alone and briefly, for an instruction count
//! under callgrind.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench is run by hand and read by a person")]

use std::hint::black_box;
use std::time::Instant;

use bytes::BytesMut;
use model::FieldNumber;
use wire::{Dialect, Value};

const DIALECTS: [&str; 3] = ["iso87-ascii", "iso87-bcd", "iso87-ebcdic"];

/// 2 3 4 7 11 12 13 18 22 32 35 37 41 42 43 49 52.
fn request() -> [(FieldNumber, Value<'static>); 17] {
    [
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
    ]
}

/// Best and median nanoseconds of one call.
fn measured(batches: usize, calls: u32, mut once: impl FnMut()) -> (f64, f64) {
    let mut each: Vec<f64> = (0..batches)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| once());
            start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
        })
        .collect();
    each.sort_unstable_by(f64::total_cmp);
    (each[0], each[batches / 2])
}

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let (batches, calls) = if chosen.is_empty() { (2000, 1000) } else { (1, 10_000) };
    for name in DIALECTS.iter().filter(|name| chosen.is_empty() || chosen[0] == **name) {
        let dialect = Dialect::builtin(name).unwrap();
        let fields = request();
        let mut out = BytesMut::with_capacity(4096);
        dialect.build(200, &fields, &mut out).unwrap();
        let body = out.clone();
        let wanted = |what: &str| chosen.get(1).is_none_or(|only| only == what);
        let told =
            |what: &str, (best, median): (f64, f64)| println!("{name:<14} {what:<8} best {best:6.1} ns, median {median:6.1} ns");
        if wanted("parse") {
            told("parse", measured(batches, calls, || assert!(black_box(dialect.parse(black_box(&body))).is_ok())));
        }
        if wanted("build") {
            told(
                "build",
                measured(batches, calls, || {
                    out.clear();
                    black_box(&dialect).build(200, black_box(&fields), &mut out).unwrap();
                    black_box(&out);
                }),
            );
        }
        if wanted("read") {
            told("read", measured(batches, calls, || assert!(black_box(wire::read(&dialect, black_box(&body))).is_ok())));
        }
        if wanted("write") {
            let message = wire::read(&dialect, &body).unwrap();
            told(
                "write",
                measured(batches, calls, || {
                    out.clear();
                    wire::write(&dialect, black_box(&message), model::Timestamp::default(), &mut out).unwrap();
                    black_box(&out);
                }),
            );
        }
    }
}
