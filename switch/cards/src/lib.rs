//! The card store: who has which card, in what state, and what became of it. `cards.db` in the switch's data folder.
//!
//! People are in it, so all that is personal (names, civil servant id, date of birth, accounts) and the card number are sealed under
//! keys derived from the switch's master key; a card and a person are found by keyed hashes. Who reads the file without the key learns
//! how many cards there are, of which bank, agency and state, and no more.
//!
//! Knows: `model`, SQLite. Does not know: the engine, its records, who folds them in, nor who asks. No decision reads the store: the
//! switch keeps a [`Directory`] of it in memory, and its shell hands what that says in with the request.
//!
//! | module | what it holds |
//! |---|---|
//! | [`State`] | the life of a card: who may follow whom, and what a card in each state is refused with |
//! | [`Store`] | the file |
//! | [`import`] | files of an agency, line by line |
//! | [`Directory`] | what the switch must know of each card, in memory |

mod crypt;
mod details;
mod directory;
mod error;
mod fold;
pub mod import;
mod issue;
mod issuer;
mod life;
mod lines;
mod schema;
mod show;
mod store;

pub use crypt::Keys;
pub use details::{CivilServantId, Details};
pub use directory::{Directory, Known};
pub use error::{Error, Unfit};
pub use fold::Event;
pub use issue::{Meant, Of, Reserved};
pub use issuer::{FIRST_SERIAL, Issuer, card_number};
pub use life::{Expiry, Kind, State};
pub use show::{Change, Shown, Tally};
pub use store::{Cursor, Store};

#[cfg(test)]
mod tests;
