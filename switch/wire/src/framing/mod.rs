//! Framing: where one message ends and the next begins in a stream of bytes, and what stands between its length and its body.
//!
//! On the wire: length, TPDU, fixed header, message. A configuration names a framing in words:
//!
//! | words | meaning |
//! |---|---|
//! | `2-byte`, `4-byte` | a big-endian length; first word, like the next two |
//! | `4-digit` | four ASCII digits |
//! | `2-byte bcd` | four digits packed in two bytes |
//! | … `inclusive` | the length counts its own bytes too |
//! | … `tpdu` | five bytes: 60, destination, source; a reply goes back with the two swapped |
//! | … `tpdu 6000010002` | the same, with the TPDU of messages that this side begins |
//! | … `header 49534F30` | a fixed header: these bytes before every message written; as many are passed over when reading |
//! | … `header echo 12` | as many bytes as told, which a reply repeats; zeros before messages that this side begins |
//!
//! Knows: headers that announce a length, and those that a reply must return. Does not know: sockets, dialects, what a message means.

mod envelope;
mod name;
#[cfg(test)]
mod tests;

use std::ops::Range;

use bytes::{BufMut, BytesMut};

use crate::{BuildError, Found, FrameError};
pub use envelope::Envelope;
pub use name::UnknownFraming;

/// How messages are cut from a stream. Named in configuration: `2-byte`, `4-digit inclusive`, `2-byte tpdu`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Framing {
    length: Length,
    /// Whether the length counts its own bytes too.
    inclusive: bool,
    /// What stands between the length of a message that this side begins and its body.
    own: Envelope,
    tpdu: bool,
    header: Header,
}

/// How a length is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Length {
    /// Two bytes, big-endian.
    #[default]
    Two,
    /// Four bytes, big-endian.
    Four,
    /// Four ASCII digits.
    Digits,
    /// Four digits packed in two bytes.
    Packed,
}

/// What stands before the message, behind the TPDU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Header {
    #[default]
    None,
    /// Written as it is.
    Fixed,
    /// A reply repeats what came.
    Echoed,
}

/// What stands at the front of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A whole message.
    Frame {
        /// Where its body lies, all headers left out.
        body: Range<usize>,
        /// Bytes to drop from the stream when done with it, the headers included.
        consumed: usize,
    },
    /// A frame without a body: the peer shows that it is alive and expects nothing.
    KeepAlive {
        /// Bytes to drop from the stream.
        consumed: usize,
    },
    /// More bytes are needed.
    Incomplete,
}

/// Where a frame that is being built began; made by [`Framing::begin`], used up by [`Framing::finish`].
#[derive(Debug)]
#[must_use]
pub struct FrameStart(usize);

impl Length {
    const fn width(self) -> usize {
        match self {
            Self::Two | Self::Packed => 2,
            Self::Four | Self::Digits => 4,
        }
    }

    /// The largest length that can be told.
    const fn max(self) -> usize {
        match self {
            Self::Two => u16::MAX as usize,
            Self::Four => u32::MAX as usize,
            Self::Digits | Self::Packed => 9999,
        }
    }

    #[inline]
    fn read(self, bytes: &[u8]) -> Option<Result<usize, FrameError>> {
        Some(match self {
            Self::Two => Ok(usize::from(u16::from_be_bytes(*bytes.first_chunk()?))),
            Self::Four => Ok(usize::try_from(u32::from_be_bytes(*bytes.first_chunk()?)).unwrap_or(usize::MAX)),
            Self::Digits => decimal(bytes.first_chunk::<4>()?.map(|byte| byte.wrapping_sub(b'0')))
                .ok_or(FrameError::NotDecimal { found: Found::text(bytes.get(..4)?) }),
            Self::Packed => {
                let [first, second] = *bytes.first_chunk()?;
                decimal([first >> 4, first & 15, second >> 4, second & 15])
                    .ok_or(FrameError::NotDecimal { found: Found::hex(bytes.get(..2)?) })
            }
        })
    }

    /// Writes `length` over `room`, which is as wide as the header.
    fn write(self, length: usize, room: &mut [u8]) -> Option<()> {
        let length = u32::try_from(length).ok().filter(|_| length <= self.max())?;
        let digit = |place: u32| u8::try_from(length / 10_u32.pow(place) % 10).unwrap_or(0);
        match self {
            Self::Two => room.copy_from_slice(&u16::try_from(length).ok()?.to_be_bytes()),
            Self::Four => room.copy_from_slice(&length.to_be_bytes()),
            Self::Digits => room.copy_from_slice(&[3, 2, 1, 0].map(|place| b'0' + digit(place))),
            Self::Packed => room.copy_from_slice(&[digit(3) << 4 | digit(2), digit(1) << 4 | digit(0)]),
        }
        Some(())
    }
}

fn decimal(digits: [u8; 4]) -> Option<usize> {
    digits.iter().try_fold(0, |sum, digit| (*digit < 10).then(|| sum * 10 + usize::from(*digit)))
}

impl Framing {
    /// Two bytes, big-endian, the header itself not counted; the zero-length frame is a keep-alive.
    pub const TWO_BYTE: Self =
        Self { length: Length::Two, inclusive: false, own: Envelope::NONE, tpdu: false, header: Header::None };

    /// Looks at the front of `bytes`. A frame longer than `frame_max` (bytes of body) is refused as soon as its header is there,
    /// so nobody waits, or makes room, for a length that the network names.
    ///
    /// # Errors
    /// [`FrameError`] where the header announces more than `frame_max`, less than the headers it counts, or no number at all.
    #[inline]
    pub fn cut(&self, bytes: &[u8], frame_max: usize) -> Result<Cut, FrameError> {
        let Some(end) = self.announced(bytes, frame_max)? else { return Ok(Cut::Incomplete) };
        let before = self.before_body();
        Ok(match bytes.len() < end {
            true => Cut::Incomplete,
            false if end > before => Cut::Frame { body: before..end, consumed: end },
            false => Cut::KeepAlive { consumed: end },
        })
    }

    /// How many bytes the frame at the front of `bytes` has, its headers included; `None` while its length is not whole. For those
    /// who let a stream through and keep none of it.
    ///
    /// # Errors
    /// As [`Framing::cut`].
    #[inline]
    pub fn announced(&self, bytes: &[u8], frame_max: usize) -> Result<Option<usize>, FrameError> {
        let Some(told) = self.length.read(bytes) else { return Ok(None) };
        let (told, width, envelope) = (told?, self.length.width(), self.own.len());
        let own = if self.inclusive { width } else { 0 };
        // Nothing at all shows life in every framing, also where even an empty frame would have to count itself.
        if told == 0 {
            return Ok(Some(width));
        }
        let max = frame_max.saturating_add(own + envelope);
        if told > max {
            return Err(FrameError::TooLong { length: told, max });
        }
        match told.checked_sub(own) {
            Some(content) if content == 0 || content >= envelope => Ok(Some(width + content)),
            Some(_) | None => Err(FrameError::TooShort { length: told, min: own + envelope }),
        }
    }

    /// What the frame at the front of `bytes`, one that [`Framing::cut`] has found whole, carries between its length and its body:
    /// its reply needs it. Empty, and of no cost, where the framing has neither TPDU nor header.
    #[must_use]
    #[inline]
    pub fn envelope(&self, bytes: &[u8]) -> Envelope {
        if self.own.is_empty() {
            return Envelope::NONE;
        }
        let width = self.length.width();
        bytes.get(width..width + self.own.len()).and_then(Envelope::of).unwrap_or(self.own)
    }

    /// Whether there is a TPDU or a header between length and body.
    #[must_use]
    pub fn has_envelope(&self) -> bool {
        !self.own.is_empty()
    }

    /// Bytes from the beginning of a frame to its body.
    pub(crate) fn before_body(&self) -> usize {
        self.length.width() + self.own.len()
    }

    /// Begins a frame at the end of `out` for a message that this side begins: leaves room for the length, and writes the
    /// configured TPDU and header. Append the body, then call [`Framing::finish`].
    #[inline]
    pub fn begin(&self, out: &mut BytesMut) -> FrameStart {
        self.begin_with(out, &self.own)
    }

    /// Begins the frame of a reply to the message that came in `asked`: its TPDU goes back with destination and source swapped,
    /// its header as the framing says.
    #[inline]
    pub fn begin_reply(&self, out: &mut BytesMut, asked: &Envelope) -> FrameStart {
        // An envelope of another framing's form cannot be returned.
        if asked.len() != self.own.len() {
            return self.begin(out);
        }
        let echo = self.header == Header::Echoed;
        self.begin_with(out, &asked.reply(self.tpdu, if echo { asked } else { &self.own }))
    }

    fn begin_with(&self, out: &mut BytesMut, envelope: &Envelope) -> FrameStart {
        let start = FrameStart(out.len());
        out.put_bytes(0, self.length.width());
        out.put_slice(envelope.bytes());
        start
    }

    /// Ends the frame that began at `start`: everything appended since is its body.
    ///
    /// # Errors
    /// [`BuildError::FrameTooLong`] where the header cannot announce the body; `out` is then as it was before the frame began.
    #[expect(clippy::needless_pass_by_value, reason = "a frame ends once, so its start is used up")]
    #[inline]
    pub fn finish(&self, out: &mut BytesMut, start: FrameStart) -> Result<(), BuildError> {
        let FrameStart(start) = start;
        let width = self.length.width();
        let content = out.len().saturating_sub(start + width);
        let own = if self.inclusive { width } else { 0 };
        let told = out.get_mut(start..start + width).and_then(|room| self.length.write(content + own, room));
        if told.is_none() {
            out.truncate(start);
            let around = own + self.own.len();
            return Err(BuildError::FrameTooLong {
                length: content.saturating_sub(self.own.len()),
                max: self.length.max().saturating_sub(around),
            });
        }
        Ok(())
    }
}
