//! Whatever a dialect says: what is built is read back, and built again it is the same.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use wire::{Dialect, Value};

use super::{BCD, built};

/// The packed dialect with any of the words that change how bytes lie.
fn dialects() -> impl Strategy<Value = Dialect> {
    use prop::sample::select;
    let digits = || select(vec!["ascii", "ebcdic", "bcd"]);
    let (text, bytes) = (select(vec!["ascii", "ebcdic"]), || select(vec!["raw", "hex"]));
    let length = select(vec!["ascii", "ebcdic", "bcd", "binary"]);
    let secondary = select(vec!["announced", "always", "always-unannounced"]);
    let odd = select(vec![
        ("left", "0", "units"),
        ("right", "0", "units"),
        ("left", "f", "bytes"),
        ("right", "f", "bytes"),
        ("right", "f", "units"),
    ]);
    (digits(), digits(), digits(), text, (bytes(), bytes()), length, secondary, odd).prop_map(
        |(mti, numeric, track, text, (bitmap, binary), length, secondary, (odd, fill, counts))| {
            let (_, fields) = BCD.split_once("[fields]").unwrap();
            Dialect::from_toml(&format!(
                "name = \"any\"\nversion = \"1987\"\n[encoding]\nmti = \"{mti}\"\nbitmap = \"{bitmap}\"\nsecondary = \"{secondary}\"\n\
                 numeric = \"{numeric}\"\ntrack = \"{track}\"\ntext = \"{text}\"\nbinary = \"{binary}\"\nlength = \"{length}\"\n\
                 counts = \"{counts}\"\nodd = \"{odd}\"\nfill = \"{fill}\"\n[fields]{fields}"
            ))
            .unwrap()
        },
    )
}

/// Some value for a field of the packed dialect.
fn value(number: u8, seed: &[u8]) -> Vec<u8> {
    let row: toml::Table = BCD.parse().unwrap();
    let format = row["fields"][number.to_string()]["format"].as_str().unwrap().to_owned();
    let (class, length) = format.split_once(' ').unwrap();
    let count = match length.strip_prefix("..") {
        Some(max) => usize::from(seed[0]) % (max.parse::<usize>().unwrap() + 1),
        None => length.parse().unwrap(),
    };
    let from: &[u8] = match class {
        "z" => b"0123456789=",
        "an" => b"0123456789ABCDEFxyz",
        "ans" => b" !~[]^|09AZaz=",
        "b" => b"\x00\xFF\x30\xF0\xAB",
        _ => b"0123456789",
    };
    let body = (0..count)
        .map(|place| from[usize::from(seed[place % seed.len()].wrapping_add(seed[place / 7 % seed.len()])) % from.len()]);
    if class == "x+n" { [b'D'].into_iter().chain(body).collect() } else { body.collect() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_built_is_read_and_built_again_alike(
        dialect in dialects(), fields in btree_map(2u8..=128, vec(any::<u8>(), 1..60), 0..40), place in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let values: Vec<_> = fields.iter().map(|(number, seed)| (*number, value(*number, seed))).collect();
        let given: Vec<_> = values.iter().map(|(number, value)| (*number, Value::Characters(value))).collect();
        let out = built(&dialect, 200, &given);
        let parsed = dialect.parse(&out).unwrap();
        prop_assert_eq!(parsed.fields().iter().filter(|number| *number > 1).collect::<Vec<_>>(), fields.keys().copied().collect::<Vec<_>>());
        let hex = super::hex(&out);
        let told = wire::json::decode_line(&dialect, &hex, true);
        prop_assert_eq!(wire::json::encode_line(&dialect, &told).unwrap(), hex, "{}", told);

        // One byte wrong and an end missing: no panic, an offset within the message, and what stands before it is still there.
        let mut broken = out.to_vec();
        let place = place.index(broken.len());
        broken[place] = byte;
        for body in [&broken[..], &out[..place]] {
            if let Err(error) = dialect.parse(body) {
                prop_assert!(error.offset <= body.len());
                let prefix = dialect.parse_prefix(body);
                prop_assert!(prefix.iter().all(|prefix| prefix.fields().iter().all(|number| prefix.bytes(&dialect, number).is_some())));
            }
            let _ = wire::read(&dialect, body);
        }
    }
}
