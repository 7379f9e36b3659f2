//! Reading a whole stream for no other reason than to know that it can be believed.

use crate::{Error, Reader};

/// What a sound stream holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Blocks, opening blocks included.
    pub blocks: u64,
    /// Payload, bytes.
    pub bytes: u64,
    /// Owners that wrote: how many different epochs.
    pub epochs: u64,
    /// Number of the first block, `None` in an empty stream.
    pub first: Option<u64>,
    /// Number of the last block. Whether *later* ones were cut off no chain can tell: compare it with the newest snapshot's number.
    pub last: Option<u64>,
}

/// Reads every block and proves the chain.
///
/// # Errors
/// The first thing that is wrong: which block, and why.
pub fn verify(reader: &Reader) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut epoch = None;
    for block in reader.from(crate::FIRST) {
        let block = block?;
        report.blocks += 1;
        report.bytes += block.payload.len() as u64;
        report.epochs += u64::from(epoch.replace(block.epoch) != Some(block.epoch));
        report.first.get_or_insert(block.number);
        report.last = Some(block.number);
    }
    Ok(report)
}
