//! How long a nation's cards take to import, how much memory and disk they need, and how long one takes to be found.
//!
//! `cargo bench -p payswitch-cards --bench cards -- [COUNT]`; 1,000,000 cards where no count is given. The file is made first and is
//! not measured; the memory is that of the whole process at its highest, import and directory together, as Linux tells it.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where something is wrong")]

use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use cards::import::Import;
use cards::{CivilServantId, FIRST_SERIAL, Issuer, Keys, Of, Store, card_number};
use model::{Pan, Timestamp};

const HEADER: &str = "civil_servant_id,name_latin,name_khmer,date_of_birth,agency,bank,account_khr,account_usd,state,pan,expiry";
const SYLLABLES: [(&str, &str); 8] =
    [("So", "សុ"), ("Vi", "វិ"), ("Ra", "រ៉ា"), ("Na", "ណា"), ("Mo", "ម៉ូ"), ("Li", "លី"), ("Ta", "តា"), ("Ke", "កែ")];
/// Cards that are looked for.
const LOOKS: u32 = 1_000_000;

fn main() {
    let count = std::env::args().skip(1).find_map(|it| it.replace(['_', ','], "").parse().ok()).unwrap_or(1_000_000_u32);
    let folder = tempfile::tempdir().unwrap();
    let (file, path) = (folder.path().join("cards.csv"), folder.path().join("cards.db"));
    write(&file, count).unwrap();
    println!("{count} cards, {} MB of CSV", std::fs::metadata(&file).unwrap().len() / 1_000_000);

    let began = Instant::now();
    let mut store = Store::open(&path, keys()).unwrap();
    let import = Import { at: Timestamp::from_micros(1_672_203_600_000_000), by: "bench", agency: None, check: false };
    let outcome = store.import(std::slice::from_ref(&file), &import, &mut |it| println!("line {}: {}", it.line, it.why)).unwrap();
    assert_eq!(outcome.taken, u64::from(count));
    let took = began.elapsed();
    println!("import      {:.1} s, {:.1} µs a card; highest memory {} MB", took.as_secs_f64(), micros(took, count), highest_mb());
    let size: u64 = ["", "-wal"]
        .iter()
        .filter_map(|more| std::fs::metadata(format!("{}{more}", path.display())).ok())
        .map(|it| it.len())
        .sum();
    println!("file        {} MB, {} bytes a card", size / 1_000_000, size / u64::from(count));
    drop(store);

    let began = Instant::now();
    let mut store = Store::look(&path, keys()).unwrap();
    let (directory, _) = store.directory().unwrap();
    assert_eq!(directory.len(), count as usize);
    println!("directory   {:.1} s; highest memory {} MB", began.elapsed().as_secs_f64(), highest_mb());

    let keys = keys();
    let mut found = 0;
    let began = Instant::now();
    for look in 0..LOOKS {
        found += u32::from(directory.find(keys.of_card(pan(scattered(look) % count))).is_some());
    }
    println!(
        "look-up     {:.0} ns in the directory, the keyed hash included",
        began.elapsed().as_secs_f64() * 1e9 / f64::from(LOOKS)
    );
    assert_eq!(found, LOOKS);
    let some = LOOKS / 100;
    let began = Instant::now();
    for look in 0..some {
        store.card_of(&Of::Card(pan(scattered(look) % count))).unwrap();
    }
    println!("            {:.0} µs in the file, opened", micros(began.elapsed(), some));
    let began = Instant::now();
    store.stats(model::BusinessDate::from_days(19_354)).unwrap();
    println!("stats       {:.1} ms", began.elapsed().as_secs_f64() * 1e3);
}

fn micros(took: Duration, count: u32) -> f64 {
    took.as_secs_f64() * 1e6 / f64::from(count)
}

fn keys() -> Keys {
    Keys::derived(|label| {
        let mut key = [7; 32];
        key.iter_mut().zip(label).for_each(|(byte, more)| *byte ^= more);
        key
    })
}

/// Another number, far from the one before (Knuth's multiplicative hash).
fn scattered(number: u32) -> u32 {
    number.wrapping_mul(2_654_435_761)
}

fn bank(index: u32) -> Issuer {
    Issuer::ALL[index as usize % 3]
}

fn pan(index: u32) -> Pan {
    card_number(bank(index).prefix(), FIRST_SERIAL + u64::from(index)).unwrap()
}

fn write(file: &Path, count: u32) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(file)?);
    writeln!(out, "{HEADER}")?;
    for index in 0..count {
        // Ids come in no order, as people do: the factor has no common divisor with 10^8.
        let id = u32::try_from(u64::from(index) * 61_803_397 % 100_000_000).unwrap();
        let id = CivilServantId::of_serial(id).unwrap().digits();
        let [a, b, c] = [0, 3, 6].map(|shift| SYLLABLES[(scattered(index) >> (shift + 8)) as usize & 7]);
        let (latin, khmer) = (format!("{}{} {}{}", a.0, b.0, c.0, a.0), format!("{}{} {}{}", a.1, b.1, c.1, a.1));
        let (agency, bank) = (index % 40, bank(index).name());
        let pan = pan(index).digits();
        let pan = std::str::from_utf8(pan.as_ref()).unwrap();
        writeln!(out, "{id},{latin},{khmer},1985-04-30,Agency {agency},{bank},0010{index:08}116,,active,{pan},3212")?;
    }
    out.flush()
}

/// The most memory that the process has held so far, MB; 0 where the system does not tell.
fn highest_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1000
}
