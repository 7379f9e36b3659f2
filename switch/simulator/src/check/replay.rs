//! 6. The journal, read again from its first block, leads to the state that the switch has.

use engine::State;
use model::Timestamp;

use super::positions::balance;
use crate::host::{fold, read_back};
use crate::world::World;

impl World {
    /// All blocks in the open, when they lead where they must.
    pub(super) fn check_replay(&mut self) -> Result<Vec<Vec<u8>>, String> {
        let opened = read_back(self.host.store.blocks(), &self.host.master)?;
        if opened.plain.len() != self.host.store.blocks().len() {
            return Err("the last block cannot be read".into());
        }
        let (mut state, mut last) = (State::default(), Timestamp::default());
        for (number, plain) in (1..).zip(&opened.plain) {
            fold(&mut state, &mut last, number, plain)?;
            if !balance(&state) {
                return Err(format!("positions behind block {number} do not sum to zero"));
            }
        }
        let (mut again, mut live) = (Vec::new(), Vec::new());
        state.snapshot(&mut again);
        if let Some(state) = self.host.state() {
            state.snapshot(&mut live);
        }
        self.digest.number(state.digest());
        if again == live {
            Ok(opened.plain)
        } else {
            Err("the state that the journal leads to is not the one that the switch has".into())
        }
    }
}
