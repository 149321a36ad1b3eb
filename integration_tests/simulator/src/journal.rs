//! Journal of requests and responses: counters without limit, entries up to a configured number.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use http::Method;
use serde::{Serialize, Serializer};

use crate::route::Bucket;

/// Endpoint name of write requests that no route serves.
pub const WRITE: &str = "write";
/// Endpoint name of requests to paths that no route serves.
pub const UNKNOWN: &str = "unknown";

/// Retention of the journal.
#[derive(Debug, Clone, Copy)]
pub struct JournalConfig {
    /// Maximum number of entries; the newest are kept.
    pub keep: usize,
    /// `true` if request bodies are kept.
    pub bodies: bool,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self { keep: 200_000, bodies: false }
    }
}

/// One request and its result.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Sequence number in order of arrival, starting at one.
    pub number: u64,
    /// Simulated instant of arrival.
    pub at_ms: i64,
    #[serde(serialize_with = "method_text")]
    pub method: Method,
    /// Percent-decoded, without the query.
    pub path: String,
    /// The query as it was sent.
    pub query: String,
    /// Name of the route, [`WRITE`] or [`UNKNOWN`].
    pub endpoint: &'static str,
    pub bucket: Bucket,
    pub status: u16,
    /// Size of the response body as sent.
    pub bytes: usize,
    /// The app that the token belongs to, if the token was valid.
    pub app_id: Option<u64>,
    /// Name of the fault that was applied.
    pub fault: Option<&'static str>,
    /// The request's body, if bodies are kept.
    pub body: Option<String>,
}

fn method_text<S: Serializer>(method: &Method, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(method.as_str())
}

/// Counters of one endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    pub requests: u64,
    pub bytes: u64,
    pub statuses: BTreeMap<u16, u64>,
}

/// The largest number of requests that arrived in a rolling window, rejected ones included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Peak {
    pub per_second: usize,
    pub per_ten_seconds: usize,
}

/// Counters of all requests so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub requests: u64,
    pub bytes: u64,
    /// Number of responses with status 429.
    pub rate_limited: u64,
    /// Number of write requests.
    pub writes: u64,
    pub endpoints: BTreeMap<&'static str, Count>,
    pub peaks: BTreeMap<Bucket, Peak>,
}

/// All requests of one simulator.
#[derive(Debug)]
pub struct Journal {
    config: JournalConfig,
    entries: VecDeque<Entry>,
    summary: Summary,
    recent: BTreeMap<Bucket, [VecDeque<i64>; 2]>,
    /// Method and path of every request other than GET, including those whose entries were dropped.
    beside_gets: BTreeSet<(String, String)>,
}

impl Journal {
    pub fn new(config: JournalConfig) -> Self {
        Self {
            config,
            entries: VecDeque::new(),
            summary: Summary::default(),
            recent: BTreeMap::new(),
            beside_gets: BTreeSet::new(),
        }
    }

    /// Returns `true` if request bodies are kept.
    pub fn keeps_bodies(&self) -> bool {
        self.config.bodies
    }

    /// Records an arrival for the peaks.
    pub fn arrive(&mut self, bucket: Bucket, at_ms: i64) {
        let peak = self.summary.peaks.entry(bucket).or_default();
        let [second, ten_seconds] = self.recent.entry(bucket).or_default();
        peak.per_second = peak.per_second.max(roll(second, at_ms, 1_000));
        peak.per_ten_seconds = peak.per_ten_seconds.max(roll(ten_seconds, at_ms, 10_000));
    }

    /// Records a finished request.
    pub fn record(&mut self, entry: Entry) {
        let bytes = u64::try_from(entry.bytes).unwrap_or(u64::MAX);
        let summary = &mut self.summary;
        summary.requests += 1;
        summary.bytes += bytes;
        summary.rate_limited += u64::from(entry.status == 429);
        summary.writes += u64::from(entry.endpoint == WRITE);
        if entry.method != Method::GET {
            self.beside_gets.insert((entry.method.to_string(), entry.path.clone()));
        }
        let count = summary.endpoints.entry(entry.endpoint).or_default();
        count.requests += 1;
        count.bytes += bytes;
        *count.statuses.entry(entry.status).or_default() += 1;
        if self.config.keep > 0 {
            if self.entries.len() >= self.config.keep {
                self.entries.pop_front();
            }
            self.entries.push_back(entry);
        }
    }

    /// Returns the retained entries in order of arrival.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.entries.iter().cloned().collect();
        entries.sort_by_key(|entry| entry.number);
        entries
    }

    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Method and path of every request other than GET since the start.
    pub fn beside_gets(&self) -> &BTreeSet<(String, String)> {
        &self.beside_gets
    }

    /// Clears everything except the requests other than GET.
    pub fn clear(&mut self) {
        let beside_gets = std::mem::take(&mut self.beside_gets);
        *self = Self { beside_gets, ..Self::new(self.config) };
    }
}

/// Adds an arrival to a rolling window. Returns the number of arrivals in it.
fn roll(window: &mut VecDeque<i64>, at_ms: i64, length_ms: i64) -> usize {
    while window.front().is_some_and(|arrival| *arrival <= at_ms - length_ms) {
        window.pop_front();
    }
    window.push_back(at_ms);
    window.len()
}

/// Returns the largest number of entries of a bucket in any rolling window of this length, rejected
/// ones included.
pub fn most_in_window(entries: &[Entry], bucket: Bucket, length_ms: i64) -> usize {
    let mut arrivals: Vec<i64> =
        entries.iter().filter(|entry| entry.bucket == bucket).map(|entry| entry.at_ms).collect();
    arrivals.sort_unstable();
    let mut window = VecDeque::new();
    arrivals.into_iter().map(|at_ms| roll(&mut window, at_ms, length_ms)).max().unwrap_or_default()
}

/// Returns the number of entries of an endpoint.
pub fn count(entries: &[Entry], endpoint: &str) -> usize {
    entries.iter().filter(|entry| entry.endpoint == endpoint).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64, at_ms: i64, endpoint: &'static str, status: u16) -> Entry {
        Entry {
            number,
            at_ms,
            method: Method::GET,
            path: "/x".to_owned(),
            query: String::new(),
            endpoint,
            bucket: Bucket::Search,
            status,
            bytes: 10,
            app_id: None,
            fault: None,
            body: None,
        }
    }

    #[test]
    fn windows_are_rolling_and_half_open() {
        let entries: Vec<Entry> =
            [0, 500, 999, 1_000, 1_499, 5_000].map(|at_ms| entry(0, at_ms, "x", 200)).into();
        for (length_ms, expected) in [(1, 1), (500, 2), (1_000, 4), (10_000, 6)] {
            assert_eq!(most_in_window(&entries, Bucket::Search, length_ms), expected);
        }
        assert_eq!(most_in_window(&entries, Bucket::General, 1_000), 0);
        assert_eq!(count(&entries, "x"), 6);
    }

    #[test]
    fn counters_outlive_the_entries() {
        let mut journal = Journal::new(JournalConfig { keep: 2, bodies: false });
        for number in 1..=5 {
            journal.arrive(Bucket::Search, 100);
            let (endpoint, status) = if number == 3 { (WRITE, 405) } else { ("x", 429) };
            journal.record(entry(number, 100, endpoint, status));
        }
        let summary = journal.summary();
        assert_eq!((summary.requests, summary.bytes), (5, 50));
        assert_eq!((summary.rate_limited, summary.writes), (4, 1));
        assert_eq!(summary.endpoints["x"].statuses[&429], 4);
        assert_eq!(summary.peaks[&Bucket::Search].per_second, 5);
        let numbers: Vec<u64> = journal.entries().iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, [4, 5]);
        journal.clear();
        assert_eq!(journal.summary(), &Summary::default());
    }
}
