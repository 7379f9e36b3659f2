//! What a leg moves between participants: the amount, the fee, the interchange. Entries of one leg are one posting, and each has two
//! sides, so that positions always sum to zero.
//!
//! A leg is posted when its approval is known, or when the switch has promised it (advice, stand-in). A reversal takes the entries
//! back: all of them where nothing stands, else only the part of the amount that does not.

use model::{BusinessDate, Currency};

use super::{Turn, dates};
use crate::kinds::{Moves, Row, Step, row_of};
use crate::out::Out;
use crate::record::{Part, Record};
use crate::state::Participant;
use crate::{LegId, sabotage};

/// Posts what an approval of `amount` moves.
pub(super) fn post<O: Out>(turn: &mut Turn<'_, O>, leg: LegId, amount: u64) {
    let charged = turn.state().leg(leg).is_some_and(|it| it.charged);
    let Some(entries) = Entries::of(turn, leg, amount, !charged) else { return };
    let Entries { date, currency, entries } = entries;
    for Entry { part, from, to, amount } in entries.into_iter().filter(|entry| entry.amount > 0) {
        turn.record(&Record::Posted { leg, part, date, currency, from, to, amount });
    }
}

/// Takes back what does not stand any more.
pub(super) fn take_back<O: Out>(turn: &mut Turn<'_, O>, leg: LegId, stands: u64) {
    let Some((posted, charged)) = turn.state().leg(leg).map(|leg| (leg.posted, leg.charged)) else { return };
    let Some(entries) = Entries::of(
        turn,
        leg,
        posted.saturating_sub(stands),
        charged && stands == 0 && !sabotage::is(sabotage::Fault::FeeKeptOnReversal),
    ) else {
        return;
    };
    let Entries { date, currency, entries } = entries;
    for Entry { part, from, to, amount } in entries.into_iter().filter(|entry| entry.amount > 0) {
        turn.record(&Record::PostedBack { leg, part, date, currency, from, to, amount });
    }
}

/// What a leg moves, and in which day it counts.
struct Entries {
    date: BusinessDate,
    currency: Currency,
    entries: [Entry; 3],
}

struct Entry {
    part: Part,
    from: Participant,
    to: Participant,
    amount: u64,
}

impl Entries {
    fn of<O: Out>(turn: &Turn<'_, O>, id: LegId, principal: u64, with_fee: bool) -> Option<Self> {
        let it = turn.state().transaction(id.transaction)?;
        let leg = it.legs.get(usize::from(id.index))?;
        let row = row_of(&it.asked)?;
        let step = row.steps.get(usize::from(id.index))?;
        let bank = Participant::Institution(leg.bank.0.into());
        let switch = Participant::Institution(turn.rules().institution.number());
        let acquirer = Participant::Institution(it.asked.acquirer.number());
        let paid = if sabotage::is(sabotage::Fault::InterchangeToSwitch) { switch } else { acquirer };
        let (from, to) = sides(bank, acquirer, &row, step);
        let principal = if step.moves == Moves::Nothing { 0 } else { principal };
        let (fee, interchange) = if with_fee { (leg.fee, leg.interchange) } else { (0, 0) };
        let entries = [
            Entry { part: Part::Principal, from, to, amount: principal },
            Entry { part: Part::Fee, from: bank, to: switch, amount: fee },
            Entry { part: Part::Interchange, from: bank, to: paid, amount: interchange },
        ];
        Some(Self { date: dates::posting(turn, id.transaction), currency: it.asked.currency, entries })
    }
}

/// Who owes whom by a step: the other side is the acquirer, or clearing where other legs follow or came before.
fn sides(bank: Participant, acquirer: Participant, row: &Row, step: &Step) -> (Participant, Participant) {
    let other = if row.steps.len() > 1 { Participant::Clearing } else { acquirer };
    match step.moves {
        Moves::Takes | Moves::Nothing => (bank, other),
        Moves::Gives => (other, bank),
    }
}
