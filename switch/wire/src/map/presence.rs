//! Which fields a message has, without looking at their values.

use model::Message;

use crate::FieldSet;

/// The fields that `message` carries: what its bitmap will be, and what its profile is compared with.
#[must_use]
pub(crate) fn presence(message: &Message<'_>) -> FieldSet {
    macro_rules! fields {
        ($($number:literal: $value:expr),* $(,)?) => { FieldSet(0 $(| (u128::from($value.is_some()) << (128 - $number)))*) };
    }
    let [national, private_1, private_2, private_3] = &message.private;
    fields! {
        2: message.pan, 3: message.processing, 4: message.amount, 7: message.transmitted, 11: message.stan, 12: message.local_time,
        13: message.local_date, 14: message.expiry, 15: message.business_date, 18: message.merchant_type, 22: message.entry_mode,
        25: message.condition, 28: message.fee, 32: message.acquirer, 33: message.forwarder, 34: message.issued,
        35: message.track2, 37: message.rrn,
        38: message.authorization, 39: message.code, 41: message.terminal, 42: message.merchant, 43: message.location,
        44: message.remark, 48: message.additional, 49: message.currency, 52: message.pin_block, 54: message.balances,
        55: message.chip, 60: national, 61: private_1, 62: private_2, 63: private_3, 70: message.network, 90: message.original, 91: message.file_update,
        95: message.replacement, 100: message.receiver, 101: message.file_name, 102: message.from_account, 103: message.to_account,
    }
}
