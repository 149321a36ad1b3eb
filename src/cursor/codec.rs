//! Wire formats of the state of a stream.
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
//!
//! Substreams are read parent by parent and have the format of the Python connector's substreams:
//!
//! ```json
//! {"use_global_cursor": true, "state": {"updatedAt": "1709294400123"},
//!  "lookback_window": 0, "parent_state": {}}
//! ```
//!
//! means that every parent has been read up to one position. With `"use_global_cursor": false`,
//! parents have their own positions in `states`, and `state` is the position of parents that are
//! not listed; without `state`, unlisted parents have not been read at all.
//!
//! The formats that are only read:
//!
//! | written by | format |
//! | --- | --- |
//! | Python connector, concurrent streams | `{"state_type": "date-range", "slices": [{"start": …, "end": …, "most_recent_cursor_value": …}]}` |
//! | Python connector before 6, web analytics | `{"<parent id>": {"<cursor>": "<value>"}}` |
//! | earlier versions of this connector | no `end`; the cursor is the position |
//!
//! `integration_tests/golden/states` holds an example of every format with its meaning.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::position::{BadState, CursorFormat, public_cursor, read_position};
use super::state::{
    FinishedParents, IgnoredPart, ParentPositions, Partitions, Position, SavedState, StreamState,
};
use super::wire::{EndedRead, OWN_KEY, OwnRead, WireEntry, read_own};
use crate::protocol::{NO_CURSOR_STATE, StateBlob};
use crate::time::Millis;

/// Converts the state of one stream from and to its wire formats.
#[derive(Debug, Clone, Copy)]
pub struct StateCodec<'a> {
    /// Cursor of the stream; `None` for streams that are always read in full.
    pub cursor: Option<StateCursor<'a>>,
    pub layout: StateLayout<'a>,
}

/// Cursor in the state of a stream.
#[derive(Debug, Clone, Copy)]
pub struct StateCursor<'a> {
    /// Field that holds the cursor.
    pub field: &'a str,
    /// Field that may hold it in a saved state instead: the cursor field selected by the user.
    pub selected: Option<&'a str>,
    pub format: CursorFormat,
}

/// Arrangement of the positions in the state of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateLayout<'a> {
    /// One cursor for the whole stream.
    Flat,
    /// A cursor for each parent, whose id has the name `parent_key`.
    PerParent { parent_key: &'a str },
}

impl StateCodec<'_> {
    /// Decodes a state in any format written by any version of this connector or the Python
    /// connector.
    ///
    /// # Errors
    /// If the state has none of the formats, or a value in it is invalid.
    pub fn decode(&self, blob: Option<&StateBlob>) -> Result<SavedState, BadState> {
        let Some(blob) = blob.filter(|blob| !is_without_position(blob)) else {
            return Ok(SavedState::default());
        };
        let own = blob.get(OWN_KEY).map(read_own).transpose()?.unwrap_or_default();
        let (main, ignored) = match (own.read, self.cursor) {
            (OwnRead::Scan(progress), None) => (StreamState::Scan(progress), None),
            (OwnRead::Scan(progress), Some(cursor)) => {
                let position = cursor.of(blob).map(read_position).transpose()?.flatten();
                if progress.is_of(position) {
                    (StreamState::Scan(progress), None)
                } else {
                    (self.at(position), Some(IgnoredPart::OtherCursor))
                }
            }
            (OwnRead::Ended(EndedRead { done, generation, .. }), None) => {
                let parents =
                    done.map(|ids| FinishedParents { ids: ids.into_iter().collect(), generation });
                (parents.map_or(StreamState::Unread, StreamState::FinishedParents), None)
            }
            (OwnRead::Ended(ended), Some(cursor)) => {
                let is_section_alone = !own.sections.is_empty() && blob.len() == 1;
                if is_section_alone {
                    (StreamState::Unread, None)
                } else {
                    self.decode_positions(blob, cursor, &ended)?
                }
            }
        };
        Ok(SavedState { main, sections: own.sections, ignored })
    }

    /// Decodes a state without a scan in progress.
    fn decode_positions(
        &self,
        blob: &StateBlob,
        cursor: StateCursor<'_>,
        ended: &EndedRead,
    ) -> Result<(StreamState, Option<IgnoredPart>), BadState> {
        if let Some(Value::Array(slices)) = blob.get("slices") {
            return Ok((self.at(read_slices(slices)?), None));
        }
        let partitions = read_partitions(blob, cursor.field)?;
        let (mut others, mut positions) = if let Some(partitions) = partitions {
            partitions
        } else {
            let missing = || BadState(format!("it has no `{}`", cursor.field));
            let value = cursor.of(blob).ok_or_else(missing)?;
            (read_position(value)?, Partitions::new())
        };
        let &EndedRead { mut end, settled: mut reconciled_until, generation, .. } = ended;
        let mut ignored = None;
        // Cursors that were derived from `end` stand for it. Other cursors are positions: those of
        // parents that were not read then, and those written by another connector or a user.
        if let Some(end_of_read) = end {
            let cursor = reconciled_until.take().filter(|cursor| *cursor <= end_of_read);
            let mut is_used = false;
            for position in positions.values_mut().chain([&mut others]) {
                if position.is_some() && *position == cursor {
                    *position = Some(end_of_read);
                    is_used = true;
                }
            }
            if others == Some(end_of_read) {
                reconciled_until = cursor;
            }
            if !is_used {
                (end, ignored) = (None, Some(IgnoredPart::OtherCursor));
            }
        }
        let state = match (self.layout, others) {
            (StateLayout::Flat, None) => StreamState::Unread,
            (StateLayout::Flat, Some(end)) => {
                StreamState::Complete(Position { end, reconciled_until })
            }
            (StateLayout::PerParent { .. }, None) if positions.is_empty() => StreamState::Unread,
            (StateLayout::PerParent { .. }, _) => StreamState::Parents(ParentPositions {
                positions,
                others,
                end,
                previous_end: None,
                generation,
            }),
        };
        Ok((state, ignored))
    }

    /// Returns the state of a stream that has been read up to `position`.
    fn at(&self, position: Option<Millis>) -> StreamState {
        match (self.layout, position) {
            (_, None) => StreamState::Unread,
            (StateLayout::Flat, Some(end)) => StreamState::read_until(end),
            (StateLayout::PerParent { .. }, others) => {
                StreamState::Parents(ParentPositions { others, ..ParentPositions::default() })
            }
        }
    }

    /// Encodes a state. Sections of a stream without a cursor are written while it is in progress
    /// only, because its final state has no place for them.
    pub fn encode(
        &self,
        main: &StreamState,
        sections: &BTreeMap<String, StreamState>,
    ) -> StateBlob {
        let (mut blob, entry) = match (main, self.cursor) {
            (StreamState::Unread, _) if sections.is_empty() => return StateBlob::new(),
            (StreamState::Unread, _) => (StateBlob::new(), WireEntry::default()),
            (StreamState::FinishedParents(parents), _) => (StateBlob::new(), parents.into()),
            (StreamState::Scan(progress), None) => (StateBlob::new(), progress.into()),
            (StreamState::Scan(progress), Some(cursor)) => {
                (cursor.write(progress.cursor()), progress.into())
            }
            (StreamState::Complete(position), Some(cursor)) => {
                let &Position { end, reconciled_until } = position;
                let written = public_cursor(end, reconciled_until);
                let blob = match self.layout {
                    StateLayout::Flat => cursor.write(written),
                    StateLayout::PerParent { .. } => global(cursor, written),
                };
                (blob, WireEntry::ending(end, written))
            }
            (StreamState::Parents(parents), Some(cursor)) => {
                let ending = |end| WireEntry::ending(end, public_cursor(end, None));
                let entry = parents.end.map(ending).unwrap_or_default();
                (self.write_parents(parents, cursor), entry.of_generation(parents.generation))
            }
            (StreamState::NoCursor | StreamState::Complete(_) | StreamState::Parents(_), _) => {
                return object(json!({ NO_CURSOR_STATE: true }));
            }
        };
        let entry = entry.with_sections(sections);
        blob.insert(OWN_KEY.to_owned(), entry.write());
        blob
    }

    /// Writes positions by parent: finished parents have their own positions, all others keep the
    /// position they had, if any.
    fn write_parents(&self, parents: &ParentPositions, cursor: StateCursor<'_>) -> StateBlob {
        let &ParentPositions { others, end, previous_end, .. } = parents;
        let StateLayout::PerParent { parent_key } = self.layout else {
            return others.map(|others| cursor.write(others)).unwrap_or_default();
        };
        let written = end.map(|end| public_cursor(end, None));
        if let (true, Some(written)) = (parents.positions.is_empty() && others == end, written) {
            return global(cursor, written);
        }
        let write = |position: Millis| {
            let is = |end: Option<Millis>| end == Some(position);
            let own =
                if is(end) || is(previous_end) { public_cursor(position, None) } else { position };
            // A cursor equal to `written` would be read back as `end`, so an unfinished parent must
            // not have it.
            cursor.write(if written == Some(own) && !is(end) { own.preceding() } else { own })
        };
        let positions = parents.positions.iter();
        let states: Vec<_> = positions
            .filter_map(|(parent, position)| {
                Some(json!({
                    "partition": { parent_key: [parent], "parent_slice": {} },
                    "cursor": write((*position)?),
                }))
            })
            .collect();
        let mut blob = object(json!({ "use_global_cursor": false, "states": states }));
        if let Some(others) = parents.others {
            blob.insert("state".into(), write(others).into());
        }
        blob
    }
}

impl StateCursor<'_> {
    /// Returns the value of the cursor in a state.
    fn of<'s>(&self, blob: &'s StateBlob) -> Option<&'s Value> {
        blob.get(self.field).or_else(|| blob.get(self.selected?))
    }

    /// Returns an object that holds the cursor alone.
    fn write(&self, position: Millis) -> StateBlob {
        object(json!({ self.field: self.format.write(position) }))
    }
}

/// Returns the state of a substream whose parents have all been read up to one cursor.
fn global(cursor: StateCursor<'_>, written: Millis) -> StateBlob {
    object(json!({
        "use_global_cursor": true,
        "state": cursor.write(written),
        "lookback_window": 0,
        "parent_state": {},
    }))
}

fn object(value: Value) -> StateBlob {
    if let Value::Object(object) = value { object } else { StateBlob::new() }
}

/// Returns `true` if the state is empty or belongs to a read without a cursor.
fn is_without_position(blob: &StateBlob) -> bool {
    blob.keys().all(|key| key.starts_with("__ab_"))
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

/// Reads the positions of parents in either format. Returns the position of unlisted parents and the positions of
/// listed ones, or `Ok(None)` if the state has another format.
fn read_partitions(
    blob: &StateBlob,
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
    if blob.contains_key("use_global_cursor") || blob.contains_key("states") {
        let position = cursor(blob.get("state"))?;
        let mut partitions = Partitions::new();
        let is_global = match blob.get("use_global_cursor") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(is_global)) => *is_global,
            Some(other) => return Err(wrong("use_global_cursor", other)),
        };
        let listed = match blob.get("states") {
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
    let parents = || blob.iter().filter(|(key, _)| *key != OWN_KEY);
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
