//! How one field lies in bytes, compiled from a dialect's row: small and flat, for it is read for every field of every message.

use super::quick::{Alphabet, Figures, Lead};
use crate::chars::{Class, all_hex, ascii_of_ebcdic, nibbles_are_decimal, nibbles_are_track, number_of_digits, number_of_packed};
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
    /// How its length is told, once more, where that is done in one of the commonest ways.
    pub(crate) lead: Lead,
    /// What all bytes of it are checked against.
    pub(crate) alphabet: Alphabet,
    /// Its bytes where its length is fixed.
    pub(crate) size: u16,
    /// How it is written from a number where its length is fixed.
    pub(crate) figures: Figures,
}

/// How a length is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// Not at all: the length is fixed.
    Fixed,
    /// By an indicator before the content.
    Told(Indicator),
}

/// A length indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Indicator {
    pub(crate) form: IndicatorForm,
    /// Its own length in bytes, 1 to 4.
    pub(crate) width: u8,
    /// Whether it counts the bytes that follow, and not digits, characters or bytes of the value.
    pub(crate) counts_bytes: bool,
}

/// How the number of a length indicator is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndicatorForm {
    /// ASCII digits.
    Ascii,
    /// EBCDIC digits.
    Ebcdic,
    /// Packed digits, right-justified.
    Packed,
    /// A binary number, the highest byte first.
    Binary,
}

/// How content is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// One byte a character, ASCII.
    Characters,
    /// One byte a character, EBCDIC (IBM 1047).
    Ebcdic,
    /// Two digits a byte.
    Packed(Fill),
    /// The same with the nibble `D` as separator.
    PackedTrack(Fill),
    /// A sign as an ASCII character, then packed digits.
    PackedSigned,
    /// Bytes as they are.
    Raw,
    /// Two hexadecimal ASCII digits a byte.
    Hex,
}

/// What fills up an odd number of packed digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fill {
    /// Whether it stands behind the last digit, and not before the first.
    pub(crate) behind: bool,
    /// 0 or 15.
    pub(crate) nibble: u8,
}

impl Fill {
    /// A zero before the first digit.
    pub(crate) const ZERO_BEFORE: Self = Self { behind: false, nibble: 0 };

    /// Digits as `packed` holds them, and the nibble that fills them up where they are odd.
    fn found(self, packed: &[u8]) -> Option<u8> {
        if self.behind { packed.last().map(|byte| byte & 15) } else { packed.first().map(|byte| byte >> 4) }
    }

    /// Whether an odd number of digits is filled up as it must be.
    #[inline]
    fn is_there(self, packed: &[u8], units: u16) -> bool {
        units.is_multiple_of(2) || self.found(packed) == Some(self.nibble)
    }

    /// Whether `digits` finds nothing wrong with all bytes of `packed`, the nibble that fills them up taken for a zero.
    #[inline]
    fn holds(self, packed: &[u8], units: u16, digits: fn(&[u8]) -> bool) -> bool {
        if self.nibble == 0 || units.is_multiple_of(2) {
            return self.is_there(packed, units) && digits(packed);
        }
        let (edge, mask, rest) = match (packed.split_first(), packed.split_last()) {
            (Some((first, rest)), _) if !self.behind => (first, 0x0F, rest),
            (_, Some((last, rest))) => (last, 0xF0, rest),
            _ => return false,
        };
        self.is_there(packed, units) && digits(&[edge & mask]) && digits(rest)
    }

    /// The first byte that `digits` finds wrong, or that is filled up wrongly.
    fn breach(self, packed: &[u8], units: u16, digits: fn(&[u8]) -> bool) -> Option<usize> {
        let edge = if self.behind { packed.len().saturating_sub(1) } else { 0 };
        let odd = !units.is_multiple_of(2);
        let mask = |place: usize| match (odd && place == edge, self.behind) {
            (true, true) => 0xF0,
            (true, false) => 0x0F,
            (false, _) => 0xFF,
        };
        let filled = |place: usize| !(odd && place == edge) || self.is_there(packed, units);
        packed.iter().enumerate().position(|(place, byte)| !filled(place) || !digits(&[byte & mask(place)]))
    }
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
            Self::Characters | Self::Ebcdic | Self::Raw => units,
            Self::Packed(_) | Self::PackedTrack(_) => units.div_ceil(2),
            Self::PackedSigned => 1 + units.saturating_sub(1).div_ceil(2),
            Self::Hex => units * 2,
        }
    }

    /// Units in that many bytes of content; `None` where they cannot be so many bytes.
    fn units(self, content: &[u8]) -> Option<u16> {
        let bytes = u16::try_from(content.len()).ok()?;
        match self {
            Self::Characters | Self::Ebcdic | Self::Raw => Some(bytes),
            Self::Packed(fill) | Self::PackedTrack(fill) => {
                let filled = fill.found(content) == Some(0xF);
                bytes.checked_mul(2)?.checked_sub(u16::from(filled))
            }
            Self::PackedSigned => bytes.checked_mul(2)?.checked_sub(1),
            Self::Hex => bytes.is_multiple_of(2).then_some(bytes / 2),
        }
    }
}

impl Indicator {
    /// The number it tells; `None` where it is none.
    #[inline]
    fn told(self, indicator: &[u8]) -> Option<u16> {
        match self.form {
            IndicatorForm::Ascii => all_digits(indicator, |byte| byte.wrapping_sub(b'0')),
            IndicatorForm::Ebcdic => all_digits(indicator, |byte| byte.wrapping_sub(0xF0)),
            IndicatorForm::Packed => indicator.iter().try_fold(0u16, |sum, byte| {
                let decimal = byte >> 4 < 10 && byte & 15 < 10;
                decimal.then(|| sum * 100 + u16::from(byte >> 4) * 10 + u16::from(byte & 15))
            }),
            IndicatorForm::Binary => Some(indicator.iter().fold(0, |sum: u16, byte| sum << 8 | u16::from(*byte))),
        }
    }
}

#[inline]
fn all_digits(digits: &[u8], value: impl Fn(u8) -> u8) -> Option<u16> {
    digits.iter().try_fold(0u16, |sum, byte| {
        let digit = value(*byte);
        (digit < 10).then(|| sum * 10 + u16::from(digit))
    })
}

impl Spec {
    pub(crate) fn new(prefix: Prefix, coding: Coding, class: Class, max: u16, shown: Shown) -> Self {
        let alphabet = Alphabet::of(prefix, coding, class, max);
        let lead = Lead::of(prefix, coding, alphabet, max);
        let size = u16::try_from(coding.bytes(max)).unwrap_or(0);
        let figures = if prefix == Prefix::Fixed { Figures::of(alphabet, max) } else { Figures::Other };
        Self { prefix, coding, class, max, shown, lead, alphabet, size, figures }
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
    #[inline(never)]
    pub(crate) fn locate(&self, body: &[u8], at: usize) -> Option<Extent> {
        let Prefix::Told(indicator) = self.prefix else {
            let end = at + self.coding.bytes(self.max);
            return (end <= body.len()).then_some(Extent { start: at, end, units: self.max });
        };
        let rest = body.get(at..)?;
        let (told, start) = match (indicator.form, indicator.width) {
            (IndicatorForm::Ascii, 2) => (indicator.told(rest.first_chunk::<2>()?)?, at + 2),
            (IndicatorForm::Packed, 1) => (indicator.told(rest.first_chunk::<1>()?)?, at + 1),
            (_, width) => (indicator.told(rest.get(..usize::from(width))?)?, at + usize::from(width)),
        };
        let (units, end) = if indicator.counts_bytes {
            let end = start + usize::from(told);
            (self.coding.units(body.get(start..end)?)?, end)
        } else {
            (told, start + self.coding.bytes(told))
        };
        (units <= self.max && end <= body.len()).then_some(Extent { start, end, units })
    }

    /// Why [`Spec::locate`] found nothing.
    #[cold]
    pub(crate) fn lost(&self, body: &[u8], at: usize) -> Flaw {
        let rest = body.get(at..).unwrap_or(&[]);
        let Prefix::Told(indicator) = self.prefix else {
            return (at, Problem::Truncated { needed: self.coding.bytes(self.max), left: rest.len() });
        };
        let width = usize::from(indicator.width);
        let Some((before, content)) = rest.split_at_checked(width) else {
            return (at, Problem::Truncated { needed: width, left: rest.len() });
        };
        let max = usize::from(self.max);
        let Some(told) = indicator.told(before) else {
            // In a message that is out of step the indicator may be content, so a sensitive field's is not shown.
            let found =
                if indicator.form == IndicatorForm::Packed { Found::hex(before) } else { text_or_hex(indicator.form, before) };
            return (at, Problem::LengthIndicator { found: if self.shown == Shown::Whole { found } else { Found::withheld() } });
        };
        let needed = if indicator.counts_bytes { usize::from(told) } else { self.coding.bytes(told) };
        match content.get(..needed) {
            _ if !indicator.counts_bytes && usize::from(told) > max => (at, Problem::TooLong { length: usize::from(told), max }),
            _ if needed > self.coding.bytes(self.max) => {
                (at, Problem::TooLong { length: needed, max: self.coding.bytes(self.max) })
            }
            None => (at + width, Problem::Truncated { needed, left: content.len() }),
            Some(content) => match self.coding.units(content) {
                Some(units) => (at, Problem::TooLong { length: usize::from(units), max }),
                None => (at, Problem::Value { expected: "an even number of hexadecimal digits", found: self.found(before) }),
            },
        }
    }

    /// What may be told of bytes that are not what was expected.
    pub(crate) fn found(&self, bytes: &[u8]) -> Found {
        match (self.shown, self.coding) {
            (Shown::Masked | Shown::Withheld, _) => Found::withheld(),
            (Shown::Whole, Coding::Characters | Coding::Hex) => Found::text(bytes),
            (Shown::Whole, Coding::Ebcdic) => text_or_hex(IndicatorForm::Ebcdic, bytes),
            (Shown::Whole, _) => Found::hex(bytes),
        }
    }

    /// Whether `content` is what the field may hold; [`Spec::objection`] tells why not.
    #[inline(never)]
    pub(crate) fn admits(&self, content: &[u8], units: u16) -> bool {
        match self.coding {
            Coding::Characters => self.class.holds(content),
            Coding::Raw => true,
            Coding::Packed(fill) => fill.holds(content, units, nibbles_are_decimal),
            Coding::Hex => all_hex(content),
            Coding::PackedTrack(fill) => fill.holds(content, units, nibbles_are_track),
            Coding::PackedSigned | Coding::Ebcdic => self.breach(content, units).is_none(),
        }
    }

    /// Where and why `content`, which begins at byte `start` of the body, is not what the field may hold.
    #[cold]
    pub(crate) fn objection(&self, content: &[u8], units: u16, start: usize) -> Option<Flaw> {
        let place = self.breach(content, units)?;
        let kept = if matches!(self.coding, Coding::Characters | Coding::Hex) { Found::TEXT_MAX } else { Found::HEX_MAX };
        let found = self.found(content.get((place + 1).saturating_sub(kept)..=place).unwrap_or(&[]));
        let count = usize::from(units);
        let problem = match self.coding {
            Coding::Packed(fill) | Coding::PackedTrack(fill)
                if !fill.is_there(content, units) && place == if fill.behind { content.len().saturating_sub(1) } else { 0 } =>
            {
                let found = fill.found(content).filter(|_| self.shown == Shown::Whole);
                Problem::PadNibble { expected: fill.nibble, behind: fill.behind, found }
            }
            Coding::Hex => Problem::Characters { count: count * 2, expected: "hexadecimal digits", found },
            _ => Problem::Characters { count, expected: self.class.words(), found },
        };
        Some((start + place, problem))
    }

    /// The first byte of `content` that breaks the rules.
    fn breach(&self, content: &[u8], units: u16) -> Option<usize> {
        match self.coding {
            Coding::Characters => self.class.breach(content),
            Coding::Ebcdic => self.class.breach_ebcdic(content),
            Coding::Raw => None,
            Coding::Hex => content.iter().position(|byte| !byte.is_ascii_hexdigit()),
            Coding::Packed(fill) => fill.breach(content, units, nibbles_are_decimal),
            Coding::PackedTrack(fill) => fill.breach(content, units, nibbles_are_track),
            Coding::PackedSigned => match content.split_first() {
                Some((b'C' | b'D', digits)) => {
                    digits.iter().position(|byte| !nibbles_are_decimal(&[*byte])).map(|place| place + 1)
                }
                _ => Some(0),
            },
        }
    }
}

/// Characters as text, those of EBCDIC too where all of them are some.
fn text_or_hex(form: IndicatorForm, bytes: &[u8]) -> Found {
    if form != IndicatorForm::Ebcdic {
        return Found::text(bytes);
    }
    let mut text = [0; 12];
    for (to, from) in text.iter_mut().zip(bytes) {
        *to = ascii_of_ebcdic(*from);
    }
    match text.get(..bytes.len().min(12)) {
        Some(text) if !text.contains(&0) => Found::text(text),
        _ => Found::hex(bytes),
    }
}

/// The number that digits of a field are, whatever their coding; 0 for what has no digits.
#[inline]
pub(crate) fn number_in(coding: Coding, content: &[u8], units: u16) -> u64 {
    match coding {
        Coding::Packed(Fill { nibble: 0, behind: false }) => number_of_packed(content),
        Coding::Packed(_) if units.is_multiple_of(2) => number_of_packed(content),
        Coding::Packed(fill) => match (content.split_first(), content.split_last()) {
            (_, Some((last, rest))) if fill.behind => number_of_packed(rest).wrapping_mul(10).wrapping_add(u64::from(last >> 4)),
            (Some((first, rest)), _) => {
                let scale = 10u64.checked_pow(u32::from(units.saturating_sub(1))).unwrap_or(0);
                u64::from(first & 15).wrapping_mul(scale).wrapping_add(number_of_packed(rest))
            }
            _ => 0,
        },
        Coding::Ebcdic => content.iter().fold(0u64, |sum, byte| sum.wrapping_mul(10).wrapping_add(u64::from(byte & 15))),
        _ => number_of_digits(content),
    }
}
