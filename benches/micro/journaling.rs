//! The journal: from handing a block over until it is known to be durable, on SQLite as the switch runs it, in the build's folder.

use criterion::{BenchmarkId, Criterion, Throughput};
use journal::{Event, Events, Journal, MasterKey, Options, SqliteOptions, SqliteStore};

/// One transaction, a block at 16 × 16, a block under load.
const BLOCK_BYTES: [usize; 3] = [400, 25 * 1024, 100 * 1024];

pub(crate) fn bench(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let master = MasterKey::load_or_create(folder.path().join("master.key")).unwrap();
    let file = folder.path().join("journal.db");
    let open = async move || SqliteStore::open(file, "bench", SqliteOptions::default());
    let (mut journal, mut events) = Journal::start(open, "bench", &master, Options::default()).unwrap();
    let mut group = criterion.benchmark_group("journal");
    let mut spare = Vec::with_capacity(128 * 1024);
    for bytes in BLOCK_BYTES {
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::from_parameter(bytes), |b| {
            b.iter(|| {
                spare.resize(bytes, 0x5A);
                journal.submit(journal.next(), std::mem::take(&mut spare)).unwrap();
                spare = durable(&mut events);
            });
        });
    }
    group.finish();
    journal.close().unwrap();
}

/// Waits for the block, and gives its buffer back.
fn durable(events: &mut Events) -> Vec<u8> {
    match events.blocking_next() {
        Some(Event::Durable { spent, .. }) => spent,
        other => panic!("the block did not become durable: {other:?}"),
    }
}
