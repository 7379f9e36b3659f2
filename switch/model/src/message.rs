//! A message as all rooms see it: the fields of ISO 8583 in typed form, whatever bytes they came in.
//!
//! `wire::map` makes it from a frame and builds a frame from it; `engine` decides on it. What is only passed on borrows the
//! frame; what is decided upon or kept is copied, for it is small.

use std::fmt;

use crate::{
    Content, Currency, InstitutionId, LocalDate, LocalTime, Mti, NetworkCode, Pan, ProcessingCode, ResponseCode, Rrn, Sensitive,
    Stan, TerminalId, Text, TransmissionTime,
};

/// A field's number, 2 to 128.
pub type FieldNumber = u8;

/// Track 2 (DE35, z..37) as characters `0`–`9` and `=` or `D`. Like all that is sensitive it is never shown or written down.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Track2(pub Text<37>);

impl fmt::Debug for Track2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} characters withheld>", self.0.as_bytes().len())
    }
}

/// Original data elements (DE90, n 42): which message a reversal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginalData {
    /// The original's message type.
    pub mti: Mti,
    /// The original's DE11.
    pub stan: Stan,
    /// The original's DE7; `None` where the digits are zero or no moment, as some hosts send them.
    pub transmitted: Option<TransmissionTime>,
    /// The original's DE13 and DE12. DE90 has no place for them; the 1993 version names the original by them (its DE56).
    pub local: Option<(LocalDate, LocalTime)>,
    /// The original's DE32 (n 11, right-justified); `None` where it is all zeros.
    pub acquirer: Option<InstitutionId>,
    /// The original's DE33 likewise.
    pub forwarder: Option<InstitutionId>,
}

/// Every field that this switch reads, keeps or forwards. A field that is `None` is not in the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message<'a> {
    /// Message type.
    pub mti: Mti,
    /// DE2.
    pub pan: Option<Pan>,
    /// DE3.
    pub processing: Option<ProcessingCode>,
    /// DE4, minor units of DE49, at most twelve digits.
    pub amount: Option<u64>,
    /// DE7.
    pub transmitted: Option<TransmissionTime>,
    /// DE11.
    pub stan: Option<Stan>,
    /// DE12.
    pub local_time: Option<LocalTime>,
    /// DE13.
    pub local_date: Option<LocalDate>,
    /// DE14, YYMM.
    pub expiry: Option<u16>,
    /// DE15, the settlement (business) date.
    pub business_date: Option<LocalDate>,
    /// DE18, merchant type (ISO 18245).
    pub merchant_type: Option<u16>,
    /// DE22, point of service entry mode.
    pub entry_mode: Option<u16>,
    /// DE25, point of service condition code.
    pub condition: Option<u8>,
    /// DE28, what the card holder is charged beside the amount, minor units of DE49.
    pub fee: Option<u64>,
    /// DE32.
    pub acquirer: Option<InstitutionId>,
    /// DE33.
    pub forwarder: Option<InstitutionId>,
    /// DE34: the number of a card that was issued by this very transaction (ours).
    pub issued: Option<Pan>,
    /// DE35.
    pub track2: Option<Track2>,
    /// DE37.
    pub rrn: Option<Rrn>,
    /// DE38, authorization identification response.
    pub authorization: Option<Text<6>>,
    /// DE39.
    pub code: Option<ResponseCode>,
    /// DE41.
    pub terminal: Option<TerminalId>,
    /// DE42, card acceptor identification.
    pub merchant: Option<Text<15>>,
    /// DE43, card acceptor name and location, ans 40.
    pub location: Option<Content<'a>>,
    /// DE44, additional response data: in a 30 the field at fault.
    pub remark: Option<Text<25>>,
    /// DE48, additional data, private.
    pub additional: Option<Content<'a>>,
    /// DE49.
    pub currency: Option<Currency>,
    /// DE52.
    pub pin_block: Option<Sensitive<'a>>,
    /// DE54, additional amounts (balances), an..120.
    pub balances: Option<Content<'a>>,
    /// DE55, chip data.
    pub chip: Option<Sensitive<'a>>,
    /// DE60 to DE63, reserved for national and private use.
    pub private: [Option<Content<'a>>; 4],
    /// DE70.
    pub network: Option<NetworkCode>,
    /// DE90 (original data elements, n 42).
    pub original: Option<OriginalData>,
    /// DE91, file update code (an 1): `1` add, `2` change, `3` delete, `5` inquire.
    pub file_update: Option<u8>,
    /// DE95, replacement amount: what stands of a reversed transaction, minor units of DE49.
    pub replacement: Option<u64>,
    /// DE100, receiving institution identification code: the bank that is meant where no card names it.
    pub receiver: Option<InstitutionId>,
    /// DE101, the file that is updated.
    pub file_name: Option<Text<17>>,
    /// DE102, account debited.
    pub from_account: Option<Text<28>>,
    /// DE103, account credited.
    pub to_account: Option<Text<28>>,
    /// Fields that were there beside those above, field 1 at the highest bit: profiles ask for them, nothing reads them yet.
    /// They are never written.
    pub others: u128,
}

/// A field that is needed and not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field {0} is missing")]
pub struct Lacking(pub FieldNumber);

impl Message<'_> {
    /// An empty message of this type.
    #[must_use]
    pub fn new(mti: Mti) -> Self {
        Self { mti, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_a_log_holds_neither_card_nor_track_nor_pin() {
        let message = Message {
            pan: Pan::from_digits(b"9116010000000014").ok(),
            track2: Text::new(b"9116010000000014=3212").map(Track2),
            pin_block: Some(Sensitive::raw(&[0xAB; 8])),
            chip: Some(Sensitive::raw(b"9116010000000014")),
            ..Message::new(Mti::FINANCIAL_REQUEST)
        };
        let shown = format!("{message:?}");
        assert!(shown.contains("911601******0014"), "{shown}");
        assert!(!shown.contains("0000000014") && !shown.contains("171"), "{shown}");
    }
}
