//! The mapping between the 1987 and the 1993 version of ISO 8583, as tables read in both directions.
//!
//! Knows: which code of one version is which of the other, and what has no counterpart. Does not know: bytes (`read93`,
//! `write93` put values into fields). The model speaks the 1987 version.
//!
//! What gets lost on the way stands in [`LOSSES`].

use model::{Class, FieldNumber, Mti, NetworkCode, ResponseCode};

/// What does not survive the way from one edition to the other, in words for those who sign.
pub(crate) const LOSSES: &[&str] = &[
    "1993 has no reversal request: 0400, 0401 and 0410 become 1420, 1421 and 1430, and come back as 0420, 0421 and 0430.",
    "Years are not kept: the one is written in which the date is nearest to the present day.",
    "Where only one of local date and local time is known, 1993 is told today or midnight for the other.",
    "Response codes 15 and 21 become 908 and 914 and come back as 92 and 25; one that is not listed becomes 100.",
    "Action codes that tell a refusal more finely, that a card is to be kept, or an approval with a remark come back as the plain code.",
    "The PIN's longest length, the capabilities of a terminal and how it verified the holder have no place in the entry mode of 1987;      the entry modes 07, 80, 90 and 91 of practice become chip or magnetic stripe; 000 is the same as none.",
    "Condition codes of 1987 other than 00, 01, 02, 03, 05 and 08 become 00.",
    "Reasons (field 25 of 1993) other than those of a reversal that 1987 has response codes for (17, 22, 30, 32, 68, 96) and 1511 are      not passed on; an advice is said to come from the terminal (1004).",
    "A replacement amount of zero is a full reversal. Fee and reconciliation amounts of a reversal are not passed on.",
    "Network management codes other than the five become 899.",
    "A name and location longer than 40 characters, and additional response data longer than 25, are cut at the end for 1987.",
    "Chip data longer than 255 bytes has no room in 1993, and the message is not sent.",
];

/// The fields of 1993 that say what a field of 1987 does.
pub(crate) fn field_93(field: FieldNumber) -> &'static [FieldNumber] {
    const SAME: [FieldNumber; 129] = {
        let mut numbers = [0; 129];
        let mut number: FieldNumber = 0;
        while number < 129 {
            numbers[number as usize] = number;
            number += 1;
        }
        numbers
    };
    match field {
        12 | 13 => &[12],
        22 | 25 => &[22],
        28 => &[46],
        70 | 91 => &[24],
        90 => &[56],
        95 => &[30],
        // Of 1987 only: fees and settlement codes.
        66 | 82..=85 => &[],
        same => SAME.get(usize::from(same)..=usize::from(same)).unwrap_or(&[]),
    }
}

/// Fields that only 1993 has, in messages of these 1987 types: field, mark and condition.
pub(crate) fn only_93(types: &[u16]) -> &'static [(FieldNumber, char, &'static str)] {
    match types.first().copied().and_then(Mti::new) {
        Some(mti) if mti.is_response() => &[],
        Some(mti) if is_reversal(mti) => &[(24, 'M', ""), (25, 'M', ""), (123, 'O', "")],
        Some(mti) if mti.class() == Some(Class::Network) => &[],
        Some(mti) if mti.is_advice() => &[(24, 'M', ""), (25, 'O', "")],
        Some(_) => &[(24, 'M', "")],
        None => &[],
    }
}

/// Message types: 1987, 1993. What is initiated by neither acquirer nor issuer has the origin 4 in 1993. The first row with a
/// type counts, so 1420 is read as 0420: 1993 has no reversal request, for what has happened cannot be declined.
const MESSAGE_TYPES: &[(u16, u16)] = &[
    (200, 1200),
    (210, 1210),
    (420, 1420),
    (430, 1430),
    (800, 1804),
    (810, 1814),
    (201, 1201),
    (421, 1421),
    (400, 1420),
    (401, 1421),
    (410, 1430),
    (220, 1220),
    (221, 1221),
    (230, 1230),
    (100, 1100),
    (101, 1101),
    (110, 1110),
    (120, 1120),
    (121, 1121),
    (130, 1130),
    (801, 1805),
    (302, 1304),
    (303, 1305),
    (312, 1314),
    (422, 1422),
    (423, 1423),
    (432, 1432),
    (500, 1500),
    (501, 1501),
    (510, 1510),
    (502, 1502),
    (503, 1503),
    (512, 1512),
    (520, 1520),
    (521, 1521),
    (530, 1530),
    (522, 1522),
    (523, 1523),
    (532, 1532),
    (600, 1604),
    (601, 1605),
    (610, 1614),
    (620, 1624),
    (621, 1625),
    (630, 1634),
];

/// The 1993 type of a message; `None` where it has none.
pub(crate) fn type_93(mti: Mti) -> Option<u16> {
    MESSAGE_TYPES.iter().find(|(old, _)| *old == mti.number()).map(|(_, new)| *new)
}

/// The 1987 type of a 1993 message; `None` where it has none.
pub(crate) fn type_87(number: u16) -> Option<Mti> {
    MESSAGE_TYPES.iter().find(|(_, new)| *new == number).and_then(|(old, _)| Mti::new(*old))
}

/// Response codes that are accepted in 1993 by class: 1987 says 00 everywhere.
const ACCEPTED: &[(Class, u16)] = &[
    (Class::Authorization, 0),
    (Class::Financial, 0),
    (Class::FileUpdate, 300),
    (Class::Reversal, 400),
    (Class::Reconciliation, 500),
    (Class::Administrative, 600),
    (Class::Network, 800),
];

/// An answered authorization or financial advice, with financial liability accepted.
const ADVICE_ACCEPTED: u16 = 901;

/// Which way a row of a table is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Both,
    /// Only from 1987 to 1993: back, another row says something else.
    To93,
    /// Only from 1993 to 1987.
    To87,
}
use Way::{Both, To87, To93};

/// Response codes (DE39, an 2) and action codes (DE39, n 3).
const ACTIONS: &[(ResponseCode, u16, Way)] = &[
    (ResponseCode::PARTIALLY_APPROVED, 2, Both),
    (ResponseCode::DO_NOT_HONOUR, 100, Both),
    (ResponseCode::EXPIRED_CARD, 101, Both),
    (ResponseCode::SUSPECTED_FRAUD, 102, Both),
    (ResponseCode::RESTRICTED_CARD, 104, Both),
    (ResponseCode::PIN_TRIES, 106, Both),
    (ResponseCode::INVALID_AMOUNT, 110, Both),
    (ResponseCode::UNKNOWN_CARD, 111, Both),
    (ResponseCode::NO_SUCH_ACCOUNT, 114, Both),
    (ResponseCode::NOT_SUPPORTED, 115, Both),
    (ResponseCode::NOT_SUFFICIENT_FUNDS, 116, Both),
    (ResponseCode::WRONG_PIN, 117, Both),
    (ResponseCode::NOT_PERMITTED_TO_CARD, 119, Both),
    (ResponseCode::NOT_PERMITTED_TO_TERMINAL, 120, Both),
    (ResponseCode::AMOUNT_LIMIT, 121, Both),
    (ResponseCode::COUNT_LIMIT, 123, Both),
    (ResponseCode::LOST_CARD, 208, Both),
    (ResponseCode::STOLEN_CARD, 209, Both),
    (ResponseCode::INVALID_TRANSACTION, 902, Both),
    (ResponseCode::FORMAT_ERROR, 904, Both),
    (ResponseCode::CUTOVER, 906, Both),
    (ResponseCode::NO_ROUTE, 908, Both),
    (ResponseCode::MALFUNCTION, 909, Both),
    (ResponseCode::LATE_RESPONSE, 911, Both),
    (ResponseCode::BANK_UNAVAILABLE, 912, Both),
    (ResponseCode::DUPLICATE, 913, Both),
    (ResponseCode::ORIGINAL_NOT_FOUND, 914, Both),
    (ResponseCode::RECONCILE_ERROR, 915, Both),
    (ResponseCode::WRONG_MAC, 916, Both),
    (ResponseCode::IN_PROGRESS, 923, Both),
    // 1993 has no word for what became of an account; these two are ours.
    (ResponseCode::ACCOUNT_BLOCKED, 191, Both),
    (ResponseCode::ACCOUNT_CLOSED, 192, Both),
    // 1993 knows neither an issuer that does not exist nor an advice that changes nothing; both end the matter in the same way.
    (ResponseCode::NO_SUCH_ISSUER, 908, To93),
    (ResponseCode::NO_ACTION, 914, To93),
    // Approvals with a remark, and refusals that 1987 tells less finely; that a card is to be kept (2xx) is lost.
    (ResponseCode::PARTIALLY_APPROVED, 6, To87),
    (ResponseCode::UNKNOWN_CARD, 118, To87),
    (ResponseCode::WRONG_PIN, 112, To87),
    (ResponseCode::EXPIRED_CARD, 201, To87),
    (ResponseCode::SUSPECTED_FRAUD, 202, To87),
    (ResponseCode::RESTRICTED_CARD, 204, To87),
    (ResponseCode::PIN_TRIES, 206, To87),
    (ResponseCode::NOT_SUPPORTED, 301, To87),
    (ResponseCode::ORIGINAL_NOT_FOUND, 302, To87),
    (ResponseCode::APPROVED, 303, To87),
    (ResponseCode::FORMAT_ERROR, 304, To87),
    (ResponseCode::FORMAT_ERROR, 307, To87),
    (ResponseCode::DUPLICATE, 308, To87),
    (ResponseCode::ORIGINAL_NOT_FOUND, 601, To87),
    (ResponseCode::APPROVED, 900, To87),
    (ResponseCode::APPROVED, ADVICE_ACCEPTED, To87),
    (ResponseCode::BANK_UNAVAILABLE, 907, To87),
    (ResponseCode::BANK_UNAVAILABLE, 910, To87),
];

/// What a response code without a row becomes.
const OTHER_REFUSAL_93: u16 = 100;

/// The action code of a response code in a message of that type.
pub(crate) fn action(code: ResponseCode, mti: Mti) -> u16 {
    if code == ResponseCode::APPROVED {
        let advised =
            matches!(mti.class(), Some(Class::Authorization | Class::Financial)) && mti.is_advice() && mti.is_response();
        let by_class = || ACCEPTED.iter().find(|(class, _)| Some(*class) == mti.class()).map_or(0, |(_, action)| *action);
        return if advised { ADVICE_ACCEPTED } else { by_class() };
    }
    let row = ACTIONS.iter().find(|(known, _, way)| *known == code && *way != To87);
    row.map_or(OTHER_REFUSAL_93, |(_, action, _)| *action)
}

/// The response code of an action code. One without a row is taken for what its hundred says: 0 approved, 1 and 2 declined,
/// 5 not reconciled, any other a malfunction.
pub(crate) fn response_code(action: u16) -> ResponseCode {
    if ACCEPTED.iter().any(|(_, accepted)| *accepted == action) {
        return ResponseCode::APPROVED;
    }
    let row = ACTIONS.iter().find(|(_, known, way)| *known == action && *way != To93);
    row.map_or_else(
        || match action / 100 {
            0 => ResponseCode::APPROVED,
            1 | 2 => ResponseCode::DO_NOT_HONOUR,
            5 => ResponseCode::RECONCILE_ERROR,
            _ => ResponseCode::MALFUNCTION,
        },
        |(code, _, _)| *code,
    )
}

/// Network management: DE70 of 1987, DE24 of 1993.
const NETWORK: &[(NetworkCode, u16)] = &[
    (NetworkCode::SignOn, 801),
    (NetworkCode::SignOff, 802),
    (NetworkCode::KeyChange, 811),
    (NetworkCode::Cutover, 821),
    (NetworkCode::Echo, 831),
];

/// What a network code that is none of the five becomes.
const OTHER_NETWORK_93: u16 = 899;

pub(crate) fn network_function(code: NetworkCode) -> u16 {
    let row = NETWORK.iter().find(|(known, _)| *known == code);
    row.map_or(OTHER_NETWORK_93, |(_, function)| *function)
}

/// The network code that a function code is.
pub(crate) fn network(function: u16) -> NetworkCode {
    let row = NETWORK.iter().find(|(_, known)| *known == function);
    row.map_or(NetworkCode::Other(function), |(code, _)| *code)
}

/// File updates: DE91 of 1987, DE24 of 1993.
const FILE_UPDATES: &[(u8, u16)] = &[(b'1', 301), (b'2', 302), (b'3', 303), (b'4', 304), (b'5', 305)];
const NO_FILE_UPDATE: u16 = 300;

/// The file update code that a function code is.
pub(crate) fn file_update(function: u16) -> Option<u8> {
    FILE_UPDATES.iter().find(|(_, known)| *known == function).map(|(code, _)| *code)
}

/// Function codes (DE24) by class: the original, and where only a part of an earlier amount stands.
const FUNCTIONS: &[(Class, u16, u16)] = &[
    (Class::Authorization, 100, 100),
    (Class::Financial, 200, 202),
    (Class::Reversal, 400, 401),
    (Class::Reconciliation, 500, 500),
    // 680 to 699 are for private use; 690 (ours) is text.
    (Class::Administrative, 690, 690),
];
/// Chargebacks, which are of class 4 but no reversals.
const CHARGEBACK: (u16, u16) = (450, 453);
/// A completion of the whole amount that was authorized.
const COMPLETION: u16 = 201;

/// Whether a function code in a message of that type says that DE4 is what stands and DE30 what it was. In any other type it says
/// no such thing, whatever its number.
pub(crate) fn is_partial(function: u16, mti: Mti) -> bool {
    can_be_partial(mti) && matches!(function, 202 | 401 | 453)
}

/// Whether a message of that type can say, by its function code, that only a part of an earlier amount stands.
pub(crate) fn can_be_partial(mti: Mti) -> bool {
    matches!(mti.class(), Some(Class::Financial | Class::Reversal)) && !mti.is_response()
}

/// What stands of an earlier amount, where that is a part and 1993 has a word for it.
pub(crate) fn stands(message: &model::Message<'_>) -> Option<u64> {
    message.replacement.filter(|stands| *stands > 0 && can_be_partial(message.mti))
}

/// The function code (DE24) of a message: what it is about more closely. Responses have none, but for network management.
pub(crate) fn function(message: &model::Message<'_>) -> Option<u16> {
    let (class, mti) = (message.mti.class()?, message.mti);
    let partial = stands(message).is_some();
    match class {
        Class::Network => return Some(message.network.map_or(OTHER_NETWORK_93, network_function)),
        _ if mti.is_response() => return None,
        Class::FileUpdate => {
            let row = FILE_UPDATES.iter().find(|(code, _)| Some(*code) == message.file_update);
            return Some(row.map_or(NO_FILE_UPDATE, |(_, function)| *function));
        }
        Class::Financial if message.original.is_some() && !partial => return Some(COMPLETION),
        _ => {}
    }
    if is_chargeback(mti) {
        return Some(if partial { CHARGEBACK.1 } else { CHARGEBACK.0 });
    }
    let (_, whole, part) = FUNCTIONS.iter().find(|(known, _, _)| *known == class)?;
    Some(if partial { *part } else { *whole })
}

fn is_chargeback(mti: Mti) -> bool {
    matches!(mti.number(), 422 | 423)
}

/// Whether the type is a reversal's, and no chargeback's or response's.
pub(crate) fn is_reversal(mti: Mti) -> bool {
    mti.class() == Some(Class::Reversal) && !mti.is_response() && !is_chargeback(mti)
}

/// Why something is reversed: DE39 of an 0420, DE25 of a 1420.
const REVERSAL_REASONS: &[(&[u8; 2], u16)] =
    &[(b"17", 4000), (b"96", 4002), (b"30", 4003), (b"32", 4004), (b"68", 4006), (b"22", 4007)];
const REVERSED_WHOLLY: u16 = 4001;
const REVERSED_PARTLY: u16 = 4004;
/// Why an advice comes and no request was made: the terminal decided. 1987 has no place for it.
const TERMINAL_PROCESSED: u16 = 1004;
/// The card acceptor suspects the holder: condition code 03 of 1987.
const SUSPICIOUS: (u8, u16) = (3, 1511);

/// The reason (DE25) that a message gives.
pub(crate) fn reason(message: &model::Message<'_>) -> Option<u16> {
    let mti = message.mti;
    if is_reversal(mti) {
        let told = message.code.and_then(reversal_reason);
        let partial = stands(message).is_some();
        return told.or(Some(if partial { REVERSED_PARTLY } else { REVERSED_WHOLLY }));
    }
    let by_card_holder = matches!(mti.class(), Some(Class::Authorization | Class::Financial)) && !mti.is_response();
    match message.condition {
        _ if !by_card_holder => None,
        Some(condition) if condition == SUSPICIOUS.0 => Some(SUSPICIOUS.1),
        _ => mti.is_advice().then_some(TERMINAL_PROCESSED),
    }
}

/// The reason of a reversal that a response code says.
pub(crate) fn reversal_reason(code: ResponseCode) -> Option<u16> {
    REVERSAL_REASONS.iter().find(|(known, _)| **known == code.bytes()).map(|(_, reason)| *reason)
}

/// The response code that a reversal of 1987 gives for a reason; `None` for the two that say no more than whole or partial. A
/// reason that is not listed is not passed on.
pub(crate) fn reversal_code(reason: u16, partial: bool) -> Option<ResponseCode> {
    let row = REVERSAL_REASONS.iter().find(|(_, known)| *known == reason && !(partial && reason == REVERSED_PARTLY));
    row.and_then(|(code, _)| ResponseCode::new(**code))
}

/// Whether a reason says that the card holder is suspected.
pub(crate) fn is_suspicious(reason: u16) -> Option<u8> {
    (reason == SUSPICIOUS.1).then_some(SUSPICIOUS.0)
}

/// How the card was read: first two digits of DE22 in 1987, position 7 in 1993. The first row counts; 07, 80, 90 and 91 are
/// practice and come back as what they are in ISO's list.
const ENTRY_MODES: &[(u16, u8)] =
    &[(0, b'0'), (1, b'6'), (2, b'2'), (3, b'3'), (4, b'4'), (5, b'5'), (1, b'1'), (90, b'2'), (80, b'2'), (91, b'2'), (7, b'5')];

/// Whether a PIN can be typed: the third digit of DE22 in 1987; in 1993 position 2 (how the holder can be verified) and 12 (how
/// long a PIN can be, which 1987 cannot say: 1 is unknown).
const PIN_ENTRY: &[(u16, u8, u8)] = &[(0, b'0', b'1'), (1, b'1', b'1'), (2, b'0', b'0'), (3, b'5', b'1')];

/// Where and how: DE25 in 1987; in 1993 position 4 (surroundings), 5 (holder) and 6 (card) of DE22. Others are as 00.
const CONDITIONS: &[(u8, [u8; 3])] = &[(0, *b"101"), (1, *b"110"), (2, *b"201"), (5, *b"100"), (8, *b"020")];
/// 1993 cannot leave it open; *no terminal used, holder and card present* is what it says in place of nothing.
const NO_CONDITION: [u8; 3] = *b"001";

/// DE22 of 1993, from DE22 and DE25 of 1987. What 1987 cannot say is *unknown* or *none*.
pub(crate) fn service_data(entry_mode: Option<u16>, condition: Option<u8>, with_pin: bool) -> [u8; 12] {
    let mode = entry_mode.unwrap_or(0);
    let read = ENTRY_MODES.iter().find(|(code, _)| *code == mode / 10).map_or(b'0', |(_, read)| *read);
    let (verify, pin_length) =
        PIN_ENTRY.iter().find(|(code, _, _)| *code == mode % 10).map_or((b'0', b'1'), |(_, verify, length)| (*verify, *length));
    let [place, holder, card] = match condition {
        None => NO_CONDITION,
        Some(code) => CONDITIONS.iter().find(|(known, _)| *known == code).map_or(*b"101", |(_, it)| *it),
    };
    let (method, entity) = if with_pin { (b'1', b'3') } else { (b'0', b'0') };
    [b'0', verify, b'0', place, holder, card, read, method, entity, b'0', b'0', pin_length]
}

/// DE22 and DE25 of 1987, from DE22 of 1993. An entry mode of which nothing is known is left out.
pub(crate) fn entry_mode_and_condition(data: [u8; 12]) -> (Option<u16>, Option<u8>) {
    let [_, verify, _, place, holder, card, read, _, _, _, _, pin_length] = data;
    let mode = ENTRY_MODES.iter().find(|(_, known)| *known == read).map_or(0, |(mode, _)| *mode);
    let pin = match (verify, pin_length) {
        (b'1', _) | (_, b'4'..=b'9' | b'A'..=b'C') => 1,
        (b'5', _) => 3,
        (_, b'0') => 2,
        _ => 0,
    };
    let condition = match (place, holder, card) {
        (b'0', b'0', _) => None,
        (_, b'2' | b'3', _) => Some(8),
        (_, b'1' | b'4', _) => Some(1),
        (b'2' | b'4' | b'5', ..) => Some(2),
        (_, _, b'0') => Some(5),
        _ => Some(0),
    };
    (Some(mode * 10 + pin).filter(|mode| *mode > 0), condition)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types() -> impl Iterator<Item = Mti> {
        MESSAGE_TYPES.iter().filter_map(|(old, _)| Mti::new(*old))
    }

    #[test]
    fn every_message_type_comes_back_but_for_the_reversal_request() {
        for mti in types() {
            let back = type_93(mti).and_then(type_87).unwrap();
            let is_request = matches!(mti.number(), 400 | 401 | 410);
            assert_eq!(back.number(), mti.number() + if is_request { 20 } else { 0 });
            assert_eq!((back.is_response(), back.is_repeat(), back.class()), (mti.is_response(), mti.is_repeat(), mti.class()));
        }
    }

    #[test]
    fn every_response_code_comes_back_in_every_type_but_for_the_two_that_1993_does_not_have() {
        for mti in types() {
            for code in ResponseCode::ALL {
                let expected = match *code {
                    ResponseCode::NO_SUCH_ISSUER => ResponseCode::NO_ROUTE,
                    ResponseCode::NO_ACTION => ResponseCode::ORIGINAL_NOT_FOUND,
                    code => code,
                };
                assert_eq!(response_code(action(*code, mti)), expected, "{code} in {mti}");
            }
            assert_eq!(action(ResponseCode::new(*b"Z9").unwrap(), mti), OTHER_REFUSAL_93);
        }
    }

    #[test]
    fn no_action_code_of_a_refusal_approves() {
        for action in 0..1000 {
            let accepted = action < 100 || matches!(action, 300 | 303 | 400 | 500 | 600 | 800 | 900 | 901);
            assert_eq!(response_code(action).approves(), accepted, "{action:03}");
        }
    }

    #[test]
    fn what_1987_can_say_of_card_and_holder_comes_back() {
        for (mode, _) in ENTRY_MODES.iter().filter(|(mode, _)| *mode < 6) {
            for (pin, ..) in PIN_ENTRY {
                for condition in CONDITIONS.iter().map(|(code, _)| Some(*code)).chain([None]) {
                    let said = mode * 10 + pin;
                    let data = service_data(Some(said), condition, false);
                    assert_eq!(entry_mode_and_condition(data), (Some(said).filter(|said| *said > 0), condition));
                }
            }
        }
    }
}
