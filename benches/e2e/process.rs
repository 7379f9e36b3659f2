//! The other processes: started, asked for their addresses and figures, and killed at the end.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::arguments::Load;
use crate::traffic::{BANKS, DIALECT};

/// Longer than starting takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process of ours, killed when it is not needed any more.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The switch and its banks.
pub(crate) struct Parties {
    pub(crate) bank: Process,
    pub(crate) switch: Process,
    terminals: SocketAddr,
    http: SocketAddr,
}

impl Parties {
    /// Starts both with an empty data folder, and waits until every bank has signed on.
    pub(crate) fn start(program: &Path, folder: &Path) -> Self {
        let (bank, banks) = start_bank();
        std::fs::create_dir_all(folder).expect("a folder");
        let config = folder.join("payswitch.toml");
        std::fs::write(&config, configuration(&banks)).expect("is written");
        let mut command = Command::new(program);
        command.args(["run", "--config"]).arg(config).arg("--data").arg(folder.join("data"));
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the switch starts");
        let log = BufReader::new(child.stderr.take().expect("is piped"));
        let switch = Process(child);
        let addresses = listening(log);
        let parties = Self { bank, switch, terminals: addresses["terminals"], http: addresses["http"] };
        let begun = Instant::now();
        while parties.metrics().total("payswitch_bank_up") < BANKS.len() as f64 {
            assert!(begun.elapsed() < PATIENCE, "the banks never signed on");
            std::thread::sleep(Duration::from_millis(20));
        }
        parties
    }

    /// Starts a client; its lines come through what is returned.
    pub(crate) fn client(&self, load: &Load) -> (Process, BufReader<ChildStdout>) {
        let mut command = Command::new(std::env::current_exe().expect("has a path"));
        command.args(["--role", "client", "--address", &self.terminals.to_string(), "--only", &load.name()]);
        spawn(command.args(["--seconds", &load.seconds.to_string()]))
    }

    /// What the switch counts, read from its page.
    pub(crate) fn metrics(&self) -> Metrics {
        let mut stream = TcpStream::connect(self.http).expect("the switch's page");
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: switch\r\nConnection: close\r\n\r\n").expect("is sent");
        let mut page = String::new();
        stream.read_to_string(&mut page).expect("is answered");
        Metrics(page)
    }
}

/// A page of metrics.
pub(crate) struct Metrics(String);

impl Metrics {
    /// The sum over all labels.
    pub(crate) fn total(&self, name: &str) -> f64 {
        let lines = self.0.lines().filter_map(|line| line.strip_prefix(name));
        let values = lines.filter(|rest| rest.starts_with([' ', '{'])).filter_map(|rest| rest.rsplit(' ').next());
        values.filter_map(|value| value.parse::<f64>().ok()).sum()
    }
}

fn spawn(command: &mut Command) -> (Process, BufReader<ChildStdout>) {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("starts");
    let lines = BufReader::new(child.stdout.take().expect("is piped"));
    (Process(child), lines)
}

fn start_bank() -> (Process, Vec<String>) {
    let mut command = Command::new(std::env::current_exe().expect("has a path"));
    let (bank, lines) = spawn(command.args(["--role", "bank"]));
    let address = |line: String| line.split_once(' ').map(|(_, address)| address.to_owned()).expect("name and address");
    (bank, lines.lines().take(BANKS.len()).map(|line| address(line.expect("a bank that runs"))).collect())
}

/// Waits until the switch runs: where each of its links listens. Whatever it logs later is shown.
fn listening(log: impl BufRead + Send + 'static) -> HashMap<String, SocketAddr> {
    let mut lines = log.lines().map_while(Result::ok);
    let mut addresses = HashMap::new();
    for line in lines.by_ref() {
        let Ok(entry) = serde_json::from_str::<serde_json::Value>(&line) else { panic!("the switch says: {line}") };
        let text = |key: &str| entry.get(key)?.as_str();
        match (text("message"), text("link"), text("address")) {
            (Some("listening"), Some(link), Some(address)) => {
                addresses.insert(link.to_owned(), address.parse().expect("an address"));
            }
            (Some("the switch runs"), ..) => {
                std::thread::spawn(move || lines.filter(|line| !line.contains("\"INFO\"")).for_each(|line| eprintln!("{line}")));
                return addresses;
            }
            _ => {}
        }
    }
    panic!("the switch ended before it ran")
}

/// Ports and links; all else is as it comes.
fn configuration(banks: &[String]) -> String {
    let mut text = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n\
         [[acquirer]]\nname = \"terminals\"\nlisten = \"127.0.0.1:0\"\ninstitution = \"116000\"\ndialect = \"{DIALECT}\"\n"
    );
    for ((name, institution, prefix), address) in BANKS.iter().zip(banks) {
        text += &format!(
            "[[bank]]\nname = \"{name}\"\ninstitution = \"{institution}\"\nprefixes = [\"{prefix}\"]\n\
             dial = \"{address}\"\ndialect = \"{DIALECT}\"\n"
        );
    }
    text
}
