//! Tests of [`StateCodec`] with states as they are written by any version of any connector.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::codec::{StateCodec, StateCursor, StateLayout};
use super::position::{BadState, CursorFormat};
use super::ranges::IdRange;
use super::state::{
    IgnoredPart, ParentPositions, Partitions, Position, SavedState, ScanProgress, StreamState,
};
use super::task::ReadMode;
use super::wire::OWN_KEY;
use crate::protocol::StateBlob;
use crate::record_id::RecordId;
use crate::time::{Millis, write_instant};

const FLAT: StateCodec<'_> = StateCodec {
    cursor: Some(StateCursor {
        field: "updatedAt",
        selected: Some("createdAt"),
        format: CursorFormat::Iso,
    }),
    layout: StateLayout::Flat,
};

const BY_PARENT: StateCodec<'_> = StateCodec {
    cursor: Some(StateCursor { field: "at", selected: None, format: CursorFormat::Millis }),
    layout: StateLayout::PerParent { parent_key: "form_id" },
};

const HOUR: Duration = Duration::from_hours(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn id_range(from: u64, end: Option<u64>) -> IdRange {
    IdRange { from: RecordId::new(from), end: end.map(RecordId::new) }
}

fn decode(codec: &StateCodec<'_>, json: &str) -> Result<SavedState, BadState> {
    let blob: StateBlob = serde_json::from_str(json).unwrap();
    codec.decode(Some(&blob))
}

fn read(json: &str) -> Result<SavedState, BadState> {
    decode(&FLAT, json)
}

fn encode(codec: &StateCodec<'_>, state: &StreamState) -> StateBlob {
    codec.encode(state, &BTreeMap::new())
}

/// Returns the files of `integration_tests/golden/states`, sorted.
fn golden_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("integration_tests/golden/states");
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Every file holds a stream, a state, and the meaning of that state. `BLESS=1` writes the meaning.
/// The files with `is_written` are the formats that this connector writes.
#[test]
fn every_format_has_its_meaning() {
    let files = golden_files();
    assert!(files.len() > 20, "{files:?}");
    for path in files {
        let file = path.display();
        let mut golden: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let stream = golden["stream"].clone();
        let cursor = stream["cursor"].as_str().map(|field| StateCursor {
            field,
            selected: stream["selected"].as_str(),
            format: match stream["format"].as_str().unwrap() {
                "iso" => CursorFormat::Iso,
                "millis" => CursorFormat::Millis,
                other => panic!("{file}: {other}"),
            },
        });
        let layout = stream["parent_key"]
            .as_str()
            .map_or(StateLayout::Flat, |parent_key| StateLayout::PerParent { parent_key });
        let codec = StateCodec { cursor, layout };
        let saved = codec.decode(golden["state"].as_object()).unwrap();
        let meaning = format!("{saved:?}");
        if std::env::var_os("BLESS").is_some() {
            golden["meaning"] = meaning.clone().into();
            let mut text = serde_json::to_string_pretty(&golden).unwrap();
            text.push('\n');
            fs::write(&path, text).unwrap();
        }
        assert_eq!(meaning, golden["meaning"], "{file}");
        let written = Value::from(codec.encode(&saved.main, &saved.sections));
        assert_eq!(written == golden["state"], golden["is_written"], "{file}: {written}");
        // Whatever was read, the state that is written for it says no more than that.
        let again = codec.decode(written.as_object()).unwrap();
        assert_eq!(again.main.position(), saved.main.position(), "{file}: {written}");
        assert_eq!((again.main.is_scan(), again.sections), (saved.main.is_scan(), saved.sections));
    }
}

#[test]
fn reads_every_form_ever_written() {
    const NOON: Option<Millis> = Some(Millis::new(1_709_294_400_123));
    for (case, json, expected) in [
        ("6.x", r#"{"updatedAt":"2024-03-01T12:00:00.123000Z"}"#, NOON),
        ("with an offset", r#"{"updatedAt":"2024-03-01T12:00:00.123000+00:00"}"#, NOON),
        ("three digits", r#"{"updatedAt":"2024-03-01T12:00:00.123Z"}"#, NOON),
        ("milliseconds as text", r#"{"updatedAt":"1709294400123"}"#, NOON),
        ("milliseconds", r#"{"updatedAt":1709294400123}"#, NOON),
        (
            "whole seconds",
            r#"{"updatedAt":"2024-03-01T12:00:00+00:00"}"#,
            Some(Millis::new(1_709_294_400_000)),
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
            Ok(SavedState::from(expected.map_or(StreamState::Unread, StreamState::read_until))),
            "{case}"
        );
    }
    assert_eq!(FLAT.decode(None), Ok(SavedState::default()));
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
    let StreamState::Scan(whole) = wire(&|_| {}).unwrap().main else { panic!("a scan") };
    assert_eq!(whole.remaining, [id_range(7, Some(100)), id_range(200, None)]);
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
    assert_eq!(full_refresh.unwrap().ignored, Some(IgnoredPart::OtherCursor));
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
        (Millis::MIN, vec![id_range(70_022, None)], None),
        (
            Millis::new(1_709_294_400_123),
            vec![id_range(7, Some(100)), id_range(u64::MAX - 1, None)],
            Some(Millis::new(1_709_294_400_000)),
        ),
    ] {
        let progress = ScanProgress {
            mode: ReadMode::List,
            lower,
            upper: Millis::new(1_709_294_999_000),
            remaining,
            generation: Some(3),
            reconciled_until,
            filter: reconciled_until.map(|_| "f1".to_owned()),
        };
        let scan = StreamState::Scan(progress);
        let blob = encode(&FLAT, &scan);
        assert_eq!(FLAT.decode(Some(&blob)), Ok(SavedState::from(scan)));
    }
}

#[test]
fn the_end_survives_the_wire_behind_a_cursor_that_is_settled() {
    const END: Millis = Millis::new(1_709_294_999_000);
    let before_end = |duration| END.saturating_sub(duration);
    for (case, reconciled_until, cursor) in [
        ("nothing to search for once more", None, before_end(HOUR)),
        ("a part of the last hour", Some(before_end(5 * MILLISECOND)), before_end(HOUR)),
        (
            "more than the last hour",
            Some(before_end(HOUR + 5 * MILLISECOND)),
            before_end(HOUR + 5 * MILLISECOND),
        ),
    ] {
        for format in [CursorFormat::Iso, CursorFormat::Millis] {
            let codec = StateCodec {
                cursor: FLAT.cursor.map(|cursor| StateCursor { format, ..cursor }),
                ..FLAT
            };
            let blob =
                encode(&codec, &StreamState::Complete(Position { end: END, reconciled_until }));
            assert_eq!(blob["updatedAt"], format.write(cursor), "{case}");
            let saved = codec.decode(Some(&blob)).unwrap();
            let position = Position { end: END, reconciled_until: Some(cursor) };
            let expected = SavedState::from(StreamState::Complete(position));
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
    let other = Some(IgnoredPart::OtherCursor);
    for (case, cursor, wire, expected, ignored) in [
        ("as written", "11:00:00", wire("11:00:00", "12:00:00"), "12:00:00", None),
        ("set back by hand", "09:00:00", wire("11:00:00", "12:00:00"), "09:00:00", other),
        ("moved by another", "11:30:00", wire("11:00:00", "12:00:00"), "11:30:00", other),
        ("moved past our end", "13:00:00", wire("11:00:00", "12:00:00"), "13:00:00", other),
        ("an end before the cursor", "11:00:00", wire("11:00:00", "10:00:00"), "11:00:00", other),
    ] {
        let state = json!({ "updatedAt": format!("2024-03-01T{cursor}Z"), OWN_KEY: wire });
        let saved = read(&state.to_string()).unwrap();
        let position = write_instant(saved.main.position().unwrap());
        assert_eq!(position, format!("2024-03-01T{expected}.000Z"), "{case}");
        assert_eq!(saved.ignored, ignored, "{case}");
        assert_eq!(saved.main.reconciled_until().is_some(), ignored.is_none(), "{case}");
    }
    // Earlier versions wrote the end as the cursor.
    let earlier = read(
        r#"{"updatedAt":"2024-03-01T12:00:00Z",
            "source_hubspot":{"version":1,"settled":"2024-03-01T11:30:00.000000Z"}}"#,
    );
    let earlier = earlier.unwrap();
    assert_eq!(earlier.main.position().map(write_instant).unwrap(), "2024-03-01T12:00:00.000Z");
    assert_eq!(
        earlier.main.reconciled_until().map(write_instant).unwrap(),
        "2024-03-01T11:30:00.000Z"
    );
    assert_eq!(earlier.ignored, None);
}

#[test]
fn progress_holds_only_for_the_cursor_it_was_written_with() {
    let state = |cursor: &str| {
        let mut state = half();
        state["updatedAt"] = format!("2024-03-01T{cursor}Z").into();
        read(&state.to_string()).unwrap()
    };
    for cursor in ["11:00:00", "12:00:00"] {
        assert!(state(cursor).main.is_scan(), "{cursor}: as this or an earlier version");
    }
    for cursor in ["09:00:00", "12:30:00"] {
        let saved = state(cursor);
        assert_eq!((saved.main.is_scan(), saved.ignored), (false, Some(IgnoredPart::OtherCursor)));
        let position = write_instant(saved.main.position().unwrap());
        assert_eq!(position, format!("2024-03-01T{cursor}.000Z"));
    }
}

type Positions = (Option<Millis>, Vec<(String, Option<Millis>)>);

fn read_parents(json: &str) -> Result<Positions, String> {
    let saved = decode(&BY_PARENT, json).map_err(|error| error.to_string())?;
    let parents = parents(saved.main);
    Ok((parents.others, parents.positions.into_iter().collect()))
}

fn parents(state: StreamState) -> ParentPositions {
    match state {
        StreamState::Parents(parents) => parents,
        StreamState::Unread => ParentPositions::default(),
        StreamState::Complete(_)
        | StreamState::Scan(_)
        | StreamState::FinishedParents(_)
        | StreamState::NoCursor => panic!("{state:?}"),
    }
}

#[test]
fn reads_the_positions_of_parents_in_every_format() {
    const AT: Option<Millis> = Some(Millis::new(1_709_294_400_123));
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
        assert_eq!(read_parents(json), Ok(expected), "{case}");
    }
    assert_eq!(
        read_parents(r#"{"states":[{"partition":{},"cursor":{"at":"1"}}]}"#),
        Err(r#"`{"cursor":{"at":"1"},"partition":{}}` does not say which parent it belongs to"#
            .into())
    );
}

#[test]
fn what_is_written_is_read_back() {
    let end = Some(Millis::new(1_709_294_400_123));
    let partitions = Partitions::from([("a".into(), end)]);
    for others in [None, Some(Millis::new(1_700_000_000_000))] {
        let generation = others.map(|_| 3);
        let (positions, previous_end) = (partitions.clone(), None);
        let read = ParentPositions { positions, others, end, previous_end, generation };
        let blob = encode(&BY_PARENT, &StreamState::Parents(read.clone()));
        assert_eq!(parents(BY_PARENT.decode(Some(&blob)).unwrap().main), read);
    }
}

#[test]
fn unfinished_parents_keep_their_positions() {
    let (before, end) = (Millis::new(1_709_294_400_123), Millis::new(1_709_380_800_000));
    let earlier = before.saturating_sub(5 * MILLISECOND);
    let others = Some(before.saturating_sub(9 * MILLISECOND));
    // Two were finished by this read, one by the previous read, one by another connector.
    let positions = Partitions::from([
        ("a".into(), Some(end)),
        ("b".into(), Some(before)),
        ("c".into(), Some(earlier)),
        ("d".into(), Some(end)),
        ("e".into(), Some(end.saturating_sub(HOUR))),
        ("f".into(), None),
    ]);
    let read = ParentPositions {
        positions,
        others,
        end: Some(end),
        previous_end: Some(before),
        generation: None,
    };
    let state = encode(&BY_PARENT, &StreamState::Parents(read));
    let cursors: Vec<_> = state["states"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| Millis::new(entry["cursor"]["at"].as_str().unwrap().parse().unwrap()))
        .collect();
    // A reader that starts at its cursor loses no change that is indexed within the hour.
    let (settling, unfinished) = (end.saturating_sub(HOUR), before.saturating_sub(HOUR));
    assert_eq!(cursors, [settling, unfinished, earlier, settling, settling.preceding()]);
    let saved = parents(BY_PARENT.decode(Some(&state)).unwrap().main);
    let own: Vec<_> = saved.positions.values().map(|position| position.unwrap()).collect();
    assert_eq!(own, [end, unfinished, earlier, end, settling.preceding()]);
    assert_eq!(saved.others, others);
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
        assert_eq!(read_parents(json), Err(expected.to_owned()), "{json}");
    }
}
