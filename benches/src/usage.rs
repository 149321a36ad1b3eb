//! Evaluates how much of HubSpot's quotas the requests used, from the simulator's journal. No I/O.

use std::collections::BTreeMap;
use std::time::Duration;

use hubspot_simulator::{Bucket, Entry};

use crate::figure::{Points, float};

/// A sliding-window quota: `requests` in any `length_ms` milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) requests: u64,
    pub(crate) length_ms: i64,
}

impl Allowance {
    /// General quota of a professional account.
    pub(crate) const GENERAL: Self = Self { requests: 190, length_ms: 10_000 };
    pub(crate) const SEARCH: Self = Self { requests: 5, length_ms: 1_000 };
    pub(crate) const ASSOCIATIONS: Self = Self { requests: 150, length_ms: 10_000 };

    /// Returns the quota with its requests multiplied by `factor`.
    pub(crate) fn times(self, factor: u64) -> Self {
        Self { requests: self.requests * factor, ..self }
    }

    pub(crate) fn per_second(self) -> f64 {
        float(self.requests) * 1_000.0 / float(self.length_ms.unsigned_abs())
    }

    /// Returns the used share of the quota over the complete windows between the first and the last
    /// arrival; 1.0 is full use. `None` if there is no complete window.
    pub(crate) fn share(self, arrivals_ms: &[i64]) -> Option<f64> {
        let (first, last) = (arrivals_ms.first()?, arrivals_ms.last()?);
        let windows = u64::try_from((last - first) / self.length_ms).ok().filter(|n| *n > 0)?;
        let end = first + i64::try_from(windows).ok()? * self.length_ms;
        let sent = arrivals_ms.iter().filter(|at| **at < end).count() as u64;
        Some(float(sent) / float(windows * self.requests))
    }

    /// Returns the minimum time between the first and the last of `requests` requests.
    pub(crate) fn least(self, requests: u64) -> Duration {
        let windows = requests.div_ceil(self.requests).saturating_sub(1);
        Duration::from_millis(windows * self.length_ms.unsigned_abs())
    }
}

/// Returns the sorted arrival times of the accepted requests of a bucket.
pub(crate) fn arrivals_ms(entries: &[Entry], bucket: Bucket) -> Vec<i64> {
    let served = entries.iter().filter(|entry| entry.bucket == bucket && entry.status != 429);
    let mut arrivals: Vec<_> = served.map(|entry| entry.at_ms).collect();
    arrivals.sort_unstable();
    arrivals
}

/// Returns the number of responses with status 429.
pub(crate) fn refused(entries: &[Entry]) -> u64 {
    entries.iter().filter(|entry| entry.status == 429).count() as u64
}

/// Returns points (second, requests per second) at intervals of `step_ms`: the mean over the
/// preceding `length_ms`.
pub(crate) fn rates(arrivals_ms: &[i64], length_ms: i64, step_ms: i64) -> Points {
    let (Some(&first), Some(&last)) = (arrivals_ms.first(), arrivals_ms.last()) else {
        return Vec::new();
    };
    let steps = (last - first) / step_ms;
    let at = |step: i64| {
        let now = first + step * step_ms;
        let in_window = arrivals_ms.iter().filter(|at| (now - length_ms + 1..=now).contains(*at));
        let rate = float(in_window.count() as u64) * 1_000.0 / float(length_ms.unsigned_abs());
        (float((step * step_ms).unsigned_abs()) / 1_000.0, rate)
    };
    (1..=steps).map(at).collect()
}

/// Returns the length of the longest chain of requests that depend on one another: the first page
/// of a path and the pages requested by token after it.
pub(crate) fn longest_chain(entries: &[Entry]) -> u32 {
    let mut pages: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.status != 429) {
        let Some((before, after)) = entry.query.split_once("after=") else { continue };
        // The other query parameters distinguish chains with the same path.
        if !after.is_empty() {
            *pages.entry((&entry.path, before)).or_default() += 1;
        }
    }
    pages.into_values().max().unwrap_or_default() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: Allowance = Allowance { requests: 5, length_ms: 1_000 };

    fn entry(at_ms: i64, bucket: Bucket, status: u16, query: &str) -> Entry {
        Entry {
            number: 0,
            at_ms,
            method: "GET".parse().unwrap(),
            path: "/x".to_owned(),
            query: query.to_owned(),
            endpoint: "x",
            bucket,
            status,
            bytes: 0,
            app_id: None,
            fault: None,
            body: None,
        }
    }

    #[test]
    fn the_share_is_that_of_whole_windows() {
        for (case, arrivals, expected) in [
            ("nothing", vec![], None),
            ("less than a window", vec![0, 999], None),
            ("a full window and the next one's first", vec![0, 0, 0, 0, 0, 1_000], Some(1.0)),
            ("one in five", vec![7, 1_007, 2_007], Some(0.2)),
            ("the rest is left out", vec![0, 1_000, 2_000, 2_001, 2_002], Some(0.2)),
            ("four in five", vec![0, 300, 600, 900, 1_200], Some(0.8)),
        ] {
            assert_eq!(FIVE.share(&arrivals), expected, "{case}");
        }
    }

    #[test]
    fn the_first_window_is_free() {
        for (requests, seconds) in [(0, 0), (1, 0), (5, 0), (6, 1), (10, 1), (11, 2)] {
            assert_eq!(FIVE.least(requests), Duration::from_secs(seconds), "{requests}");
        }
        assert_eq!(Allowance::GENERAL.times(10).requests, 1_900);
        assert!((Allowance::GENERAL.per_second() - 19.0).abs() < 1e-9);
    }

    #[test]
    fn refused_requests_are_counted_apart() {
        let entries = [
            entry(20, Bucket::General, 200, ""),
            entry(10, Bucket::General, 404, ""),
            entry(15, Bucket::General, 429, ""),
            entry(12, Bucket::Search, 200, ""),
        ];
        assert_eq!(arrivals_ms(&entries, Bucket::General), [10, 20]);
        assert_eq!(refused(&entries), 1);
    }

    #[test]
    fn rates_are_means_of_the_time_before() {
        let arrivals = [0, 100, 200, 1_500, 2_000];
        assert_eq!(rates(&arrivals, 1_000, 1_000), [(1.0, 2.0), (2.0, 2.0)]);
        assert_eq!(rates(&arrivals, 2_000, 1_000), [(1.0, 1.5), (2.0, 2.0)]);
        assert_eq!(rates(&[], 1_000, 1_000), []);
    }

    #[test]
    fn a_chain_is_a_first_page_and_those_it_led_to() {
        let page = |query: &str| entry(0, Bucket::General, 200, query);
        for (case, queries, expected) in [
            ("one page", vec!["limit=100"], 1),
            ("three pages", vec!["a=1", "a=1&after=5", "a=1&after=9"], 3),
            ("two series of two", vec!["a=1", "a=2", "a=1&after=5", "a=2&after=5"], 2),
        ] {
            let entries: Vec<_> = queries.into_iter().map(page).collect();
            assert_eq!(longest_chain(&entries), expected, "{case}");
        }
    }
}
