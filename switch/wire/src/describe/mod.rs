//! Messages for people: a line per field with its name, its value and what that means; and where it breaks off, why, with the
//! bytes and a pointer at them.
//!
//! Knows: what may be shown, and what codes, subfields and chip data mean. Does not know: profiles, decisions.

mod codes;
mod emv;
mod pointer;

use std::fmt::{self, Write as _};

use model::{Currency, Kind, Money, Mti};

use crate::chars::Class;
use crate::dialect::Coding;
use crate::json::{masked, shown, withheld};
use crate::parse::{Field, Parsed, salvage, salvage_mti};
use crate::{Dialect, ParseError};

pub use emv::tag_name;

/// The longest value, in characters, that is shown of a broken message: shorter than any card number in use.
const OUT_OF_STEP_SHOWN_MAX: u16 = 12;

/// What a description shows. By default sensitive fields are masked or withheld, and no offsets are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Card numbers, tracks, PIN blocks and chip data as they are.
    pub unmasked: bool,
    /// Before each line the byte of the message at which the field's content begins.
    pub offsets: bool,
}

/// Describes one message (without its frame). Sensitive fields are masked or withheld unless `unmasked`. Never fails: a message
/// that is broken is described as far as it can be read, with the error after it.
#[must_use]
pub fn text(dialect: &Dialect, body: &[u8], unmasked: bool) -> String {
    text_with(dialect, body, View { unmasked, offsets: false })
}

/// Describes one message likewise, as `view` says.
#[must_use]
pub fn text_with(dialect: &Dialect, body: &[u8], view: View) -> String {
    let (parsed, error) = match dialect.parse(body) {
        Ok(parsed) => (Some(parsed), None),
        Err(error) => (salvage(dialect, body), Some(error)),
    };
    let mut told = Description { out: String::new(), dialect, body, view };
    // Writing to a String cannot fail.
    let _ = told.message(parsed.as_ref(), error.as_ref());
    told.out
}

/// The fields of a message that may be told of it: all, or those before what is wrong; each with its value as it may be shown.
///
/// A broken message may be out of step well before the place where that shows, and then a secret stands under another field's
/// name. So what stands behind the error is not told, and before it nothing that has room for a card number.
pub(crate) fn readable<'d, 'a>(
    dialect: &'d Dialect,
    parsed: &Parsed<'a>,
    error: Option<&ParseError>,
    unmasked: bool,
) -> impl Iterator<Item = (Field<'d, 'a>, String, bool)> {
    let broken_at = error.and_then(|error| error.place.field()).unwrap_or(u8::MAX);
    let broken = error.is_some();
    let fields = parsed.fields().iter().take_while(move |number| *number < broken_at);
    let processing = parsed.field(dialect, 3).map(Field::to_text).unwrap_or_default();
    let changes_pin = processing.starts_with(&format!("{:02}", Kind::PinChange.code()));
    fields.filter_map(|number| parsed.field(dialect, number)).map(move |field| {
        // A byte of class b is shown as two digits.
        let characters = if field.spec.class == Class::Bytes { field.units.saturating_mul(2) } else { field.units };
        // Of a PIN change field 48 is the new PIN's block, whatever the dialect takes the field for.
        let new_pin = changes_pin && field.number == 48;
        let hidden = !unmasked && (new_pin || (broken && characters > OUT_OF_STEP_SHOWN_MAX));
        let value = if hidden { withheld(&field) } else { shown(&field, unmasked) };
        (field, value, hidden)
    })
}

struct Description<'m> {
    out: String,
    dialect: &'m Dialect,
    body: &'m [u8],
    view: View,
}

impl Description<'_> {
    fn message(&mut self, parsed: Option<&Parsed<'_>>, error: Option<&ParseError>) -> fmt::Result {
        let (name, length) = (self.dialect.name(), self.body.len());
        match parsed.map(Parsed::mti).or_else(|| salvage_mti(self.dialect, self.body)) {
            Some(mti) => writeln!(self.out, "{mti:04}  {}  ({name}, {length} bytes)", type_name(mti))?,
            None => writeln!(self.out, "????  message type unreadable  ({name}, {length} bytes)")?,
        }
        if let Some(parsed) = parsed {
            for (field, value, hidden) in readable(self.dialect, parsed, error, self.view.unmasked) {
                self.field(&field, &value, parsed)?;
                // What is inside a field is only as sure as the message around it.
                if !hidden && (error.is_none() || self.view.unmasked) {
                    self.inside(&field)?;
                }
            }
        }
        match error {
            Some(error) => {
                self.offset(None)?;
                writeln!(self.out, "      broken: {error}")?;
                pointer::point(&mut self.out, self.dialect, self.body, error, self.view.unmasked)
            }
            None => Ok(()),
        }
    }

    /// The column of offsets, where it is wanted.
    fn offset(&mut self, at: Option<usize>) -> fmt::Result {
        match at {
            _ if !self.view.offsets => Ok(()),
            Some(at) => write!(self.out, "{at:>5}  "),
            None => write!(self.out, "{:>5}  ", ""),
        }
    }

    fn field(&mut self, field: &Field<'_, '_>, value: &str, parsed: &Parsed<'_>) -> fmt::Result {
        self.offset(Some(field.offset))?;
        let name = self.dialect.field_name(field.number).unwrap_or("");
        let meaning = codes::meaning(field, parsed, self.dialect);
        let meaning = meaning.map_or(String::new(), |meaning| format!("  ({meaning})"));
        writeln!(self.out, "{:>4}  {name:<44}  {value}{meaning}", field.number)
    }

    /// The parts of a field: chip data, or subfields that the dialect describes.
    fn inside(&mut self, field: &Field<'_, '_>) -> fmt::Result {
        if field.number == 55 && field.spec.class == Class::Bytes {
            return self.chip(field);
        }
        let Some(subfields) = self.dialect.subfields(field.number) else { return Ok(()) };
        if field.spec.shown != crate::dialect::Shown::Whole && !self.view.unmasked {
            return Ok(());
        }
        let text = field.to_text();
        let mut currency = None;
        for part in subfields.cut(&text) {
            self.offset(None)?;
            let value = match (part.shown, self.view.unmasked) {
                (crate::dialect::Shown::Whole, _) | (_, true) => part.value.to_owned(),
                (crate::dialect::Shown::Masked, _) => masked(part.value),
                (crate::dialect::Shown::Withheld, _) => format!("<{} withheld>", part.value.chars().count()),
            };
            write!(self.out, "        {:<40}  {value}", part.name)?;
            // An amount with a sign stands behind its currency (DE54).
            let amount = currency.and_then(|currency| signed_money(part.value, currency));
            currency = part.value.parse().ok().filter(|_| part.value.len() == 3).and_then(Currency::from_numeric);
            match (part.problem, amount.or(currency.map(|currency| currency.to_string()))) {
                (Some(problem), _) => writeln!(self.out, "  ({problem})")?,
                (None, Some(meaning)) => writeln!(self.out, "  ({meaning})")?,
                (None, None) => writeln!(self.out)?,
            }
        }
        Ok(())
    }

    fn chip(&mut self, field: &Field<'_, '_>) -> fmt::Result {
        let raw = field.spec.coding == Coding::Raw;
        let bytes = if raw { field.bytes.to_vec() } else { crate::unhex(field.to_text().as_bytes()).unwrap_or_default() };
        let base = self.view.offsets.then_some(field.offset);
        if let Err(error) = emv::describe(&mut self.out, &bytes, base, self.view.unmasked) {
            self.offset(raw.then_some(field.offset + error.offset))?;
            writeln!(self.out, "      no BER-TLV: {error}")?;
        }
        Ok(())
    }
}

fn signed_money(text: &str, currency: Currency) -> Option<String> {
    let (sign, digits) = text.split_at_checked(1)?;
    let amount = Money::from_minor(digits.parse().ok()?, currency);
    match sign {
        "C" => Some(format!("credit {amount}")),
        "D" => Some(format!("debit {amount}")),
        _ => None,
    }
}

/// The message type in words: the digits behind the first mean the same in both editions.
fn type_name(number: u16) -> String {
    use model::Class;
    let Some(mti) = Mti::new(number % 1000) else { return "unknown".into() };
    let about = match mti.class() {
        Some(Class::Authorization) => "authorization",
        Some(Class::Financial) => "financial",
        Some(Class::FileUpdate) => "file update",
        Some(Class::Reversal) => "reversal",
        Some(Class::Reconciliation) => "reconciliation",
        Some(Class::Administrative) => "administrative",
        Some(Class::Network) => "network management",
        None => "unknown",
    };
    let part = match (mti.is_advice(), mti.is_response()) {
        (false, false) => "request",
        (false, true) => "response",
        (true, false) => "advice",
        (true, true) => "advice response",
    };
    let repeat = if mti.is_repeat() { ", repeat" } else { "" };
    format!("{about} {part}{repeat}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECLINED: &[u8] = b"021072380000028080001691160100000000140100000000050000001228103005000042173005122851ATM00001116";

    #[test]
    fn codes_amounts_and_currencies_are_told_in_words() {
        let dialect = Dialect::builtin("iso87-ascii").unwrap();
        let told = text(&dialect, DECLINED, false);
        for part in [
            "0210  financial response  (iso87-ascii, 95 bytes)",
            "   2  Primary account number                        911601******0014",
            "010000  (withdrawal)",
            "000005000000  (50000.00 KHR)",
            "51  (not sufficient funds)",
            "116  (KHR)",
        ] {
            assert!(told.contains(part), "{part:?} in\n{told}");
        }
        assert!(text(&dialect, DECLINED, true).contains("9116010000000014"));
    }

    #[test]
    fn the_block_of_a_new_pin_is_withheld_in_field_48_and_what_else_stands_there_is_told() {
        let asked = |processing: &str| format!(r#"{{"mti":"0200","fields":{{"3":"{processing}","48":"0412AC89ABCDEF67"}}}}"#);
        let whole = View { unmasked: true, ..View::default() };
        assert!(told(&asked("920000"), View::default()).contains("<16 withheld>"));
        assert!(told(&asked("920000"), whole).contains("0412AC89ABCDEF67"));
        assert!(told(&asked("380000"), View::default()).contains("0412AC89ABCDEF67"));
    }

    #[test]
    fn a_broken_message_is_told_as_far_as_it_goes() {
        let dialect = Dialect::builtin("iso87-ascii").unwrap();
        let mut broken = DECLINED.to_vec();
        broken[50] = b'X';
        let told = text(&dialect, &broken, false);
        assert!(told.contains("(withdrawal)") && !told.contains("ATM00001"), "{told}");
        let pointed = "\
      broken: field 4 at byte 50: expected 12 digits, found \"000005X\"
         48  30 35 58 ·· ·· ·· ·· ·· ·· ·· ·· ·· ·· ·· ·· ··  05X·············
                   ^^
";
        assert!(told.ends_with(pointed), "{told}");
        assert!(text(&dialect, b"02", false).contains("message type unreadable"));
    }

    fn dialect() -> std::sync::Arc<Dialect> {
        Dialect::builtin("iso87-ascii").unwrap()
    }

    fn told(line: &str, view: View) -> String {
        let body = crate::unhex(crate::json::encode_line(&dialect(), line).unwrap().as_bytes()).unwrap();
        text_with(&dialect(), &body, view)
    }

    #[test]
    fn values_are_told_as_a_person_would_want_them() {
        let line = r#"{"mti":"0110","fields":{"3":"311020","7":"1228103005","12":"173005","13":"1228","14":"3212","22":"051",
            "25":"08","28":"C00000150","39":"91","41":"ATM00001","49":"116","54":"0001116C000005000000"}}"#;
        let told = told(line, View::default());
        for part in [
            "0110  authorization response",
            "(balance, from savings, to checking)",
            "(28 Dec 10:30:05 UTC)",
            "(17:30:05)",
            "(28 Dec)",
            "(2032-12)",
            "(chip, can take a PIN)",
            "(mail or telephone order)",
            "(credit 1.50 KHR)",
            "(issuer or switch unavailable)",
            "C000005000000  (credit 50000.00 KHR)",
        ] {
            assert!(told.contains(part), "{part:?} in\n{told}");
        }
    }

    #[test]
    fn subfields_and_chip_data_are_told_part_by_part_with_offsets() {
        let line = r#"{"mti":"0420","fields":{"7":"1228103005","11":"000042","55":"9F2608FEDCBA98765432109F3602001157035A1116",
            "90":"020000004112281030050000011600200000000000"}}"#;
        let told = told(line, View { unmasked: false, offsets: true });
        for part in [
            "   36     7  Transmission date and time",
            "55        9F26  Application cryptogram                    FEDCBA9876543210",
            "(17)",
            "<3 withheld>",
            "Original message type",
            "000041",
        ] {
            assert!(told.contains(part), "{part:?} in\n{told}");
        }
        assert!(!told.contains("5A1116"), "{told}");
    }
}
