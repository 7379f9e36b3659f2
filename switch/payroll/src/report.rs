//! What became of a batch: the kept document, payment by payment, beside what the engine says of each.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;

use documents::{Block, Entry, Header, Item};
use engine::{BatchHeader, BatchId, BatchState, ItemId, ItemStanding, Progress, Rules, State};
use model::{BusinessDate, ResponseCode};

use crate::document::Document;
use crate::{Error, Hand, Keys};

/// How many payments the engine is asked of at once.
const AT_ONCE: usize = 1_000;

/// A payment and what became of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The payment block it stands in.
    pub block: Arc<Block>,
    /// As the document has it.
    pub item: Item,
    /// As the engine has it.
    pub standing: ItemStanding,
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
        })
    }
}

fn begins(rules: &Rules, pays_on: BusinessDate) -> String {
    let minutes = rules.payroll.pays_at.as_secs() / 60;
    format!("{pays_on} at {:02}:{:02}", minutes / 60, minutes % 60)
}

/// Reads a kept document beside the engine's state. Gives each payment with what has become of it, in the document's order.
pub struct Outcomes<'h, R, H> {
    document: Document<R>,
    hand: &'h mut H,
    batch: BatchId,
    header: Header,
    block: Option<Arc<Block>>,
    ready: VecDeque<Outcome>,
    over: bool,
}

impl<'h, R: Read, H: Hand> Outcomes<'h, R, H> {
    /// Begins, and reads the document's header.
    ///
    /// # Errors
    /// Where the document cannot be read, or is not the one of which the batch was made.
    pub fn open(document: R, hand: &'h mut H, batch: BatchId) -> Result<Self, Error> {
        let mut document = Document::open(document)?;
        match document.next()? {
            Some(Ok(Entry::Header(header))) => {
                Ok(Self { document, hand, batch, header, block: None, ready: VecDeque::new(), over: false })
            }
            _ => Err(Error::Changed),
        }
    }

    /// What the document says of itself.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the document is what the batch was made of; known when all was read.
    #[must_use]
    pub fn is_of(&self, keys: &Keys, header: &BatchHeader) -> bool {
        self.over && keys.file(self.document.digest().as_ref()) == header.file_key
    }

    fn read(&mut self) -> Result<(), Error> {
        let mut read: Vec<(Arc<Block>, Item)> = Vec::with_capacity(AT_ONCE);
        while read.len() < AT_ONCE && !self.over {
            match self.document.next()? {
                Some(Ok(Entry::Block(block))) => self.block = Some(Arc::new(block)),
                Some(Ok(Entry::Item(item))) => read.push((self.block.clone().ok_or(Error::Changed)?, item)),
                Some(Ok(Entry::Header(_) | Entry::End(_))) => {}
                Some(Err(_)) => return Err(Error::Changed),
                None => self.over = true,
            }
        }
        let batch = self.batch;
        let ids: Vec<ItemId> = read.iter().map(|(_, item)| ItemId { batch, number: item.index }).collect();
        let standing =
            self.hand.look(move |state: &State, _: &Rules| ids.iter().map(|id| state.item(*id)).collect::<Vec<_>>())?;
        for ((block, item), standing) in read.into_iter().zip(standing) {
            self.ready.push_back(Outcome { block, item, standing: standing.ok_or(Error::Forgotten(batch))? });
        }
        Ok(())
    }
}

impl<R: Read, H: Hand> Iterator for Outcomes<'_, R, H> {
    type Item = Result<Outcome, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_empty()
            && !self.over
            && let Err(error) = self.read()
        {
            self.over = true;
            return Some(Err(error));
        }
        self.ready.pop_front().map(Ok)
    }
}
