//! A bank that does what its script says: silent, late, wrong, or garbage. Listens; the switch dials it.
//!
//! It runs on threads of its own, so that it goes on while a test waits. Sign-ons and echoes it answers by itself.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::{Buf, BytesMut};
use model::{Message, Mti, NetworkCode, ResponseCode, Stan, Text, TransmissionTime};
use wire::{Cut, Dialect, Envelope, Framing};

use crate::harness::{eventually, now};

/// What a script sends for one request.
pub(crate) enum Says {
    Message(Box<Message<'static>>),
    Bytes(Vec<u8>),
}

/// From a request to whatever is sent for it.
pub(crate) type Script = dyn FnMut(&Message<'static>) -> Vec<Says> + Send;

pub(crate) struct FakeBank {
    address: SocketAddr,
    dialect: Arc<Dialect>,
    framing: Framing,
    inside: Arc<Mutex<Inside>>,
}

struct Inside {
    script: Box<Script>,
    seen: Vec<Message<'static>>,
    echoes: usize,
    /// Every message with what stood between its length and its body, oldest first.
    enveloped: Vec<(Message<'static>, Vec<u8>)>,
    /// Connections, the newest last.
    streams: Vec<TcpStream>,
}

impl FakeBank {
    /// Listens on a free port, and does for every request what `script` says.
    pub(crate) fn start(dialect: &str, script: impl FnMut(&Message<'static>) -> Vec<Says> + Send + 'static) -> Self {
        Self::start_with(dialect, "2-byte", script)
    }

    /// The same, on a link that cuts its stream as `framing` says.
    pub(crate) fn start_with(
        dialect: &str,
        framing: &str,
        script: impl FnMut(&Message<'static>) -> Vec<Says> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let inside = Inside { script: Box::new(script), seen: Vec::new(), echoes: 0, enveloped: Vec::new(), streams: Vec::new() };
        let bank = Self {
            address: listener.local_addr().expect("is bound"),
            dialect: Dialect::builtin(dialect).expect("is built in"),
            framing: framing.parse().expect("is known"),
            inside: Arc::new(Mutex::new(inside)),
        };
        let (inside, dialect, framing) = (Arc::clone(&bank.inside), Arc::clone(&bank.dialect), bank.framing);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (inside, dialect) = (Arc::clone(&inside), Arc::clone(&dialect));
                inside.lock().unwrap().streams.push(stream.try_clone().expect("another hand on it"));
                std::thread::spawn(move || serve(stream, &dialect, framing, &inside));
            }
        });
        bank
    }

    /// Approves whatever it is asked.
    pub(crate) fn approving(dialect: &str) -> Self {
        Self::start(dialect, |asked| vec![says(approval(asked))])
    }

    /// Never answers, but to sign-ons and echoes.
    pub(crate) fn silent(dialect: &str) -> Self {
        Self::start(dialect, |_| Vec::new())
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it does as `script` says.
    pub(crate) fn now_does(&self, script: impl FnMut(&Message<'static>) -> Vec<Says> + Send + 'static) {
        self.inside().script = Box::new(script);
    }

    /// Every message of this type that has come, network management left out, oldest first.
    pub(crate) fn seen(&self, mti: Mti) -> Vec<Message<'static>> {
        self.inside().seen.iter().filter(|message| message.mti == mti).copied().collect()
    }

    /// Waits until so many messages of this type have come, and gives them.
    pub(crate) fn has_seen(&self, mti: Mti, count: usize) -> Vec<Message<'static>> {
        eventually(&format!("the bank has seen {count} of {mti}"), || self.seen(mti).len() >= count);
        self.seen(mti)
    }

    /// Every message of this type with what stood between its length and its body, oldest first.
    pub(crate) fn enveloped(&self, mti: Mti) -> Vec<(Message<'static>, Vec<u8>)> {
        self.inside().enveloped.iter().filter(|(message, _)| message.mti == mti).cloned().collect()
    }

    /// Sends a message unasked, on the newest connection.
    pub(crate) fn say(&self, message: &Message<'_>) {
        self.say_bytes(&framed_with(&self.framing, None, &self.dialect, message));
    }

    /// Sends bytes unasked, on the newest connection.
    pub(crate) fn say_bytes(&self, bytes: &[u8]) {
        let inside = self.inside();
        // The switch may have closed it meanwhile, which the test then sees by other means.
        let _ = inside.streams.last().expect("the switch has dialled").write_all(bytes);
    }

    /// Asks the switch whether it is there, and waits for its answer: what it sent before has come by then.
    pub(crate) fn echo(&self) {
        let before = self.inside().echoes;
        self.say(&Message {
            transmitted: TransmissionTime::new(1_122_040_000),
            stan: Stan::new(1),
            network: Some(NetworkCode::Echo),
            ..Message::new(Mti::NETWORK_REQUEST)
        });
        eventually("the switch answers the bank's echo", || self.inside().echoes > before);
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }
}

/// Serves one connection until it ends.
fn serve(mut stream: TcpStream, dialect: &Dialect, framing: Framing, inside: &Mutex<Inside>) {
    let (mut input, mut scratch) = (BytesMut::new(), [0; 4096]);
    loop {
        match framing.cut(&input, 65_535).expect("the switch frames well") {
            Cut::Frame { body, consumed } => {
                // Kept for the rest of the test, which ends soon: then a message needs nobody to live on.
                let (envelope, between) = (framing.envelope(&input), input[2..body.start].to_vec());
                let body: &'static [u8] = Vec::leak(input[body].to_vec());
                input.advance(consumed);
                let message = wire::read(dialect, body).expect("the switch writes well");
                let mut inside = inside.lock().unwrap();
                inside.enveloped.push((message, between));
                for said in heard(&message, &mut inside) {
                    let bytes = match said {
                        Says::Message(message) => framed_with(&framing, Some(&envelope), dialect, &message),
                        Says::Bytes(bytes) => bytes,
                    };
                    let _ = stream.write_all(&bytes);
                }
            }
            Cut::KeepAlive { consumed } => input.advance(consumed),
            Cut::Incomplete => match stream.read(&mut scratch) {
                Ok(0) | Err(_) => return,
                Ok(count) => input.extend_from_slice(&scratch[..count]),
            },
        }
    }
}

fn heard(message: &Message<'static>, inside: &mut Inside) -> Vec<Says> {
    match message.mti {
        Mti::NETWORK_REQUEST => vec![says(answer(message, ResponseCode::APPROVED))],
        Mti::NETWORK_RESPONSE => {
            inside.echoes += 1;
            Vec::new()
        }
        _ => {
            inside.seen.push(*message);
            // An answer (the switch refuses what a bank asks) is answered by nobody.
            if message.mti.is_response() { Vec::new() } else { (inside.script)(message) }
        }
    }
}

pub(crate) fn says(message: Message<'static>) -> Says {
    Says::Message(Box::new(message))
}

/// The answer to `asked` as a bank gives it.
pub(crate) fn answer(asked: &Message<'static>, code: ResponseCode) -> Message<'static> {
    Message { authorization: Text::new(b"F4K3OK").filter(|_| code.approves()), ..engine::refusal(asked, code) }
}

/// The approval of `asked`.
pub(crate) fn approval(asked: &Message<'static>) -> Message<'static> {
    answer(asked, ResponseCode::APPROVED)
}

/// A message in its frame.
pub(crate) fn framed(dialect: &Dialect, message: &Message<'_>) -> Vec<u8> {
    framed_with(&Framing::TWO_BYTE, None, dialect, message)
}

/// A message in its frame, which goes back to where `asked` came from.
fn framed_with(framing: &Framing, asked: Option<&Envelope>, dialect: &Dialect, message: &Message<'_>) -> Vec<u8> {
    let mut frame = BytesMut::new();
    let start = match asked {
        Some(asked) => framing.begin_reply(&mut frame, asked),
        None => framing.begin(&mut frame),
    };
    wire::write(dialect, message, now(), &mut frame).expect("can be written");
    framing.finish(&mut frame, start).expect("is short enough");
    frame.to_vec()
}
