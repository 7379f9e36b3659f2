//! The faults of a running switch, as testers set them from any thread.
//!
//! They are a tester's tool: no journal keeps them, and they are gone after a restart.

use std::sync::Arc;

use faults::{Fault, FaultError, FaultId, Faults, Listed};

use crate::metrics::Metrics;

/// A hand on the faults in force.
#[derive(Clone, Debug)]
pub struct LinkFaults {
    faults: Faults,
    links: Arc<[String]>,
    metrics: Metrics,
}

impl LinkFaults {
    pub(crate) fn new(faults: Faults, links: Vec<String>, metrics: Metrics) -> Self {
        Self { faults, links: links.into(), metrics }
    }

    /// Puts a fault in force.
    ///
    /// # Errors
    /// Where no link has that name, with those there are, or there are too many faults.
    pub fn set(&self, fault: Fault) -> Result<FaultId, FaultError> {
        if !self.links.contains(&fault.link) {
            let problem = format!("there is no link {:?}; known: {}", fault.link, self.links.join(", "));
            return Err(FaultError::Unfit { field: "link", problem });
        }
        let said = fault.to_string();
        let id = self.faults.add(fault)?;
        tracing::info!(fault = %id, "a fault is set: {said}");
        self.changed();
        Ok(id)
    }

    /// Takes a fault out of force; `None` where there is none of this number.
    pub fn remove(&self, id: FaultId) -> Option<Listed> {
        let gone = self.faults.remove(id)?;
        tracing::info!(fault = %id, struck = gone.struck, "a fault is cleared: {}", gone.fault);
        self.changed();
        Some(gone)
    }

    /// Takes all out of force, and says how many they were.
    pub fn clear(&self) -> usize {
        let count = self.faults.clear();
        if count > 0 {
            tracing::info!(count, "all faults are cleared");
        }
        self.changed();
        count
    }

    /// All of them, oldest first, those that strike no more included.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        self.faults.list()
    }

    fn changed(&self) {
        self.metrics.set_faults(self.faults.active());
    }
}
