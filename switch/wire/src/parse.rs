//! Strict parsing in place: a message becomes its bitmap and one span per field, with every byte checked.
//!
//! Knows: the order of a message's parts (ISO 8583:1987, 4.1). Does not know: what a field's value means (`map`).
//! Nothing here indexes, allocates or trusts a length that the network names.

use std::fmt;

use model::FieldNumber;

use crate::chars::{Class, hex_value, hex_word, nibbles_are_decimal, number_of_digits, number_of_packed};
use crate::dialect::{BitmapEncoding, Coding, MtiEncoding, Spec};
use crate::{Dialect, FieldSet, Found, ParseError, Place, Problem};

/// A message cut into fields: which are there, and where in the body each lies.
#[derive(Clone)]
pub struct Parsed<'a> {
    body: &'a [u8],
    mti: u16,
    fields: FieldSet,
    spans: [Span; 129],
}

/// Where a field's content begins, and how many digits, characters or bytes it has.
#[derive(Clone, Copy, Default)]
struct Span {
    start: u16,
    units: u16,
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
        if !self.fields.contains(number) {
            return None;
        }
        let spec = dialect.spec(number)?;
        let Span { start, units } = *self.spans.get(usize::from(number))?;
        let offset = usize::from(start);
        let bytes = self.body.get(offset..offset + spec.coding.bytes(units))?;
        Some(Field { number, spec, bytes, units, offset })
    }
}

#[inline]
fn keep(spans: &mut [Span; 129], field: &Field<'_, '_>) {
    // The body is at most 65,535 bytes long, so an offset into it fits.
    if let (Some(span), Ok(start)) = (spans.get_mut(usize::from(field.number)), u16::try_from(field.offset)) {
        *span = Span { start, units: field.units };
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
pub(crate) fn parse<'a>(dialect: &Dialect, body: &'a [u8]) -> Result<Parsed<'a>, ParseError> {
    let mut spans = [Span::default(); 129];
    let (mti, fields) = scan(dialect, body, |field| {
        keep(&mut spans, &field);
        true
    })?;
    Ok(Parsed { body, mti, fields, spans })
}

/// Walks over a message and hands each field, checked, to `take`; where that answers `false` the field has no value that exists.
#[inline]
pub(crate) fn scan<'d, 'a>(
    dialect: &'d Dialect,
    body: &'a [u8],
    mut take: impl FnMut(Field<'d, 'a>) -> bool,
) -> Result<(u16, FieldSet), ParseError> {
    let (mti, fields, mut at) = opening(dialect, body)?;
    for number in content_fields(fields) {
        let Some(spec) = dialect.spec(number) else { return Err(error(Place::Field(number), at, Problem::Undefined)) };
        let Some(extent) = spec.cut(body, at) else { return Err(refused_at(number, spec, body, at)) };
        let bytes = body.get(extent.start..extent.end).unwrap_or(&[]);
        let field = Field { number, spec, bytes, units: extent.units, offset: extent.start };
        if !take(field) {
            return Err(refused(field));
        }
        at = extent.end;
    }
    match body.len().saturating_sub(at) {
        0 => Ok((mti, fields)),
        bytes => Err(error(Place::Frame, at, Problem::LeftOver { bytes })),
    }
}

/// Why the field that begins at `at` cannot be cut.
#[cold]
fn refused_at(number: FieldNumber, spec: &Spec, body: &[u8], at: usize) -> ParseError {
    let Some(extent) = spec.locate(body, at) else {
        let (offset, problem) = spec.lost(body, at);
        return error(Place::Field(number), offset, problem);
    };
    let bytes = body.get(extent.start..extent.end).unwrap_or(&[]);
    refused(Field { number, spec, bytes, units: extent.units, offset: extent.start })
}

/// Why a field is refused: for its characters, or because they are no value that exists.
#[cold]
fn refused(field: Field<'_, '_>) -> ParseError {
    let value = || {
        let expected = crate::map::expected(field.number);
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
    let mut parsed = Parsed { body, mti, fields: FieldSet::NONE, spans: [Span::default(); 129] };
    for number in content_fields(fields) {
        let Some(spec) = dialect.spec(number) else { break };
        let Some(extent) = spec.locate(body, at) else { break };
        let bytes = body.get(extent.start..extent.end).unwrap_or(&[]);
        if spec.admits(bytes, extent.units) {
            parsed.fields = parsed.fields.or(FieldSet::of(&[number]));
            keep(&mut parsed.spans, &Field { number, spec, bytes, units: extent.units, offset: extent.start });
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

fn content_fields(fields: FieldSet) -> crate::fields::Iter {
    fields.without(FieldSet::of(&[1])).iter()
}

/// Message type and bitmaps, and where the first field begins.
fn opening(dialect: &Dialect, body: &[u8]) -> Result<(u16, FieldSet, usize), ParseError> {
    let max = usize::from(u16::MAX);
    if body.len() > max {
        return Err(error(Place::Frame, 0, Problem::TooLong { length: body.len(), max }));
    }
    let (mti, at) = message_type(dialect, body)?;
    let (primary, at) = bitmap(dialect, body, at)?;
    let primary_bits = u128::from(primary) << 64;
    if primary_bits & FieldSet::bit(1) == 0 {
        return Ok((mti, FieldSet(primary_bits), at));
    }
    let (secondary, at) = bitmap(dialect, body, at)?;
    Ok((mti, FieldSet(primary_bits | u128::from(secondary)), at))
}

fn message_type(dialect: &Dialect, body: &[u8]) -> Result<(u16, usize), ParseError> {
    let width = match dialect.mti {
        MtiEncoding::Ascii => 4,
        MtiEncoding::Bcd => 2,
    };
    let Some(digits) = body.get(..width) else {
        return Err(error(Place::Mti, 0, Problem::Truncated { needed: width, left: body.len() }));
    };
    let (number, decimal) = match dialect.mti {
        MtiEncoding::Ascii => (number_of_digits(digits), Class::Digits.holds(digits)),
        MtiEncoding::Bcd => (number_of_packed(digits), nibbles_are_decimal(digits)),
    };
    match u16::try_from(number) {
        Ok(mti) if decimal && dialect.version().has_type(mti) => Ok((mti, width)),
        _ => Err(no_message_type(dialect, digits)),
    }
}

#[cold]
fn no_message_type(dialect: &Dialect, digits: &[u8]) -> ParseError {
    let (found, breach) = match dialect.mti {
        MtiEncoding::Ascii => (Found::text(digits), Class::Digits.breach(digits)),
        MtiEncoding::Bcd => (Found::hex(digits), digits.iter().position(|byte| !nibbles_are_decimal(&[*byte]))),
    };
    match breach {
        Some(place) => error(Place::Mti, place, Problem::Characters { count: 4, expected: "digits", found }),
        None => error(Place::Mti, 0, Problem::Value { expected: dialect.version().expected_type(), found }),
    }
}

fn bitmap(dialect: &Dialect, body: &[u8], at: usize) -> Result<(u64, usize), ParseError> {
    let width = match dialect.bitmap {
        BitmapEncoding::Raw => 8,
        BitmapEncoding::Hex => 16,
    };
    let truncated = || error(Place::Bitmap, at, Problem::Truncated { needed: width, left: body.len().saturating_sub(at) });
    let rest = body.get(at..).unwrap_or(&[]);
    match dialect.bitmap {
        BitmapEncoding::Raw => {
            let raw = rest.first_chunk::<8>().ok_or_else(truncated)?;
            Ok((u64::from_be_bytes(*raw), at + width))
        }
        BitmapEncoding::Hex => {
            let digits = rest.first_chunk::<16>().ok_or_else(truncated)?;
            let refused = || {
                let place = digits.iter().position(|digit| hex_value(*digit).is_none()).unwrap_or(0);
                let found = Found::text(digits.get(place.saturating_sub(11)..=place).unwrap_or(&[]));
                error(Place::Bitmap, at + place, Problem::Characters { count: width, expected: "hexadecimal digits", found })
            };
            Ok((hex_word(digits).ok_or_else(refused)?, at + width))
        }
    }
}

impl Field<'_, '_> {
    /// Its digits as a number; 0 for text.
    #[inline]
    pub(crate) fn number_value(&self) -> u64 {
        match self.spec.coding {
            Coding::Packed => number_of_packed(self.bytes),
            _ => number_of_digits(self.bytes),
        }
    }

    /// Writes its characters to the front of `room`, whatever their encoding, and returns them; bytes of class b become upper-case
    /// hexadecimal digits. `None` where there is not room enough.
    pub(crate) fn characters<'r>(&self, room: &'r mut [u8]) -> Option<&'r [u8]> {
        use crate::chars::hex_digit;
        let nibbles = || self.bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let units = usize::from(self.units);
        let written = match self.spec.coding {
            Coding::Characters => {
                room.get_mut(..units)?.copy_from_slice(self.bytes);
                Some(units)
            }
            Coding::Hex => fill(room, self.bytes.iter().map(u8::to_ascii_uppercase)),
            Coding::Raw => fill(room, nibbles().map(hex_digit)),
            Coding::Packed => fill(room, nibbles().skip(units % 2).map(hex_digit)),
            Coding::PackedTrack => {
                fill(room, nibbles().skip(units % 2).map(|nibble| if nibble == 0xD { b'=' } else { hex_digit(nibble) }))
            }
            Coding::PackedSigned => {
                let sign = self.bytes.iter().take(1).copied();
                fill(room, sign.chain(nibbles().skip(2).map(hex_digit)))
            }
        }?;
        room.get(..written)
    }

    /// Its characters as text, whatever their encoding.
    pub(crate) fn to_text(self) -> String {
        let mut room = [0; 2 * 999];
        self.characters(&mut room).unwrap_or(&[]).iter().copied().map(char::from).collect()
    }
}

fn fill(room: &mut [u8], from: impl Iterator<Item = u8>) -> Option<usize> {
    let mut written = 0;
    for byte in from {
        *room.get_mut(written)? = byte;
        written += 1;
    }
    Some(written)
}
