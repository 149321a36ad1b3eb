//! HubSpot's quotas are respected and fully used.

#![expect(clippy::print_stdout, reason = "figures for whoever asks for them by --nocapture")]
#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

use std::time::Duration;

use hubspot_simulator::settings::OtherApps;
use hubspot_simulator::{
    Access, Bucket, Config, Entry, Fault, Granted, Kind, Policy, PortalSpec, PrivateApp, Settings,
    Tier, Which, most_in_window,
};

use crate::support::reading::{asked, state_of};
use crate::support::{Bench, Catalog, Mode, Stage, calm, few, oauth_access, token_config};

/// Returns a portal with quotas, and a catalog of one stream with this many pages and only the `id`
/// column.
fn staged(pages: u64, tier: Tier, other_apps: OtherApps) -> (Stage, Catalog) {
    let config = calm(PortalSpec { deals: pages * 100, ..few() });
    let settings = Settings { quota: true, other_apps, ..config.settings };
    let access = Access { tier, ..Access::default() };
    let stage = Stage::new(Config { settings, access, ..config });
    (stage, narrow(&["deals"], Mode::Full))
}

#[test]
fn a_window_never_holds_more_than_the_account_may_send() {
    let (stage, catalog) = staged(130, Tier::Starter, OtherApps::default());
    let output = stage.read(&catalog).succeeded();
    assert_eq!(output.ids("deals").len(), 13_000);
    assert_eq!(stage.simulator.summary().writes, 0);
    let journal = stage.simulator.journal();
    check_refusals(&journal);
    // The account allows 100, and nearly all of them are used.
    let most = most_in_window(&accepted(&journal), Bucket::General, 10_000);
    assert!((95..=100).contains(&most), "{most}");
}

#[test]
fn room_is_left_for_other_apps() {
    let other_apps = OtherApps { general: 150, ..OtherApps::default() };
    let (stage, catalog) = staged(60, Tier::Professional, other_apps);
    let output = stage.read(&catalog).succeeded();
    assert_eq!(output.ids("deals").len(), 6_000);
    assert_eq!(stage.simulator.summary().writes, 0);
    check_refusals(&stage.simulator.journal());
}

/// Returns a portal with this many pages of each of four types, and with random latency.
fn wide(pages: u64) -> (Config, Catalog) {
    let records = pages * 100;
    let portal = PortalSpec {
        contacts: records,
        companies: records,
        deals: records,
        tickets: records,
        archived_share: 0.0,
        ..few()
    };
    let mut config = calm(portal);
    config.settings.quota = true;
    config.latency = Duration::from_millis(100);
    config.jitter = Duration::from_millis(100);
    (config, narrow(&["companies", "contacts", "deals", "tickets"], Mode::Full))
}

/// Returns a catalog of streams with only the `id` column.
fn narrow(streams: &[&str], mode: Mode) -> Catalog {
    let mut catalog = Catalog::of(streams, mode);
    for stream in catalog.streams() {
        stream["stream"]["json_schema"] =
            serde_json::json!({ "type": "object", "properties": { "id": {} } });
    }
    catalog
}

/// Checks that at most five percent of the responses, and two, are 429. `--nocapture` shows the
/// numbers; the benchmarks measure them on a machine that is not busy.
///
/// A request that the operating system holds up arrives in a later window than the limiter meant it
/// for, so a loaded machine gets some 429s, about one percent. A limiter that ignores the usage of
/// others gets more than six.
fn check_refusals(journal: &[Entry]) {
    let refused = journal.iter().filter(|entry| entry.status == 429).count();
    println!("{refused} of {} answers refused", journal.len());
    assert!(refused <= 2 + journal.len() / 20, "{refused} of {} refused", journal.len());
}

/// Returns the requests that HubSpot accepted.
fn accepted(journal: &[Entry]) -> Vec<Entry> {
    journal.iter().filter(|entry| entry.status != 429).cloned().collect()
}

#[test]
fn two_syncs_with_one_app_share_its_window() {
    let (config, catalog) = wide(80);
    let stage = Stage::new(config);
    let outputs = std::thread::scope(|scope| {
        let runs = [0, 1].map(|_| scope.spawn(|| stage.read(&catalog).succeeded()));
        runs.map(|run| run.join().unwrap())
    });
    for output in &outputs {
        assert_eq!(output.distinct_ids("contacts").len(), 8_000);
    }
    let journal = stage.simulator.journal();
    check_refusals(&journal);
    // Together they use the window.
    let most = most_in_window(&accepted(&journal), Bucket::General, 10_000);
    assert!((151..=190).contains(&most), "{most} of 190");
}

#[test]
fn two_syncs_with_apps_of_their_own_share_only_the_searches() {
    let (mut config, _) = wide(100);
    config.access.private_apps.push(PrivateApp::new("pat-canary-other", Granted::All));
    let stage = Stage::new(config);
    let catalog = narrow(&["contacts", "companies", "tickets", "deals"], Mode::Incremental);
    let deals =
        state_of("deals", &serde_json::json!({ "updatedAt": "2015-01-01T00:00:00.000000Z" }));
    let other = Bench::new(&stage.simulator.url());
    let (one, two) = std::thread::scope(|scope| {
        let one = scope.spawn(|| stage.read_on(&catalog, &deals).succeeded());
        let config = token_config("pat-canary-other");
        let files = [("config", &config), ("catalog", catalog.json()), ("state", &deals)];
        let two = other.run("read", &files).succeeded();
        (one.join().unwrap(), two)
    });
    assert_eq!(one.distinct_ids("deals").len(), 10_000);
    assert_eq!(one.distinct_ids("deals"), two.distinct_ids("deals"));
    let journal = stage.simulator.journal();
    assert!(most_in_window(&accepted(&journal), Bucket::Search, 1_000) <= 5);
    let general = journal.iter().filter(|entry| entry.bucket == Bucket::General);
    assert_eq!(general.filter(|entry| entry.status == 429).count(), 0, "each has its own");
    check_refusals(&journal);
}

/// Returns an account with a daily limit of 200 requests, and a scan of 250 pages.
fn short_day() -> (Stage, Catalog) {
    let mut config = calm(PortalSpec { deals: 25_000, archived_share: 0.0, ..few() });
    config.settings = Settings { quota: true, daily_limit: Some(200), ..config.settings };
    (Stage::new(config), narrow(&["deals", "owners"], Mode::Incremental))
}

#[test]
fn a_sync_leaves_a_share_of_the_day_and_goes_on_the_next_day() {
    let (stage, catalog) = short_day();
    let first = stage.read(&catalog);
    assert_eq!(first.code, Some(1));
    let (message, failure_type) = first.error();
    assert_eq!(failure_type, "transient_error");
    let end = " of the account's 200 requests for today are used, and `daily_share` limits \
               the sync to 90 %; run it after midnight in Europe/Berlin (2026-09-21T23:00:00Z), \
               and it resumes where it stopped.";
    assert!(message.starts_with("The sync stops early: 1"), "{message}");
    assert!(message.ends_with(end), "{message}");
    assert_eq!(first.statuses("deals"), ["STARTED", "RUNNING", "INCOMPLETE"]);
    assert_eq!(first.statuses("owners"), ["STARTED", "RUNNING", "COMPLETE"]);
    let sent = stage.simulator.summary();
    // Requests already in flight are answered after the limit is noticed.
    assert!((180..=195).contains(&sent.requests), "{}", sent.requests);
    check_refusals(&stage.simulator.journal());

    // Until then only the usage and the account are requested.
    stage.simulator.clear_journal();
    let second = stage.read_on(&catalog, &first.state());
    assert_eq!((second.code, second.error().1), (Some(1), "transient_error"));
    assert_eq!(second.ids("deals"), Vec::<u64>::new());
    let asked: Vec<_> = stage.simulator.journal().iter().map(|entry| entry.endpoint).collect();
    assert_eq!(asked, ["account.usage", "account.details"]);

    stage.simulator.advance(Duration::from_hours(9));
    let third = stage.read_on(&catalog, &first.state()).succeeded();
    let mut ids = [first.ids("deals"), third.ids("deals")].concat();
    assert!(third.ids("deals").len() <= 15_000, "what was claimed is not read again");
    ids.sort_unstable();
    ids.dedup();
    let all = stage.simulator.portal(|portal| portal.store("deals").unwrap().live());
    assert_eq!((ids.len() as u64, all), (25_000, 25_000));
}

#[test]
fn the_share_of_the_day_is_configured() {
    let (mut stage, catalog) = short_day();
    stage.config["daily_share"] = 50.into();
    let output = stage.read(&catalog);
    assert!(output.error().0.contains("limits the sync to 50 %"));
    assert!((100..=115).contains(&stage.simulator.summary().requests));
    // Without a configured share, HubSpot enforces the daily limit.
    let (mut stage, catalog) = short_day();
    stage.config["daily_share"] = 100.into();
    stage.simulator.plant(vec![Fault::new(
        Which::nth(150),
        Kind::RateLimited { policy: Policy::Daily, retry_after_s: None },
    )]);
    let output = stage.read(&catalog);
    assert_eq!(output.code, Some(1));
    assert!(output.error().0.starts_with("The HubSpot account has used up its requests"));
}

#[test]
fn an_app_without_a_day_asks_for_none() {
    let mut config = calm(few());
    config.access = oauth_access();
    config.settings = Settings { quota: true, daily_limit: Some(1), ..config.settings };
    let stage = Stage::new(config);
    stage.read(&narrow(&["deals"], Mode::Full)).succeeded();
    assert_eq!(asked(&stage, "account.usage").len(), 0);
}
