//! The engine's way out: records into the open block, messages into outboxes behind the gate.

use std::collections::{BTreeMap, VecDeque};

use bytes::BytesMut;
use engine::{About, BankId, BlockWriter, LinkId, Out, Peer, Record, State};
use model::{Message, Timestamp};

use crate::link::Link;
use crate::outbox::{BlockNumber, Outbox};
use crate::watch::{Direction, Watch};

/// All links, and who can be reached over which.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(crate) open: BTreeMap<LinkId, Link>,
    /// Links of banks, signed on or not: those with a session to keep.
    pub(crate) banks: Vec<LinkId>,
    /// Links of a bank that are signed on, the oldest first; it is the one that is used.
    pub(crate) signed_on: BTreeMap<BankId, Vec<LinkId>>,
    /// Links with bytes that may leave.
    pub(crate) ready: Vec<LinkId>,
    /// Links with bytes that wait for a block.
    pub(crate) holding: Vec<LinkId>,
}

impl Links {
    fn find(&mut self, to: Peer) -> Option<(LinkId, &mut Link)> {
        let id = match to {
            Peer::Link(id) => id,
            Peer::Bank(bank) => *self.signed_on.get(&bank)?.first()?,
        };
        Some((id, self.open.get_mut(&id)?))
    }

    /// Links of banks.
    pub(crate) fn banks(&self) -> impl Iterator<Item = (LinkId, &Link)> {
        self.banks.iter().filter_map(|id| Some((*id, self.open.get(id)?)))
    }

    /// Puts a frame around the gate.
    pub(crate) fn hurry<W: Watch>(&mut self, now: Timestamp, id: LinkId, message: &Message<'_>, watch: &mut W) {
        let Some(link) = self.open.get_mut(&id) else { return };
        let before = link.outbox.urgent().len();
        match frame(link, now, message, Outbox::urgent) {
            Ok(()) => {
                link.outbox.hurry(before);
                watch.message(Direction::Out, &link.config.side, message.mti);
            }
            Err(error) => watch.unbuildable(&link.config.side, message.mti, &error),
        }
        self.list_ready(id);
    }

    pub(crate) fn list_ready(&mut self, id: LinkId) {
        if let Some(link) = self.open.get_mut(&id)
            && !link.listed_ready
            && !link.outbox.writable().is_empty()
        {
            link.listed_ready = true;
            self.ready.push(id);
        }
    }

    /// Lets leave, on all links, what waits for no later block than `durable`.
    pub(crate) fn release(&mut self, durable: BlockNumber) {
        let holding = std::mem::take(&mut self.holding);
        for id in holding {
            let Some(link) = self.open.get_mut(&id) else { continue };
            link.listed_holding = link.outbox.release(durable);
            if link.listed_holding {
                self.holding.push(id);
            }
            self.list_ready(id);
        }
    }
}

/// Appends `message` in its frame to one of the link's buffers; what cannot be built leaves nothing behind.
fn frame(
    link: &mut Link,
    now: Timestamp,
    message: &Message<'_>,
    buffer: fn(&mut Outbox) -> &mut BytesMut,
) -> Result<(), wire::BuildError> {
    let out = buffer(&mut link.outbox);
    let before = out.len();
    let framing = &link.config.framing;
    let start = match link.envelopes.asked(message).filter(|_| message.mti.is_response()) {
        Some(asked) => framing.begin_reply(out, &asked),
        None => framing.begin(out),
    };
    let built = wire::write(&link.config.dialect, message, now, out).and_then(|()| framing.finish(out, start));
    if built.is_err() {
        out.truncate(before);
    }
    built
}

/// What the engine writes to during one input.
pub(crate) struct Exit<'s, W> {
    pub(crate) now: Timestamp,
    pub(crate) links: &'s mut Links,
    pub(crate) block: &'s mut BlockWriter,
    /// The number that the open block will have.
    pub(crate) open_number: BlockNumber,
    pub(crate) undelivered: &'s mut VecDeque<About>,
    pub(crate) watch: &'s mut W,
}

impl<W: Watch> Out for Exit<'_, W> {
    fn append(&mut self, before: &State, record: &Record<'_>) {
        self.watch.record(self.now, before, record);
        self.block.append(self.now, record);
    }

    fn send(&mut self, to: Peer, message: &Message<'_>, about: About) {
        // Whatever the message says rests on records up to now: those of the open block, or of the last one closed.
        let newest = if self.block.is_empty() { self.open_number - 1 } else { self.open_number };
        let Some((id, link)) = self.links.find(to) else {
            return self.undelivered.push_back(about);
        };
        let before = link.outbox.held().len();
        if let Err(error) = frame(link, self.now, message, Outbox::held) {
            self.watch.unbuildable(&link.config.side, message.mti, &error);
            return self.undelivered.push_back(about);
        }
        link.outbox.hold(before, newest, about);
        self.watch.message(Direction::Out, &link.config.side, message.mti);
        if !link.listed_holding {
            link.listed_holding = true;
            self.links.holding.push(id);
        }
    }
}
