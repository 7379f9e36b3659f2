//! Messages for people: a line per field with its name, its value and what that means; and where it breaks off, why.
//!
//! Knows: what may be shown, and the few values that have a meaning of their own. Does not know: profiles, decisions.

use std::fmt::Write as _;

use model::{Currency, Kind, Money, Mti, NetworkCode, ResponseCode};

use crate::json::{shown, withheld};
use crate::parse::{Field, Parsed, salvage, salvage_mti};
use crate::{Dialect, ParseError};

/// The longest value, in characters, that is shown of a broken message: shorter than any card number in use.
const OUT_OF_STEP_SHOWN_MAX: u16 = 12;

/// Describes one message (without its frame). Sensitive fields are masked or withheld unless `unmasked`. Never fails: a message
/// that is broken is described as far as it can be read, with the error after it.
#[must_use]
pub fn text(dialect: &Dialect, body: &[u8], unmasked: bool) -> String {
    let (parsed, error) = match dialect.parse(body) {
        Ok(parsed) => (Some(parsed), None),
        Err(error) => (salvage(dialect, body), Some(error)),
    };
    let mut lines = String::new();
    // Writing to a String cannot fail.
    let _ = described(&mut lines, dialect, body, parsed.as_ref(), error, unmasked);
    lines
}

fn described(
    out: &mut String,
    dialect: &Dialect,
    body: &[u8],
    parsed: Option<&Parsed<'_>>,
    error: Option<ParseError>,
    unmasked: bool,
) -> std::fmt::Result {
    match parsed.map(Parsed::mti).or_else(|| salvage_mti(dialect, body)).and_then(Mti::new) {
        Some(mti) => writeln!(out, "{mti}  {}  ({}, {} bytes)", type_name(mti), dialect.name(), body.len())?,
        None => writeln!(out, "????  message type unreadable  ({}, {} bytes)", dialect.name(), body.len())?,
    }
    if let Some(parsed) = parsed {
        // A broken message may be out of step well before the place where that shows, and then a secret stands under another field's
        // name. So what stands behind the error is not shown, and before it nothing that has room for a card number.
        let broken_at = error.and_then(|error| error.place.field()).unwrap_or(u8::MAX);
        let readable = parsed.fields().iter().take_while(|number| *number < broken_at);
        for field in readable.filter_map(|number| parsed.field(dialect, number)) {
            let name = dialect.field_name(field.number).unwrap_or("");
            let may_be_secret = error.is_some() && !unmasked && field.units > OUT_OF_STEP_SHOWN_MAX;
            let value = if may_be_secret { withheld(&field) } else { shown(&field, unmasked) };
            let meaning = meaning(&field, parsed, dialect).map_or(String::new(), |meaning| format!("  ({meaning})"));
            writeln!(out, "{:>4}  {name:<44}  {value}{meaning}", field.number)?;
        }
    }
    match error {
        Some(error) => writeln!(out, "      broken: {error}"),
        None => Ok(()),
    }
}

fn type_name(mti: Mti) -> String {
    use model::Class;
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

/// What the value of a field means, where the field is one of those that carry a code, an amount or a currency.
fn meaning(field: &Field<'_, '_>, parsed: &Parsed<'_>, dialect: &Dialect) -> Option<String> {
    match field.number {
        3 => Kind::from_code(u8::try_from(field.number_value() / 10_000).ok()?).map(|kind| kind.to_string()),
        4 => {
            let currency = u16::try_from(parsed.field(dialect, 49)?.number_value()).ok()?;
            Some(Money::from_minor(field.number_value(), Currency::from_numeric(currency)?).to_string())
        }
        39 => ResponseCode::new(field.text::<2>()?.as_bytes().try_into().ok()?)?.meaning().map(str::to_owned),
        49..=51 => Currency::from_numeric(u16::try_from(field.number_value()).ok()?).map(|currency| currency.to_string()),
        70 => Some(
            match NetworkCode::from_number(u16::try_from(field.number_value()).ok()?) {
                NetworkCode::SignOn => "sign-on",
                NetworkCode::SignOff => "sign-off",
                NetworkCode::KeyChange => "key change",
                NetworkCode::Cutover => "cutover",
                NetworkCode::Echo => "echo test",
                NetworkCode::Other(_) => return None,
            }
            .to_owned(),
        ),
        _ => None,
    }
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
    fn a_broken_message_is_told_as_far_as_it_goes() {
        let dialect = Dialect::builtin("iso87-ascii").unwrap();
        let mut broken = DECLINED.to_vec();
        broken[50] = b'X';
        let told = text(&dialect, &broken, false);
        assert!(told.contains("(withdrawal)") && !told.contains("ATM00001"), "{told}");
        assert!(told.ends_with("      broken: field 4 at byte 50: expected 12 digits, found \"000005X\"\n"), "{told}");
        assert!(text(&dialect, b"02", false).contains("message type unreadable"));
    }
}
