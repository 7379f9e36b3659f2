//! Every message that a bank is asked in, through the host to the ledger and back.

use std::collections::HashMap;

use model::{Content, Sensitive};

use super::*;
use crate::{AmountType, Balance, ReferenceBank};

const EVERY_DIALECT: [&str; 5] = ["iso87-ascii", "iso87-bcd", "iso87-ebcdic", "iso93-ascii", "iso93-bcd"];

/// A bank of the cast behind a link, with its ledger in a folder that goes with it.
fn bank(name: &str, dialect: &str) -> (Peer<DuplexStream>, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let (peer, _served) = link(ReferenceBank::open(name, place.path(), &Cast::builtin()).unwrap(), &host(dialect));
    (peer, place)
}

fn authorization(alias: &str, minor: u64, stan: u32) -> Message<'static> {
    Message { mti: Mti::AUTHORIZATION_REQUEST, ..purchase(alias, minor, stan) }
}

/// The advice that completes an authorization.
fn completion_of(original: &Message<'static>, minor: u64, stan: u32) -> Message<'static> {
    let reversal = reversal_of(original, stan);
    Message { mti: Mti::FINANCIAL_ADVICE, amount: Some(minor), replacement: None, ..reversal }
}

/// Ledger and available balance, in minor units.
async fn balance(switch: &mut Peer<DuplexStream>, alias: &str, stan: u32) -> (u64, u64) {
    let came = switch.ask(&financial(Kind::Balance, alias, 0, stan)).await;
    let field = wire::octets(came.message().balances.unwrap()).unwrap().into_owned();
    let told: HashMap<_, _> =
        Balance::parse(&field).unwrap().iter().map(|it| (it.amount_type == AmountType::Ledger, it.amount.minor())).collect();
    (told[&true], told[&false])
}

#[tokio::test]
async fn an_amount_is_held_completed_and_reversed_in_every_dialect() {
    for dialect in EVERY_DIALECT {
        let (mut switch, _place) = bank("acleda", dialect);
        let hold = Message { fee: Some(25), ..authorization("dara", 3000, 1) };
        let came = switch.ask(&hold).await;
        let response = came.message();
        assert_eq!((response.mti, response.code), (Mti::AUTHORIZATION_RESPONSE, Some(ResponseCode::APPROVED)), "{dialect}");
        assert_eq!((response.fee, response.amount, response.stan), (Some(25), Some(3000), Stan::new(1)), "{dialect}");
        assert!(response.authorization.is_some() && response.original.is_none());
        assert_eq!(balance(&mut switch, "dara", 2).await, (10_000_000, 10_000_000 - 3025), "{dialect}");
        let repeat = switch.ask(&Message { mti: Mti::AUTHORIZATION_REQUEST.repeat(), ..hold }).await;
        assert_eq!(repeat.message().authorization, came.message().authorization, "{dialect}: 0101");

        let advice = Message { fee: Some(20), ..completion_of(&hold, 2500, 3) };
        for mti in [Mti::FINANCIAL_ADVICE, Mti::FINANCIAL_ADVICE.repeat()] {
            let came = switch.ask(&Message { mti, ..advice }).await;
            let response = came.message();
            assert_eq!(
                (response.mti, response.code),
                (Mti::FINANCIAL_ADVICE_RESPONSE, Some(ResponseCode::APPROVED)),
                "{dialect}"
            );
            assert_eq!(response.original.unwrap().stan, Stan::new(1).unwrap());
        }
        assert_eq!(balance(&mut switch, "dara", 4).await, (10_000_000 - 2520, 10_000_000 - 2520), "{dialect}");

        let other = Message { mti: Mti::AUTHORIZATION_ADVICE, ..authorization("dara", 700, 5) };
        for mti in [Mti::AUTHORIZATION_ADVICE, Mti::AUTHORIZATION_ADVICE.repeat()] {
            let came = switch.ask(&Message { mti, ..other }).await;
            assert_eq!((came.message().mti, came.code()), (Mti::AUTHORIZATION_ADVICE_RESPONSE, "00".into()), "{dialect}");
        }
        assert_eq!(balance(&mut switch, "dara", 6).await.1, 10_000_000 - 3220);
        for (original, stan) in [(&other, 7), (&advice, 8)] {
            let came = switch.ask(&reversal_of(original, stan)).await;
            assert_eq!((came.message().mti, came.code()), (Mti::REVERSAL_ADVICE_RESPONSE, "00".into()), "{dialect}");
        }
        assert_eq!(balance(&mut switch, "dara", 9).await, (10_000_000, 10_000_000), "{dialect}");
    }
}

#[tokio::test]
async fn an_advice_that_names_nothing_or_not_an_authorization_is_posted_for_itself() {
    let (mut switch, _place) = bank("acleda", "iso87-ascii");
    let advice = Message { mti: Mti::FINANCIAL_ADVICE, ..purchase("thida", 500, 1) };
    assert_eq!(switch.ask(&advice).await.code(), "00");
    let bought = purchase("dara", 500, 2);
    switch.ask(&bought).await;
    assert_eq!(switch.ask(&completion_of(&bought, 100, 3)).await.code(), "00");
    assert_eq!(balance(&mut switch, "dara", 4).await.0, 10_000_000 - 600);
    let original =
        completion_of(&authorization("dara", 500, 9), 100, 5).original.map(|it| OriginalData { transmitted: None, ..it });
    let nameless = Message { original, ..completion_of(&authorization("dara", 500, 9), 100, 5) };
    assert_eq!(switch.ask(&nameless).await.code(), "00", "DE90 that names nobody");
    assert_eq!(balance(&mut switch, "dara", 6).await.0, 10_000_000 - 700);
    let to_come = purchase("dara", 300, 20);
    assert_eq!(switch.ask(&completion_of(&to_come, 100, 8)).await.code(), "00");
    assert_eq!(switch.ask(&to_come).await.code(), "00", "what is no authorization is not completed before it comes");
    let came = switch.ask(&Message { amount: None, ..completion_of(&bought, 1, 7) }).await;
    assert_eq!((came.code(), came.message().remark.unwrap().to_string()), ("30".into(), "field 4 is missing".into()));
}

#[tokio::test]
async fn a_fee_is_taken_with_every_kind_and_told_back() {
    for dialect in EVERY_DIALECT {
        let (mut switch, _place) = bank("acleda", dialect);
        let mut left = 10_000_000;
        for (stan, kind) in (1..).zip([Kind::Purchase, Kind::Withdrawal, Kind::CashBack, Kind::Transfer, Kind::TopUp]) {
            let to_account = matches!(kind, Kind::Transfer | Kind::TopUp).then(|| Text::new(b"001234567").unwrap());
            let receiver = to_account.and_then(|_| InstitutionId::new(116_701));
            let asked = Message { fee: Some(50), to_account, receiver, ..financial(kind, "dara", 1000, stan) };
            let came = switch.ask(&asked).await;
            assert_eq!((came.code(), came.message().fee), ("00".into(), Some(50)), "{dialect}, {kind}");
            assert_eq!((came.message().to_account, came.message().receiver), (to_account, receiver), "{dialect}, {kind}");
            left -= 1050;
        }
        let inquiry = Message { fee: Some(10), ..financial(Kind::Balance, "dara", 0, 20) };
        for _ in 0..2 {
            assert_eq!(switch.ask(&inquiry).await.code(), "00");
        }
        assert_eq!(balance(&mut switch, "dara", 21).await.0, left - 10, "{dialect}");
    }
}

#[tokio::test]
async fn a_virtual_card_comes_in_de34_and_a_mini_statement_in_de48() {
    for dialect in EVERY_DIALECT {
        let (mut switch, _place) = bank("canadia", dialect);
        let asked = Message { amount: None, ..financial(Kind::VirtualCard, "bopha", 0, 1) };
        let came = switch.ask(&asked).await;
        let issued = came.message().issued.expect("a number");
        assert!(issued.luhn_holds() && issued.prefix(6) == Some(911_612), "{dialect}");
        assert_eq!(switch.ask(&asked).await.message().issued, Some(issued), "{dialect}");
        assert_eq!(switch.ask(&Message { pan: Some(issued), ..purchase("bopha", 1250, 2) }).await.code(), "00", "{dialect}");

        let came = switch.ask(&Message { amount: None, ..financial(Kind::MiniStatement, "bopha", 0, 3) }).await;
        let text = wire::octets(came.message().additional.unwrap()).unwrap().into_owned();
        let text = String::from_utf8(text).unwrap();
        assert!(text.ends_with(" purchase -12.50 USD"), "{dialect}: {text}");
        assert_eq!(came.message().issued, None);
    }
}

#[tokio::test]
async fn a_pin_change_needs_both_blocks_and_answers_neither() {
    for dialect in DIALECTS {
        let (mut switch, _place) = bank("wing", dialect);
        let whole = Message {
            amount: None,
            pin_block: Some(Sensitive::raw(&[0x12; 8])),
            additional: Some(Content::ascii(b"0123456789ABCDEF")),
            ..financial(Kind::PinChange, "chan", 0, 1)
        };
        let came = switch.ask(&whole).await;
        assert_eq!((came.code(), came.message().additional, came.message().pin_block), ("00".into(), None, None), "{dialect}");
        let lacking = [(Message { pin_block: None, ..whole }, "52"), (Message { additional: None, ..whole }, "48")];
        for (message, field) in lacking {
            let came = switch.ask(&message).await;
            let remark = came.message().remark.unwrap().to_string();
            assert_eq!((came.code(), remark), ("30".into(), format!("field {field} is missing")), "{dialect}");
        }
    }
}

#[tokio::test]
async fn an_operator_credits_a_phone_and_does_nothing_else() {
    for dialect in EVERY_DIALECT {
        let (mut switch, place) = bank("smart", dialect);
        let asked = Message { pan: None, to_account: Text::new(b"001234567"), ..financial(Kind::TopUp, "dara", 500, 1) };
        assert_eq!(switch.ask(&asked).await.code(), "00", "{dialect}");
        assert_eq!(switch.ask(&Message { to_account: Text::new(b"003234567"), stan: Stan::new(2), ..asked }).await.code(), "76");
        assert_eq!(switch.ask(&purchase("dara", 500, 3)).await.code(), "40", "{dialect}");
        assert_eq!(switch.ask(&authorization("dara", 500, 4)).await.code(), "40", "{dialect}");
        assert_eq!(switch.ask(&reversal_of(&asked, 5)).await.code(), "00", "{dialect}");
        assert_eq!(switch.ask(&network(NetworkCode::Echo, 6)).await.code(), "00", "{dialect}");
        let statement = crate::Statement::open(&place.path().join("smart.db")).unwrap();
        assert_eq!(statement.entries_on("001234567-USD").unwrap().len(), 2);
        assert_eq!(statement.balance("001234567-USD").unwrap(), 0);
    }
}

/// Tells what it was asked, and approves half of it.
struct Halves(tokio::sync::mpsc::UnboundedSender<BankRequest>);

impl Bank for Halves {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    async fn call(&self, request: BankRequest, _: Call) -> Outcome<BankReply> {
        let half = match &request {
            BankRequest::Financial(it) => Some(model::Money::from_minor(it.amount.minor() / 2, it.amount.currency())),
            _ => None,
        };
        let _ = self.0.send(request);
        Outcome::Answered(BankReply { amount: half, ..BankReply::of(ResponseCode::PARTIALLY_APPROVED) })
    }
}

#[tokio::test]
async fn a_bank_is_told_what_a_request_carries_and_may_approve_a_part() {
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let (mut switch, _served) = link(Halves(sender), &host("iso87-ascii"));
    let cash = Balance {
        amount_type: AmountType::Other(40),
        ..Balance::of(300, Currency::from_alpha("USD").unwrap(), AmountType::Ledger)
    };
    let field = Balance::render(&[cash]);
    let asked = Message {
        fee: Some(7),
        balances: Some(Content::ascii(field.as_bytes())),
        receiver: InstitutionId::new(116_003),
        ..financial(Kind::CashBack, "dara", 1000, 1)
    };
    let came = switch.ask(&asked).await;
    assert_eq!((came.code(), came.message().amount, came.message().balances), ("10".into(), Some(500), None));
    let Some(BankRequest::Financial(request)) = told.recv().await else { panic!("no request") };
    assert_eq!((request.fee, &request.parts, request.receiver), (7, &vec![cash], InstitutionId::new(116_003)));

    let hold = authorization("dara", 1000, 2);
    switch.ask(&completion_of(&hold, 1, 3)).await;
    let Some(BankRequest::Advice(advice)) = told.recv().await else { panic!("no advice") };
    let named = advice.completes.unwrap();
    assert_eq!((Some(named.stan), Some(named.transmitted), named.acquirer), (hold.stan, hold.transmitted, hold.acquirer));
    switch.ask(&Message { mti: Mti::AUTHORIZATION_ADVICE, ..hold }).await;
    let Some(BankRequest::Authorization(it)) = told.recv().await else { panic!("no authorization") };
    assert!(it.advice && it.asked.reference.stan.number() == 2);
}
