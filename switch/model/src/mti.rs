//! The message type indicator.

use std::fmt;

/// A message type indicator of ISO 8583:1987, as the four-digit number `0200`, `0421`. A dialect of another version is mapped
/// to and from these by `wire`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mti(u16);

/// What a message is about, its second digit (ISO 8583:1987, message class).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// x1xx
    Authorization,
    /// x2xx
    Financial,
    /// x3xx
    FileUpdate,
    /// x4xx
    Reversal,
    /// x5xx
    Reconciliation,
    /// x6xx
    Administrative,
    /// x8xx
    Network,
}

impl Mti {
    /// 0100
    pub const AUTHORIZATION_REQUEST: Self = Self(100);
    /// 0110
    pub const AUTHORIZATION_RESPONSE: Self = Self(110);
    /// 0120
    pub const AUTHORIZATION_ADVICE: Self = Self(120);
    /// 0130
    pub const AUTHORIZATION_ADVICE_RESPONSE: Self = Self(130);
    /// 0200
    pub const FINANCIAL_REQUEST: Self = Self(200);
    /// 0201
    pub const FINANCIAL_REPEAT: Self = Self(201);
    /// 0210
    pub const FINANCIAL_RESPONSE: Self = Self(210);
    /// 0220
    pub const FINANCIAL_ADVICE: Self = Self(220);
    /// 0230
    pub const FINANCIAL_ADVICE_RESPONSE: Self = Self(230);
    /// 0302
    pub const FILE_UPDATE_REQUEST: Self = Self(302);
    /// 0312
    pub const FILE_UPDATE_RESPONSE: Self = Self(312);
    /// 0400
    pub const REVERSAL_REQUEST: Self = Self(400);
    /// 0420
    pub const REVERSAL_ADVICE: Self = Self(420);
    /// 0421
    pub const REVERSAL_ADVICE_REPEAT: Self = Self(421);
    /// 0430
    pub const REVERSAL_ADVICE_RESPONSE: Self = Self(430);
    /// 0800
    pub const NETWORK_REQUEST: Self = Self(800);
    /// 0810
    pub const NETWORK_RESPONSE: Self = Self(810);

    /// `None` where it is not four digits of the 1987 version with a class that exists.
    #[must_use]
    pub fn new(number: u16) -> Option<Self> {
        let mti = Self(number);
        (number < 1000 && mti.class().is_some()).then_some(mti)
    }

    /// The four digits as a number.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }

    /// What it is about; `None` only for the default value, which names no message.
    #[must_use]
    pub fn class(self) -> Option<Class> {
        Some(match self.0 / 100 {
            1 => Class::Authorization,
            2 => Class::Financial,
            3 => Class::FileUpdate,
            4 => Class::Reversal,
            5 => Class::Reconciliation,
            6 => Class::Administrative,
            8 => Class::Network,
            _ => return None,
        })
    }

    /// Whether it answers another message (third digit odd: 1 or 3).
    #[must_use]
    pub fn is_response(self) -> bool {
        self.0 / 10 % 2 == 1
    }

    /// Whether it is an advice, which tells what has happened already (third digit 2 or 3).
    #[must_use]
    pub fn is_advice(self) -> bool {
        self.0 / 10 % 10 >= 2
    }

    /// Whether it is sent again by the same sender (last digit odd).
    #[must_use]
    pub fn is_repeat(self) -> bool {
        self.0 % 2 == 1
    }

    /// The same message marked as sent again.
    #[must_use]
    pub fn repeat(self) -> Self {
        Self(self.0 | 1)
    }

    /// The same message as it was first sent: 0200 for 0201, so that both are one in the duplicate check.
    #[must_use]
    pub fn first(self) -> Self {
        Self(self.0 - self.0 % 2)
    }

    /// The type that answers it: 0210 for 0200 and 0201, 0430 for 0420 and 0421, 0312 for an issuer's 0302. A response answers itself.
    #[must_use]
    pub fn response(self) -> Self {
        if self.is_response() { self } else { Self(self.first().0 + 10) }
    }
}

impl fmt::Display for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl fmt::Debug for Mti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_tell_what_a_message_is() {
        let repeat = Mti::REVERSAL_ADVICE_REPEAT;
        assert!(repeat.is_advice() && repeat.is_repeat() && !repeat.is_response());
        assert_eq!((repeat.first(), repeat.response()), (Mti::REVERSAL_ADVICE, Mti::REVERSAL_ADVICE_RESPONSE));
        assert_eq!(Mti::FINANCIAL_REPEAT.response(), Mti::FINANCIAL_RESPONSE);
        assert_eq!(Mti::FILE_UPDATE_REQUEST.response(), Mti::FILE_UPDATE_RESPONSE);
        assert_eq!(Mti::FINANCIAL_REQUEST.repeat(), Mti::FINANCIAL_REPEAT);
        assert!(Mti::REVERSAL_ADVICE_RESPONSE.is_response() && !Mti::FINANCIAL_REQUEST.is_advice());
        assert_eq!(Mti::new(1200), None);
        assert_eq!(Mti::new(700), None);
        assert_eq!(Mti::new(200), Some(Mti::FINANCIAL_REQUEST));
    }
}
