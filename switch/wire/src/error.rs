//! What can be wrong with bytes, with a message to be built, or with a frame: always with the place, and never with the content
//! of a field that must not be shown.

use std::fmt;

use model::FieldNumber;

/// A frame that cannot be cut from the stream. The stream has lost its step: the link must be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The frame says it is longer than the link allows; most often bytes of another framing were taken for a length.
    #[error("the frame's header announces {length} bytes, this link takes at most {max}")]
    TooLong {
        /// What the header says, in bytes.
        length: usize,
        /// What the link takes, in bytes.
        max: usize,
    },
    /// The frame says it is shorter than the headers that its length counts.
    #[error("the frame's header announces {length} bytes, this link's frames have at least {min}")]
    TooShort {
        /// What the header says, in bytes.
        length: usize,
        /// What TPDU, fixed header and, where it is counted, the length itself take, in bytes.
        min: usize,
    },
    /// A length in digits that is none.
    #[error("the frame's header announces no decimal length: {found}")]
    NotDecimal {
        /// What stood there.
        found: Found,
    },
}

/// Where in a message something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The message type indicator.
    Mti,
    /// The primary or secondary bitmap.
    Bitmap,
    /// A field by its number, its length indicator included.
    Field(FieldNumber),
    /// The message as a whole: its length.
    Frame,
}

impl Place {
    /// The field's number where it is one.
    #[must_use]
    pub fn field(self) -> Option<FieldNumber> {
        match self {
            Self::Field(number) => Some(number),
            Self::Mti | Self::Bitmap | Self::Frame => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mti => f.write_str("message type"),
            Self::Bitmap => f.write_str("bitmap"),
            Self::Field(number) => write!(f, "field {number}"),
            Self::Frame => f.write_str("message"),
        }
    }
}

/// A few of the bytes that stood where something else was expected: at most twelve characters, or six bytes as twelve hexadecimal
/// digits, so that a message that is out of step can never show a whole card number; none at all of a sensitive field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Found {
    bytes: [u8; Found::TEXT_MAX],
    kept: u8,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Hex,
    Withheld,
}

impl Found {
    /// The most that is kept of bytes that are characters.
    pub(crate) const TEXT_MAX: usize = 12;
    /// The most that is kept of bytes that are none: each may be two digits of a card number.
    pub(crate) const HEX_MAX: usize = Self::TEXT_MAX / 2;

    fn keep(bytes: &[u8], form: Form) -> Self {
        let mut kept = [0; Self::TEXT_MAX];
        let count = bytes.len().min(if form == Form::Hex { Self::HEX_MAX } else { Self::TEXT_MAX });
        for (to, from) in kept.iter_mut().zip(bytes.iter().take(count)) {
            *to = *from;
        }
        Self { bytes: kept, kept: u8::try_from(count).unwrap_or(0), form }
    }

    /// Bytes that are characters.
    #[must_use]
    pub fn text(bytes: &[u8]) -> Self {
        Self::keep(bytes, Form::Text)
    }

    /// Bytes that are none.
    #[must_use]
    pub fn hex(bytes: &[u8]) -> Self {
        Self::keep(bytes, Form::Hex)
    }

    /// Bytes that must not be shown.
    #[must_use]
    pub fn withheld() -> Self {
        Self { bytes: [0; Self::TEXT_MAX], kept: 0, form: Form::Withheld }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.bytes.get(..usize::from(self.kept)).unwrap_or(&[]);
        match self.form {
            Form::Text => write!(f, "\"{}\"", bytes.escape_ascii()),
            Form::Hex => bytes.iter().try_for_each(|byte| write!(f, "{byte:02X}")),
            Form::Withheld => f.write_str("something else (withheld)"),
        }
    }
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What was expected of some bytes and not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The message ends too early.
    Truncated {
        /// Bytes needed from the offset on.
        needed: usize,
        /// Bytes left there.
        left: usize,
    },
    /// A byte or nibble outside the field's character class.
    Characters {
        /// How many were to be of that class.
        count: usize,
        /// The class, in words: `digits`, `letters or digits`.
        expected: &'static str,
        /// What stood there.
        found: Found,
    },
    /// A length indicator that is no decimal number.
    LengthIndicator {
        /// What stood there.
        found: Found,
    },
    /// A length indicator above the field's maximum.
    TooLong {
        /// What the indicator says, in digits, characters or bytes as the field counts.
        length: usize,
        /// The dialect's maximum, counted alike.
        max: usize,
    },
    /// The nibble that fills up an odd number of packed digits is not the dialect's.
    PadNibble {
        /// The dialect's: 0 or 15.
        expected: u8,
        /// Whether it is to stand behind the last digit, and not before the first.
        behind: bool,
        /// What stood there; `None` in a sensitive field.
        found: Option<u8>,
    },
    /// The bitmap names a field that the dialect does not have.
    Undefined,
    /// Bytes after the last field.
    LeftOver {
        /// How many.
        bytes: usize,
    },
    /// The bytes are of the right class, and yet no such value exists: a date, a currency, a message type.
    Value {
        /// What it was to be, in words.
        expected: &'static str,
        /// What stood there.
        found: Found,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { needed, left } => write!(f, "expected {needed} bytes, found {left} before the end"),
            Self::Characters { count, expected, found } => write!(f, "expected {count} {expected}, found {found}"),
            Self::LengthIndicator { found } => write!(f, "expected a decimal length, found {found}"),
            Self::TooLong { length, max } => write!(f, "expected a length of at most {max}, found {length}"),
            Self::PadNibble { expected, behind, found } => {
                let nibble = if *expected == 0 { "a zero nibble" } else { "a nibble F" };
                let side = if *behind { "behind" } else { "before" };
                write!(f, "expected {nibble} {side} an odd number of digits")?;
                found.map_or(Ok(()), |nibble| write!(f, ", found {nibble:X}"))
            }
            Self::Undefined => f.write_str("is in the bitmap, but the dialect does not define it"),
            Self::LeftOver { bytes } => write!(f, "expected the end, found {bytes} more bytes"),
            Self::Value { expected, found } => write!(f, "expected {expected}, found {found}"),
        }
    }
}

/// Why bytes are no message of a dialect: the first thing that is wrong, and where. The sender is at fault, and sending the
/// same bytes again will not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} at byte {offset}: {problem}")]
pub struct ParseError {
    /// The part of the message.
    pub place: Place,
    /// Bytes from the start of the body (the frame's header not counted) to where the expectation was not met.
    pub offset: usize,
    /// What was expected, and what stood there.
    pub problem: Problem,
}

/// Why a message cannot be put into bytes. The switch (or who wrote the message) is at fault, never the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The dialect has no such field.
    #[error("field {field}: the dialect does not define it")]
    Undefined {
        /// The field.
        field: FieldNumber,
    },
    /// The value is longer than the field.
    #[error("field {field}: {length} long, at most {max} allowed")]
    TooLong {
        /// The field.
        field: FieldNumber,
        /// The value's length in digits, characters or bytes, as the field counts.
        length: usize,
        /// The dialect's maximum, counted alike.
        max: usize,
    },
    /// The value is shorter than a field of fixed length that nothing may fill up.
    #[error("field {field}: {length} long, exactly {exact} needed")]
    TooShort {
        /// The field.
        field: FieldNumber,
        /// The value's length in digits, characters or bytes, as the field counts.
        length: usize,
        /// The dialect's length, counted alike.
        exact: usize,
    },
    /// A character outside the field's class.
    #[error("field {field}: expected {expected}, character {at} is none")]
    Characters {
        /// The field.
        field: FieldNumber,
        /// The class, in words.
        expected: &'static str,
        /// The character's place, from 0.
        at: usize,
    },
    /// The message type is no type of the dialect's version.
    #[error("the message type {number:04} does not exist in the dialect's version")]
    Mti {
        /// The four digits.
        number: u16,
    },
    /// A field that is given behind a higher one, twice, or is none of 2 to 128.
    #[error("field {field}: fields are 2 to 128 and given in ascending order")]
    OutOfOrder {
        /// The field.
        field: FieldNumber,
    },
    /// The message is longer than the framing can announce.
    #[error("the message has {length} bytes, its frame can announce at most {max}")]
    FrameTooLong {
        /// The message's length in bytes.
        length: usize,
        /// The framing's maximum in bytes.
        max: usize,
    },
}

/// What TOML says of a text: line, column, and the line at fault. In a log too it is no more than that, for who named the wrong
/// file may have named one with keys or cards in it.
#[derive(Clone, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct TomlError(pub(crate) Box<toml::de::Error>);

impl fmt::Debug for TomlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a dialect's description is none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DialectError {
    /// No TOML of the right form; tells line and column and points at the place.
    #[error("{0}")]
    Toml(TomlError),
    /// A field whose encoding and format do not go together.
    #[error("line {line}: field {field}: {problem}")]
    Field {
        /// The line in the description, from 1.
        line: usize,
        /// The field.
        field: FieldNumber,
        /// What does not go together, in words.
        problem: &'static str,
    },
    /// Subfields that cannot be, or that their field cannot hold.
    #[error("line {line}: subfields of field {field}: {problem}")]
    Subfields {
        /// The line in the description, from 1.
        line: usize,
        /// The field.
        field: FieldNumber,
        /// What is wrong, in words.
        problem: String,
    },
}
