//! Consistency problems of HubSpot's CRM objects that the connector compensates for. The numbers
//! are those of "Consistency, quirk by quirk" in `docs/hubspot.md`; quirks that other tests cover
//! are tested there.

use std::collections::BTreeSet;
use std::time::Duration;

use hubspot_simulator::settings::{IdOrder, SearchBodyLimit};
use hubspot_simulator::{
    Change, Config, Fault, JournalConfig, Kind, Policy, PortalSpec, Records, Settings, Which,
};
use serde_json::Value;
use source_hubspot::streams::{CrmObject, PropertyHistory, ReadStrategy, STREAMS};

use crate::support::changes::{
    archive, archive_property, create, create_property, create_with_id, merge, modify, restore,
    set, touch_all,
};
use crate::support::expected_records::{check_associations, check_properties, live_ids};
use crate::support::invariants::instant_ms;
use crate::support::portals::stopped;
use crate::support::reading::{asked, deals, read, saved_at};
use crate::support::{Catalog, Mode, Output, START_MS, Stage, calm, few};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR_MS: i64 = 3_600_000;

#[test]
fn c01_what_the_index_shows_an_hour_late_is_searched_for_once_more() {
    let config = calm(deals(30));
    let lag_ms = 50 * 60_000;
    let settings = Settings { index_lag_ms: (lag_ms, lag_ms), ..config.settings };
    let stage = Stage::new(Config { settings, ..config });
    stage.simulator.advance(120 * MINUTE);
    let deal = live_ids(&stage.simulator, "deals")[4];
    let mut before = saved_at("deals", stage.simulator.now_ms() - HOUR_MS / 2);
    stage.simulator.change(&modify("deals", Records::Id(deal)));
    // The window of the last read starts a quarter of an hour after the change.
    for (minutes, found) in [(1, vec![]), (19, vec![]), (35, vec![deal])] {
        stage.simulator.advance(minutes * MINUTE);
        let output = read(&stage, "deals", &before);
        assert_eq!(output.ids("deals"), found, "{minutes} minutes later");
        // The cursor stays at the reconciled position, at least an hour before the end.
        let claim = output.last_state("deals");
        let cursor = instant_ms(&claim["updatedAt"]).expect("a time");
        let is_settled = cursor == output.position_ms("deals") - HOUR_MS;
        assert_eq!(is_settled, !found.is_empty(), "{claim}");
        before = output.state();
    }
}

#[test]
fn c03_hits_in_the_order_of_text_are_given_up_for_the_list() {
    let config = calm(deals(3_000));
    let settings = Settings { search_order: IdOrder::Text, ..config.settings };
    let stage = Stage::new(Config { settings, ..config });
    let ids = live_ids(&stage.simulator, "deals");
    let lengths: BTreeSet<_> = ids.iter().map(|id| id.to_string().len()).collect();
    assert!(lengths.len() > 1, "the order of text is another one");
    // Split points also come from searches: whatever they are, the list is read completely and
    // once.
    assert_eq!(read(&stage, "deals", &Value::Null).ids("deals"), ids);
    stage.simulator.change(&touch_all("deals", Some(START_MS - 600_000)));
    let output = read(&stage, "deals", &saved_at("deals", START_MS - HOUR_MS));
    assert_eq!(output.distinct_ids("deals"), ids);
    let said = |warning: &&str| warning.contains("the search results are not in the order of ids");
    assert_eq!(output.warnings().iter().filter(|warning| said(warning)).count(), 1);
}

#[test]
fn c31_a_list_that_loses_its_order_midway_is_read_on_in_sequence() {
    for kind in [Kind::OpaqueCursor, Kind::TurnedPage] {
        // From the fourth page on several readers share the list.
        for nth in [5, 7, 10, 16, 25] {
            let fault = Fault::new(Which::nth_of("objects.list", nth), kind.clone());
            let stage = Stage::new(Config { faults: vec![fault], ..calm(deals(4_000)) });
            let output = read(&stage, "deals", &Value::Null);
            let ids = live_ids(&stage.simulator, "deals");
            assert_eq!(output.distinct_ids("deals"), ids, "{kind:?} at page {nth}");
            let said = output.warnings().iter().filter(|it| it.contains("sequentially")).count();
            assert_eq!(said, 1, "{kind:?} at page {nth}: {:?}", output.warnings());
            assert!(output.position_ms("deals") > START_MS - 5_000);
        }
    }
}

#[test]
fn c07_contacts_are_searched_by_a_modified_date_of_their_own() {
    for row in STREAMS.iter() {
        if let ReadStrategy::CrmObject(CrmObject { object, .. })
        | ReadStrategy::PropertyHistory(PropertyHistory { object, .. }) = row.strategy
        {
            let is_contact = object.name == "contacts";
            let own = if is_contact { "lastmodifieddate" } else { "hs_lastmodifieddate" };
            assert_eq!(object.modified, own, "{}", row.name);
        }
    }
    let stage = Stage::calm(few());
    for (stream, object) in
        [("contacts", "contacts"), ("companies", "companies"), ("boats", "p4455_boats")]
    {
        stage.simulator.change(&touch_all(object, Some(START_MS - 600_000)));
        let output = read(&stage, stream, &saved_at(stream, START_MS - HOUR_MS));
        assert_eq!(output.ids(stream), live_ids(&stage.simulator, object), "{stream}");
        assert_eq!(asked(&stage, "objects.list").len(), 0, "{stream} is searched");
    }
}

#[test]
fn c12_names_too_long_for_a_search_leave_the_rows_to_batch_reads() {
    let portal = PortalSpec { properties: 200, property_name_chars: 90, deals: 450, ..few() };
    for (search_body_limit, refused) in
        [(SearchBodyLimit::WholeBody, 1), (SearchBodyLimit::FiltersAndQuery, 0)]
    {
        let settings = Settings { search_body_limit, ..calm(few()).settings };
        let stage = Stage::new(Config { settings, ..stopped(portal.clone()) });
        stage.simulator.change(&touch_all("deals", Some(START_MS - 600_000)));
        // The list would be cheaper if the window contained at least half of the records. These are
        // too new for it.
        stage.simulator.change(&create("deals", 600));
        let catalog = stage.catalog(Mode::Incremental).only(&["deals"]);
        stage.simulator.clear_journal();
        let before = saved_at("deals", START_MS - HOUR_MS);
        let output = stage.read_on(&catalog, &before).succeeded();
        let ids = output.ids("deals");
        let old = live_ids(&stage.simulator, "deals").into_iter().take(450);
        assert!(old.into_iter().all(|id| ids.contains(&id)), "{} deals", ids.len());
        let schema = &catalog.json()["streams"][0]["stream"]["json_schema"];
        let records = output.records("deals");
        let sample: Vec<_> = records.iter().copied().step_by(40).collect();
        assert!(check_properties(&stage.simulator, "deals", schema, &sample) > 500);
        check_associations(&stage.simulator, "deals", "companies", &records);
        let searches = asked(&stage, "objects.search");
        let found = searches.iter().filter(|search| search.status == 400).count();
        assert_eq!(found, refused, "{search_body_limit:?}");
        let batches = asked(&stage, "objects.batch_read").len();
        assert_eq!(batches > 0, refused > 0, "{search_body_limit:?}: {batches} batch reads");
    }
}

#[test]
fn c17_a_record_merged_away_before_its_row_is_read_is_left_out() {
    let portal = PortalSpec { properties: 200, property_name_chars: 90, ..deals(110) };
    // The first batch read has to be repeated; meanwhile two of its records are merged.
    let kind = Kind::RateLimited { policy: Policy::TenSecondlyRolling, retry_after_s: Some(1) };
    let fault = Fault::new(Which::nth_of("objects.batch_read", 1), kind);
    let stage = Stage::new(Config { faults: vec![fault], ..calm(portal) });
    let all = live_ids(&stage.simulator, "deals");
    let (winner, loser) = (all[3], all[4]);
    // Right after the first batch read, which is the fourth request.
    stage.simulator.schedule(vec![(5, merge("deals", winner, loser))]);
    let output = read(&stage, "deals", &Value::Null);
    let statuses: Vec<_> = asked(&stage, "objects.batch_read").iter().map(|it| it.status).collect();
    assert_eq!(statuses, [429, 207, 200]);
    let left: Vec<_> = all.into_iter().filter(|id| *id != loser).collect();
    assert_eq!(output.ids("deals"), left, "the winner comes once, and as itself");
}

#[test]
fn c18_a_list_of_archived_records_that_times_out_is_asked_again() {
    let gone = Kind::Status { code: 504, retry_after_s: None };
    let fault =
        Fault::new(Which { endpoint: Some("objects.list".into()), ..Which::every(4) }, gone);
    let portal = PortalSpec { archived_share: 0.4, ..deals(2_100) };
    let stage = Stage::new(Config { faults: vec![fault], ..calm(portal) });
    let output = stage.read(&Catalog::of(&["deals_archived"], Mode::Full)).succeeded();
    let archived: Vec<_> = stage.simulator.portal(|portal| portal.archived_ids("deals").collect());
    assert_eq!(output.ids("deals_archived"), archived);
    let struck = asked(&stage, "objects.list").iter().filter(|list| list.status == 504).count();
    assert!(struck >= 3 && archived.len() > 900, "{struck} of {} records", archived.len());
}

/// Applies a change to deals whose position the first list has already passed, and reads again.
/// Returns the initial ids and the second read.
fn behind_the_scan(happen: impl FnOnce(&[u64]) -> Change) -> (Vec<u64>, Output) {
    /// Number of the request that the change precedes.
    const CHANGE_BEFORE: u64 = 7;
    let stage = Stage::calm(deals(900));
    let ids = live_ids(&stage.simulator, "deals");
    stage.simulator.schedule(vec![(CHANGE_BEFORE, happen(&ids))]);
    let first = read(&stage, "deals", &Value::Null);
    assert_eq!(first.ids("deals"), ids, "nothing new, and everything old");
    let lists = asked(&stage, "objects.list");
    let before = lists.iter().filter(|list| list.number < CHANGE_BEFORE).count();
    assert!((2..lists.len()).contains(&before), "{before} of {} lists", lists.len());
    stage.simulator.advance(2 * MINUTE);
    let second = read(&stage, "deals", &first.state());
    (ids, second)
}

#[test]
fn c20_what_changes_behind_a_scan_comes_with_the_next() {
    let (ids, second) = behind_the_scan(|ids| modify("deals", Records::Id(ids[7])));
    assert_eq!(second.ids("deals"), [ids[7]]);
}

#[test]
fn c21_a_new_record_with_a_low_id_comes_with_the_next_read() {
    let low =
        |ids: &[u64]| (ids[0]..ids[40]).find(|id| !ids.contains(id)).expect("a gap between ids");
    let (ids, second) = behind_the_scan(|ids| create_with_id("deals", low(ids)));
    assert_eq!(second.ids("deals"), [low(&ids)]);
}

#[test]
fn c14_a_restored_record_comes_with_its_next_change_or_a_full_refresh() {
    let stage = Stage::calm(deals(30));
    let deal = live_ids(&stage.simulator, "deals")[4];
    let is_in = |output: &Output, stream: &str| output.ids(stream).contains(&deal);
    let streams = Catalog::of(&["deals", "deals_archived"], Mode::Incremental);
    let happen = |change: fn(&str, Records) -> Change| {
        stage.simulator.change(&change("deals", Records::Id(deal)));
        stage.simulator.advance(180 * MINUTE);
    };
    happen(archive);
    let first = stage.read(&streams).succeeded();
    assert!(!is_in(&first, "deals") && is_in(&first, "deals_archived"));
    // HubSpot: restoring a record may not change any of its dates, so no search finds it.
    happen(restore);
    let second = stage.read_on(&streams, &first.state()).succeeded();
    assert!(!is_in(&second, "deals") && !is_in(&second, "deals_archived"));
    let whole = stage.read(&Catalog::of(&["deals", "deals_archived"], Mode::Full)).succeeded();
    assert!(is_in(&whole, "deals") && !is_in(&whole, "deals_archived"));
    happen(modify);
    assert!(is_in(&read(&stage, "deals", &second.state()), "deals"));
}

#[test]
fn c30_properties_are_those_of_the_portal_at_each_read() {
    let stage = Stage::calm(deals(30));
    let ids = live_ids(&stage.simulator, "deals");
    // The catalog as discovered once, with all columns of that time.
    let catalog = stage.catalog(Mode::Incremental).only(&["deals"]);
    let first = stage.read(&catalog).succeeded();
    stage.simulator.advance(180 * MINUTE);
    stage.simulator.change(&create_property("deals", "brand_new", "string"));
    stage.simulator.change(&set("deals", Records::Id(ids[2]), "brand_new", "one"));
    stage.simulator.advance(180 * MINUTE);
    let second = stage.read_on(&catalog, &first.state()).succeeded();
    assert_eq!(second.ids("deals"), [ids[2]]);
    assert_eq!(second.records("deals")[0]["properties_brand_new"], "one");
    stage.simulator.change(&archive_property("deals", "brand_new"));
    stage.simulator.change(&modify("deals", Records::Id(ids[3])));
    stage.simulator.advance(MINUTE);
    let third = stage.read_on(&catalog, &second.state()).succeeded();
    let records = third.records("deals");
    assert!(third.ids("deals").contains(&ids[3]) && !third.stdout.contains("brand_new"));
    assert!(records.iter().all(|record| record["properties"]["dealname"].is_string()));
}

#[test]
fn c34_no_search_goes_beyond_what_can_be_paged_through() {
    let journal = JournalConfig { bodies: true, ..JournalConfig::default() };
    let stage = Stage::new(Config { journal, ..calm(deals(25_000)) });
    let mut catalog = stage.catalog(Mode::Incremental).only(&["deals"]);
    catalog.columns("deals").retain(|name, _| name == "id");
    let first = stage.read(&catalog).succeeded();
    assert_eq!(first.ids("deals"), live_ids(&stage.simulator, "deals"));
    let searches = asked(&stage, "objects.search");
    let after = |body: &String| {
        let body: Value = serde_json::from_str(body).expect("JSON");
        body["after"].as_str().map(|after| after.parse::<u64>().expect("a number"))
    };
    let offsets: Vec<_> =
        searches.iter().filter_map(|search| after(search.body.as_ref()?)).collect();
    assert!(offsets.len() >= 2, "readers share the list: {} marks", offsets.len());
    assert!(offsets.iter().all(|offset| *offset < 10_000), "{offsets:?}");
    assert!(searches.iter().all(|search| search.status == 200));
}

#[test]
fn c16_ids_of_merged_records_are_read_where_nothing_is_chosen() {
    let stage = Stage::calm(few());
    let catalog = Catalog::of(&["companies", "contacts"], Mode::Incremental);
    let first = stage.read(&catalog).succeeded();
    let merges = ["companies", "contacts"].map(|object| {
        let ids = stage.simulator.portal(|portal| {
            let mut ids = portal.ids(object);
            (ids.next().unwrap(), ids.next().unwrap())
        });
        (object, ids.0, ids.1)
    });
    stage.simulator.advance(Duration::from_hours(1));
    for (object, winner, loser) in merges {
        stage.simulator.change(&merge(object, winner, loser));
    }
    stage.simulator.advance(Duration::from_mins(1));
    for output in [stage.read_on(&catalog, &first.state()), stage.read(&catalog)] {
        let output = output.succeeded();
        for (object, winner, loser) in merges {
            let records = output.records(object);
            let with_id = |id: u64| {
                let id = Value::from(id.to_string());
                records.iter().find(|record| record["id"] == id)
            };
            let record = with_id(winner).unwrap();
            let names: &[_] = match object {
                "contacts" => &["hs_merged_object_ids", "hs_calculated_merged_vids"],
                _ => &["hs_merged_object_ids"],
            };
            for name in names {
                let ids = record[format!("properties_{name}")].as_str().expect(name);
                assert!(ids.contains(&loser.to_string()), "{name}: {ids}");
                assert_eq!(record["properties"][name], ids);
            }
            assert!(with_id(loser).is_none());
        }
    }
}
