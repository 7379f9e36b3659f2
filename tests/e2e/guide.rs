//! The guide is true: every command in it is carried out, in the order of its lines, in an empty folder, and says what is printed there.
//!
//! A ```` ```console ```` block has commands behind `$ ` and what they say below. `…` within a line stands for any text, alone on a
//! line for any lines. A command that ends with `&` goes on: what stands below it is awaited, and `kill %%` stops the last that goes on. Any block that
//! begins with `# file: NAME` is written to that file; a `diff` block under `--- NAME` changes it. Switches listen where the guide says,
//! but on a loopback address of this process alone.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;

use tempfile::TempDir;

use crate::harness::{PATIENCE, PAYSWITCH};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// Who is not told otherwise asks the switch on the address of the test.
const WRAPPER: &str = r#"#!/bin/sh
case "$1" in
  run) case " $* " in *" --config "*|*" --print-config "*) ;; *) set -- "$@" --config "$SHELL_FOLDER/ports.toml" ;; esac ;;
  status|clock|fault|order|positions|dead-letters|hot-cards|overruled)
    case " $* " in *" --at "*) ;; *) set -- "$@" --at "http://$LOOPBACK:8580" ;; esac ;;
  cards) case "$2 $*" in
    block*|unblock*|replace*) set -- "$@" --at "http://$LOOPBACK:8580" ;;
    *--virtual*) set -- "$@" --connect "$LOOPBACK:8583" ;;
  esac ;;
  send|load) case " $* " in *" --connect "*) ;; *) set -- "$@" --connect "$LOOPBACK:8583" ;; esac ;;
esac
exec "$PAYSWITCH" "$@"
"#;

/// A fenced block: the words behind the fence, the number of its first line, its lines.
struct Block<'a> {
    language: &'a str,
    line: usize,
    lines: Vec<&'a str>,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let (mut found, mut open) = (Vec::new(), None::<Block<'_>>);
    for (place, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(language), None) => open = Some(Block { language, line: place + 2, lines: Vec::new() }),
            (Some(_), Some(block)) => found.push(block),
            (None, Some(mut block)) => {
                block.lines.push(line);
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    found
}

/// A command, its line, and what is to be read below it.
struct Said<'a> {
    command: &'a str,
    line: usize,
    below: Vec<&'a str>,
}

fn commands<'a>(block: &Block<'a>) -> Vec<Said<'a>> {
    let mut all: Vec<Said<'a>> = Vec::new();
    for (place, line) in block.lines.iter().enumerate() {
        match (line.strip_prefix("$ "), all.last_mut()) {
            (Some(command), _) => all.push(Said { command, line: block.line + place, below: Vec::new() }),
            (None, Some(said)) => said.below.push(line),
            (None, None) => panic!("line {}: a console block begins with a command", block.line),
        }
    }
    all
}

/// Whether a line is as printed, `…` standing for anything.
fn is_as_printed(printed: &str, said: &str) -> bool {
    let (printed, mut rest) = (printed.trim_end(), said.trim_end());
    let Some((first, others)) = printed.split_once('…') else { return printed == rest };
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    let mut pieces: Vec<_> = others.split('…').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Whether lines are as printed, a line `…` standing for any lines.
fn are_as_printed(printed: &[&str], said: &[&str]) -> bool {
    match (printed.split_first(), said.split_first()) {
        (None, None) => true,
        (Some((&"…", rest)), None) => are_as_printed(rest, said),
        (Some((&"…", rest)), Some((_, others))) => are_as_printed(rest, said) || are_as_printed(printed, others),
        (Some((line, rest)), Some((one, others))) => is_as_printed(line, one) && are_as_printed(rest, others),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// A command that goes on while others follow.
struct Job {
    child: Child,
    says: mpsc::Receiver<String>,
}

impl Job {
    /// Waits until these lines have come, in this order; others may come between them.
    fn says(&self, printed: &[&str], loopback: &str) {
        let mut seen = Vec::new();
        for wanted in printed.iter().filter(|line| !line.is_empty() && **line != "…") {
            loop {
                let Ok(line) = self.says.recv_timeout(PATIENCE) else { panic!("never said: {wanted}\nbut: {seen:#?}") };
                let line = line.replace(loopback, "127.0.0.1");
                let is_it = is_as_printed(wanted, &line);
                seen.push(line);
                if is_it {
                    break;
                }
            }
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A tester at a terminal, in a folder of their own.
struct Tester {
    folder: TempDir,
    loopback: String,
    /// What goes on, the last one last.
    jobs: Vec<Job>,
    /// The exit code of the last command.
    code: i32,
    /// What was said otherwise than it is printed.
    surprises: Vec<String>,
}

impl Tester {
    /// `hand` keeps the testers of one process apart.
    fn sits_down(hand: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let id = std::process::id();
        let loopback = format!("127.{hand}.{}.{}", id / 250 % 250, id % 250 + 1);
        let tools = folder.path().join(".tools");
        std::fs::create_dir(&tools).unwrap();
        std::fs::write(tools.join("payswitch"), WRAPPER).unwrap();
        std::fs::set_permissions(tools.join("payswitch"), PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::write(tools.join("ports.toml"), server::config::DEFAULT.replace("127.0.0.1", &loopback)).unwrap();
        std::os::unix::fs::symlink(Path::new(REPOSITORY).join("fixtures"), folder.path().join("fixtures")).unwrap();
        Self { folder, loopback, jobs: Vec::new(), code: 0, surprises: Vec::new() }
    }

    fn shell(&self, command: &str) -> Command {
        let tools = self.folder.path().join(".tools");
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command.replace("127.0.0.1", &self.loopback)).current_dir(self.folder.path()).stdin(Stdio::null());
        shell.env("PATH", path).env("SHELL_FOLDER", tools).env("LOOPBACK", &self.loopback).env("PAYSWITCH", PAYSWITCH);
        shell
    }

    /// Carries out a command that ends; all that it says.
    fn types(&mut self, command: &str) -> String {
        // In braces, so that errors of a whole pipe are seen where a person would see them.
        let line = format!("exec 2>&1; (exit {}); {command}\n", self.code);
        let output = self.shell(&line).output().unwrap();
        self.code = output.status.code().unwrap_or(-1);
        String::from_utf8(output.stdout).unwrap().replace(&self.loopback, "127.0.0.1")
    }

    fn starts(&mut self, command: &str, printed: &[&str]) {
        let mut child = self.shell(&format!("exec 2>&1; exec {command}")).stdout(Stdio::piped()).spawn().unwrap();
        let (line, says) = mpsc::channel();
        let reading = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || reading.lines().map_while(Result::ok).try_for_each(|it| line.send(it)));
        let job = Job { child, says };
        job.says(printed, &self.loopback);
        self.jobs.push(job);
    }

    fn stops_the_last(&mut self, printed: &[&str]) {
        let mut job = self.jobs.pop().expect("something goes on");
        assert!(Command::new("kill").arg(job.child.id().to_string()).status().unwrap().success());
        job.says(printed, &self.loopback);
        job.child.wait().unwrap();
    }

    fn does(&mut self, said: &Said<'_>) {
        let mut printed = said.below.clone();
        while printed.last().is_some_and(|line| line.is_empty()) {
            printed.pop();
        }
        if let Some(command) = said.command.strip_suffix(" &") {
            self.starts(command, &printed);
        } else if said.command == "kill %%" {
            self.stops_the_last(&printed);
        } else {
            let came = self.types(said.command);
            let lines: Vec<_> = came.trim_end().lines().collect();
            let what = format!("line {}: {}", said.line, said.command);
            if !are_as_printed(&printed, &lines) {
                self.surprises.push(format!("{what}\n--- printed\n{}\n--- said\n{came}", printed.join("\n")));
            }
        }
    }

    /// Writes the file that a block shows, or changes one.
    fn writes(&self, block: &Block<'_>) {
        let Some((first, rest)) = block.lines.split_first() else { return };
        if let Some(name) = first.strip_prefix("# file: ") {
            // Where the first line is no comment in the file's own language it stands above it only.
            let lines = if block.language == "toml" { &block.lines[..] } else { rest };
            std::fs::write(self.folder.path().join(name), lines.join("\n") + "\n").unwrap();
        } else if let ("diff", Some(name)) = (block.language, first.strip_prefix("--- ")) {
            self.changes(&self.folder.path().join(name), rest);
        }
    }

    fn changes(&self, file: &Path, lines: &[&str]) {
        let mut text = std::fs::read_to_string(file).unwrap();
        let with = |sign: char| lines.iter().filter_map(move |line| line.strip_prefix(sign)).map(|it| format!("{it}\n"));
        let (old, new): (String, String) = (with('-').collect(), with('+').collect());
        assert_eq!(text.matches(&old).count(), 1, "{} has this once:\n{old}", file.display());
        text = text.replace(&old, &new);
        std::fs::write(file, text).unwrap();
    }
}

#[test]
fn every_command_of_the_guide_does_what_is_printed_there() {
    every_command_of("docs/tester-guide.md", 77);
}

#[test]
fn every_command_of_the_page_of_cards_does_what_is_printed_there() {
    every_command_of("docs/cards.md", 79);
}

fn every_command_of(page: &str, hand: u8) {
    let guide = std::fs::read_to_string(Path::new(REPOSITORY).join(page)).unwrap();
    let mut tester = Tester::sits_down(hand);
    for block in blocks(&guide) {
        match block.language {
            "console" => commands(&block).iter().for_each(|said| tester.does(said)),
            _ => tester.writes(&block),
        }
    }
    assert!(tester.surprises.is_empty(), "{}", tester.surprises.join("\n\n"));
    assert!(tester.jobs.is_empty(), "the page stops what it has started");
}

/// What the README's commands find lying there, and what stands for the long runs that it shows.
const PREPARED: &str = "\
    printf 'scenario,send,card,amount,code\\nPaid,purchase,dara,12.50 USD,00\\nLost,purchase,lost,12.50 USD,41\\n' > cases.csv\n\
    cp fixtures/messages/iso87-ascii.hex messages.hex\n\
    payswitch decode --dialect iso87-ascii < messages.hex | head -4 > messages.json\n\
    printf 0800822000010000000004000000000000001228020000565485061160020001 | sed 's/../\\\\x&/g' | xargs -0 printf > capture.bin";
const SHORTER: [(&str, &str); 4] =
    [("--duration 60s", "--duration 1s"), ("--duration 30s", "--duration 1s"), ("1..1001", "1..3"), ("p99>50ms", "p99>30s")];

#[test]
fn the_readme_s_commands_for_testers_work_one_after_the_other() {
    let readme = std::fs::read_to_string(Path::new(REPOSITORY).join("README.md")).unwrap();
    let (_, section) = readme.split_once("## For testers").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let mut tester = Tester::sits_down(78);
    tester.types(PREPARED);
    assert_eq!(tester.code, 0);
    let mut reference = String::new();
    for line in blocks(section).iter().flat_map(|block| &block.lines) {
        let command = line.split("  #").next().unwrap_or_default().trim().replace(" RRN", &format!(" {reference}"));
        let command = SHORTER.iter().fold(command, |command, (long, short)| command.replace(long, short));
        if command.starts_with("payswitch run") {
            tester.jobs.clear();
            tester.starts(&command, &["… the switch runs …"]);
        } else if command.starts_with("payswitch record --listen") {
            tester.starts(&command, &["recording: …"]);
            tester.stops_the_last(&["0 requests …"]);
        } else {
            let said = tester.types(&command);
            assert_eq!(tester.code, 0, "{command}\n{said}");
            reference = said.rsplit_once("payswitch why ").map_or(reference, |(_, rrn)| rrn.trim().to_owned());
        }
    }
}

#[test]
fn elisions_stand_for_anything_and_nothing_else_does() {
    assert!(is_as_printed("ok  … ms  cash.toml  …", "ok   67 ms  cash.toml   A withdrawal"));
    assert!(!is_as_printed("ok  … ms  cash.toml", "FAILED  67 ms  cash.toml"));
    assert!(is_as_printed("as it is", "as it is ") && !is_as_printed("as it is", "as it was"));
    assert!(are_as_printed(&["a", "…", "z"], &["a", "b", "c", "z"]) && are_as_printed(&["a", "…"], &["a"]));
    assert!(
        !are_as_printed(&["a", "…", "z"], &["a", "b"]) && !are_as_printed(&["a"], &["a", "b"]) && !are_as_printed(&[], &["a"])
    );
}
