//! What a terminal puts into its messages (ISO 8583:1987; DOMAIN words: request, repeat, reversal).

use bank_adapters::Card;
use model::{
    Currency, InstitutionId, Kind, Message, Money, Mti, NetworkCode, OriginalData, ProcessingCode, Text, TransmissionTime,
};

use super::Till;

/// Automated cash disbursement (ISO 18245).
const CASH: u16 = 6011;
/// Grocery stores (ISO 18245).
const SHOP: u16 = 5411;

impl Till {
    /// A new request of a card holder (0200), with numbers and times of its own. A salary goes to the card's account in that
    /// currency (DE103), and its card number says at which bank; [`Till::salary`] needs no card.
    #[must_use]
    pub fn request(&self, kind: Kind, card: &Card, amount: Money) -> Message<'static> {
        let account = card.account(amount.currency()).map(|account| account.number);
        Message {
            pan: Some(card.pan),
            expiry: Some(card.expiry).filter(|_| kind != Kind::Salary),
            amount: Some(amount.minor()).filter(|_| !is_inquiry(kind)),
            to_account: account.filter(|_| kind == Kind::Salary),
            ..self.fresh(kind, amount.currency())
        }
    }

    /// A balance inquiry.
    #[must_use]
    pub fn balance(&self, card: &Card, currency: Currency) -> Message<'static> {
        self.request(Kind::Balance, card, Money::from_minor(0, currency))
    }

    /// A transfer from the card's account in that currency to an account (DE103) at a bank (DE100).
    #[must_use]
    pub fn transfer(&self, card: &Card, bank: InstitutionId, account: Text<28>, amount: Money) -> Message<'static> {
        Message { receiver: Some(bank), to_account: Some(account), ..self.request(Kind::Transfer, card, amount) }
    }

    /// A top-up of a phone (DE103) at its operator (DE100).
    #[must_use]
    pub fn top_up(&self, card: &Card, operator: InstitutionId, phone: Text<28>, amount: Money) -> Message<'static> {
        Message { receiver: Some(operator), to_account: Some(phone), ..self.request(Kind::TopUp, card, amount) }
    }

    /// An authorization (0100) of a purchase: the amount is held until it is completed, reversed, or its time is over.
    #[must_use]
    pub fn authorization(&self, card: &Card, amount: Money) -> Message<'static> {
        Message { mti: Mti::AUTHORIZATION_REQUEST, ..self.request(Kind::Purchase, card, amount) }
    }

    /// The completion (0220) of an authorization: takes `amount`, less or more than was held.
    #[must_use]
    pub fn completion(&self, of: &Message<'static>, amount: Money) -> Message<'static> {
        Message { amount: Some(amount.minor()), ..self.reversal(of, Mti::FINANCIAL_ADVICE, None) }
    }

    /// An advice (0220) of what has happened without the bank, such as a purchase while the terminal was offline.
    #[must_use]
    pub fn advice(&self, kind: Kind, card: &Card, amount: Money) -> Message<'static> {
        Message { mti: Mti::FINANCIAL_ADVICE, ..self.request(kind, card, amount) }
    }

    /// A salary: pays the account (DE103) at this bank (DE100), and shows no card.
    #[must_use]
    pub fn salary(&self, bank: InstitutionId, account: Text<28>, amount: Money) -> Message<'static> {
        Message {
            amount: Some(amount.minor()),
            receiver: Some(bank),
            to_account: Some(account),
            ..self.fresh(Kind::Salary, amount.currency())
        }
    }

    /// The reversal of a request, named by DE90, with a DE11 and DE7 of its own. `mti` is 0400 or 0420; `stands` is what stays in
    /// force (DE95, minor units), `None` for nothing.
    #[must_use]
    pub fn reversal(&self, of: &Message<'static>, mti: Mti, stands: Option<u64>) -> Message<'static> {
        let original = OriginalData {
            mti: of.mti.first(),
            stan: of.stan.unwrap_or_default(),
            transmitted: of.transmitted,
            local: of.local_date.zip(of.local_time),
            acquirer: of.acquirer,
            forwarder: of.forwarder,
        };
        Message {
            mti,
            stan: Some(self.numbers.stan()),
            transmitted: Some(TransmissionTime::of(self.now())),
            original: Some(original),
            replacement: stands,
            pin_block: None,
            ..*of
        }
    }

    /// The same request marked as sent again (0201 for 0200); all else is as it was.
    #[must_use]
    pub fn repeat(&self, of: &Message<'static>) -> Message<'static> {
        Message { mti: of.mti.repeat(), ..*of }
    }

    /// A network management request (0800).
    #[must_use]
    pub fn network_request(&self, code: NetworkCode) -> Message<'static> {
        Message {
            transmitted: Some(TransmissionTime::of(self.now())),
            stan: Some(self.numbers.stan()),
            acquirer: self.config.institution,
            network: Some(code),
            ..Message::new(Mti::NETWORK_REQUEST)
        }
    }

    /// A new request (0200) that shows no card and moves no amount.
    #[must_use]
    pub fn fresh(&self, kind: Kind, currency: Currency) -> Message<'static> {
        let (config, now) = (&self.config, self.now());
        let cash = !matches!(kind, Kind::Purchase | Kind::CashBack | Kind::Refund);
        Message {
            processing: Some(ProcessingCode::of(kind)),
            transmitted: Some(TransmissionTime::of(now)),
            stan: Some(self.numbers.stan()),
            local_time: Some(config.offset.local_time(now)),
            local_date: Some(config.offset.local_date(now)),
            merchant_type: config.merchant_type.or(Some(if cash { CASH } else { SHOP })),
            entry_mode: Some(config.entry_mode).filter(|_| kind != Kind::Salary),
            condition: Some(0),
            acquirer: config.institution,
            rrn: Some(self.numbers.rrn()),
            terminal: Some(config.id),
            merchant: Some(config.merchant),
            currency: Some(currency),
            ..Message::new(Mti::FINANCIAL_REQUEST)
        }
    }
}

/// Whether a kind moves no amount, so that DE4 is left out.
fn is_inquiry(kind: Kind) -> bool {
    matches!(kind, Kind::Balance | Kind::MiniStatement | Kind::VirtualCard | Kind::PinChange)
}
