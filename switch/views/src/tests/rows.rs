//! What a row says of each thing that can happen.

use super::*;
use crate::TransactionState as State;

#[test]
fn an_approved_withdrawal_has_every_field_that_people_ask_for() {
    let mut world = World::new();
    world.answered(Kind::Withdrawal, 5_000_000, APPROVED);
    let row = world.row(1);
    let expected = TransactionRow {
        id: 1,
        rrn: "000000000001".into(),
        stan: "000001".into(),
        mti: "0200".into(),
        kind: "withdrawal".into(),
        bank: Some(116_001),
        acquirer: 116_900,
        terminal: "ATM00001".into(),
        card_masked: Some("911601******0019".into()),
        card_token: row.card_token.clone(),
        account_masked: None,
        amount: 5_000_000,
        currency: "KHR".into(),
        business_date: "2022-12-28".into(),
        accepted_at: "2022-12-28T05:00:00.000000Z".into(),
        answered_at: Some("2022-12-28T05:00:00.040000Z".into()),
        code: Some("00".into()),
        authorization: Some("A00001".into()),
        approved: None,
        state: State::Approved,
        stands: None,
        original: None,
        took_us: Some(40_000),
        blocks: vec![4, 5],
    };
    assert_eq!(row, expected);
}

#[test]
fn a_card_has_one_token_that_depends_on_the_key() {
    let mut world = World::new();
    world.answered(Kind::Withdrawal, 1, APPROVED);
    world.answered(Kind::Purchase, 2, APPROVED);
    let tokens = [1, 2].map(|id| world.row(id).card_token.unwrap());
    assert_eq!(tokens[0], tokens[1]);
    // HMAC-SHA256 of the sixteen digits under 32 bytes of 7, as any other implementation gives it; its first half.
    assert_eq!(tokens[0], "5d66a43dc96b2ce1364c311a70568257");
    let other = House::empty();
    Views::open(&other.path("views.db"), [8; 32]).unwrap().fold(world.numbered()).unwrap();
    assert_ne!(other.queries().by_id(1).unwrap().unwrap().card_token.unwrap(), tokens[0]);
}

#[test]
fn a_row_follows_its_transaction_to_its_end() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    assert_eq!((world.row(1).state, world.row(1).code, world.row(1).took_us), (State::Open, None, None));
    world.wait(ms(25_000));
    let row = world.row(1);
    assert_eq!((row.state, row.code.as_deref(), row.took_us), (State::ReversalPending, Some("91"), Some(25_000_000)));
    assert_eq!(row.stands, Some(0));
    let advice = world.at_bank();
    world.bank_says(&advice, ResponseCode::ORIGINAL_NOT_FOUND, ms(1));
    assert_eq!(world.row(1).state, State::Reversed);
}

#[test]
fn a_decline_and_a_refusal_are_declined_and_only_one_names_a_bank() {
    let mut world = World::new();
    world.answered(Kind::Withdrawal, 100, ResponseCode::NOT_SUFFICIENT_FUNDS);
    world.bank(BankEvent::Down);
    let refused = world.ask(Kind::Withdrawal, 100);
    world.send(&refused);
    let (declined, refused) = (world.row(1), world.row(2));
    assert_eq!((declined.state, declined.code.as_deref(), declined.bank), (State::Declined, Some("51"), Some(116_001)));
    assert_eq!((refused.state, refused.code.as_deref(), refused.bank), (State::Declined, Some("91"), None));
    assert_eq!(refused.took_us, Some(0));
}

#[test]
fn a_request_that_never_left_is_declined() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    let about = world.shell.sent.back().unwrap().2;
    world.input(Input::Undelivered(about));
    assert_eq!((world.row(1).state, world.row(1).code.as_deref()), (State::Declined, Some("91")));
}

#[test]
fn a_repeat_joins_and_makes_no_second_row() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    world.send(&request);
    let house = world.house();
    let rows = house.queries().by_rrn(" 000000000001 ").unwrap();
    assert_eq!((rows.len(), rows[0].blocks.as_slice()), (1, &[4, 5][..]));
}

#[test]
fn a_salary_is_in_progress_and_then_what_its_bank_says() {
    let mut world = World::new();
    let salary = world.salary(100);
    world.send(&salary);
    world.wait(ms(25_000));
    let repeat = world.at_bank();
    let row = world.row(1);
    assert_eq!(
        (row.state, row.code.as_deref(), row.account_masked.as_deref()),
        (State::InProgress, Some("09"), Some("********0001"))
    );
    assert_eq!((row.card_masked, row.card_token), (None, None));
    world.bank_says(&repeat, APPROVED, ms(500));
    let row = world.row(1);
    assert_eq!((row.state, row.code.as_deref(), row.took_us), (State::Approved, Some("00"), Some(25_000_000)));
}

#[test]
fn a_salary_that_is_to_be_undone_waits_for_its_outcome() {
    for (code, state) in [(APPROVED, State::ReversalPending), (ResponseCode::NO_SUCH_ACCOUNT, State::Declined)] {
        let mut world = World::new();
        let salary = world.salary(100);
        world.send(&salary);
        world.wait(ms(25_000));
        let repeat = world.at_bank();
        let reversal = world.reversal(&salary, 0);
        world.send(&reversal);
        assert_eq!(world.row(1).state, State::ReversalPending);
        world.bank_says(&repeat, code, ms(1));
        assert_eq!(world.row(1).state, state);
    }
}

#[test]
fn an_acquirers_reversal_has_a_row_and_changes_its_originals() {
    for (stands, state) in [(0, State::Reversed), (2_000_000, State::PartiallyReversed)] {
        let mut world = World::new();
        let purchase = world.answered(Kind::Purchase, 5_000_000, APPROVED);
        let reversal = world.reversal(&purchase, stands);
        world.send(&reversal);
        let advice = world.at_bank();
        assert_eq!(world.row(1).state, State::ReversalPending);
        world.bank_says(&advice, APPROVED, ms(30));
        let house = world.house();
        let [original, reversal] = house.queries().by_rrn("000000000001").unwrap().try_into().unwrap();
        assert_eq!((original.state, original.stands, original.code.as_deref()), (state, Some(stands), Some("00")));
        assert_eq!((reversal.kind.as_str(), reversal.mti.as_str(), reversal.original), ("reversal", "0420", Some(1)));
        assert_eq!((reversal.state, reversal.stands, reversal.bank), (State::Approved, Some(stands), None));
        assert!(original.blocks.contains(&reversal.blocks[0]), "a story of the original includes its reversal");
    }
}

#[test]
fn a_reversal_of_something_unknown_names_no_original() {
    let mut world = World::new();
    let never_came = world.ask(Kind::Withdrawal, 400);
    let advice = world.reversal(&never_came, 0);
    world.send(&advice);
    let request = Message { mti: Mti::REVERSAL_REQUEST, ..world.reversal(&never_came, 0) };
    world.send(&request);
    let (advice, request) = (world.row(1), world.row(2));
    assert_eq!((advice.state, advice.original, advice.code.as_deref()), (State::Approved, None, Some("00")));
    assert_eq!((request.state, request.original, request.code.as_deref()), (State::Declined, None, Some("25")));
}

#[test]
fn after_a_crash_each_kinds_rule_is_seen() {
    let mut world = World::new();
    let requests = [world.ask(Kind::Withdrawal, 1), world.salary(2), world.ask(Kind::Balance, 0)];
    requests.iter().for_each(|request| world.send(request));
    world.crash();
    let states = [1, 2, 3].map(|id| world.row(id).state);
    assert_eq!(states, [State::ReversalPending, State::InProgress, State::Unanswered]);
}

#[test]
fn what_an_operator_must_look_at_is_dead() {
    let mut world = World::new();
    world.timed_out(300, ResponseCode::FORMAT_ERROR);
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    world.wait(hours(3));
    assert_eq!([1, 2].map(|id| world.row(id).state), [State::Dead; 2]);
}

#[test]
fn readers_see_the_newest_first_and_how_many_are_in_each_state() {
    let world = eventful_world();
    let house = world.house();
    let queries = house.queries();
    let ids: Vec<u64> = queries.recent(3).unwrap().iter().map(|row| row.id).collect();
    assert_eq!(ids, [19, 18, 17]);
    let counts = queries.count_by_state().unwrap();
    assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 19);
    let expected = [
        (State::Approved, 8),
        (State::Declined, 3),
        (State::Unanswered, 1),
        (State::ReversalPending, 1),
        (State::Reversed, 3),
        (State::PartiallyReversed, 1),
        (State::Dead, 2),
    ];
    assert_eq!(counts, expected);
    assert_eq!(queries.folded().unwrap(), world.blocks.len() as u64);
    for state in State::ALL {
        assert_eq!(State::from_name(state.name()), Some(state));
    }
}
