//! The table of profiles. Kept as undemanding as the rules allow: what the switch can fill in itself (DE32 from the link, DE37)
//! or does not need is optional. Fields are those of the 1987 version, which the model speaks.

use model::{FieldNumber, Mti};

use super::Profile;
use crate::FieldSet;

const fn fields(numbers: &[FieldNumber]) -> FieldSet {
    FieldSet::of(numbers)
}

type Conditions = &'static [(FieldNumber, &'static str)];

/// Where and when; the terminal, and the currency.
const COMMON: FieldSet = fields(&[3, 7, 11, 12, 13, 41, 49]);
/// What an acquirer may add to a request of a card holder.
const FROM_TERMINAL: FieldSet = fields(&[14, 15, 18, 22, 25, 28, 32, 33, 37, 42, 43, 48, 60, 61, 62, 63, 100, 102, 103]);
/// What only an answer or a reversal has.
const NOT_IN_REQUEST: FieldSet = fields(&[38, 39, 54, 70, 90, 95]);
const CARD_PRESENT: Conditions =
    &[(35, "the card's track was read"), (52, "the card holder typed a PIN"), (55, "the card's chip was read")];
/// What a response repeats where its request had it.
const ECHOED: FieldSet = fields(&[2, 3, 4, 12, 13, 32, 37, 41, 49]);
const NEVER_IN_RESPONSE: FieldSet = fields(&[35, 52]);

/// Every message type, for a profile that holds for all kinds.
const ANY: &[u8] = &[];

const fn of(title: &'static str, types: &'static [u16], kinds: &'static [u8]) -> Profile {
    Profile {
        title,
        types,
        kinds,
        mandatory: FieldSet::NONE,
        conditional: &[],
        echoed: FieldSet::NONE,
        optional: FieldSet::NONE,
        forbidden: FieldSet::NONE,
    }
}

const FINANCIAL: &[u16] = &[200, 201];

const fn by_card(title: &'static str, kinds: &'static [u8]) -> Profile {
    Profile {
        mandatory: COMMON.or(fields(&[2, 4])),
        conditional: CARD_PRESENT,
        optional: FROM_TERMINAL,
        forbidden: NOT_IN_REQUEST,
        ..of(title, FINANCIAL, kinds)
    }
}

/// An inquiry, or something that moves no money of its own: DE4 may be left out.
const fn without_amount(title: &'static str, kinds: &'static [u8]) -> Profile {
    Profile { mandatory: COMMON.or(fields(&[2])), optional: FROM_TERMINAL.or(fields(&[4])), ..by_card(title, kinds) }
}

const TRANSFER: Profile = Profile {
    mandatory: COMMON.or(fields(&[2, 4, 103])),
    optional: FROM_TERMINAL.without(fields(&[103])),
    ..by_card("transfer to another account", &[40])
};
const TOP_UP: Profile = Profile {
    mandatory: COMMON.or(fields(&[4, 100, 103])),
    conditional: &[
        (2, "it is asked of the card's bank; the operator is not told"),
        (35, "the card's track was read"),
        (52, "the card holder typed a PIN"),
        (55, "the card's chip was read"),
    ],
    optional: FROM_TERMINAL.without(fields(&[100, 103])),
    ..by_card("top-up of a mobile phone: its number in 103, the operator in 100 (ours)", &[98])
};
const VIRTUAL_CARD: Profile = without_amount("virtual card (ours)", &[91]);
const PIN_CHANGE: Profile = Profile {
    mandatory: COMMON.or(fields(&[2, 48, 52])),
    conditional: &[(35, "the card's track was read"), (55, "the card's chip was read")],
    optional: FROM_TERMINAL.without(fields(&[48])),
    ..by_card("PIN change, the new PIN block in 48 (ours)", &[92])
};
const CASH_BACK: Profile = Profile {
    mandatory: COMMON.or(fields(&[2, 4, 54])),
    forbidden: NOT_IN_REQUEST.without(fields(&[54])),
    ..by_card("purchase with cash-back, the cash in 54", &[9])
};
const SALARY: Profile = Profile {
    mandatory: COMMON.or(fields(&[4, 103])),
    optional: fields(&[2, 14, 15, 18, 22, 25, 28, 32, 33, 37, 42, 43, 48, 60, 61, 62, 63, 100, 102]),
    forbidden: NOT_IN_REQUEST.or(fields(&[35, 52, 55])),
    ..of("salary credit to an account", FINANCIAL, &[26])
};

const DEBIT_OF_ACCOUNT: FieldSet = COMMON.or(fields(&[4, 100, 102]));
const FUNDING: Profile = Profile {
    mandatory: DEBIT_OF_ACCOUNT,
    conditional: &[],
    optional: fields(&[15, 18, 22, 25, 32, 33, 37, 42, 48, 60, 61, 62, 63]),
    forbidden: NOT_IN_REQUEST.or(fields(&[2, 35, 52, 55])),
    ..of("a payer's account is debited for a payroll, by the switch only (ours)", FINANCIAL, &[93])
};
const RECALL: Profile =
    Profile { kinds: &[94], title: "an account is debited of what it was paid too much, by the switch only (ours)", ..FUNDING };

const FINANCIAL_RESPONSE: Profile = Profile {
    mandatory: fields(&[7, 11, 39]),
    conditional: &[
        (38, "approved"),
        (54, "a balance was asked for"),
        (34, "a virtual card was issued: its number"),
        (48, "a mini-statement was asked for"),
        (44, "the request was malformed: the field at fault"),
    ],
    echoed: ECHOED,
    optional: fields(&[14, 15, 18, 22, 25, 28, 33, 42, 43, 55, 60, 61, 62, 63, 100, 102, 103]),
    forbidden: NEVER_IN_RESPONSE.or(fields(&[70, 90])),
    ..of("answer to a financial request", &[210], ANY)
};

const FINANCIAL_ADVICE: Profile = Profile {
    mandatory: COMMON.or(fields(&[4])),
    conditional: &[
        (2, "a card was used"),
        (38, "it was authorized before"),
        (39, "it was decided in the bank's stead"),
        (90, "it completes or presents again an earlier message"),
        (95, "less than was authorized is taken"),
        (35, "the card's track was read"),
        (55, "the card's chip was read"),
        (103, "an account is credited"),
    ],
    optional: FROM_TERMINAL.without(fields(&[103])),
    forbidden: fields(&[52, 54, 70]),
    ..of("financial advice: completion, stand-in, representment", &[220, 221], ANY)
};
const ADVICE_RESPONSE: Profile = Profile {
    mandatory: fields(&[7, 11, 39]),
    conditional: &[(44, "the request was malformed: the field at fault")],
    echoed: ECHOED,
    optional: fields(&[15, 18, 22, 25, 28, 33, 38, 42, 43, 48, 60, 61, 62, 63, 90, 95, 100, 102, 103]),
    forbidden: NEVER_IN_RESPONSE.or(fields(&[70])),
    ..of("answer to a financial advice", &[230], ANY)
};

const AUTHORIZATION: Profile = Profile {
    mandatory: COMMON.or(fields(&[2, 4])),
    conditional: CARD_PRESENT,
    optional: FROM_TERMINAL,
    forbidden: NOT_IN_REQUEST,
    ..of("authorization: holds an amount", &[100, 101], ANY)
};
const AUTHORIZATION_RESPONSE: Profile = Profile {
    conditional: &[(38, "approved"), (54, "a balance was asked for"), (44, "the request was malformed: the field at fault")],
    optional: fields(&[14, 15, 18, 22, 25, 28, 33, 42, 43, 48, 55, 60, 61, 62, 63, 100, 102, 103]),
    ..with_title(FINANCIAL_RESPONSE, "answer to an authorization", &[110])
};
const AUTHORIZATION_ADVICE: Profile = Profile {
    mandatory: COMMON.or(fields(&[2, 4])),
    conditional: &[
        (38, "it was authorized"),
        (39, "it was decided in the bank's stead"),
        (35, "the card's track was read"),
        (55, "the card's chip was read"),
    ],
    optional: FROM_TERMINAL,
    forbidden: fields(&[52, 54, 70, 90, 95]),
    ..of("authorization advice: a hold in the bank's stead", &[120, 121], ANY)
};

const fn with_title(profile: Profile, title: &'static str, types: &'static [u16]) -> Profile {
    Profile { title, types, ..profile }
}

const FILE_UPDATE: Profile = Profile {
    mandatory: fields(&[7, 11, 91, 101]),
    conditional: &[
        (2, "the file is one of cards"),
        (34, "91 is 2: another card stands for the one in 2; its number (ours)"),
        (48, "a record is added or changed"),
    ],
    optional: fields(&[12, 13, 14, 15, 32, 33, 37, 60, 61, 62, 63, 100, 102]),
    forbidden: fields(&[4, 35, 39, 52, 54, 55, 70, 90, 95]),
    ..of("file update: a hot card", &[302, 303], ANY)
};
const FILE_UPDATE_RESPONSE: Profile = Profile {
    mandatory: fields(&[7, 11, 39]),
    conditional: &[(48, "a record was asked for"), (44, "the request was malformed: the field at fault")],
    echoed: fields(&[2, 32, 37, 91, 101]),
    optional: fields(&[12, 13, 15, 33, 60, 61, 62, 63, 100, 102]),
    forbidden: NEVER_IN_RESPONSE.or(fields(&[4, 70, 90])),
    ..of("answer to a file update", &[312], ANY)
};

const REVERSAL: Profile = Profile {
    mandatory: fields(&[3, 4, 7, 11, 49, 90]),
    conditional: &[
        (95, "a part of the amount stands"),
        (2, "the original named a card"),
        (103, "the original named an account credited"),
    ],
    optional: fields(&[12, 13, 14, 15, 18, 22, 25, 28, 32, 33, 37, 38, 39, 41, 42, 43, 48, 55, 60, 61, 62, 63, 100, 102]),
    forbidden: fields(&[52, 70]),
    ..of("reversal", &[400, 401, 420, 421], ANY)
};
const REVERSAL_RESPONSE: Profile = Profile {
    mandatory: fields(&[7, 11, 39]),
    conditional: &[(44, "the request was malformed: the field at fault")],
    echoed: ECHOED.or(fields(&[90])),
    optional: fields(&[15, 18, 22, 25, 28, 33, 38, 42, 43, 48, 60, 61, 62, 63, 95, 100, 102, 103]),
    forbidden: NEVER_IN_RESPONSE.or(fields(&[70])),
    ..of("answer to a reversal", &[410, 430], ANY)
};
const CHARGEBACK: Profile = Profile {
    mandatory: fields(&[3, 4, 7, 11, 37, 49, 90]),
    conditional: &[(95, "only a part is charged back"), (2, "the original named a card"), (48, "a reason is told")],
    optional: fields(&[12, 13, 14, 15, 18, 22, 25, 32, 33, 38, 41, 42, 43, 60, 61, 62, 63, 100, 102, 103]),
    forbidden: fields(&[35, 39, 52, 54, 55, 70]),
    ..of("chargeback by the issuer", &[422, 423], ANY)
};
const CHARGEBACK_RESPONSE: Profile = Profile { ..with_title(REVERSAL_RESPONSE, "answer to a chargeback", &[432]) };

const TOTALS: FieldSet = fields(&[74, 75, 76, 77, 78, 79, 80, 81, 86, 87, 88, 89, 97]);
const RECONCILIATION: Profile = Profile {
    mandatory: fields(&[7, 11, 15, 50]).or(TOTALS),
    conditional: &[(99, "another institution settles")],
    optional: fields(&[12, 13, 32, 33, 48, 60, 61, 62, 63, 66, 82, 83, 84, 85, 100]),
    forbidden: fields(&[2, 4, 35, 39, 52, 55, 70, 90, 95]),
    ..of("reconciliation: the sender's totals of a business date and currency", &[500, 501, 502, 503, 520, 521, 522, 523], ANY)
};
const RECONCILIATION_RESPONSE: Profile = Profile {
    mandatory: fields(&[7, 11, 39]),
    conditional: &[
        (74, "the totals differ: the answering side's own, in 74 to 81, 86 to 89 and 97"),
        (66, "totals were compared"),
        (44, "the request was malformed: the field at fault"),
    ],
    echoed: fields(&[15, 32, 50, 99]),
    optional: fields(&[12, 13, 33, 48, 60, 61, 62, 63, 82, 83, 84, 85, 100]).or(TOTALS.without(fields(&[74]))),
    forbidden: NEVER_IN_RESPONSE.or(fields(&[2, 4, 70, 90])),
    ..of("answer to a reconciliation", &[510, 512, 530, 532], ANY)
};

const ADMINISTRATIVE: Profile = Profile {
    mandatory: fields(&[7, 11, 48]),
    conditional: &[(37, "it is about a transaction"), (90, "it is about a message")],
    optional: fields(&[2, 12, 13, 15, 32, 33, 41, 42, 60, 61, 62, 63, 100]),
    forbidden: fields(&[4, 35, 39, 52, 55, 70]),
    ..of("administrative text, in 48", &[600, 601, 620, 621], ANY)
};
const ADMINISTRATIVE_RESPONSE: Profile = Profile {
    mandatory: fields(&[7, 11, 39]),
    conditional: &[(44, "the request was malformed: the field at fault")],
    echoed: fields(&[32, 37]),
    optional: fields(&[12, 13, 15, 33, 48, 60, 61, 62, 63, 100]),
    forbidden: NEVER_IN_RESPONSE.or(fields(&[4, 70])),
    ..of("answer to administrative text", &[610, 630], ANY)
};

const NETWORK: Profile = Profile {
    mandatory: fields(&[7, 11, 70]),
    conditional: &[(48, "a key is changed")],
    optional: fields(&[12, 13, 15, 32, 33, 60, 61, 62, 63, 100]),
    forbidden: fields(&[2, 4, 35, 39, 52, 90]),
    ..of("network management", &[800, 801], ANY)
};
const NETWORK_RESPONSE: Profile = Profile {
    mandatory: fields(&[7, 11, 39, 70]),
    conditional: &[(48, "a key was changed"), (44, "the request was malformed: the field at fault")],
    optional: fields(&[12, 13, 15, 32, 33, 60, 61, 62, 63, 100]),
    forbidden: fields(&[2, 4, 35, 52, 90]),
    ..of("answer to network management", &[810], ANY)
};

/// A financial request of a kind that nobody here knows: enough to say so.
const UNKNOWN_KIND: Profile = Profile { mandatory: fields(&[3, 7, 11]), ..of("request of an unknown kind", &[], ANY) };

/// A message of a type that nobody here knows: enough to say so.
const UNKNOWN_TYPE: Profile = Profile { mandatory: fields(&[7, 11]), ..of("message of an unknown type", &[], ANY) };

/// Every profile that a peer is told of.
pub(super) static PROFILES: &[Profile] = &[
    AUTHORIZATION,
    AUTHORIZATION_RESPONSE,
    AUTHORIZATION_ADVICE,
    with_title(ADVICE_RESPONSE, "answer to an authorization advice", &[130]),
    by_card("purchase", &[0]),
    by_card("cash withdrawal", &[1]),
    CASH_BACK,
    by_card("refund", &[20]),
    by_card("deposit", &[21]),
    SALARY,
    without_amount("balance inquiry", &[30, 31]),
    without_amount("mini-statement", &[38]),
    TRANSFER,
    VIRTUAL_CARD,
    PIN_CHANGE,
    FUNDING,
    RECALL,
    TOP_UP,
    FINANCIAL_RESPONSE,
    FINANCIAL_ADVICE,
    ADVICE_RESPONSE,
    FILE_UPDATE,
    FILE_UPDATE_RESPONSE,
    REVERSAL,
    REVERSAL_RESPONSE,
    CHARGEBACK,
    CHARGEBACK_RESPONSE,
    RECONCILIATION,
    RECONCILIATION_RESPONSE,
    ADMINISTRATIVE,
    ADMINISTRATIVE_RESPONSE,
    NETWORK,
    NETWORK_RESPONSE,
];

/// For each pair of kind digits (0 to 99) the place of its profile in a financial request; 255 for none.
static OF_KIND: [u8; 100] = {
    let mut table = [255; 100];
    let mut place: u8 = 0;
    while (place as usize) < PROFILES.len() {
        let mut kinds = PROFILES[place as usize].kinds;
        while let [kind, rest @ ..] = kinds {
            table[*kind as usize] = place;
            kinds = rest;
        }
        place += 1;
    }
    table
};

/// For each message type below 1000 the place of its profile, where the kind makes no difference; 255 for none.
static OF_TYPE: [u8; 1000] = {
    let mut table = [255; 1000];
    let mut place: u8 = 0;
    while (place as usize) < PROFILES.len() {
        let mut types = if PROFILES[place as usize].kinds.is_empty() { PROFILES[place as usize].types } else { &[] };
        while let [number, rest @ ..] = types {
            table[*number as usize] = place;
            types = rest;
        }
        place += 1;
    }
    table
};

/// The profile of a message, by its type and the first two digits of DE3. Two looks into tables: it is asked for every message.
#[inline]
pub(super) fn profile_of(mti: Mti, kind: Option<u8>) -> &'static Profile {
    static NO_KIND: Profile = UNKNOWN_KIND;
    static NO_TYPE: Profile = UNKNOWN_TYPE;
    let (place, otherwise) = match mti.number() {
        200 | 201 => (kind.and_then(|kind| OF_KIND.get(usize::from(kind))), &NO_KIND),
        number => (OF_TYPE.get(usize::from(number)), &NO_TYPE),
    };
    place.and_then(|place| PROFILES.get(usize::from(*place))).unwrap_or(otherwise)
}
