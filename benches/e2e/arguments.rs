//! What was asked for on the command line, by people and by the bench itself when it starts its other parts.

use std::net::SocketAddr;
use std::path::PathBuf;

/// The command line.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    /// Cargo says so when benches are to run, and does not when they are only tested.
    pub(crate) bench: bool,
    pub(crate) keep: bool,
    /// Another build of the switch than the one that belongs to this bench.
    pub(crate) switch: Option<PathBuf>,
    pub(crate) role: Option<Role>,
    quick: bool,
    only: Option<String>,
    seconds: Option<f64>,
}

/// What this process is, where it is not the one that measures.
#[derive(Debug)]
pub(crate) enum Role {
    Bank,
    Client(Target),
}

/// A client's task.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) load: Load,
}

/// C connections with W requests in flight each, for so long.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) connections: u32,
    pub(crate) window: u32,
    pub(crate) seconds: f64,
}

/// Every row is warmed up for this long.
pub(crate) const WARM_UP_SECONDS: f64 = 1.0;

const ROWS: [(u32, u32); 4] = [(16, 64), (16, 16), (64, 1), (1000, 1)];

impl Load {
    pub(crate) fn name(&self) -> String {
        format!("{}x{}", self.connections, self.window)
    }

    fn parse(text: &str, seconds: f64) -> Self {
        let parts = text.split_once('x').and_then(|(c, w)| Some((c.parse().ok()?, w.parse().ok()?)));
        let (connections, window) = parts.unwrap_or_else(|| panic!("{text:?} is no row; write 16x64"));
        Self { connections, window, seconds }
    }
}

impl Arguments {
    pub(crate) fn read() -> Self {
        let mut read = Self::default();
        let mut role = None;
        let mut address = None;
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
            match word.as_str() {
                "--bench" => read.bench = true,
                "--quick" => read.quick = true,
                "--keep" => read.keep = true,
                "--switch" => read.switch = Some(value().into()),
                "--only" => read.only = Some(value()),
                "--seconds" => read.seconds = Some(value().parse().expect("--seconds: a number")),
                "--role" => role = Some(value()),
                "--address" => address = Some(value().parse().expect("--address: HOST:PORT")),
                // Cargo hands the same words to every bench.
                _ => {}
            }
        }
        read.role = role.map(|role| match role.as_str() {
            "bank" => Role::Bank,
            "client" => Role::Client(Target {
                address: address.expect("a client needs --address"),
                load: read.loads().next().expect("a client needs --only"),
            }),
            _ => panic!("no role is called {role:?}"),
        });
        read
    }

    /// The rows to run.
    pub(crate) fn loads(&self) -> impl Iterator<Item = Load> {
        let seconds = self.seconds.unwrap_or(if self.quick { 3.0 } else { 5.0 });
        let only = self.only.clone().or_else(|| self.quick.then(|| "16x16".to_owned()));
        let rows: Vec<Load> = match only {
            Some(only) => vec![Load::parse(&only, seconds)],
            None => ROWS.map(|(connections, window)| Load { connections, window, seconds }).into(),
        };
        rows.into_iter()
    }
}
