//! Every form, worked out by hand.

use wire::{BuildError, Dialect, Value};

use super::{built, changed, hex, lies_as, refused, told, unhex};

const PAN: &str = "123456789012345";

#[test]
fn an_odd_number_of_packed_digits_is_filled_up_on_either_side() {
    let fields = [(2, PAN), (35, "123=5"), (49, "116")];
    let opening = "0200 4000000020008000";
    for (odd, fill, rest) in [
        ("left", "0", "15 0123456789012345  05 0123D5  0116"),
        ("left", "f", "15 F123456789012345  05 F123D5  F116"),
        ("right", "0", "15 1234567890123450  05 123D50  1160"),
        ("right", "f", "15 123456789012345F  05 123D5F  116F"),
    ] {
        let dialect = changed(&[("odd = \"left\"", &format!("odd = \"{odd}\"\nfill = \"{fill}\""))]);
        lies_as(&dialect, 200, &fields, &format!("{opening} {rest}"));
        // The same digits given as numbers.
        let numbers = [(2, Value::Digits(123_456_789_012_345, 15)), (35, Value::Characters(b"123=5")), (49, Value::Number(116))];
        assert_eq!(hex(&built(&dialect, 200, &numbers)), hex(&unhex(&format!("{opening} {rest}"))));
        let body = unhex(&format!("{opening} {rest}"));
        let message = wire::read(&dialect, &body).unwrap();
        assert_eq!(message.pan.unwrap().number(), 123_456_789_012_345);
        assert_eq!(message.currency.unwrap().numeric(), 116);
    }
}

#[test]
fn a_wrong_fill_is_told_with_its_side() {
    let opening = "0200 0000000000008000";
    let right = changed(&[("odd = \"left\"", "odd = \"right\"\nfill = \"f\"")]);
    assert_eq!(
        told(&right, &format!("{opening} 1160")),
        "field 49 at byte 11: expected a nibble F behind an odd number of digits, found 0"
    );
    assert_eq!(told(&right, &format!("{opening} A16F")), "field 49 at byte 10: expected 3 digits, found A1");
    let left = changed(&[("odd = \"left\"", "fill = \"f\"")]);
    assert_eq!(
        told(&left, &format!("{opening} 0116")),
        "field 49 at byte 10: expected a nibble F before an odd number of digits, found 0"
    );
    assert_eq!(told(&left, &format!("{opening} F11F")), "field 49 at byte 11: expected 3 digits, found F11F");
}

#[test]
fn lengths_are_told_in_digits_or_bytes_and_in_every_form() {
    let of = |line: &str| changed(&[("2 = { name = \"Primary account number\", format = \"n ..19\"", line)]);
    let field = |more: &str| of(&format!("2 = {{ name = \"Primary account number\", format = \"n ..19\"{more}"));
    let opening = "0200 4000000000000000";
    for (more, rest) in [
        ("", "15 0123456789012345"),
        (", length = \"ascii\"", "3135 0123456789012345"),
        (", length = \"ebcdic\"", "F1F5 0123456789012345"),
        (", length = \"binary\"", "0F 0123456789012345"),
        (", length = \"binary\", length-digits = 3", "000F 0123456789012345"),
        (", length-digits = 4", "0015 0123456789012345"),
        (", length = \"ascii\", length-digits = 4", "30303135 0123456789012345"),
        (", counts = \"bytes\", odd = \"right\", fill = \"f\"", "08 123456789012345F"),
        (", counts = \"bytes\", fill = \"f\"", "08 F123456789012345"),
        (", encoding = \"ascii\", counts = \"bytes\"", "15 313233343536373839303132333435"),
    ] {
        lies_as(&field(more), 200, &[(2, PAN)], &format!("{opening} {rest}"));
    }
    let bytes = field(", counts = \"bytes\", odd = \"right\", fill = \"f\"");
    lies_as(&bytes, 200, &[(2, "1234567890123456")], &format!("{opening} 08 1234567890123456"));
    assert_eq!(told(&bytes, &format!("{opening} 11 00")), "field 2 at byte 10: expected a length of at most 10, found 11");
    assert_eq!(told(&bytes, &format!("{opening} 08 1234")), "field 2 at byte 11: expected 8 bytes, found 2 before the end");
    let twenty = format!("{opening} 10 12345678901234567890");
    assert_eq!(told(&bytes, &twenty), "field 2 at byte 10: expected a length of at most 19, found 20");

    let one_digit = changed(&[(
        "44 = { name = \"Additional response data\", format = \"ans ..25\"",
        "44 = { name = \"x\", format = \"ans ..9\", length = \"ascii\", length-digits = 1",
    )]);
    lies_as(&one_digit, 210, &[(44, "ab")], "0210 0000000000100000 32 6162");
}

#[test]
fn bytes_are_raw_or_hexadecimal_field_by_field() {
    let chip = "55 = { name = \"Integrated circuit card data\", format = \"b ..999\"";
    let in_hex = changed(&[(chip, &format!("{chip}, encoding = \"hex\""))]);
    let value = [(55, Value::Characters(&[0x9F, 0x26, 0xAB]))];
    assert_eq!(hex(&built(&in_hex, 200, &value)), hex(&unhex("0200 0000000000000200 0003 394632364142")));
    let counted = changed(&[(chip, &format!("{chip}, encoding = \"hex\", counts = \"bytes\""))]);
    assert_eq!(hex(&built(&counted, 200, &value)), hex(&unhex("0200 0000000000000200 0006 394632364142")));
    assert_eq!(
        told(&counted, "0200 0000000000000200 0003 394632"),
        "field 55 at byte 10: expected an even number of hexadecimal digits, found something else (withheld)"
    );
    let bitmap = changed(&[("bitmap = \"raw\"", "bitmap = \"hex\"")]);
    lies_as(&bitmap, 800, &[(11, "000042")], "0800 30303230303030303030303030303030 000042");
}

#[test]
fn a_bitmap_of_128_bits_may_hide_its_second_half_or_always_show_it() {
    let set = |word: &str| changed(&[("bitmap = \"raw\"", &format!("bitmap = \"raw\"\nsecondary = \"{word}\""))]);
    let (hidden, shown) = (set("always-unannounced"), set("always"));
    lies_as(&hidden, 800, &[(11, "000042")], "0800 0020000000000000 0000000000000000 000042");
    lies_as(&hidden, 800, &[(11, "000042"), (70, "301")], "0800 0020000000000000 0400000000000000 000042 0301");
    lies_as(&shown, 800, &[(11, "000042")], "0800 8020000000000000 0000000000000000 000042");
    assert_eq!(
        told(&hidden, "0800 8020000000000000 0000000000000000 000042"),
        "bitmap at byte 2: expected bit 1 clear before a secondary bitmap, found 80"
    );
    assert_eq!(
        told(&shown, "0800 0020000000000000 000042"),
        "bitmap at byte 2: expected bit 1 set before a secondary bitmap, found 00"
    );
    assert_eq!(told(&hidden, "0800 0020000000000000 000042"), "bitmap at byte 10: expected 8 bytes, found 3 before the end");
}

#[test]
fn a_message_in_ebcdic() {
    let dialect = Dialect::builtin("iso87-ebcdic").unwrap();
    // 1 7 11 28 37 43 48 || 70 90 95; 128 is raw.
    let original = "0200000042122810300500000116001 0000000000".replace(' ', "0");
    let replaced = "0".repeat(8) + "2550" + &"0".repeat(30);
    let spaces = "4040404040404040404040404040404040404040404040404040404040404040404040";
    lies_as(
        &dialect,
        420,
        &[
            (7, "1228103005"),
            (11, "000042"),
            (28, "D00000150"),
            (37, "AB12ijRSz901"),
            (43, &format!("[^]=|{}", " ".repeat(35))),
            (48, "a~"),
            (70, "301"),
            (90, &original),
            (95, &replaced),
        ],
        &format!(
            "F0F4F2F0 8220001008210000 0400004200000000
             F1F2F2F8F1F0F3F0F0F5  F0F0F0F0F4F2  C4F0F0F0F0F0F1F5F0  C1C2F1F28991D9E2A9F9F0F1
             AD5FBD7E4F{spaces}  F0F0F2 81A1
             F3F0F1
             F0F2F0F0 F0F0F0F0F4F2 F1F2F2F8F1F0F3F0F0F5 F0F0F0F0F0F1F1F6F0F0F1 F0F0F0F0F0F0F0F0F0F0F0
             F0F0F0F0F0F0F0F0F2F5F5F0 {}",
            "F0".repeat(30)
        ),
    );
    let mac = [(128, Value::Characters(&[0, 0xFF, 1, 2, 3, 4, 5, 6]))];
    assert_eq!(hex(&built(&dialect, 800, &mac)), hex(&unhex("F0F8F0F0 8000000000000000 0000000000000001 00FF010203040506")));
}

#[test]
fn what_is_wrong_in_ebcdic_is_told_in_characters() {
    let dialect = Dialect::builtin("iso87-ebcdic").unwrap();
    assert_eq!(told(&dialect, "30383030"), "message type at byte 0: expected 4 digits, found 30383030");
    assert_eq!(
        told(&dialect, "F0F8F0F0 0020000000000000 F0F0F0C1F4F2"),
        "field 11 at byte 15: expected 6 digits, found \"000A\""
    );
    assert_eq!(told(&dialect, "F0F8F0F0 0020000000000000 F03041F0F0F0"), "field 11 at byte 13: expected 6 digits, found F030");
    assert_eq!(
        told(&dialect, "F0F2F0F0 0000000000010000 F0F0C1"),
        "field 48 at byte 12: expected a decimal length, found \"00A\""
    );
}

#[test]
fn what_does_not_go_together_is_told_with_line_and_field() {
    let first = "2 = { name = \"Primary account number\", format = \"n ..19\"";
    for (more, told) in [
        (
            ", counts = \"bytes\"",
            "a length in bytes cannot tell an odd number of packed digits, unless the nibble F fills them up",
        ),
        (", length-digits = 1", "the length indicator has too few digits for the longest length"),
        (", length-digits = 5", "a length indicator has 1 to 4 digits"),
        (", encoding = \"ascii\", odd = \"right\"", "only packed digits are filled up"),
        (", encoding = \"raw\"", "only class b is written raw or hex"),
    ] {
        let error = refused(&[(first, &format!("{first}{more}"))]);
        assert_eq!(error, format!("line 20: field 2: {told}"));
    }
    let fixed = "3 = { name = \"Processing code\", format = \"n 6\"";
    assert!(
        refused(&[(fixed, &format!("{fixed}, counts = \"bytes\""))])
            .contains("line 21: field 3: a fixed length has no indicator")
    );
    let error = refused(&[(fixed, &format!("{fixed}, fill = \"a\""))]);
    assert!(error.contains("line 21, column") && error.contains("expected `0` or `f`"), "{error}");
}

#[test]
fn fields_are_built_in_order_and_a_refusal_leaves_no_trace() {
    let dialect = changed(&[]);
    let mut out = bytes::BytesMut::from(&b"kept"[..]);
    let mut error = |fields: &[(u8, Value<'_>)]| dialect.build(800, fields, &mut out).unwrap_err();
    let stan = (11, Value::Number(42));
    assert_eq!(error(&[stan, (7, Value::Number(0))]), BuildError::OutOfOrder { field: 7 });
    assert_eq!(error(&[stan, stan]), BuildError::OutOfOrder { field: 11 });
    assert_eq!(error(&[(1, Value::Number(0))]), BuildError::OutOfOrder { field: 1 });
    assert_eq!(error(&[(129, Value::Number(0))]), BuildError::OutOfOrder { field: 129 });
    assert_eq!(error(&[(11, Value::Number(1_000_000))]), BuildError::TooLong { field: 11, length: 7, max: 6 });
    assert_eq!(&out[..], b"kept");
}
