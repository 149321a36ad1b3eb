//! What the headers of an answer say beside its body.

use std::time::Duration;

use http::HeaderMap;

use super::day::DayUse;
use super::dialect::Dialect;
use super::window::Standing;

/// The headers of one answer, read in the words of a dialect.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    pub map: &'a HeaderMap,
    pub dialect: &'a Dialect,
}

impl<'a> Headers<'a> {
    /// The service's time.
    pub fn date(self) -> Option<&'a str> {
        self.text("date")
    }

    pub fn correlation(self) -> Option<&'a str> {
        self.text(self.dialect.correlation_header)
    }

    /// How long to wait before asking again.
    pub fn retry_after(self) -> Option<Duration> {
        self.text("retry-after").and_then(seconds)
    }

    /// What is left of the general window.
    pub fn standing(self) -> Option<Standing> {
        let size = self.number(self.dialect.limit_header)?;
        let remaining = self.number(self.dialect.remaining_header)?;
        Some(Standing { size: clamped(size), remaining: clamped(remaining) })
    }

    /// What has been used of the day.
    pub fn day(self) -> Option<DayUse> {
        let limit = self.number(self.dialect.daily_limit_header)?;
        let remaining = self.number(self.dialect.daily_remaining_header)?;
        Some(DayUse { used: limit.saturating_sub(remaining), limit })
    }

    fn text(self, name: &str) -> Option<&'a str> {
        self.map.get(name).and_then(|value| value.to_str().ok())
    }

    fn number(self, name: &str) -> Option<u64> {
        self.text(name).and_then(|text| text.trim().parse().ok())
    }
}

fn clamped(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// `Retry-After` in its form with seconds, fractions allowed; the form with a date is not used
/// by HubSpot. A day is the longest wait it documents.
fn seconds(text: &str) -> Option<Duration> {
    const DAY: f64 = 86_400.0;
    let seconds = text.trim().parse::<f64>().ok().filter(|seconds| seconds.is_finite())?;
    Some(Duration::from_secs_f64(seconds.clamp(0.0, DAY)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_retry_after() {
        for (text, expected) in [
            ("3", Some(3.0)),
            (" 0.5 ", Some(0.5)),
            ("-4", Some(0.0)),
            ("999999999", Some(86_400.0)),
            ("NaN", None),
            ("Sat, 21 Nov 2026 08:00:10 GMT", None),
        ] {
            assert_eq!(seconds(text), expected.map(Duration::from_secs_f64), "{text}");
        }
    }
}
