//! HubSpot's quotas are kept, and used.

#![expect(clippy::indexing_slicing, reason = "a message of another shape has to fail the test")]

mod support;

use hubspot_simulator::settings::OtherApps;
use hubspot_simulator::{Access, Bucket, Config, PortalSpec, Settings, Tier, most_in_window};
use support::{Catalog, Mode, Stage, calm, few};

/// A portal with quotas, and a catalog of one narrow stream of so many pages.
fn staged(pages: u64, tier: Tier, other_apps: OtherApps) -> (Stage, Catalog) {
    let config = calm(PortalSpec { deals: pages * 100, ..few() });
    let settings = Settings { quota: true, other_apps, ..config.settings };
    let access = Access { tier, ..Access::default() };
    let stage = Stage::new(Config { settings, access, ..config });
    let mut catalog = Catalog::of(&["deals"], Mode::Full);
    let columns = serde_json::json!({ "type": "object", "properties": { "id": {} } });
    for stream in catalog.streams() {
        stream["stream"]["json_schema"] = columns.clone();
    }
    (stage, catalog)
}

#[test]
fn a_window_never_holds_more_than_the_account_may_send() {
    let (stage, catalog) = staged(130, Tier::Starter, OtherApps::default());
    let output = stage.read(&catalog).succeeded();
    assert_eq!(output.ids("deals").len(), 13_000);
    let summary = stage.simulator.summary();
    assert_eq!((summary.rate_limited, summary.writes), (0, 0));
    // One place is left open for whoever else uses the app.
    assert_eq!(most_in_window(&stage.simulator.journal(), Bucket::General, 10_000), 99);
}

#[test]
fn room_is_left_for_other_apps() {
    let other_apps = OtherApps { general: 150, ..OtherApps::default() };
    let (stage, catalog) = staged(60, Tier::Professional, other_apps);
    let output = stage.read(&catalog).succeeded();
    assert_eq!(output.ids("deals").len(), 6_000);
    let summary = stage.simulator.summary();
    assert!(summary.rate_limited <= 2, "{} of {}", summary.rate_limited, summary.requests);
    assert_eq!(summary.writes, 0);
}
