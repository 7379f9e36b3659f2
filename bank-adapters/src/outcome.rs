//! What may come of asking a bank, and the proof behind each answer.
//!
//! Whether money may have moved hangs on one question: did a byte of the request leave? So the answer is a type. A call starts
//! with an [`Unsent`]; the transport gives it up for a [`Sending`] before it writes. From then on "not delivered" cannot be said.

use std::borrow::Cow;
use std::fmt;

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The bank answered, be it a decline.
    Answered(T),
    /// No byte reached the bank: nothing was posted there, and the request may go elsewhere or be declined with 91.
    NotDelivered(Refused),
    /// The bank may or may not have posted it. To be reversed or asked again by its kind's rule, never assumed.
    Unknown(Lost),
}

/// Proof that no byte of the request has left yet. Not to be copied, so it can be spent only once.
#[derive(Debug)]
pub struct Unsent(());

impl Unsent {
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// The request goes nowhere, for a reason that an operator will read.
    #[must_use]
    pub fn refuse(self, why: impl Into<Cow<'static, str>>) -> Refused {
        Refused { why: why.into() }
    }

    /// To be called before the first byte is written.
    #[must_use]
    pub fn sending(self) -> Sending {
        Sending(())
    }
}

/// The request is on its way: what is not an answer is from here on unknown.
#[derive(Debug)]
pub struct Sending(());

impl Sending {
    /// No answer can come any more, for a reason that an operator will read.
    #[must_use]
    pub fn lost(self, why: impl Into<Cow<'static, str>>) -> Lost {
        Lost { why: why.into() }
    }
}

/// Why a request was never handed to the bank. Made from an [`Unsent`] only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    why: Cow<'static, str>,
}

/// Why nobody knows what the bank did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    why: Cow<'static, str>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}
