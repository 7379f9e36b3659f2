//! What is tried: every way to write a length, with and without TPDU and header, with every dialect, where a message could begin.

use std::sync::{Arc, LazyLock};

use crate::dialect::MtiEncoding;
use crate::parse::{salvage, salvage_mti};
use crate::{Dialect, Framing, Version};

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

/// A framing that is tried.
struct Tried {
    framing: Framing,
    tpdu: bool,
    /// Bytes of its fixed header.
    header: usize,
    extras: i64,
}

/// Every framing that is tried, the plainest of each length first. Made once.
static TRIED: LazyLock<Vec<Tried>> = LazyLock::new(|| {
    let mut tried = Vec::new();
    for length in LENGTHS {
        for tpdu in ["", " tpdu"] {
            for header in 0..=HEADER_MAX {
                let words = match header {
                    0 => format!("{length}{tpdu}"),
                    _ => format!("{length}{tpdu} header echo {header}"),
                };
                let Ok(framing) = words.parse::<Framing>() else { continue };
                let extras = i64::try_from(words.split(' ').count() + header).unwrap_or(0);
                tried.push(Tried { framing, tpdu: !tpdu.is_empty(), header, extras });
            }
        }
    }
    tried
});

/// The places of a stream where a first message could begin: which framing puts it there, and how little that framing has to be
/// made of. Worked out once for all dialects.
pub(super) struct Places<'b> {
    bytes: &'b [u8],
    all: Vec<(Option<Framing>, usize, i64)>,
    /// The same without framings, each once.
    fronts: Vec<usize>,
}

impl<'b> Places<'b> {
    pub(super) fn of(bytes: &'b [u8]) -> Self {
        let framed = TRIED.iter().filter_map(|Tried { framing, tpdu, header, extras }| {
            let begins = first_message(framing, bytes)?;
            let is_there = !tpdu || bytes.get(begins.checked_sub(header + 5)?) == Some(&0x60);
            is_there.then_some((Some(*framing), begins, *extras))
        });
        let all: Vec<_> = std::iter::once((None, 0, 3)).chain(framed).collect();
        let mut fronts: Vec<_> = all.iter().map(|(_, begins, _)| *begins).collect();
        fronts.sort_unstable();
        fronts.dedup();
        Self { bytes, all, fronts }
    }

    /// Every way in which the first message has a type and bitmaps.
    pub(super) fn ways<'d>(&self, dialects: impl Iterator<Item = (&'d Arc<Dialect>, &'static str)>) -> Vec<Way> {
        // Dialects differ in much, but hardly in how they write a message type, and in most places there is none.
        let mut typed: Vec<((Version, MtiEncoding), Vec<usize>)> = Vec::new();
        let mut ways = Vec::new();
        for (dialect, change) in dialects {
            let form = (dialect.version(), dialect.mti);
            let fronts = match typed.iter().position(|(known, _)| *known == form) {
                Some(known) => typed.get(known),
                None => {
                    let has_type = |begins: &&usize| salvage_mti(dialect, self.bytes.get(**begins..).unwrap_or(&[])).is_some();
                    typed.push((form, self.fronts.iter().filter(has_type).copied().collect()));
                    typed.last()
                }
            };
            let opens = |begins: &&usize| salvage(dialect, self.bytes.get(**begins..).unwrap_or(&[])).is_some();
            let fronts: Vec<_> = fronts.into_iter().flat_map(|(_, fronts)| fronts).filter(opens).collect();
            if fronts.is_empty() {
                continue;
            }
            let there = self.all.iter().filter(|(_, begins, _)| fronts.contains(&begins));
            ways.extend(there.map(|(framing, begins, extras)| Way {
                framing: *framing,
                begins: *begins,
                extras: *extras,
                dialect: Arc::clone(dialect),
                change,
            }));
        }
        ways
    }
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
