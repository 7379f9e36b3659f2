//! What a simulated transaction costs on one core: a whole world around it, with faults, sealed blocks, and every checker at its end.

use std::hint::black_box;

use criterion::{Criterion, Throughput};

/// Transactions of one world.
const TRANSACTIONS: u32 = 1000;

/// Each pass is another world, so that no single seed decides.
pub(crate) fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("simulating");
    group.throughput(Throughput::Elements(TRANSACTIONS.into()));
    let mut seeds = 1..;
    group.bench_function("a transaction, on one core", |bencher| {
        bencher.iter(|| {
            let outcome = simulator::run(seeds.next().unwrap_or_default(), TRANSACTIONS, None);
            assert!(outcome.violations.is_empty(), "seed {}: {:?}", outcome.seed, outcome.violations);
            black_box(outcome.digest)
        });
    });
    group.finish();
}
