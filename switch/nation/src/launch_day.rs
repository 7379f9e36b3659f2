//! The day the card was launched, 28 December 2022: 17 agencies, 1,859 people registered, 497 cards printed for officials of 11.
//!
//! Those three figures are what was reported. How many belong to which agency and bank is ours, and so are the people.

use model::BusinessDate;

use crate::person::{AccountStatus, Bank, CardState, Status};
use crate::{Agency, Nation, Person};

/// The seed whose first people are those of the launch day.
const SEED: u64 = 20_221_228;
/// Printed in December 2022, valid for ten years.
const EXPIRY: u16 = 3212;

/// Registered and printed, in the order of the agencies.
const FIGURES: [(u32, u32); Agency::COUNT] = [
    (214, 96),
    (187, 71),
    (241, 58),
    (163, 47),
    (198, 62),
    (104, 33),
    (97, 0),
    (142, 55),
    (76, 0),
    (83, 24),
    (88, 21),
    (61, 18),
    (52, 0),
    (47, 12),
    (39, 0),
    (36, 0),
    (31, 0),
];

/// What an agency, or a bank, has to show for the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgencyFigures {
    /// Which agency.
    pub agency: Agency,
    /// How many of its people had applied for a card.
    pub registered: u32,
    /// For how many of them a card was printed.
    pub printed: u32,
}

/// Somebody who had applied by the launch day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Who; the card is there, and `printed`, only where it was printed.
    pub person: Person,
    /// Whether the card was printed by then.
    pub printed: bool,
}

/// The launch day's people and figures.
#[derive(Clone, Debug)]
pub struct LaunchDay {
    nation: Nation,
}

/// The launch day.
#[must_use]
pub fn launch_day() -> LaunchDay {
    LaunchDay { nation: Nation::new(SEED) }
}

impl LaunchDay {
    /// 28 December 2022.
    #[must_use]
    pub fn date(&self) -> BusinessDate {
        BusinessDate::from_civil(2022, 12, 28).unwrap_or_default()
    }

    /// What each of the 17 agencies has, in their order.
    pub fn agencies(&self) -> impl ExactSizeIterator<Item = AgencyFigures> {
        let figures = |(agency, (registered, printed))| AgencyFigures { agency, registered, printed };
        Agency::all().zip(FIGURES).map(figures)
    }

    /// Everybody who had applied, agency by agency; in each, those with a card come first. Everybody works, in a grade paid in either
    /// currency, and has an account that is open.
    pub fn people(&self) -> impl Iterator<Item = Registered> + '_ {
        let mut index = 0;
        self.agencies().flat_map(move |of| {
            let first = index;
            index += of.registered;
            (0..of.registered).map(move |place| self.registered(first + place, of.agency, place < of.printed))
        })
    }

    /// The people of one agency.
    pub fn people_of(&self, agency: Agency) -> impl Iterator<Item = Registered> + '_ {
        self.people().filter(move |it| it.person.agency == agency)
    }

    /// How many had applied for a card of this bank, and how many of those were printed.
    #[must_use]
    pub fn figures_of(&self, bank: Bank) -> (u32, u32) {
        let of_bank = self.people().filter(|it| it.person.bank == bank);
        of_bank.fold((0, 0), |(registered, printed), it| (registered + 1, printed + u32::from(it.printed)))
    }

    fn registered(&self, index: u32, agency: Agency, printed: bool) -> Registered {
        let mut person = self.nation.person(index);
        (person.agency, person.status, person.account_status) = (agency, Status::Active, AccountStatus::Open);
        person.card = if printed { person.card_of(EXPIRY) } else { None };
        person.card_state = if printed { CardState::Printed } else { CardState::Registered };
        Registered { person, printed }
    }
}
