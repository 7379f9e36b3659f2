//! The check: everything that can be known to be wrong with a payroll before any money moves. One fault refuses the whole document.
//!
//! One pass over the document. What is kept of a payment is who and where, as keyed digests, and its line.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use documents::{Block, Entry, Header, Item};
use engine::{
    BankRules, BatchHeader, ITEMS_AT_ONCE_MAX, ITEMS_MAX, ItemState, PARTS_MAX, PayeeIdentity, PayrollItem, Rules, State,
};
use model::{BusinessDate, Currency, HalfMonth, Kind, Money, Text};

use crate::document::{Document, Names};
use crate::fault::{Differing, Fault, Faults, Problem};
use crate::registry::{AccountStatus, Payee};
use crate::seen::Before;
use crate::{Bics, Error, Hand, Keys, Payer, Registry, Status, sabotage};

/// The most that a batch may come to, minor units: its payer's bank is asked for it in parts.
const TOTAL_MAX: u64 = PARTS_MAX * Money::MINOR_MAX;

/// The element of pay where a document tells none.
pub(crate) const ELEMENT: &str = "SALA";

/// What a check has found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What is wrong.
    pub faults: Faults,
    /// How many payments there are.
    pub items: u64,
    /// What those come to whose amounts could be read, minor units.
    pub total: u64,
    /// The document's own name.
    pub message: Option<String>,
    /// What its first payment block says.
    pub terms: Option<Arc<Terms>>,
    /// What the batch will say of itself; only of a document with which nothing is wrong.
    pub header: Option<BatchHeader>,
    pub(crate) frame: Arc<Frame>,
}

/// Who pays, when and in what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Who pays.
    pub payer: Arc<Payer>,
    /// The account it is paid from.
    pub account: Text<28>,
    /// The first day on which items go out.
    pub pays_on: BusinessDate,
    /// Of every amount. Not known before the first payment where the block does not tell it.
    pub currency: Option<Currency>,
    /// The half-month, as it stands in identities.
    period: String,
}

impl Terms {
    /// The half-month.
    #[must_use]
    pub fn period(&self) -> HalfMonth {
        HalfMonth::of(self.pays_on)
    }
}

/// What a document is held against, looked up once.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    banks: Vec<BankRules>,
    bics: Bics,
    oldest: HalfMonth,
    newest: HalfMonth,
}

impl Frame {
    pub(crate) fn look(hand: &mut impl Hand, bics: &Bics) -> Result<Self, Error> {
        let bics = bics.clone();
        hand.look(move |state: &State, rules: &Rules| {
            let now = HalfMonth::of(state.date());
            let payroll = &rules.payroll;
            let oldest = now.earlier(payroll.kept.saturating_sub(1));
            Self { banks: rules.banks.clone(), bics, oldest, newest: now.later(payroll.ahead) }
        })
    }

    /// The bank that a document names by its institution number, its BIC, or its name here.
    pub(crate) fn bank(&self, agent: &documents::Agent) -> Option<&BankRules> {
        let (text, by_bic) = (agent.as_str(), self.bics.bank(agent));
        self.banks.iter().find(|bank| by_bic == Some(bank.id) || bank.name == text || text.parse() == Ok(bank.id.0))
    }

    fn known(&self) -> String {
        let paying = self.banks.iter().filter(|bank| bank.kinds.contains(&Kind::Salary));
        paying.map(|bank| format!("{} {}", bank.id, bank.name)).collect::<Vec<_>>().join(", ")
    }
}

/// Checks a document.
pub(crate) fn check<R: Read, G: Registry, H: Hand>(
    keys: &Keys,
    payers: &[Arc<Payer>],
    bics: &Bics,
    registry: &G,
    input: R,
    hand: &mut H,
    meter: &AtomicU64,
) -> Result<Checked, Error> {
    let frame = Arc::new(Frame::look(hand, bics)?);
    let mut document = Document::open(input);
    let mut check = Check {
        keys,
        payers,
        registry,
        hand,
        frame,
        names: document.names(),
        line: 1,
        faults: Faults::default(),
        message: None,
        terms: None,
        before: Before::default(),
        asked: Vec::with_capacity(ITEMS_AT_ONCE_MAX),
        items: 0,
        total: 0,
        ended: false,
    };
    while let Some(entry) = document.next()? {
        match entry {
            Ok(entry) => check.entry(entry)?,
            Err(fault) => check.faults.add(fault),
        }
        meter.store(check.items, Ordering::Relaxed);
    }
    let file = keys.file(document.digest().as_ref());
    check.ask()?;
    check.whole(file)?;
    Ok(check.finish(file))
}

struct Check<'c, G, H> {
    keys: &'c Keys,
    payers: &'c [Arc<Payer>],
    registry: &'c G,
    hand: &'c mut H,
    frame: Arc<Frame>,
    names: &'static Names,
    /// The line at which the document names itself, as near as it is known.
    line: u64,
    faults: Faults,
    message: Option<Text<35>>,
    terms: Option<Arc<Terms>>,
    before: Before,
    /// Payments of which the engine was not asked yet.
    asked: Vec<(PayeeIdentity, u64, u64)>,
    items: u64,
    total: u64,
    ended: bool,
}

impl<G: Registry, H: Hand> Check<'_, G, H> {
    fn entry(&mut self, entry: Entry) -> Result<(), Error> {
        match entry {
            Entry::Header(header) => self.header(&header),
            Entry::Block(block) => self.block(&block),
            Entry::Item(item) => self.item(&item)?,
            Entry::End(totals) => {
                self.ended = true;
                self.items = totals.count;
            }
        }
        Ok(())
    }

    fn fault(&mut self, line: u64, column: u64, field: &str, problem: Problem) {
        self.faults.add(Fault { line, column, field: field.to_owned(), problem });
    }

    fn header(&mut self, header: &Header) {
        self.message = Text::new(header.message_id.as_str().as_bytes());
        if self.message.is_none() {
            self.fault(self.line, 1, self.names.message, Problem::LongName);
        }
    }

    fn block(&mut self, block: &Block) {
        let line = block.line;
        if self.names.header_is_block {
            self.line = line;
        }
        let Some(payer) = self.payers.iter().find(|payer| payer.id == block.payer_id.as_str()).cloned() else {
            return self.fault(line, 1, self.names.payer, Problem::UnknownPayer);
        };
        let account = Text::new(block.account.as_str().as_bytes()).unwrap_or_default();
        let period = HalfMonth::of(block.execution_date).to_string();
        let terms = Terms { payer, account, pays_on: block.execution_date, currency: block.currency, period };
        if self.frame.bank(&block.agent).is_none_or(|bank| bank.id != terms.payer.bank) {
            self.fault(line, 1, self.names.agent, Problem::OtherFundingBank);
        }
        match self.terms.clone() {
            None => {
                self.period(terms.period(), line);
                if let Some(currency) = terms.currency {
                    self.funds(&terms, currency, line);
                }
                self.terms = Some(Arc::new(terms));
            }
            Some(first) => {
                let differ = [
                    (first.payer != terms.payer, Differing::Payer, self.names.payer),
                    (first.account != terms.account, Differing::Account, self.names.account),
                    (first.pays_on != terms.pays_on, Differing::Date, self.names.date),
                    (
                        first.currency.zip(terms.currency).is_some_and(|(one, other)| one != other),
                        Differing::Currency,
                        self.names.currency,
                    ),
                ];
                for (_, what, field) in differ.into_iter().filter(|(differs, ..)| *differs) {
                    self.fault(line, 1, field, Problem::Several(what));
                }
            }
        }
    }

    fn period(&mut self, period: HalfMonth, line: u64) {
        let Frame { oldest, newest, .. } = *self.frame;
        if period < oldest {
            self.fault(line, 1, self.names.date, Problem::TooOld { period, oldest });
        } else if period > newest {
            self.fault(line, 1, self.names.date, Problem::TooFarAhead { period, newest });
        }
    }

    fn funds(&mut self, terms: &Terms, currency: Currency, line: u64) {
        if terms.payer.account(currency) != Some(terms.account) {
            self.fault(line, 1, self.names.account, Problem::OtherFunds(currency));
        }
    }

    fn item(&mut self, item: &Item) -> Result<(), Error> {
        self.items = u64::from(item.index);
        self.total = self.total.saturating_add(item.amount.minor());
        let currency = item.amount.currency();
        // Too many refuse the document, and so nothing more is kept of them.
        if item.index > ITEMS_MAX {
            return Ok(());
        }
        // Without terms nothing can be said of who is paid what; what is wrong with them is told already.
        let Some(terms) = self.terms.clone() else { return Ok(()) };
        match terms.currency {
            None => {
                self.funds(&terms, currency, item.line);
                self.terms = Some(Arc::new(Terms { currency: Some(currency), ..Terms::clone(&terms) }));
            }
            Some(first) if first != currency => {
                self.fault(item.line, item.column, self.names.amount, Problem::Several(Differing::Currency));
            }
            Some(_) => {}
        }
        let frame = Arc::clone(&self.frame);
        let bank = frame.bank(&item.agent);
        self.bank(item, bank);
        let payee = self.registry.payee(item.employee.as_str())?;
        self.payee(item, payee.as_ref(), bank);
        let identity = identity(self.keys, &terms, item);
        let account = self.keys.account(bank.map_or(0, |bank| bank.id.0), item.account.as_str().as_bytes());
        let met = self.before.meet(identity.0, account, self.keys.person(item.employee.as_str()), item.line);
        if let Some(line) = met.twice {
            self.fault(item.line, item.column, self.names.employee, Problem::Twice(line));
        }
        if let Some(line) = met.shared {
            self.fault(item.line, item.column, self.names.item_account, Problem::SharedAccount(line));
        }
        self.asked.push((identity, item.line, item.column));
        if self.asked.len() == ITEMS_AT_ONCE_MAX { self.ask() } else { Ok(()) }
    }

    fn bank(&mut self, item: &Item, bank: Option<&BankRules>) {
        let currency = item.amount.currency();
        match bank {
            None => {
                let known = self.frame.known();
                self.fault(
                    item.line,
                    item.column,
                    self.names.item_agent,
                    Problem::UnknownBank { place: self.names.bank_number, known },
                );
            }
            Some(bank) if !bank.kinds.contains(&Kind::Salary) || !bank.currencies.contains(&currency) => {
                let bank = bank.id;
                self.fault(item.line, item.column, self.names.item_agent, Problem::BankDoesNot { bank, currency });
            }
            Some(_) => {}
        }
    }

    /// Compares a payment with what the registry says.
    fn payee(&mut self, item: &Item, payee: Option<&Payee>, bank: Option<&BankRules>) {
        let currency = item.amount.currency();
        let (field, problem) = match payee {
            None => (self.names.employee, Problem::UnknownPayee),
            Some(payee) if payee.status != Status::Active => (self.names.employee, Problem::NotPaid(payee.status)),
            Some(payee) => match payee.account(currency) {
                None => (self.names.item_account, Problem::NoAccount(currency)),
                Some(_) if bank.is_some_and(|bank| bank.name != payee.bank) => (self.names.item_agent, Problem::OtherBank),
                Some(account) if account.as_bytes() != item.account.as_str().as_bytes() => {
                    (self.names.item_account, Problem::OtherAccount)
                }
                Some(_) => match payee.account_status {
                    AccountStatus::Open => return,
                    AccountStatus::Closed => (self.names.item_account, Problem::Closed),
                    AccountStatus::Blocked => (self.names.item_account, Problem::Blocked),
                },
            },
        };
        self.fault(item.line, item.column, field, problem);
    }

    /// Asks the engine who of those that were read is paid already.
    fn ask(&mut self) -> Result<(), Error> {
        let asked: Vec<_> = self.asked.drain(..).collect();
        let paid = self.hand.look(move |state, _| {
            let standing = asked.into_iter().map(|(identity, line, column)| {
                let earlier = state.payee(&identity).filter(|it| stands(it.state));
                earlier.map(|it| (line, column, it.id, it.state))
            });
            standing.flatten().collect::<Vec<_>>()
        })?;
        for (line, column, item, state) in paid {
            self.fault(line, column, self.names.employee, Problem::Earlier { item, state });
        }
        Ok(())
    }

    /// What can be said only when the document was read to its end.
    fn whole(&mut self, file: [u8; 16]) -> Result<(), Error> {
        if self.ended && self.items == 0 && self.faults.is_empty() {
            self.first(self.names.count, Problem::NoItems);
        }
        if self.items > u64::from(ITEMS_MAX) {
            self.first(self.names.count, Problem::TooMany);
        }
        if let Some(currency) = self.terms.as_ref().and_then(|terms| terms.currency)
            && self.total > TOTAL_MAX
        {
            let max = Money::from_minor(TOTAL_MAX, currency);
            self.first(self.names.sum, Problem::TooMuch { max });
        }
        if let Some(message) = self.message_key() {
            let seen = self.hand.look(move |state, _| state.seen(&message, &file))?;
            if let Some(batch) = seen {
                self.first(self.names.message, Problem::Seen(batch));
            }
        }
        Ok(())
    }

    fn first(&mut self, field: &str, problem: Problem) {
        self.faults.add_first(Fault { line: self.line, column: 1, field: field.to_owned(), problem });
    }

    fn message_key(&self) -> Option<[u8; 16]> {
        let message = std::str::from_utf8(self.message.as_ref()?.as_bytes()).ok()?;
        Some(self.keys.message(&self.terms.as_ref()?.payer.id, message))
    }

    fn finish(mut self, file: [u8; 16]) -> Checked {
        self.faults.sort();
        let header = self.batch_header(file);
        let message = self.message.and_then(|text| String::from_utf8(text.as_bytes().to_vec()).ok());
        Checked {
            faults: self.faults,
            items: self.items,
            total: self.total,
            message,
            terms: self.terms,
            header,
            frame: self.frame,
        }
    }

    fn batch_header(&self, file: [u8; 16]) -> Option<BatchHeader> {
        let terms = self.terms.as_ref().filter(|_| self.faults.is_empty() && self.ended)?;
        Some(BatchHeader {
            payer: Text::new(terms.payer.id.as_bytes())?,
            message: self.message?,
            message_key: self.message_key()?,
            file_key: file,
            period: HalfMonth::of(terms.pays_on),
            pays_on: terms.pays_on,
            currency: terms.currency?,
            count: u32::try_from(self.items).ok()?,
            total: self.total,
            acquirer: terms.payer.institution,
            funding_bank: terms.payer.bank,
            funding_account: terms.account,
        })
    }
}

/// Whether an item stands in the way of another for the same salary: all but those that were definitely refused or never sent.
fn stands(state: ItemState) -> bool {
    !matches!(state, ItemState::Rejected(_) | ItemState::Cancelled)
}

/// By what a salary is known again.
pub(crate) fn identity(keys: &Keys, terms: &Terms, item: &Item) -> PayeeIdentity {
    let element = item.purpose.as_ref().map_or(ELEMENT, |it| it.as_str());
    let period = if sabotage::is(sabotage::Fault::PeriodForgotten) { "" } else { terms.period.as_str() };
    PayeeIdentity(keys.payee(&terms.payer.id, item.employee.as_str(), element, period))
}

/// What the engine gets of a payment that was checked; `None` of one that cannot have been.
pub(crate) fn item(keys: &Keys, frame: &Frame, terms: &Terms, item: &Item) -> Option<PayrollItem> {
    Some(PayrollItem {
        identity: identity(keys, terms, item),
        bank: frame.bank(&item.agent)?.id,
        account: Text::new(item.account.as_str().as_bytes())?,
        amount: item.amount.minor(),
    })
}
