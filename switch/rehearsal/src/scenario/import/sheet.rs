//! A sheet as spreadsheet programs save it: CSV after RFC 4180, with comma, semicolon or tab between cells.
//!
//! Knows: bytes, cells, rows. Does not know: what columns mean.

use super::Problem;

/// A sheet with a header.
pub(super) struct Sheet {
    pub(super) rows: Vec<Row>,
}

/// A row in which something stands.
pub(super) struct Row {
    /// As a spreadsheet counts: the header is 1.
    pub(super) number: usize,
    /// Columns with what stands in them, from left to right; empty cells are not told.
    pub(super) cells: Vec<(String, String)>,
}

impl Row {
    /// What stands in a column.
    pub(super) fn get(&self, column: &str) -> Option<&str> {
        self.cells.iter().find(|(name, _)| name == column).map(|(_, text)| text.as_str())
    }
}

impl Sheet {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Vec<Problem>> {
        let whole = |problem: &str| vec![Problem::new(1, "", problem)];
        let text = str::from_utf8(bytes).map_err(|_| whole("the file is not in UTF-8; save it as \"CSV UTF-8\""))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader =
            csv::ReaderBuilder::new().delimiter(delimiter(text)).has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut records = Vec::new();
        // A cell may hold lines of its own, and an empty line is a row: lines of the file less lines within cells are rows.
        let mut within = 0;
        for record in reader.records() {
            let record = record.map_err(|error| whole(&error.to_string()))?;
            let start = record.position().and_then(|it| usize::try_from(it.byte()).ok()).unwrap_or(0);
            let number = line(text, start) - within;
            within += record.iter().map(|cell| cell.matches('\n').count()).sum::<usize>();
            records.push((number, record));
        }
        let mut records = records.into_iter();
        let (_, header) = records.next().ok_or_else(|| whole("the file is empty; its first row names the columns"))?;
        let columns = columns(&header)?;
        let (mut rows, mut problems) = (Vec::new(), Vec::new());
        for (number, record) in records {
            match row(number, &record, &columns) {
                Ok(row) if row.cells.is_empty() => {}
                Ok(row) => rows.push(row),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self { rows }) } else { Err(problems) }
    }
}

/// The line of a record, from 1. It is said to start where the one before it ended, which may be lines above.
fn line(text: &str, start: usize) -> usize {
    let (before, rest) = text.split_at_checked(start).unwrap_or((text, ""));
    let skipped = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    let ends = |text: &str| text.matches('\n').count();
    ends(before) + ends(rest.get(..skipped).unwrap_or_default()) + 1
}

/// Whatever the first line has most of, outside quotation marks.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let outside: String = first.split('"').step_by(2).collect();
    let count = |it: &u8| outside.bytes().filter(|byte| byte == it).count();
    // Of equals the last one wins: the comma.
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

/// The names of columns; one without a name may hold nothing.
fn columns(header: &csv::StringRecord) -> Result<Vec<String>, Vec<Problem>> {
    let known = super::columns();
    let names: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
    let mut problems = Vec::new();
    for (at, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let plain = name.strip_prefix("send.").or_else(|| name.strip_prefix("expect.")).unwrap_or(name);
        if !known.contains(&plain) {
            problems.push(Problem::new(1, &model::mask_card_numbers(name), unknown(plain, &known)));
        } else if names.iter().take(at).any(|other| other == name) {
            problems.push(Problem::new(1, name, "is there twice; give each column a name of its own"));
        }
    }
    if !names.iter().any(|name| name == "scenario") {
        problems.push(Problem::new(1, "scenario", "is missing: it says which rows make one scenario, and is its title"));
    }
    if problems.is_empty() { Ok(names) } else { Err(problems) }
}

fn unknown(name: &str, known: &[&str]) -> String {
    let near = bank_adapters::near(name, known.iter().copied());
    let near = if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(" or ")) };
    format!("is not known; {near}known are {}, and any of a step's with send. or expect. before it", known.join(", "))
}

fn row(number: usize, record: &csv::StringRecord, columns: &[String]) -> Result<Row, Problem> {
    let mut cells = Vec::new();
    for (at, text) in record.iter().enumerate() {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let name = columns.get(at).filter(|name| !name.is_empty());
        let letters = format!("no. {}", at + 1);
        let name =
            name.ok_or_else(|| Problem::new(number, &letters, "has no name in the first row; name it, or empty its cells"))?;
        if model::shows_card_number(text) {
            let problem = "this looks like a card number, which no scenario may hold; write the alias of a card of the cast";
            return Err(Problem::new(number, name, problem));
        }
        cells.push((name.clone(), text.to_owned()));
    }
    Ok(Row { number, cells })
}
