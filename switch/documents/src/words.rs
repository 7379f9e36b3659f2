//! The words of payroll documents. A value of each is proof that it was checked: bounded, without control characters, of its form.
//!
//! Knows: what each may be, after ISO 20022 and what a message of the switch can carry. Does not know: how a document holds it. Names,
//! accounts and numbers of people are never shown by `Debug`.

use std::fmt;

use model::{BusinessDate, LocalTime, Timestamp, UtcOffset};

use crate::fault::Problem;

/// Text without spaces around it, of `max` characters at most (those around it counted, as a schema does).
fn plain(text: &str, max: usize) -> Result<&str, Problem> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Problem::Missing);
    }
    if trimmed.chars().any(|c| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}' | '\u{FEFF}')) {
        return Err(Problem::ControlCharacter);
    }
    // Bytes are at least as many as characters, and cheaper to count.
    if text.len() > max && text.chars().count() > max {
        return Err(Problem::LongText { max });
    }
    Ok(trimmed)
}

/// Text words that differ only in their length and in whether they may be shown.
macro_rules! text_words {
    ($($(#[doc = $doc:literal])+ $word:ident: $max:literal, $debug:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $word(Box<str>);

        impl $word {
            /// How many characters it may have.
            pub const LENGTH_MAX: usize = $max;

            /// Reads it; spaces around it are dropped.
            ///
            /// # Errors
            /// Where it is empty, too long, or holds a control character.
            pub fn new(text: &str) -> Result<Self, Problem> {
                plain(text, $max).map(|text| Self(text.into()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $word {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let debug: fn(&str, &mut fmt::Formatter<'_>) -> fmt::Result = $debug;
                debug(&self.0, f)
            }
        }
    )+};
}

fn shown(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    fmt::Debug::fmt(&model::mask_card_numbers(text), f)
}

fn hidden(_: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("…")
}

text_words! {
    /// What a message, a payment or a party calls itself (Max35Text).
    Identifier: 35, shown;
    /// The number of the person who is paid (`Cdtr/Id/PrvtId/Othr/Id`, Max35Text). Not shown by `Debug`.
    EmployeeId: 35, hidden;
    /// Somebody's name (Max140Text). Not shown by `Debug`.
    Name: 140, hidden;
    /// What is said to the payee (`RmtInf/Ustrd`, Max140Text). Not shown by `Debug`, since anything may be in it.
    Remittance: 140, hidden;
}

impl Identifier {
    /// What a message or a batch calls itself. It is journalled, listed and reported, and so no card number may stand in it.
    ///
    /// # Errors
    /// As [`Identifier::new`], and where it shows what may be a card number.
    pub fn of_document(text: &str) -> Result<Self, Problem> {
        if model::shows_card_number(text) { Err(Problem::CardNumber) } else { Self::new(text) }
    }
}

/// An account: the text that a message carries in DE102 or DE103. `Debug` shows the last three characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account {
    kind: AccountKind,
    text: Box<str>,
}

/// How an account is numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountKind {
    /// By ISO 13616, with check digits.
    Iban,
    /// By the bank alone (`Othr/Id`).
    Own,
}

impl Account {
    /// The most that DE103 can carry.
    pub const LENGTH_MAX: usize = 28;

    /// An account by the bank's own number.
    ///
    /// # Errors
    /// Where it is empty, or anything but at most 28 letters and digits.
    pub fn own(text: &str) -> Result<Self, Problem> {
        Ok(Self { kind: AccountKind::Own, text: Self::characters(text)? })
    }

    /// An account by IBAN.
    ///
    /// # Errors
    /// Where it is none by its form (ISO 13616), its check digits (ISO 7064, MOD 97-10) or its length.
    pub fn iban(text: &str) -> Result<Self, Problem> {
        let text = Self::characters(text)?;
        let (country, rest) = text.split_at_checked(2).ok_or(Problem::NotAnIban)?;
        let (check, own) = rest.split_at_checked(2).ok_or(Problem::NotAnIban)?;
        let formed =
            country.bytes().all(|b| b.is_ascii_uppercase()) && check.bytes().all(|b| b.is_ascii_digit()) && !own.is_empty();
        let remainder = own.chars().chain(country.chars()).chain(check.chars()).try_fold(0u32, |sum, c| {
            let value = c.to_digit(36)?;
            Some((sum * if value < 10 { 10 } else { 100 } + value) % 97)
        });
        if formed && remainder == Some(1) { Ok(Self { kind: AccountKind::Iban, text }) } else { Err(Problem::NotAnIban) }
    }

    fn characters(text: &str) -> Result<Box<str>, Problem> {
        // With the spaces around it no longer than the schema has it (Max34Text).
        let text = match plain(text, 34) {
            Err(Problem::LongText { .. }) => return Err(Problem::NotAnAccount),
            text => text?,
        };
        let sound = text.len() <= Self::LENGTH_MAX && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if sound { Ok(text.into()) } else { Err(Problem::NotAnAccount) }
    }

    /// How it is numbered.
    #[must_use]
    pub fn kind(&self) -> AccountKind {
        self.kind
    }

    /// The number, whole: for the message that pays it, and for nobody's eyes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "…{}", self.text.get(self.text.len().saturating_sub(3)..).filter(|_| self.text.len() > 6).unwrap_or(""))
    }
}

/// A bank, as a document names it. Which of our banks that is, the reader of the document decides.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Agent {
    kind: AgentKind,
    text: Box<str>,
}

/// By what a bank is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AgentKind {
    /// ISO 9362 (`BICFI`, in pain.001.001.03 `BIC`).
    Bic,
    /// A member of a clearing system (`ClrSysMmbId/MmbId`): here the institution's number, as in DE32.
    Member,
    /// Something else (`Othr/Id`).
    Other,
}

impl Agent {
    /// A bank by its BIC.
    ///
    /// # Errors
    /// Where it is not of the form of ISO 9362: four capitals or digits, two capitals, two or five capitals or digits.
    pub fn bic(text: &str) -> Result<Self, Problem> {
        let text = plain(text, usize::MAX)?;
        let sound = matches!(text.len(), 8 | 11)
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && text.bytes().skip(4).take(2).all(|byte| byte.is_ascii_uppercase());
        if sound { Ok(Self { kind: AgentKind::Bic, text: text.into() }) } else { Err(Problem::NotABic) }
    }

    /// A bank by its number in a clearing system.
    ///
    /// # Errors
    /// Where it is empty, longer than 35 characters, or holds a control character.
    pub fn member(text: &str) -> Result<Self, Problem> {
        Ok(Self { kind: AgentKind::Member, text: plain(text, 35)?.into() })
    }

    /// A bank by some other word.
    ///
    /// # Errors
    /// As [`Agent::member`].
    pub fn other(text: &str) -> Result<Self, Problem> {
        Ok(Self { kind: AgentKind::Other, text: plain(text, 35)?.into() })
    }

    /// By what it is named.
    #[must_use]
    pub fn kind(&self) -> AgentKind {
        self.kind
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.kind, model::mask_card_numbers(&self.text))
    }
}

/// What a payment is for, as a code of one to four capitals and digits (external code sets Purpose and CategoryPurpose): `SALA`, `BONU`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Purpose(model::Text<4>);

impl Purpose {
    /// Reads it.
    ///
    /// # Errors
    /// Where it is anything else.
    pub fn new(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        model::Text::new(text.as_bytes()).filter(|_| sound).map(Self).ok_or(Problem::NotACode)
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.0.as_bytes()).unwrap_or("")
    }
}

impl fmt::Debug for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads `2022-12-30`.
pub(crate) fn date(text: &str) -> Result<BusinessDate, Problem> {
    let mut parts = text.trim().splitn(3, '-');
    let mut part = |length: usize| -> Option<i64> {
        let digits = parts.next().filter(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse().ok()
    };
    let found = part(4).zip(part(2)).zip(part(2)).and_then(|((year, month), day)| BusinessDate::from_civil(year, month, day));
    // There is no year 0 in XML Schema 1.0.
    found.filter(|_| !text.trim().starts_with("0000")).ok_or(Problem::NotADate)
}

/// A moment by somebody's clock, as documents carry it (ISODateTime): `2022-12-28T09:00:00+07:00`. Kept as it was written, since an
/// answer repeats it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Moment {
    text: Box<str>,
    date: BusinessDate,
}

impl Moment {
    /// Reads it: date, `T`, time, up to nine decimals of the second, and `Z`, an offset or nothing.
    ///
    /// # Errors
    /// Where it is anything else.
    pub fn new(text: &str) -> Result<Self, Problem> {
        let text = text.trim();
        let read = || {
            let (day, rest) = text.split_once('T')?;
            let (clock, zone) = rest.split_at(rest.find(['Z', '+', '-']).unwrap_or(rest.len()));
            let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
            let sound = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
            let mut digits = clock.splitn(3, ':').map(|part| (part.len() == 2).then(|| part.parse::<u8>().ok())?);
            let (hour, minute, second) = (digits.next()??, digits.next()??, digits.next()??);
            let clock = !clock.contains('+')
                && LocalTime::new(u32::from(hour) * 10_000 + u32::from(minute) * 100 + u32::from(second)).is_some();
            // XML Schema has offsets up to 14 hours.
            let zone = matches!(zone, "" | "Z")
                || UtcOffset::parse(zone).is_some_and(|offset| offset.minutes().unsigned_abs() <= 14 * 60);
            date(day).ok().filter(|_| sound && clock && zone && !day.contains(' '))
        };
        read().map(|date| Self { text: text.into(), date }).ok_or(Problem::NotAMoment)
    }

    /// That moment, to the second, as clocks show it that are so far ahead of UTC.
    #[must_use]
    pub fn at(moment: Timestamp, ahead: UtcOffset) -> Self {
        let (date, clock, minutes) = (ahead.date(moment), ahead.local_time(moment).number(), ahead.minutes());
        let (sign, size) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
        let (hour, minute, second) = (clock / 10_000, clock / 100 % 100, clock % 100);
        let text = format!("{date}T{hour:02}:{minute:02}:{second:02}{sign}{:02}:{:02}", size / 60, size % 60);
        Self { text: text.into(), date }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its day, by the clock that it was written by.
    #[must_use]
    pub fn date(&self) -> BusinessDate {
        self.date
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_person_is_shown() {
        let told = format!(
            "{:?} {:?} {:?} {:?}",
            Name::new("Sok Dara").unwrap(),
            EmployeeId::new("100000017").unwrap(),
            Account::own("001000001116").unwrap(),
            Identifier::new("9116010000000019").unwrap()
        );
        assert_eq!(told, "… … …116 \"911601******0019\"");
    }

    #[test]
    fn text_is_bounded_and_without_what_cannot_be_seen() {
        assert_eq!(Identifier::new("  A 1 ").unwrap().as_str(), "A 1");
        assert_eq!(Name::new("សុខ ដារ៉ា").unwrap().as_str(), "សុខ ដារ៉ា");
        assert_eq!(Identifier::new(&"ក".repeat(35)).unwrap().as_str().chars().count(), 35);
        assert_eq!(Identifier::new(&"x".repeat(36)), Err(Problem::LongText { max: 35 }));
        for text in ["a\tb", "a\u{7f}b", "a\u{85}b", "a\u{FFFE}"] {
            assert_eq!(Identifier::new(text), Err(Problem::ControlCharacter), "{text:?}");
        }
        assert_eq!(Identifier::new(" \n "), Err(Problem::Missing));
    }

    #[test]
    fn no_document_is_called_by_a_card_number() {
        for text in ["9116010000000019", "MEF-9116 0100 0000 0019", "៩១១៦០១០០០០០០០០១៩", "９１１６０１００００００００１９"]
        {
            assert_eq!(Identifier::of_document(text), Err(Problem::CardNumber), "{text}");
        }
        for text in ["MEF-2022-12-A", "20221228", "9116010000000018"] {
            assert_eq!(Identifier::of_document(text).unwrap().as_str(), text);
        }
        assert_eq!(Identifier::of_document(""), Err(Problem::Missing));
    }

    #[test]
    fn an_iban_is_held_by_its_check_digits() {
        assert_eq!(Account::iban("GB82WEST12345698765432").unwrap().kind(), AccountKind::Iban);
        for text in ["GB82WEST12345698765423", "gb82WEST12345698765432", "GB8", "GB82", "001000001116"] {
            assert_eq!(Account::iban(text), Err(Problem::NotAnIban), "{text}");
        }
        for text in ["001 000", "001-000", "12345678901234567890123456789", "១២៣"] {
            assert_eq!(Account::own(text), Err(Problem::NotAnAccount), "{text}");
        }
    }

    #[test]
    fn banks_and_purposes_have_their_forms() {
        assert_eq!(Agent::bic("ACLBKHPP").unwrap().kind(), AgentKind::Bic);
        for text in ["ACLBKHP", "aclbkhpp", "ACLB1HPP", "ACLBKHPPXX"] {
            assert_eq!(Agent::bic(text), Err(Problem::NotABic), "{text}");
        }
        assert_eq!(Purpose::new("SALA").unwrap().as_str(), "SALA");
        for text in ["", "sala", "SALAR", "S A"] {
            assert_eq!(Purpose::new(text), Err(Problem::NotACode), "{text}");
        }
    }

    #[test]
    fn days_and_moments_are_those_of_calendar_and_clock() {
        assert_eq!(date("2024-02-29").unwrap().to_string(), "2024-02-29");
        for text in ["2023-02-29", "2022-1-30", "20221230", "2022-12-30Z", "", "+022-12-30", "0000-01-01", "2022-12-30-01"] {
            assert_eq!(date(text), Err(Problem::NotADate), "{text}");
        }
        for text in ["2022-12-28T09:00:00+07:00", "2022-12-28T09:00:00Z", "2022-12-28T09:00:00", "2022-12-28T09:00:00.123-03:30"]
        {
            let moment = Moment::new(text).unwrap();
            assert_eq!((moment.as_str(), moment.date().to_string().as_str()), (text, "2022-12-28"));
        }
        for text in [
            "2022-12-28",
            "2022-12-28T24:00:00",
            "2022-12-28T9:00:00",
            "2022-12-28T09:00",
            "2022-12-28T09:00:00+7",
            "2022-12-28T+9:00:00",
            "2022-12-28 09:00:00",
            "2022-12-28T09:00:00.",
            "2022-12-28T09:00:00+15:00",
            "2022-12-28 T09:00:00",
        ] {
            assert_eq!(Moment::new(text), Err(Problem::NotAMoment), "{text}");
        }
        let at = Moment::at(Timestamp::from_micros(1_672_248_605_250_000), UtcOffset::parse("+07:00").unwrap());
        assert_eq!(at.as_str(), "2022-12-29T00:30:05+07:00");
        assert_eq!(Moment::new(at.as_str()), Ok(at));
    }
}
