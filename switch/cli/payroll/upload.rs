//! A document on its way to the switch, and what the office there does with it, as a bar where somebody looks.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::time::Duration;

use admin::{List, Work};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Failure;
use crate::cli::ask::{At, Upload};

/// How often the office is asked how far it has come.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Sends a document.
pub(super) fn upload(at: &At, path: &Path, page: &str, by_whom: &[(&str, &str)]) -> Result<Upload, Failure> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = File::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(format!("{}: is no file", path.display()).into());
    }
    let mut start = [0; 64];
    let count = file.read(&mut start).map_err(failed)?;
    let length = about.len();
    let is_xml =
        start.iter().take(count).find(|byte| !byte.is_ascii_whitespace() && !b"\xEF\xBB\xBF".contains(byte)) == Some(&b'<');
    let mut head = vec![("Content-Type", if is_xml { "application/xml" } else { "text/csv" })];
    head.extend(by_whom.iter().filter(|(_, value)| !value.is_empty()));
    let start = start.get(..count).unwrap_or(&[]);
    let mut document = start.chain(file);
    if !std::io::stderr().is_terminal() {
        return at.upload(page, &head, &mut document, length);
    }
    let bar = ProgressBar::new(length);
    bar.set_style(style("{bar:30} {bytes}/{total_bytes} sent"));
    std::thread::scope(|scope| {
        let sending = bar.clone();
        let uploading = scope.spawn(move || at.upload(page, &head, &mut sending.wrap_read(&mut document), about.len()));
        while !uploading.is_finished() {
            std::thread::sleep(LOOK_EVERY);
            if bar.position() >= length {
                show(at, &bar);
            }
        }
        bar.finish_and_clear();
        uploading.join().unwrap_or_else(|_| Err("the upload has failed".into()))
    })
}

/// What the office does: its work alone is shown, where it has but one.
fn show(at: &At, bar: &ProgressBar) {
    let Ok(List::<Work> { lines, .. }) = at.look("/payroll/office") else { return };
    if let [work] = lines.as_slice() {
        match work.of {
            Some(of) => {
                bar.set_style(style("{bar:30} {msg}"));
                bar.set_length(of.max(1));
                bar.set_position(work.items);
                bar.set_message(format!("{}: {} of {of}", work.doing, work.items));
            }
            None => {
                bar.set_style(style("{spinner} {msg}"));
                bar.set_message(format!("{}: {}", work.doing, work.items));
                bar.tick();
            }
        }
    }
}

pub(super) fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
