//! The steps of a scenario: what each kind of them may say, and what is meant where it says nothing.

use std::time::Duration;

use faults::{FaultError, Name, Way};
use model::{Kind, Mti};

use super::model::{CommandWord, ExpectAt};
use super::parse::{NOTHING_SENT, Reading, meant};
use super::payroll::Figures;
use super::reader::{Entry, Item, Table};
use super::{
    Action, Assert, Check, Clock, Command, Error, Expect, Fault, Matcher, Send, Sent, Setting, SettingValue, Shape, Span,
    Subject, Template, Wanted, fields, keys, times,
};
use crate::replay::{FaultKind, FaultSpec, Party};

/// How long an expectation waits where it does not say.
const WITHIN: Duration = Duration::from_secs(40);

impl<'a> Reading<'a> {
    /// What a step does, and where it says so.
    pub(super) fn action(&mut self, mut table: Table<'a>) -> Result<(Span, Action), Error> {
        let actions: Vec<_> = keys::VERBS.iter().map(|verb| verb.key.name).collect();
        let said: Vec<_> = actions.iter().filter(|key| table.has(key)).copied().collect();
        let one = match said.as_slice() {
            [one] => *one,
            [] => {
                // A verb with a typing error is the likelier mistake than a step without one.
                if let Some(meant) = table.resembling(&actions) {
                    return Err(meant.unknown(&actions));
                }
                return Err(self.file.error(
                    &table.span,
                    "the step does nothing",
                    format!("write one of {}", actions.join(", ")),
                ));
            }
            many => {
                let problem = format!("the step does several things: {}", many.join(", "));
                return Err(self.file.error(&table.span, problem, "make a [[step]] of each"));
            }
        };
        let item = table.need(one, "")?;
        let span = item.span.clone();
        let action = match one {
            "send" => Action::Send(Box::new(self.send(&item, table)?)),
            "expect" => Action::Expect(Box::new(self.expect(&item, table)?)),
            "command" => Action::Command(Box::new(self.command(&item, table)?)),
            "payroll" => Action::Payroll(Box::new(self.payroll(&item, table)?)),
            "fault" => Action::Fault(self.fault(&item, table)?),
            "clock" => {
                table.finish(&["clock"])?;
                Action::Clock(self.clock(&item)?)
            }
            _ => Action::Assert(Box::new(self.assert(&item, table)?)),
        };
        Ok((span, action))
    }

    fn send(&mut self, item: &Item<'a>, mut table: Table<'a>) -> Result<Send, Error> {
        let word = item.word(&keys::sent())?;
        let what = match word {
            "authorization" => Sent::Authorization,
            "completion" => Sent::Completion,
            "advice" => Sent::Advice,
            "repeat" => Sent::Repeat,
            "reversal" => Sent::Reversal,
            "reversal-advice" => Sent::ReversalAdvice,
            "sign-on" => Sent::SignOn,
            "sign-off" => Sent::SignOff,
            "echo" => Sent::Echo,
            "bytes" => self.bytes(item, &mut table)?,
            kind => Sent::Request(Kind::from_name(kind).unwrap_or(Kind::Purchase)),
        };
        let given_kind = matches!(what, Sent::Authorization | Sent::Advice).then(|| table.take("kind")).flatten();
        let kind = match (&what, given_kind) {
            (Sent::Request(kind), _) => *kind,
            (_, Some(it)) => {
                let kinds = Kind::ALL.map(Kind::name);
                Kind::from_name(it.word(&kinds)?).unwrap_or(Kind::Purchase)
            }
            (_, None) => Kind::Purchase,
        };
        let about = matches!(what, Sent::Repeat | Sent::Reversal | Sent::ReversalAdvice | Sent::Completion);
        let of = match table
            .take("of")
            .map(|it| if about { self.sent(&it) } else { Err(it.error("there is no `of` here", "leave it out")) })
        {
            Some(of) => Some(of?),
            None if about => {
                let last = self.last_sent(|send| !matches!(send.what, Sent::Bytes { .. }));
                Some(last.ok_or_else(|| item.error(NOTHING_SENT, "send what it is about first"))?)
            }
            None => None,
        };
        let from = match table.take("from") {
            Some(it) => self.terminal_named(&it)?,
            None => self.usual_terminal(&what, kind, of),
        };
        let card = table.take("card").map(|it| self.value(&it, Shape::Card)).transpose()?;
        let amount = match table.take_entry("amount") {
            Some(entry) if entry.value.is_table() => {
                table.put_back(entry);
                None
            }
            Some(entry) => Some(self.value(&entry.value, Shape::Amount)?),
            None => None,
        };
        let fields = table.rest().into_iter().map(|entry| self.setting(&entry)).collect::<Result<_, _>>()?;
        Ok(Send { what, from, card, amount, kind, of, fields })
    }

    fn bytes(&self, item: &Item<'a>, table: &mut Table<'a>) -> Result<Sent, Error> {
        let hex = table.take("hex").ok_or_else(|| item.error("no bytes are given", "write them: hex = \"30323030…\""))?;
        let digits: String = hex.text()?.split_whitespace().collect();
        let bytes = wire::unhex(digits.as_bytes());
        let bytes = bytes.ok_or_else(|| hex.error("these are no bytes", "write hexadecimal digits, two for each byte"))?;
        let raw = table.take("raw").map_or(Ok(false), |it| it.truth())?;
        Ok(Sent::Bytes { bytes, raw })
    }

    /// Of the terminals that every scenario has, a shop for goods; that of the message it is about; else the first.
    fn usual_terminal(&self, what: &Sent, kind: Kind, of: Option<usize>) -> String {
        if let Some(of) = of.and_then(|place| self.send_at(place)) {
            return of.from.clone();
        }
        let goods = match what {
            Sent::Request(_) => matches!(kind, Kind::Purchase | Kind::CashBack | Kind::Refund),
            _ => matches!(what, Sent::Authorization | Sent::Advice),
        };
        let place = usize::from(goods && self.scenario.default_terminals);
        self.scenario.terminals.get(place).map(|it| it.name.clone()).unwrap_or_default()
    }

    /// `field = text`, or `field = { absent = true }`.
    fn setting(&self, entry: &Entry<'a>) -> Result<Setting, Error> {
        let field = fields::named(entry.key).ok_or_else(|| entry.unknown(&keys::SEND.known()))?;
        let (item, span) = (&entry.value, entry.value.span.clone());
        if item.is_table() {
            let mut table = item.table()?;
            table.need("absent", "write the value, or { absent = true } to leave the field out")?.said()?;
            table.finish(&["absent"])?;
            return Ok(Setting { field, value: SettingValue::Absent, span });
        }
        if field.shape == Shape::Card {
            return Err(item.error(format!("{} is not set by itself", field.name), "name a card of the cast: card = \"dara\""));
        }
        let template = self.template(item)?.value;
        if let Some(text) = template.as_plain() {
            let text = if field.shape == Shape::Institution { field.shape.normal(text, self.cast) } else { Ok(text.to_owned()) };
            let set = text.and_then(|text| super::Draft::default().set(field, &text));
            set.map_err(|problem| item.error(problem, ""))?;
        }
        Ok(Setting { field, value: SettingValue::Text(template), span })
    }

    fn expect(&mut self, item: &Item<'a>, mut table: Table<'a>) -> Result<Expect, Error> {
        let wanted = match item.text()? {
            "answer" => Wanted::Answer,
            "nothing" => Wanted::Nothing,
            text => Wanted::Type(mti(text).ok_or_else(|| {
                item.error(
                    format!("{text:?} cannot be expected"),
                    "write a message type such as \"0210\", or \"answer\" or \"nothing\"",
                )
            })?),
        };
        let at = table.take("at");
        let bank = match &at {
            Some(it) if self.scenario.terminal(it.text()?).is_none() => Some(self.bank_named(it).map_err(|error| Error {
                remedy: "write the name of a terminal of this scenario, or of a bank of the cast".to_owned(),
                ..error
            })?),
            _ => None,
        };
        let asked_there = |send: &Send, at: Option<&str>| at.is_none_or(|name| send.from == name);
        let terminal = at.as_ref().filter(|_| bank.is_none()).map(Item::text).transpose()?;
        let of = match table.take("of") {
            Some(it) => Some(self.sent(&it)?),
            None => self.last_sent(|send| asked_there(send, terminal)),
        };
        let place = match (bank, terminal, of.and_then(|place| self.send_at(place))) {
            (Some(bank), ..) => ExpectAt::Bank(bank),
            (None, Some(terminal), _) => ExpectAt::Terminal(terminal.to_owned()),
            (None, None, Some(send)) => ExpectAt::Terminal(send.from.clone()),
            (None, None, None) => return Err(item.error(NOTHING_SENT, "say where it arrives: at = \"acleda\"")),
        };
        if wanted == Wanted::Answer && matches!(place, ExpectAt::Bank(_)) {
            return Err(
                item.error("a bank is asked, not answered", "write the type of what the switch sends it, such as \"0200\"")
            );
        }
        let within = table.take("within").map_or(Ok(WITHIN), |it| it.duration())?;
        let capture = table.take("capture");
        let checks = table.rest().into_iter().map(|entry| self.field_check(&entry)).collect::<Result<Vec<_>, _>>()?;
        let captures = capture.map_or(Ok(Vec::new()), |it| self.captures(&it))?;
        if wanted == Wanted::Nothing && (!checks.is_empty() || !captures.is_empty()) {
            return Err(item.error("nothing has no fields", "leave the fields out, or expect a message"));
        }
        Ok(Expect { wanted: item.at(wanted), of, place, within, checks, captures })
    }

    fn captures(&mut self, item: &Item<'a>) -> Result<Vec<(String, &'static fields::Field)>, Error> {
        let mut found = Vec::new();
        for entry in item.table()?.rest() {
            let names: Vec<_> = fields::FIELDS.iter().map(|it| it.name).collect();
            let field = fields::named(entry.value.word(&names)?).ok_or_else(|| entry.unknown(&names))?;
            if field.shape == Shape::Secret {
                return Err(entry.value.error(format!("{} is never kept", field.name), "capture another field"));
            }
            self.names.captures.insert(entry.key.to_owned());
            found.push((entry.key.to_owned(), field));
        }
        Ok(found)
    }

    fn command(&mut self, item: &Item<'a>, mut table: Table<'a>) -> Result<Command, Error> {
        let bank = |table: &mut Table<'a>| self.bank_named(&table.need("bank", "say which bank: bank = \"acleda\"")?);
        let card = |table: &mut Table<'a>| self.value(&table.need("card", "say whose card: card = \"dara\"")?, Shape::Card);
        let leg = |table: &mut Table<'a>| {
            let of = self.sent(&table.need("of", "say which transaction: of = \"…\"")?)?;
            Ok::<_, Error>((of, table.take("leg").map_or(Ok(0), |it| it.number("0 or 1"))?))
        };
        let list = |table: &mut Table<'a>| {
            let word = table.take("list").map_or(Ok("blocked"), |it| it.word(&keys::word_names(keys::LISTS)));
            word.map(str::to_owned)
        };
        let order = match item.word(&keys::word_names(keys::COMMAND.words()))? {
            "cutover" => CommandWord::Cutover,
            "sign-off" => CommandWord::SignOff(bank(&mut table)?),
            "sign-on" => CommandWord::SignOn(bank(&mut table)?),
            "retry" => leg(&mut table).map(|(of, leg)| CommandWord::Retry(of, leg))?,
            "discard" => leg(&mut table).map(|(of, leg)| CommandWord::Discard(of, leg))?,
            "block" => CommandWord::Block(card(&mut table)?.value, list(&mut table)?),
            "replace" => {
                let new = table.need("new", "say which card stands for it: new = \"sophea\"")?;
                let new = self.value(&new, Shape::Card)?.value;
                CommandWord::Replace { old: card(&mut table)?.value, new, list: list(&mut table)? }
            }
            _ => CommandWord::Unblock(card(&mut table)?.value),
        };
        let of_a_card = matches!(order, CommandWord::Block(..) | CommandWord::Unblock(_) | CommandWord::Replace { .. });
        let by_bank = if of_a_card { table.take("bank").map(|it| self.bank_named(&it)).transpose()? } else { None };
        if by_bank.is_some()
            && let Some(it) = ["operator", "reason"].iter().find_map(|key| table.take(key))
        {
            return Err(it.error("no operator orders what a bank says itself", "leave it out, or leave `bank` out"));
        }
        let text = |it: Option<Item<'a>>, default: &str| match it {
            Some(it) => Ok(self.template(&it)?.value),
            None => Ok(Template::plain(default)),
        };
        let (operator, reason) = (text(table.take("operator"), "rehearsal")?, text(table.take("reason"), "")?);
        let refused = table.take_entry("refused").map(|it| self.refusal(&it, Shape::Text(4096))).transpose()?;
        table.finish(&keys::COMMAND.keys_with(item.text()?))?;
        Ok(Command { order: item.at(order), operator, reason, by_bank, refused })
    }

    /// How an order is to be refused: in words that are there, or it would pass where the order was carried out.
    pub(super) fn refusal(&self, entry: &Entry<'a>, shape: Shape) -> Result<Check, Error> {
        let check = self.check(entry, None, shape, false)?;
        match check.matcher {
            Matcher::Exactly(_) | Matcher::Regex(_) | Matcher::In(_) | Matcher::Present => Ok(check),
            Matcher::Echo | Matcher::Absent | Matcher::Optional(_) | Matcher::Range(..) | Matcher::Near(..) | Matcher::Ignore => {
                let remedy = "write the value, or { regex = \"…\" }, { in = [..] } or { present = true }";
                Err(entry.value.error("whether the order is refused would not be looked at", remedy))
            }
        }
    }

    fn fault(&mut self, item: &Item<'a>, mut table: Table<'a>) -> Result<Fault, Error> {
        let word = item.word(&keys::word_names(keys::FAULT.words()))?;
        table.only(&keys::FAULT.keys_with(word))?;
        let kind = match word {
            "down" => FaultKind::Down,
            "up" => FaultKind::Up,
            "crash" => FaultKind::Crash(table.take("for").map_or(Ok(Duration::from_secs(1)), |it| it.duration())?),
            "clear" => FaultKind::Clear,
            name => FaultKind::Messages(struck(item, name, &mut table)?),
        };
        let on = match (kind, table.take("on")) {
            (FaultKind::Clear, None) => None,
            (FaultKind::Crash(_), None) => Some(Party::Switch),
            (FaultKind::Crash(_), Some(it)) => it.word(&["switch"]).map(|_| Some(Party::Switch))?,
            (_, None) => return Err(item.error("nobody says where", "name a bank or a terminal: on = \"acleda\"")),
            (_, Some(it)) => Some(self.far_end(&it)?),
        };
        let way = table.take("way").map(|it| way(&it)).transpose()?.unwrap_or_default();
        let only = table
            .take("only")
            .map(|it| mti(it.text()?).ok_or_else(|| it.error("is no message type", "write four digits, such as \"0210\"")));
        let (only, times) = (only.transpose()?, table.take("times").map(|it| at_least_one(&it)).transpose()?);
        Ok(Fault { spec: FaultSpec { kind, on, way, only, times } })
    }

    /// Who is at the far end of a link: a terminal of this scenario, or a bank.
    fn far_end(&self, item: &Item<'a>) -> Result<Party, Error> {
        let name = item.text()?;
        if self.scenario.terminal(name).is_some() {
            return Ok(Party::Terminal(name.to_owned()));
        }
        let remedy = "write the name of a terminal of this scenario, or of a bank of the cast".to_owned();
        Ok(Party::Bank(self.bank_named(item).map_err(|error| Error { remedy, ..error })?))
    }

    fn clock(&self, item: &Item<'a>) -> Result<Clock, Error> {
        let remedy = "write \"+25s\", a local date and time, \"rest\" or \"cutover\"";
        let wrong = || item.error("is no time for the clock", remedy);
        match item.text().unwrap_or_default() {
            "rest" => Ok(Clock::Rest),
            "cutover" => Ok(Clock::Cutover),
            text => {
                if let Some(span) = text.strip_prefix('+') {
                    return item.bearable(model::span::parse(span).map_err(|_| wrong())?).map(Clock::By);
                }
                let moment = item.moment().map_err(|_| wrong())?;
                let (at, _) = times::moment(moment, self.scenario.offset).ok_or_else(wrong)?;
                item.bearable(at.since(self.scenario.start))?;
                Ok(Clock::Until(at))
            }
        }
    }

    fn assert(&mut self, item: &Item<'a>, mut table: Table<'a>) -> Result<Assert, Error> {
        let bank = |it: Option<Item<'a>>| it.map(|it| self.bank_named(&it)).transpose();
        let (subject, figures): (_, Figures) = match item.word(&keys::word_names(keys::ASSERT.words()))? {
            "ledger" => {
                (self.ledger(&mut table)?, &[("balance", Shape::Amount), ("held", Shape::Amount), ("change", Shape::Amount)])
            }
            "positions" => (self.positions(&mut table)?, &[("net", Shape::Amount)]),
            "owed" => (Subject::Owed(bank(table.take("bank"))?), &[("count", Shape::Number)]),
            "dead-letters" => (Subject::DeadLetters, &[("count", Shape::Number)]),
            "hot-cards" => (Subject::HotCards, &[("count", Shape::Number)]),
            "overruled" => (Subject::Overruled, &[("count", Shape::Number)]),
            "holding" => (Subject::Holding, &[("count", Shape::Number)]),
            "status" => {
                let bank = self.bank_named(&table.need("bank", "say which bank: bank = \"acleda\"")?)?;
                (Subject::Status(bank), &[("linked", Shape::Truth), ("signed_off", Shape::Truth)])
            }
            "business-date" => (Subject::BusinessDate, &[("is", Shape::Date)]),
            "metric" => (metric(&mut table)?, &[("value", Shape::Number)]),
            _ => self.batch_looked_at(item, &mut table)?,
        };
        let eventually = table.take("eventually").map(|it| it.duration()).transpose()?;
        let mut checks = Vec::new();
        for (name, shape) in figures {
            checks.extend(table.take_entry(name).map(|entry| self.check(&entry, None, *shape, false)).transpose()?);
        }
        table.finish(&keys::ASSERT.keys_with(item.text()?))?;
        if checks.is_empty() {
            let names: Vec<_> = figures.iter().map(|(name, _)| *name).collect();
            return Err(item.error("nothing is asserted", format!("say what it is to be: {} = …", names.join(" or "))));
        }
        Ok(Assert { subject, checks, eventually })
    }

    fn ledger(&self, table: &mut Table<'a>) -> Result<Subject, Error> {
        let card = table.take("card").map(|it| Ok((self.value(&it, Shape::Card)?.value, it))).transpose()?;
        let account = table.take("account").map(|it| Ok(self.value(&it, Shape::Text(28))?.value)).transpose()?;
        if card.is_some() == account.is_some() {
            let remedy = "write either card = \"dara\" or account = \"…\"";
            return Err(self.file.error(&table.span, "it is not clear whose account is meant", remedy));
        }
        let issuer = card.as_ref().and_then(|(alias, _)| self.cast.card(alias.as_plain()?).ok()).map(|card| card.bank.clone());
        let bank = match (table.take("bank"), issuer) {
            (Some(it), _) => self.bank_named(&it)?,
            (None, Some(issuer)) => issuer,
            (None, None) => {
                return Err(self.file.error(&table.span, "`bank` is missing", "say at which bank: bank = \"acleda\""));
            }
        };
        let currency = currency(table)?;
        Ok(Subject::Ledger { bank, card: card.map(|(alias, _)| alias), account, currency })
    }

    fn positions(&self, table: &mut Table<'a>) -> Result<Subject, Error> {
        let participant = table.need("participant", "say whose: participant = \"acleda\"")?.text()?.to_owned();
        let date =
            table.take("date").map(|it| times::day(it.moment()?).ok_or_else(|| it.error("is no date", "write 2022-12-28")));
        Ok(Subject::Positions { participant, currency: currency(table)?, date: date.transpose()? })
    }
}

/// What a link does to messages.
fn struck(item: &Item<'_>, name: &str, table: &mut Table<'_>) -> Result<faults::Action, Error> {
    let name: Name = name.parse().map_err(|error: FaultError| item.error("that is no fault", error.to_string()))?;
    let by = match name {
        Name::Delay => Some(table.need("by", "say how long: by = \"26s\"")?.duration()?),
        _ => None,
    };
    let rate = match name {
        Name::Throttle => Some(at_least_one(&table.need("rate", "say how many bytes a second: rate = 100")?)?),
        _ => None,
    };
    faults::Action::new(name, by, rate, None).map_err(|error| item.error("that is no fault", error.to_string()))
}

fn way(item: &Item<'_>) -> Result<Way, Error> {
    let word = item.word(&keys::word_names(keys::WAYS))?;
    word.parse().map_err(|error: FaultError| item.error("that is no way", error.to_string()))
}

fn at_least_one(item: &Item<'_>) -> Result<u32, Error> {
    const WANTED: &str = "a whole number, 1 or more";
    match item.number(WANTED)? {
        0 => Err(item.error("0 would do nothing", format!("write {WANTED}"))),
        number => Ok(number),
    }
}

fn currency(table: &mut Table<'_>) -> Result<model::Currency, Error> {
    let item = table.need("currency", "say in which: currency = \"KHR\"")?;
    model::Currency::from_alpha(item.text()?).ok_or_else(|| item.error("ISO 4217 has no such currency", "write KHR or USD"))
}

fn metric(table: &mut Table<'_>) -> Result<Subject, Error> {
    let named = table.need("name", "say which metric: name = \"payswitch_…\"")?;
    let name = named.text()?.to_owned();
    // One that does not exist is as absent as one that nothing has counted yet.
    if let Ok(metrics) = server::Metrics::new()
        && !metrics.names().any(|it| it == name)
    {
        let near = bank_adapters::near(&name, metrics.names());
        return Err(named.error(format!("the switch has no metric {name:?}"), meant(&near, "write one that /metrics shows")));
    }
    let labels = table.take("labels").map_or(Ok(Vec::new()), |it| Ok(it.table()?.rest()))?;
    let labels = labels.into_iter().map(|it| Ok((it.key.to_owned(), it.value.scalar()?))).collect::<Result<_, Error>>()?;
    Ok(Subject::Metric { name, labels })
}

fn mti(text: &str) -> Option<Mti> {
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Mti::new(text.parse().ok()?))?
}
