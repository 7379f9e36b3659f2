//! Scenarios: files that say who sends what, what is expected of it, and what goes wrong meanwhile.
//!
//! Knows: how such a file is written and what it means. Does not know: where it is played (`replay`).

mod checks;
pub mod draft;
mod error;
pub mod fields;
mod format;
pub mod import;
pub mod keys;
mod lint;
mod matcher;
mod model;
#[cfg(test)]
mod page;
mod parse;
mod payroll;
mod plan;
mod reader;
mod schema;
mod steps;
mod template;
#[cfg(test)]
mod tests;
pub(crate) mod times;
pub(crate) mod values;

pub use draft::write;
pub use error::Error;
pub use fields::Draft;
pub use format::format;
pub use lint::{Finding, Linter, Severity};
pub use matcher::{Check, Judged, Matcher, Shape};
pub use model::{
    Action, Assert, At, Clock, Command, CommandWord, Expect, ExpectAt, Expected, Fault, Scenario, Send, Sent, Setting,
    SettingValue, Span, Step, Subject, TerminalSection, Wanted,
};
pub use payroll::{Payroll, PayrollItem, PayrollSource, PayrollWord, Person, Submission};
pub use schema::schema;
pub use template::{Part, Template};
