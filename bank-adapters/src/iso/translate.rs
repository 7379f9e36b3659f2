//! Between messages and what a bank is asked.

use model::{
    Class, Currency, FieldNumber, Kind, Lacking, Message, Money, Mti, NetworkCode, Pan, ResponseCode, Stan, Text, Track2,
    TransmissionTime,
};

use crate::request::moves_amount;
use crate::{Advice, Authorization, Balance, BankRequest, Capabilities, Financial, Reference, Reversal, Secret};

/// A response by its message type, and the fields that it repeats of its request (ISO 8583:1987, table of message types; which of
/// them a response may have is in `wire::profile`).
pub(super) fn response_to(request: &Message<'_>) -> Message<'static> {
    let class = request.mti.class();
    let names_another = class == Some(Class::Reversal) || request.mti.is_advice();
    Message {
        pan: request.pan,
        processing: request.processing,
        amount: request.amount,
        transmitted: request.transmitted,
        stan: request.stan,
        local_time: request.local_time,
        local_date: request.local_date,
        business_date: request.business_date,
        fee: request.fee,
        acquirer: request.acquirer,
        forwarder: request.forwarder,
        rrn: request.rrn,
        terminal: request.terminal,
        merchant: request.merchant,
        currency: request.currency,
        network: request.network.filter(|_| class == Some(Class::Network)),
        original: request.original.filter(|_| names_another),
        file_update: request.file_update.filter(|_| class == Some(Class::FileUpdate)),
        replacement: request.replacement.filter(|_| names_another),
        receiver: request.receiver,
        file_name: request.file_name.filter(|_| class == Some(Class::FileUpdate)),
        from_account: request.from_account,
        to_account: request.to_account,
        ..Message::new(request.mti.response())
    }
}

/// Why a request is answered by the link and not by the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unasked {
    /// DE39.
    pub code: ResponseCode,
    /// DE44: the field at fault.
    pub remark: Option<Text<25>>,
}

impl From<ResponseCode> for Unasked {
    fn from(code: ResponseCode) -> Self {
        Self { code, remark: None }
    }
}

impl From<Lacking> for Unasked {
    fn from(lacking: Lacking) -> Self {
        Self { code: ResponseCode::FORMAT_ERROR, remark: remark(&lacking.to_string()) }
    }
}

/// As much of the text as DE44 holds here.
pub(super) fn remark(text: &str) -> Option<Text<25>> {
    Text::new(text.as_bytes().get(..25).unwrap_or(text.as_bytes()))
}

/// What the bank is asked by this message, or the answer that the link gives in its stead.
pub(super) fn asked(message: &Message<'_>, capabilities: &Capabilities) -> Result<BankRequest, Unasked> {
    match message.mti.first() {
        Mti::FINANCIAL_REQUEST => Ok(BankRequest::Financial(Box::new(details(message, &capabilities.kinds)?))),
        Mti::AUTHORIZATION_REQUEST | Mti::AUTHORIZATION_ADVICE => {
            let asked = details(message, &capabilities.holds)?;
            Ok(BankRequest::Authorization(Box::new(Authorization { advice: message.mti.is_advice(), asked })))
        }
        Mti::FINANCIAL_ADVICE => {
            let told = details(message, &capabilities.kinds)?;
            Ok(BankRequest::Advice(Box::new(Advice { completes: completed(message), told })))
        }
        Mti::REVERSAL_REQUEST | Mti::REVERSAL_ADVICE => Ok(BankRequest::Reversal(Box::new(reversal(message)?))),
        _ => Err(ResponseCode::NOT_SUPPORTED.into()),
    }
}

/// What a bank says to network management: it has no session of its own to open, so every sign-on is welcome.
pub(super) fn network(code: Option<NetworkCode>) -> Unasked {
    match code {
        Some(NetworkCode::SignOn | NetworkCode::SignOff | NetworkCode::Cutover | NetworkCode::Echo) => {
            ResponseCode::APPROVED.into()
        }
        Some(NetworkCode::KeyChange) => ResponseCode::NOT_SUPPORTED.into(),
        Some(NetworkCode::Other(_)) => ResponseCode::INVALID_TRANSACTION.into(),
        None => Lacking(70).into(),
    }
}

/// A sign-on that the bank sends by itself, over a link that it dialled.
pub(super) fn sign_on(institution: model::InstitutionId, transmitted: TransmissionTime, stan: Stan) -> Message<'static> {
    Message {
        transmitted: Some(transmitted),
        stan: Some(stan),
        forwarder: Some(institution),
        network: Some(NetworkCode::SignOn),
        ..Message::new(Mti::NETWORK_REQUEST)
    }
}

/// Whether the message is one that a bank may be asked: network management apart, responses are not.
pub(super) fn is_network(mti: Mti) -> bool {
    mti.class() == Some(Class::Network)
}

fn need<T>(value: Option<T>, field: FieldNumber) -> Result<T, Lacking> {
    value.ok_or(Lacking(field))
}

/// What is asked, told or to be held, where its kind is one of those that the bank does.
fn details(message: &Message<'_>, kinds: &[Kind]) -> Result<Financial, Unasked> {
    let reference =
        Reference { transmitted: need(message.transmitted, 7)?, stan: need(message.stan, 11)?, acquirer: message.acquirer };
    let processing = need(message.processing, 3)?;
    let kind = processing.kind().ok_or(ResponseCode::INVALID_TRANSACTION)?;
    if !kinds.contains(&kind) {
        return Err(ResponseCode::NOT_SUPPORTED.into());
    }
    let pin = message.pin_block.and_then(wire::pin_block).map(|block| Secret::new(&block));
    let new_pin = message.additional.filter(|_| kind == Kind::PinChange).and_then(wire::octets).map(|block| Secret::new(&block));
    if kind == Kind::PinChange && !message.mti.is_advice() {
        need(new_pin.as_ref(), 48)?;
        need(pin.as_ref(), 52)?;
    }
    let currency: Currency = need(message.currency, 49)?;
    let minor = if moves_amount(kind) { need(message.amount, 4)? } else { 0 };
    Ok(Financial {
        reference,
        repeat: message.mti.is_repeat(),
        kind,
        processing,
        amount: Money::from_minor(minor, currency),
        fee: message.fee.unwrap_or(0),
        parts: message.balances.and_then(wire::octets).and_then(|field| Balance::parse(&field)).unwrap_or_default(),
        pan: message.pan.or_else(|| pan_of(message.track2?)),
        expiry: message.expiry,
        from_account: message.from_account,
        to_account: message.to_account,
        rrn: message.rrn,
        business_date: message.business_date,
        local_time: message.local_time,
        local_date: message.local_date,
        terminal: message.terminal,
        merchant: message.merchant,
        merchant_type: message.merchant_type,
        location: message.location.and_then(|it| Text::new(&wire::octets(it)?)),
        entry_mode: message.entry_mode,
        condition: message.condition,
        forwarder: message.forwarder,
        receiver: message.receiver,
        track2: message.track2,
        pin,
        new_pin,
        chip: message.chip.and_then(|chip| wire::octets(chip.0)).map(|chip| Secret::new(&chip)),
    })
}

/// The card number at the front of track 2 (ISO/IEC 7813), for messages without DE2.
fn pan_of(track: Track2) -> Option<Pan> {
    let digits = track.0.as_bytes().split(|byte| matches!(byte, b'=' | b'D')).next()?;
    Pan::from_digits(digits).ok()
}

/// The leg that DE90 names.
fn original(message: &Message<'_>) -> Result<Reference, Lacking> {
    let original = need(message.original, 90)?;
    Ok(Reference {
        transmitted: need(original.transmitted, 90)?,
        stan: original.stan,
        // Zeros in DE90 mean that the original's acquirer is this message's own (practice).
        acquirer: original.acquirer.or(message.acquirer),
    })
}

/// The authorization that an advice completes. What DE90 says otherwise, or does not say whole, makes it no less an advice.
fn completed(message: &Message<'_>) -> Option<Reference> {
    message.original.filter(|original| original.mti.class() == Some(Class::Authorization))?;
    original(message).ok()
}

fn reversal(message: &Message<'_>) -> Result<Reversal, Lacking> {
    let original = original(message)?;
    let money = |minor: Option<u64>| minor.and_then(|minor| Some(Money::from_minor(minor, message.currency?)));
    if message.replacement.is_some_and(|stands| stands > 0) {
        need(message.currency, 49)?;
    }
    Ok(Reversal {
        original,
        repeat: message.mti.is_repeat(),
        advice: message.mti.is_advice(),
        kind: message.processing.and_then(model::ProcessingCode::kind),
        amount: money(message.amount),
        stands: money(message.replacement),
        pan: message.pan,
        rrn: message.rrn,
        business_date: message.business_date,
        terminal: message.terminal,
    })
}
