//! Bounds on what a peer may cost: connections, lengths, silence, dawdling, not listening. Whoever keeps within them notices nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use model::{Currency, Kind, Message, Money, Mti, NetworkCode, ResponseCode, Stan, TransmissionTime};
use rehearsal::Terminal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wire::Dialect;

use crate::fake_bank::framed;
use crate::harness::{Banks, PATIENCE, Setup, Switch, cast, eventually, run, until};

fn switch_with(limits: &str) -> Switch {
    Setup::new(Banks::InProcess, "iso87-ascii").with(&format!("[limits]\n{limits}")).start()
}

/// How many links of terminals were closed for this reason.
fn closed(switch: &Switch, reason: &str) -> f64 {
    switch.metric(&format!("payswitch_links_closed_total{{link=\"terminals\",reason=\"{reason}\"}}"))
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Waits until the switch has closed the connection; what came before is passed over.
fn is_closed(stream: &mut TcpStream) -> bool {
    let mut scratch = [0; 4096];
    loop {
        match stream.read(&mut scratch) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::ConnectionReset,
        }
    }
}

fn echo(number: u32) -> Vec<u8> {
    let request = Message {
        transmitted: TransmissionTime::new(1_122_040_000),
        stan: Stan::new(number),
        network: Some(NetworkCode::Echo),
        ..Message::new(Mti::NETWORK_REQUEST)
    };
    framed(&Dialect::builtin("iso87-ascii").unwrap(), &request)
}

async fn is_served(terminal: &Terminal) -> bool {
    terminal.network(NetworkCode::Echo, PATIENCE).await.is_ok_and(|it| it.reply.code == ResponseCode::APPROVED)
}

#[test]
fn one_connection_too_many_is_closed_and_a_place_that_is_left_can_be_taken() {
    run(async {
        let switch = switch_with("connections_max = 2");
        let (first, second) = (switch.terminal("ATM00001").await, switch.terminal("ATM00002").await);
        assert!(is_served(&first).await && is_served(&second).await);

        assert!(is_closed(&mut connect(switch.terminals())));
        assert!(is_served(&first).await && is_served(&second).await, "who was there before stays");
        assert!(is_served(&switch.terminal_on("escrow", "ATM00003").await).await, "another port has places of its own");

        drop(second);
        until("the place is free again", || {
            let mut stream = connect(switch.terminals());
            stream.write_all(&echo(1)).is_ok() && stream.read(&mut [0; 64]).is_ok_and(|count| count > 0)
        })
        .await;
    });
}

#[test]
fn a_message_above_the_limit_closes_its_link_and_no_other() {
    run(async {
        let switch = switch_with("frame_max_bytes = 300");
        let terminal = switch.terminal("ATM00001").await;
        for length in [301, u16::MAX] {
            let mut stream = connect(switch.terminals());
            stream.write_all(&length.to_be_bytes()).unwrap();
            assert!(is_closed(&mut stream), "as soon as the length is known, without waiting for its body");
        }
        let told = switch.process.logged("link closed");
        assert!(told["reason"].as_str().unwrap().contains("announces 301 bytes"), "{told}");
        eventually("both are counted", || closed(&switch, "framing") == 2.0);
        let withdrawal = terminal.request(Kind::Withdrawal, cast().card("dara").unwrap(), riel(100));
        assert_eq!(terminal.ask(&withdrawal, PATIENCE).await.unwrap().reply.code, ResponseCode::APPROVED);
    });
}

fn riel(minor: u64) -> Money {
    Money::from_minor(minor, Currency::from_alpha("KHR").unwrap())
}

#[test]
fn a_silent_terminal_is_let_go_and_a_silent_bank_is_kept() {
    run(async {
        let switch = switch_with("idle_ms = 400");
        let talks = switch.terminal("ATM00001").await;
        let mut silent = connect(switch.terminals());
        let begun = Instant::now();
        let goes = tokio::task::spawn_blocking(move || is_closed(&mut silent));
        while !goes.is_finished() {
            assert!(is_served(&talks).await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(goes.await.unwrap() && begun.elapsed() >= Duration::from_millis(400));
        eventually("it is counted", || closed(&switch, "idle") == 1.0);
        assert!(is_served(&talks).await);
        assert_eq!(switch.metric("payswitch_bank_up{bank=\"wing\"}"), 1.0);
    });
}

#[test]
fn a_message_that_never_becomes_whole_closes_its_link() {
    run(async {
        let switch = switch_with("frame_within_ms = 400");
        let terminal = switch.terminal("ATM00001").await;
        let mut stream = connect(switch.terminals());
        let begun = Instant::now();
        // A byte now and then is no sign of life that counts.
        let message = echo(7);
        let cut_off = message.iter().take(message.len() - 1).any(|byte| {
            std::thread::sleep(Duration::from_millis(30));
            stream.write_all(&[*byte]).is_err()
        });
        assert!(cut_off || is_closed(&mut stream));
        assert!(begun.elapsed() >= Duration::from_millis(400));
        eventually("it is counted", || closed(&switch, "dribble") == 1.0);
        assert!(is_served(&terminal).await);
    });
}

/// A link under load seldom ends its reads between two messages: what counts is how long *one* message takes.
#[test]
fn a_busy_link_is_not_taken_for_one_that_dawdles() {
    let switch = switch_with("frame_within_ms = 400");
    let mut stream = connect(switch.terminals());
    let halves = |number| {
        let whole = echo(number);
        let (left, right) = whole.split_at(whole.len() / 2);
        (left.to_vec(), right.to_vec())
    };
    stream.write_all(&halves(1).0).unwrap();
    for number in 1..=25 {
        std::thread::sleep(Duration::from_millis(40));
        let two_halves = [halves(number).1, halves(number + 1).0].concat();
        stream.write_all(&two_halves).expect("the switch has kept the link");
        let mut header = [0; 2];
        stream.read_exact(&mut header).expect("the switch has kept the link");
        stream.read_exact(&mut vec![0; usize::from(u16::from_be_bytes(header))]).unwrap();
    }
    assert_eq!(closed(&switch, "dribble"), 0.0);
}

#[test]
fn a_terminal_that_never_reads_is_closed_and_costs_no_memory() {
    run(async {
        let switch = switch_with("write_within_ms = 500\noutbox_max_bytes = 65536");
        let well = switch.terminal_on("escrow", "ATM00001").await;
        let dara = cast().card("dara").unwrap().clone();
        assert!(is_served(&well).await);
        let before = switch.process.memory_kib();

        let mut deaf = Vec::new();
        for _ in 0..8 {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4096).unwrap();
            let mut stream = socket.connect(switch.terminals()).await.unwrap();
            deaf.push(tokio::spawn(async move {
                let many: Vec<u8> = (1..=500).flat_map(echo).collect();
                let mut sent = 0;
                while stream.write_all(&many).await.is_ok() {
                    sent += many.len();
                }
                // Held until now without a read. What had come before is still there, then nothing.
                let _ = stream.read(&mut [0; 16]).await;
                sent
            }));
        }
        while !deaf.iter().all(tokio::task::JoinHandle::is_finished) {
            let withdrawal = well.request(Kind::Withdrawal, &dara, riel(100));
            let served = tokio::time::timeout(Duration::from_secs(5), well.ask(&withdrawal, PATIENCE)).await;
            assert_eq!(served.expect("soon").unwrap().reply.code, ResponseCode::APPROVED);
        }
        eventually("each is counted", || closed(&switch, "slow_reader") == 8.0);
        let grown = switch.process.memory_kib().saturating_sub(before);
        assert!(grown < 32 * 1024, "grown by {grown} KiB");
    });
}
