//! What holds for every message and for every heap of bytes.

use model::{Message, Sensitive};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};
use wire::Dialect;

use super::random::{Dice, formats, message, value};
use super::{ascii, bcd, bytes, dialect, hex, written};

/// The same message with its PIN block in bytes, whatever form it had in the frame.
fn with_clear_block<'a>(message: Message<'a>, room: &'a mut [u8; 8]) -> Message<'a> {
    let Some(block) = message.pin_block else { return message };
    *room = wire::pin_block(block).unwrap();
    Message { pin_block: Some(Sensitive::raw(room)), ..message }
}

/// Everything that takes bytes from outside, at once; what it says about itself must agree.
fn take(dialect: &Dialect, body: &[u8]) {
    let parsed = dialect.parse(body);
    let told: Value = serde_json::from_str(&wire::json::decode_line(dialect, &hex(body), true)).unwrap();
    match &parsed {
        Ok(parsed) => {
            assert!(told.get("error").is_none());
            assert!(parsed.fields().iter().all(|number| number == 1 || parsed.bytes(dialect, number).is_some()));
            // Strict means that there is one way to write a message: what was read builds the same bytes again, but for the case
            // of hexadecimal digits and for a secondary bitmap without a bit.
            let again = bytes(&wire::json::encode_line(dialect, &told.to_string()).unwrap());
            let empty_secondary = parsed.fields().contains(1) && parsed.fields().iter().all(|number| number <= 64);
            assert!(empty_secondary || again.eq_ignore_ascii_case(body));
        }
        Err(error) => {
            assert!(error.offset <= body.len(), "{error}");
            assert_eq!(told["error"]["message"], json!(error.to_string()));
        }
    }
    match wire::read(dialect, body) {
        Ok(message) => assert_eq!(Ok(parsed.unwrap().mti()), Ok::<_, ()>(message.mti.number())),
        Err(refused) => assert!(refused.error.offset <= body.len()),
    }
    assert!(!wire::describe::text(dialect, body, false).is_empty());
}

fn raw_line(dialect: &str, mti: u16, fields: &std::collections::BTreeMap<u8, u64>) -> Value {
    let formats = formats(dialect);
    let fields: serde_json::Map<_, _> =
        fields.iter().map(|(number, seed)| (number.to_string(), value(&formats[number], &mut Dice(*seed)).into())).collect();
    json!({"mti": format!("{mti:04}"), "fields": fields})
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_set_of_fields_goes_to_bytes_and_back(
        packed in any::<bool>(), mti in prop::sample::select(vec![200u16, 421, 810]), fields in btree_map(2u8..=128, any::<u64>(), 0..40),
    ) {
        let name = if packed { "iso87-bcd" } else { "iso87-ascii" };
        let line = raw_line(name, mti, &fields);
        let dialect = dialect(name);
        let built = wire::json::encode_line(&dialect, &line.to_string()).unwrap();
        let told: Value = serde_json::from_str(&wire::json::decode_line(&dialect, &built, true)).unwrap();
        prop_assert_eq!(&told, &line);
        prop_assert_eq!(wire::json::encode_line(&dialect, &told.to_string()).unwrap(), built);
    }

    #[test]
    fn a_message_of_the_model_survives_both_dialects(seed in any::<u64>()) {
        let message = message(seed);
        for (one, other) in [(ascii(), bcd()), (bcd(), ascii())] {
            let (mut room, mut other_room) = ([0; 8], [0; 8]);
            let first = written(&one, &message);
            let read = wire::read(&one, &first).unwrap();
            prop_assert_eq!(with_clear_block(read, &mut room), message);
            let second = written(&other, &read);
            prop_assert_eq!(with_clear_block(wire::read(&other, &second).unwrap(), &mut other_room), message);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(body in vec(any::<u8>(), 0..300), packed in any::<bool>()) {
        let dialect = if packed { bcd() } else { ascii() };
        take(&dialect, &body);
    }

    #[test]
    fn no_bytes_behind_a_good_bitmap_make_it_panic(
        fields in btree_map(2u8..=128, any::<u64>(), 0..12), behind in vec(any::<u8>(), 0..200), digits in vec(b'0'..=b'9', 0..200),
    ) {
        for (name, opening) in [("iso87-ascii", [20, 36]), ("iso87-bcd", [10, 18])] {
            let dialect = dialect(name);
            let good = bytes(&wire::json::encode_line(&dialect, &raw_line(name, 200, &fields).to_string()).unwrap());
            let opening = opening[usize::from(fields.keys().any(|number| *number > 64))];
            take(&dialect, &[&good[..opening], &behind[..]].concat());
            take(&dialect, &[&good[..opening], &digits[..]].concat());
        }
    }

    #[test]
    fn one_wrong_byte_or_a_missing_end_makes_no_panic(
        fields in btree_map(2u8..=128, any::<u64>(), 1..20), place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
    ) {
        for name in ["iso87-ascii", "iso87-bcd"] {
            let dialect = dialect(name);
            let mut body = bytes(&wire::json::encode_line(&dialect, &raw_line(name, 200, &fields).to_string()).unwrap());
            let place = place.index(body.len());
            if cut { body.truncate(place) } else { body[place] = byte }
            if cut { prop_assert!(dialect.parse(&body).is_err()) }
            take(&dialect, &body);
        }
    }

    #[test]
    fn no_line_makes_the_encoder_panic(line in ".{0,80}", value in ".{0,40}", field in 0u16..140) {
        for dialect in [ascii(), bcd()] {
            let _ = wire::json::encode_line(&dialect, &line);
            let _ = wire::json::decode_line(&dialect, &line, true);
            let _ = wire::json::encode_line(&dialect, &json!({"mti": "0200", "fields": {field.to_string(): value}}).to_string());
            let _ = Dialect::from_toml(&line);
        }
    }
}
