//! Plan of one selected stream: columns, saved position and sync mode.

use serde_json::Value;

use crate::cursor::Saved;
use crate::error::Error;
use crate::hubspot::Conditions;
use crate::protocol::{ConfiguredStream, IncomingState, SyncMode};
use crate::record::{Columns, Field, Kind, Source};
use crate::schema::{PropertyColumn, choose};
use crate::streams::{Planned, StreamSpec};

/// Plans a read of all records of one stream.
pub(super) fn plan<'a>(
    row: &StreamSpec<'a>,
    selected: &ConfiguredStream,
    saved: Saved,
    properties: Vec<PropertyColumn>,
) -> Planned<'a> {
    Planned {
        row: *row,
        columns: columns(row, &selected.stream.json_schema, properties),
        saved,
        everything: selected.sync_mode == SyncMode::FullRefresh || row.cursor.is_none(),
        generation: selected.generation_id,
        conditions: Conditions::default(),
        targets: None,
    }
}

/// Returns the state saved for a stream under this name.
pub(super) fn saved(
    row: &StreamSpec<'_>,
    name: &str,
    selected: &ConfiguredStream,
    state: &IncomingState,
) -> Result<Saved, Error> {
    let bad = |problem: String| Error::State { stream: row.name.to_owned(), problem };
    let state = state.of(name).map_err(|value| bad(format!("`{value}` is not an object")))?;
    let Some(cursor) = row.cursor else {
        return Saved::read_without_cursor(state).map_err(|error| bad(error.to_string()));
    };
    let chosen = selected.cursor_field.as_ref().and_then(|path| path.first()).map(String::as_str);
    Saved::read(state, cursor.name, chosen).map_err(|error| bad(error.to_string()))
}

fn columns(row: &StreamSpec<'_>, configured: &Value, properties: Vec<PropertyColumn>) -> Columns {
    let always: Vec<_> =
        row.primary_key.iter().copied().chain(row.cursor.map(|cursor| cursor.name)).collect();
    choose(configured, fields(row), &always, properties)
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
fn fields(row: &StreamSpec<'_>) -> Vec<Field> {
    let schema: Value = serde_json::from_str(row.static_fields()).unwrap_or_default();
    let declared = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let copied = declared.map(|(name, declared)| {
        let fill = row.defaults.iter().find(|fill| fill.field == name);
        let cast = fill.and_then(|fill| fill.cast).or_else(|| date_as_sent(declared));
        Field {
            name: name.clone(),
            source: Source::Copy { or: fill.and_then(|fill| fill.or), cast },
        }
    });
    let associated = row.associations.iter().enumerate();
    let ids = associated
        .map(|(place, &object)| Field { name: object.into(), source: Source::Associations(place) });
    copied.chain(ids).collect()
}
