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
        link: Connected::LINK.to_owned(),
        offset: None,
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

#[test]
fn what_may_take_long_is_waited_for_where_it_comes_at_once() {
    let (address, switch) = approves_one();
    let outcome = played(&address, &format!("{CASH}[[step]]\nexpect = \"0210\"\nwithin = \"10m\"\n"));
    switch.join().unwrap();
    assert!(matches!(outcome.verdict, Verdict::Passed), "{:?}", outcome.verdict);
}

#[test]
fn a_peer_that_hangs_up_ends_the_waiting_and_the_options_that_may_be_wrong_are_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let switch = thread::spawn(move || drop(listener.accept().unwrap()));
    let outcome = played(&address, &format!("{CASH}[[step]]\nexpect = \"0210\"\nwithin = \"40s\"\n"));
    switch.join().unwrap();
    assert!(outcome.took < Duration::from_secs(20), "{:?}", outcome.took);
    match outcome.verdict {
        Verdict::Failed(failure) => assert!(failure.nearest.unwrap().contains("--dialect and --framing")),
        // The system may tell of the end before the request has left.
        Verdict::NoConnection(_) => {}
        other => panic!("{other:?}"),
    }
}

/// Answers HTTP requests, and keeps their first lines until nobody asks any more.
fn pages_of(answer: impl Fn(&str) -> String + Send + 'static) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let (mut asked, mut chunk) = (Vec::new(), [0; 4096]);
            let whole = |asked: &[u8]| {
                let text = String::from_utf8_lossy(asked).into_owned();
                let (head, body) = text.split_once("\r\n\r\n")?;
                let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok()).unwrap_or(0);
                (body.len() >= length).then(|| head.lines().next().unwrap_or_default().replace(" HTTP/1.1", ""))
            };
            let line = loop {
                if let Some(line) = whole(&asked) {
                    break line;
                }
                let count = stream.read(&mut chunk).unwrap();
                asked.extend_from_slice(&chunk[..count]);
            };
            let body = answer(&line);
            stream.write_all(format!("HTTP/1.1 200 OK\r\n\r\n{body}").as_bytes()).unwrap();
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    (at, told)
}

const CLOCK: &str = r#"{ "manual": true, "now": "2022-12-28T02:00:00.250000Z", "local": "2022-12-28 11:00:00" }"#;

#[test]
fn a_scenario_clears_its_own_faults_and_nobody_elses() {
    let (at, asked) = pages_of(|line| if line == "POST /faults" { r#"{ "id": 7 }"#.into() } else { CLOCK.into() });
    let cast = Cast::builtin();
    let fault = "[[step]]\nfault = \"drop\"\non = \"atm\"\n";
    let text = format!("title = \"t\"\n{fault}[[step]]\nfault = \"clear\"\n{fault}");
    let scenario = Scenario::parse(Path::new("a.toml"), &text, &cast).unwrap();
    let place = Connected { at: Some(at), ..connected("127.0.0.1:1") };
    let mut venue = place.make(&scenario, &cast).unwrap();
    assert!(matches!(play(&scenario, &cast, venue.as_mut()).verdict, Verdict::Passed));
    drop(venue);
    let asked: Vec<_> = asked.try_iter().filter(|line| line.contains("/faults")).collect();
    assert_eq!(asked, ["POST /faults", "DELETE /faults/7", "POST /faults", "DELETE /faults/7"]);
}

#[test]
fn local_time_and_the_next_business_date_are_those_of_the_switch() {
    let status = |cutover: &'static str| {
        let (at, _asked) = pages_of(move |line| if line == "GET /status" { cutover.into() } else { CLOCK.into() });
        let mut wire = Wire::to(Connected { at: Some(at), ..connected("127.0.0.1:1") }).unwrap();
        (wire.offset, wire.next_cutover())
    };
    let (offset, cutover) = status(r#"{ "cutover": "23:30" }"#);
    assert_eq!((offset.minutes(), cutover.unwrap().to_string()), (540, "2022-12-28T14:30:00.000000Z".to_owned()));
    let (_, cutover) = status(r#"{ "cutover": "00:00" }"#);
    assert_eq!(cutover.unwrap().to_string(), "2022-12-28T15:00:00.000000Z");
    assert!(matches!(status("{}").1, Err(VenueError::Cannot(_))));
}
