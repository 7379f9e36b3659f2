//! From the model, which speaks 1987, to a message of the 1993 version.

use bytes::BytesMut;
use model::{BusinessDate, FieldNumber, InstitutionId, LocalDate, LocalTime, Message, OriginalData, Timestamp};

use super::read93::is_sent;
use super::write::{fee_characters, put, right_justified};
use super::{editions, presence};
use crate::build::{FieldWriter, message as build};
use crate::{BuildError, Dialect, FieldSet};

/// Fields that 1987 has and that stand elsewhere in 1993.
const MOVED: FieldSet = FieldSet::of(&[12, 13, 22, 25, 28, 39, 70, 90, 91, 95]);

/// What a message becomes in 1993, worked out before its bitmap is written.
struct Told<'m> {
    message: &'m Message<'m>,
    today: BusinessDate,
    function: Option<u16>,
    reason: Option<u16>,
    /// What stands of the amount, where that is a part.
    stands: Option<u64>,
}

/// As [`super::write`].
pub(super) fn write(dialect: &Dialect, message: &Message<'_>, now: Timestamp, out: &mut BytesMut) -> Result<(), BuildError> {
    let mti = editions::type_93(message.mti).ok_or(BuildError::Mti { number: message.mti.number() })?;
    let told = Told {
        message,
        today: BusinessDate::utc(now),
        function: editions::function(message),
        reason: editions::reason(message),
        stands: editions::stands(message),
    };
    let original_type = message.original.map(|original| editions::type_93(original.mti).ok_or(original.mti));
    if let Some(Err(unknown)) = original_type {
        return Err(BuildError::Mti { number: unknown.number() });
    }
    let fields = told.fields(dialect);
    build(dialect, mti, fields, out, |writer| fields.iter().try_for_each(|field| told.put(writer, field)))
}

impl Told<'_> {
    fn fields(&self, dialect: &Dialect) -> FieldSet {
        let message = self.message;
        let own = [
            (4, self.stands.is_some()),
            (12, message.local_time.is_some() || message.local_date.is_some()),
            (22, message.entry_mode.is_some() || message.condition.is_some()),
            (24, self.function.is_some()),
            (25, self.reason.is_some()),
            (30, self.stands.is_some() && message.amount.is_some()),
            (39, self.action().is_some()),
            (46, message.fee.is_some()),
            (56, message.original.is_some()),
            (123, self.sent().is_some() && dialect.spec(123).is_some_and(is_sent)),
        ];
        let own: FieldSet = own.into_iter().filter(|(_, there)| *there).map(|(field, _)| field).collect();
        presence(message).without(MOVED).or(own)
    }

    fn put(&self, out: &mut FieldWriter<'_>, field: FieldNumber) -> Result<(), BuildError> {
        let message = self.message;
        match field {
            4 => match self.stands.or(message.amount) {
                Some(amount) => out.number(field, amount),
                None => Ok(()),
            },
            12 => out.number(field, self.local(message.local_date, message.local_time)),
            15 => message.business_date.map_or(Ok(()), |date| out.number(field, self.dated(date))),
            22 => out.value(field, &editions::service_data(message.entry_mode, message.condition, message.pin_block.is_some())),
            24 => self.function.map_or(Ok(()), |function| out.number(field, function.into())),
            25 => self.reason.map_or(Ok(()), |reason| out.number(field, reason.into())),
            30 => self.original_amounts(out),
            39 => self.action().map_or(Ok(()), |action| out.number(field, action.into())),
            46 => message.fee.map_or(Ok(()), |fee| self.fees(out, fee)),
            56 => message.original.map_or(Ok(()), |original| self.original(out, &original)),
            123 => self.sent().map_or(Ok(()), |sent| out.value(field, &sent)),
            _ => put(out, message, field),
        }
    }

    /// DE39. A reversal's reason stands in DE25 where that has a word for it.
    fn action(&self) -> Option<u16> {
        let code = self.message.code?;
        let in_reason = editions::is_reversal(self.message.mti) && editions::reversal_reason(code).is_some();
        (!in_reason).then(|| editions::action(code, self.message.mti))
    }

    /// DE12. Where only one of date and time is known, the other is today or midnight.
    fn local(&self, date: Option<LocalDate>, time: Option<LocalTime>) -> u64 {
        let date = date.unwrap_or_else(|| self.today.month_day());
        self.dated(date) * 1_000_000 + time.map_or(0, |time| u64::from(time.number()))
    }

    /// YYMMDD, with the year in which the date is nearest to today.
    fn dated(&self, date: LocalDate) -> u64 {
        let year = self.today.nearest_year(date).rem_euclid(100);
        u64::try_from(year).unwrap_or(0) * 10_000 + u64::from(date.number())
    }

    /// DE30: what the amount was, and zeros for the amount of reconciliation.
    fn original_amounts(&self, out: &mut FieldWriter<'_>) -> Result<(), BuildError> {
        let amount = self.message.amount.unwrap_or(0);
        if amount > model::Money::MINOR_MAX {
            return Err(BuildError::TooLong { field: 30, length: amount.to_string().len(), max: 12 });
        }
        let mut digits = [b'0'; 24];
        right_justified(digits.get_mut(..12).unwrap_or_default(), amount);
        out.value(30, &digits)
    }

    /// DE46: one entry of fee type 2, currency 3, amount x+n 8, and zeros for rate 8, amount x+n 8 and currency 3 of reconciliation.
    fn fees(&self, out: &mut FieldWriter<'_>, fee: u64) -> Result<(), BuildError> {
        let currency = self.message.currency.map_or(0, model::Currency::numeric);
        let amount = fee_characters(46, fee)?;
        let mut entry = *b"00000D0000000000000000D00000000000";
        right_justified(entry.get_mut(2..5).unwrap_or_default(), currency.into());
        entry.get_mut(5..14).unwrap_or_default().copy_from_slice(&amount);
        out.value(46, &entry)
    }

    /// DE56: message type 4, STAN 6, local time 12, acquirer behind its length 2.
    fn original(&self, out: &mut FieldWriter<'_>, original: &OriginalData) -> Result<(), BuildError> {
        let mti = editions::type_93(original.mti).unwrap_or(0);
        let local = original.local.map_or(0, |(date, time)| self.local(Some(date), Some(time)));
        let (acquirer, length) = original.acquirer.map_or((0, 0), |id| (id.number(), id.length()));
        let parts = [
            (4, u64::from(mti)),
            (6, original.stan.number().into()),
            (12, local),
            (2, length.into()),
            (usize::from(length), acquirer),
        ];
        let mut digits = [b'0'; 35];
        out.value(56, justified(&mut digits, &parts))
    }

    /// DE123: the original's transmission time 10 and forwarder 11, where either is known.
    fn sent(&self) -> Option<[u8; 21]> {
        let original = self.message.original?;
        if original.transmitted.is_none() && original.forwarder.is_none() {
            return None;
        }
        let mut digits = [b'0'; 21];
        let time = original.transmitted.map_or(0, |time| u64::from(time.number()));
        justified(&mut digits, &[(10, time), (11, original.forwarder.map_or(0, InstitutionId::number))]);
        Some(digits)
    }
}

/// Writes numbers side by side, each in its width; what they take of `room`.
fn justified<'r>(room: &'r mut [u8], parts: &[(usize, u64)]) -> &'r [u8] {
    let mut at = 0;
    for (width, number) in parts {
        right_justified(room.get_mut(at..at + width).unwrap_or_default(), *number);
        at += width;
    }
    room.get(..at).unwrap_or(&[])
}
