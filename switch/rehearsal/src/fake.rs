//! A switch for tests that says what the test tells it to say, when it tells it to.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use model::{Message, ResponseCode, Text};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wire::{Cut, Dialect, Framing};

pub(crate) struct Fake {
    listener: TcpListener,
    dialect: Arc<Dialect>,
}

/// One terminal's connection, seen from the switch.
pub(crate) struct Peer {
    stream: TcpStream,
    dialect: Arc<Dialect>,
    input: BytesMut,
}

/// A message that came in.
pub(crate) struct Asked {
    body: Vec<u8>,
    dialect: Arc<Dialect>,
}

impl Fake {
    pub(crate) async fn listens(dialect: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, dialect: Dialect::builtin(dialect).unwrap() }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    pub(crate) async fn accepts(&self) -> Peer {
        let (stream, _) = self.listener.accept().await.unwrap();
        Peer { stream, dialect: Arc::clone(&self.dialect), input: BytesMut::new() }
    }
}

impl Peer {
    /// The next message; `None` when the terminal has gone.
    pub(crate) async fn next(&mut self) -> Option<Asked> {
        loop {
            match Framing::TWO_BYTE.cut(&self.input, 4096).unwrap() {
                Cut::Frame { body, consumed } => {
                    let asked = Asked { body: self.input[body].to_vec(), dialect: Arc::clone(&self.dialect) };
                    self.input.advance(consumed);
                    return Some(asked);
                }
                Cut::KeepAlive { consumed } => self.input.advance(consumed),
                Cut::Incomplete => {
                    if self.stream.read_buf(&mut self.input).await.unwrap_or(0) == 0 {
                        return None;
                    }
                }
            }
        }
    }

    /// So many messages, in the order they came.
    pub(crate) async fn take(&mut self, count: usize) -> Vec<Asked> {
        let mut taken = Vec::new();
        while taken.len() < count {
            taken.push(self.next().await.unwrap());
        }
        taken
    }

    pub(crate) async fn says(&mut self, message: &Message<'_>) {
        let mut frame = BytesMut::new();
        let start = Framing::TWO_BYTE.begin(&mut frame);
        wire::write(&self.dialect, message, model::Timestamp::default(), &mut frame).unwrap();
        Framing::TWO_BYTE.finish(&mut frame, start).unwrap();
        self.stream.write_all(&frame).await.unwrap();
    }

    pub(crate) async fn says_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(crate) async fn answers(&mut self, asked: &Asked, code: ResponseCode) {
        self.says(&asked.answer(code)).await;
    }
}

impl Asked {
    pub(crate) fn message(&self) -> Message<'_> {
        wire::read(&self.dialect, &self.body).unwrap()
    }

    /// As the switch answers: what it echoes, and the code.
    pub(crate) fn answer(&self, code: ResponseCode) -> Message<'static> {
        answer_to(&self.message(), code)
    }
}

pub(crate) fn answer_to(asked: &Message<'_>, code: ResponseCode) -> Message<'static> {
    Message {
        pan: asked.pan,
        processing: asked.processing,
        amount: asked.amount,
        transmitted: asked.transmitted,
        stan: asked.stan,
        local_time: asked.local_time,
        local_date: asked.local_date,
        acquirer: asked.acquirer,
        rrn: asked.rrn,
        authorization: Text::new(b"A1B2C3").filter(|_| code.approves() && asked.processing.is_some()),
        code: Some(code),
        terminal: asked.terminal,
        currency: asked.currency,
        network: asked.network,
        ..Message::new(asked.mti.response())
    }
}
