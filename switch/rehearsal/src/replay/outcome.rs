//! What came of a replay: plain data, from which every report is made. Nothing in it holds a full card number, a track or a PIN.

use std::path::PathBuf;
use std::time::Duration;

use model::Timestamp;

/// What came of all scenarios of one replay, in the order of their paths.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One for each scenario file.
    pub scenarios: Vec<Outcome>,
    /// Real time from the first to the last.
    pub took: Duration,
}

/// What came of one scenario.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its file, as it was found.
    pub path: PathBuf,
    /// Its title; the file's name where the file cannot be read.
    pub title: String,
    /// The rule that it shows, if it names one.
    pub rule: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// How it ended.
    pub verdict: Verdict,
    /// Real time that it took.
    pub took: Duration,
    /// Time that passed in its world, virtual where the clock is.
    pub lasted: Duration,
    /// Everybody who sent or received something, from the outside in: terminals, the switch, banks.
    pub parties: Vec<String>,
    /// All messages that went by, oldest first.
    pub passed: Vec<Passed>,
    /// Steps that were carried out, the last one being the one that failed, where one did.
    pub steps: Vec<StepOutcome>,
}

/// How a scenario ended.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Everything was as expected.
    Passed,
    /// Something was not.
    Failed(Box<Failure>),
    /// The file is no scenario; text with line and caret.
    Bad(String),
    /// It was not played, and why: it asks for what a real switch at the other end of a wire cannot give.
    Skipped(String),
    /// Nobody is there to play it with.
    NoConnection(String),
}

/// One step that was carried out.
#[derive(Clone, Debug)]
pub struct StepOutcome {
    /// Its line in the file, from 1.
    pub line: usize,
    /// In a few words: `expect 0210 of cash`.
    pub title: String,
    /// When it began, in the world's time.
    pub began: Timestamp,
    /// How long it waited, in the world's time.
    pub waited: Duration,
    /// Whether it was as expected.
    pub passed: bool,
}

/// What was not as expected.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The step's line in the file, from 1.
    pub line: usize,
    /// The step in a few words.
    pub step: String,
    /// What went wrong, in one sentence: `an answer came, but not the one that is expected`.
    pub problem: String,
    /// Every field that was looked at, those that differ first.
    pub fields: Vec<Compared>,
    /// Where nothing came that is of the right type: what came nearest, in a few words.
    pub nearest: Option<String>,
}

/// One field, expected against actual.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Its name in scenario files.
    pub field: String,
    /// Its number in ISO 8583, where it has one.
    pub number: Option<u8>,
    /// Its line in the file, from 1.
    pub line: usize,
    /// What is expected, in words.
    pub expected: String,
    /// What stood there; `None` where nothing did.
    pub actual: Option<String>,
    /// Whether they agree.
    pub agrees: bool,
}

/// One message that went by, as seen at the far end of a link.
#[derive(Clone, Debug)]
pub struct Passed {
    /// When it left or arrived there, in the world's time.
    pub at: Timestamp,
    /// Who sent it.
    pub from: String,
    /// Who got it.
    pub to: String,
    /// Its type; empty where it is no message.
    pub mti: String,
    /// In a few words: `withdrawal 50000.00 KHR`, `00 approved`.
    pub label: String,
    /// Every field, a line each, masked.
    pub detail: String,
    /// What a fault did to it, in a word or two.
    pub fault: Option<String>,
    /// The line of the step that sent it, or that expected it.
    pub line: Option<usize>,
}
