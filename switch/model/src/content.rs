//! What a field holds and the switch only passes on: bytes of the frame, and in which form they stand there.

use std::fmt;

/// How the bytes of a [`Content`] are to be understood. Another dialect may want them in another form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// ASCII characters, one a byte.
    Ascii,
    /// EBCDIC characters, one a byte.
    Ebcdic,
    /// Bytes of class b as they are.
    Raw,
    /// Bytes of class b as hexadecimal ASCII digits, two for each.
    Hex,
}

/// A field's content as it lies in the frame that brought it. `wire` writes it in the form that the dialect it goes to wants.
/// Never shown: it is private data of others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Content<'a> {
    /// The bytes of the frame.
    pub bytes: &'a [u8],
    /// How they are to be understood.
    pub form: Form,
}

impl<'a> Content<'a> {
    /// ASCII characters.
    #[must_use]
    pub const fn ascii(bytes: &'a [u8]) -> Self {
        Self { bytes, form: Form::Ascii }
    }

    /// Bytes as they are.
    #[must_use]
    pub const fn raw(bytes: &'a [u8]) -> Self {
        Self { bytes, form: Form::Raw }
    }
}

impl fmt::Debug for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes, {:?}>", self.bytes.len(), self.form)
    }
}

/// Content that must never be shown or written down: PIN blocks, chip data. Forwarded while the frame is at hand, then gone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sensitive<'a>(pub Content<'a>);

impl<'a> Sensitive<'a> {
    /// Bytes as they are.
    #[must_use]
    pub const fn raw(bytes: &'a [u8]) -> Self {
        Self(Content::raw(bytes))
    }
}

impl fmt::Debug for Sensitive<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes withheld>", self.0.bytes.len())
    }
}
