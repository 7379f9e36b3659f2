//! A terminal: one connection to the switch, over which any number of requests may be under way.
//!
//! Knows: what a terminal puts into its messages, and which answer belongs to which request. Does not know: what should be
//! answered (`story`), who asks what and how often (`traffic`, `load`).

mod claim;
mod line;
mod numbers;
mod requests;
#[cfg(test)]
mod tests;
mod till;

use std::fmt;
use std::io::ErrorKind;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bank_adapters::SystemClock;
use bytes::BytesMut;
use model::{InstitutionId, Lacking, Message, NetworkCode, TerminalId, Text, UtcOffset};
use tokio::net::{TcpStream, ToSocketAddrs};
use wire::{Dialect, Framing};

use crate::{Error, Exchange, Unmatched};
pub use claim::Claim;
use line::Line;
pub use till::Till;

/// Who a terminal is and how it speaks.
#[derive(Clone, Debug)]
pub struct TerminalConfig {
    /// DE41. `TERM0001`.
    pub id: TerminalId,
    /// DE32. `None`, the default: left out, so that the switch takes that of the link.
    pub institution: Option<InstitutionId>,
    /// DE42. `REHEARSAL`.
    pub merchant: Text<15>,
    /// DE18 (ISO 18245). `None`, the default: 6011 (cash) or 5411 (shop) as the kind is.
    pub merchant_type: Option<u16>,
    /// DE22. 011: card number keyed in, PIN pad present, for a rehearsed card has neither chip nor track.
    pub entry_mode: u16,
    /// How messages lie in bytes; the link's at the switch must be the same. `iso87-ascii`.
    pub dialect: Arc<Dialect>,
    /// How messages are cut from the stream; likewise. `2-byte`.
    pub framing: Framing,
    /// Local time for DE12 and DE13. +07:00.
    pub offset: UtcOffset,
    /// How long a connection may take to come about. 5 s.
    pub connect_within: Duration,
    /// Where DE11 and DE37 begin. `None`, the default: drawn anew for each terminal from the clock, so that two runs against
    /// the same data do not meet. With a seed two runs use the same numbers, in the same order.
    pub seed: Option<u64>,
}

impl TerminalConfig {
    /// The defaults under another name, of which the first eight characters count.
    #[must_use]
    pub fn named(id: &str) -> Self {
        let id = id.as_bytes();
        let id = TerminalId::new(id.get(..8).unwrap_or(id)).unwrap_or_default();
        Self { id, ..Self::default() }
    }
}

impl Default for TerminalConfig {
    fn default() -> Self {
        Self {
            id: TerminalId::new(b"TERM0001").unwrap_or_default(),
            institution: None,
            merchant: Text::new(b"REHEARSAL").unwrap_or_default(),
            merchant_type: None,
            entry_mode: 11,
            dialect: Dialect::builtin("iso87-ascii").expect("a test of wire reads every built-in dialect"),
            framing: Framing::TWO_BYTE,
            offset: UtcOffset::from_minutes(7 * 60).expect("seven hours are an offset"),
            connect_within: Duration::from_secs(5),
            seed: None,
        }
    }
}

/// A till with its connection: makes messages as a [`Till`] does, and sends them. Everything takes `&self`, so it may be shared.
/// Dropping it closes the connection.
pub struct Terminal {
    till: Till,
    line: Line,
}

impl Terminal {
    /// Connects to the switch at `address`, which may be a name with a port or a socket address.
    ///
    /// # Errors
    /// Where there is no connection: [`Error::Refused`], [`Error::Connect`], [`Error::ConnectTimeout`].
    pub async fn connect(address: impl ToSocketAddrs + fmt::Display, config: TerminalConfig) -> Result<Self, Error> {
        let stream = dial(address, &config).await?;
        let line = Line::over(stream, Arc::clone(&config.dialect), config.framing);
        Ok(Self { till: Till::new(config, Arc::new(SystemClock::start())), line })
    }

    /// Whether the connection still stands, as far as is known here.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.line.is_open()
    }

    /// Sends a message and waits for its answer: the one with the type that answers it and the same DE11, DE7, DE37 and DE41,
    /// as far as it carries them. Others may be asked meanwhile; answers may come in any order.
    ///
    /// # Errors
    /// Where the message cannot be built or sent, or no answer comes within `wait`. [`Error::Lost`], [`Error::Silent`] and
    /// [`Error::Unreadable`] leave open what became of the request.
    pub async fn ask(&self, message: &Message<'_>, wait: Duration) -> Result<Exchange, Error> {
        let stan = message.stan.ok_or(Lacking(11))?;
        let (frame, body) = self.framed(message)?;
        self.line.ask(message, stan, frame, body, wait).await
    }

    /// Sends a message and waits for nothing but its way into the socket. What answers it comes as unmatched.
    ///
    /// # Errors
    /// Where the message cannot be built, or the connection is gone.
    pub async fn send(&self, message: &Message<'_>) -> Result<(), Error> {
        let (frame, _) = self.framed(message)?;
        self.line.send(frame).await
    }

    /// The next message that nobody waits for: a late answer, an answer to something sent, or a stranger's. `None` when the
    /// connection is gone and all have been given. A thousand are kept, what comes above that is logged and dropped.
    pub async fn next_unmatched(&self) -> Option<Unmatched> {
        self.line.next_unmatched().await
    }

    /// Such a message, if one is there already.
    #[must_use]
    pub fn try_unmatched(&self) -> Option<Unmatched> {
        self.line.try_unmatched()
    }

    /// Asks for sign-on, sign-off or an echo (0800).
    ///
    /// # Errors
    /// As for [`Terminal::ask`].
    pub async fn network(&self, code: NetworkCode, wait: Duration) -> Result<Exchange, Error> {
        self.ask(&self.network_request(code), wait).await
    }

    /// The message in its frame, and its bytes alone.
    fn framed(&self, message: &Message<'_>) -> Result<(BytesMut, Vec<u8>), Error> {
        let mut frame = BytesMut::with_capacity(256);
        let body = self.till.frame(message, &mut frame)?;
        let body = frame.get(body..).unwrap_or_default().to_vec();
        Ok((frame, body))
    }
}

/// A connection as a terminal wants it.
pub(crate) async fn dial(address: impl ToSocketAddrs + fmt::Display, config: &TerminalConfig) -> Result<TcpStream, Error> {
    let name = address.to_string();
    let connected = tokio::time::timeout(config.connect_within, TcpStream::connect(address)).await;
    let stream = match connected {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => return Err(Error::Refused { address: name }),
        Ok(Err(source)) => return Err(Error::Connect { address: name, source }),
        Err(_) => return Err(Error::ConnectTimeout { address: name, waited: config.connect_within }),
    };
    // Messages are small and each is waited for.
    stream.set_nodelay(true).map_err(|source| Error::Connect { address: name, source })?;
    Ok(stream)
}

impl Deref for Terminal {
    type Target = Till;

    fn deref(&self) -> &Till {
        &self.till
    }
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal").field("id", &self.till.config.id).field("open", &self.is_open()).finish_non_exhaustive()
    }
}
