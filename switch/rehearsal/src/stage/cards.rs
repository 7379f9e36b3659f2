//! The card store of a stage: cards by number in memory, looked up as the server's directory is, and what banks say of cards by 0302.
//!
//! Knows: how a card stands, what becomes known while the scenario is played. Does not know: people, files.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use bank_adapters::Cast;
use bytes::BytesMut;
use cards::{Expiry, State};
use model::{BusinessDate, Message, Mti, Pan, ResponseCode, Stan, Text, TransmissionTime};

use super::Stage;
use super::far::Role;
use crate::replay::{Order, Ordered, Party, VenueError};

/// How long a bank waits for the answer to its 0302.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Trace numbers of what banks say begin here, far from the switch's own.
const STAN_FIRST: u32 = 900_000;

/// A card as the store has it.
#[derive(Clone, Copy, Debug)]
struct Known {
    state: State,
    expiry: Option<Expiry>,
}

/// Every card that the store knows.
#[derive(Debug, Default)]
pub(super) struct StageCards(RefCell<HashMap<Pan, Known>>);

impl StageCards {
    /// These cards of the cast, each as it stands.
    ///
    /// # Errors
    /// Where a standing is none.
    pub(super) fn of(cards: &[(String, String)], cast: &Cast) -> Result<Rc<Self>, VenueError> {
        let known = cards.iter().map(|(alias, standing)| {
            let card = cast.card(alias).map_err(|error| VenueError::Wrong(error.to_string()))?;
            let state = State::from_name(standing);
            let state = state.ok_or_else(|| VenueError::Wrong(format!("no card is {standing:?}")))?;
            Ok((card.pan, Known { state, expiry: Expiry::from_yymm(card.expiry) }))
        });
        Ok(Rc::new(Self(RefCell::new(known.collect::<Result<_, VenueError>>()?))))
    }

    /// A card that was not there before is in its holder's hands, where `of` is known.
    fn comes(&self, pan: Pan, of: Pan) {
        let mut cards = self.0.borrow_mut();
        if cards.contains_key(&of) {
            cards.entry(pan).or_insert(Known { state: State::Active, expiry: None });
        }
    }

    /// What a bank has issued is known from then on.
    pub(super) fn answered(&self, message: &Message<'_>) {
        if let (Some(issued), Some(pan), Some(code)) = (message.issued, message.pan, message.code)
            && code.approves()
        {
            self.comes(issued, pan);
        }
    }
}

impl shard::Cards for StageCards {
    fn objection(&self, pan: Pan, day: BusinessDate) -> Option<ResponseCode> {
        match self.0.borrow().get(&pan) {
            Some(known) => known.state.on(day, known.expiry).refused_with(),
            None => Some(ResponseCode::UNKNOWN_CARD),
        }
    }
}

impl Stage {
    /// What an order about a card has changed in the store.
    pub(super) fn card_ordered(&self, what: &Order, by_bank: bool) {
        let Some(cards) = &self.cards else { return };
        if let Order::Replace { old, new, .. } = what {
            if by_bank {
                cards.comes(*new, *old);
            } else if cards.0.borrow().contains_key(old) {
                cards.0.borrow_mut().entry(*new).or_insert(Known { state: State::Registered, expiry: None });
            }
        }
    }

    /// A bank says something of a card of its own (0302), and is answered.
    pub(super) fn bank_says(&mut self, bank: &str, what: &Order) -> Result<Ordered, VenueError> {
        let (pan, update, list, new) = match what {
            Order::Block(pan, list) => (*pan, b'1', list.to_uppercase(), None),
            Order::Replace { old, new, list } => (*old, b'2', list.to_uppercase(), Some(*new)),
            Order::Unblock(pan) => (*pan, b'3', "BLOCKED".to_owned(), None),
            Order::Cutover | Order::SignOff(_) | Order::SignOn(_) | Order::Retry(_) | Order::Discard(_) => {
                return Err(VenueError::Wrong("no bank can order this by a message".to_owned()));
            }
        };
        self.told += 1;
        let message = Message {
            pan: Some(pan),
            issued: new,
            stan: Stan::new(STAN_FIRST + self.told),
            transmitted: Some(TransmissionTime::of(self.world.now())),
            file_update: Some(update),
            file_name: Text::new(list.as_bytes()),
            ..Message::new(Mti::FILE_UPDATE_REQUEST)
        };
        let stan = message.stan;
        self.bank_sends(bank, &message)?;
        let until = self.world.now() + ANSWER_WITHIN;
        let mut place = 0;
        loop {
            while let Some(seen) = self.seen.get(place) {
                place += 1;
                if seen.to != Party::Bank(bank.to_owned()) || !seen.arrived {
                    continue;
                }
                let Ok(answer) = wire::read(&seen.dialect, &seen.body) else { continue };
                if answer.mti != Mti::FILE_UPDATE_RESPONSE || answer.stan != stan {
                    continue;
                }
                return Ok(match answer.code {
                    Some(ResponseCode::APPROVED) => Ordered::Done,
                    Some(code) => Ordered::Refused(format!("{code} {}", code.meaning().unwrap_or_default())),
                    None => Ordered::Refused("an answer without a code".to_owned()),
                });
            }
            if !self.advance(until) {
                return Err(VenueError::NotNow(format!("the switch does not answer {bank}'s 0302")));
            }
        }
    }

    /// A message leaves a bank's end of its line.
    fn bank_sends(&mut self, bank: &str, message: &Message<'_>) -> Result<(), VenueError> {
        let role = Role::Bank(bank.to_owned());
        let line = self.line_of(&role).filter(|line| self.world.is_up(*line));
        let line = line.ok_or_else(|| VenueError::NotNow(format!("{bank} has no connection to the switch")))?;
        let now = self.world.now();
        let Some(far) = self.fars.get_mut(&line) else { return Ok(()) };
        let mut frame = BytesMut::new();
        let unfit = |error: &dyn std::fmt::Display| VenueError::Wrong(format!("{bank}'s 0302 cannot be written: {error}"));
        let start = far.framing.begin(&mut frame);
        wire::write(&far.dialect, message, now, &mut frame).map_err(|error| unfit(&error))?;
        far.framing.finish(&mut frame, start).map_err(|error| unfit(&error))?;
        let fate = far.leaves(now, &frame);
        self.seen.push_back(far.seen(now, false, far.body(&frame), fate));
        self.pump(line);
        Ok(())
    }
}
