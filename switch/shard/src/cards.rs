//! Somebody who knows cards. The engine looks nothing up, for a replay must decide the same; so what is known against a card is looked
//! up here and goes in with the request, and the refusal becomes a record like any other.

use model::{BusinessDate, Pan, ResponseCode};

/// Knows cards: a directory in the server, anything else in a test.
pub trait Cards: std::fmt::Debug {
    /// With what this card must be refused on a local day; `None` where it is good. It is asked for each request that shows a card,
    /// on the switch's thread, and must be quick.
    fn objection(&self, pan: Pan, day: BusinessDate) -> Option<ResponseCode>;
}
