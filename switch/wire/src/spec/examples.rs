//! Messages worked out in the dialect, byte by byte, by the codec itself.

use bytes::BytesMut;
use model::{
    Currency, InstitutionId, LocalDate, LocalTime, Message, Mti, NetworkCode, OriginalData, Pan, ProcessingCode, ResponseCode,
    Sensitive, Stan, Text, Timestamp, TransmissionTime,
};

use super::Page;
use crate::Dialect;
use crate::dialect::Shown;

/// 2022-12-28, the day on which the cards were launched.
const DAY: Timestamp = Timestamp::from_micros(1_672_248_605_000_000);
const BYTES_A_LINE: usize = 24;

pub(super) fn add(page: &mut Page, dialect: &Dialect) {
    let examples = [
        ("Sign-on", sign_on()),
        ("Cash withdrawal of KHR 50,000", withdrawal()),
        ("Its approval", approval()),
        ("A reversal after which KHR 20,000 stand", reversal()),
    ];
    for (title, message) in examples {
        let mut body = BytesMut::new();
        page.heading(3, title);
        match crate::write(dialect, &message, DAY, &mut body) {
            Ok(()) => page.listing(format!("{}\n{}", bytes(dialect, &body), crate::describe::text(dialect, &body, false))),
            Err(error) => page.text(format!("This dialect cannot carry it: {error}.")),
        }
    }
}

/// The bytes in hexadecimal, those of fields that must not be shown as stars.
fn bytes(dialect: &Dialect, body: &[u8]) -> String {
    let mut shown: Vec<String> = body.iter().map(|byte| format!("{byte:02X}")).collect();
    if let Ok(parsed) = dialect.parse(body) {
        let secret = parsed.fields().iter().filter_map(|number| parsed.field(dialect, number));
        for field in secret.filter(|field| field.spec.shown != Shown::Whole) {
            let place = field.offset..field.offset + field.bytes.len();
            shown.get_mut(place).unwrap_or_default().fill("**".to_owned());
        }
    }
    shown.chunks(BYTES_A_LINE).map(|line| line.join(" ") + "\n").collect()
}

fn sign_on() -> Message<'static> {
    Message {
        transmitted: TransmissionTime::new(1_228_173_005),
        stan: Stan::new(1),
        forwarder: InstitutionId::new(116_000),
        network: Some(NetworkCode::SignOn),
        ..Message::new(Mti::NETWORK_REQUEST)
    }
}

fn withdrawal() -> Message<'static> {
    Message {
        pan: Pan::from_digits(b"9116010000000014").ok(),
        processing: ProcessingCode::new(10_000),
        amount: Some(5_000_000),
        transmitted: TransmissionTime::new(1_228_173_005),
        stan: Stan::new(42),
        local_time: LocalTime::new(3_005),
        local_date: LocalDate::new(1229),
        business_date: LocalDate::new(1229),
        merchant_type: Some(6011),
        entry_mode: Some(51),
        condition: Some(2),
        acquirer: InstitutionId::new(116_002),
        forwarder: InstitutionId::new(116_000),
        rrn: Text::new(b"236300000042"),
        terminal: Text::new(b"ATM00001"),
        currency: Currency::from_alpha("KHR"),
        pin_block: Some(Sensitive::raw(&[0x04, 0x12, 0xAC, 0x89, 0xAB, 0xCD, 0xEF, 0x67])),
        ..Message::new(Mti::FINANCIAL_REQUEST)
    }
}

fn approval() -> Message<'static> {
    Message {
        mti: Mti::FINANCIAL_RESPONSE,
        merchant_type: None,
        entry_mode: None,
        condition: None,
        pin_block: None,
        authorization: Text::new(b"A1B2C3"),
        code: Some(ResponseCode::APPROVED),
        ..withdrawal()
    }
}

fn reversal() -> Message<'static> {
    let original = withdrawal();
    Message {
        mti: Mti::REVERSAL_ADVICE,
        transmitted: TransmissionTime::new(1_228_173_105),
        stan: Stan::new(43),
        pin_block: None,
        original: Some(OriginalData {
            mti: original.mti,
            stan: original.stan.unwrap_or_default(),
            transmitted: original.transmitted,
            local: original.local_date.zip(original.local_time),
            acquirer: original.acquirer,
            forwarder: original.forwarder,
        }),
        replacement: Some(2_000_000),
        ..original
    }
}
