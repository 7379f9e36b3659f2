//! `payswitch spec`: the interface specification of a dialect, to be read and signed.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use server::config::dialect;
use wire::Framing;

use super::{Failure, quiet_on_closed_pipe};

/// `payswitch spec`
#[derive(Args)]
pub(super) struct Spec {
    /// A built-in dialect (iso87-ascii, iso93-bcd, …), or the path of a dialect's file (.toml).
    #[arg(long, value_name = "NAME|FILE")]
    dialect: String,
    /// How messages are cut from the stream.
    #[arg(long, default_value = "2-byte")]
    framing: Framing,
    /// One HTML page that needs nothing else, instead of Markdown.
    #[arg(long)]
    html: bool,
}

impl Spec {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let page = wire::spec::page(&*dialect(&self.dialect)?, &self.framing);
        let text = if self.html { page.html() } else { page.markdown() };
        quiet_on_closed_pipe(std::io::stdout().lock().write_all(text.as_bytes()))
    }
}
