//! The bank's side of one link, without the link: frames to requests, outcomes to frames. No input or output, and no clock but the
//! host's; [`serve_iso`](super::serve_iso) moves the bytes of a socket, a rehearsal those of a virtual world.

use bytes::{Buf, BytesMut};
use model::{Message, ResponseCode};
use wire::{Cut, Envelope};

use super::translate::{self, Unasked};
use super::{Counts, Ending, IsoHost};
use crate::{Balance, BankReply, BankRequest, Capabilities, Outcome};

/// So many messages in a row without a readable type and trace number, and the peer speaks something else.
const UNREADABLE_MAX: u32 = 16;

/// A response but for what the bank says, and the headers of the request, which go back with it.
pub struct Answering {
    response: Message<'static>,
    asked: Envelope,
}

/// What the front of the inbox asks for.
pub enum Next {
    /// The bank is asked; what it says goes to [`HostSession::answer`], together with this.
    Ask(BankRequest, Box<Answering>),
    /// Nothing more: it was answered already, or needs no answer.
    Done,
    /// No whole frame is there.
    Incomplete,
    /// The link cannot go on.
    End(Ending),
}

/// The bank's side of one link, without the link: bytes in, requests for the bank out; outcomes in, bytes out.
pub struct HostSession {
    pub(super) host: IsoHost,
    capabilities: Capabilities,
    pub(super) inbox: BytesMut,
    pub(super) outbox: BytesMut,
    pub(super) counts: Counts,
    unreadable_in_a_row: u32,
}

impl HostSession {
    /// A link that has just been made to a bank that can do this.
    #[must_use]
    pub fn new(host: IsoHost, capabilities: Capabilities) -> Self {
        let (inbox, outbox) = (BytesMut::new(), BytesMut::new());
        Self { host, capabilities, inbox, outbox, counts: Counts::default(), unreadable_in_a_row: 0 }
    }

    /// Bytes have come. Nothing bounds them here; whoever brings them reads no further while [`HostSession::next_frame`] has not taken them.
    pub fn received(&mut self, bytes: &[u8]) {
        self.inbox.extend_from_slice(bytes);
    }

    /// The bytes that are to leave, which are forgotten here.
    pub fn take_output(&mut self) -> BytesMut {
        self.outbox.split()
    }

    /// Takes the next frame of what has come and answers it, where that needs no bank.
    pub fn next_frame(&mut self) -> Next {
        match self.host.framing.cut(&self.inbox, self.host.frame_max) {
            Ok(Cut::Incomplete) => Next::Incomplete,
            Ok(Cut::KeepAlive { consumed }) => {
                self.counts.keep_alives += 1;
                self.inbox.advance(consumed);
                Next::Done
            }
            Ok(Cut::Frame { body, consumed }) => {
                self.counts.frames += 1;
                let mut frame = self.inbox.split_to(consumed);
                let asked = self.host.framing.envelope(&frame);
                frame.truncate(body.end);
                frame.advance(body.start);
                self.frame(&frame, asked)
            }
            Err(error) => Next::End(Ending::Frame(error)),
        }
    }

    fn frame(&mut self, body: &[u8], asked: Envelope) -> Next {
        let dialect = self.host.dialect.clone();
        let message = match wire::read(&dialect, body) {
            Ok(message) => message,
            Err(unreadable) => return self.unreadable(&unreadable, asked),
        };
        self.unreadable_in_a_row = 0;
        if message.mti.is_response() {
            self.counts.ignored += 1;
            return Next::Done;
        }
        let request = match translate::is_network(message.mti) {
            true => Err(translate::network(message.network)),
            false => translate::asked(&message, &self.capabilities),
        };
        let response = translate::response_to(&message);
        match request {
            Ok(request) => {
                self.counts.calls += 1;
                Next::Ask(request, Box::new(Answering { response, asked }))
            }
            Err(Unasked { code, remark }) => {
                self.send(&Message { code: Some(code), remark, ..response }, Some(asked));
                Next::Done
            }
        }
    }

    /// 30 where the sender can tell to what, else a line in the log only; a peer that sends nothing else is sent away.
    fn unreadable(&mut self, unreadable: &wire::Unreadable, asked: Envelope) -> Next {
        self.counts.unreadable += 1;
        let bank = self.host.institution;
        tracing::warn!(%bank, mti = ?unreadable.mti, stan = ?unreadable.echo.stan, error = %unreadable.error, "unreadable message");
        let Some(mti) = unreadable.mti.filter(|_| unreadable.echo.stan.is_some()) else {
            self.unreadable_in_a_row += 1;
            let too_many = self.unreadable_in_a_row >= UNREADABLE_MAX;
            return if too_many { Next::End(Ending::Unreadable(UNREADABLE_MAX)) } else { Next::Done };
        };
        self.unreadable_in_a_row = 0;
        if !mti.is_response() {
            let response = translate::response_to(&Message { mti, ..unreadable.echo });
            let remark = translate::remark(&unreadable.error.place.to_string());
            self.send(&Message { code: Some(ResponseCode::FORMAT_ERROR), remark, ..response }, Some(asked));
        }
        Next::Done
    }

    /// Puts the bank's answer into the response, or stays silent where nobody knows it.
    pub fn answer(&mut self, answering: &Answering, outcome: Outcome<BankReply>) {
        let response = &answering.response;
        let reply = match outcome {
            Outcome::Answered(reply) => reply,
            Outcome::NotDelivered(refused) => {
                tracing::info!(bank = %self.host.institution, rrn = response.rrn.map(tracing::field::display), why = %refused, "not delivered");
                self.counts.not_delivered += 1;
                BankReply::of(ResponseCode::BANK_UNAVAILABLE)
            }
            Outcome::Unknown(lost) => {
                tracing::info!(bank = %self.host.institution, rrn = response.rrn.map(tracing::field::display), why = %lost, "outcome unknown, no answer");
                self.counts.silent += 1;
                return;
            }
        };
        let balances = Balance::render(&reply.balances);
        let balances = (!balances.is_empty()).then_some(model::Content::ascii(balances.as_bytes()));
        let text = reply.text.as_ref().map(|text| text.as_bytes().get(..BankReply::TEXT_MAX).unwrap_or(text.as_bytes()));
        let answer = Message {
            code: Some(reply.code),
            authorization: reply.authorization,
            amount: reply.amount.map(model::Money::minor).or(response.amount),
            issued: reply.issued,
            additional: text.map(model::Content::ascii),
            balances,
            ..*response
        };
        self.send(&answer, Some(answering.asked));
    }

    /// Puts a message into its frame: one of the bank's own, or the answer to what was `asked`.
    pub(super) fn send(&mut self, message: &Message<'_>, asked: Option<Envelope>) {
        let before = self.outbox.len();
        let start = match asked {
            Some(asked) => self.host.framing.begin_reply(&mut self.outbox, &asked),
            None => self.host.framing.begin(&mut self.outbox),
        };
        let built = wire::write(&self.host.dialect, message, self.host.clock.now(), &mut self.outbox)
            .and_then(|()| self.host.framing.finish(&mut self.outbox, start));
        match built {
            Ok(()) => self.counts.answered += u64::from(message.mti.is_response()),
            Err(error) => {
                self.outbox.truncate(before);
                tracing::error!(bank = %self.host.institution, mti = %message.mti, rrn = message.rrn.map(tracing::field::display), %error, "cannot build the answer");
            }
        }
    }

    pub(super) fn log(&self, ending: &Ending, drained: bool) {
        let (bank, counts) = (self.host.institution, self.counts);
        match ending {
            Ending::PeerClosed | Ending::Shutdown => tracing::info!(%bank, ?counts, drained, "link over: {ending}"),
            Ending::Idle(_) | Ending::Frame(_) | Ending::Unreadable(_) | Ending::Io(_) => {
                tracing::warn!(%bank, ?counts, drained, "link over: {ending}");
            }
        }
    }
}
