//! CSV as a stream of records (RFC 4180): stricter than most readers, for money hangs on where a field ends.
//!
//! Knows: quotes, line ends, places, bounds, UTF-8. Does not know: what the fields mean.

use std::io::BufRead;
use std::ops::Range;

use crate::fault::Problem;
use crate::source::{Place, Source};

/// How many bytes one record may have.
pub(super) const RECORD_MAX: usize = 16_384;
/// How many fields are kept. No record that is taken has more; more are counted.
const FIELDS_MAX: usize = 64;

/// Where in a field the reader is.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Begin,
    Plain,
    Quoted,
    /// Behind a quote inside quotes: the end, or half of a quote that is meant.
    Quote,
    /// Behind a carriage return that ends the record.
    Return,
}

pub(super) struct Records<R> {
    input: Source<R>,
    splitter: Splitter,
}

/// The record that is being read, and where in it the reader is.
struct Splitter {
    place: Place,
    state: State,
    /// Whether the first three bytes are past, which may be a byte order mark.
    begun: bool,
    bytes: Vec<u8>,
    /// Where the open field begins: its place, and in `bytes`.
    begin: (Place, usize),
    fields: Vec<(Place, Range<usize>)>,
    /// How many fields there are, those beyond [`FIELDS_MAX`] too.
    count: usize,
}

/// One record: its fields with their places. Never without one.
pub(super) struct Record<'a> {
    pub(super) place: Place,
    text: &'a str,
    fields: &'a [(Place, Range<usize>)],
    count: usize,
}

impl<'a> Record<'a> {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The field at this index: its place and text; empty where there is none.
    pub(super) fn field(&self, index: usize) -> (Place, &'a str) {
        match self.fields.get(index) {
            Some((place, range)) => (*place, self.text.get(range.clone()).unwrap_or("")),
            None => (self.place, ""),
        }
    }
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input: Source::new(input, RECORD_MAX), splitter: Splitter::new() }
    }

    /// The place behind what was read.
    pub(super) fn place(&self) -> Place {
        self.splitter.place
    }

    /// The next record that is not an empty line; nothing at the end. What fails says where.
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>, (Place, Problem)> {
        loop {
            let place = self.splitter.place;
            if !self.read()? {
                return Ok(None);
            }
            if !matches!(&self.splitter.fields[..], [(_, only)] if only.is_empty()) {
                let Splitter { bytes, fields, count, .. } = &self.splitter;
                let text = str::from_utf8(bytes).map_err(|_| (place, Problem::NotUtf8))?;
                return Ok(Some(Record { place, text, fields, count: *count }));
            }
        }
    }

    /// Reads one record up to its line end; whether there was any.
    fn read(&mut self) -> Result<bool, (Place, Problem)> {
        self.splitter.anew();
        self.input.begin_piece();
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let long = self.input.overrun();
                    let problem = if long { Problem::TooLong { max: RECORD_MAX } } else { Problem::Unreadable(error.kind()) };
                    return Err((self.splitter.place, problem));
                }
            };
            if chunk.is_empty() {
                return if self.splitter.nothing() { Ok(false) } else { Err((self.splitter.place, Problem::CutOff)) };
            }
            let (mut used, mut ended) = (0, false);
            for byte in chunk {
                used += 1;
                ended = self.splitter.take(*byte)?;
                if ended {
                    break;
                }
            }
            self.input.consume(used);
            if ended {
                return Ok(true);
            }
        }
    }
}

impl Splitter {
    fn new() -> Self {
        let begin = (Place::START, 0);
        let (bytes, fields) = (Vec::new(), Vec::new());
        Self { place: Place::START, state: State::Begin, begun: false, bytes, begin, fields, count: 0 }
    }

    /// A new record begins.
    fn anew(&mut self) {
        self.bytes.clear();
        self.fields.clear();
        (self.count, self.state, self.begin) = (0, State::Begin, (self.place, 0));
    }

    /// Whether nothing of the record was there.
    fn nothing(&self) -> bool {
        self.count == 0 && self.state == State::Begin
    }

    /// Takes a byte more; whether the record ends with it.
    fn take(&mut self, byte: u8) -> Result<bool, (Place, Problem)> {
        if !self.begun && self.bytes == b"\xEF\xBB\xBF" {
            // A byte order mark is no part of the first field.
            *self = Self { begun: true, ..Self::new() };
        }
        self.begun |= self.bytes.len() >= 3;
        let at = self.place;
        self.place = at.behind(&[byte]);
        self.state = match (self.state, byte) {
            (State::Begin, b'"') => State::Quoted,
            (State::Begin | State::Plain | State::Quote, b',') => {
                self.end_field();
                State::Begin
            }
            (State::Begin | State::Plain | State::Quote, b'\r') => State::Return,
            (State::Begin | State::Plain | State::Quote | State::Return, b'\n') => {
                self.end_field();
                self.begun = true;
                return Ok(true);
            }
            (State::Return, _) => return Err((at, Problem::StrayReturn)),
            (State::Quoted, b'"') => State::Quote,
            (State::Quote, b'"') | (State::Quoted, _) => {
                self.bytes.push(byte);
                State::Quoted
            }
            (State::Quote, _) | (State::Plain, b'"') => return Err((at, Problem::StrayQuote)),
            (State::Begin | State::Plain, _) => {
                self.bytes.push(byte);
                State::Plain
            }
        };
        Ok(false)
    }

    fn end_field(&mut self) {
        let (place, begin) = std::mem::replace(&mut self.begin, (self.place, self.bytes.len()));
        self.count += 1;
        if self.fields.len() < FIELDS_MAX {
            self.fields.push((place, begin..self.bytes.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Result<Vec<Vec<String>>, (u64, u64, Problem)> {
        let mut records = Records::new(std::io::BufReader::with_capacity(1, text));
        let mut found = Vec::new();
        loop {
            match records.next() {
                Ok(Some(record)) => found.push((0..record.len()).map(|index| record.field(index).1.to_owned()).collect()),
                Ok(None) => return Ok(found),
                Err((place, problem)) => return Err((place.line, place.column, problem)),
            }
        }
    }

    #[test]
    fn records_are_read_as_rfc_4180_has_them() {
        let read = all(b"\xEF\xBB\xBFa,b\r\n\"x,\"\"y\"\"\nz\",\n\n,\n").unwrap();
        assert_eq!(read, [vec!["a", "b"], vec!["x,\"y\"\nz", ""], vec!["", ""]]);
        assert_eq!(all(b"\xEF\xBB\xBF\"a\",b\n").unwrap(), [vec!["a", "b"]]);
        assert_eq!(all(b"").unwrap(), Vec::<Vec<String>>::new());
    }

    #[test]
    fn what_rfc_4180_does_not_have_is_refused_with_its_place() {
        for (text, line, column, problem) in [
            (&b"a\nb\"c\n"[..], 2, 2, Problem::StrayQuote),
            (b"a\n\"b\"c\n", 2, 4, Problem::StrayQuote),
            (b"a\rb\n", 1, 3, Problem::StrayReturn),
            (b"a,b", 1, 4, Problem::CutOff),
            (b"a,\"b\n", 2, 1, Problem::CutOff),
            (b"a,b\r", 1, 5, Problem::CutOff),
            (b"a\n\xFF\n", 2, 1, Problem::NotUtf8),
        ] {
            assert_eq!(all(text), Err((line, column, problem)), "{}", text.escape_ascii());
        }
        let long = [b"a,\"".to_vec(), vec![b'x'; 100_000]].concat();
        assert!(matches!(all(&long), Err((1, _, Problem::TooLong { .. }))));
    }

    #[test]
    fn fields_know_their_columns() {
        let mut records = Records::new("a,\"ខ\",c\nd,e\n".as_bytes());
        let record = records.next().unwrap().unwrap();
        assert_eq!([record.field(1).0.column, record.field(2).0.column], [3, 7]);
        let record = records.next().unwrap().unwrap();
        assert_eq!((record.place, record.field(1).0), (Place { line: 2, column: 1 }, Place { line: 2, column: 3 }));
    }
}
