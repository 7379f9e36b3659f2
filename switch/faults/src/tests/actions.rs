//! Each action by itself.

use std::num::NonZeroU32;
use std::time::Duration;

use model::Mti;

use super::*;

#[test]
fn a_delayed_message_is_overtaken_by_those_that_the_fault_does_not_strike() {
    let only = Some(Mti::FINANCIAL_RESPONSE);
    let (mut line, _) = Line::with(Fault { only, ..fault(Action::Delay(Duration::from_secs(26))) });

    assert_eq!(line.send(0, &response(1)), 1);
    assert_eq!(line.send(5, &message(810, 2)), 0);
    line.send(10, &response(3));

    assert_eq!((line.stans(), line.pipe.due()), (vec![2], Some(at(26_000))));
    line.look(25_999);
    assert_eq!(line.stans(), [2]);
    line.look(26_000);
    assert_eq!(line.stans(), [2, 1]);
    line.look(26_010);
    assert_eq!((line.stans(), line.pipe.due()), (vec![2, 1, 3], None));
}

#[test]
fn a_dropped_message_never_comes() {
    let (mut line, _) = Line::with(Fault { only: Some(Mti::FINANCIAL_RESPONSE), ..fault(Action::Drop) });
    let all = [response(1), message(810, 2), response(3)].concat();
    assert_eq!(line.send(0, &all), 2);
    assert_eq!(line.stans(), [2]);
}

#[test]
fn a_duplicate_comes_right_behind_its_original() {
    let (mut line, _) = Line::with(Fault { times: Some(1), ..fault(Action::Duplicate) });
    line.send(0, &[request(1), request(2)].concat());
    assert_eq!(line.stans(), [1, 1, 2]);
}

#[test]
fn two_messages_change_places() {
    let (mut line, _) = Line::with(Fault { times: Some(1), ..fault(Action::Reorder(Duration::from_secs(1))) });
    line.send(0, &request(1));
    assert!(line.stans().is_empty());
    line.send(10, &[request(2), request(3)].concat());
    assert_eq!(line.stans(), [2, 1, 3]);
}

#[test]
fn reordering_without_end_swaps_pair_by_pair() {
    let (mut line, _) = Line::with(fault(Action::Reorder(Duration::from_secs(1))));
    for stan in 1..=6 {
        line.send(stan, &request(stan));
    }
    assert_eq!(line.stans(), [2, 1, 4, 3, 6, 5]);
}

#[test]
fn alone_a_reordered_message_goes_after_its_bound() {
    let (mut line, _) = Line::with(fault(Action::Reorder(Duration::from_secs(1))));
    line.send(0, &request(1));
    line.look(999);
    assert_eq!((line.stans(), line.pipe.due()), (vec![], Some(at(1_000))));
    line.look(1_000);
    assert_eq!(line.stans(), [1]);
    line.send(1_001, &request(2));
    assert_eq!(line.stans(), [1], "the one that has gone waits for nobody");
}

#[test]
fn a_corrupt_message_keeps_its_frame_and_says_something_else_or_nothing() {
    for seed in 0..200 {
        let (mut line, _) = Line::with(Fault { times: Some(1), ..fault(Action::Corrupt(seed)) });
        line.send(0, &[request(1), request(2)].concat());
        let came = line.messages();
        assert_eq!((came.len(), came[1]), (2, Some((200, 2))), "seed {seed}");
        let body = |bytes: &[u8]| wire::read(&dialect(), &bytes[2..request(1).len()]).ok().map(|it| format!("{it:?}"));
        assert_ne!(body(&line.came), body(&request(1)), "seed {seed}");

        let (mut again, _) = Line::with(Fault { times: Some(1), ..fault(Action::Corrupt(seed)) });
        again.send(0, &[request(1), request(2)].concat());
        assert_eq!(again.came, line.came, "a seed says everything");
    }
}

#[test]
fn a_truncated_message_announces_more_than_it_has() {
    let (mut line, _) = Line::with(Fault { times: Some(1), ..fault(Action::Truncate) });
    line.send(0, &request(1));
    assert_eq!(Framing::TWO_BYTE.cut(&line.came, FRAME_MAX), Ok(Cut::Incomplete));
    let whole = request(1);
    assert_eq!(line.came, whole[..2 + (whole.len() - 2) / 2]);
    line.send(1, &request(2));
    assert_eq!(line.messages()[0].map(|(_, stan)| stan), None, "what follows is taken for the rest");
}

#[test]
fn a_reset_breaks_the_connection_where_the_message_would_have_come() {
    let (mut line, _) = Line::with(Fault { only: Some(Mti::FINANCIAL_RESPONSE), ..fault(Action::Reset) });
    line.send(0, &[request(1), response(2), request(3)].concat());
    assert_eq!((line.stans(), line.pipe.broken()), (vec![1], true));
    line.send(1, &request(4));
    assert_eq!(line.stans(), [1]);
}

#[test]
fn garbage_comes_before_the_message_in_a_frame_of_its_own() {
    let (mut line, _) = Line::with(Fault { times: Some(2), ..fault(Action::Garbage(7)) });
    line.send(0, &[request(1), request(2), request(3)].concat());
    assert_eq!(line.messages(), [None, Some((200, 1)), None, Some((200, 2)), Some((200, 3))]);
}

#[test]
fn a_throttled_message_trickles_and_what_is_behind_it_waits() {
    let whole = request(1).len();
    let rate = NonZeroU32::new(u32::try_from(whole).unwrap()).unwrap();
    let (mut line, _) = Line::with(Fault { times: Some(1), ..fault(Action::Throttle(rate)) });
    line.send(0, &[request(1), request(2)].concat());
    line.look(500);
    assert!((whole / 3..whole).contains(&line.came.len()), "about half of it after half a second, not {}", line.came.len());
    assert!(line.stans().is_empty());
    while let Some(due) = line.pipe.due() {
        assert!(due <= at(1_000), "{due}");
        line.came.put_slice(&line.pipe.pop(due));
    }
    assert_eq!(line.came, [request(1), request(2)].concat());
}

#[test]
fn a_half_open_connection_swallows_everything_until_the_fault_is_gone() {
    let (mut line, id) = Line::with(Fault { only: Some(Mti::FINANCIAL_RESPONSE), times: Some(1), ..fault(Action::HalfOpen) });
    line.send(0, &request(1));
    assert!(!line.pipe.is_half_open(at(0)));
    line.send(1, &[response(2), request(3)].concat());
    assert!(line.pipe.is_half_open(at(1)) && !line.pipe.broken());
    line.send(2, &request(4));
    line.faults.remove(id);
    line.send(3, &request(5));
    assert_eq!(line.stans(), [1, 5]);
}
