//! The report for a browser: one page.

use super::Report;

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    let _ = report;
    String::new()
}
