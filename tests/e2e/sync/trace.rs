//! Reads what `strace -f -yy` writes, and judges it.
//!
//! The order of the lines is the order of things: the tracer sees a call's begin before the kernel acts on it and its end after,
//! and writes them down as they come. A call that others interrupt stands on two lines, `<unfinished ...>` and `resumed`.

use std::collections::{BTreeMap, HashMap};

use model::{Class, Message, Rrn};
use wire::{Cut, Dialect, Framing};

/// What a judgement came to.
#[derive(Debug)]
pub(super) struct Verdict {
    /// Frames that left to banks and terminals, sign-on and echo apart.
    pub(super) checked: usize,
    /// Those that left too early, with what was missing.
    pub(super) too_early: Vec<String>,
}

/// Whose sockets are watched.
#[derive(Debug)]
pub(super) struct Ports {
    /// Where terminals connect to the switch.
    pub(super) terminals: u16,
    /// Where the switch connects to banks.
    pub(super) banks: Vec<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strictness {
    /// One request is under way: whatever was written before a send must be synced before it.
    OneAtATime,
    /// The next block may be being written while frames of the one before leave.
    ManyAtOnce,
}

/// One system call, from the line it begins on to the line it ends on.
#[derive(Debug)]
struct Call {
    name: String,
    /// What `-yy` says about its file or socket.
    place: String,
    began: usize,
    ended: usize,
    bytes: Vec<u8>,
    result: i64,
}

/// A frame that went through a watched socket.
struct Frame<'c> {
    leaves: bool,
    place: &'c str,
    /// Of a frame that leaves the send of its first byte, of one that comes the receipt of its last.
    call: &'c Call,
    rrn: Option<Rrn>,
    what: String,
}

/// Checks every frame that leaves.
pub(super) fn judge(text: &str, ports: &Ports, dialect: &Dialect, strictness: Strictness) -> Verdict {
    let calls = calls(text);
    let frames = frames(&calls, ports, dialect);
    let log = |call: &&Call| call.place.ends_with("journal.db-wal");
    let writes: Vec<_> = calls.iter().filter(log).filter(|call| call.name.contains("write") && call.result > 0).collect();
    let is_sync = |call: &&Call| matches!(call.name.as_str(), "fsync" | "fdatasync") && call.result == 0;
    let syncs: Vec<_> = calls.iter().filter(log).filter(is_sync).collect();
    let (mut checked, mut too_early) = (0, Vec::new());
    for frame in frames.iter().filter(|frame| frame.leaves) {
        checked += 1;
        let is_cause = |other: &&Frame<'_>| !other.leaves && other.rrn == frame.rrn && other.call.ended < frame.call.began;
        let Some(cause) = frames.iter().filter(is_cause).max_by_key(|other| other.call.ended) else {
            too_early.push(format!("{}: nothing came that could have caused it", frame.what));
            continue;
        };
        let mut between = writes.iter().filter(|write| write.began > cause.call.ended && write.ended < frame.call.began);
        let write = match strictness {
            Strictness::OneAtATime => between.next_back(),
            Strictness::ManyAtOnce => between.next(),
        };
        let Some(write) = write else {
            too_early.push(format!("{} to {}: no block was written before it", frame.what, frame.place));
            continue;
        };
        if !syncs.iter().any(|sync| sync.began > write.ended && sync.ended < frame.call.began) {
            too_early.push(format!("{} to {}: its block was written but not synced", frame.what, frame.place));
        }
    }
    Verdict { checked, too_early }
}

fn calls(text: &str) -> Vec<Call> {
    let mut begun: HashMap<&str, (usize, &str)> = HashMap::new();
    let mut calls = Vec::new();
    for (line, text) in text.lines().enumerate() {
        let mut words = text.splitn(2, ' ');
        let (Some(thread), Some(rest)) = (words.next(), words.next()) else { continue };
        let Some((_time, what)) = rest.trim_start().split_once(' ') else { continue };
        if let Some(beginning) = what.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, (line, beginning));
        } else if let Some((_, end)) = what.strip_prefix("<... ").and_then(|what| what.split_once(" resumed>")) {
            let (began, beginning) = begun.remove(thread).expect("what is resumed has begun");
            calls.extend(call(&format!("{beginning}{end}"), began, line));
        } else {
            calls.extend(call(what, line, line));
        }
    }
    calls.sort_by_key(|call| call.began);
    calls
}

/// A whole call; `None` for what is none (signals, ends of threads) or never ended.
fn call(text: &str, began: usize, ended: usize) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(") = ").or_else(|| rest.rsplit_once(")  = "))?;
    let result = result.split(' ').next()?.parse().ok()?;
    let place = arguments.split_once('<').map_or("", |(_, place)| {
        let end = if place.starts_with("TCP") { place.find("]>").map(|end| end + 1) } else { place.find('>') };
        &place[..end.unwrap_or(place.len())]
    });
    let bytes = arguments.split_once(", \"").map_or(Vec::new(), |(_, text)| unescaped(text));
    Some(Call { name: name.to_owned(), place: place.to_owned(), began, ended, bytes, result })
}

/// The bytes of a string in C's notation, up to its closing quote.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => break,
            b'\\' => match rest.next().expect("something is escaped") {
                b'n' => bytes.push(b'\n'),
                b't' => bytes.push(b'\t'),
                b'r' => bytes.push(b'\r'),
                b'v' => bytes.push(0x0b),
                b'f' => bytes.push(0x0c),
                digit @ b'0'..=b'7' => {
                    let mut value = u32::from(digit - b'0');
                    for _ in 0..2 {
                        if let Some(digit) = rest.next_if(|it| matches!(it, b'0'..=b'7')) {
                            value = value * 8 + u32::from(digit - b'0');
                        }
                    }
                    bytes.push(u8::try_from(value).expect("three octal digits of a byte"));
                }
                other => bytes.push(other),
            },
            _ => bytes.push(byte),
        }
    }
    bytes
}

/// Local and remote port of `TCP:[127.0.0.1:1->127.0.0.1:2]`.
fn ports_of(place: &str) -> Option<(u16, u16)> {
    let (local, remote) = place.strip_prefix("TCP:[")?.strip_suffix(']')?.split_once("->")?;
    let port = |address: &str| address.rsplit_once(':')?.1.parse().ok();
    Some((port(local)?, port(remote)?))
}

/// Every frame of the watched sockets, but for network management.
fn frames<'c>(calls: &'c [Call], ports: &Ports, dialect: &Dialect) -> Vec<Frame<'c>> {
    let mut streams: BTreeMap<(&str, bool), Vec<&Call>> = BTreeMap::new();
    for call in calls {
        let Some((local, remote)) = ports_of(&call.place) else { continue };
        if (local != ports.terminals && !ports.banks.contains(&remote)) || call.result <= 0 {
            continue;
        }
        let leaves = match call.name.as_str() {
            "sendto" | "write" => true,
            "recvfrom" | "read" => false,
            other => panic!("the switch uses {other} on a socket now: this checker must learn to read it"),
        };
        streams.entry((&call.place, leaves)).or_default().push(call);
    }
    let mut frames = Vec::new();
    for ((place, leaves), calls) in streams {
        // Which call each byte went through.
        let mut bytes = Vec::new();
        let mut carriers = Vec::new();
        for call in calls {
            let count = usize::try_from(call.result).expect("is positive");
            bytes.extend_from_slice(call.bytes.get(..count).expect("the trace shows every byte that was moved"));
            carriers.resize(bytes.len(), call);
        }
        let mut from = 0;
        while let Ok(Cut::Frame { body, consumed }) = Framing::TWO_BYTE.cut(&bytes[from..], usize::from(u16::MAX)) {
            let Ok(message) = wire::read(dialect, &bytes[from..][body]) else { panic!("a frame on {place} cannot be read") };
            let call = carriers[if leaves { from } else { from + consumed - 1 }];
            from += consumed;
            let Message { mti, rrn, .. } = message;
            if mti.class() != Some(Class::Network) {
                let what = format!("{mti} {}", rrn.map_or(String::new(), |rrn| rrn.to_string()));
                frames.push(Frame { leaves, place, call, rrn, what });
            }
        }
        assert_eq!(from, bytes.len(), "whole frames went over {place}");
    }
    frames
}

#[cfg(test)]
mod tests {
    use crate::harness::now;
    use model::{Mti, Stan};

    use super::*;

    const ATM: &str = "20<TCP:[127.0.0.1:8583->127.0.0.1:40001]>";
    const BANK: &str = "21<TCP:[127.0.0.1:40002->127.0.0.1:9001]>";
    const LOG: &str = "16</data/journal.db-wal>";

    fn ports() -> Ports {
        Ports { terminals: 8583, banks: vec![9001] }
    }

    /// A request with this DE37 in its frame, in the tracer's notation, and its length.
    fn frame(rrn: &[u8; 12]) -> (String, usize) {
        let message = Message { stan: Stan::new(1), rrn: Rrn::new(rrn), ..Message::new(Mti::FINANCIAL_REQUEST) };
        let mut body = bytes::BytesMut::new();
        wire::write(&Dialect::builtin("iso87-ascii").unwrap(), &message, now(), &mut body).unwrap();
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        let all = length.iter().chain(body.iter()).map(|byte| format!("\\{byte:03o}"));
        (all.collect(), body.len() + 2)
    }

    fn comes(rrn: &[u8; 12]) -> String {
        let (text, length) = frame(rrn);
        format!("7 1.000001 recvfrom({ATM}, \"{text}\", 65536, 0, NULL, NULL) = {length}")
    }

    fn leaves(rrn: &[u8; 12]) -> String {
        let (text, length) = frame(rrn);
        format!("7 1.000002 sendto({BANK}, \"{text}\", {length}, MSG_NOSIGNAL, NULL, 0) = {length}")
    }

    fn written() -> String {
        format!("8  1.000003 pwrite64({LOG}, \"\\1\\2) = 7\"..., 8216, 0) = 8216")
    }

    fn too_early(lines: &[String], strictness: Strictness) -> usize {
        let dialect = Dialect::builtin("iso87-ascii").unwrap();
        let verdict = judge(&lines.join("\n"), &ports(), &dialect, strictness);
        assert_eq!(verdict.checked, 1, "{verdict:?}");
        verdict.too_early.len()
    }

    const RRN: &[u8; 12] = b"000000000001";

    #[test]
    fn a_frame_that_waits_for_its_sync_is_in_time_and_others_are_not() {
        let [begins, ends] =
            [format!("8  1.0 fdatasync({LOG} <unfinished ...>"), "8  1.1 <... fdatasync resumed>) = 0".to_owned()];
        let fails = "8  1.1 <... fdatasync resumed>) = -1 EIO (Input/output error)".to_owned();
        let (comes, leaves, written) = (comes(RRN), leaves(RRN), written());
        let stories: [(&[&String], usize); 7] = [
            (&[&comes, &written, &begins, &ends, &leaves], 0),
            // It leaves while its block is being synced, or never was; the sync failed; nothing was written; what was written and
            // synced was so before the request came; the sync began before the write.
            (&[&comes, &written, &begins, &leaves, &ends], 1),
            (&[&comes, &written, &leaves], 1),
            (&[&comes, &written, &begins, &fails, &leaves], 1),
            (&[&comes, &begins, &ends, &leaves], 1),
            (&[&written, &begins, &ends, &comes, &leaves], 1),
            (&[&comes, &begins, &written, &ends, &leaves], 1),
        ];
        for (lines, expected) in stories {
            let lines: Vec<String> = lines.iter().map(|line| (*line).clone()).collect();
            for strictness in [Strictness::OneAtATime, Strictness::ManyAtOnce] {
                assert_eq!(too_early(&lines, strictness), expected, "{lines:#?}");
            }
        }
        let next_block: Vec<String> = [&comes, &written, &begins, &ends, &written, &leaves].map(String::clone).into();
        assert_eq!(too_early(&next_block, Strictness::ManyAtOnce), 0);
        assert_eq!(too_early(&next_block, Strictness::OneAtATime), 1);
    }

    #[test]
    fn what_others_wait_for_excuses_nobody() {
        let sync = format!("8  1.0 fsync({LOG}) = 0");
        let another = comes(b"000000000002");
        assert_eq!(too_early(&[another, written(), sync, leaves(RRN)], Strictness::ManyAtOnce), 1);
    }

    #[test]
    fn a_send_that_is_interrupted_begins_where_it_begins() {
        let (text, length) = frame(RRN);
        let lines = [
            comes(RRN),
            written(),
            format!("7 1.0 sendto({BANK}, \"{text}\", {length}, MSG_NOSIGNAL, NULL, 0 <unfinished ...>"),
            format!("8 1.0 fsync({LOG}) = 0"),
            format!("7 1.0 <... sendto resumed>) = {length}"),
        ];
        assert_eq!(too_early(&lines, Strictness::ManyAtOnce), 1);
    }
}
