//! How long it takes to read and to build the 17-field request that every codec is measured by, in each dialect.
//!
//! `cargo bench -p payswitch-wire` prints the best and the median of many short batches: on a shared machine the best tells what the
//! code costs, the median what the neighbours cost. `-- iso87-bcd build` runs one of them alone and briefly, for an instruction count
//! under callgrind.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench is run by hand and read by a person")]

#[path = "shared/request.rs"]
mod request;
#[path = "shared/timing.rs"]
mod timing;

use std::hint::black_box;

use bytes::BytesMut;
use request::{REQUEST, request};
use timing::measured;
use wire::Dialect;

const DIALECTS: [&str; 3] = ["iso87-ascii", "iso87-bcd", "iso87-ebcdic"];

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let (batches, calls) = if chosen.is_empty() { (2000, 1000) } else { (1, 10_000) };
    for name in DIALECTS.iter().filter(|name| chosen.is_empty() || chosen[0] == **name) {
        let dialect = Dialect::builtin(name).unwrap();
        let fields = request();
        let mut out = BytesMut::with_capacity(4096);
        dialect.build(REQUEST, &fields, &mut out).unwrap();
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
                    black_box(&dialect).build(REQUEST, black_box(&fields), &mut out).unwrap();
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
