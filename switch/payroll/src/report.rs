//! What became of a batch: the kept document, payment by payment, beside what the engine says of each.

use std::io::Read;
use std::sync::Arc;

use documents::{Block, Entry, Header, Item};
use engine::{BankId, BatchHeader, BatchId, BatchState, ItemId, ItemState, Progress, Rules, State};
use model::{BusinessDate, ResponseCode};

use crate::document::Document;
use crate::{Error, Hand, Keys};

/// How many payments the engine is asked of at once.
const AT_ONCE: u32 = 10_000;

/// A payment and what became of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The payment block it stands in, and the how manieth that is.
    pub block: (usize, Arc<Block>),
    /// As the document has it.
    pub item: Item,
    /// As the engine has it.
    pub came: Came,
}

/// What became of a payment.
#[derive(Clone, Copy, Debug)]
pub struct Came {
    /// Which.
    pub id: ItemId,
    /// Its bank.
    pub bank: BankId,
    /// How often the same salary was definitely refused before.
    pub attempt: u8,
    /// What it has come to.
    pub state: ItemState,
}

/// What became of all payments of a batch, some 24 bytes each, so that a report does not change while it is written.
#[derive(Clone, Debug)]
pub struct Snapshot {
    batch: BatchId,
    rows: Vec<(BankId, u8, ItemState)>,
}

impl Snapshot {
    /// Takes it, in looks of some thousand payments each: each payment is as it was at its look.
    ///
    /// # Errors
    /// Where nobody can look now, or the batch is forgotten but for its totals.
    pub fn take(hand: &mut impl Hand, batch: BatchId, count: u32) -> Result<Self, Error> {
        let mut rows = Vec::with_capacity(count as usize);
        let mut from = 1;
        while from <= count {
            let to = count.min(from.saturating_add(AT_ONCE - 1));
            rows.extend(hand.look(move |state: &State, _: &Rules| {
                let standing = (from..=to).map_while(|number| state.item(ItemId { batch, number }));
                standing.map(|it| (it.item.bank, it.attempt, it.state)).collect::<Vec<_>>()
            })?);
            from = to.saturating_add(1);
        }
        if rows.len() == count as usize { Ok(Self { batch, rows }) } else { Err(Error::Forgotten(batch)) }
    }

    /// What became of each, in the document's order.
    pub fn all(&self) -> impl Iterator<Item = Came> {
        let batch = self.batch;
        (1..).zip(&self.rows).map(move |(number, (bank, attempt, state))| Came {
            id: ItemId { batch, number },
            bank: *bank,
            attempt: *attempt,
            state: *state,
        })
    }

    fn came(&self, number: u32) -> Option<Came> {
        let (bank, attempt, state) = *self.rows.get(usize::try_from(number.checked_sub(1)?).ok()?)?;
        Some(Came { id: ItemId { batch: self.batch, number }, bank, attempt, state })
    }
}

/// A batch as the engine has it, at the moment of a report.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its number.
    pub batch: BatchId,
    /// What it says of itself.
    pub header: BatchHeader,
    /// What it has come to.
    pub state: BatchState,
    /// How far.
    pub progress: Progress,
    /// Who submitted it.
    pub submitted_by: String,
    /// Who approved it.
    pub approved_by: Option<String>,
    /// With what the payer's bank refused to take back what was not paid.
    pub credit_refused: Option<ResponseCode>,
    /// Whether only header and totals of it are remembered.
    pub forgotten: bool,
    /// Where it waits for its date: when it begins, local date and time.
    pub waits_until: Option<String>,
    /// The business date that was open at that moment.
    pub today: BusinessDate,
}

impl Standing {
    /// Reads it; `None` where there is no such batch.
    #[must_use]
    pub fn of(state: &State, rules: &Rules, batch: BatchId) -> Option<Self> {
        let (it, has_come_to) = (state.batch(batch)?, state.batch_state(batch)?);
        Some(Self {
            batch,
            header: *it.header(),
            state: has_come_to,
            progress: *it.progress(),
            submitted_by: it.submitted_by().to_owned(),
            approved_by: it.approved_by().map(str::to_owned),
            credit_refused: it.credit_refused(),
            forgotten: it.is_forgotten(),
            waits_until: (has_come_to == BatchState::Approved).then(|| begins(rules, it.header().pays_on)),
            today: state.date(),
        })
    }
}

fn begins(rules: &Rules, pays_on: BusinessDate) -> String {
    let minutes = rules.payroll.pays_at.as_secs() / 60;
    format!("{pays_on} at {:02}:{:02}", minutes / 60, minutes % 60)
}

/// Reads a kept document beside what became of its payments, in its order.
pub struct Outcomes<'s, R> {
    document: Document<R>,
    snapshot: &'s Snapshot,
    header: Header,
    block: Option<(usize, Arc<Block>)>,
    over: bool,
}

impl<'s, R: Read> Outcomes<'s, R> {
    /// Begins, and reads the document's header.
    ///
    /// # Errors
    /// Where the document cannot be read, or is not the one of which the batch was made.
    pub fn open(document: R, snapshot: &'s Snapshot) -> Result<Self, Error> {
        let mut document = Document::open(document);
        match document.next()? {
            Some(Ok(Entry::Header(header))) => Ok(Self { document, snapshot, header, block: None, over: false }),
            _ => Err(Error::Changed),
        }
    }

    /// What the document says of itself.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The name of its message, as answers repeat it.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.document.message().unwrap_or_default()
    }

    /// The edition of a pain.001.
    #[must_use]
    pub fn edition(&self) -> Option<documents::pain001::Edition> {
        self.document.edition()
    }

    /// Whether the document is what the batch was made of; known when all was read.
    #[must_use]
    pub fn is_of(&self, keys: &Keys, header: &BatchHeader) -> bool {
        self.over && keys.file(self.document.digest().as_ref()) == header.file_key
    }

    fn read(&mut self) -> Result<Option<Outcome>, Error> {
        loop {
            match self.document.next()? {
                Some(Ok(Entry::Block(block))) => {
                    let number = self.block.as_ref().map_or(0, |(number, _)| number + 1);
                    self.block = Some((number, Arc::new(block)));
                }
                Some(Ok(Entry::Item(item))) => {
                    let came = self.snapshot.came(item.index).ok_or(Error::Changed)?;
                    return Ok(Some(Outcome { block: self.block.clone().ok_or(Error::Changed)?, item, came }));
                }
                Some(Ok(Entry::Header(_) | Entry::End(_))) => {}
                Some(Err(_)) => return Err(Error::Changed),
                None => return Ok(None),
            }
        }
    }
}

impl<R: Read> Iterator for Outcomes<'_, R> {
    type Item = Result<Outcome, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let read = self.read().transpose();
        self.over = !matches!(read, Some(Ok(_)));
        read
    }
}
