//! Time windows of an event log that a sync reads.
//!
//! ```text
//! lower ≤ happened < upper                both bounds applied by the API
//! ├─ 30 days ─┼─ 30 days ─┼─ the rest ─┤
//! ```
//!
//! Windows are adjacent and do not overlap. The span starts before the saved position, because
//! events appear late, and ends a margin before the present.

use std::time::Duration;

use super::position::{FIRST, TimeBounds};
use super::ranges::IdRange;
use super::state::{ScanProgress, StreamState};
use super::task::ReadMode;
use crate::time::{Millis, TimeWindow};

/// Time span of a log to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Inclusive.
    pub lower: Millis,
    /// Exclusive.
    pub upper: Millis,
    /// Position of the finished read; not after `upper`.
    pub end: Millis,
}

impl Span {
    /// Determines the span to read: the rest of an interrupted read, or the events since the last
    /// position, or everything. `full_refresh` requests a full refresh.
    pub fn begin(
        saved: &StreamState,
        bounds: &TimeBounds,
        full_refresh: bool,
        generation: Option<i64>,
    ) -> Self {
        if let Some(progress) = saved.interrupted(full_refresh, generation) {
            let &ScanProgress { lower, upper, .. } = progress;
            return Self { lower, upper, end: upper };
        }
        let (end, upper) = (bounds.upper(), bounds.until());
        match saved.position().filter(|_| !full_refresh) {
            None => Self { lower: bounds.first().max(FIRST), upper, end },
            // There is nothing to read yet.
            Some(position) if position >= upper => {
                Self { lower: position, upper: position, end: position }
            }
            Some(position) => {
                Self { lower: bounds.lower(position).max(FIRST), upper, end: end.max(position) }
            }
        }
    }

    /// Splits the span into windows, oldest first.
    pub fn windows(self, length: Duration) -> Vec<TimeWindow> {
        let length = Millis::try_from(length.as_millis()).unwrap_or(Millis::MAX).max(1);
        let mut windows = Vec::new();
        let mut from = self.lower;
        while from < self.upper {
            let to = from.saturating_add(length);
            // The time between the two clocks is part of the last window, whatever its length.
            let to = if to >= self.end.min(self.upper) { self.upper } else { to };
            windows.push(TimeWindow { from, to });
            from = to;
        }
        windows
    }

    /// Returns the progress once everything before `done` has been emitted.
    pub fn progress(self, done: Millis, generation: Option<i64>) -> ScanProgress {
        ScanProgress {
            mode: ReadMode::List,
            lower: done.min(self.end),
            upper: self.end,
            remaining: vec![IdRange::ALL],
            generation,
            reconciled_until: None,
            filter: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: TimeBounds = TimeBounds {
        started: FIRST + 100_003,
        latest: FIRST + 100_003,
        unfinished: Duration::from_secs(3),
        start_date: None,
        lookback: Duration::ZERO,
        index_lag: Duration::from_secs(10),
        worst_lag: Duration::ZERO,
    };

    #[test]
    fn where_a_read_begins_and_ends() {
        let at = StreamState::read_until;
        let progress = Span { lower: 0, upper: FIRST + 50_000, end: FIRST + 50_000 }
            .progress(FIRST + 9, Some(3));
        let half = || StreamState::Scan(progress.clone());
        let upper = FIRST + 97_003;
        let start_date = Some(FIRST + 60_000);
        for (case, saved, start_date, full_refresh, generation, expected) in [
            ("nothing saved", StreamState::Unread, None, false, None, (FIRST, upper)),
            ("a start date", StreamState::Unread, start_date, false, None, (FIRST + 60_000, upper)),
            ("a position", at(FIRST + 80_000), None, false, None, (FIRST + 70_000, upper)),
            (
                "one near the start date",
                at(FIRST + 61_000),
                start_date,
                false,
                None,
                (FIRST + 60_000, upper),
            ),
            ("a full refresh", at(FIRST + 80_000), None, true, None, (FIRST, upper)),
            (
                "one in the future",
                at(FIRST + 99_000),
                None,
                false,
                None,
                (FIRST + 99_000, FIRST + 99_000),
            ),
            ("half a read", half(), None, false, None, (FIRST + 9, FIRST + 50_000)),
            ("half a refresh", half(), None, true, Some(3), (FIRST + 9, FIRST + 50_000)),
            ("half an older refresh", half(), None, true, Some(4), (FIRST, upper)),
        ] {
            let bounds = TimeBounds { start_date, ..BOUNDS };
            let span = Span::begin(&saved, &bounds, full_refresh, generation);
            assert_eq!((span.lower, span.upper), expected, "{case}");
        }
    }

    #[test]
    fn what_the_later_clock_adds_is_one_window() {
        for (later, windows) in [(28, 3), (29, 3), (5_000_000, 3)] {
            let span = Span { lower: 5, upper: later, end: 28 };
            let found = span.windows(Duration::from_millis(10));
            assert_eq!(found.len(), windows, "{later}");
            assert_eq!(found.last().map(|window| window.to), Some(later));
        }
        // Remainder of a span whose newest part has been read.
        let rest = Span { lower: 5, upper: 18, end: 28 }.windows(Duration::from_millis(10));
        assert_eq!(rest.last(), Some(&TimeWindow { from: 15, to: 18 }));
        let progress = Span { lower: 5, upper: 90, end: 28 }.progress(35, None);
        assert_eq!((progress.lower, progress.upper), (28, 28), "no more than the earlier clock");
    }

    #[test]
    fn windows_touch_and_cover_the_span() {
        let windows = Span { lower: 5, upper: 28, end: 28 }.windows(Duration::from_millis(10));
        let found: Vec<_> = windows.iter().map(|window| (window.from, window.to)).collect();
        assert_eq!(found, [(5, 15), (15, 25), (25, 28)]);
        assert!(Span { lower: 5, upper: 5, end: 5 }.windows(Duration::from_millis(10)).is_empty());
    }
}
