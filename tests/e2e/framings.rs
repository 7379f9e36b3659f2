//! Links that cut their stream otherwise: concentrators with TPDUs, before terminals and before a bank, and a host that announces
//! lengths in digits.

use std::collections::HashMap;

use bank_adapters::{Clock as _, SystemClock};
use bytes::BytesMut;
use model::{Currency, Kind, Message, Money, Mti, NetworkCode, ResponseCode, Stan, TransmissionTime};
use rehearsal::{Terminal, TerminalConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wire::{Cut, Framing};

use crate::fake_bank::{FakeBank, approval, says};
use crate::harness::{Banks, PATIENCE, Setup, Switch, cast, command, eventually, run};

const MORE: &str = "
[[acquirer]]
name = \"concentrator\"
listen = \"127.0.0.1:0\"
institution = \"116000\"
framing = \"2-byte tpdu\"
[[acquirer]]
name = \"digits\"
listen = \"127.0.0.1:0\"
institution = \"116000\"
framing = \"4-digit inclusive header echo 12\"
";

fn khr(major: u64) -> Money {
    Money::from_minor(major * 100, Currency::from_alpha("KHR").expect("is in ISO 4217"))
}

async fn terminal(switch: &Switch, link: &str, name: &str, framing: &str) -> Terminal {
    let framing = framing.parse().expect("is known");
    let config = TerminalConfig { dialect: switch.dialect(), framing, ..TerminalConfig::named(name) };
    Terminal::connect(switch.process.addresses[link], config).await.expect("connects")
}

#[test]
fn every_terminal_behind_a_concentrator_gets_its_own_answer() {
    run(async {
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").with(MORE).start();
        let dialect = switch.dialect();
        // Their requests are made by terminals that speak to nobody, and all go over one connection.
        let mut line = TcpStream::connect(switch.process.addresses["concentrator"]).await.unwrap();
        let mut expected = HashMap::new();
        for number in 1..=20_u16 {
            let maker = terminal(&switch, "terminals", &format!("POS{number:05}"), "2-byte").await;
            let request = maker.request(Kind::Purchase, cast().card("bopha").unwrap(), khr(1));
            let framing: Framing = format!("2-byte tpdu 600011{number:04X}").parse().unwrap();
            let mut frame = BytesMut::new();
            let start = framing.begin(&mut frame);
            frame.extend_from_slice(&written(&dialect, &request));
            framing.finish(&mut frame, start).unwrap();
            line.write_all(&frame).await.unwrap();
            expected.insert((number, request.stan.unwrap()), request.terminal.unwrap());
        }
        let (framing, mut input) = ("2-byte tpdu".parse::<Framing>().unwrap(), BytesMut::new());
        while !expected.is_empty() {
            let Cut::Frame { body, consumed } = framing.cut(&input, 4096).unwrap() else {
                let read = tokio::time::timeout(PATIENCE, line.read_buf(&mut input)).await.expect("an answer in time").unwrap();
                assert!(read > 0, "the switch closed the link");
                continue;
            };
            let frame = input.split_to(consumed);
            let [0x60, to_high, to_low, 0x00, 0x11] = frame[2..7] else { panic!("{frame:?}") };
            let answer = wire::read(&dialect, &frame[body]).unwrap();
            let asked = expected.remove(&(u16::from_be_bytes([to_high, to_low]), answer.stan.unwrap()));
            assert_eq!((asked, answer.code), (answer.terminal, Some(ResponseCode::APPROVED)));
        }
    });
}

fn written(dialect: &wire::Dialect, message: &Message<'_>) -> Vec<u8> {
    let mut out = BytesMut::new();
    wire::write(dialect, message, SystemClock::start().now(), &mut out).expect("can be written");
    out.to_vec()
}

#[test]
fn a_link_with_lengths_in_digits_works_from_end_to_end() {
    run(async {
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").with(MORE).start();
        let framing = "4-digit inclusive header echo 12";
        let terminal = terminal(&switch, "digits", "ATM00001", framing).await;
        let card = cast().card("bopha").unwrap().clone();
        assert_eq!(terminal.network(NetworkCode::Echo, PATIENCE).await.unwrap().reply.code, ResponseCode::APPROVED);
        let withdrawal = terminal.request(Kind::Withdrawal, &card, khr(100));
        assert_eq!(terminal.ask(&withdrawal, PATIENCE).await.unwrap().reply.code, ResponseCode::APPROVED);

        // By hand over the concentrator's link likewise.
        let address = switch.process.addresses["concentrator"].to_string();
        let (approved, told) = command(&["send", "purchase", "--connect", &address, "--framing", "2-byte tpdu 6000030004"], None);
        assert!(approved, "{told}");
    });
}

#[test]
fn a_bank_behind_a_tpdu_is_asked_at_its_address_and_answered_where_it_asks_from() {
    run(async {
        let bank = FakeBank::start_with("iso87-ascii", "2-byte tpdu 6000200010", |asked| vec![says(approval(asked))]);
        let reach = format!("dial = \"{}\"\nframing = \"2-byte tpdu 6000100020\"", bank.address());
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").reaching("canadia", &reach).start();
        let terminal = switch.terminal("ATM00001").await;
        let withdrawal = terminal.request(Kind::Withdrawal, cast().card("bopha").unwrap(), khr(100));
        let partly = terminal.reversal(&withdrawal, Mti::REVERSAL_ADVICE, Some(4_000));
        for asked in [&withdrawal, &partly] {
            assert_eq!(terminal.ask(asked, PATIENCE).await.unwrap().reply.code, ResponseCode::APPROVED);
        }

        // What the switch begins goes to the bank's address from its own.
        for mti in [Mti::NETWORK_REQUEST, Mti::FINANCIAL_REQUEST, Mti::REVERSAL_ADVICE] {
            eventually(&format!("{mti} has come"), || !bank.enveloped(mti).is_empty());
            assert!(bank.enveloped(mti).iter().all(|(_, tpdu)| *tpdu == [0x60, 0x00, 0x10, 0x00, 0x20]), "{mti}");
        }

        // What the bank begins is answered with its own two addresses at each other's place, two at once.
        let both = [1_u8, 2].map(|number| {
            let body = written(&switch.dialect(), &echo(number));
            let length = u16::try_from(body.len() + 5).unwrap();
            [&length.to_be_bytes()[..], &[0x60, 0xA0, number, 0xB0, number + 8], &body].concat()
        });
        bank.say_bytes(&both.concat());
        eventually("both are answered", || bank.enveloped(Mti::NETWORK_RESPONSE).len() == 2);
        for (answer, tpdu) in bank.enveloped(Mti::NETWORK_RESPONSE) {
            let number = u8::try_from(answer.stan.unwrap().number()).unwrap();
            assert_eq!(tpdu, [0x60, 0xB0, number + 8, 0xA0, number]);
        }
    });
}

/// A bank's echo of this number.
fn echo(number: u8) -> Message<'static> {
    Message {
        transmitted: TransmissionTime::new(1_122_040_000),
        stan: Stan::new(number.into()),
        network: Some(NetworkCode::Echo),
        ..Message::new(Mti::NETWORK_REQUEST)
    }
}
