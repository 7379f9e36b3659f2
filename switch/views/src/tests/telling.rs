//! What `why` tells.

use super::*;

fn only(stories: Vec<Story>) -> String {
    let [story] = stories.try_into().unwrap();
    story.text()
}

/// Whether the story tells these things in this order, wherever its lines break.
fn tells(story: &str, things: &[&str]) {
    let words = story.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut from = 0;
    for thing in things {
        let found = words.get(from..).and_then(|rest| rest.find(thing));
        from += found.unwrap_or_else(|| panic!("{thing:?} is not told, or too early, in\n{story}")) + thing.len();
    }
}

#[test]
fn a_timed_out_withdrawal_tells_its_whole_story() {
    let mut world = World::new();
    world.timed_out(5_000_000, APPROVED);
    let expected = "\
Withdrawal of 50000.00 KHR, card 911601******0019: REVERSED
RRN 000000000001, transaction 1, business date 2022-12-28
acquirer 116900, terminal ATM00001, 0200 under DE11 000001, bank 116001
answer 91 issuer or switch unavailable, first answer after 25000.000 ms

  2022-12-28 UTC             ms
  05:00:00.000000      +0.000   accepted from acquirer 116900, terminal ATM00001, DE11 000001
  05:00:00.000000      +0.000   sent to bank 116001 under DE11 000001; answer awaited until
                                05:00:25.000, or it is reversed
  05:00:25.000000  +25000.000   timer fired: bank 116001 did not answer in time, the outcome is
                                unknown
  05:00:25.000000  +25000.000   terminal told 91 issuer or switch unavailable
  05:00:25.000000  +25000.000   reversal started because its outcome stayed unknown: nothing is to
                                stand; an advice under DE11 000002 is owed to bank 116001
  05:00:25.000000  +25000.000   advice under DE11 000002 sent to bank 116001, attempt 1; next try
                                05:00:26.000
  05:00:26.000000  +26000.000   advice under DE11 000002 sent to bank 116001, attempt 2; next try
                                05:00:28.000
  05:00:26.512000  +26512.000   bank 116001 confirmed the reversal: 00 approved
";
    assert_eq!(only(world.stories(1)), expected);
}

#[test]
fn an_approval_and_a_decline_say_what_the_bank_said() {
    let mut world = World::new();
    world.answered(Kind::Withdrawal, 5_000_000, APPROVED);
    world.answered(Kind::Purchase, 700, ResponseCode::NOT_SUFFICIENT_FUNDS);
    let approved = ["Withdrawal of 50000.00 KHR", ": APPROVED", "+40.000 bank 116001 answered 00 approved, authorization A00001"];
    tells(&only(world.stories(1)), &[&approved[..], &["terminal told 00 approved, authorization A00001"]].concat());
    let declined =
        ["Purchase of 7.00 KHR", ": DECLINED", "answered 51 not sufficient funds", "terminal told 51 not sufficient funds"];
    tells(&only(world.stories(2)), &declined);
}

#[test]
fn a_refusal_says_that_no_bank_was_asked_and_a_repeat_that_it_joined() {
    let mut world = World::new();
    let twice = world.ask(Kind::Withdrawal, 100);
    world.send(&twice);
    world.send(&twice);
    tells(&only(world.stories(1)), &["not answered yet", "sent to bank", "the same request came again", "joined this one"]);
    world.bank(BankEvent::Down);
    let refused = world.ask(Kind::Withdrawal, 100);
    world.send(&refused);
    tells(&only(world.stories(2)), &["no bank asked", "the switch itself answered 91 issuer or switch unavailable"]);
}

#[test]
fn a_salary_in_progress_is_asked_again_and_its_outcome_kept_for_a_repeat() {
    let mut world = World::new();
    let salary = world.salary(8_000);
    world.send(&salary);
    world.wait(ms(25_000));
    let repeat = world.at_bank();
    world.bank_says(&repeat, APPROVED, ms(5));
    let story = [
        "Salary of 80.00 KHR, account ********0001: APPROVED",
        "or it is asked again",
        "timer fired",
        "terminal told 09 request in progress",
        "the same request, under the same DE11 000001, is owed to bank 116001 until it answers",
        "request sent to bank 116001, attempt 1",
        "bank 116001 answered 00 approved",
        "from now on a repeat is told 00 approved",
    ];
    tells(&only(world.stories(1)), &story);
}

#[test]
fn a_purchase_tells_of_its_reversal_which_has_a_story_of_its_own() {
    for (stands, words, state) in
        [(0, "nothing is to stand", "REVERSED"), (2_000_000, "20000.00 KHR is to stand", "PARTIALLY REVERSED")]
    {
        let mut world = World::new();
        let purchase = world.answered(Kind::Purchase, 5_000_000, APPROVED);
        let reversal = world.reversal(&purchase, stands);
        world.send(&reversal);
        let advice = world.at_bank();
        world.bank_says(&advice, APPROVED, ms(30));
        let [purchase, reversal] = world.stories(1).try_into().unwrap();
        let asked =
            format!("acquirer 116900 asked to reverse it (transaction 2, 0420 under DE11 000002): {words}; told 00 approved");
        let whole = [
            &format!(": {state}"),
            "terminal told 00",
            &asked,
            "because the acquirer asked for it",
            "confirmed the reversal: 00",
        ];
        tells(&purchase.text(), &whole);
        assert_eq!((reversal.transaction.original, reversal.original.as_ref()), (Some(1), Some(&purchase.transaction)));
        tells(
            &reversal.text(),
            &["Reversal of 50000.00 KHR", "undoes transaction 1, purchase", "it undoes transaction 1", words],
        );
        assert!(!reversal.text().contains("advice"), "what follows is told once, with the original");
    }
}

#[test]
fn a_reversal_under_another_reference_that_finds_nothing_to_undo_is_told_with_its_original_all_the_same() {
    let mut world = World::new();
    let declined = world.answered(Kind::Purchase, 700, ResponseCode::NOT_SUFFICIENT_FUNDS);
    let reversal = Message { rrn: Rrn::new(b"000000000777"), ..world.reversal(&declined, 0) };
    world.send(&reversal);
    tells(&only(world.stories(1)), &["DECLINED", "terminal told 51", "acquirer 116900 asked to reverse it (transaction 2"]);
    tells(&only(world.stories(777)), &["Reversal of 7.00 KHR", "undoes transaction 1, purchase of 7.00 KHR, RRN 000000000001"]);
}

#[test]
fn a_reversal_of_something_unknown_says_what_happens_if_it_comes() {
    let mut world = World::new();
    let never_came = world.ask(Kind::Withdrawal, 400);
    let reversal = world.reversal(&never_came, 0);
    world.send(&reversal);
    let story = ["Reversal of 4.00 KHR", "its original (DE11 000001, DE7 1228050000) is not known here", "refused if it comes"];
    tells(&only(world.stories(1)), &story);
}

#[test]
fn a_record_that_came_after_a_crash_says_so() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 500);
    world.send(&request);
    world.crash();
    let story = [
        "sent to bank 116001",
        "the switch had stopped, and started again now",
        "answer decided while nobody was connected, for a repeat to be told: 91",
        "reversal started because its outcome stayed unknown",
    ];
    tells(&only(world.stories(1)), &story);
}

#[test]
fn a_salary_undone_while_in_progress_waits_and_is_then_reversed() {
    let stories = eventful_house().stories("000000000007");
    let story = [
        "REVERSED",
        "asked to reverse it",
        "reversal noted: nothing is to stand, but bank 116001 must first say what became of it",
        "answered 00",
        "reversal started because the acquirer asked for it",
    ];
    tells(&stories[0].text(), &story);
    assert_eq!(stories.len(), 2);
}

#[test]
fn a_late_answer_an_undelivered_one_and_one_that_the_bank_never_saw_are_told() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    let leg = world.at_bank();
    world.wait(ms(25_000));
    let advice = world.at_bank();
    world.bank_says(&leg, APPROVED, ms(0));
    world.bank_says(&advice, ResponseCode::ORIGINAL_NOT_FOUND, ms(0));
    let story = [
        "bank 116001 answered 00 approved under DE11 000001, which nobody waits for: it changes nothing",
        "bank 116001 answered 25 original not found: it never saw the request",
    ];
    tells(&only(world.stories(1)), &story);
    world.answered(Kind::Withdrawal, 900, APPROVED);
    let about = world.shell.sent.back().unwrap().2;
    world.input(Input::Undelivered(about));
    tells(&only(world.stories(2)), &["the answer did not leave", "because the approval could not be delivered"]);
}

#[test]
fn a_dead_letter_calls_for_an_operator_and_a_long_run_of_attempts_is_shortened() {
    let mut world = World::new();
    world.timed_out(300, ResponseCode::FORMAT_ERROR);
    tells(&only(world.stories(1)), &["DEAD", "refused the reversal with 30 format error; an operator must look"]);
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    world.wait(hours(3));
    let [story] = world.stories(2).try_into().unwrap();
    tells(&story.text(), &["attempt 1;", "more attempts)", "did not answer the reversal for too long; an operator must look"]);
    assert!(story.text().lines().count() < 30 && story.events.len() > 100, "all are there for tools");
}

#[test]
fn a_story_fits_a_hundred_columns_and_its_times_stand_in_one_column() {
    let house = eventful_house();
    for row in house.queries().recent(usize::MAX).unwrap() {
        for story in house.stories(&row.rrn) {
            for line in story.text().lines() {
                assert!(line.chars().count() <= 100 && line.trim_end() == line, "{line:?}");
            }
            let places: Vec<_> =
                story.text().lines().filter(|it| it.starts_with("  0")).map(|it| it.find(".").unwrap()).collect();
            assert!(places.iter().all(|place| *place == 10));
        }
    }
}

#[test]
fn a_story_is_json_for_tools() {
    let mut world = World::new();
    world.answered(Kind::Withdrawal, 5_000_000, APPROVED);
    let story = serde_json::to_value(&world.stories(1)[0]).unwrap();
    assert_eq!(story["transaction"]["state"], "approved");
    let event = &story["events"][2];
    assert_eq!((&event["record"], &event["after_us"], &event["leg"]), (&"LegAnswered".into(), &40_000.into(), &0.into()));
    assert_eq!((&event["at"], &event["block"]), (&"2022-12-28T05:00:00.040000Z".into(), &5.into()));
}

#[test]
fn what_nobody_knows_has_no_story_and_views_of_another_journal_are_found_out() {
    let mut world = World::new();
    world.answered(Kind::Withdrawal, 1, APPROVED);
    assert_eq!(world.stories(2), []);
    let house = world.house();
    house.write_journal(&world.blocks[..4]);
    let reader = Reader::open(house.path("journal.db"), "test", &house.master).unwrap();
    let found = stories(&house.queries(), &reader, "000000000001");
    assert!(matches!(found, Err(crate::Error::NotInJournal { number: 5 })), "{found:?}");
}

fn eventful_house() -> House {
    let world = eventful_world();
    let house = world.house();
    house.write_journal(&world.blocks);
    house
}
