//! The way between bytes and the model: fields of ISO 8583:1987 become values, values become fields.
//!
//! Knows: which field carries which value, in which form. Does not know: how the form is encoded (`dialect`), which fields a
//! message needs (`profile`), what is decided about it (`engine`).

mod content;
pub(crate) mod editions;
mod presence;
mod read;
mod read93;
mod write;
mod write93;

use model::{FieldNumber, Message, Mti};

use crate::chars::Class;
use crate::dialect::{Coding, Spec};
use crate::{ParseError, Version};

pub use content::{octets, pin_block};
pub(crate) use presence::presence;
pub(crate) use read::expected;

pub use read::read;
pub use write::write;

/// A message that could not be read, with what could be, so that its sender can be answered 30 where `mti` and `echo.stan` are there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Unreadable {
    /// The first thing that is wrong.
    pub error: ParseError,
    /// The message type, where it could be read.
    pub mti: Option<Mti>,
    /// What could be read of DE3, 4, 7, 11, 12, 13, 32, 37, 41 and 49. Its `mti` is the one above, or the default.
    pub echo: Message<'static>,
}

/// The form in which [`read`] and [`write`] expect a field. A dialect may encode it as it likes, but not give it another form.
#[derive(Clone, Copy)]
enum Form {
    /// That many digits.
    Digits(u16),
    /// Up to that many digits.
    DigitsUpTo(u16),
    /// A sign and that many digits.
    Signed(u16),
    /// Up to that many characters, one a byte.
    CharactersUpTo(u16),
    /// Eight bytes.
    Block,
    /// Bytes as they are, or characters one a byte, which borrow the frame.
    Borrowed,
    /// Digits and separators, up to 37.
    Track2,
}

/// Why this switch could not read a field that lies in bytes like that; `None` where it could, and where it does not read the field.
pub(crate) fn objection(version: Version, number: FieldNumber, spec: &Spec) -> Option<&'static str> {
    let form = match (version, number) {
        (Version::Iso1987, _) => form(number)?,
        (Version::Iso1993, _) => form_93(number)?,
    };
    let digits = spec.class == Class::Digits;
    let (fits, problem) = match form {
        Form::Digits(count) => {
            (digits && spec.is_fixed() && spec.max == count, "the switch needs it as digits of the standard's fixed length")
        }
        Form::DigitsUpTo(count) => (digits && spec.max <= count, "the switch needs it as digits, no more than in the standard"),
        Form::Signed(count) => {
            (spec.class == Class::Signed && spec.is_fixed() && spec.max == count + 1, "the switch needs it as x+n 8")
        }
        Form::CharactersUpTo(count) => (
            matches!(spec.coding, Coding::Characters | Coding::Ebcdic) && spec.max <= count,
            "the switch needs it as characters, no more than in the standard",
        ),
        Form::Block => (spec.class == Class::Bytes && spec.is_fixed() && spec.max == 8, "the switch needs it as b 8"),
        Form::Borrowed => (
            matches!(spec.coding, Coding::Characters | Coding::Ebcdic | Coding::Raw | Coding::Hex),
            "the switch needs it as characters or bytes",
        ),
        Form::Track2 => (spec.class == Class::Track && spec.max <= 37, "the switch needs it as z ..37"),
    };
    (!fits).then_some(problem)
}

/// The forms of the 1993 version that differ.
fn form_93(number: FieldNumber) -> Option<Form> {
    Some(match number {
        12 => Form::Digits(12),
        15 => Form::Digits(6),
        22 => Form::CharactersUpTo(12),
        24 | 39 => Form::Digits(3),
        25 | 26 => Form::Digits(4),
        30 => Form::Digits(24),
        44 => Form::CharactersUpTo(99),
        56 => Form::DigitsUpTo(35),
        13 | 28 | 70 | 90 | 91 | 95 => return None,
        same => return form(same),
    })
}

fn form(number: FieldNumber) -> Option<Form> {
    Some(match number {
        2 => Form::DigitsUpTo(19),
        3 | 11 | 12 => Form::Digits(6),
        4 => Form::Digits(12),
        7 => Form::Digits(10),
        13 | 14 | 15 | 18 => Form::Digits(4),
        22 | 49 | 70 => Form::Digits(3),
        25 => Form::Digits(2),
        28 => Form::Signed(8),
        32 | 33 | 100 => Form::DigitsUpTo(11),
        35 => Form::Track2,
        37 => Form::CharactersUpTo(12),
        38 => Form::CharactersUpTo(6),
        39 => Form::CharactersUpTo(2),
        41 => Form::CharactersUpTo(8),
        42 => Form::CharactersUpTo(15),
        43 | 48 | 54 | 55 | 60..=63 => Form::Borrowed,
        44 => Form::CharactersUpTo(25),
        52 => Form::Block,
        90 => Form::Digits(42),
        95 => Form::CharactersUpTo(42),
        91 => Form::CharactersUpTo(1),
        101 => Form::CharactersUpTo(17),
        102 | 103 => Form::CharactersUpTo(28),
        _ => return None,
    })
}
