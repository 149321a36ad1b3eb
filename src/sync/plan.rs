//! Plan of one selected stream: columns, saved position and sync mode.

use serde_json::Value;

use crate::cursor::{SavedState, StateCodec, StateCursor, StateLayout};
use crate::error::Error;
use crate::hubspot::Conditions;
use crate::protocol::{ConfiguredStream, IncomingState, SyncMode};
use crate::record::{Columns, Field, Kind, Source};
use crate::schema::{PropertyColumn, choose};
use crate::streams::{Checkpoints, PlannedStream, StreamSpec};

/// Plans a read of all records of one stream.
pub(super) fn plan<'a>(
    spec: &StreamSpec<'a>,
    selected: &ConfiguredStream,
    codec: StateCodec<'a>,
    saved: SavedState,
    properties: Vec<PropertyColumn>,
) -> PlannedStream<'a> {
    PlannedStream {
        spec: *spec,
        columns: columns(spec, &selected.stream.json_schema, properties),
        checkpoints: Checkpoints::new(codec, &saved),
        saved,
        full_refresh: selected.sync_mode == SyncMode::FullRefresh || spec.cursor.is_none(),
        generation: selected.generation_id,
        conditions: Conditions::default(),
        targets: None,
    }
}

/// Returns the codec for the state of a stream.
pub(super) fn codec<'a>(spec: &StreamSpec<'a>, selected: &'a ConfiguredStream) -> StateCodec<'a> {
    let chosen = selected.cursor_field.as_ref().and_then(|path| path.first()).map(String::as_str);
    let cursor = spec.cursor.map(|cursor| StateCursor {
        field: cursor.name,
        selected: chosen,
        format: cursor.format,
    });
    let parent_key = spec.strategy.parent_key();
    let layout =
        parent_key.map_or(StateLayout::Flat, |parent_key| StateLayout::PerParent { parent_key });
    StateCodec { cursor, layout }
}

/// Returns the state saved for a stream under this name.
pub(super) fn saved(
    spec: &StreamSpec<'_>,
    name: &str,
    codec: &StateCodec<'_>,
    state: &IncomingState,
) -> Result<SavedState, Error> {
    let bad = |problem: String| Error::State { stream: spec.name.to_owned(), problem };
    let state = state.of(name).map_err(|value| bad(format!("`{value}` is not an object")))?;
    codec.decode(state).map_err(|error| bad(error.to_string()))
}

fn columns(spec: &StreamSpec<'_>, configured: &Value, properties: Vec<PropertyColumn>) -> Columns {
    let always: Vec<_> =
        spec.primary_key.iter().copied().chain(spec.cursor.map(|cursor| cursor.name)).collect();
    choose(configured, fields(spec), &always, properties)
}

/// Returns the kind that keeps HubSpot's own dates unchanged unless databases cannot store them.
fn date_as_sent(declared: &Value) -> Option<Kind> {
    match declared.get("format")?.as_str()? {
        "date" => Some(Kind::SentDate),
        "date-time" => Some(Kind::SentDatetime),
        _ => None,
    }
}

/// Returns the top-level columns of a stream: those of its static schema and its associations.
fn fields(spec: &StreamSpec<'_>) -> Vec<Field> {
    let schema: Value = serde_json::from_str(spec.static_fields()).unwrap_or_default();
    let declared = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let copied = declared.map(|(name, declared)| {
        let fill = spec.strategy.defaults().iter().find(|fill| fill.field == name);
        let cast = fill.and_then(|fill| fill.cast).or_else(|| date_as_sent(declared));
        Field {
            name: name.clone(),
            source: Source::Copy { or: fill.and_then(|fill| fill.or), cast },
        }
    });
    let associated = spec.strategy.associations().iter().enumerate();
    let ids = associated
        .map(|(place, &object)| Field { name: object.into(), source: Source::Associations(place) });
    copied.chain(ids).collect()
}
