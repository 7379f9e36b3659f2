//! The check digit of ISO/IEC 7812-1 annex B, which card numbers and (ours) civil servants' ids end with.

/// The digit that makes `body`, with it behind, right.
pub(crate) fn check_digit(body: u64) -> u64 {
    let (mut rest, mut sum, mut doubled) = (body, 0, true);
    while rest > 0 {
        let digit = rest % 10;
        sum += match (doubled, digit) {
            (false, digit) => digit,
            (true, digit) if digit < 5 => digit * 2,
            (true, digit) => digit * 2 - 9,
        };
        (rest, doubled) = (rest / 10, !doubled);
    }
    (10 - sum % 10) % 10
}
