//! `docs/scenarios.md` against the tables that scenarios are read by: each tells what the other knows, and every example is sound.

use ::model::Kind;
use bank_adapters::Cast;

use super::keys::{self, Form, Key, Word};
use super::*;

const PAGE: &str = include_str!("../../../../docs/scenarios.md");

/// The rows of a table of keys.
fn key_rows(keys: &[Key]) -> Vec<String> {
    let row = |key: &Key| {
        let needed = if key.needed { "Must be there. " } else { "" };
        format!("| `{}` | {} | {needed}{} |", key.name, wanted(key.form), key.about)
    };
    keys.iter().map(row).collect()
}

fn wanted(form: Form) -> &'static str {
    match form {
        Form::Text => "text",
        Form::Template => "text or a number, with `{{…}}`",
        Form::Word(_) | Form::Sent(_) => "one of the words below",
        Form::Kind => "a kind of transaction",
        Form::Message(_) => "`\"0210\"`, or one of the words below",
        Form::Mti => "a message type: `\"0210\"`",
        Form::Number => "a whole number",
        Form::Said => "`true`",
        Form::Truth => "`true` or `false`",
        Form::Moment => "`2022-12-28T09:00:00`",
        Form::Date => "`2022-12-28`",
        Form::Duration => "`\"500ms\"`, `\"40s\"`, `\"1h30m\"`, `\"7d\"`",
        Form::Clock(_) => "`\"+25s\"`, `2023-01-15T09:00:00`, or one of the words below",
        Form::Texts => "a list of texts",
        Form::Named => "a table of texts",
        Form::Captures => "a table: name and field",
        Form::AnyTable => "tables, as in the configuration",
        Form::Terminals => "sections, see below",
        Form::People => "sections, see below",
        Form::Standings(_) => "a table: alias and word",
        Form::Items => "a list of tables",
        Form::Steps => "sections, see below",
        Form::Matcher => "a value or a matcher",
        Form::Values => "a list of values",
    }
}

/// The rows of a table of words.
fn word_rows(words: &[Word]) -> Vec<String> {
    let quoted = |keys: &[&str]| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    words.iter().map(|word| format!("| `{}` | {} | {} |", word.name, word.about, quoted(word.keys))).collect()
}

fn field_rows() -> Vec<String> {
    let row = |field: &fields::Field| {
        let can = match (field.part, field.shape) {
            (true, _) => "compared",
            (_, Shape::Card) => "left out, compared",
            (_, Shape::Secret) => "set, only present or absent",
            _ => "set, compared",
        };
        format!("| `{}` | {} | {} | {} | {can} |", field.name, field.number, field.about, field.shape.wanted())
    };
    fields::FIELDS.iter().map(row).collect()
}

/// Every section with a table, and its rows.
fn sections() -> Vec<(&'static str, Vec<String>)> {
    let kinds = Kind::ALL.iter().map(|kind| format!("| `{kind}` | {:02} |", kind.code())).collect();
    let step = |verb: &keys::Verb| {
        let mut rows = key_rows(&[verb.key]);
        rows.extend(key_rows(verb.keys));
        rows.extend(word_rows(verb.words()));
        rows
    };
    let mut matchers = key_rows(keys::MATCHERS);
    matchers.extend(key_rows(&[keys::BY]));
    let mut commands = step(&keys::COMMAND);
    commands.extend(word_rows(keys::LISTS));
    let mut payroll = step(&keys::PAYROLL);
    payroll.extend(word_rows(keys::FORMS));
    payroll.extend(key_rows(keys::ITEM));
    let mut people = key_rows(keys::PERSON);
    people.extend(word_rows(keys::STATUSES));
    people.extend(word_rows(keys::ACCOUNT_STATUSES));
    people.extend(word_rows(keys::AT_BANK));
    let mut asserts = step(&keys::ASSERT);
    asserts.extend(word_rows(keys::BATCH_STATES));
    asserts.extend(word_rows(keys::ITEM_STATES));
    let mut faults = step(&keys::FAULT);
    faults.extend(word_rows(keys::WAYS));
    vec![
        ("The file", key_rows(keys::TOP)),
        ("Terminals", key_rows(keys::TERMINAL)),
        ("People", people),
        ("Cards", word_rows(keys::STANDINGS)),
        ("Kinds of transactions", kinds),
        ("send", step(&keys::SEND)),
        ("expect", step(&keys::EXPECT)),
        ("command", commands),
        ("payroll", payroll),
        ("fault", faults),
        ("clock", step(&keys::CLOCK)),
        ("assert", asserts),
        ("Matchers", matchers),
        ("Fields", field_rows()),
    ]
}

#[test]
fn every_table_of_the_page_says_what_the_parser_knows_and_nothing_else() {
    let mut wrong = String::new();
    for (heading, wanted) in sections() {
        let section = PAGE.split("\n## ").find(|section| section.lines().next() == Some(heading)).unwrap_or_default();
        let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
        if rows != wanted {
            wrong += &format!("## {heading}\n{}\n", wanted.join("\n"));
        }
    }
    assert!(wrong.is_empty(), "these tables of docs/scenarios.md should be:\n{wrong}");
}

/// What stands between fences of this kind.
fn fenced(kind: &str) -> impl Iterator<Item = &'static str> {
    let open = format!("```{kind}\n");
    let blocks: Vec<_> = PAGE.split(open.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect();
    blocks.into_iter()
}

#[test]
fn every_example_of_the_page_is_sound_and_in_the_canonical_form() {
    let (cast, mut linter, mut count) = (Cast::builtin(), Linter::default(), 0);
    for example in fenced("toml") {
        linter.source(std::path::Path::new("docs/scenarios.md"), example, &cast);
        assert_eq!(format(example).unwrap(), example);
        count += 1;
    }
    let told: Vec<_> = linter.findings.iter().map(|it| it.error.to_string()).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(count >= 4, "{count} examples");
    for sheet in fenced("csv") {
        assert_eq!(import::import("cases.csv", sheet.as_bytes(), &cast).unwrap().len(), 2);
    }
}

#[test]
fn an_example_with_its_keys_upside_down_comes_back() {
    for example in fenced("toml") {
        let turned: Vec<_> = example.split("\n\n").map(upside_down).collect();
        let turned = turned.join("\n\n\n");
        assert_ne!(turned, example);
        assert_eq!(format(&turned).unwrap(), example);
    }
}

/// The lines of a section below its header from last to first, with other spaces.
fn upside_down(section: &str) -> String {
    let (above, keys): (Vec<&str>, Vec<&str>) = section.lines().partition(|line| line.starts_with(['#', '[']));
    let keys = keys.iter().rev().map(|line| line.replacen(" = ", "=", 1).replace("{ ", "{"));
    above.iter().map(|line| (*line).to_owned()).chain(keys).collect::<Vec<_>>().join("\n")
}
