//! XML as a stream of tokens: quick-xml, and what it leaves to its user.
//!
//! Knows: what is sound XML, how deep and long it may be, and that DOCTYPE and entities are refused. Does not know: pain.001, but for
//! the attribute of an amount.

use std::io::BufRead;

use model::Currency;
use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{NamespaceResolver, ResolveResult};
use quick_xml::{Error, NsReader, XmlVersion};

use crate::fault::Problem;
use crate::source::{Place, Source};

/// How deep elements may be nested. The deepest that pain.001 has of its own is about half of it.
pub(super) const DEPTH_MAX: usize = 32;
/// How many bytes one tag, text or comment may have.
pub(super) const PIECE_MAX: usize = 65_536;
/// How many bytes the attributes of one element may have.
const ATTRIBUTES_MAX: usize = 4096;
/// How many bytes a name may have.
const NAME_MAX: usize = 128;

/// A piece of XML.
pub(super) enum Token<'a> {
    /// The local name of an element, its namespace, and what its attributes say.
    Open {
        name: &'a str,
        namespace: Option<&'a str>,
        attributes: Attributes,
    },
    /// Text between tags, or a part of it.
    Text(&'a str),
    /// One character that was written as a reference.
    Character(char),
    Close,
    /// The end of the document, behind its root element.
    End,
}

/// What the attributes of an element say.
#[derive(Clone, Copy, Default)]
pub(super) struct Attributes {
    /// `Ccy`: there, and perhaps known.
    pub(super) currency: Option<Option<Currency>>,
    /// One without a namespace that is not `Ccy`.
    pub(super) other: bool,
}

pub(super) struct Tokens<R> {
    reader: NsReader<Source<R>>,
    buffer: Vec<u8>,
    /// What the last token says: a name or a text.
    text: String,
    place: Place,
    depth: usize,
    any: bool,
    rooted: bool,
    /// Of the element that was opened last; nothing where it has none.
    namespace: Option<String>,
}

impl<R: BufRead> Tokens<R> {
    pub(super) fn new(input: R) -> Self {
        let mut reader = NsReader::from_reader(Source::new(input, PIECE_MAX));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.enable_all_checks(true);
        Self {
            reader,
            buffer: Vec::new(),
            text: String::new(),
            place: Place::START,
            depth: 0,
            any: false,
            rooted: false,
            namespace: None,
        }
    }

    /// The place of what was read last, sound or not.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// The place behind all that was read.
    pub(super) fn end(&self) -> Place {
        self.reader.get_ref().place()
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Result<(Place, Token<'_>), Problem> {
        let found = loop {
            self.buffer.clear();
            self.place = self.reader.get_ref().place();
            self.reader.get_mut().begin_piece();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => return Err(problem(&error, self.reader.get_ref().overrun())),
            };
            let first = !std::mem::replace(&mut self.any, true);
            match event {
                Event::Start(tag) => {
                    if self.depth == 0 && self.rooted {
                        return Err(Problem::BehindEnd);
                    }
                    (self.depth, self.rooted) = (self.depth + 1, true);
                    if self.depth > DEPTH_MAX {
                        return Err(Problem::TooDeep { max: DEPTH_MAX });
                    }
                    break Found::Open(opened(&tag, self.reader.resolver(), &mut self.text, &mut self.namespace)?);
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    break Found::Close;
                }
                Event::Text(text) => {
                    // A byte order mark, where it comes in pieces, is none for the reader below.
                    if first && &*text == "\u{FEFF}" {
                        self.any = false;
                    } else if self.depth == 0 && !text.chars().all(is_space) {
                        return Err(outside(self.rooted));
                    } else if text.contains("]]>") || !text.chars().all(is_sound) {
                        return Err(Problem::NotWellFormed(CHARACTER));
                    } else if self.depth > 0 {
                        replace(&mut self.text, &text.xml10_content());
                        break Found::Text;
                    }
                }
                Event::CData(_) | Event::GeneralRef(_) if self.depth == 0 => return Err(outside(self.rooted)),
                Event::CData(text) if text.chars().all(is_sound) => {
                    replace(&mut self.text, &text.xml10_content());
                    break Found::Text;
                }
                Event::GeneralRef(reference) => break Found::Character(character(&reference)?),
                Event::Decl(declaration) if first => declared(&declaration)?,
                Event::Decl(_) => {
                    return Err(Problem::NotWellFormed("an XML declaration stands elsewhere than at the beginning"));
                }
                Event::Comment(text) if text.chars().all(is_sound) => {}
                Event::PI(text) if text.chars().all(is_sound) && !text.target().eq_ignore_ascii_case("xml") => {}
                Event::Comment(_) | Event::PI(_) | Event::CData(_) => return Err(Problem::NotWellFormed(CHARACTER)),
                Event::DocType(_) => return Err(Problem::Doctype),
                Event::Empty(_) => return Err(Problem::NotWellFormed("an empty element")),
                Event::Eof if first => return Err(Problem::Nothing),
                Event::Eof if self.depth > 0 || !self.rooted => return Err(Problem::CutOff),
                Event::Eof => break Found::End,
            }
        };
        let token = match found {
            Found::Open(attributes) => Token::Open { name: &self.text, namespace: self.namespace.as_deref(), attributes },
            Found::Text => Token::Text(&self.text),
            Found::Character(character) => Token::Character(character),
            Found::Close => Token::Close,
            Found::End => Token::End,
        };
        Ok((self.place, token))
    }
}

/// What was found; what it says is kept beside it.
enum Found {
    Open(Attributes),
    Text,
    Character(char),
    Close,
    End,
}

const CHARACTER: &str = "a character or a sign stands where XML has none";

/// Keeps the local name of an element and its namespace; tells of its attributes.
fn opened(
    tag: &BytesStart<'_>,
    resolver: &NamespaceResolver,
    text: &mut String,
    namespace: &mut Option<String>,
) -> Result<Attributes, Problem> {
    let (space, local) = resolver.resolve_element(tag.name());
    if !tag.name().0.split(':').all(is_name) || tag.name().0.len() > NAME_MAX {
        return Err(Problem::NotWellFormed("a name of an element is none"));
    }
    match space {
        ResolveResult::Bound(space) if namespace.as_deref() == Some(space.0) => {}
        ResolveResult::Bound(space) => *namespace = Some(space.0.to_owned()),
        ResolveResult::Unbound => *namespace = None,
        ResolveResult::Unknown(_) => return Err(Problem::NotWellFormed("a prefix stands for no namespace")),
    }
    replace(text, local.as_ref());
    attributes(tag)
}

fn attributes(tag: &BytesStart<'_>) -> Result<Attributes, Problem> {
    const WRONG: Problem = Problem::NotWellFormed("an attribute is none, or stands twice");
    let mut found = Attributes::default();
    if tag.attributes_raw().len() > ATTRIBUTES_MAX {
        return Err(Problem::TooLong { max: ATTRIBUTES_MAX });
    }
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| WRONG)?;
        let value = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|_| WRONG)?;
        if attribute.value.contains('<') || !value.chars().all(is_sound) || !attribute.key.0.split(':').all(is_name) {
            return Err(WRONG);
        }
        match attribute.key.0 {
            "Ccy" => found.currency = Some(Currency::from_alpha(&value)),
            "xmlns" => {}
            key => found.other |= !key.contains(':'),
        }
    }
    Ok(found)
}

/// Refuses what declares itself to be something else than XML 1.0 in UTF-8.
fn declared(declaration: &BytesDecl<'_>) -> Result<(), Problem> {
    if !declaration.version().is_ok_and(|version| version == "1.0") {
        return Err(Problem::NotWellFormed("it declares another version than 1.0"));
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if name.eq_ignore_ascii_case("UTF-8") => Ok(()),
        Some(_) => Err(Problem::OtherEncoding),
    }
}

/// What a reference stands for: one of the five of XML's own, or a character by its number.
fn character(reference: &BytesRef<'_>) -> Result<char, Problem> {
    let found = match &**reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten().filter(|found| is_sound(*found)),
    };
    found.ok_or(Problem::NotWellFormed("an entity is used that is none of XML's own five"))
}

/// What the reader below says, in our words.
fn problem(error: &Error, overrun: bool) -> Problem {
    match error {
        Error::Io(_) if overrun => Problem::TooLong { max: PIECE_MAX },
        Error::Io(error) => Problem::Unreadable(error.kind()),
        Error::Encoding(_) => Problem::NotUtf8,
        Error::Syntax(SyntaxError::InvalidBangMarkup) => Problem::NotWellFormed("a tag begins with ! and is none"),
        Error::Syntax(_) => Problem::CutOff,
        Error::IllFormed(IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_)) => {
            Problem::NotWellFormed("an end tag closes another element than the one that is open")
        }
        Error::IllFormed(_) | Error::InvalidAttr(_) | Error::Escape(_) => Problem::NotWellFormed(CHARACTER),
        Error::Namespace(_) => Problem::NotWellFormed("a namespace is wrongly declared"),
    }
}

fn outside(rooted: bool) -> Problem {
    if rooted { Problem::BehindEnd } else { Problem::NotWellFormed("text stands before the first element") }
}

fn replace(text: &mut String, with: &str) {
    text.clear();
    text.push_str(with);
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// What XML 1.0 lets stand in a document (section 2.2).
fn is_sound(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether it may be a name without a colon. Beyond ASCII this takes more than XML 1.0, section 2.3; no name that is read has such.
fn is_name(name: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    name.starts_with(begins) && name.chars().all(|c| begins(c) || c.is_ascii_digit() || matches!(c, '-' | '.'))
}
