//! A dialect's conventions in words.

use crate::Dialect;
use crate::chars::Class;
use crate::dialect::{BitmapEncoding, Coding, Fill, IndicatorForm, MtiEncoding, Prefix, SecondaryBitmap, Shown, Spec};

pub(super) fn digits(encoding: MtiEncoding) -> &'static str {
    match encoding {
        MtiEncoding::Ascii => "four ASCII digits",
        MtiEncoding::Ebcdic => "four EBCDIC digits",
        MtiEncoding::Bcd => "four packed digits in two bytes",
    }
}

pub(super) fn bitmap(encoding: BitmapEncoding) -> &'static str {
    match encoding {
        BitmapEncoding::Raw => "8 bytes, field 1 at the highest bit",
        BitmapEncoding::Hex => "16 hexadecimal ASCII digits, field 1 at the highest bit",
    }
}

pub(super) fn secondary(secondary: SecondaryBitmap) -> &'static str {
    match secondary {
        SecondaryBitmap::Announced => "behind the primary where its bit 1 is set",
        SecondaryBitmap::Always => "always there, bit 1 set",
        SecondaryBitmap::AlwaysUnannounced => "always there, bit 1 clear",
    }
}

/// How an odd number of packed digits is filled up, by the first field that has them.
pub(super) fn odd(dialect: &Dialect) -> &'static str {
    let fill = (2..=128).filter_map(|number| dialect.spec(number)).find_map(|spec| match spec.coding {
        Coding::Packed(fill) | Coding::PackedTrack(fill) => Some(fill),
        _ => None,
    });
    match fill {
        None => "there are none",
        Some(Fill { behind: false, nibble: 0 }) => "a zero nibble before the first",
        Some(Fill { behind: true, nibble: 0 }) => "a zero nibble behind the last",
        Some(Fill { behind: false, .. }) => "a nibble F before the first",
        Some(Fill { behind: true, .. }) => "a nibble F behind the last",
    }
}

/// As the standard writes it: `n 6`, `ans ..999`.
pub(super) fn format(spec: &Spec) -> String {
    let class = match spec.class {
        Class::Digits => "n",
        Class::Track => "z",
        Class::Bytes => "b",
        Class::Signed => "x+n",
        Class::Mixed(_) => match spec.class.words() {
            "letters" => "a",
            "letters or digits" => "an",
            "digits or special characters" => "ns",
            "letters or special characters" => "as",
            _ => "ans",
        },
    };
    let max = spec.max - u16::from(spec.class == Class::Signed);
    format!("{class} {}{max}", if spec.is_fixed() { "" } else { ".." })
}

pub(super) fn coding(spec: &Spec) -> &'static str {
    match spec.coding {
        Coding::Characters => "ASCII",
        Coding::Ebcdic => "EBCDIC",
        Coding::Packed(_) => "packed",
        Coding::PackedTrack(_) => "packed, separator D",
        Coding::PackedSigned => "C or D, then packed",
        Coding::Raw => "bytes",
        Coding::Hex => "hexadecimal digits",
    }
}

pub(super) fn length(spec: &Spec) -> String {
    let Prefix::Told(indicator) = spec.prefix else { return "fixed".to_owned() };
    let form = match indicator.form {
        IndicatorForm::Ascii => "ASCII",
        IndicatorForm::Ebcdic => "EBCDIC",
        IndicatorForm::Packed => "packed",
        IndicatorForm::Binary => "binary",
    };
    let counts = if indicator.counts_bytes { ", counts bytes" } else { "" };
    format!("{form}, {} {}{counts}", indicator.width, if indicator.width == 1 { "byte" } else { "bytes" })
}

pub(super) fn shown(spec: &Spec) -> &'static str {
    match spec.shown {
        Shown::Whole => "",
        Shown::Masked => "first 6, last 4",
        Shown::Withheld => "nothing",
    }
}
