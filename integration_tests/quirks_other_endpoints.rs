//! Consistency problems of HubSpot's endpoints other than CRM objects that the connector
//! compensates for. The numbers are those of "Consistency, quirk by quirk" in `docs/hubspot.md`.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hubspot_simulator::portal::ListRecords;
use hubspot_simulator::settings::SubmissionCursor;
use hubspot_simulator::{Change, Config, MarketingSpec, PortalSpec, Settings};
use serde_json::{Value, json};

use crate::support::changes::submit_form;
use crate::support::portals::with_marketing;
use crate::support::reading::{asked, numbers, read, state_of, texts};
use crate::support::server::serve_json;
use crate::support::{Bench, Catalog, Mode, Output, START_MS, Stage, TOKEN_FORM, calm, few};

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
    /// Number of the request that the submissions precede.
    const CHANGE_BEFORE: u64 = 10;
    for submission_cursor in [SubmissionCursor::Key, SubmissionCursor::Offset] {
        let marketing = MarketingSpec { busiest_form: 900, ..MarketingSpec::default() };
        let config = calm(with_marketing(marketing));
        let settings = Settings { submission_cursor, ..config.settings };
        let stage = Stage::new(Config { settings, ..config });
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
        let busiest = forms.iter().max_by_key(|(form, _)| {
            stage.simulator.portal(|portal| portal.submission_times(form).len())
        });
        let busiest = &busiest.expect("a form").0;
        stage.simulator.schedule(vec![(CHANGE_BEFORE, submit_form(busiest, 7))]);
        let first = read(&stage, "form_submissions", &Value::Null);
        let pages = asked(&stage, "form_submissions.list");
        let pages = pages.iter().filter(|page| page.path.contains(busiest.as_str()));
        let (early, late): (Vec<_>, Vec<_>) = pages.partition(|page| page.number < CHANGE_BEFORE);
        assert!(!early.is_empty() && !late.is_empty(), "{} {}", early.len(), late.len());
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
    let stage = Stage::calm(PortalSpec { others, ..with_marketing(MarketingSpec::default()) });
    stage.simulator.advance(Duration::from_mins(1));
    let saved = state_of("engagements", &json!({ "lastUpdated": START_MS.to_string() }));
    read(&stage, "engagements", &saved);
    let recent = asked(&stage, "engagements.recent");
    let since = format!("since={}", START_MS - 300_000);
    assert!(!recent.is_empty() && recent.iter().all(|entry| entry.query.contains(&since)));
}

#[test]
fn c29_a_record_taken_off_a_list_is_missing_from_the_next_read() {
    let stage = Stage::calm(with_marketing(MarketingSpec::default()));
    let members = |list: u64| stage.simulator.portal(|portal| portal.list_members(list));
    let lists = stage.simulator.portal(hubspot_simulator::Portal::list_ids);
    let mut lists = lists.into_iter().map(|(list, _)| list);
    let list = lists.find(|list| members(*list).len() > 2).expect("a list with members");
    let gone = members(list)[1];
    let first = read(&stage, "list_memberships", &Value::Null);
    let removed = ListRecords { list, records: vec![gone] };
    stage.simulator.change(&Change::RemoveListMembers(removed));
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
