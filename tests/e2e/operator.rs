//! What an operator types and reads: configuration, commands, logs, metrics, the data folder, stopping.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bank_adapters::Statement;
use bytes::BytesMut;
use model::{Currency, Kind, Message, Money, Mti, ResponseCode, Sensitive, Text, Track2};
use rehearsal::Terminal;
use wire::Dialect;

use crate::fake_bank::{FakeBank, approval};
use crate::harness::{Banks, PATIENCE, PAYSWITCH, Setup, Switch, cast, eventually, now, run, until};

const APPROVED: ResponseCode = ResponseCode::APPROVED;

/// Runs a command to its end with this on its standard input.
fn payswitch(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(PAYSWITCH);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that takes no input may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn riel(minor: u64) -> Money {
    Money::from_minor(minor, Currency::from_alpha("KHR").unwrap())
}

async fn withdraws(terminal: &Terminal, alias: &str) -> ResponseCode {
    let request = terminal.request(Kind::Withdrawal, cast().card(alias).unwrap(), riel(100));
    terminal.ask(&request, PATIENCE).await.unwrap().reply.code
}

/// Tries to run a switch with this configuration, and says what it said when it did not.
fn refusal(setup: &Setup, config: &str) -> String {
    let path = setup.folder.path().join("payswitch.toml");
    std::fs::write(&path, config).unwrap();
    let data = setup.data();
    let mut command = Command::new(PAYSWITCH);
    command.args(["run", "--config"]).arg(path).arg("--data").arg(data).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Said before a deadline, for one that is not refused would run for ever.
    let until = std::time::Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.code().is_some_and(|code| code != 0), "it runs: {}", stderr(&output));
    stderr(&output)
}

#[test]
fn a_mistake_in_the_configuration_is_shown_where_it_stands() {
    let setup = Setup::new(Banks::InProcess, "iso87-ascii");
    let config = setup.config(&[]).replacen("escrow = true", "escro = true", 1);
    let line = config.lines().position(|line| line.starts_with("escro =")).unwrap() + 1;
    let told = refusal(&setup, &config);
    assert!(told.contains("payswitch.toml") && told.contains(&format!("line {line}")), "{told}");
    assert!(told.contains("escro = true") && told.contains("^^^^^"), "{told}");

    let told = refusal(&setup, &setup.config(&[]).replacen("911602", "91x602", 1));
    assert!(told.contains("bank.canadia.prefixes") && told.contains("91x602"), "{told}");
    assert!(!setup.data().join("journal.db").exists(), "nothing was begun");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let setup = Setup::new(Banks::InProcess, "iso87-ascii");
    let config = setup.config(&[]);
    let [http, terminals] = ["[http]\nlisten = \"127.0.0.1:0\"", "name = \"terminals\"\nlisten = \"127.0.0.1:0\""];
    for (section, name) in [(http, "http"), (terminals, "terminals")] {
        assert!(config.contains(section));
        let told = refusal(&setup, &config.replace(section, &section.replace("127.0.0.1:0", &address)));
        assert!(told.contains(&address) && told.contains(name) && told.contains("another switch"), "{told}");
    }
}

#[test]
fn the_journal_is_whole_until_one_byte_of_it_is_changed() {
    run(async {
        let mut switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
        let terminal = switch.terminal("ATM00001").await;
        for _ in 0..3 {
            assert_eq!(withdraws(&terminal, "dara").await, APPROVED);
        }
        assert!(switch.process.terminate().success());
        let (whole, told) = switch.command(&["journal", "verify"]);
        assert!(whole && told.starts_with("whole: "), "{told}");

        let journal = rusqlite::Connection::open(switch.setup.data().join("journal.db")).unwrap();
        let (number, mut bytes): (i64, Vec<u8>) = journal
            .query_row("SELECT number, bytes FROM blocks ORDER BY length(bytes) DESC", (), |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        journal.execute("UPDATE blocks SET bytes = ?1 WHERE number = ?2", (&bytes, number)).unwrap();
        drop(journal);
        let (whole, told) = switch.command(&["journal", "verify"]);
        assert!(!whole && told.contains(&format!("block {number}: bytes altered")), "{told}");
        let (exported, told) = switch.command(&["journal", "export"]);
        assert!(!exported && told.contains(&format!("block {number}: bytes altered")), "what cannot be believed is not told");
    });
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// What must stand nowhere: every card number as characters and as packed digits, the PIN block as bytes and as hex.
fn secrets(pin_block: &[u8]) -> Vec<(String, Vec<u8>)> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    let cards = cast().cards().to_vec().into_iter().flat_map(|card| {
        let digits = card.pan.digits().as_ref().to_vec();
        let packed = digits.chunks(2).map(|pair| ((pair[0] - b'0') << 4) | (pair[1] - b'0')).collect();
        [(card.alias.clone(), digits), (card.alias, packed)]
    });
    let pin = [pin_block.to_vec(), hex(pin_block).into_bytes(), hex(pin_block).to_lowercase().into_bytes()];
    cards.chain(pin.map(|form| ("the PIN block".to_owned(), form))).collect()
}

const PIN_BLOCK: &[u8; 8] = &[0xDE, 0xAD, 0xBE, 0xEF, 0x13, 0x37, 0xC0, 0x5E];

#[test]
fn no_card_number_and_no_pin_stands_anywhere() {
    run(async {
        let verbose = "level = \"trace\"\n[timers]\natm_ms = 200\nforward_first_ms = 50";
        let mut switch = Setup::new(Banks::InProcess, "iso87-ascii").with(verbose).start();
        let terminal = switch.terminal("ATM00001").await;
        let mut references = Vec::new();
        for card in cast().cards() {
            let digits = card.pan.digits().as_ref().to_vec();
            let request = Message {
                track2: Text::new(&[&digits[..], b"=3212"].concat()).map(Track2),
                pin_block: Some(Sensitive::raw(PIN_BLOCK)),
                ..terminal.request(Kind::Withdrawal, card, riel(100))
            };
            let reply = terminal.ask(&request, PATIENCE).await.unwrap().reply;
            assert_ne!(reply.code, ResponseCode::FORMAT_ERROR, "{reply}");
            // And once more in pieces, so that it is complained about.
            terminal.send(&Message { terminal: None, ..request }).await.unwrap();
            references.push(request.rrn.unwrap().to_string());
        }

        let mut pages = vec![("metrics".to_owned(), switch.http("/metrics").1)];
        for reference in &references {
            for arguments in [&["why", reference][..], &["why", reference, "--json"]] {
                let (known, story) = switch.command(arguments);
                assert!(known, "{story}");
                pages.push((arguments.join(" "), story));
            }
        }
        assert!(switch.process.terminate().success());
        let (_, export) = switch.command(&["journal", "export"]);
        assert!(export.contains("\"911601******0019\""), "cards are shown masked: {}", export.lines().last().unwrap());
        for line in export.lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(record["block"].is_u64() && record["at"].is_string() && record["record"].is_string(), "{line}");
        }
        pages.push(("export".to_owned(), export));

        let log = switch.process.log_lines();
        for line in &log {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(entry["timestamp"].is_string() && entry["level"].is_string() && entry["message"].is_string(), "{line}");
        }
        assert!(log.iter().any(|line| line.contains("\"TRACE\"") || line.contains("\"DEBUG\"")), "the log is a talkative one");
        pages.push(("log".to_owned(), log.join("\n")));

        let mut everything: Vec<(String, Vec<u8>)> = pages.into_iter().map(|(name, page)| (name, page.into_bytes())).collect();
        everything.extend(files(&switch.setup.data()).into_iter().map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            (path.display().to_string(), bytes)
        }));
        assert!(everything.iter().any(|(name, _)| name.ends_with("views.db")));
        for (whose, secret) in secrets(PIN_BLOCK) {
            for (place, bytes) in &everything {
                assert!(!contains(bytes, &secret), "{whose} stands in {place}");
            }
        }
    });
}

#[test]
fn why_tells_the_story_of_a_timeout() {
    run(async {
        let timers = "[timers]\natm_ms = 200\nforward_first_ms = 50";
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").with(timers).start();
        let terminal = switch.terminal("ATM00001").await;
        let withdrawal = terminal.request(Kind::Withdrawal, cast().card("mute").unwrap(), riel(100));
        let code = terminal.ask(&withdrawal, PATIENCE).await.unwrap().reply.code;
        assert_eq!(code, ResponseCode::BANK_UNAVAILABLE);
        eventually("it is undone", || switch.metric("payswitch_records_total{record=\"ForwardEnded\"}") == 1.0);

        let reference = withdrawal.rrn.unwrap().to_string();
        let (known, text) = switch.command(&["why", &reference]);
        assert!(known && text.contains("911601******0068") && text.contains("91"), "{text}");
        let (_, json) = switch.command(&["why", &reference, "--json"]);
        let story: serde_json::Value = serde_json::from_str(&json).unwrap();
        let mut records: Vec<_> = story["events"].as_array().unwrap().iter().map(|it| it["record"].as_str().unwrap()).collect();
        // A busy machine may see the advice sent twice.
        records.dedup();
        let told = ["Accepted", "LegStarted", "LegLost", "Answered", "ReversalStarted", "ForwardTried", "ForwardEnded"];
        assert_eq!(records, told, "{json}");
        assert_eq!(story["transaction"]["code"], "91");

        let (known, told) = switch.command(&["why", "NOSUCHTHING1"]);
        assert!(!known && told.contains("NOSUCHTHING1"), "{told}");
    });
}

#[test]
fn the_key_is_its_owners_alone() {
    let mut switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
    let key = switch.setup.data().join("master.key");
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(switch.process.terminate().success());
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = refusal(&switch.setup, &switch.setup.config(&[]));
    assert!(told.contains("644") && told.contains(&format!("chmod 600 {}", key.display())), "{told}");
    let (whole, told) = switch.command(&["journal", "verify"]);
    assert!(!whole && told.contains("chmod 600"), "nor is it read by a command: {told}");
}

#[test]
fn what_is_decoded_can_be_encoded_again_and_mistakes_are_told() {
    run(async {
        let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
        let terminal = switch.terminal("ATM00001").await;
        let request = terminal.request(Kind::Purchase, cast().card("bopha").unwrap(), riel(1_250));
        for name in Dialect::builtin_names() {
            let mut body = BytesMut::new();
            wire::write(&Dialect::builtin(name).unwrap(), &request, now(), &mut body).unwrap();
            let hex: String = body.iter().map(|byte| format!("{byte:02X}")).collect();

            let shown = stdout(&payswitch(&["decode", "--dialect", name], &hex));
            assert!(shown.contains("911602******0018") && !shown.contains("9116020000000018"), "{shown}");
            let whole = payswitch(&["decode", "--dialect", name, "--unmasked"], &hex);
            let again = payswitch(&["encode", "--dialect", name], &stdout(&whole));
            assert!(whole.status.success() && again.status.success());
            assert_eq!(stdout(&again).trim().to_uppercase(), hex);

            let cut_off = payswitch(&["decode", "--dialect", name], &hex[..hex.len() - 2]);
            assert!(!cut_off.status.success(), "the exit code tells that a message is broken");
            let cut_off = stdout(&cut_off);
            let told: serde_json::Value = serde_json::from_str(&cut_off).unwrap();
            assert!(told["error"]["field"].is_u64() && told["error"]["offset"].is_u64(), "{cut_off}");
        }
        let kept = |file| {
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/messages/iso93-bcd.").to_owned() + file)
        };
        let told = payswitch(&["decode", "--dialect", "iso93-bcd", "--text"], &kept("hex").unwrap());
        assert_eq!(stdout(&told), kept("txt").unwrap(), "remarks stay where people read");
        let told = payswitch(&["decode", "--dialect", "iso93-bcd"], &kept("hex").unwrap());
        assert!(stdout(&told).lines().all(|line| line.starts_with("{\"fields\"")), "and are left out where programs do");
        let two = "{\"mti\":\"0800\",\"fields\":{\"4\":\"12x\"}}\n{\"mti\":\"0800\",\"fields\":{\"11\":\"000001\"}}\n";
        let told = payswitch(&["encode", "--dialect", "iso87-ascii"], two);
        assert!(!told.status.success() && stderr(&told).contains("line 1: field 4"), "{}", stderr(&told));
        assert_eq!(stdout(&told).lines().count(), 1, "the sound one is encoded");
        let told = payswitch(&["decode", "--dialect", "iso86"], "");
        assert!(!told.status.success() && stderr(&told).contains("iso87-bcd"), "{}", stderr(&told));
    });
}

#[test]
fn send_takes_major_units_and_its_exit_code_tells_the_outcome() {
    let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
    let (dara, ledgers) = (cast().card("dara").unwrap().clone(), switch.setup.ledgers());
    let balance = |code: &str| {
        let account = dara.account(Currency::from_alpha(code).unwrap()).unwrap().number;
        Statement::open(&ledgers.join("acleda.db")).unwrap().balance(&account.to_string()).unwrap()
    };
    let address = switch.terminals().to_string();
    let send = |arguments: &[&str]| payswitch(&[&["send"], arguments, &["--connect", &address]].concat(), "");

    let (riel_before, dollars_before) = (balance("KHR"), balance("USD"));
    let approved = send(&["withdraw", "--amount", "500"]);
    assert_eq!(approved.status.code(), Some(0), "{}", stderr(&approved));
    assert!(stdout(&approved).contains("00 approved") && stdout(&approved).contains("payswitch why "), "{}", stdout(&approved));
    assert_eq!(send(&["purchase", "--amount", "12.50", "--currency", "USD"]).status.code(), Some(0));
    assert_eq!((balance("KHR"), balance("USD")), (riel_before - 50_000, dollars_before - 1_250));
    assert_eq!(send(&["reversal", "--amount", "80"]).status.code(), Some(0));
    eventually("the purchase is undone", || balance("KHR") == riel_before - 50_000);
    assert_eq!(send(&["echo"]).status.code(), Some(0));

    let declined = send(&["withdraw", "--card", "thida", "--amount", "900000"]);
    assert_eq!(declined.status.code(), Some(2), "a decline is no success");
    assert!(stdout(&declined).contains("51 not sufficient funds"));
    for (wrong, why) in [
        (&["withdraw", "--amount", "1.234"][..], "1.234"),
        (&["withdraw", "--card", "darra"], "dara"),
        (&["withdraw", "--currency", "RIEL"], "RIEL"),
    ] {
        let told = send(wrong);
        assert!(told.status.code() == Some(1) && stderr(&told).contains(why), "{}", stderr(&told));
    }
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let told = payswitch(&["send", "withdraw", "--connect", &nobody], "");
    assert!(told.status.code() == Some(1) && stderr(&told).contains(&nobody), "{}", stderr(&told));
}

#[test]
fn a_switch_that_is_asked_to_stop_answers_what_is_open_first_and_takes_nothing_new() {
    run(async {
        let bank = FakeBank::silent("iso87-ascii");
        let mut switch = Setup::new(Banks::InProcess, "iso87-ascii").dialling("canadia", bank.address()).start();
        let terminal = switch.terminal("ATM00001").await;
        let open = terminal.request(Kind::Withdrawal, cast().card("bopha").unwrap(), riel(100));
        let (answered, ()) = tokio::join!(terminal.ask(&open, PATIENCE), async {
            until("it is open at the bank", || bank.seen(Mti::FINANCIAL_REQUEST).len() == 1).await;
            switch.process.ask_to_stop();
            let stopping = || switch.process.log_lines().iter().any(|line| line.contains("nothing new is admitted"));
            until("the switch says that it stops", stopping).await;
            assert_eq!(switch.http("/ready"), (503, "not ready: stopping\n".to_owned()));
            assert_eq!(withdraws(&terminal, "dara").await, ResponseCode::MALFUNCTION, "nothing new");
            let (status, refused) = switch.order(&serde_json::json!({ "operator": "sovann", "order": "cutover" }));
            assert_eq!(status, 503, "{refused}");
            assert_eq!(switch.look("/status")["problem"], "stopping");
            bank.say(&approval(&bank.seen(Mti::FINANCIAL_REQUEST)[0]));
        });
        assert_eq!(answered.unwrap().reply.code, APPROVED);
        assert_eq!(switch.process.wait().code(), Some(0));
        let log = switch.process.log_lines();
        assert!(!log.iter().any(|line| line.contains("ERROR")), "stopping is no trouble: {log:#?}");
        let (_, exported) = switch.command(&["journal", "export"]);
        assert!(!exported.contains("Operated"), "{exported}");
    });
}

#[test]
fn a_second_switch_on_the_same_data_takes_over_and_the_first_falls_silent() {
    run(async {
        let mut switch = Setup::new(Banks::OverTcp, "iso87-ascii").start();
        let first = switch.terminal("ATM00001").await;
        assert_eq!(withdraws(&first, "dara").await, APPROVED);
        let dara = cast().card("dara").unwrap().clone();

        let successor = switch.setup.spawn_switch(&switch.banks);
        let unheard = first.request(Kind::Withdrawal, &dara, riel(100));
        let lost = first.ask(&unheard, PATIENCE).await;
        assert!(matches!(lost, Err(rehearsal::Error::Lost { .. })), "{lost:?}");
        let status = switch.process.wait();
        assert!(!status.success() && switch.process.log_lines().iter().any(|line| line.contains("another owner has taken over")));

        switch.process = successor;
        switch.wait_for_banks();
        let second = switch.terminal("ATM00001").await;
        let repeated = second.ask(&first.repeat(&unheard), PATIENCE).await.unwrap().reply;
        assert_eq!(repeated.code, APPROVED);
        let ledger = Statement::open(&switch.setup.ledgers().join("acleda.db")).unwrap();
        assert_eq!(ledger.operations_of(&unheard.rrn.unwrap().to_string()).unwrap().len(), 1, "booked once");
        assert!(switch.command(&["journal", "verify"]).0);
    });
}

/// One line of Prometheus' text format: a comment, or `name{label="value",…} number`.
fn is_well_formed(line: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if let Some(comment) = line.strip_prefix("# ") {
        let mut words = comment.splitn(3, ' ');
        let kind = words.next();
        let named = words.next().is_some_and(is_name);
        let rest = words.next().unwrap_or_default();
        return named && (kind == Some("HELP") || kind == Some("TYPE") && ["counter", "gauge", "histogram"].contains(&rest));
    }
    let Some((series, value)) = line.rsplit_once(' ') else { return false };
    let labelled = |labels: &str| labels.split("\",").all(|label| label.split_once("=\"").is_some_and(|(name, _)| is_name(name)));
    let series = match series.split_once('{') {
        None => is_name(series),
        Some((name, labels)) => is_name(name) && labels.strip_suffix("\"}").is_some_and(labelled),
    };
    series && value.parse::<f64>().is_ok()
}

#[test]
fn the_metrics_are_well_formed_and_tell_what_they_promise() {
    run(async {
        let mut switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
        let terminal = switch.terminal("ATM00001").await;
        assert_eq!(withdraws(&terminal, "dara").await, APPROVED);
        assert_eq!(withdraws(&terminal, "stolen").await, ResponseCode::STOLEN_CARD);
        served(&switch);
        let (status, page) = switch.http("/metrics");
        assert_eq!(status, 200);
        for line in page.lines() {
            assert!(is_well_formed(line), "{line}");
        }
        let families = [
            "messages_total",
            "unreadable_total",
            "refused_total",
            "transactions_total",
            "answer_seconds",
            "bank_answer_seconds",
            "records_total",
            "links_closed_total",
            "journal_append_seconds",
            "journal_bytes_total",
            "journal_retries_total",
            "journal_stalled",
            "journal_block",
            "follower_block",
            "snapshot_block",
            "dead_letters",
            "remembered_transactions",
            "forward_depth",
            "holds",
            "business_date_seconds",
            "days_not_closed",
            "position",
            "stand_in_total",
            "reversals_total",
            "late_replies_total",
            "hot_card_refusals_total",
            "orders_total",
            "bank_up",
            "in_flight",
            "in_flight_max",
            "queue_length",
            "queue_capacity",
            "build_info",
        ];
        // Those with labels appear with their first value.
        let later = [
            "unreadable_total",
            "links_closed_total",
            "stand_in_total",
            "reversals_total",
            "late_replies_total",
            "hot_card_refusals_total",
            "orders_total",
        ];
        for family in families.iter().filter(|family| !later.contains(family)) {
            assert!(page.contains(&format!("# TYPE payswitch_{family} ")), "{family}");
        }
        assert!(switch.process.is_running());
    });
}

fn served(switch: &Switch) {
    let told = |outcome: &str, kind: &str, bank: &str| {
        switch.metric(&format!("payswitch_transactions_total{{bank=\"{bank}\",kind=\"{kind}\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!((told("00", "withdrawal", "acleda"), told("43", "withdrawal", "canadia")), (1.0, 1.0));
    assert_eq!((switch.metric("payswitch_journal_stalled"), switch.metric("payswitch_dead_letters")), (0.0, 0.0));
}
