//! Framing: where one message ends and the next begins in a stream of bytes.
//!
//! Knows: headers that announce a length. Does not know: sockets, dialects, what a message means.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use bytes::{BufMut, BytesMut};

use crate::{BuildError, FrameError};

/// How messages are cut from a stream. Named in configuration: `2-byte`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Framing {
    header: Header,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Header {
    /// Two bytes, big-endian, the header itself not counted.
    #[default]
    TwoByte,
}

/// What stands at the front of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A whole message.
    Frame {
        /// Where its body lies, the header left out.
        body: Range<usize>,
        /// Bytes to drop from the stream when done with it, the header included.
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

/// A framing's name that this switch does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no framing is called {0:?}; known: 2-byte")]
pub struct UnknownFraming(pub String);

impl Framing {
    /// Two bytes, big-endian, the header itself not counted; the zero-length frame is a keep-alive.
    pub const TWO_BYTE: Self = Self { header: Header::TwoByte };

    /// Its name in configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.header {
            Header::TwoByte => "2-byte",
        }
    }

    /// Looks at the front of `bytes`. A frame longer than `frame_max` (bytes of body) is refused as soon as its header is there,
    /// so nobody waits, or makes room, for a length that the network names.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] where the header announces more than `frame_max`.
    pub fn cut(&self, bytes: &[u8], frame_max: usize) -> Result<Cut, FrameError> {
        let Some((header, rest)) = bytes.split_first_chunk::<2>() else { return Ok(Cut::Incomplete) };
        let length = usize::from(u16::from_be_bytes(*header));
        if length > frame_max {
            return Err(FrameError::TooLong { length, max: frame_max });
        }
        let end = header.len() + length;
        Ok(match length {
            0 => Cut::KeepAlive { consumed: end },
            _ if rest.len() < length => Cut::Incomplete,
            _ => Cut::Frame { body: header.len()..end, consumed: end },
        })
    }

    /// Begins a frame at the end of `out`: leaves room for the header. Append the body, then call [`Framing::finish`].
    pub fn begin(&self, out: &mut BytesMut) -> FrameStart {
        let start = FrameStart(out.len());
        out.put_u16(0);
        start
    }

    /// Ends the frame that began at `start`: everything appended since is its body.
    ///
    /// # Errors
    /// [`BuildError::FrameTooLong`] where the header cannot announce the body; `out` is then as it was before the frame began.
    #[expect(clippy::needless_pass_by_value, reason = "a frame ends once, so its start is used up")]
    pub fn finish(&self, out: &mut BytesMut, start: FrameStart) -> Result<(), BuildError> {
        let FrameStart(start) = start;
        let length = out.len().saturating_sub(start + 2);
        match (u16::try_from(length), out.get_mut(start..start + 2)) {
            (Ok(length), Some(header)) => {
                header.copy_from_slice(&length.to_be_bytes());
                Ok(())
            }
            _ => {
                out.truncate(start);
                Err(BuildError::FrameTooLong { length, max: usize::from(u16::MAX) })
            }
        }
    }
}

impl FromStr for Framing {
    type Err = UnknownFraming;
    fn from_str(name: &str) -> Result<Self, UnknownFraming> {
        match name {
            "2-byte" => Ok(Self::TWO_BYTE),
            _ => Err(UnknownFraming(name.to_owned())),
        }
    }
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_one_by_one_and_the_rest_waits() {
        let framing = Framing::TWO_BYTE;
        let stream = [0, 3, b'a', b'b', b'c', 0, 0, 0, 2, b'd'];
        assert_eq!(framing.cut(&stream, 100), Ok(Cut::Frame { body: 2..5, consumed: 5 }));
        assert_eq!(framing.cut(&stream[5..], 100), Ok(Cut::KeepAlive { consumed: 2 }));
        assert_eq!(framing.cut(&stream[7..], 100), Ok(Cut::Incomplete));
        assert_eq!(framing.cut(&stream[..1], 100), Ok(Cut::Incomplete));
        assert_eq!(framing.cut(&[], 100), Ok(Cut::Incomplete));
    }

    #[test]
    fn a_frame_above_the_links_limit_is_refused_before_its_body_comes() {
        assert_eq!(Framing::TWO_BYTE.cut(&[0x10, 0x00], 4095), Err(FrameError::TooLong { length: 4096, max: 4095 }));
        assert_eq!(Framing::TWO_BYTE.cut(&[0x0F, 0xFF], 4095), Ok(Cut::Incomplete));
    }

    #[test]
    fn what_is_built_can_be_cut_and_what_is_too_long_leaves_no_trace() {
        let framing: Framing = "2-byte".parse().unwrap();
        let mut out = BytesMut::from(&b"before"[..]);
        let start = framing.begin(&mut out);
        out.extend_from_slice(b"0800");
        framing.finish(&mut out, start).unwrap();
        assert_eq!(&out[..], b"before\x00\x040800");

        let start = framing.begin(&mut out);
        out.resize(out.len() + 65_536, b'x');
        let refused = framing.finish(&mut out, start);
        assert_eq!(refused, Err(BuildError::FrameTooLong { length: 65_536, max: 65_535 }));
        assert_eq!(&out[..], b"before\x00\x040800");
    }

    #[test]
    fn an_unknown_name_is_told_with_the_known_ones() {
        let error = "4-byte".parse::<Framing>().unwrap_err().to_string();
        assert!(error.contains("4-byte") && error.contains("2-byte"), "{error}");
    }
}
