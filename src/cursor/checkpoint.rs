//! The claim of a stream in memory, and its wire form.
//!
//! A finished read is `{"updatedAt": "2026-11-20T10:00:00.000000Z"}`, as the Python connector
//! writes it. While a scan is under way, one key is added, which that connector ignores:
//!
//! ```json
//! {"updatedAt": "<where the window begins>",
//!  "source_hubspot": {"version": 1, "way": "list", "from": "<ISO>", "to": "<ISO>",
//!                     "remaining": [["70022", "91000"], ["120400", null]], "generation": 3}}
//! ```
//!
//! `remaining` lists the id ranges not read yet, lower bound inclusive, upper bound exclusive or
//! open: resumption is by value, never by page token.

use serde_json::{Value, json};

use super::job::Way;
use super::own::{Own, read_own};
use super::partitions::{Partitions, read_partitions};
use super::position::{CursorFormat, FIRST, write_position};
use crate::protocol::{NO_CURSOR_STATE, StreamState};
use crate::time::{Millis, parse_instant};

/// The one key of our own.
pub(super) const OWN_KEY: &str = "source_hubspot";

/// How far a scan that is not finished has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    pub way: Way,
    pub lower: Millis,
    pub upper: Millis,
    /// Ranges of ids, the end exclusive: every record outside of them has been written.
    pub remaining: Vec<(u64, Option<u64>)>,
    /// The generation that the records were written for.
    pub generation: Option<i64>,
    /// What the finished scan will claim: see [`Saved::settled`].
    pub settled: Option<Millis>,
    /// What was left out on purpose, as a fingerprint of the conditions; `None` if nothing was.
    pub filter: Option<String>,
}

/// What a saved state says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Saved {
    /// Everything modified before this has been written, but for what `partitions` says.
    pub position: Option<Millis>,
    /// Every change before this has been searched for after the worst lag of the index; `None`
    /// stands for the worst lag before the position.
    pub settled: Option<Millis>,
    pub progress: Option<Progress>,
    /// Parents by id, where the state has them, with the positions they have been read to; streams
    /// without a cursor have none.
    pub partitions: Partitions,
    /// The refresh that the parents in `partitions` were read for, where it was one.
    pub generation: Option<i64>,
}

/// What is wrong with a saved state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadState(pub(super) String);

/// The claim of a finished read: everything modified before `position` has been written.
pub fn complete(cursor_field: &str, format: CursorFormat, position: Millis) -> StreamState {
    object(json!({ cursor_field: format.write(position) }))
}

/// The claim of a finished search that has to be done once more from `settled` on.
pub fn complete_but(
    cursor_field: &str,
    format: CursorFormat,
    position: Millis,
    settled: Option<Millis>,
) -> StreamState {
    let Some(settled) = settled else { return complete(cursor_field, format, position) };
    let own = Own { settled: Some(write_position(settled)), ..Own::default() };
    object(json!({ cursor_field: format.write(position), OWN_KEY: own }))
}

/// The claim of a scan under way.
pub fn under_way(cursor_field: &str, progress: Progress) -> StreamState {
    under_way_as(cursor_field, CursorFormat::Iso, progress)
}

/// The claim of a scan under way, for a stream whose position has this format.
pub fn under_way_as(cursor_field: &str, format: CursorFormat, progress: Progress) -> StreamState {
    let lower = progress.lower;
    let begin = if lower == Millis::MIN { FIRST } else { lower };
    let mut state = under_way_without_cursor(progress);
    state.insert(cursor_field.to_owned(), format.write(begin).into());
    state
}

/// The claim of a scan under way, for a stream that has no position.
pub fn under_way_without_cursor(progress: Progress) -> StreamState {
    object(json!({ OWN_KEY: Own::from(progress) }))
}

/// Adds to the claim of a read under way which refresh it belongs to.
pub(super) fn of_generation(mut state: StreamState, generation: Option<i64>) -> StreamState {
    if generation.is_some() {
        let own = object(json!({ OWN_KEY: Own { generation, ..Own::default() } }));
        state.extend(own);
    }
    state
}

/// The claim of a refresh under way, for a stream that has no position: these parents are finished.
pub fn parents_without_cursor(done: &Partitions, generation: Option<i64>) -> StreamState {
    let done = done.keys().cloned().collect();
    object(json!({ OWN_KEY: Own { generation, done, ..Own::default() } }))
}

/// The state of a stream without a cursor.
pub fn no_cursor() -> StreamState {
    object(json!({ NO_CURSOR_STATE: true }))
}

pub(super) fn object(value: Value) -> StreamState {
    serde_json::from_value(value).unwrap_or_default()
}

impl Saved {
    /// The scan to go on with, if one was interrupted. A full refresh goes on only within its
    /// generation, because otherwise what had been read may be gone from the destination.
    pub fn interrupted(&self, everything: bool, generation: Option<i64>) -> Option<&Progress> {
        let progress = self.progress.as_ref();
        progress.filter(|progress| !everything || is_same(progress.generation, generation))
    }

    /// What this says to a read that leaves out what `filter` stands for: the progress of a scan
    /// that left out something else is where its window began, and no more.
    #[must_use]
    pub fn under(mut self, filter: Option<&str>) -> Self {
        if let Some(progress) =
            self.progress.take_if(|progress| progress.filter.as_deref() != filter)
        {
            self.position = Some(progress.lower).filter(|lower| *lower > Millis::MIN);
        }
        self
    }

    /// Are the positions of parents those of this refresh?
    pub fn is_of(&self, generation: Option<i64>) -> bool {
        is_same(self.generation, generation)
    }

    /// Reads a stream's state in every form that any version of this or the Python connector
    /// has written. `chosen` is the cursor the user picked, where it is another.
    pub fn read(
        state: Option<&StreamState>,
        cursor_field: &str,
        chosen: Option<&str>,
    ) -> Result<Self, BadState> {
        let Some(state) = state.filter(|state| !says_nothing(state)) else {
            return Ok(Self::default());
        };
        let own = state.get(OWN_KEY).map_or(Ok(Self::default()), read_own)?;
        if own.progress.is_some() {
            return Ok(own);
        }
        if let Some(Value::Array(slices)) = state.get("slices") {
            return read_slices(slices).map(|position| Self { position, ..Self::default() });
        }
        if let Some((position, partitions)) = read_partitions(state, cursor_field)? {
            return Ok(Self { position, partitions, ..own });
        }
        let value = state
            .get(cursor_field)
            .or_else(|| state.get(chosen?))
            .ok_or_else(|| BadState(format!("it has no `{cursor_field}`")))?;
        read_position(value).map(|position| Self { position, ..own })
    }

    /// Reads the state of a stream without a cursor: how far a scan has come, if one was under way.
    pub fn read_without_cursor(state: Option<&StreamState>) -> Result<Self, BadState> {
        state.and_then(|state| state.get(OWN_KEY)).map_or(Ok(Self::default()), read_own)
    }
}

/// A refresh that does not say which it is, is none that was interrupted.
fn is_same(saved: Option<i64>, generation: Option<i64>) -> bool {
    generation.is_some() && saved == generation
}

/// Is it the state of a read without a cursor, or of none at all?
fn says_nothing(state: &StreamState) -> bool {
    state.keys().all(|key| key.starts_with("__ab_"))
}

/// An instant in any spelling, milliseconds, or nothing.
pub(super) fn read_position(value: &Value) -> Result<Option<Millis>, BadState> {
    let unreadable = || BadState(format!("`{value}` is not a time"));
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => parse_instant(text)
            .map(|instant| Some(instant.timestamp_millis()))
            .ok_or_else(unreadable),
        Value::Number(number) => number.as_i64().map(Some).ok_or_else(unreadable),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(unreadable()),
    }
}

/// The concurrent form of the Python connector: finished slices of time. Only the first has no
/// gap before it.
fn read_slices(slices: &[Value]) -> Result<Option<Millis>, BadState> {
    let mut ends = Vec::new();
    for slice in slices {
        let start = read_position(slice.get("start").unwrap_or(&Value::Null))?;
        let value = slice.get("most_recent_cursor_value").or_else(|| slice.get("end"));
        let end = read_position(value.unwrap_or(&Value::Null))?;
        ends.push((start, end));
    }
    Ok(ends.into_iter().min().and_then(|(_, end)| end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Saved, BadState> {
        let state: StreamState = serde_json::from_str(json).unwrap();
        Saved::read(Some(&state), "updatedAt", Some("createdAt"))
    }

    #[test]
    fn reads_every_form_ever_written() {
        const NOON: Option<Millis> = Some(1_709_294_400_123);
        for (case, json, expected) in [
            ("6.x", r#"{"updatedAt":"2024-03-01T12:00:00.123000Z"}"#, NOON),
            ("with an offset", r#"{"updatedAt":"2024-03-01T12:00:00.123000+00:00"}"#, NOON),
            ("three digits", r#"{"updatedAt":"2024-03-01T12:00:00.123Z"}"#, NOON),
            ("milliseconds as text", r#"{"updatedAt":"1709294400123"}"#, NOON),
            ("milliseconds", r#"{"updatedAt":1709294400123}"#, NOON),
            (
                "whole seconds",
                r#"{"updatedAt":"2024-03-01T12:00:00+00:00"}"#,
                Some(1_709_294_400_000),
            ),
            ("nothing read yet", r#"{"updatedAt":""}"#, None),
            ("null", r#"{"updatedAt":null}"#, None),
            ("of a full refresh", r#"{"__ab_no_cursor_state_message":true}"#, None),
            ("empty", "{}", None),
            ("another cursor", r#"{"createdAt":"2024-03-01T12:00:00.123Z"}"#, NOON),
            (
                "concurrent",
                r#"{"state_type":"date-range","slices":[{"start":"2024-03-02T00:00:00Z","end":"2024-03-03T00:00:00Z"},
                    {"start":"2006-06-01T00:00:00Z","end":"2024-03-01T13:00:00Z","most_recent_cursor_value":"2024-03-01T12:00:00.123Z"}]}"#,
                NOON,
            ),
            ("concurrent, empty", r#"{"state_type":"date-range","slices":[]}"#, None),
        ] {
            assert_eq!(read(json), Ok(Saved { position: expected, ..Saved::default() }), "{case}");
        }
        assert_eq!(Saved::read(None, "updatedAt", None), Ok(Saved::default()));
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for (json, expected) in [
            (r#"{"updatedAt":"yesterday"}"#, "`\"yesterday\"` is not a time"),
            (r#"{"updatedAt":[1]}"#, "`[1]` is not a time"),
            (r#"{"updatedAt":1.5}"#, "`1.5` is not a time"),
            (r#"{"deletedAt":"2024-03-01T12:00:00Z"}"#, "it has no `updatedAt`"),
            (
                r#"{"source_hubspot":{"version":2}}"#,
                "`source_hubspot` was written by a later version",
            ),
        ] {
            assert_eq!(read(json).unwrap_err().to_string(), expected, "{json}");
        }
    }

    #[test]
    fn progress_survives_the_wire() {
        for (lower, remaining, settled) in [
            (Millis::MIN, vec![(70_022, None)], None),
            (
                1_709_294_400_123,
                vec![(7, Some(100)), (u64::MAX - 1, None)],
                Some(1_709_294_400_000),
            ),
        ] {
            let progress = Progress {
                way: Way::List,
                lower,
                upper: 1_709_294_999_000,
                remaining,
                generation: Some(3),
                settled,
                filter: settled.map(|_| "f1".to_owned()),
            };
            let state = under_way("updatedAt", progress.clone());
            let saved = Saved::read(Some(&state), "updatedAt", None).unwrap();
            assert_eq!(saved, Saved { progress: Some(progress), ..Saved::default() });
        }
    }

    #[test]
    fn finished_parents_survive_the_wire() {
        let done = Partitions::from([("17".to_owned(), None), ("a-b".to_owned(), None)]);
        let state = parents_without_cursor(&done, Some(3));
        let saved = Saved::read_without_cursor(Some(&state)).unwrap();
        assert_eq!(saved, Saved { partitions: done, generation: Some(3), ..Saved::default() });
    }

    #[test]
    fn progress_holds_only_for_what_it_left_out() {
        let saved = |lower, filter: Option<&str>| {
            let progress = Progress {
                way: Way::Search,
                lower,
                upper: 2_000,
                remaining: vec![(7, None)],
                generation: None,
                settled: None,
                filter: filter.map(str::to_owned),
            };
            Saved { progress: Some(progress), ..Saved::default() }
        };
        let begun = |position| Saved { position, ..Saved::default() };
        for (case, saved, filter, expected) in [
            ("none, none", saved(1_000, None), None, saved(1_000, None)),
            ("the same", saved(1_000, Some("f1")), Some("f1"), saved(1_000, Some("f1"))),
            ("another", saved(1_000, Some("f1")), Some("f2"), begun(Some(1_000))),
            ("no longer any", saved(1_000, Some("f1")), None, begun(Some(1_000))),
            ("a first one", saved(Millis::MIN, None), Some("f1"), begun(None)),
            ("a finished read", begun(Some(5)), Some("f1"), begun(Some(5))),
        ] {
            assert_eq!(saved.under(filter), expected, "{case}");
        }
    }

    #[test]
    fn what_is_not_settled_survives_the_wire() {
        let (position, settled) = (1_709_294_999_000, Some(1_709_294_400_123));
        let state = complete_but("updatedAt", CursorFormat::Iso, position, settled);
        let saved = Saved::read(Some(&state), "updatedAt", None).unwrap();
        assert_eq!(saved, Saved { position: Some(position), settled, ..Saved::default() });
    }

    #[test]
    fn wire_forms_are_pinned() {
        let text = |state: &StreamState| serde_json::to_string(state).unwrap();
        assert_eq!(
            text(&complete("updatedAt", CursorFormat::Iso, 1_709_294_400_123)),
            r#"{"updatedAt":"2024-03-01T12:00:00.123000Z"}"#
        );
        assert_eq!(
            text(&complete("created", CursorFormat::Millis, 1_709_294_400_123)),
            r#"{"created":"1709294400123"}"#
        );
        assert_eq!(text(&no_cursor()), r#"{"__ab_no_cursor_state_message":true}"#);
        let progress = Progress {
            way: Way::Search,
            lower: 0,
            upper: 1000,
            remaining: vec![(7, Some(9)), (12, None)],
            generation: None,
            settled: None,
            filter: None,
        };
        assert_eq!(
            text(&under_way("updatedAt", progress)),
            r#"{"source_hubspot":{"from":"1970-01-01T00:00:00.000000Z","remaining":[["7","9"],["12",null]],"to":"1970-01-01T00:00:01.000000Z","version":1,"way":"search"},"updatedAt":"1970-01-01T00:00:00.000000Z"}"#
        );
        assert_eq!(
            text(&parents_without_cursor(&[("17".to_owned(), None)].into(), Some(3))),
            r#"{"source_hubspot":{"done":["17"],"generation":3,"version":1}}"#
        );
        assert_eq!(
            text(&complete_but("updatedAt", CursorFormat::Iso, 1000, Some(0))),
            r#"{"source_hubspot":{"settled":"1970-01-01T00:00:00.000000Z","version":1},"updatedAt":"1970-01-01T00:00:01.000000Z"}"#
        );
    }
}
