//! The canonical form of a scenario file: sections and keys in the order of the docs, one blank line between sections, one way to
//! put spaces. Comments stay with what they stand before or behind; values stay as their author wrote them.
//!
//! Knows: the tokens of TOML, the order of keys. Does not know: what values mean.

use toml_parser::lexer::{Token, TokenKind};

use super::keys;

/// Brings the text of a scenario file into the canonical form. What is canonical already comes back as it is.
///
/// # Errors
/// Where it is no TOML.
pub fn format(source: &str) -> Result<String, toml::de::Error> {
    let meaning: toml::Table = toml::from_str(source)?;
    let formatted = File::read(source).text();
    // Whatever this module may get wrong, it must not change what a file says.
    match toml::from_str::<toml::Table>(&formatted) {
        Ok(same) if same == meaning => Ok(formatted),
        _ => Ok(source.to_owned()),
    }
}

/// A file cut into sections.
#[derive(Default)]
struct File<'s> {
    /// What stands at its head, apart from everything.
    opening: Vec<&'s str>,
    sections: Vec<Section<'s>>,
    /// What stands behind everything.
    ending: Vec<&'s str>,
}

/// A header and its keys; the first section has no header.
#[derive(Default)]
struct Section<'s> {
    comments: Vec<&'s str>,
    header: Option<Line<'s>>,
    entries: Vec<Entry<'s>>,
}

/// A key with its value.
struct Entry<'s> {
    comments: Vec<&'s str>,
    line: Line<'s>,
}

/// A header, or a key with its value, on one line or several.
struct Line<'s> {
    /// The parts of its key.
    key: Vec<String>,
    text: String,
    /// The comment behind it.
    remark: Option<&'s str>,
}

impl<'s> File<'s> {
    fn read(source: &'s str) -> Self {
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let tokens = toml_parser::Source::new(source).lex().into_vec();
        let mut file = Self { sections: vec![Section::default()], ..Self::default() };
        let (mut comments, mut rest, mut begun) = (Vec::new(), tokens.as_slice(), false);
        while let Some((first, after)) = rest.split_first() {
            match first.kind() {
                TokenKind::Whitespace | TokenKind::Eof => rest = after,
                TokenKind::Newline => {
                    rest = after;
                    // Comments at the head that end with a blank line speak of the whole file.
                    if !begun && is_blank_line(after) && !comments.is_empty() {
                        file.opening.append(&mut comments);
                    }
                }
                TokenKind::Comment => {
                    comments.push(text(source, first).trim_end());
                    rest = after;
                }
                _ => {
                    begun = true;
                    let count = statement(rest);
                    let (own, after) = rest.split_at(count);
                    file.add(Line::read(source, own), std::mem::take(&mut comments));
                    rest = after;
                }
            }
        }
        file.ending = comments;
        file
    }

    fn add(&mut self, line: Line<'s>, comments: Vec<&'s str>) {
        if line.text.starts_with('[') {
            self.sections.push(Section { comments, header: Some(line), entries: Vec::new() });
        } else if let Some(section) = self.sections.last_mut() {
            section.entries.push(Entry { comments, line });
        }
    }

    fn text(mut self) -> String {
        self.sections.sort_by_key(Section::rank);
        let sections = self.sections.iter_mut().map(Section::text);
        let parts = std::iter::once(lines(&self.opening)).chain(sections).chain([lines(&self.ending)]);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

impl Section<'_> {
    /// The first part of its header.
    fn name(&self) -> Option<&str> {
        self.header.as_ref()?.key.first().map(String::as_str)
    }

    /// Its place in the file. Those of one name stay in their order: among steps it is what happens.
    fn rank(&self) -> usize {
        self.name().map_or(0, |name| place(keys::TOP, name) + 1)
    }

    fn text(&mut self) -> String {
        let first = |entry: &Entry<'_>| entry.line.key.first().cloned().unwrap_or_default();
        let parts = self.header.as_ref().map_or(0, |header| header.key.len());
        match (self.name(), parts) {
            (None, _) => self.entries.sort_by_key(|entry| place(keys::TOP, &first(entry))),
            (Some("terminal"), 2) => self.entries.sort_by_key(|entry| place(keys::TERMINAL, &first(entry))),
            (Some("person"), 2) => self.entries.sort_by_key(|entry| place(keys::PERSON, &first(entry))),
            (Some("step"), 1) => {
                if let Some(verb) = self.entries.iter().find_map(|entry| keys::verb(&first(entry))) {
                    self.entries.sort_by_key(|entry| keys::rank(verb, &first(entry)));
                }
            }
            _ => {}
        }
        let header = self.header.as_ref().map_or_else(String::new, |header| lines(&self.comments) + &header.whole());
        self.entries.iter().fold(header, |all, entry| all + &lines(&entry.comments) + &entry.line.whole())
    }
}

impl<'s> Line<'s> {
    fn read(source: &'s str, tokens: &[Token]) -> Self {
        let is_remark = |token: &&Token| token.kind() == TokenKind::Comment;
        let remark = tokens.last().filter(is_remark).map(|token| text(source, token).trim_end());
        let own = if remark.is_some() { &tokens[..tokens.len() - 1] } else { tokens };
        let meaning = |token: &&Token| token.kind() != TokenKind::Whitespace;
        let key = own.iter().filter(meaning).take_while(|token| token.kind() != TokenKind::Equals);
        let key = key.filter(|token| is_name(token.kind())).map(|token| text(source, token).trim_matches(['"', '\'']).to_owned());
        Self { key: key.collect(), text: spaced(source, own), remark }
    }

    fn whole(&self) -> String {
        let remark = self.remark.map_or_else(String::new, |remark| format!(" {remark}"));
        format!("{}{remark}\n", self.text)
    }
}

/// How many tokens a statement has: up to the end of its line, or of the lines over which its brackets reach.
fn statement(tokens: &[Token]) -> usize {
    let mut open = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind() {
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => open += 1,
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => open = open.saturating_sub(1),
            TokenKind::Newline if open == 0 => return at,
            TokenKind::Eof => return at,
            _ => {}
        }
    }
    tokens.len()
}

fn is_blank_line(tokens: &[Token]) -> bool {
    let next = tokens.iter().find(|token| token.kind() != TokenKind::Whitespace);
    next.is_none_or(|token| matches!(token.kind(), TokenKind::Newline | TokenKind::Eof))
}

fn is_name(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Atom | TokenKind::BasicString | TokenKind::LiteralString)
}

fn text<'s>(source: &'s str, token: &Token) -> &'s str {
    source.get(token.span().start()..token.span().end()).unwrap_or_default()
}

/// The statement with its spaces where they belong. A value over several lines keeps its own.
fn spaced(source: &str, tokens: &[Token]) -> String {
    let several = tokens.iter().any(|token| token.kind() == TokenKind::Newline);
    let value = tokens.iter().position(|token| token.kind() == TokenKind::Equals).map_or(0, |at| at + 1);
    let (one_line, kept) = if several { tokens.split_at(value) } else { (tokens, &[][..]) };
    let mut line = String::new();
    let mut before: Option<(TokenKind, bool)> = None;
    for (at, token) in one_line.iter().enumerate() {
        if token.kind() == TokenKind::Whitespace {
            before = before.map(|(kind, _)| (kind, true));
            continue;
        }
        if token.kind() == TokenKind::Comma && closes(one_line.get(at + 1..).unwrap_or_default()) {
            continue;
        }
        if before.is_some_and(|(kind, space)| parted(kind, token.kind(), space)) {
            line.push(' ');
        }
        line += text(source, token);
        before = Some((token.kind(), false));
    }
    let kept: String =
        kept.iter().map(|token| if token.kind() == TokenKind::Newline { "\n" } else { text(source, token) }).collect();
    match kept.trim() {
        "" => line,
        kept => format!("{line} {kept}"),
    }
}

/// Whether nothing more comes before the bracket closes.
fn closes(tokens: &[Token]) -> bool {
    let next = tokens.iter().find(|token| token.kind() != TokenKind::Whitespace).map(Token::kind);
    matches!(next, Some(TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket))
}

/// Whether a space stands between two tokens of one line.
fn parted(one: TokenKind, next: TokenKind, was: bool) -> bool {
    use TokenKind as T;
    match (one, next) {
        (T::LeftCurlyBracket, T::RightCurlyBracket) => false,
        (_, T::Comma) => false,
        (T::Equals | T::Comma | T::LeftCurlyBracket, _) | (_, T::Equals | T::RightCurlyBracket) => true,
        // A date and its time.
        (T::Atom, T::Atom) => was,
        _ => false,
    }
}

fn lines(comments: &[&str]) -> String {
    comments.iter().map(|comment| format!("{comment}\n")).collect()
}

fn place(keys: &[keys::Key], name: &str) -> usize {
    keys.iter().position(|key| key.name == name).unwrap_or(keys.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTIDY: &str = "\u{feff}# Ours, 2026.\r\n\r\n\r\ntags=[ 'a','b' , ]   # found by\r\n# What it shows.\n  title   =  \"Cash\"\n\
        start = 2022-12-28 09:00:00\n\n[[step]]\ncode   = '00' # approved\n\n\n# The answer.\nexpect='0210'\ncapture={auth='authorization'}\n\
        rrn={echo=true}\n# Nothing more.\n\n[[ step ]]\nclock = '+0.5s'\n[terminal. \"atm 1\"]\nmerchant='M'\nid='A'\n[vars]\nb = '''\n  two\n  lines'''\n\
        a = [ # all\n  1_000,\n    2,\n]\n# The end.";
    const TIDY: &str = "# Ours, 2026.\n\n# What it shows.\ntitle = \"Cash\"\ntags = ['a', 'b'] # found by\nstart = 2022-12-28 09:00:00\n\n\
        [vars]\nb = '''\n  two\n  lines'''\na = [ # all\n  1_000,\n    2,\n]\n\n[terminal.\"atm 1\"]\nid = 'A'\nmerchant = 'M'\n\n\
        [[step]]\n# The answer.\nexpect = '0210'\nrrn = { echo = true }\ncode = '00' # approved\ncapture = { auth = 'authorization' }\n\n\
        # Nothing more.\n[[step]]\nclock = '+0.5s'\n\n# The end.\n";

    #[test]
    fn keys_are_put_in_order_comments_move_along_and_values_stay_as_written() {
        assert_eq!(format(UNTIDY).unwrap(), TIDY);
        assert_eq!(format(TIDY).unwrap(), TIDY, "what is in order stays");
    }

    #[test]
    fn sections_within_the_configuration_and_steps_keep_their_order() {
        let source = "title = \"t\"\n\n[[step]]\nsend = \"echo\"\n\n[step.rrn]\nabsent = true\n\n[[step]]\nclock = \"rest\"\n\n\
            [[switch.bank]]\nname = \"b\"\nkinds = []\n\n[switch.timers]\natm_ms = 1\n\n[[switch.bank]]\nname = \"a\"\n";
        let formatted = format(source).unwrap();
        let order: Vec<_> = formatted.lines().filter(|line| line.starts_with('[')).collect();
        let wanted = ["[[switch.bank]]", "[switch.timers]", "[[switch.bank]]", "[[step]]", "[step.rrn]", "[[step]]"];
        assert_eq!(order, wanted);
        assert!(formatted.find("name = \"b\"") < formatted.find("name = \"a\""));
    }

    #[test]
    fn what_is_no_toml_is_refused() {
        assert!(format("title = \"a\n").is_err());
    }
}
