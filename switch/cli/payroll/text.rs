//! Batches and checks as people read them.

use admin::{Batch, BatchAtBank, Checked, List, Tally, Wrong};
use model::{Currency, Money};

use crate::cli::table::{listed, table};

/// Minor units as people write them; riel and dollars both have two decimals.
pub(super) fn minor(amount: u64) -> String {
    format!("{}.{:02}", amount / 100, amount % 100)
}

fn money(amount: u64, currency: &str) -> String {
    match Currency::from_alpha(currency) {
        Some(currency) => Money::from_minor(amount, currency).to_string(),
        None => format!("{amount} {currency}"),
    }
}

/// Text as it stands behind the `?` of a path.
pub(super) fn in_a_path(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn payments(count: u64) -> String {
    if count == 1 { "1 payment".to_owned() } else { format!("{count} payments") }
}

/// What a check has found. One fault a line, so that other programs can go by it.
pub(super) fn checked(file: &str, it: &Checked, only_checked: bool) -> String {
    let mut text: String = it.faults.iter().map(wrong).collect();
    let rest = it.faults_total.saturating_sub(it.faults.len() as u64);
    if rest > 0 {
        text += &format!("and {rest} more\n");
    }
    let part = |part: &Option<String>, before: &str| part.as_ref().map(|it| format!(", {before}{it}")).unwrap_or_default();
    let total = it.currency.as_ref().map(|currency| format!(", {}", money(it.total, currency))).unwrap_or_default();
    let (period, pays_on) = (part(&it.period, "half-month "), part(&it.pays_on, "to be paid on "));
    text += &format!("{file}: {}{total}{}{period}{pays_on}\n", payments(it.items), part(&it.payer, "from "));
    match (it.faults_total, it.batch) {
        (0, Some(batch)) => {
            text += &format!(
                "it is batch {batch} now, and waits for approval by another person: payswitch payroll approve {batch} --operator NAME\n"
            );
        }
        (0, None) => text += "nothing is wrong with it\n",
        (1, _) => text += "refused: there is 1 fault; nothing has moved\n",
        (faults, _) => text += &format!("refused: there are {faults} faults; nothing has moved\n"),
    }
    if let (0, true, Some(still)) = (it.faults_total, only_checked, &it.still_to_come) {
        text += &format!("{still}\n");
    }
    text
}

fn wrong(it: &Wrong) -> String {
    // What all fields of a pain.001 begin with tells nothing.
    let field = it.field.strip_prefix("CstmrCdtTrfInitn/").unwrap_or(&it.field);
    format!("line {}, column {}, {field}: {} ({})\n", it.line, it.column, it.problem, it.code)
}

/// All batches.
pub(super) fn batches(all: &List<Batch>) -> String {
    let head = [">batch", "state", "payer", "half-month", "pays on", ">payments", ">total", ">paid", ">rejected", ">pending"];
    let row = |it: &Batch| {
        let [paid, rejected, pending] = [&it.paid, &it.rejected, &it.pending].map(|it| it.count.to_string());
        let total = money(it.total.amount, &it.currency);
        let of = [&it.state, &it.payer, &it.period, &it.pays_on].map(String::clone);
        let [state, payer, period, pays_on] = of;
        [it.batch.to_string(), state, payer, period, pays_on, it.total.count.to_string(), total, paid, rejected, pending]
    };
    listed(all, head, row, "there is no batch")
}

/// How far a batch has come.
pub(super) fn batch(it: &Batch) -> String {
    let detail = it.detail.as_ref().map(|it| format!(": {it}")).unwrap_or_default();
    let approved = it.approved_by.as_ref().map(|who| format!(", approved by {who}")).unwrap_or_default();
    let rate = it.items_per_second.filter(|rate| *rate >= 0.5).map(|rate| format!(", {rate:.0} a second")).unwrap_or_default();
    let mut text = format!("batch {} is {}{detail}{rate}\n", it.batch, it.state);
    text += &format!("{} for half-month {}, to be paid on {}\n", it.message, it.period, it.pays_on);
    text += &format!("from {}, submitted by {}{approved}\n\n", it.payer, it.submitted_by);
    let line = |name: &str, tally: &Tally| [name.to_owned(), tally.count.to_string(), money(tally.amount, &it.currency)];
    let mut rows = vec![
        line("paid", &it.paid),
        line("returned", &it.returned),
        line("rejected", &it.rejected),
        line("pending", &it.pending),
        line("total", &it.total),
    ];
    if it.credited_back > 0 {
        rows.push(["given back".to_owned(), String::new(), money(it.credited_back, &it.currency)]);
    }
    text += &table(["", ">payments", ">amount"], rows);
    if !it.banks.is_empty() {
        let head = ["bank", "", ">payments", ">waiting", ">sent", ">unknown", ">paid", ">returned", ">rejected"];
        let row = |bank: &BatchAtBank| {
            let counts = [&bank.total, &bank.waiting, &bank.sent, &bank.unknown, &bank.paid, &bank.returned, &bank.rejected];
            let [total, waiting, sent, unknown, paid, returned, rejected] = counts.map(|it| it.count.to_string());
            let up = if bank.up { "up" } else { "down" };
            [bank.bank.clone(), up.to_owned(), total, waiting, sent, unknown, paid, returned, rejected]
        };
        text += &format!("\n{}", table(head, it.banks.iter().map(row)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_document_tells_one_fault_a_line() {
        let wrong = Wrong {
            line: 17,
            column: 9,
            field: "CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Amt/InstdAmt".into(),
            code: "AM01".into(),
            problem: "is zero; leave out who gets nothing".into(),
        };
        let it = Checked {
            batch: None,
            message: Some("M1".into()),
            payer: Some("MEF".into()),
            period: Some("2022-12/2".into()),
            pays_on: Some("2022-12-28".into()),
            currency: Some("KHR".into()),
            items: 3,
            total: 360_000_000,
            faults: vec![wrong],
            faults_total: 2,
            still_to_come: Some("cover".into()),
        };
        let shown = checked("a.xml", &it, true);
        assert_eq!(
            shown,
            "line 17, column 9, PmtInf/CdtTrfTxInf/Amt/InstdAmt: is zero; leave out who gets nothing (AM01)\nand 1 more\n\
             a.xml: 3 payments, 3600000.00 KHR, from MEF, half-month 2022-12/2, to be paid on 2022-12-28\n\
             refused: there are 2 faults; nothing has moved\n"
        );
        let sound = Checked { faults: vec![], faults_total: 0, ..it };
        assert!(checked("a.xml", &sound, true).ends_with("nothing is wrong with it\ncover\n"));
        let taken = Checked { batch: Some(4), ..sound };
        assert!(checked("a.xml", &taken, false).contains("payswitch payroll approve 4 --operator NAME"));
    }

    #[test]
    fn what_stands_in_a_path_is_plain() {
        assert_eq!((in_a_path("camt.054"), in_a_path("a b&c")), ("camt.054".to_owned(), "a%20b%26c".to_owned()));
    }
}
