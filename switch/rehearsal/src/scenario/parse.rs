//! A scenario file as a whole: its head, its terminals, its steps one after the other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use bank_adapters::Cast;
use model::{TerminalId, Text, Timestamp, UtcOffset};

use super::reader::{Entry, File, Item, Table};
use super::{Action, At, Error, Part, Scenario, Send, Shape, Step, Template, TerminalSection, fields, keys, times};

/// 2022-12-28T09:00:00+07:00, in microseconds.
const START: Timestamp = Timestamp::from_micros(1_672_192_800_000_000);

impl Scenario {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Where it cannot be read, or is no scenario: with line, caret and remedy.
    pub fn load(path: &Path, cast: &Cast) -> Result<Self, Error> {
        let source = std::fs::read_to_string(path).map_err(|why| Error::unread(path, &why))?;
        Self::parse(path, &source, cast)
    }

    /// Reads and checks text; `path` names it in errors.
    ///
    /// # Errors
    /// Where it is no scenario.
    pub fn parse(path: &Path, source: &str, cast: &Cast) -> Result<Self, Error> {
        Self::parsed(path, source, cast, &mut Vec::new())
    }

    /// The same, telling of every step with a mistake, not only of the first.
    ///
    /// # Errors
    /// Where it is no scenario: at least one.
    pub fn check(path: &Path, source: &str, cast: &Cast) -> Result<Self, Vec<Error>> {
        let mut later = Vec::new();
        Self::parsed(path, source, cast, &mut later).map_err(|first| {
            later.insert(0, first);
            later
        })
    }

    /// Gives the first error back and puts the others into `later`.
    fn parsed(path: &Path, source: &str, cast: &Cast, later: &mut Vec<Error>) -> Result<Self, Error> {
        let file = File { path, source };
        no_card_numbers(file)?;
        let document = file.document()?;
        let mut table = Table::of(file, 0..0, document.get_ref());
        let title = table.need("title", "say in a sentence what the scenario shows: title = \"…\"")?.text()?.to_owned();
        let line = |item: Option<Item<'_>>| item.map(|it| it.text().map(str::to_owned)).transpose();
        let (about, rule) = (line(table.take("about"))?, line(table.take("rule"))?);
        let tags = table.take("tags").map_or(Ok(Vec::new()), |it| it.list())?;
        let tags = tags.iter().map(|it| it.text().map(str::to_owned)).collect::<Result<_, _>>()?;
        let seed = table.take("seed").map_or(Ok(1), |it| it.number("a whole number from 0"))?;
        let (start, offset) = start(table.take("start"))?;
        let vars = table.take("vars").map_or(Ok(BTreeMap::new()), |it| vars(&it))?;
        let switch = table.take("switch").map(|it| Ok(it.at(owned(&it, source)?))).transpose()?;
        let default_terminals = !table.has("terminal");
        let steps = table.take("step");
        let mut scenario = Self {
            path: path.to_owned(),
            source: Arc::from(source),
            title,
            about,
            rule,
            tags,
            seed,
            start,
            offset,
            vars,
            switch,
            cards: None,
            people: Vec::new(),
            own_people: false,
            terminals: Vec::new(),
            default_terminals,
            steps: Vec::new(),
        };
        let mut reading = Reading { file, cast, scenario: &mut scenario, names: Names::default() };
        reading.cards(table.take("cards"))?;
        reading.people(table.take("person"))?;
        reading.terminals(table.take("terminal"))?;
        let mut errors: Vec<_> = table.finish(&keys::names(keys::TOP)).err().into_iter().collect();
        reading.all_steps(steps, &mut errors)?;
        let mut errors = errors.into_iter();
        match errors.next() {
            None => Ok(scenario),
            Some(first) => {
                later.extend(errors);
                Err(first)
            }
        }
    }
}

/// A step is about a message, and there is none.
pub(super) const NOTHING_SENT: &str = "nothing was sent before";

/// Names that were given so far.
#[derive(Default)]
pub(super) struct Names {
    /// Steps, with their places.
    pub(super) steps: HashMap<String, usize>,
    /// Those of them that sent or got a message.
    pub(super) messages: HashSet<String>,
    /// What was captured.
    pub(super) captures: HashSet<String>,
}

/// Steps with a mistake, as far as later ones may stand on them.
#[derive(Default)]
struct Broken {
    /// What they are called and what they would have captured.
    names: Vec<String>,
    /// Whether one of them sends.
    sends: bool,
}

impl Broken {
    fn add(&mut self, item: &Item<'_>) {
        let Ok(mut table) = item.table() else { return };
        self.sends |= table.has("send") || table.has("payroll");
        let name = table.take("as").and_then(|it| it.text().ok().map(str::to_owned));
        let captures = table.take("capture").and_then(|it| it.table().ok()).map(|mut table| table.rest());
        self.names.extend(name);
        self.names.extend(captures.into_iter().flatten().map(|entry| entry.key.to_owned()));
    }

    /// Whether a later step's error may come of theirs.
    fn explains(&self, error: &Error, step: &str) -> bool {
        let parts = |it: char| it.is_whitespace() || matches!(it, '"' | '\'' | '.' | '{' | '}' | '[' | ']' | ',' | '=');
        let named = step.split(parts).any(|word| self.names.iter().any(|name| name == word));
        named || (self.sends && error.problem == NOTHING_SENT)
    }
}

/// What is known while the file is read from top to bottom.
pub(super) struct Reading<'a> {
    pub(super) file: File<'a>,
    pub(super) cast: &'a Cast,
    pub(super) scenario: &'a mut Scenario,
    pub(super) names: Names,
}

impl<'a> Reading<'a> {
    fn terminals(&mut self, given: Option<Item<'a>>) -> Result<(), Error> {
        let Some(given) = given else {
            self.scenario.terminals = vec![default_terminal("atm", "ATM00001", 6011), default_terminal("shop", "SHOP0001", 5411)];
            return Ok(());
        };
        for Entry { key, key_span, value } in given.table()?.rest() {
            if key == "switch" || self.cast.bank(key).is_ok() {
                let problem = format!("a terminal cannot be called {key:?}: somebody else is called so");
                return Err(self.file.error(&key_span, problem, "give it another name, such as atm or shop"));
            }
            let terminal = self.terminal(key, &value)?;
            self.scenario.terminals.push(terminal);
        }
        Ok(())
    }

    fn terminal(&self, name: &str, item: &Item<'a>) -> Result<TerminalSection, Error> {
        let mut table = item.table()?;
        let short = |item: &Item<'_>, max| item.error("is too long", format!("write at most {max} characters"));
        let id = match table.take("id") {
            Some(it) => TerminalId::new(it.text()?.as_bytes()).ok_or_else(|| short(&it, 8))?,
            None => TerminalId::new(name.to_uppercase().as_bytes()).ok_or_else(|| {
                item.error(format!("{name:?} is no terminal's id"), "give it one of at most 8 characters: id = \"…\"")
            })?,
        };
        let merchant = table
            .take("merchant")
            .map_or(Ok(None), |it| Text::new(it.text()?.as_bytes()).map(Some).ok_or_else(|| short(&it, 15)))?;
        let institution = table.take("institution").map(|it| self.value(&it, Shape::Institution)).transpose()?;
        let link = table.take("link").map(|it| Ok(it.at(it.text()?.to_owned()))).transpose()?;
        let of_four = "a number of at most four digits";
        let merchant_type = table.take("merchant_type").map(|it| it.number(of_four)).transpose()?;
        let entry_mode = table.take("entry_mode").map_or(Ok(11), |it| it.number("a number of at most three digits"))?;
        table.finish(&keys::names(keys::TERMINAL))?;
        let defaults = default_terminal(name, "", 0);
        Ok(TerminalSection {
            id,
            institution,
            link,
            merchant_type,
            entry_mode,
            merchant: merchant.unwrap_or(defaults.merchant),
            ..defaults
        })
    }

    /// Reads every step. A mistake does not hide those of later steps, but what only follows from it is not told.
    fn all_steps(&mut self, given: Option<Item<'a>>, errors: &mut Vec<Error>) -> Result<(), Error> {
        let steps = given.map_or(Ok(Vec::new()), |it| it.list())?;
        if steps.is_empty() {
            let problem = "the scenario has no steps: nothing would be played";
            errors.push(self.file.error(&(0..0), problem, "write at least one [[step]]"));
        }
        let mut broken = Broken::default();
        for (at, item) in steps.iter().enumerate() {
            let Err(error) = self.step(item) else { continue };
            let end = steps.get(at + 1).map_or(self.file.source.len(), |next| next.span.start);
            let text = self.file.source.get(item.span.start..end).unwrap_or_default();
            if !broken.explains(&error, text) {
                errors.push(error);
            }
            broken.add(item);
        }
        Ok(())
    }

    fn step(&mut self, item: &Item<'a>) -> Result<(), Error> {
        let mut table = item.table()?;
        let name = table.take("as").map(|it| self.new_name(&it)).transpose()?;
        let (span, action) = self.action(table)?;
        let line = self.scenario.line(&item.span);
        let place = self.scenario.steps.len();
        if let Some(name) = &name {
            self.names.steps.insert(name.value.clone(), place);
            if matches!(action, Action::Send(_) | Action::Expect(_)) {
                self.names.messages.insert(name.value.clone());
            }
        }
        self.scenario.steps.push(Step { line, span, name, action });
        Ok(())
    }

    /// A name that no step has yet.
    fn new_name(&self, item: &Item<'_>) -> Result<At<String>, Error> {
        let name = item.text()?;
        if let Some(place) = self.names.steps.get(name) {
            let line = self.scenario.steps.get(*place).map_or(0, |step| step.line);
            return Err(item.error(format!("{name:?} is the name of the step at line {line} already"), "give it another name"));
        }
        if !matches!(Template::parse(&format!("{{{{{name}}}}}")), Ok(template) if matches!(template.parts(), [Part::Name(_)])) {
            return Err(item.error(format!("{name:?} is no name"), "leave out blanks, dots and braces"));
        }
        Ok(item.at(name.to_owned()))
    }

    /// A template whose holes can be filled when the step's turn comes.
    pub(super) fn template(&self, item: &Item<'_>) -> Result<At<Template>, Error> {
        let template = item.template()?;
        for part in template.value.parts() {
            match part {
                Part::Text(_) => {}
                Part::Name(name) => {
                    let known = self.scenario.vars.keys().chain(&self.names.captures).map(String::as_str);
                    if !known.clone().any(|it| it == name) {
                        let near = bank_adapters::near(name, known);
                        return Err(item.error(
                            format!("{{{{{name}}}}} is not known here"),
                            meant(&near, "put it into [vars], or capture it in an earlier step"),
                        ));
                    }
                }
                Part::Field { step, field } => {
                    if !self.names.messages.contains(step) {
                        let near = bank_adapters::near(step, self.names.messages.iter().map(String::as_str));
                        let remedy = "name an earlier send or expect step by `as`";
                        return Err(item.error(format!("no earlier message is called {step:?}"), meant(&near, remedy)));
                    }
                    if fields::named(field).is_none() {
                        let near = bank_adapters::near(field, fields::FIELDS.iter().map(|it| it.name));
                        return Err(item
                            .error(format!("there is no field {field:?}"), meant(&near, "docs/scenarios.md lists all fields")));
                    }
                }
            }
        }
        Ok(template)
    }

    /// A template of this shape: where it has no holes, its text is that of such a value.
    pub(super) fn value(&self, item: &Item<'_>, shape: Shape) -> Result<At<Template>, Error> {
        let template = self.template(item)?;
        if let Some(text) = template.value.as_plain() {
            shape.normal(text, self.cast).map_err(|problem| item.error(problem, ""))?;
        }
        Ok(template)
    }

    /// The place of the step that sent what `of` names.
    pub(super) fn sent(&self, item: &Item<'_>) -> Result<usize, Error> {
        let name = item.text()?;
        let found = self.names.steps.get(name).copied().filter(|place| self.send_at(*place).is_some());
        found.ok_or_else(|| {
            let near = bank_adapters::near(name, self.names.steps.keys().map(String::as_str));
            item.error(format!("nothing was sent before under the name {name:?}"), meant(&near, "name a send step by `as`"))
        })
    }

    pub(super) fn send_at(&self, place: usize) -> Option<&Send> {
        match &self.scenario.steps.get(place)?.action {
            Action::Send(send) => Some(send),
            _ => None,
        }
    }

    /// The place of the last step that sent something that `suits`.
    pub(super) fn last_sent(&self, suits: impl Fn(&Send) -> bool) -> Option<usize> {
        (0..self.scenario.steps.len()).rev().find(|place| self.send_at(*place).is_some_and(&suits))
    }

    /// The name of a terminal of this scenario.
    pub(super) fn terminal_named(&self, item: &Item<'_>) -> Result<String, Error> {
        let name = item.text()?;
        let known = || self.scenario.terminals.iter().map(|it| it.name.as_str());
        if known().any(|it| it == name) {
            return Ok(name.to_owned());
        }
        let known: Vec<_> = known().collect();
        Err(item.error(format!("there is no terminal {name:?}"), format!("its terminals are {}", known.join(", "))))
    }

    /// The name of a bank or operator of the cast.
    pub(super) fn bank_named(&self, item: &Item<'_>) -> Result<String, Error> {
        let name = item.text()?;
        self.cast.bank(name).map(|bank| bank.name.clone()).map_err(|error| item.error(error.to_string(), ""))
    }
}

/// What may have been meant, or else the remedy.
pub(super) fn meant(near: &[String], remedy: &str) -> String {
    if near.is_empty() { remedy.to_owned() } else { format!("did you mean {}?", near.join(" or ")) }
}

fn default_terminal(name: &str, id: &str, merchant_type: u16) -> TerminalSection {
    TerminalSection {
        name: name.to_owned(),
        id: TerminalId::new(id.as_bytes()).unwrap_or_default(),
        institution: None,
        link: None,
        merchant_type: Some(merchant_type),
        entry_mode: 11,
        merchant: Text::new(b"REHEARSAL").unwrap_or_default(),
    }
}

fn start(item: Option<Item<'_>>) -> Result<(Timestamp, UtcOffset), Error> {
    let east = UtcOffset::from_minutes(7 * 60).unwrap_or_default();
    let Some(item) = item else { return Ok((START, east)) };
    let wanted = || item.error("is no moment", "write 2022-12-28T09:00:00+07:00");
    times::moment(item.moment()?, east).ok_or_else(wanted)
}

fn vars(item: &Item<'_>) -> Result<BTreeMap<String, At<String>>, Error> {
    let entries = item.table()?.rest();
    entries.into_iter().map(|entry| Ok((entry.key.to_owned(), entry.value.at(entry.value.scalar()?)))).collect()
}

/// `[switch]` as it is written; the configuration's own reader judges it when it is laid over the shipped one.
fn owned(item: &Item<'_>, source: &str) -> Result<toml::Table, Error> {
    item.table()?;
    let mut all: toml::Table = toml::from_str(source).map_err(|error| item.error(error.message(), ""))?;
    match all.remove("switch") {
        Some(toml::Value::Table(table)) => Ok(table),
        _ => Ok(toml::Table::new()),
    }
}

/// A full card number must not stand in a file that is kept, shown and sent around.
fn no_card_numbers(file: File<'_>) -> Result<(), Error> {
    let Some(place) = model::card_number(file.source) else { return Ok(()) };
    let remedy = "name a card of the cast by its alias: card = \"dara\"";
    Err(file.error(&place, "this looks like a card number, which no scenario may hold", remedy))
}
