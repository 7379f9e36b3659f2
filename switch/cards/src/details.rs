//! What is personal of a card: sealed in the file, shown masked only.

use std::fmt;

use model::{BusinessDate, Pan};

use crate::Unfit;

/// The longest name, characters.
const NAME_MAX: usize = 80;
/// How long an account's number is, digits (DE102, DE103 take 28).
const ACCOUNT_DIGITS: std::ops::RangeInclusive<usize> = 6..=28;

/// A civil servant's number: nine digits, the last a check digit over all nine (Luhn, ours). Shows its last two digits only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CivilServantId(u32);

impl CivilServantId {
    /// Reads nine digits.
    ///
    /// # Errors
    /// [`Unfit`], of the column `civil_servant_id`.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let unfit = |problem: &str| Unfit::new("civil_servant_id", problem);
        if text.len() != 9 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(unfit("must be nine digits"));
        }
        let number = text.parse().map_err(|_| unfit("must be nine digits"))?;
        if !Pan::from_parts(u64::from(number), 9).is_ok_and(Pan::luhn_holds) {
            return Err(unfit("the check digit is wrong: a digit was mistyped"));
        }
        Ok(Self(number))
    }

    /// The id with this serial number of eight digits, and its check digit.
    #[must_use]
    pub fn of_serial(serial: u32) -> Option<Self> {
        let open = serial.checked_mul(10).filter(|_| serial < 100_000_000)?;
        (0..10).map(|check| open + check).find(|it| Pan::from_parts(u64::from(*it), 9).is_ok_and(Pan::luhn_holds)).map(Self)
    }

    /// Its eight digits without the check digit: below 10^8. Never print it.
    #[must_use]
    pub fn serial(self) -> u32 {
        self.0 / 10
    }

    /// All nine digits. Never print them.
    #[must_use]
    pub fn digits(self) -> String {
        format!("{:09}", self.0)
    }

    pub(crate) fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for CivilServantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "*******{:02}", self.0 % 100)
    }
}

impl fmt::Debug for CivilServantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// All that is personal of a card.
#[derive(Clone, PartialEq, Eq)]
pub struct Details {
    /// Its number.
    pub pan: Pan,
    /// Whose it is.
    pub person: CivilServantId,
    /// Their name in Latin letters.
    pub name_latin: String,
    /// Their name in Khmer letters.
    pub name_khmer: String,
    /// Their day of birth.
    pub born: BusinessDate,
    /// Their account in riel; empty where they have none.
    pub account_khr: String,
    /// Their account in dollars; empty where they have none.
    pub account_usd: String,
}

impl fmt::Debug for Details {
    /// The number masked, and nothing of the person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Details({})", self.pan)
    }
}

impl Details {
    /// Whether two tell of the same person in the same words, whatever the card.
    pub(crate) fn same_person(&self, other: &Self) -> bool {
        Self { pan: other.pan, ..self.clone() } == *other
    }

    /// ```text
    /// 0..8    the card number's value   8       its length
    /// 9..13   civil servant id          13..17  day of birth, days since 1970
    /// 17..    four texts, each with its length (1 byte): Latin name, Khmer name, account in riel, account in dollars
    /// ```
    /// All little-endian.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.pan.number().to_le_bytes());
        out.push(self.pan.length());
        out.extend_from_slice(&self.person.number().to_le_bytes());
        out.extend_from_slice(&i32::try_from(self.born.days()).unwrap_or(0).to_le_bytes());
        for text in [&self.name_latin, &self.name_khmer, &self.account_khr, &self.account_usd] {
            // The longest is a Khmer name, 80 characters of three bytes.
            let bytes = text.as_bytes().get(..text.len().min(255)).unwrap_or_default();
            out.push(u8::try_from(bytes.len()).unwrap_or(0));
            out.extend_from_slice(bytes);
        }
    }

    /// What [`Details::write`] wrote; `None` where it did not.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (pan, rest) = bytes.split_first_chunk()?;
        let (&length, rest) = rest.split_first()?;
        let (person, rest) = rest.split_first_chunk()?;
        let (born, mut rest) = rest.split_first_chunk()?;
        let mut text = || {
            let (&length, behind) = rest.split_first()?;
            let (text, behind) = behind.split_at_checked(usize::from(length))?;
            rest = behind;
            String::from_utf8(text.to_vec()).ok()
        };
        Some(Self {
            pan: Pan::from_parts(u64::from_le_bytes(*pan), length).ok()?,
            person: CivilServantId(u32::from_le_bytes(*person)),
            name_latin: text()?,
            name_khmer: text()?,
            account_khr: text()?,
            account_usd: text()?,
            born: BusinessDate::from_days(i32::from_le_bytes(*born).into()),
        })
    }
}

/// A name in Latin letters.
pub(crate) fn latin(text: &str) -> Result<String, Unfit> {
    let fits = |c: char| (c.is_alphabetic() && c < '\u{250}') || matches!(c, ' ' | '\'' | '-' | '.');
    name("name_latin", text, "Latin letters, blanks, hyphens, dots and apostrophes", fits)
}

/// A name in Khmer letters. A zero-width space may part its words.
pub(crate) fn khmer(text: &str) -> Result<String, Unfit> {
    let fits = |c: char| matches!(c, '\u{1780}'..='\u{17DD}' | ' ' | '\u{200B}');
    name("name_khmer", text, "Khmer letters and blanks", fits)
}

fn name(field: &'static str, text: &str, wanted: &str, fits: impl Fn(char) -> bool) -> Result<String, Unfit> {
    if text.trim().is_empty() {
        return Err(Unfit::new(field, "is missing"));
    }
    if text.chars().count() > NAME_MAX {
        return Err(Unfit::new(field, format!("is longer than {NAME_MAX} characters")));
    }
    match text.chars().position(|c| !fits(c)) {
        None => Ok(text.to_owned()),
        Some(place) => Err(Unfit::new(field, format!("character {} is none of: {wanted}", place + 1))),
    }
}

/// A day as people write it: 1985-04-30.
pub(crate) fn day(field: &'static str, text: &str) -> Result<BusinessDate, Unfit> {
    let wrong = || Unfit::new(field, "must be a day of the calendar, written like 1980-01-31");
    let [year, month, day] = [text.get(..4), text.get(5..7), text.get(8..)].map(|part| {
        let digits = part.filter(|it| it.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse::<i64>().ok()
    });
    let separated = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let found = BusinessDate::from_civil(year.ok_or_else(wrong)?, month.ok_or_else(wrong)?, day.ok_or_else(wrong)?);
    found.filter(|_| separated && year >= Some(1900)).ok_or_else(wrong)
}

/// The last day on which a card may be said to be printed: a year from today. One further ahead was mistyped.
pub(crate) fn latest(today: BusinessDate) -> BusinessDate {
    BusinessDate::from_days(today.days().saturating_add(366))
}

/// An account's number, or nothing.
pub(crate) fn account(field: &'static str, text: &str) -> Result<String, Unfit> {
    if !text.is_empty() && (!ACCOUNT_DIGITS.contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(Unfit::new(field, "must be 6 to 28 digits, or empty"));
    }
    Ok(text.to_owned())
}

/// Only the first letter of each word of a name.
pub(crate) fn masked_name(name: &str) -> String {
    let masked = name.split([' ', '\u{200B}']).filter(|word| !word.is_empty()).map(|word| {
        let first: String = word.chars().take(1).collect();
        first + "***"
    });
    masked.collect::<Vec<_>>().join(" ")
}

/// Only an account's last four digits.
pub(crate) fn masked_account(account: &str) -> String {
    let hidden = account.len().saturating_sub(4);
    "*".repeat(hidden) + account.get(hidden..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_nine_digits_and_a_right_check_digit() {
        let id = CivilServantId::of_serial(12_345_678).unwrap();
        assert_eq!(CivilServantId::parse(&id.digits()), Ok(id));
        assert_eq!((id.serial(), format!("{id} {id:?}").contains("12345")), (12_345_678, false));
        let wrong = format!("12345678{}", (id.number() % 10 + 1) % 10);
        for text in ["", "12345678", "1234567890", "12345678x", wrong.as_str()] {
            let error = CivilServantId::parse(text).unwrap_err();
            assert_eq!(error.field, "civil_servant_id");
            assert!(text.is_empty() || !error.to_string().contains(text), "{error}");
        }
    }

    #[test]
    fn names_days_and_accounts_are_what_they_should_be() {
        assert!(latin("SOK DARA").is_ok() && latin("d'Ávila-Né").is_ok());
        assert_eq!(
            latin("SOK 1").unwrap_err().problem,
            "character 5 is none of: Latin letters, blanks, hyphens, dots and apostrophes"
        );
        assert!(latin(" ").is_err() && latin(&"A".repeat(81)).is_err() && latin("សុខ").is_err());
        assert!(khmer("សុខ ដារ៉ា").is_ok() && khmer("SOK").is_err());
        assert_eq!(day("date_of_birth", "1985-04-30").unwrap().to_string(), "1985-04-30");
        for text in ["", "1985-02-30", "30-04-1985", "1985/04/30", "1985-4-30", "+985-04-30", "1885-04-30", "១៩៨៥-០៤"]
        {
            assert!(day("date_of_birth", text).is_err(), "{text}");
        }
        assert!(account("account_khr", "").is_ok() && account("account_khr", "001000001116").is_ok());
        assert!(account("account_khr", "12345").is_err() && account("account_khr", &"1".repeat(29)).is_err());
        assert_eq!((masked_name("SOK DARA"), masked_account("001000001116")), ("S*** D***".into(), "********1116".into()));
    }
}
