//! Names of nobody: a family name and two syllables, each common, in Latin and in Khmer letters.

use std::fmt;

use crate::dice::Dice;

const FAMILIES: [(&str, &str); 32] = [
    ("Sok", "សុខ"),
    ("Chan", "ចាន់"),
    ("Chea", "ជា"),
    ("Heng", "ហេង"),
    ("Kim", "គឹម"),
    ("Keo", "កែវ"),
    ("Khun", "ឃុន"),
    ("Lim", "លឹម"),
    ("Long", "ឡុង"),
    ("Ly", "លី"),
    ("Mao", "ម៉ៅ"),
    ("Meas", "មាស"),
    ("Nhem", "ញ៉ែម"),
    ("Nou", "នូ"),
    ("Ouk", "អ៊ុក"),
    ("Oum", "អ៊ុំ"),
    ("Pen", "ប៉ែន"),
    ("Phan", "ផាន"),
    ("Pich", "ពេជ្រ"),
    ("Prak", "ប្រាក់"),
    ("Ros", "រស់"),
    ("Sam", "សំ"),
    ("Seng", "សេង"),
    ("Sim", "ស៊ឹម"),
    ("Som", "សោម"),
    ("Tan", "តាន់"),
    ("Tep", "ទេព"),
    ("Tith", "ទិត្យ"),
    ("Uy", "អ៊ុយ"),
    ("Vong", "វង្ស"),
    ("Yem", "យ៉ែម"),
    ("Yin", "យិន"),
];

const FIRST: [(&str, &str); 24] = [
    ("So", "សុ"),
    ("Da", "ដា"),
    ("Vi", "វិ"),
    ("Cha", "ចា"),
    ("Ra", "រ៉ា"),
    ("Bo", "បូ"),
    ("Ma", "ម៉ា"),
    ("Sre", "ស្រី"),
    ("Ri", "រិ"),
    ("Na", "ណា"),
    ("Ki", "គី"),
    ("Pi", "ពិ"),
    ("Sa", "សា"),
    ("Tha", "ថា"),
    ("Vu", "វុ"),
    ("Li", "លី"),
    ("Mo", "ម៉ូ"),
    ("Ko", "កុ"),
    ("Sam", "សំ"),
    ("Chan", "ចាន់"),
    ("Bun", "ប៊ុន"),
    ("Van", "វ៉ាន់"),
    ("Som", "សំ"),
    ("Kim", "គឹម"),
];

const SECOND: [(&str, &str); 24] = [
    ("phea", "ភា"),
    ("ra", "រ៉ា"),
    ("na", "ណា"),
    ("thy", "ធី"),
    ("pha", "ផា"),
    ("reth", "រ៉េត"),
    ("da", "ដា"),
    ("ny", "នី"),
    ("ly", "លី"),
    ("mony", "មុនី"),
    ("rith", "រិទ្ធ"),
    ("vann", "វណ្ណ"),
    ("chenda", "ចិន្តា"),
    ("neth", "នេត"),
    ("leak", "ល័ក្ខ"),
    ("thea", "ធា"),
    ("sith", "សិទ្ធ"),
    ("kanha", "កញ្ញា"),
    ("pich", "ពេជ្រ"),
    ("tha", "ថា"),
    ("vy", "វី"),
    ("seyha", "សីហា"),
    ("roth", "រ័ត្ន"),
    ("sreya", "ស្រីយ៉ា"),
];

/// A name, kept as the places of its syllables. `Debug` does not tell it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name {
    family: u8,
    first: u8,
    second: u8,
}

impl Name {
    pub(crate) fn drawn(dice: &mut Dice) -> Self {
        let mut one_of = |count| u8::try_from(dice.below(count)).unwrap_or(0);
        Self { family: one_of(32), first: one_of(24), second: one_of(24) }
    }

    /// In Latin letters, family name first: `Sok Dara`.
    #[must_use]
    pub fn latin(self) -> impl fmt::Display {
        let [family, first, second] = self.syllables().map(|(latin, _)| latin);
        Written(family, first, second)
    }

    /// In Khmer letters, family name first.
    #[must_use]
    pub fn khmer(self) -> impl fmt::Display {
        let [family, first, second] = self.syllables().map(|(_, khmer)| khmer);
        Written(family, first, second)
    }

    fn syllables(self) -> [(&'static str, &'static str); 3] {
        let of = |list: &[(&'static str, &'static str)], place: u8| list.get(usize::from(place)).copied().unwrap_or_default();
        [of(&FAMILIES, self.family), of(&FIRST, self.first), of(&SECOND, self.second)]
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<name withheld>")
    }
}

struct Written(&'static str, &'static str, &'static str);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [self.0, " ", self.1, self.2] {
            f.write_str(part)?;
        }
        Ok(())
    }
}
