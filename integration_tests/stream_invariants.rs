//! Invariants that hold for every stream, whatever its read strategy.
//!
//! One portal in which every stream has records, a few runs with all streams at once, and one list
//! of findings: a failure names every stream that violates an invariant.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value, json};
use source_hubspot::streams::STREAMS;

use crate::support::invariants::{Findings, check_schema, cursor_ms, instant_ms, key_of};
use crate::support::output::end_ms;
use crate::support::portals::{every_stream, stopped};
use crate::support::state_formats::{Spelling, respelled};
use crate::support::{Catalog, Mode, Output, START_MS, Stage};

/// Overlap of consecutive reads, in milliseconds: the maximum assumed lag of the search index.
const OVERLAP_MS: i64 = 300_000;

/// Streams without records in this portal, with the reason.
const EMPTY: &[(&str, &str)] = &[
    ("engagements_emails_web_analytics", NOTHING_HAPPENED),
    ("engagements_notes_web_analytics", NOTHING_HAPPENED),
    ("goals_web_analytics", NOTHING_HAPPENED),
    ("harbours_web_analytics", NOTHING_HAPPENED),
    ("tickets_web_analytics", NOTHING_HAPPENED),
];
const NOTHING_HAPPENED: &str = "of its few records, none is among those that something happened to";

/// Streams that may emit an unchanged record again, with the reason.
const AGAIN: &[(&str, &str)] = &[
    ("marketing_emails", "the statistics of what was sent lately move without updatedAt"),
    ("workflows", "a workflow that was never changed has no updatedAt when it is judged"),
];

/// Streams with records that may have no cursor, with the reason.
const WITHOUT_CURSOR: &[(&str, &str)] = &[(
    "ticket_pipelines",
    "HubSpot dates the pipelines it brings along with neither creation nor change",
)];

/// Streams whose primary key may be duplicated, with the reason.
const KEY_AGAIN: &[(&str, &str)] = &[
    ("companies_property_history", TIED_VERSIONS),
    ("contacts_property_history", TIED_VERSIONS),
    ("deals_property_history", TIED_VERSIONS),
];
const TIED_VERSIONS: &str = "HubSpot stamps two versions of a property with one time";

fn is_listed(table: &[(&str, &str)], stream: &str) -> bool {
    table.iter().any(|(name, _)| *name == stream)
}

/// Shared data of all checks.
struct Scene {
    stage: Stage,
    /// The discovered streams, by name.
    streams: BTreeMap<String, Value>,
    incremental: Catalog,
    /// An incremental read of everything without a state.
    first: Output,
    findings: Findings,
}

#[test]
fn every_stream_keeps_its_promises() {
    let mut stage = Stage::new(stopped(every_stream()));
    stage.config["enable_experimental_streams"] = true.into();
    let discovered = stage.discover().succeeded();
    let streams: BTreeMap<_, _> = discovered.catalog()["streams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stream| (stream["name"].as_str().unwrap().to_owned(), stream.clone()))
        .collect();
    let full = Catalog::discovered(&discovered, Mode::Full);
    let incremental = Catalog::discovered(&discovered, Mode::Incremental);
    let everything = stage.read(&full);
    let first = stage.read(&incremental);
    let findings = Findings::default();
    let mut scene = Scene { stage, streams, incremental, first, findings };
    scene.every_row_is_offered();
    scene.reads_well(&everything, "a full refresh");
    scene.records_fit(&everything);
    scene.both_modes_agree(&everything);
    scene.only_what_is_selected_comes(&full);
    scene.a_second_read_repeats_little();
    scene.a_future_position_is_not_relied_on();
    for spelling in Spelling::ALL {
        scene.an_older_state_is_read(spelling);
    }
    scene.findings.none();
}

impl Scene {
    fn every_row_is_offered(&mut self) {
        for row in STREAMS.iter().filter(|row| !self.streams.contains_key(row.name)) {
            self.findings.add(row.name, "is not discovered");
        }
        for name in ["boats", "harbours"].iter().filter(|name| !self.streams.contains_key(**name)) {
            self.findings.add(name, "is not discovered");
        }
    }

    /// Checks that every stream is read to its end.
    fn reads_well(&mut self, output: &Output, when: &str) {
        for name in self.streams.keys() {
            let ends_well = output.statuses(name).last() == Some(&"COMPLETE");
            self.findings.check(ends_well, name, || format!("{when}: not complete"));
        }
        for error in output.errors() {
            let name = error["stream_descriptor"]["name"].as_str().unwrap_or("no stream");
            self.findings.add(name, &format!("{when}: {}", error["message"]));
        }
    }

    /// Checks that records exist, are valid for the schema, and have key and cursor.
    fn records_fit(&mut self, output: &Output) {
        for (name, stream) in &self.streams {
            let records = output.records(name);
            let is_empty = is_listed(EMPTY, name);
            self.findings.check(records.is_empty() == is_empty, name, || {
                format!("{} records", records.len())
            });
            check_schema(name, &stream["json_schema"], &records, &mut self.findings);
            let mut keys = BTreeSet::new();
            for record in &records {
                let Some(key) = key_of(stream, record) else {
                    self.findings.add(name, "a record without its primary key");
                    continue;
                };
                let is_new =
                    key.is_empty() || keys.insert(key.clone()) || is_listed(KEY_AGAIN, name);
                self.findings.check(is_new, name, || format!("two records with the key {key:?}"));
                let has_cursor = cursor_ms(stream, record).is_ok_and(|at| at.is_some());
                let may_lack = is_listed(WITHOUT_CURSOR, name) || !has_cursor_field(stream);
                self.findings.check(has_cursor || may_lack, name, || {
                    format!("no cursor in {}", record[cursor_field(stream).unwrap_or_default()])
                });
            }
        }
    }

    fn both_modes_agree(&mut self, everything: &Output) {
        self.reads_well_first();
        let (full, first) = (everything.content(), self.first.content());
        for name in self.streams.keys() {
            self.findings.check(full.get(name) == first.get(name), name, || {
                "a full refresh and an incremental read from nothing differ".to_owned()
            });
        }
    }

    fn reads_well_first(&mut self) {
        for name in self.streams.keys() {
            let ends_well = self.first.statuses(name).last() == Some(&"COMPLETE");
            self.findings.check(ends_well, name, || "read from nothing: not complete".to_owned());
        }
    }

    /// Checks that with a few columns selected, records contain only these, their key and their
    /// cursor.
    fn only_what_is_selected_comes(&mut self, full: &Catalog) {
        let mut narrow = full.clone();
        let mut selected: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
        for (name, stream) in &self.streams {
            let is_needed = |column: &str| {
                let keys = stream["source_defined_primary_key"].as_array();
                let is_key = keys.into_iter().flatten().any(|path| path[0] == column);
                is_key || cursor_field(stream) == Some(column)
            };
            let columns = narrow.columns(name);
            let other = columns.keys().rfind(|column| !is_needed(column)).cloned();
            columns.retain(|column, _| is_needed(column) || Some(column) == other.as_ref());
            selected.insert(name.clone(), columns.clone());
        }
        let output = self.stage.read(&narrow);
        self.reads_well(&output, "with a few columns");
        for (name, columns) in &selected {
            for record in output.records(name) {
                let record = record.as_object().expect("an object");
                let extra = record.keys().find(|column| !columns.contains_key(*column));
                self.findings.check(extra.is_none(), name, || {
                    format!("the column {} is not selected", extra.expect("a column"))
                });
            }
        }
    }

    /// Checks that a later read without changes emits only records in the overlap.
    fn a_second_read_repeats_little(&mut self) {
        self.stage.simulator.advance(Duration::from_mins(2));
        let state = self.first.state();
        let second = self.stage.read_on(&self.incremental, &state);
        self.reads_well(&second, "a second read");
        for (name, stream) in self.with_cursor() {
            let position = position_of(&self.first, &name);
            for record in second.records(&name) {
                let at = cursor_ms(&stream, record).ok().flatten();
                let is_due = match (at, position) {
                    (Some(at), Some(position)) => at >= position - OVERLAP_MS,
                    (Some(_), None) => false,
                    (None, _) => true,
                };
                self.findings.check(is_due || is_listed(AGAIN, &name), &name, || {
                    format!("a second read brings {at:?} again, after {position:?}")
                });
            }
        }
    }

    /// Checks that a position in the future is reported and that everything is read again.
    fn a_future_position_is_not_relied_on(&mut self) {
        let later = START_MS + 40 * 86_400_000;
        let state = respelled(&self.first.state(), Spelling::AsWritten, later);
        let output = self.stage.read_on(&self.incremental, &state);
        self.reads_well(&output, "from the future");
        for (name, _) in self.with_cursor() {
            let expected = self.first.records(&name).len();
            let found = output.records(&name).len();
            self.findings.check(found == expected, &name, || {
                format!("a state from the future: {found} of {expected} records")
            });
            let start = format!("`{name}`: the saved state ends at ");
            let said = output.warnings().iter().filter(|line| line.starts_with(&start)).count();
            self.findings.check(said == 1, &name, || format!("{said} warnings of the future"));
            if output.statuses(&name).last() == Some(&"COMPLETE") {
                let position = position_of(&output, &name);
                self.findings.check(position <= Some(START_MS + 3_600_000), &name, || {
                    format!("a position from the future became {position:?}")
                });
            }
        }
    }

    /// Checks that a state in the format of an older version has the same meaning.
    fn an_older_state_is_read(&mut self, spelling: Spelling) {
        let position = self.stage.simulator.now_ms() / 1000 * 1000;
        let state = respelled(&self.first.state(), spelling, position);
        let output = self.stage.read_on(&self.incremental, &state);
        self.reads_well(&output, &format!("a state {spelling:?}"));
        for (name, stream) in self.with_cursor() {
            let expected = self.first.records(&name).len();
            let found = output.records(&name);
            if spelling.says_nothing() {
                self.findings.check(found.len() == expected, &name, || {
                    format!("a state {spelling:?}: {} of {expected} records", found.len())
                });
                continue;
            }
            let is_old = |record: &&Value| {
                let at = cursor_ms(&stream, record).ok().flatten();
                at.is_some_and(|at| at < position - OVERLAP_MS)
            };
            let old = found.into_iter().filter(is_old).count();
            self.findings.check(old == 0 || is_listed(AGAIN, &name), &name, || {
                format!("a state {spelling:?} is not heeded: {old} older records")
            });
        }
    }

    /// Returns the streams that support incremental reads.
    fn with_cursor(&self) -> Vec<(String, Value)> {
        let streams = self.streams.iter().filter(|(_, stream)| has_cursor_field(stream));
        streams.map(|(name, stream)| (name.clone(), stream.clone())).collect()
    }
}

fn cursor_field(stream: &Value) -> Option<&str> {
    stream["default_cursor_field"][0].as_str()
}

fn has_cursor_field(stream: &Value) -> bool {
    cursor_field(stream).is_some()
}

/// Returns the position in the last state of a stream.
fn position_of(output: &Output, stream: &str) -> Option<i64> {
    let state = output.states(stream).last().copied()?;
    end_ms(state).or_else(|| position_ms(state))
}

/// Returns the earliest instant in a state: everything before it has been read.
fn position_ms(state: &Value) -> Option<i64> {
    match state {
        Value::Object(fields) => fields.values().filter_map(position_ms).min(),
        Value::Array(values) => values.iter().filter_map(position_ms).min(),
        Value::String(_) | Value::Number(_) => instant_ms(state),
        Value::Null | Value::Bool(_) => None,
    }
}

#[test]
fn states_are_respelled_where_they_name_an_instant() {
    let at = DateTime::from_timestamp_millis(START_MS).unwrap();
    let iso = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let state = json!([{ "stream": {
        "stream_descriptor": { "name": "x" },
        "stream_state": { "updatedAt": iso, "lookback": 0, "states": [{ "created": "1700000000000" }] },
    } }]);
    for (spelling, updated, created) in [
        (
            Spelling::Offset,
            json!("2026-09-21T14:13:20.000000+00:00"),
            json!("2026-09-21T14:13:20.000000+00:00"),
        ),
        (Spelling::Millis, json!(START_MS), json!(START_MS)),
        (Spelling::AsWritten, json!("2026-09-21T14:13:20.000000Z"), json!(START_MS.to_string())),
        (Spelling::EmptyText, json!(""), json!("")),
    ] {
        let found = respelled(&state, spelling, START_MS);
        let expected =
            json!({ "updatedAt": updated, "lookback": 0, "states": [{ "created": created }] });
        assert_eq!(found[0]["stream"]["stream_state"], expected, "{spelling:?}");
    }
}
