//! Payrolls through the binary and over HTTP, judged by what stands on the banks' books.

use std::path::{Path, PathBuf};

use bank_adapters::Statement;
use model::UtcOffset;
use serde_json::{Value, json};

use crate::harness::{Banks, Setup, Switch, command, eventually, http_with, now};
use crate::left_out::left_out;
use crate::orders::told;

const HEAD: &str = "record,id,party,name,bank,account,currency,amount,purpose,date,created,count,reference,text\n";
const DARA: &str = "item,E1,100000017,Sok Dara,116001,001000001116,,1500.00,SALA,,,,,";
const BOPHA: &str = "item,E2,100000025,Chan Bopha,116002,002000002116,,2000.00,SALA,,,,,";
const SOPHEA: &str = "item,E3,100000033,Chan Sophea,116003,003000003116,,3000.00,SALA,,,,,";
/// The treasury's, at acleda.
const FUNDS: &str = "001900000116";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/payroll")
}

/// A switch with payrolls that begin as soon as they are approved.
fn setup(banks: Banks, registry: &Path) -> Setup {
    Setup::new(banks, "iso87-ascii").with(&format!(
        "[payroll]\nregistry = \"{}\"\npays_at = \"00:00\"\n[[payroll.payer]]\nid = \"MEF\"\ninstitution = \"116900\"\nbank = \"acleda\"\n\
         accounts.KHR = \"{FUNDS}\"",
        registry.display()
    ))
}

fn start(banks: Banks) -> Switch {
    setup(banks, &fixtures().join("registry.csv")).start()
}

/// A payroll for today, in a file of its own, with totals that are right.
fn payroll(switch: &Switch, message: &str, items: &[&str]) -> String {
    let today = UtcOffset::parse("+07:00").unwrap().date(now());
    let minor = |item: &&str| item.split(',').nth(7).unwrap().replace('.', "").parse::<u64>().unwrap();
    let total: u64 = items.iter().map(minor).sum();
    let (count, total) = (items.len(), format!("{}.{:02}", total / 100, total % 100));
    let batch = format!("batch,{message},MEF,Ministry,116001,{FUNDS},KHR,{total},SALA,{today},{today}T00:00:00+07:00,{count},,");
    let text = format!("{HEAD}{batch}\n{}\ntotal,,,,,,,{total},,,,{count},,\n", items.join("\n"));
    let path = switch.setup.folder.path().join(format!("{message}.csv"));
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn submitted(switch: &Switch, file: &str) -> u32 {
    let (done, text) = told(switch, &["payroll", "submit", file, "--operator", "sovann", "--json"]);
    assert!(done, "{text}");
    serde_json::from_str::<Value>(&text).unwrap()["batch"].as_u64().unwrap().try_into().unwrap()
}

fn approved(switch: &Switch, batch: u32) {
    let (done, text) = told(switch, &["payroll", "approve", &batch.to_string(), "--operator", "bora"]);
    assert!(done, "{text}");
}

/// The batch, after its tallies were added up: at every moment they are its total.
fn batch(switch: &Switch, number: u32) -> Value {
    let batch = switch.look(&format!("/payroll/{number}"));
    let sum =
        |what: &str| ["paid", "returned", "rejected", "pending"].iter().map(|it| batch[*it][what].as_u64().unwrap()).sum::<u64>();
    for what in ["count", "amount"] {
        assert_eq!(Some(sum(what)), batch["total"][what].as_u64(), "{batch}");
    }
    batch
}

fn is(switch: &Switch, number: u32, state: &str) -> bool {
    batch(switch, number)["state"] == state
}

/// What came on an account and left it, one by one, openings apart.
fn booked(switch: &Switch, bank: &str, account: &str) -> Vec<i64> {
    let statement = Statement::open(&switch.setup.ledgers().join(format!("{bank}.db"))).unwrap();
    assert!(statement.unbalanced().unwrap().is_empty());
    let entries = statement.entries_on(account).unwrap();
    entries.iter().filter(|it| it.what != "opening").map(|it| it.amount).collect()
}

#[test]
fn a_payroll_is_paid_once_whatever_is_handed_in_again() {
    let switch = start(Banks::InProcess);
    let file = payroll(&switch, "M1", &[DARA, BOPHA, SOPHEA]);
    let (sound, text) = told(&switch, &["payroll", "check", &file]);
    assert!(sound && text.contains("3 payments, 6500.00 KHR, from MEF") && text.contains("nothing is wrong"), "{text}");
    assert_eq!(switch.look("/payroll")["total"], 0, "a check leaves nothing");

    let first = submitted(&switch, &file);
    let (again, text) = told(&switch, &["payroll", "submit", &file, "--operator", "sovann"]);
    assert!(
        !again && text.contains("line 2, column 1, id: this document is batch 1 already") && text.contains("(AM05)"),
        "{text}"
    );
    let reissued = payroll(&switch, "M2", &[&BOPHA.replace("E2", "OTHER-1")]);
    let (again, text) = told(&switch, &["payroll", "submit", &reissued, "--operator", "sovann"]);
    assert!(!again && text.contains("line 3, column 1, party: ") && text.contains("by item 1/2, which is waiting"), "{text}");
    let (alone, text) = told(&switch, &["payroll", "approve", "1", "--operator", "SOVANN "]);
    assert!(!alone && text.contains("another operator"), "{text}");
    assert!(booked(&switch, "acleda", FUNDS).is_empty(), "nothing moves before it is approved");

    let (done, text) = told(&switch, &["payroll", "approve", "1", "--by", "bora", "--why", "as agreed", "--wait"]);
    assert!(done && text.contains("batch 1 is done") && text.contains("submitted by sovann, approved by bora"), "{text}");
    assert!(is(&switch, first, "done"));
    assert_eq!(booked(&switch, "acleda", FUNDS), [-650_000]);
    assert_eq!(booked(&switch, "acleda", "001000001116"), [150_000]);
    assert_eq!(booked(&switch, "canadia", "002000002116"), [200_000]);
    assert_eq!(booked(&switch, "wing", "003000003116"), [300_000]);
    let (again, text) = told(&switch, &["payroll", "check", &reissued]);
    assert!(!again && text.contains("which is paid"), "{text}");
    let items = switch.look("/payroll/1/items?state=paid&after=1");
    assert_eq!((&items["total"], &items["lines"][0]["item"], &items["lines"][1]["bank"]), (&json!(2), &json!(2), &json!("wing")));
    assert!(!items.to_string().contains("002000002116"), "accounts are not shown: {items}");
    let log = switch.process.log_lines().join("\n");
    assert!(!log.contains("Sok Dara") && !log.contains("100000017") && !log.contains("001000001116"), "{log}");
    eventually("metrics tell of it", || {
        switch.metric("payswitch_payroll_batches{state=\"done\"}") == 1.0
            && switch.metric("payswitch_payroll_items{outcome=\"paid\"}") == 3.0
    });
}

#[test]
fn bad_files_are_refused_with_line_field_and_code_and_nothing_moves() {
    let switch = start(Banks::InProcess);
    let table = std::fs::read_to_string(fixtures().join("bad/expected.toml")).unwrap();
    let table: toml::Table = toml::from_str(&table).unwrap();
    assert!(table.len() > 60, "there are many");
    for (name, expected) in &table {
        let path = fixtures().join("bad").join(name).display().to_string();
        let (taken, text) = told(&switch, &["payroll", "submit", &path, "--operator", "sovann"]);
        // No bytes are of no form yet.
        let is_empty = std::fs::metadata(&path).unwrap().len() == 0;
        let field = if is_empty { "Document" } else { expected["field"].as_str().unwrap() };
        let field = field.strip_prefix("CstmrCdtTrfInitn/").unwrap_or(field);
        let start = format!("line {}, column {}, {field}: ", expected["line"], expected["column"]);
        let code = format!("({})", expected["code"].as_str().unwrap());
        let said = |line: &str| line.starts_with(&start) && line.ends_with(&code);
        assert!(!taken && text.lines().any(said), "{name}: {start}… {code}\n{text}");
    }
    assert_eq!(switch.look("/payroll")["total"], 0);
    assert!(booked(&switch, "acleda", FUNDS).is_empty());
    let kept: Vec<_> = std::fs::read_dir(switch.setup.data().join("payroll")).unwrap().collect();
    assert!(kept.is_empty(), "nothing is kept of what was refused: {kept:?}");
}

#[test]
fn a_bank_that_is_down_holds_up_only_its_own_payments_even_over_a_kill() {
    let mut switch = start(Banks::OverTcp);
    let wing = switch.banks[2].addresses["wing"].to_string();
    switch.banks[2].kill();
    eventually("wing is seen to be down", || switch.metric("payswitch_bank_up{bank=\"wing\"}") == 0.0);
    let number = submitted(&switch, &payroll(&switch, "M1", &[SOPHEA, DARA, BOPHA]));
    let at = format!("http://{}", switch.process.addresses["http"]);
    let waited = std::process::Command::new(crate::harness::PAYSWITCH)
        .args(["payroll", "approve", "1", "--operator", "bora", "--wait", "--at", &at])
        .output()
        .unwrap();
    assert_eq!(waited.status.code(), Some(3), "not at its end, and nothing refused: {waited:?}");
    let part = batch(&switch, number);
    assert_eq!((&part["state"], &part["paid"]["count"], &part["pending"]["count"]), (&json!("part"), &json!(2), &json!(1)));
    let at_wing = part["banks"].as_array().unwrap().iter().find(|it| it["bank"] == "wing").unwrap();
    assert_eq!((&at_wing["up"], &at_wing["waiting"]["count"]), (&json!(false), &json!(1)));

    // SIGKILL: the batch goes on by itself from what the journal holds.
    switch.process.kill();
    switch.process = switch.setup.spawn_switch(&switch.banks);
    eventually("it is at rest again", || is(&switch, number, "part"));
    let (_, text) = told(&switch, &["payroll", "report", "1"]);
    assert!(text.contains("wing") && text.contains("waiting"), "the document is still there: {text}");
    assert!(booked(&switch, "wing", "003000003116").is_empty());

    switch.banks[2] = switch.setup.spawn_bank("wing", &wing);
    eventually("it is done", || is(&switch, number, "done"));
    assert_eq!(booked(&switch, "acleda", FUNDS), [-650_000]);
    assert_eq!(booked(&switch, "acleda", "001000001116"), [150_000]);
    assert_eq!(booked(&switch, "canadia", "002000002116"), [200_000]);
    assert_eq!(booked(&switch, "wing", "003000003116"), [300_000]);
}

#[test]
fn what_a_bank_refuses_goes_back_and_a_corrected_account_is_paid() {
    let folder = tempfile::tempdir().unwrap();
    let registry = folder.path().join("registry.csv");
    let sound = std::fs::read_to_string(fixtures().join("registry.csv")).unwrap();
    // The registry has an account that its bank does not know.
    std::fs::write(&registry, sound.replace("002000002116", "002999999116")).unwrap();
    let switch = setup(Banks::InProcess, &registry).start();
    let number = submitted(&switch, &payroll(&switch, "M1", &[DARA, &BOPHA.replace("002000002116", "002999999116")]));
    approved(&switch, number);
    eventually("all that can be is done", || is(&switch, number, "done"));
    let it = batch(&switch, number);
    assert_eq!((&it["rejected"]["amount"], &it["credited_back"]), (&json!(200_000), &json!(200_000)));
    assert_eq!(booked(&switch, "acleda", FUNDS), [-350_000, 200_000], "what was not paid goes back");
    let (_, text) = told(&switch, &["payroll", "items", "1", "--state", "rejected"]);
    assert!(text.contains("canadia") && text.contains("76"), "{text}");

    let corrected = payroll(&switch, "M2", &[BOPHA]);
    let (taken, text) = told(&switch, &["payroll", "check", &corrected]);
    assert!(!taken && text.contains("is not the account that this person has registered") && text.contains("(AC01)"), "{text}");
    std::fs::write(&registry, &sound).unwrap();
    let second = submitted(&switch, &corrected);
    approved(&switch, second);
    eventually("the second is done", || is(&switch, second, "done"));
    assert_eq!(booked(&switch, "canadia", "002000002116"), [200_000]);
    assert_eq!(booked(&switch, "acleda", FUNDS), [-350_000, 200_000, -200_000]);
    let (_, report) = told(&switch, &["payroll", "report", "2", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&report).unwrap()["items"][0]["attempt"], 1, "{report}");
}

#[test]
fn a_batch_is_cancelled_and_what_was_paid_too_much_is_taken_back() {
    let switch = start(Banks::InProcess);
    let number = submitted(&switch, &payroll(&switch, "M1", &[DARA, BOPHA]));
    let cancel =
        |reason| switch.send("POST", &format!("/payroll/{number}/cancel"), &json!({ "operator": "bora", "reason": reason }));
    let (status, said) = cancel("");
    assert_eq!((status, &said["field"]), (400, &json!("reason")), "{said}");
    let (status, said) = cancel("wrong month");
    assert_eq!((status, &said["state"]), (200, &json!("cancelled")), "{said}");
    assert!(booked(&switch, "acleda", FUNDS).is_empty());

    // Cancelled, it stands in nobody's way.
    let second = submitted(&switch, &payroll(&switch, "M2", &[DARA, BOPHA]));
    approved(&switch, second);
    eventually("it is done", || is(&switch, second, "done"));
    let recall = |body: Value| switch.send("POST", &format!("/payroll/{second}/recall"), &body);
    let (status, said) = recall(json!({ "operator": "bora", "reason": "x", "item": 1, "amount": "1500.01" }));
    assert_eq!((status, said["problem"].as_str().unwrap().contains("150000")), (409, true), "{said}");
    let (status, said) = recall(json!({ "operator": "bora", "reason": "x", "item": 9 }));
    assert_eq!(status, 404, "{said}");
    let (status, said) = recall(json!({ "operator": "bora", "reason": "x", "item": 1, "code": "XX99" }));
    assert_eq!((status, &said["field"]), (400, &json!("code")), "{said}");
    let (status, said) = recall(json!({ "operator": "bora", "reason": "too much", "item": 1, "amount": "500.00" }));
    assert_eq!(status, 200, "{said}");
    eventually("it came back, and went to the payer", || batch(&switch, second)["credited_back"] == 50_000);
    assert_eq!(booked(&switch, "acleda", "001000001116"), [150_000, -50_000]);
    assert_eq!(booked(&switch, "acleda", FUNDS), [-350_000, 50_000]);
    assert!(is(&switch, second, "done"));
    judged(&switch, second);
}

/// Reports, by somebody else's reading of the schemas.
fn judged(switch: &Switch, number: u32) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("switch/documents/tests/documents/schema/judge.py");
    let report = |path: &str| {
        let (status, page) = switch.http(&format!("/payroll/{number}/report?{path}"));
        assert_eq!(status, 200, "{page}");
        unchunked(&page)
    };
    let reports = [
        ("pain.002.001.10", report("form=pain.002")),
        ("camt.054.001.08", report("form=camt.054&bank=acleda")),
        ("camt.054.001.08", report("form=camt.054&bank=116003")),
        ("pacs.004.001.09", report("form=pacs.004")),
    ];
    assert!(reports[0].1.contains("<GrpSts>ACSC</GrpSts>") && reports[0].1.contains("500.00 KHR came back"), "{}", reports[0].1);
    assert!(reports[1].1.contains("<RvslInd>true</RvslInd>") && reports[3].1.contains(">500.00</RtrdIntrBkSttlmAmt>"));
    let questions: String =
        reports.iter().map(|(message, document)| format!("{}\n", json!({ "message": message, "document": document }))).collect();
    let path = switch.setup.folder.path().join("questions");
    std::fs::write(&path, questions).unwrap();
    let judge = std::process::Command::new("python3").arg(script).stdin(std::fs::File::open(&path).unwrap()).output();
    let output = match judge {
        Ok(output) if output.status.success() => output,
        Ok(output) => return left_out("reports held against their schemas", &String::from_utf8_lossy(&output.stderr)),
        Err(error) => return left_out("reports held against their schemas", &error.to_string()),
    };
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let refused: Vec<_> = answers.iter().filter_map(|it| it.get("refused").filter(|it| !it.is_null())).collect();
    assert!(refused.is_empty() && answers.len() >= reports.len(), "{answers:?}");
}

/// A body without the lengths of its chunks.
fn unchunked(page: &str) -> String {
    let (mut rest, mut whole) = (page, String::new());
    while let Some((size, more)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else { return page.to_owned() };
        whole.push_str(&more[..size]);
        rest = more[size..].strip_prefix("\r\n").unwrap_or("");
        if size == 0 {
            break;
        }
    }
    whole
}

#[test]
fn a_document_that_is_cut_off_or_too_long_leaves_nothing() {
    let registry = fixtures().join("registry.csv");
    let mut setup = setup(Banks::InProcess, &registry);
    setup.more = setup.more.replace("pays_at", "document_max_bytes = 4000\npays_at");
    let switch = setup.start();
    let text = std::fs::read_to_string(payroll(&switch, "M1", &[DARA])).unwrap();
    let address = switch.process.addresses["http"];
    let head = "POST /payroll HTTP/1.1\r\nHost: switch\r\nConnection: close\r\nOperator: sovann\r\nContent-Type: text/csv\r\n";
    // The connection ends before the document does.
    let cut = {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{text}", text.len() + 1).as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(!cut.starts_with("HTTP/1.1 200"), "{cut}");
    let long = text.clone() + &" ".repeat(5_000);
    let (status, said) = http_with(address, &format!("{head}Content-Length: {}\r\n\r\n{long}", long.len()));
    assert!(status == 400 && said.contains("document_max_bytes"), "{status} {said}");
    let (status, said) =
        http_with(address, &format!("{}Content-Length: {}\r\n\r\n{text}", head.replace("text/csv", "text/plain"), text.len()));
    assert!(status == 400 && said.contains("content-type"), "{status} {said}");
    let nobody = head.replace("Operator: sovann\r\n", "");
    let (status, said) = http_with(address, &format!("{nobody}Content-Length: {}\r\n\r\n{text}", text.len()));
    assert!(status == 400 && said.contains("\"operator\""), "{status} {said}");
    assert_eq!(switch.look("/payroll")["total"], 0);
    eventually("nothing is kept", || std::fs::read_dir(switch.setup.data().join("payroll")).unwrap().count() == 0);
    let (status, said) = http_with(address, &format!("{head}Content-Length: {}\r\n\r\n{text}", text.len()));
    assert_eq!(status, 200, "{said}");
    let names: Vec<_> = std::fs::read_dir(switch.setup.data().join("payroll")).unwrap().map(|it| it.unwrap().path()).collect();
    let kept = std::fs::read(&names[0]).unwrap();
    assert!(names.len() == 1 && !kept.windows(4).any(|it| it == b"Dara"), "kept, and nobody can read it: {names:?}");
}

#[test]
fn without_payroll_in_the_configuration_orders_say_what_to_add() {
    let switch = Setup::new(Banks::InProcess, "iso87-ascii").start();
    let file = payroll(&switch, "M1", &[DARA]);
    for arguments in
        [&["payroll", "check", &file][..], &["payroll", "status"], &["payroll", "approve", "1", "--operator", "bora"]]
    {
        let (done, text) = told(&switch, arguments);
        assert!(!done && text.contains("add a [payroll] table"), "{text}");
    }
    let (done, text) = command(&["payroll", "submit", &file, "--operator", "bora", "--at", "http://127.0.0.1:1"], None);
    assert!(!done && text.contains("is the switch running there?"), "{text}");
}

#[test]
fn the_readme_s_commands_for_payrolls_work_one_after_the_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Payroll\n").unwrap();
    let block = section.split("```").nth(1).unwrap();
    let mut commands = block.lines().map(|line| line.split("  #").next().unwrap_or("").trim()).filter(|line| !line.is_empty());
    // The switch that it starts listens where the test finds a port.
    let run: Vec<&str> = commands.next().unwrap().split(' ').filter(|word| !word.is_empty()).collect();
    let (config, clock) = (run[3], &run[6..]);
    assert_eq!((&run[..3], run[4]), (&["payswitch", "run", "--config"][..], "--data"));
    let folder = tempfile::tempdir().unwrap();
    let shipped = std::fs::read_to_string(root.join(config)).unwrap();
    let config = folder.path().join("payswitch.toml");
    let registry = fixtures().join("registry.csv");
    let own = shipped.replace("127.0.0.1:8583", "127.0.0.1:0").replace("registry.csv", &registry.display().to_string());
    std::fs::write(&config, format!("[http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n{own}")).unwrap();
    let mut start = std::process::Command::new(crate::harness::PAYSWITCH);
    start.arg("run").arg("--config").arg(&config).arg("--data").arg(folder.path().join("data")).args(clock);
    let switch = crate::harness::Process::start(&mut start, "the switch runs");
    let at = format!("http://{}", switch.addresses["http"]);
    let up = |bank: &str| {
        http_with(switch.addresses["http"], "GET /metrics HTTP/1.1\r\nHost: s\r\nConnection: close\r\n\r\n")
            .1
            .contains(&format!("payswitch_bank_up{{bank=\"{bank}\"}} 1"))
    };
    eventually("the banks are up", || ["acleda", "canadia", "wing"].into_iter().all(up));
    let mut said = String::new();
    for command in commands {
        let line = command.strip_prefix("payswitch ").unwrap();
        let script = format!("exec 2>&1; \"$PAYSWITCH\" {line} --at {at}");
        let mut shell = std::process::Command::new("sh");
        shell.arg("-c").arg(script).env("PAYSWITCH", crate::harness::PAYSWITCH).current_dir(root);
        let output = shell.output().unwrap();
        said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{command}\n{said}");
    }
    assert!(said.contains("came back") || said.contains("returned"), "{said}");
}
