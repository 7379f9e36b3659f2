//! Profiles: which fields a message of each type and kind must, may and must not have.
//!
//! Knows: the table, and how to compare a message with it. Does not know: bytes, nor whether a value makes sense (`engine`).

mod table;

use std::fmt;

use model::{FieldNumber, Message};

use crate::FieldSet;
use crate::map::presence;

/// One profile: a row of the table, and a page of a bank's interface specification.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// What the message is, in words.
    pub title: &'static str,
    /// The message types it holds for, as four-digit numbers.
    pub types: &'static [u16],
    /// The first two digits of DE3 that it holds for; none where the kind makes no difference.
    pub kinds: &'static [u8],
    /// Must be there.
    pub mandatory: FieldSet,
    /// Must be there under a condition, which is told in words and kept by the engine.
    pub conditional: &'static [(FieldNumber, &'static str)],
    /// Of a response: must be as in the request, where that had it.
    pub echoed: FieldSet,
    /// May be there and is used or passed on.
    pub optional: FieldSet,
    /// Must not be there. What stands in no list is ignored.
    pub forbidden: FieldSet,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Needed and not there.
    Missing,
    /// There and not allowed.
    Forbidden,
}

/// A message that breaks its profile; to be answered 30 with the field in DE44.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("field {field} is {problem}")]
pub struct Violation {
    /// The field.
    pub field: FieldNumber,
    /// What is wrong with it.
    pub problem: Fault,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Forbidden => "forbidden in such a message",
        })
    }
}

/// Every profile, in the order of message types and kinds.
#[must_use]
pub fn all() -> &'static [Profile] {
    table::PROFILES
}

/// Compares a message with its profile. A message whose type or kind has none passes where it can be answered at all (DE7, DE11),
/// for that such a thing is not done here is for the engine to say (12, 40).
///
/// # Errors
/// The lowest field that breaks the profile, a missing one before a forbidden one.
#[inline]
pub fn check(message: &Message<'_>) -> Result<(), Violation> {
    let profile = table::profile_of(message.mti, kind_digits(message));
    let present = presence(message).or(FieldSet(message.others));
    let missing = profile.mandatory.without(present);
    let forbidden = present.and(profile.forbidden);
    if missing == FieldSet::NONE && forbidden == FieldSet::NONE { Ok(()) } else { Err(violation(missing, forbidden)) }
}

/// The first two digits of DE3.
#[inline]
fn kind_digits(message: &Message<'_>) -> Option<u8> {
    u8::try_from(message.processing?.number() / 10_000).ok()
}

#[cold]
fn violation(missing: FieldSet, forbidden: FieldSet) -> Violation {
    let problem = if missing == FieldSet::NONE { Fault::Forbidden } else { Fault::Missing };
    Violation { field: missing.first().or(forbidden.first()).unwrap_or(0), problem }
}

#[cfg(test)]
mod tests {
    use model::{Currency, Kind, LocalDate, LocalTime, Mti, Pan, ProcessingCode, Stan, Text, TransmissionTime};

    use super::*;

    fn request(kind: Kind) -> Message<'static> {
        Message {
            pan: Pan::from_digits(b"9116010000000014").ok(),
            processing: Some(ProcessingCode::of(kind)),
            amount: Some(5_000_000),
            transmitted: TransmissionTime::new(1_228_103_005),
            stan: Stan::new(42),
            local_time: LocalTime::new(173_005),
            local_date: LocalDate::new(1228),
            terminal: Text::new(b"ATM00001"),
            currency: Currency::from_alpha("KHR"),
            ..Message::new(Mti::FINANCIAL_REQUEST)
        }
    }

    #[test]
    fn a_withdrawal_needs_no_more_than_what_every_terminal_sends() {
        assert_eq!(check(&request(Kind::Withdrawal)), Ok(()));
        for kind in [Kind::Purchase, Kind::Refund, Kind::Deposit, Kind::Balance] {
            assert_eq!(check(&request(kind)), Ok(()), "{kind}");
        }
    }

    #[test]
    fn the_first_field_that_is_missing_is_named() {
        let cases: [(Message<'_>, FieldNumber); 4] = [
            (Message { amount: None, currency: None, ..request(Kind::Purchase) }, 4),
            (Message { pan: None, ..request(Kind::Withdrawal) }, 2),
            (Message { stan: None, ..request(Kind::Balance) }, 11),
            (Message { terminal: None, code: Some(model::ResponseCode::APPROVED), ..request(Kind::Purchase) }, 41),
        ];
        for (message, field) in cases {
            assert_eq!(check(&message), Err(Violation { field, problem: Fault::Missing }));
        }
        let balance = Message { amount: None, ..request(Kind::Balance) };
        assert_eq!(check(&balance), Ok(()));
    }

    #[test]
    fn a_salary_pays_an_account_and_shows_no_card() {
        let salary = Message { pan: None, to_account: Text::new(b"000100200300"), ..request(Kind::Salary) };
        assert_eq!(check(&salary), Ok(()));
        assert_eq!(check(&Message { to_account: None, ..salary }).unwrap_err().field, 103);
        let with_pin = Message { pin_block: Some(model::Sensitive::raw(&[0; 8])), ..salary };
        assert_eq!(check(&with_pin), Err(Violation { field: 52, problem: Fault::Forbidden }));
    }

    #[test]
    fn an_answer_is_no_request_and_a_request_no_answer() {
        let answered = Message { code: Some(model::ResponseCode::APPROVED), ..request(Kind::Purchase) };
        assert_eq!(check(&answered), Err(Violation { field: 39, problem: Fault::Forbidden }));
        let response = Message { mti: Mti::FINANCIAL_RESPONSE, ..request(Kind::Purchase) };
        assert_eq!(check(&response), Err(Violation { field: 39, problem: Fault::Missing }));
        let reversal = Message { mti: Mti::REVERSAL_ADVICE, ..request(Kind::Purchase) };
        assert_eq!(check(&reversal), Err(Violation { field: 90, problem: Fault::Missing }));
    }

    #[test]
    fn what_has_no_profile_passes_if_it_can_be_answered() {
        let unknown = Message { processing: ProcessingCode::new(553_000), pan: None, ..request(Kind::Purchase) };
        assert_eq!(check(&unknown), Ok(()));
        assert_eq!(check(&Message { stan: None, ..unknown }).unwrap_err().field, 11);
        assert_eq!(check(&Message { processing: None, ..unknown }).unwrap_err().field, 3);
    }

    #[test]
    fn no_profile_contradicts_itself_and_each_is_found() {
        for profile in all() {
            let conditional: FieldSet = profile.conditional.iter().map(|(field, _)| *field).collect();
            let lists = [profile.mandatory, conditional, profile.echoed, profile.optional, profile.forbidden];
            let counted: usize = lists.iter().map(|list| list.iter().count()).sum();
            let joined = lists.iter().fold(FieldSet::NONE, |joined, list| joined.or(*list));
            assert_eq!(joined.iter().count(), counted, "{}: a field stands in two lists", profile.title);
            for number in profile.types {
                let found = table::profile_of(Mti::new(*number).unwrap(), profile.kinds.first().copied());
                assert_eq!(found.title, profile.title, "{number:04}");
            }
        }
    }

    #[test]
    fn every_type_and_kind_of_the_domain_has_a_profile() {
        let types = [
            100, 101, 110, 120, 121, 130, 200, 201, 210, 220, 221, 230, 302, 312, 400, 401, 410, 420, 421, 430, 422, 432, 500,
            510, 520, 530, 502, 512, 522, 532, 600, 610, 620, 630, 800, 810,
        ];
        for number in types {
            let kinds = [0, 1, 9, 20, 21, 26, 30, 31, 38, 40, 91, 92, 98];
            for kind in kinds {
                let found = table::profile_of(Mti::new(number).unwrap(), Some(kind));
                assert!(found.types.contains(&number), "{number:04} {kind:02}: {}", found.title);
            }
        }
        for kind in Kind::ALL {
            assert!(table::profile_of(Mti::FINANCIAL_REQUEST, Some(kind.code())).kinds.contains(&kind.code()), "{kind}");
        }
    }

    #[test]
    fn totals_are_asked_for_though_the_model_does_not_read_them() {
        let bare = Message {
            transmitted: TransmissionTime::new(1_228_103_005),
            stan: Stan::new(42),
            business_date: LocalDate::new(1228),
            ..Message::new(Mti::new(500).unwrap())
        };
        assert_eq!(check(&bare), Err(Violation { field: 50, problem: Fault::Missing }));
        let totals = FieldSet::of(&[50, 74, 75, 76, 77, 78, 79, 80, 81, 86, 87, 88, 89, 97]);
        assert_eq!(check(&Message { others: totals.0, ..bare }), Ok(()));
    }
}
