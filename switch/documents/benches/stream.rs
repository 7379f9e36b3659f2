//! How many items a second are read and written, over a payroll of 220,000.
//!
//! `cargo bench -p payswitch-documents` prints the best and the median of five rounds: on a shared machine the best tells what the code
//! costs, the median what the neighbours cost.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench is run by hand and read by a person")]

use std::io::sink;
use std::time::Instant;

use documents::{
    Account, Agent, Block, EmployeeId, Entry, Header, Identifier, Item, ItemStatus, Moment, Name, Original, Purpose, Status, Sum,
    pain001, pain002, payroll_csv,
};
use model::{BusinessDate, Money};

const ITEMS: u32 = 220_000;
const ROUNDS: usize = 5;

fn item(index: u32) -> Item {
    Item {
        line: 0,
        column: 0,
        index,
        end_to_end_id: Identifier::new(&format!("MEF-2022-12-A-{index:06}")).unwrap(),
        instruction_id: None,
        amount: format!("{}.50 KHR", 400_000 + index).parse::<Money>().unwrap(),
        agent: Agent::member(["116001", "116002", "116003"][index as usize % 3]).unwrap(),
        account: Account::own(&format!("00{}{index:09}", index % 3 + 1)).unwrap(),
        name: Some(Name::new("Sok Dara").unwrap()),
        employee: EmployeeId::new(&format!("1{index:08}")).unwrap(),
        purpose: Some(Purpose::new("SALA").unwrap()),
        remittance: None,
    }
}

fn measured(what: &str, bytes: usize, mut round: impl FnMut()) {
    let mut seconds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begun = Instant::now();
            round();
            begun.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let a_second = |seconds: f64| f64::from(ITEMS) / seconds;
    let megabytes = bytes as f64 / 1e6;
    println!(
        "{what:<16} best {:9.0} items/s, median {:9.0} ({megabytes:.0} MB)",
        a_second(seconds[0]),
        a_second(seconds[ROUNDS / 2])
    );
}

fn read(found: impl Iterator<Item = Result<Entry, documents::Fault>>) {
    let items = found.filter(|found| matches!(found.as_ref().unwrap(), Entry::Item(_))).count();
    assert_eq!(items, ITEMS as usize);
}

fn main() {
    let items: Vec<Item> = (1..=ITEMS).map(item).collect();
    let sum = items.iter().map(|item| item.amount).collect::<Sum>();
    let message_id = Identifier::new("MEF-2022-12-A").unwrap();
    let created = Moment::new("2022-12-27T16:30:00+07:00").unwrap();
    let header = Header {
        message_id: message_id.clone(),
        created: created.clone(),
        count: ITEMS,
        control_sum: Some(sum),
        initiator_name: None,
        initiator_id: None,
    };
    let block = Block {
        line: 0,
        id: message_id.clone(),
        payer_name: None,
        payer_id: Identifier::new("MEF").unwrap(),
        account: Account::own("001900000116").unwrap(),
        currency: Some(items[0].amount.currency()),
        agent: Agent::member("116001").unwrap(),
        execution_date: BusinessDate::from_civil(2022, 12, 30).unwrap(),
        purpose: None,
        count: Some(ITEMS),
        control_sum: Some(sum),
    };
    let xml = || {
        let mut writer = pain001::Writer::new(Vec::new(), pain001::Edition::V09, &header).unwrap();
        writer.block(&block).unwrap();
        items.iter().for_each(|item| writer.item(item).unwrap());
        writer.finish().unwrap()
    };
    let csv = || {
        let mut writer = payroll_csv::Writer::new(Vec::new(), &header, &block).unwrap();
        items.iter().for_each(|item| writer.item(item).unwrap());
        writer.finish().unwrap()
    };
    let (order, sheet) = (xml(), csv());
    measured("pain.001, read", order.len(), || read(pain001::Reader::new(&order[..])));
    measured("CSV, read", sheet.len(), || read(payroll_csv::Reader::new(&sheet[..])));
    measured("pain.001, written", order.len(), || assert_eq!(xml().len(), order.len()));
    measured("CSV, written", sheet.len(), || assert_eq!(csv().len(), sheet.len()));
    let answer = |out: Box<dyn std::io::Write>| {
        let (count, control_sum) = (Some(ITEMS), Some(sum));
        let original =
            Original { message_id: &message_id, message: "pain.001.001.09", created: Some(&created), count, control_sum };
        let (status, reasons, numbers) = (Status::Settled, &[][..], &[][..]);
        let answer = pain002::Answer { message_id: &message_id, created: &created, original, status, reasons, numbers };
        let mut writer = pain002::Writer::new(out, pain002::Edition::V10, &answer).unwrap();
        writer.batch(&pain002::Batch { id: &message_id, count, control_sum, status, reasons, numbers }).unwrap();
        for item in &items {
            let (end_to_end_id, amount, status) = (&item.end_to_end_id, Some(item.amount), ItemStatus::Settled);
            writer.item(&pain002::Item { instruction_id: None, end_to_end_id, amount, status, reason: None }).unwrap();
        }
        writer.finish().unwrap();
    };
    measured("pain.002, written", 0, || answer(Box::new(sink())));
}
