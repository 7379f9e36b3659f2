//! Money through several banks, held amounts and what is told afterwards: judged by the banks' own ledgers, read from outside, and
//! by the positions that the journal tells.

use std::collections::BTreeMap;

use bank_adapters::{Card, Statement};
use model::{Currency, Kind, Message, Money, Mti, ResponseCode, Text};
use rehearsal::{Reply, Terminal};

use crate::harness::{Banks, PATIENCE, Setup, Switch, cast, eventually, now, run};

const APPROVED: ResponseCode = ResponseCode::APPROVED;

/// A terminal, and a card of Canadia.
struct Scene {
    switch: Switch,
    terminal: Terminal,
    card: Card,
    khr: Currency,
}

impl Scene {
    async fn open(setup: Setup) -> Self {
        let smart =
            "[[bank]]\nname = \"smart\"\ninstitution = \"116701\"\nprefixes = []\nkinds = [\"top-up\"]\nin_process = true\n";
        let switch = setup.with(smart).start();
        eventually("the operator is up", || switch.metric("payswitch_bank_up{bank=\"smart\"}") == 1.0);
        let terminal = switch.terminal("ATM00001").await;
        let khr = Currency::from_alpha("KHR").unwrap();
        Self { switch, terminal, card: cast().card("bopha").unwrap().clone(), khr }
    }

    fn riel(&self, minor: u64) -> Money {
        Money::from_minor(minor, self.khr)
    }

    fn ledger(&self, bank: &str) -> Statement {
        let in_process = self.switch.setup.data().join("banks").join(format!("{bank}.db"));
        let path = if in_process.exists() { in_process } else { self.switch.setup.ledgers().join(format!("{bank}.db")) };
        let statement = Statement::open(&path).unwrap();
        assert_eq!(statement.unbalanced().unwrap(), []);
        statement
    }

    /// Balance of the card's account, booked and available.
    fn account(&self, bank: &str, card: &Card) -> (i64, i64) {
        let number = card.account(self.khr).unwrap().number.to_string();
        let ledger = self.ledger(bank);
        let booked = ledger.balance(&number).unwrap();
        (booked, booked - ledger.held(&number, now()).unwrap())
    }

    fn mine(&self) -> (i64, i64) {
        self.account("canadia", &self.card)
    }

    async fn ask(&self, message: &Message<'static>) -> Reply {
        self.terminal.ask(message, PATIENCE).await.unwrap().reply
    }

    /// Net positions as the journal tells them, summed over all dates; those that are zero left out.
    fn positions(&self) -> BTreeMap<String, i64> {
        let mut net = BTreeMap::<String, i64>::new();
        let (done, exported) = self.switch.command(&["journal", "export"]);
        assert!(done, "{exported}");
        for line in exported.lines().filter(|line| line.contains("\"Posted")) {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            let amount = entry["amount"].as_i64().unwrap() * if entry["record"] == "PostedBack" { -1 } else { 1 };
            *net.entry(entry["from"].to_string()).or_default() -= amount;
            *net.entry(entry["to"].to_string()).or_default() += amount;
        }
        net.retain(|_, net| *net != 0);
        net
    }
}

async fn money_moves(setup: Setup) {
    let scene = Scene::open(setup).await;
    let (terminal, card) = (&scene.terminal, &scene.card);
    let dara = cast().card("dara").unwrap().clone();
    let (acleda, smart) = (cast().bank("acleda").unwrap().institution, cast().bank("smart").unwrap().institution);
    let account = dara.account(scene.khr).unwrap().number;

    // A transfer to another bank, and the same again.
    let (mine, theirs) = (scene.mine().0, scene.account("acleda", &dara).0);
    let transfer = terminal.transfer(card, acleda, account, scene.riel(70_000));
    for message in [&transfer, &terminal.repeat(&transfer)] {
        assert_eq!(scene.ask(message).await.code, APPROVED);
        assert_eq!((scene.mine().0 - mine, scene.account("acleda", &dara).0 - theirs), (-70_000, 70_000));
    }
    // One that its receiver refuses comes back.
    let refused = terminal.transfer(card, acleda, Text::new(b"999999999999").unwrap(), scene.riel(5_000));
    let code = scene.ask(&refused).await.code;
    assert!(!code.approves(), "{code}");
    eventually("the debit is given back", || scene.mine().0 - mine == -70_000);

    // A phone.
    let phone = Text::new(b"001234567").unwrap();
    assert_eq!(scene.ask(&terminal.top_up(card, smart, phone, scene.riel(3_000))).await.code, APPROVED);
    assert_eq!(scene.mine().0 - mine, -73_000);
    assert_eq!(scene.ledger("smart").balance("001234567-KHR").unwrap(), 3_000);
    let nobody = Text::new(b"099999999").unwrap();
    assert!(!scene.ask(&terminal.top_up(card, smart, nobody, scene.riel(3_000))).await.code.approves());
    eventually("the debit is given back", || scene.mine().0 - mine == -73_000);

    // A hold, completed for less.
    let hold = terminal.authorization(card, scene.riel(10_000));
    assert_eq!(scene.ask(&hold).await.code, APPROVED);
    assert_eq!(scene.mine(), (mine - 73_000, mine - 83_000));
    let completion = scene.ask(&terminal.completion(&hold, scene.riel(6_000))).await;
    assert_eq!((completion.mti, completion.code), (Mti::FINANCIAL_ADVICE_RESPONSE, APPROVED));
    eventually("the completion is posted", || scene.mine() == (mine - 79_000, mine - 79_000));
    // Another, freed by its reversal.
    let hold = terminal.authorization(card, scene.riel(10_000));
    assert_eq!(scene.ask(&hold).await.code, APPROVED);
    assert_eq!(scene.ask(&terminal.reversal(&hold, Mti::REVERSAL_ADVICE, None)).await.code, APPROVED);
    eventually("the hold is free", || scene.mine() == (mine - 79_000, mine - 79_000));

    // What has happened already.
    assert_eq!(scene.ask(&terminal.advice(Kind::Purchase, card, scene.riel(1_000))).await.code, APPROVED);
    eventually("the advice is posted", || scene.mine().0 - mine == -80_000);

    // Cards and inquiries.
    let virtual_card = terminal.request(Kind::VirtualCard, card, scene.riel(0));
    let issued = scene.ask(&virtual_card).await.issued.expect("a card");
    assert_eq!(scene.ask(&terminal.repeat(&virtual_card)).await.issued, Some(issued));
    let lines = scene.ask(&terminal.request(Kind::MiniStatement, card, scene.riel(0))).await.text.expect("lines");
    assert!(lines.contains("1000.00") || lines.contains("10.00"), "{lines}");

    let positions = scene.positions();
    let expected = [("116000", 7_000), ("116001", 70_000), ("116002", -80_000), ("116701", 3_000)];
    assert_eq!(positions, expected.map(|(who, net)| (who.to_owned(), net)).into());
}

#[test]
fn money_moves_between_banks_in_process() {
    run(money_moves(Setup::new(Banks::InProcess, "iso87-ascii")));
}

#[test]
fn money_moves_between_banks_over_tcp_in_bcd() {
    run(money_moves(Setup::new(Banks::OverTcp, "iso87-bcd")));
}

#[test]
fn money_moves_between_a_terminal_of_1987_and_banks_of_1993() {
    run(money_moves(Setup::new(Banks::OverTcp, "iso87-ascii").banks_speak("iso93-bcd")));
}

#[test]
fn money_moves_between_a_terminal_of_1993_and_banks_of_1987() {
    run(money_moves(Setup::new(Banks::OverTcp, "iso93-bcd").banks_speak("iso87-ebcdic")));
}
