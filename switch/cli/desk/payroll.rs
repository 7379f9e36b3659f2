//! What operators ask of payrolls over HTTP, put to the office of the running switch on threads that may wait.

use std::io::{self, Read, Write};
use std::sync::Arc;

use admin::payroll::{PayrollOrder as Wanted, PayrollWhat, Piece, Pieces, Purpose, Report, WantedItems, WantedReport};
use admin::{Batch, BatchAtBank, Checked, Item, Later, List, Ordered, Tally, Trouble, Work, Wrong};
use engine::{BatchId, BatchState, ItemId, ItemState, PayrollDisallowed, PayrollOrder, Purpose as Transaction};
use model::Money;
use payroll::{By, Error, Standing};
use server::PayrollOffice;
use server::office::{self, AtBank, Form, shown_account};
use tokio::sync::{mpsc, oneshot};

/// How many pieces of a report may wait for whoever reads it.
const PIECES_MAX: usize = 8;
/// How long a piece of a report is, bytes.
const PIECE: usize = 64 * 1024;
/// What a check cannot say.
const STILL_TO_COME: &str = "Whether the payer's account covers it is asked of its bank when it is approved.";

/// The office, or nobody.
#[derive(Clone)]
pub(super) struct PayrollDesk(Option<Arc<PayrollOffice>>);

impl PayrollDesk {
    pub(super) fn new(office: Option<Arc<PayrollOffice>>) -> Self {
        Self(office)
    }

    /// Does what may wait on a thread of its own.
    fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&PayrollOffice) -> Result<T, Trouble> + Send + 'static,
    ) -> Later<T> {
        let office = self.0.clone();
        Box::pin(async move {
            let office = office.ok_or_else(nobody)?;
            let done = tokio::task::spawn_blocking(move || work(&office)).await;
            done.unwrap_or_else(|_| Err(Trouble::Unavailable("the payroll office has failed; its log says why".into())))
        })
    }

    pub(super) fn batches(&self) -> Later<List<Batch>> {
        self.on_a_thread(|office| {
            let lines: Vec<_> = office.batches().map_err(trouble)?.iter().map(batch).collect();
            Ok(List { total: lines.len(), lines })
        })
    }

    pub(super) fn works(&self) -> Later<List<Work>> {
        self.on_a_thread(|office| {
            let works = office.works().into_iter();
            let lines: Vec<_> =
                works.map(|it| Work { doing: it.doing.name().to_owned(), bytes: it.bytes, items: it.items, of: it.of }).collect();
            Ok(List { total: lines.len(), lines })
        })
    }

    pub(super) fn batch(&self, number: u32) -> Later<Batch> {
        self.on_a_thread(move |office| {
            let it = standing(office, number)?;
            let counted = if it.forgotten { None } else { Some(office.at_banks(&it).map_err(trouble)?) };
            let mut batch = batch(&it);
            if let Some((banks, per_second)) = counted {
                batch.banks = banks.iter().map(|at| at_bank(office, at)).collect();
                batch.items_per_second = Some(per_second);
            }
            Ok(batch)
        })
    }

    pub(super) fn items(&self, number: u32, wanted: WantedItems) -> Later<List<Item>> {
        self.on_a_thread(move |office| {
            let known = ["waiting", "sent", "unknown", "paid", "returned", "rejected", "cancelled"];
            if wanted.state.as_deref().is_some_and(|state| !known.contains(&state)) {
                return Err(Trouble::unfit("state", format!("must be one of {}", known.join(", "))));
            }
            let wanted = office::WantedItems { state: wanted.state, after: wanted.after };
            let shown = office.items(BatchId(number), &wanted).map_err(trouble)?.ok_or_else(|| missing(number))?;
            Ok(List { lines: shown.lines.iter().map(|it| item(office, it)).collect(), total: shown.total })
        })
    }

    pub(super) fn document(&self, purpose: Purpose, pieces: Pieces) -> Later<Checked> {
        self.on_a_thread(move |office| {
            let document = Incoming { pieces, piece: Default::default(), ended: false };
            match purpose {
                Purpose::Check => office.check(document).map(|it| checked(&it, None)).map_err(trouble),
                Purpose::Submit { operator, reason } => {
                    let by = By { operator: &operator, reason: &reason };
                    let done = office.submit(document, by).map_err(trouble)?;
                    Ok(checked(&done.checked, done.batch))
                }
            }
        })
    }

    pub(super) fn order(&self, number: u32, wanted: Wanted) -> Later<Ordered> {
        self.on_a_thread(move |office| {
            let Wanted { operator, reason, what } = wanted;
            let order = order(office, number, &what)?;
            let name = order.name().to_owned();
            office.order(By { operator: &operator, reason: &reason }, order).map_err(trouble)?;
            let it = office.batch(BatchId(number)).map_err(trouble)?;
            // An opening batch that was cancelled is no more.
            let (state, detail) = it.map_or(("cancelled", None), |it| (it.state.name(), detail(&it)));
            Ok(Ordered { order: name, batch: number, state: state.to_owned(), detail })
        })
    }

    pub(super) fn report(&self, number: u32, wanted: WantedReport) -> Later<Report> {
        let office = self.0.clone();
        Box::pin(async move {
            let office = office.ok_or_else(nobody)?;
            let names = || Form::ALL.map(|(name, _)| name).join(", ");
            let form = Form::named(&wanted.form)
                .ok_or_else(|| Trouble::unfit("form", format!("there is no such report; known: {}", names())))?;
            let bank = wanted.bank.map(|bank| {
                office.bank(&bank).ok_or_else(|| Trouble::unfit("bank", "there is no such bank; write its name or number"))
            });
            let bank = bank.transpose()?;
            if form.needs_bank() && bank.is_none() {
                return Err(Trouble::unfit("bank", format!("is missing; {} is for one bank", wanted.form)));
            }
            let (sent, pieces) = mpsc::channel(PIECES_MAX);
            let (begins, begun) = oneshot::channel();
            tokio::task::spawn_blocking(move || {
                let mut out = Outgoing { sent, buffer: Vec::with_capacity(PIECE), begins: Some(begins) };
                let done = office.report(BatchId(number), form, bank, &mut out).map_err(trouble);
                out.finish(done.and_then(|done| done.ok_or_else(|| missing(number))));
            });
            let failed = || Trouble::Unavailable("the payroll office has failed; its log says why".into());
            begun.await.unwrap_or_else(|_| Err(failed()))?;
            Ok(Report { content_type: form.content_type(), pieces })
        })
    }
}

/// A document that comes over HTTP, read where waiting is no harm.
struct Incoming {
    pieces: Pieces,
    piece: admin::payroll::Bytes,
    ended: bool,
}

impl Read for Incoming {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.piece = bytes,
                Some(Piece::End) => self.ended = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = self.piece.len().min(into.len());
        for (to, from) in into.iter_mut().zip(self.piece.split_to(count)) {
            *to = from;
        }
        Ok(count)
    }
}

/// A report that goes out over HTTP. What is wrong before its first piece is told instead of it; after that it is cut off.
struct Outgoing {
    sent: mpsc::Sender<Piece>,
    buffer: Vec<u8>,
    begins: Option<oneshot::Sender<Result<(), Trouble>>>,
}

impl Outgoing {
    fn send(&mut self) -> io::Result<()> {
        if let Some(begins) = self.begins.take() {
            let _ = begins.send(Ok(()));
        }
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE));
        self.sent.blocking_send(Piece::Bytes(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn finish(mut self, done: Result<(), Trouble>) {
        match (done, self.begins.take()) {
            (Err(trouble), Some(begins)) => drop(begins.send(Err(trouble))),
            (Err(trouble), None) => tracing::warn!(?trouble, "a report was cut off"),
            (Ok(()), begins) => {
                self.begins = begins;
                if self.send().is_ok() {
                    let _ = self.sent.blocking_send(Piece::End);
                }
            }
        }
    }
}

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > PIECE && !self.buffer.is_empty() {
            self.send()?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn nobody() -> Trouble {
    Trouble::Conflict(
        "this switch has no payroll; add a [payroll] table to its configuration (payswitch run --print-config shows it)".into(),
    )
}

fn missing(number: u32) -> Trouble {
    Trouble::Missing(format!("there is no batch {number}; payswitch payroll status lists those there are"))
}

fn standing(office: &PayrollOffice, number: u32) -> Result<Standing, Trouble> {
    office.batch(BatchId(number)).map_err(trouble)?.ok_or_else(|| missing(number))
}

fn trouble(error: Error) -> Trouble {
    let said = error.to_string();
    match error {
        Error::Unfit(part, problem) => Trouble::unfit(part, problem),
        Error::TooLong(_) => Trouble::unfit("body", said),
        Error::Document(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
            Trouble::unfit("body", "ended before the document did: the connection broke; send it again")
        }
        Error::Disallowed(PayrollDisallowed::NoOperator) => Trouble::unfit("operator", said),
        Error::Disallowed(PayrollDisallowed::NoReason) => Trouble::unfit("reason", said),
        Error::Disallowed(PayrollDisallowed::NoSuchBatch(_) | PayrollDisallowed::NoSuchItem(_)) => Trouble::Missing(said),
        Error::Disallowed(_) | Error::Registry { .. } | Error::RegistryLine { .. } | Error::Forgotten(_) | Error::Changed => {
            Trouble::Conflict(said)
        }
        Error::Document(_)
        | Error::Kept { .. }
        | Error::Random
        | Error::Report(_)
        | Error::NotNow
        | Error::Unknown
        | Error::Stopped => Trouble::Unavailable(said),
    }
}

fn tally(it: engine::Tally) -> Tally {
    Tally { count: it.count, amount: it.amount }
}

fn batch(it: &Standing) -> Batch {
    let (header, progress) = (&it.header, &it.progress);
    Batch {
        batch: it.batch.0,
        state: it.state.name().to_owned(),
        detail: detail(it),
        code: refused(it).map(|code| code.to_string()),
        payer: header.payer.to_string(),
        message: header.message.to_string(),
        period: header.period.to_string(),
        pays_on: header.pays_on.to_string(),
        currency: header.currency.alpha().to_owned(),
        total: Tally { count: header.count.into(), amount: header.total },
        paid: tally(progress.paid),
        returned: tally(progress.returned),
        rejected: tally(progress.rejected),
        pending: tally(progress.pending),
        credited_back: progress.credited_back,
        submitted_by: it.submitted_by.clone(),
        approved_by: it.approved_by.clone(),
        banks: Vec::new(),
        items_per_second: None,
    }
}

/// With what the payer's bank has refused the batch.
fn refused(it: &Standing) -> Option<model::ResponseCode> {
    match it.state {
        BatchState::Unfunded(code) => Some(code),
        _ => it.credit_refused,
    }
}

/// What there is to say of a batch's state beyond its name.
fn detail(it: &Standing) -> Option<String> {
    let code = |code: model::ResponseCode| format!("{code} {}", code.meaning().unwrap_or("(a code this switch does not know)"));
    match it.state {
        BatchState::Unfunded(why) => Some(format!("the payer's bank says {}; approve it again when that is mended", code(why))),
        BatchState::Approved => it.waits_until.as_ref().map(|when| format!("it begins on {when}")),
        _ => it.credit_refused.map(|why| {
            format!(
                "the payer's bank does not take back what was not paid: {}; payswitch payroll credit-back tries again",
                code(why)
            )
        }),
    }
}

fn at_bank(office: &PayrollOffice, it: &AtBank) -> BatchAtBank {
    BatchAtBank {
        bank: office.bank_name(it.bank),
        up: it.up,
        total: tally(it.total),
        waiting: tally(it.waiting),
        sent: tally(it.sent),
        unknown: tally(it.unknown),
        paid: tally(it.paid),
        returned: tally(it.returned),
        rejected: tally(it.rejected),
    }
}

fn item(office: &PayrollOffice, it: &engine::ItemStanding) -> Item {
    let (code, returned) = match it.state {
        ItemState::Rejected(code) => (Some(code.to_string()), 0),
        ItemState::Returned(back) => (None, back),
        _ => (None, 0),
    };
    Item {
        item: it.id.number,
        state: it.state.name().to_owned(),
        bank: office.bank_name(it.item.bank),
        account: shown_account(&it.item.account.to_string()),
        amount: it.item.amount,
        returned,
        code,
        rrn: Transaction::Item(it.id).rrn().to_string(),
    }
}

fn checked(it: &payroll::Checked, batch: Option<BatchId>) -> Checked {
    let terms = it.terms.as_deref();
    let wrong = |fault: &payroll::Fault| Wrong {
        line: fault.line,
        column: fault.column,
        field: fault.field.clone(),
        code: fault.problem.code().to_string(),
        problem: fault.problem.to_string(),
    };
    Checked {
        batch: batch.map(|batch| batch.0),
        message: it.message.clone(),
        payer: terms.map(|terms| terms.payer.id.clone()),
        period: terms.map(|terms| terms.period().to_string()),
        pays_on: terms.map(|terms| terms.pays_on.to_string()),
        currency: terms.and_then(|terms| terms.currency).map(|currency| currency.alpha().to_owned()),
        items: it.items,
        total: it.total,
        faults: it.faults.listed().iter().map(wrong).collect(),
        faults_total: it.faults.total(),
        still_to_come: it.faults.is_empty().then(|| STILL_TO_COME.to_owned()),
    }
}

fn order(office: &PayrollOffice, number: u32, what: &PayrollWhat) -> Result<PayrollOrder, Trouble> {
    let batch = BatchId(number);
    Ok(match what {
        PayrollWhat::Approve => PayrollOrder::Approve(batch),
        PayrollWhat::Cancel => PayrollOrder::Cancel(batch),
        PayrollWhat::CreditBack => PayrollOrder::CreditBack(batch),
        PayrollWhat::Settle { item, paid } => PayrollOrder::Settle { item: ItemId { batch, number: *item }, paid: *paid },
        PayrollWhat::Recall { item, amount, code } => {
            let id = ItemId { batch, number: *item };
            PayrollOrder::Recall { item: id, amount: recalled(office, id, amount.as_deref())?, why: reason(code)? }
        }
    })
}

/// How much is asked back: what was written, or all that stands.
fn recalled(office: &PayrollOffice, id: ItemId, amount: Option<&str>) -> Result<u64, Trouble> {
    let of = standing(office, id.batch.0)?;
    match amount {
        Some(text) => {
            let amount = Money::from_major(text, of.header.currency);
            amount.map(Money::minor).map_err(|error| Trouble::unfit("amount", error.to_string()))
        }
        None => {
            let it = office.item(id).map_err(trouble)?;
            let it = it.ok_or_else(|| Trouble::Missing(format!("batch {} has no item {}", id.batch, id.number)))?;
            let back = if let ItemState::Returned(back) = it.state { back } else { 0 };
            Ok(it.item.amount.saturating_sub(back))
        }
    }
}

fn reason(code: &str) -> Result<[u8; 4], Trouble> {
    let known = code.parse::<documents::ReasonCode>().ok();
    let bytes = known.and_then(|code| code.text().as_bytes().try_into().ok());
    bytes.ok_or_else(|| Trouble::unfit("code", "is no reason of ISO 20022 that is used here; write AM09, DUPL, MD07 or CUST"))
}
