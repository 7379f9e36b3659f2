//! A batch as one JSON object, its payments in the document's order. No name, and of an account the last digits.

use std::io::Write;

use engine::ItemState;
use payroll::{Error, Outcome, Standing};
use serde_json::{Value, json};

use super::Report;
use crate::office::{PayrollOffice, shown_account};

impl Report<'_> {
    pub(super) fn json(&self, out: &mut impl Write) -> Result<(), Error> {
        // The object is closed behind its last payment.
        let head = head(self.of).to_string();
        write!(out, "{},\"items\":[", head.strip_suffix('}').unwrap_or(&head)).map_err(Error::Report)?;
        let mut separator = "\n";
        self.with(|outcomes| {
            for outcome in outcomes {
                let outcome = outcome?;
                if self.wants(&outcome.came) {
                    write!(out, "{separator}{}", item(self.office, &outcome)).map_err(Error::Report)?;
                    separator = ",\n";
                }
            }
            Ok(())
        })?;
        out.write_all(b"\n]}\n").map_err(Error::Report)
    }
}

fn head(of: &Standing) -> Value {
    let tally = |it: engine::Tally| json!({ "count": it.count, "amount": it.amount });
    let (header, progress) = (&of.header, &of.progress);
    json!({
        "batch": of.batch.0,
        "state": of.state.name(),
        "payer": header.payer.to_string(),
        "message": header.message.to_string(),
        "period": header.period.to_string(),
        "pays_on": header.pays_on.to_string(),
        "currency": header.currency.alpha(),
        "total": tally(progress.total()),
        "paid": tally(progress.paid),
        "returned": tally(progress.returned),
        "rejected": tally(progress.rejected),
        "pending": tally(progress.pending),
        "funded": progress.funded,
        "credited_back": progress.credited_back,
        "submitted_by": of.submitted_by,
        "approved_by": of.approved_by,
    })
}

fn item(office: &PayrollOffice, it: &Outcome) -> Value {
    let came = &it.came;
    let (code, returned) = match came.state {
        ItemState::Rejected(code) => (Some(code.to_string()), 0),
        ItemState::Returned(back) => (None, back),
        _ => (None, 0),
    };
    json!({
        "item": came.id.number,
        "line": it.item.line,
        "end_to_end_id": it.item.end_to_end_id.as_str(),
        "bank": office.bank_name(came.bank),
        "account": shown_account(it.item.account.as_str()),
        "amount": it.item.amount.minor(),
        "state": came.state.name(),
        "code": code,
        "returned": returned,
        "attempt": came.attempt,
        "rrn": engine::Purpose::Item(came.id).rrn().to_string(),
    })
}
