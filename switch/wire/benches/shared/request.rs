//! The 17-field withdrawal that every codec here is measured by: one source for each bench and test that speaks of it, which include
//! this file by its path, for it is none of the library's business.

use model::FieldNumber;
use wire::Value;

/// The message type of [`request`].
pub(crate) const REQUEST: u16 = 200;

/// DE2, 3, 4, 7, 11, 12, 13, 18, 22, 32, 35, 37, 41, 42, 43, 49 and 52, as an ATM sends them.
pub(crate) fn request() -> [(FieldNumber, Value<'static>); 17] {
    [
        (2, Value::Digits(9_116_010_000_000_019, 16)),
        (3, Value::Number(10_000)),
        (4, Value::Number(5_000_000)),
        (7, Value::Number(1_228_103_005)),
        (11, Value::Number(42)),
        (12, Value::Number(173_005)),
        (13, Value::Number(1228)),
        (18, Value::Number(6011)),
        (22, Value::Number(51)),
        (32, Value::Digits(116_001, 6)),
        (35, Value::Characters(b"9116010000000019=32122011234")),
        (37, Value::Characters(b"233612000042")),
        (41, Value::Characters(b"ATM00001")),
        (42, Value::Characters(b"MERCHANT0000001")),
        (43, Value::Characters(b"12 NORODOM BLVD        PHNOM PENH     KH")),
        (49, Value::Number(116)),
        (52, Value::Characters(&[0x04, 0x12, 0xAC, 0x89, 0xAB, 0xCD, 0xEF, 0x67])),
    ]
}
