//! The trait that a bank implements, and what it is told beside the request.

use std::sync::Arc;

use model::{Kind, Timestamp};

use crate::{BankReply, BankRequest, Clock, Outcome, Reference, Sending, Unsent};

/// A bank as the switch reaches it. Authors write `async fn call`.
///
/// A bank owes three things: the same [`Reference`] again gets the same answer and moves money once; a reversal is never declined
/// for business reasons; and what it answered outlives a crash. [`crate::reference`] shows how.
pub trait Bank: Send + Sync + 'static {
    /// What it can do. Asked once for each link, so it cannot change while one is up.
    fn capabilities(&self) -> Capabilities;

    /// Posts the request, or says why not. Many calls run at once, up to the host's bound. The future is run to its end even
    /// where nobody waits for it any more, so that an approval cannot vanish half way.
    fn call(&self, request: BankRequest, cx: Call) -> impl Future<Output = Outcome<BankReply>> + Send;
}

/// What a bank can do. What is not listed is answered 40 by the host, without a call. Reversals are always taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The kinds of transaction it posts, asked for (0200) or told (0220).
    pub kinds: Vec<Kind>,
    /// The kinds for which it holds an amount (0100, 0120).
    pub holds: Vec<Kind>,
}

impl Capabilities {
    /// The kinds for which an amount may be held: what a card pays for.
    pub const HOLDS: [Kind; 3] = [Kind::Purchase, Kind::Withdrawal, Kind::CashBack];

    /// Every kind that this switch knows.
    #[must_use]
    pub fn all() -> Self {
        Self { kinds: Kind::ALL.to_vec(), holds: Self::HOLDS.to_vec() }
    }
}

/// One call: by when an answer is of use, which identity the request has on every retry, and what time it is.
pub struct Call {
    reference: Reference,
    deadline: Timestamp,
    clock: Arc<dyn Clock>,
    unsent: Unsent,
}

impl Call {
    /// A call for `reference` that is waited for until `deadline` by `clock`. A host makes one for each request it reads.
    #[must_use]
    pub fn new(reference: Reference, deadline: Timestamp, clock: Arc<dyn Clock>) -> Self {
        Self { reference, deadline, clock, unsent: Unsent::new() }
    }

    /// The leg's identity, the same on every retry: of a reversal the original's.
    #[must_use]
    pub fn reference(&self) -> Reference {
        self.reference
    }

    /// When the asker gives up. An answer after it is late, not lost: the switch records and reverses it.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        self.deadline
    }

    /// The present moment, in a rehearsal the virtual one.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The proof that nothing left yet, for a refusal.
    #[must_use]
    pub fn unsent(self) -> Unsent {
        self.unsent
    }

    /// To be called before the first byte leaves for the bank.
    #[must_use]
    pub fn sending(self) -> Sending {
        self.unsent.sending()
    }
}
