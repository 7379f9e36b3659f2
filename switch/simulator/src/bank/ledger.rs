//! A bank's books, in memory: accounts, and one operation for every identity that the switch ever used.
//!
//! A second implementation of the contract between switch and banks, written from its words alone. What is in here has been
//! committed: a restart of the bank loses none of it.

use std::collections::VecDeque;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use model::{Class, Currency, InstitutionId, Kind, LocalDate, OriginalData, Pan, ResponseCode, Rrn, TransmissionTime};

use super::wanted::Wanted;
use crate::queue::Moment;

/// By what an operation is known: DE7, DE11, DE32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) transmitted: u32,
    pub(crate) stan: u32,
    pub(crate) acquirer: u64,
}

impl Identity {
    /// What DE90 names.
    fn named(it: OriginalData) -> Self {
        Self {
            transmitted: it.transmitted.map_or(0, TransmissionTime::number),
            stan: it.stan.number(),
            acquirer: it.acquirer.map_or(0, InstitutionId::number),
        }
    }
}

/// What an operation has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Approved; money has moved where the kind moves any.
    Approved,
    /// Declined: nothing moved.
    Declined,
    /// Undone, down to what stands.
    Reversed,
    /// A reversal came for what never did.
    Tombstone,
    /// An amount is held.
    Held,
    /// A hold has ended, by completion, reversal or its age.
    Ended,
}

/// Which way money goes at the holder's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Debit,
    Credit,
    Neither,
}

/// One operation.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// DE37, and whether a payroll asked: no terminal did.
    pub(crate) rrn: Option<Rrn>,
    pub(crate) of_payroll: bool,
    /// The transaction's number in this world, from DE37.
    pub(crate) number: Option<u32>,
    pub(crate) kind: Option<Kind>,
    pub(crate) side: Side,
    pub(crate) account: Option<usize>,
    /// DE32 and DE15.
    pub(crate) acquirer: u64,
    pub(crate) date: Option<LocalDate>,
    /// Whether it was to hold an amount.
    pub(crate) held: bool,
    pub(crate) asked: u64,
    /// What moved at first, and what of it stands.
    pub(crate) granted: u64,
    pub(crate) stands: u64,
    pub(crate) fee: u64,
    pub(crate) fee_stands: u64,
    pub(crate) state: State,
    pub(crate) code: ResponseCode,
    pub(crate) issued: Option<Pan>,
    /// How often it was undone or, of a hold, ended.
    pub(crate) endings: u32,
}

/// An account of one currency.
#[derive(Clone, Copy, Debug)]
struct Account {
    balance: i64,
    held: i64,
}

/// A card's standing at its bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CardState {
    Normal,
    Lost,
    Stolen,
    Restricted,
}

/// What a bank says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub(crate) code: ResponseCode,
    /// DE4, where it is less than was asked.
    pub(crate) amount: Option<u64>,
    /// The operation that it tells of.
    pub(crate) operation: Option<usize>,
}

impl Said {
    fn no(code: ResponseCode) -> Self {
        Self { code, amount: None, operation: None }
    }
}

/// The books.
#[derive(Debug)]
pub(crate) struct Ledger {
    currencies: [Currency; 2],
    /// Two for each card, by currency.
    accounts: Vec<Account>,
    cards: Vec<CardState>,
    issued: HashMap<u64, usize, FixedState>,
    prefix: u64,
    pub(crate) operations: Vec<Operation>,
    by_identity: HashMap<Identity, usize, FixedState>,
    /// The switch's side of everything, by currency.
    pub(crate) settlement: [i64; 2],
    /// Approves a part where the whole cannot be had.
    approves_parts: bool,
    /// Now and then credits less than it was asked to, and says so.
    cuts_credits: bool,
    /// After which a hold is free again by itself.
    pub(crate) hold_life: Moment,
    /// Holds by when they expire; those that have ended before are still in it.
    holds: VecDeque<(Moment, usize)>,
}

impl Ledger {
    pub(crate) fn new(
        prefix: u64,
        currencies: [Currency; 2],
        cards: Vec<(CardState, [i64; 2])>,
        approves_parts: bool,
        cuts_credits: bool,
    ) -> Self {
        let accounts = cards.iter().flat_map(|(_, open)| open.map(|balance| Account { balance, held: 0 })).collect();
        Self {
            currencies,
            accounts,
            cards: cards.into_iter().map(|(state, _)| state).collect(),
            issued: HashMap::with_hasher(FixedState::with_seed(3)),
            prefix,
            operations: Vec::new(),
            by_identity: HashMap::with_hasher(FixedState::with_seed(4)),
            settlement: [0; 2],
            approves_parts,
            cuts_credits,
            hold_life: 0,
            holds: VecDeque::new(),
        }
    }

    /// What the books hold for a card in a currency.
    pub(crate) fn balance(&self, card: usize, currency: usize) -> i64 {
        self.accounts.get(card * 2 + currency).map_or(0, |it| it.balance)
    }

    /// Posts one message; the same identity again gets the same answer and moves nothing.
    pub(crate) fn post(&mut self, wanted: &Wanted, now: Moment) -> Said {
        self.expire(now);
        match (wanted.mti.class(), wanted.mti.is_advice()) {
            (Some(Class::Reversal), _) => self.reverse(wanted),
            (Some(Class::Financial | Class::Authorization), _) => self.financial(wanted, now),
            _ => Said::no(ResponseCode::INVALID_TRANSACTION),
        }
    }

    fn financial(&mut self, wanted: &Wanted, now: Moment) -> Said {
        if let Some(place) = self.by_identity.get(&wanted.identity) {
            return self.again(*place, wanted);
        }
        let advice = wanted.mti.is_advice();
        let side = side_of(wanted.kind, wanted.pan.is_some());
        let decided = self.decide(wanted, side, advice);
        let (code, account, granted) = match decided {
            Ok((account, granted)) if granted < wanted.amount => (ResponseCode::PARTIALLY_APPROVED, account, granted),
            Ok((account, granted)) => (ResponseCode::APPROVED, account, granted),
            Err(code) => (code, None, 0),
        };
        let approved = code.approves();
        let holds = wanted.mti.class() == Some(Class::Authorization);
        let state = match (approved, holds) {
            (false, _) => State::Declined,
            (true, true) => State::Held,
            (true, false) => State::Approved,
        };
        let fee = if approved { wanted.fee } else { 0 };
        let moved = if side == Side::Neither { 0 } else { granted };
        if let Some(account) = account.filter(|_| approved) {
            if holds {
                self.hold(account, moved + fee);
            } else {
                if let Some(place) = wanted.original.and_then(|named| self.find(named)) {
                    self.end_hold(place);
                }
                self.move_money(account, side, moved, fee);
            }
        }
        let issued = (approved && wanted.kind == Some(Kind::VirtualCard)).then(|| self.issue(account)).flatten();
        let place = self.operations.len();
        self.operations.push(Operation {
            rrn: wanted.rrn,
            of_payroll: wanted.is_of_payroll(),
            number: wanted.number,
            kind: wanted.kind,
            side,
            account,
            acquirer: wanted.identity.acquirer,
            date: wanted.date,
            held: holds,
            asked: wanted.amount,
            granted: moved,
            stands: if holds { 0 } else { moved },
            fee,
            fee_stands: if holds { 0 } else { fee },
            state,
            code,
            issued,
            endings: 0,
        });
        if state == State::Held {
            self.holds.push_back((now + self.hold_life, place));
        }
        self.by_identity.insert(wanted.identity, place);
        self.told(place)
    }

    fn told(&self, place: usize) -> Said {
        let Some(it) = self.operations.get(place) else { return Said::no(ResponseCode::MALFUNCTION) };
        let amount = (it.code == ResponseCode::PARTIALLY_APPROVED).then_some(it.granted);
        Said { code: it.code, amount, operation: Some(place) }
    }

    fn again(&self, place: usize, wanted: &Wanted) -> Said {
        match self.operations.get(place) {
            Some(it) if it.state == State::Tombstone => Said::no(ResponseCode::DUPLICATE),
            Some(it) if it.asked == wanted.amount && it.kind == wanted.kind && it.number == wanted.number => self.told(place),
            _ => Said::no(ResponseCode::DUPLICATE),
        }
    }

    /// The account, and how much of what is asked can be had there.
    fn decide(&self, wanted: &Wanted, side: Side, advice: bool) -> Result<(Option<usize>, u64), ResponseCode> {
        let currency = self.currencies.iter().position(|it| Some(*it) == wanted.currency);
        let currency = currency.ok_or(ResponseCode::NO_SUCH_ACCOUNT)?;
        let by_account = matches!(wanted.kind, Some(Kind::Salary)) || (wanted.kind == Some(Kind::TopUp) && wanted.pan.is_none());
        let named = match wanted.kind {
            Some(Kind::Funding | Kind::Recall) => Some(wanted.from_account),
            _ => by_account.then_some(wanted.account),
        };
        let card = if let Some(account) = named {
            account.filter(|card| *card < self.cards.len()).ok_or(ResponseCode::NO_SUCH_ACCOUNT)?
        } else {
            let card = wanted.pan.and_then(|pan| self.card(pan)).ok_or(ResponseCode::UNKNOWN_CARD)?;
            match self.cards.get(card) {
                _ if advice => {}
                Some(CardState::Normal) => {}
                Some(CardState::Lost) => return Err(ResponseCode::LOST_CARD),
                Some(CardState::Stolen) => return Err(ResponseCode::STOLEN_CARD),
                Some(CardState::Restricted) | None => return Err(ResponseCode::RESTRICTED_CARD),
            }
            card
        };
        let place = card * 2 + currency;
        let account = self.accounts.get(place).ok_or(ResponseCode::NO_SUCH_ACCOUNT)?;
        let there = u64::try_from(account.balance - account.held).unwrap_or(0);
        let amount = if side == Side::Neither { 0 } else { wanted.amount };
        let may_be_part = matches!(wanted.kind, Some(Kind::Purchase | Kind::Transfer | Kind::TopUp));
        match side {
            // One in forty, by a rule of its own.
            Side::Credit if by_account && self.cuts_credits && amount > 1 && amount % 40 == 7 => Ok((Some(place), amount / 2)),
            Side::Credit => Ok((Some(place), amount)),
            _ if advice || amount + wanted.fee <= there => {
                Ok((Some(place), if side == Side::Neither { wanted.amount } else { amount }))
            }
            // What is taken back is taken as far as there is any.
            Side::Debit if wanted.kind == Some(Kind::Recall) && there > 0 => Ok((Some(place), there)),
            Side::Debit if self.approves_parts && may_be_part && there > wanted.fee => Ok((Some(place), there - wanted.fee)),
            _ => Err(ResponseCode::NOT_SUFFICIENT_FUNDS),
        }
    }

    fn move_money(&mut self, place: usize, side: Side, amount: u64, fee: u64) {
        let amount = i64::try_from(amount).unwrap_or(0);
        let fee = i64::try_from(fee).unwrap_or(0);
        let change = match side {
            Side::Debit => -amount,
            Side::Credit => amount,
            Side::Neither => 0,
        } - fee;
        if let Some(account) = self.accounts.get_mut(place) {
            account.balance += change;
            self.settlement[place % 2] -= change;
        }
    }

    fn hold(&mut self, place: usize, amount: u64) {
        if let Some(account) = self.accounts.get_mut(place) {
            account.held += i64::try_from(amount).unwrap_or(0);
        }
    }

    /// Holds whose time is over are free.
    pub(crate) fn expire(&mut self, now: Moment) {
        while let Some((_, place)) = self.holds.front().copied().filter(|(at, _)| *at <= now) {
            self.holds.pop_front();
            self.end_hold(place);
        }
    }

    /// What accounts hold, all together.
    pub(crate) fn held(&self) -> i64 {
        self.accounts.iter().map(|account| account.held.abs()).sum()
    }

    /// Frees a hold, if it is one and stands; says so by counting.
    fn end_hold(&mut self, place: usize) {
        let Some(it) = self.operations.get_mut(place).filter(|it| it.state == State::Held) else { return };
        it.state = State::Ended;
        it.endings += 1;
        let freed = i64::try_from(it.granted + it.fee).unwrap_or(0);
        if let Some(account) = it.account.and_then(|place| self.accounts.get_mut(place)) {
            account.held -= freed;
        }
    }

    fn find(&self, named: OriginalData) -> Option<usize> {
        self.by_identity.get(&Identity::named(named)).copied()
    }

    /// Undoes what DE90 names, down to DE95; the second time nothing moves.
    fn reverse(&mut self, wanted: &Wanted) -> Said {
        let Some(named) = wanted.original else { return Said::no(ResponseCode::FORMAT_ERROR) };
        let Some(place) = self.find(named) else {
            let place = self.operations.len();
            self.operations.push(Operation {
                rrn: wanted.rrn,
                of_payroll: wanted.is_of_payroll(),
                number: wanted.number,
                kind: wanted.kind,
                side: Side::Neither,
                account: None,
                acquirer: wanted.identity.acquirer,
                date: wanted.date,
                held: false,
                asked: wanted.amount,
                granted: 0,
                stands: 0,
                fee: 0,
                fee_stands: 0,
                state: State::Tombstone,
                code: ResponseCode::DUPLICATE,
                issued: None,
                endings: 0,
            });
            self.by_identity.insert(Identity::named(named), place);
            return Said::no(ResponseCode::ORIGINAL_NOT_FOUND);
        };
        let Some(it) = self.operations.get_mut(place) else { return Said::no(ResponseCode::MALFUNCTION) };
        match it.state {
            State::Tombstone => return Said::no(ResponseCode::ORIGINAL_NOT_FOUND),
            State::Declined | State::Reversed | State::Ended => {}
            State::Held => self.end_hold(place),
            State::Approved => {
                let stands = wanted.stands.min(it.granted);
                let fee_stands = if wanted.stands > 0 { it.fee } else { 0 };
                let (back, fee_back) = (it.granted - stands, it.fee - fee_stands);
                (it.state, it.stands, it.fee_stands) = (State::Reversed, stands, fee_stands);
                it.endings += 1;
                let (account, side) = (it.account, it.side);
                let fee_back = i64::try_from(fee_back).unwrap_or(0);
                let back_side = match side {
                    Side::Debit => Side::Credit,
                    Side::Credit => Side::Debit,
                    Side::Neither => Side::Neither,
                };
                if let Some(account) = account {
                    self.move_money(account, back_side, back, 0);
                    if let Some(it) = self.accounts.get_mut(account) {
                        it.balance += fee_back;
                        self.settlement[account % 2] -= fee_back;
                    }
                }
            }
        }
        Said { code: ResponseCode::APPROVED, amount: None, operation: Some(place) }
    }

    /// The place of a card by its number, or by that of a virtual one.
    fn card(&self, pan: Pan) -> Option<usize> {
        if let Some(card) = self.issued.get(&pan.number()) {
            return Some(*card);
        }
        if pan.prefix(6) != Some(self.prefix) || pan.length() != 16 {
            return None;
        }
        usize::try_from(pan.number() / 10 % 1_000_000_000).ok().filter(|card| *card < self.cards.len())
    }

    /// A new virtual card of the card that pays for it.
    fn issue(&mut self, account: Option<usize>) -> Option<Pan> {
        let card = account? / 2;
        let pan = card_number(self.prefix + 10, self.issued.len() as u64);
        self.issued.insert(pan.number(), card);
        Some(pan)
    }
}

/// The side of the holder's account.
fn side_of(kind: Option<Kind>, by_card: bool) -> Side {
    match kind {
        Some(Kind::Purchase | Kind::Withdrawal | Kind::CashBack | Kind::Transfer | Kind::Funding | Kind::Recall) => Side::Debit,
        Some(Kind::TopUp) if by_card => Side::Debit,
        Some(Kind::Refund | Kind::Deposit | Kind::Salary | Kind::TopUp) => Side::Credit,
        Some(Kind::Balance | Kind::MiniStatement | Kind::VirtualCard | Kind::PinChange) | None => Side::Neither,
    }
}

/// The card of this place: prefix, nine digits, check digit.
pub(crate) fn card_number(prefix: u64, place: u64) -> Pan {
    let body = (prefix * 1_000_000_000 + place) * 10;
    let fits = |check| Pan::from_parts(body + check, 16).ok().filter(|pan| pan.luhn_holds());
    (0..10).find_map(fits).unwrap_or_else(|| unreachable!("one of ten check digits fits"))
}
