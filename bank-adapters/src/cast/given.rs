//! A card that is in no cast: somebody types its number.

use model::Pan;

use super::file::day_after;
use super::{Behaviour, Card, CardStatus, Cast, Customers};

impl Cast {
    /// A card with this number, of the bank whose prefix it has, good through this month (YYMM); without accounts, for only its bank
    /// knows them. `None` where no bank has the prefix, or there is no such month.
    #[must_use]
    pub fn given(&self, pan: Pan, expiry: u16) -> Option<Card> {
        let issued = |prefix: u32| pan.prefix(6) == Some(u64::from(prefix));
        let bank = self.banks.iter().find(|bank| match &bank.customers {
            Customers::Cards { prefix, virtual_prefix } => issued(*prefix) || virtual_prefix.is_some_and(issued),
            Customers::Phones { .. } => false,
        })?;
        Some(Card {
            alias: "given".to_owned(),
            pan,
            bank: bank.name.clone(),
            expiry,
            status: CardStatus::Normal,
            behaviour: Behaviour::Prompt,
            accounts: Vec::new(),
            expires_on: day_after(expiry)?,
        })
    }
}
