//! The walk through a pain.001: holds each element against the grammar, and makes entries of what is read.
//!
//! Knows: what is missing, doubled, out of order or wrong, and where. Does not know: bytes (`tokens`). It keeps one header, one block and
//! one item, whatever the document's size.

use std::collections::VecDeque;

use super::Edition;
use super::draft::{BlockDraft, HeaderDraft, ItemDraft, put};
use super::grammar::{Content, Element, Mark, ROOT};
use super::tokens::Attributes;
use crate::amount::amount;
use crate::entry::Entry;
use crate::fault::{Fault, Problem};
use crate::source::Place;
use crate::tally::{Stated, Tally, count, sum};
use crate::words::{Account, Agent, EmployeeId, Identifier, Moment, Name, Purpose, Remittance, date};

/// How much of one element's text is kept. Nothing that is read may be longer.
const TEXT_MAX: usize = 4096;

/// An element that is open.
struct Frame {
    element: &'static Element,
    place: Place,
    attributes: Attributes,
    /// Which of its parts were there, one bit each.
    seen: u64,
    /// Which part was the last, and how often it was there.
    last: usize,
    times: u8,
}

pub(super) struct Walk {
    edition: Option<Edition>,
    stack: Vec<Frame>,
    /// How many elements are open that are skipped.
    skipped: usize,
    /// The text of the leaf that is open.
    text: String,
    /// What is wrong with that text already.
    wrong: Option<Problem>,
    /// The part of the document that is open: header, block, item or none.
    part: Mark,
    /// Whom or what the open elements are about.
    role: Mark,
    /// The paths of faults in the open part, so that what is wrong is not called missing too.
    told: Vec<String>,
    header: HeaderDraft,
    block: BlockDraft,
    item: ItemDraft,
    whole: Tally,
    found: VecDeque<Result<Entry, Fault>>,
}

impl Default for Walk {
    fn default() -> Self {
        let root = Frame::new(&ROOT, Place::START, Attributes::default());
        Self {
            edition: None,
            stack: vec![root],
            skipped: 0,
            text: String::new(),
            wrong: None,
            part: Mark::Plain,
            role: Mark::Plain,
            told: Vec::new(),
            header: HeaderDraft::default(),
            block: BlockDraft::default(),
            item: ItemDraft::default(),
            whole: Tally::default(),
            found: VecDeque::new(),
        }
    }
}

impl Frame {
    fn new(element: &'static Element, place: Place, attributes: Attributes) -> Self {
        Self { element, place, attributes, seen: 0, last: 0, times: 0 }
    }

    /// Which part of it begins with this tag, if it may stand here.
    fn part(&mut self, tag: &str, edition: Edition) -> Result<&'static Element, Problem> {
        let parts = self.element.parts();
        let known = |(_, part): &(usize, &'static Element)| part.tag == tag && part.is_of(edition);
        // Mostly it is the same as before or one behind it.
        let ahead = parts.iter().enumerate().skip(self.last).find(known);
        let (index, part) = ahead.or_else(|| parts.iter().enumerate().find(known)).ok_or(Problem::Unexpected)?;
        let (bit, chosen) = (1 << index, matches!(self.element.content, Content::Choice(_)));
        let seen = self.seen & bit != 0;
        match () {
            () if chosen && self.seen & !bit != 0 => return Err(Problem::Choice),
            () if index < self.last && !chosen => return Err(if seen { Problem::Twice } else { Problem::OutOfOrder }),
            () if seen && part.most != 0 && self.times >= part.most => return Err(Problem::Twice),
            () => {}
        }
        self.times = if seen { self.times.saturating_add(1) } else { 1 };
        (self.seen, self.last) = (self.seen | bit, index);
        Ok(part)
    }
}

impl Walk {
    pub(super) fn edition(&self) -> Option<Edition> {
        self.edition
    }

    /// The next thing to give out.
    pub(super) fn found(&mut self) -> Option<Result<Entry, Fault>> {
        self.found.pop_front()
    }

    /// An element begins.
    ///
    /// # Errors
    /// Where the root element is that of another message.
    pub(super) fn open(
        &mut self,
        place: Place,
        tag: &str,
        namespace: Option<&str>,
        attributes: Attributes,
    ) -> Result<(), Problem> {
        if self.skipped > 0 {
            self.skipped += 1;
            return Ok(());
        }
        let edition = match self.edition {
            Some(edition) => edition,
            None => self.root(tag, namespace)?,
        };
        let Some(frame) = self.stack.last_mut() else { return Ok(()) };
        let part = match frame.element.content {
            Content::Text => {
                self.wrong = Some(Problem::Unexpected);
                self.skipped = 1;
                return Ok(());
            }
            Content::Skipped | Content::Sequence(_) | Content::Choice(_) if crate::is_namespace(namespace, edition.message()) => {
                frame.part(tag, edition)
            }
            Content::Skipped | Content::Sequence(_) | Content::Choice(_) => Err(Problem::Unexpected),
        };
        match part {
            Ok(part) => self.begin(part, place, attributes),
            Err(problem) => {
                self.fail(place, &shown(tag), problem);
                self.skipped = 1;
            }
        }
        Ok(())
    }

    fn root(&mut self, tag: &str, namespace: Option<&str>) -> Result<Edition, Problem> {
        let edition = namespace.and_then(Edition::of).ok_or_else(|| {
            let shown: String = namespace.unwrap_or("none").chars().filter(char::is_ascii_graphic).take(100).collect();
            Problem::OtherNamespace(model::mask_card_numbers(&shown))
        })?;
        if tag != "Document" {
            return Err(Problem::OtherRoot);
        }
        self.edition = Some(edition);
        Ok(edition)
    }

    fn begin(&mut self, element: &'static Element, place: Place, attributes: Attributes) {
        if matches!(element.content, Content::Skipped) {
            self.skipped = 1;
            return;
        }
        match element.mark {
            Mark::Header => self.part(Mark::Header),
            Mark::Block => {
                self.part(Mark::Block);
                self.block = BlockDraft { place: Some(place), ..BlockDraft::default() };
            }
            Mark::Item => {
                if self.block.tally.count == 0 {
                    self.block_head(self.block.place.unwrap_or(place));
                }
                self.part(Mark::Item);
                self.item = ItemDraft { place: Some(place), ..ItemDraft::default() };
            }
            role @ (Mark::Initiator | Mark::Payer | Mark::PayerAccount | Mark::PayerAgent) => self.role = role,
            role @ (Mark::Payee | Mark::PayeeAccount | Mark::PayeeAgent) => self.role = role,
            _ => {}
        }
        self.text.clear();
        self.wrong = None;
        self.stack.push(Frame::new(element, place, attributes));
        if attributes.other || (attributes.currency.is_some() && element.mark != Mark::Amount) {
            self.fail(place, "@", Problem::Unexpected);
        }
    }

    fn part(&mut self, part: Mark) {
        self.part = part;
        self.told.clear();
    }

    /// Text of the open element, perhaps a part of it.
    pub(super) fn text(&mut self, place: Place, text: &str) {
        if self.skipped > 0 {
            return;
        }
        let leaf = self.stack.last().is_some_and(|frame| matches!(frame.element.content, Content::Text));
        if !leaf {
            if !text.trim_ascii().is_empty() {
                self.fail(place, "", Problem::StrayText);
            }
        } else if self.text.len() + text.len() > TEXT_MAX {
            self.wrong = Some(Problem::LongText { max: TEXT_MAX });
        } else {
            self.text.push_str(text);
        }
    }

    /// The open element ends.
    pub(super) fn close(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        let Some(frame) = self.stack.last() else { return };
        let (element, place, attributes) = (frame.element, frame.place, frame.attributes);
        if matches!(element.content, Content::Text) {
            let text = std::mem::take(&mut self.text);
            let read = self.wrong.take().map_or(Ok(&*text), Err);
            if let Some(problem) = self.leaf(element.mark, place, attributes, read) {
                self.fail(place, "", problem);
            }
            self.text = text;
        } else {
            self.complete(element, frame.seen, place);
        }
        match element.mark {
            Mark::Header => self.header_done(place),
            Mark::Item => self.item_done(place),
            Mark::Block => self.block_done(place),
            Mark::Message => self.check_whole(),
            Mark::Initiator | Mark::Payer | Mark::PayerAccount | Mark::PayerAgent => self.role = Mark::Plain,
            Mark::Payee | Mark::PayeeAccount | Mark::PayeeAgent => self.role = Mark::Plain,
            _ => {}
        }
        self.stack.pop();
    }

    /// The document ends.
    pub(super) fn end(&mut self) {
        self.found.push_back(Ok(Entry::End(self.whole.totals())));
    }

    /// Says which parts of an element that ends were not there.
    fn complete(&mut self, element: &'static Element, seen: u64, place: Place) {
        let Some(edition) = self.edition else { return };
        if matches!(element.content, Content::Choice(_)) && seen == 0 {
            self.fail(place, "", Problem::Missing);
        }
        for (index, part) in element.parts().iter().enumerate() {
            if part.least > 0 && part.is_of(edition) && seen & (1 << index) == 0 {
                self.fail(place, part.tag, Problem::Missing);
            }
        }
    }

    /// Reads a leaf; what is wrong with it.
    fn leaf(&mut self, mark: Mark, place: Place, attributes: Attributes, text: Result<&str, Problem>) -> Option<Problem> {
        let (header, block, item) = (&mut self.header, &mut self.block, &mut self.item);
        match (mark, self.part) {
            (Mark::MessageId, _) => put(&mut header.message_id, text.and_then(Identifier::of_document)),
            (Mark::Created, _) => put(&mut header.created, text.and_then(tight).and_then(Moment::new)),
            (Mark::Count, Mark::Header) => {
                put(&mut header.count, text.and_then(tight).and_then(count).map(|count| (place, count)))
            }
            (Mark::Sum, Mark::Header) => put(&mut header.control_sum, text.and_then(tight).and_then(sum).map(|sum| (place, sum))),
            (Mark::Count, _) => put(&mut block.count, text.and_then(tight).and_then(count).map(|count| (place, count))),
            (Mark::Sum, _) => put(&mut block.control_sum, text.and_then(tight).and_then(sum).map(|sum| (place, sum))),
            (Mark::BlockId, _) => put(&mut block.id, text.and_then(Identifier::of_document)),
            (Mark::Method, _) => text.map_or_else(Some, |text| (text != "TRF").then_some(Problem::OtherMethod)),
            (Mark::Category, _) => put(&mut block.purpose, text.and_then(tight).and_then(Purpose::new)),
            (Mark::Date, _) => put(&mut block.execution_date, text.and_then(tight).and_then(date)),
            (Mark::Moment, _) => {
                put(&mut block.execution_date, text.and_then(tight).and_then(Moment::new).map(|moment| moment.date()))
            }
            (Mark::InstructionId, _) => put(&mut item.instruction_id, text.and_then(Identifier::new)),
            (Mark::EndToEndId, _) => put(&mut item.end_to_end_id, text.and_then(Identifier::new)),
            (Mark::Amount, _) => self.amount(attributes, text),
            (Mark::Purpose, _) => put(&mut item.purpose, text.and_then(tight).and_then(Purpose::new)),
            (Mark::OwnPurpose, _) => Some(Problem::OwnWords),
            (Mark::Remittance, _) => first(&mut item.remittance, text.and_then(Remittance::new)),
            _ => self.party(mark, text),
        }
    }

    /// Reads a leaf of somebody, an account or a bank.
    fn party(&mut self, mark: Mark, text: Result<&str, Problem>) -> Option<Problem> {
        let (header, block, item) = (&mut self.header, &mut self.block, &mut self.item);
        let (account, agent) = match self.role {
            Mark::PayerAccount | Mark::PayerAgent => (&mut block.account, &mut block.agent),
            _ => (&mut item.account, &mut item.agent),
        };
        match (mark, self.role) {
            (Mark::Name, Mark::Initiator) => put(&mut header.initiator_name, text.and_then(Name::new)),
            (Mark::Name, Mark::Payer) => put(&mut block.payer_name, text.and_then(Name::new)),
            (Mark::Name, _) => put(&mut item.name, text.and_then(Name::new)),
            (Mark::OrganisationId, Mark::Initiator) => first(&mut header.initiator_id, text.and_then(Identifier::new)),
            (Mark::OrganisationId, Mark::Payer) => put(&mut block.payer_id, text.and_then(Identifier::new)),
            (Mark::PersonId, Mark::Payee) => put(&mut item.employee, text.and_then(EmployeeId::new)),
            // Not read there, but it is no sound document where they are none.
            (Mark::OrganisationId | Mark::PersonId, _) => text.and_then(Identifier::new).err(),
            (Mark::Currency, Mark::PayerAccount) => put(&mut block.currency, text.and_then(currency)),
            (Mark::Currency, _) => text.and_then(currency).err(),
            (Mark::Iban, _) => put(account, text.and_then(tight).and_then(Account::iban)),
            (Mark::OwnAccount, _) => put(account, text.and_then(Account::own)),
            // The number in the clearing system says most exactly which bank is meant, and comes behind the BIC.
            (Mark::Member, _) => text.and_then(Agent::member).map_or_else(Some, |found| {
                *agent = Some(found);
                None
            }),
            (Mark::Bic, _) => first(agent, text.and_then(tight).and_then(Agent::bic)),
            (Mark::OtherAgent, _) => first(agent, text.and_then(Agent::other)),
            _ => None,
        }
    }

    fn amount(&mut self, attributes: Attributes, text: Result<&str, Problem>) -> Option<Problem> {
        let currency = match attributes.currency {
            Some(Some(currency)) => currency,
            Some(None) => return Some(Problem::UnknownCurrency),
            None => return Some(Problem::Missing),
        };
        let amount = match text.and_then(tight).and_then(|text| amount(text, currency)) {
            Ok(amount) => amount,
            Err(problem) => return Some(problem),
        };
        self.item.amount = Some(amount);
        // Of the control sum it is a part in any case: that is a sum whatever the currencies.
        let expected = *self.block.currency.get_or_insert(currency);
        (expected != currency).then_some(Problem::OtherCurrency { expected, found: currency })
    }

    fn header_done(&mut self, place: Place) {
        let draft = std::mem::take(&mut self.header);
        self.whole.stated = Stated { count: draft.count, sum: draft.control_sum };
        for path in draft.lacking() {
            self.lacking(place, path);
        }
        if self.told.is_empty() {
            self.found.extend(draft.header().map(|header| Ok(Entry::Header(header))));
        }
        self.part(Mark::Plain);
    }

    /// The first item begins: what comes before the items is known.
    fn block_head(&mut self, place: Place) {
        for path in self.block.lacking() {
            self.lacking(place, path);
        }
        let (block, sound) = (self.block.block(), self.told.is_empty());
        self.block.given = block.is_some() && sound;
        self.found.extend(block.filter(|_| sound).map(|block| Ok(Entry::Block(block))));
    }

    fn item_done(&mut self, place: Place) {
        let draft = std::mem::take(&mut self.item);
        for path in draft.lacking() {
            self.lacking(place, path);
        }
        self.block.tally.add(draft.amount);
        self.whole.add(draft.amount);
        if self.told.is_empty() && self.block.given {
            self.found.extend(draft.item(self.whole.index()).map(|item| Ok(Entry::Item(item))));
        }
        self.part(Mark::Block);
    }

    fn block_done(&mut self, place: Place) {
        if self.block.tally.count == 0 {
            self.block_head(place);
        }
        self.block.tally.stated = Stated { count: self.block.count, sum: self.block.control_sum };
        for (place, path, problem) in self.block.tally.check() {
            self.fail(place, path, problem);
        }
        self.part(Mark::Plain);
    }

    fn check_whole(&mut self) {
        for (place, path, problem) in self.whole.check() {
            self.fail(place, &format!("GrpHdr/{path}"), problem);
        }
    }

    /// Something that must be there is not; unless what is wrong there was told.
    fn lacking(&mut self, place: Place, path: &str) {
        let full = self.path(path);
        let below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if !self.told.iter().any(|told| below(told, &full) || below(&full, told)) {
            self.fail(place, path, Problem::Missing);
        }
    }

    fn fail(&mut self, place: Place, below: &str, problem: Problem) {
        let field = self.path(below);
        // A part that has more faults than this is told to be missing something that is only wrong.
        if self.told.len() < 64 {
            self.told.push(field.clone());
        }
        self.found.push_back(Err(Fault { line: place.line, column: place.column, field, problem }));
    }

    /// A fault that ends reading.
    pub(super) fn fault(&self, place: Place, problem: Problem) -> Fault {
        Fault { line: place.line, column: place.column, field: self.path(""), problem }
    }

    /// The path of the open element, and `below` it.
    fn path(&self, below: &str) -> String {
        let tags = self.stack.iter().map(|frame| frame.element.tag).filter(|tag| !matches!(*tag, "" | "Document"));
        let path: Vec<_> = tags.chain((!below.is_empty()).then_some(below)).collect();
        if path.is_empty() { "Document".to_owned() } else { path.join("/") }
    }
}

/// Keeps the first of several.
fn first<T>(field: &mut Option<T>, read: Result<T, Problem>) -> Option<Problem> {
    match read {
        Ok(value) => {
            field.get_or_insert(value);
            None
        }
        Err(problem) => Some(problem),
    }
}

/// Numbers, dates and codes have no spaces around them: of some the schema says so, of others its readers do.
fn tight(text: &str) -> Result<&str, Problem> {
    if text.trim() == text { Ok(text) } else { Err(Problem::Spaces) }
}

fn currency(text: &str) -> Result<model::Currency, Problem> {
    model::Currency::from_alpha(text).ok_or(Problem::UnknownCurrency)
}

/// A tag of the document as it may be shown: nothing but a name as the message has them.
fn shown(tag: &str) -> String {
    let name = tag.len() <= 35 && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()) && !model::shows_card_number(tag);
    if name { tag.to_owned() } else { "*".to_owned() }
}
