//! From a message of the 1993 version to the model, which speaks 1987.

use model::{Class, FieldNumber, InstitutionId, LocalDate, LocalTime, Message, OriginalData, Stan, Text, TransmissionTime};

use super::{editions, read};
use crate::chars::number_of_digits;
use crate::parse::Field;

/// What 1993 says otherwise than 1987, until the whole message is known.
#[derive(Default)]
pub(super) struct Apart {
    function: Option<u16>,
    reason: Option<u16>,
    service_data: Option<[u8; 12]>,
    business_code: Option<u16>,
    original_amount: Option<u64>,
    sent: Option<(Option<TransmissionTime>, Option<InstitutionId>)>,
}

/// Puts the field's value into the message or aside; `None` where its bytes are no such value.
pub(super) fn set<'a>(message: &mut Message<'a>, apart: &mut Apart, field: &Field<'_, 'a>) -> Option<()> {
    let number = || field.number_value();
    match field.number {
        12 => {
            let (date, time) = local(number())?;
            (message.local_date, message.local_time) = (Some(date), Some(time));
        }
        15 => message.business_date = Some(date_of(number())?),
        22 => apart.service_data = Some(field.text::<12>()?.as_bytes().try_into().ok()?),
        24 => apart.function = u16::try_from(number()).ok(),
        25 => apart.reason = u16::try_from(number()).ok(),
        26 => apart.business_code = u16::try_from(number()).ok(),
        30 => apart.original_amount = field.characters(&mut [0; 24])?.get(..12).map(number_of_digits),
        39 => message.code = Some(editions::response_code(u16::try_from(number()).ok()?)),
        44 => message.remark = Text::new(field.characters(&mut [0; 99])?.get(..25.min(usize::from(field.units)))?),
        46 => message.fee = fee(field.characters(&mut [0; 204]).unwrap_or_default()),
        56 => message.original = Some(original(field.characters(&mut [0; 35])?)?),
        123 if is_sent(field.spec) => apart.sent = Some(sent(field.characters(&mut [0; 21])?)),
        // What these are in 1987 has another place in 1993, and what they are in 1993 the model does not have.
        13 | 28 | 70 | 90 | 91 | 95 => {}
        _ => read::set(message, field)?,
    }
    Some(())
}

/// Whether a field is defined as this switch defines DE123.
pub(super) fn is_sent(spec: &crate::dialect::Spec) -> bool {
    spec.class == crate::chars::Class::Digits && spec.is_fixed() && spec.max == 21
}

/// Brings together what stands in several fields, once the message type is in the message.
pub(super) fn finish(message: &mut Message<'_>, apart: &Apart) {
    if let Some(data) = apart.service_data {
        (message.entry_mode, message.condition) = editions::entry_mode_and_condition(data);
    }
    message.merchant_type = message.merchant_type.or(apart.business_code);
    let partial = apart.function.is_some_and(|function| editions::is_partial(function, message.mti));
    if partial {
        // DE4 is what stands now and DE30 what it was; 1987 says it the other way about.
        (message.replacement, message.amount) = (message.amount, apart.original_amount);
    }
    match (message.mti.class(), apart.function) {
        (Some(Class::Network), Some(function)) => message.network = Some(editions::network(function)),
        (Some(Class::FileUpdate), Some(function)) => message.file_update = editions::file_update(function),
        _ => {}
    }
    if let Some(reason) = apart.reason {
        if editions::is_reversal(message.mti) {
            message.code = message.code.or(editions::reversal_code(reason, partial));
        } else {
            message.condition = editions::is_suspicious(reason).or(message.condition);
        }
    }
    if let (Some(original), Some((transmitted, forwarder))) = (&mut message.original, apart.sent) {
        (original.transmitted, original.forwarder) = (transmitted, forwarder);
    }
}

/// DE12, YYMMDDhhmmss. The year is not kept: it can be inferred.
fn local(digits: u64) -> Option<(LocalDate, LocalTime)> {
    let time = LocalTime::new(u32::try_from(digits % 1_000_000).ok()?)?;
    Some((date_of(digits / 1_000_000)?, time))
}

/// YYMMDD.
fn date_of(digits: u64) -> Option<LocalDate> {
    LocalDate::new(u16::try_from(digits % 10_000).ok()?)
}

/// DE56: message type 4, STAN 6, local time 12, acquirer behind its length 2.
fn original(digits: &[u8]) -> Option<OriginalData> {
    let (mti, rest) = digits.split_at_checked(4)?;
    let (stan, rest) = rest.split_at_checked(6)?;
    let (time, rest) = rest.split_at_checked(12)?;
    let (length, acquirer) = rest.split_at_checked(2).unwrap_or((&[], &[]));
    if number_of_digits(length) != u64::try_from(acquirer.len()).ok()? {
        return None;
    }
    let acquirer = match u8::try_from(acquirer.len()).ok()? {
        0 => None,
        length => Some(InstitutionId::from_parts(number_of_digits(acquirer), length)?),
    };
    Some(OriginalData {
        mti: editions::type_87(u16::try_from(number_of_digits(mti)).ok()?)?,
        stan: Stan::new(u32::try_from(number_of_digits(stan)).ok()?)?,
        transmitted: None,
        local: local(number_of_digits(time)),
        acquirer,
        forwarder: None,
    })
}

/// DE46: of the first entry (fee type 2, currency 3, amount x+n 8, rate 8, amount and currency of reconciliation) the amount, which
/// is in the currency of the transaction wherever this switch reads it.
fn fee(characters: &[u8]) -> Option<u64> {
    read::fee(characters.get(5..14)?)
}

/// DE123: transmission time 10, forwarder 11; zeros for what is not known.
fn sent(digits: &[u8]) -> (Option<TransmissionTime>, Option<InstitutionId>) {
    let (time, forwarder) = digits.split_at_checked(10).unwrap_or((digits, &[]));
    let time = u32::try_from(number_of_digits(time)).ok().and_then(TransmissionTime::new);
    (time, InstitutionId::new(number_of_digits(forwarder)).filter(|known| known.number() > 0))
}

/// What [`set`] wanted, in words; `None` where it is the same as in 1987.
pub(super) fn expected(number: FieldNumber) -> Option<&'static str> {
    Some(match number {
        12 => "a date and time YYMMDDhhmmss",
        15 => "a calendar date YYMMDD",
        56 => "an original message type of ISO 8583:1993, and an acquirer as long as its length says",
        _ => return None,
    })
}
