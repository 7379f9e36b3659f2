//! A proxy between acquirers and the switch: bytes pass unchanged and at once, and what they say is taken down beside.
//!
//! Knows: connections, framing. Does not know: what is written (`scribe`). Nothing that it fails to read keeps a byte from passing.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bank_adapters::{Clock, SystemClock};
use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use wire::{Cut, Dialect, Framing};

use super::Scribe;

/// After nobody could be accepted (no more files may be open, say) it is tried again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// The longest frame that is listened to.
const FRAME_MAX: usize = 65_535;

/// Who is told what could not be taken down, while it happens.
pub type Tell = Box<dyn Fn(&str) + Send + Sync>;

/// Listens to what passes.
pub struct Recorder {
    scribe: Mutex<Scribe>,
    dialect: Arc<Dialect>,
    framing: Framing,
    clock: SystemClock,
    tell: Tell,
}

/// What came by, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overheard {
    /// Connections of acquirers.
    pub connections: u64,
    /// Of them, those for which the switch was not there.
    pub refused: u64,
}

impl Recorder {
    /// Takes down in `scribe` what passes in this dialect and framing.
    #[must_use]
    pub fn new(scribe: Scribe, dialect: Arc<Dialect>, framing: Framing, tell: Tell) -> Self {
        Self { scribe: Mutex::new(scribe), dialect, framing, clock: SystemClock::start(), tell }
    }

    /// What was taken down so far.
    pub fn scribe(&self) -> MutexGuard<'_, Scribe> {
        // What was noted before somebody panicked stays true.
        self.scribe.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self, what: &str) {
        (self.tell)(&model::mask_card_numbers(what));
    }

    /// A whole message passed.
    fn heard(&self, line: u64, way: Way, body: &[u8]) {
        let now = self.clock.now();
        match wire::read(&self.dialect, body) {
            Ok(message) => {
                let mut scribe = self.scribe();
                match way {
                    Way::ToSwitch => scribe.asked(now, line, &message),
                    Way::ToAcquirer => scribe.answered(now, line, &message),
                }
            }
            Err(unreadable) => {
                let what = format!("a message {way}, {} bytes, could not be read: {}", body.len(), unreadable.error);
                self.told(&format!("{what}; it has passed"));
                self.scribe().remark(format!("left out: {what}"));
            }
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("framing", &self.framing).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
enum Way {
    ToSwitch,
    ToAcquirer,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ToSwitch => "to the switch",
            Self::ToAcquirer => "to the acquirer",
        })
    }
}

/// Passes on what comes to `listener`, to and from the switch at `to`, until `stop`; with `once` also until the last acquirer that
/// came has closed its connection.
/// That somebody cannot be accepted is told, and ends nothing.
pub async fn serve(
    listener: TcpListener,
    to: String,
    recorder: Arc<Recorder>,
    once: bool,
    stop: impl Future<Output = ()>,
) -> Overheard {
    serve_at(listener, to, recorder, once, stop).await
}

/// Where acquirers come in.
pub(super) trait Door {
    /// The next.
    fn next(&self) -> impl Future<Output = io::Result<TcpStream>> + Send;
}

impl Door for TcpListener {
    async fn next(&self) -> io::Result<TcpStream> {
        Ok(self.accept().await?.0)
    }
}

pub(super) async fn serve_at(
    door: impl Door,
    to: String,
    recorder: Arc<Recorder>,
    once: bool,
    stop: impl Future<Output = ()>,
) -> Overheard {
    let (mut links, mut seen, to) = (JoinSet::new(), Overheard::default(), Arc::new(to));
    let refused = Arc::new(AtomicUsize::new(0));
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = links.join_next(), if !links.is_empty() => {
                if once && links.is_empty() {
                    break;
                }
            }
            accepted = door.next() => {
                let acquirer = match accepted {
                    Ok(acquirer) => acquirer,
                    Err(error) => {
                        recorder.told(&format!("an acquirer could not be let in: {error}; the recording goes on"));
                        tokio::time::sleep(AGAIN_AFTER).await;
                        continue;
                    }
                };
                seen.connections += 1;
                let (recorder, to, refused) = (Arc::clone(&recorder), Arc::clone(&to), Arc::clone(&refused));
                let line = seen.connections;
                links.spawn(async move {
                    if let Err(error) = link(acquirer, &to, &recorder, line).await {
                        refused.fetch_add(1, Ordering::Relaxed);
                        recorder.told(&format!("no connection to the switch at {to}: {error}; an acquirer was sent away"));
                    }
                    recorder.scribe().closed(line);
                });
            }
        }
    }
    links.shutdown().await;
    seen.refused = u64::try_from(refused.load(Ordering::Relaxed)).unwrap_or(u64::MAX);
    seen
}

/// One connection of an acquirer, with one of its own to the switch.
async fn link(acquirer: TcpStream, to: &str, recorder: &Recorder, line: u64) -> io::Result<()> {
    let switch = TcpStream::connect(to).await?;
    // A proxy must not hold back what was sent at once.
    let _ = (acquirer.set_nodelay(true), switch.set_nodelay(true));
    let ((from_acquirer, to_acquirer), (from_switch, to_switch)) = (acquirer.into_split(), switch.into_split());
    let ear = |way| Ear { recorder, line, way, buffer: BytesMut::new(), deaf: false };
    let there = async {
        pass(from_acquirer, to_switch, ear(Way::ToSwitch)).await;
        // An acquirer that sends nothing more still waits for answers.
        std::future::pending::<()>().await;
    };
    let back = pass(from_switch, to_acquirer, ear(Way::ToAcquirer));
    // Where the switch has gone, both connections end whole: an acquirer that may still send would wait for answers that never come.
    tokio::select! {
        () = there => {}
        () = back => {}
    }
    Ok(())
}

/// Passes bytes one way until either end closes, and closes the other.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut ear: Ear<'_>) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let some = bytes.get(..count).unwrap_or_default();
        // Before they leave: an answer must not be heard before what it answers. It takes microseconds.
        ear.hear(some);
        if to.write_all(some).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

/// Cuts what passes one way into messages.
struct Ear<'r> {
    recorder: &'r Recorder,
    line: u64,
    way: Way,
    buffer: BytesMut,
    /// The frames cannot be told any more.
    deaf: bool,
}

impl Ear<'_> {
    fn hear(&mut self, bytes: &[u8]) {
        if self.deaf {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        loop {
            let consumed = match self.recorder.framing.cut(&self.buffer, FRAME_MAX) {
                Ok(Cut::Frame { body, consumed }) => {
                    self.recorder.heard(self.line, self.way, self.buffer.get(body).unwrap_or_default());
                    consumed
                }
                Ok(Cut::KeepAlive { consumed }) => consumed,
                Ok(Cut::Incomplete) => return,
                Err(error) => return self.give_up(&error.to_string()),
            };
            self.buffer.advance(consumed);
        }
    }

    fn give_up(&mut self, why: &str) {
        self.deaf = true;
        self.buffer = BytesMut::new();
        let Self { line, way, .. } = self;
        let what = format!("bytes {way} on connection {line} cannot be cut into messages: {why}");
        self.recorder.told(&format!("{what}; is --framing right? All pass on, and none of what follows there is recorded"));
        self.recorder.scribe().remark(format!("left out: {what}"));
    }
}
