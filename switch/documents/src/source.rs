//! Where bytes come from: counts lines and columns, and bounds how much may be read at one go.
//!
//! Knows: the place of the next byte. Does not know: what the bytes mean.

use std::io::{self, BufRead, Read};

/// A place in a document: line and column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Place {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The place behind these bytes.
    pub(crate) fn behind(self, bytes: &[u8]) -> Self {
        let (lines, tail) = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => (bytes.iter().filter(|byte| **byte == b'\n').count(), bytes.get(last + 1..).unwrap_or(&[])),
            None => (0, bytes),
        };
        // Bytes that go on with a character of UTF-8 are no columns.
        let characters = tail.iter().filter(|byte| **byte & 0xC0 != 0x80).count() as u64;
        let column = if lines == 0 { self.column } else { 1 };
        Self { line: self.line + lines as u64, column: column + characters }
    }
}

/// A reader that fails where one piece grows beyond its bound: what comes from outside never makes us keep more than that.
pub(crate) struct Source<R> {
    inner: R,
    place: Place,
    left: usize,
    piece_max: usize,
    overrun: bool,
}

impl<R: BufRead> Source<R> {
    pub(crate) fn new(inner: R, piece_max: usize) -> Self {
        Self { inner, place: Place::START, left: piece_max, piece_max, overrun: false }
    }

    /// The place of the next byte.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// A new piece begins here.
    pub(crate) fn begin_piece(&mut self) {
        self.left = self.piece_max;
    }

    /// Whether the last failure was a piece that is too long.
    pub(crate) fn overrun(&self) -> bool {
        self.overrun
    }
}

impl<R: BufRead> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let bytes = self.inner.fill_buf()?;
        if self.left == 0 && !bytes.is_empty() {
            self.overrun = true;
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(bytes.get(..self.left).unwrap_or(bytes))
    }

    fn consume(&mut self, count: usize) {
        // What was given out is still there: a `BufRead` keeps it until it is consumed.
        if let Ok(bytes) = self.inner.fill_buf() {
            self.place = self.place.behind(bytes.get(..count).unwrap_or(bytes));
        }
        self.left = self.left.saturating_sub(count);
        self.inner.consume(count);
    }
}

impl<R: BufRead> Read for Source<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?;
        let count = bytes.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), bytes.get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_begin_them_anew() {
        let mut source = Source::new("ab\nក្ក1".as_bytes(), 100);
        for (count, line, column) in [(1, 1, 2), (2, 2, 1), (3, 2, 2), (7, 2, 5)] {
            source.consume(count);
            assert_eq!(source.place(), Place { line, column });
        }
    }

    #[test]
    fn a_piece_beyond_its_bound_is_an_error_and_the_end_is_none() {
        let mut source = Source::new(&b"0123456789"[..], 4);
        assert_eq!(source.fill_buf().unwrap(), b"0123");
        source.consume(4);
        assert!(source.fill_buf().is_err() && source.overrun());
        source.begin_piece();
        source.consume(4);
        source.begin_piece();
        source.consume(2);
        assert_eq!(source.fill_buf().unwrap(), b"");
    }
}
