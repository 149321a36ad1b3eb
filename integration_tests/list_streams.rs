//! Properties common to all streams of lists that are read in full: settings, pipelines,
//! marketing, automation, definitions.

use std::collections::BTreeSet;
use std::time::Duration;

use hubspot_simulator::portal::{Guided, Numbered};
use hubspot_simulator::{Change, ClockConfig, Config, MarketingSpec, PortalSpec};
use serde_json::{Value, json};

use crate::support::list_streams::*;
use crate::support::output::end_ms;
use crate::support::reading::state_of;
use crate::support::{Catalog, Mode, Output, START_MS, Stage, access_to, calm};

#[test]
fn a_full_refresh_brings_every_list_whole() {
    let stage = Stage::calm(several_pages());
    let catalog = stage.catalog(Mode::Full).only(&names());
    let output = stage.read(&catalog).succeeded();
    check_schemas(&catalog, &output);
    stage.simulator.portal(|portal| {
        let emails = portal.marketing_email_ids(false).into_iter();
        let emails = emails.chain(portal.marketing_email_ids(true));
        let forms = portal.form_ids(false).into_iter().filter(|(_, kind)| *kind != "blog_comment");
        for (stream, column, expected) in [
            ("campaigns", "id", texts(portal.email_campaign_ids())),
            ("contact_lists", "listId", texts(portal.list_ids().into_iter().map(|(id, _)| id))),
            ("email_subscriptions", "id", texts(portal.subscription_ids())),
            ("flows", "id", texts(portal.flow_ids())),
            ("forms", "id", texts(forms.map(|(id, _)| id))),
            ("marketing_campaigns", "id", texts(portal.marketing_campaign_ids())),
            ("marketing_emails", "id", texts(emails)),
            ("teams", "id", texts(portal.team_ids())),
            ("users", "id", texts(portal.user_ids())),
            ("workflows", "id", texts(portal.workflow_ids())),
        ] {
            assert!(!expected.is_empty(), "{stream}");
            assert_eq!(sorted(&output, stream, column), expected, "{stream}");
        }
    });
    assert_eq!(output.records("currencies").len(), 140);
    let definitions: BTreeSet<_> = column(&output, "event_definitions", "id").into_iter().collect();
    assert!(definitions.len() > 100, "{}", definitions.len());
    assert_eq!(definitions.len(), output.records("event_definitions").len());
    assert_eq!(column(&output, "roles", "id"), ["5", "6", "7"]);
}

#[test]
fn a_second_incremental_read_brings_what_changed_and_no_more() {
    let stage = Stage::calm(several_pages());
    let streams: Vec<_> = DATED.iter().map(|(name, _)| *name).collect();
    let catalog = Catalog::of(&streams, Mode::Incremental);
    let first = stage.read(&catalog).succeeded();
    stage.simulator.advance(Duration::from_hours(40 * 24));
    let simulator = &stage.simulator;
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    for (stream, cursor) in DATED {
        assert_eq!(changed(&second, stream), Vec::<&Value>::new(), "{stream} has not changed");
        let position =
            |output: &Output| output.last_state(stream)[cursor].as_str().expect(stream).to_owned();
        assert!(position(&second) > position(&first), "{stream} goes on");
    }
    let list = simulator.portal(|portal| portal.list_ids()[3].0);
    let form = simulator.portal(|portal| portal.form_ids(false)[4].0.clone());
    let campaign = simulator.portal(|portal| portal.marketing_campaign_ids()[5].clone());
    let flow = simulator.portal(|portal| portal.flow_ids()[2]);
    let emails = simulator.portal(|portal| portal.marketing_email_ids(false));
    simulator.advance(Duration::from_mins(1));
    for change in [
        Change::EditList(Numbered { id: list }),
        Change::EditForm(Guided { id: form.clone() }),
        Change::EditMarketingCampaign(Guided { id: campaign.clone() }),
        Change::EditFlow(Numbered { id: flow }),
        Change::EditMarketingEmail(Numbered { id: emails[6] }),
        Change::ArchiveMarketingEmail(Numbered { id: emails[7] }),
    ] {
        simulator.change(&change);
    }
    simulator.advance(Duration::from_mins(1));
    let third = stage.read_on(&catalog, &second.state()).succeeded();
    assert_eq!(column(&third, "contact_lists", "listId"), [list.to_string()]);
    assert_eq!(column(&third, "forms", "id"), [form]);
    assert_eq!(column(&third, "marketing_campaigns", "id"), [campaign]);
    assert_eq!(column(&third, "flows", "id"), [flow.to_string()]);
    // HubSpot: archiving does not change the date of the last edit.
    assert_eq!(sorted(&third, "marketing_emails", "id"), texts([emails[6], emails[7]]));
    let fourth = stage.read_on(&catalog, &third.state()).succeeded();
    for stream in streams {
        assert_eq!(changed(&fourth, stream), Vec::<&Value>::new(), "{stream} comes once");
    }
}

#[test]
fn every_older_state_is_understood() {
    let stage = Stage::calm(little());
    let far = "2199-01-01T00:00:00";
    for (stream, cursor) in DATED {
        let catalog = Catalog::of(&[stream], Mode::Incremental);
        let all = changed(&stage.read(&catalog).succeeded(), stream).len();
        assert!(all > 0, "{stream}");
        for (state, expected) in [
            (json!({ *cursor: "1149120000000" }), all),
            (json!({ *cursor: 1_149_120_000_000_i64 }), all),
            (json!({ *cursor: "2006-06-01T00:00:00.123000+00:00" }), all),
            (json!({ *cursor: "2006-06-01T00:00:00Z" }), all),
            (json!({ *cursor: "2006-06-01 00:00:00+00:00" }), all),
            // A position in the future cannot be valid: everything is read again.
            (json!({ *cursor: format!("{far}.000000Z") }), all),
            (json!({ *cursor: 7_226_582_400_000_i64 }), all),
        ] {
            let output = stage.read_on(&catalog, &state_of(stream, &state)).succeeded();
            assert_eq!(changed(&output, stream).len(), expected, "{stream} from {state}");
        }
    }
}

#[test]
fn q45_an_empty_state_is_no_state() {
    let stage = Stage::calm(little());
    for (stream, cursor) in DATED {
        let catalog = Catalog::of(&[stream], Mode::Incremental);
        let all = stage.read(&catalog).succeeded().records(stream).len();
        let empty = state_of(stream, &json!({ *cursor: "" }));
        let output = stage.read_on(&catalog, &empty).succeeded();
        assert_eq!(output.records(stream).len(), all, "{stream}");
    }
}

#[test]
fn q30_a_state_goes_on_without_records() {
    let stage = Stage::calm(PortalSpec {
        marketing: MarketingSpec { lists: 0, forms: 0, ..MarketingSpec::default() },
        ..little()
    });
    let catalog = Catalog::of(&["contact_lists", "forms"], Mode::Incremental);
    let output = stage.read(&catalog).succeeded();
    for stream in ["contact_lists", "forms"] {
        assert_eq!(output.records(stream).len(), 0);
        assert!((START_MS - output.position_ms(stream)).abs() < 60_000, "{stream}");
    }
}

#[test]
fn q50_a_clock_ahead_of_ours_holds_nothing_back() {
    let ahead = 4_000_000_000_000;
    let clock = ClockConfig { start_ms: Some(ahead), speed: 1.0 };
    let mut stage = Stage::new(Config { clock, ..calm(little()) });
    stage.machine_ahead_ms = -3_600_000;
    let catalog = Catalog::of(&["contact_lists", "marketing_emails"], Mode::Incremental);
    let first = stage.read(&catalog).succeeded();
    assert_eq!(first.records("contact_lists").len(), 24);
    assert_eq!(first.records("marketing_emails").len(), 30);
    // The position follows the system clock, in case HubSpot's clock is wrong.
    let machine_ms = ahead + stage.machine_ahead_ms;
    assert!((machine_ms - first.position_ms("contact_lists")).abs() < 60_000);
    let list = stage.simulator.portal(|portal| portal.list_ids()[0].0);
    stage.simulator.advance(Duration::from_mins(1));
    stage.simulator.change(&Change::EditList(Numbered { id: list }));
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    assert_eq!(column(&second, "contact_lists", "listId"), [list.to_string()]);
}

#[test]
fn states_keep_the_form_of_their_stream() {
    let stage = Stage::calm(little());
    let output = stage.read(&Catalog::of(&names(), Mode::Incremental)).succeeded();
    for (stream, cursor) in DATED {
        let saved = output.last_state(stream);
        let position = saved[cursor].as_str().expect(stream);
        let in_milliseconds = ["campaigns", "deal_pipelines", "workflows"].contains(stream);
        let fits = position.len() == if in_milliseconds { 13 } else { 27 };
        assert!(fits && end_ms(saved).is_some(), "{saved}");
        assert!(saved.as_object().is_some_and(|saved| saved.len() == 2), "{saved}");
    }
    for stream in UNDATED {
        assert_eq!(*output.last_state(stream), json!({ "__ab_no_cursor_state_message": true }));
    }
}

#[test]
fn values_of_lists_are_cast_to_their_columns() {
    let stage = Stage::calm(little());
    let output = stage.read(&Catalog::of(&["contact_lists"], Mode::Full)).succeeded();
    for list in output.records("contact_lists") {
        assert!(list["listVersion"].is_i64(), "{list}");
        assert!(list["additionalProperties"]["hs_list_size"].is_i64(), "{list}");
        assert!(list["listId"].is_string(), "{list}");
        assert!(list["updatedAt"].is_string(), "{list}");
    }
}

#[test]
fn q02_a_refused_list_harms_no_other() {
    let stage = Stage::new(Config { access: access_to(&["forms"]), ..calm(little()) });
    let output = stage.read(&Catalog::of(&["forms", "workflows"], Mode::Full));
    assert_eq!(output.code, Some(0));
    assert!(!output.records("forms").is_empty());
    assert_eq!(output.statuses("forms").last(), Some(&"COMPLETE"));
    assert_eq!(output.statuses("workflows").last(), Some(&"INCOMPLETE"));
    assert!(output.warnings().iter().any(|warning| warning.contains("automation")));
}

#[test]
fn q14_lists_are_asked_for_by_500() {
    let stage = Stage::calm(several_pages());
    let output = stage.read(&Catalog::of(&["contact_lists"], Mode::Full)).succeeded();
    assert_eq!(output.records("contact_lists").len(), 520);
    assert_eq!(asked(&stage.simulator.journal(), "lists.search").len(), 2);
}

#[test]
fn q36_the_start_date_applies_to_reference_data() {
    let mut stage = Stage::calm(several_pages());
    stage.config["start_date"] = json!("2026-06-01T00:00:00Z");
    let streams = ["contact_lists", "forms", "marketing_campaigns", "marketing_emails"];
    let output = stage.read(&Catalog::of(&streams, Mode::Full)).succeeded();
    for (stream, all) in streams.into_iter().zip([520, 180, 120, 230]) {
        let records = output.records(stream);
        assert!(!records.is_empty() && records.len() < all, "{stream}: {}", records.len());
        for record in records {
            let dates = ["updatedAt", "deletedAt"].map(|date| record[date].as_str());
            let is_late = |date: &str| date >= "2026-06-01";
            assert!(dates.into_iter().flatten().any(is_late), "{stream}: {record}");
        }
    }
}

#[test]
fn the_classic_paths_bring_the_same() {
    let mut stage = Stage::calm(little());
    let catalog = Catalog::of(&names(), Mode::Full);
    let dated = stage.read(&catalog).succeeded();
    stage.set("HUBSPOT_API_VERSION", "classic");
    let classic = stage.read(&catalog).succeeded();
    let without_statistics = |output: &Output| {
        let mut content = output.content();
        // Their statistics change between the two reads.
        content.retain(|stream, _| !["campaigns", "marketing_emails"].contains(&stream.as_str()));
        content
    };
    assert_eq!(without_statistics(&dated), without_statistics(&classic));
}
