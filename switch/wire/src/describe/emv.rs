//! Chip data for people: EMV tags by name (EMV Book 3, Annex A), what their bits say, and what of them may not be shown.
//!
//! Knows: tags. Does not know: fields. A tag that nobody here knows may hold anything, so only its length is shown; likewise a
//! known one whose value is not of its form, for then the bytes are out of step.

use std::fmt::Write as _;

use model::Currency;

use crate::chars::hex;
use crate::json::masked;
use crate::tlv::{Object, Tag, TlvError, walk};

/// What a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Bytes, from so many to so many.
    Bytes(usize, usize),
    /// Packed digits in so many bytes.
    Digits(usize),
    /// An amount in minor units, packed in six bytes.
    Amount,
    /// A currency, packed in two bytes.
    Currency,
    /// A date YYMMDD, packed in three bytes.
    Date,
    /// Up to so many letters and digits.
    Text(usize),
    /// More objects.
    Template,
    /// Packed digits of a card number: first six and last four.
    Masked,
    /// Never shown.
    Withheld,
}

use Form::{Amount, Bytes, Currency as Money, Date, Digits, Masked, Template, Text, Withheld};

/// Tag, name, form; in ascending order.
const TAGS: &[(u32, &str, Form)] = &[
    (0x42, "Issuer identification number", Digits(3)),
    (0x4F, "Application identifier (card)", Bytes(5, 16)),
    (0x50, "Application label", Text(16)),
    (0x56, "Track 1 equivalent data", Withheld),
    (0x57, "Track 2 equivalent data", Withheld),
    (0x5A, "Application PAN", Masked),
    (0x61, "Application template", Template),
    (0x6F, "File control information template", Template),
    (0x70, "Record template", Template),
    (0x71, "Issuer script template 1", Template),
    (0x72, "Issuer script template 2", Template),
    (0x77, "Response template format 2", Template),
    (0x82, "Application interchange profile", Bytes(2, 2)),
    (0x84, "Dedicated file name", Bytes(5, 16)),
    (0x86, "Issuer script command", Bytes(1, 261)),
    (0x8A, "Authorisation response code", Text(2)),
    (0x8E, "Cardholder verification method list", Bytes(10, 252)),
    (0x8F, "Certification authority public key index", Bytes(1, 1)),
    (0x91, "Issuer authentication data", Bytes(8, 16)),
    (0x94, "Application file locator", Bytes(0, 252)),
    (0x95, "Terminal verification results", Bytes(5, 5)),
    (0x9A, "Transaction date", Date),
    (0x9B, "Transaction status information", Bytes(2, 2)),
    (0x9C, "Transaction type", Digits(1)),
    (0xA5, "File control information proprietary template", Template),
    (0x5F20, "Cardholder name", Withheld),
    (0x5F24, "Application expiration date", Date),
    (0x5F25, "Application effective date", Date),
    (0x5F28, "Issuer country code", Digits(2)),
    (0x5F2A, "Transaction currency code", Money),
    (0x5F2D, "Language preference", Text(8)),
    (0x5F30, "Service code", Digits(2)),
    (0x5F34, "Application PAN sequence number", Digits(1)),
    (0x5F36, "Transaction currency exponent", Digits(1)),
    (0x9F01, "Acquirer identifier", Digits(6)),
    (0x9F02, "Amount, authorised", Amount),
    (0x9F03, "Amount, other", Amount),
    (0x9F06, "Application identifier (terminal)", Bytes(5, 16)),
    (0x9F07, "Application usage control", Bytes(2, 2)),
    (0x9F08, "Application version number (card)", Bytes(2, 2)),
    (0x9F09, "Application version number (terminal)", Bytes(2, 2)),
    (0x9F0D, "Issuer action code, default", Bytes(5, 5)),
    (0x9F0E, "Issuer action code, denial", Bytes(5, 5)),
    (0x9F0F, "Issuer action code, online", Bytes(5, 5)),
    (0x9F10, "Issuer application data", Bytes(0, 32)),
    (0x9F12, "Application preferred name", Text(16)),
    (0x9F15, "Merchant category code", Digits(2)),
    (0x9F16, "Merchant identifier", Text(15)),
    (0x9F1A, "Terminal country code", Digits(2)),
    (0x9F1C, "Terminal identification", Text(8)),
    (0x9F1E, "Interface device serial number", Text(8)),
    (0x9F1F, "Track 1 discretionary data", Withheld),
    (0x9F20, "Track 2 discretionary data", Withheld),
    (0x9F21, "Transaction time", Digits(3)),
    (0x9F26, "Application cryptogram", Bytes(8, 8)),
    (0x9F27, "Cryptogram information data", Bytes(1, 1)),
    (0x9F33, "Terminal capabilities", Bytes(3, 3)),
    (0x9F34, "Cardholder verification method results", Bytes(3, 3)),
    (0x9F35, "Terminal type", Digits(1)),
    (0x9F36, "Application transaction counter", Bytes(2, 2)),
    (0x9F37, "Unpredictable number", Bytes(4, 4)),
    (0x9F39, "Point of service entry mode", Digits(1)),
    (0x9F40, "Additional terminal capabilities", Bytes(5, 5)),
    (0x9F41, "Transaction sequence counter", Digits(4)),
    (0x9F42, "Application currency code", Money),
    (0x9F4C, "ICC dynamic number", Bytes(2, 8)),
    (0x9F53, "Transaction category code", Text(1)),
    (0x9F5B, "Issuer script results", Bytes(0, 252)),
    (0x9F66, "Terminal transaction qualifiers", Bytes(4, 4)),
    (0x9F6B, "Track 2 data (contactless)", Withheld),
    (0x9F6C, "Card transaction qualifiers", Bytes(2, 2)),
    (0x9F6E, "Form factor indicator", Bytes(4, 32)),
    (0x9F7C, "Customer exclusive data", Withheld),
];

/// Terminal verification results (Annex C5): byte, bit from the highest, meaning.
const TVR: &[(usize, u8, &str)] = &[
    (0, 0x80, "offline data authentication was not performed"),
    (0, 0x40, "SDA failed"),
    (0, 0x20, "chip data missing"),
    (0, 0x10, "card on the terminal's exception file"),
    (0, 0x08, "DDA failed"),
    (0, 0x04, "CDA failed"),
    (1, 0x80, "card and terminal have different application versions"),
    (1, 0x40, "application expired"),
    (1, 0x20, "application not yet effective"),
    (1, 0x10, "service not allowed for the card"),
    (1, 0x08, "new card"),
    (2, 0x80, "cardholder verification failed"),
    (2, 0x40, "unrecognised verification method"),
    (2, 0x20, "PIN try limit exceeded"),
    (2, 0x10, "PIN required, no PIN pad or not working"),
    (2, 0x08, "PIN required, PIN pad present, not entered"),
    (2, 0x04, "online PIN entered"),
    (3, 0x80, "exceeds the floor limit"),
    (3, 0x40, "lower consecutive offline limit exceeded"),
    (3, 0x20, "upper consecutive offline limit exceeded"),
    (3, 0x10, "selected at random for online processing"),
    (3, 0x08, "merchant forced it online"),
    (4, 0x80, "default TDOL used"),
    (4, 0x40, "issuer authentication failed"),
    (4, 0x20, "script failed before the final cryptogram"),
    (4, 0x10, "script failed after the final cryptogram"),
];

/// Application interchange profile (Annex C1).
const AIP: &[(usize, u8, &str)] = &[
    (0, 0x40, "SDA"),
    (0, 0x20, "DDA"),
    (0, 0x10, "cardholder verification"),
    (0, 0x08, "terminal risk management"),
    (0, 0x04, "issuer authentication"),
    (0, 0x01, "CDA"),
];

/// Transaction status information (Annex C6).
const TSI: &[(usize, u8, &str)] = &[
    (0, 0x80, "offline data authentication done"),
    (0, 0x40, "cardholder verification done"),
    (0, 0x20, "card risk management done"),
    (0, 0x10, "issuer authentication done"),
    (0, 0x08, "terminal risk management done"),
    (0, 0x04, "script processing done"),
];

/// Writes a line for each data object of chip data that begins at byte `base` of the message, and what is wrong after them.
pub(super) fn describe(out: &mut String, bytes: &[u8], base: Option<usize>, unmasked: bool) -> Result<(), TlvError> {
    let mut lines = String::new();
    let end = walk(bytes, |depth, object| {
        if let Some(base) = base {
            let _ = write!(lines, "{:>5}  ", base + object.offset);
        }
        let indent = 6 + 2 * depth;
        let (name, value) = told(&object, unmasked);
        let _ =
            writeln!(lines, "{:indent$}{:<6}{name:<width$}  {value}", "", object.tag, width = 40usize.saturating_sub(2 * depth));
    });
    // What is out of step may show one tag's value under another's name.
    match end {
        Err(_) if !unmasked => {}
        _ => out.push_str(&lines),
    }
    end
}

fn told(object: &Object<'_>, unmasked: bool) -> (&'static str, String) {
    let known = TAGS.iter().find(|(tag, ..)| *tag == object.tag.number());
    let (name, form) = known.map_or(("(unknown)", None), |(_, name, form)| (*name, Some(*form)));
    let digits = hex(object.value);
    if object.tag.is_constructed() && form.is_none_or(|form| form == Template) {
        return (if known.is_some() { name } else { "(unknown template)" }, String::new());
    }
    let withheld = || format!("<{} withheld>", object.value.len());
    let value = match form {
        Some(form) if form.fits(object.value) => match form {
            Masked if !unmasked => masked(digits.trim_end_matches('F')),
            Withheld if !unmasked => withheld(),
            Text(_) => String::from_utf8_lossy(object.value).into_owned(),
            _ => digits,
        },
        _ if unmasked => digits,
        _ => withheld(),
    };
    let meaning = form.filter(|form| form.fits(object.value)).and_then(|form| meaning(object, form));
    (name, meaning.map_or(value.clone(), |meaning| format!("{value}  ({meaning})")))
}

impl Form {
    fn fits(self, value: &[u8]) -> bool {
        let packed = |width: usize| value.len() == width && crate::chars::nibbles_are_decimal(value);
        match self {
            Bytes(min, max) => (min..=max).contains(&value.len()),
            Digits(width) => packed(width),
            Amount => packed(6),
            Money => packed(2),
            Date => packed(3),
            Text(max) => value.len() <= max && value.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' '),
            Masked | Withheld | Template => true,
        }
    }
}

fn meaning(object: &Object<'_>, form: Form) -> Option<String> {
    let value = object.value;
    let number = || crate::chars::number_of_packed(value);
    match (object.tag.number(), form) {
        (_, Money) => Some(Currency::from_numeric(u16::try_from(number()).ok()?)?.to_string()),
        (_, Date) => {
            let number = number();
            Some(format!("20{:02}-{:02}-{:02}", number / 10_000, number / 100 % 100, number % 100))
        }
        (0x95, _) => Some(bits(value, TVR)),
        (0x82, _) => Some(bits(value, AIP)),
        (0x9B, _) => Some(bits(value, TSI)),
        (0x9F27, _) => Some(
            match value.first()? & 0xC0 {
                0x00 => "AAC: declined",
                0x40 => "TC: approved offline",
                0x80 => "ARQC: online asked for",
                _ => "reserved",
            }
            .to_owned(),
        ),
        (0x9F34, _) => {
            let method = match value.first()? & 0x3F {
                0x00 => "failed",
                0x01 => "plain PIN by the card",
                0x02 => "encrypted PIN online",
                0x03 => "plain PIN by the card, and signature",
                0x04 => "encrypted PIN by the card",
                0x05 => "encrypted PIN by the card, and signature",
                0x1E => "signature",
                0x1F => "no verification required",
                0x3F => "no verification performed",
                _ => return None,
            };
            let result = match value.get(2)? {
                0 => "result unknown",
                1 => "failed",
                2 => "successful",
                _ => return None,
            };
            Some(format!("{method}, {result}"))
        }
        (0x9C, _) => Some(super::codes::processing(u8::try_from(number()).ok()?)?.to_owned()),
        (0x9F36, _) => value.first_chunk::<2>().map(|counter| u16::from_be_bytes(*counter).to_string()),
        (0x9F39, _) => super::codes::entry_mode(u8::try_from(number()).ok()?).map(str::to_owned),
        _ => None,
    }
}

fn bits(value: &[u8], table: &[(usize, u8, &str)]) -> String {
    let set = table.iter().filter(|(byte, bit, _)| value.get(*byte).is_some_and(|it| it & bit != 0));
    let set: Vec<_> = set.map(|(.., meaning)| *meaning).collect();
    if set.is_empty() { "nothing set".to_owned() } else { set.join("; ") }
}

/// The name of a tag.
#[must_use]
pub fn tag_name(tag: Tag) -> Option<&'static str> {
    TAGS.iter().find(|(known, ..)| *known == tag.number()).map(|(_, name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chars::unhex;

    fn lines(hex: &str, unmasked: bool) -> String {
        let mut out = String::new();
        let _ = describe(&mut out, &unhex(hex.replace(' ', "").as_bytes()).unwrap(), None, unmasked);
        out
    }

    #[test]
    fn tags_are_told_by_name_with_their_bits() {
        let told = lines("9F2701809505 8000048000 5F2A020116 9A03261122 9F3602 0011 82021980 9F3403420302", false);
        for part in [
            "9F27  Cryptogram information data               80  (ARQC: online asked for)",
            "offline data authentication was not performed; online PIN entered; exceeds the floor limit",
            "0116  (KHR)",
            "(2026-11-22)",
            "(17)",
            "(cardholder verification; terminal risk management; CDA)",
        ] {
            assert!(told.contains(part), "{part} in\n{told}");
        }
    }

    #[test]
    fn card_numbers_names_and_tracks_stay_inside_whatever_the_tag_says() {
        let track = "57 11 9116018273645014D32122010000000000 5A08 9116018273645014 5F2004 4441 5241";
        let told = lines(track, false);
        assert!(told.contains("911601******5014") && told.contains("<17 withheld>") && told.contains("<4 withheld>"), "{told}");
        // The same bytes under a wrong or unknown tag, and after a length that is wrong.
        for wrong in
            ["50 08 9116018273645014", "C3 08 9116018273645014", "9F02 08 9116018273645014", "82 01 5A 08 9116018273645014"]
        {
            assert!(!lines(wrong, false).contains("8273645"), "{wrong}");
        }
        assert!(lines(track, true).contains("9116018273645014D3212201"));
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(TAGS.is_sorted_by(|one, other| one.0 < other.0) && TAGS.len() >= 60);
    }
}
