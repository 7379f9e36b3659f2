//! Lines of a CSV file, one after the other, in bounded memory: RFC 4180 quoting, LF or CRLF, a byte order mark passed over.
//!
//! No field here may hold a line break, so a quote that is not closed ends with its line: one bad line spoils no other.

use std::io::{self, BufRead};

/// The longest line, bytes. A longer one is passed over to its end and refused.
const LINE_MAX: usize = 4096;
/// The most columns.
const COLUMNS_MAX: usize = 32;

/// Why a line cannot be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Torn {
    TooLong,
    NotUtf8,
    Quote,
    TooManyColumns,
}

impl Torn {
    pub(crate) fn problem(self) -> &'static str {
        match self {
            Self::TooLong => "is longer than 4096 bytes",
            Self::NotUtf8 => "is not UTF-8; save the file as UTF-8",
            Self::Quote => {
                "a quotation mark is not closed in this line, or stands within a value; double those that belong to it"
            }
            Self::TooManyColumns => "has more than 32 columns",
        }
    }
}

/// A line's fields, or why there are none.
pub(crate) type Fields = Result<Vec<String>, Torn>;

/// Reads lines of a file.
pub(crate) struct Lines<R> {
    reader: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, line: Vec::with_capacity(LINE_MAX), number: 0 }
    }

    /// The next line that is not blank: its number from 1, and its fields; `None` at the end.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, Fields)>> {
        loop {
            let Some(whole) = self.read()? else { return Ok(None) };
            if !whole {
                return Ok(Some((self.number, Err(Torn::TooLong))));
            }
            let mut line = self.line.as_slice();
            if self.number == 1 {
                line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
            }
            line = line.strip_suffix(b"\n").unwrap_or(line);
            line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            let fields = std::str::from_utf8(line).map_err(|_| Torn::NotUtf8).and_then(fields);
            return Ok(Some((self.number, fields)));
        }
    }

    /// Reads a line into the buffer. Says whether it is whole, or `None` at the end.
    fn read(&mut self) -> io::Result<Option<bool>> {
        self.line.clear();
        let mut whole = true;
        loop {
            let bytes = match self.reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                let ended = self.line.is_empty() && whole;
                self.number += u64::from(!ended);
                return Ok((!ended).then_some(whole));
            }
            let end = bytes.iter().position(|byte| *byte == b'\n').map(|place| place + 1);
            let taken = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            if self.line.len() + taken.len() > LINE_MAX {
                whole = false;
                self.line.clear();
            } else if whole {
                self.line.extend_from_slice(taken);
            }
            let count = taken.len();
            self.reader.consume(count);
            if end.is_some() {
                self.number += 1;
                return Ok(Some(whole));
            }
        }
    }
}

/// The fields of a line.
fn fields(line: &str) -> Result<Vec<String>, Torn> {
    let mut fields = Vec::with_capacity(11);
    let mut rest = line;
    loop {
        if fields.len() == COLUMNS_MAX {
            return Err(Torn::TooManyColumns);
        }
        let (field, behind) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => match rest.split_once(',') {
                Some((field, behind)) => (field.to_owned(), Some(behind)),
                None => (rest.to_owned(), None),
            },
        };
        if !rest.starts_with('"') && field.contains('"') {
            return Err(Torn::Quote);
        }
        fields.push(field);
        match behind {
            Some(behind) => rest = behind,
            None => return Ok(fields),
        }
    }
}

/// A field behind its opening quote, and what follows its comma.
fn unquoted(mut rest: &str) -> Result<(String, Option<&str>), Torn> {
    let mut field = String::new();
    loop {
        let (part, behind) = rest.split_once('"').ok_or(Torn::Quote)?;
        field.push_str(part);
        match behind.as_bytes().first() {
            None => return Ok((field, None)),
            Some(b',') => return Ok((field, behind.get(1..))),
            Some(b'"') => field.push('"'),
            Some(_) => return Err(Torn::Quote),
        }
        rest = behind.get(1..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<(u64, Result<Vec<String>, Torn>)> {
        // A small buffer, so that lines span it.
        let mut lines = Lines::new(io::BufReader::with_capacity(7, text));
        std::iter::from_fn(|| lines.next().unwrap()).collect()
    }

    fn fields_of(text: &[u8]) -> Vec<Vec<String>> {
        all(text).into_iter().map(|(_, fields)| fields.unwrap()).collect()
    }

    #[test]
    fn lines_end_as_they_like_and_a_mark_at_the_front_is_passed_over() {
        for text in ["a,b\nc,\n", "\u{feff}a,b\r\nc,\r\n", "a,b\n\n\r\nc,", "\"a\",\"b\"\n\"c\",\"\"\n"] {
            assert_eq!(fields_of(text.as_bytes()), [["a", "b"], ["c", ""]], "{text:?}");
        }
        assert_eq!(fields_of(b"\"x, \"\"y\"\"\",z"), [["x, \"y\"", "z"]]);
        assert_eq!(all(b""), []);
    }

    #[test]
    fn a_bad_line_spoils_no_other() {
        let long = "x".repeat(5000);
        let text = format!("a\n\"open,b\n{long}\nx\"y\n\"x\"y\nend");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(b"\n\xFF\xFE\nlast\n");
        let told: Vec<_> = all(&bytes).into_iter().map(|(number, fields)| (number, fields.err())).collect();
        let (quote, long) = (Some(Torn::Quote), Some(Torn::TooLong));
        assert_eq!(
            told,
            [(1, None), (2, quote), (3, long), (4, quote), (5, quote), (6, None), (7, Some(Torn::NotUtf8)), (8, None)]
        );
        assert_eq!(all(",".repeat(40).as_bytes()), [(1, Err(Torn::TooManyColumns))]);
    }
}
