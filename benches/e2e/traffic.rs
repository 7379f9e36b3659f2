//! The messages of the bench, and where in their bytes the parts lie that change.
//!
//! All requests of a run have the same fields in the same lengths, and so have all answers: who has read one in full knows
//! where to look in the next. Whatever looks different is read in full again.

use std::ops::Range;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::BytesMut;
use model::{
    Content, Currency, FieldNumber, Form, InstitutionId, Kind, Message, Mti, Pan, ProcessingCode, Rrn, Sensitive, Stan,
    TerminalId, Text, Timestamp, Track2, TransmissionTime, UtcOffset,
};
use wire::{Cut, Dialect, Framing};

/// The banks: name, institution, first digits of their cards.
pub(crate) const BANKS: [(&str, &str, u64); 3] =
    [("acleda", "116001", 911_601), ("canadia", "116002", 911_602), ("wing", "116003", 911_603)];

/// How everybody speaks here.
pub(crate) const DIALECT: &str = "iso87-ascii";
pub(crate) const FRAMING: Framing = Framing::TWO_BYTE;
/// Longer than any message here.
const FRAME_MAX: usize = 4096;

pub(crate) fn dialect() -> Arc<Dialect> {
    Dialect::builtin(DIALECT).expect("is built in")
}

/// Hands each whole frame's body at the front of `input` to `take` and drops it.
pub(crate) fn frames(input: &mut BytesMut, mut take: impl FnMut(&[u8])) {
    let mut from = 0;
    loop {
        match FRAMING.cut(&input[from..], FRAME_MAX).expect("a frame of a length that is used here") {
            Cut::Frame { body, consumed } => {
                take(&input[from..][body]);
                from += consumed;
            }
            Cut::KeepAlive { consumed } => from += consumed,
            Cut::Incomplete => break,
        }
    }
    bytes::Buf::advance(input, from);
}

/// Appends the message in its frame.
pub(crate) fn put(dialect: &Dialect, message: &Message<'_>, out: &mut BytesMut) {
    let start = FRAMING.begin(out);
    wire::write(dialect, message, Timestamp::default(), out).expect("a message that the dialect can carry");
    FRAMING.finish(out, start).expect("a short message");
}

/// A withdrawal with the seventeen fields that an ATM sends. Card, terminal and time are all its own; number and reference are
/// put in later.
pub(crate) fn request(connection: u32, slot: u32, out: &mut BytesMut) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is set");
    let now = Timestamp::from_micros(0) + now;
    let local = UtcOffset::parse("+07:00").expect("an offset");
    let (_, _, prefix) = BANKS[(connection + slot) as usize % BANKS.len()];
    let pan = card(prefix, u64::from(connection * 64 + slot));
    let track = format!("{}=32121010000012300000", pan.number());
    let message = Message {
        pan: Some(pan),
        processing: Some(ProcessingCode::of(Kind::Withdrawal)),
        amount: Some(5_000_000),
        transmitted: Some(TransmissionTime::of(now)),
        stan: Stan::new(1),
        local_time: Some(local.local_time(now)),
        local_date: Some(local.local_date(now)),
        merchant_type: Some(6011),
        entry_mode: Some(51),
        acquirer: InstitutionId::new(116_000),
        track2: Text::new(track.as_bytes()).map(Track2),
        rrn: Rrn::new(b"000000000000"),
        terminal: TerminalId::new(format!("T{connection:05}00").as_bytes()),
        merchant: Text::new(b"BENCH0000000001"),
        location: Some(Content::ascii(&b"STREET 51            PHNOM PENH        KH"[..40])),
        currency: Currency::from_alpha("KHR"),
        pin_block: Some(Sensitive(Content { bytes: b"0123456789ABCDEF", form: Form::Hex })),
        ..Message::new(Mti::FINANCIAL_REQUEST)
    };
    put(&dialect(), &message, out);
}

/// The card with this number at the bank, its check digit made to fit.
fn card(prefix: u64, number: u64) -> Pan {
    let without = (prefix * 1_000_000_000 + number) * 10;
    let pan = (0..10).filter_map(|check| Pan::from_parts(without + check, 16).ok()).find(|pan| pan.luhn_holds());
    pan.expect("one of ten digits fits")
}

/// Where in a message's body the fields lie.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    opening: Vec<u8>,
    length: usize,
    fields: Vec<(FieldNumber, Range<usize>)>,
}

impl Layout {
    /// Reads a message in full.
    pub(crate) fn learn(dialect: &Dialect, body: &[u8]) -> Self {
        let parsed = dialect.parse(body).expect("a message that can be read");
        let place = |number| {
            let bytes = parsed.bytes(dialect, number)?;
            let start = bytes.as_ptr().addr() - body.as_ptr().addr();
            Some((number, start..start + bytes.len()))
        };
        let fields: Vec<_> = parsed.fields().iter().filter_map(place).collect();
        // Message type and one bitmap, as characters.
        Self { opening: body[..20].to_vec(), length: body.len(), fields }
    }

    /// Whether this message has the same type, fields and length.
    pub(crate) fn fits(&self, body: &[u8]) -> bool {
        body.len() == self.length && body.starts_with(&self.opening)
    }

    pub(crate) fn field(&self, number: FieldNumber) -> Option<Range<usize>> {
        self.fields.iter().find(|(it, _)| *it == number).map(|(_, range)| range.clone())
    }

    /// Fields that both messages have in the same length: from where to where a copy goes.
    pub(crate) fn common<'l>(&'l self, other: &'l Self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + 'l {
        let same = |(from, to): &(Range<usize>, Range<usize>)| from.len() == to.len();
        self.fields.iter().filter_map(|(number, from)| Some((from.clone(), other.field(*number)?))).filter(same)
    }
}

/// Writes a number in as many digits as there is room for.
pub(crate) fn put_digits(place: &mut [u8], number: u32) {
    let mut rest = number;
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Reads digits.
pub(crate) fn digits(place: &[u8]) -> u32 {
    place.iter().fold(0, |number, digit| number * 10 + u32::from(digit.wrapping_sub(b'0')))
}
