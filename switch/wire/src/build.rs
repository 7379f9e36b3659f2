//! Building: message type and bitmap, then one field after the other, appended to a buffer.
//!
//! Knows: how each field is to be written, and refuses what its reader would refuse. Does not know: what a field means.

use bytes::{BufMut, BytesMut};
use model::FieldNumber;

use crate::chars::{ascii_of, fits_digits, hex_digit, hex_value, packed_of};
use crate::dialect::{BitmapEncoding, Coding, MtiEncoding, Prefix, Spec};
use crate::{BuildError, Dialect, FieldSet};

/// Writes message type and bitmaps. Field 1 is set where a field above 64 is; whether the caller set it makes no difference.
pub(crate) fn opening(dialect: &Dialect, mti: u16, fields: FieldSet, out: &mut BytesMut) -> Result<(), BuildError> {
    if !dialect.version().has_type(mti) {
        return Err(BuildError::Mti { number: mti });
    }
    match dialect.mti {
        MtiEncoding::Ascii => out.put_slice(&decimal::<4>(u64::from(mti))),
        MtiEncoding::Bcd => out.put_slice(&packed::<2>(u64::from(mti))),
    }
    let [primary, secondary] = fields.halves();
    let primary = primary & !(1 << 63) | u64::from(secondary != 0) << 63;
    bitmap(dialect, primary, out);
    if secondary != 0 {
        bitmap(dialect, secondary, out);
    }
    Ok(())
}

fn bitmap(dialect: &Dialect, bits: u64, out: &mut BytesMut) {
    match dialect.bitmap {
        BitmapEncoding::Raw => out.put_u64(bits),
        BitmapEncoding::Hex => put_hex(&bits.to_be_bytes(), out),
    }
}

fn put_hex(bytes: &[u8], out: &mut BytesMut) {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let mut digits = [0; 16];
        for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(word) {
            *pair = [hex_digit(byte >> 4), hex_digit(*byte)];
        }
        out.put_slice(&digits);
    }
    for byte in rest {
        out.put_slice(&[hex_digit(byte >> 4), hex_digit(*byte)]);
    }
}

/// As many digits as a field has that is given as a number.
const DIGITS_MAX: usize = 20;

/// The `N` low decimal digits of a number as ASCII.
#[inline]
fn decimal<const N: usize>(number: u64) -> [u8; N] {
    ascii_of(number).last_chunk::<N>().copied().unwrap_or([b'0'; N])
}

/// The `2 * N` low decimal digits of a number, two a byte.
#[inline]
fn packed<const N: usize>(number: u64) -> [u8; N] {
    packed_of(number).last_chunk::<N>().copied().unwrap_or([0; N])
}

/// Writes one field at a time; made by whoever has written an opening that names the same fields.
pub(crate) struct FieldWriter<'w> {
    pub(crate) dialect: &'w Dialect,
    pub(crate) out: &'w mut BytesMut,
}

impl FieldWriter<'_> {
    fn spec(&self, field: FieldNumber) -> Result<Spec, BuildError> {
        self.dialect.spec(field).copied().ok_or(BuildError::Undefined { field })
    }

    /// Digits given as a number, in as many digits as the field has.
    pub(crate) fn number(&mut self, field: FieldNumber, number: u64) -> Result<(), BuildError> {
        let spec = self.spec(field)?;
        self.digits_of(field, spec, number, spec.max)
    }

    /// Digits given as a number, in `count` digits: for fields whose length varies.
    pub(crate) fn number_of(&mut self, field: FieldNumber, number: u64, count: u8) -> Result<(), BuildError> {
        let spec = self.spec(field)?;
        self.digits_of(field, spec, number, u16::from(count))
    }

    #[inline]
    fn digits_of(&mut self, field: FieldNumber, spec: Spec, number: u64, count: u16) -> Result<(), BuildError> {
        let digits = usize::from(count);
        if count > spec.max || digits > DIGITS_MAX || (count < spec.max && spec.is_fixed()) || !fits_digits(number, digits) {
            return Err(too_many_digits(field, spec, number, digits));
        }
        self.length(spec.prefix, u64::from(count));
        match spec.coding {
            Coding::Packed => {
                let all = packed_of(number);
                self.out.put_slice(all.get(all.len().saturating_sub(digits.div_ceil(2))..).unwrap_or(&[]));
            }
            _ => {
                let all = ascii_of(number);
                self.out.put_slice(all.get(all.len().saturating_sub(digits)..).unwrap_or(&[]));
            }
        }
        Ok(())
    }

    /// Characters, or the bytes of a field of class b. What is shorter than a fixed field of text is filled up with blanks; any
    /// other fixed field needs its length exactly.
    pub(crate) fn value(&mut self, field: FieldNumber, value: &[u8]) -> Result<(), BuildError> {
        let spec = self.spec(field)?;
        self.put(field, spec, value)
    }

    #[inline]
    fn put(&mut self, field: FieldNumber, spec: Spec, value: &[u8]) -> Result<(), BuildError> {
        let (length, max) = (value.len(), usize::from(spec.max));
        let missing = if spec.is_fixed() { max.saturating_sub(length) } else { 0 };
        if length > max || (missing > 0 && !spec.fills()) || !spec.class.holds(value) {
            return Err(unfit(field, spec, value));
        }
        self.length(spec.prefix, u64::try_from(length).unwrap_or(0));
        self.content(spec.coding, value);
        if missing > 0 {
            self.out.put_bytes(b' ', missing);
        }
        Ok(())
    }

    #[inline]
    fn length(&mut self, prefix: Prefix, length: u64) {
        match prefix {
            Prefix::Fixed => {}
            Prefix::Ascii2 => self.out.put_slice(&decimal::<2>(length)),
            Prefix::Ascii3 => self.out.put_slice(&decimal::<3>(length)),
            Prefix::Packed1 => self.out.put_slice(&packed::<1>(length)),
            Prefix::Packed2 => self.out.put_slice(&packed::<2>(length)),
        }
    }

    fn content(&mut self, coding: Coding, value: &[u8]) {
        match coding {
            Coding::Characters | Coding::Raw => self.out.put_slice(value),
            Coding::Hex => put_hex(value, self.out),
            Coding::Packed | Coding::PackedTrack => self.pack(value),
            Coding::PackedSigned => {
                let (sign, digits) = value.split_at_checked(1).unwrap_or((value, &[]));
                self.out.put_slice(sign);
                self.pack(digits);
            }
        }
    }

    /// Packs digits and separators two a byte, an odd number behind a zero nibble.
    fn pack(&mut self, digits: &[u8]) {
        let nibble = |digit: u8| if digit == b'=' { 0xD } else { hex_value(digit).unwrap_or(0) };
        let (first, even) = digits.split_at_checked(digits.len() % 2).unwrap_or((digits, &[]));
        for digit in first {
            self.out.put_u8(nibble(*digit));
        }
        for [high, low] in even.as_chunks::<2>().0 {
            self.out.put_u8(nibble(*high) << 4 | nibble(*low));
        }
    }
}

#[cold]
fn too_many_digits(field: FieldNumber, spec: Spec, number: u64, count: usize) -> BuildError {
    let needed = usize::try_from(number.checked_ilog10().unwrap_or(0)).unwrap_or(0) + 1;
    BuildError::TooLong { field, length: needed.max(count.min(usize::from(spec.max) + 1)), max: count.min(usize::from(spec.max)) }
}

/// Why a value does not fit its field.
#[cold]
fn unfit(field: FieldNumber, spec: Spec, value: &[u8]) -> BuildError {
    let (length, max) = (value.len(), usize::from(spec.max));
    match spec.class.breach(value) {
        _ if length > max => BuildError::TooLong { field, length, max },
        Some(at) => BuildError::Characters { field, expected: spec.class.words(), at },
        None => BuildError::TooShort { field, length, exact: max },
    }
}
