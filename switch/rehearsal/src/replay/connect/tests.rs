//! Scenarios over real sockets, against a listener in the test's hand.

use std::net::TcpListener;
use std::path::Path;

use model::{Message, ResponseCode};

use super::*;
use crate::fake::answer_to;
use crate::replay::{Outcome, Verdict, play};

fn connected(address: &str) -> Connected {
    Connected {
        address: address.to_owned(),
        at: None,
        dialect: Dialect::builtin("iso87-ascii").unwrap(),
        framing: Framing::TWO_BYTE,
        offset: UtcOffset::from_minutes(420).unwrap(),
    }
}

fn played(address: &str, steps: &str) -> Outcome {
    let cast = Cast::builtin();
    let scenario = Scenario::parse(Path::new("a.toml"), &format!("title = \"t\"\n{steps}"), &cast).unwrap();
    let mut venue = connected(address).make(&scenario, &cast).unwrap();
    play(&scenario, &cast, venue.as_mut())
}

/// Approves the first request that comes, and closes the connection.
fn approves_one() -> (String, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let switch = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (send, came) = channel();
        let reading = stream.try_clone().unwrap();
        thread::spawn(move || read(reading, Framing::TWO_BYTE, "peer", &send));
        let (_, body) = came.recv().unwrap();
        let (dialect, body) = (Dialect::builtin("iso87-ascii").unwrap(), body.unwrap());
        let answer: Message<'_> = answer_to(&wire::read(&dialect, &body).unwrap(), ResponseCode::APPROVED);
        let mut frame = BytesMut::new();
        let start = Framing::TWO_BYTE.begin(&mut frame);
        wire::write(&dialect, &answer, Timestamp::default(), &mut frame).unwrap();
        Framing::TWO_BYTE.finish(&mut frame, start).unwrap();
        stream.write_all(&frame).unwrap();
        stream.shutdown(Shutdown::Both).unwrap();
    });
    (address, switch)
}

const CASH: &str = "[[step]]\nsend = \"withdrawal\"\ncard = \"dara\"\namount = \"500.00 KHR\"\n";

#[test]
fn a_switch_at_the_other_end_of_a_wire_is_asked_and_answers() {
    let (address, switch) = approves_one();
    let outcome = played(&address, &format!("{CASH}[[step]]\nexpect = \"0210\"\ncode = \"00\"\nrrn = {{ echo = true }}\n"));
    switch.join().unwrap();
    assert!(matches!(outcome.verdict, Verdict::Passed), "{:?}", outcome.verdict);
    let seen: Vec<_> = outcome.passed.iter().map(|it| (it.from.as_str(), it.mti.as_str(), it.line)).collect();
    assert_eq!(seen, [("atm", "0200", Some(2)), ("switch", "0210", Some(6))]);
}

#[test]
fn where_nobody_listens_that_is_the_verdict() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let verdict = played(&address, CASH).verdict;
    assert!(matches!(&verdict, Verdict::NoConnection(why) if why.contains("is the switch running there?")), "{verdict:?}");
}

#[test]
fn what_a_wire_cannot_give_is_a_reason_to_skip() {
    for (steps, why) in [
        ("[[step]]\nexpect = \"0800\"\nat = \"acleda\"\n", "line 2: what a bank is sent cannot be seen here"),
        ("[[step]]\nclock = \"+1h\"\n", "line 2: more than 60s would have to be waited for"),
        ("[[step]]\ncommand = \"cutover\"\n", "line 2: an order needs the switch's HTTP port: --at URL"),
        (
            "[[step]]\nassert = \"ledger\"\ncard = \"dara\"\ncurrency = \"KHR\"\nheld = \"0 KHR\"\n",
            "line 2: what stands in a bank's books cannot be seen here",
        ),
    ] {
        let verdict = played("127.0.0.1:1", steps).verdict;
        assert!(matches!(&verdict, Verdict::Skipped(told) if told.starts_with(why)), "{verdict:?}");
    }
    let cast = Cast::builtin();
    let own = "title = \"t\"\n[switch]\ntimers.atm_ms = 5000\n[[step]]\nsend = \"echo\"\n";
    let scenario = Scenario::parse(Path::new("a.toml"), own, &cast).unwrap();
    assert!(matches!(connected("127.0.0.1:1").make(&scenario, &cast), Err(VenueError::Cannot(_))));
}

#[test]
fn a_metric_is_the_sum_of_the_lines_that_have_its_labels() {
    let page = "# TYPE a counter\na{bank=\"acleda\",code=\"00\"} 3\na{bank=\"wing\",code=\"00\"} 4\na_total 9\nb 7\n";
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(pages::metric_in(page, "a", &[label("code", "00")]), Some(7.0));
    assert_eq!(pages::metric_in(page, "a", &[label("bank", "wing"), label("code", "00")]), Some(4.0));
    assert_eq!((pages::metric_in(page, "b", &[]), pages::metric_in(page, "a", &[label("code", "51")])), (Some(7.0), None));
}
