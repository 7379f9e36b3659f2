//! What an operator decides beforehand. Read by decisions only; `apply` never reads it, because records carry results.

use std::time::Duration;

use model::{Currency, InstitutionId, Kind, Pan, UtcOffset};

use crate::BankId;

/// The switch's rules of business.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The switch itself, as it names itself to banks (DE33).
    pub institution: InstitutionId,
    /// Local time, by which business dates change.
    pub offset: UtcOffset,
    /// How long to wait for what.
    pub timers: Timers,
    /// The issuing banks.
    pub banks: Vec<BankRules>,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Timers {
    /// For a bank's answer where the terminal is an ATM. 25 s.
    pub atm: Duration,
    /// For a bank's answer where it is a point of sale. 10 s.
    pub pos: Duration,
    /// Before an unanswered advice is sent the second time; doubled each time after. 1 s.
    pub forward_first: Duration,
    /// The longest such wait. 60 s.
    pub forward_max: Duration,
    /// After which an advice that nobody answers goes to the dead-letter list. 24 h.
    pub forward_life: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            atm: Duration::from_secs(25),
            pos: Duration::from_secs(10),
            forward_first: Duration::from_secs(1),
            forward_max: Duration::from_secs(60),
            forward_life: Duration::from_secs(24 * 3600),
        }
    }
}

/// The first digits of card numbers that belong to a bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    digits: u8,
    number: u64,
}

impl Prefix {
    /// Reads 1 to 11 digits; `None` for other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = u8::try_from(text.len()).ok().filter(|digits| (1..=11).contains(digits))?;
        text.bytes().all(|byte| byte.is_ascii_digit()).then_some(())?;
        Some(Self { digits, number: text.parse().ok()? })
    }

    pub(crate) fn digits(self) -> u8 {
        self.digits
    }

    pub(crate) fn fits(self, pan: Pan) -> bool {
        pan.prefix(self.digits) == Some(self.number)
    }
}

/// What the switch may ask of a bank.
#[derive(Clone, Debug)]
pub struct BankRules {
    /// Its institution number.
    pub id: BankId,
    /// Its name in logs and metrics.
    pub name: String,
    /// Card numbers that are its own; the longest that fits wins over all banks.
    pub prefixes: Vec<Prefix>,
    /// What it does.
    pub kinds: Vec<Kind>,
    /// In which currencies.
    pub currencies: Vec<Currency>,
    /// How many requests may be open there at once. Above it a request is answered 91.
    pub in_flight_max: usize,
}
