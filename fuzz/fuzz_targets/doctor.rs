//! The doctor takes anything.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use wire::Dialect;

static DIALECTS: LazyLock<Vec<Arc<Dialect>>> =
    LazyLock::new(|| Dialect::builtin_names().iter().filter_map(|name| Dialect::builtin(name)).collect());

fuzz_target!(|bytes: &[u8]| {
    let told = wire::doctor::examine(bytes, &DIALECTS, None);
    assert!(!told.guesses.is_empty() || !told.remarks.is_empty());
    assert!(told.guesses.is_sorted_by(|one, other| one.score >= other.score));
});
