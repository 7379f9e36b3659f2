//! What an operator decides beforehand. Read by decisions only; `apply` never reads it, because records carry results.

use std::time::Duration;

use model::{BusinessDate, Currency, InstitutionId, Kind, Money, Pan, Timestamp, UtcOffset};

use crate::BankId;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The switch's rules of business. The default has no banks, and charges and limits nothing.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The switch itself, as it names itself to banks (DE33).
    pub institution: InstitutionId,
    /// Local time, by which business dates change.
    pub offset: UtcOffset,
    /// The local time of day at which the next business date opens, counted from midnight. Zero: at midnight itself.
    pub cutover: Duration,
    /// How long to wait for what.
    pub timers: Timers,
    /// The issuing banks and the operators of mobile phones.
    pub banks: Vec<BankRules>,
    /// What card holders pay beside the amount.
    pub fees: Vec<Fee>,
    /// How much a card may be used for in a day. The first that names a kind holds for it.
    pub limits: Vec<CardLimit>,
    /// What currencies are worth, oldest first.
    pub rates: Vec<Rate>,
    /// How many advices and repeats may be owed to banks before new requests are answered 96. What has happened already (advices,
    /// reversals) is still taken. Zero: no bound.
    pub owed_max: usize,
    /// How payrolls are paid.
    pub payroll: PayrollRules,
}

/// How payrolls are paid.
#[derive(Clone, Copy, Debug)]
pub struct PayrollRules {
    /// How many items may be on their way to one bank at once; never more than half of its `in_flight_max`. 256.
    pub window: usize,
    /// The local time of day from which a batch's items go out on its date, counted from midnight. 06:00.
    pub pays_at: Duration,
    /// For how many half-months, the present one among them, it is known who was paid. 4.
    pub kept: u32,
    /// How many half-months ahead a batch may be. 2.
    pub ahead: u32,
    /// The most that a payer's bank is asked to pay or to take back by one message, minor units; a batch that needs more is funded, and
    /// credited back, in parts. Never more than DE4 holds. [`Money::MINOR_MAX`].
    pub part_max: u64,
}

impl Default for PayrollRules {
    fn default() -> Self {
        let pays_at = Duration::from_secs(6 * 3600);
        Self { window: 256, pays_at, kept: 4, ahead: 2, part_max: Money::MINOR_MAX }
    }
}

impl PayrollRules {
    /// What of `amount` one message may carry.
    pub(crate) fn part(&self, amount: u64) -> u64 {
        amount.min(self.part_max.clamp(1, Money::MINOR_MAX))
    }
}

impl Rules {
    /// The business date that the clock says at that moment.
    #[must_use]
    pub fn date_at(&self, at: Timestamp) -> BusinessDate {
        self.offset.date(at + self.ahead())
    }

    /// The moment at which a business date opens by the clock.
    #[must_use]
    pub fn opens(&self, date: BusinessDate) -> Timestamp {
        self.offset.midnight(date) - self.ahead()
    }

    /// The next moment after `at` at which a business date opens by the clock.
    #[must_use]
    pub fn next_cutover(&self, at: Timestamp) -> Timestamp {
        self.opens(self.date_at(at).next())
    }

    /// The moment at which items of a batch that pays on `date` begin to go out.
    #[must_use]
    pub fn pays(&self, date: BusinessDate) -> Timestamp {
        self.offset.midnight(date) + self.payroll.pays_at
    }

    /// How far business dates run ahead of the calendar's.
    fn ahead(&self) -> Duration {
        if self.cutover.is_zero() { Duration::ZERO } else { DAY.saturating_sub(self.cutover) }
    }

    /// Whether an amount of one currency can be told in another, by a rate of whatever day.
    #[must_use]
    pub fn converts(&self, one: Currency, other: Currency) -> bool {
        let pair = |rate: &Rate| [rate.currency, rate.worth.currency()];
        one == other || self.rates.iter().any(|rate| pair(rate) == [one, other] || pair(rate) == [other, one])
    }
}

/// What the holder of another bank's card pays beside the amount, and what the card's bank pays the acquirer. Converted into the
/// currency of the transaction, which is that of the account, by the rate of the day.
#[derive(Clone, Debug)]
pub struct Fee {
    /// For what.
    pub kind: Kind,
    /// What the holder pays; it goes to the switch.
    pub amount: Money,
    /// What the card's bank pays the acquirer.
    pub interchange: Option<Money>,
}

/// How much one card may be used for on one business date, over all its currencies.
#[derive(Clone, Debug)]
pub struct CardLimit {
    /// What counts.
    pub kinds: Vec<Kind>,
    /// The most that these may come to.
    pub amount: Money,
    /// How many of them there may be.
    pub count: u32,
}

/// What one unit of a currency is worth in another from a business date on.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// The first day it holds.
    pub from: BusinessDate,
    /// The currency.
    pub currency: Currency,
    /// What one unit of it is worth.
    pub worth: Money,
}

/// What the switch may approve in a bank's stead while that bank cannot be asked: requests that show neither PIN nor chip, for it
/// can verify neither.
#[derive(Clone, Debug)]
pub struct StandIn {
    /// What.
    pub kinds: Vec<Kind>,
    /// The most in one transaction.
    pub floor: Money,
    /// The most for one card on one business date.
    pub amount: Money,
    /// How many for one card on one business date.
    pub count: u32,
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Timers {
    /// For a bank's answer where the terminal is an ATM. 25 s.
    pub atm: Duration,
    /// For a bank's answer where it is a point of sale. 10 s.
    pub pos: Duration,
    /// For all legs of one request together, counted from its acceptance. 35 s.
    pub total: Duration,
    /// How long an authorized amount is held. 7 days.
    pub hold_life: Duration,
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
            total: Duration::from_secs(35),
            hold_life: Duration::from_secs(7 * 24 * 3600),
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

/// What the switch may ask of a bank. The default does nothing.
#[derive(Clone, Debug, Default)]
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
    /// What it does at its own terminals only; elsewhere such a request is answered 58.
    pub own_terminals_only: Vec<Kind>,
    /// What may be approved in its stead; `None`: nothing.
    pub stand_in: Option<StandIn>,
}
