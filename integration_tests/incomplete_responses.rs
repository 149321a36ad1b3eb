//! Data that may be incomplete is not treated as complete: partial batch responses, searches that
//! skip hits, pages that are too large, lists that never end.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeSet;
use std::time::Duration;

use hubspot_simulator::{Config, Fault, Kind, Partial, PortalSpec, Records, Settings, Which};
use serde_json::{Value, json};

use crate::support::changes::set;
use crate::support::server::serve_json;
use crate::support::{Bench, Catalog, Mode, Output, Stage, TOKEN_FORM, calm, few};

const PARTIAL: [Partial; 5] = [
    Partial::Pending,
    Partial::Processing,
    Partial::CountedError,
    Partial::FailedInput,
    Partial::LeftOut,
];

/// Modifies a share of the records of some object types, two hours after the last read.
fn change_some(stage: &Stage, objects: &[&str], share: f64) {
    stage.simulator.advance(Duration::from_hours(2));
    for object in objects {
        let records = Records::Sample { share, seed: 5 };
        let change = set(object, records, "hs_object_source_label", "changed");
        stage.simulator.change(&change);
    }
    stage.simulator.advance(Duration::from_mins(1));
}

/// Reads a portal, changes part of it, and reads again with these faults. Returns the second read.
fn read_on(
    config: Config,
    streams: &[&str],
    share: f64,
    faults: &[Fault],
) -> (Stage, Value, Output) {
    let stage = Stage::new(config);
    let catalog = Catalog::of(streams, Mode::Incremental);
    let saved = stage.read(&catalog).succeeded().state();
    change_some(&stage, &["contacts", "companies"], share);
    stage.simulator.plant(faults.to_vec());
    stage.simulator.clear_journal();
    let output = stage.read_on(&catalog, &saved);
    (stage, saved, output)
}

/// Returns the identifying fields of the records of a read, without dates, which depend on when the
/// portal was changed.
fn essence(output: &Output) -> BTreeSet<String> {
    const TOLD: [&str; 6] = ["id", "companies", "companyId", "property", "value", "email"];
    let records = output.lines.iter().filter(|line| line["type"] == "RECORD");
    let told = |line: &Value| {
        let (stream, data) = (&line["record"]["stream"], &line["record"]["data"]);
        let fields = TOLD.iter().filter_map(|name| data.get(name));
        format!("{stream} {}", fields.map(ToString::to_string).collect::<Vec<_>>().join(" "))
    };
    records.map(told).collect()
}

#[test]
fn a_partial_batch_answer_is_asked_again_for_what_is_missing() {
    let streams = ["contacts", "companies_property_history"];
    let (.., plain) = read_on(calm(few()), &streams, 0.3, &[]);
    let plain = plain.succeeded();
    assert!(plain.records("contacts").iter().any(|record| record["companies"] != json!([])));
    for partial in PARTIAL {
        // A record without associations may legitimately be omitted there.
        let endpoints: &[&str] = match partial {
            Partial::LeftOut => &["objects.batch_read"],
            Partial::Pending
            | Partial::Processing
            | Partial::CountedError
            | Partial::FailedInput => &["associations.batch_read", "objects.batch_read"],
        };
        let faults = endpoints
            .iter()
            .map(|endpoint| Fault::new(Which::nth_of(endpoint, 1), Kind::PartialBatch(partial)));
        let faults: Vec<_> = faults.collect();
        let (stage, _, output) = read_on(calm(few()), &streams, 0.3, &faults);
        let output = output.succeeded();
        assert!(essence(&output) == essence(&plain), "{partial:?}");
        let struck = stage.simulator.journal().iter().filter(|entry| entry.fault.is_some()).count();
        assert_eq!(struck, endpoints.len(), "{partial:?}");
    }
}

#[test]
fn wide_rows_of_a_partial_batch_answer_are_asked_for_again() {
    let wide = || PortalSpec { properties: 700, contacts: 230, ..PortalSpec::default() };
    let catalog = Catalog::of(&["contacts"], Mode::Incremental);
    let read = |faults: Vec<Fault>| {
        let stage = Stage::calm(wide());
        stage.simulator.plant(faults);
        stage.read(&catalog).succeeded()
    };
    let plain = read(Vec::new());
    assert_eq!(plain.records("contacts").len(), 230);
    for partial in PARTIAL {
        let fault = Fault::new(Which::nth_of("objects.batch_read", 2), Kind::PartialBatch(partial));
        assert!(essence(&read(vec![fault])) == essence(&plain), "{partial:?}");
    }
}

#[test]
fn a_search_that_skips_hits_is_given_up_for_the_list() {
    let portal = || PortalSpec { contacts: 2_000, ..few() };
    let streams = ["contacts"];
    let (.., plain) = read_on(calm(portal()), &streams, 0.3, &[]);
    let plain = plain.succeeded();
    assert!(plain.records("contacts").len() > 500, "several pages");
    let skipping = Fault::new(Which::endpoint("objects.search"), Kind::SkippedHit);
    let (.., output) = read_on(calm(portal()), &streams, 0.3, &[skipping]);
    let output = output.succeeded();
    assert!(output.warnings().iter().any(|text| text.contains("the whole list is read instead")));
    let ids = |output: &Output| {
        let mut ids: Vec<_> =
            output.records("contacts").iter().map(|record| record["id"].clone()).collect();
        ids.sort_unstable_by_key(ToString::to_string);
        ids.dedup();
        ids
    };
    assert_eq!(ids(&output), ids(&plain));
}

#[test]
fn pages_that_are_too_heavy_are_asked_for_in_smaller_ones() {
    let streams =
        ["contacts", "contacts_archived", "companies_property_history", "engagements", "owners"];
    let (first, .., plain) = read_on(calm(few()), &streams, 0.3, &[]);
    drop(first);
    let plain = plain.succeeded();
    let heavy = Fault::new(Which::all(), Kind::HeavyPage { above: 30 });
    let (stage, _, output) = read_on(calm(few()), &streams, 0.3, std::slice::from_ref(&heavy));
    assert!(essence(&output.succeeded()) == essence(&plain), "an incremental read");
    let largest =
        |stage: &Stage| stage.simulator.journal().iter().any(|entry| entry.fault.is_some());
    assert!(largest(&stage), "some pages were too heavy");
    // A first read uses the list.
    let stage = Stage::calm(few());
    let catalog = Catalog::of(&streams, Mode::Incremental);
    let plain = stage.read(&catalog).succeeded();
    stage.simulator.plant(vec![heavy]);
    assert!(essence(&stage.read(&catalog).succeeded()) == essence(&plain), "a first read");
}

#[test]
fn a_list_whose_links_lead_nowhere_ends_its_stream() {
    let settings = Settings { undocumented_limit: 2, ..calm(few()).settings };
    let stage = Stage::new(Config { settings, ..calm(few()) });
    stage.simulator.plant(vec![Fault::new(Which::all(), Kind::SameCursor)]);
    let output = stage.read(&Catalog::of(&["owners", "contacts"], Mode::Incremental));
    let errors = output.errors();
    assert!(!errors.is_empty() && output.code == Some(1), "{errors:?}");
    for error in errors {
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains("cannot read the response"), "{message}");
    }
}

#[test]
fn a_record_whose_id_is_not_a_number_is_not_dropped() {
    let url = serve_json(|line, _| {
        if line.contains("account-info") {
            return json!({ "portalId": 7, "results": [] }).to_string();
        }
        let is_live = line.contains("/contacts?") && line.contains("archived=false");
        if !is_live || line.contains("properties/") {
            return json!({ "results": [] }).to_string();
        }
        let record = |id: &str| {
            json!({ "id": id, "properties": {}, "archived": false,
                "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
                "associations": { "companies": { "results": [{ "id": "5", "type": "x" }] } } })
        };
        json!({ "results": [record("7"), record("rec-8"), record("9")] }).to_string()
    });
    let bench = Bench::new(&url);
    let catalog = Catalog::of(&["contacts"], Mode::Full);
    let config: Value = serde_json::from_str(TOKEN_FORM).expect("JSON");
    let output = bench.run("read", &[("config", &config), ("catalog", catalog.json())]);
    let output = output.succeeded();
    let contacts = output.records("contacts");
    let ids: Vec<_> = contacts.iter().map(|contact| contact["id"].as_str()).collect();
    assert_eq!(ids, [Some("7"), Some("rec-8"), Some("9")]);
    assert!(contacts.iter().all(|contact| contact["companies"] == json!(["5"])), "{contacts:?}");
}

#[test]
fn emails_that_are_listed_without_an_id_are_counted_in_a_warning() {
    let url = serve_json(|line, _| {
        if line.contains("account-info") {
            return json!({ "portalId": 7, "results": [] }).to_string();
        }
        let email = |id: Value| json!({ "id": id, "updatedAt": "2026-01-01T00:00:00Z" });
        let results = match (line.contains("archived=true"), line.contains("includeStats")) {
            _ if !line.contains("/emails") => json!([]),
            (true, _) => json!([]),
            (false, true) => json!([email(json!("abc")), email(json!(7))]),
            (false, false) => json!([email(json!("abc")), email(json!(7)), email(Value::Null)]),
        };
        json!({ "results": results, "total": 3 }).to_string()
    });
    let bench = Bench::new(&url);
    let catalog = Catalog::of(&["marketing_emails"], Mode::Full);
    let config: Value = serde_json::from_str(TOKEN_FORM).expect("JSON");
    let output = bench.run("read", &[("config", &config), ("catalog", catalog.json())]);
    let output = output.succeeded();
    assert_eq!(output.records("marketing_emails").len(), 2);
    let warnings = output.warnings();
    assert!(
        warnings.iter().any(|text| text.contains("lists 1 e-mails without an id")),
        "{warnings:?}"
    );
}
