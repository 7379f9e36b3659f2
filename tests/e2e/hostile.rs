//! Bytes from the enemy, or from a host that was set up wrongly: nobody else notices.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use model::{Currency, Kind, Message, Money, Mti, ProcessingCode, ResponseCode, Text, TransmissionTime};
use rehearsal::Terminal;
use wire::{Cut, Dialect, Framing};

use crate::fake_bank::{FakeBank, Says, answer, approval, framed, says};
use crate::harness::{Banks, PATIENCE, Setup, Switch, cast, eventually, now, run};

const APPROVED: ResponseCode = ResponseCode::APPROVED;
const FRAMES: usize = 10_000;
const ATTACKERS: usize = 4;
const FRAMES_A_CONNECTION: usize = 20;

/// Seeded, so that what was found can be found again (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most)).map(|_| self.roll().to_le_bytes()[0]).collect()
    }
}

fn ascii() -> Arc<Dialect> {
    Dialect::builtin("iso87-ascii").unwrap()
}

fn riel(minor: u64) -> Money {
    Money::from_minor(minor, Currency::from_alpha("KHR").unwrap())
}

/// A sound withdrawal, of which everything here is made.
fn withdrawal(number: u32) -> Message<'static> {
    Message {
        pan: Some(cast().card("rithy").unwrap().pan),
        processing: Some(ProcessingCode::of(Kind::Withdrawal)),
        amount: Some(100),
        transmitted: TransmissionTime::new(1_122_040_000),
        stan: model::Stan::new(number),
        local_time: model::LocalTime::new(110_000),
        local_date: model::LocalDate::new(1122),
        terminal: Text::new(b"HOSTILE1"),
        currency: Currency::from_alpha("KHR"),
        ..Message::new(Mti::FINANCIAL_REQUEST)
    }
}

fn body(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    wire::write(&ascii(), message, now(), &mut bytes).unwrap();
    bytes.to_vec()
}

fn frame(body: &[u8]) -> Vec<u8> {
    [&u16::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

/// One thing that no well-behaved terminal sends.
fn malformed(dice: &mut Dice) -> Vec<u8> {
    let number = u32::try_from(dice.below(999_999)).unwrap() + 1;
    let mut sound = body(&withdrawal(number));
    let length = sound.len();
    match dice.below(14) {
        0 => frame(&sound[..dice.below(length)]),
        1 => frame(&dice.bytes(300)),
        // The bitmap, in characters 4 to 19: one bit more or less, so that every field behind it is out of step.
        2 | 3 => {
            let digit = 4 + dice.below(16);
            let value = char::from(sound[digit]).to_digit(16).unwrap() ^ (1 << dice.below(4));
            sound[digit] = u8::try_from(char::from_digit(value, 16).unwrap().to_ascii_uppercase()).unwrap();
            frame(&sound)
        }
        // The card number's length indicator.
        4 => {
            sound[20 + dice.below(2)] = dice.bytes(2).first().copied().unwrap_or(b'x');
            frame(&sound)
        }
        5 => {
            sound.extend(b"JUNK");
            sound.extend(dice.bytes(100));
            frame(&sound)
        }
        6 => {
            let unknown: [&[u8]; 6] = [b"0000", b"9999", b"02A0", b"    ", b"0299", b"1200"];
            sound[..4].copy_from_slice(unknown[dice.below(unknown.len())]);
            frame(&sound)
        }
        7 => frame(&body(&Message { code: Some(APPROVED), ..Message { mti: Mti::FINANCIAL_RESPONSE, ..withdrawal(number) } })),
        8 => vec![0; 2 * (1 + dice.below(20))],
        9 => frame(&body(&Message { terminal: None, ..withdrawal(number) })),
        10 => frame(&body(&Message { code: Some(APPROVED), ..withdrawal(number) })),
        11 => {
            let place = dice.below(length);
            sound[place] = dice.bytes(2).first().copied().unwrap_or(0xFF);
            frame(&sound)
        }
        // Other framings: four digits, four bytes, none, a header that counts itself and more.
        12 if dice.below(8) == 0 => [format!("{length:04}").as_bytes(), &sound].concat(),
        12 if dice.below(8) == 0 => [&u32::try_from(length).unwrap().to_be_bytes()[..], &sound].concat(),
        12 if dice.below(8) == 0 => sound,
        13 if dice.below(8) == 0 => vec![0xFF; 2 + dice.below(60)],
        _ => frame(&sound[..4 + dice.below(16)]),
    }
}

/// Sends the dice's frames over one connection, hangs up, and gives what was answered.
fn attack(address: SocketAddr, dice: &mut Dice) -> Vec<Vec<u8>> {
    let mut stream = TcpStream::connect(address).expect("the switch still listens");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for _ in 0..FRAMES_A_CONNECTION {
        // The switch is free to close the connection at any of them.
        if stream.write_all(&malformed(dice)).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answered = Vec::new();
    let _ = stream.read_to_end(&mut answered);
    bodies(&answered)
}

fn bodies(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    while let Ok(Cut::Frame { body, consumed }) = Framing::TWO_BYTE.cut(bytes, 65_535) {
        bodies.push(bytes[body].to_vec());
        bytes = &bytes[consumed..];
    }
    bodies
}

/// Withdraws again and again, and expects an approval each time, until `done`.
async fn serves_meanwhile(terminal: &Terminal, card: &str, done: impl Fn() -> bool) -> u32 {
    let card = cast().card(card).unwrap().clone();
    let mut served = 0;
    while !done() || served == 0 {
        let reply = terminal.ask(&terminal.request(Kind::Withdrawal, &card, riel(100)), PATIENCE).await.unwrap().reply;
        assert_eq!(reply.code, APPROVED, "{reply}");
        served += 1;
    }
    served
}

fn is_well(switch: &mut Switch) {
    assert!(switch.process.is_running());
    assert_eq!((switch.http("/live").0, switch.http("/ready").0), (200, 200));
}

#[test]
fn ten_thousand_malformed_frames_harm_nobody_else() {
    run(async {
        let mut switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
        let well = switch.terminal_on("escrow", "ATM00001").await;
        // Once round, so that what grows only with the first of its kind has grown.
        attack(switch.terminals(), &mut Dice(0));
        let before = switch.process.memory_kib();

        let address = switch.terminals();
        let attackers: Vec<_> = (1..=ATTACKERS)
            .map(|seed| {
                std::thread::spawn(move || {
                    let mut dice = Dice(u64::try_from(seed).unwrap());
                    let connections = FRAMES / FRAMES_A_CONNECTION / ATTACKERS;
                    (0..connections).flat_map(|_| attack(address, &mut dice)).collect::<Vec<_>>()
                })
            })
            .collect();
        serves_meanwhile(&well, "dara", || attackers.iter().all(std::thread::JoinHandle::is_finished)).await;

        let answers: Vec<_> = attackers.into_iter().flat_map(|it| it.join().unwrap()).collect();
        let dialect = ascii();
        let answers: Vec<_> = answers.iter().map(|body| wire::read(&dialect, body).expect("the switch writes well")).collect();
        let told: Vec<_> = answers.iter().filter(|it| it.code == Some(ResponseCode::FORMAT_ERROR)).collect();
        assert!(told.len() > FRAMES / 20, "{} of {} answers say what is wrong", told.len(), answers.len());
        assert!(told.iter().all(|it| it.stan.is_some() && it.remark.is_some()), "each with the field in DE44");

        is_well(&mut switch);
        assert!(switch.metric("payswitch_unreadable_total{link=\"terminals\"}") > 1_000.0);
        for reason in ["garbage", "framing"] {
            let metric = format!("payswitch_links_closed_total{{link=\"terminals\",reason=\"{reason}\"}}");
            assert!(switch.metric(&metric) > 10.0, "{reason}");
        }
        assert_eq!(switch.metric("payswitch_unreadable_total{link=\"escrow\"}"), 0.0);
        let grown = switch.process.memory_kib().saturating_sub(before);
        assert!(grown < 48 * 1024, "grown by {grown} KiB");
    });
}

#[test]
fn a_request_of_which_enough_can_be_read_is_told_which_field_is_wrong() {
    let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
    let mut with_letter_in_amount = body(&withdrawal(11));
    let amount = 4 + 16 + 2 + 16 + 6;
    with_letter_in_amount[amount] = b'x';
    let mut with_junk = body(&withdrawal(12));
    with_junk.push(b'!');
    let cases = [
        (body(&Message { terminal: None, ..withdrawal(13) }), "field 41 is missing"),
        (body(&Message { code: Some(APPROVED), ..withdrawal(14) }), "field 39 is forbidden"),
        (with_letter_in_amount, "field 4 at byte 44"),
        (with_junk, "message at byte"),
    ];
    let mut stream = TcpStream::connect(switch.terminals()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let dialect = ascii();
    for (sent, problem) in cases {
        stream.write_all(&frame(&sent)).unwrap();
        let mut header = [0; 2];
        stream.read_exact(&mut header).unwrap();
        let mut answered = vec![0; usize::from(u16::from_be_bytes(header))];
        stream.read_exact(&mut answered).unwrap();
        let answer = wire::read(&dialect, &answered).unwrap();
        assert_eq!((answer.mti, answer.code), (Mti::FINANCIAL_RESPONSE, Some(ResponseCode::FORMAT_ERROR)));
        let remark = answer.remark.unwrap().to_string();
        assert!(problem.starts_with(remark.trim_end()) || remark.starts_with(problem), "{problem}: {remark}");
    }
    eventually("all are counted", || switch.metric("payswitch_unreadable_total{link=\"terminals\"}") == 4.0);
}

#[test]
fn a_message_that_comes_byte_by_byte_is_a_message() {
    run(async {
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
        let well = switch.terminal_on("escrow", "ATM00001").await;
        let address = switch.terminals();
        let slow: Vec<_> = (1..=6)
            .map(|number| {
                std::thread::spawn(move || {
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.set_nodelay(true).unwrap();
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    for byte in framed(&ascii(), &withdrawal(number)) {
                        stream.write_all(&[byte]).unwrap();
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    let mut header = [0; 2];
                    stream.read_exact(&mut header).unwrap();
                    let mut answered = vec![0; usize::from(u16::from_be_bytes(header))];
                    stream.read_exact(&mut answered).unwrap();
                    wire::read(&ascii(), &answered).unwrap().code
                })
            })
            .collect();
        serves_meanwhile(&well, "dara", || slow.iter().all(std::thread::JoinHandle::is_finished)).await;
        for it in slow {
            assert_eq!(it.join().unwrap(), Some(APPROVED));
        }
    });
}

/// Everything a bank can get wrong, one thing after the other.
fn nonsense(asked: &Message<'static>, dice: &mut Dice) -> Vec<Says> {
    let truth = approval(asked);
    let garbled = frame(&dice.bytes(200));
    match dice.below(10) {
        0 => Vec::new(),
        1 => vec![Says::Bytes(garbled)],
        2 => vec![says(Message { stan: model::Stan::new(999_998), ..truth })],
        3 => vec![says(Message { rrn: Text::new(b"STRANGER0002"), ..truth })],
        4 => vec![says(Message { terminal: Text::new(b"STRANGER"), ..truth })],
        5 => vec![says(Message { transmitted: TransmissionTime::new(101_000_000), ..truth })],
        6 => vec![says(Message { code: None, ..truth })],
        7 => vec![Says::Bytes(framed(&ascii(), asked)), says(Message { mti: Mti::NETWORK_RESPONSE, ..truth })],
        8 => vec![Says::Bytes(frame(&body(&truth)[..30]))],
        _ => vec![Says::Bytes(vec![0; 10]), says(Message { mti: Mti::REVERSAL_ADVICE_RESPONSE, ..truth })],
    }
}

#[test]
fn a_bank_that_talks_nonsense_harms_no_other_and_approves_nothing() {
    run(async {
        let mut dice = Dice(7);
        let bank = FakeBank::start("iso87-ascii", move |asked| nonsense(asked, &mut dice));
        let short = "[timers]\natm_ms = 200\nforward_first_ms = 50\nforward_max_ms = 200";
        let setup = Setup::new(Banks::InProcess, "iso87-ascii").with(short).dialling("canadia", bank.address());
        let mut switch = setup.start();
        let (victim, well) = (switch.terminal("ATM00001").await, switch.terminal("ATM00002").await);
        let bopha = cast().card("bopha").unwrap().clone();

        for _ in 0..8 {
            // Eight at once: while some of them wait for their timers, others are answered for wrongly.
            for _ in 0..8 {
                victim.send(&victim.request(Kind::Withdrawal, &bopha, riel(100))).await.unwrap();
            }
            for _ in 0..8 {
                let reply = victim.next_unmatched().await.unwrap().reply.unwrap();
                assert_eq!(reply.code, ResponseCode::BANK_UNAVAILABLE, "never an approval");
            }
            serves_meanwhile(&well, "dara", || true).await;
        }
        assert!(switch.metric("payswitch_unreadable_total{link=\"canadia\"}") > 0.0);
        assert!(switch.metric("payswitch_records_total{record=\"LateReply\"}") > 0.0);
        is_well(&mut switch);

        // A stream out of step costs the bank its link, and nobody else's.
        bank.say_bytes(&[0xFF; 64]);
        let metric = "payswitch_links_closed_total{link=\"canadia\",reason=\"framing\"}";
        eventually("the link is closed", || switch.metric(metric) == 1.0);
        serves_meanwhile(&well, "dara", || true).await;

        // And once the bank has come to its senses it is served again.
        bank.now_does(|asked| vec![says(answer(asked, APPROVED))]);
        eventually("canadia is back", || switch.metric("payswitch_bank_up{bank=\"canadia\"}") == 1.0);
        serves_meanwhile(&victim, "bopha", || true).await;
    });
}
