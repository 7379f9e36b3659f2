//! Operators' orders and looks, from whatever thread they come, to the one thread that touches the engine.
//!
//! An order is answered only when the block that holds it is durable, so that what an operator was told is never lost; or with the
//! reason why it was not carried out.

use std::sync::Arc;
use std::time::Duration;

use engine::{BankId, BatchId, Command, Disallowed, PayrollDisallowed, PayrollOrder, Rules, State};
use model::{Timestamp, UtcOffset, shows_card_number};
use tokio::sync::{mpsc, oneshot};

/// How many orders and looks may wait for the switch's thread.
const WAITING_MAX: usize = 64;
/// How long one may wait until what was decided is durable.
const WITHIN: Duration = Duration::from_secs(10);
/// The longest name of an operator, bytes.
const OPERATOR_MAX: usize = 64;
/// The longest reason, bytes.
const REASON_MAX: usize = 500;

/// What an operator wants done.
#[derive(Clone, Debug)]
pub struct Order {
    /// Who wants it.
    pub operator: String,
    /// Why.
    pub reason: String,
    /// What.
    pub command: Command,
}

impl Order {
    /// Whether it can be kept in the audit log as it is written.
    ///
    /// # Errors
    /// [`Unfulfilled::Unfit`]
    pub fn check(&self) -> Result<(), Unfulfilled> {
        check_words(&self.operator, &self.reason)
    }
}

/// Why an order or a look came to nothing, or may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfulfilled {
    /// It cannot be kept as it is written.
    #[error("{1}")]
    Unfit(
        /// Which part of it.
        &'static str,
        /// What is wrong, and what is wanted.
        String,
    ),
    /// It cannot be carried out.
    #[error(transparent)]
    Disallowed(Disallowed),
    /// It is about a payroll, and cannot be carried out.
    #[error(transparent)]
    Payroll(PayrollDisallowed),
    /// Nothing is admitted now.
    #[error("the switch admits nothing now: its journal stands still, or it is stopping; try again later")]
    NotNow,
    /// Too many wait already.
    #[error("too many orders wait already; try again later")]
    Busy,
    /// Its block is not durable yet.
    #[error("the journal stands still: whether the order holds is not known yet; look again before you repeat it")]
    Unknown,
    /// Its clock is the machine's.
    #[error("the switch goes by the machine's clock; start it with `payswitch run --clock manual` to move it by hand")]
    ClockRuns,
    /// What was is not decided again.
    #[error("the clock shows {now} and never goes back, so not to {to}")]
    Backwards {
        /// What it shows.
        now: Timestamp,
        /// Where somebody wants it.
        to: Timestamp,
    },
    /// Further than anybody tests: a slip of the pen, from which no clock comes back.
    #[error(
        "a clock is moved ten years at once at most, and never beyond the year 9999, for it does not go back; it shows {now}"
    )]
    TooFar {
        /// What it shows.
        now: Timestamp,
    },
    /// Two cannot move it at once.
    #[error("the clock is being moved already; try again when it stands")]
    Moving,
    /// The switch has ended meanwhile.
    #[error("the switch has stopped: whether the order holds is told by `payswitch journal export`")]
    Stopped,
}

/// What is done with the state while nothing else touches it.
type Look = dyn FnOnce(&State, &Rules) + Send;

/// What the switch's thread is asked for.
pub(crate) enum Wanted {
    /// To carry out an order; told the block that holds it once that is durable.
    Order(Order, oneshot::Sender<Result<u64, Unfulfilled>>),
    /// To carry out an order about a payroll; told its batch once that is durable.
    Payroll(PayrollOrdered, oneshot::Sender<Result<BatchId, Unfulfilled>>),
    /// To look at the state.
    Look(Box<Look>),
    /// To tell the time.
    Clock(oneshot::Sender<ClockShown>),
    /// To move a clock that stands; told when what is due by then is durable.
    Move(Move, oneshot::Sender<Result<ClockShown, Unfulfilled>>),
}

/// An order about a payroll, with who gives it and why.
pub(crate) struct PayrollOrdered {
    pub(crate) operator: String,
    pub(crate) reason: String,
    pub(crate) order: PayrollOrder,
}

/// How far a clock that stands is to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// So far.
    By(Duration),
    /// To this moment.
    To(Timestamp),
}

/// The switch's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockShown {
    /// What it shows.
    pub now: Timestamp,
    /// Local time of the switch.
    pub offset: UtcOffset,
    /// Whether it stands until it is told.
    pub manual: bool,
    /// Where it was to be moved, where there was no time to get there: who asks again gets further.
    pub wanted: Option<Timestamp>,
}

/// A handle to give orders with, from any thread with a runtime.
#[derive(Clone, Debug)]
pub struct Orders {
    wanted: mpsc::Sender<Wanted>,
    banks: Arc<[(String, BankId)]>,
}

impl Orders {
    /// The handle, and the end at which the switch's thread takes what is wanted.
    pub(crate) fn new(rules: &Rules) -> (Self, mpsc::Receiver<Wanted>) {
        let (wanted, taken) = mpsc::channel(WAITING_MAX);
        (Self { wanted, banks: rules.banks.iter().map(|bank| (bank.name.clone(), bank.id)).collect() }, taken)
    }

    /// The bank of this name or institution number.
    ///
    /// # Errors
    /// Where there is none, with those there are.
    pub fn bank(&self, text: &str) -> Result<BankId, Unfulfilled> {
        let found = self.banks.iter().find(|(name, id)| name == text || id.to_string() == text);
        found.map(|(_, id)| *id).ok_or_else(|| {
            let known: Vec<_> = self.banks.iter().map(|(name, _)| name.as_str()).collect();
            Unfulfilled::Unfit("bank", format!("there is no such bank; known: {}", known.join(", ")))
        })
    }

    /// Carries out an order; gives the number of the durable block that holds it.
    ///
    /// # Errors
    /// Why not. With [`Unfulfilled::Unknown`] and [`Unfulfilled::Stopped`] it may have been.
    pub async fn give(&self, order: Order) -> Result<u64, Unfulfilled> {
        order.check()?;
        let (tell, told) = oneshot::channel();
        self.want(Wanted::Order(order, tell))?;
        match tokio::time::timeout(WITHIN, told).await {
            Ok(told) => told.unwrap_or(Err(Unfulfilled::Stopped)),
            Err(_) => Err(Unfulfilled::Unknown),
        }
    }

    /// Carries out an order about a payroll; gives the batch it was about, once that is durable.
    ///
    /// # Errors
    /// Why not. With [`Unfulfilled::Unknown`] and [`Unfulfilled::Stopped`] it may have been.
    pub async fn payroll(&self, operator: &str, reason: &str, order: PayrollOrder) -> Result<BatchId, Unfulfilled> {
        check_words(operator, reason)?;
        let (tell, told) = oneshot::channel();
        let ordered = PayrollOrdered { operator: operator.to_owned(), reason: reason.to_owned(), order };
        self.want(Wanted::Payroll(ordered, tell))?;
        match tokio::time::timeout(WITHIN, told).await {
            Ok(told) => told.unwrap_or(Err(Unfulfilled::Stopped)),
            Err(_) => Err(Unfulfilled::Unknown),
        }
    }

    /// The time.
    ///
    /// # Errors
    /// Where nobody can tell it now.
    pub async fn clock(&self) -> Result<ClockShown, Unfulfilled> {
        let (tell, told) = oneshot::channel();
        self.want(Wanted::Clock(tell))?;
        match tokio::time::timeout(WITHIN, told).await {
            Ok(told) => told.map_err(|_| Unfulfilled::Stopped),
            Err(_) => Err(Unfulfilled::Busy),
        }
    }

    /// Moves a clock that stands, from one thing that is due to the next, and answers when all that was due is durable; or after
    /// some seconds of work, when there is more, with how far it has come.
    ///
    /// # Errors
    /// Why it does not move. With [`Unfulfilled::Unknown`] and [`Unfulfilled::Stopped`] it may have.
    pub async fn move_clock(&self, by: Move) -> Result<ClockShown, Unfulfilled> {
        let (tell, told) = oneshot::channel();
        self.want(Wanted::Move(by, tell))?;
        match tokio::time::timeout(WITHIN, told).await {
            Ok(told) => told.unwrap_or(Err(Unfulfilled::Stopped)),
            Err(_) => Err(Unfulfilled::Unknown),
        }
    }

    /// Looks at the state as it is between two messages. `look` runs on the switch's thread and must be short.
    ///
    /// # Errors
    /// Where nobody can look now.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&State, &Rules) -> T + Send + 'static,
    ) -> Result<T, Unfulfilled> {
        let (tell, told) = oneshot::channel();
        self.want(Wanted::Look(Box::new(move |state, rules| {
            // Who asked may have gone.
            let _ = tell.send(look(state, rules));
        })))?;
        match tokio::time::timeout(WITHIN, told).await {
            Ok(told) => told.map_err(|_| Unfulfilled::Stopped),
            Err(_) => Err(Unfulfilled::Busy),
        }
    }

    fn want(&self, wanted: Wanted) -> Result<(), Unfulfilled> {
        self.wanted.try_send(wanted).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unfulfilled::Busy,
            mpsc::error::TrySendError::Closed(_) => Unfulfilled::Stopped,
        })
    }
}

/// Whether a name and a reason may stand in an audit log for ever.
///
/// # Errors
/// [`Unfulfilled::Unfit`]
pub fn check_words(operator: &str, reason: &str) -> Result<(), Unfulfilled> {
    fits("operator", operator, OPERATOR_MAX)?;
    if !operator.chars().all(|char| char.is_ascii_alphanumeric() || " .-_@'".contains(char)) {
        let problem = "is written in the letters A to Z, digits, spaces and . - _ @ ': two names that look alike must be one";
        return Err(Unfulfilled::Unfit("operator", problem.into()));
    }
    fits("reason", reason, REASON_MAX)
}

/// Whether a text may stand in the audit log for ever: short, in one line, and without a card number.
fn fits(part: &'static str, text: &str, max: usize) -> Result<(), Unfulfilled> {
    let unfit = |problem: String| Err(Unfulfilled::Unfit(part, problem));
    if text.len() > max {
        return unfit(format!("is longer than {max} bytes"));
    }
    if text.chars().any(char::is_control) {
        return unfit("must be one line, without control characters".into());
    }
    if shows_card_number(text) {
        return unfit("holds a card number, which must stand in no log; leave it out, or write its last four digits".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_the_audit_log_holds_no_card_number() {
        for text in ["card 9116010000000019", "9116 0100 0000 0019 was found", "(9116-0100-0000-0019)", "9116.0100.0000.0019"] {
            assert!(matches!(fits("reason", text, 99), Err(Unfulfilled::Unfit("reason", _))), "{text}");
        }
        for text in ["", "settled by letter", "RRN 123456789012, 2022-12-28", "911601******0019", "call +855 23 998 777"] {
            assert_eq!(fits("reason", text, 99), Ok(()), "{text}");
        }
        // Two people approve a payroll: an invisible letter, or one of another alphabet, makes nobody a second person.
        for name in ["sovann\u{200b}", "s\u{43e}vann", "\u{ff53}ovann", "sov\u{ad}ann"] {
            assert!(matches!(check_words(name, ""), Err(Unfulfilled::Unfit("operator", _))), "{name:?}");
        }
        assert_eq!(check_words("sok.sovann@treasury", "paid twice"), Ok(()));
        assert!(fits("operator", "sovann\n", 99).is_err() && fits("operator", "sovann", 5).is_err());
    }
}
