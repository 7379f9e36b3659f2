//! What the values of fields mean, in words: codes, dates, amounts.

use model::{Currency, Kind, Money, NetworkCode, ResponseCode};

use crate::parse::{Field, Parsed};
use crate::{Dialect, Version};

/// What the value of a field means, where the field is one of those that carry a code, an amount, a date or a currency.
pub(super) fn meaning(field: &Field<'_, '_>, parsed: &Parsed<'_>, dialect: &Dialect) -> Option<String> {
    let number = field.number_value();
    let money = |currency_in: u8| {
        let currency = u16::try_from(parsed.field(dialect, currency_in)?.number_value()).ok()?;
        Some(Money::from_minor(number, Currency::from_numeric(currency)?).to_string())
    };
    if dialect.version() == Version::Iso1993
        && let Some(told) = meaning_in_1993(field.number, number)
    {
        return told;
    }
    match field.number {
        3 => processing_code(number),
        4 => money(49),
        5 => money(50),
        6 => money(51),
        7 => date_time(number, "UTC"),
        12 => time(number),
        13 | 15..=17 => month_day(number),
        14 => (1..=12).contains(&(number % 100)).then(|| format!("20{:02}-{:02}", number / 100, number % 100)),
        22 => entry(number),
        25 => condition(number).map(str::to_owned),
        28..=31 => signed(field, parsed, dialect),
        39 => ResponseCode::new(field.to_text().as_bytes().try_into().ok()?)?.meaning().map(str::to_owned),
        49..=51 => Currency::from_numeric(u16::try_from(number).ok()?).map(|currency| currency.to_string()),
        70 => network(number),
        73 => date(number),
        _ => None,
    }
}

/// The fields that the edition of 1993 lays out or numbers otherwise; `None` for all others.
fn meaning_in_1993(field: u8, number: u64) -> Option<Option<String>> {
    Some(match field {
        12 => date(number / 1_000_000).zip(time(number % 1_000_000)).map(|(date, time)| format!("{date} {time}")),
        13 => (1..=12).contains(&(number % 100)).then(|| format!("20{:02}-{:02}", number / 100, number % 100)),
        15 | 28 => date(number),
        24 => function(number).map(str::to_owned),
        39 => action(number).map(str::to_owned),
        22 | 25 | 26 | 29..=31 | 70 | 73 => None,
        _ => return None,
    })
}

/// DE24 of 1993, the function code: what a message is for.
fn function(number: u64) -> Option<&'static str> {
    Some(match number {
        100 => "original authorization, amount accurate",
        101 => "original authorization, amount estimated",
        108 => "inquiry",
        200 => "original financial request",
        201 => "previously approved authorization, amount accurate",
        202 => "previously approved authorization, amount differs",
        400 => "full reversal, transaction not completed",
        401 => "partial reversal",
        801 => "sign-on",
        802 => "sign-off",
        811 => "key change",
        821 => "cutover",
        831 => "echo test",
        _ => return None,
    })
}

/// DE39 of 1993: its first digit says what follows, the whole says why.
fn action(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "approved",
        1 => "honour with identification",
        2 => "approved for a partial amount",
        100 => "do not honour",
        101 => "expired card",
        102 => "suspected fraud",
        106 => "PIN tries exceeded",
        109 => "invalid merchant",
        110 => "invalid amount",
        111 => "invalid card number",
        114 => "no such account",
        115 => "requested function not supported",
        116 => "not sufficient funds",
        117 => "wrong PIN",
        118 => "no card record",
        119 => "not permitted to card",
        120 => "not permitted to terminal",
        121 => "amount limit exceeded",
        122 => "security violation",
        123 => "count limit exceeded",
        400 => "accepted, reversal",
        800 => "accepted, network management",
        902 => "invalid transaction",
        903 => "re-enter transaction",
        904 => "format error",
        905 => "acquirer not supported",
        906 => "cutover in progress",
        907 => "issuer or switch unavailable",
        908 => "no route for this transaction",
        909 => "system malfunction",
        911 => "issuer timed out",
        912 => "issuer unavailable",
        913 => "duplicate transmission",
        914 => "original not found",
        _ => {
            return match number / 100 {
                0 => Some("approved"),
                1 => Some("declined"),
                2 => Some("declined, keep the card"),
                9 => Some("refused"),
                _ => None,
            };
        }
    })
}

/// DE3 and the transaction type of chip data: what is wanted.
pub(super) fn processing(code: u8) -> Option<&'static str> {
    if let Some(kind) = Kind::from_code(code) {
        return Some(kind.name());
    }
    Some(match code {
        2 => "debit adjustment",
        9 => "purchase with cash-back",
        22 => "credit adjustment",
        30 => "available funds inquiry",
        38 => "mini-statement",
        40 => "transfer",
        91 => "virtual card",
        92 => "PIN change",
        98 => "top-up",
        _ => return None,
    })
}

fn account(code: u64) -> Option<&'static str> {
    Some(match code {
        0 => "default account",
        10 => "savings",
        20 => "checking",
        30 => "credit",
        40 => "universal",
        50 => "investment",
        _ => return None,
    })
}

fn processing_code(number: u64) -> Option<String> {
    let what = processing(u8::try_from(number / 10_000).ok()?)?;
    let (from, to) = (number / 100 % 100, number % 100);
    let mut told = what.to_owned();
    if from != 0 {
        told += &account(from).map_or_else(|| format!(", from account type {from:02}"), |from| format!(", from {from}"));
    }
    if to != 0 {
        told += &account(to).map_or_else(|| format!(", to account type {to:02}"), |to| format!(", to {to}"));
    }
    Some(told)
}

/// How the card's data got into the terminal: the first two digits of DE22.
pub(super) fn entry_mode(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "entry unknown",
        1 => "keyed in",
        2 => "magnetic stripe",
        3 => "bar code",
        4 => "optical",
        5 => "chip",
        7 => "contactless chip",
        10 => "credentials on file",
        80 => "magnetic stripe after a chip failure",
        81 => "electronic commerce",
        90 => "whole magnetic stripe",
        91 => "contactless magnetic stripe",
        95 => "chip, data may be unreliable",
        _ => return None,
    })
}

fn entry(number: u64) -> Option<String> {
    if number > 999 {
        return None;
    }
    let mode = entry_mode(u8::try_from(number / 10).ok()?)?;
    let pin = match number % 10 {
        0 => "PIN capability unknown",
        1 => "can take a PIN",
        2 => "cannot take a PIN",
        8 => "PIN pad out of order",
        _ => return Some(mode.to_owned()),
    };
    Some(format!("{mode}, {pin}"))
}

fn condition(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "normal",
        1 => "customer not present",
        2 => "unattended terminal",
        3 => "merchant suspicious",
        4 => "electronic cash register",
        5 => "card not present",
        6 => "pre-authorized",
        7 => "telephone",
        8 => "mail or telephone order",
        9 => "security alert",
        10 => "customer identity verified",
        11 => "suspected fraud",
        12 => "security reasons",
        15 => "customer terminal",
        27 => "pinpad",
        59 => "electronic commerce",
        _ => return None,
    })
}

fn network(number: u64) -> Option<String> {
    let told = match NetworkCode::from_number(u16::try_from(number).ok()?) {
        NetworkCode::SignOn => "sign-on",
        NetworkCode::SignOff => "sign-off",
        NetworkCode::KeyChange => "key change",
        NetworkCode::Cutover => "cutover",
        NetworkCode::Echo => "echo test",
        NetworkCode::Other(_) => return None,
    };
    Some(told.to_owned())
}

fn signed(field: &Field<'_, '_>, parsed: &Parsed<'_>, dialect: &Dialect) -> Option<String> {
    let text = field.to_text();
    let (sign, digits) = text.split_at_checked(1)?;
    let currency = u16::try_from(parsed.field(dialect, 49)?.number_value()).ok()?;
    let amount = Money::from_minor(digits.parse().ok()?, Currency::from_numeric(currency)?);
    Some(match sign {
        "C" => format!("credit {amount}"),
        "D" => format!("debit {amount}"),
        _ => return None,
    })
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `MMDD`.
fn month_day(number: u64) -> Option<String> {
    let month = MONTHS.get(usize::try_from((number / 100).checked_sub(1)?).ok()?)?;
    (1..=31).contains(&(number % 100)).then(|| format!("{} {month}", number % 100))
}

/// `hhmmss`.
fn time(number: u64) -> Option<String> {
    let (hour, minute, second) = (number / 10_000, number / 100 % 100, number % 100);
    (number < 240_000 && minute < 60 && second < 60).then(|| format!("{hour:02}:{minute:02}:{second:02}"))
}

/// `MMDDhhmmss`.
fn date_time(number: u64, zone: &str) -> Option<String> {
    Some(format!("{} {} {zone}", month_day(number / 1_000_000)?, time(number % 1_000_000)?))
}

/// `YYMMDD`.
fn date(number: u64) -> Option<String> {
    Some(format!("{} 20{:02}", month_day(number % 10_000)?, number / 10_000 % 100))
}
