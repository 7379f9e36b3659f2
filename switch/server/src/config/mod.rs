//! What an operator writes: `payswitch.toml`. Everything has a default but the links; an unknown key is refused with its place.

mod business;
mod checked;
mod dialect;
mod overlay;
mod payroll;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use business::{CardLimitSection, FeeSection, RateSection, StandInSection};
pub use checked::{AcquirerPlan, BankPlan, Plan, Reach};
pub use dialect::dialect;
pub use payroll::{PayerSection, PayrollPlan, PayrollSection};

/// The configuration that is used when none is given, and that documents every key.
pub const DEFAULT: &str = include_str!("../../default.toml");

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not well written; tells line, column and what stands there.
    #[error("{path}: {source}")]
    Text {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A value makes no sense.
    #[error("{path}: {place}: {problem}")]
    Value {
        /// Which file.
        path: PathBuf,
        /// Which key.
        place: String,
        /// What is wrong and what is wanted.
        problem: String,
    },
}

/// The file as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The switch itself.
    #[serde(default)]
    pub switch: SwitchSection,
    /// Where operators look.
    #[serde(default)]
    pub http: HttpSection,
    /// Links on which requests come in.
    pub acquirer: Vec<AcquirerSection>,
    /// Banks.
    pub bank: Vec<BankSection>,
    /// What card holders pay beside the amount.
    #[serde(default)]
    pub fee: Vec<FeeSection>,
    /// How much a card may be used for in a day.
    #[serde(default)]
    pub card_limit: Vec<CardLimitSection>,
    /// What currencies are worth.
    #[serde(default)]
    pub rate: Vec<RateSection>,
    /// Who has cards at the reference banks.
    #[serde(default)]
    pub cast: CastSection,
    /// Salaries of many people from one document; refused where left out.
    pub payroll: Option<PayrollSection>,
    /// What the switch asks the card store.
    #[serde(default)]
    pub cards: CardsSection,
    /// How long to wait for what.
    #[serde(default)]
    pub timers: TimersSection,
    /// Bounds.
    #[serde(default)]
    pub limits: LimitsSection,
    /// How blocks are written.
    #[serde(default)]
    pub journal: JournalSection,
    /// What is logged.
    #[serde(default)]
    pub log: LogSection,
}

/// `[switch]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SwitchSection {
    /// DE33 of what the switch sends.
    pub institution: String,
    /// Local time, `+07:00`.
    pub utc_offset: String,
    /// The local time of day at which the next calendar day's business date opens; with `00:00` both dates are the same.
    pub cutover: String,
}

/// `[http]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSection {
    /// Address to listen on.
    pub listen: String,
}

/// `[[acquirer]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcquirerSection {
    /// Its name in logs and metrics.
    pub name: String,
    /// Address to listen on.
    pub listen: String,
    /// A built-in dialect's name or a file's path.
    #[serde(default = "default_dialect")]
    pub dialect: String,
    /// The framing's name.
    #[serde(default = "default_framing")]
    pub framing: String,
    /// Stands for DE32 where a message has none.
    pub institution: String,
    /// Whether its terminals can give deposited cash back.
    #[serde(default)]
    pub escrow: bool,
}

/// `[[bank]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankSection {
    /// Its name in logs and metrics; in process also the name of the reference bank.
    pub name: String,
    /// Its institution.
    pub institution: String,
    /// Its BIC (ISO 9362), by which payroll documents may name it.
    pub bic: Option<String>,
    /// First digits of its cards.
    pub prefixes: Vec<String>,
    /// What it does; all kinds where left out.
    pub kinds: Option<Vec<String>>,
    /// In which currencies.
    #[serde(default = "default_currencies")]
    pub currencies: Vec<String>,
    /// What it does at its own terminals only.
    #[serde(default)]
    pub own_terminals_only: Vec<String>,
    /// What may be approved in its stead; nothing where left out.
    pub stand_in: Option<StandInSection>,
    /// A reference bank in the switch's own process.
    #[serde(default)]
    pub in_process: bool,
    /// The address of its host.
    pub dial: Option<String>,
    /// An address on which the bank dials the switch.
    pub listen: Option<String>,
    /// A built-in dialect's name or a file's path.
    #[serde(default = "default_dialect")]
    pub dialect: String,
    /// The framing's name.
    #[serde(default = "default_framing")]
    pub framing: String,
    /// Requests open there at once.
    #[serde(default = "default_in_flight_max")]
    pub in_flight_max: usize,
    /// Silence after which an echo is sent, ms.
    #[serde(default = "default_echo_after_ms")]
    pub echo_after_ms: u64,
    /// How long a sign-on or an echo may stay unanswered, ms.
    #[serde(default = "default_answer_within_ms")]
    pub answer_within_ms: u64,
}

fn default_dialect() -> String {
    "iso87-ascii".into()
}

fn default_framing() -> String {
    "2-byte".into()
}

fn default_currencies() -> Vec<String> {
    vec!["KHR".into(), "USD".into()]
}

fn default_in_flight_max() -> usize {
    65_536
}

fn default_echo_after_ms() -> u64 {
    30_000
}

fn default_answer_within_ms() -> u64 {
    10_000
}

/// `[cast]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CastSection {
    /// A file of cards; the built-in one where left out.
    pub file: Option<PathBuf>,
    /// Further made-up cards for each bank, for load.
    pub bulk_per_bank: u32,
    /// A file of further accounts for the banks in this process.
    pub accounts: Option<PathBuf>,
}

/// `[cards]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CardsSection {
    /// Whether only cards of the store are taken, as far as they may be used.
    pub known_only: bool,
}

/// `[timers]`, all in milliseconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "told in default.toml, beside each default")]
pub struct TimersSection {
    pub atm_ms: u64,
    pub pos_ms: u64,
    pub total_ms: u64,
    pub hold_life_ms: u64,
    pub forward_first_ms: u64,
    pub forward_max_ms: u64,
    pub forward_life_ms: u64,
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "told in default.toml, beside each default")]
pub struct LimitsSection {
    pub connections_max: usize,
    pub frame_max_bytes: usize,
    pub idle_ms: u64,
    pub frame_within_ms: u64,
    pub write_within_ms: u64,
    pub outbox_max_bytes: usize,
    pub block_max_bytes: usize,
    pub drain_ms: u64,
    pub owed_max: usize,
}

/// `[journal]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalSection {
    /// Whether a block survives power loss.
    pub synchronous: Synchronous,
}

/// How blocks are synced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// Before anything leaves.
    #[default]
    Full,
    /// Never. Loses money when the power fails.
    Off,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSection {
    /// Lines for people or for programs.
    pub format: LogFormat,
    /// The least that is logged.
    pub level: String,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

impl Default for SwitchSection {
    fn default() -> Self {
        Self { institution: "116000".into(), utc_offset: "+07:00".into(), cutover: "00:00".into() }
    }
}

impl Default for HttpSection {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8580".into() }
    }
}

impl Default for TimersSection {
    fn default() -> Self {
        Self {
            atm_ms: 25_000,
            pos_ms: 10_000,
            total_ms: 35_000,
            hold_life_ms: 604_800_000,
            forward_first_ms: 1_000,
            forward_max_ms: 60_000,
            forward_life_ms: 86_400_000,
        }
    }
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            connections_max: 2048,
            frame_max_bytes: 4096,
            idle_ms: 600_000,
            frame_within_ms: 10_000,
            write_within_ms: 10_000,
            outbox_max_bytes: 256 * 1024,
            block_max_bytes: 1024 * 1024,
            drain_ms: 30_000,
            owed_max: 1_000_000,
        }
    }
}

impl Default for LogSection {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".into() }
    }
}

impl Config {
    /// The built-in configuration.
    ///
    /// # Errors
    /// Never in a build that was tested.
    pub fn embedded() -> Result<Self, ConfigError> {
        Self::parse(Path::new("(built-in)"), DEFAULT)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read or is not well written.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.into(), source })?;
        Self::parse(path, &text)
    }

    /// Reads text; `path` names it in errors.
    ///
    /// # Errors
    /// Where it is not well written, with line and caret.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        toml::from_str(text).map_err(|source| ConfigError::Text { path: path.into(), source: Box::new(source) })
    }
}
