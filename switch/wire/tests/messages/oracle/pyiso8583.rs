//! `pyiso8583`, all fields of all built-in dialects: one process of `python3`, asked line by line.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::{Oracle, Reading, compare};
use crate::left_out::left_out;
use crate::random::description;
use crate::{bytes, hex};

const MESSAGES: usize = 2000;

struct Python {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    dialect: &'static str,
}

impl Python {
    /// Starts it; what it says where it cannot run.
    fn start(dialect: &'static str) -> Result<Self, String> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages/oracle/theirs.py");
        let mut command = Command::new("python3");
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().map_err(|error| format!("python3: {error}"))?;
        let (questions, answers) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        let mut python = Self { process, questions, answers, dialect };
        if python.answer().is_none() {
            let mut said = String::new();
            std::io::Read::read_to_string(&mut python.process.stderr.take().unwrap(), &mut said).unwrap();
            return Err(said.trim().lines().last().unwrap_or("python3 says nothing").to_owned());
        }
        Ok(python)
    }

    fn answer(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).ok()
    }

    fn ask(&mut self, mut question: Value) -> Value {
        question["dialect"] = self.dialect.into();
        self.questions.as_mut().unwrap().write_all(format!("{question}\n").as_bytes()).unwrap();
        self.answer().unwrap_or_else(|| panic!("no answer to {question}"))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It ends when there are no more questions.
        self.questions = None;
        let _ = self.process.wait();
    }
}

impl Oracle for Python {
    fn read(&mut self, body: &[u8]) -> Reading {
        let answer = self.ask(json!({"body": hex(body)}));
        match (answer.get("refused"), answer.get("unsaid")) {
            (Some(why), _) => Reading::Refused(why.to_string()),
            (_, Some(_)) => Reading::Beyond,
            _ => Reading::Message(answer),
        }
    }

    fn write(&mut self, message: &Value) -> Vec<u8> {
        let answer = self.ask(message.clone());
        bytes(answer["body"].as_str().unwrap_or_else(|| panic!("{message}: {answer}")))
    }
}

/// Compares all fields but those that it cannot be told of.
fn compared(name: &'static str, unsaid: &[u8]) {
    let mut python = match Python::start(name) {
        Ok(python) => python,
        Err(why) => return left_out(&format!("{name} compared with pyiso8583"), &why),
    };
    compare(description(name), &mut python, |number, _| !unsaid.contains(&number), MESSAGES);
}

#[test]
fn messages_of_1987_in_characters() {
    compared("iso87-ascii", &[]);
}

#[test]
fn messages_of_1987_in_packed_digits() {
    compared("iso87-bcd", &[]);
}

#[test]
fn messages_of_1987_in_ebcdic() {
    compared("iso87-ebcdic", &[]);
}

#[test]
fn messages_of_1993_in_characters() {
    // Hexadecimal digits behind a length that counts the bytes: there it can only count characters.
    compared("iso93-ascii", &[53, 96]);
}

#[test]
fn messages_of_1993_in_packed_digits() {
    compared("iso93-bcd", &[]);
}
