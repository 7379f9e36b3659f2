use std::collections::HashSet;

use tokio::join;

use super::*;
use crate::fake::{Asked as Seen, Fake, Peer};

const APPROVED: ResponseCode = ResponseCode::APPROVED;

fn config(connections: u32, in_flight: u32, limit: Limit) -> FloodConfig {
    FloodConfig { connections, in_flight, limit, wait: Duration::from_secs(20), ..FloodConfig::default() }
}

/// Answers so many requests, and keeps what was answered.
async fn answers(peer: &mut Peer, count: usize, answered: &mut Vec<Rrn>) {
    for _ in 0..count {
        let Some(asked) = peer.next().await else { return };
        peer.answers(&asked, APPROVED).await;
        answered.push(asked.message().rrn.unwrap());
    }
}

fn references(tally: &Tally) -> HashSet<Rrn> {
    tally.transactions.iter().map(|it| it.asked.rrn).collect()
}

#[tokio::test]
async fn a_flood_keeps_its_number_open_and_counts_what_was_answered() {
    let fake = Fake::listens("iso87-ascii").await;
    let (cast, config) = (Cast::builtin(), config(1, 4, Limit::Count(12)));
    let (tally, ()) = join!(flood(fake.addr(), &cast, &config), async {
        let mut peer = fake.accepts().await;
        for _ in 0..3 {
            // Four are there although none is answered, and the last comes first.
            for asked in peer.take(4).await.iter().rev() {
                peer.answers(asked, APPROVED).await;
            }
        }
        assert!(peer.next().await.is_none());
    });
    let tally = tally.unwrap();
    assert_eq!((tally.sent, tally.approved(), tally.latencies.len(), references(&tally).len()), (12, 12, 12, 12));
    assert!(tally.unanswered.is_empty() && tally.broken == 0);
    let first = &tally.transactions[0];
    assert!(cast.card(&first.asked.card).is_ok() && first.authorization.is_some() && !first.late);
}

#[tokio::test]
async fn when_the_switch_dies_what_was_answered_and_what_was_not_are_told_apart() {
    let fake = Fake::listens("iso87-ascii").await;
    let (cast, config) = (Cast::builtin(), config(2, 8, Limit::For(Duration::from_secs(20))));
    let mut answered = Vec::new();
    let (tally, left) = join!(flood(fake.addr(), &cast, &config), async {
        let mut peers = [fake.accepts().await, fake.accepts().await];
        for peer in &mut peers {
            answers(peer, 30, &mut answered).await;
        }
        let left: HashSet<Rrn> = {
            let [one, other] = &mut peers;
            let (one, other) = (one.take(8).await, other.take(8).await);
            one.iter().chain(&other).map(|asked: &Seen| asked.message().rrn.unwrap()).collect()
        };
        drop(peers);
        left
    });
    let tally = tally.unwrap();
    assert_eq!(references(&tally), answered.into_iter().collect());
    assert_eq!(tally.unanswered.iter().map(|it| it.asked.rrn).collect::<HashSet<_>>(), left);
    assert_eq!((tally.sent, tally.transactions.len(), tally.broken), (76, 60, 2));
    let open = &tally.unanswered[0];
    assert!(open.why.contains("the connection broke") && open.message.rrn == Some(open.asked.rrn), "{}", open.why);
}

#[tokio::test]
async fn a_connection_that_broke_is_made_again_where_that_is_wanted() {
    let fake = Fake::listens("iso87-ascii").await;
    let base = config(1, 2, Limit::Count(20));
    let config = FloodConfig { reconnect_for: Some(Duration::from_secs(20)), ..base };
    let cast = Cast::builtin();
    let mut answered = Vec::new();
    let (tally, ()) = join!(flood(fake.addr(), &cast, &config), async {
        let mut first = fake.accepts().await;
        answers(&mut first, 5, &mut answered).await;
        first.take(2).await;
        drop(first);
        let mut second = fake.accepts().await;
        answers(&mut second, 100, &mut answered).await;
    });
    let tally = tally.unwrap();
    assert_eq!(references(&tally), answered.into_iter().collect());
    assert_eq!((tally.broken, tally.unanswered.len()), (1, 2));
    assert_eq!(tally.sent, u64::try_from(tally.transactions.len() + 2).unwrap());
}

#[tokio::test]
async fn an_answer_that_came_late_was_seen_all_the_same() {
    let fake = Fake::listens("iso87-ascii").await;
    let base = config(1, 1, Limit::Count(2));
    let config = FloodConfig { wait: Duration::from_millis(100), ..base };
    let cast = Cast::builtin();
    let (tally, ()) = join!(flood(fake.addr(), &cast, &config), async {
        let mut peer = fake.accepts().await;
        let first = peer.next().await.unwrap();
        // The second is asked when the first is given up.
        let second = peer.next().await.unwrap();
        peer.answers(&first, ResponseCode::BANK_UNAVAILABLE).await;
        peer.answers(&second, APPROVED).await;
    });
    let tally = tally.unwrap();
    let [second, first] = &tally.transactions[..] else { panic!("two answers: {tally:?}") };
    assert_eq!((first.late, first.code, second.late, second.code), (true, ResponseCode::BANK_UNAVAILABLE, false, APPROVED));
    assert_eq!((tally.latencies.len(), tally.unanswered.len()), (1, 0));
}

#[tokio::test]
async fn a_flood_against_nobody_ends_with_nothing_sent() {
    let fake = Fake::listens("iso87-ascii").await;
    let addr = fake.addr();
    drop(fake);
    let tally = flood(addr, &Cast::builtin(), &config(3, 4, Limit::Count(10))).await.unwrap();
    assert_eq!((tally.sent, tally.unconnected, tally.transactions.len()), (0, 3, 0));
}

#[test]
fn all_of_it_may_run_on_another_thread() {
    fn may_travel<T: Send>(_: &T) {}
    let (cast, config, addr) = (Cast::builtin(), FloodConfig::default(), SocketAddr::from(([127, 0, 0, 1], 1)));
    may_travel(&flood(addr, &cast, &config));
    may_travel(&crate::Story::new(&cast).tell(addr, |_| {}));
    let (traffic, counters) = (crate::TrafficConfig::default(), crate::Counters::default());
    may_travel(&crate::traffic(addr, &cast, &traffic, async {}, &counters));
}
