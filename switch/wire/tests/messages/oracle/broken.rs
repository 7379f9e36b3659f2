//! Sound messages made wrong.

use super::{Dice, Script};

/// The same bytes with something wrong: an end cut off or grown, a byte or a bit changed, a byte lost or come in between; half of the
/// time in type, bitmap or the first field. What comes of it may be another message.
pub(super) fn anywhere(body: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut body = body.to_vec();
    let reach = if dice.below(2) == 0 { body.len().min(40) } else { body.len() };
    let (place, byte) = (dice.number::<usize>(reach as u64), dice.number(256));
    match dice.below(6) {
        0 => body.truncate(place),
        1 => body.push(byte),
        2 => body[place] = byte,
        3 => body[place] ^= 1 << (byte % 8),
        4 => drop(body.remove(place)),
        _ => body.insert(place, byte),
    }
    body
}

/// One field of a message whose length varies; to be made wrong in its length, and in nothing else.
pub(super) struct Field<'m> {
    before: &'m [u8],
    /// Its length indicator.
    told: &'m [u8],
    content: &'m [u8],
    behind: &'m [u8],
    max: usize,
    packed_length: bool,
    packed_content: bool,
    /// The character `1`.
    one: u8,
}

impl<'m> Field<'m> {
    /// Any of those that the message has.
    pub(super) fn of_varying_length(script: &Script, body: &'m [u8], dice: &mut Dice) -> Option<Self> {
        let parsed = script.dialect.parse(body).unwrap();
        let there = script.formats.iter().filter_map(|(number, format)| {
            let (class, max) = format.split_once(" ..")?;
            Some((class, max, parsed.bytes(&script.dialect, *number)?))
        });
        let there: Vec<_> = there.collect();
        let (class, max, content) = *there.get(dice.number::<usize>(there.len().max(1) as u64))?;
        // The first digit of the message type tells how digits lie.
        let (packed, one) = match body[0] {
            b'0' | b'1' => (false, b'1'),
            0xF0 | 0xF1 => (false, 0xF1),
            _ => (true, b'1'),
        };
        let start = content.as_ptr() as usize - body.as_ptr() as usize;
        let width = if packed { max.len().div_ceil(2) } else { max.len() };
        Some(Self {
            before: &body[..start - width],
            told: &body[start - width..start],
            content,
            behind: &body[start + content.len()..],
            max: max.parse().unwrap(),
            packed_length: packed,
            packed_content: packed && matches!(class, "n" | "z"),
            one,
        })
    }

    /// Its length told by a digit above nine, which whoever reckons without looking takes for what it was. Not every length has such
    /// a form.
    pub(super) fn miscounted(&self) -> Option<Vec<u8>> {
        let told = match *self.told {
            [ref more @ .., both] if self.packed_length && both >> 4 > 0 && both & 15 < 6 => [more, &[both - 6]].concat(),
            [ref more @ .., tens, ones] if !self.packed_length && tens & 15 > 0 && ones & 15 < 6 => {
                [more, &[tens - 1, ones + 10]].concat()
            }
            _ => return None,
        };
        Some([self.before, &told, self.content, self.behind].concat())
    }

    /// Longer than it may be by one or two, and full of ones. Where its longest length is the longest that can be told, there is none.
    pub(super) fn too_long(&self) -> Option<Vec<u8>> {
        let (longer, width) = (self.max / 2 * 2 + 2, self.told.len());
        let told = if self.packed_length {
            wire::unhex(format!("{longer:0width$}", width = 2 * width).as_bytes())?
        } else {
            format!("{longer:0width$}").bytes().map(|digit| self.one & 0xF0 | digit & 15).collect()
        };
        let content = if self.packed_content { vec![0x11; longer / 2] } else { vec![self.one; longer] };
        (told.len() == width).then(|| [self.before, &told, &content, self.behind].concat())
    }
}
