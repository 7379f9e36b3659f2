//! `payswitch scenario`: what is done with scenario files besides playing them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bank_adapters::Cast;
use clap::{Args, Subcommand};
use rehearsal::replay;
use rehearsal::scenario::{self, Finding, Linter, Scenario, Severity, import};
use serde_json::json;

use super::{Failure, quiet_on_closed_pipe};

/// There is no file.
const NOTHING_FOUND: u8 = 3;

/// `payswitch scenario`
#[derive(Args)]
pub(super) struct ScenarioCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Tell everything that is wrong with scenario files, or odd about them.
    Lint(Lint),
    /// Bring scenario files into their canonical form.
    Fmt(Fmt),
    /// Make scenario files of a spreadsheet that was saved as CSV.
    Import(Import),
    /// Print the JSON Schema of scenario files, for editors.
    Schema,
}

#[derive(Args)]
#[command(after_help = "Exit codes:\n  0  nothing to tell\n  1  something is wrong or odd\n  2  the command line is wrong\n  \
                        3  there is no such file, or none in the folders")]
struct Lint {
    /// Scenario files, or folders to be searched through for them (*.toml).
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Cards and banks; the built-in cast where left out.
    #[arg(long, value_name = "FILE")]
    cast: Option<PathBuf>,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(
    after_help = "Exit codes:\n  0  every file is in its canonical form\n  1  a file is no scenario and was left as it is; with \
                        --check also one\n     that is not in its canonical form\n  2  the command line is wrong\n  3  there is no such \
                        file, or none in the folders"
)]
struct Fmt {
    /// Scenario files, or folders to be searched through for them (*.toml).
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Change nothing; name the files that would be changed.
    #[arg(long)]
    check: bool,
    /// Cards and banks; the built-in cast where left out.
    #[arg(long, value_name = "FILE")]
    cast: Option<PathBuf>,
}

#[derive(Args)]
#[command(
    after_help = "Exit codes:\n  0  the files were written\n  1  something is wrong with the sheet, or a file is there already; \
                        nothing was written\n  2  the command line is wrong\n  3  there is no such file"
)]
struct Import {
    /// The sheet: the first row names the columns, each other row is a step or a test case.
    #[arg(value_name = "FILE.csv")]
    sheet: PathBuf,
    /// Where to write the scenario files; a folder called as the sheet where left out.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write over files that are there.
    #[arg(long)]
    force: bool,
    /// Cards and banks; the built-in cast where left out.
    #[arg(long, value_name = "FILE")]
    cast: Option<PathBuf>,
}

impl ScenarioCommand {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self.command {
            Command::Lint(lint) => lint.run(),
            Command::Fmt(fmt) => fmt.run(),
            Command::Import(import) => import.run(),
            Command::Schema => said(&format!("{:#}\n", scenario::schema())),
        }
    }
}

impl Lint {
    fn run(self) -> Result<ExitCode, Failure> {
        let cast = cast(self.cast.as_deref())?;
        let Some(files) = found(&self.paths) else { return Ok(ExitCode::from(NOTHING_FOUND)) };
        let mut linter = Linter::default();
        for file in &files {
            linter.file(file, &cast);
        }
        let findings = &linter.findings;
        said(&if self.json { machine(files.len(), findings) } else { people(files.len(), findings) })?;
        Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn severity(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn people(files: usize, findings: &[Finding]) -> String {
    let told: String = findings.iter().map(|it| format!("{}: {}\n\n", severity(it), it.error)).collect();
    let count = |wanted: Severity| findings.iter().filter(|it| it.severity == wanted).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    format!("{told}{}: {}, {}\n", counted(files, "file"), counted(errors, "error"), counted(warnings, "warning"))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn machine(files: usize, findings: &[Finding]) -> String {
    let finding = |it: &Finding| {
        let place = it.error.place.as_ref();
        json!({
            "severity": severity(it),
            "path": it.error.path,
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
            "width": place.map(|place| place.width),
            "problem": it.error.problem,
            "remedy": it.error.remedy,
        })
    };
    let findings: Vec<_> = findings.iter().map(finding).collect();
    format!("{:#}\n", json!({ "files": files, "findings": findings }))
}

impl Fmt {
    fn run(self) -> Result<ExitCode, Failure> {
        let cast = cast(self.cast.as_deref())?;
        let Some(files) = found(&self.paths) else { return Ok(ExitCode::from(NOTHING_FOUND)) };
        let (mut told, mut good) = (String::new(), true);
        for file in &files {
            let scenario = match Scenario::load(file, &cast) {
                Ok(scenario) => scenario,
                Err(error) => {
                    say!("error: {error}\n");
                    good = false;
                    continue;
                }
            };
            let formatted = scenario::format(&scenario.source)?;
            if *formatted == *scenario.source {
                continue;
            }
            told += &format!("{}\n", file.display());
            if self.check {
                good = false;
            } else {
                whole(file, &formatted)?;
            }
        }
        said(&told)?;
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Import {
    fn run(self) -> Result<ExitCode, Failure> {
        let cast = cast(self.cast.as_deref())?;
        let sheet = self.sheet.display();
        let bytes = match std::fs::read(&self.sheet) {
            Ok(bytes) => bytes,
            Err(error) => {
                say!("payswitch: {sheet}: {error}; name a sheet that was saved as CSV");
                return Ok(ExitCode::from(NOTHING_FOUND));
            }
        };
        let name = self.sheet.file_name().unwrap_or_default().to_string_lossy();
        let files = match import::import(&name, &bytes, &cast) {
            Ok(files) => files,
            Err(problems) => {
                problems.iter().for_each(|problem| say!("{sheet}: {problem}"));
                say!("payswitch: nothing was written");
                return Ok(ExitCode::FAILURE);
            }
        };
        let folder = self.out.unwrap_or_else(|| self.sheet.with_extension(""));
        let paths: Vec<_> = files.iter().map(|file| folder.join(&file.file_name)).collect();
        if let (Some(there), false) = (paths.iter().find(|path| path.exists()), self.force) {
            return Err(
                format!("{} is there already; --force writes over it, --out names another folder", there.display()).into()
            );
        }
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for (file, path) in files.iter().zip(&paths) {
            whole(path, &file.text)?;
        }
        said(&paths.iter().map(|path| format!("{}\n", path.display())).collect::<String>())
    }
}

fn cast(path: Option<&Path>) -> Result<Cast, Failure> {
    Ok(path.map_or_else(|| Ok(Cast::builtin()), Cast::load)?)
}

/// The files of these paths; `None`, with the reason told, where there are none.
fn found(paths: &[PathBuf]) -> Option<Vec<PathBuf>> {
    match replay::files(paths) {
        Ok(files) if files.is_empty() => {
            say!("payswitch: no scenario was found; name a file, or a folder with *.toml in it");
        }
        Ok(files) => return Some(files),
        Err((path, error)) => say!("payswitch: {}: {error}; name a scenario file, or a folder of them", path.display()),
    }
    None
}

/// Writes a file whole or not at all.
fn whole(path: &Path, text: &str) -> Result<(), Failure> {
    // A link stays one: what it leads to is written.
    let there = path.canonicalize();
    let path = there.as_deref().unwrap_or(path);
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let told = |error: std::io::Error| format!("{}: {error}; it was left as it was", path.display());
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(told)?;
    file.write_all(text.as_bytes()).map_err(told)?;
    // Others may read it as they could before, or as they can any new file.
    let mode = std::fs::metadata(path).map(|it| it.permissions());
    let mode = mode.unwrap_or_else(|_| std::os::unix::fs::PermissionsExt::from_mode(0o644));
    file.as_file().set_permissions(mode).map_err(told)?;
    file.persist(path).map_err(|error| told(error.error))?;
    Ok(())
}

fn said(text: &str) -> Result<ExitCode, Failure> {
    quiet_on_closed_pipe(std::io::stdout().write_all(text.as_bytes()))
}
