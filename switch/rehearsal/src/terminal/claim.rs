//! Which answer belongs to which request.

use model::{Message, Rrn, TerminalId, TransmissionTime};

/// What an answer must agree with, besides the type that answers the request and its DE11.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    transmitted: Option<TransmissionTime>,
    rrn: Option<Rrn>,
    terminal: Option<TerminalId>,
}

impl Claim {
    /// That of a request: its DE7, DE37 and DE41.
    #[must_use]
    pub fn of(request: &Message<'_>) -> Self {
        let Message { transmitted, rrn, terminal, .. } = *request;
        Self { transmitted, rrn, terminal }
    }

    /// An answer need not carry everything (a refusal of what could not be read has little), but what it carries must agree.
    #[must_use]
    pub fn is_met_by(&self, answer: &Message<'_>) -> bool {
        fn agree<T>(asked: Option<T>, answered: Option<T>, same: impl Fn(&T, &T) -> bool) -> bool {
            asked.zip(answered).is_none_or(|(asked, answered)| same(&asked, &answered))
        }
        agree(self.transmitted, answer.transmitted, |one, other| one == other)
            && agree(self.rrn, answer.rrn, |one, other| one.trimmed() == other.trimmed())
            && agree(self.terminal, answer.terminal, |one, other| one.trimmed() == other.trimmed())
    }
}
