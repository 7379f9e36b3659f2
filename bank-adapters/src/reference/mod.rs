//! The reference banks: ACLEDA, Canadia and Wing as they might answer, each with a durable double-entry ledger of its own.
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
//! | a reference that is known, with another request; or one that has been reversed; or one whose reversal came first | 94 |
//! | an amount of zero, or above twelve digits (an inquiry apart) | 13 |
//! | a card that the bank did not issue; is lost; stolen; restricted; expired | 14, 41, 43, 62, 54 |
//! | an account that does not exist, or not in the currency | 76 |
//! | a purchase or withdrawal above the balance | 51 |
//! | a salary | credits the account (DE103) whatever became of the card; without DE103 the card's account |
//! | a reversal of what was approved | 00, posts back all but the amount that stands; the account may be overdrawn by it |
//! | the same again, whatever amount it says stands | 00, nothing is posted |
//! | a reversal of what was declined | 21 |
//! | a reversal of what is not known here (or was another card's) | 25; it is remembered, and refuses the request that comes late |

mod bank;
mod books;
mod ledger;
mod schema;
mod statement;

pub use bank::ReferenceBank;
pub use ledger::{Answer, Ledger};
pub use statement::{AccountKind, AccountTotal, Entry, Operation, OperationState, Statement, Unbalanced};

#[cfg(test)]
mod tests;
