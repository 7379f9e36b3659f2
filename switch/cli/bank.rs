//! `payswitch bank`: a reference bank in a process of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use bank_adapters::{Backoff, Cast, IsoHost, ReferenceBank, dial_iso, listen_iso};
use clap::{Args, ValueEnum};
use server::config::{LogFormat, LogSection, dialect};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use wire::Framing;

use super::{Failure, asked_to_stop, block_on, log};

/// `payswitch bank`
#[derive(Args)]
pub(super) struct Bank {
    /// Which bank of the cast (acleda, canadia, wing) or operator of phones (smart, cellcard, metfone, seatel).
    name: String,
    /// Listen here for the switch.
    #[arg(long, value_name = "ADDRESS", required_unless_present = "dial", conflicts_with = "dial")]
    listen: Option<SocketAddr>,
    /// Dial the switch here.
    #[arg(long, value_name = "ADDRESS")]
    dial: Option<String>,
    /// Folder of the ledger, NAME.db.
    #[arg(long, value_name = "DIR", default_value = "payswitch-banks")]
    data: PathBuf,
    /// Cards and accounts; the built-in cast where left out.
    #[arg(long, value_name = "FILE")]
    cast: Option<PathBuf>,
    /// Further accounts: CSV with the columns bank, account, currency, opening, holder, status. Those that the ledger has stay as
    /// they are.
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
    /// Further made-up cards, for load.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    bulk: u32,
    /// How messages are laid out.
    #[arg(long, default_value = "iso87-ascii")]
    dialect: String,
    /// How messages are cut from the stream.
    #[arg(long, default_value = "2-byte")]
    framing: Framing,
    /// How the log looks.
    #[arg(long, value_enum, default_value_t)]
    log_format: Format,
}

/// How the log looks.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// One object a line.
    Json,
}

impl From<Format> for LogFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Json => Self::Json,
        }
    }
}

impl Bank {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        log(&LogSection { format: self.log_format.into(), ..LogSection::default() })?;
        let cast = self.cast.as_deref().map_or_else(|| Ok(Cast::builtin()), Cast::load)?.with_bulk(self.bulk)?;
        let cast = cast.with_accounts(self.accounts.as_deref());
        let dialect = dialect(&self.dialect)?;
        std::fs::create_dir_all(&self.data).map_err(|error| format!("{}: {error}", self.data.display()))?;
        let bank = Arc::new(ReferenceBank::open(&self.name, &self.data, &cast)?);
        block_on(async move {
            let host = IsoHost::new(dialect, self.framing, bank.profile().institution);
            let stop = CancellationToken::new();
            let until = stop.clone();
            let serving = match (self.listen, self.dial) {
                (Some(address), _) => {
                    let listener = TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}"))?;
                    tracing::info!(link = self.name, address = %listener.local_addr()?, "listening");
                    tokio::spawn(listen_iso(listener, bank, host, until))
                }
                (None, Some(address)) => {
                    tracing::info!(link = self.name, address, "dialling");
                    tokio::spawn(dial_iso(address, bank, host, Backoff::default(), until))
                }
                (None, None) => return Err("give --listen or --dial".into()),
            };
            asked_to_stop().await?;
            stop.cancel();
            serving.await?;
            Ok(ExitCode::SUCCESS)
        })
    }
}
