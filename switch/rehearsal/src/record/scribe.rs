//! Takes down what passes, message by message, and writes it as a scenario.
//!
//! Knows: who sent what when, which answer belongs to which request, what a step can say. Does not know: where messages come from
//! (`proxy`, `chronicle`). What it keeps of a message holds no track, PIN block or chip data from the start.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bank_adapters::{Card, Cast};
use model::{InstitutionId, Message, Mti, Pan, ResponseCode, Stan, TerminalId, Timestamp, UtcOffset};

use super::answer::expected;
use super::harmless::{card_of, is_harmless};
use super::request::{Contents, Recorded, Word, bank_name, kept, till, usual_merchant_type};
use super::sheet::{self, Entry, Named};
use crate::scenario;
use crate::scenario::draft::{Draft, DraftStep, Pairs, Value};
use crate::{Claim, TerminalConfig};

/// Between two messages so much time is told, for timers may have run in it.
const GAP: Duration = Duration::from_secs(1);

/// What is known of the switch that was listened to.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Who has cards.
    pub cast: Cast,
    /// Local time.
    pub offset: UtcOffset,
    /// Stands for DE32 where a message has none: told no more than needed. `None`: what messages carry is told.
    pub institution: Option<InstitutionId>,
    /// The acquirer's link that terminals dial; the first of the configuration where `None`.
    pub link: Option<String>,
    /// What is laid over the shipped configuration.
    pub switch: Pairs,
    /// The scenario's title.
    pub title: String,
    /// Lines of comment at its head.
    pub about: Vec<String>,
}

/// An operator's order, as it was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// The next business date.
    Cutover,
    /// A bank, by its institution, is asked nothing more.
    SignOff(u64),
    /// It is asked again.
    SignOn(u64),
    /// A card is refused, with this code.
    Block(Pan, ResponseCode),
    /// It is refused no longer.
    Unblock(Pan),
    /// A dead letter of the transaction with this reference is tried again.
    Retry(model::Rrn, u8),
    /// It is taken off the list.
    Discard(model::Rrn, u8),
}

/// How much was taken down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that have a step.
    pub requests: usize,
    /// Answers that have one.
    pub answers: usize,
    /// Orders that have one.
    pub orders: usize,
    /// Messages and orders left out because their card is not in the cast.
    pub strangers: usize,
    /// What was left out for other reasons.
    pub left_out: usize,
}

/// A request that passed.
struct Request {
    named: Named,
    line: u64,
    at: Timestamp,
    message: Message<'static>,
    contents: Contents,
    claim: Claim,
    is_answered: bool,
    /// Whether it has a step.
    is_written: bool,
}

struct Terminal {
    name: String,
    id: TerminalId,
    /// The connection on which it spoke last.
    line: u64,
    config: TerminalConfig,
    /// It has sent nothing yet that names it: sign-on, echo.
    is_nameless: bool,
}

/// Takes down what passes.
pub struct Scribe {
    setting: Setting,
    began: Option<Timestamp>,
    last: Timestamp,
    terminals: Vec<Terminal>,
    closed: HashSet<u64>,
    requests: Vec<Request>,
    /// Their places by DE11, so that an hour's recording is not searched for each message.
    by_stan: HashMap<Option<Stan>, Vec<usize>>,
    counts: HashMap<&'static str, usize>,
    entries: Vec<Entry>,
    tally: Tally,
}

impl Scribe {
    /// An empty sheet.
    #[must_use]
    pub fn new(setting: Setting) -> Self {
        Self {
            setting,
            began: None,
            last: Timestamp::default(),
            terminals: Vec::new(),
            closed: HashSet::new(),
            requests: Vec::new(),
            by_stan: HashMap::new(),
            counts: HashMap::new(),
            entries: Vec::new(),
            tally: Tally::default(),
        }
    }

    /// How much there is.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// What stands for DE32 where a message has none, as far as that is known.
    pub(super) fn institution(&self) -> Option<InstitutionId> {
        self.setting.institution
    }

    /// A terminal's message, on connection `line`.
    pub fn asked(&mut self, at: Timestamp, line: u64, message: &Message<'_>) {
        let of = self.original(line, message);
        let card = card_of(message);
        let step = self.step(at, line, message, of, card);
        let (fixed, contents) = kept(message);
        let terminal = self.terminal(line, message);
        let (is_written, name) = (step.is_ok(), Word::of(message).map_or("message", Word::name));
        match step {
            Ok(step) => {
                self.time_passes(at);
                self.entries.push(Entry::Sent { request: self.requests.len(), step });
                self.tally.requests += 1;
            }
            Err(why) => self.leave_out(message, card, &why),
        }
        let number = self.counts.entry(name).or_default();
        *number += 1;
        let name = if *number == 1 { name.to_owned() } else { format!("{name}-{number}") };
        self.by_stan.entry(message.stan).or_default().push(self.requests.len());
        self.requests.push(Request {
            named: Named { name, needed: false, terminal },
            line,
            at,
            message: fixed,
            contents,
            claim: Claim::of(message),
            is_answered: false,
            is_written,
        });
    }

    /// The switch's message to a terminal.
    pub fn answered(&mut self, at: Timestamp, line: u64, message: &Message<'_>) {
        let Some(place) = self.request_of(line, message) else {
            self.tally.left_out += 1;
            let code = message.code.map_or_else(String::new, |code| format!(" with {code}"));
            self.entries.push(Entry::Remark(format!("left out: {}{code}, which answers nothing that was recorded", message.mti)));
            return;
        };
        let Some(request) = self.requests.get_mut(place) else { return };
        request.is_answered = true;
        if !request.is_written {
            return;
        }
        let mut step = expected(&request.message, message);
        let took = at.since(request.at);
        if took >= GAP {
            step.set("within", model::span::show(Duration::from_secs(took.as_secs() + 2)));
        }
        let asked_by = request.named.terminal;
        let terminal = self.terminals.iter().rposition(|it| it.line == line && Some(it.id) == message.terminal);
        self.entries.push(Entry::Came { of: place, terminal: terminal.unwrap_or(asked_by), step });
        self.tally.answers += 1;
        self.last = at;
    }

    /// An operator's order.
    pub fn ordered(&mut self, at: Timestamp, order: &Ordered, operator: &str, reason: &str) {
        match self.command(order) {
            Ok(mut step) => {
                for (key, text) in [("operator", operator), ("reason", reason)] {
                    match is_harmless(text) {
                        true if !text.is_empty() => step.set(key, text),
                        true => {}
                        false => step.comments.push(format!("left out: {key}, which may hold a card number")),
                    }
                }
                self.time_passes(at);
                self.entries.push(Entry::Done(step));
                self.tally.orders += 1;
            }
            Err(why) => {
                self.tally.left_out += 1;
                self.entries.push(Entry::Remark(format!("left out: an order; {why}")));
            }
        }
    }

    /// Something that no step can say.
    pub fn remark(&mut self, line: impl Into<String>) {
        self.tally.left_out += 1;
        self.entries.push(Entry::Remark(model::mask_card_numbers(&line.into())));
    }

    /// A connection is over.
    pub fn closed(&mut self, line: u64) {
        self.closed.insert(line);
    }

    /// A terminal speaks on this connection from now on, wherever it spoke before.
    pub(super) fn moved(&mut self, id: TerminalId, line: u64) {
        let before = self.terminals.iter().filter(|it| it.id == id && it.line != line).map(|it| it.line);
        self.closed.extend(before);
    }

    /// The scenario's file; `None` where nothing was asked.
    #[must_use]
    pub fn write(&self) -> Option<String> {
        let began = self.began?;
        let mut draft = Draft::titled(&self.setting.title);
        draft.comments.clone_from(&self.setting.about);
        draft.head.push(("tags".into(), Value::List(vec!["recorded".into()])));
        if let Some(start) = self.start(began) {
            draft.head.push(("start".into(), Value::Moment(start)));
        }
        draft.switch.clone_from(&self.setting.switch);
        draft.terminals = self.terminals.iter().map(|it| (it.name.clone(), self.section(it))).collect();
        let named: Vec<Named> = self.requests.iter().map(|it| it.named.clone()).collect();
        let terminals = std::mem::take(&mut draft.terminals);
        sheet::fill(&mut draft, &self.entries, &named, &terminals);
        draft.terminals = terminals;
        Some(scenario::write(&draft))
    }

    /// The whole second in which it began, as local time.
    fn start(&self, began: Timestamp) -> Option<toml::value::Datetime> {
        let (offset, minutes) = (self.setting.offset, self.setting.offset.minutes());
        let time = offset.local_time(began).number();
        let [sign, hours, rest] = [i16::from(minutes < 0), minutes.abs() / 60, minutes.abs() % 60];
        let sign = if sign == 1 { '-' } else { '+' };
        let clock = format!("{:02}:{:02}:{:02}", time / 10_000, time / 100 % 100, time % 100);
        format!("{}T{clock}{sign}{hours:02}:{rest:02}", offset.date(began)).parse().ok()
    }

    fn section(&self, terminal: &Terminal) -> Pairs {
        let (config, usual) = (&terminal.config, TerminalConfig::default());
        let mut pairs: Pairs = vec![("id".into(), Value::Text(terminal.id.to_string().trim_end().into()))];
        if let Some(institution) = config.institution {
            pairs.push(("institution".into(), Value::Text(institution.to_string())));
        }
        if let Some(link) = &self.setting.link {
            pairs.push(("link".into(), model::mask_card_numbers(link).into()));
        }
        if let Some(merchant_type) = config.merchant_type {
            pairs.push(("merchant_type".into(), i64::from(merchant_type).into()));
        }
        if config.entry_mode != usual.entry_mode {
            pairs.push(("entry_mode".into(), i64::from(config.entry_mode).into()));
        }
        if config.merchant.trimmed() != usual.merchant.trimmed() {
            pairs.push(("merchant".into(), Value::Text(config.merchant.to_string().trim_end().into())));
        }
        pairs
    }

    /// The clock goes on where a while passed since the last step.
    fn time_passes(&mut self, at: Timestamp) {
        let gap = at.since(self.last);
        if self.began.is_none() {
            self.began = Some(at);
        } else if gap >= GAP {
            let millis = u64::try_from(gap.as_millis()).unwrap_or(u64::MAX);
            let step = DraftStep::new("clock", &format!("+{}", model::span::show(Duration::from_millis(millis))));
            self.entries.push(Entry::Done(step));
        }
        self.last = self.last.max(at);
    }

    /// The step that sends this message, or why there is none.
    fn step(
        &mut self,
        at: Timestamp,
        line: u64,
        message: &Message<'_>,
        of: Option<usize>,
        card: Option<Pan>,
    ) -> Result<DraftStep, String> {
        let word = Word::of(message).ok_or_else(|| "no step sends such a message".to_owned())?;
        let known: Option<Card> = card.and_then(|pan| self.setting.cast.by_pan(pan)).cloned();
        if card.is_some() && known.is_none() {
            return Err("its card is not in the cast; name it in a file of cards and give --cast FILE".to_owned());
        }
        if word.is_about_another() && of.is_none() {
            return Err("what it is about was not recorded; begin to record before it is sent".to_owned());
        }
        if let Some(original) = of.and_then(|place| self.requests.get_mut(place)) {
            if !original.is_written {
                return Err("what it is about was left out".to_owned());
            }
            original.named.needed = true;
        }
        let namesake = self.namesake(message, word);
        if let Some(it) = namesake.and_then(|place| self.requests.get_mut(place)) {
            it.named.needed = true;
        }
        let terminal = self.terminal(line, message);
        let config = self.terminals.get(terminal).map(|it| &it.config).ok_or("its terminal has no name")?;
        let request = |place: Option<usize>| place.and_then(|place| self.requests.get(place));
        let recorded = Recorded {
            word,
            message,
            card: known.as_ref(),
            of: request(of).map(|it| (it.named.name.as_str(), &it.message, &it.contents)),
            namesake: request(namesake).map(|it| (it.named.name.as_str(), &it.message)),
        };
        Ok(recorded.step(&till(config, at), &self.setting.cast))
    }

    /// The written request under the same number of the same terminal, at the same local time: one that a switch takes for this.
    fn namesake(&self, message: &Message<'_>, word: Word) -> Option<usize> {
        let key = |it: &Message<'_>| (it.stan, it.terminal, it.local_time, it.local_date, it.mti.class());
        let repeats = word == Word::Repeat || message.stan.is_none() || matches!(word, Word::Network(_));
        self.newest(message.stan, |it| !repeats && it.is_written && key(&it.message) == key(message))
    }

    /// What a repeat, a reversal or a completion is about.
    fn original(&self, line: u64, message: &Message<'_>) -> Option<usize> {
        let word = Word::of(message).filter(|word| word.is_about_another())?;
        let (mti, stan, transmitted) = match (word, message.original) {
            (Word::Repeat, _) => (message.mti.first(), message.stan?, None),
            (_, Some(original)) => (original.mti.first(), original.stan, original.transmitted),
            (_, None) => return None,
        };
        let same_terminal = |it: &Request| match message.terminal {
            Some(id) => it.message.terminal == Some(id),
            None => it.line == line,
        };
        self.newest(Some(stan), |it| {
            let moment = transmitted.is_none() || it.message.transmitted.is_none() || it.message.transmitted == transmitted;
            it.message.mti == mti && moment && same_terminal(it)
        })
    }

    /// The newest request that this answers and that has no answer yet.
    fn request_of(&self, line: u64, answer: &Message<'_>) -> Option<usize> {
        let answers = |it: &Request, line_matters: bool| {
            !it.is_answered
                && (!line_matters || it.line == line)
                && it.message.mti.response() == answer.mti
                && it.claim.is_met_by(answer)
        };
        let newest = |line_matters| self.newest(answer.stan, |it| answers(it, line_matters));
        newest(true).or_else(|| newest(false))
    }

    /// The last request with this DE11 that suits.
    fn newest(&self, stan: Option<Stan>, suits: impl Fn(&Request) -> bool) -> Option<usize> {
        let mut places = self.by_stan.get(&stan)?.iter().rev().copied();
        places.find(|place| self.requests.get(*place).is_some_and(&suits))
    }

    /// The place of the terminal that sent this, named where it is new.
    fn terminal(&mut self, line: u64, message: &Message<'_>) -> usize {
        let closed = &self.closed;
        let speaks = |it: &Terminal| match message.terminal {
            Some(id) => it.id == id && (it.line == line || closed.contains(&it.line)),
            None => it.line == line,
        };
        if let Some(place) = self.terminals.iter().position(speaks) {
            self.terminals.get_mut(place).into_iter().for_each(|it| it.line = line);
            return place;
        }
        // What signed on there is now known by name.
        let nameless = message.terminal.and(self.terminals.iter().position(|it| it.line == line && it.is_nameless));
        let unnamed = || TerminalId::new(format!("LINE{line:04}").as_bytes().get(..8).unwrap_or_default()).unwrap_or_default();
        let id = message.terminal.unwrap_or_else(unnamed);
        let config = self.config(id, message);
        let name = self.unused_name(id);
        let terminal = Terminal { name, id, line, config, is_nameless: message.terminal.is_none() };
        if let Some((place, it)) = nameless.and_then(|place| Some((place, self.terminals.get_mut(place)?))) {
            *it = terminal;
            return place;
        }
        self.terminals.push(terminal);
        self.terminals.len() - 1
    }

    /// A terminal as its first message shows it.
    fn config(&self, id: TerminalId, message: &Message<'_>) -> TerminalConfig {
        let usual = TerminalConfig { id, offset: self.setting.offset, ..TerminalConfig::default() };
        let kind = message.processing.and_then(model::ProcessingCode::kind);
        let by_kind = kind.and_then(|kind| usual_merchant_type(&usual, &self.setting.cast, kind));
        TerminalConfig {
            institution: message.acquirer.filter(|it| Some(*it) != self.setting.institution),
            merchant_type: message.merchant_type.filter(|it| Some(*it) != by_kind),
            entry_mode: message.entry_mode.unwrap_or(usual.entry_mode),
            // Whoever takes its merchant for something else leaves it out of each step, with a comment.
            merchant: message.merchant.filter(|it| is_harmless(&it.to_string())).unwrap_or(usual.merchant),
            ..usual
        }
    }

    fn unused_name(&self, id: TerminalId) -> String {
        let plain = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' };
        let name: String = id.to_string().trim_end().chars().map(plain).collect();
        let taken = |name: &str| self.terminals.iter().any(|it| it.name == name);
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        std::iter::once(name.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }

    fn leave_out(&mut self, message: &Message<'_>, card: Option<Pan>, why: &str) {
        let stranger = card.is_some_and(|pan| self.setting.cast.by_pan(pan).is_none());
        let count = if stranger { &mut self.tally.strangers } else { &mut self.tally.left_out };
        *count += 1;
        let what = Word::of(message).map_or_else(|| message.mti.to_string(), |word| word.name().to_owned());
        let card = card.map_or_else(String::new, |pan| format!(" with {pan}"));
        self.entries.push(Entry::Remark(format!("left out: {what}{card}; {why}")));
    }

    fn command(&mut self, order: &Ordered) -> Result<DraftStep, String> {
        let bank = |word, institution: u64| {
            let id = InstitutionId::new(institution);
            let name = id.and_then(|id| bank_name(&self.setting.cast, id)).ok_or("its bank is not in the cast")?;
            Ok(DraftStep::new("command", word).with("bank", name))
        };
        let card = |word, pan: Pan| match self.setting.cast.by_pan(pan) {
            Some(card) => Ok(DraftStep::new("command", word).with("card", card.alias.as_str())),
            None => Err(format!("its card {pan} is not in the cast; name it in a file of cards and give --cast FILE")),
        };
        match *order {
            Ordered::Cutover => Ok(DraftStep::new("command", "cutover")),
            Ordered::SignOff(institution) => bank("sign-off", institution),
            Ordered::SignOn(institution) => bank("sign-on", institution),
            Ordered::Block(pan, code) => Ok(card("block", pan)?.with("list", list_of(code))),
            Ordered::Unblock(pan) => card("unblock", pan),
            Ordered::Retry(rrn, leg) => self.about_leg("retry", rrn, leg),
            Ordered::Discard(rrn, leg) => self.about_leg("discard", rrn, leg),
        }
    }

    fn about_leg(&mut self, word: &str, rrn: model::Rrn, leg: u8) -> Result<DraftStep, String> {
        let is_first = |it: &&mut Request| {
            it.is_written && it.message.rrn == Some(rrn) && it.message.mti.class() != Mti::REVERSAL_ADVICE.class()
        };
        let request = self.requests.iter_mut().find(is_first).ok_or("its transaction was not recorded")?;
        request.named.needed = true;
        Ok(DraftStep::new("command", word).with("of", request.named.name.as_str()).with("leg", i64::from(leg)))
    }
}

/// The list of hot cards on which a card is refused with this code.
fn list_of(code: ResponseCode) -> &'static str {
    match code {
        ResponseCode::LOST_CARD => "lost",
        ResponseCode::STOLEN_CARD => "stolen",
        _ => "blocked",
    }
}
