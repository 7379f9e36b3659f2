//! What a bank answers, and how balances look in DE54.

use model::{Currency, Money, Pan, ResponseCode, Text};

/// A bank's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankReply {
    /// DE39.
    pub code: ResponseCode,
    /// DE38: the bank's own name for what it approved.
    pub authorization: Option<Text<6>>,
    /// DE4, where it is less than was asked for (a 10, approved for a partial amount).
    pub amount: Option<Money>,
    /// DE54. A message carries the first [`Balance::COUNT_MAX`] of them.
    pub balances: Vec<Balance>,
    /// DE48: the text of a mini-statement, printable ASCII. A message carries the first [`BankReply::TEXT_MAX`] characters of it.
    pub text: Option<String>,
    /// DE34: the number of the card that was issued.
    pub issued: Option<Pan>,
}

impl BankReply {
    /// How many characters DE48 carries (ans..999).
    pub const TEXT_MAX: usize = 999;

    /// An answer that is nothing but its code.
    #[must_use]
    pub fn of(code: ResponseCode) -> Self {
        Self { code, authorization: None, amount: None, balances: Vec::new(), text: None, issued: None }
    }

    /// 00, with the name that the bank gives the approval.
    #[must_use]
    pub fn approved(authorization: Text<6>) -> Self {
        Self { authorization: Some(authorization), ..Self::of(ResponseCode::APPROVED) }
    }
}

/// Which of an account's amounts a balance is (DE54, amount type).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountType {
    /// 01: what is booked.
    Ledger,
    /// 02: what may be spent.
    Available,
    /// Any other two-digit type.
    Other(u8),
}

/// On which side a balance is (DE54, x of x+n).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `C`: the holder's money.
    Credit,
    /// `D`: overdrawn.
    Debit,
}

/// One entry of DE54 (ISO 8583:1987): account type n2, amount type n2, currency n3, sign x1, amount n12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// As in digits 3–4 of DE3: 00 default, 10 savings, 20 checking, 30 credit.
    pub account_type: u8,
    /// Which of the account's amounts it is.
    pub amount_type: AmountType,
    /// How much.
    pub amount: Money,
    /// Whose.
    pub sign: Sign,
}

impl AmountType {
    fn number(self) -> u8 {
        match self {
            Self::Ledger => 1,
            Self::Available => 2,
            Self::Other(number) => number % 100,
        }
    }

    fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Ledger,
            2 => Self::Available,
            other => Self::Other(other),
        }
    }
}

impl Balance {
    /// How many entries a message can carry (DE54 is an..120).
    pub const COUNT_MAX: usize = 6;
    const LENGTH: usize = 20;

    /// A balance in minor units, negative where overdrawn.
    #[must_use]
    pub fn of(minor: i64, currency: Currency, amount_type: AmountType) -> Self {
        let sign = if minor < 0 { Sign::Debit } else { Sign::Credit };
        Self { account_type: 0, amount_type, amount: Money::from_minor(minor.unsigned_abs(), currency), sign }
    }

    /// DE54 of these, without those that no longer fit. An amount that twelve digits cannot carry shows as all nines.
    #[must_use]
    pub fn render(balances: &[Self]) -> String {
        let shown = balances.iter().take(Self::COUNT_MAX);
        shown
            .map(|balance| {
                let sign = if balance.sign == Sign::Credit { 'C' } else { 'D' };
                let minor = balance.amount.minor().min(Money::MINOR_MAX);
                let (account, amount) = (balance.account_type % 100, balance.amount_type.number());
                format!("{account:02}{amount:02}{:03}{sign}{minor:012}", balance.amount.currency().numeric())
            })
            .collect()
    }

    /// Reads DE54; `None` where it is not whole entries of known currencies.
    #[must_use]
    pub fn parse(field: &[u8]) -> Option<Vec<Self>> {
        let entries = field.chunks_exact(Self::LENGTH);
        entries.remainder().is_empty().then_some(())?;
        entries.map(Self::parse_entry).collect()
    }

    fn parse_entry(entry: &[u8]) -> Option<Self> {
        let entry = str::from_utf8(entry).ok()?;
        let number = |at: std::ops::Range<usize>| {
            let digits = entry.get(at)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u64>().ok())?
        };
        let small = |at| u8::try_from(number(at)?).ok();
        Some(Self {
            account_type: small(0..2)?,
            amount_type: AmountType::from_number(small(2..4)?),
            amount: Money::from_minor(number(8..20)?, Currency::from_numeric(u16::try_from(number(4..7)?).ok()?)?),
            sign: match entry.get(7..8)? {
                "C" => Sign::Credit,
                "D" => Sign::Debit,
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balances_are_twenty_characters_each() {
        let khr = Currency::from_alpha("KHR").unwrap();
        let both = [Balance::of(1_234_500, khr, AmountType::Ledger), Balance::of(-50, khr, AmountType::Available)];
        let field = Balance::render(&both);
        assert_eq!(field, "0001116C0000012345000002116D000000000050");
        assert_eq!(Balance::parse(field.as_bytes()).unwrap(), both);
    }

    #[test]
    fn what_does_not_fit_is_cut_and_what_is_no_balance_is_none() {
        let khr = Currency::from_alpha("KHR").unwrap();
        assert_eq!(Balance::render(&[Balance::of(i64::MIN, khr, AmountType::Ledger); 9]).len(), 120);
        assert_eq!(Balance::parse(b""), Some(vec![]));
        for field in ["0001116C00000123450", "0001116X000001234500", "0001000C000001234500", "0001116C+00001234500"] {
            assert_eq!(Balance::parse(field.as_bytes()), None, "{field}");
        }
    }
}
