//! How values become bytes in records and snapshots: numbers as LEB128, text with its length, options with one byte before.
//!
//! The layout of a published record never changes; a new meaning gets a new record. Reading never panics and never allocates
//! by a length it has not checked against what is left.

use model::{
    BusinessDate, Currency, HalfMonth, InstitutionId, LocalDate, LocalTime, Mti, Pan, ProcessingCode, ResponseCode, Stan, Text,
    Timestamp, TransactionId, TransmissionTime,
};

use crate::{BankId, LegId, LinkId};

/// Bytes that no version of this program wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal's records are damaged: {0}")]
pub struct Damaged(pub(crate) &'static str);

/// A value with one way to be written and read.
pub(crate) trait Bytes: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged>;
}

/// What is left to read.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a>(pub(crate) &'a [u8]);

impl<'a> Source<'a> {
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(Damaged("cut short"))?;
        self.0 = tail;
        Ok(head)
    }

    pub(crate) fn slice(&mut self) -> Result<&'a [u8], Damaged> {
        let length = usize::try_from(u64::take(self)?).map_err(|_| Damaged("a length beyond all memory"))?;
        self.bytes(length)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub(crate) fn put_slice(bytes: &[u8], out: &mut Vec<u8>) {
    (bytes.len() as u64).put(out);
    out.extend_from_slice(bytes);
}

impl Bytes for u64 {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
    fn put(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    #[inline]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        let mut value = 0;
        for (place, byte) in from.0.iter().enumerate().take(10) {
            value |= u64::from(byte & 0x7F) << (7 * place);
            if byte & 0x80 == 0 {
                from.0 = &from.0[place + 1..];
                return Ok(value);
            }
        }
        Err(Damaged("a number without an end"))
    }
}

macro_rules! as_u64 {
    ($($word:ty),*) => {$(
        impl Bytes for $word {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                u64::from(*self).put(out);
            }
            #[inline]
            fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
                Self::try_from(u64::take(from)?).map_err(|_| Damaged("a number out of range"))
            }
        }
    )*};
}

as_u64!(u8, u16, u32);

impl Bytes for i64 {
    /// Zigzag, so that small negative numbers are short too.
    #[inline]
    #[expect(clippy::cast_sign_loss, reason = "zigzag is a bit pattern")]
    fn put(&self, out: &mut Vec<u8>) {
        (((self << 1) ^ (self >> 63)) as u64).put(out);
    }
    #[inline]
    #[expect(clippy::cast_possible_wrap, reason = "zigzag is a bit pattern")]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        let folded = u64::take(from)?;
        Ok((folded >> 1) as i64 ^ -((folded & 1) as i64))
    }
}

impl Bytes for bool {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    #[inline]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        match from.bytes(1)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Damaged("neither yes nor no")),
        }
    }
}

impl<T: Bytes> Bytes for Option<T> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }
    #[inline]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        bool::take(from)?.then(|| T::take(from)).transpose()
    }
}

impl<T: Bytes> Bytes for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        for item in self {
            item.put(out);
        }
    }
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        (0..u64::take(from)?).map(|_| T::take(from)).collect()
    }
}

impl<const N: usize> Bytes for Text<N> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put_slice(self.as_bytes(), out);
    }
    #[inline]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        Self::new(from.slice()?).ok_or(Damaged("a text that is too long"))
    }
}

impl<const N: usize> Bytes for [u8; N] {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
    #[inline]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        from.bytes(N)?.try_into().map_err(|_| Damaged("cut short"))
    }
}

impl Bytes for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_slice(self.as_bytes(), out);
    }
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        std::str::from_utf8(from.slice()?).map(str::to_owned).map_err(|_| Damaged("text that is not UTF-8"))
    }
}

impl Bytes for ResponseCode {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes());
    }
    #[inline]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        let code = from.bytes(2)?.try_into().map_err(|_| Damaged("a response code"))?;
        Self::new(code).ok_or(Damaged("a response code"))
    }
}

impl Bytes for Pan {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.length().put(out);
        self.number().put(out);
    }
    #[inline]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        let length = u8::take(from)?;
        Self::from_parts(u64::take(from)?, length).map_err(|_| Damaged("a card number"))
    }
}

impl Bytes for InstitutionId {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.length().put(out);
        self.number().put(out);
    }
    #[inline]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        let length = u8::take(from)?;
        Self::from_parts(u64::take(from)?, length).ok_or(Damaged("an institution"))
    }
}

/// Words of one number: how to get it, how to make the word again.
macro_rules! by_number {
    ($($word:ty: $number:ty, |$value:ident| $get:expr, $make:expr;)*) => {$(
        impl Bytes for $word {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                let $value = self;
                <$number>::put(&$get, out);
            }
            #[inline]
            fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
                $make(<$number>::take(from)?).ok_or(Damaged(stringify!($word)))
            }
        }
    )*};
}

by_number! {
    Stan: u32, |it| it.number(), Stan::new;
    Mti: u16, |it| it.number(), Mti::new;
    ProcessingCode: u32, |it| it.number(), ProcessingCode::new;
    Currency: u16, |it| it.numeric(), Currency::from_numeric;
    TransmissionTime: u32, |it| it.number(), TransmissionTime::new;
    LocalTime: u32, |it| it.number(), LocalTime::new;
    LocalDate: u16, |it| it.number(), LocalDate::new;
    Timestamp: i64, |it| it.micros(), |micros| Some(Timestamp::from_micros(micros));
    HalfMonth: u32, |it| it.number(), |number| Some(HalfMonth::from_number(number));
    BusinessDate: i64, |it| it.days(), |days| Some(BusinessDate::from_days(days));
    TransactionId: u64, |it| it.0, |id| Some(TransactionId(id));
    BankId: u32, |it| it.0, |id| Some(BankId(id));
    LinkId: u64, |it| it.0, |id| Some(LinkId(id));
}

impl Bytes for LegId {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.transaction.put(out);
        self.index.put(out);
    }
    #[inline]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        Ok(Self { transaction: Bytes::take(from)?, index: Bytes::take(from)? })
    }
}

/// A struct whose bytes are its fields' in order.
macro_rules! bytes_of_struct {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::bytes::Bytes for $name {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                $($crate::bytes::Bytes::put(&self.$field, out);)*
            }
            #[inline]
            fn take(from: &mut $crate::bytes::Source<'_>) -> Result<Self, $crate::bytes::Damaged> {
                Ok(Self { $($field: $crate::bytes::Bytes::take(from)?),* })
            }
        }
    };
}

/// An enum without values, each variant by a number of its own that never changes.
macro_rules! bytes_of_enum {
    ($name:ident { $($variant:ident = $tag:literal),* $(,)? }) => {
        impl $crate::bytes::Bytes for $name {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                out.push(match self { $(Self::$variant => $tag),* });
            }
            #[inline]
            fn take(from: &mut $crate::bytes::Source<'_>) -> Result<Self, $crate::bytes::Damaged> {
                match from.bytes(1)? {
                    $([$tag] => Ok(Self::$variant),)*
                    _ => Err($crate::bytes::Damaged(stringify!($name))),
                }
            }
        }
    };
}

pub(crate) use {bytes_of_enum, bytes_of_struct};

#[cfg(test)]
mod tests {
    use super::*;

    fn again<T: Bytes + std::fmt::Debug + PartialEq>(value: T) {
        let mut out = Vec::new();
        value.put(&mut out);
        assert_eq!(T::take(&mut Source(&out)), Ok(value));
        for cut in 0..out.len() {
            assert!(T::take(&mut Source(&out[..cut])).is_err());
        }
    }

    #[test]
    fn every_value_survives_and_none_is_read_from_less() {
        for number in [0, 1, 127, 128, 300, u64::MAX] {
            again(number);
        }
        for number in [0, -1, 63, -64, 64, i64::MAX, i64::MIN] {
            again(number);
        }
        again(Some(Text::<12>::new(b"000000000042").unwrap()));
        again(Pan::from_digits(b"9116010000000014").unwrap());
        again(ResponseCode::APPROVED);
        again(InstitutionId::from_parts(116_001, 9).unwrap());
    }

    #[test]
    fn a_length_beyond_what_is_left_is_refused_before_anything_is_allocated() {
        let mut out = Vec::new();
        u64::MAX.put(&mut out);
        assert!(Text::<12>::take(&mut Source(&out)).is_err());
    }
}
