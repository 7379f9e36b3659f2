//! A till: a terminal without its connection. It has a name, a clock and numbers of its own, and makes messages (`requests`).

use std::fmt;
use std::sync::Arc;

use bank_adapters::Clock;
use bytes::BytesMut;
use model::{Message, Timestamp};

use super::TerminalConfig;
use super::numbers::Numbers;
use crate::Error;

/// Makes a terminal's messages. The clock is the machine's, or that of a world.
#[derive(Clone)]
pub struct Till {
    pub(super) config: TerminalConfig,
    pub(super) numbers: Arc<Numbers>,
    clock: Arc<dyn Clock>,
}

impl Till {
    /// A till whose numbers begin where the configuration's seed says.
    #[must_use]
    pub fn new(config: TerminalConfig, clock: Arc<dyn Clock>) -> Self {
        let numbers = Arc::new(Numbers::begin(config.seed, config.id));
        Self { config, numbers, clock }
    }

    /// The same terminal at another place, or on another connection: its numbers go on from here.
    #[must_use]
    pub fn elsewhere(&self, config: TerminalConfig) -> Self {
        Self { config, ..self.clone() }
    }

    /// Who it is.
    #[must_use]
    pub fn config(&self) -> &TerminalConfig {
        &self.config
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Appends a message in its frame, and says where in `frame` its own bytes begin.
    ///
    /// # Errors
    /// Where the message does not go into the dialect; `frame` is then as it was.
    pub fn frame(&self, message: &Message<'_>, frame: &mut BytesMut) -> Result<usize, Error> {
        let before = frame.len();
        let start = self.config.framing.begin(frame);
        let body = frame.len();
        let written = wire::write(&self.config.dialect, message, self.now(), frame).map_err(Error::from);
        let framed = written.and_then(|_| Ok(self.config.framing.finish(frame, start)?));
        if framed.is_err() {
            frame.truncate(before);
        }
        framed.map(|()| body)
    }
}

impl fmt::Debug for Till {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Till").field("id", &self.config.id).finish_non_exhaustive()
    }
}
