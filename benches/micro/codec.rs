//! The same seventeen fields through this switch's codec and through two libraries from crates.io, side by side.
//!
//! What a codec leaves undone is part of what it costs, so each is also handed a few broken messages, and the table says which of
//! them it takes for sound.

#[path = "../../switch/wire/benches/shared/timing.rs"]
mod timing;

use std::collections::HashMap;
use std::hint::black_box;

use bytes::BytesMut;
use iso_8583_rs::specfile::{FieldDescription, Spec};
use iso_8583_rs::{Builder, CompiledSpec};
use iso8583_rs::iso8583::iso_spec;
use timing::measured;

use crate::withdrawal::{REQUEST, body, dialect, request};

/// How long it takes, in nanoseconds, and what it takes for sound.
struct Row {
    library: &'static str,
    encoding: &'static str,
    parse: f64,
    build: f64,
    /// The names of the broken messages that it parses all the same.
    takes: Vec<&'static str>,
}

/// Prints the table. `rounds` batches of two hundred calls are made of each; the best counts.
pub(crate) fn compare(rounds: usize) {
    let best = |once: &mut dyn FnMut()| measured(rounds, 200, once).0;
    let rows = [ours("iso87-ascii", "ASCII", best), ours("iso87-bcd", "BCD", best), iso_8583_rs(best), iso8583_rs(best)];
    println!("The 17-field 0200, best of {rounds} batches; ratios are to payswitch in ASCII, above 1 is slower than it.\n");
    println!("| library | encoding | parse, ns | build, ns | parse, ratio | build, ratio | takes for sound |");
    println!("|---|---|---|---|---|---|---|");
    let [Row { parse, build, .. }, ..] = &rows;
    for row in &rows {
        let ratios = (row.parse / parse, row.build / build);
        let takes = if row.takes.is_empty() { "none of these".to_owned() } else { row.takes.join("; ") };
        println!(
            "| {} | {} | {:.0} | {:.0} | {:.2} | {:.2} | {takes} |",
            row.library, row.encoding, row.parse, row.build, ratios.0, ratios.1
        );
    }
    println!("{NOTES}");
}

const NOTES: &str = "
payswitch builds from numbers, whose digits it writes; both libraries build from digits that are ready. All three parse to places
or copies of fields, not to values.
iso_8583_rs 0.2 speaks ASCII only, with a hexadecimal bitmap. It checks n, a, an and ans; track data (z) and binary fields (b), here
in hexadecimal, it does not look at, nor at what a message type is. An error names a field at most, not the place nor what stood there.
iso8583_rs 0.1 checks no characters and no highest length, and copies each field into a map on the heap. It has a raw bitmap here,
a raw PIN block, and a specification in which only these fields exist.
";

/// The names of the broken messages made from `sound` that are parsed. `amount` and `track` are the places of a byte in DE4 and in
/// the digits of DE35.
fn takes(sound: &[u8], amount: usize, track: usize, mut parses: impl FnMut(Vec<u8>) -> bool) -> Vec<&'static str> {
    assert!(parses(sound.to_vec()), "the sound message is taken");
    let with = |place: usize, byte: u8| {
        let mut broken = sound.to_vec();
        broken[place] = byte;
        broken
    };
    let broken = [
        ("a letter in DE4", with(amount, b'Z')),
        ("a letter in DE35", with(track, b'Z')),
        ("a byte left over", [sound, b"0"].concat()),
        ("a byte too few", sound[..sound.len() - 1].to_vec()),
    ];
    broken.into_iter().filter_map(|(name, bytes)| parses(bytes).then_some(name)).collect()
}

/// Where a byte of the needle stands in a message that has it once.
fn place_of(needle: &[u8], sound: &[u8]) -> usize {
    sound.windows(needle.len()).position(|part| part == needle).unwrap()
}

fn ours(name: &'static str, encoding: &'static str, best: impl Fn(&mut dyn FnMut()) -> f64) -> Row {
    let dialect = dialect(name);
    let (fields, sound) = (request(), body(&dialect));
    let mut out = BytesMut::with_capacity(1024);
    let parsed = dialect.parse(&sound).unwrap();
    let [amount, track] = [4, 35].map(|field| place_of(parsed.bytes(&dialect, field).unwrap(), &sound));
    Row {
        library: "payswitch",
        encoding,
        parse: best(&mut || assert!(black_box(dialect.parse(black_box(&sound))).is_ok())),
        build: best(&mut || {
            out.clear();
            dialect.build(REQUEST, black_box(&fields), &mut out).unwrap();
            black_box(&out);
        }),
        takes: takes(&sound, amount, track, |bytes| dialect.parse(&bytes).is_ok()),
    }
}

/// The fields in the characters that they have in ASCII, as both libraries want them.
fn characters() -> Vec<(u8, String)> {
    let dialect = dialect("iso87-ascii");
    let body = body(&dialect);
    let parsed = dialect.parse(&body).unwrap();
    let of = |field| String::from_utf8(parsed.bytes(&dialect, field).unwrap().to_vec()).unwrap();
    parsed.fields().iter().map(|field| (field, of(field))).collect()
}

fn value_of(fields: &[(u8, String)], number: u8) -> &str {
    fields.iter().find(|(field, _)| *field == number).map_or("", |(_, value)| value)
}

fn iso_8583_rs(best: impl Fn(&mut dyn FnMut()) -> f64) -> Row {
    let row = |field: u8, value: &str| {
        let (content, length, max) = match field {
            2 => ("n", "llvar", 19),
            32 => ("n", "llvar", 11),
            35 => ("z", "llvar", 37),
            37 => ("an", "fixed", value.len()),
            41..=43 => ("ans", "fixed", value.len()),
            52 => ("b", "fixed", value.len()),
            _ => ("n", "fixed", value.len()),
        };
        let (content_type, len_type) = (content.to_owned(), length.to_owned());
        FieldDescription { content_type, len_type, max_len: max, min_len: 0, label: String::new() }
    };
    let fields = characters();
    let rows: HashMap<_, _> = fields.iter().map(|(field, value)| (i64::from(*field), row(*field, value))).collect();
    let spec = CompiledSpec::compile(&Spec { fields: rows }).unwrap();
    let sound = body(&dialect("iso87-ascii"));
    let mut out = Vec::with_capacity(1024);
    let mut build = || {
        let mut builder = Builder::new(&spec, b"0200").unwrap();
        for (field, value) in black_box(&fields) {
            builder.set(usize::from(*field), value.as_bytes()).unwrap();
        }
        builder.pack_into(&mut out);
        black_box(&out);
    };
    let built = best(&mut build);
    assert_eq!(out, sound, "both write the same bytes");
    let [amount, track] = [4, 35].map(|field| place_of(value_of(&fields, field).as_bytes(), &sound));
    Row {
        library: "iso_8583_rs 0.2.2",
        encoding: "ASCII",
        parse: best(&mut || assert!(black_box(iso_8583_rs::Message::parse(&spec, black_box(&sound))).is_ok())),
        build: built,
        takes: takes(&sound, amount, track, |bytes| iso_8583_rs::Message::parse(&spec, &bytes).is_ok()),
    }
}

fn iso8583_rs(best: impl Fn(&mut dyn FnMut()) -> f64) -> Row {
    let spec = iso_spec::spec("");
    let segment = spec.get_message("0200").unwrap();
    let fields = characters();
    let build = || {
        let mut message = iso_spec::new_msg(spec, segment);
        message.set("message_type", "0200").unwrap();
        for (field, value) in black_box(&fields) {
            message.set_on(u32::from(*field), value).unwrap();
        }
        message.assemble().unwrap()
    };
    let mut sound = build();
    let [amount, track] = [4, 35].map(|field| place_of(value_of(&fields, field).as_bytes(), &sound));
    let takes = takes(&sound, amount, track, |mut bytes| spec.parse(&mut bytes).is_ok());
    Row {
        library: "iso8583_rs 0.1.10",
        encoding: "ASCII",
        parse: best(&mut || assert!(black_box(spec.parse(black_box(&mut sound))).is_ok())),
        build: best(&mut || {
            black_box(build());
        }),
        takes,
    }
}
