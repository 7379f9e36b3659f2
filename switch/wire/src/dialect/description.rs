//! A dialect as people write it: the TOML, its words, and how a row becomes a [`Spec`].
//!
//! Whatever a dialect can say has a word here, and every word is told in `docs/dialects.md`, which a test compares with this file.
//! A new encoding is a new word and its arm in [`Row::compile`].

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use model::FieldNumber;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use toml::Spanned;

use super::spec::{Coding, Fill, Indicator, IndicatorForm, Prefix, Shown, Spec};
use crate::chars::{Class, Kinds};
use crate::subfields::SubfieldsRow;

/// The whole description.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Description {
    pub(crate) name: String,
    pub(crate) version: Version,
    pub(crate) encoding: Encodings,
    pub(crate) fields: BTreeMap<Word<Number>, Spanned<Row>>,
    /// How the characters of a field are divided.
    #[serde(default)]
    pub(crate) subfields: BTreeMap<Word<Number>, Spanned<SubfieldsRow>>,
}

/// The edition of the standard whose message types and field meanings apply.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub enum Version {
    /// ISO 8583:1987; message types begin with 0.
    #[serde(rename = "1987")]
    Iso1987,
    /// ISO 8583:1993; message types begin with 1.
    #[serde(rename = "1993")]
    Iso1993,
}

impl Version {
    /// Whether the edition has a message type of these four digits.
    #[must_use]
    pub fn has_type(self, number: u16) -> bool {
        match self {
            Self::Iso1987 => model::Mti::new(number).is_some(),
            // 7 is fee collection, which the edition before did not have.
            Self::Iso1993 => matches!(number / 100, 11..=18),
        }
    }

    /// A message type of it, in words.
    pub(crate) fn expected_type(self) -> &'static str {
        match self {
            Self::Iso1987 => "a message type of ISO 8583:1987",
            Self::Iso1993 => "a message type of ISO 8583:1993",
        }
    }
}

/// How values are written where a field says nothing else.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Encodings {
    /// The message type.
    pub(crate) mti: DigitEncoding,
    pub(crate) bitmap: ByteEncoding,
    /// When there is a secondary bitmap.
    #[serde(default)]
    pub(crate) secondary: Secondary,
    /// Class n, and the digits of x+n.
    numeric: DigitEncoding,
    /// Class z.
    track: DigitEncoding,
    /// Classes a, an, ans and their like.
    text: TextEncoding,
    /// Class b.
    binary: ByteEncoding,
    /// Length indicators.
    length: LengthEncoding,
    /// What length indicators count.
    #[serde(default)]
    counts: Counts,
    /// Where an odd number of packed digits is filled up.
    #[serde(default)]
    odd: Odd,
    /// With what.
    #[serde(default)]
    fill: FillNibble,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DigitEncoding {
    /// One ASCII digit a byte.
    Ascii,
    /// One EBCDIC digit a byte.
    Ebcdic,
    /// Two digits a byte.
    Bcd,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ByteEncoding {
    /// Bytes as they are.
    Raw,
    /// Two hexadecimal ASCII digits a byte.
    Hex,
}

/// When there is a secondary bitmap, and what bit 1 says of it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Secondary {
    /// Where bit 1 is set, as in the standard; written where a field above 64 is there.
    #[default]
    Announced,
    /// Always, and bit 1 is set.
    Always,
    /// Always, and bit 1 is clear.
    AlwaysUnannounced,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TextEncoding {
    Ascii,
    Ebcdic,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LengthEncoding {
    Ascii,
    Ebcdic,
    Bcd,
    Binary,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Counts {
    /// Digits, characters, or bytes of the value, as the format does.
    #[default]
    Units,
    /// The bytes that follow.
    Bytes,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Odd {
    /// A nibble before the first digit.
    #[default]
    Left,
    /// A nibble behind the last.
    Right,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
enum FillNibble {
    #[default]
    #[serde(rename = "0")]
    Zero,
    #[serde(rename = "f")]
    F,
}

/// One field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Row {
    pub(crate) name: String,
    format: Word<Format>,
    /// Instead of the dialect's encoding for the format's class.
    encoding: Option<FieldEncoding>,
    /// Instead of the dialect's encoding of length indicators.
    length: Option<LengthEncoding>,
    /// The digits of the length indicator, instead of as many as the longest length has, two at least.
    length_digits: Option<u8>,
    /// Instead of the dialect's.
    counts: Option<Counts>,
    /// Instead of the dialect's.
    odd: Option<Odd>,
    /// Instead of the dialect's.
    fill: Option<FillNibble>,
    /// What may be shown; everything where it is not told.
    sensitive: Option<Sensitive>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum FieldEncoding {
    Ascii,
    Ebcdic,
    Bcd,
    Raw,
    Hex,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Sensitive {
    /// Show the first six and the last four characters.
    Masked,
    /// Show nothing.
    Withheld,
}

impl From<DigitEncoding> for FieldEncoding {
    fn from(digits: DigitEncoding) -> Self {
        match digits {
            DigitEncoding::Ascii => Self::Ascii,
            DigitEncoding::Ebcdic => Self::Ebcdic,
            DigitEncoding::Bcd => Self::Bcd,
        }
    }
}

impl From<ByteEncoding> for FieldEncoding {
    fn from(bytes: ByteEncoding) -> Self {
        match bytes {
            ByteEncoding::Raw => Self::Raw,
            ByteEncoding::Hex => Self::Hex,
        }
    }
}

impl From<TextEncoding> for FieldEncoding {
    fn from(text: TextEncoding) -> Self {
        match text {
            TextEncoding::Ascii => Self::Ascii,
            TextEncoding::Ebcdic => Self::Ebcdic,
        }
    }
}

impl Row {
    /// The row as the parser wants it.
    pub(crate) fn compile(&self, defaults: &Encodings) -> Result<Spec, &'static str> {
        let Word(Format { class, max, varies }) = self.format;
        let default = match class {
            Class::Digits | Class::Signed => defaults.numeric.into(),
            Class::Track => defaults.track.into(),
            Class::Mixed(_) => defaults.text.into(),
            Class::Bytes => defaults.binary.into(),
        };
        let fill = Fill {
            behind: matches!(self.odd.unwrap_or(defaults.odd), Odd::Right),
            nibble: if let FillNibble::F = self.fill.unwrap_or(defaults.fill) { 0xF } else { 0 },
        };
        let coding = match (class, self.encoding.unwrap_or(default)) {
            (Class::Bytes, FieldEncoding::Raw) => Coding::Raw,
            (Class::Bytes, FieldEncoding::Hex) => Coding::Hex,
            (Class::Bytes, _) => return Err("class b is written raw or hex"),
            (_, FieldEncoding::Ascii) => Coding::Characters,
            (_, FieldEncoding::Ebcdic) => Coding::Ebcdic,
            (Class::Digits, FieldEncoding::Bcd) => Coding::Packed(fill),
            (Class::Track, FieldEncoding::Bcd) => Coding::PackedTrack(fill),
            (Class::Signed, FieldEncoding::Bcd) if !varies && max % 2 == 1 => Coding::PackedSigned,
            (Class::Signed, FieldEncoding::Bcd) => return Err("x+n is packed only with a fixed, even number of digits"),
            (Class::Mixed(_), _) => return Err("text is written in ascii or ebcdic"),
            (_, FieldEncoding::Raw | FieldEncoding::Hex) => return Err("only class b is written raw or hex"),
        };
        if (self.odd.is_some() || self.fill.is_some()) && !matches!(coding, Coding::Packed(_) | Coding::PackedTrack(_)) {
            return Err("only packed digits are filled up");
        }
        let prefix = if varies { Prefix::Told(self.indicator(defaults, coding, max)?) } else { Prefix::Fixed };
        if !varies && (self.length.is_some() || self.length_digits.is_some() || self.counts.is_some()) {
            return Err("a fixed length has no indicator to encode");
        }
        let shown = match self.sensitive {
            None => Shown::Whole,
            Some(Sensitive::Masked) => Shown::Masked,
            Some(Sensitive::Withheld) => Shown::Withheld,
        };
        Ok(Spec::new(prefix, coding, class, max, shown))
    }

    /// The indicator of a length of up to `max`.
    fn indicator(&self, defaults: &Encodings, coding: Coding, max: u16) -> Result<Indicator, &'static str> {
        let counts_bytes = self.counts.unwrap_or(defaults.counts) == Counts::Bytes;
        if let (true, Coding::Packed(fill) | Coding::PackedTrack(fill)) = (counts_bytes, coding)
            && fill.nibble != 0xF
        {
            return Err("a length in bytes cannot tell an odd number of packed digits, unless the nibble F fills them up");
        }
        let highest = if counts_bytes { coding.bytes(max) } else { usize::from(max) };
        let needed = match highest {
            ..100 => 2,
            100..1000 => 3,
            _ => 4,
        };
        let digits = self.length_digits.unwrap_or(needed);
        let room = match digits {
            1 => 9,
            2 => 99,
            3 => 999,
            4 => 9999,
            _ => return Err("a length indicator has 1 to 4 digits"),
        };
        let (form, width, room) = match self.length.unwrap_or(defaults.length) {
            LengthEncoding::Ascii => (IndicatorForm::Ascii, digits, room),
            LengthEncoding::Ebcdic => (IndicatorForm::Ebcdic, digits, room),
            LengthEncoding::Bcd => (IndicatorForm::Packed, digits.div_ceil(2), room),
            LengthEncoding::Binary if digits <= 2 => (IndicatorForm::Binary, 1, 255),
            LengthEncoding::Binary => (IndicatorForm::Binary, 2, 65_535),
        };
        if highest > room {
            return Err("the length indicator has too few digits for the longest length");
        }
        Ok(Indicator { form, width, counts_bytes })
    }
}

/// A field number that a dialect may define: 2 to 128, for 1 is the secondary bitmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(pub(crate) FieldNumber);

impl FromStr for Number {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number @ 2..=128) => Ok(Self(number)),
            _ => Err(format!("`{text}` is no field number; fields are 2 to 128")),
        }
    }
}

/// A format as the standard writes it: `n 6`, `ans ..999`, `x+n 8`.
#[derive(Clone, Copy, Debug)]
struct Format {
    class: Class,
    max: u16,
    varies: bool,
}

impl FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no format; write a class (n, a, an, ans, as, ns, z, b, x+n) and a length of 1 to 9999: n 6, ans ..40"
            )
        };
        let (class, length) = text.split_once(' ').ok_or_else(wrong)?;
        let (varies, length) = length.strip_prefix("..").map_or((false, length), |length| (true, length));
        let max = length.parse().ok().filter(|max| (1..=9999).contains(max)).ok_or_else(wrong)?;
        // A fixed field of letters is left-justified and filled with blanks (ISO 8583:1987, 4.2.5); special characters have them anyway.
        let blanks = if varies { Kinds::LETTER } else { Kinds::LETTER.and(Kinds::BLANK) };
        let special = Kinds::SPECIAL.and(Kinds::BLANK);
        let class = match class {
            "n" => Class::Digits,
            "a" => Class::Mixed(blanks),
            "an" => Class::Mixed(blanks.and(Kinds::DIGIT)),
            "ans" => Class::Mixed(Kinds::LETTER.and(Kinds::DIGIT).and(special)),
            "as" => Class::Mixed(Kinds::LETTER.and(special)),
            "ns" => Class::Mixed(Kinds::DIGIT.and(special)),
            "z" => Class::Track,
            "b" => Class::Bytes,
            "x+n" => Class::Signed,
            _ => return Err(wrong()),
        };
        // The standard does not count the sign of x+n; the field is one character longer than it says.
        let max = if class == Class::Signed { max + 1 } else { max };
        Ok(Self { class, max, varies })
    }
}

/// Something that is written as one word, so that TOML's errors point at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Word<T>(pub(crate) T);

impl<'de, T: FromStr<Err = String>> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);
        impl<T: FromStr<Err = String>> Visitor<'_> for Text<T> {
            type Value = T;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text(PhantomData)).map(Word)
    }
}
