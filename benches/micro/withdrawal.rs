//! The message that all of this is measured with: a withdrawal of seventeen fields, as an ATM sends it.

use std::sync::Arc;

use bytes::BytesMut;
use model::{
    Content, Currency, InstitutionId, Kind, LocalDate, LocalTime, Message, Mti, Pan, ProcessingCode, Rrn, Sensitive, Stan,
    TerminalId, Text, Timestamp, Track2, TransmissionTime,
};
use wire::Dialect;

/// DE2, 3, 4, 7, 11, 12, 13, 18, 22, 32, 35, 37, 41, 42, 43, 49 and 52.
pub(crate) fn withdrawal() -> Message<'static> {
    Message {
        pan: Pan::from_digits(b"9116010000000019").ok(),
        processing: Some(ProcessingCode::of(Kind::Withdrawal)),
        amount: Some(5_000_000),
        transmitted: TransmissionTime::new(1_228_103_005),
        stan: Stan::new(42),
        local_time: LocalTime::new(173_005),
        local_date: LocalDate::new(1228),
        merchant_type: Some(6011),
        entry_mode: Some(51),
        acquirer: InstitutionId::new(116_000),
        track2: Text::new(b"9116010000000019=32121010000012300000").map(Track2),
        rrn: Rrn::new(b"000000000042"),
        terminal: TerminalId::new(b"ATM00001"),
        merchant: Text::new(b"BENCH0000000001"),
        location: Some(Content::ascii(b"STREET 51            PHNOM PENH       KH")),
        currency: Currency::from_alpha("KHR"),
        pin_block: Some(Sensitive::raw(&[0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF0])),
        ..Message::new(Mti::FINANCIAL_REQUEST)
    }
}

pub(crate) fn dialect(name: &str) -> Arc<Dialect> {
    Dialect::builtin(name).unwrap()
}

/// Its bytes, without a frame.
pub(crate) fn body(dialect: &Dialect, message: &Message<'_>) -> BytesMut {
    let mut out = BytesMut::new();
    wire::write(dialect, message, Timestamp::default(), &mut out).unwrap();
    out
}
