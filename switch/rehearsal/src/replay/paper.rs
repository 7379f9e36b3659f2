//! The document of a payroll that a scenario spells out item by item.
//!
//! Knows: what a document needs beside that. Does not know: how one is written (`documents`).

use documents::pain001::Edition;
use documents::{Account, Agent, Block, Header, Identifier, Item, Moment, Sum, pain001, payroll_csv};
use model::{BusinessDate, Currency, InstitutionId, Money, Timestamp, UtcOffset};

/// The treasury's account in riel, and in dollars.
const TREASURY: [(Currency, &str); 2] = [(Currency::KHR, "001900000116"), (Currency::USD, "001900000840")];

/// A document to be.
#[derive(Debug)]
pub(crate) struct Paper {
    /// `MsgId`
    pub(crate) message: String,
    /// Who pays.
    pub(crate) payer: String,
    /// The bank of the payer's account.
    pub(crate) bank: InstitutionId,
    /// That account; the treasury's where `None`.
    pub(crate) account: Option<String>,
    /// When it is made.
    pub(crate) made: Timestamp,
    /// Local time there.
    pub(crate) offset: UtcOffset,
    /// When it is to be paid.
    pub(crate) pays_on: BusinessDate,
    /// The payments, in order.
    pub(crate) lines: Vec<Line>,
}

/// A payment to be.
pub(crate) struct Line {
    pub(crate) employee: String,
    pub(crate) bank: InstitutionId,
    pub(crate) account: String,
    pub(crate) amount: Money,
    pub(crate) id: String,
    pub(crate) purpose: String,
}

impl std::fmt::Debug for Line {
    /// Without person and account.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} at {}", self.id, self.amount, self.bank)
    }
}

/// Why a document cannot be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PaperError {
    /// A word that no document takes.
    #[error("{0} cannot be written into a document: {1}")]
    Word(&'static str, documents::Problem),
    /// The writer refuses it.
    #[error(transparent)]
    Document(#[from] documents::Error),
}

/// Its bytes.
///
/// # Errors
/// Where something does not go into a document at all: a name that is too long, two currencies.
pub(crate) fn write(paper: &Paper, csv: bool) -> Result<Vec<u8>, PaperError> {
    let currency = paper.lines.first().map_or(Currency::KHR, |line| line.amount.currency());
    let (header, block) = heads(paper, currency)?;
    let mut bytes = Vec::new();
    if csv {
        let mut writer = payroll_csv::Writer::new(&mut bytes, &header, &block)?;
        for (place, line) in paper.lines.iter().enumerate() {
            writer.item(&item(place, line)?)?;
        }
        writer.finish()?;
    } else {
        let mut writer = pain001::Writer::new(&mut bytes, Edition::V09, &header)?;
        writer.block(&block)?;
        for (place, line) in paper.lines.iter().enumerate() {
            writer.item(&item(place, line)?)?;
        }
        writer.finish()?;
    }
    Ok(bytes)
}

fn heads(paper: &Paper, currency: Currency) -> Result<(Header, Block), PaperError> {
    let treasury = TREASURY.iter().find(|(of, _)| *of == currency).map_or("", |(_, account)| account);
    let sum = paper.lines.iter().fold(Sum::default(), |sum, line| sum.plus(line.amount));
    let count = u32::try_from(paper.lines.len()).unwrap_or(u32::MAX);
    let message = Identifier::new(&paper.message).map_err(|problem| PaperError::Word("message", problem))?;
    let header = Header {
        message_id: message.clone(),
        created: Moment::at(paper.made, paper.offset),
        count,
        control_sum: Some(sum),
        initiator_name: None,
        initiator_id: None,
    };
    let block = Block {
        line: 0,
        id: message,
        payer_name: None,
        payer_id: Identifier::new(&paper.payer).map_err(|problem| PaperError::Word("payer", problem))?,
        account: account(paper.account.as_deref().unwrap_or(treasury))?,
        currency: Some(currency),
        agent: agent(paper.bank)?,
        execution_date: paper.pays_on,
        purpose: None,
        count: Some(count),
        control_sum: Some(sum),
    };
    Ok((header, block))
}

fn item(place: usize, line: &Line) -> Result<Item, PaperError> {
    Ok(Item {
        line: 0,
        column: 0,
        index: u32::try_from(place + 1).unwrap_or(u32::MAX),
        end_to_end_id: Identifier::new(&line.id).map_err(|problem| PaperError::Word("id", problem))?,
        instruction_id: None,
        amount: line.amount,
        agent: agent(line.bank)?,
        account: account(&line.account)?,
        name: None,
        employee: documents::EmployeeId::new(&line.employee).map_err(|problem| PaperError::Word("employee", problem))?,
        purpose: Some(documents::Purpose::new(&line.purpose).map_err(|problem| PaperError::Word("purpose", problem))?),
        remittance: None,
    })
}

fn account(text: &str) -> Result<Account, PaperError> {
    Account::own(text).map_err(|problem| PaperError::Word("account", problem))
}

fn agent(bank: InstitutionId) -> Result<Agent, PaperError> {
    Agent::member(&bank.to_string()).map_err(|problem| PaperError::Word("bank", problem))
}
