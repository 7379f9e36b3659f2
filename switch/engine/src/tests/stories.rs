use super::*;

const APPROVED: ResponseCode = ResponseCode::APPROVED;
const DUPLICATE: ResponseCode = ResponseCode::DUPLICATE;
const UNAVAILABLE: ResponseCode = ResponseCode::BANK_UNAVAILABLE;

#[test]
fn a_withdrawal_crosses_the_switch_under_the_switchs_own_number_and_keeps_its_reference() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 5_000_000);
    world.send(&request);

    let [leg] = world.at_bank(ACLEDA)[..] else { panic!("one leg") };
    assert_eq!((leg.rrn, leg.amount, leg.pan), (request.rrn, request.amount, request.pan));
    assert_eq!(leg.forwarder, InstitutionId::new(116_000));
    assert_eq!(leg.business_date.unwrap().to_string(), "1228");
    world.bank_says(ACLEDA, &leg, APPROVED);

    let [(answer, _)] = world.taken(Peer::Link(ATM))[..] else { panic!("one answer") };
    assert_eq!((answer.mti, answer.code, answer.stan), (Mti::FINANCIAL_RESPONSE, Some(APPROVED), request.stan));
    assert_eq!(answer.authorization.unwrap().as_bytes(), b"A00001");
    assert_eq!(world.state().in_flight(ACLEDA), 0);
}

#[test]
fn a_repeat_gets_the_stored_answer_and_nothing_happens_twice() {
    let mut world = World::new();
    let request = world.approved(Kind::Withdrawal);
    world.send_on(LinkId(8), &Message { mti: Mti::FINANCIAL_REPEAT, ..request });
    assert_eq!(world.told_on(LinkId(8)), [APPROVED]);
    assert_eq!(world.at_bank(ACLEDA), []);
}

#[test]
fn a_decline_is_stored_too() {
    let mut world = World::new();
    let request = world.ask(Kind::Purchase, 100);
    world.send(&request);
    let leg = world.at_bank(ACLEDA).pop().unwrap();
    world.bank_says(ACLEDA, &leg, ResponseCode::NOT_SUFFICIENT_FUNDS);
    world.send(&request);
    assert_eq!(world.told(), [ResponseCode::NOT_SUFFICIENT_FUNDS; 2]);
}

#[test]
fn a_repeat_joins_the_first_while_it_is_open_and_the_newest_connection_is_told() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    let leg = world.at_bank(ACLEDA).pop().unwrap();
    world.send_on(LinkId(8), &Message { mti: Mti::FINANCIAL_REPEAT, ..request });
    assert_eq!(world.at_bank(ACLEDA), []);
    world.bank_says(ACLEDA, &leg, APPROVED);
    assert_eq!((world.told(), world.told_on(LinkId(8))), (vec![], vec![APPROVED]));
}

#[test]
fn the_same_number_for_something_else_is_a_duplicate_and_the_first_stays() {
    let mut world = World::new();
    let request = world.approved(Kind::Withdrawal);
    world.send(&Message { amount: Some(1), ..request });
    world.send(&request);
    assert_eq!(world.told(), [DUPLICATE, APPROVED]);
}

#[test]
fn the_same_number_at_another_time_is_a_new_request() {
    let mut world = World::new();
    let request = world.approved(Kind::Withdrawal);
    world.send(&at_local(&request, 1));
    assert_eq!(world.at_bank(ACLEDA).len(), 1);
}

#[test]
fn an_inquiry_is_asked_again_but_never_with_the_same_pin_block() {
    let mut world = World::new();
    let request = world.ask(Kind::Balance, 0);
    world.send(&request);
    let leg = world.at_bank(ACLEDA).pop().unwrap();
    world.bank_says(ACLEDA, &leg, APPROVED);
    let block = [1u8; 8];
    world.send(&Message { pin_block: Some(model::Sensitive::raw(&block)), ..request });
    assert_eq!(world.told(), [APPROVED, DUPLICATE]);
    world.send(&request);
    assert_eq!(world.at_bank(ACLEDA).len(), 1);
}

#[test]
fn a_silent_bank_is_answered_for_with_91_and_the_reversal_is_repeated_until_it_is_answered() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    let leg = world.at_bank(ACLEDA).pop().unwrap();
    world.wait(seconds(24));
    assert_eq!(world.told(), []);
    world.wait(seconds(1));
    assert_eq!(world.told(), [UNAVAILABLE]);

    let [advice] = world.at_bank(ACLEDA)[..] else { panic!("one advice") };
    let original = advice.original.unwrap();
    assert_eq!((advice.mti, original.mti), (Mti::REVERSAL_ADVICE, Mti::FINANCIAL_REQUEST));
    assert_eq!((Some(original.stan), original.transmitted), (leg.stan, leg.transmitted));
    assert_ne!(advice.stan, leg.stan);

    world.wait(seconds(70));
    let repeats = world.at_bank(ACLEDA);
    assert_eq!(repeats.len(), 6, "after 1, 2, 4, 8, 16 and 32 seconds");
    assert!(repeats.iter().all(|it| it.mti == Mti::REVERSAL_ADVICE_REPEAT && it.stan == advice.stan));
    world.bank_says(ACLEDA, &advice, ResponseCode::ORIGINAL_NOT_FOUND);
    world.wait(seconds(300));
    assert_eq!(world.at_bank(ACLEDA), []);
    assert_eq!((world.state().in_flight(ACLEDA), world.state().forward_depth()), (0, 0));
    world.send(&request);
    assert_eq!(world.told(), [UNAVAILABLE], "a repeat is told the same");
}

#[test]
fn an_approval_that_comes_late_is_recorded_and_reversed_once() {
    let mut world = World::new();
    let request = world.ask(Kind::Purchase, 100);
    world.send(&request);
    let leg = world.at_bank(ACLEDA).pop().unwrap();
    world.wait(seconds(10));
    world.bank_says(ACLEDA, &leg, APPROVED);
    assert_eq!(world.told(), [UNAVAILABLE]);
    assert_eq!(world.at_bank(ACLEDA).len(), 1);
    assert_eq!(world.records().iter().filter(|it| *it == "LateReply").count(), 1);
}

#[test]
fn a_reply_must_agree_in_every_part_of_its_name() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    let leg = world.at_bank(ACLEDA).pop().unwrap();
    let other_time = Message { transmitted: TransmissionTime::new(101_000_000), ..leg };
    let other_reference = Message { rrn: Rrn::new(b"999999999999"), ..leg };
    let other_terminal = Message { terminal: TerminalId::new(b"ATM00002"), ..leg };
    let other_acquirer = Message { acquirer: InstitutionId::new(1), ..leg };
    for reply in [other_time, other_reference, other_terminal, other_acquirer] {
        world.bank_says(ACLEDA, &reply, APPROVED);
    }
    world.bank_says(CANADIA, &leg, APPROVED);
    assert_eq!(world.told(), []);
    world.bank_says(ACLEDA, &leg, APPROVED);
    assert_eq!(world.told(), [APPROVED]);
}

#[test]
fn a_reply_that_is_no_sound_message_is_treated_as_none() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    let leg = world.at_bank(ACLEDA).pop().unwrap();
    let reply = Message { mti: Mti::FINANCIAL_RESPONSE, code: None, ..leg };
    world.input(Input::Reply { bank: ACLEDA, message: &reply, sound: false });
    assert_eq!(world.told(), [UNAVAILABLE]);
    assert_eq!(world.at_bank(ACLEDA)[0].mti, Mti::REVERSAL_ADVICE);
}

#[test]
fn a_salary_without_an_answer_is_in_progress_and_asked_again_never_reversed() {
    let mut world = World::new();
    let request = world.salary(100);
    world.send(&request);
    let leg = world.at_bank(ACLEDA).pop().unwrap();
    world.wait(seconds(25));
    assert_eq!(world.told(), [ResponseCode::IN_PROGRESS]);
    let again = world.at_bank(ACLEDA).pop().unwrap();
    assert_eq!((again.mti, again.stan, again.transmitted), (Mti::FINANCIAL_REPEAT, leg.stan, leg.transmitted));
    world.send(&request);
    assert_eq!(world.told(), [ResponseCode::IN_PROGRESS]);
    world.bank_says(ACLEDA, &again, UNAVAILABLE);
    world.bank_says(ACLEDA, &again, APPROVED);
    world.send(&request);
    assert_eq!(world.told(), [APPROVED], "told once, and then the outcome to whoever asks");
    world.wait(seconds(600));
    assert_eq!(world.at_bank(ACLEDA), []);
}

#[test]
fn deposited_cash_is_given_back_only_by_a_terminal_with_escrow() {
    for (escrow, code, mti) in
        [(true, UNAVAILABLE, Mti::REVERSAL_ADVICE), (false, ResponseCode::IN_PROGRESS, Mti::FINANCIAL_REPEAT)]
    {
        let mut world = World::new();
        world.escrow = escrow;
        let request = world.ask(Kind::Deposit, 100);
        world.send(&request);
        world.at_bank(ACLEDA);
        world.wait(seconds(25));
        assert_eq!((world.told(), world.at_bank(ACLEDA)[0].mti), (vec![code], mti));
    }
}

#[test]
fn an_inquiry_without_an_answer_owes_nothing() {
    let mut world = World::new();
    let request = world.ask(Kind::Balance, 0);
    world.send(&request);
    world.at_bank(ACLEDA);
    world.wait(seconds(600));
    assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![UNAVAILABLE], vec![]));
    assert_eq!(world.state().in_flight(ACLEDA), 0);
}

#[test]
fn a_reversal_is_answered_at_once_and_reaches_the_bank() {
    for (mti, whole) in [(Mti::REVERSAL_REQUEST, true), (Mti::REVERSAL_ADVICE, false)] {
        let mut world = World::new();
        let request = world.approved(Kind::Purchase);
        let mut reversal = world.reversal(mti, &request);
        reversal.replacement = (!whole).then_some(2_000_000);
        world.send(&reversal);
        assert_eq!(world.told(), [APPROVED]);
        let advice = world.at_bank(ACLEDA).pop().unwrap();
        assert_eq!((advice.mti, advice.amount, advice.replacement), (Mti::REVERSAL_ADVICE, request.amount, reversal.replacement));

        world.send(&Message { mti: reversal.mti.repeat(), ..reversal });
        assert_eq!(world.told(), [APPROVED], "a second one is answered as the first");
        let second = world.reversal(mti, &request);
        world.send(&second);
        assert_eq!(world.told(), [APPROVED]);
        assert_eq!(world.at_bank(ACLEDA), [], "and undoes nothing twice");
        world.send(&request);
        assert_eq!(world.told(), [DUPLICATE], "a reversed original is never approved again");
        world.bank_says(ACLEDA, &advice, APPROVED);
        assert_eq!(world.state().forward_depth(), 0);
    }
}

#[test]
fn more_cannot_stand_than_there_was() {
    let mut world = World::new();
    let request = world.approved(Kind::Purchase);
    let reversal = Message { replacement: request.amount, ..world.reversal(Mti::REVERSAL_REQUEST, &request) };
    world.send(&reversal);
    assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![ResponseCode::INVALID_AMOUNT], vec![]));
}

#[test]
fn a_reversal_overtakes_the_answer_and_the_approval_is_never_told() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    let leg = world.at_bank(ACLEDA).pop().unwrap();
    let reversal = world.reversal(Mti::REVERSAL_ADVICE, &request);
    world.send(&reversal);
    assert_eq!((world.told(), world.at_bank(ACLEDA).len()), (vec![APPROVED], 1));
    world.bank_says(ACLEDA, &leg, APPROVED);
    assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![], vec![]));
}

#[test]
fn a_reversal_of_a_salary_in_progress_waits_for_its_outcome() {
    let mut world = World::new();
    let request = world.salary(100);
    world.send(&request);
    world.wait(seconds(25));
    world.told();
    let repeat = world.at_bank(ACLEDA).pop().unwrap();
    let reversal = world.reversal(Mti::REVERSAL_ADVICE, &request);
    world.send(&reversal);
    assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![APPROVED], vec![]));
    world.bank_says(ACLEDA, &repeat, APPROVED);
    assert_eq!(world.at_bank(ACLEDA).pop().unwrap().mti, Mti::REVERSAL_ADVICE);
}

#[test]
fn an_original_that_comes_after_its_reversal_is_refused() {
    for (mti, code) in [(Mti::REVERSAL_ADVICE, APPROVED), (Mti::REVERSAL_REQUEST, ResponseCode::ORIGINAL_NOT_FOUND)] {
        let mut world = World::new();
        let request = world.ask(Kind::Withdrawal, 100);
        let reversal = world.reversal(mti, &request);
        world.send(&reversal);
        assert_eq!(world.told(), [code]);
        world.send(&request);
        assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![DUPLICATE], vec![]));
        let later = world.ask(Kind::Withdrawal, 100);
        world.send(&Message { stan: request.stan, transmitted: TransmissionTime::new(1_228_235_959), ..later });
        assert_eq!(world.at_bank(ACLEDA).len(), 1, "the number may be used for another");
    }
}

#[test]
fn an_approval_that_a_repeat_was_told_too_stands_though_the_first_never_left() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    let leg = world.at_bank(ACLEDA).pop().unwrap();
    world.bank_says(ACLEDA, &leg, APPROVED);
    let [(_, about)] = world.taken(Peer::Link(ATM))[..] else { panic!("one answer") };
    world.send_on(LinkId(8), &request);
    assert_eq!(world.told_on(LinkId(8)), [APPROVED], "and paid out");
    world.input(Input::Undelivered(about));
    assert_eq!(world.at_bank(ACLEDA), []);
}

#[test]
fn an_approval_of_which_no_byte_left_is_reversed_and_one_that_may_have_arrived_is_not() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    let leg = world.at_bank(ACLEDA).pop().unwrap();
    world.bank_says(ACLEDA, &leg, APPROVED);
    let [(_, about)] = world.taken(Peer::Link(ATM))[..] else { panic!("one answer") };
    world.input(Input::Undelivered(about));
    assert_eq!(world.at_bank(ACLEDA).pop().unwrap().mti, Mti::REVERSAL_ADVICE);

    // The stored answer, given again, changes nothing if it does not leave: the first may have arrived.
    let request = world.approved(Kind::Withdrawal);
    world.send(&request);
    let [(_, about)] = world.taken(Peer::Link(ATM))[..] else { panic!("one answer") };
    world.input(Input::Undelivered(about));
    assert_eq!(world.at_bank(ACLEDA), []);
}

#[test]
fn a_request_that_never_left_is_declined_and_owes_nothing() {
    let mut world = World::new();
    let request = world.salary(100);
    world.send(&request);
    let [(_, about)] = world.taken(Peer::Bank(ACLEDA))[..] else { panic!("one leg") };
    world.input(Input::Undelivered(about));
    world.wait(seconds(600));
    assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![UNAVAILABLE], vec![]));
}

#[test]
fn a_card_goes_to_the_longest_prefix_and_others_are_refused_with_the_reason() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&Message { pan: card("911601900000001"), ..request });
    assert_eq!(world.at_bank(CANADIA).len(), 1, "{:?}", world.told());
    let cases = [
        (Message { pan: card("411111111111111"), ..request }, ResponseCode::NO_SUCH_ISSUER),
        (Message { pan: Pan::from_digits(b"9116010000000011").ok(), ..request }, ResponseCode::UNKNOWN_CARD),
        (Message { currency: Currency::from_alpha("USD"), ..request }, ResponseCode::NO_ROUTE),
        (Message { amount: Some(0), ..request }, ResponseCode::INVALID_AMOUNT),
        (Message { processing: ProcessingCode::new(550_000), ..request }, ResponseCode::NOT_SUPPORTED),
        (Message { mti: Mti::new(302).unwrap(), ..request }, ResponseCode::NOT_SUPPORTED),
    ];
    for (number, (message, code)) in (100..).zip(cases) {
        world.send(&Message { stan: Stan::new(number), ..message });
        assert_eq!(world.told(), [code]);
    }
}

#[test]
fn a_bank_that_is_away_signed_off_or_full_is_answered_for_at_once() {
    let mut world = World::new();
    world.input(Input::Bank(ACLEDA, BankEvent::Down));
    let first = world.ask(Kind::Withdrawal, 100);
    world.send(&first);
    world.bank_up(ACLEDA);
    world.network(ACLEDA, NetworkCode::SignOff);
    let second = world.ask(Kind::Withdrawal, 100);
    world.send(&second);
    world.network(ACLEDA, NetworkCode::SignOn);
    assert_eq!(world.told(), [UNAVAILABLE; 2]);
    for _ in 0..9 {
        let request = world.ask(Kind::Withdrawal, 100);
        world.send(&request);
    }
    assert_eq!(world.told(), [UNAVAILABLE], "eight may be open");
}

#[test]
fn what_is_owed_waits_for_its_bank_and_goes_out_when_it_is_back() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    world.at_bank(ACLEDA);
    world.input(Input::Bank(ACLEDA, BankEvent::Down));
    world.wait(seconds(3600));
    assert_eq!((world.told(), world.at_bank(ACLEDA)), (vec![UNAVAILABLE], vec![]));
    world.bank_up(ACLEDA);
    let [advice] = world.at_bank(ACLEDA)[..] else { panic!("one advice") };
    assert_eq!(advice.mti, Mti::REVERSAL_ADVICE, "not marked as a repeat: it was never sent");
    world.crash();
    world.bank_up(ACLEDA);
    assert_eq!(world.at_bank(ACLEDA)[0].mti, Mti::REVERSAL_ADVICE_REPEAT, "it may have been sent");
}

#[test]
fn what_nobody_answers_for_a_day_or_a_bank_refuses_is_left_to_an_operator() {
    let mut world = World::new();
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    world.wait(seconds(25 * 3600));
    assert_eq!(world.state().dead_letters().count(), 1);
    assert_eq!((world.state().forward_depth(), world.state().in_flight(ACLEDA)), (0, 0));
    let request = world.ask(Kind::Withdrawal, 100);
    world.send(&request);
    world.wait(seconds(26));
    let advice = world.at_bank(ACLEDA).pop().unwrap();
    world.bank_says(ACLEDA, &advice, ResponseCode::FORMAT_ERROR);
    assert_eq!(world.state().dead_letters().count(), 2);
}

#[test]
fn what_is_owed_for_one_card_goes_out_in_order_and_holds_up_no_other() {
    let mut world = World::new();
    let poisoned = [world.ask(Kind::Withdrawal, 1), world.ask(Kind::Withdrawal, 2)];
    poisoned.iter().for_each(|request| world.send(request));
    let other = Message { pan: card("911601000000002"), ..world.ask(Kind::Withdrawal, 3) };
    world.send(&other);
    world.at_bank(ACLEDA);
    world.wait(seconds(25));
    let amounts = |messages: &[Message<'_>]| messages.iter().filter_map(|it| it.amount).collect::<Vec<_>>();
    let advices = world.at_bank(ACLEDA);
    assert_eq!(amounts(&advices), [1, 3]);
    world.bank_says(ACLEDA, &advices[0], APPROVED);
    assert_eq!(amounts(&world.at_bank(ACLEDA)), [2]);
}

#[test]
fn after_a_crash_every_open_leg_is_resolved_by_its_rule() {
    let mut world = World::new();
    let [withdrawal, salary, balance] = [world.ask(Kind::Withdrawal, 1), world.salary(2), world.ask(Kind::Balance, 0)];
    for request in [&withdrawal, &salary, &balance] {
        world.send(request);
    }
    let answered = world.approved_beside();
    world.crash();
    world.bank_up(ACLEDA);
    let owed: Vec<_> = world.at_bank(ACLEDA).iter().map(|it| (it.mti, it.amount)).collect();
    assert_eq!(owed, [(Mti::REVERSAL_ADVICE, Some(1)), (Mti::FINANCIAL_REPEAT, Some(2))]);
    for request in [&withdrawal, &salary, &answered] {
        world.send(request);
    }
    assert_eq!(world.told(), [UNAVAILABLE, ResponseCode::IN_PROGRESS, APPROVED], "repeats are told what was decided");
}

impl World {
    /// A withdrawal that is approved while others stay open.
    fn approved_beside(&mut self) -> Message<'static> {
        let request = self.ask(Kind::Withdrawal, 5);
        self.at_bank(ACLEDA);
        self.send(&request);
        let leg = self.at_bank(ACLEDA).pop().unwrap();
        self.bank_says(ACLEDA, &leg, APPROVED);
        self.told();
        request
    }
}

#[test]
fn two_business_dates_are_remembered_and_what_is_owed_longer() {
    let mut world = World::new();
    let old = world.approved(Kind::Withdrawal);
    world.wait(seconds(24 * 3600));
    world.send(&old);
    assert_eq!(world.told(), [APPROVED], "yesterday's is known");
    world.input(Input::Bank(ACLEDA, BankEvent::Down));
    let open = world.ask(Kind::Withdrawal, 1);
    world.bank_up(ACLEDA);
    world.send(&open);
    world.at_bank(ACLEDA);
    world.told();
    for day in 1..=2 {
        world.wait(seconds(12 * 3600));
        world.wait(seconds(12 * 3600 - 60));
        assert!(world.state().remembered() <= 3, "day {day}");
    }
    world.send(&old);
    assert_eq!(world.at_bank(ACLEDA).last().map(|it| it.mti), Some(Mti::FINANCIAL_REQUEST), "older ones are new again");
}
