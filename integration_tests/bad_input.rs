//! Invalid input: every error has a message with the next step, a failure type and an exit code.

use hubspot_simulator::settings::TokenRefusal;
use hubspot_simulator::{Config, Settings};
use serde_json::{Value, json};

use crate::support::{
    Bench, Catalog, Mode, Stage, TOKEN_FORM, calm, few, oauth_access, oauth_config, token_config,
};

const NO_TOKEN: &str = "HubSpot refuses the credentials: ";

/// Runs `check` with exactly this configuration text.
fn check(config: &str) -> (String, Option<i32>) {
    let output = Bench::new("http://127.0.0.1:9").run_raw("check", &[("config", config)]);
    assert!(output.errors().is_empty());
    let (status, message) = output.connection();
    assert_eq!(status, "FAILED");
    (message.to_owned(), output.code)
}

#[test]
fn a_configuration_that_does_not_fit_is_a_failed_check_naming_every_field() {
    const TITLE: &str = "The configuration does not fit: `credentials.credentials_title` must be \
                         `OAuth Credentials` or `Private App Credentials`.";
    for (case, config, expected) in [
        (
            "not JSON",
            "{\"credentials\":",
            "The configuration does not fit: it is not JSON (EOF while parsing a value at line 1 column 15).",
        ),
        (
            "empty",
            "",
            "The configuration does not fit: it is not JSON (EOF while parsing a value at line 1 column 0).",
        ),
        ("a list", "[]", "The configuration does not fit: it has the wrong type."),
        ("no credentials", "{}", "The configuration does not fit: `credentials` is missing."),
        (
            "several fields",
            r#"{"lookback_window":-1,"num_worker":"many","credentials":{"credentials_title":"OAuth Credentials","client_id":7}}"#,
            "The configuration does not fit: `credentials.client_secret` is missing; \
             `credentials.refresh_token` is missing; \
             `credentials.client_id` has the wrong type; \
             `lookback_window`: the value is less than the minimum of 0; \
             `num_worker` has the wrong type.",
        ),
        ("no title", r#"{"credentials":{"access_token":"pat-canary-9"}}"#, TITLE),
        (
            "an unknown title",
            r#"{"credentials":{"credentials_title":"API Key Credentials","api_key":"pat-canary-9"}}"#,
            TITLE,
        ),
        (
            "a start date in words",
            r#"{"start_date":"soon","credentials":{"credentials_title":"Private App Credentials","access_token":"x"}}"#,
            "The configuration does not fit: `start_date` is no date; write it like 2017-01-25T00:00:00Z.",
        ),
    ] {
        assert_eq!(check(config), (expected.to_owned(), Some(0)), "{case}");
    }
}

#[test]
fn a_configuration_that_does_not_fit_ends_other_commands_with_a_trace() {
    let bench = Bench::new("http://127.0.0.1:9");
    for (command, files) in [
        ("discover", vec![("config", "{}")]),
        ("read", vec![("config", "{}"), ("catalog", r#"{"streams":[]}"#)]),
    ] {
        let output = bench.run_raw(command, &files);
        let expected = "The configuration does not fit: `credentials` is missing.";
        assert_eq!(
            (output.error(), output.code),
            ((expected, "config_error"), Some(1)),
            "{command}"
        );
    }
}

#[test]
fn a_missing_file_is_named() {
    let bench = Bench::new("http://127.0.0.1:9");
    let path = "/nonexistent/config.json";
    let expected = format!(
        "The configuration file `{path}` cannot be opened: No such file or directory (os error 2)."
    );
    let mut command = bench.command("check", &[]);
    command.args(["--config", path]);
    let output = crate::support::Output::of(command);
    assert_eq!((output.connection(), output.code), (("FAILED", expected.as_str()), Some(0)));
    let mut command = bench.command("discover", &[]);
    command.args(["--config", path]);
    let output = crate::support::Output::of(command);
    assert_eq!((output.error(), output.code), ((expected.as_str(), "config_error"), Some(1)));
}

#[test]
fn refused_tokens_say_what_to_do() {
    let mut stage = Stage::calm(few());
    for (token, expected) in [
        (
            "pat-canary-unknown",
            "the access token is unknown or was revoked; in HubSpot, copy that of an app from \
             Settings > Integrations > Private Apps or make a new one under Service Keys, and \
             enter it in the connection.",
        ),
        (
            "canary",
            "it finds no data region for the access token, which is cut off or of another region \
             than its beginning says; copy it from HubSpot once more, whole.",
        ),
    ] {
        stage.config = token_config(token);
        let expected = format!("{NO_TOKEN}{expected}");
        let output = stage.check();
        assert_eq!((output.connection(), output.code), (("FAILED", expected.as_str()), Some(0)));
        let output = stage.discover();
        assert_eq!((output.error(), output.code), ((expected.as_str(), "config_error"), Some(1)));
        let output = stage.read(&Catalog::of(&["deals", "owners"], Mode::Full));
        assert_eq!((output.error(), output.code), ((expected.as_str(), "config_error"), Some(1)));
        assert!(output.statuses("deals").ends_with(&["INCOMPLETE"]), "{}", output.stdout);
        assert!(output.statuses("owners").ends_with(&["INCOMPLETE"]), "{}", output.stdout);
    }
}

#[test]
fn a_token_with_blanks_around_it_works() {
    let mut stage = Stage::calm(few());
    stage.config = token_config(&format!(" {}\n", hubspot_simulator::DEFAULT_TOKEN));
    assert_eq!(stage.check().succeeded().connection().0, "SUCCEEDED");
}

#[test]
fn q46_refused_oauth_grants_say_which_part_is_wrong() {
    let rfc = calm(few()).settings;
    let classic = Settings { token_refusal: TokenRefusal::Classic, ..rfc.clone() };
    for settings in [classic, Settings { bad_client_status: 401, ..rfc }] {
        grants_are_refused_in_words(&settings);
    }
}

/// Checks that a rejected grant, whatever the response looks like, is a user error with
/// instructions.
fn grants_are_refused_in_words(settings: &Settings) {
    let gone = Settings { account_gone: true, ..settings.clone() };
    for (wrong, given, expected) in [
        ("client_id", None, "the client id is unknown; copy it from the app's settings once more."),
        (
            "client_secret",
            None,
            "the client secret is wrong; copy it from the app's settings once more.",
        ),
        (
            "refresh_token",
            None,
            "the refresh token is invalid or was revoked, as by uninstalling the app; \
             authenticate again to get a new one.",
        ),
        (
            "nothing",
            Some(gone),
            "the account behind the refresh token is gone; authenticate with another one.",
        ),
    ] {
        let settings = given.unwrap_or_else(|| settings.clone());
        let config = Config { settings, access: oauth_access(), ..calm(few()) };
        let mut stage = Stage::new(config);
        stage.config = oauth_config();
        if let Some(value) = stage.config.pointer_mut(&format!("/credentials/{wrong}")) {
            *value = "wrong-canary-4".into();
        }
        let expected = format!("{NO_TOKEN}{expected}");
        let output = stage.check();
        assert_eq!((output.connection(), output.code), (("FAILED", expected.as_str()), Some(0)));
        let output = stage.read(&Catalog::of(&["deals"], Mode::Full));
        assert_eq!((output.error(), output.code), ((expected.as_str(), "config_error"), Some(1)));
    }
}

#[test]
fn a_catalog_that_cannot_be_read_is_an_error() {
    let stage = Stage::calm(few());
    let modes = json!({ "streams": [{
        "stream": { "name": "deals", "json_schema": {} }, "sync_mode": "INVALID",
        "destination_sync_mode": "INVALID", "cursor_field": null, "primary_key": null,
    }] });
    for (case, catalog, expected) in [
        ("not JSON", "streams".to_owned(), "expected value at line 1 column 1"),
        ("no streams", "{}".to_owned(), "missing field `streams` at line 1 column 2"),
        (
            "an invalid sync mode",
            modes.to_string(),
            "unknown variant `INVALID`, expected `full_refresh` or `incremental` at line 1 column 150",
        ),
    ] {
        let bench = Bench::new(&stage.simulator.url());
        let output = bench.run_raw("read", &[("config", TOKEN_FORM), ("catalog", &catalog)]);
        let expected = format!("The configured catalog cannot be read: {expected}.");
        assert_eq!(
            (output.error(), output.code),
            ((expected.as_str(), "config_error"), Some(1)),
            "{case}"
        );
    }
    assert_eq!(stage.simulator.summary().requests, 0);
}

#[test]
fn a_stream_that_does_not_exist_fails_alone() {
    let stage = Stage::calm(few());
    let output = stage.read(&Catalog::of(&["widgets", "deals"], Mode::Full));
    let expected = "The stream `widgets` does not exist in this portal; refresh the source schema, \
                    then select the stream again or leave it out.";
    assert_eq!((output.error(), output.code), ((expected, "config_error"), Some(1)));
    assert_eq!(output.errors()[0]["stream_descriptor"], json!({ "name": "widgets" }));
    assert_eq!(output.statuses("widgets"), ["INCOMPLETE"]);
    assert_eq!(output.statuses("deals"), ["STARTED", "RUNNING", "COMPLETE"]);
    assert_eq!(output.ids("deals").len(), 110);
    let last = output.lines.last().unwrap();
    assert!(
        last["trace"]["error"].is_object(),
        "the error comes last, for readers that stop there"
    );
}

#[test]
fn an_unreadable_state_file_is_an_error() {
    let stage = Stage::calm(few());
    let bench = Bench::new(&stage.simulator.url());
    let catalog = Catalog::of(&["deals"], Mode::Incremental).json().to_string();
    for (state, expected) in [
        ("{", "is not JSON (EOF while parsing an object at line 1 column 1)."),
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

/// Returns a state file with one stream's state in the current format.
fn state_of(stream: &str, state: &Value) -> Value {
    json!([{ "type": "STREAM", "stream": {
        "stream_descriptor": { "name": stream }, "stream_state": state,
    } }])
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
            "`{stream}`: its saved state says that everything was read until \
             2099-01-01T00:00:00.000Z, which lies ahead of the clocks of HubSpot and of this \
             machine, so some clock was wrong or the state was edited; what was really read is \
             unknown, so the stream is read from the beginning this once"
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
