//! One link: reads all that is there, asks the bank, writes once.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use model::{Message, ResponseCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use wire::{Cut, Envelope};

use super::translate::{self, Unasked};
use super::{Counts, Ending, IsoHost, Served};
use crate::{Balance, Bank, BankReply, BankRequest, Call, Capabilities, Clock, Outcome};

/// Room for what one read may bring, in bytes.
const READ_MAX: usize = 64 * 1024;
/// Answers that may wait to be written, in bytes, before the link is not read any further.
const OUTBOX_MAX: usize = 256 * 1024;
/// So many messages in a row without a readable type and trace number, and the peer speaks something else.
const UNREADABLE_MAX: u32 = 16;

/// Serves `bank` over `stream` until the peer, the bank (`shutdown`) or an error ends it. Returns when every call has been
/// answered or [`IsoHost::drain`] is over; calls that still run then go on in the background, so the bank finishes what it began.
pub async fn serve_iso<B, S>(bank: Arc<B>, stream: S, host: IsoHost, shutdown: CancellationToken) -> Served
where
    B: Bank,
    S: AsyncRead + AsyncWrite,
{
    serve(bank, stream, host, shutdown, None).await
}

/// The same, with a message that the bank sends first.
pub(super) async fn serve<B, S>(
    bank: Arc<B>,
    stream: S,
    host: IsoHost,
    shutdown: CancellationToken,
    greeting: Option<Message<'static>>,
) -> Served
where
    B: Bank,
    S: AsyncRead + AsyncWrite,
{
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut link = Link::new(host, bank.capabilities());
    let mut calls = FuturesUnordered::new();
    let mut unflushed = false;
    let idle = sleep_until(link.idle_at());
    tokio::pin!(idle);
    if let Some(message) = greeting {
        link.send(&message, None);
    }

    let ending = 'serving: loop {
        loop {
            while calls.len() < link.host.in_flight_max && link.outbox.len() < OUTBOX_MAX {
                match link.next() {
                    Next::Ask(request, answering) => {
                        calls.push(ask(bank.clone(), request, link.host.clock.clone(), link.host.patience, answering));
                    }
                    Next::Done => {}
                    Next::Incomplete => break,
                    Next::End(ending) => break 'serving ending,
                }
            }
            // Whatever is answered by now goes into the same write.
            let mut answered = false;
            while let Some(Some((answering, outcome))) = calls.next().now_or_never() {
                link.answer(&answering, outcome);
                answered = true;
            }
            if !answered || link.outbox.len() >= OUTBOX_MAX {
                break;
            }
        }

        let reads = calls.len() < link.host.in_flight_max && link.outbox.len() < OUTBOX_MAX;
        let writes = unflushed || !link.outbox.is_empty();
        let Link { host, inbox, outbox, .. } = &mut link;
        inbox.reserve(if reads { READ_MAX } else { 0 });
        tokio::select! {
            written = push(&mut writer, outbox, &mut unflushed), if writes => {
                if let Err(error) = written { break Ending::Io(error) }
            }
            read = reader.read_buf(inbox), if reads => match read {
                Ok(0) => break Ending::PeerClosed,
                Ok(_) => idle.as_mut().reset(link.idle_at()),
                Err(error) => break Ending::Io(error),
            },
            Some((answering, outcome)) = calls.next(), if !calls.is_empty() => link.answer(&answering, outcome),
            () = shutdown.cancelled() => break Ending::Shutdown,
            () = &mut idle, if host.idle.is_some() => break Ending::Idle(host.idle.unwrap_or_default()),
        }
    };

    let drain = link.host.drain;
    let last_words = async {
        while let Some((answering, outcome)) = calls.next().await {
            link.answer(&answering, outcome);
        }
        writer.write_all(&link.outbox).await?;
        writer.shutdown().await
    };
    let drained = timeout(drain, last_words).await;
    if !calls.is_empty() {
        tracing::warn!(bank = %link.host.institution, calls = calls.len(), "the link ended before the bank did");
        tokio::spawn(async move { while calls.next().await.is_some() {} });
    }
    link.log(&ending, matches!(drained, Ok(Ok(()))));
    Served { counts: link.counts, ending }
}

/// Asks the bank, and hands the response back that waits for the answer.
async fn ask<B: Bank>(
    bank: Arc<B>,
    request: BankRequest,
    clock: Arc<dyn Clock>,
    patience: Duration,
    answering: Box<Answering>,
) -> (Box<Answering>, Outcome<BankReply>) {
    let deadline = clock.now() + patience;
    let cx = Call::new(request.reference(), deadline, clock);
    let outcome = bank.call(request, cx).await;
    (answering, outcome)
}

/// Writes what is there. Cancelled half way, it goes on where it was.
async fn push<W: AsyncWrite + Unpin>(writer: &mut W, outbox: &mut BytesMut, unflushed: &mut bool) -> std::io::Result<()> {
    if !outbox.is_empty() {
        *unflushed = true;
        if writer.write_buf(outbox).await? == 0 {
            return Err(std::io::ErrorKind::WriteZero.into());
        }
    }
    if outbox.is_empty() {
        writer.flush().await?;
        *unflushed = false;
    }
    Ok(())
}

/// A response but for what the bank says, and the headers of the request, which go back with it.
struct Answering {
    response: Message<'static>,
    asked: Envelope,
}

/// What the front of the inbox asks for.
enum Next {
    Ask(BankRequest, Box<Answering>),
    Done,
    Incomplete,
    End(Ending),
}

struct Link {
    host: IsoHost,
    capabilities: Capabilities,
    inbox: BytesMut,
    outbox: BytesMut,
    counts: Counts,
    unreadable_in_a_row: u32,
}

impl Link {
    fn new(host: IsoHost, capabilities: Capabilities) -> Self {
        let (inbox, outbox) = (BytesMut::new(), BytesMut::new());
        Self { host, capabilities, inbox, outbox, counts: Counts::default(), unreadable_in_a_row: 0 }
    }

    fn idle_at(&self) -> Instant {
        Instant::now() + self.host.idle.unwrap_or_default()
    }

    /// Takes the next frame from the inbox and answers it, where that needs no bank.
    fn next(&mut self) -> Next {
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
    fn answer(&mut self, answering: &Answering, outcome: Outcome<BankReply>) {
        let response = &answering.response;
        let reply = match outcome {
            Outcome::Answered(reply) => reply,
            Outcome::NotDelivered(refused) => {
                tracing::info!(bank = %self.host.institution, rrn = ?response.rrn, why = %refused, "not delivered");
                self.counts.not_delivered += 1;
                BankReply::of(ResponseCode::BANK_UNAVAILABLE)
            }
            Outcome::Unknown(lost) => {
                tracing::info!(bank = %self.host.institution, rrn = ?response.rrn, why = %lost, "outcome unknown, no answer");
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
    fn send(&mut self, message: &Message<'_>, asked: Option<Envelope>) {
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
                tracing::error!(bank = %self.host.institution, mti = %message.mti, rrn = ?message.rrn, %error, "cannot build the answer");
            }
        }
    }

    fn log(&self, ending: &Ending, drained: bool) {
        let (bank, counts) = (self.host.institution, self.counts);
        match ending {
            Ending::PeerClosed | Ending::Shutdown => tracing::info!(%bank, ?counts, drained, "link over: {ending}"),
            Ending::Idle(_) | Ending::Frame(_) | Ending::Unreadable(_) | Ending::Io(_) => {
                tracing::warn!(%bank, ?counts, drained, "link over: {ending}");
            }
        }
    }
}
