//! How long a call takes that is too short for the clock, on a machine that others use too.

use std::time::Instant;

/// The best and the median of so many batches, in nanoseconds a call. The best tells what the code costs, the median what the
/// neighbours cost.
pub(crate) fn measured(batches: usize, calls: u32, mut once: impl FnMut()) -> (f64, f64) {
    let mut each: Vec<f64> = (0..batches)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| once());
            start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
        })
        .collect();
    each.sort_unstable_by(f64::total_cmp);
    (each[0], each[batches / 2])
}
