//! One link: reads all that is there, asks the bank, writes once.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use model::Message;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::session::{Answering, HostSession, Next};
use super::{Ending, IsoHost, Served};
use crate::{Bank, BankReply, BankRequest, Call, Clock, Outcome};

/// Room for what one read may bring, in bytes.
const READ_MAX: usize = 64 * 1024;
/// Answers that may wait to be written, in bytes, before the link is not read any further.
const OUTBOX_MAX: usize = 256 * 1024;

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
    let mut link = HostSession::new(host, bank.capabilities());
    let mut calls = FuturesUnordered::new();
    let mut unflushed = false;
    let idle = sleep_until(idle_at(&link.host));
    tokio::pin!(idle);
    if let Some(message) = greeting {
        link.send(&message, None);
    }

    let ending = 'serving: loop {
        loop {
            while calls.len() < link.host.in_flight_max && link.outbox.len() < OUTBOX_MAX {
                match link.next_frame() {
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
        let HostSession { host, inbox, outbox, .. } = &mut link;
        inbox.reserve(if reads { READ_MAX } else { 0 });
        tokio::select! {
            written = push(&mut writer, outbox, &mut unflushed), if writes => {
                if let Err(error) = written { break Ending::Io(error) }
            }
            read = reader.read_buf(inbox), if reads => match read {
                Ok(0) => break Ending::PeerClosed,
                Ok(_) => idle.as_mut().reset(idle_at(&link.host)),
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

fn idle_at(host: &IsoHost) -> Instant {
    Instant::now() + host.idle.unwrap_or_default()
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
