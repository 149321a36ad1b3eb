//! Measured figures and their targets.

use std::fmt::Write;
use std::time::Duration;

/// Points of a chart line.
pub(crate) type Points = Vec<(f64, f64)>;

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    what: String,
    measured: String,
    bar: String,
    /// `true` if the target is met; `None` if there is none.
    holds: Option<bool>,
    /// `true` if the result does not depend on the machine.
    anywhere: bool,
}

impl Figure {
    /// Creates a figure without a target.
    pub(crate) fn plain(what: impl Into<String>, measured: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            measured: measured.into(),
            bar: "–".to_owned(),
            holds: None,
            anywhere: false,
        }
    }

    /// Sets a target that depends on the machine.
    pub(crate) fn held(mut self, bar: impl Into<String>, holds: bool) -> Self {
        self.bar = bar.into();
        self.holds = Some(holds);
        self
    }

    /// Marks the result as independent of the machine, so that CI can enforce the target.
    pub(crate) fn anywhere(mut self) -> Self {
        self.anywhere = true;
        self
    }

    /// Returns `true` if a target that is independent of the machine is missed.
    pub(crate) fn is_wrong(&self) -> bool {
        self.anywhere && self.holds == Some(false)
    }

    fn verdict(&self) -> &'static str {
        match self.holds {
            None => "",
            Some(true) => "kept",
            Some(false) => "**missed**",
        }
    }
}

/// Formats the figures as a Markdown table.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut text = "| what | measured | bar | |\n| --- | --- | --- | --- |\n".to_owned();
    for figure in figures {
        let Figure { what, measured, bar, .. } = figure;
        // Writing to a string cannot fail.
        let _fits = writeln!(text, "| {what} | {measured} | {bar} | {} |", figure.verdict());
    }
    text
}

/// Formats a share as `97.3 %`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Formats a duration as `12.3 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// Formats a duration as `3.1 ms`.
pub(crate) fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

/// Formats bytes as `10.9 MB`, in millions of bytes.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", float(bytes) / 1e6)
}

/// Formats a number as `1,000,000`.
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

/// Converts a number to a float. Counts and bytes here are far below the 53 bits of exact
/// precision.
#[expect(clippy::cast_precision_loss, reason = "see above")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

/// Divides `amount` by `number`; returns zero if `number` is zero.
pub(crate) fn per(amount: f64, number: u64) -> f64 {
    if number == 0 { 0.0 } else { amount / float(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missed_bar_that_holds_anywhere_is_wrong() {
        let figure = || Figure::plain("x", "1");
        for (case, figure, wrong) in [
            ("no bar", figure().anywhere(), false),
            ("kept", figure().held("≤ 2", true).anywhere(), false),
            ("missed here", figure().held("≤ 0", false), false),
            ("missed anywhere", figure().held("≤ 0", false).anywhere(), true),
        ] {
            assert_eq!(figure.is_wrong(), wrong, "{case}");
        }
    }

    #[test]
    fn a_table_has_a_row_for_each_figure() {
        let figures = [Figure::plain("a", "1 s"), Figure::plain("b", "2").held("≤ 1", false)];
        let text = table(&figures);
        let rows: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(rows, ["| a | 1 s | – |  |", "| b | 2 | ≤ 1 | **missed** |"]);
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
