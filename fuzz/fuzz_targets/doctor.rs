//! The doctor takes anything, ranks what it guesses, and shows no card number.
#![no_main]

use fuzz::{DIALECTS, shows_secret};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let told = wire::doctor::examine(bytes, &DIALECTS, None);
    assert!(!told.guesses.is_empty() || !told.remarks.is_empty());
    assert!(told.guesses.is_sorted_by(|one, other| one.score >= other.score));
    for guess in &told.guesses {
        assert!(guess.configuration().contains("dialect = "));
        assert!(!guess.fits.iter().chain(&guess.misfits).any(|line| shows_secret(line)), "the card number is shown: {guess:?}");
    }
    assert!(!told.remarks.iter().any(|line| shows_secret(line)), "the card number is shown: {told:?}");
});
