//! A batch in a page for people: totals, banks, and the payments that have not arrived.

use std::io::{self, Write};

use engine::{ItemState, Tally};
use model::Money;
use payroll::{Error, Outcome, Standing};

use crate::office::{PayrollOffice, shown_account};

/// How many payments are listed that have not arrived.
const LINES_MAX: usize = 100;

pub(super) fn write(office: &PayrollOffice, of: &Standing, out: &mut impl Write) -> Result<(), Error> {
    head(of, out).map_err(Error::Report)?;
    if of.forgotten {
        return writeln!(out, "\nOnly these totals are remembered of it.").map_err(Error::Report);
    }
    banks(office, of, out)?;
    let mut lines = Vec::new();
    let mut more = 0_u64;
    office.with(of, |outcomes| {
        for outcome in outcomes {
            let outcome = outcome?;
            if outcome.standing.state == ItemState::Paid {
                continue;
            }
            if lines.len() < LINES_MAX {
                lines.push(line(office, of, &outcome));
            } else {
                more += 1;
            }
        }
        Ok(())
    })?;
    rest(&lines, more, out).map_err(Error::Report)
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
    let back = Money::from_minor(progress.credited_back, header.currency).to_string();
    writeln!(out, "{:<12}{:>10}{back:>26}", "given back", "")?;
    match of.credit_refused {
        Some(code) => {
            let meaning = code.meaning().unwrap_or("a code this switch does not know");
            writeln!(out, "\nThe payer's bank refused to take back what was not paid: {code} {meaning}.")
        }
        None => Ok(()),
    }
}

fn banks(office: &PayrollOffice, of: &Standing, out: &mut impl Write) -> Result<(), Error> {
    let (banks, _) = office.at_banks(of)?;
    let mut write = || {
        writeln!(out, "\n{:<12}{:>10}{:>10}{:>10}{:>10}{:>10}", "bank", "payments", "paid", "returned", "rejected", "pending")?;
        for bank in &banks {
            let pending = bank.waiting.count + bank.sent.count + bank.unknown.count;
            let [total, paid, returned, rejected] = [bank.total, bank.paid, bank.returned, bank.rejected].map(|it| it.count);
            let name = office.bank_name(bank.bank);
            writeln!(out, "{name:<12}{total:>10}{paid:>10}{returned:>10}{rejected:>10}{pending:>10}")?;
        }
        Ok(())
    };
    write().map_err(Error::Report)
}

fn line(office: &PayrollOffice, of: &Standing, it: &Outcome) -> String {
    let standing = &it.standing;
    let detail = match standing.state {
        ItemState::Rejected(code) => format!(" {code} {}", code.meaning().unwrap_or("a code this switch does not know")),
        ItemState::Returned(back) => format!(" {}", Money::from_minor(back, of.header.currency)),
        _ => String::new(),
    };
    format!(
        "line {:<8} {:<35} {:<10} {:<8} {:>20} {}{detail}",
        it.item.line,
        it.item.end_to_end_id.as_str(),
        office.bank_name(standing.item.bank),
        shown_account(&standing.item.account),
        Money::from_minor(standing.item.amount, of.header.currency).to_string(),
        standing.state,
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
