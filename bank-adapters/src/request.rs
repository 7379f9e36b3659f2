//! What a bank is asked, in owned and typed form: a bank's author sees neither frames nor fields.

use std::fmt;

use model::{
    InstitutionId, Kind, LocalDate, LocalTime, Money, Pan, ProcessingCode, Rrn, Stan, TerminalId, Text, Track2, TransmissionTime,
};

use crate::Balance;

/// The identity of a leg: DE7, DE11 and DE32 of its request. It is the same on every retry of the request and stands in DE90 of
/// its reversal, so a bank that keeps it can tell a repeat from a new request (DOMAIN: Matching, Reversals).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// DE7 of the request.
    pub transmitted: TransmissionTime,
    /// DE11 of the request.
    pub stan: Stan,
    /// DE32 of the request, where it had one.
    pub acquirer: Option<InstitutionId>,
}

impl fmt::Display for Reference {
    /// `1228173005-000042-116001`, without leading zeros in the institution, `-` at its end where there is none. Two references
    /// are equal exactly where these texts are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-", self.transmitted, self.stan)?;
        self.acquirer.map_or(Ok(()), |acquirer| write!(f, "{}", acquirer.number()))
    }
}

/// What a bank is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankRequest {
    /// Move money, tell something, or issue a card (0200, 0201).
    Financial(Box<Financial>),
    /// Hold an amount (0100, 0101), or note a hold that was made in the bank's stead (0120, 0121).
    Authorization(Box<Authorization>),
    /// Post what has happened already (0220, 0221).
    Advice(Box<Advice>),
    /// Undo any of these, wholly or in part (0400, 0420 and their repeats).
    Reversal(Box<Reversal>),
}

impl BankRequest {
    /// The leg it is about: its own reference, of a reversal the original's.
    #[must_use]
    pub fn reference(&self) -> Reference {
        match self {
            Self::Financial(asked) => asked.reference,
            Self::Authorization(authorization) => authorization.asked.reference,
            Self::Advice(advice) => advice.told.reference,
            Self::Reversal(reversal) => reversal.original,
        }
    }

    /// What is asked or told of; `None` for a reversal, which may not say.
    pub(crate) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Financial(asked) => Some(asked.kind),
            Self::Authorization(authorization) => Some(authorization.asked.kind),
            Self::Advice(advice) => Some(advice.told.kind),
            Self::Reversal(_) => None,
        }
    }
}

/// Which message a request came in, as far as it makes a difference to a bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// 0200: to be decided and posted.
    Financial,
    /// 0100: to be decided and held.
    Authorization,
    /// 0120: held in the bank's stead, to be noted whatever the balance.
    AuthorizationAdvice,
    /// 0220: happened already, to be posted whatever the balance.
    FinancialAdvice,
}

impl Form {
    /// Every form there is.
    pub const ALL: [Self; 4] = [Self::Financial, Self::Authorization, Self::AuthorizationAdvice, Self::FinancialAdvice];

    /// Its name in a ledger.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Financial => "financial",
            Self::Authorization => "authorization",
            Self::AuthorizationAdvice => "authorization-advice",
            Self::FinancialAdvice => "financial-advice",
        }
    }

    /// The form with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Whether it tells what has happened already, and so is not declined for what the card or the account has become.
    #[must_use]
    pub fn is_advice(self) -> bool {
        matches!(self, Self::AuthorizationAdvice | Self::FinancialAdvice)
    }

    /// Whether it holds an amount instead of posting it.
    #[must_use]
    pub fn holds(self) -> bool {
        matches!(self, Self::Authorization | Self::AuthorizationAdvice)
    }
}

/// An authorization: an amount that the holder cannot spend otherwise until it is taken, given back, or the bank's own time for it
/// is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// Whether it was held in the bank's stead already (0120) rather than asked for (0100).
    pub advice: bool,
    /// What is to be held, and for whom.
    pub asked: Financial,
}

impl Authorization {
    /// The message it came in.
    #[must_use]
    pub fn form(&self) -> Form {
        if self.advice { Form::AuthorizationAdvice } else { Form::Authorization }
    }
}

/// A financial advice (0220): money that has moved already, at the terminal or in the bank's stead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The authorization whose hold it ends (DE90 with 0100 or 0120); `None` where it is posted for itself.
    pub completes: Option<Reference>,
    /// What has happened.
    pub told: Financial,
}

/// What is asked: a financial request (0200; 0201 where `repeat`), or the words of an authorization or an advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Financial {
    /// Its identity, the same on every retry.
    pub reference: Reference,
    /// Whether the sender marked it as sent before.
    pub repeat: bool,
    /// What is to be done.
    pub kind: Kind,
    /// DE3 whole, with the account types that `kind` leaves out.
    pub processing: ProcessingCode,
    /// DE4 in DE49; zero where the kind moves no amount of its own.
    pub amount: Money,
    /// DE28: what the holder is charged beside `amount`, in minor units of its currency; zero where nothing.
    pub fee: u64,
    /// DE54 of the request: of a cash-back, how much of `amount` was paid in cash.
    pub parts: Vec<Balance>,
    /// DE2.
    pub pan: Option<Pan>,
    /// DE14, YYMM as the terminal read it.
    pub expiry: Option<u16>,
    /// DE102, account debited.
    pub from_account: Option<Text<28>>,
    /// DE103, account credited: whom a salary or a transfer pays, of a top-up the phone's number.
    pub to_account: Option<Text<28>>,
    /// DE37, the transaction's name from end to end.
    pub rrn: Option<Rrn>,
    /// DE15, whose day's settlement it belongs to.
    pub business_date: Option<LocalDate>,
    /// DE12, the terminal's time.
    pub local_time: Option<LocalTime>,
    /// DE13, the terminal's date.
    pub local_date: Option<LocalDate>,
    /// DE41.
    pub terminal: Option<TerminalId>,
    /// DE42.
    pub merchant: Option<Text<15>>,
    /// DE18 (ISO 18245).
    pub merchant_type: Option<u16>,
    /// DE43, card acceptor name and location.
    pub location: Option<Text<40>>,
    /// DE22.
    pub entry_mode: Option<u16>,
    /// DE25.
    pub condition: Option<u8>,
    /// DE33.
    pub forwarder: Option<InstitutionId>,
    /// DE100: the bank of a transfer's receiver, the operator of a top-up's phone.
    pub receiver: Option<InstitutionId>,
    /// DE35.
    pub track2: Option<Track2>,
    /// DE52: the encrypted PIN block, where the holder typed one.
    pub pin: Option<Secret>,
    /// DE48 of a PIN change: the encrypted block of the new PIN.
    pub new_pin: Option<Secret>,
    /// DE55: chip data.
    pub chip: Option<Secret>,
}

/// Whether DE4 means anything in a request of this kind. The others tell, issue or change, and move a fee at most.
pub(crate) fn moves_amount(kind: Kind) -> bool {
    !matches!(kind, Kind::Balance | Kind::MiniStatement | Kind::VirtualCard | Kind::PinChange)
}

/// A reversal (0400, 0420; repeated where `repeat`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// The leg it undoes (DE90).
    pub original: Reference,
    /// Whether the sender marked it as sent before.
    pub repeat: bool,
    /// Whether it tells what has happened (0420) rather than asks for it (0400).
    pub advice: bool,
    /// What the original was, where DE3 says so.
    pub kind: Option<Kind>,
    /// The original's amount (DE4 in DE49), where told.
    pub amount: Option<Money>,
    /// What stands of it (DE95 in DE49), and the fee with it. `None` or zero: nothing, the reversal is full, the fee is given back.
    pub stands: Option<Money>,
    /// DE2.
    pub pan: Option<Pan>,
    /// DE37, the original's.
    pub rrn: Option<Rrn>,
    /// DE15: the day the reversal posts in, which may be after the original's.
    pub business_date: Option<LocalDate>,
    /// DE41.
    pub terminal: Option<TerminalId>,
}

/// Bytes that are never shown or written down: PIN blocks, chip data. They live as long as their request.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// A copy of `bytes`.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes themselves, for the one who decrypts them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes withheld>", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_the_same_text_however_its_institution_was_padded() {
        let reference = |acquirer| Reference {
            transmitted: TransmissionTime::new(1_228_173_005).unwrap(),
            stan: Stan::new(42).unwrap(),
            acquirer,
        };
        let (short, long) = (InstitutionId::new(116_001), InstitutionId::from_parts(116_001, 11));
        assert_eq!(reference(short), reference(long));
        assert_eq!(reference(long).to_string(), "1228173005-000042-116001");
        assert_eq!(reference(None).to_string(), "1228173005-000042-");
    }

    #[test]
    fn secrets_stay_out_of_debug() {
        assert_eq!(format!("{:?}", Secret::new(b"\xAB\xCD")), "<2 bytes withheld>");
    }
}
