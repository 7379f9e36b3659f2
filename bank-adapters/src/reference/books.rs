//! What a ledger knows by heart: its cards, every account's balance and what of it is held. Derived from the cast and the tables,
//! lost with the process, and read again when a transaction fails. Nothing is decided or written here.

use std::collections::HashMap;

use model::{Currency, Kind, Money, Pan, ResponseCode, Text};
use rusqlite::Connection;

use super::rows::Kept;
pub(super) use super::schema::settlement_account;
use super::{phone_account, rules};
use crate::cast::card_number;
use crate::{Balance, BankProfile, BankReply, Behaviour, Capabilities, Card, Cast, Customers, Error, Financial};

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
    accounts: HashMap<String, AccountState>,
    holds: u64,
}

struct AccountState {
    holder: Option<String>,
    currency: String,
    balance: i64,
    held: i64,
    holds: u64,
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
            accounts: HashMap::new(),
            holds: 0,
        };
        books.read_again(connection)?;
        Ok(books)
    }

    /// Forgets what the tables say and reads it again.
    pub(super) fn read_again(&mut self, connection: &Connection) -> Result<(), Error> {
        self.accounts.clear();
        let mut accounts = connection.prepare("SELECT number, holder, currency FROM accounts")?;
        let mut rows = accounts.query([])?;
        while let Some(row) = rows.next()? {
            self.open(row.get(0)?, row.get(1)?, row.get(2)?);
        }
        let mut sums = connection.prepare("SELECT account, sum(amount) FROM entries GROUP BY account")?;
        let mut rows = sums.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(account) = self.accounts.get_mut(row.get_ref(0)?.as_str().unwrap_or_default()) {
                account.balance = row.get(1)?;
            }
        }
        self.holds = 0;
        let mut sums =
            connection.prepare("SELECT account, sum(amount), count(*) FROM holds WHERE state = 'held' GROUP BY account")?;
        let mut rows = sums.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(account) = self.accounts.get_mut(row.get_ref(0)?.as_str().unwrap_or_default()) {
                (account.held, account.holds) = (row.get(1)?, row.get::<_, i64>(2)?.unsigned_abs());
                self.holds += account.holds;
            }
        }
        self.read_virtual_cards(connection)
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

    /// Whom the request is about: at an operator the phone that it names; of a salary the account that it names; else the card's
    /// account in the request's currency.
    pub(super) fn customer(&self, request: &Financial) -> Customer {
        let named = request.to_account.map(|number| number.to_string());
        if matches!(self.customers, Customers::Phones { .. }) {
            let phone = named.as_ref().filter(|number| self.customers.has_phone(number));
            let account = phone.map(|phone| phone_account(phone, request.amount.currency()));
            let opens = phone.filter(|_| account.as_ref().is_some_and(|account| !self.accounts.contains_key(account))).cloned();
            return Customer { card: None, account: account.or(named), opens, silent: false, partial: false };
        }
        let found = self.card(request.pan);
        let named = named.filter(|_| request.kind == Kind::Salary);
        let account = named.or_else(|| Some(found.as_ref()?.card.account(request.amount.currency())?.number.to_string()));
        let holder = account.as_ref().and_then(|number| self.accounts.get(number)?.holder.as_ref());
        let behind = found.as_ref().map(|found| &found.card.alias);
        let behaves = |alias: Option<&String>, as_this| alias.and_then(|alias| self.behaviours.get(alias)) == Some(&as_this);
        let silent = behaves(holder, Behaviour::Silent) || behaves(behind, Behaviour::Silent);
        let partial = behaves(holder, Behaviour::Partial);
        Customer { card: found.map(|found| found.alias().clone()), account, opens: None, silent, partial }
    }

    /// Whether this is a customer's account in this currency.
    pub(super) fn is_customers(&self, account: &str, currency: &str) -> bool {
        self.accounts.get(account).is_some_and(|account| account.holder.is_some() && account.currency == currency)
    }

    /// Takes in an account that is being opened.
    pub(super) fn open(&mut self, number: String, holder: Option<String>, currency: String) {
        let empty = AccountState { holder, currency, balance: 0, held: 0, holds: 0 };
        self.accounts.entry(number).or_insert(empty);
    }

    /// Takes an entry that is being written into the balances.
    pub(super) fn book(&mut self, account: &str, change: i64) -> Result<(), Overflow> {
        let Some(account) = self.accounts.get_mut(account) else { return Ok(()) };
        account.balance = account.balance.checked_add(change).ok_or(Overflow)?;
        Ok(())
    }

    /// Takes in a hold that is being written.
    pub(super) fn hold(&mut self, account: &str, amount: i64) -> Result<(), Overflow> {
        let Some(account) = self.accounts.get_mut(account) else { return Ok(()) };
        account.held = account.held.checked_add(amount).ok_or(Overflow)?;
        account.holds += 1;
        self.holds += 1;
        Ok(())
    }

    /// A hold of so much ends.
    pub(super) fn release(&mut self, account: &str, amount: i64) {
        let Some(account) = self.accounts.get_mut(account) else { return };
        account.held -= amount;
        account.holds = account.holds.saturating_sub(1);
        self.holds = self.holds.saturating_sub(1);
    }

    /// A hold goes on, with so much less.
    pub(super) fn lessen(&mut self, account: &str, less: i64) {
        if let Some(account) = self.accounts.get_mut(account) {
            account.held -= less;
        }
    }

    /// Whether anything is held, on this account or, without one, anywhere.
    pub(super) fn holds_any(&self, account: Option<&str>) -> bool {
        account.map_or(self.holds, |account| self.accounts.get(account).map_or(0, |it| it.holds)) > 0
    }

    /// An account's balance in minor units.
    pub(super) fn balance(&self, account: &str) -> Option<i64> {
        self.accounts.get(account).map(|account| account.balance)
    }

    /// The balance without what is held.
    pub(super) fn available(&self, account: &str) -> Option<i64> {
        self.accounts.get(account).map(|account| account.balance.saturating_sub(account.held))
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
