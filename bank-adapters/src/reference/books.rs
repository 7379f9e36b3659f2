//! What a ledger knows by heart: its cards, and every account's balance. Derived from the cast and the entries, lost with the
//! process, and read again when a transaction fails. Here it is decided what a request does; nothing is written here.

use std::collections::HashMap;

use model::{BusinessDate, Kind, Money, Pan, ResponseCode, Timestamp, UtcOffset};
use rusqlite::Connection;

use super::schema::settlement_account;
use crate::{Behaviour, Card, CardStatus, Cast, Error, Financial};

/// Phnom Penh: a card's last month ends by the clock there.
const LOCAL_MINUTES: i16 = 7 * 60;
/// No request takes a balance beyond this, on either side, so that a reversal, which is never declined, has room left.
const BALANCE_MAX: i64 = i64::MAX / 2;

pub(super) struct Books {
    cards: HashMap<Pan, Card>,
    /// Which cards' answers are lost, by alias.
    silent: Vec<String>,
    accounts: HashMap<String, AccountState>,
}

struct AccountState {
    holder: Option<String>,
    currency: String,
    balance: i64,
}

/// Whom a request is about, as far as that can be told.
pub(super) struct Customer {
    /// The card's alias.
    pub card: Option<String>,
    /// The account, known or not: what was asked for.
    pub account: Option<String>,
    /// Whether the first answer is lost.
    pub silent: bool,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing, for this reason.
    Decline(ResponseCode),
    /// Changes the customer's balance by so much.
    Post(i64),
    /// Tells this balance.
    Tell(i64),
}

/// An addition that i64 cannot hold; only a reversal on a balance beyond all reason can ask for it.
#[derive(Debug)]
pub(super) struct Overflow;

impl Books {
    /// Reads the balances; the cards are those that `bank` issued.
    pub(super) fn read(connection: &Connection, cast: &Cast, bank: &str) -> Result<Self, Error> {
        let silent = cast.cards_of(bank).filter(|card| card.behaviour == Behaviour::Silent);
        let mut books = Self {
            silent: silent.map(|card| card.alias.clone()).collect(),
            cards: cast.cards_of(bank).map(|card| (card.pan, card.clone())).collect(),
            accounts: HashMap::new(),
        };
        books.read_balances(connection)?;
        Ok(books)
    }

    /// Forgets the balances and reads them again.
    pub(super) fn read_balances(&mut self, connection: &Connection) -> Result<(), Error> {
        self.accounts.clear();
        let mut accounts = connection.prepare("SELECT number, holder, currency FROM accounts")?;
        let mut rows = accounts.query([])?;
        while let Some(row) = rows.next()? {
            let state = AccountState { holder: row.get(1)?, currency: row.get(2)?, balance: 0 };
            self.accounts.insert(row.get(0)?, state);
        }
        let mut sums = connection.prepare("SELECT account, sum(amount) FROM entries GROUP BY account")?;
        let mut rows = sums.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(account) = self.accounts.get_mut(row.get_ref(0)?.as_str().unwrap_or_default()) {
                account.balance = row.get(1)?;
            }
        }
        Ok(())
    }

    /// Whom the request is about: of a salary the account that it names, else the card's account in the request's currency.
    pub(super) fn customer(&self, request: &Financial) -> Customer {
        let card = request.pan.and_then(|pan| self.cards.get(&pan));
        let named = request.to_account.filter(|_| request.kind == Kind::Salary).map(|number| number.to_string());
        let account = named.or_else(|| Some(card?.account(request.amount.currency())?.number.to_string()));
        let holder = account.as_ref().and_then(|number| self.accounts.get(number)?.holder.as_ref());
        let alias = card.map(|card| &card.alias);
        let silent = [holder, alias].into_iter().flatten().any(|alias| self.silent.contains(alias));
        Customer { card: alias.cloned(), account, silent }
    }

    /// Decides by the rules that the module `reference` lists.
    pub(super) fn decide(&self, request: &Financial, customer: &Customer, now: Timestamp) -> Decision {
        match self.decided(request, customer, now) {
            Ok(decision) => decision,
            Err(code) => Decision::Decline(code),
        }
    }

    fn decided(&self, request: &Financial, customer: &Customer, now: Timestamp) -> Result<Decision, ResponseCode> {
        let amount = match request.amount.minor() {
            _ if request.kind == Kind::Balance => 0,
            minor @ 1..=Money::MINOR_MAX => i64::try_from(minor).map_err(|_| ResponseCode::INVALID_AMOUNT)?,
            _ => return Err(ResponseCode::INVALID_AMOUNT),
        };
        if request.kind == Kind::Salary {
            // Whatever became of the card: a salary pays the account. Only a card that is all there is must exist.
            if request.to_account.is_none() && customer.card.is_none() {
                return Err(ResponseCode::UNKNOWN_CARD);
            }
        } else {
            let card = request.pan.and_then(|pan| self.cards.get(&pan));
            may_be_used(card.ok_or(ResponseCode::UNKNOWN_CARD)?, local_date(now))?;
        }
        let account = customer.account.as_ref().and_then(|number| self.accounts.get(number));
        let currency = request.amount.currency();
        let account = account.filter(|account| account.holder.is_some() && account.currency == currency.alpha());
        let balance = account.ok_or(ResponseCode::NO_SUCH_ACCOUNT)?.balance;
        let change = match request.kind {
            Kind::Balance => return Ok(Decision::Tell(balance)),
            Kind::CashBack | Kind::MiniStatement | Kind::Transfer | Kind::VirtualCard | Kind::PinChange | Kind::TopUp => {
                return Err(ResponseCode::NOT_SUPPORTED);
            }
            Kind::Purchase | Kind::Withdrawal if balance < amount => return Err(ResponseCode::NOT_SUFFICIENT_FUNDS),
            Kind::Purchase | Kind::Withdrawal => -amount,
            Kind::Refund | Kind::Deposit | Kind::Salary => amount,
        };
        let settlement = self.accounts.get(&settlement_account(currency.alpha())).map_or(0, |account| account.balance);
        let fits = |balance: i64, change: i64| balance.checked_add(change).is_some_and(|sum| sum.abs() <= BALANCE_MAX);
        if fits(balance, change) && fits(settlement, -change) {
            Ok(Decision::Post(change))
        } else {
            Err(ResponseCode::MALFUNCTION)
        }
    }

    /// Takes an entry that is being written into the balances.
    pub(super) fn book(&mut self, account: &str, change: i64) -> Result<(), Overflow> {
        let Some(account) = self.accounts.get_mut(account) else { return Ok(()) };
        account.balance = account.balance.checked_add(change).ok_or(Overflow)?;
        Ok(())
    }

    /// An account's balance in minor units.
    pub(super) fn balance(&self, account: &str) -> Option<i64> {
        self.accounts.get(account).map(|account| account.balance)
    }
}

/// Which card may be used at all (DE39).
fn may_be_used(card: &Card, today: BusinessDate) -> Result<(), ResponseCode> {
    match card.status {
        CardStatus::Lost => Err(ResponseCode::LOST_CARD),
        CardStatus::Stolen => Err(ResponseCode::STOLEN_CARD),
        CardStatus::Restricted => Err(ResponseCode::RESTRICTED_CARD),
        CardStatus::Normal if card.is_expired(today) => Err(ResponseCode::EXPIRED_CARD),
        CardStatus::Normal => Ok(()),
    }
}

fn local_date(now: Timestamp) -> BusinessDate {
    UtcOffset::from_minutes(LOCAL_MINUTES).map_or(BusinessDate::default(), |local| local.date(now))
}
