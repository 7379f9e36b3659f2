//! The reference banks: ACLEDA, Canadia and Wing as they might answer, and the mobile operators Smart, Cellcard, Metfone and
//! Seatel, each with a durable double-entry ledger of its own.
//!
//! [`Ledger`] is the bank itself: it posts a batch of requests in one SQLite transaction and returns the answers. It knows
//! neither threads nor time. [`ReferenceBank`] runs one on a thread of its own and commits in groups: whatever waits when a
//! transaction ends is posted by the next one. [`Statement`] reads a ledger from outside, while the bank works.
//!
//! What a bank decides, with the rule behind each line (DOMAIN: Rules):
//!
//! | asked | answered |
//! |---|---|
//! | a reference that is known, with the same request | the stored answer; nothing is posted |
//! | a reference that is known, with another request; or one that has been reversed; or one that a reversal or a completion named before it came | 94 |
//! | a kind that the bank does not do, or does not hold for | 40 |
//! | an amount of zero where the kind moves one, or above twelve digits | 13 |
//! | a card that the bank did not issue; is lost; stolen; restricted; expired | 14, 41, 43, 62, 54 |
//! | an account that does not exist, or not in the currency; at an operator a number that is none of its phones' | 76 |
//! | of an account that is closed, anything; of one that is blocked, what moves money, but for a recall | 78, 77 |
//! | what takes more, fee and all, than may be spent | 51 |
//! | the same of a purchase, a withdrawal, a cash-back or a transfer, where the card is [`Behaviour::Partial`](crate::Behaviour::Partial) and more than the fee may be spent | 10, and takes what there is: the fee, and the rest as the amount (DE4) |
//! | a salary, or the second half of a transfer, to an account of such a card | 10, and credits half of it (DE4), rounded up; of the smallest unit, all of it (00) |
//! | a purchase, a withdrawal, a cash-back, a transfer, a top-up | takes amount and fee from the card's account |
//! | a funding | takes the amount from the account that is named (DE102), which needs no card, whole or not at all; without DE102 76 |
//! | a recall | the same, but where there is less than the amount takes what there is: 10, and that as the amount (DE4); where there is nothing 51 |
//! | a refund, a deposit | gives the amount to the card's account, takes the fee |
//! | a salary, or the second half of a transfer | credits the account (DE103) whatever became of the card; without DE103 the card's account |
//! | a balance, a mini-statement | tells them; kept, and answered the same again, only where a fee is taken |
//! | a virtual card | 00 with its number (DE34), which the bank knows from then on as the funding card's, except for what needs plastic or a PIN (57) |
//! | a PIN change | 00; nothing is kept |
//! | an authorization (0100; 00, 01, 09) | holds amount and fee; they cannot be spent, and the balance does not move |
//! | an authorization advice (0120) | the same, whatever the balance or the card's state |
//! | an advice (0220) | posted whatever the balance or the card's and the account's state; only 14 or 76 where there is nobody to post for |
//! | an advice that names an authorization (DE90) | the same, and the hold ends; where that has ended, is unknown or is another account's, no hold does |
//! | a reversal of what was approved | 00, posts back all but the amount that stands; the fee is given back unless a part stands; the account may be overdrawn by it |
//! | a reversal of an authorization | 00, the hold ends, or goes on with what stands; where it has ended already, nothing |
//! | a reversal of an issued card | 00, the card is unknown (14) from then on |
//! | the same again, whatever amount it says stands; or of what was declined | 00, nothing is posted |
//! | a reversal of what is not known here (or was another card's) | 25; it is remembered, and refuses the request that comes late |
//!
//! **Money.** A posting has two entries, the customer's and the settlement account's against it. A fee is a posting of its own
//! (`what` is `fee`), but of the same two accounts: what a customer pays, amount and fee together, the bank owes the switch, whose
//! positions divide it. So the customer's account changes by `-(amount + fee)`, the settlement account by as much the other way.
//!
//! **Accounts.** They are the cards' of the cast, those of the cast that have no card, and those of a file
//! ([`Cast::with_accounts`](crate::Cast::with_accounts)). One that the ledger has stays as it is, whatever is said of it later.
//!
//! **Holds.** What may be spent is the balance without what is held. A hold ends once: taken by an advice, freed by a reversal, or
//! expired, [`BankProfile::holds_last`](crate::BankProfile::holds_last) after it was made, by the time that the request is handed in with
//! which its account is next asked for. What a completion takes is its own amount and fee, be it more or less than was held.
//!
//! **Operators.** An operator is the same ledger with phones for customers: [`phone_account`], opened by its first credit, against the
//! settlement account. Of all that is asked it does top-ups, and reversals of them.

mod accounts;
mod bank;
mod books;
mod holds;
mod ledger;
mod order;
mod posting;
mod rows;
mod rules;
mod schema;
mod statement;

use model::Currency;

pub use bank::ReferenceBank;
pub use ledger::{Answer, Ledger};
pub use statement::{
    AccountKind, AccountTotal, Entry, Hold, HoldState, Issued, Operation, OperationState, Statement, Unbalanced,
};

/// The account that an operator keeps for a phone in a currency: `001234567-KHR`. It is opened by its first credit.
#[must_use]
pub fn phone_account(phone: &str, currency: Currency) -> String {
    format!("{phone}-{currency}")
}

#[cfg(test)]
mod tests;
