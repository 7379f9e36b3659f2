//! How one field lies in bytes, compiled from a dialect's row: small and flat, for it is read for every field of every message.

use crate::chars::{Class, Kinds};
use crate::error::{Found, Problem};

/// A field's place in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spec {
    /// How its length is told.
    pub(crate) prefix: Prefix,
    /// How its content is written.
    pub(crate) coding: Coding,
    /// Which characters it may hold.
    pub(crate) class: Class,
    /// Its length, or the highest where it varies; in units: digits, characters or bytes.
    pub(crate) max: u16,
    /// What may be shown of it.
    pub(crate) shown: Shown,
    /// Which short cut through the checks it allows.
    pub(crate) road: Road,
}

/// The commonest ways for a field to lie in bytes, each read in one step; the rest takes the general road, with the same outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Road {
    /// A fixed number of ASCII digits.
    Digits,
    /// A fixed number of packed digits.
    Packed,
    /// A fixed number of printable characters.
    Printable,
    /// Anything else.
    General,
}

/// How a length is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// Not at all: the length is fixed.
    Fixed,
    /// Two ASCII digits.
    Ascii2,
    /// Three ASCII digits.
    Ascii3,
    /// Two digits packed in one byte.
    Packed1,
    /// Three digits right-justified in two bytes.
    Packed2,
}

/// How content is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// One byte a character, ASCII.
    Characters,
    /// Two digits a byte; an odd number begins with a zero nibble.
    Packed,
    /// The same with the nibble `D` as separator.
    PackedTrack,
    /// A sign as an ASCII character, then packed digits.
    PackedSigned,
    /// Bytes as they are.
    Raw,
    /// Two hexadecimal ASCII digits a byte.
    Hex,
}

/// What of a field may be shown to people and in logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Whole,
    /// The first six and the last four characters.
    Masked,
    /// Only how long it is.
    Withheld,
}

/// Where a field's content lies in the body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) units: u16,
}

/// What is wrong, and at which byte of the body.
pub(crate) type Flaw = (usize, Problem);

impl Coding {
    /// Bytes that so many units take.
    #[inline]
    pub(crate) fn bytes(self, units: u16) -> usize {
        let units = usize::from(units);
        match self {
            Self::Characters | Self::Raw => units,
            Self::Packed | Self::PackedTrack => units.div_ceil(2),
            Self::PackedSigned => 1 + units.saturating_sub(1).div_ceil(2),
            Self::Hex => units * 2,
        }
    }

    /// Whether its bytes are characters that a person can read.
    fn is_text(self) -> bool {
        matches!(self, Self::Characters | Self::Hex)
    }
}

impl Spec {
    pub(crate) fn new(prefix: Prefix, coding: Coding, class: Class, max: u16, shown: Shown) -> Self {
        let road = match (prefix, coding, class) {
            (Prefix::Fixed, Coding::Characters, Class::Digits) => Road::Digits,
            (Prefix::Fixed, Coding::Packed, _) => Road::Packed,
            (Prefix::Fixed, Coding::Characters, Class::Mixed(Kinds::PRINTABLE)) => Road::Printable,
            _ => Road::General,
        };
        Self { prefix, coding, class, max, shown, road }
    }

    /// Whether its length is fixed.
    pub(crate) fn is_fixed(&self) -> bool {
        self.prefix == Prefix::Fixed
    }

    /// Whether a value shorter than its fixed length is filled up with blanks.
    pub(crate) fn fills(&self) -> bool {
        matches!(self.class, Class::Mixed(_)) && self.class.holds(b" ")
    }

    /// Finds the content of the field that begins at `at`: reads its length, checks it, looks no further. `None` where there is
    /// none; [`Spec::lost`] tells why.
    #[inline]
    pub(crate) fn locate(&self, body: &[u8], at: usize) -> Option<Extent> {
        let told = body.get(at..)?;
        let (units, start) = match self.prefix {
            Prefix::Fixed => (self.max, at),
            Prefix::Ascii2 => (ascii_length(*told.first_chunk::<2>()?)?, at + 2),
            Prefix::Ascii3 => (ascii_length(*told.first_chunk::<3>()?)?, at + 3),
            Prefix::Packed1 => (packed_length(*told.first_chunk::<1>()?)?, at + 1),
            Prefix::Packed2 => (packed_length(*told.first_chunk::<2>()?)?, at + 2),
        };
        let end = start + self.coding.bytes(units);
        (units <= self.max && end <= body.len()).then_some(Extent { start, end, units })
    }

    /// Finds the content of the field that begins at `at` and checks it; `None` where it is not there or not what it may be.
    #[inline]
    pub(crate) fn cut(&self, body: &[u8], at: usize) -> Option<Extent> {
        let units = self.max;
        let fixed = |bytes: usize, holds: fn(&[u8], u16) -> bool| {
            let extent = Extent { start: at, end: at + bytes, units };
            holds(body.get(at..extent.end)?, units).then_some(extent)
        };
        match self.road {
            Road::Digits => fixed(usize::from(units), |content, _| Class::Digits.holds(content)),
            Road::Printable => fixed(usize::from(units), |content, _| Class::Mixed(Kinds::PRINTABLE).holds(content)),
            Road::Packed => fixed(usize::from(units).div_ceil(2), |content, units| {
                pad_is_zero(content, units) && crate::chars::nibbles_are_decimal(content)
            }),
            Road::General => {
                let extent = self.locate(body, at)?;
                self.admits(body.get(extent.start..extent.end)?, extent.units).then_some(extent)
            }
        }
    }

    /// Why [`Spec::locate`] found nothing.
    #[cold]
    pub(crate) fn lost(&self, body: &[u8], at: usize) -> Flaw {
        let told = body.get(at..).unwrap_or(&[]);
        let width = match self.prefix {
            Prefix::Fixed => 0,
            Prefix::Packed1 => 1,
            Prefix::Ascii2 | Prefix::Packed2 => 2,
            Prefix::Ascii3 => 3,
        };
        let Some((indicator, content)) = told.split_at_checked(width) else {
            return (at, Problem::Truncated { needed: width, left: told.len() });
        };
        let length = match (self.prefix, indicator) {
            (Prefix::Fixed, _) => Some(self.max),
            (Prefix::Ascii2 | Prefix::Ascii3, digits) => {
                Class::Digits.holds(digits).then(|| u16::try_from(crate::chars::number_of_digits(digits)).ok()).flatten()
            }
            (Prefix::Packed1 | Prefix::Packed2, packed) => {
                let decimal = crate::chars::nibbles_are_decimal(packed);
                decimal.then(|| u16::try_from(crate::chars::number_of_packed(packed)).ok()).flatten()
            }
        };
        match length {
            // In a message that is out of step the indicator may be content, so a sensitive field's is not shown.
            None => (at, Problem::LengthIndicator { found: self.found(indicator) }),
            Some(length) if length > self.max => {
                (at, Problem::TooLong { length: usize::from(length), max: usize::from(self.max) })
            }
            Some(length) => (at + width, Problem::Truncated { needed: self.coding.bytes(length), left: content.len() }),
        }
    }

    /// What may be told of bytes that are not what was expected.
    pub(crate) fn found(&self, bytes: &[u8]) -> Found {
        match (self.shown, self.coding.is_text()) {
            (Shown::Whole, true) => Found::text(bytes),
            (Shown::Whole, false) => Found::hex(bytes),
            (Shown::Masked | Shown::Withheld, _) => Found::withheld(),
        }
    }

    /// Whether `content` is what the field may hold; [`Spec::objection`] tells why not.
    #[inline]
    pub(crate) fn admits(&self, content: &[u8], units: u16) -> bool {
        match self.coding {
            Coding::Characters => self.class.holds(content),
            Coding::Raw => true,
            Coding::Packed => pad_is_zero(content, units) && crate::chars::nibbles_are_decimal(content),
            Coding::Hex => crate::chars::all_hex(content),
            Coding::PackedTrack => pad_is_zero(content, units) && crate::chars::nibbles_are_track(content),
            Coding::PackedSigned => self.breach(content, units).is_none(),
        }
    }

    /// Where and why `content`, which begins at byte `start` of the body, is not what the field may hold.
    #[cold]
    pub(crate) fn objection(&self, content: &[u8], units: u16, start: usize) -> Option<Flaw> {
        let place = self.breach(content, units)?;
        let found = self.found(content.get(place.saturating_sub(11)..=place).unwrap_or(&[]));
        let first = content.first().copied().unwrap_or(0);
        let pad = matches!(self.coding, Coding::Packed | Coding::PackedTrack) && !pad_is_zero(content, units);
        let problem = match self.coding {
            _ if pad => Problem::PadNibble { found: (self.shown == Shown::Whole).then_some(first >> 4) },
            Coding::Hex => Problem::Characters { count: usize::from(units) * 2, expected: "hexadecimal digits", found },
            _ => Problem::Characters { count: usize::from(units), expected: self.class.words(), found },
        };
        Some((start + place, problem))
    }

    /// The first byte of `content` that breaks the rules.
    fn breach(&self, content: &[u8], units: u16) -> Option<usize> {
        let odd = units % 2 == 1;
        match self.coding {
            Coding::Characters => self.class.breach(content),
            Coding::Raw => None,
            Coding::Hex => content.iter().position(|byte| !byte.is_ascii_hexdigit()),
            Coding::Packed | Coding::PackedTrack if odd && !pad_is_zero(content, units) => Some(0),
            Coding::Packed => content.iter().position(|byte| !crate::chars::nibbles_are_decimal(&[*byte])),
            Coding::PackedTrack => content.iter().position(|byte| !crate::chars::nibbles_are_track(&[*byte])),
            Coding::PackedSigned => match content.split_first() {
                Some((b'C' | b'D', digits)) => {
                    digits.iter().position(|byte| !crate::chars::nibbles_are_decimal(&[*byte])).map(|place| place + 1)
                }
                _ => Some(0),
            },
        }
    }
}

#[inline]
fn pad_is_zero(content: &[u8], units: u16) -> bool {
    units.is_multiple_of(2) || content.first().is_none_or(|first| first >> 4 == 0)
}

#[inline]
fn ascii_length<const N: usize>(digits: [u8; N]) -> Option<u16> {
    digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u16::from(byte & 15)))
}

#[inline]
fn packed_length<const N: usize>(packed: [u8; N]) -> Option<u16> {
    packed.iter().try_fold(0u16, |sum, byte| {
        let decimal = byte >> 4 < 10 && byte & 15 < 10;
        decimal.then(|| sum * 100 + u16::from(byte >> 4) * 10 + u16::from(byte & 15))
    })
}
