//! Broken bytes, each with the outcome that its sender is told.

use model::{Mti, Stan};
use wire::{BuildError, Place};

use super::{NOW, ascii, bcd, bytes};

/// What a broken message in characters is told.
fn told(message: &[u8]) -> String {
    let error = wire::read(&ascii(), message).unwrap_err().error;
    assert!(error.offset <= message.len());
    error.to_string()
}

/// What a broken message in packed digits is told.
fn told_packed(message: &str) -> String {
    wire::read(&bcd(), &bytes(message)).unwrap_err().error.to_string()
}

#[test]
fn openings() {
    assert_eq!(told(b""), "message type at byte 0: expected 4 bytes, found 0 before the end");
    assert_eq!(told(b"02A0"), "message type at byte 2: expected 4 digits, found \"02A0\"");
    assert_eq!(told(b"1200"), "message type at byte 0: expected a message type of ISO 8583:1987, found \"1200\"");
    assert_eq!(told(b"0700"), "message type at byte 0: expected a message type of ISO 8583:1987, found \"0700\"");
    assert_eq!(told(b"0200123"), "bitmap at byte 4: expected 16 bytes, found 3 before the end");
    assert_eq!(told(b"0200720000000000000G"), "bitmap at byte 19: expected 16 hexadecimal digits, found \"00000000000G\"");
    assert_eq!(told(b"0200800000000000000000"), "bitmap at byte 20: expected 16 bytes, found 2 before the end");
    assert_eq!(told_packed("02"), "message type at byte 0: expected 2 bytes, found 1 before the end");
    assert_eq!(told_packed("02A0"), "message type at byte 1: expected 4 digits, found 02A0");
    assert_eq!(told_packed("0200 80"), "bitmap at byte 2: expected 8 bytes, found 1 before the end");
    assert_eq!(told_packed("0200 8000000000000000 00"), "bitmap at byte 10: expected 8 bytes, found 1 before the end");
}

#[test]
fn fields_of_a_fixed_length() {
    let four = |rest: &[u8]| told(&[b"02001000000000000000", rest].concat());
    assert_eq!(four(b"00000A000000"), "field 4 at byte 25: expected 12 digits, found \"00000A\"");
    assert_eq!(four(b"00000\xFF000000"), "field 4 at byte 25: expected 12 digits, found \"00000\\xff\"");
    assert_eq!(four(b"00000500"), "field 4 at byte 20: expected 12 bytes, found 8 before the end");
    assert_eq!(four(b"000005000000X"), "message at byte 32: expected the end, found 1 more bytes");
    let reference = told(b"0200000000000800000012345678901-");
    assert_eq!(reference, "field 37 at byte 31: expected 12 letters or digits, found \"12345678901-\"");
    let location = told(&[b"02000000000000200000".as_slice(), &[b'x'; 39], b"\x1F"].concat());
    assert_eq!(location, "field 43 at byte 59: expected 40 printable characters, found \"xxxxxxxxxxx\\x1f\"");
    assert_eq!(told_packed("0200 1000000000000000 0000050A0000"), "field 4 at byte 13: expected 12 digits, found 0000050A");
    assert_eq!(
        told_packed("0200 0000040000000000 1051"),
        "field 22 at byte 10: expected a zero nibble before an odd number of digits, found 1"
    );
}

#[test]
fn fields_of_a_varying_length() {
    let acquirer = |rest: &[u8]| told(&[b"02000000000100000000", rest].concat());
    assert_eq!(acquirer(b"0"), "field 32 at byte 20: expected 2 bytes, found 1 before the end");
    assert_eq!(acquirer(b"1A"), "field 32 at byte 20: expected a decimal length, found \"1A\"");
    assert_eq!(acquirer(b"12123456789012"), "field 32 at byte 20: expected a length of at most 11, found 12");
    assert_eq!(acquirer(b"11123456"), "field 32 at byte 22: expected 11 bytes, found 6 before the end");
    assert_eq!(acquirer(b"0612345X"), "field 32 at byte 27: expected 6 digits, found \"12345X\"");
    assert_eq!(acquirer(b"00"), "field 32 at byte 22: expected an institution of 1 to 11 digits, found \"\"");
    assert_eq!(told_packed("0200 0000000100000000 0A"), "field 32 at byte 10: expected a decimal length, found 0A");
    assert_eq!(
        told_packed("0200 0000000100000000 12 123456789012"),
        "field 32 at byte 10: expected a length of at most 11, found 12"
    );
    assert_eq!(
        told_packed("0200 0000000100000000 05 123456"),
        "field 32 at byte 11: expected a zero nibble before an odd number of digits, found 1"
    );
    assert_eq!(told_packed("0200 0000000000000200 1000"), "field 55 at byte 10: expected a length of at most 999, found 1000");
    assert_eq!(told_packed("0200 0000000000000200 00"), "field 55 at byte 10: expected 2 bytes, found 1 before the end");
}

#[test]
fn values_that_do_not_exist() {
    assert_eq!(told(b"0200020000000000000012281030"), "field 7 at byte 20: expected 10 bytes, found 8 before the end");
    assert_eq!(
        told(b"020002000000000000001328103005"),
        "field 7 at byte 20: expected a date and time MMDDhhmmss, found \"1328103005\""
    );
    assert_eq!(told(b"02000010000000000000246000"), "field 12 at byte 20: expected a time hhmmss, found \"246000\"");
    assert_eq!(told(b"020000080000000000000230"), "field 13 at byte 20: expected a calendar date MMDD, found \"0230\"");
    assert_eq!(told(b"02000000000000008000000"), "field 49 at byte 20: expected a currency of ISO 4217, found \"000\"");
    assert_eq!(
        told(b"02100000000002000000  "),
        "field 39 at byte 20: expected a response code of two letters or digits, found \"  \""
    );
    let original = [b"042080000000000000000000004000000000".as_slice(), b"0700", &[b'0'; 38]].concat();
    assert_eq!(
        told(&original),
        "field 90 at byte 36: expected an original message type of ISO 8583:1987, found \"070000000000\""
    );
    assert_eq!(told_packed("0200 0000000000008000 0000"), "field 49 at byte 10: expected a currency of ISO 4217, found 0000");
}

#[test]
fn zeros_for_the_moment_of_an_original_are_taken_for_unknown() {
    let message = [b"042080000000000000000000004000000000".as_slice(), b"0200000042", &[b'0'; 32]].concat();
    let original = wire::read(&ascii(), &message).unwrap().original.unwrap();
    assert_eq!((original.stan, original.transmitted, original.acquirer), (Stan::new(42).unwrap(), None, None));
}

#[test]
fn sensitive_fields_are_refused_without_being_shown() {
    let pan = |rest: &[u8]| told(&[b"02004000000000000000", rest].concat());
    assert_eq!(pan(b"16911601000000001X"), "field 2 at byte 37: expected 16 digits, found something else (withheld)");
    assert_eq!(pan(b"91"), "field 2 at byte 20: expected a length of at most 19, found 91");
    assert_eq!(pan(b"9X"), "field 2 at byte 20: expected a decimal length, found something else (withheld)");
    assert_eq!(
        pan(b"079116010"),
        "field 2 at byte 22: expected a card number of 8 to 19 digits, found something else (withheld)"
    );
    assert_eq!(
        told_packed("0200 4000000000000000 15 91160100000000"),
        "field 2 at byte 11: expected 8 bytes, found 7 before the end"
    );
    assert_eq!(
        told_packed("0200 4000000000000000 15 9911601000000001"),
        "field 2 at byte 11: expected a zero nibble before an odd number of digits"
    );
    assert_eq!(
        told_packed("0200 0000000020000000 04 9E11"),
        "field 35 at byte 11: expected 4 digits or separators (= or D), found something else (withheld)"
    );
    assert_eq!(
        told(b"020000000000000010000412AC89ABCDEF6G"),
        "field 52 at byte 35: expected 16 hexadecimal digits, found something else (withheld)"
    );
}

#[test]
fn a_field_that_the_dialect_lacks_is_named() {
    let without = include_str!("../../dialects/iso87-ascii.toml").lines().filter(|line| !line.starts_with("27 ="));
    let dialect = wire::Dialect::from_toml(&without.collect::<Vec<_>>().join("\n")).unwrap();
    let error = wire::read(&dialect, b"020000000020000000006").unwrap_err().error;
    assert_eq!(error.to_string(), "field 27 at byte 20: is in the bitmap, but the dialect does not define it");
    let line = r#"{"mti":"0200","fields":{"27":"6"}}"#;
    assert_eq!(wire::json::encode_line(&dialect, line).unwrap_err().to_string(), "field 27: the dialect does not define it");
}

#[test]
fn a_message_longer_than_a_frame_is_refused_as_a_whole() {
    let error = wire::read(&ascii(), &vec![b'0'; 65_536]).unwrap_err().error;
    assert_eq!((error.place, error.offset), (Place::Frame, 0));
    assert!(wire::read(&ascii(), &vec![b'0'; 65_535]).unwrap_err().error.place != Place::Frame);
}

#[test]
fn what_can_be_read_of_a_broken_request_is_enough_to_answer_it() {
    // 2 3 4 7 | 11 12 13 | 41 | 49, with a letter in the amount: everything behind it is still found.
    let request = b"0200723800000080800016911601000000001401000000000500O00012281030050000421730051228ATM00001116";
    let refused = wire::read(&ascii(), request).unwrap_err();
    assert_eq!(refused.error.place, Place::Field(4));
    assert_eq!(refused.mti, Some(Mti::FINANCIAL_REQUEST));
    assert_eq!((refused.echo.mti, refused.echo.stan, refused.echo.amount), (Mti::FINANCIAL_REQUEST, Stan::new(42), None));
    assert_eq!(refused.echo.terminal.unwrap().as_bytes(), b"ATM00001");
    assert_eq!((refused.echo.pan, refused.echo.currency.map(model::Currency::numeric)), (None, Some(116)));

    // A length that is no number: nothing behind it can be found, what stands before it is kept.
    let refused = wire::read(&ascii(), b"02000220000100000000122810300500004XX").unwrap_err();
    assert_eq!((refused.error.place, refused.echo.stan), (Place::Field(11), None));
    let refused = wire::read(&ascii(), b"020002200001000000001228103005000042XX").unwrap_err();
    assert_eq!((refused.error.place, refused.echo.stan), (Place::Field(32), Stan::new(42)));

    let refused = wire::read(&ascii(), b"0200zz").unwrap_err();
    assert_eq!((refused.mti, refused.echo.stan), (Some(Mti::FINANCIAL_REQUEST), None));
    assert_eq!(wire::read(&ascii(), b"zz").unwrap_err().mti, None);
}

#[test]
fn what_cannot_be_built_leaves_no_trace() {
    let mut out = bytes::BytesMut::from(&b"kept"[..]);
    let too_much = model::Message { amount: Some(1_000_000_000_000), ..model::Message::new(Mti::FINANCIAL_REQUEST) };
    assert_eq!(wire::write(&ascii(), &too_much, NOW, &mut out), Err(BuildError::TooLong { field: 4, length: 13, max: 12 }));
    let unprintable =
        model::Message { location: Some(model::Content::ascii(b"\xE1\x9E\x80")), ..model::Message::new(Mti::FINANCIAL_REQUEST) };
    let expected = BuildError::Characters { field: 43, expected: "printable characters", at: 0 };
    assert_eq!(wire::write(&ascii(), &unprintable, NOW, &mut out), Err(expected));
    assert_eq!(wire::write(&ascii(), &model::Message::default(), NOW, &mut out), Err(BuildError::Mti { number: 0 }));
    let long = model::Message { replacement: Some(1_000_000_000_000), ..model::Message::new(Mti::REVERSAL_ADVICE) };
    assert_eq!(wire::write(&bcd(), &long, NOW, &mut out), Err(BuildError::TooLong { field: 95, length: 13, max: 12 }));
    assert_eq!(&out[..], b"kept");
}
