//! Content that is passed on, in the form in which its receiver wants it.

use std::borrow::Cow;

use model::{Content, Form, Sensitive};

use crate::chars::unhex;
use crate::dialect::Coding;
use crate::parse::Field;

/// What a field holds, whatever form it came in: characters in ASCII, bytes of class b as they are. Copies only what has to be
/// changed. `None` where hexadecimal digits are none.
#[must_use]
pub fn octets(content: Content<'_>) -> Option<Cow<'_, [u8]>> {
    match content.form {
        Form::Ascii | Form::Raw => Some(Cow::Borrowed(content.bytes)),
        Form::Hex => unhex(content.bytes).map(Cow::Owned),
        Form::Ebcdic => Some(Cow::Owned(content.bytes.iter().copied().map(crate::chars::ascii_of_ebcdic).collect())),
    }
}

/// The clear bytes of a PIN block (DE52), whatever form it came in. `None` where they are not 8. Copies nothing to the heap.
#[must_use]
pub fn pin_block(field: Sensitive<'_>) -> Option<[u8; 8]> {
    let Sensitive(content) = field;
    match content.form {
        Form::Raw => content.bytes.try_into().ok(),
        Form::Hex => {
            crate::chars::hex_word(content.bytes.first_chunk().filter(|_| content.bytes.len() == 16)?).map(u64::to_be_bytes)
        }
        Form::Ascii | Form::Ebcdic => None,
    }
}

/// The field's content with the form that its dialect gives it.
#[inline]
pub(super) fn content<'a>(field: &Field<'_, 'a>) -> Content<'a> {
    let form = match field.spec.coding {
        Coding::Raw => Form::Raw,
        Coding::Hex => Form::Hex,
        Coding::Ebcdic => Form::Ebcdic,
        _ => Form::Ascii,
    };
    Content { bytes: field.bytes, form }
}
