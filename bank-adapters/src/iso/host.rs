//! How a link is kept, and what came of one.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use model::InstitutionId;
use wire::{Dialect, FrameError, Framing};

use crate::{Clock, SystemClock};

/// How a bank keeps its links. Made with [`IsoHost::new`], then changed where the defaults do not fit.
#[derive(Clone)]
pub struct IsoHost {
    /// How messages are written.
    pub dialect: Arc<Dialect>,
    /// How messages are cut from the stream.
    pub framing: Framing,
    /// Who the bank is: DE33 of what it sends by itself, and its name in the log.
    pub institution: InstitutionId,
    /// Calls of one link that run at once. When so many do, the link is not read any further, and the peer feels it. Default 1024.
    pub in_flight_max: usize,
    /// Longest message body in bytes; an announcement of more ends the link. Default 4096.
    pub frame_max: usize,
    /// How long an answer is of use to the peer, told to the bank as the call's deadline. Default 25 s (DOMAIN: Timeouts).
    pub patience: Duration,
    /// Silence after which a link is closed; `None`, the default, waits for ever, which suits a peer that sends no echo tests.
    pub idle: Option<Duration>,
    /// How long a link that ends waits for the calls that still run, so that their answers are written. Default 5 s.
    pub drain: Duration,
    /// Links that `listen_iso` keeps at once; further ones are closed at once. Default 256.
    pub connections_max: usize,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl IsoHost {
    /// The bank with this institution code, with the defaults named at each field.
    #[must_use]
    pub fn new(dialect: Arc<Dialect>, framing: Framing, institution: InstitutionId) -> Self {
        Self {
            dialect,
            framing,
            institution,
            in_flight_max: 1024,
            frame_max: 4096,
            patience: Duration::from_secs(25),
            idle: None,
            drain: Duration::from_secs(5),
            connections_max: 256,
            clock: Arc::new(SystemClock::start()),
        }
    }
}

impl fmt::Debug for IsoHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IsoHost({}, {}, {})", self.institution, self.dialect.name(), self.framing)
    }
}

/// What passed over one link, in messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames with a body.
    pub frames: u64,
    /// Frames without one.
    pub keep_alives: u64,
    /// Requests handed to the bank.
    pub calls: u64,
    /// Responses written, the link's own among them.
    pub answered: u64,
    /// Calls whose outcome is unknown, and which are therefore never answered.
    pub silent: u64,
    /// Calls that never reached the bank, answered 91.
    pub not_delivered: u64,
    /// Messages that could not be read, answered 30 or not.
    pub unreadable: u64,
    /// Messages that a bank does not answer: responses.
    pub ignored: u64,
}

/// A link that is over.
#[derive(Debug)]
pub struct Served {
    /// What passed over it.
    pub counts: Counts,
    /// Why it is over.
    pub ending: Ending,
}

/// Why a link is over.
#[derive(Debug, thiserror::Error)]
pub enum Ending {
    /// The peer sends no more.
    #[error("the peer closed the link")]
    PeerClosed,
    /// The bank goes down.
    #[error("the bank shuts down")]
    Shutdown,
    /// Nothing came for as long as [`IsoHost::idle`] allows.
    #[error("nothing came for {0:?}")]
    Idle(Duration),
    /// The bytes are no frames. Where one begins cannot be told any more.
    #[error("the peer's bytes are no frames: {0}; is the framing the same on both sides?")]
    Frame(#[from] FrameError),
    /// One message after the other was unreadable, down to its type or trace number.
    #[error("{0} messages in a row were unreadable; is the dialect the same on both sides?")]
    Unreadable(u32),
    /// The socket failed.
    #[error("the link failed: {0}")]
    Io(#[from] io::Error),
}
