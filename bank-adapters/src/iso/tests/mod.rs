//! A peer on the other end of the link, and what it sees.

mod links;
mod measure;
mod messages;
mod session;
mod stories;

use std::collections::HashSet;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use model::{
    Currency, InstitutionId, Kind, Message, Mti, NetworkCode, OriginalData, Pan, ProcessingCode, ResponseCode, Rrn, Stan,
};
use model::{Text, TransmissionTime};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wire::{Cut, Dialect, Framing};

use super::{IsoHost, Served, in_process};
use crate::{Bank, BankReply, BankRequest, Call, Capabilities, Cast, Outcome};

const DIALECTS: [&str; 2] = ["iso87-ascii", "iso87-bcd"];

fn host(dialect: &str) -> IsoHost {
    IsoHost::new(Dialect::builtin(dialect).unwrap(), Framing::TWO_BYTE, InstitutionId::new(116_001).unwrap())
}

/// The switch's end of a link.
struct Peer<S> {
    stream: S,
    dialect: Arc<Dialect>,
    inbox: BytesMut,
}

/// A message that came, with the bytes it lies in.
struct Came {
    body: BytesMut,
    dialect: Arc<Dialect>,
}

impl Came {
    fn message(&self) -> Message<'_> {
        wire::read(&self.dialect, &self.body).unwrap()
    }

    fn code(&self) -> String {
        self.message().code.unwrap().to_string()
    }

    fn stan(&self) -> u32 {
        self.message().stan.unwrap().number()
    }
}

impl<S> Peer<S> {
    fn over(stream: S, host: &IsoHost) -> Self {
        Self { stream, dialect: host.dialect.clone(), inbox: BytesMut::new() }
    }

    fn frame(&self, message: &Message<'_>) -> BytesMut {
        let mut out = BytesMut::new();
        let start = Framing::TWO_BYTE.begin(&mut out);
        wire::write(&self.dialect, message, model::Timestamp::default(), &mut out).unwrap();
        Framing::TWO_BYTE.finish(&mut out, start).unwrap();
        out
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    async fn send(&mut self, message: &Message<'_>) {
        let frame = self.frame(message);
        self.stream.write_all(&frame).await.unwrap();
    }

    /// The next message, `None` where the bank closed the link.
    async fn try_receive(&mut self) -> Option<Came> {
        loop {
            if let Cut::Frame { body, consumed } = Framing::TWO_BYTE.cut(&self.inbox, 9999).unwrap() {
                let mut frame = self.inbox.split_to(consumed);
                frame.advance(body.start);
                return Some(Came { body: frame, dialect: self.dialect.clone() });
            }
            if self.stream.read_buf(&mut self.inbox).await.unwrap() == 0 {
                return None;
            }
        }
    }

    /// The next message; a bank that says nothing fails the test instead of stopping it.
    async fn receive(&mut self) -> Came {
        let came = tokio::time::timeout(std::time::Duration::from_secs(20), self.try_receive()).await;
        let came = came.expect("an answer in time").expect("an answer");
        assert_eq!(wire::profile::check(&came.message()), Ok(()), "what a bank sends keeps to its profile");
        came
    }

    async fn ask(&mut self, message: &Message<'_>) -> Came {
        self.send(message).await;
        self.receive().await
    }
}

fn link<B: Bank>(bank: B, host: &IsoHost) -> (Peer<DuplexStream>, JoinHandle<Served>) {
    let (stream, served) = in_process(Arc::new(bank), host.clone(), CancellationToken::new());
    (Peer::over(stream, host), served)
}

fn card(alias: &str) -> Pan {
    Cast::builtin().card(alias).unwrap().pan
}

fn financial(kind: Kind, alias: &str, minor: u64, stan: u32) -> Message<'static> {
    Message {
        pan: Some(card(alias)),
        processing: Some(ProcessingCode::of(kind)),
        amount: Some(minor),
        transmitted: TransmissionTime::new(115_000_000),
        stan: Stan::new(stan),
        local_time: model::LocalTime::new(70_000),
        local_date: model::LocalDate::new(115),
        business_date: model::LocalDate::new(115),
        entry_mode: Some(51),
        acquirer: InstitutionId::new(116_002),
        rrn: Rrn::new(format!("RRN{stan:09}").as_bytes()),
        terminal: Text::new(b"ATM00001"),
        merchant: Text::new(b"SHOP00000000001"),
        currency: Currency::from_alpha("USD"),
        ..Message::new(Mti::FINANCIAL_REQUEST)
    }
}

fn purchase(alias: &str, minor: u64, stan: u32) -> Message<'static> {
    financial(Kind::Purchase, alias, minor, stan)
}

fn network(code: NetworkCode, stan: u32) -> Message<'static> {
    Message {
        transmitted: TransmissionTime::new(115_000_000),
        stan: Stan::new(stan),
        network: Some(code),
        ..Message::new(Mti::NETWORK_REQUEST)
    }
}

/// The reversal advice of a financial message.
fn reversal_of(original: &Message<'static>, stan: u32) -> Message<'static> {
    let acquirer = original.acquirer.and_then(|it| InstitutionId::from_parts(it.number(), 11));
    Message {
        mti: Mti::REVERSAL_ADVICE,
        stan: Stan::new(stan),
        original: Some(OriginalData {
            mti: original.mti,
            stan: original.stan.unwrap(),
            transmitted: original.transmitted,
            local: original.local_date.zip(original.local_time),
            acquirer,
            forwarder: None,
        }),
        replacement: Some(0),
        ..*original
    }
}
