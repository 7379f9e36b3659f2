//! Strict parsing in place: a message becomes its bitmap and the place of each field, with every byte checked.
//!
//! Knows: the order of a message's parts (ISO 8583:1987, 4.1). Does not know: what a field's value means (`map`).
//! Nothing here indexes, allocates or trusts a length that the network names.
//!
//! There are two ways through a message. The fast one checks fields of the same kind that lie side by side at one go and says no
//! more than that something is wrong; then the careful one goes field by field and says what. Both accept the same messages.

use std::fmt;

use model::{FieldNumber, Text};

use crate::chars::{
    Class, ascii_of_ebcdic, hex_digit, hex_eight, hex_value, hex_word, nibbles_are_decimal, number_of_digits, number_of_packed,
};
use crate::dialect::{Alphabet, BitmapEncoding, Coding, Extent, Lead, MtiEncoding, SecondaryBitmap, Spec, number_in};
use crate::{Dialect, FieldSet, Found, ParseError, Place, Problem};

/// A message cut into fields: which are there, and where in the body each lies.
#[derive(Clone)]
pub struct Parsed<'a> {
    body: &'a [u8],
    mti: u16,
    fields: FieldSet,
    /// Where each field begins that is there, its length indicator included, in ascending order of fields.
    starts: [u16; 128],
}

/// One field of a parsed message.
#[derive(Clone, Copy)]
pub(crate) struct Field<'d, 'a> {
    pub(crate) number: FieldNumber,
    pub(crate) spec: &'d Spec,
    /// The content as it lies in the body.
    pub(crate) bytes: &'a [u8],
    /// Its length in digits, characters or bytes.
    pub(crate) units: u16,
    /// Where it begins in the body.
    pub(crate) offset: usize,
}

impl<'a> Parsed<'a> {
    /// The message type's four digits.
    #[must_use]
    pub fn mti(&self) -> u16 {
        self.mti
    }

    /// Which fields it has; field 1 where there is a secondary bitmap.
    #[must_use]
    pub fn fields(&self) -> FieldSet {
        self.fields
    }

    /// A field's content as it lies in the body, in the encoding of the `dialect` that parsed it; `None` where it is absent.
    /// Sensitive fields come whole: never print it.
    #[must_use]
    pub fn bytes(&self, dialect: &Dialect, number: FieldNumber) -> Option<&'a [u8]> {
        self.field(dialect, number).map(|field| field.bytes)
    }

    #[inline]
    pub(crate) fn field<'d>(&self, dialect: &'d Dialect, number: FieldNumber) -> Option<Field<'d, 'a>> {
        if !self.fields.contains(number) || number == 1 {
            return None;
        }
        let spec = dialect.spec(number)?;
        let before = self.fields.0 >> (128 - number) >> 1 & !(FieldSet::bit(1) >> (128 - number) >> 1);
        let start = *self.starts.get(usize::try_from(before.count_ones()).ok()?)?;
        let extent = spec.locate(self.body, usize::from(start))?;
        let bytes = self.body.get(extent.start..extent.end)?;
        Some(Field { number, spec, bytes, units: extent.units, offset: extent.start })
    }
}

impl fmt::Debug for Parsed<'_> {
    /// Message type and field numbers, no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04} {:?}", self.mti, self.fields)
    }
}

#[inline]
fn error(place: Place, offset: usize, problem: Problem) -> ParseError {
    ParseError { place, offset, problem }
}

/// See [`Dialect::parse`].
#[inline]
pub(crate) fn parse<'a>(dialect: &Dialect, body: &'a [u8]) -> Result<Parsed<'a>, ParseError> {
    let mut starts = [0; 128];
    let mut count = 0;
    let kept = fast(dialect, body, |cut| {
        let Some(place) = starts.get_mut(count) else { return false };
        // A begin of more than two bytes lies behind the end of any body that is read, and the message is refused.
        let [low, high, ..] = cut.begin.to_le_bytes();
        *place = u16::from_le_bytes([low, high]);
        count += 1;
        true
    });
    match kept {
        Some((mti, fields)) => Ok(Parsed { body, mti, fields, starts }),
        None => Err(slow(dialect, body, &mut |_| true)),
    }
}

/// Walks over a message and hands each field to `take`; where that answers `false` the field has no value that exists. What it has
/// taken counts only where the whole is `Ok`: characters are checked a few fields at a time.
#[inline]
pub(crate) fn scan<'d, 'a>(
    dialect: &'d Dialect,
    body: &'a [u8],
    mut take: impl FnMut(Field<'d, 'a>) -> bool,
) -> Result<(u16, FieldSet), ParseError> {
    let kept = fast(dialect, body, |Cut { number, spec, extent, .. }| {
        let Some(bytes) = body.get(extent.start..extent.end) else { return false };
        take(Field { number, spec, bytes, units: extent.units, offset: extent.start })
    });
    kept.ok_or_else(|| slow(dialect, body, &mut take))
}

/// Fields of the same alphabet side by side whose bytes are still to be checked.
struct Run {
    alphabet: Alphabet,
    from: usize,
}

impl Run {
    /// Whether what lies between its start and `to` is what it must be.
    #[inline(always)]
    fn holds(&self, body: &[u8], to: usize) -> bool {
        body.get(self.from..to).is_some_and(|bytes| self.alphabet.holds(bytes))
    }
}

/// A field as the fast way finds it: where it begins, its length indicator included, and where its content lies.
struct Cut<'d> {
    number: FieldNumber,
    spec: &'d Spec,
    begin: usize,
    extent: Extent,
}

/// The fast way: `take` gets each field, and its characters may be checked only after that. `None` where anything is wrong.
#[inline(always)]
fn fast<'d>(dialect: &'d Dialect, body: &[u8], mut take: impl FnMut(Cut<'d>) -> bool) -> Option<(u16, FieldSet)> {
    let (mti, fields, mut at) = opening(dialect, body)?;
    let mut run = Run { alphabet: Alphabet::Any, from: at };
    for number in content_fields(fields) {
        let spec = dialect.spec(number)?;
        let begin = at;
        let mut extent = Extent { start: at, end: at + usize::from(spec.size), units: spec.max };
        if spec.lead != Lead::Fixed {
            extent = cut(spec, body, at)?;
        }
        at = extent.end;
        if spec.alphabet != run.alphabet || spec.lead == Lead::Other {
            if !run.holds(body, begin) {
                return None;
            }
            run = Run { alphabet: spec.alphabet, from: extent.start };
            if spec.alphabet == Alphabet::Own {
                if !spec.admits(body.get(extent.start..at)?, extent.units) {
                    return None;
                }
                run = Run { alphabet: Alphabet::Any, from: at };
            }
        }
        if !take(Cut { number, spec, begin, extent }) {
            return None;
        }
    }
    // No field reaches over the end of the one behind it, so where the last one ends at the end of the body, all lie within.
    (at == body.len() && run.holds(body, at)).then_some((mti, fields))
}

/// Where the field that begins at `at` lies, if its length can be told and is allowed, and an odd number of packed digits has a zero
/// before the first. Its end may be behind that of the body.
#[inline(always)]
fn cut(spec: &Spec, body: &[u8], at: usize) -> Option<Extent> {
    let (units, start) = match spec.lead {
        Lead::Fixed | Lead::Odd => (spec.max, at),
        Lead::Ascii => {
            let [tens, ones] = body.get(at..)?.first_chunk::<2>()?.map(|digit| digit.wrapping_sub(b'0'));
            if tens > 9 || ones > 9 {
                return None;
            }
            (u16::from(10 * tens + ones), at + 2)
        }
        Lead::Packed => {
            let packed = *body.get(at)?;
            if packed > 0x99 || packed & 0x0F > 9 {
                return None;
            }
            (u16::from(packed - 6 * (packed >> 4)), at + 1)
        }
        Lead::Other => {
            let extent = spec.locate(body, at)?;
            (extent.units, extent.start)
        }
    };
    if units > spec.max {
        return None;
    }
    let bytes = match spec.alphabet {
        Alphabet::Packed | Alphabet::PackedTrack => {
            if units % 2 == 1 && *body.get(start)? > 0x0F {
                return None;
            }
            units.div_ceil(2)
        }
        Alphabet::Hex => 2 * units,
        Alphabet::Own => u16::try_from(spec.coding.bytes(units)).ok()?,
        _ => units,
    };
    Some(Extent { start, end: start + usize::from(bytes), units })
}

/// The careful way: what is wrong with a message that the fast way refused.
#[cold]
#[inline(never)]
fn slow<'d, 'a>(dialect: &'d Dialect, body: &'a [u8], take: &mut dyn FnMut(Field<'d, 'a>) -> bool) -> ParseError {
    let Some((_, fields, mut at)) = opening(dialect, body) else { return no_opening(dialect, body) };
    for number in content_fields(fields) {
        let Some(spec) = dialect.spec(number) else { return error(Place::Field(number), at, Problem::Undefined) };
        let Some(extent) = spec.locate(body, at) else { return refused_at(number, spec, body, at) };
        let bytes = body.get(extent.start..extent.end).unwrap_or(&[]);
        let field = Field { number, spec, bytes, units: extent.units, offset: extent.start };
        if !spec.admits(bytes, extent.units) || !take(field) {
            return refused(dialect, field);
        }
        at = extent.end;
    }
    error(Place::Frame, at, Problem::LeftOver { bytes: body.len().saturating_sub(at) })
}

/// Why the field that begins at `at` cannot be cut.
fn refused_at(number: FieldNumber, spec: &Spec, body: &[u8], at: usize) -> ParseError {
    let (offset, problem) = spec.lost(body, at);
    error(Place::Field(number), offset, problem)
}

/// Why a field is refused: for its characters, or because they are no value that exists.
#[cold]
fn refused(dialect: &Dialect, field: Field<'_, '_>) -> ParseError {
    let value = || {
        let expected = crate::map::expected(dialect.version(), field.number);
        (field.offset, Problem::Value { expected, found: field.spec.found(field.bytes) })
    };
    let (offset, problem) = field.spec.objection(field.bytes, field.units, field.offset).unwrap_or_else(value);
    error(Place::Field(field.number), offset, problem)
}

/// What can be read of a message that `parse` refuses: every field up to where the length of one is unknown, left out those
/// whose content is wrong. `None` where type or bitmap cannot be read.
#[cold]
pub(crate) fn salvage<'a>(dialect: &Dialect, body: &'a [u8]) -> Option<Parsed<'a>> {
    let (mti, fields, mut at) = opening(dialect, body)?;
    let mut parsed = Parsed { body, mti, fields: FieldSet::NONE, starts: [0; 128] };
    let mut places = parsed.starts.iter_mut();
    for number in content_fields(fields) {
        let Some(spec) = dialect.spec(number) else { break };
        let Some(extent) = spec.locate(body, at) else { break };
        let bytes = body.get(extent.start..extent.end).unwrap_or(&[]);
        if spec.admits(bytes, extent.units) {
            parsed.fields = parsed.fields.or(FieldSet::of(&[number]));
            if let (Some(place), Ok(at)) = (places.next(), u16::try_from(at)) {
                *place = at;
            }
        }
        at = extent.end;
    }
    Some(parsed)
}

/// The message type where at least that can be read.
#[cold]
pub(crate) fn salvage_mti(dialect: &Dialect, body: &[u8]) -> Option<u16> {
    message_type(dialect, body).map(|(mti, _)| mti)
}

/// The fields that the bitmaps name, whether they can be read or not.
#[cold]
pub(crate) fn announced(dialect: &Dialect, body: &[u8]) -> Option<FieldSet> {
    opening(dialect, body).map(|(_, fields, _)| fields)
}

fn content_fields(fields: FieldSet) -> crate::fields::Iter {
    fields.without(FieldSet::of(&[1])).iter()
}

/// Message type and bitmaps, and where the first field begins. `None` where one of them is wrong; [`no_opening`] tells which.
#[inline(always)]
fn opening(dialect: &Dialect, body: &[u8]) -> Option<(u16, FieldSet, usize)> {
    if body.len() > BODY_MAX {
        return None;
    }
    let (mti, at) = message_type(dialect, body)?;
    let (primary, at) = bitmap(dialect, body, at)?;
    let (follows, announced) = announcement(dialect, primary);
    if !follows {
        return Some((mti, FieldSet(u128::from(primary) << 64), at));
    }
    if announced != (primary >> 63 == 1) {
        return None;
    }
    let (secondary, at) = bitmap(dialect, body, at)?;
    Some((mti, FieldSet(u128::from(primary) << 64 | u128::from(secondary) | FieldSet::bit(1)), at))
}

/// The longest body that is read, in bytes.
const BODY_MAX: usize = u16::MAX as usize;

/// Whether a secondary bitmap follows this primary one, and whether bit 1 must be set if it does.
#[inline(always)]
fn announcement(dialect: &Dialect, primary: u64) -> (bool, bool) {
    match dialect.secondary {
        SecondaryBitmap::Announced => (primary >> 63 == 1, true),
        SecondaryBitmap::Always => (true, true),
        SecondaryBitmap::AlwaysUnannounced => (true, false),
    }
}

/// Why [`opening`] found nothing.
#[cold]
fn no_opening(dialect: &Dialect, body: &[u8]) -> ParseError {
    if body.len() > BODY_MAX {
        return error(Place::Frame, 0, Problem::TooLong { length: body.len(), max: BODY_MAX });
    }
    let Some((_, bitmap_at)) = message_type(dialect, body) else { return no_message_type(dialect, body) };
    let Some((primary, at)) = bitmap(dialect, body, bitmap_at) else { return no_bitmap(dialect, body, bitmap_at) };
    let (follows, announced) = announcement(dialect, primary);
    if follows && announced != (primary >> 63 == 1) {
        return wrong_bit_1(announced, body, bitmap_at);
    }
    no_bitmap(dialect, body, at)
}

#[cold]
fn wrong_bit_1(expected: bool, body: &[u8], at: usize) -> ParseError {
    let words = if expected { "bit 1 set before a secondary bitmap" } else { "bit 1 clear before a secondary bitmap" };
    let found = Found::hex(body.get(at..=at).unwrap_or(&[]));
    error(Place::Bitmap, at, Problem::Value { expected: words, found })
}

#[inline(always)]
fn message_type(dialect: &Dialect, body: &[u8]) -> Option<(u16, usize)> {
    let (number, width) = match dialect.mti {
        MtiEncoding::Ascii => {
            let digits = body.first_chunk::<4>()?;
            (Class::Digits.holds(digits).then(|| number_of_digits(digits))?, 4)
        }
        MtiEncoding::Bcd => {
            let digits = body.first_chunk::<2>()?;
            (nibbles_are_decimal(digits).then(|| number_of_packed(digits))?, 2)
        }
        MtiEncoding::Ebcdic => {
            let digits = body.first_chunk::<4>()?;
            (Class::Digits.breach_ebcdic(digits).is_none().then(|| number_in(Coding::Ebcdic, digits, 4))?, 4)
        }
    };
    let mti = u16::try_from(number).ok()?;
    dialect.version().has_type(mti).then_some((mti, width))
}

/// Why [`message_type`] found none.
#[cold]
fn no_message_type(dialect: &Dialect, body: &[u8]) -> ParseError {
    let width = if dialect.mti == MtiEncoding::Bcd { 2 } else { 4 };
    let Some(digits) = body.get(..width) else {
        return error(Place::Mti, 0, Problem::Truncated { needed: width, left: body.len() });
    };
    let (found, breach) = match dialect.mti {
        MtiEncoding::Ascii => (Found::text(digits), Class::Digits.breach(digits)),
        MtiEncoding::Ebcdic => (Found::hex(digits), Class::Digits.breach_ebcdic(digits)),
        MtiEncoding::Bcd => (Found::hex(digits), digits.iter().position(|byte| !nibbles_are_decimal(&[*byte]))),
    };
    match breach {
        Some(place) => error(Place::Mti, place, Problem::Characters { count: 4, expected: "digits", found }),
        None => error(Place::Mti, 0, Problem::Value { expected: dialect.version().expected_type(), found }),
    }
}

#[inline(always)]
fn bitmap(dialect: &Dialect, body: &[u8], at: usize) -> Option<(u64, usize)> {
    let rest = body.get(at..)?;
    match dialect.bitmap {
        BitmapEncoding::Raw => Some((u64::from_be_bytes(*rest.first_chunk::<8>()?), at + 8)),
        BitmapEncoding::Hex => Some((hex_word(rest.first_chunk::<16>()?)?, at + 16)),
    }
}

/// Why [`bitmap`] found none at `at`.
#[cold]
fn no_bitmap(dialect: &Dialect, body: &[u8], at: usize) -> ParseError {
    let rest = body.get(at..).unwrap_or(&[]);
    let width = if dialect.bitmap == BitmapEncoding::Hex { 16 } else { 8 };
    let Some(digits) = rest.get(..width) else {
        return error(Place::Bitmap, at, Problem::Truncated { needed: width, left: rest.len() });
    };
    let place = digits.iter().position(|digit| hex_value(*digit).is_none()).unwrap_or(0);
    let found = Found::text(digits.get(place.saturating_sub(11)..=place).unwrap_or(&[]));
    error(Place::Bitmap, at + place, Problem::Characters { count: width, expected: "hexadecimal digits", found })
}

impl Field<'_, '_> {
    /// Its digits as a number; 0 for text.
    #[inline]
    pub(crate) fn number_value(&self) -> u64 {
        number_in(self.spec.coding, self.bytes, self.units)
    }

    /// Its characters, where it has no more than `N`.
    #[inline]
    pub(crate) fn text<const N: usize>(&self) -> Option<Text<N>> {
        match self.spec.coding {
            Coding::Characters => Text::new(self.bytes),
            _ => Text::new(self.characters(&mut [0; N])?),
        }
    }

    /// Writes its characters to the front of `room`, whatever their encoding, and returns them; bytes of class b become upper-case
    /// hexadecimal digits. `None` where there is not room enough.
    pub(crate) fn characters<'r>(&self, room: &'r mut [u8]) -> Option<&'r [u8]> {
        let nibbles = || self.bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let units = usize::from(self.units);
        let written = match self.spec.coding {
            Coding::Characters => {
                room.get_mut(..units)?.copy_from_slice(self.bytes);
                Some(units)
            }
            Coding::Ebcdic => fill(room, self.bytes.iter().copied().map(ascii_of_ebcdic)),
            Coding::Hex => fill(room, self.bytes.iter().map(u8::to_ascii_uppercase)),
            Coding::Raw => fill(room, nibbles().map(hex_digit)),
            Coding::Packed(with) | Coding::PackedTrack(with) => unpack(room, self.bytes, units, with.behind),
            Coding::PackedSigned => {
                let sign = self.bytes.iter().take(1).copied();
                fill(room, sign.chain(nibbles().skip(2).map(hex_digit)))
            }
        }?;
        room.get(..written)
    }

    /// Its characters as text, whatever their encoding.
    pub(crate) fn to_text(self) -> String {
        let mut room = vec![0; 2 * self.bytes.len()];
        self.characters(&mut room).unwrap_or(&[]).iter().copied().map(char::from).collect()
    }
}

/// Packed digits as characters, the nibble 1101 as `=`.
#[inline]
fn unpack(room: &mut [u8], packed: &[u8], units: usize, filled_behind: bool) -> Option<usize> {
    let character = |nibble: u8| if nibble & 15 == 0xD { b'=' } else { hex_digit(nibble) };
    let (edge, pairs) = packed.split_at_checked(if filled_behind { 0 } else { units % 2 })?;
    let (single, room) = room.get_mut(..units)?.split_at_mut_checked(edge.len())?;
    for (to, byte) in single.iter_mut().zip(edge) {
        *to = character(*byte);
    }
    let (fours, rest) = pairs.as_chunks::<4>();
    let (eights, last) = room.as_chunks_mut::<8>();
    for (to, from) in eights.iter_mut().zip(fours) {
        // Of what was checked only the separator is a letter, and it alone has bit 6.
        let word = u64::from_le_bytes(hex_eight(*from));
        *to = (word - 7 * (word >> 6 & 0x0101_0101_0101_0101)).to_le_bytes();
    }
    let rest = fours.get(eights.len()..).unwrap_or(&[]).as_flattened().iter().chain(rest);
    for (to, nibble) in last.iter_mut().zip(rest.flat_map(|byte| [byte >> 4, byte & 15])) {
        *to = character(nibble);
    }
    Some(units)
}

fn fill(room: &mut [u8], from: impl Iterator<Item = u8>) -> Option<usize> {
    let mut written = 0;
    for byte in from {
        *room.get_mut(written)? = byte;
        written += 1;
    }
    Some(written)
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;

    use super::*;
    use crate::Value::{Characters, Digits, Number};

    /// One field of nearly every shape, odd tracks and lengths of three digits among them.
    fn message(dialect: &Dialect) -> BytesMut {
        let mut out = BytesMut::new();
        let fields = [
            (2, Digits(9_116_010_000_000_014, 17)),
            (3, Number(10_000)),
            (22, Number(51)),
            (23, Number(1)),
            (28, Characters(b"C00000123")),
            (32, Digits(116_001, 6)),
            (33, Digits(12_345, 5)),
            (35, Characters(b"=116010000000014=3212201123")),
            (37, Characters(b"2336 2000042")),
            (43, Characters(b"12 NORODOM BLVD        PHNOM PENH     KH")),
            (44, Characters(b"no")),
            (48, Characters(b"additional")),
            (49, Number(116)),
            (52, Characters(&[4, 0x12, 0xAC, 0x89, 0xAB, 0xCD, 0xEF, 0x67])),
            (55, Characters(&[0x9F, 0x02, 0x01, 0xFF])),
            (70, Number(301)),
            (102, Characters(b"1")),
        ];
        dialect.build(200, &fields, &mut out).unwrap();
        out
    }

    /// The careful way comes to the end of a message that it finds nothing wrong with, and reports that nothing is left over.
    fn is_accepted_by_the_careful_way(dialect: &Dialect, body: &[u8]) -> bool {
        slow(dialect, body, &mut |_| true).problem == Problem::LeftOver { bytes: 0 }
    }

    #[test]
    fn both_ways_accept_the_same_messages() {
        let text = crate::dialect::builtin_text("iso87-bcd").unwrap();
        let filled = |odd: &str| Dialect::from_toml(&text.replace("odd = \"left\"", odd)).unwrap();
        let right = std::sync::Arc::new(filled("odd = \"right\"\nfill = \"f\""));
        let builtin = ["iso87-ascii", "iso87-bcd", "iso87-ebcdic"].map(|name| Dialect::builtin(name).unwrap());
        for dialect in builtin.into_iter().chain([right]) {
            let sound = message(&dialect);
            assert!(dialect.parse(&sound).is_ok() && is_accepted_by_the_careful_way(&dialect, &sound));
            for place in 0..sound.len() {
                let mut body = sound.clone();
                for byte in 0..=255 {
                    body[place] = byte;
                    let fast = dialect.parse(&body).is_ok();
                    assert_eq!(fast, is_accepted_by_the_careful_way(&dialect, &body), "{} {place} {byte:02X}", dialect.name());
                }
                assert!(dialect.parse(&sound[..place]).is_err());
            }
        }
    }
}
