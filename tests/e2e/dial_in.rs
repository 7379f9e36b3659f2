//! A bank that dials the switch, and not the other way round: the same service, and none while it has hung up.

use bank_adapters::{Card, Statement};
use model::{Currency, Kind, Message, Money, Mti, ResponseCode};
use rehearsal::Terminal;

use crate::harness::{Banks, PATIENCE, Setup, Switch, cast, eventually, run};

const APPROVED: ResponseCode = ResponseCode::APPROVED;

/// A switch that waits for canadia on a port of its own, and the bank's process that has dialled it.
fn dialled_by_canadia() -> Switch {
    let setup = Setup::new(Banks::InProcess, "iso87-bcd").reaching("canadia", "listen = \"127.0.0.1:0\"");
    let process = setup.spawn_switch(&[]);
    let bank = setup.spawn_dialling_bank("canadia", process.addresses["canadia"]);
    let switch = Switch { process, banks: vec![bank], setup };
    switch.wait_for_banks();
    switch
}

/// What the bank's own ledger says of the card's account in riel, read from outside.
fn balance(switch: &Switch, card: &Card) -> i64 {
    let ledger = Statement::open(&switch.setup.ledgers().join("canadia.db")).unwrap();
    assert_eq!(ledger.unbalanced().unwrap(), []);
    ledger.balance(&card.account(khr(0).currency()).unwrap().number.to_string()).unwrap()
}

fn khr(minor: u64) -> Money {
    Money::from_minor(minor, Currency::from_alpha("KHR").unwrap())
}

async fn code(terminal: &Terminal, message: &Message<'static>) -> ResponseCode {
    terminal.ask(message, PATIENCE).await.unwrap().reply.code
}

#[test]
fn a_bank_that_dials_in_is_withdrawn_from_reversed_in_part_and_paid_into() {
    run(async {
        let switch = dialled_by_canadia();
        let (terminal, card) = (switch.terminal("ATM00001").await, cast().card("bopha").unwrap().clone());
        let before = balance(&switch, &card);

        let withdrawal = terminal.request(Kind::Withdrawal, &card, khr(1_000));
        assert_eq!((code(&terminal, &withdrawal).await, balance(&switch, &card)), (APPROVED, before - 1_000));

        let partly = terminal.reversal(&withdrawal, Mti::REVERSAL_ADVICE, Some(400));
        assert_eq!(code(&terminal, &partly).await, APPROVED);
        eventually("the bank has given back what does not stand", || balance(&switch, &card) == before - 400);

        let (bank, account) = (cast().bank("canadia").unwrap().institution, card.account(khr(0).currency()).unwrap().number);
        let salary = terminal.salary(bank, account, khr(700));
        assert_eq!((code(&terminal, &salary).await, balance(&switch, &card)), (APPROVED, before + 300));
    });
}

#[test]
fn a_bank_that_hangs_up_is_asked_nothing_until_it_dials_again() {
    run(async {
        let mut switch = dialled_by_canadia();
        let (terminal, card) = (switch.terminal("ATM00001").await, cast().card("bopha").unwrap().clone());
        let before = balance(&switch, &card);

        switch.banks[0].kill();
        eventually("it is down", || switch.metric("payswitch_bank_up{bank=\"canadia\"}") == 0.0);
        let missed = terminal.request(Kind::Withdrawal, &card, khr(1_000));
        assert_eq!(code(&terminal, &missed).await, ResponseCode::BANK_UNAVAILABLE);

        switch.banks[0] = switch.setup.spawn_dialling_bank("canadia", switch.process.addresses["canadia"]);
        switch.wait_for_banks();
        let withdrawal = terminal.request(Kind::Withdrawal, &card, khr(1_000));
        assert_eq!((code(&terminal, &withdrawal).await, balance(&switch, &card)), (APPROVED, before - 1_000));
        assert_eq!(code(&terminal, &terminal.repeat(&missed)).await, ResponseCode::BANK_UNAVAILABLE, "what was told stays");
        assert_eq!(balance(&switch, &card), before - 1_000);
    });
}
