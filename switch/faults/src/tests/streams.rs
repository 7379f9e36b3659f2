//! Streams: bytes in pieces, faults set and cleared in the middle, framings that are lost.

use std::time::Duration;

use model::Mti;

use super::*;

fn many(count: u64) -> Vec<u8> {
    (1..=count).flat_map(|stan| if stan % 2 == 0 { request(stan) } else { response(stan) }).collect()
}

#[test]
fn however_the_stream_is_cut_the_same_comes_out() {
    let stream = many(6);
    for size in 1..stream.len() {
        let (mut line, _) = Line::with(Fault { only: Some(Mti::FINANCIAL_RESPONSE), ..fault(Action::Duplicate) });
        for piece in stream.chunks(size) {
            line.send(0, piece);
        }
        assert_eq!(line.stans(), [1, 1, 2, 3, 3, 4, 5, 5, 6], "in pieces of {size}");
    }
}

#[test]
fn a_fault_that_strikes_nothing_changes_no_byte() {
    let stream = [many(4), vec![0, 0], many(2)].concat();
    for size in 1..stream.len() {
        let (mut line, _) = Line::with(Fault { only: Some(Mti::REVERSAL_ADVICE), ..fault(Action::Drop) });
        for piece in stream.chunks(size) {
            line.send(0, piece);
        }
        assert_eq!(line.came, stream, "in pieces of {size}");
    }
}

#[test]
fn a_fault_set_in_the_middle_of_a_message_strikes_the_next_one() {
    let stream = many(4);
    for before in 0..stream.len() {
        let mut line = Line::new(Direction::In);
        let (first, second) = stream.split_at(before);
        // Half of the time past the pipe, as a connection without a fault does it.
        if before % 2 == 0 {
            assert!(line.pipe.is_idle(at(0)));
            line.pipe.passed(first);
            line.came.put_slice(first);
        } else {
            line.send(0, first);
        }
        line.faults.add(Fault { times: Some(1), ..fault(Action::Drop) }).unwrap();
        line.send(1, second);
        assert_eq!(line.stans().len(), if stream.len() - before < response(1).len() { 4 } else { 3 }, "set after {before} bytes");
        line.faults.clear();
        line.send(2, &request(9));
        assert_eq!(line.stans().last(), Some(&9));
    }
}

#[test]
fn a_fault_cleared_in_the_middle_of_a_message_loses_none_of_it() {
    let stream = many(3);
    for before in 0..stream.len() {
        let (mut line, id) = Line::with(Fault { only: Some(Mti::REVERSAL_ADVICE), ..fault(Action::Drop) });
        line.send(0, &stream[..before]);
        line.faults.remove(id);
        line.send(1, &stream[before..]);
        assert_eq!(line.came, stream, "cleared after {before} bytes");
        assert!(line.pipe.is_idle(at(1)));
    }
}

#[test]
fn a_fault_set_right_after_another_was_cleared_strikes_a_whole_message() {
    let stream = many(3);
    let one = response(1).len();
    for before in 0..2 * one {
        let (mut line, id) = Line::with(Fault { only: Some(Mti::REVERSAL_ADVICE), ..fault(Action::Drop) });
        line.send(0, &stream[..before]);
        line.faults.remove(id);
        line.look(1);
        line.faults.add(Fault { times: Some(1), ..fault(Action::Drop) }).unwrap();
        line.send(2, &stream[before..]);
        assert_eq!(
            line.stans(),
            if before == 0 {
                [2, 3]
            } else if before <= one {
                [1, 3]
            } else {
                [1, 2]
            },
            "after {before} bytes"
        );
    }
}

#[test]
fn what_a_cleared_fault_held_back_goes_at_once_in_its_order() {
    let (mut line, _) = Line::with(fault(Action::Delay(Duration::from_secs(60))));
    line.send(0, &request(1));
    line.send(1, &request(2));
    assert_eq!(line.faults.clear(), 1);
    line.look(2);
    assert_eq!((line.stans(), line.pipe.is_idle(at(2))), (vec![1, 2], true));
}

#[test]
fn bytes_that_cannot_be_cut_pass_as_they_are() {
    let (mut line, _) = Line::with(fault(Action::Drop));
    let noise = [&[0xFF, 0xFF], request(1).as_slice(), b"anything"].concat();
    line.send(0, &noise);
    line.send(1, &request(2));
    assert_eq!(line.came, [noise, request(2)].concat());
}

#[test]
fn a_pipe_says_when_it_holds_enough() {
    let (mut line, _) = Line::with(fault(Action::Delay(Duration::from_secs(60))));
    let mut sent = 0;
    while !line.pipe.is_full() {
        line.send(0, &many(100));
        sent += 1;
        assert!(sent < 1_000, "it never has enough");
    }
    line.faults.clear();
    line.look(1);
    assert!(!line.pipe.is_full() && line.pipe.is_empty());
    assert_eq!(line.stans().len(), sent * 100);
}

#[test]
fn nothing_of_a_message_shows_in_a_pipe() {
    let (mut line, _) = Line::with(fault(Action::Delay(Duration::from_secs(60))));
    line.send(0, &request(123_456));
    assert_eq!(format!("{:?}", line.pipe), format!("Pipe(acleda, In, holds {} bytes, broken: false)", request(1).len()));
}
