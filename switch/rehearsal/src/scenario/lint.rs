//! What is wrong with scenario files, and what is odd about sound ones.
//!
//! Knows: files as their parser sees them. Does not know: where they lie, how findings are shown.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use bank_adapters::Cast;

use super::{Action, Check, Error, Matcher, Part, Scenario, Span, Template, Wanted};

/// Something to be told about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether the file cannot be played as it is.
    pub severity: Severity,
    /// What it is, where, and what to do.
    pub error: Error,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The file is no scenario.
    Error,
    /// It can be played, but its author may have meant something else.
    Warning,
}

/// Looks at files one after the other; what they must not have in common is known in the end.
#[derive(Default)]
pub struct Linter {
    /// Everything found so far.
    pub findings: Vec<Finding>,
    /// By title, the file that has it.
    titles: HashMap<String, String>,
}

impl Linter {
    /// Looks at a file.
    pub fn file(&mut self, path: &Path, cast: &Cast) {
        match std::fs::read_to_string(path) {
            Ok(source) => self.source(path, &source, cast),
            Err(why) => self.findings.push(Finding { severity: Severity::Error, error: Error::unread(path, &why) }),
        }
    }

    /// Looks at the text of a file.
    pub fn source(&mut self, path: &Path, source: &str, cast: &Cast) {
        let scenario = match Scenario::check(path, source, cast) {
            Ok(scenario) => scenario,
            Err(errors) => {
                let findings = errors.into_iter().map(|error| Finding { severity: Severity::Error, error });
                return self.findings.extend(findings);
            }
        };
        if let Err(error) = scenario.plan() {
            return self.findings.push(Finding { severity: Severity::Error, error });
        }
        let odd = [self.title(&scenario), unused(&scenario), idle(&scenario), empty(&scenario)].concat();
        let warnings = odd.into_iter().map(|(span, problem, remedy)| Finding {
            severity: Severity::Warning,
            error: Error::at(path, source, &span, problem, remedy),
        });
        let mut warnings: Vec<_> = warnings.collect();
        warnings.sort_by_key(|it| it.error.place.as_ref().map(|place| (place.line, place.column)));
        self.findings.append(&mut warnings);
    }

    /// A report lists scenarios by title.
    fn title(&mut self, scenario: &Scenario) -> Vec<Odd> {
        let path = scenario.path.display().to_string();
        let Some(other) = self.titles.insert(scenario.title.clone(), path) else { return Vec::new() };
        let start = scenario.source.find("title").unwrap_or(0);
        let line = scenario.source.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let problem = format!("{other} has the same title");
        vec![(start..start + line.len(), problem, "say what is special about this one".to_owned())]
    }
}

/// Where, what, and what to do.
type Odd = (Span, String, String);

/// Names that nothing refers to.
fn unused(scenario: &Scenario) -> Vec<Odd> {
    let used = Used::in_file(&scenario.source);
    let vars = scenario.vars.iter().filter(|(name, _)| !used.names.contains(*name)).map(|(name, at)| {
        (at.span.clone(), format!("{name:?} is never used"), format!("write {{{{{name}}}}} where it is meant, or take it out"))
    });
    let names = scenario.steps.iter().filter_map(|step| step.name.as_ref()).filter(|name| !used.steps.contains(&name.value));
    let names = names.map(|name| {
        let problem = format!("no later step speaks of {:?}", name.value);
        (name.span.clone(), problem, "take `as` out, or say `of` where it is meant".to_owned())
    });
    let kept = scenario.steps.iter().flat_map(|step| {
        let kept = match &step.action {
            Action::Expect(expect) => expect.captures.as_slice(),
            _ => &[],
        };
        kept.iter().map(|(name, _)| (step.span.clone(), name))
    });
    let kept = kept.filter(|(_, name)| !used.names.contains(*name)).map(|(span, name)| {
        (span, format!("{name:?} is captured and never used"), format!("write {{{{{name}}}}} where it is meant, or take it out"))
    });
    vars.chain(names).chain(kept).collect()
}

/// Steps that cannot fail.
fn idle(scenario: &Scenario) -> Vec<Odd> {
    let mut odd = Vec::new();
    let expects = |action: &Action| match action {
        Action::Expect(_) | Action::Assert(_) => true,
        Action::Command(command) => command.refused.is_some(),
        Action::Payroll(payroll) => !payroll.refusal.is_empty(),
        Action::Send(_) | Action::Fault(_) | Action::Clock(_) => false,
    };
    if !scenario.steps.iter().any(|step| expects(&step.action)) {
        let remedy = "add a step that expects or asserts something".to_owned();
        odd.push((0..0, "nothing is expected: the scenario cannot fail".to_owned(), remedy));
    }
    for step in &scenario.steps {
        let checks: &[Check] = match &step.action {
            Action::Expect(expect) => &expect.checks,
            Action::Assert(assert) => &assert.checks,
            Action::Command(_) | Action::Payroll(_) | Action::Send(_) | Action::Fault(_) | Action::Clock(_) => &[],
        };
        if let (Some(first), true) = (checks.first(), checks.iter().all(|it| matches!(it.matcher, Matcher::Ignore))) {
            let remedy = "expect a value of at least one, or leave them out".to_owned();
            odd.push((first.span.clone(), "everything that is named here is ignored".to_owned(), remedy));
        }
    }
    odd
}

/// What is expected and says nothing, or can never be.
fn empty(scenario: &Scenario) -> Vec<Odd> {
    let mut odd = Vec::new();
    for step in &scenario.steps {
        let checks: &[Check] = match &step.action {
            Action::Expect(expect) => {
                if expect.wanted.value == Wanted::Nothing && expect.within.is_zero() {
                    let remedy = "say for how long: within = \"40s\"".to_owned();
                    odd.push((expect.wanted.span.clone(), "nothing comes in no time at all".to_owned(), remedy));
                }
                &expect.checks
            }
            Action::Assert(assert) => &assert.checks,
            Action::Command(command) => command.refused.as_slice(),
            Action::Payroll(payroll) => &payroll.refusal,
            Action::Send(_) | Action::Fault(_) | Action::Clock(_) => &[],
        };
        odd.extend(checks.iter().filter_map(|check| {
            let (problem, remedy) = never(check)?;
            Some((check.span.clone(), problem, remedy))
        }));
    }
    odd
}

/// Why no value agrees with it, and what may have been meant.
fn never(check: &Check) -> Option<(String, String)> {
    match &check.matcher {
        Matcher::In(values) if values.is_empty() => {
            Some(("no value is one of none".to_owned(), "name the values that it may have".to_owned()))
        }
        Matcher::Range(from, to) => {
            let (from, to) = (from.value.as_plain()?, to.value.as_plain()?);
            let exchanged = check.shape.distance(from, to).is_none_or(|it| it < 0.0);
            exchanged.then(|| (format!("nothing lies from {from} to {to}"), "the lower end comes first".to_owned()))
        }
        Matcher::Exactly(value) => {
            let text = value.as_plain()?;
            let short = check.number == Some(39) && text.len() == 1;
            short.then(|| (format!("a response code has two characters, and {text:?} has one"), format!("write \"0{text}\"")))
        }
        _ => None,
    }
}

/// What the texts of a file refer to.
#[derive(Default)]
struct Used {
    names: HashSet<String>,
    steps: HashSet<String>,
}

impl Used {
    fn in_file(source: &str) -> Self {
        let mut used = Self::default();
        let table = toml::from_str::<toml::Table>(source).unwrap_or_default();
        used.look("", &toml::Value::Table(table));
        used
    }

    fn look(&mut self, key: &str, value: &toml::Value) {
        match value {
            toml::Value::String(text) if key == "of" => {
                self.steps.insert(text.clone());
            }
            toml::Value::String(text) => {
                for part in Template::parse(text).unwrap_or_default().parts() {
                    let _ = match part {
                        Part::Text(_) => false,
                        Part::Name(name) => self.names.insert(name.clone()),
                        Part::Field { step, .. } => self.steps.insert(step.clone()),
                    };
                }
            }
            toml::Value::Array(values) => values.iter().for_each(|value| self.look(key, value)),
            toml::Value::Table(entries) => entries.iter().for_each(|(key, value)| self.look(key, value)),
            toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) | toml::Value::Datetime(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(sources: &[&str]) -> Vec<String> {
        let mut linter = Linter::default();
        for (at, source) in sources.iter().enumerate() {
            linter.source(Path::new(&format!("{at}.toml")), source, &Cast::builtin());
        }
        let line = |it: &Finding| format!("{:?} {}", it.severity, it.error.to_string().lines().next().unwrap());
        linter.findings.iter().map(line).collect()
    }

    const SOUND: &str = "title = \"t\"\n[vars]\ncard = \"dara\"\n[[step]]\nsend = \"purchase\"\nas = \"buy\"\ncard = \"{{card}}\"\n\
        amount = \"1 USD\"\n[[step]]\nexpect = \"0210\"\ncode = \"00\"\ncapture = { auth = \"authorization\" }\n[[step]]\n\
        send = \"repeat\"\nof = \"buy\"\nauthorization = \"{{auth}}\"\n[[step]]\nexpect = \"0210\"\n";

    #[test]
    fn a_sound_file_is_not_spoken_of() {
        assert_eq!(told(&[SOUND]), [""; 0]);
    }

    #[test]
    fn what_nothing_refers_to_is_told_with_its_place() {
        let unused =
            SOUND.replace("card = \"{{card}}\"", "card = \"dara\"").replace("of = \"buy\"\n", "").replace("{{auth}}", "A");
        let wanted = [
            "Warning 0.toml:3:8: \"card\" is never used",
            "Warning 0.toml:6:6: no later step speaks of \"buy\"",
            "Warning 0.toml:10:10: \"auth\" is captured and never used",
        ];
        assert_eq!(told(&[&unused]), wanted);
    }

    #[test]
    fn a_scenario_that_cannot_fail_is_told() {
        let idle = "title = \"t\"\n[[step]]\nsend = \"echo\"\n";
        assert_eq!(told(&[idle]), ["Warning 0.toml:1:1: nothing is expected: the scenario cannot fail"]);
        let ignoring = format!("{idle}[[step]]\nexpect = \"0810\"\ncode = {{ ignore = true }}\n");
        assert_eq!(told(&[&ignoring]), ["Warning 0.toml:6:8: everything that is named here is ignored"]);
        let looking = format!("{ignoring}network = \"301\"\n");
        assert_eq!(told(&[&looking]), [""; 0]);
    }

    #[test]
    fn what_says_nothing_or_can_never_be_is_told() {
        let step = |rest: &str| format!("title = \"t\"\n[[step]]\nsend = \"echo\"\n[[step]]\nexpect = {rest}\n");
        for (rest, wanted) in [
            ("\"nothing\"\nwithin = \"0s\"", "Warning 0.toml:5:10: nothing comes in no time at all"),
            ("\"0810\"\ncode = { in = [] }", "Warning 0.toml:6:8: no value is one of none"),
            ("\"0810\"\nstan = { range = [9, 3] }", "Warning 0.toml:6:8: nothing lies from 9 to 3"),
            ("\"0810\"\ncode = 0", "Warning 0.toml:6:8: a response code has two characters, and \"0\" has one"),
        ] {
            assert_eq!(told(&[&step(rest)]), [wanted], "{rest}");
        }
        assert_eq!(told(&[&step("\"0810\"\nstan = { range = [3, 9] }")]), [""; 0]);
    }

    #[test]
    fn a_configuration_that_the_switch_would_refuse_is_told_with_its_place() {
        let file =
            |line: &str| format!("title = \"t\"\n[switch]\n{line}\n[[step]]\nsend = \"echo\"\n[[step]]\nexpect = \"0810\"\n");
        let unknown = told(&[&file("timers.atm_mss = 5")]);
        assert!(unknown[0].starts_with("Error 0.toml:3:8: unknown field `atm_mss`"), "{unknown:?}");
        assert_eq!(told(&[&file("timers.atm_ms = 0")]), ["Error 0.toml:3:8: timers.atm_ms: must be more than 0"]);
        let cast = told(&[&file("cast.bulk_per_bank = 1")]);
        assert!(cast[0].starts_with("Error 0.toml:3:1: ") && cast[0].contains("leave cast out"), "{cast:?}");
        assert_eq!(told(&[&file("timers.atm_ms = 5000")]), [""; 0]);
    }

    #[test]
    fn two_files_of_one_title_are_told() {
        assert_eq!(told(&[SOUND, SOUND]), ["Warning 1.toml:1:1: 0.toml has the same title"]);
    }

    #[test]
    fn every_step_with_a_mistake_is_told_and_what_only_follows_from_one_is_not() {
        let broken = "title = \"t\"\ncolour = 1\n[[step]]\nsend = \"purchase\"\nas = \"buy\"\ncard = \"nobody\"\n[[step]]\n\
            expect = \"0210\"\ncode = \"00\"\n[[step]]\nsend = \"repeat\"\nof = \"buy\"\n[[step]]\nsend = \"echo\"\n[[step]]\nexpect = \"0810\"\ncoda = \"00\"\n";
        let wanted = [
            "Error 0.toml:2:1: `colour` means nothing here",
            "Error 0.toml:6:8: no card",
            "Error 0.toml:17:1: `coda` means nothing here",
        ];
        let told = told(&[broken]);
        assert_eq!(told.len(), wanted.len(), "{told:#?}");
        for (told, wanted) in told.iter().zip(wanted) {
            assert!(told.starts_with(wanted), "{told}");
        }
    }
}
