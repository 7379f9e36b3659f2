//! Scenarios from a spreadsheet: a row a step or a test case, a column a key. See docs/scenarios.md for how such a sheet looks.
//!
//! Knows: which rows make which file, and that what it makes is sound. Does not know: how cells lie in bytes (`sheet`), what
//! they mean for a step (`rows`).

mod rows;
mod sheet;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use bank_adapters::Cast;

use super::draft::{Draft, DraftStep, Value};
use super::{Error, Linter, keys};
use sheet::{Row, Sheet};

/// A scenario file to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// What it may be called, after its title.
    pub file_name: String,
    /// Its text, in the canonical form.
    pub text: String,
}

/// What is wrong with a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The row, as a spreadsheet counts: the header is 1.
    pub row: usize,
    /// The column by its header; empty where the whole row is meant.
    pub column: String,
    /// What is wrong, and what to do about it.
    pub problem: String,
}

impl Problem {
    fn new(row: usize, column: &str, problem: impl Into<String>) -> Self {
        Self { row, column: column.to_owned(), problem: problem.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column.as_str() {
            "" => write!(f, "row {}: {}", self.row, self.problem),
            column => write!(f, "row {}, column {column}: {}", self.row, self.problem),
        }
    }
}

/// Makes scenario files of a sheet. `name` is what they say they come from. All of them are sound, and nothing is odd about them.
///
/// # Errors
/// Every problem found: at least one.
pub fn import(name: &str, bytes: &[u8], cast: &Cast) -> Result<Vec<Imported>, Vec<Problem>> {
    let sheet = Sheet::read(bytes)?;
    let groups = groups(&sheet).map_err(|problem| vec![problem])?;
    let (mut files, mut problems, mut taken) = (Vec::new(), Vec::new(), HashSet::new());
    for (title, rows) in groups {
        match scenario(name, title, &rows, cast) {
            Ok(text) => files.push(Imported { file_name: file_name(title, &mut taken), text }),
            Err(more) => problems.extend(more),
        }
    }
    problems.sort_by_key(|problem| problem.row);
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

/// Rows by the title of their scenario, in the order in which the titles come. A row without one belongs to that above it.
fn groups(sheet: &Sheet) -> Result<Vec<(&str, Vec<&Row>)>, Problem> {
    let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
    let mut last = None;
    for row in &sheet.rows {
        let title = match (row.get("scenario"), last) {
            (Some(title), _) => title,
            (None, Some(above)) => above,
            (None, None) => return Err(Problem::new(row.number, "scenario", "is empty; write what the scenario shows")),
        };
        last = Some(title);
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((title, vec![row])),
        }
    }
    match groups.is_empty() {
        true => Err(Problem::new(1, "", "nothing stands below the header; write a row for each step or test case")),
        false => Ok(groups),
    }
}

/// The text of one scenario.
fn scenario(name: &str, title: &str, rows: &[&Row], cast: &Cast) -> Result<String, Vec<Problem>> {
    let mut draft = Draft::titled(title);
    draft.comments = vec![format!("From {name}, {}.", numbers(rows))];
    let mut problems = Vec::new();
    // The row of each step, so that what the parser says can be told of a row.
    let mut rows_of_steps = Vec::new();
    for row in rows {
        match rows::head(row).and_then(|head| Ok((head, rows::steps(row)?))) {
            Ok((head, steps)) => {
                problems.extend(head.into_iter().filter_map(|(key, value)| add(&mut draft, row, key, value)));
                rows_of_steps.extend(steps.iter().map(|_| row.number));
                draft.steps.extend(steps);
            }
            Err(more) => problems.extend(more),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let text = super::write(&draft);
    let mut linter = Linter::default();
    linter.source(Path::new(name), &text, cast);
    let first = rows.first().map_or(1, |row| row.number);
    let told: Vec<_> = linter.findings.iter().map(|it| of_row(&it.error, &text, &draft.steps, &rows_of_steps, first)).collect();
    if told.is_empty() { Ok(text) } else { Err(told) }
}

/// Adds what a row says of the whole scenario; no two rows may say different things.
fn add(draft: &mut Draft, row: &Row, key: &str, value: Value) -> Option<Problem> {
    match draft.head.iter().find(|(known, _)| known == key) {
        Some((_, other)) if *other != value => {
            let problem = "says something else than an earlier row of the same scenario; write it once";
            Some(Problem::new(row.number, key, problem))
        }
        Some(_) => None,
        None => {
            draft.head.push((key.to_owned(), value));
            None
        }
    }
}

/// What is wrong with the text that was made, told of the row that it was made of.
fn of_row(error: &Error, text: &str, steps: &[DraftStep], rows: &[usize], first: usize) -> Problem {
    let told = |row, column: &str| {
        let gap = if error.remedy.is_empty() { "" } else { "; " };
        Problem::new(row, column, format!("{}{gap}{}", error.problem, error.remedy))
    };
    let Some(place) = &error.place else { return told(first, "") };
    let above = text.lines().take(place.line).filter(|line| *line == "[[step]]").count();
    let Some(at) = above.checked_sub(1) else { return told(first, "") };
    let key = place.text.split_once(" =").map_or("", |(key, _)| key);
    let known = steps.get(at).is_some_and(|step| step.pairs.iter().any(|(name, _)| name == key));
    told(rows.get(at).copied().unwrap_or(first), if known { key } else { "" })
}

/// `row 2`, `rows 2, 3 and 5`
fn numbers(rows: &[&Row]) -> String {
    let numbers: Vec<_> = rows.iter().map(|row| row.number.to_string()).collect();
    match numbers.split_last() {
        Some((last, [])) => format!("row {last}"),
        Some((last, others)) => format!("rows {} and {last}", others.join(", ")),
        None => "no row".to_owned(),
    }
}

/// A name after a title: `A card that is lost` becomes `a-card-that-is-lost.toml`.
fn file_name(title: &str, taken: &mut HashSet<String>) -> String {
    const LENGTH_MAX: usize = 60;
    let lower = title.to_lowercase();
    let words: Vec<_> = lower.split(|it: char| !it.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(LENGTH_MAX).collect();
    let name = if name.is_empty() { "scenario" } else { name.trim_end_matches('-') };
    let names = std::iter::once(format!("{name}.toml")).chain((2..).map(|number| format!("{name}-{number}.toml")));
    let free = names.into_iter().find(|name| taken.insert(name.clone()));
    free.unwrap_or_default()
}

/// Every column that a sheet may have, beside `send.FIELD` and `expect.FIELD`.
fn columns() -> Vec<&'static str> {
    let head = keys::TOP.iter().filter(|key| rows::in_head(key.form)).map(|key| key.name);
    let steps = keys::VERBS.iter().flat_map(|verb| std::iter::once(verb.key.name).chain(verb.known()));
    let mut columns = vec!["scenario"];
    for name in head.filter(|name| *name != "title").chain(steps) {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    columns
}
