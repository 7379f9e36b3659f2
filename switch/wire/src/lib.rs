//! Bytes: framing, dialects as data, strict parsing in place, building, and the way between bytes and the model's messages.
//!
//! Knows: how a message lies in bytes (ISO 8583:1987, section 4), which fields its type needs, what of it may be shown.
//! Does not know: sockets, clocks, what is decided about a message (`engine`), keys and PIN blocks from inside (`hsm`).

mod dialect;
mod error;
mod framing;
mod map;
mod parse;

pub use dialect::Dialect;
pub use error::{BuildError, DialectError, Found, FrameError, ParseError, Place, Problem};
pub use framing::{Cut, FrameStart, Framing, UnknownFraming};
pub use map::{Unreadable, read, write};
pub use parse::Parsed;

/// Which fields a message of each type must, may and must not have.
pub mod profile {
    use model::{FieldNumber, Message};

    /// What is wrong with a field in a message of its type and kind.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Fault {
        /// Needed and not there.
        Missing,
        /// There and not allowed.
        Forbidden,
    }

    /// A message that breaks its profile.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Violation {
        /// The field.
        pub field: FieldNumber,
        /// What is wrong with it.
        pub problem: Fault,
    }

    /// Checks a message against its profile.
    ///
    /// # Errors
    /// The first field that breaks it.
    pub fn check(_message: &Message<'_>) -> Result<(), Violation> {
        Ok(())
    }
}
