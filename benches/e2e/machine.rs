//! What the system knows: processor time by thread, memory, and how long its disk takes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// Processor time of a process, by the name of the thread.
pub(crate) type Threads = BTreeMap<String, Duration>;

/// How much processor time the process's threads have had since they began.
pub(crate) fn threads(process: u32) -> Threads {
    let mut times = Threads::new();
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("the process runs");
    for task in tasks.filter_map(Result::ok) {
        // A thread may end between the two looks.
        let (Ok(name), Some(time)) = (fs::read_to_string(task.path().join("comm")), time(&task.path())) else { continue };
        *times.entry(name.trim().to_owned()).or_default() += time;
    }
    times
}

/// In nanoseconds where the kernel counts them, else in its ticks, of which there are a hundred in a second.
fn time(task: &Path) -> Option<Duration> {
    if let Ok(text) = fs::read_to_string(task.join("schedstat")) {
        return Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?));
    }
    let text = fs::read_to_string(task.join("stat")).ok()?;
    let behind_name = text.rsplit(')').next()?;
    let ticks: u64 = behind_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(10 * ticks))
}

/// What each thread has had since `before`.
pub(crate) fn since(before: &Threads, now: &Threads) -> Threads {
    let had = |name: &String| before.get(name).copied().unwrap_or_default();
    now.iter().map(|(name, time)| (name.clone(), time.saturating_sub(had(name)))).collect()
}

/// How much processor time everybody on this machine has had since it started.
pub(crate) fn everybody() -> Duration {
    let text = fs::read_to_string("/proc/stat").expect("what the system counts");
    let first = text.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = first.split_whitespace().skip(1).filter_map(|ticks| ticks.parse().ok()).collect();
    // User, nice, system; idle and waiting are nobody's; interrupts and what the host took away are.
    let taken = [0, 1, 2, 5, 6, 7].into_iter().filter_map(|place| ticks.get(place)).sum::<u64>();
    Duration::from_millis(10 * taken)
}

/// Memory that the process has in use, MB.
pub(crate) fn resident_mb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kb| kb / 1024)
}

/// How long it takes to write 4 KB behind the end of a file in `folder` and to sync them: the median of 200, µs.
pub(crate) fn sync_micros(folder: &Path) -> f64 {
    let mut file = fs::File::create(folder.join("sync")).expect("a file");
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let begun = Instant::now();
            file.write_all(&[0x5A; 4096]).expect("is written");
            file.sync_data().expect("is synced");
            begun.elapsed()
        })
        .collect();
    times.sort();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e6)
}
