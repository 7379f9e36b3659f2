//! Short text that lives in place, for fields that are kept after the frame is gone.

use std::fmt;

/// Up to `N` bytes of text as a message carries it, without an allocation. What it holds beyond its length is always zero,
/// so that two equal texts are equal bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    length: u8,
}

impl<const N: usize> Text<N> {
    /// `bytes`, or `None` where they are more than `N` (at most 255).
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let length = u8::try_from(bytes.len()).ok()?;
        let mut text = Self { bytes: [0; N], length };
        text.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(text)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or(&[])
    }

    /// The text without the spaces that pad a fixed field.
    #[must_use]
    pub fn trimmed(&self) -> &[u8] {
        self.as_bytes().trim_ascii()
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self { bytes: [0; N], length: 0 }
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trimmed().escape_ascii().fmt(f)
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(Text::<4>::new(b"abcd").unwrap().as_bytes(), b"abcd");
        assert_eq!(Text::<4>::new(b"abcde"), None);
        assert_eq!(Text::<8>::new(b"ATM1    ").unwrap().to_string(), "ATM1");
    }
}
