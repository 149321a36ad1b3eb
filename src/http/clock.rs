//! HubSpot's clock, derived from its `Date` headers and this machine's clock.

use std::cell::{Cell, OnceCell};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

use crate::time;

/// Difference between two clocks above which a warning is due.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Maps instants of this process to wall-clock time, by two clocks.
///
/// Cursors are compared with HubSpot's timestamps, and a cursor ahead of those loses records.
/// Either clock can be wrong: the machine's if it is not synchronized, HubSpot's if an
/// intermediary (a gateway, a cache) sets its own `Date` header. If at least one of them is right,
/// [`earliest`](Self::earliest) is not ahead of the true time, and [`latest`](Self::latest) is not
/// behind it.
#[derive(Debug)]
pub struct ServerClock {
    machine: (Instant, DateTime<Utc>),
    learned: OnceCell<(Instant, DateTime<Utc>)>,
    /// Largest lag of a later header behind the first one, in milliseconds; never positive.
    set_back_ms: Cell<i64>,
    is_missing_reported: Cell<bool>,
}

/// A clock discrepancy, reported once per kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockSkew {
    /// Time by which HubSpot's clock is ahead of this machine's; negative if it is behind.
    Apart(TimeDelta),
    /// Time by which HubSpot's clock went back during the run.
    SetBack(TimeDelta),
    /// The `Date` header is missing or unreadable.
    Missing,
}

impl ServerClock {
    /// Creates a clock at instant `start`. `correction` is added to this machine's clock.
    pub fn new(start: Instant, correction: TimeDelta) -> Self {
        let now = time::now().checked_add_signed(correction).unwrap_or_else(time::now);
        Self {
            machine: (start, now),
            learned: OnceCell::new(),
            set_back_ms: Cell::new(0),
            is_missing_reported: Cell::new(false),
        }
    }

    /// Sets HubSpot's time from the first readable `Date` header. Later headers never move it
    /// forward, so that time does not jump within a run; one that is far behind lowers
    /// [`earliest`](Self::earliest).
    ///
    /// The header is truncated to whole seconds and was written before the response arrived,
    /// however long the request took, so the learned time is never ahead of HubSpot's clock.
    ///
    /// Returns a discrepancy to warn about, each kind once.
    pub fn learn(&self, date_header: Option<&str>, answered_at: Instant) -> Option<ClockSkew> {
        let date = date_header.and_then(|text| DateTime::parse_from_rfc2822(text).ok());
        let Some(date) = date.map(|date| date.to_utc()) else {
            let is_first = !self.is_learned() && !self.is_missing_reported.replace(true);
            return is_first.then_some(ClockSkew::Missing);
        };
        if self.learned.set((answered_at, date)).is_ok() {
            let apart = date - at(self.machine, answered_at);
            return (apart.abs() > TOLERANCE).then_some(ClockSkew::Apart(apart));
        }
        let moved = date - self.at(answered_at);
        if moved >= -TOLERANCE {
            return None;
        }
        let before = self.set_back_ms.get();
        self.set_back_ms.set(before.min(moved.num_milliseconds()));
        (before == 0).then_some(ClockSkew::SetBack(-moved))
    }

    /// Returns `true` once a response has provided HubSpot's time.
    pub fn is_learned(&self) -> bool {
        self.learned.get().is_some()
    }

    /// Returns HubSpot's time at an instant of this process, never ahead of its clock. Until
    /// the first response, this machine's clock is used.
    pub fn at(&self, instant: Instant) -> DateTime<Utc> {
        at(*self.learned.get().unwrap_or(&self.machine), instant)
    }

    /// Returns the time by the clock that is behind.
    pub fn earliest(&self, instant: Instant) -> DateTime<Utc> {
        let set_back = TimeDelta::milliseconds(self.set_back_ms.get());
        (self.at(instant) + set_back).min(at(self.machine, instant))
    }

    /// Returns the time by the clock that is ahead.
    pub fn latest(&self, instant: Instant) -> DateTime<Utc> {
        self.at(instant).max(at(self.machine, instant))
    }
}

fn at((known, time): (Instant, DateTime<Utc>), instant: Instant) -> DateTime<Utc> {
    let signed = |duration: std::time::Duration| TimeDelta::from_std(duration).unwrap_or_default();
    if instant >= known { time + signed(instant - known) } else { time - signed(known - instant) }
}

impl std::fmt::Display for ClockSkew {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Apart(apart) => {
                let side = if *apart > TimeDelta::zero() { "ahead of" } else { "behind" };
                write!(
                    formatter,
                    "its `Date` headers are {} {side} this machine's clock: until both agree, no \
                     state claims more than what had happened by the earlier of the two, so \
                     records may come again; set the machine's clock if it is the wrong one",
                    in_largest_units(*apart)
                )
            }
            Self::SetBack(by) => write!(
                formatter,
                "its `Date` headers went {} back during the run, so states claim no more than what \
                 had happened by the earliest of them",
                in_largest_units(*by)
            ),
            Self::Missing => formatter.write_str(
                "it answers without a `Date` header that can be read, so this machine's clock \
                 alone decides what a state claims; make sure that it is right",
            ),
        }
    }
}

fn in_largest_units(span: TimeDelta) -> String {
    let minutes = span.num_minutes().abs();
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const FIRST: &str = "Sat, 21 Nov 2026 08:00:10 GMT";

    /// Creates a clock whose machine time at `start` is `now`.
    fn on_machine(now: &str, start: Instant) -> ServerClock {
        let now = DateTime::parse_from_rfc3339(now).unwrap().to_utc();
        ServerClock { machine: (start, now), ..ServerClock::new(start, TimeDelta::zero()) }
    }

    #[tokio::test(start_paused = true)]
    async fn follows_the_first_date_header_and_no_other() {
        let start = Instant::now();
        let clock = on_machine("2026-11-21T08:00:00Z", start);
        assert_eq!(clock.learn(Some("not a date"), start), Some(ClockSkew::Missing));
        assert_eq!(clock.learn(None, start), None, "it is reported once");
        assert!(!clock.is_learned());
        tokio::time::advance(Duration::from_secs(10)).await;
        for date in [FIRST, "Sat, 21 Nov 2026 23:00:00 GMT", "Sat, 21 Nov 2026 07:56:00 GMT"] {
            assert_eq!(clock.learn(Some(date), Instant::now()), None, "{date}");
        }
        assert!(clock.is_learned());
        assert_eq!(clock.at(start).to_rfc3339(), "2026-11-21T08:00:00+00:00");
        for time in [clock.at(Instant::now()), clock.earliest(Instant::now())] {
            assert_eq!(time.to_rfc3339(), "2026-11-21T08:00:10+00:00");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_earliest_time_is_that_of_the_clock_behind() {
        let hour = TimeDelta::hours(1);
        for (machine, later, skews, earliest, latest) in [
            ("2026-11-21T08:00:10Z", FIRST, vec![], "08:00:10", "08:00:10"),
            ("2026-11-21T08:04:10Z", FIRST, vec![], "08:00:10", "08:04:10"),
            ("2026-11-21T09:00:10Z", FIRST, vec![ClockSkew::Apart(-hour)], "08:00:10", "09:00:10"),
            ("2026-11-21T07:00:10Z", FIRST, vec![ClockSkew::Apart(hour)], "07:00:10", "08:00:10"),
            (
                "2026-11-21T08:00:10Z",
                "Sat, 21 Nov 2026 07:00:10 GMT",
                vec![ClockSkew::SetBack(hour)],
                "07:00:10",
                "08:00:10",
            ),
            (
                "2026-11-21T08:00:10Z",
                "Sat, 21 Nov 2026 09:00:10 GMT",
                vec![],
                "08:00:10",
                "08:00:10",
            ),
        ] {
            let start = Instant::now();
            let clock = on_machine(machine, start);
            let reported = [FIRST, later, later].map(|date| clock.learn(Some(date), start));
            assert_eq!(
                reported.into_iter().flatten().collect::<Vec<_>>(),
                skews,
                "{machine} {later}"
            );
            let found = [clock.earliest(start), clock.latest(start)];
            let found = found.map(|time| time.format("%H:%M:%S").to_string());
            assert_eq!(found, [earliest, latest], "{machine} {later}");
        }
    }

    #[test]
    fn spans_have_their_two_largest_units() {
        for (seconds, expected) in
            [(360, "6 min"), (-5_400, "1 h 30 min"), (86_400 * 67 + 7_200, "67 d 2 h")]
        {
            assert_eq!(in_largest_units(TimeDelta::seconds(seconds)), expected);
        }
    }
}
