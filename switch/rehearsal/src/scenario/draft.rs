//! A scenario put together by a program (a recording, a spreadsheet) and written as its file, in the canonical form.
//!
//! Knows: keys and values in order, how TOML writes them. Does not know whether they make sense: what is written is to be read
//! again by the parser before anybody relies on it.

use super::keys;

/// A scenario file to be.
///
/// ```
/// use rehearsal::scenario::{self, draft::{Draft, DraftStep, Value}};
///
/// let mut draft = Draft::titled("A purchase is approved");
/// draft.step(DraftStep::new("send", "purchase").with("card", "dara").with("amount", "12.50 USD"));
/// draft.step(DraftStep::new("expect", "0210").with("code", "00").with("rrn", Value::said("echo")));
/// assert!(scenario::write(&draft).ends_with("rrn = { echo = true }\ncode = \"00\"\n"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// Lines of comment at the head of the file, without their `#`.
    pub comments: Vec<String>,
    /// Title, seed, start and what else stands before all sections.
    pub head: Pairs,
    /// `[vars]`
    pub vars: Pairs,
    /// `[switch]`. A table within it may be a [`Value::Table`], or its key dotted: `timers.atm_ms`.
    pub switch: Pairs,
    /// `[terminal.NAME]`, in order.
    pub terminals: Vec<(String, Pairs)>,
    /// The steps, in order.
    pub steps: Vec<DraftStep>,
    /// Lines of comment after the last step.
    pub ending: Vec<String>,
}

/// `[[step]]` to be.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftStep {
    /// Lines of comment before it, without their `#`.
    pub comments: Vec<String>,
    /// Its keys.
    pub pairs: Pairs,
}

/// Keys with their values, in order.
pub type Pairs = Vec<(String, Value)>;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text; it is quoted as it needs.
    Text(String),
    /// A whole number.
    Number(i64),
    /// True or false.
    Truth(bool),
    /// A date, a time, or both.
    Moment(toml::value::Datetime),
    /// A list.
    List(Vec<Value>),
    /// A table on one line.
    Table(Pairs),
}

impl Value {
    /// A matcher, or `absent`, that is only said: `{ echo = true }`.
    #[must_use]
    pub fn said(word: &str) -> Self {
        Self::Table(vec![(word.to_owned(), Self::Truth(true))])
    }

    /// A value of another document as it stands there.
    #[must_use]
    pub fn of(value: &toml::Value) -> Self {
        match value {
            toml::Value::String(text) => Self::Text(text.clone()),
            toml::Value::Integer(number) => Self::Number(*number),
            toml::Value::Float(number) => Self::Text(number.to_string()),
            toml::Value::Boolean(truth) => Self::Truth(*truth),
            toml::Value::Datetime(moment) => Self::Moment(*moment),
            toml::Value::Array(values) => Self::List(values.iter().map(Self::of).collect()),
            toml::Value::Table(table) => Self::Table(table.iter().map(|(key, value)| (key.clone(), Self::of(value))).collect()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl Draft {
    /// A draft with nothing but a title.
    #[must_use]
    pub fn titled(title: impl Into<String>) -> Self {
        Self { head: vec![("title".to_owned(), Value::Text(title.into()))], ..Self::default() }
    }

    /// Adds a step.
    pub fn step(&mut self, step: DraftStep) {
        self.steps.push(step);
    }
}

impl DraftStep {
    /// A step that does this: `send`, `withdrawal`.
    #[must_use]
    pub fn new(verb: &str, what: &str) -> Self {
        Self { comments: Vec::new(), pairs: vec![(verb.to_owned(), what.into())] }
    }

    /// With this key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.set(key, value);
        self
    }

    /// With a line of comment before it.
    #[must_use]
    pub fn comment(mut self, line: impl Into<String>) -> Self {
        self.comments.push(line.into());
        self
    }

    /// Adds a key, or gives it another value.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.pairs.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => self.pairs.push((key.to_owned(), value)),
        }
    }

    /// Its keys in the canonical order.
    fn ordered(&self) -> Vec<&(String, Value)> {
        let verb = self.pairs.iter().find_map(|(key, _)| keys::verb(key));
        let mut pairs: Vec<_> = self.pairs.iter().collect();
        if let Some(verb) = verb {
            pairs.sort_by_key(|(key, _)| keys::rank(verb, key));
        }
        pairs
    }
}

/// The text of a scenario file.
#[must_use]
pub fn write(draft: &Draft) -> String {
    let mut text = String::new();
    comments(&mut text, &draft.comments);
    if !draft.comments.is_empty() {
        text.push('\n');
    }
    pairs(&mut text, &in_order(&draft.head, keys::TOP));
    for (name, section) in [("vars", &draft.vars), ("switch", &draft.switch)] {
        if !section.is_empty() {
            text += &format!("\n[{name}]\n");
            pairs(&mut text, &section.iter().collect::<Vec<_>>());
        }
    }
    for (name, section) in &draft.terminals {
        text += &format!("\n[terminal.{}]\n", key_text(name));
        pairs(&mut text, &in_order(section, keys::TERMINAL));
    }
    for step in &draft.steps {
        text.push('\n');
        comments(&mut text, &step.comments);
        text += "[[step]]\n";
        pairs(&mut text, &step.ordered());
    }
    if !draft.ending.is_empty() {
        text.push('\n');
    }
    comments(&mut text, &draft.ending);
    text
}

fn in_order<'a>(pairs: &'a Pairs, keys: &[keys::Key]) -> Vec<&'a (String, Value)> {
    let mut pairs: Vec<_> = pairs.iter().collect();
    pairs.sort_by_key(|(name, _)| keys.iter().position(|key| key.name == name).unwrap_or(keys.len()));
    pairs
}

fn comments(text: &mut String, lines: &[String]) {
    for line in lines.iter().flat_map(|line| line.lines()) {
        // TOML allows no control characters in comments.
        let shown: String = line.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
        *text += format!("# {shown}").trim_end();
        text.push('\n');
    }
}

fn pairs(text: &mut String, pairs: &[&(String, Value)]) {
    for (key, value) in pairs {
        *text += &format!("{} = {}\n", dotted(key), value_text(value));
    }
}

/// A key of which each part is quoted where it needs it.
fn dotted(key: &str) -> String {
    key.split('.').map(key_text).collect::<Vec<_>>().join(".")
}

fn key_text(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | '-'));
    if bare { key.to_owned() } else { text_text(key) }
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Text(text) => text_text(text),
        Value::Number(number) => number.to_string(),
        Value::Truth(truth) => truth.to_string(),
        Value::Moment(moment) => moment.to_string(),
        Value::List(values) => format!("[{}]", values.iter().map(value_text).collect::<Vec<_>>().join(", ")),
        Value::Table(pairs) if pairs.is_empty() => "{}".to_owned(),
        Value::Table(pairs) => {
            let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{} = {}", dotted(key), value_text(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
    }
}

/// Text on one line: in double quotation marks, or in single ones where that spares its backslashes.
fn text_text(text: &str) -> String {
    let plain = |it: char| !it.is_control() && it != '\'';
    if text.contains(['\\', '"']) && text.chars().all(plain) {
        return format!("'{text}'");
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted += "\\n",
            '\t' => quoted += "\\t",
            '\r' => quoted += "\\r",
            it if it.is_control() => quoted += &format!("\\u{:04X}", u32::from(it)),
            it => quoted.push(it),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_written_in_the_order_of_the_docs_however_it_was_put_together() {
        let mut draft = Draft::titled("Cash");
        draft.comments = vec!["Recorded.".to_owned()];
        draft.head.insert(0, ("seed".to_owned(), Value::Number(7)));
        draft.switch = vec![("timers.atm_ms".to_owned(), Value::Number(5000))];
        draft.terminals =
            vec![("atm 1".to_owned(), vec![("merchant".to_owned(), "M".into()), ("id".to_owned(), "ATM00001".into())])];
        draft.step(
            DraftStep::new("send", "withdrawal").with("rrn", Value::said("absent")).with("card", "dara").comment("left out: PIN"),
        );
        draft.step(
            DraftStep::new("expect", "0210")
                .with("capture", Value::Table(vec![("a".to_owned(), "rrn".into())]))
                .with("code", "00"),
        );
        draft.ending = vec!["The end.".to_owned()];
        let wanted = "# Recorded.\n\ntitle = \"Cash\"\nseed = 7\n\n[switch]\ntimers.atm_ms = 5000\n\n[terminal.\"atm 1\"]\nid = \"ATM00001\"\n\
                      merchant = \"M\"\n\n# left out: PIN\n[[step]]\nsend = \"withdrawal\"\ncard = \"dara\"\nrrn = { absent = true }\n\n\
                      [[step]]\nexpect = \"0210\"\ncode = \"00\"\ncapture = { a = \"rrn\" }\n\n# The end.\n";
        assert_eq!(write(&draft), wanted);
        assert_eq!(crate::scenario::format(wanted).unwrap(), wanted);
    }

    #[test]
    fn any_text_comes_back_as_it_was() {
        for text in ["", "it's", "a \"b\"", r"^\d{6}$", r#"'\""#, "two\nlines\ttab", "\u{1}\u{7f}\r", "ភ្នំពេញ", "# no comment"]
        {
            let mut draft = Draft::titled(text);
            draft.vars = vec![(text.replace('.', ""), Value::List(vec![text.into(), true.into()]))];
            let read: toml::Table = write(&draft).parse().unwrap();
            assert_eq!(read["title"].as_str(), Some(text));
            let var = &read["vars"][text.replace('.', "").as_str()];
            assert_eq!(var[0].as_str(), Some(text));
        }
    }
}
