//! `payswitch journal`: is it whole, and what does it hold.

use std::io::Write;
use std::process::ExitCode;

use ::journal::{FIRST, MasterKey, Reader, verify};
use clap::{Args, Subcommand};
use engine::Block;
use server::{Paths, STREAM};
use views::export;

use super::{DataFolder, Failure, quiet_on_closed_pipe};

/// `payswitch journal`
#[derive(Args)]
pub(super) struct JournalCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Check every block's seal and the chain from the first to the last.
    Verify {
        #[command(flatten)]
        folder: DataFolder,
    },
    /// Print every record as one JSON object a line, card numbers masked.
    Export {
        #[command(flatten)]
        folder: DataFolder,
        /// Begin with this block.
        #[arg(long, value_name = "NUMBER", default_value_t = FIRST)]
        from: u64,
    },
}

impl JournalCommand {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self.what {
            What::Verify { folder } => verified(&open(&folder)?),
            What::Export { folder, from } => exported(&open(&folder)?, from),
        }
    }
}

fn open(folder: &DataFolder) -> Result<Reader, Failure> {
    let paths = Paths::new(&folder.data);
    Ok(Reader::open(paths.journal(), STREAM, &MasterKey::load(paths.master_key())?)?)
}

fn verified(reader: &Reader) -> Result<ExitCode, Failure> {
    let report = verify(reader)?;
    println!(
        "whole: {} blocks ({} to {}), {} bytes of records, {} starts",
        report.blocks,
        report.first.unwrap_or(0),
        report.last.unwrap_or(0),
        report.bytes,
        report.epochs
    );
    Ok(ExitCode::SUCCESS)
}

fn exported(reader: &Reader, from: u64) -> Result<ExitCode, Failure> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for block in reader.from(from) {
        let block = block?;
        if block.payload.is_empty() {
            continue;
        }
        let damaged = |source| format!("block {}: {source}", block.number);
        for entry in Block::read(&block.payload).map_err(damaged)?.entries() {
            let written = writeln!(out, "{}", export::json_line(block.number, &entry.map_err(damaged)?));
            if written.is_err() {
                return quiet_on_closed_pipe(written);
            }
        }
    }
    quiet_on_closed_pipe(out.flush())
}
