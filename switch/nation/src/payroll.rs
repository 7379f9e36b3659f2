//! Who is paid what for a half-month, and on request what is wrong with such a list now and then.

use model::{Currency, Money};

use crate::dice::Dice;
use crate::person::{Account, AccountStatus, Bank, CivilServantId, Person, Status};
use crate::{Name, Nation};

/// A salary to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// The payer's name for it, unique in the file: the person's place, and 1 where it is the second of a person.
    pub reference: (u32, u32),
    /// To whom.
    pub employee: CivilServantId,
    /// Under which name.
    pub name: Name,
    /// At which bank.
    pub bank: Bank,
    /// Into which account.
    pub account: Account,
    /// How much.
    pub amount: Money,
    /// What is wrong with it on purpose.
    pub fault: Option<Fault>,
}

/// What can be wrong with an item although it is well written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The person has retired, resigned, died or is on unpaid leave.
    NotOnPayroll(Status),
    /// The account is closed or blocked.
    AccountShut(AccountStatus),
    /// The person is in the file before.
    Twice,
    /// No such civil servant.
    UnknownPayee,
    /// The account is the one of somebody else in the file.
    SharedAccount,
}

/// How many items there are, and what they come to, in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// How many.
    pub count: u32,
    /// The sum in minor units.
    pub minor: u64,
}

impl Total {
    /// Of these.
    pub fn of(items: impl Iterator<Item = Item>) -> Self {
        let add = |total: Self, item: Item| Self { count: total.count + 1, minor: total.minor + item.amount.minor() };
        items.fold(Self::default(), add)
    }
}

/// The salaries in this currency of the first `count` people: of those alone who must be paid or, `with_faults`, of everybody, with
/// some items that are wrong in other ways.
pub fn items(nation: &Nation, count: u32, currency: Currency, with_faults: bool) -> impl Iterator<Item = Item> + '_ {
    let of_currency = nation.people(count).filter(move |person| person.salary.currency() == currency);
    let mut before = None;
    of_currency.flat_map(move |person| {
        let items = if with_faults { faulty(&person, before.replace(person)) } else { [sound(&person), None] };
        items.into_iter().flatten()
    })
}

fn sound(person: &Person) -> Option<Item> {
    person.is_paid().then(|| plain(person))?
}

fn plain(person: &Person) -> Option<Item> {
    let Person { index, id: employee, name, bank, salary: amount, .. } = *person;
    Some(Item { reference: (index, 0), employee, name, bank, account: person.paid_into()?, amount, fault: None })
}

/// What a careless list has of a person. One of a thousand that are sound is spoilt.
fn faulty(person: &Person, before: Option<Person>) -> [Option<Item>; 2] {
    let Some(item) = plain(person) else { return [None, None] };
    let with = |fault| Item { fault: Some(fault), ..item };
    if person.status != Status::Active {
        return [Some(with(Fault::NotOnPayroll(person.status))), None];
    }
    if person.account_status != AccountStatus::Open {
        return [Some(with(Fault::AccountShut(person.account_status))), None];
    }
    let mut dice = Dice::of_person(u64::from(person.id.number()), person.index);
    match (dice.below(3000), before) {
        (0, _) => [Some(item), Some(Item { reference: (person.index, 1), ..with(Fault::Twice) })],
        // Ids of people begin with 1 to 9, so nobody has this one.
        (1, _) => {
            let nobody = CivilServantId::of_body(person.id.number() / 10 % 10_000_000);
            [Some(Item { employee: nobody, ..with(Fault::UnknownPayee) }), None]
        }
        (2, Some(other)) if other.bank == person.bank && other.is_paid() => {
            let shared = other.paid_into().map(|account| Item { account, ..with(Fault::SharedAccount) });
            [shared, None]
        }
        _ => [Some(item), None],
    }
}
