//! What a bank is asked in these tests: amounts, identities, and every message by what it is for.

use model::{Currency, InstitutionId, Kind, LocalDate, Money, ProcessingCode, Rrn, Stan, Text, TransmissionTime};

use crate::{Advice, Authorization, BankRequest, Cast, Financial, Reference, Reversal, Secret};

pub(super) fn usd() -> Currency {
    Currency::from_alpha("USD").unwrap()
}

pub(super) fn khr() -> Currency {
    Currency::from_alpha("KHR").unwrap()
}

pub(super) fn dollars(major: &str) -> Money {
    Money::from_major(major, usd()).unwrap()
}

pub(super) fn riel(major: &str) -> Money {
    Money::from_major(major, khr()).unwrap()
}

pub(super) fn reference(stan: u32) -> Reference {
    Reference {
        transmitted: TransmissionTime::new(115_000_000).unwrap(),
        stan: Stan::new(stan).unwrap(),
        acquirer: InstitutionId::new(116_002),
    }
}

/// A request by a card of the built-in cast.
pub(super) fn request(kind: Kind, card: &str, amount: Money, stan: u32) -> Financial {
    let card = Cast::builtin().card(card).unwrap().clone();
    Financial {
        reference: reference(stan),
        repeat: false,
        kind,
        processing: ProcessingCode::of(kind),
        amount,
        fee: 0,
        parts: Vec::new(),
        pan: Some(card.pan),
        expiry: Some(card.expiry),
        from_account: None,
        to_account: None,
        rrn: Rrn::new(format!("RRN{stan:09}").as_bytes()),
        business_date: LocalDate::new(115),
        local_time: None,
        local_date: None,
        terminal: Text::new(b"ATM00001"),
        merchant: None,
        merchant_type: None,
        location: None,
        entry_mode: Some(51),
        condition: None,
        forwarder: None,
        receiver: None,
        track2: None,
        pin: Some(Secret::new(&[0x5A; 8])),
        new_pin: None,
        chip: None,
    }
}

pub(super) fn ask(kind: Kind, card: &str, amount: Money, stan: u32) -> BankRequest {
    BankRequest::Financial(Box::new(request(kind, card, amount, stan)))
}

pub(super) fn purchase(card: &str, amount: Money, stan: u32) -> BankRequest {
    ask(Kind::Purchase, card, amount, stan)
}

/// A salary to the account of this card's holder, with no card in it.
pub(super) fn salary(card: &str, amount: Money, stan: u32) -> BankRequest {
    let to_account = Cast::builtin().card(card).unwrap().account(amount.currency()).map(|account| account.number);
    BankRequest::Financial(Box::new(Financial { to_account, pan: None, ..request(Kind::Salary, card, amount, stan) }))
}

/// The same, with so many minor units for the holder to pay beside the amount.
pub(super) fn with_fee(request: BankRequest, fee: u64) -> BankRequest {
    match request {
        BankRequest::Financial(asked) => BankRequest::Financial(Box::new(Financial { fee, ..*asked })),
        BankRequest::Authorization(it) => {
            BankRequest::Authorization(Box::new(Authorization { asked: Financial { fee, ..it.asked }, ..*it }))
        }
        BankRequest::Advice(it) => BankRequest::Advice(Box::new(Advice { told: Financial { fee, ..it.told }, ..*it })),
        BankRequest::Reversal(_) => panic!("a reversal has no fee of its own"),
    }
}

/// An authorization (0100) of a purchase.
pub(super) fn authorize(card: &str, amount: Money, stan: u32) -> BankRequest {
    let asked = request(Kind::Purchase, card, amount, stan);
    BankRequest::Authorization(Box::new(Authorization { advice: false, asked }))
}

/// The advice (0120) that such an amount was held in the bank's stead.
pub(super) fn held_elsewhere(card: &str, amount: Money, stan: u32) -> BankRequest {
    let asked = request(Kind::Purchase, card, amount, stan);
    BankRequest::Authorization(Box::new(Authorization { advice: true, asked }))
}

/// An advice (0220) of what has happened.
pub(super) fn happened(kind: Kind, card: &str, amount: Money, stan: u32) -> BankRequest {
    BankRequest::Advice(Box::new(Advice { completes: None, told: request(kind, card, amount, stan) }))
}

/// The advice that completes the authorization with the number `of`.
pub(super) fn complete(of: u32, card: &str, amount: Money, stan: u32) -> BankRequest {
    let told = request(Kind::Purchase, card, amount, stan);
    BankRequest::Advice(Box::new(Advice { completes: Some(reference(of)), told }))
}

/// A full reversal of the request with this number.
pub(super) fn reversal(stan: u32) -> BankRequest {
    reversal_down_to(stan, None)
}

pub(super) fn reversal_down_to(stan: u32, stands: Option<Money>) -> BankRequest {
    BankRequest::Reversal(Box::new(Reversal {
        original: reference(stan),
        repeat: false,
        advice: true,
        kind: None,
        amount: None,
        stands,
        pan: None,
        rrn: Rrn::new(format!("RRN{stan:09}").as_bytes()),
        business_date: LocalDate::new(116),
        terminal: None,
    }))
}
