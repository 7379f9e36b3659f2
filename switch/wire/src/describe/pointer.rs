//! Where in the bytes something is wrong: the row of a hex dump, with carets.

use std::fmt::{self, Write as _};

use crate::dialect::Shown;
use crate::{Dialect, ParseError, Problem};

/// Bytes of one row.
const ROW: usize = 16;
/// So many bytes before the one at fault are shown of a broken message: twelve packed digits, shorter than any card number.
const SHOWN_BEFORE: usize = 5;

/// Writes the row in which `error` lies, and carets under it. Only the bytes at fault and a few before them are shown unless
/// `unmasked`, and none of a sensitive field.
pub(super) fn point(out: &mut String, dialect: &Dialect, body: &[u8], error: &ParseError, unmasked: bool) -> fmt::Result {
    let at = error.offset.min(body.len());
    let start = at.saturating_sub(1).min(at) / ROW * ROW;
    let start = if at - start >= ROW { at / ROW * ROW } else { start };
    let sensitive = error.place.field().and_then(|field| dialect.spec(field)).is_some_and(|spec| spec.shown != Shown::Whole);
    let shown = |place: usize| {
        unmasked || (!sensitive && fault(&error.problem) && (at.saturating_sub(SHOWN_BEFORE)..=at).contains(&place))
    };
    let row = body.get(start..body.len().min(start + ROW)).unwrap_or(&[]);
    let (mut digits, mut text) = (String::new(), String::new());
    for (place, byte) in (start..).zip(row) {
        if shown(place) {
            write!(digits, "{byte:02X} ")?;
            text.push(if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' });
        } else {
            digits.push_str("·· ");
            text.push('·');
        }
    }
    writeln!(out, "      {start:>5}  {digits:<48} {text}")?;
    writeln!(out, "      {:>5}  {:indent$}^^", "", "", indent = 3 * (at - start))
}

/// Whether the problem is what the bytes at its offset hold, and not that they are too few or too many.
fn fault(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::Characters { .. } | Problem::LengthIndicator { .. } | Problem::PadNibble { .. } | Problem::Value { .. }
    )
}
