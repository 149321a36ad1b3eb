//! The incoming state: the formats of every client, invalid states, and states in the future.
//!
//! The tests of a stream cover the formats of its own state.

use serde_json::{Value, json};

use crate::support::reading::state_of;
use crate::support::{Bench, Catalog, Mode, Stage, TOKEN_FORM, few};

#[test]
fn an_unreadable_state_file_is_an_error() {
    let stage = Stage::calm(few());
    let bench = Bench::new(&stage.simulator.url());
    let catalog = Catalog::of(&["deals"], Mode::Incremental).json().to_string();
    for (state, expected) in [
        ("{", "is not JSON (it ends too early, at line 1 column 1)."),
        ("7", "holds neither a list nor an object."),
        ("[7]", "holds an entry that is not an object."),
        (
            r#"[{"type":"STREAM","stream":{"stream_state":{}}}]"#,
            "holds a stream state without `stream_descriptor.name`.",
        ),
    ] {
        let files = [("config", TOKEN_FORM), ("catalog", &catalog), ("state", state)];
        let output = bench.run_raw("read", &files);
        let (message, failure_type) = output.error();
        assert!(message.starts_with("The state file `/"), "{message}");
        assert!(message.ends_with(expected), "{message}");
        assert_eq!((failure_type, output.code), ("config_error", Some(1)));
    }
    assert_eq!(stage.simulator.summary().requests, 0);
}

#[test]
fn an_unreadable_state_of_one_stream_fails_that_stream() {
    let stage = Stage::calm(few());
    let catalog = Catalog::of(&["deals", "owners"], Mode::Incremental);
    for (state, problem) in [
        (json!({ "updatedAt": "yesterday" }), "`\"yesterday\"` is not a time"),
        (json!({ "modified": "2026-01-01T00:00:00Z" }), "it has no `updatedAt`"),
        (json!([1]), "`[1]` is not an object"),
        (
            json!({ "source_hubspot": { "version": 99 } }),
            "its `source_hubspot` was written by a later version of this connector",
        ),
        (
            json!({ "updatedAt": "2026-09-01T00:00:00Z", "source_hubspot": { "version": 1,
                "way": "search", "from": "2026-09-01T00:00:00Z", "to": "2026-09-02T00:00:00Z" } }),
            "its `source_hubspot` has no `remaining`",
        ),
        (
            json!({ "updatedAt": "2026-09-01T00:00:00Z", "source_hubspot": { "version": 1,
                "way": "search", "from": "2026-09-01T00:00:00Z", "to": "2099-09-02T00:00:00Z",
                "remaining": [["7", null]] } }),
            "its `source_hubspot` has a `to` in the future: 2099-09-02T00:00:00.000Z",
        ),
        (
            json!({ "updatedAt": i64::MAX }),
            "`9223372036854775807` lies outside of the years 1970 to 9999",
        ),
        (
            json!({ "updatedAt": i64::MIN }),
            "`-9223372036854775808` lies outside of the years 1970 to 9999",
        ),
    ] {
        let output = stage.read_on(&catalog, &state_of("deals", &state));
        let expected = format!(
            "The saved state of `deals` cannot be read ({problem}); reset the stream to read it \
            from the beginning."
        );
        assert_eq!((output.error(), output.code), ((expected.as_str(), "config_error"), Some(1)));
        assert_eq!(output.errors()[0]["stream_descriptor"], json!({ "name": "deals" }));
        assert_eq!(output.records("deals").len(), 0);
        assert_eq!(output.statuses("owners").last(), Some(&"COMPLETE"));
    }
}

#[test]
fn a_state_of_a_stream_that_is_not_selected_is_a_warning() {
    let stage = Stage::calm(few());
    let saved = state_of("widgets", &json!({ "updatedAt": "2026-01-01T00:00:00Z" }));
    let output = stage.read_on(&Catalog::of(&["deals"], Mode::Incremental), &saved).succeeded();
    let expected = "the state of `widgets` is not used: the configured catalog does not select it";
    assert_eq!(output.warnings(), [expected]);
    assert_eq!(output.ids("deals").len(), 110);
}

#[test]
fn a_state_in_the_future_is_reported_and_everything_is_read_again() {
    let stage = Stage::calm(few());
    let future = json!({ "updatedAt": "2099-01-01T00:00:00.000000Z" });
    for (stream, count) in [("deals", 110), ("owners", 20)] {
        let catalog = Catalog::of(&[stream], Mode::Incremental);
        let output = stage.read_on(&catalog, &state_of(stream, &future)).succeeded();
        assert_eq!(output.distinct_ids(stream).len(), count, "{stream}");
        let [warning] = output.warnings()[..] else { panic!("{:?}", output.warnings()) };
        let expected = format!(
            "`{stream}`: the saved state ends at 2099-01-01T00:00:00.000Z, which is later than \
             the clocks of HubSpot and of this machine, so a clock was wrong or the state was \
             edited; this sync reads the stream from the beginning"
        );
        assert_eq!(warning, expected);
        assert!(output.position_ms(stream) <= stage.simulator.now_ms(), "{stream}");
        let next = stage.read_on(&catalog, &output.state()).succeeded();
        assert_eq!((next.records(stream).len(), next.warnings()), (0, vec![]), "{stream}: once");
    }
}

#[test]
fn states_of_every_client_are_understood() {
    let stage = Stage::calm(few());
    let catalog = Catalog::of(&["deals"], Mode::Incremental);
    let saved = json!({ "updatedAt": "2026-09-21T14:00:00.000000Z" });
    let stream = json!({ "stream_descriptor": { "name": "deals", "namespace": null },
        "stream_state": saved });
    let legacy_value = json!({ "updatedAt": "1789999200000" });
    for (case, state, is_incremental) in [
        ("STREAM", json!([{ "type": "STREAM", "stream": stream }]), true),
        (
            "whole messages",
            json!([{ "type": "STATE", "state": { "type": "STREAM", "stream": stream } }]),
            true,
        ),
        ("one message, not a list", json!({ "type": "STREAM", "stream": stream }), true),
        (
            "nulls beside it",
            json!([{ "type": "STREAM", "stream": stream, "global": null, "data": null }]),
            true,
        ),
        (
            "GLOBAL",
            json!([{ "type": "GLOBAL", "global": { "shared_state": null, "stream_states": [stream] } }]),
            true,
        ),
        ("LEGACY", json!([{ "type": "LEGACY", "data": { "deals": saved } }]), true),
        ("milliseconds as text", state_of("deals", &legacy_value), true),
        ("an empty list", json!([]), false),
        ("an empty object", json!({}), false),
        ("an empty value", state_of("deals", &json!({ "updatedAt": "" })), false),
        ("a reset stream", state_of("deals", &Value::Null), false),
    ] {
        stage.simulator.clear_journal();
        let output = stage.read_on(&catalog, &state).succeeded();
        let expected = if is_incremental { 0 } else { 110 };
        assert_eq!(output.ids("deals").len(), expected, "{case}");
        let summary = stage.simulator.summary();
        assert_eq!(summary.endpoints.contains_key("objects.search"), is_incremental, "{case}");
        assert_eq!(summary.endpoints.contains_key("objects.list"), !is_incremental, "{case}");
    }
}
