//! What was noted, in order, and how it becomes a draft: names are given only to what is spoken of, terminals are named where there
//! are several.

use crate::scenario::draft::{Draft, DraftStep, Pairs, Value};

/// One thing that was noted.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// A request, by its place among all requests.
    Sent { request: usize, step: DraftStep },
    /// The answer to one, and the terminal where it came.
    Came { of: usize, terminal: usize, step: DraftStep },
    /// Anything else that is done.
    Done(DraftStep),
    /// What is only told.
    Remark(String),
}

/// A request as other steps speak of it.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// Its name, unless nobody needs it.
    pub(super) name: String,
    /// Whether another request speaks of it.
    pub(super) needed: bool,
    /// Its terminal's place.
    pub(super) terminal: usize,
}

/// Puts what was noted into the draft's steps.
pub(super) fn fill(draft: &mut Draft, entries: &[Entry], requests: &[Named], terminals: &[(String, Pairs)]) {
    let needed = needed(entries, requests);
    let several = terminals.len() > 1;
    let name_of = |terminal: usize| terminals.get(terminal).map(|(name, _)| Value::Text(name.clone())).filter(|_| several);
    let (mut remarks, mut last) = (Vec::new(), None);
    for entry in entries {
        let mut step = match entry {
            Entry::Remark(line) => {
                remarks.push(line.clone());
                continue;
            }
            Entry::Done(step) | Entry::Sent { step, .. } | Entry::Came { step, .. } => step.clone(),
        };
        match entry {
            Entry::Sent { request, .. } => {
                let Some(it) = requests.get(*request) else { continue };
                if needed.get(*request).is_some_and(|it| *it) {
                    step.set("as", it.name.as_str());
                }
                name_of(it.terminal).into_iter().for_each(|name| step.set("from", name));
                last = Some(*request);
            }
            Entry::Came { of, terminal, .. } => {
                let Some(it) = requests.get(*of) else { continue };
                if needed.get(*of).is_some_and(|it| *it) {
                    step.set("of", it.name.as_str());
                }
                if last != Some(*of) || it.terminal != *terminal {
                    name_of(*terminal).into_iter().for_each(|name| step.set("at", name));
                }
            }
            Entry::Done(_) | Entry::Remark(_) => {}
        }
        step.comments.splice(0..0, remarks.drain(..));
        draft.step(step);
    }
    draft.ending = remarks;
}

/// Which requests need a name: those that others speak of, and those that are answered after their terminal has sent the next.
fn needed(entries: &[Entry], requests: &[Named]) -> Vec<bool> {
    let mut needed: Vec<bool> = requests.iter().map(|it| it.needed).collect();
    let mut last = vec![None; requests.iter().map(|it| it.terminal + 1).max().unwrap_or(0)];
    for entry in entries {
        match entry {
            Entry::Sent { request, .. } => {
                let terminal = requests.get(*request).map(|it| it.terminal);
                if let Some(place) = terminal.and_then(|terminal| last.get_mut(terminal)) {
                    *place = Some(*request);
                }
            }
            Entry::Came { of, terminal, .. } if last.get(*terminal).copied().flatten() != Some(*of) => {
                needed.get_mut(*of).into_iter().for_each(|it| *it = true);
            }
            Entry::Came { .. } | Entry::Done(_) | Entry::Remark(_) => {}
        }
    }
    needed
}
