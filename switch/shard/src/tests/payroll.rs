//! Orders about payrolls, and what leaves because of them.

use engine::{BatchHeader, BatchId, PayeeIdentity, PayrollDisallowed, PayrollItem, PayrollOrder};
use model::{BusinessDate, HalfMonth, Text};

use super::*;
use crate::PayrollRefused;

impl World {
    fn order(&mut self, operator: &str, order: &PayrollOrder) -> Result<BatchId, PayrollRefused> {
        self.shard.payroll(self.now, operator, "for a test", order)
    }

    /// A batch of so many salaries at the one bank, submitted and approved; its funding waits for its block.
    fn approved(&mut self, count: u8) -> BatchId {
        let pays_on = BusinessDate::from_civil(2022, 12, 28).unwrap();
        let header = BatchHeader {
            payer: Text::new(b"MEF").unwrap(),
            message: Text::new(b"MEF-1").unwrap(),
            message_key: [1; 16],
            file_key: [2; 16],
            period: HalfMonth::of(pays_on),
            pays_on,
            currency: Currency::from_alpha("KHR").unwrap(),
            count: count.into(),
            total: u64::from(count) * 100,
            acquirer: InstitutionId::new(116_900).unwrap(),
            funding_bank: ACLEDA,
            funding_account: Text::new(b"001900000116").unwrap(),
        };
        let item = |who: u8| {
            let account = Text::new(format!("{who:012}").as_bytes()).unwrap();
            PayrollItem { identity: PayeeIdentity([who; 16]), bank: ACLEDA, account, amount: 100 }
        };
        let batch = self.order("sovann", &PayrollOrder::Open(header)).unwrap();
        self.order("sovann", &PayrollOrder::Items { batch, items: (1..=count).map(item).collect() }).unwrap();
        self.order("sovann", &PayrollOrder::Complete(batch)).unwrap();
        self.order("dara", &PayrollOrder::Approve(batch)).unwrap()
    }
}

#[test]
fn a_payrolls_messages_wait_for_their_block_like_all_others() {
    let mut world = World::new();
    let batch = world.approved(2);
    assert_eq!(world.left(world.bank), []);
    world.write();
    let [funding] = world.left(world.bank)[..] else { panic!("the funding") };
    world.answer(&funding, ResponseCode::APPROVED);
    assert_eq!(world.left(world.bank), []);
    world.write();
    let sent = world.left(world.bank);
    assert_eq!(sent.iter().map(|it| it.amount).collect::<Vec<_>>(), [Some(100), Some(100)]);
    assert_eq!((sent[0].rrn, sent[1].rrn), (Rrn::new(b"000010000001"), Rrn::new(b"000010000002")));
    sent.iter().for_each(|it| world.answer(it, ResponseCode::APPROVED));
    world.write();
    assert_eq!(world.shard.state().batch_state(batch), Some(engine::BatchState::Done));
    assert!(world.shard.is_drained());
}

#[test]
fn while_the_journal_stands_still_or_the_switch_stops_no_order_is_taken() {
    let mut world = World::new();
    let batch = world.approved(1);
    let again = PayrollOrder::Approve(batch);
    assert!(matches!(world.order("dara", &again), Err(PayrollRefused::Disallowed(PayrollDisallowed::NotNow { .. }))));
    world.shard.set_stalled(true);
    assert_eq!(world.order("dara", &again), Err(PayrollRefused::NotNow));
    world.shard.set_stalled(false);
    world.write();
    let [funding] = world.left(world.bank)[..] else { panic!("the funding") };
    world.shard.drain();
    assert_eq!(world.order("dara", &again), Err(PayrollRefused::NotNow));
    world.answer(&funding, ResponseCode::APPROVED);
    world.write();
    assert_eq!(world.left(world.bank), [], "a switch that stops sends no item more");
    assert!(world.shard.is_drained());
}
