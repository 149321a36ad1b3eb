//! Faults as data: the requests they affect, how often, and the effect.

use serde::{Deserialize, Serialize};

use crate::refusal::Limit;

/// One injected fault. As JSON:
/// `{"on":{"endpoint":"objects.list","when":{"nth":3}},"times":2,"kind":{"status":{"code":503}}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    #[serde(default)]
    pub on: Which,
    /// With [`When::Nth`]: number of consecutive faulty requests (default: one). Otherwise: maximum
    /// number of faulty requests (default: unlimited).
    #[serde(default)]
    pub times: Option<u64>,
    pub kind: Kind,
}

impl Fault {
    /// Creates a fault without [`Fault::times`].
    pub fn new(on: Which, kind: Kind) -> Self {
        Self { on, times: None, kind }
    }

    /// Returns the same fault with [`Fault::times`] set.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

/// Selects the requests that a fault affects: those that pass all filters, reduced by `when`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Which {
    /// Name of an endpoint as in the journal, such as `objects.list`.
    pub endpoint: Option<String>,
    /// Prefix of the path.
    pub path: Option<String>,
    /// Substring of the raw query.
    pub query: Option<String>,
    /// Only paths with a dated version, such as `/crm/objects/2026-03/…`.
    pub dated: bool,
    pub when: When,
}

impl Which {
    /// Selects every request.
    pub fn all() -> Self {
        Self::default()
    }

    /// Selects the nth request of all, counted from one.
    pub fn nth(n: u64) -> Self {
        Self { when: When::Nth(n), ..Self::default() }
    }

    /// Selects the nth request to an endpoint, counted from one.
    pub fn nth_of(endpoint: &str, n: u64) -> Self {
        Self { when: When::Nth(n), ..Self::endpoint(endpoint) }
    }

    /// Selects every nth request.
    pub fn every(n: u64) -> Self {
        Self { when: When::Every(n), ..Self::default() }
    }

    /// Selects every request to an endpoint.
    pub fn endpoint(endpoint: &str) -> Self {
        Self { endpoint: Some(endpoint.to_owned()), ..Self::default() }
    }

    /// Selects every request whose path has this prefix.
    pub fn path(prefix: &str) -> Self {
        Self { path: Some(prefix.to_owned()), ..Self::default() }
    }

    /// Selects a random share of all requests, between zero and one.
    pub fn share(share: f64, seed: u64) -> Self {
        Self { when: When::Share { share, seed }, ..Self::default() }
    }

    fn covers(&self, endpoint: &str, path: &str, query: &str) -> bool {
        self.endpoint.as_ref().is_none_or(|name| name == endpoint)
            && self.query.as_ref().is_none_or(|part| query.contains(part.as_str()))
            && self.path.as_ref().is_none_or(|prefix| path.starts_with(prefix.as_str()))
            && (!self.dated || path.split('/').any(is_dated))
    }
}

/// Returns `true` if a path segment is a dated version, such as `2026-03` or `2026-09-beta`.
fn is_dated(segment: &str) -> bool {
    let mut parts = segment.split('-');
    let digits = |part: Option<&str>, length| {
        part.is_some_and(|part| {
            part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    digits(parts.next(), 4)
        && digits(parts.next(), 2)
        && parts.next().is_none_or(|end| end == "beta")
}

/// Selection among the requests that pass the filters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    #[default]
    Always,
    /// The nth, counted from one, and the following ones up to [`Fault::times`] in total.
    Nth(u64),
    /// Every nth.
    Every(u64),
    /// A seeded random share, between zero and one.
    Share {
        share: f64,
        #[serde(default)]
        seed: u64,
    },
}

/// Effect of a fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 429 with the body of a rate-limit policy, whatever the quota counters say.
    RateLimited {
        policy: Policy,
        #[serde(default)]
        retry_after_s: Option<u64>,
    },
    /// A bare status: 5xx with an HTML page, 423 and 477 with JSON.
    Status {
        code: u16,
        #[serde(default)]
        retry_after_s: Option<u64>,
    },
    /// An error response in HubSpot's usual JSON layout.
    Refused { code: u16, category: String, message: String },
    /// A redirect to another address.
    Redirect { to: String },
    /// The path does not exist: a response that is not JSON.
    Gone { code: u16 },
    /// Exactly this body, sent as JSON if it looks like JSON and as HTML otherwise.
    Literal { code: u16, body: String },
    /// The connection is reset before the first byte of the response.
    Reset,
    /// The connection is reset after this many bytes of the body.
    ResetAfter { bytes: usize },
    /// Correct framing, but the JSON is cut off; `bytes` defaults to half of the body.
    Truncated {
        #[serde(default)]
        bytes: Option<usize>,
    },
    /// 200 with a body that starts like JSON but is invalid.
    Garbage,
    /// The same content with indentation and line feeds.
    Pretty,
    /// Text replacements in the body, applied in order to every occurrence, even if the result is
    /// not valid JSON.
    Replaced { texts: Vec<(String, String)> },
    /// The body is sent in chunks of this many bytes with a real pause between them and without a
    /// `Content-Length`.
    Slow { chunk_bytes: usize, pause_ms: u64 },
    /// The whole response is delayed by this many real milliseconds.
    Late { ms: u64 },
    /// 401 "expired 0 second(s) ago" although the token is valid.
    ExpiredToken,
    /// The next-page token of a list becomes an opaque string.
    OpaqueCursor,
    /// A page of a list or a search holds half as many records as requested and still has a next
    /// page.
    ShortPage,
    /// A page of a search, other than the last, is empty; the next page starts at the same
    /// position.
    EmptyPage,
    /// The records of a page are in reverse order; the next page is unaffected.
    TurnedPage,
    /// 500 to requests for more records than this, by their limit or number of inputs.
    HeavyPage { above: usize },
    /// A batch read returns only part of its results.
    PartialBatch(Partial),
    /// A page of a search, other than the last, omits its first hit but counts it in its total.
    SkippedHit,
    /// A list that reports more results gives no offset for the next page.
    NoOffset,
    /// Every page with a next page has the same next-page token.
    SameCursor,
}

/// Way in which a batch read response is incomplete. At least one result is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partial {
    /// Status `PENDING` and no results.
    Pending,
    /// Status `PROCESSING` and some of the results.
    Processing,
    /// `numErrors` counts the last input, but `errors` is empty.
    CountedError,
    /// The last input failed and is reported in `errors`.
    FailedInput,
    /// The last input is omitted without an error.
    LeftOut,
}

impl Kind {
    /// Returns the fault's name in the journal.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::Status { .. } => "status",
            Self::Refused { .. } => "refused",
            Self::Redirect { .. } => "redirect",
            Self::Gone { .. } => "gone",
            Self::Literal { .. } => "literal",
            Self::Reset => "reset",
            Self::ResetAfter { .. } => "reset_after",
            Self::Truncated { .. } => "truncated",
            Self::Garbage => "garbage",
            Self::Pretty => "pretty",
            Self::Replaced { .. } => "replaced",
            Self::Slow { .. } => "slow",
            Self::Late { .. } => "late",
            Self::ExpiredToken => "expired_token",
            Self::OpaqueCursor => "opaque_cursor",
            Self::ShortPage => "short_page",
            Self::EmptyPage => "empty_page",
            Self::TurnedPage => "turned_page",
            Self::HeavyPage { .. } => "heavy_page",
            Self::PartialBatch(_) => "partial_batch",
            Self::SkippedHit => "skipped_hit",
            Self::NoOffset => "no_offset",
            Self::SameCursor => "same_cursor",
        }
    }
}

/// The quota that a [`Kind::RateLimited`] reports as exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    TenSecondlyRolling,
    Secondly,
    Daily,
}

impl From<Policy> for Limit {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::TenSecondlyRolling => Self::TenSecondlyRolling,
            Policy::Secondly => Self::Secondly,
            Policy::Daily => Self::Daily,
        }
    }
}

/// The faults of a simulator with their counters.
#[derive(Debug, Default)]
pub struct Schedule {
    armed: Vec<Armed>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    matched: u64,
    fired: u64,
}

impl Schedule {
    pub fn new(faults: Vec<Fault>) -> Self {
        let mut schedule = Self::default();
        schedule.extend(faults);
        schedule
    }

    /// Adds faults; they count from the next request.
    pub fn extend(&mut self, faults: Vec<Fault>) {
        self.armed.extend(faults.into_iter().map(|fault| Armed { fault, matched: 0, fired: 0 }));
    }

    /// Removes all faults.
    pub fn clear(&mut self) {
        self.armed.clear();
    }

    /// Returns the effect of the first fault that is due for this request, and counts the request
    /// for all faults.
    pub fn pick(&mut self, endpoint: &str, path: &str, query: &str) -> Option<Kind> {
        let mut picked = None;
        for armed in &mut self.armed {
            if armed.fault.on.covers(endpoint, path, query) {
                armed.matched += 1;
                if picked.is_none() && armed.is_due() {
                    armed.fired += 1;
                    picked = Some(armed.fault.kind.clone());
                }
            }
        }
        picked
    }
}

impl Armed {
    fn is_due(&self) -> bool {
        let left = self.fault.times.is_none_or(|times| self.fired < times);
        match self.fault.on.when {
            When::Always => left,
            When::Nth(n) => self.matched >= n && self.fired < self.fault.times.unwrap_or(1),
            When::Every(n) => left && self.matched.is_multiple_of(n),
            When::Share { share, seed } => left && chance(seed, self.matched) < share,
        }
    }
}

/// Returns a number in `[0, 1)` that depends only on the arguments.
pub(crate) fn chance(seed: u64, number: u64) -> f64 {
    let mut hash = seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^= hash >> 31;
    f64::from(u32::try_from(hash >> 32).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the numbers of the faulty requests among twelve, sent alternately to two endpoints.
    fn faulty(fault: Fault) -> Vec<u64> {
        let mut schedule = Schedule::new(vec![fault]);
        (1..=12)
            .filter(|number| {
                let (endpoint, path) = if number % 2 == 1 {
                    ("objects.list", "/crm/v3/objects/contacts")
                } else {
                    ("owners.list", "/crm/owners/2026-03")
                };
                schedule.pick(endpoint, path, "").is_some()
            })
            .collect()
    }

    #[test]
    fn faults_strike_where_they_are_placed() {
        let dated = Which { dated: true, ..Which::default() };
        for (case, on, times, expected) in [
            ("third", Which::nth(3), None, vec![3]),
            ("a run", Which::nth(3), Some(3), vec![3, 4, 5]),
            ("second of an endpoint", Which::nth_of("owners.list", 2), None, vec![4]),
            ("every fifth", Which::every(5), None, vec![5, 10]),
            ("every third, once", Which::every(3), Some(1), vec![3]),
            ("a prefix", Which::path("/crm/v3/"), Some(2), vec![1, 3]),
            ("dated paths", dated, None, vec![2, 4, 6, 8, 10, 12]),
            ("no share", Which::share(0.0, 7), None, vec![]),
        ] {
            assert_eq!(faulty(Fault { on, times, kind: Kind::Reset }), expected, "{case}");
        }
    }

    #[test]
    fn a_share_is_met_and_repeats_with_its_seed() {
        let hits = |seed| {
            let mut schedule =
                Schedule::new(vec![Fault::new(Which::share(0.2, seed), Kind::Garbage)]);
            (0..10_000).map(|_| schedule.pick("x", "/x", "").is_some()).collect::<Vec<_>>()
        };
        let count = hits(1).iter().filter(|hit| **hit).count();
        assert!((1_800..2_200).contains(&count), "{count}");
        assert_eq!(hits(1), hits(1));
        assert_ne!(hits(1), hits(2));
    }

    #[test]
    fn faults_are_read_from_json() {
        let text = r#"[{"kind":"reset"},
            {"on":{"endpoint":"objects.list","when":{"nth":3}},"times":2,
             "kind":{"rate_limited":{"policy":"daily","retry_after_s":3}}},
            {"on":{"when":{"share":{"share":0.1,"seed":4}}},"kind":{"truncated":{}}}]"#;
        let faults: Vec<Fault> = serde_json::from_str(text).unwrap();
        assert_eq!(faults[0], Fault::new(Which::all(), Kind::Reset));
        let kind = Kind::RateLimited { policy: Policy::Daily, retry_after_s: Some(3) };
        assert_eq!(faults[1], Fault::new(Which::nth_of("objects.list", 3), kind).times(2));
        assert_eq!(faults[2].kind, Kind::Truncated { bytes: None });
    }
}
