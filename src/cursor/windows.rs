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
        let length = length.max(Duration::from_millis(1));
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
        started: after_first(100_003),
        latest: after_first(100_003),
        unfinished: Duration::from_secs(3),
        start_date: None,
        lookback: Duration::ZERO,
        index_lag: Duration::from_secs(10),
        worst_lag: Duration::ZERO,
    };

    /// Returns the instant this many milliseconds after [`FIRST`].
    const fn after_first(millis: i64) -> Millis {
        Millis::new(FIRST.get() + millis)
    }

    fn span(lower: i64, upper: i64, end: i64) -> Span {
        Span { lower: Millis::new(lower), upper: Millis::new(upper), end: Millis::new(end) }
    }

    #[test]
    fn where_a_read_begins_and_ends() {
        let at = |millis| StreamState::read_until(after_first(millis));
        let end = after_first(50_000);
        let progress =
            Span { lower: Millis::EPOCH, upper: end, end }.progress(after_first(9), Some(3));
        let half = || StreamState::Scan(progress.clone());
        let upper = after_first(97_003);
        let start_date = Some(after_first(60_000));
        for (case, saved, start_date, full_refresh, generation, expected) in [
            ("nothing saved", StreamState::Unread, None, false, None, (FIRST, upper)),
            (
                "a start date",
                StreamState::Unread,
                start_date,
                false,
                None,
                (after_first(60_000), upper),
            ),
            ("a position", at(80_000), None, false, None, (after_first(70_000), upper)),
            (
                "one near the start date",
                at(61_000),
                start_date,
                false,
                None,
                (after_first(60_000), upper),
            ),
            ("a full refresh", at(80_000), None, true, None, (FIRST, upper)),
            (
                "one in the future",
                at(99_000),
                None,
                false,
                None,
                (after_first(99_000), after_first(99_000)),
            ),
            ("half a read", half(), None, false, None, (after_first(9), end)),
            ("half a refresh", half(), None, true, Some(3), (after_first(9), end)),
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
            let found = span(5, later, 28).windows(Duration::from_millis(10));
            assert_eq!(found.len(), windows, "{later}");
            assert_eq!(found.last().map(|window| window.to), Some(Millis::new(later)));
        }
        // Remainder of a span whose newest part has been read.
        let rest = span(5, 18, 28).windows(Duration::from_millis(10));
        let last = TimeWindow { from: Millis::new(15), to: Millis::new(18) };
        assert_eq!(rest.last(), Some(&last));
        let progress = span(5, 90, 28).progress(Millis::new(35), None);
        let end = Millis::new(28);
        assert_eq!((progress.lower, progress.upper), (end, end), "no more than the earlier clock");
    }

    #[test]
    fn windows_touch_and_cover_the_span() {
        let windows = span(5, 28, 28).windows(Duration::from_millis(10));
        let found: Vec<_> =
            windows.iter().map(|window| (window.from.get(), window.to.get())).collect();
        assert_eq!(found, [(5, 15), (15, 25), (25, 28)]);
        assert!(span(5, 5, 5).windows(Duration::from_millis(10)).is_empty());
    }
}
