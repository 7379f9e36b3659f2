//! `payswitch run`: the switch, until it is asked to stop.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use model::Timestamp;
use server::{Config, Paths, Plan, Running, Time};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::desk::SwitchDesk;
use super::{DataFolder, Failure, asked_to_stop, block_on, log, quiet_on_closed_pipe};

/// `payswitch run`
#[derive(Args)]
pub(super) struct Run {
    /// The configuration. Without it: three banks and four operators of mobile phones in this process, terminals on 8583, HTTP on 8580.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    folder: DataFolder,
    /// The clock that the switch and the banks in this process go by: the machine's, or one that stands until `payswitch clock` or
    /// `POST /clock` moves it.
    #[arg(long, value_enum, default_value_t = ClockChoice::System)]
    clock: ClockChoice,
    /// Where a manual clock stands first, with its offset: 2022-12-28T09:00:00+07:00. Without it, the machine's time. Never before
    /// what the journal has seen.
    #[arg(long, value_name = "MOMENT", value_parser = super::clock::moment)]
    clock_start: Option<Timestamp>,
    /// Print the built-in configuration, which documents every key, and exit.
    #[arg(long)]
    print_config: bool,
}

/// Which clock.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ClockChoice {
    /// The machine's.
    System,
    /// One that is moved by hand.
    Manual,
}

impl Run {
    fn time(&self) -> Result<Time, Failure> {
        match (self.clock, self.clock_start) {
            (ClockChoice::Manual, start) => Ok(Time::Manual { start }),
            (ClockChoice::System, None) => Ok(Time::System),
            (ClockChoice::System, Some(_)) => Err("--clock-start means nothing without --clock manual".into()),
        }
    }

    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        if self.print_config {
            return quiet_on_closed_pipe(std::io::stdout().write_all(server::config::DEFAULT.as_bytes()));
        }
        let config = self.config.as_deref().map_or_else(Config::embedded, Config::load)?;
        let time = self.time()?;
        let mut plan = config.check(self.config.as_deref().unwrap_or("(built-in)".as_ref()))?;
        plan.time = time;
        log(&config.log)?;
        block_on(async {
            let mut switch = Switch::start(plan, &Paths::new(&self.folder.data)).await?;
            let addresses = switch.running.addresses();
            for (link, address) in addresses.acquirers.iter().chain(&addresses.banks) {
                tracing::info!(link, %address, "listening");
            }
            tracing::info!(link = "http", address = %switch.http, "listening");
            let asked = asked_to_stop();
            tracing::info!(data = %self.folder.data.display(), "the switch runs");
            tokio::select! {
                asked = asked => asked?,
                ended = switch.running.ended() => ended?,
            }
            switch.stop().await?;
            tracing::info!("the switch has stopped");
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// A switch and its pages.
pub(super) struct Switch {
    pub(super) running: Running,
    /// Where its pages are.
    pub(super) http: std::net::SocketAddr,
    stop_pages: oneshot::Sender<()>,
    pages: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Switch {
    /// Starts both. The pages are bound first: two switches on one machine are told so before a journal is touched.
    pub(super) async fn start(plan: Plan, paths: &Paths) -> Result<Self, Failure> {
        let listener = TcpListener::bind(plan.http)
            .await
            .map_err(|error| format!("cannot listen on {} (http): {error}; is another switch running there?", plan.http))?;
        let http = listener.local_addr()?;
        let (paths, data) = (paths.clone(), paths.clone());
        let running = tokio::task::spawn_blocking(move || server::start(plan, &paths, None)).await??;
        let desk = SwitchDesk::new(&running, data);
        let pages = admin::Pages::new(running.metrics().registry().clone(), desk);
        let (stop_pages, stopped) = oneshot::channel::<()>();
        let pages = tokio::spawn(admin::serve(listener, pages, async {
            let _ = stopped.await;
        }));
        Ok(Self { running, http, stop_pages, pages })
    }

    /// Lets what is open run to its end, then stops both.
    pub(super) async fn stop(mut self) -> Result<(), Failure> {
        self.running.stop();
        self.running.ended().await?;
        let _ = self.stop_pages.send(());
        self.pages.abort();
        Ok(())
    }
}
