//! The commonest ways for a field to lie in bytes, told in two words each, so that most of a message is walked over with few
//! instructions. What is in none of them goes the general way, with the same outcome.
//!
//! Knows: how long a field is and which bytes it may hold, one byte at a time. Does not know: what is wrong with one that breaks
//! this (`spec`).

use super::spec::{Coding, Fill, Indicator, IndicatorForm, Prefix};
use crate::chars::{Class, Kinds, all_hex, nibbles_are_decimal, nibbles_are_track};

/// How the length of a field is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lead {
    /// It is fixed.
    Fixed,
    /// It is fixed, an odd number of packed digits.
    Odd,
    /// Two ASCII digits, which belong to the field's alphabet.
    Ascii,
    /// One byte of two packed digits, which belongs to the field's alphabet.
    Packed,
    /// Told in any other way.
    Other,
}

impl Lead {
    pub(super) fn of(prefix: Prefix, coding: Coding, alphabet: Alphabet, max: u16) -> Self {
        use Alphabet::{Alnum, AlnumBlank, Any, Digits, Packed, PackedTrack, Printable, Track};
        let Prefix::Told(Indicator { form, width, counts_bytes }) = prefix else {
            return if alphabet.is_packed() && max % 2 == 1 { Self::Odd } else { Self::Fixed };
        };
        match (form, width, alphabet) {
            _ if counts_bytes || max > 99 || coding == Coding::Hex => Self::Other,
            (IndicatorForm::Ascii, 2, Digits | Printable | Alnum | AlnumBlank | Track | Any) => Self::Ascii,
            (IndicatorForm::Packed, 1, Packed | PackedTrack | Any) => Self::Packed,
            _ => Self::Other,
        }
    }
}

/// Which bytes the content of a field may consist of. Fields of one alphabet that lie side by side are checked at one go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// ASCII digits.
    Digits,
    /// Printable ASCII characters.
    Printable,
    /// ASCII letters and digits.
    Alnum,
    /// ASCII letters, digits and blanks.
    AlnumBlank,
    /// ASCII digits and separators.
    Track,
    /// Hexadecimal digits.
    Hex,
    /// Two packed digits; an odd number of digits has a zero before the first.
    Packed,
    /// The same with separators.
    PackedTrack,
    /// Any byte.
    Any,
    /// None that a byte could be told by: the field is checked by itself.
    Own,
}

impl Alphabet {
    pub(super) fn of(prefix: Prefix, coding: Coding, class: Class, max: u16) -> Self {
        let filled = |fill| fill == Fill::ZERO_BEFORE || (prefix == Prefix::Fixed && max.is_multiple_of(2));
        match (coding, class) {
            (Coding::Characters, Class::Digits) => Self::Digits,
            (Coding::Characters, Class::Mixed(Kinds::PRINTABLE)) => Self::Printable,
            (Coding::Characters, Class::Mixed(Kinds::ALNUM)) => Self::Alnum,
            (Coding::Characters, Class::Mixed(Kinds::ALNUM_BLANK)) => Self::AlnumBlank,
            (Coding::Characters, Class::Track) => Self::Track,
            (Coding::Hex, _) => Self::Hex,
            (Coding::Packed(fill), _) if filled(fill) => Self::Packed,
            (Coding::PackedTrack(fill), _) if filled(fill) => Self::PackedTrack,
            (Coding::Raw, _) => Self::Any,
            _ => Self::Own,
        }
    }

    /// Whether it has two units a byte.
    #[inline(always)]
    pub(crate) fn is_packed(self) -> bool {
        matches!(self, Self::Packed | Self::PackedTrack)
    }

    /// Whether all bytes belong to it.
    #[inline(always)]
    pub(crate) fn holds(self, bytes: &[u8]) -> bool {
        match self {
            Self::Digits => Class::Digits.holds(bytes),
            Self::Printable => Class::Mixed(Kinds::PRINTABLE).holds(bytes),
            Self::Alnum => Class::Mixed(Kinds::ALNUM).holds(bytes),
            Self::AlnumBlank => Class::Mixed(Kinds::ALNUM_BLANK).holds(bytes),
            Self::Track => Class::Track.holds(bytes),
            Self::Hex => all_hex(bytes),
            Self::Packed => nibbles_are_decimal(bytes),
            Self::PackedTrack => nibbles_are_track(bytes),
            Self::Any | Self::Own => true,
        }
    }
}

/// How digits that are given as a number are written, where that is done by a store or two of whole words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figures {
    /// Up to eight ASCII digits.
    Eight,
    /// Nine to sixteen ASCII digits.
    Sixteen,
    /// Up to eight packed digits.
    EightPacked,
    /// Nine to sixteen packed digits.
    SixteenPacked,
    /// In any other way, or not at all.
    Other,
}

impl Figures {
    /// So many digits, in a field of this alphabet.
    #[inline(always)]
    pub(crate) fn of(alphabet: Alphabet, digits: u16) -> Self {
        match (alphabet, digits) {
            (Alphabet::Digits, 1..=8) => Self::Eight,
            (Alphabet::Digits, 9..=16) => Self::Sixteen,
            (Alphabet::Packed, 1..=8) => Self::EightPacked,
            (Alphabet::Packed, 9..=16) => Self::SixteenPacked,
            _ => Self::Other,
        }
    }
}
