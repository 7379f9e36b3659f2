//! What an assert step looks at.

use model::{Currency, Text};

use super::{LOOK_EVERY, Runner, Stop};
use crate::replay::{AccountSpec, VenueError};
use crate::scenario::values::amount;
use crate::scenario::{Action, Assert, Subject, Template};

/// An account: bank, number, currency.
pub(super) type Account = (String, Text<28>, Currency);

impl Runner<'_> {
    /// Notes what stands on the accounts of which a change will be asserted. An account that is not there yet has nothing.
    pub(super) fn note_openings(&mut self) -> Result<(), Stop> {
        for step in &self.scenario.steps {
            let Action::Assert(assert) = &step.action else { continue };
            let Subject::Ledger { bank, card, account, currency } = &assert.subject else { continue };
            if !assert.checks.iter().any(|check| check.name == "change") {
                continue;
            }
            self.line = step.line;
            // What is captured later cannot be known now, nor its change then.
            let Ok(number) = self.account_number(card.as_ref(), account.as_ref(), *currency) else { continue };
            let spec = AccountSpec { number, currency: *currency };
            let balance = match self.venue.account(bank, &spec) {
                Ok(look) => look.balance,
                Err(VenueError::Wrong(_)) => 0,
                Err(error @ (VenueError::Cannot(_) | VenueError::NoConnection(_) | VenueError::NotNow(_))) => {
                    return Err(error.into());
                }
            };
            self.opening.insert((bank.clone(), number, *currency), balance);
        }
        Ok(())
    }

    pub(super) fn assert(&mut self, assert: &Assert) -> Result<(), Stop> {
        let begun = self.now();
        let until = begun + assert.eventually.unwrap_or_default();
        loop {
            let came = self.look(assert);
            let now = self.now();
            match came {
                Err(Stop::Failed(_) | Stop::Venue(VenueError::NotNow(_))) if now < until => {
                    // What happens is looked at when it does. Else less and less often, or a month would be millions of looks.
                    let stride = LOOK_EVERY.max(now.since(begun) / 16);
                    self.next((now + stride).min(until))?;
                }
                came => return came,
            }
        }
    }

    fn look(&mut self, assert: &Assert) -> Result<(), Stop> {
        let mut values = Vec::new();
        for check in &assert.checks {
            values.push((check, self.figure(&assert.subject, &check.name)?, None));
        }
        self.all_agree("it is not as asserted", &values)
    }

    /// One figure of what is looked at, as text.
    fn figure(&mut self, subject: &Subject, figure: &str) -> Result<Option<String>, Stop> {
        let count = |count: u64| Some(count.to_string());
        Ok(match subject {
            Subject::Ledger { bank, card, account, currency } => {
                let number = self.account_number(card.as_ref(), account.as_ref(), *currency)?;
                let look = self.venue.account(bank, &AccountSpec { number, currency: *currency })?;
                let minor = match figure {
                    "held" => look.held,
                    "change" => {
                        let opening = self.opening.get(&(bank.clone(), number, *currency));
                        let unknown = "its change cannot be known: which account it is was not known when the scenario began; \
                                       name it plainly, or assert its balance";
                        look.balance - opening.ok_or_else(|| self.failed(unknown))?
                    }
                    _ => look.balance,
                };
                Some(amount(minor, *currency))
            }
            Subject::Positions { participant, currency, date } => {
                let date = match date {
                    Some(date) => *date,
                    None => self.venue.status()?.date,
                };
                let all = self.venue.positions()?;
                let of = all.iter().find(|it| it.participant == *participant && it.currency == *currency && it.date == date);
                Some(amount(of.map_or(0, |it| it.net), *currency))
            }
            Subject::Owed(None) => count(self.venue.status()?.owed),
            Subject::Owed(Some(bank)) => count(self.bank(bank)?.owed),
            Subject::DeadLetters => count(self.venue.status()?.dead_letters),
            Subject::HotCards => count(self.venue.status()?.hot_cards),
            Subject::Overruled => count(self.venue.status()?.overruled),
            Subject::Holding => count(self.venue.status()?.holding),
            Subject::Status(bank) => {
                let look = self.bank(bank)?;
                Some(if figure == "linked" { look.linked } else { look.signed_off }.to_string())
            }
            Subject::BusinessDate => Some(self.venue.status()?.date.to_string()),
            Subject::Batch(of) => self.batch_figure(*of, figure)?,
            Subject::Item(of, item) => self.item_figure(*of, *item, figure)?,
            Subject::Metric { name, labels } => self.venue.metric(name, labels)?.map(|value| value.to_string()),
        })
    }

    fn bank(&mut self, name: &str) -> Result<crate::replay::BankLook, Stop> {
        let found = self.venue.status()?.banks.into_iter().find(|bank| bank.name == name);
        Ok(found.ok_or_else(|| VenueError::Wrong(format!("the configuration has no bank {name:?}")))?)
    }

    /// The account of a card in this currency, or the one that is named.
    fn account_number(&self, card: Option<&Template>, account: Option<&Template>, currency: Currency) -> Result<Text<28>, Stop> {
        let number = match (card, account) {
            (Some(alias), _) => {
                let alias = self.fill(alias)?;
                let card = self.cast.card(&alias).map_err(|error| self.failed(&error.to_string()))?;
                card.account(currency).map(|account| account.number)
            }
            (None, Some(number)) => Text::new(self.fill(number)?.as_bytes()),
            (None, None) => None,
        };
        number.ok_or_else(|| self.failed(&format!("there is no such account in {currency}")))
    }
}
