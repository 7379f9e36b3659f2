//! The terminals: connections that always have the same number of requests in flight, on one thread that does little else than
//! copy bytes. Every answer is compared with its request: number, reference, code.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use hdrhistogram::Histogram;
use model::Stan;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

use crate::arguments::{Target, WARM_UP_SECONDS};
use crate::traffic::{self, Layout};

/// How long the last answers are waited for.
const DRAIN: Duration = Duration::from_secs(30);

/// What all connections count together.
struct Tally {
    phase: Phase,
    micros: Histogram<u64>,
    waiting: u64,
    wrong: u64,
    first_wrong: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    WarmUp,
    Measure,
    /// Nothing new is sent.
    Drain,
}

/// Runs one load and prints what came of it: a line where the measured time begins, one where it ends, then the result.
pub(crate) fn run(target: &Target) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let result = runtime.block_on(LocalSet::new().run_until(load(target)));
    println!("{result}");
}

async fn load(target: &Target) -> serde_json::Value {
    let tally = Rc::new(RefCell::new(Tally {
        phase: Phase::WarmUp,
        micros: Histogram::new_with_bounds(1, 60_000_000, 3).expect("bounds that are one"),
        waiting: 0,
        wrong: 0,
        first_wrong: None,
    }));
    let mut connections = Vec::new();
    for number in 0..target.load.connections {
        let stream = TcpStream::connect(target.address).await.expect("the switch listens");
        stream.set_nodelay(true).expect("a socket");
        connections.push(Connection::new(stream, number, target.load.window, Rc::clone(&tally)));
    }
    let tasks: Vec<_> = connections.into_iter().map(|connection| spawn_local(connection.run())).collect();
    sleep(Duration::from_secs_f64(WARM_UP_SECONDS)).await;
    let begun = Instant::now();
    tally.borrow_mut().phase = Phase::Measure;
    println!("begin");
    sleep(Duration::from_secs_f64(target.load.seconds)).await;
    tally.borrow_mut().phase = Phase::Drain;
    let seconds = begun.elapsed().as_secs_f64();
    println!("end");
    let _ = timeout(DRAIN, async {
        for task in tasks {
            task.await.expect("a connection's task");
        }
    })
    .await;
    let Tally { micros, waiting, wrong, first_wrong, .. } = &*tally.borrow();
    let at = |quantile| micros.value_at_quantile(quantile);
    serde_json::json!({
        "answers": micros.len(), "seconds": seconds, "p50": at(0.5), "p99": at(0.99), "p999": at(0.999), "max": micros.max(),
        "wrong": wrong, "lost": waiting, "first_wrong": first_wrong,
    })
}

/// One request in flight: its frame, sent again and again under new numbers.
struct Slot {
    frame: BytesMut,
    stan: u32,
    /// How often the numbers have begun again; the terminal gets another name each time.
    lap: u32,
    sent: Instant,
    waits: bool,
}

/// Where a request's parts lie in its frame.
struct Places {
    stan: std::ops::Range<usize>,
    reference: std::ops::Range<usize>,
    terminal: std::ops::Range<usize>,
}

struct Connection {
    stream: TcpStream,
    /// The slot with place i has the numbers i + window, i + 2 window, …
    slots: Vec<Slot>,
    places: Places,
    tally: Rc<RefCell<Tally>>,
    answer: Option<Layout>,
}

impl Connection {
    fn new(stream: TcpStream, number: u32, window: u32, tally: Rc<RefCell<Tally>>) -> Self {
        let slot = |place| {
            let mut frame = BytesMut::new();
            traffic::request(number, place, &mut frame);
            Slot { frame, stan: place, lap: 0, sent: Instant::now(), waits: false }
        };
        let mut slots: Vec<Slot> = (0..window).map(slot).collect();
        let layout = Layout::learn(&traffic::dialect(), &slots[0].frame[2..]);
        let place = |field| layout.field(field).map(|range| range.start + 2..range.end + 2).expect("a field of every request");
        let places = Places { stan: place(11), reference: place(37), terminal: place(41) };
        for slot in &mut slots {
            traffic::put_digits(&mut slot.frame[places.reference.clone()][..4], number);
        }
        Self { stream, slots, places, tally, answer: None }
    }

    async fn run(mut self) {
        let mut input = BytesMut::with_capacity(64 * 1024);
        let mut output = BytesMut::with_capacity(64 * 1024);
        let now = Instant::now();
        for place in 0..self.slots.len() {
            self.next_request(place, now, &mut output);
        }
        self.tally.borrow_mut().waiting += self.slots.len() as u64;
        loop {
            self.stream.write_all(&output).await.expect("the switch reads");
            output.clear();
            input.reserve(64 * 1024);
            if self.slots.iter().all(|slot| !slot.waits) {
                return;
            }
            assert!(self.stream.read_buf(&mut input).await.expect("the switch writes") > 0, "the switch closed a connection");
            let now = Instant::now();
            traffic::frames(&mut input, |body| self.answered(body, now, &mut output));
        }
    }

    fn next_request(&mut self, place: usize, now: Instant, output: &mut BytesMut) {
        let window = self.slots.len() as u32;
        let slot = &mut self.slots[place];
        slot.stan += window;
        if slot.stan > Stan::MAX {
            slot.stan = place as u32 + window;
            slot.lap += 1;
            let lap = slot.lap;
            traffic::put_digits(&mut slot.frame[self.places.reference.clone()][4..6], lap);
            traffic::put_digits(&mut slot.frame[self.places.terminal.clone()][6..], lap);
        }
        let stan = slot.stan;
        traffic::put_digits(&mut slot.frame[self.places.stan.clone()], stan);
        traffic::put_digits(&mut slot.frame[self.places.reference.clone()][6..], stan);
        (slot.sent, slot.waits) = (now, true);
        output.extend_from_slice(&slot.frame);
    }

    /// Finds the request, checks the answer, and sends the next.
    fn answered(&mut self, body: &[u8], now: Instant, output: &mut BytesMut) {
        if !self.answer.as_ref().is_some_and(|layout| layout.fits(body)) {
            self.answer = Some(Layout::learn(&traffic::dialect(), body));
        }
        let Some(layout) = &self.answer else { return };
        let part = |field| layout.field(field).map_or(&[][..], |range| &body[range]);
        let stan = traffic::digits(part(11));
        let place = (stan as usize) % self.slots.len();
        let slot = &mut self.slots[place];
        let known = slot.waits && slot.stan == stan && part(37) == &slot.frame[self.places.reference.clone()];
        let right = known && body.starts_with(b"0210") && part(39) == b"00";
        let mut tally = self.tally.borrow_mut();
        if !right {
            tally.wrong += 1;
            let told = || String::from_utf8_lossy(part(39)).into_owned();
            let first = if known { format!("answered {}", told()) } else { format!("an answer to nothing: {stan:06}") };
            tally.first_wrong.get_or_insert(first);
        }
        if !known {
            return;
        }
        slot.waits = false;
        if tally.phase == Phase::Measure {
            tally.micros.saturating_record(now.duration_since(slot.sent).as_micros() as u64);
        }
        if tally.phase == Phase::Drain {
            tally.waiting -= 1;
        } else {
            drop(tally);
            self.next_request(place, now, output);
        }
    }
}
