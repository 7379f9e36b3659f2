//! What can happen to a switch.

use model::{InstitutionId, Message, NetworkCode, ResponseCode};

use crate::{About, BankId, LinkId};

/// What is known of a link on which requests come: its configuration, not what its messages claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acquirer {
    /// The institution that stands for a message without DE32.
    pub institution: InstitutionId,
    /// Whether its terminals keep deposited cash apart until the answer is there, so that it can be given back.
    pub escrow: bool,
}

/// One thing that happened.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// An acquirer asks. The message fits its profile.
    Request {
        /// The connection to answer on.
        link: LinkId,
        /// What is known of that connection.
        acquirer: Acquirer,
        /// What is asked.
        message: &'a Message<'a>,
        /// With what the card must be refused, by who knows cards; `None` where nobody objects, or nobody was asked. The engine looks
        /// nothing up: a replay must decide the same.
        card: Option<ResponseCode>,
    },
    /// A bank answers.
    Reply {
        /// Whose link it came on.
        bank: BankId,
        /// The answer, as far as it could be read.
        message: &'a Message<'a>,
        /// Whether it could be read whole and fits its profile.
        sound: bool,
    },
    /// Something that was to be sent did not leave: no byte of it was handed to the kernel.
    Undelivered(About),
    /// A bank's links came or went.
    Bank(BankId, BankEvent),
    /// A network management request, other than an echo.
    Network {
        /// The connection to answer on.
        link: LinkId,
        /// The bank behind it, where it is one.
        bank: Option<BankId>,
        /// The institution behind the link.
        institution: InstitutionId,
        /// The request.
        message: &'a Message<'a>,
        /// What it wants.
        code: NetworkCode,
    },
    /// A bank wants a list of the switch's changed: which of its cards are hot.
    FileUpdate {
        /// The connection to answer on.
        link: LinkId,
        /// The bank behind it.
        bank: BankId,
        /// The request.
        message: &'a Message<'a>,
    },
    /// Time went on: [`crate::Engine::deadline`] has passed.
    Tick,
    /// The state was read back after a stop. Comes once, before anything else.
    Recovered,
}

/// What happened to a bank's links as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BankEvent {
    /// The first link is up and signed on.
    Up,
    /// The last link is gone.
    Down,
}
