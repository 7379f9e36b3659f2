//! Which of the two formats a document is in, told by its content.
//!
//! Knows: how each begins. Does not know: what comes behind.

use std::io::BufRead;

use crate::entry::Entry;
use crate::fault::{Fault, Problem};
use crate::{pain001, payroll_csv};

/// A format of payroll documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// pain.001, XML.
    Pain001,
    /// Payroll CSV.
    Csv,
}

impl Format {
    /// How many first bytes are enough to tell, unless a document begins with more white space than that.
    pub const BYTES: usize = 64;

    /// Tells by the first bytes: XML begins with `<`, perhaps behind white space, and CSV with its header. Either may have a byte order
    /// mark of UTF-8.
    ///
    /// # Errors
    /// Where it is neither, or in UTF-16.
    pub fn of(first: &[u8]) -> Result<Self, Fault> {
        let bytes = first.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(first);
        let text = bytes.trim_ascii_start();
        let problem = match () {
            () if first.is_empty() => Problem::Nothing,
            () if first.starts_with(b"\xFF\xFE")
                || first.starts_with(b"\xFE\xFF")
                || bytes.iter().take(4).any(|byte| *byte == 0) =>
            {
                Problem::NotUtf8
            }
            () if text.starts_with(b"<") => return Ok(Self::Pain001),
            () if bytes.starts_with(b"record,") || bytes.starts_with(b"\"record\",") => return Ok(Self::Csv),
            () => Problem::UnknownFormat,
        };
        Err(Fault { line: 1, column: 1, field: "Document".to_owned(), problem })
    }
}

/// Reads a payroll document of either format. See [`pain001::Reader`] and [`payroll_csv::Reader`].
pub enum Reader<R> {
    /// A pain.001.
    Pain001(Box<pain001::Reader<R>>),
    /// A payroll CSV.
    Csv(Box<payroll_csv::Reader<R>>),
}

/// Reads a payroll document, whichever of the two formats it is in.
///
/// # Errors
/// Where the first bytes are those of neither.
pub fn read<R: BufRead>(mut input: R) -> Result<Reader<R>, Fault> {
    let first = loop {
        match input.fill_buf() {
            Ok(first) => break first,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(Fault {
                    line: 1,
                    column: 1,
                    field: "Document".to_owned(),
                    problem: Problem::Unreadable(error.kind()),
                });
            }
        }
    };
    Ok(match Format::of(first)? {
        Format::Pain001 => Reader::Pain001(Box::new(pain001::Reader::new(input))),
        Format::Csv => Reader::Csv(Box::new(payroll_csv::Reader::new(input))),
    })
}

impl<R: BufRead> Reader<R> {
    /// The name of the message, as answers repeat it; nothing where the root element of a pain.001 was not read yet.
    #[must_use]
    pub fn message(&self) -> Option<&'static str> {
        match self {
            Self::Pain001(reader) => reader.edition().map(pain001::Edition::message),
            Self::Csv(_) => Some(payroll_csv::MESSAGE),
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Entry, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Pain001(reader) => reader.next(),
            Self::Csv(reader) => reader.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_told_by_how_it_begins() {
        for (first, format) in [
            (&b"<?xml version"[..], Ok(Format::Pain001)),
            (b"\xEF\xBB\xBF\n<Document", Ok(Format::Pain001)),
            (b"record,id,", Ok(Format::Csv)),
            (b"\xEF\xBB\xBFrecord,id", Ok(Format::Csv)),
            (b"", Err(Problem::Nothing)),
            (b"PK\x03\x04", Err(Problem::UnknownFormat)),
            (b"civil_servant_id,", Err(Problem::UnknownFormat)),
            (b"\xFF\xFE<\0", Err(Problem::NotUtf8)),
            (b"<\0?\0", Err(Problem::NotUtf8)),
        ] {
            assert_eq!(Format::of(first).map_err(|fault| fault.problem), format, "{}", first.escape_ascii());
        }
    }
}
