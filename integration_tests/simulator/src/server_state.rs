//! State shared by all connections.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::Duration;

use crate::clock::Clock;
use crate::config::Config;
use crate::contract::judge::Judge;
use crate::fault::{Schedule, chance};
use crate::journal::Journal;
use crate::portal::{Change, Portal};
use crate::quota::{Limits, Quotas};
use crate::settings::Settings;
use crate::sync::{lock, write};
use crate::token::Tokens;

/// State of one simulator.
pub(crate) struct ServerState {
    pub(crate) clock: Clock,
    pub(crate) portal: RwLock<Portal>,
    pub(crate) settings: Settings,
    pub(crate) portal_id: u64,
    pub(crate) tokens: Mutex<Tokens>,
    pub(crate) quotas: Mutex<Quotas>,
    pub(crate) faults: Mutex<Schedule>,
    pub(crate) journal: Mutex<Journal>,
    pub(crate) judge: Option<Judge>,
    /// Number of requests so far.
    pub(crate) requests: AtomicU64,
    /// Number of rejected searches so far, for alternating the two error bodies.
    pub(crate) searches_refused: AtomicU64,
    /// Changes to apply before the first request with at least this number.
    scheduled: Mutex<Vec<(u64, Change)>>,
    latency: Duration,
    jitter: Duration,
    seed: u64,
}

impl ServerState {
    pub(crate) fn new(config: Config) -> Self {
        let clock = Clock::new(config.clock);
        let settings = config.settings;
        let tier = Limits::of(&config.access)
            .times(settings.quota_factor)
            .with_general(settings.general_window);
        let limits = Limits { daily: settings.daily_limit.unwrap_or(tier.daily), ..tier };
        let seed = config.portal.seed;
        let mut portal = Portal::new(config.portal, settings.clone(), clock.now_ms());
        portal.daily_limit = limits.daily;
        Self {
            portal_id: portal.portal_id(),
            portal: RwLock::new(portal),
            tokens: Mutex::new(Tokens::new(config.access)),
            quotas: Mutex::new(Quotas::new(
                limits,
                settings.other_apps,
                settings.utc_offset_ms,
                settings.quota,
            )),
            faults: Mutex::new(Schedule::new(config.faults)),
            journal: Mutex::new(Journal::new(config.journal)),
            judge: config.judged.then(Judge::default),
            requests: AtomicU64::new(0),
            searches_refused: AtomicU64::new(0),
            scheduled: Mutex::default(),
            latency: config.latency,
            jitter: config.jitter,
            settings,
            clock,
            seed,
        }
    }

    /// Applies a change now.
    pub(crate) fn change(&self, change: &Change) -> Result<(), String> {
        let mut portal = write(&self.portal);
        let now_ms = self.clock.now_ms();
        portal.apply(change, now_ms)
    }

    /// Schedules changes right before future requests, numbered from the next one.
    pub(crate) fn schedule(&self, changes: Vec<(u64, Change)>) {
        let so_far = self.requests.load(Ordering::Relaxed);
        let numbered = changes.into_iter().map(|(number, change)| (so_far + number, change));
        lock(&self.scheduled).extend(numbered);
    }

    /// Cancels the changes that have not been applied yet.
    pub(crate) fn unschedule(&self) {
        lock(&self.scheduled).clear();
    }

    /// Applies the changes that are scheduled for a request. A change that is no longer applicable
    /// is skipped.
    pub(crate) fn change_before(&self, request: u64) {
        let mut scheduled = lock(&self.scheduled);
        for (_, change) in scheduled.extract_if(.., |(number, _)| *number <= request) {
            let _does_not_fit = self.change(&change);
        }
    }

    /// Returns the delay, in real time, of the response to a request.
    pub(crate) fn delay(&self, request: u64) -> Duration {
        if self.latency.is_zero() && self.jitter.is_zero() {
            return Duration::ZERO;
        }
        self.clock.real(self.latency + self.jitter.mul_f64(chance(self.seed, request)))
    }
}
