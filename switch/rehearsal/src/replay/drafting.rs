//! What a send step sends: the message that a till makes, with what the step says of it. For scenarios that are played one by one,
//! and for those that a load plays by the thousand.

use bank_adapters::Cast;
use model::{AmountError, Currency, Message, Money, Mti, NetworkCode, Pan};

use crate::Till;
use crate::scenario::{Draft, Send, Sent, SettingValue, Shape, Template, fields};

/// What a step's words mean at the moment.
pub(crate) trait Words {
    /// Whose cards there are.
    fn cast(&self) -> &Cast;

    /// The text of a template, or why it has none.
    fn filled(&self, template: &Template) -> Result<String, String>;

    /// A card that is not of the cast and was seen in a message, by its masked number.
    fn seen(&self, masked: &str) -> Option<Pan>;

    /// Whose card a template means: a card of the cast, or one that was seen.
    fn card(&self, template: &Template) -> Result<Pan, String> {
        let text = self.filled(template)?;
        let known = self.cast().card(&text).map(|card| card.pan).ok();
        known.or_else(|| self.seen(&text)).ok_or_else(|| format!("there is no card {text:?}"))
    }
}

/// The message of a step; `of` is what it is about. Not of bytes, which are sent as they are.
pub(crate) fn draft(send: &Send, of: Option<&Draft>, till: &Till, words: &impl Words) -> Result<Draft, String> {
    let mut draft = match (&send.what, of) {
        (Sent::Repeat, Some(of)) => of.with(till.repeat(&of.fixed)),
        (Sent::Reversal, Some(of)) => undoing(of, till.reversal(&of.fixed, Mti::REVERSAL_REQUEST, None)),
        (Sent::ReversalAdvice, Some(of)) => undoing(of, till.reversal(&of.fixed, Mti::REVERSAL_ADVICE, None)),
        (Sent::Completion, Some(of)) => undoing(of, till.reversal(&of.fixed, Mti::FINANCIAL_ADVICE, None)),
        (Sent::SignOn, _) => till.network_request(NetworkCode::SignOn).into(),
        (Sent::SignOff, _) => till.network_request(NetworkCode::SignOff).into(),
        (Sent::Echo, _) => till.network_request(NetworkCode::Echo).into(),
        _ => return request(send, till, words),
    };
    if let Some(card) = &send.card {
        draft.fixed.pan = Some(words.card(&card.value)?);
    }
    if let Some(amount) = &send.amount {
        set(&mut draft, "amount", &words.filled(&amount.value)?, words.cast())?;
    }
    set_all(&mut draft, send, words)?;
    Ok(draft)
}

fn request(send: &Send, till: &Till, words: &impl Words) -> Result<Draft, String> {
    let amount = match &send.amount {
        Some(amount) => Some(words.filled(&amount.value)?.parse().map_err(|error: AmountError| error.to_string())?),
        None => None,
    };
    let currency = amount.map(Money::currency).or_else(|| Currency::from_alpha("KHR")).ok_or("there is no riel")?;
    let card = send.card.as_ref().map(|card| words.filled(&card.value)).transpose()?;
    let fixed = match card.as_deref().map(|alias| (words.cast().card(alias), alias)) {
        Some((Ok(card), _)) => till.request(send.kind, card, amount.unwrap_or(Money::from_minor(0, currency))),
        Some((Err(_), seen)) => {
            let pan = words.seen(seen).ok_or_else(|| format!("there is no card {seen:?}"))?;
            Message { pan: Some(pan), ..till.fresh(send.kind, currency) }
        }
        None => till.fresh(send.kind, currency),
    };
    let mti = match send.what {
        Sent::Authorization => Mti::AUTHORIZATION_REQUEST,
        Sent::Advice => Mti::FINANCIAL_ADVICE,
        _ => fixed.mti,
    };
    let mut draft = Draft::from(Message { mti, amount: amount.map(Money::minor), ..fixed });
    set_all(&mut draft, send, words)?;
    Ok(draft)
}

fn set_all(draft: &mut Draft, send: &Send, words: &impl Words) -> Result<(), String> {
    for setting in &send.fields {
        match &setting.value {
            SettingValue::Absent => draft.clear(setting.field),
            SettingValue::Text(template) => set(draft, setting.field.name, &words.filled(template)?, words.cast())?,
        }
    }
    Ok(())
}

/// Sets a field; an institution may be named.
pub(crate) fn set(draft: &mut Draft, name: &str, text: &str, cast: &Cast) -> Result<(), String> {
    let field = fields::named(name).ok_or("there is no such field")?;
    let is_name = field.shape == Shape::Institution && !text.bytes().all(|byte| byte.is_ascii_digit());
    let text = if is_name { field.shape.normal(text, cast)? } else { text.to_owned() };
    draft.set(field, &text)
}

/// What undoes or completes a message shows no PIN block again.
fn undoing(of: &Draft, fixed: Message<'static>) -> Draft {
    let mut draft = of.with(fixed);
    if let Some(field) = fields::named("pin_block") {
        draft.clear(field);
    }
    draft
}
