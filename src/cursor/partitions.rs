//! State of substreams, which are read parent by parent, in the format of the Python connector.
//!
//! ```json
//! {"use_global_cursor": true, "state": {"updatedAt": "1709294400123"},
//!  "lookback_window": 0, "parent_state": {}}
//! ```
//!
//! means that every parent has been read up to one position. With `"use_global_cursor": false`,
//! parents have their own positions in `states`, and `state` is the position of parents that are
//! not listed; without `state`, unlisted parents have not been read at all. This connector's own
//! key is added as described in [`checkpoint`](super::checkpoint). Versions before 6 wrote
//! `{"<parent id>": {"<cursor>": "<value>"}}` for web analytics.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::checkpoint::{BadState, OWN_KEY, object};
use super::position::{CursorFormat, public_cursor, read_position};
use super::wire::WireState;
use crate::protocol::StreamState;
use crate::time::Millis;

/// Positions by parent id; `None` if the parent has not been read at all.
pub type Partitions = BTreeMap<String, Option<Millis>>;

/// Returns the state of a finished read: everything before `end` has been emitted for every parent.
pub fn complete_global(cursor_field: &str, format: CursorFormat, end: Millis) -> StreamState {
    let cursor = public_cursor(end, None);
    object(json!({
        "use_global_cursor": true,
        "state": { cursor_field: format.write(cursor) },
        "lookback_window": 0,
        "parent_state": {},
        OWN_KEY: WireState::ending(end, cursor),
    }))
}

/// Progress of a substream.
#[derive(Debug, Clone, Copy)]
pub struct ParentProgress<'a> {
    /// Positions of the finished parents, and of those that had their own position before.
    pub positions: &'a Partitions,
    /// Position of the finished parents.
    pub end: Millis,
    /// Position of the unlisted parents, if they had one.
    pub others: Option<Millis>,
    /// [`SavedState::end`](super::SavedState::end) of the state that the read started from.
    pub saved_end: Option<Millis>,
    /// Generation of the full refresh, if this is one.
    pub generation: Option<i64>,
}

impl ParentProgress<'_> {
    /// Returns the state of a read in progress: finished parents have their own positions, all
    /// others keep the position they had, if any.
    pub fn in_progress(
        &self,
        cursor_field: &str,
        format: CursorFormat,
        parent_field: &str,
    ) -> StreamState {
        let cursor = public_cursor(self.end, None);
        let write = |position: Millis| {
            if position == self.end {
                return format.write(cursor);
            }
            let was_end = self.saved_end == Some(position);
            let own = if was_end { public_cursor(position, None) } else { position };
            // A cursor equal to `cursor` would be read back as `end`, so an unfinished parent must
            // not have it.
            format.write(if own == cursor { own - 1 } else { own })
        };
        let states: Vec<_> = self
            .positions
            .iter()
            .filter_map(|(parent, position)| {
                Some(json!({
                    "partition": { parent_field: [parent], "parent_slice": {} },
                    "cursor": { cursor_field: write((*position)?) },
                }))
            })
            .collect();
        let own = WireState { generation: self.generation, ..WireState::ending(self.end, cursor) };
        let mut state =
            object(json!({ "use_global_cursor": false, "states": states, OWN_KEY: own }));
        if let Some(others) = self.others {
            state.insert("state".into(), json!({ cursor_field: write(others) }));
        }
        state
    }
}

/// Reads any of the formats above. Returns the position of unlisted parents and the positions of
/// listed ones, or `Ok(None)` if the state has another format.
pub(super) fn read_partitions(
    state: &StreamState,
    cursor_field: &str,
) -> Result<Option<(Option<Millis>, Partitions)>, BadState> {
    let cursor = |holder: Option<&Value>| match holder {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(fields)) => match fields.get(cursor_field) {
            Some(value) => read_position(value),
            None => Ok(None),
        },
        Some(other) => Err(BadState(format!("`{other}` does not hold a `{cursor_field}`"))),
    };
    let wrong = |key: &str, value: &Value| BadState(format!("its `{key}` is `{value}`"));
    if state.contains_key("use_global_cursor") || state.contains_key("states") {
        let position = cursor(state.get("state"))?;
        let mut partitions = Partitions::new();
        let is_global = match state.get("use_global_cursor") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(is_global)) => *is_global,
            Some(other) => return Err(wrong("use_global_cursor", other)),
        };
        let listed = match state.get("states") {
            None | Some(Value::Null) => &[][..],
            Some(Value::Array(listed)) => listed,
            Some(other) => return Err(wrong("states", other)),
        };
        for entry in listed.iter().filter(|_| !is_global) {
            let parent = entry.get("partition").and_then(parent_id).ok_or_else(|| {
                BadState(format!("`{entry}` does not say which parent it belongs to"))
            })?;
            let position = cursor(entry.get("cursor"))?;
            // A parent is listed once per event type; the earliest position applies.
            let known = partitions.entry(parent).or_insert(position);
            *known = position.min(*known);
        }
        return Ok(Some((position, partitions)));
    }
    let parents = || state.iter().filter(|(key, _)| *key != OWN_KEY);
    let is_map =
        parents().count() > 0 && parents().all(|(_, value)| value.get(cursor_field).is_some());
    if !is_map {
        return Ok(None);
    }
    let positions = parents().map(|(id, holder)| Ok((id.clone(), cursor(Some(holder))?)));
    Ok(Some((None, positions.collect::<Result<_, _>>()?)))
}

/// Returns the parent id of a partition: the only field that is neither the parent slice nor the
/// event type, as a bare value or as the first item of a list.
fn parent_id(partition: &Value) -> Option<String> {
    let fields = partition.as_object()?;
    let mut ids =
        fields.iter().filter(|(key, _)| !matches!(key.as_str(), "parent_slice" | "event_type"));
    let (_, value) = ids.next()?;
    text(value.as_array().map_or(Some(value), |values| values.first())?)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::SavedState;

    type Positions = (Option<Millis>, Vec<(String, Option<Millis>)>);

    fn read(json: &str) -> Result<Positions, String> {
        let state: StreamState = serde_json::from_str(json).unwrap();
        let saved =
            SavedState::read(Some(&state), "at", None).map_err(|error| error.to_string())?;
        Ok((saved.position, saved.partitions.into_iter().collect()))
    }

    #[test]
    fn reads_every_form_ever_written() {
        const AT: Option<Millis> = Some(1_709_294_400_123);
        let listed = |positions: &[(&str, Option<Millis>)]| -> Vec<(String, Option<Millis>)> {
            positions.iter().map(|(id, position)| ((*id).to_owned(), *position)).collect()
        };
        for (case, json, expected) in [
            (
                "global",
                r#"{"use_global_cursor":true,"state":{"at":"1709294400123"},"lookback_window":7,"parent_state":{}}"#,
                (AT, listed(&[])),
            ),
            (
                "global, with a list that is out of use",
                r#"{"use_global_cursor":true,"states":[{"partition":{"id":"a"},"cursor":{"at":"1"}}],"state":{"at":1709294400123}}"#,
                (AT, listed(&[])),
            ),
            (
                "by parent",
                r#"{"use_global_cursor":false,"states":[
                    {"partition":{"form_id":["a"],"parent_slice":{}},"cursor":{"at":"1709294400123"}},
                    {"partition":{"form_id":"b","parent_slice":{}},"cursor":{"at":""}}]}"#,
                (None, listed(&[("a", AT), ("b", None)])),
            ),
            (
                "by parent and type, with a position for the others",
                r#"{"states":[
                    {"partition":{"event_type":"e_x","parent_id":"101","parent_slice":{}},"cursor":{"at":"2024-03-01T12:00:00.123000Z"}},
                    {"partition":{"event_type":"e_y","parent_id":"101","parent_slice":{}},"cursor":{"at":"2024-03-02T12:00:00.000000Z"}}],
                    "state":{"at":"2024-03-01T12:00:00.123Z"}}"#,
                (AT, listed(&[("101", AT)])),
            ),
            (
                "of 5.7",
                r#"{"101":{"at":"2024-03-01T12:00:00.123Z"},"102":{"at":""}}"#,
                (None, listed(&[("101", AT), ("102", None)])),
            ),
            ("flat", r#"{"at":"1709294400123"}"#, (AT, listed(&[]))),
            ("flat, nothing read yet", r#"{"at":""}"#, (None, listed(&[]))),
        ] {
            assert_eq!(read(json), Ok(expected), "{case}");
        }
        assert_eq!(
            read(r#"{"states":[{"partition":{},"cursor":{"at":"1"}}]}"#),
            Err(
                r#"`{"cursor":{"at":"1"},"partition":{}}` does not say which parent it belongs to"#
                    .into()
            )
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let partitions = Partitions::from([("a".into(), Some(1_709_294_400_123))]);
        for others in [None, Some(1_700_000_000_000)] {
            let (end, generation) = (1_709_294_400_123, others.map(|_| 3));
            let positions = &partitions;
            let parents = ParentProgress { positions, end, others, saved_end: None, generation };
            let state = parents.in_progress("at", CursorFormat::Millis, "form_id");
            let saved = SavedState::read(Some(&state), "at", None).unwrap();
            assert_eq!((saved.position, &saved.partitions), (others, &partitions));
            assert_eq!((saved.end, saved.generation), (Some(end), generation));
        }
    }

    #[test]
    fn parents_that_are_not_finished_are_claimed_no_further_than_before() {
        const HOUR: Millis = 3_600_000;
        let (before, end) = (1_709_294_400_123, 1_709_380_800_000);
        // Two were finished by this read, one by the previous read, one by another connector.
        let positions = Partitions::from([
            ("a".into(), Some(end)),
            ("b".into(), Some(before)),
            ("c".into(), Some(before - 5)),
            ("d".into(), Some(end)),
            ("e".into(), Some(end - HOUR)),
            ("f".into(), None),
        ]);
        let parents = ParentProgress {
            positions: &positions,
            end,
            others: Some(before - 9),
            saved_end: Some(before),
            generation: None,
        };
        let state = parents.in_progress("at", CursorFormat::Millis, "form_id");
        let cursors: Vec<_> = state["states"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["cursor"]["at"].as_str().unwrap().parse::<Millis>().unwrap())
            .collect();
        // A reader that starts at its cursor loses no change that is indexed within the hour.
        let settling = end - HOUR;
        assert_eq!(cursors, [settling, before - HOUR, before - 5, settling, settling - 1]);
        let saved = SavedState::read(Some(&state), "at", None).unwrap();
        let own: Vec<_> = saved.partitions.values().map(|position| position.unwrap()).collect();
        assert_eq!(own, [end, before - HOUR, before - 5, end, settling - 1]);
        assert_eq!(saved.position, Some(before - 9));
    }

    #[test]
    fn a_part_of_the_wrong_type_is_a_bad_state() {
        for (json, expected) in [
            (
                r#"{"use_global_cursor":"true","state":{"at":"1709294400123"}}"#,
                "its `use_global_cursor` is `\"true\"`",
            ),
            (
                r#"{"use_global_cursor":false,"states":{"at":"1709294400123"}}"#,
                "its `states` is `{\"at\":\"1709294400123\"}`",
            ),
            (
                r#"{"use_global_cursor":true,"state":"1709294400123"}"#,
                "`\"1709294400123\"` does not hold a `at`",
            ),
            (r#"{"states":[{"partition":{"id":"a"},"cursor":7}]}"#, "`7` does not hold a `at`"),
        ] {
            assert_eq!(read(json), Err(expected.to_owned()), "{json}");
        }
    }

    #[test]
    fn the_finished_form_is_pinned() {
        let state = complete_global("updatedAt", CursorFormat::Millis, 1_709_294_400_123);
        assert_eq!(
            serde_json::to_string(&state).unwrap(),
            r#"{"lookback_window":0,"parent_state":{},"source_hubspot":{"end":"2024-03-01T12:00:00.123000Z","settled":"2024-03-01T11:00:00.123000Z","version":1},"state":{"updatedAt":"1709290800123"},"use_global_cursor":true}"#
        );
    }
}
