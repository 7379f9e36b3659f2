//! The table of profiles. Kept as undemanding as the rules allow: what the switch can fill in itself (DE32 from the link, DE37)
//! or does not need is optional.

use model::{FieldNumber, Kind, Mti};

use super::Profile;
use crate::FieldSet;

const fn fields(numbers: &[FieldNumber]) -> FieldSet {
    FieldSet::of(numbers)
}

const FINANCIAL: &[u16] = &[200, 201];
/// Where and when; the terminal, and the currency.
const COMMON: FieldSet = fields(&[3, 7, 11, 12, 13, 41, 49]);
/// What an acquirer may add to a request of a card holder.
const FROM_TERMINAL: FieldSet = fields(&[14, 15, 18, 22, 25, 32, 33, 37, 42, 43, 48, 60, 61, 62, 63, 100, 102, 103]);
/// What only an answer or a reversal has.
const NOT_IN_REQUEST: FieldSet = fields(&[38, 39, 54, 70, 90, 95]);
const CARD_PRESENT: &[(FieldNumber, &str)] =
    &[(35, "the card's track was read"), (52, "the card holder typed a PIN"), (55, "the card's chip was read")];

const fn by_card(title: &'static str, kind: Kind) -> Profile {
    Profile {
        title,
        types: FINANCIAL,
        kind: Some(kind),
        mandatory: COMMON.or(fields(&[2, 4])),
        conditional: CARD_PRESENT,
        optional: FROM_TERMINAL,
        forbidden: NOT_IN_REQUEST,
    }
}

const PURCHASE: Profile = by_card("purchase", Kind::Purchase);
const WITHDRAWAL: Profile = by_card("cash withdrawal", Kind::Withdrawal);
const REFUND: Profile = by_card("refund", Kind::Refund);
const DEPOSIT: Profile = by_card("deposit", Kind::Deposit);

const SALARY: Profile = Profile {
    title: "salary credit to an account",
    types: FINANCIAL,
    kind: Some(Kind::Salary),
    mandatory: COMMON.or(fields(&[4, 103])),
    conditional: &[],
    optional: fields(&[2, 14, 15, 18, 22, 25, 32, 33, 37, 42, 43, 48, 60, 61, 62, 63, 100, 102]),
    forbidden: NOT_IN_REQUEST.or(fields(&[35, 52, 55])),
};

const BALANCE: Profile = Profile {
    title: "balance inquiry",
    types: FINANCIAL,
    kind: Some(Kind::Balance),
    mandatory: COMMON.or(fields(&[2])),
    conditional: CARD_PRESENT,
    optional: FROM_TERMINAL.or(fields(&[4])),
    forbidden: NOT_IN_REQUEST,
};

const FINANCIAL_RESPONSE: Profile = Profile {
    title: "answer to a financial request",
    types: &[210],
    kind: None,
    mandatory: fields(&[7, 11, 39]),
    conditional: &[(38, "approved"), (54, "a balance was asked for"), (44, "39 is 30: the field at fault")],
    optional: fields(&[2, 3, 4, 12, 13, 14, 15, 18, 22, 25, 32, 33, 37, 41, 42, 43, 48, 49, 55, 60, 61, 62, 63, 100, 102, 103]),
    forbidden: fields(&[35, 52, 70, 90]),
};

const REVERSAL: Profile = Profile {
    title: "reversal",
    types: &[400, 401, 420, 421],
    kind: None,
    mandatory: fields(&[3, 4, 7, 11, 49, 90]),
    conditional: &[
        (95, "a part of the amount stands"),
        (2, "the original named a card"),
        (103, "the original named an account credited"),
    ],
    optional: fields(&[12, 13, 14, 15, 18, 22, 25, 32, 33, 37, 38, 39, 41, 42, 43, 48, 55, 60, 61, 62, 63, 100, 102]),
    forbidden: fields(&[52, 70]),
};

const REVERSAL_RESPONSE: Profile = Profile {
    title: "answer to a reversal",
    types: &[410, 430],
    kind: None,
    mandatory: fields(&[7, 11, 39]),
    conditional: &[(44, "39 is 30: the field at fault")],
    optional: fields(&[
        2, 3, 4, 12, 13, 15, 18, 22, 25, 32, 33, 37, 38, 41, 42, 43, 48, 49, 60, 61, 62, 63, 90, 95, 100, 102, 103,
    ]),
    forbidden: fields(&[35, 52, 70]),
};

const NETWORK: Profile = Profile {
    title: "network management",
    types: &[800, 801],
    kind: None,
    mandatory: fields(&[7, 11, 70]),
    conditional: &[(48, "a key is changed")],
    optional: fields(&[12, 13, 15, 32, 33, 60, 61, 62, 63, 100]),
    forbidden: fields(&[2, 4, 35, 39, 52, 90]),
};

const NETWORK_RESPONSE: Profile = Profile {
    title: "answer to network management",
    types: &[810],
    kind: None,
    mandatory: fields(&[7, 11, 39, 70]),
    conditional: &[(48, "a key was changed"), (44, "39 is 30: the field at fault")],
    optional: fields(&[12, 13, 15, 32, 33, 60, 61, 62, 63, 100]),
    forbidden: fields(&[2, 4, 35, 52, 90]),
};

/// A financial request or reversal of a kind that nobody here knows: enough to say so.
const UNKNOWN_KIND: Profile = Profile {
    title: "request of an unknown kind",
    types: &[],
    kind: None,
    mandatory: fields(&[3, 7, 11]),
    conditional: &[],
    optional: FieldSet::NONE,
    forbidden: FieldSet::NONE,
};

/// A message of a type that nobody here knows: enough to say so.
const UNKNOWN_TYPE: Profile = Profile { title: "message of an unknown type", mandatory: fields(&[7, 11]), ..UNKNOWN_KIND };

/// Every profile that a peer is told of.
pub(super) static PROFILES: &[Profile] = &[
    PURCHASE,
    WITHDRAWAL,
    REFUND,
    DEPOSIT,
    SALARY,
    BALANCE,
    FINANCIAL_RESPONSE,
    REVERSAL,
    REVERSAL_RESPONSE,
    NETWORK,
    NETWORK_RESPONSE,
];

/// The profile of a message. Compiled to jumps: it is asked for every message.
#[inline]
pub(super) fn profile_of(mti: Mti, kind: Option<Kind>) -> &'static Profile {
    match (mti.number(), kind) {
        (200 | 201, Some(Kind::Purchase)) => &PURCHASE,
        (200 | 201, Some(Kind::Withdrawal)) => &WITHDRAWAL,
        (200 | 201, Some(Kind::Refund)) => &REFUND,
        (200 | 201, Some(Kind::Deposit)) => &DEPOSIT,
        (200 | 201, Some(Kind::Salary)) => &SALARY,
        (200 | 201, Some(Kind::Balance)) => &BALANCE,
        (200 | 201, None) => &UNKNOWN_KIND,
        (210, _) => &FINANCIAL_RESPONSE,
        (400 | 401 | 420 | 421, _) => &REVERSAL,
        (410 | 430, _) => &REVERSAL_RESPONSE,
        (800 | 801, _) => &NETWORK,
        (810, _) => &NETWORK_RESPONSE,
        _ => &UNKNOWN_TYPE,
    }
}
