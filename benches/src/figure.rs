//! What was measured, and the bar it is held to.

use std::fmt::Write;
use std::time::Duration;

/// What a line of a chart goes through.
pub(crate) type Points = Vec<(f64, f64)>;

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    what: String,
    measured: String,
    bar: String,
    /// Is the bar kept? `None` if there is none.
    holds: Option<bool>,
    /// Would another machine find the same?
    anywhere: bool,
}

impl Figure {
    /// Without a bar.
    pub(crate) fn plain(what: impl Into<String>, measured: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            measured: measured.into(),
            bar: "–".to_owned(),
            holds: None,
            anywhere: false,
        }
    }

    /// With a bar that depends on the machine.
    pub(crate) fn held(mut self, bar: impl Into<String>, holds: bool) -> Self {
        self.bar = bar.into();
        self.holds = Some(holds);
        self
    }

    /// The same everywhere, so that CI may insist on it.
    pub(crate) fn anywhere(mut self) -> Self {
        self.anywhere = true;
        self
    }

    /// Is this a bar that every machine has to keep, and not kept?
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

/// The figures as a table of Markdown.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut text = "| what | measured | bar | |\n| --- | --- | --- | --- |\n".to_owned();
    for figure in figures {
        let Figure { what, measured, bar, .. } = figure;
        // Writing into memory does not fail.
        let _fits = writeln!(text, "| {what} | {measured} | {bar} | {} |", figure.verdict());
    }
    text
}

/// `97.3 %`
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// `12.3 s`
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// `3.1 ms`
pub(crate) fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

/// `10.9 MB`, in millions of bytes.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", float(bytes) / 1e6)
}

/// `1,000,000`
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

/// Counts and bytes here are far below the 53 bits that a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "see above")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

/// One number for each of another; zero if there is none.
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
