//! A payroll's items are transactions like others, and its own records are told without a person in them.

use engine::{BatchHeader, BatchId, Block, DropReason, ItemId, ItemOutcome, PayeeIdentity, PayrollItem, PayrollOrder, Purpose};
use model::{BusinessDate, HalfMonth};

use super::*;
use crate::TransactionState;

const ITEM: Purpose = Purpose::Item(ItemId { batch: BatchId(1), number: 1 });
const PAYEE: &[u8] = b"100000000777";

impl World {
    fn order(&mut self, operator: &str, order: &PayrollOrder) {
        self.engine.payroll(self.shell.now, operator, "the second half of December", order, &mut self.shell).unwrap();
        // Whatever it has kept becomes a block with the next input.
        self.input(Input::Tick);
    }

    /// A batch of one salary, funded; the salary's request at the bank, and what it is about.
    fn paying(&mut self) -> (Message<'static>, About) {
        let pays_on = BusinessDate::from_civil(2022, 12, 28).unwrap();
        let header = BatchHeader {
            payer: Text::new(b"MEF").unwrap(),
            message: Text::new(b"MEF-1").unwrap(),
            message_key: [1; 16],
            file_key: [2; 16],
            period: HalfMonth::of(pays_on),
            pays_on,
            currency: Currency::from_alpha("KHR").unwrap(),
            count: 1,
            total: 900,
            acquirer: InstitutionId::new(116_900).unwrap(),
            funding_bank: ACLEDA,
            funding_account: Text::new(b"001900000116").unwrap(),
        };
        let account = Text::new(PAYEE).unwrap();
        let item = PayrollItem { identity: PayeeIdentity([7; 16]), bank: ACLEDA, account, amount: 900 };
        self.order("sovann", &PayrollOrder::Open(header));
        self.order("sovann", &PayrollOrder::Items { batch: BatchId(1), items: vec![item] });
        self.order("sovann", &PayrollOrder::Complete(BatchId(1)));
        self.order("dara", &PayrollOrder::Approve(BatchId(1)));
        let funding = self.at_bank();
        self.bank_says(&funding, APPROVED, ms(5));
        let about = self.shell.sent.back().unwrap().2;
        (self.at_bank(), about)
    }
}

#[test]
fn an_item_of_a_payroll_has_a_row_and_a_story_like_any_transaction() {
    let mut world = World::new();
    let (sent, _) = world.paying();
    world.bank_says(&sent, APPROVED, ms(40));
    let row = world.row(ITEM.transaction().0);
    assert_eq!((row.kind.as_str(), row.rrn.as_str(), row.acquirer, row.amount), ("salary", "000010000001", 116_900, 900));
    assert_eq!((row.state, row.terminal.as_str(), row.bank), (TransactionState::Approved, "PAYROLL", Some(116_001)));
    assert_eq!(row.account_masked.as_deref(), Some("********0777"));
    let recall = PayrollOrder::Recall { item: ItemId { batch: BatchId(1), number: 1 }, amount: 900, why: *b"MD07" };
    world.order("dara", &recall);
    let recall = world.at_bank();
    world.bank_says(&recall, APPROVED, ms(5));
    let house = world.house();
    house.write_journal(&world.blocks);
    let story: Vec<String> = house.stories("000010000001").remove(0).events.into_iter().map(|event| event.what).collect();
    for told in [
        "its batch is told 00 approved, authorization A00001",
        "its batch counts it as paid",
        "operator dara has 9.00 KHR asked back (MD07): the second half of December",
        "9.00 KHR of it came back",
    ] {
        assert!(story.iter().any(|it| it == told), "{told} in {story:#?}");
    }
    assert!(!story.iter().any(|it| it.contains("terminal told")), "{story:#?}");
}

#[test]
fn an_item_that_begins_anew_goes_on_in_its_row_whoever_folds() {
    let mut world = World::new();
    let (_, about) = world.paying();
    world.input(Input::Undelivered(about));
    assert_eq!(world.row(ITEM.transaction().0).state, TransactionState::Open);
    world.wait(ms(1_000));
    let sent = world.at_bank();
    let at_once = world.house();
    world.bank_says(&sent, APPROVED, ms(40));
    let row = world.row(ITEM.transaction().0);
    assert_eq!((row.state, row.code.as_deref()), (TransactionState::Approved, Some("00")));
    // A reader that folds block by block, each time started anew, comes to the same end.
    let anew = House::empty();
    for (number, block) in world.numbered() {
        anew.views().fold(std::iter::once((number, block))).unwrap();
    }
    let it = anew.queries().by_id(ITEM.transaction().0).unwrap().unwrap();
    assert_eq!((it.state, it.code, it.rrn), (row.state, row.code, row.rrn));
    drop(at_once);
    let house = world.house();
    house.write_journal(&world.blocks);
    let story = house.stories("000010000001").remove(0);
    let told: Vec<_> = story.events.iter().map(|event| event.record).collect();
    assert_eq!(told.iter().filter(|it| **it == "Accepted").count(), 2, "{told:?}");
    assert!(told.contains(&"ItemPutBack"), "{told:?}");
}

#[test]
fn an_export_shows_no_account_and_nobody() {
    let mut world = World::new();
    let (sent, _) = world.paying();
    world.bank_says(&sent, ResponseCode::DO_NOT_HONOUR, ms(40));
    let mut lines = Vec::new();
    for (number, block) in world.numbered().filter(|(_, block)| !block.is_empty()) {
        lines.extend(Block::read(block).unwrap().entries().map(|entry| crate::export::json_line(number, &entry.unwrap())));
    }
    let all = lines.join("\n");
    assert!(!all.contains("100000000777") && !all.contains("001900000116") && !all.contains("7,7,7"), "{all}");
    for shown in
        ["\"record\":\"ItemTaken\",\"item\":\"1/1\"", "\"outcome\":\"rejected\",\"code\":\"05\"", "\"submitted\":\"sovann\""]
    {
        assert!(all.contains(shown), "{shown} in {all}");
    }
    let item = ItemId { batch: BatchId(1), number: 2 };
    for record in [
        Record::BatchDropped { batch: BatchId(2), why: DropReason::Duplicate },
        Record::ItemEnded { item, outcome: ItemOutcome::Paid { short: 3 } },
    ] {
        let line = crate::export::json_line(1, &engine::Entry { at: NOON, record });
        assert!(line.contains("duplicate") || line.contains("\"short\":3"), "{line}");
    }
}
