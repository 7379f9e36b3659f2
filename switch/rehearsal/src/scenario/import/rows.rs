//! What the cells of a row mean: one step, or a send step with what is expected of it.
//!
//! Knows: which cell belongs to which step, how a cell becomes a value. Does not know: other rows, whether the values make sense.

use super::super::draft::{DraftStep, Value};
use super::super::fields::{self, Field};
use super::super::keys::{self, Form, Key, Verb};
use super::Problem;
use super::sheet::Row;

/// Fields that a column without `send.` or `expect.` before its name means in the answer.
const ANSWERED: [&str; 6] = ["authorization", "code", "remark", "balances", "ledger", "available"];

type Read<T> = Result<T, Vec<Problem>>;

/// Whether a key of the file itself may be a column.
pub(super) fn in_head(form: Form) -> bool {
    matches!(form, Form::Text | Form::Texts | Form::Number | Form::Moment)
}

/// What a row says of its whole scenario.
pub(super) fn head(row: &Row) -> Read<Vec<(&'static str, Value)>> {
    let keys = keys::TOP.iter().filter(|key| key.name != "title" && in_head(key.form));
    let said = keys.filter_map(|key| Some((key, row.get(key.name)?)));
    let values = said.map(|(key, text)| Ok((key.name, value(row, key.name, key.form, text)?)));
    values.collect::<Result<_, Problem>>().map_err(|problem| vec![problem])
}

/// The steps of a row.
pub(super) fn steps(row: &Row) -> Read<Vec<DraftStep>> {
    let said: Vec<&Verb> = keys::VERBS.iter().filter(|verb| row.get(verb.key.name).is_some()).collect();
    let names: Vec<_> = said.iter().map(|verb| verb.key.name).collect();
    let expects = || row.cells.iter().any(|(column, _)| column.starts_with("expect.") || ANSWERED.contains(&column.as_str()));
    let mut steps = match names.as_slice() {
        [] if expects() => vec![(&keys::EXPECT, DraftStep::new("expect", "answer"))],
        [] => {
            return Err(vec![Problem::new(
                row.number,
                "",
                "does nothing; fill in send, expect, command, payroll, fault, clock or assert",
            )]);
        }
        ["send"] if expects() => vec![begun(&keys::SEND, row)?, (&keys::EXPECT, DraftStep::new("expect", "answer"))],
        ["send", "expect"] => vec![begun(&keys::SEND, row)?, begun(&keys::EXPECT, row)?],
        [_] => said.iter().map(|verb| begun(verb, row)).collect::<Read<_>>()?,
        _ => {
            let problem = format!("does several things: {}; give each a row of its own", names.join(", "));
            return Err(vec![Problem::new(row.number, "", problem)]);
        }
    };
    let mut problems = Vec::new();
    for (column, text) in &row.cells {
        if let Err(problem) = cell(row, &mut steps, column, text) {
            problems.push(problem);
        }
    }
    if problems.is_empty() { Ok(steps.into_iter().map(|(_, step)| step).collect()) } else { Err(problems) }
}

fn begun<'v>(verb: &'v Verb, row: &Row) -> Read<(&'v Verb, DraftStep)> {
    let text = row.get(verb.key.name).unwrap_or_default();
    let text = if matches!(verb.key.form, Form::Message(_)) { widened(text, 4) } else { text.to_owned() };
    Ok((verb, DraftStep::new(verb.key.name, &text)))
}

/// Adds a cell to the step that it belongs to.
fn cell(row: &Row, steps: &mut [(&Verb, DraftStep)], column: &str, text: &str) -> Result<(), Problem> {
    let is_head = keys::TOP.iter().any(|key| key.name == column && in_head(key.form)) || column == "scenario";
    if is_head || steps.iter().any(|(verb, _)| verb.key.name == column) {
        return Ok(());
    }
    let (wanted, name) = match column.split_once('.') {
        Some((verb, name)) => (Some(verb), name),
        None => (ANSWERED.contains(&column).then_some("expect"), column),
    };
    let suits = |verb: &Verb| wanted.is_none_or(|wanted| wanted == verb.key.name) && verb.known().contains(&name);
    // An amount may have its currency in a column of its own.
    let joined = name == "currency" && row.get("amount").is_some_and(number_alone);
    let Some((verb, step)) = steps.iter_mut().find(|(verb, _)| suits(verb)) else {
        let means = steps.iter().map(|(verb, _)| verb.key.name).collect::<Vec<_>>().join(" and ");
        return Err(Problem::new(row.number, column, format!("means nothing in a row of {means}; empty the cell")));
    };
    if joined && verb.key.name == "send" {
        return Ok(());
    }
    let own: Option<&Key> = verb.keys.iter().find(|key| key.name == name);
    let value = match (own, fields::named(name)) {
        (Some(_), _) if name == "amount" => amount(row, column, text)?,
        (Some(key), _) => value(row, column, key.form, text)?,
        (None, Some(field)) => field_value(row, column, field, text)?,
        (None, None) => Value::Text(text.to_owned()),
    };
    step.set(name, value);
    Ok(())
}

/// The value of a key.
fn value(row: &Row, column: &str, form: Form, text: &str) -> Result<Value, Problem> {
    let wrong = |wanted: &str| Problem::new(row.number, column, format!("{text:?} is not {wanted}"));
    if let Some(table) = table(row, column, text)? {
        return Ok(table);
    }
    match form {
        Form::Number => text.parse().map(Value::Number).map_err(|_| wrong("a whole number; write it without separators")),
        Form::Truth => match text.to_lowercase().as_str() {
            "true" => Ok(Value::Truth(true)),
            "false" => Ok(Value::Truth(false)),
            _ => Err(wrong("true or false")),
        },
        Form::Texts => Ok(Value::List(text.split([',', ';']).map(|tag| tag.trim().into()).collect())),
        Form::Mti => Ok(widened(text, 4).into()),
        Form::Matcher if matches!(text, "TRUE" | "FALSE") => Ok(text.to_lowercase().into()),
        Form::Matcher => separated(row, column, text).map(|()| text.into()),
        _ => Ok(text.into()),
    }
}

/// The value of a field. Spreadsheets take leading zeros away; where there is but one length, they are put back.
fn field_value(row: &Row, column: &str, field: &Field, text: &str) -> Result<Value, Problem> {
    if let Some(table) = table(row, column, text)? {
        return Ok(table);
    }
    if field.shape == super::super::Shape::Amount {
        return amount(row, column, text);
    }
    Ok(if field.name == "code" { widened(text, 2) } else { text.to_owned() }.into())
}

/// A matcher, or whatever else is written as a table: `{ echo = true }`.
fn table(row: &Row, column: &str, text: &str) -> Result<Option<Value>, Problem> {
    if !text.starts_with('{') || text.starts_with("{{") {
        return Ok(None);
    }
    let read: Result<toml::Table, _> = toml::from_str(&format!("value = {text}"));
    let problem = |error: &toml::de::Error| {
        let problem = format!("{}; write a matcher as {{ echo = true }}", error.message().trim());
        Problem::new(row.number, column, problem)
    };
    let read = read.map_err(|error| problem(&error))?;
    Ok(read.get("value").map(Value::of))
}

/// An amount with its currency, from its own cell or from the one beside it.
fn amount(row: &Row, column: &str, text: &str) -> Result<Value, Problem> {
    if text.contains("{{") {
        return Ok(text.into());
    }
    separated(row, column, text)?;
    let whole = match row.get("currency") {
        Some(currency) if number_alone(text) => format!("{text} {currency}"),
        _ => text.to_owned(),
    };
    let unsigned = whole.strip_prefix('-').unwrap_or(&whole);
    match unsigned.parse::<model::Money>() {
        Ok(_) => Ok(whole.into()),
        Err(error) => {
            let problem = format!("{error}; write 50000.00 KHR, or put the currency into a column of that name");
            Err(Problem::new(row.number, column, problem))
        }
    }
}

/// Refuses what separates thousands: which sign that is, and which one the decimals, is another in each country.
fn separated(row: &Row, column: &str, text: &str) -> Result<(), Problem> {
    let parts: Vec<&str> = text.split([',', '\'', '’', ' ', '\u{a0}', '\u{202f}']).collect();
    let digits = |part: &&str| part.trim_start_matches('-').starts_with(|it: char| it.is_ascii_digit());
    let split = parts.windows(2).any(|pair| pair.iter().all(&digits));
    // A point twice separates thousands as well.
    let points = parts.iter().any(|part| digits(part) && part.matches('.').count() > 1);
    let number = digits(&text);
    if number && (split || points) {
        let problem = format!("{text:?}: write the number without separators, and a point before its decimals: 50000.00");
        return Err(Problem::new(row.number, column, problem));
    }
    Ok(())
}

fn number_alone(text: &str) -> bool {
    !text.contains("{{") && text.ends_with(|it: char| it.is_ascii_digit())
}

/// A number with the zeros before it that a spreadsheet took away.
fn widened(text: &str, digits: usize) -> String {
    let number = text.bytes().all(|byte| byte.is_ascii_digit());
    if number { format!("{text:0>digits$}") } else { text.to_owned() }
}
