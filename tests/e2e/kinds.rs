//! Every kind, through real sockets: banks in process and over TCP, ASCII and BCD, both editions of the standard.

use bank_adapters::{Card, Statement};
use model::{Currency, Kind, Message, Money, Mti, NetworkCode, ResponseCode};
use rehearsal::Terminal;

use crate::harness::{Banks, PATIENCE, Setup, Switch, cast, eventually, run};

const APPROVED: ResponseCode = ResponseCode::APPROVED;

/// A terminal at work and the ledger that it can be checked against.
struct Scene {
    switch: Switch,
    terminal: Terminal,
    card: Card,
}

impl Scene {
    async fn open(setup: Setup) -> Self {
        let switch = setup.start();
        let terminal = switch.terminal("ATM00001").await;
        Self { switch, terminal, card: cast().card("bopha").unwrap().clone() }
    }

    /// What the bank's own ledger says, read from outside.
    fn ledger(&self, currency: Currency) -> i64 {
        let ledger = Statement::open(&self.switch.setup.ledgers().join("canadia.db")).unwrap();
        assert_eq!(ledger.unbalanced().unwrap(), []);
        ledger.balance(&self.card.account(currency).unwrap().number.to_string()).unwrap()
    }

    async fn ask(&self, message: &Message<'static>) -> rehearsal::Reply {
        self.terminal.ask(message, PATIENCE).await.unwrap().reply
    }

    /// Asks, and says by how much the ledger moved.
    async fn moves(&self, message: &Message<'static>) -> (ResponseCode, i64) {
        let currency = message.currency.unwrap();
        let before = self.ledger(currency);
        let code = self.ask(message).await.code;
        (code, self.ledger(currency) - before)
    }
}

async fn every_kind(setup: Setup) {
    let scene = Scene::open(setup).await;
    let (terminal, card) = (&scene.terminal, &scene.card);
    for code in ["KHR", "USD"] {
        let currency = Currency::from_alpha(code).unwrap();
        let amount = Money::from_minor(1_000, currency);
        let signs = [(Kind::Purchase, -1_000), (Kind::Withdrawal, -1_000), (Kind::Deposit, 1_000), (Kind::Refund, 1_000)];
        for (kind, moved) in signs {
            assert_eq!(scene.moves(&terminal.request(kind, card, amount)).await, (APPROVED, moved), "{kind}");
        }
        let account = card.account(currency).unwrap().number;
        let bank = cast().bank("canadia").unwrap().institution;
        assert_eq!(scene.moves(&terminal.salary(bank, account, amount)).await, (APPROVED, 1_000));

        let balance = scene.ask(&terminal.balance(card, currency)).await;
        assert_eq!((balance.code, balance.balance(currency)), (APPROVED, Some(scene.ledger(currency))));

        // 1993 has no reversal request.
        let whole =
            if scene.switch.dialect().version() == wire::Version::Iso1993 { Mti::REVERSAL_ADVICE } else { Mti::REVERSAL_REQUEST };
        for (mti, stands) in [(whole, None), (Mti::REVERSAL_ADVICE, Some(400))] {
            let before = scene.ledger(currency);
            let purchase = terminal.request(Kind::Purchase, card, amount);
            assert_eq!(scene.moves(&purchase).await, (APPROVED, -1_000));
            let reversal = terminal.reversal(&purchase, mti, stands);
            let answer = scene.ask(&reversal).await;
            assert_eq!((answer.mti, answer.code), (mti.response(), APPROVED));
            let stays = i64::try_from(stands.unwrap_or(0)).unwrap();
            eventually("the bank has been told", || scene.ledger(currency) == before - stays);
            assert_eq!(scene.ask(&terminal.repeat(&purchase)).await.code, ResponseCode::DUPLICATE);
        }
    }
    for code in [NetworkCode::SignOn, NetworkCode::Echo, NetworkCode::SignOff] {
        assert_eq!(terminal.network(code, PATIENCE).await.unwrap().reply.code, APPROVED);
    }
}

#[test]
fn every_kind_with_banks_in_process_in_ascii() {
    run(every_kind(Setup::new(Banks::InProcess, "iso87-ascii")));
}

#[test]
fn every_kind_with_banks_in_process_in_bcd() {
    run(every_kind(Setup::new(Banks::InProcess, "iso87-bcd")));
}

#[test]
fn every_kind_with_banks_over_tcp_in_ascii() {
    run(every_kind(Setup::new(Banks::OverTcp, "iso87-ascii")));
}

#[test]
fn every_kind_with_banks_over_tcp_in_bcd() {
    run(every_kind(Setup::new(Banks::OverTcp, "iso87-bcd")));
}

#[test]
fn every_kind_of_a_1987_terminal_at_banks_of_1993() {
    run(every_kind(Setup::new(Banks::OverTcp, "iso87-ascii").banks_speak("iso93-bcd")));
}

#[test]
fn every_kind_of_a_1993_terminal_at_banks_of_1987() {
    run(every_kind(Setup::new(Banks::OverTcp, "iso93-ascii").banks_speak("iso87-ebcdic")));
}
