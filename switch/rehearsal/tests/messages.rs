//! Messages to try a program on, in every built-in dialect: `fixtures/messages/DIALECT.hex`, and beside it what they say.
//!
//! A rehearsal's till asks, a reference bank answers, and both are written down as they would lie in a frame. The text is what
//! `payswitch decode --dialect DIALECT --text` makes of the file. `MESSAGES=write cargo test -p payswitch-rehearsal --test messages`
//! writes both anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bank_adapters::iso::Next;
use bank_adapters::{Call, Card, Cast, Clock, HostSession, IsoHost, Ledger};
use bytes::BytesMut;
use model::{
    Content, InstitutionId, Kind, LocalDate, Message, Money, Mti, NetworkCode, Pan, ResponseCode, Sensitive, Stan, Text,
    Timestamp,
};
use rehearsal::{TerminalConfig, Till};
use wire::{Cut, Dialect, Framing};

/// 2022-12-28, 09:00 in Phnom Penh: the day on which the cards were launched.
const MOMENT: Timestamp = Timestamp::from_micros(1_672_192_800_000_000);
const PIN_BLOCK: &[u8] = &[0x04, 0x12, 0xAC, 0x89, 0xAB, 0xCD, 0xEF, 0x67];
/// DE48 of a PIN change (ours): the new PIN's block.
const NEW_PIN_BLOCK: &[u8] = b"0412F19BC0FFEE67";
/// DE54 of a purchase with cash-back: account type 00, amount type 40, riel, debit, 10,000.00.
const CASH: &[u8] = b"0040116D000001000000";

struct Morning;

impl Clock for Morning {
    fn now(&self) -> Timestamp {
        MOMENT
    }
}

/// A till and the bank of its cards, without anything between them.
struct Counter {
    dialect: Arc<Dialect>,
    cast: Cast,
    till: Till,
    ledger: Ledger,
    session: HostSession,
    /// The file's lines.
    lines: Vec<String>,
}

impl Counter {
    fn new(name: &str) -> Self {
        let (dialect, cast) = (Dialect::builtin(name).unwrap(), Cast::builtin());
        let bank = cast.bank("acleda").unwrap();
        let ledger = Ledger::in_memory(bank, &cast).unwrap();
        let host = IsoHost { clock: Arc::new(Morning), ..IsoHost::new(dialect.clone(), Framing::TWO_BYTE, bank.institution) };
        let session = HostSession::new(host, ledger.capabilities());
        let config = TerminalConfig {
            dialect: dialect.clone(),
            institution: InstitutionId::new(116_002),
            seed: Some(1),
            ..TerminalConfig::named("ATM00001")
        };
        let till = Till::new(config, Arc::new(Morning));
        let lines = vec![
            format!("# Messages in {name}, without frames, a line each. Cards are those of fixtures/cards.toml: nobody's."),
            format!("# payswitch decode --dialect {name} --text < fixtures/messages/{name}.hex"),
        ];
        Self { dialect, cast, till, ledger, session, lines }
    }

    fn card(&self, alias: &str) -> Card {
        self.cast.card(alias).unwrap().clone()
    }

    fn note(&mut self, what: &str, body: &[u8]) {
        let hex: String = body.iter().map(|byte| format!("{byte:02X}")).collect();
        self.lines.extend([String::new(), format!("# {what}"), hex]);
    }

    /// A message that is only told.
    fn tells(&mut self, what: &str, message: &Message<'_>) {
        let mut body = BytesMut::new();
        wire::write(&self.dialect, message, MOMENT, &mut body).unwrap();
        self.note(what, &body);
    }

    /// A message to the bank, and what it answers.
    fn asks(&mut self, what: &str, message: &Message<'_>) {
        self.tells(what, message);
        let mut frame = BytesMut::new();
        self.till.frame(message, &mut frame).unwrap();
        self.session.received(&frame);
        while let Some((request, answering)) = match self.session.next_frame() {
            Next::Ask(request, answering) => Some((Some(request), Some(answering))),
            Next::Done => Some((None, None)),
            Next::Incomplete => None,
            Next::End(why) => panic!("{what}: {why:?}"),
        } {
            let Some((request, answering)) = request.zip(answering) else { continue };
            let call = Call::new(request.reference(), MOMENT, Arc::new(Morning));
            let outcome = self.ledger.call(request, call);
            self.session.answer(&answering, outcome);
        }
        let answer = self.session.take_output();
        let Ok(Cut::Frame { body, .. }) = Framing::TWO_BYTE.cut(&answer, 4096) else { panic!("{what}: no answer") };
        self.note("its answer", &answer[body]);
    }
}

fn khr(major: u64) -> Money {
    Money::from_minor(major * 100, model::Currency::from_alpha("KHR").unwrap())
}

/// One of each, in an order in which they could have happened.
fn messages(dialect: &str) -> Vec<String> {
    let mut at = Counter::new(dialect);
    let (dara, sophea, poor) = (at.card("dara"), at.card("sophea"), at.card("thida"));
    for code in [NetworkCode::SignOn, NetworkCode::Echo, NetworkCode::Cutover] {
        let date = LocalDate::new(1229).filter(|_| code == NetworkCode::Cutover);
        let request = Message { business_date: date, ..at.till.network_request(code) };
        at.asks(&format!("network management: {code:?}"), &request);
    }
    for kind in Kind::ALL {
        let request = of_kind(&at, kind, &dara, &sophea);
        at.asks(&format!("{kind}"), &request);
    }
    let withdrawal = at.till.request(Kind::Withdrawal, &dara, khr(50_000));
    let withdrawal = Message { pin_block: Some(Sensitive::raw(PIN_BLOCK)), ..withdrawal };
    at.asks("a withdrawal with a PIN block", &withdrawal);
    at.asks("the same again: a repeat, which gets the same answer", &at.till.repeat(&withdrawal).clone());
    at.asks("its reversal, asked for", &at.till.reversal(&withdrawal, Mti::REVERSAL_REQUEST, None).clone());
    let purchase = at.till.request(Kind::Purchase, &dara, khr(80_000));
    at.asks("a purchase", &purchase);
    at.asks("the advice that a part of it stands", &at.till.reversal(&purchase, Mti::REVERSAL_ADVICE, Some(3_000_000)).clone());
    let authorization = at.till.authorization(&dara, khr(90_000));
    at.asks("an authorization: the amount is held", &authorization);
    at.asks("its completion, for less", &at.till.completion(&authorization, khr(70_000)).clone());
    at.asks("an advice of a purchase while the bank was not there", &at.till.advice(Kind::Purchase, &dara, khr(10_000)).clone());
    at.asks("a withdrawal beyond what there is", &at.till.request(Kind::Withdrawal, &poor, khr(500_000)).clone());
    let listed = file_update(&at, dara.pan);
    at.tells("a bank puts a card on the list of lost ones", &listed);
    let update = Message { file_update: listed.file_update, file_name: listed.file_name, ..refused(&listed) };
    at.tells("its answer", &Message { code: Some(ResponseCode::APPROVED), ..update });
    at.tells(
        "a refusal of what lacks a field: DE44 says which",
        &Message { remark: Text::new(b"field 49 is missing"), ..refused(&purchase) },
    );
    at.lines.push(String::new());
    at.lines
}

/// A request of a kind, with what that kind needs beside card and amount.
fn of_kind(at: &Counter, kind: Kind, dara: &Card, sophea: &Card) -> Message<'static> {
    let riel = khr(1).currency();
    let account = sophea.account(riel).map(|account| account.number);
    let request = at.till.request(kind, dara, khr(40_000));
    match kind {
        Kind::CashBack => Message { balances: Some(Content::ascii(CASH)), ..request },
        Kind::Transfer => Message { receiver: InstitutionId::new(116_001), to_account: account, ..request },
        Kind::Salary => at.till.salary(InstitutionId::new(116_001).unwrap(), account.unwrap(), khr(1_200_000)),
        Kind::Funding | Kind::Recall => {
            let salary = at.till.salary(InstitutionId::new(116_001).unwrap(), account.unwrap(), khr(1_200_000));
            let processing = Some(model::ProcessingCode::of(kind));
            Message { processing, from_account: account, to_account: None, ..salary }
        }
        Kind::TopUp => Message { receiver: InstitutionId::new(116_701), to_account: Text::new(b"00112345678"), ..request },
        Kind::PinChange => {
            Message { pin_block: Some(Sensitive::raw(PIN_BLOCK)), additional: Some(Content::ascii(NEW_PIN_BLOCK)), ..request }
        }
        Kind::Purchase
        | Kind::Withdrawal
        | Kind::Refund
        | Kind::Deposit
        | Kind::Balance
        | Kind::MiniStatement
        | Kind::VirtualCard => request,
    }
}

fn file_update(at: &Counter, pan: Pan) -> Message<'static> {
    Message {
        pan: Some(pan),
        stan: Stan::new(45),
        file_update: Some(b'1'),
        file_name: Text::new(b"LOST"),
        network: None,
        mti: Mti::FILE_UPDATE_REQUEST,
        ..at.till.network_request(NetworkCode::Echo)
    }
}

/// What the switch says to what it does not admit.
fn refused(message: &Message<'_>) -> Message<'static> {
    engine::refusal(message, ResponseCode::FORMAT_ERROR)
}

/// What `payswitch decode --text` makes of a file.
fn told(dialect: &Dialect, lines: &[String]) -> String {
    let shown = lines.iter().map(|line| match line.as_str() {
        "" => String::new(),
        note if note.starts_with('#') => format!("{note}\n"),
        hex => format!("{}\n", wire::describe::text(dialect, &wire::unhex(hex.as_bytes()).unwrap(), false)),
    });
    shown.collect()
}

/// Compares a file with what it should hold, or writes it where `MESSAGES=write` asks for that.
fn kept(path: &Path, text: &str) {
    if std::env::var_os("MESSAGES").is_some_and(|wish| wish == "write") {
        fs::write(path, text).unwrap();
    }
    let there = fs::read_to_string(path).unwrap_or_default();
    assert!(there == text, "{} is stale: MESSAGES=write cargo test -p payswitch-rehearsal --test messages", path.display());
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/messages")
}

#[test]
fn the_messages_in_fixtures_are_what_is_sent_and_said_today() {
    for name in Dialect::builtin_names() {
        let lines = messages(name);
        kept(&folder().join(format!("{name}.hex")), &lines.join("\n"));
        kept(&folder().join(format!("{name}.txt")), &told(&Dialect::builtin(name).unwrap(), &lines));
    }
}

#[test]
fn every_message_in_fixtures_is_read_keeps_its_profile_and_is_written_again_to_the_same_bytes() {
    for name in Dialect::builtin_names() {
        let (dialect, text) =
            (Dialect::builtin(name).unwrap(), fs::read_to_string(folder().join(format!("{name}.hex"))).unwrap());
        let lines: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert!(lines.len() > 40, "{name}");
        for line in lines {
            let again = wire::json::encode_line(&dialect, &wire::json::decode_line(&dialect, line, true));
            assert_eq!(again.unwrap(), line, "{name}");
            let body = wire::unhex(line.as_bytes()).unwrap();
            let message = wire::read(&dialect, &body).unwrap();
            assert_eq!(wire::profile::check(&message), Ok(()), "{name}: {}", wire::describe::text(&dialect, &body, false));
            let mut written = BytesMut::new();
            wire::write(&dialect, &message, MOMENT, &mut written).unwrap();
            assert_eq!(&written[..], &body[..], "{name}: {}", wire::describe::text(&dialect, &body, false));
        }
    }
}

#[test]
fn no_card_number_stands_in_the_texts() {
    let cast = Cast::builtin();
    for name in Dialect::builtin_names() {
        let text = fs::read_to_string(folder().join(format!("{name}.txt"))).unwrap();
        for card in cast.cards() {
            assert!(!text.contains(&card.pan.number().to_string()), "{name}: {}", card.alias);
        }
        assert!(!text.contains("0412"), "{name}: a PIN block");
    }
}
