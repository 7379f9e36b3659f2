//! Loads against a switch that does what the test says, over real sockets.

use std::collections::BTreeMap;

use bank_adapters::Cast;
use model::ResponseCode;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::*;
use crate::fake::{Fake, Peer};

const APPROVED: ResponseCode = ResponseCode::APPROVED;

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn mix() -> Mix {
    Mix::usual(&Cast::builtin(), &[]).unwrap()
}

/// Without a warm-up, as a steady beat.
fn open(per_second: f64, window: Option<u32>, duration: Duration) -> LoadConfig {
    LoadConfig {
        model: Model::Open { per_second, even: true, window },
        connections: 1,
        duration,
        warm_up: Duration::ZERO,
        answer_within: Duration::from_secs(20),
        seed: Some(1),
        ..LoadConfig::default()
    }
}

fn closed(connections: u32, window: u32, duration: Duration) -> LoadConfig {
    LoadConfig { model: Model::Closed { window }, connections, ..open(1.0, None, duration) }
}

async fn runs(fake: &Fake, mix: Mix, config: &LoadConfig) -> Report {
    load(&fake.addr().to_string(), &mix, config, |_| {}, std::future::pending()).await.unwrap()
}

/// Answers all that comes, until the load is over.
async fn answers_all(mut peer: Peer, code: ResponseCode) -> u64 {
    let mut count = 0;
    while let Some(asked) = peer.next().await {
        peer.answers(&asked, code).await;
        count += 1;
    }
    count
}

#[tokio::test]
async fn a_stall_is_seen_from_when_requests_were_due_and_hidden_from_when_they_were_sent() {
    let fake = Fake::listens("iso87-ascii").await;
    // A terminal that has one request open at a time, as cash machines do.
    let config = open(200.0, Some(1), millis(1500));
    let (report, ()) = tokio::join!(runs(&fake, mix(), &config), async {
        let mut peer = fake.accepts().await;
        for _ in 0..100 {
            let asked = peer.next().await.unwrap();
            peer.answers(&asked, APPROVED).await;
        }
        let asked = peer.next().await.unwrap();
        sleep(millis(300)).await;
        peer.answers(&asked, APPROVED).await;
        answers_all(peer, APPROVED).await;
    });
    assert_eq!((report.counts.due, report.counts.approved), (299, 299));
    let at = |of: &Latencies| of.value_at_quantile(0.95);
    // Some sixty requests fell due meanwhile, a fifth of all. Only one of them was open, so that is all the uncorrected figures know.
    assert!(at(&report.corrected) > 150_000, "{}", at(&report.corrected));
    assert!(at(&report.uncorrected) < 100_000, "{}", at(&report.uncorrected));
    assert!(report.uncorrected.max() >= 299_000 && report.lateness.max() > 250_000);
}

#[tokio::test]
async fn requests_fall_due_whatever_is_answered() {
    let fake = Fake::listens("iso87-ascii").await;
    let config = open(400.0, None, millis(500));
    let (report, asked_in_the_dark) = tokio::join!(runs(&fake, mix(), &config), async {
        let mut peer = fake.accepts().await;
        // Not one is answered before all are there.
        let asked = peer.take(199).await;
        for asked in &asked {
            peer.answers(asked, APPROVED).await;
        }
        assert!(peer.next().await.is_none());
        asked.len()
    });
    assert_eq!((asked_in_the_dark, report.counts.due, report.counts.approved), (199, 199, 199));
    assert!(report.corrected.max() > 400_000, "the first waited for the last: {}", report.corrected.max());
}

#[tokio::test]
async fn what_is_over_the_bound_is_not_sent_and_counted() {
    let fake = Fake::listens("iso87-ascii").await;
    let config = LoadConfig { in_flight_max: 10, ..open(200.0, None, millis(300)) };
    let (over, is_over) = oneshot::channel::<()>();
    let (report, ()) = tokio::join!(
        async {
            let look = |progress: &Progress| assert!(progress.in_flight <= 10);
            let config = LoadConfig { look_every: millis(10), ..config.clone() };
            let report = load(&fake.addr().to_string(), &mix(), &config, look, std::future::pending()).await.unwrap();
            drop(over);
            report
        },
        async {
            let mut peer = fake.accepts().await;
            let asked = peer.take(10).await;
            sleep(millis(400)).await;
            for asked in &asked {
                peer.answers(asked, APPROVED).await;
            }
            assert!(peer.next().await.is_none());
            let _ = is_over.await;
        }
    );
    assert_eq!((report.counts.due, report.counts.approved, report.counts.not_sent), (59, 10, 49));
    let text = report::text(&report, &[]);
    assert!(text.contains("! 49 requests were NOT SENT, 83.05 % of those due: more than 10 were in flight"), "{text}");
}

#[tokio::test]
async fn a_closed_model_keeps_its_windows_full_and_asks_less_of_a_slow_switch() {
    let fake = Fake::listens("iso87-ascii").await;
    let config = closed(2, 3, millis(300));
    let (report, count) = tokio::join!(runs(&fake, mix(), &config), async {
        let mut peers = [fake.accepts().await, fake.accepts().await];
        let mut count = 0;
        for peer in &mut peers {
            // Three are there although none is answered.
            for asked in peer.take(3).await {
                peer.answers(&asked, APPROVED).await;
                count += 1;
            }
        }
        let [one, other] = peers;
        let (one, other) = tokio::join!(answers_all(one, APPROVED), answers_all(other, APPROVED));
        count + one + other
    });
    assert_eq!((report.counts.due, report.counts.approved), (count, count));
    assert!(report::json(&report, &[])["latency_us"]["corrected"].is_null());
}

#[tokio::test]
async fn windows_open_one_after_the_other_while_the_load_rises() {
    let fake = Fake::listens("iso87-ascii").await;
    let config = LoadConfig { ramp: millis(400), ..closed(1, 4, millis(450)) };
    let (report, came) = tokio::join!(runs(&fake, mix(), &config), async {
        let mut peer = fake.accepts().await;
        let began = Instant::now();
        let mut came = Vec::new();
        let mut asked = Vec::new();
        for _ in 0..4 {
            asked.extend(peer.next().await);
            came.push(began.elapsed());
        }
        sleep(millis(450).saturating_sub(began.elapsed())).await;
        for asked in &asked {
            peer.answers(asked, APPROVED).await;
        }
        answers_all(peer, APPROVED).await;
        came
    });
    assert!(report.counts.approved >= 4);
    // At 0, 100, 200 and 300 ms.
    for (number, came) in (0..).zip(came) {
        assert!(came + millis(40) > millis(100) * number, "{number}: {came:?}");
    }
}

#[tokio::test]
async fn every_answer_is_told_by_its_code_and_by_what_was_expected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("codes.toml");
    std::fs::write(&path, "[[mix]]\nsend = \"purchase\"\ncard = \"dara\"\n[[mix]]\nsend = \"withdrawal\"\ncode = \"51\"\n")
        .unwrap();
    let mix = Mix::load(&path, &Cast::builtin(), &[]).unwrap();
    let fake = Fake::listens("iso87-ascii").await;
    let config = LoadConfig { answer_within: millis(400), ..open(400.0, None, millis(100)) };
    let (report, told) = tokio::join!(runs(&fake, mix, &config), async {
        let mut peer = fake.accepts().await;
        let codes = ["00", "51", "96", "30"].map(|code| ResponseCode::new(code.as_bytes().try_into().unwrap()).unwrap());
        let mut told = BTreeMap::<_, u64>::new();
        let taken = peer.take(39).await;
        for (place, asked) in taken.iter().enumerate() {
            let withdrawal = asked.message().processing.and_then(model::ProcessingCode::kind) == Some(model::Kind::Withdrawal);
            let code = codes[place % 4];
            let end = match (place, withdrawal, place % 4) {
                (38, _, _) => "lost",
                (_, true, 1) | (_, false, 1) => "declined",
                (_, true, _) => "unexpected",
                (_, false, 0) => "approved",
                (_, false, _) => "refused",
            };
            *told.entry(end).or_default() += 1;
            if end != "lost" {
                peer.answers(asked, code).await;
            }
        }
        // Under the trace number of the one that was left out, but somebody else's answer; and then nothing more.
        let somebody = model::Message { rrn: model::Rrn::new(b"SOMEBODYELSE"), ..taken[38].message() };
        peer.says(&crate::fake::answer_to(&somebody, APPROVED)).await;
        assert!(peer.next().await.is_none());
        told
    });
    let seen = report.ends().into_iter().filter(|(_, count, _)| *count > 0).map(|(name, count, _)| (name, count));
    assert_eq!(seen.collect::<BTreeMap<_, _>>(), told);
    assert!(told.len() == 5, "{told:?}");
    assert_eq!((report.counts.due, report.counts.unmatched, report.codes.values().sum::<u64>()), (39, 1, 38));
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again_and_what_was_due_meanwhile_is_late() {
    let fake = Fake::listens("iso87-ascii").await;
    let config = open(200.0, None, millis(600));
    let (report, cut_off) = tokio::join!(runs(&fake, mix(), &config), async {
        let mut peer = fake.accepts().await;
        for asked in peer.take(20).await {
            peer.answers(&asked, APPROVED).await;
        }
        let cut_off = peer.take(5).await.len();
        drop(peer);
        answers_all(fake.accepts().await, APPROVED).await;
        cut_off
    });
    let counts = &report.counts;
    assert_eq!((counts.broken, counts.reconnects, counts.down, counts.due), (1, 1, 0, 119));
    // Those in the socket when it broke are cut off with the five that were read.
    assert!(counts.cut_off >= u64::try_from(cut_off).unwrap() && counts.lost + counts.not_sent == 0, "{counts:?}");
    assert_eq!(counts.approved + counts.cut_off, 119);
}

#[tokio::test]
async fn who_accepts_and_hangs_up_is_asked_again_ever_more_seldom() {
    let fake = Fake::listens("iso87-ascii").await;
    let config = open(200.0, None, millis(600));
    let report = tokio::select! {
        report = runs(&fake, mix(), &config) => report,
        () = async { loop { drop(fake.accepts().await) } } => unreachable!("it accepts for ever"),
    };
    // After 50, 100, 200 ms, and so on.
    assert!((1..=6).contains(&report.counts.broken), "{:?}", report.counts);
    assert_eq!(report.counts.approved, 0);
}

#[tokio::test]
async fn a_connection_that_is_down_at_the_end_is_told() {
    let fake = Fake::listens("iso87-ascii").await;
    let (address, mix, config) = (fake.addr().to_string(), mix(), open(200.0, None, millis(300)));
    let (report, ()) = tokio::join!(load(&address, &mix, &config, |_| {}, std::future::pending()), async {
        let mut peer = fake.accepts().await;
        for asked in peer.take(20).await {
            peer.answers(&asked, APPROVED).await;
        }
        drop((peer, fake));
    });
    let report = report.unwrap();
    assert_eq!((report.counts.down, report.counts.reconnects), (1, 0), "{:?}", report.counts);
    let text = report::text(&report, &[]);
    assert!(text.contains("! 1 of 1 connection was down at the end."), "{text}");
}

#[tokio::test]
async fn where_nobody_listens_there_is_no_load() {
    let fake = Fake::listens("iso87-ascii").await;
    let address = fake.addr().to_string();
    drop(fake);
    let failed = load(&address, &mix(), &open(1.0, None, millis(1)), |_| {}, std::future::pending()).await;
    assert!(matches!(failed, Err(Error::Refused { .. })));
}

#[tokio::test]
async fn who_ends_it_early_gets_a_report_of_what_there_was() {
    let fake = Fake::listens("iso87-ascii").await;
    let config = open(200.0, None, Duration::from_secs(60));
    let (stop, stopped) = oneshot::channel::<()>();
    let (report, ()) = tokio::join!(
        async { load(&fake.addr().to_string(), &mix(), &config, |_| {}, async { drop(stopped.await) }).await.unwrap() },
        async {
            let mut peer = fake.accepts().await;
            for asked in peer.take(40).await {
                peer.answers(&asked, APPROVED).await;
            }
            drop(stop);
            answers_all(peer, APPROVED).await;
        }
    );
    assert_eq!(report.counts.approved, report.counts.due);
    assert!(report.measured < Duration::from_secs(10) && report.counts.due >= 40);
}

#[tokio::test]
async fn all_of_it_may_run_on_another_thread() {
    fn may_travel<T: Send>(_: &T) {}
    let (mix, config) = (mix(), LoadConfig::default());
    may_travel(&load("127.0.0.1:1", &mix, &config, |_| {}, std::future::pending()));
    let (cast, addr) = (Cast::builtin(), std::net::SocketAddr::from(([127, 0, 0, 1], 1)));
    may_travel(&crate::Story::new(&cast).tell(addr, |_| {}));
    let (traffic, counters) = (crate::TrafficConfig::default(), crate::Counters::default());
    may_travel(&crate::traffic(addr, &cast, &traffic, async {}, &counters));
}

const HOLD: &str = r#"
title = "A hold is completed for less"
[vars]
much = "20.00 USD"
[[step]]
send = "authorization"
as = "hold"
card = "dara"
amount = "{{much}}"
[[step]]
expect = "0110"
code = "00"
[[step]]
send = "completion"
of = "hold"
amount = "15.00 USD"
[[step]]
expect = "0230"
code = { in = ["00", "21"] }
"#;

fn plays(scenario: &str) -> Result<Mix, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hold.toml"), scenario).unwrap();
    let path = folder.path().join("mix.toml");
    std::fs::write(&path, "[[mix]]\nscenario = \"hold.toml\"\n").unwrap();
    let mix = Mix::load(&path, &Cast::builtin(), &[]);
    mix.map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

#[tokio::test]
async fn a_customer_plays_a_scenario_step_by_step_and_leaves_where_it_goes_otherwise() {
    let fake = Fake::listens("iso87-ascii").await;
    let config = open(10.0, None, millis(350));
    let (report, types) = tokio::join!(runs(&fake, plays(HOLD).unwrap(), &config), async {
        let mut peer = fake.accepts().await;
        let mut types = Vec::new();
        while let Some(asked) = peer.next().await {
            let mti = asked.message().mti;
            types.push(mti.to_string());
            // The second hold is refused, and not completed.
            let refused = types.iter().filter(|it| *it == "0100").count() == 2 && mti == model::Mti::AUTHORIZATION_REQUEST;
            assert_eq!(asked.message().original.is_some(), mti == model::Mti::FINANCIAL_ADVICE);
            peer.answers(&asked, if refused { ResponseCode::UNKNOWN_CARD } else { APPROVED }).await;
        }
        types
    });
    assert_eq!(types, ["0100", "0220", "0100", "0100", "0220"]);
    assert_eq!((report.counts.due, report.counts.approved, report.counts.unexpected), (5, 4, 1));
    assert_eq!(report.lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["hold.toml"]);
}

#[test]
fn a_scenario_that_a_load_cannot_play_is_told_with_its_place() {
    let clock = format!("{HOLD}[[step]]\nclock = \"+5s\"\n");
    let told = plays(&clock).unwrap_err();
    assert!(told.starts_with("hold.toml:21:9: a load plays what terminals send"), "{told}");
    let captures = HOLD.replace("code = \"00\"", "capture = { auth = \"authorization\" }");
    assert!(plays(&captures).unwrap_err().starts_with("hold.toml:11:10: a load plays"));
}
