//! A stream of bytes under each framing: no panic, progress with every cut, the same frames however the bytes arrive, and what was
//! cut can be framed again to the same bytes.
#![no_main]

use std::ops::Range;
use std::sync::LazyLock;

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use wire::{Cut, FrameError, Framing};

const LENGTHS: [&str; 8] = [
    "2-byte",
    "2-byte inclusive",
    "4-byte",
    "4-byte inclusive",
    "4-digit",
    "4-digit inclusive",
    "2-byte bcd",
    "2-byte bcd inclusive",
];
const EXTRAS: [&str; 4] = ["", " tpdu", " header echo 3", " tpdu header echo 12"];

static FRAMINGS: LazyLock<Vec<Framing>> = LazyLock::new(|| {
    let words = EXTRAS.iter().flat_map(|extra| LENGTHS.iter().map(move |length| format!("{length}{extra}")));
    words.map(|words| words.parse().expect("these words are known")).collect()
});

/// Low enough that streams of a fuzzer's length hold frames beyond it too.
const FRAME_MAX: usize = 200;

/// What came of a stream: where each body lies in it, and how it ended.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    bodies: Vec<Range<usize>>,
    keep_alives: usize,
    consumed: usize,
    ended: Option<FrameError>,
}

impl Seen {
    /// Cuts what is whole of `stream`, from where the last cut ended.
    fn take(&mut self, framing: &Framing, stream: &[u8]) {
        while self.ended.is_none() {
            let rest = &stream[self.consumed..];
            let consumed = match framing.cut(rest, FRAME_MAX) {
                Ok(Cut::Incomplete) => return,
                Ok(Cut::KeepAlive { consumed }) => {
                    self.keep_alives += 1;
                    consumed
                }
                Ok(Cut::Frame { body, consumed }) => {
                    assert!(!body.is_empty() && body.len() <= FRAME_MAX && body.end == consumed);
                    self.bodies.push(self.consumed + body.start..self.consumed + body.end);
                    consumed
                }
                Err(error) => {
                    self.ended = Some(error);
                    return;
                }
            };
            assert!(consumed > 0 && consumed <= rest.len());
            self.consumed += consumed;
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let [choice, pieces, stream @ ..] = input else { return };
    let framing = &FRAMINGS[usize::from(*choice) % FRAMINGS.len()];
    let mut whole = Seen::default();
    whole.take(framing, stream);

    // The same bytes in pieces of one to sixteen.
    let (mut parts, mut arrived, mut dice) = (Seen::default(), 0, u32::from(*pieces) | 1);
    while arrived < stream.len() {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        arrived = stream.len().min(arrived + 1 + (dice >> 28) as usize);
        parts.take(framing, &stream[..arrived]);
    }
    assert_eq!(whole, parts);

    let (mut once, mut twice) = (BytesMut::new(), BytesMut::new());
    let mut begin = 0;
    for body in &whole.bodies {
        // An answer to an answer goes back where the first came from.
        let front = begin_of(framing, stream, begin, body);
        let end = body.end;
        once.clear();
        let start = framing.begin_reply(&mut once, &framing.envelope(&stream[front..]));
        once.extend_from_slice(&stream[body.clone()]);
        framing.finish(&mut once, start).expect("it was one frame already");
        twice.clear();
        let start = framing.begin_reply(&mut twice, &framing.envelope(&once));
        twice.extend_from_slice(&stream[body.clone()]);
        framing.finish(&mut twice, start).expect("likewise");
        assert_eq!(&twice[..], &stream[front..end]);
        begin = end;
    }
});

/// Where the frame around `body` begins: behind the keep-alives that follow the frame before it.
fn begin_of(framing: &Framing, stream: &[u8], from: usize, body: &Range<usize>) -> usize {
    let mut at = from;
    while let Ok(Cut::KeepAlive { consumed }) = framing.cut(&stream[at..], FRAME_MAX) {
        at += consumed;
    }
    assert!(at < body.start);
    at
}
