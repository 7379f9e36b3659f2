//! A row of the table `transactions`, as readers get it.

use std::fmt;

use serde::Serialize;

macro_rules! states {
    ($($(#[$about:meta])* $state:ident = $name:literal;)*) => {
        /// What a transaction has come to, as far as the journal tells. The table holds its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum TransactionState {
            $(#[doc = concat!("`", $name, "`: ")] $(#[$about])* $state,)*
        }

        impl TransactionState {
            /// All of them, in the order in which a transaction may go through them.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$state),*];

            /// Its name in the table, in JSON and on the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$state => $name),* }
            }

            /// The state with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$state),)* _ => None }
            }
        }
    };
}

states! {
    /// a bank was asked, and the terminal waits.
    Open = "open";
    /// approved, whole or in part (DE39 10); for a reversal: taken.
    Approved = "approved";
    /// declined by the bank or the switch, or it never reached the bank: no money moved.
    Declined = "declined";
    /// the bank did not answer and nothing is owed to it, because no money moves: an inquiry.
    Unanswered = "unanswered";
    /// the bank did not answer, and the same request goes to it until it does; the terminal was told 09.
    InProgress = "in progress";
    /// it must be undone, and the bank has not confirmed that yet.
    ReversalPending = "reversal pending";
    /// undone: nothing stands.
    Reversed = "reversed";
    /// undone in part; `stands` is what is left.
    PartiallyReversed = "partially reversed";
    /// an amount is held; nothing has moved.
    Held = "held";
    /// what was held was taken, wholly or in part, by a completion, which has a row of its own.
    Completed = "completed";
    /// what was held is free again, because nobody took it in time.
    Expired = "expired";
    /// it stands although its acquirer reversed it: the money had arrived elsewhere. An operator must know.
    Overruled = "overruled";
    /// an operator has taken it off the dead-letter list.
    Discarded = "discarded";
    /// the bank refused what was owed to it, or did not answer for too long: an operator must look.
    Dead = "dead";
}

impl fmt::Display for TransactionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for TransactionState {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One transaction: a request, or an acquirer's reversal. No field is more than the journal tells up to [`crate::Queries::folded`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransactionRow {
    /// Its number in the stream, from 1.
    pub id: u64,
    /// DE37, or one that the switch made where the message had none.
    pub rrn: String,
    /// DE11 as the acquirer gave it, six digits.
    pub stan: String,
    /// Message type, four digits.
    pub mti: String,
    /// The kind's name (`model::Kind`), or `reversal`.
    pub kind: String,
    /// The institution number of the first bank asked; none where the switch itself answered.
    pub bank: Option<u32>,
    /// The acquirer's institution number (DE32, or its link's).
    pub acquirer: u64,
    /// DE41.
    pub terminal: String,
    /// DE2: first six and last four digits.
    pub card_masked: Option<String>,
    /// DE2 as a keyed token: the same card has the same one.
    pub card_token: Option<String>,
    /// DE103: last four characters.
    pub account_masked: Option<String>,
    /// DE4: what was asked for, minor units.
    pub amount: u64,
    /// DE49, three letters.
    pub currency: String,
    /// The day of business open when it came, `2022-12-28`.
    pub business_date: String,
    /// When it came, RFC 3339, UTC, microseconds.
    pub accepted_at: String,
    /// When its acquirer was first told something.
    pub answered_at: Option<String>,
    /// DE39: what its acquirer was told, or since an answer that came later (a salary in progress) what a repeat is told now.
    pub code: Option<String>,
    /// DE38.
    pub authorization: Option<String>,
    /// What was approved where that is less than was asked for, minor units.
    pub approved: Option<u64>,
    /// What it has come to.
    pub state: TransactionState,
    /// What its reversal leaves, minor units; for a reversal: what it asks to leave. None where there is no reversal.
    pub stands: Option<u64>,
    /// For a reversal: the transaction it undoes, where the switch knew it.
    pub original: Option<u64>,
    /// From `accepted_at` to `answered_at`, microseconds.
    pub took_us: Option<u64>,
    /// The journal's blocks in which it appears, ascending.
    pub blocks: Vec<u64>,
}
