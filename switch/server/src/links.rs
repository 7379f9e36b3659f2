//! Where connections come from: ports that are listened on, hosts that are dialled, banks in this process.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use shard::LinkConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

use crate::banks::Banks;
use crate::connection;
use crate::core::{Ended, Shared};
use crate::faulty::Faulty;

/// Waits before a bank is dialled again: doubled with each failure.
const DIAL_FIRST: Duration = Duration::from_millis(100);
const DIAL_MAX: Duration = Duration::from_secs(10);
/// A link that lived this long was a good one: the next failure begins with the shortest wait again.
const DIAL_GOOD: Duration = Duration::from_secs(5);

/// Accepts connections until the task is dropped; at most `connections_max` of this port at once.
pub(crate) async fn listen(core: Shared, listener: TcpListener, config: LinkConfig, connections_max: usize) {
    let alive = Rc::new(());
    loop {
        match listener.accept().await {
            Ok((stream, peer)) if Rc::strong_count(&alive) > connections_max => {
                tracing::warn!(link = config.side.name(), %peer, connections_max, "connection refused, there are too many");
                drop(stream);
            }
            Ok((stream, peer)) => {
                let (core, config, alive) = (Rc::clone(&core), config.clone(), Rc::clone(&alive));
                spawn_local(async move {
                    serve(core, config, stream, peer).await;
                    drop(alive);
                });
            }
            Err(error) => {
                // Most often no more file descriptors; trying again at once would only burn the processor.
                tracing::warn!(link = config.side.name(), %error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(core: Shared, config: LinkConfig, stream: TcpStream, peer: SocketAddr) {
    let name = config.side.name().to_owned();
    if let Err(error) = stream.set_nodelay(true) {
        tracing::warn!(link = name, %peer, %error, "cannot turn off Nagle's algorithm");
    }
    tracing::debug!(link = name, %peer, "connected");
    let stream = faulty(&core, &config, stream);
    let ended = connection::run(core, config, stream).await;
    told(&name, &peer.to_string(), &ended);
}

/// Keeps one link to a bank's host, until the task is dropped.
pub(crate) async fn dial(core: Shared, address: String, config: LinkConfig) {
    let name = config.side.name().to_owned();
    let mut pause = DIAL_FIRST;
    loop {
        match TcpStream::connect(&address).await {
            Ok(stream) => {
                tracing::info!(link = name, address, "connected");
                let _ = stream.set_nodelay(true);
                let begun = tokio::time::Instant::now();
                let stream = faulty(&core, &config, stream);
                let ended = connection::run(Rc::clone(&core), config.clone(), stream).await;
                told(&name, &address, &ended);
                if begun.elapsed() >= DIAL_GOOD {
                    pause = DIAL_FIRST;
                }
            }
            Err(error) => tracing::warn!(link = name, address, %error, ?pause, "cannot reach the bank"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(DIAL_MAX);
    }
}

/// Keeps one link to a bank in this process, until the task is dropped.
pub(crate) async fn within(core: Shared, banks: Rc<Banks>, config: LinkConfig) {
    let name = config.side.name().to_owned();
    while let Some(stream) = banks.connect(&name) {
        let stream = faulty(&core, &config, stream);
        let ended = connection::run(Rc::clone(&core), config.clone(), stream).await;
        told(&name, "in process", &ended);
        tokio::time::sleep(DIAL_FIRST).await;
    }
}

/// A new connection's stream, with the faults of its link in between.
fn faulty<S: connection::Stream>(core: &Shared, config: &LinkConfig, stream: S) -> Faulty<S> {
    Faulty::new(&core.borrow().gate, config, stream)
}

/// Says in the log why a link ended: quietly when that is how links end, loudly when somebody is at fault.
fn told(link: &str, peer: &str, ended: &Ended) {
    match ended {
        Ended::Peer | Ended::Stopping | Ended::Idle(_) => tracing::debug!(link, peer, reason = %ended, "link ended"),
        Ended::Socket(_) => tracing::info!(link, peer, reason = %ended, "link ended"),
        Ended::Session(_) | Ended::Dribble(_) | Ended::SlowReader(_) => {
            tracing::warn!(link, peer, reason = %ended, "link closed");
        }
    }
}
