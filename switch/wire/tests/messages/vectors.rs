//! Messages worked out by hand from ISO 8583:1987, field by field, in both dialects.

use model::{
    Currency, InstitutionId, LocalDate, LocalTime, Message, Mti, NetworkCode, OriginalData, Pan, ProcessingCode, ResponseCode,
    Sensitive, Stan, Text, Track2, TransmissionTime,
};

use super::{ascii, bcd, bytes, hex, written};

const PIN_BLOCK: [u8; 8] = [0x04, 0x12, 0xAC, 0x89, 0xAB, 0xCD, 0xEF, 0x67];
const CHIP: [u8; 11] = [0x9F, 0x26, 0x08, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF];

/// A withdrawal with an odd card number, track, PIN and chip.
pub(crate) fn withdrawal() -> Message<'static> {
    Message {
        pan: Pan::from_digits(b"9116010000000000011").ok(),
        processing: ProcessingCode::new(10_000),
        amount: Some(5_000_000),
        transmitted: TransmissionTime::new(1_228_103_005),
        stan: Stan::new(42),
        local_time: LocalTime::new(173_005),
        local_date: LocalDate::new(1228),
        merchant_type: Some(6011),
        entry_mode: Some(51),
        acquirer: InstitutionId::new(116_001),
        track2: Text::new(b"9116010000000000011=3212").map(Track2),
        rrn: Text::new(b"233612000042"),
        terminal: Text::new(b"ATM00001"),
        currency: Currency::from_alpha("KHR"),
        pin_block: Some(Sensitive::raw(&PIN_BLOCK)),
        chip: Some(Sensitive::raw(&CHIP)),
        ..Message::new(Mti::FINANCIAL_REQUEST)
    }
}

#[test]
fn a_withdrawal_in_characters() {
    // 2 3 4 7 | 11 12 13 | 18 22 | 32 | 35 37 | 41 | 49 52 55
    let opening = b"02007238440128809200".as_slice();
    let fields: [&[u8]; 16] = [
        b"199116010000000000011",
        b"010000",
        b"000005000000",
        b"1228103005",
        b"000042",
        b"173005",
        b"1228",
        b"6011",
        b"051",
        b"06116001",
        b"249116010000000000011=3212",
        b"233612000042",
        b"ATM00001",
        b"116",
        b"0412AC89ABCDEF67",
        b"011\x9F\x26\x08\x01\x23\x45\x67\x89\xAB\xCD\xEF",
    ];
    let expected = [opening, &fields.concat()].concat();
    assert_eq!(written(&ascii(), &withdrawal()).escape_ascii().to_string(), expected.escape_ascii().to_string());

    let read = wire::read(&ascii(), &expected).unwrap();
    // The PIN block borrows the frame, so here it is in hexadecimal; everything else is what was written.
    assert_eq!(read.pin_block.and_then(wire::pin_block), Some(PIN_BLOCK));
    assert_eq!(Message { pin_block: Some(Sensitive::raw(&PIN_BLOCK)), ..read }, withdrawal());
}

#[test]
fn a_withdrawal_in_packed_digits() {
    let expected = bytes(
        "0200 7238440128809200
         19 09116010000000000011
         010000  000005000000  1228103005  000042  173005  1228  6011
         0051
         06 116001
         24 9116010000000000011D3212
         323333363132303030303432
         41544D3030303031
         0116
         0412AC89ABCDEF67
         0011 9F26080123456789ABCDEF",
    );
    assert_eq!(hex(&written(&bcd(), &withdrawal())), hex(&expected));
    assert_eq!(wire::read(&bcd(), &expected), Ok(withdrawal()));
}

/// A partial reversal with both accounts: the secondary bitmap and what lies in it.
fn reversal() -> Message<'static> {
    Message {
        processing: ProcessingCode::new(0),
        amount: Some(10_000),
        transmitted: TransmissionTime::new(229_000_000),
        stan: Stan::new(999_999),
        currency: Currency::from_alpha("USD"),
        original: Some(OriginalData {
            mti: Mti::FINANCIAL_REQUEST,
            stan: Stan::new(42).unwrap(),
            transmitted: TransmissionTime::new(1_228_103_005),
            local: None,
            acquirer: InstitutionId::new(116_001),
            forwarder: None,
        }),
        replacement: Some(2_550),
        receiver: InstitutionId::new(116_002),
        from_account: Text::new(b"000-1"),
        to_account: Text::new(b"1234567890123456789012345678"),
        ..Message::new(Mti::REVERSAL_ADVICE)
    }
}

#[test]
fn a_reversal_with_a_secondary_bitmap_in_characters() {
    // 1 3 4 7 | 11 | 49 || 90 95 | 100 102 103
    let expected = [
        b"0420B2200000000080000000004216000000".as_slice(),
        b"000000",
        b"000000010000",
        b"0229000000",
        b"999999",
        b"840",
        b"0200000042122810300500000116001",
        b"00000000000",
        b"000000002550",
        // Nothing replaced of the settlement amount (n 12) and the two fees (x+n 8).
        b"000000000000C00000000C00000000",
        b"06116002",
        b"05000-1",
        b"281234567890123456789012345678",
    ]
    .concat();
    assert_eq!(written(&ascii(), &reversal()).escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(wire::read(&ascii(), &expected), Ok(reversal()));
}

#[test]
fn a_reversal_with_a_secondary_bitmap_in_packed_digits() {
    let expected = bytes(
        "0420 B220000000008000 0000004216000000
         000000  000000010000  0229000000  999999
         0840
         0200 000042 1228103005 00000116001 00000000000
         303030303030303032353530 303030303030303030303030 433030303030303030 433030303030303030
         06 116002
         05 3030302D31
         28 31323334353637383930313233343536373839303132333435363738",
    );
    assert_eq!(hex(&written(&bcd(), &reversal())), hex(&expected));
    assert_eq!(wire::read(&bcd(), &expected), Ok(reversal()));
}

#[test]
fn an_echo_test_and_a_short_answer() {
    let echo = Message {
        transmitted: TransmissionTime::new(101_000_000),
        stan: Stan::new(1),
        network: Some(NetworkCode::Echo),
        ..Message::new(Mti::NETWORK_REQUEST)
    };
    assert_eq!(hex(&written(&bcd(), &echo)), hex(&bytes("0800 8220000000000000 0400000000000000 0101000000 000001 0301")));
    let answer = Message { code: Some(ResponseCode::FORMAT_ERROR), network: None, remark: Text::new(b"4"), ..echo };
    let answer = Message { mti: Mti::NETWORK_RESPONSE, ..answer };
    // 7 | 11 | 39 | 44
    let expected = [b"0810".as_slice(), b"0220000002100000", b"0101000000", b"000001", b"30", b"014"].concat();
    assert_eq!(&written(&ascii(), &answer)[..], expected);
}

#[test]
fn signs_and_odd_lengths_at_the_level_of_raw_fields() {
    // 28 is x+n 8, 97 x+n 16; 24 n 3, 27 n 1, 36 z ..104 with an odd length, 128 b 8.
    let line = r#"{"mti":"0520","fields":{"24":"123","27":"6","28":"D00000150","36":"123=5","97":"C0000000000012345","128":"00FF00FF00FF00FF"}}"#;
    let packed = wire::json::encode_line(&bcd(), line).unwrap();
    let expected = "0520 8000 0130 1000 0000 0000 0000 8000 0001
         0123  06  44 00000150  0005 0123D5  43 0000000000012345  00FF00FF00FF00FF";
    assert_eq!(packed, hex(&bytes(expected)));
    let told = wire::json::decode_line(&bcd(), &packed, true);
    assert_eq!(wire::json::encode_line(&bcd(), &told).unwrap(), packed);
    assert!(told.contains(r#""36":"123=5""#) && told.contains(r#""28":"D00000150""#), "{told}");
    let text = wire::json::encode_line(&ascii(), line).unwrap();
    assert_eq!(
        bytes(&text).escape_ascii().to_string(),
        "0520800001301000000000000000800000011236D00000150005123=5C000000000001234500FF00FF00FF00FF"
    );
}

#[test]
fn short_text_is_filled_with_blanks_and_short_digits_are_not() {
    let message = Message { terminal: Text::new(b"ATM1"), ..Message::new(Mti::FINANCIAL_REQUEST) };
    assert_eq!(&written(&ascii(), &message)[..], b"02000000000000800000ATM1    ");
    assert_eq!(wire::read(&ascii(), b"02000000000000800000ATM1    ").unwrap().terminal.unwrap().trimmed(), b"ATM1");
}

#[test]
fn lower_case_bitmaps_and_empty_secondary_bitmaps_are_read() {
    let letters =
        |bitmap: &[u8]| wire::read(&ascii(), &[b"0210", bitmap, b"233612000042", b"AB1234"].concat()).unwrap().authorization;
    assert_eq!(letters(b"000000000C000000"), Text::new(b"AB1234"));
    assert_eq!(letters(b"000000000c000000"), Text::new(b"AB1234"));
    let empty = b"081082200000020000000000000000000000010100000000000100";
    assert_eq!(wire::read(&ascii(), empty).unwrap().code, Some(ResponseCode::APPROVED));
}
