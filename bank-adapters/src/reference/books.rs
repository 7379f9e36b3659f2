//! What a ledger knows by heart: its cards, every account's balance and what of it is held. Derived from the cast and the tables,
//! lost with the process, and read again when a transaction fails. Nothing is decided or written here.

use std::collections::HashMap;
use std::num::NonZeroI64;

use model::{Currency, Kind, Money, Pan, ResponseCode, Text};
use rusqlite::Connection;

use super::accounts::{AccountState, Accounts, Number, Place};
use super::rows::Kept;
use super::schema::settlement_account;
use super::{phone_account, rules};
use crate::cast::card_number;
use crate::{AccountStatus, Balance, BankProfile, BankReply, Behaviour, Capabilities, Card, Cast, Customers, Error, Financial};

pub(super) struct Books {
    customers: Customers,
    capabilities: Capabilities,
    cards: HashMap<Pan, Card>,
    numbers: HashMap<String, Pan>,
    virtual_cards: HashMap<Pan, VirtualCard>,
    /// Serial number of the newest virtual card.
    serial: u64,
    /// How the bank answers for cards that it does not answer for as it should, by alias.
    behaviours: HashMap<String, Behaviour>,
    accounts: Accounts,
    /// The settlement account of each currency.
    settlements: Vec<(Currency, Place)>,
    holds: u64,
    /// The `id` of the newest entry.
    entries: i64,
}

/// A virtual card by its number.
pub(super) struct VirtualCard {
    alias: String,
    funding: Pan,
    /// Its issue was taken back.
    pub withdrawn: bool,
}

/// A card that the bank knows: one of the cast, or a virtual card with the one that funds it.
pub(super) struct CardFound<'b> {
    pub card: &'b Card,
    pub virtual_card: Option<&'b VirtualCard>,
}

impl CardFound<'_> {
    fn alias(&self) -> &String {
        self.virtual_card.map_or(&self.card.alias, |it| &it.alias)
    }
}

/// Whom a request is about, as far as that can be told.
pub(super) struct Customer {
    /// The card's alias.
    pub card: Option<String>,
    /// The account, known or not: what was asked for.
    pub account: Option<String>,
    /// Where it is known, whoever's it is.
    pub place: Option<Place>,
    /// The phone whose account this would be, where it has none yet.
    pub opens: Option<String>,
    /// Whether the first answer is lost.
    pub silent: bool,
    /// Whether the account's bank does in part what it cannot do whole.
    pub partial: bool,
}

/// A sum that i64 cannot hold; only a reversal on a balance beyond all reason can ask for it.
#[derive(Debug)]
pub(super) struct Overflow;

impl Books {
    /// Reads the tables; the cards are those that the bank issued.
    pub(super) fn read(connection: &Connection, cast: &Cast, bank: &BankProfile) -> Result<Self, Error> {
        let cards = || cast.cards_of(&bank.name);
        let mut books = Self {
            capabilities: rules::capabilities(&bank.customers),
            customers: bank.customers.clone(),
            behaviours: cards()
                .filter(|card| card.behaviour != Behaviour::Prompt)
                .map(|card| (card.alias.clone(), card.behaviour))
                .collect(),
            numbers: cards().map(|card| (card.alias.clone(), card.pan)).collect(),
            cards: cards().map(|card| (card.pan, card.clone())).collect(),
            virtual_cards: HashMap::new(),
            serial: 0,
            accounts: Accounts::default(),
            settlements: Vec::new(),
            holds: 0,
            entries: 0,
        };
        books.read_again(connection)?;
        Ok(books)
    }

    /// Forgets what the tables say and reads it again.
    pub(super) fn read_again(&mut self, connection: &Connection) -> Result<(), Error> {
        self.accounts.clear();
        self.settlements.clear();
        self.read_accounts(connection)?;
        self.read_entries(connection)?;
        self.holds = 0;
        let mut sums =
            connection.prepare("SELECT account, sum(amount), count(*) FROM holds WHERE state = 'held' GROUP BY account")?;
        let mut rows = sums.query([])?;
        while let Some(row) = rows.next()? {
            let account = Place::of_id(row.get(0)?).and_then(|place| self.accounts.get_mut(place));
            let account = account.ok_or(Error::LedgerDamaged("a hold is on an account that is not there"))?;
            (account.held, account.holds) = (row.get(1)?, row.get(2)?);
            self.holds += u64::from(account.holds);
        }
        self.read_virtual_cards(connection)
    }

    fn read_accounts(&mut self, connection: &Connection) -> Result<(), Error> {
        let mut accounts =
            connection.prepare("SELECT id, number, holder, currency, status, kind = 'customer' FROM accounts ORDER BY id")?;
        let mut rows = accounts.query([])?;
        while let Some(row) = rows.next()? {
            let number = Text::new(row.get_ref(1)?.as_str().unwrap_or_default().as_bytes());
            let currency = Currency::from_alpha(row.get_ref(3)?.as_str().unwrap_or_default());
            let status = AccountStatus::from_name(row.get_ref(4)?.as_str().unwrap_or_default());
            let (Some(number), Some(currency), Some(status)) = (number, currency, status) else {
                return Err(Error::LedgerDamaged("an account has a number, a currency and a status that are some"));
            };
            let place = self.open(number, row.get_ref(2)?.as_str().unwrap_or_default(), currency, row.get(5)?);
            if place.map(Place::id) != Some(row.get(0)?) {
                return Err(Error::LedgerDamaged("accounts are numbered from 1 on, without a gap"));
            }
            place.and_then(|place| self.accounts.get_mut(place)).into_iter().for_each(|account| account.status = status);
        }
        Ok(())
    }

    /// Balances are sums of entries.
    fn read_entries(&mut self, connection: &Connection) -> Result<(), Error> {
        self.entries = 0;
        let mut entries = connection.prepare("SELECT id, account, amount FROM entries ORDER BY id")?;
        let mut rows = entries.query([])?;
        while let Some(row) = rows.next()? {
            let place = Place::of_id(row.get(1)?).filter(|place| self.accounts.get(*place).is_some());
            let place = place.ok_or(Error::LedgerDamaged("an entry is on an account that is not there"))?;
            // The entry's own `id` is the next, where none is missing before it.
            self.entries = row.get::<_, i64>(0)?.saturating_sub(1);
            let booked = self.book(place, row.get(2)?);
            booked.map_err(|Overflow| Error::BalanceOverflow { account: self.number(place) })?;
        }
        Ok(())
    }

    fn read_virtual_cards(&mut self, connection: &Connection) -> Result<(), Error> {
        self.virtual_cards.clear();
        self.serial = 0;
        let mut cards = connection.prepare("SELECT serial, card, state = 'withdrawn' FROM virtual_cards")?;
        let mut rows = cards.query([])?;
        while let Some(row) = rows.next()? {
            let serial = row.get::<_, i64>(0)?.unsigned_abs();
            self.issue(serial, row.get_ref(1)?.as_str().unwrap_or_default());
            if row.get(2)? {
                self.withdraw(serial);
            }
        }
        Ok(())
    }

    pub(super) fn customers(&self) -> &Customers {
        &self.customers
    }

    pub(super) fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The card with this number, virtual or not.
    pub(super) fn card(&self, pan: Option<Pan>) -> Option<CardFound<'_>> {
        let pan = pan?;
        let virtual_card = self.virtual_cards.get(&pan);
        let card = self.cards.get(&virtual_card.map_or(pan, |it| it.funding))?;
        Some(CardFound { card, virtual_card })
    }

    /// Whom the request is about: at an operator the phone that it names; of a salary, a funding or a recall the account that it names;
    /// else the card's account in the request's currency.
    pub(super) fn customer(&self, request: &Financial) -> Customer {
        if matches!(self.customers, Customers::Phones { .. }) {
            return self.phone(request);
        }
        let found = self.card(request.pan);
        let named = match request.kind {
            Kind::Salary => request.to_account,
            Kind::Funding | Kind::Recall => request.from_account,
            _ => None,
        };
        let of_card = || Some(found.as_ref()?.card.account(request.amount.currency())?.number);
        let account = named.or_else(|| if request.kind.is_of_switch() { None } else { of_card() });
        let place = account.and_then(|number| self.accounts.find(number.trimmed()));
        let holders = place.and_then(|place| self.accounts.get(place)).map(|account| account.behaviour);
        let cards = found.as_ref().and_then(|found| self.behaviours.get(&found.card.alias)).copied();
        let silent = [holders, cards].contains(&Some(Behaviour::Silent));
        let (card, account) = (found.map(|found| found.alias().clone()), account.map(|number| number.to_string()));
        Customer { card, account, place, opens: None, silent, partial: holders == Some(Behaviour::Partial) }
    }

    fn phone(&self, request: &Financial) -> Customer {
        let named = request.to_account.map(|number| number.to_string());
        let phone = named.as_ref().filter(|number| self.customers.has_phone(number));
        let account = phone.map(|phone| phone_account(phone, request.amount.currency()));
        let place = account.as_ref().and_then(|account| self.find(account));
        let opens = phone.filter(|_| place.is_none()).cloned();
        Customer { card: None, account: account.or(named), place, opens, silent: false, partial: false }
    }

    /// The account with this number.
    pub(super) fn find(&self, number: &str) -> Option<Place> {
        self.accounts.find(number.as_bytes())
    }

    /// What is known of an account.
    pub(super) fn account(&self, place: Place) -> Option<&AccountState> {
        self.accounts.get(place)
    }

    fn number(&self, place: Place) -> String {
        self.account(place).map(|account| account.number.to_string()).unwrap_or_default()
    }

    /// The account that stands for the switch in a currency; `None` where no customer of the bank has any of it.
    pub(super) fn settlement(&self, currency: Currency) -> Option<Place> {
        self.settlements.iter().find(|(known, _)| *known == currency).map(|(_, place)| *place)
    }

    /// Takes in the account that was opened last; `None` where it is there already.
    pub(super) fn open(&mut self, number: Number, holder: &str, currency: Currency, is_customers: bool) -> Option<Place> {
        let settles = !is_customers && number.as_bytes() == settlement_account(currency).as_bytes();
        let behaviour = self.behaviours.get(holder).copied().unwrap_or_default();
        let place = self.accounts.add(AccountState { behaviour, ..AccountState::empty(number, currency, is_customers) })?;
        if settles {
            self.settlements.push((currency, place));
        }
        Some(place)
    }

    /// Takes an entry that is being written into the balances, and returns its `id` and that of the account's entry before it.
    pub(super) fn book(&mut self, place: Place, change: i64) -> Result<(i64, Option<i64>), Overflow> {
        let id = self.entries + 1;
        let account = self.accounts.get_mut(place).ok_or(Overflow)?;
        account.balance = account.balance.checked_add(change).ok_or(Overflow)?;
        let previous = std::mem::replace(&mut account.newest, NonZeroI64::new(id));
        self.entries = id;
        Ok((id, previous.map(NonZeroI64::get)))
    }

    /// Takes in a hold that is being written.
    pub(super) fn hold(&mut self, place: Place, amount: i64) -> Result<(), Overflow> {
        let account = self.accounts.get_mut(place).ok_or(Overflow)?;
        account.held = account.held.checked_add(amount).ok_or(Overflow)?;
        account.holds += 1;
        self.holds += 1;
        Ok(())
    }

    /// A hold of so much ends.
    pub(super) fn release(&mut self, place: Place, amount: i64) {
        let Some(account) = self.accounts.get_mut(place) else { return };
        account.held -= amount;
        account.holds = account.holds.saturating_sub(1);
        self.holds = self.holds.saturating_sub(1);
    }

    /// A hold goes on, with so much less.
    pub(super) fn lessen(&mut self, place: Place, less: i64) {
        if let Some(account) = self.accounts.get_mut(place) {
            account.held -= less;
        }
    }

    /// Whether anything is held, on this account or, without one, anywhere.
    pub(super) fn holds_any(&self, place: Option<Place>) -> bool {
        match place {
            Some(place) => self.account(place).is_some_and(|account| account.holds > 0),
            None => self.holds > 0,
        }
    }

    /// An account's balance in minor units.
    pub(super) fn balance(&self, place: Place) -> Option<i64> {
        self.account(place).map(|account| account.balance)
    }

    /// The balance without what is held.
    pub(super) fn available(&self, place: Place) -> Option<i64> {
        self.account(place).map(|account| account.balance.saturating_sub(account.held))
    }

    /// Serial and number of the next virtual card; `None` where the bank issues none, or none any more.
    pub(super) fn next_issued(&self) -> Option<(u64, Pan)> {
        let serial = self.serial + 1;
        Some((serial, self.issued_number(serial)?))
    }

    fn issued_number(&self, serial: u64) -> Option<Pan> {
        let Customers::Cards { virtual_prefix: Some(prefix), .. } = self.customers else { return None };
        card_number(prefix, serial)
    }

    /// Takes in a virtual card that is being issued to the holder of this card.
    pub(super) fn issue(&mut self, serial: u64, card: &str) {
        self.serial = self.serial.max(serial);
        if let Some((number, funding)) = self.issued_number(serial).zip(self.numbers.get(card).copied()) {
            self.virtual_cards.insert(number, VirtualCard { alias: format!("{card}-v{serial}"), funding, withdrawn: false });
        }
    }

    /// The virtual card with this serial number is no longer good.
    pub(super) fn withdraw(&mut self, serial: u64) {
        let number = self.issued_number(serial);
        if let Some(card) = number.and_then(|number| self.virtual_cards.get_mut(&number)) {
            card.withdrawn = true;
        }
    }

    /// An answer from what is kept of it: the first one and every later one are made here.
    pub(super) fn reply(&self, kept: &Kept<'_>, kind: Option<Kind>, currency: Option<Currency>) -> BankReply {
        let mut reply = BankReply::of(kept.code);
        reply.authorization = kept.authorization.and_then(|text| Text::new(text.as_bytes()));
        let in_part = currency.filter(|_| kept.code == ResponseCode::PARTIALLY_APPROVED);
        reply.amount = in_part.map(|currency| Money::from_minor(kept.stands.unsigned_abs(), currency));
        let Some(told) = kept.told else { return reply };
        match kind {
            Some(Kind::Balance) => reply.balances = Balance::parse(told.as_bytes()).unwrap_or_default(),
            Some(Kind::MiniStatement) => reply.text = Some(told.to_owned()),
            Some(Kind::VirtualCard) => reply.issued = told.parse().ok().and_then(|serial| self.issued_number(serial)),
            _ => {}
        }
        reply
    }
}
