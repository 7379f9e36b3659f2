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
    Class, Kinds, ascii_of_ebcdic, hex_digit, hex_eight, hex_value, hex_word, nibbles_are_decimal, number_of_digits,
    number_of_packed,
};
use crate::dialect::{BitmapEncoding, Coding, Extent, MtiEncoding, Road, SecondaryBitmap, Spec, number_in};
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
    let mut places = starts.iter_mut();
    let kept = fast(dialect, body, |cut| match (places.next(), u16::try_from(cut.begin)) {
        (Some(place), Ok(begin)) => {
            *place = begin;
            true
        }
        // The body is at most 65,535 bytes long, so an offset beyond that lies behind its end.
        _ => false,
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

/// Fields of the same kind side by side whose characters are still to be checked.
struct Run {
    road: Road,
    from: usize,
}

impl Run {
    /// Whether what lies between its start and `to` is what it must be.
    #[inline]
    fn holds(&self, body: &[u8], to: usize) -> bool {
        let Some(bytes) = body.get(self.from..to) else { return false };
        match self.road {
            Road::Digits => Class::Digits.holds(bytes),
            Road::Packed | Road::PackedOdd => nibbles_are_decimal(bytes),
            Road::Printable => Class::Mixed(Kinds::PRINTABLE).holds(bytes),
            Road::General => true,
        }
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
#[inline]
fn fast<'d>(dialect: &'d Dialect, body: &[u8], mut take: impl FnMut(Cut<'d>) -> bool) -> Option<(u16, FieldSet)> {
    let (mti, fields, mut at) = opening(dialect, body).ok()?;
    let mut run = Run { road: Road::General, from: at };
    for number in content_fields(fields) {
        let spec = dialect.spec(number)?;
        let extent = if spec.road == Road::General {
            let extent = spec.locate(body, at)?;
            if !run.holds(body, at) || !spec.admits(body.get(extent.start..extent.end)?, extent.units) {
                return None;
            }
            run = Run { road: Road::General, from: extent.end };
            extent
        } else {
            let road = match spec.road {
                Road::PackedOdd if *body.get(at)? > 9 => return None,
                Road::PackedOdd => Road::Packed,
                other => other,
            };
            if road != run.road {
                if !run.holds(body, at) {
                    return None;
                }
                run = Run { road, from: at };
            }
            Extent { start: at, end: at + usize::from(spec.size), units: spec.max }
        };
        if !take(Cut { number, spec, begin: at, extent }) {
            return None;
        }
        at = extent.end;
    }
    // No field reaches over the end of the one behind it, so where the last one ends at the end of the body, all lie within.
    (at == body.len() && run.holds(body, at)).then_some((mti, fields))
}

/// The careful way: what is wrong with a message that the fast way refused.
#[cold]
#[inline(never)]
fn slow<'d, 'a>(dialect: &'d Dialect, body: &'a [u8], take: &mut dyn FnMut(Field<'d, 'a>) -> bool) -> ParseError {
    let (fields, mut at) = match opening(dialect, body) {
        Ok((_, fields, at)) => (fields, at),
        Err(error) => return error,
    };
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
    let (mti, fields, mut at) = opening(dialect, body).ok()?;
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
    message_type(dialect, body).ok().map(|(mti, _)| mti)
}

/// The fields that the bitmaps name, whether they can be read or not.
#[cold]
pub(crate) fn announced(dialect: &Dialect, body: &[u8]) -> Option<FieldSet> {
    opening(dialect, body).ok().map(|(_, fields, _)| fields)
}

fn content_fields(fields: FieldSet) -> crate::fields::Iter {
    fields.without(FieldSet::of(&[1])).iter()
}

/// Message type and bitmaps, and where the first field begins.
#[inline(always)]
fn opening(dialect: &Dialect, body: &[u8]) -> Result<(u16, FieldSet, usize), ParseError> {
    let max = usize::from(u16::MAX);
    if body.len() > max {
        return Err(error(Place::Frame, 0, Problem::TooLong { length: body.len(), max }));
    }
    let (mti, bitmap_at) = message_type(dialect, body)?;
    let (primary, at) = bitmap(dialect, body, bitmap_at)?;
    let announced = primary >> 63 == 1;
    let expected = match dialect.secondary {
        SecondaryBitmap::Announced if !announced => return Ok((mti, FieldSet(u128::from(primary) << 64), at)),
        SecondaryBitmap::Announced => announced,
        SecondaryBitmap::Always => true,
        SecondaryBitmap::AlwaysUnannounced => false,
    };
    if announced != expected {
        return Err(wrong_bit_1(expected, body, bitmap_at));
    }
    let (secondary, at) = bitmap(dialect, body, at)?;
    Ok((mti, FieldSet(u128::from(primary) << 64 | u128::from(secondary) | FieldSet::bit(1)), at))
}

#[cold]
fn wrong_bit_1(expected: bool, body: &[u8], at: usize) -> ParseError {
    let words = if expected { "bit 1 set before a secondary bitmap" } else { "bit 1 clear before a secondary bitmap" };
    let found = Found::hex(body.get(at..=at).unwrap_or(&[]));
    error(Place::Bitmap, at, Problem::Value { expected: words, found })
}

#[inline(always)]
fn message_type(dialect: &Dialect, body: &[u8]) -> Result<(u16, usize), ParseError> {
    let (width, number) = match dialect.mti {
        MtiEncoding::Ascii => (4, body.get(..4).filter(|digits| Class::Digits.holds(digits)).map(number_of_digits)),
        MtiEncoding::Bcd => (2, body.get(..2).filter(|digits| nibbles_are_decimal(digits)).map(number_of_packed)),
        MtiEncoding::Ebcdic => {
            let decimal = |digits: &&[u8]| Class::Digits.breach_ebcdic(digits).is_none();
            (4, body.get(..4).filter(decimal).map(|digits| number_in(Coding::Ebcdic, digits, 4)))
        }
    };
    match number.and_then(|number| u16::try_from(number).ok()) {
        Some(mti) if dialect.version().has_type(mti) => Ok((mti, width)),
        _ => Err(no_message_type(dialect, body, width)),
    }
}

#[cold]
fn no_message_type(dialect: &Dialect, body: &[u8], width: usize) -> ParseError {
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
fn bitmap(dialect: &Dialect, body: &[u8], at: usize) -> Result<(u64, usize), ParseError> {
    let rest = body.get(at..).unwrap_or(&[]);
    let (width, bits) = match dialect.bitmap {
        BitmapEncoding::Raw => (8, rest.first_chunk::<8>().map(|raw| u64::from_be_bytes(*raw))),
        BitmapEncoding::Hex => (16, rest.first_chunk::<16>().and_then(hex_word)),
    };
    bits.map(|bits| (bits, at + width)).ok_or_else(|| no_bitmap(rest, at, width))
}

#[cold]
fn no_bitmap(rest: &[u8], at: usize, width: usize) -> ParseError {
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
