//! Reading the relevant response headers.

use std::time::Duration;

use http::HeaderMap;

use super::daily_quota::DailyQuotaUsage;
use super::profile::ServiceProfile;
use super::rate_limit::WindowUsage;

/// The headers of one response, read by the header names of a service profile.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    pub map: &'a HeaderMap,
    pub profile: &'a ServiceProfile,
}

impl<'a> Headers<'a> {
    /// Returns the `Date` header.
    pub fn date(self) -> Option<&'a str> {
        self.text("date")
    }

    pub fn correlation(self) -> Option<&'a str> {
        self.text(self.profile.correlation_header)
    }

    /// Returns the minimum wait before a retry.
    pub fn retry_after(self) -> Option<Duration> {
        self.text("retry-after").and_then(seconds)
    }

    /// Returns the reported usage of the general window.
    pub fn usage(self) -> Option<WindowUsage> {
        let size = self.number(self.profile.limit_header)?;
        let remaining = self.number(self.profile.remaining_header)?;
        Some(WindowUsage { size: clamped(size), remaining: clamped(remaining) })
    }

    /// Returns the reported usage of the daily quota.
    pub fn day(self) -> Option<DailyQuotaUsage> {
        let limit = self.number(self.profile.daily_limit_header)?;
        let remaining = self.number(self.profile.daily_remaining_header)?;
        Some(DailyQuotaUsage { used: limit.saturating_sub(remaining), limit })
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

/// Parses `Retry-After` in seconds, fractions allowed. HubSpot does not use the date form. Capped
/// at one day, the longest wait that HubSpot documents.
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
