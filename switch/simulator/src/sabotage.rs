//! Faults planted on purpose, each of which some checker must find: at the seams of the simulator, or inside the engine.

use engine::sabotage::Fault;

/// What is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// The shell tells the shard that a block is durable before it is.
    GateOpensEarly,
    /// The store loses its last block in a crash though it had said that it was durable.
    StoreForgetsABlock,
    /// Somebody between bank and switch turns a refusal into an approval.
    BankReplyAltered,
    /// A connection's answers go out on another connection.
    AnswersCrossed,
    /// A block gets to the store unsealed.
    Unsealed,
    /// The engine makes this mistake; only where it was built to (its feature `sabotage`).
    Engine(Fault),
}

impl Sabotage {
    /// Those that need no engine built for it.
    pub const AT_THE_SEAMS: &[Self] =
        &[Self::GateOpensEarly, Self::StoreForgetsABlock, Self::BankReplyAltered, Self::AnswersCrossed, Self::Unsealed];

    /// What the engine is to do wrong.
    pub(crate) fn in_engine(self) -> Option<Fault> {
        match self {
            Self::Engine(fault) => Some(fault),
            _ => None,
        }
    }
}
