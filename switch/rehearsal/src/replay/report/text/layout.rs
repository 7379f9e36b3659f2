//! Text in columns: widths as a terminal counts them, breaking, padding, colour.

use unicode_width::UnicodeWidthStr as _;

/// What colours say.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hue {
    Red,
    Green,
    Yellow,
    Bold,
    Dim,
}

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    pub(super) on: bool,
}

impl Paint {
    /// `text` in that colour. Pad before painting: the escapes have a length, but no width.
    pub(super) fn of(self, hue: Hue, text: &str) -> String {
        let code = match hue {
            Hue::Red => 31,
            Hue::Green => 32,
            Hue::Yellow => 33,
            Hue::Bold => 1,
            Hue::Dim => 2,
        };
        if self.on && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// One line fit for a terminal: control characters, and those that turn the direction of what follows, appear as escapes.
pub(super) fn clean(text: &str) -> String {
    let turns = |letter: char| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() || turns(letter) {
            out.extend(letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    out
}

/// Columns that it takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// With spaces after it, up to so many columns.
pub(super) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// In the middle of so many columns.
pub(super) fn centred(text: &str, columns: usize) -> String {
    let left = columns.saturating_sub(width(text)) / 2;
    padded(&format!("{}{text}", " ".repeat(left)), columns)
}

/// At most so many columns of it; what is cut off is shown by two dots.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let (head, _) = split(text, columns.saturating_sub(2));
    format!("{}..", head.trim_end())
}

/// In lines of at most so many columns, broken at spaces where there are any. Never empty.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let (mut lines, mut rest) = (Vec::new(), text.trim_end());
    while width(rest) > columns {
        let (head, tail) = split(rest, columns);
        // A word that begins the next line is not torn, unless it would leave most of this one empty.
        let space = if tail.starts_with(' ') { Some(head.len()) } else { head.rfind(' ') };
        let at = space.filter(|at| width(head.get(..*at).unwrap_or_default()) * 2 >= columns).unwrap_or(head.len());
        let (line, next) = rest.split_at(at);
        lines.push(line.trim_end().to_owned());
        rest = next.trim_start();
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(rest.to_owned());
    }
    lines
}

/// Before and behind the last place within so many columns at which letters may be parted. Takes one letter at least.
fn split(text: &str, columns: usize) -> (&str, &str) {
    let mut cut = None;
    for (at, letter) in text.char_indices().skip(1) {
        let (Some(head), Some(more)) = (text.get(..at), text.get(..at + letter.len_utf8())) else { break };
        // What takes no column of its own stands upon or under the letter before it, and stays with it; so does a letter behind a
        // sign that subjoins it (Khmer's coeng).
        if width(more) == width(head) || head.ends_with('\u{17d2}') {
            continue;
        }
        if width(head) <= columns || cut.is_none() {
            cut = Some(at);
        }
        if width(head) >= columns {
            break;
        }
    }
    text.split_at(cut.unwrap_or(text.len()))
}

/// Columns for two cells that share `room`: what they need where there is enough; else the narrow one keeps what it needs up to a half.
pub(super) fn fit(left: usize, right: usize, room: usize) -> (usize, usize) {
    if left + right <= room {
        return (left, right);
    }
    let half = room / 2;
    if left <= half {
        (left, room - left)
    } else if right <= half {
        (room - right, right)
    } else {
        (half, room - half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces_and_long_words_where_they_must() {
        assert_eq!(wrapped("one two three", 8), ["one two", "three"]);
        assert_eq!(wrapped("one two three", 10), ["one two", "three"]);
        assert_eq!(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("a bcdefghij", 6), ["a bcde", "fghij"]);
        assert_eq!(wrapped("", 4), [""]);
    }

    #[test]
    fn letters_of_two_columns_are_never_halved_and_signs_stay_with_their_letter() {
        assert_eq!(wrapped("取引は完了", 5), ["取引", "は完", "了"]);
        // A subscript is a coeng and a letter; the sign upon the last letter takes no column.
        let word = "ដកប្រាក់";
        for columns in [2, 3] {
            for line in wrapped(word, columns) {
                assert!(width(&line) <= columns, "{line}");
                assert!(!line.starts_with(['\u{17d2}', '\u{179a}', '\u{17cb}']), "{line:?}");
                assert!(!line.ends_with('\u{17d2}'), "{line:?}");
            }
            assert_eq!(wrapped(word, columns).concat(), word);
        }
    }

    #[test]
    fn a_letter_wider_than_the_column_is_shown_all_the_same() {
        assert_eq!(wrapped("取引", 1), ["取", "引"]);
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!((cut("withdrawal", 10), cut("withdrawal", 8)), ("withdrawal".into(), "withdr..".into()));
    }

    #[test]
    fn two_cells_share_their_room() {
        assert_eq!(
            [fit(10, 20, 40), fit(10, 50, 40), fit(50, 10, 40), fit(50, 50, 41)],
            [(10, 20), (10, 30), (30, 10), (20, 21)]
        );
    }
}
