//! BER-TLV, as chip data (DE55) is written: ISO/IEC 8825-1 with the limits of EMV Book 3, Annex B.
//!
//! Knows: tags, lengths and what is inside what; unknown tags are kept like known ones, in order. Does not know: what a tag
//! means (`describe::emv`), what a chip computes. Nothing here allocates or trusts a length.

use std::fmt;

use bytes::{BufMut, BytesMut};

/// A tag of one to four bytes: `9F26`, `5A`, `DF8129`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(u32);

/// One data object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Object<'a> {
    /// Its tag.
    pub tag: Tag,
    /// Its value. May be sensitive: never print it unasked.
    pub value: &'a [u8],
    /// Where its tag begins, in bytes from the start of what [`objects`] was given.
    pub offset: usize,
    /// Where its value begins, counted alike.
    pub value_offset: usize,
}

/// Why bytes are no BER-TLV, and where: in bytes from the start of what [`objects`] was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {problem}")]
pub struct TlvError {
    /// Where the tag, length or value begins that is wrong.
    pub offset: usize,
    /// What is wrong with it.
    pub problem: TlvProblem,
}

/// What is wrong with a data object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlvProblem {
    /// The bytes end inside a tag or a length.
    #[error("expected more of a tag or a length, found the end")]
    Ends,
    /// A tag of more than four bytes.
    #[error("expected a tag of at most four bytes, found a longer one")]
    LongTag,
    /// A tag whose number begins with zeros (ISO/IEC 8825-1, 8.1.2.4).
    #[error("expected the shortest form of a tag, found a longer one")]
    PaddedTag,
    /// Length 80: the value would end with a mark, which EMV does not have.
    #[error("expected a definite length, found 80")]
    Indefinite,
    /// A length of more than three bytes, or the reserved FF.
    #[error("expected a length of at most three bytes, found {bytes}")]
    LongLength {
        /// How many it says.
        bytes: u8,
    },
    /// The value is longer than what is left.
    #[error("expected a value of {needed} bytes, found {left}")]
    Truncated {
        /// What the length says.
        needed: usize,
        /// What is left, in bytes.
        left: usize,
    },
    /// Templates inside templates, deeper than any card has them.
    #[error("expected at most {DEPTH_MAX} templates inside each other, found more")]
    Deep,
    /// A tag 00, which is padding and never an object. Only [`put`] says this.
    #[error("expected a tag, found padding")]
    Padding,
}

/// How deep templates may lie inside each other.
const DEPTH_MAX: usize = 8;

impl Tag {
    /// The tag written as these bytes; `None` where they are no tag, or more than one.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let (tag, width) = read_tag(bytes).ok()?;
        (width == bytes.len() && tag.0 != 0).then_some(tag)
    }

    /// Its bytes as a number: `0x9F26`.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// Whether its value is made of data objects again.
    #[must_use]
    pub fn is_constructed(self) -> bool {
        let first = self.0.to_be_bytes().into_iter().find(|byte| *byte != 0);
        first.is_some_and(|byte| byte & 0x20 != 0)
    }
}

impl fmt::Display for Tag {
    /// Upper-case hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.0 > 0xFF_FFFF {
            8
        } else if self.0 > 0xFFFF {
            6
        } else if self.0 > 0xFF {
            4
        } else {
            2
        };
        f.pad(&format!("{:0digits$X}", self.0))
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Object<'_> {
    /// Tag and length, no value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.tag, self.value.len())
    }
}

impl<'a> Object<'a> {
    /// What is inside, where the tag is constructed; nothing otherwise. Offsets count from the same start as its own.
    #[must_use]
    pub fn children(&self) -> Objects<'a> {
        let inside = if self.tag.is_constructed() { self.value } else { &[] };
        Objects { rest: inside, at: self.value_offset }
    }
}

/// The data objects that lie in `bytes` one after the other; zeros before, between and after them are passed over (EMV Book 3,
/// Annex B1). After an error nothing more comes.
#[must_use]
pub fn objects(bytes: &[u8]) -> Objects<'_> {
    Objects { rest: bytes, at: 0 }
}

/// The iterator that [`objects`] gives.
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<Object<'a>, TlvError>;

    fn next(&mut self) -> Option<Self::Item> {
        let padding = self.rest.iter().take_while(|byte| **byte == 0).count();
        let (rest, offset) = (self.rest.get(padding..)?, self.at + padding);
        if rest.is_empty() {
            self.rest = &[];
            return None;
        }
        match read(rest) {
            Ok((tag, value, head)) => {
                let end = head + value.len();
                self.rest = rest.get(end..).unwrap_or(&[]);
                self.at = offset + end;
                Some(Ok(Object { tag, value, offset, value_offset: offset + head }))
            }
            Err((place, problem)) => {
                self.rest = &[];
                Some(Err(TlvError { offset: offset + place, problem }))
            }
        }
    }
}

/// Calls `visit` with every object and how deep it lies, parents before children, in order.
///
/// # Errors
/// The first thing that is wrong; what came before it has been visited.
pub fn walk<'a>(bytes: &'a [u8], mut visit: impl FnMut(usize, Object<'a>)) -> Result<(), TlvError> {
    walk_in(objects(bytes), 0, &mut visit)
}

fn walk_in<'a>(objects: Objects<'a>, depth: usize, visit: &mut impl FnMut(usize, Object<'a>)) -> Result<(), TlvError> {
    for object in objects {
        let object = object?;
        if depth >= DEPTH_MAX {
            return Err(TlvError { offset: object.offset, problem: TlvProblem::Deep });
        }
        visit(depth, object);
        walk_in(object.children(), depth + 1, visit)?;
    }
    Ok(())
}

/// Appends one object, its length in the shortest form. The value of a constructed tag is objects built before.
///
/// # Errors
/// [`TlvProblem::LongLength`] where a length of three bytes cannot tell the value's.
pub fn put(out: &mut BytesMut, tag: Tag, value: &[u8]) -> Result<(), TlvProblem> {
    let length = u32::try_from(value.len()).ok().filter(|length| *length < 1 << 24);
    let length = length.ok_or(TlvProblem::LongLength { bytes: 4 })?.to_be_bytes();
    if tag.0 == 0 {
        return Err(TlvProblem::Padding);
    }
    let bytes = tag.0.to_be_bytes();
    out.put_slice(bytes.get(bytes.iter().take_while(|byte| **byte == 0).count()..).unwrap_or(&[]));
    match length {
        [0, 0, 0, short @ ..0x80] => out.put_u8(short),
        [0, 0, 0, one] => out.put_slice(&[0x81, one]),
        [0, 0, high, low] => out.put_slice(&[0x82, high, low]),
        [_, high, middle, low] => out.put_slice(&[0x83, high, middle, low]),
    }
    out.put_slice(value);
    Ok(())
}

type Flaw = (usize, TlvProblem);

/// Tag and value of the object that begins here, and how many bytes tag and length take.
fn read(bytes: &[u8]) -> Result<(Tag, &[u8], usize), Flaw> {
    let (tag, at) = read_tag(bytes)?;
    let (length, width) = read_length(bytes.get(at..).unwrap_or(&[])).map_err(|problem| (at, problem))?;
    let head = at + width;
    let rest = bytes.get(head..).unwrap_or(&[]);
    match rest.get(..length) {
        Some(value) => Ok((tag, value, head)),
        None => Err((head, TlvProblem::Truncated { needed: length, left: rest.len() })),
    }
}

fn read_tag(bytes: &[u8]) -> Result<(Tag, usize), Flaw> {
    let (first, rest) = bytes.split_first().ok_or((0, TlvProblem::Ends))?;
    let mut number = u32::from(*first);
    if first & 0x1F != 0x1F {
        return Ok((Tag(number), 1));
    }
    for (place, byte) in rest.iter().enumerate() {
        match place {
            // Numbers below 31 have room in the first byte, but EMV writes them in two (9F02), so only leading zeros are refused.
            0 if *byte == 0x80 => return Err((0, TlvProblem::PaddedTag)),
            3.. => return Err((0, TlvProblem::LongTag)),
            _ => number = number << 8 | u32::from(*byte),
        }
        if byte & 0x80 == 0 {
            return Ok((Tag(number), place + 2));
        }
    }
    Err((0, TlvProblem::Ends))
}

fn read_length(bytes: &[u8]) -> Result<(usize, usize), TlvProblem> {
    let (first, rest) = bytes.split_first().ok_or(TlvProblem::Ends)?;
    match first {
        0..0x80 => Ok((usize::from(*first), 1)),
        0x80 => Err(TlvProblem::Indefinite),
        0x81..=0x83 => {
            let width = usize::from(first & 0x7F);
            let told = rest.get(..width).ok_or(TlvProblem::Ends)?;
            Ok((told.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), width + 1))
        }
        _ => Err(TlvProblem::LongLength { bytes: first & 0x7F }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chars::unhex;

    fn told(hex: &str) -> (Vec<(usize, String)>, Option<TlvError>) {
        let bytes = unhex(hex.replace(' ', "").as_bytes()).unwrap();
        let mut seen = Vec::new();
        let end =
            walk(&bytes, |depth, object| seen.push((depth, format!("{}@{} {:?}", object.tag, object.offset, object.value))));
        (seen, end.err())
    }

    #[test]
    fn objects_come_in_order_unknown_ones_and_templates_too() {
        // Worked by hand: a cryptogram, padding, an unknown private tag of three bytes, a template with two, a long length.
        let value = "55".repeat(200);
        let (seen, error) = told(&format!("9F26 02 ABCD 0000 DF8129 00 70 06 5A 01 91 84 01 A0 9F10 81C8 {value} 00"));
        assert_eq!(error, None);
        let expected = [(0, "9F26@0"), (0, "DF8129@7"), (0, "70@11"), (1, "5A@13"), (1, "84@16"), (0, "9F10@19")];
        let heads: Vec<_> = seen.iter().map(|(depth, text)| (*depth, text.split(' ').next().unwrap())).collect();
        assert_eq!(heads, expected);
        assert!(seen[0].1.ends_with("[171, 205]"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_byte() {
        let cases = [
            ("9F", 0, TlvProblem::Ends),
            ("9F26", 2, TlvProblem::Ends),
            ("9F2681", 2, TlvProblem::Ends),
            ("9F26 03 ABCD", 3, TlvProblem::Truncated { needed: 3, left: 2 }),
            ("82 02 1000 9F26 80 00", 6, TlvProblem::Indefinite),
            ("82 84 00000001 00", 1, TlvProblem::LongLength { bytes: 4 }),
            ("9F 80 01 00", 0, TlvProblem::PaddedTag),
            ("DF 81 81 81 01 00", 0, TlvProblem::LongTag),
            ("70 03 5A 02 91", 4, TlvProblem::Truncated { needed: 2, left: 1 }),
        ];
        for (hex, offset, problem) in cases {
            assert_eq!(told(hex).1, Some(TlvError { offset, problem }), "{hex}");
        }
        let deep = (0..9).fold(String::new(), |inside, _| format!("70{:02X}{inside}", inside.len() / 2));
        assert_eq!(told(&deep).1.unwrap().problem, TlvProblem::Deep);
    }

    #[test]
    fn what_is_built_reads_alike_with_the_shortest_length() {
        for (length, head) in [(0, 2), (127, 2), (128, 3), (255, 3), (256, 4), (65_535, 4), (65_536, 5)] {
            let mut out = BytesMut::new();
            let value = vec![7; length];
            put(&mut out, Tag::of(&[0x8A]).unwrap(), &value).unwrap();
            assert_eq!(out.len(), head + length);
            let object = objects(&out).next().unwrap().unwrap();
            assert_eq!((object.tag.number(), object.value), (0x8A, &value[..]));
        }
        assert_eq!((Tag::of(&[0]), Tag::of(&[0x9F]), Tag::of(&[0x5A, 0x5A])), (None, None, None));
        assert_eq!(Tag::of(&[0x9F, 0x26]).unwrap().to_string(), "9F26");
    }

    #[test]
    fn no_value_is_ever_printed_by_mistake() {
        let object = objects(&[0x5A, 2, 0x91, 0x16]).next().unwrap().unwrap();
        assert_eq!(format!("{object:?}"), "5A[2]");
    }
}
