//! docs/payroll.md says what is so.

use documents::{ReasonCode, payroll_csv};

use super::{fixtures, read};

fn docs() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/payroll.md")).unwrap()
}

/// The rows of the table below a line of headings, cells trimmed.
fn rows(docs: &str, headings: &str) -> Vec<Vec<String>> {
    let table = docs.split_once(headings).unwrap_or_else(|| panic!("no table {headings}")).1;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn each_code_stands_in_the_table_with_its_meaning() {
    let told: Vec<_> = rows(&docs(), "| code | meaning |").into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let codes: Vec<_> = ReasonCode::ALL.iter().map(|code| (code.to_string(), code.meaning().to_owned())).collect();
    assert_eq!(told, codes);
    assert!(ReasonCode::ALL.iter().all(|code| code.text().parse() == Ok(*code)) && "AC02".parse::<ReasonCode>().is_err());
}

#[test]
fn each_column_stands_in_the_table_and_the_sample_is_one() {
    let docs = docs();
    let columns: Vec<_> = rows(&docs, "| column | batch |").into_iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    assert_eq!(columns.join(","), payroll_csv::HEADER);
    // It shows one item of the three that it states, which is what is said of it.
    let begin = docs.find("record,id").unwrap();
    let sample = &docs[begin..begin + docs[begin..].find("```").unwrap()];
    let codes: Vec<_> = read(sample.as_bytes()).1.iter().map(|fault| fault.code().to_string()).collect();
    assert_eq!(codes, ["AM18", "AM10", "AM18", "AM10"]);
}

/// What must be filled in which record is what the reader asks for.
#[test]
fn the_table_of_columns_says_what_must_be_filled() {
    let good = std::fs::read_to_string(fixtures("good/payroll.csv")).unwrap();
    for (line, record) in [(1, "batch"), (2, "item"), (5, "total")] {
        for (index, row) in rows(&docs(), "| column | batch |").into_iter().enumerate().skip(1) {
            let mut lines: Vec<String> = good.lines().map(str::to_owned).collect();
            let cell = &row[["batch", "item", "total"].iter().position(|other| *other == record).unwrap() + 1];
            // The last column of the first item holds a comma, in quotes.
            let mut fields: Vec<&str> = lines[line].splitn(14, ',').collect();
            let replaced = if cell.is_empty() { "x" } else { "" };
            fields[index] = replaced;
            lines[line] = fields.join(",");
            let (_, faults) = read((lines.join("\n") + "\n").as_bytes());
            let told = faults.iter().any(|fault| fault.line == line as u64 + 1 && fault.field == row[0].trim_matches('`'));
            assert_eq!(told, cell != "o", "{record} {}: {faults:#?}", row[0]);
        }
    }
}
