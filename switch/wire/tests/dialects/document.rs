//! `docs/dialects.md` against the reader of dialects: each tells the words that the other knows.

use std::collections::{BTreeMap, BTreeSet};

use wire::Dialect;

use super::BCD;

type Words = BTreeSet<String>;

/// The words between backticks.
fn quoted(text: &str) -> Words {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The words that an error offers instead of an unknown one.
fn offered(text: &str) -> Option<Words> {
    let error = Dialect::from_toml(text).err()?.to_string();
    let offer = error.split_once("unknown").and_then(|(_, rest)| rest.split_once("expected"))?.1;
    Some(quoted(offer))
}

/// What the page says of a table: each word with the values that it may have.
fn documented(heading: &str) -> BTreeMap<String, Words> {
    let page = include_str!("../../../../docs/dialects.md");
    let section = page.split("\n## ").find(|section| section.lines().next() == Some(heading)).unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = |row: &str| row.split('|').map(str::to_owned).collect::<Vec<_>>();
    rows.map(cells).map(|cells| (quoted(&cells[1]).into_iter().next().unwrap(), quoted(&cells[2]))).collect()
}

/// What the reader knows of a table: `place` puts a line into it.
fn known(place: impl Fn(&str, &str) -> String) -> BTreeMap<String, Words> {
    let words = offered(&place("no-such-word", "\"\"")).unwrap();
    words.into_iter().map(|word| (word.clone(), offered(&place(&word, "\"no-such-value\"")).unwrap_or_default())).collect()
}

/// A description with the line of a word replaced or put in.
fn with_line(opening: &str, word: &str, line: &str) -> String {
    let (before, rest) = BCD.split_once(opening).unwrap();
    let (table, after) = rest.split_once("\n\n").unwrap();
    let others = table.lines().filter(|other| !other.starts_with(&format!("{word} ="))).collect::<Vec<_>>().join("\n");
    format!("{before}{opening}{others}\n{line}\n\n{after}")
}

#[test]
fn every_word_of_the_reader_is_documented_and_every_documented_word_is_read() {
    let top = known(|word, value| {
        let line = format!("{word} = {value}");
        if ["fields", "encoding", "subfields"].contains(&word) { line } else { with_line("name = \"iso87-bcd\"\n", word, &line) }
    });
    assert_eq!(top.keys().collect::<Vec<_>>(), documented("Top level").keys().collect::<Vec<_>>());
    assert_eq!(top["version"], documented("Top level")["version"]);

    assert_eq!(known(|word, value| with_line("[encoding]\n", word, &format!("{word} = {value}"))), documented("Encoding"));

    let fields = known(|word, value| {
        let rest: String = [("name", "\"Amount\""), ("format", "\"n 12\"")]
            .iter()
            .filter(|(other, _)| *other != word)
            .map(|(other, value)| format!(", {other} = {value}"))
            .collect();
        with_line("[fields]\n", "4", &format!("4 = {{ {word} = {value}{rest} }}"))
    });
    assert_eq!(fields, documented("Fields"));
}

#[test]
fn the_example_of_the_page_is_a_dialect() {
    let page = include_str!("../../../../docs/dialects.md");
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(Dialect::from_toml(example).unwrap().name(), "our-host");
}
