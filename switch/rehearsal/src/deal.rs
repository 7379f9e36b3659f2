//! What to ask next, drawn at random: cards of all banks that answer as they should, all their currencies, small amounts.

use std::sync::Arc;

use bank_adapters::{Behaviour, Card, CardStatus, Cast, Clock, SystemClock};
use model::{Currency, InstitutionId, Kind, Message, Money, UtcOffset};

use crate::dice::Dice;
use crate::{Error, Till};

/// An account opens with so many times the smallest amount that is asked for, so that it lasts.
const OPENING_PARTS: u64 = 100_000;

/// Who may be drawn, bank by bank.
#[derive(Clone, Debug)]
pub(crate) struct Hand {
    banks: Arc<[(InstitutionId, Vec<Card>)]>,
    kinds: Arc<[Kind]>,
}

/// One draw.
pub(crate) struct Deal<'h> {
    pub(crate) bank: InstitutionId,
    pub(crate) card: &'h Card,
    pub(crate) kind: Kind,
    pub(crate) amount: Money,
}

impl Hand {
    /// Cards of the cast in good standing, those of `spared` left out; kinds as likely as they are often there.
    pub(crate) fn of(cast: &Cast, spared: &[&str], kinds: &[Kind]) -> Result<Self, Error> {
        let today = UtcOffset::from_minutes(7 * 60).map(|local| local.date(SystemClock::start().now())).unwrap_or_default();
        let suits = |card: &Card| {
            let sound = card.status == CardStatus::Normal && card.behaviour == Behaviour::Prompt && !card.is_expired(today);
            sound && !card.accounts.is_empty() && !spared.contains(&card.alias.as_str())
        };
        let banks = cast.banks().iter().map(|bank| {
            let cards: Vec<_> = cast.cards_of(&bank.name).filter(|card| suits(card)).cloned().collect();
            (bank.institution, cards)
        });
        let banks: Arc<[_]> = banks.filter(|(_, cards)| !cards.is_empty()).collect();
        if banks.is_empty() || kinds.is_empty() {
            return Err(Error::Unsuitable("no bank has a card in good standing to ask for, or nothing is to be asked"));
        }
        Ok(Self { banks, kinds: kinds.into() })
    }

    /// These cards whatever their standing, each as likely as it is often there.
    pub(crate) fn named(cast: &Cast, aliases: &[&str], kinds: &[Kind]) -> Result<Self, Error> {
        let banks = aliases.iter().map(|alias| {
            let card = cast.card(alias)?;
            Ok((cast.bank(&card.bank)?.institution, vec![card.clone()]))
        });
        let banks: Arc<[_]> = banks.collect::<Result<Vec<_>, Error>>()?.into();
        if banks.is_empty() || kinds.is_empty() {
            return Err(Error::Unsuitable("nobody is named, or nothing is to be asked"));
        }
        Ok(Self { banks, kinds: kinds.into() })
    }

    /// The same cards asking for something else.
    pub(crate) fn asking(&self, kind: Kind) -> Self {
        Self { banks: Arc::clone(&self.banks), kinds: [kind].into() }
    }

    /// Those who have an account in this currency.
    pub(crate) fn holding(&self, currency: Currency) -> Result<Self, Error> {
        let holders = |cards: &[Card]| cards.iter().filter(|card| card.account(currency).is_some()).cloned().collect();
        let banks = self.banks.iter().map(|(bank, cards)| (*bank, holders(cards)));
        let banks: Arc<[_]> = banks.filter(|(_, cards): &(_, Vec<_>)| !cards.is_empty()).collect();
        if banks.is_empty() {
            return Err(Error::Unsuitable("no card has an account in the amount's currency"));
        }
        Ok(Self { banks, kinds: Arc::clone(&self.kinds) })
    }

    pub(crate) fn draw(&self, dice: &mut Dice) -> Option<Deal<'_>> {
        let (bank, cards) = dice.pick(&self.banks)?;
        let card = dice.pick(cards)?;
        let account = dice.pick(&card.accounts)?;
        let smallest = (account.opening.minor() / OPENING_PARTS).max(1);
        let amount = Money::from_minor(smallest * (1 + dice.below(20)), account.currency());
        Some(Deal { bank: *bank, card, kind: *dice.pick(&self.kinds)?, amount })
    }
}

impl Deal<'_> {
    /// As this till asks it.
    pub(crate) fn message(&self, till: &Till) -> Message<'static> {
        match self.card.account(self.amount.currency()).filter(|_| self.kind == Kind::Salary) {
            Some(account) => till.salary(self.bank, account.number, self.amount),
            None => till.request(self.kind, self.card, self.amount),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn cards_of_all_banks_are_drawn_in_both_currencies_and_none_that_would_be_refused() {
        let hand = Hand::of(&Cast::builtin(), &["thida"], &Kind::ALL).unwrap();
        let mut dice = Dice::drawn(Some(1));
        let draws: Vec<_> = (0..500).filter_map(|_| hand.draw(&mut dice)).collect();
        let aliases: BTreeSet<_> = draws.iter().map(|deal| deal.card.alias.as_str()).collect();
        assert_eq!(aliases.into_iter().collect::<Vec<_>>(), ["bopha", "chan", "dara", "rithy", "sophea", "vanna"]);
        assert_eq!(draws.iter().map(|deal| deal.amount.currency()).collect::<BTreeSet<_>>().len(), 2);
        assert_eq!(draws.iter().map(|deal| deal.kind).collect::<BTreeSet<_>>().len(), Kind::ALL.len());
        assert!(draws.iter().all(|deal| deal.amount.minor() > 0));
    }

    #[test]
    fn where_nobody_is_left_one_is_told() {
        let cast = Cast::builtin();
        let all: Vec<_> = cast.cards().iter().map(|card| card.alias.as_str()).collect();
        assert!(matches!(Hand::of(&cast, &all, &Kind::ALL), Err(Error::Unsuitable(_))));
    }
}
