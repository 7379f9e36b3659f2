//! What a send step sends.

use model::{Currency, Message, Money, Mti, NetworkCode};

use super::log::View;
use super::{Hand, Runner, Sent, Stop};
use crate::replay::{Speech, TerminalSpec};
use crate::scenario::{self, Draft, Send, SettingValue, Shape, Step, TerminalSection, fields};
use crate::{TerminalConfig, Till};

impl Runner<'_> {
    pub(super) fn send(&mut self, place: usize, step: &Step, send: &Send) -> Result<(), Stop> {
        self.open(&send.from)?;
        self.now();
        let (draft, frame, body) = match &send.what {
            scenario::Sent::Bytes { bytes, raw } => {
                let frame = if *raw { bytes.clone() } else { self.in_a_frame(&send.from, bytes)? };
                (Draft::default(), frame, bytes.clone())
            }
            _ => {
                let draft = self.draft(send)?;
                let mut frame = bytes::BytesMut::new();
                let start = self.hand(&send.from)?.till.frame(&draft.message(), &mut frame);
                let start = start.map_err(|error| self.failed(&error.to_string()))?;
                let body = frame.get(start..).unwrap_or_default().to_vec();
                (draft, frame.to_vec(), body)
            }
        };
        let view = View::of(&self.speech(&send.from)?.dialect, &body, self.cast);
        if let Some(name) = &step.name {
            self.named.insert(name.value.clone(), view.fields.clone());
        }
        let rrn = view.rrn;
        let seen_before = self.log.arrivals.len();
        self.sent.insert(place, Sent { draft, view, rrn, seen_before });
        self.log.sends(&send.from, &body, step.line);
        Ok(self.venue.send(&send.from, &frame)?)
    }

    /// Connects a terminal that is not, or no longer.
    fn open(&mut self, name: &str) -> Result<(), Stop> {
        if self.hands.get(name).is_some_and(|hand| hand.open) {
            return Ok(());
        }
        let section = self.scenario.terminal(name).ok_or_else(|| self.failed("there is no such terminal"))?;
        let spec = TerminalSpec { name: name.to_owned(), id: section.id, link: section.link.as_ref().map(|it| it.value.clone()) };
        let speech = self.venue.open(&spec)?;
        match self.hands.get_mut(name) {
            Some(hand) => (hand.speech, hand.open) = (speech, true),
            None => {
                let till = self.till(section, &speech)?;
                self.hands.insert(name.to_owned(), Hand { till, speech, open: true });
            }
        }
        Ok(())
    }

    fn till(&self, section: &TerminalSection, speech: &Speech) -> Result<Till, Stop> {
        let institution = match &section.institution {
            Some(it) => {
                let mut draft = Draft::default();
                self.set(&mut draft, "acquirer", &self.fill(&it.value)?)?;
                draft.fixed.acquirer
            }
            None => None,
        };
        let config = TerminalConfig {
            id: section.id,
            institution,
            merchant: section.merchant,
            merchant_type: section.merchant_type,
            entry_mode: section.entry_mode,
            dialect: std::sync::Arc::clone(&speech.dialect),
            framing: speech.framing,
            offset: speech.offset,
            seed: Some(self.scenario.seed),
            ..TerminalConfig::default()
        };
        Ok(Till::new(config, std::sync::Arc::new(self.clock.clone())))
    }

    fn hand(&self, name: &str) -> Result<&Hand, Stop> {
        self.hands.get(name).ok_or_else(|| self.failed("the terminal is not connected"))
    }

    fn speech(&self, name: &str) -> Result<Speech, Stop> {
        Ok(self.hand(name)?.speech.clone())
    }

    fn in_a_frame(&self, terminal: &str, body: &[u8]) -> Result<Vec<u8>, Stop> {
        let framing = self.speech(terminal)?.framing;
        let mut frame = bytes::BytesMut::new();
        let start = framing.begin(&mut frame);
        frame.extend_from_slice(body);
        framing.finish(&mut frame, start).map_err(|error| self.failed(&format!("the bytes go into no frame: {error}")))?;
        Ok(frame.to_vec())
    }

    fn draft(&self, send: &Send) -> Result<Draft, Stop> {
        let till = &self.hand(&send.from)?.till;
        let mut draft = match (&send.what, send.of.and_then(|of| self.sent.get(&of))) {
            (scenario::Sent::Repeat, Some(of)) => of.draft.with(till.repeat(&of.draft.fixed)),
            (scenario::Sent::Reversal, Some(of)) => undoing(of, till.reversal(&of.draft.fixed, Mti::REVERSAL_REQUEST, None)),
            (scenario::Sent::ReversalAdvice, Some(of)) => undoing(of, till.reversal(&of.draft.fixed, Mti::REVERSAL_ADVICE, None)),
            (scenario::Sent::Completion, Some(of)) => undoing(of, till.reversal(&of.draft.fixed, Mti::FINANCIAL_ADVICE, None)),
            (scenario::Sent::SignOn, _) => till.network_request(NetworkCode::SignOn).into(),
            (scenario::Sent::SignOff, _) => till.network_request(NetworkCode::SignOff).into(),
            (scenario::Sent::Echo, _) => till.network_request(NetworkCode::Echo).into(),
            _ => return self.request(send, till),
        };
        if let Some(card) = &send.card {
            draft.fixed.pan = Some(self.card(&card.value)?);
        }
        if let Some(amount) = &send.amount {
            let text = self.fill(&amount.value)?;
            self.set(&mut draft, "amount", &text)?;
        }
        self.set_all(&mut draft, send)?;
        Ok(draft)
    }

    fn request(&self, send: &Send, till: &Till) -> Result<Draft, Stop> {
        let amount = send.amount.as_ref().map(|it| self.amount(&it.value)).transpose()?;
        let riel = || Currency::from_alpha("KHR").ok_or_else(|| self.failed("there is no riel"));
        let currency = amount.map_or_else(riel, |it| Ok(it.currency()))?;
        let card = match &send.card {
            Some(card) => Some(self.fill(&card.value)?),
            None => None,
        };
        let fixed = match card.as_deref().map(|alias| (self.cast.card(alias), alias)) {
            Some((Ok(card), _)) => till.request(send.kind, card, amount.unwrap_or(Money::from_minor(0, currency))),
            Some((Err(_), seen)) => {
                let pan = self.log.card(seen).ok_or_else(|| self.failed(&format!("there is no card {seen:?}")))?;
                Message { pan: Some(pan), ..till.fresh(send.kind, currency) }
            }
            None => till.fresh(send.kind, currency),
        };
        let mti = match send.what {
            scenario::Sent::Authorization => Mti::AUTHORIZATION_REQUEST,
            scenario::Sent::Advice => Mti::FINANCIAL_ADVICE,
            _ => fixed.mti,
        };
        let mut draft = Draft::from(Message { mti, amount: amount.map(Money::minor), ..fixed });
        self.set_all(&mut draft, send)?;
        Ok(draft)
    }

    fn amount(&self, template: &scenario::Template) -> Result<Money, Stop> {
        let text = self.fill(template)?;
        text.parse().map_err(|error: model::AmountError| self.failed(&error.to_string()))
    }

    fn set_all(&self, draft: &mut Draft, send: &Send) -> Result<(), Stop> {
        for setting in &send.fields {
            match &setting.value {
                SettingValue::Absent => draft.clear(setting.field),
                SettingValue::Text(template) => {
                    let text = self.fill(template)?;
                    self.set(draft, setting.field.name, &text)?;
                }
            }
        }
        Ok(())
    }

    /// Sets a field; an institution may be named.
    fn set(&self, draft: &mut Draft, name: &str, text: &str) -> Result<(), Stop> {
        let field = fields::named(name).ok_or_else(|| self.failed("there is no such field"))?;
        let is_name = field.shape == Shape::Institution && !text.bytes().all(|byte| byte.is_ascii_digit());
        let text = if is_name { field.shape.normal(text, self.cast) } else { Ok(text.to_owned()) };
        text.and_then(|text| draft.set(field, &text)).map_err(|problem| self.failed(&problem))
    }
}

/// What undoes or completes a message shows no PIN block again.
fn undoing(of: &Sent, fixed: Message<'static>) -> Draft {
    let mut draft = of.draft.with(fixed);
    if let Some(field) = fields::named("pin_block") {
        draft.clear(field);
    }
    draft
}
