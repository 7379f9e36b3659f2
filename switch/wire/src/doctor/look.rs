//! How well one way to read the bytes fits.

use std::fmt;

use model::{Timestamp, TransmissionTime};

use super::candidates::Way;
use super::{BYTES_MAX, FRAMES_MAX, Guess};
use crate::chars::hex;
use crate::parse::{announced, salvage};
use crate::{Cut, Dialect, FrameError, Framing, ParseError, Problem};

/// Bytes that are shown of what stands between length and message: twelve packed digits, shorter than any card number in use. Even
/// a guess that accounts for every byte may be wrong.
const HEADER_SHOWN_MAX: usize = 6;

/// How sure one message makes us: parts of a thousand.
struct Message {
    score: i64,
    error: Option<ParseError>,
    fits: Vec<String>,
}

/// Whether the first message is there to its end and nothing is wrong with it: a quick look, before a thorough one.
pub(super) fn begins_well(way: &Way, bytes: &[u8]) -> bool {
    let body = match way.framing {
        None => Some(bytes),
        Some(framing) => {
            let frame = way.begins.checked_sub(framing.before_body()).and_then(|at| bytes.get(at..));
            frame.and_then(|frame| match framing.cut(frame, BYTES_MAX) {
                Ok(Cut::Frame { body, .. }) => frame.get(body),
                Ok(Cut::KeepAlive { .. } | Cut::Incomplete) | Err(_) => None,
            })
        }
    };
    body.is_some_and(|body| way.dialect.parse(body).is_ok())
}

/// What is looked at, and whether words are made of it: most ways are only weighed.
#[derive(Clone, Copy)]
pub(super) struct Look<'b> {
    pub(super) bytes: &'b [u8],
    pub(super) now: Option<Timestamp>,
    pub(super) in_words: bool,
}

impl Look<'_> {
    /// A line of reasons; an empty one where no words are wanted.
    fn says(self, line: fmt::Arguments<'_>) -> String {
        if self.in_words { line.to_string() } else { String::new() }
    }

    /// The message to be shown.
    fn keeps(self, body: &[u8]) -> Vec<u8> {
        if self.in_words { body.to_vec() } else { Vec::new() }
    }
}

/// Looks at the stream this way; `None` where nothing at all speaks for it.
pub(super) fn at(way: &Way, look: Look<'_>) -> Option<Guess> {
    let bytes = look.bytes;
    let mut guess = Guess {
        framing: way.framing,
        dialect: way.dialect.clone(),
        change: way.change,
        score: 0,
        fits: Vec::new(),
        misfits: Vec::new(),
        message: Vec::new(),
    };
    let Some(framing) = way.framing else {
        let message = message(&way.dialect, bytes, look);
        guess.message = look.keeps(bytes);
        guess.fits.push(look.says(format_args!("the bytes are one message, without a frame")));
        guess.take(message, look);
        guess.score -= way.extras + 1;
        return Some(guess).filter(|guess| guess.score > 0);
    };
    let (mut at, mut frames, mut keep_alives, mut sum) = (0, 0, 0, 0);
    let mut first = None;
    while frames < FRAMES_MAX {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty()).unwrap_or(&[]);
        if rest.is_empty() {
            break;
        }
        match framing.cut(rest, BYTES_MAX) {
            Ok(Cut::Frame { body, consumed }) => {
                let body = rest.get(body).unwrap_or(&[]);
                let message = message(&way.dialect, body, look);
                if let Some(error) = message.error.filter(|_| frames > 0) {
                    guess.misfits.push(look.says(format_args!("message {} of the stream: {error}", frames + 1)));
                }
                sum += message.score;
                frames += 1;
                first.get_or_insert_with(|| {
                    guess.message = look.keeps(body);
                    message
                });
                at += consumed;
            }
            Ok(Cut::KeepAlive { consumed }) => {
                keep_alives += 1;
                at += consumed;
            }
            Ok(Cut::Incomplete) if first.is_some() => {
                // A stream may break off anywhere; so short a rest says nothing.
                guess.misfits.extend(
                    (rest.len() < framing.before_body()).then(|| look.says(format_args!("byte {at}: {} bytes over", rest.len()))),
                );
                break;
            }
            Ok(Cut::Incomplete) => {
                let body = bytes.get(way.begins..).unwrap_or(&[]);
                let mut message = message(&way.dialect, body, look);
                guess.message = look.keeps(body);
                // Whole, and yet the frame wants more: the length is not what this framing says.
                message.score = if message.error.is_none() { message.score / 2 } else { message.score / 3 };
                guess.misfits.push(
                    look.says(format_args!("byte {at}: the frame announces more bytes than the {} that are there", rest.len())),
                );
                sum += message.score;
                frames += 1;
                first = Some(message);
                break;
            }
            Err(error) => {
                guess.misfits.push(look.says(format_args!("byte {at}: {error}")));
                if first.is_none() {
                    let body = bytes.get(way.begins..).unwrap_or(&[]);
                    let mut message = message(&way.dialect, body, look);
                    guess.message = look.keeps(body);
                    message.score /= 4;
                    (sum, frames, first) = (message.score, 1, Some(message));
                } else {
                    // The frames before have parted the stream well, then it lost its step.
                    sum /= 2;
                }
                break;
            }
        }
    }
    let first = first?;
    let average = sum / i64::try_from(frames.max(1)).unwrap_or(1);
    guess.take(Message { score: average, ..first }, look);
    guess.score -= way.extras + keep_alives * 20;
    if at >= bytes.len() {
        guess.score += 5;
        let count =
            if frames == 1 { look.says(format_args!("one message")) } else { look.says(format_args!("{frames} messages")) };
        guess.fits.insert(0, look.says(format_args!("the lengths part all {at} bytes into {count}, and nothing is left")));
    }
    if keep_alives > 0 {
        let frames = if keep_alives == 1 { "frame" } else { "frames" };
        guess.fits.push(look.says(format_args!("{keep_alives} empty {frames} (keep-alive)")));
    }
    if framing.has_envelope() {
        // Keep-alives may stand before the first message, and have a header of their own or none.
        let frame = way.begins.checked_sub(framing.before_body()).and_then(|at| bytes.get(at..)).unwrap_or(bytes);
        let envelope = framing.envelope(frame);
        let line = match envelope.bytes().split_at_checked(HEADER_SHOWN_MAX) {
            // What a wrong guess takes for a header may be anything, a card number too.
            _ if !guess.is_whole() => {
                look.says(format_args!("between length and message stand {} bytes", envelope.bytes().len()))
            }
            Some((front, rest @ [_, ..])) => {
                look.says(format_args!("between length and message stand {} and {} bytes more", hex(front), rest.len()))
            }
            _ => look.says(format_args!("between length and message stand {}", hex(envelope.bytes()))),
        };
        guess.fits.push(line);
    }
    Some(guess).filter(|guess| guess.score > 0)
}

impl Guess {
    fn take(&mut self, message: Message, look: Look<'_>) {
        self.score += message.score;
        self.fits.extend(message.fits);
        self.misfits.extend(message.error.map(|error| look.says(format_args!("the first message: {error}"))));
        if !self.misfits.is_empty() {
            self.score = self.score.min(900);
        }
    }
}

/// Reads one message as strictly as the switch would, and weighs what came of it.
fn message(dialect: &Dialect, body: &[u8], look: Look<'_>) -> Message {
    match dialect.parse(body) {
        Ok(parsed) => {
            let count = parsed.fields().iter().filter(|field| *field > 1).count();
            let mut fits =
                vec![look.says(format_args!(
                    "message type {:04} and all of its {count} fields are as the dialect says",
                    parsed.mti()
                ))];
            let mut score = 900;
            // A message without fields hardly says anything.
            if count < 3 {
                score = 500;
            }
            if let Ok(read) = crate::read(dialect, body) {
                score += 60;
                fits.push(look.says(format_args!("every date, amount and code in it exists")));
                if let (Some(now), Some(sent)) = (look.now, read.transmitted)
                    && near(sent, now)
                {
                    score += 30;
                    fits.push(look.says(format_args!("it was sent within two days of now (field 7)")));
                }
            }
            Message { score, error: None, fits }
        }
        Err(error) => {
            let (mut score, mut fits) = (0, Vec::new());
            if let Some(parsed) = salvage(dialect, body) {
                let announced = || announced(dialect, body).into_iter().flatten().filter(|field| *field > 1);
                let present = announced().count();
                let broken_at =
                    error.place.field().unwrap_or(if matches!(error.problem, Problem::LeftOver { .. }) { 255 } else { 0 });
                let read = announced().filter(|field| *field < broken_at).count();
                let share = i64::try_from(read * 500 / present.max(1)).unwrap_or(0);
                // Fields far up, many of them: most often a bitmap that is none.
                score = if present > 64 { share / 4 } else { 100 + share };
                fits.push(look.says(format_args!("message type {:04}, {read} of {present} fields read", parsed.mti())));
            }
            Message { score, error: Some(error), fits }
        }
    }
}

/// Within two days, by month and day.
fn near(sent: TransmissionTime, now: Timestamp) -> bool {
    let day = |time: TransmissionTime| i64::from(time.number() / 100_000_000 * 31 + time.number() / 1_000_000 % 100);
    let apart = (day(sent) - day(TransmissionTime::of(now))).abs();
    apart <= 2 || apart >= 12 * 31 - 3
}

/// What is no ISO 8583 at all, and what it is.
pub(super) fn no_iso(bytes: &[u8]) -> Option<String> {
    let told = match bytes {
        [0x16, 0x03, 0..=4, _, _, 1, ..] => {
            "this is a TLS handshake (ClientHello): the peer speaks TLS; give the link TLS, or turn it off at the peer"
        }
        [0x15, 0x03, 0..=4, ..] => "this is a TLS alert: the peer speaks TLS and has just given up",
        _ if [&b"GET "[..], b"POST ", b"PUT ", b"HEAD ", b"OPTIONS ", b"CONNECT ", b"HTTP/"]
            .iter()
            .any(|it| bytes.starts_with(it)) =>
        {
            "this is HTTP: a browser or a health check speaks to a port that wants ISO 8583"
        }
        _ if bytes.starts_with(b"SSH-") => "this is SSH: the address is a shell's",
        _ if bytes.starts_with(b"PROXY ") || bytes.starts_with(b"\r\n\r\n\0\r\nQUIT\n") => {
            "this is a PROXY protocol header: turn it off at the load balancer"
        }
        _ if bytes.starts_with(b"<?xml") || bytes.starts_with(b"{\"") => "this is XML or JSON text, no ISO 8583",
        _ if bytes.iter().all(|byte| *byte == 0) => {
            "these are zeros only: keep-alives of a framing with a binary length, and no message yet"
        }
        _ => return None,
    };
    Some(told.to_owned())
}

/// What the bytes look like where no message was found.
pub(super) fn encodings(bytes: &[u8]) -> Option<String> {
    let count = |holds: fn(&u8) -> bool| bytes.iter().filter(|byte| holds(byte)).count();
    let most = |some: usize| some * 10 > bytes.len() * 6;
    if most(count(|byte| matches!(byte, 0xF0..=0xF9 | 0xC1..=0xE9 | 0x40))) {
        return Some("most bytes are EBCDIC digits, letters and blanks: try an EBCDIC dialect".into());
    }
    if most(count(u8::is_ascii_graphic)) {
        return Some("most bytes are ASCII characters".into());
    }
    None
}

/// What would go wrong with the settings that are most easily confused with the best guess.
pub(super) fn near_misses(best: &Guess, bytes: &[u8]) -> Vec<String> {
    let mut told = Vec::new();
    let Some(framing) = best.framing else { return told };
    let words = framing.to_string();
    let plain = words.replace(" inclusive", "");
    let other = match words.contains(" inclusive") {
        true => plain,
        false => ["2-byte bcd", "2-byte", "4-byte", "4-digit"]
            .iter()
            .find(|length| plain.starts_with(**length))
            .map_or(plain.clone(), |length| plain.replacen(length, &format!("{length} inclusive"), 1)),
    };
    if let Ok(sibling) = other.parse::<Framing>()
        && best.is_whole()
    {
        let wrong = match sibling.cut(bytes, BYTES_MAX) {
            Ok(Cut::Frame { body, .. }) => {
                best.dialect.parse(bytes.get(body).unwrap_or(&[])).err().map(|error| error.to_string())
            }
            Ok(Cut::Incomplete) => Some("the frame would never be complete".into()),
            Ok(Cut::KeepAlive { .. }) => Some("the message would be taken for keep-alives".into()),
            Err(error @ (FrameError::TooLong { .. } | FrameError::TooShort { .. } | FrameError::NotDecimal { .. })) => {
                Some(error.to_string())
            }
        };
        told.extend(wrong.map(|wrong| format!("were it {other:?}: {wrong}")));
    }
    told
}
