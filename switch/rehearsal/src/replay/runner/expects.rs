//! What an expect step waits for: the message that answers a request, what the switch tells a bank, or nothing at all.

use model::{Class, Rrn};

use super::log::{Arrival, View};
use super::{Runner, Stop};
use crate::replay::Party;
use crate::scenario::{Draft, Expect, ExpectAt, Step, Wanted};

/// Something that was sent.
pub(super) struct Sent {
    pub(super) draft: Draft,
    pub(super) view: View,
    pub(super) rrn: Option<Rrn>,
    /// How much had been seen before.
    pub(super) seen_before: usize,
}

/// How a message lies to an expectation.
enum Fit {
    /// It is somebody else's.
    Not,
    /// It is not what is expected, but might have been meant: why not.
    Near(String),
    /// It is what is expected; its fields remain to be looked at.
    Meets,
}

impl Runner<'_> {
    pub(super) fn expect(&mut self, step: &Step, expect: &Expect) -> Result<(), Stop> {
        let until = self.now() + expect.within;
        if expect.wanted.value == Wanted::Nothing {
            self.venue.can_wait(until)?;
        }
        let mut place = expect.of.and_then(|of| self.sent.get(&of)).map_or(0, |sent| sent.seen_before);
        let mut nearest = None;
        loop {
            while let Some(arrival) = self.log.arrivals.get(place) {
                match self.fit(arrival, expect) {
                    Fit::Not => {}
                    Fit::Near(why) => nearest = Some(why),
                    Fit::Meets if expect.wanted.value == Wanted::Nothing => return Err(self.unwanted(arrival)),
                    Fit::Meets => return self.met(place, step, expect),
                }
                place += 1;
            }
            if self.is_in_vain(expect) || !self.next(until)? {
                break;
            }
        }
        if expect.wanted.value == Wanted::Nothing {
            return Ok(());
        }
        let problem = format!("nothing came that is expected within {}", model::span::show(expect.within));
        let hint = self.venue.why_silent().filter(|_| self.was_silent(expect)).map(str::to_owned);
        let nearest: Vec<_> = nearest.into_iter().chain(hint).collect();
        Err(self.failed_with(&problem, Vec::new(), (!nearest.is_empty()).then(|| nearest.join("; "))))
    }

    /// Whether what is expected cannot come any more.
    fn is_in_vain(&self, expect: &Expect) -> bool {
        let ExpectAt::Terminal(name) = &expect.place else { return false };
        expect.wanted.value != Wanted::Nothing && self.venue.is_lost(name)
    }

    /// Whether not one message has come there.
    fn was_silent(&self, expect: &Expect) -> bool {
        let ExpectAt::Terminal(name) = &expect.place else { return false };
        let is_there = |it: &Arrival| !it.seen.body.is_empty() && it.seen.to == Party::Terminal(name.clone());
        !self.log.arrivals.iter().any(is_there)
    }

    fn unwanted(&self, arrival: &Arrival) -> Stop {
        self.failed_with("a message came although none is expected", Vec::new(), Some(told(arrival)))
    }

    /// The right message is there: its fields are compared, and kept.
    fn met(&mut self, place: usize, step: &Step, expect: &Expect) -> Result<(), Stop> {
        self.log.take(place, step.line);
        let Some(arrival) = self.log.arrivals.get(place) else { return Ok(()) };
        let fields = arrival.view.fields.clone();
        let asked = expect.of.and_then(|of| self.sent.get(&of)).map(|sent| sent.view.fields.clone()).unwrap_or_default();
        let value = |of: &std::collections::BTreeMap<&'static str, String>, name: &str| of.get(name).cloned();
        let values: Vec<_> =
            expect.checks.iter().map(|check| (check, value(&fields, &check.name), value(&asked, &check.name))).collect();
        self.all_agree("a message came, but not with what is expected in it", &values)?;
        for (name, field) in &expect.captures {
            let found = fields.get(field.name).cloned();
            let found =
                found.ok_or_else(|| self.failed(&format!("{} is to be kept as {{{{{name}}}}}, and is not there", field.name)))?;
            self.captured.insert(name.clone(), found);
        }
        if let Some(name) = &step.name {
            self.named.insert(name.value.clone(), fields);
        }
        Ok(())
    }

    fn fit(&self, arrival: &Arrival, expect: &Expect) -> Fit {
        let there = match (&expect.place, &arrival.seen.to) {
            (ExpectAt::Terminal(name), Party::Terminal(to)) | (ExpectAt::Bank(name), Party::Bank(to)) => name == to,
            _ => false,
        };
        if !there || arrival.taken {
            return Fit::Not;
        }
        if arrival.seen.body.is_empty() {
            return Fit::Near("the connection was closed".to_owned());
        }
        if !arrival.seen.arrived {
            return Fit::Near(format!(
                "{}, which did not arrive ({})",
                told(arrival),
                arrival.seen.fault.as_deref().unwrap_or("lost")
            ));
        }
        let related = self.is_related(arrival, expect);
        match (expect.wanted.value, arrival.view.mti) {
            (Wanted::Nothing, _) if related => Fit::Meets,
            (Wanted::Nothing, _) => Fit::Not,
            (_, None) => Fit::Near(format!("bytes that are no message ({})", told(arrival))),
            (Wanted::Type(wanted), Some(mti)) if wanted != mti && related => {
                Fit::Near(format!("{}: of another type", told(arrival)))
            }
            (Wanted::Answer, Some(mti)) if !mti.is_response() => Fit::Near(format!("{}: which is no answer", told(arrival))),
            (Wanted::Type(_) | Wanted::Answer, Some(_)) if related => Fit::Meets,
            (Wanted::Type(_) | Wanted::Answer, Some(_)) => Fit::Near(self.stranger(arrival, expect)),
        }
    }

    /// Whether a message belongs to what the expectation is about. What manages a link belongs to nobody's transaction: it may be
    /// expected by its type, and is no offence where nothing is expected, unless what was sent manages a link itself.
    fn is_related(&self, arrival: &Arrival, expect: &Expect) -> bool {
        let Some(sent) = expect.of.and_then(|of| self.sent.get(&of)) else { return true };
        match &expect.place {
            ExpectAt::Bank(_) => {
                let manages = |view: &View| view.mti.and_then(model::Mti::class) == Some(Class::Network);
                match manages(&arrival.view) {
                    true => expect.wanted.value != Wanted::Nothing || manages(&sent.view),
                    false => sent.view.is_about(&arrival.view),
                }
            }
            ExpectAt::Terminal(_) => {
                let asked = arrival.view.mti.is_some_and(|mti| !mti.is_response());
                asked || sent.view.is_answered_by(&arrival.view)
            }
        }
    }

    /// A message that answers something else: by which field that is known.
    fn stranger(&self, arrival: &Arrival, expect: &Expect) -> String {
        let Some(sent) = expect.of.and_then(|of| self.sent.get(&of)) else { return told(arrival) };
        let named = ["stan", "rrn", "transmitted", "terminal"];
        let differ = named.iter().find_map(|name| {
            let (asked, there) = (sent.view.fields.get(name)?, arrival.view.fields.get(name)?);
            (asked != there).then(|| format!("its {name} is {there}, not {asked}"))
        });
        format!("{}: {}", told(arrival), differ.unwrap_or_else(|| "it belongs to another request".to_owned()))
    }
}

/// A message in a few words.
fn told(arrival: &Arrival) -> String {
    let mti = arrival.view.mti.map(|mti| format!("{mti} ")).unwrap_or_default();
    let label = &arrival.view.label;
    let sound = if arrival.view.sound { "" } else { " (cannot be read whole)" };
    format!("{mti}{label} from {} at {}{sound}", arrival.seen.from, arrival.seen.at)
}
