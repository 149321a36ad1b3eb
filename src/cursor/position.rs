//! Values of a cursor, and the bounds that follow from them.

use std::time::Duration;

use chrono::DateTime;
use serde_json::Value;

use super::checkpoint::BadState;
use crate::time::{Millis, parse_instant};

/// What decides where a read begins and ends.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The time when the sync began, by the earlier of the service's clock and the machine's: if
    /// one of them is right, everything before this had happened by then. Claims are made of it.
    pub started: Millis,
    /// The same by the later of the two clocks: what had happened by then is read.
    pub latest: Millis,
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
    /// The position that a finished read claims: everything changed before it has been read.
    pub fn upper(&self) -> Millis {
        self.started - millis(self.unfinished)
    }

    /// The end of every window of this sync, exclusive. Later than what is claimed of it while the
    /// clocks disagree.
    pub fn until(&self) -> Millis {
        self.latest.max(self.started) - millis(self.unfinished)
    }

    /// Returns `true` if no right clock can have claimed this position yet.
    pub fn is_ahead(&self, position: Millis) -> bool {
        position.saturating_sub(CLOCK_TOLERANCE) > self.latest.max(self.started)
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
        if worst == 0 {
            return (self.lower(position), None);
        }
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

/// How far ahead of both clocks a saved position may lie: clocks of different machines of the
/// service differ, and a position is kept to the millisecond while a `Date` header has whole seconds.
const CLOCK_TOLERANCE: Millis = 5 * 60_000;

/// How far before what has been read the cursor of a state lies that any connector may go on from:
/// the worst lag of the search index and of the event logs. A reader that begins exactly at the
/// cursor, as the Python connector does, finds there what was shown late.
pub const SETTLING: Millis = 60 * 60_000;

/// The cursor to write for a read that has come to `end`: everything before it has been read after
/// the worst lag of the index.
pub(super) fn public_cursor(end: Millis, settled: Option<Millis>) -> Millis {
    settled.unwrap_or(Millis::MAX).min(end.saturating_sub(SETTLING)).max(0)
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

/// Positions that a state can hold: the years 1970 to 9999, which every form of a cursor can name.
const POSITIONS: std::ops::RangeInclusive<Millis> = 0..=253_402_300_799_999;

/// Reads a position: an instant in any spelling, milliseconds, or nothing.
pub(super) fn read_position(value: &Value) -> Result<Option<Millis>, BadState> {
    let position = match value {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => parse_instant(text).map(|instant| instant.timestamp_millis()),
        Value::Number(number) => number.as_i64(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match position {
        None => Err(BadState(format!("`{value}` is not a time"))),
        Some(moment) if POSITIONS.contains(&moment) => Ok(Some(moment)),
        Some(_) => Err(BadState(format!("`{value}` lies outside of the years 1970 to 9999"))),
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
            latest: 10_000_000,
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
    fn clocks_that_disagree_read_to_the_later_and_claim_by_the_earlier() {
        const MINUTE: Millis = 60_000;
        let bounds = Bounds {
            started: 100 * MINUTE,
            latest: 160 * MINUTE,
            unfinished: Duration::from_secs(3),
            start_date: None,
            lookback: Duration::ZERO,
            index_lag: Duration::from_mins(5),
            worst_lag: Duration::from_hours(1),
        };
        assert_eq!((bounds.upper(), bounds.until()), (100 * MINUTE - 3_000, 160 * MINUTE - 3_000));
        // What is settled goes by the earlier clock, too.
        assert_eq!(bounds.since(99 * MINUTE, None), (94 * MINUTE, Some(39 * MINUTE)));
        for (minute, expected) in [(99, false), (130, false), (165, false), (166, true)] {
            assert_eq!(bounds.is_ahead(minute * MINUTE), expected, "{minute}");
        }
    }

    #[test]
    fn what_the_index_may_have_shown_late_is_searched_for_once_more() {
        const MINUTE: Millis = 60_000;
        let bounds = |started| Bounds {
            started,
            latest: started,
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
