//! Building: message type and bitmap, then one field after the other, appended to a buffer.
//!
//! Knows: how each field is to be written, and refuses what its reader would refuse. Does not know: what a field means.
//!
//! Room is made once and given back at the end, so that a field is a few stores of whole words, of which the next field writes over
//! what was too much.

use bytes::BytesMut;
use model::FieldNumber;

use crate::chars::{
    ascii_of, ebcdic_of_ascii, eight_ascii_word, eight_packed_word, fits_digits, hex_eight, pack_eight, packed_of, sixteen_ascii,
    sixteen_packed_word,
};
use crate::dialect::{BitmapEncoding, Coding, Fill, IndicatorForm, MtiEncoding, Prefix, Road, SecondaryBitmap, Spec};
use crate::{BuildError, Dialect, FieldSet};

/// A field's value, for [`Dialect::build`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'v> {
    /// Digits as a number, in as many digits as the field has: for fixed fields of class n.
    Number(u64),
    /// Digits as a number, in so many digits: for fields of class n whose length varies.
    Digits(u64, u8),
    /// Characters in ASCII, whatever the dialect writes; of class b the bytes themselves.
    Characters(&'v [u8]),
}

/// See [`Dialect::build`].
pub(crate) fn build(
    dialect: &Dialect,
    mti: u16,
    fields: &[(FieldNumber, Value<'_>)],
    out: &mut BytesMut,
) -> Result<(), BuildError> {
    let (mut halves, mut last) = ([0u64; 2], 1);
    for (field, _) in fields {
        let place = field.wrapping_sub(1);
        match halves.get_mut(usize::from(place >> 6)) {
            Some(half) if *field > last => *half |= 1 << 63 >> (place & 63),
            _ => return Err(BuildError::OutOfOrder { field: *field }),
        }
        last = *field;
    }
    let present = FieldSet(u128::from(halves[0]) << 64 | u128::from(halves[1]));
    message(dialect, mti, present, out, |writer| {
        fields.iter().try_for_each(|(field, value)| match *value {
            Value::Number(number) => writer.number(*field, number),
            Value::Digits(number, count) => writer.number_of(*field, number, count),
            Value::Characters(characters) => writer.value(*field, characters),
        })
    })
}

/// Room for most messages; one that needs more grows it on the way.
const ROOM: usize = 384;

/// Writes message type and bitmaps, then what `put` writes: the fields of `fields` in ascending order. Field 1 is set where the
/// dialect wants it; whether the caller set it makes no difference. On an error `out` is as it was.
#[inline]
pub(crate) fn message<E: From<BuildError>>(
    dialect: &Dialect,
    mti: u16,
    fields: FieldSet,
    out: &mut BytesMut,
    put: impl FnOnce(&mut FieldWriter<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let start = out.len();
    out.resize(start + ROOM, 0);
    let mut writer = FieldWriter { dialect, out, at: start };
    let written = writer.opening(mti, fields).map_err(E::from).and_then(|()| put(&mut writer));
    let end = if written.is_ok() { writer.at } else { start };
    out.truncate(end);
    written
}

/// Writes one field at a time.
pub(crate) struct FieldWriter<'w> {
    dialect: &'w Dialect,
    out: &'w mut BytesMut,
    /// Where the next byte goes.
    at: usize,
}

impl FieldWriter<'_> {
    #[inline(always)]
    fn opening(&mut self, mti: u16, fields: FieldSet) -> Result<(), BuildError> {
        if !self.dialect.version().has_type(mti) {
            return Err(BuildError::Mti { number: mti });
        }
        let number = u64::from(mti);
        match self.dialect.mti {
            MtiEncoding::Ascii => self.word(eight_ascii_word(number) >> 32, 4),
            MtiEncoding::Ebcdic => self.word(eight_ascii_word(number) >> 32 ^ 0xC0C0_C0C0, 4),
            MtiEncoding::Bcd => self.long(packed_of(number) << 112, 2),
        }
        let [primary, secondary] = fields.halves();
        let (always, announced) = match self.dialect.secondary {
            SecondaryBitmap::Announced => (secondary != 0, secondary != 0),
            SecondaryBitmap::Always => (true, true),
            SecondaryBitmap::AlwaysUnannounced => (true, false),
        };
        self.bitmap(primary & !(1 << 63) | u64::from(announced) << 63);
        if always {
            self.bitmap(secondary);
        }
        Ok(())
    }

    #[inline(always)]
    fn bitmap(&mut self, bits: u64) {
        let [a, b, c, d, e, f, g, h] = bits.to_be_bytes();
        match self.dialect.bitmap {
            BitmapEncoding::Raw => self.word(bits.swap_bytes(), 8),
            BitmapEncoding::Hex => {
                self.word(u64::from_le_bytes(hex_eight([a, b, c, d])), 8);
                self.word(u64::from_le_bytes(hex_eight([e, f, g, h])), 8);
            }
        }
    }

    /// How long a field may be, in its units; nothing where there is no such field.
    pub(crate) fn max(&self, field: FieldNumber) -> usize {
        self.dialect.spec(field).map_or(0, |spec| usize::from(spec.max))
    }

    /// Digits given as a number, in as many digits as the field has.
    #[inline]
    pub(crate) fn number(&mut self, field: FieldNumber, number: u64) -> Result<(), BuildError> {
        let spec = self.dialect.spec(field).ok_or(BuildError::Undefined { field })?;
        let (size, digits) = (usize::from(spec.size), usize::from(spec.max));
        // Nearly all that is given as a number is one of these.
        match spec.road {
            Road::Digits if digits <= 8 && fits_digits(number, digits) => {
                self.word(eight_ascii_word(number) >> (64 - 8 * size.clamp(1, 8)), size);
            }
            Road::Digits if digits <= 16 && fits_digits(number, digits) => {
                self.long_le(sixteen_ascii(number) >> (128 - 8 * size.clamp(1, 16)), size);
            }
            Road::Packed | Road::PackedOdd if digits <= 16 && fits_digits(number, digits) => {
                let packed = if digits <= 8 { u64::from(eight_packed_word(number)) } else { sixteen_packed_word(number) };
                self.word((packed << (64 - 8 * size.clamp(1, 8))).swap_bytes(), size);
            }
            _ => return self.digits_of(field, spec, number, spec.max),
        }
        Ok(())
    }

    /// Digits given as a number, in `count` digits: for fields whose length varies.
    #[inline]
    pub(crate) fn number_of(&mut self, field: FieldNumber, number: u64, count: u8) -> Result<(), BuildError> {
        let spec = self.dialect.spec(field).ok_or(BuildError::Undefined { field })?;
        self.digits_of(field, spec, number, u16::from(count))
    }

    #[inline(always)]
    fn digits_of(&mut self, field: FieldNumber, spec: &Spec, number: u64, count: u16) -> Result<(), BuildError> {
        /// As many digits as a field has that is given as a number.
        const DIGITS_MAX: usize = 20;
        let digits = usize::from(count);
        if count > spec.max || digits > DIGITS_MAX || (count < spec.max && spec.is_fixed()) || !fits_digits(number, digits) {
            return Err(too_many_digits(field, spec, number, digits));
        }
        self.length(spec, count);
        match (spec.coding, digits) {
            (Coding::Packed(Fill::ZERO_BEFORE), 1..=16) => {
                let bytes = digits.div_ceil(2);
                let packed = if digits <= 8 { u64::from(eight_packed_word(number)) } else { sixteen_packed_word(number) };
                self.word((packed << (64 - 8 * bytes.clamp(1, 8))).swap_bytes(), bytes);
            }
            (Coding::Packed(fill), _) => {
                let nibble = u128::from(fill.nibble);
                let packed = match (digits % 2 == 1, fill.behind) {
                    (false, _) => packed_of(number),
                    (true, true) => packed_of(number) << 4 | nibble,
                    (true, false) => packed_of(number) | nibble << (4 * digits),
                };
                self.long(packed << (128 - 8 * digits.div_ceil(2).max(1)), digits.div_ceil(2));
            }
            (Coding::Characters, 1..=8) => self.word(eight_ascii_word(number) >> (64 - 8 * digits), digits),
            (Coding::Characters, 9..=16) => self.long_le(sixteen_ascii(number) >> (128 - 8 * digits), digits),
            _ => {
                let all = ascii_of(number);
                let characters = all.get(all.len().saturating_sub(digits)..).unwrap_or(&[]);
                self.content(spec.coding, characters);
            }
        }
        Ok(())
    }

    /// Characters in ASCII, or the bytes of a field of class b. What is shorter than a fixed field of text is filled up with blanks;
    /// any other fixed field needs its length exactly.
    #[inline]
    pub(crate) fn value(&mut self, field: FieldNumber, value: &[u8]) -> Result<(), BuildError> {
        let spec = self.dialect.spec(field).ok_or(BuildError::Undefined { field })?;
        let max = usize::from(spec.max);
        let missing = if spec.is_fixed() { max.saturating_sub(value.len()) } else { 0 };
        if value.len() > max || (missing > 0 && !spec.fills()) || !spec.class.holds(value) {
            return Err(unfit(field, spec, value));
        }
        if spec.is_fixed() && spec.coding == Coding::Characters {
            self.slice(value);
        } else {
            self.length(spec, u16::try_from(value.len()).unwrap_or(0));
            self.content(spec.coding, value);
        }
        if missing > 0 {
            let blank = if spec.coding == Coding::Ebcdic { ebcdic_of_ascii(b' ') } else { b' ' };
            if let Some(room) = self.room(missing) {
                room.fill(blank);
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn length(&mut self, spec: &Spec, units: u16) {
        let Prefix::Told(indicator) = spec.prefix else { return };
        let told = if indicator.counts_bytes { u64::try_from(spec.coding.bytes(units)).unwrap_or(0) } else { u64::from(units) };
        let width = usize::from(indicator.width);
        let shift = 64 - 8 * width.clamp(1, 8);
        // A tenth of a number below 100.
        let tens = told.wrapping_mul(205) >> 11;
        match indicator.form {
            IndicatorForm::Ascii if width == 2 && told < 100 => {
                self.word(tens | (told - 10 * tens) << 8 | 0x3030, 2);
            }
            IndicatorForm::Packed if width == 1 && told < 100 => self.word(told + 6 * tens, 1),
            IndicatorForm::Ascii => self.word(eight_ascii_word(told) >> shift, width),
            IndicatorForm::Ebcdic => self.word((eight_ascii_word(told) ^ 0xC0C0_C0C0_C0C0_C0C0) >> shift, width),
            IndicatorForm::Packed => self.long(packed_of(told) << (64 + shift), width),
            IndicatorForm::Binary => self.word((told << shift).swap_bytes(), width),
        }
    }

    #[inline(always)]
    fn content(&mut self, coding: Coding, value: &[u8]) {
        match coding {
            Coding::Characters | Coding::Raw => self.slice(value),
            Coding::Ebcdic => {
                if let Some(room) = self.room(value.len()) {
                    room.iter_mut().zip(value).for_each(|(to, from)| *to = ebcdic_of_ascii(*from));
                }
            }
            Coding::Hex => self.hex(value),
            Coding::Packed(fill) | Coding::PackedTrack(fill) => self.pack(value, fill),
            Coding::PackedSigned => {
                let (sign, digits) = value.split_at_checked(1).unwrap_or((value, &[]));
                self.slice(sign);
                self.pack(digits, Fill::ZERO_BEFORE);
            }
        }
    }

    #[inline(always)]
    fn hex(&mut self, bytes: &[u8]) {
        let (fours, rest) = bytes.as_chunks::<4>();
        for four in fours {
            self.word(u64::from_le_bytes(hex_eight(*four)), 8);
        }
        for byte in rest {
            self.word(u64::from_le_bytes(hex_eight([*byte, 0, 0, 0])), 2);
        }
    }

    /// Packs digits and separators two a byte.
    #[inline(always)]
    fn pack(&mut self, digits: &[u8], fill: Fill) {
        let odd = digits.len() % 2;
        let (first, even) = if fill.behind { (&[][..], digits) } else { digits.split_at_checked(odd).unwrap_or((digits, &[])) };
        for digit in first {
            let nibble = pack_eight([b'0', b'0', b'0', b'0', b'0', b'0', b'0', *digit]);
            self.word(u64::from(nibble | u32::from(fill.nibble) << 4), 1);
        }
        let (eights, rest) = even.as_chunks::<8>();
        for eight in eights {
            self.word(u64::from(pack_eight(*eight).swap_bytes()), 4);
        }
        let mut last = [if fill.nibble == 0 { b'0' } else { b'F' }; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.word(u64::from(pack_eight(last).swap_bytes()), rest.len().div_ceil(2));
    }

    /// The first `count` bytes of a word, the first in its lowest.
    #[inline(always)]
    fn word(&mut self, word: u64, count: usize) {
        if self.out.len() < self.at + 8 {
            grow(self.out, self.at, 8);
        }
        if let Some(room) = self.out.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut::<8>) {
            *room = word.to_le_bytes();
            self.at += count;
        }
    }

    /// The first `count` bytes of two words, the first in the highest.
    #[inline(always)]
    fn long(&mut self, long: u128, count: usize) {
        self.long_le(long.swap_bytes(), count);
    }

    /// The same, the first in the lowest.
    #[inline(always)]
    fn long_le(&mut self, long: u128, count: usize) {
        if self.out.len() < self.at + 16 {
            grow(self.out, self.at, 16);
        }
        if let Some(room) = self.out.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut::<16>) {
            *room = long.to_le_bytes();
            self.at += count;
        }
    }

    #[inline(always)]
    fn slice(&mut self, bytes: &[u8]) {
        if let Some(room) = self.room(bytes.len()) {
            copy(room, bytes);
        }
    }

    /// The next bytes, to be written.
    #[inline(always)]
    fn room(&mut self, count: usize) -> Option<&mut [u8]> {
        if self.out.len() < self.at + count {
            grow(self.out, self.at, count);
        }
        let room = self.out.get_mut(self.at..self.at + count)?;
        self.at += count;
        Some(room)
    }
}

/// Makes room for `count` bytes more behind `at`. It takes the buffer and not the writer, so that the writer's place can stay in a
/// register from one field to the next.
#[cold]
#[inline(never)]
fn grow(out: &mut BytesMut, at: usize, count: usize) {
    out.resize(at + count + ROOM, 0);
}

/// Copies between slices of the same length, the short ones of a message by overlapping words rather than by a call.
#[inline(always)]
fn copy(to: &mut [u8], from: &[u8]) {
    fn ends<const N: usize>(to: &mut [u8], from: &[u8]) {
        if let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) {
            if let Some(room) = to.first_chunk_mut::<N>() {
                *room = *first;
            }
            if let Some(room) = to.last_chunk_mut::<N>() {
                *room = *last;
            }
        }
    }
    match from.len() {
        8..=16 => ends::<8>(to, from),
        17..=32 => ends::<16>(to, from),
        4..=7 => ends::<4>(to, from),
        _ => {
            if to.len() == from.len() {
                to.copy_from_slice(from);
            }
        }
    }
}

#[cold]
fn too_many_digits(field: FieldNumber, spec: &Spec, number: u64, count: usize) -> BuildError {
    let needed = usize::try_from(number.checked_ilog10().unwrap_or(0)).unwrap_or(0) + 1;
    BuildError::TooLong { field, length: needed.max(count.min(usize::from(spec.max) + 1)), max: count.min(usize::from(spec.max)) }
}

/// Why a value does not fit its field.
#[cold]
fn unfit(field: FieldNumber, spec: &Spec, value: &[u8]) -> BuildError {
    let (length, max) = (value.len(), usize::from(spec.max));
    match spec.class.breach(value) {
        _ if length > max => BuildError::TooLong { field, length, max },
        Some(at) => BuildError::Characters { field, expected: spec.class.words(), at },
        None => BuildError::TooShort { field, length, exact: max },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_of_every_length_are_copied_whole() {
        let from: Vec<u8> = (1..=80).collect();
        for length in 0..=80 {
            let mut to = vec![0; length];
            copy(&mut to, &from[..length]);
            assert_eq!(to, from[..length]);
        }
    }
}
