//! Terminals and the acquirers that stand before them. They pay out only on an approval that reached them, undo what they are in
//! doubt about, and remember what they gave and took: what they know is what everything else is measured by.

mod answers;
mod audit;
mod draw;
pub(crate) mod kinds;
pub(crate) mod transaction;
mod undo;

use std::sync::Arc;

use crate::check::secrets;
use crate::faults::Fault;
use crate::queue::{Event, MILLI, Moment, SECOND};
use crate::sabotage::Sabotage;
use crate::world::World;
use engine::Acquirer as Known;
use kinds::{InDoubt, Way};
use model::{Content, InstitutionId, Message, Pan, Rrn, Sensitive, Stan, Text, Track2, TransmissionTime};
use shard::Side;
use transaction::Stage;

/// After which an acquirer gives up waiting.
const ACQUIRER_TIMER: Moment = 40 * SECOND;

/// Which link's messages carry this number, nobody asks for it: what is malformed on purpose.
pub(crate) const MALFORMED_STAN: u32 = 999_999;

/// An acquirer's host, or a concentrator of terminals.
#[derive(Debug)]
pub(crate) struct Acquirer {
    pub(crate) name: Arc<str>,
    pub(crate) institution: InstitutionId,
    /// Whether its machines can give deposited cash back.
    pub(crate) escrow: bool,
    pub(crate) lines: Vec<usize>,
    /// The last trace number of each of its terminals.
    pub(crate) stans: Vec<u32>,
    /// Whether its messages say who it is.
    pub(crate) names_itself: bool,
    /// Whether a reversal has its original's trace number.
    pub(crate) keeps_stan: bool,
}

impl Acquirer {
    pub(crate) fn side(&self) -> Side {
        Side::Acquirer { name: Arc::clone(&self.name), acquirer: Known { institution: self.institution, escrow: self.escrow } }
    }
}

impl World {
    /// A customer comes to some terminal.
    pub(crate) fn begin(&mut self) {
        let number = u32::try_from(self.transactions.len()).unwrap_or(u32::MAX);
        if number >= self.wanted {
            return;
        }
        let transaction = self.draw(number);
        let early = transaction.early;
        self.transactions.push(transaction);
        if early {
            self.undo(number, 0, true);
        } else {
            self.ask(number, false);
        }
        let gap = self.random.below(2 * self.plan.gap + 1);
        self.queue.at(self.now + gap, Event::Begin);
    }

    fn next_stan(&mut self, acquirer: usize, terminal: usize) -> Stan {
        let last = &mut self.acquirers[acquirer].stans[terminal];
        *last = *last % (MALFORMED_STAN - 1) + 1;
        Stan::new(*last).unwrap_or_default()
    }

    /// Sets the transaction's only alarm.
    fn wake(&mut self, number: u32, at: Moment) {
        let it = &mut self.transactions[number as usize];
        it.turn = it.turn.wrapping_add(1);
        let turn = it.turn;
        self.queue.at(at.max(self.now), Event::Customer { tx: number, turn });
    }

    fn doubt(&self, number: u32) -> InDoubt {
        let it = &self.transactions[number as usize];
        it.row.in_doubt(self.acquirers[it.acquirer].escrow)
    }

    /// The alarm of a transaction rings.
    pub(crate) fn customer(&mut self, number: u32, turn: u16) {
        let it = &self.transactions[number as usize];
        if it.turn != turn {
            return;
        }
        match it.stage {
            Stage::Asking if it.copies > 0 && self.now >= it.asked_at + ACQUIRER_TIMER => self.in_doubt(number),
            Stage::Asking if it.copies == 0 && self.now >= it.asked_at + ACQUIRER_TIMER => {
                // It could never be asked.
                self.transactions[number as usize].stage = Stage::Done;
            }
            Stage::Asking | Stage::Polling => self.ask(number, true),
            Stage::Undoing if it.early && it.copies == 0 => self.ask(number, false),
            Stage::Undoing => self.send_undo(number),
            Stage::Done if it.early && it.copies == 0 => self.ask(number, false),
            Stage::Done if it.undo.is_some() && it.undo.is_some_and(|undo| undo.tries == 0) => {
                self.transactions[number as usize].stage = Stage::Undoing;
                self.send_undo(number);
            }
            Stage::Done => {}
        }
    }

    /// The request goes out, or out again.
    fn ask(&mut self, number: u32, again: bool) {
        let time = self.time();
        let it = &mut self.transactions[number as usize];
        let again = again && it.copies > 0;
        // A completion will name an authorization by when it was sent.
        if again && it.repeat_at.take().is_some() && it.stan.number().is_multiple_of(2) && it.row.way != Way::Hold {
            // Some hosts say when the repeat was sent.
            it.transmitted = TransmissionTime::of(time);
        }
        let mti = if again { it.row.mti.repeat() } else { it.row.mti };
        let track = it.with_track.then(|| track(it.pan)).flatten();
        let pin = secrets::pin_block(number);
        let pin_block = it.with_pin.then_some(Sensitive::raw(&pin));
        let chip = it.with_track.then_some(Sensitive(Content::raw(secrets::CHIP)));
        let new_pin = secrets::in_hexadecimal(&pin);
        let additional = (it.row.kind == model::Kind::PinChange).then_some(Content::ascii(&new_pin));
        let mut message = Message { track2: track, pin_block, chip, additional, ..it.request(mti) };
        if self.sabotage == Some(Sabotage::PinBlockKept) && it.with_pin {
            message.merchant = Text::new(b"7EC355A91DE6");
        }
        let acquirer = it.acquirer;
        let copies = if self.random.chance(self.rates.duplicate) { 2 } else { 1 };
        for _ in 0..copies {
            if let Some(line) = self.some_line(acquirer)
                && self.far_sends(line, &message, None)
            {
                self.transactions[number as usize].copies += 1;
            }
        }
        if copies > 1 {
            self.coverage.fault(Fault::Duplicate);
        }
        let it = &self.transactions[number as usize];
        let next = match it.stage {
            Stage::Asking if it.copies == 0 => self.now + SECOND,
            Stage::Asking => {
                let end = it.asked_at + ACQUIRER_TIMER;
                it.repeat_at.filter(|at| *at > self.now).map_or(end, |at| at.min(end))
            }
            Stage::Polling => self.now + self.random.between(3 * SECOND, if self.is_calm { 10 * SECOND } else { 40 * SECOND }),
            Stage::Undoing => self.now + self.random.between(10 * MILLI, 5 * SECOND),
            Stage::Done if it.early && it.copies == 0 => self.now + SECOND,
            Stage::Done => return,
        };
        self.wake(number, next);
    }

    fn some_line(&mut self, acquirer: usize) -> Option<usize> {
        let lines = &self.acquirers[acquirer].lines;
        let first = self.random.place(lines.len());
        (0..lines.len()).map(|step| lines[(first + step) % lines.len()]).find(|line| self.lines[*line].far_up)
    }
}

/// DE41: which terminal of which acquirer.
fn terminal_name(acquirer: usize, terminal: usize) -> model::TerminalId {
    let mut name = *b"SIM00000";
    let mut rest = acquirer % 10 * 10_000 + terminal;
    for digit in name.iter_mut().skip(3).rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    model::TerminalId::new(&name).unwrap_or_default()
}

fn terminal_place(name: &model::TerminalId) -> usize {
    name.as_bytes().iter().skip(4).fold(0, |sum, digit| sum * 10 + usize::from(digit.wrapping_sub(b'0')))
}

/// DE37: the number of the transaction.
fn reference(number: u32) -> Rrn {
    let mut digits = *b"000000000000";
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    Rrn::new(&digits).unwrap_or_default()
}

fn track(pan: Option<Pan>) -> Option<Track2> {
    let digits = pan?.digits();
    let mut text = [0; 37];
    let length = digits.as_ref().len();
    text[..length].copy_from_slice(digits.as_ref());
    let tail = secrets::TRACK;
    text[length..length + tail.len()].copy_from_slice(tail);
    Text::new(&text[..length + tail.len()]).map(Track2)
}
