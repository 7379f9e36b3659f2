//! What is tried: every way to write a length, with and without TPDU and header, with every dialect, where a message could begin.

use std::sync::{Arc, LazyLock};

use crate::{Dialect, Framing};

/// The longest fixed header that is looked for, in bytes.
const HEADER_MAX: usize = 32;

const LENGTHS: [&str; 8] = [
    "2-byte",
    "2-byte inclusive",
    "4-digit",
    "4-digit inclusive",
    "4-byte",
    "4-byte inclusive",
    "2-byte bcd",
    "2-byte bcd inclusive",
];

/// One way to read the bytes.
pub(super) struct Way {
    /// `None`: one message without a frame.
    pub(super) framing: Option<Framing>,
    /// Where the first message begins.
    pub(super) begins: usize,
    /// Words that the framing has beyond the plainest.
    pub(super) extras: i64,
    pub(super) dialect: Arc<Dialect>,
    pub(super) change: &'static str,
}

/// Every way in which the first message has a type and bitmaps.
pub(super) fn ways<'d>(bytes: &[u8], dialects: impl Iterator<Item = (&'d Arc<Dialect>, &'static str)>) -> Vec<Way> {
    let mut ways = Vec::new();
    for (dialect, change) in dialects {
        let place = |framing: Option<Framing>, begins: usize, extras: i64| {
            let body = bytes.get(begins..)?;
            crate::parse::salvage(dialect, body)?;
            Some(Way { framing, begins, extras, dialect: Arc::clone(dialect), change })
        };
        ways.extend(place(None, 0, 3));
        for length in LENGTHS {
            for tpdu in ["", " tpdu"] {
                for header in 0..=HEADER_MAX {
                    let words = match header {
                        0 => format!("{length}{tpdu}"),
                        _ => format!("{length}{tpdu} header echo {header}"),
                    };
                    let Ok(framing) = words.parse::<Framing>() else { continue };
                    let Some(begins) = first_message(&framing, bytes) else { continue };
                    if !tpdu.is_empty() && bytes.get(begins - header - 5) != Some(&0x60) {
                        continue;
                    }
                    let words = words.split(' ').count();
                    ways.extend(place(Some(framing), begins, i64::try_from(words + header).unwrap_or(0)));
                }
            }
        }
    }
    ways
}

/// Where the first message of the stream begins, keep-alives passed over.
fn first_message(framing: &Framing, bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    // A peer may show life a few times before it has something to say.
    for _ in 0..8 {
        let front = bytes.get(at..).filter(|front| !front.is_empty())?;
        match framing.cut(front, super::BYTES_MAX) {
            Ok(crate::Cut::KeepAlive { consumed }) => at += consumed,
            Ok(crate::Cut::Frame { .. } | crate::Cut::Incomplete) | Err(_) => break,
        }
    }
    Some(at + framing.before_body()).filter(|begins| *begins < bytes.len())
}

/// The built-in dialects with one line changed, for what peers most often do otherwise. Made once.
pub(super) fn changed() -> &'static [(Arc<Dialect>, &'static str)] {
    static CHANGED: LazyLock<Vec<(Arc<Dialect>, &'static str)>> = LazyLock::new(change);
    &CHANGED
}

fn change() -> Vec<(Arc<Dialect>, &'static str)> {
    const CHANGES: [(&str, &str); 8] = [
        ("bitmap", "bitmap = \"raw\""),
        ("bitmap", "bitmap = \"hex\""),
        ("odd", "odd = \"right\""),
        ("binary", "binary = \"raw\""),
        ("binary", "binary = \"hex\""),
        ("length", "length = \"bcd\""),
        ("length", "length = \"ascii\""),
        ("secondary", "secondary = \"always-unannounced\""),
    ];
    let texts = Dialect::builtin_names().iter().filter_map(|name| crate::dialect::builtin_text(name));
    let mut changed = Vec::new();
    for text in texts {
        for (key, line) in CHANGES {
            let begins = format!("{key} = ");
            // A line that is there is replaced, one that is not is added.
            let mut kept: String =
                text.lines().filter(|it| !it.starts_with(&begins)).fold(String::new(), |all, it| all + it + "\n");
            kept = kept.replacen("[encoding]\n", &format!("[encoding]\n{line}\n"), 1);
            if text.lines().all(|it| it != line)
                && let Ok(dialect) = Dialect::from_toml(&kept)
            {
                changed.push((Arc::new(dialect), line));
            }
        }
    }
    changed
}
