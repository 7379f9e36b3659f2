//! The banks that issue Smart ID cards, and the numbers of their cards (ours).

use model::Pan;

/// Serial numbers that the store gives begin here: the cast's and those of load are below.
pub const FIRST_SERIAL: u64 = 200_000_000;
/// Serial numbers have nine digits.
const SERIALS: u64 = 1_000_000_000;

/// A bank that issues Smart ID cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Issuer {
    /// ACLEDA. It offers virtual cards too.
    Acleda,
    /// Canadia.
    Canadia,
    /// Wing.
    Wing,
}

impl Issuer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Acleda, Self::Canadia, Self::Wing];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Acleda => "acleda",
            Self::Canadia => "canadia",
            Self::Wing => "wing",
        }
    }

    /// The bank of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bank| bank.name() == name)
    }

    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Acleda => 1,
            Self::Canadia => 2,
            Self::Wing => 3,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|bank| bank.number() == number)
    }

    /// Its institution identification code.
    #[must_use]
    pub fn institution(self) -> u64 {
        116_000 + u64::from(self.number())
    }

    /// The first six digits of its cards.
    #[must_use]
    pub fn prefix(self) -> u32 {
        911_600 + u32::from(self.number())
    }

    /// The first six digits of its virtual cards.
    #[must_use]
    pub fn virtual_prefix(self) -> u32 {
        self.prefix() + 10
    }

    /// The bank that has issued a card, by its number's prefix, and whether it is a virtual one.
    #[must_use]
    pub fn of(pan: Pan) -> Option<(Self, bool)> {
        let prefix = pan.prefix(6).filter(|_| pan.length() == 16)?;
        let bank = |prefix: u64| Self::ALL.into_iter().find(|bank| u64::from(bank.prefix()) == prefix);
        bank(prefix).map(|bank| (bank, false)).or_else(|| Some((bank(prefix.checked_sub(10)?)?, true)))
    }
}

/// The card with this prefix of six digits, a serial number of nine, and the check digit (ISO/IEC 7812-1 annex B).
#[must_use]
pub fn card_number(prefix: u32, serial: u64) -> Option<Pan> {
    let open = (u64::from(prefix) * SERIALS).checked_add(serial).filter(|_| serial < SERIALS)? * 10;
    (0..10).find_map(|check| Pan::from_parts(open + check, 16).ok().filter(|pan| pan.luhn_holds()))
}

/// The serial number within a card's number.
pub(crate) fn serial(pan: Pan) -> u64 {
    pan.number() / 10 % SERIALS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_prefix_serial_and_check_digit_and_finds_back() {
        let pan = card_number(Issuer::Acleda.prefix(), 1).unwrap();
        assert_eq!(pan.digits().as_ref(), b"9116010000000019", "as the cast writes it");
        for bank in Issuer::ALL {
            let pan = card_number(bank.prefix(), FIRST_SERIAL + 7).unwrap();
            assert_eq!((Issuer::of(pan), serial(pan)), (Some((bank, false)), FIRST_SERIAL + 7));
            assert_eq!(Issuer::of(card_number(bank.virtual_prefix(), 5).unwrap()), Some((bank, true)));
        }
        assert_eq!(Issuer::of(Pan::from_digits(b"4111111111111111").unwrap()), None);
        assert_eq!(card_number(911_601, 1_000_000_000), None);
    }
}
