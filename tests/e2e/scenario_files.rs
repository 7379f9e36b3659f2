//! What a tester does with scenario files besides playing them: import, lint, fmt, schema.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::harness::PAYSWITCH;

fn scenario(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(PAYSWITCH).current_dir(folder).arg("scenario").args(arguments).output().unwrap()
}

/// The exit code, and everything that was said.
fn told(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn a_sheet_becomes_files_that_need_no_more_work() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = "scenario,send,card,amount,code\nA lost card,purchase,lost,12.50 USD,41\nPaid,purchase,dara,12.50 USD,00\n";
    std::fs::write(folder.path().join("cases.csv"), sheet).unwrap();

    let (code, said) = told(&scenario(folder.path(), &["import", "cases.csv"]));
    assert_eq!((code, said.as_str()), (0, "cases/a-lost-card.toml\ncases/paid.toml\n"));
    assert_eq!(told(&scenario(folder.path(), &["lint", "cases"])), (0, "2 files: 0 errors, 0 warnings\n".to_owned()));
    assert_eq!(told(&scenario(folder.path(), &["fmt", "--check", "cases"])), (0, String::new()));

    std::fs::write(folder.path().join("cases/paid.toml"), "mine").unwrap();
    let (code, said) = told(&scenario(folder.path(), &["import", "cases.csv"]));
    assert_eq!(code, 1);
    assert!(said.contains("is there already; --force writes over it"), "{said}");
    assert_eq!(std::fs::read_to_string(folder.path().join("cases/paid.toml")).unwrap(), "mine");
    assert_eq!(told(&scenario(folder.path(), &["import", "cases.csv", "--force"])).0, 0);
}

#[test]
fn a_sheet_that_is_wrong_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cases.csv"), "scenario,send,code\nGood,echo,00\nBad,ecco,00\n").unwrap();
    let (code, said) = told(&scenario(folder.path(), &["import", "cases.csv", "--out", "made"]));
    assert_eq!(code, 1);
    assert!(said.starts_with("cases.csv: row 3, column send: there is no \"ecco\" here; did you mean echo?"), "{said}");
    assert!(!folder.path().join("made").exists());
    assert_eq!(told(&scenario(folder.path(), &["import", "none.csv"])).0, 3);
}

#[test]
fn an_untidy_file_is_named_then_tidied_and_one_with_a_mistake_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (untidy, wrong) = (folder.path().join("untidy.toml"), folder.path().join("wrong.toml"));
    let text = "# Ours.\n[[step]]\nsend='echo'\n[[step]]\ncode='00'\nexpect='0810'\n";
    std::fs::write(&untidy, format!("title='t'\n{text}")).unwrap();
    std::fs::write(&wrong, "title = 'w'\n[[step]]\nsend = 'ecco'\n").unwrap();

    let (code, said) = told(&scenario(folder.path(), &["fmt", "--check", "untidy.toml"]));
    assert_eq!((code, said.as_str()), (1, "untidy.toml\n"));
    assert!(std::fs::read_to_string(&untidy).unwrap().contains("send='echo'"));

    let (code, said) = told(&scenario(folder.path(), &["fmt", "."]));
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("wrong.toml:3:8: there is no \"ecco\" here"), "{said}");
    let tidy = "title = 't'\n\n# Ours.\n[[step]]\nsend = 'echo'\n\n[[step]]\nexpect = '0810'\ncode = '00'\n";
    assert_eq!(std::fs::read_to_string(&untidy).unwrap(), tidy);
    assert_eq!(std::fs::read_to_string(&wrong).unwrap(), "title = 'w'\n[[step]]\nsend = 'ecco'\n");
    assert_eq!(told(&scenario(folder.path(), &["fmt", "untidy.toml"])), (0, String::new()));
}

#[test]
fn lint_tells_programs_too_and_knows_nothing_from_something() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(told(&scenario(folder.path(), &["lint", "."])).0, 3);
    std::fs::write(folder.path().join("a.toml"), "title = \"t\"\n[[step]]\nsend = \"echo\"\n").unwrap();
    let output = scenario(folder.path(), &["lint", "--json", "a.toml"]);
    assert_eq!(output.status.code(), Some(1));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = &said["findings"][0];
    assert_eq!((&said["files"], &finding["severity"], &finding["line"]), (&1.into(), &"warning".into(), &1.into()));
    assert_eq!(finding["path"], "a.toml");
}

#[test]
fn the_schema_that_is_printed_is_the_one_beside_the_docs() {
    let output = scenario(Path::new("."), &["schema"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), include_str!("../../docs/scenario.schema.json"));
}

const ECHO: &str = "title = \"An echo\"\n[[step]]\nsend = \"echo\"\n[[step]]\nexpect = \"0810\"\ncode = \"00\"\n";

#[test]
fn a_replay_that_is_stopped_reports_what_was_played_and_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("first.toml"), ECHO).unwrap();
    std::fs::write(at("last.toml"), ECHO).unwrap();
    // A file that is there when the test says so: by then the first has been played.
    assert!(Command::new("mkfifo").arg(at("second.toml")).status().unwrap().success());
    let files = ["replay", "--jobs", "1", "--junit", "report.xml", "first.toml", "second.toml", "last.toml"];
    let mut command = Command::new(PAYSWITCH);
    let mut replay = command.current_dir(folder.path()).args(files).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let second = std::fs::File::options().write(true).open(at("second.toml")).unwrap();
    assert!(Command::new("kill").args(["-INT", &replay.id().to_string()]).status().unwrap().success());
    let mut said = BufReader::new(replay.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("payswitch: stops when what is being played has ended"), "{line:?}");
    std::io::Write::write_all(&mut &second, ECHO.as_bytes()).unwrap();
    drop(second);
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!((replay.wait().unwrap().code(), rest.as_str()), (Some(1), "payswitch: stopped; 2 scenarios were not played\n"));
    let report = std::fs::read_to_string(at("report.xml")).unwrap();
    assert!(report.contains("tests=\"1\""), "{report}");
}

#[test]
fn a_replay_has_at_least_one_job() {
    let output = Command::new(PAYSWITCH).args(["replay", "--jobs", "0", "none.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
