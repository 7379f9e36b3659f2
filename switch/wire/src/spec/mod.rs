//! The interface specification that a bank or acquirer would sign, made from what the switch itself works by: the dialect, the
//! profiles, the codes, and messages that the codec has built.
//!
//! Knows: which parts a specification has, and their order. Does not know: how a page looks (`page`).

mod examples;
mod page;
mod words;

use model::{FieldNumber, Mti, NetworkCode, ResponseCode};

use crate::map::editions;
use crate::profile::{self, Profile};
use crate::{Dialect, FieldSet, Framing, Version};
pub use page::Page;

/// What follows when a bank does not answer in time, or a leg is open after a crash: kind, what the terminal is told, what the bank
/// is sent (DOMAIN: Timeouts).
const TIMEOUTS: &[[&str; 3]] = &[
    [
        "withdrawal, purchase, cash-back, refund, hold, deposit with escrow, first leg of a transfer",
        "bank unavailable",
        "a reversal advice, until it is answered",
    ],
    [
        "salary, second leg, virtual card, deposit without escrow",
        "request in progress, once; repeats get the outcome",
        "the same request marked as a repeat, with the same reference and without a PIN block, until it is answered",
    ],
    ["advice, completion", "has been answered already", "the advice marked as a repeat, until it is answered"],
    ["inquiry, mini-statement, network management", "bank unavailable", "nothing"],
    ["PIN change", "bank unavailable", "nothing; the outcome is recorded as unknown"],
];

/// The specification of links in this dialect and framing.
#[must_use]
pub fn page(dialect: &Dialect, framing: &Framing) -> Page {
    let edition = match dialect.version() {
        Version::Iso1987 => "ISO 8583:1987",
        Version::Iso1993 => "ISO 8583:1993",
    };
    let mut page = Page::new(format!("Interface specification: {}", dialect.name()));
    page.text(format!(
        "Messages of {edition} between this switch and an institution. All of it is made from what the switch works by: its \
         dialect, its profiles and its codec. What a message breaks of it is answered as a format error that names the field."
    ));
    transport(&mut page, dialect, framing);
    field_table(&mut page, dialect);
    profiles(&mut page, dialect);
    codes(&mut page, dialect.version());
    page.heading(2, "When no answer comes");
    page.text("The switch waits 25 seconds for an answer to a request from an ATM and 10 for one from a shop. Then:");
    page.table(&["kind", "the terminal is told", "the bank is sent"], TIMEOUTS.iter().map(|row| row.map(str::to_owned).to_vec()));
    page.text(
        "Advices are sent at once, then after waits that double up to 60 seconds, for up to 24 hours. An answer that comes too late \
         to a request of the first row is undone by a reversal advice.",
    );
    if dialect.version() == Version::Iso1993 {
        losses(&mut page);
    }
    page.heading(2, "Worked examples");
    page.text("Built by the switch's own codec. Bytes of fields that must not be shown stand as **; so they do in its logs.");
    examples::add(&mut page, dialect);
    page
}

fn transport(page: &mut Page, dialect: &Dialect, framing: &Framing) {
    page.heading(2, "Bytes");
    let rows = [
        ("framing", format!("{framing} (before each message, over TCP)")),
        ("message type", words::digits(dialect.mti).to_owned()),
        ("bitmap", words::bitmap(dialect.bitmap).to_owned()),
        ("secondary bitmap", words::secondary(dialect.secondary).to_owned()),
        ("an odd number of packed digits", words::odd(dialect).to_owned()),
        ("text shorter than a fixed field", "filled up with blanks on the right".to_owned()),
    ];
    page.table(&["what", "how"], rows.into_iter().map(|(what, how)| vec![what.to_owned(), how]));
    page.text(
        "Strict: a character outside its field's class, a length above the maximum, a nibble that is no digit, a field that is not \
         in the table below, and bytes behind the last field are each refused.",
    );
}

fn field_table(page: &mut Page, dialect: &Dialect) {
    page.heading(2, "Fields");
    let rows = (2..=128).filter_map(|number| {
        let spec = dialect.spec(number)?;
        let name = dialect.field_name(number)?.to_owned();
        Some(vec![
            number.to_string(),
            name,
            words::format(spec),
            words::coding(spec).into(),
            words::length(spec),
            words::shown(spec).into(),
        ])
    });
    page.table(&["field", "name", "format", "content", "length", "shown as"], rows);
}

fn profiles(page: &mut Page, dialect: &Dialect) {
    page.heading(2, "Messages");
    page.text(
        "M: must be there. C: must be there under the condition told. E: as in the request, where that had it. O: may be there. F: \
         must not be there. Any other field is ignored.",
    );
    for profile in profile::all() {
        let types = types(profile, dialect.version());
        page.heading(3, &format!("{}: {}", types.join(", "), profile.title));
        if !profile.kinds.is_empty() {
            let kinds: Vec<String> = profile.kinds.iter().map(|kind| format!("{kind:02}")).collect();
            page.text(format!("Field 3 begins with {}.", kinds.join(" or ")));
        }
        page.table(&["field", "name", "mark", "condition"], rows(profile, dialect));
    }
}

/// The message types of a profile in the dialect's edition, each once.
fn types(profile: &Profile, version: Version) -> Vec<String> {
    let of = |number: &u16| match version {
        Version::Iso1987 => Some(*number),
        Version::Iso1993 => Mti::new(*number).and_then(editions::type_93),
    };
    let mut types: Vec<String> = profile.types.iter().filter_map(of).map(|number| format!("{number:04}")).collect();
    types.dedup();
    let mut seen = Vec::new();
    types.retain(|one| {
        !seen.contains(one) && {
            seen.push(one.clone());
            true
        }
    });
    types
}

fn rows(profile: &Profile, dialect: &Dialect) -> Vec<Vec<String>> {
    let mut rows: Vec<(FieldNumber, char, String)> = Vec::new();
    let mut add = |field, mark, condition: &str| {
        if !rows.iter().any(|(known, ..)| *known == field) {
            rows.push((field, mark, condition.to_owned()));
        }
    };
    let there = |field| match dialect.version() {
        Version::Iso1987 => vec![field],
        Version::Iso1993 => editions::field_93(field).to_vec(),
    };
    if dialect.version() == Version::Iso1993 {
        for (field, mark, why) in editions::only_93(profile.types) {
            add(*field, *mark, why);
        }
    }
    let sets: [(FieldSet, char); 4] =
        [(profile.mandatory, 'M'), (profile.echoed, 'E'), (profile.optional, 'O'), (profile.forbidden, 'F')];
    for (set, mark) in &sets[..1] {
        set.iter().flat_map(there).for_each(|field| add(field, *mark, ""));
    }
    for (field, condition) in profile.conditional {
        there(*field).into_iter().for_each(|field| add(field, 'C', condition));
    }
    for (set, mark) in &sets[1..] {
        set.iter().flat_map(there).for_each(|field| add(field, *mark, ""));
    }
    rows.sort_by_key(|(field, ..)| *field);
    rows.into_iter()
        .map(|(field, mark, condition)| {
            vec![field.to_string(), dialect.field_name(field).unwrap_or("").to_owned(), mark.to_string(), condition]
        })
        .collect()
}

fn codes(page: &mut Page, version: Version) {
    page.heading(2, "Network management");
    let network = [
        (NetworkCode::SignOn, "sign-on: the link is open for requests"),
        (NetworkCode::SignOff, "sign-off: no requests from now on"),
        (NetworkCode::KeyChange, "key change"),
        (NetworkCode::Cutover, "cutover to the next business date"),
        (NetworkCode::Echo, "echo: is anybody there"),
    ];
    let (field, code): (&str, fn(NetworkCode) -> u16) = match version {
        Version::Iso1987 => ("field 70", NetworkCode::number),
        Version::Iso1993 => ("field 24", editions::network_function),
    };
    page.table(
        &[field, "meaning"],
        network.into_iter().map(|(it, meaning)| vec![format!("{:03}", code(it)), meaning.to_owned()]),
    );
    page.heading(2, "Field 39");
    let meaning = |code: &ResponseCode| code.meaning().unwrap_or("").to_owned();
    match version {
        Version::Iso1987 => {
            page.table(&["code", "meaning"], ResponseCode::ALL.iter().map(|code| vec![code.to_string(), meaning(code)]));
        }
        Version::Iso1993 => {
            page.text(
                "Approval is 000, of a file update 300, of a reversal 400, of a reconciliation 500, of administrative text 600, of \
                 network management 800, and 901 answers an authorization or financial advice. What is not listed here is taken for \
                 what its first digit says: 0 approved, 1 and 2 declined, 5 not reconciled, any other a malfunction.",
            );
            let rows = ResponseCode::ALL.iter().filter(|code| **code != ResponseCode::APPROVED).map(|code| {
                let action = editions::action(*code, Mti::FINANCIAL_RESPONSE);
                vec![format!("{action:03}"), code.to_string(), meaning(code)]
            });
            page.table(&["action code", "in 1987", "meaning"], rows);
        }
    }
}

fn losses(page: &mut Page) {
    page.heading(2, "Between the editions");
    page.text(
        "The switch thinks in the edition of 1987, so a peer of either reaches a peer of the other. What does not survive the way:",
    );
    page.list(editions::LOSSES);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_pages_say_the_same_and_hold_no_secret() {
        for name in Dialect::builtin_names() {
            let dialect = Dialect::builtin(name).unwrap();
            let page = page(&dialect, &Framing::TWO_BYTE);
            let (markdown, html) = (page.markdown(), page.html());
            for text in ["Primary account number", "reversal", "not sufficient funds", "Worked examples", "911601******"] {
                assert!(markdown.contains(text) && html.contains(text), "{name}: {text}");
            }
            for secret in ["9116010000000014", "39313136303130303030303030303134", "F9F1F1F6F0F1F0F0F0F0F0F0F0F0F1F4"] {
                // The bytes stand apart and on several lines.
                let bare = [&markdown, &html].map(|page| page.replace([' ', '\n'], ""));
                assert!(bare.iter().all(|page| !page.contains(secret)), "{name}");
            }
            assert_eq!(markdown.matches("broken").count(), 0, "{name}");
            assert!(
                html.contains("<td>withdrawal, purchase, ") && html.contains("<td class=\"whole\">n ..19</td>"),
                "cells of many words break"
            );
            assert!(!html.contains("http://") && !html.contains("https://"), "self-contained");
        }
    }

    #[test]
    fn a_profile_is_told_in_the_edition_of_the_dialect() {
        let of = |name: &str| page(&Dialect::builtin(name).unwrap(), &Framing::TWO_BYTE).markdown();
        let (old, new) = (of("iso87-ascii"), of("iso93-bcd"));
        assert!(old.contains("0400, 0401, 0420, 0421: reversal") && old.contains("| 90 | Original data elements | M |"));
        assert!(new.contains("1420, 1421: reversal") && new.contains("| 56 | Original data elements | M |"), "{new}");
        assert!(new.contains("| 24 | Function code | M |") && !new.contains("| 90 | Authorizations, reversal number | M |"));
    }
}
