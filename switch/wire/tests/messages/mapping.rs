//! Between the editions: a terminal in one reaches a bank in the other.

use model::{
    Class, Currency, InstitutionId, LocalDate, LocalTime, Message, Mti, NetworkCode, OriginalData, ProcessingCode, ResponseCode,
    Stan, TransmissionTime,
};
use proptest::prelude::*;

use super::random::{Dice, message};
use super::vectors::withdrawal;
use super::{ascii, bytes, dialect, hex, written};

/// Every message type of DOMAIN but 0400, 0401 and 0410, which 1993 does not have.
const TYPES: [u16; 37] = [
    100, 101, 110, 120, 121, 130, 200, 201, 210, 220, 221, 230, 302, 312, 420, 421, 430, 422, 432, 500, 510, 520, 530, 502, 512,
    522, 532, 600, 601, 610, 620, 621, 630, 800, 801, 810, 303,
];
const PROCESSING: [u32; 14] =
    [0, 10_000, 90_000, 200_000, 210_000, 260_000, 300_000, 310_000, 380_000, 400_000, 910_000, 920_000, 980_000, 13_000];
const NETWORK: [NetworkCode; 5] =
    [NetworkCode::SignOn, NetworkCode::SignOff, NetworkCode::KeyChange, NetworkCode::Cutover, NetworkCode::Echo];
/// Every response code that this switch gives, but 15 and 21, for which 1993 has no word of their own.
const CODES: [&str; 33] = [
    "00", "05", "09", "10", "12", "13", "14", "25", "30", "40", "41", "43", "51", "54", "55", "57", "58", "59", "61", "62", "63",
    "65", "68", "75", "76", "77", "78", "90", "91", "92", "94", "95", "96",
];

fn code(text: &str) -> ResponseCode {
    ResponseCode::new(text.as_bytes().try_into().unwrap()).unwrap()
}

/// A message that both editions can say whole.
fn sayable(seed: u64, number: u16) -> Message<'static> {
    let mut dice = Dice(seed ^ 0x5EED);
    let it = message(seed);
    let mti = Mti::new(number).unwrap();
    let class = mti.class().unwrap();
    let by_holder = matches!(class, Class::Authorization | Class::Financial);
    let reversal = class == Class::Reversal && !mti.is_response() && !matches!(number, 422 | 423);
    let local = it.local_date.zip(it.local_time);
    let modes = [10, 11, 12, 13, 20, 21, 22, 30, 41, 50, 51, 52, 1, 2, 3];
    let conditions = [0, 1, 2, 5, 8];
    Message {
        mti,
        processing: ProcessingCode::new(PROCESSING[dice.number::<usize>(14)]),
        local_date: local.map(|(date, _)| date),
        local_time: local.map(|(_, time)| time),
        entry_mode: dice.sometimes(|dice| modes[dice.number::<usize>(15)]),
        condition: dice.sometimes(|dice| conditions[dice.number::<usize>(5)]),
        code: match (reversal, mti.is_response()) {
            (true, _) => dice.sometimes(|dice| code(["17", "96", "30", "68", "22", "51"][dice.number::<usize>(6)])),
            (_, true) => Some(code(CODES[dice.number::<usize>(31)])),
            _ => None,
        },
        network: (class == Class::Network).then(|| NETWORK[dice.number::<usize>(5)]),
        original: it.original.map(|original| OriginalData {
            mti: Mti::FINANCIAL_REQUEST,
            acquirer: original.acquirer.and_then(|id| InstitutionId::new(id.number())),
            ..original
        }),
        replacement: it.replacement.filter(|stands| {
            *stands > 0
                && it.amount.is_some()
                && !mti.is_response()
                && (by_holder && class == Class::Financial || class == Class::Reversal)
        }),
        chip: it.chip.filter(|chip| chip.0.bytes.len() <= 255),
        file_update: (number == 302).then(|| b"12345"[dice.number::<usize>(5)]),
        ..it
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_type_and_kind_goes_to_1993_and_comes_back(seed in any::<u64>()) {
        for number in TYPES {
            let first = written(&ascii(), &sayable(seed, number));
            for name in ["iso93-ascii", "iso93-bcd"] {
                let there = written(&dialect(name), &wire::read(&ascii(), &first).unwrap());
                let read = wire::read(&dialect(name), &there).unwrap();
                let back = written(&ascii(), &read);
                prop_assert_eq!(back.escape_ascii().to_string(), first.escape_ascii().to_string(), "{:04} by {}", number, name);
                prop_assert_eq!(hex(&written(&dialect(name), &read)), hex(&there));
            }
        }
    }

    #[test]
    fn no_message_of_the_model_fails_on_its_way_to_1993_but_for_what_has_no_room_there(seed in any::<u64>()) {
        let any = message(seed);
        let fits = Message { chip: any.chip.filter(|chip| chip.0.bytes.len() <= 255), ..any };
        for name in ["iso93-ascii", "iso93-bcd"] {
            prop_assert!(wire::read(&dialect(name), &written(&dialect(name), &fits)).is_ok());
        }
    }
}

#[test]
fn a_withdrawal_in_1993_and_packed() {
    let withdrawal = Message { chip: None, ..withdrawal() };
    // 2 3 4 7 | 11 12 | 18 22 24 | 32 | 35 37 | 41 | 49 52. The year of 12 is inferred; 22: PIN possible, chip read, PIN checked by the
    // issuer; 24: an original request.
    let expected = "1200 7230450128809000 19 09116010000000000011 010000 000005000000 1228103005 000042 221228173005 6011 \
                    303130303031353133303031 0200 06116001 24 9116010000000000011D3212 323333363132303030303432 41544D3030303031 0116 \
                    0412AC89ABCDEF67";
    let built = written(&dialect("iso93-bcd"), &withdrawal);
    assert_eq!(hex(&built), expected.replace(' ', ""));
    assert_eq!(wire::read(&dialect("iso93-bcd"), &bytes(expected)).unwrap(), withdrawal);
}

fn partial_reversal() -> Message<'static> {
    Message {
        processing: ProcessingCode::new(0),
        amount: Some(100_000),
        transmitted: TransmissionTime::new(1_228_103_105),
        stan: Stan::new(43),
        currency: Currency::from_alpha("KHR"),
        original: Some(OriginalData {
            mti: Mti::FINANCIAL_REQUEST,
            stan: Stan::new(41).unwrap(),
            transmitted: TransmissionTime::new(1_228_103_005),
            local: LocalDate::new(1228).zip(LocalTime::new(173_005)),
            acquirer: InstitutionId::new(116_001),
            forwarder: InstitutionId::new(116_000),
        }),
        replacement: Some(40_000),
        ..Message::new(Mti::REVERSAL_ADVICE)
    }
}

#[test]
fn a_partial_reversal_in_1993_says_what_stands_in_4_and_what_it_was_in_30() {
    // 3 4 7 | 11 | 24 | 25 30 | 49 56 | 123
    let expected = [
        "1420B2200184000081000000000000000020",
        "000000",
        "000000040000",
        "1228103105",
        "000043",
        "401",
        "4004",
        "000000100000000000000000",
        "116",
        "30120000004122122817300506116001",
        "122810300500000116000",
    ]
    .concat();
    let built = written(&dialect("iso93-ascii"), &partial_reversal());
    assert_eq!(built.escape_ascii().to_string(), expected);
    assert_eq!(wire::read(&dialect("iso93-ascii"), expected.as_bytes()).unwrap(), partial_reversal());
}

/// Found by fuzzing: field 4, which tells what stands, was left out where the original amount was not known.
#[test]
fn what_stands_of_a_partial_reversal_is_passed_on_though_nobody_says_what_it_was() {
    let reversal = Message { amount: None, ..partial_reversal() };
    for name in ["iso93-ascii", "iso93-bcd"] {
        let there = written(&dialect(name), &reversal);
        assert_eq!(wire::read(&dialect(name), &there).unwrap(), reversal);
    }
}

/// Found by fuzzing: a function code of reversals in a reconciliation, or a replacement amount in a message that cannot be partial,
/// had field 4 and field 30 change places.
#[test]
fn only_what_can_be_partial_has_its_amounts_change_places() {
    for mti in [Mti::new(520).unwrap(), Mti::NETWORK_REQUEST, Mti::new(430).unwrap(), Mti::new(100).unwrap()] {
        let message = Message { original: None, mti, ..partial_reversal() };
        let back = wire::read(&dialect("iso93-ascii"), &written(&dialect("iso93-ascii"), &message)).map(|back| back.amount);
        assert_eq!(back.unwrap(), message.amount, "{mti}");
    }
    // 4 | 24 | 30
    let reconciliation = ["15201000010400000000", "000000050000", "401", "000000100000000000000000"].concat();
    let read = wire::read(&dialect("iso93-ascii"), reconciliation.as_bytes()).unwrap();
    assert_eq!((read.amount, read.replacement), (Some(50_000), None));
}

#[test]
fn a_reversal_request_becomes_an_advice_for_1993_has_none() {
    for (request, advice) in [(400, 420), (401, 421), (410, 430)] {
        let sent = Message { mti: Mti::new(request).unwrap(), ..partial_reversal() };
        let there = written(&dialect("iso93-ascii"), &sent);
        assert_eq!(wire::read(&dialect("iso93-ascii"), &there).unwrap().mti, Mti::new(advice).unwrap());
    }
}

#[test]
fn years_are_those_nearest_to_now() {
    // Now is 2022-12-28.
    for (date, year) in [(1231, b"22"), (101, b"23"), (601, b"23"), (801, b"22"), (1228, b"22")] {
        let dated = Message { business_date: LocalDate::new(date), ..Message::new(Mti::NETWORK_REQUEST) };
        let built = written(&dialect("iso93-ascii"), &dated);
        assert_eq!(built.get(20..22).unwrap(), year, "{date:04}: {}", built.escape_ascii());
    }
}

#[test]
fn a_type_that_1987_does_not_have_is_refused_by_name() {
    let refused = wire::read(&dialect("iso93-ascii"), b"12400020000000000000000042").unwrap_err();
    assert_eq!(
        refused.error.to_string(),
        "message type at byte 0: expected a message type that ISO 8583:1987 has too, found \"1240\""
    );
}

#[test]
fn a_long_location_is_cut_for_1987_and_nothing_else_is_lost() {
    let long = [b'x'; 60];
    let named =
        Message { location: Some(model::Content::ascii(&long)), stan: Stan::new(42), ..Message::new(Mti::FINANCIAL_REQUEST) };
    let there = written(&dialect("iso93-bcd"), &named);
    let back = written(&ascii(), &wire::read(&dialect("iso93-bcd"), &there).unwrap());
    assert_eq!(back.escape_ascii().to_string(), format!("02000020000000200000000042{}", "x".repeat(40)));
}
