//! What a send step sends.

use super::log::View;
use super::{Hand, Runner, Sent, Stop};
use crate::replay::{Speech, TerminalSpec, drafting};
use crate::scenario::{self, Draft, Send, Step, TerminalSection};
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
    pub(super) fn open(&mut self, name: &str) -> Result<(), Stop> {
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
            seed: self.venue.numbers_from(self.scenario.seed),
            ..TerminalConfig::default()
        };
        // A switch knows a terminal by its number, not by its name here.
        let same = self.hands.values().find(|hand| hand.till.config().id == config.id);
        Ok(match same {
            Some(hand) => hand.till.elsewhere(config),
            None => Till::new(config, std::sync::Arc::new(self.clock.clone())),
        })
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
        let (till, of) = (&self.hand(&send.from)?.till, send.of.and_then(|of| self.sent.get(&of)));
        drafting::draft(send, of.map(|of| &of.draft), till, self).map_err(|problem| self.failed(&problem))
    }

    fn set(&self, draft: &mut Draft, name: &str, text: &str) -> Result<(), Stop> {
        drafting::set(draft, name, text, self.cast).map_err(|problem| self.failed(&problem))
    }
}
