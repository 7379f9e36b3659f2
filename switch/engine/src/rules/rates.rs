//! What an amount is worth in another currency on a day.

use model::{BusinessDate, Currency, Money};

use crate::config::Rate;

/// `amount` in minor units of `to`, rounded to the nearest; `None` where no rate of that day or before tells.
pub(crate) fn convert(rates: &[Rate], amount: Money, to: Currency, date: BusinessDate) -> Option<u64> {
    let from = amount.currency();
    if from == to {
        return Some(amount.minor());
    }
    let of_the_day = |one: Currency, other: Currency| {
        let fits = move |it: &&Rate| it.currency == one && it.worth.currency() == other && it.from <= date;
        rates.iter().rev().find(fits).map(|it| (u128::from(it.worth.minor()), u128::from(unit(one))))
    };
    let (times, by) = of_the_day(from, to).or_else(|| of_the_day(to, from).map(|(worth, unit)| (unit, worth)))?;
    let product = u128::from(amount.minor()) * times;
    u64::try_from((product + by / 2).checked_div(by)?).ok()
}

/// One unit of a currency in its minor units.
fn unit(currency: Currency) -> u64 {
    10u64.pow(currency.exponent())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_converted_both_ways_by_the_rate_of_its_day() {
        let (khr, usd) = (Currency::from_alpha("KHR").unwrap(), Currency::from_alpha("USD").unwrap());
        let rate = |day, worth| Rate { from: BusinessDate::from_days(day), currency: usd, worth: Money::from_minor(worth, khr) };
        let rates = [rate(10, 410_000), rate(20, 400_000)];
        let at = |day, amount, to| convert(&rates, amount, to, BusinessDate::from_days(day));
        assert_eq!(at(10, Money::from_minor(100, usd), khr), Some(410_000));
        assert_eq!(at(20, Money::from_minor(100, usd), khr), Some(400_000));
        assert_eq!(at(25, Money::from_minor(180_000, khr), usd), Some(45), "1,800 riel are 45 cents");
        assert_eq!(at(10, Money::from_minor(180_000, khr), usd), Some(44), "43.9 cents");
        assert_eq!(at(9, Money::from_minor(1, usd), khr), None, "no rate yet");
        assert_eq!(at(9, Money::from_minor(1, usd), usd), Some(1));
    }
}
