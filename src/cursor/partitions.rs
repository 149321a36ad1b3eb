//! States of streams that are read parent by parent, as the Python connector writes them.
//!
//! ```json
//! {"use_global_cursor": true, "state": {"updatedAt": "1709294400123"},
//!  "lookback_window": 0, "parent_state": {}}
//! ```
//!
//! says that every parent has been read up to one position. With `"use_global_cursor": false` and
//! `states`, parents have positions of their own, and `state` is for those that are not listed;
//! without it those have not been read at all. The versions before 6 wrote `{"<parent id>":
//! {"<cursor>": "<value>"}}` for web analytics.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::checkpoint::{BadState, object, of_generation, read_position};
use super::position::CursorFormat;
use crate::protocol::StreamState;
use crate::time::Millis;

/// Positions by parent id; `None` if the parent has not been read at all.
pub type Partitions = BTreeMap<String, Option<Millis>>;

/// The claim of a finished read: of every parent, everything before `position` has been written.
pub fn complete_global(cursor_field: &str, format: CursorFormat, position: Millis) -> StreamState {
    object(json!({
        "use_global_cursor": true,
        "state": { cursor_field: format.write(position) },
        "lookback_window": 0,
        "parent_state": {},
    }))
}

/// The claim of a read under way: parents that are finished have positions of their own, all
/// others keep the one they had, if any. `generation` is that of the refresh, if it is one.
pub fn some_partitions(
    cursor_field: &str,
    format: CursorFormat,
    parent_field: &str,
    partitions: &Partitions,
    others: Option<Millis>,
    generation: Option<i64>,
) -> StreamState {
    let states: Vec<_> = partitions
        .iter()
        .filter_map(|(parent, position)| {
            Some(json!({
                "partition": { parent_field: [parent], "parent_slice": {} },
                "cursor": { cursor_field: format.write((*position)?) },
            }))
        })
        .collect();
    let mut state = object(json!({ "use_global_cursor": false, "states": states }));
    if let Some(others) = others {
        state.insert("state".into(), json!({ cursor_field: format.write(others) }));
    }
    of_generation(state, generation)
}

/// Reads any of the forms above: the position of parents that are not listed, and the others'.
/// `Ok(None)` if the state has another form.
pub(super) fn read_partitions(
    state: &StreamState,
    cursor_field: &str,
) -> Result<Option<(Option<Millis>, Partitions)>, BadState> {
    let cursor = |holder: Option<&Value>| match holder.and_then(|holder| holder.get(cursor_field)) {
        Some(value) => read_position(value),
        None => Ok(None),
    };
    if state.contains_key("use_global_cursor") || state.contains_key("states") {
        let position = cursor(state.get("state"))?;
        let mut partitions = Partitions::new();
        let is_global = state.get("use_global_cursor").and_then(Value::as_bool).unwrap_or_default();
        let listed = state.get("states").and_then(Value::as_array).filter(|_| !is_global);
        for entry in listed.into_iter().flatten() {
            let parent = entry.get("partition").and_then(parent_id).ok_or_else(|| {
                BadState(format!("`{entry}` does not say which parent it belongs to"))
            })?;
            let position = cursor(entry.get("cursor"))?;
            // A parent is listed once for each type of its entries: the earliest holds for all.
            let known = partitions.entry(parent).or_insert(position);
            *known = position.min(*known);
        }
        return Ok(Some((position, partitions)));
    }
    let is_map = !state.is_empty() && state.values().all(|value| value.get(cursor_field).is_some());
    if !is_map {
        return Ok(None);
    }
    let positions = state.iter().map(|(id, holder)| Ok((id.clone(), cursor(Some(holder))?)));
    Ok(Some((None, positions.collect::<Result<_, _>>()?)))
}

/// The parent's id in a partition: the one text, bare or in a list, that is no type of event.
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
    use crate::cursor::Saved;

    type Positions = (Option<Millis>, Vec<(String, Option<Millis>)>);

    fn read(json: &str) -> Result<Positions, String> {
        let state: StreamState = serde_json::from_str(json).unwrap();
        let saved = Saved::read(Some(&state), "at", None).map_err(|error| error.to_string())?;
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
            let state =
                some_partitions("at", CursorFormat::Millis, "form_id", &partitions, others, None);
            let saved = Saved::read(Some(&state), "at", None).unwrap();
            assert_eq!((saved.position, &saved.partitions), (others, &partitions));
        }
    }

    #[test]
    fn the_finished_form_is_pinned() {
        let state = complete_global("updatedAt", CursorFormat::Millis, 1_709_294_400_123);
        assert_eq!(
            serde_json::to_string(&state).unwrap(),
            r#"{"lookback_window":0,"parent_state":{},"state":{"updatedAt":"1709294400123"},"use_global_cursor":true}"#
        );
    }
}
