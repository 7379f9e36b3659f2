//! The words everybody shares: cards, money, times, messages, response codes.
//!
//! Knows: what a value of each word may be, and how it is shown (a card number always masked).
//! Does not know: bytes on a wire (`wire`), what is decided (`engine`), sockets, files, clocks.

mod card_numbers;
mod codes;
mod content;
mod half_month;
mod ids;
mod kind;
mod message;
mod moment;
mod money;
mod mti;
mod pan;
pub mod span;
mod text;
mod times;

pub use card_numbers::{card_number, mask_card_numbers, shows_card_number};
pub use codes::{NetworkCode, ResponseCode};
pub use content::{Content, Form, Sensitive};
pub use half_month::HalfMonth;
pub use ids::{InstitutionId, Rrn, Stan, TerminalId, TransactionId};
pub use kind::{Kind, ProcessingCode};
pub use message::{FieldNumber, Lacking, Message, OriginalData, Track2};
pub use money::{AmountError, Currency, Money};
pub use mti::{Class, Mti};
pub use pan::{Pan, PanError};
pub use text::Text;
pub use times::{BusinessDate, LocalDate, LocalTime, Timestamp, TransmissionTime, UtcOffset};
