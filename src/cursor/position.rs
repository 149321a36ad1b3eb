//! Values of a cursor, and the bounds that follow from them.

use std::time::Duration;

use chrono::DateTime;

use crate::time::Millis;

/// What decides where a read begins and ends.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The service's time when the sync began.
    pub started: Millis,
    /// How close to that a window may end.
    pub unfinished: Duration,
    /// Records modified before this are left out.
    pub start_date: Option<Millis>,
    /// How far before the saved position a read begins at the user's wish.
    pub lookback: Duration,
    /// How far behind the records the service's search may be.
    pub index_lag: Duration,
    /// How far behind it may be at worst. What changed so lately is searched for once more.
    pub worst_lag: Duration,
}

impl Bounds {
    /// The end of every window of this sync, exclusive; the position that a finished read claims.
    pub fn upper(&self) -> Millis {
        self.started - millis(self.unfinished)
    }

    /// Where a read of everything begins, inclusive.
    pub fn first(&self) -> Millis {
        self.start_date.unwrap_or(Millis::MIN)
    }

    /// Where a search for what changed since `position` begins, inclusive, and what is settled
    /// once it is finished: every change before that moment has been searched for after the worst
    /// lag of the index. `None` stands for the worst lag before the position.
    ///
    /// ```text
    ///  settled         position   upper
    ///     │── searched ────│── new ──│          once more if upper − settled ≥ 2 · worst lag
    /// ```
    pub fn since(&self, position: Millis, settled: Option<Millis>) -> (Millis, Option<Millis>) {
        let worst = millis(self.worst_lag);
        let settled = settled.unwrap_or(position.saturating_sub(worst)).min(position);
        let lower = self.lower(position);
        if self.upper().saturating_sub(settled) < worst.saturating_mul(2) {
            return (lower, Some(settled));
        }
        (lower.min(settled).max(self.first()), None)
    }

    /// Where a read of what changed since `position` begins, inclusive.
    pub fn lower(&self, position: Millis) -> Millis {
        let overlap = millis(self.lookback).saturating_add(millis(self.index_lag));
        position.saturating_sub(overlap).max(self.first())
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// 2006-06-01, before HubSpot was: what the Python connector takes for "from the beginning".
pub const FIRST: Millis = 1_149_120_000_000;

/// How a stream's position is written in its state: as the Python connector writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorFormat {
    /// `"2026-11-20T10:00:00.000000Z"`
    Iso,
    /// `"1709294400123"`: milliseconds, as text.
    Millis,
}

impl CursorFormat {
    pub(super) fn write(self, position: Millis) -> String {
        match self {
            Self::Iso => write_position(position),
            Self::Millis => position.to_string(),
        }
    }
}

/// `2026-11-20T10:00:00.000000Z`
pub(super) fn write_position(position: Millis) -> String {
    DateTime::from_timestamp_millis(position)
        .unwrap_or_default()
        .format("%Y-%m-%dT%H:%M:%S%.6fZ")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_overlaps_the_last_one_and_stops_short_of_the_present() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let bounds = Bounds {
            started: 10_000_000,
            unfinished: Duration::from_secs(3),
            start_date: Some(1_000_000),
            lookback: minutes(10),
            index_lag: minutes(5),
            worst_lag: minutes(60),
        };
        assert_eq!(bounds.upper(), 9_997_000);
        assert_eq!(bounds.lower(9_000_000), 9_000_000 - 900_000);
        assert_eq!(bounds.lower(1_200_000), 1_000_000, "never before the start date");
        assert_eq!(Bounds { start_date: None, ..bounds }.lower(0), -900_000);
    }

    #[test]
    fn what_the_index_may_have_shown_late_is_searched_for_once_more() {
        const MINUTE: Millis = 60_000;
        let bounds = |started| Bounds {
            started,
            unfinished: Duration::ZERO,
            start_date: None,
            lookback: Duration::ZERO,
            index_lag: Duration::from_mins(5),
            worst_lag: Duration::from_hours(1),
        };
        for (case, now, position, settled, expected) in [
            ("a minute later", 1_001, 1_000, None, (995, Some(940))),
            ("an hour later", 1_060, 1_000, None, (940, None)),
            ("a day later", 2_440, 1_000, None, (940, None)),
            ("minutes later again", 1_059, 1_058, Some(940), (1_053, Some(940))),
            ("when an hour of them has settled", 1_060, 1_059, Some(940), (940, None)),
            ("a position in the future", 1_000, 9_000, None, (8_995, Some(8_940))),
        ] {
            let settled = settled.map(|minutes: Millis| minutes * MINUTE);
            let (lower, after) = bounds(now * MINUTE).since(position * MINUTE, settled);
            let found = (lower / MINUTE, after.map(|moment| moment / MINUTE));
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn positions_have_six_digits() {
        assert_eq!(write_position(FIRST), "2006-06-01T00:00:00.000000Z");
        assert_eq!(write_position(1_709_294_400_123), "2024-03-01T12:00:00.123000Z");
        assert_eq!(write_position(0), "1970-01-01T00:00:00.000000Z");
    }
}
