//! Characters and digits: which bytes belong to a class, and what number digits are. Works on whole words where that is faster.
//!
//! Knows: the character sets of ISO 8583:1987 (section 4.2.4). Does not know: fields, lengths, messages.

/// The character set of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// n
    Digits,
    /// Any combination of letters, digits, special characters and blanks: a, an, ans, as, ns …
    Mixed(Kinds),
    /// z: digits and the separator of tracks 2 and 3.
    Track,
    /// x+n: `C` (credit) or `D` (debit), then digits.
    Signed,
    /// b: any byte.
    Bytes,
}

/// Kinds of characters, as bits of [`KIND`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const DIGIT: Self = Self(1);
    pub(crate) const LETTER: Self = Self(2);
    pub(crate) const SPECIAL: Self = Self(4);
    pub(crate) const BLANK: Self = Self(8);
    const TRACK: Self = Self(16);
    pub(crate) const ALNUM: Self = Self(1 | 2);
    pub(crate) const ALNUM_BLANK: Self = Self(1 | 2 | 8);
    pub(crate) const PRINTABLE: Self = Self(1 | 2 | 4 | 8);

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, byte: u8) -> bool {
        KIND.get(usize::from(byte)).is_some_and(|kind| kind & self.0 != 0)
    }
}

/// For each byte the kinds it belongs to.
static KIND: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0u8;
    while byte < 127 {
        table[byte as usize] = match byte {
            b'0'..=b'9' => Kinds::DIGIT.0 | Kinds::TRACK.0,
            b'D' => Kinds::LETTER.0 | Kinds::TRACK.0,
            b'A'..=b'Z' | b'a'..=b'z' => Kinds::LETTER.0,
            b'=' => Kinds::SPECIAL.0 | Kinds::TRACK.0,
            b' ' => Kinds::BLANK.0,
            33..=126 => Kinds::SPECIAL.0,
            _ => 0,
        };
        byte += 1;
    }
    table
};

impl Class {
    /// Whether all of `characters` (one a byte) are of this class.
    #[inline(always)]
    pub(crate) fn holds(self, characters: &[u8]) -> bool {
        match self {
            Self::Digits => all_digits(characters),
            Self::Mixed(Kinds::PRINTABLE) => all_printable(characters),
            Self::Mixed(Kinds::ALNUM) => all_alnum(characters),
            Self::Mixed(Kinds::ALNUM_BLANK) => all_alnum_or_blank(characters),
            Self::Mixed(kinds) => all_of(kinds, characters),
            Self::Track => all_track(characters),
            Self::Signed => {
                characters.split_first().is_some_and(|(sign, digits)| matches!(sign, b'C' | b'D') && all_digits(digits))
            }
            Self::Bytes => true,
        }
    }

    /// Where the first character stands that is not of this class.
    pub(crate) fn breach(self, characters: &[u8]) -> Option<usize> {
        let alone = |class: Self| move |byte: &u8| !class.holds(std::slice::from_ref(byte));
        match (self, characters.split_first()) {
            (Self::Signed, None | Some((b'C' | b'D', _))) => {
                characters.iter().skip(1).position(alone(Self::Digits)).map(|place| place + 1)
            }
            (Self::Signed, Some(_)) => Some(0),
            (class, _) => characters.iter().position(alone(class)),
        }
    }

    /// [`Class::breach`] for characters in EBCDIC.
    pub(crate) fn breach_ebcdic(self, characters: &[u8]) -> Option<usize> {
        let belongs = |place: usize, byte: u8| match self {
            Self::Signed if place == 0 => matches!(byte, b'C' | b'D'),
            Self::Signed | Self::Digits => byte.is_ascii_digit(),
            Self::Mixed(kinds) => kinds.has(byte),
            Self::Track => Kinds::TRACK.has(byte),
            Self::Bytes => true,
        };
        let unsigned = (self == Self::Signed && characters.is_empty()).then_some(0);
        unsigned.or_else(|| characters.iter().enumerate().position(|(place, byte)| !belongs(place, ascii_of_ebcdic(*byte))))
    }

    /// The class in words, for errors.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Mixed(Kinds::PRINTABLE) => "printable characters",
            Self::Mixed(kinds) => match kinds.0 & 7 {
                1 => "digits",
                2 => "letters",
                3 => "letters or digits",
                5 => "digits or special characters",
                6 => "letters or special characters",
                _ => "characters of the field's set",
            },
            Self::Track => "digits or separators (= or D)",
            Self::Signed => "characters (C or D, then digits)",
            Self::Bytes => "bytes",
        }
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Bits are left where a byte of the word lies outside `LOW..=TOP` (both below 128).
#[inline]
fn outside<const LOW: u8, const TOP: u8>(word: u64) -> u64 {
    let above = word.wrapping_add(ONES * (0x7F - TOP as u64));
    let not_below = (word | HIGH).wrapping_sub(ONES * LOW as u64);
    (word | above | !not_below) & HIGH
}

/// Bits are left where a byte is no ASCII digit.
#[inline(always)]
fn outside_digits(word: u64) -> u64 {
    outside::<b'0', b'9'>(word)
}

/// Bits are left where a byte is no ASCII letter: one bit makes a letter lower-case, and nothing else a letter.
#[inline(always)]
fn outside_letters(word: u64) -> u64 {
    outside::<b'a', b'z'>(word | 0x2020_2020_2020_2020)
}

#[inline(never)]
fn all_digits(characters: &[u8]) -> bool {
    all_within::<b'0', b'9'>(characters)
}

#[inline(never)]
fn all_printable(characters: &[u8]) -> bool {
    all_within::<b' ', b'~'>(characters)
}

#[inline(never)]
fn all_alnum(characters: &[u8]) -> bool {
    no_bit_is_left(characters, HIGH, |word| outside_digits(word) & outside_letters(word))
}

#[inline(never)]
fn all_alnum_or_blank(characters: &[u8]) -> bool {
    no_bit_is_left(characters, HIGH, |word| outside_digits(word) & outside_letters(word) & outside::<b' ', b' '>(word))
}

#[inline(never)]
fn all_of(kinds: Kinds, characters: &[u8]) -> bool {
    characters.iter().all(|byte| kinds.has(*byte))
}

/// Sixteen at a time, which a compiler knows to do at once; only long texts are worth it.
#[inline(never)]
fn all_track(characters: &[u8]) -> bool {
    let left = |byte: u8| {
        let digit = byte.wrapping_sub(b'0').saturating_sub(9);
        digit.min(byte ^ b'=').min(byte ^ b'D')
    };
    let clean = |sixteen: &[u8; 16]| {
        let mut sixteen = *sixteen;
        sixteen.iter_mut().for_each(|byte| *byte = left(*byte));
        u128::from_le_bytes(sixteen) == 0
    };
    match characters.last_chunk::<16>() {
        Some(last) => characters.as_chunks::<16>().0.iter().all(clean) && clean(last),
        None => characters.iter().all(|byte| left(*byte) == 0),
    }
}

/// Whether all bytes lie within `LOW..=TOP`. A byte outside spoils at most those behind it in its word, and is seen itself in any
/// case: below it wraps around to above 127, above it is lifted to 128 or more, or is there already.
#[inline(always)]
fn all_within<const LOW: u8, const TOP: u8>(bytes: &[u8]) -> bool {
    no_bit_is_left(bytes, HIGH, |word| {
        let from_low = word.wrapping_sub(ONES * LOW as u64);
        from_low | from_low.wrapping_add(ONES * (0x7F - (TOP - LOW) as u64))
    })
}

/// Whether `wrong` leaves none of the bits of `mask`: eight bytes at a time, the last word overlapping the one before; fewer than
/// eight are repeated until they fill a word.
#[inline(always)]
fn no_bit_is_left(bytes: &[u8], mask: u64, wrong: impl Fn(u64) -> u64) -> bool {
    let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) else {
        return wrong(few(bytes)) & mask == 0 || bytes.is_empty();
    };
    let mut left = wrong(u64::from_le_bytes(*first)) | wrong(u64::from_le_bytes(*last));
    if bytes.len() > 16 {
        for word in bytes.as_chunks::<8>().0 {
            left |= wrong(u64::from_le_bytes(*word));
        }
    }
    left & mask == 0
}

/// One to seven bytes as a word that holds each at least once, and nothing else.
#[inline(always)]
fn few(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return 0 };
    let middle = bytes.get(bytes.len() / 2).unwrap_or(last);
    let four = u64::from(u32::from_le_bytes([*first, *middle, *last, *first]));
    four | four << 32
}

/// The highest bit of every nibble.
const EIGHTS: u64 = 8 * (ONES | ONES << 4);

/// Whether no nibble of packed digits is above nine.
#[inline(never)]
pub(crate) fn nibbles_are_decimal(packed: &[u8]) -> bool {
    no_bit_is_left(packed, EIGHTS, |word| word & (word << 1 | word << 2))
}

/// Whether every nibble is a digit or the separator `D` (1101).
#[inline(never)]
pub(crate) fn nibbles_are_track(packed: &[u8]) -> bool {
    no_bit_is_left(packed, EIGHTS, |word| {
        let separator = word << 1 & !(word << 2) & word << 3;
        word & (word << 1 | word << 2) & !separator
    })
}

/// The number that ASCII digits are. Call it on at most 19 digits that were checked; others give some number, never a panic.
#[inline]
pub(crate) fn number_of_digits(digits: &[u8]) -> u64 {
    let (rest, words) = digits.as_rchunks::<8>();
    let first = eight_digits(right_justified(rest));
    words.iter().fold(first, |sum, word| sum.wrapping_mul(100_000_000).wrapping_add(eight_digits(u64::from_be_bytes(*word))))
}

/// Up to eight bytes as a number, the last in the lowest byte, zeros before the first.
#[inline(always)]
pub(crate) fn right_justified(bytes: &[u8]) -> u64 {
    // Two halves that overlap in the middle, where they agree.
    let bits = |count: usize| 8 * (bytes.len() - count);
    if let Some(eight) = bytes.last_chunk::<8>() {
        u64::from_be_bytes(*eight)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        u64::from(u32::from_be_bytes(*first)) << bits(4) | u64::from(u32::from_be_bytes(*last))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<2>(), bytes.last_chunk::<2>()) {
        u64::from(u16::from_be_bytes(*first)) << bits(2) | u64::from(u16::from_be_bytes(*last))
    } else {
        bytes.first().copied().map_or(0, u64::from)
    }
}

/// Eight digits at once, the first in the highest byte: pairs, then fours, then all, each step one multiplication.
#[inline(always)]
fn eight_digits(digits: u64) -> u64 {
    let ones = digits.swap_bytes() & 0x0F0F_0F0F_0F0F_0F0F;
    let pairs = (ones.wrapping_mul(10 << 8 | 1) >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_FFFF_0000_FFFF;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

/// The powers of ten that fit: `POWERS[n]` is the first number of more than `n` digits. Filled up to a number of places that a mask
/// keeps an index within.
const POWERS: [u64; 32] = {
    let mut powers = [1; 32];
    let mut power = 1;
    while power < 32 {
        powers[power] = if power < 20 { powers[power - 1] * 10 } else { u64::MAX };
        power += 1;
    }
    powers
};

/// Whether a number has at most so many decimal digits.
pub(crate) fn fits_digits(number: u64, count: usize) -> bool {
    count > 19 || is_below_power(number, count)
}

/// The same for a count of up to nineteen; of another it says anything.
#[inline(always)]
pub(crate) fn is_below_power(number: u64, count: usize) -> bool {
    POWERS.get(count & 31).is_some_and(|limit| number < *limit)
}

/// The lower half of a word.
#[inline(always)]
pub(crate) fn low_half(word: u64) -> u32 {
    u32::try_from(word & 0xFFFF_FFFF).unwrap_or(0)
}

/// A number cut before its eighth digit from the right.
#[inline(always)]
fn cut(number: u64) -> (u64, u32) {
    (number / 100_000_000, low_half(number % 100_000_000))
}

/// A number below 10^8 as four pairs of digits, each in 16 bits, the first pair lowest; tens and the pair itself.
/// Divides by multiplying: 10486 / 2^20 is 1/100 for all numbers of four digits, 103 / 2^10 is 1/10 for all of two. The rest of a
/// division goes one place up and the result stays: `number << 32 - high * 10000 << 32 + high`, and so on.
#[inline(always)]
fn pairs_of(number: u32) -> (u64, u64) {
    let high = u64::from(number / 10_000);
    let fours = (u64::from(number) << 32).wrapping_sub(high * ((10_000 << 32) - 1));
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let pairs = (fours << 16).wrapping_sub(hundreds * ((100 << 16) - 1));
    (((pairs * 103) >> 10) & 0x000F_000F_000F_000F, pairs)
}

/// A number below 10^8 as eight ASCII digits, the first in the lowest byte.
#[inline(always)]
pub(crate) fn ascii_eight(number: u32) -> u64 {
    let (tens, pairs) = pairs_of(number);
    (pairs << 8).wrapping_sub(tens * ((10 << 8) - 1)) | 0x3030_3030_3030_3030
}

/// A number below 10^16 as sixteen ASCII digits, the first in the lowest byte.
#[inline(always)]
pub(crate) fn ascii_sixteen(number: u64) -> [u64; 2] {
    let (high, low) = cut(number);
    [ascii_eight(low_half(high)), ascii_eight(low)]
}

/// A number below 10^8 as four bytes of packed digits, the first in the lowest byte.
#[inline(always)]
pub(crate) fn packed_eight(number: u32) -> u32 {
    let (tens, pairs) = pairs_of(number);
    let bytes = pairs + 6 * tens;
    let twos = (bytes | bytes >> 8) & 0x0000_FFFF_0000_FFFF;
    low_half(twos | twos >> 16)
}

/// A number below 10^16 as eight bytes of packed digits, the first in the lowest byte.
#[inline(always)]
pub(crate) fn packed_sixteen(number: u64) -> u64 {
    let (high, low) = cut(number);
    u64::from(packed_eight(low_half(high))) | u64::from(packed_eight(low)) << 32
}

/// All digits of a number as ASCII, right-justified behind zeros.
pub(crate) fn ascii_of(number: u64) -> [u8; 24] {
    let (rest, low) = cut(number);
    let (high, middle) = cut(rest);
    let mut digits = [0; 24];
    for (to, part) in digits.as_chunks_mut::<8>().0.iter_mut().zip([low_half(high), middle, low]) {
        *to = ascii_eight(part).to_le_bytes();
    }
    digits
}

/// The number that packed digits are, likewise.
#[inline]
pub(crate) fn number_of_packed(packed: &[u8]) -> u64 {
    let (rest, words) = packed.as_rchunks::<8>();
    let first = sixteen_nibbles(right_justified(rest));
    let scale = 10_000_000_000_000_000;
    words.iter().fold(first, |sum, word| sum.wrapping_mul(scale).wrapping_add(sixteen_nibbles(u64::from_be_bytes(*word))))
}

/// Sixteen packed digits at once, the last in the lowest nibble: pairs, then fours, and so on.
#[inline(always)]
fn sixteen_nibbles(digits: u64) -> u64 {
    let pairs = digits - 6 * (digits >> 4 & 0x0F0F_0F0F_0F0F_0F0F);
    let fours = (pairs & 0x00FF_00FF_00FF_00FF) + 100 * (pairs >> 8 & 0x00FF_00FF_00FF_00FF);
    let eights = (fours & 0x0000_FFFF_0000_FFFF) + 10_000 * (fours >> 16 & 0x0000_FFFF_0000_FFFF);
    (eights & 0xFFFF_FFFF) + 100_000_000 * (eights >> 32)
}

/// The printable characters of EBCDIC by their ASCII counterparts, in the order of ASCII: code page IBM 1047, which is what
/// mainframes under Unix System Services and jPOS use. IBM 037 differs from it in three of these only: `[`, `]` and `^`.
const EBCDIC_OF_PRINTABLE: [u8; 95] = [
    0x40, 0x5A, 0x7F, 0x7B, 0x5B, 0x6C, 0x50, 0x7D, 0x4D, 0x5D, 0x5C, 0x4E, 0x6B, 0x60, 0x4B, 0x61, // blank to /
    0xF0, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0x7A, 0x5E, 0x4C, 0x7E, 0x6E, 0x6F, // 0 to ?
    0x7C, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, // @ to O
    0xD7, 0xD8, 0xD9, 0xE2, 0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xAD, 0xE0, 0xBD, 0x5F, 0x6D, // P to _
    0x79, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, // ` to o
    0x97, 0x98, 0x99, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xC0, 0x4F, 0xD0, 0xA1, // p to ~
];

/// For each byte of EBCDIC the ASCII character it is; 0 where it is no printable one.
static ASCII_OF_EBCDIC: [u8; 256] = {
    let mut table = [0; 256];
    let mut place = 0u8;
    while place < 95 {
        table[EBCDIC_OF_PRINTABLE[place as usize] as usize] = b' ' + place;
        place += 1;
    }
    table
};

/// The ASCII character of a byte of EBCDIC (IBM 1047); 0, which belongs to no class, where it is none that both have.
#[inline]
pub(crate) fn ascii_of_ebcdic(byte: u8) -> u8 {
    ASCII_OF_EBCDIC.get(usize::from(byte)).copied().unwrap_or(0)
}

/// The byte of EBCDIC (IBM 1047) of a printable ASCII character; SUB (0x3F) for any other.
#[inline]
pub(crate) fn ebcdic_of_ascii(character: u8) -> u8 {
    EBCDIC_OF_PRINTABLE.get(usize::from(character).wrapping_sub(0x20)).copied().unwrap_or(0x3F)
}

/// For each byte its value as a hexadecimal digit of either case; 0xFF where it is none.
static HEX: [u8; 256] = {
    let mut table = [0xFF; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789ABCDEF"[value as usize];
        table[digit as usize] = value;
        table[digit.to_ascii_lowercase() as usize] = value;
        value += 1;
    }
    table
};

/// The value of a hexadecimal digit of either case.
#[inline]
pub(crate) fn hex_value(digit: u8) -> Option<u8> {
    HEX.get(usize::from(digit)).copied().filter(|value| *value < 16)
}

/// Sixteen hexadecimal digits as a number.
#[inline]
pub(crate) fn hex_word(digits: &[u8; 16]) -> Option<u64> {
    let ([high, low], _) = digits.as_chunks::<8>() else { return None };
    all_hex(digits).then(|| u64::from(pack_eight(*high)) << 32 | u64::from(pack_eight(*low)))
}

/// Eight digits (decimal, hexadecimal, or `=` and `D` for the separator 1101) packed into four bytes, the first digit highest.
/// Call it on digits that were checked; others give some number. In ASCII bit 6 tells letters, whose low nibble counts from 1.
#[inline]
pub(crate) fn pack_eight(digits: [u8; 8]) -> u32 {
    let word = u64::from_be_bytes(digits);
    let nibbles = (word & 0x0F0F_0F0F_0F0F_0F0F) + 9 * (word >> 6 & ONES);
    let pairs = (nibbles | nibbles >> 4) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs | pairs >> 8) & 0x0000_FFFF_0000_FFFF;
    low_half(fours | fours >> 16)
}

/// Four bytes as eight upper-case hexadecimal digits.
#[inline]
pub(crate) fn hex_eight(bytes: [u8; 4]) -> [u8; 8] {
    let word = u64::from(u32::from_be_bytes(bytes));
    let fours = (word | word << 16) & 0x0000_FFFF_0000_FFFF;
    let pairs = (fours | fours << 8) & 0x00FF_00FF_00FF_00FF;
    let nibbles = (pairs | pairs << 4) & 0x0F0F_0F0F_0F0F_0F0F;
    // Adding six carries out of a nibble above nine.
    let letters = (nibbles + 6 * ONES) >> 4 & ONES;
    (nibbles + 0x30 * ONES + 7 * letters).to_be_bytes()
}

/// Whether all are hexadecimal digits of either case.
#[inline]
pub(crate) fn all_hex(digits: &[u8]) -> bool {
    no_bit_is_left(digits, HIGH, |word| outside_digits(word) & outside::<b'a', b'f'>(word | 0x2020_2020_2020_2020))
}

/// The upper-case hexadecimal digit of a nibble; only the low four bits count.
#[inline]
pub(crate) fn hex_digit(nibble: u8) -> u8 {
    let nibble = nibble & 15;
    if nibble < 10 { b'0' + nibble } else { b'A' + nibble - 10 }
}

/// Bytes from hexadecimal digits of either case; `None` where a character is none or one is left over.
#[must_use]
pub fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(hex_value(*high)? << 4 | hex_value(*low)?));
    if rest.is_empty() { bytes.collect() } else { None }
}

/// Upper-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [hex_digit(byte >> 4), hex_digit(*byte)]).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte at every place of texts of every length up to two words and a bit, against the plain definition.
    #[test]
    fn words_and_bytes_agree_on_every_class() {
        let an = Class::Mixed(Kinds::LETTER.and(Kinds::DIGIT));
        type Definition = fn(u8) -> bool;
        let plain: [(Class, u8, Definition); 6] = [
            (Class::Digits, b'7', |byte| byte.is_ascii_digit()),
            (Class::Mixed(Kinds::PRINTABLE), b'x', |byte| (0x20..0x7F).contains(&byte)),
            (an, b'A', |byte| byte.is_ascii_alphanumeric()),
            (Class::Mixed(Kinds::LETTER), b'Q', |byte| byte.is_ascii_alphabetic()),
            (Class::Mixed(Kinds::ALNUM_BLANK), b'z', |byte| byte.is_ascii_alphanumeric() || byte == b' '),
            (Class::Track, b'1', |byte| byte.is_ascii_digit() || byte == b'=' || byte == b'D'),
        ];
        for (class, filler, belongs) in plain {
            for length in (1..20).chain([32, 33, 47, 64, 71]) {
                for place in 0..length {
                    for byte in 0..=255 {
                        let mut text = vec![filler; length];
                        text[place] = byte;
                        assert_eq!(class.holds(&text), belongs(byte), "{class:?} {text:?}");
                        assert_eq!(class.breach(&text), (!belongs(byte)).then_some(place), "{class:?} {text:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn signs_come_first() {
        assert!(Class::Signed.holds(b"C00000123"));
        assert_eq!(Class::Signed.breach(b"000000123"), Some(0));
        assert_eq!(Class::Signed.breach(b"D0000012C"), Some(8));
        assert!(!Class::Signed.holds(b"D0000012C") && !Class::Signed.holds(b""));
    }

    #[test]
    fn nibbles_above_nine_are_seen_wherever_they_stand() {
        for length in (1..18).chain([24, 39, 40]) {
            for place in 0..length {
                for byte in 0..=255u8 {
                    let mut packed = vec![0x99; length];
                    packed[place] = byte;
                    assert_eq!(nibbles_are_decimal(&packed), byte >> 4 < 10 && byte & 15 < 10, "{packed:X?}");
                    let track = |nibble: u8| nibble < 10 || nibble == 0xD;
                    assert_eq!(nibbles_are_track(&packed), track(byte >> 4) && track(byte & 15), "{packed:X?}");
                }
            }
        }
    }

    #[test]
    fn digits_are_numbers() {
        for text in ["0", "7", "116", "123456", "00000001", "123456789012", "9116010000000014", "9999999999999999999"] {
            assert_eq!(number_of_digits(text.as_bytes()), text.parse::<u64>().unwrap());
            let even = format!("{}{text}", "0".repeat(text.len() % 2));
            assert_eq!(number_of_packed(&unhex(even.as_bytes()).unwrap()), text.parse::<u64>().unwrap());
            let number = text.parse::<u64>().unwrap();
            assert_eq!(std::str::from_utf8(&ascii_of(number)).unwrap(), format!("{number:024}"));
            assert!(fits_digits(number, text.len()) && (number == 0 || !fits_digits(number, number.ilog10() as usize)));
        }
        for number in (0..100_000_000).step_by(9_973).chain(0..10_000).chain([99_999_999, u64::MAX]) {
            assert_eq!(std::str::from_utf8(&ascii_of(number)).unwrap(), format!("{number:024}"));
            let sixteen = number % 10_000_000_000_000_000;
            let ascii = ascii_sixteen(sixteen).map(u64::to_le_bytes);
            assert_eq!(std::str::from_utf8(ascii.as_flattened()).unwrap(), format!("{sixteen:016}"));
            assert_eq!(hex(&packed_sixteen(sixteen).to_le_bytes()), format!("{sixteen:016}"));
        }
    }

    #[test]
    fn a_number_fits_below_the_next_power_of_ten() {
        for count in 0..20 {
            let power = 10u64.pow(u32::try_from(count).unwrap());
            assert!(fits_digits(power - 1, count) && !fits_digits(power, count), "{count}");
            assert!(is_below_power(power - 1, count) && !is_below_power(power, count), "{count}");
        }
        assert!(fits_digits(u64::MAX, 20) && !fits_digits(u64::MAX, 19));
    }

    #[test]
    fn hexadecimal_goes_both_ways() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(hex(&all).as_bytes()), Some(all.clone()));
        assert_eq!(unhex(hex(&all).to_lowercase().as_bytes()), Some(all));
        assert_eq!((unhex(b"ABC"), unhex(b"0G")), (None, None));
        assert_eq!(hex_word(b"0123456789abCDEF"), Some(0x0123_4567_89AB_CDEF));
        for byte in 0..=255u8 {
            let mut digits = *b"0123456789ABCDEF";
            digits[11] = byte;
            assert_eq!(hex_word(&digits).is_some(), byte.is_ascii_hexdigit(), "{byte:02X}");
            assert_eq!(all_hex(&digits[11..]), byte.is_ascii_hexdigit(), "{byte:02X}");
            assert_eq!(hex_eight([byte, 0, !byte, 0xA9]), *format!("{byte:02X}00{:02X}A9", !byte).as_bytes());
        }
    }

    /// Some of the code page IBM 1047 by hand, what sets it apart from IBM 037, and that no two characters share a byte.
    #[test]
    fn ebcdic_goes_both_ways() {
        for (ascii, ebcdic) in [(b'0', 0xF0), (b'9', 0xF9), (b'A', 0xC1), (b'J', 0xD1), (b'S', 0xE2), (b'z', 0xA9), (b' ', 0x40)]
        {
            assert_eq!((ebcdic_of_ascii(ascii), ascii_of_ebcdic(ebcdic)), (ebcdic, ascii));
        }
        assert_eq!([b'[', b']', b'^', b'=', b'|'].map(ebcdic_of_ascii), [0xAD, 0xBD, 0x5F, 0x7E, 0x4F]);
        for character in 0x20..0x7F {
            assert_eq!(ascii_of_ebcdic(ebcdic_of_ascii(character)), character);
        }
        assert_eq!((0..=255).filter(|byte| ascii_of_ebcdic(*byte) != 0).count(), 95);
        assert_eq!((ebcdic_of_ascii(0x1F), ebcdic_of_ascii(0xF0), ascii_of_ebcdic(b'0')), (0x3F, 0x3F, 0));
    }
}
