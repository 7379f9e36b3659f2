//! What is taken and what is refused.

use super::*;

const THREE: [Salary; 3] = [(1, ACLEDA, 100), (2, CANADIA, 200), (3, CANADIA, 300)];

#[test]
fn a_document_is_known_again_by_its_name_and_by_its_bytes() {
    let mut world = World::new();
    assert_eq!(world.submit(header(b'1', &THREE), &THREE), Ok(B1));
    let renamed = BatchHeader { message_key: [9; 16], ..header(b'1', &THREE) };
    let rewritten = BatchHeader { file_key: [9; 16], ..header(b'1', &THREE) };
    for again in [header(b'1', &THREE), renamed, rewritten] {
        let before = world.records().len();
        assert_eq!(world.office(&PayrollOrder::Open(again)), Err(PayrollDisallowed::Seen(B1)));
        assert_eq!(world.records().len(), before, "nothing is remembered of what was refused");
    }
    assert_eq!(world.state().seen(&[b'1'; 16], &[0; 16]), Some(B1));
    world.crash();
    assert_eq!(world.office(&PayrollOrder::Open(header(b'1', &THREE))), Err(PayrollDisallowed::Seen(B1)));
}

#[test]
fn a_half_month_too_old_or_too_far_ahead_is_refused() {
    let mut world = World::new();
    let open = |world: &mut World, name, period| {
        world.office(&PayrollOrder::Open(BatchHeader { period: HalfMonth::parse(period).unwrap(), ..header(name, &THREE) }))
    };
    let oldest = HalfMonth::parse("2022-11/1").unwrap();
    let newest = HalfMonth::parse("2023-01/2").unwrap();
    let (old, far) = (oldest.earlier(1), newest.next());
    assert_eq!(open(&mut world, b'1', "2022-10/2"), Err(PayrollDisallowed::TooOld { period: old, oldest }));
    assert_eq!(open(&mut world, b'1', "2023-02/1"), Err(PayrollDisallowed::TooFarAhead { period: far, newest }));
    assert_eq!(open(&mut world, b'1', "2022-11/1"), Ok(B1));
    assert_eq!(open(&mut world, b'2', "2023-01/2"), Ok(BatchId(2)));
}

#[test]
fn a_batch_that_nobody_can_fund_or_of_nothing_is_refused() {
    let mut world = World::new();
    let sound = header(b'1', &THREE);
    let usd = Currency::from_alpha("USD").unwrap();
    for bad in [
        BatchHeader { funding_bank: BankId(116_099), ..sound },
        BatchHeader { funding_bank: SMART, ..sound },
        BatchHeader { currency: usd, ..sound },
        BatchHeader { funding_account: Text::default(), ..sound },
    ] {
        let (bank, currency) = (bad.funding_bank, bad.currency);
        assert_eq!(world.office(&PayrollOrder::Open(bad)), Err(PayrollDisallowed::NoFunding { bank, currency }));
    }
    for bad in [BatchHeader { count: 0, ..sound }, BatchHeader { total: 0, ..sound }, BatchHeader { count: 10_000_000, ..sound }]
    {
        assert_eq!(world.office(&PayrollOrder::Open(bad)), Err(PayrollDisallowed::Size));
    }
    assert_eq!(world.state().batches().count(), 0);
}

#[test]
fn a_salary_that_is_being_paid_is_refused_with_the_item_that_pays_it_and_the_batch_is_dropped() {
    let mut world = World::new();
    world.submit(header(b'1', &THREE), &THREE).unwrap();
    let second = [(4, ACLEDA, 10), (2, ACLEDA, 20)];
    let refused = PayrollDisallowed::Duplicate {
        item: ItemId { batch: BatchId(2), number: 2 },
        earlier: item(2),
        state: ItemState::Waiting,
    };
    assert_eq!(world.submit(header(b'2', &second), &second), Err(refused));
    assert!(world.state().batch(BatchId(2)).is_none());
    assert!(world.state().payee(&PayeeIdentity([4; 16])).is_none(), "its claims went with it");
    assert_eq!(world.state().payee(&PayeeIdentity([2; 16])).unwrap().id, item(2), "and the first one's stand");
    let same_file = [(5, ACLEDA, 10), (5, CANADIA, 20)];
    assert!(matches!(world.submit(header(b'3', &same_file), &same_file), Err(PayrollDisallowed::Duplicate { .. })));
    let corrected = [(4, ACLEDA, 10)];
    assert_eq!(world.submit(header(b'2', &corrected), &corrected), Ok(BatchId(4)), "a dropped document may come again");
}

#[test]
fn what_is_wrong_with_an_item_or_the_totals_drops_the_batch() {
    for (bad, total_off, is_meant) in [
        ((7, BankId(116_099), 50), 0, (|it| matches!(it, PayrollDisallowed::NoRoute { .. })) as fn(&_) -> bool),
        ((7, SMART, 50), 0, |it| matches!(it, PayrollDisallowed::NoRoute { .. })),
        ((7, ACLEDA, 0), 0, |it| matches!(it, PayrollDisallowed::Nothing(ItemId { number: 2, .. }))),
        ((7, ACLEDA, 50), 1, |it| matches!(it, PayrollDisallowed::Totals { found: 150, total: 151, .. })),
        ((7, ACLEDA, 50), -1, |it| matches!(it, PayrollDisallowed::Totals { found: 150, total: 149, .. })),
    ] {
        let mut world = World::new();
        let salaries = [(1, ACLEDA, 100), bad];
        let sound = header(b'1', &salaries);
        let header = BatchHeader { total: sound.total.checked_add_signed(total_off).unwrap(), ..sound };
        let refused = world.submit(header, &salaries).unwrap_err();
        assert!(is_meant(&refused), "{bad:?}: {refused}");
        assert_eq!(world.state().batches().count(), 0, "{refused}");
        assert!(world.state().payee(&PayeeIdentity([1; 16])).is_none());
    }
}

#[test]
fn too_few_or_too_many_items_are_refused() {
    let mut world = World::new();
    world.office(&PayrollOrder::Open(header(b'1', &THREE))).unwrap();
    let found = PayrollDisallowed::Totals { batch: B1, found_count: 0, found: 0, count: 3, total: 600 };
    assert_eq!(world.office(&PayrollOrder::Complete(B1)), Err(found));
    let many = vec![asked((1, ACLEDA, 1)); 1001];
    let sound = BatchHeader { count: 5000, ..header(b'2', &THREE) };
    let batch = world.office(&PayrollOrder::Open(sound)).unwrap();
    let refused = world.office(&PayrollOrder::Items { batch, items: many });
    assert_eq!(refused, Err(PayrollDisallowed::TooManyAtOnce(1001)));
    assert_eq!(world.batch_state(batch), BatchState::Opening, "that is no mistake of the batch's");
}

#[test]
fn who_submits_does_not_approve_however_the_name_is_written() {
    let mut world = World::new();
    let batch = world.submit(header(b'1', &THREE), &THREE).unwrap();
    for same in ["sovann", " Sovann ", "SOVANN"] {
        assert_eq!(world.payroll(same, &PayrollOrder::Approve(batch)), Err(PayrollDisallowed::SameOperator(batch)));
    }
    assert_eq!(world.payroll(" ", &PayrollOrder::Approve(batch)), Err(PayrollDisallowed::NoOperator));
    assert_eq!(
        world.payroll("dara", &PayrollOrder::Complete(batch)).map_err(|it| it.to_string()),
        Err("batch 1 is submitted: the order complete is not for it now".to_owned())
    );
    assert_eq!(world.payroll("dara", &PayrollOrder::Approve(batch)), Ok(batch));
    assert_eq!(world.state().batch(batch).unwrap().approved_by(), Some("dara"));
    assert_eq!(world.batch_state(batch), BatchState::Funding);
}

#[test]
fn who_opens_a_batch_completes_it_and_a_stop_drops_it() {
    let mut world = World::new();
    world.office(&PayrollOrder::Open(header(b'1', &THREE))).unwrap();
    let theirs = world.payroll("dara", &PayrollOrder::Items { batch: B1, items: vec![asked(THREE[0])] });
    assert_eq!(theirs, Err(PayrollDisallowed::NotTheirs(B1)));
    world.office(&PayrollOrder::Items { batch: B1, items: vec![asked(THREE[0])] }).unwrap();
    world.crash();
    assert_eq!(world.state().batches().count(), 0);
    assert!(world.state().payee(&PayeeIdentity([1; 16])).is_none());
    world.bank_up(ACLEDA);
    assert_eq!(world.submit(header(b'1', &THREE), &THREE), Ok(BatchId(2)), "the same document, under a number of its own");
}

#[test]
fn an_order_that_must_be_explained_needs_a_reason() {
    let mut world = World::new();
    world.submit(header(b'1', &THREE), &THREE).unwrap();
    let now = world.shell.now;
    let refused = world.engine.payroll(now, "dara", " ", &PayrollOrder::Cancel(B1), &mut world.shell);
    assert_eq!(refused, Err(PayrollDisallowed::NoReason));
    assert_eq!(world.office(&PayrollOrder::Cancel(BatchId(7))), Err(PayrollDisallowed::NoSuchBatch(BatchId(7))));
}

#[test]
fn what_lies_too_far_back_is_forgotten_but_for_its_totals_and_its_name() {
    let mut world = World::new();
    let batch = world.funded(&[(1, CANADIA, 100)]);
    let sent = world.leg_at(CANADIA);
    world.bank_says(CANADIA, &sent, APPROVED);
    assert_eq!(world.batch_state(batch), BatchState::Done);
    world.wait(seconds(40 * 24 * 3600));
    assert!(world.state().payee(&PayeeIdentity([1; 16])).is_some(), "15 January is three half-months later");
    world.wait(seconds(10 * 24 * 3600));
    assert!(world.state().batch(batch).unwrap().is_forgotten());
    assert!(world.state().payee(&PayeeIdentity([1; 16])).is_none());
    assert_eq!(world.tallies(batch), [100, 0, 0, 0, 0]);
    assert_eq!(world.office(&PayrollOrder::Open(header(b'1', &THREE))), Err(PayrollDisallowed::Seen(batch)));
    let gone = PayrollOrder::Recall { item: item(1), amount: 1, why: *b"MD07" };
    assert_eq!(world.office(&gone), Err(PayrollDisallowed::NoSuchItem(item(1))));
}
