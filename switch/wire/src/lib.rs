//! Bytes: framing, dialects as data, strict parsing in place, building, and the way between bytes and the model's messages.
//!
//! Knows: how a message lies in bytes (ISO 8583:1987, section 4), which fields its type needs, what of it may be shown.
//! Does not know: sockets, clocks, what is decided about a message (`engine`), keys and PIN blocks from inside (`hsm`).

mod build;
mod chars;
pub mod describe;
mod dialect;
pub mod doctor;
mod error;
mod fields;
mod framing;
pub mod json;
mod map;
mod parse;
pub mod profile;
pub mod spec;
pub mod subfields;
pub mod tlv;

pub use build::Value;
pub use chars::unhex;
pub use dialect::{Dialect, Version};
pub use error::{BuildError, DialectError, Found, FrameError, ParseError, Place, Problem, TomlError};
pub use fields::FieldSet;
pub use framing::{Cut, Envelope, FrameStart, Framing, UnknownFraming};
pub use map::{Unreadable, octets, pin_block, read, write};
pub use parse::Parsed;
