//! What is recorded replays; what may not be written is not.

use std::path::Path;
use std::sync::{Arc, Mutex};

use bank_adapters::Cast;
use bytes::BytesMut;
use model::{Content, Kind, Message, Money, Mti, Pan, Sensitive, Text, Timestamp, Track2, UtcOffset};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wire::{Dialect, Framing};

use super::harmless::is_harmless;
use super::*;
use crate::replay::{self, VenueMaker, Verdict};
use crate::scenario::Scenario;
use crate::stage::Embedded;
use crate::{TerminalConfig, Till};

mod heard;

fn setting() -> Setting {
    Setting {
        cast: Cast::builtin(),
        offset: UtcOffset::from_minutes(420).unwrap(),
        institution: None,
        link: None,
        switch: Vec::new(),
        title: "Recorded".into(),
        about: Vec::new(),
    }
}

/// 2026-11-22T09:00:00+07:00, and so many milliseconds.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_micros(1_795_312_800_000_000 + millis * 1000)
}

fn till(id: &str) -> Till {
    request::till(&TerminalConfig::named(id), at(0))
}

fn riel(major: &str) -> Money {
    format!("{major}.00 KHR").parse().unwrap()
}

fn approved(request: &Message<'static>) -> Message<'static> {
    Message {
        code: Some(model::ResponseCode::APPROVED),
        authorization: Text::new(b"A1B2C3"),
        mti: request.mti.response(),
        pin_block: None,
        chip: None,
        ..*request
    }
}

/// Reads and plays a file; what went wrong, where something did.
fn replayed(text: &str) -> Result<(), String> {
    let cast = Cast::builtin();
    let scenario = Scenario::parse(Path::new("recorded.toml"), text, &cast).map_err(|error| format!("{error}\n{text}"))?;
    let mut venue = Embedded.make(&scenario, &cast).map_err(|error| error.to_string())?;
    match replay::play(&scenario, &cast, &mut *venue).verdict {
        Verdict::Passed => Ok(()),
        other => Err(format!("{other:#?}\n{text}")),
    }
}

#[test]
fn a_withdrawal_and_its_answer_become_two_steps_and_the_time_between_a_third() {
    let (mut scribe, cast, till) = (Scribe::new(setting()), Cast::builtin(), till("ATM00001"));
    let request = till.request(Kind::Withdrawal, cast.card("dara").unwrap(), riel("50000"));
    scribe.asked(at(0), 1, &request);
    scribe.answered(at(2300), 1, &approved(&request));
    scribe.asked(at(14_800), 1, &till.repeat(&request));

    let wanted = r#"title = "Recorded"
tags = ["recorded"]
start = 2026-11-22T09:00:00+07:00

[terminal.atm00001]
id = "ATM00001"

[[step]]
send = "withdrawal"
as = "withdrawal"
card = "dara"
amount = "50000.00 KHR"

[[step]]
expect = "0210"
of = "withdrawal"
within = "4s"
amount = "50000.00 KHR"
transmitted = { echo = true }
stan = { echo = true }
rrn = { echo = true }
authorization = { present = true }
code = "00"

[[step]]
clock = "+12s500ms"

[[step]]
send = "repeat"
of = "withdrawal"
"#;
    assert_eq!(scribe.write().unwrap(), wanted);
    assert_eq!(scribe.tally(), Tally { requests: 2, answers: 1, ..Tally::default() });
}

#[test]
fn what_differs_from_what_a_till_makes_is_set_and_what_is_secret_is_left_out() {
    let (mut scribe, cast, till) = (Scribe::new(setting()), Cast::builtin(), till("SHOP0001"));
    let dara = cast.card("dara").unwrap();
    let track = format!("{}=3212101", dara.pan.number());
    let request = Message {
        pan: None,
        expiry: None,
        track2: Text::new(track.as_bytes()).map(Track2),
        pin_block: Some(Sensitive::raw(&[0xAB; 8])),
        chip: Some(Sensitive::raw(b"\x9f\x26\x08chipdata")),
        location: Some(Content::ascii(b"Phnom Penh")),
        additional: Some(Content::ascii(track.as_bytes())),
        rrn: None,
        condition: Some(8),
        ..till.request(Kind::Purchase, dara, riel("100"))
    };
    scribe.asked(at(0), 1, &request);

    let text = scribe.write().unwrap();
    for line in ["# left out: track 2", "# left out: PIN block", "# left out: chip data", "card = \"dara\"", "condition = \"08\""]
    {
        assert!(text.contains(line), "{line}\n{text}");
    }
    for line in
        ["location = \"Phnom Penh\"", "rrn = { absent = true }", "expiry = { absent = true }", "# left out: additional data"]
    {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(is_harmless(&text) && !text.contains("3212101") && !text.contains("ABAB") && !text.contains("chipdata"), "{text}");
    assert!(Scenario::parse(Path::new("it.toml"), &text, &cast).is_ok(), "{text}");
}

#[test]
fn a_merchant_that_holds_a_card_number_is_left_out_of_its_terminals_section() {
    let (mut scribe, cast, till) = (Scribe::new(setting()), Cast::builtin(), till("SHOP0001"));
    for (at_ms, merchant) in [b"378282246310005".as_slice(), b"SHOP"].into_iter().enumerate() {
        let made = till.request(Kind::Purchase, cast.card("dara").unwrap(), riel("100"));
        scribe.asked(at(i64::try_from(at_ms).unwrap()), 1, &Message { merchant: Text::new(merchant), ..made });
    }
    let text = scribe.write().unwrap();
    assert!(text.contains("which may hold a card number"), "{text}");
    assert!(is_harmless(&text) && !text.contains("378282246310005"), "{text}");
    assert!(Scenario::parse(Path::new("it.toml"), &text, &cast).is_ok(), "{text}");
}

#[test]
fn the_block_of_a_new_pin_is_left_out_wherever_it_stands() {
    let (mut scribe, cast, till) = (Scribe::new(setting()), Cast::builtin(), till("ATM00001"));
    let block = Some(Content::ascii(b"0123456789ABCDEF"));
    let change = till.request(Kind::PinChange, cast.card("dara").unwrap(), riel("0"));
    scribe.asked(at(0), 1, &Message { additional: block, ..change });
    scribe.asked(at(1), 1, &Message { additional: block, ..till.repeat(&change) });
    let text = scribe.write().unwrap();
    assert!(text.matches("# left out: additional data").count() == 2 && !text.contains("0123456789ABCDEF"), "{text}");
}

#[test]
fn a_card_that_is_not_in_the_cast_is_told_masked_and_so_is_what_is_about_its_request() {
    let (mut scribe, cast, till) = (Scribe::new(setting()), Cast::builtin(), till("SHOP0001"));
    let stranger = Pan::from_digits(b"9116010000000998").ok().filter(|pan| cast.by_pan(*pan).is_none()).unwrap();
    let request = Message { pan: Some(stranger), ..till.request(Kind::Purchase, cast.card("dara").unwrap(), riel("100")) };
    scribe.asked(at(0), 1, &request);
    scribe.answered(at(1), 1, &approved(&request));
    scribe.asked(at(2), 1, &till.reversal(&request, Mti::REVERSAL_ADVICE, None));
    assert_eq!(scribe.tally(), Tally { strangers: 2, ..Tally::default() });
    assert_eq!(scribe.write(), None);

    scribe.asked(at(3), 1, &till.balance(cast.card("dara").unwrap(), riel("1").currency()));
    let text = scribe.write().unwrap();
    assert!(text.contains("# left out: purchase with 911601******0998; its card is not in the cast"), "{text}");
    assert!(is_harmless(&text), "{text}");
}

#[test]
fn everything_that_a_terminal_does_replays_as_it_was_recorded() {
    let scribe = heard::recorded(include_str!("tests/everything.toml"));
    let text = scribe.write().unwrap();
    assert_eq!(scribe.tally().left_out, 0, "{text}");
    replayed(&text).unwrap();
    assert!(is_harmless(&text), "{text}");
    // And it is no empty promise: another code fails it.
    assert!(replayed(&text.replacen("code = \"00\"", "code = \"05\"", 1)).is_err());
}

/// The records of a request on this connection and of its approval.
fn journaled(chronicle: &mut Chronicle, number: u64, link: u64, millis: i64, request: &Message<'static>) {
    let asked = engine::Asked {
        link: engine::LinkId(link),
        mti: request.mti,
        pan: request.pan,
        processing: request.processing.unwrap(),
        amount: request.amount.unwrap(),
        currency: request.currency.unwrap(),
        transmitted: request.transmitted.unwrap(),
        stan: request.stan.unwrap(),
        local_time: request.local_time.unwrap(),
        local_date: request.local_date.unwrap(),
        merchant_type: request.merchant_type,
        entry_mode: request.entry_mode,
        condition: request.condition,
        acquirer: model::InstitutionId::new(116_002).unwrap(),
        rrn: request.rrn.unwrap(),
        terminal: request.terminal.unwrap(),
        merchant: request.merchant,
        stands: 0,
        receiver: None,
        from_account: None,
        to_account: None,
    };
    let transaction = model::TransactionId(number);
    let answer = engine::Answer { authorization: Text::new(b"A1B2C3"), ..engine::Answer::of(model::ResponseCode::APPROVED) };
    for record in [engine::Record::Accepted { transaction, asked }, engine::Record::Answered { transaction, answer }] {
        chronicle.read(number, &engine::Entry { at: at(millis), record });
    }
}

#[test]
fn a_terminal_of_the_journal_stays_one_when_it_dials_again() {
    let institution = model::InstitutionId::new(116_002);
    let mut chronicle = Chronicle::new(Scribe::new(Setting { institution, ..setting() }), Selection::default());
    let (cast, till) = (Cast::builtin(), till("ATM00001"));
    for (number, link) in [(1, 1), (2, 2), (3, 1)] {
        let request = till.request(Kind::Withdrawal, cast.card("dara").unwrap(), riel("50000"));
        journaled(&mut chronicle, number, link, 10 * i64::try_from(number).unwrap(), &request);
    }
    let text = chronicle.into_scribe().write().unwrap();
    assert_eq!(text.matches("[terminal.").count(), 1, "{text}");
    replayed(&text).unwrap();
}

#[test]
fn two_sections_with_one_identifier_are_one_terminal_and_repeat_no_number() {
    let send = |from: &str| {
        format!(
            "[[step]]\nsend = \"withdrawal\"\nfrom = \"{from}\"\ncard = \"dara\"\namount = \"50000.00 KHR\"\n[[step]]\nexpect = \"0210\"\ncode = \"00\"\n"
        )
    };
    let sections = "title = \"t\"\n[terminal.a]\nid = \"ATM00001\"\n[terminal.b]\nid = \"ATM00001\"\n";
    replayed(&format!("{sections}{}{}{}", send("a"), send("b"), send("a"))).unwrap();
}

/// A switch that says back what it hears, byte for byte.
async fn parrot() -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let talking = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut bytes).await {
            stream.write_all(&bytes[..count]).await.unwrap();
        }
    });
    (address, talking)
}

#[tokio::test]
async fn what_cannot_be_read_or_cut_passes_all_the_same_and_is_told() {
    let (to, parrot) = parrot().await;
    let said: Arc<Mutex<Vec<String>>> = Arc::default();
    let tell = {
        let said = Arc::clone(&said);
        Box::new(move |what: &str| said.lock().unwrap().push(what.to_owned()))
    };
    let (dialect, framing) = (Dialect::builtin("iso87-ascii").unwrap(), "4-digit".parse::<Framing>().unwrap());
    let recorder = Arc::new(Recorder::new(Scribe::new(setting()), dialect, framing, tell));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(serve(listener, to, Arc::clone(&recorder), true, std::future::pending()));

    let cast = Cast::builtin();
    let mut frame = BytesMut::new();
    let till =
        Till::new(TerminalConfig { framing, ..TerminalConfig::named("ATM00001") }, Arc::new(bank_adapters::SystemClock::start()));
    till.frame(&till.request(Kind::Withdrawal, cast.card("dara").unwrap(), riel("100")), &mut frame).unwrap();
    let all = [b"0005hello".as_slice(), &frame, b"no length at all"].concat();
    let mut acquirer = TcpStream::connect(address).await.unwrap();
    acquirer.write_all(&all).await.unwrap();
    let mut back = vec![0; all.len()];
    acquirer.read_exact(&mut back).await.unwrap();
    assert_eq!(back, all);

    drop(acquirer);
    assert_eq!(serving.await.unwrap(), Overheard { connections: 1, refused: 0 });
    parrot.await.unwrap();
    let said = said.lock().unwrap().join("\n");
    for what in ["to the switch, 5 bytes, could not be read", "to the switch on connection 1 cannot be cut into messages"] {
        assert!(said.contains(what), "{what}\n{said}");
    }
    assert_eq!(recorder.scribe().tally().requests, 1);
}

/// A recorder of which only what it tells is looked at.
fn listening(said: &Arc<Mutex<Vec<String>>>) -> Arc<Recorder> {
    let said = Arc::clone(said);
    let tell = Box::new(move |what: &str| said.lock().unwrap().push(what.to_owned()));
    Arc::new(Recorder::new(Scribe::new(setting()), Dialect::builtin("iso87-ascii").unwrap(), Framing::TWO_BYTE, tell))
}

#[tokio::test]
async fn where_the_switch_dies_the_acquirers_connection_ends_both_ways() {
    let switch = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = switch.local_addr().unwrap().to_string();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(serve(listener, to, listening(&Arc::default()), true, std::future::pending()));
    let mut acquirer = TcpStream::connect(address).await.unwrap();
    drop(switch.accept().await.unwrap());

    assert_eq!(acquirer.read(&mut [0; 8]).await.unwrap_or(0), 0);
    // It has not closed its own end, and the link is over all the same.
    let over = tokio::time::timeout(std::time::Duration::from_secs(10), serving).await.expect("the link is over").unwrap();
    assert_eq!(over, Overheard { connections: 1, refused: 0 });
    drop(acquirer);
}

/// A door at which the first one stumbles.
struct Sill(TcpListener, std::sync::atomic::AtomicBool);

impl proxy::Door for Sill {
    async fn next(&self) -> std::io::Result<TcpStream> {
        if self.1.swap(false, std::sync::atomic::Ordering::Relaxed) {
            return Err(std::io::Error::other("too many open files"));
        }
        Ok(self.0.accept().await?.0)
    }
}

#[tokio::test]
async fn one_who_cannot_be_accepted_is_told_and_the_next_is_served() {
    let (to, parrot) = parrot().await;
    let said: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sill = Sill(listener, true.into());
    let serving = tokio::spawn(proxy::serve_at(sill, to, listening(&said), true, std::future::pending()));
    let mut acquirer = TcpStream::connect(address).await.unwrap();
    acquirer.write_all(b"\0\x05hello").await.unwrap();
    acquirer.read_exact(&mut [0; 7]).await.unwrap();
    drop(acquirer);
    assert_eq!(serving.await.unwrap().connections, 1);
    parrot.await.unwrap();
    assert!(said.lock().unwrap().iter().any(|it| it.contains("too many open files")));
}
