//! What operators reach over HTTP: `/metrics` for Prometheus, `/live` and `/ready` for whoever restarts and routes.
//!
//! Knows: HTTP, and what it is handed. Does not know: the switch; it speaks to it through what it is handed only.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{Registry, TextEncoder};
use tokio::net::TcpListener;

/// What the pages are made of.
#[derive(Clone)]
pub struct Pages {
    registry: Registry,
    problem: Arc<dyn Fn() -> Option<&'static str> + Send + Sync>,
}

impl Pages {
    /// `problem` says why the switch cannot serve now; `None` where it can.
    pub fn new(registry: Registry, problem: impl Fn() -> Option<&'static str> + Send + Sync + 'static) -> Self {
        Self { registry, problem: Arc::new(problem) }
    }
}

/// Serves the pages until `stop` is done.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(listener: TcpListener, pages: Pages, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    let router = Router::new()
        .route("/", get(index))
        .route("/metrics", get(metrics))
        .route("/live", get(async || "live\n"))
        .route("/ready", get(ready))
        .with_state(pages);
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

async fn index() -> &'static str {
    "payswitch\n\n/metrics  for Prometheus\n/live     the process runs\n/ready    requests are taken\n"
}

/// The Prometheus text format, version 0.0.4.
async fn metrics(State(pages): State<Pages>) -> Response {
    match TextEncoder::new().encode_to_string(&pages.registry.gather()) {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn ready(State(pages): State<Pages>) -> (StatusCode, String) {
    match (pages.problem)() {
        None => (StatusCode::OK, "ready\n".to_owned()),
        Some(problem) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {problem}\n")),
    }
}
