//! Where one stands in a stream of frames whose bytes are passed on and not kept.
//!
//! A fault may be set while half a frame has gone through. Whoever kept count knows where the next one begins.

use wire::Framing;

/// The widest length of any framing.
const HEAD_MAX: usize = 4;

/// The frame that is going through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stride {
    /// Bytes of it that are still to come.
    rest: usize,
    /// Its first bytes, while they do not tell its length yet.
    head: [u8; HEAD_MAX],
    head_len: usize,
    lost: bool,
}

impl Stride {
    /// Whether the next byte begins a frame.
    pub(crate) fn is_between(&self) -> bool {
        self.rest == 0 && self.head_len == 0 && !self.lost
    }

    /// The stream cannot be cut any more; all that comes goes through.
    pub(crate) fn lose(&mut self) {
        self.lost = true;
    }

    /// These bytes go through.
    #[inline]
    pub(crate) fn walk(&mut self, framing: &Framing, frame_max: usize, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.lost {
            let count = self.step(framing, frame_max, bytes);
            bytes = bytes.get(count.max(1)..).unwrap_or(&[]);
        }
    }

    /// How many of these bytes belong to the frame that is going through, or to the one that now begins; they have gone through.
    #[inline]
    pub(crate) fn step(&mut self, framing: &Framing, frame_max: usize, bytes: &[u8]) -> usize {
        if self.lost {
            return bytes.len();
        }
        let mut gone = 0;
        while self.rest == 0 {
            let whole = self.head_len == 0;
            let told = match whole {
                true => framing.announced(bytes, frame_max),
                false => framing.announced(self.head.get(..self.head_len).unwrap_or(&[]), frame_max),
            };
            match told {
                Ok(Some(end)) => {
                    self.rest = end.saturating_sub(self.head_len);
                    self.head_len = 0;
                    // A frame that ends with its length has no more to come.
                    if self.rest == 0 {
                        return gone;
                    }
                }
                Ok(None) => {
                    let (Some(room), Some(byte)) = (self.head.get_mut(self.head_len), bytes.get(gone)) else { return gone };
                    *room = *byte;
                    self.head_len += 1;
                    gone += 1;
                }
                Err(_) => {
                    self.lost = true;
                    return bytes.len();
                }
            }
        }
        let more = self.rest.min(bytes.len().saturating_sub(gone));
        self.rest -= more;
        gone + more
    }
}
