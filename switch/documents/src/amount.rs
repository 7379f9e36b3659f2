//! Amounts as documents carry them: major units with a point, above zero.

use model::{AmountError, Currency, Money};

use crate::fault::Problem;

/// Reads an amount of `currency`.
pub(crate) fn amount(text: &str, currency: Currency) -> Result<Money, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::Missing);
    }
    if let Some(size) = text.strip_prefix('-') {
        return Err(if Money::from_major(size, currency).is_ok() { Problem::Negative } else { Problem::NotAnAmount });
    }
    match Money::from_major(text, currency) {
        Ok(money) if money.minor() == 0 => Err(Problem::Zero),
        Ok(money) => Ok(money),
        Err(AmountError::TooFine { currency, exponent, .. }) => Err(Problem::TooFine { decimals: exponent, currency }),
        Err(AmountError::TooLarge(_)) => Err(Problem::TooLarge),
        Err(AmountError::NotANumber(_) | AmountError::NoCurrency(_) | AmountError::UnknownCurrency(_)) => {
            Err(Problem::NotAnAmount)
        }
    }
}

/// The amount without its currency: `150000.00`.
pub(crate) fn major(money: Money) -> String {
    let shown = money.to_string();
    shown.split_once(' ').map_or_else(|| shown.clone(), |(amount, _)| amount.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_above_zero_and_no_finer_than_its_currency() {
        let (khr, yen) = (Currency::from_alpha("KHR").unwrap(), Currency::from_alpha("JPY").unwrap());
        assert_eq!(amount(" 150000.5 ", khr).unwrap().minor(), 15_000_050);
        assert_eq!(major(amount("150000.5", khr).unwrap()), "150000.50");
        assert_eq!(major(amount("7", yen).unwrap()), "7");
        for (text, problem) in [
            ("", Problem::Missing),
            ("0.00", Problem::Zero),
            ("-5", Problem::Negative),
            ("-x", Problem::NotAnAmount),
            ("1,000", Problem::NotAnAmount),
            ("1e3", Problem::NotAnAmount),
            ("1.234", Problem::TooFine { decimals: 2, currency: khr }),
            ("10000000000", Problem::TooLarge),
        ] {
            assert_eq!(amount(text, khr), Err(problem), "{text}");
        }
    }
}
