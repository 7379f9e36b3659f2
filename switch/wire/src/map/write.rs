//! From the model to bytes.

use bytes::BytesMut;
use model::{Content, FieldNumber, InstitutionId, Message, OriginalData, Pan, Sensitive, Timestamp};

use super::{octets, pin_block, presence, write93};
use crate::build::{FieldWriter, message as build};
use crate::{BuildError, Dialect, Version};

/// Builds a message in the dialect's bytes and appends it to `out`, without a frame. `now` tells the years that the 1993 version
/// wants and messages of the 1987 version do not tell; to the latter it makes no difference.
///
/// # Errors
/// Where a value has no place in its field; `out` is then as it was.
pub fn write(dialect: &Dialect, message: &Message<'_>, now: Timestamp, out: &mut BytesMut) -> Result<(), BuildError> {
    if dialect.version() == Version::Iso1993 {
        return write93::write(dialect, message, now, out);
    }
    let fields = presence(message);
    build(dialect, message.mti.number(), fields, out, |writer| fields.iter().try_for_each(|number| put(writer, message, number)))
}

/// Writes the field, which [`presence`] has found there.
#[inline]
pub(super) fn put(out: &mut FieldWriter<'_>, message: &Message<'_>, field: FieldNumber) -> Result<(), BuildError> {
    match field {
        2 => message.pan.map_or(Ok(()), |pan| out.number_of(field, pan.number(), pan.length())),
        3 => message.processing.map_or(Ok(()), |code| out.number(field, code.number().into())),
        4 => message.amount.map_or(Ok(()), |amount| out.number(field, amount)),
        7 => message.transmitted.map_or(Ok(()), |time| out.number(field, time.number().into())),
        11 => message.stan.map_or(Ok(()), |stan| out.number(field, stan.number().into())),
        12 => message.local_time.map_or(Ok(()), |time| out.number(field, time.number().into())),
        13 => message.local_date.map_or(Ok(()), |date| out.number(field, date.number().into())),
        14 => message.expiry.map_or(Ok(()), |expiry| out.number(field, expiry.into())),
        15 => message.business_date.map_or(Ok(()), |date| out.number(field, date.number().into())),
        18 => message.merchant_type.map_or(Ok(()), |code| out.number(field, code.into())),
        22 => message.entry_mode.map_or(Ok(()), |mode| out.number(field, mode.into())),
        25 => message.condition.map_or(Ok(()), |condition| out.number(field, condition.into())),
        28 => message.fee.map_or(Ok(()), |fee| signed(out, field, fee)),
        32 => institution(out, field, message.acquirer),
        33 => institution(out, field, message.forwarder),
        34 => message.issued.map_or(Ok(()), |pan| card(out, field, pan)),
        35 => message.track2.map_or(Ok(()), |track| out.value(field, track.0.as_bytes())),
        37 => message.rrn.map_or(Ok(()), |rrn| out.value(field, rrn.as_bytes())),
        38 => message.authorization.map_or(Ok(()), |code| out.value(field, code.as_bytes())),
        39 => message.code.map_or(Ok(()), |code| out.value(field, &code.bytes())),
        41 => message.terminal.map_or(Ok(()), |terminal| out.value(field, terminal.as_bytes())),
        42 => message.merchant.map_or(Ok(()), |merchant| out.value(field, merchant.as_bytes())),
        43 => location(out, field, message.location),
        44 => message.remark.map_or(Ok(()), |remark| out.value(field, remark.as_bytes())),
        48 => passed_on(out, field, message.additional),
        49 => message.currency.map_or(Ok(()), |currency| out.number(field, currency.numeric().into())),
        52 => message.pin_block.map_or(Ok(()), |block| block_of(out, field, block)),
        54 => passed_on(out, field, message.balances),
        55 => passed_on(out, field, message.chip.map(|Sensitive(chip)| chip)),
        60..=63 => passed_on(out, field, message.private.get(usize::from(field - 60)).copied().flatten()),
        70 => message.network.map_or(Ok(()), |code| out.number(field, code.number().into())),
        90 => message.original.map_or(Ok(()), |original| out.value(field, &original_digits(&original))),
        91 => message.file_update.map_or(Ok(()), |code| out.value(field, &[code])),
        95 => message.replacement.map_or(Ok(()), |amount| replacement(out, field, amount)),
        100 => institution(out, field, message.receiver),
        101 => message.file_name.map_or(Ok(()), |name| out.value(field, name.as_bytes())),
        102 => message.from_account.map_or(Ok(()), |account| out.value(field, account.as_bytes())),
        103 => message.to_account.map_or(Ok(()), |account| out.value(field, account.as_bytes())),
        _ => Err(BuildError::Undefined { field }),
    }
}

fn institution(out: &mut FieldWriter<'_>, field: FieldNumber, id: Option<InstitutionId>) -> Result<(), BuildError> {
    id.map_or(Ok(()), |id| out.number_of(field, id.number(), id.length()))
}

/// What came in one form goes out in another where the dialect wants that.
fn passed_on(out: &mut FieldWriter<'_>, field: FieldNumber, content: Option<Content<'_>>) -> Result<(), BuildError> {
    let Some(content) = content else { return Ok(()) };
    match octets(content) {
        Some(octets) => out.value(field, &octets),
        None => Err(BuildError::Characters { field, expected: "hexadecimal digits", at: 0 }),
    }
}

/// Name and location of 1993 have up to 99 characters, those of 1987 have 40; what is behind them is cut.
fn location(out: &mut FieldWriter<'_>, field: FieldNumber, content: Option<Content<'_>>) -> Result<(), BuildError> {
    let max = out.max(field);
    match content.and_then(octets).filter(|whole| whole.len() > max) {
        Some(whole) => out.value(field, whole.get(..max).unwrap_or(&whole)),
        None => passed_on(out, field, content),
    }
}

/// A PIN block may come from a dialect that writes it in hexadecimal; it goes out in this dialect's own form.
fn block_of(out: &mut FieldWriter<'_>, field: FieldNumber, block: Sensitive<'_>) -> Result<(), BuildError> {
    match pin_block(block) {
        Some(bytes) => out.value(field, &bytes),
        None => Err(BuildError::TooShort { field, length: block.0.bytes.len(), exact: 8 }),
    }
}

/// DE90: message type 4, STAN 6, transmission time 10, acquirer 11, forwarder 11; zeros for what is not known.
fn original_digits(original: &OriginalData) -> [u8; 42] {
    let institution = |id: Option<InstitutionId>| id.map_or(0, InstitutionId::number);
    let parts = [
        (4, u64::from(original.mti.number())),
        (6, u64::from(original.stan.number())),
        (10, original.transmitted.map_or(0, |time| u64::from(time.number()))),
        (11, institution(original.acquirer)),
        (11, institution(original.forwarder)),
    ];
    let mut digits = [b'0'; 42];
    let mut rest = digits.as_mut_slice();
    for (width, number) in parts {
        let Some((part, after)) = rest.split_at_mut_checked(width) else { break };
        right_justified(part, number);
        rest = after;
    }
    digits
}

/// A card number in a field that is wider than one, and of characters in some dialects.
fn card(out: &mut FieldWriter<'_>, field: FieldNumber, pan: Pan) -> Result<(), BuildError> {
    let mut digits = [b'0'; 19];
    let digits = digits.get_mut(..usize::from(pan.length())).unwrap_or_default();
    right_justified(digits, pan.number());
    out.value(field, digits)
}

/// DE28 (x+n 8): what is charged to the card holder.
fn signed(out: &mut FieldWriter<'_>, field: FieldNumber, fee: u64) -> Result<(), BuildError> {
    out.value(field, &fee_characters(field, fee)?)
}

/// `D` and eight digits.
pub(super) fn fee_characters(field: FieldNumber, fee: u64) -> Result<[u8; 9], BuildError> {
    if fee > 99_999_999 {
        return Err(BuildError::TooLong { field, length: fee.to_string().len(), max: 8 });
    }
    let mut characters = *b"D00000000";
    right_justified(characters.get_mut(1..).unwrap_or_default(), fee);
    Ok(characters)
}

/// DE95 (an 42): the amount that stands, and zeros for settlement amount and the two fees (x+n 8), which this switch does not replace.
fn replacement(out: &mut FieldWriter<'_>, field: FieldNumber, amount: u64) -> Result<(), BuildError> {
    const AMOUNT_MAX: u64 = 999_999_999_999;
    if amount > AMOUNT_MAX {
        return Err(BuildError::TooLong { field, length: amount.to_string().len(), max: 12 });
    }
    let mut characters = *b"000000000000000000000000C00000000C00000000";
    right_justified(characters.get_mut(..12).unwrap_or_default(), amount);
    out.value(field, &characters)
}

/// Writes the low digits of a number over all of `place`.
pub(super) fn right_justified(place: &mut [u8], number: u64) {
    let mut rest = number;
    for digit in place.iter_mut().rev() {
        *digit = b'0' | u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
}
