//! `payswitch decode` and `payswitch encode`: one line in, one line out, so that they can stand in a pipe. A line of
//! hexadecimal digits that begins with `#` is a remark, which is left out, or stays where people read.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use clap::Args;
use server::config::dialect;
use wire::describe::View;

use super::{Failure, quiet_on_closed_pipe};

#[derive(Args)]
struct DialectChoice {
    /// A built-in dialect (iso87-ascii, iso87-bcd), or the path of a dialect's file (.toml).
    #[arg(long, value_name = "NAME|FILE")]
    dialect: String,
}

/// `payswitch decode`
#[derive(Args)]
pub(super) struct Decode {
    #[command(flatten)]
    dialect: DialectChoice,
    /// Text for people instead of JSON lines.
    #[arg(long)]
    text: bool,
    /// With --text: before each line the byte of the message at which the field begins.
    #[arg(long, requires = "text")]
    offsets: bool,
    /// Show card numbers, tracks, PIN blocks and chip data as they are.
    #[arg(long)]
    unmasked: bool,
}

/// `payswitch encode`
#[derive(Args)]
pub(super) struct Encode {
    #[command(flatten)]
    dialect: DialectChoice,
}

impl Decode {
    /// A line that is no sound message is told in its place, as far as it can be read, and the rest goes on; the exit code tells.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let dialect = dialect(&self.dialect.dialect)?;
        let view = View { unmasked: self.unmasked, offsets: self.offsets };
        let mut failed = false;
        let code = each_line(|line, out| {
            if line.starts_with('#') {
                return if self.text { writeln!(out, "{line}") } else { Ok(()) };
            }
            let body = wire::unhex(line.as_bytes());
            failed |= body.as_ref().is_none_or(|body| dialect.parse(body).is_err());
            match body {
                _ if !self.text => writeln!(out, "{}", wire::json::decode_line(&dialect, line, self.unmasked)),
                Some(body) => writeln!(out, "{}", wire::describe::text_with(&dialect, &body, view)),
                None => writeln!(out, "expected pairs of hexadecimal digits"),
            }
        })?;
        Ok(if failed { ExitCode::FAILURE } else { code })
    }
}

impl Encode {
    /// A line that cannot be encoded is told on standard error with its number, and the rest goes on; the exit code tells.
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let dialect = dialect(&self.dialect.dialect)?;
        let (mut number, mut failed) = (0_u64, false);
        let code = each_line(|line, out| {
            number += 1;
            match wire::json::encode_line(&dialect, line) {
                Ok(hex) => writeln!(out, "{hex}"),
                Err(error) => {
                    failed = true;
                    say!("line {number}: {error}");
                    Ok(())
                }
            }
        })?;
        Ok(if failed { ExitCode::FAILURE } else { code })
    }
}

/// Calls `work` for every line of standard input that is not empty, and lets its output be seen at once.
fn each_line(mut work: impl FnMut(&str, &mut dyn Write) -> std::io::Result<()>) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    let mut copy = || {
        for line in std::io::stdin().lock().lines() {
            let line = line?;
            if !line.trim().is_empty() {
                work(line.trim(), &mut out)?;
                out.flush()?;
            }
        }
        Ok(())
    };
    quiet_on_closed_pipe(copy())
}
