//! The time of a dump, as RFC 3339 writes it.
//!
//! Pure: no time zone, no locale, no libc; always UTC. Leap seconds are not counted, as in the system's own clock.

use std::fmt::Write as _;

const DAY: u64 = 86_400;

/// Appends `nanoseconds` since 1970-01-01 UTC as `2026-11-20T08:15:04.123456+00:00`, cut to microseconds.
pub fn push_rfc3339(nanoseconds: u64, out: &mut String) {
    let micros = nanoseconds / 1000 % 1_000_000;
    let seconds = nanoseconds / 1_000_000_000;
    let (year, month, day) = civil(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / 3600, seconds / 60 % 60, seconds % 60);
    // Writing to a String cannot fail.
    let _ = write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}+00:00");
}

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01.
///
/// Counts in years that begin on the first of March, so that the leap day is a year's last and every month's first
/// day is a linear function of the month.
fn civil(days: u64) -> (u64, u64, u64) {
    /// Days from 0000-03-01 to 1970-01-01.
    const TO_1970: u64 = 719_468;
    const DAYS_IN_400_YEARS: u64 = 146_097;
    let days = days + TO_1970;
    let cycle = days / DAYS_IN_400_YEARS;
    let day = days % DAYS_IN_400_YEARS;
    // Takes the leap days out: one each 1,461 days, but for the centuries, and one more for the cycle's last day.
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, the months' lengths repeat 31 30 31 30 31: 153 days in five months.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, turned) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (cycle * 400 + year + turned, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(nanoseconds: u64) -> String {
        let mut out = String::new();
        push_rfc3339(nanoseconds, &mut out);
        out
    }

    #[test]
    fn known_times() {
        assert_eq!(words(0), "1970-01-01T00:00:00.000000+00:00");
        assert_eq!(words(951_782_400_000_000_000), "2000-02-29T00:00:00.000000+00:00");
        assert_eq!(words(1_795_162_504_123_456_789), "2026-11-20T08:15:04.123456+00:00");
        assert_eq!(words(4_107_542_399_999_999_999), "2100-02-28T23:59:59.999999+00:00");
        assert_eq!(words(4_107_542_400_000_000_000), "2100-03-01T00:00:00.000000+00:00");
        assert_eq!(words(u64::MAX), "2554-07-21T23:34:33.709551+00:00");
    }

    #[test]
    fn every_day_of_eight_centuries_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..300_000 {
            assert_eq!(civil(days), (year, month, day), "{days} days");
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 => 28 + u64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > last {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
        assert!(year > 2780);
    }
}
