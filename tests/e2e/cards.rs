//! The card store as its users see it: files of agencies, orders, the running switch that takes known cards only.

use std::path::{Path, PathBuf};
use std::process::Command;

use cards::{CivilServantId, card_number};
use model::{Currency, Kind, Message, Money, Mti, Pan, ResponseCode, Stan, Text, TransmissionTime};
use rehearsal::Terminal;
use serde_json::{Value, json};

use crate::fake_bank::FakeBank;
use crate::harness::{Banks, PATIENCE, PAYSWITCH, Setup, cast, command, eventually, run, until};
use crate::orders::told;

const APPROVED: ResponseCode = ResponseCode::APPROVED;
const HEADER: &str = "civil_servant_id,name_latin,name_khmer,date_of_birth,agency,bank,account_khr,account_usd";
const KNOWN_ONLY: &str = "[cards]\nknown_only = true";
const NAMES: [&str; 2] = ["KEO MAKARA", "កែវ មករា"];

fn person(serial: u32) -> String {
    CivilServantId::of_serial(70_000_000 + serial).unwrap().digits()
}

fn digits(pan: Pan) -> String {
    String::from_utf8(pan.digits().as_ref().to_vec()).unwrap()
}

fn of_cast(alias: &str) -> Pan {
    cast().card(alias).unwrap().pan
}

fn registration(serial: u32, bank: &str) -> String {
    let [latin, khmer] = NAMES;
    format!("{},{latin},{khmer},1985-04-30,Ministry of Tides,{bank},0077{serial:08},", person(serial))
}

/// A file of cards: serial number of the person, bank, state, number, last month.
fn cards_file(folder: &Path, lines: &[(u32, &str, &str, Pan, &str)]) -> String {
    let line = |(serial, bank, state, pan, expiry): &(u32, &str, &str, Pan, &str)| {
        format!("{},{state},{},{expiry}\n", registration(*serial, bank), digits(*pan))
    };
    let text = format!("{HEADER},state,pan,expiry\n{}", lines.iter().map(line).collect::<String>());
    file(folder, "cards.csv", &text)
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// `payswitch cards` on this data folder: exit code, standard output and error.
fn on_data(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(PAYSWITCH);
    command.arg("cards").args(arguments).arg("--data").arg(data);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), text)
}

fn imports(data: &Path, file: &str) {
    let (code, said) = on_data(data, &["import", file, "--operator", "sovann"]);
    assert_eq!(code, Some(0), "{said}");
}

/// What `cards show` says of a person's cards.
fn shown(data: &Path, serial: u32) -> Vec<Value> {
    let (code, said) = on_data(data, &["show", "--person", &person(serial), "--json"]);
    assert_eq!(code, Some(0), "{said}");
    serde_json::from_str::<Vec<Value>>(&said).unwrap()
}

fn states(data: &Path, serial: u32) -> Vec<String> {
    shown(data, serial).iter().map(|it| it["state"].as_str().unwrap().to_owned()).collect()
}

async fn withdraws(terminal: &Terminal, pan: Pan) -> ResponseCode {
    asks(terminal, Kind::Withdrawal, pan).await
}

async fn asks(terminal: &Terminal, kind: Kind, pan: Pan) -> ResponseCode {
    let riel = Money::from_minor(10_000, Currency::from_alpha("KHR").unwrap());
    // A card that only the store knows has no account that a terminal could name.
    let cast = cast();
    let card = cast.by_pan(pan).unwrap_or(cast.card("dara").unwrap());
    let request = Message { pan: Some(pan), ..terminal.request(kind, card, riel) };
    terminal.ask(&request, PATIENCE).await.unwrap().reply.code
}

fn holds(bytes: &[u8], wanted: &str) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes())
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn an_agencys_file_is_taken_line_by_line_and_what_is_wrong_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let lines = [
        registration(1, "acleda"),
        registration(2, "aba"),
        registration(3, "wing").replace("1985", "85"),
        registration(4, "wing"),
    ];
    let bad = file(folder.path(), "tides.csv", &format!("{HEADER}\n{}\n", lines.join("\n")));
    let (code, said) = on_data(&data, &["import", &bad, "--operator", "sovann", "--check"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.ends_with("2 cards would be taken, 0 already there, 2 refused; nothing was changed\n"), "{said}");
    assert_eq!(on_data(&data, &["stats"]), (Some(0), "no card is in the store\n".to_owned()));
    let (code, said) = on_data(&data, &["import", &bad, "--operator", "sovann", "--json"]);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &report["taken"], &report["lines_refused"]), (Some(2), &json!(2), &json!(2)), "{report}");
    let places: Vec<_> =
        report["refused"].as_array().unwrap().iter().map(|it| (it["line"].clone(), it["field"].clone())).collect();
    assert_eq!(places, [(json!(3), json!("bank")), (json!(4), json!("date_of_birth"))]);
    let (code, said) = on_data(&data, &["import", &bad, "--operator", "sovann", "--agency", "Ministry of Dust"]);
    assert!(
        code == Some(2) && said.contains("tides.csv:2: agency: is not \"Ministry of Dust\", which these files are of"),
        "{said}"
    );
    let header = file(folder.path(), "odd.csv", "civil_servant_id,name\n1,2\n");
    let (code, said) = on_data(&data, &["import", &header, "--operator", "sovann"]);
    assert!(code == Some(1) && said.contains("odd.csv: line 1: column 2 has a name that is not known"), "{said}");
    let empty = file(folder.path(), "empty.csv", "");
    for (broken, operator) in [(&header, "s"), (&empty, "s"), (&"nowhere.csv".to_owned(), "s"), (&bad, "4111111111111111")] {
        let mut import = Command::new(PAYSWITCH);
        import.args(["cards", "import", broken, "--operator", operator, "--json", "--data"]).arg(&data);
        let output = import.output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(output.status.code() == Some(1) && report["error"].is_string(), "{broken}: {report}");
        assert_eq!((&report["refused"], &report["check"]), (&json!([]), &json!(false)), "{broken}");
    }
    for (arguments, problem) in [
        (vec!["issue", "--print", "--all", "--operator", "s", "--reason", "4111111111111111"], "--reason holds a card number"),
        (vec!["issue", "--print", "--all", "--operator", "4111111111111111"], "--operator holds a card number"),
        (vec!["import", "nowhere.csv", "--operator", "sovann"], "nowhere.csv: No such file"),
        (vec!["import", &bad, "--operator", "4111111111111111"], "holds a card number"),
        (vec!["show", "--person", "123456789"], "the check digit is wrong"),
        (vec!["show", "--person", &person(9)], "nobody in the store has the civil servant id"),
        (vec!["show", "--card", "dara"], "card 911601******0019 is not in the store"),
        (vec!["issue", "--print", "--agency", "X", "--operator", "s"], "no card was registered from the agency \"X\""),
        (vec!["issue", "--hand-over", "--person", &person(1), "--operator", "s"], "print it first"),
        (vec!["block", "--person", &person(1), "--operator", "s", "--reason", "r", "--at", "http://127.0.0.1:9"], "not done"),
    ] {
        let (code, said) = on_data(&data, &arguments);
        assert!(code == Some(1) && said.contains(problem), "{arguments:?}: {said}");
        assert!(!said.contains(&person(1)) && !said.contains(NAMES[0]), "{said}");
    }
}

#[test]
fn the_launch_day_has_the_figures_that_were_reported() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let launch = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/launch-day");
    let mut registrations: Vec<_> =
        files(&launch.join("registrations")).iter().map(|it| it.to_str().unwrap().to_owned()).collect();
    registrations.sort();
    assert_eq!(registrations.len(), 17, "a file of each agency");
    let import: Vec<_> =
        ["import"].into_iter().chain(registrations.iter().map(String::as_str)).chain(["--operator", "sovann"]).collect();
    assert_eq!(on_data(&data, &import), (Some(0), "1859 cards taken, 0 already there, 0 refused\n".to_owned()));
    let list = launch.join("printed.txt");
    let print = ["issue", "--print", "--list", list.to_str().unwrap(), "--on", "2022-12-28", "--operator", "sovann"];
    assert_eq!(on_data(&data, &print), (Some(0), "printed: 497 cards\n".to_owned()));
    assert_eq!(on_data(&data, &print), (Some(0), "printed: 0 cards\n".to_owned()), "the same list again is harmless");
    let (_, said) = on_data(&data, &["stats", "--on", "2022-12-28"]);
    assert!(said.starts_with("1859 registered, from 17 agencies; 497 of them printed, for 11 agencies\n"), "{said}");
    let (_, said) = on_data(&data, &["stats", "--on", "2022-12-28", "--json"]);
    let stats: Value = serde_json::from_str(&said).unwrap();
    let figures = ["registered", "agencies", "printed", "agencies_printed", "total"].map(|key| stats[key].as_u64().unwrap());
    assert_eq!(figures, [1859, 17, 497, 11, 1859]);
    let banks: std::collections::BTreeSet<_> =
        stats["lines"].as_array().unwrap().iter().map(|it| it["bank"].as_str().unwrap()).collect();
    assert_eq!(banks.into_iter().collect::<Vec<_>>(), ["acleda", "canadia", "wing"]);
    assert_eq!(on_data(&data, &import).1, "0 cards taken, 1859 already there, 0 refused\n");
}

#[test]
fn only_known_cards_are_taken_and_each_state_has_its_code() {
    run(async {
        let setup = Setup::new(Banks::InProcess, "iso87-ascii").with(KNOWN_ONLY);
        let data = setup.data();
        let given = |serial| card_number(911_601, serial).unwrap();
        let path = cards_file(
            setup.folder.path(),
            &[
                (1, "acleda", "active", of_cast("dara"), "3212"),
                (2, "acleda", "registered", given(300_000_002), ""),
                (3, "acleda", "printed", given(300_000_003), "3212"),
                (4, "acleda", "active", given(300_000_004), "2201"),
                (5, "acleda", "lost", given(300_000_005), "3212"),
                (6, "acleda", "stolen", given(300_000_006), "3212"),
                (7, "acleda", "blocked", given(300_000_007), "3212"),
                (8, "acleda", "replaced", given(300_000_008), "3212"),
                (9, "canadia", "printed", of_cast("bopha"), "3212"),
            ],
        );
        imports(&data, &path);
        let mut switch = setup.start();
        let terminal = switch.terminal("ATM00001").await;
        let codes = [(2, "62"), (3, "62"), (4, "54"), (5, "41"), (6, "43"), (7, "62"), (8, "62")];
        for (serial, code) in codes {
            assert_eq!(withdraws(&terminal, given(300_000_000 + serial)).await.to_string(), code, "card {serial}");
        }
        assert_eq!(withdraws(&terminal, of_cast("dara")).await, APPROVED);
        assert_eq!(withdraws(&terminal, of_cast("vanna")).await, ResponseCode::UNKNOWN_CARD, "its bank would know it");
        assert_eq!(asks(&terminal, Kind::Salary, of_cast("vanna")).await, APPROVED, "a salary is the account's");
        let gauge = |state: &str| switch.metric(&format!("payswitch_cards{{state=\"{state}\"}}"));
        until("cards are counted", || (gauge("active"), gauge("expired"), gauge("lost")) == (1.0, 1.0, 1.0)).await;
        let stats = switch.look("/cards/stats");
        assert_eq!((&stats["total"], &stats["registered"], &stats["printed"]), (&json!(9), &json!(9), &json!(8)), "{stats}");

        assert_eq!(withdraws(&terminal, of_cast("bopha")).await, ResponseCode::RESTRICTED_CARD);
        let (code, said) = on_data(&data, &["issue", "--hand-over", "--person", &person(9), "--operator", "sovann"]);
        assert_eq!((code, said.as_str()), (Some(0), "handed over: 1 card\n"));
        loop {
            // Another process did it: the switch notices within a moment.
            match withdraws(&terminal, of_cast("bopha")).await {
                APPROVED => break,
                code => assert_eq!(code, ResponseCode::RESTRICTED_CARD),
            }
        }
        switch.restart();
        let terminal = switch.terminal("ATM00001").await;
        assert_eq!(withdraws(&terminal, of_cast("bopha")).await, APPROVED);
        assert_eq!(withdraws(&terminal, given(300_000_005)).await, ResponseCode::LOST_CARD);
    });
}

#[test]
fn a_card_is_blocked_by_command_page_and_bank_and_the_store_follows() {
    run(async {
        let bank = FakeBank::approving("iso87-ascii");
        let setup = Setup::new(Banks::InProcess, "iso87-ascii").with("level = \"trace\"").dialling("canadia", bank.address());
        let data = setup.data();
        let [dara, vanna, bopha] = ["dara", "vanna", "bopha"].map(of_cast);
        let third = card_number(911_602, 300_000_001).unwrap();
        let lines = [
            (1, "acleda", "active", dara, "3212"),
            (3, "wing", "active", vanna, "3212"),
            (2, "canadia", "active", bopha, "3212"),
        ];
        let path = cards_file(setup.folder.path(), &lines);
        let mut switch = setup.start();
        imports(&data, &path);
        let terminal = switch.terminal("ATM00001").await;
        for pan in [dara, vanna, bopha] {
            assert_eq!(withdraws(&terminal, pan).await, APPROVED);
        }
        let data_text = data.to_str().unwrap().to_owned();
        let at = |more: &[&str]| told(&switch, &[more, &["--data", &data_text]].concat());

        let (done, said) =
            at(&["cards", "block", "--person", &person(1), "--as", "stolen", "--operator", "sovann", "--reason", "in a taxi"]);
        assert!(done && said.starts_with("done: block 911601******0019; it stands in block "), "{said}");
        assert_eq!(withdraws(&terminal, dara).await, ResponseCode::STOLEN_CARD);

        let (status, said) =
            switch.order(&json!({ "operator": "sovann", "reason": "noise", "order": "block", "card": digits(vanna) }));
        assert_eq!(status, 200, "{said}");
        assert_eq!(withdraws(&terminal, vanna).await, ResponseCode::RESTRICTED_CARD);

        let update = |code: u8, pan: Pan, new: Option<Pan>, stan| Message {
            pan: Some(pan),
            issued: new,
            stan: Stan::new(stan),
            transmitted: TransmissionTime::new(1_122_040_000),
            file_update: Some(code),
            file_name: Text::new(b"LOST"),
            ..Message::new(Mti::FILE_UPDATE_REQUEST)
        };
        bank.say(&update(b'2', bopha, Some(third), 7));
        assert_eq!(bank.has_seen(Mti::FILE_UPDATE_RESPONSE, 1)[0].code, Some(APPROVED));
        assert_eq!(withdraws(&terminal, bopha).await, ResponseCode::LOST_CARD);
        assert_eq!(withdraws(&terminal, third).await, APPROVED, "the card that stands for it");

        eventually("the store has followed", || {
            (states(&data, 1), states(&data, 3), states(&data, 2))
                == (vec!["stolen".into()], vec!["blocked".into()], vec!["lost".into(), "active".into()])
        });
        let second = &shown(&data, 2)[1];
        assert_eq!((&second["replaces"], &second["card"]), (&json!(bopha.to_string()), &json!(third.to_string())));
        let step = shown(&data, 1)[0]["history"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&step["by"], &step["reason"]), (&json!("sovann"), &json!("in a taxi")));

        let (done, said) =
            at(&["cards", "replace", "--person", &person(1), "--as", "stolen", "--operator", "sovann", "--reason", "in a taxi"]);
        assert!(done && said.contains("stands for it and is to be printed"), "{said}");
        let (done, said) =
            at(&["cards", "unblock", "--person", &person(3), "--operator", "sovann", "--reason", "found", "--json"]);
        assert!(done && serde_json::from_str::<Value>(&said).unwrap()["order"] == "unblock", "{said}");
        assert_eq!(withdraws(&terminal, vanna).await, APPROVED);
        eventually("the store has followed", || {
            (states(&data, 1), states(&data, 3)) == (vec!["stolen".into(), "registered".into()], vec!["active".into()])
        });
        let (status, said) = switch.order(&json!({ "operator": "s", "reason": "r", "order": "replace", "card": digits(dara) }));
        assert!(status == 409 && said["problem"].as_str().unwrap().contains("its holder has another card already"), "{said}");
        let (status, said) = switch.order(&json!({ "operator": "s", "reason": "r", "order": "unblock", "card": digits(dara) }));
        assert!(status == 409 && said["problem"].as_str().unwrap().contains("is stolen and cannot become active"), "{said}");
        let log = switch.process.log_lines().join("\n");

        switch.restart();
        let terminal = switch.terminal("ATM00001").await;
        assert_eq!(withdraws(&terminal, dara).await, ResponseCode::STOLEN_CARD);
        assert_eq!((states(&data, 1).len(), states(&data, 2).len()), (2, 2), "nothing was folded twice");
        assert!(switch.process.terminate().success());
        let (_, export) = switch.command(&["journal", "export"]);
        let all = log + &switch.process.log_lines().join("\n") + &export;
        let mut bytes: Vec<_> = files(&data)
            .iter()
            .filter(|path| path.to_str().unwrap().contains("cards.db"))
            .collect::<Vec<_>>()
            .into_iter()
            .flat_map(|path| std::fs::read(path).unwrap())
            .collect();
        bytes.extend(all.into_bytes());
        let secrets =
            [dara, vanna, bopha, third].map(digits).into_iter().chain(NAMES.map(str::to_owned)).chain((1..=3).map(person));
        for secret in secrets.chain((1..=3).map(|serial| format!("0077{serial:08}"))) {
            assert!(!holds(&bytes, &secret), "{secret} stands in the store, the log or the export");
        }
    });
}

#[test]
fn an_order_that_was_answered_reaches_the_store_whatever_dies_and_a_new_store_follows_from_the_start() {
    run(async {
        let setup = Setup::new(Banks::InProcess, "iso87-ascii");
        let data = setup.data();
        let pans: Vec<_> = (1..=6).map(|serial| card_number(911_601, 300_000_000 + serial).unwrap()).collect();
        let lines: Vec<_> = (1..).zip(&pans).map(|(serial, pan)| (serial, "acleda", "active", *pan, "3212")).collect();
        let path = cards_file(setup.folder.path(), &lines);
        imports(&data, &path);
        let mut switch = setup.start();
        for (serial, pan) in (1..).zip(&pans) {
            let (status, said) = switch.order(
                &json!({ "operator": "sovann", "reason": "test", "order": "block", "list": "lost", "card": digits(*pan) }),
            );
            assert_eq!(status, 200, "{said}");
            // SIGKILL, mostly before the follower has had its turn.
            switch.restart();
            eventually("the store has followed", || states(&data, serial) == ["lost"]);
            assert_eq!(shown(&data, serial)[0]["history"].as_array().unwrap().len(), 2, "once");
        }
        switch.process.kill();
        for path in files(&data).into_iter().filter(|path| path.to_str().unwrap().contains("cards.db")) {
            std::fs::remove_file(path).unwrap();
        }
        // While no switch runs, and then while one does.
        imports(&data, &path);
        assert_eq!(states(&data, 1), ["active"]);
        switch.restart();
        eventually("a new store is folded from the journal's start", || (1..=6).all(|serial| states(&data, serial) == ["lost"]));
    });
}

#[test]
fn a_virtual_card_comes_from_its_banks_machine_into_the_store_and_can_be_used_at_once() {
    run(async {
        let terms = "own_terminals_only = [\"virtual-card\"]";
        let mut setup = Setup::new(Banks::InProcess, "iso87-ascii").with(KNOWN_ONLY);
        setup.more_of.insert("acleda".into(), terms.into());
        let data = setup.data();
        let path = cards_file(setup.folder.path(), &[(1, "acleda", "active", of_cast("dara"), "3212")]);
        imports(&data, &path);
        let switch = setup.start();
        let terminals = switch.terminals().to_string();
        let issue = ["issue", "--virtual", "--person", &person(1), "--operator", "sovann", "--connect", &terminals];
        let (code, said) = on_data(&data, &issue);
        assert_eq!(code, Some(0), "{said}");
        assert!(!said.contains(&digits(of_cast("dara"))) && said.contains("00 approved"), "{said}");
        eventually("the store has it", || states(&data, 1).len() == 2);
        let card = &shown(&data, 1)[1];
        assert_eq!(
            (&card["kind"], &card["state"], &card["funded_by"]),
            (&json!("virtual"), &json!("active"), &json!(of_cast("dara").to_string()))
        );

        let terminal = switch.terminal("ATM00001").await;
        let riel = Money::from_minor(0, Currency::from_alpha("KHR").unwrap());
        let request = terminal.request(Kind::VirtualCard, cast().card("dara").unwrap(), riel);
        assert_eq!(
            terminal.ask(&request, PATIENCE).await.unwrap().reply.code,
            ResponseCode::NOT_PERMITTED_TO_TERMINAL,
            "elsewhere"
        );
        let own = Message {
            acquirer: model::InstitutionId::new(116_001),
            ..terminal.request(Kind::VirtualCard, cast().card("dara").unwrap(), riel)
        };
        let issued = terminal.ask(&own, PATIENCE).await.unwrap().reply.issued.expect("a number");
        assert_eq!(asks(&terminal, Kind::Purchase, issued).await, APPROVED, "before the store has it");
        eventually("one virtual card of a person lives", || states(&data, 1) == ["active", "replaced", "active"]);
        let (good, help) = command(&["cards", "issue", "--help"], None);
        assert!(good && help.contains("--virtual") && help.contains("--hand-over"), "{help}");
    });
}
