//! The payroll pages of a running switch.

use model::Currency;
use serde_json::{Value, json};

use super::pages::{Pages, count, lines, problem};
use crate::http::{self, Answer};
use crate::replay::payroll::{BatchLook, ItemLook, PayrollCame, PayrollOrder, PayrollRefusal, PayrollSpec, TallyLook};
use crate::replay::venue::VenueError;

impl Pages {
    pub(super) fn payroll(&self, spec: &PayrollSpec) -> Result<PayrollCame, VenueError> {
        let (batch, name, mut body) = match &spec.what {
            PayrollOrder::Submit { document, csv } => return self.submit(spec, document, *csv),
            PayrollOrder::Register(_) => {
                return Err(VenueError::Cannot("a running switch keeps the registry that it has".to_owned()));
            }
            PayrollOrder::Approve(batch) => (*batch, "approve", json!({})),
            PayrollOrder::Cancel(batch) => (*batch, "cancel", json!({})),
            PayrollOrder::CreditBack(batch) => (*batch, "credit-back", json!({})),
            PayrollOrder::Recall(batch, item, amount, cause) => {
                let major = amount.to_string();
                let major = major.split(' ').next().unwrap_or_default();
                (*batch, "recall", json!({ "item": item, "amount": major, "code": cause }))
            }
            PayrollOrder::Settle(batch, item, paid) => (*batch, "settle", json!({ "item": item, "paid": paid })),
        };
        body["operator"] = spec.operator.as_str().into();
        body["reason"] = spec.reason.as_str().into();
        let answer = self.ask("POST", &format!("/payroll/{batch}/{name}"), Some(body))?;
        match answer.status {
            200 => Ok(PayrollCame::Done(batch)),
            _ => self.refused(&answer),
        }
    }

    fn submit(&self, spec: &PayrollSpec, document: &[u8], csv: bool) -> Result<PayrollCame, VenueError> {
        let kind = if csv { "text/csv" } else { "application/xml" };
        let head = [("Content-Type", kind), ("Operator", spec.operator.as_str()), ("Reason", spec.reason.as_str())];
        let length = u64::try_from(document.len()).unwrap_or(u64::MAX);
        let mut bytes = document;
        let answer = http::upload(&self.at, "/payroll", &head, &mut bytes, length).map_err(VenueError::NoConnection)?;
        let said: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        match (answer.status, said["batch"].as_u64().and_then(|batch| u32::try_from(batch).ok())) {
            (200, Some(batch)) => Ok(PayrollCame::Done(batch)),
            (422, _) => Ok(PayrollCame::Refused(told(&said).ok_or_else(|| self.strange("/payroll"))?)),
            _ => self.refused(&answer),
        }
    }

    fn refused(&self, answer: &Answer) -> Result<PayrollCame, VenueError> {
        let text = problem(answer);
        match answer.status {
            400 | 404 | 409 | 422 => Ok(PayrollCame::Refused(PayrollRefusal { text, faults: 1, ..PayrollRefusal::default() })),
            503 => Err(VenueError::NotNow(text)),
            _ => Err(VenueError::Wrong(text)),
        }
    }

    pub(super) fn batch(&self, batch: u32) -> Result<Option<BatchLook>, VenueError> {
        let path = format!("/payroll/{batch}");
        let answer = self.ask("GET", &path, None)?;
        let it: Value = match answer.status {
            200 => serde_json::from_str(&answer.body).unwrap_or_default(),
            404 => return Ok(None),
            _ => return Err(VenueError::Wrong(problem(&answer))),
        };
        let strange = || self.strange(&path);
        let currency = it["currency"].as_str().and_then(Currency::from_alpha).ok_or_else(strange)?;
        Ok(Some(BatchLook {
            state: it["state"].as_str().ok_or_else(strange)?.to_owned(),
            code: it["code"].as_str().map(str::to_owned),
            currency,
            whole: tally(&it["total"]),
            paid: tally(&it["paid"]),
            returned: tally(&it["returned"]),
            rejected: tally(&it["rejected"]),
            pending: tally(&it["pending"]),
            credited_back: count(&it["credited_back"]),
        }))
    }

    pub(super) fn item(&self, batch: u32, item: u32) -> Result<Option<ItemLook>, VenueError> {
        let Some(look) = self.batch(batch)? else { return Ok(None) };
        let path = format!("/payroll/{batch}/items?after={}", item.saturating_sub(1));
        let answer = self.ask("GET", &path, None)?;
        if answer.status != 200 {
            return Err(VenueError::Wrong(problem(&answer)));
        }
        let list: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let found = lines(&list["lines"]).iter().find(|line| line["item"].as_u64() == Some(item.into()));
        Ok(found.map(|line| ItemLook {
            state: line["state"].as_str().unwrap_or_default().to_owned(),
            code: line["code"].as_str().map(str::to_owned),
            returned: count(&line["returned"]),
            currency: look.currency,
        }))
    }
}

/// The first fault of a document that was refused.
fn told(checked: &Value) -> Option<PayrollRefusal> {
    let first = lines(&checked["faults"]).first()?;
    let text = |key: &str| first[key].as_str().unwrap_or_default();
    Some(PayrollRefusal {
        text: format!(
            "line {}, column {}, {}: {} ({})",
            first["line"],
            first["column"],
            text("field"),
            text("problem"),
            text("code")
        ),
        code: first["code"].as_str().map(str::to_owned),
        line: first["line"].as_u64(),
        field: first["field"].as_str().map(str::to_owned),
        faults: count(&checked["faults_total"]),
    })
}

fn tally(it: &Value) -> TallyLook {
    TallyLook { count: count(&it["count"]), amount: count(&it["amount"]) }
}
