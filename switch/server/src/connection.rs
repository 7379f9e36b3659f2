//! One connection: whatever the peer has sent goes to the shard, whatever may leave goes to the peer.
//!
//! One task does both, so that a link is read no further while it cannot be written. The same for a socket and for a pipe in
//! this process.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::BytesMut;
use engine::LinkId;
use shard::LinkConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::core::{Ended, Shared};

/// What is read at once. A socket's buffer is drained by few reads, and a batch of requests becomes one block.
const READ_BYTES: usize = 64 * 1024;

/// Anything that bytes go through.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

struct Connection<S> {
    core: Shared,
    id: LinkId,
    stream: S,
    /// What has come and is no whole message yet.
    input: BytesMut,
    scratch: Box<[u8]>,
}

/// Runs a connection to its end and says why it ended.
pub(crate) async fn run<S: Stream>(core: Shared, config: LinkConfig, stream: S) -> Ended {
    let name = config.side.name().to_owned();
    let id = core.borrow_mut().open(config);
    let scratch = vec![0; READ_BYTES].into_boxed_slice();
    let mut connection = Connection { core, id, stream, input: BytesMut::new(), scratch };
    let ended = std::future::poll_fn(|cx| connection.poll(cx)).await;
    let mut core = connection.core.borrow_mut();
    core.close(id);
    core.metrics.links_closed.with_label_values(&[&name, ended.label()]).inc();
    ended
}

impl<S: Stream> Connection<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        if let Some(ended) = self.check_in(cx) {
            return Poll::Ready(ended);
        }
        loop {
            // Written before read: what waits here must not grow while the peer is slow.
            if let Poll::Ready(ended) = self.write(cx) {
                return Poll::Ready(ended);
            }
            if !self.may_read() {
                return Poll::Pending;
            }
            if let Some(ended) = ready!(self.read(cx)) {
                return Poll::Ready(ended);
            }
        }
    }

    /// Leaves the waker, and sees whether the core wants the connection to end.
    fn check_in(&self, cx: &Context<'_>) -> Option<Ended> {
        let mut core = self.core.borrow_mut();
        let slot = core.slots.get_mut(&self.id)?;
        match &mut slot.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        slot.since.last_byte.get_or_insert_with(Instant::now);
        slot.ended.take()
    }

    fn may_read(&self) -> bool {
        let mut core = self.core.borrow_mut();
        let may = core.shard.may_read(self.id);
        if let Some(slot) = core.slots.get_mut(&self.id) {
            slot.paused = !may;
        }
        may
    }

    /// Hands to the kernel what may leave. `Ready` only at the connection's end.
    fn write(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        let mut core = self.core.borrow_mut();
        loop {
            let bytes = core.shard.writable(self.id);
            if bytes.is_empty() {
                if let Some(slot) = core.slots.get_mut(&self.id) {
                    slot.since.blocked = None;
                }
                return Poll::Pending;
            }
            match Pin::new(&mut self.stream).poll_write(cx, bytes) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ended::Peer),
                Poll::Ready(Ok(count)) => {
                    core.shard.taken(self.id, count);
                    if let Some(slot) = core.slots.get_mut(&self.id) {
                        slot.since.blocked = None;
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Ended::Socket(error.to_string())),
                Poll::Pending => {
                    if let Some(slot) = core.slots.get_mut(&self.id) {
                        slot.since.blocked.get_or_insert_with(Instant::now);
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    /// Takes what the peer has sent. `Ready(None)` means that there may be more.
    fn read(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ended>> {
        let mut buffer = ReadBuf::new(&mut self.scratch);
        if let Err(error) = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
            return Poll::Ready(Some(Ended::Socket(error.to_string())));
        }
        if buffer.filled().is_empty() {
            return Poll::Ready(Some(Ended::Peer));
        }
        self.input.extend_from_slice(buffer.filled());
        let mut core = self.core.borrow_mut();
        let there = self.input.len();
        let result = core.received(self.id, &mut self.input);
        if let Some(slot) = core.slots.get_mut(&self.id) {
            let now = Instant::now();
            slot.since.last_byte = Some(now);
            slot.since.partial = match self.input.len() {
                0 => None,
                // A message has ended, so what is left began later: a busy link may never be read empty.
                left if left < there => Some(now),
                _ => slot.since.partial.or(Some(now)),
            };
        }
        Poll::Ready(result.err().map(Ended::Session))
    }
}
