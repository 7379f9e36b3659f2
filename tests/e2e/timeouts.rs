//! Banks that are silent, late, gone or wrong: what the terminal is told, what is owed to the bank, where the money is in the end.

use std::time::{Duration, Instant};

use bank_adapters::reference::OperationState;
use bank_adapters::{Card, Statement};
use model::{Currency, Kind, Message, Money, Mti, ResponseCode, TerminalId, Text};
use rehearsal::{Reply, Terminal};

use crate::fake_bank::{FakeBank, answer, approval, says};
use crate::harness::{Banks, PATIENCE, Setup, Switch, cast, eventually, run};

const APPROVED: ResponseCode = ResponseCode::APPROVED;
const UNAVAILABLE: ResponseCode = ResponseCode::BANK_UNAVAILABLE;
const IN_PROGRESS: ResponseCode = ResponseCode::IN_PROGRESS;

/// Timers so short that a test can wait for them, and repeats that come soon.
const SHORT: &str = "[timers]\natm_ms = 300\npos_ms = 300\nforward_first_ms = 100\nforward_max_ms = 400";

fn khr(minor: u64) -> Money {
    Money::from_minor(minor, Currency::from_alpha("KHR").unwrap())
}

fn card(alias: &str) -> Card {
    cast().card(alias).unwrap().clone()
}

async fn ask(terminal: &Terminal, message: &Message<'static>) -> Reply {
    terminal.ask(message, PATIENCE).await.unwrap().reply
}

fn statement(switch: &Switch, bank: &str) -> Statement {
    Statement::open(&switch.setup.ledgers().join(format!("{bank}.db"))).unwrap()
}

fn balance(switch: &Switch, card: &Card) -> i64 {
    let ledger = statement(switch, &card.bank);
    assert_eq!(ledger.unbalanced().unwrap(), []);
    ledger.balance(&card.account(khr(0).currency()).unwrap().number.to_string()).unwrap()
}

/// A switch whose bank canadia is `bank`, with short timers.
fn with_canadia(bank: &FakeBank) -> Switch {
    Setup::new(Banks::InProcess, "iso87-ascii").dialling("canadia", bank.address()).with(SHORT).start()
}

/// How many records of this name were decided since the switch started.
fn recorded(switch: &Switch, record: &str) -> f64 {
    switch.metric(&format!("payswitch_records_total{{record=\"{record}\"}}"))
}

fn rrn(message: &Message<'_>) -> String {
    message.rrn.unwrap().to_string()
}

#[test]
fn a_withdrawal_at_a_silent_bank_is_told_91_and_its_money_comes_back() {
    run(async {
        let switch = Setup::new(Banks::OverTcp, "iso87-ascii").with(SHORT).start();
        let (terminal, mute) = (switch.terminal("ATM00001").await, card("mute"));
        let before = balance(&switch, &mute);
        let withdrawal = terminal.request(Kind::Withdrawal, &mute, khr(5_000_000));

        let asked_at = Instant::now();
        assert_eq!(ask(&terminal, &withdrawal).await.code, UNAVAILABLE);
        assert!(asked_at.elapsed() >= Duration::from_millis(300), "not before the bank's timer");

        eventually("the bank has been told to undo it", || {
            let operations = statement(&switch, "acleda").operations_of(&rrn(&withdrawal)).unwrap();
            operations.iter().any(|it| it.state == OperationState::Reversed)
        });
        assert_eq!(balance(&switch, &mute), before);
        eventually("nothing is owed any more", || recorded(&switch, "ForwardEnded") == 1.0);
        assert_eq!(ask(&terminal, &terminal.repeat(&withdrawal)).await.code, UNAVAILABLE, "what was told is told again");
        assert_eq!(balance(&switch, &mute), before);
    });
}

#[test]
fn a_deposit_whose_cash_was_kept_is_asked_again_until_the_bank_answers() {
    run(async {
        let bank = FakeBank::silent("iso87-ascii");
        let switch = with_canadia(&bank);
        let terminal = switch.terminal("CDM00001").await;
        let deposit = terminal.request(Kind::Deposit, &card("bopha"), khr(2_000_000));

        assert_eq!(ask(&terminal, &deposit).await.code, IN_PROGRESS);
        let first = bank.has_seen(Mti::FINANCIAL_REQUEST, 1)[0];
        for repeat in bank.has_seen(Mti::FINANCIAL_REPEAT, 3) {
            let name = |message: &Message<'_>| (message.stan, message.transmitted, message.rrn, message.amount, message.pan);
            assert_eq!(name(&repeat), name(&first));
        }
        assert_eq!(ask(&terminal, &terminal.repeat(&deposit)).await.code, IN_PROGRESS);

        bank.now_does(|asked| vec![says(approval(asked))]);
        eventually("its outcome is found", || recorded(&switch, "LegAnswered") == 1.0);
        assert_eq!(ask(&terminal, &terminal.repeat(&deposit)).await.code, APPROVED);
        assert_eq!(bank.seen(Mti::REVERSAL_ADVICE).len(), 0, "what may have been booked is never undone behind the cash");
        assert_eq!(bank.seen(Mti::FINANCIAL_REQUEST).len(), 1);
    });
}

#[test]
fn a_deposit_in_escrow_is_given_back_and_undone() {
    run(async {
        let bank = FakeBank::silent("iso87-ascii");
        let switch = with_canadia(&bank);
        let terminal = switch.terminal_on("escrow", "CDM00002").await;
        let deposit = terminal.request(Kind::Deposit, &card("bopha"), khr(2_000_000));

        assert_eq!(ask(&terminal, &deposit).await.code, UNAVAILABLE);
        let first = bank.has_seen(Mti::FINANCIAL_REQUEST, 1)[0];
        let advice = bank.has_seen(Mti::REVERSAL_ADVICE, 1)[0];
        let original = advice.original.unwrap();
        assert_eq!((Some(original.stan), original.transmitted), (first.stan, first.transmitted));
        assert_eq!((advice.amount, advice.replacement, advice.rrn), (first.amount, None, first.rrn));
        assert_ne!(advice.stan, first.stan, "a message of its own has a number of its own");
        let repeated = bank.has_seen(Mti::REVERSAL_ADVICE_REPEAT, 2)[1];
        assert_eq!((repeated.stan, repeated.original), (advice.stan, advice.original));
        assert_eq!(bank.seen(Mti::FINANCIAL_REPEAT).len(), 0);
    });
}

#[test]
fn a_salary_is_in_progress_until_its_outcome_is_found() {
    run(async {
        let switch = Setup::new(Banks::OverTcp, "iso87-bcd").with(SHORT).start();
        let (terminal, mute) = (switch.terminal("PAYROLL1").await, card("mute"));
        let before = balance(&switch, &mute);
        let account = mute.account(khr(0).currency()).unwrap().number;
        let salary = terminal.salary(cast().bank("acleda").unwrap().institution, account, khr(90_000_000));

        assert_eq!(ask(&terminal, &salary).await.code, IN_PROGRESS);
        eventually("its outcome is found", || recorded(&switch, "LegAnswered") == 1.0);
        assert_eq!(ask(&terminal, &terminal.repeat(&salary)).await.code, APPROVED);
        assert_eq!(balance(&switch, &mute), before + 90_000_000, "once");
    });
}

#[test]
fn a_bank_that_is_not_there_is_told_at_once() {
    run(async {
        let mut switch = Setup::new(Banks::OverTcp, "iso87-ascii").start();
        let terminal = switch.terminal("ATM00001").await;
        switch.banks[1].kill();
        eventually("canadia is down", || switch.metric("payswitch_bank_up{bank=\"canadia\"}") == 0.0);

        let asked_at = Instant::now();
        let refused = ask(&terminal, &terminal.request(Kind::Withdrawal, &card("bopha"), khr(100))).await;
        assert_eq!(refused.code, UNAVAILABLE);
        assert!(asked_at.elapsed() < Duration::from_secs(5), "and not after the bank's timer of 25 s");
        assert_eq!(ask(&terminal, &terminal.request(Kind::Withdrawal, &card("dara"), khr(100))).await.code, APPROVED);
        assert_eq!(switch.http("/ready").0, 200);
    });
}

#[test]
fn a_reversal_waits_for_a_bank_that_was_restarted_and_is_booked_once() {
    run(async {
        let mut switch = Setup::new(Banks::OverTcp, "iso87-ascii").with(SHORT).start();
        let (terminal, mute) = (switch.terminal("ATM00001").await, card("mute"));
        let before = balance(&switch, &mute);
        let withdrawal = terminal.request(Kind::Withdrawal, &mute, khr(7_000_000));
        let address = switch.banks[0].addresses["acleda"].to_string();

        let asked = terminal.ask(&withdrawal, PATIENCE);
        let dies = async {
            crate::harness::until("the bank has booked it", || balance(&switch, &mute) == before - 7_000_000).await;
            switch.banks[0].id()
        };
        let (answered, bank) = tokio::join!(asked, async {
            let bank = dies.await;
            // SIGKILL from outside, for `switch` is lent to the question that waits.
            std::process::Command::new("kill").args(["-KILL", &bank.to_string()]).status().unwrap();
            bank
        });
        assert_eq!(answered.unwrap().reply.code, UNAVAILABLE);
        assert_eq!(bank, switch.banks[0].id());
        eventually("acleda is down", || switch.metric("payswitch_bank_up{bank=\"acleda\"}") == 0.0);
        eventually("a reversal waits", || switch.metric("payswitch_queue_length{queue=\"forward\"}") == 1.0);
        assert_eq!(balance(&switch, &mute), before - 7_000_000);

        switch.banks[0].kill();
        switch.banks[0] = switch.setup.spawn_bank("acleda", &address);
        eventually("the reversal is delivered", || balance(&switch, &mute) == before);
        eventually("nothing is owed any more", || recorded(&switch, "ForwardEnded") == 1.0);
        let entries = statement(&switch, "acleda").operations_of(&rrn(&withdrawal)).unwrap();
        let states: Vec<_> = entries.iter().map(|it| it.state).collect();
        assert_eq!(states, [OperationState::Reversed], "one operation, undone once");
    });
}

#[test]
fn a_repeat_on_a_new_connection_gets_the_answer() {
    run(async {
        let bank = FakeBank::silent("iso87-ascii");
        let setup = Setup::new(Banks::InProcess, "iso87-ascii").dialling("canadia", bank.address());
        let switch = setup.start();
        let terminal = switch.terminal("ATM00001").await;
        let withdrawal = terminal.request(Kind::Withdrawal, &card("bopha"), khr(300));
        terminal.send(&withdrawal).await.unwrap();
        let asked = bank.has_seen(Mti::FINANCIAL_REQUEST, 1)[0];
        drop(terminal);

        // While the first is still open: the repeat joins it, and the answer goes where the repeat came from.
        let terminal = switch.terminal("ATM00001").await;
        let repeat = terminal.repeat(&withdrawal);
        let (reply, ()) = tokio::join!(ask(&terminal, &repeat), async {
            let joined = || recorded(&switch, "Joined") == 1.0;
            crate::harness::until("the repeat has joined", joined).await;
            bank.say(&approval(&asked));
        });
        assert_eq!((reply.code, reply.rrn), (APPROVED, withdrawal.rrn));

        // And once it is answered: the same answer, from memory.
        let terminal = switch.terminal("ATM00001").await;
        let again = ask(&terminal, &terminal.repeat(&withdrawal)).await;
        assert_eq!((again.code, again.authorization), (APPROVED, reply.authorization));
        assert_eq!(bank.seen(Mti::FINANCIAL_REQUEST).len() + bank.seen(Mti::FINANCIAL_REPEAT).len(), 1);
    });
}

#[test]
fn an_approval_after_91_is_kept_on_record_and_undone_once() {
    run(async {
        let bank = FakeBank::start("iso87-ascii", |asked| match asked.mti {
            Mti::FINANCIAL_REQUEST => Vec::new(),
            _ => vec![says(answer(asked, APPROVED))],
        });
        let switch = with_canadia(&bank);
        let terminal = switch.terminal("ATM00001").await;
        let withdrawal = terminal.request(Kind::Withdrawal, &card("bopha"), khr(300));
        assert_eq!(ask(&terminal, &withdrawal).await.code, UNAVAILABLE);
        bank.has_seen(Mti::REVERSAL_ADVICE, 1);

        let asked = bank.seen(Mti::FINANCIAL_REQUEST)[0];
        bank.say(&approval(&asked));
        eventually("it is on record", || recorded(&switch, "LateReply") == 1.0);
        bank.echo();
        assert_eq!((bank.seen(Mti::REVERSAL_ADVICE).len(), bank.seen(Mti::REVERSAL_ADVICE_REPEAT).len()), (1, 0));
        assert!(terminal.try_unmatched().is_none(), "the terminal hears of it no more");
    });
}

#[test]
fn a_reply_with_a_strangers_name_reaches_no_customer() {
    run(async {
        let bank = FakeBank::silent("iso87-ascii");
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").dialling("canadia", bank.address()).start();
        let (theirs, ours) = (switch.terminal("ATM00001").await, switch.terminal("ATM00002").await);
        let victim = theirs.request(Kind::Withdrawal, &card("bopha"), khr(300));
        let other = ours.request(Kind::Withdrawal, &card("rithy"), khr(400));
        theirs.send(&victim).await.unwrap();
        ours.send(&other).await.unwrap();
        let asked = bank.has_seen(Mti::FINANCIAL_REQUEST, 2);
        let of = |request: &Message<'_>| *asked.iter().find(|it| it.rrn == request.rrn).unwrap();
        let (victim_leg, other_leg) = (of(&victim), of(&other));

        let truth = approval(&victim_leg);
        let strangers = [
            Message { stan: other_leg.stan, ..truth },
            Message { rrn: other_leg.rrn, ..truth },
            Message { terminal: TerminalId::new(b"ATM00002"), ..truth },
            Message { transmitted: model::TransmissionTime::new(101_000_000), ..truth },
            Message { stan: model::Stan::new(999_999), rrn: Text::new(b"STRANGER0001"), ..truth },
        ];
        for reply in &strangers {
            bank.say(reply);
        }
        bank.echo();
        assert!(theirs.try_unmatched().is_none() && ours.try_unmatched().is_none(), "nobody was answered");
        eventually("every one is on record", || recorded(&switch, "LateReply") == 5.0);

        bank.say(&answer(&other_leg, ResponseCode::NOT_SUFFICIENT_FUNDS));
        bank.say(&truth);
        for (terminal, request, code) in [(&theirs, &victim, APPROVED), (&ours, &other, ResponseCode::NOT_SUFFICIENT_FUNDS)] {
            let reply = terminal.next_unmatched().await.unwrap().reply.unwrap();
            assert_eq!((reply.code, reply.rrn, reply.stan), (code, request.rrn, request.stan));
        }
    });
}
