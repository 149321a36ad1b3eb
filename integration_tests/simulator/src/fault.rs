//! Faults as data: which requests go wrong, how often and how.

use serde::{Deserialize, Serialize};

use crate::refusal::Limit;

/// One thing that goes wrong. As JSON:
/// `{"on":{"endpoint":"objects.list","when":{"nth":3}},"times":2,"kind":{"status":{"code":503}}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    #[serde(default)]
    pub on: Which,
    /// With [`When::Nth`] the length of the run of faulty requests (one if left out), otherwise
    /// the most requests to spoil (no bound if left out).
    #[serde(default)]
    pub times: Option<u64>,
    pub kind: Kind,
}

impl Fault {
    /// A fault without a bound of its own.
    pub fn new(on: Which, kind: Kind) -> Self {
        Self { on, times: None, kind }
    }

    /// The same fault with [`Fault::times`] set.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

/// Which requests a fault is about: those that pass all filters, thinned out by `when`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Which {
    /// Name of an endpoint as the journal has it, such as `objects.list`.
    pub endpoint: Option<String>,
    /// How the path begins.
    pub path: Option<String>,
    /// What stands somewhere in the query, as it was sent.
    pub query: Option<String>,
    /// Only paths of dated versions, such as `/crm/objects/2026-03/…`.
    pub dated: bool,
    pub when: When,
}

impl Which {
    /// Every request.
    pub fn all() -> Self {
        Self::default()
    }

    /// The nth request of all, counted from one.
    pub fn nth(n: u64) -> Self {
        Self { when: When::Nth(n), ..Self::default() }
    }

    /// The nth request to an endpoint, counted from one.
    pub fn nth_of(endpoint: &str, n: u64) -> Self {
        Self { when: When::Nth(n), ..Self::endpoint(endpoint) }
    }

    /// Every nth request.
    pub fn every(n: u64) -> Self {
        Self { when: When::Every(n), ..Self::default() }
    }

    /// Every request to an endpoint.
    pub fn endpoint(endpoint: &str) -> Self {
        Self { endpoint: Some(endpoint.to_owned()), ..Self::default() }
    }

    /// Every request whose path begins so.
    pub fn path(prefix: &str) -> Self {
        Self { path: Some(prefix.to_owned()), ..Self::default() }
    }

    /// A random share of all requests, between zero and one.
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

/// Is a path segment a dated version, such as `2026-03` or `2026-09-beta`?
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

/// Which of the requests that pass the filters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    #[default]
    Always,
    /// The nth, counted from one, and as many after it as [`Fault::times`] says.
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

/// How a request goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 429 with a policy's body, whatever the counters say.
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
    /// HubSpot says no, in the layout of all its refusals.
    Refused { code: u16, category: String, message: String },
    /// The answer points to another address.
    Redirect { to: String },
    /// The path does not exist: an answer that is not JSON.
    Gone { code: u16 },
    /// This answer and no other, as JSON if it begins like it and as a page otherwise.
    Literal { code: u16, body: String },
    /// The connection is reset before the first byte of the answer.
    Reset,
    /// The connection is reset after so many bytes of the body.
    ResetAfter { bytes: usize },
    /// Framed correctly, but the JSON ends in the middle; `bytes` defaults to half of the body.
    Truncated {
        #[serde(default)]
        bytes: Option<usize>,
    },
    /// 200 with something that only begins like JSON.
    Garbage,
    /// The same content with indentation and line feeds.
    Pretty,
    /// Texts in the body are replaced by others, each pair in turn, wherever they stand and whatever
    /// that makes of the JSON.
    Replaced { texts: Vec<(String, String)> },
    /// The body drips: so many bytes, then a real pause, and so on, without a length up front.
    Slow { chunk_bytes: usize, pause_ms: u64 },
    /// The whole answer comes late, in real milliseconds.
    Late { ms: u64 },
    /// 401 "expired 0 second(s) ago" though the token is valid.
    ExpiredToken,
    /// The next-page token of a list becomes text that only the server understands.
    OpaqueCursor,
    /// A page of a list or a search holds half as many records as asked for and still has a next
    /// page.
    ShortPage,
    /// A page of a search that is not the last holds nothing; the next one begins where it did.
    EmptyPage,
    /// A page shows its records in the opposite order; the next page is the same as ever.
    TurnedPage,
    /// 500 to requests for more records than this, by their limit or the number of their inputs.
    HeavyPage { above: usize },
    /// A batch read answers in part.
    PartialBatch(Partial),
    /// A page of a search that is not the last is without its first hit, which its total counts.
    SkippedHit,
    /// A list that says it has more gives no offset to go on with.
    NoOffset,
    /// The token for the next page is the same on every page that has one.
    SameCursor,
}

/// How the answer to a batch read is incomplete. One result at least is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partial {
    /// Status `PENDING`, without results.
    Pending,
    /// Status `PROCESSING`, with some of the results.
    Processing,
    /// `numErrors` counts the last input, and `errors` is empty.
    CountedError,
    /// The last input failed, and `errors` says so.
    FailedInput,
    /// The last input is left out without a word.
    LeftOut,
}

impl Kind {
    /// The fault's name for the journal.
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

/// The quota that a [`Kind::RateLimited`] claims was used up.
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

/// The faults of a simulator with what they have seen so far.
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

    /// Takes all faults away.
    pub fn clear(&mut self) {
        self.armed.clear();
    }

    /// What goes wrong with this request: the first fault in order whose turn it is.
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

/// A number in `[0, 1)` that depends on nothing but its arguments.
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

    /// The numbers of the faulty ones among twelve requests, alternately to two endpoints.
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
