//! What operators write about money: fees, limits, rates, and what may be approved in a bank's stead.
//!
//! An amount is text with its currency, as people see it: "1800.00 KHR". A number of TOML would be neither exact nor in any currency.

use std::collections::BTreeMap;

use engine::{BankRules, CardLimit, Fee, Moves, Rate, Rules, StandIn};
use model::{BusinessDate, Class, Currency, Kind, Money};
use serde::Deserialize;

use super::checked::Checker;
use super::{BankSection, ConfigError};

/// `[[fee]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeSection {
    /// For what.
    pub kind: String,
    /// What the holder pays.
    pub amount: String,
    /// What the card's bank pays the acquirer.
    pub interchange: Option<String>,
}

/// `[[card_limit]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardLimitSection {
    /// Its name, for people.
    pub name: String,
    /// What counts.
    pub kinds: Vec<String>,
    /// The most that these may come to on one business date.
    pub amount: String,
    /// How many of them there may be.
    pub count: u32,
}

/// `[[rate]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateSection {
    /// The first business date it holds.
    pub from: toml::value::Date,
    /// The currency.
    pub currency: String,
    /// What one unit of it is worth.
    pub worth: String,
}

/// `[bank.stand_in]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandInSection {
    /// What.
    pub kinds: Vec<String>,
    /// The most in one transaction.
    pub floor: String,
    /// The most for one card on one business date.
    pub amount: String,
    /// How many for one card on one business date.
    pub count: u32,
}

impl Checker<'_> {
    pub(super) fn currency(&self, code: &str, place: &str) -> Result<Currency, ConfigError> {
        self.want(Currency::from_alpha(code), place, || format!("ISO 4217 has no {code:?}; write KHR or USD"))
    }

    pub(super) fn kind(&self, name: &str, place: &str) -> Result<Kind, ConfigError> {
        let known = || Kind::ALL.map(Kind::name).join(", ");
        self.want(Kind::from_name(name), place, || format!("no kind is called {name:?}; known: {}", known()))
    }

    pub(super) fn kinds(&self, names: &[String], place: &str) -> Result<Vec<Kind>, ConfigError> {
        names.iter().map(|name| self.kind(name, place)).collect()
    }

    fn some_kinds(&self, names: &[String], place: &str) -> Result<Vec<Kind>, ConfigError> {
        let kinds = self.kinds(names, place)?;
        if kinds.is_empty() { Err(self.error(place, "name at least one kind, or leave out the whole table")) } else { Ok(kinds) }
    }

    fn money(&self, text: &str, place: &str) -> Result<Money, ConfigError> {
        let money = text.parse::<Money>().map_err(|error| self.error(place, error.to_string()))?;
        self.want((money.minor() > 0).then_some(money), place, || "must be more than nothing".into())
    }

    fn count(&self, count: u32, place: &str) -> Result<u32, ConfigError> {
        self.want((count > 0).then_some(count), place, || "must be 1 or more".into())
    }

    pub(super) fn fees(&self, sections: &[FeeSection]) -> Result<Vec<Fee>, ConfigError> {
        let mut fees: Vec<Fee> = Vec::new();
        for it in sections {
            let place = |key: &str| format!("fee.{}.{key}", it.kind);
            let kind = self.kind(&it.kind, "fee.kind")?;
            if fees.iter().any(|fee| fee.kind == kind) {
                return Err(self.error(place("kind"), "this kind has a fee already; one [[fee]] a kind"));
            }
            let interchange = it.interchange.as_deref().map(|text| self.money(text, &place("interchange"))).transpose()?;
            fees.push(Fee { kind, amount: self.money(&it.amount, &place("amount"))?, interchange });
        }
        Ok(fees)
    }

    pub(super) fn limits(&self, sections: &[CardLimitSection]) -> Result<Vec<CardLimit>, ConfigError> {
        let mut limited: BTreeMap<Kind, &str> = BTreeMap::new();
        let mut limits = Vec::new();
        for it in sections {
            let place = |key: &str| format!("card_limit.{}.{key}", it.name);
            let kinds = self.some_kinds(&it.kinds, &place("kinds"))?;
            for kind in &kinds {
                if let Some(other) = limited.insert(*kind, &it.name) {
                    return Err(self.error(place("kinds"), format!("{kind} is limited by {other:?} already; one limit a kind")));
                }
            }
            let (amount, count) = (self.money(&it.amount, &place("amount"))?, self.count(it.count, &place("count"))?);
            limits.push(CardLimit { kinds, amount, count });
        }
        Ok(limits)
    }

    pub(super) fn rates(&self, sections: &[RateSection]) -> Result<Vec<Rate>, ConfigError> {
        let mut rates: Vec<Rate> = Vec::new();
        for it in sections {
            let place = |key: &str| format!("rate.{}.{key}", it.currency);
            let currency = self.currency(&it.currency, &place("currency"))?;
            let worth = self.money(&it.worth, &place("worth"))?;
            let day = BusinessDate::from_civil(it.from.year.into(), it.from.month.into(), it.from.day.into());
            let from = self.want(day, &place("from"), || format!("there is no {}", it.from))?;
            if worth.currency() == currency {
                return Err(self.error(place("worth"), "must be in another currency"));
            }
            if rates.iter().any(|other| other.currency == worth.currency() && other.worth.currency() == currency) {
                let told = format!("what {} are worth in {currency} is told already; tell it one way only", worth.currency());
                return Err(self.error(place("currency"), told));
            }
            let same = |other: &&Rate| (other.currency, other.worth.currency()) == (currency, worth.currency());
            if let Some(before) = rates.iter().rfind(same).filter(|before| before.from >= from) {
                let order =
                    format!("{from} is not after {}, from which the one above holds; write the oldest first", before.from);
                return Err(self.error(place("from"), order));
            }
            rates.push(Rate { from, currency, worth });
        }
        Ok(rates)
    }

    pub(super) fn own_terminals_only(&self, it: &BankSection, does: &[Kind]) -> Result<Vec<Kind>, ConfigError> {
        let place = format!("bank.{}.own_terminals_only", it.name);
        let kinds = self.kinds(&it.own_terminals_only, &place)?;
        self.all_done(&kinds, does, &place)?;
        Ok(kinds)
    }

    pub(super) fn stand_in(&self, it: &BankSection, does: &[Kind]) -> Result<Option<StandIn>, ConfigError> {
        let Some(section) = &it.stand_in else { return Ok(None) };
        let place = |key: &str| format!("bank.{}.stand_in.{key}", it.name);
        let kinds = self.some_kinds(&section.kinds, &place("kinds"))?;
        self.all_done(&kinds, does, &place("kinds"))?;
        if let Some(kind) = kinds.iter().find(|kind| !may_be_stood_in(**kind)) {
            let these =
                Kind::ALL.into_iter().filter(|kind| may_be_stood_in(*kind)).map(Kind::name).collect::<Vec<_>>().join(", ");
            return Err(self.error(place("kinds"), format!("{kind} needs its bank; these can be approved in its stead: {these}")));
        }
        let (floor, amount) = (self.money(&section.floor, &place("floor"))?, self.money(&section.amount, &place("amount"))?);
        if floor.currency() == amount.currency() && floor.minor() > amount.minor() {
            return Err(self.error(place("floor"), format!("one transaction may not be more than all of a day, {amount}")));
        }
        Ok(Some(StandIn { kinds, floor, amount, count: self.count(section.count, &place("count"))? }))
    }

    fn all_done(&self, kinds: &[Kind], does: &[Kind], place: &str) -> Result<(), ConfigError> {
        match kinds.iter().find(|kind| !does.contains(kind)) {
            Some(kind) => {
                Err(self.error(place, format!("{kind} is not among the bank's kinds; add it there or take it out here")))
            }
            None => Ok(()),
        }
    }

    /// Every bound can be compared with whatever it bounds: without a rate a fee would not be charged, and a limit let nothing by.
    pub(super) fn rates_lead(&self, rules: &Rules, limits: &[CardLimitSection]) -> Result<(), ConfigError> {
        for fee in &rules.fees {
            for (key, amount) in [("amount", Some(fee.amount)), ("interchange", fee.interchange)] {
                let place = format!("fee.{}.{key}", fee.kind);
                self.leads(rules, &[fee.kind], amount, &place, &rules.banks)?;
            }
        }
        for (section, limit) in limits.iter().zip(&rules.limits) {
            let place = format!("card_limit.{}.amount", section.name);
            self.leads(rules, &limit.kinds, Some(limit.amount), &place, &rules.banks)?;
        }
        for bank in &rules.banks {
            let Some(it) = &bank.stand_in else { continue };
            for (key, bound) in [("floor", it.floor), ("amount", it.amount)] {
                let place = format!("bank.{}.stand_in.{key}", bank.name);
                self.leads(rules, &it.kinds, Some(bound), &place, std::slice::from_ref(bank))?;
            }
        }
        Ok(())
    }

    fn leads(
        &self,
        rules: &Rules,
        kinds: &[Kind],
        bound: Option<Money>,
        place: &str,
        banks: &[BankRules],
    ) -> Result<(), ConfigError> {
        let Some(bound) = bound.map(Money::currency) else { return Ok(()) };
        let concerned = banks.iter().filter(|bank| kinds.iter().any(|kind| bank.kinds.contains(kind)));
        let mut used = concerned.flat_map(|bank| bank.currencies.iter().map(move |currency| (bank, *currency)));
        match used.find(|(_, currency)| !rules.converts(bound, *currency)) {
            None => Ok(()),
            Some((bank, currency)) => {
                let remedy = format!("add a [[rate]] with currency = \"{currency}\" and its worth in {bound}");
                Err(self.error(place, format!("bank {} does this in {currency}, and no rate leads there; {remedy}", bank.name)))
            }
        }
    }
}

/// Whether the switch can tell the whole of it to the bank afterwards: one step, by which an amount moves.
fn may_be_stood_in(kind: Kind) -> bool {
    engine::kind(Class::Financial, kind).is_some_and(|row| matches!(row.steps, [step] if step.moves != Moves::Nothing))
}
