//! What stands between a frame's length and its body: TPDU and fixed header. A matter of the connection: no record holds it.

use std::fmt;

/// Bytes of a TPDU: its id, destination and source.
pub(super) const TPDU: usize = 5;
/// The longest fixed header, in bytes.
pub(super) const HEADER_MAX: usize = 32;

/// TPDU and header of one message, as they came or as they go. Empty where its framing has neither.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    bytes: [u8; TPDU + HEADER_MAX],
    len: u8,
}

impl Envelope {
    pub(super) const NONE: Self = Self { bytes: [0; TPDU + HEADER_MAX], len: 0 };

    /// These bytes; `None` where there are too many.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let mut kept = Self::NONE;
        kept.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        kept.len = u8::try_from(bytes.len()).ok()?;
        Some(kept)
    }

    /// Its bytes as they stand on the wire.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&[])
    }

    pub(super) const fn len(&self) -> usize {
        self.len as usize
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What goes back: the TPDU, if it has one, with destination and source swapped, then the header of `header`.
    pub(super) fn reply(&self, tpdu: bool, header: &Self) -> Self {
        let mut back = *header;
        if tpdu
            && let [id, to_high, to_low, from_high, from_low, ..] = self.bytes
            && let Some(front) = back.bytes.first_chunk_mut::<TPDU>()
        {
            *front = [id, from_high, from_low, to_high, to_low];
        }
        back
    }
}

impl Default for Envelope {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({})", crate::chars::hex(self.bytes()))
    }
}
