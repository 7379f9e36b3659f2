//! What can go wrong between a terminal and the switch, and what to do about it. A decline is no error.

use std::time::Duration;

use model::{Lacking, Mti, Stan};
use wire::{BuildError, ParseError};

/// Every error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody listens there.
    #[error("nobody listens at {address}: is the switch running? Start it with `payswitch run`")]
    Refused {
        /// Where the terminal wanted to connect.
        address: String,
    },
    /// No connection for another reason.
    #[error("cannot connect to {address}: {source}. Check the address, and that the switch listens there")]
    Connect {
        /// Where the terminal wanted to connect.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Neither a connection nor a refusal.
    #[error("{address} did not take the connection within {waited:?}: check the address and what lies between")]
    ConnectTimeout {
        /// Where the terminal wanted to connect.
        address: String,
        /// For how long it tried.
        waited: Duration,
    },
    /// The connection was gone before the message was handed over: nothing of it was sent. Connect again and send it.
    #[error("the connection is closed ({why}), nothing was sent: connect again; the switch's log says why it closed")]
    Closed {
        /// What the system, or the terminal, said.
        why: String,
    },
    /// The connection broke while an answer was awaited. The switch may have taken the request: repeat or reverse it.
    #[error("the connection broke ({why}) before the answer to {mti} {stan}: connect again, then repeat it or reverse it")]
    Lost {
        /// What was asked.
        mti: Mti,
        /// Its DE11.
        stan: Stan,
        /// What the system, or the terminal, said.
        why: String,
    },
    /// No answer in time. It may still come; it is then given by `Terminal::next_unmatched`.
    #[error("no answer to {mti} {stan} within {waited:?}: repeat it or reverse it, as a terminal does")]
    Silent {
        /// What was asked.
        mti: Mti,
        /// Its DE11.
        stan: Stan,
        /// For how long the answer was awaited.
        waited: Duration,
    },
    /// An answer came that is none of the terminal's dialect.
    #[error("the answer to {mti} {stan} cannot be read ({problem}): do the terminal and its link speak the same dialect?")]
    Unreadable {
        /// What was asked.
        mti: Mti,
        /// Its DE11.
        stan: Stan,
        /// What is wrong with the answer.
        problem: ParseError,
    },
    /// A field without which a message can be neither matched nor understood: DE11 of a request, DE39 of an answer.
    #[error(transparent)]
    Lacking(#[from] Lacking),
    /// The message does not go into the terminal's dialect.
    #[error("the message cannot be built: {0}")]
    Build(#[from] BuildError),
    /// The cast lacks somebody.
    #[error(transparent)]
    Cast(#[from] bank_adapters::Error),
    /// A mix of requests that is none.
    #[error(transparent)]
    Mix(#[from] crate::load::MixError),
    /// The system gives no thread to keep the pace.
    #[error("no thread to keep the pace of the load: {0}; end other programs, or raise the limit of processes")]
    NoThread(std::io::Error),
    /// A story or a load needs something of the cast that it does not have.
    #[error("the cast will not do: {0}")]
    Unsuitable(&'static str),
}
