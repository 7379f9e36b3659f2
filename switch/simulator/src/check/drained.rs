//! 10. When the faults have ended everything comes to rest within a bound.

use super::Checker;
use crate::host::number_of;
use crate::world::World;

impl World {
    pub(crate) fn not_at_rest(&mut self, open: usize) {
        let waiting = self.transactions.iter().position(|it| !it.is_settled() || !it.is_audited());
        let owed = self.host.state().and_then(|state| {
            let leg = state.open_legs().next()?;
            number_of(&state.transaction(leg.transaction)?.asked.rrn)
        });
        let number = waiting.and_then(|number| u32::try_from(number).ok()).or(owed);
        let state = self.host.state().map_or_else(
            || "the switch is down".to_owned(),
            |state| format!("{} advices owed, {} legs open", state.forward_depth(), state.open_legs().count()),
        );
        let (outboxes, block) = self.host.shard.as_ref().map_or((0, 0), shard::Shard::waiting);
        let state = format!("{state}, {outboxes} bytes wait to leave, {block} bytes of records for a block");
        let stood = format!("{open} transactions wait at their terminals; {state}");
        self.violation(Checker::Drained, number, "everything at rest three hours after the last fault", &stood);
    }
}
