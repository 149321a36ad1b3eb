//! An interrupted incremental read resumes from its last checkpoint.
//!
//! `resume_full_refresh` tests interrupted full refreshes, `signals` reads that are asked to stop,
//! and `endurance/kill_and_resume.rs` kills at random points.

use std::collections::BTreeSet;
use std::time::Duration;

use hubspot_simulator::settings::ListCursor;
use hubspot_simulator::{Config, Fault, Kind, MarketingSpec, PortalSpec, Settings, Which};
use serde_json::{Value, json};

use crate::support::portals::with_marketing;
use crate::support::reading::{numbers, read, state_of, texts};
use crate::support::{Catalog, Mode, Output, Stage, calm, few};

#[test]
fn a_first_read_of_records_resumes_from_its_last_checkpoint() {
    let stage = Stage::calm(PortalSpec { deals: 10_250, ..few() });
    let mut catalog = stage.catalog(Mode::Incremental).only(&["deals"]);
    catalog.columns("deals").retain(|name, _| name == "id");
    let whole = stage.read(&catalog).succeeded();
    assert_eq!(whole.ids("deals").len(), 10_250);
    let states = whole.states("deals");
    assert_eq!(states.len(), 2);
    let interrupted = state_of("deals", states[0]);
    stage.simulator.clear_journal();
    stage.simulator.advance(Duration::from_hours(3));
    let rest = stage.read_on(&catalog, &interrupted).succeeded();
    let mut union = whole.ids_before_state("deals");
    assert!(union.len() >= 10_000, "a state after {}", union.len());
    union.extend(rest.ids("deals"));
    union.sort_unstable();
    union.dedup();
    assert_eq!(union, whole.ids("deals"));
    let again = stage.simulator.summary().endpoints["objects.list"].requests;
    assert!(again <= 20, "{again} requests for the last 250 records");
    // Changes made meanwhile belong to the next read: the position is that of the first read.
    assert_eq!(rest.position_ms("deals"), whole.position_ms("deals"));
}

#[test]
fn a_state_that_relies_on_ids_recovers_where_the_list_no_longer_takes_them() {
    let settings = Settings { list_cursor: ListCursor::Opaque, ..calm(few()).settings };
    let stage = Stage::new(Config { settings, ..calm(few()) });
    let catalog = Catalog::of(&["contacts"], Mode::Incremental);
    let expected = stage.read(&catalog).succeeded();
    let id = expected.records("contacts")[100]["id"].clone();
    let progress = json!({ "version": 1, "way": "list", "to": "2026-09-21T14:00:00.000000Z",
        "remaining": [[id, null]] });
    let position = "2006-06-01T00:00:00.000000Z";
    let saved = state_of("contacts", &json!({ "updatedAt": position, "source_hubspot": progress }));
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

#[test]
fn a_first_read_of_property_history_resumes_from_any_checkpoint() {
    let stage = Stage::calm(PortalSpec { contacts: 900, ..few() });
    let stream = "contacts_property_history";
    let catalog = Catalog::of(&[stream], Mode::Incremental);
    let found = |output: &Output| {
        let mut found: Vec<_> = output.records(stream).iter().map(ToString::to_string).collect();
        found.sort_unstable();
        found
    };
    let whole = stage.read(&catalog).succeeded();
    let states = whole.states(stream);
    assert!(states.len() > 2, "{} states", states.len());
    let all = found(&whole);
    for place in [0, states.len() / 2] {
        let is_state = |line: &Value| &line["state"]["stream"]["stream_state"] == states[place];
        let end = whole.lines.iter().position(is_state).expect("the state");
        let before = whole.lines[..end].iter().map(|line| &line["record"]["data"]);
        let mut both: Vec<_> =
            before.filter(|data| data.is_object()).map(ToString::to_string).collect();
        let saved = json!([whole.lines[end]["state"]]);
        let rest = stage.read_on(&catalog, &saved).succeeded();
        assert!(found(&rest).len() < all.len());
        both.extend(found(&rest));
        both.sort_unstable();
        assert!(both == all, "after state {place}: {} and {}", both.len(), all.len());
    }
}

#[test]
fn a_first_read_of_submissions_resumes_form_by_form() {
    let marketing = MarketingSpec { busiest_form: 10_500, ..MarketingSpec::default() };
    let stage = Stage::calm(with_marketing(marketing));
    let output = read(&stage, "form_submissions", &Value::Null);
    let half = output.states("form_submissions")[0].clone();
    let done: Vec<_> = half["states"].as_array().expect("forms").iter().collect();
    assert!(!done.is_empty() && half.get("state").is_none(), "{half}");
    let rest = read(&stage, "form_submissions", &state_of("form_submissions", &half));
    let done: BTreeSet<_> = done
        .iter()
        .map(|saved| saved["partition"]["form_id"][0].as_str().expect("an id").to_owned())
        .collect();
    let again = texts(&rest, "form_submissions", "formId");
    assert!(again.is_disjoint(&done), "forms that were finished are not read again");
    let all = texts(&output, "form_submissions", "formId");
    assert!(all.iter().all(|form| done.contains(form) || again.contains(form)));
}

#[test]
fn a_first_read_of_a_log_resumes_behind_the_last_window() {
    let marketing = MarketingSpec { email_events: 30_000, ..MarketingSpec::default() };
    let stage = Stage::calm(with_marketing(marketing));
    let output = read(&stage, "email_events", &Value::Null);
    let half = output.states("email_events")[0].clone();
    assert!(half["source_hubspot"].is_object(), "{half}");
    let read_before: usize = output
        .lines
        .iter()
        .position(|line| line["type"] == "STATE")
        .map(|at| output.lines[..at].iter().filter(|line| line["type"] == "RECORD").count())
        .expect("a state");
    let rest = read(&stage, "email_events", &state_of("email_events", &half));
    let position: i64 = half["created"].as_str().expect("text").parse().expect("milliseconds");
    let all = numbers(&output, "email_events", "created");
    let expected = all.iter().filter(|at_ms| **at_ms >= position).count();
    assert_eq!(numbers(&rest, "email_events", "created").len(), expected);
    assert!(expected < all.len() && read_before >= 10_000, "{expected} {read_before}");
    assert_eq!(rest.last_state("email_events"), output.last_state("email_events"));
}
