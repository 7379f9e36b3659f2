//! The exchange of one scenario as rows, from the top down: messages, steps that are no messages, pauses. Both drawings of it, in a
//! terminal and in a page, are made from these rows.

use std::time::Duration;

use model::Timestamp;

use super::super::{Outcome, Passed, StepOutcome, Verdict};

/// From so long on, time in which nothing happens has a row of its own.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// How much of a long exchange is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cap {
    /// Rows at the beginning.
    pub(super) first: usize,
    /// Rows at the end, where failures are.
    pub(super) last: usize,
}

/// An exchange, ready to be drawn.
pub(super) struct Sequence<'o> {
    /// Who takes part, from the outside in.
    pub(super) parties: Vec<&'o str>,
    /// What happened, with the time since the scenario began.
    pub(super) rows: Vec<(Duration, Row<'o>)>,
}

/// One row.
pub(super) enum Row<'o> {
    /// A message, from one party's column to another's.
    Message { passed: &'o Passed, from: usize, to: usize, marked: bool },
    /// A step for which no message stands.
    Step { step: &'o StepOutcome, marked: bool },
    /// Nothing happened for so long.
    Pause(Duration),
    /// So many messages and steps are left out.
    LeftOut(usize),
}

/// The rows of `outcome`. The row of the step that failed is marked: its message, or the step itself where no message came.
pub(super) fn of(outcome: &Outcome, cap: Cap) -> Sequence<'_> {
    let parties = parties(outcome);
    let column = |name: &str| parties.iter().position(|party| *party == name).unwrap_or(0);
    let failed = match &outcome.verdict {
        Verdict::Failed(failure) => Some(failure.line),
        Verdict::Passed | Verdict::Bad(_) | Verdict::Skipped(_) | Verdict::NoConnection(_) => None,
    };
    let message = |passed| Row::Message { passed, from: column(&passed.from), to: column(&passed.to), marked: false };
    let mut rows: Vec<(Timestamp, Row<'_>)> = outcome.passed.iter().map(|passed| (passed.at, message(passed))).collect();
    for step in &outcome.steps {
        if outcome.passed.iter().any(|passed| passed.line == Some(step.line)) {
            continue;
        }
        // A step that failed for want of a message did so at the end of its wait, and that is where it is looked for.
        let at = if step.passed { step.began } else { step.began + step.waited };
        let before = |(when, row): &(Timestamp, Row<'_>)| *when < at || *when == at && comes_before(row, step.line);
        let place = rows.iter().rposition(before).map_or(0, |place| place + 1);
        rows.insert(place, (at, Row::Step { step, marked: false }));
    }
    // A step may go by several times; it is the last one that failed.
    if let Some((_, row)) = failed.and_then(|line| rows.iter_mut().rev().find(|(_, row)| row.line() == Some(line))) {
        row.mark();
    }
    Sequence { rows: timed(rows, super::began(outcome).unwrap_or_default(), cap), parties }
}

impl Row<'_> {
    fn line(&self) -> Option<usize> {
        match self {
            Self::Message { passed, .. } => passed.line,
            Self::Step { step, .. } => Some(step.line),
            Self::Pause(_) | Self::LeftOut(_) => None,
        }
    }

    fn mark(&mut self) {
        match self {
            Self::Message { marked, .. } | Self::Step { marked, .. } => *marked = true,
            Self::Pause(_) | Self::LeftOut(_) => {}
        }
    }
}

/// Whether a row of the same moment stands before a step: what a step did is seen at once, and then the next step follows.
fn comes_before(row: &Row<'_>, line: usize) -> bool {
    row.line().is_none_or(|other| other < line)
}

/// Those who sent or received something, in the order that the outcome gives, and then those whom it forgot.
fn parties(outcome: &Outcome) -> Vec<&str> {
    let seen = || outcome.passed.iter().flat_map(|passed| [passed.from.as_str(), passed.to.as_str()]);
    let named = outcome.parties.iter().map(String::as_str).filter(|party| seen().any(|it| it == *party));
    let mut parties: Vec<&str> = Vec::new();
    for party in named.chain(seen()) {
        if !parties.contains(&party) {
            parties.push(party);
        }
    }
    parties
}

/// Leaves out the middle of what is too long, and puts pauses where time goes by.
fn timed(rows: Vec<(Timestamp, Row<'_>)>, start: Timestamp, cap: Cap) -> Vec<(Duration, Row<'_>)> {
    let left_out = match rows.len().saturating_sub(cap.first + cap.last) {
        // A row that says that one is left out takes the place of the one.
        1 => 0,
        count => count,
    };
    let mut timed: Vec<(Duration, Row<'_>)> = Vec::with_capacity(rows.len().min(2 * (cap.first + cap.last)));
    for (place, (at, row)) in rows.into_iter().enumerate() {
        let since = at.since(start);
        if (cap.first..cap.first + left_out).contains(&place) {
            if place == cap.first {
                timed.push((since, Row::LeftOut(left_out)));
            }
            continue;
        }
        let pause = timed.last().map_or(Duration::ZERO, |(last, _)| since.saturating_sub(*last));
        if pause >= PAUSE_MIN && !matches!(timed.last(), Some((_, Row::LeftOut(_)))) {
            timed.push((since, Row::Pause(pause)));
        }
        timed.push((since, row));
    }
    timed
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    const ALL: Cap = Cap { first: 1000, last: 1000 };

    fn told(sequence: &Sequence<'_>) -> Vec<String> {
        let told = |(since, row): &(Duration, Row<'_>)| {
            let mark = |marked: &bool| if *marked { "! " } else { "" };
            let what = match row {
                Row::Message { passed, marked, .. } => format!("{}{}", mark(marked), passed.mti),
                Row::Step { step, marked } => format!("{}{}", mark(marked), step.title),
                Row::Pause(_) => "pause".to_owned(),
                Row::LeftOut(count) => format!("{count} left out"),
            };
            format!("{} {what}", since.as_millis())
        };
        sequence.rows.iter().map(told).collect()
    }

    #[test]
    fn messages_and_the_other_steps_stand_in_the_order_of_time_and_the_failing_one_is_marked() {
        let outcome = sample::silent_bank();
        let sequence = of(&outcome, ALL);
        assert_eq!(sequence.parties, ["atm", "switch", "acleda"]);
        let rows =
            ["0 fault drop on acleda", "0 0200", "1 0200", "3 0210", "25000 pause", "25000 0420", "25001 ! 0210", "25002 0430"];
        assert_eq!(told(&sequence), rows);
    }

    #[test]
    fn where_no_message_came_the_step_itself_is_marked_at_the_end_of_its_wait() {
        let mut outcome = sample::silent_bank();
        outcome.passed.retain(|passed| passed.line != Some(24));
        assert_eq!(told(&of(&outcome, ALL)).last().unwrap(), "25002 0430");
        outcome.passed.retain(|passed| passed.mti != "0430");
        assert_eq!(told(&of(&outcome, ALL)).last().unwrap(), "25001 ! expect 0210 of cash");
    }

    #[test]
    fn of_several_messages_of_the_failing_line_the_last_one_is_marked() {
        let mut outcome = sample::silent_bank();
        outcome.passed[3].line = Some(24);
        assert_eq!(told(&of(&outcome, ALL))[5..7], ["25000 0420", "25001 ! 0210"]);
    }

    #[test]
    fn of_a_long_exchange_the_beginning_and_the_end_are_kept() {
        let mut outcome = sample::silent_bank();
        let ping = outcome.passed[0].clone();
        outcome.passed.splice(0..0, std::iter::repeat_n(ping, 500));
        let rows = told(&of(&outcome, Cap { first: 2, last: 3 }));
        assert_eq!(rows, ["0 fault drop on acleda", "0 0200", "0 502 left out", "25000 0420", "25001 ! 0210", "25002 0430"]);
    }

    #[test]
    fn a_party_that_the_outcome_forgot_is_drawn_all_the_same_and_one_that_only_listens_is_not() {
        let mut outcome = sample::silent_bank();
        outcome.parties = vec!["switch".into(), "wing".into()];
        assert_eq!(of(&outcome, ALL).parties, ["switch", "atm", "acleda"]);
    }
}
