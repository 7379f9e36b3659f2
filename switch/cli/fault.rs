//! `payswitch fault`: faults on the links of a running switch, for testers. Nothing keeps them: a restart is without.

use std::process::ExitCode;

use admin::{Cleared, Fault, List};
use clap::{Args, Subcommand};
use serde_json::json;

use super::Failure;
use super::ask::At;
use super::table::listed;

/// `payswitch fault`
#[derive(Args)]
pub(super) struct FaultCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Set a fault.
    Set(Set),
    /// List the faults that are set, and how often each has struck.
    List {
        #[command(flatten)]
        at: At,
    },
    /// Clear a fault, or all. What it holds back goes on at once.
    Clear {
        /// Its number, as `payswitch fault list` shows it. Without it, all.
        id: Option<u64>,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Args)]
struct Set {
    /// delay, drop, duplicate, reorder, corrupt, truncate, reset, garbage, throttle or half-open.
    action: String,
    /// The link: a bank's or an acquirer's name.
    #[arg(long, value_name = "LINK")]
    on: String,
    /// in (from the peer into the switch), out (to the peer) or both.
    #[arg(long, value_name = "WAY", default_value = "both")]
    way: String,
    /// Only messages of this type: 0210. Without it, any.
    #[arg(long, value_name = "MTI")]
    only: Option<String>,
    /// How many messages it strikes. Without it, all until it is cleared.
    #[arg(long, value_name = "COUNT")]
    times: Option<u32>,
    /// How long a delay is, or how long a reordered message waits for another: 26s, 500ms.
    #[arg(long, value_name = "SPAN")]
    by: Option<String>,
    /// Bytes a second that throttle lets through.
    #[arg(long, value_name = "BYTES")]
    rate: Option<u32>,
    /// What corrupt changes and garbage consists of.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    #[command(flatten)]
    at: At,
}

impl FaultCommand {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        match self.what {
            What::Set(Set { action, on, way, only, times, by, rate, seed, at }) => {
                let wanted = json!({
                    "action": action, "link": on, "way": way, "only": only, "times": times, "by": by, "rate": rate, "seed": seed,
                });
                at.print(&at.send("/faults", &wanted)?, |it: &Fault| format!("fault {} is set", it.id))?;
            }
            What::List { at } => at.show("/faults", |all: &List<Fault>| {
                listed(all, ["fault", "link", "way", "does", "to", ">struck", "of", ""], row, "no fault is set")
            })?,
            What::Clear { id, at } => {
                let path = id.map_or_else(|| "/faults".to_owned(), |id| format!("/faults/{id}"));
                at.print(&at.delete(&path)?, |it: &Cleared| match it.cleared {
                    1 => "1 fault is cleared".to_owned(),
                    count => format!("{count} faults are cleared"),
                })?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(it: &Fault) -> [String; 8] {
    let told = [it.by.clone(), it.rate.map(|rate| format!("{rate} bytes/s")), it.seed.map(|seed| format!("seed {seed}"))];
    let does = [Some(it.action.clone())].into_iter().chain(told).flatten().collect::<Vec<_>>().join(" ");
    [
        it.id.to_string(),
        it.link.clone(),
        it.way.clone(),
        does,
        it.only.clone().unwrap_or_else(|| "any".to_owned()),
        it.struck.to_string(),
        it.times.map_or_else(|| "any".to_owned(), |times| times.to_string()),
        if it.active { "" } else { "strikes no more" }.to_owned(),
    ]
}
