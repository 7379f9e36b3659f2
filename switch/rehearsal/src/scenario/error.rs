//! What is wrong with a scenario file: where, what, and what to write instead.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Span;

/// A file that is no scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Which file.
    pub path: PathBuf,
    /// Where in it; `None` where it could not be read at all.
    pub place: Option<Place>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it; empty where the problem says it.
    pub remedy: String,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// How many characters are meant, at least one and all on this line.
    pub width: usize,
    /// The whole line, with what looks like a card number masked.
    pub text: String,
}

impl Error {
    /// An error at a place of the source.
    pub(crate) fn at(path: &Path, source: &str, span: &Span, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        let place = Some(Place::of(source, span));
        Self { path: path.to_owned(), place, problem: problem.into(), remedy: remedy.into() }
    }

    /// A file that cannot be read.
    pub(crate) fn unread(path: &Path, why: &std::io::Error) -> Self {
        let remedy = "check the path, and that it is a text file".to_owned();
        Self { path: path.to_owned(), place: None, problem: format!("cannot be read: {why}"), remedy }
    }
}

impl Place {
    fn of(source: &str, span: &Span) -> Self {
        let start = span.start.min(source.len());
        let before = source.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = source.get(line_start..).unwrap_or_default();
        let text = rest.lines().next().unwrap_or_default();
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let meant = source.get(start..span.end.max(start)).unwrap_or_default();
        let width = meant.lines().next().unwrap_or_default().chars().count().max(1);
        Self { line, column, width, text: model::mask_card_numbers(text) }
    }
}

impl fmt::Display for Error {
    /// `path:line:column: problem`, the line, a caret under what is meant, and the remedy.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.place {
            None => write!(f, "{path}: {}", self.problem)?,
            Some(Place { line, column, width, text }) => {
                let (gutter, before, carets) = (line.to_string().len(), column - 1, "^".repeat(*width));
                writeln!(f, "{path}:{line}:{column}: {}", self.problem)?;
                writeln!(f, "{:gutter$} |", "")?;
                writeln!(f, "{line} | {text}")?;
                write!(f, "{:gutter$} | {:before$}{carets}", "", "")?;
            }
        }
        if !self.remedy.is_empty() {
            write!(f, "\n{}", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
