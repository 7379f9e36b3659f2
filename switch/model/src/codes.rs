//! Codes that answer (DE39) and codes that manage a link (DE70).

use std::fmt;

/// A response code (DE39 of the 1987 version, an 2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResponseCode([u8; 2]);

macro_rules! response_codes {
    ($($name:ident = $code:literal, $meaning:literal;)*) => {
        impl ResponseCode {
            $(#[doc = concat!("`", $code, "`: ", $meaning)] pub const $name: Self = Self::literal($code);)*

            /// Every code that has a name here, in ascending order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What the code means, in a few words; `None` for one that this switch does not know.
            #[must_use]
            pub fn meaning(self) -> Option<&'static str> {
                match self { $(Self::$name => Some($meaning),)* _ => None }
            }
        }
    };
}

response_codes! {
    APPROVED = "00", "approved";
    DO_NOT_HONOUR = "05", "do not honour";
    IN_PROGRESS = "09", "request in progress";
    PARTIALLY_APPROVED = "10", "approved for a partial amount";
    INVALID_TRANSACTION = "12", "invalid transaction";
    INVALID_AMOUNT = "13", "invalid amount";
    UNKNOWN_CARD = "14", "no such card";
    NO_SUCH_ISSUER = "15", "no such issuer";
    NO_ACTION = "21", "no action taken";
    ORIGINAL_NOT_FOUND = "25", "original not found";
    FORMAT_ERROR = "30", "format error";
    NOT_SUPPORTED = "40", "requested function not supported";
    LOST_CARD = "41", "lost card";
    STOLEN_CARD = "43", "stolen card";
    NOT_SUFFICIENT_FUNDS = "51", "not sufficient funds";
    EXPIRED_CARD = "54", "expired card";
    WRONG_PIN = "55", "wrong PIN";
    NOT_PERMITTED_TO_CARD = "57", "not permitted to card";
    NOT_PERMITTED_TO_TERMINAL = "58", "not permitted to terminal";
    SUSPECTED_FRAUD = "59", "suspected fraud";
    AMOUNT_LIMIT = "61", "amount limit exceeded";
    RESTRICTED_CARD = "62", "restricted card";
    WRONG_MAC = "63", "message authentication failed";
    COUNT_LIMIT = "65", "count limit exceeded";
    LATE_RESPONSE = "68", "response received too late";
    PIN_TRIES = "75", "PIN tries exceeded";
    NO_SUCH_ACCOUNT = "76", "no such account";
    ACCOUNT_BLOCKED = "77", "account blocked";
    ACCOUNT_CLOSED = "78", "account closed";
    CUTOVER = "90", "cutover in progress";
    BANK_UNAVAILABLE = "91", "issuer or switch unavailable";
    NO_ROUTE = "92", "no route for this transaction";
    DUPLICATE = "94", "duplicate transmission";
    RECONCILE_ERROR = "95", "reconcile error";
    MALFUNCTION = "96", "system malfunction";
}

impl ResponseCode {
    const fn literal(code: &str) -> Self {
        let bytes = code.as_bytes();
        Self([bytes[0], bytes[1]])
    }

    /// `None` where a character is neither letter nor digit.
    #[must_use]
    pub fn new(code: [u8; 2]) -> Option<Self> {
        code.iter().all(u8::is_ascii_alphanumeric).then_some(Self(code))
    }

    /// The two characters.
    #[must_use]
    pub fn bytes(self) -> [u8; 2] {
        self.0
    }

    /// Whether money moved, or may move, by it: 00 whole, 10 in part.
    #[must_use]
    pub fn approves(self) -> bool {
        matches!(self, Self::APPROVED | Self::PARTIALLY_APPROVED)
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl fmt::Debug for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A network management information code (DE70, n 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NetworkCode {
    /// 001
    SignOn,
    /// 002
    SignOff,
    /// 101
    KeyChange,
    /// 201
    Cutover,
    /// 301
    Echo,
    /// Any other, which this switch answers with 12.
    Other(u16),
}

impl NetworkCode {
    /// The code with this number.
    #[must_use]
    pub fn from_number(number: u16) -> Self {
        match number {
            1 => Self::SignOn,
            2 => Self::SignOff,
            101 => Self::KeyChange,
            201 => Self::Cutover,
            301 => Self::Echo,
            other => Self::Other(other),
        }
    }

    /// Its three digits as a number.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::SignOn => 1,
            Self::SignOff => 2,
            Self::KeyChange => 101,
            Self::Cutover => 201,
            Self::Echo => 301,
            Self::Other(other) => other,
        }
    }
}
