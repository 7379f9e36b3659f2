//! What must never be shown: whole card numbers, tracks, PIN blocks, chip data; neither in what is read nor in what is refused.

use wire::Dialect;

use super::{ascii, bcd, bytes};

const SECRETS: [&str; 7] = [
    "9116018273645014",
    "9116018273645014=3212201",
    "9116018273645014D3212201",
    "B9116018273645014^DARA SOK^3212201",
    "A1B2C3D4E5F60718",
    "9F2608FEDCBA9876543210",
    "9116018273645014911601",
];

fn secret_message(dialect: &Dialect) -> Vec<u8> {
    let line = r#"{"mti":"0200","fields":{"2":"9116018273645014","3":"010000","4":"000005000000","7":"1228103005","11":"000042",
        "34":"9116018273645014911601","35":"9116018273645014=3212201","36":"9116018273645014=3212201","37":"233612000042",
        "41":"ATM00001","45":"B9116018273645014^DARA SOK^3212201","49":"116","52":"A1B2C3D4E5F60718","55":"9F2608FEDCBA9876543210"}}"#;
    bytes(&wire::json::encode_line(dialect, line).unwrap())
}

/// All that may be logged about these bytes.
fn all_told(dialect: &Dialect, body: &[u8]) -> String {
    let json = wire::json::decode(dialect, body, false);
    format!("{json} {} {:?} {:?}", wire::describe::text(dialect, body, false), dialect.parse(body), wire::read(dialect, body))
}

fn assert_silent(told: &str) {
    for secret in SECRETS {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

#[test]
fn what_is_read_is_shown_masked() {
    for dialect in [ascii(), bcd()] {
        let body = secret_message(&dialect);
        let told = all_told(&dialect, &body);
        assert_silent(&told);
        for part in ["911601******5014", "<24 withheld>", "<34 withheld>", "<8 withheld>", "<11 withheld>"] {
            assert!(told.contains(part), "{part} in {told}");
        }
        let unmasked = wire::json::decode(&dialect, &body, true).to_string();
        assert_eq!(SECRETS.iter().filter(|secret| unmasked.contains(**secret)).count(), 6, "{unmasked}");
    }
}

/// Any one byte wrong, at any place, in several ways, and any end missing: the message may be out of step from there on.
#[test]
fn what_is_refused_shows_no_secret_whichever_byte_is_wrong() {
    for dialect in [ascii(), bcd()] {
        let body = secret_message(&dialect);
        for place in 0..body.len() {
            for wrong in [0x00, 0x03, 0x10, b'0', b'1', b'3', b'9', b'A', b'F', 0xFF] {
                let mut broken = body.clone();
                broken[place] = wrong;
                assert_silent(&all_told(&dialect, &broken));
            }
            assert_silent(&all_told(&dialect, &body[..place]));
            assert_silent(&all_told(&dialect, &[&body[..place], &body[place + 1..]].concat()));
        }
    }
}

/// Found by fuzzing: twelve bytes of packed digits are twenty-four digits, which an error told as "a few of the bytes".
#[test]
fn an_error_in_packed_digits_tells_no_card_number_that_stands_under_another_field() {
    // 90, of 42 digits: a card number and then a separator, where digits alone may be.
    let body = bytes(&format!("0420 8000000000000000 0000004000000000 9116018273645014 D3212201 {}", "00".repeat(9)));
    assert_silent(&all_told(&bcd(), &body));
    let error = wire::read(&bcd(), &body).unwrap_err().to_string();
    assert_eq!(error, "field 90 at byte 26: expected 42 digits, found 8273645014D3");
    // The same digits, and no original message type.
    let body = bytes(&format!("0420 8000000000000000 0000004000000000 9116018273645014 {}", "00".repeat(13)));
    let error = wire::read(&bcd(), &body).unwrap_err().to_string();
    assert_eq!(error, "field 90 at byte 18: expected an original message type of ISO 8583:1987, found 911601827364");
}

/// Eight bytes of class b are sixteen digits: in a message that is out of step field 64 may be a packed card number.
#[test]
fn bytes_before_the_fault_of_a_broken_message_tell_no_card_number() {
    let body = bytes("0200 0000000000000001 9116018273645014 FF");
    let told = all_told(&bcd(), &body);
    assert_silent(&told);
    assert!(told.contains("<8 withheld>"), "{told}");
}
