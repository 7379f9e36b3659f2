//! Documents made up at random, sound ones: what the writers write and the readers read.

use documents::{
    Account, Agent, Block, EmployeeId, Entry, Header, Identifier, Item, Moment, Name, Purpose, Remittance, Sum, pain001,
    payroll_csv,
};
use model::{BusinessDate, Currency, Money};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// A document: its header, and blocks with their items.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) header: Header,
    pub(crate) blocks: Vec<(Block, Vec<Item>)>,
}

impl Made {
    /// What a reader gives out, places aside.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let blocks = self.blocks.iter().flat_map(|(block, items)| {
            let items = items.iter().cloned().map(Entry::Item);
            std::iter::once(Entry::Block(block.clone())).chain(items)
        });
        std::iter::once(Entry::Header(self.header.clone())).chain(blocks).collect()
    }

    pub(crate) fn amounts(&self) -> impl Iterator<Item = Money> {
        self.blocks.iter().flat_map(|(_, items)| items).map(|item| item.amount)
    }

    pub(crate) fn xml(&self, edition: pain001::Edition) -> Vec<u8> {
        let mut writer = pain001::Writer::new(Vec::new(), edition, &self.header).unwrap();
        for (block, items) in &self.blocks {
            writer.block(block).unwrap();
            items.iter().for_each(|item| writer.item(item).unwrap());
        }
        writer.finish().unwrap()
    }

    pub(crate) fn csv(&self) -> Vec<u8> {
        let (block, items) = &self.blocks[0];
        let mut writer = payroll_csv::Writer::new(Vec::new(), &self.header, block).unwrap();
        items.iter().for_each(|item| writer.item(item).unwrap());
        writer.finish().unwrap()
    }
}

/// Text of every kind that a field may hold: Latin, Khmer, what XML and CSV have to escape.
fn text(max: usize) -> impl Strategy<Value = String> {
    let letters = vec(
        prop_oneof![8 => prop::char::range(' ', '~'), 2 => prop::char::range('ក', '្'), 1 => Just('é'), 1 => Just('𐍈')],
        1..=max,
    );
    letters.prop_map(String::from_iter)
}

pub(crate) fn identifier() -> impl Strategy<Value = Identifier> {
    text(35).prop_filter_map("empty", |text| Identifier::new(&text).ok())
}

pub(crate) fn name() -> impl Strategy<Value = Name> {
    text(140).prop_filter_map("empty", |text| Name::new(&text).ok())
}

pub(crate) fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![Just("2022-12-27T16:30:00+07:00"), Just("2022-12-27T09:30:00Z"), Just("2022-12-27T09:30:00.123456-03:30")]
        .prop_map(|text| Moment::new(text).unwrap())
}

pub(crate) fn account() -> impl Strategy<Value = Account> {
    let iban = Just(Account::iban("GB82WEST12345698765432").unwrap());
    prop_oneof![4 => "[0-9A-Za-z]{1,28}".prop_map(|text| Account::own(&text).unwrap()), 1 => iban]
}

pub(crate) fn agent() -> impl Strategy<Value = Agent> {
    prop_oneof![
        "11600[1-3]".prop_map(|text| Agent::member(&text).unwrap()),
        text(35).prop_filter_map("empty", |text| Agent::member(&text).ok()),
        "[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?".prop_map(|text| Agent::bic(&text).unwrap()),
        prop_oneof![Just("wing".to_owned()), Just("116003".to_owned()), Just("BIC:x".to_owned()), text(35)]
            .prop_filter_map("empty", |text| Agent::other(&text).ok()),
    ]
}

pub(crate) fn purpose() -> impl Strategy<Value = Purpose> {
    "[A-Z0-9]{1,4}".prop_map(|text| Purpose::new(&text).unwrap())
}

pub(crate) fn date() -> impl Strategy<Value = BusinessDate> {
    (0i64..60_000).prop_map(BusinessDate::from_days)
}

pub(crate) fn currency() -> impl Strategy<Value = Currency> {
    prop_oneof![4 => Just("KHR"), 4 => Just("USD"), 1 => Just("JPY")].prop_map(|code| Currency::from_alpha(code).unwrap())
}

pub(crate) fn amount(currency: Currency) -> impl Strategy<Value = Money> {
    prop_oneof![1..=100_000_000u64, 1..=Money::MINOR_MAX].prop_map(move |minor| Money::from_minor(minor, currency))
}

pub(crate) fn item(currency: Currency) -> impl Strategy<Value = Item> {
    let remittance = text(140).prop_filter_map("empty", |text| Remittance::new(&text).ok());
    let employee = text(35).prop_filter_map("empty", |text| EmployeeId::new(&text).ok());
    let ids = (identifier(), option::of(identifier()));
    let of_payee = (agent(), account(), option::of(name()), employee);
    (ids, amount(currency), of_payee, option::of(purpose()), option::of(remittance)).prop_map(
        |((end_to_end_id, instruction_id), amount, (agent, account, name, employee), purpose, remittance)| Item {
            line: 0,
            column: 0,
            index: 0,
            end_to_end_id,
            instruction_id,
            amount,
            agent,
            account,
            name,
            employee,
            purpose,
            remittance,
        },
    )
}

fn block() -> impl Strategy<Value = (Block, Vec<Item>)> {
    let of_payer = (option::of(name()), identifier(), account(), agent());
    let told = (any::<bool>(), any::<bool>(), any::<bool>());
    (identifier(), of_payer, currency(), date(), option::of(purpose()), told).prop_flat_map(
        |(id, (payer_name, payer_id, account, agent), currency, execution_date, purpose, (count, sum, told))| {
            let block = Block {
                line: 0,
                id,
                payer_name,
                payer_id,
                account,
                currency: told.then_some(currency),
                agent,
                execution_date,
                purpose,
                count: None,
                control_sum: None,
            };
            vec(item(currency), 1..5).prop_map(move |items| {
                let total = items.iter().map(|item| item.amount).collect::<Sum>();
                let count = count.then_some(u32::try_from(items.len()).unwrap());
                (Block { count, control_sum: sum.then_some(total), ..block.clone() }, items)
            })
        },
    )
}

fn numbered(mut made: Made) -> Made {
    let items = made.blocks.iter_mut().flat_map(|(_, items)| items);
    items.zip(1..).for_each(|(item, index)| item.index = index);
    made
}

/// A document for pain.001, with one block or several.
pub(crate) fn document() -> impl Strategy<Value = Made> {
    let initiator = (option::of(name()), option::of(identifier()));
    (identifier(), moment(), initiator, vec(block(), 1..4), any::<bool>()).prop_map(
        |(message_id, created, (initiator_name, initiator_id), blocks, told)| {
            let header = Header { message_id, created, count: 0, control_sum: None, initiator_name, initiator_id };
            let mut made = Made { header, blocks };
            made.header.count = u32::try_from(made.amounts().count()).unwrap();
            made.header.control_sum = told.then(|| made.amounts().collect());
            numbered(made)
        },
    )
}

/// A document for CSV.
pub(crate) fn sheet() -> impl Strategy<Value = Made> {
    (document(), currency()).prop_flat_map(|(made, currency)| {
        vec(item(currency), 0..6).prop_map(move |items| {
            let (count, sum) = (u32::try_from(items.len()).unwrap(), items.iter().map(|item| item.amount).collect::<Sum>());
            let (initiator_name, initiator_id) = (None, None);
            let header = Header { count, control_sum: Some(sum), initiator_name, initiator_id, ..made.header.clone() };
            let of_message = Block { id: header.message_id.clone(), currency: Some(currency), ..made.blocks[0].0.clone() };
            let block = Block { count: Some(count), control_sum: Some(sum), ..of_message };
            numbered(Made { header, blocks: vec![(block, items)] })
        })
    })
}
