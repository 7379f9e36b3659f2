//! The switch and its banks: started, asked, killed and started again.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::files::Files;
use crate::machine::{self, Threads};

pub(crate) const BANKS: [(&str, &str, &str); 3] =
    [("acleda", "116001", "911601"), ("canadia", "116002", "911602"), ("wing", "116003", "911603")];
/// Where the payer's riel are.
pub(crate) const FUNDING: &str = "001900000116";
/// Longer than a start takes, with the accounts of a nation to read.
const PATIENCE: Duration = Duration::from_secs(300);

/// A process of ours, killed when it is not needed any more.
struct Process {
    child: Child,
    listens: Vec<(String, SocketAddr)>,
}

impl Process {
    /// Starts it, and waits until its log says `up`. Whatever else than INFO it logs later is shown.
    fn start(command: &mut Command, up: &str) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts");
        let mut lines = BufReader::new(child.stderr.take().expect("is piped")).lines().map_while(Result::ok);
        let mut started = Self { child, listens: Vec::new() };
        for line in lines.by_ref() {
            let Ok(entry) = serde_json::from_str::<Value>(&line) else { panic!("it says: {line}") };
            let text = |key: &str| entry.get(key).and_then(Value::as_str);
            if let (Some("listening"), Some(link), Some(address)) = (text("message"), text("link"), text("address")) {
                started.listens.push((link.to_owned(), address.parse().expect("an address")));
            }
            if text("message") == Some(up) {
                let shown = |line: &String| line.contains("\"ERROR\"");
                std::thread::spawn(move || lines.filter(shown).for_each(|line| eprintln!("{line}")));
                return started;
            }
        }
        panic!("it ended before it was up")
    }

    fn at(&self, link: &str) -> SocketAddr {
        self.listens.iter().find(|(name, _)| name == link).expect("listens there").1
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// How far a batch has come, in items.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) state: String,
    pub(crate) total: i64,
    pub(crate) paid: i64,
    pub(crate) pending: i64,
    /// Paid, returned or rejected.
    pub(crate) ended: i64,
    amounts: [i64; 5],
}

impl Progress {
    /// paid + returned + rejected + pending = total, in items and amounts.
    pub(crate) fn adds_up(&self) -> bool {
        let [total, parts @ ..] = self.amounts;
        self.ended + self.pending == self.total && parts.iter().sum::<i64>() == total
    }
}

/// Everybody.
pub(crate) struct Parties {
    program: PathBuf,
    folder: PathBuf,
    accounts: PathBuf,
    switch: Process,
    /// None where they are in the switch's process.
    banks: Vec<Process>,
    /// Which of them are dead.
    dead: Vec<usize>,
}

impl Parties {
    pub(crate) fn start(program: &Path, folder: &Path, files: &Files, over_tcp: bool) -> Self {
        let start = |place: usize| start_bank(program, folder, &files.accounts, BANKS[place].0, "127.0.0.1:0");
        let banks: Vec<_> = if over_tcp { (0..BANKS.len()).map(start).collect() } else { Vec::new() };
        fs::write(folder.join("payswitch.toml"), configuration(files, &banks)).expect("is written");
        let switch = start_switch(program, folder);
        let (program, folder, accounts) = (program.to_owned(), folder.to_owned(), files.accounts.clone());
        let parties = Self { program, folder, accounts, switch, banks, dead: Vec::new() };
        parties.wait_for_banks();
        parties
    }

    fn wait_for_banks(&self) {
        let begun = Instant::now();
        while self.metric("payswitch_bank_up") < BANKS.len() as f64 {
            assert!(begun.elapsed() < PATIENCE, "the banks never signed on");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills the switch, a bank or both, as `drawn` says; whether the switch is dead.
    pub(crate) fn kill(&mut self, drawn: u64) -> bool {
        let (bank, who) = (drawn as usize / 3 % BANKS.len(), if self.banks.is_empty() { 0 } else { drawn % 3 });
        if who > 0 {
            self.banks[bank].kill();
            self.dead.push(bank);
        }
        if who < 2 {
            self.switch.kill();
        }
        who < 2
    }

    /// Starts what is dead again.
    pub(crate) fn revive(&mut self, switch: bool) {
        for bank in std::mem::take(&mut self.dead) {
            let (name, address) = (BANKS[bank].0, self.banks[bank].at(BANKS[bank].0).to_string());
            self.banks[bank] = start_bank(&self.program, &self.folder, &self.accounts, name, &address);
        }
        if switch {
            self.switch = start_switch(&self.program, &self.folder);
        }
    }

    /// Where the ledgers lie.
    pub(crate) fn ledgers(&self) -> PathBuf {
        if self.banks.is_empty() { self.folder.join("data/banks") } else { self.folder.join("ledgers") }
    }

    pub(crate) fn check(&self, files: &Files) {
        let (status, page) = self.send("/payroll/check", "Content-Type: application/xml", Body::File(&files.document));
        assert!(status == 200 && page["faults_total"] == 0, "{page}");
    }

    /// The number of the batch.
    pub(crate) fn submit(&self, files: &Files) -> u64 {
        let head = "Content-Type: application/xml\r\nOperator: dara\r\nReason: bench";
        let (status, page) = self.send("/payroll", head, Body::File(&files.document));
        assert_eq!(status, 200, "{page}");
        page["batch"].as_u64().expect("a batch")
    }

    pub(crate) fn approve(&self, batch: u64) {
        let body = Body::Text(r#"{"operator": "sovann", "reason": "bench"}"#);
        let (status, page) = self.send(&format!("/payroll/{batch}/approve"), "Content-Type: application/json", body);
        assert_eq!(status, 200, "{page}");
    }

    pub(crate) fn progress(&self, batch: u64) -> Progress {
        let page: Value = serde_json::from_str(&self.page("/payroll")).expect("JSON");
        let lines = page["lines"].as_array().expect("lines");
        let it = lines.iter().find(|it| it["batch"] == batch).expect("the batch");
        let number = |name: &str, of: &str| it[name][of].as_i64().expect("a number");
        let names = ["total", "paid", "returned", "rejected", "pending"];
        let [total, paid, returned, rejected, pending] = names.map(|name| number(name, "count"));
        let (amounts, ended) = (names.map(|name| number(name, "amount")), paid + returned + rejected);
        Progress { state: it["state"].as_str().expect("a name").to_owned(), total, paid, pending, ended, amounts }
    }

    /// Most memory that the switch has ever had, and what it has now, MB.
    pub(crate) fn memory_mb(&self) -> (u64, u64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.switch.child.id())).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kb| kb / 1024);
        (peak, machine::resident_mb(self.switch.child.id()))
    }

    pub(crate) fn threads(&self) -> Threads {
        machine::threads(self.switch.child.id())
    }

    /// What all of ours have had.
    pub(crate) fn processor_time(&self) -> Duration {
        let all = std::iter::once(&self.switch).chain(&self.banks);
        let of_all = all.flat_map(|it| machine::threads(it.child.id()).into_values()).sum::<Duration>();
        of_all + machine::threads(std::process::id()).into_values().sum()
    }

    /// What the journal's file and its log have grown to.
    pub(crate) fn journal_bytes(&self) -> u64 {
        let files = fs::read_dir(self.folder.join("data")).expect("the data folder").filter_map(Result::ok);
        let journal = files.filter(|it| it.file_name().to_string_lossy().starts_with("journal"));
        journal.filter_map(|it| Some(it.metadata().ok()?.len())).sum()
    }

    fn metric(&self, name: &str) -> f64 {
        let page = self.page("/metrics");
        let lines = page.lines().filter_map(|line| line.strip_prefix(name)).filter(|rest| rest.starts_with([' ', '{']));
        lines.filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    fn page(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.switch.at("http")).expect("the switch's page");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: switch\r\nConnection: close\r\n\r\n").expect("is sent");
        let mut page = String::new();
        stream.read_to_string(&mut page).expect("is answered");
        page.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned())
    }

    fn send(&self, path: &str, head: &str, body: Body<'_>) -> (u16, Value) {
        let mut stream = TcpStream::connect(self.switch.at("http")).expect("the switch's page");
        let length = match body {
            Body::File(path) => fs::metadata(path).expect("is there").len(),
            Body::Text(text) => text.len() as u64,
        };
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: switch\r\nConnection: close\r\n{head}\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("is sent");
        match body {
            Body::File(path) => drop(io::copy(&mut File::open(path).expect("is there"), &mut stream).expect("is sent")),
            Body::Text(text) => stream.write_all(text.as_bytes()).expect("is sent"),
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("is answered");
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        let page = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status, serde_json::from_str(page).unwrap_or_else(|_| panic!("no JSON: {page}")))
    }
}

#[derive(Clone, Copy)]
enum Body<'b> {
    File(&'b Path),
    Text(&'b str),
}

fn start_switch(program: &Path, folder: &Path) -> Process {
    let mut command = Command::new(program);
    command.args(["run", "--config"]).arg(folder.join("payswitch.toml")).arg("--data").arg(folder.join("data"));
    Process::start(&mut command, "the switch runs")
}

fn start_bank(program: &Path, folder: &Path, accounts: &Path, name: &str, address: &str) -> Process {
    let mut command = Command::new(program);
    command.args(["bank", name, "--listen", address, "--log-format", "json", "--accounts"]).arg(accounts);
    Process::start(command.arg("--data").arg(folder.join("ledgers")), "listening")
}

/// Ports, links, the registry and the payer; all else is as it comes.
fn configuration(files: &Files, banks: &[Process]) -> String {
    let (registry, accounts) = (&files.registry, &files.accounts);
    let mut text = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n[payroll]\nregistry = {registry:?}\n\
         [[payroll.payer]]\nid = \"MEF\"\ninstitution = \"116900\"\nbank = \"acleda\"\naccounts.KHR = \"{FUNDING}\"\n\
         [[acquirer]]\nname = \"terminals\"\nlisten = \"127.0.0.1:0\"\ninstitution = \"116000\"\n"
    );
    for (place, (name, institution, prefix)) in BANKS.iter().enumerate() {
        let reach = banks.get(place).map_or("in_process = true".to_owned(), |bank| format!("dial = \"{}\"", bank.at(name)));
        text += &format!("[[bank]]\nname = \"{name}\"\ninstitution = \"{institution}\"\nprefixes = [\"{prefix}\"]\n{reach}\n");
    }
    if banks.is_empty() {
        text += &format!("[cast]\naccounts = {accounts:?}\n");
    }
    text
}
