//! Moves: sockets, threads, files, time. Decides nothing.
//!
//! One thread reads, decides and writes (`core`, a tokio current-thread runtime: a message never hops on its way), one makes
//! blocks durable (`journal`), one folds them (`follower`), one runs the banks that live in this process.
//!
//! Knows: `shard`, `journal`, `views`, `bank-adapters`, `faults`. Does not know: what a message means, HTTP, the command line.

mod advance;
mod banks;
pub mod cards;
mod clock;
pub mod config;
mod connection;
mod core;
mod faulty;
mod follower;
mod link_faults;
mod links;
mod metrics;
pub mod office;
mod orders;
pub mod overview;
mod recovery;
mod switch;

pub use clock::Time;
pub use config::{Config, ConfigError, Plan};
pub use link_faults::LinkFaults;
pub use metrics::Metrics;
pub use office::PayrollOffice;
pub use orders::{ClockShown, Move, Order, Orders, Unfulfilled, check_words};
pub use recovery::{Paths, STREAM};
pub use switch::{Addresses, Error, Readiness, Running, StoreHook, start};
