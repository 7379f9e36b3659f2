//! One link and its session: who is at the other end, whether a bank has signed on, whether it still answers.

use std::sync::Arc;
use std::time::Duration;

use engine::{Acquirer, BankId};
use model::{InstitutionId, Stan, Timestamp};
use wire::{Dialect, Framing};

use crate::envelopes::Envelopes;
use crate::outbox::Outbox;

/// How a link speaks.
#[derive(Clone, Debug)]
pub struct LinkConfig {
    /// Who is at the other end.
    pub side: Side,
    /// The messages' layout.
    pub dialect: Arc<Dialect>,
    /// How messages are cut from the stream.
    pub framing: Framing,
    /// The longest message taken, in bytes, its header not counted.
    pub frame_max: usize,
}

/// Who is at the other end.
#[derive(Clone, Debug)]
pub enum Side {
    /// Terminals or an acquirer's host: requests come in.
    Acquirer {
        /// Its name in configuration, logs and metrics.
        name: Arc<str>,
        /// What the engine knows of it.
        acquirer: Acquirer,
    },
    /// A bank's host: requests go out.
    Bank(BankLink),
}

/// A bank at the other end.
#[derive(Clone, Debug)]
pub struct BankLink {
    /// Its name in configuration, logs and metrics.
    pub name: Arc<str>,
    /// Which bank.
    pub bank: BankId,
    /// Its institution.
    pub institution: InstitutionId,
    /// How long without a sound before an echo is sent. 30 s.
    pub echo_after: Duration,
    /// How long a sign-on or an echo may stay unanswered before the link is closed. 10 s.
    pub answer_within: Duration,
}

impl Side {
    /// Its name in configuration, logs and metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Acquirer { name, .. } => name,
            Self::Bank(bank) => &bank.name,
        }
    }
}

/// Why the shard gives a link up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// The stream has lost its step.
    #[error(transparent)]
    Frame(#[from] wire::FrameError),
    /// Nothing but messages that cannot be read.
    #[error("{0} messages in a row could not be read; the last one: {1}")]
    Garbage(u32, String),
    /// The bank refused the sign-on.
    #[error("the bank answered the sign-on with {0}")]
    SignOnRefused(model::ResponseCode),
    /// The bank is silent.
    #[error("no answer to a sign-on or an echo")]
    Silent,
}

/// How many unreadable messages in a row a link may send.
pub(crate) const GARBAGE_MAX: u32 = 16;

/// A link that is open.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) config: Arc<LinkConfig>,
    pub(crate) outbox: Outbox,
    /// Headers to be returned; empty where the framing has none.
    pub(crate) envelopes: Envelopes,
    pub(crate) unreadable_in_a_row: u32,
    /// Whether the link is on the list of those with bytes that may leave.
    pub(crate) listed_ready: bool,
    /// Whether the link is on the list of those that wait for a block.
    pub(crate) listed_holding: bool,
    pub(crate) session: Session,
}

/// What is going on between the switch and a bank beside transactions. An acquirer's link has none of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Session {
    pub(crate) signed_on: bool,
    /// The sign-on or echo that waits for its answer.
    pub(crate) asked: Option<Stan>,
    /// When the next echo is due, or the answer to what was asked.
    pub(crate) due: Option<Timestamp>,
    last_stan: u32,
}

impl Session {
    /// A trace number for a message of the session's own.
    pub(crate) fn next_stan(&mut self) -> Stan {
        self.last_stan = self.last_stan % Stan::MAX + 1;
        Stan::new(self.last_stan).unwrap_or_default()
    }
}
