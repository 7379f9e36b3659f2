//! Building: message type and bitmap, then one field after the other, appended to a buffer.
//!
//! Knows: how each field is to be written, and refuses what its reader would refuse. Does not know: what a field means.
//!
//! A field is a few stores of whole words into room made before, of which the next field writes over what was too much. What finds
//! no room is only counted; the message is then as long as was counted, and is written once more into as much.

use bytes::BytesMut;
use model::FieldNumber;

use crate::chars::{
    ascii_eight, ascii_of, ascii_sixteen, ebcdic_of_ascii, fits_digits, hex_eight, is_below_power, low_half, pack_eight,
    packed_eight, packed_sixteen, right_justified,
};
use crate::dialect::{BitmapEncoding, Coding, Figures, Fill, IndicatorForm, Lead, MtiEncoding, Prefix, SecondaryBitmap, Spec};
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
    let present = present(fields)?;
    message(dialect, mti, present, out, |writer| {
        for (field, value) in fields {
            match *value {
                Value::Number(number) => writer.put_number(*field, number)?,
                Value::Digits(number, count) => writer.put_digits(*field, number, count)?,
                Value::Characters(characters) => writer.put_value(*field, characters)?,
            }
        }
        Ok(())
    })
}

/// The fields of the list, which must rise.
#[inline(always)]
fn present(fields: &[(FieldNumber, Value<'_>)]) -> Result<FieldSet, BuildError> {
    let (mut halves, mut last) = ([0u64; 2], 1);
    let mut rest = fields.iter().map(|(field, _)| *field).peekable();
    for (half, end) in halves.iter_mut().zip([64, 128]) {
        while let Some(field) = rest.next_if(|field| *field <= end) {
            if field <= last {
                return Err(BuildError::OutOfOrder { field });
            }
            last = field;
            *half |= 1 << (field.wrapping_neg() & 63);
        }
    }
    match rest.next() {
        Some(field) => Err(BuildError::OutOfOrder { field }),
        None => Ok(FieldSet(u128::from(halves[0]) << 64 | u128::from(halves[1]))),
    }
}

/// Room for most messages.
const ROOM: usize = 384;

/// Writes message type and bitmaps, then what `put` writes, the same each time that it is called: the fields of `fields` in
/// ascending order. Field 1 is set where the dialect wants it; whether the caller set it makes no difference. On an error `out` is
/// as it was.
#[inline(always)]
pub(crate) fn message<E: From<BuildError>>(
    dialect: &Dialect,
    mti: u16,
    fields: FieldSet,
    out: &mut BytesMut,
    put: impl Fn(&mut FieldWriter<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let (start, mut room) = (out.len(), ROOM);
    loop {
        out.resize(start + room, 0);
        let left = attempt(dialect, mti, fields, out.get_mut(start..).unwrap_or_default(), &put);
        match left {
            Ok(Ok(left)) => out.truncate(start + room - left),
            Ok(Err(Missing(bytes))) => {
                // The last store of a field may be wider than the field.
                room += bytes + FieldWriter::STORE;
                continue;
            }
            Err(_) => out.truncate(start),
        }
        return left.map(|_| ());
    }
}

/// How many bytes found no room.
struct Missing(usize);

/// Writes the message to the front of `room`; how much is left of that, or how much was missing. Apart from the loop around it, lest
/// a compiler work out beforehand, for all rounds, what this dialect does not need in any.
#[inline(never)]
fn attempt<E: From<BuildError>>(
    dialect: &Dialect,
    mti: u16,
    fields: FieldSet,
    room: &mut [u8],
    put: impl Fn(&mut FieldWriter<'_>) -> Result<(), E>,
) -> Result<Result<usize, Missing>, E> {
    let mut writer = FieldWriter { dialect, room, missing: 0 };
    writer.opening(mti, fields)?;
    put(&mut writer)?;
    Ok(if writer.missing == 0 { Ok(writer.room.len()) } else { Err(Missing(writer.missing)) })
}

/// Writes one field at a time.
pub(crate) struct FieldWriter<'w> {
    dialect: &'w Dialect,
    /// Where the next byte goes, and all behind it.
    room: &'w mut [u8],
    /// The bytes of what found no room, and of all that came after it.
    missing: usize,
}

impl FieldWriter<'_> {
    /// What one store writes, in bytes, though it may count for less.
    const STORE: usize = 8;

    #[inline(always)]
    fn opening(&mut self, mti: u16, fields: FieldSet) -> Result<(), BuildError> {
        if !self.dialect.version().has_type(mti) {
            return Err(BuildError::Mti { number: mti });
        }
        let number = u32::from(mti);
        match self.dialect.mti {
            MtiEncoding::Ascii => self.word(ascii_eight(number) >> 32, 4),
            MtiEncoding::Ebcdic => self.word(ascii_eight(number) >> 32 ^ 0xC0C0_C0C0, 4),
            MtiEncoding::Bcd => self.word(u64::from(packed_eight(number) >> 16), 2),
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
    pub(crate) fn number(&mut self, field: FieldNumber, number: u64) -> Result<(), BuildError> {
        self.put_number(field, number)
    }

    /// Digits given as a number, in `count` digits: for fields whose length varies.
    pub(crate) fn number_of(&mut self, field: FieldNumber, number: u64, count: u8) -> Result<(), BuildError> {
        self.put_digits(field, number, count)
    }

    /// Characters in ASCII, or the bytes of a field of class b. What is shorter than a fixed field of text is filled up with blanks;
    /// any other fixed field needs its length exactly.
    pub(crate) fn value(&mut self, field: FieldNumber, value: &[u8]) -> Result<(), BuildError> {
        self.put_value(field, value)
    }

    // The three of them again, for `build`, which has one place that calls each: there they are worth being written out.

    #[inline(always)]
    fn put_number(&mut self, field: FieldNumber, number: u64) -> Result<(), BuildError> {
        let spec = self.dialect.spec(field).ok_or(BuildError::Undefined { field })?;
        let digits = usize::from(spec.max);
        if spec.figures == Figures::Other || !is_below_power(number, digits) {
            return self.digits_of(field, spec, number, spec.max);
        }
        self.figures(spec.figures, number, digits);
        Ok(())
    }

    #[inline(always)]
    fn put_digits(&mut self, field: FieldNumber, number: u64, count: u8) -> Result<(), BuildError> {
        let spec = self.dialect.spec(field).ok_or(BuildError::Undefined { field })?;
        let (digits, told) = (usize::from(count), u16::from(count));
        let figures = Figures::of(spec.alphabet, told);
        let quick = matches!(spec.lead, Lead::Ascii | Lead::Packed) && figures != Figures::Other;
        if !quick || told > spec.max || !is_below_power(number, digits) {
            return self.digits_of(field, spec, number, told);
        }
        self.length(spec, told);
        self.figures(figures, number, digits);
        Ok(())
    }

    #[inline(always)]
    fn figures(&mut self, figures: Figures, number: u64, digits: usize) {
        let bytes = digits.div_ceil(2);
        match figures {
            Figures::Eight => self.word(last_of(ascii_eight(low_half(number)), digits), digits),
            Figures::Sixteen => {
                let [high, low] = ascii_sixteen(number);
                self.word(last_of(high, digits), digits - 8);
                self.word(low, 8);
            }
            Figures::EightPacked => self.word(last_of(u64::from(packed_eight(low_half(number))) << 32, bytes), bytes),
            Figures::SixteenPacked => self.word(last_of(packed_sixteen(number), bytes), bytes),
            Figures::Other => {}
        }
    }

    /// Digits given as a number, whatever field they go to.
    #[cold]
    #[inline(never)]
    fn digits_of(&mut self, field: FieldNumber, spec: &Spec, number: u64, count: u16) -> Result<(), BuildError> {
        /// As many digits as a field has that is given as a number.
        const DIGITS_MAX: usize = 20;
        let digits = usize::from(count);
        if count > spec.max || digits > DIGITS_MAX || (count < spec.max && spec.is_fixed()) || !fits_digits(number, digits) {
            return Err(too_many_digits(field, spec, number, digits));
        }
        self.length(spec, count);
        let all = ascii_of(number);
        self.content(spec.coding, all.get(all.len().saturating_sub(digits)..).unwrap_or(&[]));
        Ok(())
    }

    #[inline(always)]
    fn put_value(&mut self, field: FieldNumber, value: &[u8]) -> Result<(), BuildError> {
        let spec = self.dialect.spec(field).ok_or(BuildError::Undefined { field })?;
        let (max, length) = (usize::from(spec.max), value.len());
        let fits = length == max || (length < max && (!spec.is_fixed() || spec.fills()));
        if !fits || !spec.class.holds(value) {
            return Err(unfit(field, spec, value));
        }
        if spec.lead != Lead::Fixed {
            self.length(spec, u16::try_from(length).unwrap_or(0));
        }
        if matches!(spec.coding, Coding::Characters | Coding::Raw) {
            self.slice(value);
        } else {
            self.content(spec.coding, value);
        }
        if length < max && spec.is_fixed() {
            self.blanks(spec.coding, max - length);
        }
        Ok(())
    }

    #[inline(always)]
    fn length(&mut self, spec: &Spec, units: u16) {
        let told = u64::from(units);
        // A tenth of a number below 100.
        let tens = told.wrapping_mul(205) >> 11;
        match spec.lead {
            Lead::Fixed | Lead::Odd => {}
            Lead::Ascii => self.word((told << 8).wrapping_sub(tens * ((10 << 8) - 1)) | 0x3030, 2),
            Lead::Packed => self.word(told + 6 * tens, 1),
            Lead::Other => self.indicator(spec, units),
        }
    }

    #[inline(never)]
    fn indicator(&mut self, spec: &Spec, units: u16) {
        let Prefix::Told(indicator) = spec.prefix else { return };
        let told = if indicator.counts_bytes { u32::try_from(spec.coding.bytes(units)).unwrap_or(0) } else { u32::from(units) };
        let width = usize::from(indicator.width);
        let shift = 64 - 8 * width.clamp(1, 8);
        match indicator.form {
            IndicatorForm::Ascii => self.word(ascii_eight(told) >> shift, width),
            IndicatorForm::Ebcdic => self.word((ascii_eight(told) ^ 0xC0C0_C0C0_C0C0_C0C0) >> shift, width),
            IndicatorForm::Packed => self.word(packed_sixteen(told.into()) >> shift, width),
            IndicatorForm::Binary => self.word((u64::from(told) << shift).swap_bytes(), width),
        }
    }

    #[inline(never)]
    fn content(&mut self, coding: Coding, value: &[u8]) {
        match coding {
            Coding::Characters | Coding::Raw => self.slice(value),
            Coding::Ebcdic => self.ebcdic(value),
            Coding::Hex => self.hex(value),
            Coding::Packed(fill) | Coding::PackedTrack(fill) => self.pack(value, fill),
            Coding::PackedSigned => {
                let (sign, digits) = value.split_at_checked(1).unwrap_or((value, &[]));
                self.slice(sign);
                self.pack(digits, Fill::ZERO_BEFORE);
            }
        }
    }

    #[inline(never)]
    fn ebcdic(&mut self, value: &[u8]) {
        if let Some(room) = self.next(value.len()) {
            room.iter_mut().zip(value).for_each(|(to, from)| *to = ebcdic_of_ascii(*from));
        }
    }

    #[inline(never)]
    fn blanks(&mut self, coding: Coding, count: usize) {
        if let Some(room) = self.next(count) {
            room.fill(if coding == Coding::Ebcdic { ebcdic_of_ascii(b' ') } else { b' ' });
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
    #[inline(never)]
    fn pack(&mut self, digits: &[u8], fill: Fill) {
        let whole = |writer: &mut Self, eights: &[[u8; 8]]| {
            for eight in eights {
                writer.word(u64::from(pack_eight(*eight).swap_bytes()), 4);
            }
        };
        let part = |writer: &mut Self, digits: &[u8]| {
            let (count, bytes) = (digits.len(), digits.len().div_ceil(2));
            let packed = u64::from(pack_eight(right_justified(digits).to_be_bytes()));
            let filled = match (count % 2 == 1, fill.behind) {
                (false, _) => packed,
                (true, true) => packed << 4 | u64::from(fill.nibble),
                (true, false) => packed | u64::from(fill.nibble) << (4 * count),
            };
            writer.word((filled << (64 - 8 * bytes.max(1))).swap_bytes(), bytes);
        };
        if fill.behind {
            let (eights, rest) = digits.as_chunks::<8>();
            whole(self, eights);
            part(self, rest);
        } else {
            let (rest, eights) = digits.as_rchunks::<8>();
            part(self, rest);
            whole(self, eights);
        }
    }

    /// The first `count` bytes of a word, the first in its lowest.
    #[inline(always)]
    fn word(&mut self, word: u64, count: usize) {
        match self.room.first_chunk_mut::<{ FieldWriter::STORE }>() {
            Some(room) => {
                *room = word.to_le_bytes();
                self.step(count);
            }
            None => self.miss(count),
        }
    }

    #[inline(always)]
    fn slice(&mut self, bytes: &[u8]) {
        if let Some(room) = self.next(bytes.len()) {
            copy(room, bytes);
        }
    }

    /// The next bytes, to be written, if there is room for them.
    #[inline(always)]
    fn next(&mut self, count: usize) -> Option<&mut [u8]> {
        match std::mem::take(&mut self.room).split_at_mut_checked(count) {
            Some((next, rest)) => {
                self.room = rest;
                Some(next)
            }
            None => {
                self.miss(count);
                None
            }
        }
    }

    /// Leaves behind what was written.
    #[inline(always)]
    fn step(&mut self, count: usize) {
        self.room = std::mem::take(&mut self.room).get_mut(count..).unwrap_or_default();
    }

    /// Counts what found no room; nothing behind it finds any either. One byte at least, so that it is known.
    #[cold]
    fn miss(&mut self, count: usize) {
        self.missing += count.max(1);
        self.room = &mut [];
    }
}

/// The last `count` bytes of a word, moved to its front; of more than eight, as many as are above eight.
#[inline(always)]
fn last_of(word: u64, count: usize) -> u64 {
    word >> (8 * (count.wrapping_neg() & 7))
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
        33..=64 => ends::<32>(to, from),
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

    /// Whatever the length of a message, and whichever of its parts comes to the end of the room that was made.
    #[test]
    fn a_message_that_finds_no_room_is_written_all_the_same() {
        let text = vec![b'x'; 999];
        for name in Dialect::builtin_names().iter().filter(|name| name.starts_with("iso87")) {
            let dialect = Dialect::builtin(name).unwrap();
            for length in 1..=999 {
                let mut out = BytesMut::from(&b"before"[..]);
                let fields = [
                    (11, Value::Number(42)),
                    (48, Value::Characters(&text[..length])),
                    (49, Value::Number(116)),
                    (52, Value::Characters(&[1, 2, 3, 4, 5, 6, 7, 8])),
                    (54, Value::Characters(b"1001116C000000012345")),
                    (61, Value::Characters(&text[..length])),
                    (90, Value::Characters(&[b'7'; 42])),
                    (99, Value::Digits(12_345, 5)),
                    (102, Value::Characters(b"ACC")),
                ];
                dialect.build(200, &fields, &mut out).unwrap();
                assert_eq!(&out[..6], b"before");
                let parsed = dialect.parse(&out[6..]).unwrap();
                for (field, value) in fields {
                    let read = parsed.field(&dialect, field).unwrap();
                    match value {
                        Value::Number(number) | Value::Digits(number, _) => assert_eq!(read.number_value(), number),
                        Value::Characters(written) if field == 52 => assert_eq!(read.to_text(), crate::chars::hex(written)),
                        Value::Characters(written) => assert_eq!(read.to_text().as_bytes(), written),
                    }
                }
            }
        }
    }
}
