//! Formatting of numbers and durations for people.

use std::time::Duration;

/// Formats a number with thousands separators.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a number, with one decimal if it is small.
pub(super) fn figure(number: f64) -> String {
    if number < 9.95 {
        return format!("{number:.1}");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and too large to be shown would be cut"
    )]
    let whole = number.round() as u64;
    grouped(whole)
}

/// Returns a percentage, rounded down; 0 if `part` and `whole` are both 0.
pub(super) fn percent(part: u64, whole: u64) -> u64 {
    let percent = u128::from(part) * 100 / u128::from(whole.max(1));
    u64::try_from(percent).unwrap_or(u64::MAX)
}

/// Formats a duration to the second, or to the minute from one hour on.
pub(super) fn lasting(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

/// Formats the duration of something that has ended.
pub(super) fn took(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 9.95 { format!("{seconds:.1} s") } else { lasting(duration) }
}

/// Formats the remaining time, rounded up to whole minutes if it exceeds 90 seconds.
pub(super) fn left(duration: Duration) -> String {
    let minutes = duration.as_secs().div_ceil(60);
    match (duration.as_secs() + 1, minutes) {
        (seconds @ ..=90, _) => format!("{seconds} s left"),
        (_, minutes @ ..=90) => format!("{minutes} min left"),
        (_, minutes) => format!("{} h {:02} min left", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), expected);
        }
        for (number, expected) in
            [(0.0, "0.0"), (4.76, "4.8"), (9.94, "9.9"), (9.95, "10"), (2_140.4, "2,140")]
        {
            assert_eq!(figure(number), expected);
        }
    }

    #[test]
    fn what_took_a_moment_is_told_in_tenths() {
        for (ms, expected) in [(40, "0.0 s"), (349, "0.3 s"), (9_900, "9.9 s"), (10_400, "10 s")] {
            assert_eq!(took(Duration::from_millis(ms)), expected);
        }
    }

    #[test]
    fn parts_are_percent() {
        for (part, whole, expected) in
            [(0, 0, 0), (0, 10, 0), (999, 1_000, 99), (10, 10, 100), (u64::MAX, u64::MAX, 100)]
        {
            assert_eq!(percent(part, whole), expected, "{part} of {whole}");
        }
    }

    #[test]
    fn times_are_as_exact_as_they_are_long() {
        for (seconds, lasted, remains) in [
            (0, "0 s", "1 s left"),
            (59, "59 s", "60 s left"),
            (61, "1 min 01 s", "62 s left"),
            (150, "2 min 30 s", "3 min left"),
            (3_600, "1 h 00 min", "60 min left"),
            (7_260, "2 h 01 min", "2 h 01 min left"),
        ] {
            let duration = Duration::from_secs(seconds);
            assert_eq!((lasting(duration), left(duration)), (lasted.into(), remains.into()));
        }
    }
}
