//! The life of a card: its states, who may follow whom, and what a card in each state is refused with. All of it in this file.

use std::fmt;

use model::{BusinessDate, ResponseCode};

/// How long a card is good for, in months: ten years.
const GOOD_FOR_MONTHS: u16 = 120;

/// Where a card is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Its holder has applied for it.
    Registered,
    /// It is printed and not handed over yet.
    Printed,
    /// Its holder has it.
    Active,
    /// It is refused until it is unblocked.
    Blocked,
    /// It was reported lost. Final.
    Lost,
    /// It was reported stolen. Final.
    Stolen,
    /// Another stands for it. Final.
    Replaced,
    /// Its last month is over. Never stored: the date says it.
    Expired,
}

/// Each state with its name, its number in the file, and what may follow it.
const LIFE: [(State, &str, u8, &[State]); 8] = {
    use State::{Active, Blocked, Expired, Lost, Printed, Registered, Replaced, Stolen};
    [
        (Registered, "registered", 1, &[Printed, Blocked, Lost, Stolen, Replaced]),
        (Printed, "printed", 2, &[Active, Blocked, Lost, Stolen, Replaced]),
        (Active, "active", 3, &[Blocked, Lost, Stolen, Replaced]),
        // It goes back to what it was before.
        (Blocked, "blocked", 4, &[Registered, Printed, Active, Lost, Stolen, Replaced]),
        (Lost, "lost", 5, &[]),
        (Stolen, "stolen", 6, &[]),
        (Replaced, "replaced", 7, &[]),
        (Expired, "expired", 8, &[]),
    ]
};

impl State {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 8] =
        [Self::Registered, Self::Printed, Self::Active, Self::Blocked, Self::Lost, Self::Stolen, Self::Replaced, Self::Expired];

    fn row(self) -> (&'static str, u8, &'static [Self]) {
        let found = LIFE.iter().find(|(state, ..)| *state == self);
        // Every state has its row; a test looks.
        found.map_or(("", 0, &[]), |(_, name, number, next)| (name, *number, next))
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The state of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        LIFE.iter().find(|(_, known, ..)| *known == name).map(|(state, ..)| *state)
    }

    pub(crate) fn number(self) -> u8 {
        self.row().1
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        LIFE.iter().find(|(_, _, known, _)| *known == number).map(|(state, ..)| *state)
    }

    /// Whether `next` may follow it.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        self.row().2.contains(&next)
    }

    /// Whether the card may still be used some day: a person has one such card of a kind.
    #[must_use]
    pub fn is_living(self) -> bool {
        matches!(self, Self::Registered | Self::Printed | Self::Active | Self::Blocked)
    }

    /// What a card of this state is refused with; `None` where it is good.
    #[must_use]
    pub fn refused_with(self) -> Option<ResponseCode> {
        match self {
            Self::Active => None,
            Self::Registered | Self::Printed | Self::Blocked | Self::Replaced => Some(ResponseCode::RESTRICTED_CARD),
            Self::Lost => Some(ResponseCode::LOST_CARD),
            Self::Stolen => Some(ResponseCode::STOLEN_CARD),
            Self::Expired => Some(ResponseCode::EXPIRED_CARD),
        }
    }

    /// The state of a card that is on the list of hot cards with this code.
    #[must_use]
    pub fn of_list(code: ResponseCode) -> Self {
        match code {
            ResponseCode::LOST_CARD => Self::Lost,
            ResponseCode::STOLEN_CARD => Self::Stolen,
            _ => Self::Blocked,
        }
    }

    /// What it is on a day: one that may still be used expires with its last month.
    #[must_use]
    pub fn on(self, day: BusinessDate, expiry: Option<Expiry>) -> Self {
        if self.is_living() && expiry.is_some_and(|expiry| expiry.is_over(day)) { Self::Expired } else { self }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What kind of card. A person has one living card of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The Smart ID card: identity and bank card in one.
    Smart,
    /// A number for use without a card, on the accounts of a Smart ID card.
    Virtual,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Smart => "smart",
            Self::Virtual => "virtual",
        }
    }

    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Smart => 1,
            Self::Virtual => 2,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::Smart, Self::Virtual].into_iter().find(|kind| kind.number() == number)
    }
}

/// The last month that a card is good for, as months since the year 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Expiry(u16);

impl Expiry {
    /// From DE14's YYMM, of this century.
    #[must_use]
    pub fn from_yymm(yymm: u16) -> Option<Self> {
        let (year, month) = (yymm / 100, yymm % 100);
        (year < 100 && (1..=12).contains(&month)).then(|| Self((2000 + year) * 12 + month - 1))
    }

    /// Of a card that is printed on this day: ten years.
    #[must_use]
    pub fn of_printed(day: BusinessDate) -> Self {
        Self(months(day).saturating_add(GOOD_FOR_MONTHS))
    }

    /// YYMM, as DE14 carries it.
    #[must_use]
    pub fn yymm(self) -> u16 {
        self.0 / 12 % 100 * 100 + self.0 % 12 + 1
    }

    /// Whether that month is over on a day.
    #[must_use]
    pub fn is_over(self, day: BusinessDate) -> bool {
        months(day) > self.0
    }

    pub(crate) fn number(it: Option<Self>) -> u16 {
        it.map_or(0, |it| it.0)
    }

    pub(crate) fn from_number(number: u16) -> Option<Self> {
        (number != 0).then_some(Self(number))
    }
}

fn months(day: BusinessDate) -> u16 {
    let (year, month) = day.year_month();
    u16::try_from(year * 12 + month - 1).unwrap_or(if year < 0 { 0 } else { u16::MAX })
}

impl fmt::Display for Expiry {
    /// As it stands on a card: `12/32`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}/{:02}", self.0 % 12 + 1, self.0 / 12 % 100)
    }
}

impl fmt::Debug for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_row_and_finds_back() {
        for state in State::ALL {
            assert_eq!((State::from_name(state.name()), State::from_number(state.number())), (Some(state), Some(state)));
        }
        assert_eq!(LIFE.map(|(state, ..)| state), State::ALL);
    }

    #[test]
    fn lost_stolen_and_replaced_are_final_and_nothing_becomes_expired_by_order() {
        for state in State::ALL {
            assert_eq!(LIFE.iter().any(|(from, ..)| state.may_become(*from)), matches!(state.number(), 1..=4), "{state}");
            assert!(!state.may_become(State::Expired) && !state.may_become(state));
        }
        assert!(State::Registered.may_become(State::Printed) && !State::Registered.may_become(State::Active));
        assert!(State::Printed.may_become(State::Active) && !State::Active.may_become(State::Printed));
    }

    #[test]
    fn a_card_is_good_through_its_last_month_ten_years_on() {
        let day = |year, month, day| BusinessDate::from_civil(year, month, day).unwrap();
        let expiry = Expiry::of_printed(day(2022, 12, 28));
        assert_eq!((expiry.yymm(), expiry.to_string().as_str()), (3212, "12/32"));
        assert_eq!(Some(expiry), Expiry::from_yymm(3212));
        assert_eq!(State::Active.on(day(2032, 12, 31), Some(expiry)), State::Active);
        assert_eq!(State::Active.on(day(2033, 1, 1), Some(expiry)), State::Expired);
        assert_eq!(State::Lost.on(day(2033, 1, 1), Some(expiry)), State::Lost, "lost is told, whatever the date");
        assert_eq!(Expiry::from_yymm(3213), None);
        assert_eq!(Expiry::from_yymm(3200), None);
    }
}
