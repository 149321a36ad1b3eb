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

    /// Where a read of what changed since `position` begins, inclusive.
    pub fn lower(&self, position: Millis) -> Millis {
        let overlap = millis(self.lookback) + millis(self.index_lag);
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
        };
        assert_eq!(bounds.upper(), 9_997_000);
        assert_eq!(bounds.lower(9_000_000), 9_000_000 - 900_000);
        assert_eq!(bounds.lower(1_200_000), 1_000_000, "never before the start date");
        assert_eq!(Bounds { start_date: None, ..bounds }.lower(0), -900_000);
    }

    #[test]
    fn positions_have_six_digits() {
        assert_eq!(write_position(FIRST), "2006-06-01T00:00:00.000000Z");
        assert_eq!(write_position(1_709_294_400_123), "2024-03-01T12:00:00.123000Z");
        assert_eq!(write_position(0), "1970-01-01T00:00:00.000000Z");
    }
}
