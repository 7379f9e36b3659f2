//! What the generator alone can offer: `payswitch load`'s engine against a peer on another thread that answers at once.
//!
//! The peer reads each request and writes its answer by the same codec, and is as busy as the generator.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a bench")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use bank_adapters::Cast;
use bytes::{Buf, BytesMut};
use model::{Message, ResponseCode, Timestamp};
use rehearsal::load::{LoadConfig, Mix, Model, Report, load};
use wire::{Cut, Dialect, Framing};

fn main() {
    let address = peer();
    println!("{:<34}{:>12}{:>12}{:>12}{:>14}", "", "offered/s", "achieved/s", "p99 us", "sent late p99");
    for (connections, window) in [(1, 1), (4, 16), (4, 64)] {
        print(&format!("closed, {connections} x {window}"), &run(address, Model::Closed { window }, connections));
    }
    for per_second in [1_000.0, 5_000.0, 10_000.0, 20_000.0, 40_000.0] {
        let model = Model::Open { per_second, even: false, window: None };
        print(&format!("open, {per_second} a second"), &run(address, model, 4));
    }
}

fn run(address: SocketAddr, model: Model, connections: u32) -> Report {
    let config = LoadConfig {
        model,
        connections,
        in_flight_max: 1_000_000,
        warm_up: Duration::from_millis(500),
        duration: Duration::from_secs(2),
        ..LoadConfig::default()
    };
    let mix = Mix::usual(&Cast::builtin(), &[]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(load(&address.to_string(), &mix, &config, |_| {}, std::future::pending())).unwrap()
}

fn print(name: &str, report: &Report) {
    let (offered, achieved) = (report.offered_per_second(), report.achieved_per_second());
    let at = |of: &rehearsal::load::Latencies| of.value_at_quantile(0.99);
    println!("{name:<34}{offered:>12.0}{achieved:>12.0}{:>12}{:>14}", at(report.latencies()), at(&report.lateness));
}

/// Answers everything with 00, on threads of its own.
fn peer() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || answers(stream));
        }
    });
    address
}

fn answers(mut stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let dialect = Dialect::builtin("iso87-ascii").unwrap();
    let (mut room, mut input, mut output) = (vec![0; 64 * 1024], BytesMut::new(), BytesMut::new());
    while let Ok(count @ 1..) = stream.read(&mut room) {
        input.extend_from_slice(&room[..count]);
        while let Cut::Frame { body, consumed } = Framing::TWO_BYTE.cut(&input, 4096).unwrap() {
            let asked = wire::read(&dialect, &input[body]).unwrap();
            let answer = Message {
                transmitted: asked.transmitted,
                stan: asked.stan,
                rrn: asked.rrn,
                terminal: asked.terminal,
                code: Some(ResponseCode::APPROVED),
                ..Message::new(asked.mti.response())
            };
            let start = Framing::TWO_BYTE.begin(&mut output);
            wire::write(&dialect, &answer, Timestamp::default(), &mut output).unwrap();
            Framing::TWO_BYTE.finish(&mut output, start).unwrap();
            input.advance(consumed);
        }
        if stream.write_all(&output).is_err() {
            return;
        }
        output.clear();
    }
}
