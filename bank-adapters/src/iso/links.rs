//! Where links come from: a socket that is listened on or dialled, or a pipe inside the process.

use std::sync::Arc;
use std::time::Duration;

use model::{Stan, TransmissionTime};
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::serve::{serve, serve_iso};
use super::{IsoHost, Served, translate};
use crate::Bank;

/// Bytes that a pipe inside the process holds in each direction, about as many as a socket.
const PIPE_BYTES: usize = 256 * 1024;

/// Serves `bank` on the current runtime over a pipe in memory, and returns the other end: to the switch a link like any other.
/// The bank ends when that end is dropped, or on `shutdown`.
///
/// # Panics
/// Outside a tokio runtime.
pub fn in_process<B: Bank>(bank: Arc<B>, host: IsoHost, shutdown: CancellationToken) -> (DuplexStream, JoinHandle<Served>) {
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    (near, tokio::spawn(serve_iso(bank, far, host, shutdown)))
}

/// Serves `bank` on every connection that `listener` accepts, [`IsoHost::connections_max`] at once, until `shutdown`; returns
/// when the last link is over.
pub async fn listen_iso<B: Bank>(listener: TcpListener, bank: Arc<B>, host: IsoHost, shutdown: CancellationToken) {
    let mut links = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = links.join_next(), if !links.is_empty() => continue,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((_, peer)) if links.len() >= host.connections_max => {
                tracing::warn!(bank = %host.institution, %peer, links = links.len(), "connection refused, there are too many");
            }
            Ok((stream, peer)) => {
                tracing::info!(bank = %host.institution, %peer, "connection accepted");
                no_delay(&stream);
                links.spawn(serve_iso(bank.clone(), stream, host.clone(), shutdown.clone()));
            }
            Err(error) => {
                // Most often no more file descriptors; trying again at once would only burn the processor.
                tracing::warn!(bank = %host.institution, %error, "cannot accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
    while links.join_next().await.is_some() {}
}

/// How long to wait before dialling again: `first`, then twice as long each time, `max` at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    /// After many.
    pub max: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), max: Duration::from_secs(10) }
    }
}

/// Dials the switch, signs on (0800, DE70 001, DE33 the bank's institution) and serves `bank` there; dials again whenever the
/// link is over, until `shutdown`. A link over which a message came starts the back-off anew.
pub async fn dial_iso<B: Bank>(
    address: impl ToSocketAddrs + Clone,
    bank: Arc<B>,
    host: IsoHost,
    backoff: Backoff,
    shutdown: CancellationToken,
) {
    let mut pause = backoff.first;
    let mut stan = 0;
    while !shutdown.is_cancelled() {
        let dialled = tokio::select! {
            dialled = TcpStream::connect(address.clone()) => dialled,
            () = shutdown.cancelled() => return,
        };
        match dialled {
            Ok(stream) => {
                no_delay(&stream);
                stan = stan % Stan::MAX + 1;
                let sent = TransmissionTime::of(host.clock.now());
                let greeting = Stan::new(stan).map(|stan| translate::sign_on(host.institution, sent, stan));
                let served = serve(bank.clone(), stream, host.clone(), shutdown.clone(), greeting).await;
                if served.counts.frames > 0 {
                    pause = backoff.first;
                }
            }
            Err(error) => tracing::warn!(bank = %host.institution, %error, ?pause, "cannot reach the switch"),
        }
        tokio::select! {
            () = sleep(pause) => pause = (pause * 2).min(backoff.max),
            () = shutdown.cancelled() => return,
        }
    }
}

/// Answers leave at once: a batch is already one write, so waiting for more would only delay it.
fn no_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::warn!(%error, "cannot turn off Nagle's algorithm");
    }
}
