//! Marketing e-mails, e-mail campaigns, e-mail subscriptions and flows.

use std::time::Duration;

use hubspot_simulator::{Config, Fault, Kind, Settings, Which};
use serde_json::Value;

use crate::support::list_streams::*;
use crate::support::{Catalog, Mode, START_MS, Stage, access_to, calm};

#[test]
fn q15_marketing_emails_are_complete_with_statistics() {
    let settings = Settings { stats_leave_out_every: 7, ..calm(little()).settings };
    let stage = Stage::new(Config { settings, ..calm(several_pages()) });
    let catalog = stage.catalog(Mode::Incremental).only(&["marketing_emails"]);
    let output = stage.read(&catalog).succeeded();
    let live = stage.simulator.portal(|portal| portal.marketing_email_ids(false));
    let archived = stage.simulator.portal(|portal| portal.marketing_email_ids(true));
    assert!(!archived.is_empty());
    let expected = texts(live.iter().chain(&archived));
    assert_eq!(sorted(&output, "marketing_emails", "id"), expected);
    assert!(output.records("marketing_emails").iter().all(|email| email["stats"].is_object()));
    let retired = asked(&stage.simulator.journal(), "retired.marketing_emails_v1").len();
    assert_eq!(retired, 0);
}

#[test]
fn q15_marketing_emails_are_listed_twice_only_where_statistics_leave_some_out() {
    // Two pages of live ones, one of archived ones, and one of each without statistics; one more of
    // those if some were missing.
    for (leave_out_every, expected) in [(0, 5), (5, 6)] {
        let settings =
            Settings { stats_leave_out_every: leave_out_every, ..calm(several_pages()).settings };
        let stage = Stage::new(Config { settings, ..calm(several_pages()) });
        let catalog = Catalog::of(&["marketing_emails"], Mode::Incremental);
        let first = stage.read(&catalog).succeeded();
        let journal = stage.simulator.journal();
        let lists = asked(&journal, "marketing_emails.list");
        assert_eq!(lists.len(), expected, "{lists:#?}");
        let alone = asked(&journal, "marketing_emails.get");
        assert_eq!(alone.is_empty(), leave_out_every == 0, "{alone:#?}");
        let some = |archived| alone.iter().any(|query| query.contains(archived));
        assert_eq!(some("archived=true"), some("archived=false"));
        assert_eq!(first.records("marketing_emails").len(), 230);
        // Nothing has changed: live and archived ones are requested without statistics, recently
        // sent ones with statistics.
        stage.simulator.clear_journal();
        stage.simulator.advance(Duration::from_mins(10));
        stage.read_on(&catalog, &first.state()).succeeded();
        let journal = stage.simulator.journal();
        let lists = asked(&journal, "marketing_emails.list");
        let with_statistics = lists.iter().filter(|query| query.contains("includeStats=true"));
        assert_eq!((lists.len(), with_statistics.count()), (3, 1), "{lists:#?}");
        assert!(asked(&journal, "marketing_emails.get").is_empty());
    }
}

#[test]
fn q15_statistics_of_recent_emails_are_read_again() {
    let stage = Stage::calm(little());
    let catalog = Catalog::of(&["marketing_emails"], Mode::Incremental);
    let first = stage.read(&catalog).succeeded();
    let sent_ms = |email: &Value| {
        let text = email["publishedAt"].as_str()?;
        Some(chrono::DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis())
    };
    let recent = |email: &Value| sent_ms(email).is_some_and(|at| at > START_MS - 28 * 86_400_000);
    let all = first.records("marketing_emails");
    let expected: Vec<_> = all.into_iter().filter(|email| recent(email)).collect();
    assert!(!expected.is_empty(), "the portal has sent something lately");
    stage.simulator.advance(Duration::from_hours(24));
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    for email in expected {
        let again = second.records("marketing_emails").into_iter();
        let again = again.filter(|again| again["id"] == email["id"]).collect::<Vec<_>>();
        let [again] = again[..] else { panic!("{} came {} times", email["id"], again.len()) };
        let opened = |email: &Value| email["stats"]["counters"]["open"].as_u64();
        assert!(opened(again) > opened(email), "{}", email["id"]);
    }
}

#[test]
fn q16_a_failing_detail_harms_neither_stream_nor_record() {
    let stage = Stage::calm(little());
    let catalog = stage.catalog(Mode::Incremental).only(&["campaigns"]);
    let ids = stage.simulator.portal(hubspot_simulator::Portal::email_campaign_ids);
    let gone = ids[2];
    let path = Which::path(&format!("/email/public/v1/campaigns/{gone}"));
    stage.simulator.plant(vec![Fault::new(path, Kind::Gone { code: 404 })]);
    let first = stage.read(&catalog).succeeded();
    check_schemas(&catalog, &first);
    assert_eq!(sorted(&first, "campaigns", "id"), texts(&ids));
    for campaign in first.records("campaigns") {
        let has_details = campaign["id"] != gone;
        assert_eq!(campaign["subject"].is_string(), has_details, "{campaign}");
        assert_eq!(campaign["counters_sent"].is_u64(), has_details, "{campaign}");
        assert!(campaign["lastUpdatedTime"].is_u64(), "the list's cursor stays: {campaign}");
    }
    // Deleted campaigns are not waited for.
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    assert_eq!(second.records("campaigns"), Vec::<&Value>::new());
}

#[test]
fn q16_details_are_asked_for_only_where_something_moved() {
    let stage = Stage::calm(little());
    let catalog = Catalog::of(&["campaigns", "flows"], Mode::Incremental);
    let first = stage.read(&catalog).succeeded();
    let before = stage.simulator.journal().len();
    stage.simulator.advance(Duration::from_mins(1));
    stage.read_on(&catalog, &first.state()).succeeded();
    assert_eq!(stage.simulator.journal().len(), before + 3, "one list each, and the day");
}

#[test]
fn q43_campaigns_name_the_scope_they_need() {
    let stage = Stage::new(Config { access: access_to(&["crm.lists.read"]), ..calm(little()) });
    let output = stage.read(&Catalog::of(&["campaigns"], Mode::Full));
    assert!(output.warnings().iter().any(|warning| warning.contains("scope content")));
}

#[test]
fn email_subscriptions_need_no_scope_that_older_connections_lack() {
    let present = access_to(&["communication_preferences.read"]);
    let older = access_to(&["content"]);
    let [present, older] = [present, older].map(|access| {
        let stage = Stage::new(Config { access, ..calm(little()) });
        stage.read(&Catalog::of(&["email_subscriptions"], Mode::Full)).succeeded()
    });
    let stream = "email_subscriptions";
    assert_eq!(sorted(&present, stream, "id"), sorted(&older, stream, "id"));
    for (new, old) in present.records(stream).iter().zip(older.records(stream)) {
        for field in ["id", "name", "active", "internal", "category", "channel", "businessUnitId"] {
            assert_eq!(new[field], old[field], "{field}");
        }
    }
    let stage = Stage::new(Config { access: access_to(&["forms"]), ..calm(little()) });
    let refused = stage.read(&Catalog::of(&[stream], Mode::Full));
    assert_eq!(refused.statuses(stream).last(), Some(&"INCOMPLETE"));
    assert!(refused.warnings().iter().any(|warning| warning.contains("content")));
}

#[test]
fn q38_flows_of_all_types_come_with_their_actions() {
    let stage = Stage::calm(little());
    let output = stage.read(&Catalog::of(&["flows", "workflows"], Mode::Full)).succeeded();
    let flows = output.records("flows");
    assert!(flows.len() > output.records("workflows").len());
    assert!(flows.iter().any(|flow| flow["objectTypeId"] != "0-1"));
    assert!(flows.iter().all(|flow| flow["actions"][0].is_object()));
}

#[test]
fn details_of_flows_come_by_batch_and_alone_where_that_leaves_them_out() {
    let settings = |every| Settings { flows_leave_out_every: every, ..calm(little()).settings };
    let faults = |code| vec![Fault::new(Which::endpoint("flows.batch_read"), Kind::Gone { code })];
    for (case, settings, faults, batches, alone) in [
        ("all by one batch", settings(0), vec![], 1, 0..1),
        ("some left out", settings(3), vec![], 1, 2..9),
        // First the dated path, then the classic one returns 404.
        ("no batch read at all", settings(0), faults(404), 2, 13..14),
    ] {
        let stage = Stage::new(Config { settings, ..calm(little()) });
        stage.simulator.plant(faults);
        let catalog = stage.catalog(Mode::Incremental).only(&["flows"]);
        let output = stage.read(&catalog).succeeded();
        check_schemas(&catalog, &output);
        let flows = output.records("flows");
        assert_eq!(flows.len(), 13, "{case}");
        assert!(flows.iter().all(|flow| flow["actions"][0].is_object()), "{case}");
        let journal = stage.simulator.journal();
        assert_eq!(asked(&journal, "flows.batch_read").len(), batches, "{case}");
        let asked = asked(&journal, "flows.get").len();
        assert!(alone.contains(&asked), "{case}: {asked}");
    }
}
