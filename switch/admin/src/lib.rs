//! What operators reach over HTTP: `/metrics` for Prometheus, `/live` and `/ready` for whoever restarts and routes, the lists they
//! look at, `/orders`, `/payroll`; and for testers `/faults` and `/clock`.
//!
//! Knows: HTTP, and what it is handed. Does not know: the switch; it speaks to it through [`Desk`] only.

mod given;
mod order;
pub mod payroll;
mod rehearse;
mod words;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use prometheus::{Registry, TextEncoder};
use serde::Serialize;
use tokio::net::TcpListener;

pub use order::{ORDERS, Order, What};
pub use rehearse::{MoveClock, WantedFault};
pub use words::{
    Bank, Batch, BatchAtBank, CardCount, CardStats, Checked, Cleared, Clock, DeadLetter, Done, Fault, HotCard, Item, List,
    OpenDay, Ordered, Overruled, Position, Problem, Status, Tally, Work, Wrong,
};

/// The longest body of a request, bytes: no order is nearly as long.
const BODY_MAX: usize = 4096;
/// How long a body may take to come.
const BODY_WITHIN: Duration = Duration::from_secs(5);
/// How long any answer may take; whoever is asked bounds himself below that.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Why an order or a look came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// 400: the request is at fault.
    Unfit(Problem),
    /// 404: there is no such thing.
    Missing(String),
    /// 409: it cannot be carried out as things are.
    Conflict(String),
    /// 503: nothing can be done or said now.
    Unavailable(String),
}

impl Trouble {
    /// The request is at fault, in this field.
    pub fn unfit(field: &str, problem: impl Into<String>) -> Self {
        Self::Unfit(Problem { field: Some(field.to_owned()), problem: problem.into() })
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (status, problem) = match self {
            Self::Unfit(problem) => (StatusCode::BAD_REQUEST, problem),
            Self::Missing(problem) => (StatusCode::NOT_FOUND, Problem { field: None, problem }),
            Self::Conflict(problem) => (StatusCode::CONFLICT, Problem { field: None, problem }),
            Self::Unavailable(problem) => (StatusCode::SERVICE_UNAVAILABLE, Problem { field: None, problem }),
        };
        (status, json(&problem)).into_response()
    }
}

/// An answer that comes later.
pub type Later<T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send>>;

/// Where operators' questions and orders go.
pub trait Desk: Send + Sync + 'static {
    /// Why the switch cannot serve now; `None` where it can.
    fn problem(&self) -> Option<&'static str>;
    /// How it is.
    fn status(&self) -> Later<Status>;
    /// Who owes whom.
    fn positions(&self) -> Later<List<Position>>;
    /// What is owed to banks and was given up.
    fn dead_letters(&self) -> Later<List<DeadLetter>>;
    /// Which cards are refused.
    fn hot_cards(&self) -> Later<List<HotCard>>;
    /// How many cards there are, by agency, bank, kind and state.
    fn card_stats(&self) -> Later<CardStats>;
    /// What stands although its acquirer reversed it.
    fn overruled(&self) -> Later<List<Overruled>>;
    /// Carries out an order; answered when it is durable.
    fn order(&self, order: Order) -> Later<Done>;
    /// The faults that testers have set.
    fn faults(&self) -> Later<List<Fault>>;
    /// Sets a fault.
    fn set_fault(&self, fault: WantedFault) -> Later<Fault>;
    /// Clears the fault of this number, or all.
    fn clear_faults(&self, id: Option<String>) -> Later<Cleared>;
    /// What the switch's clock shows.
    fn clock(&self) -> Later<Clock>;
    /// Moves a clock that stands; answered when what is due by then is durable.
    fn move_clock(&self, wanted: MoveClock) -> Later<Clock>;
    /// The batches of salaries, newest first.
    fn payroll(&self) -> Later<List<Batch>>;
    /// What the payroll office works on.
    fn payroll_office(&self) -> Later<List<Work>>;
    /// How far a batch has come.
    fn payroll_batch(&self, batch: u32) -> Later<Batch>;
    /// Its items.
    fn payroll_items(&self, batch: u32, wanted: payroll::WantedItems) -> Later<List<Item>>;
    /// Checks a document, and makes a batch of it where that is wanted and nothing is wrong.
    fn payroll_document(&self, purpose: payroll::Purpose, document: payroll::Pieces) -> Later<Checked>;
    /// Carries out an order about a batch; answered when it is durable.
    fn payroll_order(&self, batch: u32, order: payroll::PayrollOrder) -> Later<Ordered>;
    /// A report of a batch.
    fn payroll_report(&self, batch: u32, wanted: payroll::WantedReport) -> Later<payroll::Report>;
}

/// What the pages are made of.
#[derive(Clone)]
pub struct Pages {
    registry: Registry,
    desk: Arc<dyn Desk>,
}

impl Pages {
    /// Pages over a switch's metrics and its desk.
    pub fn new(registry: Registry, desk: impl Desk) -> Self {
        Self { registry, desk: Arc::new(desk) }
    }
}

/// Serves the pages until `stop` is done.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(listener: TcpListener, pages: Pages, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    axum::serve(listener, router(pages)).with_graceful_shutdown(stop).await
}

fn router(pages: Pages) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/metrics", get(metrics))
        .route("/live", get(async || "live\n"))
        .route("/ready", get(ready))
        .route("/status", get(async |State(pages): State<Pages>| answer(pages.desk.status().await)))
        .route("/positions", get(async |State(pages): State<Pages>| answer(pages.desk.positions().await)))
        .route("/dead-letters", get(async |State(pages): State<Pages>| answer(pages.desk.dead_letters().await)))
        .route("/hot-cards", get(async |State(pages): State<Pages>| answer(pages.desk.hot_cards().await)))
        .route("/cards/stats", get(async |State(pages): State<Pages>| answer(pages.desk.card_stats().await)))
        .route("/overruled", get(async |State(pages): State<Pages>| answer(pages.desk.overruled().await)))
        .route("/orders", post(order))
        .route("/faults", get(async |State(pages): State<Pages>| answer(pages.desk.faults().await)).post(fault).delete(clear_all))
        .route("/faults/{id}", delete(clear))
        .route("/clock", get(async |State(pages): State<Pages>| answer(pages.desk.clock().await)).post(clock))
        .merge(payroll::routes())
        .layer(axum::middleware::from_fn(in_time))
        .merge(payroll::long_routes())
        .with_state(pages)
}

async fn index() -> &'static str {
    "payswitch\n\n\
     /metrics       for Prometheus\n\
     /live          the process runs\n\
     /ready         requests are taken\n\
     /status        business date, banks, what waits\n\
     /positions     who owes whom\n\
     /dead-letters  what is owed to banks and was given up\n\
     /hot-cards     cards that are refused\n\
     /cards/stats   how many cards there are, by agency, bank, kind and state\n\
     /overruled     what stands although its acquirer reversed it\n\
     /orders        POST: an operator's order\n\
     /faults        what testers have set on links; POST sets a fault, DELETE clears all, DELETE /faults/ID one\n\
     /clock         what the switch's clock shows; POST moves a manual one\n\
     /payroll       batches of salaries; POST submits a document, POST /payroll/check only checks it; /payroll/N, /payroll/N/items,\n\
                    /payroll/N/report; POST /payroll/N/approve, cancel, credit-back, recall, settle\n"
}

/// The Prometheus text format, version 0.0.4.
async fn metrics(State(pages): State<Pages>) -> Response {
    match TextEncoder::new().encode_to_string(&pages.registry.gather()) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn ready(State(pages): State<Pages>) -> (StatusCode, String) {
    match pages.desk.problem() {
        None => (StatusCode::OK, "ready\n".to_owned()),
        Some(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {problem}\n")),
    }
}

async fn order(State(pages): State<Pages>, headers: HeaderMap, body: Body) -> Response {
    match whole(&headers, body).await.and_then(|body| Order::read(&body)) {
        Ok(order) => answer(pages.desk.order(order).await),
        Err(trouble) => trouble.into_response(),
    }
}

async fn fault(State(pages): State<Pages>, headers: HeaderMap, body: Body) -> Response {
    match whole(&headers, body).await.and_then(|body| WantedFault::read(&body)) {
        Ok(fault) => answer(pages.desk.set_fault(fault).await),
        Err(trouble) => trouble.into_response(),
    }
}

async fn clear_all(State(pages): State<Pages>) -> Response {
    answer(pages.desk.clear_faults(None).await)
}

async fn clear(State(pages): State<Pages>, Path(id): Path<String>) -> Response {
    answer(pages.desk.clear_faults(Some(id)).await)
}

async fn clock(State(pages): State<Pages>, headers: HeaderMap, body: Body) -> Response {
    match whole(&headers, body).await.and_then(|body| MoveClock::read(&body)) {
        Ok(wanted) => answer(pages.desk.move_clock(wanted).await),
        Err(trouble) => trouble.into_response(),
    }
}

/// The whole body of a request. Only JSON that says it is JSON: a web page that an operator has open cannot send that to another
/// origin.
async fn whole(headers: &HeaderMap, body: Body) -> Result<Bytes, Trouble> {
    if !comes_as(headers, &["application/json"]) {
        return Err(Trouble::unfit("body", "must come with the header content-type: application/json"));
    }
    match tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, BODY_MAX)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(Trouble::unfit("body", format!("must come whole and have at most {BODY_MAX} bytes"))),
        Err(_) => Err(Trouble::unfit("body", format!("was not whole after {BODY_WITHIN:?}"))),
    }
}

/// Whether a body says that it is one of these. Their names have no case (RFC 9110, 8.3.1).
fn comes_as(headers: &HeaderMap, kinds: &[&str]) -> bool {
    let said = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()?.split(';').next());
    said.is_some_and(|said| kinds.iter().any(|kind| said.trim().eq_ignore_ascii_case(kind)))
}

fn answer(result: Result<impl Serialize, Trouble>) -> Response {
    match result {
        Ok(said) => json(&said).into_response(),
        Err(trouble) => trouble.into_response(),
    }
}

fn json(said: &impl Serialize) -> ([(header::HeaderName, &'static str); 1], String) {
    // Plain data whose keys are text always becomes JSON.
    let text = serde_json::to_string(said).unwrap_or_default() + "\n";
    ([(header::CONTENT_TYPE, "application/json")], text)
}

async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Trouble::Unavailable(format!("no answer within {ANSWER_WITHIN:?}")).into_response(),
    }
}
