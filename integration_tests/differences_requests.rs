//! Differences from the Python connector in failures, waits, tokens and states. The numbers are
//! those of `docs/differences.md`.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::time::Duration;

use hubspot_simulator::settings::{DisabledObject, SearchRefusal};
use hubspot_simulator::{
    AccountSpec, Config, Entry, Fault, Kind, Policy, PortalSpec, Settings, Which,
};
use serde_json::Value;
use source_hubspot::streams::{ReadStrategy, STREAMS};

use crate::support::changes::touch_all;
use crate::support::expected_records::live_ids;
use crate::support::gateway::Gateway;
use crate::support::portals::{every_stream, stopped};
use crate::support::reading::{asked, read, state_of};
use crate::support::{Catalog, Mode, Output, START_MS, Stage, calm, few, oauth_access};

/// Returns the names of the streams that `discover` returned.
fn offered(output: &Output) -> Vec<&str> {
    let streams = output.catalog()["streams"].as_array().expect("streams");
    streams.iter().filter_map(|stream| stream["name"].as_str()).collect()
}

#[test]
fn q01_an_object_type_that_is_refused_leaves_the_others() {
    // The object library is unavailable, so disabled types are detected from their properties.
    let library =
        Fault::new(Which::endpoint("object_library.enablement"), Kind::Gone { code: 404 });
    for disabled_object in [DisabledObject::Forbidden, DisabledObject::Unknown] {
        let disabled_objects = vec!["leads".to_owned(), "0-74".to_owned()];
        let account = AccountSpec { disabled_objects, ..AccountSpec::default() };
        let config = calm(PortalSpec { account, ..few() });
        let settings = Settings { disabled_object, ..config.settings };
        let faults = vec![library.clone()];
        let stage = Stage::new(Config { settings, faults, ..config });
        let output = stage.discover().succeeded();
        let names = offered(&output);
        for (name, expected) in
            [("boats", true), ("contacts", true), ("goals", false), ("leads", false)]
        {
            assert_eq!(names.contains(&name), expected, "{name}, {disabled_object:?}");
        }
        let said = |name: &str| output.warnings().iter().any(|said| said.contains(name));
        assert!(said("`leads`") && said("`goals`"), "{:?}", output.warnings());
    }
}

/// Returns the number of requests for a new access token.
fn renewals(stage: &Stage) -> usize {
    let journal = stage.simulator.journal();
    journal.iter().filter(|entry| entry.endpoint == "oauth.token").count()
}

#[test]
fn q19_one_token_serves_all_streams_of_a_run() {
    let config = Config { access: oauth_access(), ..stopped(every_stream()) };
    let stage = Stage::new(config);
    let catalog = stage.catalog(Mode::Full);
    assert_eq!(renewals(&stage), 1, "for discover");
    stage.simulator.clear_journal();
    let output = stage.read(&catalog).succeeded();
    assert!(catalog.names().len() > 60 && output.records("contacts").len() == 6);
    assert_eq!(renewals(&stage), 1, "for {} streams", catalog.names().len());
}

/// Returns the interval, in milliseconds, between each rejected request and the next one. On a busy
/// machine it is longer than the wait, so tests assert on its minimum and on the order of requests.
fn waits_after_429(entries: &[Entry]) -> Vec<i64> {
    let pairs = entries.windows(2).filter(|pair| pair[0].status == 429);
    pairs.map(|pair| pair[1].at_ms - pair[0].at_ms).collect()
}

/// Returns a fault that rate-limits the first `times` requests to an endpoint.
fn throttled(endpoint: &str, times: u64, policy: Policy, retry_after_s: Option<u64>) -> Fault {
    let kind = Kind::RateLimited { policy, retry_after_s };
    Fault::new(Which::nth_of(endpoint, 1), kind).times(times)
}

#[test]
fn q20_a_wait_fits_the_limit_that_was_hit() {
    let faults = vec![
        throttled("objects.search", 9, Policy::Secondly, None),
        throttled("owners.list", 3, Policy::TenSecondlyRolling, None),
    ];
    let stage = Stage::new(Config { faults, ..calm(few()) });
    let catalog = Catalog::of(&["deals", "owners"], Mode::Incremental);
    let saved = state_of("deals", &serde_json::json!({ "updatedAt": "2026-09-01T00:00:00Z" }));
    let output = stage.read_on(&catalog, &saved).succeeded();
    assert!(!output.records("deals").is_empty() && !output.records("owners").is_empty());
    let (searches, owners) = (asked(&stage, "objects.search"), asked(&stage, "owners.list"));
    // A request is retried after a tenth of its window, then after twice that time, and so on up to
    // the whole window.
    let waits = waits_after_429(&searches);
    assert_eq!(waits.len(), 9, "more than six times, and no end");
    assert!(waits.iter().zip([90, 190, 390, 790, 990]).all(|(wait, least)| *wait >= least));
    let waits = waits_after_429(&owners);
    assert_eq!(waits.len(), 3);
    assert!(waits.iter().zip([990, 1_990, 3_990]).all(|(wait, least)| *wait >= least), "{waits:?}");
    // Four retries of a search take 1.5 seconds, three of a list 7.
    assert!(searches[4].number < owners[3].number, "{waits:?}");
}

#[test]
fn q20_a_wait_that_hubspot_names_is_kept() {
    // Without the header, the first wait would be one second.
    let faults = vec![throttled("objects.list", 3, Policy::TenSecondlyRolling, Some(2))];
    let stage = Stage::new(Config { faults, ..calm(few()) });
    let output = read(&stage, "contacts", &Value::Null);
    assert_eq!(output.ids("contacts"), live_ids(&stage.simulator, "contacts"));
    let waits = waits_after_429(&asked(&stage, "objects.list"));
    assert_eq!(waits.len(), 3);
    assert!(waits.iter().all(|wait| *wait >= 1_990), "as named: {waits:?}");
    // `check` waits for quota for 20 seconds in total. Three waits take 8 seconds as named, and 30
    // if each took a whole window.
    let faults = vec![throttled("account.details", 3, Policy::TenSecondlyRolling, Some(2))];
    Stage::new(Config { faults, ..calm(few()) }).check().succeeded();
}

#[test]
fn q20_searches_of_others_cost_short_waits_and_nothing_else() {
    // Other apps use nearly all of the search quota, which causes 429 responses in every form.
    for search_refusal in [SearchRefusal::Policy, SearchRefusal::Category] {
        let config = calm(PortalSpec { deals: 2_400, ..few() });
        let mut settings = Settings { quota: true, search_refusal, ..config.settings };
        settings.other_apps.search = 35;
        let stage = Stage::new(Config { settings, ..config });
        stage.simulator.change(&touch_all("deals", Some(START_MS - 600_000)));
        let saved = state_of("deals", &serde_json::json!({ "updatedAt": "2026-09-21T13:00:00Z" }));
        let output = read(&stage, "deals", &saved);
        // Records that the search returned before the switch to the list are emitted twice.
        assert_eq!(output.distinct_ids("deals"), live_ids(&stage.simulator, "deals"));
        let searches = asked(&stage, "objects.search");
        let refused = searches.iter().filter(|search| search.status == 429).count();
        // About a third. If the usage of others were ignored, most would be refused.
        let accepted = searches.len() - refused;
        assert!((1..=accepted).contains(&refused), "{search_refusal:?}: {refused}, {accepted}");
    }
}

#[test]
fn q22_num_worker_bounds_the_requests_under_way() {
    let objects =
        STREAMS.iter().filter(|row| matches!(row.strategy, ReadStrategy::CrmObject { .. }));
    let streams: Vec<_> = objects.map(|row| row.name).take(16).collect();
    for workers in [1, 3, 12] {
        // The adaptive limit, rate times latency, must not be the lower one.
        let latency = Duration::from_millis(60) * u32::try_from(workers).unwrap();
        let mut stage = Stage::new(Config { latency, ..calm(few()) });
        stage.config["num_worker"] = workers.into();
        // No list is answered before as many as allowed were requested.
        let is_list = |line: &str| line.starts_with("GET /crm/objects/");
        let gateway = Gateway::start(&stage.simulator.url(), &[workers], is_list);
        stage.set("HUBSPOT_API_URL", &gateway.url);
        stage.read(&Catalog::of(&streams, Mode::Full)).succeeded();
        assert_eq!(gateway.complete_rounds(), 1, "{workers} workers");
        assert_eq!(gateway.most_in_flight(), workers, "{workers} workers");
    }
}

#[test]
fn q26_a_first_sync_takes_a_request_for_each_hundred_records() {
    for start_date in ["", "2006-06-01T00:00:00Z"] {
        let mut stage = Stage::calm(PortalSpec { contacts: 730, ..few() });
        stage.config["start_date"] = start_date.into();
        let output = read(&stage, "contacts", &Value::Null);
        assert_eq!(output.ids("contacts").len(), 730);
        let summary = stage.simulator.summary();
        assert_eq!(summary.endpoints["objects.list"].requests, 8);
        let searches = summary.endpoints["objects.search"].requests;
        assert!(searches <= 2, "{searches}: they are counted, and there are no windows since 2006");
        assert!(summary.requests <= 8 + 4, "{} requests", summary.requests);
    }
}

#[test]
fn q31_a_stream_that_fails_at_once_claims_nothing() {
    let mut stage = Stage::new(stopped(every_stream()));
    stage.config["enable_experimental_streams"] = true.into();
    let catalog = stage.catalog(Mode::Incremental);
    let healthy = stage.read(&catalog).succeeded();
    stage.simulator.advance(Duration::from_hours(24));
    // Definitions are available, so that every stream reaches its first own request.
    let answered = ["account.details", "event_definitions.list", "properties.list", "schemas.list"];
    let spared = answered.map(|name| Fault::new(Which::endpoint(name), Kind::Late { ms: 0 }));
    stage.simulator.plant(spared.into());
    stage.simulator.plant(vec![Fault::new(Which::all(), Kind::Gone { code: 404 })]);
    for state in [Value::Null, healthy.state()] {
        let output = stage.read_on(&catalog, &state);
        assert_eq!(output.code, Some(1));
        let mut running = 0;
        for name in catalog.names() {
            // These streams use endpoints that are still available.
            if ["account_details", "event_definitions", "properties"].contains(&name) {
                continue;
            }
            let statuses = output.statuses(name);
            assert_eq!(statuses.last(), Some(&"INCOMPLETE"), "{name}");
            assert_eq!(output.states(name), Vec::<&Value>::new(), "{name}");
            running += usize::from(statuses.contains(&"RUNNING"));
        }
        assert!(running > 60, "{running} streams got to their first request");
    }
}

/// Returns a stage in which the schemas of custom objects are unavailable.
fn without_schemas(kind: Kind) -> Stage {
    let faults = vec![Fault::new(Which::endpoint("schemas.list"), kind)];
    Stage::new(Config { faults, ..calm(few()) })
}

#[test]
fn q47_without_custom_objects_the_others_are_read() {
    let broken = without_schemas(Kind::Status { code: 500, retry_after_s: None });
    let streams = ["contacts", "deals_archived", "owners"];
    let output = broken.read(&Catalog::of(&streams, Mode::Full)).succeeded();
    assert_eq!(output.ids("contacts"), live_ids(&broken.simulator, "contacts"));
    assert_eq!(asked(&broken, "schemas.list").len(), 0, "nobody needs them");

    let gone = without_schemas(Kind::Gone { code: 404 });
    let output = gone.read(&Catalog::of(&["boats", "contacts", "owners"], Mode::Full));
    let (message, kind) = output.error();
    assert!(message.starts_with("`boats` cannot be found, because"), "{message}");
    assert_eq!((kind, output.code), ("transient_error", Some(1)));
    for stream in ["contacts", "owners"] {
        assert_eq!(output.statuses(stream).last(), Some(&"COMPLETE"), "{stream}");
    }
}

#[test]
fn q47_discover_says_in_words_that_it_does_not_know_the_custom_objects() {
    // A catalog without custom objects would remove existing streams.
    let output = without_schemas(Kind::Status { code: 500, retry_after_s: None }).discover();
    let (message, kind) = output.error();
    assert!(message.contains("custom objects") && !message.contains("500 "), "{message}");
    assert_eq!((kind, output.code), ("transient_error", Some(1)));
}
