use bank_adapters::{AmountType, Balance, Card, Cast};
use model::{Content, Currency, Kind, Money, Mti, ResponseCode, Rrn, Stan, Text};
use tokio::join;
use wire::profile;

use super::*;
use crate::fake::{Fake, Peer};

const APPROVED: ResponseCode = ResponseCode::APPROVED;
/// Longer than any test lasts that goes well.
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(30);

fn khr(major: u32) -> Money {
    Money::from_minor(u64::from(major) * 100, Currency::from_alpha("KHR").unwrap())
}

fn dara() -> Card {
    Cast::builtin().card("dara").unwrap().clone()
}

async fn connected(dialect: &str) -> (Fake, Peer, Terminal) {
    let fake = Fake::listens(dialect).await;
    let config = TerminalConfig { dialect: Dialect::builtin(dialect).unwrap(), ..TerminalConfig::named("ATM00001") };
    let (peer, terminal) = join!(fake.accepts(), Terminal::connect(fake.addr(), config));
    (fake, peer, terminal.unwrap())
}

#[tokio::test]
async fn a_withdrawal_is_asked_and_answered_in_every_dialect() {
    for dialect in Dialect::builtin_names() {
        let (_fake, mut peer, atm) = connected(dialect).await;
        let request = atm.request(Kind::Withdrawal, &dara(), khr(50_000));
        let (exchange, ()) = join!(atm.ask(&request, LONG), async {
            let asked = peer.next().await.unwrap();
            assert_eq!(profile::check(&asked.message()), Ok(()));
            assert_eq!((asked.message().rrn, asked.message().expiry), (request.rrn, Some(3212)));
            peer.answers(&asked, APPROVED).await;
        });
        let exchange = exchange.unwrap();
        assert_eq!((exchange.reply.code, exchange.reply.rrn), (APPROVED, request.rrn));
        assert_eq!(exchange.reply.to_string(), "approved (00), authorization A1B2C3");
        let text = exchange.text(&atm.config().dialect);
        assert!(
            text.contains("911601******0019") && text.contains("(withdrawal)") && text.contains("financial response"),
            "{text}"
        );
        assert!(!text.contains("9116010000000019"), "{text}");
    }
}

#[tokio::test]
async fn answers_find_their_requests_in_whatever_order_they_come() {
    let (_fake, mut peer, atm) = connected("iso87-ascii").await;
    let requests = [1u32, 2, 3].map(|amount| atm.request(Kind::Purchase, &dara(), khr(amount)));
    let (one, two, three, ()) =
        join!(atm.ask(&requests[0], LONG), atm.ask(&requests[1], LONG), atm.ask(&requests[2], LONG), async {
            let asked = peer.take(3).await;
            for (asked, code) in asked.iter().zip([APPROVED, ResponseCode::NOT_SUFFICIENT_FUNDS, ResponseCode::LOST_CARD]).rev() {
                peer.answers(asked, code).await;
            }
        });
    let codes = [one, two, three].map(|exchange| exchange.unwrap().reply.code.to_string());
    assert_eq!(codes, ["00", "51", "41"]);
}

#[tokio::test]
async fn an_answer_that_differs_in_any_part_of_its_name_answers_nothing() {
    let (_fake, mut peer, atm) = connected("iso87-ascii").await;
    let request = atm.request(Kind::Purchase, &dara(), khr(1));
    let (exchange, ()) = join!(atm.ask(&request, LONG), async {
        let asked = peer.next().await.unwrap();
        let answer = asked.answer(ResponseCode::LOST_CARD);
        let other_stan = Stan::new(answer.stan.unwrap().number() % 999_999 + 1);
        for wrong in [
            Message { stan: other_stan, ..answer },
            Message { mti: Mti::REVERSAL_ADVICE_RESPONSE, ..answer },
            Message { transmitted: model::TransmissionTime::new(101_000_000), ..answer },
            Message { rrn: Rrn::new(b"999999999999"), ..answer },
            Message { terminal: TerminalId::new(b"ATM00002"), ..answer },
        ] {
            peer.says(&wrong).await;
        }
        peer.answers(&asked, APPROVED).await;
    });
    assert_eq!(exchange.unwrap().reply.code, APPROVED);
    for _ in 0..5 {
        let unmatched = atm.next_unmatched().await.unwrap();
        assert_eq!(unmatched.reply.unwrap().code, ResponseCode::LOST_CARD);
    }
    assert!(atm.try_unmatched().is_none());
}

#[tokio::test]
async fn a_refusal_that_carries_little_still_answers() {
    let (_fake, mut peer, atm) = connected("iso87-ascii").await;
    let request = atm.request(Kind::Purchase, &dara(), khr(1));
    let (exchange, ()) = join!(atm.ask(&request, LONG), async {
        let stan = peer.next().await.unwrap().message().stan;
        let code = Some(ResponseCode::FORMAT_ERROR);
        peer.says(&Message { stan, code, remark: Text::new(b"field 49 is missing"), ..Message::new(Mti::FINANCIAL_RESPONSE) })
            .await;
    });
    assert_eq!(exchange.unwrap().reply.to_string(), "format error (30), field 49 is missing");
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_kept_for_who_looks() {
    let (_fake, mut peer, atm) = connected("iso87-ascii").await;
    let request = atm.request(Kind::Withdrawal, &dara(), khr(1));
    let error = atm.ask(&request, SHORT).await.unwrap_err();
    assert!(matches!(error, Error::Silent { stan, .. } if Some(stan) == request.stan), "{error}");
    assert!(error.to_string().contains("repeat it or reverse it"), "{error}");
    let asked = peer.next().await.unwrap();
    peer.answers(&asked, APPROVED).await;
    let late = atm.next_unmatched().await.unwrap();
    assert_eq!(late.reply.unwrap().rrn, request.rrn);
}

#[tokio::test]
async fn when_the_connection_breaks_who_waits_is_told_and_who_asks_afterwards_sends_nothing() {
    let (fake, mut peer, atm) = connected("iso87-ascii").await;
    let request = atm.request(Kind::Withdrawal, &dara(), khr(1));
    let (exchange, ()) = join!(atm.ask(&request, LONG), async {
        peer.next().await.unwrap();
        drop(peer);
    });
    assert!(matches!(exchange, Err(Error::Lost { .. })), "{exchange:?}");
    assert!(!atm.is_open());
    assert!(matches!(atm.ask(&request, LONG).await, Err(Error::Closed { .. })));
    assert!(matches!(atm.send(&request).await, Err(Error::Closed { .. })));
    assert!(atm.next_unmatched().await.is_none());

    let (mut peer, again) = join!(fake.accepts(), Terminal::connect(fake.addr(), atm.config().clone()));
    let again = again.unwrap();
    let repeat = again.repeat(&request);
    let (exchange, ()) = join!(again.ask(&repeat, LONG), async {
        let asked = peer.next().await.unwrap();
        assert_eq!((asked.message().mti, asked.message().stan), (Mti::FINANCIAL_REPEAT, request.stan));
        peer.answers(&asked, APPROVED).await;
    });
    assert_eq!(exchange.unwrap().reply.code, APPROVED);
}

#[tokio::test]
async fn an_answer_in_another_dialect_is_told_as_such() {
    let (_fake, mut peer, atm) = connected("iso87-ascii").await;
    let request = atm.request(Kind::Purchase, &dara(), khr(1));
    let (exchange, ()) = join!(atm.ask(&request, LONG), async {
        let asked = peer.next().await.unwrap();
        // DE70 of 999 is three letters: everything up to it can be read.
        let mut frame = BytesMut::new();
        let network = Some(NetworkCode::Other(999));
        wire::write(
            &atm.config().dialect,
            &Message { network, ..asked.answer(APPROVED) },
            model::Timestamp::default(),
            &mut frame,
        )
        .unwrap();
        let length = frame.len();
        frame[length - 3..].copy_from_slice(b"abc");
        peer.says_bytes(&u16::try_from(length).unwrap().to_be_bytes()).await;
        peer.says_bytes(&frame).await;
    });
    let error = exchange.unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("field 70") && error.to_string().contains("same dialect"), "{error}");
}

#[tokio::test]
async fn a_salary_shows_no_card_and_names_account_and_bank() {
    let (_fake, mut peer, desk) = connected("iso87-bcd").await;
    let cast = Cast::builtin();
    let account = dara().account(khr(1).currency()).unwrap().number;
    let salary = desk.salary(cast.bank("acleda").unwrap().institution, account, khr(800_000));
    desk.send(&salary).await.unwrap();
    let asked = peer.next().await.unwrap();
    let message = asked.message();
    assert_eq!(profile::check(&message), Ok(()));
    assert_eq!((message.pan, message.expiry, message.to_account), (None, None, Some(account)));
    assert_eq!(message.receiver.unwrap().number(), 116_001);
    peer.answers(&asked, APPROVED).await;
    assert_eq!(desk.next_unmatched().await.unwrap().reply.unwrap().rrn, salary.rrn);
}

#[tokio::test]
async fn a_reversal_names_its_original_and_what_stands() {
    let (_fake, mut peer, shop) = connected("iso87-ascii").await;
    let purchase = shop.request(Kind::Purchase, &dara(), khr(30));
    let reversal = shop.reversal(&purchase, Mti::REVERSAL_ADVICE, Some(1000));
    let (exchange, ()) = join!(shop.ask(&reversal, LONG), async {
        let asked = peer.next().await.unwrap();
        let message = asked.message();
        assert_eq!(profile::check(&message), Ok(()));
        let original = message.original.unwrap();
        assert_eq!((original.mti, Some(original.stan)), (Mti::FINANCIAL_REQUEST, purchase.stan));
        assert_eq!((original.transmitted, message.rrn, message.amount), (purchase.transmitted, purchase.rrn, purchase.amount));
        assert_eq!(message.replacement, Some(1000));
        assert_ne!(message.stan, purchase.stan);
        peer.answers(&asked, APPROVED).await;
    });
    assert_eq!(exchange.unwrap().reply.mti, Mti::REVERSAL_ADVICE_RESPONSE);
}

#[tokio::test]
async fn a_balance_is_read_from_the_answer() {
    let (_fake, mut peer, atm) = connected("iso87-ascii").await;
    let inquiry = atm.balance(&dara(), khr(1).currency());
    assert_eq!(inquiry.amount, None);
    let (exchange, ()) = join!(atm.ask(&inquiry, LONG), async {
        let asked = peer.next().await.unwrap();
        let balances = Balance::render(&[Balance::of(-700, khr(1).currency(), AmountType::Available)]);
        peer.says(&Message { balances: Some(Content::ascii(balances.as_bytes())), ..asked.answer(APPROVED) }).await;
    });
    assert_eq!(exchange.unwrap().reply.balance(khr(1).currency()), Some(-700));
}

#[tokio::test]
async fn sign_on_and_echo_are_asked_for() {
    let (_fake, mut peer, atm) = connected("iso87-ascii").await;
    for code in [NetworkCode::SignOn, NetworkCode::Echo] {
        let (exchange, ()) = join!(atm.network(code, LONG), async {
            let asked = peer.next().await.unwrap();
            assert_eq!((profile::check(&asked.message()), asked.message().network), (Ok(()), Some(code)));
            peer.answers(&asked, APPROVED).await;
        });
        assert_eq!(exchange.unwrap().reply.code, APPROVED);
    }
}

#[tokio::test]
async fn where_nobody_listens_one_is_told_what_to_do() {
    let fake = Fake::listens("iso87-ascii").await;
    let addr = fake.addr();
    drop(fake);
    let error = Terminal::connect(addr, TerminalConfig::default()).await.unwrap_err();
    assert!(error.to_string().contains("is the switch running") && error.to_string().contains("payswitch run"), "{error}");
}
