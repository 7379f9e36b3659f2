//! The set: who is struck, how often, and in which words.

use std::time::Duration;

use super::*;
use crate::{FAULTS_MAX, FaultError, Name, Words};

#[test]
fn a_fault_strikes_its_way_only() {
    for (way, sees) in [(Way::In, [1, 0]), (Way::Out, [0, 1]), (Way::Both, [1, 1])] {
        let faults = Faults::new();
        faults.add(Fault { way, ..fault(Action::Drop) }).unwrap();
        let struck = [Direction::In, Direction::Out].map(|it| Line::sharing(&faults, it).send(0, &request(1)));
        assert_eq!(struck, sees, "{way}");
    }
}

#[test]
fn a_fault_on_another_link_leaves_this_one_alone() {
    let mut line = Line::new(Direction::In);
    line.faults.add(Fault { link: "wing".to_owned(), ..fault(Action::Drop) }).unwrap();
    assert!(line.pipe.is_idle(at(0)));
    line.send(0, &request(1));
    assert_eq!(line.stans(), [1]);
}

#[test]
fn a_fault_strikes_as_often_as_it_is_to_over_all_connections() {
    let faults = Faults::new();
    let id = faults.add(Fault { times: Some(3), ..fault(Action::Drop) }).unwrap();
    let mut lines = [Direction::In, Direction::In, Direction::Out].map(|it| Line::sharing(&faults, it));
    for _ in 0..2 {
        for line in &mut lines {
            line.send(0, &request(1));
        }
    }
    assert_eq!(lines.iter().map(|line| line.stans().len()).sum::<usize>(), 3);
    let listed = faults.list();
    assert_eq!((listed[0].id, listed[0].struck, listed[0].is_spent(), faults.active()), (id, 3, true, 0));
    assert!(lines[0].pipe.is_idle(at(0)), "a spent fault costs nothing");
}

#[test]
fn faults_have_their_turn_in_the_order_in_which_they_were_set() {
    let (mut line, _) = Line::with(Fault { times: Some(1), ..fault(Action::Drop) });
    line.faults.add(fault(Action::Duplicate)).unwrap();
    line.send(0, &[request(1), request(2)].concat());
    assert_eq!(line.stans(), [2, 2]);
    assert_eq!(
        line.faults.list().iter().map(|it| it.struck).collect::<Vec<_>>(),
        [1, 1],
        "what is dropped is duplicated no more"
    );
}

#[test]
fn a_removed_fault_tells_how_often_it_struck_and_no_number_is_given_twice() {
    let (mut line, first) = Line::with(fault(Action::Duplicate));
    line.send(0, &request(1));
    assert_eq!(line.faults.remove(first).map(|it| it.struck), Some(1));
    assert_eq!(line.faults.remove(first), None);
    assert!(line.faults.add(fault(Action::Drop)).unwrap() > first);
}

#[test]
fn there_is_an_end_to_faults() {
    let faults = Faults::new();
    for _ in 0..FAULTS_MAX {
        faults.add(fault(Action::Drop)).unwrap();
    }
    assert_eq!(faults.add(fault(Action::Drop)), Err(FaultError::TooMany { max: FAULTS_MAX }));
}

#[test]
fn an_action_is_read_as_it_is_written() {
    let all = [
        "delay 26s",
        "drop",
        "duplicate",
        "reorder 1s",
        "corrupt 7",
        "truncate",
        "reset",
        "garbage 0",
        "throttle 300",
        "half-open",
    ];
    for (text, name) in all.iter().zip(Name::ALL) {
        let action: Action = text.parse().unwrap();
        assert_eq!((action.to_string().as_str(), action.name()), (*text, name));
        let fault = Fault { only: Some(model::Mti::FINANCIAL_RESPONSE), times: Some(2), way: Way::Out, ..fault(action) };
        assert_eq!(Words::from(&fault).fault(), Ok(fault));
    }
    assert_eq!("reorder".parse(), Ok(Action::Reorder(Duration::from_secs(1))));
}

#[test]
fn words_that_say_nothing_are_refused_by_name() {
    let good = Words { action: "delay".into(), link: LINK.into(), by: Some("26s".into()), ..Words::default() };
    assert_eq!(good.fault(), Ok(fault(Action::Delay(Duration::from_secs(26)))));
    let spoiled = |spoil: fn(&mut Words)| {
        let mut words = good.clone();
        spoil(&mut words);
        match words.fault() {
            Err(FaultError::Unfit { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(spoiled(|it| it.action = "explode".into()), "action");
    assert_eq!(spoiled(|it| it.link.clear()), "link");
    assert_eq!(spoiled(|it| it.way = Some("up".into())), "way");
    assert_eq!(spoiled(|it| it.only = Some("210".into())), "only");
    assert_eq!(spoiled(|it| it.times = Some(0)), "times");
    assert_eq!(spoiled(|it| it.by = None), "by");
    assert_eq!(spoiled(|it| it.by = Some("soon".into())), "by");
    assert_eq!(spoiled(|it| it.action = "drop".into()), "by");
    assert_eq!(spoiled(|it| it.rate = Some(1)), "rate");
    assert_eq!(spoiled(|it| it.seed = Some(1)), "seed");
    assert_eq!(spoiled(|it| (it.action, it.by) = ("throttle".into(), None)), "rate");
}
