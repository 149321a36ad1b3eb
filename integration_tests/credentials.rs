//! Expired, replaced, revoked and invalid tokens, for every kind of credentials.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::time::Duration;

use hubspot_simulator::settings::TokenRefusal;
use hubspot_simulator::{ClockConfig, Config, DEFAULT_TOKEN, Fault, Kind, PortalSpec};
use hubspot_simulator::{Entry, Settings, Which};
use serde_json::Value;

use crate::support::{
    Bench, Catalog, Mode, Output, START_MS, Stage, calm, few, oauth_access, oauth_config,
    token_config,
};

const HOUR_MS: i64 = 3_600_000;
/// Latency of sequential requests, and how long before its expiry a token is replaced (a sixth of its
/// lifetime). Both are in milliseconds of the simulator's clock.
struct Pace {
    latency_ms: i64,
    margin_ms: i64,
}

/// Returns the number of sequential requests that were delayed for longer than the margin, in which a
/// token may have expired. None on an idle machine.
fn stalls(journal: &[Entry], pace: &Pace) -> usize {
    let gaps = journal.windows(2).map(|pair| pair[1].at_ms - pair[0].at_ms);
    gaps.filter(|gap| *gap >= pace.latency_ms + pace.margin_ms).count()
}

/// Prefix of the error message for rejected credentials.
const REFUSED: &str = "HubSpot refuses the credentials: ";

fn tokens(journal: &[Entry]) -> usize {
    journal.iter().filter(|entry| entry.path.ends_with("/token")).count()
}

fn oauth(settings: Settings, portal: PortalSpec) -> Config {
    Config { access: oauth_access(), settings, ..calm(portal) }
}

#[test]
fn two_hours_with_tokens_of_half_an_hour_pass_without_one_failed_request() {
    const SPEED: u32 = 360;
    let calm = calm(PortalSpec { contacts: 6_000, ..few() });
    let config = Config {
        access: oauth_access(),
        clock: ClockConfig { start_ms: Some(START_MS), speed: f64::from(SPEED) },
        latency: Duration::from_millis(400) * SPEED,
        ..calm
    };
    assert_eq!(config.access.oauth_apps[0].token_life, Duration::from_mins(30));
    let mut stage = Stage::new(config);
    stage.config["num_worker"] = 1.into();
    // Two hours of simulated waiting with little work: only the id column.
    let mut catalog = Catalog::of(&["contacts"], Mode::Full);
    catalog.streams()[0]["stream"]["json_schema"] =
        serde_json::json!({ "type": "object", "properties": { "id": {} } });
    let output = stage.read(&catalog).succeeded();
    assert_eq!(output.ids("contacts").len(), 6_000);
    let journal = stage.simulator.journal();
    let took_ms = journal.last().unwrap().at_ms - journal[0].at_ms;
    assert!(took_ms >= 2 * HOUR_MS, "{took_ms} ms");
    let pace = Pace { latency_ms: 400 * i64::from(SPEED), margin_ms: HOUR_MS / 12 };
    let stalls = stalls(&journal, &pace);
    let refused = journal.iter().filter(|entry| entry.status >= 400).count();
    assert!(refused <= stalls, "{refused} failed, {stalls} stalls");
    // Each token is used for 25 minutes.
    let tokens = tokens(&journal);
    let least = usize::try_from(took_ms / (HOUR_MS / 2)).unwrap().saturating_sub(stalls);
    let most = usize::try_from(took_ms / (HOUR_MS / 3)).unwrap() + 2 + stalls;
    assert!((least..=most).contains(&tokens), "{tokens} tokens in {took_ms} ms, {stalls} stalls");
    assert_eq!(output.configs().len(), 0, "the refresh token stayed the same");
}

/// Returns the last new configuration of a run, which must equal the original one except for the
/// refresh token.
fn renewed_config(stage: &Stage, output: &Output) -> Value {
    let configs = output.configs();
    let last = configs.last().copied().expect("a new configuration").clone();
    let mut expected = stage.config.clone();
    expected["credentials"]["refresh_token"] = last["credentials"]["refresh_token"].clone();
    assert_ne!(expected, stage.config, "the refresh token is a new one");
    assert_eq!(last, expected, "nothing else changes");
    last
}

#[test]
fn a_replaced_refresh_token_is_handed_over_before_anything_depends_on_it() {
    type Run = fn(&Stage) -> Output;
    let settings = Settings { rotate_refresh_token: true, ..calm(few()).settings };
    let mut stage = Stage::new(oauth(settings, few()));
    stage.config["start_date"] = "2015-01-01T00:00:00Z".into();
    stage.config["unknown to us"] = serde_json::json!({ "kept": [1, null, "é"] });
    let runs: [(&str, Run); 3] = [
        ("CONNECTION_STATUS", Stage::check),
        ("CATALOG", Stage::discover),
        ("TRACE", |stage| stage.read(&Catalog::of(&["contacts", "owners"], Mode::Full))),
    ];
    for (awaited, run) in runs {
        let output = run(&stage).succeeded();
        let config = renewed_config(&stage, &output);
        assert_eq!(output.configs().len(), 1, "{awaited}");
        let at = |kind: &str| output.lines.iter().rposition(|line| line["type"] == kind);
        assert!(at("CONTROL") < at(awaited), "{awaited}");
        // The old token is now invalid, and the next run uses the new one.
        let refused = stage.check();
        assert_eq!(refused.connection().0, "FAILED", "{awaited}");
        assert_eq!(refused.configs().len(), 0);
        stage.config = config;
    }
}

#[test]
fn every_replacement_in_a_long_read_is_handed_over() {
    let settings = Settings { rotate_refresh_token: true, ..calm(few()).settings };
    let mut config = oauth(settings, PortalSpec { contacts: 6_000, ..few() });
    config.access.oauth_apps[0].token_life = Duration::from_secs(5);
    config.latency = Duration::from_millis(120);
    let mut stage = Stage::new(config);
    stage.config["num_worker"] = 1.into();
    let output = stage.read(&Catalog::of(&["contacts"], Mode::Full)).succeeded();
    assert_eq!(output.ids("contacts").len(), 6_000);
    let journal = stage.simulator.journal();
    let refused = journal.iter().filter(|entry| entry.status >= 400).count();
    let stalls = stalls(&journal, &Pace { latency_ms: 120, margin_ms: 800 });
    assert!(refused <= stalls, "{refused} failed, {stalls} stalls");
    assert_eq!(output.configs().len(), tokens(&journal));
    assert!(output.configs().len() >= 2);
    stage.config = renewed_config(&stage, &output);
    stage.check().succeeded();
}

/// Reads `contacts` while requests are rejected with a 401 that does not mention expiry.
fn with_401(on: Which, config: Config) -> (Stage, Output) {
    let fault = Fault::new(on, Kind::Status { code: 401, retry_after_s: None });
    let stage = Stage::new(Config { faults: vec![fault], ..config });
    let output = stage.read(&Catalog::of(&["contacts"], Mode::Full));
    (stage, output)
}

#[test]
fn a_granted_token_that_is_withdrawn_is_renewed_once() {
    let (stage, output) =
        with_401(Which::nth_of("objects.list", 2), oauth(calm(few()).settings, few()));
    assert_eq!(output.succeeded().ids("contacts").len(), 230);
    assert_eq!(tokens(&stage.simulator.journal()), 2);

    let (stage, output) =
        with_401(Which::endpoint("objects.list"), oauth(calm(few()).settings, few()));
    let expected = format!(
        "{REFUSED}it issued an access token and then rejected it; the app may have been \
         uninstalled or its user deactivated, so authenticate again."
    );
    assert_eq!((output.error(), output.code), ((expected.as_str(), "config_error"), Some(1)));
    assert_eq!(tokens(&stage.simulator.journal()), 2);
}

#[test]
fn a_fixed_token_that_is_refused_fails_at_once() {
    let (stage, output) = with_401(Which::endpoint("objects.list"), calm(few()));
    let expected = format!(
        "{REFUSED}the access token is unknown or was revoked; in HubSpot, copy a service key from \
         Settings > Integrations > Service Keys, or the token of an existing app from Private Apps, and \
         enter it in the connection."
    );
    assert_eq!((output.error(), output.code), ((expected.as_str(), "config_error"), Some(1)));
    let journal = stage.simulator.journal();
    assert_eq!(journal.iter().filter(|entry| entry.status == 401).count(), 1);
}

#[test]
fn a_fixed_token_called_expired_again_and_again_fails() {
    let expired = Fault::new(Which::path("/account-info/"), Kind::ExpiredToken);
    let stage = Stage::new(Config { faults: vec![expired], ..calm(few()) });
    let output = stage.check();
    let expected = format!(
        "{REFUSED}it reported the access token as expired twice in a row; in HubSpot, copy a service \
         key from Settings > Integrations > Service Keys, or the token of an existing app from Private \
         Apps, and enter it in the connection."
    );
    assert_eq!((output.connection(), output.code), (("FAILED", expected.as_str()), Some(0)));
    assert_eq!(output.errors().len(), 0, "no trace");
}

#[test]
fn no_token_is_in_a_log_or_a_path() {
    for config in [calm(few()), oauth(calm(few()).settings, few())] {
        let mut stage = Stage::new(config);
        stage.set("LOG_LEVEL", "debug");
        let outputs =
            [stage.check(), stage.discover(), stage.read(&Catalog::of(&["contacts"], Mode::Full))];
        for output in outputs {
            // `Output::of` searches the output of runs for tokens.
            assert!(!output.succeeded().logs("DEBUG").is_empty());
        }
        for entry in stage.simulator.journal() {
            let leaks = [DEFAULT_TOKEN, "CJsim-", "canary"].map(|text| entry.path.contains(text));
            assert_eq!(leaks, [false; 3], "{}", entry.path);
        }
    }
}

#[test]
fn a_refused_grant_is_asked_for_once() {
    let mut stage = Stage::new(oauth(calm(few()).settings, few()));
    stage.config["credentials"]["refresh_token"] = "na1-canary-wrong".into();
    assert_eq!(stage.check().connection().0, "FAILED");
    assert_eq!(stage.simulator.summary().requests, 1);
    let bench = Bench::new(&stage.simulator.url());
    let output = bench.run("discover", &[("config", &stage.config)]);
    assert_eq!((output.error().1, output.code), ("config_error", Some(1)));
}

#[test]
fn refused_tokens_say_what_to_do() {
    let mut stage = Stage::calm(few());
    for (token, expected) in [
        (
            "pat-canary-unknown",
            "the access token is unknown or was revoked; in HubSpot, copy a service key from Settings > \
             Integrations > Service Keys, or the token of an existing app from Private Apps, and enter \
             it in the connection.",
        ),
        (
            "canary",
            "it cannot determine the region of the access token, which is incomplete or was \
             altered; a token begins with `pat-` and a region (`pat-na1-…`, `pat-eu1-…`): copy all \
             of it from HubSpot again.",
        ),
    ] {
        stage.config = token_config(token);
        let expected = format!("{REFUSED}{expected}");
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
        ("client_id", None, "the client id is unknown; copy it from the app's settings again."),
        (
            "client_secret",
            None,
            "the client secret is wrong; copy it from the app's settings again.",
        ),
        (
            "refresh_token",
            None,
            "the refresh token is invalid or was revoked, for example because the app was \
             uninstalled; authenticate again to get a new one.",
        ),
        (
            "nothing",
            Some(gone),
            "the account of the refresh token no longer exists; authenticate with another account.",
        ),
    ] {
        let settings = given.unwrap_or_else(|| settings.clone());
        let config = Config { settings, access: oauth_access(), ..calm(few()) };
        let mut stage = Stage::new(config);
        stage.config = oauth_config();
        if let Some(value) = stage.config.pointer_mut(&format!("/credentials/{wrong}")) {
            *value = "wrong-canary-4".into();
        }
        let expected = format!("{REFUSED}{expected}");
        let output = stage.check();
        assert_eq!((output.connection(), output.code), (("FAILED", expected.as_str()), Some(0)));
        let output = stage.read(&Catalog::of(&["deals"], Mode::Full));
        assert_eq!((output.error(), output.code), ((expected.as_str(), "config_error"), Some(1)));
    }
}
