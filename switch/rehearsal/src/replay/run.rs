//! Plays many scenarios: finds their files, shares them among threads, keeps their order.
//!
//! Knows: files and threads. Does not know: what a scenario means (`runner`), how the report is told (`report`).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bank_adapters::Cast;

use super::{Outcome, Report, VenueError, VenueMaker, Verdict, play};
use crate::scenario::Scenario;

/// How far a replay is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Scenarios that were played.
    pub done: usize,
    /// Of so many.
    pub of: usize,
    /// How many did not pass.
    pub failed: usize,
}

/// Where scenario files are: a folder is searched through for `*.toml`, in the order of their paths; what is hidden there (`.name`) is
/// passed over.
///
/// # Errors
/// Where a path cannot be read, with the path.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let mut inside = Vec::new();
            search(path, &mut inside).map_err(|error| (path.clone(), error))?;
            inside.sort();
            found.extend(inside);
        } else {
            std::fs::metadata(path).map_err(|error| (path.clone(), error))?;
            found.push(path.clone());
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|path| seen.insert(path.clone()));
    Ok(found)
}

fn search(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // What is hidden is somebody's own: an editor's copy, a version control's folder.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        // A link to a folder is not followed: it may lead around in a circle.
        if entry.file_type()?.is_dir() {
            search(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
            found.push(path);
        }
    }
    Ok(())
}

/// Plays the scenarios of these files on so many threads, each in a place of its own. `wanted` says of a scenario that can be read
/// whether it is played at all. `progress` is told after each.
pub fn replay(
    files: &[PathBuf],
    jobs: usize,
    cast: &Cast,
    maker: &dyn VenueMaker,
    wanted: impl Fn(&Scenario) -> bool + Sync,
    progress: impl Fn(Progress) + Sync,
) -> Report {
    let begun = Instant::now();
    let (next, done, failed) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, files.len().max(1)) {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = one(path, cast, maker, &wanted);
                    let bad = outcome.as_ref().is_some_and(|it| !matches!(it.verdict, Verdict::Passed | Verdict::Skipped(_)));
                    let failed = failed.fetch_add(usize::from(bad), Ordering::Relaxed) + usize::from(bad);
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if let (Some(outcome), Ok(mut outcomes)) = (outcome, outcomes.lock()) {
                        outcomes.push((path, outcome));
                    }
                    progress(Progress { done, of: files.len(), failed });
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_default();
    outcomes.sort_by_key(|(path, _)| files.iter().position(|it| it == *path));
    Report { scenarios: outcomes.into_iter().map(|(_, outcome)| outcome).collect(), took: begun.elapsed() }
}

/// One file; `None` where its scenario is not wanted.
fn one(path: &Path, cast: &Cast, maker: &dyn VenueMaker, wanted: impl Fn(&Scenario) -> bool) -> Option<Outcome> {
    let begun = Instant::now();
    let scenario = match Scenario::load(path, cast) {
        Ok(scenario) => scenario,
        Err(error) => return Some(unplayed(path, None, Verdict::Bad(error.to_string()), begun.elapsed())),
    };
    if !wanted(&scenario) {
        return None;
    }
    // With its place in the file, which the maker's error has not.
    if let Some(error) = scenario.switch.as_ref().and_then(|_| scenario.plan().err()) {
        return Some(unplayed(path, Some(&scenario), Verdict::Bad(error.to_string()), begun.elapsed()));
    }
    let verdict = match maker.make(&scenario, cast) {
        Ok(mut venue) => {
            let outcome = play(&scenario, cast, venue.as_mut());
            return Some(Outcome { took: begun.elapsed(), ..outcome });
        }
        Err(VenueError::Cannot(why)) => Verdict::Skipped(why),
        Err(VenueError::NoConnection(why)) => Verdict::NoConnection(why),
        Err(VenueError::Wrong(why) | VenueError::NotNow(why)) => Verdict::Bad(format!("{}: {why}", path.display())),
    };
    Some(unplayed(path, Some(&scenario), verdict, begun.elapsed()))
}

fn unplayed(path: &Path, scenario: Option<&Scenario>, verdict: Verdict, took: Duration) -> Outcome {
    let name = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Outcome {
        path: path.to_owned(),
        title: scenario.map_or_else(name, |it| it.title.clone()),
        rule: scenario.and_then(|it| it.rule.clone()),
        tags: scenario.map(|it| it.tags.clone()).unwrap_or_default(),
        verdict,
        took,
        lasted: Duration::ZERO,
        parties: Vec::new(),
        passed: Vec::new(),
        steps: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_searched_for_every_scenario_but_for_what_is_hidden() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join(".git")).unwrap();
        for name in ["a.toml", "B.TOML", ".a.toml", ".git/c.toml", "notes.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = files(&[folder.path().to_owned()]).unwrap();
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["B.TOML", "a.toml"]);
        assert_eq!(files(&[folder.path().join(".a.toml")]).unwrap().len(), 1, "what is named is taken");
    }
}
