//! What a test needs beyond the Rust toolchain may be missing. Shared with the tests of other crates.

use std::io::Write as _;

/// Says that `what` is not tested, and why; past the test harness, which keeps to itself what a passing test prints. Fails where
/// everything is to be tested: under `.ci/run`, which sets `PAYSWITCH_TEST_ALL=1`.
pub(crate) fn left_out(what: &str, why: &str) {
    assert!(std::env::var("PAYSWITCH_TEST_ALL").as_deref() != Ok("1"), "{what}: {why}");
    let _ = writeln!(std::io::stderr(), "LEFT OUT: {what}: {}", why.trim());
}
