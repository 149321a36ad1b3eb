//! Maps values to positions on an axis.

use crate::figure::grouped;

/// An axis from `least` to `most`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    least: f64,
    most: f64,
    is_log: bool,
}

impl Scale {
    /// Creates a linear axis from zero to the first tick that is not below `most`.
    pub(super) fn linear(most: f64) -> Self {
        let step = step(most);
        Self { least: 0.0, most: (most / step).ceil().max(1.0) * step, is_log: false }
    }

    /// Creates a logarithmic axis between the two powers of ten that enclose both values.
    pub(super) fn log(least: f64, most: f64) -> Self {
        let least = least.max(1.0).log10().floor();
        let most = most.max(1.0).log10().ceil().max(least + 1.0);
        Self { least: 10_f64.powf(least), most: 10_f64.powf(most), is_log: true }
    }

    /// Returns the position of a value: 0 at the start of the axis, 1 at its end.
    pub(super) fn place(self, value: f64) -> f64 {
        let Self { least, most, is_log } = self;
        if is_log {
            (value.max(least) / least).log10() / (most / least).log10()
        } else {
            (value - least) / (most - least)
        }
    }

    /// Returns the tick values with their labels.
    pub(super) fn ticks(self) -> Vec<(f64, String)> {
        let mut values = Vec::new();
        let mut value = self.least;
        while value <= self.most * 1.000_001 {
            values.push((value, label(value)));
            value = if self.is_log { value * 10.0 } else { value + step(self.most) };
        }
        values
    }
}

/// Returns a tick distance of one, two or five times a power of ten, for about five ticks up to
/// `most`.
fn step(most: f64) -> f64 {
    let raw = most.max(f64::MIN_POSITIVE) / 5.0;
    let power = 10_f64.powf(raw.log10().floor());
    let times = [1.0, 2.0, 5.0].into_iter().find(|times| times * power >= raw * 0.999_999);
    times.unwrap_or(10.0) * power
}

/// Formats a value: with one decimal if it is fractional and below ten, otherwise as a whole number
/// with thousands separators.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "values on an axis are no negative numbers, and far below 2^63"
)]
pub(super) fn label(value: f64) -> String {
    if value >= 10.0 || value.fract().abs() < 1e-9 {
        grouped(value.round() as u64)
    } else {
        format!("{value:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale) -> Vec<String> {
        scale.ticks().into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_and_cover_the_values() {
        for (most, expected) in [
            (1.0, vec!["0", "0.2", "0.4", "0.6", "0.8", "1"]),
            (19.0, vec!["0", "5", "10", "15", "20"]),
            (52.0, vec!["0", "20", "40", "60"]),
            (30_000.0, vec!["0", "10,000", "20,000", "30,000"]),
        ] {
            assert_eq!(labels(Scale::linear(most)), expected, "{most}");
        }
        assert_eq!(labels(Scale::log(10_000.0, 1e6)), ["10,000", "100,000", "1,000,000"]);
        assert_eq!(labels(Scale::log(5.0, 5.0)), ["1", "10"]);
    }

    #[test]
    fn places_go_from_zero_to_one() {
        let close = |one: f64, other: f64| (one - other).abs() < 1e-9;
        let linear = Scale::linear(20.0);
        let log = Scale::log(100.0, 10_000.0);
        for (case, place, expected) in [
            ("beginning", linear.place(0.0), 0.0),
            ("middle", linear.place(10.0), 0.5),
            ("end", linear.place(20.0), 1.0),
            ("beginning of a log", log.place(100.0), 0.0),
            ("middle of a log", log.place(1_000.0), 0.5),
            ("below a log", log.place(0.0), 0.0),
        ] {
            assert!(close(place, expected), "{case}: {place}");
        }
    }
}
