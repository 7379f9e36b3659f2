//! Answers: what a bank is to the switch, how it is reached, and three banks and four mobile operators to try it with.
//!
//! A bank is written against [`Bank`]: one typed request, one outcome. [`serve_iso`] turns any of them into an ISO 8583 host,
//! over a socket or over a pipe inside the switch's own process, so that the switch knows one kind of peer only: a link.
//! [`mod@reference`] holds the reference banks and operators with their durable ledgers, [`Cast`] the made-up cards they issue.
//!
//! Knows: requests, replies, the bank's side of a link, ledgers. Does not know: the switch. A bank can be built without it.

mod accounts;
mod bank;
mod cast;
mod clock;
mod echo;
mod error;
pub mod iso;
mod outcome;
pub mod reference;
mod reply;
mod request;
pub mod sabotage;

pub use bank::{Bank, Call, Capabilities};
pub use cast::{Account, AccountStatus, BankProfile, Behaviour, Card, CardStatus, CardlessAccount, Cast, Customers, near};
pub use clock::{Clock, SystemClock};
pub use echo::EchoBank;
pub use error::Error;
pub use iso::{Backoff, HostSession, IsoHost, Served, dial_iso, in_process, listen_iso, serve_iso};
pub use outcome::{Lost, Outcome, Refused, Sending, Unsent};
pub use reference::{Ledger, ReferenceBank, Statement};
pub use reply::{AmountType, Balance, BankReply, Sign};
pub use request::{Advice, Authorization, BankRequest, Financial, Form, Reference, Reversal, Secret};
