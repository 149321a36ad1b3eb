//! Cursor values and the bounds derived from them.

use std::time::Duration;

use serde_json::Value;

use crate::time::{Millis, parse_instant};

/// The saved state cannot be used; the message describes the defect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadState(pub String);

/// Inputs that determine the window of a read.
#[derive(Debug, Clone, Copy)]
pub struct TimeBounds {
    /// Start of the sync by the earlier of the API's clock and the local clock. If either clock is
    /// right, everything before this instant had happened when the sync started. Checkpoints use
    /// it.
    pub started: Millis,
    /// Start of the sync by the later of the two clocks. Windows extend up to it.
    pub latest: Millis,
    /// Margin between the start of the sync and the end of a window.
    pub unfinished: Duration,
    /// Records modified before this instant are skipped.
    pub start_date: Option<Millis>,
    /// User-configured overlap with the previous read, before the saved position.
    pub lookback: Duration,
    /// Typical lag of the search index behind the records.
    pub index_lag: Duration,
    /// Worst lag of the search index. Changes this recent are searched for once more later.
    pub worst_lag: Duration,
}

impl TimeBounds {
    /// Returns the position of a finished read: everything changed before it has been read.
    pub fn upper(&self) -> Millis {
        self.started.saturating_sub(self.unfinished)
    }

    /// Returns the end of every window of this sync, exclusive. It is later than `upper` if the
    /// clocks disagree.
    pub fn until(&self) -> Millis {
        self.latest.max(self.started).saturating_sub(self.unfinished)
    }

    /// Returns `true` if no correct clock can have produced this position yet.
    pub fn is_ahead(&self, position: Millis) -> bool {
        position.saturating_sub(CLOCK_TOLERANCE) > self.latest.max(self.started)
    }

    /// Returns the start of a read of everything, inclusive.
    pub fn first(&self) -> Millis {
        self.start_date.unwrap_or(Millis::MIN)
    }

    /// Returns the inclusive start of a search for changes since `position`, and the `reconciled_until`
    /// instant after that search: every change before it has been searched for again after the
    /// worst index lag. `None` stands for the position minus the worst lag.
    ///
    /// ```text
    ///  settled         position   upper
    ///     │── searched ────│── new ──│        searched again if upper − reconciled_until ≥ 2 · worst lag
    /// ```
    pub fn since(
        &self,
        position: Millis,
        reconciled_until: Option<Millis>,
    ) -> (Millis, Option<Millis>) {
        let worst = self.worst_lag;
        if worst.is_zero() {
            return (self.lower(position), None);
        }
        let reconciled_until =
            reconciled_until.unwrap_or(position.saturating_sub(worst)).min(position);
        let lower = self.lower(position);
        if self.upper().saturating_duration_since(reconciled_until) < worst.saturating_mul(2) {
            return (lower, Some(reconciled_until));
        }
        (lower.min(reconciled_until).max(self.first()), None)
    }

    /// Returns the start of a read of changes since `position`, inclusive.
    pub fn lower(&self, position: Millis) -> Millis {
        let overlap = self.lookback.saturating_add(self.index_lag);
        position.saturating_sub(overlap).max(self.first())
    }
}

/// Tolerance for a saved position later than both clocks. The clocks of HubSpot's servers differ,
/// and a position has milliseconds while a `Date` header has whole seconds.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(5);

/// Distance between the end of a read and the public cursor in its state: the worst lag of the
/// search index and the event logs. A reader that resumes exactly at the cursor, as the Python
/// connector does, still finds late changes.
pub const SETTLING: Duration = Duration::from_hours(1);

/// Returns the cursor to write for a read up to `end`: everything before the cursor has been read
/// after the worst index lag.
pub(super) fn public_cursor(end: Millis, reconciled_until: Option<Millis>) -> Millis {
    let settled = end.saturating_sub(SETTLING);
    reconciled_until.map_or(settled, |until| until.min(settled)).max(Millis::EPOCH)
}

/// 2006-06-01, before HubSpot existed: the start date that the Python connector uses for "from the
/// beginning".
pub const FIRST: Millis = Millis::new(1_149_120_000_000);

/// Format of a stream's position in its state, as the Python connector writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorFormat {
    /// `"2026-11-20T10:00:00.000000Z"`
    Iso,
    /// `"1709294400123"`: milliseconds as text.
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

/// Positions that a state can hold: the years 1970 to 9999, which every cursor format can
/// represent.
const POSITIONS: std::ops::RangeInclusive<Millis> =
    Millis::EPOCH..=Millis::new(253_402_300_799_999);

/// Reads a position: an instant in any supported format, or milliseconds. Returns `Ok(None)` for
/// null and blank text.
pub(super) fn read_position(value: &Value) -> Result<Option<Millis>, BadState> {
    let position = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => parse_instant(text).map(Millis::from),
        Value::Number(number) => number.as_i64().map(Millis::new),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match position {
        None => Err(BadState(format!("`{value}` is not a time"))),
        Some(moment) if POSITIONS.contains(&moment) => Ok(Some(moment)),
        Some(_) => Err(BadState(format!("`{value}` lies outside of the years 1970 to 9999"))),
    }
}

/// Formats a position as `2026-11-20T10:00:00.000000Z`.
pub(super) fn write_position(position: Millis) -> String {
    position.to_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the instant this many minutes after the epoch.
    fn at_minute(minute: u64) -> Millis {
        Millis::EPOCH.saturating_add(Duration::from_mins(minute))
    }

    #[test]
    fn a_window_overlaps_the_last_one_and_stops_short_of_the_present() {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let bounds = TimeBounds {
            started: Millis::new(10_000_000),
            latest: Millis::new(10_000_000),
            unfinished: Duration::from_secs(3),
            start_date: Some(Millis::new(1_000_000)),
            lookback: minutes(10),
            index_lag: minutes(5),
            worst_lag: minutes(60),
        };
        assert_eq!(bounds.upper(), Millis::new(9_997_000));
        let lower = |position| bounds.lower(Millis::new(position));
        assert_eq!(lower(9_000_000), Millis::new(9_000_000 - 900_000));
        assert_eq!(lower(1_200_000), Millis::new(1_000_000), "never before the start date");
        let without_start_date = TimeBounds { start_date: None, ..bounds };
        assert_eq!(without_start_date.lower(Millis::EPOCH), Millis::new(-900_000));
    }

    #[test]
    fn clocks_that_disagree_read_to_the_later_and_record_the_earlier() {
        let bounds = TimeBounds {
            started: at_minute(100),
            latest: at_minute(160),
            unfinished: Duration::from_secs(3),
            start_date: None,
            lookback: Duration::ZERO,
            index_lag: Duration::from_mins(5),
            worst_lag: Duration::from_hours(1),
        };
        let before = |minute| at_minute(minute).saturating_sub(Duration::from_secs(3));
        assert_eq!((bounds.upper(), bounds.until()), (before(100), before(160)));
        // The `reconciled_until` instant uses the earlier clock, too.
        assert_eq!(bounds.since(at_minute(99), None), (at_minute(94), Some(at_minute(39))));
        for (minute, expected) in [(99, false), (130, false), (165, false), (166, true)] {
            assert_eq!(bounds.is_ahead(at_minute(minute)), expected, "{minute}");
        }
    }

    #[test]
    fn what_the_index_may_have_shown_late_is_searched_for_once_more() {
        let bounds = |started| TimeBounds {
            started,
            latest: started,
            unfinished: Duration::ZERO,
            start_date: None,
            lookback: Duration::ZERO,
            index_lag: Duration::from_mins(5),
            worst_lag: Duration::from_hours(1),
        };
        for (case, now, position, reconciled_until, expected) in [
            ("a minute later", 1_001, 1_000, None, (995, Some(940))),
            ("an hour later", 1_060, 1_000, None, (940, None)),
            ("a day later", 2_440, 1_000, None, (940, None)),
            ("minutes later again", 1_059, 1_058, Some(940), (1_053, Some(940))),
            ("when an hour of them has settled", 1_060, 1_059, Some(940), (940, None)),
            ("a position in the future", 1_000, 9_000, None, (8_995, Some(8_940))),
        ] {
            let reconciled_until = reconciled_until.map(at_minute);
            let found = bounds(at_minute(now)).since(at_minute(position), reconciled_until);
            let (lower, after) = expected;
            assert_eq!(found, (at_minute(lower), after.map(at_minute)), "{case}");
        }
    }

    #[test]
    fn positions_have_six_digits() {
        assert_eq!(write_position(FIRST), "2006-06-01T00:00:00.000000Z");
        let position = Millis::new(1_709_294_400_123);
        assert_eq!(write_position(position), "2024-03-01T12:00:00.123000Z");
        assert_eq!(write_position(Millis::EPOCH), "1970-01-01T00:00:00.000000Z");
    }
}
