//! The switch itself: frames in, engine, block, frames out.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use engine::{
    About, BankEvent, BankId, BatchId, BlockWriter, Command, Disallowed, Engine, Input, LinkId, PayrollDisallowed, PayrollOrder,
    Rules, State, sabotage,
};
use model::{Class, Message, Mti, NetworkCode, ResponseCode, Text, Timestamp, TransmissionTime};
use wire::{Cut, Dialect, Envelope, Unreadable, profile};

use crate::cards::Cards;
use crate::envelopes::Envelopes;
use crate::exit::{Exit, Links};
use crate::link::{BankLink, CloseReason, GARBAGE_MAX, Link, LinkConfig, Session, Side};
use crate::outbox::{BlockNumber, Outbox};
use crate::watch::{Direction, Watch};

/// Bounds on what waits inside.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes that may wait on one link before it is read no further. 256 KiB.
    pub outbox_max: usize,
    /// Bytes of records that may wait for a write before links are read no further. 1 MiB.
    pub block_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { outbox_max: 256 * 1024, block_max: 1024 * 1024 }
    }
}

/// Why an operator's order was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The switch cannot take any order now.
    #[error("the switch admits nothing now: its journal stands still, or it is stopping; try again later")]
    NotNow,
    /// This order cannot be carried out.
    #[error(transparent)]
    Disallowed(#[from] Disallowed),
}

/// Why an order about a payroll was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayrollRefused {
    /// The switch cannot take any order now.
    #[error("the switch admits nothing now: its journal stands still, or it is stopping; try again later")]
    NotNow,
    /// This order cannot be carried out.
    #[error(transparent)]
    Disallowed(#[from] PayrollDisallowed),
}

/// One switch without sockets.
#[derive(Debug)]
pub struct Shard<W> {
    engine: Engine,
    links: Links,
    block: BlockWriter,
    open_number: BlockNumber,
    durable: BlockNumber,
    spent: Option<Vec<u8>>,
    undelivered: VecDeque<About>,
    limits: Limits,
    next_link: u64,
    stalled: bool,
    draining: bool,
    cards: Option<Box<dyn Cards>>,
    watch: W,
}

impl<W: Watch> Shard<W> {
    /// A switch that goes on from `engine`'s state; its first block gets the number `next_block`. Decides at once what
    /// follows from having stopped.
    #[must_use]
    pub fn start(now: Timestamp, engine: Engine, next_block: BlockNumber, limits: Limits, watch: W) -> Self {
        let mut shard = Self {
            engine,
            links: Links::default(),
            block: BlockWriter::default(),
            open_number: next_block,
            durable: next_block - 1,
            spent: None,
            undelivered: VecDeque::new(),
            limits,
            // Starts never fall into the same microsecond, so numbers never come twice.
            next_link: u64::try_from(now.micros()).unwrap_or(1),
            stalled: false,
            draining: false,
            cards: None,
            watch,
        };
        shard.handle(now, Input::Recovered);
        shard
    }

    /// What is remembered.
    #[must_use]
    pub fn state(&self) -> &State {
        self.engine.state()
    }

    /// From now on every request with a card is looked up by `cards` before it is decided upon.
    pub fn set_cards(&mut self, cards: Box<dyn Cards>) {
        self.cards = Some(cards);
    }

    /// What was decided beforehand.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        self.engine.rules()
    }

    /// Who counts what goes by.
    pub fn watch(&mut self) -> &mut W {
        &mut self.watch
    }

    /// When [`Shard::tick`] is wanted at the latest.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        let sessions = self.links.banks().filter_map(|(_, link)| link.session.due);
        sessions.fold(self.engine.deadline(), Timestamp::min)
    }

    /// A connection is there. A bank's is signed on first.
    pub fn open_link(&mut self, now: Timestamp, config: LinkConfig) -> LinkId {
        self.next_link += 1;
        let id = LinkId(self.next_link);
        let is_bank = matches!(config.side, Side::Bank(_));
        let link = Link {
            config: Arc::new(config),
            outbox: Outbox::default(),
            envelopes: Envelopes::default(),
            unreadable_in_a_row: 0,
            listed_ready: false,
            listed_holding: false,
            session: Session::default(),
        };
        self.links.open.insert(id, link);
        if is_bank {
            self.links.banks.push(id);
            self.ask(now, id, NetworkCode::SignOn);
        }
        id
    }

    /// A connection is gone. What never left on it is told to the engine.
    pub fn close_link(&mut self, now: Timestamp, id: LinkId) {
        let Some(mut link) = self.links.open.remove(&id) else { return };
        self.links.banks.retain(|bank| *bank != id);
        if let (Side::Bank(BankLink { bank, .. }), true) = (&link.config.side, link.session.signed_on) {
            let bank = *bank;
            let others = self.links.signed_on.entry(bank).or_default();
            others.retain(|other| *other != id);
            if others.is_empty() {
                self.handle(now, Input::Bank(bank, BankEvent::Down));
            }
        }
        self.undelivered.extend(link.outbox.undelivered());
        self.tell_undelivered(now);
    }

    /// Takes whole messages from the front of `input`; what is left is the beginning of the next.
    ///
    /// # Errors
    /// Where the link must be closed; the caller does that and then calls [`Shard::close_link`].
    pub fn received(&mut self, now: Timestamp, id: LinkId, input: &mut BytesMut) -> Result<(), CloseReason> {
        let Some(link) = self.links.open.get_mut(&id) else { return Ok(()) };
        let config = Arc::clone(&link.config);
        let LinkConfig { side, dialect, framing, frame_max } = &*config;
        if let Side::Bank(bank) = side
            && link.session.asked.is_none()
        {
            link.session.due = Some(now + bank.echo_after);
        }
        let mut from = 0;
        let mut result = Ok(());
        while result.is_ok() {
            let rest = input.get(from..).unwrap_or(&[]);
            match framing.cut(rest, *frame_max) {
                Ok(Cut::Frame { body, consumed }) => {
                    let envelope = framing.has_envelope().then(|| framing.envelope(rest));
                    let body = rest.get(body).unwrap_or(&[]);
                    result = self.message(now, id, side, dialect, body, envelope);
                    from += consumed;
                }
                Ok(Cut::KeepAlive { consumed }) => from += consumed,
                Ok(Cut::Incomplete) => break,
                Err(error) => result = Err(error.into()),
            }
        }
        input.advance(from);
        result
    }

    /// Time went on. Gives the links that must be closed.
    pub fn tick(&mut self, now: Timestamp) -> Vec<(LinkId, CloseReason)> {
        self.handle(now, Input::Tick);
        let is_due = |link: &Link| link.session.due.is_some_and(|due| due <= now);
        let due: Vec<LinkId> = self.links.banks().filter(|(_, link)| is_due(link)).map(|(id, _)| id).collect();
        let mut silent = Vec::new();
        for id in due {
            match self.links.open.get(&id).and_then(|link| link.session.asked) {
                Some(_) => silent.push((id, CloseReason::Silent)),
                None => self.ask(now, id, NetworkCode::Echo),
            }
        }
        silent
    }

    /// Carries out an operator's order.
    ///
    /// # Errors
    /// Why not; what is refused leaves no trace. While the journal stands still or the switch is stopping nothing is admitted.
    pub fn command(&mut self, now: Timestamp, operator: &str, reason: &str, command: Command) -> Result<(), Refused> {
        if self.stalled || self.draining {
            return Err(Refused::NotNow);
        }
        let Self { engine, links, block, open_number, undelivered, watch, .. } = self;
        let mut exit = Exit { now, links, block, open_number: *open_number, undelivered, watch };
        let done = engine.command(now, operator, reason, command, &mut exit);
        self.tell_undelivered(now);
        Ok(done?)
    }

    /// Carries out an order about a payroll; gives the batch it was about.
    ///
    /// # Errors
    /// Why not. While the journal stands still or the switch is stopping nothing is admitted.
    pub fn payroll(
        &mut self,
        now: Timestamp,
        operator: &str,
        reason: &str,
        order: &PayrollOrder,
    ) -> Result<BatchId, PayrollRefused> {
        if self.stalled || self.draining {
            return Err(PayrollRefused::NotNow);
        }
        let Self { engine, links, block, open_number, undelivered, watch, .. } = self;
        let mut exit = Exit { now, links, block, open_number: *open_number, undelivered, watch };
        let done = engine.payroll(now, operator, reason, order, &mut exit);
        self.tell_undelivered(now);
        Ok(done?)
    }

    /// The number of the newest block that holds any record: what is decided by now is durable once that block is.
    #[must_use]
    pub fn newest_block(&self) -> BlockNumber {
        if self.block.is_empty() { self.open_number - 1 } else { self.open_number }
    }

    /// Closes the open block, if it holds anything: its number and its bytes, to be made durable. Later messages wait for later
    /// blocks.
    pub fn take_block(&mut self) -> Option<(BlockNumber, Vec<u8>)> {
        if self.block.is_empty() {
            return None;
        }
        let next = BlockWriter::reusing(self.spent.take().unwrap_or_default());
        let full = std::mem::replace(&mut self.block, next);
        let number = self.open_number;
        self.open_number += 1;
        Some((number, full.finish(self.engine.state().digest())))
    }

    /// A buffer of [`Shard::take_block`] that is not needed any more.
    pub fn give_back(&mut self, spent: Vec<u8>) {
        self.spent = Some(spent);
    }

    /// Blocks up to `number` are durable: what waited for them may leave.
    pub fn durable(&mut self, number: BlockNumber) {
        debug_assert!(number < self.open_number, "only a closed block can be durable");
        self.durable = self.durable.max(number);
        self.links.release(self.durable);
    }

    /// Lets leave what rests on durable blocks only, such as a stored answer given again while nothing is being written.
    pub fn release(&mut self) {
        self.links.release(self.durable);
    }

    /// Whether the journal stands still: then nothing new is admitted, and what is inside waits.
    pub fn set_stalled(&mut self, stalled: bool) {
        self.stalled = stalled;
    }

    /// Admits nothing new from now on; what is open runs to its end.
    pub fn drain(&mut self) {
        self.draining = true;
        self.engine.hold_payroll();
    }

    /// Whether nothing is on its way any more: no leg waits for a bank's answer, no message for its block or its link.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        let waits = |leg| self.state().leg(leg).is_some_and(|leg| leg.status == engine::LegStatus::Sent);
        self.is_settled() && !self.state().open_legs().any(waits)
    }

    /// Whether everything decided is durable and has left.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_durable() && self.links.open.values().all(|link| link.outbox.len() == 0)
    }

    /// Whether everything decided is durable.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        self.block.is_empty() && self.durable + 1 == self.open_number
    }

    /// How many sign-ons and echoes of the sessions' own wait for an answer.
    #[must_use]
    pub fn sessions_asking(&self) -> usize {
        self.links.banks().filter(|(_, link)| link.session.asked.is_some()).count()
    }

    /// How many banks' links are due for an echo by `now`.
    #[must_use]
    pub fn echoes_due(&self, now: Timestamp) -> usize {
        let idle = |link: &Link| link.session.asked.is_none() && link.session.due.is_some_and(|due| due <= now);
        self.links.banks().filter(|(_, link)| idle(link)).count()
    }

    /// Asks no idle bank for an echo before its silence, counted from `from`, is long enough: for a clock that leaps, since what a
    /// leap leaves out is nobody's silence.
    pub fn put_off_echoes(&mut self, from: Timestamp) {
        for link in self.links.open.values_mut() {
            if let (Side::Bank(bank), None, Some(due)) = (&link.config.side, link.session.asked, &mut link.session.due) {
                *due = (*due).max(from + bank.echo_after);
            }
        }
    }

    /// Counts no bank's silence from later than `now`: for a clock that did not come as far as [`Shard::put_off_echoes`] was told.
    pub fn resume_echoes(&mut self, now: Timestamp) {
        for link in self.links.open.values_mut() {
            if let (Side::Bank(bank), None, Some(due)) = (&link.config.side, link.session.asked, &mut link.session.due) {
                *due = (*due).min(now + bank.echo_after);
            }
        }
    }

    /// Links with bytes that may leave, each once.
    pub fn take_ready(&mut self) -> Vec<LinkId> {
        let ready = std::mem::take(&mut self.links.ready);
        for id in &ready {
            if let Some(link) = self.links.open.get_mut(id) {
                link.listed_ready = false;
            }
        }
        ready
    }

    /// What may leave on a link now.
    #[must_use]
    pub fn writable(&self, id: LinkId) -> &[u8] {
        self.links.open.get(&id).map_or(&[], |link| link.outbox.writable())
    }

    /// The kernel has taken that many bytes of it.
    pub fn taken(&mut self, id: LinkId, count: usize) {
        if let Some(link) = self.links.open.get_mut(&id) {
            link.outbox.taken(count);
        }
    }

    /// Whether more may be read of a link: not while too much waits on it, or for the journal.
    #[must_use]
    pub fn may_read(&self, id: LinkId) -> bool {
        self.block.len() < self.limits.block_max
            && self.links.open.get(&id).is_none_or(|link| link.outbox.len() < self.limits.outbox_max)
    }

    /// Bytes that wait on all links, and bytes of records that wait for a write.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        (self.links.open.values().map(|link| link.outbox.len()).sum(), self.block.len())
    }

    fn handle(&mut self, now: Timestamp, input: Input<'_>) {
        self.decide(now, input);
        self.tell_undelivered(now);
    }

    fn decide(&mut self, now: Timestamp, input: Input<'_>) {
        let Self { engine, links, block, open_number, undelivered, watch, .. } = self;
        engine.handle(now, input, &mut Exit { now, links, block, open_number: *open_number, undelivered, watch });
    }

    fn tell_undelivered(&mut self, now: Timestamp) {
        // Ends: what is sent because something did not leave is an answer or is about nothing.
        while let Some(about) = self.undelivered.pop_front() {
            if about != About::Nothing {
                self.decide(now, Input::Undelivered(about));
            }
        }
    }

    fn message(
        &mut self,
        now: Timestamp,
        id: LinkId,
        side: &Side,
        dialect: &Arc<Dialect>,
        body: &[u8],
        envelope: Option<Envelope>,
    ) -> Result<(), CloseReason> {
        let read = wire::read(dialect, body);
        if let Some(envelope) = envelope {
            self.enveloped(id, &read, envelope);
        }
        match read {
            Ok(message) => {
                self.watch.message(Direction::In, side, message.mti);
                match profile::check(&message) {
                    Ok(()) => {
                        self.readable(id);
                        self.sound(now, id, side, &message)
                    }
                    Err(violation) => {
                        self.watch.unreadable(side);
                        self.unsound(now, id, side, &message, &violation.to_string())
                    }
                }
            }
            Err(unreadable) => self.unreadable(now, id, side, &unreadable),
        }
    }

    /// Keeps the headers that a request's answer needs.
    fn enveloped(&mut self, id: LinkId, read: &Result<Message<'_>, Unreadable>, envelope: Envelope) {
        let Some(link) = self.links.open.get_mut(&id) else { return };
        match read {
            Ok(message) if message.mti.is_response() => {}
            Ok(message) => link.envelopes.came(message, envelope),
            Err(it) => match it.mti {
                Some(mti) if mti.is_response() => {}
                Some(mti) => link.envelopes.came(&Message { mti, ..it.echo }, envelope),
                None => link.envelopes.came_unknown(envelope),
            },
        }
    }

    fn readable(&mut self, id: LinkId) {
        if let Some(link) = self.links.open.get_mut(&id) {
            link.unreadable_in_a_row = 0;
        }
    }

    fn unreadable(&mut self, now: Timestamp, id: LinkId, side: &Side, it: &Unreadable) -> Result<(), CloseReason> {
        self.watch.unreadable(side);
        let problem = it.error.to_string();
        if let Some(mti) = it.mti {
            self.unsound(now, id, side, &Message { mti, ..it.echo }, &problem)?;
        }
        let Some(link) = self.links.open.get_mut(&id) else { return Ok(()) };
        link.unreadable_in_a_row += 1;
        let count = link.unreadable_in_a_row;
        if count < GARBAGE_MAX { Ok(()) } else { Err(CloseReason::Garbage(count, problem)) }
    }

    /// A message that fits its profile.
    fn sound(&mut self, now: Timestamp, id: LinkId, side: &Side, message: &Message<'_>) -> Result<(), CloseReason> {
        match (side, message.mti.class(), message.mti.is_response()) {
            (_, Some(Class::Network), false) => {
                self.asked_network(now, id, side, message);
                Ok(())
            }
            (Side::Bank(bank), Some(Class::Network), true) => self.answered(now, id, bank, message),
            (Side::Bank(bank), _, true) => {
                self.handle(now, Input::Reply { bank: bank.bank, message, sound: true });
                Ok(())
            }
            (Side::Acquirer { acquirer, .. }, _, false) => {
                let reversal = message.mti.class() == Some(Class::Reversal);
                if self.draining || (self.stalled && !reversal) {
                    self.refuse(now, id, message, ResponseCode::MALFUNCTION, "");
                } else {
                    let card = self.objection(now, message);
                    self.handle(now, Input::Request { link: id, acquirer: *acquirer, message, card });
                }
                Ok(())
            }
            (Side::Bank(bank), Some(Class::FileUpdate), false) => {
                if self.draining || self.stalled {
                    self.refuse(now, id, message, ResponseCode::MALFUNCTION, "");
                } else {
                    self.handle(now, Input::FileUpdate { link: id, bank: bank.bank, message });
                }
                Ok(())
            }
            // Nobody asked, or nobody may: a bank does not send requests here, a terminal no answers.
            (Side::Bank(_), _, false) => {
                self.refuse(now, id, message, ResponseCode::NOT_SUPPORTED, "");
                Ok(())
            }
            (Side::Acquirer { .. }, _, true) => Ok(()),
        }
    }

    /// With what the request's card must be refused, if somebody knows.
    fn objection(&self, now: Timestamp, message: &Message<'_>) -> Option<ResponseCode> {
        let (cards, pan) = (self.cards.as_ref()?, message.pan?);
        cards.objection(pan, self.rules().offset.date(now))
    }

    /// A message of which something can be said, but which must not be acted upon: a request is answered 30, a response counts
    /// as none and is never answered.
    fn unsound(
        &mut self,
        now: Timestamp,
        id: LinkId,
        side: &Side,
        message: &Message<'_>,
        problem: &str,
    ) -> Result<(), CloseReason> {
        match (side, message.mti.is_response()) {
            (Side::Bank(bank), true) if message.mti.class() != Some(Class::Network) => {
                self.handle(now, Input::Reply { bank: bank.bank, message, sound: false });
            }
            (_, true) => {}
            (_, false) if message.stan.is_some() => self.refuse(now, id, message, ResponseCode::FORMAT_ERROR, problem),
            (_, false) => {}
        }
        Ok(())
    }

    /// Says no to what was never admitted: no record, no state, around the gate.
    fn refuse(&mut self, now: Timestamp, id: LinkId, message: &Message<'_>, code: ResponseCode, why: &str) {
        let why = if sabotage::is(sabotage::Fault::FieldNotNamed) { "" } else { why };
        let remark = why.as_bytes().get(..why.len().min(25)).filter(|text| !text.is_empty()).and_then(Text::new);
        self.watch.refused();
        self.links.hurry(now, id, &Message { remark, ..engine::refusal(message, code) }, &mut self.watch);
    }

    /// Another's 0800: an echo is answered at once, all else is decided.
    fn asked_network(&mut self, now: Timestamp, id: LinkId, side: &Side, message: &Message<'_>) {
        let Some(code) = message.network else { return };
        if code == NetworkCode::Echo {
            let refused = sabotage::is(sabotage::Fault::EchoRefused);
            let answer = if refused { ResponseCode::NOT_SUPPORTED } else { ResponseCode::APPROVED };
            return self.links.hurry(now, id, &engine::refusal(message, answer), &mut self.watch);
        }
        let (institution, bank) = match side {
            Side::Bank(bank) => (bank.institution, Some(bank.bank)),
            Side::Acquirer { acquirer, .. } => (acquirer.institution, None),
        };
        self.handle(now, Input::Network { link: id, bank, institution, message, code });
    }

    /// Sends a sign-on or an echo of the session's own.
    fn ask(&mut self, now: Timestamp, id: LinkId, code: NetworkCode) {
        let Some(link) = self.links.open.get_mut(&id) else { return };
        let Side::Bank(bank) = &link.config.side else { return };
        let stan = link.session.next_stan();
        link.session.asked = Some(stan);
        link.session.due = Some(now + bank.answer_within);
        let message = Message {
            transmitted: Some(TransmissionTime::of(now)),
            stan: Some(stan),
            forwarder: Some(self.engine.rules().institution),
            network: Some(code),
            ..Message::new(Mti::NETWORK_REQUEST)
        };
        self.links.hurry(now, id, &message, &mut self.watch);
    }

    /// A bank's 0810 to a sign-on or an echo.
    fn answered(&mut self, now: Timestamp, id: LinkId, bank: &BankLink, message: &Message<'_>) -> Result<(), CloseReason> {
        let Some(link) = self.links.open.get_mut(&id) else { return Ok(()) };
        // The answer to a cutover, which the engine tells, is nothing to the session.
        let of_session = message.network != Some(NetworkCode::Cutover);
        if !of_session || message.stan.is_none() || message.stan != link.session.asked {
            return Ok(());
        }
        link.session.asked = None;
        link.session.due = Some(now + bank.echo_after);
        if link.session.signed_on {
            return Ok(());
        }
        match message.code {
            Some(ResponseCode::APPROVED) => {
                link.session.signed_on = true;
                self.signed_on(now, id, bank.bank);
                Ok(())
            }
            code => Err(CloseReason::SignOnRefused(code.unwrap_or(ResponseCode::MALFUNCTION))),
        }
    }

    fn signed_on(&mut self, now: Timestamp, id: LinkId, bank: BankId) {
        let links = self.links.signed_on.entry(bank).or_default();
        links.push(id);
        if links.len() == 1 {
            self.handle(now, Input::Bank(bank, BankEvent::Up));
        }
    }
}
