//! Lines of the display, and the text of numbers and durations in them.

use std::time::Duration;

/// Sign and style of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowStyle {
    /// No request has been sent yet.
    Waiting,
    Reading,
    Complete,
    Skipped,
    Failed,
    /// A warning.
    Warning,
    /// Total over all streams.
    Sum,
    /// Secondary information.
    Foot,
}

impl RowStyle {
    pub(super) fn sign(self) -> char {
        match self {
            Self::Waiting => '·',
            Self::Reading => '›',
            Self::Complete => '✓',
            Self::Skipped => '–',
            Self::Failed => '✗',
            Self::Warning => '!',
            Self::Sum | Self::Foot => ' ',
        }
    }
}

/// One line of text without control characters, with its sign and style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub style: RowStyle,
    text: String,
}

impl Line {
    /// Creates a line. Control characters, which may come from an API response and could move the
    /// cursor, become spaces.
    pub fn new(style: RowStyle, text: &str) -> Self {
        let text = text.trim_end();
        let is_unsafe = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202E}');
        Self { style, text: text.replace(is_unsafe, " ") }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the width in columns, including the sign.
    pub fn width(&self) -> usize {
        2 + self.text.chars().count()
    }

    /// Cuts the line to the given width.
    #[must_use]
    pub fn within(self, width: usize) -> Self {
        let room = width.saturating_sub(2);
        Self { text: cut(&self.text, room), ..self }
    }
}

/// Returns the text, cut to at most `width` characters.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    if width == 0 { String::new() } else { format!("{}…", kept.trim_end()) }
}

/// Formats a number with thousands separators.
pub(super) fn group_thousands(number: u64) -> String {
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
pub(super) fn format_number(number: f64) -> String {
    if number < 9.95 {
        return format!("{number:.1}");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and too large to be shown would be cut"
    )]
    let whole = number.round() as u64;
    group_thousands(whole)
}

/// Part of a whole, in any unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fraction {
    pub part: u64,
    pub whole: u64,
}

impl Fraction {
    /// Returns the percentage, rounded down; 0 if `part` and `whole` are both 0.
    pub(super) fn percent(self) -> u64 {
        let percent = u128::from(self.part) * 100 / u128::from(self.whole.max(1));
        u64::try_from(percent).unwrap_or(u64::MAX)
    }
}

/// Formats a duration to the second, or to the minute from one hour on.
pub(super) fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

/// Formats the duration of a finished stream, with one decimal if it is short.
pub(super) fn format_elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 9.95 { format!("{seconds:.1} s") } else { format_duration(duration) }
}

/// Formats a time in the future, to the second, or in minutes if it is more than 90 seconds.
pub(super) fn format_until(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ ..=90 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

/// Formats the remaining time, rounded up to whole minutes if it exceeds 90 seconds.
pub(super) fn format_remaining(duration: Duration) -> String {
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
    fn a_line_fits_its_width_and_has_no_control_characters() {
        for (text, width, expected) in [
            ("deals", 7, "deals"),
            ("deals", 6, "dea…"),
            ("two words", 7, "two…"),
            ("deals", 2, ""),
            ("a\x1b[2Jb\r\nc\u{202e}d", 80, "a [2Jb  c d"),
        ] {
            let line = Line::new(RowStyle::Foot, text).within(width);
            assert_eq!(line.text(), expected, "{text:?} in {width}");
            assert!(line.width() <= width, "{text:?} in {width}");
        }
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")]
        {
            assert_eq!(group_thousands(number), expected);
        }
        for (number, expected) in
            [(0.0, "0.0"), (4.76, "4.8"), (9.94, "9.9"), (9.95, "10"), (2_140.4, "2,140")]
        {
            assert_eq!(format_number(number), expected);
        }
    }

    #[test]
    fn short_durations_have_one_decimal() {
        for (ms, expected) in [(40, "0.0 s"), (349, "0.3 s"), (9_900, "9.9 s"), (10_400, "10 s")] {
            assert_eq!(format_elapsed(Duration::from_millis(ms)), expected);
        }
    }

    #[test]
    fn a_time_in_the_future_is_in_seconds_or_minutes() {
        for (seconds, expected) in [(0, "0 s"), (90, "90 s"), (91, "2 min"), (180, "3 min")] {
            assert_eq!(format_until(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn percentages_are_rounded_down() {
        for (part, whole, expected) in
            [(0, 0, 0), (0, 10, 0), (999, 1_000, 99), (10, 10, 100), (u64::MAX, u64::MAX, 100)]
        {
            assert_eq!(Fraction { part, whole }.percent(), expected, "{part} of {whole}");
        }
    }

    #[test]
    fn the_precision_of_a_duration_depends_on_its_length() {
        for (seconds, lasted, remains) in [
            (0, "0 s", "1 s left"),
            (59, "59 s", "60 s left"),
            (61, "1 min 01 s", "62 s left"),
            (150, "2 min 30 s", "3 min left"),
            (3_600, "1 h 00 min", "60 min left"),
            (7_260, "2 h 01 min", "2 h 01 min left"),
        ] {
            let duration = Duration::from_secs(seconds);
            assert_eq!(
                (format_duration(duration), format_remaining(duration)),
                (lasted.into(), remains.into())
            );
        }
    }
}
