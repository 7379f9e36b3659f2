//! Faults that strike at moments of their own.

use model::{Message, Mti, NetworkCode, Stan, TransmissionTime};

use crate::bank::tiny;
use crate::faults::Fault;
use crate::host::Trouble;
use crate::line::Far;
use crate::queue::{Event, SECOND};
use crate::terminal::MALFORMED_STAN;
use crate::world::World;

impl World {
    pub(crate) fn strike(&mut self, place: usize) {
        let Some((_, fault)) = self.plan.strikes.get(place).copied() else { return };
        if self.is_calm {
            return;
        }
        self.story_event(|| format!("fault: {}", fault.name()));
        let line = self.random.place(self.lines.len());
        let is_up = self.lines[line].far_up && self.lines[line].link.is_some();
        let bank = self.random.place(self.banks.len());
        match fault {
            Fault::Cut if is_up => self.cut(line),
            Fault::Closed if is_up => {
                // What is on its way arrives, then the connection is gone.
                self.lines[line].broken = true;
                self.notice_later(line, 5 * SECOND);
            }
            Fault::Garbage if is_up => self.garbage(line),
            Fault::LostStep if is_up => {
                self.far_sends_bytes(line, &[0xFF; 64]);
            }
            Fault::Malformed if is_up => self.malformed(line),
            Fault::BankRestart if self.banks[bank].up => self.bank_restarts(bank),
            Fault::SignOff if !self.banks[bank].signed_off => {
                self.sign(bank, false);
                let at = self.now + self.random.between(SECOND, 40 * SECOND);
                self.queue.at(at, Event::Sign { bank: tiny(bank), on: true });
            }
            // Counted where it happens.
            Fault::Crash => return self.crash(),
            Fault::StoreBusy | Fault::StoreFull => {
                let until = self.now + self.random.between(SECOND / 100, 30 * SECOND);
                self.host.store.refuse_until(until);
            }
            Fault::AnswerLost => return self.host.store.lose_answer(Trouble::AnswerLost),
            Fault::RequestLost => return self.host.store.lose_answer(Trouble::RequestLost),
            Fault::ClockStep => {
                let step = i64::try_from(self.random.below(2 * 3600 * SECOND)).unwrap_or(0);
                self.host.skew = if self.random.chance(500_000) { step } else { -step };
            }
            Fault::SlowReader if is_up => {
                let time = self.random.between(SECOND / 10, 50 * SECOND);
                self.slow(line, time);
            }
            Fault::HotCard if bank < self.issuers && self.banks[bank].up => self.hot_card(bank),
            Fault::OrderedCutover
            | Fault::OrderedOff
            | Fault::OrderedOn
            | Fault::CardListed
            | Fault::CardUnlisted
            | Fault::DeadRetried
            | Fault::DeadDiscarded => return self.operator(fault, bank),
            _ => return,
        }
        self.coverage.fault(fault);
    }

    /// Whole frames of rubbish, one or enough to be thrown out.
    fn garbage(&mut self, line: usize) {
        let count = if self.random.chance(100_000) { 20 } else { 1 };
        for _ in 0..count {
            let mut bytes = bytes::BytesMut::new();
            let framing = self.lines[line].framing;
            let start = framing.begin(&mut bytes);
            for _ in 0..self.random.between(1, 200) {
                bytes.extend_from_slice(&[self.random.next().to_le_bytes()[0]]);
            }
            if framing.finish(&mut bytes, start).is_ok() {
                self.far_sends_bytes(line, &bytes);
            }
        }
    }

    /// A message that can be read and lacks what it needs.
    fn malformed(&mut self, line: usize) {
        let mti = match self.lines[line].far {
            Far::Acquirer(_) | Far::Hand(_) => Mti::FINANCIAL_REQUEST,
            Far::Bank(_) => Mti::FINANCIAL_RESPONSE,
        };
        let bare = Message {
            transmitted: Some(TransmissionTime::of(self.time())),
            stan: Stan::new(MALFORMED_STAN),
            ..Message::new(mti)
        };
        let message = if self.random.chance(250_000) {
            // Sound, but not a thing that is asked for here.
            Message { mti: Mti::NETWORK_REQUEST, network: Some(NetworkCode::KeyChange), ..bare }
        } else {
            bare
        };
        self.far_sends(line, &message, None);
    }
}
