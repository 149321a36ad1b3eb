//! Formatting of numbers and steps for the terminal.

use std::time::Duration;

/// Prints a step, or a further line of the previous one if `name` is empty.
pub(crate) fn step(name: &str, what: &str) {
    eprintln!("  {name:<9} {what}");
}

/// Formats a number like `30,000`.
pub(crate) fn grouped(number: u64) -> String {
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

/// Formats a count like `1 record` or `2,000 records`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Formats a duration like `14.2 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// Formats a size like `128.4 MB`.
pub(crate) fn bytes(number: u64) -> String {
    let tenths = number / 100_000;
    format!("{}.{} MB", grouped(tenths / 10), tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (50_061, "50,061"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn one_thing_is_singular() {
        assert_eq!(count(1, "record"), "1 record");
        assert_eq!(count(0, "record"), "0 records");
        assert_eq!(count(2_000, "record"), "2,000 records");
    }

    #[test]
    fn sizes_are_cut_to_tenths() {
        assert_eq!(bytes(128_456_789), "128.4 MB");
        assert_eq!(bytes(99_999), "0.0 MB");
    }
}
