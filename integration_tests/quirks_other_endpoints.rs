//! Consistency problems of HubSpot's endpoints other than CRM objects that the connector
//! compensates for. The numbers are those of "Consistency, quirk by quirk" in `docs/hubspot.md`.

use std::collections::BTreeSet;
use std::time::Duration;

use hubspot_simulator::settings::SubmissionCursor;
use hubspot_simulator::{Config, MarketingSpec, PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::reading::{asked, change, numbers, read, state_of, texts};
use crate::support::{Catalog, Mode, Output, START_MS, Stage, calm, few};

/// Returns a portal for tests of this marketing data.
fn portal(marketing: MarketingSpec) -> PortalSpec {
    PortalSpec { properties: 0, marketing, ..PortalSpec::default() }
}

#[test]
fn c23_a_full_refresh_brings_owners_and_archived_ones_as_they_are() {
    let stage = Stage::calm(few());
    let streams = ["owners", "owners_archived"];
    let first = stage.read(&Catalog::of(&streams, Mode::Incremental)).succeeded();
    stage.simulator.advance(Duration::from_hours(24));
    // The dates of an owner do not show changes of its user: a later incremental read emits none.
    let second = stage.read_on(&Catalog::of(&streams, Mode::Incremental), &first.state());
    let whole = stage.read_on(&Catalog::of(&streams, Mode::Full), &first.state()).succeeded();
    let second = second.succeeded();
    for (stream, is_archived) in [("owners", false), ("owners_archived", true)] {
        assert_eq!(second.records(stream).len(), 0, "{stream}");
        assert_eq!(whole.ids(stream), first.ids(stream), "{stream}");
        let records = whole.records(stream);
        assert!(!records.is_empty(), "{stream}");
        let archived = records.iter().map(|owner| owner.get("archived"));
        assert!(archived.into_iter().all(|it| *it.expect("a flag") == is_archived), "{stream}");
    }
}

#[test]
fn c26_submissions_that_come_while_they_are_read_displace_none() {
    for submission_cursor in [SubmissionCursor::Key, SubmissionCursor::Offset] {
        let marketing = MarketingSpec { busiest_form: 900, ..MarketingSpec::default() };
        let config = calm(portal(marketing));
        let settings = Settings { submission_cursor, ..config.settings };
        let latency = Duration::from_millis(15);
        let stage = Stage::new(Config { settings, latency, ..config });
        let mut forms = stage.simulator.portal(|portal| portal.form_ids(false));
        forms.retain(|(_, kind)| *kind != "blog_comment");
        let times = |stage: &Stage| -> BTreeSet<i64> {
            let of = |(form, _): &(String, _)| {
                stage.simulator.portal(|portal| portal.submission_times(form))
            };
            forms.iter().flat_map(of).collect()
        };
        let before = times(&stage);
        let found = |output: &Output| -> BTreeSet<i64> {
            numbers(output, "form_submissions", "submittedAt").into_iter().collect()
        };
        let first = std::thread::scope(|scope| {
            let reading = scope.spawn(|| read(&stage, "form_submissions", &Value::Null));
            while asked(&stage, "form_submissions.list").len() < 5 && !reading.is_finished() {
                std::thread::park_timeout(Duration::from_millis(2));
            }
            let form = forms.iter().max_by_key(|(form, _)| {
                stage.simulator.portal(|portal| portal.submission_times(form).len())
            });
            let form = &form.expect("a form").0;
            change(&stage, json!({"kind": "submit_form", "form": form, "count": 7}));
            reading.join().expect("the read ends")
        });
        assert!(before.len() > 800 && times(&stage).len() > before.len());
        assert!(found(&first).is_superset(&before), "{submission_cursor:?}");
        let second = read(&stage, "form_submissions", &first.state());
        let both: BTreeSet<_> = found(&first).union(&found(&second)).copied().collect();
        assert_eq!(both, times(&stage), "{submission_cursor:?}");
    }
}

#[test]
fn c28_what_a_since_shows_late_is_asked_for_again() {
    let others = [("calls", 40)].map(|(object, count)| (object.to_owned(), count)).into();
    let stage = Stage::calm(PortalSpec { others, ..portal(MarketingSpec::default()) });
    stage.simulator.advance(Duration::from_mins(1));
    let saved = state_of("engagements", &json!({ "lastUpdated": START_MS.to_string() }));
    read(&stage, "engagements", &saved);
    let recent = asked(&stage, "engagements.recent");
    let since = format!("since={}", START_MS - 300_000);
    assert!(!recent.is_empty() && recent.iter().all(|entry| entry.query.contains(&since)));
}

#[test]
fn c29_a_record_taken_off_a_list_is_missing_from_the_next_read() {
    let stage = Stage::calm(portal(MarketingSpec::default()));
    let members = |list: u64| stage.simulator.portal(|portal| portal.list_members(list));
    let lists = stage.simulator.portal(hubspot_simulator::Portal::list_ids);
    let mut lists = lists.into_iter().map(|(list, _)| list);
    let list = lists.find(|list| members(*list).len() > 2).expect("a list with members");
    let gone = members(list)[1];
    let first = read(&stage, "list_memberships", &Value::Null);
    change(&stage, json!({"kind": "remove_list_members", "list": list, "records": [gone]}));
    let second = read(&stage, "list_memberships", &first.state());
    let is_in = |output: &Output| {
        let (list, gone) = (list.to_string(), gone.to_string());
        let records = output.records("list_memberships");
        let is_it = |it: &&&Value| it["listId"] == *list && it["recordId"] == *gone;
        records.iter().filter(is_it).count()
    };
    assert_eq!((is_in(&first), is_in(&second)), (1, 0));
    // Every list is read in full each time, so a destination that overwrites its table removes the
    // row.
    assert_eq!(
        first.records("list_memberships").len(),
        second.records("list_memberships").len() + 1
    );
    assert_eq!(
        texts(&first, "list_memberships", "listId"),
        texts(&second, "list_memberships", "listId")
    );
}
