//! What a world charges, limits and exchanges: drawn by seed, given to the switch as its configuration, and reckoned once more
//! here, by sums of its own.

use engine::{CardLimit, Fee, Rate, StandIn};
use model::{BusinessDate, Currency, Kind, LocalDate, Money};

use crate::random::Random;

/// What card holders pay for a kind and what their bank pays the acquirer, minor units of one currency.
#[derive(Clone, Copy, Debug)]
struct Charge {
    kind: Kind,
    fee: u64,
    interchange: u64,
    currency: usize,
}

/// What a card may be used for on one date, minor units of the first currency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) amount: u64,
    pub(crate) count: u32,
}

/// What counts against a card's limit.
pub(crate) const LIMITED: [Kind; 3] = [Kind::Purchase, Kind::Withdrawal, Kind::CashBack];

/// The tariff of a world.
#[derive(Clone, Debug)]
pub(crate) struct Tariff {
    currencies: [Currency; 2],
    charges: Vec<Charge>,
    /// What a unit of the second currency is worth in minor units of the first, up to a date and behind it.
    worth: [u64; 2],
    /// From when the second worth holds.
    changes: BusinessDate,
    pub(crate) limit: Option<Limit>,
}

impl Tariff {
    pub(crate) fn draw(random: &mut Random, currencies: [Currency; 2], first_day: BusinessDate) -> Self {
        const CHARGED: [Kind; 7] =
            [Kind::Purchase, Kind::Withdrawal, Kind::CashBack, Kind::Balance, Kind::Transfer, Kind::TopUp, Kind::VirtualCard];
        let mut charges = Vec::new();
        for kind in CHARGED {
            if random.chance(400_000) {
                let currency = random.place(2);
                let most = if currency == 0 { 400_000 } else { 100 };
                let interchange = if random.chance(600_000) { random.between(1, most / 2) } else { 0 };
                charges.push(Charge { kind, fee: random.between(most / 20, most), interchange, currency });
            }
        }
        let limit = random.chance(400_000).then(|| Limit {
            amount: random.between(1_000_000_000, 20_000_000_000),
            count: u32::try_from(random.between(3, 40)).unwrap_or(3),
        });
        Self { currencies, charges, worth: [410_000, 405_000], changes: first_day.next(), limit }
    }

    /// Nobody is charged and nobody is limited.
    pub(crate) fn free(currencies: [Currency; 2]) -> Self {
        Self { currencies, charges: Vec::new(), worth: [410_000; 2], changes: BusinessDate::from_days(0), limit: None }
    }

    pub(crate) fn fees(&self) -> Vec<Fee> {
        let fee = |it: &Charge| {
            let of = |amount| Money::from_minor(amount, self.currencies[it.currency]);
            Fee { kind: it.kind, amount: of(it.fee), interchange: (it.interchange > 0).then(|| of(it.interchange)) }
        };
        self.charges.iter().map(fee).collect()
    }

    pub(crate) fn rates(&self) -> Vec<Rate> {
        let rate = |from, worth| Rate { from, currency: self.currencies[1], worth: Money::from_minor(worth, self.currencies[0]) };
        vec![rate(BusinessDate::from_days(0), self.worth[0]), rate(self.changes, self.worth[1])]
    }

    pub(crate) fn limits(&self) -> Vec<CardLimit> {
        let limit = |it: Limit| CardLimit {
            kinds: LIMITED.to_vec(),
            amount: Money::from_minor(it.amount, self.currencies[0]),
            count: it.count,
        };
        self.limit.map(limit).into_iter().collect()
    }

    /// What a bank lets the switch approve in its stead.
    pub(crate) fn stand_in(&self, random: &mut Random) -> StandIn {
        let of = |amount| Money::from_minor(amount, self.currencies[0]);
        StandIn {
            kinds: vec![Kind::Purchase, Kind::Withdrawal, Kind::CashBack, Kind::Refund],
            floor: of(random.between(50_000, 500_000_000)),
            amount: of(random.between(10_000_000, 5_000_000_000)),
            count: u32::try_from(random.between(2, 20)).unwrap_or(2),
        }
    }

    /// Fee and interchange of a kind in a currency on a date, at an acquirer that is not the card's own bank.
    pub(crate) fn charge(&self, kind: Kind, currency: usize, date: LocalDate) -> (u64, u64) {
        let Some(it) = self.charges.iter().find(|it| it.kind == kind) else { return (0, 0) };
        let here = |amount| self.exchanged(amount, it.currency, currency, date);
        (here(it.fee), here(it.interchange))
    }

    /// An amount of one currency in another, to the nearest minor unit. Each has a hundred of them to the unit.
    pub(crate) fn exchanged(&self, amount: u64, from: usize, to: usize, date: LocalDate) -> u64 {
        // A world lasts some days around a new year, which these four digits do not tell apart by themselves.
        let day = |date: LocalDate| u32::from(date.number()) + if date.number() < 600 { 10_000 } else { 0 };
        let worth = u128::from(self.worth[usize::from(day(date) >= day(self.changes.month_day()))]);
        let amount = u128::from(amount);
        let result = match (from, to) {
            (1, 0) => (amount * worth + 50) / 100,
            (0, 1) => (amount * 100 + worth / 2) / worth,
            _ => amount,
        };
        u64::try_from(result).unwrap_or(u64::MAX)
    }

    pub(crate) fn currencies(&self) -> [Currency; 2] {
        self.currencies
    }

    pub(crate) fn place(&self, currency: Currency) -> Option<usize> {
        self.currencies.iter().position(|it| *it == currency)
    }
}
