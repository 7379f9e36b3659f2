//! `payswitch payroll`: salaries of many people from one document. It is checked, submitted by one person, approved by another,
//! paid through the switch, and reported.

mod follow;
mod text;
mod upload;

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use admin::{Batch, Checked, Item, List, Ordered};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::Failure;
use super::ask::{At, Upload};
use super::table::listed;

/// Where a batch has not come to its end, and nothing was refused.
const WAITS: u8 = 3;

/// `payswitch payroll`
#[derive(Args)]
pub(super) struct PayrollCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Tell all that is wrong with a document. Nothing is changed.
    Check {
        /// The document: pain.001 or CSV.
        file: PathBuf,
        #[command(flatten)]
        at: At,
    },
    /// Check a document and, where nothing is wrong with it, make a batch of it, which waits for approval.
    Submit {
        /// The document: pain.001 or CSV.
        file: PathBuf,
        #[command(flatten)]
        by: By,
    },
    /// Have a batch paid. By another person than who submitted it.
    Approve {
        /// Its number.
        batch: u32,
        /// Wait until it is paid, or at rest, and show how far it has come.
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        by: By,
    },
    /// List the batches, or tell how far one has come.
    Status {
        /// Its number; all where left out.
        batch: Option<u32>,
        /// Show how it goes on, until it is done.
        #[arg(long, requires = "batch")]
        follow: bool,
        #[command(flatten)]
        at: At,
    },
    /// List a batch's payments, the first thousand of them.
    Items {
        /// Its number.
        batch: u32,
        /// Only those that are so: waiting, sent, unknown, paid, returned, rejected or cancelled.
        #[arg(long)]
        state: Option<String>,
        /// Only those behind this one.
        #[arg(long, default_value_t = 0)]
        after: u32,
        #[command(flatten)]
        at: At,
    },
    /// Write a report of a batch.
    Report {
        /// Its number.
        batch: u32,
        /// Which.
        #[arg(long, value_enum, default_value_t = Form::Text)]
        form: Form,
        /// For which bank, by name or institution number; camt.054 needs one.
        #[arg(long)]
        bank: Option<String>,
        /// Where to; standard output where left out.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        at: At,
    },
    /// Pay nothing more of a batch. Before money was taken all of it, after that what was not sent. Needs a reason.
    Cancel {
        /// Its number.
        batch: u32,
        #[command(flatten)]
        by: By,
    },
    /// Take back what was paid too much, up to what the account holds. Needs a reason.
    Recall {
        /// The payment, as `payswitch payroll items` lists it.
        batch: u32,
        /// Its place in the document, from 1.
        item: u32,
        /// How much, in major units; all that stands where left out.
        #[arg(long)]
        amount: Option<String>,
        /// Why, as a code of ISO 20022: AM09 too much, DUPL twice, MD07 deceased, CUST for another reason.
        #[arg(long, default_value = "AM09")]
        code: String,
        #[command(flatten)]
        by: By,
    },
    /// Say what became of a payment on the dead-letter list that was cleared up by other means. Needs a reason.
    Settle {
        /// The payment's batch.
        batch: u32,
        /// Its place in the document, from 1.
        item: u32,
        /// Whether the account was credited.
        #[arg(long, value_enum)]
        as_: Outcome,
        #[command(flatten)]
        by: By,
    },
    /// Try again what the payer's bank refused to take back. Needs a reason.
    CreditBack {
        /// The batch.
        batch: u32,
        #[command(flatten)]
        by: By,
    },
}

/// Who orders it, why, and of which switch.
#[derive(Args)]
struct By {
    /// Who orders it.
    #[arg(long, alias = "by", value_name = "NAME")]
    operator: String,
    /// Why.
    #[arg(long, alias = "why", value_name = "TEXT", default_value = "")]
    reason: String,
    #[command(flatten)]
    at: At,
}

/// A report's form.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// What became of the document and of each payment (ISO 20022).
    #[value(name = "pain.002")]
    Pain002,
    /// What one bank has credited and given back (ISO 20022).
    #[value(name = "camt.054")]
    Camt054,
    /// What came back to the payer (ISO 20022).
    #[value(name = "pacs.004")]
    Pacs004,
}

/// What became of a payment.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Outcome {
    /// The account was credited.
    Paid,
    /// It was not.
    NotPaid,
}

impl PayrollCommand {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self.what {
            What::Check { file, at } => document(&at, &file, "/payroll/check", &[]),
            What::Submit { file, by } => {
                let by_whom = [("Operator", by.operator.as_str()), ("Reason", by.reason.as_str())];
                document(&by.at, &file, "/payroll", &by_whom)
            }
            What::Approve { batch, wait, by } => {
                if !wait {
                    return order(&by, batch, "approve", json!({}));
                }
                let body = json!({ "operator": by.operator, "reason": by.reason });
                by.at.send(&format!("/payroll/{batch}/approve"), &body)?;
                follow::follow(&by.at, batch, follow::Until::AtRest)
            }
            What::Status { batch: None, at, .. } => {
                at.show("/payroll", text::batches)?;
                Ok(ExitCode::SUCCESS)
            }
            What::Status { batch: Some(batch), follow: true, at } => follow::follow(&at, batch, follow::Until::Done),
            What::Status { batch: Some(batch), at, .. } => {
                at.show(&format!("/payroll/{batch}"), |it: &Batch| text::batch(it))?;
                Ok(ExitCode::SUCCESS)
            }
            What::Items { batch, state, after, at } => items(&at, batch, state.as_deref(), after),
            What::Report { batch, form, bank, out, at } => report(&at, batch, form, bank.as_deref(), out),
            What::Cancel { batch, by } => order(&by, batch, "cancel", json!({})),
            What::CreditBack { batch, by } => order(&by, batch, "credit-back", json!({})),
            What::Recall { batch, item, amount, code, by } => {
                order(&by, batch, "recall", json!({ "item": item, "amount": amount, "code": code }))
            }
            What::Settle { batch, item, as_, by } => {
                order(&by, batch, "settle", json!({ "item": item, "paid": as_ == Outcome::Paid }))
            }
        }
    }
}

/// Sends a document, and tells what came of it. One with faults is refused, and the command fails.
fn document(at: &At, file: &Path, path: &str, by_whom: &[(&str, &str)]) -> Result<ExitCode, Failure> {
    let Upload { answer, refused } = upload::upload(at, file, path, by_whom)?;
    let checked: Checked = serde_json::from_str(&answer)?;
    let name = file.display().to_string();
    at.print(&answer, |checked: &Checked| text::checked(&name, checked, by_whom.is_empty()))?;
    Ok(if refused || checked.faults_total > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn order(by: &By, batch: u32, name: &str, mut body: serde_json::Value) -> Result<ExitCode, Failure> {
    body["operator"] = by.operator.as_str().into();
    body["reason"] = by.reason.as_str().into();
    let answer = by.at.send(&format!("/payroll/{batch}/{name}"), &body)?;
    by.at.print(&answer, |done: &Ordered| {
        let detail = done.detail.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
        format!("done: {}; batch {} is {}{detail}", done.order, done.batch, done.state)
    })?;
    Ok(ExitCode::SUCCESS)
}

fn items(at: &At, batch: u32, state: Option<&str>, after: u32) -> Result<ExitCode, Failure> {
    let mut path = format!("/payroll/{batch}/items?after={after}");
    if let Some(state) = state {
        path += &format!("&state={}", text::in_a_path(state));
    }
    at.show(&path, |all: &List<Item>| {
        let head = [">item", "state", "bank", "account", ">amount", ">returned", "code", "RRN"];
        let row = |it: &Item| {
            let code = it.code.clone().unwrap_or_default();
            let amounts = [it.amount, it.returned].map(text::minor);
            let [amount, returned] = amounts;
            [it.item.to_string(), it.state.clone(), it.bank.clone(), it.account.clone(), amount, returned, code, it.rrn.clone()]
        };
        listed(all, head, row, "there is none")
    })?;
    Ok(ExitCode::SUCCESS)
}

fn report(at: &At, batch: u32, form: Form, bank: Option<&str>, out: Option<PathBuf>) -> Result<ExitCode, Failure> {
    let form = if at.json { Form::Json } else { form };
    let name = form.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let mut path = format!("/payroll/{batch}/report?form={name}");
    if let Some(bank) = bank {
        path += &format!("&bank={}", text::in_a_path(bank));
    }
    match out {
        None => at.download(&path, &mut std::io::stdout().lock())?,
        Some(out) => {
            // Half a report is none.
            let draft = out.with_extension("part");
            let mut file = draft_of(&draft).map_err(|error| format!("{}: {error}", draft.display()))?;
            let written = at.download(&path, &mut file).and_then(|()| Ok(file.flush().and_then(|()| file.sync_all())?));
            match written.and_then(|()| Ok(std::fs::rename(&draft, &out)?)) {
                Ok(()) => say!("{}: written", out.display()),
                Err(failure) => {
                    let _ = std::fs::remove_file(&draft);
                    return Err(failure);
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A new file for a report, which its owner alone may read: people and their accounts stand in it.
fn draft_of(path: &Path) -> std::io::Result<File> {
    // What was left of an earlier one may be open to others, and keeps its mode when it is only written anew.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_report_is_its_owners_alone_whatever_was_there_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("answer.part");
        std::fs::write(&path, "of an earlier one").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        for _ in 0..2 {
            let made = draft_of(&path).unwrap().metadata().unwrap();
            assert_eq!((made.permissions().mode() & 0o777, made.len()), (0o600, 0));
        }
    }
}
