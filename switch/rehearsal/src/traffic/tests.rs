use std::collections::HashSet;
use std::sync::Arc;

use model::{InstitutionId, ProcessingCode};
use tokio::join;
use tokio::sync::Notify;
use wire::profile;

use super::*;
use crate::fake::{Fake, answer_to};

#[tokio::test]
async fn traffic_is_mixed_goes_on_unanswered_and_over_new_connections_until_it_is_stopped() {
    let fake = Fake::listens("iso87-ascii").await;
    let (cast, counters, stop) = (Cast::builtin(), Counters::default(), Arc::new(Notify::new()));
    let terminal = TerminalConfig { seed: Some(3), ..TerminalConfig::default() };
    let config = TrafficConfig { per_second: 2000, terminals: 1, terminal, ..TrafficConfig::default() };
    let (mut kinds, mut asked_for) = (HashSet::new(), HashSet::new());
    let (counts, ()) = join!(traffic(fake.addr(), &cast, &config, stop.notified(), &counters), async {
        let mut first = fake.accepts().await;
        // Nobody answers, and yet more comes.
        first.take(10).await;
        drop(first);
        let mut second = fake.accepts().await;
        for asked in second.take(200).await {
            let message = asked.message();
            assert_eq!(profile::check(&message), Ok(()));
            kinds.insert(message.processing.and_then(ProcessingCode::kind).unwrap());
            asked_for.insert((
                message.receiver.map(InstitutionId::number),
                message.pan.and_then(|pan| pan.prefix(6)),
                message.currency,
            ));
            second.says(&answer_to(&message, ResponseCode::APPROVED)).await;
        }
        while counters.snapshot().answered.get(&ResponseCode::APPROVED) != Some(&200) {
            tokio::task::yield_now().await;
        }
        stop.notify_one();
        while let Some(asked) = second.next().await {
            second.answers(&asked, ResponseCode::BANK_UNAVAILABLE).await;
        }
    });
    let counts = counts.unwrap();
    assert_eq!(counts, counters.snapshot());
    assert_eq!((kinds.len(), counts.reconnects), (6, 1));
    assert!(counts.unanswered >= 10, "{counts:?}");
    assert_eq!(counts.sent, counts.answered.values().sum::<u64>() + counts.unanswered);
    let by_card: HashSet<_> = asked_for.iter().filter(|(receiver, ..)| receiver.is_none()).collect();
    assert_eq!(by_card.len(), 6, "three banks in two currencies");
    assert!(asked_for.len() > by_card.len(), "and accounts, for salaries");
}

#[tokio::test]
async fn traffic_waits_for_a_switch_that_is_not_there_and_can_be_stopped_meanwhile() {
    let fake = Fake::listens("iso87-ascii").await;
    let addr = fake.addr();
    drop(fake);
    let (cast, counters) = (Cast::builtin(), Counters::default());
    let counts = traffic(addr, &cast, &TrafficConfig::default(), std::future::ready(()), &counters).await.unwrap();
    assert_eq!((counts.sent, counts.reconnects), (0, 0));
}
