//! From bytes to the model.

use model::{
    Currency, FieldNumber, InstitutionId, LocalDate, LocalTime, Message, Mti, NetworkCode, OriginalData, Pan, ProcessingCode,
    ResponseCode, Sensitive, Stan, Track2, TransmissionTime,
};

use super::content::content;
use super::read93::Apart;
use super::{Unreadable, editions, read93};
use crate::chars::{Class, number_of_digits};
use crate::parse::{Field, salvage, salvage_mti, scan};
use crate::{Dialect, FieldSet, Found, ParseError, Place, Problem, Version};

/// Parses a message (without its frame) and maps its fields to the model. Fields that the dialect has and the model does not are
/// checked and then left out.
///
/// # Errors
/// The first byte or value that is wrong, with whatever could be read beside it.
#[expect(clippy::result_large_err, reason = "a message is as large, and garbage must not cost an allocation")]
pub fn read<'a>(dialect: &Dialect, body: &'a [u8]) -> Result<Message<'a>, Unreadable> {
    let mut message = Message::default();
    let read = match dialect.version() {
        Version::Iso1987 => scan(dialect, body, |field| set(&mut message, &field).is_some())
            .map(|(mti, fields)| (Mti::new(mti).unwrap_or_default(), fields)),
        Version::Iso1993 => scan_93(dialect, body, &mut message),
    };
    match read {
        Ok((mti, fields)) => {
            message.mti = mti;
            message.others = match dialect.version() {
                Version::Iso1987 => fields.without(KNOWN).0,
                Version::Iso1993 => fields.and(SAME_IN_BOTH).0,
            };
            Ok(message)
        }
        Err(error) => Err(unreadable(dialect, body, error)),
    }
}

/// The fields of the 1987 version that have a place of their own in the model.
const KNOWN: FieldSet = FieldSet::of(&[
    1, 2, 3, 4, 7, 11, 12, 13, 14, 15, 18, 22, 25, 28, 32, 33, 34, 35, 37, 38, 39, 41, 42, 43, 44, 48, 49, 52, 54, 55, 60, 61,
    62, 63, 70, 90, 91, 95, 100, 101, 102, 103,
]);

/// The other fields that have the same meaning in the 1993 version.
const SAME_IN_BOTH: FieldSet = FieldSet::of(&[
    5, 6, 9, 10, 16, 17, 19, 20, 21, 23, 36, 40, 45, 47, 50, 51, 64, 67, 68, 69, 74, 75, 76, 77, 78, 79, 80, 81, 86, 87, 88, 89,
    97, 98, 99, 104, 128,
]);

fn scan_93<'a>(dialect: &Dialect, body: &'a [u8], message: &mut Message<'a>) -> Result<(Mti, FieldSet), ParseError> {
    let mut apart = Apart::default();
    let (mti, fields) = scan(dialect, body, |field| read93::set(message, &mut apart, &field).is_some())?;
    let no_counterpart = || ParseError {
        place: Place::Mti,
        offset: 0,
        problem: Problem::Value {
            expected: "a message type that ISO 8583:1987 has too",
            found: Found::text(&[mti / 1000, mti / 100 % 10, mti / 10 % 10, mti % 10].map(|digit| b'0' | (digit & 15) as u8)),
        },
    };
    message.mti = editions::type_87(mti).ok_or_else(no_counterpart)?;
    read93::finish(message, &apart);
    Ok((message.mti, fields))
}

#[cold]
fn unreadable(dialect: &Dialect, body: &[u8], error: ParseError) -> Unreadable {
    const ECHOED: [FieldNumber; 10] = [3, 4, 7, 11, 12, 13, 32, 37, 41, 49];
    let number = salvage_mti(dialect, body);
    let mti = match dialect.version() {
        Version::Iso1987 => number.and_then(Mti::new),
        Version::Iso1993 => number.and_then(editions::type_87),
    };
    let mut read = Message::new(mti.unwrap_or_default());
    if let Some(parsed) = salvage(dialect, body) {
        for field in ECHOED.into_iter().filter_map(|number| parsed.field(dialect, number)) {
            // A value that is wrong stays out; that it is has been told already.
            let _ = match dialect.version() {
                Version::Iso1987 => set(&mut read, &field),
                Version::Iso1993 => read93::set(&mut read, &mut Apart::default(), &field),
            };
        }
    }
    let echo = Message {
        processing: read.processing,
        amount: read.amount,
        transmitted: read.transmitted,
        stan: read.stan,
        local_time: read.local_time,
        local_date: read.local_date,
        acquirer: read.acquirer,
        rrn: read.rrn,
        terminal: read.terminal,
        currency: read.currency,
        ..Message::new(read.mti)
    };
    Unreadable { error, mti, echo }
}

/// Puts the field's value into the message; `None` where its bytes are no such value. A field the model does not have is passed over.
#[inline]
pub(super) fn set<'a>(message: &mut Message<'a>, field: &Field<'_, 'a>) -> Option<()> {
    match field.number {
        2 => message.pan = Some(Pan::from_parts(field.number_value(), u8::try_from(field.units).ok()?).ok()?),
        3 => message.processing = Some(ProcessingCode::new(small(field)?)?),
        4 => message.amount = Some(field.number_value()),
        7 => message.transmitted = Some(TransmissionTime::new(u32::try_from(field.number_value()).ok()?)?),
        11 => message.stan = Some(Stan::new(small(field)?)?),
        12 => message.local_time = Some(LocalTime::new(small(field)?)?),
        13 => message.local_date = Some(LocalDate::new(short(field)?)?),
        14 => message.expiry = Some(short(field)?),
        15 => message.business_date = Some(LocalDate::new(short(field)?)?),
        18 => message.merchant_type = Some(short(field)?),
        22 => message.entry_mode = Some(short(field)?),
        25 => message.condition = Some(u8::try_from(field.number_value()).ok()?),
        28 => message.fee = Some(fee(field.characters(&mut [0; 9])?)?),
        32 => message.acquirer = Some(institution(field)?),
        33 => message.forwarder = Some(institution(field)?),
        34 => message.issued = Some(Pan::from_digits(field.characters(&mut [0; 28])?).ok()?),
        35 => message.track2 = Some(Track2(field.text()?)),
        37 => message.rrn = Some(field.text()?),
        38 => message.authorization = Some(field.text()?),
        39 => message.code = Some(ResponseCode::new(field.text::<2>()?.as_bytes().try_into().ok()?)?),
        41 => message.terminal = Some(field.text()?),
        42 => message.merchant = Some(field.text()?),
        43 => message.location = Some(content(field)),
        44 => message.remark = Some(field.text()?),
        48 => message.additional = Some(content(field)),
        49 => message.currency = Some(Currency::from_numeric(short(field)?)?),
        52 => message.pin_block = Some(Sensitive(content(field))),
        54 => message.balances = Some(content(field)),
        55 => message.chip = Some(Sensitive(content(field))),
        60..=63 => *message.private.get_mut(usize::from(field.number - 60))? = Some(content(field)),
        70 => message.network = Some(NetworkCode::from_number(short(field)?)),
        90 => message.original = Some(original(field.characters(&mut [0; 42])?)?),
        91 => message.file_update = field.text::<1>()?.as_bytes().first().copied(),
        95 => message.replacement = Some(replacement(field.characters(&mut [0; 42])?)?),
        100 => message.receiver = Some(institution(field)?),
        101 => message.file_name = Some(field.text()?),
        102 => message.from_account = Some(field.text()?),
        103 => message.to_account = Some(field.text()?),
        _ => {}
    }
    Some(())
}

#[inline]
fn small(field: &Field<'_, '_>) -> Option<u32> {
    u32::try_from(field.number_value()).ok()
}

#[inline]
fn short(field: &Field<'_, '_>) -> Option<u16> {
    u16::try_from(field.number_value()).ok()
}

#[inline]
fn institution(field: &Field<'_, '_>) -> Option<InstitutionId> {
    InstitutionId::from_parts(field.number_value(), u8::try_from(field.units).ok()?)
}

/// DE90: message type 4, STAN 6, transmission time 10, acquirer 11, forwarder 11.
fn original(digits: &[u8]) -> Option<OriginalData> {
    let (mti, rest) = digits.split_at_checked(4)?;
    let (stan, rest) = rest.split_at_checked(6)?;
    let (transmitted, rest) = rest.split_at_checked(10)?;
    let (acquirer, forwarder) = rest.split_at_checked(11)?;
    let institution = |digits: &[u8]| InstitutionId::new(number_of_digits(digits)).filter(|known| known.number() > 0);
    Some(OriginalData {
        mti: Mti::new(u16::try_from(number_of_digits(mti)).ok()?)?,
        stan: Stan::new(u32::try_from(number_of_digits(stan)).ok()?)?,
        transmitted: u32::try_from(number_of_digits(transmitted)).ok().and_then(TransmissionTime::new),
        local: None,
        acquirer: institution(acquirer),
        forwarder: institution(forwarder),
    })
}

/// DE28 (x+n 8): what is charged to the card holder (`D`). What is given to the holder (`C`) has no meaning here.
pub(super) fn fee(characters: &[u8]) -> Option<u64> {
    let (sign, amount) = characters.split_first()?;
    (*sign == b'D' && Class::Digits.holds(amount)).then(|| number_of_digits(amount))
}

/// The first twelve characters of DE95: the amount that stands, in the currency of the transaction.
fn replacement(characters: &[u8]) -> Option<u64> {
    characters.get(..12).filter(|amount| Class::Digits.holds(amount)).map(number_of_digits)
}

/// What [`set`] wanted, in words.
pub(crate) fn expected(version: Version, number: FieldNumber) -> &'static str {
    if let (Version::Iso1993, Some(expected)) = (version, read93::expected(number)) {
        return expected;
    }
    match number {
        2 | 34 => "a card number of 8 to 19 digits",
        7 => "a date and time MMDDhhmmss",
        12 => "a time hhmmss",
        13 | 15 => "a calendar date MMDD",
        28 => "a fee that is charged: D and its amount",
        32 | 33 | 100 => "an institution of 1 to 11 digits",
        39 => "a response code of two letters or digits",
        49 => "a currency of ISO 4217",
        90 => "an original message type of ISO 8583:1987",
        95 => "an amount in the first twelve characters",
        _ => "another value",
    }
}
