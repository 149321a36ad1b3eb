//! Data that may be incomplete is not treated as complete: partial batch responses, searches that
//! skip hits, pages that are too large, lists that never end.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hubspot_simulator::settings::ListCursor;
use hubspot_simulator::{
    Change, Config, Fault, Kind, Partial, PortalSpec, Records, Settings, Which,
};
use serde_json::{Value, json};

use crate::support::server::{nobody, serve_json};
use crate::support::{Bench, Catalog, Mode, Output, Stage, TOKEN_FORM, calm, few};

const PARTIAL: [Partial; 5] = [
    Partial::Pending,
    Partial::Processing,
    Partial::CountedError,
    Partial::FailedInput,
    Partial::LeftOut,
];

/// Modifies a share of the records of some object types, two hours after the last read.
fn modify(stage: &Stage, objects: &[&str], share: f64) {
    stage.simulator.advance(Duration::from_hours(2));
    for object in objects {
        let properties = [("hs_object_source_label".to_owned(), Some("changed".to_owned()))];
        stage.simulator.change(&Change::Modify {
            object: (*object).to_owned(),
            records: Records::Sample { share, seed: 5 },
            properties: properties.into(),
        });
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
    modify(&stage, &["contacts", "companies"], share);
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
fn a_state_that_relies_on_ids_recovers_where_the_list_no_longer_takes_them() {
    let settings = Settings { list_cursor: ListCursor::Opaque, ..calm(few()).settings };
    let stage = Stage::new(Config { settings, ..calm(few()) });
    let catalog = Catalog::of(&["contacts"], Mode::Incremental);
    let expected = stage.read(&catalog).succeeded();
    let id = expected.records("contacts")[100]["id"].clone();
    let saved = json!([{ "type": "STREAM", "stream": {
        "stream_descriptor": { "name": "contacts" },
        "stream_state": { "updatedAt": "2006-06-01T00:00:00.000000Z", "source_hubspot": {
            "version": 1, "way": "list", "to": "2026-09-21T14:00:00.000000Z",
            "remaining": [[id, null]],
        } },
    } }]);
    // HubSpot's response to an id that is not a valid token.
    let refusing = Kind::Refused {
        code: 400,
        category: "VALIDATION_ERROR".into(),
        message: "Invalid input: after".into(),
    };
    stage.simulator.plant(vec![Fault::new(Which::nth_of("objects.list", 1), refusing)]);
    let output = stage.read_on(&catalog, &saved).succeeded();
    assert_eq!(output.records("contacts").len(), expected.records("contacts").len());
    let warned = output.warnings();
    assert!(warned.iter().any(|text| text.contains("from its beginning")), "{warned:?}");
    let again = stage.read_on(&catalog, &output.state()).succeeded();
    assert!(again.errors().is_empty());
}

/// Returns a bench whose HubSpot serves `POST …/search` of lists by offset, three at a time, and
/// deletes its first list after the first page; everything else is empty.
fn with_lists() -> Bench {
    let asked = AtomicUsize::new(0);
    let url = serve_json(move |line, body| {
        if line.contains("account-info") {
            return json!({ "portalId": 7, "results": [] }).to_string();
        }
        if !line.contains("/lists/") {
            return json!({ "results": [] }).to_string();
        }
        let deleted = usize::from(asked.fetch_add(1, Ordering::Relaxed) > 0);
        let lists: Vec<_> = (deleted..8)
            .map(|id| json!({ "listId": id.to_string(), "name": "x", "updatedAt": "2026-01-01T00:00:00Z" }))
            .collect();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let offset = usize::try_from(body["offset"].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
        let page: Vec<_> = lists.iter().skip(offset).take(3).cloned().collect();
        let end = offset + page.len();
        json!({ "lists": page, "offset": end, "hasMore": end < lists.len(), "total": lists.len() })
            .to_string()
    });
    Bench::new(&url)
}

#[test]
fn c37_a_list_deleted_between_two_pages_hides_no_other() {
    let catalog = Catalog::of(&["contact_lists"], Mode::Full);
    let config: Value = serde_json::from_str(TOKEN_FORM).expect("JSON");
    let output = with_lists().run("read", &[("config", &config), ("catalog", catalog.json())]);
    let output = output.succeeded();
    let mut ids: Vec<_> =
        output.records("contact_lists").iter().map(|list| list["listId"].to_string()).collect();
    ids.sort_unstable();
    let expected: Vec<_> = (0..8).map(|id| format!("\"{id}\"")).collect();
    assert_eq!(ids, expected, "each once");
}

#[test]
fn one_parent_that_is_refused_keeps_its_position_and_costs_no_other() {
    let forms = |stage: &Stage| {
        stage.simulator.portal(|portal| {
            let forms = portal.form_ids(false).into_iter();
            let readable = forms.filter(|(_, kind)| *kind != "blog_comment");
            readable.map(|(form, _)| (portal.submission_times(&form).len(), form)).max()
        })
    };
    let catalog = Catalog::of(&["form_submissions"], Mode::Incremental);
    let of = |output: &Output, form: &str| {
        output.records("form_submissions").iter().filter(|record| record["formId"] == form).count()
    };
    for kind in [
        Kind::Refused { code: 400, category: "VALIDATION_ERROR".into(), message: "no".into() },
        Kind::Refused { code: 403, category: "FORBIDDEN".into(), message: "no".into() },
        Kind::Gone { code: 404 },
    ] {
        let stage = Stage::calm(PortalSpec { properties: 0, ..PortalSpec::default() });
        let (submissions, form) = forms(&stage).expect("a form");
        let all = stage.read(&catalog).succeeded().records("form_submissions").len();
        let path = format!("/form-integrations/v1/submissions/forms/{form}");
        stage.simulator.plant(vec![Fault::new(Which::path(&path), kind.clone())]);
        let output = stage.read(&catalog).succeeded();
        assert_eq!(output.records("form_submissions").len(), all - submissions, "{kind:?}");
        let warnings = output.warnings();
        assert!(warnings.iter().any(|text| text.contains(&form)), "{kind:?}: {warnings:?}");
        stage.simulator.clear_faults();
        let next = stage.read_on(&catalog, &output.state()).succeeded();
        assert_eq!(of(&next, &form), submissions, "{kind:?}: it is read from its own position");
    }
}

#[test]
fn a_read_that_reaches_nobody_gives_up_as_check_does_and_says_why() {
    let bench = Bench::new(&format!("http://{}", nobody()));
    let catalog = Catalog::of(&["contacts"], Mode::Incremental);
    let config: Value = serde_json::from_str(TOKEN_FORM).expect("JSON");
    let output = bench.run("read", &[("config", &config), ("catalog", catalog.json())]);
    let (message, failure_type) = output.error();
    assert!(message.contains("in 4 attempts"), "{message}");
    assert!(message.contains("Connection refused"), "{message}");
    assert_eq!(failure_type, "transient_error");
    let warnings = output.warnings();
    assert!(warnings.iter().any(|text| text.starts_with("no answer from http://")), "{warnings:?}");
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
