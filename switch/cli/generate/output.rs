//! Files that are being written, and how far that has come.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::cli::Failure;

/// How often it is told how far it has come.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// People between two looks at the clock.
const STRIDE: u32 = 4096;

/// A file that is being written; an error names it.
pub(super) struct Output {
    path: PathBuf,
    out: BufWriter<File>,
}

impl Output {
    pub(super) fn create(path: PathBuf) -> Result<Self, Failure> {
        let file = File::create(&path).map_err(|error| format!("{}: {error}; check the path", path.display()))?;
        Ok(Self { path, out: BufWriter::with_capacity(1 << 18, file) })
    }

    pub(super) fn write<'o, T>(
        &'o mut self,
        what: impl FnOnce(&'o mut BufWriter<File>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        what(&mut self.out).map_err(|error| format!("{}: {error}", self.path.display()).into())
    }

    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.write(|out| Ok(out.flush()?))?;
        say!("{}  {}", self.path.display(), size(std::fs::metadata(&self.path).map_or(0, |it| it.len())));
        Ok(())
    }
}

/// Megabytes, for people.
fn size(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// How far it has come, on standard error, once it takes long enough to be asked.
pub(super) struct Progress {
    what: &'static str,
    count: u32,
    started: Instant,
    told: Instant,
    on_screen: bool,
}

impl Progress {
    pub(super) fn of(what: &'static str, count: u32) -> Self {
        let now = Instant::now();
        Self { what, count, started: now, told: now, on_screen: std::io::stderr().is_terminal() }
    }

    pub(super) fn at(&mut self, place: u32) {
        if place.is_multiple_of(STRIDE) && self.told.elapsed() >= TOLD_EVERY {
            self.told = Instant::now();
            let percent = u64::from(place) * 100 / u64::from(self.count.max(1));
            self.tell(&format!("{place} of {} {} ({percent} %)", self.count, self.what), if self.on_screen { "" } else { "\n" });
        }
    }

    pub(super) fn done(&self) {
        let took = self.started.elapsed();
        if took >= TOLD_EVERY {
            self.tell(&format!("{} {} in {took:.1?}", self.count, self.what), "\n");
        }
    }

    fn tell(&self, line: &str, after: &str) {
        let before = if self.on_screen { "\r\x1b[2K" } else { "" };
        // Who does not listen need not be told.
        let _ = write!(std::io::stderr(), "{before}{line}{after}");
    }
}
