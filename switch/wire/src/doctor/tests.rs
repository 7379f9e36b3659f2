use bytes::BytesMut;
use model::{Currency, Kind, LocalDate, LocalTime, Message, Mti, NetworkCode, Pan, ProcessingCode, Rrn, Stan, TerminalId};

use super::*;

const FRAMINGS: [&str; 16] = [
    "2-byte",
    "2-byte inclusive",
    "4-byte",
    "4-byte inclusive",
    "4-digit",
    "4-digit inclusive",
    "2-byte bcd",
    "2-byte bcd inclusive",
    "2-byte tpdu 6000030004",
    "2-byte inclusive tpdu 6000030004",
    "4-byte tpdu 6000030004",
    "4-digit tpdu 6000030004",
    "2-byte bcd tpdu 6000030004",
    "2-byte header 49534F303136303030303530",
    "4-digit header 49534F303136303030303530",
    "2-byte bcd tpdu 6000030004 header 4142",
];

fn dialects() -> Vec<Arc<Dialect>> {
    Dialect::builtin_names().iter().map(|name| Dialect::builtin(name).unwrap()).collect()
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_672_203_600_000_000)
}

fn purchase() -> Message<'static> {
    Message {
        pan: Pan::from_digits(b"9116010000000014").ok(),
        processing: Some(ProcessingCode::of(Kind::Purchase)),
        amount: Some(5_000_000),
        transmitted: Some(model::TransmissionTime::of(now())),
        stan: Stan::new(42),
        local_time: LocalTime::new(173_005),
        local_date: LocalDate::new(1228),
        rrn: Rrn::new(b"122851000042"),
        terminal: TerminalId::new(b"ATM00001"),
        currency: Currency::from_numeric(116),
        ..Message::new(Mti::FINANCIAL_REQUEST)
    }
}

fn echo() -> Message<'static> {
    Message {
        transmitted: Some(model::TransmissionTime::of(now())),
        stan: Stan::new(43),
        network: Some(NetworkCode::Echo),
        ..Message::new(Mti::NETWORK_REQUEST)
    }
}

fn stream(dialect: &Dialect, framing: &str, messages: &[Message<'_>]) -> Vec<u8> {
    let framing: Framing = framing.parse().unwrap();
    let mut out = BytesMut::new();
    for message in messages {
        let start = framing.begin(&mut out);
        crate::write(dialect, message, Timestamp::default(), &mut out).unwrap();
        framing.finish(&mut out, start).unwrap();
    }
    out.to_vec()
}

/// The words of a framing as the doctor can know them: the bytes of a TPDU and of a header are the peer's, not ours.
fn known(framing: &str) -> String {
    let framing = framing.replace("tpdu 6000030004", "tpdu");
    framing.replace("header 49534F303136303030303530", "header echo 12").replace("header 4142", "header echo 2")
}

#[test]
fn the_right_framing_and_dialect_come_first_for_each_of_them() {
    for dialect in dialects() {
        for framing in FRAMINGS {
            for messages in [&[purchase()][..], &[echo(), purchase(), echo()]] {
                let bytes = stream(&dialect, framing, messages);
                let told = examine(&bytes, &dialects(), Some(now()));
                let best = told.guesses.first().unwrap_or_else(|| panic!("{}, {framing}: {told:?}", dialect.name()));
                let found = (best.dialect.name(), best.framing.unwrap().to_string());
                assert_eq!(found, (dialect.name(), known(framing)), "{:?}", &told.guesses[..told.guesses.len().min(2)]);
                assert!(best.is_whole() && best.change.is_empty());
                let expected = format!("framing = \"{}\"\ndialect = \"{}\"\n", known(framing), dialect.name());
                assert_eq!(best.configuration(), expected);
            }
        }
    }
}

#[test]
fn a_message_alone_and_hexadecimal_text_are_known() {
    for dialect in dialects() {
        let mut body = BytesMut::new();
        crate::write(&dialect, &purchase(), Timestamp::default(), &mut body).unwrap();
        let told = examine(&body, &dialects(), None);
        assert_eq!((told.guesses[0].dialect.name(), told.guesses[0].framing), (dialect.name(), None));
        let text = crate::chars::hex(&stream(&dialect, "2-byte", &[purchase()])).to_lowercase();
        let told = examine(format!("{text}\n").as_bytes(), &dialects(), None);
        assert_eq!(told.guesses[0].dialect.name(), dialect.name());
        assert!(told.remarks.iter().any(|remark| remark.contains("hexadecimal digits as text")), "{told:?}");
    }
}

#[test]
fn a_stream_that_breaks_off_or_goes_on_is_known_from_its_first_messages() {
    let dialect = Dialect::builtin("iso87-ascii").unwrap();
    let bytes = stream(&dialect, "4-digit", &[purchase(), echo(), purchase()]);
    let told = examine(&bytes[..bytes.len() - 30], &dialects(), None);
    assert_eq!(told.guesses[0].framing.unwrap().to_string(), "4-digit");
    let told = examine(&[&[0, 0, 0, 0], &stream(&dialect, "2-byte", &[purchase()])[..]].concat(), &dialects(), None);
    assert_eq!(told.guesses[0].framing.unwrap().to_string(), "2-byte");
    assert!(told.guesses[0].fits.iter().any(|it| it.contains("keep-alive")), "{told:?}");
}

#[test]
fn near_misses_are_told() {
    let dialect = Dialect::builtin("iso87-ascii").unwrap();
    let told = examine(&stream(&dialect, "2-byte inclusive", &[purchase(), echo()]), &dialects(), None);
    assert!(told.remarks.iter().any(|it| it.contains("were it \"2-byte\"")), "{told:?}");

    // The commonest of all: characters throughout, but a bitmap of raw bytes.
    let text = crate::dialect::builtin_text("iso87-ascii").unwrap().replace("bitmap = \"hex\"", "bitmap = \"raw\"");
    let raw = Dialect::from_toml(&text).unwrap();
    let told = examine(&stream(&raw, "2-byte", &[purchase()]), &dialects(), None);
    assert_eq!((told.guesses[0].change, told.guesses[0].dialect.name()), ("bitmap = \"raw\"", "iso87-ascii"));
    assert!(told.guesses[0].configuration().contains("bitmap = \"raw\""));
}

/// The text's own bytes were looked at for near misses, and only the built-in dialects were tried on what it means.
#[test]
fn what_hexadecimal_text_means_is_examined_like_bytes() {
    let dialect = Dialect::builtin("iso87-ascii").unwrap();
    let text = |bytes: &[u8]| crate::chars::hex(bytes).into_bytes();
    let told = examine(&text(&stream(&dialect, "2-byte inclusive", &[purchase(), echo()])), &dialects(), None);
    let near = "were it \"2-byte\": message at byte 105: expected the end, found 2 more bytes";
    assert!(told.remarks.iter().any(|it| it == near), "{told:?}");
    let raw = crate::dialect::builtin_text("iso87-ascii").unwrap().replace("bitmap = \"hex\"", "bitmap = \"raw\"");
    let raw = Dialect::from_toml(&raw).unwrap();
    let told = examine(&text(&stream(&raw, "2-byte", &[purchase()])), &dialects(), None);
    assert_eq!((told.guesses[0].change, told.guesses[0].is_whole()), ("bitmap = \"raw\"", true), "{told:?}");
}

#[test]
fn a_diagnosis_in_a_log_holds_no_card_number() {
    let dialect = Dialect::builtin("iso87-ascii").unwrap();
    let told = format!("{:?}", examine(&stream(&dialect, "2-byte", &[purchase()]), &dialects(), None));
    assert!(told.contains("2-byte") && !told.contains("57, 49, 49, 54"), "{told}");
}

/// Found by fuzzing: a packed message behind a few bytes too many was taken for the header of a message that was none, and told.
#[test]
fn a_header_is_not_told_whole_even_where_everything_fits() {
    let dialect = Dialect::builtin("iso87-bcd").unwrap();
    let words = "2-byte header 0200723E9116018273645014";
    let told = examine(&stream(&dialect, words, &[purchase()]), &dialects(), None);
    assert!(told.guesses[0].is_whole() && !format!("{told:?}").contains("9116018273645014"), "{told:?}");
    assert!(told.guesses[0].fits.iter().any(|it| it.ends_with("stand 0200723E9116 and 6 bytes more")), "{told:?}");
}

#[test]
fn the_header_that_is_told_is_the_first_messages_and_not_a_keep_alives() {
    let dialect = Dialect::builtin("iso87-ascii").unwrap();
    let bytes = [&[0, 0], &stream(&dialect, "2-byte tpdu 6000030004", &[purchase()])[..]].concat();
    let told = examine(&bytes, &dialects(), None);
    assert!(told.guesses[0].fits.iter().any(|it| it.ends_with("stand 6000030004")), "{told:?}");
}

#[test]
fn what_is_no_iso_8583_is_told_by_its_name() {
    let cases: [(&[u8], &str); 6] = [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"),
        (b"GET /health HTTP/1.1\r\nHost: switch\r\n\r\n", "HTTP"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
        (b"", "nothing came"),
        (b"\0\0\0\0", "keep-alives"),
        (b"hello, is anybody there?", "no known framing"),
    ];
    for (bytes, word) in cases {
        let told = examine(bytes, &dialects(), None);
        assert!(told.guesses.is_empty() && told.remarks.iter().any(|it| it.contains(word)), "{word}: {told:?}");
    }
}

#[test]
fn no_card_number_is_told_whatever_is_guessed() {
    for dialect in dialects() {
        for framing in FRAMINGS.into_iter().step_by(4) {
            let bytes = stream(&dialect, framing, &[purchase()]);
            for cut in (0..bytes.len()).step_by(7) {
                let told = examine(&bytes[cut..], &dialects(), None);
                let all: Vec<_> = told.guesses.iter().flat_map(|guess| guess.fits.iter().chain(&guess.misfits)).collect();
                let all = format!("{all:?} {:?}", told.remarks);
                for secret in ["9116010000000014", "39313136303130303030303030303134", "F9F1F1F6F0F1F0F0F0F0F0F0F0F0F1F4"] {
                    assert!(!all.contains(secret), "{framing}, {cut}: {all}");
                }
            }
        }
    }
}
