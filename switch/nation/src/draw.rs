//! How a person is drawn. The order of the throws is part of what a seed means: a new one goes to the end.
//!
//! Of a thousand people some five are no longer to be paid or have an account that takes nothing, so that checks find something.

use model::{BusinessDate, Currency, Money};

use crate::dice::Dice;
use crate::person::{Account, AccountStatus, Bank, CardState, CivilServantId, Customer, Person, Status};
use crate::{Agency, Name};

/// Salaries of a half-month by grade, in riel, with how many of a hundred have it.
const GRADES: [(u32, u64); 6] = [(30, 520_000), (28, 610_000), (20, 740_000), (13, 930_000), (7, 1_240_000), (2, 1_900_000)];
/// Riel to the dollar, for salaries in USD (ours).
const RIEL_PER_DOLLAR: u64 = 4_000;

pub(crate) fn person(seed: u64, index: u32, id: CivilServantId, customer: u32) -> Person {
    let mut dice = Dice::of_person(seed, index);
    let name = Name::drawn(&mut dice);
    let born = born(&mut dice);
    let agency = Agency::of_share(dice.below(1000));
    let bank = dice.weighed(Bank::Acleda, &[(52, Bank::Acleda), (27, Bank::Canadia), (21, Bank::Wing)]);
    let status = status(&mut dice);
    let account_status =
        dice.weighed(AccountStatus::Open, &[(997, AccountStatus::Open), (2, AccountStatus::Closed), (1, AccountStatus::Blocked)]);
    let card_state = card_state(&mut dice);
    // Cards are printed from December 2022 on, for two years, and are valid for ten.
    let months = 12 + dice.below(24);
    let expiry = u16::try_from((32 + (months - 1) / 12) * 100 + (months - 1) % 12 + 1).unwrap_or(3212);
    let salary = salary(&mut dice);
    // One of four has both accounts; who is paid in one currency has that one.
    let (paid_in, both) = (salary.currency(), dice.below(4) == 0);
    let customer = Customer(customer);
    let (riel, dollars) = (dice.below(1_500_000), dice.below(400));
    let account = |currency, opening| (both || currency == paid_in).then_some(Account { bank, customer, currency, opening });
    let mut person = Person {
        index,
        id,
        name,
        born,
        agency,
        status,
        bank,
        customer,
        khr: account(Currency::KHR, riel),
        usd: account(Currency::USD, dollars),
        account_status,
        card: None,
        card_state,
        salary,
    };
    person.card = if card_state == CardState::Registered { None } else { person.card_of(expiry) };
    person
}

/// Between 1963 and 2004, on a day that every month has.
fn born(dice: &mut Dice) -> BusinessDate {
    let (year, month, day) = (1963 + dice.below(42), 1 + dice.below(12), 1 + dice.below(28));
    BusinessDate::from_civil(year.into(), month.into(), day.into()).unwrap_or_default()
}

fn status(dice: &mut Dice) -> Status {
    let shares =
        [(9950, Status::Active), (20, Status::Retired), (10, Status::Resigned), (12, Status::UnpaidLeave), (8, Status::Deceased)];
    dice.weighed(Status::Active, &shares)
}

fn card_state(dice: &mut Dice) -> CardState {
    let shares = [
        (976, CardState::Active),
        (12, CardState::Printed),
        (5, CardState::Registered),
        (3, CardState::Blocked),
        (3, CardState::Lost),
        (1, CardState::Stolen),
    ];
    dice.weighed(CardState::Active, &shares)
}

/// By grade, with 0 to 19 steps of 5,000 riel. One of twenty-five is paid in USD, in whole dollars.
fn salary(dice: &mut Dice) -> Money {
    let base = dice.weighed(520_000, &GRADES);
    let riel = base + u64::from(dice.below(20)) * 5_000;
    let in_dollars = dice.below(25) == 0;
    let (currency, major) = if in_dollars { (Currency::USD, riel / RIEL_PER_DOLLAR) } else { (Currency::KHR, riel) };
    Money::from_minor(major * 10u64.pow(currency.exponent()), currency)
}
