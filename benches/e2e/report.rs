//! One row: run, measured from outside, and printed.

use std::io::BufRead;
use std::time::Duration;

use crate::arguments::Load;
use crate::machine::{self, Threads};
use crate::process::Parties;

/// What was measured.
pub(crate) struct Row {
    client: serde_json::Value,
    /// Processor time while it was measured.
    switch: Threads,
    bank: Threads,
    terminals: Threads,
    everybody: Duration,
    blocks: f64,
    append_seconds: f64,
    journal_bytes: f64,
    lag_blocks: f64,
    resident_mb: u64,
}

/// All figures at one moment.
struct Moment {
    switch: Threads,
    bank: Threads,
    client: Threads,
    everybody: Duration,
    blocks: f64,
    append_seconds: f64,
    journal_bytes: f64,
    lag_blocks: f64,
}

impl Moment {
    fn now(parties: &Parties, client: u32) -> Self {
        let (switch, bank) = (machine::threads(parties.switch.id()), machine::threads(parties.bank.id()));
        let (client, everybody) = (machine::threads(client), machine::everybody());
        let metrics = parties.metrics();
        Self {
            switch,
            bank,
            client,
            everybody,
            blocks: metrics.total("payswitch_journal_append_seconds_count"),
            append_seconds: metrics.total("payswitch_journal_append_seconds_sum"),
            journal_bytes: metrics.total("payswitch_journal_bytes_total"),
            lag_blocks: metrics.total("payswitch_journal_block") - metrics.total("payswitch_follower_block"),
        }
    }
}

impl Row {
    /// Runs a client and looks at everybody when its measured time begins and when it ends.
    pub(crate) fn measure(parties: &Parties, load: &Load) -> Self {
        let (client, lines) = parties.client(load);
        let mut lines = lines.lines().map_while(Result::ok);
        let mut next = || lines.next().expect("a client that lives");
        assert_eq!(next(), "begin");
        let before = Moment::now(parties, client.id());
        assert_eq!(next(), "end");
        let after = Moment::now(parties, client.id());
        let result = next();
        Self {
            client: serde_json::from_str(&result).expect("a client's result"),
            switch: machine::since(&before.switch, &after.switch),
            bank: machine::since(&before.bank, &after.bank),
            terminals: machine::since(&before.client, &after.client),
            everybody: after.everybody.saturating_sub(before.everybody),
            blocks: after.blocks - before.blocks,
            append_seconds: after.append_seconds - before.append_seconds,
            journal_bytes: after.journal_bytes - before.journal_bytes,
            lag_blocks: after.lag_blocks,
            resident_mb: machine::resident_mb(parties.switch.id()),
        }
    }

    fn number(&self, key: &str) -> f64 {
        self.client.get(key).and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN)
    }

    /// Whether every request was answered with its approval.
    pub(crate) fn is_sound(&self) -> bool {
        self.number("wrong") == 0.0 && self.number("lost") == 0.0 && self.number("answers") > 0.0
    }

    pub(crate) fn print(&self, load: &Load) {
        let (answers, seconds) = (self.number("answers"), self.number("seconds"));
        let milliseconds = |key| self.number(key) / 1000.0;
        let micros_each = |threads: &Threads| threads.values().sum::<Duration>().as_secs_f64() * 1e6 / answers;
        println!(
            "{:>8} {:>9.0} {:>8.2} {:>8.2} {:>8.2} {:>8.1} {:>7.2} {:>7.2} {:>7.2} {:>8.0} {:>8.1} {:>8.3} {:>8.0} {:>8.0} {:>6}",
            load.name(),
            answers / seconds,
            milliseconds("p50"),
            milliseconds("p99"),
            milliseconds("p999"),
            milliseconds("max"),
            micros_each(&self.switch),
            micros_each(&self.bank),
            micros_each(&self.terminals),
            self.blocks / seconds,
            answers / self.blocks,
            1000.0 * self.append_seconds / self.blocks,
            self.journal_bytes / answers,
            self.lag_blocks,
            self.resident_mb,
        );
        let mut threads: Vec<_> = self.switch.iter().collect();
        threads.sort_by_key(|(_, time)| std::cmp::Reverse(**time));
        let share = |time: &Duration| 100.0 * time.as_secs_f64() / seconds;
        let told = threads.iter().map(|(name, time)| format!("{name} {:.0} %", share(time))).collect::<Vec<_>>().join(", ");
        let ours = [&self.switch, &self.bank, &self.terminals].into_iter().flat_map(Threads::values).sum();
        let others = share(&self.everybody.saturating_sub(ours));
        println!("         of one processor, the switch's threads: {told}; processes that do not belong here: {others:.0} %");
        if !self.is_sound() {
            println!("         WRONG {}, LOST {}: {}", self.number("wrong"), self.number("lost"), self.client["first_wrong"]);
        }
    }
}

/// What the columns are.
pub(crate) fn heading() {
    println!(
        "{:>8} {:>9} {:>8} {:>8} {:>8} {:>8} {:>23} {:>8} {:>8} {:>8} {:>8} {:>8} {:>6}",
        "C x W",
        "tx/s",
        "p50 ms",
        "p99",
        "p99.9",
        "max",
        "µs CPU per transaction",
        "blocks/s",
        "tx each",
        "ms each",
        "B per tx",
        "lag",
        "MB"
    );
    println!("{:>8} {:>9} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>7}", "", "", "", "", "", "", "switch", "bank", "client");
}
