//! A batch in a page for people: totals, banks, and the payments that have not arrived.

use std::collections::BTreeMap;
use std::io::{self, Write};

use engine::{BankId, ItemState, Tally};
use model::Money;
use payroll::{Error, Outcome, Standing};

use super::Report;
use crate::office::{PayrollOffice, shown_account};

/// How many payments are listed that have not arrived.
const LINES_MAX: usize = 100;

/// Of a batch that is remembered by its totals alone.
pub(super) fn forgotten(of: &Standing, out: &mut impl Write) -> io::Result<()> {
    head(of, out)?;
    writeln!(out, "\nOnly these totals are remembered of it.")
}

impl Report<'_> {
    pub(super) fn text(&self, out: &mut impl Write) -> Result<(), Error> {
        head(self.of, out).map_err(Error::Report)?;
        banks(self, out).map_err(Error::Report)?;
        let mut lines = Vec::new();
        let mut more = 0_u64;
        self.with(|outcomes| {
            for outcome in outcomes {
                let outcome = outcome?;
                if outcome.came.state == ItemState::Paid || !self.wants(&outcome.came) {
                    continue;
                }
                if lines.len() < LINES_MAX {
                    lines.push(line(self.office, self.of, &outcome));
                } else {
                    more += 1;
                }
            }
            Ok(())
        })?;
        rest(&lines, more, out).map_err(Error::Report)
    }
}

fn head(of: &Standing, out: &mut impl Write) -> io::Result<()> {
    let (header, progress) = (&of.header, &of.progress);
    writeln!(out, "Payroll {}, batch {}: {}", header.message, of.batch, of.state)?;
    writeln!(out, "for half-month {}, to be paid on {}, from {}", header.period, header.pays_on, header.payer)?;
    let approved = of.approved_by.as_ref().map(|who| format!(", approved by {who}")).unwrap_or_default();
    writeln!(out, "submitted by {}{approved}\n", of.submitted_by)?;
    let mut row = |name: &str, it: Tally| {
        let amount = Money::from_minor(it.amount, header.currency);
        writeln!(out, "{name:<12}{:>10}{amount:>26}", it.count, amount = amount.to_string())
    };
    row("paid", progress.paid)?;
    row("returned", progress.returned)?;
    row("rejected", progress.rejected)?;
    row("pending", progress.pending)?;
    row("total", progress.total())?;
    for (name, amount) in [("funded", progress.funded), ("given back", progress.credited_back)] {
        let amount = Money::from_minor(amount, header.currency).to_string();
        writeln!(out, "{name:<12}{:>10}{amount:>26}", "")?;
    }
    match of.credit_refused {
        Some(code) => {
            let meaning = code.meaning().unwrap_or("a code this switch does not know");
            writeln!(out, "\nThe payer's bank refused to take back what was not paid: {code} {meaning}.")
        }
        None => Ok(()),
    }
}

/// How many payments of each bank were paid, returned, rejected, and have not come to their end.
fn banks(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut banks: BTreeMap<BankId, [u64; 4]> = BTreeMap::new();
    for came in report.snapshot.all().filter(|came| report.wants(came)) {
        let [paid, returned, rejected, pending] = banks.entry(came.bank).or_default();
        *match came.state {
            ItemState::Paid => paid,
            ItemState::Returned(_) => returned,
            ItemState::Rejected(_) | ItemState::Cancelled => rejected,
            ItemState::Waiting | ItemState::Sent | ItemState::Unknown => pending,
        } += 1;
    }
    writeln!(out, "\n{:<12}{:>10}{:>10}{:>10}{:>10}{:>10}", "bank", "payments", "paid", "returned", "rejected", "pending")?;
    for (bank, counts) in banks {
        let [paid, returned, rejected, pending] = counts;
        let (name, total) = (report.office.bank_name(bank), counts.iter().sum::<u64>());
        writeln!(out, "{name:<12}{total:>10}{paid:>10}{returned:>10}{rejected:>10}{pending:>10}")?;
    }
    Ok(())
}

fn line(office: &PayrollOffice, of: &Standing, it: &Outcome) -> String {
    let came = &it.came;
    let detail = match came.state {
        ItemState::Rejected(code) => format!(" {code} {}", code.meaning().unwrap_or("a code this switch does not know")),
        ItemState::Returned(back) => format!(" {}", Money::from_minor(back, of.header.currency)),
        _ => String::new(),
    };
    format!(
        "line {:<8} {:<35} {:<10} {:<8} {:>20} {}{detail}",
        it.item.line,
        it.item.end_to_end_id.as_str(),
        office.bank_name(came.bank),
        shown_account(it.item.account.as_str()),
        it.item.amount.to_string(),
        came.state,
    )
}

fn rest(lines: &[String], more: u64, out: &mut impl Write) -> io::Result<()> {
    if lines.is_empty() {
        return writeln!(out, "\nEvery payment has arrived.");
    }
    writeln!(out, "\nNot arrived, or given back:")?;
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    if more > 0 { writeln!(out, "and {more} more") } else { Ok(()) }
}
