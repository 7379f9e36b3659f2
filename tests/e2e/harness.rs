//! Switches and banks as processes of their own, started on free ports in temporary folders, and stopped with the test.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use bank_adapters::Cast;
use rehearsal::{Terminal, TerminalConfig};
use tempfile::TempDir;
use wire::Dialect;

/// Longer than anything here takes on a busy machine; only a failure waits as long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The program under test.
pub(crate) const PAYSWITCH: &str = env!("CARGO_BIN_EXE_payswitch");

/// A process of `payswitch` that listens, with its log read as it comes. Killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// Where it listens, by link.
    pub(crate) addresses: HashMap<String, SocketAddr>,
    log: mpsc::Receiver<serde_json::Value>,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts `command`, whose log must be JSON lines on standard error, and waits until one of them says `up`.
    pub(crate) fn start(command: &mut Command, up: &str) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts");
        let stderr = BufReader::new(child.stderr.take().expect("is piped"));
        let (lines, log) = mpsc::channel();
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&kept);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                keep.lock().unwrap().push(line.clone());
                let entry = serde_json::from_str(&line).unwrap_or_else(|_| serde_json::json!({ "message": line }));
                if lines.send(entry).is_err() {
                    return;
                }
            }
        });
        let mut process = Self { child, addresses: HashMap::new(), log, lines: kept };
        let mut seen = Vec::new();
        loop {
            let Ok(entry) = process.log.recv_timeout(PATIENCE) else { panic!("not up; its log: {seen:#?}") };
            if let (Some("listening"), Some(link), Some(address)) =
                (text(&entry, "message"), text(&entry, "link"), text(&entry, "address"))
            {
                process.addresses.insert(link.to_owned(), address.parse().expect("an address"));
            }
            let is_up = text(&entry, "message") == Some(up);
            seen.push(entry);
            if is_up {
                return process;
            }
        }
    }

    /// Waits for the next line of the log with this message.
    pub(crate) fn logged(&self, message: &str) -> serde_json::Value {
        loop {
            let entry = self.log.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("never logged: {message}"));
            if text(&entry, "message").is_some_and(|it| it.contains(message)) {
                return entry;
            }
        }
    }

    /// Everything it has logged so far, line by line as it came.
    pub(crate) fn log_lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: nothing is flushed, nobody is told.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and waits for the end.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.ask_to_stop();
        self.wait()
    }

    /// SIGTERM.
    pub(crate) fn ask_to_stop(&self) {
        let status = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().expect("kill is there");
        assert!(status.success());
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        eventually("the process has ended", || !self.is_running());
        self.child.wait().expect("ends")
    }

    /// Memory that it holds now, in KiB (VmRSS).
    pub(crate) fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells it");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("can be asked").is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn text<'v>(entry: &'v serde_json::Value, key: &str) -> Option<&'v str> {
    entry.get(key)?.as_str()
}

/// How the banks of a switch are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Banks {
    /// In the switch's own process.
    InProcess,
    /// As processes of their own, dialled by the switch.
    OverTcp,
}

/// A switch with its three reference banks.
pub(crate) struct Switch {
    pub(crate) process: Process,
    pub(crate) banks: Vec<Process>,
    pub(crate) setup: Setup,
}

/// What a switch is started from; the same again is the same switch after a stop.
pub(crate) struct Setup {
    pub(crate) folder: TempDir,
    pub(crate) banks: Banks,
    pub(crate) dialect: &'static str,
    /// What the switch and its banks speak between them, which need not be what terminals speak.
    pub(crate) bank_dialect: &'static str,
    /// Further lines of the configuration.
    pub(crate) more: String,
    /// Banks that are reached otherwise than the others: the lines that say how.
    pub(crate) otherwise: HashMap<String, String>,
    /// Further lines of a bank's table.
    pub(crate) more_of: HashMap<String, String>,
    /// Further arguments of `payswitch run`.
    pub(crate) arguments: Vec<&'static str>,
    /// A file of further accounts for the banks, wherever they are.
    pub(crate) accounts: Option<PathBuf>,
}

impl Setup {
    pub(crate) fn new(banks: Banks, dialect: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (otherwise, more_of) = (HashMap::new(), HashMap::new());
        Self {
            folder,
            banks,
            dialect,
            bank_dialect: dialect,
            more: String::new(),
            otherwise,
            more_of,
            arguments: Vec::new(),
            accounts: None,
        }
    }

    /// Lets this bank be dialled at `address`, whatever the others are.
    pub(crate) fn dialling(self, bank: &str, address: SocketAddr) -> Self {
        self.reaching(bank, &format!("dial = \"{address}\""))
    }

    /// Lets this bank be reached as these lines of its configuration say, whatever the others are.
    pub(crate) fn reaching(mut self, bank: &str, how: &str) -> Self {
        self.otherwise.insert(bank.to_owned(), how.to_owned());
        self
    }

    /// Lets the banks speak another dialect than the terminals.
    pub(crate) fn banks_speak(mut self, dialect: &'static str) -> Self {
        self.bank_dialect = dialect;
        self
    }

    /// Adds lines to the configuration: a table with its keys.
    pub(crate) fn with(mut self, more: &str) -> Self {
        self.more.push_str(more);
        self.more.push('\n');
        self
    }

    /// Adds lines to a bank's table.
    pub(crate) fn with_bank(mut self, bank: &str, more: &str) -> Self {
        self.more_of.insert(bank.to_owned(), more.to_owned());
        self
    }

    /// Starts `payswitch run` with these arguments too.
    pub(crate) fn arguments(mut self, arguments: &[&'static str]) -> Self {
        self.arguments.extend(arguments);
        self
    }

    /// Lets the banks keep the accounts of this file too.
    pub(crate) fn with_accounts(mut self, file: &Path) -> Self {
        self.accounts = Some(file.to_owned());
        self
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where the ledgers lie, to be read from outside.
    pub(crate) fn ledgers(&self) -> PathBuf {
        match self.banks {
            Banks::InProcess => self.data().join("banks"),
            Banks::OverTcp => self.folder.path().join("ledgers"),
        }
    }

    pub(crate) fn start(self) -> Switch {
        let (process, banks) = self.spawn();
        let switch = Switch { process, banks, setup: self };
        switch.wait_for_banks();
        switch
    }

    fn spawn(&self) -> (Process, Vec<Process>) {
        let banks: Vec<Process> = match self.banks {
            Banks::InProcess => Vec::new(),
            Banks::OverTcp => NAMES.iter().map(|(name, _)| self.spawn_bank(name, "127.0.0.1:0")).collect(),
        };
        (self.spawn_switch(&banks), banks)
    }

    /// A bank's process of its own, listening at `address`.
    pub(crate) fn spawn_bank(&self, name: &str, address: &str) -> Process {
        self.spawn_bank_that(name, ["--listen", address], "listening")
    }

    /// A bank's process of its own, dialling the switch at `address`.
    pub(crate) fn spawn_dialling_bank(&self, name: &str, address: SocketAddr) -> Process {
        self.spawn_bank_that(name, ["--dial", &address.to_string()], "dialling")
    }

    fn spawn_bank_that(&self, name: &str, reaches: [&str; 2], up: &str) -> Process {
        let mut command = Command::new(PAYSWITCH);
        command.args(["bank", name, "--dialect", self.bank_dialect, "--log-format", "json"]).args(reaches);
        if let Some(file) = &self.accounts {
            command.arg("--accounts").arg(file);
        }
        Process::start(command.arg("--data").arg(self.ledgers()), up)
    }

    pub(crate) fn spawn_switch(&self, banks: &[Process]) -> Process {
        let config = self.folder.path().join("payswitch.toml");
        std::fs::write(&config, self.config(banks)).expect("is written");
        let mut command = Command::new(PAYSWITCH);
        command.args(["run", "--config"]).arg(config).arg("--data").arg(self.data()).args(&self.arguments);
        Process::start(&mut command, "the switch runs")
    }

    /// The text of the configuration.
    pub(crate) fn config(&self, banks: &[Process]) -> String {
        let (dialect, bank_dialect) = (self.dialect, self.bank_dialect);
        let mut text = format!(
            "[http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n{}\n\
             [[acquirer]]\nname = \"terminals\"\nlisten = \"127.0.0.1:0\"\ninstitution = \"116000\"\ndialect = \"{dialect}\"\n\
             [[acquirer]]\nname = \"escrow\"\nlisten = \"127.0.0.1:0\"\ninstitution = \"116000\"\ndialect = \"{dialect}\"\nescrow = true\n",
            self.more
        );
        if let Some(file) = self.accounts.as_ref().filter(|_| self.banks == Banks::InProcess) {
            text += &format!("[cast]\naccounts = {:?}\n", file.display().to_string());
        }
        for (index, (name, number)) in NAMES.iter().enumerate() {
            let reach = match (self.otherwise.get(*name), banks.get(index)) {
                (Some(how), _) => how.clone(),
                (None, Some(bank)) => format!("dial = \"{}\"", bank.addresses[*name]),
                (None, None) => "in_process = true".to_owned(),
            };
            text += &format!(
                "[[bank]]\nname = \"{name}\"\ninstitution = \"{number}\"\nprefixes = [\"{}\", \"{}\"]\n{reach}\ndialect = \"{bank_dialect}\"\n{}\n",
                911_601 + index,
                911_611 + index,
                self.more_of.get(*name).map_or("", String::as_str)
            );
        }
        text
    }
}

const NAMES: [(&str, &str); 3] = [("acleda", "116001"), ("canadia", "116002"), ("wing", "116003")];

impl Switch {
    pub(crate) fn terminals(&self) -> SocketAddr {
        self.process.addresses["terminals"]
    }

    pub(crate) fn dialect(&self) -> Arc<Dialect> {
        Dialect::builtin(self.setup.dialect).expect("is built in")
    }

    /// A terminal with a name of its own.
    pub(crate) async fn terminal(&self, name: &str) -> Terminal {
        self.terminal_on("terminals", name).await
    }

    pub(crate) async fn terminal_on(&self, link: &str, name: &str) -> Terminal {
        let config = TerminalConfig { dialect: self.dialect(), ..TerminalConfig::named(name) };
        Terminal::connect(self.process.addresses[link], config).await.expect("connects")
    }

    /// Starts the switch again on the same data, the banks staying as they are. Ports are new.
    pub(crate) fn restart(&mut self) {
        self.process.kill();
        self.process = self.setup.spawn_switch(&self.banks);
        self.wait_for_banks();
    }

    /// A page of the switch's HTTP port: status and body.
    pub(crate) fn http(&self, path: &str) -> (u16, String) {
        http(self.process.addresses["http"], path)
    }

    /// An operator's order, as JSON: status and answer.
    pub(crate) fn order(&self, body: &serde_json::Value) -> (u16, serde_json::Value) {
        self.send("POST", "/orders", body)
    }

    /// JSON to a page of the switch's HTTP port: status and answer.
    pub(crate) fn send(&self, method: &str, path: &str, body: &serde_json::Value) -> (u16, serde_json::Value) {
        let (body, kind) = (body.to_string(), "Content-Type: application/json");
        let head = format!("{method} {path} HTTP/1.1\r\nHost: switch\r\nConnection: close\r\n{kind}\r\n");
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        let (status, answer) = http_with(self.process.addresses["http"], &request);
        (status, serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}")))
    }

    /// What operators look at, by its path.
    pub(crate) fn look(&self, path: &str) -> serde_json::Value {
        let (status, page) = self.http(path);
        assert_eq!(status, 200, "{page}");
        serde_json::from_str(&page).unwrap()
    }

    /// A metric's value, by its name and labels as `/metrics` prints them; zero where it is not there.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let (_, page) = self.http("/metrics");
        let line = page.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
    }

    pub(crate) fn wait_for_banks(&self) {
        for (name, _) in NAMES {
            eventually(&format!("{name} is up"), || self.metric(&format!("payswitch_bank_up{{bank=\"{name}\"}}")) == 1.0);
        }
    }

    /// Runs `payswitch` with these arguments and the switch's data folder; its standard output and whether it succeeded.
    pub(crate) fn command(&self, arguments: &[&str]) -> (bool, String) {
        command(arguments, Some(&self.setup.data()))
    }
}

pub(crate) fn command(arguments: &[&str], data: Option<&Path>) -> (bool, String) {
    let mut command = Command::new(PAYSWITCH);
    command.args(arguments).stdin(Stdio::null());
    if let Some(data) = data {
        command.arg("--data").arg(data);
    }
    let output = command.output().expect("runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

/// Asks again and again until it is so. For what another process does, of which no event can be awaited.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < until, "never so: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn http(address: SocketAddr, path: &str) -> (u16, String) {
    http_with(address, &format!("GET {path} HTTP/1.1\r\nHost: switch\r\nConnection: close\r\n\r\n"))
}

/// Sends an HTTP request as it is written; status and body of the answer.
pub(crate) fn http_with(address: SocketAddr, request: &str) -> (u16, String) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).expect("connects");
    stream.write_all(request.as_bytes()).expect("is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("is answered");
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()))
}

/// As [`eventually`], where the test's own tasks must go on meanwhile.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let by = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < by, "never so: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Runs a test's asynchronous part.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test)
}

pub(crate) fn cast() -> Cast {
    Cast::builtin()
}

/// The moment now, for messages that tell it.
pub(crate) fn now() -> model::Timestamp {
    bank_adapters::Clock::now(&bank_adapters::SystemClock::start())
}
