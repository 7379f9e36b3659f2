//! Payrolls over HTTP: documents in and reports out as streams of any length, orders about batches, and how far they have come.
//!
//! Knows: HTTP, and the words of its answers. Does not know: what a document says, nor where it is kept.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
pub use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::StreamExt;
use futures_util::stream::unfold;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::given::{Asked, Given};
use crate::{Pages, Trouble, answer, comes_as, json, whole};

/// How long the next piece of a document may take to come.
const PIECE_WITHIN: Duration = Duration::from_secs(30);
/// How long a whole document may keep us waiting, and how much longer for each megabyte of it that has begun to come.
const BODY_WITHIN: Duration = Duration::from_secs(30);
const MEGABYTE_WITHIN: Duration = Duration::from_secs(1);
/// In bytes.
const MEGABYTE: u64 = 1_000_000;
/// How many pieces of a document or report may wait: each is what a socket gave at once.
const PIECES_MAX: usize = 16;
/// What a document may say it is.
const DOCUMENTS: [&str; 3] = ["application/xml", "text/xml", "text/csv"];

/// A document that comes in, or a report that goes out, piece by piece.
pub type Pieces = mpsc::Receiver<Piece>;

/// A piece of a document or report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The next bytes.
    Bytes(Bytes),
    /// It is whole. Where the last piece is another one, it was cut off.
    End,
}

/// What is to be done with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To tell what is wrong with it.
    Check,
    /// To make a batch of it.
    Submit {
        /// Who submits it.
        operator: String,
        /// Why.
        reason: String,
    },
}

/// Which report of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedReport {
    /// `pain.002`, `camt.054`, `pacs.004`, `json` or `text`.
    pub form: String,
    /// For which bank, by name or institution number; `camt.054` needs one.
    pub bank: Option<String>,
}

/// A report that comes.
#[derive(Debug)]
pub struct Report {
    /// What it is.
    pub content_type: &'static str,
    /// The report.
    pub pieces: Pieces,
}

/// Which items of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedItems {
    /// Only those in this state.
    pub state: Option<String>,
    /// Only those behind this one.
    pub after: u32,
}

/// An order about a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayrollOrder {
    /// Who orders it.
    pub operator: String,
    /// Why; empty where nobody says.
    pub reason: String,
    /// What.
    pub what: PayrollWhat,
}

/// The orders about batches that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayrollWhat {
    /// `approve`
    Approve,
    /// `cancel`
    Cancel,
    /// `credit-back`
    CreditBack,
    /// `recall`
    Recall {
        /// The item's place in the file, from 1.
        item: u32,
        /// How much, in major units; all that stands where left out.
        amount: Option<String>,
        /// Why: an ISO 20022 reason code.
        code: String,
    },
    /// `settle`
    Settle {
        /// The item's place in the file, from 1.
        item: u32,
        /// Whether its account was credited.
        paid: bool,
    },
}

/// Every order's name, as it stands in the path.
pub const PAYROLL_ORDERS: [&str; 5] = ["approve", "cancel", "credit-back", "recall", "settle"];

impl PayrollOrder {
    /// Reads the body of `POST /payroll/N/NAME`.
    ///
    /// # Errors
    /// [`Trouble::Unfit`] with the field at fault, [`Trouble::Missing`] where no order has the name.
    pub fn read(name: &str, body: &[u8]) -> Result<Self, Trouble> {
        const FIELDS: [&str; 6] = ["operator", "reason", "item", "amount", "code", "paid"];
        if !PAYROLL_ORDERS.contains(&name) {
            return Err(Trouble::Missing(format!("there is no such order; known: {}", PAYROLL_ORDERS.join(", "))));
        }
        let mut given = Given::read(body, "order", &FIELDS, "{\"operator\": \"sovann\", \"reason\": \"as agreed\"}")?;
        let (operator, reason) = (given.needed("operator")?, given.text("reason")?.unwrap_or_default());
        let missing = |field| move || Trouble::unfit(field, "is missing");
        let what = match name {
            "approve" => PayrollWhat::Approve,
            "cancel" => PayrollWhat::Cancel,
            "credit-back" => PayrollWhat::CreditBack,
            "recall" => PayrollWhat::Recall {
                item: given.number("item")?.ok_or_else(missing("item"))?,
                amount: given.text("amount")?,
                code: given.text("code")?.unwrap_or_else(|| "AM09".to_owned()),
            },
            _ => PayrollWhat::Settle {
                item: given.number("item")?.ok_or_else(missing("item"))?,
                paid: given.yes_or_no("paid")?.ok_or_else(missing("paid"))?,
            },
        };
        given.nothing_more(name)?;
        Ok(Self { operator, reason, what })
    }
}

/// The pages whose answers take as long as a document is.
pub(crate) fn long_routes() -> Router<Pages> {
    Router::new()
        .route("/payroll", post(submit))
        .route("/payroll/check", post(check))
        .route("/payroll/{batch}/report", get(report))
}

/// The other pages.
pub(crate) fn routes() -> Router<Pages> {
    Router::new()
        .route("/payroll", get(async |State(pages): State<Pages>| answer(pages.desk.payroll().await)))
        .route("/payroll/office", get(async |State(pages): State<Pages>| answer(pages.desk.payroll_office().await)))
        .route("/payroll/{batch}", get(batch))
        .route("/payroll/{batch}/items", get(items))
        .route("/payroll/{batch}/{order}", post(order))
}

async fn submit(State(pages): State<Pages>, headers: HeaderMap, body: Body) -> Response {
    let purpose = header_text(&headers, "operator").and_then(|operator| {
        let operator = operator.filter(|it| !it.trim().is_empty()).ok_or_else(|| {
            Trouble::unfit("operator", "is missing; it comes in the header Operator, and why in the header Reason")
        })?;
        Ok(Purpose::Submit { operator, reason: header_text(&headers, "reason")?.unwrap_or_default() })
    });
    match purpose {
        Ok(purpose) => document(pages, &headers, body, purpose).await,
        Err(trouble) => trouble.into_response(),
    }
}

async fn check(State(pages): State<Pages>, headers: HeaderMap, body: Body) -> Response {
    document(pages, &headers, body, Purpose::Check).await
}

/// Takes a document as it comes. One that is refused is answered 422 with all that is wrong with it.
async fn document(pages: Pages, headers: &HeaderMap, body: Body, purpose: Purpose) -> Response {
    if !comes_as(headers, &DOCUMENTS) {
        return Trouble::unfit("body", format!("must come with one of the headers content-type: {}", DOCUMENTS.join(", ")))
            .into_response();
    }
    let submits = purpose != Purpose::Check;
    let (pieces, taken) = mpsc::channel(PIECES_MAX);
    let mut telling = pages.desk.payroll_document(purpose, taken);
    let told = tokio::select! {
        told = &mut telling => told,
        () = pump(body, pieces) => telling.await,
    };
    match told {
        Ok(checked) if submits && checked.batch.is_none() => (StatusCode::UNPROCESSABLE_ENTITY, json(&checked)).into_response(),
        told => answer(told),
    }
}

/// Passes a body on until it ends, stops coming, comes too slowly, or nobody takes it any more.
async fn pump(body: Body, pieces: mpsc::Sender<Piece>) {
    let mut body = body.into_data_stream();
    let mut pace = Pace::default();
    loop {
        let began = Instant::now();
        let within = PIECE_WITHIN.min(pace.left());
        let piece = match tokio::time::timeout(within, body.next()).await {
            Ok(Some(Ok(bytes))) => Piece::Bytes(bytes),
            Ok(None) => Piece::End,
            // Cut off: the end never comes.
            Ok(Some(Err(_))) | Err(_) => return,
        };
        let (waited, bytes) = (began.elapsed(), if let Piece::Bytes(bytes) = &piece { bytes.len() } else { 0 });
        pace.took(waited, bytes);
        let ends = piece == Piece::End;
        if pieces.send(piece).await.is_err() || ends {
            return;
        }
    }
}

/// How long a whole body may keep us waiting: a dribble would hold one of the office's few places for good. What we take over a
/// piece ourselves is not the sender's.
#[derive(Default)]
struct Pace {
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// How much longer it may be waited for what has not come yet.
    fn left(&self) -> Duration {
        let megabytes = u32::try_from(self.bytes.div_ceil(MEGABYTE)).unwrap_or(u32::MAX);
        (BODY_WITHIN + MEGABYTE_WITHIN.saturating_mul(megabytes)).saturating_sub(self.waited)
    }

    fn took(&mut self, waited: Duration, bytes: usize) {
        self.waited += waited;
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
}

async fn report(State(pages): State<Pages>, Path(batch): Path<String>, RawQuery(query): RawQuery) -> Response {
    let wanted = number(&batch).and_then(|batch| {
        let mut asked = Asked::read(query.as_deref(), &["form", "bank"])?;
        let form = asked.take("form").unwrap_or_else(|| "json".to_owned());
        Ok((batch, WantedReport { form, bank: asked.take("bank") }))
    });
    let (batch, wanted) = match wanted {
        Ok(wanted) => wanted,
        Err(trouble) => return trouble.into_response(),
    };
    match pages.desk.payroll_report(batch, wanted).await {
        Ok(Report { content_type, pieces }) => {
            let body = Body::from_stream(unfold(Some(pieces), async |pieces| {
                let mut pieces = pieces?;
                match pieces.recv().await {
                    Some(Piece::Bytes(bytes)) => Some((Ok(bytes), Some(pieces))),
                    Some(Piece::End) => None,
                    // The connection is closed in the midst, and so everybody sees that the report is not whole.
                    None => Some((Err(std::io::Error::other("the report ends too early")), None)),
                }
            }));
            ([(header::CONTENT_TYPE, content_type)], body).into_response()
        }
        Err(trouble) => trouble.into_response(),
    }
}

async fn batch(State(pages): State<Pages>, Path(batch): Path<String>) -> Response {
    match number(&batch) {
        Ok(batch) => answer(pages.desk.payroll_batch(batch).await),
        Err(trouble) => trouble.into_response(),
    }
}

async fn items(State(pages): State<Pages>, Path(batch): Path<String>, RawQuery(query): RawQuery) -> Response {
    let wanted = number(&batch).and_then(|batch| {
        let mut asked = Asked::read(query.as_deref(), &["state", "after"])?;
        let after = asked.take("after").map(|text| text.parse().map_err(|_| Trouble::unfit("after", "must be an item's number")));
        Ok((batch, WantedItems { state: asked.take("state"), after: after.transpose()?.unwrap_or(0) }))
    });
    match wanted {
        Ok((batch, wanted)) => answer(pages.desk.payroll_items(batch, wanted).await),
        Err(trouble) => trouble.into_response(),
    }
}

async fn order(
    State(pages): State<Pages>,
    Path((batch, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let read = match (number(&batch), whole(&headers, body).await) {
        (Ok(batch), Ok(body)) => PayrollOrder::read(&name, &body).map(|order| (batch, order)),
        (Err(trouble), _) | (_, Err(trouble)) => Err(trouble),
    };
    match read {
        Ok((batch, order)) => answer(pages.desk.payroll_order(batch, order).await),
        Err(trouble) => trouble.into_response(),
    }
}

fn number(batch: &str) -> Result<u32, Trouble> {
    batch.parse().map_err(|_| Trouble::Missing("there is no such batch; GET /payroll lists those there are".into()))
}

/// A header's text, which may be in any script.
fn header_text(headers: &HeaderMap, name: &'static str) -> Result<Option<String>, Trouble> {
    let text = headers.get(name).map(|value| String::from_utf8(value.as_bytes().to_vec()));
    text.transpose().map_err(|_| Trouble::unfit(name, "is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_about_a_batch_is_read_with_what_belongs_to_it() {
        let read = |name: &str, body: &str| PayrollOrder::read(name, body.as_bytes());
        let approve = PayrollOrder { operator: "bora".into(), reason: String::new(), what: PayrollWhat::Approve };
        assert_eq!(read("approve", r#"{"operator": "bora"}"#), Ok(approve));
        let recall = read("recall", r#"{"operator": "bora", "reason": "died", "item": 7, "amount": "50.00", "code": "MD07"}"#);
        let what = PayrollWhat::Recall { item: 7, amount: Some("50.00".into()), code: "MD07".into() };
        assert_eq!(recall.unwrap().what, what);
        for (name, body, field) in [
            ("approve", r#"{}"#, "operator"),
            ("approve", r#"{"operator": "bora", "item": 7}"#, "item"),
            ("recall", r#"{"operator": "bora"}"#, "item"),
            ("recall", r#"{"operator": "bora", "item": "7"}"#, "item"),
            ("recall", r#"{"operator": "bora", "item": 7, "amount": 50}"#, "amount"),
            ("settle", r#"{"operator": "bora", "item": 7}"#, "paid"),
            ("settle", r#"{"operator": "bora", "item": 7, "paid": "yes"}"#, "paid"),
            ("settle", r#"{"operator": "bora", "item": 7, "paid": true, "who": 1}"#, "body"),
        ] {
            let Err(Trouble::Unfit(problem)) = read(name, body) else { panic!("taken: {body}") };
            assert_eq!(problem.field.as_deref(), Some(field), "{body}");
        }
        assert!(matches!(read("pay", r#"{"operator": "bora"}"#), Err(Trouble::Missing(_))));
    }
    #[test]
    fn names_of_content_have_no_case() {
        let comes = |said: &str| comes_as(&[(header::CONTENT_TYPE, said.parse().unwrap())].into_iter().collect(), &DOCUMENTS);
        assert!(comes("text/csv") && comes("Application/XML; charset=UTF-8") && comes(" TEXT/XML ;x=y"));
        assert!(!comes("text/csvs") && !comes("application/json") && !comes(""));
        assert!(!comes_as(&HeaderMap::new(), &DOCUMENTS));
    }

    /// How long a body is taken whose pieces come so far apart, and how many pieces of it.
    async fn taken(apart: Duration, bytes: usize, count: u32) -> (Duration, u32, bool) {
        let piece = Bytes::from(vec![b' '; bytes]);
        let body = unfold(0, move |at| {
            let piece = piece.clone();
            async move {
                if at == count {
                    return None;
                }
                tokio::time::sleep(apart).await;
                Some((Ok::<_, std::io::Error>(piece), at + 1))
            }
        });
        let began = Instant::now();
        let (sent, mut pieces) = mpsc::channel(PIECES_MAX);
        let pumping = tokio::spawn(pump(Body::from_stream(body), sent));
        let (mut came, mut whole) = (0, false);
        while let Some(piece) = pieces.recv().await {
            match piece {
                Piece::Bytes(_) => came += 1,
                Piece::End => whole = true,
            }
        }
        pumping.await.unwrap();
        (began.elapsed(), came, whole)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_dribbles_is_cut_off_and_one_that_comes_along_is_taken() {
        let second = Duration::from_secs(1);
        // A byte every twenty seconds would be in time for ever, piece by piece.
        let (after, came, whole) = taken(20 * second, 1, 1_000).await;
        assert!(after.abs_diff(31 * second) < second && came == 1 && !whole, "{after:?} {came}");
        // What does not come at all.
        let (after, came, whole) = taken(100 * second, 1, 1).await;
        assert!(after.abs_diff(30 * second) < second && came == 0 && !whole, "{after:?} {came}");
        // A megabyte a second may take its hour.
        let (after, came, whole) = taken(second, 1_000_000, 3_600).await;
        assert!(after.abs_diff(3_600 * second) < second && came == 3_600 && whole, "{after:?} {came}");
    }
}
