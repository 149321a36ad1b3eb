//! The service's clock, learned from its `Date` headers.

use std::sync::OnceLock;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::time;

/// Maps instants of this process to the service's time.
///
/// A cursor compared with the service's timestamps has to be taken from the service's clock: the
/// machine's may be minutes off, and a cursor ahead of it loses records. Until a first answer has
/// come, the machine's clock stands in.
#[derive(Debug)]
pub struct ServerClock {
    born: (Instant, DateTime<Utc>),
    learned: OnceLock<(Instant, DateTime<Utc>)>,
}

impl ServerClock {
    pub fn new(born: Instant) -> Self {
        Self { born: (born, time::now()), learned: OnceLock::new() }
    }

    /// Learns from the first `Date` header that can be read; later ones change nothing, so that
    /// time never jumps within a run.
    ///
    /// The header has whole seconds, cut off, and is older than the answer's arrival, however long
    /// the request took: what is learned is never ahead.
    pub fn learn(&self, date_header: &str, answered_at: Instant) {
        if let Ok(date) = DateTime::parse_from_rfc2822(date_header) {
            let _first = self.learned.set((answered_at, date.to_utc()));
        }
    }

    /// Has an answer told the service's time?
    pub fn is_learned(&self) -> bool {
        self.learned.get().is_some()
    }

    /// The service's time at an instant of this process, never later than the truth.
    pub fn at(&self, instant: Instant) -> DateTime<Utc> {
        let (known, time) = *self.learned.get().unwrap_or(&self.born);
        let signed =
            |duration: std::time::Duration| TimeDelta::from_std(duration).unwrap_or_default();
        if instant >= known {
            time + signed(instant - known)
        } else {
            time - signed(known - instant)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn follows_the_first_date_header_and_no_other() {
        let start = Instant::now();
        let clock = ServerClock::new(start);
        clock.learn("not a date", start);
        assert!(!clock.is_learned());
        tokio::time::advance(Duration::from_secs(10)).await;
        clock.learn("Sat, 21 Nov 2026 08:00:10 GMT", Instant::now());
        clock.learn("Sat, 21 Nov 2026 23:00:00 GMT", Instant::now());
        assert!(clock.is_learned());
        assert_eq!(clock.at(start).to_rfc3339(), "2026-11-21T08:00:00+00:00");
        assert_eq!(clock.at(Instant::now()).to_rfc3339(), "2026-11-21T08:00:10+00:00");
    }
}
