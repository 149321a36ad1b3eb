//! The response headers that the client uses.

use std::time::Duration;

use http::HeaderMap;

use super::daily_quota::DailyQuotaUsage;
use super::rate_limit::WindowUsage;

/// Size of the general window, in requests.
const WINDOW_SIZE: &str = "x-hubspot-ratelimit-max";
/// Number of requests left in the general window.
const WINDOW_REMAINING: &str = "x-hubspot-ratelimit-remaining";
/// Daily quota of the account, in requests. Not sent to OAuth apps.
const DAILY_LIMIT: &str = "x-hubspot-ratelimit-daily";
/// Number of requests left of the daily quota.
const DAILY_REMAINING: &str = "x-hubspot-ratelimit-daily-remaining";
/// Id of the response, for support requests.
const CORRELATION_ID: &str = "x-hubspot-correlation-id";

/// The headers of one response that the client uses. Unreadable ones count as missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseHeaders {
    /// The `Date` header.
    pub date: Option<String>,
    /// Id of the response, for support requests.
    pub correlation_id: Option<String>,
    /// Minimum wait before a retry.
    pub retry_after: Option<Duration>,
    /// Usage of the general window.
    pub window_usage: Option<WindowUsage>,
    /// Usage of the daily quota.
    pub daily_usage: Option<DailyQuotaUsage>,
}

impl ResponseHeaders {
    /// Parses the headers of a response.
    pub fn parse(map: &HeaderMap) -> Self {
        let text = |name| map.get(name).and_then(|value| value.to_str().ok());
        let number = |name| text(name).and_then(|text| text.trim().parse::<u64>().ok());
        let window_usage = || {
            let (size, remaining) = (number(WINDOW_SIZE)?, number(WINDOW_REMAINING)?);
            Some(WindowUsage { size: clamped(size), remaining: clamped(remaining) })
        };
        let daily_usage = || {
            let (limit, remaining) = (number(DAILY_LIMIT)?, number(DAILY_REMAINING)?);
            Some(DailyQuotaUsage { used: limit.saturating_sub(remaining), limit })
        };
        Self {
            date: text("date").map(str::to_owned),
            correlation_id: text(CORRELATION_ID).map(str::to_owned),
            retry_after: text("retry-after").and_then(seconds),
            window_usage: window_usage(),
            daily_usage: daily_usage(),
        }
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
    fn parses_what_can_be_read() {
        let parse = |lines: &[(&'static str, &'static str)]| {
            let headers = lines.iter().map(|(name, value)| {
                (name.parse().expect("a name"), value.parse().expect("a value"))
            });
            ResponseHeaders::parse(&headers.collect())
        };
        let full = [
            (WINDOW_SIZE, "190"),
            (WINDOW_REMAINING, " 189 "),
            (DAILY_LIMIT, "650000"),
            (DAILY_REMAINING, "650001"),
            (CORRELATION_ID, "c-1"),
        ];
        let found = parse(&full);
        assert_eq!(found.window_usage, Some(WindowUsage { size: 190, remaining: 189 }));
        assert_eq!(found.daily_usage, Some(DailyQuotaUsage { used: 0, limit: 650_000 }));
        assert_eq!(found.correlation_id.as_deref(), Some("c-1"));
        let found = parse(&[(WINDOW_SIZE, "190"), (DAILY_LIMIT, "9"), (DAILY_REMAINING, "-1")]);
        assert_eq!((found.window_usage, found.daily_usage), (None, None), "half of a pair");
    }

    #[test]
    fn parses_retry_after() {
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
