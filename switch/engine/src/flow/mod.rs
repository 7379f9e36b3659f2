//! The one place where things are decided. Each flow reads the state, keeps records, and sends; see [`Turn`].

mod advice;
mod answer;
mod command;
mod dates;
mod forward;
mod hold;
mod hot;
mod legs;
mod network;
mod payroll;
mod posting;
mod recover;
mod request;
mod reversal;
mod standin;

pub use answer::refusal;
pub use hot::HOT_CARD_LISTS;

use model::{Class, Message, ResponseCode, Timestamp};

use crate::command::{Command, Disallowed};
use crate::config::Rules;
use crate::input::{BankEvent, Input};
use crate::out::{About, Out, Peer};
use crate::payroll::{BatchId, PayrollDisallowed, PayrollOrder};
use crate::record::Record;
use crate::state::State;

/// How many due legs one tick settles, so that a great wave of them does not hold up what comes in meanwhile.
const DUE_AT_ONCE_MAX: usize = 256;

/// A switch's mind: its rules and its state.
#[derive(Clone, Debug)]
pub struct Engine {
    rules: Rules,
    state: State,
    seed: u64,
    /// When it last decided anything.
    turned: Timestamp,
    /// Whether payrolls start nothing more: the switch is stopping.
    payroll_held: bool,
}

impl Engine {
    /// With the state that was read back, or an empty one. `seed` is taken when the stream begins; later ones are ignored.
    /// Must be given [`Input::Recovered`] before anything else.
    #[must_use]
    pub fn new(rules: Rules, state: State, seed: u64) -> Self {
        Self { rules, state, seed: seed.max(1), turned: Timestamp::default(), payroll_held: false }
    }

    /// What is remembered.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What was decided beforehand.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// When [`Input::Tick`] is wanted at the latest: for the next timer, the next business date, or a payroll's items.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        let opens = self.rules.opens(self.state.date().next());
        let payroll = if self.payroll_held { None } else { payroll::due(&self.rules, &self.state, self.turned) };
        self.state.timers().next().into_iter().chain(payroll).fold(opens, Timestamp::min)
    }

    /// From now on payrolls start nothing more; what is on its way goes on. After a restart they go on by themselves.
    pub fn hold_payroll(&mut self) {
        self.payroll_held = true;
    }

    /// Decides on one input.
    pub fn handle<O: Out>(&mut self, now: Timestamp, input: Input<'_>, out: &mut O) {
        let (seed, payroll_held) = (self.seed, self.payroll_held);
        self.turned = now;
        let mut turn = Turn { now, rules: &self.rules, state: &mut self.state, out };
        let turn = &mut turn;
        if let Input::Recovered = input {
            return recover::run(turn, seed);
        }
        dates::keep(turn);
        match input {
            Input::Request { link, acquirer, message, card } => match message.mti.class() {
                Some(Class::Financial | Class::Authorization) if message.mti.is_advice() => {
                    advice::ask(turn, link, acquirer, message);
                }
                Some(Class::Financial | Class::Authorization) => request::ask(turn, link, acquirer, message, card),
                Some(Class::Reversal) => reversal::ask(turn, link, acquirer, message),
                _ => answer::refuse(turn, link, message, ResponseCode::NOT_SUPPORTED),
            },
            Input::Reply { bank, message, sound } => legs::reply(turn, bank, message, sound),
            Input::Undelivered(About::Leg(leg)) => legs::undelivered(turn, leg),
            Input::Undelivered(About::Answer(transaction)) => reversal::undelivered(turn, transaction),
            Input::Undelivered(About::Nothing) => {}
            Input::Bank(bank, event) => turn.record(&Record::BankLinked { bank, up: event == BankEvent::Up }),
            Input::Network { link, bank, institution, message, code } => {
                network::answer(turn, link, bank, institution, message, code);
            }
            Input::FileUpdate { link, bank, message } => hot::update(turn, link, bank, message),
            Input::Tick => {}
            Input::Recovered => {}
        }
        settle_due(turn);
        if !payroll_held {
            payroll::go_on(turn);
        }
        dates::close(turn);
    }

    /// Carries out an operator's order.
    ///
    /// # Errors
    /// Why not; what is refused leaves no trace.
    pub fn command<O: Out>(
        &mut self,
        now: Timestamp,
        operator: &str,
        reason: &str,
        command: Command,
        out: &mut O,
    ) -> Result<(), Disallowed> {
        let turn = &mut Turn { now, rules: &self.rules, state: &mut self.state, out };
        dates::keep(turn);
        let done = command::run(turn, operator, reason, command);
        dates::close(turn);
        done
    }

    /// Carries out an order about a payroll; gives the batch it was about.
    ///
    /// # Errors
    /// Why not; what is refused leaves no trace, but that a batch is dropped whole over an item that is wrong or totals that do not
    /// agree.
    pub fn payroll<O: Out>(
        &mut self,
        now: Timestamp,
        operator: &str,
        reason: &str,
        order: &PayrollOrder,
        out: &mut O,
    ) -> Result<BatchId, PayrollDisallowed> {
        self.turned = now;
        let turn = &mut Turn { now, rules: &self.rules, state: &mut self.state, out };
        dates::keep(turn);
        let done = payroll::run(turn, operator, reason, order);
        if !self.payroll_held {
            payroll::go_on(turn);
        }
        dates::close(turn);
        done
    }
}

/// Whatever is due by now, whichever input brought the time.
fn settle_due<O: Out>(turn: &mut Turn<'_, O>) {
    for _ in 0..DUE_AT_ONCE_MAX {
        let Some(leg) = turn.state().timers().due(turn.now) else { return };
        legs::due(turn, leg);
    }
}

/// What a flow gets: the state to read, and the only way to change it.
pub(crate) struct Turn<'t, O> {
    now: Timestamp,
    rules: &'t Rules,
    state: &'t mut State,
    out: &'t mut O,
}

impl<'t, O: Out> Turn<'t, O> {
    fn state(&self) -> &State {
        self.state
    }

    /// The rules outlive the turn, so that a bank's can be held while records are made.
    fn rules(&self) -> &'t Rules {
        self.rules
    }

    fn record(&mut self, record: &Record<'_>) {
        self.out.append(self.state, record);
        self.state.apply(self.now, record);
    }

    fn send(&mut self, to: Peer, message: &Message<'_>, about: About) {
        self.out.send(to, message, about);
    }
}
