//! Stream state in memory and its wire format.
//!
//! The state of a finished read is what the Python connector writes, plus one key that the Python
//! connector ignores:
//!
//! ```json
//! {"updatedAt": "2026-11-20T09:00:00.000000Z",
//!  "source_hubspot": {"version": 1, "settled": "2026-11-20T09:00:00.000000Z",
//!                     "end": "2026-11-20T10:00:00.000000Z"}}
//! ```
//!
//! The cursor, here `updatedAt`, lies at least [`SETTLING`](super::position::SETTLING) before
//! `end`: a connector that resumes exactly at the cursor also finds changes that the search index
//! showed late. This connector resumes at `end` as long as the cursor still equals `settled`, the
//! cursor that `end` was written with. If another connector or a user has changed the cursor, the
//! changed cursor is used instead.
//!
//! While a scan is in progress, the key holds its progress:
//!
//! ```json
//! {"updatedAt": "<start of the window, or earlier>",
//!  "source_hubspot": {"version": 1, "way": "list", "from": "<ISO>", "to": "<ISO>",
//!                     "remaining": [["70022", "91000"], ["120400", null]], "generation": 3}}
//! ```
//!
//! `remaining` lists the id ranges that have not been read yet; the lower bound is inclusive, the
//! upper bound exclusive or absent. A scan resumes by id, never by page token.

use serde_json::{Value, json};

use super::partitions::{Partitions, read_partitions};
use super::position::{CursorFormat, FIRST, TimeBounds, public_cursor, read_position};
use super::task::ReadMode;
use super::wire::{WireState, read_own};
use crate::protocol::{NO_CURSOR_STATE, StreamState};
use crate::time::{Millis, write_instant};

/// Key under which this connector stores its own part of the state.
pub(super) const OWN_KEY: &str = "source_hubspot";

/// Progress of an unfinished scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanProgress {
    pub mode: ReadMode,
    pub lower: Millis,
    pub upper: Millis,
    /// Id ranges still to read, end exclusive. Every record outside of them has been emitted.
    pub remaining: Vec<(u64, Option<u64>)>,
    /// Airbyte generation that the records were emitted for.
    pub generation: Option<i64>,
    /// Value of [`SavedState::reconciled_until`] once the scan is finished.
    pub reconciled_until: Option<Millis>,
    /// Fingerprint of the conditions that filter records out; `None` without a filter.
    pub filter: Option<String>,
}

/// Parsed state of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SavedState {
    /// Everything modified before this instant has been emitted, except as `partitions` states.
    pub position: Option<Millis>,
    /// Every change before this instant has been searched for again after the worst index lag.
    /// `None` stands for the position minus the worst lag.
    pub reconciled_until: Option<Millis>,
    pub progress: Option<ScanProgress>,
    /// Parent ids and the positions up to which they have been read, if the state has any. Streams
    /// without a cursor have no positions.
    pub partitions: Partitions,
    /// Generation of the full refresh that the parents in `partitions` were read for, if any.
    pub generation: Option<i64>,
    /// End of the window that was read, if the state has it. A position with this value is written
    /// to the state as the cursor that was derived from it.
    pub end: Option<Millis>,
    /// Reason for ignoring a part of the state, if one was ignored.
    pub unused: Option<UnusedPart>,
}

/// Reason for ignoring a part of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnusedPart {
    /// The cursor differs from the one that this connector's key was written with.
    OtherCursor,
    /// The position is later than both clocks.
    Ahead(Millis),
}

/// The saved state cannot be used; the message describes the defect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadState(pub String);

/// Returns the state of a finished read: everything modified before `end` has been emitted.
pub fn complete(cursor_field: &str, format: CursorFormat, end: Millis) -> StreamState {
    complete_with_recheck(cursor_field, format, end, None)
}

/// Returns the state of a finished search that has to be repeated from `reconciled_until` on. `None` stands
/// for `end` minus the worst index lag.
pub fn complete_with_recheck(
    cursor_field: &str,
    format: CursorFormat,
    end: Millis,
    reconciled_until: Option<Millis>,
) -> StreamState {
    let cursor = public_cursor(end, reconciled_until);
    object(json!({ cursor_field: format.write(cursor), OWN_KEY: WireState::ending(end, cursor) }))
}

/// Returns the state of a scan in progress.
pub fn in_progress(cursor_field: &str, progress: ScanProgress) -> StreamState {
    in_progress_as(cursor_field, CursorFormat::Iso, progress)
}

/// Returns the state of a scan in progress for a stream with the given cursor format.
pub fn in_progress_as(
    cursor_field: &str,
    format: CursorFormat,
    progress: ScanProgress,
) -> StreamState {
    let cursor = progress.cursor();
    let mut state = in_progress_without_cursor(progress);
    state.insert(cursor_field.to_owned(), format.write(cursor).into());
    state
}

/// Returns the state of a scan in progress for a stream without a cursor.
pub fn in_progress_without_cursor(progress: ScanProgress) -> StreamState {
    object(json!({ OWN_KEY: WireState::from(progress) }))
}

/// Returns the state of a full refresh in progress for a stream without a cursor; the parents in
/// `done` are finished.
pub fn parents_without_cursor(done: &Partitions, generation: Option<i64>) -> StreamState {
    let done = Some(done.keys().cloned().collect());
    object(json!({ OWN_KEY: WireState { generation, done, ..WireState::default() } }))
}

/// Returns the state of a stream without a cursor.
pub fn no_cursor() -> StreamState {
    object(json!({ NO_CURSOR_STATE: true }))
}

pub(super) fn object(value: Value) -> StreamState {
    serde_json::from_value(value).unwrap_or_default()
}

impl ScanProgress {
    /// Returns the cursor to write: no later than the start of the window or the `reconciled_until` instant.
    fn cursor(&self) -> Millis {
        public_cursor(self.upper, self.reconciled_until).min(self.begin())
    }

    /// Returns the start of the window as written in the state.
    fn begin(&self) -> Millis {
        if self.lower == Millis::MIN { FIRST } else { self.lower }
    }

    /// Returns `true` if the progress was written together with this cursor. Earlier versions wrote
    /// the start of the window as the cursor.
    fn is_of(&self, cursor: Option<Millis>) -> bool {
        cursor.is_none_or(|cursor| cursor == self.cursor() || cursor == self.begin())
    }
}

impl SavedState {
    /// Returns the scan to resume, if one was interrupted. A full refresh resumes only within its
    /// generation; otherwise the destination may have dropped the records read so far.
    pub fn interrupted(
        &self,
        full_refresh: bool,
        generation: Option<i64>,
    ) -> Option<&ScanProgress> {
        let progress = self.progress.as_ref();
        progress.filter(|progress| !full_refresh || is_same(progress.generation, generation))
    }

    /// Adapts the state to a read with this filter. Progress of a scan with another filter is
    /// reduced to the position at which its window started.
    #[must_use]
    pub fn under(mut self, filter: Option<&str>) -> Self {
        if let Some(progress) =
            self.progress.take_if(|progress| progress.filter.as_deref() != filter)
        {
            self.position = Some(progress.lower).filter(|lower| *lower > Millis::MIN);
            self.reconciled_until = progress.reconciled_until;
        }
        self
    }

    /// Returns `true` if any instant in the state is later than both clocks.
    pub fn is_ahead_of(&self, bounds: &TimeBounds) -> bool {
        let ends = self.progress.iter().map(|progress| progress.upper);
        let wire = self.partitions.values().copied().flatten();
        self.position.into_iter().chain(ends).chain(wire).any(|moment| bounds.is_ahead(moment))
    }

    /// Drops positions that the clocks of `bounds` show to be wrong.
    ///
    /// A position later than both clocks was written under a wrong clock, so what had been read by
    /// then is unknown and everything is read again.
    ///
    /// # Errors
    /// If a scan in progress ends later than both clocks.
    pub fn by_the_clock(mut self, bounds: &TimeBounds) -> Result<Self, BadState> {
        if let Some(progress) = self.progress.as_ref().filter(|it| bounds.is_ahead(it.upper)) {
            let upper = write_instant(progress.upper);
            return Err(BadState(format!("its `{OWN_KEY}` has a `to` in the future: {upper}")));
        }
        if let Some(ahead) = self.position.take_if(|position| bounds.is_ahead(*position)) {
            self.reconciled_until = None;
            self.unused = Some(UnusedPart::Ahead(ahead));
        }
        for position in self.partitions.values_mut() {
            if let Some(ahead) = position.take_if(|position| bounds.is_ahead(*position)) {
                self.unused = Some(UnusedPart::Ahead(ahead));
            }
        }
        Ok(self)
    }

    /// Returns `true` if the positions of parents belong to this refresh.
    pub fn is_of(&self, generation: Option<i64>) -> bool {
        is_same(self.generation, generation)
    }

    /// Reads a stream's state in every format written by any version of this connector or the
    /// Python connector. `chosen` is the cursor field selected by the user, if it differs.
    pub fn read(
        state: Option<&StreamState>,
        cursor_field: &str,
        chosen: Option<&str>,
    ) -> Result<Self, BadState> {
        let Some(state) = state.filter(|state| !says_nothing(state)) else {
            return Ok(Self::default());
        };
        let wire = state.get(OWN_KEY).map_or(Ok(Self::default()), read_own)?;
        let cursor = state.get(cursor_field).or_else(|| state.get(chosen?));
        if let Some(progress) = &wire.progress {
            let position = cursor.map(read_position).transpose()?.flatten();
            if progress.is_of(position) {
                return Ok(wire);
            }
            return Ok(Self { position, unused: Some(UnusedPart::OtherCursor), ..Self::default() });
        }
        if let Some(Value::Array(slices)) = state.get("slices") {
            return read_slices(slices).map(|position| Self { position, ..Self::default() });
        }
        if let Some((position, partitions)) = read_partitions(state, cursor_field)? {
            return Ok(Self { position, partitions, ..wire }.at_the_end());
        }
        let value = cursor.ok_or_else(|| BadState(format!("it has no `{cursor_field}`")))?;
        read_position(value).map(|position| Self { position, ..wire }.at_the_end())
    }

    /// Replaces the cursors that were derived from `end` by `end`. Other cursors are kept: those of
    /// parents that were not read then, and those written by another connector or a user.
    fn at_the_end(mut self) -> Self {
        let Some(end) = self.end else { return self };
        let cursor = self.reconciled_until.take().filter(|cursor| *cursor <= end);
        let stands_for_end = |position: &Millis| cursor == Some(*position);
        let mut is_used = false;
        for position in self.partitions.values_mut().chain([&mut self.position]) {
            if position.as_ref().is_some_and(stands_for_end) {
                *position = Some(end);
                is_used = true;
            }
        }
        if self.position == Some(end) {
            self.reconciled_until = cursor;
        }
        if !is_used {
            (self.end, self.unused) = (None, Some(UnusedPart::OtherCursor));
        }
        self
    }

    /// Reads the state of a stream without a cursor: the progress of a scan, if one was
    /// interrupted.
    pub fn read_without_cursor(state: Option<&StreamState>) -> Result<Self, BadState> {
        state.and_then(|state| state.get(OWN_KEY)).map_or(Ok(Self::default()), read_own)
    }
}

/// Returns `true` if both generations are known and equal. A refresh without a generation is never
/// resumed.
fn is_same(saved: Option<i64>, generation: Option<i64>) -> bool {
    generation.is_some() && saved == generation
}

/// Returns `true` if the state is empty or belongs to a read without a cursor.
fn says_nothing(state: &StreamState) -> bool {
    state.keys().all(|key| key.starts_with("__ab_"))
}

/// Reads the concurrent state format of the Python connector, a list of finished time slices. Only
/// the first slice has no gap before it.
fn read_slices(slices: &[Value]) -> Result<Option<Millis>, BadState> {
    let mut ends = Vec::new();
    for slice in slices {
        let moment = |key: &str| slice.get(key).map(read_position).transpose().map(Option::flatten);
        let start = moment("start")?
            .ok_or_else(|| BadState(format!("`{slice}` does not say where it starts")))?;
        // Latest cursor read within the slice, if present; null if nothing was read.
        let end = match slice.get("most_recent_cursor_value") {
            Some(_) => moment("most_recent_cursor_value")?,
            None => Some(
                moment("end")?
                    .ok_or_else(|| BadState(format!("`{slice}` does not say where it ends")))?,
            ),
        };
        ends.push((start, end));
    }
    Ok(ends.into_iter().min().and_then(|(_, end)| end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<SavedState, BadState> {
        let state: StreamState = serde_json::from_str(json).unwrap();
        SavedState::read(Some(&state), "updatedAt", Some("createdAt"))
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
            assert_eq!(
                read(json),
                Ok(SavedState { position: expected, ..SavedState::default() }),
                "{case}"
            );
        }
        assert_eq!(SavedState::read(None, "updatedAt", None), Ok(SavedState::default()));
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for (json, expected) in [
            (r#"{"updatedAt":"yesterday"}"#, "`\"yesterday\"` is not a time"),
            (r#"{"updatedAt":[1]}"#, "`[1]` is not a time"),
            (r#"{"updatedAt":1.5}"#, "`1.5` is not a time"),
            (r#"{"updatedAt":1709294400123.0}"#, "`1709294400123.0` is not a time"),
            (r#"{"updatedAt":true}"#, "`true` is not a time"),
            (r#"{"updatedAt":"NaN"}"#, "`\"NaN\"` is not a time"),
            (r#"{"updatedAt":"Infinity"}"#, "`\"Infinity\"` is not a time"),
            (r#"{"updatedAt":"9223372036854775807"}"#, "`\"9223372036854775807\"` is not a time"),
            (r#"{"updatedAt":18446744073709551615}"#, "`18446744073709551615` is not a time"),
            (
                r#"{"updatedAt":9223372036854775807}"#,
                "`9223372036854775807` lies outside of the years 1970 to 9999",
            ),
            (
                r#"{"updatedAt":-9223372036854775808}"#,
                "`-9223372036854775808` lies outside of the years 1970 to 9999",
            ),
            (r#"{"updatedAt":-1}"#, "`-1` lies outside of the years 1970 to 9999"),
            (
                r#"{"updatedAt":"0000-01-01T00:00:00Z"}"#,
                "`\"0000-01-01T00:00:00Z\"` lies outside of the years 1970 to 9999",
            ),
            (
                r#"{"updatedAt":"1969-12-31T23:59:59Z"}"#,
                "`\"1969-12-31T23:59:59Z\"` lies outside of the years 1970 to 9999",
            ),
            (
                r#"{"updatedAt":"+10000-01-01T00:00:00Z"}"#,
                "`\"+10000-01-01T00:00:00Z\"` lies outside of the years 1970 to 9999",
            ),
            (
                r#"{"updatedAt":253402300800000}"#,
                "`253402300800000` lies outside of the years 1970 to 9999",
            ),
            (r#"{"deletedAt":"2024-03-01T12:00:00Z"}"#, "it has no `updatedAt`"),
            (
                r#"{"slices":[{"end":"2024-03-01T12:00:00Z"}]}"#,
                "`{\"end\":\"2024-03-01T12:00:00Z\"}` does not say where it starts",
            ),
            (
                r#"{"slices":[{"start":"2024-03-01T12:00:00Z"}]}"#,
                "`{\"start\":\"2024-03-01T12:00:00Z\"}` does not say where it ends",
            ),
            (r#"{"slices":["x"]}"#, "`\"x\"` does not say where it starts"),
        ] {
            assert_eq!(read(json).unwrap_err().to_string(), expected, "{json}");
        }
    }

    /// Returns the state of a scan in progress with every field set.
    fn half() -> Value {
        json!({ "updatedAt": "2024-03-01T12:00:00.000000Z", "source_hubspot": {
            "version": 1, "way": "search", "from": "2024-03-01T12:00:00.000000Z",
            "to": "2024-03-01T13:00:00.000000Z", "settled": "2024-03-01T11:00:00.000000Z",
            "remaining": [["7", "100"], ["200", null]], "generation": 3, "filter": "f1" } })
    }

    #[test]
    fn every_field_of_our_own_is_there_with_its_type_or_the_state_is_bad() {
        let wire = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
            let mut state = half();
            change(state["source_hubspot"].as_object_mut().unwrap());
            read(&state.to_string()).map_err(|BadState(problem)| problem)
        };
        let whole = wire(&|_| {}).unwrap().progress.unwrap();
        assert_eq!(whole.remaining, [(7, Some(100)), (200, None)]);
        for (field, expected) in [
            ("version", "has no version"),
            ("way", "has no `way`"),
            ("from", "has no `from`"),
            ("to", "has no `to`"),
            ("remaining", "has no `remaining`"),
        ] {
            let without = wire(&|fields| drop(fields.remove(field)));
            assert_eq!(without, Err(format!("its `source_hubspot` {expected}")), "{field}");
        }
        // A field may be optional only if its absence makes a read do more work, never less.
        for field in ["settled", "generation", "filter"] {
            assert!(wire(&|fields| drop(fields.remove(field))).is_ok(), "{field}");
        }
        let full_refresh = wire(&|fields| {
            fields.insert("way".into(), "list".into());
            fields.remove("from");
        });
        // The cursor implies that the window has a start.
        assert_eq!(full_refresh.unwrap().unused, Some(UnusedPart::OtherCursor));
        for (field, values, expected) in [
            ("version", vec![json!(0), json!("1"), json!(1.0), json!(null)], "has no version"),
            (
                "version",
                vec![json!(2), json!(u64::MAX)],
                "was written by a later version of this connector",
            ),
            ("way", vec![json!("scroll"), json!(1), json!({})], "is damaged: "),
            ("from", vec![json!(1_709_294_400_000_i64), json!(false)], "is damaged: "),
            ("from", vec![json!("")], "has an empty `from`"),
            ("from", vec![json!("NaN")], "has a bad `from`: `\"NaN\"` is not a time"),
            ("from", vec![json!("2024-03-01T13:00:00.001Z")], "has a `from` behind its `to`"),
            ("to", vec![json!("2024-03-01T11:59:59Z")], "has a `from` behind its `to`"),
            ("to", vec![json!("+99999-01-01T00:00:00Z")], "has a bad `to`: "),
            ("settled", vec![json!("soon")], "has a bad `settled`: `\"soon\"` is not a time"),
            ("remaining", vec![json!([])], "has nothing in `remaining`"),
            ("remaining", vec![json!("all"), json!([["7"]]), json!([[7, 100]])], "is damaged: "),
            ("remaining", vec![json!([["-1", null]])], "has the id `-1` in `remaining`"),
            (
                "remaining",
                vec![json!([["7", "5"]]), json!([["7", null], ["200", "100"]])],
                "has a range in `remaining` that ends before it begins",
            ),
            ("generation", vec![json!("3"), json!(3.5)], "is damaged: "),
            ("filter", vec![json!(1)], "is damaged: "),
            ("done", vec![json!([7]), json!("7")], "is damaged: "),
            ("remainig", vec![json!(1)], "is damaged: unknown field `remainig`"),
        ] {
            for value in values {
                let problem = wire(&|fields| drop(fields.insert(field.into(), value.clone())));
                let problem = problem.expect_err(&format!("{field}: {value}"));
                let expected = format!("its `source_hubspot` {expected}");
                assert!(problem.starts_with(&expected), "{field}: {value}: {problem}");
            }
        }
        for other in [json!(null), json!("x"), json!([]), json!(1)] {
            let state = json!({ "updatedAt": "2024-03-01T12:00:00Z", "source_hubspot": other });
            let problem = read(&state.to_string()).unwrap_err().to_string();
            assert_eq!(problem, "its `source_hubspot` has no version", "{state}");
        }
    }

    #[test]
    fn progress_survives_the_wire() {
        for (lower, remaining, reconciled_until) in [
            (Millis::MIN, vec![(70_022, None)], None),
            (
                1_709_294_400_123,
                vec![(7, Some(100)), (u64::MAX - 1, None)],
                Some(1_709_294_400_000),
            ),
        ] {
            let progress = ScanProgress {
                mode: ReadMode::List,
                lower,
                upper: 1_709_294_999_000,
                remaining,
                generation: Some(3),
                reconciled_until,
                filter: reconciled_until.map(|_| "f1".to_owned()),
            };
            let state = in_progress("updatedAt", progress.clone());
            let saved = SavedState::read(Some(&state), "updatedAt", None).unwrap();
            assert_eq!(saved, SavedState { progress: Some(progress), ..SavedState::default() });
        }
    }

    #[test]
    fn finished_parents_survive_the_wire() {
        let done = Partitions::from([("17".to_owned(), None), ("a-b".to_owned(), None)]);
        let state = parents_without_cursor(&done, Some(3));
        let saved = SavedState::read_without_cursor(Some(&state)).unwrap();
        assert_eq!(
            saved,
            SavedState { partitions: done, generation: Some(3), ..SavedState::default() }
        );
    }

    #[test]
    fn progress_holds_only_for_what_it_left_out() {
        let saved = |lower, filter: Option<&str>| {
            let progress = ScanProgress {
                mode: ReadMode::Search,
                lower,
                upper: 2_000,
                remaining: vec![(7, None)],
                generation: None,
                reconciled_until: None,
                filter: filter.map(str::to_owned),
            };
            SavedState { progress: Some(progress), ..SavedState::default() }
        };
        let begun = |position| SavedState { position, ..SavedState::default() };
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
    fn the_end_survives_the_wire_behind_a_cursor_that_is_settled() {
        const END: Millis = 1_709_294_999_000;
        const HOUR: Millis = 3_600_000;
        for (case, reconciled_until, cursor) in [
            ("nothing to search for once more", None, END - HOUR),
            ("a part of the last hour", Some(END - 5), END - HOUR),
            ("more than the last hour", Some(END - HOUR - 5), END - HOUR - 5),
        ] {
            for format in [CursorFormat::Iso, CursorFormat::Millis] {
                let state = complete_with_recheck("updatedAt", format, END, reconciled_until);
                assert_eq!(state["updatedAt"], format.write(cursor), "{case}");
                let saved = SavedState::read(Some(&state), "updatedAt", None).unwrap();
                let (position, end) = (Some(END), Some(END));
                let expected = SavedState {
                    position,
                    end,
                    reconciled_until: Some(cursor),
                    ..SavedState::default()
                };
                assert_eq!(saved, expected, "{case}");
            }
        }
    }

    #[test]
    fn the_end_holds_only_for_the_cursor_it_was_written_with() {
        let wire = |reconciled_until: &str, end: &str| {
            json!({ "version": 1, "settled": format!("2024-03-01T{reconciled_until}Z"),
                "end": format!("2024-03-01T{end}Z") })
        };
        let other = Some(UnusedPart::OtherCursor);
        for (case, cursor, wire, expected, unused) in [
            ("as written", "11:00:00", wire("11:00:00", "12:00:00"), "12:00:00", None),
            ("set back by hand", "09:00:00", wire("11:00:00", "12:00:00"), "09:00:00", other),
            ("moved by another", "11:30:00", wire("11:00:00", "12:00:00"), "11:30:00", other),
            ("moved past our end", "13:00:00", wire("11:00:00", "12:00:00"), "13:00:00", other),
            (
                "an end before the cursor",
                "11:00:00",
                wire("11:00:00", "10:00:00"),
                "11:00:00",
                other,
            ),
        ] {
            let state = json!({ "updatedAt": format!("2024-03-01T{cursor}Z"), OWN_KEY: wire });
            let saved = read(&state.to_string()).unwrap();
            let position = write_instant(saved.position.unwrap());
            assert_eq!(position, format!("2024-03-01T{expected}.000Z"), "{case}");
            assert_eq!(saved.unused, unused, "{case}");
            assert_eq!(saved.reconciled_until.is_some(), unused.is_none(), "{case}");
        }
        // Earlier versions wrote the end as the cursor.
        let earlier = read(
            r#"{"updatedAt":"2024-03-01T12:00:00Z",
                "source_hubspot":{"version":1,"settled":"2024-03-01T11:30:00.000000Z"}}"#,
        );
        let earlier = earlier.unwrap();
        assert_eq!(earlier.position.map(write_instant).unwrap(), "2024-03-01T12:00:00.000Z");
        assert_eq!(
            earlier.reconciled_until.map(write_instant).unwrap(),
            "2024-03-01T11:30:00.000Z"
        );
        assert_eq!(earlier.unused, None);
    }

    #[test]
    fn progress_holds_only_for_the_cursor_it_was_written_with() {
        let state = |cursor: &str| {
            let mut state = half();
            state["updatedAt"] = format!("2024-03-01T{cursor}Z").into();
            read(&state.to_string()).unwrap()
        };
        for cursor in ["11:00:00", "12:00:00"] {
            assert!(state(cursor).progress.is_some(), "{cursor}: as this or an earlier version");
        }
        for cursor in ["09:00:00", "12:30:00"] {
            let saved = state(cursor);
            assert_eq!((&saved.progress, saved.unused), (&None, Some(UnusedPart::OtherCursor)));
            let position = write_instant(saved.position.unwrap());
            assert_eq!(position, format!("2024-03-01T{cursor}.000Z"));
        }
    }

    #[test]
    fn what_lies_ahead_of_both_clocks_is_not_relied_on() {
        const NOW: Millis = 1_709_294_400_000;
        const MINUTE: Millis = 60_000;
        let bounds = TimeBounds {
            started: NOW - 60 * MINUTE,
            latest: NOW,
            unfinished: std::time::Duration::ZERO,
            start_date: None,
            lookback: std::time::Duration::ZERO,
            index_lag: std::time::Duration::ZERO,
            worst_lag: std::time::Duration::ZERO,
        };
        for (case, ahead, kept) in [
            ("behind both", -90, true),
            ("behind one", -30, true),
            ("as far ahead as clocks differ", 5, true),
            ("ahead", 6, false),
        ] {
            let moment = NOW + ahead * MINUTE;
            let saved = SavedState {
                position: Some(moment),
                reconciled_until: Some(moment - 60 * MINUTE),
                partitions: Partitions::from([("a".into(), Some(moment)), ("b".into(), Some(5))]),
                ..SavedState::default()
            };
            assert_eq!(saved.is_ahead_of(&bounds), !kept, "{case}");
            let reliable = saved.clone().by_the_clock(&bounds).unwrap();
            if kept {
                assert_eq!(reliable, saved, "{case}");
            } else {
                let (partitions, unused) =
                    ([("a".into(), None), ("b".into(), Some(5))].into(), UnusedPart::Ahead(moment));
                let unused = Some(unused);
                assert_eq!(
                    reliable,
                    SavedState { partitions, unused, ..SavedState::default() },
                    "{case}"
                );
            }
            let mut half = read(&half().to_string()).unwrap();
            half.progress.as_mut().unwrap().upper = moment;
            let judged = half.by_the_clock(&bounds).map(|_| ()).map_err(|bad| bad.to_string());
            let moment = write_instant(moment);
            let bad = format!("its `source_hubspot` has a `to` in the future: {moment}");
            assert_eq!(judged, if kept { Ok(()) } else { Err(bad) }, "{case}");
        }
    }

    #[test]
    fn wire_forms_are_pinned() {
        let text = |state: &StreamState| serde_json::to_string(state).unwrap();
        assert_eq!(
            text(&complete("updatedAt", CursorFormat::Iso, 1_709_294_400_123)),
            r#"{"source_hubspot":{"end":"2024-03-01T12:00:00.123000Z","settled":"2024-03-01T11:00:00.123000Z","version":1},"updatedAt":"2024-03-01T11:00:00.123000Z"}"#
        );
        assert_eq!(
            text(&complete("created", CursorFormat::Millis, 1_709_294_400_123)),
            r#"{"created":"1709290800123","source_hubspot":{"end":"2024-03-01T12:00:00.123000Z","settled":"2024-03-01T11:00:00.123000Z","version":1}}"#
        );
        assert_eq!(text(&no_cursor()), r#"{"__ab_no_cursor_state_message":true}"#);
        let progress = ScanProgress {
            mode: ReadMode::Search,
            lower: 0,
            upper: 1000,
            remaining: vec![(7, Some(9)), (12, None)],
            generation: None,
            reconciled_until: None,
            filter: None,
        };
        assert_eq!(
            text(&in_progress("updatedAt", progress)),
            r#"{"source_hubspot":{"from":"1970-01-01T00:00:00.000000Z","remaining":[["7","9"],["12",null]],"to":"1970-01-01T00:00:01.000000Z","version":1,"way":"search"},"updatedAt":"1970-01-01T00:00:00.000000Z"}"#
        );
        assert_eq!(
            text(&parents_without_cursor(&[("17".to_owned(), None)].into(), Some(3))),
            r#"{"source_hubspot":{"done":["17"],"generation":3,"version":1}}"#
        );
        assert_eq!(
            text(&complete_with_recheck("updatedAt", CursorFormat::Iso, 1000, Some(0))),
            r#"{"source_hubspot":{"end":"1970-01-01T00:00:01.000000Z","settled":"1970-01-01T00:00:00.000000Z","version":1},"updatedAt":"1970-01-01T00:00:00.000000Z"}"#
        );
    }
}
