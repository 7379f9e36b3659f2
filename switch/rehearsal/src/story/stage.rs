//! Where the story plays: its terminals, and how it looks at balances.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bank_adapters::Card;
use model::{Currency, Message, Money, ResponseCode, Rrn, TerminalId};
use tokio::time::{Instant, sleep};

use super::{Story, StoryTimers};
use crate::{Error, Exchange, Reply, Terminal, TerminalConfig};

/// Between two looks at a balance that is about to change.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Why a step did not pass.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// Something came, and it was not what was expected.
    #[error("{0}")]
    Unexpected(String),
    /// Nothing came.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Atm,
    Shop,
    Payroll,
}

impl Place {
    const ALL: [Self; 3] = [Self::Atm, Self::Shop, Self::Payroll];

    fn terminal(self) -> &'static [u8; 8] {
        match self {
            Self::Atm => b"ATM00001",
            Self::Shop => b"SHOP0001",
            Self::Payroll => b"PAYROLL1",
        }
    }
}

pub(super) struct Stage<'s> {
    story: &'s Story<'s>,
    addr: SocketAddr,
    terminals: [Arc<Terminal>; 3],
    exchanges: Vec<Exchange>,
    /// What slips of this step told of fees, each once, for a repeat is told the same.
    fees: HashMap<(Option<Rrn>, Currency), u64>,
}

impl<'s> Stage<'s> {
    pub(super) async fn set(story: &'s Story<'s>, addr: SocketAddr) -> Result<Self, Error> {
        for alias in Story::ALIASES {
            story.cast.card(alias)?;
        }
        let [atm, shop, payroll] = Place::ALL.map(|place| connect(story, addr, place));
        let terminals = [atm.await?, shop.await?, payroll.await?];
        Ok(Self { story, addr, terminals, exchanges: Vec::new(), fees: HashMap::new() })
    }

    pub(super) fn story(&self) -> &'s Story<'s> {
        self.story
    }

    pub(super) fn timers(&self) -> &'s StoryTimers {
        &self.story.timers
    }

    pub(super) fn card(&self, alias: &str) -> Result<&'s Card, Trouble> {
        Ok(self.story.cast.card(alias).map_err(Error::from)?)
    }

    /// A step is over: what was said in it.
    pub(super) fn take_exchanges(&mut self) -> Vec<Exchange> {
        self.fees.clear();
        std::mem::take(&mut self.exchanges)
    }

    /// The terminal there, connected again where its connection broke.
    pub(super) async fn at(&mut self, place: Place) -> Result<Arc<Terminal>, Trouble> {
        let [atm, shop, payroll] = &mut self.terminals;
        let terminal = match place {
            Place::Atm => atm,
            Place::Shop => shop,
            Place::Payroll => payroll,
        };
        if !terminal.is_open() {
            *terminal = connect(self.story, self.addr, place).await?;
        }
        Ok(Arc::clone(terminal))
    }

    /// Asks, and keeps what was sent and what came.
    pub(super) async fn ask(&mut self, terminal: &Terminal, message: &Message<'_>) -> Result<Reply, Trouble> {
        let wait = self.timers().bank + self.timers().answer;
        let exchange = terminal.ask(message, wait).await?;
        let reply = exchange.reply.clone();
        if let Some(fee) = reply.fee {
            self.fees.insert((reply.rrn, fee.currency()), fee.minor());
        }
        self.exchanges.push(exchange);
        Ok(reply)
    }

    /// Asks for something that must be answered with `code`.
    pub(super) async fn ask_for(
        &mut self,
        code: ResponseCode,
        terminal: &Terminal,
        message: &Message<'_>,
    ) -> Result<Reply, Trouble> {
        let reply = self.ask(terminal, message).await?;
        if reply.code == code { Ok(reply) } else { Err(Trouble::Unexpected(format!("{} was answered {reply}", message.mti))) }
    }

    /// All that was charged in this step, in minor units.
    fn charged(&self, currency: Currency) -> i64 {
        let fees = self.fees.iter().filter(|((_, of), _)| *of == currency);
        fees.map(|(_, fee)| i64::try_from(*fee).unwrap_or(i64::MAX)).fold(0, i64::saturating_add)
    }

    /// What to say of that; nothing where nothing was.
    pub(super) fn fees(&self, currency: Currency) -> String {
        match self.charged(currency) {
            0 => String::new(),
            charged => format!("; and fees of {}", money(charged, currency)),
        }
    }

    /// What a balance inquiry at the ATM says, in minor units, as it would be without the fees of this step.
    pub(super) async fn balance(&mut self, card: &Card, currency: Currency) -> Result<i64, Trouble> {
        let atm = self.at(Place::Atm).await?;
        let reply = self.ask_for(ResponseCode::APPROVED, &atm, &atm.balance(card, currency)).await?;
        let told = reply.balance(currency);
        let told = told.ok_or_else(|| Trouble::Unexpected("the inquiry was answered without a balance (DE54)".into()))?;
        Ok(told.saturating_add(self.charged(currency)))
    }

    /// Waits until the balance is what it must become, for a bank is told of a reversal after the terminal is.
    pub(super) async fn settles(&mut self, card: &Card, currency: Currency, at: i64) -> Result<(), Trouble> {
        let until = Instant::now() + self.timers().settle;
        let kept = self.exchanges.len();
        loop {
            self.exchanges.truncate(kept);
            let balance = self.balance(card, currency).await?;
            match balance == at {
                true => return Ok(()),
                false if Instant::now() >= until => return Err(must_be(at, balance, currency)),
                false => sleep(LOOK_EVERY).await,
            }
        }
    }

    /// Waits for the books likewise.
    pub(super) async fn is_booked(&self, card: &Card, currency: Currency, at: i64) -> Result<(), Trouble> {
        let until = Instant::now() + self.timers().settle;
        loop {
            match self.story.booked(card, currency) {
                Some(balance) if balance == at => return Ok(()),
                Some(balance) if Instant::now() >= until => return Err(must_be(at, balance, currency)),
                None if Instant::now() >= until => {
                    return Err(Trouble::Unexpected("the bank's books could not be read any more".into()));
                }
                Some(_) | None => sleep(LOOK_EVERY).await,
            }
        }
    }
}

impl Story<'_> {
    /// What the bank's own books say of the card's account; `None` where nobody can look into them.
    pub(super) fn booked(&self, card: &Card, currency: Currency) -> Option<i64> {
        let look = self.ledger?;
        look(&card.bank, &card.account(currency)?.number.to_string())
    }
}

async fn connect(story: &Story<'_>, addr: SocketAddr, place: Place) -> Result<Arc<Terminal>, Error> {
    let id = TerminalId::new(place.terminal()).unwrap_or_default();
    let config = TerminalConfig { id, ..story.terminal.clone() };
    Ok(Arc::new(Terminal::connect(addr, config).await?))
}

/// That a balance is not what it must be.
pub(super) fn must_be(expected: i64, found: i64, currency: Currency) -> Trouble {
    let [expected, found] = [expected, found].map(|minor| money(minor, currency));
    Trouble::Unexpected(format!("the balance is {found} and must be {expected}"))
}

/// A balance for people.
pub(super) fn money(minor: i64, currency: Currency) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}", Money::from_minor(minor.unsigned_abs(), currency))
}
