//! Numbers in variables: decimals of a unit of time, sizes in bytes, counts. In integers only: `0.001` is exactly one
//! millisecond, and there is no infinity, no NaN and no exponent to take care of.

use std::time::Duration;

/// The longest time that is accepted, in seconds: some 31 years.
const MOST_SECONDS: u64 = 1_000_000_000;

/// A decimal without sign or exponent (`5`, `0.25`, `.5`, `5.`) of a unit that has `unit` nanoseconds, a power of
/// ten. What is less than a nanosecond is dropped. `None` if it is no such decimal or more than 10^9 seconds.
pub(super) fn duration(text: &str, unit: u64) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() && fraction.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut nanoseconds = whole.checked_mul(unit)?;
    let mut place = unit;
    for digit in fraction.bytes() {
        place /= 10;
        if place == 0 {
            break;
        }
        nanoseconds = nanoseconds.checked_add(u64::from(digit - b'0') * place)?;
    }
    let duration = Duration::from_nanos(nanoseconds);
    (duration <= Duration::from_secs(MOST_SECONDS)).then_some(duration)
}

/// A whole number of bytes, with `K`, `M` or `G` in either case for KiB, MiB or GiB. `None` if it is none or too large.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (digits, shift) = match text.as_bytes().last()?.to_ascii_uppercase() {
        b'K' => (&text[..text.len() - 1], 10),
        b'M' => (&text[..text.len() - 1], 20),
        b'G' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    count::<u64>(digits)?.checked_mul(1 << shift)
}

/// A whole number of digits only, without a sign.
pub(super) fn count<N: std::str::FromStr>(text: &str) -> Option<N> {
    if all_digits(text) { text.parse().ok() } else { None }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
