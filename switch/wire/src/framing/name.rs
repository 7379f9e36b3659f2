//! A framing in the words of a configuration.

use std::fmt;
use std::str::FromStr;

use super::envelope::{Envelope, HEADER_MAX, TPDU};
use super::{Framing, Header, Length};
use crate::chars::{hex, unhex};

/// Words that name no framing. Tells which one, and what is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no framing is called {words:?}: {problem}; known: 2-byte, 4-byte, 4-digit, 2-byte bcd, each with any of: inclusive, \
     tpdu, tpdu 6000010002, header 49534F30, header echo 12"
)]
pub struct UnknownFraming {
    /// What was written.
    pub words: String,
    /// What is wrong with it.
    pub problem: String,
}

/// The TPDU of messages that this side begins, where the configuration names none.
const TPDU_DEFAULT: [u8; TPDU] = [0x60, 0, 0, 0, 0];

impl FromStr for Framing {
    type Err = UnknownFraming;
    fn from_str(text: &str) -> Result<Self, UnknownFraming> {
        read(text).map_err(|problem| UnknownFraming { words: text.to_owned(), problem })
    }
}

fn read(text: &str) -> Result<Framing, String> {
    let mut words = text.split_ascii_whitespace().peekable();
    let length = match words.next() {
        Some("2-byte") => match words.next_if_eq(&"bcd") {
            Some(_) => Length::Packed,
            None => Length::Two,
        },
        Some("4-byte") => Length::Four,
        Some("4-digit") => Length::Digits,
        Some(other) => return Err(format!("{other:?} is no way to write a length")),
        None => return Err("it names no length".into()),
    };
    let inclusive = words.next_if_eq(&"inclusive").is_some();
    let tpdu = words.next_if_eq(&"tpdu").is_some();
    let mut own = Vec::new();
    if tpdu {
        let configured = words.next_if(|word| unhex(word.as_bytes()).is_some());
        let bytes = configured.and_then(|word| unhex(word.as_bytes())).unwrap_or(TPDU_DEFAULT.to_vec());
        match *bytes {
            [0x60, _, _, _, _] => own.extend(bytes),
            _ => return Err("a TPDU is five bytes, the first of them 60, in hexadecimal: 6000010002".into()),
        }
    }
    let mut header = Header::None;
    if words.next_if_eq(&"header").is_some() {
        let wrong = || format!("a header is 1 to {HEADER_MAX} bytes, in hexadecimal, or echo and how many: echo 12");
        let bytes = if words.next_if_eq(&"echo").is_some() {
            header = Header::Echoed;
            let count = words.next().and_then(|word| word.parse().ok()).filter(|count| *count <= HEADER_MAX);
            vec![0; count.ok_or_else(wrong)?]
        } else {
            header = Header::Fixed;
            words.next().and_then(|word| unhex(word.as_bytes())).ok_or_else(wrong)?
        };
        if !(1..=HEADER_MAX).contains(&bytes.len()) {
            return Err(wrong());
        }
        own.extend(bytes);
    }
    match words.next() {
        Some(word) => Err(format!("{word:?} stands where nothing is expected (the order is: inclusive, tpdu, header)")),
        None => {
            let own = Envelope::of(&own).ok_or("TPDU and header are too long")?;
            Ok(Framing { length, inclusive, own, tpdu, header })
        }
    }
}

impl fmt::Display for Framing {
    /// The words that name it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.length {
            Length::Two => "2-byte",
            Length::Four => "4-byte",
            Length::Digits => "4-digit",
            Length::Packed => "2-byte bcd",
        })?;
        if self.inclusive {
            f.write_str(" inclusive")?;
        }
        let (tpdu, header) = self.own.bytes().split_at_checked(if self.tpdu { TPDU } else { 0 }).unwrap_or_default();
        if self.tpdu {
            f.write_str(" tpdu")?;
            if tpdu != TPDU_DEFAULT {
                write!(f, " {}", hex(tpdu))?;
            }
        }
        match self.header {
            Header::None => Ok(()),
            Header::Fixed => write!(f, " header {}", hex(header)),
            Header::Echoed => write!(f, " header echo {}", header.len()),
        }
    }
}
