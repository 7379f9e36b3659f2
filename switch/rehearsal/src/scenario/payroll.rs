//! Payroll in a scenario: who is on the payroll, what a step about a payroll says, and what can be asked of one.
//!
//! Knows: names, words and the forms of values. Does not know: how a document is written, nor what the office finds in it.

use std::path::{Path, PathBuf};

use bank_adapters::{AccountStatus, Cast};
use model::Currency;

use super::parse::{NOTHING_SENT, Reading, meant};
use super::reader::{Entry, Item, Table};
use super::{Action, At, Check, Error, Shape, Subject, Template, keys};

/// Who pays where a step does not say.
const PAYER: &str = "MEF";
/// Where the payer's account is where a step does not say.
const FUNDS_AT: &str = "acleda";
/// For what is paid where an item does not say.
const PURPOSE: &str = "SALA";
/// Why something is taken back where a step does not say: the amount was wrong.
const CAUSE: &str = "AM09";

/// Somebody in the payroll registry of the scenario's world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The alias of a card, or the name of a `[person.NAME]`.
    pub name: String,
    /// The civil servant's number.
    pub employee: String,
    /// Where the accounts are: a bank by name.
    pub bank: String,
    /// The account in riel.
    pub khr: Option<String>,
    /// The account in dollars.
    pub usd: Option<String>,
    /// How the person stands on the payroll, as the registry's file writes it.
    pub status: &'static str,
    /// How the registry has the accounts, as its file writes it.
    pub account_status: &'static str,
    /// How the bank has those accounts that are no card's; `None` where it has none such, or all are a card's.
    pub at_bank: Option<AccountStatus>,
}

impl Person {
    /// The account in this currency.
    #[must_use]
    pub fn account(&self, currency: Currency) -> Option<&str> {
        let account = if currency == Currency::KHR { &self.khr } else { &self.usd };
        account.as_deref()
    }
}

/// `payroll`
#[derive(Clone, Debug)]
pub struct Payroll {
    /// The order's word.
    pub order: At<PayrollWord>,
    /// Who gives it.
    pub operator: Template,
    /// Why.
    pub reason: Template,
    /// How it is to be refused; empty where it is to be carried out.
    pub refusal: Vec<Check>,
}

/// What is done with a payroll. A batch is named by the place of the step that submitted it.
#[derive(Clone, Debug)]
pub enum PayrollWord {
    /// A document is handed in.
    Submit(Box<Submission>),
    /// It is funded, and paid when its date comes.
    Approve(usize),
    /// It is stopped.
    Cancel(usize),
    /// What the payer's bank has refused to take back is tried again.
    CreditBack(usize),
    /// The registry says this of a person from now on.
    Register(Box<Person>),
    /// Something is taken back of this item, for this cause.
    Recall(usize, u32, At<Template>, String),
    /// This item was given up, and was paid after all, or not.
    Settle(usize, u32, bool),
}

/// A document that is handed in.
#[derive(Clone, Debug)]
pub struct Submission {
    /// What is in it.
    pub source: PayrollSource,
    /// Whether it is CSV, not pain.001.
    pub csv: bool,
    /// Its name; one of its own where `None`.
    pub message: Option<Template>,
    /// Who pays.
    pub payer: Template,
    /// The bank of the payer's account, by name.
    pub bank: String,
    /// That account; the treasury's in the currency where `None`.
    pub account: Option<Template>,
    /// When it is to be paid; on the day it is submitted where `None`.
    pub pays_on: Option<At<Template>>,
}

/// Where the content of a document comes from.
#[derive(Clone, Debug)]
pub enum PayrollSource {
    /// It is made of these.
    Items(Vec<PayrollItem>),
    /// It is there as a file.
    Document(PathBuf),
}

/// One payment of a document that is made.
#[derive(Clone, Debug)]
pub struct PayrollItem {
    /// Who is paid, by name; nobody's number, bank and account are known where `None`.
    pub person: Option<String>,
    /// Another number.
    pub employee: Option<Template>,
    /// Another bank.
    pub bank: Option<String>,
    /// Another account.
    pub account: Option<Template>,
    /// How much.
    pub amount: At<Template>,
    /// `EndToEndId`; one of its own where `None`.
    pub id: Option<Template>,
    /// Purp/Cd.
    pub purpose: String,
}

/// The names of figures, and how each is to be understood.
pub(super) type Figures = &'static [(&'static str, Shape)];

/// The figures of a batch.
const BATCH: Figures = &[
    ("state", Shape::Text(20)),
    ("code", Shape::Text(2)),
    ("paid", Shape::Amount),
    ("returned", Shape::Amount),
    ("rejected", Shape::Amount),
    ("pending", Shape::Amount),
    ("paid_items", Shape::Number),
    ("returned_items", Shape::Number),
    ("rejected_items", Shape::Number),
    ("pending_items", Shape::Number),
    ("credited_back", Shape::Amount),
];

/// The figures of an item.
const ITEM: Figures = &[("state", Shape::Text(20)), ("code", Shape::Text(4)), ("returned", Shape::Amount)];

/// Everybody of the cast who has an account, as the registry has them: numbered from 1 in the order of the cast.
pub(super) fn everybody(cast: &Cast) -> Vec<Person> {
    let person = |(place, card): (usize, &bank_adapters::Card)| Person {
        name: card.alias.clone(),
        employee: employee(place),
        bank: card.bank.clone(),
        khr: card.account(Currency::KHR).map(|it| it.number.to_string()),
        usd: card.account(Currency::USD).map(|it| it.number.to_string()),
        status: "active",
        account_status: "open",
        at_bank: None,
    };
    cast.cards().iter().enumerate().map(person).collect()
}

/// The number of the person at this place, from 0: eight digits and a check digit (Luhn over all nine).
fn employee(place: usize) -> String {
    let (mut rest, mut sum, mut doubled) = (place + 1, 0, true);
    while rest > 0 {
        let digit = rest % 10 * if doubled { 2 } else { 1 };
        sum += digit / 10 + digit % 10;
        (rest, doubled) = (rest / 10, !doubled);
    }
    format!("{:08}{}", place + 1, (10 - sum % 10) % 10)
}

impl<'a> Reading<'a> {
    /// `[person.NAME]`, each.
    pub(super) fn people(&mut self, given: Option<Item<'a>>) -> Result<(), Error> {
        self.scenario.people = everybody(self.cast);
        let Some(given) = given else { return Ok(()) };
        self.scenario.own_people = true;
        for Entry { key, value, .. } in given.table()?.rest() {
            let place = self.scenario.people.iter().position(|it| it.name == key);
            let known = place.and_then(|place| self.scenario.people.get(place)).cloned();
            let person = self.person(key, known, &value)?;
            match place.and_then(|place| self.scenario.people.get_mut(place)) {
                Some(known) => *known = person,
                None => self.scenario.people.push(person),
            }
        }
        Ok(())
    }

    fn person(&self, name: &str, known: Option<Person>, item: &Item<'a>) -> Result<Person, Error> {
        let mut table = item.table()?;
        let person = self.changed(name, known, &mut table, item)?;
        table.finish(&keys::names(keys::PERSON))?;
        Ok(person)
    }

    /// What the registry says of a person where the file has come to.
    fn registered(&self, name: &str) -> Option<Person> {
        let changed = self.scenario.steps.iter().rev().find_map(|step| match &step.action {
            Action::Payroll(payroll) => match &payroll.order.value {
                PayrollWord::Register(person) if person.name == name => Some(Person::clone(person)),
                _ => None,
            },
            _ => None,
        });
        changed.or_else(|| self.scenario.person(name).cloned())
    }

    /// A person as `known`, but for what the table says.
    fn changed(&self, name: &str, known: Option<Person>, table: &mut Table<'a>, item: &Item<'a>) -> Result<Person, Error> {
        let word = |it: Option<Item<'a>>, words: &'static [keys::Word], known: &'static str| match it {
            None => Ok(known),
            Some(it) => {
                let said = it.word(&keys::word_names(words))?;
                Ok(words.iter().map(|word| word.name).find(|name| *name == said).unwrap_or(known))
            }
        };
        let (status, account_status) = known.as_ref().map_or(("active", "open"), |it| (it.status, it.account_status));
        let status = word(table.take("status"), keys::STATUSES, status)?;
        let account_status = word(table.take("account_status"), keys::ACCOUNT_STATUSES, account_status)?;
        let bank = match (table.take("bank"), &known) {
            (Some(it), _) => self.bank_named(&it)?,
            (None, Some(known)) => known.bank.clone(),
            (None, None) => {
                return Err(item.error(format!("{name:?} has no card in the cast"), "say at which bank: bank = \"acleda\""));
            }
        };
        let account = |it: Option<Item<'a>>, known: Option<String>| match it {
            Some(it) => Ok(Some(it.text()?.to_owned())),
            None => Ok::<_, Error>(known),
        };
        let khr = account(table.take("khr"), known.as_ref().and_then(|it| it.khr.clone()))?;
        let usd = account(table.take("usd"), known.as_ref().and_then(|it| it.usd.clone()))?;
        let at_bank = table.take("at_bank");
        if let Some(it) = at_bank.as_ref().filter(|_| !self.has_own_account(khr.as_deref(), usd.as_deref())) {
            let remedy = "give an account of its own: khr = \"003000009116\"";
            return Err(it.error("a card's account is as the cast has it", remedy));
        }
        let at_bank = match at_bank.map(|it| it.word(&keys::word_names(keys::AT_BANK))).transpose()? {
            None | Some("open") => Some(AccountStatus::Open),
            Some("closed") => Some(AccountStatus::Closed),
            Some("blocked") => Some(AccountStatus::Blocked),
            Some(_) => None,
        };
        let employee = known.map_or_else(|| employee(self.scenario.people.len()), |it| it.employee);
        Ok(Person { name: name.to_owned(), employee, bank, khr, usd, status, account_status, at_bank })
    }

    /// Whether one of these accounts is no card's.
    fn has_own_account(&self, khr: Option<&str>, usd: Option<&str>) -> bool {
        let is_a_cards = |number: &str| {
            let mut accounts = self.cast.cards().iter().flat_map(|card| &card.accounts);
            accounts.any(|account| account.number.to_string() == number)
        };
        [khr, usd].into_iter().flatten().any(|number| !is_a_cards(number))
    }

    /// `[cards]`
    pub(super) fn cards(&mut self, given: Option<Item<'a>>) -> Result<(), Error> {
        let Some(given) = given else { return Ok(()) };
        let mut cards = Vec::new();
        for Entry { key, key_span, value } in given.table()?.rest() {
            self.cast.card(key).map_err(|error| self.file.error(&key_span, error.to_string(), ""))?;
            let said = value.word(&keys::word_names(keys::STANDINGS))?;
            cards.push((key.to_owned(), said.to_owned()));
        }
        self.scenario.cards = Some(cards);
        Ok(())
    }

    /// What a `payroll` step does.
    pub(super) fn payroll(&mut self, item: &Item<'a>, mut table: Table<'a>) -> Result<Payroll, Error> {
        let word = item.word(&keys::word_names(keys::PAYROLL.words()))?;
        table.only(&keys::PAYROLL.keys_with(word))?;
        let number = |table: &mut Table<'a>| table.take("item").map_or(Ok(1), |it| at_least_one(&it));
        let order = match word {
            "submit" => PayrollWord::Submit(Box::new(self.submission(&mut table)?)),
            "register" => {
                let name = self.person_named(&table.need("person", "say of whom: person = \"dara\"")?)?;
                let known = self.registered(&name);
                PayrollWord::Register(Box::new(self.changed(&name, known, &mut table, item)?))
            }
            "approve" => PayrollWord::Approve(self.batch(item, &mut table)?),
            "cancel" => PayrollWord::Cancel(self.batch(item, &mut table)?),
            "credit-back" => PayrollWord::CreditBack(self.batch(item, &mut table)?),
            "recall" => {
                let of = self.batch(item, &mut table)?;
                let amount = table.need("amount", "say how much: amount = \"1000.00 KHR\"")?;
                let amount = self.value(&amount, Shape::Amount)?;
                let cause = table.take("cause").map_or(Ok(CAUSE.to_owned()), |it| four(&it))?;
                PayrollWord::Recall(of, number(&mut table)?, amount, cause)
            }
            _ => {
                let of = self.batch(item, &mut table)?;
                let paid = table.need("paid", "say whether it was paid: paid = true")?.truth()?;
                PayrollWord::Settle(of, number(&mut table)?, paid)
            }
        };
        let usual = if word == "approve" { "director" } else { "clerk" };
        let text = |it: Option<Item<'a>>, usual: &str| match it {
            Some(it) => Ok(self.template(&it)?.value),
            None => Ok(Template::plain(usual)),
        };
        let (operator, reason) = (text(table.take("operator"), usual)?, text(table.take("reason"), "rehearsal")?);
        let shapes = [
            ("refused", Shape::Text(4096)),
            ("code", Shape::Text(4)),
            ("line", Shape::Number),
            ("field", Shape::Text(200)),
            ("faults", Shape::Number),
        ];
        let mut refusal = Vec::new();
        for (name, shape) in shapes {
            refusal.extend(table.take_entry(name).map(|it| self.refusal(&it, shape)).transpose()?);
        }
        table.finish(&keys::PAYROLL.keys_with(word))?;
        Ok(Payroll { order: item.at(order), operator, reason, refusal })
    }

    fn submission(&self, table: &mut Table<'a>) -> Result<Submission, Error> {
        let one = "write items = [..], or document = \"…\"";
        let source = match (table.take("items"), table.take("document")) {
            (Some(items), None) => PayrollSource::Items(self.items(&items)?),
            (None, Some(document)) => PayrollSource::Document(self.document(&document)?),
            (None, None) => return Err(self.file.error(&table.span, "nothing is submitted", one)),
            (Some(_), Some(it)) => return Err(it.error("the items are given already", one)),
        };
        let form = table.take("form");
        let csv = match (&form, &source) {
            (Some(it), PayrollSource::Document(_)) => {
                return Err(it.error("the document is written already", "leave `form` out"));
            }
            (Some(it), PayrollSource::Items(_)) => it.word(&keys::word_names(keys::FORMS))? == "csv",
            (None, PayrollSource::Items(_)) => false,
            (None, PayrollSource::Document(path)) => path.extension().is_some_and(|it| it.eq_ignore_ascii_case("csv")),
        };
        let about = ["message", "payer", "bank", "account", "pays_on"].map(|key| table.take(key));
        if let (PayrollSource::Document(_), Some(it)) = (&source, about.iter().flatten().next()) {
            return Err(it.error("the document says that itself", "leave it out"));
        }
        let [message, payer, bank, account, pays_on] = about;
        let template = |it: Option<Item<'a>>| it.map(|it| Ok(self.value(&it, Shape::Text(35))?.value)).transpose();
        let payer = template(payer)?.unwrap_or_else(|| Template::plain(PAYER));
        let pays_on = pays_on.map(|it| self.value(&it, Shape::Date)).transpose()?;
        let bank = bank.map_or(Ok(FUNDS_AT.to_owned()), |it| self.bank_named(&it))?;
        Ok(Submission { source, csv, message: template(message)?, payer, bank, account: template(account)?, pays_on })
    }

    fn items(&self, list: &Item<'a>) -> Result<Vec<PayrollItem>, Error> {
        let items: Vec<_> = list.list()?.iter().map(|item| self.payroll_item(item)).collect::<Result<_, _>>()?;
        if items.is_empty() {
            return Err(list.error("nobody is paid", "write items = [{ person = \"dara\", amount = \"1.00 KHR\" }]"));
        }
        Ok(items)
    }

    fn payroll_item(&self, item: &Item<'a>) -> Result<PayrollItem, Error> {
        let mut table = item.table()?;
        let person = table.take("person").map(|it| self.person_named(&it)).transpose()?;
        let text = |it: Option<Item<'a>>, shape| it.map(|it| Ok(self.value(&it, shape)?.value)).transpose();
        let employee = text(table.take("employee"), Shape::Text(35))?;
        let bank = table.take("bank").map(|it| self.bank_named(&it)).transpose()?;
        let account = text(table.take("account"), Shape::Text(34))?;
        if person.is_none() && (employee.is_none() || bank.is_none() || account.is_none()) {
            let remedy = "write person = \"dara\", or employee, bank and account";
            return Err(item.error("it is not clear who is paid", remedy));
        }
        let amount = table.need("amount", "say how much: amount = \"1200000.00 KHR\"")?;
        let amount = self.value(&amount, Shape::Amount)?;
        let id = text(table.take("id"), Shape::Text(35))?;
        let purpose = table.take("purpose").map_or(Ok(PURPOSE.to_owned()), |it| four(&it))?;
        table.finish(&keys::names(keys::ITEM))?;
        Ok(PayrollItem { person, employee, bank, account, amount, id, purpose })
    }

    fn person_named(&self, item: &Item<'a>) -> Result<String, Error> {
        let name = item.text()?;
        let known = || self.scenario.people.iter().map(|it| it.name.as_str());
        if known().any(|it| it == name) {
            return Ok(name.to_owned());
        }
        let near = bank_adapters::near(name, known());
        Err(item.error(format!("nobody is called {name:?}"), meant(&near, "name a card of the cast, or write [person.NAME]")))
    }

    /// A document beside the scenario's file.
    fn document(&self, item: &Item<'a>) -> Result<PathBuf, Error> {
        let path = self.file.path.parent().unwrap_or(Path::new("")).join(item.text()?);
        match path.is_file() {
            true => Ok(path),
            false => Err(item.error(format!("there is no file {}", path.display()), "name one beside the scenario's file")),
        }
    }

    /// The place of the step that submitted the batch that `of` names, or the last one.
    pub(super) fn batch(&self, item: &Item<'a>, table: &mut Table<'a>) -> Result<usize, Error> {
        let submits = |place: &usize| match self.scenario.steps.get(*place).map(|step| &step.action) {
            Some(Action::Payroll(payroll)) => matches!(payroll.order.value, PayrollWord::Submit(_)),
            _ => false,
        };
        let Some(of) = table.take("of") else {
            let last = (0..self.scenario.steps.len()).rev().find(submits);
            return last.ok_or_else(|| item.error(NOTHING_SENT, "submit a payroll first: payroll = \"submit\""));
        };
        let name = of.text()?;
        self.names.steps.get(name).copied().filter(submits).ok_or_else(|| {
            let known = self.names.steps.iter().filter(|(_, place)| submits(place)).map(|(name, _)| name.as_str());
            let near = bank_adapters::near(name, known);
            let remedy = meant(&near, "name a step that submits a payroll by `as`");
            of.error(format!("no payroll was submitted before under the name {name:?}"), remedy)
        })
    }

    /// What a step about a batch, or one of its items, looks at, and its figures.
    pub(super) fn batch_looked_at(&self, item: &Item<'a>, table: &mut Table<'a>) -> Result<(Subject, Figures), Error> {
        let of = self.batch(item, table)?;
        if item.text()? == "batch" {
            return Ok((Subject::Batch(of), BATCH));
        }
        let number = table.take("item").map_or(Ok(1), |it| at_least_one(&it))?;
        Ok((Subject::Item(of, number), ITEM))
    }
}

fn at_least_one(item: &Item<'_>) -> Result<u32, Error> {
    const WANTED: &str = "a whole number, 1 or more";
    match item.number(WANTED)? {
        0 => Err(item.error("items are counted from 1", format!("write {WANTED}"))),
        number => Ok(number),
    }
}

/// A code of ISO 20022.
fn four(item: &Item<'_>) -> Result<String, Error> {
    let text = item.text()?;
    match text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err(item.error(format!("{text:?} is no code of ISO 20022"), "write four capitals or digits, such as SALA")),
    }
}
